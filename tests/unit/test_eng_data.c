/* SPDX-License-Identifier: MIT */
/* What commands do with data: atomics, copies, writes behind flushes, registers and
 * where they are kept, math (emulator/engine/memory.c, registers.c and math.c). */
#include "eng_program.h"
#include "tests/check_main.h"

/* --- memory -------------------------------------------------------------------------------------- */

static const struct {
	enum mi_atomic_op op;
	uint64_t old, a, b, now;
} atomics[] = {
	{ MI_ATOMIC_AND, 0xF0F0, 0xFF00, 0, 0xF000 },
	{ MI_ATOMIC_OR, 0xF0F0, 0x0F00, 0, 0xFFF0 },
	{ MI_ATOMIC_XOR, 0xF0F0, 0xFFFF, 0, 0x0F0F },
	{ MI_ATOMIC_MOVE, 1, 2, 0, 2 },
	{ MI_ATOMIC_INC, 41, 9, 0, 42 },
	{ MI_ATOMIC_DEC, 43, 9, 0, 42 },
	{ MI_ATOMIC_ADD, 40, 2, 0, 42 },
	{ MI_ATOMIC_SUB, 44, 2, 0, 42 },
	{ MI_ATOMIC_RSUB, 2, 44, 0, 42 },
	{ MI_ATOMIC_IMAX, UINT64_MAX, 3, 0, 3 },
	{ MI_ATOMIC_IMIN, UINT64_MAX, 3, 0, UINT64_MAX },
	{ MI_ATOMIC_UMAX, UINT64_MAX, 3, 0, UINT64_MAX },
	{ MI_ATOMIC_UMIN, UINT64_MAX, 3, 0, 3 },
	{ MI_ATOMIC_CMPWR, 5, 5, 6, 6 },
	{ MI_ATOMIC_CMPWR, 5, 4, 6, 5 },
	{ MI_ATOMIC_PREDEC, 43, 0, 0, 42 },
	{ MI_ATOMIC_INC, UINT64_MAX, 0, 0, 0 },
};
#define ATOMICS (sizeof(atomics) / sizeof(atomics[0]))

/* MI_ATOMIC, of a dword and of a quadword, with operands of its own and from registers,
 * with and without what memory held; a dword leaves its neighbour alone. */
START_TEST(atomic)
{
	unsigned i = _i % ATOMICS, way = _i / ATOMICS;
	bool qword = way & 1, own = way & 2;
	uint32_t op = atomics[i].op | (qword ? 0x20 : 0);
	uint64_t give = atomics[i].op == MI_ATOMIC_PREDEC ? atomics[i].now : atomics[i].old;
	const uint32_t program[] = {
		LRI(GPR(0), own ? 0xDEAD : lo32(atomics[i].a)),
		LRI(GPR(0) + 4, own ? 0xDEAD : hi32(atomics[i].a)),
		LRI(GPR(1), own ? 0xDEAD : lo32(atomics[i].b)),
		LRI(GPR(1) + 4, own ? 0xDEAD : hi32(atomics[i].b)),
		MI_CMD(MI_OP_ATOMIC) | op << 8 | MI_ATOMIC_RETURN | (qword ? 1u << 19 : 0) |
			(own ? MI_ATOMIC_INLINE | 9u : 1u),
		lo32(PX_DATA), hi32(PX_DATA),
		own ? lo32(atomics[i].a) : MI_NOOP, own ? lo32(atomics[i].b) : MI_NOOP,
		own ? hi32(atomics[i].a) : MI_NOOP, own ? hi32(atomics[i].b) : MI_NOOP,
		MI_NOOP, MI_NOOP, MI_NOOP, MI_NOOP,
		SRM(GPR(0), 16), SRM(GPR(0) + 4, 20),
	};

	px_put(&p, 0, lo32(atomics[i].old));
	px_put(&p, 4, qword ? hi32(atomics[i].old) : 0x5555);
	px_run(&p, program, sizeof(program) / 4);
	alive();
	ck_assert_uint_eq(px_get(&p, 0), lo32(atomics[i].now));
	ck_assert_uint_eq(px_get(&p, 4), qword ? hi32(atomics[i].now) : 0x5555);
	ck_assert_uint_eq(px_get(&p, 16), lo32(give));
	ck_assert_uint_eq(px_get(&p, 20), qword ? hi32(give) : 0);
}
END_TEST

