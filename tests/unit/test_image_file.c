/* SPDX-License-Identifier: MIT */
/* Image files (cli/image_file.c): old or new, never neither; disk full, short
 * writes, a folder that is not there, a partial file that somebody else has. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/image_file.h"
#include "tests/check_main.h"

static char folder[64], path[96], err[PATH_MAX + 256];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/gucemu-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/image", folder);
}

static void teardown(void)
{
	unlink(path);
	/* Fails if anything else is in it. */
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Names in the folder. */
static unsigned entries(void)
{
	DIR *dir = opendir(folder);
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static int store(const char *text, const char *to)
{
	struct image_out o;
	int status = image_out_open(&o, to, err, sizeof(err));

	if (status < 0)
		return status;
	status = image_out_write(&o, text, strlen(text));
	if (status < 0)
		image_out_error(&o, status, err, sizeof(err));
	else
		status = image_out_commit(&o, err, sizeof(err));
	image_out_drop(&o);
	return status;
}

static void expect(const char *from, const char *text)
{
	char got[256] = "";
	uint64_t len;
	int fd = image_in_open(from, &len, err, sizeof(err));

	ck_assert_msg(fd >= 0, "%s", err);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_int_eq(read(fd, got, sizeof(got)), (ssize_t)len);
	ck_assert_str_eq(got, text);
	close(fd);
}

START_TEST(replaced_whole)
{
	/* A file appears or is replaced when all of it is written, not before; what is
	 * dropped leaves nothing. */
	struct image_out o;

	ck_assert_int_eq(store("old", path), 0);
	expect(path, "old");
	ck_assert_int_eq(image_out_open(&o, path, err, sizeof(err)), 0);
	ck_assert_int_eq(image_out_write(&o, "ne", 2), 0);
	expect(path, "old");
	ck_assert_int_eq(image_out_write(&o, "w", 1), 0);
	ck_assert_uint_eq(o.len, 3);
	ck_assert_int_eq(image_out_commit(&o, err, sizeof(err)), 0);
	image_out_drop(&o);
	expect(path, "new");
	ck_assert_int_eq(image_out_open(&o, path, err, sizeof(err)), 0);
	ck_assert_int_eq(image_out_zeros(&o, 1 << 20), 0);
	ck_assert_int_eq(image_out_write(&o, "lost", 4), 0);
	ck_assert_uint_eq(o.len, (1 << 20) + 4);
	image_out_drop(&o);
	expect(path, "new");
}
END_TEST

START_TEST(disk_full)
{
	/* "disk full, short write": a write that the disk takes in part, then not at
	 * all: the older file is kept, the error says so. */
	struct rlimit limit = { 4, RLIM_INFINITY };

	ck_assert_int_eq(store("new", path), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(store("too long for this disk", path), -EFBIG);
	ck_assert_ptr_nonnull(strstr(err, "whatever was there is kept"));
	expect(path, "new");
	ck_assert_int_eq(store("fits", path), 0);
	expect(path, "fits");
}
END_TEST

START_TEST(no_place)
{
	/* No folder, a folder in its place, a name too long, nothing to read. */
	char name[PATH_MAX + 16], below[128];
	uint64_t len;
	FILE *f;

	ck_assert_int_eq(store("x", "/nonexistent/image"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err, "/nonexistent/image"));
	ck_assert_int_eq(store("x", folder), -EISDIR);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(store("x", name), -ENAMETOOLONG);
	snprintf(below, sizeof(below), "%s/no/image", folder);
	ck_assert_int_eq(store("x", below), -ENOENT);
	ck_assert_int_eq(image_in_open(path, &len, err, sizeof(err)), -ENOENT);
	ck_assert_int_eq(image_in_open(folder, &len, err, sizeof(err)), -EISDIR);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(image_in_open(path, &len, err, sizeof(err)), -ENODATA);
	ck_assert_ptr_nonnull(strstr(err, "empty"));
}
END_TEST

START_TEST(resumed)
{
	/* M-07: what a partial file has stays until it is committed; one writer at a
	 * time; a disk that is full keeps it. */
	struct rlimit limit = { 4, RLIM_INFINITY };
	struct image_out o, other;
	char part[128];

	snprintf(part, sizeof(part), "%s.part", path);
	ck_assert_int_eq(image_out_resume(&o, path, err, sizeof(err)), 0);
	ck_assert_uint_eq(o.len, 0);
	ck_assert_int_eq(image_out_write(&o, "one", 3), 0);
	ck_assert_int_eq(image_out_resume(&other, path, err, sizeof(err)), -EBUSY);
	image_out_drop(&o);
	expect(part, "one");
	ck_assert_int_eq(access(path, F_OK), -1);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(image_out_resume(&o, path, err, sizeof(err)), 0);
	ck_assert_uint_eq(o.len, 3);
	ck_assert_int_eq(image_out_write(&o, "two", 3), -EFBIG);
	image_out_error(&o, -EFBIG, err, sizeof(err));
	ck_assert_ptr_nonnull(strstr(err, "what came is kept"));
	ck_assert_int_eq(image_out_commit(&o, err, sizeof(err)), 0);
	expect(path, "onet");
	ck_assert_int_eq(access(part, F_OK), -1);
	ck_assert_int_eq(symlink("/etc/passwd", part), 0);
	ck_assert_int_lt(image_out_resume(&o, path, err, sizeof(err)), 0);
	unlink(part);
}
END_TEST

START_TEST(temporary)
{
	/* An image on its way lies in a file that nobody sees, in $TMPDIR; where it can't,
	 * the message says so. */
	struct image_out o;
	char bytes[4];

	ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
	ck_assert_int_eq(image_out_temporary(&o, err, sizeof(err)), 0);
	ck_assert_uint_eq(entries(), 0);
	ck_assert_int_eq(image_out_write(&o, "abcd", 4), 0);
	ck_assert_uint_eq(o.len, 4);
	ck_assert_int_eq(pread(o.fd, bytes, 4, 0), 4);
	ck_assert_mem_eq(bytes, "abcd", 4);
	image_out_drop(&o);
	ck_assert_uint_eq(entries(), 0);
	ck_assert_int_eq(setenv("TMPDIR", "/nowhere", 1), 0);
	ck_assert_int_eq(image_out_temporary(&o, err, sizeof(err)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err, "/nowhere: can't create a temporary file"));
	ck_assert_int_eq(unsetenv("TMPDIR"), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image-file");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, replaced_whole);
	tcase_add_test(t, disk_full);
	tcase_add_test(t, no_place);
	tcase_add_test(t, resumed);
	tcase_add_test(t, temporary);
	suite_add_tcase(s, t);
	return check_main(s);
}
