/* SPDX-License-Identifier: MIT */
/* A PF in the service of control clients: libgucpf with its verbs as jobs,
 * each answered when it ended, and its images as BLOB frames. The same for the
 * PF inside the server (pf_builtin.c) and for one in a process of its own
 * (pf_remote.c): they differ in how registers and clients are reached. */
#ifndef GUCEMU_EMULATOR_PF_H
#define GUCEMU_EMULATOR_PF_H

#include "pfclient/pfc.h"
#include "verb.h"
#include "view/json.h"

/* What it tells its owner. `client` is the owner's name for who asked. */
struct pf_ops {
	/* A verb ended (or could not be begun). `o` is to be put; may be NULL. */
	void (*reply)(void *user, uint64_t client, uint32_t seq, int status,
		      struct json_object *o, const char *text);
	/* A piece of an image. False: not now, the client reads slowly. A client
	 * that is gone takes everything. */
	bool (*blob)(void *user, uint64_t client, uint32_t seq, uint64_t off,
		     const uint8_t *data, size_t len, bool last);
	/* A save or restore that takes long goes on: `done` of `total`. */
	void (*progress)(void *user, uint64_t client, uint32_t seq, uint64_t done,
			 uint64_t total);
	/* Register accesses can be taken. NULL: always. When false the owner calls
	 * pf_work() again once they can. */
	bool (*room)(void *user);
	/* It takes over: what the GuCs have of each VF is to be said (pfc_found()). NULL
	 * where nobody can take over. */
	void (*adopt)(void *user);
	/* The PF is up, and its VFs are provisioned as asked, or err. */
	void (*ready)(void *user, int err);
	void (*log)(void *user, unsigned level, unsigned vf, unsigned gt, const char *text);
	void (*step)(void *user, unsigned vf, unsigned gt, const char *text);
};

/* DMA address of its memory, anything but 0. */
#define PF_DMA 0x10000000ull

/* Bytes of memory for a PF with these options, whole pages: less on a small card,
 * which has no room for the large image pools. */
size_t pf_mem_size(const struct pfc_options *options);

struct pf;

/* `options` without on_event and user. Provisions the first `provision` VFs
 * when it's up. NULL without memory or for bad options. */
struct pf *pf_new(const struct pfc_options *options, const struct host_port *port,
		  const struct host_mem *mem, const struct pf_ops *ops, void *user);
void pf_free(struct pf *pf);
int pf_begin(struct pf *pf, bool adopt, unsigned provision);
struct pfc *pf_driver(struct pf *pf);

/* Work for at most `slice_ns`. True: more at once. *deadline is lowered. *moved: it did
 * something, so that an image that it could not take may find room. */
bool pf_work(struct pf *pf, uint64_t now, uint64_t slice_ns, uint64_t *deadline, bool *moved);

/* The line "pf VERB vf=N ...". */
void pf_verb(struct pf *pf, uint64_t client, uint32_t seq, const struct verb *v);
/* A BLOB of a restore: bytes taken, fewer: come again next turn; -ENOENT when
 * no restore of this client and seq is under way (or it has failed). Of a save a
 * `last` one ends it: its reader wants no more. */
long pf_image(struct pf *pf, uint64_t client, uint32_t seq, const uint8_t *data, size_t len,
	      bool last);
/* Whose pause with `hold` the VF's is, or PF_NOBODY. */
#define PF_NOBODY UINT64_MAX
uint64_t pf_held_by(const struct pf *pf, unsigned vf);
/* It is nobody's any more; the VF is resumed as soon as it can be, or stays so. */
void pf_hold_end(struct pf *pf, unsigned vf, bool resume);
/* This client is gone: nothing more is sent to it. What it holds is the owner's
 * matter (pf_hold_end()); a pause for it that ends later is resumed. */
void pf_client_gone(struct pf *pf, uint64_t client);

struct json_object *pf_vf_json(struct pf *pf, unsigned vf);

#endif
