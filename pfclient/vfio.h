/* SPDX-License-Identifier: MIT */
/* The migration states that VFIO shows a virtual machine's owner of a VF, as the xe
 * VFIO driver walks them (vf-lifecycle 2.11): each arc is a verb of the PF. Features
 * STOP_COPY and P2P, no pre-copy. State of the driver is in the PF's own storage. */
#ifndef GUCEMU_PFC_VFIO_H
#define GUCEMU_PFC_VFIO_H

#include "pfc.h"

/* X(symbol, name) */
#define PFC_VFIO_STATE_LIST(X)                                                 \
	X(RUNNING, "running") X(RUNNING_P2P, "running-p2p") X(STOP, "stop")    \
	X(STOP_COPY, "stop-copy") X(RESUMING, "resuming")

enum pfc_vfio_state {
#define X(sym, name) PFC_VFIO_##sym,
	PFC_VFIO_STATE_LIST(X)
#undef X
	PFC_VFIO_STATE_COUNT
};

/* Go to a state, by as many arcs as it takes; PFC_EV_VFIO with `tag`, and the state
 * reached as its code, when there or when an arc failed. A state that is none stops the
 * VF (PFC_STOP). 0 (also when it is there already, reported before this returns);
 * -EINVAL no such VF or state; -EBUSY an arc is under way; -ENODEV not started. */
int pfc_vfio_set(struct pfc *p, unsigned vf, enum pfc_vfio_state state, uint64_t tag);
/* The state; RUNNING at first and for a VF that there is not. */
enum pfc_vfio_state pfc_vfio_state(const struct pfc *p, unsigned vf);
const char *pfc_vfio_state_name(enum pfc_vfio_state s);

/* The file that goes with STOP_COPY and RESUMING: as pfc_image_read() and
 * pfc_image_write(); -ENODEV when it is not open that way, or no longer; -ESPIPE for an
 * access that has a position. */
long pfc_vfio_read(struct pfc *p, unsigned vf, bool has_position, void *buf, size_t len);
long pfc_vfio_write(struct pfc *p, unsigned vf, bool has_position, const void *buf, size_t len);

/* A reset of the device is about to come: every GT is in its FLR from now on, which
 * begins with GuC's event or with pfc_do(PFC_FLR). 0; -EINVAL; -ENODEV; -EALREADY. */
int pfc_vfio_reset_prepare(struct pfc *p, unsigned vf);
/* It has been: when the FLR ended, or 5 s later (which is only logged), the file is gone,
 * the state RUNNING, and PFC_EV_VFIO is reported. 0; -EINVAL. */
int pfc_vfio_reset_done(struct pfc *p, unsigned vf, uint64_t tag);

#endif
