# SPDX-License-Identifier: MIT
"""The first generation of recovery in a real driver: Linux 6.16. One worker for the
device, which starts when all GTs are interrupted, asks for the configuration and
notifies each GuC; where fixups belong it has a FIXME. So the VF comes back to the
base that it had. Nothing is submitted meanwhile: the driver keeps sending messages
during its recovery, whose doorbell is the mailbox's, too. No card lets it be seen but with one bit of the module changed
(mark.py), since the driver calls Panther Lake alone able of SR-IOV and has no
firmware entry for that."""
import os
import re
import time

from machine import Left, Trouble
from moves import ENABLED, WORK_SECONDS, block

MARK = "bmg_desc"
FIRST = "migration recovery deferred"   # a string of this generation's drivers alone
TIMES = 5


def able(m):
    if m.sh("test -e /modules/marked || echo no"):
        raise Left("only with --mark %s: as it is this driver takes no such card" % MARK)
    if m.sh("grep -q '%s' /modules/xe.ko || echo no" % FIRST):
        raise Left("this driver has another generation of recovery")


def again(m, times):
    """Migrated to where it is, so often; each recovery ends before the next begins."""
    done = m.count(ENABLED)
    for i in range(1, times + 1):
        m.migrate(m.base)
        end = time.monotonic() + WORK_SECONDS
        while m.count(ENABLED) < done + i:
            if time.monotonic() > end:
                raise Trouble("recovery %d did not end:\n%s" % (i, "\n".join(m.dmesg()[-20:])))
            time.sleep(0.1)


def notified(m):
    """By NOTIFY_RESFIX_DONE on each GT, and nobody ever sent a RESFIX_START."""
    with open(os.path.join(m.folder, "serve.log"), errors="replace") as f:
        log = f.read()
    done = len(re.findall(r"VF_RESFIX_BLOCKED -> VF_RUNNING on RESFIX_DONE", log))
    if "on RESFIX_START" in log or done != m.gts * m.count(ENABLED):
        raise Trouble("%d of %d GTs were notified%s" % (
            done, m.gts * m.count(ENABLED),
            ", and RESFIX_START came" if "on RESFIX_START" in log else ""))


def recover(m, jobs):
    able(m)
    jobs(m)
    again(m, TIMES)
    jobs(m)
    work = block(m)
    again(m, 2)
    engines = work.end()
    jobs(m)
    notified(m)
    return "%d recoveries, %d engines in mid-batch" % (m.count(ENABLED), engines)
