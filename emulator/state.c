/* SPDX-License-Identifier: MIT */
/* Everything live as JSON, for the control role. */
#include <stdio.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/fixup.h"
#include "emulator/vfio/vfio.h"
#include "pf_setting.h"
#include "server.h"

static const char *const role_names[] = {
	[0] = "opening",
	[FRAME_ROLE_FUNCTION] = "function",
	[FRAME_ROLE_CONTROL] = "control",
	[FRAME_ROLE_PEER] = "peer",
};

struct json_object *state_card(const struct server *s)
{
	const struct guc_geometry *g = &s->opt.geometry;
	const struct guc_options *o = &s->opt.guc;
	struct json_object *card = json_object_new_object(), *options;

	json_add_str(card, "name", s->opt.name);
	json_add_u64(card, "pid", (uint64_t)getpid());
	json_add_str(card, "socket", s->opt.socket);
	json_add_str(card, "platform", s->opt.platform->name);
	json_add_u64(card, "devid", o->devid);
	json_add_u64(card, "revid", o->revid);
	json_add_u64(card, "graphics", s->opt.platform->graphics);
	json_add_u64(card, "lmem_size", o->lmem_size);
	json_add_u64(card, "ccs_ratio", o->ccs_ratio);
	json_add_u64(card, "vfs", g->vfs);
	json_add_u64(card, "tiles", g->tiles);
	json_add_u64(card, "gts", g->gts);
	json_add_u64(card, "contexts", g->contexts);
	json_add_u64(card, "ggtt_size", g->ggtt_size);
	json_add_u64(card, "ggtt_offset", s->opt.ggtt_offset);
	json_add_fmt(card, "abi", "1.%u", o->abi_minor);
	json_add_str(card, "pf", s->pf ? "built-in" : s->fn[0].client ? "process" : "none");
	options = json_add_object(card, "options");
	json_add_bool(options, "strict_resfix", o->strict_resfix);
	json_add_bool(options, "no_drain", o->no_drain);
	json_add_bool(options, "strict_detector", o->strict_detector);
	return card;
}

