# SPDX-License-Identifier: Apache-2.0
"""A venue that a test steers: SoupBinTCP with OUCH 5.0 or 4.2, good or bad on request, and its own record of the day.

Written from the protocols' documents, not from the code under test. Orders rest until the test fills, cancels or busts
them; what the venue took, and what became of it, is the truth that the gateway is compared with. One thread works the
socket; every call of the test takes the same lock, so a record is never half made.
"""
import collections
import select
import socket
import struct
import threading
import time

LOGIN_BYTES = 49
DAY = b"VENUEDAY01"
MARKET_PRICE = 0x7FFFFFFF
TOO_MANY_50, EXPOSURE_50 = 0x0029, 0x0020  # reject reasons: risk, port message rate (may pass later); exposure
TOO_MANY_42, EXPOSURE_42 = b"x", b"v"


class Chain:
    """One order: its links (numbers), each replaced by the next."""

    def __init__(self, number, side, quantity, symbol, price):
        self.links = [number]
        self.side = side
        self.quantity = quantity
        self.symbol = symbol
        self.price = price
        self.asked_price = price  # of the first link
        self.open = quantity
        self.state = "live"
        self.fills = []  # [match, quantity, price, broken]
        self.refs = []

    def executed(self):
        return sum(fill[1] for fill in self.fills if not fill[3])

    def notional(self):
        return sum(fill[1] * fill[2] for fill in self.fills if not fill[3])

    def __repr__(self):
        return "chain %s %s %d @%d %s open %d fills %s" % (self.links, self.side, self.quantity, self.price, self.state,
                                                           self.open, self.fills)


Request = collections.namedtuple("Request", "kind number old side quantity symbol price ioc minimum post_only raw")


def token(number):
    return b"LL%012d" % number


def token_number(text):
    return int(text[2:]) if text[:2] == b"LL" and text[2:].isdigit() else 0


def read_50(raw):
    kind = chr(raw[0])
    if kind == "O":
        number, side, quantity, symbol, price = struct.unpack(">IcI8sQ", raw[1:26])
        tags, at = {}, 47
        while at < len(raw):
            tags[raw[at + 1]] = raw[at + 2:at + 1 + raw[at]]
            at += 1 + raw[at]
        minimum = int.from_bytes(tags.get(3, b""), "big")
        return Request("enter", number, 0, side.decode(), quantity, symbol, price, raw[26:27] == b"3", minimum,
                       tags.get(12) == b"P", raw)
    if kind == "U":
        old, number, quantity, price = struct.unpack(">IIIQ", raw[1:21])
        return Request("replace", number, old, "", quantity, b"", price, raw[21:22] == b"3", 0, False, raw)
    if kind == "X":
        number, quantity = struct.unpack(">II", raw[1:9])
        return Request("cancel", number, 0, "", quantity, b"", 0, False, 0, False, raw)
    return Request("query" if kind == "Q" else "other", 0, 0, "", 0, b"", 0, False, 0, False, raw)


def read_42(raw):
    kind = chr(raw[0])
    if kind == "O":
        name, side, quantity, symbol, price, seconds = struct.unpack(">14scI8sII", raw[1:36])
        return Request("enter", token_number(name), 0, side.decode(), quantity, symbol, price, seconds == 0,
                       int.from_bytes(raw[43:47], "big"), raw[40:41] == b"P", raw)
    if kind == "U":
        old, name, quantity, price, seconds = struct.unpack(">14s14sIII", raw[1:41])
        return Request("replace", token_number(name), token_number(old), "", quantity, b"", price, seconds == 0, 0,
                       False, raw)
    if kind == "X":
        name, quantity = struct.unpack(">14sI", raw[1:19])
        return Request("cancel", token_number(name), 0, "", quantity, b"", 0, False, 0, False, raw)
    return Request("other", 0, 0, "", 0, b"", 0, False, 0, False, raw)


