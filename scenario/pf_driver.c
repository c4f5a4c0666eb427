/* SPDX-License-Identifier: MIT */
/* core functions on the PF drivers that live here: verbs, images, settings. */
#include "scenario/actors.h"

#include "pfclient/vfio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct script_pf pf_driver_arg(lua_State *L, int index)
{
	struct script *s = script_of(L);
	struct script_pf p = { .card = 0 };

	if (!s->world->pf(s, luaL_checkinteger(L, index), &p))
		luaL_error(L, "there is no card %I", luaL_checkinteger(L, index));
	if (!p.pfc)
		luaL_error(L, "the PF driver of card %d is not here, or there is none", (int)p.card);
	return p;
}

void actors_pfc_options(lua_State *L, int index, struct pfc_options *o)
{
	uint32_t n = (uint32_t)arg_int(L, index, "runtime", 0, 0, PFC_MAX_RUNTIME);
	uint32_t (*list)[2];

	o->disclose_errors = arg_bool(L, index, "disclose", false);
	o->testloop = arg_bool(L, index, "testloop", false);
	o->admin_only = arg_bool(L, index, "admin_only", false);
	o->quirks = (uint32_t)arg_bits(L, index, "pf_quirks", pfc_quirk_find, "quirk");
	o->relay_base = (uint32_t)arg_int(L, index, "relay_base", o->relay_base, 0, UINT32_MAX);
	o->relay_latest = (uint32_t)arg_int(L, index, "relay_latest", o->relay_latest, 0,
					    UINT32_MAX);
	o->graphics_ver = (uint32_t)arg_int(L, index, "graphics", o->graphics_ver, 0, 9999);
	if (!n)
		return;
	/* An artificial list of runtime registers instead of the platform's, as long as
	 * asked for. It lives as long as the script. */
	list = lua_newuserdatauv(L, n * sizeof(*list), 0);
	for (uint32_t i = 0; i < n; i++) {
		list[i][0] = 0x9000 + 4 * i;
		list[i][1] = i;
	}
	luaL_ref(L, LUA_REGISTRYINDEX);
	o->runtime = (const uint32_t (*)[2])list;
	o->runtime_n = n;
}

static unsigned vf_number(lua_State *L, int index)
{
	lua_Integer vf = luaL_checkinteger(L, index);

	return vf < 0 || vf > GUC_MAX_VFS ? GUC_MAX_VFS + 1 : (unsigned)vf;
}

static struct pfc_provision share_arg(lua_State *L, int index)
{
	struct pfc_provision p = { .ggtt_size = 0 };

	if (lua_isnoneornil(L, index))
		return p;
	luaL_checktype(L, index, LUA_TTABLE);
	p.ggtt_size = (uint64_t)arg_int(L, index, "ggtt", 0, 0, 8ll << 30);
	p.ggtt_start = (uint64_t)arg_int(L, index, "start", 0, 0, 8ll << 30);
	p.contexts = (uint32_t)arg_int(L, index, "contexts", 0, 0, UINT32_MAX);
	p.doorbells = (uint32_t)arg_int(L, index, "doorbells", 0, 0, UINT32_MAX);
	p.exec_quantum_ms = (uint32_t)arg_int(L, index, "quantum", 0, 0, UINT32_MAX);
	p.preempt_timeout_us = (uint32_t)arg_int(L, index, "preempt", 0, 0, UINT32_MAX);
	p.lmem_size = (uint64_t)arg_int(L, index, "lmem", 0, 0, 1ll << 40);
	return p;
}

/* core.pf_do(card, verb, vf, [share]): a tag. */
int pf_driver_do(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	const char *name = luaL_checkstring(L, 2);
	int verb = pfc_verb_find(name);
	struct pfc_provision share = share_arg(L, 4);
	uint64_t tag = new_tag(L);

	if (verb < 0 || verb == PFC_SET || verb == PFC_SAVE || verb == PFC_RESTORE)
		return luaL_error(L, "the PF has no verb '%s'", name);
	return begun(L, tag,
			 pfc_do(c.pfc, (enum pfc_verb)verb, vf_number(L, 3),
				lua_isnoneornil(L, 4) ? NULL : &share, tag),
			 name);
}

/* core.pf_save(card, vf): a tag; core.pf_image(tag): what came. */
int pf_driver_save(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	unsigned vf = vf_number(L, 2);
	uint64_t tag = new_tag(L);
	struct stream *m;
	int err = pfc_do(c.pfc, PFC_SAVE, vf, NULL, tag);

	if (!err) {
		m = stream_add(script_of(L), tag, c.card, vf);
		if (m)
			m->save = true;
		else
			err = -ENOSPC, pfc_image_cancel(c.pfc, vf);
	}
	return begun(L, tag, err, "save");
}

