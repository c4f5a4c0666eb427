/* SPDX-License-Identifier: MIT */
/* Fault rules from command lines and files, complaints with line and column. */
#ifndef GUCEMU_EMULATOR_FAULT_TEXT_H
#define GUCEMU_EMULATOR_FAULT_TEXT_H

#include <stdbool.h>

#include "fault/fault.h"

/* New rules: free() them. Seed as fault_init() has it. NULL without memory. */
struct fault *fault_new(uint64_t seed, const struct guc_geometry *geometry);
/* A seed that nobody has had: for runs that say none. Small enough to type. */
uint64_t fault_any_seed(void);

/* Take a rule; when it is none say so on stderr: "NAME: COLUMN: why", the line, and
 * a mark below the place. */
bool fault_take_line(struct fault *f, const char *name, const char *line);
/* Take a file's: a rule a line; blanks and lines that begin with '#' are left out. The
 * first that is wrong is complained of as "NAME: PATH:LINE:COLUMN: why". */
bool fault_take_file(struct fault *f, const char *name, const char *path);

#endif
