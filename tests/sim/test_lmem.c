/* SPDX-License-Identifier: MIT */
/* Local memory and compression metadata, moved by the real PF between two cards and
 * checked by the real VF driver (vf-lifecycle 2.3, 2.4, 2.8, 2.9, 3.7). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bits.h"
#include "proto/regs.h"
#include "pair.h"
#include "suites.h"

#define MIB   (1ull << 20)
#define CARD  (64 * MIB)
#define SHARE (16 * MIB)

static struct sim *s;
static struct sim_vf *v;
static int queue;

static void options(struct sim_options *o, bool discrete, uint16_t ratio)
{
	sim_defaults(o);
	o->ccs_ratio = ratio;
	o->vf.ccs = !discrete;
	if (discrete) {
		o->lmem[0] = o->lmem[1] = CARD;
		o->vf_lmem[0] = o->vf_lmem[1] = SHARE;
	}
}

static void start(const struct sim_options *o)
{
	s = sim_new(o);
	v = s->vf[0];
	ck_assert_int_eq(sim_boot(s, v), 0);
	queue = vfc_queue_create(v->vfc, 0, GUC_CLASS_BLITTER, 1);
	ck_assert_int_ge(queue, 0);
}

static void teardown(void)
{
	sim_free(s);
	s = NULL;
}

static bool kept(void *arg)
{
	(void)arg;
	return v->keeps > 0;
}

static void job(enum vfc_job_kind kind, uint32_t value)
{
	const struct vfc_job j = { .kind = kind, .value = value };
	unsigned bad = v->jobs_bad;

	ck_assert_int_gt(vfc_job_submit(v->vfc, 0, (uint32_t)queue, &j), 0);
	ck_assert(sim_jobs_drained(s, v));
	ck_assert_uint_eq(v->jobs_bad, bad);
}

/* Fill what must survive, a job's dword in local memory too. */
static void fill(bool discrete)
{
	v->keeps = 0;
	ck_assert_int_eq(vfc_keep_write(v->vfc, 0x1234, 1), 0);
	ck_assert(sim_until(s, kept, NULL, 1000 * SIM_MS));
	ck_assert_int_eq(v->keep_err, 0);
	job(VFC_JOB_CCS_PUT, 1);
	if (discrete)
		job(VFC_JOB_LOCAL, 0xBEEF);
}

static int check(void)
{
	job(VFC_JOB_CCS_GET, 2);
	v->keeps = 0;
	ck_assert_int_eq(vfc_keep_check(v->vfc, 2), 0);
	ck_assert(sim_until(s, kept, NULL, 1000 * SIM_MS));
	return v->keep_err;
}

/* Content, a job's store and metadata are on the other card what they were, twice
 * over, in both generations and with both ratios: of local memory by the image, of an
 * integrated card's surface by the compression contexts (C-29). */
START_TEST(survives)
{
	bool discrete = _i & 1;
	struct sim_options o;

	options(&o, discrete, _i & 2 ? 256 : 512);
	if (_i & 4)
		o.abi_minor[0] = o.abi_minor[1] = 26;
	start(&o);
	fill(discrete);
	ck_assert_int_eq(check(), 0);
	for (unsigned i = 1; i <= 2; i++) {
		ck_assert_int_eq(sim_migrate(s, v), 0);
		ck_assert(sim_recovered(s, v));
		ck_assert_int_eq(check(), 0);
		ck_assert_uint_ge(v->kept, (128 << 10) + (discrete ? 6 * 4096 : 0));
	}
	ck_assert_uint_eq(s->card[0].violations + s->card[1].violations, 0);
}
END_TEST

/* A driver's check is no formality: without the move of metadata, or with a byte that
 * changed, it fails. */
