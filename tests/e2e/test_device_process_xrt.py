#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the device process does through XRT, in software emulation, what the kernel does here; wrong binaries are
refused before XRT sees them; and whoever dies, nothing stays behind.

Method: as test_device_process.py; wrong xclbins made from the right one; the device process, the emulated card and the
gateway killed in turn, each by its own number.
"""
import os
import shutil
import signal
import sys

import ll_device_process as device
import ll_e2e
import ll_processes as processes
from ll_device import XCLBIN

MODE_AT = 332  # of an xclbin, see host/device/ll_xclbin.h
XRT = {"XCL_EMULATION_MODE": "sw_emu"}


def check_modes(checks, seed):
    at_random = ("--platform", "xrt", "--seed", seed)
    device.works(checks, *at_random, "--updates", 20000, **XRT)
    idle = device.works(checks, *at_random, "--updates", 2000, "--looks", 50, "--pause", "500ms", **XRT)
    checks.true(int(idle.lines.get("idle", "0")) > 0, "an idle kernel ends and is started again: %s" % idle)
    in_batches = (*at_random, "--mode", "batch")
    device.works(checks, *in_batches, "--updates", 5000, **XRT)
    device.works(checks, *in_batches, "--updates", 1000, "--batch-max", 7, "--lanes", 4, "--close", "100us", **XRT)
    device.works(checks, *in_batches, "--updates", 100, "--batch-max", 1, "--lanes", 1, **XRT)


def check_binaries(checks, place):
    with open(XCLBIN, "rb") as file:
        good = file.read()
    kernel, argument = b'"ll_gateway_kernel"', b'name="looks_max"'
    wrong = [("text", b"#!/bin/sh\necho no card\n", "does not begin with xclbin2"),
             ("cut", good[:-100], "cut off"),
             ("card", good[:MODE_AT] + b"\x00" + good[MODE_AT + 1:], "for a card"),
             ("other", good.replace(kernel, b'"xx_gateway_kernel"'), "`xx_gateway_kernel`"),
             ("version", good.replace(argument, b'name="looks_min"'), "of another version"),
             ("empty", b"", "empty")]
    for name, content, text in wrong:
        with open(place.path(name), "wb") as file:
            file.write(content)
        device.refused(checks, "bad_input", text, "--platform", "xrt", "--binary", place.path(name), **XRT)
    device.refused(checks, "bad_input", "No such file", "--platform", "xrt", "--binary", place.path("none"), **XRT)
    shutil.copy(XCLBIN, "here.xclbin")
    device.works(checks, "--platform", "xrt", "--updates", 10, "--binary", "here.xclbin", **XRT)
    device.refused(checks, "full", "lower --orders", "--platform", "xrt", "--table-bytes", "64G", **XRT)
    device.refused(checks, "environment", "device 5 was asked for", "--platform", "xrt", "--card", 5, **XRT)


def check_deaths(checks):
    for mode in ("resident", "batch"):
        with device.HeldRig("--platform", "xrt", "--mode", mode, **XRT) as held:
            checks.true(held.is_ready, mode + ": ready")
            card = processes.children_of(held.pid)
            checks.equal(len(card), 1, mode + ": the emulated card is one process")
            os.kill(card[0], signal.SIGKILL)
            processes.wait_until(lambda pid=held.pid: not processes.is_alive(pid))
            outcome = held.go_on()
            checks.equal(outcome.status, device.LOST, "%s: the gateway hears of it: %s" % (mode, outcome))
            check_gone(checks, mode + ", card killed", held.pid, card)
        for victim in ("gateway", "device process"):
            with device.HeldRig("--platform", "xrt", "--mode", mode, **XRT) as held:
                card = processes.children_of(held.pid)
                os.kill(held.process.pid if victim == "gateway" else held.pid, signal.SIGKILL)
                check_gone(checks, "%s, %s killed" % (mode, victim), held.pid, card)


def check_gone(checks, what, pid, card):
    checks.true(processes.wait_until(lambda: not any(map(processes.is_alive, [pid, *card]))),
                what + ": both processes end")
    checks.true(processes.wait_until(lambda: not device.left_by(pid)), "%s: left %s" % (what, device.left_by(pid)))


def main():
    ll_e2e.on_term()
    device.need("xrt")
    checks = ll_e2e.Checks()
    with ll_e2e.Place() as place:
        os.chdir(place.dir)
        check_modes(checks, ll_e2e.seed())
        checks.equal(os.listdir("."), [], "files left in the working directory")
        check_binaries(checks, place)
        check_deaths(checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
