# SPDX-License-Identifier: MIT
"""The weak points of Linux 7.2's VF driver (docs/protocol/vf-lifecycle.md, 8.3), each as rows
that confirm or refute it: a row passes when what docs/findings says of it is seen again."""
import re
import time

from conformance import (ASKED, DONE, START, WAIT_SECONDS, Differs, Row, View, at_work,
                         in_order, markers, move, next_base, probe, recoveries,
                         relay, reply, request, unbind, with_rules, works)
from machine import Trouble
from moments import Moment, fault_verb, move_paused
from moves import DEVICE, DRIVER, ENABLED, RUNNING_SCHEDULER, load

ENDLESS_SECONDS = 3
TRIES = 10
LIFE = 100                            # requests in that time that are no more an accident


def reset(m, row):
    """The GT is reset twice under the row's rules, on a driver that is told never to be wedged:
    what is said at the first time is not said again."""
    m.sh("echo 0 >/sys/kernel/debug/dri/%s/wedged_mode" % DEVICE)
    view = View(m)

    def action():
        gt_reset(m, row.says)
        again = View(m)
        gt_reset(m, ("reset done",))
        if any(re.search(row.says[0], line) for line in again.log()):
            raise Differs("'%s' came again" % row.says[0])
        in_order(row.events, again.events(), "events")
    with_rules(m, row, action)
    return view


def gt_reset(m, says):
    view = View(m)
    m.sh("cd /sys/kernel/debug/dri/%s; cat gt0/force_reset_sync 2>/dev/null || "
         "cat tile0/gt0/force_reset_sync" % DEVICE, check=False)
    in_order(says, view.log(), "its log")


def asleep(m, row):
    """Migrated while its driver is suspended, by the kernel's own test: for five seconds."""
    view = View(m)
    m.sh("(sleep 0.5; echo devices >/sys/power/pm_test; echo freeze >/sys/power/state) &")
    time.sleep(3.5)
    m.migrate(next_base(m))
    time.sleep(6)                     # nothing may be said to it before: its console sleeps, too
    in_order(row.says, view.log(), "its log")
    in_order(row.events, view.events(), "events")
    return view


def new_queues(m, row):
    """At work, with queues that are made meanwhile: one of them is lost, or the kernel warns
    of one."""
    for _ in range(TRIES):
        work = load(m)
        time.sleep(1)
        view = move(m, row)
        try:
            work.end()
        except Trouble:
            return view
        if any(RUNNING_SCHEDULER in line for line in view.log()):
            return view
    raise Differs("nothing was lost in %d migrations" % TRIES)


def room(m):
    """What the driver thinks that G2H has room for, while nothing is under way."""
    time.sleep(0.5)
    lines = m.sh("cd /sys/kernel/debug/dri/%s; cat gt0/uc/guc_ctb 2>/dev/null || "
                 "cat tile0/gt0/uc/guc_ctb" % DEVICE)
    return [int(found[1]) for found in (re.match(r"\s*space: (\d+)", line) for line in lines)
            if found][1]


def leaks(m, row):
    """An answer is lost with the migration: what was reserved for it in G2H is not given back."""
    works(m)
    before = room(m)
    at_work(m, row)
    after = room(m)
    told = "room in G2H: %d dwords, and %d before" % (after, before)
    if after >= before:
        raise Differs(told)
    return told


def endless(m, row):
    """The probe asks on and on until the rules are gone."""
    unbind(m)
    view = View(m)
    for rule in row.rules:
        fault_verb(m, "add", rule)
    try:
        m.sh("(echo %s >%s/bind; echo end >/tmp/bind) 2>/dev/null &" % (DEVICE, DRIVER))
        time.sleep(1 + ENDLESS_SECONDS)
        asked = sum("RELAY_TO_PF" in line for line in view.events())
    finally:
        fault_verb(m, "clear")
    if asked < LIFE:
        raise Differs("asked %d times" % asked)
    m.sh("until test -e /tmp/bind; do sleep 0.2; done", 120)
    works(m)
    return "asked %d times in %d s" % (asked, ENDLESS_SECONDS)


