/* SPDX-License-Identifier: MIT */
/* Snapshots of the whole card, kept in the server under names: the GuCs' block, the
 * built-in PF, fault rules, the card's own memory, and the functions', which has to be
 * ours. */
#ifndef GUCEMU_EMULATOR_SNAPSHOT_H
#define GUCEMU_EMULATOR_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOTS_MAX     8u
#define SNAPSHOTS_BYTES   (1ull << 30) /* of all of them, unless told otherwise */
#define SNAPSHOT_NAME_MAX 31u

struct server;
struct client;
struct verb;

/* Control verb: snapshot [do=save|restore|drop|list] [name=NAME]. */
void verb_snapshot(struct client *c, uint32_t seq, const struct verb *v, unsigned vf);
/* A slice of what is under way, if anything is; true: the card stands still in this turn of
 * the loop. */
bool snapshot_turn(struct server *s);
/* All that is left of it, at once: somebody's memory is about to go. */
void snapshot_finish(struct server *s);
/* A slice of giving back the memory of those that are gone; true: there is more. */
bool snapshots_free(struct server *s);
void snapshots_drop(struct server *s);

#endif
