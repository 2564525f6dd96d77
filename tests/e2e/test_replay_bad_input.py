#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: whatever is wrong with a message, a packet, a frame, a file, a journal or a command line is named by a
counter or an error with its exit code; nothing is lost silently, nothing crashes, and what is not ok is kept with its
raw bytes.
Method: one bad thing at a time in a sound generated feed (LL_SEED), the tool run as a user runs it; verdicts and books
are compared with a naive book, exceptions with the bytes put in; damage to a journal is random and many times.
limit 300 s
"""
import gzip
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import ll_e2e as e2e

NS = e2e.OPEN_NS
NAME = "SYM001"


# --- messages --------------------------------------------------------------------------------------------------------

def bad_messages(rng, live):
    """[(name, messages)]: each to be put into a feed in which `live` are live orders of locate 1."""
    ref, other, third = live[:3]
    fresh = 1 << 40
    add = e2e.add(1, fresh, b"B", 100, NAME, 1000000, NS)
    yield "a byte short", [add[:-1], e2e.delete(1, ref, NS)[:-1], b"S"]
    yield "a byte long", [add + b"x", e2e.delete(1, ref, NS) + b"\0"]
    yield "much too long", [add * 10, bytes([68]) + rng.randbytes(1999), b"z" + rng.randbytes(2047)]
    yield "header only", [e2e.head("A", 1, NS), b"A", b"D"]
    yield "unknown types", [b"z" + bytes(20), b"\0" + bytes(11), b"\xff" * 36, b"G" + rng.randbytes(17)]
    yield "another version", [b"T" + (34200).to_bytes(4, "big"), b"A" + bytes(29), b"M" + bytes(9)]
    yield "unknown references", [e2e.executed(1, fresh, 1, NS), e2e.executed_price(1, fresh, 1, 5, NS),
                                 e2e.cancel(1, fresh, 1, NS), e2e.delete(1, fresh, NS),
                                 e2e.replace(1, fresh, fresh + 1, 100, 1000000, NS), e2e.delete(1, 0, NS),
                                 e2e.delete(1, 2**64 - 1, NS)]
    yield "double add", [add, e2e.add(1, fresh, b"S", 200, NAME, 1000100, NS),
                         e2e.add(2, ref, b"B", 1, "SYM002", 7, NS)]
    yield "executed beyond what is left", [e2e.executed(1, ref, 2**32 - 1, NS),
                                           e2e.executed_price(1, other, 10**6, 1, NS),
                                           e2e.cancel(1, third, 10**6, NS), e2e.executed(1, ref, 1, NS)]
    yield "deleted twice", [e2e.delete(1, ref, NS), e2e.delete(1, ref, NS)]
    yield "extreme prices", [e2e.add(1, fresh, b"B", 1, NAME, 0, NS),
                             e2e.add(1, fresh + 1, b"S", 1, NAME, 2**32 - 1, NS),
                             e2e.add(1, fresh + 2, b"S", 2**32 - 1, NAME, 0, NS),
                             e2e.replace(1, fresh, fresh + 3, 2**32 - 1, 2**32 - 1, NS)]
    yield "no quantity", [e2e.add(1, fresh, b"B", 0, NAME, 1, NS), e2e.add(1, fresh, b"S", 0, NAME, 1, NS, b"MPID"),
                          e2e.executed(1, ref, 0, NS), e2e.executed_price(1, ref, 0, 1, NS), e2e.cancel(1, ref, 0, NS),
                          e2e.replace(1, other, fresh, 0, 1, NS)]
    yield "no side", [e2e.add(1, fresh, b"X", 100, NAME, 1, NS), e2e.add(1, fresh, b"\0", 100, NAME, 1, NS)]
    yield "replaced by a live one", [e2e.replace(1, ref, other, 100, 1000000, NS),
                                     e2e.replace(1, third, third, 100, 1000100, NS)]
    yield "another book named", [e2e.executed(2, ref, 1, NS), e2e.delete(3, other, NS),
                                 e2e.replace(0, third, fresh, 10, 1000000, NS)]


def check_exceptions(checks, what, journal, wanted):
    """wanted: [(verdict, bytes)] in order: exactly these, with their bytes as they came."""
    run, lines = e2e.dump(journal, "--exceptions")
    checks.true(run.status == 0, "%s: dump: %s" % (what, run))
    got = [(line["verdict_name"], line["payload"]) for line in lines if line["kind"] == "feed"]
    checks.equal(got, [(verdict, message.hex()) for verdict, message in wanted], what + ": kept as exceptions")
    return lines


def check_messages(checks, rng, place):
    base = e2e.make_feed(rng, 400)
    book = e2e.naive(base)
    live = [ref for ref, order in book.orders.items() if order[0] == 1]
    while len(live) < 3:
        ref = (1 << 41) + len(base)
        base.append(e2e.add(1, ref, b"B", 500, NAME, 999000, NS))
        live.append(ref)
    tail = [e2e.add(2, (1 << 42) + i, b"S", 100, "SYM002", 1000000 + i, NS) for i in range(5)]
    every = []
    for name, bad in bad_messages(rng, live):
        every += [bad]
        check_feed(checks, place, name, base + bad + tail, False)
        check_feed(checks, place, name + ", in packets", base + bad + tail, True)
    check_feed(checks, place, "empty messages", base + [b"", b""] + tail, True)
    order = [m for bad in rng.sample(every, len(every)) for m in bad]
    check_feed(checks, place, "all of it together", base + order + tail, True)
    check_long(checks, place, base, tail)
    # No room: counted and kept, the rest goes on.
    many = base + [e2e.add(1, (1 << 43) + i, b"B", 1, NAME, 1 + i, NS) for i in range(3000)] + tail
    path = e2e.write_binary(place.path("many.ITCH50"), many)
    for words in (["--orders", 1], ["--levels", 1], ["--books", 1]):
        journal = place.path("j-full" + words[0])
        run = e2e.tool("replay", "--json", *words, "--journal", journal, path)
        good = checks.true(run.status == 0 and run.json, "%s: %s" % (words, run))
        full = run.json["verdicts"].get("table_full", 0) if good else 0
        checks.true(words[0] == "--orders" or full > 0, "%s: table_full is counted" % words)
        lines = e2e.dump(journal, "--exceptions")[1]
        checks.equal(sum(line["verdict_name"] == "table_full" for line in lines), full, "%s: kept" % words)


def check_feed(checks, place, name, messages, in_packets):
    book = e2e.NaiveBook()
    exceptions = [(verdict, m) for verdict, m in [(book.apply(m), m) for m in messages] if verdict != "ok"]
    journal = place.path("j-messages")
    path = e2e.write_pcap(place.path("messages.pcap"), e2e.packets(messages, 7, step_ns=1000)) if in_packets else \
        e2e.write_binary(place.path("messages.ITCH50"), messages)
    got = e2e.must_replay(checks, name, path, "--journal", journal)
    checks.equal(got.get("verdicts"), book.verdicts, name + ": verdicts")
    checks.equal(got.get("messages"), len(messages), name + ": messages")
    checks.equal(got.get("exceptions"), len(exceptions), name + ": exceptions")
    checks.equal(got.get("live_orders"), len(book.orders), name + ": live orders")
    checks.equal(got.get("levels"), book.level_count(), name + ": levels")
    check_exceptions(checks, name, journal, exceptions)
    for locate in (1, 2):
        run = e2e.tool("replay", *e2e.SMALL, path, "--book", "SYM%03d" % locate)
        checks.equal(run.out, book.text(locate), "%s: book %d" % (name, locate))
    again = e2e.must_replay(checks, name + ": resume", path, "--journal", journal, "--resume")
    checks.equal(e2e.outcome(again), e2e.outcome(got), name + ": the same after a resume")
    checks.equal(again.get("exceptions"), len(exceptions), name + ": exceptions after a resume")
    shutil.rmtree(journal, ignore_errors=True)


def check_long(checks, place, base, tail):
    """Longer than a record keeps: cut, and that is said; longer than any datagram: the file is refused there."""
    for size in (2049, 3000, 8900):
        long = b"A" + bytes(range(256)) * 35
        long = long[:size]
        journal = place.path("j-long%d" % size)
        path = e2e.write_binary(place.path("long.ITCH50"), base + [long] + tail)
        got = e2e.must_replay(checks, "%d bytes" % size, path, "--journal", journal)
        checks.equal(got.get("verdicts", {}).get("bad_length"), 1, "%d bytes: bad length" % size)
        checks.equal(got.get("payloads_cut"), 1, "%d bytes: cut, and counted" % size)
        check_exceptions(checks, "%d bytes" % size, journal, [("bad_length", long[:2048])])
    path = e2e.write_binary(place.path("giant.ITCH50"), base + [b"A" * 20000] + tail)
    journal = place.path("j-giant")
    run = e2e.replay(path, "--journal", journal)
    checks.true(run.status == 1 and "20000" in run.err, "a message no datagram can carry: %s" % run)
    checks.equal(run.json and run.json["messages"], len(base), "what came before it is worked")


# --- sequence numbers ------------------------------------------------------------------------------------------------

def check_sequences(checks, rng, place):
    messages = e2e.make_feed(rng, 2000)
    datagrams = e2e.packets(messages, 10, step_ns=10000)
    plain = e2e.must_replay(checks, "sound", e2e.write_pcap(place.path("sound.pcap"), datagrams))
    at = rng.randrange(20, len(datagrams) - 20)
    time_ns = datagrams[at][0]

    def run(name, sent, *words):
        journal = place.path("j-" + name.replace(" ", "-"))
        path = e2e.write_pcap(place.path("sequence.pcap"), sent)
        got = e2e.must_replay(checks, name, path, "--journal", journal, *words)
        again = e2e.must_replay(checks, name + ": resume", path, "--journal", journal, "--resume", *words)
        checks.equal(e2e.outcome(again), e2e.outcome(got), name + ": the same after a resume")
        checks.equal(again.get("messages_new"), 0, name + ": nothing new after a resume")
        checks.equal(again.get("exceptions"), got.get("exceptions"), name + ": exceptions after a resume")
        return got, journal

    got, _ = run("jump back", datagrams[:at] + datagrams[at - 10:])
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "jump back: the same state")
    checks.equal(got.get("duplicates"), 100, "jump back: duplicates")
    far = (time_ns, e2e.mold(10**9, messages[:3]))
    got, _ = run("far ahead once", datagrams[:at] + [far] + datagrams[at:])
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "far ahead once: the same state")
    checks.equal((got.get("far_dropped"), got.get("messages_dropped")), (1, 3), "far ahead once: counted")
    beyond = e2e.packets(messages[10 * at:], 10, first=10**6, step_ns=10000)
    got, journal = run("far ahead for good", datagrams[:at] + [(t + time_ns - NS, p) for t, p in beyond])
    checks.equal(got.get("messages"), len(messages), "far ahead for good: all that came is delivered")
    checks.equal((got.get("gaps_given_up"), got.get("messages_lost")), (1, 10**6 - 10 * at - 1),
                 "far ahead for good: lost")
    check_gaps(checks, "far ahead for good", journal, [(10 * at + 1, 10**6 - 10 * at - 1)])
    got, journal = run("a hole never filled", datagrams[:at] + datagrams[at + 2:])
    checks.equal((got.get("gaps"), got.get("gaps_given_up"), got.get("messages_lost")), (1, 1, 20), "a hole: counted")
    checks.equal(got.get("messages"), len(messages) - 20, "a hole: messages")
    check_gaps(checks, "a hole", journal, [(10 * at + 1, 20)])
    other = [(t, e2e.mold(1 + i, [m], b"OTHER00002")) for i, (t, m) in enumerate((time_ns, m) for m in messages[:5])]
    got, _ = run("another session between", datagrams[:at] + other + datagrams[at:])
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "another session between: the same state")
    checks.equal(got.get("wrong_session"), 5, "another session between: counted")
    after = [(time_ns + 10**9, e2e.mold(len(messages) + 1, messages[:4]))]
    got, _ = run("after the end", datagrams + after)
    checks.equal((got.get("packets_after_end"), got.get("messages_dropped")), (1, 4), "after the end: counted")
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "after the end: the same state")
    got, _ = run("an end too early", datagrams[:at] + [(time_ns, e2e.mold_end(5))] + datagrams[at:])
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "an end too early: the same state")
    checks.equal(got.get("end_contradicted"), 1, "an end too early: counted")
    got, _ = run("the start is missing", datagrams[3:], "--start-sequence", 1)
    checks.equal((got.get("messages_lost"), got.get("messages")), (30, len(messages) - 30),
                 "the start is missing: lost")


def check_gaps(checks, what, journal, wanted):
    _, lines = e2e.dump(journal, "--exceptions")
    got = [tuple(int.from_bytes(bytes.fromhex(line["payload"])[i:i + 8], "little") for i in (0, 8))
           for line in lines if line["kind"] == "gap"]
    checks.equal(got, wanted, what + ": the gap is among the exceptions")


# --- packets and frames ----------------------------------------------------------------------------------------------

def check_packets(checks, rng, place):
    messages = e2e.make_feed(rng, 1000)
    datagrams = e2e.packets(messages, 10, step_ns=10000)
    plain = e2e.must_replay(checks, "sound", e2e.write_pcap(place.path("sound.pcap"), datagrams))
    some = messages[:3]
    good = e2e.mold(11, some)
    bad = [b"", b"x", good[:19], e2e.mold(11, some, count=4), e2e.mold(11, some, count=2), good[:-1], good[:21],
           good + b"\0",
           e2e.mold(11, some, count=0), e2e.mold(11, some, count=0xFFFF), e2e.mold(2**64 - 2, some),
           e2e.mold(11, [], count=5), rng.randbytes(700), e2e.mold(11, [b"A" * 3000], count=3),
           good[:20] + b"\xff" * 40]
    sent, wanted = [], []
    for time_ns, payload in datagrams:
        if bad and rng.random() < 0.4:
            wanted.append((len(sent) + 1, bad[0]))
            sent.append((time_ns, bad.pop(0)))
        sent.append((time_ns, payload))
    checks.equal(bad, [], "every bad packet is sent")
    path = e2e.write_pcap(place.path("bad.pcap"), sent)
    journal = place.path("j-packets")
    got = e2e.must_replay(checks, "bad packets", path, "--journal", journal)
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "bad packets: the same state")
    checks.equal((got.get("bad_packets"), got.get("exceptions"), got.get("payloads_cut")),
                 (len(wanted), len(wanted), 1),
                 "bad packets: counted")

    def kept(where):
        return [bytes.fromhex(line["payload"]) for line in e2e.dump(where, "--exceptions")[1]]
    raw = [number.to_bytes(8, "little") + payload[:2040] for number, payload in wanted]
    checks.equal(kept(journal), raw, "bad packets: each kept with its number and its bytes")
    got = e2e.must_replay(checks, "bad packets: resume", path, "--journal", journal, "--resume")
    checks.equal((got.get("bad_packets"), kept(journal)), (len(wanted), raw), "bad packets: once, also after a resume")
    # The feed goes on in another capture, whose frames count from 1 again: its bad packets are new ones.
    later = [(t + 10**10, p) for t, p in [(NS, b"damaged")] + e2e.packets(some, 1, first=len(messages) + 1)]
    half = e2e.write_pcap(place.path("first.pcap"), sent[:-1])
    journal = place.path("j-two-captures")
    e2e.must_replay(checks, "first capture", half, "--journal", journal)
    got = e2e.must_replay(checks, "second capture", e2e.write_pcap(place.path("second.pcap"), later), "--journal",
                          journal,
                          "--resume")
    checks.equal(kept(journal)[-1:], [(1).to_bytes(8, "little") + b"damaged"], "a later capture's bad packet is kept")
    checks.equal(got.get("messages"), len(messages) + 3, "the second capture goes on")


def check_frames(checks, rng, place):
    messages = e2e.make_feed(rng, 500)
    datagrams = e2e.packets(messages, 10, step_ns=10000)
    plain = e2e.must_replay(checks, "sound", e2e.write_pcap(place.path("sound.pcap"), datagrams))
    good = e2e.frame(e2e.mold(1, messages[:2]))
    strange = {
        "not_ipv4": [e2e.frame(b"", ether_type=0x0806), e2e.frame(b"x" * 40, ether_type=0x86DD),
                     e2e.frame(b"", ether_type=0x88CC)],
        "not_udp": [e2e.frame(b"x" * 30, protocol=6), e2e.frame(b"", protocol=2)],
        "fragments": [e2e.frame(b"x" * 30, fragment=0x2000), e2e.frame(b"x" * 30, fragment=0x0001)],
        "no_flow": [e2e.frame(b"x" * 30, port=1), e2e.frame(e2e.mold(1, messages[:1]), port=26478),
                    e2e.frame(b"", group="10.1.2.3")],
        "truncated": [good[:20], good[:40], good[:-1], good[:38] + b"\xff\xff" + good[40:]],
        "oversize": [good + bytes(9300)],
    }
    frames = [(t, e2e.frame(p)) for t, p in datagrams]
    for group in strange.values():
        for data in group:
            at = rng.randrange(len(frames))
            frames.insert(at, (frames[at][0], data))
    path = e2e.write(place.path("strange.pcap"), e2e.pcap_bytes(frames))
    got = e2e.must_replay(checks, "strange frames", path, "--line-a", "%s:%d" % (e2e.GROUP, e2e.PORT))
    checks.equal(e2e.outcome(got), e2e.outcome(plain), "strange frames: the same state")
    counted = {name: got.get("port", {}).get(name) for name in strange}
    checks.equal(counted, {name: len(group) for name, group in strange.items()}, "strange frames: counted")
    checks.equal(got.get("port", {}).get("frames"), len(frames), "strange frames: each frame is counted")


# --- files -----------------------------------------------------------------------------------------------------------

def check_files(checks, rng, place):
    messages = e2e.make_feed(rng, 3000)
    content = e2e.binary_bytes(messages)
    whole = e2e.write(place.path("whole.ITCH50"), content)
    wanted = e2e.must_replay(checks, "whole", whole)
    capture = e2e.pcap_bytes([(t, e2e.frame(p)) for t, p in e2e.packets(messages, 10)])
    big = e2e.pcap_bytes([(t, e2e.frame(p)) for t, p in e2e.packets(messages, 10)], big_endian=True)
    os.mkdir(place.path("directory"))
    refused = [
        ("missing", place.path("missing.ITCH50"), (1, 4), "no such file"),
        ("a directory", place.path("directory"), (1,), "directory"),
        ("empty", e2e.write(place.path("empty.ITCH50"), b""), (1,), "empty"),
        ("one byte", e2e.write(place.path("one.ITCH50"), b"\0"), (1,), "one.ITCH50"),
        ("text", e2e.write(place.path("text.ITCH50"), b"This is a text, and no feed.\n" * 50), (1,),
         "not a BinaryFILE"),
        ("gzip of a pcap", e2e.write(place.path("capture.pcap.gz"), gzip.compress(capture)), (1,), "pcap"),
        ("gzip of gzip", e2e.write(place.path("twice.gz"), gzip.compress(gzip.compress(content))), (1,), "gzip"),
        ("empty gzip", e2e.write(place.path("nothing.gz"), gzip.compress(b"")), (1,), "nothing.gz"),
        ("pcap cut in a packet", e2e.write(place.path("cut.pcap"), capture[:-7]), (1,), "cut"),
        ("pcap cut in its header", e2e.write(place.path("head.pcap"), capture[:20]), (1,), "head.pcap"),
        ("pcap of another link", e2e.write(place.path("link.pcap"), capture[:20] + b"\x71" + capture[21:]), (1,),
         "Ethernet"),
    ]
    for name, path, statuses, word in refused:
        for words in ([path], [whole, path]):
            run = e2e.replay(words)
            checks.true(run.status in statuses and word in run.err and os.path.basename(path) in run.err,
                        "%s: %s" % (name, run))
            if len(words) == 2 and run.status in statuses:
                checks.equal(run.json and run.json["messages"], len(messages),
                             name + " as the second file: the first is worked")
    accepted = [("pcap named .ITCH50", "capture.ITCH50", capture), ("BinaryFILE named .pcap", "feed.pcap", content),
                ("big-endian pcap", "big.pcap", big), ("gzip named .ITCH50", "zipped.ITCH50", gzip.compress(content)),
                ("BinaryFILE without a name", "feed", content)]
    for name, file, data in accepted:
        got = e2e.must_replay(checks, name, e2e.write(place.path(file), data))
        checks.equal(e2e.outcome(got), e2e.outcome(wanted), name + ": told by its content")
    check_cut(checks, rng, place, messages, content, wanted)
    fifo = place.path("pipe")
    os.mkfifo(fifo)
    with subprocess.Popen(["sh", "-c", 'cat "$1" >"$2"', "sh", whole, fifo], stderr=subprocess.DEVNULL) as writer:
        try:
            got = e2e.must_replay(checks, "a pipe", fifo, limit_s=30)
            checks.equal(e2e.outcome(got), e2e.outcome(wanted), "a pipe: the same state")
        except subprocess.TimeoutExpired:
            checks.true(False, "a pipe: it hangs")
        writer.kill()


def check_cut(checks, rng, place, messages, content, wanted):
    """A BinaryFILE cut anywhere: all whole messages are worked and durable, then the cut is named, and the whole file
    goes on from there."""
    for turn in range(10):
        at = rng.randrange(100, len(content) - 1)
        ends, offset = 0, 0
        for message in messages:
            if offset + 2 + len(message) > at:
                break
            offset += 2 + len(message)
            ends += 1
        if turn == 0:
            at = offset + 1  # behind one byte of a length
        clean = at == offset
        path = place.path("cut-%d.ITCH50" % turn)
        e2e.write(path, gzip.compress(content)[:at // 3] if turn == 9 else
                  gzip.compress(content[:at]) if turn % 3 == 2 else content[:at])
        journal = place.path("j-cut%d" % turn)
        run = e2e.replay(path, "--journal", journal)
        what = "cut at byte %d" % at
        checks.true(run.status == (0 if clean else 1) and run.json, "%s: %s" % (what, run))
        if not run.json:
            continue
        if turn != 9:
            checks.equal(run.json["messages"], ends, what + ": every whole message is worked")
        if not clean:
            checks.true(os.path.basename(path) in run.err and ("ends inside" in run.err or "cut" in run.err),
                        "%s: named: %s" % (what, run.err))
        found = e2e.tool("verify", "--json", journal)
        checks.equal(found.json and found.json["last_event_id"], run.json["journal"]["durable_event_id"],
                     what + ": durable")
        e2e.write(path, content)
        got = e2e.must_replay(checks, what + ": resume with the whole file", path, "--journal", journal, "--resume")
        checks.equal(e2e.outcome(got), e2e.outcome(wanted), what + ": the end")


# --- journals --------------------------------------------------------------------------------------------------------

def check_journal_places(checks, rng, place):
    messages = e2e.make_feed(rng, 2000)
    path = e2e.write_binary(place.path("feed.ITCH50"), messages)
    file = e2e.write(place.path("file"), b"not a directory")
    for name, journal in (("a file", file), ("below a file", file + "/j"),
                          ("a place that cannot be", "/proc/nothing/j"),
                          ("a read-only place", "/proc/self")):
        run = e2e.replay(path, "--journal", journal)
        checks.true(run.status in (2, 3, 4) and journal[:20] in run.err, "journal is %s: %s" % (name, run))
        checks.equal(run.out, "", "journal is %s: nothing was replayed" % name)
    nobody(checks, place, path)
    journal = place.path("j")
    first = e2e.must_replay(checks, "first", path, "--journal", journal)
    run = e2e.replay(path, "--journal", journal)
    checks.true(run.status == 2 and "--resume" in run.err, "records, and no --resume: %s" % run)
    checks.equal(e2e.tool("verify", "--json", journal).json["last_event_id"], len(messages) + 2, "it was left alone")
    run = e2e.replay(path, "--resume")
    checks.true(run.status == 2 and "--journal" in run.err, "--resume without a journal: %s" % run)
    empty = e2e.must_replay(checks, "--resume of nothing", path, "--journal", place.path("j-new"), "--resume")
    checks.equal(e2e.outcome(empty), e2e.outcome(first), "--resume of nothing: from the start")
    other_feeds(checks, rng, place, path, journal, first)
    two_writers(checks, rng, place)


def nobody(checks, place, path):
    """A directory without write permission, as a user who has none."""
    if os.geteuid() != 0:
        return
    directory = place.path("closed")
    os.mkdir(directory, 0o555)
    os.chmod(place.dir, 0o755)

    def become():
        os.setgid(65534)
        os.setuid(65534)
    try:
        probe = subprocess.run([e2e.TOOL, "--help"], preexec_fn=become, capture_output=True, check=False)
    except (PermissionError, subprocess.SubprocessError):
        probe = None
    if probe is None or probe.returncode != 0:
        print("left out: another user cannot run " + e2e.TOOL)
        return
    run = e2e.replay(path, "--journal", directory + "/j", preexec_fn=become)
    checks.true(run.status in (3, 4) and "closed" in run.err, "no permission to write: %s" % run)


def other_feeds(checks, rng, place, path, journal, first):
    """A journal goes on with its own feed only."""
    strange = [("another BinaryFILE", e2e.write_binary(place.path("other.ITCH50"), e2e.make_feed(
        rng, 3000, symbols=7)[1:])), ("a capture of another session", e2e.write_pcap(
            place.path("other.pcap"), e2e.packets(e2e.make_feed(rng, 3000), 10)))]
    before = e2e.tool("dump", journal).out
    for name, file in strange:
        run = e2e.replay(file, "--journal", journal, "--resume")
        checks.true(run.status == 1 and "journal" in run.err, "--resume with %s: %s" % (name, run))
        checks.equal(e2e.tool("dump", journal).out == before, True, "--resume with %s leaves the journal alone" % name)
    got = e2e.must_replay(checks, "its own feed again", path, "--journal", journal, "--resume")
    checks.equal(e2e.outcome(got), e2e.outcome(first), "its own feed again")


def two_writers(checks, rng, place):
    path = e2e.write_binary(place.path("slow.ITCH50"), e2e.make_feed(rng, 2000, span_ns=60 * 10**9, burst=100))
    journal = place.path("j-two")
    words = [e2e.TOOL, "replay", "--json", *e2e.SMALL, "--speed", "real", "--journal", journal, path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        limit = time.monotonic() + 30
        while time.monotonic() < limit and not (os.path.isdir(journal) and
                                                any(n.endswith(".lljournal") for n in os.listdir(journal))):
            time.sleep(0.01)
        for more in ([], ["--resume"]):
            run = e2e.replay(path, "--journal", journal, *more)
            checks.true(run.status == 3 and journal in run.err, "a second writer: %s" % run)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        checks.equal(process.returncode, 0, "the first writer is not disturbed")
        result = json.loads(out)
        checks.equal(e2e.tool("verify", "--json", journal).json["last_event_id"], result["journal"]["durable_event_id"],
                     "the first writer's journal")


def killed_journal(rng, place, path, name):
    """A journal as kill -9 leaves it: its last run is not covered by a seal."""
    journal = place.path(name)
    words = [e2e.TOOL, "replay", *e2e.SMALL, "--speed", "real", "--segment-bytes", "64K", "--journal", journal, path]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        limit = time.monotonic() + 30
        wanted = rng.randint(2, 4)
        while process.poll() is None and time.monotonic() < limit and (
                not os.path.isdir(journal) or sum(n.endswith(".lljournal") for n in os.listdir(journal)) < wanted):
            time.sleep(0.002)
        process.kill()
        process.wait()
    return journal


def damage(rng, journal):
    """One random damage; returns what it was."""
    names = sorted(n for n in os.listdir(journal) if n.endswith(".lljournal"))
    path = os.path.join(journal, rng.choice(names))
    with open(path, "rb") as file:
        content = bytearray(file.read())
    used = max((at for at in range(0, len(content), 64) if any(content[at:at + 64])), default=0) + 64
    at = rng.randrange(used) if rng.random() < 0.8 else rng.randrange(len(content))
    kind = rng.randrange(5)
    if kind <= 1:
        content[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        size = rng.choice((1, 8, 64, 512, 4096))
        content[at:at + size] = bytes(len(content[at:at + size]))
    elif kind == 3:
        size = rng.choice((1, 64, 512))
        content[at:at + size] = rng.randbytes(len(content[at:at + size]))
    elif rng.random() < 0.5:
        del content[at:]
    else:
        os.unlink(path)
        return "%s removed" % os.path.basename(path), os.path.basename(path) == names[-1]
    with open(path, "wb") as file:
        file.write(content)
    return "%s damaged at %d (kind %d)" % (os.path.basename(path), at, kind), False


def check_damage(checks, rng, place):
    """Whatever happens to a journal's bytes: refused, or an unsynced tail is cut; the state is never a wrong one."""
    messages = e2e.make_feed(rng, 5000, span_ns=2 * 10**8, burst=50)
    path = e2e.write_binary(place.path("damage.ITCH50"), messages)
    sealed = place.path("j-sealed")
    wanted = e2e.outcome(e2e.must_replay(checks, "sealed", path, "--journal", sealed, "--segment-bytes", "64K"))
    killed = killed_journal(rng, place, path, "j-killed")
    refused = cut = 0
    for turn in range(int(os.environ.get("LL_DAMAGES") or 60)):
        source = (sealed, killed)[turn % 2]
        journal = place.path("j-damaged")
        shutil.copytree(source, journal)
        what, last_removed = damage(rng, journal)
        what += " (sealed)" if source == sealed else " (killed)"
        found = e2e.tool("verify", "--json", journal)
        checks.true(found.status in (0, 1, 5), "%s: verify: %s" % (what, found))
        run = e2e.replay(path, "--journal", journal, "--resume", "--segment-bytes", "64K")
        checks.true(run.status in (0, 5), "%s: resume: %s" % (what, run))
        if run.status == 0:
            cut += 1
            checks.equal(e2e.outcome(run.json), wanted, what + ": the end")
            checks.equal(e2e.tool("verify", journal).status, 0, what + ": verify after it")
        else:
            refused += 1
            checks.true("lljournal" in run.err or "segment" in run.err or "record" in run.err,
                        "%s: %s" % (what, run.err))
            checks.equal(run.out, "", what + ": nothing was replayed")
        shutil.rmtree(journal)
    print("damages: %d refused, %d cut or harmless" % (refused, cut))
    checks.true(refused > 0 and cut > 0, "both kinds of damage occurred")


