# SPDX-License-Identifier: MIT
"""Rows of the checklist (docs/protocol/checklist.md) that can be judged of a kernel, from
what crosses the card and what the kernel says. Each row says what the driver of Linux 7.2
does by docs/protocol/vf-lifecycle.md, 4 to 7."""
import functools
import json
import re
import time

import cases
import moves
import resets
from machine import BASES, Left, Trouble
from moments import Moment, fault_verb, move_paused
from moves import DEVICE, DRIVER, ENABLED

WAIT_SECONDS = 30
TRIES = 3
POOL_BYTES = 2 << 20                  # of the driver's pools for 1 GiB of memory
WEDGED = re.compile(r"declared wedged|device wedged", re.I)
FAILED = re.compile(r"migration recovery failed \(-?(\w+)\)")
STEP = re.compile(r"Recovery failed at GuC (RESFIX_\w+) step")
KINDS = "mbox-request,mbox-reply,state,h2g,g2h,fault,finding,violation"
DIFFERENT = "differs"


class Differs(Exception):
    """The driver did something else than the row says."""


class Row:
    """`way`: a function of machine and row. `wedge`: the errno that ends the driver, or
    None when it is well afterwards; `broken`: it does not notice that it is not. `says`:
    what its log must have, `events`: what must cross the card, both in this order; `never`:
    what must not."""

    def __init__(self, id, text, way, rules=(), card="ptl-1gt", wedge=None, step=None, says=(),
                 events=(), never=(), more=None, broken=False):
        self.id, self.text, self.way, self.card = id, text, way, card
        self.rules = (rules,) if isinstance(rules, str) else rules
        self.wedge, self.step, self.says, self.events = wedge, step, says, events
        self.never, self.more, self.broken = never, more, broken


# --- what there is to look at -----------------------------------------------------------------

class View:
    """What crosses the card and what the kernel says, from now on."""

    def __init__(self, m):
        self.m, self.said = m, len(m.dmesg())
        self.began = self.last_time()

    def last_time(self):
        last = 0.0
        for line in self.m.trace("--kind", KINDS, "--function", "vf1"):
            found = re.match(r"\[ *([\d.]+) s\]", line)
            last = float(found[1]) if found else last
        return last

    def log(self):
        self.m.dmesg()
        return [line for _, line in self.m.kernel_log[self.said:]]

    def events(self):
        """Without those of the moment in which the view began."""
        lines = self.m.trace("--kind", KINDS, "--function", "vf1", "--from", "%.6f" % (
            self.began + 0.000001))
        return [line.rstrip() for line in lines]


