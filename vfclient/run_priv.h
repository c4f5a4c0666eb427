/* SPDX-License-Identifier: MIT */
/* What the files of "gucemu vf" share: run.c (options, life), run_work.c
 * (contexts and jobs), run_out.c (what is printed), run_command.c (stdin),
 * run_info.c ("vf info"). */
#ifndef GUCEMU_VFCLIENT_RUN_PRIV_H
#define GUCEMU_VFCLIENT_RUN_PRIV_H

#include <uv.h>

#include "cli/options.h"
#include "vft.h"

/* Exit statuses; 2 is CLI_EXIT_USAGE. */
#define RUN_GOOD   0
#define RUN_FAILED 1 /* a job went wrong, or boot failed, or an answer is due */
#define RUN_DEAD   3 /* driver wedged or connection lost */

#define RUN_CONTEXTS_MAX 256u /* of a kind, on each GT */
#define RUN_CREATES 4u        /* contexts on each GT that "create" adds, at most */
#define RUN_GROUP_MAX 64u     /* queues of a group */
#define RUN_WIDTH 2u          /* LRCs of a parallel context */
#define RUN_AHEAD 3u          /* jobs of a context under way */
#define RUN_LONG  20000u  /* no-ops of a long job: several slices of an engine */
#define RUN_LINE  1024u       /* of a command */

struct run_context {
	unsigned gt, width;
	uint32_t queue;
	uint32_t made, ended, wanted;
	uint32_t waits;    /* bit n % 32: job n waits at its semaphore */
};

struct run {
	uv_loop_t loop;
	struct vft *vft;
	struct vft_options opt;
	/* Options. */
	unsigned contexts, parallel, group, jobs;
	bool unread_h2g;            /* leave an H2G message when frozen */
	bool hold, stay, json, verbose;
	const char *hold_step;
	/* Contexts and their jobs. */
	struct run_context *context;
	unsigned context_n;
	unsigned created;           /* on each GT, by "create" */
	uint32_t good, failed, cut; /* jobs that ended so */
	bool opened;       /* the card took the connection */
	bool working;      /* booted, and not ending */
	uv_timer_t work;   /* submits more, in a turn of its own */
	uv_timer_t release;/* lets blocked jobs go */
	/* "keep" and "check". */
	int keep_queue;             /* or -1 */
	unsigned keep_step;
	uint64_t kept_bytes;
	bool local;                 /* jobs may store to local memory */
	/* A step that waits for "continue". */
	int step_held;     /* enum vfc_step_id or -1 */
	bool step_told;
	/* Recoveries. */
	uint64_t started, recovery_at;
	int64_t delta;
	unsigned recoveries;
	enum vfc_state state;
	/* Life. */
	uv_signal_t sig[3];
	uv_timer_t limit;  /* of an orderly end */
	uv_timer_t patience; /* of the command "wait" */
	bool waiting, ending, closed;
	int status;
	union {
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tty_t tty;
	} in;
	bool in_open;
	char line[RUN_LINE];
	size_t fill;
};

/* --- run.c */
void run_end(struct run *r);
void run_close(struct run *r, int status);
unsigned run_vf(const struct run *r);

/* --- run_work.c */
int run_contexts(struct run *r);      /* make them; 0 or -errno */
int run_create(struct run *r);        /* one more on each GT, with its jobs; same */
void run_last_words(struct run *r);   /* the same in a stopping machine */
void run_more(struct run *r);         /* submit what is wanted, soon */
void run_want(struct run *r, unsigned jobs); /* so many more of each context */
void run_release(struct run *r);      /* blocked jobs may go, from now on */
void run_job_ended(struct run *r, const struct vfc_event *e);
bool run_idle(const struct run *r);   /* every wanted job ended */
uint32_t run_unfinished(const struct run *r);
void run_work_close(struct run *r);

/* --- run_keep.c */
#define RUN_TAG_KEEP 3u
int run_keep(struct run *r);          /* 0: run_out_kept() follows; or -errno */
int run_check(struct run *r);
void run_kept(struct run *r, const struct vfc_event *e);
bool run_keep_job(struct run *r, const struct vfc_event *e);

/* --- run_command.c */
void run_stdin(struct run *r);
void run_stdin_close(struct run *r);
void run_look(struct run *r);         /* does "wait" have its answer? */
extern const char run_commands_help[];

/* --- run_out.c: a line of text, or a JSON object */
void run_out_card(struct run *r, const struct vft_card *card);
void run_out_event(struct run *r, const struct vfc_event *e);
void run_out_booted(struct run *r, int err);
const char *run_boot_hint(int err); /* what may help, or "" */
void run_out_ready(struct run *r);
void run_out_recovered(struct run *r, uint64_t ns);
void run_out_freeze(struct run *r, bool frozen);
void run_out_lost(struct run *r, int err, const char *text);
void run_out_note(struct run *r, const char *text, int err);
void run_out_answer(struct run *r, const char *command, int err);
void run_out_kept(struct run *r, const char *command, int err, uint64_t bytes);
void run_out_info(struct run *r, unsigned gt);
void run_out_summary(struct run *r);

/* --- run_info.c */
int run_info_main(int argc, char **argv);

#endif