# --- the disk --------------------------------------------------------------------------------------------------------

def check_disk(checks, rng, place):
    messages = e2e.make_feed(rng, 30000)
    path = e2e.write_binary(place.path("disk.ITCH50"), messages)
    wanted = e2e.outcome(e2e.must_replay(checks, "disk", path))
    disk_full(checks, place, path, wanted)
    size_limit(checks, place, path, wanted)
    sync_error(checks, rng, place, path, wanted)


def stopped_by_disk(checks, what, run, journal):
    """Exit 4, the reason, and no word of durability that the journal does not hold."""
    checks.equal(run.status, 4, "%s: %s" % (what, run))
    checks.true("everything received is worked and durable" not in run.out,
                what + ": no false promise: " + run.out[:100])
    found = e2e.tool("verify", "--json", journal)
    if found.status == 1:  # not even the first segment
        checks.true(run.json is None or run.json["journal"]["durable_event_id"] == 0, what + ": nothing durable")
        return
    checks.equal(found.status, 0, "%s: verify: %s" % (what, found))
    if run.json:
        checks.true(run.json["journal"]["durable_event_id"] <= found.json["last_event_id"], what + ": durable is in it")


def goes_on(checks, what, path, journal, wanted, *words):
    has = e2e.tool("verify", journal).status == 0
    got = e2e.must_replay(checks, what + ": resume", path, "--journal", journal, *words, *(["--resume"] if has else []))
    checks.equal(e2e.outcome(got), wanted, what + ": the end")


