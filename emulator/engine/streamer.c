/* SPDX-License-Identifier: MIT */
/* The command streamer: walks a context's ring and the batches that it calls,
 * up to a budget of commands. Everything is read anew in each slice and the
 * head written back at its end, so between two calls a context is at rest. A
 * job stopped within a batch goes on there: guc_exec travels in the blob
 * (guc-abi 9.3, xe-vf-probe 5.3, 6.2, 6.3). */
#include "space.h"

#include "proto/mi.h"

/* --- fetching -------------------------------------------------------------------- */

uint64_t eng_at(const struct streamer *s)
{
	return s->exec->level ? s->exec->batch : s->lrc.ring + s->lrc.head;
}

enum eng_end eng_garbage(const struct streamer *s)
{
	const struct eng_place *p = s->r;

	guc_violate(p->c, p->gt, p->fn, GUC_VIOL_RING_GARBAGE, eng_at(s), s->cmd ? s->cmd[0] : 0);
	return ENG_DEAD;
}

void eng_jump(struct streamer *s)
{
	s->n = 0;
}

/* Dwords from the head to the tail. */
static uint32_t ring_left(const struct guc_lrc *l)
{
	return (l->tail >= l->head ? l->tail - l->head : l->size - l->head + l->tail) / 4;
}

/* Dwords that may be fetched together: to the tail or the end of the ring, or to
 * the end of the batch's page, behind which nothing may be. */
static uint32_t reach(const struct streamer *s)
{
	const struct guc_lrc *l = &s->lrc;

	if (s->exec->level)
		return (uint32_t)(GGTT_PAGE - s->exec->batch % GGTT_PAGE) / 4;
	return ((l->tail > l->head ? l->tail : l->size) - l->head) / 4;
}

/* Fetch `n` dwords from eng_at(); a command may wrap at the ring's end. */
static enum eng_end fetch(struct streamer *s, uint32_t n)
{
	bool ring = !s->exec->level;
	bool ggtt = ring || !(s->exec->ppgtt & GUC_EXEC_BATCH);
	uint64_t at = eng_at(s);
	uint32_t first = n;
	enum eng_end end;

	if (ring && n > (s->lrc.size - s->lrc.head) / 4)
		first = (s->lrc.size - s->lrc.head) / 4;
	s->n = 0;
	end = eng_read(s, ggtt, at, s->dw, 4 * first);
	if (end == ENG_MORE && n > first)
		end = eng_read(s, true, s->lrc.ring, s->dw + first, 4 * (n - first));
	if (end != ENG_MORE)
		return end;
	s->from = at;
	s->n = first;
	return ENG_MORE;
}

/* Point cmd at the next command, with all dwords that executing it needs. */
static enum eng_end next_command(struct streamer *s, const struct eng_command **row)
{
	uint64_t at = eng_at(s);
	uint32_t need, have = reach(s);
	enum eng_end end;

	s->cmd = NULL;
	if (at < s->from || at - s->from >= 4ull * s->n) {
		end = fetch(s, have < FETCH_DWORDS ? have : FETCH_DWORDS);
		if (end != ENG_MORE)
			return end;
	}
	s->cmd = s->dw + (at - s->from) / 4;
	have = s->n - (uint32_t)(at - s->from) / 4;
	s->len = cmd_length(s->cmd[0]);
	if (!s->exec->level && s->len > ring_left(&s->lrc))
		return eng_garbage(s);
	*row = eng_command_find(s, s->cmd[0]);
	need = *row && s->len < (*row)->need ? s->len : *row ? (*row)->need : 1;
	if (need <= have)
		return ENG_MORE;
	end = fetch(s, need);
	s->cmd = s->dw;
	return end;
}

enum eng_end eng_done(struct streamer *s)
{
	struct guc_lrc *l = &s->lrc;

	s->exec->progress = 0;
	if (s->exec->level) {
		s->exec->batch += 4ull * s->len;
		if (s->exec->ppgtt & GUC_EXEC_BATCH)
			s->exec->batch &= BITS64(PPGTT_VA_BITS - 1, 0);
		return ENG_MORE;
	}
	l->head += 4 * s->len;
	if (l->head >= l->size)
		l->head -= l->size;
	return ENG_MORE;
}

