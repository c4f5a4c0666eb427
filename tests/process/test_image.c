/* SPDX-License-Identifier: MIT */
/* Images as the program makes and handles them: gucemu image, and pf save and
 * restore where they are cut off, killed or fed something else. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "tests/check_main.h"
#include "view/json.h"

#define SLURP_MAX (96u << 20)

static const char *scratch;

static void begin(void)
{
	scratch = scratch_new();
}

static void end(void)
{
	scratch_drop();
}

/* `fmt` has up to four %s: the scratch folder. */
static void expect(const char *fmt, int status, const char *text)
{
	char words[1024];

	snprintf(words, sizeof(words), fmt, scratch, scratch, scratch, scratch);
	expect_run(words, status, text);
}

static char *output_of(const char *fmt)
{
	struct run_result r;
	char words[1024], *out;

	snprintf(words, sizeof(words), fmt, scratch, scratch, scratch, scratch);
	r = run_gucemu(words);
	ck_assert_msg(r.status == 0, "%s: %d %s%s", words, r.status, r.out, r.err);
	out = strdup(r.out);
	run_free(&r);
	return out;
}

static struct json_object *json_of(const char *fmt)
{
	char *text = output_of(fmt);
	struct json_object *o = json_read(text, strlen(text) - 1);

	ck_assert_msg(o != NULL, "no JSON: %s", text);
	free(text);
	return o;
}

static void await_state(const char *card, const char *state)
{
	const struct timespec nap = { 0, 5000000 };
	char words[256];

	snprintf(words, sizeof(words), "state --json --socket %%s/%s.sock", card);
	for (unsigned i = 0; i < 4000; i++) {
		struct json_object *o = json_of(words);
		struct json_object *fn = json_at(json_get(o, "functions"), 1);
		const char *now = json_get_str(json_at(json_get(fn, "gts"), 0), "state", "");
		bool is = strcmp(now, state) == 0;

		json_object_put(o);
		if (is)
			return;
		nanosleep(&nap, NULL);
	}
	ck_abort_msg("VF 1 of %s never became %s", card, state);
}

/* A card whose VF 1 is busy, then frozen, as its driver would give up on a paused
 * card, and paused. */
static pid_t paused_card(const char *name, const char *options, pid_t *driver)
{
	pid_t card = start_card(name, options);
	char words[256];

	snprintf(words, sizeof(words), "vf run --socket %s/%s.sock --jobs 0", scratch, name);
	*driver = start_gucemu(words);
	await_state(name, "VF_RUNNING");
	snprintf(words, sizeof(words), "pf freeze --vf 1 --socket %%s/%s.sock", name);
	expect(words, 0, NULL);
	snprintf(words, sizeof(words), "pf pause --vf 1 --socket %%s/%s.sock", name);
	expect(words, 0, NULL);
	return card;
}

/* Bytes of a file in the scratch folder; *len of them, to be freed. */
static uint8_t *slurp(const char *name, size_t *len)
{
	uint8_t *bytes = malloc(SLURP_MAX);
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	f = fopen(path, "r");
	ck_assert_msg(f && bytes, "no file %s", path);
	*len = fread(bytes, 1, SLURP_MAX, f);
	fclose(f);
	return bytes;
}

static void spill(const char *name, const uint8_t *bytes, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static bool same_files(const char *a, const char *b)
{
	size_t n, m;
	uint8_t *x = slurp(a, &n), *y = slurp(b, &m);
	bool same = n == m && memcmp(x, y, n) == 0;

	free(x);
	free(y);
	return same;
}

static void expect_files(const char *const *names, unsigned n)
{
	DIR *dir = opendir(scratch);
	struct dirent *entry;
	unsigned found = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		bool known = entry->d_name[0] == '.';

		for (unsigned i = 0; i < n; i++)
			known |= strcmp(entry->d_name, names[i]) == 0;
		ck_assert_msg(known, "left behind: %s", entry->d_name);
		found += entry->d_name[0] != '.';
	}
	closedir(dir);
	ck_assert_uint_eq(found, n);
}

