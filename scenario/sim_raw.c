/* SPDX-License-Identifier: MIT */
/* core functions below the drivers: registers, memory, and messages of a script's
 * own through a function's rings, beside its driver or without one. */
#include "scenario/sim_world.h"

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
struct sim_raw {
	struct sim_raw *next;
	struct script *script;
	struct sim_vf *vf;      /* NULL: of a PF */
	unsigned card, gt;
	struct host_ct *ct;     /* the driver's, or &own */
	struct host_ct own;
	host_ct_reply_fn reply; /* the driver's */
	host_ct_event_fn event;
	void *user;
};

/* --- whose ------------------------------------------------------------------------------- */

/* Arguments "vf", number or "pf", card. */
struct target {
	struct sim_vf *vf;
	struct sim_card *card;
	unsigned fn;
	struct host_mem *mem;
};

static struct target target_arg(lua_State *L)
{
	static const char *const kinds[] = { "vf", "pf", NULL };
	struct target t = { .vf = NULL };

	if (luaL_checkoption(L, 1, NULL, kinds) == 1) {
		t.card = sim_card_arg(L, 2);
		t.mem = &t.card->pf_mem;
	} else {
		t.vf = sim_vf_arg(L, 2);
		t.card = &t.vf->sim->card[t.vf->card];
		t.fn = t.vf->fn;
		t.mem = &t.vf->mem;
	}
	return t;
}

/* --- registers and memory --------------------------------------------------------------------- */

/* core.mmio_read(kind, n, off, size), core.mmio_write(kind, n, off, size, value) */
static int core_mmio_read(lua_State *L)
{
	struct target t = target_arg(L);
	uint64_t value;
	int err = guc_mmio_read(&t.card->guc, t.fn, (uint64_t)luaL_checkinteger(L, 3),
				(unsigned)luaL_optinteger(L, 4, 4), &value);

	if (err)
		return script_errno(L, err, "read of a register");
	lua_pushinteger(L, (lua_Integer)value);
	return 1;
}

