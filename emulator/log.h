/* SPDX-License-Identifier: MIT */
/* Levels of log lines, of the server and of `gucemu pf serve`: those of PFC_LOG_...
 * as well. */
#ifndef GUCEMU_EMULATOR_LOG_H
#define GUCEMU_EMULATOR_LOG_H

enum server_log { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* The level of this name ("notice"), or -1. */
int log_level_find(const char *name);

#endif
