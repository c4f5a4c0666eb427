/* SPDX-License-Identifier: MIT */
/* Registers and memory of a link: posted writes are gathered, reads are
 * matched with their answers, memory is created sealed. See vft_link.h. */
#include "vft_link_priv.h"

#include "wire/memfd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "frames carry little-endian words as they lie in memory"
#endif

#define WRITE_RUN 1u /* MMIO_WRITE flags: consecutive words */

static void batch_send(struct vft_link *l)
{
	struct frame f = {
		.type = gucemu_FrameType_MMIO_WRITE,
		.size = 4,
		.data = (const uint8_t *)l->batch,
		.data_len = l->batch_n * sizeof(l->batch[0]),
	};

	if (l->batch_n == 0)
		return;
	l->batch_n = 0;
	(void)vft_link_send(l, &f);
}

void vft_link_flush(struct vft_link *l)
{
	batch_send(l);
	if (l->wire)
		(void)wire_flush(l->wire);
}

void vft_link_write32(struct vft_link *l, uint64_t off, uint32_t value)
{
	/* An offset beyond 32 bits is in no BAR of ours: let the emulator say so. */
	l->batch[l->batch_n][0] = off > UINT32_MAX ? UINT32_MAX : (uint32_t)off;
	l->batch[l->batch_n][1] = value;
	if (++l->batch_n == VFT_BATCH)
		batch_send(l);
}

void vft_link_write64(struct vft_link *l, uint64_t off, const uint64_t *values, size_t n)
{
	const size_t most = FRAME_DATA_MAX / sizeof(*values);

	batch_send(l);
	while (n > 0) {
		size_t part = n < most ? n : most;
		struct frame f = {
			.type = gucemu_FrameType_MMIO_WRITE,
			.size = 8,
			.flags = WRITE_RUN,
			.addr = off,
			.data = (const uint8_t *)values,
			.data_len = part * sizeof(*values),
		};

		if (vft_link_send(l, &f) != 0)
			return;
		off += f.data_len;
		values += part;
		n -= part;
	}
}

static struct vft_request *request_new(struct vft_link *l)
{
	for (unsigned i = 0; i < VFT_READS; i++)
		if (l->request[i].seq == 0)
			return &l->request[i];
	return NULL;
}

/* Send a frame that is answered. */
static int request_send(struct vft_link *l, struct frame *f, const int *fds,
			const struct vft_request *what)
{
	struct vft_request *r = request_new(l);
	int err;

	batch_send(l); /* may find out that the emulator is lost */
	if (l->phase == VFT_LOST || !l->wire)
		return l->err ? l->err : -ENOTCONN;
	if (!r)
		return -EBUSY;
	*r = *what;
	r->seq = f->seq = wire_seq(l->wire);
	r->held = vft_link_holds(l, f);
	l->outstanding += !r->held;
	err = fds ? wire_send(l->wire, f, fds) : vft_link_send(l, f);
	if (err == 0 || r->seq != f->seq)
		return 0; /* sent, or lost by that: then fn has been called */
	r->seq = 0;
	l->outstanding -= !r->held;
	return err;
}

int vft_link_read(struct vft_link *l, uint64_t off, unsigned size, unsigned n, vft_read_fn fn,
		  void *user, uint32_t cookie)
{
	struct vft_request what = {
		.cookie = cookie, .size = size, .n = n, .fn = fn, .user = user,
	};
	struct frame f = {
		.type = gucemu_FrameType_MMIO_READ,
		.addr = off,
		.size = size,
		.value = n,
	};

	if ((size != 4 && size != 8) || n == 0 || n > VFT_WORDS)
		return -EINVAL;
	return request_send(l, &f, NULL, &what);
}

