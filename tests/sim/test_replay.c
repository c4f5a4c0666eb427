/* SPDX-License-Identifier: MIT */
/* What the event sink reports is the whole input and output of a card: cards
 * built from recordings of the simulator's migrations, and fed with nothing
 * but the recorded inputs, do the same again, byte for byte. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/block.h"
#include "fault/priv.h"
#include "load.h"
#include "proto/actions.h"
#include "proto/bits.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "tape.h"
#include "tests/check_main.h"

static struct tape tapes[SIM_CARDS];
/* Rules for both cards, or NULL. */
static const char *const *faults;
static struct fault *rules[SIM_CARDS];

static void add_faults(struct sim *s)
{
	struct fault_error err;

	for (unsigned i = 0; faults && i < SIM_CARDS; i++) {
		rules[i] = malloc(fault_size());
		fault_init(rules[i], 9, NULL);
		for (const char *const *line = faults; *line; line++)
			ck_assert_msg(fault_add(rules[i], *line, strlen(*line), &err) > 0, "%s: %s",
				      *line, err.text);
		fault_attach(rules[i], &s->card[i].guc);
	}
}

/* A busy VF moves there and back; both cards are recorded from power on. */
static struct sim *record(struct sim_options *o)
{
	struct load load;
	struct sim *s;
	const char *why;

	o->sink = tape_sink;
	o->on_power = tape_begin;
	for (unsigned i = 0; i < SIM_CARDS; i++)
		o->sink_user[i] = &tapes[i];
	s = sim_new(o);
	add_faults(s);
	load_start(&load, s, s->vf[0], 2, true);
	ck_assert_int_eq(sim_migrate(s, s->vf[0]), 0);
	ck_assert(sim_recovered(s, s->vf[0]));
	load_more(&load);
	ck_assert_int_eq(sim_migrate(s, s->vf[0]), 0);
	ck_assert(sim_recovered(s, s->vf[0]));
	why = load_finish(&load);
	ck_assert_msg(!why, "%s", why);
	for (unsigned i = 0; i < SIM_CARDS; i++)
		tape_end(&tapes[i]);
	return s;
}

static void free_tapes(void)
{
	for (unsigned i = 0; i < SIM_CARDS; i++)
		free(tapes[i].bytes);
}

/* Equal but for what stands before `now`: geometry and options with padding. */
static bool same_state(const void *a, const void *b, size_t size)
{
	const size_t from = offsetof(struct guc_block, now);

	return memcmp((const char *)a + from, (const char *)b + from, size - from) == 0;
}

static void check_replay(const struct sim *s)
{
	for (unsigned i = 0; i < SIM_CARDS; i++) {
		struct replay r;

		ck_assert_uint_gt(tapes[i].records, 300);
		ck_assert_msg(replay_run(&r, &tapes[i]), "card %u: %s", i, r.why);
		ck_assert_uint_gt(r.inputs, 100);
		ck_assert_uint_eq(r.block_size, s->card[i].block_size);
		ck_assert_msg(same_state(r.block, s->card[i].block, r.block_size),
			      "card %u ends in another state", i);
		replay_free(&r);
	}
}

static const struct {
	uint8_t gts, minor;
	bool random_order;
	uint64_t seed;
} runs[] = {
	{ 1, 28, false, 1 }, { 2, 28, false, 1 }, { 1, 20, false, 1 }, { 2, 20, true, 7 },
	{ 2, 28, true, 11 }, { 2, 28, true, 12 },
};

/* A recorded migration, in both generations and any order of the actors, is
 * replayed from its header and inputs: all outputs are equal byte for byte,
 * and so is the card's state at the end. */
START_TEST(replay_of_migrations)
{
	struct sim_options o;
	struct sim *s;

	sim_defaults(&o);
	o.gts = runs[_i].gts;
	o.abi_minor[0] = o.abi_minor[1] = runs[_i].minor;
	o.random_order = runs[_i].random_order;
	o.seed = runs[_i].seed;
	s = record(&o);
	check_replay(s);
	sim_free(s);
	free_tapes();
}
END_TEST

