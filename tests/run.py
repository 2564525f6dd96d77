#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tests, counts them, and says plainly what happened.

    tests/run.py [options] KIND=PATH ...        (make test builds the list)

KIND   unit    a libcheck binary; every check in it counts
       fuzz    a replay binary; it gets tests/fuzz/corpus/<name> and counts once
       bench   a benchmark, run with --smoke
       e2e     a script or program; LL_BIN holds the programs, LL_SHARED real captures
       lint    a command line of its own (quoted), such as "tools/lint.py"
       PATH of a unit, fuzz or bench item is inside the build directory that LL_BIN then names.

Exit status of a test: 0 passed; 77 skipped (the last line that starts with SKIP is the reason, else the last line);
anything else, a signal or the time limit: failed. A check of a unit test skips itself by a line "SKIP: reason".
The first 20 lines of a test's source may hold, each in a line of its own of a comment or a docstring, "serial" (run
alone) and "limit 300 s" (five times that under a sanitizer).
The last line is always "N passed, N failed, N skipped"; the exit status is 0 only when something ran and
nothing failed.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAN_SLOWDOWN = 5
LIMIT_S = {"unit": 120, "fuzz": 120, "bench": 180, "e2e": 300, "lint": 900}
CHECKS = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
SKIP_LINE = re.compile(r"^SKIP[: ] *(.*)$", re.M)
SERIAL = re.compile(r"^\s*(?:#|/\*|//|\*)?\s*serial$", re.M)
LIMIT = re.compile(r"^\s*(?:#|/\*|//|\*)?\s*limit (\d+) s$", re.M)
TAIL_LINES = 60
SKIPPED_STATUS = 77


class Test:
    """One program to run, and afterwards what came of it."""

    def __init__(self, kind, path, args):
        self.kind = kind
        self.path = path
        self.env = {}
        self.command = [path]
        source = path
        build = re.match(r"(build/[^/]+)/(.*)", path)
        self.build = build.group(1) if build else args.bin
        if kind == "lint":
            self.command = shlex.split(path)
            source = ""
        elif build:
            source = build.group(2) + ".c"
        if kind == "fuzz":
            corpus = os.path.basename(path).replace("fuzz_", "", 1)
            self.command.append("tests/fuzz/corpus/" + corpus)
        elif kind == "bench":
            self.command.append("--smoke")
        elif kind == "e2e":
            self.env = {"LL_BIN": os.path.join(ROOT, args.bin)}
        self.name = os.path.basename(self.command[0])
        if self.build != args.bin:
            self.name += " (" + os.path.basename(self.build).split("-release", 1)[-1].strip("-") + ")"
        head = head_of(source)
        self.serial = SERIAL.search(head) is not None
        limit = LIMIT.search(head)
        self.limit_s = args.limit or (int(limit.group(1)) if limit else LIMIT_S[kind])
        if re.search(r"-(address|thread|undefined)", self.build):
            self.limit_s *= SAN_SLOWDOWN
            self.env["CK_TIMEOUT_MULTIPLIER"] = str(SAN_SLOWDOWN)
        self.log = os.path.join(args.log, re.sub(r"[^\w.-]+", "_", kind + "-" + self.name) + ".log")
        self.passed = self.failed = self.skipped = 0
        self.seconds = 0.0
        self.reasons = []
        self.why = ""

    def rerun(self):
        words = ["%s=%s" % (key, value.replace(ROOT + "/", "")) for key, value in self.env.items()]
        return " ".join(words + [shlex.quote(word) for word in self.command])


def head_of(source):
    try:
        with open(os.path.join(ROOT, source), encoding="utf-8", errors="replace") as file:
            return "".join(file.readline() for _ in range(20))
    except OSError:
        return ""


