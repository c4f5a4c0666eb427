/* SPDX-License-Identifier: MIT */
/* The PF driver's face: set-up, the turn, and which verb may start when
 * (vf-lifecycle 2.5 to 2.9). What verbs do stands in the files of their
 * sequences. See pfc.h. */
#include <errno.h>
#include <string.h>

#include "pfc_priv.h"
#include "proto/klv.h"

#define CONTROL_LIMIT 1000000000ull
#define IMAGE_LIMIT   20000000000ull /* without progress */
#define RECEIVE_BUDGET 16u

void pfc_options_default(struct pfc_options *options)
{
	*options = (struct pfc_options){
		.tiles = 1,
		.gts = 2,
		.vfs = 7,
		.ggtt_size = 1ull << 32,
		.ggtt_low = 8u << 20,
		.contexts = GUC_ID_MAX,
		.doorbells = 256,
		.vf_stride = REG_VF_STRIDE,
		.devid = 0xB080, /* Panther Lake */
		.graphics_ver = 3000,
		.relay_base = RELAY_LATEST_MAJOR << 16 | RELAY_LATEST_MINOR,
		.relay_latest = RELAY_LATEST_MAJOR << 16 | RELAY_LATEST_MINOR,
	};
}

size_t pfc_size(void)
{
	return sizeof(struct pfc);
}

static bool good_relay(const struct pfc_options *o)
{
	uint32_t n;

	return o->relay_base && o->relay_base <= o->relay_latest &&
	       (o->runtime ? o->runtime_n <= PFC_MAX_RUNTIME :
			     pfc_runtime_list(o->graphics_ver, &n) != NULL);
}

static bool good_options(const struct pfc_options *o, const struct host_mem *mem)
{
	uint64_t top = pfc_ggtt_top(o);
	unsigned gts = (unsigned)o->tiles * o->gts;

	return o->tiles >= 1 && o->gts >= 1 && o->gts <= 2 && gts <= PFC_MAX_GTS &&
	       o->vfs <= PFC_MAX_VFS && o->ggtt_size <= 1ull << 32 &&
	       (o->ggtt_align & (o->ggtt_align - 1)) == 0 && o->ggtt_align % GGTT_PAGE == 0 &&
	       o->ggtt_size % GGTT_PAGE == 0 && o->ggtt_low % GGTT_PAGE == 0 &&
	       o->lmem_size % LMEM_ALIGN == 0 && (!o->lmem_size || o->lmem.call) &&
	       (!o->ccs_ratio || o->ccs_ratio == 256 || o->ccs_ratio == 512) &&
	       o->ggtt_low < top && mem->size <= top - o->ggtt_low &&
	       o->contexts <= GUC_ID_MAX && good_relay(o) && mem->base &&
	       (uintptr_t)mem->base % 8 == 0 && mem->dma % GGTT_PAGE == 0;
}

struct pfc *pfc_init(void *storage, size_t size, const struct pfc_options *options,
		     const struct host_port *port, const struct host_mem *mem)
{
	struct pfc *p = storage;

	if (!storage || size < sizeof(*p) || !good_options(options, mem))
		return NULL;
	memset(p, 0, sizeof(*p));
	p->opt = *options;
	p->port = port;
	p->mem = *mem;
	p->gts = (unsigned)options->tiles * options->gts;
	p->stride = options->vf_stride ? options->vf_stride :
		    options->graphics_ver > 1200 ? REG_VF_STRIDE : REG_VF_STRIDE_GEN12;
	for (unsigned vf = 0; vf <= PFC_MAX_VFS; vf++)
		for (unsigned gt = 0; gt < PFC_MAX_GTS; gt++) {
			pfc_unit(p, vf, gt)->vf = (uint8_t)vf;
			pfc_unit(p, vf, gt)->gt = (uint8_t)gt;
			p->vf[vf].verb_owed = PFC_VERB_COUNT;
		}
	return pfc_start_layout(p) ? NULL : p;
}

/* --- events in --------------------------------------------------------------------- */

