/* SPDX-License-Identifier: MIT */
/* What the files of the control half call of one another beyond block.h:
 * handlers of the action table, lifecycle answers that are no error code, and
 * the masks of functions that have something left to do. Private. */
#ifndef GUCEMU_GUC_CORE_H
#define GUCEMU_GUC_CORE_H

#include "block.h"
#include "klvs.h"

/* Where an address leads: by a GGTT or PPGTT entry. */
struct guc_place {
	enum guc_space space; /* SYSTEM or LMEM */
	uint64_t off;
};

/* What fn's GGTT address leads to: 0, or an errno of guc_ggtt_read(). */
int guc_ggtt_place(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr,
		   struct guc_place *place);
/* Read to dst or write from src, never both, `len` bytes that lie together at a
 * place; `dword`: one aligned dword, with order. 0; -EACCES beyond fn's share of
 * local memory; -EFAULT hole: counted and reported. */
int guc_place_access(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_place *at,
		     void *dst, const void *src, size_t len, bool dword);
/* Compression metadata of the page that a place lies in: GGTT_PAGE / ccs_ratio
 * bytes are read to dst or written from src. Only with a ccs_ratio. */
int guc_place_ccs(struct guc_card *c, unsigned gt, unsigned fn, const struct guc_place *at,
		  void *dst, const void *src);

/* Answers of the lifecycle table that are not GuC errors; only MMIO inputs
 * get them (vf-lifecycle 1.3.5 last row, 1.3.3 last row). */
#define GUC_LIFE_HELD 0xFFFEu /* stays in the mailbox, served at RESUME */
#define GUC_LIFE_LOST 0xFFFFu /* mailbox reads 0, no reply */

/* Pause between looks at what the GuC is not told of: room in a full G2H
 * ring, the memory of a semaphore. */
#define GUC_POLL_NS 100000u
/* A host that leaves its ring full or has taken its memory away is looked at
 * less and less often, down to this. */
#define GUC_POLL_MAX_NS 10000000u

/* Points at which the hook is asked before the crossing; of others, told. */
#define GUC_POINTS_HOOKED                                                      \
	(1ull << GUC_PT_MMIO_READ | 1ull << GUC_PT_MMIO_WRITE |                \
	 1ull << GUC_PT_MBOX_REQUEST | 1ull << GUC_PT_MBOX_REPLY |             \
	 1ull << GUC_PT_H2G | 1ull << GUC_PT_G2H | 1ull << GUC_PT_IRQ |        \
	 1ull << GUC_PT_MEM_READ | 1ull << GUC_PT_MEM_WRITE |                  \
	 1ull << GUC_PT_FLR | 1ull << GUC_PT_BLOB)

/* Points that a sink gets only when it asks: there are too many of them. */
#define GUC_POINTS_QUIET                                                       \
	(1ull << GUC_PT_MMIO_READ | 1ull << GUC_PT_MMIO_WRITE |                \
	 1ull << GUC_PT_MEM_READ | 1ull << GUC_PT_MEM_WRITE | \
	 1ull << GUC_PT_TICK)

static inline uint64_t guc_bit(unsigned fn)
{
	return 1ull << fn;
}

/* True when the hook wants to be asked at `p`. */
static inline bool guc_hooked(const struct guc_card *c, enum guc_point p)
{
	return c->hook && (!c->hook_mask || (c->hook_mask >> p & 1)) && !c->block->in_deeds;
}

/* True when hook or sink want `p`. */
static inline bool guc_watched(const struct guc_card *c, enum guc_point p)
{
	uint64_t mask = c->sink_mask ? c->sink_mask : ~GUC_POINTS_QUIET;

	return guc_hooked(c, p) || (c->sink && (mask >> p & 1));
}

/* Between a function level reset and FLR_FINISH. */
static inline bool guc_is_flr(enum guc_vf_state s)
{
	return s == GUC_VFS_FLR_PENDING || s == GUC_VFS_FLR_ACTIVE || s == GUC_VFS_FLR_CLEANED;
}

