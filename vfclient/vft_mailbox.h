/* SPDX-License-Identifier: MIT */
/* libgucvf, second layer: GuC requests over the MMIO mailbox of a linked
 * function (guc-abi 2.2, 2.3), without a driver: one request at a time of each
 * GT, with the retries and time limits of the Linux driver, on the clock of the
 * link. */
#ifndef GUCEMU_VFT_MAILBOX_H
#define GUCEMU_VFT_MAILBOX_H

#include "host/mailbox.h"
#include "vft_link.h"

struct vft_mailbox;

/* dw[0..4): SUCCESS header and registers 1 to 3; NULL unless err is 0. Errors
 * as host_mailbox_take(), or -ECONNRESET. */
typedef void (*vft_mailbox_fn)(void *user, int err, const uint32_t *dw);

/* The mailbox of GT `media` (0 or 1) of tile 0. Close it before the link. */
int vft_mailbox_open(struct vft_mailbox **out, struct vft_link *l, bool media);
/* A request under way ends without its callback. */
void vft_mailbox_close(struct vft_mailbox *m);

/* Send dw[0..len), 1 to 4 dwords. fn is called once, later. -EBUSY while a
 * request runs, -EINVAL, the link's error. */
int vft_mailbox_request(struct vft_mailbox *m, const uint32_t *dw, uint32_t len,
			vft_mailbox_fn fn, void *user);
/* The same, running the loop; reply[0..4) may be NULL. */
int vft_mailbox_request_sync(struct vft_mailbox *m, const uint32_t *dw, uint32_t len,
			     uint32_t *reply, unsigned timeout_ms);

#endif
