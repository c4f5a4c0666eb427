/* SPDX-License-Identifier: MIT */
/* What one client does wrong is its own matter: it gets a clear error, the
 * server goes on, everybody else too. Against a real server process. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/bell.h"
#include "proto/bits.h"
#include "proto/regs.h"
#include "server_fixture.h"

static struct server_process server;
static struct raw_client bad, good;

static void setup(void)
{
	static const char *const args[] = { "--vfs", "3", NULL };

	server_start(&server, args);
	/* VF 3 is the bystander in every test. */
	ck_assert_int_eq(client_hello(&good, server.socket, FRAME_ROLE_FUNCTION, 3, 0), 0);
}

static void teardown(void)
{
	uint32_t value;

	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	ck_assert_uint_eq(value & VF_CAP_IS_VF, VF_CAP_IS_VF);
	client_end(&good);
	server_stop(&server);
}

/* Lines of the log with this text, once the server has done what came before. */
static unsigned logged(const char *text)
{
	uint32_t value;

	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	return server_log_lines(&server, text);
}

static size_t encode(const struct frame *f, uint8_t *buf, size_t cap)
{
	long n = frame_encode(f, buf, cap);

	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

/* --- malformed frames -------------------------------------------------------------- */

static const struct {
	const char *what;
	uint8_t bytes[16];
	size_t len;
} malformed[] = {
	{ "a length that never ends", { 0xFF, 0xFF, 0xFF, 0xFF }, 4 },
	{ "a length above the limit", { 0x81, 0x80, 0x08 }, 3 },
	{ "an empty frame", { 0x00 }, 1 },
	{ "an unknown type", { 0x02, 0x08, 0x63 }, 3 },
	{ "a field that runs over the frame", { 0x03, 0x6A, 0x10, 0x41 }, 4 },
	{ "a field without its value", { 0x02, 0x08, 0x80 }, 3 },
	{ "a field number 0", { 0x02, 0x00, 0x00 }, 3 },
	{ "a group", { 0x02, 0x0B, 0x0C }, 3 },
	{ "more descriptors than a frame has", { 0x04, 0x08, 0x20, 0x18, 0x09 }, 5 },
};

START_TEST(malformed_frames_end_the_connection)
{
	/* Bad input: a malformed frame is answered and ends its connection. */
	client_connect(&bad, server.socket);
	ck_assert(client_bytes(&bad, malformed[_i].bytes, malformed[_i].len, NULL, 0));
	ck_assert_msg(client_drained(&bad) == -EPROTO, "%s", malformed[_i].what);
	client_end(&bad);
	/* The same behind a good frame. */
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert(client_bytes(&bad, malformed[_i].bytes, malformed[_i].len, NULL, 0));
	ck_assert_msg(client_drained(&bad) == -EPROTO, "%s", malformed[_i].what);
	client_end(&bad);
	ck_assert_uint_eq(logged("warning: client "), 2);
}
END_TEST

static const struct {
	enum frame_role role; /* 0: before HELLO */
	gucemu_FrameType type;
} misplaced[] = {
	{ 0, T(MMIO_READ) },
	{ 0, T(STATUS) },
	{ FRAME_ROLE_FUNCTION, T(HELLO) },
	{ FRAME_ROLE_FUNCTION, T(CONTROL) },
	{ FRAME_ROLE_FUNCTION, T(WELCOME) },
	{ FRAME_ROLE_FUNCTION, T(INTERRUPT) },
	{ FRAME_ROLE_FUNCTION, T(REPLY) },
	{ FRAME_ROLE_FUNCTION, T(BLOB) },
	{ FRAME_ROLE_FUNCTION, T(ADOPT) },
	{ FRAME_ROLE_CONTROL, T(MMIO_WRITE) },
	{ FRAME_ROLE_CONTROL, T(MEM_HOST) },
	{ FRAME_ROLE_CONTROL, T(EVENT) },
	{ FRAME_ROLE_PEER, T(MMIO_WRITE) },
	{ FRAME_ROLE_PEER, T(STATUS) },
};

START_TEST(frames_out_of_place_end_the_connection)
{
	/* Bad input: a frame before HELLO, a second HELLO, one of another role. */
	struct frame f = { .type = misplaced[_i].type };

	if (misplaced[_i].role == 0)
		client_connect(&bad, server.socket);
	else
		ck_assert_int_eq(client_hello(&bad, server.socket, misplaced[_i].role, 1, 0), 0);
	ck_assert(client_put(&bad, &f, NULL));
	ck_assert_int_eq(client_drained(&bad), -EPROTO);
	client_end(&bad);
}
END_TEST

START_TEST(missing_descriptor_ends_the_connection)
{
	/* A frame that counts a descriptor which did not come is a breach. */
	uint8_t data[24] = { 0 };
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .data = data, .data_len = 24 };

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert(client_put(&bad, &f, NULL));
	ck_assert_int_eq(client_drained(&bad), -EPROTO);
	client_end(&bad);
}
END_TEST

