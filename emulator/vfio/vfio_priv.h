/* SPDX-License-Identifier: MIT */
/* A VF's vfio-user socket and the machine at it: what vfio.c and pass.c share.
 * Private. */
#ifndef GUCEMU_VFIO_VFIO_PRIV_H
#define GUCEMU_VFIO_VFIO_PRIV_H

#include "device.h"
#include "vfio.h"
#include "wire/fdq.h"

struct vfio {
	struct server *server;
	unsigned fn;
	struct listen_socket listen;
	uv_poll_t accept;
	/* The virtual machine, or fd -1. */
	int fd;
	uv_poll_t poll;
	int watched; /* events that the poll waits for, 0: none */
	bool held, closing; /* closing: the last machine's handle is not gone yet */
	pid_t pid;
	struct vdev dev;
	int vector[VDEV_VECTORS];
	struct vfio_range fdless[VFIO_FDLESS_MAX];
	unsigned fdless_n;
	/* The message that is coming in, in_want bytes as far as it is known; behind it
	 * the next one's header, or a part of it, may have come along. */
	uint8_t *in;
	size_t in_len, in_want;
	bool begun; /* it is carried out by halves: nothing more need come for the rest */
	struct fdq fds;
	unsigned own; /* so many of them came with this message */
	uint8_t *out; /* the reply that is going out */
	size_t out_at, out_len;
	uint64_t messages, irqs, machines;
};

static inline struct vfio *vfio_of(const struct server *s, unsigned fn)
{
	return s->fn[fn].vfio;
}

/* May a descriptor be a vector's? Of anything but an eventfd a write could block. */
bool vfio_is_vector(int fd);
/* It has come whole behind another one: nothing more need come for it. */
bool vfio_waits(const struct vfio *v);
/* Wait for what is due: bytes to go out, bytes to come in, or the end alone. */
void vfio_watch(struct vfio *v);
/* The machine's connection is no more ours: descriptors, vectors, memory are closed. */
void vfio_drop(struct vfio *v);

#endif