/* Negotiated VF ABI minor; before MATCH_VERSION the one offered. */
uint8_t guc_abi_minor(const struct guc_card *c, unsigned gt, unsigned fn);
uint8_t guc_abi_offered(const struct guc_card *c, unsigned fn);

/* fn has what it needs to run: GGTT, contexts, on main GTs of a discrete card LMEM. */
bool guc_config_complete(const struct guc_card *c, unsigned gt, unsigned vf);

/* True when [addr, addr + len) lies inside what fn was given on gt's tile. */
bool guc_in_range(const struct guc_card *c, unsigned tile, unsigned fn, uint64_t addr,
		  uint64_t len);

/* The lifecycle's answer without acting on it. */
uint16_t guc_vf_peek(const struct guc_card *c, unsigned gt, unsigned fn, enum guc_vf_input input,
		     uint32_t arg);
/* Do what had to wait for the reply: events owed to the PF, the end of an FLR. */
void guc_lifecycle_settle(struct guc_card *c, unsigned gt);
/* A turn has come: a slice of each PAUSE's drain and of each compression context
 * that is under way. */
void guc_lifecycle_turn(struct guc_card *c, unsigned gt);
/* fn's share of what all that is under way may do in a turn. */
static inline uint32_t guc_lifecycle_share(const struct guc_card *c, unsigned gt, unsigned fn,
					   uint32_t whole)
{
	return whole / (uint32_t)__builtin_popcountll(c->block->settle_left[gt] | guc_bit(fn));
}
/* The PF's event VF_ENABLE, VFID 0, is due after the reply. */
void guc_owe_vf_enable(struct guc_card *c, unsigned gt);
/* RESFIX_DONE, with the compression context that may come before. */
uint16_t guc_resfix_done(struct guc_card *c, struct guc_request *r);
/* Forget contexts, CTB, memirq, opt-ins, marker (VF_RESET, FLR_START). */
void guc_function_drop(struct guc_card *c, unsigned gt, unsigned fn);
/* Look again at mailbox and H2G ring, deliver what is queued. */
void guc_function_rescan(struct guc_card *c, unsigned gt, unsigned fn);

/* Delayed crossings. */
void guc_delayed_drop(struct guc_card *c, unsigned gt, unsigned fn);
void guc_delayed_run(struct guc_card *c);
uint64_t guc_delayed_due(const struct guc_card *c);
/* Most dwords of what a hook did, and the bytes of them; ev->verdict is set. */
#define GUC_FAULT_DWORDS                                                       \
	(12u + 2 * GUC_HOOK_PATCHES + 3 * GUC_HOOK_DEEDS + GUC_HOOK_ANSWER_MAX + \
	 CTB_HXG_MAX_DWORDS)
size_t guc_fault_pack(const struct guc_event *ev, const struct guc_hook_action *act,
		      uint8_t *bytes);
/* Deeds of a hook: some at once, the others by guc_deeds_run(). */
void guc_deeds_note(struct guc_card *c, const struct guc_event *ev,
		    const struct guc_hook_action *act);
/* The VF loses all that its driver told the GuC: VF_READY again if it is configured. */
void guc_lifecycle_restart(struct guc_card *c, unsigned gt, unsigned fn);
/* An interrupt that was held back. */
void guc_raise_held(struct guc_card *c, const struct guc_delayed *d);
/* A hold is over: forget it; or take what was waiting, too. */
void guc_hold_drop(struct guc_card *c, unsigned gt, unsigned fn);
void guc_hold_end(struct guc_card *c, unsigned gt, unsigned fn);
/* Where they go on. */
void guc_mailbox_handle(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *dw);
void guc_mailbox_write(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *dw);
/* Answer a request, as its type wants it. */
void guc_h2g_reply(struct guc_card *c, const struct guc_request *r, uint16_t error);
/* What handling it cost, in dwords of GUC_H2G_BUDGET beyond its own. */
uint32_t guc_h2g_handle(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence,
			const uint32_t *dw, uint32_t len);
void guc_g2h_go(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence, const uint32_t *dw,
		uint32_t len, bool credited);
/* Send with a known action code: hook, ring or queue, event. */
void guc_g2h_put(struct guc_card *c, unsigned gt, unsigned fn, uint16_t fence, uint16_t code,
		 const uint32_t *dw, uint32_t len, bool credited);
