/* SPDX-License-Identifier: MIT */
/* The state blob: SAVE and RESTORE by the table of vf-lifecycle 1.3.4, what is
 * refused and how, and that what travels arrives (M-.. of vf-lifecycle 6.5). */
#include <check.h>

#include "emulator/guc/blob.h"
#include "guc_lrc.h"
#include "tests/check_main.h"

static struct fx *a, *b;
static uint32_t dwords; /* of the blob */

static void setup(void)
{
	a = fx_new(1, 1, 1, NULL);
	fx_provision(a, 1);
	fx_boot(a, 1, 0);
	fx_g2h_drain(a, 1, 0);
	lx_load(a);
	dwords = lx_save(a);
	b = lx_target(a, FX_VF_START(5), NULL);
}

static void teardown(void)
{
	fx_free(a);
	fx_free(b);
}

static uint32_t get(const struct fx *f, uint32_t i)
{
	return fx_get(f, 0, FX_BLOB + 4 * i);
}

static void put(uint32_t i, uint32_t value)
{
	fx_put(b, 0, FX_BLOB + 4 * i, value);
}

static uint32_t fine(uint32_t n)
{
	return hxg_success(HXG_ORIGIN_GUC, n);
}

/* All that b's GuC knows of the VF. */
struct snapshot {
	struct guc_function fn;
	struct guc_context contexts[FX_VF_CONTEXTS];
	uint8_t mem[FX_MEM];
};

static void take(struct snapshot *s)
{
	memcpy(&s->fn, guc_fn(&b->card, 0, 1), sizeof(s->fn));
	memcpy(s->contexts, guc_context(&b->card, 0, 1, 0), sizeof(s->contexts));
	memcpy(s->mem, b->mem[1], sizeof(s->mem));
}

static void expect_same(const struct snapshot *s)
{
	ck_assert_mem_eq(&s->fn, guc_fn(&b->card, 0, 1), sizeof(s->fn));
	ck_assert_mem_eq(s->contexts, guc_context(&b->card, 0, 1, 0), sizeof(s->contexts));
	ck_assert_mem_eq(s->mem, b->mem[1], sizeof(s->mem));
}

/* RESTORE fails with this error and hint, and the VF is as it was. */
static void expect_refused(uint32_t size, uint32_t error, uint32_t hint)
{
	static struct snapshot before;
	uint32_t reply;

	take(&before);
	reply = fx_restore(b, 0, 1, size);
	ck_assert_uint_eq(reply, hxg_failure(HXG_ORIGIN_GUC, error, hint));
	expect_same(&before);
}

static void sign(uint32_t n)
{
	put(BLOB_CRC, guc_blob_crc((uint32_t *)(void *)(b->mem[0] + FX_BLOB), 4 * (size_t)n));
}

/* 1.3.4: a query tells the size, which is what SAVE then uses; a buffer that is
 * too small, or not the PF's, gets nothing. */
START_TEST(test_save_sizes)
{
	uint32_t dw[5] = {
		hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_SAVE_RESTORE_VF, GUC_OP_SAVE), 1,
	};

	ck_assert_uint_eq(fx_pf(a, 0, dw, 5), fine(dwords));
	memset(a->mem[0] + FX_BLOB, 0, 4 * dwords);
	ck_assert_uint_eq(fx_save(a, 0, 1, dwords - 1),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_SIZE, 0));
	for (uint32_t i = 0; i < dwords; i++)
		ck_assert_uint_eq(get(a, i), 0);
	ck_assert_uint_eq(fx_save(a, 0, 1, dwords), fine(dwords));
	dw[2] = FX_VF_START(1);
	dw[4] = dwords;
	ck_assert_uint_eq(fx_pf(a, 0, dw, 5),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_GGTT_ADDRESS, 0));
}
END_TEST

/* Ill-formed requests; each dword of the message is checked. */
START_TEST(test_bad_requests)
{
	static const struct {
		uint32_t data0, vfid, size, len, last, error;
	} bad[] = {
		{ 2, 1, 0, 5, 0, GUC_ERR_INVALID_PARAMS },
		{ 0, 0, 0, 5, 0, GUC_ERR_INVALID_VFID },
		{ 0, 2, 0, 5, 0, GUC_ERR_INVALID_VFID },
		{ 1, 64, 0, 5, 0, GUC_ERR_INVALID_VFID },
		{ 0, 1, 1u << 28, 5, 0, GUC_ERR_ERROR_PROTOCOL },
		{ 0, 1, GUC_BLOB_MAX_BYTES, 5, 0, GUC_ERR_INVALID_SIZE },
		{ 0, 1, 0, 6, 1, GUC_ERR_ERROR_PROTOCOL },
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t dw[6] = {
			hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_SAVE_RESTORE_VF,
				 bad[i].data0),
			bad[i].vfid, 0, 0, bad[i].size, bad[i].last,
		};

		ck_assert_uint_eq(fx_pf(a, 0, dw, bad[i].len),
				  hxg_failure(HXG_ORIGIN_GUC, bad[i].error, 0));
	}
}
END_TEST

