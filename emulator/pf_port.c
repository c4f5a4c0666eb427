/* SPDX-License-Identifier: MIT */
/* The card's registers and its local memory, as the driver of `gucemu pf serve`
 * reaches them: by frames. See pf_remote.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pf_remote.h"
#include "proto/bits.h"

#define SEQ_LMEM    0x80000000u /* above the seqs of verbs, which count */

/* --- registers ------------------------------------------------------------------------------ */

void remote_flush(struct remote *r)
{
	struct frame f = {
		.type = gucemu_FrameType_MMIO_WRITE,
		.size = 4,
		.data = r->writes,
		.data_len = (size_t)r->writes_n * 8,
	};

	if (r->writes_n == 0)
		return;
	r->writes_n = 0;
	remote_post(r, &f);
}

static void port_write32(void *user, uint64_t off, uint32_t value)
{
	struct remote *r = user;

	le32_put(r->writes + (size_t)8 * r->writes_n, (uint32_t)off);
	le32_put(r->writes + (size_t)8 * r->writes_n + 4, value);
	if (++r->writes_n == WRITES)
		remote_flush(r);
}

static void port_write64(void *user, uint64_t off, const uint64_t *values, size_t n)
{
	struct remote *r = user;

	remote_flush(r);
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
		remote_post(r, &f);
		values += now;
		off += now * 8;
		n -= now;
	}
}

static void port_read(void *user, uint64_t off, unsigned size, unsigned n, uint32_t cookie)
{
	struct remote *r = user;
	struct frame f = {
		.type = gucemu_FrameType_MMIO_READ,
		.seq = 1,
		.addr = off,
		.size = size,
		.value = n,
	};

	remote_flush(r);
	if (r->read_n == READS) {
		fprintf(stderr, "gucemu pf serve: too many reads under way\n");
		remote_end(r, 1);
		return;
	}
	r->read[(r->read_at + r->read_n) % READS].cookie = cookie;
	r->read[(r->read_at + r->read_n++) % READS].words = n;
	remote_post(r, &f);
}

void remote_mmio_data(struct remote *r, const struct frame *f)
{
	uint64_t words[HOST_READ_MAX / 8] = { 0 };
	unsigned at = r->read_at;

	if (r->read_n == 0 || f->data_len > sizeof(words))
		return;
	r->read_at = (at + 1) % READS;
	r->read_n--;
	memcpy(words, f->data, f->data_len);
	pfc_read_done(pf_driver(r->pf), r->read[at].cookie, words, r->read[at].words);
}

/* --- local memory --------------------------------------------------------------------------- */

static void lmem_call(void *user, const struct host_lmem *what, uint32_t cookie)
{
	static const uint8_t types[] = {
		[HOST_LMEM_READ] = gucemu_FrameType_LMEM_READ,
		[HOST_LMEM_WRITE] = gucemu_FrameType_LMEM_WRITE,
		[HOST_LMEM_STAGE] = gucemu_FrameType_LMEM_STAGE,
		[HOST_LMEM_COMMIT] = gucemu_FrameType_LMEM_STAGE,
		[HOST_LMEM_ABORT] = gucemu_FrameType_LMEM_STAGE,
	};
	struct remote *r = user;
	struct frame f = {
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
	unsigned i = 0;

	remote_flush(r);
	while (i < LMEM_CALLS && r->lmem[i].used)
		i++;
	if (i == LMEM_CALLS) {
		pfc_lmem_done(pf_driver(r->pf), cookie, -EBUSY, NULL, 0);
		return;
	}
	r->lmem[i].used = true;
	r->lmem[i].cookie = cookie;
	f.seq = SEQ_LMEM | i;
	remote_post(r, &f);
}

/* The answer to one of these, if it is one. */
bool remote_lmem_answer(struct remote *r, const struct frame *f)
{
	uint32_t i = f->seq & ~SEQ_LMEM;

	if (!(f->seq & SEQ_LMEM) || i >= LMEM_CALLS || !r->lmem[i].used)
		return false;
	r->lmem[i].used = false;
	pfc_lmem_done(pf_driver(r->pf), r->lmem[i].cookie, f->status,
		      f->data_len ? f->data : NULL, f->data_len ? f->data_len : f->value);
	return true;
}

void remote_port(struct remote *r, struct pfc_options *o)
{
	r->port = (struct host_port){
		.user = r,
		.write32 = port_write32,
		.write64 = port_write64,
		.read = port_read,
	};
	o->lmem = (struct host_lmem_port){ r, lmem_call };
}