START_TEST(check_finds)
{
	enum local_kind kind = _i ? LOCAL_METADATA : LOCAL_CONTENT;
	uint64_t at = (_i ? SHARE / 2 / 512 : SHARE / 2) + 9;
	struct sim_options o;
	uint8_t byte;

	options(&o, true, 512);
	start(&o);
	fill(true);
	ck_assert_int_eq(local_read(&s->card[0].local, 0, 1, kind, at, &byte, 1), 0);
	byte ^= 0x40;
	ck_assert_int_eq(local_write(&s->card[0].local, 0, 1, kind, false, at, &byte, 1), 0);
	ck_assert_int_eq(check(), -EIO);
}
END_TEST

static uint8_t *image;
static size_t len;

/* An image of a filled VF of card 0, and a paused VF on card 1. */
static void save_and_prepare(const struct sim_options *o)
{
	const struct pfc_provision p = { .ggtt_size = o->vf_ggtt, .contexts = o->vf_contexts,
					 .lmem_size = o->vf_lmem[1] };

	start(o);
	fill(true);
	ck_assert_int_eq(sim_migrate_out(s, v, &image, &len), 0);
	ck_assert_int_eq(sim_pf(s, 1, PFC_PROVISION, 1, &p), 0);
	ck_assert_int_eq(sim_pf(s, 1, PFC_PAUSE, 1, NULL), 0);
}

static void back_to_a(void)
{
	ck_assert_int_eq(sim_pf(s, 0, PFC_RESUME, 1, NULL), 0);
	sim_thaw(s, v);
	ck_assert_int_eq(check(), 0);
	free(image);
}

static bool is_zero_on(unsigned card)
{
	struct local *l = &s->card[card].local;

	return local_hole(l, 0, 1, LOCAL_CONTENT, 0) == local_bytes(l, 0, 1, LOCAL_CONTENT) &&
	       local_hole(l, 0, 1, LOCAL_METADATA, 0) == local_bytes(l, 0, 1, LOCAL_METADATA);
}

/* A VF with less or more local memory, or none, refuses the image before anything is
 * applied; the VF goes on where it was. */
START_TEST(other_size)
{
	static const struct {
		uint64_t card, vf;
	} there[] = { { CARD, SHARE / 2 }, { CARD, 2 * SHARE }, { 0, 0 } };
	struct sim_options o;

	options(&o, true, 512);
	o.lmem[1] = there[_i].card;
	o.vf_lmem[1] = there[_i].vf;
	save_and_prepare(&o);
	ck_assert_int_lt(sim_restore(s, 1, 1, image, len), 0);
	ck_assert(is_zero_on(1));
	back_to_a();
}
END_TEST

/* An image that ends, or is damaged, in the midst of local memory changes nothing of
 * the target's; the whole one then works. */
START_TEST(cut_off)
{
	struct sim_options o;

	options(&o, true, 512);
	save_and_prepare(&o);
	ck_assert_int_eq(sim_restore(s, 1, 1, image, len - 60000), -ENODATA);
	ck_assert(is_zero_on(1));
	image[len - 60000] ^= 1;
	ck_assert_int_eq(sim_restore(s, 1, 1, image, len), -EBADMSG);
	ck_assert(is_zero_on(1));
	image[len - 60000] ^= 1;
	ck_assert_int_eq(sim_restore(s, 1, 1, image, len), 0);
	ck_assert(!is_zero_on(1));
	/* A bad one over a good one: the good one's memory stays. */
	ck_assert_int_eq(sim_restore(s, 1, 1, image, len - 60000), -ENODATA);
	ck_assert(!is_zero_on(1));
	back_to_a();
}
END_TEST

/* Whichever call for local memory fails (no memory left, say), the restore says so and
 * nothing of the image is there; a second try works. */
START_TEST(every_call_fails)
{
	struct sim_options o;
	unsigned calls, n;

	options(&o, true, 512);
	save_and_prepare(&o);
	s->card[1].lmem_calls = 0;
	ck_assert_int_eq(sim_restore(s, 1, 1, image, len), 0);
	calls = s->card[1].lmem_calls;
	ck_assert_uint_gt(calls, 20);
	for (n = 1; n < calls; n++) {
		ck_assert_int_eq(sim_pf(s, 1, PFC_FLR, 1, NULL), 0);
		ck_assert(is_zero_on(1));
		ck_assert_int_eq(sim_pf(s, 1, PFC_PAUSE, 1, NULL), 0);
		s->card[1].lmem_calls = 0;
		s->card[1].lmem_fail = n;
		ck_assert_int_eq(sim_restore(s, 1, 1, image, len), -ENOSPC);
		s->card[1].lmem_fail = 0;
	}
	back_to_a();
}
END_TEST