static bool all_same(const uint32_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

/* One number, or one for each scheduler group. */
static void add_groups(struct json_object *o, const char *name, const uint32_t *v)
{
	struct json_object *list;

	if (all_same(v, GUC_SCHED_GROUPS)) {
		json_add_u64(o, name, v[0]);
		return;
	}
	list = json_add_array(o, name);
	for (unsigned i = 0; i < GUC_SCHED_GROUPS; i++)
		json_object_array_add(list, json_object_new_uint64(v[i]));
}

static void add_scheduling(struct json_object *o, const struct guc_vf_info *info)
{
	struct json_object *thresholds = NULL, *one;

	json_add_u64(o, "priority", info->sched_priority);
	add_groups(o, "exec_quantum_ms", info->group_quantum_ms);
	add_groups(o, "preempt_timeout_us", info->group_timeout_us);
	for (unsigned t = 0; t < GUC_THRESHOLD_COUNT; t++) {
		if (!info->threshold[t] && !info->adverse[t].events)
			continue;
		if (!thresholds)
			thresholds = json_add_object(o, "thresholds");
		one = json_add_object(thresholds, guc_threshold_name((enum guc_threshold)t));
		json_add_u64(one, "limit", info->threshold[t]);
		json_add_u64(one, "count", info->adverse[t].count);
		json_add_u64(one, "events", info->adverse[t].events);
	}
}

/* Masks of engines, by group and class. */
static void add_group_masks(struct json_object *o, const struct guc_gt_info *info)
{
	struct json_object *groups = json_add_array(o, "groups"), *masks;

	for (uint32_t g = 0; g < info->groups; g++) {
		masks = json_object_new_array();
		for (unsigned i = 0; i < GUC_CLASS_COUNT; i++)
			json_object_array_add(masks,
					      json_object_new_uint64(info->group_mask[g][i]));
		json_object_array_add(groups, masks);
	}
}

static void add_policies(struct json_object *list, const struct server *s, unsigned gt)
{
	struct guc_gt_info info;
	struct json_object *o;

	if (guc_gt_info(&s->card, gt, &info) != 0)
		return;
	o = json_push_object(list);
	json_add_u64(o, "gt", gt);
	json_add_bool(o, "vfs_enabled", info.vfs_enabled);
	json_add_bool(o, "asleep", info.asleep);
	json_add_u64(o, "sched_if_idle", info.sched_if_idle);
	json_add_u64(o, "adverse_sample_period_ms", info.sample_period_ms);
	json_add_u64(o, "reset_after_vf_switch", info.reset_after_switch);
	json_add_bool(o, "device_activity", info.device_activity);
	json_add_u64(o, "function_activity", info.function_activity);
	if (info.groups)
		add_group_masks(o, &info);
}

static void add_gt(struct json_object *gts, const struct server *s, unsigned fn, unsigned gt)
{
	struct json_object *o, *counts = NULL;
	struct guc_vf_info info;

	if (guc_vf_info(&s->card, fn, gt, &info) != 0)
		return;
	o = json_push_object(gts);
	json_add_u64(o, "gt", gt);
	json_add_str(o, "state", guc_vf_state_name(info.state));
	if (info.marker)
		json_add_u64(o, "marker", info.marker);
	json_add_bool(o, "ctb", info.ctb_enabled);
	json_add_fmt(o, "abi", "%u.%u", info.abi_major, info.abi_minor);
	json_add_u64(o, "ggtt_start", info.ggtt_start);
	json_add_u64(o, "ggtt_size", info.ggtt_size);
	if (info.lmem_size)
		json_add_u64(o, "lmem_size", info.lmem_size);
	json_add_u64(o, "begin_context", info.begin_context);
	json_add_u64(o, "contexts", info.num_contexts);
	json_add_u64(o, "doorbells", info.num_doorbells);
	json_add_u64(o, "registered", info.registered);
	json_add_u64(o, "enabled", info.enabled);
	json_add_u64(o, "h2g", info.h2g_messages);
	json_add_u64(o, "g2h", info.g2h_messages);
	json_add_u64(o, "mmio_requests", info.mbox_requests);
	json_add_u64(o, "irqs", info.irqs);
	json_add_u64(o, "queued", info.queued_g2h);
	json_add_u64(o, "g2h_dropped", info.g2h_dropped);
	json_add_u64(o, "findings", info.findings);
	add_scheduling(o, &info);
	for (unsigned v = 0; v < GUC_VIOL_COUNT; v++) {
		if (info.violations[v] == 0)
			continue;
		if (!counts)
			counts = json_add_object(o, "violations");
		json_add_u64(counts, guc_violation_text((enum guc_violation)v),
			     info.violations[v]);
	}
}

/* As `pf policy` calls them. */
static void add_vgt_policies(struct json_object *o, const struct guc_gt_info *info)
{
	json_add_u64(o, "sched-if-idle", info->sched_if_idle);
	json_add_u64(o, "sample-period", info->sample_period_ms);
	json_add_u64(o, "reset-after-switch", info->reset_after_switch);
	pf_words_add(o, "engine-groups", info->group_mask[0], info->groups * GUC_GROUP_DWORDS);
}

struct json_object *state_config(const struct server *s, unsigned vf)
{
	struct json_object *o = json_object_new_object(), *gts;

	json_add_u64(o, "vf", vf);
	json_add_bool(o, "client", s->fn[vf].client || vfio_attached(s, vf));
	gts = json_add_array(o, "gts");
	for (unsigned gt = 0; gt < card_gts(s); gt++) {
		struct json_object *one = json_push_object(gts);
		struct guc_gt_info card;
		struct guc_vf_info info;

		if (guc_vf_info(&s->card, vf, gt, &info) != 0)
			continue;
		json_add_u64(one, "gt", gt);
		json_add_str(one, "state", guc_vf_state_name(info.state));
		json_add_u64(one, "ggtt_start", info.ggtt_start);
		json_add_u64(one, "ggtt_size", info.ggtt_size);
		json_add_u64(one, "lmem_size", info.lmem_size);
		json_add_u64(one, "begin_context", info.begin_context);
		json_add_u64(one, "contexts", info.num_contexts);
		json_add_u64(one, "begin_doorbell", info.begin_doorbell);
		json_add_u64(one, "doorbells", info.num_doorbells);
		json_add_u64(one, "exec_quantum_ms", info.exec_quantum_ms);
		json_add_u64(one, "preempt_timeout_us", info.preempt_timeout_us);
		for (unsigned i = 0; i < sizeof(info.threshold) / sizeof(*info.threshold); i++) {
			char name[24];

			snprintf(name, sizeof(name), "threshold%u", i);
			json_add_u64(one, name, info.threshold[i]);
		}
		if (guc_gt_info(&s->card, gt, &card) == 0)
			add_vgt_policies(json_add_object(one, "policies"), &card);
	}
	return o;
}

static void add_client(struct json_object *list, const struct client *c)
{
	struct json_object *o = json_push_object(list), *kinds;
	struct wire_stats stats;

	wire_stats(c->wire, &stats);
	json_add_u64(o, "id", c->id);
	json_add_str(o, "name", c->name);
	json_add_u64(o, "pid", (uint64_t)c->pid);
	json_add_str(o, "role", role_names[c->role]);
	if (c->fn != NO_FUNCTION)
		json_add_u64(o, "function", c->fn);
	json_add_u64(o, "seconds", (uv_hrtime() - c->since) / 1000000000u);
	json_add_u64(o, "frames_in", stats.frames_in);
	json_add_u64(o, "frames_out", stats.frames_out);
	json_add_u64(o, "bytes_in", stats.bytes_in);
	json_add_u64(o, "bytes_out", stats.bytes_out);
	json_add_u64(o, "queued", stats.queued);
	json_add_u64(o, "errors", c->errors);
	json_add_u64(o, "lost_events", c->lost);
	kinds = json_add_object(o, "by_kind");
	for (unsigned i = 0; i < FRAME_TYPES; i++)
		if (c->kinds[i])
			json_add_u64(kinds, frame_type_name((gucemu_FrameType)i), c->kinds[i]);
}

static const char *freeze_name(enum freeze_state state)
{
	switch (state) {
	case THAWED:
		return "thawed";
	case FREEZING:
		return "freezing";
	case FROZEN:
		return "frozen";
	}
	return "";
}

struct json_object *state_all(const struct server *s)
{
	struct json_object *o = json_object_new_object(), *policies, *functions;
	struct json_object *clients;

	json_add(o, "card", state_card(s));
	json_add(o, "clock", clock_state(s));
	policies = json_add_array(o, "policies");
	for (unsigned gt = 0; gt < card_gts(s); gt++)
		add_policies(policies, s, gt);
	functions = json_add_array(o, "functions");
	for (unsigned fn = 0; fn <= s->opt.geometry.vfs; fn++) {
		const struct function *f = &s->fn[fn];
		struct json_object *one = json_push_object(functions), *gts;

		json_add_u64(one, "function", fn);
		if (f->client)
			json_add_u64(one, "client", f->client->id);
		if (f->vfio)
			json_add(one, "vfio_user", vfio_state(s, fn));
		json_add_str(one, "frozen", freeze_name(f->freeze));
		json_add_u64(one, "shared_bytes", f->memory.shared);
		json_add_u64(one, "hosted_bytes", f->memory.hosted);
		if (fn > 0 && s->pf)
			json_add(one, "pf", pf_vf_json(s->pf, fn));
		gts = json_add_array(one, "gts");
		for (unsigned gt = 0; gt < card_gts(s); gt++)
			add_gt(gts, s, fn, gt);
	}
	clients = json_add_array(o, "clients");
	for (const struct client *c = s->clients; c; c = c->next)
		add_client(clients, c);
	json_add_u64(o, "clients_ever", s->clients_ever);
	json_add_u64(o, "refused", s->refused);
	return o;
}

struct json_object *state_findings(const struct server *s, unsigned vf)
{
	struct json_object *o = json_object_new_object(), *list = json_add_array(o, "findings");
	struct guc_finding found[GUC_FINDINGS_KEPT];
	uint64_t total = 0;

	for (unsigned gt = 0; gt < card_gts(s); gt++) {
		int n = guc_findings(&s->card, vf, gt, found, GUC_FINDINGS_KEPT);
		struct guc_vf_info info;

		if (guc_vf_info(&s->card, vf, gt, &info) == 0)
			total += info.findings;
		for (int i = 0; i < n; i++) {
			struct json_object *f = json_push_object(list);

			json_add_u64(f, "gt", gt);
			json_add_str(f, "structure", fixup_name(found[i].structure));
			if (found[i].context != UINT32_MAX)
				json_add_u64(f, "context", found[i].context);
			json_add_u64(f, "child", found[i].child);
			json_add_u64(f, "dword", found[i].dword);
			json_add_u64(f, "old", found[i].old_value);
			json_add_u64(f, "new", found[i].new_value);
			json_add_u64(f, "expected", found[i].expected);
		}
	}
	json_add_u64(o, "vf", vf);
	json_add_u64(o, "total", total);
	json_add_bool(o, "verdict", guc_detector_verdict(&s->card, vf));
	return o;
}