def disk_full(checks, place, path, wanted):
    """In a mount namespace of its own: a file system that is too small, and then larger."""
    directory = place.path("small")
    os.mkdir(directory)
    words = ["unshare", "-m", "--propagation", "private", sys.executable, os.path.abspath(__file__), "--disk-full",
             directory, path, json.dumps(wanted)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=120, check=False)
    except OSError as error:
        print("left out: disk full: %s" % error)
        return
    out = done.stdout.decode()
    if done.returncode == 77 or done.stderr.startswith(b"unshare:"):
        print("left out: disk full: a file system of its own cannot be mounted here: " + done.stderr.decode().strip())
        return
    sys.stdout.write(out)
    checks.true(done.returncode == 0 and "checks, 0 failed" in out, "disk full: %s %s" % (out, done.stderr.decode()))


def disk_full_inside(directory, path, wanted):
    checks = e2e.Checks()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", directory], check=False).returncode != 0:
        return 77
    journal = os.path.join(directory, "j")
    for words in (["--segment-bytes", "64K"], ["--segment-bytes", "512K"]):
        run = e2e.replay(path, "--journal", journal, *words)
        stopped_by_disk(checks, "disk full", run, journal)
        checks.true("full" in run.err or "space" in run.err, "disk full: named: " + run.err)
        text = e2e.tool("replay", *e2e.SMALL, path, "--journal", journal, "--resume", *words)
        stopped_by_disk(checks, "disk still full", text, journal)
        subprocess.run(["mount", "-o", "remount,size=64m", directory], check=True)
        goes_on(checks, "disk full, then larger", path, journal, wanted, *words)
        shutil.rmtree(journal)
        subprocess.run(["mount", "-o", "remount,size=1m", directory], check=True)
    subprocess.run(["umount", directory], check=True)
    return checks.end()


