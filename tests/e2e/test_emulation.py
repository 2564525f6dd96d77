#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the gateway kernel runs through the real XRT on the emulated card, launched in batches and resident, and
whatever dies takes nothing but its own process group with it and leaves nothing behind.
Method: ll_emulated_host compares every answer with the kernel called in its own process; resident, a second process
maps XRT's buffers by their descriptors. Then the device process is killed under a resident kernel, then its host; an
xclbin without a kernel is refused; and the device process alone is sent calls that are none.
"""
import glob
import os
import signal
import socket
import struct
import subprocess
import sys

from ll_device import EMULATION, XCLBIN
from ll_e2e import BIN, Checks, Place, on_term, seed, skip
from ll_processes import children_of, is_alive, wait_until

MODEL = os.path.join(EMULATION, "vitis/data/emulation/unified/cpu_em/generic_pcie/model/genericpciemodel")
HOST = os.path.join(BIN, "tests/e2e/ll_emulated_host")
BATCHES, RESIDENTS = 2, 10
LIMIT_S, GONE_S = 120, 20
BODY_BYTES_MAX = 64 << 20


def environment(place):
    """What XRT needs; its socket, its directory of the run and its working directory are below `place`."""
    return dict(
        os.environ,
        USER=os.path.relpath(place.path("socket"), "/tmp"),
        XILINX_XRT=os.path.join(EMULATION, "xrt"),
        XILINX_VITIS=os.path.join(EMULATION, "vitis"),
        XCL_EMULATION_MODE="sw_emu",
        EMCONFIG_PATH=EMULATION,
        SDACCEL_EM_RUN_DIR=place.path("run"),
        OCL_ICD_VENDORS=os.path.join(EMULATION, "icd"),
        # Debian's build of XRT loses what realloc gives back: with a page to each block, small ones stay in place.
        GLIBC_TUNABLES="glibc.malloc.mmap_threshold=1:glibc.malloc.mmap_max=10000000",
        SW_EMU_PACKET_SIZE="2048")


def start(place, *words, **more):
    return subprocess.Popen([HOST, *map(str, words)], cwd=place.dir, env=environment(place), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True, **more)


def run(mode, rounds, xclbin=XCLBIN):
    with Place() as place:
        process = start(place, mode, xclbin, rounds)
        try:
            out = process.communicate(timeout=LIMIT_S)[0]
        finally:
            process.kill()
    return process.returncode, out


def check_runs(checks):
    for number in range(BATCHES):
        status, out = run("batch", 50)
        checks.true(status == 0 and "batch: 205 answers equal" in out, "batch %d: %s %s" % (number, status, out))
    print(out)
    for number in range(RESIDENTS):
        status, out = run("resident", 2000)
        checks.true(status == 0 and "resident: 205 answers equal" in out and "stopped after" in out,
                    "resident %d: %s %s" % (number, status, out))
    print(out)


def lose(checks, what, victim_of):
    """Kills one process of a resident kernel; the one that only shares its memory must live and say so."""
    with Place() as place:
        process = start(place, "lost", XCLBIN, 1)
        try:
            line = ""
            while not line.startswith("resident ") and process.poll() is None:
                line = process.stdout.readline()
            host = int(line.split()[1])
            device = children_of(host)[0]
            os.kill(victim_of(host, device), signal.SIGKILL)
            out = process.communicate(timeout=LIMIT_S)[0]
            checks.true(process.returncode == 0 and "no answer any more" in out,
                        "%s killed: %s %s" % (what, process.returncode, out))
            checks.true("OpenCL process ended" in out, "%s killed: nobody saw the end: %s" % (what, out))
            checks.true(wait_until(lambda: not is_alive(device) and not is_alive(host), GONE_S),
                        "%s killed: processes are left" % what)
        finally:
            process.kill()


def check_no_kernel(checks):
    with Place() as place:
        for name, text in (("text", b"not a library\n"), ("other", None)):
            library = place.path(name)
            if text is None:
                library = os.path.realpath(os.path.join(EMULATION, "xrt/lib/libxrt_noop.so.2"))
            else:
                with open(library, "wb") as file:
                    file.write(text)
            packed = place.path(name + ".xclbin")
            subprocess.run([os.path.join(BIN, "pack_xclbin"), library, packed, place.path("emconfig.json")], check=True)
            status, out = run("batch", 1, packed)
            checks.true(status != 0 and "make emulation" in out, "an xclbin of %s: %s %s" % (name, status, out))
        done = subprocess.run([os.path.join(BIN, "pack_xclbin"), place.path("none"), packed, packed], check=False,
                              stderr=subprocess.PIPE, text=True)
        checks.true(done.returncode == 1 and "No such file" in done.stderr, "a packer without a library: %s" % done)


# --- the device process alone ----------------------------------------------------------------------------------------

def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def call(api, *fields):
    body = b"".join(fields)
    return struct.pack("<BQBI", 0x09, len(body), 0x15, api) + body


class Device:
    """The device process, with this test in the place of XRT."""

    def __init__(self, place):
        os.makedirs(place.path("socket"), exist_ok=True)
        name = place.path("socket/door")
        self.log = place.path("log")
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(name)
            door.listen()
            door.settimeout(GONE_S)
            self.process = subprocess.Popen(
                [MODEL], stderr=subprocess.PIPE, start_new_session=True, env=dict(
                    environment(place), EMULATION_SOCKETID="door", LIFELINE_EMULATION_LOG=self.log))
            self.socket = door.accept()[0]
        os.unlink(name)
        self.socket.settimeout(GONE_S)

    def take(self, count):
        out = b""
        while len(out) < count:
            more = self.socket.recv(count - len(out))
            if not more:
                return None
            out += more
        return out

    def answer(self, *words):
        """The body of the reply to a call; None when the device has gone instead."""
        self.socket.sendall(call(*words))
        head = self.take(9)
        return None if head is None else self.take(struct.unpack("<Q", head[1:])[0])

    def end(self):
        self.socket.close()
        error = self.process.communicate(timeout=GONE_S)[1].decode()
        return self.process.returncode, error


ADDRESS = 0x3000
LATE = 0x7FFFFFFFFFFFFFFF
UNKNOWN, BAD, LONG, OUTSIDE = "does not know", "do not fit together", "SW_EMU_PACKET_SIZE", "not in the card"
UNFIT = [  # bytes that are no call, and what is said of them
    (b"\0" * 14, BAD),
    (struct.pack("<BQBI", 0x09, BODY_BYTES_MAX + 1, 0x15, 6), LONG),
    (call(2), UNKNOWN),
    (call(0x15FF), UNKNOWN),
    (call(5), BAD),
    (call(5, number(1, 1)[:1]), BAD),
    (call(5, b"\x08" + b"\x80" * 11), BAD),
    (call(5, b"\x08" + b"\xff" * 9 + b"\x02"), BAD),
    (call(5, text(1, b"address")), BAD),
    (call(5, number(1, 1), b"\x0b"), BAD),
    (call(5, number(1, 1), b"\x00\x00"), BAD),
    (call(5, number(1, 1), b"\x51\0\0\0"), BAD),
    (call(6, number(3, ADDRESS), number(5, 4), text(4, b"abc")), BAD),
    (call(6, number(3, ADDRESS), number(5, 4), varint(4 << 3 | 2) + varint(1 << 40)), BAD),
    (call(6, number(3, LATE), number(5, 3), text(4, b"abc")), OUTSIDE),
    (call(7, number(4, LATE), number(5, 3)), OUTSIDE),
    (call(7, number(4, 0), number(5, BODY_BYTES_MAX + 1)), LONG),
    (call(9, number(2, 0), number(3, 4), text(4, b"\1\0\0\0")), "no kernel has registers"),
    (call(9, number(2, 0x1800FFF), number(3, 4), text(4, b"\1\0\0\0")), "no kernel has registers"),
    (call(11, number(2, LATE), number(3, 4)), "no kernel has registers"),
    (call(4, number(1, 5), number(2, 4096), number(3, 1)), "no shared buffer"),
]


def check_calls(checks):
    """Memory keeps what is written; a shared buffer is what the host opens by its name; addresses are checked."""
    with Place() as place:
        device = Device(place)
        checks.equal(device.answer(4, number(1, ADDRESS), number(2, 4096)), number(1, 1), "allocate")
        checks.equal(device.answer(6, number(3, ADDRESS), number(5, 4), text(4, b"word")), number(1, 4), "write")
        checks.equal(device.answer(7, number(4, ADDRESS + 1), number(5, 2)), number(1, 2) + text(2, b"or"), "read")
        checks.equal(device.answer(4, number(1, 16 << 30), number(2, 1)), number(1, 0), "allocate beyond the memory")
        checks.equal(device.answer(4, number(1, 0), number(2, (16 << 30) + 1)), number(1, 0), "allocate too much")
        name = device.answer(4, number(1, ADDRESS), number(2, 5000), number(3, 1))[4:]
        with open(name, "r+b", buffering=0) as file:
            checks.equal(os.fstat(file.fileno()).st_size, 8192, "size of a shared buffer")
            file.write(b"host")
            checks.equal(device.answer(7, number(4, ADDRESS), number(5, 4)), number(1, 4) + text(2, b"host"), "shared")
            copied = device.answer(6, number(3, ADDRESS), number(5, 4), text(4, b"late"))
            checks.equal(copied, number(1, 4), "a copy into a shared buffer")
            file.seek(0)
            checks.equal(file.read(4), b"host", "what the host wrote, after a copy of what it had written before")
        checks.equal(device.answer(5, number(1, ADDRESS)), number(1, 1), "free")
        checks.true(not os.path.exists(name), "a freed buffer is still there")
        checks.equal(device.answer(7, number(4, ADDRESS), number(5, 4)), number(1, 4) + text(2, b"\0" * 4), "freed")
        for offset, wanted in ((0, b"\4\0\0\0"), (0x10, b"\7\0\0\0")):
            device.answer(51, number(1, 0x1800000), number(2, 0x10), text(3, b"\7\0\0\0"))
            checks.equal(device.answer(52, number(1, 0x1800000), number(2, offset), number(3, 4)),
                         number(1, 1) + text(2, wanted), "register at %d" % offset)
        checks.equal(device.answer(1, number(3, 1)), number(1, 1), "close")
        status, error = device.end()
        checks.true(status == 0 and error.count("configure smaller tables") == 2, "end after a close: %s" % error)
        with open(device.log, encoding="ascii") as file:
            checks.equal(len(file.readlines()), 15, "lines of the log")


def check_unfit_calls(checks):
    for data, wanted in UNFIT:
        with Place() as place:
            device = Device(place)
            device.socket.sendall(data)
            checks.equal(device.take(1), None, "answer to %s" % data[:40])
            status, error = device.end()
            checks.true(status == 1 and wanted in error, "end after %s: %s %s" % (data[:40], status, error))
    for data in (b"", b"\x09", call(5, number(1, 1))[:-1]):
        with Place() as place:
            device = Device(place)
            device.socket.sendall(data)
            checks.equal(device.end(), (0, ""), "end of a host that has gone after %s" % data)


def left_behind():
    return sorted(glob.glob("/dev/shm/*lifeline*emu*") + glob.glob(os.path.join(EMULATION, ".run")))


def main():
    on_term()
    if not os.path.exists(XCLBIN):
        if not glob.glob("/usr/lib/*/libxrt_swemu.so.2"):
            skip("libxrt1 is not installed, so there is no emulation; make deps")
        print("FAILED: %s is not built: make emulation" % XCLBIN)
        return 1
    checks = Checks()
    os.environ["LL_SEED"] = str(seed())
    before = left_behind()
    check_runs(checks)
    lose(checks, "the device process", lambda host, device: device)
    lose(checks, "the OpenCL process", lambda host, device: host)
    check_no_kernel(checks)
    check_calls(checks)
    check_unfit_calls(checks)
    checks.equal(left_behind(), before, "left behind")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
