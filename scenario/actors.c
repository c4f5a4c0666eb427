/* SPDX-License-Identifier: MIT */
/* What drivers that live here tell, and the turns of what is kept beside them. See
 * actors.h. */
#include "scenario/actors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bits.h"

uint64_t new_tag(lua_State *L)
{
	uint64_t tag = op_begin(script_of(L));

	if (!tag)
		luaL_error(L, "over %d operations under way", (int)SCRIPT_OPS);
	return tag;
}

int begun(lua_State *L, uint64_t tag, int err, const char *what)
{
	if (err) {
		op_find(script_of(L), tag)->tag = 0;
		return script_errno(L, err, what);
	}
	lua_pushinteger(L, (lua_Integer)tag);
	return 1;
}

uint64_t actors_trace(lua_State *L, int index)
{
	uint64_t mask;

	if (lua_getfield(L, index, "trace") == LUA_TSTRING && !strcmp(lua_tostring(L, -1), "all")) {
		lua_pop(L, 1);
		return UINT64_MAX;
	}
	lua_pop(L, 1);
	mask = arg_bits(L, index, "trace", point_find, "point");
	/* What is told anyway, and these. */
	return mask ? mask | ~(1ull << GUC_PT_MMIO_READ | 1ull << GUC_PT_MMIO_WRITE |
			       1ull << GUC_PT_MEM_READ | 1ull << GUC_PT_MEM_WRITE |
			       1ull << GUC_PT_TICK) : 0;
}

/* --- what they tell ------------------------------------------------------------------------ */

void actors_pf_event(struct script *s, unsigned card, uint64_t now, const struct pfc_event *ev)
{
	struct script_pf p = { .pfc = NULL };

	events_pf(&s->events, card, now, ev);
	if (ev->kind == PFC_EV_VERB || ev->kind == PFC_EV_VFIO)
		op_end(s, ev->tag, ev->err, NULL, 0);
	else if (ev->kind == PFC_EV_STARTED && s->world->pf(s, (lua_Integer)card, &p))
		op_end(s, *p.started, ev->err, NULL, 0);
}

void actors_vf_event(struct script *s, unsigned card, unsigned fn, uint64_t now,
		     const struct vfc_event *ev)
{
	events_vf(&s->events, card, fn, now, ev);
	switch (ev->kind) {
	case VFC_EV_OP:
		op_end(s, ev->tag, ev->err, NULL, 0);
		break;
	case VFC_EV_RELAY:
		op_end(s, ev->tag, ev->err, ev->dw, ev->len);
		break;
	case VFC_EV_KEEP: {
		uint32_t answer[4] = { lo32(ev->value), hi32(ev->value), lo32(ev->base),
				       hi32(ev->base) };

		op_end(s, ev->tag, ev->err, answer, 4);
		break;
	}
	case VFC_EV_LOG:
	case VFC_EV_STEP:
	case VFC_EV_STATE:
	case VFC_EV_JOB:
	case VFC_EV_QUEUE:
	case VFC_EV_BASE:
		break;
	}
}

/* --- what is kept beside ------------------------------------------------------------------- */

int actors_begin(struct script *s)
{
	s->actors = calloc(1, sizeof(*s->actors));
	return s->actors ? 0 : -ENOMEM;
}

void actors_end(struct script *s)
{
	if (!s->actors)
		return;
	streams_end(s);
	raw_end(s);
	free(s->actors);
	s->actors = NULL;
}

bool actors_turn(struct script *s, bool *waiting)
{
	bool moved = streams_turn(s, waiting);

	return raw_turn(s) || moved;
}

void actors_forget(struct script *s, lua_Integer n)
{
	raw_forget(s, n);
}
