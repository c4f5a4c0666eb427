/* SPDX-License-Identifier: MIT */
/* The list of what happened, and diagrams of it. See events.h. */
#include "scenario/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hxg.h"
#include "proto/text.h"
#include "view/describe.h"
#include "view/diagram_events.h"
#include "view/event_data.h"

static const char *const driver_names[] = {
#define X(sym, name, text) name,
	DRIVER_POINT_LIST(X)
#undef X
};

const char *point_name(unsigned point)
{
	if (point < GUC_PT_COUNT)
		return guc_point_name((enum guc_point)point);
	return point < POINTS ? driver_names[point - GUC_PT_COUNT] : "?";
}

int point_find(const char *name)
{
	for (unsigned p = 0; p < POINTS; p++)
		if (!strcmp(point_name(p), name))
			return (int)p;
	return -1;
}

void events_free(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->at[i].msg);
	free(e->at);
	memset(e, 0, sizeof(*e));
}

/* A blank one at the end; NULL: the list is full, which is counted. */
static struct scenario_event *append(struct events *e, unsigned point, unsigned card, unsigned fn,
				     unsigned gt, uint64_t time)
{
	struct scenario_event *ev;

	if (e->n == e->cap && e->cap < EVENTS_MAX) {
		size_t cap = e->cap ? 2 * e->cap : 1024;
		struct scenario_event *more;

		if (cap > EVENTS_MAX)
			cap = EVENTS_MAX;
		more = realloc(e->at, cap * sizeof(*more));
		if (more) {
			e->at = more;
			e->cap = cap;
		}
	}
	if (e->n == e->cap) {
		e->dropped++;
		return NULL;
	}
	ev = &e->at[e->n++];
	memset(ev, 0, sizeof(*ev));
	ev->point = point;
	ev->view.card = card;
	ev->view.guc.fn = (uint8_t)fn;
	ev->view.guc.gt = (uint8_t)gt;
	ev->view.guc.time = time;
	return ev;
}

/* A step for the diagram, told by the PF or by the VF. */
static void set_text(struct scenario_event *ev, const char *text)
{
	text_fmt(ev->view.text, sizeof(ev->view.text), "%s", text ? text : "");
}

void events_guc(struct events *e, unsigned card, const struct guc_event *g)
{
	struct scenario_event *ev;

	e->hash = guc_event_hash(e->hash ^ card, g);
	ev = append(e, g->point, card, g->fn, g->gt, g->time);
	if (!ev)
		return;
	ev->view.guc = *g;
	ev->view.guc.bytes = NULL;
	ev->view.guc.msg = NULL;
	ev->view.guc.finding = NULL;
	if (g->msg) {
		uint32_t keep = g->msg_len < VIEW_EVENT_DWORDS ? g->msg_len : VIEW_EVENT_DWORDS;

		memcpy(ev->view.dw, g->msg, keep * sizeof(*g->msg));
		if (g->msg_len > VIEW_EVENT_DWORDS) {
			ev->msg = malloc(g->msg_len * sizeof(*g->msg));
			if (ev->msg)
				memcpy(ev->msg, g->msg, g->msg_len * sizeof(*g->msg));
		}
		if (!ev->msg)
			ev->view.guc.msg_len = keep;
	}
	if (g->finding)
		ev->view.finding = *g->finding;
}

void events_view(struct events *e, const struct view_event *v, const uint8_t *data, size_t len)
{
	unsigned point = v->step ? (v->by_vf ? DRIVER_VF_STEP : DRIVER_PF_STEP) : v->guc.point;
	struct scenario_event *ev = append(e, point, v->card, v->guc.fn, v->guc.gt, v->guc.time);

	if (!ev)
		return;
	ev->view = *v;
	if (v->step || v->guc.point == GUC_PT_FINDING || len / 4 <= VIEW_EVENT_DWORDS ||
	    len > EVENT_DATA_MAX)
		return;
	/* What the view has cut. */
	ev->msg = malloc(len);
	if (!ev->msg)
		return;
	ev->view.guc.msg_len = (uint32_t)(len / 4);
	for (size_t i = 0; i < len / 4; i++)
		ev->msg[i] = le32_get(data + 4 * i);
}

