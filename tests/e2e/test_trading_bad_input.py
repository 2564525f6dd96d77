#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever a client, a venue, a file or a second gateway does wrong is refused or kept by name, and nothing is
lost, sent twice, or booked twice because of it.

Method: a real gateway with a scripted venue; clients that ask past the checks of the library; after each part the
journal is checked and compared with the venue's own record.
limit 300 s
"""
import os
import random
import signal
import struct
import subprocess
import sys
import time

import ll_e2e as e2e
import ll_trade as trade
import ll_venue

PRICE = 1500000


def refused(checks, what, event, refusal, **more):
    good = event.get("event") == "refused" and event["refusal"] == refusal
    good = good and all(event[key] == value for key, value in more.items())
    checks.true(good, "%s: %s, not %s %s" % (what, event, refusal, more))


# --- what clients ask -----------------------------------------------------------------------------------------------

def raw(client, number, verb, **words):
    return client.ask("raw", verb=verb, request=number, **words)


def case_identifiers(checks, place):
    with trade.Stage(place, "identifiers") as stage:
        client = stage.client
        first = client.place("k-1", PRICE, lifecycle_id="ORDER-1")
        checks.equal(first.get("order_id"), "ORDER-1", "the order has the name it was given")
        second = client.place("k-2", PRICE - 100)
        base = dict(account="A1", symbol="AAPL", quantity=1, price=PRICE - 200)
        bad = {"65 bytes": b"x" * 65, "a space": b"a b", "a NUL": b"a\0b", "not ASCII": "ä".encode(), "DEL": b"a\x7f"}
        for number, (what, name) in enumerate(bad.items()):
            refused(checks, "order id with " + what,
                    raw(client, 10 + number, "place", client_order_id="bad", lifecycle_id=name, **base), "bad_id")
            refused(checks, "client key with " + what, raw(client, 20 + number, "place", client_order_id=name, **base),
                    "bad_id")
            refused(checks, "target with " + what, raw(client, 30 + number, "cancel", target=name), "bad_id")
            refused(checks, "new id with " + what,
                    raw(client, 40 + number, "id-add", target="ORDER-1", lifecycle_id=name, id_type=4), "bad_id")
            got = client.ask("resolve", lifecycle_id=name)
            checks.true(got.get("error") == "bad_argument" or what == "a NUL",
                        "the library refuses %s: %s" % (what, got))
            refused(checks, "resolve of " + what, raw(client, 50 + number, "resolve", lifecycle_id=name), "bad_id")
        refused(checks, "a target of 0 bytes", raw(client, 60, "cancel"), "bad_id")
        got = raw(client, 61, "id-add", target="ORDER-1", id_type=4)
        checks.equal(got["event"], "accepted", "none given: the gateway makes one")
        checks.equal(client.ask("resolve", lifecycle_id="").get("error"), "bad_argument", "the library refuses 0 bytes")
        longest = "y" * 64
        got = client.ask("id-add", target="ORDER-1", lifecycle_id=longest, id_type=4)
        checks.equal(got.get("event"), "accepted", "64 bytes are fine")
        # Another's identifier is refused by name; the same again changes nothing.
        refused(checks, "id of another order", client.ask("id-add", target="k-2" if not second else second["order_id"],
                                                          lifecycle_id=longest, id_type=4), "id_taken",
                order_id="ORDER-1")
        refused(checks, "id of another type", client.ask("id-add", target="ORDER-1", lifecycle_id=longest, id_type=5),
                "id_taken", order_id="ORDER-1")
        refused(checks, "order id of another order", client.place("k-3", PRICE - 300, lifecycle_id=longest), "id_taken",
                order_id="ORDER-1")
        checks.equal(client.ask("id-add", target="ORDER-1", lifecycle_id=longest, id_type=4).get("event"), "accepted",
                     "the same add again")
        refused(checks, "cancel of an unknown order", client.ask("cancel", target="nobody"), "unknown_order")
        refused(checks, "status of an unknown order", client.status("nobody"), "unknown_id")
        # A client's key is its account's own.
        other = client.place("k-1", PRICE - 400, account="A2")
        refused(checks, "without money", other, "balance")
        checks.equal(client.place("k-1", PRICE - 500).get("event"), "existing", "the same key again")
        orders = stage.finish(checks)
        checks.equal(len(orders), 2, "orders")
        checks.equal(len(stage.venue.entered()), 2, "orders sent")
        history = [row["lifecycle_id"] for row in stage.gateway.history(longest)]
        checks.true("ORDER-1" in history and longest in history, "the history has both: %s" % history)


def case_numbers(checks, place):
    with trade.Stage(place, "numbers") as stage:
        client = stage.client
        base = dict(account="A1", symbol="AAPL", client_order_id="n-1")
        checks.equal(client.place("n-1", PRICE, quantity=0).get("error"), "bad_argument", "the library refuses 0 lots")
        for number, (words, refusals) in enumerate((
                (dict(quantity=0, price=PRICE), ("bad_quantity",)),
                (dict(quantity=2**64 - 5, price=PRICE), ("overflow", "max_quantity", "bad_quantity")),  # -5
                (dict(quantity=2**32, price=PRICE), ("overflow", "max_quantity", "bad_quantity")),
                (dict(quantity=2**32 + 1, price=PRICE), ("overflow", "max_quantity", "bad_quantity")),
                (dict(quantity=100001, price=PRICE), ("max_quantity",)),
                (dict(quantity=1000000, price=PRICE), ("max_quantity",)),
                (dict(quantity=1, price=0), ("bad_price",)),
                (dict(quantity=1, price=PRICE + 1), ("tick",)),
                (dict(quantity=1, price=2**63), ("bad_price", "overflow", "collar")),
                (dict(quantity=1, price=2**64 - 100), ("bad_price", "overflow", "collar", "tick")),
                (dict(quantity=1, price=2**32 + PRICE), ("bad_price", "overflow", "collar", "tick")),
                (dict(quantity=100000, price=2800000 * 10), ("bad_price", "overflow", "collar", "max_notional")),
                (dict(quantity=1, price=PRICE, side=7), ("malformed",)),
                (dict(quantity=1, price=PRICE, type=9), ("malformed",)),
                (dict(quantity=1, price=PRICE, time_in_force=9), ("malformed",)),
                (dict(quantity=1, price=PRICE, session=1), ("not_open",)),
                (dict(quantity=1, price=PRICE, session=200), ("not_open",)),
                (dict(quantity=1, price=PRICE, type=2, stop_price=PRICE), ("unsupported",)))):
            got = raw(client, 100 + number, "place", **dict(base, **words))
            checks.true(got["event"] == "refused" and got["refusal"] in refusals, "%s: %s" % (words, got))
        refused(checks, "unknown instrument", client.place("n-2", PRICE, symbol="NOSUCH"), "unknown_instrument")
        checks.equal(stage.venue.entered(), [], "nothing was sent")
        # One tick short of the price of the order.
        need = PRICE * 100
        checks.equal(client.ask("deposit", account="POOR", amount=need - 1, client_order_id="d").get("event"),
                     "accepted", "deposit")
        refused(checks, "one tick short", client.place("n-3", PRICE, account="POOR"), "balance", limit=need - 1,
                value=need)
        refused(checks, "withdraw of more than is there",
                client.ask("withdraw", account="POOR", amount=need, client_order_id="w"), "balance")
        client.ask("deposit", account="POOR", amount=1, client_order_id="d2")
        got = client.place("n-3", PRICE, account="POOR")
        checks.equal(got.get("event"), "accepted", "exactly enough")
        refused(checks, "what is locked cannot be withdrawn",
                client.ask("withdraw", account="POOR", amount=1, client_order_id="w2"), "balance")
        refused(checks, "lots that are not there", client.place("n-4", 2 * PRICE, account="POOR", side=trade.SELL),
                "balance")
        stage.finish(checks, compare=False)
        ledger = stage.gateway.ledger()
        checks.equal((ledger[("POOR", "money", "available")], ledger[("POOR", "money", "locked")]), (0, need),
                     "all of it is locked")


def case_order_states(checks, place):
    """Requests that come too late or ask for what cannot be."""
    with trade.Stage(place, "states") as stage:
        client, venue = stage.client, stage.venue
        one = client.place("s-1", PRICE)
        chain = stage.chain(one)
        venue.fill(chain, 40)
        trade.wait_state(client, one["order_id"], "partially_filled")
        refused(checks, "replace to what is filled", client.ask("replace", target=one["order_id"], quantity=40,
                                                                price=PRICE), "below_filled", limit=40, value=40)
        refused(checks, "replace below", client.ask("replace", target=one["order_id"], quantity=39, price=PRICE),
                "below_filled")
        refused(checks, "replace off tick", client.ask("replace", target=one["order_id"], quantity=80,
                                                       price=PRICE + 1), "tick")
        refused(checks, "keep more than is open", client.ask("cancel", target=one["order_id"], quantity=60),
                "bad_quantity")
        venue.held = []
        checks.equal(client.ask("cancel", target=one["order_id"]).get("event"), "accepted", "cancel")
        refused(checks, "one request at a time", client.ask("cancel", target=one["order_id"]), "request_outstanding")
        refused(checks, "one request at a time", client.ask("replace", target=one["order_id"], quantity=80,
                                                            price=PRICE), "request_outstanding")
        venue.release()
        trade.wait_state(client, one["order_id"], "cancelled")
        refused(checks, "cancel of an ended order", client.ask("cancel", target=one["order_id"]), "order_ended")
        refused(checks, "replace of an ended order", client.ask("replace", target=one["order_id"], quantity=80,
                                                                price=PRICE), "order_ended")
        refused(checks, "nothing to cancel", client.ask("stoploss-cancel", target=one["order_id"]), "not_active")
        checks.equal(len([r for r in venue.requests if r.kind == "cancel"]), 1, "one cancel was sent")
        stage.finish(checks)


# --- what venues say ------------------------------------------------------------------------------------------------

def case_reports(checks, place, protocol):
    """Fills of unknown orders, the same report twice, busts of everything, nonsense."""
    with trade.Stage(place, "reports-" + protocol, protocol) as stage:
        client, venue = stage.client, stage.venue
        one = client.place("r-1", PRICE)
        chain = stage.chain(one)
        match = venue.fill(chain, 30)
        trade.wait_state(client, one["order_id"], "partially_filled")
        venue.publish(venue.messages[-1])  # the same execution again
        accepted = [message for message in venue.messages if message[:1] == b"A"][0]
        venue.publish(accepted)            # and an acknowledgement
        venue.bust(chain, match)
        venue.publish(venue.messages[-1])  # busted twice
        with venue.lock:
            venue.say_broken(chain.links[-1], 777)  # an execution that never was
            venue.say_executed(999999, 7, PRICE, 1234)  # an order that another client of the account made by hand
            venue.say_executed(999999, 7, PRICE, 1234)
            venue.say(b"C", venue.name(424242) + struct.pack(">Ic", 5, b"U"))
            venue.publish(b"")
            venue.publish(b"?")
            venue.publish(b"A")
            venue.publish(bytes(200))
            venue.publish(b"E" + bytes(30))
            venue.publish(b"A" + bytes(400))
        venue.fill(chain, 70)
        got = trade.wait_state(client, one["order_id"], "filled", "partially_filled", "cancelled")
        trade.wait_until("second fill", lambda: client.status(one["order_id"])["leaves"] == 0, gateway=stage.gateway)
        got = client.status(one["order_id"])
        checks.equal(got["filled"], 70, "the bust is taken off once")
        venue.fill(chain, 5, late=True)  # more than was ordered
        trade.wait_until("overfill", lambda: client.status(one["order_id"])["filled"] == 75, gateway=stage.gateway)
        two = client.place("r-2", PRICE - 100)
        checks.equal(two.get("event"), "accepted", "the session goes on")
        stage.chain(two)
        trade.wait_state(client, two["order_id"], "new")
        status, report = stage.gateway.stop()
        checks.equal(status, 0, "exit")
        stage.gateway.sound(checks, stage.name)
        orders = {order["order_id"]: order for order in stage.gateway.orders()}
        checks.equal((orders[one["order_id"]]["filled"], orders[one["order_id"]]["notional"]), (75, 75 * PRICE),
                     "filled and paid for")
        trade.check_ledger(checks, stage.name, stage.gateway, [venue], orders.values(), trade.DEPOSITS)
        ledger = stage.gateway.ledger()
        suspense = {key: value for key, value in ledger.items() if key[2] == "suspense"}
        checks.true(7 in suspense.values() or 14 in suspense.values(), "the unknown fill is in suspense: %s" % suspense)
        lines = e2e.tool("dump", stage.gateway.journal).out
        for verdict in ("duplicate", "unknown_id", "overfill", "bad_length", "unknown_type"):
            checks.true('"verdict_name":"%s"' % verdict in lines, "the journal names %s" % verdict)
        return report


def wait_login(venue, before, gateway):
    trade.wait_until("login", lambda: venue.login_count > before, gateway=gateway)


def case_connection(checks, place, protocol):
    """Connections that break anywhere, logins that are refused, sessions and numbers that cannot be."""
    with trade.Stage(place, "connection-" + protocol, protocol) as stage:
        client, venue, gateway = stage.client, stage.venue, stage.gateway
        rng = random.Random(7)
        for turn in range(12):  # the answer to an order is cut after so many bytes
            venue.cut_after = rng.randint(1, 80)
            got = client.place("c-%d" % turn, PRICE - 100 * turn)
            checks.equal(got.get("event"), "accepted", "order %d" % turn)
            trade.wait_state(client, got["order_id"], "new", gateway=gateway)
            trade.wait_open(client, gateway)
            venue.cut_after = None
        checks.equal(len(venue.asked_at(PRICE)), 1, "no order twice")
        # Bytes that are no packet of the protocol.
        for nonsense in (b"\0\0", b"\0\1A", b"\0\1J", b"\0\2S", b"\xff\xff" + b"S" * 100, b"\0\1?", b"\0\5+hey"):
            logins = venue.login_count
            venue.send_bytes(nonsense)
            time.sleep(0.02)
            venue.drop()
            wait_login(venue, logins, gateway)
            trade.wait_open(client, gateway)
        asked = venue.asked[-1]
        checks.equal(asked[0], venue.session, "it asks for the session it knows")
        checks.true(1 < asked[1] <= len(venue.messages) + 1,
                    "and for the next number: %s of %d" % (asked, len(venue.messages)))
        got = client.place("c-last", PRICE - 5000)
        trade.wait_state(client, got["order_id"], "new", gateway=gateway)
        stage.finish(checks)
        checks.equal(len(venue.chains), 13, "orders at the venue")


def case_logins(checks, place):
    """Logins that a venue answers wrongly: nothing is traded, the gateway says so and lives."""
    answers = {
        "refused": b"JA",
        "unknown code": b"J?",
        "another session": b"A" + b"OTHERDAY99" + b"%20d" % 1,
        "a number from the future": b"A" + ll_venue.DAY + b"%20d" % 100000,
        "a number of letters": b"A" + ll_venue.DAY + b"%20s" % b"abc",
        "too short": b"A" + ll_venue.DAY,
    }
    for index, (what, answer) in enumerate(answers.items()):
        with trade.Stage(place, "login-%d" % index) as stage:
            client, venue, gateway = stage.client, stage.venue, stage.gateway
            one = client.place("l-1", PRICE)
            trade.wait_state(client, one["order_id"], "new")
            with venue.lock:
                venue.login = answer
                logins = venue.login_count
                venue.drop()
            wait_login(venue, logins, gateway)
            time.sleep(0.05)
            refused(checks, what, client.place("l-2", PRICE - 100), "not_open")
            refused(checks, what, client.ask("cancel", target=one["order_id"]), "not_open")
            checks.equal(client.status(one["order_id"])["state"], "new", what + ": the order is as it was")
            gateway.stop()
            venue.login = None
            gateway.start()  # what was wrong has been put right
            client.come_back()
            trade.wait_open(client, gateway)
            got = client.ask("cancel", target=one["order_id"])
            checks.equal(got.get("event"), "accepted", what + ": cancel afterwards: %s" % got)
            trade.wait_state(client, one["order_id"], "cancelled", gateway=gateway)
            stage.finish(checks)


def case_new_day(checks, place, protocol):
    """The venue ends its session; the next day has another name and numbers from 1."""
    with trade.Stage(place, "day-" + protocol, protocol) as stage:
        client, venue, gateway = stage.client, stage.venue, stage.gateway
        one = client.place("d-1", PRICE)
        chain = stage.chain(one)
        trade.wait_state(client, one["order_id"], "new")
        venue.end_session(b"VENUEDAY02")
        with venue.lock:
            chain.open, chain.state = 0, "expired"
            venue.by_number = {}
        got = trade.wait_state(client, one["order_id"], "expired", gateway=gateway)
        checks.equal(got["leaves"], 0, "nothing is open")
        trade.wait_open(client, gateway)
        two = client.place("d-2", PRICE - 100)
        trade.wait_state(client, two["order_id"], "new", gateway=gateway)
        checks.equal(client.place("d-1", PRICE).get("order_id"), one["order_id"], "yesterday's key is still known")
        venue.fill(stage.chain(two), 100)
        trade.wait_state(client, two["order_id"], "filled")
        with venue.lock:
            venue.chains.remove(chain)
        # Resumed in the new day, with the old name in the journal.
        gateway.kill()
        gateway.start()
        client.come_back()
        trade.wait_open(client, gateway)
        checks.equal(client.status(two["order_id"])["state"], "filled", "after a restart")
        checks.equal(venue.asked[-1][0], b"VENUEDAY02", "it asks for the new day")
        stage.finish(checks)


def case_missed_end(checks, place):
    """The venue's day ended while the connection was down, and the next one has not begun yet."""
    with trade.Stage(place, "missed") as stage:
        client, venue, gateway = stage.client, stage.venue, stage.gateway
        one = client.place("e-1", PRICE)
        chain = stage.chain(one)
        trade.wait_state(client, one["order_id"], "new")
        with venue.lock:
            venue.login = b"JS"
            venue.session, venue.messages, venue.next_number = b"VENUEDAY02", [], 1
            chain.open, chain.state = 0, "expired"
            venue.by_number = {}
            logins = venue.login_count
            venue.drop()
        trade.wait_state(client, one["order_id"], "expired", gateway=gateway)
        wait_login(venue, logins + 1, gateway)
        checks.equal(venue.asked[-1][0].strip(), b"", "it asks for the current session")
        time.sleep(0.3)
        checks.true(venue.login_count < logins + 40, "it asks from time to time: %d" % (venue.login_count - logins))
        venue.login = None
        trade.wait_open(client, gateway)
        two = client.place("e-2", PRICE - 100)
        trade.wait_state(client, two["order_id"], "new", gateway=gateway)
        with venue.lock:
            venue.chains.remove(chain)
        stage.finish(checks)


