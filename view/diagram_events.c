/* SPDX-License-Identifier: MIT */
/* Events to entries of a sequence diagram; see diagram_events.h. */
#include "view/diagram_events.h"

#include <stdio.h>
#include <string.h>

#include "emulator/guc/guc.h"
#include "proto/actions.h"
#include "proto/errors.h"
#include "proto/hxg.h"
#include "proto/regs.h"

/* A PF request that waits for its answer. */
struct pending {
	bool waits, ends; /* ends: its answer ends what the PF was about */
	uint64_t fence;
	unsigned card;
};
#define PENDING 8u

struct maker {
	const struct diagram_view *view;
	struct diagram_entry *out;
	size_t n, cap, left_out;
	struct pending pending[PENDING];
	bool size_query; /* the PF's last request was for an image's size */
	/* Repeated requests of the PF, each answered, are one arrow too: */
	const char *pf_text;
	unsigned pf_repeats;
	size_t pf_request_at;
	/* Repeated requests of the VF are one arrow: */
	uint32_t vf_action; /* of its last request, 0 after anything else */
	unsigned vf_repeats;
	size_t vf_request_at;
};

static bool seed(const struct maker *m)
{
	return m->view->profile == DIAGRAM_SEED;
}

static struct diagram_entry *add(struct maker *m, enum diagram_lane from, enum diagram_lane to)
{
	struct diagram_entry *e;

	if (m->n == m->cap) {
		m->left_out++;
		return NULL;
	}
	e = &m->out[m->n++];
	memset(e, 0, sizeof(*e));
	e->from = from;
	e->to = to;
	return e;
}

static void add_loop(struct maker *m, enum diagram_lane lane, const char *text, const char *more)
{
	struct diagram_entry *e = add(m, lane, lane);

	if (!e)
		return;
	snprintf(e->text, sizeof(e->text), "%s", text);
	snprintf(e->more, sizeof(e->more), "%s", more);
}

static bool is_guc_loop(const struct diagram_entry *e)
{
	return e->from == DIAGRAM_GUC && e->to == DIAGRAM_GUC;
}

/* "success", or what went wrong. */
static void put_result(struct diagram_entry *e, uint32_t dw0, const char *success)
{
	uint32_t code = field_get(HXG_ERROR, dw0);
	const char *name = guc_error_name(code);

	if (hxg_type(dw0) == HXG_SUCCESS)
		snprintf(e->text, sizeof(e->text), "%s", success);
	else if (hxg_type(dw0) != HXG_FAILURE)
		snprintf(e->text, sizeof(e->text), "retry");
	else if (name)
		snprintf(e->text, sizeof(e->text), "%s", name);
	else
		snprintf(e->text, sizeof(e->text), "failure 0x%04x", code);
}

/* --- PF and GuC --------------------------------------------------------------- */

/* The text of a PF request about the VF, or NULL when it is none. */
static const char *pf_request_text(const struct maker *m, const struct guc_event *g)
{
	static const char *const command[] = {
		[GUC_VF_PAUSE] = "PF2GUC_VF_CONTROL(pause)",
		[GUC_VF_RESUME] = "GUC_PF_TRIGGER_VF_RESUME",
		[GUC_VF_STOP] = "PF2GUC_VF_CONTROL(stop)",
		[GUC_VF_FLR_START] = "GUC_PF_TRIGGER_VF_FLR_START",
		[GUC_VF_FLR_FINISH] = "GUC_PF_TRIGGER_VF_FLR_FINISH",
	};

	if (g->msg_len < 3 || !hxg_is_call(hxg_type(g->msg[0])) || g->msg[1] != m->view->vf)
		return NULL;
	switch (hxg_action(g->msg[0])) {
	case GUC_ACTION_VF_CONTROL:
		if (g->msg[2] == 0 || g->msg[2] >= sizeof(command) / sizeof(command[0]))
			return "PF2GUC_VF_CONTROL(?)";
		return command[g->msg[2]];
	case GUC_ACTION_UPDATE_VF_CFG:
		return g->msg_len > 4 && g->msg[4] == 0 ? "PF2GUC_UPDATE_VF_CFG(reset)"
							: "PF2GUC_UPDATE_VF_CFG";
	case GUC_ACTION_SAVE_RESTORE_VF:
		if (hxg_data0(g->msg[0]) == GUC_OP_RESTORE)
			return "GUC_PF_OPCODE_VF_RESTORE";
		return g->msg_len > 4 && field_get(SAVE_RESTORE_SIZE, g->msg[4]) == 0
			       ? "GUC_PF_OPCODE_VF_SAVE(size?)"
			       : "GUC_PF_OPCODE_VF_SAVE";
	}
	return NULL;
}

