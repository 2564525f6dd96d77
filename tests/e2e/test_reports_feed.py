#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `lifelined --feed-payload ouch50` takes execution reports out of a capture of MoldUDP64 packets: every message
has its record, what nobody ordered is an exception and waits in suspense, and --resume goes on behind what was taken.
Method: captures made here, through DPDK's pcap port: one whole, one that is its first part, then the whole one again
with --resume. The journal is read with `lifeline dump` and `verify`, the money with `lifeline ledger`.
"""
import os
import struct
import subprocess
import sys

import ll_e2e as e2e

STATE = ["--orders", "1024", "--levels", "1024", "--books", "16", "--own-orders", "64", "--ids", "4096",
         "--instruments", "16"]
COUNT = 500


def execution(number, lots, price, match):
    return struct.pack(">cQIIQcQH", b"E", 34200 * 10**9, number, lots, price, b"A", match, 0)


def lifelined(place, capture, journal, *more):
    program = os.path.join(os.path.dirname(e2e.TOOL), "lifelined")
    words = [program, "--feed", "pcap:" + capture, "--speed", "max", "--quiet", "--json", "--journal", journal,
             "--door", place.path("door"), "--memory-mb", "64", *STATE, *more]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False)
    return e2e.Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def reports(checks, journal):
    """Of the journal's records: the verdicts of its reports, and what happened to its sessions."""
    run, records = e2e.dump(journal)
    checks.equal(run.status, 0, "dump")
    return ([record["verdict_name"] for record in records if record["kind"] == "report"],
            [record for record in records if record["kind"] == "link"])


def suspense(checks, journal):
    run = e2e.tool("ledger", "--trade", *STATE, journal)
    checks.equal(run.status, 0, "ledger: %s" % run)
    return run.out


def main():
    e2e.need_tool()
    checks = e2e.Checks()
    messages = [execution(2 * i + 1, 10, 1000000, i + 1) for i in range(COUNT)]
    messages[7] = messages[7][:20]  # cut
    datagrams = e2e.packets(messages, 9, step_ns=1000)
    first = [d for d in datagrams[:30] if d[1] != datagrams[4][1]]  # without its end, and with a hole
    with e2e.Place() as place:
        e2e.write_pcap(place.path("whole.pcap"), datagrams)
        e2e.write_pcap(place.path("first.pcap"), first)
        whole, parts = place.path("whole"), place.path("parts")
        run = lifelined(place, place.path("whole.pcap"), whole, "--feed-payload", "ouch50")
        checks.equal(run.status, 0, "whole: %s" % run)
        verdicts, links = reports(checks, whole)
        checks.equal(len(verdicts), COUNT, "one record for each message")
        checks.equal(verdicts.count("unknown_id"), COUNT - 1, "nobody's")
        checks.equal(verdicts.count("bad_length"), 1, "cut")
        checks.equal(len(links), 3, "configured, opened, ended: %s" % links)
        wanted = suspense(checks, whole)
        checks.true(str(10 * (COUNT - 1)) in wanted, "the lots wait in suspense: %s" % wanted)
        for capture in ("first.pcap", "whole.pcap", "whole.pcap"):
            run = lifelined(place, place.path(capture), parts, "--feed-payload", "ouch50", "--resume")
            checks.equal(run.status, 0, "%s: %s" % (capture, run))
        verdicts, links = reports(checks, parts)
        checks.equal(len(verdicts), COUNT - 9, "the hole is given up at the first part's end, nothing comes twice")
        run = e2e.tool("verify", parts)
        checks.equal(run.status, 0, "verify: %s" % run)
        run = e2e.tool("check", "--trade", *STATE, parts)
        checks.equal(run.status, 0, "check: %s" % run)
        run = lifelined(place, place.path("whole.pcap"), place.path("itch"))
        checks.equal(run.status, 0, "as ITCH these are exceptions: %s" % run)
        run = lifelined(place, place.path("whole.pcap"), place.path("no"), "--feed-payload", "fix")
        checks.equal(run.status, 2, "no such payload: %s" % run)
        run = lifelined(place, place.path("whole.pcap"), place.path("no"), "--feed", "sim", "--feed-payload", "ouch50")
        checks.equal(run.status, 2, "not on sim: %s" % run)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
