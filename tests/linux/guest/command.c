/* SPDX-License-Identifier: MIT */
/* Commands of the memory interface, on every engine, each with a check of what it
 * did to memory. */
#include "batch.h"
#include "test.h"

#define SPIN_MS 500u

struct bench {
	struct space s;
	struct mem m; /* data in the first page, the batch in the second */
	uint32_t queue;
	const engine_t *e;
	struct batch b;
};

/* Calls `one` with an empty batch for every engine; `data` is zero. */
static void on_each(struct xe *x, void (*one)(struct bench *b))
{
	for (unsigned i = 0; i < x->engines; i++) {
		struct bench t = { .e = &x->engine[i] };

		space_new(&t.s, x, 0);
		t.m = mem_new(&t.s, 4 * PAGE);
		t.queue = queue_new(&t.s, t.e);
		t.b = batch_at(&t.m, PAGE);
		one(&t);
		queue_end(x, t.queue);
		mem_end(&t.s, &t.m);
		space_end(&t.s);
	}
}

static void end_and_run(struct bench *t)
{
	put(&t->b, MI_BATCH_END);
	run(&t->s, t->queue, t->m.addr + PAGE);
}

static void is(struct bench *t, unsigned dword, uint32_t value, const char *what)
{
	must(t->m.map[dword] == value, "%s: %s: 0x%x, not 0x%x", engine_name(t->e), what,
	     t->m.map[dword], value);
}

static void math_one(struct bench *t)
{
	static const struct { unsigned op, store; } rows[] = {
		{ ALU_ADD, ALU_STORE }, { ALU_SUB, ALU_STORE }, { ALU_AND, ALU_STORE },
		{ ALU_OR, ALU_STORE }, { ALU_XOR, ALU_STORE }, { ALU_ADD, ALU_STOREINV },
	};
	const uint64_t a = 0x00000001fffffff0ull, b = 0x0123456780000020ull;
	const uint64_t expect[] = { a + b, a - b, a & b, a | b, a ^ b, ~(a + b) };

	put_gpr(&t->b, 0, a);
	put_gpr(&t->b, 1, b);
	for (unsigned i = 0; i < 6; i++) {
		put_alu(&t->b, rows[i].op, 2, 0, 1, rows[i].store);
		put_reg_to_mem(&t->b, REG_GPR(2), t->m.addr + 8 * i);
		put_reg_to_mem(&t->b, REG_GPR(2) + 4, t->m.addr + 8 * i + 4);
	}
	end_and_run(t);
	for (unsigned i = 0; i < 6; i++) {
		is(t, 2 * i, (uint32_t)expect[i], "math, low");
		is(t, 2 * i + 1, (uint32_t)(expect[i] >> 32), "math, high");
	}
}

static void math(struct xe *x)
{
	on_each(x, math_one);
}

static void registers_one(struct bench *t)
{
	t->m.map[8] = 0x13572468;
	put_mem_to_reg(&t->b, REG_GPR(3), t->m.addr + 32);
	put_reg_reg(&t->b, REG_GPR(3), REG_GPR(15));
	put_reg_to_mem(&t->b, REG_GPR(15), t->m.addr);
	put(&t->b, MI(MI_COPY_MEM_MEM, 3));
	put_addr(&t->b, t->m.addr + 4);
	put_addr(&t->b, t->m.addr + 32);
	end_and_run(t);
	is(t, 0, 0x13572468, "register from memory to memory");
	is(t, 1, 0x13572468, "memory to memory");
}

static void registers(struct xe *x)
{
	on_each(x, registers_one);
}

/* Registers belong to a context: another queue finds its own. */
static void contexts_one(struct bench *t)
{
	uint32_t other = queue_new(&t->s, t->e);
	struct batch b;

	put_gpr(&t->b, 5, 0x1111);
	end_and_run(t);
	b = batch_at(&t->m, 2 * PAGE);
	put_gpr(&b, 5, 0x2222);
	put(&b, MI_BATCH_END);
	run(&t->s, other, t->m.addr + 2 * PAGE);
	t->b = batch_at(&t->m, PAGE);
	put_reg_to_mem(&t->b, REG_GPR(5), t->m.addr);
	end_and_run(t);
	is(t, 0, 0x1111, "a register after another context's");
	queue_end(t->s.x, other);
}

static void contexts(struct xe *x)
{
	on_each(x, contexts_one);
}

static void atomics_one(struct bench *t)
{
	t->m.map[0] = 0xffffffff;
	t->m.map[1] = 10;
	for (unsigned i = 0; i < 3; i++) {
		put_atomic(&t->b, ATOMIC_INC, t->m.addr);
		put_atomic(&t->b, ATOMIC_DEC, t->m.addr + 4);
	}
	end_and_run(t);
	is(t, 0, 2, "atomic increment");
	is(t, 1, 7, "atomic decrement");
}

static void atomics(struct xe *x)
{
	on_each(x, atomics_one);
}

