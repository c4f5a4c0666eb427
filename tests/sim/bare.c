/* SPDX-License-Identifier: MIT */
/* See bare.h. */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/actions.h"
#include "proto/klv.h"
#include "proto/regs.h"

static uint8_t *at(struct bare *b, uint64_t dma, size_t len)
{
	return dma <= BARE_MEM_BYTES && len <= BARE_MEM_BYTES - dma ? b->mem.base + dma : NULL;
}

static int mem_read(void *user, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	const uint8_t *p = at(user, dma, len);

	(void)fn;
	return p ? (memcpy(dst, p, len), 0) : -1;
}

static int mem_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	uint8_t *p = at(user, dma, len);

	(void)fn;
	return p ? (memcpy(p, src, len), 0) : -1;
}

static int load32(void *user, unsigned fn, uint64_t dma, uint32_t *value)
{
	const struct bare *b = user;

	(void)fn;
	if (!at(user, dma, 4))
		return -1;
	*value = host_load_acquire(&b->mem, dma);
	return 0;
}

static int store32(void *user, unsigned fn, uint64_t dma, uint32_t value)
{
	const struct bare *b = user;

	(void)fn;
	if (!at(user, dma, 4))
		return -1;
	host_store_release(&b->mem, dma, value);
	return 0;
}

static void irq(void *user, unsigned fn, const struct guc_irq *i)
{
	(void)user, (void)fn, (void)i;
}

static void write32(void *user, uint64_t off, uint32_t value)
{
	guc_mmio_write(&((struct bare *)user)->card, 1, off, 4, value);
}

static void write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		guc_mmio_write(&((struct bare *)user)->card, 1, off + 8 * i, 8, values[i]);
}

static void read_words(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	(void)user, (void)off, (void)size, (void)n, (void)cookie;
}

static void on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	struct bare *b = user;

	(void)tag, (void)dw, (void)len;
	b->replies++;
	b->failures += err != 0;
}

static int on_event(void *user, const uint32_t *dw, uint32_t len)
{
	return (void)user, (void)dw, (void)len, 0;
}

static void mailbox(struct bare *b, uint32_t dw0, uint32_t dw1, uint32_t dw2, uint32_t dw3)
{
	const uint32_t dw[MAILBOX_DWORDS] = { dw0, dw1, dw2, dw3 };
	uint64_t reply;

	for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
		guc_mmio_write(&b->card, 1, REG_VF_SW_FLAG(i), 4, dw[i]);
	guc_mmio_write(&b->card, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
	guc_mmio_read(&b->card, 1, REG_VF_SW_FLAG(0), 4, &reply);
	if (hxg_type((uint32_t)reply) != HXG_SUCCESS) {
		fprintf(stderr, "mailbox %08x -> %08x\n", dw0, (unsigned)reply);
		exit(EXIT_FAILURE);
	}
}

void bare_init(struct bare *b)
{
	struct guc_geometry g = { .tiles = 1, .gts = 1, .vfs = 1, .contexts = 64,
				  .ggtt_size = 64u << 20 };
	struct guc_vf_share share = { .ggtt_start = BARE_GGTT_START, .ggtt_size = 8u << 20,
				      .contexts = 64 };
	struct guc_options o;
	size_t size = guc_card_size(&g);
	const struct {
		uint32_t key, value;
	} cfg[] = { { GUC_KLV_SELF_H2G_CTB_DESC_ADDR, BARE_GGTT_START + BARE_H2G },
		    { GUC_KLV_SELF_H2G_CTB_ADDR, BARE_GGTT_START + BARE_H2G + 0x1000 },
		    { GUC_KLV_SELF_H2G_CTB_SIZE, CTB_H2G_BYTES },
		    { GUC_KLV_SELF_G2H_CTB_DESC_ADDR, BARE_GGTT_START + BARE_G2H },
		    { GUC_KLV_SELF_G2H_CTB_ADDR, BARE_GGTT_START + BARE_G2H + 0x1000 },
		    { GUC_KLV_SELF_G2H_CTB_SIZE, CTB_G2H_BYTES } };

	memset(b, 0, sizeof(*b));
	guc_options_default(&o);
	b->card.port = (struct guc_port){ b, mem_read, mem_write, load32, store32, irq };
	b->mem = (struct host_mem){ aligned_alloc(4096, BARE_MEM_BYTES), BARE_MEM_BYTES, 0 };
	memset(b->mem.base, 0, BARE_MEM_BYTES);
	b->port = (struct host_port){ b, write32, write64, read_words };
	if (guc_card_init(&b->card, aligned_alloc(64, (size + 63) / 64 * 64), size, &g, &o) ||
	    guc_provision(&b->card, 1, &share)) {
		fprintf(stderr, "card\n");
		exit(EXIT_FAILURE);
	}
	for (uint64_t page = 0; page < BARE_MEM_BYTES / GGTT_PAGE; page++)
		guc_mmio_write(&b->card, 1, REG_GGTT_BASE + (BARE_GGTT_START / GGTT_PAGE + page) * 8, 8,
			       page * GGTT_PAGE | PTE_PRESENT);
	mailbox(b, GUC_ACTION_VF_RESET, 0, 0, 0);
	mailbox(b, GUC_ACTION_MATCH_VERSION, 0x10200, 0, 0);
	for (unsigned i = 0; i < 6; i++)
		mailbox(b, GUC_ACTION_SELF_CFG, klv_header(cfg[i].key, i % 3 == 2 ? 1 : 2),
			cfg[i].value, 0);
	host_ct_init(&b->ct, &b->port, &b->mem, 0, false, BARE_H2G, BARE_H2G + 0x1000,
		     CTB_H2G_BYTES, BARE_G2H, BARE_G2H + 0x1000, CTB_G2H_BYTES);
	b->ct.on_reply = on_reply;
	b->ct.on_event = on_event;
	b->ct.user = b;
	host_ct_reset(&b->ct);
	mailbox(b, GUC_ACTION_CONTROL_CTB, 1, 0, 0);
	host_ct_enable(&b->ct);
}

void bare_free(struct bare *b)
{
	free(b->card.block);
	free(b->mem.base);
}