static int core_mmio_write(lua_State *L)
{
	struct target t = target_arg(L);
	int err = guc_mmio_write(&t.card->guc, t.fn, (uint64_t)luaL_checkinteger(L, 3),
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
	struct sim_raw *r = user;

	if (tag & RAW_TAG)
		op_end(r->script, tag & ~RAW_TAG, err, dw, len);
	else if (r->reply)
		r->reply(r->user, tag, err, dw, len);
}

static int on_event(void *user, const uint32_t *dw, uint32_t len)
{
	struct sim_raw *r = user;

	return r->event ? r->event(r->user, dw, len) : 0;
}

static uint64_t now_of(const struct sim_raw *r)
{
	return r->vf ? sim_vf_now(r->vf) : sim_card_now(&r->script->sim->card[r->card]);
}

/* Stand before the callbacks, if the driver has set them (anew). */
static void interpose(struct sim_raw *r)
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

static struct sim_raw *find(struct script *s, const struct target *t, unsigned gt)
{
	for (struct sim_raw *r = world_of(s)->raw; r; r = r->next)
		if (r->vf == t->vf && r->gt == gt && (t->vf || r->card == t->card->index))
			return r;
	return NULL;
}

static struct sim_raw *rings_arg(lua_State *L, struct target *t)
{
	struct script *s = script_of(L);
	lua_Integer gt = luaL_checkinteger(L, 3);
	lua_Integer gts = t->vf ? (lua_Integer)t->vf->gts
				: (lua_Integer)t->card->opt.geometry.tiles *
					  t->card->opt.geometry.gts;
	struct sim_raw *r;

	luaL_argcheck(L, gt >= 0 && gt < gts, 3, "no such GT");
	r = find(s, t, (unsigned)gt);
	if (r)
		return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		luaL_error(L, "no memory");
	r->script = s;
	r->vf = t->vf;
	r->card = t->card->index;
	r->gt = (unsigned)gt;
	if (t->vf && t->vf->vfc)
		r->ct = &t->vf->vfc->gt[gt].ct;
	else if (!t->vf && t->card->pfc)
		r->ct = &t->card->pfc->gt[gt].ct;
	else
		r->ct = &r->own;
	r->next = world_of(s)->raw;
	world_of(s)->raw = r;
	return r;
}

/* core.ct_open(kind, n, gt, h2g, g2h, h2g_bytes, g2h_bytes): rings of the script's own in
 * the function's memory; a descriptor each, its buffer a page on. */
static int core_ct_open(lua_State *L)
{
	struct target t = target_arg(L);
	struct sim_raw *r = rings_arg(L, &t);
	lua_Integer h2g = luaL_checkinteger(L, 4), g2h = luaL_checkinteger(L, 5);
	lua_Integer h2g_bytes = luaL_checkinteger(L, 6), g2h_bytes = luaL_checkinteger(L, 7);

	if (r->ct != &r->own)
		return luaL_error(L, "the rings are the driver's");
	luaL_argcheck(L, h2g_bytes >= 4096 && (h2g_bytes & (h2g_bytes - 1)) == 0, 6, "bad size");
	luaL_argcheck(L, g2h_bytes >= 4096 && (g2h_bytes & (g2h_bytes - 1)) == 0, 7, "bad size");
	bytes_at(L, &t, h2g, 4096 + h2g_bytes);
	bytes_at(L, &t, g2h, 4096 + g2h_bytes);
	host_ct_init(&r->own, t.vf ? &t.vf->port : &t.card->pf_port, t.mem,
		     r->gt / t.card->opt.geometry.gts, r->gt % t.card->opt.geometry.gts == 1,
		     (size_t)h2g, (size_t)h2g + 4096, (uint32_t)h2g_bytes, (size_t)g2h,
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
	struct sim_raw *r = rings_arg(L, &t);

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
	struct sim_raw *r = rings_arg(L, &t);
	enum hxg_type type = (enum hxg_type)luaL_checkoption(L, 4, "REQUEST", names);
	uint32_t dw[CTB_HXG_MAX_DWORDS + 1];
	uint32_t n = arg_dwords(L, 5, dw, CTB_HXG_MAX_DWORDS + 1);
	uint64_t tag = sim_tag(L);
	int err;

	interpose(r);
	err = host_ct_send(r->ct, type, dw, n, RAW_TAG | tag, 0, 0, now_of(r));
	if (!err && type != HXG_REQUEST)
		op_end(script_of(L), tag, 0, NULL, 0);
	return sim_begun(L, tag, err, "send");
}

bool sim_raw_turn(struct script *s)
{
	bool any = false;

	for (struct sim_raw *r = world_of(s)->raw; r; r = r->next) {
		if (r->ct != &r->own || r->own.state != HOST_CT_ON || (r->vf && r->vf->frozen))
			continue;
		any |= host_ct_receive(&r->own, 16, now_of(r)) > 0;
		if (host_ct_deadline(&r->own) <= now_of(r))
			host_ct_tick(&r->own, now_of(r));
	}
	return any;
}

void sim_raw_forget(struct script *s, const struct sim_vf *v)
{
	struct sim_raw **at = &world_of(s)->raw;

	while (*at) {
		struct sim_raw *r = *at;

		if (r->vf != v || !v) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
	}
}

void sim_raw_end(struct script *s)
{
	while (world_of(s) && world_of(s)->raw) {
		struct sim_raw *r = world_of(s)->raw;

		world_of(s)->raw = r->next;
		free(r);
	}
}

const luaL_Reg sim_raw_functions[] = {
	{ "mmio_read", core_mmio_read }, { "mmio_write", core_mmio_write },
	{ "mem_read", core_mem_read },   { "mem_write", core_mem_write },
	{ "mem_info", core_mem_info },   { "ct_open", core_ct_open },
	{ "ct_state", core_ct_state },   { "ct_info", core_ct_info },
	{ "ct_send", core_ct_send },     { NULL, NULL },
};
