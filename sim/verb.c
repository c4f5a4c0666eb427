/* SPDX-License-Identifier: MIT */
/* A PF's verbs run to their end, and the migration made of them. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>

static bool verb_done(void *arg)
{
	return ((struct sim_card *)arg)->done;
}

static int verb_start(struct sim *s, unsigned card, enum pfc_verb verb, unsigned vf,
		      const struct pfc_provision *arg)
{
	s->card[card].done = false;
	return pfc_do(s->card[card].pfc, verb, vf, arg, ++s->tag);
}

static int verb_wait(struct sim *s, unsigned card)
{
	if (!sim_until(s, verb_done, &s->card[card], 60000 * SIM_MS))
		return -ETIME;
	return s->card[card].done_tag == s->tag ? s->card[card].done_err : -EPROTO;
}

int sim_pf(struct sim *s, unsigned card, enum pfc_verb verb, unsigned vf,
	   const struct pfc_provision *arg)
{
	int err = verb_start(s, card, verb, vf, arg);

	return err ? err : verb_wait(s, card);
}

int sim_save(struct sim *s, unsigned card, unsigned vf, uint8_t **image, size_t *len)
{
	size_t cap = 4u << 20;
	int err = verb_start(s, card, PFC_SAVE, vf, NULL);

	if (err)
		return err;
	*image = malloc(cap);
	*len = 0;
	if (!*image)
		return -ENOMEM;
	for (;;) {
		long n = pfc_image_read(s->card[card].pfc, vf, *image + *len, cap - *len);

		if (n == -EAGAIN) {
			sim_turn(s);
			continue;
		}
		if (n <= 0) {
			err = n < 0 ? (int)n : verb_wait(s, card);
			break;
		}
		*len += (size_t)n;
		if (*len == cap) {
			uint8_t *more = realloc(*image, cap *= 2);

			if (!more) {
				err = -ENOMEM;
				break;
			}
			*image = more;
		}
	}
	if (err) {
		free(*image);
		*image = NULL;
	}
	return err;
}

int sim_restore(struct sim *s, unsigned card, unsigned vf, const uint8_t *image, size_t len)
{
	int err = verb_start(s, card, PFC_RESTORE, vf, NULL);

	while (!err && len) {
		long n = pfc_image_write(s->card[card].pfc, vf, image, len < 4096 ? len : 4096);

		if (n < 0 && n != -EAGAIN)
			err = (int)n;
		if (n <= 0) {
			sim_turn(s);
			continue;
		}
		image += n;
		len -= (size_t)n;
	}
	if (!err)
		err = pfc_image_end(s->card[card].pfc, vf);
	if (!err)
		return verb_wait(s, card);
	if (!s->card[card].done)
		verb_wait(s, card);
	return err;
}

int sim_move_out(struct sim *s, struct sim_vf *v, uint8_t **image, size_t *len)
{
	int err;

	sim_freeze(s, v);
	err = sim_pf(s, v->card, PFC_PAUSE, v->fn, NULL);
	return err ? err : sim_save(s, v->card, v->fn, image, len);
}

int sim_move_in(struct sim *s, struct sim_vf *v, unsigned to, const struct pfc_provision *share,
		const uint8_t *image, size_t len)
{
	unsigned from = v->card;
	struct pfc_vf_info there;
	int err = 0;

	if (pfc_vf_info(s->card[to].pfc, v->fn, &there) == 0 && there.ggtt_size)
		err = sim_pf(s, to, PFC_FLR, v->fn, NULL);
	if (!err)
		err = sim_pf(s, to, PFC_PROVISION, v->fn, share);
	if (!err)
		err = sim_pf(s, to, PFC_PAUSE, v->fn, NULL);
	if (!err)
		err = sim_restore(s, to, v->fn, image, len);
	if (err)
		return err;
	err = sim_vf_place(s, v, to, v->fn);
	if (!err)
		err = sim_pf(s, to, PFC_RESUME, v->fn, NULL);
	if (err)
		return err;
	sim_thaw(s, v);
	/* The source's copy is a leftover: reset it, so that it can come back. */
	err = sim_pf(s, from, PFC_FLR, v->fn, NULL);
	return err ? err : sim_pf(s, from, PFC_UNPROVISION, v->fn, NULL);
}
