/* SPDX-License-Identifier: MIT */
/* gucemu trace show: records as lines of text or as JSON; and info: what a
 * file holds altogether. */
#include "cli/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"
#include "view/describe.h"
#include "view/json.h"

static struct trace_words words;
static bool json, raw;

static const struct cli_option show_options[] = {
	{ "from", CLI_STRING, "SECONDS", "leave out what came before (since the beginning)",
	  &words.from, 0, 0 },
	{ "to", CLI_STRING, "SECONDS", "leave out what came after", &words.to, 0, 0 },
	{ "kind", CLI_STRING, "NAME,...", "only these kinds: h2g, g2h, state, mem-read, ...",
	  &words.kind, 0, 0 },
	{ "function", CLI_STRING, "pf|vfN,...", "only these functions", &words.function, 0, 0 },
	{ "gt", CLI_STRING, "N,...", "only these GTs", &words.gt, 0, 0 },
	{ "json", CLI_FLAG, NULL, "a JSON object a line", &json, 0, 0 },
	{ "raw", CLI_FLAG, NULL, "all fields, and the bytes in hexadecimal, below each line", &raw, 0,
	  0 },
};

static const struct cli_command show_command = {
	.name = "gucemu trace show",
	.args = "FILE [options]",
	.about = "print the records of a trace",
	.options = show_options,
	.options_n = sizeof(show_options) / sizeof(show_options[0]),
	.notes = "'gucemu trace info FILE' lists the kinds that a file holds.\n",
};

/* --- a line --------------------------------------------------------------------- */

static void put_function(char *buf, size_t cap, const struct trace_record *r)
{
	char gt[16] = "";

	if (r->gt != UINT8_MAX)
		snprintf(gt, sizeof(gt), "/gt%" PRIu32, r->gt);
	if (r->function == 0)
		snprintf(buf, cap, "pf%s", gt);
	else
		snprintf(buf, cap, "vf%" PRIu32 "%s", r->function, gt);
}

static void describe_card(char *buf, size_t cap, const struct trace_record *r)
{
	gucemu_TraceCard c;
	char sizes[80] = "";

	if (trace_decode_card(r, &c) != 0) {
		snprintf(buf, cap, "card malformed");
		return;
	}
	/* A control client's story does not know them. */
	if (c.contexts != 0)
		snprintf(sizes, sizeof(sizes), ", %" PRIu32 " contexts, GGTT %" PRIu64 " bytes",
			 c.contexts, c.ggtt_size);
	snprintf(buf, cap, "card %" PRIu32 " tiles %" PRIu32 " GTs a tile %" PRIu32 " VFs%s, VF ABI "
		 "1.%" PRIu32, c.tiles, c.gts, c.vfs, sizes, c.abi_minor);
}

/* A record that is no event of a GuC. */
static void describe_other(char *buf, size_t cap, const struct trace_record *r)
{
	const char *name = trace_kind_name(r->kind);
	char text[TRACE_TEXT_MAX + 1], who[32];

	text_copy_plain(text, sizeof(text), r->text, r->text_len);
	put_function(who, sizeof(who), r);
	if (r->kind == gucemu_TRACE_CARD)
		describe_card(buf, cap, r);
	else if (r->kind == gucemu_TRACE_END)
		snprintf(buf, cap, "end of %" PRIu64 " records", r->value);
	else if (r->kind == gucemu_TRACE_MARK)
		snprintf(buf, cap, "mark %s", text);
	else if (r->kind == gucemu_TRACE_STEP)
		snprintf(buf, cap, "%s step of %s: %s", who, r->code ? "the VF" : "the PF", text);
	else if (r->kind == gucemu_TRACE_ATTACH)
		snprintf(buf, cap, "%s attach %s%s", who, text, r->code ? " (adopted)" : "");
	else if (r->kind == gucemu_TRACE_DETACH)
		snprintf(buf, cap, "%s detach%s", who, r->code ? " (handed over)" : "");
	else
		snprintf(buf, cap, "%s kind %d", name ? name : "unknown", (int)r->kind);
}

/* What happened, in words; false: the record makes no sense. */
static bool describe(char *buf, size_t cap, const struct trace_record *r)
{
	struct view_event v;
	int err = r->kind == gucemu_TRACE_STEP ? -ENOENT : trace_to_event(&v, r);
	const struct guc_event *g;

	if (err == -ENOENT) {
		describe_other(buf, cap, r);
		return true;
	}
	if (err) {
		snprintf(buf, cap, "malformed %s", trace_kind_name(r->kind));
		return false;
	}
	g = view_event_guc(&v);
	if (trace_run_length(r) > 1) {
		put_function(buf, cap, r);
		snprintf(buf + strlen(buf), cap - strlen(buf), " %s %zu times %u bytes from 0x%" PRIx64,
			 trace_kind_name(r->kind), trace_run_length(r), r->size, r->addr);
		return true;
	}
	describe_event(buf, cap, g);
	if ((g->point == GUC_PT_MEM_READ || g->point == GUC_PT_MEM_WRITE) && !g->bytes)
		snprintf(buf + strlen(buf), cap - strlen(buf), " refused");
	return true;
}

