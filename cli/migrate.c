/* SPDX-License-Identifier: MIT */
/* Migration between two emulators; see migrate.h. A row says where a step is
 * sent and what comes next when it worked. */
#include "cli/migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/json.h"

/* A hand-over fails by itself after 5 s; while A has not said so, either may have it. */
#define HANDOVER_NS 10000000000ull

static const struct {
	unsigned number;
	enum migrate_side side;
	const char *verb, *text;
} steps[] = {
#define X(sym, n, s, v, t) [MIGRATE_##sym] = { n, MIGRATE_ON_##s, v, t },
	MIGRATE_STEP_LIST(X)
#undef X
};

const char *migrate_step_text(enum migrate_step step)
{
	return steps[step].text;
}

unsigned migrate_step_number(enum migrate_step step)
{
	return steps[step].number;
}

static void image_drop(struct migrate *m)
{
	if (m->has_image)
		image_out_drop(&m->image);
	m->has_image = false;
}

/* Content of local memory may be larger than memory: a file takes the image. False:
 * there is none, and the step has failed. */
static bool image_begin(struct migrate *m)
{
	struct json_object *o;
	char err[PATH_MAX + 128];
	int status = image_out_temporary(&m->image, err, sizeof(err));

	m->has_image = status == 0;
	if (status == 0)
		return true;
	o = json_object_new_object();
	json_add_str(o, "error", err);
	m->request.reply(&m->request, status, json_line(o));
	json_object_put(o);
	return false;
}

/* At the monitor, which answers at once or not at all. */
static void ask_monitor(struct migrate *m)
{
	struct json_object *o = json_object_new_object();
	char err[256] = "";
	bool ran = false;
	int status;

	if (m->step == MIGRATE_STOP) {
		status = qmp_stop(m->qmp, &ran, err, sizeof(err));
		/* One that stood before shall stand after; one whose stop is late may
		 * yet do it. */
		m->stopped = ran && (status == 0 || status == -ETIMEDOUT);
	} else {
		status = qmp_cont(m->qmp, err, sizeof(err));
	}
	if (status < 0)
		json_add_str(o, "error", err);
	m->request.reply(&m->request, status, json_line(o));
	json_object_put(o);
}

static size_t provision_line(const struct migrate *m, char *line, size_t cap)
{
	uint64_t start = m->step == MIGRATE_UNDO_PROVISION ? m->old_start : m->start;
	int at = snprintf(line, cap, " ggtt=%" PRIu64 " contexts=%" PRIu64 " doorbells=%" PRIu64,
			  m->ggtt, m->contexts, m->doorbells);

	if (m->lmem)
		at += snprintf(line + at, cap - (size_t)at, " lmem=%" PRIu64, m->lmem);
	if (start)
		at += snprintf(line + at, cap - (size_t)at, " start=%" PRIu64, start);
	return (size_t)at;
}

static bool restores(enum migrate_step step)
{
	return step == MIGRATE_RESTORE || step == MIGRATE_UNDO_RESTORE;
}

static void ask(struct migrate *m, enum migrate_step step)
{
	char line[512];
	size_t at = (size_t)snprintf(line, sizeof(line), "%s vf=%u", steps[step].verb, m->vf);

	m->step = step;
	if (step == MIGRATE_PROVISION || step == MIGRATE_UNDO_PROVISION)
		at += provision_line(m, line + at, sizeof(line) - at);
	if (step == MIGRATE_PAUSE)
		snprintf(line + at, sizeof(line) - at, " hold=1");
	if (step == MIGRATE_HANDOVER)
		snprintf(line + at, sizeof(line) - at, " to=%s", m->to_path);
	m->step_started = m->heard = uv_hrtime();
	m->b_touched = m->b_touched || step == MIGRATE_FLR;
	m->request.image = NULL;
	m->request.image_fd = m->image.fd;
	m->request.image_len = restores(step) ? m->image.len : 0;
	if (step == MIGRATE_SAVE && !image_begin(m))
		return;
	if (steps[step].side == MIGRATE_ON_MONITOR)
		ask_monitor(m);
	else
		control_ask(steps[step].side == MIGRATE_ON_B ? m->to : m->from, &m->request, line);
}

static void done(struct migrate *m)
{
	m->ended = uv_hrtime();
	image_drop(m);
	m->on_done(m, m->err);
}

