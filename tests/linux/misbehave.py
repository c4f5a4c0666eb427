# SPDX-License-Identifier: MIT
"""A GuC that misbehaves by fault rules: what the Linux driver makes of it, beside what
our client does. A row passes when the kernel does what it was seen to do before; what a
rule is worth is said in its text."""
import json
import re
import subprocess
import time

from cases import ENABLED, load
from machine import BASES, Trouble
from moments import fault_verb

WAIT_SECONDS = 25
QUIET_SECONDS = 10                    # the driver waits 5 s for an answer, then says so
PROGRAMS = ("xe_exec_basic@once-basic", "xe_exec_basic@many-execqueues-basic")

# What became of it, the first that fits, by the kernel's own words.
OUTCOMES = (
    ("oops", re.compile(r"Oops|\bBUG: |[Kk]ernel panic")),
    ("wedged", re.compile(r"declared wedged|device wedged|wedged\.", re.I)),
    ("GT reset", re.compile(r"GT\d+: reset done")),
    ("job killed", re.compile(r"Timed ?out job|job timed out", re.I)),
)


class Fault:
    """`when`: the rules hold from the probe on, from a migration on, or while jobs run, those
    of `programs`. `ours`: our client can come to it, too."""

    def __init__(self, name, when, linux, text, *rules, programs=PROGRAMS, ours=True):
        self.name, self.when, self.linux, self.text, self.rules = name, when, linux, text, rules
        self.programs, self.ours = programs, ours


FAULTS = {fault.name: fault for fault in (
    Fault("busy-start", "migrate", "recovered", "RESFIX_START is answered BUSY for a while",
          "on mbox-request vf=1 action=RESFIX_START first=1 do busy 30ms"),
    Fault("retry-done", "migrate", "recovered", "RESFIX_DONE is to be sent again, twice",
          "on mbox-request vf=1 action=RESFIX_DONE first=2 do retry 1"),
    Fault("late-irq", "migrate", "recovered", "MIGRATED comes half a second late",
          "on irq vf=1 bit=sw-int-0 do delay 500ms"),
    Fault("twice-irq", "migrate", "recovered", "MIGRATED comes four times",
          "on irq vf=1 bit=sw-int-0 do duplicate 3"),
    Fault("lost-start", "migrate", "wedged", "RESFIX_START gets no answer",
          "on mbox-request vf=1 action=RESFIX_START first=1 do drop"),
    Fault("done-fails", "migrate", "wedged", "RESFIX_DONE is refused",
          "on mbox-request vf=1 action=RESFIX_DONE do failure INVALID_PARAMS"),
    Fault("query-short", "migrate", "wedged", "a queried value has another length",
          "on mbox-reply vf=1 state=VF_RESFIX_BLOCKED action=QUERY_SINGLE_KLV do klv-length 3"),
    Fault("query-lost", "probe", "no probe", "no query is answered at probe",
          "on mbox-request vf=1 action=QUERY_SINGLE_KLV do drop"),
    Fault("match-busy", "probe", "well", "the first requests of a probe are BUSY",
          "on mbox-request vf=1 first=5 do busy 10ms"),
    Fault("done-lost", "work", "GT reset", "a context is enabled and nobody says so",
          "on g2h vf=1 action=SCHED_CONTEXT_MODE_DONE nth=2 do drop"),
    Fault("done-twice", "work", "GT reset", "the end of a context is told twice",
          "on g2h vf=1 action=DEREGISTER_CONTEXT_DONE nth=1 do duplicate"),
    Fault("tlb-lost", "work", "well", "the end of a TLB invalidation is not told",
          "on g2h vf=1 action=TLB_INVALIDATION_DONE nth=2 do drop"),
    Fault("gone-lost", "work", "well", "the end of a context is not told",
          "on g2h vf=1 action=DEREGISTER_CONTEXT_DONE nth=1 do drop"),
    Fault("h2g-broken", "work", "well", "the H2G ring's status says broken, once",
          "on h2g vf=1 nth=3 do break h2g status 1"),
    Fault("g2h-late", "work", "well", "every message of the GuC is 20 ms late",
          "on g2h vf=1 do delay 20ms"),
    Fault("tail-broken", "work", "GT reset", "the G2H ring's tail leads nowhere, once",
          "on g2h vf=1 nth=3 do break g2h tail 0xffffffff"),
    Fault("irq-half", "work", "well", "every other interrupt of the GuC is lost",
          "on irq vf=1 bit=guc2host every=2 do drop"),
    Fault("guc-hang", "work", "wedged", "the GuC serves nobody any more",
          "on h2g vf=1 nth=5 do hang guc"),
    Fault("fault-lost", "work", "no end", "the answer to a page fault is lost",
          "on h2g vf=1 action=PAGE_FAULT_RES_DESC first=1 do drop",
          programs=("xe_exec_fault_mode@once-basic",), ours=False),
)}


def ours(gucemu, fault, gts):
    """What the demo's driver does under the same rules, in a few words."""
    if not fault.ours:
        return "has no such jobs"
    command = [gucemu, "demo", "--gts", str(gts), "--json", "--seed", "1"]
    for rule in fault.rules:
        command += ["--fault", rule]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        result = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return "no end"
    if done.returncode == 0:
        return "recovered" if fault.when == "migrate" else "well"
    return result.get("failure", "failed")


def outcome(m, since, recovered):
    """None while it is not known."""
    m.dmesg()
    lines = [line for _, line in m.kernel_log[since:]]
    for name, words in OUTCOMES:
        if any(words.search(line) for line in lines):
            return name
    if recovered and sum(ENABLED in line for line in lines) >= m.gts:
        return "recovered"
    return None


def settle(m, since, migrates, bad):
    """`bad`: the programs did not end well."""
    end = time.monotonic() + (WAIT_SECONDS if migrates or bad else QUIET_SECONDS)
    while time.monotonic() < end:
        found = outcome(m, since, migrates)
        if found:
            return found
        time.sleep(0.5)
    return "nothing" if migrates else "no end" if bad else "well"


def run(m, fault):
    """What Linux does, in a word, and how often the rules fired."""
    if fault.when != "probe":
        load(m)
    since, bad = len(m.kernel_log), False
    for rule in fault.rules:
        fault_verb(m, "add", rule)
    if fault.when == "probe":
        m.sh("load", 180, check=False)
        m.loaded = m.spoilt = True
    elif fault.when == "migrate":
        m.migrate(BASES[2] if m.base == BASES[1] else BASES[1])
    else:
        lines = m.sh("xetest run %s" % " ".join("'%s'" % p for p in fault.programs), 280,
                     check=False, silence=True)
        bad = any(line.startswith("not ok") for line in lines)
    found = settle(m, since, fault.when == "migrate", bad)
    if fault.when == "probe" and m.sh("test -e /dev/dri/renderD128 || echo missing"):
        found = "no probe"
    rules = json.loads(fault_verb(m, "rules", "--json"))["rules"]
    fault_verb(m, "clear")
    if not all(rule["fired"] for rule in rules):
        raise Trouble("a rule never fired: %s" % rules)
    return found


def judge(m, fault):
    found = run(m, fault)
    note = "Linux: %s; ours: %s" % (found, ours(m.gucemu, fault, m.gts))
    if found != fault.linux:
        raise Trouble("%s, and not: %s\n%s" % (note, fault.linux, "\n".join(
            line for _, line in m.kernel_log[-25:])))
    if found not in ("recovered", "well"):
        m.spoilt = True
    return note
