/* SPDX-License-Identifier: MIT */
/* See tape.h. The replayed card's port answers with what the recording says
 * was read, its sink compares what the card tells with the next record. */
#include "tape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bits.h"
#include "view/describe.h"
#include "view/trace.h"

/* --- recording ----------------------------------------------------------------- */

static void room(struct tape *t, size_t n)
{
	if (t->cap - t->len >= n)
		return;
	t->cap = t->cap ? 2 * t->cap + n : 1u << 20;
	t->bytes = realloc(t->bytes, t->cap);
	if (!t->bytes)
		abort();
}

static void took(struct tape *t, long n)
{
	if (n <= 0)
		abort();
	t->len += (size_t)n;
	t->records++;
}

static void put(struct tape *t, const struct trace_record *r)
{
	room(t, trace_bound(r));
	took(t, trace_encode(r, t->bytes + t->len, t->cap - t->len));
}

void tape_begin(void *user, const struct guc_geometry *g, const struct guc_options *o)
{
	struct tape *t = user;
	gucemu_TraceCard card;

	memset(t, 0, sizeof(*t));
	trace_from_card(&card, "tape", g, o);
	room(t, TRACE_RECORD_MAX);
	took(t, trace_encode_card(&card, 0, 0, t->bytes, t->cap));
}

void tape_sink(void *user, const struct guc_event *event)
{
	struct tape *t = user;
	struct trace_scratch scratch;
	struct trace_record r;

	if (trace_run_add(&t->run, event))
		return;
	tape_end(t);
	if (trace_run_add(&t->run, event))
		return;
	trace_from_event(&r, event, &scratch);
	put(t, &r);
}

void tape_end(struct tape *t)
{
	struct trace_record r;

	if (trace_run_take(&t->run, &r))
		put(t, &r);
}

bool tape_load(struct tape *t, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct trace_record r;
	size_t at = TRACE_MAGIC_BYTES, n;
	long header;

	memset(t, 0, sizeof(*t));
	while (f) {
		room(t, 1u << 20);
		n = fread(t->bytes + t->len, 1, t->cap - t->len, f);
		t->len += n;
		if (n == 0)
			break;
	}
	if (f)
		fclose(f);
	header = t->len > at ? trace_decode(t->bytes + at, t->len - at, &r) : 0;
	if (header <= 0 || r.kind != gucemu_TRACE_HEADER)
		return false;
	at += (size_t)header;
	t->len -= at;
	memmove(t->bytes, t->bytes + at, t->len);
	return true;
}

/* --- replay -------------------------------------------------------------------- */

static bool peek(struct replay *r, size_t at, struct trace_record *rec, size_t *n)
{
	long used = at < r->tape.len
			    ? trace_decode(r->tape.bytes + at, r->tape.len - at, rec)
			    : 0;

	*n = used > 0 ? (size_t)used : 0;
	return used > 0;
}

static void differs(struct replay *r, const char *what, const struct trace_record *rec)
{
	if (r->why[0])
		return;
	snprintf(r->why, sizeof(r->why),
		 "record %zu, offset %zu: %s; recorded %s fn %u gt %u addr 0x%llx value 0x%llx",
		 r->records, r->at, what, rec ? trace_kind_name(rec->kind) : "nothing",
		 rec ? rec->function : 0, rec ? rec->gt : 0,
		 rec ? (unsigned long long)rec->addr : 0, rec ? (unsigned long long)rec->value : 0);
}

/* The access that the card makes must be the next that was recorded. */
static bool next_access(struct replay *r, gucemu_TraceKind kind, unsigned fn, uint64_t dma,
			size_t len, bool dword, struct trace_record *rec)
{
	size_t n;

	if (!peek(r, r->at, rec, &n)) {
		differs(r, "memory access behind the end", NULL);
		return false;
	}
	if (rec->kind != kind || rec->function != fn || rec->addr != dma || rec->len != len ||
	    rec->size != (dword ? 4u : 0u)) {
		differs(r, "another memory access", rec);
		return false;
	}
	return rec->data_len == len;
}

static int mem_read(void *user, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	struct trace_record rec;

	if (!next_access(user, gucemu_TRACE_MEM_READ, fn, dma, len, false, &rec))
		return -EFAULT;
	memcpy(dst, rec.data, len);
	return 0;
}