static int learn_resources(struct migrate *m, const char *text)
{
	struct json_object *o = json_read(text, strlen(text));

	m->ggtt = json_get_u64(o, "ggtt_size", 0);
	m->old_start = json_get_u64(o, "ggtt_start", 0);
	m->contexts = json_get_u64(o, "contexts", 0);
	m->doorbells = json_get_u64(o, "doorbells", 0);
	m->lmem = json_get_u64(o, "lmem_size", 0);
	json_object_put(o);
	return m->ggtt != 0 && m->contexts != 0 ? 0 : -ENODATA;
}

static void learn_content(struct migrate_content *c, const char *text)
{
	struct json_object *o = json_read(text, strlen(text));

	c->lmem_bytes = json_get_u64(o, "lmem_bytes", 0);
	c->lmem_crc = json_get_u64(o, "lmem_crc", 0);
	c->ccs_bytes = json_get_u64(o, "ccs_bytes", 0);
	c->ccs_crc = json_get_u64(o, "ccs_crc", 0);
	json_object_put(o);
}

static bool same_content(const struct migrate_content *a, const struct migrate_content *b)
{
	return a->lmem_bytes == b->lmem_bytes && a->lmem_crc == b->lmem_crc &&
	       a->ccs_bytes == b->ccs_bytes && a->ccs_crc == b->ccs_crc;
}

static bool within(const struct migrate *m)
{
	return m->from == m->to;
}

/* Is this step of the way back one that is needed? */
static bool undoes(const struct migrate *m, enum migrate_step step)
{
	switch (step) {
	case MIGRATE_UNDO_FLR:
		return m->b_touched;
	case MIGRATE_UNDO_RESERVE:
		return m->reserved;
	/* What was reset was the only one there is. */
	case MIGRATE_UNDO_PROVISION:
	case MIGRATE_UNDO_PAUSE:
	case MIGRATE_UNDO_RESTORE:
		return m->b_touched && within(m);
	case MIGRATE_UNDO_RESUME:
		return m->paused;
	case MIGRATE_UNDO_THAW:
		return m->frozen_at != 0;
	case MIGRATE_UNDO_CONT:
		return m->stopped;
	case MIGRATE_RESERVE:
	case MIGRATE_STOP:
	case MIGRATE_FREEZE:
	case MIGRATE_INFO:
	case MIGRATE_PAUSE:
	case MIGRATE_SAVE:
	case MIGRATE_FLR:
	case MIGRATE_PROVISION:
	case MIGRATE_PAUSE_B:
	case MIGRATE_RESTORE:
	case MIGRATE_HANDOVER:
	case MIGRATE_RESUME:
	case MIGRATE_THAW:
	case MIGRATE_CONT:
	case MIGRATE_RELEASE:
	case MIGRATE_STEPS:
		break;
	}
	return false;
}

/* The way back to A, as far as the way there got. */
static void undo(struct migrate *m)
{
	unsigned step = m->step < MIGRATE_UNDO_FLR ? MIGRATE_UNDO_FLR : m->step + 1u;

	while (step < MIGRATE_STEPS && !undoes(m, (enum migrate_step)step))
		step++;
	if (step < MIGRATE_STEPS)
		ask(m, (enum migrate_step)step);
	else
		done(m);
}

/* Is this step of the way there one that this migration has? */
static bool has(const struct migrate *m, enum migrate_step step)
{
	if (step == MIGRATE_RESERVE || step == MIGRATE_HANDOVER)
		return !within(m);
	if (step == MIGRATE_RELEASE)
		return !within(m) && !m->no_release;
	if (step == MIGRATE_STOP)
		return m->qmp;
	if (step == MIGRATE_CONT)
		return m->stopped;
	return true;
}

static void go(struct migrate *m, unsigned step)
{
	while (step < MIGRATE_UNDO_FLR && !has(m, (enum migrate_step)step))
		step++;
	if (step < MIGRATE_UNDO_FLR)
		ask(m, (enum migrate_step)step);
	else
		done(m);
}

