#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exchange, gateway and strategy for as long as one likes, at a fixed rate, with things going wrong: does anything grow
that should not, is anything lost, and does the gateway still agree with the exchange to the last unit?

The gateway is killed outright now and then and resumes. Memory, descriptors, threads, processor, order-to-wire latency
and the journal are looked at every few seconds; the end is the demo's whole proof (tools/demo.py).
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

import demo

MISBEHAVE = "delay=50,silence=1,drop=2,drop-lost=2,reject-retry=20,reject-final=20,fill-on-cancel=100," \
    "fill-on-replace=100,bust=20,cancel=20"
FAULTS = "loss=20,delay=20,reorder=20,duplicate=20"
# A life of the gateway is judged from here on: until then it resumes, catches up, and touches what it will use.
WARM_UP_S = 20
# Below so much judged time a slope is noise, and is only shown.
JUDGED_S = 60
CALM_S = 30
EPILOG = """\
examples:
  make soak MINUTES=10
  tools/soak.py --minutes 480 --clients 8 --rate 100 --kill-every 600 --dir /var/tmp/soak
  tools/soak.py --minutes 5 --misbehave '' --mold-faults loss=0 --kill-every 0      all is well
exit: 0 nothing grew, nothing was lost, all agrees; 1 something is wrong, it says what; 2 usage; 3 no start"""


