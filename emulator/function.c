/* SPDX-License-Identifier: MIT */
/* A function's frames: registers, memory, FLR; and its interrupts. What they
 * mean is the card's matter. See docs/protocol/frames.md. */
#include <errno.h>
#include <string.h>

#include "proto/bits.h"
#include "emulator/vfio/vfio.h"
#include "server.h"
#include "snapshot.h"

/* Register writes between two looks at the clock. */
#define WRITES_A_LOOK 32u
#define READ_WORDS_MAX 512u

static const char *mmio_text(int err)
{
	switch (err) {
	case -ERANGE:
		return "outside the BAR";
	case -EINVAL:
		return "misaligned register or bad size";
	case -ENODEV:
		return "no such function";
	}
	return strerror(-err);
}

/* Write number `i` of the list; -EINVAL for a bad run. */
static int write_one(struct client *c, const struct frame *f, bool run, size_t i)
{
	const uint8_t *at = f->data + i * (run ? f->size : 8u);
	struct guc_card *card = &c->server->card;

	if (!run)
		return guc_mmio_write(card, c->fn, le32_get(at), 4, le32_get(at + 4));
	return guc_mmio_write(card, c->fn, f->addr + i * f->size, f->size,
			      f->size == 8 ? le64_get(at) : le32_get(at));
}

enum wire_next on_mmio_write(struct client *c, const struct frame *f, int *fds)
{
	bool run = f->flags & 1;
	size_t unit = run ? f->size : 8u;
	uint64_t limit = uv_hrtime() + SERVER_SLICE_NS;
	size_t n;
	int err;

	(void)fds;
	if (f->size != 4 && !(run && f->size == 8)) {
		client_status(c, f->seq, -EINVAL, "size must be 4, or 8 in a run");
		return WIRE_NEXT;
	}
	if (f->data_len % unit != 0) {
		client_status(c, f->seq, -EINVAL, "data is no list of writes");
		return WIRE_NEXT;
	}
	n = f->data_len / unit;
	card_time(c->server);
	bell_look_at(c->server, c->fn);
	while (c->cursor < n) {
		err = write_one(c, f, run, c->cursor);
		if (err != 0) {
			c->cursor = 0;
			client_status(c, f->seq, err, mmio_text(err));
			return WIRE_NEXT;
		}
		c->cursor++;
		if (c->cursor % WRITES_A_LOOK == 0 && c->cursor < n && uv_hrtime() > limit)
			return WIRE_AGAIN;
	}
	c->cursor = 0;
	client_status(c, f->seq, 0, NULL);
	return WIRE_NEXT;
}

enum wire_next on_mmio_read(struct client *c, const struct frame *f, int *fds)
{
	uint8_t data[READ_WORDS_MAX * 8];
	uint64_t n = f->value ? f->value : 1;
	struct frame answer = {
		.type = gucemu_FrameType_MMIO_DATA,
		.seq = f->seq,
		.data = data,
	};

	(void)fds;
	if ((f->size != 4 && f->size != 8) || n > READ_WORDS_MAX) {
		client_status(c, f->seq, -EINVAL, "size must be 4 or 8, value at most 512");
		return WIRE_NEXT;
	}
	card_time(c->server);
	for (size_t i = 0; i < n; i++) {
		uint64_t value;
		int err = guc_mmio_read(&c->server->card, c->fn, f->addr + i * f->size, f->size,
					&value);

		if (err != 0) {
			client_status(c, f->seq, err, mmio_text(err));
			return WIRE_NEXT;
		}
		if (f->size == 8)
			le64_put(data + 8 * i, value);
		else
			le32_put(data + 4 * i, (uint32_t)value);
	}
	answer.data_len = (size_t)n * f->size;
	client_send(c, &answer, NULL);
	return WIRE_NEXT;
}

enum wire_next on_flr(struct client *c, const struct frame *f, int *fds)
{
	(void)fds;
	if (c->fn == 0) {
		client_status(c, f->seq, -EINVAL, "the PF has no function level reset here");
		return WIRE_NEXT;
	}
	card_time(c->server);
	(void)guc_flr(&c->server->card, c->fn);
	client_status(c, f->seq, 0, NULL);
	return WIRE_NEXT;
}

/* --- memory ----------------------------------------------------------------------- */

static const char *memory_text(int err)
{
	switch (err) {
	case -EINVAL:
		return "addresses and lengths must be multiples of 4096 inside the file";
	case -EPERM:
		return "the descriptor must be a memfd sealed with F_SEAL_SHRINK";
	case -EEXIST:
		return "overlaps a region";
	case -ENOSPC:
		return "more memory or regions than a client may have";
	case -ENOENT:
		return "no region begins at this address";
	case -EFAULT:
		return "outside the function's memory";
	}
	return strerror(-err);
}

