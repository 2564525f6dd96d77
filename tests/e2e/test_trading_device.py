#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a gateway that trades with its kernel on a device does what it does without one, whatever becomes of the device
in the middle of it; and says so.

Method: a client trades at random against a scripted venue that fills, rejects, cancels and busts at random. In the
middle the device process, or the emulated card, is killed or stopped. Afterwards the venue's record is compared with
the journal, and the state with what the journal gives when a CPU replays it; log, report and exit status must tell the
loss. All on PoCL and on XRT's emulation, resident and in batches.
serial
limit 900 s
"""
import random
import signal
import sys
import time

import ll_device
import ll_e2e as e2e
import ll_processes as processes
import ll_trade as trade
import ll_trader

TURNS = 150
LOADED = "a new device process is loaded and answers"
STOPPED = 3  # exit status of a gateway that was to stop without its device


class Play:
    """A gateway, a venue, a client, a public feed; the device as the way says."""

    def __init__(self, place, name, way, rng, *more):
        self.what = "%s, %s %s" % (name, *way)
        self.rng = rng
        policy = ll_trader.Fate(random.Random(rng.getrandbits(32)), drop=0, lose=0)
        self.stage = trade.Stage(place, "-".join((name, *way)), policy=policy,
                                 more=ll_device.options(way, *more))
        self.gateway = self.stage.gateway
        self.status = self.report = None

    def __enter__(self):
        self.stage.__enter__()
        self.stage.feed = trade.Feed(self.gateway.feed_port)
        self.trader = ll_trader.Trader(self.stage.client, random.Random(self.rng.getrandbits(32)))
        return self

    def __exit__(self, *_):
        self.stage.__exit__()

    def trade(self, turns=TURNS):
        for turn in range(turns):
            self.trader.turn()
            if turn % 8 == 0:
                bid = 1490000 + 100 * self.rng.randrange(50)
                self.stage.feed.quote(self.rng.choice(("AAPL", "MSFT")), bid, bid + 10000)
            time.sleep(0.002)

    def pid(self):
        return self.gateway.process.pid

    def settle(self):
        self.stage.venue.policy = None
        self.trader.settle(self.gateway)
        time.sleep(0.15)  # what the venue still had to say has been said
        self.trader.settle(self.gateway)

    def finish(self, checks, wanted=0, losses=0, standing="there"):
        """In order; the state must be what the journal gives on a CPU."""
        self.settle()
        self.trader.check_told(checks, self.what)
        self.status, self.report = self.gateway.stop()
        if not checks.true(self.status == wanted and self.report, "%s: exit %s, not %s: %s" % (
                self.what, self.status, wanted, self.gateway.errors()[-1500:])):
            return
        self.compare(checks)
        ll_device.check_report(checks, self.what, self.report["device"], losses, standing)
        device = self.report["device"]
        print("%-36s %6d answers, %d lost, %d loaded anew; order trip p50 %d us%s" % (
            self.what, device["device_answers"], device["losses"], device["reloads"],
            device["order_trip_ns"]["p50"] // 1000, device["last_loss"] and "; " + device["last_loss"]), flush=True)

    def compare(self, checks):
        self.gateway.sound(checks, self.what)
        self.trader.check_sent_once(checks, self.what, [self.stage.venue])
        trade.reconcile(checks, self.what, self.gateway, [self.stage.venue], trade.DEPOSITS)
        found = self.gateway.look("check", "--json", self.gateway.journal).json
        checks.equal(self.report["trading"]["state_hash"], found["state_hash"], self.what + ": orders as on a CPU")
        checks.equal(self.report["state_hash"], found["books_hash"], self.what + ": books as on a CPU")
        checks.true(self.report["live_orders"] > 0, self.what + ": there are books")


def undisturbed(checks, place, way, rng):
    with Play(place, "undisturbed", way, rng, "--verify-device") as play:
        play.trade()
        play.finish(checks)
        checks.equal(play.report and play.report["device"]["verified"], True, play.what + ": verified")


def killed(checks, place, way, rng, name):
    """Falls back to this process; the kind of the loss depends on who notices first."""
    with Play(place, "killed-" + name, way, rng) as play:
        play.trade()
        ll_device.send(play.pid(), name)
        play.trade()
        play.finish(checks, ll_device.LOST, 1, "fallen")
        checks.true(" device: " in play.gateway.errors(), "%s: the log tells it: %s" % (
            play.what, play.gateway.errors()[-500:]))


def silent(checks, place, way, rng):
    """A device that stops answering is given up by the watchdog."""
    with Play(place, "silent", way, rng, "--device-watchdog", "500ms") as play:
        play.trade()
        child = ll_device.send(play.pid(), ll_device.WORKS[way[0]], signal.SIGSTOP)
        play.trade()
        play.finish(checks, ll_device.LOST, 1, "fallen")
        if play.report:
            checks.equal(play.report["device"]["silent"], 1, play.what + ": it was silent")
        checks.true(not processes.is_alive(child), play.what + ": the stopped process is gone")


def reloaded(checks, place, way, rng):
    """Twice a new device process takes over, with all that happened meanwhile."""
    with Play(place, "reloaded", way, rng, "--device-loss", "reload") as play:
        times = 0
        while times < 2:
            play.trade()
            ll_device.send(play.pid(), ll_device.PROCESS)
            play.trade(40)
            times += 1
            trade.wait_until("loaded device", lambda: play.gateway.errors().count(LOADED) == times,
                             gateway=play.gateway)
            play.trade()
        play.finish(checks, ll_device.LOST, 2, "there")
        if play.report:
            checks.equal(play.report["device"]["reloads"], 2, play.what + ": loaded anew")


def stopped(checks, place, way, rng):
    """Fails closed; the next start recovers, and goes on with a device."""
    with Play(place, "stopped", way, rng, "--device-loss", "stop") as play:
        play.trade()
        ll_device.send(play.pid(), ll_device.PROCESS)
        end = time.monotonic() + trade.WAIT_S
        while play.gateway.process.poll() is None and time.monotonic() < end:
            play.trader.turn()
            time.sleep(0.002)
        checks.equal(play.gateway.process.poll(), STOPPED, "%s: %s" % (play.what, play.gateway.errors()[-500:]))
        play.gateway.kill()
        play.gateway.start()
        play.trader.gateway_went()
        play.stage.client.come_back()
        play.trade()
        play.stage.feed.again()
        play.finish(checks)


def main():
    e2e.on_term()
    trade.need_programs()
    ll_device.emulate()
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    with e2e.Place() as place:
        for way in ll_device.ways(only):
            parts = [(undisturbed,), (killed, ll_device.PROCESS), (silent,), (reloaded,), (stopped,)]
            if way[0] == "xrt":
                parts.append((killed, ll_device.MODEL))
            for part, *more in parts:
                try:
                    part(checks, place, way, rng, *more)
                except AssertionError as error:
                    checks.true(False, "%s, %s %s: %s" % (part.__name__, *way, error))
    checks.equal(ll_device.leftovers(), [], "nothing is left in /dev/shm")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