/* 1.3.4: neither without PAUSE, RESTORE not over a VF that ran. */
START_TEST(test_states)
{
	uint32_t refused = hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_INVALID_STATE, 0);

	ck_assert_uint_eq(fx_restore(a, 0, 1, dwords), refused);
	fx_control(a, 0, 1, GUC_VF_RESUME);
	ck_assert_uint_eq(fx_save(a, 0, 1, dwords), refused);
	ck_assert_uint_eq(fx_restore(a, 0, 1, dwords), refused);
	fx_control(b, 0, 1, GUC_VF_RESUME);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), refused);
}
END_TEST

/* M-25: every single flipped bit is detected before anything is applied. */
START_TEST(M_25_blob_bit_flips)
{
	static struct snapshot before;

	take(&before);
	for (uint32_t bit = 0; bit < 32 * dwords; bit++) {
		uint32_t i = bit / 32, old = get(b, i), reply;

		put(i, old ^ 1u << bit % 32);
		reply = fx_restore(b, 0, 1, dwords);
		ck_assert_msg(hxg_type(reply) == HXG_FAILURE, "bit %u", bit);
		ck_assert_mem_eq(&before.fn, guc_fn(&b->card, 0, 1), sizeof(before.fn));
		put(i, old);
	}
	expect_same(&before);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
}
END_TEST

/* M-26: cut off at every dword. */
START_TEST(M_26_blob_truncation)
{
	for (uint32_t n = 0; n < dwords; n++)
		expect_refused(n, GUC_ERR_INVALID_PARAMS, GUC_BLOB_SHORT);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords + 7), fine(dwords));
}
END_TEST

/* M-26: cut off at every dword by one who sets length and checksum right. */
START_TEST(M_26_signed_truncation)
{
	for (uint32_t n = BLOB_HEADER_DWORDS; n < dwords; n++) {
		put(BLOB_BYTES, 4 * n);
		sign(n);
		expect_refused(n, GUC_ERR_INVALID_PARAMS, GUC_BLOB_BAD_LENGTH);
	}
}
END_TEST

/* Where the parts of the blob of lx_load() lie. */
#define CTX(n)  (BLOB_HEADER_DWORDS + (n) * (BLOB_CTX_DWORDS + BLOB_LRC_DWORDS))
#define LRC(n)  (CTX(n) + BLOB_CTX_DWORDS)
#define CCS_CTX (CTX(3) + BLOB_LRC_DWORDS) /* behind the parallel one */
#define GRP_CTX (CCS_CTX + BLOB_CTX_DWORDS + BLOB_LRC_DWORDS)
#define GRP_LRC(n) (GRP_CTX + BLOB_CTX_DWORDS + (n) * BLOB_LRC_DWORDS)
#define NOTE    GRP_LRC(2)
#define BAD     GUC_ERR_INVALID_PARAMS
#define OLD_VERSION GUC_ERR_UNSUPPORTED_VERSION
#define CONFIG  GUC_ERR_INVALID_CONFIG_STATE

