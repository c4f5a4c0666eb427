/* SPDX-License-Identifier: MIT */
/* Messages through rings in shared memory, to the server and back: requests a
 * second with bells (doorbells and interrupts only for who sleeps) against the
 * same without. Each doorbell is a frame of its own, as of a driver that can't
 * know when more will follow. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "bench_client.h"
#include "host/ct.h"
#include "proto/actions.h"
#include "proto/klv.h"
#include "proto/regs.h"
#include "wire/memfd.h"

#define REQUESTS  20000u
#define UNDER_WAY 32u
#define MEM_BYTES (1u << 20)
#define MEM_DMA	  0x40000000ull
#define H2G	  0x1000u /* descriptor; the buffer is a page on */
#define G2H	  0x10000u

struct vf {
	int fd;
	uint32_t seq;
	struct host_port port;
	struct host_mem mem;
	struct host_ct ct;
	unsigned replies, failures, doorbells, interrupts;
};

static void put(struct vf *v, const uint32_t (*write)[2], unsigned n)
{
	uint8_t data[8 * 8];
	struct frame f = { .type = gucemu_FrameType_MMIO_WRITE, .size = 4, .data = data,
			   .data_len = n * 8 };

	for (unsigned i = 0; i < n; i++) {
		le32_put(data + 8 * i, write[i][0]);
		le32_put(data + 8 * i + 4, write[i][1]);
	}
	bench_post(v->fd, &f);
}

static void write32(void *user, uint64_t off, uint32_t value)
{
	const uint32_t one[1][2] = { { (uint32_t)off, value } };
	struct vf *v = user;

	v->doorbells++;
	put(v, one, 1);
}

static void on_reply(void *user, uint64_t tag, int err, const uint32_t *dw, uint32_t len)
{
	struct vf *v = user;

	(void)tag, (void)dw, (void)len;
	v->replies++;
	v->failures += err != 0;
}

/* The answer's 64 bits from dword 1 on. */
static uint64_t mailbox(struct vf *v, uint32_t dw0, uint32_t dw1, uint32_t dw2)
{
	const uint32_t writes[5][2] = { { REG_VF_SW_FLAG(0), dw0 }, { REG_VF_SW_FLAG(1), dw1 },
					{ REG_VF_SW_FLAG(2), dw2 }, { REG_VF_SW_FLAG(3), 0 },
					{ REG_GUC_HOST_INTERRUPT, 0 } };
	struct frame f = { .type = gucemu_FrameType_MMIO_READ, .seq = ++v->seq,
			   .addr = REG_VF_SW_FLAG(0), .size = 4, .value = MAILBOX_DWORDS };

	put(v, writes, 5);
	bench_post(v->fd, &f);
	bench_await(v->fd, gucemu_FrameType_MMIO_DATA, &f);
	if (f.data_len != 4 * MAILBOX_DWORDS || hxg_type(le32_get(f.data)) != HXG_SUCCESS) {
		fprintf(stderr, "mailbox %08x refused\n", dw0);
		exit(EXIT_FAILURE);
	}
	return le64_get(f.data + 4);
}

static void await_status(struct vf *v)
{
	struct frame f;

	bench_await(v->fd, gucemu_FrameType_STATUS, &f);
}

