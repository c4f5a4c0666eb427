/* SPDX-License-Identifier: MIT */
/* Readers of the card's events: the log, and control clients that asked for
 * the stream. The sink is called from inside the card: it may only queue. A
 * stream that is not read loses events and is told how many. */
#include <stdio.h>
#include <string.h>

#include "server.h"
#include "view/describe.h"
#include "view/event_data.h"

#define BIT64(n) (1ull << (n))
#define ALL_POINTS (BIT64(GUC_PT_COUNT) - 1)
/* Too many to be wanted unless named. */
#define LOUD_POINTS                                                                   \
	(BIT64(GUC_PT_MMIO_READ) | BIT64(GUC_PT_MMIO_WRITE) | BIT64(GUC_PT_MEM_READ) | \
	 BIT64(GUC_PT_MEM_WRITE) | BIT64(GUC_PT_TICK))
/* What the server itself looks at, always and for its log. */
#define OWN_POINTS \
	(BIT64(GUC_PT_STATE) | BIT64(GUC_PT_FINDING) | BIT64(GUC_PT_VIOLATION))
#define INFO_POINTS \
	(OWN_POINTS | BIT64(GUC_PT_FLR) | BIT64(GUC_PT_BLOB) | BIT64(GUC_PT_FAULT))
#define DEBUG_POINTS (ALL_POINTS & ~LOUD_POINTS)
/* A stream's share of its queue: the rest is for answers. */
#define STREAM_QUEUE (WIRE_OUT_HIGH - FRAME_MAX)

static uint64_t log_points(const struct server *s)
{
	switch (s->level) {
	case LOG_DEBUG:
		return DEBUG_POINTS;
	case LOG_INFO:
		return INFO_POINTS;
	case LOG_ERROR:
	case LOG_WARN:
	case LOG_NOTICE:
		break;
	}
	return OWN_POINTS;
}

void events_update(struct server *s)
{
	s->points = log_points(s);
	for (const struct client *c = s->clients; c; c = c->next)
		s->points |= c->points;
	if (record_active(s))
		s->points = ALL_POINTS;
	s->card.sink_mask = s->points;
}

bool events_points(const char *names, size_t len, uint64_t *points, bool *steps)
{
	const char *end = names + len;

	*points = DEBUG_POINTS;
	*steps = true;
	if (len == 0)
		return true;
	*points = 0;
	*steps = false;
	while (names < end) {
		const char *comma = memchr(names, ',', (size_t)(end - names));
		size_t n = (size_t)((comma ? comma : end) - names);
		unsigned p = 0;

		while (p < GUC_PT_COUNT && (strlen(guc_point_name((enum guc_point)p)) != n ||
					    memcmp(guc_point_name((enum guc_point)p), names, n)))
			p++;
		if (p < GUC_PT_COUNT)
			*points |= BIT64(p);
		else if (n == 4 && memcmp(names, "step", 4) == 0)
			*steps = true;
		else
			return false;
		names += n + 1;
	}
	return true;
}

/* --- streams ------------------------------------------------------------------------------ */

static void stream(struct client *c, struct frame *f)
{
	struct wire_stats stats;
	char lost[48];

	wire_stats(c->wire, &stats);
	if (stats.queued + frame_bound(f) + sizeof(lost) > STREAM_QUEUE) {
		c->lost++;
		return;
	}
	f->seq = c->events_seq;
	if (c->lost > 0) {
		struct frame told = *f;

		/* With a step's own text, in an event of its own before it. */
		snprintf(lost, sizeof(lost), "lost %llu", (unsigned long long)c->lost);
		told.text = lost;
		told.text_len = strlen(lost);
		c->lost = 0;
		if (f->text_len == 0) {
			client_post(c, &told);
			return;
		}
		told.data_len = 0;
		client_post(c, &told);
	}
	client_post(c, f);
}