int pf_driver_image(lua_State *L)
{
	struct stream *m = stream_find(script_of(L), (uint64_t)luaL_checkinteger(L, 1));

	if (!m)
		return luaL_error(L, "there is no such image");
	lua_pushlstring(L, (const char *)m->data, m->len);
	return 1;
}

/* core.pf_restore(card, vf, image, [slice], [open]): a tag. */
int pf_driver_restore(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	unsigned vf = vf_number(L, 2);
	size_t len;
	const char *image = luaL_checklstring(L, 3, &len);
	lua_Integer slice = luaL_optinteger(L, 4, 4096);
	uint64_t tag = new_tag(L);
	struct stream *m;
	int err = pfc_do(c.pfc, PFC_RESTORE, vf, NULL, tag);

	if (!err) {
		m = stream_add(script_of(L), tag, c.card, vf);
		if (m)
			m->data = malloc(len ? len : 1);
		if (!m || !m->data) {
			pfc_image_cancel(c.pfc, vf);
			return begun(L, tag, -ENOMEM, "restore");
		}
		memcpy(m->data, image, len);
		m->len = len;
		m->slice = slice < 1 ? 1 : (size_t)slice;
		m->no_end = lua_toboolean(L, 5);
	}
	return begun(L, tag, err, "restore");
}

/* core.pf_restore_end(tag) for one that was left open. */
static int core_pf_restore_end(lua_State *L)
{
	struct script *s = script_of(L);
	struct stream *m = stream_find(s, (uint64_t)luaL_checkinteger(L, 1));
	struct script_pf p;

	if (!m || !s->world->pf(s, (lua_Integer)m->card, &p) || !p.pfc)
		return luaL_error(L, "there is no such image");
	pfc_image_end(p.pfc, m->vf);
	return 0;
}

static int core_pf_cancel(lua_State *L)
{
	int err = pfc_image_cancel(pf_driver_arg(L, 1).pfc, vf_number(L, 2));

	return err ? script_errno(L, err, "cancel") : 0;
}

/* core.pf_set(card, vf, name, values): a tag. */
int pf_driver_set(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	const char *name = luaL_checkstring(L, 3);
	int setting = pfc_setting_find_name(name);
	uint32_t value[PFC_MAX_GROUP_WORDS];
	uint32_t n = arg_dwords(L, 4, value, PFC_MAX_GROUP_WORDS);
	uint64_t tag = new_tag(L);

	if (setting < 0)
		return luaL_error(L, "there is no setting '%s'", name);
	return begun(L, tag,
			 pfc_set(c.pfc, vf_number(L, 2), (enum pfc_setting)setting, value, n, tag),
			 name);
}

static int core_pf_get(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	const char *name = luaL_checkstring(L, 3);
	int setting = pfc_setting_find_name(name);
	uint32_t value[PFC_MAX_GROUP_WORDS];
	int n = setting < 0 ? -EINVAL : pfc_get(c.pfc, vf_number(L, 2), (enum pfc_setting)setting,
						value, PFC_MAX_GROUP_WORDS);

	if (n < 0)
		return script_errno(L, n, name);
	push_dwords(L, value, (uint32_t)n);
	return 1;
}

/* core.pf_reset(card): a tag of its new start. */
static int core_pf_reset(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	uint64_t tag = new_tag(L);

	*c.started = tag;
	return begun(L, tag, pfc_reset(c.pfc), "PF reset");
}

int pf_driver_info(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	struct pfc_vf_info i;
	int err = pfc_vf_info(c.pfc, vf_number(L, 2), &i);

	if (err)
		return script_errno(L, err, "info");
	lua_createtable(L, 0, 16);
	lua_createtable(L, PFC_MAX_GTS, 0);
	for (int gt = 0; gt < (int)c.gts; gt++) {
		lua_pushstring(L, pfc_vf_state_name(i.state[gt]));
		lua_rawseti(L, -2, gt);
	}
	lua_setfield(L, -2, "state");
	set_bool(L, "mismatch", i.mismatch);
	set_bool(L, "failed", i.failed);
	set_int(L, "ggtt_start", i.ggtt_start);
	set_int(L, "ggtt_size", i.ggtt_size);
	set_int(L, "lmem_size", i.lmem_size);
	set_int(L, "contexts", i.contexts);
	set_int(L, "begin_context", i.begin_context);
	set_int(L, "doorbells", i.doorbells);
	set_int(L, "begin_doorbell", i.begin_doorbell);
	set_int(L, "relay_major", i.relay_major);
	set_int(L, "relay_minor", i.relay_minor);
	set_int(L, "fixup_done", i.fixup_done);
	set_int(L, "adverse", i.adverse);
	set_string(L, "valid", i.valid ? (i.valid == -ENOKEY ? "partly" : "no") : "yes");
	set_string(L, "busy", i.busy ? pfc_verb_name(i.verb) : "");
	return 1;
}