static bool is_resume(const struct guc_event *g)
{
	return hxg_action(g->msg[0]) == GUC_ACTION_VF_CONTROL &&
	       (g->msg[2] == GUC_VF_RESUME || g->msg[2] == GUC_VF_FLR_FINISH);
}

static void put_repeats(const struct maker *m, struct diagram_entry *e, unsigned repeats)
{
	size_t at = strlen(e->text);

	if (!seed(m) && repeats > 1)
		snprintf(e->text + at, sizeof(e->text) - at, " x%u", repeats);
}

static void pf_wait(struct maker *m, const struct guc_event *g, unsigned card)
{
	for (unsigned i = 0; i < PENDING; i++) {
		if (m->pending[i].waits)
			continue;
		m->pending[i] = (struct pending){ .waits = true, .ends = is_resume(g),
						  .fence = g->value, .card = card };
		return;
	}
}

static void pf_request(struct maker *m, const struct guc_event *g, unsigned card)
{
	const char *text = pf_request_text(m, g);
	struct diagram_entry *e;

	if (!text)
		return;
	m->size_query = strstr(text, "(size?)") != NULL;
	pf_wait(m, g, card);
	if (m->pf_text && strcmp(text, m->pf_text) == 0 && m->n == m->pf_request_at + 2) {
		m->pf_repeats++;
		e = &m->out[m->pf_request_at];
	} else {
		m->pf_text = text;
		m->pf_repeats = 1;
		m->pf_request_at = m->n;
		e = add(m, DIAGRAM_PF, DIAGRAM_GUC);
	}
	if (!e)
		return;
	snprintf(e->text, sizeof(e->text), "%s", text);
	put_repeats(m, e, m->pf_repeats);
}

static void pf_notified(struct maker *m, const struct guc_event *g)
{
	static const char *const event[] = {
		[GUC_EVENT_VF_FLR] = "GUC_PF_NOTIFY_VF_FLR",
		[GUC_EVENT_VF_FLR_DONE] = "GUC_PF_NOTIFY_VF_FLR_DONE",
		[GUC_EVENT_VF_PAUSE_DONE] = "GUC_PF_NOTIFY_VF_PAUSE_DONE",
		[GUC_EVENT_VF_FIXUP_DONE] = "GUC_PF_NOTIFY_VF_FIXUP_DONE",
	};
	struct diagram_entry *e;

	if (hxg_action(g->msg[0]) != GUC_ACTION_VF_STATE_NOTIFY || g->msg_len < 3 ||
	    g->msg[1] != m->view->vf)
		return;
	if (seed(m) || g->msg[2] == 0 || g->msg[2] >= sizeof(event) / sizeof(event[0])) {
		m->left_out++;
		return;
	}
	e = add(m, DIAGRAM_GUC, DIAGRAM_PF);
	if (!e)
		return;
	snprintf(e->text, sizeof(e->text), "%s", event[g->msg[2]]);
	e->rests = g->msg[2] == GUC_EVENT_VF_FIXUP_DONE;
}

/* A message in the PF's G2H: an answer to a request shown, or a notification. */
static void pf_receives(struct maker *m, const struct guc_event *g, unsigned card)
{
	struct diagram_entry *e;

	if (g->msg_len == 0)
		return;
	if (hxg_is_call(hxg_type(g->msg[0]))) {
		pf_notified(m, g);
		return;
	}
	for (unsigned i = 0; i < PENDING; i++) {
		struct pending *p = &m->pending[i];

		if (!p->waits || p->fence != g->value || p->card != card)
			continue;
		if (hxg_type(g->msg[0]) == HXG_BUSY)
			return;
		p->waits = false;
		e = m->pf_repeats > 1 && m->n == m->pf_request_at + 2
			    ? &m->out[m->n - 1]
			    : add(m, DIAGRAM_GUC, DIAGRAM_PF);
		if (!e)
			return;
		put_result(e, g->msg[0], "success");
		e->reply = true;
		e->rests = p->ends;
		return;
	}
}

/* --- VF and GuC --------------------------------------------------------------- */