def in_probe(m, row):
    """Unbound, bound, and migrated at the rule's moment."""
    unbind(m)
    view, moment = View(m), Moment(m)
    try:
        fault_verb(m, "add", row.rules[0])
        m.sh("echo %s >%s/bind 2>/dev/null &" % (DEVICE, DRIVER))
        if not moment.hit.wait(30):
            raise Differs("never came to it: %s" % row.rules[0])
    finally:
        moment.close()
        fault_verb(m, "clear")
    move_paused(m, next_base(m))
    end = time.monotonic() + 2 * WAIT_SECONDS
    while not any(re.search(row.says[-1], line) for line in view.log()):
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    in_order(row.says, view.log(), "its log")
    return view


def at_once(m, events, log):
    """Both GTs have begun when the first one ends."""
    begun = set()
    for line in events:
        found = re.search(r"vf1/(gt\d) mbox-request REQUEST RESFIX_START", line)
        if found:
            begun.add(found[1])
        elif "VF_RESFIX_BLOCKED -> VF_RUNNING" in line:
            break
    if len(begun) != m.gts:
        raise Differs("one after the other")


def around(m, events, log):
    """Behind 256 comes 1."""
    starts = markers(events, "START")
    if starts != [*range(1, 257), 1]:
        raise Differs("markers of START: %s" % starts)


ROWS = (
    Row("X-8.3-1", "VF_MIGRATED at CONTROL_CTB: no probe", probe,
        request("CONTROL_CTB", "first=1 do failure 0x107"), wedge=True, says=("-EREMCHG|-78",)),
    Row("X-8.3-1", "VF_MIGRATED at SELF_CFG: no probe", probe,
        request("SELF_CFG", "first=1 do failure 0x107"), wedge=True, says=("-EREMCHG|-78",)),
    Row("X-8.3-2", "MIGRATED again behind START: a recovery of a VF that runs", move,
        reply("GLOBAL_GMD_ID", "interrupt sw-int-0"), more=recoveries(2),
        events=(START, DONE, "-> VF_RUNNING", START, DONE)),
    Row("X-8.3-3", "DONE is refused, no interrupt comes, queues are made", new_queues,
        request("RESFIX_DONE", "first=1 do failure 0x107"), more=recoveries(2), broken=True),
    Row("X-8.3-4", "GuC's version is another one: refused by the first reset, good for the next",
        reset, "on mbox-reply vf=1 action=MATCH_VERSION do set dw1=0x00011b00",
        says=("New GuC interface version detected", "reset failed"),
        events=(r"MATCH_VERSION\(1\.27\)",), broken=True),
    Row("X-8.3-5", "nothing of the PF's is asked again", move, never=("RELAY_TO_PF",),
        events=(START, ASKED, DONE)),
    Row("X-8.3-6", "GTs with workqueues of their own recover at the same time", move,
        ("on mbox-request vf=1 gt=0 action=RESFIX_DONE first=6 do retry",
         "on mbox-request vf=1 gt=1 action=RESFIX_DONE first=6 do retry"), card="bmg",
        more=at_once),
    Row("X-8.3-7", "migrated while a job of the probe runs: its batch is elsewhere", in_probe,
        "moment: on h2g vf=1 gt=0 action=SCHED_CONTEXT_MODE_SET first=1 do pause",
        says=("recovery ended", r"job failed \(-ETIME\)|memory CAT error",
              "probe with driver xe failed"), broken=True),
    Row("X-8.3-8", "room in G2H for an answer that is lost is not given back", leaks,
        "on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE first=1 do drop"),
    Row("X-8.3-9", "migrated while it sleeps: it does not come back", asleep,
        says=(r"GuC mmio request 0x508: failure 0x80", "failed to resume"),
        events=("-> VF_RESFIX_BLOCKED", "REQUEST VF_RESET", "FAILURE"), broken=True),
    Row("X-8.3-10", "a base below the WOPCM is taken for good", move,
        reply("0x0001", "set dw1=0x00400000"), says=(ENABLED,), broken=True),
    Row("X-8.3-12", "markers of 257 recoveries: after 256 comes 1", move,
        request("RESFIX_DONE", "first=256 do failure 0x107"), more=around),
    Row("X-8.3-13", "COUNT 0 with REMAINING: it asks for ever", endless,
        (relay("from=2 do truncate 28"), relay("from=2 do set dw2=0/0xfffffff"),
         relay("from=2 do set dw3=1"))),
    Row("X-8.3-13", "COUNT + REMAINING overflows: 80 bytes behind an allocation are written", probe,
        relay("nth=2 do set dw3=0xfffffff3"), card="ptl-1gt-slub", wedge=True,
        says=("Redzone overwritten|BUG kmalloc",)),
)
