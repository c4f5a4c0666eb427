/* SPDX-License-Identifier: MIT */
/* The vfio-user sockets of a card. See vfio.h. Descriptors come with a message's header,
 * and a recvmsg takes nothing from behind the bytes that they were sent with. It never
 * takes the beginnings of three messages here, so what comes with more than the end of
 * one is of the next. A reply is sent whole before the next message is looked at. */
#include "vfio.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulator/snapshot.h"
#include "proto/bits.h"
#include "vfio_priv.h"

/* Register writes between two looks at the clock. */
#define WRITES_A_LOOK 32u

_Static_assert(MEMORY_GUEST_REGIONS >= VDEV_MAPS && VFIO_FDLESS_MAX >= VDEV_MAPS,
	       "as many as the device says");

/* --- what the device does to the card ---------------------------------------------- */

static int op_mmio_read(void *user, uint64_t off, unsigned size, uint64_t *value)
{
	struct vfio *v = user;

	return guc_mmio_read(&v->server->card, v->fn, off, size, value);
}

static int op_mmio_write(void *user, uint64_t off, unsigned size, uint64_t value)
{
	struct vfio *v = user;

	return guc_mmio_write(&v->server->card, v->fn, off, size, value);
}

/* Beyond the VF's share there is nothing: reads give ones, writes are lost, and
 * the card has counted it. */
static int op_lmem_read(void *user, uint64_t off, void *dst, size_t len)
{
	struct vfio *v = user;
	struct server *s = v->server;

	if (guc_lmem_check(&s->card, v->fn, 0, off, len) != 0 ||
	    local_read(&s->local, 0, v->fn, LOCAL_CONTENT, off, dst, len) != 0)
		memset(dst, 0xFF, len);
	return 0;
}

static int op_lmem_write(void *user, uint64_t off, const void *src, size_t len)
{
	struct vfio *v = user;
	struct server *s = v->server;

	if (guc_lmem_check(&s->card, v->fn, 0, off, len) == 0)
		(void)local_write(&s->local, 0, v->fn, LOCAL_CONTENT, false, off, src, len);
	return 0;
}

static int op_dma_map(void *user, uint64_t addr, uint64_t size, uint64_t offset, bool readonly,
		      int fd)
{
	struct vfio *v = user;

	if (fd >= 0)
		return memory_share_guest(&v->server->fn[v->fn].memory, fd, addr, size, offset,
					  readonly);
	if (v->fdless_n == VFIO_FDLESS_MAX)
		return -ENOSPC;
	v->fdless[v->fdless_n++] = (struct vfio_range){ addr, size };
	return 0;
}

static int op_dma_unmap(void *user, uint64_t addr, uint64_t size)
{
	struct vfio *v = user;
	struct memory *m = &v->server->fn[v->fn].memory;
	const struct memory_region *r = memory_find(m, addr);

	if (r && r->size == size)
		return memory_drop(m, addr);
	for (unsigned i = 0; i < v->fdless_n; i++) {
		if (v->fdless[i].addr != addr || v->fdless[i].size != size)
			continue;
		v->fdless[i] = v->fdless[--v->fdless_n];
		return 0;
	}
	return -ENOENT;
}

static void op_dma_unmap_all(void *user)
{
	struct vfio *v = user;

	memory_drop_all(&v->server->fn[v->fn].memory);
	v->fdless_n = 0;
}

/* A file without a type is one of the kernel's own: of those whose writes can wait for
 * somebody, eventfds are the only kind. */
bool vfio_is_vector(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0;
}

static bool op_is_vector(void *user, int fd)
{
	(void)user;
	return vfio_is_vector(fd);
}

static void op_vector(void *user, unsigned vector, int fd)
{
	struct vfio *v = user;

	if (v->vector[vector] >= 0)
		close(v->vector[vector]);
	v->vector[vector] = fd;
}

static void op_reset(void *user)
{
	struct vfio *v = user;

	(void)guc_flr(&v->server->card, v->fn);
	card_kick(v->server);
}

