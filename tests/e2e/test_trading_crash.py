#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a gateway that is killed at any instant, again and again, neither forgets an order nor sends one twice.

Method: a client trades at random against a venue that fills, rejects, cancels and busts at random, while the gateway is
killed at random instants: at work, while it starts, several times in a row. It resumes each time. At the end the venue's own
record is compared with what the gateway believes: every order, every fill, the money, and every identifier that a client was
ever told. LL_KILLS says how many kills.
serial
limit 900 s
"""
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


class Chain:
    """One journal that is killed again and again."""

    def __init__(self, place, index, seed, protocol, more=()):
        self.what = "chain %d (%s%s)" % (index, protocol, " " + " ".join(more) if more else "")
        self.name = "chain-%d" % index
        self.place = place
        self.rng = random.Random(seed)
        self.protocol = protocol
        self.more = list(more)
        self.kills = {"start": 0, "open": 0, "work": 0}
        self.restart_s = []

    def run(self, checks, kills):
        fate = ll_trader.Fate(random.Random(self.rng.getrandbits(32)))
        with ll_venue.Venue(self.protocol, policy=fate) as venue, \
                trade.Gateway(self.place, [venue], self.name, more=self.more) as gateway:
            gateway.start()
            with trade.Client(gateway.door) as client:
                trade.wait_open(client, gateway)
                client.fund(AAPL=LOTS)
                trader = ll_trader.Trader(client, random.Random(self.rng.getrandbits(32)))
                for _ in range(kills):
                    self.work_and_kill(gateway, trader)
                self.finish(checks, gateway, venue, client, trader)
            checks.true(venue.failure is None, "%s: the venue: %r" % (self.what, venue.failure))
        return fate.counts

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

    def finish(self, checks, gateway, venue, client, trader):
        """Calm, then everything is compared."""
        venue.policy = None
        trader.settle(gateway)
        time.sleep(0.15)  # what the venue still had to say has been said
        trader.settle(gateway)
        trader.check_told(checks, self.what)
        status, report = gateway.stop()
        checks.true(status == 0 and report, "%s: exit %s: %s" % (self.what, status, gateway.errors()[-1000:]))
        trader.check_sent_once(checks, self.what, [venue])
        gateway.sound(checks, self.what)
        orders = trade.reconcile(checks, self.what, gateway, [venue],
                                 {("A1", "money"): trade.MONEY, ("A1", "AAPL"): LOTS})
        checks.equal(len(orders), sum(wish.order_id is not None for wish in trader.wishes),
                     self.what + ": every order of the gateway has its client")
        print("%s: %s kills, %d wishes, %d orders, %d requests, restart %.0f ms, %s" %
              (self.what, self.kills, len(trader.wishes), len(orders), len(venue.requests),
               1000 * sum(self.restart_s) / max(1, len(self.restart_s)), dict(venue.policy.counts) if venue.policy
               else ""), flush=True)


def main():
    e2e.on_term()
    trade.need_programs()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    done, index = 0, 0
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as memory, e2e.Place() as disk:
        while done < KILLS and not checks.failed:
            chain = Chain(disk if index % 4 == 3 else memory, index, rng.getrandbits(32),
                          "ouch42" if index % 3 == 2 else "ouch50")
            counts = chain.run(checks, min(KILLS_PER_CHAIN, KILLS - done))
            print("    the venue: %s" % counts, flush=True)
            done += chain.kills["work"] + chain.kills["start"]
            index += 1
    checks.true(done >= KILLS or checks.failed, "%d kills of %d" % (done, KILLS))
    print("%d kills in %d chains" % (done, index))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