START_TEST(surplus_descriptors_are_closed)
{
	/* Descriptors that no frame counts don't pile up in the server. */
	unsigned before;
	int fds[12];
	uint32_t value;

	for (int i = 0; i < 12; i++)
		fds[i] = sealed_memfd(4096, true);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	before = server_fds(&server);
	for (int i = 0; i < 50; i++) {
		struct frame f = { .type = T(MMIO_READ), .seq = 1, .addr = REG_VF_CAP, .size = 4 };
		uint8_t buf[128];

		ck_assert(client_bytes(&bad, buf, encode(&f, buf, sizeof(buf)), fds, 12));
		ck_assert(client_await(&bad, T(MMIO_DATA), &f));
	}
	ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
	ck_assert_uint_eq(server_fds(&server), before);
	client_end(&bad);
	for (int i = 0; i < 12; i++)
		close(fds[i]);
}
END_TEST

START_TEST(too_many_descriptors_end_the_connection)
{
	/* A queue of descriptors has a limit, and nothing of it leaks. */
	unsigned before = server_fds(&server);
	uint8_t half = 0x20; /* the beginning of a frame: nothing is surplus yet */
	int fds[20];

	for (int i = 0; i < 20; i++)
		fds[i] = sealed_memfd(4096, true);
	client_connect(&bad, server.socket);
	ck_assert(client_bytes(&bad, &half, 1, fds, 20));
	ck_assert_int_eq(client_drained(&bad), -EPROTO);
	client_end(&bad);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_uint_eq(server_fds(&server), before + 1);
	client_end(&bad);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
}
END_TEST

/* --- opening ----------------------------------------------------------------------- */

START_TEST(hello_refusals)
{
	/* Bad input: other version, unknown role, function out of range or taken. */
	static const struct {
		uint64_t version;
		uint32_t role, function;
		int status;
	} rows[] = {
		{ 0, 1, 1, -EPROTO },   { 2, 1, 1, -EPROTO },  { 1, 0, 1, -EINVAL },
		{ 1, 4, 1, -EINVAL },   { 1, 1, 4, -ENODEV },  { 1, 1, UINT32_MAX, -ENODEV },
		{ 1, 1, 3, -EBUSY },    { 1, 1, 0, -EBUSY },
	};
	struct frame f = {
		.type = T(HELLO),
		.value = rows[_i].version,
		.code = rows[_i].role,
		.function = rows[_i].function,
	}, answer;

	client_connect(&bad, server.socket);
	ck_assert_int_eq(client_call(&bad, &f, NULL, &answer), rows[_i].status);
	ck_assert_uint_gt(answer.text_len, 0);
	ck_assert(!client_get(&bad, &f));
	client_end(&bad);
}
END_TEST

START_TEST(silent_client_is_closed)
{
	/* A client that never says HELLO is not kept; others are served meanwhile. */
	uint32_t value;

	client_connect(&bad, server.socket);
	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	ck_assert_int_eq(client_drained(&bad), -ETIMEDOUT);
	client_end(&bad);
}
END_TEST

/* Connect `n` clients that say nothing. */
static void connect_many(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		client_connect(&bad, server.socket);
		fds[i] = bad.fd;
	}
}

START_TEST(too_many_connections)
{
	/* More connections than the server takes: the surplus is told so and closed. */
	uint32_t value;
	int fds[260];

	connect_many(fds, 260);
	ck_assert_int_eq(client_drained(&bad), -EUSERS);
	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	for (int i = 0; i < 260; i++)
		close(fds[i]);
	ck_assert_uint_ge(logged("too many connections"), 1);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_end(&bad);
}
END_TEST

