# SPDX-License-Identifier: Apache-2.0
"""What the tests of trading share: a gateway, clients of it, limits, a public feed, and the comparison of what the
gateway believes with what the venue knows.
"""
import collections
import datetime
import json
import os
import signal
import socket
import subprocess
import threading
import time

import ll_e2e as e2e
import ll_exchange
import ll_venue

LIFELINED = os.path.join(e2e.BIN, "lifelined")
CLIENT = os.path.join(e2e.BIN, "tests", "e2e", "ll_trade_client")
WAIT_S = 60
# Small tables and segments: a start takes some 50 ms.
STATE = ["--orders", "1024", "--levels", "1024", "--books", "16", "--own-orders", "4096", "--ids", "65536",
         "--instruments", "16"]
RUN = ["--memory-mb", "16", "--segment-bytes", "256K", "--quiet", "--json"]
TICKS = 10000
MONEY = 10**9 * TICKS  # what a rich account has, in ticks
LOTS = 10**6           # and of AAPL
DEPOSITS = {("A1", "money"): MONEY, ("A1", "AAPL"): LOTS}
BUY, SELL, SHORT = 0, 1, 2
LIMIT, MARKET = 0, 1
DAY, IOC, FOK = 0, 1, 2

LIMITS = """price_decimals: 4
firm:
  collar_bps: 9000
  reference_age: 5s
  prior_close_age: 4d
  order_quantity: 100_000
  order_notional: 100_000_000.00
  messages: 8000
  message_window: 1s
{more}
instruments:
  AAPL:
    tick: 0.01
    lot: 1
    state: trading
    prior_close: 150.00
    prior_close_date: {date}
  MSFT:
    tick: 0.01
    lot: 1
    state: trading
    prior_close: 150.00
    prior_close_date: {date}
"""


def need_programs():
    e2e.need_tool()
    for program in (LIFELINED, CLIENT):
        if not os.access(program, os.X_OK):
            e2e.skip("%s is not built" % program)


def limits_text(more=""):
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
    return LIMITS.format(date=day.isoformat(), more=more)


def write_limits(path, more="", text=None):
    """As a person would: a new file takes the place of the old one at once."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(limits_text(more) if text is None else text)
    os.replace(path + ".new", path)
    return path


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- the gateway ----------------------------------------------------------------------------------------------------

class Gateway:
    """lifelined, as often as it is started."""

    def __init__(self, place, venues, name="gateway", limits=True, more=(), feed_port=None):
        self.journal = place.path(name + "-journal")
        self.door = place.path(name + "-door")
        self.limits = write_limits(place.path(name + "-limits.yaml")) if limits else None
        self.errors_path = place.path(name + "-stderr")
        self.feed_port = feed_port or free_port()
        self.feed = ["--feed", "udp:127.0.0.1:%d" % self.feed_port]
        self.password = place.path("password")
        with open(self.password, "w", encoding="ascii") as file:
            file.write("LIFELINE\n")
        self.venues = venues
        self.more = list(more)
        self.process = None
        self.starts = 0

    def words(self, resume):
        words = [LIFELINED, *self.feed, *STATE, *RUN, "--journal", self.journal,
                 "--door", self.door, "--answer-timeout", "300ms", "--retry", "100ms", "--reconnect", "20ms",
                 "--silence", "2s"]
        for venue in self.venues:
            words += ["--" + venue.protocol, venue.address]
        if self.limits:
            words += ["--limits", self.limits]
        words += ["--user", "LIFE01", "--password-file", self.password, *self.more]
        return words + (["--resume"] if resume else [])

    def start(self, resume=None, more=()):
        resume = self.starts > 0 if resume is None else resume
        self.starts += 1
        with open(self.errors_path, "ab") as errors:
            self.process = subprocess.Popen(self.words(resume) + list(more), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=errors)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def errors(self):
        with open(self.errors_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        """As a power cut would, but for what the kernel has been given."""
        if self.process:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
                self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """Ends it in order; the report as JSON, or None and the reason is in errors()."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=WAIT_S)
        status = self.process.returncode
        self.process = None
        return status, json.loads(out) if out else None

    def look(self, verb, *words):
        return e2e.tool(verb, *STATE, "--trade", *words)

    def lines(self, verb, *words):
        """What a verb that reads the journal prints, one JSON object per line."""
        run = self.look(verb, "--json", *words)
        assert run.status == 0, "%s %s: %s" % (verb, words, run)
        return [json.loads(line) for line in run.out.splitlines()]

    def orders(self):
        return self.lines("orders", "--all", self.journal)

    def ledger(self):
        return {(row["owner"], row["asset"].strip(), row["kind"]): row["balance"]
                for row in self.lines("ledger", self.journal)}

    def history(self, any_id):
        return self.lines("history", self.journal, any_id)

    def sound(self, checks, what):
        """The journal is whole, and all that must be true is true."""
        found = e2e.tool("verify", "--json", self.journal)
        checks.true(found.status == 0 and found.json["status"] == "intact", "%s: verify: %s" % (what, found))
        found = self.look("check", self.journal)
        checks.true(found.status == 0, "%s: check: %s" % (what, found))


