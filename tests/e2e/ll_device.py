# SPDX-License-Identifier: Apache-2.0
"""The ways the kernel can run elsewhere: which of them this machine has, their options, and their processes."""
import ctypes.util
import glob
import os
import signal

import ll_e2e as e2e
import ll_processes as processes

PROGRAM = os.path.join(e2e.BIN, "lifeline-device")
EMULATION = os.environ.get("LIFELINE_EMULATION") or os.path.join(e2e.BIN, "emulation")
XCLBIN = os.path.join(EMULATION, "ll_gateway.sw_emu.xclbin")
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
    if device == "pocl" and not (ctypes.util.find_library("OpenCL") and glob.glob("/etc/OpenCL/vendors/*pocl*.icd")):
        return "PoCL is not installed (ocl-icd-libopencl1, pocl-opencl-icd)"
    if device == "xrt" and not os.path.exists(os.path.join(EMULATION, "xrt/lib/libxrt_core.so.2")):
        return "XRT is not installed (libxrt1), or its emulation is not built (make emulation)"
    if device == "xrt" and not os.path.exists(XCLBIN):
        return "%s is not built (make emulation)" % XCLBIN
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


def victim(pid, name, limit_s=30):
    """The process of this name below `pid`, as soon as it is there."""
    found = processes.wait_until(lambda: [child for child in processes.below(pid) if processes.name_of(child) == name],
                                 limit_s)
    assert found, "no %s below %d: %s" % (name, pid, list(map(processes.name_of, processes.below(pid))))
    return found[-1]


def send(pid, name, number=signal.SIGKILL):
    """Sends the signal to that process below `pid`; returns which one it was."""
    child = victim(pid, name)
    os.kill(child, number)
    return child


def leftovers():
    """Directories of device processes that are no more."""
    return sorted(path for path in glob.glob("/dev/shm/lifeline-device.*")
                  if not processes.is_alive(int(path.rsplit(".", 1)[1])))


def check_report(checks, what, device, losses=0, standing="there"):
    """The report's part about the device."""
    checks.equal(device["losses"], losses, "%s: losses (%s)" % (what, device["last_loss"]))
    checks.equal(device["standing"], standing, what + ": at the end")
    checks.true(device["device_answers"] > 0, "%s: the device answered something: %s" % (what, device))
    checks.equal(device["last_loss"] != "", losses != 0, what + ": the loss is told")
    checks.equal(device["tables_compared"], standing == "there", what + ": its tables were summed")
    if standing == "there":
        checks.true(device["tables_equal"], "%s: its tables are those here: %s" % (what, device))