void pfc_irq(struct pfc *p)
{
	p->kicked = true;
}

void pfc_read_done(struct pfc *p, uint32_t cookie, const void *words, unsigned n)
{
	uint32_t index = (cookie & 0xFFFF) - 1;
	struct pfc_unit *u;

	p->kicked = true;
	if (cookie < p->gts) {
		host_mailbox_read_done(&p->gt[cookie].mailbox, words, n);
		return;
	}
	if (cookie == PFC_COOKIE_ADOPT) {
		pfc_adopt_words(p, words, n);
		return;
	}
	if (!(cookie & PFC_COOKIE_UNIT) || index >= sizeof(p->unit) / sizeof(p->unit[0]))
		return;
	u = &p->unit[index];
	if (u->seq && u->read == PFC_SENT && cookie == pfc_read_cookie(u))
		u->vf == 0 ? pfc_runtime_words(p, u, words, n) :
		u->seq == &pfc_seq_restore ? pfc_restore_words(p, u, words, n) :
					     pfc_save_words(p, u, words, n);
}

/* --- the turn ---------------------------------------------------------------------- */

static bool receive(struct pfc *p, struct pfc_gt *gt)
{
	int n = host_ct_receive(&gt->ct, RECEIVE_BUDGET, p->now);

	if (n == -EPIPE) {
		pfc_log(p, PFC_LOG_ERROR, PFC_NO_VF, gt->index, "CT channel broken");
		host_ct_stop(&gt->ct);
		return true;
	}
	host_ct_tick(&gt->ct, p->now);
	if (n > 0) {
		/* GuC has read, so there may be room again. */
		p->again_at = p->again_at ? p->now : 0;
		return true;
	}
	return false;
}

int pfc_image_cancel(struct pfc *p, unsigned vf)
{
	const struct pfc_op *op = &p->vf[vf <= p->opt.vfs ? vf : 0].op;

	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	if (!op->active || (op->verb != PFC_SAVE && op->verb != PFC_RESTORE))
		return -EPERM;
	for (unsigned gt = 0; gt < p->gts; gt++)
		pfc_unit_cancel(p, pfc_unit(p, vf, gt));
	pfc_op_end(p, vf, -ECANCELED);
	return 0;
}

static bool check_limits(struct pfc *p)
{
	for (unsigned vf = 1; vf <= p->opt.vfs; vf++) {
		struct pfc_op *op = &p->vf[vf].op;

		if (!op->active || !op->limit)
			continue;
		if (!op->deadline)
			op->deadline = p->now + op->limit;
		if (p->now >= op->deadline) {
			pfc_op_time_out(p, vf);
			return true;
		}
	}
	return false;
}

static bool run_units(struct pfc *p)
{
	unsigned first = p->next % PFC_UNITS;

	/* From `first` around to just before it; its own word comes twice. */
	for (unsigned i = 0; i <= PFC_UNIT_WORDS; i++) {
		unsigned word = (first / 64 + i) % PFC_UNIT_WORDS;
		uint64_t below = (1ull << first % 64) - 1, bits = p->running[word];

		if (i == 0)
			bits &= ~below;
		else if (i == PFC_UNIT_WORDS)
			bits &= below;
		for (; bits; bits &= bits - 1) {
			unsigned at = word * 64 + (unsigned)__builtin_ctzll(bits);
			struct pfc_unit *u = &p->unit[at];

			if (u->seq && u->ready && pfc_unit_run(p, u)) {
				p->next = at + 1;
				return true;
			}
		}
	}
	return false;
}

bool pfc_step(struct pfc *p, uint64_t now)
{
	p->now = now;
	p->kicked = false;
	if (p->again_at && now >= p->again_at) {
		p->again_at = 0;
		pfc_wake_all(p);
		p->kicked = false;
	}
	/* Before answers are taken: who is late is late. */
	if (check_limits(p))
		return true;
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (receive(p, &p->gt[gt]))
			return true;
	if (pfc_start_step(p))
		return true;
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (pfc_send_invalidation(p, &p->gt[gt]) || pfc_relay_step(p, &p->gt[gt]))
			return true;
	return run_units(p);
}