/* The command of user programs: increment, three dwords, no return. */
START_TEST(atomic_plain)
{
	px_put(&p, 0, 6);
	RUN(0x17800001 | 5 << 8, lo32(PX_DATA), hi32(PX_DATA), 0x17800001 | 5 << 8, lo32(PX_DATA),
	    hi32(PX_DATA), 0x17800001 | 6 << 8, lo32(PX_DATA + 4), hi32(PX_DATA));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 8);
	ck_assert_uint_eq(px_get(&p, 4), UINT32_MAX);
}
END_TEST

/* MI_COPY_MEM_MEM copies a dword; a store of 510 quadwords, the driver's longest, goes
 * across pages. */
START_TEST(copies_and_long_stores)
{
	uint32_t dw[3 + 1020];

	px_put(&p, 0x100, 0x77);
	RUN(MI_CMD(MI_OP_COPY_MEM_MEM) | 3, lo32(PX_DATA), hi32(PX_DATA), lo32(PX_DATA + 0x100),
	    hi32(PX_DATA));
	ck_assert_uint_eq(px_get(&p, 0), 0x77);
	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE);
	dw[0] = MI_CMD(MI_OP_STORE_DATA_IMM) | MI_SDI_QWORD | 1021;
	dw[1] = lo32(PX_DATA + 0x800);
	dw[2] = hi32(PX_DATA);
	for (uint32_t i = 0; i < 1020; i++)
		dw[3 + i] = i + 1;
	px_run(&p, dw, 1023);
	alive();
	ck_assert_uint_eq(px_get(&p, 0x800), 1);
	ck_assert_uint_eq(px_get(&p, 0xFFC), 512);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1)), 513);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 4 * 507), 1020);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 4 * 508), 0);
}
END_TEST

/* Behind a flush: data, a quadword, the time stamp, a count of pixels that is 0; to the
 * PPGTT or to the context's own page. */
START_TEST(post_sync)
{
	px_put(&p, 24, 9);
	f->now += 1000000;
	RUN(MI_CMD(MI_OP_FLUSH_DW) | 1u << 14 | 2, lo32(PX_DATA), hi32(PX_DATA), 5,
	    MI_CMD(MI_OP_FLUSH_DW) | 3u << 14 | 3, lo32(PX_DATA + 8), hi32(PX_DATA), 0, 0,
	    CMD_PIPE_CONTROL | 4, 1u << 14, lo32(PX_DATA + 16), hi32(PX_DATA), 6, 7,
	    CMD_PIPE_CONTROL | 4, 2u << 14, lo32(PX_DATA + 24), hi32(PX_DATA), 1, 1,
	    CMD_PIPE_CONTROL | 4, 3u << 14, lo32(PX_DATA + 32), hi32(PX_DATA), 1, 1,
	    CMD_PIPE_CONTROL | 4, 1u << 14 | PIPE_CONTROL_INDEX, 0xD0, 0, 3, 4,
	    SRM(REG_TIMESTAMP, 40));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 5);
	ck_assert_uint_eq(px_get(&p, 4), 0);
	ck_assert_uint_gt(px_get(&p, 8), 19000);
	ck_assert_uint_eq(px_get(&p, 16), 6);
	ck_assert_uint_eq(px_get(&p, 20), 7);
	ck_assert_uint_eq(px_get(&p, 24), 0);
	ck_assert_uint_eq(px_get(&p, 32), px_get(&p, 8));
	ck_assert_uint_eq(px_get(&p, 40), px_get(&p, 8));
	ck_assert_uint_eq(fx_get(f, 1, LX_BASE(0) + 0xD0), 3);
}
END_TEST

/* --- registers ------------------------------------------------------------------------------------- */

/* Registers are loaded, copied and stored by each of their names; they keep their values
 * from slice to slice, in the image. */
