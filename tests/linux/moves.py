# SPDX-License-Identifier: MIT
"""Migrations of a guest that is at work: what it does meanwhile, where it goes, and
what must be true afterwards."""
import os
import random
import re
import time

from machine import BASES, BOOT_SECONDS, Left, Trouble

RECOVERY_SECONDS = 60
WORK_SECONDS = 200
ENABLED = "migration recovery ended"  # a string of drivers that can recover
PROCESSES = 3
RUNNING_SCHEDULER = "gpu_scheduler.h:756"  # a warning of 7.2
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
        m.sh(": >%s; (%s; echo status $?) >>%s 2>&1 &" % (
            self.out, command % self.stop, self.out))

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


def load(m, steady=False):
    """Jobs on all engines; unless `steady` some of them of new queues and address spaces."""
    work = Work(m, "xetest load 0 %d %%s%s" % (PROCESSES, " steady" if steady else ""),
                r"load: (\d+) jobs.* 0 of \d+ processes failed")
    work.await_line("at work")
    return work


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


def mid_recovery(m, more, times=10):
    """`more` migrations behind a first one, a little later each time: most while a GT is
    being recovered. Counts those that were. The queues are there before: what the driver
    loses of new ones is finding 0004."""
    work = load(m, steady=True)
    hits = again_and_again(m, more, times)
    return "%d of %d migrations hit a recovery, %d jobs" % (hits, times * more, work.end())


def again_and_again(m, more, times):
    hits = 0
    for i in range(times):
        for k in range(more + 1):
            if k:
                time.sleep(0.004 * (i % 10))
            m.migrate(STEPS[(i + k) % len(STEPS)])
            hits += any("RESFIX" in state for state in m.stopped_in) if k else 0
        settled(m)
    if not hits:
        raise Trouble("none of %d migrations hit a recovery" % (times * more))
    return hits


def settled(m):
    """Both GuCs have the VF running and the driver is through with its recoveries."""
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        states, since = m.vf_states(), len(m.kernel_log)
        m.dmesg()
        if all(s == "VF_RUNNING" for s in states) and not any(
                "recover" in line for _, line in m.kernel_log[since:]):
            return
        if time.monotonic() > end:
            raise Trouble("it does not recover: %s\n%s\n%s" % (
                states, "\n".join(m.dmesg()[-20:]), blocked_tasks(m)))
        time.sleep(0.2)


def double(m):
    return mid_recovery(m, 1)


def triple(m):
    return mid_recovery(m, 2)


def handed_over(m, times=4):
    """To an emulator process of its own each time: QEMU's connection goes along."""
    s, work = Series(m), load(m)
    for i in range(times):
        m.hand_over(STEPS[i % len(STEPS)])
        recovered(m, s.done + 1)
        s.done += 1
        work.at_work()
    jobs = work.end()
    work = block(m)
    m.hand_over(BASES[1])
    recovered(m, s.done + 1)
    return "%d processes, %d jobs, %d engines stood through it" % (times + 1, jobs, work.end())


# --- during the probe -----------------------------------------------------------------------

# What the driver itself does when it is migrated before its device is there (10.2 of the
# bring-up log, verdict 6): it has no recovery then.
DRIVERS = (
    ("Oops", r"BUG: unable to handle|Oops"),
    ("wedged", r"declared device .* as wedged"),
    ("probe failed", r"probe with driver xe failed|"
                     r"\*ERROR\* .*(-ECANCELED|-ETIME|-EPROTO|-ENODATA)"),
)
PROBE_POINTS = (0.0, 0.2, 0.6, 1.2) # s behind the first CTB, which the host sees


