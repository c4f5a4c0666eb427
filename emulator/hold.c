/* SPDX-License-Identifier: MIT */
/* Pauses with `hold`: they end with the control client that asked for them. While the
 * VF's client is being handed over the card must not let it run, whoever goes; when
 * that has failed it is looked at anew. The PF inside knows whose pause it is; for one
 * in a process of its own the server does, since it outlives that process. */
#include <errno.h>
#include <stdio.h>

#include "server.h"

#define RETRY_MS 20u

static uint64_t holder(const struct server *s, unsigned fn)
{
	uint64_t id = s->pf ? pf_held_by(s->pf, fn) : s->fn[fn].held_by;

	return id == PF_NOBODY ? 0 : id;
}

static void hold_end(struct server *s, unsigned fn)
{
	server_log(s, LOG_WARN, "vf%u: is resumed: the control client that paused it went away",
		   fn);
	if (s->pf)
		pf_hold_end(s->pf, fn, true);
	else
		s->orphans |= 1ull << fn;
	s->fn[fn].held_by = 0;
	card_kick(s);
}

void hold_client_lost(struct server *s, uint64_t id)
{
	for (unsigned fn = 1; fn <= s->opt.geometry.vfs; fn++)
		if (holder(s, fn) == id && !s->fn[fn].handover)
			hold_end(s, fn);
}

void hold_given_back(struct server *s, unsigned fn)
{
	uint64_t id = holder(s, fn);

	if (id != 0 && !client_find(s, id))
		hold_end(s, fn);
}

void hold_handed_over(struct server *s, unsigned fn)
{
	if (s->pf)
		pf_hold_end(s->pf, fn, false);
	hold_over(s, fn);
}

/* --- with a PF in a process of its own ------------------------------------------------ */

void hold_paused(struct server *s, unsigned fn, uint64_t id)
{
	hold_over(s, fn);
	s->fn[fn].held_by = id;
	/* It may have gone before its verb ended. */
	if (id != 0 && !s->fn[fn].handover)
		hold_given_back(s, fn);
}

void hold_over(struct server *s, unsigned fn)
{
	s->fn[fn].held_by = 0;
	s->orphans &= ~(1ull << fn);
}

void hold_asked(struct server *s, unsigned fn, int status)
{
	/* It starts, or is in the midst of something. Anything else is final: the VF
	 * is not paused any more. */
	if (status == -ENODEV || status == -EBUSY || status == -EALREADY || status == -EPIPE)
		s->fn[fn].resume_again = uv_hrtime() + RETRY_MS * 1000000ull;
	else
		s->orphans &= ~(1ull << fn);
	s->fn[fn].resume_asked = false;
}

void hold_turn(struct server *s, uint64_t now, uint64_t *deadline)
{
	for (uint64_t left = s->orphans; left != 0; left &= left - 1) {
		unsigned fn = (unsigned)__builtin_ctzll(left);
		struct function *f = &s->fn[fn];

		if (f->resume_asked || f->handover)
			continue;
		/* Without a PF: one that comes wakes the loop. */
		if (now >= f->resume_again)
			f->resume_asked = proxy_resume(s, fn);
		else if (f->resume_again < *deadline)
			*deadline = f->resume_again;
	}
}