/* What arrived is read back and compared. */
START_TEST(read_back)
{
	struct sim_options o;

	options(&o, true, 512);
	save_and_prepare(&o);
	s->card[1].lmem_damage = SHARE / 2 + 3;
	ck_assert_int_eq(sim_restore(s, 1, 1, image, len), -EBADMSG);
	back_to_a();
}
END_TEST

/* Zeros cost nothing: the image of 16 MiB holds the filled slices of 64 KiB only, and
 * says how long it is before its first byte. */
START_TEST(zeros_are_cheap)
{
	struct sim_options o;
	struct pfc_vf_info info;

	options(&o, true, 512);
	save_and_prepare(&o);
	ck_assert_uint_lt(len, 12 * 65536);
	ck_assert_int_eq(pfc_vf_info(s->card[0].pfc, 1, &info), 0);
	ck_assert_uint_eq(info.lmem_bytes, (128 << 10) + 5 * 4096);
	ck_assert_uint_eq(info.ccs_bytes, 4096);
	back_to_a();
}
END_TEST

/* FLR scrubs local memory and its metadata before the VF is ready again (the PF's
 * part of P-10). */
START_TEST(scrubbed_by_flr)
{
	struct sim_options o;

	options(&o, true, 512);
	start(&o);
	fill(true);
	ck_assert(!is_zero_on(0));
	ck_assert_int_eq(sim_pf(s, 0, PFC_FLR, 1, NULL), 0);
	ck_assert(is_zero_on(0));
}
END_TEST

/* The registers of a VF that travel: every mailbox dword of every GT has on the
 * target the value that it had (vf-lifecycle 1.6). */
START_TEST(registers_are_equal)
{
	struct sim_options o;
	uint64_t before[2][MAILBOX_DWORDS], after;

	options(&o, _i, 512);
	o.gts = 2;
	start(&o);
	ck_assert_int_eq(sim_migrate_out(s, v, &image, &len), 0);
	for (unsigned gt = 0; gt < 2; gt++)
		for (unsigned i = 0; i < MAILBOX_DWORDS; i++)
			guc_mmio_read(&s->card[0].guc, 1,
				      gt ? REG_MED_VF_SW_FLAG(i) : REG_VF_SW_FLAG(i), 4,
				      &before[gt][i]);
	ck_assert_uint_ne(before[0][0], 0);
	ck_assert_int_eq(sim_migrate_in(s, v, image, len), 0);
	free(image);
	for (unsigned gt = 0; gt < 2; gt++)
		for (unsigned i = 0; i < MAILBOX_DWORDS; i++) {
			guc_mmio_read(&s->card[1].guc, 1,
				      gt ? REG_MED_VF_SW_FLAG(i) : REG_VF_SW_FLAG(i), 4, &after);
			ck_assert_uint_eq(after, before[gt][i]);
		}
}
END_TEST

Suite *suite_lmem(void)
{
	Suite *suite = suite_create("lmem");
	TCase *t = tcase_create("lmem");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, survives, 0, 8);
	tcase_add_loop_test(t, check_finds, 0, 2);
	tcase_add_loop_test(t, other_size, 0, 3);
	tcase_add_test(t, cut_off);
	tcase_add_test(t, every_call_fails);
	tcase_add_test(t, read_back);
	tcase_add_test(t, zeros_are_cheap);
	tcase_add_test(t, scrubbed_by_flr);
	tcase_add_loop_test(t, registers_are_equal, 0, 2);
	suite_add_tcase(suite, t);
	return suite;
}