# --- the simulated exchange ------------------------------------------------------------------------------------------

class Account:
    """An account at lifeline-exchange: what the gateway's session talks to, and its part of the exchange's record."""

    def __init__(self, exchange, number, protocol, address):
        self.exchange = exchange
        self.number = number
        self.protocol = protocol
        self.address = address
        self.lock = threading.RLock()
        self.chains = []

    def asked_at(self, price):
        return [chain for chain in self.chains if chain.asked_price == price]


class RealExchange:
    """lifeline-exchange with an account per protocol, and the feed for a gateway."""

    def __init__(self, place, protocols, *words, name="exchange"):
        self.record_path = place.path(name + "-record.jsonl")
        self.feed_port = free_port()
        listen = [word for protocol in sorted(protocols, reverse=True) for word in ("--" + protocol, "127.0.0.1:0")]
        self.process = ll_exchange.Exchange(*listen, "--mold", "127.0.0.1:%d" % self.feed_port, "--rerequest",
                                            "127.0.0.1:0", "--record", self.record_path, "--symbol",
                                            "AAPL:150.00,MSFT:150.00", "--house-lots", 3, *words)
        self.accounts = [Account(self, number + 1, protocol, "%s:%d" % self.process.address(protocol))
                         for number, protocol in enumerate(sorted(protocols, reverse=True))]
        self.rerequest = "%s:%d" % self.process.address("rerequest")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def gateway(self, place, name="gateway", **more):
        words = ["--start-sequence", "1", "--rerequest-server", self.rerequest] + list(more.pop("more", ()))
        return Gateway(place, self.accounts, name, feed_port=self.feed_port, more=words, **more)

    def refresh(self, rows=None):
        """The exchange's own record, as it is now unless given, made into chains."""
        rows = self.process.record_now(self.record_path) if rows is None else rows
        for account in self.accounts:
            mine = [row for row in rows if row["port"] == account.number]
            chains = []
            for index, row in enumerate(mine):
                if row["replaces"] is None and row["state"] != "used":
                    chains.append(self.chain(mine, index))
            with account.lock:
                account.chains = chains

    @staticmethod
    def chain(rows, index):
        row = rows[index]
        chain = ll_venue.Chain(RealExchange.number(row), row["side"], row["quantity"], row["symbol"].encode(),
                               row["price"])
        chain.links = []
        while row is not None:
            chain.links.append(RealExchange.number(row))
            chain.fills += [[each["match"], each["quantity"], each["price"], each["broken"]]
                            for each in row["executions"]]
            chain.open, chain.state, chain.price = row["open"], row["state"], row["price"]
            row = rows[row["replaced_by"]] if row["replaced_by"] is not None else None
        return chain

    @staticmethod
    def number(row):
        return row["user_ref_num"] if row["token"] is None else ll_venue.token_number(row["token"].encode())