def ended(m, view, times):
    """Awaits what becomes of `times` recoveries of each GT: an errno, or None."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        log = view.log()
        failed = [FAILED.search(line) for line in log if FAILED.search(line)]
        if failed and any(WEDGED.search(line) for line in log):
            return failed[0][1]
        if failed:
            time.sleep(0.5)
        elif sum(ENABLED in line for line in log) >= times * m.gts:
            time.sleep(0.3)           # another one may have been queued
            if all(s == "VF_RUNNING" for s in m.vf_states()):
                return None
        time.sleep(0.1)
    raise Differs("neither recovered nor wedged in %d s" % WAIT_SECONDS)


def in_order(wanted, lines, what):
    at = 0
    for pattern in wanted:
        while at < len(lines) and not re.search(pattern, lines[at]):
            at += 1
        if at == len(lines):
            raise Differs("%s: '%s' is missing, or not in this order" % (what, pattern))
        at += 1


def markers(lines, verb, gt=0):
    return [int(found[1]) for found in (re.search(
        r"vf1/gt%d mbox-request REQUEST RESFIX_%s\(marker (\d+)\)" % (gt, verb), line)
        for line in lines) if found]


def next_base(m):
    return BASES[2] if m.base == BASES[1] else BASES[1]


def missed(m):
    """Findings, but for the pool of batches that the compression contexts begin with:
    the driver has two of them, and may have taken the other one in mid-recovery."""
    return [f for f in m.findings() if f["structure"] != "ccs" or not
            (f["new"] != f["expected"] and m.base <= f["new"] < m.base + moves.SHARE and
             abs(f["new"] - f["expected"]) == POOL_BYTES)]


def works(m):
    """Jobs still end well, and no fixup was missed."""
    lines = m.sh("xetest run 'xe_exec_basic@once-basic'", 120, check=False, silence=True)
    if not any(line.startswith("ok 1") for line in lines):
        raise Differs("a job does not end well afterwards: %s" % " / ".join(lines[-4:]))
    if missed(m):
        raise Differs("missed fixups: %s" % json.dumps(missed(m))[:600])


def judge(m, row, view, result):
    """Of a recovery that came to its end."""
    log, events = view.log(), view.events()
    if result != row.wedge:
        raise Differs("%s, and not %s" % (
            "wedged with " + result if result else "recovered", row.wedge or "recovered"))
    if row.wedge:
        steps = [STEP.search(line)[1] for line in log if STEP.search(line)]
        if (steps or [None])[0] != row.step:
            raise Differs("it gave up at %s, and not at %s" % (
                (steps or ["its configuration"])[0], row.step or "its configuration"))
    in_order(row.says, log, "its log")
    in_order(row.events, events, "events")
    for pattern in row.never:
        if any(re.search(pattern, line) for line in log + events):
            raise Differs("'%s' came" % pattern)
    if row.more:
        row.more(m, events, log)
    if not row.wedge and not row.broken:
        works(m)


# --- ways ---------------------------------------------------------------------------------------

def with_rules(m, row, action):
    """Under the row's rules, each of which must have fired."""
    for rule in row.rules:
        fault_verb(m, "add", rule)
    try:
        action()
        rules = json.loads(fault_verb(m, "rules", "--json"))["rules"]
    finally:
        fault_verb(m, "clear")
    idle = [rule["rule"] for rule in rules if not rule["fired"]]
    if idle:
        raise Differs("never came to it: %s" % "; ".join(idle))


def move(m, row, base=None, times=1):
    view = View(m)

    def action():
        m.migrate(next_base(m) if base is None else base(m))
        judge(m, row, view, ended(m, view, times))
    with_rules(m, row, action)
    return view


def to(base):
    return lambda m, row: move(m, row, base)


def loaded(m, row):
    work = moves.load(m)
    time.sleep(1)
    view = move(m, row)
    work.end()
    return view


def again_at(point, times=1):
    """A second migration at `point` of the first one's recovery, a third, and so on. From the
    point on the guest's request stands unanswered until QEMU is stopped: a host that takes
    more than its 50 ms for that is no GuC's fault, and tries again."""
    def once(m):
        view, go = View(m), m.migrate
        for _ in range(times):
            moment = Moment(m)
            try:
                fault_verb(m, "add", "moment: on %s vf=1 gt=0 first=1 do pause" % point)
                go(next_base(m))
                if not moment.hit.wait(20):
                    raise Differs("never came to it: %s" % point)
            finally:
                moment.close()
                fault_verb(m, "clear")
            go = functools.partial(move_paused, m)
        go(next_base(m))
        return view, ended(m, view, 1)

    def run(m, row):
        for _ in range(TRIES):
            view, result = once(m)
            if result != "ETIMEDOUT":
                judge(m, row, view, result)
                return view
            if not restore(m):
                raise Differs("the driver does not probe again")
        raise Left("this host stops QEMU too late: the driver's request timed out %d times" % TRIES)
    return run


def cancelled(m, row):
    """Paused, saved, resumed where it was."""
    view = View(m)
    image = m.folder + "/cancelled"
    m.monitor("stop")
    m.pf("pause")
    m.pf("save", image)
    m.pf("resume")
    m.monitor("cont")
    time.sleep(2)
    judge(m, row, view, None)
    return view


def spurious(m, row):
    """A job makes the rule fire; no migration."""
    view = View(m)

    def action():
        m.sh("xetest run 'xe_exec_basic@once-basic'", 120, check=False, silence=True)
        judge(m, row, view, ended(m, view, 1))
    with_rules(m, row, action)
    return view


