/* SPDX-License-Identifier: MIT */
/* Fault rules at work on a card: each WHAT at each kind of point does what its words
 * say, each WHERE and WHEN lets through what it should and nothing else, THEN, counters,
 * chance that repeats, and recordings that repeat without the rules. */
#include <stdio.h>
#include <string.h>

#include "fault/priv.h"
#include "guc_fixture.h"
#include "tests/check_main.h"

static struct fx *f;
static struct fault rules;

static const uint32_t query[2] = { GUC_ACTION_QUERY_SINGLE_KLV, GUC_KLV_VF_GGTT_START };
static const uint32_t relay_msg[4] = { GUC_ACTION_RELAY_TO_PF, 1, 0x00000001, 0x00010000 };
#define OK 0xF0000000u

static void setup(void)
{
	f = fx_new_ready(2, NULL);
	fault_init(&rules, 1, guc_card_geometry(&f->card));
}

static void teardown(void)
{
	fx_free(f);
}

static int rule(const char *line)
{
	struct fault_error err;
	int n = fault_add(&rules, line, strlen(line), &err);

	ck_assert_msg(n > 0, "%s: %zu: %s", line, err.at, err.text);
	fault_attach(&rules, &f->card);
	return n;
}

static uint64_t fired(int number)
{
	struct fault_info info;

	for (unsigned i = 0; fault_info(&rules, i, &info); i++)
		if (info.number == number)
			return info.fired;
	return 0;
}

static uint32_t ask(unsigned vf)
{
	uint32_t reply[4];

	return fx_mbox(f, vf, 0, query, 2, reply);
}

/* VF 1's and 2's CTBs on GT 0; nothing of it unread. */
static void boot(void)
{
	fx_boot(f, 1, 0);
	fx_boot(f, 2, 0);
	fx_g2h_drain(f, 0, 0);
	fx_g2h_drain(f, 1, 0);
}

static void wait(uint64_t ns)
{
	f->now += ns;
	guc_tick(&f->card, f->now);
}

/* A request in VF 1's ring: the header of what comes back, 0 for nothing. */
static uint32_t send(void)
{
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	return fx_g2h(f, 1, 0).dw[0];
}

/* --- mailbox ------------------------------------------------------------------------ */

/* A request that is lost stays in the mailbox; so it does when the reply is lost, but
 * then it was done. */
START_TEST(mailbox_drop)
{
	uint32_t version[2] = { GUC_ACTION_MATCH_VERSION, 0x00011C00 }, reply[4];
	struct guc_vf_info info;
	int a = rule("on mbox-request vf=1 nth=1 do drop");
	int b = rule("on mbox-reply vf=1 nth=1 do drop");

	ck_assert_uint_eq(fx_mbox(f, 1, 0, version, 2, reply), version[0]);
	guc_vf_info(&f->card, 1, 0, &info);
	ck_assert_uint_eq(info.abi_major, 0);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, version, 2, reply), version[0]);
	guc_vf_info(&f->card, 1, 0, &info);
	ck_assert_uint_eq(info.abi_major, 1);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, version, 2, reply) & 0xF0000000, OK);
	ck_assert_uint_eq(fired(a), 1);
	ck_assert_uint_eq(fired(b), 1);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FAULT), 2);
}
END_TEST

/* BUSY is read at once and the answer at its time; RETRY, FAILURE and any answer come
 * instead of handling; FAILURE of a reply after it. */
START_TEST(mailbox_answers)
{
	uint32_t reply[4];

	rule("on mbox-request nth=1 do busy 2ms");
	rule("on mbox-request nth=2 do retry 5");
	rule("on mbox-request nth=3 do failure UNKNOWN_ACTION 0x12");
	rule("on mbox-request nth=4 do answer 0xf0000002,0x11,0x22");
	rule("on mbox-reply nth=6 do failure 0x0a");
	ck_assert_uint_eq(ask(1), 0xB0000000);
	wait(1999999);
	fx_mbox_read(f, 1, 0, reply);
	ck_assert_uint_eq(reply[0], 0xB0000000);
	wait(1);
	fx_mbox_read(f, 1, 0, reply);
	ck_assert_uint_eq(reply[0], OK | 2);
	ck_assert_uint_eq(ask(1), 0xD0000005);
	ck_assert_uint_eq(ask(1), 0xE0120030);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, query, 2, reply), 0xF0000002);
	ck_assert_uint_eq(reply[1], 0x11);
	ck_assert_uint_eq(reply[2], 0x22);
	/* The sixth reply: BUSY was one, too. */
	ck_assert_uint_eq(ask(1), 0xE000000A);
	ck_assert_uint_eq(ask(1), OK | 2);
}
END_TEST

