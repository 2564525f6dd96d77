#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: however many clients ask at once, one order leaves where one shall, a latch stops what it stops, and no client
can hurt the others.

Method: real client processes at one gateway, which is held still while their requests gather in the rings, so that it
finds all of them at once. Venues are scripted or lifeline-exchange; their records say what left.
"""
import json
import os
import random
import signal
import sys
import time

import ll_e2e as e2e
import ll_trade as trade
import ll_venue

PRICE = 1500000
BURST_FROM = 1000000
CLIENTS = 50


def clients_of(gateway, count):
    clients = []
    try:
        for _ in range(count):
            clients.append(trade.Client(gateway.door))
    except BaseException:
        close_all(clients)
        raise
    return clients


def close_all(clients):
    for client in clients:
        client.close()


def all_at_once(gateway, clients, words_of):
    """Every client's request lies in its ring before the gateway sees the first."""
    gateway.pause()
    asked = [client.send("place", **words_of(number)) for number, client in enumerate(clients)]
    for request in asked:
        assert request.asked.wait(trade.WAIT_S), "the ring took it"
    gateway.go_on()
    return [request.wait() for request in asked]


def one_exit(checks, place, name, venues, gateway, entered, refresh=lambda: None):
    """`entered`: how many orders of this price the venue has seen."""
    gateway.start()
    clients = []
    try:
        client = trade.Client(gateway.door)
        clients.append(client)
        trade.wait_open(client, gateway)
        client.fund(AAPL=trade.LOTS)
        clients += clients_of(gateway, CLIENTS)
        exit_order = dict(account="A1", symbol="AAPL", side=trade.SELL, exit=1, reference="P-1")
        # The same key, as if one strategy ran fifty times.
        answers = all_at_once(gateway, clients[1:], lambda _: dict(exit_order, client_order_id="exit-1", quantity=100,
                                                                   price=PRICE + 5000))
        kinds = sorted(answer["event"] for answer in answers)
        checks.equal(kinds, ["accepted"] + ["existing"] * (CLIENTS - 1), name + ": one was first")
        checks.equal(len({answer["order_id"] for answer in answers}), 1, name + ": fifty equal answers")
        # Keys of their own: still only one exit for an account, a symbol and a side.
        answers = all_at_once(gateway, clients[1:], lambda n: dict(exit_order, client_order_id="exit-2-%d" % n,
                                                                   quantity=100, price=PRICE + 6000))
        checks.equal({answer["event"] for answer in answers}, {"existing"}, name + ": the first exit is still active")
        first = answers[0]["order_id"]
        accepted = client.ask("cancel", target=first)
        checks.equal(accepted.get("event"), "accepted", name + ": cancel")
        trade.wait_state(client, first, "cancelled", gateway=gateway)
        answers = all_at_once(gateway, clients[1:], lambda n: dict(exit_order, client_order_id="exit-3-%d" % n,
                                                                   quantity=100, price=PRICE + 7000))
        kinds = sorted(answer["event"] for answer in answers)
        checks.equal(kinds, ["accepted"] + ["existing"] * (CLIENTS - 1), name + ": again one was first")
        checks.equal(len({answer["order_id"] for answer in answers}), 1, name + ": and all know it")
        trade.wait_state(client, answers[0]["order_id"], "new", gateway=gateway)
        # Entries have no such rule: each leaves once.
        answers = all_at_once(gateway, clients[1:], lambda n: dict(account="A1", symbol="AAPL", side=trade.BUY,
                                                                   client_order_id="entry-%d" % n, quantity=1 + n,
                                                                   price=PRICE - 200000 - 100 * n))
        checks.equal({answer["event"] for answer in answers}, {"accepted"}, name + ": fifty entries")
        for answer in answers:
            trade.wait_state(client, answer["order_id"], "new", gateway=gateway)
        refresh()
        checks.equal([entered(PRICE + price) for price in (5000, 6000, 7000)], [1, 0, 1], name + ": exits at the venue")
        checks.equal([entered(PRICE - 200000 - 100 * n) for n in range(CLIENTS)], [1] * CLIENTS, name + ": entries")
    finally:
        close_all(clients)
    status, _ = gateway.stop()
    checks.equal(status, 0, name + ": exit")
    gateway.sound(checks, name)
    trade.reconcile(checks, name, gateway, venues, trade.DEPOSITS)