static const struct vdev_ops ops = {
	.mmio_read = op_mmio_read,
	.mmio_write = op_mmio_write,
	.lmem_read = op_lmem_read,
	.lmem_write = op_lmem_write,
	.dma_map = op_dma_map,
	.dma_unmap = op_dma_unmap,
	.dma_unmap_all = op_dma_unmap_all,
	.is_vector = op_is_vector,
	.vector = op_vector,
	.reset = op_reset,
};

void vfio_irq(struct server *s, unsigned fn, const struct guc_irq *irq)
{
	struct vfio *v = vfio_of(s, fn);
	unsigned vector = v->dev.identity.msix && irq->vector < VDEV_VECTORS ? irq->vector : 0;
	struct pollfd room = { .fd = v->vector[vector], .events = POLLOUT };
	const uint64_t one = 1;

	/* Full: the machine has more than enough to wake up for, and the write would wait
	 * unless it is told not to, which is the machine's to say. */
	if (v->vector[vector] >= 0 && poll(&room, 1, 0) == 1 && room.revents & POLLOUT &&
	    write(v->vector[vector], &one, sizeof(one)) == (ssize_t)sizeof(one))
		v->irqs++;
}

/* --- messages ---------------------------------------------------------------------------- */

static void on_accept(uv_poll_t *poll, int status, int events);

static void listen_on(struct vfio *v)
{
	if (v->accept.data && !v->closing && !v->server->stopping)
		uv_poll_start(&v->accept, UV_READABLE, on_accept);
}

static void on_closed(uv_handle_t *handle)
{
	struct vfio *v = handle->data;

	v->closing = false;
	listen_on(v);
}

void vfio_drop(struct vfio *v)
{
	uv_poll_stop(&v->accept);
	v->closing = true;
	uv_close((uv_handle_t *)&v->poll, on_closed);
	close(v->fd);
	v->fd = -1;
	v->held = v->begun = false;
	v->watched = 0;
	v->own = 0;
	fdq_clear(&v->fds);
	v->in_len = v->out_at = v->out_len = 0;
	vdev_forget(&v->dev);
}

static void detach(struct vfio *v, const char *why)
{
	struct server *s = v->server;

	if (v->fd < 0)
		return;
	server_log(s, LOG_NOTICE, "vf%u: virtual machine (pid %d) gone: %s", v->fn, (int)v->pid,
		   why);
	vfio_drop(v);
	handover_lost(s, v->fn);
	freeze_lost(s, v->fn);
	function_lost(s, v->fn);
	record_detach(s, v->fn, false);
}

static void on_poll(uv_poll_t *poll, int status, int events);

bool vfio_waits(const struct vfio *v)
{
	return v->in_len >= VU_HEADER && le32_get(v->in + VU_H_SIZE) <= VU_HEADER;
}

/* Two system calls, so only when it is something else. */
void vfio_watch(struct vfio *v)
{
	int events = v->out_at < v->out_len	 ? UV_WRITABLE :
		     v->held			 ? UV_DISCONNECT :
		     v->begun || vfio_waits(v) ? UV_WRITABLE :
						   UV_READABLE;

	if (events != v->watched && uv_poll_start(&v->poll, events, on_poll) == 0)
		v->watched = events;
}

/* 1: all sent, 0: later, -1: gone. */
static int flush(struct vfio *v)
{
	while (v->out_at < v->out_len) {
		ssize_t n = send(v->fd, v->out + v->out_at, v->out_len - v->out_at,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			detach(v, strerror(errno));
			return -1;
		}
		v->out_at += (size_t)n;
	}
	v->out_at = v->out_len = 0;
	return 1;
}

/* Receive up to the end of what is wanted, and `ahead` bytes of what comes next if they
 * are there: 1 it is there, 0 later, -1 gone. */
static int fill(struct vfio *v, size_t ahead)
{
	while (v->in_len < v->in_want) {
		unsigned had = v->fds.n;
		ssize_t n = fdq_receive(&v->fds, v->fd, v->in + v->in_len,
					v->in_want + ahead - v->in_len);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return 0;
		if (n <= 0) {
			detach(v, n == 0 || n == -ECONNRESET ? "connection closed" :
				  n == -EMFILE		     ? "too many descriptors" :
							       strerror((int)-n));
			return -1;
		}
		v->in_len += (size_t)n;
		v->own = had;
	}
	return 1;
}

