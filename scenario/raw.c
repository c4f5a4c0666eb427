/* SPDX-License-Identifier: MIT */
/* core functions below the drivers: registers, memory, and messages of a script's
 * own through a function's rings, beside its driver or without one. */
#include "scenario/actors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/ct.h"
#include "pfclient/pfc_priv.h"
#include "proto/regs.h"
#include "vfclient/vfc_priv.h"

/* Tags of ours among those of a driver's own requests. */
#define RAW_TAG (1ull << 62)

/* Rings that a script sends through: a driver's, whose callbacks it stands before,
 * or its own. */
struct raw {
	struct raw *next;
	struct script *script;
	bool pf;
	lua_Integer n;          /* the script's VF, or the PF's card */
	unsigned gt;
	struct host_ct *ct;     /* the driver's, or &own */
	struct host_ct own;
	host_ct_reply_fn reply; /* the driver's */
	host_ct_event_fn event;
	void *user;
};

/* --- whose ------------------------------------------------------------------------------- */

/* Arguments "vf", number or "pf", card. */
struct target {
	bool pf;
	lua_Integer n;
	struct script_vf v;
	struct script_pf p;
	struct host_mem *mem;
};

static struct target target_arg(lua_State *L)
{
	static const char *const kinds[] = { "vf", "pf", NULL };
	struct script *s = script_of(L);
	struct target t = { .pf = luaL_checkoption(L, 1, NULL, kinds) == 1 };

	t.n = luaL_checkinteger(L, 2);
	if (!t.pf)
		t.v = vf_arg(L, 2);
	else if (!s->world->pf(s, t.n, &t.p))
		luaL_error(L, "there is no card %I", t.n);
	t.mem = t.pf ? t.p.mem : t.v.mem;
	if (!t.mem)
		luaL_error(L, "its registers and memory are another process's");
	return t;
}

/* --- registers and memory --------------------------------------------------------------------- */

/* core.mmio_read(kind, n, off, size), core.mmio_write(kind, n, off, size, value) */
static int core_mmio_read(lua_State *L)
{
	struct target t = target_arg(L);
	struct script *s = script_of(L);
	uint64_t value = 0;
	int err = s->world->mmio_read(s, t.pf, t.n, (uint64_t)luaL_checkinteger(L, 3),
				      (unsigned)luaL_optinteger(L, 4, 4), &value);

	if (err)
		return script_errno(L, err, "read of a register");
	lua_pushinteger(L, (lua_Integer)value);
	return 1;
}

static int core_mmio_write(lua_State *L)
{
	struct target t = target_arg(L);
	struct script *s = script_of(L);
	int err = s->world->mmio_write(s, t.pf, t.n, (uint64_t)luaL_checkinteger(L, 3),
				       (unsigned)luaL_checkinteger(L, 4),
				       (uint64_t)luaL_checkinteger(L, 5));

	return err ? script_errno(L, err, "write of a register") : 0;
}

static uint8_t *bytes_at(lua_State *L, const struct target *t, lua_Integer off, lua_Integer len)
{
	if (off < 0 || len < 0 || (uint64_t)off > t->mem->size ||
	    (uint64_t)len > t->mem->size - (uint64_t)off)
		luaL_error(L, "memory: %I bytes at %I are outside its %I", len, off,
			   (lua_Integer)t->mem->size);
	return t->mem->base + off;
}

/* core.mem_read(kind, n, off, len): text; core.mem_write(kind, n, off, text) */
static int core_mem_read(lua_State *L)
{
	struct target t = target_arg(L);
	lua_Integer off = luaL_checkinteger(L, 3), len = luaL_checkinteger(L, 4);

	lua_pushlstring(L, (const char *)bytes_at(L, &t, off, len), (size_t)len);
	return 1;
}

static int core_mem_write(lua_State *L)
{
	struct target t = target_arg(L);
	lua_Integer off = luaL_checkinteger(L, 3);
	size_t len;
	const char *text = luaL_checklstring(L, 4, &len);

	memcpy(bytes_at(L, &t, off, (lua_Integer)len), text, len);
	return 0;
}

/* core.mem_info(kind, n): DMA address and size. */
static int core_mem_info(lua_State *L)
{
	struct target t = target_arg(L);

	lua_pushinteger(L, (lua_Integer)t.mem->dma);
	lua_pushinteger(L, (lua_Integer)t.mem->size);
	return 2;
}

