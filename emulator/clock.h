/* SPDX-License-Identifier: MIT */
/* The card's clock: GuC, the built-in PF and plain rings go by it. It follows the
 * machine's until a control client stops it; then it stands still, or is moved on
 * by exactly so much, from one thing that is due to the next. Clients and a PF of
 * another process have clocks of their own, and waits for them are in real time. */
#ifndef GUCEMU_EMULATOR_CLOCK_H
#define GUCEMU_EMULATOR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct server;
struct client;
struct verb;
struct json_object;

struct card_clock {
	bool stopped;
	uint64_t at;       /* stopped: what it shows, ns */
	uint64_t behind;   /* else: how much less than the machine's it shows */
	bool warping;      /* on its way to `target` */
	uint64_t target;
	uint64_t asked_by; /* control client and its seq, told when it is there */
	uint32_t asked_seq;
};

/* What it shows, ns. */
uint64_t clock_now(const struct server *s);
/* Show this from here on, as a restored snapshot wants it. */
void clock_set(struct server *s, uint64_t now);
/* Everything due at `now` is done and the next thing is due at `next`: go there when
 * it is being moved. True: there is work at once. */
bool clock_turn(struct server *s, uint64_t next);
/* When the machine's clock will be where the card's is `deadline`; UINT64_MAX never. */
uint64_t clock_real(const struct server *s, uint64_t deadline);
/* Its state as JSON. */
struct json_object *clock_state(const struct server *s);
/* Control verb: clock [do=stop|run|warp|show] [by=NS]. */
void verb_clock(struct client *c, uint32_t seq, const struct verb *v, unsigned vf);

#endif
