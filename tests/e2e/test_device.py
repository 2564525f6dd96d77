#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the same feed gives the same state wherever the kernel runs, `lifeline device` says what a device is and
whether it works, and a device that cannot be had is a clear error or a loss, never a hang.

Method: a slice of a real capture (else a drawn one) is replayed on the cpu and on every device of this machine, whole
and resumed on another one; then everything that can be wrong about a device is given on the command line: runtimes,
platforms and files that are missing or are something else, in an environment made for it.
limit 600 s
"""
import os
import random
import sys
import time

import ll_device
import ll_e2e as e2e

MESSAGES = 20000
ROOM = ["--orders", "4096", "--levels", "4096", "--books", "64", "--own-orders", "1024", "--ids", "4096"]
LIMIT_S = 60


def messages(rng):
    if os.access(e2e.REAL_HOUR, os.R_OK):
        return e2e.read_binary(e2e.REAL_HOUR)[:MESSAGES]
    return e2e.make_feed(rng, MESSAGES)


def replay_everywhere(checks, place, rng, ways):
    """Whole, and begun on one device and ended on another."""
    feed = messages(rng)
    whole = e2e.write_binary(place.path("whole.ITCH50"), feed)
    half = e2e.write_binary(place.path("half.ITCH50"), feed[:len(feed) // 2])
    wanted = e2e.outcome(e2e.must_replay(checks, "cpu", whole))
    before = None
    for way in ways:
        what = "replay on %s %s" % way
        started = time.monotonic()
        got = e2e.must_replay(checks, what, whole, *ll_device.options(way, "--verify-device"), limit_s=LIMIT_S)
        if not got:
            continue
        checks.equal(e2e.outcome(got), wanted, what)
        ll_device.check_report(checks, what, got["device"])
        checks.equal(got["device"]["device_answers"] >= got["messages"] // 2, True, what + ": it did the work")
        print("%-28s %5.1f s, step p50 %d us" % (what, time.monotonic() - started,
                                                got["device"]["book_trip_ns"]["p50"] // 1000), flush=True)
        journal = place.path("journal-%s-%s" % way)
        first = ll_device.options(before) if before else []
        e2e.must_replay(checks, what + ", the first half", half, "--journal", journal, *first, limit_s=LIMIT_S)
        got = e2e.must_replay(checks, what + ", resumed", whole, "--journal", journal, "--resume",
                              *ll_device.options(way), limit_s=LIMIT_S)
        checks.equal(got and got["state_hash"], wanted["state_hash"], what + ": resumed")
        before = way


def try_out(checks, ways):
    """What the verb says to people and to machines."""
    for way in ways:
        what = "device test on %s %s" % way
        run = e2e.tool("device", "test", *ROOM, *ll_device.options(way), "--count", "4000", "--seed", "7", "--json",
                       limit_s=LIMIT_S)
        if not checks.true(run.status == 0 and run.json, "%s: %s" % (what, run)):
            continue
        checks.equal((run.json["status"], run.json["tables_equal"], run.json["requests"]), ("good", True, 4000), what)
        checks.true(run.json["single_ns"]["p50"] > 0 and run.json["epoch"] > 0, "%s: %s" % (what, run.json))
        run = e2e.tool("device", "test", *ROOM, *ll_device.options(way), "--count", "500", "--unverified",
                       limit_s=LIMIT_S)
        checks.true(run.status == 0 and "good, as far as the tables say" in run.out, "%s: %s" % (what, run))
        run = e2e.tool("device", "info", *ROOM, *ll_device.options(way), limit_s=LIMIT_S)
        checks.true(run.status == 0 and "room for 4,096 orders" in run.out, "%s: info: %s" % (what, run))
    hashes = {}
    for way in [("cpu", "resident")] + ways:
        run = e2e.tool("device", "test", *ROOM, *ll_device.options(way), "--count", "2000", "--json", limit_s=LIMIT_S)
        hashes[way] = run.json and (run.json["book_hash"], run.json["life_hash"])
    checks.equal(len(set(hashes.values())), 1, "the same requests give the same tables: %s" % hashes)


def list_them(checks, ways):
    run = e2e.tool("device", "list", limit_s=LIMIT_S)
    checks.equal(run.status, 0, "device list: %s" % run)
    for device in {way[0] for way in ways}:
        checks.true(device in run.out, "device list names %s: %s" % (device, run.out))


# --- what can be wrong ----------------------------------------------------------------------------------------------

def refused(checks, what, status, words, *more, where=("device", "info", *ROOM), environment=None):
    """Ends by itself, soon, with this exit status, and says all of `words`."""
    started = time.monotonic()
    run = e2e.tool(*where, *more, limit_s=LIMIT_S, env={**os.environ, **(environment or {})})
    checks.equal(run.status, status, "%s: %s" % (what, run))
    for word in words:
        checks.true(word.lower() in run.err.lower(), "%s: it does not say '%s': %s" % (what, word, run.err))
    checks.true(time.monotonic() - started < 30, what + ": it takes too long")


def usage(checks):
    for more in (["--device", "abacus"], ["--device", "xrt:"], ["--device", "xrt:x"], ["--device", "xrt:-1"],
                 ["--device", ""], ["--device-mode", "sometimes"], ["--device-loss", "never"],
                 ["--device-start", "perhaps"], ["--device-watchdog", "0s"], ["--device-watchdog", "5"],
                 ["--device-batch", "1025"], ["--device-close", "2s"]):
        refused(checks, " ".join(more), 2, ["--help"], *more)
    for words in ([], ["lend"], ["list", "info"], ["test", "--count", "1"]):
        refused(checks, "device " + " ".join(words), 2, ["--help"], where=("device", *words))
    refused(checks, "a reader of journals has no device", 2, ["--device"], "--device", "pocl", "x", where=("check",))


def no_loader(checks, place, device):
    """OpenCL is not installed."""
    refused(checks, "no OpenCL for " + device, 3, ["ocl-icd-libopencl1"], "--device", device,
            environment={"LIFELINE_OPENCL": place.path("libOpenCL.so.1")})


def no_runtime(checks, place, device):
    """A vendor directory without vendors, and one with a vendor that is not there."""
    empty = place.path("no-vendors-" + device)
    os.mkdir(empty)
    with open(os.path.join(place.path("no-vendors-" + device), "none.icd"), "w", encoding="ascii") as file:
        file.write("libthere-is-none.so\n")
    environment = {"OCL_ICD_VENDORS": empty, "OPENCL_VENDOR_PATH": empty, "XCL_EMULATION_MODE": ""}
    refused(checks, "no platform for " + device, 3, ["device"], "--device", device, environment=environment)
    feed = e2e.write_binary(place.path("small.ITCH50"), e2e.make_feed(random.Random(1), 500))
    run = e2e.replay(feed, "--device", device, "--device-start", "may", limit_s=LIMIT_S,
                     env={**os.environ, **environment})
    checks.equal(run.status, ll_device.LOST, "no platform for %s, and that may be: %s" % (device, run))
    if run.json:
        checks.equal((run.json["device"]["standing"], run.json["messages"]), ("fallen", 500), "it went on here")
        checks.true(run.json["device"]["last_loss"], "it says why: %s" % run.json["device"])


def wrong_files(checks, place):
    """The binary is not there, is a text, is cut off."""
    binary = ["--device", "xrt", "--device-binary"]
    refused(checks, "no xclbin", 1, ["no-such"], *binary, place.path("no-such.xclbin"))
    text = e2e.write(place.path("text.xclbin"), b"hello\n" * 1000)
    refused(checks, "a text as xclbin", 1, ["xclbin"], *binary, text)
    empty = e2e.write(place.path("empty.xclbin"), b"")
    refused(checks, "an empty xclbin", 1, ["xclbin"], *binary, empty)
    refused(checks, "a directory as xclbin", 1, ["xclbin"], *binary, place.dir)
    good = [os.path.join(at, name) for at, _, names in os.walk(ll_device.EMULATION) for name in names
            if name.endswith(".xclbin")]
    if good:
        with open(good[0], "rb") as file:
            content = file.read()
        for cut in (100, len(content) // 2, len(content) - 1):
            part = e2e.write(place.path("cut-%d.xclbin" % cut), content[:cut])
            refused(checks, "an xclbin cut at %d" % cut, 1, ["xclbin"], *binary, part)
        changed = bytearray(content)
        changed[0:7] = b"xclbin9"
        refused(checks, "an xclbin of another kind", 1, ["xclbin"], *binary,
                e2e.write(place.path("other.xclbin"), bytes(changed)))


def wrong_xrt(checks, place):
    """XRT, its emulation or the card are not where they are said to be."""
    xrt = ["--device", "xrt"]
    refused(checks, "no emulation tree", 3, ["emulation"], *xrt,
            environment={"LIFELINE_EMULATION": place.path("nowhere")})
    refused(checks, "an emulation of another kind", 2, ["XCL_EMULATION_MODE"], *xrt,
            environment={"XCL_EMULATION_MODE": "dream_emu"})
    refused(checks, "XRT in the wrong place", 3, ["XILINX_XRT"], *xrt,
            environment={"XCL_EMULATION_MODE": "", "XILINX_XRT": place.path("nowhere")})
    refused(checks, "a card that is not there", 3, ["device 7", "--list"], "--device", "xrt:7")


def wrong_source(checks, place):
    """PoCL compiles what it finds: nothing, or something that is none of ours."""
    refused(checks, "no source", 3, ["no-such"], "--device", "pocl", "--device-binary", place.path("no-such"))
    os.makedirs(place.path("other/kernels"))
    e2e.write(place.path("other/kernels/ll_gateway.cl"), b"this is no OpenCL C\n")
    refused(checks, "a source that is none", 1, ["pocl"], "--device", "pocl", "--device-binary", place.path("other"))


def main():
    e2e.on_term()
    e2e.need_tool()
    ll_device.emulate()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    with e2e.Place() as place:
        usage(checks)
        if checks.failed:
            return checks.end()
        ways = ll_device.ways(only)
        devices = sorted({way[0] for way in ways})
        list_them(checks, ways)
        replay_everywhere(checks, place, rng, ways)
        try_out(checks, ways)
        for device in devices:
            no_loader(checks, place, device)
            no_runtime(checks, place, device)
        if "pocl" in devices:
            wrong_source(checks, place)
        if "xrt" in devices:
            wrong_files(checks, place)
            wrong_xrt(checks, place)
    checks.equal(ll_device.leftovers(), [], "nothing is left in /dev/shm")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