START_TEST(registers_last)
{
	px_put(&p, 0x40, 0x44);
	RUN(LRI(GPR(3), 0x11), LRM(GPR(4), 0x40), LRR(GPR(3), GPR(5) + 4),
	    MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 3, 0x2000 + GPR(6), 0x66, 0x1C0000 + GPR(7), 0x77);
	alive();
	RUN(SRM(GPR(3), 0), SRM(GPR(4), 4), SRM(GPR(5) + 4, 8), SRM(0x2000 + GPR(6), 12),
	    MI_CMD(MI_OP_STORE_REGISTER_MEM) | 2, 0x22000 + GPR(7), lo32(PX_DATA + 16),
	    hi32(PX_DATA), SRM(0x7F0, 20));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), 0x11);
	ck_assert_uint_eq(px_get(&p, 4), 0x44);
	ck_assert_uint_eq(px_get(&p, 8), 0x11);
	ck_assert_uint_eq(px_get(&p, 12), 0x66);
	ck_assert_uint_eq(px_get(&p, 16), 0x77);
	ck_assert_uint_eq(px_get(&p, 20), 0);
	/* Another image, other registers. */
	lx_make(f, 1, 0, false);
	fx_put(f, 1, LX_REGS(0) + 4 * LRC_PDP_LO, PX_TABLES | 0x1B);
	RUN(SRM(GPR(3), 0));
	ck_assert_uint_eq(px_get(&p, 0), 0);
}
END_TEST

/* Number of the dword behind `value` in the image as a driver parses it: commands by
 * their lengths up to MI_BATCH_BUFFER_END, pairs of MI_LOAD_REGISTER_IMM; 0: not there. */
static uint32_t in_image(uint32_t reg)
{
	for (uint32_t at = 0; at < LRC_IMAGE_DWORDS;) {
		uint32_t dw = fx_get(f, 1, LX_REGS(0) + 4 * at), len = cmd_length(dw);

		if ((dw & (CMD_CLIENT | MI_OPCODE)) == MI_BATCH_BUFFER_END)
			return 0;
		for (uint32_t i = 1; (dw & (CMD_CLIENT | MI_OPCODE)) ==
				     MI_CMD(MI_OP_LOAD_REGISTER_IMM) && i < len; i += 2)
			if (fx_get(f, 1, LX_REGS(0) + 4 * (at + i)) == reg)
				return at + i + 1;
		at += len;
	}
	return 0;
}

/* What the workaround batch of a driver writes of the render engine's state is in the
 * image, found by who reads it as commands; a user's batch can read but not write it, and
 * the copy engine has none. */
START_TEST(render_state)
{
	const uint32_t lri[8] = { MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 5, 0x6208, 0x20, 0x7300,
				  0x10001, 0x731C, 0x20002, MI_NOOP };
	bool copy = _i;

	if (copy) {
		lx_mode(f, 1, 0, 0);
		lx_event(f, 1, GUC_ACTION_SCHED_CONTEXT_MODE_DONE);
		px_context(&p, GUC_CLASS_BLITTER, 0);
	}
	fx_put(f, 1, LX_REGS(0) + 4 * 0x44, MI_BATCH_BUFFER_END | 1);
	lx_emit(f, 1, 0, lri, 8);
	RUN(LRI(GPR(0), 1), MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 1, 0x6208, 0x99,
	    MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 1, 0x6210, 0x98,
	    MI_CMD(MI_OP_STORE_REGISTER_MEM) | 2, 0x731C, lo32(PX_DATA), hi32(PX_DATA));
	alive();
	ck_assert_uint_eq(px_get(&p, 0), copy ? 0 : 0x20002);
	ck_assert_uint_ne(in_image(GPR(0)), 0);
	ck_assert((in_image(0x7300) != 0) == !copy);
	ck_assert_uint_eq(in_image(0x6210), 0);
	if (!copy)
		ck_assert_uint_eq(fx_get(f, 1, LX_REGS(0) + 4 * in_image(0x6208)), 0x20);
}
END_TEST

/* An absolute address of any engine means the same register of the context's own. */
static const uint32_t bases[] = {
	0x2000, 0x22000, 0x1A000, 0x1C000, 0x1E000, 0x26000, 0x11A000, 0x1C0000, 0x1C8000, 0x1F8000,
	0x3E0000, 0x3E2000, 0x3EE000, REG_MEDIA_BASE + 0x1A000,
};

