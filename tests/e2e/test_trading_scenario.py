#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the story the gateway was made for comes out right, and so does everything an order can go through.

Method: a position gets a stop-loss that leaves as an order, is cancelled and replaced by another one while its
execution is already under way, and then fills late. Once with a scripted venue, where every interleaving is made on
purpose, once with lifeline-exchange, whose delayed answers make the race. Then the life of plain orders, step by step,
in both protocols.
"""
import os
import sys
import time

import ll_e2e as e2e
import ll_trade as trade

PRICE = 1500000


def accepted(checks, what, event):
    checks.true(event.get("event") == "accepted" and event["durable"], "%s: %s" % (what, event))
    return event


def status_of(client, name):
    got = client.ask("resolve", lifecycle_id=name)
    return got.get("order_id"), got.get("id_type"), got.get("id_status")


class Stage(trade.Stage):
    """One whose market orders stay open until the test says what becomes of them, with a public feed."""

    def __init__(self, place, name, protocol):
        super().__init__(place, name, protocol, policy=self.policy)
        self.ioc = []

    def policy(self, venue, request):
        if request.kind != "enter" or not request.ioc:
            return False
        open_order = request._replace(ioc=False)
        self.ioc.append(venue.enter(open_order))
        return True

    def begin(self):
        super().begin()
        self.feed = trade.Feed(self.gateway.feed_port)

    def exits(self, count):
        """The market orders that left, once there are so many."""
        trade.wait_until("%d exit orders" % count, lambda: len(self.ioc) >= count, gateway=self.gateway)
        return self.ioc

    def state(self, target, *states):
        return trade.wait_state(self.client, target, *states, gateway=self.gateway)


# --- the story ------------------------------------------------------------------------------------------------------

def story(checks, place, protocol, order_of_events):
    """order_of_events: what the venue says of the first exit order, relative to what the client does meanwhile."""
    name = "story-%s-%s" % (protocol, order_of_events)
    with Stage(place, name, protocol) as stage:
        client, venue, feed = stage.client, stage.venue, stage.feed
        feed.quote("AAPL", 1499000, 1501000)
        entry = accepted(checks, "entry", client.place("entry-1", PRICE, lifecycle_id="POS-1", reference="SIGNAL-1"))
        stage.state("POS-1", "new")
        venue.fill(stage.chain(entry), 100)
        stage.state("POS-1", "filled")
        accepted(checks, "stop-loss", client.ask("stoploss-add", target="POS-1", lifecycle_id="SL-1",
                                                 stop_price=1480000))
        checks.equal(status_of(client, "SL-1"), ("POS-1", "stoploss_id", "active"), "SL-1")
        feed.quote("AAPL", 1479000, 1480500)
        late = stage.exits(1)[0]
        checks.equal((late.side, late.open), ("S", 100), "the exit order sells what was bought")
        # The client takes the stop-loss back and sets another one; what SL-1 has sent is being cancelled.
        venue.held = []
        accepted(checks, "stop-loss cancel", client.ask("stoploss-cancel", target="SL-1", lifecycle_id="SLC-1"))
        feed.quote("AAPL", 1490000, 1491000)
        accepted(checks, "second stop-loss", client.ask("stoploss-add", target="POS-1", lifecycle_id="SL-2",
                                                        stop_price=1470000))
        trade.wait_until("the cancel", lambda: any(request.kind == "cancel" for request in venue.held))
        if order_of_events == "fill-then-cancel":
            venue.fill(late, 100, 1479000)  # the cancel finds nothing any more, and is passed over
            venue.release()
        elif order_of_events == "cancel-then-fill":
            venue.release()
            trade.wait_until("cancelled", lambda: late.state == "cancelled")
            venue.fill(late, 100, 1479000, late=True)
        else:  # in two parts, one before and one behind the cancel
            venue.fill(late, 40, 1479000)
            venue.release()
            trade.wait_until("cancelled", lambda: late.state == "cancelled")
            venue.fill(late, 60, 1478900, late=True)
        if late.executed() == 100 and late.state == "cancelled":
            late.state = "filled"  # as the gateway sees it: what fills wins
        trade.wait_until("late fill", lambda: status_of(client, "SL-1")[2] == "executed", gateway=stage.gateway)
        time.sleep(0.05)
        checks.equal(status_of(client, "SL-1"), ("POS-1", "stoploss_id", "executed"), "SL-1 at the end")
        got = status_of(client, "SL-2")
        checks.true(got[:2] == ("POS-1", "stoploss_id") and got[2] != "active",
                    "SL-2 has nothing to guard: %s" % (got,))
        checks.equal(status_of(client, "SLC-1")[:2], ("POS-1", "stoploss_cancel_id"), "SLC-1")
        # Nothing closes the position a second time.
        feed.quote("AAPL", 1460000, 1461000)
        feed.quote("AAPL", 1460100, 1461000)
        time.sleep(0.3)
        checks.equal(len(stage.ioc), 1, "one exit order")
        got = client.ask("close", target="POS-1", lifecycle_id="CL-1")
        checks.true(got["event"] == "refused", "the position is closed: %s" % got)
        # Killed now, everything is as it was.
        stage.gateway.kill()
        stage.gateway.start()
        client.come_back()
        trade.wait_open(client, stage.gateway)
        feed.again()
        feed.quote("AAPL", 1450000, 1451000)
        for name_of, kind in (("POS-1", "order_id"), ("SL-1", "stoploss_id"), ("SL-2", "stoploss_id"),
                              ("SLC-1", "stoploss_cancel_id")):
            checks.equal(status_of(client, name_of)[:2], ("POS-1", kind), name_of + " after the restart")
        checks.equal(client.place("entry-1", PRICE).get("event"), "existing", "the entry is still known by its key")
        time.sleep(0.2)
        checks.equal(len(stage.ioc), 1, "one exit order, after the restart too")
        orders = stage.finish(checks)
        checks.equal(len(orders), 2, "two orders")
        history = {row["lifecycle_id"]: row for row in stage.gateway.history("SL-1")}
        checks.true({"POS-1", "SL-1", "SL-2", "SLC-1"} <= set(history),
                    "the history has them all: %s" % sorted(history))
        again = {row["lifecycle_id"]: row for row in stage.gateway.history("POS-1")}
        checks.equal(again, history, "the same history by every identifier")
        ledger = stage.gateway.ledger()
        checks.equal(ledger[("A1", "AAPL", "available")], trade.LOTS, "bought and sold once")
        checks.equal(ledger[("A1", "money", "available")], trade.MONEY - 100 * PRICE + late.notional(),
                     "the loss, once")


def story_replaced(checks, place, protocol):
    """A second stop-loss takes the place of the first without a cancel; the first one's exit fills all the same."""
    with Stage(place, "replaced-" + protocol, protocol) as stage:
        client, venue, feed = stage.client, stage.venue, stage.feed
        feed.quote("AAPL", 1499000, 1501000)
        entry = accepted(checks, "entry", client.place("e", PRICE, lifecycle_id="P"))
        stage.state("P", "new")
        venue.fill(stage.chain(entry), 100)
        stage.state("P", "filled")
        for number in range(1, 4):
            accepted(checks, "stop-loss", client.ask("stoploss-add", target="P", lifecycle_id="S-%d" % number,
                                                     stop_price=1480000 - 1000 * number))
        checks.equal([status_of(client, "S-%d" % n)[2] for n in (1, 2, 3)], ["replaced", "replaced", "active"],
                     "a chain of stop-losses")
        accepted(checks, "take-profit", client.ask("takeprofit-add", target="S-1", lifecycle_id="T-1",
                                                   take_price=1550000))
        feed.quote("AAPL", 1476000, 1477000)
        exit_order = stage.exits(1)[0]
        accepted(checks, "S-4", client.ask("stoploss-add", target="S-2", lifecycle_id="S-4", stop_price=1400000))
        trade.wait_until("the exit is cancelled", lambda: exit_order.state == "cancelled", gateway=stage.gateway)
        venue.fill(exit_order, 60, 1476000, late=True)
        trade.wait_until("late fill", lambda: status_of(client, "S-3")[2] == "executed", gateway=stage.gateway)
        checks.equal(status_of(client, "S-4")[2], "active", "S-4 guards what is left")
        feed.quote("AAPL", 1399000, 1400500)
        rest = stage.exits(2)[1]
        checks.equal(rest.open, 40, "of what is left, not of all")
        venue.fill(rest, 40, 1399000)
        trade.wait_until("closed", lambda: status_of(client, "S-4")[2] == "executed", gateway=stage.gateway)
        checks.equal(status_of(client, "T-1")[2], "cancelled", "the take-profit has nothing to take")
        feed.quote("AAPL", 1560000, 1561000)
        time.sleep(0.2)
        checks.equal(len(stage.ioc), 2, "two exit orders")
        chain = [row for row in stage.gateway.history("S-2") if row["id_type"] == "stoploss_id"]
        checks.equal([row["lifecycle_id"] for row in chain], ["S-1", "S-2", "S-3", "S-4"], "the chain, oldest first")
        checks.equal([row.get("replaced_by") for row in chain], ["S-2", "S-3", "S-4", None], "and what replaced what")
        stage.finish(checks)