/* Chosen bits of requests and replies: dwords, bytes, ORIGIN, DATA0, the length of a
 * KLV; a key of a reply is what was asked for. */
START_TEST(mailbox_bits)
{
	static const struct {
		const char *line;
		uint32_t expect;
	} cases[] = {
		{ "on mbox-request key=VF_GGTT_START do set dw1=0x9999", 0xE0000105 },
		{ "on mbox-request do set dw1=0x10000/0x10000", 0xE0000004 },
		{ "on mbox-request do set byte1=0x66/0xff", 0xE0000030 },
		{ "on mbox-request do origin", 0xF0000002 },
		{ "on mbox-request do mbz", 0xE0000004 },
		{ "on mbox-reply do origin", 0x70000002 },
		{ "on mbox-reply do data0 0x123", 0xF0000123 },
		{ "on mbox-reply action=QUERY_SINGLE_KLV key=VF_GGTT_START do klv-length 1",
		  0xF0000001 },
		{ "on mbox-reply action=QUERY_SINGLE_KLV key=VF_GGTT_SIZE do klv-length 1",
		  0xF0000002 },
		{ "on mbox-reply dw0=0xf0000002 do set dw0=0", 0 },
		{ "on mbox-reply dw0=0xf0000003 do set dw0=0", 0xF0000002 },
		{ "on mbox-reply byte3=0xf0/0xf0 do set byte3=0xe0", 0xE0000002 },
		{ "on mbox-reply gt=1 do drop", 0xF0000002 },
		{ "on mbox-reply vf=2 do drop", 0xF0000002 },
		{ "on mbox-reply pf do drop", 0xF0000002 },
		{ "on mbox-reply state=VF_RUNNING do drop", 0xF0000002 },
		{ "on mbox-reply type=failure do drop", 0xF0000002 },
		{ "on mbox-reply action=MATCH_VERSION do drop", 0xF0000002 },
		{ "on mbox-reply state=VF_READY type=response do data0 9", 0xF0000009 },
	};

	fx_mbox(f, 1, 0, (uint32_t[]){ GUC_ACTION_MATCH_VERSION, 0x00011C00 }, 2,
		(uint32_t[4]){ 0 });
	rule(cases[_i].line);
	ck_assert_msg(ask(1) == cases[_i].expect, "%s: 0x%x", cases[_i].line, ask(1));
}
END_TEST

/* SELF_CFG with another length of its KLV is refused. */
START_TEST(klv_length_of_self_cfg)
{
	int a = rule("on mbox-request action=SELF_CFG key=0x0902 do klv-length 1");

	rule("on mbox-request action=SELF_CFG key=0x0903 do drop");
	ck_assert_uint_ne(fx_self_cfg(f, 1, 0, 0x0902, 2, fx_addr(f, 1, 0)), 0);
	ck_assert_uint_eq(fired(a), 1);
}
END_TEST

/* A duplicate of a request is done twice; clear-mailbox leaves nothing to be read. */
START_TEST(mailbox_duplicate_and_clear)
{
	uint32_t reset[1] = { GUC_ACTION_VF_RESET }, reply[4];
	unsigned before = fx_count(f, GUC_PT_MBOX_REPLY);

	rule("twice: on mbox-request action=VF_RESET do duplicate 2 then disarm");
	fx_mbox(f, 1, 0, reset, 1, reply);
	ck_assert_uint_eq(fx_count(f, GUC_PT_MBOX_REPLY) - before, 3);
	rule("on mbox-reply do clear-mailbox");
	ck_assert_uint_eq(fx_mbox(f, 1, 0, reset, 1, reply), 0);
	ck_assert_uint_eq(reply[1] | reply[2] | reply[3], 0);
}
END_TEST

/* --- rings -------------------------------------------------------------------------- */

/* Messages of both directions are lost, doubled, held back, cut, made longer; answers
 * get another fence. */