static void put_vf_request(struct maker *m, struct diagram_entry *e, const uint32_t *dw)
{
	uint32_t action = hxg_action(dw[0]);
	uint32_t marker = hxg_data0(dw[0]);
	const char *name = guc_action_name(action);

	if (action == GUC_ACTION_RESFIX_DONE && marker == 0)
		snprintf(e->text, sizeof(e->text), "VF2GUC_NOTIFY_RESFIX_DONE");
	else if (action == GUC_ACTION_RESFIX_DONE || action == GUC_ACTION_RESFIX_START)
		snprintf(e->text, sizeof(e->text), "VF2GUC_%s(marker %u)", name, marker);
	else if (name)
		snprintf(e->text, sizeof(e->text), "VF2GUC_%s", name);
	else
		snprintf(e->text, sizeof(e->text), "VF2GUC action 0x%04x", action);
	put_repeats(m, e, m->vf_repeats);
}

static void vf_request(struct maker *m, const struct guc_event *g)
{
	uint32_t action;
	struct diagram_entry *e;

	if (g->msg_len == 0)
		return;
	action = hxg_action(g->msg[0]);
	if (action == m->vf_action && m->n == m->vf_request_at + 2) {
		m->vf_repeats++;
		put_vf_request(m, &m->out[m->vf_request_at], g->msg);
		return;
	}
	m->vf_action = action;
	m->vf_repeats = 1;
	m->vf_request_at = m->n;
	e = add(m, DIAGRAM_VF, DIAGRAM_GUC);
	if (e)
		put_vf_request(m, e, g->msg);
}

static void vf_reply(struct maker *m, const struct guc_event *g)
{
	struct diagram_entry *e;
	bool done = m->vf_action == GUC_ACTION_RESFIX_DONE;

	if (g->msg_len == 0 || hxg_type(g->msg[0]) == HXG_BUSY)
		return;
	/* The answer to a repeated request replaces the one before. */
	e = m->vf_repeats > 1 && m->n == m->vf_request_at + 2 ? &m->out[m->n - 1]
							      : add(m, DIAGRAM_GUC, DIAGRAM_VF);
	if (!e)
		return;
	put_result(e, g->msg[0],
		   m->vf_action == GUC_ACTION_QUERY_SINGLE_KLV ? "new VF provisioning" : "success");
	e->reply = true;
	e->rests = done && hxg_type(g->msg[0]) == HXG_SUCCESS;
	if (hxg_type(g->msg[0]) != HXG_SUCCESS)
		m->vf_action = 0;
}

/* --- what the GuC and the drivers do by themselves ------------------------------ */

static void state_change(struct maker *m, const struct guc_event *g)
{
	if (g->from == g->to || g->to >= GUC_VFS_COUNT)
		return;
	add_loop(m, DIAGRAM_GUC, "GuC sets new VF state to",
		 guc_vf_state_name((enum guc_vf_state)g->to));
}

/* The GuC reports an image when it is done with it; what it loaded counted
 * before the state that it set then. */
static void loaded(struct maker *m)
{
	struct diagram_entry state;

	add_loop(m, DIAGRAM_GUC, "GuC loads contexts and CTB", "state from image");
	if (m->n < 2 || !is_guc_loop(&m->out[m->n - 2]))
		return;
	state = m->out[m->n - 2];
	m->out[m->n - 2] = m->out[m->n - 1];
	m->out[m->n - 1] = state;
}

static void blob(struct maker *m, const struct guc_event *g)
{
	const char *error = guc_error_name(g->error);

	if (g->error != 0)
		add_loop(m, DIAGRAM_GUC, "GuC refuses the image:", error ? error : "unknown error");
	else if (g->code == GUC_OP_RESTORE)
		loaded(m);
	else if (!m->size_query)
		add_loop(m, DIAGRAM_GUC, "GuC saves contexts and CTB", "state to image");
}

static void interrupt(struct maker *m, const struct guc_event *g)
{
	struct diagram_entry *e;

	/* An engine's interrupt has bit 0 too, but another source. */
	if (g->code != GUC_IRQ_SW_INT_0 ||
	    (g->value != MEMIRQ_SOURCE_GUC && g->value != MEMIRQ_SOURCE_MEDIA_GUC))
		return;
	e = add(m, DIAGRAM_GUC, DIAGRAM_VF);
	if (e)
		snprintf(e->text, sizeof(e->text), "GUC_INTR_SW_INT_0");
}

/* Steps of the PF that are drawn, by the names its sequences give them. Before
 * "restore GUC" the whole image was read and checked. */
static const struct {
	const char *step, *text, *more;
	bool in_seed;
} pf_steps[] = {
	{ "restore GUC", "PF loads resources from the", "saved image supplied", true },
	{ "restore GGTT", "PF restores the VF's", "GGTT entries", false },
	{ "restore MMIO", "PF restores the VF's", "mailbox registers", false },
	{ "save GGTT", "PF saves the VF's", "GGTT entries", false },
	{ "save MMIO", "PF saves the VF's", "mailbox registers", false },
	{ "GGTT entries", "PF gives the VF its", "GGTT entries", false },
};

