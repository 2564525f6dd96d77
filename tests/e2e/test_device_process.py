#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the device process does on PoCL what the kernel does here, resident and in batches, and says what is missing.

Method: a rig that stands for the gateway (ll_device_rig.c) loads tables, sends random requests of both halves and
compares every answer, hash and byte; then everything that can be missing or wrong, one thing at a time; and a gateway
that is killed. XRT has a test of its own.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import ll_device_process as device
import ll_e2e
import ll_processes as processes


def check_modes(checks, seed):
    at_random = ("--platform", "pocl", "--seed", seed)
    device.works(checks, *at_random, "--updates", 20000)
    device.works(checks, *at_random, "--updates", 3000, "--kernel-batch", 1, "--slots", 2)
    device.works(checks, *at_random, "--updates", 3000, "--kernel-batch", 64, "--slots", 4096)
    idle = device.works(checks, *at_random, "--updates", 5000, "--looks", 2000, "--pause", "200ms")
    checks.true(int(idle.lines.get("idle", "0")) > 0, "an idle kernel ends and is started again: %s" % idle)
    in_batches = (*at_random, "--mode", "batch")
    device.works(checks, *in_batches, "--updates", 20000)
    device.works(checks, *in_batches, "--updates", 3000, "--batch-max", 7, "--lanes", 4, "--close", "100us")
    device.works(checks, *in_batches, "--updates", 500, "--batch-max", 1, "--lanes", 1)
    device.works(checks, *in_batches, "--updates", 20000, "--batch-max", 1024, "--lanes", 3, "--slots", 1024)


def check_what_is_missing(checks, place):
    empty = place.path("empty")
    os.mkdir(empty)
    device.refused(checks, "environment", "install the package ocl-icd-libopencl1", LIFELINE_OPENCL="libNone.so.1")
    device.refused(checks, "environment", "has no clGetPlatformIDs", LIFELINE_OPENCL="libm.so.6")
    device.refused(checks, "environment", "install the package pocl-opencl-icd", OCL_ICD_VENDORS=empty)
    device.refused(checks, "environment", "device 7 was asked for", "--card", 7)
    device.refused(checks, "environment", "has no kernels/ll_gateway.cl", LIFELINE_KERNELS=empty)
    device.refused(checks, "environment", "has no kernels/ll_gateway.cl", "--binary", empty)
    device.refused(checks, "full", "lower --orders", "--table-bytes", "1024G")
    device.refused(checks, "usage", "install both from the same build", "--link-version", 99)
    device.refused(checks, "usage", "power of two", "--slots", 48)
    device.refused(checks, "usage", "batch_max", "--mode", "batch", "--batch-max", 2000)
    device.refused(checks, "environment", "XILINX_XRT is not set", "--platform", "xrt")
    device.refused(checks, "environment", "lib/libxrt_core.so.2", "--platform", "xrt", XILINX_XRT="/usr")
    device.refused(checks, "usage", "XCL_EMULATION_MODE is noop", "--platform", "xrt", XCL_EMULATION_MODE="noop")
    device.refused(checks, "environment", "make emulation", "--platform", "xrt", XCL_EMULATION_MODE="sw_emu",
                   LIFELINE_EMULATION=empty)


def check_sources(checks, place):
    """A source that does not compile says so; an installed program finds the installed sources."""
    broken = place.path("broken")
    os.makedirs(os.path.join(broken, "kernels"))
    with open(os.path.join(broken, "kernels", "ll_gateway.cl"), "w", encoding="ascii") as file:
        file.write("__kernel void ll_gateway_kernel(int a) { nonsense; }\n")
    device.refused(checks, "bad_input", "error:", "--binary", broken)
    with open(os.path.join(broken, "kernels", "ll_gateway.cl"), "w", encoding="ascii") as file:
        file.write("__kernel void ll_gateway_kernel(int a) { }\n")
    device.refused(checks, "bad_input", "CL_INVALID_ARG", "--binary", broken)
    spaced = place.path("a place")
    shutil.copytree(broken, spaced)
    device.refused(checks, "environment", "without spaces", "--binary", spaced)
    os.mkdir(place.path("bin"))
    os.mkdir(place.path("share"))
    installed = shutil.copy(device.PROGRAM, place.path("bin"))
    os.symlink(ll_e2e.ROOT, place.path("share/lifeline"))
    outcome = device.rig("--program", installed, "--updates", 10)
    checks.equal(outcome.status, 0, "installed: %s" % outcome)


def check_gateway_gone(checks):
    for mode in ("resident", "batch"):
        with device.HeldRig("--mode", mode) as held:
            checks.true(held.is_ready and processes.is_alive(held.pid), mode + ": the device process is there")
            # A service manager ends all of a service at once; the gateway still has work for the device then.
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) * 3:
                os.kill(held.pid, number)
                time.sleep(0.01)
            checks.true(processes.is_alive(held.pid), mode + ": signals are the gateway's to act on")
            held.process.kill()
            checks.true(processes.wait_until(lambda pid=held.pid: not processes.is_alive(pid)),
                        mode + ": the device process ends when its gateway is killed")
    by_hand = subprocess.run([device.PROGRAM, "--serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=60, check=False)
    checks.equal(by_hand.returncode, 2, "--serve without a gateway is a usage error")
    checks.true(b"lifelined starts this program" in by_hand.stderr, "and says who starts it")


def list_devices(*words, **more):
    return subprocess.run([device.PROGRAM, "--list", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False, env=device.environment(**more))


def check_list(checks, place):
    listed = json.loads(list_devices("--json").stdout)
    pocl = [one for one in listed["platforms"] if one.get("device") == "pocl"]
    checks.equal(len(pocl), 1, "PoCL is listed once")
    found = pocl[0]["devices"] if pocl else []
    checks.true(found and found[0]["memory_bytes"] > 0, "with a device and its memory")
    none = list_devices(OCL_ICD_VENDORS=place.path("empty"))
    checks.equal(none.returncode, 3, "no platform at all")
    aborting = place.path("aborting.icd")
    with open(aborting, "w", encoding="ascii") as file:
        file.write("libxilinxopencl.so.2\n")
    aborted = list_devices(OCL_ICD_VENDORS=aborting)
    checks.true(b"not usable" in aborted.stdout, "a runtime that is missing or aborts is a line: %s" % aborted.stdout)
    checks.equal(aborted.returncode, 3, "and the list goes on")


def main():
    ll_e2e.on_term()
    device.need("pocl")
    checks = ll_e2e.Checks()
    with ll_e2e.Place() as place:
        check_modes(checks, ll_e2e.seed())
        check_what_is_missing(checks, place)
        check_sources(checks, place)
        check_gateway_gone(checks)
        check_list(checks, place)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
