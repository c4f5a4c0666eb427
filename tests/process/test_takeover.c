/* SPDX-License-Identifier: MIT */
/* A PF process that is killed, at any point of a verb (emulator/pf_remote.c, pfclient/
 * adopt.c) or in somebody's pause (emulator/hold.c): the next one finds what the card has, finishes or undoes it, and the VF's
 * client goes on. The PF runs in a child of the test's own, which ends itself in place of
 * its n-th transmission. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emulator/serve.h"
#include "move_fixture.h"
#include "proto/actions.h"
#include "proto/hxg.h"

/* Shared with the child: transmissions left until it dies, when it is armed. */
static struct fuse {
	int armed, left;
} *fuse;
static bool is_child;

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	if (is_child && __atomic_load_n(&fuse->armed, __ATOMIC_ACQUIRE) && fuse->left-- == 0)
		kill(getpid(), SIGKILL);
	return __real_send(fd, data, len, flags);
}

static pid_t pf;

static void pf_start(bool adopt)
{
	char name[] = "gucemu pf serve", socket[] = "--socket", take[] = "--adopt", path[96];
	char log[] = "--log", level[] = "error";
	char *argv[] = { name, socket, path, log, level, adopt ? take : NULL, NULL };

	snprintf(path, sizeof(path), "%s", card_a.socket);
	fuse->armed = 0;
	pf = fork();
	ck_assert_int_ge(pf, 0);
	if (pf == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		is_child = true;
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		_exit(gucemu_pf_serve_main(adopt ? 6 : 5, argv));
	}
	/* It is up, and has provisioned the last VF. */
	while (verb(&at_a, "pf threshold vf=2 cat-err=1") != 0)
		usleep(2000);
}

static void pf_gone(void)
{
	ck_assert_int_eq(process_wait(pf), 128 + SIGKILL);
	while (verb(&at_a, "pf info vf=1") != -ENODEV)
		usleep(1000);
}

static void setup(void)
{
	static const char *const args[] = { "--vfs", "2", "--gts", "2", "--no-pf", "--ggtt-size",
					    "256M", NULL };

	fuse = mmap(NULL, sizeof(*fuse), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(fuse, MAP_FAILED);
	move_start(args);
	pf_start(false);
	ck_assert_int_eq(client_hello(&vf, card_a.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
}

static void teardown(void)
{
	kill(pf, SIGKILL);
	process_wait(pf);
	client_end(&vf);
	move_teardown();
}

/* "state" and what follows up to "threshold0" of both GTs are the same. */
static void ck_even(void)
{
	const char *json = "", *first, *second;
	size_t len;

	ck_assert_int_eq(client_verb(&at_a, "config vf=1", &json), 0);
	first = strstr(json, "\"state\"");
	ck_assert_ptr_nonnull(first);
	second = strstr(first + 1, "\"state\"");
	ck_assert_ptr_nonnull(second);
	len = (size_t)(strstr(first, "\"threshold0\"") - first);
	ck_assert_msg(memcmp(first, second, len) == 0, "GTs differ: %s", json);
}

/* The VF's GuC answers its client. */
static void ck_served(void)
{
	const uint32_t dw[2] = { GUC_ACTION_MATCH_VERSION, 0x00010200 };
	uint32_t reply[4];

	ck_assert_uint_eq(hxg_type(client_mailbox(&vf, dw, 2, reply)), HXG_SUCCESS);
}

enum what { PROVISION, CHANGE, PAUSE, RESUME, FLR, SAVE, RESTORE, WHATS };

static int ask(enum what what, unsigned n)
{
	static const char *const lines[WHATS] = {
		[PROVISION] = "pf provision vf=1", [PAUSE] = "pf pause vf=1",
		[RESUME] = "pf resume vf=1", [FLR] = "pf flr vf=1",
	};

	switch (what) {
	case CHANGE:
		return verb(&at_a, n % 2 ? "pf provision vf=1 ggtt=0x2000000 contexts=128"
					 : "pf provision vf=1 ggtt=0x1000000 contexts=256");
	case SAVE:
		return save(&at_a);
	case RESTORE:
		return restore(&at_a, image_len, 65536);
	case PROVISION:
	case PAUSE:
	case RESUME:
	case FLR:
	case WHATS:
		break;
	}
	return verb(&at_a, lines[what]);
}

/* The VF as the verb needs it. */
static void make_ready(enum what what)
{
	if (what == PROVISION)
		ck_assert_int_eq(verb(&at_a, "pf unprovision vf=1"), 0);
	if (what == RESUME || what == SAVE || what == RESTORE)
		ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	if (what == RESTORE && image_len == 0)
		ck_assert_int_eq(save(&at_a), 0);
	if (what == RESTORE) {
		ck_assert_int_eq(verb(&at_a, "pf flr vf=1"), 0);
		ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	}
}

START_TEST(killed)
{
	/* Whatever the verb and wherever the kill, the caller hears of it, the next PF leaves
	 * both GTs alike, and the VF is served. */
	enum what what = (enum what)_i;
	unsigned n = 0;

	for (int status = -EPIPE; status == -EPIPE; n++) {
		make_ready(what);
		fuse->left = (int)n;
		__atomic_store_n(&fuse->armed, 1, __ATOMIC_RELEASE);
		status = ask(what, n);
		__atomic_store_n(&fuse->armed, 0, __ATOMIC_RELEASE);
		ck_assert_msg(status == 0 || status == -EPIPE, "status %d", status);
		if (status == -EPIPE) {
			pf_gone();
			pf_start(true);
		}
		/* Wherever it was left, the VF comes to run, when the PF has finished what was
		 * half done. */
		while (verb(&at_a, "pf resume vf=1") == -EBUSY)
			usleep(1000);
		/* GuC refuses to pause what has been taken back. */
		if (verb(&at_a, "pf pause vf=1") == -EIO)
			ck_assert_int_eq(verb(&at_a, "pf provision vf=1"), 0);
		else
			ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
		ck_even();
		ck_served();
	}
	ck_assert_uint_gt(n, 1);
}
END_TEST

START_TEST(pause_of_a_dead_client)
{
	/* A pause with `hold` ends with who asked for it though the PF that paused has died:
	 * the next one is told to resume as soon as it is up, whether the asker went before
	 * that (_i 0) or goes later (_i 1). A pause that is somebody else's by then stays
	 * (_i 2). */
	static struct raw_client asker;
	const char *json = "";

	ck_assert_int_eq(client_hello(&asker, card_a.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(verb(&asker, "pf pause vf=1 hold=1"), 0);
	kill(pf, SIGKILL);
	pf_gone();
	if (_i == 0)
		client_end(&asker);
	pf_start(true);
	if (_i == 2) {
		ck_assert_int_eq(verb(&at_a, "pf resume vf=1"), 0);
		ck_assert_int_eq(verb(&at_a, "pf pause vf=1"), 0);
	}
	if (_i > 0) {
		/* The PF, a child of ours, has the descriptor, too. */
		shutdown(asker.fd, SHUT_RDWR);
		client_end(&asker);
	}
	if (_i == 2)
		usleep(50000);
	do {
		ck_assert_int_eq(client_verb(&at_a, "config vf=1", &json), 0);
		usleep(2000);
	} while (_i < 2 && strstr(json, "_PAUSED"));
	ck_assert_msg((strstr(json, "_PAUSED") != NULL) == (_i == 2), "%s", json);
	if (_i < 2)
		ck_served();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("takeover");
	TCase *tc = tcase_create("takeover");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, killed, 0, WHATS);
	tcase_add_loop_test(tc, pause_of_a_dead_client, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
