/* SPDX-License-Identifier: MIT */
/* QEMU's monitor (QMP: a JSON object a line over a local socket), as far as a migration
 * needs it: to stop a virtual machine's processors and to let them run on. Calls wait for
 * the answer, at most as long as the monitor was given. */
#ifndef GUCEMU_CLI_QMP_H
#define GUCEMU_CLI_QMP_H

#include <stdbool.h>
#include <stddef.h>

struct qmp;

/* Connect to the socket at `path` and say what QMP wants first; timeout_ms, at least 1,
 * bounds this and each later call. 0, or -errno with err[0..cap) in words: -ETIMEDOUT
 * also when somebody else is connected, since a monitor serves one at a time. */
int qmp_open(struct qmp **out, const char *path, unsigned timeout_ms, char *err, size_t cap);
void qmp_close(struct qmp *q); /* NULL is fine */

/* Stop the machine; *ran tells whether it was running. 0 or -errno, err in words. */
int qmp_stop(struct qmp *q, bool *ran, char *err, size_t cap);
int qmp_cont(struct qmp *q, char *err, size_t cap);

#endif
