/* SPDX-License-Identifier: MIT */
/* What a PF in a process of its own asks the emulator over a control connection beside
 * its function's: what card it is, and, when it takes over from another PF, what the
 * GuCs have of each VF. */
#ifndef GUCEMU_EMULATOR_PF_ASK_H
#define GUCEMU_EMULATOR_PF_ASK_H

#include <uv.h>

#include "pfclient/pfc.h"

struct pf_ask;

/* Connect and fill in what the card says of itself. 0, or -errno with the reason on
 * standard error. */
int pf_ask_open(struct pf_ask **ask, uv_loop_t *loop, const char *socket,
		struct pfc_options *options);
/* Ask for every VF and tell the driver (pfc_found(), pfc_found_all()); `done` is called
 * once, with 0 or -errno, from the loop. */
void pf_ask_found(struct pf_ask *ask, struct pfc *driver, unsigned vfs,
		  void (*done)(void *user, int err), void *user);
/* NULL is nothing to close. */
/* The first VF that somebody uses: it has a client, or runs, or is paused or being
 * reset; 0 none, -errno. Waits for the answers. */
int pf_ask_used(struct pf_ask *a, unsigned vfs);
void pf_ask_close(struct pf_ask *ask);

#endif
