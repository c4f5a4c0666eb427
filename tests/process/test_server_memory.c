/* SPDX-License-Identifier: MIT */
/* Memory that clients share with the server or have there, and bell pages: what
 * can't be is refused. Against a real server process. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bad_client.h"
#include "proto/bell.h"
#include "proto/bits.h"
#include "proto/regs.h"

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

static Suite *suite(void)
{
	Suite *s = suite_create("server memory");
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, bad_client_setup, bad_client_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, bells);
	tcase_add_test(tc, memory_that_could_shrink_is_refused);
	tcase_add_test(tc, memory_bounds);
	tcase_add_test(tc, shared_memory_is_one);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return server_tests_main(suite());
}
