# SPDX-License-Identifier: Apache-2.0
"""A client that trades at random, and a venue that answers at random: what crashes and faults are tried out on.

Every order that the trader wants has a key and a price of its own, so the venue's record alone says how often it was
sent.
"""
import time

import ll_trade as trade

OVER = ("filled", "cancelled", "rejected", "expired")
# Never crossing while there are few enough: one does not trade with oneself.
BUY_FROM, SELL_FROM, MARKET = 1000000, 1700000, 1500000


class Wish:
    """One order that the trader wants, and all it was told about it."""

    def __init__(self, number, rng, meets):
        self.key = "key-%d" % number
        self.side = rng.choice((trade.BUY, trade.BUY, trade.SELL))
        self.price = (SELL_FROM if self.side == trade.SELL else BUY_FROM) + 100 * number
        if rng.random() < meets:  # at a price that the market has
            self.price = MARKET + (-100 if self.side == trade.SELL else 100) * (20 + number)
        self.quantity = rng.randint(1, 50)
        self.order_id = None
        self.refused = None
        self.session = 0


class Trader:
    """meets: of the orders so many, 0..1, are at the market's price."""

    def __init__(self, client, rng, most_waiting=20, meets=0.0, sessions=1):
        self.client = client
        self.rng = rng
        self.wishes = []
        self.told = {}      # identifier -> order_id, as a durable answer said
        self.waiting = []   # (request, wish or None)
        self.most_waiting = most_waiting
        self.meets = meets
        self.sessions = sessions
        self.problems = []
        self.named = 0

    # --- asking ----------------------------------------------------------------------------------------------------

    def turn(self):
        """Takes answers, and asks for something."""
        self.listen()
        if len(self.waiting) >= self.most_waiting:
            return
        known = [wish for wish in self.wishes[-40:] if wish.order_id]
        choice = self.rng.random()
        if not known or choice < 0.4:
            self.wish()
        elif choice < 0.6:
            self.act("cancel", self.rng.choice(known), quantity=0)
        elif choice < 0.8:
            wish = self.rng.choice(known)
            self.act("replace", wish, quantity=wish.quantity + self.rng.randint(0, 30),
                     price=wish.price + 1000000 * (wish.side == trade.SELL) - 100 * self.rng.randint(0, 3))
        elif choice < 0.9:
            self.act("stoploss-add", self.rng.choice(known), stop_price=100)
        else:
            self.ask_again(self.rng.choice(self.wishes[-40:]))

    def wish(self):
        wish = Wish(len(self.wishes) + 1, self.rng, self.meets)
        wish.session = self.rng.randrange(self.sessions)
        self.wishes.append(wish)
        self.ask_again(wish)

    def ask_again(self, wish):
        """The same key again never makes a second order."""
        request = self.client.send("place", account="A1", symbol="AAPL", client_order_id=wish.key, side=wish.side,
                                   quantity=wish.quantity, price=wish.price, strategy="S", session=wish.session)
        self.waiting.append((request, wish))

    def act(self, verb, wish, **words):
        self.named += 1
        if self.rng.random() < 0.5:
            words["lifecycle_id"] = "act-%d" % self.named
        self.waiting.append((self.client.send(verb, target=self.rng.choice(self.names_of(wish)), **words), wish))

    def names_of(self, wish):
        return [name for name, order in self.told.items() if order == wish.order_id][-3:] or [wish.order_id]

    # --- answers ---------------------------------------------------------------------------------------------------

    def listen(self):
        still = []
        for request, wish in self.waiting:
            if request.answered.is_set():
                self.take(request, wish)
            else:
                still.append((request, wish))
        self.waiting = still

    def take(self, request, wish):
        event = request.event
        if "error" in event:
            return
        if request.line.startswith("place "):
            if event["event"] in ("accepted", "existing"):
                if wish.order_id not in (None, event["order_id"]):
                    self.problems.append("%s was %s and is now %s" % (wish.key, wish.order_id, event["order_id"]))
                wish.order_id = event["order_id"]
                wish.refused = None
            elif wish.order_id and event["event"] == "refused":
                self.problems.append("%s is known as %s, and was refused: %s" % (wish.key, wish.order_id, event))
            elif event["event"] == "refused":
                wish.refused = event["refusal"]
        if event["event"] in ("accepted", "existing") and event["durable"]:
            for name in (event["order_id"], event["lifecycle_id"]):
                if name and self.told.setdefault(name, event["order_id"]) != event["order_id"]:
                    self.problems.append("%s was of %s and is of %s" % (name, self.told[name], event["order_id"]))

    def gateway_went(self):
        """What was not answered may have been taken or not."""
        self.listen()
        self.waiting = []

    # --- the end ---------------------------------------------------------------------------------------------------

    def settle(self, gateway):
        """Asks again for everything without an answer, and waits until nothing is under way."""
        trade.wait_open(self.client, gateway)
        for request, wish in self.waiting:
            request.wait()
            self.take(request, wish)
        self.waiting = []
        asked = [wish for wish in self.wishes if not wish.order_id]
        for wish in asked:
            self.ask_again(wish)
            request = self.waiting.pop()[0]
            request.wait()
            self.take(request, wish)

        restless = []

        def calm():
            answers = self.client.ask_all("status", "target", [wish.order_id for wish in self.wishes if wish.order_id])
            restless[:] = [answer for answer in answers if answer["state"] in ("pending", "submitted", "failed")]
            # A replace that is not answered yet holds money as well; only the journal tells.
            restless[:] = restless or [order for order in gateway.orders() if order["request_outstanding"]]
            return not restless
        try:
            trade.wait_until("calm", calm, limit_s=20, gateway=gateway)
        except AssertionError as error:
            raise AssertionError("%s: %d orders are restless, such as %s" % (error, len(restless),
                                                                             restless[:2])) from error

    def end_everything(self, gateway):
        """The kill latch cancels what lives; where an exchange passed that over, it is asked again."""
        got = self.client.ask("kill", scope=0, notes="the end of the test")
        assert got.get("event") == "accepted", got
        names = [wish.order_id for wish in self.wishes if wish.order_id]
        end = time.monotonic() + 30
        while True:
            live = [answer for answer in self.client.ask_all("status", "target", names) if answer["state"] not in OVER]
            if not live:
                return
            assert time.monotonic() < end, "%d orders still live, such as %s: %s" % (len(live), live[0],
                                                                                    gateway.errors()[-500:])
            for answer in live:
                self.client.ask("cancel", target=answer["order_id"])
            time.sleep(0.05)

    def check_told(self, checks, what):
        """Every identifier that a client was ever told resolves to the order it was told."""
        answers = self.client.ask_all("resolve", "lifecycle_id", list(self.told))
        wrong = [(name, answer) for name, answer in zip(self.told, answers)
                 if answer.get("order_id") != self.told[name]]
        checks.true(not wrong, "%s: %d of %d identifiers: %s" % (what, len(wrong), len(answers), wrong[:3]))
        checks.true(not self.problems, "%s: %s" % (what, self.problems[:3]))

    def check_sent_once(self, checks, what, venues):
        """The venue's record alone: no wish was taken twice, none that was accepted is missing."""
        for wish in self.wishes:
            chains = [chain for venue in venues for chain in venue.asked_at(wish.price)]
            taken = [chain for chain in chains if chain.state != "rejected"]
            checks.true(len(taken) <= 1, "%s: %s went out more than once: %s" % (what, wish.key, taken))
            if taken:
                checks.true(wish.order_id, "%s: %s is at the venue, and its client does not know" % (what, wish.key))


