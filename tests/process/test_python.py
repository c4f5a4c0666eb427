#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The drivers of examples/python against real servers: another language, made
from the schema and docs/protocol alone. GUCEMU is the program, EXAMPLES the
folder of the examples, PYTHONPATH has frame_pb2."""
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest

GUCEMU = os.environ["GUCEMU"]
EXAMPLES = os.environ["EXAMPLES"]
PATIENCE = 60


class Process:
    """A child whose lines can be waited for."""

    def __init__(self, *command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines, self.seen = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait_for(self, text):
        """The next line with `text` in it."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError("no '%s' in:\n%s" % (text, "\n".join(self.seen)))
            self.seen.append(line)
            if text in line:
                return line

    def say(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def status(self):
        status = self.child.wait(PATIENCE)
        while True:
            line = self.lines.get(timeout=PATIENCE)
            if line is None:
                return status
            self.seen.append(line)

    def end(self):
        self.child.stdin.close()
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


class Drivers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.a, self.b = (os.path.join(folder.name, name) for name in "AB")

    def start(self, *command):
        process = Process(*command)
        self.addCleanup(process.end)
        return process

    def python(self, script, *arguments):
        return self.start(sys.executable, os.path.join(EXAMPLES, script), *arguments)

    def card(self, socket, *options):
        server = self.start(GUCEMU, "serve", "--socket", socket, "--log", "warn", *options)
        server.wait_for("ready")
        return server

    def cards(self, abi, *b_options, pf=()):
        self.card(self.a, "--gts", "2", "--guc-abi", abi, *pf)
        self.card(self.b, "--gts", "2", "--guc-abi", abi, *pf, *b_options)

    def vf(self, *options):
        vf = self.python("vf.py", "--socket", self.a, *options)
        vf.wait_for("booted")
        return vf

    def built_in_migrate(self, source, target):
        done = subprocess.run([GUCEMU, "pf", "migrate", "--from", source, "--to", target,
                               "--vf", "1"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def no_findings(self):
        for socket in self.a, self.b:
            done = subprocess.run([GUCEMU, "pf", "findings", "--socket", socket, "--vf", "1"],
                                  capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["total"], 0, done.stdout)

    def finished(self, process):
        self.assertEqual(process.status(), 0, "\n".join(process.seen))

    # --- a VF in Python, moved by the built-in PFs ----------------------------------

    def vf_recovers(self, abi):
        self.cards(abi, "--ggtt-offset", "256M")
        vf = self.vf("--migrations", "2")
        for source, target in (self.a, self.b), (self.b, self.a):
            vf.wait_for("ready for migration")
            self.built_in_migrate(source, target)
            line = vf.wait_for("recovered").split()
            self.assertNotEqual(line[-1], line[-3])
        self.finished(vf)
        self.no_findings()

    def test_vf_recovers_latest(self):
        """RESFIX_START and RESFIX_DONE with a marker, on each GT."""
        self.vf_recovers("1.28")

    def test_vf_recovers_seed(self):
        """Without markers: NOTIFY_RESFIX_DONE for all GTs."""
        self.vf_recovers("1.26")

    def vf_recovers_twice(self, abi, word):
        self.cards(abi, "--ggtt-offset", "256M")
        vf = self.vf("--migrations", "1", "--hold")
        vf.wait_for("ready for migration")
        self.built_in_migrate(self.a, self.b)
        vf.wait_for("holding")
        self.built_in_migrate(self.b, self.a)
        vf.wait_for(word)
        vf.wait_for("recovered")
        self.finished(vf)
        self.no_findings()

    def test_vf_recovers_double_latest(self):
        """A second migration before DONE: 0x107, and a recovery from the start."""
        self.vf_recovers_twice("1.28", "recovery starts over")

    def test_vf_recovers_double_seed(self):
        """A second migration before the notification: it is deferred."""
        self.vf_recovers_twice("1.26", "deferred")

    # --- a PF in Python ---------------------------------------------------------------

    def pf_moves(self, abi, *options):
        self.cards(abi, pf=("--no-pf",))
        pf = self.python("pf.py", "--socket", self.a, "--socket", self.b)
        pf.wait_for("ready")
        vf = self.vf("--migrations", "2" if not options else "1", *options)
        # Each move when the VF says that it waits for one: it looks for none in between.
        vf.wait_for("ready for migration 1")
        pf.say("migrate")
        vf.wait_for("holding" if options else "recovered")
        if not options:
            vf.wait_for("ready for migration 2")
        pf.say("migrate")
        vf.wait_for("recovered")
        self.finished(vf)
        pf.wait_for("was reset")
        pf.say("quit")
        self.finished(pf)
        self.assertEqual(sum("moved" in line for line in pf.seen), 2)
        self.no_findings()

    def test_pf_moves_latest(self):
        """Both drivers in Python: provisioning, relay, there and back."""
        self.pf_moves("1.28")

    def test_pf_moves_seed(self):
        self.pf_moves("1.26")

    def test_pf_moves_double(self):
        self.pf_moves("1.28", "--hold")

    def test_pf_and_the_c_driver(self):
        """The PF in Python under the VF driver in C, which fixes far more words."""
        self.cards("1.28", pf=("--no-pf",))
        pf = self.python("pf.py", "--socket", self.a, "--socket", self.b)
        pf.wait_for("ready")
        vf = self.start(GUCEMU, "vf", "run", "--socket", self.a, "--hold-jobs", "--json")
        vf.wait_for('"state":"ready"')
        pf.say("migrate")
        pf.wait_for("moved")
        self.finished(vf)
        pf.say("quit")
        self.finished(pf)
        self.no_findings()

    # --- mistakes ---------------------------------------------------------------------

    def test_no_server(self):
        """A path where nobody listens: one line and status 1."""
        for script in "vf.py", "pf.py":
            process = self.python(script, "--socket", self.a)
            self.assertEqual(process.status(), 1)
            self.assertEqual(len(process.seen), 1, process.seen)

    def test_no_such_vf(self):
        self.card(self.a)
        vf = self.python("vf.py", "--socket", self.a, "--vf", "9")
        self.assertEqual(vf.status(), 1)
        self.assertIn("vf9:", vf.seen[-1])

    def test_server_killed(self):
        """The server dies: the driver says so and ends."""
        server = self.card(self.a)
        vf = self.vf()
        vf.wait_for("ready for migration")
        server.child.kill()
        self.assertEqual(vf.status(), 1)
        self.assertIn("connection closed", vf.seen[-1])

    def test_card_gone_leaves_the_others(self):
        """One of two cards dies, found by a move or by itself: the PF serves the other."""
        self.card(self.a, "--gts", "2", "--no-pf")
        other = self.card(self.b, "--gts", "2", "--no-pf", "--ggtt-offset", "256M")
        pf = self.python("pf.py", "--socket", self.a, "--socket", self.b)
        pf.wait_for("ready")
        vf = self.vf("--migrations", "1")
        vf.wait_for("ready for migration")
        other.child.kill()
        pf.say("migrate")
        pf.wait_for("connection closed")
        state = subprocess.run([GUCEMU, "state", "--socket", self.a, "--json"],
                               capture_output=True, text=True, timeout=PATIENCE).stdout
        self.assertIn("VF_RUNNING", state)
        self.assertNotIn("PAUSED", state)
        pf.say("migrate")
        pf.wait_for("only one card")
        pf.say("quit")
        self.finished(pf)

    def test_failed_move_leaves_the_vf(self):
        """B's GuC refuses the image, for its ABI is older: the VF goes on on A."""
        self.card(self.a, "--gts", "2", "--no-pf")
        self.card(self.b, "--gts", "2", "--no-pf", "--guc-abi", "1.20")
        pf = self.python("pf.py", "--socket", self.a, "--socket", self.b)
        pf.wait_for("ready")
        vf = self.vf("--migrations", "1")
        vf.wait_for("ready for migration")
        pf.say("migrate")
        pf.wait_for("not moved")
        state = subprocess.run([GUCEMU, "state", "--socket", self.a, "--json"],
                               capture_output=True, text=True, timeout=PATIENCE).stdout
        self.assertIn("VF_RUNNING", state)
        self.assertNotIn("PAUSED", state)


class Result(unittest.TextTestResult):
    def printErrors(self):
        super().printErrors()
        self.stream.writeln("Checks: %d, Failures: %d, Errors: %d" % (
            self.testsRun, len(self.failures), len(self.errors)))


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(resultclass=Result, verbosity=2))
