#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `kill -9` at any instant of a replay with a journal loses nothing durable, repeats nothing, changes nothing.
Method: feeds of four kinds (the real hour, a generated one paced, the same at full speed, a rough capture with holes,
damaged packets and late answers), each replayed once without interruption; then LL_KILLS (default 200) kills inside
the work, up to five in a row on one journal, also inside recovery. After each kill the journal must verify, and what
it holds then must be the beginning of what it holds in the end, byte for byte; after the last resume state, counts
and every record must be those of the uninterrupted run. In between, snapshots are made, beside a run and between two,
some of them killed too: none may be torn or ahead of the journal, and the starts that use them must end the same.
SIGTERM and SIGINT: exit 0, all received durable, sealed. A
histogram shows how far the runs had come. Again: LL_SEED=n (instants differ with the machine's load).
limit 600 s
"""
import concurrent.futures
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import ll_e2e as e2e

KILLS = int(os.environ.get("LL_KILLS") or 200)
TIME = re.compile(r'"time_ns":\d+,')


class Feed:
    """One way of running: the files, their options, and what must come out."""

    def __init__(self, name, files, options):
        self.name = name
        self.files = files
        self.options = options
        self.wanted = {}
        self.lines = []
        self.segments = 0

    def learn(self, checks, place):
        journal = place.path("uninterrupted-" + self.name.replace(" ", "-"))
        got = e2e.must_replay(checks, self.name, self.files, *self.options, "--journal", journal)
        self.wanted = e2e.outcome(got)
        self.wanted.update({key: got.get(key) for key in ("gaps_given_up", "messages_lost", "bad_packets",
                                                          "exceptions")})
        self.lines = without_time(dump_lines(checks, self.name, journal))
        self.segments = segments(journal)
        shutil.rmtree(journal, ignore_errors=True)


def without_time(lines):
    """A record's time is that of the packet it came in, or of the moment a hole before it was closed: pace and a
    restart change both, and nothing else depends on it."""
    return [TIME.sub("", line) for line in lines]


def dump_lines(checks, name, journal):
    run = e2e.tool("dump", journal)
    checks.true(run.status == 0, "%s: dump: %s" % (name, run))
    return run.out.splitlines()


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def rough_capture(rng, place):
    """20 s of feed: two lines, holes that nothing fills, answers that come too late, damaged packets, an end."""
    messages = e2e.make_feed(rng, 8000, span_ns=20 * 10**9, burst=60)
    datagrams = e2e.packets(messages, lambda: rng.randint(1, 12))
    frames = []
    for time_ns, payload in datagrams[:-1]:
        choice = rng.random()
        if choice > 0.005:
            frames.append((time_ns, e2e.frame(payload, port=26477)))
        if choice > 0.010 or choice <= 0.002:
            frames.append((time_ns + rng.randint(0, 10**6), e2e.frame(payload, port=26478)))
        if 0.002 < choice <= 0.004:  # lost on both; the answer comes sometimes in time, sometimes too late
            frames.append((time_ns + rng.randint(10**6, 9 * 10**9), e2e.frame(payload, port=26479)))
        if rng.random() < 0.005:
            bad = bytearray(payload)
            what = rng.randrange(3)
            bad = bad[:rng.randint(0, 19)] if what == 0 else bad[:-1] if what == 1 else bad + b"left over"
            frames.append((time_ns, e2e.frame(bytes(bad), port=rng.choice((26477, 26478)))))
    frames.sort(key=lambda f: f[0])
    frames.append((frames[-1][0], e2e.frame(datagrams[-1][1], port=26477)))
    path = e2e.write(place.path("rough.pcap"), e2e.pcap_bytes(frames))
    return path, ["--line-a", 26477, "--line-b", 26478, "--rerequest", 26479, "--start-sequence", 1]


def make_feeds(rng, place):
    feeds = []
    small = ["--segment-bytes", "64K"]
    paced = e2e.write_binary(place.path("paced.ITCH50"), e2e.make_feed(rng, 16000, span_ns=4 * 10**8, burst=120))
    feeds.append(Feed("generated, paced", paced, ["--speed", "real", *small]))
    large = e2e.write_binary(place.path("large.ITCH50"), e2e.make_feed(rng, 60000), zipped=True)
    feeds.append(Feed("generated, full speed", large, ["--batch", "64", *small]))
    rough, options = rough_capture(rng, place)
    feeds.append(Feed("rough capture", rough, [*options, "--speed", "60x", *small]))
    if os.path.exists(e2e.REAL_HOUR):
        feeds.append(Feed("real hour", e2e.REAL_HOUR, ["--segment-bytes", "256K"]))
    else:
        print("left out, not there: " + e2e.REAL_HOUR)
    return feeds


# --- one run that is ended from outside ------------------------------------------------------------------------------

def opened_journal(pid, journal):
    """Has the process a file of the journal open? Then its start-up is over."""
    try:
        for name in os.listdir("/proc/%d/fd" % pid):
            try:
                if os.readlink("/proc/%d/fd/%s" % (pid, name)).startswith(journal + "/"):
                    return True
            except OSError:
                pass
    except OSError:
        pass
    return False


def segments(journal):
    try:
        return sum(name.endswith(".lljournal") for name in os.listdir(journal))
    except OSError:
        return 0


def interrupted_run(feed, journal, resume, segments_wanted, delay_s, number, beside=None):
    """Starts a replay, and delay_s after the journal has that many segments sends it the signal. True when it was still
    running then. 0 segments: as soon as the journal is open, which is before a recovery. `beside` (a list) gets the
    process of a snapshot that is begun meanwhile."""
    words = [e2e.TOOL, "replay", "--json", *e2e.SMALL, *map(str, feed.options), "--journal", journal,
             *(["--resume"] if resume else []), feed.files]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        limit = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < limit:
            if segments(journal) >= segments_wanted and (segments_wanted or opened_journal(process.pid, journal)):
                break
            time.sleep(0.001)
        if beside is not None:
            beside.append(start_snapshot(journal))
        time.sleep(delay_s)
        was_running = process.poll() is None
        if was_running:
            process.send_signal(number)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += b"(hung)"
        return was_running, e2e.Run(process.returncode, out.decode(), err.decode())


def start_snapshot(journal):
    return subprocess.Popen([e2e.TOOL, "snapshot", *e2e.SMALL, journal], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def verified(checks, what, journal):
    """Records in the journal as it lies there now."""
    found = e2e.tool("verify", "--json", journal)
    if found.status == 1 and not [n for n in os.listdir(journal) if n.endswith(".lljournal")]:
        return 0  # killed before the first segment had its name
    checks.true(found.status == 0 and found.json["status"] == "intact", "%s: verify: %s" % (what, found))
    return found.json["last_event_id"] if found.json else 0


class Chain:
    """Several kills in a row on one journal, then the resume that comes to the end."""

    def __init__(self, feed, place, index, rng_seed, kills):
        self.feed = feed
        self.journal = place.path("chain-%d" % index)
        self.what = "chain %d (%s)" % (index, feed.name)
        self.rng = random.Random(rng_seed)
        self.kills = kills
        self.progress = []   # of each kill that counts, 0..1
        self.in_recovery = 0
        self.early = 0
        self.late = 0
        self.snapshots = 0   # made whole
        self.snapshots_killed = 0
        self.snapshots_used = 0
        self.checks = e2e.Checks()

    def run(self):
        feed, checks = self.feed, self.checks
        seen = []  # (records, digest) after each kill
        for attempt in range(3 * self.kills):
            if len(self.progress) >= self.kills:
                break
            before = seen[-1][0] if seen else 0
            beside = [] if before and self.rng.random() < 0.3 else None
            was_running, run = interrupted_run(feed, self.journal, before > 0, *self.instant(before), signal.SIGKILL,
                                               beside)
            for process in beside or []:
                self.end_snapshot(process, self.rng.random() < 0.3)
            if not was_running and not checks.true(run.status == 0, "%s: it ended by itself: %s" % (self.what, run)):
                break
            records = verified(checks, self.what, self.journal)
            checks.true(records >= before, "%s: %d records after %d" % (self.what, records, before))
            lines = dump_lines(checks, self.what, self.journal) if records else []
            checks.equal(len(lines), records, self.what + ": records in the dump")
            checks.equal(digest(without_time(lines)), digest(feed.lines[:records]),
                         self.what + ": the journal after the kill is the beginning of the uninterrupted one")
            seen.append((records, digest(lines)))
            if records and self.rng.random() < 0.4:
                process = start_snapshot(self.journal)
                self.end_snapshot(process, self.rng.random() < 0.3)
            if not was_running:
                break
            if records == 0:
                self.early += 1
            elif records == len(feed.lines):  # all of it was there: nothing is left to be killed in
                self.late += 1
                break
            else:
                self.in_recovery += records == before
                self.progress.append(records / len(feed.lines))
        self.finish(seen)
        shutil.rmtree(self.journal, ignore_errors=True)
        return self

    def instant(self, before):
        """Where to kill next: after so many segments, and so much later."""
        here = segments(self.journal)
        if before and self.rng.random() < 0.2:
            return 0, self.rng.uniform(0, 0.01)  # in recovery, or in the first work after it
        # The first of as many instants as are still to come, so that all of them spread over what is left of the feed.
        still = self.kills - len(self.progress)
        part = 1 - self.rng.random() ** (1 / still)
        return here + int(part * max(0, self.feed.segments - here)), self.rng.uniform(0, 0.002)

    def end_snapshot(self, process, kill):
        """Waits for a snapshot, or kills it at some instant."""
        try:
            if kill:
                time.sleep(self.rng.uniform(0, 0.03))
                process.kill()
            _, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
            err += b"(hung)"
        self.snapshots_killed += process.returncode == -signal.SIGKILL
        self.snapshots += process.returncode == 0
        self.checks.true(process.returncode == 0 or (kill and process.returncode == -signal.SIGKILL),
                         "%s: snapshot: exit %d, %s" % (self.what, process.returncode, err.decode()))

    def finish(self, seen):
        feed, checks = self.feed, self.checks
        # Full speed from here: pace must not matter.
        options = [*feed.options, "--speed", "max"]
        got = e2e.must_replay(checks, self.what + ": resume", feed.files, *options, "--journal", self.journal,
                              *(["--resume"] if seen and seen[-1][0] else []))
        checks.equal({key: got.get(key) for key in feed.wanted}, feed.wanted, self.what + ": the end")
        checks.equal(got.get("journal", {}).get("snapshots_refused"), 0, self.what + ": snapshots refused")
        self.snapshots_used += got.get("journal", {}).get("snapshot_event_id", 0) > 0
        found = e2e.tool("verify", "--json", self.journal)
        checks.true(found.status == 0 and found.json["torn_slots"] == 0, "%s: verify: %s" % (self.what, found))
        lines = dump_lines(checks, self.what, self.journal)
        for records, before in seen:
            checks.equal(digest(lines[:records]), before,
                         "%s: the first %d records are as they were" % (self.what, records))
        good = [line.startswith('{"event_id":%d,' % (i + 1)) for i, line in enumerate(lines)]
        checks.true(all(good), "%s: event ids count up without a hole" % self.what)
        checks.equal(digest(without_time(lines)), digest(feed.lines),
                     "%s: every record is that of the uninterrupted run" % self.what)
        again = e2e.must_replay(checks, self.what + ": resume again", feed.files, *options, "--journal", self.journal,
                                "--resume")
        checks.equal(again.get("messages_new"), 0, self.what + ": a resume after the end brings nothing new")
        checks.equal({key: again.get(key) for key in feed.wanted}, feed.wanted, self.what + ": the end, again")
        checks.equal(again.get("journal", {}).get("records"), 0, self.what + ": a resume after the end writes nothing")
        self.end_snapshot(start_snapshot(self.journal), False)
        for words in ([], ["--no-snapshot"]):
            got = e2e.must_replay(checks, self.what + ": snapshot of all", feed.files, *options, "--journal",
                                  self.journal, "--resume", *words)
            checks.equal({key: got.get(key) for key in feed.wanted}, feed.wanted, self.what + ": the end, by snapshot")
            wanted = 0 if words else len(lines)
            checks.equal(got.get("journal", {}).get("snapshot_event_id"), wanted, self.what + ": begun from")


# --- a clean stop ----------------------------------------------------------------------------------------------------

def is_sealed(journal):
    """The last slot in use is a seal (kind 0xFE): the journal was closed in order. Read without the tool."""
    names = sorted((n for n in os.listdir(journal) if n.endswith(".lljournal")), key=lambda n: n.split("-")[1])
    for name in reversed(names):
        with open(os.path.join(journal, name), "rb") as file:
            slots = file.read()[4096:]
        used = [at for at in range(0, len(slots), 64) if any(slots[at:at + 64])]
        if used:
            return slots[used[-1] + 4] == 0xFE
    return False


def stopped(feed, place, index, rng_seed):
    """SIGTERM or SIGINT in mid-work: what was received is durable, and a resume goes on from there."""
    rng = random.Random(rng_seed)
    checks = e2e.Checks()
    journal = place.path("stop-%d" % index)
    number = (signal.SIGTERM, signal.SIGINT)[index % 2]
    what = "stop %d (%s, %s)" % (index, feed.name, number.name)
    was_running, run = interrupted_run(feed, journal, False, rng.randrange(feed.segments), rng.uniform(0, 0.003),
                                       number)
    checks.true(run.status == 0 and run.json is not None, "%s: %s" % (what, run))
    if run.json:
        records = verified(checks, what, journal)
        checks.equal(run.json["journal"]["durable_event_id"], records, what + ": all of it is durable")
        checks.true(not run.json["interrupted"] or was_running, what + ": interrupted")
        checks.true(records == 0 or is_sealed(journal), what + ": the journal is sealed")
        lines = dump_lines(checks, what, journal) if records else []
        fed = sum(1 for line in lines if '"kind":"feed",' in line)
        checks.equal(fed, run.json["messages"], what + ": each message counted is in the journal")
        got = e2e.must_replay(checks, what + ": resume", feed.files, *feed.options, "--speed", "max", "--journal",
                              journal,
                              *(["--resume"] if records else []))
        checks.equal({key: got.get(key) for key in feed.wanted}, feed.wanted, what + ": the end")
    shutil.rmtree(journal, ignore_errors=True)
    return checks


def len_of(chains):
    return sum(len(chain.progress) for chain in chains)


def show_histogram(chains):
    names = sorted({chain.feed.name for chain in chains})
    print("how far a run had come when it was killed, in tenths of the feed:")
    for name in names:
        tenths = [0] * 10
        for chain in chains:
            if chain.feed.name == name:
                for part in chain.progress:
                    tenths[min(9, int(10 * part))] += 1
        print("  %-24s %s  = %d" % (name, " ".join("%3d" % n for n in tenths), sum(tenths)))
    print("inside recovery: %d; not counted: before the first record %d, after the last one %d" %
          (sum(c.in_recovery for c in chains), sum(c.early for c in chains), sum(c.late for c in chains)), flush=True)


def main():
    e2e.on_term()
    e2e.need_tool()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    start = time.monotonic()
    # Not synced for real in memory, but a killed process loses nothing it has written; every fourth journal is on disk.
    with e2e.Place() as place, e2e.Place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as memory, \
            concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        feeds = make_feeds(rng, place)
        for feed in feeds:
            feed.learn(checks, memory)
            print("%-24s %7d records, %d segments" % (feed.name, len(feed.lines), feed.segments), flush=True)
        if checks.failed:
            return checks.end()
        plans, planned = [], 0
        while planned < KILLS:
            kills = min(rng.choice((1, 3, 5, 5)), KILLS - planned)
            planned += kills
            where = memory if rng.randrange(4) else place
            plans.append(Chain(feeds[len(plans) % len(feeds)], where, len(plans), rng.getrandbits(32), kills))
        stops = [pool.submit(stopped, feeds[i % len(feeds)], place, i, rng.getrandbits(32)) for i in range(16)]
        chains = [future.result() for future in [pool.submit(chain.run) for chain in plans]]
        parts = [chain.checks for chain in chains] + [future.result() for future in stops]
        # Chains that came to the end too early are made up for.
        while len_of(chains) < KILLS and time.monotonic() - start < 400:
            missing = KILLS - len_of(chains)
            more = [Chain(feeds[i % len(feeds)], memory, len(chains) + i, rng.getrandbits(32), min(missing, 3))
                    for i in range(min(4, (missing + 2) // 3))]
            chains += [future.result() for future in [pool.submit(chain.run) for chain in more]]
            parts += [chain.checks for chain in more]
    for part in parts:
        checks.count += part.count
        checks.failed += part.failed
    show_histogram(chains)
    used = sum(chain.snapshots_used for chain in chains)
    print("snapshots: %d made, %d killed meanwhile, %d of %d chains came to their end from one" %
          (sum(c.snapshots for c in chains), sum(c.snapshots_killed for c in chains), used, len(chains)))
    checks.true(used > 0 or KILLS < 20, "a start used a snapshot")
    checks.true(len_of(chains) >= KILLS, "%d kills of %d" % (len_of(chains), KILLS))
    print("%d kills inside the work, %.0f s" % (len_of(chains), time.monotonic() - start))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
