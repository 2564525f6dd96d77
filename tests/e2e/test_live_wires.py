#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# limit 240 s
"""Goal: on real wires nothing is lost and nothing is done twice: the lines come past the kernel through AF_XDP, orders
go through the kernel on the same interface, the wire loses, repeats, delays and reorders, the gateway is killed, and at
the end every message, frame, order, fill and unit of money is accounted for.
Method: lifeline-exchange in a network namespace of its own, a wire with faults (ll_wire, and netem where the kernel has
it), lifelined at the other end with a client that trades at random. The wire says what it delivered, the steering
program what it took and passed, the exchange what it sent and did; all of them must agree exactly. The same with an
af_packet port, and once more from the wire's own capture. Whatever stands in the way of AF_XDP is tried out. Nothing
may be left behind. Needs root; skipped otherwise.
"""
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time

import ll_e2e as e2e
import ll_exchange
import ll_link
import ll_processes
import ll_trade as trade
import ll_trader

LINE_A, LINE_B = "239.77.0.1:26477", "239.77.0.2:26478"
ORDERS_PORT, ANSWERS_PORT = 26400, 26480
OBJECT = os.path.join(e2e.BIN, "ll_steer.bpf.o")
TRADE_S = 1.5
MARGIN_S, PAUSES = 0.05, 5
# Of 1000 frames; bursts, so that both lines lose the same message now and then.
FAULTS = {"loss": 8, "burst": 8, "repeat": 10, "delay_us": 500, "late": 30, "more_us": 3000}
LINES = ["--line-a", LINE_A, "--line-b", LINE_B]
FOREIGN = """
#include <linux/bpf.h>
__attribute__((section("xdp"), used)) int somebody_else(struct xdp_md *context) { (void)context; return XDP_PASS; }
char _license[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
"""


class Exchange(trade.RealExchange):
    """At the other end of the link."""

    def __init__(self, place, link, name, seed):
        self.record_path = place.path(name + "-record.jsonl")
        here = ll_link.EXCHANGE
        self.process = ll_exchange.Exchange(
            "--ouch50", "%s:%d" % (here, ORDERS_PORT), "--mold", LINE_A, "--mold-b", LINE_B, "--interface", here + ":0",
            "--rerequest", "%s:%d" % (here, ANSWERS_PORT), "--record", self.record_path, "--symbol",
            "AAPL:150.00,MSFT:150.00", "--house-lots", 3, "--house-rate", 500, "--seed", seed, before=link.there)
        self.accounts = [trade.Account(self, 1, "ouch50", "%s:%d" % (here, ORDERS_PORT))]
        self.rerequest = "%s:%d" % (here, ANSWERS_PORT)


class Gateway(trade.Gateway):
    """With a port on the link, and a live view: it says how far it is."""

    def __init__(self, place, exchange, name, kind):
        more = ["--start-sequence", "1", "--rerequest-server", exchange.rerequest, "--gap-timeout", "60s",
                "--memory-mb", "96", *LINES]
        super().__init__(place, exchange.accounts, name, more=more, feed_port=1)
        self.kind = kind
        self.feed = ["--feed", kind + ":gw0"]

    def words(self, resume):
        return [word for word in super().words(resume) if word != "--quiet"]

    def wait_ready(self):
        """All its flows are listed, or its banner says that the port is open."""
        def is_ready():
            if self.kind == "af_xdp":
                counts = flows()
                return counts if counts and len(counts["flows"]) == 2 else None
            return "  port      line A" in self.errors()
        return trade.wait_until("port", is_ready, gateway=self)

    def live(self):
        """The last line of the live view."""
        lines = [line for line in self.errors().splitlines() if line.startswith("elapsed_ms=")]
        return {key: int(value) for key, value in (word.split("=") for word in lines[-1].split())} if lines else {}


def flows():
    """What the steering program counted; None when there is none."""
    run = e2e.tool("flows", "--json", "gw0")
    return run.json if run.status == 0 else None


