/* SPDX-License-Identifier: MIT */
/* Doorbells only for who sleeps (proto/bell.h): each order in which writer and
 * reader of a ring can meet is gone through on a model of a machine that keeps
 * stores back (x86's order; the tail is stored long before). The same model
 * without the fence, without the second look or with a late one loses a message:
 * so the model would notice, and each of them is needed. */
#include <check.h>
#include <string.h>

#include "proto/bell.h"
#include "tests/check_main.h"

#define MESSAGES 3

/* What is left out of the protocol. */
enum mutation { NONE, WRITER_FENCE, READER_FENCE, SECOND_LOOK, LATE_COUNT, MUTATIONS };

/* One store that its side has made and the other does not see yet. */
struct store {
	bool full;
	uint8_t word, value;
};

enum word { TAIL, SENT, STATE, WORDS };
enum writer { W_TAIL, W_SENT, W_STATE, W_SIGNAL, W_END };
enum reader { R_ASLEEP, R_LOOK, R_READ, R_SLEEP, R_AGAIN, R_READ_AGAIN };

/* The whole machine, small enough to be a number: 24 bits. */
struct model {
	uint8_t word[WORDS];
	struct store kept[2][2]; /* of writer and reader, in order */
	uint8_t writer, reader, message, signals, looked, read, ring;
};

static uint8_t seen[1u << 22];
static struct model stack[1u << 20];
static unsigned depth, states, lost;

static uint8_t load(const struct model *m, unsigned side, unsigned word)
{
	for (int i = 1; i >= 0; i--)
		if (m->kept[side][i].full && m->kept[side][i].word == word)
			return m->kept[side][i].value;
	return m->word[word];
}

static bool may_store(const struct model *m, unsigned side)
{
	return !m->kept[side][1].full;
}

static void store(struct model *m, unsigned side, unsigned word, uint8_t value)
{
	m->kept[side][m->kept[side][0].full] = (struct store){ true, (uint8_t)word, value };
}

/* The oldest store of a side reaches memory. */
static void arrive(struct model *m, unsigned side)
{
	m->word[m->kept[side][0].word] = m->kept[side][0].value;
	m->kept[side][0] = m->kept[side][1];
	m->kept[side][1].full = false;
	if (!m->kept[side][0].full)
		memset(m->kept[side], 0, sizeof(m->kept[side]));
}

/* Read-modify-write: all that was kept arrives first. */
static void drain(struct model *m, unsigned side)
{
	while (m->kept[side][0].full)
		arrive(m, side);
}

/* FNV over all of it; a set of 4 Mi marks is large enough for thousands. */
static uint32_t mark(const struct model *m)
{
	const uint8_t *p = (const uint8_t *)m;
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < sizeof(*m); i++)
		h = (h ^ p[i]) * 1099511628211ull;
	return (uint32_t)(h ^ h >> 32) & (sizeof(seen) - 1);
}

static void reach(const struct model *m)
{
	uint32_t at = mark(m);

	if (seen[at])
		return;
	seen[at] = 1;
	states++;
	ck_assert_uint_lt(depth, sizeof(stack) / sizeof(stack[0]));
	stack[depth++] = *m;
}

/* bell_announce() behind a move of the tail, a step at a time. */
static bool write_step(struct model *m, enum mutation without)
{
	switch ((enum writer)m->writer) {
	case W_TAIL:
		if (!may_store(m, 0))
			return false;
		store(m, 0, TAIL, (uint8_t)(m->message + 1));
		m->writer = without == LATE_COUNT ? W_STATE : W_SENT;
		return true;
	case W_SENT:
		if (without == WRITER_FENCE && !may_store(m, 0))
			return false;
		store(m, 0, SENT, (uint8_t)(m->message + 1));
		if (without != WRITER_FENCE)
			drain(m, 0);
		m->writer = without == LATE_COUNT ? W_SIGNAL : W_STATE;
		return true;
	case W_STATE:
		m->ring = load(m, 0, STATE) == BELL_ASLEEP;
		if (m->ring) {
			if (without == WRITER_FENCE && !may_store(m, 0))
				return false;
			store(m, 0, STATE, BELL_AWAKE);
			if (without != WRITER_FENCE)
				drain(m, 0);
		}
		m->writer = without == LATE_COUNT ? W_SENT : W_SIGNAL;
		return !(without == LATE_COUNT && !may_store(m, 0));
	case W_SIGNAL:
		m->signals |= m->ring; /* a frame on a socket: one is enough */
		m->ring = 0;
		m->message++;
		m->writer = m->message < MESSAGES ? W_TAIL : W_END;
		return true;
	case W_END:
		break;
	}
	return false;
}

