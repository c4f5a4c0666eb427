/* SPDX-License-Identifier: MIT */
/* Fault rules at work on a card: each WHAT at each kind of point does what its words
 * say, and each WHERE lets through what it should and nothing else. */
#include <string.h>

#include "fault_fixture.h"
#include "tests/check_main.h"

/* --- mailbox ------------------------------------------------------------------------ */

/* A request that is lost stays in the mailbox; so it does when the reply is lost, but
 * then it was done. */
START_TEST(mailbox_drop)
{
	uint32_t version[2] = { GUC_ACTION_MATCH_VERSION, 0x00011C00 }, reply[4];
	struct guc_vf_info info;
	int a = fr_rule("on mbox-request vf=1 nth=1 do drop");
	int b = fr_rule("on mbox-reply vf=1 nth=1 do drop");

	ck_assert_uint_eq(fx_mbox(f, 1, 0, version, 2, reply), version[0]);
	guc_vf_info(&f->card, 1, 0, &info);
	ck_assert_uint_eq(info.abi_major, 0);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, version, 2, reply), version[0]);
	guc_vf_info(&f->card, 1, 0, &info);
	ck_assert_uint_eq(info.abi_major, 1);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, version, 2, reply) & 0xF0000000, OK);
	ck_assert_uint_eq(fr_fired(a), 1);
	ck_assert_uint_eq(fr_fired(b), 1);
	ck_assert_uint_eq(fx_count(f, GUC_PT_FAULT), 2);
}
END_TEST

/* BUSY is read at once and the answer at its time; RETRY, FAILURE and any answer come
 * instead of handling; FAILURE of a reply after it. */
START_TEST(mailbox_answers)
{
	uint32_t reply[4];

	fr_rule("on mbox-request nth=1 do busy 2ms");
	fr_rule("on mbox-request nth=2 do retry 5");
	fr_rule("on mbox-request nth=3 do failure UNKNOWN_ACTION 0x12");
	fr_rule("on mbox-request nth=4 do answer 0xf0000002,0x11,0x22");
	fr_rule("on mbox-reply nth=6 do failure 0x0a");
	ck_assert_uint_eq(fr_ask(1), 0xB0000000);
	fr_wait(1999999);
	fx_mbox_read(f, 1, 0, reply);
	ck_assert_uint_eq(reply[0], 0xB0000000);
	fr_wait(1);
	fx_mbox_read(f, 1, 0, reply);
	ck_assert_uint_eq(reply[0], OK | 2);
	ck_assert_uint_eq(fr_ask(1), 0xD0000005);
	ck_assert_uint_eq(fr_ask(1), 0xE0120030);
	ck_assert_uint_eq(fx_mbox(f, 1, 0, query, 2, reply), 0xF0000002);
	ck_assert_uint_eq(reply[1], 0x11);
	ck_assert_uint_eq(reply[2], 0x22);
	/* The sixth reply: BUSY was one, too. */
	ck_assert_uint_eq(fr_ask(1), 0xE000000A);
	ck_assert_uint_eq(fr_ask(1), OK | 2);
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
	fr_rule(cases[_i].line);
	ck_assert_msg(fr_ask(1) == cases[_i].expect, "%s: 0x%x", cases[_i].line, fr_ask(1));
}
END_TEST

/* SELF_CFG with another length of its KLV is refused. */
START_TEST(klv_length_of_self_cfg)
{
	int a = fr_rule("on mbox-request action=SELF_CFG key=0x0902 do klv-length 1");

	fr_rule("on mbox-request action=SELF_CFG key=0x0903 do drop");
	ck_assert_uint_ne(fx_self_cfg(f, 1, 0, 0x0902, 2, fx_addr(f, 1, 0)), 0);
	ck_assert_uint_eq(fr_fired(a), 1);
}
END_TEST

