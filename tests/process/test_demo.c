/* SPDX-License-Identifier: MIT */
/* The demo, as a user starts it: real processes and sockets. Its exit status
 * tells the truth, its seed diagram is the seed's, it leaves nothing behind. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "proto/fixup.h"
#include "tests/check_main.h"
#include "tests/golden/golden.h"
#include "view/json.h"

/* The demo's result with --json. */
static struct json_object *demo(const char *options, int status)
{
	char words[256];
	struct run_result r;
	struct json_object *o;

	snprintf(words, sizeof(words), "demo --json %s", options);
	r = run_gucemu(words);
	ck_assert_msg(r.status == status, "gucemu %s: exit status %d\n%.1000s%.3000s", words, r.status,
		      r.out, r.err);
	o = json_read(r.out, strlen(r.out));
	ck_assert_msg(o, "no JSON: %s", r.out);
	ck_assert_int_eq(json_get_bool(o, "ok", status != 0), status == 0);
	run_free(&r);
	return o;
}

START_TEST(golden)
{
	/* The one-GT diagram of an --abi seed run equals the seed's, line by line. */
	static struct golden_text text;
	struct json_object *o = demo("--abi seed --gts 1", 0);
	struct json_object *lines = json_get(json_at(json_get(o, "diagrams"), 0), "lines");

	for (size_t i = 0; i < json_count(lines); i++)
		golden_line(&text, json_object_get_string(json_at(lines, i)));
	golden_check(&text, GOLDEN_DIR "/seed-diagram.txt");
	json_object_put(o);
}
END_TEST

static const struct {
	const char *options;
	unsigned vfs, moves;
} good[] = {
	{ "", 1, 1 },
	{ "--abi seed", 1, 1 },
	{ "--gts 1 --vfs 3", 3, 1 },
	{ "--double --vfs 8", 8, 2 },
	{ "--double --abi seed --vfs 2", 2, 2 },
	{ "--platform bmg", 1, 1 },
	{ "--platform bmg --double --vfs 8 --abi seed", 8, 2 },
	{ "--platform atsm --vfs 2", 2, 1 },
	{ "--platform tgl --vfs 2", 2, 1 },
	{ "--platform adlp --double --abi seed", 1, 2 },
};

/* The drivers found what they had filled: 128 KiB with its metadata; on a discrete
 * card four pages and the queues' dwords, too. Older platforms have neither. */
static void check_content(struct json_object *v, bool discrete)
{
	uint64_t checked = json_get_u64(v, "checked_bytes", 0);

	ck_assert(json_get_bool(v, "checked", false));
	ck_assert_uint_ge(checked, (128 << 10) + 256 + (discrete ? 6 * 4096 : 0));
	ck_assert_uint_eq(json_get_u64(v, "lmem_bytes", 0) >= 128 << 10, discrete);
	ck_assert_uint_eq(json_get_u64(v, "ccs_bytes", 0) > 0, discrete);
	ck_assert_uint_eq(json_get_u64(v, "lmem_size", 0) > 0, discrete);
}

START_TEST(good_runs)
{
	/* Item 10: every VF moved to another base, every context and job intact,
	 * nothing found. */
	struct json_object *o = demo(good[_i].options, 0), *vfs = json_get(o, "vfs");

	ck_assert_uint_eq(json_count(vfs), good[_i].vfs);
	for (size_t i = 0; i < good[_i].vfs; i++) {
		struct json_object *v = json_at(vfs, i);

		ck_assert_uint_eq(json_get_u64(v, "moves", 0), good[_i].moves);
		ck_assert_int_ne(json_get_int(v, "ggtt_shift", 0), 0);
		ck_assert_uint_gt(json_get_u64(v, "recovery_ns", 0), 0);
		ck_assert_uint_eq(json_get_u64(v, "jobs_unfinished", 1), 0);
		ck_assert_uint_eq(json_get_u64(v, "jobs_ok", 0),
				  3 * (json_get_u64(v, "contexts", 0) +
				       json_get_u64(v, "contexts_created", 0)));
		ck_assert_uint_eq(json_get_u64(v, "contexts_created", 0),
				  json_get_u64(o, "gts", 0));
	}
	ck_assert_uint_eq(json_get_u64(o, "findings", 1), 0);
	for (size_t i = 0; i < good[_i].vfs; i++)
		if (!strstr(good[_i].options, "tgl") && !strstr(good[_i].options, "adlp"))
			check_content(json_at(vfs, i), strstr(good[_i].options, "platform") != NULL);
	json_object_put(o);
}
END_TEST

