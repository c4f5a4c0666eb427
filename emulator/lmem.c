/* SPDX-License-Identifier: MIT */
/* Local memory and compression metadata at the server's edge: the card's access,
 * a VF's frames, the PF's. The files behind it are local.c's; who may reach what
 * is decided by the card, guc_lmem_check(). See docs/protocol/frames.md. */
#include <errno.h>
#include <string.h>

#include "server.h"

/* --- the card's --------------------------------------------------------------------- */

/* Metadata belongs to memory that is there. */
static bool has_memory(struct server *s, unsigned fn, uint64_t off, uint64_t len)
{
	uint64_t ratio = s->local.ratio;

	return ratio && off <= MEMORY_DMA_END / ratio &&
	       memory_covers(&s->fn[fn].memory, off * ratio, len * ratio);
}

static int card_read(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		     void *dst, size_t len)
{
	struct server *s = user;
	int err = -EFAULT;

	if (space == GUC_SPACE_LMEM)
		err = local_read(&s->local, tile, fn, LOCAL_CONTENT, off, dst, len);
	else if (space == GUC_SPACE_LMEM_CCS)
		err = local_read(&s->local, tile, fn, LOCAL_METADATA, off, dst, len);
	else if (space == GUC_SPACE_CCS && has_memory(s, fn, off, len))
		err = local_system_read(&s->local, fn, off, dst, len);
	return err ? -EFAULT : 0;
}

static int card_write(void *user, enum guc_space space, unsigned tile, unsigned fn, uint64_t off,
		      const void *src, size_t len)
{
	struct server *s = user;
	int err = -EFAULT;

	if (space == GUC_SPACE_LMEM)
		err = local_write(&s->local, tile, fn, LOCAL_CONTENT, false, off, src, len);
	else if (space == GUC_SPACE_LMEM_CCS)
		err = local_write(&s->local, tile, fn, LOCAL_METADATA, false, off, src, len);
	else if (space == GUC_SPACE_CCS && has_memory(s, fn, off, len))
		err = local_system_write(&s->local, fn, off, src, len);
	return err ? -EFAULT : 0;
}

static void card_resize(void *user, unsigned tile, unsigned fn, uint64_t bytes)
{
	struct server *s = user;

	local_resize(&s->local, tile, fn, bytes);
	card_kick(s);
}

void lmem_start(struct server *s)
{
	local_init(&s->local, s->opt.guc.ccs_ratio);
	s->card.local = (struct guc_local){
		.user = s, .read = card_read, .write = card_write, .size = card_resize,
	};
}

/* --- the PF's ----------------------------------------------------------------------- */

static int pf_read(struct server *s, const struct host_lmem *w, enum local_kind kind, void *data,
		   uint64_t *len, bool *zeros)
{
	uint64_t hole = local_hole(&s->local, w->tile, w->function, kind, w->off);

	*len = w->len;
	*zeros = hole >= w->len;
	if (*zeros) {
		*len = hole;
		return w->off + w->len <= local_bytes(&s->local, w->tile, w->function, kind) ?
			       0 : -ERANGE;
	}
	return local_read(&s->local, w->tile, w->function, kind, w->off, data, w->len);
}

int lmem_pf(struct server *s, const struct host_lmem *w, void *data, uint64_t *len, bool *zeros)
{
	enum local_kind kind = w->metadata ? LOCAL_METADATA : LOCAL_CONTENT;
	int err = 0;

	*len = 0;
	*zeros = false;
	if (w->function == 0 || w->function > s->opt.geometry.vfs ||
	    w->tile >= s->opt.geometry.tiles)
		return -ENODEV;
	if (w->len > HOST_LMEM_MAX || w->off > INT64_MAX)
		return -EINVAL;
	switch (w->op) {
	case HOST_LMEM_READ:
		err = pf_read(s, w, kind, data, len, zeros);
		break;
	case HOST_LMEM_WRITE:
		err = local_write(&s->local, w->tile, w->function, kind, true, w->off, w->data,
				  w->len);
		break;
	case HOST_LMEM_STAGE:
		local_stage(&s->local, w->tile, w->function);
		break;
	case HOST_LMEM_COMMIT:
		err = local_commit(&s->local, w->tile, w->function);
		break;
	case HOST_LMEM_ABORT:
		local_abort(&s->local, w->tile, w->function);
		break;
	}
	card_kick(s);
	return err;
}