START_TEST(no_descriptors_left)
{
	/* Without a descriptor for a connection the server neither spins nor lets it
	 * wait: it is told so and closed, and the log has a line for each. */
	struct rlimit limit;
	uint32_t value;
	int fds[40];

	ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = server_fds(&server);
	ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
	connect_many(fds, 40);
	ck_assert_int_eq(client_drained(&bad), -EMFILE);
	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	ck_assert_uint_ge(logged("no descriptors left"), 1);
	ck_assert_uint_le(logged("warning"), 40);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	client_end(&bad);
}
END_TEST

START_TEST(function_is_free_again)
{
	/* A function's client may come back after it went away. */
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 2, 0), 0);
		client_end(&bad);
		/* The server sees the end in its next turn. */
		while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 2, 0) == -EBUSY)
			client_end(&bad);
		client_end(&bad);
		while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 2, 0) == -EBUSY)
			client_end(&bad);
		client_end(&bad);
		usleep(1000);
	}
}
END_TEST

/* --- requests that can't be done --------------------------------------------------- */

START_TEST(mmio_errors)
{
	/* Bad input: MMIO outside the BAR or misaligned is refused, the client stays. */
	static const struct {
		uint64_t addr, n;
		uint32_t size;
		int status;
	} rows[] = {
		{ REG_VF_CAP + 2, 1, 4, -EINVAL },
		{ REG_GGTT_BASE + 4, 1, 8, -EINVAL },
		{ REG_VF_CAP, 1, 3, -EINVAL },
		{ REG_VF_CAP, 1, 0, -EINVAL },
		{ REG_VF_CAP, 513, 4, -EINVAL },
		{ REG_TILE_STRIDE, 1, 4, -ERANGE },
		{ 1ull << 40, 1, 4, -ERANGE },
		{ UINT64_MAX - 3, 1, 4, -ERANGE },
		{ UINT64_MAX - 7, 512, 8, -ERANGE },
	};
	uint8_t data[16] = { 0 };
	struct frame read = {
		.type = T(MMIO_READ),
		.addr = rows[_i].addr,
		.size = rows[_i].size,
		.value = rows[_i].n,
	};
	struct frame run = {
		.type = T(MMIO_WRITE),
		.flags = 1,
		.addr = rows[_i].addr,
		.size = rows[_i].size,
		.data = data,
		.data_len = 8,
	};
	uint32_t value;

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_call(&bad, &read, NULL, NULL), rows[_i].status);
	if (rows[_i].n == 1)
		ck_assert_int_eq(client_call(&bad, &run, NULL, NULL), rows[_i].status);
	/* Posted: only the error is answered. */
	if (rows[_i].n == 1) {
		run.seq = 0;
		ck_assert(client_put(&bad, &run, NULL));
		ck_assert(client_await(&bad, T(STATUS), &run));
		ck_assert_int_eq(run.status, rows[_i].status);
		ck_assert_uint_eq(run.seq, 0);
	}
	ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
	client_end(&bad);
	ck_assert_uint_eq(logged(", vf1): request refused: "),
			  rows[_i].n == 1 ? 3 : 1);
}
END_TEST

START_TEST(mistakes_do_not_flood_the_log)
{
	/* One line for a mistake, but not as many a second as a client likes. */
	struct frame read = { .type = T(MMIO_READ), .addr = REG_TILE_STRIDE, .size = 4 };

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(client_call(&bad, &read, NULL, NULL), -ERANGE);
	client_end(&bad);
	ck_assert_uint_ge(logged("outside the BAR"), 1);
	ck_assert_uint_lt(logged("outside the BAR"), 2000);
}
END_TEST

START_TEST(write_list_stops_at_the_first_bad)
{
	/* A list of writes is done up to the first bad one. */
	uint8_t data[24];
	struct frame f = { .type = T(MMIO_WRITE), .size = 4, .data = data, .data_len = 24 };
	uint32_t value;

	le32_put(data, REG_VF_SW_FLAG(1));
	le32_put(data + 4, 0x1111);
	le32_put(data + 8, REG_VF_SW_FLAG(2) + 1);
	le32_put(data + 12, 0x2222);
	le32_put(data + 16, REG_VF_SW_FLAG(3));
	le32_put(data + 20, 0x3333);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), -EINVAL);
	ck_assert_int_eq(client_read32(&bad, REG_VF_SW_FLAG(1), &value), 0);
	ck_assert_uint_eq(value, 0x1111);
	ck_assert_int_eq(client_read32(&bad, REG_VF_SW_FLAG(3), &value), 0);
	ck_assert_uint_eq(value, 0);
	f.data_len = 12;
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), -EINVAL);
	client_end(&bad);
}
END_TEST

