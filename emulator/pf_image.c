/* SPDX-License-Identifier: MIT */
/* Images between a PF in the service of control clients and those: BLOB frames
 * of a save go out as their reader has room, those of a restore come in. */
#include <errno.h>

#include "pf_priv.h"

#define BLOB_BYTES 32768u

/* Send what there is of a saved image. True: more at once. */
static bool save_pump(struct pf *pf, struct job *j)
{
	uint8_t data[BLOB_BYTES];
	size_t want = sizeof(data);
	long n;

	/* Room first: what was read can't be put back. */
	if (!pf->ops->blob(pf->user, j->client, j->seq, j->bytes, NULL, 0, false))
		return false;
	if (j->bytes < j->from && j->from - j->bytes < want)
		want = (size_t)(j->from - j->bytes);
	n = pfc_image_read(pf->driver, j->vf, data, want);
	if (!j->used)
		return false;
	if (n > 0 && j->bytes < j->from) {
		j->bytes += (uint64_t)n;
		return true;
	}
	if (n == 0 && j->bytes < j->from) {
		job_end(pf, j, -ERANGE);
		return false;
	}
	if (n > 0) {
		pf->ops->blob(pf->user, j->client, j->seq, j->bytes, data, (size_t)n, false);
		j->bytes += (uint64_t)n;
		return true;
	}
	if (n == 0 && !j->last) {
		j->last = true;
		pf->ops->blob(pf->user, j->client, j->seq, j->bytes, NULL, 0, true);
	}
	if (j->ended) {
		if (!j->last)
			pf->ops->blob(pf->user, j->client, j->seq, j->bytes, NULL, 0, true);
		job_end(pf, j, 0);
	}
	return false;
}

/* How large the image is is known before its first byte. */
static void size_pump(struct pf *pf, struct job *j)
{
	long n = pfc_image_size(pf->driver, j->vf);
	struct job done = *j;
	struct json_object *o;

	if (n < 0)
		return;
	j->used = false;
	pf->images--;
	(void)pfc_image_cancel(pf->driver, done.vf);
	if (done.client == NOBODY)
		return;
	o = json_object_new_object();
	json_add_u64(o, "vf", done.vf);
	json_add_u64(o, "bytes", (uint64_t)n);
	pf->ops->reply(pf->user, done.client, done.seq, 0, o, NULL);
}

static struct job *image_of(struct pf *pf, uint64_t client, uint32_t seq)
{
	for (unsigned i = 0; i < JOBS; i++) {
		struct job *j = &pf->jobs[i];

		if (j->used && job_moves_image(j) && j->client == client && j->seq == seq)
			return j;
	}
	return NULL;
}

long pf_image(struct pf *pf, uint64_t client, uint32_t seq, const uint8_t *data, size_t len,
	      bool last)
{
	struct job *j = image_of(pf, client, seq);
	long n = 0;

	/* Who reads an image can only say that it wants no more. */
	if (j && j->verb == PFC_SAVE && last)
		(void)pfc_image_cancel(pf->driver, j->vf);
	if (!j || !j->used || j->last || j->verb == PFC_SAVE)
		return -ENOENT;
	if (len > 0) {
		n = pfc_image_write(pf->driver, j->vf, data, len);
		if (!j->used)
			return -ENOENT;
	}
	if (n > 0)
		j->bytes += (uint64_t)n;
	if (n >= 0 && (size_t)n < len)
		return n;
	/* An error sticks in the driver: the end then reports it. */
	if (n < 0 || last) {
		j->last = true;
		(void)pfc_image_end(pf->driver, j->vf);
	}
	return n < 0 ? -ENOENT : n;
}

bool pf_image_turn(struct pf *pf)
{
	bool more = false;

	for (unsigned i = 0; pf->images > 0 && i < JOBS; i++) {
		struct job *j = &pf->jobs[i];

		if (j->used && j->size_only)
			size_pump(pf, j);
		else if (j->used && j->verb == PFC_SAVE)
			more |= save_pump(pf, j);
	}
	return more;
}