def during_probe(m):
    """At several points of it, each with a guest of its own: it recovers, or does what the
    driver is known for; the card serves the next guest."""
    seen = []
    for delay in PROBE_POINTS:
        m.restart_guest()
        m.sh(": >/tmp/probe; (load; echo status $?) >>/tmp/probe 2>&1 &")
        end = time.monotonic() + 120
        while not m.state()["functions"][1]["gts"][0]["ctb"]:
            if time.monotonic() > end:
                raise Trouble("the driver opens no CTB")
        time.sleep(delay)
        probed = any("status" in line for line in m.sh("cat /tmp/probe"))
        m.migrate(BASES[1])
        seen.append("%.1f s%s: %s" % (delay, " (probed)" if probed else "", outcome(m)))
        m.options.say(seen[-1])
    m.restart_guest()
    m.sh("load", 180)
    m.healthy()
    if m.sh("test -e /dev/dri/renderD128 || echo missing"):
        raise Trouble("the next guest has no renderD128")
    m.loaded = True
    return "; ".join(seen)


def outcome(m):
    end = time.monotonic() + 40
    while time.monotonic() < end:
        text = "\n".join(m.dmesg())
        for name, pattern in DRIVERS:
            found = re.search(pattern, text)
            if found:
                line = text[text.rfind("\n", 0, found.start()) + 1:].split("\n")[0]
                where = re.search(r"RIP: \S*?(\w+\+0x\w+)", text)
                return "%s (%s%s)" % (name, re.sub(r"^\s*\[.*?\] ", "", line)[:90],
                                      ", at " + where[1] if where else "")
        if "status 0" in m.sh("cat /tmp/probe") and m.count(ENABLED) >= m.gts:
            return "recovered"
        if "status 0" in m.sh("cat /tmp/probe") and not m.count("recovery scheduled"):
            return "not noticed by the driver"
        time.sleep(0.3)
    raise Trouble("neither probed nor failed: %s\n%s\n%s" % (
        m.sh("cat /tmp/probe"), "\n".join(m.dmesg()[-15:]), blocked_tasks(m)))


# --- guests that go --------------------------------------------------------------------------

def gone(m):
    """QEMU is killed, the guest panics, in each step of a migration: the card serves the
    next guest, and keeps no descriptor."""
    image, had = m.folder + "/image", None
    for cut in range(5):
        if cut:
            m.restart_guest()
            m.sh("load", 180)
            m.loaded = True
        load(m)
        before = m.fds()
        had = before if had is None else had
        if before > had:
            raise Trouble("%d descriptors, %d before" % (before, had))
        if cut == 4:
            m.migrate(BASES[1])
            m.sh("(sleep 0.01; echo c >/proc/sysrq-trigger) &", check=False)
            m.qemu.wait(60)       # it panics in mid-recovery, and that ends QEMU
        else:
            m.monitor("stop")
            for verb in (("pause",), ("save", image), ("flr",))[:cut]:
                m.pf(*verb)
            m.qemu.kill()
        m.wait_vacant()
        if os.path.exists(image):
            os.unlink(image)
    m.restart_guest()
    m.sh("load", 180)
    m.loaded = True
    m.healthy()
    return "5 guests gone, %d descriptors before and after" % had


def rebooted(m):
    """A guest that boots anew in mid-recovery, at the same QEMU: its card is as new."""
    m.reboots = True
    m.restart_guest()
    m.reboots = False
    m.sh("load", 180)
    had = m.fds()
    for delay in (0.0, 0.02):
        m.migrate(BASES[2] if m.base == BASES[1] else BASES[1])
        m.qemu.stdin.write(b"sleep %.2f; echo b >/proc/sysrq-trigger\n" % delay)
        m.qemu.stdin.flush()
        m.wait_for("@@ up", BOOT_SECONDS)
        m.kernel_log = []
        m.sh("load", 180)
    m.loaded = True
    m.healthy()
    if m.fds() != had:
        raise Trouble("%d descriptors, %d before" % (m.fds(), had))
    s, work = Series(m), load(m)
    s.one(BASES[0])
    return "2 reboots, then %d jobs and a migration; %d descriptors" % (work.end(), had)


# --- findings (docs/findings; more in findings.py) -----------------------------------------