/* Reply to the mailbox from outside its turn: hook, registers, event. */
void guc_mailbox_reply(struct guc_card *c, unsigned gt, unsigned fn, uint16_t action,
		       const uint32_t *dw, uint32_t len);
/* True when (gt, fn) may hand out H2G now. */
bool guc_h2g_open(const struct guc_function *f);
/* Room for one more message in ring or queue. */
bool guc_g2h_room(const struct guc_card *c, unsigned gt, unsigned fn);

/* MEMORY_CAT_ERROR to fn: a context or UINT32_MAX, and the fault's type. */
void guc_cat_error(struct guc_card *c, unsigned gt, unsigned fn, uint32_t id, uint32_t type);

/* Read `size` dwords of a KLV list at a GGTT address of fn: 0 or an error. */
uint16_t guc_klv_fetch(struct guc_card *c, unsigned gt, unsigned fn, uint64_t addr, uint32_t size,
		       uint32_t *list);

/* Configuration of a function that nobody has configured. */
void guc_config_default(const struct guc_card *c, struct guc_config *cfg);
/* True when a scheduler group has one of ctx's engines, or groups are off, and the
 * engines are awake. */
bool guc_engine_allowed(const struct guc_card *c, unsigned gt, const struct guc_context *ctx);
/* fn's scheduling priority has changed. */
void guc_world_changed(struct guc_card *c, unsigned gt, unsigned fn);
/* What guc_engine_allowed() says has changed: let running functions try again. */
void guc_engines_kick(struct guc_card *c, unsigned gt);

/* --- adverse events (adverse.c) ------------------------------------------------- */

/* The sample period is now `ms`, 0: nothing is counted; counting begins anew. */
void guc_adverse_period(struct guc_card *c, unsigned gt, uint32_t ms);
/* fn's thresholds become `want`: those that differ are counted anew. */
void guc_adverse_changed(struct guc_card *c, unsigned gt, unsigned fn, const uint32_t *want);
/* Forget what fn did (FLR, configuration gone). */
void guc_adverse_forget(struct guc_card *c, unsigned gt, unsigned fn);
/* fn did `n` of t; the PF hears of it when that is too much. */
void guc_adverse_count(struct guc_card *c, unsigned gt, unsigned fn, enum guc_threshold t,
		       uint32_t n);

/* Number of the sample period that is now; 0 without one. */
static inline uint64_t guc_adverse_now(const struct guc_unit *u, uint64_t now)
{
	return u->sample_period_ms ? (now - u->sampling_from) / (u->sample_period_ms * 1000000ull) :
				     0;
}

static inline void guc_adverse(struct guc_card *c, unsigned gt, unsigned fn,
			       enum guc_threshold t, uint32_t n)
{
	if (guc_unit(c, gt)->sample_period_ms && guc_fn(c, gt, fn)->config.threshold[t])
		guc_adverse_count(c, gt, fn, t, n);
}

/* --- engine activity (activity.c) ------------------------------------------------ */

/* ctx has run on its engine in this turn. */
void guc_activity_ran(struct guc_card *c, unsigned gt, const struct guc_context *ctx);
/* The turn is over: end the spans of engines that rest, publish what changed. */
void guc_activity_settle(struct guc_card *c, unsigned gt);
/* Execution quanta have changed: publish every function's share anew. */
void guc_activity_ratios(struct guc_card *c, unsigned gt);

/* Handlers (actions.c lists them with their codes). */
uint16_t guc_act_self_cfg(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_control_ctb(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_match_version(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_vf_reset(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_resfix_start(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_resfix_done(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_query_klv(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_update_vf_cfg(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_vgt_policy(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_sched_policies(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_opt_in(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_hwconfig(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_vf_control(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_s_state(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_log_flushed(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_global_policies(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_device_activity(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_function_activity(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_relay_to_vf(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_relay_to_pf(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_mmio_relay(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_mmio_relay_success(struct guc_card *c, struct guc_request *r);
uint16_t guc_act_mmio_relay_failure(struct guc_card *c, struct guc_request *r);

#endif
