#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the code one line at a time and sees whether a test turns red.

    tools/mutants.py              every mutant of tests/mutants/ (make mutants)
    tools/mutants.py WORD ...     those that have one of the words in their name or file, or in that of the list
    tools/mutants.py --check      only whether the list still fits the code (make lint does this)

A mutant is a small mistake that somebody could make. It is seen when a test fails, ends by a signal or hangs with it.
Each is built and run in a copy of the tree below build/mutants/, never in the tree itself. A mutant whose lines are
not found exactly once, or that does not compile, is an error: the list has to be mended.
The tests that a mutant names run first, in their order, up to the first that fails; when none does, all unit tests.
Exit status: 0 at least 95 % are seen and none is an error; 1 otherwise; 2 the command line.

The list, tests/mutants/*.txt, has one paragraph for each mutant:

    mutant   the name, unlike any other
    what     one sentence: what is wrong then
    in       the file
    tests    names: test_x of tests/unit, test_x@thread under the thread sanitizer; test_x.py of tests/e2e; sim
    -old     then lines as in a diff, whole ones: a space in front says that it stays, for what is there twice without
    +new
"""
import argparse
import concurrent.futures
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = "tests/mutants"
PLACE = "build/mutants"
SEEN_PERMILLE_MIN = 950
LINES_MAX = 2  # removed, and added: more is no slip any more
LIMIT_S_MIN = 30
LIMIT_SLOWDOWN = 10  # beside how long the test takes without a mutant
BUILD_LIMIT_S = 1800
LOOK_S = 0.2
FAILED = 1
UNIT_TESTS_AT_ONCE = 16
SIM_ARGS = ["--seed", "1", "--seeds", "60", "--jobs", "1"]
# Quick to compile, and with the slow checks, as the sanitizers' builds in `make test` have them.
MAKE = ["make", "-s", "--no-print-directory", "MODE=debug", "CFLAGS=-g0", "VERSION=mutants"]

# Nothing that a broken program does is seen outside, and with its first process all others end.
BOX = """
mount --bind "$1" /mnt && mount -t tmpfs -o size=2g tmpfs /dev/shm && mount -t tmpfs -o size=2g tmpfs /tmp || exit 125
mkdir -p "$1" && mount --bind /mnt "$1" && cd "$1" || exit 125
shift
ulimit -f 4000000
"$@"
exit $?
"""


class Mutant:
    def __init__(self, path, line):
        self.listed = (path, line)
        self.name = self.what = self.path = ""
        self.tests = []
        self.old = []  # (is it a line that changes, text)
        self.new = []

    def has_one_of(self, words):
        return any(word in name for word in words for name in (self.name, self.path, self.listed[0]))

    def original(self):
        return "\n".join(text for _, text in self.old)

    def broken(self):
        return "\n".join(text for _, text in self.new)

    def places_in(self, text):
        """Where the original stands, as whole lines."""
        return [found.start() for found in re.finditer("^" + re.escape(self.original()) + "$", text, re.M)]

    def applied_to(self, text):
        at = self.places_in(text)[0]
        return text[:at] + self.broken() + text[at + len(self.original()):]


# --- the list --------------------------------------------------------------------------------------------------------

def read_paragraph(path, number, lines):
    """One mutant out of its lines, and what is wrong with them."""
    mutant = Mutant(path, number)
    for offset, line in enumerate(lines):
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if line[0] in " -":
            mutant.old.append((line[0] == "-", line[1:]))
        if line[0] in " +":
            mutant.new.append((line[0] == "+", line[1:]))
        if line[0] in " -+":
            continue
        if word == "mutant":
            mutant.name = rest
        elif word == "what":
            mutant.what = rest
        elif word == "in":
            mutant.path = rest
        elif word == "tests":
            mutant.tests = rest.split()
        else:
            return None, (path, number + offset, "mutant", "a line of no known kind; see tools/mutants.py")
    return mutant, None


def read_list(root, path):
    """(mutants, findings) of one file of the list."""
    mutants, findings = [], []
    with open(os.path.join(root, path), encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    start = None
    for number, line in enumerate(lines + [""]):
        if line and not line.startswith("#"):
            start = number if start is None else start
        elif start is not None:
            mutant, finding = read_paragraph(path, start + 1, lines[start:number])
            mutants += [mutant] if mutant else []
            findings += [finding] if finding else []
            start = None
    return mutants, findings


def test_source(test):
    """The file whose presence says that there is such a test."""
    name = test.partition("@")[0]
    if name == "sim":
        return "tests/sim/sim.c"
    return "tests/e2e/" + name if name.endswith(".py") else "tests/unit/%s.c" % name


def check_mutant(root, mutant):
    """What is wrong with it, as sentences."""
    if not (mutant.name and mutant.what.endswith(".") and mutant.path and mutant.tests):
        return ["name, sentence, file or tests are missing"]
    wrong = ["%s is no test" % test for test in mutant.tests
             if not os.path.exists(os.path.join(root, test_source(test))) or
             test.partition("@")[2] not in ("", "thread")]
    changes = [sum(changes for changes, _ in lines) for lines in (mutant.old, mutant.new)]
    if max(changes) == 0 or max(changes) > LINES_MAX:
        wrong.append("%d lines go and %d come; a slip changes at most %d" % (*changes, LINES_MAX))
    if mutant.original().split() == mutant.broken().split():
        wrong.append("nothing changes but white space")
    try:
        with open(os.path.join(root, mutant.path), encoding="utf-8") as file:
            count = len(mutant.places_in(file.read()))
    except OSError:
        return wrong + ["%s is not there" % mutant.path]
    if count != 1:
        wrong.append("its lines are found %d times in %s, not once; take them anew from there" % (count, mutant.path))
    return wrong


def whole_list(root):
    """(mutants, findings) of all files of the list; tools/lint.py asks for the findings."""
    mutants, findings, names = [], [], set()
    folder = os.path.join(root, LIST)
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        more, wrong = read_list(root, os.path.join(LIST, name))
        mutants += more
        findings += wrong
    for mutant in mutants:
        findings += [(*mutant.listed, "mutant", "%s: %s" % (mutant.name or "?", wrong))
                     for wrong in check_mutant(root, mutant)]
    for mutant in mutants:
        if mutant.name in names:
            findings.append((*mutant.listed, "mutant", "%s: the name is there twice" % mutant.name))
        names.add(mutant.name)
    return mutants, findings


# --- copies of the tree ----------------------------------------------------------------------------------------------

def tree_files(root):
    """Relative paths of the sources: what git knows, and what it would not ignore."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True,
                          text=True, check=True)
    return {path for path in done.stdout.split("\0") if path and os.path.isfile(os.path.join(root, path))}


def all_files(root):
    paths = set()
    for folder, _, names in os.walk(root):
        paths.update(os.path.relpath(os.path.join(folder, name), root) for name in names)
    return paths


def is_same(one, other):
    try:
        left, right = os.lstat(one), os.lstat(other)
    except FileNotFoundError:
        return False
    return left.st_size == right.st_size and left.st_mtime_ns == right.st_mtime_ns


def mirror(source, target, paths):
    """Makes the files of `target` those of `source`, times too, so that make sees nothing to do."""
    for path in paths:
        there = os.path.join(target, path)
        if not is_same(os.path.join(source, path), there):
            os.makedirs(os.path.dirname(there), exist_ok=True)
            if os.path.lexists(there):
                os.unlink(there)
            shutil.copy2(os.path.join(source, path), there, follow_symlinks=False)


# --- building and running --------------------------------------------------------------------------------------------

def build_dir(test):
    return "build/gcc-debug" + ("-thread" if test.endswith("@thread") else "")


def test_binary(test):
    name = test.partition("@")[0]
    if name == "sim":
        return build_dir(test) + "/tests/sim/sim"
    return "tests/e2e/" + name if name.endswith(".py") else build_dir(test) + "/tests/unit/" + name


class Stopped(Exception):
    """Somebody ends the whole run."""


class Running:
    """What is under way, so that an interrupt can end exactly that."""

    def __init__(self):
        self.lock = threading.RLock()  # a signal comes at any time, also to who holds it
        self.groups = set()
        self.stopped = False

    def wait(self, command, limit_s, is_over, **options):
        """The exit status, None at the time limit, FAILED as soon as is_over says so."""
        with self.lock:
            if self.stopped:
                raise Stopped
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
            self.groups.add(process.pid)
        end = time.monotonic() + limit_s
        try:
            while time.monotonic() < end:
                try:
                    return process.wait(timeout=LOOK_S)
                except subprocess.TimeoutExpired:
                    if is_over():
                        return FAILED
            return None
        finally:
            self.end(process.pid)
            process.wait()
            with self.lock:
                self.groups.discard(process.pid)
                if self.stopped:
                    raise Stopped

    @staticmethod
    def end(group):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop(self):
        with self.lock:
            self.stopped = True
            for group in self.groups:
                self.end(group)


running = Running()


def has_failure(path):
    """Has a check of the test that writes this log failed already? The others need not be waited for."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return re.search("^not ok", log.read(), re.M) is not None
    except FileNotFoundError:
        return False


class Copy:
    """A copy of the tree in which something is built and run."""

    def __init__(self, name):
        self.tree = os.path.join(HOME, PLACE, name)
        self.logs = self.tree + ".log"  # of each test the last run
        os.makedirs(self.tree, exist_ok=True)
        os.makedirs(self.logs, exist_ok=True)

    def make(self, tests, jobs):
        """None, or what the compiler said."""
        plain = [test for test in tests if not test.endswith("@thread")]
        targets = [test_binary(test) for test in plain if not test.endswith(".py")]
        if any(test.endswith(".py") for test in plain):
            helpers = [name[:-2] for name in os.listdir(os.path.join(self.tree, "tests/e2e")) if name.endswith(".c")]
            targets += ["all"] + ["build/gcc-debug/tests/e2e/" + name for name in helpers]
        thread = [test_binary(test) for test in tests if test.endswith("@thread")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
        for words, wanted in (([], targets), (["SAN=thread"], thread)):
            if not wanted:
                continue
            with open(os.path.join(self.logs, "make.log"), "w+", encoding="utf-8", errors="replace") as log:
                status = running.wait(MAKE + ["-j%d" % jobs] + words + wanted, BUILD_LIMIT_S, lambda: False,
                                      cwd=self.tree, env=environment, stdout=subprocess.DEVNULL, stderr=log)
                log.seek(0)
                if status != 0:
                    return log.read().strip() or "make failed"
        return None

    def run(self, test, limit_s):
        """(what came of it, seconds): "ok", "failed", "hung", or "skipped"."""
        command = [test_binary(test)] + (SIM_ARGS if test == "sim" else [])
        checks = os.path.join(self.tree, "build", test + ".tap")
        environment = dict(os.environ, LL_BIN=os.path.join(self.tree, build_dir(test)), CK_TAP_LOG_FILE_NAME=checks)
        environment.setdefault("LL_SHARED", os.path.join(os.path.dirname(HOME), "shared"))
        start = time.monotonic()
        with open(os.path.join(self.logs, test + ".log"), "wb") as log:
            status = running.wait(box(self.tree) + command, limit_s, lambda: has_failure(checks), cwd=self.tree,
                                  env=environment, stdout=log, stderr=log)
        if os.path.exists(checks):
            os.unlink(checks)
        word = "hung" if status is None else {0: "ok", 77: "skipped"}.get(status, "failed")
        return word, time.monotonic() - start


def box(tree):
    """The words in front of a command that put it into namespaces of its own, where the system lets us."""
    if box.words is None:
        words = ["unshare"] + ([] if os.geteuid() == 0 else ["-r"]) + \
                ["-m", "-p", "-f", "--mount-proc", "--kill-child", "bash", "-c", BOX, "box"]
        works = shutil.which("unshare") and subprocess.run(words + [tree, "true"], capture_output=True,
                                                           check=False).returncode == 0
        box.words = words if works else []
    return box.words + [tree] if box.words else []


box.words = None


class Passed:
    """How long each test took when it passed without a mutant: it need not again until it is built anew."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        try:
            with open(path, encoding="utf-8") as file:
                self.known = json.load(file)
        except (OSError, ValueError):
            self.known = {}

    def seconds(self, test, binary):
        built, seconds = self.known.get(test, (0, None))
        return seconds if built == os.stat(binary).st_mtime_ns and not test.endswith(".py") else None

    def note(self, test, binary, seconds):
        with self.lock:
            self.known[test] = (os.stat(binary).st_mtime_ns, seconds)
            with open(self.path, "w", encoding="utf-8") as file:
                json.dump(self.known, file)


class Run:
    """All the mutants, and what came of each."""

    def __init__(self, mutants, jobs, named_only, say):
        self.mutants = mutants
        self.jobs = jobs
        self.named_only = named_only
        self.say = say
        self.good = Copy("tree")
        self.good_lock = threading.Lock()
        self.seconds = {}  # of each test without a mutant; None: it does not pass
        self.passed = Passed(os.path.join(HOME, PLACE, "passed.json"))
        self.copies = queue.Queue()

    def prepare(self):
        """Builds the tree as it is, and runs every named test: they have to pass. Returns what is wrong."""
        paths = tree_files(HOME)
        mirror(HOME, self.good.tree, paths)
        for path in all_files(self.good.tree) - paths:
            if not path.startswith("build/"):
                os.unlink(os.path.join(self.good.tree, path))
        tests = sorted({test for mutant in self.mutants for test in mutant.tests})
        self.say("building %d tests without a mutant ..." % len(tests))
        wrong = self.good.make(tests, self.jobs)
        if wrong:
            return "the tree does not build without a mutant:\n" + wrong
        self.say("running them ...")
        with concurrent.futures.ThreadPoolExecutor(max_workers=self.jobs) as pool:
            bad = [test for test, good in zip(tests, pool.map(self.passes, tests)) if not good]
        if bad:
            return "these do not pass without a mutant: " + ", ".join(bad)
        for number in range(self.jobs):
            copy = Copy("copy-%d" % number)
            self.restore(copy)
            self.copies.put(copy)
        return None

    def passes(self, test):
        """Does it pass in the tree as it is? Runs once."""
        if test not in self.seconds:
            binary = os.path.join(self.good.tree, test_binary(test))
            self.seconds[test] = self.passed.seconds(test, binary)
        if self.seconds[test] is None:
            word, seconds = self.good.run(test, BUILD_LIMIT_S)
            if word == "ok":
                self.seconds[test] = seconds
                self.passed.note(test, binary, seconds)
        return self.seconds[test] is not None

    def restore(self, copy):
        paths = all_files(self.good.tree)
        for path in all_files(copy.tree) - paths:
            os.unlink(os.path.join(copy.tree, path))
        mirror(self.good.tree, copy.tree, paths)

    def limit_s(self, test):
        return max(LIMIT_S_MIN, LIMIT_SLOWDOWN * (self.seconds.get(test) or LIMIT_S_MIN))

    def others(self, mutant):
        """Unit tests that a mutant does not name, in the portions in which they are built."""
        names = sorted(name[:-2] for name in os.listdir(os.path.join(self.good.tree, "tests/unit"))
                       if re.match(r"test_\w+\.c$", name) and name[:-2] not in mutant.tests)
        return [names[at:at + UNIT_TESTS_AT_ONCE] for at in range(0, len(names), UNIT_TESTS_AT_ONCE)]

    def first_to_see(self, copy, tests):
        for test in tests:
            word, _ = copy.run(test, self.limit_s(test))
            if word in ("failed", "hung"):
                with self.good_lock:
                    if test not in self.seconds and self.good.make([test], 1) is not None:
                        continue
                    if self.passes(test):
                        return test, word
        return None, ""

    def judge(self, copy, mutant):
        """(outcome, test, how)"""
        where = os.path.join(copy.tree, mutant.path)
        with open(where, encoding="utf-8") as file:
            text = file.read()
        os.unlink(where)
        with open(where, "w", encoding="utf-8") as file:
            file.write(mutant.applied_to(text))
        for tests in [mutant.tests] + ([] if self.named_only else self.others(mutant)):
            wrong = copy.make(tests, 1)
            if wrong:
                return "invalid", "", wrong
            test, how = self.first_to_see(copy, tests)
            if test:
                return "seen", test, how
        return "survived", "", ""

    def one(self, mutant):
        copy = self.copies.get()
        start = time.monotonic()
        try:
            outcome, test, how = self.judge(copy, mutant)
        finally:
            self.restore(copy)
            self.copies.put(copy)
        return {"name": mutant.name, "file": mutant.path, "what": mutant.what, "outcome": outcome, "test": test,
                "how": how, "seconds": round(time.monotonic() - start, 1)}

    def all(self):
        results = {}
        with concurrent.futures.ThreadPoolExecutor(max_workers=self.jobs) as pool:
            futures = [pool.submit(self.one, mutant) for mutant in self.mutants]
            try:
                for future in concurrent.futures.as_completed(futures):
                    result = future.result()
                    results[result["name"]] = result
                    self.say("[%3d/%d] %-8s  %-34s %-28s %6.1f s" % (
                        len(results), len(self.mutants), result["outcome"], result["name"],
                        " ".join((result["test"], "(hung)" if result["how"] == "hung" else "")).strip(),
                        result["seconds"]))
            except BaseException:
                running.stop()
                raise
        return [results[mutant.name] for mutant in self.mutants]


# --- what came of it -------------------------------------------------------------------------------------------------

def counts_of(results):
    counts = {"mutants": len(results)}
    for outcome in ("seen", "survived", "invalid"):
        counts[outcome] = sum(result["outcome"] == outcome for result in results)
    return counts


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HOME, capture_output=True, text=True,
                          check=False)
    return done.stdout.strip()


def show(results):
    for result in results:
        if result["outcome"] == "survived":
            print("survived: %s (%s): %s" % (result["name"], result["file"], result["what"]))
        elif result["outcome"] == "invalid":
            print("invalid: %s (%s): %s" % (result["name"], result["file"], result["how"].split("\n")[0]))
    counts = counts_of(results)
    print("%d mutants: %d seen, %d survived, %d invalid (%s)" % (
        counts["mutants"], counts["seen"], counts["survived"], counts["invalid"], commit()))


def show_markdown(results):
    print("| mutant | in | what is wrong | seen by |\n|---|---|---|---|")
    for result in results:
        seen = result["test"] + (", hangs" if result["how"] == "hung" else "") or result["outcome"]
        print("| %s | `%s` | %s | %s |" % (result["name"], result["file"], result["what"], seen))


def stop(number, _frame):
    running.stop()
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether the list fits the code")
    parser.add_argument("--jobs", "-j", type=int, default=2, help="mutants at a time (default 2)")
    parser.add_argument("--named", action="store_true", help="run no other tests than those a mutant names")
    parser.add_argument("--json", action="store_true", help="the result as JSON on stdout, all else on stderr")
    parser.add_argument("--markdown", action="store_true", help="the result as the table of docs/testing.md")
    parser.add_argument("words", nargs="*", metavar="WORD")
    args = parser.parse_args()
    mutants, findings = whole_list(HOME)
    for path, line, _, message in findings:
        print("%s:%d: %s" % (path, line, message), file=sys.stderr)
    if args.check or findings:
        print("%d mutants listed, %d findings" % (len(mutants), len(findings)), file=sys.stderr)
        return 1 if findings else 0
    mutants = [mutant for mutant in mutants if not args.words or mutant.has_one_of(args.words)]
    if not mutants:
        parser.error("no mutant has such a name, and no file of the list or of the code")
    run = Run(mutants, max(1, args.jobs), args.named, lambda text: print(text, file=sys.stderr, flush=True))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    wrong = run.prepare()
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    results = run.all()
    counts = counts_of(results)
    if args.json:
        print(json.dumps({"commit": commit(), **counts, "results": results}, indent=1))
    elif args.markdown:
        show_markdown(results)
    else:
        show(results)
    return 0 if counts["invalid"] == 0 and counts["seen"] * 1000 >= counts["mutants"] * SEEN_PERMILLE_MIN else 1


if __name__ == "__main__":
    sys.exit(main())
