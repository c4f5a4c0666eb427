# SPDX-License-Identifier: MIT
"""The socket protocol of docs/protocol/frames.md: frames, one at a time.

frame_pb2 is what protoc makes of frame.proto:
    protoc --python_out=. -I DIR DIR/frame.proto
"""
import collections
import select
import socket
import struct
import time

try:
    import frame_pb2 as pb
except ImportError as missing:
    raise SystemExit(f"{missing}: README.md says how protoc makes frame_pb2.py, and which "
                     "Python has protobuf") from None

FUNCTION, CONTROL = 1, 2          # roles of HELLO
CAN_FREEZE, SERVES_VERBS = 1, 4   # features of HELLO

MAX_FRAME = 128 * 1024
MAX_DATA = 64 * 1024


class Closed(Exception):
    """The server ended the connection; the text says why."""


class Refused(Exception):
    """A request was answered with a negative status."""

    def __init__(self, status, text):
        super().__init__("%s (%d)" % (text or "refused", status))
        self.status = status


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


class Connection:
    """One connection. Frames that answer nothing wait in `arrived`."""

    def __init__(self, path, role, function=0, features=0, name="python"):
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            self.socket.connect(path)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        self.buffer = bytearray()
        self.arrived = collections.deque()
        self.seq = 0
        self.frozen_for = 0.0     # seconds that the virtual machine stood still
        hello = self.ask(pb.HELLO, value=1, code=role, function=function,
                         flags=features, text=name)
        self.gts, self.tiles, self.ggtt_bytes = hello.gt, hello.size, hello.addr
        self.card, self.features = hello.text, hello.flags

    def close(self):
        self.socket.close()

    def now(self):
        """A clock that stands still while the client is frozen."""
        return time.monotonic() - self.frozen_for

    # --- sending -------------------------------------------------------------

    def send(self, kind, seq=0, **fields):
        body = pb.Frame(type=kind, seq=seq, **fields).SerializeToString()
        try:
            self.socket.sendall(varint(len(body)) + body)
        except ConnectionError:
            pass                  # what the server said last can still be read

    def post(self, kind, **fields):
        """A request that is not answered when it works."""
        self.thaw_first()
        self.send(kind, **fields)

    def ask(self, kind, **fields):
        """A request and its answer. Refused when its status is not 0."""
        self.thaw_first()
        self.seq += 1
        self.send(kind, seq=self.seq, **fields)
        return self.answer(self.seq)

    def answer(self, seq):
        while True:
            frame = self.receive(None)
            if frame.seq == seq and frame.type not in (pb.FREEZE, pb.EVENT):
                if frame.status:
                    raise Refused(frame.status, frame.text)
                return frame
            self.arrived.append(frame)

    # --- receiving -----------------------------------------------------------

    def parse(self):
        """A frame out of the buffer, or None when it is not whole yet."""
        length, shift = 0, 0
        for i, byte in enumerate(self.buffer[:3]):
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        else:
            if len(self.buffer) >= 3:
                raise Closed("a frame without an end")
            return None
        if length > MAX_FRAME:
            raise Closed("a frame of %d bytes" % length)
        start = i + 1
        if len(self.buffer) < start + length:
            return None
        frame = pb.Frame.FromString(bytes(self.buffer[start:start + length]))
        del self.buffer[:start + length]
        return frame

    def receive(self, timeout):
        """The next frame; None after `timeout` seconds (None: no limit)."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            frame = self.parse()
            if frame is not None:
                if frame.type == pb.STATUS and frame.seq == 0 and frame.status:
                    raise Closed(frame.text or "status %d" % frame.status)
                return frame
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionError:
                data = b""
            if not data:
                raise Closed("connection closed by the server")
            self.buffer += data

    def next(self, timeout):
        """The next frame that answers nothing, or None. Freezes are obeyed."""
        end = time.monotonic() + timeout
        while True:
            frame = self.arrived.popleft() if self.arrived else \
                self.receive(max(0.0, end - time.monotonic()))
            if frame is None or frame.type != pb.FREEZE:
                return frame
            self.freeze(frame)

    # --- the virtual machine's side ------------------------------------------

    def freeze(self, request):
        """Nothing is under way here: say so and stand still until THAW."""
        began = time.monotonic()
        self.send(pb.FROZEN, seq=request.seq)
        while True:
            frame = self.receive(None)
            if frame.type == pb.THAW:
                break
            self.arrived.append(frame)
        self.frozen_for += time.monotonic() - began

    def thaw_first(self):
        for frame in [f for f in self.arrived if f.type == pb.FREEZE]:
            self.arrived.remove(frame)
            self.freeze(frame)


def verb(connection, line):
    """One verb on a connection of the control role; its JSON text."""
    connection.seq += 1
    connection.send(pb.CONTROL, seq=connection.seq, text=line)
    text = b""
    while True:
        frame = connection.receive(None)
        if frame.seq != connection.seq or frame.type not in (pb.BLOB, pb.REPLY):
            continue
        if frame.type == pb.BLOB:
            text += frame.data
        elif frame.status:
            raise Refused(frame.status, frame.text)
        else:
            return text.decode() + frame.text


def words(data):
    return list(struct.unpack("<%dI" % (len(data) // 4), data))


def pack(dwords):
    return struct.pack("<%dI" % len(dwords), *dwords)
