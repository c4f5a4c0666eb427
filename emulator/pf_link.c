/* SPDX-License-Identifier: MIT */
/* The card's registers and its local memory, as a PF driver in another process reaches
 * them: by frames. See pf_link.h. */
#include "pf_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pf.h"
#include "proto/bits.h"
#include "proto/regs.h"
#include "wire/memfd.h"

#define CALL_MS  5000u
#define SEQ_READ 1u          /* of all reads: HELLO had it */
#define SEQ_LMEM 0x80000000u /* above those of anything else, which count */
#define SEQ_SETTLE 0x7FFFFFFFu

/* The owner keeps the queue short: when it is full the server has stopped. */
void pf_link_post(struct pf_link *l, const struct frame *f)
{
	int err = l->wire ? wire_send(l->wire, f, NULL) : -EPIPE;

	if (err != 0 && err != -EPIPE)
		l->failed(l->user, strerror(-err));
}

/* --- registers ------------------------------------------------------------------------------ */

void pf_link_flush(struct pf_link *l)
{
	struct frame f = {
		.type = gucemu_FrameType_MMIO_WRITE,
		.size = 4,
		.data = l->writes,
		.data_len = (size_t)l->writes_n * 8,
	};

	if (l->writes_n == 0)
		return;
	l->writes_n = 0;
	pf_link_post(l, &f);
}

static bool is_doorbell(uint64_t off)
{
	uint64_t at = off % REG_TILE_STRIDE;

	return at == REG_GUC_HOST_INTERRUPT || at == REG_MED_GUC_HOST_INTERRUPT;
}

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct pf_link *l = user;

	l->unsettled |= !is_doorbell(off);
	le32_put(l->writes + (size_t)8 * l->writes_n, (uint32_t)off);
	le32_put(l->writes + (size_t)8 * l->writes_n + 4, value);
	if (++l->writes_n == PF_LINK_WRITES)
		pf_link_flush(l);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct pf_link *l = user;

	l->unsettled = true;
	pf_link_flush(l);
	while (n > 0) {
		uint8_t data[4096];
		size_t now = n < sizeof(data) / 8 ? n : sizeof(data) / 8;
		struct frame f = {
			.type = gucemu_FrameType_MMIO_WRITE,
			.size = 8,
			.flags = 1,
			.addr = off,
			.data = data,
			.data_len = now * 8,
		};

		for (size_t i = 0; i < now; i++)
			le64_put(data + 8 * i, values[i]);
		pf_link_post(l, &f);
		values += now;
		off += now * 8;
		n -= now;
	}
}

static void port_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct pf_link *l = user;
	struct frame f = {
		.type = gucemu_FrameType_MMIO_READ,
		.seq = SEQ_READ,
		.addr = off,
		.size = size,
		.value = n,
	};

	pf_link_flush(l);
	if (l->read_n == PF_LINK_READS) {
		l->failed(l->user, "too many reads under way");
		return;
	}
	l->read[(l->read_at + l->read_n) % PF_LINK_READS].cookie = cookie;
	l->read[(l->read_at + l->read_n++) % PF_LINK_READS].words = n;
	pf_link_post(l, &f);
}

bool pf_link_settled(struct pf_link *l)
{
	/* A read comes behind all that was written before. */
	const struct frame f = { .type = gucemu_FrameType_MMIO_READ, .seq = SEQ_SETTLE,
				 .addr = REG_VF_SW_FLAG(0), .size = 4, .value = 1 };

	if (l->unsettled && !l->asked) {
		l->unsettled = false;
		l->asked = true;
		pf_link_flush(l);
		pf_link_post(l, &f);
	}
	return !l->unsettled && !l->asked;
}

static void on_mmio_data(struct pf_link *l, const struct frame *f)
{
	uint64_t words[HOST_READ_MAX / 8] = { 0 };
	unsigned at = l->read_at;

	if (f->seq == SEQ_SETTLE) {
		l->asked = false;
		return;
	}
	if (l->read_n == 0 || f->data_len > sizeof(words))
		return;
	l->read_at = (at + 1) % PF_LINK_READS;
	l->read_n--;
	memcpy(words, f->data, f->data_len);
	pfc_read_done(l->driver, l->read[at].cookie, words, l->read[at].words);
}

int pf_link_read(struct pf_link *l, uint64_t off, unsigned size, uint64_t *value)
{
	struct frame f = { .type = gucemu_FrameType_MMIO_READ, .addr = off, .size = size, .value = 1 };
	struct wire_answer answer;
	int err;

	*value = 0;
	pf_link_flush(l);
	if (!l->wire)
		return -EPIPE;
	err = wire_call(l->wire, &f, NULL, CALL_MS, &answer);
	if (err == 0 && answer.frame.data_len != size)
		err = -EBADMSG;
	for (size_t i = 0; err == 0 && i < size && i < sizeof(*value); i++)
		*value |= (uint64_t)answer.frame.data[i] << 8 * i;
	return err;
}

/* --- local memory --------------------------------------------------------------------------- */

static struct frame lmem_frame(const struct host_lmem *what)
{
	static const uint8_t types[] = {
		[HOST_LMEM_READ] = gucemu_FrameType_LMEM_READ,
		[HOST_LMEM_WRITE] = gucemu_FrameType_LMEM_WRITE,
		[HOST_LMEM_STAGE] = gucemu_FrameType_LMEM_STAGE,
		[HOST_LMEM_COMMIT] = gucemu_FrameType_LMEM_STAGE,
		[HOST_LMEM_ABORT] = gucemu_FrameType_LMEM_STAGE,
	};