class Fate:
    """What a venue does with requests: drawn from a seed. The rates are per mille."""

    def __init__(self, rng, **rates):
        self.rng = rng
        self.rates = dict({"fill": 300, "retry": 30, "final": 30, "fill_on_cancel": 100, "fill_on_replace": 100,
                           "bust": 30, "cancel": 30, "drop": 5, "lose": 5, "delay": 100, "pass_over": 5}, **rates)
        self.counts = {}

    def draws(self, what):
        if self.rng.random() * 1000 >= self.rates[what]:
            return False
        self.counts[what] = self.counts.get(what, 0) + 1
        return True

    def __call__(self, venue, request):
        """A policy of ll_venue.Venue."""
        if request.kind not in ("enter", "cancel", "replace"):
            return False
        if self.draws("lose"):
            venue.drop()
            return True
        if self.draws("delay"):  # of all that comes behind it too: messages of a port are worked in order
            venue.held = []
            venue.after(self.rng.uniform(0, 0.02), lambda: self.go_on(venue, request))
        elif self.draws("pass_over"):
            venue.pass_over(request)
        else:
            self.work(venue, request)
        if self.draws("drop"):
            venue.drop()
        return True

    def go_on(self, venue, request):
        self.work(venue, request)
        venue.release()

    def work(self, venue, request):
        if request.kind == "enter":
            self.enter(venue, request)
            return
        chain = venue.by_number.get(request.old or request.number)
        if chain and chain.state == "live" and self.draws("fill_on_" + request.kind):
            self.trade(venue, chain, chain.open if self.rng.random() < 0.5 else self.rng.randint(1, chain.open))
        if request.kind == "cancel":
            venue.cancel(request)
        else:
            venue.replace(request)

    def enter(self, venue, request):
        if self.draws("retry"):
            venue.reject(request, final=False)
        elif self.draws("final"):
            venue.reject(request)
        else:
            chain = venue.enter(request)
            if chain and chain.state == "live":
                if self.draws("fill"):
                    venue.after(self.rng.uniform(0, 0.03), lambda: self.part(venue, chain))
                if self.draws("cancel"):
                    venue.after(self.rng.uniform(0, 0.05), lambda: self.end(venue, chain))

    def part(self, venue, chain):
        if chain.state == "live":
            self.trade(venue, chain, self.rng.randint(1, chain.open))

    @staticmethod
    def end(venue, chain):
        if chain.state == "live":
            venue.gone(chain)

    def trade(self, venue, chain, lots):
        match = venue.fill(chain, lots)
        if self.draws("bust"):
            venue.after(self.rng.uniform(0, 0.05), lambda: venue.bust(chain, match))