START_TEST(show)
{
	/* image show: device, sections, the GuC's contexts by id, GGTT and mailbox; as
	 * text and as JSON that agree with the card. */
	pid_t driver, card = paused_card("a", "--vfs 2 --gts 2", &driver);
	struct json_object *o, *guc, *list;
	char *text;

	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, "bytes saved");
	o = json_of("image show --json %s/image");
	list = json_get(o, "sections");
	ck_assert_uint_eq(json_count(list), 7);
	ck_assert_str_eq(json_get_str(json_at(list, 0), "name", ""), "DESCRIPTOR");
	ck_assert_str_eq(json_get_str(json_at(list, 6), "name", ""), "TRAILER");
	ck_assert_uint_eq(json_get_u64(json_get(o, "descriptor"), "gts_a_tile", 0), 2);
	guc = json_get(json_get(o, "gt0"), "guc");
	ck_assert_ptr_null(json_get(guc, "bad"));
	ck_assert_str_eq(json_get_str(guc, "paused_from", ""), "VF_RUNNING_PAUSED");
	ck_assert_ptr_nonnull(json_get(json_get(json_get(guc, "contexts"), "2"), "lrc0"));
	ck_assert_str_eq(json_get_str(json_get(json_get(o, "gt1"), "guc"), "kind", ""), "media");
	ck_assert_ptr_null(json_get(json_get(o, "gt1"), "ggtt"));
	ck_assert_uint_eq(json_get_u64(json_get(json_get(o, "gt0"), "ggtt"), "pages", 0) * 4096,
			  json_get_u64(json_get(o, "descriptor"), "ggtt_size", 1));
	ck_assert_ptr_nonnull(json_get(json_get(json_get(o, "gt1"), "mailbox"), "word3"));
	json_object_put(o);
	text = output_of("image show %s/image");
	ck_assert_ptr_nonnull(strstr(text, "name GUC"));
	ck_assert_ptr_nonnull(strstr(text, "lrc0: offset"));
	free(text);
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(M_25_verify)
{
	/* M-25, M-26: verify says of a damaged file where and what, and of a whole one
	 * that it is good; exit status 1 and 0, 2 for what is no file. */
	pid_t card = start_card("a", "--vfs 1");
	struct json_object *o;
	struct run_result r;
	char words[256];
	uint8_t *bytes;
	size_t len;

	expect("pf pause --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	expect("image verify %s/image", 0, "good");
	bytes = slurp("image", &len);
	for (size_t at = 0; at < len; at += 1 + len / 40) {
		bytes[at] ^= 0x20;
		spill("bad", bytes, len);
		bytes[at] ^= 0x20;
		snprintf(words, sizeof(words), "image verify --json %s/bad", scratch);
		r = run_gucemu(words);
		ck_assert_int_eq(r.status, 1);
		o = json_read(r.out, strlen(r.out) - 1);
		ck_assert(!json_get_bool(o, "good", true));
		ck_assert_str_ne(json_get_str(o, "reason", ""), "");
		json_object_put(o);
		run_free(&r);
	}
	spill("bad", bytes, len - 1);
	expect("image verify %s/bad", 1, "image ends early");
	spill("bad", bytes, 47);
	expect("image verify %s/bad", 1, "offset 47");
	expect("image verify %s/none", 2, "none");
	expect("image show %s/bad", 1, "offset 47");
	expect("image show %s/none", 2, "none");
	expect("image diff %s/bad %s/image", 2, "offset 47");
	free(bytes);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(diff)
{
	/* image diff: 0 for the same VF saved twice; 1 with words for what differs:
	 * contexts by id, GGTT entries by number, the state it was paused in. */
	pid_t driver, card = paused_card("a", "--vfs 2", &driver);
	struct json_object *o;
	struct run_result r;
	char words[256], *text;
	bool contexts = false, entries = false;

	expect("pf save --vf 1 --socket %s/a.sock %s/one", 0, NULL);
	expect("pf save --vf 1 --socket %s/a.sock %s/two", 0, NULL);
	expect("image diff %s/one %s/two", 0, NULL);
	ck_assert(same_files("one", "two"));
	expect("pf pause --vf 2 --socket %s/a.sock", 0, NULL);
	expect("pf save --vf 2 --socket %s/a.sock %s/idle", 0, NULL);
	expect("image diff %s/one %s/idle", 1, "guc paused_from: VF_RUNNING_PAUSED -> VF_READY");
	snprintf(words, sizeof(words), "image diff --json %s/one %s/idle", scratch, scratch);
	r = run_gucemu(words);
	o = json_read(r.out, strlen(r.out) - 1);
	ck_assert(!json_get_bool(o, "same", true));
	for (size_t i = 0; i < json_count(json_get(o, "differences")); i++) {
		const char *what = json_get_str(json_at(json_get(o, "differences"), i), "what", "");

		contexts |= strcmp(what, "gt0 guc contexts 2") == 0;
		entries |= strncmp(what, "gt0 ggtt entries 0 to ", 22) == 0;
		ck_assert_ptr_null(strstr(what, "ggtt_start"));
	}
	ck_assert(contexts && entries);
	ck_assert_uint_gt(json_count(json_get(o, "places")), 0);
	json_object_put(o);
	run_free(&r);
	text = output_of("image diff --all --json %s/one %s/two");
	ck_assert_ptr_nonnull(strstr(text, "\"same\":true"));
	free(text);
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(linux_round_trip)
{
	/* 3.1 to 3.5: to Linux' stream and back is the same image; restored from either
	 * another card has the same VF. What the stream can't carry is named; a stream
	 * that says no more than Linux says needs to be told the rest. */
	pid_t driver, a = paused_card("a", _i ? "--vfs 2 --platform bmg --lmem-size 128M"
					       : "--vfs 2 --gts 2", &driver);
	pid_t b = start_card("b", _i ? "--vfs 2 --platform bmg --lmem-size 128M --ggtt-offset 256M"
				     : "--vfs 2 --gts 2 --ggtt-offset 256M");
	uint8_t *bytes;
	size_t len;
	char *text;

	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	text = output_of("image export --linux %s/image %s/stream");
	ck_assert_ptr_nonnull(strstr(text, "lost: the image's id and all checksums"));
	ck_assert_ptr_nonnull(strstr(text, "doorbells"));
	free(text);
	expect("image import --linux %s/stream %s/back", 0, "bytes to");
	expect("image diff %s/image %s/back", 0, NULL);
	expect("image verify %s/back", 0, "good");
	for (unsigned i = 0; i < 2; i++) {
		expect("pf flr --vf 1 --socket %s/b.sock", 0, NULL);
		expect("pf pause --vf 1 --socket %s/b.sock", 0, NULL);
		expect(i ? "pf restore --vf 1 --socket %s/b.sock %s/stream"
			 : "pf restore --vf 1 --socket %s/b.sock %s/image", 0, NULL);
		expect(i ? "pf save --vf 1 --socket %s/b.sock %s/b1"
			 : "pf save --vf 1 --socket %s/b.sock %s/b0", 0, NULL);
	}
	ck_assert(same_files("b0", "b1"));
	/* Only the two keys that Linux has. */
	bytes = slurp("stream", &len);
	memmove(bytes + 40, bytes + 24 + bytes[16], len - 24 - bytes[16]);
	len -= bytes[16] - 16u;
	bytes[16] = 16;
	spill("plain", bytes, len);
	expect("image import --linux %s/plain %s/x", 2, "give --graphics");
	expect("image import --linux --graphics 3000 %s/plain %s/x", 2, "give --contexts");
	expect("image import --linux --graphics 3000 --contexts 16384 %s/plain %s/x", 2,
	       "give --doorbells");
	expect("image import --linux --graphics 3000 --contexts 16384 --doorbells 64 --json "
	       "%s/plain %s/x", 0, "taken as given");
	expect("image verify %s/x", 0, "good");
	/* A card knows the rest of its VF. */
	expect("pf flr --vf 1 --socket %s/b.sock", 0, NULL);
	expect("pf pause --vf 1 --socket %s/b.sock", 0, NULL);
	expect("pf restore --vf 1 --socket %s/b.sock %s/plain", 0, "taken as given");
	expect("pf save --vf 1 --socket %s/b.sock %s/b1", 0, NULL);
	ck_assert(same_files("b0", "b1"));
	/* Defects have offset and reason, and leave no file. */
	bytes[0] = 2;
	spill("plain", bytes, len);
	expect("image import --linux %s/plain %s/y", 2, "offset 0: packet version");
	expect("pf restore --vf 1 --socket %s/b.sock %s/plain", 1, "offset 0: packet version");
	bytes[0] = 1;
	spill("plain", bytes, len - 3);
	expect("image import --linux %s/plain %s/y", 2, "stream ends early");
	expect("image verify %s/y", 2, "y");
	expect("image export --linux %s/plain %s/y", 2, "not a migration image");
	expect("image import --linux %s/image %s/y", 2, "offset 0");
	expect("image verify %s/y", 2, "y");
	free(bytes);
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(b, SIGTERM), 0);
}
END_TEST

START_TEST(M_32_size)
{
	/* M-32: the size that is asked for before is exactly that of the file; asking
	 * leaves the VF as it was. */
	pid_t driver, card = paused_card("a", "--vfs 2 --gts 2", &driver);
	struct json_object *o;
	struct stat st;
	char path[256];

	expect("pf save --size --vf 2 --socket %s/a.sock", 1, "paused");
	o = json_of("pf save --size --json --vf 1 --socket %s/a.sock");
	expect("pf info --vf 1 --socket %s/a.sock", 0, "\"paused\"");
	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	snprintf(path, sizeof(path), "%s/image", scratch);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(json_get_u64(o, "bytes", 0), (uint64_t)st.st_size);
	json_object_put(o);
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(M_07_resumed)
{
	/* M-07: a save that was cut off anywhere goes on with what it had; what is of
	 * another VF, or of one that changed, is noticed and nothing is saved. */
	static const char *const left[] = { "a.sock", "image", "copy" };
	pid_t driver, card = paused_card("a", "--vfs 2", &driver);
	uint8_t *bytes;
	size_t len;

	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	bytes = slurp("image", &len);
	for (size_t part = 0; part <= len; part += 1 + len / 7) {
		spill("copy.part", bytes, part);
		expect("pf save --resume --vf 1 --socket %s/a.sock %s/copy", 0, NULL);
		ck_assert(same_files("image", "copy"));
	}
	spill("copy.part", bytes, len);
	expect("pf save --resume --vf 1 --socket %s/a.sock %s/copy", 0, NULL);
	bytes[100] ^= 1;
	spill("copy.part", bytes, len / 2);
	expect("pf save --resume --vf 1 --socket %s/a.sock %s/copy", 1, "the VF has changed");
	ck_assert(same_files("image", "copy"));
	bytes[100] ^= 1;
	spill("copy.part", bytes, len);
	expect("pf pause --vf 2 --socket %s/a.sock", 0, NULL);
	expect("pf save --resume --vf 2 --socket %s/a.sock %s/copy", 1, "shorter");
	expect("pf save --resume --vf 1 --socket %s/a.sock %s/copy", 0, NULL);
	expect("pf save --resume --vf 1 --socket %s/none.sock %s/copy", 1, "none.sock");
	expect_files(left, 3);
	free(bytes);
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

/* Whatever is there but the socket is a whole image: the only litter is a file
 * between its two names. */
static void expect_whole(void)
{
	DIR *dir = opendir(scratch);
	struct dirent *entry;
	char words[512];

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "a.sock") == 0)
			continue;
		snprintf(words, sizeof(words), "image verify %s/%s", scratch, entry->d_name);
		expect_run(words, 0, "good");
	}
	closedir(dir);
}

START_TEST(M_08_killed)
{
	/* M-08, "kill -9 at any point of a save": the old image or the new one is there
	 * and whole, nothing half done beside it; the VF is paused as before, can be
	 * saved and goes on. */
	pid_t driver, card = paused_card("a", "--gts 2", &driver);
	char words[512];

	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	snprintf(words, sizeof(words), "pf save --vf 1 --socket %s/a.sock %s/image", scratch,
		 scratch);
	for (long i = 0; i < 50; i++) {
		const struct timespec wait = { 0, i * 400000 };
		pid_t save = start_gucemu(words);

		nanosleep(&wait, NULL);
		end_gucemu(save, SIGKILL);
		expect("image verify %s/image", 0, "good");
	}
	expect_whole();
	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	expect("pf resume --vf 1 --socket %s/a.sock", 0, NULL);
	expect("pf thaw --vf 1 --socket %s/a.sock", 0, NULL);
	await_state("a", "VF_RUNNING");
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(card, SIGTERM), 0);
}
END_TEST