/* One dword changed, checksum made right again. */
static const struct {
	uint32_t dword, value, error, hint;
} lies[] = {
	{ BLOB_MAGIC_LO, 0, BAD, GUC_BLOB_BAD_MAGIC },
	{ BLOB_FORMAT, BLOB_VERSION + 1, OLD_VERSION, GUC_BLOB_BAD_VERSION },
	{ BLOB_BYTES, 0, BAD, GUC_BLOB_BAD_LENGTH },
	{ BLOB_BYTES, 0xFFFFFFFC, BAD, GUC_BLOB_BAD_LENGTH },
	{ BLOB_DEVICE, 0x12345678, CONFIG, GUC_BLOB_OTHER_DEVICE },
	{ BLOB_GT_KIND, 1, CONFIG, GUC_BLOB_OTHER_DEVICE },
	{ BLOB_GMD_ID, 1, CONFIG, GUC_BLOB_OTHER_DEVICE },
	{ BLOB_GGTT_LO, FX_MEM * 2, CONFIG, GUC_BLOB_OTHER_GGTT },
	{ BLOB_GGTT_HI, 1, CONFIG, GUC_BLOB_OTHER_GGTT },
	{ BLOB_NUM_CONTEXTS, FX_VF_CONTEXTS + 1, CONFIG, GUC_BLOB_OTHER_COUNT },
	{ BLOB_PAUSED_FROM, GUC_VFS_RUNNING, BAD, GUC_BLOB_BAD_STATE },
	{ BLOB_PAUSED_FROM, 0xFFFFFFFF, BAD, GUC_BLOB_BAD_STATE },
	{ BLOB_ABI, 2u << 16, OLD_VERSION, GUC_BLOB_OTHER_ABI },
	{ BLOB_ABI, 1u << 16 | 29, OLD_VERSION, GUC_BLOB_OTHER_ABI },
	{ BLOB_OPT_IN, 4, BAD, GUC_BLOB_BAD_RESERVED },
	{ BLOB_FLAGS, 0x80000000 | BLOB_F_CTB, BAD, GUC_BLOB_BAD_RESERVED },
	{ BLOB_FLAGS, BLOB_F_CTB, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_FLAGS, 0, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_ENGINES_OFF, 1u << GUC_CLASS_COUNT, BAD, GUC_BLOB_BAD_RESERVED },
	{ BLOB_INTR, 0x80000000, BAD, GUC_BLOB_BAD_RESERVED },
	{ BLOB_HEADER_DWORDS - 1, 1, BAD, GUC_BLOB_BAD_RESERVED },
	{ BLOB_ADDR + 0, FX_MEM - 15, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_ADDR + 1, FX_MEM, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_ADDR + 2, FX_MEM - 4, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_ADDR + 3, FX_MEM - 60, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_ADDR + 4, 0xFFFFF000, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_ADDR + 5, 2, BAD, GUC_BLOB_BAD_ADDRESS },
	{ BLOB_H2G_BYTES, 4095, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_H2G_BYTES, 0, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_G2H_BYTES, GUC_G2H_MAX_BYTES + 4096, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_H2G_CURSOR, FX_H2G_BYTES / 4, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_H2G_SIZE, 0, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_G2H_CURSOR, 0xFFFFFFFF, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_G2H_SIZE, FX_G2H_BYTES, BAD, GUC_BLOB_BAD_RING },
	{ BLOB_CONTEXTS, 0, BAD, GUC_BLOB_BAD_LENGTH },
	{ BLOB_LRCS, 0xFFFFFFFF, BAD, GUC_BLOB_BAD_LENGTH },
	{ BLOB_QUEUED, GUC_QUEUED_G2H + 1, BAD, GUC_BLOB_BAD_QUEUED },
	{ BLOB_QUEUED, 1, BAD, GUC_BLOB_BAD_QUEUED },
	{ BLOB_QUEUED_DWORDS, 1, BAD, GUC_BLOB_BAD_LENGTH },
	{ BLOB_NOTES, 0x40000000, BAD, GUC_BLOB_BAD_LENGTH },
	{ CTX(0) + BLOB_CTX_ID, 1u << 16 | FX_VF_CONTEXTS, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(0) + BLOB_CTX_ID, 1u << 16 | 1, BAD, GUC_BLOB_BAD_CONTEXT }, /* id 1 twice */
	{ CTX(1) + BLOB_CTX_ID, 1u << 16 | 5, BAD, GUC_BLOB_BAD_CONTEXT }, /* not ascending */
	{ CTX(0) + BLOB_CTX_ID, 0, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(2) + BLOB_CTX_ID, 9u << 16 | 4, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(0) + BLOB_CTX_FLAGS, 3u << 8, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(0) + BLOB_CTX_FLAGS, 6u << 16, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(0) + BLOB_CTX_FLAGS, 1u << 31, BAD, GUC_BLOB_BAD_RESERVED },
	{ CTX(2) + BLOB_CTX_FLAGS, 1u << 8, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(0) + BLOB_CTX_MASK, 0, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CTX(0) + BLOB_CTX_WQ_BYTES, 1024, BAD, GUC_BLOB_BAD_LRC },
	{ CTX(2) + BLOB_CTX_WQ_BYTES, 0, BAD, GUC_BLOB_BAD_LRC },
	{ CTX(2) + BLOB_CTX_WQ_BYTES, 1022, BAD, GUC_BLOB_BAD_LRC },
	{ CTX(2) + BLOB_CTX_WQ_DESC, FX_MEM - 8, BAD, GUC_BLOB_BAD_LRC },
	{ CTX(2) + BLOB_CTX_WQ_BASE, 0xFFFFFFFC, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_ADDR, FX_MEM - 4096, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_ADDR, 0xFFFFF000, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_ADDR, LX_BASE(0) + 4, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_DESC, 0x10000, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_STATE, 0, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_STATE, 3, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_STATE, 1 | GUC_EXEC_BACK << 2, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_STATE, 1 | BLOB_LRC_BEHIND, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_STATE, 1 | 1u << 7, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(1) + BLOB_LRC_STATE, GUC_EXEC_BATCH << 2, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_BATCH + 1, 1, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_BACK, 4, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_BATCH, FX_MEM + 4, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(0) + BLOB_LRC_BATCH, 3, BAD, GUC_BLOB_BAD_LRC },
	{ LRC(1) + BLOB_LRC_BATCH, 4, BAD, GUC_BLOB_BAD_LRC },
	{ CTX(2) + BLOB_CTX_QUEUES, 2, BAD, GUC_BLOB_BAD_CONTEXT },
	{ CCS_CTX + BLOB_CTX_QUEUES, 2, BAD, GUC_BLOB_BAD_CONTEXT },
	{ GRP_CTX + BLOB_CTX_QUEUES, 0, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_CTX + BLOB_CTX_QUEUES, 2, BAD, GUC_BLOB_BAD_LENGTH },
	{ GRP_CTX + BLOB_CTX_QUEUES, 4, BAD, GUC_BLOB_BAD_LENGTH },
	{ GRP_CTX + BLOB_CTX_QUEUES, CGP_QUEUES + 2, BAD, GUC_BLOB_BAD_CONTEXT },
	{ GRP_CTX + BLOB_CTX_WQ_BASE, FX_MEM, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_CTX + BLOB_CTX_WQ_BASE, LX_CGP + 64, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_CTX + BLOB_CTX_WQ_DESC, 64, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_CTX + BLOB_CTX_FLAGS, 1u << 8, BAD, GUC_BLOB_BAD_CONTEXT },
	{ GRP_LRC(0) + BLOB_LRC_DESC, LRC_DESC_KERNEL | 40u << 24, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_LRC(1) + BLOB_LRC_DESC, LRC_DESC_KERNEL, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_LRC(1) + BLOB_LRC_DESC, 40u << 24, BAD, GUC_BLOB_BAD_LRC },
	{ GRP_LRC(1) + BLOB_LRC_ADDR, FX_MEM, BAD, GUC_BLOB_BAD_LRC },
	{ NOTE, FX_VF_CONTEXTS, BAD, GUC_BLOB_BAD_NOTE },
	{ NOTE, CGP_QUEUES << 16, BAD, GUC_BLOB_BAD_NOTE },
	{ NOTE, (uint32_t)FIXUP_COUNT << 24, BAD, GUC_BLOB_BAD_NOTE },
	{ NOTE + 2, FX_MEM, BAD, GUC_BLOB_BAD_NOTE },
	{ NOTE + 3, FX_MEM - 2, BAD, GUC_BLOB_BAD_NOTE },
};