/* --- as VFIO sees the VF ------------------------------------------------------------------ */

static enum pfc_vfio_state vfio_state_arg(lua_State *L, int index)
{
	const char *name = luaL_checkstring(L, index);

	for (int i = 0; i < PFC_VFIO_STATE_COUNT; i++)
		if (!strcmp(pfc_vfio_state_name((enum pfc_vfio_state)i), name))
			return (enum pfc_vfio_state)i;
	luaL_error(L, "VFIO has no state '%s'", name);
	return PFC_VFIO_RUNNING;
}

/* core.vfio_set(card, vf, state): a tag. */
static int core_vfio_set(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	enum pfc_vfio_state state = vfio_state_arg(L, 3);
	uint64_t tag = new_tag(L);

	return begun(L, tag, pfc_vfio_set(c.pfc, vf_number(L, 2), state, tag), "vfio");
}

/* core.vfio_state(card, vf): its name. */
static int core_vfio_state(lua_State *L)
{
	lua_pushstring(L, pfc_vfio_state_name(pfc_vfio_state(pf_driver_arg(L, 1).pfc,
							     vf_number(L, 2))));
	return 1;
}

/* core.vfio_read(card, vf, bytes, [position]): what came, "" at the end. */
static int core_vfio_read(lua_State *L)
{
	char data[4096];
	lua_Integer want = luaL_optinteger(L, 3, sizeof(data));
	size_t n = want < 1 ? 1 : want > (lua_Integer)sizeof(data) ? sizeof(data) : (size_t)want;
	long got = pfc_vfio_read(pf_driver_arg(L, 1).pfc, vf_number(L, 2), lua_toboolean(L, 4), data, n);

	if (got < 0 && got != -EAGAIN)
		return script_errno(L, (int)got, "vfio read");
	if (got < 0)
		return 0;
	lua_pushlstring(L, data, (size_t)got);
	return 1;
}

/* core.vfio_write(card, vf, bytes, [position]): how many were taken. */
static int core_vfio_write(lua_State *L)
{
	size_t len;
	const char *data = luaL_checklstring(L, 3, &len);
	long took = pfc_vfio_write(pf_driver_arg(L, 1).pfc, vf_number(L, 2), lua_toboolean(L, 4), data,
				   len);

	if (took < 0 && took != -EAGAIN)
		return script_errno(L, (int)took, "vfio write");
	lua_pushinteger(L, took < 0 ? 0 : took);
	return 1;
}

/* core.vfio_prepare(card, vf), and core.vfio_reset_done(card, vf): a tag. */
static int core_vfio_prepare(lua_State *L)
{
	int err = pfc_vfio_reset_prepare(pf_driver_arg(L, 1).pfc, vf_number(L, 2));

	return err ? script_errno(L, err, "vfio reset") : 0;
}

static int core_vfio_reset_done(lua_State *L)
{
	const struct script_pf c = pf_driver_arg(L, 1);
	uint64_t tag = new_tag(L);

	return begun(L, tag, pfc_vfio_reset_done(c.pfc, vf_number(L, 2), tag), "vfio reset");
}

const luaL_Reg pf_driver_functions[] = {
	{ "pf_do", pf_driver_do },           { "pf_save", pf_driver_save },
	{ "pf_image", pf_driver_image },     { "pf_restore", pf_driver_restore },
	{ "pf_restore_end", core_pf_restore_end }, { "pf_cancel", core_pf_cancel },
	{ "pf_set", pf_driver_set },         { "pf_get", core_pf_get },
	{ "pf_reset", core_pf_reset },     { "pf_info", pf_driver_info },
	{ "vfio_set", core_vfio_set },     { "vfio_state", core_vfio_state },
	{ "vfio_read", core_vfio_read },   { "vfio_write", core_vfio_write },
	{ "vfio_prepare", core_vfio_prepare }, { "vfio_reset_done", core_vfio_reset_done },
	{ NULL, NULL },
};
