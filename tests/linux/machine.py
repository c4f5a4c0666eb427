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
import threading
import time

BOOT_SECONDS = 180
HERE = os.path.dirname(os.path.abspath(__file__))
SHARE = {"ggtt": "256M", "contexts": "1024", "doorbells": "8"}
BASES = (0x10000000, 0x30000000, 0x50000000)

# What a healthy guest never prints.
BAD = re.compile(r"\*ERROR\*|WARNING: |BUG: |Oops|kernel panic|Call Trace|wedged|Unknown symbol",
                 re.I)


class Trouble(Exception):
    pass


def initramfs(kit, root, path):
    """Busybox, the xe driver with what it needs, our init."""
    work = path + ".d"
    shutil.rmtree(work, ignore_errors=True)
    for name in ("bin", "proc", "sys", "dev", "tmp", "modules"):
        os.makedirs(os.path.join(work, name))
    shutil.copy(os.path.join(kit.tools, "usr/bin/busybox"), os.path.join(work, "bin"))
    shutil.copy(os.path.join(HERE, "init"), os.path.join(work, "init"))
    os.chmod(os.path.join(work, "init"), 0o755)
    with open(os.path.join(work, "modules/order"), "w") as order:
        for module in kit.modules(root, "xe"):
            name = re.sub(r"\.xz$", "", os.path.basename(module))
            opener = lzma.open if module.endswith(".xz") else open
            with opener(module, "rb") as src, open(os.path.join(work, "modules", name), "wb") as dst:
                shutil.copyfileobj(src, dst)
            order.write(name + "\n")
    names = [os.path.relpath(os.path.join(folder, n), work)
             for folder, dirs, files in os.walk(work) for n in dirs + files]
    done = subprocess.run([os.path.join(kit.tools, "usr/bin/busybox"), "cpio", "-o", "-H", "newc"],
                          input="".join(name + "\n" for name in sorted(names)).encode(),
                          cwd=work, capture_output=True, check=True)
    with gzip.open(path, "wb", 1) as f:
        f.write(done.stdout)
    shutil.rmtree(work)


class Machine:
    def __init__(self, kit, gucemu, folder, kernel, initrd, card_options=()):
        self.kit, self.gucemu, self.folder = kit, gucemu, folder
        self.card = os.path.join(folder, "card")
        self.lines, self.log = queue.Queue(), []
        self.children = []
        self.base = None
        gpu, monitor = os.path.join(folder, "gpu"), os.path.join(folder, "qmp")
        self.server = self.start([gucemu, "serve", "--socket", self.card, "--provision", "0",
                                  "--vfio-user", "vf1=" + gpu, *card_options],
                                 open(os.path.join(folder, "serve.log"), "w"))
        self.wait_path(gpu)
        self.provision(BASES[0])
        accelerator = ["-accel", "kvm", "-accel", "tcg"] if os.environ.get("GUCEMU_KVM") else \
            ["-accel", "tcg"]
        share = os.path.join(kit.tools, "usr/share")
        device = {"driver": "vfio-user-pci", "socket": {"type": "unix", "path": gpu}}
        self.qemu = self.start(kit.program(
            "qemu-system-x86_64", "-L", share + "/qemu", "-L", share + "/seabios", *accelerator,
            "-m", "1024", "-smp", "1", "-object",
            "memory-backend-memfd,id=m,size=1024M,share=on", "-machine", "q35,memory-backend=m",
            "-vga", "none", "-nic", "none", "-display", "none", "-serial", "stdio", "-monitor",
            "none", "-no-reboot", "-qmp", "unix:%s,server=on,wait=off" % monitor, "-device",
            json.dumps(device), "-kernel", kernel, "-initrd", initrd, "-append",
            "console=ttyS0 panic=-1 quiet loglevel=1"), subprocess.PIPE, stdin=subprocess.PIPE)
        threading.Thread(target=self.read_console, daemon=True).start()
        self.wait_for("@@ up", BOOT_SECONDS)
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.connect(monitor)
        self.qmp_file = self.qmp.makefile("rw")
        self.qmp_file.readline()
        self.monitor("qmp_capabilities")

    def start(self, command, out, **more):
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **more)
        self.children.append(child)
        return child

    def wait_path(self, path):
        end = time.monotonic() + 20
        while not os.path.exists(path):
            if self.server.poll() is not None or time.monotonic() > end:
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

    def read_console(self):
        for raw in self.qemu.stdout:
            self.lines.put(raw.decode(errors="replace").rstrip("\r\n"))
        self.lines.put(None)

    def wait_for(self, text, seconds):
        """Lines up to the one with `text`."""
        end, seen = time.monotonic() + seconds, []
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Trouble("the guest says nothing for %d s; its last words:\n%s" % (
                    seconds, "\n".join(self.log[-15:]))) from None
            if line is None:
                raise Trouble("the guest is gone; its last words:\n" + "\n".join(self.log[-15:]))
            self.log.append(line)
            seen.append(line)
            if text in line:
                return seen

    def sh(self, command, seconds=60, check=True):
        """A shell command in the guest; its output's lines."""
        self.qemu.stdin.write((command + "\n").encode())
        self.qemu.stdin.flush()
        lines = self.wait_for("@@ done", seconds)
        status = int(lines[-1].split()[-1])
        if check and status:
            raise Trouble("in the guest '%s' failed (%d):\n%s" % (
                command, status, "\n".join(lines[:-1])))
        return lines[:-1]

    def dmesg(self):
        return self.sh("dmesg")

    def count(self, text):
        return sum(text in line for line in self.dmesg())

    def healthy(self):
        bad = [line for line in self.dmesg() if BAD.search(line)]
        if bad:
            raise Trouble("the guest complains:\n" + "\n".join(bad[:20]))

    # --- the host's side -------------------------------------------------------------

    def monitor(self, command):
        self.qmp_file.write(json.dumps({"execute": command}) + "\n")
        self.qmp_file.flush()
        while True:
            reply = json.loads(self.qmp_file.readline())
            if "return" in reply:
                return reply["return"]
            if "error" in reply:
                raise Trouble("QEMU: %s: %s" % (command, reply["error"]))

    def pf(self, verb, *arguments):
        done = subprocess.run([self.gucemu, "pf", verb, *arguments, "--socket", self.card,
                               "--vf", "1"], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Trouble("pf %s: %s" % (verb, done.stderr.strip()))
        return done.stdout

    def provision(self, base):
        self.base = base
        self.pf("provision", "--start", hex(base),
                *(word for name in SHARE for word in ("--" + name, SHARE[name])))

    def migrate(self, base):
        """FREEZE, save, reset, provision elsewhere, restore, THAW: within one card."""
        image = os.path.join(self.folder, "image")
        self.monitor("stop")
        self.pf("pause")
        if os.path.exists(image):
            os.unlink(image)
        self.pf("save", image)
        self.pf("flr")
        self.provision(base)
        self.pf("pause")
        self.pf("restore", image)
        self.pf("resume")
        self.monitor("cont")

    def findings(self):
        return json.loads(self.pf("findings"))["findings"]
