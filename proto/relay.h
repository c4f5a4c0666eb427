/* SPDX-License-Identifier: MIT */
/* The relay protocol between a VF's and the PF's driver: an HXG message
 * (origin always host) inside a carrier that GuC forwards unread
 * (abi/guc_relay_communication_abi.h, guc_relay_actions_abi.h; guc-abi
 * section 8, vf-lifecycle section 7). Numbers only. */
#ifndef GUCEMU_PROTO_RELAY_H
#define GUCEMU_PROTO_RELAY_H

#include "hxg.h"

#define RELAY_MAX_DWORDS 252u

enum relay_action {
	RELAY_VF2PF_HANDSHAKE = 0x0001,
	RELAY_VF2PF_QUERY_RUNTIME = 0x0101,
	RELAY_TESTLOOP = 0xDEB1,
};

/* DATA0 of a TESTLOOP request (vf-lifecycle 7.2), and its times in ns: BUSY is said
 * this often, BUSY and RETRY turn into success after this long. */
enum relay_testloop_opcode {
	RELAY_TESTLOOP_NOP = 0x0,
	RELAY_TESTLOOP_BUSY = 0xB,
	RELAY_TESTLOOP_RETRY = 0xD,
	RELAY_TESTLOOP_ECHO = 0xE,
	RELAY_TESTLOOP_FAIL = 0xF,
};
#define RELAY_TESTLOOP_STEP  312000000ull
#define RELAY_TESTLOOP_WHILE 5000000000ull

#define RELAY_VERSION_MAJOR BITS(31, 16)
#define RELAY_VERSION_MINOR BITS(15, 0)
#define RELAY_LATEST_MAJOR  1u
#define RELAY_LATEST_MINOR  0u

/* Most (offset, value) pairs one QUERY_RUNTIME answer can carry. */
#define RELAY_RUNTIME_MAX_PAIRS 125u

/* Relay error numbers are errno values; 0 hides the reason. */
#define RELAY_ERR_UNDISCLOSED 0u

#endif