/* Memory, entries, rings: a driver's boot at its shortest. */
static void boot(struct vf *v, unsigned fn, const char *socket, bool bells)
{
	static uint8_t entries[MEM_BYTES / GGTT_PAGE * 8];
	uint64_t place[3] = { MEM_DMA, MEM_BYTES, 0 }, start;
	struct frame hello = { .type = gucemu_FrameType_HELLO, .value = FRAME_PROTOCOL,
			       .code = FRAME_ROLE_FUNCTION, .function = fn,
			       .flags = bells ? FRAME_FEATURE_BELL : 0 };
	struct frame share = { .type = gucemu_FrameType_MEM_SHARE, .fds = 1, .seq = 1,
			       .data = (const uint8_t *)place, .data_len = sizeof(place) };
	struct frame bell = { .type = gucemu_FrameType_BELL, .fds = 1, .seq = 2 };
	struct frame run = { .type = gucemu_FrameType_MMIO_WRITE, .flags = 1, .size = 8,
			     .seq = 3, .data = entries, .data_len = sizeof(entries) };
	struct frame f;
	struct bell_page *page;
	void *map;
	int fd;

	v->fd = bench_connect(socket);
	bench_post(v->fd, &hello);
	bench_await(v->fd, gucemu_FrameType_WELCOME, &f);
	fd = memfd_create_sealed("bench", MEM_BYTES, &map);
	if (fd < 0)
		bench_die("memfd");
	bench_post_fd(v->fd, &share, fd);
	await_status(v);
	v->mem = (struct host_mem){ map, MEM_BYTES, MEM_DMA };
	v->port = (struct host_port){ .user = v, .write32 = write32 };
	(void)mailbox(v, GUC_ACTION_VF_RESET, 0, 0);
	(void)mailbox(v, GUC_ACTION_MATCH_VERSION, 0x10200, 0);
	start = mailbox(v, GUC_ACTION_QUERY_SINGLE_KLV, GUC_KLV_VF_GGTT_START, 0);
	for (size_t i = 0; i < sizeof(entries) / 8; i++)
		le64_put(entries + 8 * i, (MEM_DMA + i * GGTT_PAGE) | PTE_PRESENT);
	run.addr = REG_GGTT_BASE + start / GGTT_PAGE * 8;
	bench_post(v->fd, &run);
	await_status(v);
	for (unsigned i = 0; i < 2; i++) {
		static const uint16_t key[2][3] = {
			{ GUC_KLV_SELF_H2G_CTB_DESC_ADDR, GUC_KLV_SELF_H2G_CTB_ADDR,
			  GUC_KLV_SELF_H2G_CTB_SIZE },
			{ GUC_KLV_SELF_G2H_CTB_DESC_ADDR, GUC_KLV_SELF_G2H_CTB_ADDR,
			  GUC_KLV_SELF_G2H_CTB_SIZE },
		};
		uint32_t at = (uint32_t)start + (i ? G2H : H2G);

		(void)mailbox(v, GUC_ACTION_SELF_CFG, klv_header(key[i][0], 2), at);
		(void)mailbox(v, GUC_ACTION_SELF_CFG, klv_header(key[i][1], 2), at + GGTT_PAGE);
		(void)mailbox(v, GUC_ACTION_SELF_CFG, klv_header(key[i][2], 1),
			      i ? CTB_G2H_BYTES : CTB_H2G_BYTES);
	}
	host_ct_init(&v->ct, &v->port, &v->mem, 0, false, H2G, H2G + GGTT_PAGE, CTB_H2G_BYTES, G2H,
		     G2H + GGTT_PAGE, CTB_G2H_BYTES);
	v->ct.on_reply = on_reply;
	v->ct.user = v;
	if (bells) {
		fd = memfd_create_sealed("bench-bells", BELL_PAGE_BYTES, &map);
		if (fd < 0)
			bench_die("memfd");
		bench_post_fd(v->fd, &bell, fd);
		await_status(v);
		page = map;
		v->ct.h2g_bell = &page->gt[0].h2g;
		v->ct.g2h_bell = &page->gt[0].g2h;
	}
	host_ct_reset(&v->ct);
	(void)mailbox(v, GUC_ACTION_CONTROL_CTB, 1, 0);
	host_ct_enable(&v->ct);
}

static double requests(struct vf *v)
{
	const uint32_t dw[4] = { GUC_ACTION_UPDATE_SCHEDULING_POLICIES_KLV,
				 klv_header(GUC_KLV_SCHED_RENDER_COMPUTE_YIELD, 2), 80, 20 };
	uint64_t begin = bench_now();
	unsigned sent = 0;

	v->replies = v->doorbells = v->interrupts = 0;
	while (v->replies < REQUESTS) {
		struct frame f;

		while (sent < REQUESTS && sent - v->replies < UNDER_WAY &&
		       host_ct_send(&v->ct, HXG_REQUEST, dw, 4, sent, 0, 0, 0) == 0)
			sent++;
		if (host_ct_receive(&v->ct, 64, 0) != 0)
			continue;
		bench_await(v->fd, gucemu_FrameType_INTERRUPT, &f);
		v->interrupts++;
	}
	if (v->failures) {
		fprintf(stderr, "%u requests failed\n", v->failures);
		exit(EXIT_FAILURE);
	}
	return REQUESTS * 1e9 / (double)(bench_now() - begin);
}

static double with_bells(void *user)
{
	return requests((struct vf *)user);
}

static double without_bells(void *user)
{
	return requests((struct vf *)user + 1);
}

static void measure(struct vf *v, const char *name)
{
	bench_pair(name, with_bells, without_bells, v, "above 1");
	for (unsigned i = 0; i < 2; i++)
		printf("  %s bells: %.2f doorbells and %.2f interrupts a request\n",
		       i ? "without" : "with", (double)v[i].doorbells / REQUESTS,
		       (double)v[i].interrupts / REQUESTS);
}

int main(void)
{
	const char *program = getenv("GUCEMU") ? getenv("GUCEMU") : "./gucemu";
	char dir[] = "/tmp/gucemu-bench-XXXXXX", sock[64];
	static struct vf v[2];
	pid_t server;

	if (!mkdtemp(dir))
		bench_die(dir);
	snprintf(sock, sizeof(sock), "%s/card.sock", dir);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, "gucemu", "serve", "--socket", sock, "--vfs", "2", "--log",
		      "error", (char *)NULL);
		bench_die(program);
	}
	boot(&v[0], 1, sock, true);
	boot(&v[1], 2, sock, false);
	measure(v, "ring-with/without-bells");
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(sock);
	rmdir(dir);
	return EXIT_SUCCESS;
}