static void condition_one(struct bench *t)
{
	t->m.map[8] = 5;
	put_store(&t->b, t->m.addr, 1);
	put_go_on_while(&t->b, t->m.addr + 32, 4);
	put_store(&t->b, t->m.addr + 4, 2); /* 5 > 4: goes on */
	put_go_on_while(&t->b, t->m.addr + 32, 5);
	put_store(&t->b, t->m.addr + 8, 3); /* 5 > 5 is not true */
	end_and_run(t);
	is(t, 0, 1, "before");
	is(t, 1, 2, "goes on");
	is(t, 2, 0, "ends");
}

static void condition(struct xe *x)
{
	on_each(x, condition_one);
}

static void second_level_one(struct bench *t)
{
	struct batch inner = batch_at(&t->m, 2 * PAGE);

	put_atomic(&inner, ATOMIC_INC, t->m.addr);
	put(&inner, MI_BATCH_END);
	put_call(&t->b, t->m.addr + 2 * PAGE);
	put_store(&t->b, t->m.addr + 4, 7);
	put_call(&t->b, t->m.addr + 2 * PAGE);
	end_and_run(t);
	is(t, 0, 2, "calls");
	is(t, 1, 7, "after the call");
}

static void second_level(struct xe *x)
{
	on_each(x, second_level_one);
}

static void chained_one(struct bench *t)
{
	struct batch next = batch_at(&t->m, 3 * PAGE);

	put_store(&next, t->m.addr, 9);
	put(&next, MI_BATCH_END);
	put_jump(&t->b, t->m.addr + 3 * PAGE);
	put_store(&t->b, t->m.addr, 1);
	end_and_run(t);
	is(t, 0, 9, "a jump does not come back");
}

static void chained(struct xe *x)
{
	on_each(x, chained_one);
}

/* The context's time grows while it works, not with the time between its jobs. */
static void timestamp_one(struct bench *t)
{
	uint32_t first;

	put_reg_to_mem(&t->b, REG_TIMESTAMP, t->m.addr);
	for (unsigned i = 0; i < 200; i++)
		put_store(&t->b, t->m.addr + 64, i);
	put_reg_to_mem(&t->b, REG_TIMESTAMP, t->m.addr + 4);
	end_and_run(t);
	must(t->m.map[1] >= t->m.map[0], "%s: time went back from %u to %u", engine_name(t->e),
	     t->m.map[0], t->m.map[1]);
	first = t->m.map[1];
	sleep_ms(400);
	run(&t->s, t->queue, t->m.addr + PAGE);
	must(t->m.map[0] >= first, "%s: time went back between jobs", engine_name(t->e));
	must(t->m.map[0] - first < t->s.x->clock / 5, "%s: %u ticks while idle",
	     engine_name(t->e), t->m.map[0] - first);
}

static void timestamp(struct xe *x)
{
	on_each(x, timestamp_one);
}

/* A batch that ends itself after SPIN_MS by the context's timestamp. */
static void duration_one(struct bench *t)
{
	uint32_t ticks = (uint32_t)(t->s.x->clock * (uint64_t)SPIN_MS / 1000);
	uint64_t began, took, loop;

	put_gpr(&t->b, 0, 0);
	put_gpr(&t->b, 1, 0);
	put_reg_reg(&t->b, REG_TIMESTAMP, REG_GPR(0));
	loop = batch_here(&t->b);
	put(&t->b, MI_ARB_CHECK);
	put_reg_reg(&t->b, REG_TIMESTAMP, REG_GPR(1));
	put_alu(&t->b, ALU_SUB, 2, 1, 0, ALU_STOREINV);
	put_reg_to_mem(&t->b, REG_GPR(2), t->m.addr);
	put_go_on_while(&t->b, t->m.addr, ~ticks);
	put_jump(&t->b, loop);
	began = now_ms();
	run(&t->s, t->queue, t->m.addr + PAGE);
	took = now_ms() - began;
	must(took >= SPIN_MS / 2 && took <= SPIN_MS * 3, "%s: a spin of %u ms took %u",
	     engine_name(t->e), SPIN_MS, (unsigned)took);
}

static void duration(struct xe *x)
{
	on_each(x, duration_one);
}

/* What no engine knows at the end of a batch does no harm to the next one. */
static void undecodable_one(struct bench *t)
{
	put_store(&t->b, t->m.addr, 1);
	put(&t->b, MI_BATCH_END);
	put(&t->b, 0xdeadbeef);
	end_and_run(t);
	is(t, 0, 1, "before the end");
}

static void undecodable(struct xe *x)
{
	on_each(x, undecodable_one);
}

const struct subtest command_tests[] = {
	{ "commands@math", math },
	{ "commands@registers", registers },
	{ "commands@registers-of-contexts", contexts },
	{ "xe_exec_atomic@basic-inc-dec", atomics },
	{ "xe_exec_store@basic-cond-batch", condition },
	{ "commands@second-level", second_level },
	{ "commands@chained", chained },
	{ "commands@timestamp", timestamp },
	{ "xe_spin_batch@spin-fixed-duration", duration },
	{ "commands@rest-of-batch", undecodable },
	{ 0 },
};