uint64_t pfc_next_deadline(const struct pfc *p)
{
	uint64_t least = p->again_at ? p->again_at : UINT64_MAX;

	if (p->kicked)
		return 0;
	for (unsigned vf = 1; vf <= p->opt.vfs; vf++) {
		const struct pfc_op *op = &p->vf[vf].op;

		if (op->active && op->limit && op->deadline < least)
			least = op->deadline;
	}
	for (unsigned gt = 0; gt < p->gts; gt++) {
		uint64_t ct = host_ct_deadline(&p->gt[gt].ct);
		uint64_t mailbox = host_mailbox_deadline(&p->gt[gt].mailbox);
		uint64_t relay = pfc_relay_deadline(&p->gt[gt]);

		least = ct < least ? ct : least;
		least = mailbox < least ? mailbox : least;
		least = relay < least ? relay : least;
	}
	return least;
}

/* --- verbs ------------------------------------------------------------------------- */

/* May a verb start on a unit in this state? 0 yes; errno no; SKIP(errno): not
 * this GT, but the verb may start if another GT says yes. */
#define SKIP(e) (-(e))
static const int16_t admission[PFC_VERB_COUNT][PFC_VF_STATE_COUNT] = {
	[PFC_PROVISION] = {
		[PFC_VF_FLR] = EBUSY, [PFC_VF_PAUSING] = EBUSY, [PFC_VF_PAUSED] = EPERM,
		[PFC_VF_SAVING] = EBUSY, [PFC_VF_SAVED] = EPERM, [PFC_VF_RESTORING] = EBUSY,
		[PFC_VF_RESTORED] = EPERM, [PFC_VF_RESUMING] = EBUSY, [PFC_VF_STOPPING] = EBUSY,
		[PFC_VF_STOPPED] = EPERM,
	},
	[PFC_UNPROVISION] = {
		[PFC_VF_FLR] = EBUSY, [PFC_VF_PAUSING] = EBUSY, [PFC_VF_SAVING] = EBUSY,
		[PFC_VF_RESTORING] = EBUSY, [PFC_VF_RESUMING] = EBUSY, [PFC_VF_STOPPING] = EBUSY,
	},
	[PFC_PAUSE] = {
		[PFC_VF_FLR] = EBUSY, [PFC_VF_PAUSING] = EALREADY, [PFC_VF_PAUSED] = SKIP(ESTALE),
		[PFC_VF_SAVING] = SKIP(ESTALE), [PFC_VF_SAVED] = SKIP(ESTALE),
		[PFC_VF_RESTORING] = SKIP(ESTALE), [PFC_VF_RESTORED] = SKIP(ESTALE),
		[PFC_VF_RESUMING] = EBUSY, [PFC_VF_STOPPING] = EBUSY, [PFC_VF_STOPPED] = EPERM,
	},
	[PFC_RESUME] = {
		[PFC_VF_READY] = SKIP(EPERM), [PFC_VF_FLR] = EPERM, [PFC_VF_PAUSING] = EPERM,
		[PFC_VF_SAVING] = EBUSY, [PFC_VF_RESTORING] = EBUSY, [PFC_VF_RESUMING] = EALREADY,
		[PFC_VF_RESUMED] = SKIP(EPERM), [PFC_VF_STOPPING] = EPERM,
		[PFC_VF_STOPPED] = EPERM,
	},
	[PFC_STOP] = {
		[PFC_VF_FLR] = EBUSY, [PFC_VF_STOPPING] = EALREADY,
		[PFC_VF_STOPPED] = SKIP(ESTALE),
	},
	[PFC_SAVE] = {
		[PFC_VF_READY] = EPERM, [PFC_VF_FLR] = EPERM, [PFC_VF_PAUSING] = EPERM,
		[PFC_VF_SAVING] = EALREADY, [PFC_VF_RESTORING] = EBUSY, [PFC_VF_RESUMING] = EPERM,
		[PFC_VF_RESUMED] = EPERM, [PFC_VF_STOPPING] = EPERM, [PFC_VF_STOPPED] = EPERM,
	},
	[PFC_RESTORE] = {
		[PFC_VF_READY] = EPERM, [PFC_VF_FLR] = EPERM, [PFC_VF_PAUSING] = EPERM,
		[PFC_VF_SAVING] = EBUSY, [PFC_VF_RESTORING] = EALREADY, [PFC_VF_RESUMING] = EPERM,
		[PFC_VF_RESUMED] = EPERM, [PFC_VF_STOPPING] = EPERM, [PFC_VF_STOPPED] = EPERM,
	},
};

