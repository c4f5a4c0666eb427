/* SPDX-License-Identifier: MIT */
/* Rows of the bootstrap that several operations share (boot.c), and the tables
 * made of them (op.c). A row is called until it returns something else than
 * VFC_WAIT or VFC_MORE. */
#ifndef GUCEMU_VFC_BOOT_H
#define GUCEMU_VFC_BOOT_H

#include "vfc_priv.h"

/* Forget everything of an earlier life. */
void vfc_boot_clean(struct vfc *v);

int vfc_row_vf_reset(struct vfc_gt *gt, unsigned arg);
int vfc_row_match(struct vfc_gt *gt, unsigned arg);
int vfc_row_query(struct vfc_gt *gt, unsigned arg);
int vfc_row_generation(struct vfc_gt *gt, unsigned arg);
int vfc_row_ptes(struct vfc_gt *gt, unsigned arg);
int vfc_row_images(struct vfc_gt *gt, unsigned arg);
int vfc_row_self_cfg(struct vfc_gt *gt, unsigned key);
int vfc_row_ct_reset(struct vfc_gt *gt, unsigned arg);
int vfc_row_control_ctb(struct vfc_gt *gt, unsigned arg);
int vfc_row_handshake(struct vfc_gt *gt, unsigned arg);
int vfc_row_runtime(struct vfc_gt *gt, unsigned arg);
int vfc_row_up(struct vfc_gt *gt, unsigned arg);

#endif