def has_program():
    return "prog/xdp" in subprocess.run(["ip", "-d", "link", "show", "gw0"], stdout=subprocess.PIPE, check=True,
                                        text=True).stdout


def difference(now, before):
    return {key: (now[key][0] - before[key][0], now[key][1] - before[key][1]) for key in now}


def seen(counts):
    """The program's counts as the wire has them: flows that found no socket are told apart by nobody."""
    def both(*names):
        return tuple(sum(counts["passes"][name][unit] for name in names) for unit in ("packets", "bytes"))
    found = {each["flow"]: (each["packets"], each["bytes"]) for each in counts["flows"]}
    found.update(udp=both("other_udp"), tcp=both("tcp"), no_socket=both("no_socket"),
                 other=both("other", "other_ip", "ipv6", "vlan", "fragment", "ip_options", "too_short"))
    return found


# --- one session ----------------------------------------------------------------------------------------------------

class Session:
    """A day on the link, through one kind of port."""

    def __init__(self, checks, place, kind, rng):
        self.checks = checks
        self.place = place
        self.kind = kind
        self.rng = rng
        self.base = None     # what the wire had delivered when the running program began to count

    def run(self):
        seed = self.rng.getrandbits(31)
        with ll_link.Link(self.place, self.kind, seed, [LINE_A, LINE_B], ANSWERS_PORT) as link:
            self.base = link.say("hold")["delivered"]
            with Exchange(self.place, link, self.kind, seed) as exchange, \
                    Gateway(self.place, exchange, self.kind, self.kind) as gateway:
                gateway.start()
                gateway.wait_ready()
                self.faults(link)
                link.say("go")
                self.trade(link, exchange, gateway)
            self.checks.true(not has_program(), self.kind + ": an XDP program is left")
            return link.record

    def faults(self, link):
        if link.netem("delay", "500us", "1ms", "loss", "3%", "50%", "reorder", "5%"):
            print("%s: faults by netem" % self.kind, flush=True)
        else:
            link.faults(**FAULTS)

    def trade(self, link, exchange, gateway):
        with trade.Client(gateway.door) as client:
            trade.wait_open(client, gateway)
            client.fund(AAPL=trade.LOTS)
            trader = ll_trader.Trader(client, random.Random(self.rng.getrandbits(31)), meets=0.3)
            self.work(trader)
            if self.kind == "af_xdp":
                self.pause(link, gateway)
                self.kill(link, gateway)
                trader.gateway_went()
                client.come_back()
                trade.wait_open(client, gateway)
                self.work(trader)
            link.calm()
            calm_ms = gateway.live().get("elapsed_ms", 0)
            trader.settle(gateway)
            trader.end_everything(gateway)
            trader.settle(gateway)
            trader.check_told(self.checks, self.kind)
            # Nobody answers when the exchange is gone; and until then no hole comes any more.
            trade.wait_until("filled holes", lambda: gateway.live().get("elapsed_ms", 0) > calm_ms and
                             gateway.live()["open"] == 0, gateway=gateway)
            summary = exchange.process.stop()
            self.wait_for_all(link, gateway)
            self.end(link, exchange, gateway, trader, summary)

    @staticmethod
    def work(trader):
        end = time.monotonic() + TRADE_S
        while time.monotonic() < end:
            trader.turn()
            time.sleep(0.002)

    def wait_for_all(self, link, gateway):
        """Until the gateway has looked at every datagram that was delivered."""
        def is_there():
            counts = link.say("stats")
            delivered = difference(counts["delivered"], self.base)
            live = gateway.live()
            return not counts["queued"] and live["datagrams"] + live["missed"] == delivered[LINE_A][0] + \
                delivered[LINE_B][0] and live["open"] == 0
        trade.wait_until("whole feed", is_there, gateway=gateway)

    def pause(self, link, gateway):
        """What comes while the gateway does not look has the time when it came, and not when it was looked at. What
        waits behind a hole has that of its filling, so one try may not show it."""
        seen_it = any(self.pause_once(link, gateway) for _ in range(PAUSES))
        self.checks.true(seen_it, "no record says that it came during a pause")

    @staticmethod
    def pause_once(link, gateway):
        def delivered():
            return link.say("stats")["delivered"][LINE_A][0]

        def meanwhile():
            records = e2e.dump(gateway.journal)[1]
            return any(first_ns < record["time_ns"] < last_ns for record in records if record["kind"] == "feed")
        gateway.pause()
        time.sleep(MARGIN_S)
        first_ns, before = time.time_ns(), delivered()
        ll_processes.wait_until(lambda: delivered() > before + 20)
        last_ns = time.time_ns()
        time.sleep(MARGIN_S)
        gateway.go_on()
        return ll_processes.wait_until(meanwhile, 2)

    def kill(self, link, gateway):
        """In the middle of it. The program stays, passes what it took, and goes at the next start."""
        gateway.kill()
        self.checks.true(has_program(), "the program of a killed gateway stays")
        ll_processes.wait_until(lambda: flows()["passes"]["no_socket"]["packets"])
        left = self.compare(link, "killed")
        self.checks.true(left["no_socket"][0] > 0, "nothing passed while the gateway was dead: %s" % left)
        before = flows()["program_id"]
        self.base = link.say("stats")["delivered"]
        gateway.start()
        trade.wait_until("another program", lambda: (flows() or {}).get("program_id", before) != before,
                         gateway=gateway)
        gateway.wait_ready()
        link.say("go")

    def compare(self, link, what):
        """Every frame that the wire has delivered is in exactly one count of the program. Holds the wire."""
        link.say("hold")
        last = {}

        def is_equal():
            delivered = difference(link.say("stats")["delivered"], self.base)
            last.update(wire=delivered, program=seen(flows()))
            lines = [sum(column) for column in zip(delivered[LINE_A], delivered[LINE_B])]
            program = last["program"]
            taken = [sum(column) for column in zip(program[LINE_A], program[LINE_B], program["no_socket"])]
            return taken == lines and all(program[key] == delivered[key] for key in ("udp", "tcp", "other"))
        equal = ll_processes.wait_until(is_equal, 5)
        self.checks.true(equal, "%s: the wire delivered %s, the program has %s" % (what, last["wire"], last["program"]))
        return last["program"]

    # --- the end ---

    def end(self, link, exchange, gateway, trader, summary):
        checks, kind = self.checks, self.kind
        last = None
        if kind == "af_xdp":
            last = self.compare(link, "at the end")
            checks.equal(last["no_socket"], (0, 0), "frames of flows without a socket")
            checks.true(last["tcp"][0] > 0, "no order went through the kernel: %s" % last)
            for line in (LINE_A, LINE_B):
                delivered = difference(link.say("stats")["delivered"], self.base)
                checks.equal(last[line], delivered[line], "frames and bytes of " + line)
            show_counts(checks, last)
            link.say("go")
        counts = link.say("stats")
        status, report = gateway.stop()
        checks.true(status == 0 and report, "%s: exit %s: %s" % (kind, status, gateway.errors()[-1000:]))
        self.check_report(report, last, counts, summary)
        gateway.sound(checks, kind)
        exchange.refresh(ll_exchange.read_record(exchange.record_path))
        trader.check_sent_once(checks, kind, exchange.accounts)
        orders = trade.reconcile(checks, kind, gateway, exchange.accounts, trade.DEPOSITS)
        filled = sum(order["filled"] for order in orders)
        checks.true(filled > 0, kind + ": nothing was filled")
        print("%s: %d messages; the wire delivered %d frames to the lines, lost %d, repeated %d, %d late; %d "
              "re-requests; %d orders, %d lots filled; missed by the port %d" %
              (kind, report["messages"], sum(counts["delivered"][line][0] for line in (LINE_A, LINE_B)), counts["lost"],
               counts["repeated"], counts["late"], report["requests_sent"], len(orders), filled,
               report["port"]["missed"]), flush=True)
        self.report = report

    def check_report(self, report, last, counts, summary):
        """Messages to the last one, and frames of the port."""
        checks, kind, port = self.checks, self.kind, report["port"]
        checks.equal(report["messages"], summary["feed"]["messages"], kind + ": messages of the exchange")
        checks.true(summary["feed"]["whole"], kind + ": the exchange's feed is whole")
        for key in ("gaps_given_up", "messages_lost", "bad_packets", "wrong_session", "exceptions"):
            checks.equal(report[key], 0, "%s: %s" % (kind, key))
        checks.true(report["requests_sent"] > 0 and report["duplicates"] > 0, "%s: the wire was too good: %s" %
                    (kind, {key: report[key] for key in ("requests_sent", "duplicates")}))
        checks.equal((counts["refused"], counts["overflowed"], counts["queued"]), (0, 0, 0), kind + ": the wire itself")
        wanted = sum((last or difference(counts["delivered"], self.base))[line][0] for line in (LINE_A, LINE_B))
        checks.equal(port["datagrams"] + port["missed"], wanted, kind + ": datagrams of the lines")
        if kind == "af_xdp":
            checks.equal(port["frames"], port["datagrams"], "only its flows come to the port: %s" % port)
        else:
            checks.true(port["not_udp"] > 0, "af_packet sees all: %s" % port)


