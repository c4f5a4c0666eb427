/* SPDX-License-Identifier: MIT */
/* Records of trace files: what is written is read again, every byte that is
 * damaged is noticed, and nothing that can stand in a file does harm. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/trace_file.h"
#include "proto/bits.h"
#include "proto/crc32c.h"
#include "tests/check_main.h"

static uint8_t buf[2 * TRACE_RECORD_MAX];

/* Every field at its widest. */
static struct trace_record full(const uint8_t *data, size_t len, const char *text)
{
	return (struct trace_record){
		.kind = gucemu_TRACE_MEM_READ,
		.card = UINT32_MAX,
		.function = UINT32_MAX,
		.gt = UINT32_MAX,
		.size = UINT32_MAX,
		.code = UINT32_MAX,
		.len = UINT32_MAX,
		.from = UINT32_MAX,
		.to = UINT32_MAX,
		.error = UINT32_MAX,
		.verdict = UINT32_MAX,
		.seq = UINT64_MAX,
		.time = UINT64_MAX,
		.addr = UINT64_MAX,
		.value = UINT64_MAX,
		.data = data,
		.data_len = len,
		.text = text,
		.text_len = strlen(text),
	};
}

static void check_same(const struct trace_record *a, const struct trace_record *b)
{
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->card, b->card);
	ck_assert_uint_eq(a->function, b->function);
	ck_assert_uint_eq(a->gt, b->gt);
	ck_assert_uint_eq(a->size, b->size);
	ck_assert_uint_eq(a->code, b->code);
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_uint_eq(a->from, b->from);
	ck_assert_uint_eq(a->to, b->to);
	ck_assert_uint_eq(a->error, b->error);
	ck_assert_uint_eq(a->verdict, b->verdict);
	ck_assert_uint_eq(a->seq, b->seq);
	ck_assert_uint_eq(a->time, b->time);
	ck_assert_uint_eq(a->addr, b->addr);
	ck_assert_uint_eq(a->value, b->value);
	ck_assert_uint_eq(a->data_len, b->data_len);
	ck_assert_uint_eq(a->text_len, b->text_len);
	ck_assert(a->data_len == 0 || memcmp(a->data, b->data, a->data_len) == 0);
	ck_assert(a->text_len == 0 || memcmp(a->text, b->text, a->text_len) == 0);
}

START_TEST(record_comes_back)
{
	/* What trace_encode() writes nanopb reads by the schema, field by field, at
	 * both ends of each range; the longest record fits, a longer one is refused. */
	static uint8_t data[TRACE_DATA_MAX + 1];
	static char text[TRACE_TEXT_MAX + 2];
	struct trace_record r, got;
	long n;

	memset(data, 0x5A, sizeof(data));
	memset(text, 't', TRACE_TEXT_MAX);
	r = full(data, TRACE_DATA_MAX, text);
	n = trace_encode(&r, buf, sizeof(buf));
	ck_assert_int_gt(n, TRACE_DATA_MAX + TRACE_TEXT_MAX);
	ck_assert_int_le(n, (long)trace_bound(&r));
	ck_assert_int_eq(trace_decode(buf, sizeof(buf), &got), n);
	check_same(&r, &got);
	ck_assert_int_eq(trace_encode(&r, buf, trace_bound(&r) - 1), -EMSGSIZE);
	r.data_len++;
	ck_assert_int_eq(trace_encode(&r, buf, sizeof(buf)), -EMSGSIZE);
	r = full(data, 0, "");
	text[TRACE_TEXT_MAX] = 't';
	r.text = text;
	r.text_len = TRACE_TEXT_MAX + 1;
	ck_assert_int_eq(trace_encode(&r, buf, sizeof(buf)), -EMSGSIZE);
	r = (struct trace_record){ .kind = gucemu_TRACE_TICK };
	n = trace_encode(&r, buf, sizeof(buf));
	ck_assert_int_eq(trace_decode(buf, (size_t)n, &got), n);
	check_same(&r, &got);
}
END_TEST

