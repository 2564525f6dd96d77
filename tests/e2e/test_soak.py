#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `make soak` runs, kills and resumes the gateway, and would notice a leak and a loss.

Method: tools/soak.py for a few seconds with a kill or more; its summary must be whole and its proof good. Its judgement
is then given looks at a gateway that grows, and at one that was only restarted. Nothing is measured.
limit 200 s
"""
import importlib.util
import json
import os
import subprocess
import sys

import ll_e2e as e2e

SOAK = os.path.join(e2e.ROOT, "tools", "soak.py")


def load():
    sys.path.insert(0, os.path.dirname(SOAK))
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Point:
    """A look at a gateway, as far as the judgement goes."""

    def __init__(self, at_s, life, rss_kb, wire_ns=1000):
        self.at_s, self.life, self.rss_kb = at_s, life, rss_kb
        self.line = {"wire_count": 1, "wire_p50_ns": wire_ns}


def check_judgement(checks, soak):
    grows = [Point(second, 1, 1000 + 10 * second) for second in range(0, 120, 3)]
    checks.true(abs(soak.slope_per_minute(grows, lambda look: look.rss_kb) - 600) < 1e-6, "10 KB per second are found")
    lives = [Point(60 * life + second, life, 1000 * life + 2 * second) for life in (1, 2, 3) for second in
             range(0, 50, 5)]
    checks.true(abs(soak.slope_per_minute(lives, lambda look: look.rss_kb) - 120) < 1e-6, "a restart is no growth")
    checks.equal(soak.judged_s(lives), 135.0, "the time that counts is inside the lives")
    checks.equal(soak.slope_per_minute(lives[:1], lambda look: look.rss_kb), 0.0, "one look has no slope")
    slower = [Point(second, 1, 1, 100 * second) for second in range(1, 10)]
    checks.equal(soak.drift(slower, "wire_p50_ns"), (200, 800), "the medians of the first and of the last third")


def check_suspense(checks, soak):
    """A fill its owner could not pay for is in suspense, and the provider has traded all the same: both agree with the
    exchange."""
    links = [{"symbol": "AAPL", "side": "B", "executions": [{"quantity": 100, "price": 5, "broken": False}]}]
    for lots, wrong in ((100, 0), (99, 1)):
        rows = [("AAPL", "provider", -lots), ("AAPL", "suspense", 100), ("money", "provider", 500),
                ("money", "suspense", -500)]
        proof = soak.demo.Proof()
        proof.money([{"asset": asset, "kind": kind, "balance": balance} for asset, kind, balance in rows], links)
        checks.equal(len(proof.wrong), wrong, "the proof of %d lots, in suspense: %s" % (lots, proof.wrong))


def check_run(checks):
    done = subprocess.run([SOAK, "--bin", e2e.BIN, "--minutes", "0.18", "--kill-every", "2", "--look-every", "1",
                           "--rate", "25", "--house-rate", "200", "--json"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=150, check=False)
    said = done.stderr.decode("utf-8", "replace")
    found = json.loads(done.stdout or b"{}")
    checks.true(done.returncode == 0 and found.get("good"), "exit %d: %s %s %s" % (
        done.returncode, found.get("error"), found.get("wrong"), said[-2000:]))
    if found.get("good"):
        checks.true(found["restarts"] >= 1, "it was killed, and came back: %s" % found)
        checks.true(found["orders"] > 0 and found["fills"] > 0 and found["looks"] > 3, "it traded: %s" % found)
        checks.equal(found["feed_lost"], 0, "no message of the feed was given up")
        checks.true(found["journal_bytes"] > 0 and not found["is_judged"], "too short to judge growth: %s" % found)
        checks.equal(len(found["checked"]), 4, "the whole proof was made: %s" % found["checked"])
    bad = subprocess.run([SOAK, "--bin", e2e.BIN, "--minutes", "0"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    checks.equal(bad.returncode, 2, "no time at all is a usage error")


def main():
    e2e.on_term()
    e2e.need_tool()
    checks = e2e.Checks()
    soak = load()
    check_judgement(checks, soak)
    check_suspense(checks, soak)
    check_run(checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