/* --- rings --------------------------------------------------------------------------------------- */

static void on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	struct raw *r = user;

	if (tag & RAW_TAG)
		op_end(r->script, tag & ~RAW_TAG, err, dw, len);
	else if (r->reply)
		r->reply(r->user, tag, err, dw, len);
}

static int on_event(void *user, const uint32_t *dw, uint32_t len)
{
	struct raw *r = user;

	return r->event ? r->event(r->user, dw, len) : 0;
}

/* Its clock. False: it stands still, or it is gone. */
static bool now_of(const struct raw *r, uint64_t *now)
{
	const struct world *w = r->script->world;
	struct script_vf v = { .fn = 0 };
	struct script_pf p = { .card = 0 };

	if (r->pf ? !w->pf(r->script, r->n, &p) : !w->vf(r->script, r->n, &v))
		return false;
	*now = r->pf ? p.now : v.now;
	return r->pf || !v.frozen;
}

/* Stand before the callbacks, if the driver has set them (anew). */
static void interpose(struct raw *r)
{
	if (r->ct->on_reply == on_reply && r->ct->user == r)
		return;
	r->reply = r->ct->on_reply;
	r->event = r->ct->on_event;
	r->user = r->ct->user;
	r->ct->on_reply = on_reply;
	r->ct->on_event = on_event;
	r->ct->user = r;
}

static struct raw *find(struct script *s, const struct target *t, unsigned gt)
{
	for (struct raw *r = s->actors->raw; r; r = r->next)
		if (r->pf == t->pf && r->n == t->n && r->gt == gt)
			return r;
	return NULL;
}

static struct raw *rings_arg(lua_State *L, struct target *t)
{
	struct script *s = script_of(L);
	lua_Integer gt = luaL_checkinteger(L, 3);
	struct raw *r;

	luaL_argcheck(L, gt >= 0 && gt < (lua_Integer)(t->pf ? t->p.gts : t->v.gts), 3,
		      "no such GT");
	r = find(s, t, (unsigned)gt);
	if (r)
		return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		luaL_error(L, "no memory");
	r->script = s;
	r->pf = t->pf;
	r->n = t->n;
	r->gt = (unsigned)gt;
	if (!t->pf && t->v.vfc)
		r->ct = &t->v.vfc->gt[gt].ct;
	else if (t->pf && t->p.pfc)
		r->ct = &t->p.pfc->gt[gt].ct;
	else
		r->ct = &r->own;
	r->next = s->actors->raw;
	s->actors->raw = r;
	return r;
}

/* core.ct_open(kind, n, gt, h2g, g2h, h2g_bytes, g2h_bytes): rings of the script's own in
 * the function's memory; a descriptor each, its buffer a page on. */
static int core_ct_open(lua_State *L)
{
	struct target t = target_arg(L);
	struct raw *r = rings_arg(L, &t);
	lua_Integer h2g = luaL_checkinteger(L, 4), g2h = luaL_checkinteger(L, 5);
	lua_Integer h2g_bytes = luaL_checkinteger(L, 6), g2h_bytes = luaL_checkinteger(L, 7);
	unsigned tile_gts;

	if (r->ct != &r->own)
		return luaL_error(L, "the rings are the driver's");
	luaL_argcheck(L, h2g_bytes >= 4096 && (h2g_bytes & (h2g_bytes - 1)) == 0, 6, "bad size");
	luaL_argcheck(L, g2h_bytes >= 4096 && (g2h_bytes & (g2h_bytes - 1)) == 0, 7, "bad size");
	bytes_at(L, &t, h2g, 4096 + h2g_bytes);
	bytes_at(L, &t, g2h, 4096 + g2h_bytes);
	tile_gts = t.pf ? t.p.tile_gts : t.v.tile_gts;
	host_ct_init(&r->own, t.pf ? t.p.port : t.v.port, t.mem, r->gt / tile_gts,
		     r->gt % tile_gts == 1, (size_t)h2g, (size_t)h2g + 4096, (uint32_t)h2g_bytes, (size_t)g2h,
		     (size_t)g2h + 4096, (uint32_t)g2h_bytes);
	interpose(r);
	host_ct_reset(&r->own);
	return 0;
}

