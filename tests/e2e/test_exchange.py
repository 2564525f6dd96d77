#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the simulated exchange can be traded with over its real sockets, its feed shows the same book on both lines,
its record tells the truth, and it survives what its clients must survive: drops, lost packets, kills and restarts.

Method: a client written from the protocols' descriptions logs in over loopback, enters, trades with the house,
replaces, cancels, is cut off and comes back; orders are found again in the feed by reference and match number, and a
naive book built from the feed ends empty. Nothing is measured; waits end with what they wait for.
"""
import os
import re
import subprocess
import sys

from ll_e2e import Checks, NaiveBook, Place, on_term, skip
from ll_exchange import (EXCHANGE, QUERY50, Closed, Exchange, Line, Soup, cancel50, enter42, enter50, out42, out50,
                         read_record, replace50)

SYMBOLS = ["--symbol", "AAPL:150.00,MSFT:400.00"]


def ouch50(address):
    soup = Soup(address)
    first = soup.want(out50, "S")
    assert first["code"] == b"S"
    return soup


def has_reference(kind, reference):
    return lambda m: m[:1] == kind and int.from_bytes(m[11:19], "big") == reference


def trades_with_the_house(checks):
    a, b = Line(), Line()
    with Place() as place:
        record = place.path("record.jsonl")
        with Exchange("--ouch50", "127.0.0.1:0", "--mold", a.address, "--mold-b", b.address, "--rerequest",
                      "127.0.0.1:0", "--house-rate", 0, "--record", record, *SYMBOLS) as exchange:
            soup = ouch50(exchange.address("ouch50"))
            soup.send(enter50(1, b"B", 300, b"AAPL", 1400000))
            resting = soup.want(out50, "A")
            checks.equal(resting["state"], b"L", "a resting order lives")
            for line in (a, b):
                add = line.until(has_reference(b"A", resting["reference"]), "the resting order")
                checks.equal((add[19:20], int.from_bytes(add[20:24], "big"), int.from_bytes(add[32:36], "big")),
                             (b"B", 300, 1400000), "the feed shows it")
            # The house sells from one cent above its price on.
            soup.send(enter50(2, b"B", 100, b"AAPL", 1500100, b"3"))
            _, fill = soup.want(out50, "A", "E")
            checks.equal((fill["shares"], fill["price"], fill["liquidity"]), (100, 1500100, b"R"), "the house sells")
            for line in (a, b):
                line.until(lambda m: m[:1] == b"E" and int.from_bytes(m[23:31], "big") == fill["match"],
                           "the match number")
            soup.send(replace50(1, 3, 500, 1410000))
            replaced = soup.want(out50, "U")
            checks.equal((replaced["old"], replaced["number"], replaced["shares"]), (1, 3, 500), "replaced")
            b.until(lambda m: m[:1] == b"U" and int.from_bytes(m[19:27], "big") == replaced["reference"], "the replace")
            rows = exchange.record_now(record)
            checks.equal([(r["user_ref_num"], r["state"]) for r in rows],
                         [(1, "replaced"), (2, "filled"), (3, "live")], "the record in the middle of the day")
            checks.equal(rows[1]["executions"], [{"match": fill["match"], "price": 1500100, "quantity": 100,
                                                  "liquidity": "R", "broken": False}], "its execution")
            soup.send(cancel50(3))
            checks.equal(soup.want(out50, "C")["shares"], 500, "cancelled")
            a.until(has_reference(b"D", replaced["reference"]), "the delete")
            soup.send(enter50(4, b"B", 100, b"AAPL", 1400000))
            soup.want(out50, "A")
            summary = exchange.stop()
            last = [out50(m) for m in soup.rest()[-2:]]
            checks.equal([(m["type"], m.get("reason"), m.get("code")) for m in last],
                         [("C", b"E", None), ("S", None, b"E")], "the day ends")
            checks.true(soup.ended, "and so does the session")
            checks.equal(summary["accounts"][0]["executions"], 1, "the summary counts")
            for line in (a, b):
                line.until_end()
            book = NaiveBook()
            for message in a.whole():
                book.apply(message)
            checks.equal(a.whole(), b.whole(), "both lines carry the same")
            checks.equal(set(book.verdicts), {"ok"}, "the feed fits together")
            checks.equal(book.orders, {}, "and ends with an empty book")
            rows = read_record(record)
            for row in rows:
                checks.equal(row["quantity"], row["open"] + row["executed"] + row["cancelled"] + row["passed_on"],
                             "conserved: %s" % row)
            checks.equal(rows[3]["state"], "cancelled", "the last order was cancelled by the end of the day")
            checks.equal(os.listdir(place.dir), ["record.jsonl"], "nothing else is left behind")
    a.close()
    b.close()


def two_accounts_trade(checks):
    with Exchange("--ouch50", "127.0.0.1:0", "--ouch42", "127.0.0.1:0", "--house-lots", 0, *SYMBOLS) as exchange:
        one = ouch50(exchange.address("ouch50"))
        other = Soup(exchange.address("ouch42"))
        other.want(out42, "S")
        one.send(enter50(1, b"B", 300, b"MSFT", 4000000))
        one.want(out50, "A")
        other.send(enter42(7, b"S", 100, b"MSFT", 3990000))
        _, taken = other.want(out42, "A", "E")
        made = one.want(out50, "E")
        checks.equal((taken["match"], taken["price"], taken["shares"]), (made["match"], made["price"], made["shares"]),
                     "both see the same trade")
        checks.equal((taken["liquidity"], made["liquidity"]), (b"R", b"A"), "taker and maker")
        one.send(enter50(2, b"B", 300, b"NONE", 4000000))
        checks.equal(one.want(out50, "J")["reason"], 0x17, "no such symbol")
        exchange.stop()


def comes_back_after_drops(checks):
    """Every fifth message the connection is closed; nothing that was answered is lost, and nothing comes twice."""
    with Exchange("--ouch50", "127.0.0.1:0", "--house-lots", 0, "--misbehave", "drop-every=5", *SYMBOLS) as exchange:
        address = exchange.address("ouch50")
        soup = Soup(address)
        messages, session, number, drops = [], soup.session, 1, 0
        while number <= 23:
            try:
                soup.send(enter50(number, b"B", 100, b"AAPL", 1400000))
                while not any(m[:1] == b"A" and out50(m)["number"] == number for m in soup.messages):
                    soup.next()
                number += 1
            except (Closed, ConnectionError):
                drops += 1
                messages += soup.messages
                soup = Soup(address, session, len(messages) + 1)
                checks.equal(soup.sequence, len(messages) + 1, "the session goes on where it was")
                # What was worked is known by asking, as after any break.
                soup.send(QUERY50)
                try:
                    while out50(soup.next())["type"] != "Q":
                        pass
                    number = out50(soup.messages[-1])["number"]
                except Closed:
                    continue
        messages += soup.messages
        numbers = [out50(m)["number"] for m in messages if m[:1] == b"A"]
        checks.equal(numbers, list(range(1, 24)), "each order was accepted once, in order")
        checks.true(drops >= 3, "it was dropped: %d" % drops)
        summary = exchange.stop()
        checks.equal(summary["accounts"][0]["logins"], drops + 1, "the exchange counted the logins")


def cut_in_the_middle_of_a_packet(checks):
    with Exchange("--ouch50", "127.0.0.1:0", "--house-lots", 0, "--drop-after-bytes", 150, *SYMBOLS) as exchange:
        address = exchange.address("ouch50")
        soup = Soup(address)
        session = soup.session
        for number in range(1, 6):
            try:
                soup.send(enter50(number, b"B", 100, b"AAPL", 1400000))
            except ConnectionError:
                break
        got = soup.rest()
        again = Soup(address, session, len(got) + 1)
        again.send(QUERY50)
        while out50(again.next())["type"] != "Q":
            pass
        accepted = [out50(m)["number"] for m in got + again.messages if m[:1] == b"A"]
        checks.equal(accepted, list(range(1, len(accepted) + 1)), "the cut message came whole the second time")
        checks.true(len(got) < 1 + len(accepted), "it was cut before the end")
        exchange.stop()


def killed_and_restarted(checks):
    """The day of a killed exchange is gone; a new one goes on behind the numbers that were used."""
    with Exchange("--ouch50", "127.0.0.1:0", *SYMBOLS) as exchange:
        soup = ouch50(exchange.address("ouch50"))
        soup.send(enter50(1, b"B", 100, b"AAPL", 1400000))
        reference = soup.want(out50, "A")["reference"]
        exchange.kill()
        soup.rest()
        checks.true(not soup.ended, "a kill says no goodbye")
    with Exchange("--ouch50", "127.0.0.1:0", "--session", "LIFELINE02", "--next-number", 2, "--first-reference",
                  reference + 1, *SYMBOLS) as exchange:
        try:
            Soup(exchange.address("ouch50"), b"LIFELINE01", 3)
            checks.true(False, "the old session was let in")
        except AssertionError as error:
            checks.true("refused: b'S'" in str(error), "the old session is refused: %s" % error)
        soup = ouch50(exchange.address("ouch50"))
        checks.equal(soup.session, b"LIFELINE02", "a session of its own")
        soup.send(QUERY50)
        checks.equal(soup.want(out50, "Q")["number"], 2, "numbers go on")
        soup.send(enter50(1, b"B", 100, b"AAPL", 1400000))  # used before: ignored
        soup.send(enter50(2, b"B", 100, b"AAPL", 1400000))
        accepted = soup.want(out50, "A")
        checks.equal(accepted["number"], 2, "the used number is ignored")
        checks.true(accepted["reference"] > reference, "references go on")
        exchange.stop()


def lost_packets_are_sent_again(checks):
    a = Line()
    with Exchange("--ouch50", "127.0.0.1:0", "--mold", a.address, "--mold-faults", "loss=300", "--rerequest",
                  "127.0.0.1:0", "--house-rate", 2000, "--duration", "2s", *SYMBOLS) as exchange:
        server = exchange.address("rerequest")
        a.until(lambda m: m[:1] == b"A", "an order of the house")
        asked = 0
        while exchange.process.poll() is None and asked < 2000:
            a.poll(0.02)
            holes = [i for i in range(1, max(a.messages)) if i not in a.messages]
            if holes and a.end is None:
                asked += 1
                a.ask(server, holes[0], 1)
        summary = exchange.end()
        a.poll(0.2)
        checks.true(asked > 10, "packets were lost: %d" % asked)
        checks.true(summary["feed"]["answers"] > 10, "and asked for: %s" % summary["feed"])
        first_hole = next((i for i in range(1, max(a.messages)) if i not in a.messages), max(a.messages))
        book = NaiveBook()
        for i in range(1, first_hole):
            book.apply(a.messages[i])
        checks.equal(set(book.verdicts), {"ok"}, "what is whole fits together")
        checks.true(first_hole > 100, "much of it is whole: %d" % first_hole)
    a.close()


def speaks_clearly(checks):
    for words, status, text in ((["--help"], 0, "usage: lifeline-exchange"), ([], 2, "nothing to do"),
                                (["--ouch50", "127.0.0.1:0", "--misbehave", "nonsense=3"], 2, "no such fault"),
                                (["--ouch50", "localhost:0"], 2, "localhost"),
                                (["--mold-b", "127.0.0.1:5"], 2, "line A"),
                                (["--ouch50", "127.0.0.1:0", "--symbol", "A:1.001"], 2, "cents"),
                                (["--ouch50", "127.0.0.1:0", "--user", "TOOLONGNAME"], 2, "--user"),
                                (["--ouch50", "127.0.0.1:0", "--password-file", "/nowhere/at/all"], 4, "/nowhere")):
        done = subprocess.run([EXCHANGE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        checks.equal(done.returncode, status, "%s: %s" % (words, done.stderr))
        checks.true(text in done.stdout + done.stderr, "%s says %r: %s" % (words, text, done.stderr))
        checks.true(status == 0 or re.match(r"lifeline-exchange: \S.*\n$", done.stderr), "one line: %r" % done.stderr)


def main():
    on_term()
    if not os.access(EXCHANGE, os.X_OK):
        skip("%s is not built" % EXCHANGE)
    checks = Checks()
    for case in (speaks_clearly, trades_with_the_house, two_accounts_trade, comes_back_after_drops,
                 cut_in_the_middle_of_a_packet, killed_and_restarted, lost_packets_are_sent_again):
        print(case.__name__, flush=True)
        case(checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
