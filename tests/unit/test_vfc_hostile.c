/* SPDX-License-Identifier: MIT */
/* A GuC, and a PF behind it, that say anything: the driver never touches memory
 * that is not its own (run it with sanitizers), never spins, and boots again
 * with a GuC that behaves. From one seed a case, so a failure comes again. */
#include "tests/check_main.h"
#include "vfc_fixture.h"

static uint32_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/* Numbers that are likely to matter. */
static uint32_t number(void)
{
	static const uint32_t odd[] = { 0, 1, 2, 7, 8, 63, 64, 1023, 1024, 1025, 0x7FFFFFFF,
					0x80000000, 0xFFFFFFFE, 0xFFFFFFFF };
	unsigned kind = rnd(4);

	return kind == 0 ? rnd(16) : kind == 1 ? state : odd[rnd(14)];
}

/* A G2H message: right in form or not, its dwords anything. */
static void message(unsigned gt)
{
	static const uint32_t actions[] = {
		GUC_ACTION_SCHED_CONTEXT_MODE_DONE, GUC_ACTION_DEREGISTER_CONTEXT_DONE,
		GUC_ACTION_TLB_INVALIDATION_DONE, GUC_ACTION_RELAY_FROM_PF,
		GUC_ACTION_CONTEXT_RESET_NOTIFICATION, GUC_ACTION_MEMORY_CAT_ERROR,
		GUC_ACTION_ENGINE_FAILURE_NOTIFICATION, 0x1234,
	};
	uint32_t dw[255], len = 1 + rnd(rnd(4) ? 8 : 254);

	for (uint32_t i = 0; i < len; i++)
		dw[i] = number();
	if (rnd(8)) {
		dw[0] = hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, actions[rnd(8)], rnd(8) ? 0 : rnd(9));
		if (rnd(2) && len > 2) {
			dw[1] = 1 + rnd(24); /* ids of relay requests */
			dw[2] = rnd(2) ? hxg_success(HXG_ORIGIN_HOST, rnd(3)) :
					 hxg_failure(HXG_ORIGIN_HOST, rnd(130), 0);
		}
	} else if (rnd(2)) {
		dw[0] = hxg_success(HXG_ORIGIN_GUC, rnd(2));
	}
	g2h(gt, dw, len, rnd(2) ? rnd(32) : number() & 0xFFFF);
}

/* Descriptors and interrupt bytes as no GuC would leave them. */
static void scribble(unsigned gt)
{
	size_t h2g = off_of(gt, f.gt[gt].self[3]), g2h_desc = off_of(gt, f.gt[gt].self[6]);

	switch (rnd(6)) {
	case 0:
		host_put32(&f.mem, h2g + CTB_DESC_HEAD, number());
		break;
	case 1:
		host_put32(&f.mem, g2h_desc + CTB_DESC_TAIL, rnd(CTB_G2H_BYTES / 4 + 2));
		break;
	case 2:
		host_put32(&f.mem, g2h_desc + CTB_DESC_STATUS, number());
		break;
	case 3:
		f.mem.base[off_of(gt, f.gt[gt].self[1]) + rnd(16)] = (uint8_t)number();
		break;
	default:
		raise_irq(gt, rnd(2) ? GUC_IRQ_SW_INT_0 : rnd(16));
		break;
	}
	raise_irq(gt, GUC_IRQ_GUC2HOST);
}

static void use(unsigned gt)
{
	struct vfc_job job = { (enum vfc_job_kind)rnd(3), number(), rnd(50) };
	const uint32_t dw[2] = { rnd(2) ? 0x101 : number(), number() };

	switch (rnd(10)) {
	case 0:
		vfc_queue_create(f.v, gt, (enum guc_engine_class)rnd(6), rnd(10));
		break;
	case 1:
		vfc_queue_destroy(f.v, gt, rnd(32));
		break;
	case 2:
		vfc_queue_suspend(f.v, gt, rnd(32));
		break;
	case 3:
		vfc_queue_resume(f.v, gt, rnd(32));
		break;
	case 4:
		vfc_job_submit(f.v, gt, rnd(32), &job);
		break;
	case 5:
		vfc_job_release(f.v, gt, rnd(32), rnd(16));
		break;
	case 6:
		vfc_tlb_invalidate(f.v, gt);
		break;
	case 7:
		vfc_relay(f.v, gt, dw, 1 + rnd(2), 9);
		break;
	case 8:
		if (!rnd(20))
			vfc_reset(f.v, gt, 1);
		else if (!rnd(20))
			vfc_suspend(f.v, 1);
		break;
	case 9:
		if (!rnd(4))
			vfc_resume(f.v, 1);
		break;
	}
}

/* The next answers of the mailbox. */
static void lie(void)
{
	static const uint32_t actions[] = { 0x5503, 0x5507, 0x5508, 0x5509, 0x550F, 0x0508, 0x4509 };

	f.rules = rnd(4);
	for (unsigned i = 0; i < f.rules; i++)
		f.rule[i] = (struct rule){
			.action = actions[rnd(7)],
			.answer = rnd(3) ? 0x80000000 | (8 + rnd(8)) << 28 | rnd(0x200) : number(),
			.dw1 = number(),
			.skip = rnd(3),
			.times = 1 + rnd(3),
		};
}