def superseded_entries(m):
    """GGTT entries dropped between a RESFIX_DONE that was refused, because the VF had moved
    again, and the RESFIX_START that follows on that GT: the driver took its base for fixed."""
    asked, refused, entries = {}, set(), 0
    for line in m.trace():
        found = re.search(r"vf1/(gt\d) (mbox-request REQUEST (\w+)|mbox-reply (\w+))", line)
        if found and found[3]:
            asked[found[1]] = found[3]
            if found[3] == "RESFIX_START":
                refused.discard(found[1])
        elif found and found[4] == "FAILURE" and asked.get(found[1]) == "RESFIX_DONE":
            refused.add(found[1])
        elif refused and "foreign GGTT entry" in line:
            entries += 1
    return entries


def new_queues(m, times=30):
    """Second migrations in mid-recovery of a guest that makes queues meanwhile."""
    work, seen = load(m), []
    again_and_again(m, 1, times)
    try:
        work.end()
    except Trouble as lost:
        entries = superseded_entries(m)
        if not entries:
            raise
        wrong = re.search(r"(slot|process) \d.*", str(lost))
        seen.append("a job was lost (%s), %d entries were dropped behind a refused RESFIX_DONE" % (
            wrong[0] if wrong else lost, entries))
    if m.count(RUNNING_SCHEDULER):
        seen.append("%d warnings of running schedulers" % m.count(RUNNING_SCHEDULER))
    if not seen:
        raise Left("nothing was lost in %d pairs" % times)
    return "; ".join(seen)


# --- numbers (docs/performance.md) -------------------------------------------------------------

def late_recoveries(m):
    """Recoveries that the driver began when the GuC had the VF running already."""
    states, late, all_of = {}, 0, 0
    for line in m.trace():
        state = re.search(r"vf1/(gt\d) state \w+ -> (\w+)", line)
        begun = re.search(r"vf1/(gt\d) mbox-request \w+ RESFIX_START", line)
        if state:
            states[state[1]] = state[2]
        elif begun:
            all_of += 1
            late += states[begun[1]] == "VF_RUNNING"
    if not late:
        raise Left("none of %d recoveries was late" % all_of)
    return "%d of %d recoveries began with the VF running already" % (late, all_of)


def late(m):
    s = Series(m)
    for i in range(60):
        for k in range(2):
            time.sleep(0.001 * i * k)
            m.migrate(STEPS[(i + k) % len(STEPS)])
        settled(m)
        s.times += 1
    return late_recoveries(m)


def recovery_times(m):
    """Of each GT and migration, ms from RESUME, which raises MIGRATED, to RESFIX_DONE."""
    began, times = {}, []
    for line in m.trace():
        found = re.match(r"\[ *([\d.]+) s\] \w+ vf1/(gt\d) state (\w+) -> (\w+)", line)
        if not found:
            continue
        if found[3] == "VF_RESFIX_PAUSED":
            began[found[2]] = float(found[1])
        elif found[4] == "VF_RUNNING" and found[2] in began:
            times.append(1000 * (float(found[1]) - began.pop(found[2])))
    return sorted(times)


def numbers(m, seconds=10, times=10):
    """On a card that records, on whatever machine this is."""
    def spent():
        with open("/proc/%d/stat" % m.server.pid) as f:
            words = f.read().rpartition(")")[2].split()
        return ((int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"),
                m.state()["functions"][1]["vfio_user"]["messages"])

    before, messages = spent()
    began = time.monotonic()
    m.sh("load", 180)
    m.loaded = True
    took, (after, now) = time.monotonic() - began, spent()
    lines = m.sh("xetest load %d %d" % (seconds, PROCESSES), WORK_SECONDS)
    load_done = re.search(r"load: (\d+) jobs in (\d+) ms", "\n".join(lines))
    if not load_done:
        raise Trouble("\n".join(lines))
    s = Series(m)
    for i in range(times):
        s.one(STEPS[i % len(STEPS)])
    ms = recovery_times(m)
    return "probe %.1f s, %d messages, %.2f s of the device; %.0f jobs a second; RESUME to " \
           "RESFIX_DONE %.1f ms (%.1f to %.1f, %d recoveries)" % (
               took, now - messages, after - before,
               1000 * int(load_done[1]) / int(load_done[2]), ms[len(ms) // 2], ms[0], ms[-1],
               len(ms))


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