int vft_link_lmem(struct vft_link *l, const struct host_lmem *what, vft_lmem_fn fn, void *user,
		  uint32_t cookie)
{
	bool write = what->op == HOST_LMEM_WRITE;
	struct vft_request request = { .cookie = cookie, .lmem = fn, .user = user };
	struct frame f = {
		.type = write ? gucemu_FrameType_LMEM_WRITE : gucemu_FrameType_LMEM_READ,
		.gt = what->tile,
		.addr = what->off,
		.value = write ? 0 : what->len,
		.data = write ? what->data : NULL,
		.data_len = write ? what->len : 0,
	};

	if ((!write && what->op != HOST_LMEM_READ) || what->len > HOST_LMEM_MAX || what->metadata)
		return -EINVAL;
	request.size = write ? 0 : what->len;
	return request_send(l, &f, NULL, &request);
}

struct read_wait {
	bool done;
	unsigned bytes;
	void *words;
	int err;
};

static void read_waited(void *user, uint32_t cookie, const void *words, unsigned n)
{
	struct read_wait *w = user;

	(void)cookie;
	w->done = true;
	if (words && n > 0)
		memcpy(w->words, words, w->bytes);
	else
		w->err = -ECONNRESET;
}

static bool read_is_done(void *user)
{
	const struct read_wait *w = user;

	return w->done;
}

int vft_link_read_sync(struct vft_link *l, uint64_t off, unsigned size, unsigned n, void *words,
		       unsigned timeout_ms)
{
	struct read_wait wait = { .bytes = size * n, .words = words };
	int err = vft_link_read(l, off, size, n, read_waited, &wait, 0);

	if (err != 0)
		return err;
	err = vft_link_wait(l, read_is_done, &wait, timeout_ms);
	if (err != 0)
		/* The answer may still come: it must not find this stack. */
		for (unsigned i = 0; i < VFT_READS; i++)
			if (l->request[i].user == &wait)
				l->request[i].fn = NULL;
	return err ? err : wait.err;
}

int vft_link_flr(struct vft_link *l)
{
	struct frame f = { .type = gucemu_FrameType_FLR };
	struct vft_request what = { .n = 0 };

	return request_send(l, &f, NULL, &what);
}

static void bells_on(struct bell_page *page)
{
	for (unsigned gt = 0; gt < BELL_GTS; gt++) {
		bell_on(&page->gt[gt].h2g);
		bell_on(&page->gt[gt].g2h);
	}
}

bool vft_link_answer(struct vft_link *l, const struct frame *f)
{
	union {
		uint64_t align;
		uint8_t bytes[VFT_WORDS * 8];
	} words;
	struct vft_request r = { .seq = 0 };

	for (unsigned i = 0; i < VFT_READS; i++) {
		if (l->request[i].seq != f->seq || l->request[i].held)
			continue;
		r = l->request[i];
		l->request[i].seq = 0;
		l->outstanding--;
		break;
	}
	if (r.seq == 0)
		return false;
	if (r.bells && f->type == gucemu_FrameType_STATUS && f->status == 0)
		bells_on(l->bells);
	if (r.lmem) {
		if (f->type == gucemu_FrameType_MMIO_DATA || f->data_len != (f->status ? 0 : r.size))
			return false;
		r.lmem(r.user, r.cookie, f->status, f->data, f->data_len);
		return true;
	}
	if (f->type == gucemu_FrameType_MMIO_DATA) {
		if (f->data_len != (size_t)r.size * r.n || r.n == 0)
			return false;
		memcpy(words.bytes, f->data, f->data_len);
	} else {
		/* A refused read, or a status: a read without an error has data. */
		if (r.n > 0 && f->status == 0)
			return false;
		memset(words.bytes, 0xFF, sizeof(words.bytes));
	}
	if (r.fn)
		r.fn(r.user, r.cookie, words.bytes, r.n);
	return true;
}

void vft_link_requests_go(struct vft_link *l)
{
	for (unsigned i = 0; i < VFT_READS; i++) {
		struct vft_request *r = &l->request[i];

		if (r->seq == 0 || !r->held)
			continue;
		r->held = false;
		l->outstanding++;
	}
}

