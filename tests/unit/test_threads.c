/* SPDX-License-Identifier: MIT */
/* Two threads on one ring: the card in one, the host's CT layer in the other,
 * as server and client share memory. Run under the thread sanitizer it proves
 * the order of payload and cursors; run anywhere, that no message is lost. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "proto/actions.h"
#include "proto/bell.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "tests/check_main.h"
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

/* --- doorbells only for who sleeps -------------------------------------------- */

/* Two sleepers, each with a semaphore for what would be a frame on the socket. */
struct sleepers {
	struct bare b; /* first: the port's user */
	struct bell_page page;
	sem_t doorbell, irq;
	unsigned doorbells, irqs;
	bool stop;
};

static void post_doorbell(void *user, uint64_t off, uint32_t value)
{
	struct sleepers *s = user;

	(void)off, (void)value;
	s->doorbells++;
	sem_post(&s->doorbell);
}

static void post_irq(void *user, unsigned fn, const struct guc_irq *irq)
{
	struct sleepers *s = user;

	(void)fn;
	if (irq->bit != GUC_IRQ_GUC2HOST || bell_announce(&s->page.gt[0].g2h)) {
		s->irqs++;
		sem_post(&s->irq);
	}
}

/* Long enough that nobody waits so long on any machine who will be woken. */
static bool is_woken(sem_t *sem)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 30;
	return sem_timedwait(sem, &limit) == 0;
}

/* From none to some microseconds, now and then a sleep. */
static void pause_somewhat(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	if (*seed >> 24 == 0)
		usleep(50);
	else if (*seed >> 28 < 4)
		sched_yield();
	for (uint32_t i = *seed >> 25; i > 0; i--)
		__asm__ volatile("" ::: "memory");
}

/* The server's turns: serve until nothing is left, go to sleep, look once more. */
static void *sleeping_firmware(void *arg)
{
	struct sleepers *s = arg;
	struct bell *bell = &s->page.gt[0].h2g;
	uint32_t seed = 7;
	uint64_t now = 0;

	for (;;) {
		uint32_t looked;

		if (!is_woken(&s->doorbell) || __atomic_load_n(&s->stop, __ATOMIC_ACQUIRE))
			return NULL;
		looked = bell_look(bell);
		guc_mmio_write(&s->b.card, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
		pause_somewhat(&seed);
		if (!bell_sleep(bell, looked))
			guc_mmio_write(&s->b.card, 1, REG_GUC_HOST_INTERRUPT, 4, 0);
		while (guc_next_deadline(&s->b.card) != UINT64_MAX) {
			now += 1000000;
			guc_tick(&s->b.card, now);
			sched_yield();
		}
		pause_somewhat(&seed);
	}
}

/* guc-abi 3.6, 3.8: both sides sleep whenever they may, and with random pauses
 * between all steps neither sleeps over a message. */
START_TEST(test_no_wakeup_is_lost)
{
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV,
				 klv_header(GUC_KLV_SCHED_RENDER_COMPUTE_YIELD, 2), 80, 20 };
	static struct sleepers s;
	uint32_t seed = 3;
	pthread_t thread;
	unsigned sent = 0;

	bare_init(&s.b);
	sem_init(&s.doorbell, 0, 0);
	sem_init(&s.irq, 0, 0);
	s.b.port.write32 = post_doorbell;
	s.b.port.user = &s;
	s.b.card.port.irq = post_irq;
	s.b.ct.h2g_bell = &s.page.gt[0].h2g;
	s.b.ct.g2h_bell = &s.page.gt[0].g2h;
	ck_assert_int_eq(pthread_create(&thread, NULL, sleeping_firmware, &s), 0);
	while (s.b.replies < MESSAGES) {
		unsigned burst = seed >> 29;

		while (sent < MESSAGES && burst-- > 0 &&
		       host_ct_send(&s.b.ct, HXG_REQUEST, dw, 4, sent, 0, 0, 0) == 0)
			sent++;
		pause_somewhat(&seed);
		while (host_ct_receive(&s.b.ct, 4, 0) == 4)
			;
		if (sent > s.b.replies && (sent == MESSAGES || seed >> 31))
			ck_assert_msg(is_woken(&s.irq), "asleep over the reply to %u of %u",
				      s.b.replies, sent);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	sem_post(&s.doorbell);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(s.b.failures, 0);
	ck_assert_uint_eq(s.b.ct.received, MESSAGES);
	/* And it was for something. */
	ck_assert_uint_lt(s.doorbells, MESSAGES);
	ck_assert_uint_le(s.irqs, MESSAGES);
	sem_destroy(&s.doorbell);
	sem_destroy(&s.irq);
	bare_free(&s.b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("threads");
	TCase *t = tcase_create("ring");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_ring_between_threads);
	tcase_add_test(t, test_no_wakeup_is_lost);
	suite_add_tcase(s, t);
	return check_main(s);
}