/* --- memory ------------------------------------------------------------------------ */

static int share(struct raw_client *c, int fd, uint64_t dma, uint64_t size, uint64_t off)
{
	uint8_t data[24];
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .data = data, .data_len = 24 };

	le64_put(data, dma);
	le64_put(data + 8, size);
	le64_put(data + 16, off);
	return client_call(c, &f, &fd, NULL);
}

static int bell(struct raw_client *c, int fd, unsigned fds)
{
	struct frame f = { .type = T(BELL), .fds = fds };

	return client_call(c, &f, &fd, NULL);
}

static int ring(struct raw_client *c)
{
	uint8_t data[8];
	struct frame f = { .type = T(MMIO_WRITE), .size = 4, .data = data, .data_len = 8 };

	le32_put(data, REG_GUC_HOST_INTERRUPT);
	le32_put(data + 4, 0);
	return client_call(c, &f, NULL, NULL);
}

START_TEST(bells)
{
	/* A bell page wants its feature and a sealed memfd; the server says in it that it
	 * sleeps again, and that an old page is off. */
	struct bell_page *page[2];
	int fd[2], loose = sealed_memfd(4096, false);

	for (unsigned i = 0; i < 2; i++) {
		fd[i] = sealed_memfd(4096, true);
		page[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd[i], 0);
		ck_assert_ptr_ne(page[i], MAP_FAILED);
	}
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(bell(&bad, fd[0], 1), -EINVAL);
	client_end(&bad);
	while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, FRAME_FEATURE_BELL) ==
	       -EBUSY)
		client_end(&bad);
	ck_assert_int_eq(bell(&bad, -1, 0), -EINVAL);
	ck_assert_int_eq(bell(&bad, loose, 1), -EPERM);
	ck_assert_int_eq(bell(&bad, fd[0], 1), 0);
	ck_assert(bell_announce(&page[0]->gt[0].h2g));
	ck_assert_int_eq(ring(&bad), 0);
	/* The end of that turn lies before the next answer. */
	ck_assert_int_eq(ring(&bad), 0);
	ck_assert_uint_eq(__atomic_load_n(&page[0]->gt[0].h2g.state, __ATOMIC_SEQ_CST),
			  BELL_ASLEEP);
	ck_assert_int_eq(bell(&bad, fd[1], 1), 0);
	ck_assert_uint_eq(page[0]->gt[0].h2g.state, BELL_OFF);
	ck_assert_uint_eq(page[0]->gt[0].g2h.state, BELL_OFF);
	ck_assert_uint_eq(page[1]->gt[0].h2g.state, BELL_ASLEEP);
	client_end(&bad);
	for (unsigned i = 0; i < 2; i++) {
		munmap(page[i], 4096);
		close(fd[i]);
	}
	close(loose);
}
END_TEST

static int host(struct raw_client *c, uint64_t dma, uint64_t size)
{
	uint8_t data[16];
	struct frame f = { .type = T(MEM_HOST), .data = data, .data_len = 16 };

	le64_put(data, dma);
	le64_put(data + 8, size);
	return client_call(c, &f, NULL, NULL);
}

static int mem_read(struct raw_client *c, uint64_t dma, uint64_t len, struct frame *answer)
{
	struct frame f = { .type = T(MEM_READ), .addr = dma, .value = len };

	return client_call(c, &f, NULL, answer);
}

static int mem_write(struct raw_client *c, uint64_t dma, const void *data, size_t len)
{
	struct frame f = { .type = T(MEM_WRITE), .addr = dma, .data = data, .data_len = len };

	return client_call(c, &f, NULL, NULL);
}