/* The reader of host_ct_receive() and of the server's turn. */
static bool read_step(struct model *m, enum mutation without)
{
	switch ((enum reader)m->reader) {
	case R_ASLEEP:
		if (!m->signals)
			return false;
		m->signals = 0;
		m->reader = R_LOOK;
		return true;
	case R_LOOK:
		m->looked = load(m, 1, SENT);
		m->reader = R_READ;
		return true;
	case R_READ:
	case R_READ_AGAIN:
		m->read = load(m, 1, TAIL);
		m->reader = m->reader == R_READ ? R_SLEEP : R_ASLEEP;
		return true;
	case R_SLEEP:
		if (load(m, 1, STATE) == BELL_AWAKE) {
			if (!may_store(m, 1))
				return false;
			store(m, 1, STATE, BELL_ASLEEP);
		}
		if (without != READER_FENCE)
			drain(m, 1);
		m->reader = without == SECOND_LOOK ? R_ASLEEP : R_AGAIN;
		return true;
	case R_AGAIN:
		m->reader = load(m, 1, SENT) == m->looked ? R_ASLEEP : R_READ_AGAIN;
		return true;
	}
	return false;
}

/* All there is from the beginning on; counts ends with a message unread. */
static void explore(enum mutation without)
{
	struct model first;

	memset(&first, 0, sizeof(first));
	memset(seen, 0, sizeof(seen));
	depth = states = lost = 0;
	reach(&first);
	while (depth > 0) {
		const struct model m = stack[--depth];
		bool moved = false;

		for (unsigned way = 0; way < 4; way++) {
			struct model next = m;
			bool ok = way == 0   ? write_step(&next, without)
				  : way == 1 ? read_step(&next, without)
					     : m.kept[way - 2][0].full;

			if (!ok)
				continue;
			if (way >= 2)
				arrive(&next, way - 2);
			moved = true;
			reach(&next);
		}
		if (!moved && m.read != MESSAGES)
			lost++;
	}
}

/* guc-abi 3.6, 3.8: whatever the order, no message stays unread; and it does when the fence
 * of either side, the second look or the count before the state is missing. */
START_TEST(every_order)
{
	explore((enum mutation)_i);
	ck_assert_uint_gt(states, 100);
	if (_i == NONE)
		ck_assert_uint_eq(lost, 0);
	else
		ck_assert_uint_gt(lost, 0);
}
END_TEST

/* The words as the model has them: the first announcement signals, those until
 * the reader sleeps don't, one that came too late is seen; off means always. */
START_TEST(words)
{
	struct bell b = { .sent = 0 };
	uint32_t looked;

	ck_assert(bell_announce(&b));
	ck_assert(!bell_announce(&b));
	looked = bell_look(&b);
	ck_assert(bell_sleep(&b, looked));
	ck_assert(bell_announce(&b));
	ck_assert(!bell_sleep(&b, looked));
	ck_assert(bell_announce(&b));
	bell_off(&b);
	ck_assert(bell_announce(&b));
	ck_assert(bell_announce(&b));
	ck_assert(bell_sleep(&b, bell_look(&b)));
	ck_assert(bell_announce(&b));
	ck_assert_uint_eq(b.state, BELL_OFF);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bell");
	TCase *t = tcase_create("bell");

	tcase_add_loop_test(t, every_order, 0, MUTATIONS);
	tcase_add_test(t, words);
	suite_add_tcase(s, t);
	return check_main(s);
}
