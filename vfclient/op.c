/* SPDX-License-Identifier: MIT */
/* Operations on the device: boot, GT reset, suspend, resume, unload, as tables
 * of rows (guc-abi A.1). A segment's rows are done for one GT after the other.
 * When GuC refuses a row because the VF was migrated meanwhile, the operation
 * begins again at VF_RESET, which ends GuC's waiting, a bounded number of
 * times; a 7.2 driver gives up (quirk WEDGE_ON_MIGRATED). */
#include "boot.h"

#include "proto/klv.h"
#include "proto/text.h"

struct op_row {
	int (*run)(struct vfc_gt *gt, unsigned arg);
	unsigned arg;
	bool mmio; /* uses the mailbox in more than one call */
};

enum per { EACH_GT, ONE_GT, DEVICE };

struct op_segment {
	enum per per;
	const struct op_row *rows;
	unsigned n;
};

#define ROWS(...) (const struct op_row[]){ __VA_ARGS__ }, \
	sizeof((const struct op_row[]){ __VA_ARGS__ }) / sizeof(struct op_row)

#define SELF_CFG(key) { vfc_row_self_cfg, GUC_KLV_SELF_##key, true }

/* guc-abi 3.4. */
#define REGISTER_CTB \
	SELF_CFG(MEMIRQ_SOURCE_ADDR), SELF_CFG(MEMIRQ_STATUS_ADDR), \
	{ vfc_row_ct_reset, 0, false }, \
	SELF_CFG(H2G_CTB_DESC_ADDR), SELF_CFG(H2G_CTB_ADDR), SELF_CFG(H2G_CTB_SIZE), \
	SELF_CFG(G2H_CTB_DESC_ADDR), SELF_CFG(G2H_CTB_ADDR), SELF_CFG(G2H_CTB_SIZE), \
	{ vfc_row_control_ctb, 0, true }, { vfc_row_handshake, 0, false }

static const struct op_segment boot_segments[] = {
	{ EACH_GT, ROWS({ vfc_row_vf_reset, 0, true }, { vfc_row_match, 0, true },
			{ vfc_row_query, 0, true }) },
	{ DEVICE, ROWS({ vfc_row_generation, 0, false }, { vfc_row_ptes, 0, false },
		       { vfc_row_images, 0, false }) },
	{ EACH_GT, ROWS(REGISTER_CTB, { vfc_row_runtime, 0, false }) },
	{ DEVICE, ROWS({ vfc_row_up, 0, false }) },
};

static const struct op_segment reset_segments[] = {
	{ ONE_GT, ROWS({ vfc_row_stop, 0, false }, { vfc_row_vf_reset, 0, true },
		       { vfc_row_vf_reset, 0, true }, { vfc_row_match, 0, true },
		       { vfc_row_requery, 0, true }, { vfc_row_refix, 0, false },
		       { vfc_row_forget, 0, false }, REGISTER_CTB,
		       { vfc_row_restart, 0, false }) },
};

static const struct op_segment suspend_segments[] = {
	{ EACH_GT, ROWS({ vfc_row_wait_recovery, 0, false }) },
	{ EACH_GT, ROWS({ vfc_row_stop, 0, false }) },
	{ DEVICE, ROWS({ vfc_row_suspended, 0, false }) },
};

static const struct op_segment resume_segments[] = {
	{ EACH_GT, ROWS({ vfc_row_vf_reset, 0, true }, { vfc_row_match, 0, true },
			{ vfc_row_requery, 0, true }) },
	{ EACH_GT, ROWS({ vfc_row_refix, 0, false }, { vfc_row_forget, 0, false }) },
	{ EACH_GT, ROWS(REGISTER_CTB) },
	{ EACH_GT, ROWS({ vfc_row_restart, 0, false }) },
};

static const struct op_segment shutdown_segments[] = {
	{ EACH_GT, ROWS({ vfc_row_wait_worker, 0, false }) },
	{ EACH_GT, ROWS({ vfc_row_stop, 0, false }) },
	{ EACH_GT, ROWS({ vfc_row_vf_reset, 0, true }) },
	{ EACH_GT, ROWS({ vfc_row_off, 0, false }) },
};

static const struct {
	const struct op_segment *segments;
	unsigned n;
} ops[] = {
#define OP(table) { table, sizeof(table) / sizeof(table[0]) }
	[VFC_OP_BOOT] = OP(boot_segments),
	[VFC_OP_RESET] = OP(reset_segments),
	[VFC_OP_SUSPEND] = OP(suspend_segments),
	[VFC_OP_RESUME] = OP(resume_segments),
	[VFC_OP_SHUTDOWN] = OP(shutdown_segments),
#undef OP
};

static void begin(struct vfc *v)
{
	v->op.segment = 0;
	v->op.row = 0;
	v->op.at_gt = v->op.kind == VFC_OP_RESET ? v->op.gt : 0;
	v->op.row_begun = false;
}

int vfc_op_start(struct vfc *v, enum vfc_op_kind kind, unsigned gt, uint64_t tag)
{
	if (v->op.kind != VFC_OP_NONE)
		return -EBUSY;
	v->op = (struct vfc_op){ .kind = kind, .tag = tag, .gt = (uint8_t)gt };
	begin(v);
	v->dirty = true;
	return 0;
}

int vfc_boot(struct vfc *v, uint64_t tag)
{
	if (v->op.kind != VFC_OP_NONE || v->up || v->suspended)
		return -EBUSY;
	vfc_boot_clean(v);
	return vfc_op_start(v, VFC_OP_BOOT, VFC_DEVICE, tag);
}

