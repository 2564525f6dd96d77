# SPDX-License-Identifier: Apache-2.0
"""What the tests of the device process share: the rig that stands for a gateway, and what a process leaves."""
import os
import signal
import subprocess

import ll_e2e
import ll_processes as processes
from ll_device import PROGRAM, missing

RIG = os.path.join(ll_e2e.BIN, "tests", "e2e", "ll_device_rig")
# Compiling the kernel takes seconds: the next run finds it here.
CACHE = os.path.join(ll_e2e.BIN, "pocl-cache")
OURS = ("OCL_ICD_VENDORS", "XILINX_XRT", "XILINX_VITIS", "XCL_EMULATION_MODE", "LIFELINE_EMULATION", "LIFELINE_KERNELS",
        "LIFELINE_OPENCL", "LIFELINE_DEVICE_PREPARED")
FAILED, LOST = 3, 4  # exit statuses of the rig


def environment(**more):
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**clean, "POCL_CACHE_DIR": CACHE, **more}


def need(device):
    """Skips the test where this device cannot be had."""
    lacks = missing(device) or ("" if os.access(RIG, os.X_OK) else "%s is not built" % RIG)
    if lacks:
        ll_e2e.skip(lacks)


def rig_words(*words):
    return [RIG, "--program", PROGRAM, *map(str, words)]


class Outcome:
    """One run of the rig: its status, and the lines by their first word."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err
        self.lines = dict(line.split(" ", 1) for line in out.splitlines() if " " in line)

    def __str__(self):
        return "status %s\n%s%s" % (self.status, self.out, self.err[-2000:])


def rig(*words, limit_s=240, **more):
    done = subprocess.run(rig_words(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=limit_s, check=False, env=environment(**more))
    return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def works(checks, *words, **more):
    """The rig finds every answer and every table equal, and the device process ends in order."""
    outcome = rig(*words, **more)
    checks.true(outcome.status == 0 and " equal" in outcome.lines.get("checked", ""),
                "%s: %s" % (" ".join(map(str, words)), outcome))
    checks.equal(outcome.lines.get("ended"), "status=0 signal=0", "the end of " + " ".join(map(str, words)))
    return outcome


def refused(checks, code, text, *words, **more):
    """The device process says FAILED with this code, and a sentence that has this text."""
    outcome = rig(*words, **more)
    checks.equal(outcome.status, FAILED, "%s: %s" % (text, outcome))
    said = outcome.lines.get("failed", "")
    checks.true(said.startswith(code + " "), "%s is said with the code %s: %s" % (text, code, said))
    checks.true(text in said, "it says '%s': %s" % (text, said))


def left_by(pid):
    return [path for path in ("/dev/shm/lifeline-device.%d" % pid, "/tmp/lifeline-device.%d" % pid)
            if os.path.exists(path)]


class HeldRig:
    """A rig that stands still once the device is ready, until it is told to go on or killed."""

    def __init__(self, *words, **more):
        self.process = subprocess.Popen(rig_words("--hold", *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=environment(**more))
        self.pid = 0
        self.is_ready = False
        for line in self.process.stdout:
            words = line.decode("utf-8", "replace").split()
            if words[:1] == ["started"]:
                self.pid = int(words[1])
            if words[:1] == ["ready"]:
                self.is_ready = True
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.pid and processes.is_alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)

    def go_on(self):
        self.process.stdin.close()
        text = self.process.stdout.read().decode("utf-8", "replace")
        return Outcome(self.process.wait(), text, "")
