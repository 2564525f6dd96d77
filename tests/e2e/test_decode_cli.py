#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `lifeline decode`, as it is installed, says of every vector what the manifest says, and refuses what must be
refused. Method: all files of tests/vectors, each alone and all messages in one call; every field compared by name.
"""
import json
import os
import subprocess
import sys

import ll_e2e as e2e

VECTORS = os.path.join(e2e.ROOT, "tests", "vectors")


def refused(entry):
    name = os.path.basename(entry["file"])
    return name.startswith(("NEG_", "truncated_", "unknown_"))


def same(got, wanted):
    """Large integers are strings in the manifest, because JSON readers differ on them."""
    return got == wanted or str(got) == str(wanted)


def words_of(entry):
    """The order protocols are never guessed, and a bare OUCH message does not say who sent it."""
    folder, name = entry["file"].split("/")
    if folder in ("itch50", "moldudp64"):
        return []
    if name.endswith(".pcap") or folder == "soupbintcp":
        return ["--protocol", folder]
    way = "out" if name.startswith("out_") or name in ("NEG_appendage_overrun.bin", "NEG_out_S_appendage.bin") else "in"
    return ["--protocol", folder, "--direction", way]


def wanted_of(entry):
    """The line of an entry that is one message or packet."""
    if entry["file"].startswith("soupbintcp/"):
        return dict(entry["fields"])
    wanted = dict(entry["fields"], message_type=chr(int(entry["hex"][:2], 16)))
    if "options" in entry:
        wanted["options"] = entry["options"]
    wanted.pop(entry.get("absent"), None)
    return wanted


def check_entry(checks, entry):
    run = e2e.tool("decode", *words_of(entry), os.path.join(VECTORS, entry["file"]))
    name = entry["file"]
    if refused(entry):
        checks.true(run.status == 1 and run.err and not any("message_type" in line and '"sequence"' not in line
                                                            for line in run.out.splitlines()), "%s: %s" % (name, run))
        return
    checks.true(run.status == 0, "%s: %s" % (name, run))
    lines = [json.loads(line) for line in run.out.splitlines()]
    checks.true(len(lines) > 0, name + ": something is printed")
    if entry.get("fields") is not None and checks.equal(len(lines), 1, name + ": one message"):
        wanted = wanted_of(entry)
        if name.startswith("soupbintcp/"):
            kind = lines[0].pop("packet", {}).get("kind", "")
            checks.true(kind and os.path.basename(name).startswith(kind.split("_")[0]), "%s: %s" % (name, kind))
        for key, value in wanted.items():
            checks.true(key in lines[0] and same(lines[0][key], value), "%s: %s is %r, not %r" %
                        (name, key, lines[0].get(key), value))
        checks.equal(sorted(lines[0]), sorted(wanted), name + ": the fields are exactly these")


def check_together(checks, words, entries):
    """All files of one kind in one call: the lines of each, and what is refused does not hide the rest."""
    path = {entry["file"]: os.path.join(VECTORS, entry["file"]) for entry in entries}
    good = [entry["file"] for entry in entries if not refused(entry)]
    bad = [entry["file"] for entry in entries if refused(entry)]
    lines = "".join(e2e.tool("decode", *words, path[name]).out for name in good)
    if good:
        run = e2e.tool("decode", *words, *(path[name] for name in good))
        checks.equal((run.status, run.out), (0, lines), "%s: all of them in one call" % (words,))
    if bad:
        run = e2e.tool("decode", *words, *(path[name] for name in bad + good))
        checks.true(run.status == 1 and run.out.endswith(lines), "%s: the rest is not hidden" % (words,))


# What the description of the real captures says of each.
REAL = {"EnterOrderMessage": ("in", "unsequenced", {"message_type": "O", "options": {"Firm": "LIME"}}),
        "CancelOrderMessage": ("in", "unsequenced", {"message_type": "X"}),
        "CanceledMessage": ("out", "sequenced", {"message_type": "C"}),
        "OrderAcceptedMessage": ("out", "sequenced",
                                 {"message_type": "A", "options": {"Firm": "MLRO", "BBOWeightIndicator": "0"}}),
        "ClientHeartbeatPacket": ("in", "client_heartbeat", {}),
        "ServerHeartbeatPacket": ("out", "server_heartbeat", {})}


def check_real(checks):
    folder = os.path.join(e2e.SHARED, "data", "ouch50")
    if not os.path.isdir(folder):
        print("skipped: %s is absent; set LL_SHARED to the directory that holds data/" % folder)
        return
    for name, (direction, kind, wanted) in REAL.items():
        run = e2e.tool("decode", "--protocol", "ouch50", os.path.join(folder, name + ".pcap"))
        if not checks.true(run.status == 0 and run.json, "%s: %s" % (name, run)):
            continue
        packet = run.json["packet"]
        checks.equal((packet["direction"], packet["kind"]), (direction, kind), name)
        checks.equal({key: run.json.get(key) for key in wanted}, wanted, name)


def main():
    e2e.need_tool()
    print("LL_SEED=0 (nothing here is random)")
    checks = e2e.Checks()
    with open(os.path.join(VECTORS, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    files = {entry["file"] for entry in manifest}
    here = {os.path.relpath(os.path.join(where, name), VECTORS) for where, _,
            names in os.walk(VECTORS) for name in names
            if name.endswith((".bin", ".pcap"))}
    checks.equal(here - files, set(), "no vector is missing in the manifest")
    with_fields = sum(bool(entry.get("fields")) for entry in manifest)
    checks.true(with_fields >= len(e2e.LENGTHS), "every type has a vector: %d" % with_fields)
    for entry in manifest:
        check_entry(checks, entry)
    for words in {tuple(words_of(entry)) for entry in manifest}:
        alike = [entry for entry in manifest if tuple(words_of(entry)) == words]
        check_together(checks, words, alike)
    check_real(checks)
    good = [os.path.join(VECTORS, "itch50", "S.bin")]
    for words in (["decode"], ["decode", "--protocol", "morse", good[0]], ["decode", "--bogus", good[0]]):
        checks.equal(e2e.tool(*words).status, 2, " ".join(words[:3]))
    checks.equal(e2e.tool("decode", "/nonexistent/file").status, 4, "a file that is not there")
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([e2e.TOOL, "decode", good[0]], stdout=full, stderr=subprocess.DEVNULL, check=False)
        checks.equal(done.returncode, 4, "the output is full")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