START_TEST(absolute)
{
	RUN(MI_CMD(MI_OP_LOAD_REGISTER_IMM) | 1, bases[_i] + GPR(2), 5 + (uint32_t)_i, SRM(GPR(2), 0));
	ck_assert_uint_eq(px_get(&p, 0), 5 + (uint32_t)_i);
}
END_TEST

/* A user's batch can't arm the watchdog: the waits behind it are real. */
START_TEST(watchdog_of_a_user)
{
	RUN(LRI(REG_WATCHDOG, 0), MI_CMD(MI_OP_SEMAPHORE_WAIT) | MI_SEM_EQ << 12 | 2, 7,
	    lo32(PX_DATA + 0x40), hi32(PX_DATA), STORE(0, 1));
	ck_assert_uint_eq(px_get(&p, 0), 0);
	px_put(&p, 0x40, 7);
	fx_run(f, 5);
	ck_assert_uint_eq(px_get(&p, 0), 1);
	alive();
}
END_TEST

/* With bit 17 the render engine's registers mean the context's own. */
START_TEST(remapped)
{
	RUN(MI_CMD(MI_OP_LOAD_REGISTER_IMM) | MI_LRI_REMAP | 1, 0x2000 + GPR(2), 5,
	    SRM(GPR(2), 0));
	ck_assert_uint_eq(px_get(&p, 0), 5);
}
END_TEST

/* --- math ------------------------------------------------------------------------------------------- */

#define ALU(op, a, b) ((uint32_t)(op) << 20 | (uint32_t)(a) << 10 | (uint32_t)(b))

static const struct {
	uint32_t op;
	uint64_t a, b, accu;
	bool zero, carry;
} sums[] = {
	{ MI_ALU_ADD, 1, 2, 3, false, false },
	{ MI_ALU_ADD, UINT64_MAX, 1, 0, true, true },
	{ MI_ALU_ADD, 0xFFFFFFFF, 1, 0x100000000, false, false },
	{ MI_ALU_SUB, 5, 3, 2, false, false },
	{ MI_ALU_SUB, 3, 5, (uint64_t)-2, false, true },
	{ MI_ALU_SUB, 7, 7, 0, true, false },
	{ MI_ALU_AND, 0xF0F, 0xFF, 0xF, false, false },
	{ MI_ALU_OR, 0xF00, 0xFF, 0xFFF, false, false },
	{ MI_ALU_XOR, 0xFF, 0xFF, 0, true, false },
	{ MI_ALU_SHL, 1, 40, 1ull << 40, false, false },
	{ MI_ALU_SHR, 1ull << 63, 63, 1, false, false },
	{ MI_ALU_SAR, 1ull << 63, 63, UINT64_MAX, false, false },
	{ MI_ALU_SAR, 16, 4, 1, false, false },
};

/* Every operation on 64 bits; results and flags are stored as they are and inverted,
 * flags as all ones or zeros. */
START_TEST(math)
{
	RUN(LRI(GPR(0), lo32(sums[_i].a)), LRI(GPR(0) + 4, hi32(sums[_i].a)),
	    LRI(GPR(1), lo32(sums[_i].b)), LRI(GPR(1) + 4, hi32(sums[_i].b)),
	    MI_CMD(MI_OP_MATH) | 6, ALU(MI_ALU_LOAD, MI_ALU_SRCA, 0),
	    ALU(MI_ALU_LOAD, MI_ALU_SRCB, 1), ALU(sums[_i].op, 0, 0),
	    ALU(MI_ALU_STORE, 2, MI_ALU_ACCU), ALU(MI_ALU_STOREINV, 3, MI_ALU_ACCU),
	    ALU(MI_ALU_STORE, 4, MI_ALU_ZF), ALU(MI_ALU_STORE, 5, MI_ALU_CF),
	    SRM(GPR(2), 0), SRM(GPR(2) + 4, 4), SRM(GPR(3), 8), SRM(GPR(4) + 4, 12),
	    SRM(GPR(5), 16));
	alive();
	ck_assert_uint_eq(make64(px_get(&p, 0), px_get(&p, 4)), sums[_i].accu);
	ck_assert_uint_eq(px_get(&p, 8), (uint32_t)~sums[_i].accu);
	ck_assert_uint_eq(px_get(&p, 12), sums[_i].zero ? UINT32_MAX : 0);
	ck_assert_uint_eq(px_get(&p, 16), sums[_i].carry ? UINT32_MAX : 0);
}
END_TEST

