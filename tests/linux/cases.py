# SPDX-License-Identifier: MIT
"""The tests: what is done to a guest, and what its kernel may say meanwhile. A test
is a function of a machine; it raises Trouble, or Left where it can't be done."""
import re

import findings
import first
import moves
import resets
from machine import BASES, Left, Trouble
from moves import DEVICE, DRIVER, ENABLED, recovered

LINE_SECONDS = 180                    # a subtest at work says so each minute
ANY_CARD = None

# What the driver says of a job that hangs or touches what is not there. "(?#)": may come.
JOB = r"(?#)Timed ?out job|Check job timeout|oredump|trying reset|Engine reset"
HANG = (r"Timed ?out job", JOB)
CAT = (r"memory CAT error", JOB, r"(?#)Fault response: Unsuccessful")
NEW_QUEUES = (JOB, r"(?#)gpu_scheduler\.h|Call Trace|migration_worker_func|linked in:",
              r"(?#)Hardware name|Workqueue:|RIP: |Tainted|CPU: ")
HUNG = (JOB, r"(?#)Call Trace|blocked for more than|Tainted|Workqueue:")
RESET = (r"trying reset from force_reset",)
RACED = (r"trying reset from force_reset", r"WARN_ON\(vf_recovery", JOB, r"(?#)gpu_scheduler\.h|"
         r"Call Trace|Workqueue:|RIP: |Tainted|CPU: |linked in:|Hardware name|\+0x[0-9a-f]+/0x")
BROKEN = (r"(?#).*",)
FAULT = (r"Fault response: Unsuccessful", JOB, r"(?#)memory CAT error")


# Drivers that die of a card whatever it does: how their kernel's version begins, where they
# Oops, why.
DEADLY = (("6.16.", "xe_guc_ct_enable", "Oops: this driver knows no GuC of the platform"),)


class Test:
    def __init__(self, name, function, text, expected=(), cards=ANY_CARD):
        self.name, self.function, self.text = name, function, text
        self.expected, self.cards = expected, cards

    def run(self, m):
        """A note for the table, or None."""
        log, since = m.kernel_log, len(m.kernel_log)
        note = self.function(m)
        m.healthy(self.expected, since if m.kernel_log is log else 0)
        return note


def deadly(m):
    release, log = m.sh("uname -r")[0], "\n".join(m.dmesg())
    for version, function, why in DEADLY:
        if release.startswith(version) and re.search(r"RIP: \S*:%s\+" % function, log):
            return why
    return None


def taken(m):
    """Left where the driver takes such a card, but not as a VF."""
    series = re.match(r"(\d+)\.(\d+)", m.sh("uname -r")[0])
    if tuple(map(int, series.groups())) < m.card.since and m.sh(
            "test -e /modules/marked || echo no"):
        raise Left("drivers take it as a VF from %d.%d on" % m.card.since)


def load(m):
    """The driver is loaded and its device there."""
    if m.loaded:
        return
    taken(m)
    try:
        m.sh("load", 180)
    except Trouble:
        known = deadly(m)
        if known:
            m.spoilt = True
            raise Left(known) from None
        raise
    if m.sh("test -d %s || echo missing" % DRIVER):
        raise Trouble("this kernel has no xe driver: neither built in nor as a module")
    m.healthy()
    if m.sh("test -e /dev/dri/renderD128 || echo missing"):
        raise Trouble("no renderD128:\n" + "\n".join(m.dmesg()[-20:]))
    m.loaded = True


# --- the driver's own doings --------------------------------------------------------------

def can_migrate(m):
    """Left, with the driver's own words, where it can't recover."""
    load(m)
    for line in m.dmesg():
        if "migration disabled" in line or "migration not supported" in line:
            raise Left(re.sub(r".*VF: ", "", line))
    if m.sh("test ! -e /modules/xe.ko || grep -q '%s' /modules/xe.ko || echo no" % ENABLED):
        raise Left("this driver has no recovery")


def probe(m):
    load(m)


def migrate(m):
    can_migrate(m)
    done = m.count(ENABLED) // m.gts
    bases = (BASES[1], BASES[2], BASES[0], BASES[0] + 0x1000000, BASES[0], BASES[0])
    for i, base in enumerate(bases):
        m.migrate(base)
        recovered(m, done + i + 1)
        shown = "".join(m.sh("cat /sys/kernel/debug/dri/%s/tile0/gt0/vf/self_config "
                             "/sys/kernel/debug/dri/%s/gt0/vf/self_config 2>/dev/null" % (
                                 DEVICE, DEVICE), check=False))
        if "%x" % base not in shown:
            raise Trouble("the driver's base is not 0x%x: %s" % (base, shown))
    if m.findings():
        raise Trouble("fixups are missing: %s" % m.findings())


