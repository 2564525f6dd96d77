#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever an exchange does, gateway and exchange agree in the end: every order, every fill, all money, every
identifier.

Method: lifeline-exchange misbehaves in one way after another, then in several at once by the seed, with OUCH 5.0 and
4.2 beside each other, while a client trades at random, at prices that the market has and at others. Then everything is
cancelled by the kill latch, and the exchange's own record is compared with what the gateway believes.
limit 400 s
"""
import collections
import os
import random
import sys
import time

import ll_e2e as e2e
import ll_trade as trade
import ll_trader

LOTS = 10**6
BUST_S = 0.2
TIMES = ["--delay-max", "30ms", "--silence-max", "400ms", "--bust-max", "%dms" % (1000 * BUST_S), "--cancel-max",
         "100ms"]
ALL = {"delay": 200, "silence": 5, "drop": 10, "drop-lost": 10, "reject-retry": 60, "reject-final": 60,
       "fill-on-cancel": 300, "fill-on-replace": 300, "bust": 100, "cancel": 100}
ALONE = [("behaves", ()), *((name, ("--misbehave", "%s=%d" % (name, 3 * rate))) for name, rate in ALL.items()),
         ("drop-every", ("--misbehave", "drop-every=20")), ("cut packet", ("--drop-after-bytes", "2000")),
         ("feed", ("--mold-faults", "loss=100,delay=100,reorder=100,duplicate=100"))]


def one(checks, place, what, words, seed, work_s, protocols=("ouch50", "ouch42")):
    rng = random.Random(seed)
    name = what.replace(" ", "-")
    words = [*words, "--seed", rng.getrandbits(32), "--house-rate", 300, *TIMES]
    with trade.RealExchange(place, protocols, *words, name=name) as exchange, \
            exchange.gateway(place, name) as gateway:
        gateway.start()
        with trade.Client(gateway.door) as client:
            for session in range(len(protocols)):
                trade.wait_open(client, gateway, session)
            client.fund(AAPL=LOTS)
            trader = ll_trader.Trader(client, rng, meets=0.3, sessions=len(protocols))
            end = time.monotonic() + work_s
            while time.monotonic() < end:
                trader.turn()
                time.sleep(rng.choice((0, 0.001, 0.004)))
            trader.settle(gateway)
            trader.end_everything(gateway)
            time.sleep(BUST_S + 0.3)  # busts, and silences, are over
            trader.settle(gateway)
            exchange.refresh()
            before = gateway.errors()
            trader.check_told(checks, what)
            status, report = gateway.stop()
            checks.true(status == 0 and report, "%s: exit %s: %s" % (what, status, before[-1000:]))
            checks.true(not report or not report["gaps_given_up"], what + ": the feed has holes")
            trader.check_sent_once(checks, what, exchange.accounts)
        gateway.sound(checks, what)
        orders = trade.reconcile(checks, what, gateway, exchange.accounts,
                                 {("A1", "money"): trade.MONEY, ("A1", "AAPL"): LOTS})
        states = collections.Counter(order["state"] for order in orders)
        checks.true(states["filled"] and states["cancelled"], "%s: something was traded: %s" % (what, dict(states)))
        refusals = collections.Counter(wish.refused for wish in trader.wishes if wish.refused)
        print("%-28s %4d wishes, %s, refused %s" % (what, len(trader.wishes), dict(states), dict(refusals)), flush=True)


def main():
    e2e.on_term()
    trade.need_programs()
    rng = random.Random(e2e.seed())
    only = sys.argv[1:]
    checks = e2e.Checks()
    runs = [(what, words, 0.7) for what, words in ALONE]
    for number in range(int(os.environ.get("LL_MIXES") or 12)):
        some = rng.sample(sorted(ALL), rng.randint(2, len(ALL)))
        words = ["--misbehave", ",".join("%s=%d" % (name, rng.randint(1, ALL[name])) for name in some)]
        if rng.random() < 0.5:
            words += ["--mold-faults", "loss=50,reorder=50,duplicate=50"]
        runs.append(("mix %d" % number, words, 1.2))
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as place:
        for what, words, work_s in runs:
            seed = rng.getrandbits(32)
            if only and what not in only:
                continue
            try:
                one(checks, place, what, words, seed, work_s)
            except AssertionError as error:
                checks.true(False, "%s %s: %s" % (what, words, error))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
