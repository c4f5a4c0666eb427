/* SPDX-License-Identifier: MIT */
/* The VF driver's handler for interrupt registers (vfclient/irq_registers.c) on the
 * registers themselves (emulator/guc/intr.h): each answer comes when the test lets
 * it. That it works on a card is in tests/sim/test_registers.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/guc/intr.h"
#include "tests/check_main.h"
#include "vfclient/vfc_priv.h"

#define MEM (8u << 20)

static struct guc_intr card;
static struct vfc *v;
static void *storage, *mem;
static bool line;
static unsigned errors;
static struct {
	uint64_t off;
	unsigned n;
	uint32_t cookie;
	bool open;
} asked;

static void write32(void *user, uint64_t off, uint32_t value)
{
	(void)user;
	line |= guc_intr_write(&card, (uint32_t)off, value);
}

static void write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	(void)user;
	(void)off;
	(void)values;
	(void)n;
}

static void read_words(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	(void)user;
	ck_assert_uint_eq(size, 4);
	ck_assert(!asked.open);
	asked.off = off;
	asked.n = n;
	asked.cookie = cookie;
	asked.open = true;
}

static void on_event(void *user, const struct vfc_event *e)
{
	(void)user;
	if (e->kind == VFC_EV_LOG && e->level == VFC_LOG_ERROR)
		errors++;
}

static const struct host_port port = { NULL, write32, write64, read_words };
static struct host_mem host;

static void setup(void)
{
	struct vfc_options o;

	guc_intr_reset(&card);
	line = false;
	errors = 0;
	memset(&asked, 0, sizeof(asked));
	ck_assert_int_eq(posix_memalign(&mem, 4096, MEM), 0);
	memset(mem, 0, MEM);
	host = (struct host_mem){ mem, MEM, 1ull << 32 };
	storage = calloc(1, vfc_size());
	vfc_options_default(&o);
	o.irq_registers = true;
	o.min_minor = 1;
	o.on_event = on_event;
	v = vfc_init(storage, vfc_size(), &o, &port, &host);
	ck_assert_ptr_nonnull(v);
	v->memirq_on = true;
	vfc_intr_enable(v);
}

static void teardown(void)
{
	free(storage);
	free(mem);
}

static void raise(unsigned source, unsigned bit)
{
	if (guc_intr_raise(&card, source, bit))
		line = true;
}

/* The line reaches the driver. */
static void deliver(void)
{
	ck_assert(line);
	line = false;
	vfc_irq(v);
	vfc_step(v, 1);
}

static void answer(void)
{
	uint32_t words[4] = { 0 };

	ck_assert(asked.open);
	asked.open = false;
	for (unsigned i = 0; i < asked.n; i++)
		words[i] = guc_intr_read(&card, (uint32_t)asked.off + 4 * i);
	vfc_read_done(v, asked.cookie, words, asked.n);
	vfc_step(v, 2);
}

START_TEST(asks_source_by_source)
{
	/* The handler turns the master off, asks for each source of both banks at once,
	 * acknowledges, clears, and turns the master on: then nothing is raised. */
	raise(MEMIRQ_SOURCE_GUC, GUC_IRQ_GUC2HOST);
	raise(0, 0);
	raise(32, 0);
	v->gt[0].g2h_due = v->gt[0].scan_due = false;
	deliver();
	ck_assert_uint_eq(asked.off, REG_GFX_MSTR_IRQ);
	ck_assert_uint_eq(card.master, 0);
	answer();
	ck_assert_uint_eq(asked.off, REG_INTR_IDENTITY(0));
	answer();
	answer();
	ck_assert(!asked.open);
	ck_assert_uint_eq(card.master, GFX_MSTR_ENABLE);
	ck_assert_uint_eq(card.raised[0] | card.raised[1], 0);
	ck_assert(!line);
	ck_assert_uint_eq(errors, 0);
}
END_TEST

START_TEST(spurious)
{
	/* An interrupt with nothing raised costs one read and leaves the master on. */
	vfc_irq(v);
	vfc_step(v, 1);
	answer();
	ck_assert(!asked.open);
	ck_assert_uint_eq(card.master, GFX_MSTR_ENABLE);
}
END_TEST