START_TEST(damage)
{
	/* A byte of local memory or of its metadata that changed on the way is found,
	 * and the demo fails. */
	static const char *const flips[] = { "--platform bmg --flip lmem",
					     "--platform bmg --flip ccs" };
	struct json_object *o = demo(flips[_i], 1);

	ck_assert_ptr_nonnull(strstr(json_get_str(o, "failure", ""), "differs"));
	ck_assert(!json_get_bool(json_at(json_get(o, "vfs"), 0), "checked", true));
	json_object_put(o);
}
END_TEST

static const enum fixup skips[] = {
	FIXUP_DEFAULT_LRC,
	FIXUP_MEMIRQ, FIXUP_RING_START, FIXUP_INDIRECT_RING, FIXUP_WA_BATCH, FIXUP_INDIRECT_CTX,
	FIXUP_JOBS,   FIXUP_WORK_QUEUE, FIXUP_CCS,	     FIXUP_BATCH,   FIXUP_CGP,
	FIXUP_H2G,
};

START_TEST(skipped_fixups)
{
	/* A forgotten fixup is named, alone, and the demo fails. */
	const char *name = fixup_name(skips[_i]);
	char options[64];
	struct json_object *o;

	ck_assert_uint_eq(FIXUP_COUNT, sizeof(skips) / sizeof(skips[0]));
	snprintf(options, sizeof(options), "--skip-fixup %s", name);
	o = demo(options, 1);
	ck_assert_msg(strstr(json_get_str(o, "failure", ""), name), "%s",
		      json_get_str(o, "failure", ""));
	ck_assert_int_eq(json_object_object_length(json_get(o, "found")), 1);
	ck_assert_uint_gt(json_get_u64(json_get(o, "found"), name, 0), 0);
	json_object_put(o);
}
END_TEST

/* Processes of this program whose command line has `folder`. */
static unsigned processes_of(const char *folder)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[300], line[1024] = "";
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%.16s/cmdline", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		len = fread(line, 1, sizeof(line) - 1, f);
		fclose(f);
		for (size_t i = 0; i < len; i++)
			if (line[i] == '\0')
				line[i] = ' ';
		n += strstr(line, folder) != NULL;
	}
	closedir(dir);
	return n;
}

/* The folder of the demo that `pid` runs, from its children's command lines. */
static void find_folder(pid_t pid, char *folder, size_t cap)
{
	char path[64], child[32] = "", line[512] = "";
	FILE *f;
	char *at;

	folder[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%31s", child) == 1) {
		fclose(f);
		snprintf(path, sizeof(path), "/proc/%s/cmdline", child);
		f = fopen(path, "r");
		if (f && fread(line, 1, sizeof(line) - 1, f) > 0) {
			at = memmem(line, sizeof(line), "/tmp/gucemu-demo-", 17);
			if (at)
				snprintf(folder, cap, "%.23s", at);
		}
	}
	if (f)
		fclose(f);
}

START_TEST(no_orphans)
{
	/* However the demo ends, also by SIGKILL, its children end. */
	static const int signals[] = { SIGINT, SIGTERM, SIGKILL };
	const struct timespec nap = { 0, 2000000 };
	char folder[64] = "";
	pid_t pid = start_gucemu("demo --vfs 4");

	for (unsigned i = 0; i < 2000 && !folder[0]; i++) {
		find_folder(pid, folder, sizeof(folder));
		nanosleep(&nap, NULL);
	}
	ck_assert_msg(folder[0], "the demo started no card");
	ck_assert_int_ne(end_gucemu(pid, signals[_i]), 0);
	for (unsigned i = 0; i < 2000 && processes_of(folder) > 0; i++)
		nanosleep(&nap, NULL);
	ck_assert_uint_eq(processes_of(folder), 0);
	/* What can clean up does; after SIGKILL the folder is left. */
	ck_assert_int_eq(access(folder, F_OK), signals[_i] == SIGKILL ? 0 : -1);
	if (signals[_i] == SIGKILL) {
		static const char *const names[] = { "A.sock", "B.sock", "log" };
		char path[128];

		for (unsigned i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
			unlink(path);
		}
		rmdir(folder);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("demo");
	TCase *c = tcase_create("demo");

	tcase_set_timeout(c, 180);
	tcase_add_test(c, golden);
	tcase_add_loop_test(c, good_runs, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(c, damage, 0, 2);
	tcase_add_loop_test(c, skipped_fixups, 0, (int)(sizeof(skips) / sizeof(skips[0])));
	tcase_add_loop_test(c, no_orphans, 0, 3);
	suite_add_tcase(s, c);
	return check_main(s);
}