START_TEST(M_12_killed_restore)
{
	/* M-12, "kill -9": a restore whose writer dies leaves the VF paused and ready for
	 * a good image, or it is complete; nothing in between. */
	pid_t driver, a = paused_card("a", "--gts 2", &driver);
	pid_t b = start_card("b", "--gts 2");
	char words[512];

	expect("pf save --vf 1 --socket %s/a.sock %s/image", 0, NULL);
	snprintf(words, sizeof(words), "pf restore --vf 1 --socket %s/b.sock %s/image", scratch,
		 scratch);
	for (long i = 0; i < 25; i++) {
		const struct timespec wait = { 0, i * 800000 };
		pid_t restore;

		expect("pf flr --vf 1 --socket %s/b.sock", 0, NULL);
		expect("pf pause --vf 1 --socket %s/b.sock", 0, NULL);
		restore = start_gucemu(words);
		nanosleep(&wait, NULL);
		end_gucemu(restore, SIGKILL);
	}
	expect("pf flr --vf 1 --socket %s/b.sock", 0, NULL);
	expect("pf pause --vf 1 --socket %s/b.sock", 0, NULL);
	expect(words, 0, NULL);
	expect("pf resume --vf 1 --socket %s/b.sock", 0, NULL);
	end_gucemu(driver, SIGTERM);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(b, SIGTERM), 0);
}
END_TEST

