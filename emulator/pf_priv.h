/* SPDX-License-Identifier: MIT */
/* What the files of a PF in the service of control clients share: pf.c takes
 * verbs, pf_event.c tells what comes of them, pf_image.c moves images. */
#ifndef GUCEMU_EMULATOR_PF_PRIV_H
#define GUCEMU_EMULATOR_PF_PRIV_H

#include "pf.h"

#define JOBS   128u
#define NOBODY PF_NOBODY

struct job {
	bool used;
	enum pfc_verb verb;
	unsigned vf;
	uint64_t client; /* or NOBODY */
	uint32_t seq;
	uint64_t bytes;  /* of the image so far */
	uint64_t from;   /* save: the reader has those before */
	bool size_only;  /* save: it wants to know the size, no more */
	bool hold;       /* pause: it ends with its client */
	bool last;       /* restore: all of it came; save: all of it went */
	bool ended;      /* PFC_EV_VERB came */
	int err;
};

struct pf {
	struct pfc *driver;
	const struct pf_ops *ops;
	void *user;
	unsigned vfs, gts;
	unsigned tiles, graphics;
	unsigned provision, provisioned; /* at start */
	struct job jobs[JOBS];
	unsigned images; /* jobs that move an image */
	uint64_t held[PFC_MAX_VFS + 1]; /* whose pause it is, or NOBODY */
	uint64_t orphans; /* bit a VF: to be resumed, its client is gone */
};

static inline bool job_moves_image(const struct job *j)
{
	return j->verb == PFC_SAVE || j->verb == PFC_RESTORE;
}

/* pf.c: it ended so: its place is free, its client is answered. */
void job_end(struct pf *pf, struct job *j, int err);

/* pf_event.c: what the driver says. */
void pf_on_event(void *user, const struct pfc_event *e);
/* What an error of this verb means. */
const char *pf_verb_text(enum pfc_verb verb, int err);
/* What an image held; the numbers of save and restore can be compared. */
void pf_add_content(struct pf *pf, unsigned vf, uint64_t bytes, struct json_object *o);

/* pf_image.c: go on with what is saved. True: more at once. */
bool pf_image_turn(struct pf *pf);

#endif