/* A duplicate of a request is done twice; clear-mailbox leaves nothing to be read. */
START_TEST(mailbox_duplicate_and_clear)
{
	uint32_t reset[1] = { GUC_ACTION_VF_RESET }, reply[4];
	unsigned before = fx_count(f, GUC_PT_MBOX_REPLY);

	fr_rule("twice: on mbox-request action=VF_RESET do duplicate 2 then disarm");
	fx_mbox(f, 1, 0, reset, 1, reply);
	ck_assert_uint_eq(fx_count(f, GUC_PT_MBOX_REPLY) - before, 3);
	fr_rule("on mbox-reply do clear-mailbox");
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

	fr_boot();
	fr_rule("on h2g vf=1 nth=1 do drop");
	fr_rule("on h2g vf=1 nth=2 do duplicate");
	fr_rule("on g2h vf=1 type=response nth=3 do delay 1ms");
	fr_rule("on g2h vf=1 type=response nth=4 do fence 0x100");
	fr_rule("on h2g vf=1 nth=5 do truncate 3");
	fr_rule("on h2g vf=1 nth=6 do failure 0x41");
	fr_rule("on h2g vf=1 nth=7 do retry");
	ck_assert_uint_eq(fr_send(), 0);
	ck_assert_uint_eq(fr_send(), OK);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
	ck_assert_uint_eq(fx_g2h_drain(f, 0, 0), 2);
	ck_assert_uint_eq(fr_send(), 0);
	fr_wait(1000000);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	m = fx_g2h(f, 1, 0);
	ck_assert_uint_eq(m.fence, 0x107);
	ck_assert_uint_eq(fr_send() & 0xF0000000, 0xE0000000);
	ck_assert_uint_eq(fr_send(), 0xE0000041);
	ck_assert_uint_eq(fr_send(), 0xD0000000);
	ck_assert_uint_eq(fr_send(), OK);
}
END_TEST

/* reorder lets exactly so many later messages of the same function overtake, and none
 * for longer than its time. */
START_TEST(ctb_reorder)
{
	uint32_t dw[4];

	fr_boot();
	fr_rule("on h2g vf=1 nth=1 do reorder 2");
	fr_rule("on g2h vf=2 type=response nth=1 do reorder 1 3ms");
	memcpy(dw, relay_msg, sizeof(dw));
	for (uint16_t fence = 1; fence <= 3; fence++) {
		fx_h2g(f, 1, 0, fence, dw, 4);
		fx_h2g(f, 2, 0, (uint16_t)(10 + fence), dw, fence == 1 ? 4 : 0);
	}
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 2);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 3);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).fence, 1);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).len, 0);
	fr_wait(3000000);
	ck_assert_uint_eq(fx_g2h(f, 2, 0).fence, 11);
}
END_TEST

/* extend adds noise at the end, truncate takes away, both leave what is between. */
START_TEST(ctb_length)
{
	struct fx_msg m;

	fr_boot();
	fr_rule("on g2h pf action=RELAY_FROM_VF nth=1 do extend 2");
	fr_rule("on g2h pf action=RELAY_FROM_VF nth=2 do truncate 9");
	ck_assert_uint_eq(fr_send(), OK);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 7);
	ck_assert_uint_eq(m.dw[4], relay_msg[3]);
	ck_assert_uint_eq(fr_send(), OK);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.len, 1);
	ck_assert_uint_eq(hxg_action(m.dw[0]), GUC_ACTION_RELAY_FROM_VF);
}
END_TEST

/* BUSY over a ring, then the answer with the same fence. */
START_TEST(ctb_busy)
{
	fr_boot();
	fr_rule("on h2g vf=1 type=request do busy 1ms");
	ck_assert_uint_eq(fr_send(), 0xB0000000);
	fr_wait(1000000);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
}
END_TEST

/* A descriptor's words are written behind the message that it is about. */
START_TEST(ctb_broken)
{
	fr_boot();
	fr_rule("on h2g vf=1 nth=1 do break h2g head 0x1234");
	fr_rule("on h2g vf=1 nth=1 do break g2h tail");
	fr_rule("on h2g vf=1 nth=1 do break g2h status 2");
	ck_assert_uint_eq(fr_send(), OK);
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

	fr_boot();
	memset(f->irqs, 0, sizeof(f->irqs));
	memset(f->mem[1] + FX_MEMIRQ(0), 0, 0x400);
	fr_rule("on irq vf=1 bit=guc2host nth=1 do drop");
	fr_rule("on irq vf=1 bit=guc2host nth=2 do duplicate 2");
	fr_rule("on irq vf=1 bit=guc2host nth=3 do delay 1ms");
	fr_rule("on irq vf=1 bit=guc2host nth=4 do byte 0x5a");
	fr_rule("on irq vf=1 bit=guc2host nth=5 do bit 3");
	fr_send();
	ck_assert_uint_eq(seen[15], 0);
	ck_assert_uint_eq(status_byte(15), 0);
	fr_send();
	ck_assert_uint_eq(seen[15], 3);
	fr_send();
	ck_assert_uint_eq(seen[15], 3);
	fr_wait(1000000);
	ck_assert_uint_eq(seen[15], 4);
	ck_assert_uint_eq(status_byte(15), 0xFF);
	fr_send();
	ck_assert_uint_eq(status_byte(15), 0x5A);
	fr_send();
	ck_assert_uint_eq(seen[3], 1);
	ck_assert_uint_eq(status_byte(3), 0xFF);
	fr_rule("on mbox-reply vf=1 do interrupt sw-int-0");
	fr_ask(1);
	ck_assert_uint_eq(seen[0], 1);
	ck_assert_uint_eq(status_byte(0), 0xFF);
}
END_TEST

