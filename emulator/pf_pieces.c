/* SPDX-License-Identifier: MIT */
/* See pf_pieces.h. */
#include "pf_pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pf.h"

struct piece {
	struct piece *next;
	uint32_t seq;
	bool last;
	size_t len, at; /* at: how far the PF has taken it */
	uint8_t data[];
};

/* --- out ------------------------------------------------------------------------ */

static struct window *find(struct pieces *p, uint32_t seq)
{
	for (unsigned i = 0; i < PIECES_VERBS; i++)
		if (p->window[i].seq == seq)
			return &p->window[i];
	return NULL;
}

bool pieces_room(struct pieces *p, uint32_t seq)
{
	const struct window *w = find(p, seq);

	return w ? w->ahead < PIECES_AHEAD : find(p, 0) != NULL;
}

void pieces_sent(struct pieces *p, uint32_t seq)
{
	struct window *w = find(p, seq);

	if (!w)
		w = find(p, 0);
	if (!w)
		return;
	w->seq = seq;
	w->ahead++;
}

void pieces_confirmed(struct pieces *p, uint32_t seq, uint64_t n)
{
	struct window *w = seq ? find(p, seq) : NULL;

	/* Of a verb that has ended nothing is counted any more. */
	if (w)
		w->ahead -= n < w->ahead ? (uint32_t)n : w->ahead;
}

void pieces_end(struct pieces *p, uint32_t seq)
{
	struct window *w = seq ? find(p, seq) : NULL;

	if (w)
		*w = (struct window){ 0 };
}

/* --- in ------------------------------------------------------------------------- */

int pieces_keep(struct pieces *p, const struct frame *f)
{
	struct piece *e = malloc(sizeof(*e) + f->data_len), **end = &p->in;

	if (!e)
		return -ENOMEM;
	*e = (struct piece){ .seq = f->seq, .last = f->flags & FRAME_BLOB_LAST, .len = f->data_len };
	if (f->data_len > 0)
		memcpy(e->data, f->data, f->data_len);
	while (*end)
		end = &(*end)->next;
	*end = e;
	return 0;
}

/* Does an earlier piece of the same image still wait? */
static bool is_behind(const struct pieces *p, const struct piece *e)
{
	for (const struct piece *i = p->in; i != e; i = i->next)
		if (i->seq == e->seq)
			return true;
	return false;
}

/* True: it is through. *moved is set when some of it was taken. */
static bool offer(struct pf *pf, struct piece *e, bool *moved)
{
	long n = pf_image(pf, e->seq, e->seq, e->data + e->at, e->len - e->at, e->last);

	*moved |= n != 0;
	if (n > 0)
		e->at += (size_t)n;
	return n < 0 || e->at == e->len;
}

bool pieces_offer(struct pieces *p, struct pf *pf, void (*taken)(void *user, uint32_t seq),
		  void *user)
{
	struct piece **at = &p->in, *e;
	bool moved = false;

	while ((e = *at)) {
		if (is_behind(p, e) || !offer(pf, e, &moved)) {
			at = &e->next;
			continue;
		}
		moved = true;
		*at = e->next;
		taken(user, e->seq);
		free(e);
	}
	return moved;
}

void pieces_free(struct pieces *p)
{
	while (p->in) {
		struct piece *e = p->in;

		p->in = e->next;
		free(e);
	}
}
