/* SPDX-License-Identifier: MIT */
/* Two threads on one ring: the card in one, the host's CT layer in the other,
 * as server and client share memory. Run under the thread sanitizer it proves
 * the order of payload and cursors; run anywhere, that no message is lost. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "proto/actions.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "tests/sim/bare.h"

#define MESSAGES 20000u

/* What crosses threads besides the shared memory: how often the doorbell was
 * rung, and the end. */
struct shared {
	struct bare b;
	unsigned rung;
	bool stop;
};

static void ring_doorbell(void *user, uint64_t off, uint32_t value)
{
	struct shared *s = user;

	(void)off;
	(void)value;
	__atomic_fetch_add(&s->rung, 1, __ATOMIC_RELEASE);
}

static void *firmware(void *arg)
{
	struct shared *s = arg;
	unsigned seen = 0;
	uint64_t now = 0;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		unsigned rung = __atomic_load_n(&s->rung, __ATOMIC_ACQUIRE);

		if (rung != seen)
			guc_mmio_write(&s->b.card, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
		else
			sched_yield();
		seen = rung;
		guc_tick(&s->b.card, ++now);
	}
	return NULL;
}

/* guc-abi 3.6, 3.8: every request gets its reply over a ring that wraps many
 * times while both sides work on it. */
START_TEST(test_ring_between_threads)
{
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV,
				 klv_header(GUC_KLV_SCHED_RENDER_COMPUTE_YIELD, 2), 80, 20 };
	static struct shared s;
	pthread_t thread;
	unsigned sent = 0;

	bare_init(&s.b);
	s.b.port.write32 = ring_doorbell;
	s.b.port.user = &s;
	ck_assert_int_eq(pthread_create(&thread, NULL, firmware, &s), 0);
	while (s.b.replies < MESSAGES) {
		if (sent < MESSAGES &&
		    host_ct_send(&s.b.ct, HXG_REQUEST, dw, 4, sent, 0, 0, 0) == 0)
			sent++;
		if (host_ct_receive(&s.b.ct, 64, 0) == 0)
			sched_yield();
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(s.b.failures, 0);
	ck_assert_uint_eq(s.b.ct.received, MESSAGES);
	bare_free(&s.b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("threads");
	TCase *t = tcase_create("ring");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_ring_between_threads);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
