/* SPDX-License-Identifier: MIT */
/* VFs behind vfio-user sockets: one listening socket for a VF, one virtual
 * machine at a time. The edge of device.h: bytes, descriptors, eventfds. */
#ifndef GUCEMU_VFIO_VFIO_H
#define GUCEMU_VFIO_VFIO_H

#include "emulator/server.h"

struct vfio;

/* Memory of a machine without a descriptor (firmware, other devices): known, to be
 * found again when it is unmapped; the card can't reach it. */
#define VFIO_FDLESS_MAX 256u

struct vfio_range {
	uint64_t addr, size;
};

/* What another emulator needs of a machine besides its socket and its memory. The
 * descriptors are whose the struct is. */
struct vfio_machine {
	uint8_t config[PCI_CONFIG_BYTES];
	uint8_t msix[16u * PCI_MSIX_VECTORS];
	bool greeted;
	int vector[PCI_MSIX_VECTORS]; /* eventfds, or -1 */
	struct vfio_range fdless[VFIO_FDLESS_MAX];
	unsigned fdless_n;
	/* Received and not carried out: less than a message, and its descriptors. */
	const uint8_t *bytes;
	size_t len;
	const int *fds;
	unsigned fds_n;
};

/* Listen for virtual machines as --vfio-user says: "vf1=PATH[,vf2=PATH...]".
 * 0 or -errno, logged. Machines are taken after vfio_accept(). */
int vfio_start(struct server *s);
void vfio_accept(struct server *s);
/* The machines are let go; when the loop has run out, the rest is freed. */
void vfio_stop(struct server *s);
void vfio_free(struct server *s);
/* Is this list well-formed, for VFs of 1 to `vfs`? NULL, or what is wrong. */
const char *vfio_list_check(const char *list, unsigned vfs);

/* A virtual machine has this function. */
bool vfio_attached(const struct server *s, unsigned fn);
void vfio_irq(struct server *s, unsigned fn, const struct guc_irq *irq);
/* All that it sent is carried out, but for the beginning of a message, and answered. */
bool vfio_at_rest(const struct server *s, unsigned fn);
/* At rest: nothing more is taken from it, or go on. */
void vfio_hold(struct server *s, unsigned fn, bool hold);

/* --- pass.c: hand-over to and from another emulator --- */

/* The VF has a socket here that no machine is at. */
bool vfio_vacant(const struct server *s, unsigned fn);
/* The machine's connection, of one that is held; *m is filled, its descriptors stay
 * with the device. */
int vfio_describe(const struct server *s, unsigned fn, struct vfio_machine *m);
/* Be the device of this machine, held. 0: descriptors are taken. -EXDEV: our device is
 * another, -EPROTO: its bytes can't be, -EBUSY or -errno; nothing was taken. */
int vfio_adopt(struct server *s, unsigned fn, int fd, const struct vfio_machine *m);
/* Forget it without a word: another emulator has it. */
void vfio_release(struct server *s, unsigned fn);

/* What `gucemu state` shows of it; NULL: no such socket. */
struct json_object *vfio_state(const struct server *s, unsigned fn);

#endif
