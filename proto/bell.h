/* SPDX-License-Identifier: MIT */
/* Doorbells that are rung only for who sleeps: two words that both sides of a
 * ring share beside it, never in its descriptor, whose dwords 3 to 15 must be
 * zero. The writer of the ring announces, and signals only when the reader may
 * be asleep; the reader says that it goes to sleep and then looks once more.
 *
 * The two sides meet as in Dekker's algorithm: each writes one word and then reads
 * the other's. All four accesses are sequentially consistent, and those that
 * write are read-modify-write, so that no store waits in a processor's buffer
 * while its side reads: at least one side sees what the other wrote. Either the
 * writer sees BELL_ASLEEP and signals, or the reader sees the announcement. */
#ifndef GUCEMU_PROTO_BELL_H
#define GUCEMU_PROTO_BELL_H

#include <stdbool.h>
#include <stdint.h>

#define BELL_PAGE_BYTES 4096u
#define BELL_GTS	8u

enum bell_state {
	BELL_ASLEEP = 0, /* signal, and make it BELL_AWAKE */
	BELL_AWAKE = 1,  /* has been signalled and will look before it sleeps */
	BELL_OFF = 2     /* nobody keeps this word: signal always */
};

/* Of one ring. Nothing in here is trusted: a side that writes nonsense gets too
 * many signals or none itself. */
struct bell {
	uint32_t sent;  /* announcements, counted by the writer */
	uint32_t state; /* enum bell_state */
	uint32_t spare[14];
};

/* The page that both sides map: zeroes, then a pair a GT. */
struct bell_page {
	struct {
		struct bell h2g, g2h;
	} gt[BELL_GTS];
};

/* Writer, behind each move of TAIL: true when the reader must be signalled. */
static inline bool bell_announce(struct bell *b)
{
	uint32_t state = BELL_ASLEEP;

	(void)__atomic_add_fetch(&b->sent, 1, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n(&b->state, &state, BELL_AWAKE, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) ||
	       state != BELL_AWAKE;
}

/* Reader, before it looks at the ring: what it will have seen then. */
static inline uint32_t bell_look(struct bell *b)
{
	return __atomic_load_n(&b->sent, __ATOMIC_SEQ_CST);
}

/* Reader, when the ring is empty: it goes to sleep. False when something was
 * announced since `looked`: it has to look once more. Once is enough, since what
 * is announced from now on comes with a signal. */
static inline bool bell_sleep(struct bell *b, uint32_t looked)
{
	uint32_t state = BELL_AWAKE;

	(void)__atomic_compare_exchange_n(&b->state, &state, BELL_ASLEEP, false, __ATOMIC_SEQ_CST,
					  __ATOMIC_SEQ_CST);
	return bell_look(b) == looked;
}

/* The reader leaves, and the writer shall signal always. */
static inline void bell_off(struct bell *b)
{
	__atomic_store_n(&b->state, BELL_OFF, __ATOMIC_SEQ_CST);
}

static inline bool bell_is_off(const struct bell *b)
{
	return __atomic_load_n(&b->state, __ATOMIC_SEQ_CST) == BELL_OFF;
}

/* There is a reader, again, and it may be asleep. */
static inline void bell_on(struct bell *b)
{
	uint32_t state = BELL_OFF;

	(void)__atomic_compare_exchange_n(&b->state, &state, BELL_ASLEEP, false, __ATOMIC_SEQ_CST,
					  __ATOMIC_SEQ_CST);
}

#endif