def at_work(m, row):
    """A job is held up by the row's rule; a migration sets it free."""
    view = View(m)
    for rule in row.rules:
        fault_verb(m, "add", rule)
    m.sh(": >/tmp/once; (xetest run 'xe_exec_basic@once-basic'; echo end) >>/tmp/once 2>&1 &")
    try:
        end = time.monotonic() + 30
        while not all(r["fired"] for r in json.loads(fault_verb(m, "rules", "--json"))["rules"]):
            if time.monotonic() > end:
                raise Differs("never came to it: %s" % row.rules[0])
            time.sleep(0.05)
    finally:
        fault_verb(m, "clear")
    m.migrate(next_base(m))
    result = ended(m, view, 1)
    end = time.monotonic() + 60
    while "end" not in m.sh("cat /tmp/once"):
        if time.monotonic() > end:
            raise Differs("the job never ends")
        time.sleep(0.3)
    said = m.sh("cat /tmp/once")
    if not any(line.startswith("ok 1") for line in said):
        raise Differs("the job did not end well: %s" % " / ".join(said))
    judge(m, row, view, result)
    return view


def in_reset(m, row):
    """A reset has begun when the VF moves."""
    view = View(m)
    if not resets.overtaken(m):
        raise Differs("it recovered, and is not wedged")
    in_order(row.says, view.log(), "its log")
    in_order(row.events, view.events(), "events")
    return view


def unread(m, row):
    """A queue is used for the first time when the VF is paused: its registration stands in H2G
    when it is saved."""
    work = moves.Work(m, "xetest late %s", r"late: (\d+) job")
    work.await_line("the queue is there")
    time.sleep(0.2)
    m.pf("pause")
    view = View(m)
    m.sh("touch %s" % work.stop)
    time.sleep(0.3)
    if any("REGISTER_CONTEXT" in line for line in view.events()):
        raise Trouble("the registration was read")
    m.monitor("stop")
    move_paused(m, next_base(m))
    result = ended(m, view, 1)
    work.await_line("late:")
    judge(m, row, view, result)
    return view


def unbind(m):
    m.sh("echo %s >%s/unbind" % (DEVICE, DRIVER), check=False)


def bind(m):
    m.sh("echo %s >%s/bind" % (DEVICE, DRIVER), 180, check=False)


def probe(m, row):
    """Unbound, bound under the row's rules; wedge: no device comes."""
    unbind(m)
    view = View(m)

    def action():
        bind(m)
        there = not m.sh("test -e /dev/dri/renderD128 || echo missing")
        if there == bool(row.wedge):
            raise Differs("a device %s" % ("comes" if there else "does not come"))
        log = view.log()
        in_order(row.says, log, "its log")
        in_order(row.events, view.events(), "events")
        for pattern in row.never:
            if any(re.search(pattern, line) for line in log):
                raise Differs("'%s' came" % pattern)
    with_rules(m, row, action)
    return view


def unsupported(m, row):
    """A driver that can't recover is migrated all the same."""
    view = View(m)
    m.migrate(next_base(m))
    time.sleep(3)
    log, events = view.log(), view.events()
    in_order(row.says, log, "its log")
    for pattern in row.never:
        if any(re.search(pattern, line) for line in log + events):
            raise Differs("'%s' came" % pattern)
    if m.vf_states() != ["VF_RESFIX_BLOCKED"] * m.gts:
        raise Differs("the VF is %s" % m.vf_states())
    return view


# --- looks of single rows -----------------------------------------------------------------------

def one_recovery(m, events, log):
    for gt in range(m.gts):
        if len(markers(events, "START", gt)) != 1 or len(markers(events, "DONE", gt)) != 1:
            raise Differs("GT%d: START %s, DONE %s" % (
                gt, markers(events, "START", gt), markers(events, "DONE", gt)))
    where_it_is(m, events, log)


def where_it_is(m, events, log):
    shown = "".join(m.sh("cat /sys/kernel/debug/dri/%s/tile0/gt0/vf/self_config "
                         "/sys/kernel/debug/dri/%s/gt0/vf/self_config 2>/dev/null" % (
                             DEVICE, DEVICE), check=False))
    if "%x" % m.base not in shown:
        raise Differs("the driver's base is not 0x%x: %s" % (m.base, shown))


