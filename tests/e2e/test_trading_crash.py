#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a gateway that is killed at any instant, again and again, neither forgets an order nor sends one twice.

Method: a client trades at random against venues that fill, reject, cancel and bust at random, scripted ones and
lifeline-exchange, while the gateway is killed at random instants: at work, while it starts, several times in a row. It
resumes each time. At the end the venues' own records are compared with what the gateway believes: every order, every
fill, the money, and every identifier that a client was ever told. LL_KILLS says how many kills.
limit 900 s
"""
import collections
import contextlib
import os
import random
import sys
import time

import ll_e2e as e2e
import ll_trade as trade
import ll_trader
import ll_venue

KILLS = int(os.environ.get("LL_KILLS") or 200)
KILLS_PER_CHAIN = 20
LOTS = 10**6
REAL_FAULTS = "delay=200,drop=5,drop-lost=5,reject-retry=30,reject-final=30,fill-on-cancel=200,fill-on-replace=200," \
    "bust=50,cancel=50"
REAL_TIMES = ["--delay-max", "20ms", "--bust-max", "100ms", "--cancel-max", "100ms"]


class Chain:
    """One journal that is killed again and again, with a scripted venue or with lifeline-exchange."""

    def __init__(self, place, index, seed, protocols, real, more=()):
        self.what = "chain %d (%s%s%s)" % (index, "exchange " if real else "", " ".join(protocols),
                                           " " + " ".join(more) if more else "")
        self.name = "chain-%d" % index
        self.place = place
        self.rng = random.Random(seed)
        self.protocols = protocols
        self.real = real
        self.more = list(more)
        self.kills = {"start": 0, "open": 0, "work": 0}
        self.restart_s = []

    def run(self, checks, kills):
        if self.real:
            words = ["--misbehave", REAL_FAULTS, "--seed", self.rng.getrandbits(32), "--house-rate", 300, *REAL_TIMES]
            with trade.RealExchange(self.place, self.protocols, *words, name=self.name) as exchange, \
                    exchange.gateway(self.place, self.name, more=self.more) as gateway:
                self.trade(checks, gateway, kills, exchange.accounts, exchange)
            return
        with contextlib.ExitStack() as stack:
            venues = [stack.enter_context(ll_venue.Venue(protocol, policy=ll_trader.Fate(
                random.Random(self.rng.getrandbits(32))))) for protocol in self.protocols]
            gateway = stack.enter_context(trade.Gateway(self.place, venues, self.name, more=self.more))
            self.trade(checks, gateway, kills, venues, None)
            for venue in venues:
                checks.true(venue.failure is None, "%s: the venue: %r" % (self.what, venue.failure))

    def trade(self, checks, gateway, kills, venues, exchange):
        gateway.start()
        with trade.Client(gateway.door) as client:
            for session in range(len(venues)):
                trade.wait_open(client, gateway, session)
            client.fund(AAPL=LOTS)
            trader = ll_trader.Trader(client, random.Random(self.rng.getrandbits(32)), meets=0.3 if exchange else 0,
                                      sessions=len(venues))
            for _ in range(kills):
                self.work_and_kill(gateway, trader)
            self.finish(checks, gateway, venues, trader, exchange)

    def work_and_kill(self, gateway, trader):
        """Kills at some instant of the work; now and then again before the next start is over."""
        end = time.monotonic() + self.rng.uniform(0, 0.12)
        while time.monotonic() < end:
            trader.turn()
            time.sleep(self.rng.choice((0, 0, 0.001)))
        gateway.kill()
        self.kills["work"] += 1
        while self.rng.random() < 0.25:
            gateway.start()
            time.sleep(self.rng.uniform(0, 0.4))
            self.must_live(gateway)
            gateway.kill()
            self.kills["start"] += 1
        start = time.monotonic()
        gateway.start()
        trader.gateway_went()
        self.come_back(gateway, trader)
        self.restart_s.append(time.monotonic() - start)
        if self.rng.random() < 0.6:
            trade.wait_open(trader.client, gateway)
        else:
            self.kills["open"] += 1  # what follows happens while sessions are still being settled

    @staticmethod
    def must_live(gateway):
        assert gateway.process.poll() is None, "it ended by itself: %s" % gateway.errors()[-2000:]

    def come_back(self, gateway, trader):
        end = time.monotonic() + trade.WAIT_S
        while trader.client.ask("reopen").get("error"):
            self.must_live(gateway)
            assert time.monotonic() < end, "the gateway did not come back: %s" % gateway.errors()[-2000:]
            time.sleep(0.002)

    def finish(self, checks, gateway, venues, trader, exchange):
        """Calm, then everything is compared."""
        for venue in venues:
            venue.policy = None
        trader.settle(gateway)
        if exchange:
            trader.end_everything(gateway)
            time.sleep(0.5)  # longer than anything there takes
        time.sleep(0.15)  # what a venue still had to say has been said
        trader.settle(gateway)
        if exchange:
            exchange.refresh()
        trader.check_told(checks, self.what)
        status, report = gateway.stop()
        checks.true(status == 0 and report, "%s: exit %s: %s" % (self.what, status, gateway.errors()[-1000:]))
        trader.check_sent_once(checks, self.what, venues)
        gateway.sound(checks, self.what)
        if self.more:
            self.check_snapshots(checks, gateway)
        orders = trade.reconcile(checks, self.what, gateway, venues,
                                 {("A1", "money"): trade.MONEY, ("A1", "AAPL"): LOTS})
        checks.equal(len(orders), sum(wish.order_id is not None for wish in trader.wishes),
                     self.what + ": every order of the gateway has its client")
        states = collections.Counter(order["state"] for order in orders)
        print("%-36s killed at work %d, starting %d, not open %d; %d wishes, %s; restart %.0f ms" %
              (self.what, self.kills["work"], self.kills["start"], self.kills["open"], len(trader.wishes), dict(states),
               1000 * sum(self.restart_s) / max(1, len(self.restart_s))), flush=True)


    def check_snapshots(self, checks, gateway):
        """What a snapshot and the records behind it give is what all records give."""
        made = [name for name in os.listdir(gateway.journal) if name.endswith(".llsnap")]
        checks.true(made, self.what + ": snapshots were made")
        hashes = [gateway.look("check", "--json", gateway.journal, *words).json["state_hash"]
                  for words in ([], ["--no-snapshot"])]
        checks.equal(hashes[0], hashes[1], self.what + ": from a snapshot, and from the first record")


KINDS = (  # protocols, lifeline-exchange, options
    (["ouch50"], False, []),
    (["ouch50"], True, []),
    (["ouch42"], False, []),
    (["ouch50", "ouch42"], False, ["--snapshot-every", "100"]),
    (["ouch50", "ouch42"], True, ["--snapshot-every", "100"]),
    (["ouch50"], False, []))


def main():
    e2e.on_term()
    trade.need_programs()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    done, index = 0, 0
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as memory, e2e.Place() as disk:
        while done < KILLS and not checks.failed:
            protocols, real, more = KINDS[index % len(KINDS)]
            chain = Chain(disk if index % 4 == 3 else memory, index, rng.getrandbits(32), protocols, real, more)
            try:
                chain.run(checks, min(KILLS_PER_CHAIN, KILLS - done))
            except AssertionError as error:
                checks.true(False, "%s: %s" % (chain.what, error))
            done += chain.kills["work"] + chain.kills["start"]
            index += 1
    checks.true(done >= KILLS or checks.failed, "%d kills of %d" % (done, KILLS))
    print("%d kills in %d chains" % (done, index))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
