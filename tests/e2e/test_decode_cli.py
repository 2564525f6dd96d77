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
    return str(got) == str(wanted)


def check_entry(checks, entry):
    run = e2e.tool("decode", os.path.join(VECTORS, entry["file"]))
    name = entry["file"]
    if refused(entry):
        checks.true(run.status == 1 and run.err and not any("message_type" in line and '"sequence"' not in line
                                                            for line in run.out.splitlines()), "%s: %s" % (name, run))
        return 0
    checks.true(run.status == 0, "%s: %s" % (name, run))
    lines = [json.loads(line) for line in run.out.splitlines()]
    checks.true(len(lines) > 0, name + ": something is printed")
    fields = entry.get("fields")
    if fields and checks.equal(len(lines), 1, name + ": one message"):
        wanted = dict(fields, message_type=entry["hex"] and chr(int(entry["hex"][:2], 16)))
        for key, value in wanted.items():
            checks.true(key in lines[0] and same(lines[0][key], value), "%s: %s is %r, not %r" %
                        (name, key, lines[0].get(key), value))
        checks.equal(sorted(lines[0]), sorted(wanted), name + ": the fields are exactly these")
    return len(lines)


def main():
    e2e.need_tool()
    print("LL_SEED=0 (nothing here is random)")
    checks = e2e.Checks()
    with open(os.path.join(VECTORS, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    manifest = [entry for entry in manifest if entry["file"].startswith(("itch50/", "moldudp64/"))]
    files = {entry["file"] for entry in manifest}
    here = {os.path.relpath(os.path.join(where, name), VECTORS) for where, _,
            names in os.walk(VECTORS) for name in names
            if name.endswith((".bin", ".pcap"))}
    checks.equal({name for name in here if name.startswith(("itch50", "moldudp64"))} - files, set(), "no vector is missing in the manifest")
    with_fields = sum(bool(entry.get("fields")) for entry in manifest)
    checks.true(with_fields >= len(e2e.LENGTHS), "every type has a vector: %d" % with_fields)
    lines = sum(check_entry(checks, entry) for entry in manifest)
    good = [os.path.join(VECTORS, entry["file"]) for entry in manifest if not refused(entry)]
    run = e2e.tool("decode", *good)
    checks.equal((run.status, len(run.out.splitlines())), (0, lines), "all of them in one call")
    bad = [os.path.join(VECTORS, entry["file"]) for entry in manifest if refused(entry)]
    run = e2e.tool("decode", *bad, *good)
    checks.true(run.status == 1 and len(run.out.splitlines()) >= lines, "what is refused does not hide the rest")
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