	return (struct frame){
		.type = (gucemu_FrameType)types[what->op],
		.function = what->function,
		.gt = what->tile,
		.addr = what->off,
		.value = what->op == HOST_LMEM_READ ? what->len : 0,
		.code = what->op >= HOST_LMEM_STAGE ? (uint32_t)what->op - HOST_LMEM_STAGE
						    : what->metadata,
		.data = what->op == HOST_LMEM_WRITE ? what->data : NULL,
		.data_len = what->op == HOST_LMEM_WRITE ? what->len : 0,
	};
}

static void lmem_call(void *user, const struct host_lmem *what, uint32_t cookie)
{
	struct pf_link *l = user;
	struct frame f = lmem_frame(what);
	unsigned i = 0;

	pf_link_flush(l);
	while (i < PF_LINK_LMEM && l->lmem[i].used)
		i++;
	if (i == PF_LINK_LMEM) {
		pfc_lmem_done(l->driver, cookie, -EBUSY, NULL, 0);
		return;
	}
	l->lmem[i].used = true;
	l->lmem[i].cookie = cookie;
	f.seq = SEQ_LMEM | i;
	pf_link_post(l, &f);
}

/* The answer to one of these, if it is one. */
static bool lmem_answer(struct pf_link *l, const struct frame *f)
{
	uint32_t i = f->seq & ~SEQ_LMEM;

	if (!(f->seq & SEQ_LMEM) || i >= PF_LINK_LMEM || !l->lmem[i].used)
		return false;
	l->lmem[i].used = false;
	pfc_lmem_done(l->driver, l->lmem[i].cookie, f->status, f->data_len ? f->data : NULL,
		      f->data_len ? f->data_len : f->value);
	return true;
}

int pf_link_lmem_wait(struct pf_link *l, const struct host_lmem *what, uint8_t *to)
{
	struct frame f = lmem_frame(what);
	struct wire_answer answer;
	int err;

	pf_link_flush(l);
	if (!l->wire)
		return -EPIPE;
	err = wire_call(l->wire, &f, NULL, CALL_MS, &answer);
	if (err != 0 || what->op != HOST_LMEM_READ)
		return err;
	/* Without bytes they are zero. */
	if (answer.frame.data_len != 0 && answer.frame.data_len != what->len)
		return -EBADMSG;
	if (answer.frame.data_len != 0)
		memcpy(to, answer.frame.data, what->len);
	else
		memset(to, 0, what->len);
	return 0;
}

struct host_lmem_port pf_link_lmem(struct pf_link *l)
{
	return (struct host_lmem_port){ l, lmem_call };
}

/* --- frames --------------------------------------------------------------------------------- */

bool pf_link_frame(struct pf_link *l, const struct frame *f)
{
	if (!l->driver)
		return false;
	if ((f->type == gucemu_FrameType_MEM_DATA || f->type == gucemu_FrameType_STATUS) &&
	    lmem_answer(l, f))
		return true;
	if (f->type == gucemu_FrameType_MMIO_DATA)
		on_mmio_data(l, f);
	else if (f->type == gucemu_FrameType_INTERRUPT)
		pfc_irq(l->driver);
	else
		return false;
	return true;
}

/* --- life ----------------------------------------------------------------------------------- */

static int share_memory(struct pf_link *l)
{
	uint8_t data[24];
	struct frame f = {
		.type = gucemu_FrameType_MEM_SHARE,
		.fds = 1,
		.data = data,
		.data_len = sizeof(data),
	};

	le64_put(data, l->mem.dma);
	le64_put(data + 8, l->mem.size);
	le64_put(data + 16, 0);
	return wire_call(l->wire, &f, &l->mem_fd, CALL_MS, NULL);
}

int pf_link_open(struct pf_link *l, uv_loop_t *loop, const char *socket, uint32_t features,
		 const char *name, size_t bytes, const struct wire_ops *ops, void *user, char *err,
		 size_t cap)
{
	void *map;
	int status;

	l->port = (struct host_port){ l, port_write32, port_write64, port_read };
	l->mem_fd = memfd_create_sealed("gucemu-pf", bytes, &map);
	if (l->mem_fd < 0) {
		snprintf(err, cap, "no memory to share: %s", strerror(-l->mem_fd));
		return l->mem_fd;
	}
	l->mem = (struct host_mem){ map, bytes, PF_DMA };
	status = wire_connect(&l->wire, loop, socket, ops, user, err, cap);
	if (status == 0)
		status = wire_hello(l->wire, FRAME_ROLE_FUNCTION, 0, features, name, NULL, err, cap);
	if (status == 0) {
		status = share_memory(l);
		if (status != 0)
			snprintf(err, cap, "the card does not take our memory: %s",
				 strerror(-status));
	}
	if (status != 0)
		pf_link_close(l);
	return status;
}

void pf_link_close(struct pf_link *l)
{
	if (l->wire)
		wire_close(l->wire, 0, NULL);
	l->wire = NULL;
	l->driver = NULL;
	if (l->mem.base) {
		munmap(l->mem.base, l->mem.size);
		close(l->mem_fd);
	}
	l->mem.base = NULL;
}
