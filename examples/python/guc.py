# SPDX-License-Identifier: MIT
"""Numbers of the GuC's language, from docs/protocol/guc-abi.md."""

# HXG (section 1)
REQUEST, EVENT, FAST_REQUEST = 0, 1, 2
BUSY, RETRY, FAILURE, SUCCESS = 3, 5, 6, 7

# Actions (sections 5 and 6)
SELF_CFG = 0x0508
SCHED_CONTEXT = 0x1000
MODE_SET, MODE_DONE = 0x1001, 0x1002
REGISTER_CONTEXT = 0x4502
CONTROL_CTB = 0x4509
RELAY_FROM_VF, RELAY_TO_VF = 0x5100, 0x5101
RELAY_FROM_PF, RELAY_TO_PF = 0x5102, 0x5103
STATE_NOTIFY = 0x5106
MATCH_VERSION = 0x5500
UPDATE_VF_CFG = 0x5503
VF_CONTROL = 0x5506
VF_RESET = 0x5507
RESFIX_DONE = 0x5508
QUERY_KLV = 0x5509
SAVE_RESTORE = 0x550B
RESFIX_START = 0x550F

# Commands of VF_CONTROL, events of STATE_NOTIFY
PAUSE, RESUME, STOP, FLR_START, FLR_FINISH = 1, 2, 3, 4, 5
FLR, FLR_DONE, PAUSE_DONE, FIXUP_DONE = 1, 2, 3, 4

# KLVs (section 4)
GGTT_START, GGTT_SIZE, NUM_CONTEXTS, NUM_DOORBELLS = 1, 2, 4, 6
BEGIN_CONTEXT, BEGIN_DOORBELL = 0x8A0B, 0x8A0A
MEMIRQ_STATUS, MEMIRQ_SOURCE = 0x0900, 0x0901
H2G_BUFFER, H2G_DESC, H2G_SIZE = 0x0902, 0x0903, 0x0904
G2H_BUFFER, G2H_DESC, G2H_SIZE = 0x0905, 0x0906, 0x0907

# Relay services (vf-lifecycle section 7)
HANDSHAKE, QUERY_RUNTIME = 0x0001, 0x0101

ERROR_VF_MIGRATED = 0x107
MARKERS = (1, 27)                 # ABI from which RESFIX has markers

# Registers (section 2): mailbox and doorbell of main and media GT; GGTT entries
MAILBOX = (0x190240, 0x190310)
DOORBELL = (0x1901F0, 0x190304)
VF_STRIDE = 0x400                 # the PF's view of VF n
GGTT_ENTRIES = 0x800000
PTE_PRESENT = 1
PAGE = 4096

# Memory interrupts (section 9)
IRQ_MIGRATED, IRQ_GUC2HOST = 0, 15
MEMIRQ_GUC = (25, 24)


def header(kind, action, data0=0):
    return kind << 28 | data0 << 16 | action


def kind(dword0):
    return dword0 >> 28 & 7


def from_guc(dword0):
    return dword0 >> 31 == 1


def klv(key, *value):
    return [key << 16 | len(value), *value]


def klv64(key, value):
    return klv(key, value & 0xFFFFFFFF, value >> 32)


class Failure(Exception):
    """RESPONSE_FAILURE: the error, and the hint of 12 bits."""

    def __init__(self, what, dword0):
        self.error, self.hint = dword0 & 0xFFFF, dword0 >> 16 & 0xFFF
        super().__init__("%s: GuC error 0x%x, hint 0x%x" % (what, self.error, self.hint))