/* --- time ------------------------------------------------------------------------- */

/* 19.2 MHz, as RPM_CONFIG0 of the fuses says. */
uint64_t eng_clock(const struct guc_card *c)
{
	return c->block->now / 625 * 12 + c->block->now % 625 * 12 / 625;
}

/* The upper half is there where the image has its register. */
static bool wide(const struct guc_lrc *lrc)
{
	return (lrc->image[LRC_TIMESTAMP_HI - 1] & BITS(11, 2)) == REG_CTX_TIMESTAMP_HI;
}

uint64_t eng_context_time(const struct streamer *s)
{
	const uint32_t *image = s->lrc.image;
	uint32_t hi = wide(&s->lrc) ? image[LRC_TIMESTAMP_HI] : 0;

	/* A slice is short: the low half of the clock is enough for a difference. */
	return make64(image[LRC_TIMESTAMP], hi) + ((uint32_t)eng_clock(s->r->c) - s->exec->since);
}

/* What this slice took goes to the image: a driver sees there that a job runs. */
static int keep_time(struct streamer *s)
{
	const struct eng_place *p = s->r;
	uint64_t time = eng_context_time(s), at = s->lrc.regs + 4 * LRC_TIMESTAMP;
	int err = 0;

	s->exec->since = (uint32_t)eng_clock(p->c);
	if (lo32(time) != s->lrc.image[LRC_TIMESTAMP])
		err = guc_ggtt_store32(p->c, p->gt, p->fn, at, lo32(time));
	if (!err && wide(&s->lrc) && hi32(time) != s->lrc.image[LRC_TIMESTAMP_HI])
		err = guc_ggtt_store32(p->c, p->gt, p->fn,
				       s->lrc.regs + 4 * LRC_TIMESTAMP_HI, hi32(time));
	return err;
}

/* --- a slice ---------------------------------------------------------------------- */

static enum eng_end step(struct streamer *s)
{
	const struct eng_command *row = NULL;
	enum eng_end end = next_command(s, &row);

	return end == ENG_MORE ? eng_command_run(s, row) : end;
}

enum eng_end eng_run(const struct eng_place *r, unsigned child, struct eng_slice *slice)
{
	struct streamer s;
	enum eng_end end = ENG_MORE;
	uint32_t head, used = 0;

	/* Not the dwords: they are only looked at when they were fetched. */
	s.r = r;
	s.slice = slice;
	s.child = child;
	s.exec = guc_lrc_exec(r->c, r->gt, r->ctx, child);
	s.from = 0;
	s.n = s.cost = 0;
	s.cmd = NULL;
	s.regs.loaded = s.regs.dirty = false;
	*r->spent += GUC_LRC_COST;
	s.exec->waiting = 0;
	if (s.exec->behind && slice->hold)
		return ENG_BATCH_END;
	s.exec->behind = 0;
	if (guc_lrc_load(r, child, &s.lrc))
		return ENG_DEAD;
	eng_vm_load(&s, child);
	eng_tlb_slice(r->c, r->gt);
	if (!s.exec->running)
		s.exec->since = (uint32_t)eng_clock(r->c);
	s.exec->running = 1;
	head = s.lrc.head;
	while (end == ENG_MORE) {
		if (!s.exec->level && s.lrc.head == s.lrc.tail)
			end = ENG_DONE;
		else if (used >= slice->budget)
			break;
		else
			end = step(&s);
		used += 1 + s.cost;
		s.cost = 0;
	}
	/* A long command may be more than the budget had left: it counts whole. */
	*r->spent += used;
	s.exec->waiting = end == ENG_WAIT;
	s.exec->running = end == ENG_WAIT || end == ENG_MORE || end == ENG_FAULT;
	if (keep_time(&s) || eng_regs_save(&s))
		return ENG_DEAD;
	if (s.lrc.head != head &&
	    guc_ggtt_store32(r->c, r->gt, r->fn, s.lrc.head_at, s.lrc.head))
		return ENG_DEAD;
	return end;
}