void events_pf(struct events *e, unsigned card, uint64_t now, const struct pfc_event *p)
{
	static const unsigned points[] = {
		[PFC_EV_LOG] = DRIVER_PF_LOG,         [PFC_EV_STARTED] = DRIVER_PF_VERB,
		[PFC_EV_ADOPT] = DRIVER_PF_LOG,       [PFC_EV_VERB] = DRIVER_PF_VERB,
		[PFC_EV_VF_STATE] = DRIVER_PF_STATE,  [PFC_EV_VF_EVENT] = DRIVER_PF_NOTIFY,
		[PFC_EV_ADVERSE] = DRIVER_PF_ADVERSE, [PFC_EV_RELAY] = DRIVER_PF_RELAY,
		[PFC_EV_VFIO] = DRIVER_PF_VERB,       [PFC_EV_STEP] = DRIVER_PF_STEP,
		[PFC_EV_PROGRESS] = POINTS,
	};
	struct scenario_event *ev;

	if (points[p->kind] == POINTS)
		return;
	ev = append(e, points[p->kind], card, p->vf, p->gt, now);
	if (!ev)
		return;
	ev->err = p->err;
	ev->view.guc.code = p->code;
	if (p->kind == PFC_EV_VERB)
		set_text(ev, pfc_verb_name(p->verb));
	else if (p->kind == PFC_EV_STARTED)
		set_text(ev, "start");
	else if (p->kind == PFC_EV_VFIO)
		set_text(ev, "vfio");
	else if (p->kind == PFC_EV_VF_STATE)
		set_text(ev, pfc_vf_state_name(p->to));
	else
		set_text(ev, p->text);
	ev->view.step = p->kind == PFC_EV_STEP;
}

void events_vf(struct events *e, unsigned card, unsigned fn, uint64_t now,
	       const struct vfc_event *v)
{
	static const unsigned points[] = {
		[VFC_EV_LOG] = DRIVER_VF_LOG,     [VFC_EV_STEP] = DRIVER_VF_STEP,
		[VFC_EV_STATE] = DRIVER_VF_STATE, [VFC_EV_JOB] = DRIVER_VF_JOB,
		[VFC_EV_QUEUE] = DRIVER_VF_QUEUE, [VFC_EV_RELAY] = DRIVER_VF_RELAY,
		[VFC_EV_BASE] = DRIVER_VF_BASE,   [VFC_EV_KEEP] = DRIVER_VF_KEEP,
		[VFC_EV_OP] = DRIVER_VF_OP,
	};
	struct scenario_event *ev = append(e, points[v->kind], card, fn,
					   v->gt == VFC_DEVICE ? 0 : v->gt, now);

	if (!ev)
		return;
	ev->err = v->err;
	ev->queue = v->queue;
	ev->job = v->job;
	ev->view.guc.addr = v->base;
	ev->view.guc.value = v->value;
	if (v->kind == VFC_EV_STEP)
		set_text(ev, vfc_step_name(v->step));
	else if (v->kind == VFC_EV_STATE)
		set_text(ev, vfc_state_name(v->state));
	else
		set_text(ev, v->text);
	ev->view.by_vf = true;
}

void events_fault(struct events *e, unsigned card, const struct fault_out *o)
{
	struct scenario_event *ev = append(e, DRIVER_FAULT, card, o->fn, o->gt, o->time);

	if (!ev)
		return;
	ev->view.guc.value = (uint64_t)o->number;
	set_text(ev, fault_out_name(o->what));
}

