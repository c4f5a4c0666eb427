/* SPDX-License-Identifier: MIT */
/* Images that stream between a script and the PF drivers that live here. */
#include "scenario/actors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void stream_free(struct stream *m)
{
	free(m->data);
	memset(m, 0, sizeof(*m));
}

static bool save_more(struct script *s, struct stream *m, struct pfc *pfc)
{
	long n;

	if (m->len + 65536 > m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 1u << 20;
		uint8_t *more = realloc(m->data, cap);

		if (!more) {
			op_end(s, m->tag, -ENOMEM, NULL, 0);
			m->active = false;
			return true;
		}
		m->data = more;
		m->cap = cap;
	}
	/* What a call asks of local memory may be there at once. */
	for (unsigned i = 0; i < 3; i++) {
		n = pfc_image_read(pfc, m->vf, m->data + m->len, m->cap - m->len);
		if (n != -EAGAIN)
			break;
	}
	if (n > 0)
		m->len += (size_t)n;
	else if (n != -EAGAIN)
		m->active = false; /* the verb's end says how it went */
	return n != -EAGAIN;
}

static bool restore_more(struct script *s, struct stream *m, struct pfc *pfc)
{
	size_t left = m->len - m->at;
	long n = left ? pfc_image_write(pfc, m->vf, m->data + m->at,
					left < m->slice ? left : m->slice)
		      : 0;

	(void)s;
	if (n > 0)
		m->at += (size_t)n;
	if (n == -EAGAIN || (left && n == 0))
		return false;
	if (n < 0 || m->at == m->len) {
		m->active = false;
		if (!m->no_end || n < 0)
			pfc_image_end(pfc, m->vf);
	}
	return true;
}

/* *waiting: some have to be looked at again soon. */
bool streams_turn(struct script *s, bool *waiting)
{
	bool any = false;

	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *m = &s->actors->stream[i];
		struct script_pf p = { .pfc = NULL };
		const struct op *op;

		if (!m->tag)
			continue;
		op = op_find(s, m->tag);
		if (!op) {
			stream_free(m); /* its result was taken */
			continue;
		}
		if (m->active && op->done)
			m->active = false;
		*waiting |= m->active;
		if (!m->active || !s->world->pf(s, (lua_Integer)m->card, &p) || !p.pfc)
			continue;
		any |= m->save ? save_more(s, m, p.pfc) : restore_more(s, m, p.pfc);
	}
	return any;
}

struct stream *stream_add(struct script *s, uint64_t tag, unsigned card, unsigned vf)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *m = &s->actors->stream[i];

		if (m->tag && op_find(s, m->tag))
			continue;
		stream_free(m);
		*m = (struct stream){ .tag = tag, .card = card, .vf = vf, .active = true,
				      .slice = 4096 };
		return m;
	}
	return NULL;
}

struct stream *stream_find(struct script *s, uint64_t tag)
{
	for (unsigned i = 0; tag && i < STREAMS; i++)
		if (s->actors->stream[i].tag == tag)
			return &s->actors->stream[i];
	return NULL;
}

void streams_end(struct script *s)
{
	for (unsigned i = 0; i < STREAMS; i++)
		stream_free(&s->actors->stream[i]);
}