START_TEST(damage_is_noticed)
{
	/* A record cut anywhere needs more bytes; one with any bit changed is never
	 * taken for the record it was, nor for another. */
	struct trace_record r = full((const uint8_t *)"0123456789abcdef", 16, "text"), got;
	long n = trace_encode(&r, buf, sizeof(buf));

	for (long cut = 0; cut < n; cut++)
		ck_assert_int_eq(trace_decode(buf, (size_t)cut, &got), 0);
	for (long bit = 0; bit < 8 * n; bit++) {
		long result;

		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		result = trace_decode(buf, (size_t)n, &got);
		ck_assert_msg(result <= 0, "bit %ld: %ld", bit, result);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(trace_decode(buf, (size_t)n, &got), n);
}
END_TEST

/* A record with body[0..len) and a right checksum. */
static long forge(const uint8_t *body, size_t len)
{
	uint8_t *p = buf;
	size_t all = len + 5;

	for (; all >= 0x80; all >>= 7)
		*p++ = (uint8_t)(all | 0x80);
	*p++ = (uint8_t)all;
	memcpy(p, body, len);
	p[len] = 0x7D;
	le32_put(p + len + 1, crc32c(0, p, len));
	return p + len + 5 - buf;
}

static const struct {
	const char *what;
	uint8_t body[16];
	size_t len;
	long result; /* 1: taken */
} forged[] = {
	{ "kind 17", { 0x08, 17 }, 2, 1 },
	{ "a kind of later programs", { 0x08, 0xFF, 0x7F }, 3, 1 },
	{ "an unknown field", { 0x08, 17, 0xF8, 0x3F, 1 }, 5, 1 },
	{ "no kind", { 0x10, 1 }, 2, -EBADMSG },
	{ "nothing", { 0 }, 0, -EBADMSG },
	{ "a varint without end", { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
				    0xFF }, 12, -EBADMSG },
	{ "a number of 64 bits in a field of 32", { 0x08, 17, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1 },
	  9, -EBADMSG },
	{ "data longer than the record", { 0x08, 17, 0x6A, 0x7F, 1 }, 5, -EBADMSG },
	{ "data of 4 GiB", { 0x08, 17, 0x6A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F }, 8, -EBADMSG },
	{ "data as a number", { 0x08, 17, 0x68, 1 }, 4, -EBADMSG },
	{ "text as a number", { 0x08, 17, 0x95, 0x01, 1, 2, 3, 4 }, 8, -EBADMSG },
	{ "a header as a number", { 0x08, 1, 0x98, 0x01, 1 }, 5, -EBADMSG },
	{ "field number 0", { 0x08, 17, 0x00, 0 }, 4, -EBADMSG },
	{ "a group", { 0x08, 17, 0x0B, 0x0C }, 4, -EBADMSG },
};

START_TEST(forged_records)
{
	/* A right checksum is no proof of sense: what protobuf forbids is refused,
	 * what later programs may add is passed over. */
	struct trace_record r;
	long n = forge(forged[_i].body, forged[_i].len);
	long result = trace_decode(buf, (size_t)n, &r);

	ck_assert_msg(result == (forged[_i].result == 1 ? n : forged[_i].result), "%s: %ld",
		      forged[_i].what, result);
}
END_TEST

START_TEST(impossible_lengths)
{
	/* The length is judged before anything is waited for. */
	static const uint8_t endless[] = { 0xFF, 0xFF, 0xFF, 0xFF };
	static const uint8_t large[] = { 0xFF, 0xFF, 0x7F };
	static const uint8_t none[] = { 0 };
	struct trace_record r;

	ck_assert_int_eq(trace_decode(endless, sizeof(endless), &r), -EMSGSIZE);
	ck_assert_int_eq(trace_decode(large, sizeof(large), &r), -EMSGSIZE);
	ck_assert_int_eq(trace_decode(none, sizeof(none), &r), -EILSEQ);
	ck_assert_int_eq(trace_decode(none, 0, &r), 0);
}
END_TEST

START_TEST(card_comes_back)
{
	/* Geometry and options, each field of its own value, are the same behind
	 * the file; values that don't fit are refused. */
	struct guc_geometry g = { .tiles = 2, .gts = 1, .vfs = 63, .contexts = 65535,
				  .ggtt_size = 4ull << 30 }, g2;
	struct guc_options o, o2;
	gucemu_TraceCard card, card2;
	struct trace_record r;
	long n;

	memset(&o, 0, sizeof(o));
	for (unsigned i = 0; i < GUC_MAX_FUNCTIONS; i++)
		o.vf_abi_minor[i] = (uint8_t)(i % 29);
	o.abi_minor = 26;
	o.strict_resfix = o.no_drain = o.strict_detector = o.gap_profile = o.ggtt_tlb = true;
	o.gmd_id[0] = 0xF0000001;
	o.gmd_id[1] = 0xF0000002;
	o.devid = 0xB081;
	o.revid = 7;
	o.engine_budget = 99;
	o.vf_stride = 0x1000;
	o.irq_registers = true;
	trace_from_card(&card, "card", &g, &o);
	n = trace_encode_card(&card, 5, 77, buf, sizeof(buf));
	ck_assert_int_eq(trace_decode(buf, (size_t)n, &r), n);
	ck_assert_uint_eq(r.card, 5);
	ck_assert_int_eq(trace_decode_card(&r, &card2), 0);
	ck_assert_str_eq(card2.name, "card");
	memset(&g2, 0, sizeof(g2));
	memset(&o2, 0, sizeof(o2));
	ck_assert_int_eq(trace_to_card(&card2, &g2, &o2), 0);
	ck_assert_uint_eq(g2.tiles, g.tiles);
	ck_assert_uint_eq(g2.gts, g.gts);
	ck_assert_uint_eq(g2.vfs, g.vfs);
	ck_assert_uint_eq(g2.contexts, g.contexts);
	ck_assert_uint_eq(g2.ggtt_size, g.ggtt_size);
	ck_assert(memcmp(&o, &o2, sizeof(o)) == 0);
	card2.vfs = 256;
	ck_assert_int_eq(trace_to_card(&card2, &g2, &o2), -EBADMSG);
	ck_assert_int_eq(trace_decode_header(&r, &(gucemu_TraceHeader){ 0 }), -EBADMSG);
}
END_TEST

START_TEST(events_come_back)
{
	/* Each point has a kind of its own, and its event is the same again. */
	static const uint8_t bytes[16] = "sixteen bytes!!";
	uint32_t dw[VIEW_EVENT_DWORDS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	const struct guc_finding finding = { FIXUP_RING_START, 2, 3, 4, 5, 6, 7 };
	enum guc_point p = (enum guc_point)_i;
	struct guc_event e = { .point = p, .fn = 63, .gt = 3, .verdict = 1, .seq = 9, .time = 10,
			       .addr = 11, .value = 12, .code = 13, .from = 14, .to = 15,
			       .error = 16 };
	struct trace_scratch scratch;
	struct trace_record r, got;
	struct view_event v;
	const struct guc_event *back;
	long n;

	if (p == GUC_PT_FINDING) {
		e.finding = &finding;
	} else if (p == GUC_PT_MEM_READ || p == GUC_PT_MEM_WRITE) {
		e.bytes = bytes;
		e.len = sizeof(bytes);
	} else if (p == GUC_PT_H2G || p == GUC_PT_G2H || p == GUC_PT_MBOX_REQUEST ||
		   p == GUC_PT_MBOX_REPLY || p == GUC_PT_PROVISION || p == GUC_PT_MISHAP) {
		e.msg = dw;
		e.msg_len = VIEW_EVENT_DWORDS;
	}
	trace_from_event(&r, &e, &scratch);
	n = trace_encode(&r, buf, sizeof(buf));
	ck_assert_int_eq(trace_decode(buf, (size_t)n, &got), n);
	ck_assert_str_eq(trace_kind_name(got.kind), guc_point_name(p));
	ck_assert_int_eq(trace_to_event(&v, &got), 0);
	back = view_event_guc(&v);
	ck_assert_uint_eq(back->point, p);
	ck_assert_uint_eq(guc_event_hash(0, back), guc_event_hash(0, &e));
	ck_assert_uint_eq(back->time, e.time);
}
END_TEST

START_TEST(events_out_of_range)
{
	/* Fields that no event can have are refused, whatever the kind. */
	const struct trace_record good = { .kind = gucemu_TRACE_MEM_READ, .len = 4, .data_len = 4,
					   .data = (const uint8_t *)"abcd" };
	struct trace_record r = good;
	struct view_event v;

	ck_assert_int_eq(trace_to_event(&v, &r), 0);
	r.function = 64;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.gt = 256;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.len = 5;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.len = 65537, r.data_len = 0;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.kind = gucemu_TRACE_FINDING;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.kind = gucemu_TRACE_H2G, r.data_len = 3;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.kind = gucemu_TRACE_STATE;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.kind = gucemu_TRACE_MMIO_READ, r.size = 4;
	ck_assert_int_eq(trace_to_event(&v, &r), -EBADMSG);
	r = good, r.kind = (gucemu_TraceKind)1000;
	ck_assert_int_eq(trace_to_event(&v, &r), -ENOENT);
}
END_TEST

/* --- runs ------------------------------------------------------------------------ */

static struct trace_run run;

START_TEST(runs_hold_accesses)
{
	/* Accesses behind one another make one record, which gives each of them
	 * again; whatever does not continue them ends it. */
	struct guc_event e = { .point = GUC_PT_MMIO_WRITE, .fn = 1, .size = 8, .seq = 100, .time = 7,
			       .addr = 0x800000 };
	struct guc_event other;
	struct trace_record r, got, single;
	long n;

	for (unsigned i = 0; i < TRACE_RUN_MAX; i++) {
		e.value = 0x1122334455667788ull + i;
		ck_assert(trace_run_add(&run, &e));
		e.addr += 8;
		e.seq++;
	}
	ck_assert(!trace_run_add(&run, &e));
	ck_assert(trace_run_take(&run, &r));
	n = trace_encode(&r, buf, sizeof(buf));
	ck_assert_int_eq(trace_decode(buf, (size_t)n, &got), n);
	ck_assert_uint_eq(trace_run_length(&got), TRACE_RUN_MAX);
	for (unsigned i = 0; i < TRACE_RUN_MAX; i++) {
		trace_run_single(&got, i, &single);
		ck_assert_uint_eq(single.addr, 0x800000 + 8 * i);
		ck_assert_uint_eq(single.seq, 100 + i);
		ck_assert_uint_eq(single.value, 0x1122334455667788ull + i);
		ck_assert_uint_eq(single.data_len + single.len, 0);
	}
	ck_assert(!trace_run_take(&run, &r));
	ck_assert(trace_run_add(&run, &e));
	for (unsigned what = 0; what < 7; what++) {
		other = e;
		other.addr += 8;
		other.seq++;
		other.point = what == 0 ? GUC_PT_MMIO_READ : other.point;
		other.fn += what == 1;
		other.size = what == 2 ? 4 : 8;
		other.time += what == 3;
		other.addr += 8 * (what == 4);
		other.seq += what == 5;
		other.verdict = what == 6 ? GUC_CHANGE : GUC_PASS;
		ck_assert_msg(!trace_run_add(&run, &other), "difference %u", what);
	}
	ck_assert(trace_run_take(&run, &r));
	ck_assert_uint_eq(trace_run_length(&r), 1);
	ck_assert_uint_eq(r.value, e.value);
	ck_assert_uint_eq(r.data_len, 0);
	other.point = GUC_PT_TICK;
	ck_assert(!trace_run_add(&run, &other));
	r = (struct trace_record){ .kind = gucemu_TRACE_MMIO_READ, .size = 3, .len = 6,
				   .data_len = 6 };
	ck_assert_uint_eq(trace_run_length(&r), 0);
	r.size = 0;
	ck_assert_uint_eq(trace_run_length(&r), 0);
}
END_TEST

/* --- files ----------------------------------------------------------------------- */

static char path[64];

/* A file of `len` bytes of `bytes`. */
static void store(const void *bytes, size_t len)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/gucemu-trace-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (long)len);
	close(fd);
}