void event_words(const struct scenario_event *e, char *buf, size_t cap)
{
	struct view_event copy = e->view;
	char text[DESCRIBE_MAX];

	if (e->point < GUC_PT_COUNT) {
		copy.guc.point = (enum guc_point)e->point;
		if (copy.guc.msg_len > VIEW_EVENT_DWORDS)
			copy.guc.msg_len = VIEW_EVENT_DWORDS;
		describe_event(text, sizeof(text), view_event_guc(&copy));
	} else {
		text_fmt(text, sizeof(text), "vf%u/gt%u %s %s%s%s", e->view.guc.fn, e->view.guc.gt,
			 point_name(e->point), e->view.text, e->err ? " " : "",
			 e->err ? text_errno(e->err) : "");
	}
	text_fmt(buf, cap, "[%6lu.%03lu ms] card %c %s", e->view.guc.time / 1000000,
		 e->view.guc.time / 1000 % 1000, 'A' + (int)e->view.card, text);
}

/* --- diagrams ---------------------------------------------------------------------- */

#define ENTRIES 4096u

struct drawn {
	FILE *f;
};

static void draw_line(void *user, const char *line)
{
	fprintf(((struct drawn *)user)->f, "%s\n", line);
}

/* Of a driver's steps a diagram shows the end of its fixups. */
static bool ends_fixups(const struct scenario_event *ev)
{
	return ev->point == DRIVER_VF_STEP && !ev->err &&
	       (!strcmp(ev->view.text, vfc_step_name(VFC_STEP_FIX_QUEUES)) ||
		!strcmp(ev->view.text, vfc_step_name(VFC_STEP_SEED_FIXUPS)));
}

/* The events that a diagram is made of: the cards' and the drivers' steps. */
static size_t drawable(const struct events *e, struct view_event *out, size_t upto)
{
	size_t n = 0;

	for (size_t i = 0; i < upto; i++) {
		const struct scenario_event *ev = &e->at[i];

		if (ev->point >= GUC_PT_COUNT && ev->point != DRIVER_PF_STEP && !ends_fixups(ev))
			continue;
		out[n] = ev->view;
		out[n].step = ev->point >= GUC_PT_COUNT;
		if (out[n].guc.msg_len > VIEW_EVENT_DWORDS)
			out[n].guc.msg_len = VIEW_EVENT_DWORDS;
		n++;
	}
	return n;
}

static void mark(struct diagram_entry *e)
{
	char text[DIAGRAM_TEXT_MAX];

	text_fmt(text, sizeof(text), "%s", e->text);
	text_fmt(e->text, sizeof(e->text), ">>> %s", text);
}

char *events_diagram(struct events *e, unsigned vf, unsigned gt, uint64_t offending, size_t last)
{
	const struct diagram_view view = { .vf = vf, .gt = gt, .profile = DIAGRAM_FULL };
	struct view_event *copy = calloc(e->n ? e->n : 1, sizeof(*copy));
	struct diagram_entry *entries = calloc(ENTRIES, sizeof(*entries));
	struct diagram_entry last_text = { .text = "" };
	struct drawn drawn = { NULL };
	char *text = NULL;
	size_t len, n, before, left = 0, at = SIZE_MAX, from = 0;

	if (!copy || !entries)
		goto out;
	if (offending && offending <= e->n) {
		n = drawable(e, copy, offending - 1);
		before = diagram_from_events(copy, n, &view, entries, ENTRIES, &left);
		if (before)
			last_text = entries[before - 1];
		n = drawable(e, copy, offending);
		n = diagram_from_events(copy, n, &view, entries, ENTRIES, &left);
		if (n > before)
			at = before;
		else if (n && strcmp(last_text.text, entries[n - 1].text))
			at = n - 1; /* one more of the same: "x3" */
	}
	n = drawable(e, copy, e->n);
	n = diagram_from_events(copy, n, &view, entries, ENTRIES, &left);
	if (!n)
		goto out;
	if (at < n)
		mark(&entries[at]);
	if (last && n > last) {
		from = at < n && at < n - last / 2 ? (at > last / 2 ? at - last / 2 : 0) : n - last;
		n = from + last < n ? from + last : n;
	}
	drawn.f = open_memstream(&text, &len);
	if (!drawn.f)
		goto out;
	if (from)
		fprintf(drawn.f, "(%zu earlier messages)\n", from);
	diagram_draw(entries + from, n - from, draw_line, &drawn);
	fclose(drawn.f);
out:
	free(copy);
	free(entries);
	return text;
}
