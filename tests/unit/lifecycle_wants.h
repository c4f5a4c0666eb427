/* SPDX-License-Identifier: MIT */
/* What vf-lifecycle 1.3 wants of every state at every input, written from the
 * specification and not from the GuC's table: for the tests of the lifecycle. */
#ifndef GUCEMU_TESTS_LIFECYCLE_WANTS_H
#define GUCEMU_TESTS_LIFECYCLE_WANTS_H

#include "emulator/guc/core.h"
#include "emulator/guc/lifecycle.h"

#define HELD GUC_LIFE_HELD
#define LOST GUC_LIFE_LOST

/* Short names of the states, in the enum's order, and "stay". */
enum { UN, RD, RU, DP, UP, XP, XB, ST, FP, FA, FC, NO };

/* Expected error and next state of each state, in the order of the columns. */
struct want {
	uint16_t error;
	uint8_t next; /* NO = same */
};
#define E(code) { code, NO }
#define K(to)   { 0, to }
#define SAME    { 0, NO }
#define HELD3   E(HELD), E(HELD), E(HELD)
#define LOST3   E(LOST), E(LOST), E(LOST)
#define BAD     E(0x0A)

struct expectation {
	enum guc_vf_input input;
	uint32_t arg;
	uint16_t marker;  /* stored before */
	uint8_t minor;    /* negotiated */
	bool strict;
	struct want want[GUC_VFS_COUNT];
};

/* Columns: UNPROVISIONED, READY, RUNNING, READY_PAUSED, RUNNING_PAUSED,
 * RESFIX_PAUSED, RESFIX_BLOCKED, STOPPED, FLR_PENDING, FLR_ACTIVE, FLR_CLEANED.
 * The configuration is valid, resfix_from is VF_RUNNING. */
static const struct expectation expectations[] = {
	{ GUC_IN_CONFIG_VALID, 0, 0, 28, false,
	  { K(RD), SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME } },
	{ GUC_IN_CONFIG_GONE, 0, 0, 28, false,
	  { SAME, K(UN), K(UN), K(UN), K(UN), K(UN), K(UN), K(UN), SAME, SAME, SAME } },
	{ GUC_IN_PAUSE, 0, 0, 28, false,
	  { E(0x0D), K(DP), K(UP), BAD, BAD, BAD, K(XP), BAD, BAD, BAD, BAD } },
	{ GUC_IN_PAUSE, 0, 5, 28, true, /* marker kept, checked below */
	  { E(0x0D), K(DP), K(UP), BAD, BAD, BAD, K(XP), BAD, BAD, BAD, BAD } },
	{ GUC_IN_RESUME, 0, 0, 28, false,
	  { BAD, BAD, BAD, K(RD), K(RU), K(XB), BAD, BAD, BAD, BAD, BAD } },
	{ GUC_IN_RESUME, 0, 5, 28, false,
	  { BAD, BAD, BAD, K(RD), K(RU), K(XB), BAD, BAD, BAD, BAD, BAD } },
	{ GUC_IN_STOP, 0, 0, 28, false,
	  { E(0x0D), K(ST), K(ST), K(ST), K(ST), K(ST), K(ST), BAD, BAD, BAD, BAD } },
	{ GUC_IN_PCI_FLR, 0, 0, 28, false,
	  { K(FP), K(FP), K(FP), K(FP), K(FP), K(FP), K(FP), K(FP), SAME, SAME, SAME } },
	{ GUC_IN_FLR_START, 0, 0, 28, false,
	  { K(FA), K(FA), K(FA), K(FA), K(FA), K(FA), K(FA), K(FA), K(FA), BAD, BAD } },
	{ GUC_IN_FLR_FINISH, 0, 0, 28, false,
	  { BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, K(RD) } },
	{ GUC_IN_SAVE, 0, 0, 28, false,
	  { BAD, BAD, BAD, SAME, SAME, SAME, BAD, BAD, BAD, BAD, BAD } },
	{ GUC_IN_RESTORE, 0, 5, 28, false,
	  { BAD, BAD, BAD, K(XP), BAD, SAME, BAD, BAD, BAD, BAD, BAD } },
	{ GUC_IN_MATCH_VERSION, 0, 0, 28, false,
	  { SAME, SAME, SAME, HELD3, SAME, BAD, LOST3 } },
	{ GUC_IN_VF_RESET, 0, 7, 28, false,
	  { SAME, SAME, K(RD), HELD3, K(RD), BAD, LOST3 } },
	{ GUC_IN_QUERY_KLV, 0, 0, 28, false,
	  { E(0x0D), SAME, SAME, HELD3, SAME, BAD, LOST3 } },
	{ GUC_IN_QUERY_KLV, 0, 9, 28, false,
	  { E(0x0D), SAME, SAME, HELD3, SAME, BAD, LOST3 } },
	{ GUC_IN_SELF_CFG, 0, 0, 28, false,
	  { E(0x0D), SAME, SAME, HELD3, E(0x107), BAD, LOST3 } },
	{ GUC_IN_CTB_ENABLE, 0, 0, 28, false,
	  { E(0x0D), K(RU), SAME, HELD3, E(0x107), BAD, LOST3 } },
	{ GUC_IN_CTB_DISABLE, 0, 0, 28, false,
	  { E(0x0D), SAME, K(RD), HELD3, E(0x107), BAD, LOST3 } },
	{ GUC_IN_OTHER_MMIO, 0, 0, 28, false,
	  { E(0x0D), SAME, SAME, HELD3, E(0x107), BAD, LOST3 } },
	/* RESFIX_START: lenient freezes, strict refuses, 0 is no marker. */
	{ GUC_IN_RESFIX_START, 3, 0, 28, false,
	  { E(0x0D), K(XB), K(XB), HELD3, SAME, BAD, LOST3 } },
	{ GUC_IN_RESFIX_START, 3, 9, 27, true,
	  { E(0x0D), BAD, BAD, HELD3, SAME, BAD, LOST3 } },
	{ GUC_IN_RESFIX_START, 0, 0, 28, false,
	  { E(0x0D), E(0x60), E(0x60), HELD3, E(0x60), BAD, LOST3 } },
	{ GUC_IN_RESFIX_START, 3, 0, 26, false,
	  { E(0x0D), E(0x30), E(0x30), HELD3, E(0x30), BAD, LOST3 } },
	/* RESFIX_DONE: equal, different, none stored, zero, legacy. */
	{ GUC_IN_RESFIX_DONE, 3, 3, 28, false,
	  { E(0x0D), BAD, BAD, HELD3, K(RU), BAD, LOST3 } },
	{ GUC_IN_RESFIX_DONE, 3, 4, 28, false,
	  { E(0x0D), BAD, BAD, HELD3, E(0x107), BAD, LOST3 } },
	{ GUC_IN_RESFIX_DONE, 3, 0, 28, true,
	  { E(0x0D), BAD, BAD, HELD3, E(0x107), BAD, LOST3 } },
	{ GUC_IN_RESFIX_DONE, 0, 0, 27, false,
	  { E(0x0D), BAD, BAD, HELD3, E(0x60), BAD, LOST3 } },
	{ GUC_IN_RESFIX_DONE, 0, 0, 26, false,
	  { E(0x0D), BAD, SAME, HELD3, K(RU), BAD, LOST3 } },
	{ GUC_IN_RESFIX_DONE, 3, 3, 26, false,
	  { E(0x0D), BAD, BAD, HELD3, E(0x04), BAD, LOST3 } },
};

#define EXPECTATIONS (sizeof(expectations) / sizeof(expectations[0]))

#endif