START_TEST(raised_meanwhile)
{
	/* What is raised while the handler is under way, before or after its source was
	 * asked, interrupts again at its end; an interrupt that comes in the middle of
	 * it starts no second one. */
	raise(MEMIRQ_SOURCE_GUC, GUC_IRQ_GUC2HOST);
	deliver();
	answer();
	raise(MEMIRQ_SOURCE_GUC, GUC_IRQ_GUC2HOST);
	raise(33, 0);
	vfc_irq(v);
	vfc_step(v, 1);
	ck_assert(!line);
	answer();
	ck_assert(!asked.open);
	ck_assert(line);
	deliver();
	answer();
	answer();
	ck_assert_uint_eq(card.raised[0] | card.raised[1], 0);
}
END_TEST

START_TEST(migrated_is_pending)
{
	/* MIGRATED schedules the recovery and blocks messages until that begins. */
	raise(MEMIRQ_SOURCE_GUC, GUC_IRQ_SW_INT_0);
	v->up = v->migration_supported = v->markers = true;
	ck_assert(!vfc_pending(&v->gt[0]));
	deliver();
	answer();
	answer();
	ck_assert(vfc_irq_migrated(&v->gt[0]));
	ck_assert(vfc_pending(&v->gt[0]));
	vfc_irq_clear_migrated(&v->gt[0]);
	ck_assert(!vfc_irq_migrated(&v->gt[0]));
}
END_TEST

START_TEST(recovery_without_markers_waits)
{
	/* While it is not known what has interrupted, the seed's recovery does no step: it
	 * may have been migrated again, and its notification would end that migration. */
	v->up = v->migration_supported = v->seed.running = true;
	raise(MEMIRQ_SOURCE_GUC, GUC_IRQ_SW_INT_0);
	deliver();
	ck_assert(!vfc_seed_step(v));
	answer();
	ck_assert(!vfc_seed_step(v));
	answer();
	ck_assert(v->seed.pending);
	ck_assert(vfc_seed_step(v));
}
END_TEST

START_TEST(identity_not_valid)
{
	/* A source without a valid identity is reported and left; the handler ends. */
	raise(0, 0);
	deliver();
	card.bits[0] = 0;
	answer();
	answer();
	ck_assert_uint_eq(errors, 1);
	ck_assert(!asked.open);
	ck_assert_uint_eq(card.master, GFX_MSTR_ENABLE);
}
END_TEST

START_TEST(late_answers)
{
	/* The answer to a handler that was given up is nobody's; so is one without
	 * words. Afterwards the handler works as before. */
	uint32_t words[4] = { GFX_MSTR_DW(0), 0, 1, 0 };
	uint32_t stale;

	raise(0, 0);
	deliver();
	stale = asked.cookie;
	asked.open = false;
	vfc_irq_disable(v);
	vfc_read_done(v, stale, words, 4);
	vfc_step(v, 3);
	ck_assert(!asked.open);
	ck_assert_uint_eq(card.master, 0);
	v->memirq_on = true;
	line = false;
	vfc_intr_enable(v);
	deliver();
	vfc_read_done(v, stale, words, 4);
	vfc_step(v, 3);
	ck_assert_uint_eq(asked.off, REG_GFX_MSTR_IRQ);
	asked.open = false;
	vfc_read_done(v, asked.cookie, NULL, 0);
	vfc_step(v, 4);
	ck_assert(!asked.open);
	ck_assert(line);
	deliver();
	answer();
	answer();
	ck_assert_uint_eq(card.raised[0], 0);
	ck_assert_uint_eq(errors, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_irq");
	TCase *t = tcase_create("registers");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, asks_source_by_source);
	tcase_add_test(t, spurious);
	tcase_add_test(t, raised_meanwhile);
	tcase_add_test(t, migrated_is_pending);
	tcase_add_test(t, recovery_without_markers_waits);
	tcase_add_test(t, identity_not_valid);
	tcase_add_test(t, late_answers);
	suite_add_tcase(s, t);
	return check_main(s);
}
