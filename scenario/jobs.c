/* SPDX-License-Identifier: MIT */
/* core functions on queues and jobs of the VF drivers that live here. */
#include "scenario/actors.h"

static int created(lua_State *L, int id, const char *what)
{
	if (id < 0)
		return script_errno(L, id, what);
	lua_pushinteger(L, id);
	return 1;
}

/* core.queue(vf, gt, class, width), core.group(vf, gt, class),
 * core.group_add(vf, gt, primary): a queue's id. */
static enum guc_engine_class class_arg(lua_State *L, int index)
{
	static const char *const names[] = { "render", "video", "video-enhance", "blitter",
					     "compute", NULL };
	static const enum guc_engine_class classes[] = { GUC_CLASS_RENDER, GUC_CLASS_VIDEO,
							 GUC_CLASS_VIDEO_ENHANCE,
							 GUC_CLASS_BLITTER, GUC_CLASS_COMPUTE };

	return classes[luaL_checkoption(L, index, "render", names)];
}

static int core_queue(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	unsigned gt = vf_gt_arg(L, 2, &v);

	return created(L, vfc_queue_create(v.vfc, gt, class_arg(L, 3),
					   (unsigned)luaL_optinteger(L, 4, 1)), "queue");
}

static int core_group(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	unsigned gt = vf_gt_arg(L, 2, &v);

	return created(L, vfc_group_create(v.vfc, gt, class_arg(L, 3)), "group");
}

static int core_group_add(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);

	return created(L, vfc_group_add(v.vfc, vf_gt_arg(L, 2, &v),
					(uint32_t)luaL_checkinteger(L, 3)), "group");
}

/* core.queue_op(vf, gt, queue, what) */
static int core_queue_op(lua_State *L)
{
	static const char *const ops[] = { "destroy", "suspend", "resume", NULL };
	const struct script_vf v = vf_driver_arg(L, 1);
	unsigned gt = vf_gt_arg(L, 2, &v);
	uint32_t q = (uint32_t)luaL_checkinteger(L, 3);
	int op = luaL_checkoption(L, 4, NULL, ops);
	int err = op == 0   ? vfc_queue_destroy(v.vfc, gt, q)
		  : op == 1 ? vfc_queue_suspend(v.vfc, gt, q)
			    : vfc_queue_resume(v.vfc, gt, q);

	return err ? script_errno(L, err, ops[op]) : 0;
}

/* core.job(vf, gt, queue, {kind=, value=, length=}): its number. */
static int core_job(lua_State *L)
{
	static const char *const kinds[] = { "store", "long", "wait", "local", "ccs-put",
					     "ccs-get", NULL };
	const struct script_vf v = vf_driver_arg(L, 1);
	unsigned gt = vf_gt_arg(L, 2, &v);
	uint32_t q = (uint32_t)luaL_checkinteger(L, 3);
	struct vfc_job job = { .kind = VFC_JOB_STORE };

	luaL_checktype(L, 4, LUA_TTABLE);
	lua_getfield(L, 4, "kind");
	job.kind = (enum vfc_job_kind)luaL_checkoption(L, -1, "store", kinds);
	lua_pop(L, 1);
	job.value = (uint32_t)arg_int(L, 4, "value", 0xC0DE, 0, UINT32_MAX);
	job.length = (uint32_t)arg_int(L, 4, "length", 200, 0, 1 << 20);
	return created(L, vfc_job_submit(v.vfc, gt, q, &job), "job");
}

static int core_job_release(lua_State *L)
{
	const struct script_vf v = vf_driver_arg(L, 1);
	int err = vfc_job_release(v.vfc, vf_gt_arg(L, 2, &v), (uint32_t)luaL_checkinteger(L, 3),
				  (uint32_t)luaL_checkinteger(L, 4));

	return err ? script_errno(L, err, "release") : 0;
}

const luaL_Reg job_functions[] = {
	{ "queue", core_queue },       { "group", core_group },
	{ "group_add", core_group_add }, { "queue_op", core_queue_op },
	{ "job", core_job },           { "job_release", core_job_release },
	{ NULL, NULL },
};