class Venue:
    """policy(venue, request) -> True when it has dealt with the request itself."""

    def __init__(self, protocol="ouch50", session=DAY, policy=None, port=0, heartbeat_s=0.03, small_window=False):
        self.protocol = protocol
        self.is_50 = protocol == "ouch50"
        self.session = session
        self.policy = policy
        self.heartbeat_s = heartbeat_s
        self.lock = threading.RLock()
        self.messages = []       # sequenced, of the day
        self.requests = []       # all that came in, in order, over all connections
        self.chains = []
        self.by_number = {}
        self.next_number = 1     # 5.0: smaller ones are ignored
        self.next_ref = 5_000_001
        self.next_match = 900_001
        self.held = None         # a list: requests wait in it, unanswered
        self.login = None        # bytes to answer a login with, or a function of (session, sequence)
        self.login_count = 0
        self.asked = []          # (session, sequence) of each login
        self.cut_after = None    # close the connection after so many bytes more, wherever that is
        self.drop_after = None   # close it after so many requests more
        self.lose_after = None   # the same, and that request is lost
        self.deaf = False        # reads nothing, so that the gateway's socket fills up
        self.silent = False      # says nothing, not even heartbeats
        self.refuse_connections = False
        self.ignored = 0
        self.connection = None
        self.must_drop = False   # a thread of the test wants it
        self.sent = 0            # messages that the connection has been sent
        self.inbound = b""
        self.outbound = b""
        self.is_in = False
        self.last_sent = 0.0
        self.later = []          # (time, function)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if small_window:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        self.wake_in, self.wake_out = socket.socketpair()
        self.wake_out.setblocking(False)
        self.stopped = False
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.wake()
        self.thread.join()
        for each in (self.listener, self.wake_in, self.wake_out, self.connection):
            if each:
                each.close()

    def wake(self):
        try:
            self.wake_out.send(b"x")
        except BlockingIOError:
            pass  # it has been told often enough

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    # --- the socket ------------------------------------------------------------------------------------------------

    def run(self):
        try:
            while not self.stopped:
                self.turn()
        except Exception as error:  # the test must see it
            self.failure = error
            raise

    def turn(self):
        watched = [self.wake_in] + ([] if self.refuse_connections else [self.listener])
        if self.connection and not self.deaf:
            watched.append(self.connection)
        writes = [self.connection] if self.connection and self.outbound else []
        ready, _, _ = select.select(watched, writes, [], 0.005)
        with self.lock:
            if self.wake_in in ready:
                self.wake_in.recv(4096)
            if self.must_drop:
                self.drop()
                return
            if self.listener in ready and not self.refuse_connections:
                connection, _ = self.listener.accept()
                self.drop()  # a new one takes the place of the old
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection = connection
            elif self.connection and self.connection in ready:
                self.read()
            now = time.monotonic()
            for due in [item for item in self.later if item[0] <= now]:
                self.later.remove(due)
                due[1]()
            self.write(now)

    def drop(self):
        """The connection is closed; what was published stays in the record."""
        if threading.current_thread() is not self.thread:
            self.must_drop = True
            self.wake()
            return
        self.must_drop = False
        if self.connection:
            self.connection.close()
        self.connection = None
        self.is_in = False
        self.inbound = self.outbound = b""

    def read(self):
        try:
            data = self.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop()
            return
        self.inbound += data
        while self.connection and len(self.inbound) >= 3:
            length = int.from_bytes(self.inbound[:2], "big")
            if len(self.inbound) < 2 + length:
                break
            packet, self.inbound = self.inbound[2:2 + length], self.inbound[2 + length:]
            self.packet(packet)

    def packet(self, packet):
        if packet[:1] == b"L":
            self.take_login(packet)
        elif packet[:1] == b"U" and self.is_in:
            if self.lose_after is not None:
                self.lose_after -= 1
                if self.lose_after < 0:
                    self.lose_after = None
                    self.drop()
                    return
            self.request((read_50 if self.is_50 else read_42)(packet[1:]))
            if self.drop_after is not None:
                self.drop_after -= 1
                if self.drop_after < 0:
                    self.drop_after = None
                    self.drop()
        elif packet[:1] == b"O":
            self.drop()

    def take_login(self, packet):
        session, sequence = packet[17:27], int(packet[27:47])
        self.login_count += 1
        self.asked.append((session, sequence))
        answer = self.login(session, sequence) if callable(self.login) else self.login
        if answer is None and session.strip() and session != self.session:
            answer = b"JS"
        if answer is not None:
            self.outbound += struct.pack(">H", len(answer)) + answer
            if answer[:1] == b"J":
                self.write(time.monotonic())
                self.drop()
                return
            if answer[:1] != b"A" or not answer[11:31].strip().isdigit():
                return
            sequence = int(answer[11:31])
        else:
            sequence = min(sequence, len(self.messages) + 1) or len(self.messages) + 1
            answer = b"A" + self.session + b"%20d" % sequence
            self.outbound += struct.pack(">H", len(answer)) + answer
        self.sent = min(sequence - 1, len(self.messages))
        self.is_in = True

    def write(self, now):
        if not self.connection:
            return
        if self.is_in and not self.silent:
            for message in self.messages[self.sent:]:
                self.outbound += struct.pack(">Hc", 1 + len(message), b"S") + message
            self.sent = max(self.sent, len(self.messages))
            if not self.outbound and now - self.last_sent >= self.heartbeat_s:
                self.outbound = b"\0\1H"
        if not self.outbound:
            return
        data = self.outbound if self.cut_after is None else self.outbound[:self.cut_after]
        try:
            count = self.connection.send(data)
        except BlockingIOError:
            return
        except OSError:
            self.drop()
            return
        self.last_sent = now
        self.outbound = self.outbound[count:]
        if self.cut_after is not None:
            self.cut_after -= count
            if self.cut_after <= 0:
                self.cut_after = None
                self.drop()

    def publish(self, message):
        with self.lock:
            self.messages.append(message)
        self.wake()

    def send_bytes(self, data):
        """Bytes outside any packet of ours, straight onto the connection."""
        with self.lock:
            self.outbound += data
        self.wake()

    def end_session(self, session):
        """The day is over: end of session; the next login gets a new one, with its numbers from 1."""
        def end():
            self.write(time.monotonic())
            if self.connection:
                self.connection.send(b"\0\1Z")
            self.drop()
            self.session = session
            self.messages = []
            self.next_number = 1
            done.set()
        done = threading.Event()
        self.after(0, end)
        assert done.wait(10), "the venue does not answer"

    # --- requests --------------------------------------------------------------------------------------------------

    def request(self, request):
        self.requests.append(request)
        if self.held is not None:
            self.held.append(request)
        else:
            self.work(request)

    def release(self):
        """What was held is worked now, in its order; it may be held again."""
        with self.lock:
            held, self.held = collections.deque(self.held or ()), None
            while held:
                if self.held is not None:
                    self.held.extend(held)
                    return
                self.work(held.popleft())

    def pass_over(self, request):
        """A message that the venue does not like and says nothing about; its number is gone."""
        self.ignored += 1
        if self.is_50:
            self.next_number = max(self.next_number, request.number + 1)

    def work(self, request):
        if self.policy and self.policy(self, request):
            return
        if request.kind == "query":
            self.say(b"Q", struct.pack(">I", self.next_number))
        elif request.kind == "enter":
            self.enter(request)
        elif request.kind == "replace":
            self.replace(request)
        elif request.kind == "cancel":
            self.cancel(request)

    def is_new(self, request):
        """A number is taken once only; anything else is ignored in silence, as both documents say."""
        fresh = request.number >= self.next_number if self.is_50 else request.number not in self.by_number
        if not fresh or request.number == 0:
            self.ignored += 1
            return False
        if self.is_50:
            self.next_number = request.number + 1
        return True

    def enter(self, request):
        if not self.is_new(request):
            return None
        chain = Chain(request.number, request.side, request.quantity, request.symbol, request.price)
        self.chains.append(chain)
        self.by_number[request.number] = chain
        chain.refs.append(self.next_ref)
        self.next_ref += 1
        self.say_accepted(chain)
        if request.ioc:
            self.gone(chain, b"I")
        return chain

    def reject(self, request, final=True):
        if not self.is_new(request):
            return
        if request.kind == "enter":
            chain = Chain(request.number, request.side, request.quantity, request.symbol, request.price)
            chain.state, chain.open = "rejected", 0
            self.chains.append(chain)
            self.by_number[request.number] = chain
        if self.is_50:
            self.say(b"J", struct.pack(">IH14s", request.number, EXPOSURE_50 if final else TOO_MANY_50,
                                       token(request.number)))
        else:
            self.say(b"J", token(request.number) + (EXPOSURE_42 if final else TOO_MANY_42))

    def replace(self, request):
        chain = self.by_number.get(request.old)
        if chain is None or chain.state != "live" or chain.links[-1] != request.old:
            self.ignored += 1
            return
        if not self.is_new(request):
            return
        total = sum(fill[1] for fill in chain.fills)
        if request.quantity <= total:  # nothing would be open
            self.gone(chain, b"U")
            return
        chain.links.append(request.number)
        self.by_number[request.number] = chain
        chain.open = request.quantity - total
        chain.price = request.price
        chain.refs.append(self.next_ref)
        self.next_ref += 1
        self.say_replaced(chain)

    def cancel(self, request):
        chain = self.by_number.get(request.number)
        if chain is None or chain.state != "live" or chain.links[-1] != request.number:
            self.ignored += 1
            return
        # The intended size: executed by this link of it stays executed.
        stays = max(0, request.quantity - sum(fill[1] for fill in chain.fills)) if request.quantity else 0
        if stays >= chain.open:
            self.ignored += 1
        elif stays:
            self.say_cancelled(chain, chain.open - stays, b"U")
            chain.open = stays
        else:
            self.gone(chain, b"U")

    def gone(self, chain, reason=b"Z"):
        with self.lock:
            if chain.open:
                self.say_cancelled(chain, chain.open, reason)
            chain.open, chain.state = 0, "cancelled"

    # --- what happens to an order ----------------------------------------------------------------------------------

    def fill(self, chain, quantity, price=None, late=False):
        """Executes; `late`: although the order has ended, as when the execution was under way already."""
        with self.lock:
            if not late and (chain.state != "live" or quantity > chain.open):
                return 0
            match = self.next_match
            self.next_match += 1
            price = chain.price if price is None else price
            chain.fills.append([match, quantity, price, False])
            if not late:
                chain.open -= quantity
                if chain.open == 0:
                    chain.state = "filled"
            self.say_executed(chain.links[-1], quantity, price, match)
            return match

    def bust(self, chain, match):
        with self.lock:
            for fill in chain.fills:
                if fill[0] == match:
                    fill[3] = True
            self.say_broken(chain.links[-1], match)

    def after(self, delay_s, function):
        self.later.append((time.monotonic() + delay_s, function))

    # --- messages --------------------------------------------------------------------------------------------------

    @staticmethod
    def stamp():
        return struct.pack(">Q", time.time_ns() % (86400 * 10**9))

    def say(self, kind, body):
        self.publish(kind + self.stamp() + body)

    def name(self, number):
        return struct.pack(">I", number) if self.is_50 else token(number)

    def say_accepted(self, chain, state=b"L"):
        number, side = chain.links[-1], chain.side.encode()
        if self.is_50:
            self.say(b"A", struct.pack(">IcI8sQccQcccc14sH", number, side, chain.open, chain.symbol, chain.price, b"0",
                                       b"Y", chain.refs[-1], b"P", b"N", b"N", state, token(number), 0))
        else:
            self.say(b"A", struct.pack(">14scI8sII4scQccIccc", token(number), side, chain.open, chain.symbol,
                                       chain.price, 99998, b"FIRM", b"Y", chain.refs[-1], b"P", b"N", 0, b"N", state,
                                       b" "))

    def say_replaced(self, chain, state=b"L"):
        number, old, side = chain.links[-1], chain.links[-2], chain.side.encode()
        if self.is_50:
            self.say(b"U", struct.pack(">IIcI8sQccQcccc14sH", old, number, side, chain.open, chain.symbol, chain.price,
                                       b"0", b"Y", chain.refs[-1], b"P", b"N", b"N", state, token(number), 0))
        else:
            self.say(b"U", struct.pack(">14scI8sII4scQccIcc14sc", token(number), side, chain.open, chain.symbol,
                                       chain.price, 99998, b"FIRM", b"Y", chain.refs[-1], b"P", b"N", 0, b"N", state,
                                       token(old), b" "))

    def say_cancelled(self, chain, quantity, reason):
        self.say(b"C", self.name(chain.links[-1]) + struct.pack(">Ic", quantity, reason))

    def say_executed(self, number, quantity, price, match):
        if self.is_50:
            self.say(b"E", struct.pack(">IIQcQH", number, quantity, price, b"A", match, 0))
        else:
            self.say(b"E", struct.pack(">14sIIcQ", token(number), quantity, price, b"A", match))

    def say_broken(self, number, match):
        if self.is_50:
            self.say(b"B", struct.pack(">IQc14s", number, match, b"E", token(number)))
        else:
            self.say(b"B", struct.pack(">14sQc", token(number), match, b"E"))

    # --- the record ------------------------------------------------------------------------------------------------

    def entered(self):
        """The enter requests that ever came in, repeats included."""
        with self.lock:
            return [request for request in self.requests if request.kind == "enter"]

    def asked_at(self, price):
        """The orders entered at that price, in their order: tests give every order a price of its own."""
        with self.lock:
            return [chain for chain in self.chains if chain.asked_price == price]
