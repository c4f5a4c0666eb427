/* SPDX-License-Identifier: MIT */
/* A server that is so slow that a timer is due by the time it has set it
 * (emulator/card.c). It runs in a child of the test's own, where setting a timer takes
 * as long as the timer. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "emulator/serve.h"
#include "server_fixture.h"
#include "tests/check_main.h"

#define SLOWER_MS 2u

static bool is_child;

int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	uint64_t ms = timeout + SLOWER_MS;
	const struct timespec nap = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	int err = __real_uv_timer_start(timer, cb, timeout, repeat);

	if (is_child && timeout > 0)
		nanosleep(&nap, NULL);
	return err;
}

static char dir[64], socket_path[96];
static pid_t server;

static void setup(void)
{
	char name[] = "gucemu serve", socket[] = "--socket", ready[] = "--ready-fd", fd[16];
	char no_pf[] = "--no-pf", log[] = "--log", level[] = "error", line[256];
	char *argv[] = { name, socket, socket_path, ready, fd, no_pf, log, level, NULL };
	int ends[2];

	strcpy(dir, "/tmp/gucemu-timer.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/card", dir);
	ck_assert_int_eq(pipe(ends), 0);
	snprintf(fd, sizeof(fd), "%d", ends[1]);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		is_child = true;
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		_exit(gucemu_serve_main(8, argv));
	}
	close(ends[1]);
	ck_assert_int_gt(read(ends[0], line, sizeof(line)), 0);
	close(ends[0]);
}

static void teardown(void)
{
	kill(server, SIGTERM);
	ck_assert_int_eq(process_wait(server), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(due_when_it_was_set)
{
	/* A timer that runs before the loop polls is not forgotten there: who says no HELLO
	 * is closed, though nothing else ever wakes the server. */
	static struct raw_client silent;

	client_connect(&silent, socket_path);
	ck_assert_int_eq(client_drained(&silent), -ETIMEDOUT);
	client_end(&silent);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server timer");
	TCase *tc = tcase_create("timer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, due_when_it_was_set);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return check_main(suite());
}