/* Bits of the GTs that start, or -errno. */
static int admit(struct pfc *p, enum pfc_verb verb, unsigned vf)
{
	int units = 0, skipped = 0;

	for (unsigned gt = 0; gt < p->gts; gt++) {
		int verdict = admission[verb][pfc_unit(p, vf, gt)->state];

		if (verdict > 0)
			return -verdict;
		if (verdict < 0)
			skipped = verdict;
		else
			units |= 1 << gt;
	}
	return units ? units : skipped;
}

static const struct pfc_seq *const sequences[PFC_VERB_COUNT] = {
	[PFC_UNPROVISION] = &pfc_seq_unprovision,
	[PFC_FLR] = &pfc_seq_flr,
	[PFC_PAUSE] = &pfc_seq_pause,
	[PFC_RESUME] = &pfc_seq_resume,
	[PFC_STOP] = &pfc_seq_stop,
	[PFC_SAVE] = &pfc_seq_save,
};

static const struct pfc_seq *sequence_of(const struct pfc *p, enum pfc_verb verb, unsigned vf)
{
	if (verb != PFC_PROVISION)
		return sequences[verb];
	if (!p->vf[vf].old.ggtt_size)
		return &pfc_seq_provision;
	return pfc_quirk(p, PFC_QUIRK_BIT(RESET_ON_CHANGE)) ? &pfc_seq_change_by_reset :
							      &pfc_seq_change;
}

static const uint64_t limits[PFC_VERB_COUNT] = {
	[PFC_PAUSE] = CONTROL_LIMIT,
	[PFC_RESUME] = CONTROL_LIMIT,
	[PFC_STOP] = CONTROL_LIMIT,
	[PFC_SAVE] = IMAGE_LIMIT,
	[PFC_RESTORE] = IMAGE_LIMIT,
};

/* What a verb needs before its first step. 0 or -errno. */
static int prepare(struct pfc *p, enum pfc_verb verb, unsigned vf, const struct pfc_provision *arg)
{
	struct pfc_vf *v = &p->vf[vf];

	switch (verb) {
	case PFC_PROVISION:
		return pfc_plan(p, vf, arg);
	case PFC_SAVE:
		if (v->image_failed && pfc_quirk(p, PFC_QUIRK_BIT(STICKY_IMAGE)))
			return -EIO;
		v->out.drained = false;
		v->out.ready = false;
		v->out.err = 0;
		return pfc_vf_valid(p, vf);
	case PFC_RESTORE:
		if (v->image_failed && pfc_quirk(p, PFC_QUIRK_BIT(STICKY_IMAGE)))
			return -EIO;
		return pfc_vf_valid(p, vf);
	case PFC_UNPROVISION:
		return v->planned ? 0 : -ENODATA;
	case PFC_FLR:
	case PFC_PAUSE:
	case PFC_RESUME:
	case PFC_STOP:
	case PFC_SET:
	case PFC_VERB_COUNT:
		break;
	}
	return 0;
}

