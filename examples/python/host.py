# SPDX-License-Identifier: MIT
"""What both drivers share: memory in the server, the GGTT, mailbox and CTB."""
import struct
import time

import frame_pb2 as pb
import guc
from frames import MAX_DATA, Connection, Closed, FUNCTION, pack, words

DMA = 0x1_0000_0000               # where our memory lies on the bus


class Timeout(Exception):
    pass


class Function:
    """A function of the card: its registers, hosted memory, GGTT entries."""

    def __init__(self, path, number, features=0, size=2 << 20, name="python"):
        self.c = Connection(path, FUNCTION, number, features, name)
        self.size, self.used = size, 0
        self.base = None          # GGTT address of byte 0 of our memory
        self.c.ask(pb.MEM_HOST, data=struct.pack("<QQ", DMA, size))

    # --- registers -----------------------------------------------------------

    def write32(self, *pairs):
        flat = [v for pair in pairs for v in pair]
        self.c.post(pb.MMIO_WRITE, size=4, data=pack(flat))

    def read32(self, offset, count=1):
        return words(self.c.ask(pb.MMIO_READ, addr=offset, size=4, value=count).data)

    def write_run(self, offset, qwords):
        for i in range(0, len(qwords), MAX_DATA // 8):
            part = qwords[i:i + MAX_DATA // 8]
            self.c.ask(pb.MMIO_WRITE, flags=1, size=8, addr=offset + 8 * i,
                       data=struct.pack("<%dQ" % len(part), *part))

    def read_run(self, offset, count):
        out = []
        for i in range(0, count, 512):
            n = min(512, count - i)
            data = self.c.ask(pb.MMIO_READ, addr=offset + 8 * i, size=8, value=n).data
            out += struct.unpack("<%dQ" % n, data)
        return out

    # --- memory; places are offsets in it --------------------------------------

    def alloc(self, size):
        at = self.used
        self.used += (size + guc.PAGE - 1) & ~(guc.PAGE - 1)
        if self.used > self.size:
            raise MemoryError("%d bytes of driver memory are not enough" % self.size)
        return at

    def read(self, at, size):
        out = b""
        for i in range(0, size, MAX_DATA):
            n = min(MAX_DATA, size - i)
            out += self.c.ask(pb.MEM_READ, addr=DMA + at + i, value=n).data
        return out

    def write(self, at, data):
        for i in range(0, len(data), MAX_DATA):
            self.c.ask(pb.MEM_WRITE, addr=DMA + at + i, data=data[i:i + MAX_DATA])

    def read_dwords(self, at, count=1):
        return words(self.read(at, 4 * count))

    def write_dwords(self, at, *dwords):
        self.write(at, pack(dwords))

    def address(self, at):
        """The GGTT address of a place."""
        return self.base + at

    def map(self, base):
        """GGTT entries for all our memory, from `base` on."""
        self.base = base
        self.write_run(guc.GGTT_ENTRIES + base // guc.PAGE * 8,
                       [DMA + at | guc.PTE_PRESENT for at in range(0, self.size, guc.PAGE)])

    # --- interrupts ------------------------------------------------------------

    def poll(self, timeout=0.0):
        """Wait for an interrupt; whether one came. What it was for stands in
        memory: the rings, and the memory interrupt page."""
        frame = self.c.next(timeout)
        if frame is None:
            return False
        if frame.type == pb.STATUS and frame.status:
            raise Closed(frame.text)
        return True


class Mailbox:
    """Requests over registers (guc-abi 2.2, 2.3)."""

    REPLY, AFTER_BUSY, LOST = 0.050, 2.0, 0.256

    def __init__(self, function, gt):
        self.f, self.at, self.doorbell = function, guc.MAILBOX[gt], guc.DOORBELL[gt]

    def request(self, action, *payload, data0=0):
        """The four reply registers. guc.Failure, Timeout or Closed otherwise."""
        dwords = [guc.header(guc.REQUEST, action, data0), *payload]
        name, pause, lost = "action 0x%04x" % action, 0.001, 0
        while True:
            self.f.write32(*[(self.at + 4 * i, v) for i, v in enumerate(dwords)],
                           (self.doorbell, 0))
            reply = self.wait()
            if reply is None:
                if self.f.read32(self.at)[0]:
                    raise Timeout("%s: no reply" % name)
                lost += 1
                if lost == 3:
                    raise Timeout("%s: lost, is the function being reset?" % name)
                time.sleep(self.LOST)
            elif guc.kind(reply[0]) == guc.RETRY:
                time.sleep(pause)
                pause = min(2 * pause, 0.256)
            elif guc.kind(reply[0]) == guc.FAILURE:
                raise guc.Failure(name, reply[0])
            elif guc.kind(reply[0]) == guc.SUCCESS:
                return reply
            else:
                raise guc.Failure(name + ": unexpected reply", reply[0])

    def wait(self):
        end, busy = self.f.c.now() + self.REPLY, False
        while True:
            reply = self.f.read32(self.at, 4)
            if guc.from_guc(reply[0]):
                if guc.kind(reply[0]) != guc.BUSY:
                    return reply
                if not busy:
                    busy, end = True, self.f.c.now() + self.AFTER_BUSY
            if self.f.c.now() > end:
                return None
            time.sleep(0.0002)


class Ctb:
    """The two rings of a GT (guc-abi 3), in the function's memory."""

    H2G, G2H = 4096, 16384        # bytes

    def __init__(self, function, gt, mailbox):
        self.f, self.gt, self.mailbox = function, gt, mailbox
        self.h2g_desc, self.h2g = function.alloc(4096), function.alloc(self.H2G)
        self.g2h_desc, self.g2h = function.alloc(4096), function.alloc(self.G2H)
        self.fence = 0
        self.events = []          # arrived, not asked for yet
        self.open = False

    def register(self):
        a = self.f.address
        for place, size in (self.h2g_desc, 64), (self.g2h_desc, 64), (self.h2g, self.H2G):
            self.f.write(place, bytes(size))
        self.tail = self.head = 0
        for key, n, value in ((guc.H2G_DESC, 2, a(self.h2g_desc)), (guc.H2G_BUFFER, 2, a(self.h2g)),
                              (guc.H2G_SIZE, 1, self.H2G),
                              (guc.G2H_DESC, 2, a(self.g2h_desc)), (guc.G2H_BUFFER, 2, a(self.g2h)),
                              (guc.G2H_SIZE, 1, self.G2H)):
            self.mailbox.request(guc.SELF_CFG, key << 16 | n, value & 0xFFFFFFFF, value >> 32)
        self.mailbox.request(guc.CONTROL_CTB, 1)
        self.open = True

    def send(self, kind, action, *payload, data0=0):
        """Put a message into the ring; its fence. BlockingIOError when full."""
        self.fence = self.fence + 1 & 0x7FFF
        fence = self.fence | (0 if kind == guc.REQUEST else 0x8000)
        message = [fence << 16 | len(payload) + 1, guc.header(kind, action, data0), *payload]
        size = self.H2G // 4
        head = self.f.read_dwords(self.h2g_desc)[0]
        gap = size - self.tail if self.tail + len(message) > size else 0
        if (head - self.tail - 1) % size < gap + len(message):
            raise BlockingIOError("H2G is full")
        if gap:                   # zero dwords are skipped by the GuC
            self.f.write(self.h2g + 4 * self.tail, bytes(4 * gap))
            self.tail = 0
        self.f.write_dwords(self.h2g + 4 * self.tail, *message)
        self.tail = (self.tail + len(message)) % size
        self.f.write_dwords(self.h2g_desc + 4, self.tail)
        self.f.write32((self.mailbox.doorbell, 0))
        return fence

    def take(self):
        """Messages that lie in G2H, as (fence, dwords)."""
        size, out = self.G2H // 4, []
        tail = self.f.read_dwords(self.g2h_desc + 4)[0]
        if tail >= size:
            raise Closed("G2H tail %d outside the ring" % tail)
        ring = self.f.read_dwords(self.g2h, size) if tail != self.head else []
        while self.head != tail:
            n = ring[self.head] & 0xFF
            if n == 0 or n + 1 > (tail - self.head) % size:
                raise Closed("G2H message of %d dwords is cut" % n)
            message = [ring[(self.head + 1 + i) % size] for i in range(n)]
            out.append((ring[self.head] >> 16, message))
            self.head = (self.head + 1 + n) % size
            self.f.write_dwords(self.g2h_desc, self.head)
        return out

    def wait_for(self, wanted, seconds=5.0):
        """The first message for which wanted(fence, dwords); others are kept."""
        end = self.f.c.now() + seconds
        while True:
            for i, (fence, message) in enumerate(self.events):
                if wanted(fence, message):
                    del self.events[i]
                    return message
            arrived = self.take()
            self.events += arrived
            if not arrived:
                if self.f.c.now() > end:
                    raise Timeout("no answer in %g s" % seconds)
                self.f.poll(0.05)

    def request(self, action, *payload, data0=0, seconds=5.0):
        """A REQUEST; its reply's dwords. guc.Failure when it was refused."""
        for attempt in range(50):
            fence = self.send(guc.REQUEST, action, *payload, data0=data0)
            reply = self.wait_for(lambda f, m: f == fence and guc.from_guc(m[0]) and
                                  guc.kind(m[0]) in (guc.RETRY, guc.FAILURE, guc.SUCCESS), seconds)
            if guc.kind(reply[0]) == guc.SUCCESS:
                return reply
            if guc.kind(reply[0]) == guc.FAILURE:
                raise guc.Failure("action 0x%04x" % action, reply[0])
            time.sleep(0.005 * (attempt + 1))
        raise Timeout("action 0x%04x: retried for ever" % action)

    def event(self, action, seconds=5.0):
        return self.wait_for(lambda f, m: guc.kind(m[0]) == guc.EVENT and
                             m[0] & 0xFFFF == action, seconds)

    def blank(self):
        """After a migration: nothing in H2G counts; head and tail stay."""
        self.f.write(self.h2g, bytes(self.H2G))