static void step(struct maker *m, const struct view_event *v)
{
	if (v->by_vf) {
		add_loop(m, DIAGRAM_VF, "VF driver applies post", "migration fixups");
		return;
	}
	for (size_t i = 0; i < sizeof(pf_steps) / sizeof(pf_steps[0]); i++) {
		if (strcmp(v->text, pf_steps[i].step) != 0)
			continue;
		if (pf_steps[i].in_seed || !seed(m))
			add_loop(m, DIAGRAM_PF, pf_steps[i].text, pf_steps[i].more);
	}
}

static void fault(struct maker *m, const struct guc_event *g)
{
	static const char *const done[] = { "acts", "changes it", "loses it", "holds it back",
					    "answers it" };
	char text[DIAGRAM_TEXT_MAX], more[DIAGRAM_TEXT_MAX];

	if (g->text && g->text[0])
		snprintf(text, sizeof(text), "fault %.34s", g->text);
	else
		snprintf(text, sizeof(text), "fault %u", g->code);
	snprintf(more, sizeof(more), "%s at %s", g->verdict <= GUC_ANSWER ? done[g->verdict] : "?",
		 g->from < GUC_PT_COUNT ? guc_point_name((enum guc_point)g->from) : "?");
	add_loop(m, DIAGRAM_GUC, text, more);
}

static void vf_event(struct maker *m, const struct guc_event *g)
{
	switch (g->point) {
	case GUC_PT_MBOX_REQUEST:
		vf_request(m, g);
		return;
	case GUC_PT_MBOX_REPLY:
		vf_reply(m, g);
		return;
	case GUC_PT_STATE:
		state_change(m, g);
		return;
	case GUC_PT_BLOB:
		blob(m, g);
		return;
	case GUC_PT_IRQ:
		interrupt(m, g);
		return;
	case GUC_PT_H2G:
	case GUC_PT_G2H:
		m->left_out++;
		return;
	case GUC_PT_FAULT:
		fault(m, g);
		return;
	case GUC_PT_FLR:
		add_loop(m, DIAGRAM_VF, "PCI function level", "reset of the VF");
		return;
	case GUC_PT_MMIO_READ:
	case GUC_PT_MMIO_WRITE:
	case GUC_PT_MEM_READ:
	case GUC_PT_MEM_WRITE:
	case GUC_PT_FINDING:
	case GUC_PT_VIOLATION:
	case GUC_PT_FENCE:
	case GUC_PT_CONTEXT:
	case GUC_PT_TICK:
	case GUC_PT_PROVISION:
	case GUC_PT_MISHAP:
	case GUC_PT_COUNT:
		return;
	}
}

/* Where the seed's picture begins: at the last PAUSE before the first RESTORE. */
static size_t seed_start(const struct maker *m, struct view_event *events, size_t n)
{
	size_t pause = 0;

	for (size_t i = 0; i < n; i++) {
		const struct guc_event *g = view_event_guc(&events[i]);
		const char *text;

		if (events[i].step || g->point != GUC_PT_H2G || g->fn != 0 ||
		    g->gt != m->view->gt)
			continue;
		text = pf_request_text(m, g);
		if (text && strcmp(text, "PF2GUC_VF_CONTROL(pause)") == 0)
			pause = i;
		else if (text && strcmp(text, "GUC_PF_OPCODE_VF_RESTORE") == 0)
			return pause;
	}
	return 0;
}

size_t diagram_from_events(struct view_event *events, size_t n, const struct diagram_view *view,
			   struct diagram_entry *out, size_t cap, size_t *left_out)
{
	struct maker m = { .view = view, .out = out, .cap = cap };
	size_t i = seed(&m) ? seed_start(&m, events, n) : 0;

	for (; i < n; i++) {
		const struct guc_event *g = view_event_guc(&events[i]);
		bool here = g->gt == view->gt || (events[i].step && g->gt == UINT8_MAX);

		if (!here || (g->fn != 0 && g->fn != view->vf))
			continue;
		if (events[i].step && g->fn != 0)
			step(&m, &events[i]);
		else if (events[i].step)
			continue;
		else if (g->fn != 0)
			vf_event(&m, g);
		else if (g->point == GUC_PT_H2G)
			pf_request(&m, g, events[i].card);
		else if (g->point == GUC_PT_G2H)
			pf_receives(&m, g, events[i].card);
	}
	*left_out = m.left_out;
	return m.n;
}