def story_at_the_exchange(checks, place, protocol):
    """The same race, made by an exchange whose every answer is late."""
    with trade.RealExchange(place, [protocol], "--misbehave", "delay=1000", "--delay-max", "80ms", "--house-rate", 0,
                            name="slow-" + protocol) as exchange, \
            exchange.gateway(place, "slow-" + protocol) as gateway:
        gateway.start()
        with trade.Client(gateway.door) as client:
            trade.wait_open(client, gateway)
            client.fund(AAPL=trade.LOTS)
            raced = 0
            for turn in range(8):
                position = "P%d" % turn
                accepted(checks, position, client.place("key-%d" % turn, 1600000 + 100 * turn, quantity=10 + turn,
                                                        lifecycle_id=position))
                trade.wait_state(client, position, "filled", gateway=gateway)
                accepted(checks, "SL", client.ask("stoploss-add", target=position, lifecycle_id="SL-%d-1" % turn,
                                                  stop_price=1650000))  # above the market: leaves at once

                def triggered(turn=turn):
                    return any(news["event"] == "triggered" and news["order_id"] == "P%d" % turn
                               for news in list(client.news))
                trade.wait_until("trigger", triggered, gateway=gateway)
                got = client.ask("stoploss-cancel", target=position, lifecycle_id="SLC-%d" % turn)
                if got["event"] == "accepted":
                    raced += 1
                got = client.ask("stoploss-add", target=position, lifecycle_id="SL-%d-2" % turn, stop_price=1000000)
                trade.wait_until("the end of the first stop-loss",
                                 lambda turn=turn: status_of(client, "SL-%d-1" % turn)[2] == "executed",
                                 gateway=gateway)
                for name in ("SL-%d-1" % turn, "SLC-%d" % turn, "SL-%d-2" % turn):
                    owner, _, status = status_of(client, name)
                    checks.true(owner in (position, None) and status != "active",
                                "%s: %s of %s" % (name, status, owner))
                checks.equal(status_of(client, "SL-%d-1" % turn)[0], position, "the old stop-loss")
            checks.true(raced > 0, "the exits were raced")
            time.sleep(0.2)
            exchange.refresh()
            gateway.stop()
        gateway.sound(checks, "slow exchange")
        orders = trade.reconcile(checks, "slow " + protocol, gateway, exchange.accounts, trade.DEPOSITS)
        checks.equal(len(orders), 16, "an entry and an exit for each position")
        checks.equal(gateway.ledger()[("A1", "AAPL", "available")], trade.LOTS, "every position is closed once")
        print("%s: %d of 8 exits raced" % (protocol, raced))


