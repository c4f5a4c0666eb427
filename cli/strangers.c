/* SPDX-License-Identifier: MIT */
/* See strangers.h. The kernel's list of our children says who they are. */
#include "cli/strangers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KNOWN  256u /* children that were there before */
#define ROUNDS 64u  /* of those that leave children themselves */
#define AT_ONCE 64u /* children read of the kernel's list */

static pid_t known[KNOWN];
static unsigned known_n;
static bool begun; /* and those that were there are known */

/* Up to `most` children; SIZE_MAX: nobody can tell. For signal handlers, too. */
static size_t children(pid_t *out, size_t most)
{
	char path[] = "/proc/thread-self/children", text[AT_ONCE * 12];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;
	pid_t pid = 0;

	if (fd < 0)
		return SIZE_MAX;
	while (n < most && (got = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < got && n < most; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = 10 * pid + (text[i] - '0');
			} else if (pid) {
				out[n++] = pid;
				pid = 0;
			}
		}
	}
	close(fd);
	return n;
}

void strangers_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void strangers_begin(void)
{
	size_t n = children(known, KNOWN);

	/* Too many: none can be told apart. */
	begun = n < KNOWN;
	known_n = begun ? (unsigned)n : 0;
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
	pid_t pid[KNOWN + AT_ONCE];
	bool any = begun;

	for (unsigned round = 0; any && round < ROUNDS; round++) {
		size_t n = children(pid, sizeof(pid) / sizeof(*pid));

		any = false;
		for (size_t i = 0; n != SIZE_MAX && i < n; i++) {
			if (was_there(pid[i]) || (ours && ours(user, pid[i])))
				continue;
			any = true;
			kill(pid[i], SIGKILL);
			while (waitpid(pid[i], NULL, 0) < 0 && errno == EINTR)
				;
		}
	}
}

static void on_end(int sig)
{
	strangers_end(NULL, NULL);
	_exit(128 + sig);
}

void strangers_end_with_parent(void)
{
	const struct sigaction end = { .sa_handler = on_end };

	known_n = 0;
	begun = true;
	sigaction(SIGTERM, &end, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}