def size_limit(checks, place, path, wanted):
    """A limit on file sizes: the next segment cannot be made."""
    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
    journal = place.path("j-limit")
    run = e2e.replay(path, "--journal", journal, "--segment-bytes", "512K", preexec_fn=limited)
    stopped_by_disk(checks, "file size limit", run, journal)
    goes_on(checks, "file size limit", path, journal, wanted)


def sync_error(checks, rng, place, path, wanted):
    """fdatasync fails: the journal stops there, for good, and says so."""
    if shutil.which("strace") is None:
        print("left out: EIO on fdatasync: strace is not installed")
        return
    for call, error, first in (("fdatasync", "EIO", 1), ("fdatasync", "EIO", rng.randint(2, 12)),
                               ("pwrite64", "EIO", 4),
                               ("fdatasync", "ENOSPC", 3)):
        what = "%s: %s from call %d on" % (call, error, first)
        journal = place.path("j-%s-%s-%d" % (call, error, first))
        trace = place.path("trace")
        words = ["strace", "-f", "-qq", "-e", "trace=" + call, "-o", trace, "-e",
                 "inject=%s:error=%s:when=%d+" % (call, error, first), e2e.TOOL, "replay", "--json", *e2e.SMALL,
                 "--segment-bytes", "64K", "--journal", journal, path]
        done = subprocess.run(words, capture_output=True, timeout=120, check=False)
        if b"ptrace" in done.stderr or not os.path.exists(trace):
            print("left out: EIO on fdatasync: " + done.stderr.decode().strip())
            return
        run = e2e.Run(done.returncode, done.stdout.decode(), done.stderr.decode())
        stopped_by_disk(checks, what, run, journal)
        if call == "fdatasync" and first == 1 and run.json:
            checks.equal(run.json["journal"]["durable_event_id"], 0, what + ": nothing was ever durable")
        goes_on(checks, what, path, journal, wanted, "--segment-bytes", "64K")


