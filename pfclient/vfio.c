/* SPDX-License-Identifier: MIT */
/* VFIO's states as verbs of the PF. See vfio.h. */
#include <errno.h>

#include "pfc_priv.h"

const char *pfc_vfio_state_name(enum pfc_vfio_state s)
{
	static const char *const names[] = {
#define X(sym, name) [PFC_VFIO_##sym] = name,
		PFC_VFIO_STATE_LIST(X)
#undef X
	};

	return (unsigned)s < PFC_VFIO_STATE_COUNT ? names[s] : "?";
}

#define N(sym) PFC_VFIO_##sym
/* The next state on the way from one to another: VFIO's own shortest ways. */
static const uint8_t way[PFC_VFIO_STATE_COUNT][PFC_VFIO_STATE_COUNT] = {
	[N(RUNNING)] = { N(RUNNING), N(RUNNING_P2P), N(RUNNING_P2P), N(RUNNING_P2P),
			 N(RUNNING_P2P) },
	[N(RUNNING_P2P)] = { N(RUNNING), N(RUNNING_P2P), N(STOP), N(STOP), N(STOP) },
	[N(STOP)] = { N(RUNNING_P2P), N(RUNNING_P2P), N(STOP), N(STOP_COPY), N(RESUMING) },
	[N(STOP_COPY)] = { N(STOP), N(STOP), N(STOP), N(STOP_COPY), N(STOP) },
	[N(RESUMING)] = { N(STOP), N(STOP), N(STOP), N(STOP), N(RESUMING) },
};
#undef N

static void report(struct pfc *p, unsigned vf, int err)
{
	const struct pfc_vfio *x = &p->vf[vf].vfio;
	struct pfc_event ev = {
		.kind = PFC_EV_VFIO,
		.vf = (uint8_t)vf,
		.code = x->state,
		.tag = x->tag,
		.err = err,
	};

	pfc_report(p, &ev);
}

static void close_file(struct pfc_vfio *x)
{
	x->file = PFC_FILE_NONE;
}

/* Close the file of a save: what was not read is dropped, what is not made is given up. */
static int finish_save(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[vf];

	close_file(&v->vfio);
	if (!v->op.active || v->op.verb != PFC_SAVE)
		return v->out.err ? -EIO : 0;
	if (!v->out.ready) {
		for (unsigned gt = 0; gt < p->gts; gt++)
			pfc_unit_cancel(p, pfc_unit(p, vf, gt));
		pfc_op_end(p, vf, -EIO);
		return -EIO;
	}
	if (!v->out.drained)
		pfc_log(p, PFC_LOG_NOTICE, vf, 0, "not all of the image was read");
	v->out.drained = true;
	pfc_wake(p, vf);
	return PFC_WAIT;
}

static int finish_restore(struct pfc *p, unsigned vf)
{
	int err;

	close_file(&p->vf[vf].vfio);
	err = pfc_image_end(p, vf);
	return err ? err : PFC_WAIT;
}

static int verb(struct pfc *p, unsigned vf, enum pfc_verb v)
{
	int err = pfc_do(p, v, vf, NULL, 0);

	return err ? err : PFC_WAIT;
}

/* Begin the arc to `next`. PFC_DONE: it is there; PFC_WAIT: a verb has to end; -errno. */
static int begin_arc(struct pfc *p, unsigned vf, enum pfc_vfio_state next)
{
	struct pfc_vfio *x = &p->vf[vf].vfio;
	int err;

	switch (next) {
	case PFC_VFIO_RUNNING:
		return verb(p, vf, PFC_RESUME);
	case PFC_VFIO_RUNNING_P2P:
		return x->state == PFC_VFIO_RUNNING ? verb(p, vf, PFC_PAUSE) : PFC_DONE;
	case PFC_VFIO_STOP:
		if (x->state == PFC_VFIO_STOP_COPY)
			return finish_save(p, vf);
		return x->state == PFC_VFIO_RESUMING ? finish_restore(p, vf) : PFC_DONE;
	case PFC_VFIO_STOP_COPY:
		err = pfc_do(p, PFC_SAVE, vf, NULL, 0);
		x->file = err ? PFC_FILE_NONE : PFC_FILE_READ;
		return err;
	case PFC_VFIO_RESUMING:
		err = pfc_do(p, PFC_RESTORE, vf, NULL, 0);
		x->file = err ? PFC_FILE_NONE : PFC_FILE_WRITE;
		return err;
	case PFC_VFIO_STATE_COUNT:
		break;
	}
	return -EINVAL;
}