/* The same with fault rules of every kind that the driver outlasts: what they did is in
 * the recording, and repeats without them. */
START_TEST(replay_of_faults)
{
	static const char *const lines[] = {
		"on mbox-request vf=1 action=QUERY_SINGLE_KLV every=3 do busy 1ms",
		"on mbox-request vf=1 action=RESFIX_DONE first=1 do retry",
		"on mbox-request vf=1 action=RESFIX_START first=1 do duplicate",
		"on mbox-reply vf=1 every=4 do delay 1ms",
		"on h2g vf=1 every=2 do delay 200us",
		"on g2h vf=1 type=event every=3 do reorder 1 1ms",
		"on g2h vf=1 every=5 do interrupt guc2host",
		"on irq vf=1 bit=guc2host every=3 do duplicate 2",
		"on irq vf=1 bit=guc2host every=4 do delay 1ms",
		"on irq vf=1 bit=sw-int-0 do byte 0xff",
		"on mmio-read vf=1 every=7 do set value=0/0x80000000",
		"on mmio-write vf=1 range=0x1901f0+4 every=3 do duplicate",
		"on mem-read vf=1 range=0+0xffffffffffff every=50 do nothing",
		"on mem-read vf=1 every=90 do set dw0=0/0x80000000",
		"on mem-write vf=1 every=60 do nothing then log",
		"on state vf=1 do interrupt 4",
		"on tick vf=1 gt=0 every=20 do interrupt 5",
		NULL,
	};
	struct sim_options o;
	struct fault_info info;
	struct sim *s;
	uint64_t fired = 0;

	sim_defaults(&o);
	faults = lines;
	s = record(&o);
	check_replay(s);
	for (unsigned i = 0; i < SIM_CARDS; i++)
		for (unsigned k = 0; fault_info(rules[i], k, &info); k++) {
			fired += info.fired;
			ck_assert_msg(info.fired + rules[0]->rule[k].fired + rules[1]->rule[k].fired >
				      0, "never: %s", info.line);
		}
	ck_assert_uint_eq(fired > 50, true);
	sim_free(s);
	for (unsigned i = 0; i < SIM_CARDS; i++)
		free(rules[i]);
	faults = NULL;
	free_tapes();
}
END_TEST

/* Offset of the data of the n-th mem-read of a tape. */
static size_t data_of_read(const struct tape *t, unsigned n)
{
	struct trace_record r;

	for (size_t at = 0; at < t->len;) {
		long used = trace_decode(t->bytes + at, t->len - at, &r);

		ck_assert_int_gt(used, 0);
		if (r.kind == gucemu_TRACE_MEM_READ && r.len == 4 && r.function == 1 && n-- == 0)
			return at;
		at += (size_t)used;
	}
	ck_abort_msg("too few reads");
}

/* The comparison sees a difference: one word that the VF's memory answered
 * otherwise changes what the card does, and that is found. */
START_TEST(replay_notices_a_changed_read)
{
	struct sim_options o;
	struct sim *s;
	struct tape changed;
	struct trace_record r;
	struct replay replay;
	uint8_t data[4], buf[512];
	size_t at;
	long n, m;

	sim_defaults(&o);
	s = record(&o);
	at = data_of_read(&tapes[0], 3);
	n = trace_decode(tapes[0].bytes + at, tapes[0].len - at, &r);
	memcpy(data, r.data, 4);
	data[0] ^= 1;
	r.data = data;
	m = trace_encode(&r, buf, sizeof(buf));
	ck_assert_int_eq(n, m);
	changed = tapes[0];
	memcpy(changed.bytes + at, buf, (size_t)n);
	ck_assert(!replay_run(&replay, &changed));
	replay_free(&replay);
	sim_free(s);
	free_tapes();
}
END_TEST

/* --- a card without drivers ------------------------------------------------------ */