def recoveries(count):
    """So many STARTs, markers one after the other, the last DONE with the last of them."""
    def look(m, events, log):
        starts, dones = markers(events, "START"), markers(events, "DONE")
        distinct = list(dict.fromkeys(starts))
        if len(distinct) != count or any(b != a % 256 + 1
                                         for a, b in zip(distinct, distinct[1:])):
            raise Differs("markers of START: %s, and not %d in a row" % (starts, count))
        if not dones or dones[-1] != starts[-1]:
            raise Differs("markers of DONE: %s" % dones)
    return look


def sent(verb, count):
    def look(m, events, log):
        number = len(markers(events, verb))
        if number != count:
            raise Differs("RESFIX_%s was sent %d times, and not %d" % (verb, number, count))
    return look


def apart(m, events, log):
    """R-24: 1, 2, 4, 8, 16 ms at least between one START and the next."""
    times = [float(re.match(r"\[ *([\d.]+)", line)[1]) for line in events
             if "mbox-request REQUEST RESFIX_START" in line]
    gaps = [1000 * (b - a) for a, b in zip(times, times[1:])]
    if len(gaps) != 5 or any(gap < 1 << n for n, gap in enumerate(gaps)):
        raise Differs("RETRY: sent again after %s ms" % ["%.1f" % gap for gap in gaps])


def registered_once(m, events, log):
    failures = [line for line in events if " g2h FAILURE" in line]
    if failures:
        raise Differs("the GuC refused something: %s" % failures[0])


# --- the table ------------------------------------------------------------------------------------

def request(action, what):
    return "on mbox-request vf=1 action=%s %s" % (action, what)


def query(key, what):
    return "on mbox-request vf=1 action=QUERY_SINGLE_KLV key=%s first=1 do %s" % (key, what)


def reply(key, what):
    return "on mbox-reply vf=1 action=QUERY_SINGLE_KLV key=%s first=1 do %s" % (key, what)


def relay(what):
    return "on g2h vf=1 gt=0 action=RELAY_FROM_PF %s" % what


START, DONE = "REQUEST RESFIX_START", "REQUEST RESFIX_DONE"
REQUEUED = "Re-queuing migration recovery"
NO_ABI = r"Unable to confirm VF/PF ABI version \d+\.\d+ \(-?%s\)"
NO_LIST = r"Failed to get runtime info \(-?%s\)"
ASKED = r"REQUEST QUERY_SINGLE_KLV"