def show_counts(checks, last):
    """As a person sees them: by our own verb, and by bpftool."""
    shown = e2e.tool("flows", "gw0")
    for line in (LINE_A, LINE_B):
        rows = [row.split() for row in shown.out.splitlines() if row.strip().startswith(line)]
        checks.equal([row[1].replace(",", "") for row in rows], [str(last[line][0])], "lifeline flows: " + line)
    checks.true("  tcp " in shown.out and "in the driver" in shown.out, "lifeline flows: %s" % shown)
    if not shutil.which("bpftool"):
        print("in part: bpftool is not installed", flush=True)
        return
    counts = flows()
    dumped = subprocess.run(["bpftool", "--json", "map", "dump", "id", str(counts["flows_map_id"])],
                            stdout=subprocess.PIPE, check=True).stdout
    found = {"%s:%d" % (".".join(map(str, row["formatted"]["key"]["address"])), row["formatted"]["key"]["port"]):
             sum(cpu["value"]["packets"] for cpu in row["formatted"]["values"]) for row in json.loads(dumped)}
    checks.equal(found, {line: last[line][0] for line in (LINE_A, LINE_B)}, "bpftool: packets of the flows")
    dumped = subprocess.run(["bpftool", "--json", "map", "dump", "id", str(counts["passes_map_id"])],
                            stdout=subprocess.PIPE, check=True).stdout
    tcp = sum(cpu["value"]["tcp"]["packets"] for cpu in json.loads(dumped)[0]["formatted"]["values"])
    checks.equal(tcp, last["tcp"][0], "bpftool: TCP that passed")


