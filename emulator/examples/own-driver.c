/* SPDX-License-Identifier: MIT */
/* Your own driver loop against a GuC, in process, no socket. A VF's recovery
 * is two mailbox requests here: RESFIX_START and RESFIX_DONE with a marker.
 * A hook answers the first RESFIX_DONE with VF_MIGRATED, as real firmware does
 * when the VF was migrated once more; the loop must start over with the next
 * marker. Build: cc own-driver.c $(pkg-config --cflags --libs libgucemu) */
#include <stdio.h>
#include <stdlib.h>

#include "emulator/guc/guc.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/regs.h"

/* The VF's memory: this driver has none that the GuC would touch. */
static int no_read(void *u, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	return (void)u, (void)fn, (void)dma, (void)dst, (void)len, -1;
}

static int no_write(void *u, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	return (void)u, (void)fn, (void)dma, (void)src, (void)len, -1;
}

static int no_load(void *u, unsigned fn, uint64_t dma, uint32_t *v)
{
	return (void)u, (void)fn, (void)dma, (void)v, -1;
}

static int no_store(void *u, unsigned fn, uint64_t dma, uint32_t v)
{
	return (void)u, (void)fn, (void)dma, (void)v, -1;
}

static void no_irq(void *u, unsigned fn, const struct guc_irq *irq)
{
	(void)u, (void)fn, (void)irq;
}

/* The hook: *user counts how many RESFIX_DONE are still to be refused. */
static enum guc_verdict refuse_done(void *user, struct guc_event *ev, struct guc_hook_action *act)
{
	int *left = user;

	if (ev->point != GUC_PT_MBOX_REQUEST || hxg_action(ev->msg[0]) != GUC_ACTION_RESFIX_DONE ||
	    *left == 0)
		return GUC_PASS;
	--*left;
	act->answer[0] = hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_VF_MIGRATED, 0);
	act->answer_len = 1;
	return GUC_ANSWER;
}

/* One mailbox request of VF 1 on the main GT: 0, or the GuC's error. */
static uint32_t request(struct guc_card *card, uint32_t action, uint32_t data0)
{
	uint64_t dw;

	guc_mmio_write(card, 1, REG_VF_SW_FLAG(0), 4,
		       hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, action, data0));
	guc_mmio_write(card, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
	guc_mmio_read(card, 1, REG_VF_SW_FLAG(0), 4, &dw);
	printf("%-12s marker %u -> %08x\n", guc_action_name(action), data0, (unsigned)dw);
	return hxg_type((uint32_t)dw) == HXG_SUCCESS ? 0 : field_get(HXG_ERROR, (uint32_t)dw);
}

int main(void)
{
	struct guc_geometry geometry = { .tiles = 1, .gts = 1, .vfs = 1, .contexts = 64,
					 .ggtt_size = 64 << 20 };
	struct guc_vf_share share = { .ggtt_start = 16 << 20, .ggtt_size = 8 << 20, .contexts = 64 };
	int refusals = 1;
	struct guc_card card = { .port = { NULL, no_read, no_write, no_load, no_store, no_irq },
				 .hook = refuse_done, .hook_user = &refusals };
	struct guc_options options;
	uint32_t marker = 0, error;
	size_t size = guc_card_size(&geometry);

	guc_options_default(&options);
	if (guc_card_init(&card, aligned_alloc(64, (size + 63) / 64 * 64), size, &geometry, &options) ||
	    guc_provision(&card, 1, &share))
		return EXIT_FAILURE;
	if (request(&card, GUC_ACTION_VF_RESET, 0))
		return EXIT_FAILURE;
	do { /* the recovery under test */
		if (request(&card, GUC_ACTION_RESFIX_START, ++marker))
			return EXIT_FAILURE;
		error = request(&card, GUC_ACTION_RESFIX_DONE, marker);
	} while (error == GUC_ERR_VF_MIGRATED);
	printf("recovered with marker %u\n", marker);
	free(card.block);
	return error == 0 && marker == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
