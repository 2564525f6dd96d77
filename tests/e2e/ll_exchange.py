# SPDX-License-Identifier: Apache-2.0
"""The simulated exchange as end-to-end tests see it: its process, a SoupBinTCP client, OUCH messages, the feed.

Written from the protocols' descriptions, not from the code under test: it must not agree with it by construction.
Every wait has an end: WAIT_S, and then an assertion says what did not come.
"""
import json
import os
import select
import signal
import socket
import struct
import subprocess
import time

from ll_e2e import BIN, short

EXCHANGE = os.path.join(BIN, "lifeline-exchange")
WAIT_S = 30
USER, PASSWORD = b"LIFE01", b"LIFELINE"


class Exchange:
    """A running lifeline-exchange; `addresses` is what it said: [(word, (host, port))]. `before` is a command that
    runs it somewhere else."""

    def __init__(self, *words, before=()):
        self.process = subprocess.Popen([*before, EXCHANGE, "--quiet", "--json", *map(str, words)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.addresses = []
        for line in self.process.stdout:
            if line == "ready\n":
                return
            word, what, address = line.split()
            assert word == "listening", line
            host, port = address.split(":")
            self.addresses.append((what, (host, int(port))))
        raise AssertionError("it ended: " + self.process.stderr.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def address(self, what, number=0):
        return [address for word, address in self.addresses if word == what][number]

    def record_now(self, path):
        """Asks for the record and waits until the file is another one."""
        before = os.stat(path).st_ino if os.path.exists(path) else None
        self.process.send_signal(signal.SIGUSR1)
        until = time.monotonic() + WAIT_S
        while not os.path.exists(path) or os.stat(path).st_ino == before:
            assert time.monotonic() < until, "no record came"
            time.sleep(0.005)
        return read_record(path)

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)

    def stop(self):
        """In order; returns the summary."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self):
        out, err = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == 0, "exit %s: %s" % (self.process.returncode, err)
        return json.loads(out)


def read_record(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# --- SoupBinTCP -----------------------------------------------------------------------------------------------------

class Closed(Exception):
    pass


class Soup:
    """One login. `messages` holds the sequenced ones, `sequence` is the next one's number."""

    def __init__(self, address, session=b"", sequence=1, user=USER, password=PASSWORD):
        self.socket = socket.create_connection(address, WAIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = b""
        self.messages = []
        self.ended = False
        self.packet(b"L", user.ljust(6) + password.ljust(10) + session.rjust(10) + b"%20d" % sequence)
        kind, payload = self.next_packet()
        assert kind == b"A", "login refused: %r" % payload
        self.session = payload[:10].strip()
        self.sequence = int(payload[10:30])

    def packet(self, kind, payload=b""):
        self.socket.sendall(struct.pack(">H", len(payload) + 1) + kind + payload)

    def send(self, message):
        self.packet(b"U", message)

    def next_packet(self):
        while len(self.input) < 2 or len(self.input) < 2 + struct.unpack(">H", self.input[:2])[0]:
            self.socket.settimeout(WAIT_S)
            try:
                more = self.socket.recv(65536)
            except ConnectionError as error:
                raise Closed from error
            if not more:
                raise Closed
            self.input += more
        end = 2 + struct.unpack(">H", self.input[:2])[0]
        packet, self.input = self.input[2:end], self.input[end:]
        return packet[:1], packet[1:]

    def next(self):
        """The next sequenced message."""
        while True:
            kind, payload = self.next_packet()
            if kind == b"S":
                self.sequence += 1
                self.messages.append(payload)
                return payload
            if kind == b"Z":
                self.ended = True
                raise Closed
            assert kind in (b"H", b"+"), kind

    def want(self, decode, *kinds):
        """The next messages, decoded; their types must be these."""
        got = [decode(self.next()) for _ in kinds]
        assert "".join(m["type"] for m in got) == "".join(kinds), "wanted %s, got %s" % ("".join(kinds), short(got))
        return got if len(got) > 1 else got[0]

    def rest(self):
        """Everything until the connection ends."""
        try:
            while True:
                self.next()
        except Closed:
            return self.messages

    def close(self):
        self.socket.close()


# --- OUCH 5.0 and 4.2, as much as the tests need ----------------------------------------------------------------------

def enter50(number, side, shares, symbol, price, tif=b"0", tags=b""):
    return struct.pack(">cIcI8sQcccc", b"O", number, side, shares, symbol.ljust(8), price, tif, b"Y", b"P", b"N") + \
        b"N" + (b"LL%012d" % number) + struct.pack(">H", len(tags)) + tags


def replace50(old, number, shares, price, tif=b"0"):
    return struct.pack(">cIIIQccc", b"U", old, number, shares, price, tif, b"Y", b"N") + \
        (b"LL%012d" % number) + b"\0\0"


def cancel50(number, shares=0):
    return struct.pack(">cII", b"X", number, shares)


QUERY50 = b"Q"
OUT50 = {  # type: (format behind type and time, names)
    "S": (">c", ("code",)),
    "A": (">IcI8sQccQcccc14s", ("number", "side", "shares", "symbol", "price", "tif", "display", "reference",
                                "capacity", "iso", "cross", "state", "cl_ord_id")),
    "U": (">IIcI8sQccQcccc14s", ("old", "number", "side", "shares", "symbol", "price", "tif", "display", "reference",
                                 "capacity", "iso", "cross", "state", "cl_ord_id")),
    "C": (">IIc", ("number", "shares", "reason")),
    "E": (">IIQcQ", ("number", "shares", "price", "liquidity", "match")),
    "B": (">IQc14s", ("number", "match", "reason", "cl_ord_id")),
    "J": (">IH14s", ("number", "reason", "cl_ord_id")),
    "Q": (">I", ("number",)),
}


def out50(message):
    kind = chr(message[0])
    layout, names = OUT50[kind]
    values = struct.unpack(layout, message[9:9 + struct.calcsize(layout)])
    return {"type": kind, "time": int.from_bytes(message[1:9], "big"), **dict(zip(names, values))}


def enter42(number, side, shares, symbol, price, tif=99998):
    return b"O" + (b"LL%012d" % number) + struct.pack(">cI8sII4scccIcc", side, shares, symbol.ljust(8), price, tif,
                                                      b"    ", b"Y", b"P", b"N", 0, b"N", b" ")


OUT42 = {
    "S": (">c", ("code",)),
    "A": (">14scI8sII4scQ", ("token", "side", "shares", "symbol", "price", "tif", "firm", "display", "reference")),
    "C": (">14sIc", ("token", "shares", "reason")),
    "E": (">14sIIcQ", ("token", "shares", "price", "liquidity", "match")),
    "J": (">14sc", ("token", "reason")),
}


def out42(message):
    kind = chr(message[0])
    layout, names = OUT42[kind]
    values = struct.unpack(layout, message[9:9 + struct.calcsize(layout)])
    return {"type": kind, "time": int.from_bytes(message[1:9], "big"), **dict(zip(names, values))}


# --- the feed -------------------------------------------------------------------------------------------------------

class Line:
    """One UDP line of MoldUDP64 on a port of its own; `messages` by sequence number."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.messages = {}
        self.session = None
        self.end = None  # the number behind the last message, once told

    def read(self, packet):
        session, sequence, count = struct.unpack(">10sQH", packet[:20])
        self.session = session
        if count == 0xffff:
            self.end = sequence
            return
        at = 20
        for i in range(count):
            length = struct.unpack(">H", packet[at:at + 2])[0]
            self.messages[sequence + i] = packet[at + 2:at + 2 + length]
            at += 2 + length
        assert at == len(packet)

    def poll(self, wait_s=0.0):
        while select.select([self.socket], [], [], wait_s)[0]:
            self.read(self.socket.recv(65536))
            wait_s = 0.0

    def until(self, condition, what):
        """Reads until a message meets the condition; returns it."""
        until = time.monotonic() + WAIT_S
        seen = set()
        while True:
            for sequence in sorted(set(self.messages) - seen):
                seen.add(sequence)
                if condition(self.messages[sequence]):
                    return self.messages[sequence]
            assert time.monotonic() < until, "not in the feed: " + what
            self.poll(0.2)

    def until_end(self):
        until = time.monotonic() + WAIT_S
        while self.end is None:
            assert time.monotonic() < until, "no end of session"
            self.poll(0.2)
        return self

    def ask(self, address, sequence, count):
        """Re-requests; the answers come to the same socket."""
        host, port = address
        self.socket.sendto(struct.pack(">10sQH", self.session, sequence, count), (host, port))

    def whole(self):
        assert sorted(self.messages) == list(range(1, self.end)), "the line has holes"
        return [self.messages[i] for i in range(1, self.end)]

    def close(self):
        self.socket.close()
