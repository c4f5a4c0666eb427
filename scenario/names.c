/* SPDX-License-Identifier: MIT */
/* The protocol's names as tables for scripts. */
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "scenario/script.h"
#include "vfclient/vfc.h"

static void push_actions(lua_State *L)
{
	lua_newtable(L);
	for (size_t i = 0; guc_action_code(i) >= 0; i++) {
		uint32_t code = (uint32_t)guc_action_code(i);

		set_int(L, guc_action_name(code), code);
	}
	lua_setfield(L, -2, "action");
}

static void push_errors(lua_State *L)
{
	lua_newtable(L);
	for (size_t i = 0; guc_error_code(i) >= 0; i++) {
		uint32_t code = (uint32_t)guc_error_code(i);

		set_int(L, guc_error_name(code), code);
	}
	lua_setfield(L, -2, "err");
}

static void push_keys(lua_State *L)
{
	lua_newtable(L);
	for (uint32_t key = 0; key < 0x10000; key++) {
		const char *name = guc_klv_name(key);

		if (name)
			set_int(L, name, key);
	}
	lua_setfield(L, -2, "klv");
}

static void push_registers(lua_State *L)
{
	lua_newtable(L);
	set_int(L, "VF_SW_FLAG", REG_VF_SW_FLAG(0));
	set_int(L, "GUC_HOST_INTERRUPT", REG_GUC_HOST_INTERRUPT);
	set_int(L, "MED_VF_SW_FLAG", REG_MED_VF_SW_FLAG(0));
	set_int(L, "MED_GUC_HOST_INTERRUPT", REG_MED_GUC_HOST_INTERRUPT);
	set_int(L, "VF_CAP", REG_VF_CAP);
	set_int(L, "GGTT", REG_GGTT_BASE);
	set_int(L, "TILE", REG_TILE_STRIDE);
	for (size_t i = 0; reg_place(i); i++)
		set_int(L, reg_place(i)->name, reg_place(i)->first);
	lua_setfield(L, -2, "reg");
}

static void push_steps(lua_State *L)
{
	lua_createtable(L, VFC_STEP_COUNT, 0);
	for (int i = 0; i < VFC_STEP_COUNT; i++) {
		lua_pushstring(L, vfc_step_name((enum vfc_step_id)i));
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "steps");
	lua_createtable(L, FIXUP_COUNT, 0);
	for (int i = 0; i < FIXUP_COUNT; i++) {
		lua_pushstring(L, fixup_name((enum fixup)i));
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "fixups");
}

void names_push(lua_State *L)
{
	lua_createtable(L, 0, 8);
	push_actions(L);
	push_errors(L);
	push_keys(L);
	push_registers(L);
	push_steps(L);
}