/* Well-formed lies: the checksum is right, the error says what is wrong. */
START_TEST(test_lies)
{
	uint32_t truth = get(b, lies[_i].dword), crc = get(b, BLOB_CRC);

	put(lies[_i].dword, lies[_i].value);
	sign(dwords);
	expect_refused(dwords, lies[_i].error, lies[_i].hint);
	/* Also what an earlier blob brought stays. */
	put(lies[_i].dword, truth);
	put(BLOB_CRC, crc);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	put(lies[_i].dword, lies[_i].value);
	sign(dwords);
	expect_refused(dwords, lies[_i].error, lies[_i].hint);
}
END_TEST

/* M-29: the target was provisioned differently, or its GuC is older. */
START_TEST(M_29_other_card)
{
	struct guc_function *fn = guc_fn(&b->card, 0, 1);
	struct guc_options *o = &b->card.block->options;

	o->abi_minor = 1;
	expect_refused(dwords, OLD_VERSION, GUC_BLOB_OTHER_ABI);
	o->abi_minor = 28;
	o->devid ^= 1;
	expect_refused(dwords, CONFIG, GUC_BLOB_OTHER_DEVICE);
	o->devid ^= 1;
	fn->config.ggtt_size -= GGTT_PAGE;
	expect_refused(dwords, CONFIG, GUC_BLOB_OTHER_GGTT);
	fn->config.ggtt_size += GGTT_PAGE;
	fn->config.num_contexts--;
	expect_refused(dwords, CONFIG, GUC_BLOB_OTHER_COUNT);
	fn->config.num_contexts++;
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
}
END_TEST

