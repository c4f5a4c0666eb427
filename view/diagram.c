/* SPDX-License-Identifier: MIT */
/* Drawing of sequence diagrams; see diagram.h. Three lanes with a half, the
 * space for texts and arrows, between each two. Rows are made one ahead, since
 * a reply may share the last row of what lies in the other half. */
#include "view/diagram.h"

#include <stdio.h>
#include <string.h>

#define HALVES   2u
#define HALF_MIN 29u /* of the kernel's own diagram */
#define HALF_MAX (DIAGRAM_TEXT_MAX + 10u)
#define LINE_MAX_BYTES (HALVES * (HALF_MAX + 1) + 4 * DIAGRAM_LANES)

struct row {
	char half[HALVES][HALF_MAX + 1];
	bool active[DIAGRAM_LANES];
};

struct drawing {
	void (*out)(void *user, const char *line);
	void *user;
	size_t width;
	bool active[DIAGRAM_LANES];
	bool waiting;       /* `last` holds a row that is not written yet */
	struct row last;
	size_t guc_did;     /* entries of the GuC since its box began */
};

static void flush(struct drawing *d)
{
	static const char *const lane[] = { " | ", "[ ]" };
	const struct row *r = &d->last;
	char line[LINE_MAX_BYTES];
	int end;

	if (!d->waiting)
		return;
	d->waiting = false;
	end = snprintf(line, sizeof(line), "%s%-*s%s%-*s%s", lane[r->active[DIAGRAM_PF]],
		       (int)d->width, r->half[0], lane[r->active[DIAGRAM_GUC]], (int)d->width,
		       r->half[1], lane[r->active[DIAGRAM_VF]]);
	while (end > 0 && line[end - 1] == ' ')
		line[--end] = '\0';
	d->out(d->user, line);
}

static struct row *next_row(struct drawing *d)
{
	flush(d);
	memset(&d->last, 0, sizeof(d->last));
	memcpy(d->last.active, d->active, sizeof(d->active));
	d->waiting = true;
	return &d->last;
}

static bool is_loop(const struct diagram_entry *e)
{
	return e->from == e->to;
}

/* The half an entry's text lies in: right of PF and GuC, left of the VF. */
static unsigned half_of(const struct diagram_entry *e)
{
	if (is_loop(e))
		return e->from == DIAGRAM_PF ? 0 : 1;
	return e->from == DIAGRAM_PF || e->to == DIAGRAM_PF ? 0 : 1;
}

static bool drawable(const struct diagram_entry *e)
{
	return is_loop(e) || e->from == DIAGRAM_GUC || e->to == DIAGRAM_GUC;
}

/* `text` at the left end of the half, or at its right end. */
static void put(struct drawing *d, char *half, bool right, const char *text)
{
	if (right)
		snprintf(half, HALF_MAX + 1, "%*s", (int)d->width, text);
	else
		snprintf(half, HALF_MAX + 1, "%s", text);
}

static void put_label(struct drawing *d, struct row *r, const struct diagram_entry *e)
{
	char text[DIAGRAM_TEXT_MAX + 2];
	bool right = e->from == DIAGRAM_VF;

	snprintf(text, sizeof(text), right ? "%s " : " %s", e->text);
	put(d, r->half[half_of(e)], right, text);
}

static void draw_arrow(struct drawing *d, const struct diagram_entry *e)
{
	struct row *r;
	char *half;

	d->active[e->to] = true;
	r = next_row(d);
	half = r->half[half_of(e)];
	memset(half, '-', d->width);
	half[d->width] = '\0';
	if (e->to > e->from) {
		memcpy(half + d->width - 2, "> ", 2);
	} else {
		memcpy(half, " <", 2);
	}
}

static void draw_loop(struct drawing *d, const struct diagram_entry *e)
{
	bool right = e->from == DIAGRAM_VF;
	unsigned h = half_of(e);
	char text[DIAGRAM_TEXT_MAX + 10];

	put_label(d, next_row(d), e);
	snprintf(text, sizeof(text), right ? "%s -------" : "------- %s", e->more);
	put(d, next_row(d)->half[h], right, text);
	put(d, next_row(d)->half[h], right, right ? "|      " : "      |");
	put(d, next_row(d)->half[h], right, right ? "-----> " : " <-----");
}

/* Texts that would stand right under an arrow or loop of the same half get an
 * empty row between; a reply after a loop does not need it. */
static bool needs_gap(const struct diagram_entry *prev, const struct diagram_entry *e)
{
	return half_of(prev) == half_of(e) && !(e->reply && is_loop(prev));
}

/* When the GuC did more than one thing, its reply's text goes beside the last
 * of them, if that lies in the other half. */
static bool shares_row(const struct drawing *d, const struct diagram_entry *prev,
		       const struct diagram_entry *e)
{
	return e->reply && e->from == DIAGRAM_GUC && prev->from == DIAGRAM_GUC &&
	       d->guc_did > 1 && half_of(prev) != half_of(e);
}

static void draw_entry(struct drawing *d, const struct diagram_entry *prev,
		       const struct diagram_entry *e)
{
	bool guc_was_idle = !d->active[DIAGRAM_GUC];

	if (prev && needs_gap(prev, e))
		next_row(d);
	d->active[e->from] = true;
	if (guc_was_idle)
		d->guc_did = 0;
	if (is_loop(e)) {
		draw_loop(d, e);
	} else {
		put_label(d, prev && shares_row(d, prev, e) ? &d->last : next_row(d), e);
		draw_arrow(d, e);
	}
	if (e->from == DIAGRAM_GUC) {
		d->guc_did++;
		if (e->reply || guc_was_idle)
			d->active[DIAGRAM_GUC] = false;
	}
	if (e->rests)
		d->active[e->to] = false;
}

static void draw_title(const struct drawing *d)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line), " PF%-*sGuC%-*sVF", (int)d->width, "", (int)d->width, "");
	d->out(d->user, line);
}

void diagram_draw(const struct diagram_entry *entries, size_t n,
		  void (*out)(void *user, const char *line), void *user)
{
	struct drawing d = { .out = out, .user = user, .width = HALF_MIN };
	const struct diagram_entry *prev = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t room = strlen(entries[i].text) + 2;
		size_t more = strlen(entries[i].more) + 9;

		d.width = room > d.width ? room : d.width;
		d.width = more > d.width ? more : d.width;
	}
	draw_title(&d);
	if (n > 0)
		d.active[entries[0].from] = entries[0].from != DIAGRAM_GUC;
	next_row(&d);
	for (size_t i = 0; i < n; i++) {
		if (!drawable(&entries[i]))
			continue;
		draw_entry(&d, prev, &entries[i]);
		prev = &entries[i];
	}
	memset(d.active, 0, sizeof(d.active));
	next_row(&d);
	next_row(&d);
	flush(&d);
}
