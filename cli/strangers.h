/* SPDX-License-Identifier: MIT */
/* Processes that other people's commands leave behind, in sessions of their own or
 * not: they become children of who adopts them, which can then end them. */
#ifndef GUCEMU_CLI_STRANGERS_H
#define GUCEMU_CLI_STRANGERS_H

#include <stdbool.h>
#include <sys/types.h>

/* From here on this process is the parent of all below it whose own has gone. */
void strangers_adopt(void);
/* Children that are there now are never ended. Before the first of ours. */
void strangers_begin(void);
/* End all children but those, and those of which `ours` is true; nobody before
 * strangers_begin(). */
void strangers_end(bool (*ours)(void *user, pid_t pid), void *user);
/* In a child, which has adopted: when its parent dies, however, or at SIGTERM, it ends and
 * all its children with it. */
void strangers_end_with_parent(void);

#endif