#define VF_PAGES 4u
#define VF_GGTT  (16u << 20)
/* The VF's memory: the page at HOLE isn't there. */
#define HOLE     0x2000u

static uint8_t memory[VF_PAGES * 4096];

static uint8_t *at(uint64_t dma, size_t len)
{
	if (dma > sizeof(memory) || len > sizeof(memory) - dma ||
	    (dma + len > HOLE && dma < HOLE + 4096))
		return NULL;
	return memory + dma;
}

static int mem_read(void *user, unsigned fn, uint64_t dma, void *dst, size_t len)
{
	(void)user;
	return fn == 1 && at(dma, len) ? (memcpy(dst, at(dma, len), len), 0) : -EFAULT;
}

static int mem_write(void *user, unsigned fn, uint64_t dma, const void *src, size_t len)
{
	(void)user;
	return fn == 1 && at(dma, len) ? (memcpy(at(dma, len), src, len), 0) : -EFAULT;
}

static int load32(void *user, unsigned fn, uint64_t dma, uint32_t *value)
{
	return mem_read(user, fn, dma, value, 4);
}

static int store32(void *user, unsigned fn, uint64_t dma, uint32_t value)
{
	return mem_write(user, fn, dma, &value, 4);
}

static void irq(void *user, unsigned fn, const struct guc_irq *i)
{
	(void)user, (void)fn, (void)i;
}

static void request(struct guc_card *c, unsigned fn, uint32_t dw0, uint32_t dw1, uint32_t dw2)
{
	const uint32_t dw[] = { dw0, dw1, dw2, 0 };
	uint64_t reply;

	for (unsigned i = 0; i < 4; i++)
		guc_mmio_write(c, fn, REG_VF_SW_FLAG(i), 4, dw[i]);
	guc_mmio_write(c, fn, REG_GUC_HOST_INTERRUPT, 4, 0);
	guc_mmio_read(c, fn, REG_VF_SW_FLAG(0), 8, &reply);
}

/* Turn rings on whose descriptors lie at `h2g` and `g2h` of the VF's memory. */
static void rings(struct guc_card *c, uint32_t h2g, uint32_t g2h)
{
	const struct {
		uint32_t key, len, value;
	} cfg[] = { { GUC_KLV_SELF_H2G_CTB_DESC_ADDR, 2, VF_GGTT + h2g },
		    { GUC_KLV_SELF_H2G_CTB_ADDR, 2, VF_GGTT + 0x1000 },
		    { GUC_KLV_SELF_H2G_CTB_SIZE, 1, 4096 },
		    { GUC_KLV_SELF_G2H_CTB_DESC_ADDR, 2, VF_GGTT + g2h },
		    { GUC_KLV_SELF_G2H_CTB_ADDR, 2, VF_GGTT + 0x3000 },
		    { GUC_KLV_SELF_G2H_CTB_SIZE, 1, 4096 } };

	request(c, 1, GUC_ACTION_VF_RESET, 0, 0);
	request(c, 1, GUC_ACTION_MATCH_VERSION, 0x10200, 0);
	for (unsigned i = 0; i < sizeof(cfg) / sizeof(cfg[0]); i++)
		request(c, 1, GUC_ACTION_SELF_CFG, klv_header(cfg[i].key, cfg[i].len), cfg[i].value);
	request(c, 1, GUC_ACTION_CONTROL_CTB, 1, 0);
}

static unsigned count_kind(const struct tape *t, gucemu_TraceKind kind, bool refused)
{
	struct trace_record r;
	unsigned n = 0;

	for (size_t pos = 0; pos < t->len;) {
		long used = trace_decode(t->bytes + pos, t->len - pos, &r);

		ck_assert_int_gt(used, 0);
		n += r.kind == kind && (!refused || (r.len > 0 && r.data_len == 0));
		pos += (size_t)used;
	}
	return n;
}

/* Provisioning without a PF, memory that refuses, registers of others, FLR,
 * garbage in registers and rings are inputs, too. */
