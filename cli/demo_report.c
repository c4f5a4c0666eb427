/* SPDX-License-Identifier: MIT */
/* What the demo tells: its story line by line, then the diagram of the
 * messages that were exchanged, and what became of everything. */
#include "cli/demo.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diagram_print.h"
#include "view/json.h"

#define JOBS_A_CONTEXT 3u

void demo_say(struct demo *d, const char *fmt, ...)
{
	va_list ap;

	if (d->opt.json)
		return;
	printf("[%7.3f s] ", (double)(uv_hrtime() - d->started) / 1e9);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

unsigned demo_findings(const struct demo *d)
{
	return d->card[0].findings + d->card[1].findings;
}

uint64_t demo_recovery_ns(const struct demo_vf *v)
{
	uint64_t from = UINT64_MAX, to = 0;

	for (unsigned gt = 0; gt < v->demo->opt.gts; gt++) {
		const struct demo_gt *g = &v->gt[gt];

		if (g->interrupted == 0 || g->running == 0)
			return 0;
		from = g->interrupted < from ? g->interrupted : from;
		to = g->running > to ? g->running : to;
	}
	return to > from ? to - from : 0;
}

/* --- diagram ----------------------------------------------------------------------- */

static void push_line(void *user, const char *line)
{
	json_push_str(user, line);
}

/* The events that VF 1's diagram of a GT is drawn from. */
static struct view_event *story(struct demo *d, unsigned gt, struct diagram_view *view, size_t *n)
{
	size_t first = 0;

	*view = (struct diagram_view){
		.vf = 1, .gt = gt, .profile = d->opt.seed ? DIAGRAM_SEED : DIAGRAM_FULL,
	};
	while (first < d->events_n && d->events[first].guc.time < d->move_started)
		first++;
	*n = d->events_n - first;
	return d->events + first;
}

static void print_diagrams(struct demo *d)
{
	for (unsigned gt = 0; gt < d->opt.gts; gt++) {
		struct diagram_view view;
		size_t n;
		struct view_event *events = story(d, gt, &view, &n);

		diagram_print(events, n, &view);
	}
}

static void add_diagrams(struct demo *d, struct json_object *o)
{
	struct diagram_entry *entries = calloc(DIAGRAM_ENTRIES, sizeof(*entries));
	struct json_object *all = json_add_array(o, "diagrams");

	for (unsigned gt = 0; entries && gt < d->opt.gts; gt++) {
		struct json_object *one = json_push_object(all);
		struct diagram_view view;
		size_t n, left_out;
		struct view_event *events = story(d, gt, &view, &n);

		n = diagram_from_events(events, n, &view, entries, DIAGRAM_ENTRIES, &left_out);

		json_add_u64(one, "gt", gt);
		json_add_u64(one, "left_out", left_out);
		diagram_draw(entries, n, push_line, json_add_array(one, "lines"));
	}
	free(entries);
}

/* --- summary ----------------------------------------------------------------------- */

struct sums {
	unsigned moved, contexts, registered, created, jobs, jobs_ok, jobs_failed, violations;
	uint64_t recovery_max, recovery_sum, frozen_max, lost;
	size_t image_max;
};

static struct sums sum_up(const struct demo *d)
{
	struct sums s = { 0 };

	for (unsigned i = 0; d->vf && i < d->opt.vfs; i++) {
		const struct demo_vf *v = &d->vf[i];
		uint64_t recovery = v->demo ? demo_recovery_ns(v) : 0;

		s.moved += v->moves == (d->opt.twice ? 2u : 1u);
		s.contexts += v->contexts;
		/* The driver's own contexts are registered too. */
		s.registered += v->registered < v->contexts ? v->registered : v->contexts;
		s.created += v->created;
		s.jobs += (v->contexts + v->created) * JOBS_A_CONTEXT;
		s.jobs_ok += v->jobs_ok;
		s.jobs_failed += v->jobs_failed;
		s.recovery_sum += recovery;
		s.recovery_max = recovery > s.recovery_max ? recovery : s.recovery_max;
		s.frozen_max = v->frozen_ns > s.frozen_max ? v->frozen_ns : s.frozen_max;
		s.image_max = v->image_len > s.image_max ? v->image_len : s.image_max;
	}
	for (unsigned i = 0; i < DEMO_CARDS; i++) {
		s.violations += d->card[i].violations;
		s.lost += d->card[i].lost;
	}
	return s;
}

void demo_judge_findings(struct demo *d)
{
	char names[256] = "";
	size_t at = 0;

	for (unsigned f = 0; f < FIXUP_COUNT; f++)
		if (d->found[f] > 0 && at < sizeof(names))
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
					       at ? ", " : "", fixup_name((enum fixup)f));
	if (at > 0)
		demo_fail(d, "missed fixup: %s", names);
	for (unsigned f = 0; f < FIXUP_COUNT; f++)
		if (d->skips[f] && d->found[f] == 0)
			demo_fail(d, "the detector did not name %s; perhaps this run has no such "
				     "address", fixup_name((enum fixup)f));
}