void vfc_op_end(struct vfc *v, int err)
{
	struct vfc_op op = v->op;

	if (op.kind == VFC_OP_NONE)
		return;
	v->op.kind = VFC_OP_NONE;
	if (!op.own)
		vfc_event(v, &(struct vfc_event){ .kind = VFC_EV_OP, .gt = op.gt, .tag = op.tag,
						  .err = err });
}

uint64_t vfc_op_deadline(const struct vfc *v)
{
	return v->op.kind == VFC_OP_NONE ? UINT64_MAX : v->op.not_before;
}

bool vfc_op_holds(const struct vfc *v, const struct vfc_gt *gt)
{
	bool guard = !vfc_quirk(v, VFC_QUIRK_NO_SUSPEND_GUARD);

	switch (v->op.kind) {
	case VFC_OP_NONE:
		return v->suspended && guard;
	case VFC_OP_BOOT:
		/* Between two rows a recovery may go first. */
		return gt->mmio_busy ||
		       (v->op.at_gt == gt->id && v->op.row_begun &&
			ops[v->op.kind].segments[v->op.segment].rows[v->op.row].mmio);
	case VFC_OP_RESET:
		return v->op.gt == gt->id;
	case VFC_OP_SUSPEND:
		return guard && v->op.segment > 0;
	case VFC_OP_RESUME:
	case VFC_OP_SHUTDOWN:
		return true;
	}
	return false;
}

static void give_up(struct vfc *v, int err)
{
	enum vfc_op_kind kind = v->op.kind;

	switch (kind) {
	case VFC_OP_BOOT:
		vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR, "probe failed (%s)", text_errno(err));
		vfc_boot_clean(v);
		vfc_op_end(v, err);
		return;
	case VFC_OP_RESET:
		vfc_log(v, v->op.gt, VFC_LOG_ERROR, "reset failed (%s)", text_errno(err));
		break;
	case VFC_OP_RESUME:
		vfc_log(v, VFC_DEVICE, VFC_LOG_ERROR, "resume failed (%s)", text_errno(err));
		break;
	case VFC_OP_NONE:
	case VFC_OP_SUSPEND:
	case VFC_OP_SHUTDOWN:
		break;
	}
	vfc_wedge(v, err);
}

static void next_row(struct vfc *v, const struct op_segment *s)
{
	v->op.row_begun = false;
	if (++v->op.row < s->n)
		return;
	v->op.row = 0;
	if (s->per == EACH_GT && ++v->op.at_gt < v->opt.gts)
		return;
	if (v->op.kind != VFC_OP_RESET)
		v->op.at_gt = 0;
	if (++v->op.segment == ops[v->op.kind].n)
		vfc_op_end(v, 0);
}

/* A migration came in between: once more, from the row or from the start. */
static bool again(struct vfc *v, struct vfc_gt *gt, int err)
{
	bool migrated = err == -EREMCHG && gt->rec.guc_migrated;
	bool cancelled = err == -ECANCELED;

	if ((!migrated && !cancelled) || vfc_quirk(v, VFC_QUIRK_WEDGE_ON_MIGRATED) ||
	    v->op.kind == VFC_OP_SHUTDOWN || v->op.restarts >= VFC_MAX_BACKOFFS)
		return false;
	v->op.row_begun = false;
	v->op.not_before = v->now + (VFC_BACKOFF << v->op.restarts);
	v->op.restarts++;
	if (v->op.kind == VFC_OP_BOOT) {
		if (cancelled || gt->rec.pending || v->seed.pending)
			return true; /* the row, after the recovery */
		vfc_boot_clean(v);
	}
	begin(v);
	return true;
}

/* It waits for an answer by the ring, and the VF was migrated since: the GuC and PF that
 * were asked are others'. Boot lets the recovery end such waits; here it waits itself. */
static bool waits_in_vain(const struct vfc *v, const struct vfc_gt *gt, const struct op_row *row)
{
	return v->op.row_begun && row->run == vfc_row_handshake && v->op.kind != VFC_OP_BOOT &&
	       vfc_pending(gt);
}

bool vfc_op_step(struct vfc *v)
{
	const struct op_segment *s;
	const struct op_row *row;
	struct vfc_gt *gt;
	int err;

	if (v->op.kind == VFC_OP_NONE || v->now < v->op.not_before)
		return false;
	s = &ops[v->op.kind].segments[v->op.segment];
	gt = &v->gt[v->op.at_gt];
	row = &s->rows[v->op.row];
	if (!v->op.row_begun) {
		bool workers_row = row->run == vfc_row_wait_worker ||
				   (v->op.kind == VFC_OP_SUSPEND &&
				    vfc_quirk(v, VFC_QUIRK_NO_SUSPEND_GUARD));

		/* A recovery under way has the mailbox; boot lets one go first. */
		if (!workers_row && (gt->rec.running || v->seed.running))
			return false;
		if (v->op.kind == VFC_OP_BOOT && (gt->rec.pending || v->seed.pending))
			return false;
		gt->rec.guc_migrated = false;
	}
	if (waits_in_vain(v, gt, row)) {
		(void)vfc_row_stop(gt, 0);
		err = -ECANCELED;
	} else {
		err = row->run(gt, row->arg);
	}
	if (v->op.kind == VFC_OP_NONE)
		return true; /* the driver wedged in there */
	v->op.row_begun = err == VFC_WAIT || err == VFC_MORE;
	if (err == VFC_WAIT)
		return false;
	if (err == VFC_MORE)
		return true;
	if (err == 0)
		next_row(v, s);
	else if (!again(v, gt, err)) {
		if (v->op.kind == VFC_OP_SHUTDOWN)
			next_row(v, s); /* unloading goes on without GuC */
		else
			give_up(v, err);
	}
	return true;
}
