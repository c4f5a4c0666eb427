#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot the unmodified Linux xe driver as a VF on an emulated card, and judge."""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import kit
from cases import ABILITIES, APART, BASIC, DEFAULT, FINDINGS, TESTS
import conformance
import misbehave
import weaknesses
from machine import CARDS, Left, Machine, Trouble, initramfs
from mark import Unmarkable

SKIPPED = 77
CHECKLIST = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                         "checklist.tsv")
PLAIN = "7.2"


def say(text):
    print("  %s" % text, file=sys.stderr, flush=True)


class Guest:
    """What a kernel is booted with."""

    def __init__(self, version, image, initrd):
        self.version, self.image, self.initrd = version, image, initrd


class Options:
    """What tests want to know of the command line."""

    def __init__(self, times, say):
        self.times, self.say = times, say


class Row:
    def __init__(self, version, card, test):
        self.version, self.card, self.test = version, card, test
        self.result, self.seconds, self.text = "FAIL", 0.0, ""

    def show(self, out=sys.stdout):
        print("%-9s %-8s %-15s %-5s %6.1f s  %s" % (
            self.version, self.card, self.test, self.result, self.seconds,
            "" if self.result == "FAIL" else self.text), file=out, flush=True)
        if self.result == "FAIL":
            print("    " + self.text.replace("\n", "\n    "), file=out, flush=True)


class Rack:
    """One guest after the other; a healthy one serves several tests."""

    def __init__(self, k, args):
        self.k, self.args = k, args
        self.machine = self.folder = self.key = None

    def get(self, guest, card):
        key = (guest.version, card)
        if self.key != key:
            self.drop()
            self.folder = tempfile.mkdtemp(prefix="gucemu-linux-")
            recorded = self.args.record or self.args.conformance or self.args.weaknesses
            options = ["--record", os.path.join(self.folder, "trace")] if recorded else []
            self.machine = Machine(self.k, self.args.gucemu, self.folder, CARDS[card], options,
                                   self.args.drm_debug)
            self.key = key
            self.machine.options = Options(self.args.times, say)
            self.machine.boot(guest.image, guest.initrd)
        return self.machine

    def drop(self):
        if not self.machine:
            return
        machine, self.machine, self.key = self.machine, None, None
        machine.close()
        if self.args.keep or self.args.record:
            with open(os.path.join(self.folder, "console.log"), "w") as f:
                f.write("\n".join(machine.log) + "\n")
            with open(os.path.join(self.folder, "dmesg.log"), "w") as f:
                f.write("\n".join("<%d>%s" % line for line in machine.kernel_log) + "\n")
            say("kept: %s" % self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, guest, row):
        began = time.monotonic()
        try:
            machine = self.get(guest, row.card)
            if row.test in TESTS:
                row.text = TESTS[row.test].run(machine) or ""
            else:
                fault = misbehave.FAULTS[row.test]
                if fault.when == "probe" and machine.loaded:
                    self.drop()
                    machine = self.get(guest, row.card)
                row.text = misbehave.judge(machine, fault)
            row.result = "ok"
        except Left as why:
            row.result, row.text = "skip", str(why)
        except Trouble as trouble:
            row.text = str(trouble)
        except Exception:         # a fault of this program: of this row, not of all
            row.text = traceback.format_exc()
        if row.result == "FAIL" or (self.machine and self.machine.spoilt):
            try:
                self.drop()
            except Exception:
                row.text += "\n" + traceback.format_exc()
        row.seconds = time.monotonic() - began


def guests(k, args, folder, program):
    """Each kernel that was asked for: a guest, or a version and why there is none."""
    if args.kernel_image:
        yield prepare(k, os.path.basename(args.kernel_image), args.kernel_image,
                      k.modules(args.modules, "xe") if args.modules else [], folder, program,
                      args.mark)
        return
    wanted = args.kernel or [PLAIN]
    if "all" in wanted:
        wanted = k.series()
    for name in wanted:
        try:
            root, version = k.kernel(name)
            yield prepare(k, version, k.image(root), k.modules(root, "xe"), folder, program,
                          args.mark)
        except kit.Missing as why:
            yield name, str(why)