START_TEST(ctb_messages)
{
	struct fx_msg m;

	boot();
	rule("on h2g vf=1 nth=1 do drop");
	rule("on h2g vf=1 nth=2 do duplicate");
	rule("on g2h vf=1 type=response nth=3 do delay 1ms");
	rule("on g2h vf=1 type=response nth=4 do fence 0x100");
	rule("on h2g vf=1 nth=5 do truncate 3");
	rule("on h2g vf=1 nth=6 do failure 0x41");
	rule("on h2g vf=1 nth=7 do retry");
	ck_assert_uint_eq(send(), 0);
	ck_assert_uint_eq(send(), OK);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
	ck_assert_uint_eq(fx_g2h_drain(f, 0, 0), 2);
	ck_assert_uint_eq(send(), 0);
	wait(1000000);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.fence, 0x107);
	ck_assert_uint_eq(send() & 0xF0000000, 0xE0000000);
	ck_assert_uint_eq(send(), 0xE0000041);
	ck_assert_uint_eq(send(), 0xD0000000);
	ck_assert_uint_eq(send(), OK);
}
END_TEST

/* reorder lets exactly so many later messages of the same function overtake, and none
 * for longer than its time. */
START_TEST(ctb_reorder)
{
	uint32_t dw[4];

	boot();
	rule("on h2g vf=1 nth=1 do reorder 2");
	rule("on g2h vf=2 type=response nth=1 do reorder 1 3ms");
	memcpy(dw, relay_msg, sizeof(dw));
	for (uint16_t fence = 1; fence <= 3; fence++) {
		fx_h2g(f, 1, 0, fence, dw, 4);
		fx_h2g(f, 2, 0, (uint16_t)(10 + fence), dw, fence == 1 ? 4 : 0);
	}
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 2);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 3);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 1);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).len, 0);
	wait(3000000);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).fence, 11);
}
END_TEST

/* extend adds noise at the end, truncate takes away, both leave what is between. */
START_TEST(ctb_length)
{
	struct fx_msg m;

	boot();
	rule("on g2h pf action=RELAY_FROM_VF nth=1 do extend 2");
	rule("on g2h pf action=RELAY_FROM_VF nth=2 do truncate 9");
	ck_assert_uint_eq(send(), OK);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 7);
	ck_assert_uint_eq(m.dw[4], relay_msg[3]);
	ck_assert_uint_eq(send(), OK);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 1);
	ck_assert_uint_eq(hxg_action(m.dw[0]), GUC_ACTION_RELAY_FROM_VF);
}
END_TEST

/* BUSY over a ring, then the answer with the same fence. */
START_TEST(ctb_busy)
{
	boot();
	rule("on h2g vf=1 type=request do busy 1ms");
	ck_assert_uint_eq(send(), 0xB0000000);
	wait(1000000);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
}
END_TEST

/* A descriptor's words are written behind the message that it is about. */
START_TEST(ctb_broken)
{
	boot();
	rule("on h2g vf=1 nth=1 do break h2g head 0x1234");
	rule("on h2g vf=1 nth=1 do break g2h tail");
	rule("on h2g vf=1 nth=1 do break g2h status 2");
	ck_assert_uint_eq(send(), OK);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 0x1234);
	ck_assert_uint_eq(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_TAIL), UINT32_MAX);
	ck_assert_uint_eq(fx_get(f, 1, FX_G2H_DESC(0) + CTB_DESC_STATUS), 2);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FAULT), 1);
}
END_TEST

/* --- interrupts, memory, registers, blobs ---------------------------------------------- */

static uint8_t status_byte(unsigned bit)
{
	return f->mem[1][FX_MEMIRQ(0) + MEMIRQ_STATUS(MEMIRQ_SOURCE_GUC) + bit];
}

