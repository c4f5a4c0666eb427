#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot the unmodified Linux xe driver as a VF on an emulated card, and judge."""
import argparse
import os
import shutil
import sys
import tempfile
import time

import kit
from machine import BASES, Machine, Trouble, initramfs

GTS = {"ptl": ("--platform", "ptl", "--gts", "2"), "ptl-1gt": ("--platform", "ptl", "--gts", "1")}
RECOVERY_SECONDS = 30


def load(m):
    m.sh("load", 120)
    m.healthy()
    if m.sh("test -e /dev/dri/renderD128 || echo missing"):
        raise Trouble("no renderD128:\n" + "\n".join(m.dmesg()[-20:]))


def recovered(m, times, gts):
    """All GTs have recovered `times` times in all."""
    end = time.monotonic() + RECOVERY_SECONDS
    while m.count("migration recovery ended") < times * gts:
        if time.monotonic() > end:
            raise Trouble("%d of %d recoveries ended:\n%s" % (
                m.count("migration recovery ended"), times * gts, "\n".join(m.dmesg()[-20:])))
        time.sleep(0.2)


def probe(m, gts):
    """The driver probes, renderD128 is there, and no complaint."""
    load(m)


def migrate(m, gts):
    """Idle, base up, up, down, by little (overlapping), and to where it is."""
    load(m)
    bases = (BASES[1], BASES[2], BASES[0], BASES[0] + 0x1000000, BASES[0], BASES[0])
    for i, base in enumerate(bases):
        m.migrate(base)
        recovered(m, i + 1, gts)
        shown = "".join(m.sh("cat /sys/kernel/debug/dri/0000:00:01.0/tile0/gt0/vf/self_config"))
        if "0x%08x" % base not in shown and "%x" % base not in shown:
            raise Trouble("the driver's base is not 0x%x: %s" % (base, shown))
    if m.findings():
        raise Trouble("fixups are missing: %s" % m.findings())
    m.healthy()


def rebind(m, gts):
    """The driver is unbound and bound again, and survives a migration then."""
    load(m)
    for i in range(2):
        m.sh("echo 0000:00:01.0 >/sys/bus/pci/drivers/xe/unbind")
        m.sh("echo 0000:00:01.0 >/sys/bus/pci/drivers/xe/bind", 120)
        m.sh("test -e /dev/dri/renderD128")
    m.migrate(BASES[1])
    recovered(m, 1, gts)
    m.healthy()


def gt_reset(m, gts):
    """A reset of each GT, from debugfs."""
    load(m)
    for gt in range(gts):
        m.sh("cat /sys/kernel/debug/dri/0000:00:01.0/tile0/gt%d/force_reset_sync" % gt)
        if not any("GT%d: reset done" % gt in line for line in m.dmesg()):
            raise Trouble("GT%d was not reset" % gt)
    m.healthy()


TESTS = {"probe": probe, "migrate": migrate, "rebind": rebind, "gt-reset": gt_reset}
BASIC = (("migrate", "ptl"), ("probe", "ptl-1gt"))
ALL = tuple((test, card) for card in GTS for test in TESTS)


def run_one(k, gucemu, test, card, root, initrd, keep):
    """None, or what was wrong."""
    folder = tempfile.mkdtemp(prefix="gucemu-linux-")
    machine = None
    try:
        machine = Machine.__new__(Machine)
        machine.children = []
        machine.__init__(k, gucemu, folder, k.image(root), initrd, GTS[card])
        TESTS[test](machine, 1 if card.endswith("1gt") else 2)
    except Trouble as trouble:
        return str(trouble)
    finally:
        machine.close()
        if keep:
            with open(os.path.join(folder, "console.log"), "w") as f:
                f.write("\n".join(machine.log) + "\n")
            print("kept: %s" % folder, file=sys.stderr)
        else:
            shutil.rmtree(folder)
    return None


def main():
    parser = argparse.ArgumentParser(prog="./run linux", description=__doc__)
    parser.add_argument("--kernel", default="7.2", metavar="V",
                        help="kernel: a version's beginning, or newest (7.2)")
    parser.add_argument("--test", action="append", choices=TESTS, help="only this one")
    parser.add_argument("--card", action="append", choices=GTS, help="only on this card")
    parser.add_argument("--basic", action="store_true", help="the two that every check runs")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--keep", action="store_true", help="keep consoles and logs")
    parser.add_argument("--gucemu", default=os.environ.get("GUCEMU", "gucemu"),
                        help=argparse.SUPPRESS)
    args = parser.parse_args()

    def say(text):
        print("  %s" % text, file=sys.stderr, flush=True)
    if args.list:
        for name, test in TESTS.items():
            print("%-9s %s" % (name, test.__doc__))
        return 0
    wanted = BASIC if args.basic else [
        (t, c) for t, c in ALL if (not args.test or t in args.test) and
        (not args.card or c in args.card)]
    try:
        k = kit.Kit(say)
        k.need_tools()
        root, version = k.kernel(args.kernel)
        initrd = os.path.join(k.dir, "initrd-%s-%d.gz" % (version, os.getpid()))
        initramfs(k, root, initrd)
    except kit.Missing as why:
        print("skipped: %s" % why, file=sys.stderr)
        print("0 passed, 0 failed, %d skipped" % len(wanted))
        return 77
    failed = 0
    print("Linux %s" % version)
    for test, card in wanted:
        began = time.monotonic()
        wrong = run_one(k, args.gucemu, test, card, root, initrd, args.keep)
        failed += wrong is not None
        print("%-9s %-8s %-4s %5.1f s" % (test, card, "FAIL" if wrong else "ok",
                                          time.monotonic() - began), flush=True)
        if wrong:
            print("    " + wrong.replace("\n", "\n    "))
    os.unlink(initrd)
    print("%d passed, %d failed" % (len(wanted) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
