/* SPDX-License-Identifier: MIT */
/* See strangers.h. The kernel's list of our children says who they are. */
#include "cli/strangers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KNOWN  256u /* children that were there before */
#define ROUNDS 64u  /* of those that leave children themselves */

static pid_t known[KNOWN];
static unsigned known_n;
static bool begun; /* and those that were there are known */

static FILE *children(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	return fopen(path, "re");
}

void strangers_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void strangers_begin(void)
{
	FILE *f = children();
	int pid;

	known_n = 0;
	begun = f != NULL;
	while (f && fscanf(f, "%d", &pid) == 1) {
		/* Too many: none can be told apart. */
		if (known_n == KNOWN) {
			begun = false;
			break;
		}
		known[known_n++] = pid;
	}
	if (f)
		fclose(f);
}

static bool was_there(pid_t pid)
{
	for (unsigned i = 0; i < known_n; i++)
		if (known[i] == pid)
			return true;
	return false;
}

void strangers_end(bool (*ours)(void *user, pid_t pid), void *user)
{
	bool any = begun;

	for (unsigned round = 0; any && round < ROUNDS; round++) {
		FILE *f = children();
		int pid;

		any = false;
		while (f && fscanf(f, "%d", &pid) == 1) {
			if (was_there(pid) || ours(user, pid))
				continue;
			any = true;
			kill(pid, SIGKILL);
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		}
		if (f)
			fclose(f);
	}
}