/* Operands may be 0, all ones, inverted, or memory at the sum; when that isn't mapped the
 * command runs again as if it had never begun. */
START_TEST(math_operands)
{
	const uint32_t program[] = {
		LRI(GPR(0), 5), MI_CMD(MI_OP_MATH) | 3, ALU(MI_ALU_LOAD0, MI_ALU_SRCA, 0),
		ALU(MI_ALU_LOADINV, MI_ALU_SRCB, 0), ALU(MI_ALU_OR, 0, 0),
		ALU(MI_ALU_STORE, 1, MI_ALU_ACCU), SRM(GPR(1), 0),
		/* R2 = R0 + 1; memory at R3 becomes R2; R4 becomes that. */
		LRI(GPR(3), lo32(PX_DATA + 0x1008)), LRI(GPR(3) + 4, hi32(PX_DATA)),
		LRI(GPR(6), 1),
		MI_CMD(MI_OP_MATH) | 9,
		ALU(MI_ALU_LOAD, MI_ALU_SRCA, 0), ALU(MI_ALU_LOAD, MI_ALU_SRCB, 6),
		ALU(MI_ALU_ADD, 0, 0), ALU(MI_ALU_STORE, 0, MI_ALU_ACCU),
		ALU(MI_ALU_LOAD, MI_ALU_SRCA, 3), ALU(MI_ALU_LOAD0, MI_ALU_SRCB, 0),
		ALU(MI_ALU_ADD, 0, 0), ALU(MI_ALU_STOREIND, MI_ALU_ACCU, 0),
		ALU(MI_ALU_LOADIND, 4, MI_ALU_ACCU), ALU(0x001, 0, 0),
		SRM(GPR(4), 4),
	};

	fx_put(f, 1, LX_REGS(0) + 4 * LRC_ASID, 1);
	px_emit(&p, program, sizeof(program) / 4);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_FAULT);
	px_map(&p, PX_DATA + 0x1000, LX_DATA(1), PX_PAGE);
	ck_assert_int_eq(px_slice(&p, 100, false, NULL), ENG_DONE);
	ck_assert_uint_eq(px_get(&p, 0), ~5u);
	ck_assert_uint_eq(px_get(&p, 4), 6);
	ck_assert_uint_eq(fx_get(f, 1, LX_DATA(1) + 8), 6);
}
END_TEST

/* A long command counts whole towards the turn, however little of the slice was left;
 * an access to memory of MI_MATH as much as a command. */
START_TEST(long_commands_count)
{
	uint32_t program[1 + 256] = { MI_CMD(MI_OP_MATH) | 255 }, spent = 0;
	struct eng_slice slice = { .budget = 2 };
	const struct eng_place place = {
		.c = &f->card, .ctx = px_slot(&p), .fn = 1, .spent = &spent,
	};

	for (unsigned i = 1; i <= 256; i++)
		program[i] = ALU(MI_ALU_LOADIND, 0, MI_ALU_ACCU);
	px_map(&p, 0, LX_DATA(1), PX_PAGE);
	px_emit(&p, program, 257);
	ck_assert_int_eq(eng_run(&place, 0, &slice), ENG_MORE);
	ck_assert_uint_ge(spent, 256);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("engine data");
	TCase *t = tcase_create("data");

	tcase_add_checked_fixture(t, eng_setup, eng_teardown);
	LOOP(t, atomic, 4 * ATOMICS);
	tcase_add_test(t, atomic_plain);
	tcase_add_test(t, copies_and_long_stores);
	tcase_add_test(t, post_sync);
	tcase_add_test(t, registers_last);
	LOOP(t, render_state, 2);
	EACH(t, absolute, bases);
	tcase_add_test(t, watchdog_of_a_user);
	tcase_add_test(t, remapped);
	EACH(t, math, sums);
	tcase_add_test(t, math_operands);
	tcase_add_test(t, long_commands_count);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