ROWS = (
    Row("R-01", "to the same base: START, queries, DONE", to(lambda m: m.base),
        events=(START, ASKED, DONE, "VF_RESFIX_BLOCKED -> VF_RUNNING"), more=one_recovery),
    Row("R-02", "the range moves up", to(lambda m: BASES[1]), more=one_recovery),
    Row("R-03", "the range moves down", to(lambda m: BASES[0]), more=one_recovery),
    Row("R-04", "by less than its size, up", to(lambda m: m.base + 0x1000000), more=one_recovery),
    Row("R-04", "by less than its size, down", to(lambda m: m.base - 0x1000000),
        more=one_recovery),
    Row("R-07", "MIGRATED comes again behind START: one more run", move,
        reply("GLOBAL_GMD_ID", "interrupt sw-int-0"),
        more=recoveries(2)),
    Row("R-10", "migrated between START and query", again_at("mbox-reply action=RESFIX_START"),
        says=(REQUEUED, ENABLED), events=(START, DONE, START, DONE)),
    Row("R-11", "migrated in the fixups",
        again_at("mbox-reply action=QUERY_SINGLE_KLV key=GLOBAL_GMD_ID"),
        says=(REQUEUED, ENABLED), events=(START, ASKED, DONE, START, ASKED, DONE)),
    Row("R-12", "migrated just before DONE: it stands in the mailbox, the doorbell does not ring",
        again_at("mmio-write range=0x190240+4 value=0x5508/0xffff"),
        says=(REQUEUED, ENABLED), events=(START, ASKED, DONE, START, ASKED, DONE)),
    Row("R-13a", "migrated when DONE was accepted, its reply unread",
        again_at("mbox-reply action=RESFIX_DONE type=response"), says=(ENABLED,),
        never=(REQUEUED,), events=(START, DONE, "-> VF_RUNNING", START, DONE, "-> VF_RUNNING")),
    Row("R-14", "three times between START and query",
        again_at("mbox-reply action=RESFIX_START", 3), says=(REQUEUED, ENABLED)),
    Row("R-17", "DONE says migrated, and no interrupt comes", move,
        request("RESFIX_DONE", "first=1 do failure 0x107"), says=(REQUEUED, ENABLED),
        more=recoveries(2)),
    Row("R-18", "START says migrated", move, request("RESFIX_START", "first=1 do failure 0x107"),
        wedge="EREMCHG", step="RESFIX_START"),
    Row("R-19", "a query says migrated", move, query("0x0004", "failure 0x107"),
        wedge="EREMCHG"),
    Row("R-20", "START fails", move, request("RESFIX_START", "first=1 do failure 0x0a"),
        wedge="ENXIO", step="RESFIX_START", never=(DONE,)),
    Row("R-21", "DONE fails", move, request("RESFIX_DONE", "first=1 do failure 0x60"),
        wedge="ENXIO", step="RESFIX_DONE"),
    Row("R-22", "no answer to START", move, request("RESFIX_START", "do drop"),
        wedge="ETIMEDOUT", step="RESFIX_START"),
    Row("R-22", "no answer to a query", move, query("0x0004", "drop"), wedge="ETIMEDOUT"),
    Row("R-22", "no answer to DONE", move, request("RESFIX_DONE", "do drop"),
        wedge="ETIMEDOUT", step="RESFIX_DONE"),
    Row("R-23", "DONE is BUSY for 1.5 s", move, request("RESFIX_DONE", "first=1 do busy 1500ms"),
        says=(ENABLED,)),
    Row("R-23", "DONE is BUSY for 3 s", move, request("RESFIX_DONE", "first=1 do busy 3s"),
        wedge="ETIMEDOUT", step="RESFIX_DONE"),
    Row("R-24", "five RETRY at START", move, request("RESFIX_START", "first=5 do retry"),
        more=apart),
    Row("R-25", "the mailbox reads 0", move, request("RESFIX_START", "do answer 0"),
        wedge="ENOLINK", step="RESFIX_START", more=sent("START", 3)),
    Row("R-26", "START succeeds with DATA0 1", move,
        "on mbox-reply vf=1 action=RESFIX_START first=1 do data0 1",
        wedge="EPROTO", step="RESFIX_START"),
    Row("R-26", "DONE succeeds with DATA0 1", move,
        "on mbox-reply vf=1 action=RESFIX_DONE first=1 do data0 1",
        wedge="EPROTO", step="RESFIX_DONE"),
    Row("R-27", "the GGTT is larger", move, reply("0x0002", "set dw1=0x20000000"),
        wedge="EREMCHG", says=("Unexpected GGTT reassignment",)),
    Row("R-27", "the GGTT is smaller", move, reply("0x0002", "set dw1=0x8000000"),
        wedge="EREMCHG", says=("Unexpected GGTT reassignment",)),
    Row("R-28", "the GGTT has no size", move, reply("0x0002", "set dw1=0"), wedge="ENODATA"),
    Row("R-30", "another number of contexts", move, reply("0x0004", "set dw1=65"),
        wedge="EREMCHG", says=("Unexpected CTXs reassignment",)),
    Row("R-30", "no contexts", move, reply("0x0004", "set dw1=0"), wedge="EREMCHG"),
    Row("R-31", "another number of doorbells", move, reply("0x0006", "set dw1=16"),
        wedge="EREMCHG", says=("Unexpected DBs reassignment",)),
    Row("R-31", "no doorbells any more", move, reply("0x0006", "set dw1=0"), wedge="EREMCHG"),
    Row("R-32", "scheduling groups: 2", move, reply("0x3001", "set dw1=2"), wedge="EPROTO",
        says=("Invalid sched groups status",)),
    Row("R-32", "scheduling groups: 0 to 1", move, reply("0x3001", "set dw1=1")),
    Row("R-33", "a KLV is too short", move, reply("0x0001", "klv-length 1"), wedge="ENODATA"),
    Row("R-33", "a KLV is too long", move, reply("0x0001", "klv-length 3"), wedge="EOVERFLOW"),
    Row("R-33", "a KLV's reply has bits that must be zero", move,
        reply("0x0001", "set dw0=0x00100000/0x00100000"), wedge="EPROTO"),
    Row("R-34", "the GMD id's query fails", move, query("0x3000", "failure 0x105")),
    Row("R-51", "migrated when a reset has rung for VF_RESET: wedged by the old base", in_reset,
        wedge="ENXIO", says=("reset started", "request 0x508: failure 0x80",
                             r"reset failed \(-?ENXIO\)"),
        events=("VF_RESFIX_BLOCKED -> VF_READY", "REQUEST SELF_CFG", "FAILURE")),
    Row("R-54", "cancelled: paused, saved, resumed where it was", cancelled,
        events=("VF_RUNNING -> VF_RUNNING_PAUSED", "VF_RUNNING_PAUSED -> VF_RUNNING"),
        never=(START, ENABLED, "ready for recovery")),
    Row("R-58", "MIGRATED without a migration", spurious,
        "on h2g vf=1 first=1 do interrupt sw-int-0", says=("ready for recovery", ENABLED)),
    Row("R-59", "an interrupt byte of another value", move,
        "on irq vf=1 bit=sw-int-0 first=1 do byte 1"),
    Row("C-06", "a registration stands unread in H2G", unread,
        events=("-> VF_RESFIX_BLOCKED", DONE, "REGISTER_CONTEXT"), more=registered_once),
    Row("C-11", "registered, the driver is not sure", at_work,
        "on h2g vf=1 action=SCHED_CONTEXT_MODE_SET first=1 do drop", more=registered_once),
    Row("C-12", "the answer to an enable is lost", at_work,
        "on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE first=1 do drop", more=registered_once),
    Row("C-24", "a TLB invalidation is outstanding", at_work,
        "on g2h vf=1 action=TLB_INVALIDATION_DONE first=1 do drop"),
    Row("F-08 F-09 F-10b F-11 F-13 C-22", "all engines busy: no fixup is missed, no job lost",
        loaded),
    Row("Q-7.3-9", "the handshake's answer is too short", probe, relay("nth=1 do truncate 1"),
        wedge=True, says=(NO_ABI % "EPROTO",)),
    Row("Q-7.3-9", "it has bits that must be zero", probe,
        relay("nth=1 do set dw2=0x00010000/0x00010000"), wedge=True, says=(NO_ABI % "EPROTO",)),
    Row("Q-7.3-9", "it says 0.0", probe, relay("nth=1 do set dw3=0"), wedge=True,
        says=(NO_ABI % "ENODATA",)),
    Row("Q-7.4-8", "the list has half a pair", probe, relay("nth=2 do truncate 1"),
        wedge=True, says=(NO_LIST % "EPROTO",)),
    Row("Q-7.4-9", "COUNT is not the number of pairs", probe,
        relay("nth=2 do set dw2=0x1/0x1"), wedge=True, says=(NO_LIST % "EPROTO",)),
    Row("Q-7.4-10", "a later answer has more than the first one announced", probe,
        (relay("nth=2 do set dw3=0x1"), relay("nth=3 do extend 4"),
         relay("nth=3 do set dw2=0x2/0xfffffff")), wedge=True,
        says=(NO_LIST % "EPROTO",)),
    Row("Q-7.4-11", "the query fails", probe,
        "on h2g vf=1 gt=0 action=RELAY_TO_PF nth=2 do failure 0x60", wedge=True,
        says=(NO_LIST % "EIO",)),
    Row("R-06", "two GTs: one is told 20 ms later", move,
        "on irq vf=1 bit=sw-int-0 gt=0 first=1 do delay 20ms", card="ptl", more=one_recovery),
    Row("R-06", "two GTs: one is told a second later", move,
        "on irq vf=1 bit=sw-int-0 gt=1 first=1 do delay 1s", card="ptl", more=one_recovery),
    Row("R-36", "two GTs say different starts: the last one wins", move,
        "on mbox-reply vf=1 gt=1 action=QUERY_SINGLE_KLV key=0x0001 first=1 do set dw1=0x40000000",
        card="ptl", says=(ENABLED,), broken=True),
    Row("R-58", "a strict GuC refuses what follows", spurious,
        "on h2g vf=1 first=1 do interrupt sw-int-0", card="ptl-strict", wedge="ENXIO",
        step="RESFIX_START"),
    Row("R-37", "ABI 1.26: the driver can't recover", unsupported, card="ptl-abi26",
        says=("migration not supported",), never=(START,), broken=True),
)