/* Where the VF's client is and whether it runs: "client" of the state. */
static bool has_client(const char *card, bool *runs)
{
	char words[256];
	struct json_object *o, *fn;
	bool client;

	snprintf(words, sizeof(words), "state --json --socket %%s/%s.sock", card);
	o = json_of(words);
	fn = json_at(json_get(o, "functions"), 1);
	client = json_get(fn, "client") != NULL;
	*runs = strcmp(json_get_str(json_at(json_get(fn, "gts"), 0), "state", ""),
		       "VF_RUNNING") == 0;
	json_object_put(o);
	return client;
}

/* After a migration from one to the other was killed: true when it is on `to`. There a
 * resume and a thaw by hand finish what was cut off; on `from` nothing has to be
 * done. */
static bool settled(const char *from, const char *to)
{
	const struct timespec nap = { 0, 5000000 };
	char words[512];
	bool runs;

	for (unsigned i = 0; i < 2000; i++) {
		if (has_client(from, &runs) && runs)
			return false;
		if (has_client(to, &runs)) {
			struct run_result r;

			snprintf(words, sizeof(words), "pf resume --vf 1 --socket %s/%s.sock",
				 scratch, to);
			r = run_gucemu(words);
			run_free(&r);
			snprintf(words, sizeof(words), "pf thaw --vf 1 --socket %%s/%s.sock", to);
			expect(words, 0, NULL);
			await_state(to, "VF_RUNNING");
			return true;
		}
		nanosleep(&nap, NULL);
	}
	ck_abort_msg("the VF is nowhere");
	return false;
}

