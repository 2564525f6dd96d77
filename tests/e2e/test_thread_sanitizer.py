#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the daemon's threads share nothing but what they say they share; and it reads and writes only what is its own.

Method: lifelined, built with the thread sanitizer and again with the address and undefined behaviour sanitizers,
takes a simulated feed, keeps a journal with small segments and snapshots, shows its live view, trades for two clients
with lifeline-exchange, which misbehaves, reads good and bad limits again, and follows a device with its mirror. A
report of a sanitizer, anywhere, is a failure. DPDK is not instrumented: nothing of it is suppressed, because nothing
of it is reported.
limit 300 s
"""
import glob
import os
import random
import shutil
import sys
import time

import ll_device
import ll_device_process
import ll_e2e as e2e
import ll_trade as trade
import ll_trader

REPORT_STATUS = 66
FEED = ["--feed", "sim", "--symbols", "8", "--sim-orders", "2000", "--orders", "8192", "--levels", "8192", "--books",
        "64", "--faults", "5", "--speed", "real", "--memory-mb", "64"]
JOURNAL = ["--segment-bytes", "256K", "--snapshot-every", "2000"]
ENOUGH = {"messages": 1000, "own_orders": 50, "fills": 5, "limits_loaded": 3, "reconnects": 1}
LEAST_S, MOST_S = float(os.environ.get("LL_WORK_S") or 3), 90
MISBEHAVE = "delay=100,drop=10,reject-retry=30,fill-on-cancel=200,bust=50,cancel=50"
# Leaks are looked for by a process that watches this one, which the full sandbox does not let happen.
OPTIONS = {
    "thread": {"TSAN_OPTIONS": "exitcode=%d:log_path=%%s:second_deadlock_stack=1" % REPORT_STATUS},
    "address-undefined": {"ASAN_OPTIONS": "exitcode=%d:log_path=%%s:detect_leaks=1" % REPORT_STATUS,
                          "UBSAN_OPTIONS": "print_stacktrace=1:log_path=%s"}}


class Build:
    """A build of lifelined under sanitizers, with the ordinary build's other programs beside it."""

    def __init__(self, place, name):
        self.name = name
        self.source = os.path.join(e2e.BIN + "-" + name, "lifelined")
        self.dir = place.path(name)
        self.reports = ""
        self.lacks = "" if os.access(self.source, os.X_OK) else "%s is not built" % self.source
        if not self.lacks:
            os.mkdir(self.dir)
            self.program = shutil.copy(self.source, self.dir)
            for other in ("lifeline", "lifeline-device"):
                if os.path.exists(os.path.join(e2e.BIN, other)):
                    shutil.copy(os.path.join(e2e.BIN, other), self.dir)

    def environment(self):
        return {key: value % self.reports for key, value in OPTIONS[self.name].items()}

    def told(self):
        texts = []
        for path in sorted(glob.glob(self.reports + "*")):
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        return "\n".join(texts)


def has_worked(gateway):
    """Every part has had something to do; with less the test would say little."""
    line = next((line for line in gateway.errors().splitlines()[::-1] if line.startswith("elapsed_ms=")), "")
    seen = dict(word.split("=", 1) for word in line.split() if "=" in word)
    return all(int(seen.get(key, 0)) >= least for key, least in ENOUGH.items()) and \
        glob.glob(gateway.journal + "/*.llsnap")


def load(gateway, traders, rng, least_s, most_s):
    """Clients ask, limits change; a bad file among them is refused and changes nothing."""
    start = time.monotonic()
    turn = 0
    while time.monotonic() < start + least_s or (time.monotonic() < start + most_s and not has_worked(gateway)):
        for _ in range(100):
            for trader in traders:
                trader.turn()
            time.sleep(0.002)
        turn += 1
        more = "  nonsense: 1\n" if rng.random() < 0.3 else "  exposure: %d.00\n" % (10**10 + turn)
        trade.write_limits(gateway.limits, more=more)


def play(gateway, rng):
    """Exit status and report of a gateway that was worked and ended; what went wrong instead is in the status."""
    with gateway:
        gateway.start()
        try:
            with trade.Client(gateway.door) as first, trade.Client(gateway.door) as second:
                for session in (0, 1):
                    trade.wait_open(first, gateway, session)
                first.fund(AAPL=trade.LOTS)
                traders = [ll_trader.Trader(client, random.Random(rng.getrandbits(32)), meets=0.3, sessions=2)
                           for client in (first, second)]
                for number, trader in enumerate(traders):
                    trader.wishes = [ll_trader.Wish(10000 * (number + 1), rng, 0)]  # keys of its own
                load(gateway, traders, rng, LEAST_S, MOST_S)
                second.kill()  # a client that dies leaves its place
                load(gateway, traders[:1], rng, 0.3, 0.3)
            return gateway.stop()
        except AssertionError as error:
            return "%s, %s" % (gateway.process and gateway.process.poll(), error), None


def one(checks, place, build, rng, what, more):
    name = "%s-%s" % (build.name, what)
    trade.LIFELINED = build.program
    build.reports = place.path(name + "-report")
    os.environ.update(build.environment())
    with trade.RealExchange(place, ["ouch50", "ouch42"], "--house-rate", 200, "--misbehave", MISBEHAVE, "--seed",
                            rng.getrandbits(32), "--bust-max", "100ms", name=name) as exchange:
        gateway = trade.Gateway(place, exchange.accounts, name, more=[*FEED, *JOURNAL, "--sandbox", "debug", *more])
        status, report = play(gateway, rng)
    lost = bool(report) and report["device"]["losses"] != 0
    told = build.told()
    checks.true(not told, "%s: the sanitizer says:\n%s" % (name, told[:6000]))
    checks.true(status == 0 and report and not lost, "%s: exit %s: %s" % (name, status, gateway.errors()[-2000:]))
    if report:
        trading = report["trading"]
        checks.true(has_worked(gateway), "%s: there was a load: %s" % (name, gateway.errors()[-1500:]))
        print("%-32s %d messages, %d orders, %d fills, %d limits, %d segments" % (
            name, report["messages"], trading["orders"], trading["fills"], trading["limits"]["loaded"],
            len(glob.glob(gateway.journal + "/*.lljournal"))), flush=True)


def main():
    e2e.on_term()
    trade.need_programs()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    trade.RUN = [word for word in trade.RUN if word != "--quiet"]  # with the live view
    os.environ["LIFELINE_KERNELS"] = e2e.ROOT
    os.environ["POCL_CACHE_DIR"] = ll_device_process.CACHE
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as place:
        builds = [Build(place, name) for name in sys.argv[1:] or OPTIONS]
        for build in builds:
            if build.lacks:
                print("SKIP %s: %s" % (build.name, build.lacks), flush=True)
                continue
            one(checks, place, build, rng, "cpu", [])
            lacks = ll_device.missing("pocl")
            if lacks:
                print("SKIP %s, device: %s" % (build.name, lacks), flush=True)
            elif build.name == "thread":  # the mirror's thread is what a device adds
                one(checks, place, build, rng, "pocl", ll_device.options(("pocl", "batch")))
        if all(build.lacks for build in builds):
            e2e.skip(builds[0].lacks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
