#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `lifeline decode` takes the messages out of TCP however a capture holds them, and never invents one: segments
cut anywhere, again, early, in random order; a gap is named, and the stream goes on only when that is certain.
Method: a session of OUCH 5.0 is written here as captures; the messages that come out are compared with those that went
in, and after a gap with the ones that may be known.
"""
import json
import random
import struct
import sys

import ll_e2e as e2e

CLIENT = (0x0a000001, 40000)
SERVER = (0x0a000002, 26402)
SYN, ACK, PSH = 0x02, 0x10, 0x08
FIRST = 0xfffffff0  # the numbers wrap inside every session


def frame(way, sequence, payload=b"", flags=ACK | PSH):
    (source, source_port), (target, target_port) = way
    tcp = struct.pack(">HHIIBBHHH", source_port, target_port, sequence % 2**32, 0, 5 << 4, flags, 65535, 0, 0)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp) + len(payload), 0, 0, 64, 6, 0, source, target)
    data = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + payload
    return data + b"\0" * max(0, 60 - len(data))  # the link pads, and the padding is not payload


def write(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for number, data in enumerate(frames):
            file.write(struct.pack("<IIII", 1767000000, number, len(data), len(data)) + data)


def packet(kind, payload=b""):
    return struct.pack(">Hc", 1 + len(payload), kind) + payload


def canceled(number):
    return b"C" + struct.pack(">QIIc", 34200000000000 + number, number, 1, b"U")


IN, OUT = (CLIENT, SERVER), (SERVER, CLIENT)
LOGIN = packet(b"L", b"USER01PASS      " + b" " * 10 + b"1".rjust(20))
ACCEPTED = packet(b"A", b"SESS000001" + b"1".rjust(20))


def decode(checks, place, frames, status=0, words=("--protocol", "ouch50")):
    path = place.path("made.pcap")
    write(path, frames)
    run = e2e.tool("decode", *words, path)
    checks.equal(run.status, status, "exit; %s" % run.err)
    return [json.loads(line) for line in run.out.splitlines()], run.err


def numbers(lines):
    """(sequence, user_ref_num) of every Canceled message."""
    return [(line["packet"].get("sequence"), line["user_ref_num"]) for line in lines if line.get("message_type") == "C"]


def gaps(lines):
    return [line["packet"]["missing_bytes"] for line in lines if line["packet"]["kind"] == "gap"]


def server_frames(stream, cuts):
    """The stream as segments that end at these places."""
    edges = [0] + sorted(cuts) + [len(stream)]
    return [frame(OUT, FIRST + 1 + a, stream[a:b]) for a, b in zip(edges, edges[1:]) if a < b]


def opened(frames):
    """With both SYNs and the login in front."""
    return [frame(IN, 99, flags=SYN), frame(OUT, FIRST, flags=SYN | ACK), frame(IN, 100, LOGIN)] + frames


def check_any_cut(checks, place):
    stream = ACCEPTED + packet(b"S", canceled(1)) + packet(b"H") + packet(b"S", canceled(2))
    for cut in range(1, len(stream)):
        lines, _ = decode(checks, place, opened(server_frames(stream, [cut])))
        checks.equal(numbers(lines), [(1, 1), (2, 2)], "cut at %d" % cut)
        checks.equal([line["packet"]["direction"] for line in lines], ["in"] + ["out"] * 4, "directions")


def check_random(checks, place, rng):
    count = 60
    stream = ACCEPTED + b"".join(packet(b"S", canceled(1 + i)) for i in range(count))
    for _ in range(20):
        frames = server_frames(stream, rng.sample(range(1, len(stream)), 80))
        for at in range(len(frames)):  # early, within a few, and some of them again
            to = min(len(frames) - 1, at + rng.randrange(4))
            frames[at], frames[to] = frames[to], frames[at]
        frames = [data for data in frames for _ in range(1 + (rng.randrange(5) == 0))]
        lines, err = decode(checks, place, opened(frames))
        checks.equal(numbers(lines), [(1 + i, 1 + i) for i in range(count)], "any order")
        checks.equal(err, "", "nothing to complain of")


def check_gaps(checks, place):
    packets = [ACCEPTED] + [packet(b"S", canceled(1 + i)) for i in range(6)]
    at = [sum(map(len, packets[:i])) for i in range(8)]
    stream = b"".join(packets)

    def without(a, b):
        return opened([frame(OUT, FIRST + 1, stream[:a]), frame(OUT, FIRST + 1 + b, stream[b:])])

    # Inside one packet whose length is there: the next one is certain, and its number too.
    lines, err = decode(checks, place, without(at[2] + 5, at[2] + 9), 1)
    checks.equal((numbers(lines), gaps(lines)), ([(1, 1), (3, 3), (4, 4), (5, 5), (6, 6)], [4]), "inside a packet")
    checks.true("gap: 4 bytes" in err, err)
    # Up to the very end of it.
    lines, err = decode(checks, place, without(at[2] + 3, at[3]), 1)
    checks.equal(numbers(lines), [(1, 1), (3, 3), (4, 4), (5, 5), (6, 6)], "to the end of a packet")
    # With its type gone nobody knows whether it was to be counted.
    lines, err = decode(checks, place, without(at[2] + 2, at[3]), 1)
    checks.equal(numbers(lines), [(1, 1), (None, 3), (None, 4), (None, 5), (None, 6)], "without the type")
    # Beyond its end, or a whole packet: nothing behind it is certain.
    for a, b in ((at[2] + 5, at[3] + 1), (at[2], at[3]), (at[2] + 1, at[3])):
        lines, err = decode(checks, place, without(a, b), 1)
        checks.equal((numbers(lines), gaps(lines)), ([(1, 1)], [b - a]), "gap %d..%d" % (a, b))
        checks.true("given up" in err, err)
    # The other direction goes on.
    lines, _ = decode(checks, place, without(at[2], at[3]) + [frame(IN, 100 + len(LOGIN), packet(b"R"))], 1)
    checks.equal([line["packet"]["kind"] for line in lines].count("client_heartbeat"), 1, "the client is still heard")
    # Two gaps, each inside one packet.
    kept = ((0, at[1] + 4), (at[1] + 6, at[3] + 8), (at[3] + 9, len(stream)))
    frames = opened([frame(OUT, FIRST + 1 + a, stream[a:b]) for a, b in kept])
    lines, _ = decode(checks, place, frames, 1)
    checks.equal((numbers(lines), gaps(lines)), ([(2, 2), (4, 4), (5, 5), (6, 6)], [2, 1]), "two gaps")
    # Too far ahead to be held, with nothing held in between.
    lines, err = decode(checks, place, opened([frame(OUT, FIRST + 1, stream),
                                               frame(OUT, FIRST + 1 + 300000, packet(b"H"))]), 1)
    checks.equal((len(numbers(lines)), gaps(lines)), (6, [300000 - len(stream)]), "far ahead")
    # The capture ends inside a packet.
    lines, err = decode(checks, place, opened([frame(OUT, FIRST + 1, stream[:-1])]), 1)
    checks.true(len(numbers(lines)) == 5 and "ends inside a packet" in err, err)


def check_bad_streams(checks, place):
    good = packet(b"S", canceled(7))
    # Without a SYN the stream begins where the capture does, if a packet does.
    lines, _ = decode(checks, place, [frame(OUT, 5, good)])
    checks.equal(numbers(lines), [(None, 7)], "no SYN")
    lines, err = decode(checks, place, [frame(OUT, 5, good[3:] + good)], 1)
    checks.true(not lines and "given up" in err, err)
    lines, err = decode(checks, place, opened([frame(OUT, FIRST + 1, b"\0\0" + good)]), 1)
    checks.true(len(lines) == 1 and "length of 0" in err, err)
    # A packet type of tomorrow is passed over by its length; so is a message.
    stream = ACCEPTED + packet(b"?", b"x") + packet(b"S", b"?x") + good
    lines, err = decode(checks, place, opened([frame(OUT, FIRST + 1, stream)]), 1)
    checks.equal(numbers(lines), [(2, 7)], "unknown types")
    checks.true("message 1: unknown_type" in err and "no SoupBinTCP packet type" in err, err)
    # The same ports again: a new SYN is a new stream.
    again = [frame(OUT, 7000, flags=SYN | ACK), frame(OUT, 7001, ACCEPTED + good)]
    lines, _ = decode(checks, place, opened(server_frames(ACCEPTED + good, [])) + again)
    checks.equal(numbers(lines), [(1, 7), (1, 7)], "a second connection")
    # --port says who the server is, and leaves the rest out.
    other = [frame(((1, 1), (2, 2)), 5, b"GET / HTTP/1.1")]
    lines, err = decode(checks, place, opened([frame(OUT, FIRST + 1, good)]) + other,
                        words=("--protocol", "ouch50", "--port", "26402"))
    checks.true(numbers(lines) == [(None, 7)] and "1 of other ports" in err, err)
    # More streams than are followed.
    many = [frame(((1, 1000 + i), (2, 80)), 5, packet(b"R")) for i in range(70)]
    lines, err = decode(checks, place, many, 1)
    checks.true(len(lines) == 64 and "more than 64 TCP streams" in err, err)


def main():
    e2e.need_tool()
    e2e.on_term()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    with e2e.Place() as place:
        check_any_cut(checks, place)
        check_random(checks, place, rng)
        check_gaps(checks, place)
        check_bad_streams(checks, place)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
