#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job, whole: a simulated exchange, the gateway and a strategy on this machine, and afterwards the proof.

Starts lifeline-exchange, lifelined and lifeline-strategy on loopback, ends them in order, and holds what the gateway's
journal says against the exchange's own record, order by order and in money. No root, no card, no network interface.
"""
import argparse
import collections
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

NAMES = ("AAPL:187.15", "MSFT:402.50", "NVDA:121.30", "AMZN:178.20", "GOOG:141.80", "META:485.00", "TSLA:193.60",
         "ZXZZT:10.00")
USER, PASSWORD = "LIFE01", "LIFELINE"
MARK = "lifeline-demo"
WAIT_S = 30
DEVICE_LOST = 6  # exit status of lifelined: all is right, but not all was done on the device
UNITS = (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60))
LIMITS = """\
# SPDX-License-Identifier: Apache-2.0
# Limits of the demo. docs/limits.example.yaml explains every key.
price_decimals: 4
firm:
  collar_bps: 500
  reference_age: 60s
  order_quantity: 5_000
  order_notional: 2_000_000.00
  repeat_count: 3
  repeat_window: 1s
  exposure: 100_000_000_000.00
  position_long: 10_000_000
  position_short: 10_000_000
  messages: 8_000
  session_messages: 8_000
  message_window: 1s
accounts:
  "*":
    messages: 8_000
symbols:
  "*":
    messages: 8_000
instruments:
"""
EMULATED = {
    "sw_emu": "XRT's software emulation: its own runtime and driver, no card; the kernel is the card's, compiled for "
              "this processor",
    "hw_emu": "XRT's hardware emulation: its own runtime and driver, no card; the kernel's RTL, simulated"}
EPILOG = """\
examples:
  lifeline-demo                                            20 seconds
  lifeline-demo --clients 8 --rate 500 --duration 1m       more of it
  lifeline-demo --misbehave drop-every=300,delay=100       an exchange that closes connections and is slow to answer
  lifeline-demo --keep -- --send-before-durable            options behind -- go to lifelined; the journal stays
  lifeline-demo --device xrt --emulation sw_emu            the kernel on a card that XRT emulates (make hil)
  lifeline-demo --device xrt -- --device-binary k.xclbin   on a card
exit: 0 all is well and was checked; 1 something is wrong, it says what; 2 usage; 3 a program could not start"""


class Failed(Exception):
    """The text says what and where; `status` is the exit status."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


def seconds(text):
    for unit, factor in UNITS:
        number = text[:-len(unit)]
        if text.endswith(unit) and number.replace(".", "", 1).isdigit():
            return float(number) * factor
    raise argparse.ArgumentTypeError("%s: a time has a unit, such as 20s" % text)


