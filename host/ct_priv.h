/* SPDX-License-Identifier: MIT */
/* What ct.c (sending) and ct_receive.c (receiving, time) share. */
#ifndef GUCEMU_HOST_CT_PRIV_H
#define GUCEMU_HOST_CT_PRIV_H

#include "ct.h"

/* G2H dwords that each request reserves: the longest reply. */
#define CT_REQUEST_CREDIT CTB_MSG_MAX_DWORDS

/* The channel is dead; OR `status` into the descriptor at `desc`. */
void ct_break(struct host_ct *ct, size_t desc, uint32_t status);
/* The request under way with this fence, or NULL. */
struct host_ct_request *ct_find(struct host_ct *ct, uint32_t fence);
/* 0 when it is on, else what its users get. */
int ct_state_error(const struct host_ct *ct);
/* Free the slot and tell its sender. */
void ct_end_request(struct host_ct *ct, struct host_ct_request *r, int err, const uint32_t *dw,
		    uint32_t len);
/* Something is to come: when to look for it, should no interrupt tell. */
void ct_expect(struct host_ct *ct, uint64_t now);
int ct_write(struct host_ct *ct, uint32_t fence, const uint32_t *dw, uint32_t len);
int ct_send_request(struct host_ct *ct, struct host_ct_request *r, uint64_t now);

#endif
