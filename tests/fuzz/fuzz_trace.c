/* SPDX-License-Identifier: MIT */
/* Hostile trace files: each case is a function of its number, a good file with
 * a few changes, most of them with right checksums, that is read, described and
 * drawn as `gucemu trace` does. It must come to an end without a fault.
 *
 * Usage: fuzz_trace [SECONDS [FIRST]]: cases from number FIRST on (1) until the
 * time is over; without SECONDS a fixed number of them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/trace_file.h"
#include "proto/bits.h"
#include "proto/crc32c.h"
#include "sim/random.h"
#include "view/describe.h"
#include "view/diagram_events.h"

#define CASES       4000u
#define CASE_LIMIT  20u /* seconds */
#define RECORDS     64u
#define FILE_MAX    (256u << 10)
#define EVENTS      256u
#define ENTRIES     64u

static uint64_t rng;

static uint64_t next_random(void)
{
	return random_next(&rng);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() % n);
}

/* --- making a file ----------------------------------------------------------------- */

static uint8_t file[FILE_MAX];
static size_t file_len;

/* A number that is likely to be at an edge of something. */
static uint64_t edge(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 65, 127, 128,
					  255, 256, 4095, 4096, 65535, 65536, 65537, 1u << 20,
					  INT32_MAX, UINT32_MAX, 1ull << 32, INT64_MAX,
					  UINT64_MAX };

	return below(4) ? edges[below(sizeof(edges) / sizeof(edges[0]))] : next_random();
}

static const gucemu_TraceKind kinds[] = {
	gucemu_TRACE_MARK, gucemu_TRACE_STEP, gucemu_TRACE_ATTACH, gucemu_TRACE_DETACH,
	gucemu_TRACE_MMIO_READ, gucemu_TRACE_MMIO_WRITE, gucemu_TRACE_MBOX_REQUEST,
	gucemu_TRACE_MBOX_REPLY, gucemu_TRACE_H2G, gucemu_TRACE_G2H, gucemu_TRACE_IRQ,
	gucemu_TRACE_MEM_READ, gucemu_TRACE_MEM_WRITE, gucemu_TRACE_STATE, gucemu_TRACE_FLR,
	gucemu_TRACE_BLOB, gucemu_TRACE_FINDING, gucemu_TRACE_VIOLATION, gucemu_TRACE_FENCE,
	gucemu_TRACE_CONTEXT, gucemu_TRACE_TICK, gucemu_TRACE_PROVISION, gucemu_TRACE_MISHAP,
};

/* A record that makes sense more often than not. */
static void add_record(void)
{
	static uint8_t data[4096];
	char text[96];
	struct trace_record r = {
		.kind = kinds[below(sizeof(kinds) / sizeof(kinds[0]))],
		.function = below(3),
		.gt = below(2),
		.seq = next_random() % 1000,
		.time = next_random() % 1000000,
		.addr = edge(),
		.value = below(8),
		.size = below(2) * 4 + 4,
		.code = below(8),
		.from = below(12),
		.to = below(12),
		.data = data,
	};
	long n;

	if (below(8) == 0)
		r.function = (uint32_t)edge();
	if (below(8) == 0)
		r.gt = (uint32_t)edge();
	if (below(8) == 0)
		r.code = (uint32_t)edge();
	if (below(3))
		r.data_len = 4 * below(12);
	else
		r.data_len = below(sizeof(data));
	for (size_t i = 0; i < r.data_len; i++)
		data[i] = (uint8_t)next_random();
	if (r.data_len >= 12 && below(2)) {
		/* A call that view/ knows something about. */
		le32_put(data, (below(3) << 28) | (uint32_t)(below(2) ? 0x5500 + below(16)
								     : 0x4500 + below(4096)));
		le32_put(data + 4, below(3));
		le32_put(data + 8, below(6));
	}
	r.len = below(4) ? (uint32_t)r.data_len : (uint32_t)edge();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)next_random();
	r.text = text;
	r.text_len = below(4) ? 0 : below(sizeof(text));
	n = trace_encode(&r, file + file_len, sizeof(file) - file_len);
	file_len += n > 0 ? (size_t)n : 0;
}

static void add_card(void)
{
	gucemu_TraceCard c = { .name = "card\033]0;", .tiles = below(4), .gts = below(4),
			       .vfs = below(80), .contexts = (uint32_t)edge(), .ggtt_size = edge(),
			       .abi_minor = (uint32_t)edge(), .engine_budget = (uint32_t)edge() };
	long n = trace_encode_card(&c, (uint32_t)edge(), 0, file + file_len,
				   sizeof(file) - file_len);

	file_len += n > 0 ? (size_t)n : 0;
}

