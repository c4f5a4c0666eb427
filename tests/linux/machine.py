# SPDX-License-Identifier: MIT
"""A virtual machine with one VF of an emulated card: the server, QEMU, the
guest's console and QEMU's monitor."""
import gzip
import json
import lzma
import os
import queue
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from mark import marked

BOOT_SECONDS = 180
HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY = "1024M"
BASES = (0x10000000, 0x30000000, 0x50000000)


class Card:
    """A card to emulate: options of serve, GTs, the first series of kernels whose driver
    calls it able of SR-IOV, words for the guest's kernel, what its VF gets."""

    def __init__(self, name, options, gts, since=(6, 16), append="", **share):
        self.name, self.options, self.gts, self.since = name, options, gts, since
        self.append = append
        self.share = {"ggtt": "256M", "contexts": "4096", "doorbells": "8", **share}


CARDS = {card.name: card for card in (
    Card("ptl", ("--platform", "ptl", "--gts", "2"), 2),
    Card("ptl-1gt", ("--platform", "ptl", "--gts", "1"), 1),
    Card("ptl-1gt-slub", ("--platform", "ptl", "--gts", "1"), 1, append=" slub_debug=FZPU"),
    Card("ptl-strict", ("--platform", "ptl", "--gts", "1", "--strict"), 1),
    Card("ptl-abi26", ("--platform", "ptl", "--gts", "1", "--guc-abi", "1.26"), 1),
    Card("ptl-nodrain", ("--platform", "ptl", "--gts", "2", "--no-drain"), 2),
    Card("ptl-record", ("--platform", "ptl", "--gts", "2", "--record", "{folder}/trace"), 2),
    # The VF has more than its driver knows of.
    Card("ptl-wide", ("--platform", "ptl", "--gts", "2", "--record", "{folder}/trace", "--fault",
                      "on mbox-reply vf=1 action=QUERY_SINGLE_KLV key=VF_GGTT_SIZE "
                      "do set dw1=0x10000000"), 2, ggtt="1536M"),
    Card("ptl-1gt-record", ("--platform", "ptl", "--gts", "1", "--record", "{folder}/trace"),
         1),
    # All engines are instances 0 of their classes.
    Card("ptl-1gt-msix", ("--platform", "ptl", "--gts", "1", "--msix"), 1),
    Card("ptl-msix", ("--platform", "ptl", "--gts", "2", "--msix"), 2),
    # TLBs keep entries until they are told to drop them.
    Card("ptl-tlb", ("--platform", "ptl", "--gts", "2", "--ppgtt-tlb", "--ggtt-tlb"), 2),
    Card("bmg", ("--platform", "bmg"), 2, (6, 17), lmem="1G"),
    Card("atsm", ("--platform", "atsm"), 1, (6, 18), lmem="1G"),
    Card("bmg-abi26", ("--platform", "bmg", "--guc-abi", "1.26"), 2, (6, 17), lmem="1G"),
    Card("tgl", ("--platform", "tgl"), 1, (6, 18)),
    Card("adlp", ("--platform", "adlp"), 1, (6, 18)),
)}

# What a healthy guest never prints, and what the driver says as a warning or worse.
# ("..MP-BIOS bug: 8254 timer" is QEMU's on a busy host.)
BAD = re.compile(r"\*ERROR\*|WARNING: |(?-i:\bBUG: )|Oops|kernel panic|Call Trace|wedged(?!_mode)|"
                 r"Unknown symbol|Timed ?out job|job timeout|CAT error|coredump(?! has been del)|"
                 r"trying reset|Fault response", re.I)
OURS = re.compile(r"\bxe\b|\[drm\]|00:01\.0")
WARNING = 4
RAW = re.compile(r"<(\d+)>(\[ *\d+\.\d+\] )?")


class Trouble(Exception):
    pass


class Left(Exception):
    """A test that this kernel or card can't do; the text says why."""


