/* SPDX-License-Identifier: MIT */
/* GGTT entries in a migration image: runs and plain ones (pfclient/image_ggtt.c;
 * vf-lifecycle 3.7). */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "pfclient/image.h"
#include "pfclient/image_priv.h"
#include "proto/bits.h"
#include "proto/regs.h"
#include "tests/check_main.h"

START_TEST(pte_runs)
{
	/* 3.7: runs give back the very entries; what does not shrink is ENOSPC. */
	enum { N = 2000 };
	static uint64_t in[N], out[N];
	static uint8_t coded[N * 8], words[N * 8];
	struct pfc_pte_coder c;
	struct pfc_pte_decoder d;
	uint32_t seed = 1, got = 0;
	int err;

	for (unsigned i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		in[i] = i && seed >> 16 & 15 ? in[i - 1] + (seed >> 28 & 1) * 4096 * (i % 97 > 50) :
					       (uint64_t)(seed >> 8) << 12 | 1;
		in[i] &= ~PTE_VFID;
	}
	pfc_pte_begin(&c, coded, sizeof(coded), true);
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(pfc_pte_put(&c, in[i]), 0);
	ck_assert_int_eq(pfc_pte_end(&c), 0);
	ck_assert_uint_lt(c.len, sizeof(coded));
	d = (struct pfc_pte_decoder){ .in = coded, .len = c.len, .rle = true };
	for (unsigned n; (n = pfc_pte_get(&d, out + got, N - got < 13 ? N - got : 13)) > 0;)
		got += n;
	ck_assert_uint_eq(got, N);
	ck_assert(memcmp(in, out, sizeof(in)) == 0);
	/* So do entries taken as words, in both forms, and foreign ones are seen. */
	for (unsigned rle = 0; rle < 2; rle++) {
		for (unsigned i = 0; i < N; i++)
			le64_put(words + 8 * i, in[i] | 5ull << PTE_VFID_SHIFT);
		pfc_pte_begin(&c, coded, sizeof(coded), rle);
		for (unsigned i = 0; i < N; i += 40)
			ck_assert_int_eq(pfc_pte_put_words(&c, words + 8 * i, 40, 5), 0);
		ck_assert_int_eq(pfc_pte_end(&c), 0);
		d = (struct pfc_pte_decoder){ .in = coded, .len = c.len, .rle = rle };
		memset(out, 0, sizeof(out));
		got = 0;
		for (unsigned n; (n = pfc_pte_get(&d, out + got, N - got < 13 ? N - got : 13)) > 0;)
			got += n;
		ck_assert_uint_eq(got, N);
		ck_assert(memcmp(in, out, sizeof(in)) == 0);
		le64_put(words + 8 * 39, in[39] | 4ull << PTE_VFID_SHIFT);
		pfc_pte_begin(&c, coded, sizeof(coded), rle);
		ck_assert_int_eq(pfc_pte_put_words(&c, words, 40, 5), -EPERM);
		pfc_pte_begin(&c, coded, 8, rle);
		err = pfc_pte_put_words(&c, words, 39, 5);
		ck_assert_int_eq(err ? err : pfc_pte_end(&c), -ENOSPC);
	}
	pfc_pte_begin(&c, coded, 32, true);
	ck_assert_int_eq(pfc_pte_put(&c, 1), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x99001), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x11001), 0);
	ck_assert_int_eq(pfc_pte_put(&c, 0x77001), -ENOSPC);
}
END_TEST

/* A region of one run, but for the entries in between, coded as words. */
static int put_region(struct pfc_pte_coder *c, uint8_t *coded, uint64_t *in, unsigned n,
		      unsigned from, unsigned until)
{
	uint8_t words[512 * 8];
	uint32_t seed = 7;
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		in[i] = i >= from && i < until ? (uint64_t)(seed >> 4) << 12 | 1 :
			i ? in[i - 1] + 4096 : 0x5001;
	}
	memset(coded, 0xEE, n * 8 + 8);
	pfc_pte_begin(c, coded, n * 8, true);
	for (unsigned i = 0; i < n && !err; i += 512) {
		for (unsigned k = 0; k < 512; k++)
			le64_put(words + 8 * k, in[i + k] | 9ull << PTE_VFID_SHIFT);
		err = pfc_pte_put_words(c, words, 512, 9);
	}
	return err ? err : pfc_pte_end(c);
}

START_TEST(pte_runs_given_up)
{
	/* 3.7: runs that lose become plain entries where they are, without reading any
	 * again, and the entries are the same; runs that win stay. */
	enum { N = 65536, LOSS = PFC_RUN_LOSS / 8 };
	static const struct {
		unsigned from, until;
		int err;
		bool rle;
	} t[] = {
		{ 0, N, 0, false },
		{ 0, 2 * LOSS, 0, false },
		{ 0, LOSS, 0, true },
		{ N / 8, N, 0, false },
		{ N / 2 + 600, N, 0, true },
		/* So late that the entries would reach the runs they come from. */
		{ N / 2 - 600, N, -ENOSPC, true },
	};
	static uint64_t in[N], out[N];
	static uint8_t coded[N * 8 + 8];

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct pfc_pte_coder c;
		struct pfc_pte_decoder d;

		ck_assert_int_eq(put_region(&c, coded, in, N, t[i].from, t[i].until), t[i].err);
		ck_assert_int_eq(c.rle, t[i].rle);
		ck_assert_uint_eq(coded[N * 8], 0xEE);
		if (t[i].err)
			continue;
		ck_assert(t[i].rle ? c.len < N * 8 : c.len == N * 8);
		d = (struct pfc_pte_decoder){ .in = coded, .len = c.len, .rle = c.rle };
		memset(out, 0, sizeof(out));
		ck_assert_uint_eq(pfc_pte_get(&d, out, N), N);
		ck_assert_uint_eq(pfc_pte_get(&d, out, 1), 0);
		ck_assert(memcmp(in, out, sizeof(in)) == 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image-ggtt");
	TCase *t = tcase_create("entries");

	tcase_add_test(t, pte_runs);
	tcase_add_test(t, pte_runs_given_up);
	suite_add_tcase(s, t);
	return check_main(s);
}
