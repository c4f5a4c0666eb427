/* SPDX-License-Identifier: MIT */
/* Scenarios: Lua scripts that drive cards, PFs and VFs and say what should
 * happen. This runs one case of one file in the calling process and tells what
 * came of it; `gucemu run` calls it in a process of its own for each. */
#ifndef GUCEMU_SCENARIO_SCENARIO_H
#define GUCEMU_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a case ended. X(symbol, word, exit status of gucemu run, text) */
#define OUTCOME_LIST(X)                                                        \
	X(PASS, "pass", 0, "everything was as expected")                       \
	X(SKIP, "skip", 0, "it can't be run here; the reason says why")        \
	X(FAIL, "fail", 1, "an expectation was not met")                       \
	X(SCRIPT, "script", 2, "the script is wrong: syntax, types, an error nobody caught") \
	X(CRASH, "crash", 3, "a process of it ended by a signal or by itself") \
	X(HANG, "hang", 4, "what was waited for did not come in time, or a limit was reached") \
	X(DIFFERS, "differs", 5, "two runs with one seed were not the same")

enum outcome {
#define X(sym, word, status, text) OUTCOME_##sym,
	OUTCOME_LIST(X)
#undef X
	OUTCOMES
};
const char *outcome_word(enum outcome o);
const char *outcome_text(enum outcome o);
int outcome_status(enum outcome o);

/* Limits, each with its default. */
#define SCENARIO_MEMORY       (256u << 20)          /* bytes that Lua may have */
#define SCENARIO_INSTRUCTIONS 2000000000ull         /* of Lua */
#define SCENARIO_CLOCK        (600ull * 1000000000) /* virtual ns */
#define SCENARIO_WALL         60u                   /* seconds of real time */
#define SCENARIO_CASES        1024u                 /* of a file */

#define SCENARIO_PARAMS 16u
struct scenario_options {
	const char *path;        /* of the script */
	unsigned number;         /* which of its cases, 0 and up */
	uint64_t seed;
	bool random_order;       /* the simulated world's actors step in random order */
	bool sockets;            /* against real processes */
	const char *program;     /* this very program, for real processes */
	const char *folder;      /* where a case makes one for sockets, named as its process */
	const char *client, *pf; /* commands that replace ours, or NULL */
	bool verbose;            /* the processes' own logs go to standard error */
	unsigned wall;           /* seconds */
	uint64_t clock;          /* ns */
	const char *param[SCENARIO_PARAMS]; /* "NAME=VALUE" */
	unsigned params;
};

/* What a file declares of a case. */
struct scenario_case {
	char id[64], text[256], level[16], source[256];
};

#define VERDICT_TEXT 1024u
struct verdict {
	enum outcome outcome;
	char reason[VERDICT_TEXT]; /* "" when it passed */
	char where[256];           /* "file:line", or "" */
	uint64_t hash, events;     /* of everything that the cards told */
	uint64_t clock;            /* ns, when it ended */
	char *diagram;             /* of a case that did not pass, or NULL */
	char *log;                 /* what the script printed, or NULL */
};
void verdict_free(struct verdict *v);

/* Run case `options->number`. Never fails: what goes wrong is the verdict. */
void scenario_run(const struct scenario_options *options, struct verdict *out);
/* What the cases of a file are: their number, at least 1, in out[0..SCENARIO_CASES),
 * which the caller frees. 0: the file can't be read or is no Lua; *why tells. */
size_t scenario_list(const char *path, struct scenario_case **out, struct verdict *why);

/* For a signal handler of the process that is in one of the two above and does not come to
 * its end, in a C function of Lua's that nothing else interrupts: the verdict, without texts
 * of the heap. */
void scenario_stuck(struct verdict *out);

/* One row of the reference: what a script may call. False behind the last. */
struct scenario_word {
	const char *group, *form, *text;
};
/* The reference as Markdown, through `out`. 0 or -errno. */
int scenario_reference(void (*out)(void *user, const char *text, size_t len), void *user);

#endif