def plain(path):
    """A module's bytes, whatever it was packed with, and its plain name."""
    name, packing = os.path.splitext(os.path.basename(path))
    if packing == ".ko":
        with open(path, "rb") as f:
            return f.read(), name + packing
    if packing == ".zst":
        done = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True)
        return done.stdout, name
    with {".xz": lzma.open, ".gz": gzip.open}[packing](path, "rb") as f:
        return f.read(), name


def initramfs(kit, modules, programs, path, mark=None):
    """Busybox, the xe driver with what it needs, test programs, our init. `mark`: a
    platform's descriptor that the driver's copy says is able of SR-IOV."""
    with tempfile.TemporaryDirectory() as work:
        for name in ("bin", "proc", "sys", "dev", "tmp", "modules"):
            os.makedirs(os.path.join(work, name))
        shutil.copy(os.path.join(kit.tools, "usr/bin/busybox"), os.path.join(work, "bin"))
        for program in programs:
            shutil.copy(program, os.path.join(work, "bin"))
        shutil.copy(os.path.join(HERE, "init"), os.path.join(work, "init"))
        os.chmod(os.path.join(work, "init"), 0o755)
        with open(os.path.join(work, "modules/order"), "w") as order:
            for module in modules:
                data, name = plain(module)
                if mark and name == "xe.ko":
                    data = marked(data, mark)
                with open(os.path.join(work, "modules", name), "wb") as f:
                    f.write(data)
                order.write(name + "\n")
        if mark:
            with open(os.path.join(work, "modules/marked"), "w") as f:
                f.write(mark + "\n")
        names = [os.path.relpath(os.path.join(folder, n), work)
                 for folder, dirs, files in os.walk(work) for n in dirs + files]
        listed = "".join(name + "\n" for name in sorted(names)).encode()
        done = subprocess.run([os.path.join(kit.tools, "usr/bin/busybox"), "cpio", "-o", "-H",
                               "newc"], input=listed, cwd=work, capture_output=True, check=True)
    with gzip.open(path, "wb", 1) as f:
        f.write(done.stdout)