static void memory_status(struct client *c, uint32_t seq, int err)
{
	client_status(c, seq, err, err == 0 ? NULL : memory_text(err));
}

/* The card may look at a ring that has just become memory, or ceased to. */
static struct memory *memory_of(struct client *c)
{
	card_time(c->server);
	return &c->server->fn[c->fn].memory;
}

enum wire_next on_mem_share(struct client *c, const struct frame *f, int *fds)
{
	int err = -EINVAL;

	if (f->fds == 1 && f->data_len == 24 && f->flags <= 1 &&
	    !plain_is_region(le64_get(f->data)))
		err = memory_share(memory_of(c), fds[0], le64_get(f->data),
				   le64_get(f->data + 8), le64_get(f->data + 16), f->flags & 1);
	if (err == 0)
		fds[0] = -1;
	memory_status(c, f->seq, err);
	return WIRE_NEXT;
}

enum wire_next on_mem_host(struct client *c, const struct frame *f, int *fds)
{
	int err = -EINVAL;

	(void)fds;
	if (f->data_len == 16 && !plain_is_region(le64_get(f->data)))
		err = memory_host(memory_of(c), le64_get(f->data), le64_get(f->data + 8));
	memory_status(c, f->seq, err);
	return WIRE_NEXT;
}

enum wire_next on_mem_drop(struct client *c, const struct frame *f, int *fds)
{
	(void)fds;
	memory_status(c, f->seq,
		      plain_is_region(f->addr) ? -ENOENT : memory_drop(memory_of(c), f->addr));
	return WIRE_NEXT;
}

enum wire_next on_mem_read(struct client *c, const struct frame *f, int *fds)
{
	static uint8_t data[FRAME_DATA_MAX];
	struct frame answer = {
		.type = gucemu_FrameType_MEM_DATA,
		.seq = f->seq,
		.data = data,
		.data_len = (size_t)f->value,
	};
	int err = f->value > FRAME_DATA_MAX
			  ? -EINVAL
			  : memory_read(memory_of(c), f->addr, data, (size_t)f->value);

	(void)fds;
	if (err == -EINVAL)
		client_status(c, f->seq, err, "more than 65536 bytes");
	else if (err != 0)
		memory_status(c, f->seq, err);
	else
		client_send(c, &answer, NULL);
	return WIRE_NEXT;
}

enum wire_next on_mem_write(struct client *c, const struct frame *f, int *fds)
{
	(void)fds;
	memory_status(c, f->seq, memory_write(memory_of(c), f->addr, f->data, f->data_len));
	return WIRE_NEXT;
}

/* --- interrupts -------------------------------------------------------------------- */

static bool irq_equal(const struct guc_irq *a, const struct guc_irq *b)
{
	return a->gt == b->gt && a->bit == b->bit && a->source == b->source &&
	       a->vector == b->vector;
}

/* True when an equal one is still waiting to be sent. */
static bool irq_waits(struct client *c, const struct guc_irq *irq, uint64_t sent)
{
	unsigned kept = 0;
	bool found = false;

	for (unsigned i = 0; i < c->irqs_n; i++) {
		if (c->irqs[i].pos < sent)
			continue;
		c->irqs[kept++] = c->irqs[i];
		found |= irq_equal(&c->irqs[i].irq, irq);
	}
	c->irqs_n = kept;
	return found;
}

static void client_irq(struct client *c, const struct guc_irq *irq)
{
	struct wire_stats stats;
	struct frame f = {
		.type = gucemu_FrameType_INTERRUPT,
		.gt = irq->gt,
		.code = irq->bit,
		.value = irq->source,
		.size = irq->vector,
	};

	wire_stats(c->wire, &stats);
	if (irq_waits(c, irq, stats.bytes_out))
		return;
	if (c->irqs_n < IRQS_QUEUED)
		c->irqs[c->irqs_n++] =
			(struct irq_queued){ *irq, stats.bytes_out + stats.queued };
	client_post(c, &f);
}

void function_irq(struct server *s, unsigned fn, const struct guc_irq *irq)
{
	plain_irq(s, fn, irq);
	if (fn == 0 && s->pf) {
		builtin_irq(s);
	} else if (s->fn[fn].client) {
		if (bell_irq(s, fn, irq))
			client_irq(s->fn[fn].client, irq);
	} else if (vfio_attached(s, fn)) {
		vfio_irq(s, fn, irq);
	}
}

void function_lost(struct server *s, unsigned fn)
{
	struct function *f = &s->fn[fn];

	snapshot_finish(s);
	bell_drop(s, fn);
	plain_drop(s, fn);
	memory_drop_all(&f->memory);
	local_forget(&s->local, fn);
	f->freeze = THAWED;
	if (fn == 0 || s->stopping)
		return;
	card_time(s);
	(void)guc_flr(&s->card, fn);
	card_kick(s);
}