/* M-33: restored to any base the GuC's addresses are right, unfinished work is
 * finished there, each store done exactly once, mid-batch or not. */
START_TEST(M_33_ten_bases)
{
	uint64_t start = FX_VF_START(1) + (uint64_t)_i * 0xB1000;
	struct guc_context *ctx;

	fx_free(b);
	b = lx_target(a, start, NULL);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	ck_assert_int_eq(fx_state(b, 1, 0), GUC_VFS_RESFIX_PAUSED);
	ctx = guc_context(&b->card, 0, 1, 4);
	ck_assert_uint_eq(ctx->wq_base, start + LX_WQ(2));
	ck_assert_uint_eq(ctx->lrc_desc[1], (start + LX_BASE(3)) | LRC_DESC_KERNEL);
	ck_assert_uint_eq(guc_context(&b->card, 0, 1, 0)->exec[0].batch,
			  start + LX_BATCH(0) + 16);
	ck_assert_uint_eq(guc_fn(&b->card, 0, 1)->self.g2h_desc, start + FX_G2H_DESC(0));
	lx_resume(b);
	lx_fix(b, 0, 0, 0);
	lx_done(b);
	lx_finish(b);
	ck_assert_uint_eq(fx_count(b, GUC_PT_FENCE), LX_STORES - LX_STORED);
}
END_TEST

/* Position independence: the same VF at two bases gives the same blob, but for
 * the base that reports quote. */
START_TEST(test_same_bytes)
{
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	lx_resume(b);
	lx_fix(b, 0, 0, 0);
	lx_done(b);
	fx_g2h_drain(b, 1, 0);
	ck_assert_uint_eq(lx_save(b), dwords);
	for (uint32_t i = 0; i < dwords; i++)
		if (i != BLOB_CRC && i != BLOB_NOTES_BASE)
			ck_assert_msg(get(a, i) == get(b, i), "dword %u: %x, %x", i, get(a, i),
				      get(b, i));
}
END_TEST

/* M-31: paused again before recovery ended, a VF can be saved and restored. */
START_TEST(M_31_saved_in_resfix)
{
	struct fx *c;

	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	lx_resume(b);
	ck_assert_uint_eq(lx_save(b), dwords);
	ck_assert_uint_eq(get(b, BLOB_PAUSED_FROM), GUC_VFS_RESFIX_PAUSED);
	c = lx_target(b, FX_VF_START(2), NULL);
	ck_assert_uint_eq(fx_restore(c, 0, 1, dwords), fine(dwords));
	ck_assert_uint_eq(guc_fn(&c->card, 0, 1)->marker, 0);
	lx_resume(c);
	lx_fix(c, 0, 0, 0);
	lx_done(c);
	ck_assert_int_eq(guc_findings(&c->card, 1, 0, NULL, 0), 0);
	lx_finish(c);
	fx_free(c);
}
END_TEST

/* M-30: the marker stays behind: a DONE with it is answered by VF_MIGRATED. */
START_TEST(M_30_no_marker)
{
	uint32_t done = hxg_call(HXG_ORIGIN_HOST, HXG_REQUEST, GUC_ACTION_RESFIX_DONE, 5);
	uint32_t reply[4];
	struct fx *c;

	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	lx_resume(b);
	ck_assert_uint_eq(guc_fn(&b->card, 0, 1)->marker, 5);
	lx_save(b);
	c = lx_target(b, FX_VF_START(2), NULL);
	ck_assert_uint_eq(fx_restore(c, 0, 1, dwords), fine(dwords));
	fx_control(c, 0, 1, GUC_VF_RESUME);
	ck_assert_uint_eq(fx_mbox(c, 1, 0, &done, 1, reply),
			  hxg_failure(HXG_ORIGIN_GUC, GUC_ERR_VF_MIGRATED, 0));
	fx_free(c);
}
END_TEST

/* A second RESTORE replaces the first: nothing of it is left. */
START_TEST(test_restore_twice)
{
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	guc_context(&b->card, 0, 1, 10)->registered = 1;
	guc_context(&b->card, 0, 1, 10)->fn = 1;
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	ck_assert(!guc_context(&b->card, 0, 1, 10)->registered);
	ck_assert(guc_context(&b->card, 0, 1, 7)->registered);
}
END_TEST

