#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A VF driver over hosted memory: boots, asks the PF by relay, runs a job on
each GT, and recovers from migrations in both generations (vf-lifecycle 4).

On each GT a first job runs to its end. A second one waits at a semaphore, so
that every migration finds a job under way; after the recovery the semaphore is
released, the job's result checked and the next one started.
"""
import argparse
import os
import signal
import sys

import guc
from frames import CAN_FREEZE, Closed, Refused
from host import Ctb, Function, Mailbox, Timeout

RING = 16384
JOB = 128                         # bytes of ring for each job
SLOTS = RING // JOB
WOPCM, GGTT_TOP = 8 << 20, 0xFEE00000
ENGINE_CLASS = (0, 1)             # render on the main GT, video on the media GT

MI_STORE_DWORD = 0x10400002       # GGTT
MI_SEMAPHORE_GE = 0x0E409003      # GGTT, polling, memory >= value
MI_USER_INTERRUPT = 0x01000000

SCRATCH_SEQNO, SCRATCH_STARTED, SCRATCH_GATE, SCRATCH_RESULTS = 0, 8, 16, 1024


class WrongAnswer(Exception):
    pass


class Ended(Exception):
    """SIGTERM."""


class Context:
    """An LRC (xe-vf-probe 5.3), its ring and a page for what jobs write."""

    def __init__(self, vf, gt):
        self.vf, self.gt = vf, gt
        self.id = 0
        lrc = vf.alloc(RING + 2 * guc.PAGE)
        self.ring, self.lrca, self.regs = lrc, lrc + RING, lrc + RING + guc.PAGE
        self.scratch = vf.alloc(guc.PAGE)
        self.jobs = 0
        self.fix()
        vf.write_dwords(self.regs + 4 * 0x0B, RING - guc.PAGE | 1)

    def fix(self):
        """Every word of the context that holds a GGTT address (vf-lifecycle 5.2)."""
        address, page = self.vf.address, self.vf.address(self.vf.memirq)
        for index, value in ((0x09, address(self.ring)), (0x52, page + 0x440),
                             (0x57, page), (0x59, page + 0x400)):
            self.vf.write_dwords(self.regs + 4 * index, value)
        for n in range(self.finished(), self.jobs):
            self.emit(n)

    def register(self):
        ctb, lrca = self.gt.ctb, self.vf.address(self.lrca)
        ctb.send(guc.FAST_REQUEST, guc.REGISTER_CONTEXT, 1, self.id, ENGINE_CLASS[self.gt.index], 1,
                 0, 0, 0, 0, 0, lrca | 0x19, 0)
        ctb.send(guc.FAST_REQUEST, guc.MODE_SET, self.id, 1)
        done = ctb.event(guc.MODE_DONE)
        if done[1:] != [self.id, 1]:
            raise WrongAnswer("GT%d: MODE_DONE %s" % (self.gt.index, done[1:]))

    def emit(self, n):
        """Job n into its place of the ring; again after a migration."""
        at, result = self.vf.address(self.scratch), SCRATCH_RESULTS + 4 * (n % SLOTS)
        job = [MI_STORE_DWORD, at + SCRATCH_STARTED, 0, n + 1,
               MI_SEMAPHORE_GE, n + 1, at + SCRATCH_GATE, 0, 0,
               MI_STORE_DWORD, at + result, 0, self.result(n),
               MI_STORE_DWORD, at + SCRATCH_SEQNO, 0, n + 1,
               MI_USER_INTERRUPT]
        self.vf.write_dwords(self.ring + n % SLOTS * JOB, *job, *[0] * (JOB // 4 - len(job)))

    def submit(self):
        """One more job; those before it have ended."""
        self.emit(self.jobs)
        self.jobs += 1
        self.vf.write_dwords(self.regs + 4 * 0x07, self.jobs % SLOTS * JOB)
        self.kick()

    def kick(self):
        self.gt.ctb.send(guc.FAST_REQUEST, guc.SCHED_CONTEXT, self.id)

    def release(self):
        self.vf.write_dwords(self.scratch + SCRATCH_GATE, self.jobs)

    def finished(self):
        return self.vf.read_dwords(self.scratch + SCRATCH_SEQNO)[0]

    def wait(self, seconds=5.0):
        end = self.vf.c.now() + seconds
        while self.finished() < self.jobs:
            if self.vf.c.now() > end:
                raise Timeout("GT%d: job %d does not end" % (self.gt.index, self.jobs))
            self.vf.poll(0.02)
        self.check()

    def check(self):
        """What has ended has ended right."""
        done = self.finished()
        results = self.vf.read_dwords(self.scratch + SCRATCH_RESULTS, SLOTS)
        if done > self.jobs or any(results[n % SLOTS] != self.result(n)
                                   for n in range(max(0, done - SLOTS + 1), done)):
            raise WrongAnswer("GT%d: wrong results" % self.gt.index)

    @staticmethod
    def result(n):
        return 0x6A0B0000 + n


class Gt:
    def __init__(self, vf, index):
        self.index, self.mailbox = index, Mailbox(vf, index)
        self.ctb = Ctb(vf, index, self.mailbox)
        self.marker, self.relay_id = 0, 0
        self.version = (0, 0)
        self.config = {}
        self.runtime = {}
        self.context = None


class Vf(Function):
    CONFIG = (guc.GGTT_START, guc.GGTT_SIZE, guc.NUM_CONTEXTS, guc.NUM_DOORBELLS)

    def __init__(self, path, number, say):
        super().__init__(path, number, CAN_FREEZE, name="vf.py")
        self.say = say
        self.memirq = self.alloc(guc.PAGE)
        self.gts = [Gt(self, i) for i in range(self.c.gts)]
        self.hold = False

    # --- probe -----------------------------------------------------------------

    def boot(self):
        for gt in self.gts:
            gt.mailbox.request(guc.VF_RESET)
            version = gt.mailbox.request(guc.MATCH_VERSION, 0x00010200)[1]
            gt.version = (version >> 16 & 0xFF, version >> 8 & 0xFF)
            gt.config = self.query(gt)
        self.map(self.gts[0].config[guc.GGTT_START])
        page = self.address(self.memirq)
        for gt in self.gts:
            source = guc.MEMIRQ_GUC[gt.index]
            for key, at in (guc.MEMIRQ_SOURCE, 0x400 + source), (guc.MEMIRQ_STATUS, 16 * source):
                gt.mailbox.request(guc.SELF_CFG, key << 16 | 2, page + at, 0)
            gt.ctb.register()
            self.handshake(gt)
            self.query_runtime(gt)
            gt.context = Context(self, gt)
            gt.context.register()
        self.say("booted: ABI %d.%d, GGTT 0x%x + 0x%x, %d contexts, %d runtime registers" % (
            *self.gts[0].version, self.base, self.gts[0].config[guc.GGTT_SIZE],
            self.gts[0].config[guc.NUM_CONTEXTS], len(self.gts[0].runtime)))

    def query(self, gt):
        out = {}
        for key in self.CONFIG:
            reply = gt.mailbox.request(guc.QUERY_KLV, key)
            length, expected = reply[0] & 0xFFFF, 2 if key <= 3 else 1
            if length != expected or reply[0] >> 16 & 0xFFF:
                raise WrongAnswer("key 0x%04x: 0x%08x" % (key, reply[0]))
            out[key] = reply[1] | reply[2] << 32 if length == 2 else reply[1]
        if out[guc.GGTT_SIZE] < self.size:
            raise WrongAnswer("the VF's GGTT range has only %d bytes" % out[guc.GGTT_SIZE])
        if not WOPCM <= out[guc.GGTT_START] <= GGTT_TOP - out[guc.GGTT_SIZE]:
            raise WrongAnswer("GGTT range at 0x%x" % out[guc.GGTT_START])
        return out

    # --- relay (vf-lifecycle 7) ----------------------------------------------------

    def relay(self, gt, action, payload, data0=0):
        gt.relay_id += 1
        gt.ctb.request(guc.RELAY_TO_PF, gt.relay_id, guc.header(guc.REQUEST, action, data0), payload)
        event = gt.ctb.wait_for(lambda f, m: m[0] & 0x7000FFFF == guc.EVENT << 28 |
                                guc.RELAY_FROM_PF and m[1] == gt.relay_id and
                                guc.kind(m[2]) in (guc.FAILURE, guc.SUCCESS), 2.5)
        if guc.kind(event[2]) == guc.FAILURE:
            raise guc.Failure("relay 0x%04x" % action, event[2])
        return event[2:]

    def handshake(self, gt):
        reply = self.relay(gt, guc.HANDSHAKE, 1 << 16)
        if len(reply) != 2 or reply[1] >> 16 != 1:
            raise WrongAnswer("PF's handshake: %s" % reply)

    def query_runtime(self, gt):
        offsets = []
        gt.runtime = {}
        while True:
            reply = self.relay(gt, guc.QUERY_RUNTIME, len(offsets), data0=16)
            count = reply[0] & 0xFFFFFFF
            if len(reply) != 2 + 2 * count or (count == 0 and reply[1]):
                raise WrongAnswer("runtime registers: %d in %d dwords" % (count, len(reply)))
            for offset, value in zip(reply[2::2], reply[3::2]):
                if offsets and offset <= offsets[-1]:
                    raise WrongAnswer("runtime registers out of order at 0x%x" % offset)
                offsets.append(offset)
                gt.runtime[offset] = value
            if reply[1] == 0:
                return

    # --- migration -------------------------------------------------------------

    def migrated(self, gt):
        """SW_INT_0 of this GuC in the memory interrupt page (guc-abi 9)."""
        return self.read(self.memirq + 16 * guc.MEMIRQ_GUC[gt.index] + guc.IRQ_MIGRATED, 1) != b"\0"

    def acknowledge(self, gt):
        source = guc.MEMIRQ_GUC[gt.index]
        self.write(self.memirq + 0x400 + source, b"\0")
        self.write(self.memirq + 16 * source + guc.IRQ_MIGRATED, b"\0")

    def wait_migrated(self, gts, seconds=60.0):
        end = self.c.now() + seconds
        while not all(self.migrated(gt) for gt in gts):
            if self.c.now() > end:
                raise Timeout("no MIGRATED interrupt in %g s" % seconds)
            self.poll(0.05)

    def fix(self, gt):
        config = self.query(gt)
        free = {guc.GGTT_START: 0}
        if not gt.config[guc.NUM_DOORBELLS]:
            free[guc.NUM_DOORBELLS] = 0
        if {**config, **free} != {**gt.config, **free}:
            raise WrongAnswer("GT%d: reassigned: %s" % (gt.index, config))
        gt.config = config
        self.base = config[guc.GGTT_START]
        gt.context.fix()
        gt.ctb.blank()

    def hold_once(self, gts):
        """Before DONE: stand still until the next migration has come."""
        if self.hold:
            self.hold = False
            self.say("holding before RESFIX_DONE")
            self.wait_migrated(gts)

    def recover_latest(self, gt):
        """A GT by itself, with RESFIX_START and a marker (vf-lifecycle 4.5)."""
        while True:
            gt.marker = gt.marker % 256 + 1
            self.acknowledge(gt)
            try:
                self.notify(gt, guc.RESFIX_START)
                self.fix(gt)
                self.hold_once([gt])
                self.notify(gt, guc.RESFIX_DONE)
                return
            except guc.Failure as failure:
                if failure.error != guc.ERROR_VF_MIGRATED:
                    raise
                self.say("GT%d: migrated again, recovery starts over" % gt.index)

    def notify(self, gt, action):
        reply = gt.mailbox.request(action, data0=gt.marker)
        if reply[0] & 0xFFFFFFF:
            raise WrongAnswer("action 0x%04x: success 0x%08x" % (action, reply[0]))

    def recover_seed(self):
        """All GTs together, nothing but NOTIFY_RESFIX_DONE (vf-lifecycle 4.1)."""
        while True:
            self.wait_migrated(self.gts)
            for gt in self.gts:
                self.acknowledge(gt)
            for gt in self.gts:
                self.fix(gt)
            self.hold_once(self.gts)
            if any(self.migrated(gt) for gt in self.gts):
                self.say("migrated again, notification deferred")
                continue
            for gt in self.gts:
                self.notify(gt, guc.RESFIX_DONE)
            return

    def recover(self, gts):
        """These GTs, in the order in which they are told; the first generation all."""
        old, left = self.base, list(gts)
        if self.gts[0].version < guc.MARKERS:
            self.recover_seed()
            gts, left = self.gts, []
        while left:
            gt = next((gt for gt in left if self.migrated(gt)), None)
            if gt:
                self.recover_latest(gt)
                left.remove(gt)
            else:
                self.poll(0.02)
        if len({gt.config[guc.GGTT_START] for gt in gts}) > 1 and \
                not any(self.migrated(gt) for gt in self.gts):
            raise WrongAnswer("the GTs disagree on where the GGTT range begins")
        for gt in gts:
            gt.context.kick()
        self.say("recovered: GGTT 0x%x -> 0x%x" % (old, self.base))

    # --- work --------------------------------------------------------------------

    def run(self, migrations):
        contexts = [gt.context for gt in self.gts]
        for c in contexts:
            c.submit()
            c.release()
            c.wait()
        for i in range(migrations):
            for c in contexts:
                c.submit()
            self.say("ready for migration %d" % (i + 1))
            self.wait_migrated(self.gts[:1])
            self.recover(self.gts)
            if any(c.finished() == c.jobs for c in contexts):
                raise WrongAnswer("a job went past its semaphore")
            for c in contexts:
                c.release()
                c.wait()
        self.say("%d jobs right on each GT" % contexts[0].jobs)

    def stay(self):
        """Work and recover until SIGTERM."""
        contexts = [gt.context for gt in self.gts]
        while True:
            told = [gt for gt in self.gts if self.migrated(gt)]
            if told:
                self.recover(told)
            for c in contexts:
                c.check()
                if c.finished() == c.jobs:
                    c.submit()
                else:
                    c.release()
            self.poll(0.02)


def stay(vf):
    """As somebody's --client: what goes wrong is the end of its work, not of the process."""
    def end(number, frame):
        raise Ended

    signal.signal(signal.SIGTERM, end)
    try:
        try:
            vf.stay()
        except (Refused, Timeout, WrongAnswer, guc.Failure) as error:
            print("vf.py: gives up: %s" % error, file=sys.stderr, flush=True)
        while True:
            vf.poll(0.1)
    except Ended:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", default=os.environ.get("GUCEMU_SOCKET"),
                        help="the card's socket ($GUCEMU_SOCKET)")
    parser.add_argument("--vf", type=int, default=int(os.environ.get("GUCEMU_VF", 1)),
                        help="which VF ($GUCEMU_VF, or 1)")
    parser.add_argument("--stay", action="store_true",
                        help="work and recover until SIGTERM, also when recovery has failed")
    parser.add_argument("--migrations", type=int, default=1,
                        help="recoveries to go through before the end (1)")
    parser.add_argument("--hold", action="store_true",
                        help="hold the first recovery before RESFIX_DONE until the next migration")
    args = parser.parse_args()
    if not args.socket:
        parser.error("--socket, or GUCEMU_SOCKET")
    try:
        vf = Vf(args.socket, args.vf, lambda text: print("vf%d: %s" % (args.vf, text), flush=True))
        vf.hold = args.hold
        vf.boot()
        if args.stay:
            stay(vf)
        else:
            vf.run(args.migrations)
    except (Closed, Refused, Timeout, WrongAnswer, guc.Failure, OSError) as error:
        sys.exit("vf%d: %s" % (args.vf, error))


if __name__ == "__main__":
    main()
