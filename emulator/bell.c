/* SPDX-License-Identifier: MIT */
/* Doorbells and interrupts that a VF's client and the server spare each other
 * (proto/bell.h, docs/protocol/frames.md). The card knows nothing of it: here a
 * doorbell that the client did not send is rung for it before the loop sleeps,
 * and an interrupt that it does not wait for is left out. */
#include <errno.h>
#include <sys/mman.h>

#include "proto/bell.h"
#include "proto/regs.h"
#include "server.h"
#include "wire/memfd.h"

_Static_assert(GUC_MAX_GTS <= BELL_GTS, "a pair for each GT");
_Static_assert(sizeof(struct bell_page) <= BELL_PAGE_BYTES, "one page");

enum wire_next on_bell(struct client *c, const struct frame *f, int *fds)
{
	struct function *fn = &c->server->fn[c->fn];
	void *page;
	int err;

	if (!(c->features & FRAME_FEATURE_BELL) || f->fds != 1) {
		client_status(c, f->seq, -EINVAL, "a bell page wants its feature and a descriptor");
		return WIRE_NEXT;
	}
	/* A bell stands for bytes in memory, which are set again whoever looks. Registers
	 * raise no second interrupt before the first is taken. */
	if (c->server->opt.guc.irq_registers) {
		client_status(c, f->seq, -EOPNOTSUPP, "this platform has interrupt registers");
		return WIRE_NEXT;
	}
	err = memfd_map_foreign(fds[0], 0, BELL_PAGE_BYTES, false, &page);
	if (err == 0) {
		bell_drop(c->server, c->fn);
		fn->bells = page;
	}
	client_status(c, f->seq, err, err ? "the descriptor must be a sealed memfd of a page" : NULL);
	return WIRE_NEXT;
}

void bell_drop(struct server *s, unsigned fn)
{
	struct bell_page *page = s->fn[fn].bells;

	s->belled &= ~(1ull << fn);
	if (!page)
		return;
	for (unsigned gt = 0; gt < BELL_GTS; gt++) {
		bell_off(&page->gt[gt].h2g);
		bell_off(&page->gt[gt].g2h);
	}
	munmap(page, BELL_PAGE_BYTES);
	s->fn[fn].bells = NULL;
}

void bell_look_at(struct server *s, unsigned fn)
{
	struct function *f = &s->fn[fn];

	if (!f->bells)
		return;
	s->belled |= 1ull << fn;
	for (unsigned gt = 0; gt < card_gts(s); gt++)
		f->bell_looked[gt] = bell_look(&f->bells->gt[gt].h2g);
}

/* A mailbox request and its doorbell come in one frame; one that is half done
 * must not be taken for whole. */
static bool is_amid(const struct client *c)
{
	return c && c->cursor != 0;
}

void bell_turn(struct server *s)
{
	uint64_t left = s->belled;

	while (left) {
		unsigned fn = (unsigned)__builtin_ctzll(left), gts = s->opt.geometry.gts;
		struct function *f = &s->fn[fn];

		left &= left - 1;
		if (is_amid(f->client))
			continue;
		s->belled &= ~(1ull << fn);
		for (unsigned gt = 0; gt < card_gts(s); gt++) {
			uint64_t tile = (uint64_t)(gt / gts) * REG_TILE_STRIDE;

			if (bell_sleep(&f->bells->gt[gt].h2g, f->bell_looked[gt]))
				continue;
			card_time(s);
			(void)guc_mmio_write(&s->card, fn,
					     tile + (gt % gts ? REG_MED_GUC_HOST_INTERRUPT
							      : REG_GUC_HOST_INTERRUPT),
					     4, 0);
		}
	}
}

bool bell_irq(struct server *s, unsigned fn, const struct guc_irq *irq)
{
	struct bell_page *page = s->fn[fn].bells;

	if (!page || irq->bit != GUC_IRQ_GUC2HOST || irq->gt >= BELL_GTS)
		return true;
	return bell_announce(&page->gt[irq->gt].g2h);
}
