/* SPDX-License-Identifier: MIT */
/* The runtime registers that a PF tells its VFs (vf-lifecycle 7.4), from a file
 * instead of the platform's list: a register a line, OFFSET VALUE. */
#ifndef GUCEMU_EMULATOR_PF_RUNTIME_H
#define GUCEMU_EMULATOR_PF_RUNTIME_H

#include "pfclient/pfc.h"

/* Read `path` into list[0..PFC_MAX_RUNTIME): offsets, which ascend, and values. 0, or
 * -EINVAL with err[0..cap) naming file, line and what is wrong. */
int pf_runtime_read(const char *path, uint32_t (*list)[2], uint32_t *n, char *err, size_t cap);

#endif