static pid_t start_pf(const char *card)
{
	const struct timespec nap = { 0, 5000000 };
	char words[256];
	pid_t pf;
	bool up = false;

	snprintf(words, sizeof(words), "pf serve --socket %s/%s.sock --provision 1", scratch, card);
	pf = start_gucemu(words);
	snprintf(words, sizeof(words), "pf info --vf 1 --json --socket %s/%s.sock", scratch, card);
	for (unsigned i = 0; i < 2000 && !up; i++) {
		struct run_result r = run_gucemu(words);

		up = r.status == 0 && !strstr(r.out, "\"contexts\":0,");
		run_free(&r);
		nanosleep(&nap, NULL);
	}
	ck_assert(up);
	return pf;
}

START_TEST(M_08_killed_migration)
{
	/* "kill -9 at any point": a migration whose program is killed leaves the VF
	 * running where it was, or with the other card, where it can be let go; with the
	 * PF in the card's process, and in one of its own. */
	const char *options = _i ? "--gts 2 --no-pf" : "--gts 2", *from = "a", *to = "b";
	pid_t a = start_card("a", options), b = start_card("b", options), pf[2] = { 0 }, driver;
	char words[512];
	unsigned stayed = 0;

	for (unsigned i = 0; _i && i < 2; i++)
		pf[i] = start_pf(i ? "b" : "a");
	snprintf(words, sizeof(words), "vf run --socket %s/a.sock --jobs 0", scratch);
	driver = start_gucemu(words);
	await_state("a", "VF_RUNNING");
	for (long i = 0; i < 30; i++) {
		const struct timespec wait = { 0, i * 1000000 };
		pid_t migrate;

		snprintf(words, sizeof(words),
			 "pf migrate --vf 1 --from %s/%s.sock --to %s/%s.sock", scratch, from,
			 scratch, to);
		migrate = start_gucemu(words);
		nanosleep(&wait, NULL);
		end_gucemu(migrate, SIGKILL);
		if (settled(from, to)) {
			const char *swap = from;

			from = to;
			to = swap;
		} else {
			stayed++;
		}
	}
	ck_assert_uint_gt(stayed, 0);
	end_gucemu(driver, SIGTERM);
	for (unsigned i = 0; _i && i < 2; i++)
		end_gucemu(pf[i], SIGTERM);
	ck_assert_int_eq(end_gucemu(a, SIGTERM), 0);
	ck_assert_int_eq(end_gucemu(b, SIGTERM), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image");
	TCase *t = tcase_create("program");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, show);
	tcase_add_test(t, diff);
	tcase_add_loop_test(t, linux_round_trip, 0, 2);
	tcase_add_test(t, M_07_resumed);
	tcase_add_test(t, M_08_killed);
	tcase_add_loop_test(t, M_08_killed_migration, 0, 2);
	tcase_add_test(t, M_12_killed_restore);
	tcase_add_test(t, M_25_verify);
	tcase_add_test(t, M_32_size);
	suite_add_tcase(s, t);
	return check_main(s);
}