START_TEST(memory_that_could_shrink_is_refused)
{
	/* Bad input: memory truncated under the server: it takes none that could be. */
	int open_fd = sealed_memfd(8192, false), fd = sealed_memfd(8192, true);
	int pipes[2], file = fileno(tmpfile());

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(ftruncate(file, 8192), 0);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(share(&bad, open_fd, 0, 8192, 0), -EPERM);
	ck_assert_int_eq(share(&bad, pipes[0], 0, 8192, 0), -EPERM);
	ck_assert_int_eq(share(&bad, file, 0, 8192, 0), -EPERM);
	ck_assert_int_eq(share(&bad, fd, 0, 12288, 0), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, 0, 8192, 4096), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, 0, 4096, UINT64_MAX - 4095), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, 0, 8192, 0), 0);
	ck_assert_int_ne(ftruncate(fd, 0), 0);
	client_end(&bad);
	close(open_fd);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(memory_bounds)
{
	/* Regions are pages, don't overlap, and have limits; holes are refused. */
	int fd = sealed_memfd(1 << 20, true);
	struct frame f;
	uint8_t byte = 1;

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(share(&bad, fd, 1, 4096, 0), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, 0, 100, 0), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, 0, 4096, 7), -EINVAL);
	ck_assert_int_eq(share(&bad, fd, UINT64_MAX - 4095, 4096, 0), -EINVAL);
	ck_assert_int_eq(host(&bad, 0x10000, 0x4000), 0);
	ck_assert_int_eq(host(&bad, 0x13000, 0x2000), -EEXIST);
	ck_assert_int_eq(share(&bad, fd, 0xF000, 0x8000, 0), -EEXIST);
	ck_assert_int_eq(host(&bad, 0x100000, 1ull << 30), -ENOSPC);
	ck_assert_int_eq(host(&bad, 0x14000, 0x1000), 0);
	/* Through neighbours, but not into a hole, and then not in part. */
	ck_assert_int_eq(mem_read(&bad, 0x13FFF, 2, &f), 0);
	ck_assert_int_eq(mem_write(&bad, 0x13FFF, "ab", 2), 0);
	ck_assert_int_eq(mem_write(&bad, 0x14FFF, "ab", 2), -EFAULT);
	ck_assert_int_eq(mem_read(&bad, 0x14FFF, 1, &f), 0);
	ck_assert_uint_eq(f.data[0], 0);
	ck_assert_int_eq(mem_read(&bad, 0xFFFF, 1, NULL), -EFAULT);
	ck_assert_int_eq(mem_read(&bad, UINT64_MAX, 65536, NULL), -EFAULT);
	ck_assert_int_eq(mem_read(&bad, 0x10000, 65537, NULL), -EINVAL);
	ck_assert_int_eq(mem_write(&bad, 0, &byte, 1), -EFAULT);
	for (uint64_t i = 2; i < 64; i++)
		ck_assert_int_eq(share(&bad, fd, i << 20, 4096, 0), 0);
	ck_assert_int_eq(share(&bad, fd, 64ull << 20, 4096, 0), -ENOSPC);
	f = (struct frame){ .type = T(MEM_DROP), .addr = 2ull << 20 };
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), 0);
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), -ENOENT);
	ck_assert_int_eq(share(&bad, fd, 64ull << 20, 4096, 0), 0);
	client_end(&bad);
	close(fd);
}
END_TEST

START_TEST(shared_memory_is_one)
{
	/* Shared memory is the client's own pages; read only means the card's writes. */
	int fd = sealed_memfd(8192, true);
	uint8_t *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint8_t data[24];
	struct frame f = { .type = T(MEM_SHARE), .fds = 1, .flags = 1, .data = data,
			   .data_len = 24 };

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	ck_assert_int_eq(share(&bad, fd, 0x4000, 4096, 4096), 0);
	ck_assert_int_eq(mem_write(&bad, 0x4010, "shared", 6), 0);
	ck_assert_int_eq(memcmp(map + 4096 + 0x10, "shared", 6), 0);
	le64_put(data, 0x8000);
	le64_put(data + 8, 4096);
	le64_put(data + 16, 0);
	ck_assert_int_eq(client_call(&bad, &f, &fd, NULL), 0);
	memcpy(map, "mine", 4);
	ck_assert_int_eq(mem_read(&bad, 0x8000, 4, &f), 0);
	ck_assert_int_eq(memcmp(f.data, "mine", 4), 0);
	ck_assert_int_eq(mem_write(&bad, 0x8000, "x", 1), -EFAULT);
	client_end(&bad);
	munmap(map, 8192);
	close(fd);
}
END_TEST

/* --- clients that die, flood or sleep ---------------------------------------------- */

