#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A PF driver over hosted memory, for cards started with 'gucemu serve --no-pf':
provisions a VF, serves its relay requests and function level resets, and moves
it live to another card (vf-lifecycle 2 and 7).

Lines on standard input: "migrate" moves the VF to the next card, "quit" ends.
"""
import argparse
import select
import sys

import guc
from frames import CONTROL, Closed, Connection, Refused, verb
from host import Ctb, Function, Mailbox, Timeout

OWN_GGTT = 0x02000000             # where the PF's own memory is mapped
OWN_BYTES = 4 << 20
BLOB_BYTES = 1 << 20              # largest GuC state that is taken
VF_GGTT_TOP, VF_GGTT_BYTES = 0x90000000, 64 << 20
CONTEXTS, DOORBELLS = 1024, 4

EPERM, EACCES, ERANGE, EPROTO, EMSGSIZE, EOPNOTSUPP = 1, 13, 34, 71, 90, 95
MAX_PAIRS = 125

# Runtime registers of graphics version 30 (vf-lifecycle 7.5).
RUNTIME = (0x0D00, 0x9114, 0x9118, 0x911C, 0x9130, 0x9134, 0x913C, 0x9140, 0x9144, 0x9148,
           0x914C, 0x9150, 0x9154, 0xC1DC)
MEDIA_REGISTERS = 0x380000


class Image:
    """What makes up a paused VF: GuC state and mailbox of each GT, GGTT entries."""

    def __init__(self, blobs, mailboxes, entries):
        self.blobs, self.mailboxes, self.entries = blobs, mailboxes, entries

    def __len__(self):
        return sum(len(b) for b in self.blobs) + 16 * len(self.mailboxes) + 8 * len(self.entries)


class Relay:
    """The services of a PF for one VF; answers are HXG messages."""

    def __init__(self, runtime):
        self.runtime, self.negotiated = runtime, False

    def answer(self, message):
        if guc.kind(message[0]) != guc.REQUEST:
            return self.failure(EOPNOTSUPP)
        action, data0 = message[0] & 0xFFFF, message[0] >> 16 & 0xFFF
        if action == guc.HANDSHAKE:
            return self.handshake(message)
        if action == guc.QUERY_RUNTIME:
            return self.query_runtime(message, data0)
        return self.failure(EOPNOTSUPP)

    @staticmethod
    def failure(errno):
        return [guc.FAILURE << 28 | errno << 16 | errno]

    def handshake(self, message):
        if len(message) != 2:
            return self.failure(EMSGSIZE)
        wanted = message[1] >> 16
        self.negotiated = wanted >= 1 or message[1] == 0
        return [guc.SUCCESS << 28, 1 << 16] if self.negotiated else self.failure(EPERM)

    def query_runtime(self, message, limit):
        if not self.negotiated:
            return self.failure(EACCES)
        if len(message) != 2:
            return self.failure(EMSGSIZE if len(message) > 2 else EPROTO)
        start = message[1]
        if start > len(self.runtime):
            return self.failure(ERANGE)
        part = self.runtime[start:start + min(limit or MAX_PAIRS, MAX_PAIRS)]
        left = len(self.runtime) - start - len(part)
        return [guc.SUCCESS << 28 | len(part), left, *(v for pair in part for v in pair)]


class Pf(Function):
    def __init__(self, path, base, say):
        super().__init__(path, 0, size=OWN_BYTES, name="pf.py")
        self.path, self.vf_base, self.say = path, base, say
        self.verbs = Connection(path, CONTROL, name="pf.py")
        self.boxes = [Mailbox(self, i) for i in range(self.c.gts)]
        self.ctbs = [Ctb(self, i, box) for i, box in enumerate(self.boxes)]
        self.buffer = self.alloc(BLOB_BYTES)
        self.relays = {}
        self.map(OWN_GGTT)
        for box, ctb in zip(self.boxes, self.ctbs):
            box.request(guc.VF_RESET)
            ctb.register()
        self.runtime = [self.read_runtime(gt) for gt in range(self.c.gts)]

    def read_runtime(self, gt):
        offsets = [r + gt * MEDIA_REGISTERS for r in RUNTIME]
        return [(offset, self.read32(offset)[0]) for offset in offsets]

    # --- provisioning ------------------------------------------------------------

    def configure(self, ctb, vf, klvs):
        self.write_dwords(self.buffer, *(v for klv in klvs for v in klv))
        reply = ctb.request(guc.UPDATE_VF_CFG, vf, self.address(self.buffer), 0,
                            sum(len(klv) for klv in klvs))
        if reply[0] & 0xFFFFFFF != len(klvs):
            raise Timeout("VF %d: %d of %d settings taken" % (vf, reply[0] & 0xFFFFFFF, len(klvs)))

    def provision(self, vf):
        self.own_entries(vf, self.blank_entries())
        for ctb in self.ctbs:
            self.configure(ctb, vf, [
                guc.klv64(guc.GGTT_START, self.vf_base), guc.klv64(guc.GGTT_SIZE, VF_GGTT_BYTES),
                guc.klv(guc.BEGIN_CONTEXT, CONTEXTS), guc.klv(guc.NUM_CONTEXTS, CONTEXTS),
                guc.klv(guc.BEGIN_DOORBELL, DOORBELLS), guc.klv(guc.NUM_DOORBELLS, DOORBELLS)])
        self.say("VF %d provisioned: GGTT 0x%x + 0x%x" % (vf, self.vf_base, VF_GGTT_BYTES))

    @staticmethod
    def blank_entries():
        return [guc.PTE_PRESENT] * (VF_GGTT_BYTES // guc.PAGE)

    def own_entries(self, vf, entries):
        """GGTT entries of the VF's range, with its number in them."""
        self.write_run(guc.GGTT_ENTRIES + self.vf_base // guc.PAGE * 8,
                       [entry | vf << 2 for entry in entries])

    # --- commands ----------------------------------------------------------------

    def command(self, vf, command):
        for ctb in self.ctbs:
            ctb.request(guc.VF_CONTROL, vf, command)

    def await_notice(self, vf, event):
        for ctb in self.ctbs:
            ctb.wait_for(lambda f, m: m[0] & 0x7000FFFF == guc.EVENT << 28 | guc.STATE_NOTIFY and
                         m[1:] == [vf, event])

    def pause(self, vf):
        self.command(vf, guc.PAUSE)
        self.await_notice(vf, guc.PAUSE_DONE)

    def resume(self, vf):
        self.command(vf, guc.RESUME)

    def flr(self, vf):
        self.command(vf, guc.FLR_START)
        self.await_notice(vf, guc.FLR_DONE)
        self.own_entries(vf, self.blank_entries())
        self.relays.pop(vf, None)
        for gt in range(self.c.gts):
            self.write_mailbox(vf, gt, [0] * 4)
        self.command(vf, guc.FLR_FINISH)

    def write_mailbox(self, vf, gt, dwords):
        at = guc.MAILBOX[gt] + vf * guc.VF_STRIDE
        self.write32(*[(at + 4 * i, v) for i, v in enumerate(dwords)])

    # --- images --------------------------------------------------------------------

    def save_restore(self, ctb, vf, opcode, dwords):
        reply = ctb.request(guc.SAVE_RESTORE, vf, self.address(self.buffer) if dwords else 0, 0,
                            dwords, data0=opcode)
        return reply[0] & 0xFFFFFFF

    def save(self, vf):
        blobs = []
        for ctb in self.ctbs:
            need = self.save_restore(ctb, vf, 0, 0)
            if not 0 < need <= BLOB_BYTES // 4:
                raise Timeout("GuC state of %d dwords" % need)
            self.write(self.buffer, bytes(4 * need))
            used = self.save_restore(ctb, vf, 0, need)
            if not 0 < used <= need:
                raise Timeout("GuC wrote %d of %d dwords" % (used, need))
            blobs.append(self.read(self.buffer, 4 * used))
        boxes = [self.read32(guc.MAILBOX[gt] + vf * guc.VF_STRIDE, 4) for gt in range(self.c.gts)]
        entries = self.read_run(guc.GGTT_ENTRIES + self.vf_base // guc.PAGE * 8,
                                VF_GGTT_BYTES // guc.PAGE)
        if any(entry >> 2 & 0x3FF != vf for entry in entries):
            raise Timeout("a GGTT entry of VF %d belongs to another" % vf)
        return Image(blobs, boxes, [entry & ~0xFFC for entry in entries])

    def restore(self, vf, image):
        if len(image.blobs) != self.c.gts or len(image.entries) != VF_GGTT_BYTES // guc.PAGE:
            raise Timeout("the image does not fit this card")
        self.own_entries(vf, image.entries)
        for gt, ctb in enumerate(self.ctbs):
            self.write_mailbox(vf, gt, image.mailboxes[gt])
            self.write(self.buffer, image.blobs[gt])
            dwords = len(image.blobs[gt]) // 4
            if not 0 < self.save_restore(ctb, vf, 1, dwords) <= dwords:
                raise Timeout("GuC did not take its state")

    # --- what arrives unasked --------------------------------------------------------

    def serve(self):
        """Answer what has arrived: relay requests, resets. Whether there was any."""
        busy = False
        for gt, ctb in enumerate(self.ctbs):
            ctb.events += ctb.take()
            while ctb.events:
                _, message = ctb.events.pop(0)
                busy = True
                action = message[0] & 0xFFFF
                if guc.kind(message[0]) != guc.EVENT:
                    continue
                if action == guc.RELAY_FROM_VF and len(message) > 3:
                    self.answer_relay(gt, message[1], message[2], message[3:])
                elif action == guc.STATE_NOTIFY and message[1] and message[2:] == [guc.FLR]:
                    if gt == 0:   # every GT tells; they are reset together
                        self.flr(message[1])
                        self.say("VF %d was reset" % message[1])
        return busy

    def answer_relay(self, gt, vf, relay_id, message):
        relay = self.relays.setdefault(vf, Relay([]))
        relay.runtime = self.runtime[gt]
        try:
            self.ctbs[gt].request(guc.RELAY_TO_VF, vf, relay_id, *relay.answer(message))
        except guc.Failure as failure:
            self.say("VF %d does not take an answer: %s" % (vf, failure))


def undo(vf, a, b):
    """As if nothing had been (checklist R-54), whatever fails on the way."""
    for step in (lambda: b.flr(vf), lambda: a.resume(vf),
                 lambda: verb(a.verbs, "thaw vf=%d" % vf)):
        try:
            step()
        except (Closed, Refused, Timeout, guc.Failure) as error:
            a.say("VF %d, going back: %s" % (vf, error))


def migrate(vf, a, b):
    """Freeze, pause, save; reset, provision, pause, restore; hand over; resume."""
    handed = False
    verb(a.verbs, "freeze vf=%d" % vf)
    try:
        a.pause(vf)
        image = a.save(vf)
        b.flr(vf)
        b.provision(vf)
        b.pause(vf)
        b.restore(vf, image)
        verb(a.verbs, "handover vf=%d to=%s" % (vf, b.path))
        handed = True
    finally:
        if not handed:
            undo(vf, a, b)
    b.resume(vf)
    verb(b.verbs, "thaw vf=%d" % vf)
    a.flr(vf)
    a.say("VF %d moved: image of %d bytes, GGTT 0x%x -> 0x%x" % (
        vf, len(image), a.vf_base, b.vf_base))


def serve(pfs, say):
    """What has come from each card. One that is gone leaves the others."""
    for pf in list(pfs):
        try:
            while pf.poll() or pf.serve():
                pass
        except Closed as error:
            pfs.remove(pf)
            if not pfs:
                raise
            say("%s: %s" % (pf.path, error))


def loop(pfs, vf, say):
    """Serve all cards; obey standard input."""
    here = pfs[0]
    # Unbuffered: select() does not see a line that was read with another one.
    orders = open(0, "rb", buffering=0, closefd=False)
    while True:
        readable = select.select([orders] + [pf.c.socket for pf in pfs], [], [], 0.1)[0]
        serve(pfs, say)
        if here not in pfs:
            here = pfs[0]
        if orders not in readable:
            continue
        line = orders.readline().decode(errors="replace")
        if line.strip() in ("", "quit"):
            if not line.endswith("\n") or line.strip():
                return
        elif line.strip() == "migrate" and len(pfs) > 1:
            there = pfs[(pfs.index(here) + 1) % len(pfs)]
            try:
                migrate(vf, here, there)
                here = there
            except (Closed, Refused, Timeout, guc.Failure) as error:
                say("VF %d not moved: %s" % (vf, error))
        else:
            say("unknown, or only one card: %s" % line.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True, action="append",
                        help="a card's socket; several for migrations")
    parser.add_argument("--vf", type=int, default=1, help="the VF to care for (1)")
    args = parser.parse_args()

    def say(text):
        print("pf: %s" % text, flush=True)
    try:
        pfs = [Pf(path, VF_GGTT_TOP - (i + 1) * VF_GGTT_BYTES, say)
               for i, path in enumerate(args.socket)]
        pfs[0].provision(args.vf)
        say("ready")
        loop(pfs, args.vf, say)
    except (Closed, Refused, Timeout, guc.Failure, OSError) as error:
        sys.exit("pf: %s" % error)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