/* Interrupts are lost, doubled, late, of another bit, with another byte, or invented. */
START_TEST(interrupts)
{
	uint32_t *seen = f->irqs[1][0];

	boot();
	memset(f->irqs, 0, sizeof(f->irqs));
	memset(f->mem[1] + FX_MEMIRQ(0), 0, 0x400);
	rule("on irq vf=1 bit=guc2host nth=1 do drop");
	rule("on irq vf=1 bit=guc2host nth=2 do duplicate 2");
	rule("on irq vf=1 bit=guc2host nth=3 do delay 1ms");
	rule("on irq vf=1 bit=guc2host nth=4 do byte 0x5a");
	rule("on irq vf=1 bit=guc2host nth=5 do bit 3");
	send();
	ck_assert_uint_eq(seen[15], 0);
	ck_assert_uint_eq(status_byte(15), 0);
	send();
	ck_assert_uint_eq(seen[15], 3);
	send();
	ck_assert_uint_eq(seen[15], 3);
	wait(1000000);
	ck_assert_uint_eq(seen[15], 4);
	ck_assert_uint_eq(status_byte(15), 0xFF);
	send();
	ck_assert_uint_eq(status_byte(15), 0x5A);
	send();
	ck_assert_uint_eq(seen[3], 1);
	ck_assert_uint_eq(status_byte(3), 0xFF);
	rule("on mbox-reply vf=1 do interrupt sw-int-0");
	ask(1);
	ck_assert_uint_eq(seen[0], 1);
	ck_assert_uint_eq(status_byte(0), 0xFF);
}
END_TEST

/* Memory fails, is lost, or comes out changed, in its range alone. */
START_TEST(memory)
{
	struct fx_msg m;

	boot();
	/* VF 1's memory starts at DMA address 0: the ring's first dwords. */
	rule("on mem-write vf=1 range=0x800+0x800 do nothing");
	rule("on mem-read vf=1 range=0x8000+0x1000 nth=2 do set dw1=0x77");
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
	ck_assert_uint_eq(m.dw[3], relay_msg[2]);
	ck_assert_uint_eq(m.dw[2], 0x77);
	rule("on mem-write pf range=0x10000+0x2000 do set byte4=0x99");
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.dw[0] & 0xFF, 0x99);
	rule("on mem-read vf=1 range=0x8000+0x1000 do fail");
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(send(), 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_DMA_FAULT), 1);
}
END_TEST

/* Registers read and written otherwise, lost, or twice. */
START_TEST(registers)
{
	uint64_t v;

	rule("on mmio-read vf=1 range=0x190240+4 nth=1 do set value=0x12345678");
	rule("on mmio-read vf=1 range=0x190240+4 nth=2 do drop");
	rule("on mmio-read vf=1 range=0x190240+4 nth=3 do set value=0x5500/0xff00");
	rule("on mmio-read vf=1 range=0x190240+4 nth=4 do flip");
	rule("on mmio-write vf=1 range=0x190240+4 value=0xaa/0xff do set value=0xbb/0xff");
	guc_mmio_write(&f->card, 1, 0x190240, 4, 0x111111AA);
	guc_mmio_read(&f->card, 1, 0x190240, 4, &v);
	ck_assert_uint_eq(v, 0x12345678);
	guc_mmio_read(&f->card, 1, 0x190240, 4, &v);
	ck_assert_uint_eq(v, 0);
	guc_mmio_read(&f->card, 1, 0x190240, 4, &v);
	ck_assert_uint_eq(v, 0x111155BB);
	guc_mmio_read(&f->card, 1, 0x190240, 4, &v);
	ck_assert_int_eq(__builtin_popcountll(v ^ 0x111111BB), 1);
	guc_mmio_read(&f->card, 1, 0x190240, 4, &v);
	ck_assert_uint_eq(v, 0x111111BB);
	rule("on mmio-write vf=1 range=0x190240+4 do drop");
	guc_mmio_write(&f->card, 1, 0x190240, 4, 5);
	guc_mmio_read(&f->card, 1, 0x190240, 4, &v);
	ck_assert_uint_eq(v, 0x111111BB);
}
END_TEST