def case_one_exit(checks, place, protocol):
    with ll_venue.Venue(protocol) as venue, trade.Gateway(place, [venue], "exit-" + protocol) as gateway:
        one_exit(checks, place, "scripted " + protocol, [venue], gateway,
                 lambda price: len([r for r in venue.entered() if r.price == price]))


def case_one_exit_exchange(checks, place, protocol):
    with trade.RealExchange(place, [protocol], "--house-rate", 0, "--misbehave", "delay=300", name="x-" + protocol) as \
            exchange, exchange.gateway(place, "x-exit-" + protocol) as gateway:
        account = exchange.accounts[0]
        one_exit(checks, place, "exchange " + protocol, exchange.accounts, gateway,
                 lambda price: len(account.asked_at(price)), exchange.refresh)


def burst_lines(first, count, side=trade.BUY):
    return ["place account=A1 symbol=AAPL client_order_id=burst-%d side=%d quantity=1 price=%d\n" %
            (n, side, BURST_FROM + 100 * n) for n in range(first, first + count)]


def case_kill(checks, place, protocol):
    """The latch in the middle of a burst: nothing new behind it, cancels go on, and it outlives the gateway."""
    with ll_venue.Venue(protocol) as venue, trade.Gateway(place, [venue], "kill-" + protocol) as gateway:
        gateway.start()
        clients = clients_of(gateway, 6)
        try:
            client = clients[0]
            trade.wait_open(client, gateway)
            client.fund(AAPL=trade.LOTS)
            resting = [client.place("rest-%d" % n, PRICE - 100 * n)["order_id"] for n in range(10)]
            for order_id in resting:
                trade.wait_state(client, order_id, "new", gateway=gateway)
            gateway.pause()
            asked = []
            for number, each in enumerate(clients[1:]):
                asked += each.send_many(burst_lines(100 * number, 100))
            for request in asked:
                assert request.asked.wait(trade.WAIT_S)
            cancels = [client.send("cancel", target=order_id) for order_id in resting[:5]]
            kill = client.send("kill", scope=0, notes="the test")
            more = [client.send("cancel", target=order_id) for order_id in resting[5:]]
            gateway.go_on()
            killed = kill.wait()
            checks.equal(killed.get("event"), "accepted", "kill")
            later = [clients[1].send("place", account="A1", symbol="AAPL", client_order_id="late-%d" % n, side=0,
                                     quantity=1, price=PRICE - 400000 - 100 * n) for n in range(20)]
            answers = [request.wait() for request in asked + later]
            taken = [answer for answer in answers if answer["event"] == "accepted"]
            refusals = {answer["refusal"] for answer in answers if answer["event"] == "refused"}
            checks.equal(refusals, {"killed"}, "what came behind the latch is refused")
            checks.true(all(answer["event_id"] < killed["event_id"] for answer in taken),
                        "what was taken came before it")
            checks.true(all(answer["event_id"] > killed["event_id"] for answer in answers
                            if answer["event"] == "refused"), "what was refused came behind it")
            checks.true(all(request.wait()["event"] == "refused" and request.wait()["refusal"] == "killed"
                            for request in later), "late ones")
            for request in cancels + more:  # the latch itself may have been quicker
                got = request.wait()
                checks.true(got["event"] == "accepted" or got["refusal"] in ("request_outstanding", "order_ended"),
                            "cancel: %s" % got)
            names = resting + [answer["order_id"] for answer in taken]
            trade.wait_until("all cancelled", lambda: all(
                answer["state"] == "cancelled" for answer in client.ask_all("status", "target", names)),
                             gateway=gateway)
            checks.equal(len(venue.entered()), len(names), "orders at the venue")
            got = client.ask("replace", target=names[0], quantity=5, price=PRICE)
            checks.equal(got["event"], "refused", "no replace")
            # The latch is in the journal.
            gateway.kill()
            gateway.start()
            client.come_back()
            trade.wait_until("session", lambda: client.place("after", PRICE).get("refusal") == "killed",
                             gateway=gateway)
            got = client.ask("unkill", scope=0, notes="the test is over")
            checks.equal(got.get("event"), "accepted", "unkill")
            got = client.place("after", PRICE)
            checks.equal(got.get("event"), "accepted", "and it goes on: %s" % got)
            trade.wait_state(client, got["order_id"], "new", gateway=gateway)
        finally:
            close_all(clients)
        gateway.stop()
        gateway.sound(checks, "kill")
        trade.reconcile(checks, "kill " + protocol, gateway, [venue], trade.DEPOSITS)
        check_sent_behind(checks, gateway, killed["event_id"])
        print("%s: %d taken before the latch, %d refused" % (protocol, len(taken), len(answers) - len(taken)))