# Why the others are not here, by how their ids begin.
LEFT = (
    ("P-", "the PF's side"), ("M-", "the PF's side"),
    ("Q-7.1", "the driver's relay can't be asked from outside"),
    ("Q-7.2", "the driver's relay can't be asked from outside"),
    ("Q-7.3", "the PF's side"), ("Q-7.5", "the PF's side"), ("Q-7.4", "not seen from outside"),
    ("R-29", "for discrete cards"), ("R-38", "of the first generation"),
    ("R-39", "of the first generation"), ("R-40", "of the first generation"),
    ("", "not tried here: most need a moment that is hard to hit from outside"),
)


def why_left(id):
    return next(why for begin, why in LEFT if id.startswith(begin))


def wanted(rows, pattern):
    return [row for row in rows
            if not pattern or any(id.startswith(pattern) for id in row.id.split())]


def restore(m):
    """The driver probes anew; False: this guest is of no use any more."""
    try:
        for verb in ("thaw", "resume"):
            try:
                m.pf(verb)            # where a row broke off
            except Trouble:
                pass
        m.monitor("cont")
        unbind(m)
        bind(m)
        return not m.sh("test -e /dev/dri/renderD128 || echo missing")
    except Trouble:
        return False


def evidence(m, view):
    """The ends of log and events."""
    try:
        return ["dmesg:", *view.log()[-15:], "events:", *[
            line for line in view.events() if " h2g " not in line and " g2h " not in line][-25:]]
    except Trouble as why:
        return [str(why)]