# --- the command line ------------------------------------------------------------------------------------------------

def check_usage(checks, rng, place):
    path = e2e.write_binary(place.path("usage.ITCH50"), e2e.make_feed(rng, 50))
    wrong = [(["--bogus"], "bogus"), (["--batch", "0"], "batch"), (["--batch", "65"], "batch"),
             (["--batch", "x"], "batch"),
             (["--batch", "-1"], "batch"), (["--batch"], "batch"), (["--depth", "1.5"], "depth"),
             (["--speed", "fast"], "speed"),
             (["--speed", "0x"], "speed"), (["--speed", "-1x"], "speed"), (["--speed", "1"], "speed"),
             (["--speed", ""], "speed"),
             (["--speed", "99999999999999999999x"], "speed"), (["--orders", "0"], "orders"),
             (["--levels", "0"], "levels"),
             (["--books", "65537"], "books"), (["--segment-bytes", "1"], "segment-bytes"), (["--line-a", "x"], "'x'"),
             (["--line-a", "1.2.3.4"], "1.2.3.4"), (["--line-a", "1.2.3.4:0"], "1.2.3.4:0"),
             (["--line-b", "1.2.3:5"], "1.2.3:5"),
             (["--line-a", "1.2.3.4:65536"], "65536"), (["--rerequest", ":"], "':'"),
             (["--device", "abacus"], "abacus"),
             (["--start-sequence", "99999999999999999999"], "start-sequence"), (["--json=yes"], "json"),
             (["--segment-bytes", "65537", "--journal", place.path("j-usage")], "segment")]
    for words, named in wrong:
        run = e2e.tool("replay", *words, path)
        checks.true(run.status == 2 and named in run.err, "%s: %s" % (" ".join(words), run))
        checks.equal(run.out, "", " ".join(words) + ": nothing is printed as a result")
    for words in (["replay"], ["replay", "--json"], [], ["reply"], ["verify"], ["dump"], ["dump", "a", "b"],
                  ["dump", "--from", "0", "."]):
        run = e2e.tool(*words)
        checks.true(run.status == 2 and run.err, "%s: %s" % (words, run))
    for words in (["verify", place.dir], ["dump", place.dir], ["verify", place.path("none")], ["dump", path]):
        run = e2e.tool(*words)
        checks.true(run.status in (1, 4) and run.err, "%s: %s" % (words, run))
    run = e2e.tool("replay", *e2e.SMALL, path, "--book", "NOSUCH")
    checks.true(run.status == 1 and "NOSUCH" in run.err, "an unknown symbol: %s" % run)
    run = e2e.tool("replay", "--json", *e2e.SMALL, path, "--book", "NOSUCH")
    checks.true(run.status == 1 and "NOSUCH" in run.err, "an unknown symbol, JSON: %s" % run)
    run = e2e.tool("replay", *e2e.SMALL, path, "--hgrm", place.path("no/such"))
    checks.true(run.status == 4 and "no/such" in run.err, "a histogram that cannot be written: %s" % run)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([e2e.TOOL, "replay", *e2e.SMALL, path], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        checks.true(done.returncode == 4 and b"output" in done.stderr, "the output is full: %s" % done)
    run = e2e.tool("replay", "--help")
    checks.true(run.status == 0 and "usage:" in run.out, "--help")


def main():
    if sys.argv[1:2] == ["--disk-full"]:
        return disk_full_inside(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
    e2e.on_term()
    e2e.need_tool()
    number = e2e.seed()
    checks = e2e.Checks()
    parts = [check_messages, check_sequences, check_packets, check_frames, check_files, check_journal_places,
             check_damage,
             check_disk, check_usage]
    for part in parts:
        start = time.monotonic()
        with e2e.Place() as place:
            part(checks, random.Random(number), place)
        print("%-24s %5.1f s" % (part.__name__, time.monotonic() - start), flush=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
