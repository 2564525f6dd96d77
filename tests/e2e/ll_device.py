# SPDX-License-Identifier: Apache-2.0
"""The ways the kernel can run elsewhere: which of them this machine has, their options, and their processes."""
import glob
import os
import signal
import time

import ll_e2e as e2e

PROGRAM = os.path.join(e2e.BIN, "lifeline-device")
EMULATION = os.environ.get("LIFELINE_EMULATION") or os.path.join(e2e.BIN, "emulation")
WAYS = (("pocl", "resident"), ("pocl", "batch"), ("xrt", "resident"), ("xrt", "batch"))
LOST = 6  # exit status: all is right, but the device was lost
PROCESS, MODEL = "lifeline-device", "genericpciemodel"
WORKS = {"pocl": PROCESS, "xrt": MODEL}  # where the kernel runs


def emulate():
    """From here on every program of this test finds XRT's emulation, and no card."""
    os.environ["XCL_EMULATION_MODE"] = "sw_emu"


def missing(device):
    """What this machine lacks for it; "" = nothing."""
    if not os.access(PROGRAM, os.X_OK):
        return "%s is not built" % PROGRAM
    if device == "pocl" and not glob.glob("/etc/OpenCL/vendors/*pocl*"):
        return "PoCL is not installed (pocl-opencl-icd)"
    if device == "xrt" and not os.path.isdir(EMULATION):
        return "XRT's emulation is not built (make emulation)"
    return ""


def ways(only=""):
    """Those of this machine; the others are named as skipped. Ends the test when there is none."""
    found = []
    for way in WAYS:
        lacks = missing(way[0])
        if lacks:
            print("SKIP %s %s: %s" % (*way, lacks), flush=True)
        elif only in " ".join(way):
            found.append(way)
    if not found:
        e2e.skip("there is no device but cpu")
    return found


def options(way, *more):
    """Small batches and a watchdog that a busy machine does not bite."""
    return ["--device", way[0], "--device-mode", way[1], "--device-watchdog", "20s", *more]


def below(pid):
    """The processes below this one: [(pid, name)]."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % entry, encoding="utf-8", errors="replace") as file:
                text = file.read()
            with open("/proc/%s/cmdline" % entry, "rb") as file:
                name = os.path.basename(file.read().split(b"\0")[0].decode("utf-8", "replace"))
        except OSError:
            continue
        parents[int(entry)] = (int(text[text.rindex(")") + 2:].split()[1]), name)
    found, seen = [], {pid}
    while True:
        more = [(child, name) for child, (parent, name) in parents.items() if parent in seen and child not in seen]
        if not more:
            return found
        found += more
        seen |= {child for child, _ in more}


def victim(pid, name, limit_s=30):
    """The process of this name below `pid`, as soon as it is there."""
    end = time.monotonic() + limit_s
    while True:
        found = [child for child, its in below(pid) if its == name]
        if found:
            return found[-1]
        assert time.monotonic() < end, "no %s below %d: %s" % (name, pid, below(pid))
        time.sleep(0.01)


def send(pid, name, number=signal.SIGKILL):
    """Sends the signal to that process below `pid`; returns which one it was."""
    child = victim(pid, name)
    os.kill(child, number)
    return child


def is_there(pid):
    """A process that has ended and waits to be asked for is none."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def leftovers():
    """Directories of device processes that are no more."""
    return [path for path in glob.glob("/dev/shm/lifeline-device.*")
            if not os.path.isdir("/proc/" + path.rsplit(".", 1)[1])]


def check_report(checks, what, device, losses=0, standing="there"):
    """The report's part about the device."""
    checks.equal(device["losses"], losses, "%s: losses (%s)" % (what, device["last_loss"]))
    checks.equal(device["standing"], standing, what + ": at the end")
    checks.true(device["device_answers"] > 0, "%s: the device answered something: %s" % (what, device))
    checks.equal(device["last_loss"] != "", losses != 0, what + ": the loss is told")
    checks.equal(device["tables_compared"], standing == "there", what + ": its tables were summed")
    if standing == "there":
        checks.true(device["tables_equal"], "%s: its tables are those here: %s" % (what, device))