/* A blob that was damaged, cut short or refused is not taken; a whole one is. */
START_TEST(blobs)
{
	uint32_t dwords;

	fx_boot(f, 1, 0);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	fx_run(f, 50);
	rule("on blob op=save nth=1 do failure 0x41");
	ck_assert_uint_eq(fx_save(f, 0, 1, FX_BLOB_BYTES / 4), 0xE0000041);
	dwords = fx_save(f, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0;
	ck_assert_uint_gt(dwords, 16);
	rule("on blob op=save do truncate 4");
	ck_assert_uint_eq(fx_save(f, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0, dwords - 4);
	fault_clear(&rules);
	rule("on blob op=restore nth=1 do flip");
	rule("on blob op=restore nth=2 do truncate 1");
	fx_save(f, 0, 1, FX_BLOB_BYTES / 4);
	ck_assert_uint_eq(fx_control(f, 0, 2, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(fx_restore(f, 0, 2, dwords) & 0xF0000000, 0xE0000000);
	ck_assert_uint_eq(fx_restore(f, 0, 2, dwords) & 0xF0000000, 0xE0000000);
	ck_assert_uint_eq(fx_restore(f, 0, 2, dwords) & 0xF0000000, OK);
}
END_TEST

/* --- hanging, resetting, holding ------------------------------------------------------- */

/* A GuC that hangs serves nobody; a reset makes it serve again VFs that have to begin
 * anew, and the PF as before. */
START_TEST(hang_and_reset_guc)
{
	boot();
	fault_set_state(&rules, "again", false);
	rule("on h2g vf=1 nth=2 do hang guc");
	rule("on tick if=again pf gt=0 first=1 do reset guc");
	ck_assert_uint_eq(send(), OK);
	send(); /* taken, and never answered */
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(send(), 0);
	fx_h2g(f, 2, 0, 7, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).len, 0);
	ck_assert_uint_eq(ask(2), query[0]);
	fx_g2h_drain(f, 0, 0);
	fx_h2g(f, 0, 0, 9, (uint32_t[]){ GUC_ACTION_VF_CONTROL, 1, GUC_VF_PAUSE }, 3);
	ck_assert_uint_eq(fx_g2h_drain(f, 0, 0), 0);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING);
	wait(1000);
	ck_assert(guc_next_deadline(&f->card) > f->now);
	fault_set_state(&rules, "again", true);
	wait(1000);
	wait(1000);
	/* The PF's request waited, and is served now. */
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_READY_PAUSED);
	ck_assert_int_eq(fx_state(f, 2, 0), GUC_VFS_READY);
	ck_assert_uint_ge(fx_g2h_drain(f, 0, 0), 1);
	fault_clear(&rules);
	fault_attach(&rules, &f->card);
	fx_boot(f, 2, 0);
	fx_h2g(f, 2, 0, 7, relay_msg, 4);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).dw[0], OK);
}
END_TEST

/* A function that hangs is alone with it, until it is reset; GT 1 serves it on. */
START_TEST(hang_function)
{
	boot();
	rule("on h2g vf=1 nth=1 do hang function");
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(ask(1), query[0]);
	ck_assert_uint_eq(ask(2), OK | 2);
	fx_boot(f, 1, 1);
	rule("on mbox-request vf=2 do reset function");
	guc_flr(&f->card, 1);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_FLR_PENDING);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->deaf, 0);
	ask(2);
	ck_assert_int_eq(fx_state(f, 2, 0), GUC_VFS_FLR_PENDING);
	ck_assert_int_eq(fx_state(f, 2, 1), GUC_VFS_FLR_PENDING);
}
END_TEST

/* From the crossing of a `pause` on nothing more of the VF is taken, until it was
 * paused and resumed: what is rung meanwhile waits. */
START_TEST(pause_at_a_point)
{
	struct fault_out out;

	boot();
	rule("here: on h2g vf=1 nth=2 do pause then log");
	fx_h2g_quiet(f, 1, 0, 1, relay_msg, 4);
	fx_h2g_quiet(f, 1, 0, 2, relay_msg, 4);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(fx_get(f, 1, FX_H2G_DESC(0) + CTB_DESC_HEAD), 10);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 2);
	ck_assert(fault_take(&rules, &out));
	ck_assert_int_eq(out.what, FAULT_OUT_LOG);
	ck_assert(fault_take(&rules, &out));
	ck_assert_int_eq(out.what, FAULT_OUT_PAUSE);
	ck_assert_uint_eq(out.fn, 1);
	ck_assert_int_eq(out.point, GUC_PT_H2G);
	ck_assert(!fault_take(&rules, &out));
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_PAUSE), 0);
	fx_run(f, 20);
	ck_assert_int_eq(fx_state(f, 1, 0), GUC_VFS_RUNNING_PAUSED);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 2);
	ck_assert_uint_eq(fx_control(f, 0, 1, GUC_VF_RESUME), 0);
	fx_run(f, 20);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 3);
}
END_TEST