# --- files, and other gateways --------------------------------------------------------------------------------------

def daemon_fails(gateway, *more):
    done = subprocess.run(gateway.words(False) + list(more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=trade.WAIT_S, check=False)
    return done.returncode, done.stderr


def case_limits(checks, place):
    with trade.Stage(place, "limits") as stage:
        client, gateway = stage.client, stage.gateway
        checks.equal(client.place("m-1", PRICE).get("event"), "accepted", "as the first limits have it")
        for index, text in enumerate(("", "price_decimals: 4\nfirm: [\n", trade.limits_text("  no_such_key: 1"),
                                      trade.limits_text().replace("order_quantity: 100_000", "order_quantity: -1"),
                                      trade.limits_text().replace("order_notional", "#"), "\0\0\0")):
            trade.write_limits(gateway.limits, text=text)
            time.sleep(0.3)
            got = client.place("m-bad-%d" % index, PRICE - 100 - 100 * index)
            checks.equal(got.get("event"), "accepted", "the old limits stay in force beside %r: %s" % (text[:20], got))
        os.unlink(gateway.limits)
        time.sleep(0.3)
        checks.equal(client.place("m-2", PRICE - 1000).get("event"), "accepted", "also without a file")
        trade.write_limits(gateway.limits, text=trade.limits_text().replace("order_quantity: 100_000",
                                                                            "order_quantity: 50"))

        def tight():
            return client.place("m-3", PRICE - 1100).get("refusal") == "max_quantity"
        tries = []
        trade.wait_until("new limits", lambda: tries.append(1) or tight() or len(tries) > 1000)
        got = client.place("m-4", PRICE - 1200)
        checks.equal((got.get("refusal"), got.get("limit")), ("max_quantity", 50), "the new limits are in force")
        got = client.place("m-5", PRICE - 1300, quantity=50)
        checks.equal(got.get("event"), "accepted", "50 are fine")
        trade.wait_state(client, got["order_id"], "new")
        orders = stage.finish(checks)
        checks.equal(len(orders) >= 9, True, "orders")
    for what, text, words in (("missing", None, ("limits.yaml", "no such file")),
                              ("malformed", "price_decimals: 4\nfirm: [\n", ("limits.yaml:2:", "usage")),
                              ("without what is required", "price_decimals: 4\nfirm:\n  messages: 5\n", ("limits",))):
        venue = ll_venue.Venue()
        with venue:
            gateway = trade.Gateway(place, [venue], "no-limits-" + what.split()[0])
            if text is None:
                os.unlink(gateway.limits)
            else:
                trade.write_limits(gateway.limits, text=text)
            status, errors = daemon_fails(gateway)
            checks.true(status in (2, 4) and all(word in errors for word in words),
                        "limits %s: exit %d: %s" % (what, status, errors))
            checks.true(not os.path.exists(gateway.door), "limits %s: no door is left" % what)


def case_no_limits(checks, place):
    """Without any, every order is refused."""
    with ll_venue.Venue() as venue, trade.Gateway(place, [venue], "none", limits=False) as gateway:
        gateway.start()
        with trade.Client(gateway.door) as client:
            trade.wait_until("refusal by the limits", lambda: client.place("x", PRICE)["refusal"] in
                             ("no_limits", "unknown_instrument"), gateway=gateway)
            checks.equal(venue.entered(), [], "nothing is sent")
            gateway.stop()
        gateway.sound(checks, "no limits")


def case_two_gateways(checks, place):
    with trade.Stage(place, "first") as stage:
        client, venue = stage.client, stage.venue
        one = client.place("t-1", PRICE)
        trade.wait_state(client, one["order_id"], "new")
        second = trade.Gateway(place, [venue], "second")
        door, journal = second.door, second.journal
        second.journal = stage.gateway.journal
        status, errors = daemon_fails(second, "--resume")
        checks.true(status == 3 and "lifelined: " in errors, "two on one journal: exit %d: %s" % (status, errors))
        second.journal, second.door = journal, stage.gateway.door
        status, errors = daemon_fails(second)
        checks.true(status == 3 and stage.gateway.door in errors, "two at one door: exit %d: %s" % (status, errors))
        second.door = door
        checks.equal(len(venue.entered()), 1, "nothing was sent")
        checks.equal(client.status(one["order_id"])["state"], "new", "the first one goes on")
        got = client.place("t-2", PRICE - 100)
        trade.wait_open(client, stage.gateway)
        trade.wait_state(client, got["order_id"], "new", gateway=stage.gateway)
        stage.finish(checks)
        # A journal with records needs --resume; one that was made with other sizes is refused, not misread.
        status, errors = daemon_fails(stage.gateway)
        checks.true(status == 2 and "--resume" in errors, "no --resume: exit %d: %s" % (status, errors))


def case_dead_client(checks, place):
    """What a client had asked before it died is done; what it did not finish to write is not seen."""
    with trade.Stage(place, "dead") as stage:
        gateway, venue = stage.gateway, stage.venue
        dead = trade.Client(gateway.door)
        gateway.pause()
        lines = ["place account=A1 symbol=AAPL client_order_id=dead-%d side=0 quantity=1 price=%d\n" %
                 (n, PRICE - 100 * n) for n in range(50)]
        asked = dead.send_many(lines)
        for request in asked:
            assert request.asked.wait(trade.WAIT_S)
        dead.kill()
        gateway.go_on()
        trade.wait_until("50 orders", lambda: len(venue.chains) == 50, gateway=gateway)
        got = stage.client.place("dead-7", PRICE, quantity=1)
        checks.equal(got.get("event"), "existing", "another client finds what the dead one asked: %s" % got)
        checks.equal(len(venue.entered()), 50, "each once")
        dead.close()
        stage.finish(checks)


BOTH = ("ouch50", "ouch42")
CASES = ((case_identifiers, ()), (case_numbers, ()), (case_order_states, ()), (case_reports, BOTH),
         (case_connection, BOTH), (case_logins, ()), (case_new_day, BOTH), (case_missed_end, ()),
         (case_limits, ()), (case_no_limits, ()), (case_two_gateways, ()), (case_dead_client, ()))


def main():
    e2e.on_term()
    trade.need_programs()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    print("LL_SEED=0 (nothing here is random)")
    only = sys.argv[1:]
    checks = e2e.Checks()
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as place:
        for case, protocols in CASES:
            for words in [(protocol,) for protocol in protocols] or [()]:
                if only and case.__name__ not in only:
                    continue
                start = time.monotonic()
                try:
                    case(checks, place, *words)
                except AssertionError as error:
                    checks.true(False, "%s %s: %s" % (case.__name__, words, error))
                print("%-20s %-10s %.1f s" % (case.__name__, " ".join(words), time.monotonic() - start), flush=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