START_TEST(client_killed_at_any_byte)
{
	/* Bad input: a client killed at any byte leaves nothing behind. */
	uint8_t stream[512], data[24];
	size_t len = 0, share_at;
	int fd = sealed_memfd(4096, true);
	unsigned before;
	struct frame f = { .type = T(HELLO), .seq = 1, .value = 1, .code = 1, .function = 1 };

	len += encode(&f, stream, sizeof(stream));
	le32_put(data, REG_VF_SW_FLAG(0));
	le32_put(data + 4, 0x5507);
	f = (struct frame){ .type = T(MMIO_WRITE), .seq = 2, .size = 4, .data = data,
			    .data_len = 8 };
	len += encode(&f, stream + len, sizeof(stream) - len);
	share_at = len;
	le64_put(data, 0);
	le64_put(data + 8, 4096);
	le64_put(data + 16, 0);
	f = (struct frame){ .type = T(MEM_SHARE), .seq = 3, .fds = 1, .data = data,
			    .data_len = 24 };
	len += encode(&f, stream + len, sizeof(stream) - len);
	before = server_fds(&server);
	for (size_t cut = 0; cut <= len; cut++) {
		client_connect(&bad, server.socket);
		client_bytes(&bad, stream, cut < share_at ? cut : share_at, NULL, 0);
		if (cut > share_at)
			client_bytes(&bad, stream + share_at, cut - share_at, &fd, 1);
		client_end(&bad);
	}
	while (client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0) == -EBUSY)
		client_end(&bad);
	/* An answered request: all ends before are seen. */
	ck_assert_int_eq(host(&bad, 0, 4096), 0);
	client_end(&bad);
	while (server_fds(&server) > before)
		usleep(1000);
	close(fd);
}
END_TEST

START_TEST(client_that_reads_nothing)
{
	/* A client that floods and never reads is not read any more; its queue has
	 * a limit, and others are served. */
	uint8_t buf[128];
	struct frame f = { .type = T(MMIO_READ), .seq = 1, .addr = 0, .size = 8, .value = 512 };
	size_t len = encode(&f, buf, sizeof(buf));
	const char *json, *queued;
	uint32_t value;
	static struct raw_client control;

	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 1000000; i++) {
		struct timeval wait = { .tv_usec = 200000 };

		if (i == 0)
			setsockopt(bad.fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
		if (!client_bytes(&bad, buf, len, NULL, 0))
			break;
		ck_assert_int_lt(i, 999999);
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&control, "state", &json), 0);
	for (queued = json; (queued = strstr(queued, "\"queued\":")); queued++)
		ck_assert_uint_le(strtoul(queued + 9, NULL, 10), 1u << 20);
	client_end(&control);
	/* It reads again: everything that was taken is answered. */
	for (int i = 0; i < 200; i++)
		ck_assert(client_await(&bad, T(MMIO_DATA), &f));
	client_end(&bad);
}
END_TEST

START_TEST(event_stream_that_is_not_read)
{
	/* An event stream that isn't read loses events and is told how many. */
	static struct raw_client control;
	struct frame f;
	bool lost = false;
	uint32_t value;
	unsigned long n = 0;

	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	ck_assert_int_eq(client_verb(&control, "events points=mmio-read", NULL), 0);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 100; i++) {
		f = (struct frame){ .type = T(MMIO_READ), .addr = 0, .size = 4, .value = 512 };
		ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), 0);
	}
	while (!lost) {
		/* One more event, for the count to come with. */
		if (n++ % 64 == 0)
			ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
		ck_assert(client_await(&control, T(EVENT), &f));
		ck_assert_uint_eq(f.flags & 0xFF, 0); /* GUC_PT_MMIO_READ */
		lost = f.text_len > 5 && memcmp(f.text, "lost ", 5) == 0;
	}
	ck_assert_uint_lt(n, 51200);
	client_end(&control);
	client_end(&bad);
}
END_TEST

START_TEST(long_frames_do_not_hold_up_others)
{
	/* A flood of the longest frames is served in slices; others keep their share. */
	static uint8_t data[FRAME_DATA_MAX];
	struct frame f = { .type = T(MMIO_WRITE), .size = 4, .data = data,
			   .data_len = sizeof(data) };
	uint32_t value;

	for (size_t i = 0; i < sizeof(data) / 8; i++)
		le32_put(data + 8 * i, REG_GUC_HOST_INTERRUPT);
	ck_assert_int_eq(client_hello(&bad, server.socket, FRAME_ROLE_FUNCTION, 1, 0), 0);
	for (int i = 0; i < 50; i++) {
		ck_assert(client_put(&bad, &f, NULL));
		ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	}
	ck_assert_int_eq(client_read32(&bad, REG_VF_CAP, &value), 0);
	client_end(&bad);
}
END_TEST