def check_sent_behind(checks, gateway, event_id):
    """The journal: between the kill and the unkill no new order and no replace left."""
    kinds = []
    for line in e2e.tool("dump", gateway.journal).out.splitlines():
        record = json.loads(line)
        if record["event_id"] > event_id and record["kind"] == "sent":
            kinds.append(bytes.fromhex(record["payload"])[4:5])
    checks.equal(kinds.count(b"O"), 1, "one order behind the kill: that behind the unkill")
    checks.equal(kinds.count(b"U"), 0, "no replace behind it")
    checks.true(kinds.count(b"X") > 0, "cancels leave")


def case_dying_clients(checks, place, seed):
    """Clients killed at any instant: what is in the ring is done or not, never half, and the others go on."""
    rng = random.Random(seed)
    with ll_venue.Venue() as venue, trade.Gateway(place, [venue], "dying") as gateway:
        gateway.start()
        with trade.Client(gateway.door) as client:
            trade.wait_open(client, gateway)
            client.fund(AAPL=trade.LOTS)
            first = 0
            for turn in range(25):
                dying = clients_of(gateway, rng.randint(1, 3))
                if rng.random() < 0.5:
                    gateway.pause()
                for each in dying:
                    each.send_many(burst_lines(first, rng.randint(1, 40)))
                    first += 40
                time.sleep(rng.uniform(0, 0.01))
                for each in dying:
                    each.kill()
                gateway.go_on()
                got = client.place("still-%d" % turn, PRICE - 100 * turn)
                checks.equal(got.get("event"), "accepted", "the others go on: %s" % got)
                close_all(dying)
            keys = ["burst-%d" % n for n in range(first)]
            again = [client.place(key, BURST_FROM + 100 * n, quantity=1) for n, key in enumerate(keys)]
            known = sum(answer["event"] == "existing" for answer in again)
            refused = [answer for answer in again if answer["event"] == "refused"]
            checks.true(not refused, "%d refused, such as %s" % (len(refused), refused[:1]))
            trade.wait_until("all at the venue", lambda: len(venue.chains) == first + 25, gateway=gateway)
            checks.true(0 < known <= first, "some of it was done: %d of %d" % (known, first))
            prices = [request.price for request in venue.entered()]
            checks.equal(len(prices), len(set(prices)), "each order left once")
        time.sleep(0.1)
        gateway.stop()
        gateway.sound(checks, "dying")
        trade.reconcile(checks, "dying", gateway, [venue], trade.DEPOSITS)
        print("of %d requests of clients that died %d were done" % (first, known))


