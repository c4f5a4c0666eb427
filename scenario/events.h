/* SPDX-License-Identifier: MIT */
/* Everything that happened in a scenario, in order: what cards told, and what PF
 * and VF drivers told. Patterns are looked for in it, diagrams are drawn of it. */
#ifndef GUCEMU_SCENARIO_EVENTS_H
#define GUCEMU_SCENARIO_EVENTS_H

#include <lua.h>

#include "fault/fault.h"
#include "pfclient/pfc.h"
#include "vfclient/vfc.h"
#include "view/event.h"

/* What drivers tell; a card's points are before them. X(symbol, name, text) */
#define DRIVER_POINT_LIST(X)                                                   \
	X(VF_STEP, "vf-step", "a step of a recovery ended: step, err")         \
	X(VF_STATE, "vf-state", "the driver's state: text")                    \
	X(VF_JOB, "vf-job", "a job ended: queue, job, err")                    \
	X(VF_QUEUE, "vf-queue", "a queue is gone: queue, err")                 \
	X(VF_OP, "vf-op", "boot, reset, suspend, resume, shutdown ended: err") \
	X(VF_BASE, "vf-base", "its GGTT start: addr; the old one: value")      \
	X(VF_RELAY, "vf-relay", "a relay request ended: err")                  \
	X(VF_KEEP, "vf-keep", "writing or checking kept memory ended: err")    \
	X(VF_LOG, "vf-log", "a line of the driver's log: text")                \
	X(PF_STEP, "pf-step", "a step of a sequence: text")                    \
	X(PF_VERB, "pf-verb", "a verb ended: text, err")                       \
	X(PF_STATE, "pf-state", "the PF's state of a VF: text")                \
	X(PF_NOTIFY, "pf-notify", "VF_STATE_NOTIFY came: code")                \
	X(PF_ADVERSE, "pf-adverse", "ADVERSE_EVENT came: code")                \
	X(PF_RELAY, "pf-relay", "a relay request was served: code, err")       \
	X(PF_LOG, "pf-log", "a line of the PF's log: text")                    \
	X(FAULT, "fault-asks", "a fault rule asks for something: text is what, value the rule")

enum driver_point {
	DRIVER_FIRST = GUC_PT_COUNT - 1,
#define X(sym, name, text) DRIVER_##sym,
	DRIVER_POINT_LIST(X)
#undef X
	POINTS
};

#define EVENTS_MAX 400000u

struct scenario_event {
	struct view_event view; /* for cards' events; of the others guc.fn, gt, time, text */
	unsigned point;
	uint32_t *msg;          /* the whole message when it is longer than the view's */
	int err;
	uint32_t queue, job;
};

struct events {
	struct scenario_event *at;
	size_t n, cap;
	uint64_t dropped;
	uint64_t hash;
};

void events_free(struct events *e);
/* Name of a point, "?" out of range; its number, or -1. */
const char *point_name(unsigned point);
int point_find(const char *name);
/* Take in what the card or a driver tells. */
void events_guc(struct events *e, unsigned card, const struct guc_event *ev);
void events_pf(struct events *e, unsigned card, uint64_t now, const struct pfc_event *ev);
void events_vf(struct events *e, unsigned card, unsigned fn, uint64_t now,
	       const struct vfc_event *ev);
void events_fault(struct events *e, unsigned card, const struct fault_out *o);
/* One that came in a frame, with the frame's bytes. */
void events_view(struct events *e, const struct view_event *v, const uint8_t *data, size_t len);

/* The event as one line of words. */
void event_words(const struct scenario_event *e, char *buf, size_t cap);
/* The diagram of VF `vf` on `gt`, with a mark on the message of event `offending`
 * (its index + 1, 0: none), as text to free(); NULL: nothing to draw. Only the last
 * `last` entries, 0: all. */
char *events_diagram(struct events *e, unsigned vf, unsigned gt, uint64_t offending, size_t last);

/* core.pattern(table): a pattern; core.find(pattern, from, to): the first event that
 * matches, or nil; core.event(i): it as a table. */
int events_lua_pattern(lua_State *L);
int events_lua_find(lua_State *L);
int events_lua_event(lua_State *L);

#endif