/* Arc by arc, until one has to be waited for. */
static void walk(struct pfc *p, unsigned vf)
{
	struct pfc_vfio *x = &p->vf[vf].vfio;
	int err = 0;

	while (!err && x->state != x->to) {
		x->next = (enum pfc_vfio_state)way[x->state][x->to];
		x->beginning = true;
		err = begin_arc(p, vf, x->next);
		x->beginning = false;
		if (err == PFC_WAIT)
			return;
		if (!err)
			x->state = x->next;
	}
	x->walking = false;
	report(p, vf, err);
}

void pfc_vfio_verb_ended(struct pfc *p, unsigned vf, const struct pfc_op *op, int err)
{
	struct pfc_vfio *x = &p->vf[vf].vfio;

	if (x->resetting && op->verb == PFC_FLR) {
		x->resetting = false;
		if (err)
			pfc_log(p, PFC_LOG_ERROR, vf, 0, "the reset of the device did not end");
		x->state = x->to = PFC_VFIO_RUNNING;
		report(p, vf, 0);
		return;
	}
	if (!x->walking || x->beginning)
		return;
	if (!err) {
		x->state = x->next;
		walk(p, vf);
		return;
	}
	x->walking = false;
	report(p, vf, err);
}

static bool is_vf(const struct pfc *p, unsigned vf)
{
	return vf != 0 && vf <= p->opt.vfs;
}

int pfc_vfio_set(struct pfc *p, unsigned vf, enum pfc_vfio_state state, uint64_t tag)
{
	struct pfc_vfio *x = &p->vf[is_vf(p, vf) ? vf : 0].vfio;

	if (!is_vf(p, vf))
		return -EINVAL;
	if (p->phase != PFC_UP)
		return -ENODEV;
	if ((unsigned)state >= PFC_VFIO_STATE_COUNT) {
		(void)pfc_do(p, PFC_STOP, vf, NULL, 0);
		return -EINVAL;
	}
	if (x->walking || x->resetting)
		return -EBUSY;
	x->walking = true;
	x->to = state;
	x->tag = tag;
	walk(p, vf);
	return 0;
}

enum pfc_vfio_state pfc_vfio_state(const struct pfc *p, unsigned vf)
{
	return is_vf(p, vf) ? p->vf[vf].vfio.state : PFC_VFIO_RUNNING;
}

static int file_error(const struct pfc *p, unsigned vf, bool has_position, enum pfc_file file)
{
	if (!is_vf(p, vf))
		return -EINVAL;
	if (has_position)
		return -ESPIPE;
	return p->vf[vf].vfio.file != file ? -ENODEV : 0;
}

long pfc_vfio_read(struct pfc *p, unsigned vf, bool has_position, void *buf, size_t len)
{
	int err = file_error(p, vf, has_position, PFC_FILE_READ);

	return err ? err : pfc_image_read(p, vf, buf, len);
}

long pfc_vfio_write(struct pfc *p, unsigned vf, bool has_position, const void *buf, size_t len)
{
	int err = file_error(p, vf, has_position, PFC_FILE_WRITE);

	return err ? err : pfc_image_write(p, vf, buf, len);
}

int pfc_vfio_reset_prepare(struct pfc *p, unsigned vf)
{
	struct pfc_vf *v = &p->vf[is_vf(p, vf) ? vf : 0];

	if (!is_vf(p, vf))
		return -EINVAL;
	if (p->phase != PFC_UP)
		return -ENODEV;
	if (v->op.active && v->op.verb == PFC_FLR)
		return -EALREADY;
	v->prepared = true;
	pfc_start_flr(p, vf, 0);
	return 0;
}

int pfc_vfio_reset_done(struct pfc *p, unsigned vf, uint64_t tag)
{
	struct pfc_vf *v = &p->vf[is_vf(p, vf) ? vf : 0];

	if (!is_vf(p, vf))
		return -EINVAL;
	close_file(&v->vfio);
	v->vfio.walking = false;
	v->vfio.tag = tag;
	if (v->op.active && v->op.verb == PFC_FLR) {
		v->vfio.resetting = true;
		return 0;
	}
	v->vfio.state = v->vfio.to = PFC_VFIO_RUNNING;
	report(p, vf, 0);
	return 0;
}