/* --- control ----------------------------------------------------------------------- */

START_TEST(bad_verbs)
{
	/* A verb that is no verb, lacks its VF or has one too many: an error in words. */
	static const char *const lines[] = {
		"", " ", "=", "nonsense", "state vf=1", "card card", "findings", "findings vf=0",
		"findings vf=4", "findings vf=one", "findings vf=1x", "findings vf=-1",
		"findings vf=99999999999999999999", "pf", "pf nonsense vf=1", "pf pause",
		"pf pause vf=1 ggtt=1", "pf provision vf=1 ggtt=x", "pf provision vf=1 contexts=70000",
		"pf provision vf=1 doorbells=300", "events points=nonsense", "handover vf=1",
		"state =", "events =1", "pf pause vf=1 =1", "a b c d e",
		"a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1 q=1",
	};
	static struct raw_client control;
	const char *json;
	char line[2000];

	ck_assert_int_eq(client_hello(&control, server.socket, FRAME_ROLE_CONTROL, 0, 0), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		ck_assert_msg(client_verb(&control, lines[i], &json) == -EINVAL, "'%s': %s",
			      lines[i], json);
		ck_assert_ptr_nonnull(strstr(json, "\"error\":"));
	}
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	ck_assert_int_eq(client_verb(&control, line, &json), -EINVAL);
	ck_assert_int_eq(client_verb(&control, "pf resume vf=1", &json), -EPERM);
	ck_assert_int_eq(client_verb(&control, "handover vf=1 to=/nowhere", &json), -ENOTCONN);
	ck_assert_int_eq(client_verb(&control, "card", &json), 0);
	client_end(&control);
}
END_TEST

static const char *const names[] = { "plain", "quotes\"\\", "\x1b[2J\n\r", "" };

START_TEST(names_of_clients_are_harmless)
{
	/* A client's name can't break the log or the JSON. */
	struct frame f = { .type = T(HELLO), .value = 1, .code = FRAME_ROLE_CONTROL,
			   .text = names[_i], .text_len = strlen(names[_i]) };
	const char *json;

	client_connect(&bad, server.socket);
	ck_assert_int_eq(client_call(&bad, &f, NULL, NULL), 0);
	ck_assert_int_eq(client_verb(&bad, "state", &json), 0);
	ck_assert_ptr_null(strchr(json, '\x1b'));
	ck_assert_ptr_null(strstr(json, "\"quotes\"\\\""));
	client_end(&bad);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("server");
	TCase *tc = tcase_create("server");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, malformed_frames_end_the_connection, 0,
			    sizeof(malformed) / sizeof(*malformed));
	tcase_add_loop_test(tc, frames_out_of_place_end_the_connection, 0,
			    sizeof(misplaced) / sizeof(*misplaced));
	tcase_add_test(tc, missing_descriptor_ends_the_connection);
	tcase_add_test(tc, surplus_descriptors_are_closed);
	tcase_add_test(tc, too_many_descriptors_end_the_connection);
	tcase_add_loop_test(tc, hello_refusals, 0, 8);
	tcase_add_test(tc, silent_client_is_closed);
	tcase_add_test(tc, too_many_connections);
	tcase_add_test(tc, no_descriptors_left);
	tcase_add_test(tc, bells);
	tcase_add_test(tc, function_is_free_again);
	tcase_add_loop_test(tc, mmio_errors, 0, 9);
	tcase_add_test(tc, mistakes_do_not_flood_the_log);
	tcase_add_test(tc, write_list_stops_at_the_first_bad);
	tcase_add_test(tc, memory_that_could_shrink_is_refused);
	tcase_add_test(tc, memory_bounds);
	tcase_add_test(tc, shared_memory_is_one);
	tcase_add_test(tc, client_killed_at_any_byte);
	tcase_add_test(tc, client_that_reads_nothing);
	tcase_add_test(tc, event_stream_that_is_not_read);
	tcase_add_test(tc, long_frames_do_not_hold_up_others);
	tcase_add_test(tc, bad_verbs);
	tcase_add_loop_test(tc, names_of_clients_are_harmless, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
