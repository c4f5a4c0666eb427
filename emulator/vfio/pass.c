/* SPDX-License-Identifier: MIT */
/* Handing a virtual machine over to another emulator, the device's side: what of it
 * goes along, and becoming the device of one that another had. handover.c and adopt.c
 * do the talking. */
#include "vfio_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "proto/bits.h"

bool vfio_at_rest(const struct server *s, unsigned fn)
{
	const struct vfio *v = vfio_of(s, fn);
	int left = 0;

	return !v->begun && !vfio_waits(v) && v->out_at == v->out_len && ioctl(v->fd, FIONREAD, &left) == 0 &&
	       left == 0;
}

void vfio_hold(struct server *s, unsigned fn, bool hold)
{
	struct vfio *v = vfio_of(s, fn);

	v->held = hold;
	vfio_watch(v);
}

bool vfio_vacant(const struct server *s, unsigned fn)
{
	const struct vfio *v = vfio_of(s, fn);

	return v && v->fd < 0 && !v->closing;
}

int vfio_describe(const struct server *s, unsigned fn, struct vfio_machine *m)
{
	const struct vfio *v = vfio_of(s, fn);

	memset(m, 0, sizeof(*m));
	memcpy(m->config, v->dev.pci.bytes, sizeof(m->config));
	memcpy(m->msix, v->dev.msix, sizeof(m->msix));
	m->greeted = v->dev.greeted;
	memcpy(m->vector, v->vector, sizeof(m->vector));
	memcpy(m->fdless, v->fdless, sizeof(m->fdless));
	m->fdless_n = v->fdless_n;
	m->bytes = v->in;
	m->len = v->in_len;
	m->fds = v->fds.fd;
	m->fds_n = v->fds.n;
	return v->fd;
}

/* The beginning of a message, as next_message() leaves it, and eventfds. */
static int machine_check(const struct vdev *d, const struct vfio_machine *m)
{
	uint32_t body;

	if (m->fds_n > WIRE_FDS_MAX || m->len > VDEV_MSG_MAX)
		return -EPROTO;
	for (unsigned i = 0; i < VDEV_VECTORS; i++)
		if (m->vector[i] >= 0 && !vfio_is_vector(m->vector[i]))
			return -EPROTO;
	if (m->len < VU_HEADER)
		return 0;
	return vdev_header(d, m->bytes, &body) == 0 && m->len < VU_HEADER + body ? 0 : -EPROTO;
}

int vfio_adopt(struct server *s, unsigned fn, int fd, const struct vfio_machine *m)
{
	struct vfio *v = vfio_of(s, fn);
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int err;

	if (!vfio_vacant(s, fn))
		return -EBUSY;
	err = vdev_adopt(&v->dev, m->config, m->msix, m->greeted);
	if (err == 0)
		err = machine_check(&v->dev, m);
	if (err == 0)
		err = uv_poll_init(&s->loop, &v->poll, fd);
	if (err != 0) {
		vdev_forget(&v->dev);
		return err;
	}
	v->poll.data = v;
	v->fd = fd;
	v->pid = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.pid : 0;
	v->machines++;
	memcpy(v->vector, m->vector, sizeof(v->vector));
	memcpy(v->fdless, m->fdless, sizeof(v->fdless));
	v->fdless_n = m->fdless_n;
	if (m->len)
		memcpy(v->in, m->bytes, m->len);
	v->in_len = m->len;
	if (m->fds_n)
		memcpy(v->fds.fd, m->fds, m->fds_n * sizeof(*m->fds));
	v->fds.n = v->own = m->fds_n;
	record_attach(s, fn, "vfio-user", true);
	vfio_hold(s, fn, true);
	return 0;
}

void vfio_release(struct server *s, unsigned fn)
{
	record_detach(s, fn, true);
	vfio_drop(vfio_of(s, fn));
}
