/* SPDX-License-Identifier: MIT */
/* Pieces of images between a PF's process and the server. Going out, no more than a
 * window of them is ahead of what the server has confirmed. Coming in, each is kept
 * until the PF has taken it and then confirmed: meanwhile the frames behind it,
 * answers that the PF may need for it among them, are not held up. */
#ifndef GUCEMU_EMULATOR_PF_PIECES_H
#define GUCEMU_EMULATOR_PF_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/frame.h"

#define PIECES_AHEAD 8u   /* of their reader, either way */
#define PIECES_VERBS 128u

struct pf;
struct piece;

struct pieces {
	struct window {
		uint32_t seq, ahead; /* seq 0: free */
	} window[PIECES_VERBS];
	struct piece *in; /* in the order they came */
};

/* May another piece of the verb's image go out? */
bool pieces_room(struct pieces *p, uint32_t seq);
void pieces_sent(struct pieces *p, uint32_t seq);
void pieces_confirmed(struct pieces *p, uint32_t seq, uint64_t n);
/* The verb has ended. */
void pieces_end(struct pieces *p, uint32_t seq);

/* Keep a BLOB frame that came. 0 or -ENOMEM. */
int pieces_keep(struct pieces *p, const struct frame *f);
/* Offer what is kept to the PF. `taken` is told of each piece that is through. True:
 * the PF took something. */
bool pieces_offer(struct pieces *p, struct pf *pf, void (*taken)(void *user, uint32_t seq),
		  void *user);
void pieces_free(struct pieces *p);

#endif
