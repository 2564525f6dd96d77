# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: running the tool, writing feeds as files, and a naive book to compare with.

Written from the protocols' descriptions, not from the code under test: it must not agree with it by construction.
"""
import gzip
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("LL_BIN") or os.path.join(ROOT, "build", "gcc-release"))
SHARED = os.environ.get("LL_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
TOOL = os.path.join(BIN, "lifeline")
REAL_HOUR = os.path.join(SHARED, "data", "itch50", "AAPL-20120621-0930-1030.ITCH50")
# Small tables start in a few ms; capacities change no result.
SMALL = ["--orders", "65536", "--levels", "65536", "--books", "1024"]
SESSION = b"TESTFEED01"
GROUP, PORT = "233.54.12.111", 26477


def seed():
    """The seed of this run, printed: LL_SEED gives the same run again."""
    text = os.environ.get("LL_SEED") or ""
    value = int(text,
                16 if text[:1].isalpha() or len(text) > 18 else 0) if text else random.SystemRandom().getrandbits(32)
    print("LL_SEED=%d" % value, flush=True)
    return value


def need_tool():
    if not os.access(TOOL, os.X_OK):
        skip("%s is not built" % TOOL)


def skip(reason):
    print("SKIP: " + reason)
    sys.exit(77)


class Checks:
    """Counts what was checked; a test that checked nothing has failed."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def true(self, good, text):
        self.count += 1
        if not good:
            self.failed += 1
            print("FAILED: " + text, flush=True)
        return good

    def equal(self, got, wanted, text):
        return self.true(got == wanted, "%s: %s, not %s" % (text, short(got), short(wanted)))

    def end(self):
        print("%d checks, %d failed" % (self.count, self.failed))
        return 1 if self.failed or not self.count else 0


def short(value):
    text = repr(value)
    return text if len(text) < 300 else text[:300] + "..."


class Place:
    """A directory of its own that goes away again."""

    def __init__(self, where=None):
        self.dir = tempfile.mkdtemp(prefix="lifeline-e2e-", dir=where)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)


