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


# --- entries of the GGTT at the old base ---------------------------------------------------------

PTES = 0x800000                       # where BAR 0 has the entries, 8 bytes each
WRITES = re.compile(r"mmio-write (?:(\d+) times )?8 bytes (?:at|from) 0x([0-9a-f]+)")


def stale_writes(m):
    """Entries written between a RESUME and the shift of GT0's recovery (the next request
    behind GGTT_SIZE), and how many of them the card has dropped."""
    stale = dropped = 0
    old = False
    for line in m.trace("--function", "vf1", "--kind", "mmio-write,state,mbox-request,violation"):
        if "vf1/gt0 state" in line:
            old = old or "-> VF_RESFIX_BLOCKED" in line
        elif "vf1/gt0 mbox-request" in line:
            old = old and "VF_NUM_CONTEXTS" not in line
        elif old and "foreign GGTT entry" in line:
            dropped += 1
        elif old:
            found = WRITES.search(line)
            if found and int(found[2], 16) >= PTES:
                stale += int(found[1] or 1)
    return stale, dropped


def under_load(m, bases):
    """Jobs and what went wrong with them."""
    s, work = Series(m), load(m)
    try:
        for base in bases:
            time.sleep(0.2)
            s.one(base)
        return work.end(), None
    except Trouble as why:
        m.spoilt = True
        return 0, str(why)


def wrong_line(text):
    """The one that says what."""
    found = re.search(r"(slot|process|\w+ does not|.* of \d+ processes failed).*", text)
    return found[0] if found else text.splitlines()[0]


def told(m, times, jobs, wrong):
    stale, dropped = stale_writes(m)
    if not stale:
        raise Left("no entry was written at an old base in %d migrations" % times)
    return "%d entries at the old base in %d migrations, %d dropped; %s" % (
        stale, times, dropped, "wrong: " + wrong_line(wrong) if wrong else
        "%d jobs, all right" % jobs)


def stale_entries(m, times=20):
    """Old and new range have nothing in common: the card drops such entries."""
    jobs, wrong = under_load(m, [BASES[(i + 1) % 3] for i in range(times)])
    if wrong:
        raise Trouble(wrong)
    return told(m, times, jobs, wrong)


def honoured_entries(m, times=20):
    """The same on a card that carries them out: the VF's range begins at the new base and has
    the old one in it, though the driver is told of its first part alone."""
    all_jobs = 0
    for _ in range(times // 2):
        Series(m).one(BASES[2])
        jobs, wrong = under_load(m, (BASES[1], BASES[0]))
        if wrong:
            raise Trouble(wrong)
        all_jobs += jobs
    return told(m, times, all_jobs, None)


def overlapping_entries(m, times=40):
    """The new range begins 36 KiB beside the old one, about the size of a context: entries of
    other nodes are hit."""
    jobs, wrong = under_load(m, [BASES[0] + 0x9000 * (1 + i % 4) for i in range(times)])
    if not wrong:
        raise Left(told(m, times, jobs, wrong))
    return told(m, times, jobs, wrong)