void vft_link_end_requests(struct vft_link *l)
{
	for (unsigned i = 0; i < VFT_READS; i++) {
		struct vft_request r = l->request[i];

		l->request[i].seq = 0;
		if (r.seq != 0 && r.fn)
			r.fn(r.user, r.cookie, NULL, 0);
		if (r.seq != 0 && r.lmem)
			r.lmem(r.user, r.cookie, -ECONNRESET, NULL, 0);
	}
	l->outstanding = 0;
	l->batch_n = 0;
}

/* Create memory and map it; its descriptor, or -errno. */
static int region_new(struct vft_link *l, const char *name, size_t bytes, void **out)
{
	int fd;

	if (l->regions == VFT_REGIONS)
		return -ENOSPC;
	if (l->phase != VFT_OPEN)
		return l->phase == VFT_LOST ? l->err : -EAGAIN;
	fd = memfd_create_sealed(name, bytes, out);
	if (fd >= 0)
		l->region[l->regions++] = (struct vft_region){ *out, bytes };
	return fd;
}

/* The last region could not be shared. */
static void region_drop(struct vft_link *l)
{
	struct vft_region *r = &l->region[--l->regions];

	munmap(r->map, r->bytes);
}

int vft_link_share(struct vft_link *l, size_t bytes, uint64_t dma, struct host_mem *mem)
{
	uint64_t place[3] = { dma, bytes, 0 };
	struct frame f = {
		.type = gucemu_FrameType_MEM_SHARE,
		.fds = 1,
		.data = (const uint8_t *)place,
		.data_len = sizeof(place),
	};
	struct vft_request what = { .n = 0 };
	void *map;
	int fd = region_new(l, "gucemu-vf", bytes, &map), err;

	if (fd < 0)
		return fd;
	err = request_send(l, &f, &fd, &what);
	close(fd); /* the wire has its own, and the mapping stays */
	if (err == 0)
		*mem = (struct host_mem){ .base = map, .size = bytes, .dma = dma };
	else
		region_drop(l);
	return err;
}

/* --- bells -------------------------------------------------------------------------- */

/* All is signalled until the emulator says that it has the page. */
static int bells_send(struct vft_link *l)
{
	struct frame f = { .type = gucemu_FrameType_BELL, .fds = 1 };
	struct vft_request what = { .bells = true };

	return request_send(l, &f, &l->bells_fd, &what);
}

int vft_link_bells(struct vft_link *l, struct bell_page **bells)
{
	void *map = NULL;
	int err;

	if (!(l->card.features & FRAME_FEATURE_BELL))
		return -ENOSYS;
	if (l->bells)
		return -EALREADY;
	err = region_new(l, "gucemu-bells", BELL_PAGE_BYTES, &map);
	if (err < 0)
		return err;
	l->bells_fd = err;
	l->bells = map;
	for (unsigned gt = 0; gt < BELL_GTS; gt++) {
		bell_off(&l->bells->gt[gt].h2g);
		bell_off(&l->bells->gt[gt].g2h);
	}
	err = bells_send(l);
	if (err == 0) {
		*bells = l->bells;
		return 0;
	}
	close(l->bells_fd);
	l->bells = NULL;
	region_drop(l);
	return err;
}

void vft_link_bells_again(struct vft_link *l)
{
	/* One that could not be sent is no loss: it stays off. */
	if (l->phase == VFT_OPEN && l->bells && bell_is_off(&l->bells->gt[0].h2g))
		(void)bells_send(l);
}

void vft_link_unmap(struct vft_link *l)
{
	for (unsigned i = 0; i < l->regions; i++)
		munmap(l->region[i].map, l->region[i].bytes);
	l->regions = 0;
	if (l->bells)
		close(l->bells_fd);
	l->bells = NULL;
}