/* core.ct_state(kind, n, gt, what): "enable", "stop", "restart" rings of its own. */
static int core_ct_state(lua_State *L)
{
	static const char *const what[] = { "enable", "stop", "restart", NULL };
	struct target t = target_arg(L);
	struct raw *r = rings_arg(L, &t);

	switch (luaL_checkoption(L, 4, NULL, what)) {
	case 0:
		host_ct_enable(r->ct);
		break;
	case 1:
		host_ct_stop(r->ct);
		break;
	case 2:
		host_ct_restart(r->ct, true);
		break;
	}
	return 0;
}

/* core.ct_info(kind, n, gt): where the rings lie in memory, and their cursors. */
static int core_ct_info(lua_State *L)
{
	static const char *const states[] = { "off", "stopped", "on", "broken" };
	struct target t = target_arg(L);
	const struct host_ct *ct = rings_arg(L, &t)->ct;

	lua_createtable(L, 0, 16);
	set_string(L, "state", states[ct->state]);
	set_int(L, "h2g_desc", ct->h2g_desc);
	set_int(L, "h2g_buf", ct->h2g_buf);
	set_int(L, "h2g_dwords", ct->h2g_size);
	set_int(L, "h2g_tail", ct->h2g_tail);
	set_int(L, "g2h_desc", ct->g2h_desc);
	set_int(L, "g2h_buf", ct->g2h_buf);
	set_int(L, "g2h_dwords", ct->g2h_size);
	set_int(L, "g2h_head", ct->g2h_head);
	set_int(L, "g2h_space", ct->g2h_space);
	set_int(L, "g2h_outstanding", ct->g2h_outstanding);
	set_int(L, "doorbell", ct->doorbell_off);
	set_int(L, "sent", ct->sent);
	set_int(L, "received", ct->received);
	set_int(L, "orphans", ct->orphans);
	set_int(L, "bad_events", ct->bad_events);
	set_int(L, "fast_failures", ct->fast_failures);
	return 1;
}

/* core.ct_send(kind, n, gt, type, dwords): a tag; ended at once but for REQUEST. */
static int core_ct_send(lua_State *L)
{
	static const char *const names[] = { "REQUEST", "EVENT", "FAST_REQUEST", NULL };
	struct target t = target_arg(L);
	struct raw *r = rings_arg(L, &t);
	enum hxg_type type = (enum hxg_type)luaL_checkoption(L, 4, "REQUEST", names);
	uint32_t dw[CTB_HXG_MAX_DWORDS + 1];
	uint32_t n = arg_dwords(L, 5, dw, CTB_HXG_MAX_DWORDS + 1);
	uint64_t tag = new_tag(L), now = 0;
	int err;

	interpose(r);
	(void)now_of(r, &now); /* of one that is frozen it is when it was */
	err = host_ct_send(r->ct, type, dw, n, RAW_TAG | tag, 0, 0, now);
	if (!err && type != HXG_REQUEST)
		op_end(script_of(L), tag, 0, NULL, 0);
	return begun(L, tag, err, "send");
}

bool raw_turn(struct script *s)
{
	bool any = false;

	for (struct raw *r = s->actors->raw; r; r = r->next) {
		uint64_t now;

		if (r->ct != &r->own || r->own.state != HOST_CT_ON || !now_of(r, &now))
			continue;
		any |= host_ct_receive(&r->own, 16, now) > 0;
		if (host_ct_deadline(&r->own) <= now)
			host_ct_tick(&r->own, now);
	}
	return any;
}

void raw_forget(struct script *s, lua_Integer n)
{
	struct raw **at = &s->actors->raw;

	while (*at) {
		struct raw *r = *at;

		if (r->pf || r->n != n) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
	}
}

void raw_end(struct script *s)
{
	while (s->actors->raw) {
		struct raw *r = s->actors->raw;

		s->actors->raw = r->next;
		free(r);
	}
}

const luaL_Reg raw_functions[] = {
	{ "mmio_read", core_mmio_read }, { "mmio_write", core_mmio_write },
	{ "mem_read", core_mem_read },   { "mem_write", core_mem_write },
	{ "mem_info", core_mem_info },   { "ct_open", core_ct_open },
	{ "ct_state", core_ct_state },   { "ct_info", core_ct_info },
	{ "ct_send", core_ct_send },     { NULL, NULL },
};
