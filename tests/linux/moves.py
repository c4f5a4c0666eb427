# SPDX-License-Identifier: MIT
"""Migrations of a guest that is at work: what it does meanwhile, where it goes, and
what must be true afterwards."""
import random
import re
import time

from machine import BASES, Trouble

RECOVERY_SECONDS = 60
WORK_SECONDS = 200
ENABLED = "migration recovery ended"  # a string of drivers that can recover
PROCESSES = 3
SHARE = 0x10000000                    # what a VF gets of the GGTT
DEVICE = "0000:00:01.0"
DRIVER = "/sys/bus/pci/drivers/xe"
# Up, down, overlapping both ways, and to where it is.
STEPS = (BASES[1], BASES[2], BASES[0], BASES[0] + 0x1000000, BASES[0], BASES[0])


def recovered(m, times):
    """All GTs have recovered `times` times in all."""
    end = time.monotonic() + RECOVERY_SECONDS
    while m.count(ENABLED) < times * m.gts:
        if time.monotonic() > end:
            raise Trouble("%d of %d recoveries ended:\n%s\n%s" % (
                m.count(ENABLED), times * m.gts, "\n".join(m.dmesg()[-20:]), blocked_tasks(m)))
        time.sleep(0.1)


def blocked_tasks(m):
    """Stacks of what hangs in the guest's kernel."""
    since = len(m.kernel_log)
    m.sh("echo w >/proc/sysrq-trigger", check=False)
    m.dmesg()
    return "\n".join(line for _, line in m.kernel_log[since:])


class Work:
    """Something that a guest does while it is migrated; ended, its word is checked."""

    def __init__(self, m, command, word):
        self.m, self.word, self.serial = m, word, m.serial()
        self.stop, self.out = "/tmp/stop%d" % self.serial, "/tmp/out%d" % self.serial
        m.sh("(%s; echo status $?) >%s 2>&1 &" % (command % self.stop, self.out))

    def said(self):
        return self.m.sh("cat %s" % self.out)

    def await_line(self, text):
        end = time.monotonic() + WORK_SECONDS
        while not any(text in line for line in self.said()):
            if time.monotonic() > end or any("status" in line for line in self.said()):
                raise Trouble("it does not begin: %s" % self.said())
            time.sleep(0.1)

    def at_work(self):
        if any("status" in line for line in self.said()):
            raise Trouble("it has ended too early: %s" % "\n".join(self.said()))

    def end(self):
        """What it counted."""
        self.at_work()
        self.m.sh("touch %s" % self.stop)
        end = time.monotonic() + WORK_SECONDS
        while not any("status" in line for line in self.said()):
            if time.monotonic() > end:
                raise Trouble("it does not end: %s\n%s" % (self.said(), blocked_tasks(self.m)))
            time.sleep(0.1)
        lines = self.said()
        found = [re.search(self.word, line) for line in lines if re.search(self.word, line)]
        if "status 0" not in lines or not found:
            raise Trouble("work went wrong: %s" % "\n".join(lines))
        return int(found[0][1])


def load(m):
    return Work(m, "xetest load 0 %d %%s" % PROCESSES,
                r"load: (\d+) jobs.* 0 of \d+ processes failed")


def block(m):
    work = Work(m, "xetest block %s", r"block: released on (\d+) engines")
    work.await_line("blocked on")
    return work


class Series:
    """Single migrations one after the other, each recovered before the next begins."""

    def __init__(self, m):
        self.m, self.done = m, m.count(ENABLED) // m.gts
        self.times = 0
        self.random = random.Random(1)

    def base(self):
        """Where to now: up, down, overlapping, now and then to where it is."""
        kind = self.random.randrange(8)
        if kind == 0:
            return self.m.base
        if kind < 4:
            step = 0x1000 * self.random.randrange(1, SHARE // 0x1000)
            low, high = BASES[0], 0xE0000000
            base = self.m.base + (step if self.random.randrange(2) else -step)
            return base if low <= base <= high else self.m.base
        return self.random.choice(STEPS)

    def one(self, base=None):
        self.m.migrate(self.base() if base is None else base)
        recovered(self.m, self.done + 1)
        self.done = self.m.count(ENABLED) // self.m.gts
        self.times += 1


def loaded(m, times=6):
    series, work = Series(m), load(m)
    for i in range(times):
        time.sleep(0.3)
        work.at_work()
        series.one(STEPS[i % len(STEPS)])
    return "%d jobs through %d migrations" % (work.end(), times)


def blocked(m, times=3):
    """Every engine stands in the middle of a batch: it goes on where it stood."""
    series, work = Series(m), block(m)
    for i in range(times):
        series.one(STEPS[i % len(STEPS)])
    return "%d engines stood through %d migrations" % (work.end(), times)


KINDS = ("idle", "loaded", "blocked", "both")


def series(m, times, say):
    """Idle, loaded, blocked, both at once, in turn, `times` in all."""
    s = Series(m)
    jobs, count = 0, dict.fromkeys(KINDS, 0)
    while s.times < times:
        kind = KINDS[s.times // 5 % len(KINDS)]
        works = [begin(m) for begin, kinds in ((load, ("loaded", "both")),
                                               (block, ("blocked", "both"))) if kind in kinds]
        for _ in range(min(5, times - s.times)):
            for work in works:
                work.at_work()
            s.one()
            count[kind] += 1
            time.sleep(s.random.random() * 0.3)
        jobs += sum(work.end() for work in works)
        m.healthy()
        say("%d of %d migrations (%s): %d jobs and blocked batches ended well" % (
            s.times, times, ", ".join("%d %s" % (count[k], k) for k in KINDS), jobs))
    return "%d migrations (%s), %d jobs" % (
        s.times, ", ".join("%d %s" % (count[k], k) for k in KINDS), jobs)