def parse():
    parser = argparse.ArgumentParser(prog="lifeline-demo", description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=seconds, default=20.0, metavar="TIME", help="the strategy trades this long "
                        "(default 20s)")
    parser.add_argument("--clients", type=int, default=4, metavar="N", help="clients of the strategy (default 4)")
    parser.add_argument("--rate", type=int, default=100, metavar="N", help="actions of each per second (default 100)")
    parser.add_argument("--house-rate", type=int, default=2000, metavar="N", help="actions of the exchange's own "
                        "market maker per second (default 2000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of exchange and strategy (default 1)")
    parser.add_argument("--symbol", default=",".join(NAMES), metavar="NAME:PRICE,...", help="instruments")
    parser.add_argument("--misbehave", metavar="NAME=N,...", help="what the exchange does wrong, as its own option; "
                        "see lifeline-exchange --help")
    parser.add_argument("--mold-faults", default="loss=5", metavar="NAME=N,...", help="what goes wrong with line A of "
                        "the feed (default loss=5: five packets of 1000)")
    parser.add_argument("--device", default="cpu", metavar="NAME", help="where lifelined runs the kernel: cpu (the "
                        "default), pocl, xrt, xrt:N; `lifeline device list` shows what there is")
    parser.add_argument("--emulation", default="", choices=["", *EMULATED], help="XRT emulates the card in this way "
                        "(default: there is a card)")
    parser.add_argument("--dir", metavar="DIR", help="where limits, journal and logs go: made, or a former demo's "
                        "(default: a new one that goes away when all was well)")
    parser.add_argument("--keep", action="store_true", help="leave the new directory")
    parser.add_argument("--bin", metavar="DIR", help="where the programs are (default: beside this one, else "
                        "$LL_BIN, else the build)")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no live view")
    parser.add_argument("gateway", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 1 <= options.clients <= 64 or not 1 <= options.rate <= 100000:
        parser.error("--clients 1 to 64, --rate 1 to 100000")
    return options


def programs(options):
    here = os.path.dirname(os.path.realpath(__file__))
    build = os.path.join(os.path.dirname(here), "build", "gcc-release")
    for place in (options.bin, here, os.environ.get("LL_BIN"), build):
        if place and os.access(os.path.join(place, "lifelined"), os.X_OK):
            return place
    raise Failed("lifelined is not here: build it (make all) or give --bin DIR", 3)


def make_dir(options):
    """Only what a demo made is made anew."""
    if options.dir is None:
        return tempfile.mkdtemp(prefix=MARK + "-")
    if os.path.isdir(options.dir) and os.listdir(options.dir):
        if not os.path.exists(os.path.join(options.dir, MARK)):
            raise Failed("%s is not empty and not of a demo: give another --dir" % options.dir, 2)
        shutil.rmtree(options.dir)
    os.makedirs(options.dir, exist_ok=True)
    return options.dir


def free_ports(count):
    """UDP ports of loopback nobody has now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def ends_with_us():
    """In the child: its own session, so that Ctrl-C reaches us alone; and it ends when we are killed."""
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Demo:
    def __init__(self, options):
        self.options = options
        self.bin = programs(options)
        self.place = make_dir(options)
        self.running = {}  # name -> process, in the order of their start
        self.stopped = False
        with open(self.path(MARK), "w", encoding="ascii") as mark:
            mark.write("made by lifeline-demo\n")

    def path(self, name):
        return os.path.join(self.place, name)

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    # --- processes ---

    def start(self, name, *words, show=False, more=()):
        with open(self.path(name + ".out"), "wb") as out, open(self.path(name + ".err"), "wb") as err:
            self.running[name] = subprocess.Popen(
                [os.path.join(self.bin, name), *map(str, words)], stdin=subprocess.DEVNULL, stdout=out,
                stderr=None if show else err, env={**os.environ, **dict(more)}, preexec_fn=ends_with_us)
        return self.running[name]

    def stop(self, name, number=signal.SIGTERM, wait_s=WAIT_S):
        """Its exit status; ended by force, and failed, when it does not end."""
        process = self.running.pop(name, None)
        if process is None:
            return 0
        if process.poll() is None and number:
            process.send_signal(number)
        try:
            return process.wait(wait_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed("%s did not end within %d s" % (name, wait_s)) from None

    def stop_all(self):
        for name in list(self.running)[::-1]:
            try:
                self.stop(name)
            except Failed:
                pass

    def must_be_well(self, name, status):
        if status != 0:
            raise Failed("%s ended with status %d: %s" % (name, status, self.read(name + ".err")[-800:].strip()),
                         3 if status == 3 else 1)

    def must_run(self):
        for name, process in self.running.items():
            if name != "lifeline-strategy" and process.poll() is not None:
                status = process.returncode
                raise Failed("%s ended before its time, with status %d: %s" %
                             (name, status, self.read(name + ".err")[-800:].strip()), 3 if status == 3 else 1)

    def tool(self, *words):
        done = subprocess.run([os.path.join(self.bin, "lifeline"), *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failed("lifeline %s: status %d: %s" % (words[0], done.returncode,
                                                         done.stderr.decode("utf-8", "replace").strip()))
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    # --- the run ---

    def sizes(self):
        """Room for a day of this length; and for the verbs that read its journal."""
        options = self.options
        actions = int(options.clients * options.rate * options.duration) + 4096
        orders = max(65536, 2 * actions)
        room = ["--orders", "1048576", "--levels", "262144", "--books", "256",
                "--own-orders", str(orders), "--ids", str(8 * orders)]
        messages = max(1 << 20, int(4 * actions + 4 * options.house_rate * (options.duration + WAIT_S)))
        return room, min(orders * 2, 1 << 24), messages

    def write_limits(self):
        with open(self.path("limits.yaml"), "w", encoding="ascii") as file:
            file.write(LIMITS)
            for pair in self.options.symbol.split(","):
                file.write("  %s:\n    tick: 0.01\n    lot: 100\n" % pair.split(":")[0])
        with open(os.open(self.path("password"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")

    def start_exchange(self, day_orders, messages):
        options = self.options
        line_a, line_b = free_ports(2)
        words = ["--ouch50", "127.0.0.1:0", "--mold", "127.0.0.1:%d" % line_a, "--mold-b", "127.0.0.1:%d" % line_b,
                 "--rerequest", "127.0.0.1:0", "--symbol", options.symbol, "--seed", options.seed,
                 "--user", USER, "--password-file", self.path("password"), "--house-rate", options.house_rate,
                 "--mold-faults", options.mold_faults, "--bust-max", "300ms", "--day-orders", day_orders,
                 "--feed-messages", messages, "--record", self.path("record.jsonl"), "--json", "--quiet"]
        if options.misbehave:
            words += ["--misbehave", options.misbehave]
        self.start("lifeline-exchange", *words)
        end = time.monotonic() + WAIT_S
        while "\nready\n" not in self.read("lifeline-exchange.out"):
            self.must_run()
            if time.monotonic() > end:
                raise Failed("lifeline-exchange does not get ready", 3)
            time.sleep(0.02)
        listening = dict(line.split()[1:3] for line in self.read("lifeline-exchange.out").splitlines()
                         if line.startswith("listening "))
        feed = "udp:127.0.0.1:%d,127.0.0.1:%d" % (line_a, line_b)
        return feed, listening["ouch50"], listening["rerequest"]

    def start_gateway(self, feed, orders_to, ask_at, room):
        # It comes in the middle of the feed: from message 1 on it asks for what it missed.
        words = ["--feed", feed, "--start-sequence", "1", "--rerequest-server", ask_at, "--ouch50", orders_to,
                 "--user", USER, "--password-file", self.path("password"), "--limits", self.path("limits.yaml"),
                 "--door", self.path("door"), "--journal", self.path("journal"), "--json", *room]
        if self.options.device != "cpu":
            words += ["--device", self.options.device]
        if self.options.quiet:
            words.append("--quiet")
        more = {"XCL_EMULATION_MODE": self.options.emulation} if self.options.emulation else {}
        self.start("lifelined", *words, *self.options.gateway, show=not self.options.quiet, more=more)

    def trade(self):
        options = self.options
        strategy = self.start("lifeline-strategy", "--door", self.path("door"), "--symbol", options.symbol,
                              "--clients", options.clients, "--rate", options.rate, "--seed", options.seed,
                              "--duration", "%dms" % (options.duration * 1000), "--wait", "%ds" % WAIT_S, "--json")
        asked = False
        while strategy.poll() is None:
            self.must_run()
            if self.stopped and not asked:
                strategy.send_signal(signal.SIGINT)
                asked = True
            time.sleep(0.05)
        self.must_be_well("lifeline-strategy", self.stop("lifeline-strategy"))
        time.sleep(1 if options.misbehave else 0.2)  # what the exchange is late with
        self.must_run()

    def run(self):
        options = self.options
        room, day_orders, messages = self.sizes()
        if not options.quiet:
            print("A simulated exchange with %d instruments, the gateway, and %d clients with %d actions per second "
                  "each,\nfor %g s on this machine's loopback; then what the journal says is held against what the "
                  "exchange says.\n" % (options.symbol.count(",") + 1, options.clients, options.rate,
                                        options.duration), file=sys.stderr, flush=True)
        self.write_limits()
        feed, orders_to, ask_at = self.start_exchange(day_orders, messages)
        self.start_gateway(feed, orders_to, ask_at, room)
        self.trade()
        status = self.stop("lifelined")
        self.must_be_well("lifelined", 0 if status == DEVICE_LOST else status)  # its report says so, and the proof
        self.must_be_well("lifeline-exchange", self.stop("lifeline-exchange"))
        return room


# --- the proof --------------------------------------------------------------------------------------------------

def executed(links, link):
    """Lots and value of an order at the exchange: all links of its chain, without what was broken."""
    lots = value = count = 0
    while link is not None:
        for one in link["executions"]:
            if not one["broken"]:
                lots += one["quantity"]
                value += one["quantity"] * one["price"]
                count += 1
        link = links[link["replaces"]] if link["replaces"] is not None else None
    return lots, value, count


class Proof:
    """What the journal says against what the exchange says."""

    def __init__(self):
        self.done = []
        self.wrong = []

    def equal(self, what, ours, theirs, scope=""):
        if ours != theirs:
            self.wrong.append("%s%s: %s, but it has to be %s" % (scope and scope + ": ", what, ours, theirs))

    def orders(self, orders, links):
        """Every order has the fills of its chain at the exchange, and every chain there is an order's."""
        by_number = {link["user_ref_num"]: link for link in links}
        seen = set()
        fills = 0
        for order in orders:
            link = by_number.get(order["number"]) if order["number"] else None
            lots, value, count = executed(links, link)
            self.equal("filled", order["filled"], lots, "order " + order["order_id"])
            self.equal("value", order["notional"], value, "order " + order["order_id"])
            fills += count
            while link is not None:
                seen.add(link["user_ref_num"])
                link = links[link["replaces"]] if link["replaces"] is not None else None
        strange = [link["user_ref_num"] for link in links
                   if link["user_ref_num"] not in seen and (link["executions"] or link["open"])]
        self.equal("orders only the exchange knows", 0, len(strange))
        self.equal("live orders", sum(order["leaves"] for order in orders if order["state"] in (
            "pending", "submitted", "new", "partially_filled")), sum(link["open"] for link in links))
        self.done.append("%d orders, fill by fill, against the %d links of the exchange's record" %
                         (len(orders), len(links)))
        return fills

    def money(self, ledger, links):
        """The provider's accounts are the other side of every trade: lots and money to the last unit. What is in
        suspense, because its owner could not pay for it or give it back, stands on our side."""
        lots = collections.Counter()
        for link in links:
            sign = 1 if link["side"] == "B" else -1
            for one in link["executions"]:
                if not one["broken"]:
                    lots[link["symbol"]] += sign * one["quantity"]
                    lots["money"] -= sign * one["quantity"] * one["price"]
        booked = collections.Counter()
        for account in ledger:
            if account["kind"] == "provider":
                booked[account["asset"].strip()] -= account["balance"]
        for asset in sorted(set(lots) | set(booked)):
            self.equal("net " + asset, booked[asset], lots[asset])
        self.equal("locked", sum(a["balance"] for a in ledger if a["kind"] == "locked"), 0, "no order lives")
        self.done.append("the ledger's net money and lots of %d instruments, against the same record" %
                         (len(set(lots)) - 1))


def check_device(proof, device, options):
    """The kernel ran where it was to run, to the end, and its own tables are what they have to be."""
    if options.device == "cpu":
        return
    proof.equal("losses of the device", device["losses"], 0, device["last_loss"])
    proof.equal("the device", device["standing"], "there", "at the end")
    proof.equal("the device's tables and the gateway's", device["tables_equal"], True)
    if device["device_answers"] == 0:
        proof.wrong.append("the device answered nothing: there was nothing to check")
    proof.done.append("the device's own tables, summed there: books %s, orders %s, as in the gateway" %
                      (device["book_hash"], device["life_hash"]))


def prove(demo, room):
    proof = Proof()
    journal = demo.path("journal")
    verified = demo.tool("verify", "--json", journal)[0]
    proof.done.append("journal: %d records, every checksum" % verified["records"])
    checked = demo.tool("check", "--json", *room, journal)[0]
    proof.done.append("journal replayed: same verdicts; books, %d identifiers, ledger, risk hold" % checked["ids"])
    orders = demo.tool("orders", "--all", "--json", *room, journal)
    ledger = demo.tool("ledger", "--json", *room, journal)
    links = [json.loads(line) for line in demo.read("record.jsonl").splitlines()]
    gateway = json.loads(demo.read("lifelined.out"))
    exchange = json.loads(demo.read("lifeline-exchange.out").splitlines()[-1])
    strategy = json.loads(demo.read("lifeline-strategy.out"))
    trading = gateway["trading"]
    fills = proof.orders(orders, links)
    proof.money(ledger, links)
    proof.equal("fills", trading["fills"], fills + sum(one["broken"] for link in links for one in link["executions"]))
    proof.equal("state hash of the journal and of the run", checked["state_hash"], trading["state_hash"])
    proof.equal("books of the journal and of the run", checked["books_hash"], gateway["state_hash"])
    proof.equal("events of the journal", checked["events"], verified["records"])
    check_device(proof, gateway["device"], demo.options)
    if fills == 0:
        proof.wrong.append("nothing was filled: there was nothing to check")
    return proof, {"strategy": strategy, "gateway": gateway, "exchange": exchange}


# --- the summary ------------------------------------------------------------------------------------------------

def money(ticks):
    sign, size = ("-", -ticks) if ticks < 0 else ("", ticks)
    return "%s%s.%04d" % (sign, format(size // 10000, ","), size % 10000)


def duration(ns):
    for factor, unit in ((10**9, "s"), (10**6, "ms"), (10**3, "us")):
        if ns >= factor:
            return "%.3g %s" % (ns / factor, unit)
    return "%d ns" % ns


def top(counts, most=4):
    found = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    return ", ".join("%s %d" % (name, count) for count, name in found[:most]) or "none"


def show_device(device, options):
    if options.device == "cpu":
        return
    print("device    %s; at the end %s; lost %d times, loaded anew %d" % (
        device["is"], device["standing"], device["losses"], device["reloads"]))
    print("answers   %d of the device to %d book updates and %d questions about orders" % (
        device["device_answers"], device["updates"], device["asks"]))
    for what, key in (("books", "book_trip_ns"), ("orders", "order_trip_ns")):
        print("trips     %s: %d, p50 %s, p99 %s, p99.9 %s, max %s" % (
            what, device[key]["count"], *(duration(device[key][rank]) for rank in ("p50", "p99", "p99_9", "max"))))
    if options.emulation:
        print("EMULATED  %s.\n          Its times say nothing about a card." % EMULATED[options.emulation])


def show(demo, proof, found):
    trading, strategy = found["gateway"]["trading"], found["strategy"]
    ended, wire = trading["ended"], trading["order_to_wire_ns"]
    print()
    print("asked     %d requests of %d clients: %d accepted, %d refused (%s), %d asked before" % (
        strategy["requests"], strategy["clients"], strategy["accepted"], strategy["refused"],
        top(strategy["refusals"]), strategy["existing"]))
    print("orders    %d: %d filled, %d cancelled, %d rejected; %d stops triggered; %d messages to the exchange" % (
        trading["orders"], ended.get("filled", 0), ended.get("cancelled", 0), ended.get("rejected", 0),
        trading["triggers"], trading["sends"]))
    print("fills     %d of %d lots, worth %s; resting ones told first by the session %d, by the feed %d" % (
        trading["fills"], strategy["filled_lots"], money(strategy["value"]), trading["private_first"],
        trading["public_first"]))
    print("money     %s available, %s locked in %d accounts" % (
        money(trading["ledger"]["money_available"]), money(trading["ledger"]["money_locked"]),
        trading["ledger"]["accounts"]))
    print("feed      %d messages, %d asked for again, %d gaps given up, %d exceptions" % (
        found["gateway"]["messages"], found["gateway"]["requests"], found["gateway"]["gaps_given_up"],
        found["gateway"]["exceptions"]))
    print("session   %d reconnects, %d requests unanswered in time, report exceptions: %s" % (
        sum(one["reconnects"] for one in trading["sessions"]), trading["timeouts"],
        top({name: count for name, count in trading["verdicts"].items() if name != "ok"})))
    print("latency   order to wire p50 %s, p99 %s, max %s; answers to clients p50 %s, p99 %s" % (
        *(duration(wire[key]) for key in ("p50", "p99", "max")),
        *(duration(strategy["answer_ns"][key]) for key in ("p50", "p99"))))
    show_device(found["gateway"]["device"], demo.options)
    for index, text in enumerate(proof.done):
        print("%-9s %s" % ("checked" if index == 0 else "", text))
    if demo.options.dir or demo.options.keep or proof.wrong:
        print("kept      %s: journal, record.jsonl, limits.yaml, logs" % demo.place)


def main():
    options = parse()
    demo = None
    proof, found, status, error = Proof(), {}, 1, ""
    try:
        demo = Demo(options)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(demo, "stopped", True))
        proof, found = prove(demo, demo.run())
        status = 1 if proof.wrong else 0
    except Failed as failure:
        error, status = str(failure), failure.status
    except (OSError, ValueError, KeyError, IndexError) as failure:
        error = "%s: %s" % (type(failure).__name__, failure)
    finally:
        if demo:
            demo.stop_all()
    if options.json:
        print(json.dumps({"good": status == 0, "error": error, "wrong": proof.wrong, "checked": proof.done, **found}))
    elif found:
        show(demo, proof, found)
    for text in proof.wrong[:10] if not options.json else []:
        print("WRONG     " + text)
    if error:
        print("lifeline-demo: %s" % error, file=sys.stderr)
        if demo:
            print("logs and journal: " + demo.place, file=sys.stderr)
    elif not options.json:
        print("good" if status == 0 else "%d things are WRONG" % len(proof.wrong))
    if demo and status == 0 and not options.dir and not options.keep:
        shutil.rmtree(demo.place)
    sys.exit(status)


if __name__ == "__main__":
    main()
