/* SPDX-License-Identifier: MIT */
/* VFs behind vfio-user sockets: one listening socket for a VF, one virtual
 * machine at a time. The edge of device.h: bytes, descriptors, eventfds. */
#ifndef GUCEMU_VFIO_VFIO_H
#define GUCEMU_VFIO_VFIO_H

#include "emulator/server.h"

struct vfio;

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
/* Nothing of it is under way and nothing more is taken from it, or go on. */
void vfio_hold(struct server *s, unsigned fn, bool hold);

/* What `gucemu state` shows of it; NULL: no such socket. */
struct json_object *vfio_state(const struct server *s, unsigned fn);

#endif