START_TEST(anything)
{
	state = 0x9E3779B9u * (unsigned)(_i + 1);
	f.opt.gts = 2;
	f.opt.ccs = _i % 2;
	f.opt.quirks = _i % 4 == 3 ? VFC_QUIRKS_LINUX_7_2 : 0;
	f.opt.generation = _i % 4 == 2 ? VFC_GEN_SEED : VFC_GEN_AUTO;
	boot();
	/* The fixture's own CTB end would choke on the lies. */
	f.deaf = true;
	for (unsigned n = 0; n < 600; n++) {
		unsigned gt = rnd(2);

		f.log_len = 0;
		f.traced = 0;
		switch (rnd(8)) {
		case 0:
			scribble(gt);
			break;
		case 1:
			lie();
			break;
		case 2:
		case 3:
			message(gt);
			break;
		default:
			use(gt);
			break;
		}
		run_until(f.now + rnd(4) * rnd(400) * MS);
		if (info(0).state == VFC_STATE_WEDGED || info(0).state == VFC_STATE_OFF) {
			f.rules = 0;
			f.frozen = false;
			f.deaf = false;
			vfc_boot(f.v, 1);
			run_ms(10000);
			f.deaf = true;
		}
	}
	/* And now one that behaves. */
	f.rules = 0;
	f.frozen = false;
	f.deaf = false;
	vfc_wedge(f.v, -EIO);
	ck_assert_uint_eq(info(0).jobs_pending + info(1).jobs_pending, 0);
	f.op_err = 1;
	ck_assert_int_eq(vfc_boot(f.v, 1), 0);
	run_ms(1000);
	ck_assert_int_eq(f.op_err, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
	f.jobs_ok = 0;
	busy_queue(0, 2);
	ck_assert_uint_eq(f.jobs_ok, 1);
}
END_TEST

/* guc-abi 8.2: relay messages that are not in form, or that nobody waits for,
 * change nothing; the right answer after them is taken, once. */
static const struct {
	uint32_t data0, id, header;
	uint32_t len;
} relays[] = {
	{ 0, 3, 0x70000000, 1 },                        /* no id */
	{ 1, 3, 0x70000000, 3 },                        /* MBZ */
	{ 0, 3, 0x70000000, 2 },                        /* no message */
	{ 0, 3, 0x70000000, 2 + RELAY_MAX_DWORDS + 1 }, /* too long */
	{ 0, 3, 0x70000000, 255 },
	{ 0, 3, 0xF0000000, 3 },                        /* GuC's word, not the PF's */
	{ 0, 3, 0x40000000, 3 },                        /* no such type */
	{ 0, 3, 0x70000000, 0 },                        /* an empty G2H message */
	{ 0, 4, 0x70000000, 3 },                        /* nobody's id */
	{ 0, 0, 0x70000000, 3 },
};

START_TEST(relay_form)
{
	uint32_t dw[255] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_PF,
				      relays[_i].data0),
			     relays[_i].id, relays[_i].header };
	const uint32_t request = 0x777;

	boot();
	f.pf_silent = true;
	/* Ids 1 and 2 were the handshake's and the query's. */
	ck_assert_int_eq(vfc_relay(f.v, 0, &request, 1, 5), 0);
	run_ms(1);
	g2h(0, dw, relays[_i].len, 0);
	run_ms(1);
	ck_assert_uint_eq(f.relays, 0);
	dw[0] = hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_PF, 0);
	dw[1] = 3;
	dw[2] = hxg_success(HXG_ORIGIN_HOST, 0);
	g2h(0, dw, 3, 0);
	g2h(0, dw, 3, 0);
	run_ms(1);
	ck_assert_uint_eq(f.relays, 1);
	ck_assert_int_eq(f.relay_err, 0);
	ck_assert_uint_eq(info(0).state, VFC_STATE_READY);
}
END_TEST

/* The same for the driver's own requests, whose answers it keeps: one too long
 * is no answer. */
START_TEST(long_answer)
{
	uint32_t dw[255] = { hxg_call(HXG_ORIGIN_GUC, HXG_EVENT, GUC_ACTION_RELAY_FROM_PF, 0), 1,
			     hxg_success(HXG_ORIGIN_HOST, 0) };

	f.pf_silent = true;
	begin();
	vfc_boot(f.v, 1);
	run_ms(10);
	g2h(0, dw, _i ? 255 : 2 + RELAY_MAX_DWORDS + 1, 0);
	run_ms(10);
	ck_assert_uint_eq(f.ops, 0);
	run_ms(3000);
	ck_assert_int_eq(f.op_err, -ETIME);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vfc_hostile");
	TCase *tc = tcase_create("hostile");

	tcase_add_checked_fixture(tc, prepare, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, anything, 0, 8);
	tcase_add_loop_test(tc, relay_form, 0, sizeof(relays) / sizeof(relays[0]));
	tcase_add_loop_test(tc, long_answer, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