def on_term():
    """An ended test still takes its directories away."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


# --- running --------------------------------------------------------------------------------------------------------

class Run:
    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err
        self.json = None
        if out.startswith("{"):
            try:
                self.json = json.loads(out)
            except ValueError:
                pass

    def __str__(self):
        return "exit %s, stdout %s, stderr %s" % (self.status, short(self.out), short(self.err))


def tool(*words, limit_s=60, **more):
    done = subprocess.run([TOOL, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=limit_s, check=False, **more)
    return Run(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def replay(files, *words, small=True, **more):
    files = [files] if isinstance(files, str) else list(files)
    return tool("replay", "--json", *(SMALL if small else []), *words, *files, **more)


def must_replay(checks, what, files, *words, **more):
    """A replay that must end well; returns its JSON, {} when it did not."""
    run = replay(files, *words, **more)
    good = checks.true(run.status == 0 and run.json is not None, "%s: %s" % (what, run))
    return run.json if good else {}


def dump(directory, *words):
    """The records of a journal, each as the tool prints it."""
    run = tool("dump", *words, directory)
    return run, [json.loads(line) for line in run.out.splitlines()]


# What must not depend on the way a feed took.
SAME = ("state_hash", "messages", "by_type", "verdicts", "live_orders", "levels", "symbols")


def outcome(result):
    return {key: result.get(key) for key in SAME}


# --- ITCH 5.0 -------------------------------------------------------------------------------------------------------

LENGTHS = {"S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "A": 36, "F": 40,
           "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19, "I": 50, "N": 20, "O": 48}
OPEN_NS = 34200 * 10**9


def head(kind, locate, time_ns):
    return struct.pack(">cHH", kind.encode(), locate, 0) + time_ns.to_bytes(6, "big")


def system(code, time_ns):
    return head("S", 0, time_ns) + code


def directory(locate, name, time_ns):
    return head("R", locate, time_ns) + name.ljust(8).encode() + b"Q" + b"N" + struct.pack(">I", 100) + b"NCZ PNN1N" + \
        struct.pack(">I", 0) + b"N"


def add(locate, ref, side, shares, name, price, time_ns, mpid=b""):
    body = struct.pack(">QcI", ref, side, shares) + name.ljust(8).encode() + struct.pack(">I", price)
    return head("F" if mpid else "A", locate, time_ns) + body + mpid


def executed(locate, ref, shares, time_ns, match=1):
    return head("E", locate, time_ns) + struct.pack(">QIQ", ref, shares, match)


def executed_price(locate, ref, shares, price, time_ns, match=1):
    return head("C", locate, time_ns) + struct.pack(">QIQcI", ref, shares, match, b"Y", price)


def cancel(locate, ref, shares, time_ns):
    return head("X", locate, time_ns) + struct.pack(">QI", ref, shares)


def delete(locate, ref, time_ns):
    return head("D", locate, time_ns) + struct.pack(">Q", ref)


def replace(locate, ref, new_ref, shares, price, time_ns):
    return head("U", locate, time_ns) + struct.pack(">QQII", ref, new_ref, shares, price)


def trade(locate, shares, name, price, time_ns):
    return head("P", locate, time_ns) + struct.pack(">QcI", 0, b"B", shares) + name.ljust(8).encode() + \
        struct.pack(">IQ", price, 7)


def padded(kind, locate, time_ns):
    """Any other type: right length, zeros inside; it changes no book."""
    message = head(kind, locate, time_ns)
    return message + bytes(LENGTHS[kind] - len(message))


class NaiveBook:
    """Every order in a dictionary, levels added up when asked: too simple to be wrong in the same way."""

    def __init__(self):
        self.orders = {}  # reference -> [locate, side, price, shares]
        self.names = {}   # locate -> name
        self.verdicts = {}

    def apply(self, message):
        verdict = self.judge(message)
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        return verdict

    def judge(self, message):
        if not message:
            return "bad_length"
        kind = chr(message[0])
        if kind not in LENGTHS:
            return "unknown_type"
        if len(message) != LENGTHS[kind]:
            return "bad_length"
        locate = int.from_bytes(message[1:3], "big")
        if kind == "R":
            self.names[locate] = message[11:19].decode("latin-1").rstrip()
        if kind in "AF":
            return self.add(message, locate)
        if kind in "ECXDU":
            return self.change(kind, message, locate)
        return "ok"

    def add(self, message, locate):
        ref, side, shares = struct.unpack(">QcI", message[11:24])
        price = int.from_bytes(message[32:36], "big")
        self.names.setdefault(locate, message[24:32].decode("latin-1").rstrip())
        if side not in (b"B", b"S") or shares == 0:
            return "bad_input"
        known = ref in self.orders
        self.orders[ref] = [locate, side, price, shares]
        return "duplicate" if known else "ok"

    def change(self, kind, message, locate):
        ref = int.from_bytes(message[11:19], "big")
        shares = int.from_bytes(message[27:31] if kind == "U" else message[19:23], "big") if kind != "D" else None
        if shares == 0 and kind != "U":
            return "bad_input"
        order = self.orders.get(ref)
        if order is None:
            return "unknown_id"
        verdict = "ok" if order[0] == locate else "book_mismatch"
        if kind in "DU":
            del self.orders[ref]
        if kind == "U":
            new_ref = int.from_bytes(message[19:27], "big")
            if shares == 0:
                return "bad_input"
            if new_ref in self.orders:
                verdict = "duplicate"
            self.orders[new_ref] = [order[0], order[1], int.from_bytes(message[31:35], "big"), shares]
        elif kind != "D":
            if shares > order[3]:
                verdict = "overfill"
            order[3] -= min(shares, order[3])
            if order[3] == 0:
                del self.orders[ref]
        return verdict

    def side(self, locate, side):
        """[(price, quantity, orders)], best first."""
        levels = {}
        for order in self.orders.values():
            if order[0] == locate and order[1] == side:
                quantity, count = levels.get(order[2], (0, 0))
                levels[order[2]] = (quantity + order[3], count + 1)
        return [(price, *levels[price]) for price in sorted(levels, reverse=side == b"B")]

    def level_count(self):
        return len({(o[0], o[1], o[2]) for o in self.orders.values()})

    def text(self, locate, depth=0):
        lines = []
        for word, side in (("bid", b"B"), ("ask", b"S")):
            levels = self.side(locate, side)
            for level in levels[:depth] if depth else levels:
                lines.append("%s %d %d %d" % (word, *level))
        return "".join(line + "\n" for line in lines)


def naive(messages):
    book = NaiveBook()
    for message in messages:
        book.apply(message)
    return book


def make_feed(rng, count, symbols=20, span_ns=10**9, live=400, burst=1):
    """A sound feed of `count` messages over span_ns of feed time, `burst` of them at a time: every reference known,
    nothing over-executed."""
    names = ["SYM%03d" % i for i in range(1, symbols + 1)]
    messages = [system(b"O", OPEN_NS)] + [directory(i + 1, name, OPEN_NS) for i, name in enumerate(names)]
    orders, refs, next_ref = {}, [], 1000

    def take(at):
        refs[at], refs[-1] = refs[-1], refs[at]
        return refs.pop()
    while len(messages) < count:
        time_ns = OPEN_NS + (len(messages) // burst * burst) * span_ns // count
        choice = rng.random()
        if len(refs) < 2 or (choice < 0.45 and len(refs) < live):
            locate = rng.randint(1, symbols)
            next_ref += rng.randint(1, 1000)
            shares = rng.randint(1, 20) * 100
            price = 1000000 + 100 * rng.randint(-50, 50)
            messages.append(add(locate, next_ref, rng.choice((b"B", b"S")), shares, names[locate - 1], price, time_ns,
                                b"MPID" if rng.random() < 0.04 else b""))
            orders[next_ref] = [locate, shares]
            refs.append(next_ref)
        elif choice < 0.80:
            ref = take(rng.randrange(len(refs)))
            messages.append(delete(orders.pop(ref)[0], ref, time_ns))
        elif choice < 0.88:
            ref = take(rng.randrange(len(refs)))
            locate, shares = orders.pop(ref)[0], rng.randint(1, 2000)
            next_ref += rng.randint(1, 1000)
            messages.append(replace(locate, ref, next_ref, shares, 1000000 + 100 * rng.randint(-50, 50), time_ns))
            orders[next_ref] = [locate, shares]
            refs.append(next_ref)
        elif choice < 0.97:
            at = rng.randrange(len(refs))
            ref = refs[at]
            locate, left = orders[ref]
            shares = rng.randint(1, left)
            kind = rng.randrange(3)
            messages.append(executed(locate, ref, shares, time_ns) if kind == 0 else
                            executed_price(locate, ref, shares, 1000000, time_ns) if kind == 1 else
                            cancel(locate, ref, shares, time_ns))
            orders[ref][1] -= shares
            if orders[ref][1] == 0:
                del orders[take(at)]
        else:
            locate = rng.randint(1, symbols)
            messages.append(trade(locate, 100, names[locate - 1], 1000000, time_ns) if rng.random() < 0.5 else
                            padded(rng.choice("HYLVWKJhQBINO"), locate, time_ns))
    return messages


# --- files ----------------------------------------------------------------------------------------------------------

def binary_bytes(messages, zero_prefix=False):
    return b"".join(struct.pack(">H", 0 if zero_prefix else len(m)) + m for m in messages)


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


def write_binary(path, messages, zero_prefix=False, zipped=False):
    content = binary_bytes(messages, zero_prefix)
    return write(path, gzip.compress(content, 6) if zipped else content)


def read_binary(path):
    with open(path, "rb") as file:
        content = file.read()
    messages, at = [], 0
    while at + 2 <= len(content):
        length = int.from_bytes(content[at:at + 2], "big")
        messages.append(content[at + 2:at + 2 + length])
        at += 2 + length
    return messages


def mold(sequence, messages, session=SESSION, count=None):
    body = b"".join(struct.pack(">H", len(m)) + m for m in messages)
    return session + struct.pack(">QH", sequence, len(messages) if count is None else count) + body


def mold_heartbeat(sequence, session=SESSION):
    return mold(sequence, [], session, 0)


def mold_end(sequence, session=SESSION):
    return mold(sequence, [], session, 0xFFFF)


def message_ns(message):
    return int.from_bytes(message[5:11], "big") if len(message) >= 11 else 0


def packets(messages, per_packet, first=1, session=SESSION, end=True, step_ns=None):
    """[(time_ns, datagram)]; per_packet: a number, or a function that says how many come next. With step_ns, message n
    is sent at n steps after the open, whatever time it names: a burst, in which nothing is late by seconds."""
    out, at, time_ns = [], 0, 0
    while at < len(messages):
        count = per_packet() if callable(per_packet) else per_packet
        part = messages[at:at + count]
        while sum(len(m) + 2 for m in part) > 8900 and len(part) > 1:
            part = part[:len(part) // 2]
        time_ns = max(time_ns, message_ns(part[0]) if step_ns is None else OPEN_NS + at * step_ns)
        out.append((time_ns, mold(first + at, part, session)))
        at += len(part)
    if end:
        out.append((time_ns, mold_end(first + len(messages), session)))
    return out


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def frame(payload, group=GROUP, port=PORT, vlan=None, protocol=17, fragment=0, ether_type=0x0800):
    """Ethernet, IPv4, UDP around a payload."""
    udp = struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload
    target = bytes(map(int, group.split(".")))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, fragment, 16, protocol, 0) + bytes([10, 0, 0, 1]) + target
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    tag = struct.pack(">HH", 0x8100, vlan) if vlan is not None else b""
    return bytes([1, 0, 94, 0, 0, 1, 2, 0, 0, 0, 0, 1]) + tag + struct.pack(">H", ether_type) + ip + udp


DAY_NS = 15512 * 86400 * 10**9  # 2012-06-21, UTC


def pcap_bytes(frames, nano=True, big_endian=False):
    """frames: [(ns since midnight, bytes)]"""
    order = ">" if big_endian else "<"
    out = [struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)]
    for time_ns, data in frames:
        seconds, rest = divmod(DAY_NS + time_ns, 10**9)
        out.append(struct.pack(order + "IIII", seconds, rest if nano else rest // 1000, len(data), len(data)) + data)
    return b"".join(out)


def pcapng_bytes(frames):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))
    # One interface, times in ns (option 9, if_tsresol = 10^-9).
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", 1, 0, 65535) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))]
    for time_ns, data in frames:
        time_ns += DAY_NS
        out.append(block(6, struct.pack("<IIIII", 0, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), len(data)) + data))
    return b"".join(out)


def write_pcap(path, datagrams, **how):
    """datagrams: [(time_ns, payload)] of one line."""
    nano = how.pop("nano", True)
    return write(path, pcap_bytes([(t, frame(p, **how)) for t, p in datagrams], nano))