/* Change the record at `at`, whose body of `len` bytes begins at `body`. */
static void change_record(uint8_t *body, size_t len)
{
	size_t n = len - 5; /* without the checksum */

	for (unsigned changes = 1 + below(3); changes > 0 && n > 0; changes--) {
		uint8_t *at = body + below((uint32_t)n);

		if (below(2))
			*at ^= (uint8_t)(1u << below(8));
		else
			*at = below(2) ? 0xFF : (uint8_t)next_random();
	}
	le32_put(body + n + 1, crc32c(0, body, n));
}

/* Walk over the records and change some of them. */
static void change_records(void)
{
	size_t at = TRACE_MAGIC_BYTES;

	while (at < file_len) {
		struct trace_record r;
		long n = trace_decode(file + at, file_len - at, &r);
		size_t prefix = n > 130 ? n > 16386 ? 3 : 2 : 1;

		if (n <= 0)
			return;
		if (below(4) == 0)
			change_record(file + at + prefix, (size_t)n - prefix);
		at += (size_t)n;
	}
}

static void change_bytes(void)
{
	for (unsigned changes = below(4); changes > 0 && file_len > 0; changes--)
		file[below((uint32_t)file_len)] = (uint8_t)next_random();
	if (below(4) == 0)
		file_len = below((uint32_t)file_len + 1);
}

static void make_case(uint64_t number)
{
	const gucemu_TraceHeader h = { .version = TRACE_VERSION, .program = "fuzz" };

	rng = number;
	memcpy(file, TRACE_MAGIC, TRACE_MAGIC_BYTES);
	file_len = TRACE_MAGIC_BYTES;
	file_len += (size_t)trace_encode_header(&h, file + file_len, sizeof(file) - file_len);
	for (unsigned n = below(RECORDS); n > 0; n--) {
		if (below(10) == 0)
			add_card();
		else
			add_record();
	}
	if (below(4))
		change_records();
	if (below(4) == 0)
		change_bytes();
}

/* --- reading it --------------------------------------------------------------------- */

static size_t seen;

static void see_line(void *user, const char *line)
{
	(void)user;
	seen += strlen(line);
}

static void draw(struct view_event *events, size_t n)
{
	static struct diagram_entry entries[ENTRIES];
	struct diagram_view view = { .vf = 1 + below(2), .gt = below(2),
				     .profile = below(2) ? DIAGRAM_SEED : DIAGRAM_FULL };
	size_t left_out;

	diagram_place_steps(events, n);
	n = diagram_from_events(events, n, &view, entries, ENTRIES, &left_out);
	diagram_draw(entries, n, see_line, NULL);
}

static void check_card(const struct trace_record *r)
{
	gucemu_TraceCard card;
	struct guc_geometry g;
	struct guc_options o;

	if (trace_decode_card(r, &card) == 0 && trace_to_card(&card, &g, &o) == 0)
		seen += guc_card_size(&g);
}

static void read_case(int fd)
{
	static struct view_event events[EVENTS];
	char path[32], text[DESCRIBE_MAX];
	struct trace_record r, single;
	struct trace_file f;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (trace_file_open(&f, path) == TRACE_OPENED) {
		while (trace_file_next(&f, &r) == TRACE_GOT) {
			struct view_event v;
			size_t length = trace_run_length(&r);

			seen += strlen(trace_file_card(&f, r.card));
			if (length > 1)
				trace_run_single(&r, length - 1, &single);
			check_card(&r);
			if (trace_to_event(&v, &r) != 0)
				continue;
			if (!v.step)
				seen += describe_event(text, sizeof(text), view_event_guc(&v));
			v.guc.bytes = NULL;
			if (n < EVENTS)
				events[n++] = v;
		}
	}
	trace_file_close(&f);
	draw(events, n);
}

static void run_case(uint64_t number)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	make_case(number);
	if (fd < 0 || write(fd, file, file_len) != (ssize_t)file_len) {
		perror("memfd");
		_exit(99);
	}
	read_case(fd);
	close(fd);
}

/* --- many ---------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	time_t end = argc > 1 ? time(NULL) + atoi(argv[1]) : 0;
	volatile uint64_t *number = mmap(NULL, sizeof(*number), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (number == MAP_FAILED)
		return 99;
	pid = fork();
	if (pid == 0) {
		for (uint64_t i = first; end ? time(NULL) < end : i < first + CASES; i++) {
			*number = i;
			alarm(CASE_LIMIT);
			run_case(i);
		}
		_exit(seen == 0); /* nothing was ever read: the cases are no good */
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("fuzz_trace: cases %llu to %llu, no fault\n", (unsigned long long)first,
		       (unsigned long long)*number);
		return 0;
	}
	printf("fuzz_trace: case %llu failed (%s %d); again: fuzz_trace 1 %llu\n",
	       (unsigned long long)*number, WIFSIGNALED(status) ? "signal" : "exit status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	       (unsigned long long)*number);
	return 1;
}