/* Magic, header, `n` ticks, END into file[]; the offset of each record's end. */
static uint8_t file[65536];

static size_t make_file(unsigned ticks, uint32_t version, size_t *ends)
{
	const gucemu_TraceHeader h = { .version = version, .program = "test\033[2J" };
	size_t at = TRACE_MAGIC_BYTES;

	memcpy(file, TRACE_MAGIC, TRACE_MAGIC_BYTES);
	at += (size_t)trace_encode_header(&h, file + at, sizeof(file) - at);
	ends[0] = at;
	for (unsigned i = 0; i <= ticks; i++) {
		const struct trace_record r = { .kind = i < ticks ? gucemu_TRACE_TICK
								  : gucemu_TRACE_END,
						.value = i, .seq = i };

		at += (size_t)trace_encode(&r, file + at, sizeof(file) - at);
		ends[i + 1] = at;
	}
	return at;
}

START_TEST(file_cut_anywhere)
{
	/* A file that ends anywhere gives every record that is whole, no other, and
	 * says where it broke; one with its END is whole. */
	size_t ends[12], len = make_file(10, TRACE_VERSION, ends);

	for (size_t cut = 0; cut <= len; cut++) {
		struct trace_file f;
		struct trace_record r;
		enum trace_open opened;
		enum trace_next next = TRACE_ENDED;
		unsigned whole = 0, got = 0;

		store(file, cut);
		while (whole < 12 && ends[whole] <= cut)
			whole++;
		opened = trace_file_open(&f, path);
		ck_assert_int_eq(opened, cut < TRACE_MAGIC_BYTES ? TRACE_NO_TRACE
				 : whole == 0 ? TRACE_BROKEN : TRACE_OPENED);
		while (opened == TRACE_OPENED && (next = trace_file_next(&f, &r)) == TRACE_GOT)
			got++;
		if (opened == TRACE_OPENED) {
			ck_assert_uint_eq(got, whole - 1);
			ck_assert_int_eq(next, ends[whole - 1] == cut ? TRACE_ENDED : TRACE_DAMAGED);
			ck_assert_uint_eq(f.offset, ends[whole - 1]);
			ck_assert_int_eq(f.ended, cut == len);
			ck_assert_str_eq(f.header.program, "test?[2J");
		}
		ck_assert(opened == TRACE_OPENED || f.why[0]);
		trace_file_close(&f);
		unlink(path);
	}
}
END_TEST

