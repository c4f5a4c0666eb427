/* SPDX-License-Identifier: MIT */
/* A server, a bad client and a bystander. See bad_client.h. */
#include "bad_client.h"

#include <check.h>

#include "proto/bits.h"
#include "proto/regs.h"

struct server_process server;
struct raw_client bad, good;

void bad_client_setup(void)
{
	static const char *const args[] = { "--vfs", "3", NULL };

	server_start(&server, args);
	ck_assert_int_eq(client_hello(&good, server.socket, FRAME_ROLE_FUNCTION, 3, 0), 0);
}

void bad_client_teardown(void)
{
	uint32_t value;

	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	ck_assert_uint_eq(value & VF_CAP_IS_VF, VF_CAP_IS_VF);
	client_end(&good);
	server_stop(&server);
}

unsigned logged(const char *text)
{
	uint32_t value;

	ck_assert_int_eq(client_read32(&good, REG_VF_CAP, &value), 0);
	return server_log_lines(&server, text);
}

size_t encode(const struct frame *f, uint8_t *buf, size_t cap)
{
	long n = frame_encode(f, buf, cap);

	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

int host(struct raw_client *c, uint64_t dma, uint64_t size)
{
	uint8_t data[16];
	struct frame f = { .type = T(MEM_HOST), .data = data, .data_len = 16 };

	le64_put(data, dma);
	le64_put(data + 8, size);
	return client_call(c, &f, NULL, NULL);
}