static void stream_event(struct server *s, const struct guc_event *e)
{
	uint8_t data[EVENT_DATA_MAX];
	struct frame f = {
		.type = gucemu_FrameType_EVENT,
		.function = e->fn,
		.gt = e->gt,
		.addr = e->addr,
		.value = e->value,
		.time = e->time,
		.code = e->code,
		.size = e->len ? e->len : e->size,
		.flags = field_put(EVENT_POINT, e->point) | field_put(EVENT_VERDICT, e->verdict) |
			 field_put(EVENT_FROM, e->from) | field_put(EVENT_TO, e->to),
		.status = e->error,
		.data = data,
		.text = e->text,
		.text_len = e->text ? strlen(e->text) : 0,
		.data_len = event_data_put(data, e),
	};

	for (struct client *c = s->clients; c; c = c->next) {
		struct frame copy = f;

		if (c->points & BIT64(e->point))
			stream(c, &copy);
	}
}

void events_step(struct server *s, unsigned fn, unsigned gt, const char *text)
{
	char label[64];

	record_step(s, fn, gt, text);
	for (struct client *c = s->clients; c; c = c->next) {
		struct frame f = {
			.type = gucemu_FrameType_EVENT,
			.function = fn,
			.gt = gt,
			.time = s->now,
			.flags = field_put(EVENT_POINT, VIEW_POINT_STEP),
			.text = text,
			.text_len = strlen(text),
		};

		if (c->steps)
			stream(c, &f);
	}
	server_log(s, LOG_DEBUG, "%s PF: %s",
		   fn < GUC_MAX_FUNCTIONS && gt < GUC_MAX_GTS
			   ? function_label(s, fn, gt, label, sizeof(label))
			   : "pf",
		   text);
}

/* --- log ---------------------------------------------------------------------------------------- */

static enum server_log event_level(enum guc_point point)
{
	switch (point) {
	case GUC_PT_FINDING:
	case GUC_PT_VIOLATION:
		return LOG_WARN;
	case GUC_PT_FAULT:
	case GUC_PT_STATE:
	case GUC_PT_FLR:
	case GUC_PT_BLOB:
		return LOG_INFO;
	case GUC_PT_MMIO_READ:
	case GUC_PT_MMIO_WRITE:
	case GUC_PT_MBOX_REQUEST:
	case GUC_PT_MBOX_REPLY:
	case GUC_PT_H2G:
	case GUC_PT_G2H:
	case GUC_PT_IRQ:
	case GUC_PT_MEM_READ:
	case GUC_PT_MEM_WRITE:
	case GUC_PT_FENCE:
	case GUC_PT_CONTEXT:
	case GUC_PT_TICK:
	case GUC_PT_PROVISION:
	case GUC_PT_MISHAP:
	case GUC_PT_COUNT:
		break;
	}
	return LOG_DEBUG;
}

static bool event_quota(struct server *s, enum guc_point point)
{
	return (point != GUC_PT_VIOLATION && point != GUC_PT_FINDING && point != GUC_PT_FAULT) ||
	       server_log_quota(s);
}

static void log_event(struct server *s, const struct guc_event *e)
{
	enum server_log level = event_level(e->point);
	char text[DESCRIBE_MAX], label[64];
	const char *at;

	if (level > s->level || !(log_points(s) & BIT64(e->point)) || !event_quota(s, e->point))
		return;
	describe_event(text, sizeof(text), e);
	/* Our label has the state too: leave the describer's own out. */
	at = strchr(text, ' ');
	server_log(s, level, "%s%s", function_label(s, e->fn, e->gt, label, sizeof(label)),
		   at ? at : "");
}

void events_sink(void *user, const struct guc_event *e)
{
	struct server *s = user;

	if (record_active(s))
		record_event(s, e);
	log_event(s, e);
	if (e->point == GUC_PT_STATE && e->fn < GUC_MAX_FUNCTIONS && e->gt < GUC_MAX_GTS)
		s->fn[e->fn].state[e->gt] = e->to;
	stream_event(s, e);
}