/* Summed over the VFs: what images held, and what drivers compared. */
static struct migrate_content content_of(const struct demo *d, uint64_t *checked, unsigned *good)
{
	struct migrate_content c = { 0 };

	*checked = 0;
	*good = 0;
	for (unsigned i = 0; d->vf && i < d->opt.vfs; i++) {
		c.lmem_bytes += d->vf[i].content.lmem_bytes;
		c.ccs_bytes += d->vf[i].content.ccs_bytes;
		*checked += d->vf[i].checked_bytes;
		*good += d->vf[i].checked && !d->vf[i].kept_badly;
	}
	return c;
}

/* Nothing that was promised may be missing at the end. */
static void judge(struct demo *d, const struct sums *s)
{
	uint64_t checked;
	unsigned good;

	content_of(d, &checked, &good);
	if (d->failed)
		return;
	if (s->moved != d->opt.vfs)
		demo_fail(d, "%u of %u VFs moved", s->moved, d->opt.vfs);
	else if (s->registered != s->contexts)
		demo_fail(d, "%u of %u contexts are left", s->registered, s->contexts);
	else if (s->created != d->opt.vfs * d->opt.gts)
		demo_fail(d, "%u of %u new contexts were made after the recovery", s->created,
			  d->opt.vfs * d->opt.gts);
	else if (s->jobs_ok != s->jobs || s->jobs_failed > 0)
		demo_fail(d, "%u of %u jobs came to their right end", s->jobs_ok, s->jobs);
	else if (d->vf[0].kept && good != d->opt.vfs)
		demo_fail(d, "%u of %u VFs found their memory and metadata", good, d->opt.vfs);
	else if (s->violations > 0)
		demo_fail(d, "%u reaches outside what the VF was given", s->violations);
	else
		demo_judge_findings(d);
}

static int64_t shift_of(const struct demo_vf *v)
{
	return v->moves > 0 ? (int64_t)(v->base[v->moves] - v->base[v->moves - 1]) : 0;
}

static void print_shift(const struct demo_vf *v)
{
	int64_t shift = shift_of(v);

	printf("  GGTT shift   %s0x%" PRIx64 " (VF 1: ", shift < 0 ? "-" : "",
	       (uint64_t)(shift < 0 ? -shift : shift));
	for (unsigned i = 0; i <= v->moves; i++)
		printf("%s0x%" PRIx64, i ? " -> " : "", v->base[i]);
	printf(")\n");
}

static void print_content(const struct demo *d)
{
	uint64_t checked;
	unsigned good;
	struct migrate_content c = content_of(d, &checked, &good);

	if (d->vf && d->vf[0].lmem_size && d->vf[0].moves > 0)
		printf("  LMEM         %" PRIu64 " MiB a VF; %" PRIu64 " bytes and %" PRIu64
		       " of compression metadata moved, equal on both cards\n",
		       d->vf[0].lmem_size >> 20, c.lmem_bytes, c.ccs_bytes);
	if (d->vf && d->vf[0].kept)
		printf("  kept         %u of %u VFs found what they had written, %" PRIu64
		       " bytes of %s\n", good, d->opt.vfs, checked,
		       d->vf[0].lmem_size ? "local memory and metadata" : "memory and metadata");
}

static void print_findings(const struct demo *d)
{
	const char *separator = ": ";

	printf("  detector     %u finding%s", demo_findings(d), demo_findings(d) == 1 ? "" : "s");
	for (unsigned f = 0; f < FIXUP_COUNT; f++) {
		if (d->found[f] == 0)
			continue;
		printf("%s%s (%s) %" PRIu64 " times", separator, fixup_name((enum fixup)f),
		       fixup_text((enum fixup)f), d->found[f]);
		separator = ", ";
	}
	printf("\n");
}