def one(rack, guest, row):
    """("ok" or "differs" or "skip", lines of evidence)."""
    m = rack.get(guest, row.card)
    view, result, lines = None, "ok", []
    try:
        cases.load(m)
        view = View(m)
        told = row.way(m, row)
        lines = [told] if isinstance(told, str) else []
        if row.wedge and not restore(m):
            rack.drop()
    except Left as why:
        return "skip", [str(why)]
    except (Differs, Trouble) as why:
        m.monitor("cont")
        result, lines = DIFFERENT, [str(why), *(evidence(m, view) if view else [])]
        if row.way is loaded or not restore(m):
            rack.drop()
    if row.broken and m is rack.machine:
        rack.drop()
    return result, lines


def table(results, all_ids):
    """A line for each id; of the checklist's, how many are left out and why."""
    print("\n%-9s %-8s %s" % ("id", "result", "rows"))
    by_id = {}
    for row, result in results:
        for id in row.id.split():
            by_id.setdefault(id, []).append(result)
    for id in [i for i in all_ids if i in by_id]:
        found = by_id[id]
        worst = next(r for r in (DIFFERENT, "skip", "ok") if r in found)
        print("%-9s %-8s %d" % (id, {"ok": "pass"}.get(worst, worst), len(found)))
    left = {}
    for id in all_ids:
        if id not in by_id:
            left.setdefault(why_left(id), []).append(id)
    for why, ids in left.items():
        print("skipped   %d: %s" % (len(ids), why))
    count = [result for _, result in results]
    print("%d passed, %d differ, %d skipped" % (
        count.count("ok"), count.count(DIFFERENT), count.count("skip")))


def checklist_ids(path, pattern):
    with open(path, encoding="utf-8") as lines:
        ids = [line.split("\t")[0] for line in lines if line[0] != "#"]
    return [id for id in ids if not pattern or id.startswith(pattern)]


def run(rack, guest, rows, ids):
    """These rows; how many differ."""
    results, began = [], time.monotonic()
    print("TAP version 13\n1..%d" % len(rows), flush=True)
    for n, row in enumerate(rows, 1):
        result, lines = one(rack, guest, row)
        results.append((row, result))
        print("%s %d - %s %s%s" % ("not ok" if result == DIFFERENT else "ok", n, row.id, row.text,
                                   " # SKIP" if result == "skip" else ""))
        print("# at %.0f s" % (time.monotonic() - began))
        print("".join("# %s\n" % line for text in lines for line in text.splitlines()),
              end="", flush=True)
    table(results, ids)
    return sum(result == DIFFERENT for _, result in results)
