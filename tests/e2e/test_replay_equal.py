#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a feed ends in one state, whatever way it takes into the gateway, and that state is the right one.
Method: one generated feed (LL_SEED) and the real hour, as BinaryFILE in all its forms, as captures of all kinds, cut
into packets of any size, on two lines that lose and repeat and reorder, with every option that must change speed only;
state hash and counts must come out equal, and books must be those of a naive book. A canary: any one message less,
doubled, moved or changed must show.
limit 300 s
"""
import os
import random
import sys

import ll_e2e as e2e

STEP_NS = 10000  # of two lines: 100,000 messages a second, so that packets swapped are late by less than a ms


def binary_ways(checks, rng, place, messages):
    """(name, files, options) of every way a BinaryFILE can come."""
    plain = e2e.write_binary(place.path("plain.ITCH50"), messages)
    at = [0] + sorted(rng.sample(range(1, len(messages)), 3)) + [len(messages)]
    parts = [e2e.write_binary(place.path("part%d.ITCH50" % i), messages[at[i]:at[i + 1]], zipped=i == 1,
                              zero_prefix=i == 2) for i in range(4)]
    yield "plain", plain, []
    yield "gzip", e2e.write_binary(place.path("zipped.ITCH50.gz"), messages, zipped=True), []
    yield "gzip without the name", e2e.write_binary(place.path("zipped.ITCH50"), messages, zipped=True), []
    yield "zero prefix", e2e.write_binary(place.path("zero.ITCH50"), messages, zero_prefix=True), []
    yield "end mark", e2e.write(place.path("mark.ITCH50"), e2e.binary_bytes(messages) + b"\0\0"), []
    yield "four files", parts, []
    for batch in (1, 2, 7, 31, 32, 63, 64):
        yield "batch %d" % batch, plain, ["--batch", batch]
    yield "speed max", plain, ["--speed", "max"]
    yield "speed 2x", plain, ["--speed", "2x"]
    yield "speed 7.5x", plain, ["--speed", "7.5x"]
    yield "speed real", plain, ["--speed", "real"]
    yield "journal", plain, ["--journal", place.path("j-default")]
    yield "journal 64K", plain, ["--journal", place.path("j-64k"), "--segment-bytes", "64K"]
    yield "journal 1M", plain, ["--journal", place.path("j-1m"), "--segment-bytes", "1M", "--batch", "5"]
    yield "journal paced", plain, ["--journal", place.path("j-paced"), "--speed", "5x", "--segment-bytes", "128K"]
    yield "journal of four files", parts, ["--journal", place.path("j-parts")]
    yield "small tables", plain, ["--orders", 4096, "--levels", 8192, "--books", 64]
    yield "large tables", plain, ["--orders", 5000000, "--levels", 2000000, "--books", 65536]
    yield "histogram file", plain, ["--hgrm", place.path("latency.hgrm")]
    yield "one line named", plain, ["--line-a", "%s:%d" % (e2e.GROUP, e2e.PORT)]
    checks.true(os.path.getsize(plain) > 0, "the plain file has bytes")


def capture_ways(rng, place, messages):
    sizes = {"1 message": 1, "3 messages": 3, "37 messages": 37, "jumbo": 200, "random": lambda: rng.randint(1, 60)}
    for name, size in sizes.items():
        path = place.path(name.replace(" ", "-") + ".pcap")
        yield "packets of " + name, e2e.write_pcap(path, e2e.packets(messages, size)), []
    datagrams = e2e.packets(messages, 20)
    frames = [(t, e2e.frame(p)) for t, p in datagrams]
    yield "pcap in us", e2e.write(place.path("us.pcap"), e2e.pcap_bytes(frames, nano=False)), []
    yield "pcap big-endian", e2e.write(place.path("be.pcap"), e2e.pcap_bytes(frames, big_endian=True)), []
    yield "pcapng", e2e.write(place.path("ng.pcapng"), e2e.pcapng_bytes(frames)), []
    yield "pcapng named pcap", e2e.write(place.path("ng.pcap"), e2e.pcapng_bytes(frames)), []
    yield "vlan", e2e.write_pcap(place.path("vlan.pcap"), datagrams, vlan=100), []
    yield "no end of session", e2e.write_pcap(place.path("noend.pcap"), datagrams[:-1]), []
    flow = "%s:%d" % (e2e.GROUP, e2e.PORT)
    one = e2e.write_pcap(place.path("one.pcap"), datagrams)
    yield "one line with address", one, ["--line-a", flow]
    yield "one line by port", one, ["--line-a", e2e.PORT]
    yield "start sequence 1", one, ["--start-sequence", 1]
    for batch in (1, 7, 64):
        yield "capture, batch %d" % batch, one, ["--batch", batch]
    yield "capture real", one, ["--speed", "real"]
    yield "capture journal", one, ["--journal", place.path("j-capture"), "--segment-bytes", "64K"]
    half = len(datagrams) // 2
    yield "capture in two files", [e2e.write_pcap(place.path("h1.pcap"), datagrams[:half]),
                                   e2e.write(place.path("h2.pcapng"), e2e.pcapng_bytes(frames[half:]))], []
    noise = [x for f in frames for x in ([f, (f[0], e2e.frame(b"other" * 9, port=9))] if rng.random() < 0.3 else [f])]
    yield "strange frames between", e2e.write(place.path("noise.pcap"), e2e.pcap_bytes(noise)), ["--line-a", flow]
    beats = [y for t, p in datagrams[:-1] for y in ((t, p), (t, e2e.mold_heartbeat(
        int.from_bytes(p[10:18], "big") + int.from_bytes(p[18:20], "big"))))]
    yield "heartbeats", e2e.write_pcap(place.path("beats.pcap"), beats), []
    yield "each packet twice", e2e.write_pcap(place.path("twice.pcap"), [d for d in datagrams for _ in (0, 1)]), []
    yield "the whole feed twice", e2e.write_pcap(place.path("again.pcap"), datagrams[:-1] + datagrams), []


def line_frames(rng, messages, port, lost, skew_ns):
    """One line's frames: packets of its own cut, some lost, some twice, some swapped with a neighbour."""
    frames = []
    for time_ns, payload in e2e.packets(messages, lambda: rng.randint(1, 40), step_ns=STEP_NS):
        if lost(payload):
            continue
        for _ in range(2 if rng.random() < 0.05 else 1):
            frames.append((time_ns + skew_ns + rng.randint(0, 20000), e2e.frame(payload, port=port)))
    for at in range(len(frames) - 1):
        if rng.random() < 0.1:
            frames[at], frames[at + 1] = (frames[at][0], frames[at + 1][1]), (frames[at + 1][0], frames[at][1])
    return frames