def replay(checks, session, record):
    """What the wire delivered, answers too, is the whole day: the same books from the capture."""
    rerequest = ["--rerequest", "%s:%d" % (ll_link.GATEWAY, ANSWERS_PORT)]
    start = ["--start-sequence", "1", *LINES, *rerequest, "--gap-timeout", "60s"]
    got = e2e.replay(record, *start[:-2], small=False)
    what = session.kind + ": replay of the capture"
    if checks.true(got.status == 0 and got.json is not None, "%s: %s" % (what, got)):
        checks.equal(e2e.outcome(got.json), e2e.outcome(session.report), what)
        checks.equal(got.json["messages_lost"], 0, what + ": lost")
    done = subprocess.run([trade.LIFELINED, "--feed", "pcap:" + record, "--speed", "max", *start, "--no-journal",
                           "--quiet", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=e2e_limit(), check=False)
    if checks.true(done.returncode == 0, "%s by lifelined: %s" % (what, done.stderr[-500:])):
        checks.equal(e2e.outcome(json.loads(done.stdout)), e2e.outcome(session.report), what + " by lifelined")


def e2e_limit():
    return 60


# --- what stands in the way -----------------------------------------------------------------------------------------

def refused(checks, what, words, *wanted, program=trade.LIFELINED, **more):
    """Ends with status 3, and the reason has these words."""
    done = subprocess.run([program, "--no-journal", "--quiet", "--memory-mb", "96", *trade.STATE[:6], *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=e2e_limit(), check=False, **more)
    checks.true(done.returncode == 3 and all(word in done.stderr for word in wanted),
                "%s: exit %d, not 3 with %s: %s" % (what, done.returncode, wanted, done.stderr[-500:]))


def foreign_program(place):
    """Compiled, and attached by `ip`, as anybody could; False when that is not to be had."""
    source, built = place.path("foreign.c"), place.path("foreign.o")
    with open(source, "w", encoding="ascii") as file:
        file.write(FOREIGN)
    multiarch = subprocess.run(["gcc", "-print-multiarch"], stdout=subprocess.PIPE, check=False, text=True).stdout
    done = subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-I/usr/include/" + multiarch.strip(), "-c", source,
                           "-o", built], check=False) if shutil.which("clang") else None
    return done is not None and done.returncode == 0 and \
        ll_link.run("ip", "link", "set", "dev", "gw0", "xdp", "obj", built, "sec", "xdp", check=False) == 0