def case_sleeping_client(checks, place):
    """One that does not read its news loses some, is told how many, and holds nobody up."""
    with ll_venue.Venue() as venue, trade.Gateway(place, [venue], "sleepy") as gateway:
        gateway.start()
        with trade.Client(gateway.door) as sleeper, trade.Client(gateway.door) as other:
            trade.wait_open(other, gateway)
            other.fund(AAPL=trade.LOTS)
            order = sleeper.place("big", PRICE, quantity=5000)
            trade.wait_state(sleeper, order["order_id"], "new", gateway=gateway)
            sleeper.process.send_signal(signal.SIGSTOP)
            chain = venue.asked_at(PRICE)[0]
            for _ in range(2000):
                venue.fill(chain, 1)
            trade.wait_until("fills", lambda: other.status(order["order_id"])["filled"] == 2000, gateway=gateway)
            got = other.place("quick", PRICE - 100)
            checks.equal(got.get("event"), "accepted", "the other one is served")
            sleeper.process.send_signal(signal.SIGCONT)
            got = sleeper.status(order["order_id"])
            checks.equal(got.get("filled"), 2000, "the sleeper asks, and knows all of it")
            lost = trade.wait_until("word of the loss", lambda: [n for n in sleeper.news if n["event"] == "lost"])
            checks.true(sum(item["value"] for item in lost) > 1000, "it is told how much it missed: %s" % lost)
            venue.fill(chain, 3000)
            trade.wait_until("news again", lambda: any(n["state"] == "filled" for n in sleeper.news), gateway=gateway)
        gateway.stop()
        gateway.sound(checks, "sleepy")
        trade.reconcile(checks, "sleepy", gateway, [venue], trade.DEPOSITS)


def case_flood(checks, where, name, deaf):
    """More at once than may wait for the disk or for a venue that does not read: requests wait in their rings."""
    with ll_venue.Venue(small_window=deaf) as venue, \
            trade.Gateway(where, [venue], name, more=["--answer-timeout", "20s"]) as gateway:
        gateway.start()
        clients = clients_of(gateway, 30)
        try:
            trade.wait_open(clients[0], gateway)
            clients[0].fund(AAPL=trade.LOTS)
            gateway.pause()
            venue.deaf = deaf
            asked = []
            for number, client in enumerate(clients):
                asked += client.send_many(burst_lines(100 * number, 100))
            for request in asked:
                assert request.asked.wait(trade.WAIT_S)
            gateway.go_on()
            if deaf:
                time.sleep(0.5)
                venue.deaf = False
            for request in asked:
                got = request.wait()
                checks.true(got.get("event") == "accepted", "%s: %s" % (name, got))
            trade.wait_until("3000 orders", lambda: len(venue.chains) == 3000, gateway=gateway)
            checks.equal(len(venue.entered()), 3000, name + ": each once")
            names = [request.event["order_id"] for request in asked]
            trade.wait_until("all known", lambda: all(
                answer["state"] == "new" for answer in clients[0].ask_all("status", "target", names)), gateway=gateway)
        finally:
            close_all(clients)
        status, _ = gateway.stop()
        checks.equal(status, 0, name + ": exit: " + gateway.errors()[-500:])
        gateway.sound(checks, name)
        trade.reconcile(checks, name, gateway, [venue], trade.DEPOSITS)


def main():
    e2e.on_term()
    trade.need_programs()
    seed = e2e.seed()
    checks = e2e.Checks()
    with e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as place, e2e.Place() as disk:
        cases = [(case, place, protocol) for case in (case_one_exit, case_one_exit_exchange, case_kill)
                 for protocol in ("ouch50", "ouch42")]
        cases += [(case_dying_clients, place, seed), (case_sleeping_client, place),
                  (case_flood, place, "in memory", False), (case_flood, disk, "on disk", False),
                  (case_flood, place, "deaf", True)]
        for case, *words in cases:
            if sys.argv[1:] and case.__name__ not in sys.argv[1:]:
                continue
            start = time.monotonic()
            try:
                case(checks, *words)
            except AssertionError as error:
                checks.true(False, "%s: %s" % (case.__name__, error))
            print("%-24s %.1f s" % (case.__name__, time.monotonic() - start), flush=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
