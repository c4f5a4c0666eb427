/* SPDX-License-Identifier: MIT */
/* Which words a recovery rewrites: the same bytes when done twice, the one that is
 * left out or shifted twice in the test modes (vf-lifecycle 5.2, F-31 to F-33). */
#include "tests/check_main.h"
#include "vfc_recovery.h"

/* F-31, F-32, F-33: a recovery on the same base, done twice, changes no byte
 * outside the rings of messages and the interrupt page. */
START_TEST(F_31_F_32_idempotent)
{
	size_t from = 4096 + (2 + 33) * 4096;
	uint8_t *before;

	boot();
	busy_queue(0, 3);
	before = malloc(MEM);
	memcpy(before, f.mem.base, MEM);
	for (unsigned i = 0; i < 2; i++) {
		migrate(OLD);
		run_ms(10);
		/* The work queue is all no-ops by now: not an address. */
		for (size_t at = from; at < MEM; at += 4) {
			uint32_t now = host_get32(&f.mem, at), was;

			memcpy(&was, before + at, 4);
			if (now != was && now != WQ_TYPE_NOOP)
				ck_abort_msg("0x%zx: %x was %x", at, now, was);
		}
	}
	free(before);
}
END_TEST

/* vf-lifecycle 5.2, --skip-fixup: a fixup left out leaves its word stale, one
 * applied twice shifts it twice; every other word is right. */
static const struct {
	enum fixup fixup;
	unsigned dword;
} words[] = {
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_ENABLE },
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_STATUS },
	{ FIXUP_MEMIRQ, LRC_MEMIRQ_SOURCE },
	{ FIXUP_RING_START, LRC_RING_START },
	{ FIXUP_WA_BATCH, LRC_BB_PER_CTX },
	{ FIXUP_INDIRECT_CTX, LRC_INDIRECT_CTX },
};
#define WORDS (int)(sizeof(words) / sizeof(words[0]))

START_TEST(wrong_fixups)
{
	enum fixup wrong = words[_i % WORDS].fixup;
	bool twice = _i >= WORDS;
	uint32_t before[WORDS];
	size_t regs;
	uint32_t q;

	if (twice)
		f.opt.twice_fixups = 1u << wrong;
	else
		f.opt.skip_fixups = 1u << wrong;
	boot();
	q = busy_queue(0, 1);
	regs = off_of(0, f.gt[0].ctx[q].lrca[0] & LRC_DESC_ADDR) + LRC_REGS;
	for (int i = 0; i < WORDS; i++)
		before[i] = host_get32(&f.mem, regs + 4 * words[i].dword);
	migrate(NEW);
	run_ms(10);
	for (int i = 0; i < WORDS; i++) {
		uint32_t delta = NEW - OLD;

		if (words[i].fixup == wrong)
			delta = twice ? 2 * delta : 0;
		ck_assert_uint_eq(host_get32(&f.mem, regs + 4 * words[i].dword),
				  before[i] + delta);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_fixup");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_add_test(tc, F_31_F_32_idempotent);
	tcase_add_loop_test(tc, wrong_fixups, 0, 2 * WORDS);
	suite_add_tcase(s, tc);
	return check_main(s);
}