def in_the_way(checks, place):
    """Each is named, with what to do, and nothing is touched."""
    with ll_link.Link(place, "refused", 1, [LINE_A, LINE_B], ANSWERS_PORT):
        af_xdp = ["--feed", "af_xdp:gw0", *LINES]
        refused(checks, "absent", ["--feed", "af_xdp:absent0", *LINES], "no interface 'absent0'", "ip link")
        refused(checks, "wrong queue", ["--feed", "af_xdp:gw0,queue=9", *LINES], "no receive queue 9", "ethtool -l gw0")
        refused(checks, "not root", af_xdp, "AF_XDP needs root", user=65534, group=65534, extra_groups=[],
                program=copy_of(place, trade.LIFELINED, OBJECT))
        refused(checks, "program missing", af_xdp, "is neither beside this program", "make all",
                program=copy_of(place, trade.LIFELINED))
        refused(checks, "program absent", ["--feed", "af_xdp:gw0,program=/absent/steer.o", *LINES], "/absent/steer.o",
                "check the path")
        ll_link.run("ip", "link", "set", "gw0", "down")
        refused(checks, "down", af_xdp, "gw0 is down", "ip link set dev gw0 up")
        ll_link.run("ip", "link", "set", "gw0", "up")
        checks.true(not has_program(), "refusals leave a program behind")
        for words, wanted in ((["gw0"], "no steering program on gw0"), (["absent0"], "no interface 'absent0'")):
            run = e2e.tool("flows", *words)
            checks.true(run.status == 3 and wanted in run.err, "flows %s: %s" % (words, run))
        for words in ([], ["gw0", "gw1"], ["--nonsense", "gw0"]):
            checks.equal(e2e.tool("flows", *words).status, 2, "flows %s" % words)
        if foreign_program(place):
            refused(checks, "foreign", af_xdp, "'somebody_else'", "not ours", "ip link set dev gw0 xdp off")
            checks.true(has_program(), "the other program was taken off")
            run = e2e.tool("flows", "gw0")
            checks.true(run.status == 3 and "not the gateway's" in run.err, "flows with another program: %s" % run)
            ll_link.run("ip", "link", "set", "dev", "gw0", "xdp", "off")
        else:
            print("in part: no foreign program can be attached here (clang, ip with libbpf)", flush=True)
        two_gateways(checks, place)
        without_rights(checks)
    run = e2e.tool("flows", "--help")
    checks.true(run.status == 0 and "bpftool map dump" in run.out and "Exit:" in run.out, "flows --help: %s" % run)


def copy_of(place, *files):
    """In a directory of their own that everybody may read; the program."""
    where = place.path("copy-%d" % len(files))
    os.chmod(place.dir, 0o755)
    os.makedirs(where, exist_ok=True)
    os.chmod(where, 0o755)
    for file in files:
        shutil.copy(file, where)
    return os.path.join(where, os.path.basename(files[0]))