static int load32(void *user, unsigned fn, uint64_t dma, uint32_t *value)
{
	struct trace_record rec;

	if (!next_access(user, gucemu_TRACE_MEM_READ, fn, dma, 4, true, &rec))
		return -EFAULT;
	memcpy(value, rec.data, 4);
	return 0;
}

/* What is written is compared by the sink. */
static int mem_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	struct trace_record rec;

	(void)src;
	return next_access(user, gucemu_TRACE_MEM_WRITE, fn, dma, len, false, &rec) ? 0 : -EFAULT;
}

static int store32(void *user, unsigned fn, uint64_t dma, uint32_t value)
{
	struct trace_record rec;

	(void)value;
	return next_access(user, gucemu_TRACE_MEM_WRITE, fn, dma, 4, true, &rec) ? 0 : -EFAULT;
}

/* The card's own memory is read and written like the functions'. */
static int local_read(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		      void *dst, size_t len)
{
	uint32_t value = 0;
	int err;

	(void)space, (void)tile;
	if (len != 4)
		return mem_read(user, fn, off, dst, len);
	err = load32(user, fn, off, &value);
	memcpy(dst, &value, sizeof(value));
	return err;
}

static int local_write(void *user, enum guc_space space, unsigned tile, unsigned fn,
		       uint64_t off, const void *src, size_t len)
{
	(void)space, (void)tile;
	return len == 4 ? store32(user, fn, off, 0) : mem_write(user, fn, off, src, len);
}

static void irq(void *user, unsigned fn, const struct guc_irq *i)
{
	(void)user, (void)fn, (void)i;
}

static void compare(void *user, const struct guc_event *event)
{
	struct replay *r = user;
	struct trace_scratch scratch;
	struct trace_record made, rec;
	uint8_t bytes[TRACE_RECORD_MAX];
	char text[DESCRIBE_MAX];
	size_t n;
	long len;

	trace_from_event(&made, event, &scratch);
	len = trace_encode(&made, bytes, sizeof(bytes));
	if (!peek(r, r->at, &rec, &n)) {
		differs(r, "more than was recorded", NULL);
	} else if (len < 0 || (size_t)len != n || memcmp(bytes, r->tape.bytes + r->at, n) != 0) {
		describe_event(text, sizeof(text), event);
		differs(r, text, &rec);
	}
	r->at += n;
	r->records++;
}

static void mishap(struct replay *r, const struct trace_record *rec)
{
	uint32_t dw[MISHAP_DWORDS];
	struct guc_mishap m;

	for (unsigned i = 0; i < MISHAP_DWORDS; i++)
		dw[i] = le32_get(rec->data + 4 * i);
	m = (struct guc_mishap){
		.kind = (enum guc_mishap_kind)dw[0],
		.context = dw[1],
		.type = dw[2],
		.engine_class = (uint8_t)dw[3],
		.instance = (uint8_t)(dw[3] >> 8),
		.reason = dw[4],
		.fault = { .address = make64(dw[5], dw[6]),
			   .asid = dw[7],
			   .level = (uint8_t)dw[8],
			   .access = (uint8_t)(dw[8] >> 8),
			   .kind = (uint8_t)(dw[8] >> 16),
			   .prefetch = dw[8] >> 24 & 1 },
	};
	guc_mishap(&r->card, rec->function, rec->gt, &m);
}

/* A hook that does what the recorded run's did: its FAULT stands before the crossing. */
static enum guc_verdict repeat(void *user, struct guc_event *event,
			       struct guc_hook_action *action)
{
	static char text[256];
	struct replay *r = user;
	struct trace_record rec;
	size_t n;
	int verdict;

	if (!peek(r, r->at, &rec, &n) || rec.kind != gucemu_TRACE_FAULT ||
	    rec.from != event->point)
		return GUC_PASS;
	if (event->point == GUC_PT_TICK) {
		event->fn = (uint8_t)rec.function;
		event->gt = (uint8_t)rec.gt;
	}
	if (rec.function != event->fn || rec.gt != event->gt)
		return GUC_PASS;
	verdict = guc_fault_replay(rec.data, rec.data_len, event, action);
	if (verdict < 0) {
		differs(r, "a fault that can't be done again", &rec);
		return GUC_PASS;
	}
	snprintf(text, sizeof(text), "%.*s", (int)rec.text_len, rec.text_len ? rec.text : "");
	action->rule = rec.code;
	action->text = rec.text_len ? text : NULL;
	return (enum guc_verdict)verdict;
}