static int start_flr(struct pfc *p, unsigned vf, uint64_t tag)
{
	struct pfc_op *op = &p->vf[vf].op;
	bool failed = false;

	if (op->active && op->verb == PFC_FLR && p->vf[vf].prepared) {
		p->vf[vf].prepared = false;
		op->tag = tag;
		pfc_wake(p, vf);
		return 0;
	}
	if (op->active && op->verb == PFC_FLR)
		return -EALREADY;
	for (unsigned gt = 0; gt < p->gts; gt++)
		failed |= pfc_unit(p, vf, gt)->state == PFC_VF_FLR && pfc_unit(p, vf, gt)->failed;
	pfc_start_flr(p, vf, tag);
	if (failed && pfc_quirk(p, PFC_QUIRK_BIT(OLD_FLR_FAILED)))
		pfc_op_end(p, vf, -EIO);
	return 0;
}

int pfc_do(struct pfc *p, enum pfc_verb verb, unsigned vf, const struct pfc_provision *arg,
	   uint64_t tag)
{
	struct pfc_op *op = &p->vf[vf <= p->opt.vfs ? vf : 0].op, old;
	int units, err;

	if ((unsigned)verb >= PFC_VERB_COUNT || verb == PFC_SET || vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	if (p->phase != PFC_UP)
		return -ENODEV;
	if (verb == PFC_FLR)
		return start_flr(p, vf, tag);
	if (op->active && op->verb == verb)
		return -EALREADY;
	if (op->active && (verb != PFC_STOP || op->verb == PFC_FLR ||
			   op->verb == PFC_PROVISION || op->verb == PFC_UNPROVISION ||
			   op->verb == PFC_SET))
		return -EBUSY;
	units = admit(p, verb, vf);
	if (units < 0)
		return units;
	err = prepare(p, verb, vf, arg);
	if (err)
		return err;
	old = pfc_op_override(p, vf);
	pfc_op_start(p, vf, verb, tag, limits[verb], (unsigned)units);
	if (verb == PFC_RESTORE) {
		pfc_restore_begin(p, vf);
		return 0;
	}
	for (unsigned gt = 0; gt < p->gts; gt++)
		if (units & 1 << gt)
			pfc_unit_start(p, pfc_unit(p, vf, gt), sequence_of(p, verb, vf));
		else
			pfc_unit(p, vf, gt)->err = 0;
	pfc_op_overridden(p, vf, &old);
	return 0;
}

int pfc_vf_info(const struct pfc *p, unsigned vf, struct pfc_vf_info *info)
{
	const struct pfc_vf *v = &p->vf[vf <= p->opt.vfs ? vf : 0];
	const struct pfc_transfer *t;

	if (vf == 0 || vf > p->opt.vfs)
		return -EINVAL;
	*info = (struct pfc_vf_info){
		.ggtt_start = v->share.ggtt_start,
		.ggtt_size = v->share.ggtt_size,
		.lmem_size = v->share.lmem_size,
		.contexts = v->share.contexts,
		.begin_context = v->share.begin_context,
		.doorbells = v->share.doorbells,
		.begin_doorbell = v->share.begin_doorbell,
		.relay_major = v->relay_major,
		.relay_minor = v->relay_minor,
		.fixup_done = v->fixup_done,
		.valid = pfc_vf_valid(p, vf),
		.busy = v->op.active,
		.verb = v->op.verb,
	};
	t = v->restored ? &v->in : &v->out;
	info->lmem_bytes = t->digest[PFC_CONTENT_LMEM].bytes;
	info->lmem_crc = t->digest[PFC_CONTENT_LMEM].crc;
	info->ccs_bytes = t->digest[PFC_CONTENT_CCS].bytes;
	info->ccs_crc = t->digest[PFC_CONTENT_CCS].crc;
	for (unsigned gt = 0; gt < p->gts; gt++) {
		const struct pfc_unit *u = &p->unit[vf * PFC_MAX_GTS + gt];

		info->state[gt] = u->state;
		info->mismatch |= u->mismatch;
		info->failed |= u->failed;
		for (unsigned i = 0; i < PFC_THRESHOLDS; i++) {
			info->adverse += u->adverse[i];
			info->adverse_of[i] += u->adverse[i];
		}
	}
	return 0;
}
