/* SPDX-License-Identifier: MIT */
/* Snapshots of the whole card, kept in the server under names: the GuCs' block, the
 * built-in PF, local memory, and the functions' memory, which has to be ours. */
#ifndef GUCEMU_EMULATOR_SNAPSHOT_H
#define GUCEMU_EMULATOR_SNAPSHOT_H

#include <stdint.h>

#define SNAPSHOTS_MAX     8u
#define SNAPSHOT_NAME_MAX 31u

struct server;
struct client;
struct verb;

/* Control verb: snapshot [do=save|restore|drop|list] [name=NAME]. */
void verb_snapshot(struct client *c, uint32_t seq, const struct verb *v, unsigned vf);
void snapshots_drop(struct server *s);

#endif
