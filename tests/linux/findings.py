# SPDX-License-Identifier: MIT
"""What docs/findings says of the driver, shown: moments made by fault rules, or load until
it is seen."""
import re
import time

from machine import BASES, Left, Trouble
from moments import await_fired, fault_verb
from moves import ENABLED, STEPS, Series, Work, blocked_tasks, load

# An invalidation of what GuC holds of the GGTT, not of an address space.
OF_GGTT = "action=TLB_INVALIDATION dw2=0x80000003"
HANGS_SECONDS = 15


class Drop:
    """A process with idle queues of GT0. Let go, their nodes of the GGTT go, each with an
    invalidation of both GTs under ggtt->lock."""

    def __init__(self, m):
        self.work = Work(m, "xetest drop %s", r"drop: (\d+)")
        self.work.await_line("queues are there")

    def go(self):
        self.work.m.sh("touch %s" % self.work.stop)
        self.work.await_line("drop:")
        time.sleep(0.05)      # less than the driver's limit for an invalidation, 0.25 s


def hangs(m, ended):
    """The recovery waits for ggtt->lock, whose owner waits for an invalidation that this
    recovery would end."""
    end = time.monotonic() + HANGS_SECONDS
    while time.monotonic() < end:
        if m.count(ENABLED) >= ended:
            raise Left("not seen: both GTs recovered")
        time.sleep(0.5)
    m.spoilt = True
    stacks = blocked_tasks(m)
    for function in ("xe_tlb_inval_ggtt", "xe_ggtt_shift_nodes", "migration_worker_func"):
        if function not in stacks:
            raise Trouble("hangs, but not in %s:\n%s" % (function, stacks))
    return "shown: the recovery of GT0 waits for ggtt->lock, its owner for GT1"


def deadlock(m):
    """The GuC of GT1 has no time for the VF, then the VF is paused: what it was asked
    meanwhile stays unread. The card leaves H2G undrained."""
    ended, drop = m.count(ENABLED) + m.gts, Drop(m)
    fault_verb(m, "add", "on h2g vf=1 gt=1 %s first=1 do hang function" % OF_GGTT)
    drop.go()
    await_fired(m)
    fault_verb(m, "clear")
    m.migrate(BASES[1])
    return hangs(m, ended)


def deadlock_again(m):
    """GT1 has to send RESFIX_DONE again and again, and the VF is migrated once more
    meanwhile: its recovery is no more in progress, but refused."""
    ended, drop = m.count(ENABLED) + 3, Drop(m) # GT0 recovers twice
    fault_verb(m, "add", "on mbox-request vf=1 gt=1 action=RESFIX_DONE do retry")
    m.migrate(BASES[1])
    await_fired(m)
    drop.go()
    m.monitor("stop")
    fault_verb(m, "clear")
    m.migrate(BASES[2])
    return hangs(m, ended)


def stale_entries(m, times=20):
    """GGTT entries that the driver writes outside its range: those at the old base after a
    migration. The card drops them."""
    s, work = Series(m), load(m)
    for i in range(times):
        time.sleep(0.2)
        s.one(STEPS[i % 4])
    jobs = work.end()
    states, during, foreign = {}, 0, 0
    for line in m.trace():
        state = re.search(r"vf1/(gt\d) state \w+ -> (\w+)", line)
        if state:
            states[state[1]] = state[2]
        elif "violation" in line and "foreign GGTT entry" in line:
            foreign += 1
            during += any("RESFIX" in st for st in states.values())
    if not foreign:
        raise Left("no entry was written outside the range in %d migrations" % times)
    return "%d entries outside the range in %d migrations, %d of them in RESFIX, %d jobs" % (
        foreign, times, during, jobs)