def prepare(k, version, image, modules, folder, program, mark):
    initrd = os.path.join(folder, "initrd")
    try:
        initramfs(k, modules, [program], initrd, mark)
    except Unmarkable as why:
        raise kit.Missing("--mark %s: %s" % (mark, why)) from why
    return Guest(version, image, initrd)


def wanted_rows(args):
    if args.basic:
        return BASIC
    if args.faults:
        names = args.test or tuple(misbehave.FAULTS)
        return tuple((card, name) for card in args.card or ("ptl-1gt",) for name in names)
    if args.bench:
        return (("ptl-record", "numbers"),)
    if args.finding:
        return tuple(row for number in args.finding for row in FINDINGS[number])
    several = len(args.kernel or ()) > 1 or "all" in (args.kernel or ())
    if not args.test and not args.card and not several:
        return DEFAULT
    tests = args.test or (ABILITIES if several else tuple(t for t in TESTS if t not in APART))
    cards = args.card or (("ptl",) if args.test else tuple(dict(DEFAULT)))
    return tuple((card, test) for card in cards for test in tests)


def matrix(rows):
    """Several kernels: a line for each with what it can do."""
    columns = list(dict.fromkeys((row.card, row.test) for row in rows))
    print("\n%-9s %s" % ("kernel", " ".join("%-16s" % ("%s %s" % c) for c in columns)))
    for version in dict.fromkeys(row.version for row in rows):
        of = {(row.card, row.test): row.result for row in rows if row.version == version}
        print("%-9s %s" % (version, " ".join("%-16s" % of.get(c, "-") for c in columns)))