/* Verdict 2: of the queued G2H uncredited events travel, nothing else. */
START_TEST(test_queued)
{
	const uint32_t id = 3, other = 4;
	struct guc_function *fn;

	guc_g2h_event(&a->card, 0, 1, GUC_ACTION_TLB_INVALIDATION_DONE, &id, 1);
	guc_g2h_event(&a->card, 0, 1, GUC_ACTION_MEMORY_CAT_ERROR, &id, 1);
	guc_g2h_event(&a->card, 0, 1, GUC_ACTION_MEMORY_CAT_ERROR, &other, 1);
	dwords = fx_save(a, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0;
	memcpy(b->mem[0] + FX_BLOB, a->mem[0] + FX_BLOB, 4 * dwords);
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	fn = guc_fn(&b->card, 0, 1);
	ck_assert_uint_eq(fn->queued_n, 2);
	lx_resume(b);
	lx_fix(b, 0, 0, 0);
	lx_done(b);
	ck_assert_uint_eq(lx_event(b, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], id);
	ck_assert_uint_eq(lx_event(b, 1, GUC_ACTION_MEMORY_CAT_ERROR).dw[1], other);
}
END_TEST

/* Verdict 2: a blob that brings an event whose credit is gone, a response, or
 * what no GuC sends is a lie. */
START_TEST(test_queued_lies)
{
	static const uint32_t headers[] = {
		0x90000000 | GUC_ACTION_SCHED_CONTEXT_MODE_DONE,
		0x90000000 | GUC_ACTION_DEREGISTER_CONTEXT_DONE,
		0x90000000 | GUC_ACTION_TLB_INVALIDATION_DONE,
		0xF0000000, 0xE0000107, 0x10000000 | GUC_ACTION_MEMORY_CAT_ERROR,
	};
	const uint32_t id = 3;
	uint32_t at;

	guc_g2h_event(&a->card, 0, 1, GUC_ACTION_MEMORY_CAT_ERROR, &id, 1);
	dwords = fx_save(a, 0, 1, FX_BLOB_BYTES / 4) & HXG_SUCCESS_DATA0;
	memcpy(b->mem[0] + FX_BLOB, a->mem[0] + FX_BLOB, 4 * dwords);
	at = dwords - BLOB_NOTE_DWORDS * get(b, BLOB_NOTES) - 2;
	ck_assert_uint_eq(get(b, at), 0x90000000 | GUC_ACTION_MEMORY_CAT_ERROR);
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		put(at, headers[i]);
		sign(dwords);
		expect_refused(dwords, BAD, GUC_BLOB_BAD_QUEUED);
	}
}
END_TEST

static uint32_t reads_of_vf;

static void count_reads(void *user, const struct guc_event *ev)
{
	(void)user;
	reads_of_vf += ev->fn == 1;
}

/* RESTORE looks at the buffer alone: the VF's memory is still on its way. */
START_TEST(test_no_vf_memory)
{
	b->card.sink = count_reads;
	b->card.sink_mask = 1ull << GUC_PT_MEM_READ | 1ull << GUC_PT_MEM_WRITE;
	reads_of_vf = 0;
	ck_assert_uint_eq(fx_restore(b, 0, 1, dwords), fine(dwords));
	ck_assert_uint_eq(reads_of_vf, 0);
	fx_control(b, 0, 1, GUC_VF_RESUME);
	ck_assert_uint_gt(reads_of_vf, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guc-blob");
	TCase *t = tcase_create("blob");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_save_sizes);
	tcase_add_test(t, test_bad_requests);
	tcase_add_test(t, test_states);
	tcase_add_test(t, M_25_blob_bit_flips);
	tcase_add_test(t, M_26_blob_truncation);
	tcase_add_test(t, M_26_signed_truncation);
	tcase_add_loop_test(t, test_lies, 0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(t, M_29_other_card);
	tcase_add_loop_test(t, M_33_ten_bases, 0, 10);
	tcase_add_test(t, test_same_bytes);
	tcase_add_test(t, M_31_saved_in_resfix);
	tcase_add_test(t, M_30_no_marker);
	tcase_add_test(t, test_restore_twice);
	tcase_add_test(t, test_queued);
	tcase_add_test(t, test_queued_lies);
	tcase_add_test(t, test_no_vf_memory);
	suite_add_tcase(s, t);
	return check_main(s);
}