START_TEST(file_of_another_version)
{
	/* Another version is no trace of ours, and is said to be one. */
	size_t ends[2], len = make_file(0, TRACE_VERSION + 1, ends);
	struct trace_file f;

	store(file, len);
	ck_assert_int_eq(trace_file_open(&f, path), TRACE_NO_TRACE);
	ck_assert(strstr(f.why, "version 2"));
	trace_file_close(&f);
	unlink(path);
	ck_assert_int_eq(trace_file_open(&f, "/no/such/file"), TRACE_NO_TRACE);
	trace_file_close(&f);
	ck_assert_int_eq(trace_file_open(&f, "/tmp"), TRACE_NO_TRACE);
	trace_file_close(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace");
	TCase *t = tcase_create("trace");

	tcase_add_test(t, record_comes_back);
	tcase_add_test(t, damage_is_noticed);
	tcase_add_loop_test(t, forged_records, 0, sizeof(forged) / sizeof(forged[0]));
	tcase_add_test(t, impossible_lengths);
	tcase_add_test(t, card_comes_back);
	tcase_add_loop_test(t, events_come_back, 0, GUC_PT_COUNT);
	tcase_add_test(t, events_out_of_range);
	tcase_add_test(t, runs_hold_accesses);
	tcase_add_test(t, file_cut_anywhere);
	tcase_add_test(t, file_of_another_version);
	suite_add_tcase(s, t);
	return check_main(s);
}
