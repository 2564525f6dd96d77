#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever goes wrong, no promise is broken, and the simulator that says so can say otherwise.
Method: seeds made from the commit, so that each commit runs others and a failure names one that runs it again; the
seeds that once found something; one seed twice, which must be the same run; and every canary, a bug that is built in
on purpose, which the check it is meant for has to see.
limit 300 s
"""
import json
import os
import subprocess
import sys

from ll_e2e import BIN, ROOT, Checks, seed

SIM = os.path.join(BIN, "tests/sim/sim")
REGRESSIONS = os.path.join(ROOT, "tests/sim/regressions.txt")
SEEDS = 32
LIMIT_S = 280


def sim(*words):
    return subprocess.run([SIM, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)


def first_seed():
    """Of this commit; without one, of this run."""
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return int(head.stdout[:15], 16) if head.returncode == 0 else seed()


def regressions():
    """Lines of: seed, steps, and in words what it found."""
    with open(REGRESSIONS, encoding="utf-8") as file:
        lines = [line.split(None, 2) for line in file if line.strip() and not line.startswith("#")]
    return [(words[0], words[1], words[2].strip()) for words in lines]


def check_seeds(checks):
    ran = sim("--seed", hex(first_seed()), "--seeds", SEEDS)
    print(ran.stdout)
    checks.equal(ran.returncode, 0, f"{SEEDS} seeds of this commit keep every promise: {ran.stdout[:2000]}{ran.stderr}")


def check_regressions(checks):
    for number, steps, found in regressions():
        ran = sim("--seed", number, "--steps", steps)
        checks.equal(ran.returncode, 0, f"seed {number} ({found}): {ran.stdout[:500]}{ran.stderr}")


def check_same_again(checks):
    one, two = (json.loads(sim("--seed", hex(first_seed()), "--seeds", 2, "--json").stdout) for _ in range(2))
    checks.equal(one["hash"], two["hash"], "a seed gives the same run again")
    checks.equal(one["struck"], two["struck"], "with the same faults")
    checks.true(one["steps"] > 0 and sum(one["checked"].values()) > 0, "and it is a run")


def check_canaries(checks):
    ran = sim("--bug", "all")
    print(ran.stdout)
    checks.equal(ran.returncode, 0, f"every canary is seen by its check: {ran.stdout[:3000]}{ran.stderr}")


def main():
    checks = Checks()
    check_seeds(checks)
    check_regressions(checks)
    check_same_again(checks)
    check_canaries(checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