START_TEST(replay_of_refusals)
{
	const struct guc_geometry g = { .tiles = 1, .gts = 1, .vfs = 2, .contexts = 64,
					.ggtt_size = 64u << 20 };
	const struct guc_vf_share share = { .ggtt_start = VF_GGTT, .ggtt_size = 1u << 20,
					    .contexts = 16, .doorbells = 2 };
	struct guc_card c = { .port = { NULL, mem_read, mem_write, load32, store32, irq },
			      .sink = tape_sink, .sink_mask = UINT64_MAX };
	size_t size = guc_card_size(&g);
	struct guc_options o;
	struct tape t;
	struct replay r;
	uint64_t v;

	guc_options_default(&o);
	o.abi_minor = 26;
	o.vf_abi_minor[1] = 28;
	o.ggtt_tlb = true;
	c.sink_user = &t;
	tape_begin(&t, &g, &o);
	ck_assert_int_eq(guc_card_init(&c, calloc(1, size), size, &g, &o), 0);
	ck_assert_int_eq(guc_provision(&c, 1, &share), 0);
	ck_assert_int_eq(guc_provision(&c, 2, &share), -EINVAL);
	for (uint64_t page = 0; page < VF_PAGES; page++)
		guc_mmio_write(&c, 1, REG_GGTT_BASE + (VF_GGTT / 4096 + page) * 8, 8,
			       page * 4096 | PTE_PRESENT);
	rings(&c, HOLE, 0);
	guc_tick(&c, 1000);
	memset(memory, 0xA5, sizeof(memory)); /* garbage in rings and descriptors */
	guc_mmio_write(&c, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
	rings(&c, 0, 0x800);
	memset(memory + 0x1000, 0xFF, 4096);
	le32_put(memory + 4, 100); /* tail */
	guc_mmio_write(&c, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
	guc_tick(&c, 500); /* a clock that goes back */
	guc_mmio_read(&c, 2, o.vf_stride + REG_VF_SW_FLAG(0), 8, &v);
	guc_mmio_write(&c, 2, REG_GGTT_BASE + VF_GGTT / 512, 4, 3);
	ck_assert_int_eq(guc_mmio_read(&c, 2, 2, 4, &v), -EINVAL);
	ck_assert_int_eq(guc_mishap(&c, 1, 0, &(struct guc_mishap){ .kind = GUC_MISHAP_HANG }),
			 -ENOENT);
	ck_assert_int_eq(guc_mishap(&c, 1, 0,
				    &(struct guc_mishap){ .kind = GUC_MISHAP_EXCEPTION }), 0);
	ck_assert_int_eq(guc_mishap(&c, 1, 0,
				    &(struct guc_mishap){ .kind = GUC_MISHAP_ENGINE, .instance = 7,
							  .reason = 5 }), 0);
	ck_assert_int_eq(guc_flr(&c, 1), 0);
	for (uint64_t now = 2000; now < 2000000; now += 100000)
		guc_tick(&c, now);
	tape_end(&t);
	ck_assert_uint_gt(count_kind(&t, gucemu_TRACE_MEM_WRITE, true), 0);
	ck_assert_uint_gt(count_kind(&t, gucemu_TRACE_VIOLATION, false), 3);
	ck_assert_uint_eq(count_kind(&t, gucemu_TRACE_PROVISION, false), 1);
	ck_assert_msg(replay_run(&r, &t), "%s", r.why);
	ck_assert(same_state(r.block, c.block, size));
	replay_free(&r);
	free(c.block);
	free(t.bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("replay");
	TCase *t = tcase_create("replay");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, replay_of_migrations, 0, sizeof(runs) / sizeof(runs[0]));
	tcase_add_test(t, replay_of_faults);
	tcase_add_test(t, replay_notices_a_changed_read);
	tcase_add_test(t, replay_of_refusals);
	suite_add_tcase(s, t);
	return check_main(s);
}