/* Memory fails, is lost, or comes out changed, in its range alone. */
START_TEST(memory)
{
	struct fx_msg m;

	fr_boot();
	/* VF 1's memory starts at DMA address 0: the ring's first dwords. */
	fr_rule("on mem-write vf=1 range=0x800+0x800 do nothing");
	fr_rule("on mem-read vf=1 range=0x8000+0x1000 nth=2 do set dw1=0x77");
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(fx_g2h(f, 1, 0).dw[0], OK);
	ck_assert_uint_eq(m.dw[3], relay_msg[2]);
	ck_assert_uint_eq(m.dw[2], 0x77);
	fr_rule("on mem-write pf range=0x10000+0x2000 do set byte4=0x99");
	fx_h2g(f, 1, 0, 7, relay_msg, 4);
	m = fx_g2h(f, 0, 0);
	ck_assert_uint_eq(m.dw[0] & 0xFF, 0x99);
	fr_rule("on mem-read vf=1 range=0x8000+0x1000 do fail");
	fx_g2h_drain(f, 1, 0);
	ck_assert_uint_eq(fr_send(), 0);
	ck_assert_uint_eq(fx_violations(f, 1, 0, GUC_VIOL_DMA_FAULT), 1);
}
END_TEST

/* Registers read and written otherwise, lost, or twice. */
START_TEST(registers)
{
	uint64_t v;

	fr_rule("on mmio-read vf=1 range=0x190240+4 nth=1 do set value=0x12345678");
	fr_rule("on mmio-read vf=1 range=0x190240+4 nth=2 do drop");
	fr_rule("on mmio-read vf=1 range=0x190240+4 nth=3 do set value=0x5500/0xff00");
	fr_rule("on mmio-read vf=1 range=0x190240+4 nth=4 do flip");
	fr_rule("on mmio-write vf=1 range=0x190240+4 value=0xaa/0xff do set value=0xbb/0xff");
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
	fr_rule("on mmio-write vf=1 range=0x190240+4 do drop");
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
	fr_rule("on blob op=save nth=1 do failure 0x41");
	ck_assert_uint_eq(fx_save(f, 0, 1, FX_BLOB_BYTES / 4), 0xE0000041);
	dwords = fx_save(f, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0;
	ck_assert_uint_gt(dwords, 16);
	fr_rule("on blob op=save do truncate 4");
	ck_assert_uint_eq(fx_save(f, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0, dwords - 4);
	fault_clear(&rules);
	fr_rule("on blob op=restore nth=1 do flip");
	fr_rule("on blob op=restore nth=2 do truncate 1");
	fx_save(f, 0, 1, FX_BLOB_BYTES / 4);
	ck_assert_uint_eq(fx_control(f, 0, 2, GUC_VF_PAUSE), 0);
	ck_assert_uint_eq(fx_restore(f, 0, 2, dwords) & 0xF0000000, 0xE0000000);
	ck_assert_uint_eq(fx_restore(f, 0, 2, dwords) & 0xF0000000, 0xE0000000);
	ck_assert_uint_eq(fx_restore(f, 0, 2, dwords) & 0xF0000000, OK);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fault_card");
	TCase *t = tcase_create("card");

	tcase_add_checked_fixture(t, fr_setup, fr_teardown);
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
	suite_add_tcase(s, t);
	return check_main(s);
}
