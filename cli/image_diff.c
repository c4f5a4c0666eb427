/* SPDX-License-Identifier: MIT */
/* What differs between two images, in the protocol's terms: fields of the
 * descriptor and of each GuC's blob by name, contexts by id, mailbox words, GGTT
 * entries and pages of content by number. Where a VF was is no difference. */
#include "cli/image_doc.h"

#include <inttypes.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/regs.h"

struct diff {
	struct json_object *found, *places;
	unsigned limit, shown; /* ranges of one kind */
};

/* Different by design after a migration, or following from other differences. */
static bool is_place(const char *name)
{
	static const char *const places[] = { "ggtt_start", "begin_context", "begin_doorbell",
					      "notes_base" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(name, places[i]) == 0)
			return true;
	return false;
}

static bool is_derived(const char *path, const char *name)
{
	static const char *const derived[] = { "id", "crc", "sections", "runs", "runs_in_all" };

	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
		if (strcmp(name, derived[i]) == 0)
			return true;
	/* Of the file: what takes more or less room is said. */
	return !*path && (strcmp(name, "bytes") == 0 || strcmp(name, "format") == 0);
}

static void report(struct json_object *list, const char *what, const char *a, const char *b)
{
	struct json_object *o = json_push_object(list);

	json_add_str(o, "what", what);
	json_add_str(o, "a", a);
	json_add_str(o, "b", b);
}

static const char *text_of(struct json_object *value)
{
	if (!value)
		return "absent";
	return json_object_is_type(value, json_type_object) ? "present"
							     : json_object_get_string(value);
}

static void compare(struct diff *d, const char *path, struct json_object *a,
		    struct json_object *b);

static void compare_member(struct diff *d, const char *path, const char *name,
			   struct json_object *a, struct json_object *b)
{
	char below[256];

	if (is_derived(path, name))
		return;
	snprintf(below, sizeof(below), "%s%s%s", path, *path ? " " : "", name);
	if (json_object_is_type(a, json_type_object) && json_object_is_type(b, json_type_object))
		compare(d, below, a, b);
	else if (!a || !b || !json_object_equal(a, b))
		report(is_place(name) ? d->places : d->found, below, text_of(a), text_of(b));
}

static void compare(struct diff *d, const char *path, struct json_object *a,
		    struct json_object *b)
{
	json_object_object_foreach(a, name, value)
		compare_member(d, path, name, value, json_get(b, name));
	json_object_object_foreach(b, other, only)
		if (!json_get(a, other))
			compare_member(d, path, other, NULL, only);
}

/* --- ranges ---------------------------------------------------------------------- */

static bool may_show(struct diff *d, const char *kind)
{
	char what[64];

	if (d->limit == 0 || d->shown < d->limit) {
		d->shown++;
		return true;
	}
	if (d->shown++ == d->limit) {
		snprintf(what, sizeof(what), "%s: more of them", kind);
		report(d->found, what, "...", "...");
	}
	return false;
}

static void diff_entries(struct diff *d, unsigned gt, const uint64_t *a, const uint64_t *b,
			 size_t n)
{
	char what[96], old[32], new[32];

	d->shown = 0;
	for (size_t i = 0, next; i < n; i = next) {
		next = i + 1;
		if (a[i] == b[i])
			continue;
		while (next < n && a[next] != b[next])
			next++;
		if (!may_show(d, "GGTT entries"))
			return;
		snprintf(old, sizeof(old), "0x%" PRIx64, a[i]);
		snprintf(new, sizeof(new), "0x%" PRIx64, b[i]);
		if (next == i + 1)
			snprintf(what, sizeof(what), "gt%u ggtt entry %zu", gt, i);
		else
			snprintf(what, sizeof(what), "gt%u ggtt entries %zu to %zu", gt, i,
				 next - 1);
		report(d->found, what, old, new);
	}
}

static void diff_pages(struct diff *d, unsigned gt, unsigned kind, const struct image_doc *a,
		       const struct image_doc *b)
{
	const uint32_t *x = a->page[kind][gt], *y = b->page[kind][gt];
	uint64_t n = a->pages[kind][gt] < b->pages[kind][gt] ? a->pages[kind][gt]
							     : b->pages[kind][gt];
	const char *name = kind ? "compression metadata" : "lmem";
	char what[128], old[16], new[16];

	d->shown = 0;
	for (uint64_t i = 0, next; i < n; i = next) {
		next = i + 1;
		if (x[i] == y[i])
			continue;
		while (next < n && x[next] != y[next])
			next++;
		if (!may_show(d, name))
			return;
		snprintf(what, sizeof(what), "gt%u %s 0x%" PRIx64 " to 0x%" PRIx64, gt, name,
			 i * GGTT_PAGE, next * GGTT_PAGE - 1);
		snprintf(old, sizeof(old), "crc %08x", x[i]);
		snprintf(new, sizeof(new), "crc %08x", y[i]);
		report(d->found, what, old, new);
	}
}

struct json_object *image_doc_diff(const struct image_doc *a, const struct image_doc *b,
				   unsigned limit, struct json_object **places)
{
	struct diff d = { .limit = limit };
	struct json_object *ja = image_doc_json(a), *jb = image_doc_json(b);
	unsigned gts = (unsigned)a->reader.want.tiles * a->reader.want.gts;

	d.found = json_object_new_array();
	d.places = json_object_new_array();
	compare(&d, "", ja, jb);
	for (unsigned gt = 0; gt < gts && a->reader.want.gts == b->reader.want.gts &&
			      gt < (unsigned)b->reader.want.tiles * b->reader.want.gts;
	     gt += a->reader.want.gts) {
		size_t n, m;
		uint64_t *x = image_doc_entries(a, gt, &n), *y = image_doc_entries(b, gt, &m);

		if (x && y)
			diff_entries(&d, gt, x, y, n < m ? n : m);
		free(x);
		free(y);
		diff_pages(&d, gt, 0, a, b);
		diff_pages(&d, gt, 1, a, b);
	}
	json_object_put(ja);
	json_object_put(jb);
	*places = d.places;
	return d.found;
}