def rebind(m):
    load(m)
    for _ in range(2):
        m.sh("echo %s >%s/unbind" % (DEVICE, DRIVER))
        m.sh("echo %s >%s/bind" % (DEVICE, DRIVER), 180)
        m.sh("test -e /dev/dri/renderD128")
    done = m.count(ENABLED) // m.gts
    try:
        can_migrate(m)
    except Left as why:
        return "not migrated afterwards: %s" % why
    m.migrate(BASES[1])
    recovered(m, done + 1)


def gt_reset(m):
    load(m)
    resets.each(m)


def suspend(m):
    """All devices go to sleep and come back, as the kernel's own test does it: nothing
    in this machine would wake it from more."""
    load(m)
    states = "".join(m.sh("cat /sys/power/state")).split()
    for state in ("freeze", "mem"):
        if state not in states:
            raise Left("this kernel can't suspend to %s" % state)
        m.sh("echo devices >/sys/power/pm_test && echo %s >/sys/power/state" % state, 120)
        tap(m, "xe_exec_basic@once-basic", "xe_exec_basic@many-execqueues-basic")


# --- user programs ------------------------------------------------------------------------

def tap(m, *patterns):
    """Subtests of the guest's program; what was left out comes back as a note."""
    load(m)
    lines = m.sh("xetest run %s" % " ".join("'%s'" % p for p in patterns), LINE_SECONDS,
                 check=False, silence=True)
    results = [line for line in lines if re.match(r"(not )?ok \d+ - ", line)]
    bad = [line for line in results if line.startswith("not")]
    left = [line for line in results if "# SKIP" in line]
    plan = re.match(r"1\.\.(\d+)", lines[0]) if lines else None
    if not plan or int(plan[1]) != len(results) or not results:
        raise Trouble("the program did not end:\n" + "\n".join(lines[-20:]))
    if bad:
        raise Trouble("%d of %d subtests failed:\n%s" % (
            len(bad), len(results), "\n".join(bad)))
    if len(left) == len(results):
        raise Left(left[0].split("# SKIP ")[1])
    note = "%d subtests" % (len(results) - len(left))
    reasons = sorted({line.split("# SKIP ")[1] for line in left})
    return note + (", %d left out: %s" % (len(left), "; ".join(reasons)) if left else "")


def programs(*patterns):
    return lambda m: tap(m, *patterns)


def load_and_run(m):
    return tap(m, "xe_exec_basic@once-basic")


def when_able(function):
    def run(m):
        can_migrate(m)
        return function(m)
    return run


def series(m):
    can_migrate(m)
    return moves.series(m, m.options.times, m.options.say)


