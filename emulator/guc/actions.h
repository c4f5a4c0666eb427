/* SPDX-License-Identifier: MIT */
/* The GuC's two tables of messages: actions, which hosts send and GuC serves,
 * and notices, the events that GuC sends. A code of proto/actions.h that is in
 * neither is none that firmware of this age knows: a host that sends it gets
 * 0x30, and GuC never sends it. A row may be a refusal: known, but of hardware
 * that the model does not have. Documentation is printed from both. */
#ifndef GUCEMU_GUC_ACTIONS_H
#define GUCEMU_GUC_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guc_card;
struct guc_request;

/* 0, or the enum guc_error of the failure. Replies are made by the caller. */
typedef uint16_t (*guc_handler)(struct guc_card *c, struct guc_request *r);

enum guc_role { GUC_BY_PF = 1, GUC_BY_VF = 2, GUC_BY_ALL = 3 };
enum { GUC_OVER_MMIO = 1, GUC_OVER_CTB = 2 };

/* A row of the action table. */
struct guc_action {
	uint16_t code;
	uint8_t who;              /* enum guc_role: who may send it */
	uint8_t transport;        /* GUC_OVER_MMIO or GUC_OVER_CTB */
	uint8_t since_minor;      /* first VF ABI 1.minor; 0 = always */
	uint16_t min_len, max_len;/* dwords with header */
	uint8_t data0_used;       /* 0: DATA0 of the header must be zero */
	uint8_t types;            /* accepted HXG types, bit per enum hxg_type */
	uint16_t refusal;         /* enum guc_error that it always gets; 0: the handler's */
	guc_handler handler;
};

/* The row of `code`, or NULL. Row 0..n-1 for listing, sorted by code. */
const struct guc_action *guc_action_find(uint32_t code);
const struct guc_action *guc_action_row(size_t index);

/* A row of the notices: EVENTs over CTB, DATA0 zero. */
struct guc_notice {
	uint16_t code;
	uint8_t to;                /* enum guc_role: who may get it */
	uint8_t credit;            /* G2H dwords the host has reserved for it; 0: none */
	uint16_t min_len, max_len; /* dwords with header */
};

/* The same for notices. */
const struct guc_notice *guc_notice_find(uint32_t code);
const struct guc_notice *guc_notice_row(size_t index);
/* True when an event of `len` dwords may wait for a VF over a migration: one
 * that a VF can get and has reserved no room for (verdict 2). */
bool guc_notice_travels(uint32_t code, uint32_t len);

#endif