@contextlib.contextmanager
def running(checks, what, *more):
    """A gateway that receives and has nothing to do; gives its program's number, and ends it in order."""
    before = (flows() or {}).get("program_id")
    words = ["--feed", "af_xdp:gw0", *LINES, "--no-journal", "--quiet", "--memory-mb", "96", *trade.STATE[:6], *more]
    with subprocess.Popen([trade.LIFELINED, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as process:
        def number():
            counts = flows() or {"flows": []}
            return len(counts["flows"]) == 2 and counts["program_id"] != before and counts["program_id"]
        try:
            found = ll_processes.wait_until(number)
            checks.true(found, what + ": no port")
            yield found
        finally:
            process.terminate()
            err = process.communicate(timeout=30)[1]
            checks.equal((process.returncode, err), (0, b""), what + ": its end")


def two_gateways(checks, place):
    """The second one is told, and so is who may not look; the first one does not notice."""
    with running(checks, "the first") as program:
        done = subprocess.run([copy_of(place, e2e.TOOL), "flows", "gw0"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, user=65534,
                              group=65534, extra_groups=[])
        checks.true(done.returncode == 3 and "needs root" in done.stderr, "flows, not root: %s" % done)
        refused(checks, "the second", ["--feed", "af_xdp:gw0", *LINES], "another gateway receives on gw0")
        checks.equal((flows() or {}).get("program_id"), program, "the first one's program")
    checks.true(not has_program(), "two gateways leave a program behind")


def without_rights(checks):
    """Who gave all rights up cannot take the program off; the next one can."""
    with running(checks, "as another user", "--run-as", "65534"):
        pass
    with running(checks, "afterwards"):
        pass
    checks.true(not has_program(), "the next one leaves a program behind")


# --- all of it ------------------------------------------------------------------------------------------------------

def nothing_left(checks, place):
    checks.equal(os.listdir(ll_link.RUN_DPDK), [], "left in " + ll_link.RUN_DPDK)
    checks.equal([name for name in os.listdir("/dev/shm") if name != os.path.basename(place.dir)], [],
                 "left in /dev/shm")
    checks.equal(ll_processes.below(os.getpid()), [], "processes are left")
    links = subprocess.run(["ip", "-o", "link"], stdout=subprocess.PIPE, check=True, text=True).stdout
    checks.true("gw0" not in links, "interfaces are left: %s" % links)


def no_af_xdp():
    """Why the kernel gives no such socket; "" when it does."""
    try:
        socket.socket(44, socket.SOCK_RAW).close()  # AF_XDP
    except OSError as error:
        return "no AF_XDP: %s" % error
    return ""


def missing():
    for program in (trade.LIFELINED, trade.CLIENT, ll_exchange.EXCHANGE):
        if not os.access(program, os.R_OK):
            return "%s is not built" % program
    return ll_link.missing()


def main():
    e2e.on_term()
    reason = missing()
    if reason:
        e2e.skip(reason)
    ll_link.enter()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    words = sys.argv[1:]
    absent = no_af_xdp() or ("" if os.path.exists(OBJECT) else "%s is not built" % OBJECT)
    with e2e.Place("/dev/shm") as place:
        for kind in ("af_xdp", "af_packet"):
            if (words and kind not in words) or (absent and kind == "af_xdp"):
                continue
            start = time.monotonic()
            session = Session(checks, place, kind, rng)
            try:
                record = session.run()
                replay(checks, session, record)
            except AssertionError as error:
                checks.true(False, "%s: %s" % (kind, error))
            print("%-12s %.1f s" % (kind, time.monotonic() - start), flush=True)
        if not absent and (not words or "refused" in words):
            start = time.monotonic()
            in_the_way(checks, place)
            print("%-12s %.1f s" % ("refused", time.monotonic() - start), flush=True)
        nothing_left(checks, place)
    status = checks.end()
    if status == 0 and absent:
        e2e.skip("in part: " + absent)
    return status


if __name__ == "__main__":
    sys.exit(main())