static void print_hex(const struct trace_record *r)
{
	printf("    seq %" PRIu64 " time %" PRIu64 " addr 0x%" PRIx64 " value 0x%" PRIx64
	       " size %" PRIu32 " code 0x%" PRIx32 " len %" PRIu32 " from %" PRIu32 " to %" PRIu32
	       " error 0x%" PRIx32 " verdict %" PRIu32 "\n", r->seq, r->time, r->addr, r->value,
	       r->size, r->code, r->len, r->from, r->to, r->error, r->verdict);
	for (size_t i = 0; i < r->data_len; i++)
		printf("%s%02x%s", i % 16 == 0 ? "    " : " ", r->data[i],
		       i % 16 == 15 || i + 1 == r->data_len ? "\n" : "");
}

/* A member only when it is something. */
static void add_number(struct json_object *o, const char *key, uint64_t value)
{
	if (value != 0)
		json_add_u64(o, key, value);
}

static void print_json(const struct trace_file *f, const struct trace_record *r, const char *text)
{
	static char hex[2 * TRACE_DATA_MAX + 1];
	struct json_object *o = json_object_new_object();
	const char *name = trace_kind_name(r->kind);
	char string[TRACE_TEXT_MAX + 1];

	json_add_u64(o, "time", r->time);
	if (name)
		json_add_str(o, "kind", name);
	else
		json_add_u64(o, "kind", (uint64_t)r->kind);
	json_add_str(o, "card", trace_file_card(f, r->card));
	json_add_u64(o, "function", r->function);
	json_add_u64(o, "gt", r->gt);
	add_number(o, "seq", r->seq);
	add_number(o, "addr", r->addr);
	add_number(o, "value", r->value);
	add_number(o, "size", r->size);
	add_number(o, "code", r->code);
	add_number(o, "len", r->len);
	add_number(o, "from", r->from);
	add_number(o, "to", r->to);
	add_number(o, "error", r->error);
	add_number(o, "verdict", r->verdict);
	if (r->text_len > 0) {
		text_copy_plain(string, sizeof(string), r->text, r->text_len);
		json_add_str(o, "text", string);
	}
	for (size_t i = 0; i < r->data_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", r->data[i]);
	if (r->data_len > 0)
		json_add_str(o, "data", hex);
	json_add_str(o, "words", text);
	printf("%s\n", json_line(o));
	json_object_put(o);
}

int trace_show_main(int argc, char **argv)
{
	enum cli_result result = cli_parse(&show_command, &argc, argv);
	char text[DESCRIBE_MAX + TRACE_TEXT_MAX];
	struct trace_filter filter;
	struct trace_file f;
	struct trace_record r;
	enum trace_next next;
	uint64_t malformed = 0;
	int status;

	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	if (!trace_filter_parse(&filter, &words, show_command.name))
		return CLI_EXIT_USAGE;
	status = trace_open_arg(&f, argc, argv, show_command.name);
	if (status != 0)
		return status;
	while ((next = trace_file_next(&f, &r)) == TRACE_GOT) {
		if (!trace_filter_has(&filter, &f, &r))
			continue;
		malformed += !describe(text, sizeof(text), &r);
		if (json) {
			print_json(&f, &r, text);
			continue;
		}
		printf("[%12.6f s] %s %s\n", trace_file_seconds(&f, r.time),
		       trace_file_card(&f, r.card), text);
		if (raw)
			print_hex(&r);
	}
	status = trace_end(&f, next, malformed, show_command.name);
	trace_file_close(&f);
	return status;
}

/* --- info ------------------------------------------------------------------------- */

static const struct cli_option info_options[] = {
	{ "json", CLI_FLAG, NULL, "as a JSON object", &json, 0, 0 },
};

static const struct cli_command info_command = {
	.name = "gucemu trace info",
	.args = "FILE [options]",
	.about = "tell what a trace holds, and whether it is whole",
	.options = info_options,
	.options_n = sizeof(info_options) / sizeof(info_options[0]),
};

#define KINDS 64u

struct sums {
	uint64_t of_kind[KINDS], other, malformed, gaps;
	uint64_t last; /* time */
	uint64_t seq[TRACE_CARDS_MAX];
	bool counting[TRACE_CARDS_MAX];
};

/* A whole recording leaves out no number of a card's count. */
static void check_seq(struct sums *s, const struct trace_file *f, const struct trace_record *r)
{
	if (r->card >= TRACE_CARDS_MAX || r->kind < gucemu_TRACE_MMIO_READ ||
	    f->header.content != gucemu_TRACE_EVERYTHING)
		return;
	s->gaps += s->counting[r->card] ? r->seq != s->seq[r->card] + 1 : r->seq != 0;
	s->counting[r->card] = true;
	s->seq[r->card] = r->seq + (trace_run_length(r) ? trace_run_length(r) : 1) - 1;
}

static void sum_up(struct sums *s, const struct trace_file *f, const struct trace_record *r)
{
	struct view_event v;

	if ((unsigned)r->kind < KINDS)
		s->of_kind[r->kind]++;
	else
		s->other++;
	s->malformed += trace_to_event(&v, r) == -EBADMSG;
	if (r->time > s->last)
		s->last = r->time;
	check_seq(s, f, r);
}

static void print_info(const struct trace_file *f, const struct sums *s)
{
	printf("program   %s\n", f->header.program);
	printf("content   %s\n", f->header.content == gucemu_TRACE_STORY
					 ? "what the cards told a control client"
					 : "everything that went in and out of the card");
	if (f->header.seed != 0)
		printf("seed      %" PRIu64 "\n", f->header.seed);
	for (unsigned i = 0; i < TRACE_CARDS_MAX; i++) {
		const gucemu_TraceCard *c = &f->card[i];

		if (f->known[i])
			printf("card      %s: %" PRIu32 " tiles, %" PRIu32 " GTs a tile, %" PRIu32
			       " VFs, VF ABI 1.%" PRIu32 "\n", c->name, c->tiles, c->gts, c->vfs,
			       c->abi_minor);
	}
	printf("time      %.6f s\n", s->last ? trace_file_seconds(f, s->last) : 0.0);
	printf("size      %" PRIu64 " bytes, %" PRIu64 " records%s\n", f->offset, f->records,
	       f->ended ? "" : ", cut short");
	for (unsigned k = 0; k < KINDS; k++) {
		const char *name = trace_kind_name((gucemu_TraceKind)k);

		if (s->of_kind[k] > 0)
			printf("  %-14s %" PRIu64 "\n", name ? name : "unknown", s->of_kind[k]);
	}
	if (s->other > 0)
		printf("  %-14s %" PRIu64 "\n", "unknown", s->other);
	if (s->gaps > 0)
		printf("missing   events in %" PRIu64 " places\n", s->gaps);
}

static void print_info_json(const struct trace_file *f, const struct sums *s, bool whole)
{
	struct json_object *o = json_object_new_object(), *kinds, *cards;

	json_add_str(o, "program", f->header.program);
	json_add_str(o, "content",
		     f->header.content == gucemu_TRACE_STORY ? "story" : "everything");
	json_add_u64(o, "seed", f->header.seed);
	json_add_u64(o, "wall_clock", f->header.wall_clock);
	json_add_bool(o, "whole", whole);
	json_add_bool(o, "ended", f->ended);
	json_add_u64(o, "bytes", f->offset);
	json_add_u64(o, "records", f->records);
	json_add_u64(o, "gaps", s->gaps);
	json_add_u64(o, "duration_ns", s->last > f->header.clock ? s->last - f->header.clock : 0);
	cards = json_add_array(o, "cards");
	for (unsigned i = 0; i < TRACE_CARDS_MAX; i++)
		if (f->known[i])
			json_push_str(cards, f->card[i].name);
	kinds = json_add_object(o, "kinds");
	for (unsigned k = 0; k < KINDS; k++)
		if (s->of_kind[k] > 0 && trace_kind_name((gucemu_TraceKind)k))
			json_add_u64(kinds, trace_kind_name((gucemu_TraceKind)k), s->of_kind[k]);
	printf("%s\n", json_line(o));
	json_object_put(o);
}

int trace_info_main(int argc, char **argv)
{
	enum cli_result result = cli_parse(&info_command, &argc, argv);
	struct sums s = { 0 };
	struct trace_file f;
	struct trace_record r;
	enum trace_next next;
	int status;

	if (result != CLI_RUN)
		return result == CLI_HELP ? 0 : CLI_EXIT_USAGE;
	status = trace_open_arg(&f, argc, argv, info_command.name);
	if (status != 0)
		return status;
	while ((next = trace_file_next(&f, &r)) == TRACE_GOT)
		sum_up(&s, &f, &r);
	if (json)
		print_info_json(&f, &s, next == TRACE_ENDED && s.malformed == 0 && s.gaps == 0);
	else
		print_info(&f, &s);
	status = trace_end(&f, next, s.malformed, info_command.name);
	trace_file_close(&f);
	return s.gaps > 0 ? TRACE_EXIT_DAMAGED : status;
}
