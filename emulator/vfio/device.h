/* SPDX-License-Identifier: MIT */
/* A VF as a vfio-user device: what a message asks, done on the card through
 * `ops`, and the reply. Pure: no sockets, no memory of its own; descriptors are
 * numbers that are passed on. One virtual machine at a time. */
#ifndef GUCEMU_VFIO_DEVICE_H
#define GUCEMU_VFIO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "pci.h"

#define VDEV_BAR0_BYTES (16u << 20) /* registers, from 8 MiB on GGTT entries */
#define VDEV_DATA_MAX   65536u      /* of one region access; told in VERSION */
#define VDEV_FDS        8u          /* with one message; told in VERSION */
#define VDEV_MAPS       256u        /* of guest memory at one time; told in VERSION */
#define VDEV_MSG_MAX    (VU_HEADER + VU_ACCESS_BYTES + VDEV_DATA_MAX)
#define VDEV_VECTORS    PCI_MSIX_VECTORS

/* What the device does to its card. Each returns 0 or a negative errno. */
struct vdev_ops {
	/* Registers and GGTT entries: size 4 or 8, aligned. */
	int (*mmio_read)(void *user, uint64_t off, unsigned size, uint64_t *value);
	int (*mmio_write)(void *user, uint64_t off, unsigned size, uint64_t value);
	/* The LMEM aperture; only with identity.bar2_bytes. Inside it. */
	int (*lmem_read)(void *user, uint64_t off, void *dst, size_t len);
	int (*lmem_write)(void *user, uint64_t off, const void *src, size_t len);
	/* Guest memory. fd -1: there is something that can't be reached. Who returns
	 * 0 owns the fd. */
	int (*dma_map)(void *user, uint64_t addr, uint64_t size, uint64_t offset, bool readonly,
		       int fd);
	int (*dma_unmap)(void *user, uint64_t addr, uint64_t size);
	void (*dma_unmap_all)(void *user);
	/* May this descriptor be a vector's: is it an eventfd? */
	bool (*is_vector)(void *user, int fd);
	/* The eventfd of a vector, owned; -1: none any more. */
	void (*vector)(void *user, unsigned vector, int fd);
	/* Function level reset. */
	void (*reset)(void *user);
};

struct vdev {
	const struct vdev_ops *ops;
	void *user;
	struct pci_identity identity;
	struct pci pci;
	bool greeted;    /* VERSION came */
	uint64_t errors; /* requests answered with an error */
	uint8_t msix[16u * VDEV_VECTORS];
	size_t cursor;   /* writes of a REGION_WRITE_MULTI that are done */
};

/* `ops` outlives the device. */
void vdev_init(struct vdev *d, const struct pci_identity *identity, const struct vdev_ops *ops,
	       void *user);
/* The virtual machine is gone: vectors, memory and version are forgotten. */
void vdev_forget(struct vdev *d);

/* Be a device that another was until now: its configuration space, its MSI-X table,
 * whether VERSION came. 0, or -EXDEV and nothing was changed: what no write can change
 * there is not as it is here. */
int vdev_adopt(struct vdev *d, const uint8_t config[PCI_CONFIG_BYTES],
	       const uint8_t msix[16u * VDEV_VECTORS], bool greeted);

/* Is this header one of a command that may follow? 0 and the size of the body,
 * or -EPROTO: the connection can't go on. */
int vdev_header(const struct vdev *d, const uint8_t header[VU_HEADER], uint32_t *body);

/* Carry out a command whose header vdev_header() took. fds[0..n) came with it;
 * those that are kept become -1. The reply goes to reply[0..VDEV_MSG_MAX): its
 * length, 0 when none is wanted. -EPROTO as above. -EAGAIN: `budget` writes of a
 * list are done, call again with the same message. */
int vdev_command(struct vdev *d, const uint8_t *msg, size_t len, int *fds, unsigned n,
		 unsigned budget, uint8_t *reply);

#endif