static void next(struct migrate *m)
{
	switch (m->step) {
	case MIGRATE_RESERVE:
		m->reserved = true;
		break;
	case MIGRATE_FREEZE:
		m->frozen_at = uv_hrtime();
		break;
	case MIGRATE_PAUSE:
		m->paused = true;
		break;
	case MIGRATE_SAVE:
		m->image_len = m->image.len;
		break;
	case MIGRATE_HANDOVER:
		m->on_b = true;
		break;
	case MIGRATE_RESTORE:
		m->on_b = within(m);
		break;
	case MIGRATE_THAW:
		m->thawed_at = uv_hrtime();
		break;
	case MIGRATE_STOP:
	case MIGRATE_CONT:
	case MIGRATE_RELEASE:
	case MIGRATE_INFO:
	case MIGRATE_FLR:
	case MIGRATE_PROVISION:
	case MIGRATE_PAUSE_B:
	case MIGRATE_RESUME:
		break;
	case MIGRATE_UNDO_FLR:
	case MIGRATE_UNDO_RESERVE:
	case MIGRATE_UNDO_PROVISION:
	case MIGRATE_UNDO_PAUSE:
	case MIGRATE_UNDO_RESTORE:
	case MIGRATE_UNDO_CONT:
	case MIGRATE_UNDO_RESUME:
	case MIGRATE_UNDO_THAW:
	case MIGRATE_STEPS:
		undo(m);
		return;
	}
	if (m->interrupted && !m->on_b) {
		m->err = -EINTR;
		m->undone = true;
		undo(m);
		return;
	}
	go(m, m->step + 1u);
}

static void on_reply(struct control_request *r, int status, const char *text)
{
	struct migrate *m = r->user;
	uint64_t took = uv_hrtime() - m->step_started;
	bool differs = false;

	if (m->abandoned) {
		image_drop(m);
		return;
	}
	if (status == 0 && m->step == MIGRATE_INFO)
		status = learn_resources(m, text);
	if (status == 0 && m->step == MIGRATE_SAVE)
		learn_content(&m->saved, text);
	if (status == 0 && m->step == MIGRATE_RESTORE) {
		learn_content(&m->restored, text);
		differs = !same_content(&m->saved, &m->restored);
		status = differs ? -EBADMSG : 0;
	}
	m->on_step(m, m->step, status,
		   differs    ? "local memory on B is not what A saved"
		   : status < 0 ? control_error(status, text) : "", took);
	/* What B has left is B's; the VF needs its resume and its thaw. */
	if (status < 0 && m->err != 0 && m->step != MIGRATE_UNDO_FLR &&
	    m->step != MIGRATE_UNDO_RESERVE)
		m->undone = false;
	if (status < 0 && m->err == 0) {
		m->err = status;
		m->undone = !m->on_b && !m->unknown;
	}
	if (status == 0 && m->step < MIGRATE_UNDO_FLR)
		next(m);
	else if (m->on_b || m->unknown)
		done(m);
	else
		undo(m);
}

static int on_blob(struct control_request *r, const struct frame *f)
{
	struct migrate *m = r->user;

	if (m->step != MIGRATE_SAVE || f->addr != m->image.len)
		return -EPROTO;
	return image_out_write(&m->image, f->data, f->data_len);
}

static void on_progress(struct control_request *r, uint64_t done_so_far, uint64_t total)
{
	struct migrate *m = r->user;

	/* Who goes on has not hung. */
	m->heard = uv_hrtime();
	if (m->on_progress)
		m->on_progress(m, m->step, done_so_far, total);
}

void migrate_check(struct migrate *m, uint64_t limit_ns)
{
	enum migrate_side side = steps[m->step].side;

	if (m->step == MIGRATE_HANDOVER && limit_ns < HANDOVER_NS)
		limit_ns = HANDOVER_NS;
	if (uv_hrtime() - m->heard < limit_ns)
		return;
	/* What was asked may yet happen: take it back too. */
	if (!m->frozen_at && m->step != MIGRATE_RESERVE)
		m->frozen_at = uv_hrtime();
	m->paused = m->paused || m->step == MIGRATE_PAUSE;
	/* Who doesn't answer can't be asked to clean up. */
	if (side == MIGRATE_ON_B && !within(m))
		m->b_touched = m->reserved = false;
	if (m->step == MIGRATE_HANDOVER)
		m->unknown = true;
	control_cancel(side == MIGRATE_ON_B ? m->to : m->from, &m->request, -ETIMEDOUT,
		       "no answer in time");
}

void migrate_start(struct migrate *m)
{
	m->request = (struct control_request){ .reply = on_reply, .blob = on_blob,
					       .progress = on_progress, .user = m };
	m->started = uv_hrtime();
	go(m, MIGRATE_RESERVE);
}