# --- plain orders ---------------------------------------------------------------------------------------------------

def lifecycle(checks, place, protocol):
    with Stage(place, "life-" + protocol, protocol) as stage:
        client, venue = stage.client, stage.venue
        # Placed, replaced, filled in parts.
        one = accepted(checks, "place", client.place("l-1", PRICE, lifecycle_id="O-1"))
        checks.true(one["state"] in ("submitted", "new"), "its state: %s" % one)
        stage.state("O-1", "new")
        chain = stage.chain(one)
        accepted(checks, "replace", client.ask("replace", target="O-1", lifecycle_id="M-1", quantity=150,
                                               price=PRICE + 500))
        trade.wait_until("replaced", lambda: client.status("O-1")["price"] == PRICE + 500, gateway=stage.gateway)
        got = client.status("M-1")
        checks.equal((got["order_id"], got["quantity"], got["leaves"]), ("O-1", 150, 150), "replaced")
        checks.equal(status_of(client, "M-1")[2], "executed", "the change was done")
        venue.fill(chain, 50)
        got = stage.state("O-1", "partially_filled")
        checks.equal((got["filled"], got["leaves"]), (50, 100), "partly filled")
        accepted(checks, "replace of a part", client.ask("replace", target="M-1", quantity=120, price=PRICE))
        trade.wait_until("replaced", lambda: client.status("O-1")["quantity"] == 120, gateway=stage.gateway)
        checks.equal(client.status("O-1")["leaves"], 70, "120 in all")
        accepted(checks, "cancel", client.ask("cancel", target="O-1", lifecycle_id="C-1"))
        got = stage.state("C-1", "cancelled")
        checks.equal((got["filled"], got["leaves"]), (50, 0), "cancelled")
        checks.equal(status_of(client, "C-1")[2], "executed", "the cancel was done")
        # Down to some lots.
        part = accepted(checks, "place", client.place("l-2", PRICE - 100, lifecycle_id="O-2"))
        stage.state("O-2", "new")
        accepted(checks, "partial cancel", client.ask("cancel", target="O-2", quantity=30))
        trade.wait_until("30 left", lambda: client.status("O-2")["leaves"] == 30, gateway=stage.gateway)
        venue.fill(stage.chain(part), 30)
        trade.wait_until("filled", lambda: client.status("O-2")["leaves"] == 0, gateway=stage.gateway)
        checks.equal(client.status("O-2")["filled"], 30, "the rest was filled")
        # Immediate or cancel; fill or kill; post only.
        ioc = accepted(checks, "IOC", client.place("l-3", PRICE - 200, time_in_force=trade.IOC))
        exit_order = stage.exits(1)[0]
        venue.fill(exit_order, 10)
        venue.gone(exit_order, b"I")
        got = stage.state(ioc["order_id"], "cancelled")
        checks.equal(got["filled"], 10, "an IOC order keeps what it got")
        fok = accepted(checks, "FOK", client.place("l-4", PRICE - 300, time_in_force=trade.FOK))
        killed = stage.exits(2)[1]
        checks.equal([request.minimum for request in venue.entered()][-1], 100, "FOK asks for all of it")
        venue.gone(killed, b"I")
        stage.state(fok["order_id"], "cancelled")
        post = accepted(checks, "post only", client.place("l-5", PRICE - 400, post_only=1))
        checks.true(venue.entered()[-1].post_only or trade.wait_until("post", lambda: venue.entered()[-1].post_only),
                    "post only is said")
        venue.gone(stage.chain(post), b"F")
        stage.state(post["order_id"], "cancelled")
        # Rejects: for good, and to be tried again.
        rejects = [True, False, False]

        def reject(venue, request):
            if request.kind != "enter" or not rejects:
                return False
            venue.reject(request, final=rejects.pop(0))
            return True
        venue.policy = reject
        final = accepted(checks, "rejected", client.place("l-6", PRICE - 500))
        stage.state(final["order_id"], "rejected")
        retried = accepted(checks, "retried", client.place("l-7", PRICE - 600))
        stage.state(retried["order_id"], "new")
        checks.equal(len(venue.asked_at(PRICE - 600)), 3, "the third try was taken")
        venue.policy = None
        # A trade is broken.
        bust = accepted(checks, "to bust", client.place("l-8", PRICE - 700))
        stage.state(bust["order_id"], "new")
        chain = stage.chain(bust)
        match = venue.fill(chain, 60)
        venue.fill(chain, 40)
        stage.state(bust["order_id"], "filled")
        venue.bust(chain, match)
        trade.wait_until("bust", lambda: client.status(bust["order_id"])["filled"] == 40, gateway=stage.gateway)
        # Closed by hand, at a limit.
        before = len(venue.entered())
        closing = accepted(checks, "close", client.ask("close", target=bust["order_id"], lifecycle_id="CL-8",
                                                       price=PRICE + 9000))
        trade.wait_until("exit", lambda: len(venue.entered()) == before + 1, gateway=stage.gateway)
        exit_order = trade.wait_until("exit", lambda: venue.asked_at(PRICE + 9000))[-1]
        checks.equal((exit_order.side, exit_order.open), ("S", 40), "it sells what is left")
        venue.fill(exit_order, 40)
        stage.state(closing["order_id"], "filled")
        checks.equal(status_of(client, "CL-8")[:2], (bust["order_id"], "close_id"), "the close is of the entry")
        checks.equal(status_of(client, "CL-8")[2], "executed", "and done")
        news = [item for item in client.news if item["order_id"] == "O-1"]
        checks.equal([item["state"] for item in news if item["event"] == "order"][-1], "cancelled", "news of O-1")
        checks.true(all(item["durable"] for item in client.news), "news is durable before it is told")
        stage.finish(checks)


def main():
    e2e.on_term()
    trade.need_programs()
    print("LL_SEED=0 (nothing here is random)")
    checks = e2e.Checks()
    cases = [(story, protocol, order) for protocol in ("ouch50", "ouch42")
             for order in ("fill-then-cancel", "cancel-then-fill", "both")]
    for protocol in ("ouch50", "ouch42"):
        cases += [(story_replaced, protocol), (lifecycle, protocol), (story_at_the_exchange, protocol)]
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as place:
        for case, *words in cases:
            if sys.argv[1:] and case.__name__ not in sys.argv[1:]:
                continue
            start = time.monotonic()
            try:
                case(checks, place, *words)
            except AssertionError as error:
                checks.true(False, "%s %s: %s" % (case.__name__, words, error))
            print("%-24s %-28s %.1f s" % (case.__name__, " ".join(words), time.monotonic() - start), flush=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