def parse(words):
    parser = argparse.ArgumentParser(prog="soak.py", description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, metavar="N", help="trade this long (default 10)")
    parser.add_argument("--clients", type=int, default=4, metavar="N", help="of the strategy (default 4)")
    parser.add_argument("--rate", type=int, default=50, metavar="N", help="actions of each per second (default 50)")
    parser.add_argument("--house-rate", type=int, default=500, metavar="N", help="actions of the exchange's own market "
                        "maker per second (default 500)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of exchange and strategy (default 1)")
    parser.add_argument("--symbol", default=",".join(demo.NAMES), metavar="NAME:PRICE,...", help="instruments")
    parser.add_argument("--misbehave", default=MISBEHAVE, metavar="NAME=N,...", help="what the order port does wrong "
                        "(default %(default)s)")
    parser.add_argument("--mold-faults", default=FAULTS, metavar="NAME=N,...", help="what goes wrong with both lines "
                        "of the feed (default %(default)s)")
    parser.add_argument("--kill-every", type=float, default=120.0, metavar="SECONDS", help="kill the gateway outright "
                        "so often, and let it resume (default 120; 0: never)")
    parser.add_argument("--look-every", type=float, default=3.0, metavar="SECONDS", help="default 3")
    parser.add_argument("--rss-max", type=float, default=256.0, metavar="KB", help="more growth of memory per minute "
                        "is a leak (default 256)")
    parser.add_argument("--fds-max", type=float, default=0.5, metavar="N", help="more growth of open descriptors per "
                        "minute is one too (default 0.5)")
    parser.add_argument("--dir", metavar="DIR", help="where everything goes: made, or a former run's (default: a new "
                        "one that goes away when all was well)")
    parser.add_argument("--bin", metavar="DIR", help="where the programs are (default: as the demo)")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    parser.add_argument("gateway", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.minutes <= 0 or not 1 <= options.clients <= 64 or not 1 <= options.rate <= 100000:
        parser.error("--minutes above 0, --clients 1 to 64, --rate 1 to 100000")
    options.duration = options.minutes * 60
    options.device, options.emulation, options.keep = "cpu", "", False
    return options


# --- what is looked at ----------------------------------------------------------------------------------------------

def proc(pid, name):
    try:
        with open("/proc/%d/%s" % (pid, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def number_in(text, key):
    """The number behind a key of /proc/PID/status, 0 when there is none."""
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(key + ":")), 0)


def cpu_s(pid):
    words = proc(pid, "stat").rsplit(")", 1)[-1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK") if len(words) > 12 else 0.0


def descriptors(pid):
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return 0


def bytes_below(directory):
    total = 0
    for name in os.listdir(directory) if os.path.isdir(directory) else ():
        try:
            total += os.stat(os.path.join(directory, name)).st_size
        except OSError:
            pass  # a snapshot that gave way to a newer one
    return total


def last_line(path):
    """The newest whole line of the gateway's live view, as a dictionary."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - 16384))
            lines = [line for line in file.read().split(b"\n")[:-1] if line.startswith(b"elapsed_ms=")]
    except OSError:
        return {}
    pairs = (word.split("=", 1) for word in lines[-1].decode().split()) if lines else ()
    return {key: int(value) for key, value in pairs if value.lstrip("-").isdigit()}


class Look:
    """The gateway at one instant."""

    def __init__(self, soak, life, life_s):
        pid = soak.running["lifelined"].pid
        status = proc(pid, "status")
        self.at_s = time.monotonic() - soak.start_s
        self.life = life
        self.life_s = life_s
        self.rss_kb = number_in(status, "VmRSS")
        self.data_kb = number_in(status, "VmData")
        self.threads = number_in(status, "Threads")
        self.fds = descriptors(pid)
        self.cpu_s = cpu_s(pid)
        self.journal_bytes = bytes_below(soak.path("journal"))
        self.line = last_line(soak.live_path())

    def is_whole(self):
        return self.rss_kb and self.line and self.life_s >= WARM_UP_S


def slope_per_minute(looks, value):
    """By least squares, one slope for all lives of the gateway and a level for each: a restart is no growth."""
    above = below = 0.0
    for life in {look.life for look in looks}:
        points = [(look.at_s / 60, value(look)) for look in looks if look.life == life]
        middle_x = statistics.fmean(x for x, _ in points)
        middle_y = statistics.fmean(y for _, y in points)
        above += sum((x - middle_x) * (y - middle_y) for x, y in points)
        below += sum((x - middle_x)**2 for x, _ in points)
    return above / below if below else 0.0


def judged_s(looks):
    """The time between the first and the last look of each life, added up."""
    total = 0.0
    for life in {look.life for look in looks}:
        at = [look.at_s for look in looks if look.life == life]
        total += max(at) - min(at)
    return total


def drift(looks, key):
    """Median of the first and of the last third, in ns."""
    found = [look.line[key] for look in looks if look.line.get("wire_count") and key in look.line]
    third = max(1, len(found) // 3)
    return (statistics.median(found[:third]), statistics.median(found[-third:])) if found else (0, 0)


# --- the run --------------------------------------------------------------------------------------------------------

class Soak(demo.Demo):
    """The demo's programs, for longer, and with a gateway that is killed."""

    def __init__(self, options):
        super().__init__(options)
        self.lives = 0
        self.life_start_s = self.start_s = 0.0
        self.looks = []
        self.lost = 0   # of the feed, of lives that were killed
        self.gateway_words = []

    def live_path(self):
        return self.path("lifelined.%d.err" % self.lives)

    def sizes(self):
        """Room for a day of this length; the verbs that read the journal want the same."""
        options = self.options
        actions = int(options.clients * options.rate * (options.duration + CALM_S)) + 4096
        orders = max(65536, actions)
        room = ["--orders", "262144", "--levels", "65536", "--books", "256", "--own-orders", str(orders),
                "--ids", str(4 * orders)]
        messages = max(1 << 20, int(4 * actions + 4 * options.house_rate * (options.duration + 2 * demo.WAIT_S)))
        return room, min(orders * 4, 1 << 24), messages

    def start(self, name, *words, show=False, more=()):
        if name == "lifeline-exchange":
            words += ("--mold-b-faults", self.options.mold_faults)
        if name != "lifelined":
            return super().start(name, *words, more=more)
        looked_at = [] if os.geteuid() == 0 else ["--sandbox", "debug"]  # its descriptors are counted
        # Segments and snapshots often, and no long pause before a dropped session is tried again: the rate stays.
        small = ["--snapshot-every", "50000", "--segment-bytes", "4M", "--reconnect", "500ms"]
        self.gateway_words = [word for word in words if word != "--quiet"] + small + looked_at
        return self.live()

    def live(self):
        """Starts the gateway, or lets it resume."""
        self.lives += 1
        self.life_start_s = time.monotonic()
        resume = ["--resume"] if self.lives > 1 else []
        with open(self.path("lifelined.out"), "wb") as out, open(self.live_path(), "wb") as err:
            self.running["lifelined"] = subprocess.Popen(
                [os.path.join(self.bin, "lifelined"), *map(str, self.gateway_words), *resume],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=demo.ends_with_us)
        return self.running["lifelined"]

    def kill(self):
        self.lost += last_line(self.live_path()).get("lost", 0)
        process = self.running.pop("lifelined")
        process.kill()
        process.wait()
        self.live()

    def look(self):
        look = Look(self, self.lives, time.monotonic() - self.life_start_s)
        self.looks.append(look)
        if not self.options.quiet:
            before = next((one for one in self.looks[-2::-1] if one.life == look.life), None)
            cpu = (look.cpu_s - before.cpu_s) / (look.at_s - before.at_s) if before else 0.0
            line = look.line
            print("%s of %s  life %d  orders %-7d fills %-7d rss %6.1f MB  fds %-3d threads %-2d p50 %-8s p99 %-8s "
                  "journal %6.1f MB  cpu %3.0f %%" % (
                      clock(look.at_s), clock(self.options.duration), look.life, line.get("own_orders", 0),
                      line.get("fills", 0), look.rss_kb / 1024, look.fds, look.threads,
                      demo.duration(line.get("wire_p50_ns", 0)), demo.duration(line.get("wire_p99_ns", 0)),
                      look.journal_bytes / 2**20, 100 * cpu), file=sys.stderr, flush=True)

    def trade(self):
        """The strategy trades; the gateway is looked at and killed; then everything is cancelled."""
        options = self.options
        self.start_s = time.monotonic()
        strategy = self.start("lifeline-strategy", "--door", self.path("door"), "--symbol", options.symbol,
                              "--clients", options.clients, "--rate", options.rate, "--seed", options.seed,
                              "--duration", "%dms" % (options.duration * 1000), "--wait", "%ds" % (2 * demo.WAIT_S),
                              "--json")
        next_look_s, next_kill_s = options.look_every, None
        asked = False
        while strategy.poll() is None:
            self.must_run()
            at_s = time.monotonic() - self.start_s
            if self.stopped and not asked:
                strategy.send_signal(signal.SIGINT)
                asked = True
            if at_s >= next_look_s:
                self.look()
                next_look_s = at_s + options.look_every
            # Only when the strategy has come in, which the first fill tells; and not while it cleans up.
            if next_kill_s is None and options.kill_every and last_line(self.live_path()).get("fills"):
                next_kill_s = at_s + options.kill_every
            if next_kill_s and next_kill_s <= at_s < options.duration - 2 and not asked:
                self.kill()
                next_kill_s = at_s + options.kill_every
            time.sleep(0.05)
        self.judge_strategy(self.stop("lifeline-strategy"))
        self.calm()

    def judge_strategy(self, status):
        """What was asked of a gateway that was killed stays unanswered, and that is all that may."""
        said = json.loads(self.read("lifeline-strategy.out") or "{}")
        if status != 0 and not (status == 1 and said.get("reopens") and not said.get("lost")):
            self.must_be_well("lifeline-strategy", status)

    def calm(self):
        """Nothing lives any more at the exchange, and nothing is under way."""
        self.tool("kill", "firm", "--door", self.path("door"), "--notes", "the end of the soak", "--json")
        end = time.monotonic() + CALM_S
        time.sleep(2.5)  # busts, late answers and silences of the exchange, and a line of the live view
        while True:
            self.must_run()
            line = last_line(self.live_path())
            if line and not line["own_live"] and not line["in_flight"] and not line["open"]:
                return
            if time.monotonic() > end:
                raise demo.Failed("it does not get calm: %d orders live, %d requests in flight, %d holes" %
                                  (line.get("own_live", -1), line.get("in_flight", -1), line.get("open", -1)))
            time.sleep(0.2)


def clock(seconds):
    return "%02d:%02d" % (seconds // 60, seconds % 60)


# --- the end --------------------------------------------------------------------------------------------------------

def summary(soak, proof, found):
    looks = [look for look in soak.looks if look.is_whole()]
    minutes = (soak.looks[-1].at_s if soak.looks else 0.0) / 60
    trading = found["gateway"]["trading"]
    strategy = found["strategy"]
    rss, data, fds, threads = (slope_per_minute(looks, value) for value in (
        lambda look: look.rss_kb, lambda look: look.data_kb, lambda look: look.fds, lambda look: look.threads))
    is_judged = judged_s(looks) >= JUDGED_S
    lost = soak.lost + found["gateway"]["messages_lost"]
    if lost:
        proof.wrong.append("%d messages of the feed were given up" % lost)
    if is_judged and rss > soak.options.rss_max:
        proof.wrong.append("memory grows by %.0f KB per minute, more than %.0f" % (rss, soak.options.rss_max))
    if is_judged and fds > soak.options.fds_max:
        proof.wrong.append("descriptors grow by %.2f per minute, more than %.2f" % (fds, soak.options.fds_max))
    p50, p99 = drift(looks, "wire_p50_ns"), drift(looks, "wire_p99_ns")
    return {
        "minutes": round(minutes, 2), "judged_minutes": round(judged_s(looks) / 60, 2), "is_judged": is_judged,
        "looks": len(soak.looks), "restarts": soak.lives - 1,
        "offered_per_s": soak.options.clients * soak.options.rate,
        "done_per_s": round(strategy["requests"] / max(1e-9, minutes * 60), 1),
        "requests": strategy["requests"], "unanswered": strategy["unanswered"], "orders": trading["orders"],
        "fills": trading["fills"], "sends": trading["sends"],
        "reconnects": sum(one["reconnects"] for one in trading["sessions"]), "timeouts": trading["timeouts"],
        "feed_messages": found["exchange"].get("feed_messages", found["gateway"]["messages"]), "feed_lost": lost,
        "rss_kb_first": looks[0].rss_kb if looks else 0, "rss_kb_last": soak.looks[-1].rss_kb if soak.looks else 0,
        "rss_kb_per_minute": round(rss, 1), "data_kb_per_minute": round(data, 1),
        "fds_last": soak.looks[-1].fds if soak.looks else 0, "fds_per_minute": round(fds, 3),
        "threads_last": soak.looks[-1].threads if soak.looks else 0, "threads_per_minute": round(threads, 3),
        "wire_p50_ns_first": int(p50[0]), "wire_p50_ns_last": int(p50[1]),
        "wire_p99_ns_first": int(p99[0]), "wire_p99_ns_last": int(p99[1]),
        "journal_bytes": bytes_below(soak.path("journal"))}


def prove(soak, room):
    """The demo's proof of one journal; its counts are of all lives."""
    return demo.prove(soak, room)


def show(found):
    rows = (("ran", "%(minutes).1f minutes, killed %(restarts)d times; judged %(judged_minutes).1f minutes, %(looks)d "
             "looks"),
            ("rate", "%(offered_per_s)d offered, %(done_per_s).1f done per second: %(requests)d requests, "
             "%(unanswered)d unanswered by a gateway that was killed"),
            ("orders", "%(orders)d, %(fills)d fills, %(sends)d messages sent in the last life"),
            ("faults", "%(reconnects)d reconnects, %(timeouts)d late answers, %(feed_lost)d messages of the feed lost"),
            ("memory", "%(rss_kb_first)d KB, at the end %(rss_kb_last)d KB: %(rss_kb_per_minute)+.1f KB per minute; "
             "private data %(data_kb_per_minute)+.1f KB per minute"),
            ("files", "%(fds_last)d descriptors: %(fds_per_minute)+.3f per minute; %(threads_last)d threads: "
             "%(threads_per_minute)+.3f per minute"),
            ("journal", "%(journal_bytes)d bytes"))
    for name, text in rows:
        print("%-9s %s" % (name, text % found))
    print("%-9s order to wire p50 %s, then %s; p99 %s, then %s (medians of the first and the last third)" % (
        "latency", *(demo.duration(found[key]) for key in ("wire_p50_ns_first", "wire_p50_ns_last",
                                                           "wire_p99_ns_first", "wire_p99_ns_last"))))
    if not found["is_judged"]:
        print("%-9s too short to judge growth: %d s of it are needed" % ("note", JUDGED_S))


def main(words=None):
    options = parse(words)
    soak, proof, found, status, error = None, demo.Proof(), {}, 1, ""
    try:
        soak = Soak(options)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(soak, "stopped", True))
        proof, parts = prove(soak, soak.run())
        found = summary(soak, proof, parts)
        status = 1 if proof.wrong else 0
    except demo.Failed as failure:
        error, status = str(failure), failure.status
    except (OSError, ValueError, KeyError, IndexError) as failure:
        error = "%s: %s" % (type(failure).__name__, failure)
    finally:
        if soak:
            soak.stop_all()
    if options.json:
        print(json.dumps({"good": status == 0, "error": error, "wrong": proof.wrong, "checked": proof.done, **found}))
    else:
        if found:
            show(found)
        for text in proof.done:
            print("%-9s %s" % ("checked", text))
        for text in proof.wrong[:10]:
            print("WRONG     " + text)
        print("soak: " + (error or ("good" if status == 0 else "%d things are WRONG" % len(proof.wrong))))
    if soak and status == 0 and not options.dir:
        shutil.rmtree(soak.place)
    elif soak:
        print("kept: " + soak.place, file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
