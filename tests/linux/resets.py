# SPDX-License-Identifier: MIT
"""Resets of a GT and migrations: one behind the other, which a driver must survive, and
both at once, which Linux 7.2 does not (docs/findings/0006-*)."""
import re
import time

from machine import BASES, Left, Trouble
from moments import Moment, fault_verb, move_paused
from moves import DEVICE, ENABLED, STEPS, Series, load, settled

WAIT_SECONDS = 60
WEDGED = re.compile(r"declared device .* as wedged")
IN_RECOVERY = "WARN_ON(vf_recovery(guc))"
JOB_SECONDS = 30                      # a job takes less than one
HOLD_MS = 1000                        # less than the driver waits for a GuC that is busy


RESET = "cd /sys/kernel/debug/dri/%s; cat gt%d/force_reset_sync 2>/dev/null || " \
        "cat tile0/gt%d/force_reset_sync"


def reset(m, gt):
    """As debugfs has it; it ends when the reset has ended."""
    m.sh(RESET % (DEVICE, gt, gt))


def reset_soon(m, gt):
    """When the shell has answered: QEMU may be stopped in it."""
    m.sh("(sleep 0.2; %s) >/dev/null &" % (RESET % (DEVICE, gt, gt)))


def each(m):
    for gt in range(m.gts):
        reset(m, gt)
        if not any(re.search(r"GT%d: reset done" % gt, line) for line in m.dmesg()):
            raise Trouble("GT%d was not reset" % gt)


def migrated_behind(m, times=4):
    """Right behind a reset, with jobs under way, whose queues are registered anew."""
    s, work, had = Series(m), load(m, steady=True), m.count("reset done")
    for i in range(times):
        reset(m, i % m.gts)
        s.one(STEPS[i % len(STEPS)])
        work.at_work()
    if m.count("reset done") != had + times:
        raise Trouble("not each GT was reset: %d" % (m.count("reset done") - had))
    return "%d migrations, %d jobs" % (s.times, work.end())


# --- finding 0006 -------------------------------------------------------------------------------

def overtaken(m):
    """MIGRATED comes when a reset has sent its first request: the recovery waits behind it,
    and it goes on with addresses of the old base."""
    moment, done = Moment(m), m.count(ENABLED)
    try:
        fault_verb(m, "add", "moment: on mbox-request vf=1 gt=0 action=VF_RESET first=1 do pause")
        reset_soon(m, 0)
        if not moment.hit.wait(20):
            raise Trouble("no reset came")
    finally:
        moment.close()
        fault_verb(m, "clear")
    move_paused(m, BASES[1])
    end = time.monotonic() + WAIT_SECONDS
    while not any(WEDGED.search(line) for line in m.dmesg()):
        if m.count(ENABLED) >= done + m.gts:
            return None
        if time.monotonic() > end:
            raise Trouble("neither recovered nor wedged:\n%s" % "\n".join(m.dmesg()[-20:]))
        time.sleep(0.3)
    failed = [line for line in m.dmesg() if "GuC mmio request" in line or "reset failed" in line]
    return "a reset that MIGRATED overtook wedged it (%s)" % "; ".join(
        re.sub(r".*\*ERROR\* ", "", line) for line in failed[:2])


def asked_in_recovery(m):
    """A reset is asked for while GT0 is being recovered."""
    hold = "on mbox-request vf=1 gt=0 action=RESFIX_START first=1 do busy %dms" % HOLD_MS
    fault_verb(m, "add", hold)
    m.migrate(BASES[1])
    reset_soon(m, 0)
    settled(m)
    fault_verb(m, "clear")
    if not m.count(IN_RECOVERY):
        return None
    m.sh(": >/tmp/once; xetest run 'xe_exec_basic@once-basic' >>/tmp/once 2>&1 &")
    end = time.monotonic() + JOB_SECONDS
    while time.monotonic() < end:
        if any(line.startswith("ok 1") for line in m.sh("cat /tmp/once")):
            return None
        time.sleep(1)
    return "a reset asked for in recovery left it without jobs (none ends in %d s)" % JOB_SECONDS


def raced(m):
    seen = [overtaken(m)]
    m.restart_guest()
    m.sh("load", 180)
    m.loaded = True
    seen.append(asked_in_recovery(m))
    m.spoilt = True
    if not any(seen):
        raise Left("not seen: it recovered from both")
    return "; ".join(text for text in seen if text)
