#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the fuzz corpora reach: tools/coverage.py BUILD REPLAY... (make coverage builds them).

Runs every replay binary over its committed corpus, adds up what gcov counted, and prints lines and branches of each
file that reads outside bytes. The figures are of the corpora alone: no unit test runs here. Readers of which less than
LEAST percent of the lines are reached are named at the end. V=1 names the lines that are not reached.
"""
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile

LEAST = 90
# Part, files of it. A file belongs to the first part that names it.
PARTS = [
    ("wire formats", ["host/wire/*.c", "host/app/ll_field_json.c", "host/base/ll_json.c"]),
    ("sessions", ["host/provider/ll_soup_client.c", "host/exchange/ll_soup_server.c",
                  "host/provider/ll_mold_receiver.c", "host/exchange/ll_mold_sender.c",
                  "host/exchange/ll_ouch_port*.c"]),
    ("files and captures", ["host/journal/ll_journal_reader.c", "host/journal/ll_journal_segment.c",
                            "host/journal/ll_snapshot.c", "host/journal/ll_snapshot_file.c",
                            "host/provider/ll_binary_file.c", "host/provider/ll_input_file.c",
                            "host/app/ll_ip_capture.c", "host/app/ll_udp_capture.c", "host/app/ll_tcp_capture.c",
                            "host/app/ll_tcp_stream.c", "host/app/ll_cmd_decode.c", "host/app/ll_decode_*.c",
                            "host/app/ll_limits_file.c", "dpdk/ll_pcap_scan.c", "dpdk/ll_frame.c",
                            "host/device/ll_xclbin.c"]),
    ("shared memory", ["host/client/ll_door.c", "host/client/ll_door_shm.c", "host/device/ll_ring_port.c",
                       "host/device/ll_device_process.c", "kernels/emulation/ll_emulated_rpc.c"]),
    ("command lines", ["host/base/ll_options.c", "host/base/ll_decimal.c", "host/base/ll_ipv4.c",
                       "dpdk/ll_port_spec.c", "host/app/ll_flow_text.c", "host/app/ll_daemon_options.c",
                       "host/app/ll_exchange_options.c", "host/app/ll_ask.c", "host/app/ll_cmd_order.c",
                       "host/app/ll_cmd_id.c", "host/app/ll_cmd_account.c", "host/app/ll_cmd_kill.c"]),
    ("engines", ["host/core/ll_engine.c", "host/core/ll_oms*.c", "host/core/ll_risk.c", "host/core/ll_ledger.c",
                 "host/core/ll_limits.c", "host/core/ll_instruments.c", "host/core/ll_guard.c",
                 "host/core/ll_names.c", "host/core/ll_timers.c", "host/exchange/ll_matching*.c"]),
]
# These do more than read outside bytes; their other halves are for the unit tests.
NOT_HELD = {"host/client/ll_door.c", "host/client/ll_door_shm.c", "host/device/ll_device_process.c",
            "host/base/ll_options.c", "host/journal/ll_snapshot.c", "host/journal/ll_snapshot_file.c"}


def run_corpora(build, replays):
    for old in glob.glob(os.path.join(build, "**", "*.gcda"), recursive=True):
        os.remove(old)
    for replay in replays:
        corpus = "tests/fuzz/corpus/" + os.path.basename(replay).replace("fuzz_", "", 1)
        done = subprocess.run([replay, corpus], stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            sys.exit("coverage: %s %s failed" % (replay, corpus))


def count(build, path):
    """Of one source: lines reached and all, branches reached and all."""
    data = os.path.join(build, path[:-2] + ".gcda")
    if not os.path.exists(data):
        return None
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--object-file", os.path.abspath(data),
                        os.path.abspath(path)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=True)
        found = glob.glob(os.path.join(folder, "*.gcov.json.gz"))
        with gzip.open(found[0], "rt", encoding="utf-8") as file:
            report = json.load(file)
    with open(path, encoding="utf-8") as source:
        text = source.read().splitlines()
    lines, branches = {}, {}
    for source in report["files"]:
        if os.path.normpath(source["file"]) != path:
            continue
        for line in source["lines"]:
            number = line["line_number"]
            lines[number] = lines.get(number, 0) + line["count"]
            if "LL_ASSERT" not in text[number - 1]:  # the other way out of an assertion is none
                branches.setdefault(number, []).extend(branch["count"] for branch in line["branches"])
    ways = [taken for taken_of_line in branches.values() for taken in taken_of_line]
    missed = [number for number, taken in lines.items() if taken == 0]
    return (len(lines) - len(missed), len(lines), sum(way > 0 for way in ways), len(ways), sorted(missed))


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def spans(numbers):
    """1 2 3 7 as 1-3 7."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in runs)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build, replays = sys.argv[1], sys.argv[2:]
    verbose = os.environ.get("V")
    run_corpora(build, replays)
    seen, low = set(), []
    whole = [0, 0, 0, 0]
    row = "%-44s %6s %7s %9s %7s"
    print(row % ("file", "lines", "reached", "branches", "reached"))
    for part, patterns in PARTS:
        sums = [0, 0, 0, 0]
        rows = []
        for path in sorted(path for pattern in patterns for path in glob.glob(pattern)):
            if path in seen:
                continue
            seen.add(path)
            counts = count(build, path)
            if counts is None or counts[1] == 0:
                continue
            sums = [a + b for a, b in zip(sums, counts)]
            rows.append(row % (path, counts[1], "%.1f %%" % percent(*counts[0:2]), counts[3],
                               "%.1f %%" % percent(*counts[2:4])))
            if verbose and counts[4]:
                rows.append("    not reached: " + spans(counts[4]))
            if part != "engines" and path not in NOT_HELD and percent(*counts[0:2]) < LEAST:
                low.append(path)
        whole = [a + b for a, b in zip(whole, sums)]
        print("\n".join(rows))
        print(row % ("  " + part, sums[1], "%.1f %%" % percent(*sums[0:2]), sums[3], "%.1f %%" % percent(*sums[2:4])))
    print(row % ("all", whole[1], "%.1f %%" % percent(*whole[0:2]), whole[3], "%.1f %%" % percent(*whole[2:4])))
    if low:
        print("below %d %% of the lines: %s" % (LEAST, " ".join(low)))


if __name__ == "__main__":
    main()