def parse():
    parser = argparse.ArgumentParser(
        prog="./run linux", description=__doc__,
        epilog="Exit status: 0 all is well, 1 a row failed, 77 nothing could be run.")
    parser.add_argument("--kernel", action="append", metavar="V",
                        help="a version's beginning (%s), newest, or all; again for several" %
                        PLAIN)
    parser.add_argument("--kernel-image", metavar="FILE", help="a kernel of your own (bzImage)")
    parser.add_argument("--modules", metavar="DIR",
                        help="its modules: where they were installed (INSTALL_MOD_PATH)")
    parser.add_argument("--test", action="append", metavar="NAME", help="only this one")
    parser.add_argument("--faults", action="store_true",
                        help="what the driver makes of a GuC that misbehaves by fault rules")
    parser.add_argument("--conformance", action="store_true",
                        help="judge the driver by rows of the checklist")
    parser.add_argument("--weaknesses", action="store_true",
                        help="show the weak points of the driver (docs/findings)")
    parser.add_argument("--filter", metavar="ID",
                        help="with these two: only rows whose id begins so")
    parser.add_argument("--card", action="append", choices=CARDS, help="only on this card")
    parser.add_argument("--finding", action="append", choices=FINDINGS, metavar="NNNN",
                        help="show a finding of docs/findings (%s)" % ", ".join(FINDINGS))
    parser.add_argument("--bench", action="store_true", help="measure a probe, jobs, recoveries")
    parser.add_argument("--basic", action="store_true", help="the few that every check runs")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--times", type=int, default=20, metavar="N",
                        help="migrations of migrate-series (20)")
    parser.add_argument("--keep", action="store_true", help="keep consoles and logs")
    parser.add_argument("--record", action="store_true",
                        help="also keep a trace of all that goes in and out of the card")
    parser.add_argument("--mark", metavar="DESC",
                        help="one bit of the guest's copy of the driver is changed: its descriptor "
                        "DESC (bmg_desc) is able of SR-IOV")
    parser.add_argument("--drm-debug", metavar="MASK", help="drm.debug of the guest, as 0x2")
    parser.add_argument("--qemu", metavar="PROGRAM", help="another qemu-system-x86_64")
    parser.add_argument("--gucemu", default=os.environ.get("GUCEMU", "gucemu"),
                        help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.kernel and args.kernel_image:
        parser.error("--kernel and --kernel-image exclude each other")
    if args.filter and not (args.conformance or args.weaknesses):
        parser.error("--filter is for --conformance and --weaknesses")
    if args.filter and not rows_of(args):
        parser.error("no row that a kernel is judged by has an id like '%s'" % args.filter)
    if args.modules and not args.kernel_image:
        parser.error("--modules is for --kernel-image")
    for name in args.test or ():
        if name not in (misbehave.FAULTS if args.faults else TESTS):
            parser.error("there is no test '%s': see --list" % name)
    for path in (args.kernel_image, args.modules):
        if path and not os.path.exists(path):
            parser.error("there is no %s" % path)
    return args


def show_list(k):
    for test in TESTS.values():
        print("%-15s %s" % (test.name, test.text))
    print("with --faults:")
    for fault in misbehave.FAULTS.values():
        print("%-12s %-8s %s" % (fault.name, fault.when, fault.text))
    print("cards: %s" % " ".join(CARDS))
    try:
        cached = set(k.cached())
        print("kernels: %s" % " ".join(
            v + ("" if v in cached else "*") for v in sorted(k.kernels(), key=kit.key)))
        print("(*: to be fetched, where Debian still has it)")
    except kit.Missing as why:
        print("kernels: %s" % why)


def rows_of(args):
    return conformance.wanted(weaknesses.ROWS if args.weaknesses else conformance.ROWS,
                              args.filter)


def judge_all(k, args, folder):
    """By rows of the checklist, or of weaknesses, kernel after kernel; the exit status."""
    rack, differ, judged = Rack(k, args), 0, False
    rows = rows_of(args)
    ids = list(dict.fromkeys(row.id for row in rows)) if args.weaknesses else \
        conformance.checklist_ids(CHECKLIST, args.filter)
    program = k.guest_programs(folder)
    try:
        for guest in guests(k, args, folder, program):
            if isinstance(guest, tuple):
                print("# %s: there is no such kernel: %s" % guest, flush=True)
                continue
            print("# Linux %s" % guest.version)
            differ += conformance.run(rack, guest, rows, ids)
            judged = True
            rack.drop()
    finally:
        rack.drop()
    return 1 if differ else 0 if judged else SKIPPED


def run_all(k, args, folder):
    rows, absent = [], 0
    rack = Rack(k, args)
    program = k.guest_programs(folder)
    try:
        for guest in guests(k, args, folder, program):
            if isinstance(guest, tuple):
                absent += 1
                print("%-9s there is no such kernel: %s" % guest, flush=True)
                continue
            for card, test in wanted_rows(args):
                row = Row(guest.version, card, test)
                say("%s %s %s" % (row.version, card, test))
                rack.run(guest, row)
                if row.result == "FAIL":
                    row.show(sys.stderr)
                rows.append(row)
            rack.drop()
            for row in rows:
                if row.version == guest.version:
                    row.show()
    finally:
        rack.drop()
    return rows, absent


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    args = parse()
    k = kit.Kit(say)
    if args.list:
        show_list(k)
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="gucemu-initrd-") as folder:
            k.need_tools(args.qemu)
            if args.modules:          # before anything is built
                k.modules(args.modules, "xe")
            if args.conformance or args.weaknesses:
                return judge_all(k, args, folder)
            rows, absent = run_all(k, args, folder)
    except kit.Missing as why:
        print("skipped: %s" % why, file=sys.stderr)
        print("0 passed, 0 failed, %d skipped" % len(wanted_rows(args)))
        return SKIPPED
    except subprocess.CalledProcessError as why:
        print("run linux: %s" % why, file=sys.stderr)
        return 1
    if len({row.version for row in rows}) > 1:
        matrix(rows)
    results = [row.result for row in rows]
    print("%d passed, %d failed, %d skipped" % (
        results.count("ok"), results.count("FAIL"), results.count("skip") + absent))
    if "FAIL" in results:
        return 1
    return 0 if "ok" in results else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
