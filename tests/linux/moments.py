# SPDX-License-Identifier: MIT
"""A fault rule as the moment at which a VF is migrated: the rule pauses the VF there, QEMU
is stopped, the VF moves on. Rules by hand, too."""
import json
import subprocess
import threading
import time

from machine import Trouble


def fault_verb(m, *words):
    done = subprocess.run([m.gucemu, "fault", *words, "--socket", m.control],
                          capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise Trouble("fault %s: %s" % (words[0], done.stderr.strip()))
    return done.stdout


def fired(m):
    """How often each rule has."""
    return [rule["fired"] for rule in json.loads(fault_verb(m, "rules", "--json"))["rules"]]


def await_fired(m, seconds=30):
    """Until each rule has."""
    end = time.monotonic() + seconds
    while not all(fired(m)):
        if time.monotonic() > end:
            raise Trouble("a rule never fired: %s" % fault_verb(m, "rules"))
        time.sleep(0.02)


class Moment:
    """Awaits that the rule named 'moment' fires, and stops QEMU `later` seconds behind that:
    as long the guest goes on beside a GuC that is busy with something else."""

    def __init__(self, m, later=0.0):
        self.m, self.later, self.hit = m, later, threading.Event()
        self.child = subprocess.Popen([m.gucemu, "fault", "watch", "--socket", m.control],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        time.sleep(0.2)               # until it listens

    def read(self):
        for line in self.child.stdout:
            if "'moment'" in line:
                time.sleep(self.later)
                self.m.monitor("stop")
                self.hit.set()
                return

    def close(self):
        self.child.terminate()
        self.child.wait()
        self.thread.join(10)


def move_paused(m, base):
    """What pf migrate does, of a VF that a rule has paused already."""
    image = "%s/again%d" % (m.folder, m.serial())
    end = time.monotonic() + 10
    while not all(state.endswith("_PAUSED") for state in m.vf_states()):
        if time.monotonic() > end:
            raise Trouble("the rule's pause does not end: %s" % m.vf_states())
        time.sleep(0.01)
    m.pf("freeze")
    m.pf("save", image)
    m.pf("flr")
    m.provision(base)
    m.pf("pause")
    m.pf("restore", image)
    m.pf("resume")
    m.pf("thaw")
    m.monitor("cont")