class Machine:
    def __init__(self, kit, gucemu, folder, card, options=(), drm_debug=None):
        self.kit, self.gucemu, self.folder, self.card = kit, gucemu, folder, card
        self.serve_options, self.drm_debug = options, drm_debug
        self.control = os.path.join(folder, "card")
        self.kernel_console = os.path.join(folder, "kernel.log") # what a dead guest said
        self.gts = card.gts
        self.lines, self.log, self.kernel_log = queue.Queue(), [], []
        self.children = []
        self.qmp_lock = threading.Lock()
        self.base = None
        self.loaded = False
        self.reboots = False        # it may, in the same QEMU
        self.spoilt = False         # by a test that meant to: not for another one
        self.serials = 0

    def serial(self):
        """A number of its own for each that asks."""
        self.serials += 1
        return self.serials

    def boot(self, kernel, initrd):
        self.kernel, self.initrd = kernel, initrd
        self.server, self.gpu = self.serve(self.control, "gpu", "serve.log")
        self.provision(BASES[0])
        self.start_guest()

    def serve(self, control, gpu, log_name):
        """A card's emulator and the vfio-user socket of its VF."""
        path = os.path.join(self.folder, gpu)
        with open(os.path.join(self.folder, log_name), "w") as log:
            server = self.start([self.gucemu, "serve", "--socket", control, "--provision", "0",
                                 "--vfio-user", "vf1=" + path,
                                 *(o.format(folder=self.folder) for o in self.card.options),
                                 *self.serve_options], log)
        self.wait_path(path, server)
        return server, path

    def start_guest(self):
        monitor, self.monitor_for_pf = (os.path.join(self.folder, x) for x in ("qmp", "qmp2"))
        accelerator = ["-accel", "kvm", "-accel", "tcg"] if os.environ.get("GUCEMU_KVM") else \
            ["-accel", "tcg"]
        device = {"driver": "vfio-user-pci", "socket": {"type": "unix", "path": self.gpu}}
        self.qemu = self.start(self.kit.qemu_command(
            *accelerator, "-m", MEMORY, "-smp", "1",
            "-object", "memory-backend-memfd,id=m,size=%s,share=on" % MEMORY,
            "-machine", "q35,memory-backend=m", "-vga", "none", "-nic", "none", "-display", "none",
            "-serial", "stdio", "-serial", "file:" + self.kernel_console, "-monitor", "none",
            *([] if self.reboots else ["-no-reboot"]),
            "-qmp", "unix:%s,server=on,wait=off" % monitor,
            "-qmp", "unix:%s,server=on,wait=off" % self.monitor_for_pf,
            "-device", json.dumps(device), "-kernel", self.kernel, "-initrd", self.initrd,
            # Two minutes for a soft lockup: on a busy host each write to a discrete card's
            # memory takes its time.
            "-append", "console=ttyS1 panic=-1 quiet loglevel=5 log_buf_len=8M "
            "watchdog_thresh=60" +
            self.card.append),
            subprocess.PIPE, stdin=subprocess.PIPE)
        self.lines = queue.Queue()
        threading.Thread(target=self.read_console, args=(self.qemu, self.lines),
                         daemon=True).start()
        self.wait_for("@@ up", BOOT_SECONDS)
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.connect(monitor)
        self.qmp_file = self.qmp.makefile("rw")
        self.qmp_file.readline()
        self.monitor("qmp_capabilities")
        if self.drm_debug:
            self.sh("DRM_DEBUG=%s" % self.drm_debug)

    def restart_guest(self):
        """QEMU is killed if it still runs; another one at the same card, its log anew."""
        self.qemu.kill()
        self.qemu.wait()
        self.kernel_log, self.loaded = [], False
        self.wait_vacant()
        self.pf("flr")
        self.provision(BASES[0])
        self.start_guest()

    def wait_vacant(self):
        end = time.monotonic() + 20
        while self.state()["functions"][1]["vfio_user"]["attached"]:
            if time.monotonic() > end:
                raise Trouble("the card does not notice that its guest is gone")
            time.sleep(0.02)

    def start(self, command, out, **more):
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **more)
        self.children.append(child)
        return child

    def wait_path(self, path, server):
        end = time.monotonic() + 20
        while not os.path.exists(path):
            if server.poll() is not None or time.monotonic() > end:
                raise Trouble("gucemu serve did not start:\n" + self.server_log())
            time.sleep(0.02)

    def server_log(self):
        with open(os.path.join(self.folder, "serve.log"), errors="replace") as f:
            return "".join(f.readlines()[-20:])

    def close(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    # --- the guest -----------------------------------------------------------------

    def read_console(self, qemu, lines):
        for raw in qemu.stdout:
            lines.put(raw.decode(errors="replace").rstrip("\r\n"))
        lines.put(None)

    def wait_for(self, text, seconds, silence=False):
        """Lines up to the one with `text`; with silence, `seconds` are from line to line."""
        end, seen = time.monotonic() + seconds, []
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Trouble("the guest says nothing for %d s; its %s" % (
                    seconds, self.last_words())) from None
            if line is None:
                raise Trouble("the guest is gone; its %s" % self.last_words())
            self.log.append(line)
            seen.append(line)
            if text in line:
                return seen
            if silence:
                end = time.monotonic() + seconds

    def last_words(self):
        try:
            with open(self.kernel_console, errors="replace") as f:
                kernel = [line.rstrip() for line in f]
        except OSError:
            kernel = []
        return "last words:\n%s\nits kernel's:\n%s" % (
            "\n".join(self.log[-8:]), "\n".join(kernel[-60:]))

    def sh(self, command, seconds=60, check=True, silence=False):
        """A shell command in the guest; its output's lines."""
        try:
            self.qemu.stdin.write((command + "\n").encode())
            self.qemu.stdin.flush()
        except OSError:
            pass                  # it is gone: the console tells
        lines = self.wait_for("@@ done", seconds, silence)
        status = int(lines[-1].split()[-1])
        if check and status:
            raise Trouble("in the guest '%s' failed (%d):\n%s" % (
                command, status, "\n".join(lines[:-1])))
        return lines[:-1]

    def dmesg(self):
        """All lines of the kernel's log so far."""
        for line in self.sh("dmesg -r -c"):
            found = RAW.match(line)
            level = int(found[1]) & 7 if found else 7
            self.kernel_log.append((level, line[found.end(1) + 1:] if found else line))
        return [line for _, line in self.kernel_log]

    def count(self, text):
        return sum(text in line for line in self.dmesg())

    def healthy(self, expected=(), since=0):
        """No complaint of the kernel after line `since` but such as are expected; each of
        those must have come."""
        self.dmesg()
        lines = self.kernel_log[since:]
        bad = [line for level, line in lines
               if (BAD.search(line) or (level <= WARNING and OURS.search(line))) and
               not any(re.search(e, line) for e in expected)]
        if bad:
            raise Trouble("the guest complains:\n" + "\n".join(bad[:20]))
        for e in expected:
            if not e.startswith("(?#)") and not any(re.search(e, line) for _, line in lines):
                raise Trouble("the guest does not say '%s'" % e)

    # --- the host's side -------------------------------------------------------------

    def monitor(self, command):
        with self.qmp_lock:       # moments are awaited by a thread of their own
            self.qmp_file.write(json.dumps({"execute": command}) + "\n")
            self.qmp_file.flush()
            while True:
                reply = json.loads(self.qmp_file.readline())
                if "return" in reply:
                    return reply["return"]
                if "error" in reply:
                    raise Trouble("QEMU: %s: %s" % (command, reply["error"]))

    def pf(self, verb, *arguments):
        done = subprocess.run([self.gucemu, "pf", verb, *arguments, "--socket", self.control,
                               "--vf", "1"], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Trouble("pf %s: %s" % (verb, done.stderr.strip()))
        return done.stdout

    def provision(self, base):
        self.base = base
        share = self.card.share
        self.pf("provision", "--start", hex(base),
                *(word for name in share for word in ("--" + name, share[name])))

    def migrate(self, base):
        """Within one card, by gucemu pf migrate. Its freeze waits until all that the guest
        has written is carried out: what came behind the save would find another VF."""
        self.monitor("stop")
        self.stopped_in = self.vf_states()
        self.pf_migrate("--start", hex(base))
        self.monitor("cont")
        self.base = base

    def pf_migrate(self, *arguments):
        done = subprocess.run([self.gucemu, "pf", "migrate", "--from", self.control, "--vf", "1",
                               *arguments], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Trouble("pf migrate: %s%s" % (done.stdout, done.stderr))

    def state(self):
        done = subprocess.run([self.gucemu, "state", "--socket", self.control, "--json"],
                              capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Trouble("state: %s" % done.stderr.strip())
        return json.loads(done.stdout)

    def vf_states(self):
        """The VF's state in the GuC of each GT that its driver knows."""
        return [gt["state"] for gt in self.state()["functions"][1]["gts"]][:self.gts]

    def trace(self, *options):
        """What the card has recorded so far (--record), a line each."""
        with subprocess.Popen([self.gucemu, "trace", "show", self.folder + "/trace", *options],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True) as show:
            yield from show.stdout

    def fds(self):
        """How many descriptors the card's emulator has open."""
        return len(os.listdir("/proc/%d/fd" % self.server.pid))

    def hand_over(self, base):
        """To an emulator of its own, by gucemu pf migrate; the old one ends."""
        number = self.serial()
        control = os.path.join(self.folder, "card%d" % number)
        server, gpu = self.serve(control, "gpu%d" % number, "serve%d.log" % number)
        self.pf_migrate("--to", control, "--qmp", self.monitor_for_pf, "--start", hex(base))
        self.server.terminate()
        self.server.wait(20)
        self.server, self.control, self.gpu, self.base = server, control, gpu, base

    def findings(self):
        return json.loads(self.pf("findings"))["findings"]
