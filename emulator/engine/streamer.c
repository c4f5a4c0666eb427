/* SPDX-License-Identifier: MIT */
/* The command streamer: walks a context's ring and the batches that it calls,
 * up to a budget of commands. Everything is read anew in each slice and the
 * head written back at its end, so between two calls a context is at rest. A
 * job stopped within a batch goes on there: guc_exec.batch travels in the blob.
 * Only GGTT addresses are followed (guc-abi 9.3, xe-vf-probe 5.3, 6.2, 6.3). */
#include "streamer.h"

#include "proto/mi.h"

/* --- fetching -------------------------------------------------------------------- */

uint64_t eng_at(const struct streamer *s)
{
	return s->exec->batch ? s->exec->batch : s->lrc.ring + s->lrc.head;
}

/* Dwords that may follow position(): to the tail or the end of the ring, or to
 * the end of the batch's page, after which another fetch is due. */
static uint32_t reach(const struct streamer *s)
{
	const struct guc_lrc *l = &s->lrc;

	if (s->exec->batch)
		return (uint32_t)(GGTT_PAGE - s->exec->batch % GGTT_PAGE) / 4;
	return ((l->tail > l->head ? l->tail : l->size) - l->head) / 4;
}

/* Fetch `n` dwords from position(); a command may wrap at the ring's end. */
static int fetch(struct streamer *s, uint32_t n)
{
	uint64_t at = eng_at(s);
	uint32_t first = n;
	int err;

	if (!s->exec->batch && n > (s->lrc.size - s->lrc.head) / 4)
		first = (s->lrc.size - s->lrc.head) / 4;
	s->n = 0;
	err = guc_ggtt_read(s->r->c, s->r->gt, s->r->fn, at, s->dw, 4 * first);
	if (!err && n > first)
		err = guc_ggtt_read(s->r->c, s->r->gt, s->r->fn, s->lrc.ring, s->dw + first,
				    4 * (n - first));
	if (err)
		return err;
	s->from = at;
	s->n = first;
	return 0;
}

/* Point cmd at the next command, with all dwords that executing it needs. */
static int next_command(struct streamer *s)
{
	uint64_t at = eng_at(s);
	uint32_t need, have;
	int err;

	if (!s->n || at < s->from || at >= s->from + 4ull * s->n) {
		have = reach(s);
		err = fetch(s, have < FETCH_DWORDS ? have : FETCH_DWORDS);
		if (err)
			return err;
	}
	s->cmd = s->dw + (at - s->from) / 4;
	have = s->n - (uint32_t)(at - s->from) / 4;
	s->len = cmd_length(s->cmd[0]);
	need = s->len < EXEC_DWORDS ? s->len : EXEC_DWORDS;
	if (need <= have)
		return 0;
	err = fetch(s, need);
	s->cmd = s->dw;
	return err;
}

bool eng_advance(struct streamer *s)
{
	struct guc_lrc *l = &s->lrc;
	uint32_t used;

	if (s->exec->batch) {
		s->exec->batch += 4ull * s->len;
		return true;
	}
	used = l->tail >= l->head ? l->tail - l->head : l->size - l->head + l->tail;
	if (4 * s->len > used)
		return false;
	l->head += 4 * s->len;
	if (l->head >= l->size)
		l->head -= l->size;
	return true;
}

/* --- time ------------------------------------------------------------------------- */

/* The engine's clock, 19.2 MHz as RPM_CONFIG0 of the fuses says; its low half,
 * which is all that a difference needs. */
static uint32_t ticks(const struct guc_card *c)
{
	return (uint32_t)(c->block->now / 625 * 12);
}

uint32_t eng_time(const struct streamer *s)
{
	return s->lrc.image[LRC_TIMESTAMP] + (ticks(s->r->c) - s->exec->since);
}

/* What this slice took goes to the image: a driver sees there that a job runs. */
static int keep_time(struct streamer *s)
{
	uint32_t time = eng_time(s);

	s->exec->since = ticks(s->r->c);
	if (time == s->lrc.image[LRC_TIMESTAMP])
		return 0;
	return guc_ggtt_store32(s->r->c, s->r->gt, s->r->fn, s->lrc.regs + 4 * LRC_TIMESTAMP, time);
}

/* --- a slice ---------------------------------------------------------------------- */

enum eng_end eng_run(const struct eng_place *r, unsigned child, struct eng_slice *slice)
{
	struct streamer s = { .r = r, .exec = guc_lrc_exec(r->c, r->gt, r->ctx, child) };
	enum eng_end end = ENG_MORE;
	uint32_t head, budget = slice->budget;

	*r->spent += GUC_LRC_COST;
	s.exec->waiting = 0;
	if (guc_lrc_load(r, child, &s.lrc))
		return ENG_DEAD;
	if (!s.exec->running)
		s.exec->since = ticks(r->c);
	s.exec->running = 1;
	head = s.lrc.head;
	while (end == ENG_MORE) {
		if (!s.exec->batch && s.lrc.head == s.lrc.tail)
			end = ENG_DONE;
		else if (!budget)
			break;
		else if (next_command(&s))
			end = ENG_DEAD;
		else
			end = eng_command(&s);
		budget -= 1 + s.cost < budget ? 1 + s.cost : budget;
		s.cost = 0;
	}
	*r->spent += slice->budget - budget;
	s.exec->waiting = end == ENG_WAIT;
	s.exec->running = end == ENG_WAIT || end == ENG_MORE;
	if (keep_time(&s))
		return ENG_DEAD;
	if (s.lrc.head != head &&
	    guc_ggtt_store32(r->c, r->gt, r->fn, s.lrc.head_at, s.lrc.head))
		return ENG_DEAD;
	return end;
}
