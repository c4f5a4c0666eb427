/* SPDX-License-Identifier: MIT */
/* One migration of one VF between two running emulators, as a state machine
 * on the loop: freeze, pause and save on A; reset, provision, pause, restore
 * on B; hand-over of the live client; resume and thaw on B. What fails before
 * the hand-over leaves the VF running on A. Several can run at once.
 * A and B may be one card: it moves in the GGTT, nothing is handed over, and what
 * fails before the image is back leads to where it was. A virtual machine's
 * processors are stopped and let run on at QEMU's monitor, if it was given. */
#ifndef GUCEMU_CLI_MIGRATE_H
#define GUCEMU_CLI_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/control.h"
#include "cli/image_file.h"
#include "cli/qmp.h"

/* X(symbol, number in the walk of six steps, emulator asked, verb, text) */
#define MIGRATE_STEP_LIST(X)                                                   \
	X(RESERVE, 1, B, "reserve", "keep the place free on B")                \
	X(STOP, 1, MONITOR, "stop", "stop the virtual machine's processors")           \
	X(FREEZE, 1, A, "freeze", "freeze the VF's machine on A")              \
	X(INFO, 2, A, "pf info", "look up its resources on A")                 \
	X(PAUSE, 2, A, "pf pause", "pause the VF on A")                        \
	X(SAVE, 2, A, "pf save", "save it")                                    \
	X(FLR, 3, B, "pf flr", "reset the VF of B")                            \
	X(PROVISION, 3, B, "pf provision", "provision it alike on B")          \
	X(PAUSE_B, 3, B, "pf pause", "pause it on B")                          \
	X(RESTORE, 3, B, "pf restore", "restore the image on B")               \
	X(HANDOVER, 4, A, "handover", "hand the live client over to B")        \
	X(RESUME, 5, B, "pf resume", "resume on B: the VF learns that it was migrated") \
	X(THAW, 6, B, "thaw", "thaw the VF's machine")                         \
	X(CONT, 6, MONITOR, "cont", "let the virtual machine's processors run on")     \
	X(RELEASE, 6, A, "pf flr", "reset what is left of it on A")            \
	X(UNDO_FLR, 0, B, "pf flr", "drop what B has of it")                   \
	X(UNDO_RESERVE, 0, B, "unreserve", "give the place on B free")         \
	X(UNDO_PROVISION, 0, A, "pf provision", "give it back what it had")            \
	X(UNDO_PAUSE, 0, A, "pf pause", "pause it there")                              \
	X(UNDO_RESTORE, 0, A, "pf restore", "restore the image there")                 \
	X(UNDO_RESUME, 0, A, "pf resume", "resume it on A")                    \
	X(UNDO_THAW, 0, A, "thaw", "thaw it on A")                             \
	X(UNDO_CONT, 0, MONITOR, "cont", "let its processors run on")

/* What an image held of local memory and of its compression metadata: bytes that are
 * not zero, and a checksum. */
struct migrate_content {
	uint64_t lmem_bytes, lmem_crc, ccs_bytes, ccs_crc;
};

enum migrate_side { MIGRATE_ON_A, MIGRATE_ON_B, MIGRATE_ON_MONITOR };

enum migrate_step {
#define X(sym, number, side, verb, text) MIGRATE_##sym,
	MIGRATE_STEP_LIST(X)
#undef X
	MIGRATE_STEPS
};

const char *migrate_step_text(enum migrate_step step);
unsigned migrate_step_number(enum migrate_step step);

struct migrate {
	/* Filled by the caller. */
	struct control *from, *to; /* equal: within one card */
	const char *to_path; /* B's socket, as A reaches it */
	struct qmp *qmp;     /* monitor of the VF's virtual machine, or NULL */
	uint64_t start;      /* GGTT address for it, 0: as the PF of B chooses */
	unsigned vf;
	bool no_release;     /* leave what is left on A: it moves back at once */
	/* A step ended: status, the reason in words, and how long it took. */
	void (*on_step)(struct migrate *m, enum migrate_step step, int status,
			const char *error, uint64_t ns);
	/* All over. 0: the VF is on B. Else it is where m->on_b says. */
	void (*on_done)(struct migrate *m, int status);
	/* Save or restore goes on, `done` of `total`; may be NULL. */
	void (*on_progress)(struct migrate *m, enum migrate_step step, uint64_t done,
			    uint64_t total);
	void *user;
	bool interrupted;     /* set by the caller at any time: undo, while it can be undone */
	bool abandoned;       /* the connections are about to go: leave it as it is */
	/* Results. */
	bool on_b;            /* the client was handed over, or all of it is at its new place */
	bool undone;          /* it was not, and all is on A as it was */
	bool unknown;         /* A did not say whether it was */
	uint64_t started, ended;
	uint64_t frozen_at, thawed_at; /* uv_hrtime() */
	uint64_t image_len;
	struct migrate_content saved, restored; /* compared: they are equal, or it fails */
	/* Private. */
	enum migrate_step step;
	int err;              /* first failure */
	bool paused, b_touched, reserved, stopped;
	uint64_t step_started, heard;
	uint64_t ggtt, old_start, contexts, doorbells, lmem;
	struct image_out image; /* in a file without a name, from SAVE to RESTORE */
	bool has_image;
	struct control_request request;
};

/* Begin. on_done is called once, never before this returns to the loop's
 * caller unless a connection is already gone. */
void migrate_start(struct migrate *m);
/* Call it now and then: a step that takes longer than this fails. Steps that
 * the emulators bound themselves get no less than they need. */
void migrate_check(struct migrate *m, uint64_t limit_ns);

#endif
