/* SPDX-License-Identifier: MIT */
/* Fault rules: make the GuC misbehave exactly as wanted. A rule is one line of
 * text, the same everywhere:
 *
 *     [NAME:] on POINT[,POINT] [WHERE or WHEN]... do WHAT [then THEN[, THEN]...]
 *     lost-done: on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE nth=3 do drop then disarm
 *
 * The words are rows of one table (fault_word()), of which the program's help and
 * docs/protocol/faults.md are printed. Rules live in a block without pointers of
 * fault_size() bytes: a memcpy of it, beside one of the card's block, is a snapshot.
 * Pure like the card: no I/O, no clock, no allocation. Part of libgucemu.
 *
 *     struct fault *f = aligned_alloc(8, fault_size());
 *     fault_init(f, 1, guc_card_geometry(&card));
 *     fault_add(f, "on mbox-reply nth=2 do drop", 27, &err);
 *     fault_attach(f, &card);
 *     ... use the card; after each step:
 *     while (fault_take(f, &out)) ... carry it out ...
 *
 * Rules are asked in their order. What one changes the next sees; once one has decided
 * on the crossing (lost, held back or answered it), those behind it that would change
 * it only count it.
 *
 * What repeats: random numbers are drawn only when all other conditions hold, by each
 * rule from a sequence of its own that follows from the seed, the rule's number, and the
 * function. So a function whose own crossings come in the same order meets the same
 * faults, whatever others do meanwhile, in one process and over sockets. Only time=,
 * file=, states and after= tie it to what else happens. */
#ifndef GUCEMU_FAULT_FAULT_H
#define GUCEMU_FAULT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emulator/guc/guc.h"

#define FAULT_RULES      64u  /* rules that can be there at one time */
#define FAULT_LINE_MAX   255u /* bytes of a rule's line */
#define FAULT_NAME_MAX   31u  /* of a name or state: letters, digits, '-', '_' */
#define FAULT_STATES     32u  /* different states of `set` and `if` */
#define FAULT_FILES      8u   /* different paths of `file=` */
#define FAULT_PATH_MAX   107u
#define FAULT_OUT_MAX    64u  /* of fault_take() that wait; later ones are lost, counted */

struct fault; /* opaque */

/* Bytes of the block; it must be 8-byte aligned. */
size_t fault_size(void);

/* No rules; random choices follow from `seed`. Rules are then checked against
 * `geometry` (a VF that the card doesn't have is an error); NULL: any card. */
void fault_init(struct fault *f, uint64_t seed, const struct guc_geometry *geometry);
uint64_t fault_seed(const struct fault *f);

/* --- rules ----------------------------------------------------------------------- */

/* Why a line is no rule. */
struct fault_error {
	size_t at;      /* byte of the line where it is */
	char text[200]; /* one line, without "error" or position */
};

/* Add a rule: its number (1 and up, never used twice in a block), or a negative errno with
 * *err filled: -EINVAL no rule, or one that could never match, with the reason;
 * -EEXIST the name is taken; -ENOSPC too many rules, states or files. A rule that
 * is refused changes nothing. `line` need not be terminated. */
int fault_add(struct fault *f, const char *line, size_t len, struct fault_error *err);

/* The number of the rule `name` (its name or its number as text), or -ENOENT. */
int fault_find(const struct fault *f, const char *name);
/* Take a rule away: 0; -ENOENT; -EBUSY: another's after= or until= names it. What only it
 * named, states that are off and files, makes room for others. */
int fault_remove(struct fault *f, int number);
/* Take all away, states too; numbers go on. */
void fault_clear(struct fault *f);
/* Disarmed rules match nothing until they are armed again, with their counts from 0.
 * 0 or -ENOENT. */
int fault_arm(struct fault *f, int number, bool armed);

/* Set or clear a state, as `then set X` does, so that a host's script can open and
 * close rules. 0; -EINVAL no name; -ENOSPC. */
int fault_set_state(struct fault *f, const char *name, bool on);
bool fault_state(const struct fault *f, const char *name);

struct fault_info {
	int number;
	const char *name; /* "" for none; strings live until the rule goes */
	const char *line;
	bool armed;
	uint64_t matched; /* crossings that WHERE let through, while time=, if=, unless=,
			   * file=, after= and until=RULE held: nth= and its like count these,
			   * of each function for itself */
	uint64_t fired;
};

/* The rules in their order: false behind the last. */
bool fault_info(const struct fault *f, unsigned index, struct fault_info *info);

/* --- at work --------------------------------------------------------------------- */

/* A guc_hook_fn; `user` is the struct fault. */
enum guc_verdict fault_hook(void *user, struct guc_event *event,
			    struct guc_hook_action *action);
/* Points that the present rules look at; as card->hook_mask wants it, but 0 = none. */
uint64_t fault_points(const struct fault *f);
/* Make `f` the card's hook, or no hook while there are no rules. Again after each
 * fault_add(), fault_remove() and fault_clear(). */
void fault_attach(struct fault *f, struct guc_card *card);

/* What a rule asks of the host of the card. X(symbol, word). */
#define FAULT_OUT_LIST(X)                                                             \
	X(LOG, "log")               /* say that the rule fired */                     \
	X(DISCONNECT, "disconnect") /* end the connection of the function */          \
	X(PAUSE, "pause")           /* PF verb pause on the VF */                     \
	X(MIGRATE, "migrate")       /* move the VF, to `target` where the host has several */

enum fault_out_what {
#define X(sym, word) FAULT_OUT_##sym,
	FAULT_OUT_LIST(X)
#undef X
	FAULT_OUT_COUNT
};

struct fault_out {
	enum fault_out_what what;
	int number;           /* the rule */
	unsigned fn, gt;      /* of the crossing */
	enum guc_point point;
	uint64_t time;        /* ns */
	char target[FAULT_PATH_MAX + 1]; /* MIGRATE: what stands behind it, or "" */
};

/* The next that is to be carried out, oldest first; false: none. To be asked after
 * every call of the card. For PAUSE and MIGRATE the GuC takes nothing more from the
 * VF, from the crossing on, until it is paused and resumed, reset, or a second of
 * the card's time has gone. */
bool fault_take(struct fault *f, struct fault_out *out);
/* Word of FAULT_OUT_LIST, "?" out of range. */
const char *fault_out_name(enum fault_out_what what);

/* Files that rules ask for with file=PATH: NULL behind the last. The host looks at
 * them, at least before each step in which they matter, and says what it found. */
const char *fault_file(const struct fault *f, unsigned index);
void fault_file_is(struct fault *f, unsigned index, bool there);

/* --- the words --------------------------------------------------------------------- */

enum fault_part { FAULT_POINT, FAULT_WHERE, FAULT_WHEN, FAULT_WHAT, FAULT_THEN };

struct fault_word {
	enum fault_part part;
	const char *word;   /* as typed */
	const char *form;   /* with its arguments: "nth=N" */
	const char *text;   /* what it does, a sentence */
	uint64_t points;    /* bit p: possible at guc_point p */
};

/* Row 0..n-1, by part, then NULL. */
const struct fault_word *fault_word(unsigned index);
/* "where", "when", ... */
const char *fault_part_name(enum fault_part part);

/* Say in plain words what the line does into text[0..cap), several lines, always
 * terminated. 0, or -EINVAL with *err as fault_add() would on an `f` with the rules
 * and states that it names. `f` NULL: as on an empty one of any card. */
int fault_explain(const struct fault *f, const char *line, size_t len, char *text, size_t cap,
		  struct fault_error *err);

#endif
