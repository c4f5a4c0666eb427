/* SPDX-License-Identifier: MIT */
/* The server's own life: its socket, its signals, its captive command. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/regs.h"
#include "server_fixture.h"

static char dir[64], path[96], text[4096];

static void setup(void)
{
	strcpy(dir, "/tmp/gucemu-life.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/card.sock", dir);
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const char *in_dir(const char *name)
{
	static char at[4][160]; /* several live at a time */
	static unsigned turn;
	char *to = at[turn++ % 4];

	snprintf(to, sizeof(at[0]), "%s/%s", dir, name);
	return to;
}

static const char *file_text(const char *name)
{
	FILE *file = fopen(in_dir(name), "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[n] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* Run a serve that has to fail: its exit status; its words in the file "log". */
static int serve_fails(const char *socket)
{
	const char *const argv[] = { "serve", "--socket", socket, NULL };
	char log[160];

	strcpy(log, in_dir("log"));
	return process_wait(gucemu_spawn(argv, log));
}

START_TEST(socket_is_private_and_removed)
{
	/* The socket has mode 0600 and goes with the server. */
	struct server_process s;
	struct stat st;

	server_start(&s, NULL);
	ck_assert_int_eq(stat(s.socket, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	server_stop(&s);
}
END_TEST

START_TEST(socket_path_taken)
{
	/* Bad input: socket path taken: the second server says so, the first serves on. */
	static struct raw_client c;
	struct server_process s;

	server_start(&s, NULL);
	ck_assert_int_eq(serve_fails(s.socket), 1);
	ck_assert_ptr_nonnull(strstr(file_text("log"), "listens at"));
	ck_assert_int_eq(client_hello(&c, s.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_end(&c);
	server_stop(&s);
}
END_TEST

START_TEST(stale_socket_is_replaced)
{
	/* A socket that nobody listens at is no obstacle. */
	const char *const argv[] = { "serve", "--socket", path, "--run", "test -S $GUCEMU_SOCKET",
				     NULL };
	struct server_process s;

	server_start(&s, NULL);
	kill(s.pid, SIGKILL);
	process_wait(s.pid);
	ck_assert_int_eq(rename(s.socket, path), 0);
	ck_assert_int_eq(process_wait(gucemu_spawn(argv, in_dir("log"))), 0);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(bad_places)
{
	/* Bad input: no directory, no permission, an open directory, not a socket. */
	char longest[256];
	FILE *file;

	ck_assert_int_eq(serve_fails(in_dir("missing/card.sock")), 1);
	ck_assert_ptr_nonnull(strstr(file_text("log"), "No such file"));
	file = fopen(in_dir("file"), "w");
	fputs("precious", file);
	fclose(file);
	ck_assert_int_eq(serve_fails(in_dir("file")), 1);
	ck_assert_str_eq(file_text("file"), "precious");
	ck_assert_int_eq(serve_fails(in_dir("file/card.sock")), 1);
	ck_assert_int_eq(mkdir(in_dir("open"), 0700), 0);
	ck_assert_int_eq(chmod(in_dir("open"), 0777), 0);
	ck_assert_int_eq(serve_fails(in_dir("open/card.sock")), 1);
	ck_assert_ptr_nonnull(strstr(file_text("log"), "everybody"));
	ck_assert_int_eq(chmod(in_dir("open"), 0500), 0);
	if (geteuid() != 0)
		ck_assert_int_eq(serve_fails(in_dir("open/card.sock")), 1);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(serve_fails(longest), 1);
}
END_TEST

START_TEST(captive_command)
{
	/* --run: the command finds the socket, its exit status is the server's. */
	const char *const argv[] = { "serve", "--socket", path, "--run",
				     "test -S \"$GUCEMU_SOCKET\" && exit 7", NULL };

	ck_assert_int_eq(process_wait(gucemu_spawn(argv, in_dir("log"))), 7);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(captive_command_ends_with_the_server)
{
	/* --run: both end together, whoever is first. */
	char command[256];
	const char *const argv[] = { "serve", "--socket", path, "--run", command, NULL };
	pid_t server, child;

	snprintf(command, sizeof(command), "echo $$ > %s; exec sleep 100", in_dir("pid"));
	server = gucemu_spawn(argv, in_dir("log"));
	while ((child = (pid_t)atoi(file_text("pid"))) == 0)
		usleep(1000);
	kill(server, SIGTERM);
	ck_assert_int_eq(process_wait(server), 128 + SIGTERM);
	ck_assert_int_eq(kill(child, 0), -1);
	/* Also when the server has no time for last words. */
	unlink(in_dir("pid"));
	server = gucemu_spawn(argv, in_dir("log"));
	while ((child = (pid_t)atoi(file_text("pid"))) == 0)
		usleep(1000);
	kill(server, SIGKILL);
	process_wait(server);
	while (kill(child, 0) == 0)
		usleep(1000);
}
END_TEST

START_TEST(ready_line)
{
	/* The ready line says what was asked for; VFs have their GGTT ranges. */
	static const char *const args[] = { "--vfs", "2", "--gts", "2", "--guc-abi", "1.26",
					    "--name", "B", "--ggtt-offset", "16M", NULL };
	static const char *const plain[] = { "--vfs", "2", "--gts", "2", NULL };
	struct server_process s, other;

	server_start(&s, args);
	server_start(&other, plain);
	ck_assert_ptr_nonnull(strstr(s.ready, "ready B "));
	ck_assert_ptr_nonnull(strstr(s.ready, s.socket));
	ck_assert_ptr_nonnull(strstr(s.ready, " vfs=2 "));
	ck_assert_ptr_nonnull(strstr(s.ready, " gts=2 "));
	ck_assert_ptr_nonnull(strstr(s.ready, " abi=1.26 "));
	/* Two cards give a VF different bases. */
	ck_assert_str_ne(strstr(s.ready, "ggtt="), strstr(other.ready, "ggtt="));
	server_stop(&s);
	server_stop(&other);
}
END_TEST

START_TEST(bad_options)
{
	/* A command line that makes no sense: exit status 2, words, no socket. */
	static const char *const rows[][2] = {
		{ "--vfs", "0" },         { "--vfs", "64" },     { "--gts", "3" },
		{ "--tiles", "0" },       { "--guc-abi", "2.0" },{ "--guc-abi", "1.29" },
		{ "--ggtt-size", "5000" },{ "--log", "loud" },   { "--nonsense", "1" },
		{ "--contexts", "70000" },{ "--name", "" },      { "--ready-fd", "x" },
		{ "--ready-fd", "77" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *const argv[] = { "serve", "--socket", path, rows[i][0], rows[i][1],
					     NULL };

		ck_assert_msg(process_wait(gucemu_spawn(argv, in_dir("log"))) == 2, "%s %s",
			      rows[i][0], rows[i][1]);
		ck_assert_int_ne(access(path, F_OK), 0);
	}
}
END_TEST

START_TEST(shutdown_verb)
{
	/* `shutdown` ends the server in order; its clients are told why. */
	static struct raw_client control, c;
	struct server_process s;

	server_start(&s, NULL);
	ck_assert_int_eq(client_hello(&c, s.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_hello(&control, s.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&control, "shutdown", NULL), 0);
	ck_assert_int_eq(client_drained(&c), -ESHUTDOWN);
	client_end(&c);
	client_end(&control);
	ck_assert_int_eq(process_wait(s.pid), 0);
	ck_assert_int_ne(access(s.socket, F_OK), 0);
}
END_TEST

START_TEST(sleeps)
{
	/* While nobody wants anything the server sleeps, whoever is connected. */
	static struct raw_client idle[2];
	struct server_process s;
	unsigned long before;

	server_start(&s, NULL);
	ck_assert_int_eq(client_hello(&idle[0], s.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_hello(&idle[1], s.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	usleep(200000);
	before = server_sleeps(&s);
	usleep(1100000);
	ck_assert_uint_le(server_sleeps(&s) - before, 1);
	client_end(&idle[0]);
	client_end(&idle[1]);
	server_stop(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server life");
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, socket_is_private_and_removed);
	tcase_add_test(tc, socket_path_taken);
	tcase_add_test(tc, stale_socket_is_replaced);
	tcase_add_test(tc, bad_places);
	tcase_add_test(tc, captive_command);
	tcase_add_test(tc, captive_command_ends_with_the_server);
	tcase_add_test(tc, ready_line);
	tcase_add_test(tc, bad_options);
	tcase_add_test(tc, shutdown_verb);
	tcase_add_test(tc, sleeps);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