static void print_summary(const struct demo *d, const struct sums *s)
{
	printf("\nSummary\n");
	printf("  moved        %u of %u VFs%s, image of %zu bytes, frozen for %.2f ms at most\n",
	       s->moved, d->opt.vfs, d->opt.twice ? " there and back" : "", s->image_max,
	       (double)s->frozen_max / 1e6);
	if (s->recovery_max > 0)
		printf("  recovery     %.2f ms at most, %.2f ms on average, from the MIGRATED "
		       "interrupt to VF_RUNNING\n", (double)s->recovery_max / 1e6,
		       (double)s->recovery_sum / 1e6 / d->opt.vfs);
	if (d->vf && d->vf[0].moves > 0 && d->vf[0].base[d->vf[0].moves] != 0)
		print_shift(&d->vf[0]);
	printf("  contexts     %u of %u intact, %u new after the recovery\n", s->registered,
	       s->contexts, s->created);
	printf("  jobs         %u of %u ended right, %u failed\n", s->jobs_ok, s->jobs,
	       s->jobs_failed);
	print_content(d);
	print_findings(d);
	printf("  isolation    %u violations\n", s->violations);
	if (d->opt.fault.n + d->opt.faults.n > 0)
		printf("  faults       %u fired, seed %" PRIu64 "\n",
		       d->card[0].faults + d->card[1].faults, d->opt.fault_seed);
	if (s->lost + d->events_dropped > 0)
		printf("  events       %" PRIu64 " not seen\n", s->lost + d->events_dropped);
	printf("  result       %s%s\n", d->failed ? "FAILED: " : "good", d->failure);
	if (d->trace)
		printf("  recorded     %s; each card in %s and %s\n", d->opt.record,
		       d->card[0].record, d->card[1].record);
	if (d->opt.keep && d->folder[0])
		printf("  kept         %s\n", d->folder);
}

static void print_json(struct demo *d, const struct sums *s)
{
	struct json_object *o = json_object_new_object(), *list;

	json_add_bool(o, "ok", !d->failed);
	if (d->failed)
		json_add_str(o, "failure", d->failure);
	json_add_str(o, "abi", d->opt.seed ? "seed" : "latest");
	json_add_str(o, "platform", d->opt.platform->name);
	json_add_u64(o, "gts", d->opt.gts);
	json_add_bool(o, "double", d->opt.twice);
	list = json_add_array(o, "vfs");
	for (unsigned i = 0; d->vf && i < d->opt.vfs; i++) {
		const struct demo_vf *v = &d->vf[i];
		struct json_object *one = json_push_object(list), *bases;

		json_add_u64(one, "vf", i + 1);
		json_add_u64(one, "moves", v->moves);
		bases = json_add_array(one, "ggtt_starts");
		for (unsigned m = 0; bases && m <= v->moves; m++)
			json_object_array_add(bases, json_object_new_uint64(v->base[m]));
		json_add_int(one, "ggtt_shift", shift_of(v));
		json_add_u64(one, "recovery_ns", v->demo ? demo_recovery_ns(v) : 0);
		json_add_u64(one, "driver_recovery_ns", v->recovery_ns);
		json_add_u64(one, "frozen_ns", v->frozen_ns);
		json_add_u64(one, "image_bytes", v->image_len);
		json_add_u64(one, "lmem_size", v->lmem_size);
		json_add_u64(one, "lmem_bytes", v->content.lmem_bytes);
		json_add_u64(one, "ccs_bytes", v->content.ccs_bytes);
		json_add_u64(one, "checked_bytes", v->checked_bytes);
		json_add_bool(one, "checked", v->checked && !v->kept_badly);
		json_add_u64(one, "contexts", v->contexts);
		json_add_u64(one, "contexts_registered", v->registered);
		json_add_u64(one, "contexts_created", v->created);
		json_add_u64(one, "jobs_ok", v->jobs_ok);
		json_add_u64(one, "jobs_failed", v->jobs_failed);
		json_add_u64(one, "jobs_unfinished", v->jobs_open);
		if (v->failed)
			json_add_str(one, "trouble", v->trouble);
	}
	json_add_u64(o, "findings", demo_findings(d));
	list = json_add_object(o, "found");
	for (unsigned f = 0; f < FIXUP_COUNT; f++)
		if (d->found[f] > 0)
			json_add_u64(list, fixup_name((enum fixup)f), d->found[f]);
	json_add_u64(o, "violations", s->violations);
	json_add_u64(o, "faults", (uint64_t)d->card[0].faults + d->card[1].faults);
	json_add_u64(o, "fault_seed", d->opt.fault_seed);
	json_add_u64(o, "events_lost", s->lost + d->events_dropped);
	if (d->move_started != 0)
		add_diagrams(d, o);
	printf("%s\n", json_line(o));
	json_object_put(o);
}

void demo_report(struct demo *d)
{
	struct sums s = sum_up(d);

	judge(d, &s);
	diagram_place_steps(d->events, d->events_n);
	if (d->opt.json) {
		print_json(d, &s);
		return;
	}
	if (!d->began) {
		fprintf(stderr, "gucemu demo: %s\n", d->failure);
		return;
	}
	if (d->move_started != 0)
		print_diagrams(d);
	print_summary(d, &s);
}
