#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# serial
# limit 400 s
"""Goal: the kernel gives the same answers and ends in the same tables in all five ways it can run: in this process, by
PoCL and by XRT's software emulation, resident and in batches.
Method: the conformance suite (tests/device) in each way with the same seed (LL_SEED), a million random operations of
each half and the real hour, where it is there; it compares every byte of every result with the naive models. Here the
digests and state hashes of its sections are compared between the five ways, line by line. A run in which one bit of one
result is changed must fail (the canary). A way whose packages are not installed is left out by name.
"""
import os
import random
import signal
import subprocess
import sys
import time

import ll_device
import ll_e2e as e2e

PROGRAM = os.path.join(e2e.BIN, "tests", "device", "conformance")
RANDOM = 1000000
LIMIT_S = 150
SAME = ("tables", "name", "cases", "operations", "results", "book", "life")


def conformance(place, device, mode, *words):
    """Runs the suite in a session of its own, which ends with it; XRT ends whole process groups."""
    command = [PROGRAM, "--device", device, "--mode", mode, "--json", "--program", ll_device.PROGRAM, *map(str, words)]
    environment = dict(os.environ)
    if device == "xrt":
        environment["XCL_EMULATION_MODE"] = "sw_emu"
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment, cwd=place.dir, start_new_session=True)
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        err += b" (ended after %d s)" % LIMIT_S
    return e2e.Run(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def run_way(checks, place, device, mode, words):
    """The sections of one way; None when it did not run to its end."""
    what = "%s %s" % (device, mode)
    before = ll_device.leftovers()
    start = time.monotonic()
    run = conformance(place, device, mode, *words)
    seconds = time.monotonic() - start
    good = checks.true(run.status == 0 and run.json is not None and run.json.get("equal"), "%s: %s" % (what, run))
    checks.equal(ll_device.leftovers(), before, what + ": left in /dev/shm")
    checks.equal(os.listdir(place.dir), [], what + ": left where it was started")
    if not good:
        return None
    print("%-14s %5.1f s  %d cases, %d operations, state hash %s  %s" %
          (what, seconds, run.json["cases"], run.json["operations"], run.json["state_hash"], run.json["device"]),
          flush=True)
    checks.true(device == "cpu" or run.json["device"] != "cpu", what + ": it ran on the cpu")
    for half in ("book random", "life random"):
        count = sum(s["operations"] for s in run.json["sections"] if s["name"] == half)
        checks.true(count >= RANDOM, "%s: %s: %d operations" % (what, half, count))
    return run.json


def compare(checks, wanted, got, what):
    """Section by section, so that a failure names the first one that differs."""
    checks.equal(len(got["sections"]), len(wanted["sections"]), what + ": sections")
    for mine, other in zip(wanted["sections"], got["sections"]):
        same = [{key: section[key] for key in SAME} for section in (mine, other)]
        if not checks.equal(same[1], same[0], "%s: section %s %s" % (what, mine["tables"], mine["name"])):
            break
    for key in ("update_verdicts", "ask_verdicts", "state_hash"):
        checks.equal(got[key], wanted[key], "%s: %s" % (what, key))


def canaries(checks, place, rng, words):
    """One bit of one result, anywhere: the run that sees it must say so."""
    for at in [1, rng.randint(2, 500000), rng.randint(500000, 600000)]:
        run = conformance(place, "cpu", "resident", *words, "--random", 1000, "--canary", at)
        checks.true(run.status == 1 and run.json is not None and not run.json["equal"] and
                    ("operation %d:" % at) in run.json["failed"], "canary at %d is not seen: %s" % (at, run))
    short = conformance(place, "cpu", "resident", "--seed", rng.getrandbits(31), "--random", 1000)
    checks.true(short.status == 0, "without a canary: %s" % short)


def main():
    e2e.on_term()
    if not os.access(PROGRAM, os.X_OK):
        e2e.skip("%s is not built" % PROGRAM)
    seed = e2e.seed()
    rng = random.Random(seed)
    checks = e2e.Checks()
    words = ["--seed", seed]
    absent = []
    if os.path.exists(e2e.REAL_HOUR):
        words += ["--hour", e2e.REAL_HOUR]
    else:
        absent.append("the real hour: " + e2e.REAL_HOUR)
    with e2e.Place() as place:
        canaries(checks, place, rng, words)
        words += ["--random", RANDOM]
        wanted = run_way(checks, place, "cpu", "resident", words)
        for device, mode in ll_device.WAYS:
            reason = ll_device.missing(device)
            if reason:
                absent.append("%s %s: %s" % (device, mode, reason))
                continue
            got = run_way(checks, place, device, mode, words)
            if wanted is not None and got is not None:
                compare(checks, wanted, got, "%s %s" % (device, mode))
    status = checks.end()
    if status == 0 and absent:
        e2e.skip("in part: " + "; ".join(absent))
    return status


if __name__ == "__main__":
    sys.exit(main())