/* The next whole message: as fill(). */
static int next_message(struct vfio *v)
{
	uint32_t body;
	int r;

	if (v->in_len < VU_HEADER) {
		v->in_want = VU_HEADER;
		r = fill(v, VU_ACCESS_BYTES); /* a read's whole message */
		if (r <= 0)
			return r;
	}
	if (vdev_header(&v->dev, v->in, &body) != 0) {
		v->server->refused++;
		detach(v, "no vfio-user message");
		return -1;
	}
	v->in_want = VU_HEADER + body;
	r = fill(v, VU_HEADER);
	if (v->in_len <= v->in_want)
		v->own = v->fds.n;
	return r;
}

/* The message is done: what came behind it is the beginning of the next. */
static void consume(struct vfio *v)
{
	v->in_len -= v->in_want;
	memmove(v->in, v->in + v->in_want, v->in_len);
	v->own = v->fds.n;
	v->messages++;
}

/* True when there may be more at once. */
static bool serve_one(struct vfio *v)
{
	int fds[WIRE_FDS_MAX], r = next_message(v);
	unsigned n;

	if (r <= 0)
		return false;
	n = v->own;
	v->own = 0;
	(void)fdq_take(&v->fds, n, fds);
	card_time(v->server);
	r = vdev_command(&v->dev, v->in, v->in_want, fds, n, WRITES_A_LOOK, v->out);
	fds_close(fds, n);
	v->begun = r == -EAGAIN;
	if (v->begun)
		return true;
	consume(v);
	v->out_len = (size_t)r;
	/* Who gets a reply mostly waits for it, and has sent nothing else yet. */
	return r == 0 || (flush(v) > 0 && v->in_len > 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct vfio *v = poll->data;
	uint64_t limit = uv_hrtime() + SERVER_SLICE_NS;

	(void)events;
	if (status < 0 || (v->held && events & UV_DISCONNECT)) {
		detach(v, "connection closed");
		return;
	}
	if (flush(v) > 0 && !v->held)
		while (serve_one(v) && uv_hrtime() < limit)
			;
	if (v->fd >= 0)
		vfio_watch(v);
}

/* --- connections --------------------------------------------------------------------------- */

static void on_accept(uv_poll_t *poll, int status, int events)
{
	struct vfio *v = poll->data;
	struct server *s = v->server;
	uid_t uid = 0;
	int fd = status < 0 ? status : listen_accept(&v->listen, &uid, &v->pid);

	(void)events;
	if (fd == -EPERM)
		server_log(s, LOG_WARN, "vf%u: refused a virtual machine of user %u", v->fn,
			   (unsigned)uid);
	if (fd < 0)
		return;
	if (v->fd >= 0 || s->fn[v->fn].client || s->fn[v->fn].reserved_by != 0 ||
	    uv_poll_init(&s->loop, &v->poll, fd) != 0) {
		server_log(s, LOG_WARN, "vf%u: a virtual machine (pid %d) is refused: it is taken", v->fn,
			   (int)v->pid);
		close(fd);
		return;
	}
	snapshot_finish(s);
	v->poll.data = v;
	v->fd = fd;
	v->machines++;
	server_log(s, LOG_NOTICE, "vf%u: virtual machine (pid %d)", v->fn, (int)v->pid);
	record_attach(s, v->fn, "vfio-user", false);
	vfio_watch(v);
}

void vfio_accept(struct server *s)
{
	for (unsigned fn = 1; fn <= s->opt.geometry.vfs; fn++)
		if (vfio_of(s, fn))
			listen_on(vfio_of(s, fn));
}

static int open_one(struct server *s, unsigned fn, const char *path)
{
	struct vfio *v = calloc(1, sizeof(*v));
	char err[256];
	int r = v ? 0 : -ENOMEM;

	if (r)
		return r;
	v->server = s;
	v->fn = fn;
	v->fd = v->listen.fd = -1;
	for (unsigned i = 0; i < VDEV_VECTORS; i++)
		v->vector[i] = -1;
	v->in = malloc(VDEV_MSG_MAX + VU_HEADER);
	v->out = malloc(VDEV_MSG_MAX);
	s->fn[fn].vfio = v;
	if (!v->in || !v->out)
		return -ENOMEM;
	vdev_init(&v->dev, &s->opt.pci, &ops, v);
	r = listen_open(&v->listen, path, err, sizeof(err));
	if (r) {
		server_log(s, LOG_ERROR, "%s", err);
		return r;
	}
	r = uv_poll_init(&s->loop, &v->accept, v->listen.fd);
	v->accept.data = r == 0 ? v : NULL;
	return r;
}

/* --- "vf1=PATH,vf2=PATH" ------------------------------------------------------------------ */

/* One entry at *at, which moves behind it: the VF, 0 when it is none. */
static unsigned entry(const char **at, char *path, size_t cap)
{
	char *end;
	unsigned long fn;
	size_t n;

	if (strncmp(*at, "vf", 2) != 0 || (*at)[2] < '1' || (*at)[2] > '9')
		return 0;
	fn = strtoul(*at + 2, &end, 10);
	if (*end != '=' || fn > GUC_MAX_VFS)
		return 0;
	n = strcspn(end + 1, ",");
	if (n == 0 || n >= cap)
		return 0;
	memcpy(path, end + 1, n);
	path[n] = '\0';
	*at = end + 1 + n;
	if (**at == ',')
		(*at)++;
	return (unsigned)fn;
}

const char *vfio_list_check(const char *list, unsigned vfs)
{
	bool seen[GUC_MAX_FUNCTIONS] = { false };
	char path[sizeof(((struct listen_socket *)0)->path)];

	if (!*list)
		return "--vfio-user is vf1=PATH[,vf2=PATH...]";
	while (*list) {
		unsigned fn = entry(&list, path, sizeof(path));

		if (fn == 0)
			return "--vfio-user is vf1=PATH[,vf2=PATH...]";
		if (fn > vfs)
			return "--vfio-user names a VF that the card does not have (--vfs)";
		if (seen[fn])
			return "--vfio-user names a VF twice";
		seen[fn] = true;
	}
	return NULL;
}

int vfio_start(struct server *s)
{
	const char *list = s->opt.vfio_user ? s->opt.vfio_user : "";
	char path[sizeof(((struct listen_socket *)0)->path)];
	int err = 0;

	while (*list && err == 0) {
		unsigned fn = entry(&list, path, sizeof(path));

		err = open_one(s, fn, path);
	}
	return err;
}

void vfio_stop(struct server *s)
{
	for (unsigned fn = 1; fn < GUC_MAX_FUNCTIONS; fn++) {
		struct vfio *v = vfio_of(s, fn);

		if (!v)
			continue;
		detach(v, "the emulator ends");
		if (v->accept.data)
			uv_close((uv_handle_t *)&v->accept, NULL);
		v->accept.data = NULL;
		if (v->listen.fd >= 0)
			listen_close(&v->listen);
	}
}

void vfio_free(struct server *s)
{
	for (unsigned fn = 1; fn < GUC_MAX_FUNCTIONS; fn++) {
		struct vfio *v = vfio_of(s, fn);

		if (!v)
			continue;
		free(v->in);
		free(v->out);
		free(v);
		s->fn[fn].vfio = NULL;
	}
}

bool vfio_attached(const struct server *s, unsigned fn)
{
	return vfio_of(s, fn) && vfio_of(s, fn)->fd >= 0;
}

struct json_object *vfio_state(const struct server *s, unsigned fn)
{
	const struct vfio *v = vfio_of(s, fn);
	struct json_object *o;

	if (!v)
		return NULL;
	o = json_object_new_object();
	json_add_str(o, "socket", v->listen.path);
	json_add_bool(o, "attached", v->fd >= 0);
	json_add_u64(o, "pid", v->fd >= 0 ? (uint64_t)v->pid : 0);
	json_add_u64(o, "messages", v->messages);
	json_add_u64(o, "errors", v->dev.errors);
	json_add_u64(o, "interrupts", v->irqs);
	json_add_u64(o, "machines", v->machines);
	return o;
}