/* Nobody carries the pause out: after a second the VF is served again. */
START_TEST(hold_ends)
{
	boot();
	rule("on h2g vf=1 nth=1 do migrate elsewhere");
	fx_h2g_quiet(f, 1, 0, 1, relay_msg, 4);
	fx_h2g(f, 1, 0, 3, relay_msg, 4);
	ck_assert_uint_eq(ask(1), query[0]);
	wait(GUC_HOLD_NS - 1);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 1);
	wait(1);
	wait(1);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->h2g_messages, 2);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->mbox[0], OK | 2);
}
END_TEST

/* --- when, then ---------------------------------------------------------------------- */

static const struct {
	const char *when;
	const char *fires; /* a character a request: '!' it fired */
} times[] = {
	{ "nth=3", "..!......." },     { "every=3", "..!..!..!." },   { "first=2", "!!........" },
	{ "from=8", ".......!!!" },    { "until=3", "!!........" },   { "from=2 until=9 every=4", "...!...!.." },
	{ "nth=10", ".........!" },    { "", "!!!!!!!!!!" },
};

/* Counts are of the crossings that the rule is about, of each function for itself. */
START_TEST(counted)
{
	char line[128];
	int n;

	snprintf(line, sizeof(line), "on mbox-request %s do nothing", times[_i].when);
	n = rule(line);
	for (unsigned i = 0; times[_i].fires[i]; i++) {
		uint64_t before = fired(n);

		ask(1);
		ck_assert_uint_eq(fired(n) - before, times[_i].fires[i] == '!');
		ask(2);
		ck_assert_uint_eq(fired(n) - before, 2 * (times[_i].fires[i] == '!'));
	}
}
END_TEST

/* Other rules, states, files and the card's time open and close a rule; while it is
 * closed nothing is counted. */
START_TEST(gated)
{
	int a = rule("a: on mbox-request nth=3 do nothing then set on");
	int b = rule("on mbox-request after=a nth=2 do nothing then clear on");
	int c = rule("on mbox-request until=a do nothing");
	int d = rule("on mbox-request if=on do nothing");
	int e = rule("on mbox-request unless=on do nothing");
	int g = rule("on mbox-request file=/nowhere do nothing");
	int h = rule("on mbox-request time=1ms..2ms do nothing");
	int i = rule("on mbox-request nth=2 do nothing then disarm");

	for (unsigned k = 0; k < 6; k++) {
		fault_file_is(&rules, 0, k == 4);
		fault_file_is(&rules, 7, true);
		ask(1);
		wait(500000);
	}
	ck_assert_uint_eq(fired(a), 1);  /* the third */
	ck_assert_uint_eq(fired(b), 1);  /* the fourth: a fired before it was asked */
	ck_assert_uint_eq(fired(c), 2);
	ck_assert_uint_eq(fired(d), 1);  /* at the fourth b was before it */
	ck_assert_uint_eq(fired(e), 5);
	ck_assert_uint_eq(fired(g), 1);
	ck_assert_uint_eq(fired(h), 2);
	ck_assert_uint_eq(fired(i), 1);
	ck_assert_str_eq(fault_file(&rules, 0), "/nowhere");
	ck_assert_int_eq(fault_arm(&rules, i, true), 0);
	ask(1);
	ask(1);
	ck_assert_uint_eq(fired(i), 2);
}
END_TEST

/* The faults of VF 1's requests, a bit each, out of 64; VF 2 asks `others` times
 * in between. */
static uint64_t pattern(uint64_t seed, unsigned others)
{
	uint64_t seen = 0;
	int n;

	fault_init(&rules, seed, NULL);
	n = rule("on mbox-reply vf=any p=30% do flip 3");
	for (unsigned i = 0; i < 64; i++) {
		uint64_t before = fired(n);

		ask(1);
		seen |= (fired(n) - before) << i;
		for (unsigned k = 0; k < others; k++)
			ask(2);
	}
	return seen;
}

/* Chance repeats from the seed, for each function whatever the others do, and is about
 * as frequent as the rule says. */
START_TEST(chance)
{
	uint64_t a = pattern(5, 0);

	ck_assert_uint_eq(a, pattern(5, 0));
	ck_assert_uint_eq(a, pattern(5, 3));
	ck_assert_uint_ne(a, pattern(6, 0));
	ck_assert_int_gt(__builtin_popcountll(a), 8);
	ck_assert_int_lt(__builtin_popcountll(a), 32);
}
END_TEST

/* The block without the rules' pointers is a snapshot: copied back, the same happens
 * again. */
