#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: every verb that asks a gateway sends exactly what its command line says, prints the answer, and ends with the
exit code its help names; a wrong command line sends nothing. Method: a stub gateway in a process of its own prints what
reaches it. Also liblifeline as a strategy author meets it: the example, linked both ways, against the same stub.
"""
import json
import os
import shutil
import subprocess
import sys

import ll_e2e as e2e

STUB = os.path.join(e2e.BIN, "tests", "e2e", "ll_stub_gateway")
PLACE = ["order", "place", "--account", "A1", "--symbol", "AAPL", "--side", "buy", "--quantity", "100", "--price",
         "150.34", "--client-order-id", "mean-1"]
PLACED = {"verb": "place", "account": "A1", "symbol": "AAPL", "quantity": 100, "price": 1503400,
          "client_order_id": "mean-1"}

# Command line, and all that the gateway must get that is not zero or empty.
SENT = [
    (PLACE, PLACED),
    (PLACE + ["--type", "stop-limit", "--stop-price", "149", "--take-price", "160.0001", "--expected-price", "150.3",
              "--time-in-force", "gtd", "--expire-ns", "1900000000000000000", "--max-slippage-bps", "25", "--user",
              "jo", "--strategy", "mean", "--reference", "signal-9", "--notes", "by hand", "--id", "OR-1",
              "--max-attempts", "5", "--session", "2", "--exit", "--post-only", "--demo", "--side", "sell-short"],
     dict(PLACED, type=3, stop_price=1490000, take_price=1600001, expected_price=1503000, time_in_force=4,
          expire_ns=1900000000000000000, max_slippage_bps=25, user="jo", strategy="mean", reference="signal-9",
          notes="by hand", lifecycle_id="OR-1", max_attempts=5, session=2, flags=7, side=2)),
    (PLACE + ["--type", "market", "--time-in-force", "ioc", "--side", "sell"],
     dict(PLACED, type=1, time_in_force=1, side=1)),
    (["order", "cancel", "T"], {"verb": "cancel", "target": "T"}),
    (["order", "cancel", "T", "--keep", "50", "--id", "CX-1"],
     {"verb": "cancel", "target": "T", "quantity": 50, "lifecycle_id": "CX-1"}),
    (["order", "replace", "T", "--quantity", "200", "--price", "0.0001", "--id", "MD-1"],
     {"verb": "replace", "target": "T", "quantity": 200, "price": 1, "lifecycle_id": "MD-1"}),
    (["order", "close", "T"], {"verb": "close", "target": "T", "type": 1}),
    (["order", "close", "T", "--price", "151.2", "--id", "CL-1"],
     {"verb": "close", "target": "T", "price": 1512000, "lifecycle_id": "CL-1"}),
    (["order", "stoploss-add", "T", "--price", "149", "--id", "SL-1"],
     {"verb": "stoploss-add", "target": "T", "stop_price": 1490000, "lifecycle_id": "SL-1"}),
    (["order", "stoploss-cancel", "T"], {"verb": "stoploss-cancel", "target": "T"}),
    (["order", "takeprofit-add", "T", "--price", "160.25"],
     {"verb": "takeprofit-add", "target": "T", "take_price": 1602500}),
    (["order", "takeprofit-cancel", "T", "--id", "TPC-1"],
     {"verb": "takeprofit-cancel", "target": "T", "lifecycle_id": "TPC-1"}),
    (["order", "show", "T"], {"verb": "status", "target": "T"}),
    (["id", "add", "T", "SL-2", "--type", "stoploss_id", "--notes", "moved"],
     {"verb": "id-add", "target": "T", "lifecycle_id": "SL-2", "id_type": 4, "notes": "moved"}),
    (["id", "add", "T", "P-1", "--type", "provider_ref"],
     {"verb": "id-add", "target": "T", "lifecycle_id": "P-1", "id_type": 8}),
    (["id", "status", "SL-1", "executed"], {"verb": "id-status", "lifecycle_id": "SL-1", "id_status": 3}),
    (["id", "resolve", "SL-1"], {"verb": "resolve", "lifecycle_id": "SL-1"}),
    (["account", "deposit", "A1", "25000.5"], {"verb": "deposit", "account": "A1", "amount": 250005000}),
    (["account", "deposit", "A1", "300", "--symbol", "AAPL"],
     {"verb": "deposit", "account": "A1", "amount": 300, "symbol": "AAPL"}),
    (["account", "withdraw", "A1", "1", "--id", "payout-7"],
     {"verb": "withdraw", "account": "A1", "amount": 10000, "client_order_id": "payout-7"}),
    (["kill", "firm"], {"verb": "kill"}),
    (["kill", "--account", "A1"], {"verb": "kill", "scope": 1, "account": "A1"}),
    (["kill", "--strategy", "mean", "--notes", "runs away"],
     {"verb": "kill", "scope": 2, "strategy": "mean", "notes": "runs away"}),
    (["unkill", "--symbol", "AAPL", "--notes", "reviewed"],
     {"verb": "unkill", "scope": 3, "symbol": "AAPL", "notes": "reviewed"}),
    (["enable-strategy", "mean", "--notes", "reviewed"],
     {"verb": "enable-strategy", "strategy": "mean", "notes": "reviewed"}),
]

# Command lines that are wrong whether there is a gateway or not, and a word of the reason.
WRONG = [
    (["order"], "usage"), (["order", "plaice"], "no verb"), (["order", "place", "x"], "operands"),
    (["order", "cancel"], "operands"), (["order", "cancel", "A", "B"], "operands"),
    (["order", "cancel", "a b"], "0x20"), (["order", "cancel", ""], "empty"),
    (["order", "cancel", "x" * 65], "65 bytes"), (["order", "cancel", "\u00e9"], "0xc3"),
    (["order", "show", "T", "--keep", "1"], "unknown option"), (["order", "show", "T", "--timeout", "5"], "unit"),
    (PLACE + ["--price", "150.34001"], "more than 4 decimals"), (PLACE + ["--price", "1e3"], "no number"),
    (PLACE + ["--price", "-1"], "no number"), (PLACE + ["--price", "0"], "above 0"),
    (PLACE + ["--price", "1844674407370955.1616"], "does not fit"), (PLACE + ["--side", "long"], "--side"),
    (PLACE + ["--quantity", "0"], "quantity_lots"), (PLACE + ["--symbol", "TOOLONGER"], "9 bytes"),
    (PLACE + ["--type", "stop"], "stop_price"), (PLACE + ["--time-in-force", "gtd"], "expire_ns"),
    (PLACE[:6] + PLACE[8:], "--side is missing"), (PLACE[:-2], "client_order_id"),
    (["order", "replace", "T", "--price", "1"], "quantity_lots"), (["order", "stoploss-add", "T"], "stop_price"),
    (["id", "add", "T", "X"], "--type is missing"), (["id", "add", "T", "X", "--type", "pet_name"], "--type"),
    (["id", "status", "X", "gone"], "no status"), (["account", "deposit", "A1", "0"], "amount"),
    (["account", "deposit", "A1", "-5"], "unknown option"),
    (["account", "deposit", "--", "A1", "-5"], "no number"),
    (["account", "deposit", "A1", "1.5", "--symbol", "S"], "more than 0 decimals"),
    (["kill"], "give one of"), (["kill", "all"], "firm"), (["kill", "firm", "--symbol", "S"], "give one of"),
    (["unkill", "firm"], "--notes is missing"), (["enable-strategy", "mean"], "--notes is missing"),
]

GROUPS = {"order": 9, "id": 3, "account": 2}


class Stub:
    """The stub gateway; what it was sent is in its output."""

    def __init__(self, door):
        self.process = subprocess.Popen([STUB, door], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def next(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        out, _ = self.process.communicate()
        return out, self.process.returncode


def check_sent(checks, stub, door):
    for words, wanted in SENT:
        what = " ".join(words)
        run = e2e.tool(*words, "--door", door, "--json")
        if not checks.true(run.status == 0 and run.json, "%s: %s" % (what, run)):
            return
        got = {key: value for key, value in stub.next().items() if value}
        checks.equal(got, wanted, what)
        checks.equal(run.json["answer"], "resolved" if wanted["verb"] in ("status", "resolve") else "accepted", what)
        checks.equal((run.json["command"], run.json["event_id"], run.json["durable"]), (wanted["verb"], 17, True),
                     what)
        if wanted.get("target") or wanted.get("client_order_id"):
            checks.equal(run.json["order_id"], "OR-1", what)


def check_answers(checks, stub, door):
    env = dict(os.environ, LIFELINE_DOOR=door)
    run = e2e.tool("order", "cancel", "refuse-1", env=env)
    checks.true(run.status == 1 and run.out == "refused: collar, limit 1500000, value 1700000 (durable)\n",
                "refused: %s" % run)
    run = e2e.tool("order", "cancel", "refuse-1", "--json", env=env)
    checks.true(run.status == 1 and run.json["refusal"] == "collar" and run.json["limit"] == 1500000 and
                run.json["value"] == 1700000, "refused: %s" % run)
    run = e2e.tool(*PLACE, "--client-order-id", "old-1", env=env)
    checks.true(run.status == 0 and run.out.startswith("existing: order OR-1, new, 0 of 100 filled, 100 open, price "
                                                       "150.3400"), "existing: %s" % run)
    run = e2e.tool("id", "resolve", "SL-1", env=env)
    checks.true(run.status == 0 and run.out.startswith("resolved: order OR-1") and "SL-1" in run.out, "read: %s" % run)
    run = e2e.tool("order", "cancel", "mute-1", "--timeout", "50ms", "--json", env=env)
    checks.true(run.status == 3 and run.json["answer"] == "timeout" and "may have been done" in run.err,
                "mute: %s" % run)
    for _ in range(5):
        stub.next()
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([e2e.TOOL, "order", "show", "T"], stdout=full, stderr=subprocess.DEVNULL, env=env,
                                  check=False)
        checks.equal(done.returncode, 4, "the output is full")
        stub.next()


def check_wrong(checks, door):
    for words, reason in WRONG:
        run = e2e.tool(*words, env=dict(os.environ, LIFELINE_DOOR=door))
        checks.true(run.status == 2 and reason in run.err and not run.out, "%s: %s" % (" ".join(words), run))


def check_no_gateway(checks, place):
    for path in (place.path("nothing"), "/dev/null", place.dir):
        run = e2e.tool("order", "show", "T", "--door", path, "--json")
        checks.true(run.status == 3 and run.err and run.json and run.json["answer"] in ("no_gateway", "system"),
                    "no gateway at %s: %s" % (path, run))


def check_help(checks):
    verbs = [[verb] for verb in ("kill", "unkill", "enable-strategy")]
    for group, count in GROUPS.items():
        run = e2e.tool(group, "--help")
        names = [line.split()[0] for line in run.out.split("verbs:\n")[-1].split("\n\n")[0].splitlines()]
        checks.true(run.status == 0 and len(names) == count, "%s --help: %s" % (group, run))
        verbs += [[group, name] for name in names]
    for words in verbs:
        run = e2e.tool(*words, "--help")
        checks.true(run.status == 0 and not run.err, "%s --help: %s" % (words, run))
        for part in ("usage: lifeline " + " ".join(words), "\n  lifeline " + " ".join(words), "Exit:", "--door",
                     "--json", "--timeout"):
            checks.true(part in run.out, "%s --help has %r" % (words, part))
        checks.true(max(map(len, run.out.splitlines())) <= 110, "%s --help fits the screen" % words)


def check_library(checks, place, door):
    """The example strategy, as it is built by `make`, and against the shared library and the header alone."""
    programs = [os.path.join(e2e.BIN, "docs", "examples", "strategy")]
    compiler = shutil.which("cc") or shutil.which("gcc")
    shared = os.path.join(e2e.BIN, "liblifeline.so")
    sanitized = any(word in os.path.basename(e2e.BIN) for word in ("address", "thread", "undefined"))
    if compiler and not sanitized:
        include = place.path("include")
        os.mkdir(include)
        shutil.copy(os.path.join(e2e.ROOT, "host", "client", "lifeline.h"), include)
        done = subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", include,
                               os.path.join(e2e.ROOT, "docs", "examples", "strategy.c"), "-L", e2e.BIN, "-llifeline",
                               "-Wl,-rpath," + e2e.BIN, "-o", place.path("strategy")], check=False)
        checks.equal(done.returncode, 0, "the example compiles against header and library alone")
        programs.append(place.path("strategy"))
    for program in programs:
        done = subprocess.run([program], env=dict(os.environ, LIFELINE_DOOR=door), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        checks.true(done.returncode == 0 and done.stdout == "order OR-1: filled, 100 filled, 0 open\n",
                    "%s: %s" % (program, done))
        done = subprocess.run([program], env=dict(os.environ, LIFELINE_DOOR=place.path("nothing")),
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        checks.true(done.returncode == 1 and "no gateway" in done.stderr, "%s without one: %s" % (program, done))
    names = subprocess.run(["nm", "-D", "--defined-only", shared], stdout=subprocess.PIPE, text=True, check=True)
    foreign = [line for line in names.stdout.splitlines() if not line.split()[-1].startswith("lifeline_")]
    checks.true(names.stdout and (sanitized or not foreign), "the shared library shows only lifeline_*: %s" % foreign)
    needs = subprocess.run(["readelf", "-d", shared], stdout=subprocess.PIPE, text=True, check=True).stdout
    libraries = [line for line in needs.splitlines() if "(NEEDED)" in line and "libc.so" not in line]
    checks.true(sanitized or not libraries, "the shared library needs only libc: %s" % libraries)


def main():
    e2e.on_term()
    e2e.need_tool()
    if not os.access(STUB, os.X_OK):
        e2e.skip("%s is not built" % STUB)
    print("LL_SEED=0 (nothing here is random)")
    checks = e2e.Checks()
    with e2e.Place() as place:
        door = place.path("door")
        check_help(checks)
        check_wrong(checks, door)
        check_no_gateway(checks, place)
        stub = Stub(door)
        check_sent(checks, stub, door)
        check_answers(checks, stub, door)
        check_wrong(checks, door)
        check_library(checks, place, door)
        out, status = stub.end()
        verbs = [json.loads(line)["verb"] for line in out.splitlines()]
        checks.equal((set(verbs), status), ({"place", "stoploss-add"}, 0), "wrong command lines sent nothing")
        checks.true(not os.path.exists(door), "the gateway takes its door away")
        check_no_gateway(checks, place)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