/* --- frames ------------------------------------------------------------------------- */

static const char *lmem_text(int err)
{
	switch (err) {
	case -ENODEV:
		return "no such VF or tile";
	case -ENXIO:
		return "the function has no local memory";
	case -ERANGE:
		return "beyond the function's share of local memory";
	case -EAGAIN:
		return "the function is being reset";
	case -EINVAL:
		return "at most 65536 bytes, and of metadata only by the PF";
	case -ENOENT:
		return "there is no stage";
	}
	return strerror(-err);
}

static void lmem_status(struct client *c, uint32_t seq, int err)
{
	client_status(c, seq, err, err == 0 ? NULL : lmem_text(err));
}

static struct host_lmem of_frame(const struct frame *f, enum host_lmem_op op, size_t len)
{
	return (struct host_lmem){
		.op = op, .metadata = f->code == 1, .tile = (uint8_t)(f->gt < 255 ? f->gt : 255),
		.function = (uint8_t)(f->function < 255 ? f->function : 255), .off = f->addr,
		.len = (uint32_t)len, .data = f->data,
	};
}

/* What function `fn`, a VF, wants of its own share. */
static int vf_check(struct client *c, const struct frame *f, uint64_t len)
{
	if (len > HOST_LMEM_MAX || f->code || f->function)
		return -EINVAL;
	card_time(c->server);
	return guc_lmem_check(&c->server->card, c->fn, f->gt, f->addr, len);
}

enum wire_next on_lmem_read(struct client *c, const struct frame *f, int *fds)
{
	static uint8_t data[HOST_LMEM_MAX];
	struct server *s = c->server;
	struct frame answer = { .type = gucemu_FrameType_MEM_DATA, .seq = f->seq };
	uint64_t len = f->value;
	bool zeros = false;
	int err;

	(void)fds;
	if (len > HOST_LMEM_MAX || f->code > 1) {
		err = -EINVAL;
	} else if (c->fn == 0) {
		const struct host_lmem w = of_frame(f, HOST_LMEM_READ, len);

		err = lmem_pf(s, &w, data, &len, &zeros);
	} else {
		err = vf_check(c, f, len);
		if (err == 0)
			err = local_read(&s->local, f->gt, c->fn, LOCAL_CONTENT, f->addr, data, len);
	}
	if (err != 0) {
		lmem_status(c, f->seq, err);
		return WIRE_NEXT;
	}
	if (zeros)
		answer.value = len;
	else
		answer.data = data, answer.data_len = len;
	client_send(c, &answer, NULL);
	return WIRE_NEXT;
}

enum wire_next on_lmem_write(struct client *c, const struct frame *f, int *fds)
{
	struct server *s = c->server;
	uint64_t len;
	bool zeros;
	int err;

	(void)fds;
	if (c->fn == 0) {
		const struct host_lmem w = of_frame(f, HOST_LMEM_WRITE, f->data_len);

		err = f->code > 1 ? -EINVAL : lmem_pf(s, &w, NULL, &len, &zeros);
	} else {
		err = vf_check(c, f, f->data_len);
		if (err == 0)
			err = local_write(&s->local, f->gt, c->fn, LOCAL_CONTENT, false, f->addr,
					  f->data, f->data_len);
	}
	lmem_status(c, f->seq, err);
	return WIRE_NEXT;
}

enum wire_next on_lmem_stage(struct client *c, const struct frame *f, int *fds)
{
	static const enum host_lmem_op ops[] = { HOST_LMEM_STAGE, HOST_LMEM_COMMIT,
						 HOST_LMEM_ABORT };
	uint64_t len;
	bool zeros;
	int err = -EPERM;

	(void)fds;
	if (c->fn == 0 && f->code < 3) {
		struct host_lmem w = of_frame(f, ops[f->code], 0);

		err = lmem_pf(c->server, &w, NULL, &len, &zeros);
	} else if (c->fn == 0) {
		err = -EINVAL;
	}
	client_status(c, f->seq, err, err == -EPERM ? "stages are the PF's" :
				      err ? lmem_text(err) : NULL);
	return WIRE_NEXT;
}