START_TEST(snapshot)
{
	static struct fault kept;
	uint32_t first[16];

	rule("on mbox-reply p=50% do flip then log");
	kept = rules;
	for (unsigned i = 0; i < 16; i++)
		first[i] = ask(1);
	rules = kept;
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(ask(1), first[i]);
}
END_TEST

/* A card that sends out more than its host takes loses the newest. */
START_TEST(host_does_not_listen)
{
	struct fault_out out;
	unsigned n = 0;

	rule("on mbox-request do disconnect then log");
	for (unsigned i = 0; i < FAULT_OUT_MAX; i++)
		ask(1);
	while (fault_take(&rules, &out))
		n++;
	ck_assert_uint_eq(n, FAULT_OUT_MAX);
	ck_assert_uint_eq(rules.out_lost, FAULT_OUT_MAX);
}
END_TEST

/* Several rules at one crossing: each sees what those before it left, after one that
 * decides only those fire that act beside it; one event tells of them all. */
START_TEST(several)
{
	int c, d, e;

	rule("one: on mbox-reply do set dw0=0xf0000005");
	rule("two: on mbox-reply dw0=0xf0000005 do data0 6");
	c = rule("on mbox-reply do delay 1us");
	d = rule("on mbox-reply do drop");
	e = rule("on mbox-reply do nothing");
	ck_assert_uint_eq(ask(1), query[0]);
	ck_assert_uint_eq(fired(d), 0);
	ck_assert_uint_eq(fired(e), 1);
	wait(1000);
	ck_assert_uint_eq(guc_fn(&f->card, 0, 1)->mbox[0], 0xF0000006);
	ck_assert_uint_eq(fired(c), 1);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FAULT), 1);
	ck_assert_str_eq(rules.told, "one+two+#3+#5");
}
END_TEST

/* Points that only tell: a state that is entered, a context, a reset; what rules do
 * there happens, too. */
START_TEST(told_points)
{
	int a = rule("on state vf=1 enters=VF_RUNNING leaves=VF_READY do interrupt 5");
	int b = rule("on flr vf=2 do drop");
	int c = rule("on violation vf=1 do nothing");
	int d = rule("on tick vf=1 gt=1 time=5ms.. first=1 do interrupt 6");

	memset(f->irqs, 0, sizeof(f->irqs));
	fx_boot(f, 1, 0);
	ck_assert_uint_eq(fired(a), 1);
	ck_assert_uint_eq(f->irqs[1][0][5], 1);
	guc_flr(&f->card, 2);
	ck_assert_int_eq(fx_state(f, 2, 0), GUC_VFS_READY);
	ck_assert_uint_eq(fired(b), 1);
	guc_mmio_write(&f->card, 1, REG_GGTT_BASE, 8, 1);
	ck_assert_uint_eq(fired(c), 1);
	f->now = f->now < 5000000 ? 5000000 : f->now;
	wait(1);
	wait(1);
	ck_assert_uint_eq(fired(d), 1);
	ck_assert_uint_eq(f->irqs[1][1][6], 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fault_card");
	TCase *t = tcase_create("card");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, mailbox_drop);
	tcase_add_test(t, mailbox_answers);
	tcase_add_loop_test(t, mailbox_bits, 0, 19);
	tcase_add_test(t, klv_length_of_self_cfg);
	tcase_add_test(t, mailbox_duplicate_and_clear);
	tcase_add_test(t, ctb_messages);
	tcase_add_test(t, ctb_reorder);
	tcase_add_test(t, ctb_length);
	tcase_add_test(t, ctb_busy);
	tcase_add_test(t, ctb_broken);
	tcase_add_test(t, interrupts);
	tcase_add_test(t, memory);
	tcase_add_test(t, registers);
	tcase_add_test(t, blobs);
	tcase_add_test(t, hang_and_reset_guc);
	tcase_add_test(t, hang_function);
	tcase_add_test(t, pause_at_a_point);
	tcase_add_test(t, hold_ends);
	tcase_add_loop_test(t, counted, 0, sizeof(times) / sizeof(*times));
	tcase_add_test(t, gated);
	tcase_add_test(t, chance);
	tcase_add_test(t, snapshot);
	tcase_add_test(t, host_does_not_listen);
	tcase_add_test(t, several);
	tcase_add_test(t, told_points);
	suite_add_tcase(s, t);
	return check_main(s);
}
