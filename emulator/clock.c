/* SPDX-License-Identifier: MIT */
/* See clock.h. */
#include "emulator/clock.h"

#include <errno.h>
#include <string.h>

#include "server.h"
#include "verb.h"
#include "view/json.h"

#define WARP_MAX (86400ull * 1000000000) /* a day */

uint64_t clock_now(const struct server *s)
{
	return s->clock.stopped ? s->clock.at : uv_hrtime() - s->clock.behind;
}

void clock_set(struct server *s, uint64_t now)
{
	if (s->clock.stopped)
		s->clock.at = now;
	else
		s->clock.behind = uv_hrtime() - now;
}

static void arrived(struct server *s)
{
	s->clock.warping = false;
	control_reply_to(s, s->clock.asked_by, s->clock.asked_seq, 0, clock_state(s), NULL);
}

bool clock_turn(struct server *s, uint64_t next)
{
	struct card_clock *c = &s->clock;

	if (!c->warping || next <= c->at)
		return next <= clock_now(s);
	if (next > c->target) {
		c->at = c->target;
		arrived(s);
		return false;
	}
	c->at = next;
	return true;
}

uint64_t clock_real(const struct server *s, uint64_t deadline)
{
	if (deadline <= clock_now(s))
		return 0;
	if (s->clock.stopped || deadline > UINT64_MAX - s->clock.behind)
		return UINT64_MAX;
	return deadline + s->clock.behind;
}

struct json_object *clock_state(const struct server *s)
{
	struct json_object *o = json_object_new_object();

	json_add_str(o, "clock", s->clock.stopped ? "stopped" : "running");
	json_add_u64(o, "ns", clock_now(s));
	return o;
}

void verb_clock(struct client *c, uint32_t seq, const struct verb *v, unsigned vf)
{
	struct server *s = c->server;
	struct card_clock *clock = &s->clock;
	const char *what = verb_option(v, "do");
	uint64_t by = 0, now = clock_now(s);
	const char *wrong = NULL;
	int err = -EINVAL;

	(void)vf;
	if (!what)
		what = "show";
	if (verb_option(v, "by") && strcmp(what, "warp") != 0)
		wrong = "by= is for do=warp";
	else if (clock->warping && strcmp(what, "show") != 0)
		wrong = "it is being moved on", err = -EBUSY;
	else if (strcmp(what, "stop") == 0)
		*clock = (struct card_clock){ .stopped = true, .at = now };
	else if (strcmp(what, "run") == 0)
		*clock = (struct card_clock){ .behind = uv_hrtime() - now };
	else if (strcmp(what, "warp") == 0 && !clock->stopped)
		wrong = "stop it first", err = -EPERM;
	else if (strcmp(what, "warp") == 0 &&
		 (verb_number(v, "by", &by) != 1 || by == 0 || by > WARP_MAX))
		wrong = "by=NS is needed, up to a day";
	else if (strcmp(what, "warp") != 0 && strcmp(what, "show") != 0)
		wrong = "do=stop, run, warp or show";
	if (wrong) {
		control_reply(c, seq, err, NULL, wrong);
		return;
	}
	card_kick(s);
	if (!by) {
		control_reply(c, seq, 0, clock_state(s), NULL);
		return;
	}
	clock->warping = true;
	clock->target = now + by;
	clock->asked_by = c->id;
	clock->asked_seq = seq;
}