# --- clients --------------------------------------------------------------------------------------------------------

class Request:
    def __init__(self, line):
        self.line = line
        self.number = None
        self.error = None
        self.event = None     # the answer
        self.asked = threading.Event()
        self.answered = threading.Event()

    def wait(self, limit_s=WAIT_S):
        """The answer; an error of the library has "error" instead of "event"."""
        assert self.answered.wait(limit_s), "no answer to: " + self.line
        return self.event

    def __str__(self):
        return "%s -> %s" % (self.line.strip(), self.event)


def encoded(value):
    data = value if isinstance(value, bytes) else str(value).encode()
    return "".join(chr(byte) if 0x21 <= byte < 0x7F and byte != 0x25 else "%%%02X" % byte for byte in data)


class Client:
    """One strategy: a process of its own, which comes in through the door."""

    def __init__(self, door, limit_s=WAIT_S):
        end = time.monotonic() + limit_s
        while True:
            self.process = subprocess.Popen([CLIENT, door], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, text=True)
            first = self.process.stdout.readline()
            if first:
                break
            reason = self.process.communicate()[1]
            assert time.monotonic() < end, "no gateway: " + reason
            time.sleep(0.02)
        self.lock = threading.Lock()
        self.asking = collections.deque()
        self.requests = {}
        self.raw = {}
        self.early = {}
        self.news = []
        self.gone = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.stdin.close()
                self.process.wait(timeout=5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def read(self):
        for line in self.process.stdout:
            found = json.loads(line)
            with self.lock:
                self.take(found)

    def take(self, found):
        if "request" in found:
            request = self.asking.popleft()
            request.number = found["request"]
            request.asked.set()
            if not request.number:
                request.event = found
                request.answered.set()
            else:
                kept = self.raw if request.line.startswith("raw ") else self.requests
                kept[request.number] = request
                if (kept is self.raw, request.number) in self.early:
                    self.answer(kept, self.early.pop((kept is self.raw, request.number)))
        elif "error" in found:
            request = self.asking.popleft()
            request.error = found["error"]
            request.event = found
            request.asked.set()
            request.answered.set()
        elif "gone" in found:
            self.gone.append(found)
        elif found["answers"] and found["event"] != "request_failed":
            self.answer(self.raw if found.get("raw") else self.requests, found)
        else:
            self.news.append(found)

    def answer(self, kept, found):
        request = kept.get(found["answers"])
        if request is None:
            self.early[(kept is self.raw, found["answers"])] = found
            return
        request.event = found
        request.answered.set()

    def send(self, verb, /, **words):
        line = " ".join([verb] + ["%s=%s" % (key, encoded(value)) for key, value in words.items()]) + "\n"
        request = Request(line)
        with self.lock:
            self.asking.append(request)
            self.process.stdin.write(line)
            self.process.stdin.flush()
        return request

    def send_many(self, lines):
        """Lines that lie in the client's pipe together, so that it asks them in one go."""
        requests = [Request(line) for line in lines]
        with self.lock:
            self.asking.extend(requests)
            self.process.stdin.write("".join(lines))
            self.process.stdin.flush()
        return requests

    def ask(self, verb, /, limit_s=WAIT_S, **words):
        return self.send(verb, **words).wait(limit_s)

    def ask_all(self, verb, key, values):
        """The same question about each value, as many at once as a client's ring takes."""
        answers = []
        for first in range(0, len(values), 64):
            asked = [self.send(verb, **{key: value}) for value in values[first:first + 64]]
            answers += [request.wait() for request in asked]
        return answers

    def place(self, key, price, quantity=100, side=BUY, account="A1", symbol="AAPL", **words):
        return self.ask("place", account=account, symbol=symbol, client_order_id=key, side=side, quantity=quantity,
                        price=price, **words)

    def status(self, target):
        return self.ask("status", target=target)

    def come_back(self, limit_s=WAIT_S):
        """After the gateway has gone: in again, as soon as it is there."""
        end = time.monotonic() + limit_s
        while self.ask("reopen").get("error"):
            assert time.monotonic() < end, "the gateway did not come back"
            time.sleep(0.005)

    def fund(self, account="A1", money=MONEY, **assets):
        """A gateway that has just started may still be reading limits."""
        got = self.ask("deposit", account=account, amount=money, client_order_id="fund-" + account)
        assert got.get("event") == "accepted", got
        for symbol, lots in assets.items():
            got = self.ask("deposit", account=account, symbol=symbol, amount=lots,
                           client_order_id="fund-%s-%s" % (account, symbol))
            assert got.get("event") == "accepted", got


def wait_until(what, condition, limit_s=WAIT_S, gateway=None):
    end = time.monotonic() + limit_s
    while True:
        got = condition()
        if got:
            return got
        if gateway and gateway.process and gateway.process.poll() is not None:
            raise AssertionError("the gateway ended while waiting for %s: %s" % (what, gateway.errors()[-2000:]))
        assert time.monotonic() < end, "no " + what
        time.sleep(0.005)


def wait_open(client, gateway=None, session=0, account="PROBE"):
    """Until the session takes orders. The probe itself can never be placed: its quantity is beyond every limit."""
    def is_open():
        got = client.ask("place", account=account, symbol="AAPL", client_order_id="probe", side=BUY, quantity=10**12,
                         price=1500000, session=session)
        return got.get("refusal") not in ("not_open", None) or got.get("error")
    wait_until("open session", is_open, gateway=gateway)


def wait_state(client, target, *states, limit_s=WAIT_S, gateway=None):
    """Until the order is in one of these states; the last answer."""
    last = {}

    def there():
        last.update(client.status(target))
        return last.get("state") in states
    try:
        wait_until("state %s" % (states,), there, limit_s, gateway)
    except AssertionError as error:
        raise AssertionError("%s of %s: %s" % (error, target, last)) from error
    return last


# --- the public feed ------------------------------------------------------------------------------------------------

class Feed:
    """A little MoldUDP64 feed that sets best prices."""

    def __init__(self, port, symbols=("AAPL", "MSFT")):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port = port
        self.sequence = 1
        self.ref = 10**12
        self.quotes = {}
        self.locates = {name: i + 1 for i, name in enumerate(symbols)}
        self.sent = []
        self.send([e2e.system(b"O", self.now())] + [e2e.directory(self.locates[name], name, self.now())
                                                    for name in symbols])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    @staticmethod
    def now():
        return time.time_ns() % (86400 * 10**9)

    def send(self, messages):
        self.sent.append((self.sequence, messages))
        self.socket.sendto(e2e.mold(self.sequence, messages), ("127.0.0.1", self.port))
        self.sequence += len(messages)

    def again(self):
        """The whole feed once more: for a gateway that was not there, or has it already."""
        for sequence, messages in self.sent:
            self.socket.sendto(e2e.mold(sequence, messages), ("127.0.0.1", self.port))

    def quote(self, symbol, bid, ask, shares=10000):
        """Best prices, in ticks; the ones before go."""
        locate = self.locates[symbol]
        messages = [e2e.delete(locate, ref, self.now()) for ref in self.quotes.pop(symbol, ())]
        refs = []
        for side, price in ((b"B", bid), (b"S", ask)):
            self.ref += 1
            refs.append(self.ref)
            messages.append(e2e.add(locate, self.ref, side, shares, symbol, price, self.now()))
        self.quotes[symbol] = refs
        self.send(messages)


# --- gateway against venue ------------------------------------------------------------------------------------------

LIVE_STATES = ("new", "partially_filled")


def expected_order(chain):
    """State, open and filled lots, money: what a gateway that knows all of it says."""
    filled = chain.executed()
    state = chain.state
    if state == "live":
        state = "partially_filled" if chain.fills else "new"
    return state, chain.open, filled, chain.notional()


def reconcile(checks, what, gateway, venues, deposits):
    """Every order of the venue is known to the gateway and the same there; the gateway has no other one that it thinks
    was taken; the ledger is what the executions make of the deposits: {(account, asset): amount}. Returns the gateway's
    orders."""
    orders = gateway.orders()
    by_number = {(order["session"], order["number"]): order for order in orders if order["number"]}
    seen = set()
    for session, venue in enumerate(venues):
        with venue.lock:
            for chain in venue.chains:
                order = by_number.get((session, chain.links[-1]))
                if chain.state == "rejected":  # it may have been tried again under another number
                    continue
                if not checks.true(order is not None, "%s: the gateway does not know %s" % (what, chain)):
                    continue
                checks.true(order["order_id"] not in seen, "%s: two orders at the venue for %s" % (what, order))
                seen.add(order["order_id"])
                got = (order["state"], order["leaves"] if chain.state == "live" else 0, order["filled"],
                       order["notional"])
                checks.equal(got, expected_order(chain), "%s: %s, %s" % (what, order["order_id"], chain))
    for order in orders:
        if order["order_id"] not in seen:
            checks.true(order["state"] in ("rejected", "failed", "cancelled", "expired") and not order["filled"],
                        "%s: the venue does not know %s" % (what, order))
    check_ledger(checks, what, gateway, venues, orders, deposits)
    return orders


def check_ledger(checks, what, gateway, venues, orders, deposits, account="A1"):
    """Money and lots of one account that did all the trading."""
    wanted = collections.Counter({asset: amount for (owner, asset), amount in deposits.items() if owner == account})
    locked = collections.Counter()
    for venue in venues:
        with venue.lock:
            for chain in venue.chains:
                sign = 1 if chain.side == "B" else -1
                symbol = chain.symbol.decode().strip()
                wanted["money"] -= sign * chain.notional()
                wanted[symbol] += sign * chain.executed()
    for order in orders:
        if order["state"] in LIVE_STATES + ("pending", "submitted", "failed"):
            if order["side"] == "buy":
                locked["money"] += order["leaves"] * order["price"]
            elif order["side"] == "sell":
                locked[order["symbol"].strip()] += order["leaves"]
    ledger = gateway.ledger()
    for asset in set(wanted) | set(locked):
        have = ledger.get((account, asset, "available"), 0) + ledger.get((account, asset, "locked"), 0)
        checks.equal(have, wanted[asset], "%s: %s of %s" % (what, asset, account))
        checks.equal(ledger.get((account, asset, "locked"), 0), locked[asset], "%s: locked %s" % (what, asset))
    by_asset = collections.Counter()
    for (_, asset, _), balance in ledger.items():
        by_asset[asset] += balance
    checks.true(not any(by_asset.values()), "%s: the ledger sums to %s" % (what, dict(by_asset)))


# --- a gateway, a scripted venue, a client --------------------------------------------------------------------------

class Stage:
    """The three of them, and money."""

    def __init__(self, place, name, protocol="ouch50", policy=None, **more):
        self.name = name
        self.venue = ll_venue.Venue(protocol, policy=policy)
        self.gateway = Gateway(place, [self.venue], name, **more)
        self.client = self.feed = None

    def begin(self):
        self.gateway.start()
        self.client = Client(self.gateway.door)
        wait_open(self.client, self.gateway)
        self.client.fund(AAPL=LOTS)

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.gateway.kill()
        for each in (self.client, self.feed):
            if each:
                each.__exit__()
        self.venue.__exit__()

    def chain(self, event):
        """The venue's order of an answer, as soon as it is there."""
        return wait_until("order at the venue", lambda: self.venue.asked_at(event["price"]))[-1]

    def finish(self, checks, compare=True):
        status, report = self.gateway.stop()
        checks.true(status == 0 and report, "%s: exit %s: %s" % (self.name, status, self.gateway.errors()[-1000:]))
        self.gateway.sound(checks, self.name)
        checks.true(self.venue.failure is None, "%s: the venue: %r" % (self.name, self.venue.failure))
        if compare:
            return reconcile(checks, self.name, self.gateway, [self.venue], DEPOSITS)
        return self.gateway.orders()