/* Feed the input that comes next. What a register read causes stands before it. */
static bool feed(struct replay *r)
{
	struct trace_record rec;
	size_t at = r->at, n;
	uint64_t value;
	struct guc_vf_share share;

	if (!peek(r, at, &rec, &n))
		return false;
	while ((rec.kind == gucemu_TRACE_VIOLATION || rec.kind == gucemu_TRACE_FAULT) &&
	       peek(r, at + n, &rec, &n))
		at += n;
	r->inputs++;
	if (rec.kind == gucemu_TRACE_TICK) {
		guc_tick(&r->card, rec.value);
	} else if (rec.kind == gucemu_TRACE_MMIO_WRITE) {
		guc_mmio_write(&r->card, rec.function, rec.addr, rec.size, rec.value);
	} else if (rec.kind == gucemu_TRACE_MMIO_READ) {
		guc_mmio_read(&r->card, rec.function, rec.addr, rec.size, &value);
	} else if (rec.kind == gucemu_TRACE_FLR) {
		guc_flr(&r->card, rec.function);
	} else if (rec.kind == gucemu_TRACE_PROVISION && rec.data_len == 4 * PROVISION_DWORDS) {
		share.ggtt_start = le64_get(rec.data);
		share.ggtt_size = le64_get(rec.data + 8);
		share.begin_context = le32_get(rec.data + 16);
		share.contexts = le32_get(rec.data + 20);
		share.begin_doorbell = le32_get(rec.data + 24);
		share.doorbells = le32_get(rec.data + 28);
		share.lmem_size = le64_get(rec.data + 32);
		guc_provision(&r->card, rec.function, &share);
	} else if (rec.kind == gucemu_TRACE_MISHAP && rec.data_len == 4 * MISHAP_DWORDS) {
		mishap(r, &rec);
	} else {
		differs(r, "no input", &rec);
	}
	return true;
}

static bool build(struct replay *r)
{
	struct guc_geometry g;
	struct guc_options o;
	gucemu_TraceCard card;
	struct trace_record rec;
	size_t n;

	if (!peek(r, 0, &rec, &n) || trace_decode_card(&rec, &card) || trace_to_card(&card, &g, &o))
		return false;
	r->at = n;
	r->records = 1;
	r->block_size = guc_card_size(&g);
	r->block = aligned_alloc(64, (r->block_size + 63) / 64 * 64);
	r->card.port = (struct guc_port){ r, mem_read, mem_write, load32, store32, irq };
	r->card.local = (struct guc_local){ r, local_read, local_write, NULL };
	r->card.hook = repeat;
	r->card.hook_user = r;
	r->card.sink = compare;
	r->card.sink_user = r;
	r->card.sink_mask = UINT64_MAX;
	return r->block && guc_card_init(&r->card, r->block, r->block_size, &g, &o) == 0;
}

/* The same recording without runs, and without what is not the card's. */
static bool expand(struct tape *to, const struct tape *tape)
{
	struct trace_record r, single;
	size_t at = 0;

	while (at < tape->len) {
		long n = trace_decode(tape->bytes + at, tape->len - at, &r);
		size_t accesses = n > 0 ? trace_run_length(&r) : 0;

		if (accesses == 0)
			return false;
		if (r.kind < gucemu_TRACE_MMIO_READ && r.kind != gucemu_TRACE_CARD)
			accesses = 0;
		for (size_t i = 0; i < accesses; i++) {
			trace_run_single(&r, i, &single);
			put(to, &single);
		}
		at += (size_t)n;
	}
	return true;
}

bool replay_run(struct replay *r, const struct tape *tape)
{
	memset(r, 0, sizeof(*r));
	if (!expand(&r->tape, tape)) {
		differs(r, "a record that can't be read", NULL);
		return false;
	}
	if (!build(r)) {
		differs(r, "no card can be built", NULL);
		return false;
	}
	while (!r->why[0] && r->at < r->tape.len) {
		size_t before = r->at;

		if (!feed(r) || r->at == before)
			differs(r, "the card does not react", NULL);
	}
	return !r->why[0] && r->records == r->tape.records;
}

void replay_free(struct replay *r)
{
	free(r->block);
	free(r->tape.bytes);
}