def two_lines(rng, place, messages, name, ports):
    """A stretch of numbers is lost on line A or on line B, never on both."""
    owner = [rng.randrange(3) for _ in range(len(messages) // 50 + 2)]  # 0: A loses it, 1: B loses it, 2: nobody

    def lost_by(line):
        def lost(payload):
            first, count = int.from_bytes(payload[10:18], "big"), int.from_bytes(payload[18:20], "big")
            if count == 0xFFFF or rng.random() > 0.7:
                return False
            return all(owner[n // 50] == line for n in (first, first + count - 1))
        return lost
    both = line_frames(rng, messages, ports[0], lost_by(0), 0) + \
        line_frames(rng, messages, ports[1], lost_by(1), rng.randint(0, 300000))
    both.sort(key=lambda f: f[0])
    return e2e.write(place.path(name + ".pcap"), e2e.pcap_bytes(both))


def check_ways(checks, place, messages, wanted, ways):
    for name, files, options in ways:
        got = e2e.must_replay(checks, name, files, *options)
        checks.equal(e2e.outcome(got), wanted, name)
        for key in ("messages_lost", "gaps_given_up", "bad_packets", "wrong_session", "exceptions"):
            checks.equal(got.get(key), 0, "%s: %s" % (name, key))
    for journal in sorted(os.listdir(place.dir)):
        if journal.startswith("j-"):
            found = e2e.tool("verify", "--json", place.path(journal))
            checks.true(found.status == 0 and found.json["torn_slots"] == 0, "%s: %s" % (journal, found))
            again = e2e.tool("dump", place.path(journal))
            fed = [line for line in again.out.splitlines() if '"kind":"feed"' in line]
            checks.equal(len(fed), len(messages), journal + ": messages in the journal")


def check_lines(checks, rng, place, messages, wanted):
    ports = (26477, 26478)
    options = ["--line-a", "%s:%d" % (e2e.GROUP, ports[0]), "--line-b", ports[1]]
    for turn in range(6):
        path = two_lines(rng, place, messages, "lines%d" % turn, ports)
        # Without --start-sequence a replay starts at whatever comes first, and that may be lost or swapped here.
        got = e2e.must_replay(checks, "two lines, turn %d" % turn, path, *options, "--batch", rng.choice((1, 8, 64)),
                              "--start-sequence", 1)
        checks.equal(e2e.outcome(got), wanted, "two lines, turn %d" % turn)
        checks.equal(got.get("messages_lost"), 0, "two lines: messages lost")
        checks.true(got.get("duplicates", 0) > 0, "two lines: there are duplicates")
    # What a re-request server answers late fills what both lines lost.
    datagrams = e2e.packets(messages, 10, step_ns=STEP_NS)
    hole = rng.randrange(5, len(datagrams) - 60)
    late = [(t, e2e.frame(p)) for t, p in datagrams[:hole] + datagrams[hole + 1:]]
    late.insert(hole + 40, (late[hole + 39][0], e2e.frame(datagrams[hole][1], port=26479)))
    path = e2e.write(place.path("answer.pcap"), e2e.pcap_bytes(late))
    got = e2e.must_replay(checks, "an answer fills a hole", path, "--line-a", ports[0], "--rerequest", 26479)
    checks.equal(e2e.outcome(got), wanted, "an answer fills a hole")
    checks.true(got.get("requests", 0) >= 1, "the hole was asked for")
    path = e2e.write(place.path("hole.pcap"), e2e.pcap_bytes([f for i, f in enumerate(late) if i != hole + 40]))
    got = e2e.must_replay(checks, "a hole that nothing fills", path, "--line-a", ports[0])
    checks.equal(got.get("messages_lost"), min(10, len(messages) - 10 * hole), "exactly the hole is lost")
    checks.true(got.get("state_hash") != wanted["state_hash"], "a lost packet changes the state hash")


def check_canary(checks, rng, place, messages, wanted):
    """Every message counts: the smallest change of the feed is another state."""
    book_kinds = [i for i, m in enumerate(messages) if chr(m[0]) in "AFU"]
    for turn in range(12):
        changed = list(messages)
        at = rng.choice(book_kinds)
        what = turn % 4
        if what == 0:
            del changed[at]
        elif what == 1:
            changed.insert(at, changed[at])
        elif what == 2:  # one share more, of an order that is live at the end
            live = e2e.naive(messages).orders
            at = next(i for i in reversed(book_kinds) if chr(messages[i][0]) in "AF" and
                      int.from_bytes(messages[i][11:19], "big") in live)
            shares = int.from_bytes(changed[at][20:24], "big") + 1
            changed[at] = changed[at][:20] + shares.to_bytes(4, "big") + changed[at][24:]
        else:
            changed[at] = b"z" + changed[at][1:]
        got = e2e.must_replay(checks, "canary", e2e.write_binary(place.path("canary.ITCH50"), changed))
        checks.true(got.get("state_hash") != wanted["state_hash"], "canary %d at message %d is not seen" % (what, at))


def check_books(checks, path, messages, locates):
    book = e2e.naive(messages)
    for locate in locates:
        name = book.names[locate]
        for depth in (0, 1, 3):
            run = e2e.tool("replay", *e2e.SMALL, path, "--book", name, "--depth", depth)
            checks.true(run.status == 0, "--book %s: %s" % (name, run))
            checks.equal(run.out, book.text(locate, depth), "book of %s, depth %d" % (name, depth))
    run = e2e.replay(path, "--book", book.names[locates[0]])
    for word, side in (("bid", b"B"), ("ask", b"S")):
        levels = [(level["price"], level["quantity"], level["orders"]) for level in run.json["book"][word]]
        checks.equal(levels, book.side(locates[0], side), "book in JSON, " + word)
    checks.equal(run.json["live_orders"], len(book.orders), "live orders")
    checks.equal(run.json["levels"], book.level_count(), "levels")
    checks.equal(run.json["verdicts"], book.verdicts, "verdicts")
    checks.equal(run.json["symbols"], len(book.names), "symbols")




def real_captures(checks):
    """Each real capture: what its MoldUDP64 headers say is what comes out."""
    place = os.path.join(e2e.SHARED, "data", "moldudp64")
    names = sorted(n for n in os.listdir(place) if n.endswith(".pcap")) if os.path.isdir(place) else []
    for name in names:
        path = os.path.join(place, name)
        payloads = pcap_payloads(path)
        numbers, types = set(), {}
        for payload in payloads:
            sequence, count, at = int.from_bytes(payload[10:18], "big"), int.from_bytes(payload[18:20], "big"), 20
            for i in range(count):
                length = int.from_bytes(payload[at:at + 2], "big")
                if sequence + i not in numbers:
                    kind = chr(payload[at + 2])
                    types[kind] = types.get(kind, 0) + 1
                numbers.add(sequence + i)
                at += 2 + length
        # One capture jumps by millions of numbers with its last packet.
        got = e2e.must_replay(checks, name, path)
        taken = got.get("messages", 0)
        checks.equal(taken + got.get("messages_dropped", 0), len(numbers), name + ": messages")
        checks.equal(sum(got.get("verdicts", {}).values()), taken, name + ": one verdict each")
        checks.equal(got.get("bad_packets"), 0, name + ": bad packets")
        checks.equal(got.get("by_type"), types, name + ": by type")
        checks.equal(got.get("messages_lost"), max(numbers) - min(numbers) + 1 - len(numbers), name + ": lost")
    return len(names)


def pcap_payloads(path):
    with open(path, "rb") as file:
        content = file.read()
    order = "little" if content[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else "big"
    at, payloads = 24, []
    while at < len(content):
        length = int.from_bytes(content[at + 8:at + 12], order)
        data = content[at + 16:at + 16 + length]
        ip = 18 if data[12:14] == b"\x81\0" else 14
        udp = ip + 4 * (data[ip] & 15)
        payloads.append(data[udp + 8:udp + int.from_bytes(data[udp + 4:udp + 6], "big")])
        at += 16 + length
    return payloads


def main():
    e2e.on_term()
    e2e.need_tool()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    missing = []
    with e2e.Place() as place:
        messages = e2e.make_feed(rng, 6000)
        book = e2e.naive(messages)
        checks.equal(book.verdicts, {"ok": len(messages)}, "the generated feed is sound")
        plain = e2e.write_binary(place.path("wanted.ITCH50"), messages)
        wanted = e2e.outcome(e2e.must_replay(checks, "wanted", plain))
        checks.equal(wanted["messages"], len(messages), "messages")
        check_ways(checks, place, messages, wanted, binary_ways(checks, rng, place, messages))
        check_ways(checks, place, messages, wanted, capture_ways(rng, place, messages))
        check_lines(checks, rng, place, messages, wanted)
        check_canary(checks, rng, place, messages, wanted)
        check_books(checks, plain, messages, rng.sample(range(1, 21), 3))
    if os.path.exists(e2e.REAL_HOUR):
        with e2e.Place() as place:
            messages = e2e.read_binary(e2e.REAL_HOUR)
            wanted = e2e.outcome(e2e.must_replay(checks, "real hour", e2e.REAL_HOUR))
            ways = [("pcap", e2e.write_pcap(place.path("hour.pcap"), e2e.packets(messages, 30)), []),
                    ("batch 1", e2e.REAL_HOUR, ["--batch", 1]), ("journal", e2e.REAL_HOUR, ["--journal",
                                                                                           place.path("j-hour")]),
                    ("10,000 times as fast", e2e.REAL_HOUR, ["--speed", "10000x"])]
            check_ways(checks, place, messages, wanted, ways)
            check_lines(checks, rng, place, messages, wanted)
            check_books(checks, e2e.REAL_HOUR, messages, [next(iter(e2e.naive(messages).names))])
    else:
        missing.append(e2e.REAL_HOUR)
    if real_captures(checks) == 0:
        missing.append(os.path.join(e2e.SHARED, "data", "moldudp64"))
    for name in missing:
        print("left out, not there: " + name)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