class Running:
    """The processes under way, so that an interrupt can end exactly these."""

    def __init__(self):
        self.lock = threading.Lock()
        self.groups = set()
        self.stopped = False

    def run(self, test):
        environment = dict(os.environ, **test.env)
        environment.setdefault("LL_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
        environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        with open(test.log, "wb") as log:
            with self.lock:
                if self.stopped:
                    return None
                process = subprocess.Popen(test.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
                self.groups.add(process.pid)
            try:
                return process.wait(timeout=test.limit_s)
            except subprocess.TimeoutExpired:
                return None
            finally:
                self.end_group(process.pid)
                process.wait()
                with self.lock:
                    self.groups.discard(process.pid)

    @staticmethod
    def end_group(group):
        """A test leaves nothing running behind, whether it ended or not."""
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def stop(self):
        with self.lock:
            self.stopped = True
            for group in self.groups:
                self.end_group(group)


def judge(test, status, output):
    """Fills the counts of one test from its exit status and its output."""
    sums = [sum(column) for column in zip(*[map(int, found) for found in CHECKS.findall(output)])]
    checks, bad = (sums[0], sums[1] + sums[2]) if sums else (0, 0)
    skips = SKIP_LINE.findall(output)
    if status == SKIPPED_STATUS:
        test.skipped = 1
        test.reasons = skips[-1:] or output.strip().splitlines()[-1:] or ["it gave no reason"]
    elif status == 0 and test.kind == "unit":
        test.failed = bad
        test.skipped = min(len(skips), checks - bad)
        test.passed = checks - bad - test.skipped
        test.reasons = skips
        if checks == 0:
            test.failed = 1
            test.why = "exit status 0, but it reports no checks"
        elif bad > 0:
            test.why = "%d of %d checks failed, although the exit status is 0" % (bad, checks)
    elif status == 0:
        test.passed = 1
    else:
        test.failed = max(bad, 1)
        test.passed = checks - bad
        if status is None:
            test.why = "ended by the time limit of %d s" % test.limit_s
        elif status < 0:
            test.why = "ended by signal %d (%s)" % (-status, signal.Signals(-status).name)
        elif bad > 0:
            test.why = "%d of %d checks failed" % (bad, checks)
        else:
            test.why = "exit status %d" % status


def run_one(running, test):
    start = time.monotonic()
    try:
        if test.kind == "fuzz" and not os.path.isdir(os.path.join(ROOT, test.command[1])):
            raise OSError("no corpus: add a few small inputs in " + test.command[1])
        status = running.run(test)
        with open(test.log, encoding="utf-8", errors="replace") as log:
            judge(test, status, log.read())
    except OSError as error:
        test.failed, test.why = 1, str(error)
    test.seconds = time.monotonic() - start
    return test


class Screen:
    """A line per finished test; on a terminal also one changing line of what is under way."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.live = sys.stdout.isatty()

    def finished(self, test):
        self.done += 1
        word = "FAILED" if test.failed else "skip" if test.skipped and not test.passed else "ok"
        checks = test.passed + test.failed + test.skipped
        note = "%d checks" % checks if checks > 1 else ""
        if test.failed:
            note = test.why
        elif word == "skip":
            note = test.reasons[0]
        clear = "\r\033[K" if self.live else ""
        print("%s[%3d/%d] %-6s %-5s %-42s %6.1f s  %s" % (clear, self.done, self.total, word, test.kind,
                                                          test.name, test.seconds, note), flush=True)
        if test.failed:
            self.show_log(test)
        if self.live and self.done < self.total:
            print("        %d to go ..." % (self.total - self.done), end="", flush=True)

    @staticmethod
    def show_log(test):
        try:
            with open(test.log, encoding="utf-8", errors="replace") as log:
                lines = log.read().splitlines()
        except OSError:
            return
        if len(lines) > TAIL_LINES:
            print("        | ... %d lines more in %s" % (len(lines) - TAIL_LINES, os.path.relpath(test.log, ROOT)))
        for line in lines[-TAIL_LINES:]:
            print("        | " + line)


def run_all(tests, jobs):
    """Long ones first, many at once; then the serial ones, each alone."""
    running = Running()
    screen = Screen(len(tests))
    order = {"lint": 0, "e2e": 1, "bench": 2, "unit": 3, "fuzz": 4}
    parallel = sorted((t for t in tests if not t.serial), key=lambda t: order[t.kind])
    try:
        with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
            try:
                for future in concurrent.futures.as_completed([pool.submit(run_one, running, t) for t in parallel]):
                    screen.finished(future.result())
            except BaseException:
                running.stop()
                raise
        for test in tests:
            if test.serial:
                screen.finished(run_one(running, test))
    except BaseException:
        running.stop()
        raise


def summary(tests):
    skipped = [test for test in tests if test.skipped]
    failed = [test for test in tests if test.failed]
    print()
    if skipped:
        print("Skipped:")
        for test in skipped:
            for reason in test.reasons[:test.skipped]:
                print("  %-48s %s" % (test.kind + " " + test.name, reason))
    if failed:
        print("Failed:")
        for test in failed:
            print("  %-48s %s" % (test.kind + " " + test.name, test.why))
            print("    again: %s" % test.rerun())
            print("    log:   %s" % os.path.relpath(test.log, ROOT))
    counts = [sum(getattr(test, what) for test in tests) for what in ("passed", "failed", "skipped")]
    if sum(counts) == 0:
        print("Nothing ran: that is a failure too.")
    print("%d passed, %d failed, %d skipped" % tuple(counts), flush=True)
    return 0 if counts[1] == 0 and sum(counts) > 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="build directory of the programs, relative to the root")
    parser.add_argument("--log", help="directory of the logs (default: BIN/log)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=float, help="time limit of every test in seconds")
    parser.add_argument("--only", default="", help="only tests whose kind and name contain this word")
    parser.add_argument("items", nargs="*", metavar="KIND=PATH")
    args = parser.parse_args()
    args.log = os.path.abspath(args.log or os.path.join(ROOT, args.bin, "log"))
    os.makedirs(args.log, exist_ok=True)
    tests = []
    for item in args.items:
        kind, _, path = item.partition("=")
        if kind not in LIMIT_S or not path:
            parser.error("not KIND=PATH with a known kind: " + item)
        tests.append(Test(kind, path, args))
    tests = [test for test in tests if args.only in test.kind + " " + test.name]
    try:
        run_all(tests, max(1, args.jobs))
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    return summary(tests)


if __name__ == "__main__":
    sys.exit(main())