ONE_GT = ("ptl-1gt",)
TESTS = {test.name: test for test in (
    Test("probe", probe, "the driver probes, renderD128 is there"),
    Test("smoke", programs("xe_exec_basic@once-basic", "xe_exec_basic@once-userptr"),
         "a job with data check on every engine class"),
    Test("exec", programs("xe_exec_basic@*", "xe_exec_compute_mode@*", "xe_exec_store@*",
                          "xe_create@*"),
         "jobs on every engine class, into buffers and user memory"),
    Test("queues", programs("xe_exec_queues@*"), "thousands of queues"),
    Test("processes", programs("xe_exec_processes@*"), "many processes at once"),
    Test("commands", programs("commands@*", "xe_exec_atomic@*", "xe_spin_batch@*"),
         "arithmetic, atomics, registers, batches of batches, timestamps"),
    Test("order", programs("preempt@*", "semaphore@*"),
         "preemption, time slices, priorities, semaphores"),
    Test("sync", programs("sync@*", "xe_waitfence@*"), "sync objects, timelines, words in memory"),
    Test("bind", programs("xe_vm@*"), "binding in parts, in arrays, by queues, under load"),
    Test("parallel", programs("xe_exec_balancer@*", "parallel@*"), "parallel and virtual queues"),
    Test("fault", programs("xe_exec_fault_mode@*"), "address spaces by page faults"),
    Test("svm", programs("xe_exec_system_allocator@*"), "shared virtual memory"),
    Test("blits", programs("blit@*", "xe_copy_basic@*", "xe_ccs@*"),
         "fills and copies, tiled and compressed"),
    Test("gt-reset", gt_reset, "each GT is reset from debugfs",
         RESET),
    Test("suspend", suspend, "devices suspended and resumed, for idle and for memory"),
    Test("close-fd", programs("xe_exec_reset@close-fd"), "processes leave with jobs running",
         (JOB,)),
    Test("cat-error", programs("xe_exec_reset@cat-error"), "stores to where nothing is", CAT),
    Test("bad-fault", programs("xe_exec_reset@invalid-fault"),
         "a page fault that can't be resolved", FAULT),
    Test("hang", programs("xe_exec_reset@hang*"), "jobs that never end", HANG),
    Test("migrate", migrate, "idle: base up, up, down, overlapping, to where it is"),
    Test("migrate-loaded", when_able(moves.loaded), "jobs of several processes go on through it"),
    Test("migrate-blocked", when_able(moves.blocked), "every engine stands in mid-batch"),
    Test("migrate-double", when_able(moves.double), "again in mid-recovery"),
    Test("migrate-triple", when_able(moves.triple), "and again in the midst of that"),
    Test("migrate-reset", when_able(resets.migrated_behind), "right behind a GT's reset", RESET),
    Test("migrate-handover", when_able(moves.handed_over), "to other emulator processes"),
    Test("migrate-probe", moves.during_probe, "during the probe: classed, no more"),
    Test("migrate-gone", when_able(moves.gone), "QEMU killed or panic in mid-migration"),
    Test("migrate-reboot", when_able(moves.rebooted), "the guest boots anew in mid-recovery"),
    Test("migrate-series", series, "--times N: idle, loaded, blocked, both"),
    Test("deadlock", when_able(findings.deadlock),
         "finding 0001: an invalidation of GT1 unread at PAUSE", HUNG),
    Test("deadlock-again", when_able(findings.deadlock_again),
         "finding 0001: migrated again while GT1's RESFIX_DONE waits", HUNG),
    Test("stale-ptes", when_able(findings.stale_entries),
         "finding 0002: entries at the old base, dropped"),
    Test("stale-honoured", when_able(findings.honoured_entries),
         "finding 0002: the same, carried out"),
    Test("stale-overlap", when_able(findings.overlapping_entries),
         "finding 0002: the same, in a range that overlaps the new one", BROKEN),
    Test("new-queues", when_able(moves.new_queues),
         "findings 0004, 0005: queues made while it is migrated again in mid-recovery",
         NEW_QUEUES),
    Test("reset-race", when_able(resets.raced),
         "finding 0006: a reset and a migration at once", RACED),
    Test("late-recovery", when_able(moves.late), "recoveries that begin with the VF running"),
    Test("first-recovery", lambda m: first.recover(m, load_and_run),
         "the first generation of recovery: --kernel 6.16 --mark bmg_desc --card bmg-abi26"),
    Test("numbers", moves.numbers, "what --bench measures"),
    Test("rebind", rebind, "unbound, bound, and migrated then"),
)}

# What a check of everything runs, what is run where nothing is said, and what tells a
# kernel's abilities.
BASIC = (("ptl", "probe"), ("ptl", "smoke"), ("ptl", "migrate"), ("ptl-1gt", "probe"))
SMALL = ("probe", "smoke", "commands", "migrate", "migrate-loaded", "migrate-double")
FLUSHED = ("bind", "exec", "fault", "svm", "migrate")
DISCRETE = ("probe", "smoke", "bind", "parallel", "fault", "svm", "blits", "migrate",
            "migrate-loaded", "migrate-blocked", "migrate-reset")
ABILITIES = ("probe", "smoke", "migrate")
# Those need a card of their own, or show what the driver does wrong.
APART = ("migrate-probe", "deadlock", "deadlock-again", "stale-ptes", "stale-honoured",
         "stale-overlap", "new-queues", "reset-race", "late-recovery", "numbers",
         "first-recovery")
# Cards and tests that show a finding of docs/findings.
FINDINGS = {"0001": (("ptl-nodrain", "deadlock"), ("ptl", "deadlock-again")),
            "0002": (("ptl-record", "stale-ptes"), ("ptl-wide", "stale-honoured"),
                     ("ptl-record", "stale-overlap")),
            "0003": (("ptl", "migrate-probe"),),
            "0004": (("ptl-1gt-record", "new-queues"),),
            "0005": (("ptl-record", "new-queues"),),
            "0006": (("ptl", "reset-race"),)}
DEFAULT = tuple(("ptl", name) for name in TESTS if name not in APART) + \
    tuple(("ptl-1gt", name) for name in SMALL) + \
    tuple(("ptl-tlb", name) for name in FLUSHED) + \
    tuple(("bmg", name) for name in DISCRETE) + tuple(("atsm", name) for name in DISCRETE) + \
    tuple(("tgl", name) for name in ABILITIES + ("gt-reset",))
