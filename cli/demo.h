/* SPDX-License-Identifier: MIT */
/* gucemu demo: two emulated cards and VF drivers as processes of their own, a
 * migration of all VFs at once while jobs run, and what can be said of it.
 * Private to the demo_*.c files. */
#ifndef GUCEMU_CLI_DEMO_H
#define GUCEMU_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/child.h"
#include "cli/control.h"
#include "cli/migrate.h"
#include "cli/options.h"
#include "proto/fixup.h"
#include "proto/platform.h"
#include "vfclient/vfc.h"
#include "view/event.h"

#define DEMO_CARDS   2u
#define DEMO_MAX_VFS 63u
#define DEMO_MAX_MOVES 2u
/* GTs of a card that a VF driver can have. */
#define DEMO_MAX_GTS VFC_MAX_GTS
/* Events kept for the diagram: those of the PF and of VF 1. */
#define DEMO_EVENTS  20000u
#define DEMO_PATH    108u

struct demo;

struct demo_options {
	bool seed, twice, json, keep, verbose;
	bool overwrite;     /* files of `record` that are there already */
	const char *record; /* trace file, or NULL */
	const struct platform *platform;
	const char *flip;   /* what is damaged on purpose: "lmem", "ccs"; or NULL */
	unsigned gts, vfs;
	struct cli_list skip;
	struct cli_list fault, faults; /* rules, and files of them, of both cards */
	uint64_t fault_seed;
};

struct demo_card {
	struct demo *demo;
	unsigned index;
	char name[2];          /* "A", "B" */
	char socket[DEMO_PATH];
	char record[4096];     /* its trace file, "" for none */
	struct child child;
	struct control *control;
	struct control_request events;
	bool ready, streaming;
	bool muted;            /* its events are not of the story (any more) */
	uint64_t base;         /* GGTT start that it gives VF 1 */
	unsigned findings, violations;
	unsigned faults;       /* firings of rules */
	uint64_t lost;         /* events */
};

/* A VF, its driver's process, and what is known of it. */
struct demo_vf {
	struct demo *demo;
	unsigned number, card; /* where it is */
	struct child child;
	bool held;             /* its recovery waits for "continue" */
	bool idle, summary, finished, failed;
	bool fatal;            /* wedged, lost or ended */
	char trouble[160];     /* what its driver said was wrong */
	unsigned contexts, registered; /* made; still registered after recovery */
	unsigned created; /* made after the last recovery, one on each GT */
	bool asked;       /* the driver has answered whether it could make them */
	unsigned jobs_ok, jobs_failed, jobs_open;
	unsigned recoveries;   /* its driver ended */
	uint64_t recovery_ns;  /* of the last one, by the driver's clock */
	/* From the cards' events, of each GT: */
	struct demo_gt {
		uint64_t interrupted, running; /* ns; of the last migration */
	} gt[DEMO_MAX_GTS];
	uint64_t base[1 + DEMO_MAX_MOVES]; /* GGTT start before, after each move */
	struct migrate move;
	struct control *conn[DEMO_CARDS];
	unsigned moves;
	bool moving;
	/* Local memory and compression metadata. */
	bool kept, checked, kept_badly;
	uint64_t lmem_size, checked_bytes;
	struct migrate_content content; /* of the last image, equal on both cards */
	uint64_t frozen_ns;    /* longest freeze */
	uint64_t image_len;
};

struct demo {
	uv_loop_t loop;
	struct demo_options opt;
	char program[4096];    /* this very program */
	char folder[64];
	struct demo_card card[DEMO_CARDS];
	struct demo_vf *vf;    /* opt.vfs of them; index i is VF i + 1 */
	struct view_event *events;
	size_t events_n;
	uint64_t events_dropped;
	uint64_t move_started; /* the diagram begins here */
	uint64_t found[FIXUP_COUNT]; /* findings of each structure */
	bool skips[FIXUP_COUNT];     /* left out on purpose */
	uint64_t started;
	const char *doing;     /* for time-outs */
	bool began; /* the cards were started, or tried to */
	bool failed, stopping;
	bool gave_up;          /* don't even wait for the way back */
	char failure[512];
	uv_timer_t watchdog;
	uv_signal_t sigchld, sigint, sigterm;
	bool handles;          /* the five above are open */
	int log_fd;
	struct trace_writer *trace; /* recording, or NULL */
};

/* --- demo.c ------------------------------------------------------------------ */

/* Note the first failure; what waits then ends. */
void demo_fail(struct demo *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Run the loop until `done` says so: true; or a failure: false. */
bool demo_until(struct demo *d, const char *doing, bool (*done)(struct demo *d));
bool demo_all_vfs(struct demo *d, bool (*is)(const struct demo_vf *v));

/* VF ABI 1.minor that the cards offer. */
unsigned demo_abi_minor(const struct demo *d);

/* --- demo_record.c: the trace files ------------------------------------------------ */

bool demo_record_start(struct demo *d);
/* An event of a card, with the frame that it came in, or a step of a driver. */
void demo_record_event(struct demo *d, struct view_event *e, const struct frame *f);
void demo_record_mark(struct demo *d, uint64_t time, const char *text);
void demo_record_end(struct demo *d);
/* Whether all three files have their end, once the cards have ended; says which
 * has not. */
bool demo_record_whole(const struct demo *d);

/* --- demo_cards.c: the emulators and their events ------------------------------- */

bool demo_cards_start(struct demo *d);
void demo_cards_end(struct demo *d);
void demo_event(struct demo *d, struct view_event *event);

/* --- demo_vf.c: the VF drivers' processes ---------------------------------------- */

bool demo_vfs_start(struct demo *d);
/* Let recoveries that are held half-way go on. */
bool demo_vfs_continue(struct demo *d);
/* Tell them to finish their jobs, and wait for their reports. */
/* One more context on each GT of every VF, from the images that a recovery moved. */
bool demo_vfs_create(struct demo *d);
bool demo_vfs_finish(struct demo *d);
/* Let them fill memory and metadata that must survive. */
bool demo_vfs_keep(struct demo *d);
void demo_vfs_end(struct demo *d);

/* --- demo_move.c ------------------------------------------------------------------ */

/* Move every VF to the other card, all at once. */
bool demo_move(struct demo *d, bool more_to_come);
/* Damage VF 1's local memory or metadata, where its driver looks (--flip). */
bool demo_flip(struct demo *d);
/* Until every VF runs on every GT. */
bool demo_recovered(struct demo *d);

/* --- demo_report.c ------------------------------------------------------------------ */

/* A line of the story: "[   1.234 s] text". */
void demo_say(struct demo *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void demo_report(struct demo *d);
/* Fail for what the detector found, or did not find though it should have. */
void demo_judge_findings(struct demo *d);
/* Findings on both cards. */
unsigned demo_findings(const struct demo *d);
/* From the MIGRATED interrupt on the first GT to VF_RUNNING on the last. */
uint64_t demo_recovery_ns(const struct demo_vf *v);

#endif
