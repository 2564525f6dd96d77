#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the daemon does what its --help says, from the first message to the last byte of the journal.

Method: lifelined runs on the simulated exchange, on captures and on real kernel interfaces, is stopped, killed, locked
out, starved of disk and misused; its final JSON, its exit code and the journal (lifeline verify, dump, replay) must
agree. Nothing is measured; waits end with what they wait for.
limit 400 s
"""
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("LL_BIN", os.path.join(ROOT, "build/gcc-release"))
LIFELINED = os.path.join(BIN, "lifelined")
LIFELINE = os.path.join(BIN, "lifeline")
VECTORS = os.path.join(ROOT, "tests/vectors")
WAIT_S = 90
# Small tables and a small market: every start is quick.
SMALL = ["--orders", "65536", "--levels", "65536", "--books", "512", "--memory-mb", "64"]
MARKET = SMALL + ["--symbols", "100", "--sim-orders", "5000"]
GROUP_A, GROUP_B, PORT_A, PORT_B = "233.54.12.111", "233.54.12.112", 26477, 26478
SKIPPED = []


class Skip(Exception):
    """One case that cannot run here; the text is the reason."""


def run(program, *words, wanted=0, env=None):
    """Runs to the end; returns (stdout, stderr). `wanted` is the exit status, None = any."""
    done = subprocess.run([program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=WAIT_S, env=env, check=False)
    if wanted is not None:
        assert done.returncode == wanted, "%s: status %d, not %d\n%s" % (" ".join(words), done.returncode, wanted,
                                                                         done.stderr)
    return done.stdout, done.stderr


def daemon(*words, wanted=0, env=None):
    return run(LIFELINED, *words, wanted=wanted, env=env)


def report(*words):
    """The final JSON of a run that ends in order."""
    out, _ = daemon(*words, "--json", "--quiet")
    return check_sums(json.loads(out))


def refused(status, text, *words, env=None):
    """It says `text` and why, and leaves with `status`."""
    out, err = daemon(*words, wanted=status, env=env)
    assert text in err, "%s: it does not say '%s' but: %s" % (" ".join(words), text, err)
    assert err.splitlines()[-1 if status != 2 else -2].startswith("lifelined: "), err
    assert out == "" or status == 4 or status == 1, out
    return err


def check_sums(got):
    """What must hold in every report."""
    assert sum(got["verdicts"].values()) == got["messages"]
    assert sum(got["by_type"].values()) == got["messages"]
    assert got["exceptions"] == got["messages"] - got["verdicts"]["ok"] + got["gaps_given_up"] + got["bad_packets"]
    if got["journal"]["records"] or got["journal"]["recovered"]:
        assert got["journal"]["durable_event_id"] == got["journal"]["records"] + got["journal"]["recovered"]
    return got


def verify(journal):
    out, _ = run(LIFELINE, "verify", "--json", journal)
    found = json.loads(out)
    assert found["status"] == "intact", found
    return found


def dump_count(journal, *words):
    out, _ = run(LIFELINE, "dump", *words, journal)
    return out.count("\n")


@contextlib.contextmanager
def running(*words, **more):
    """A daemon in the background; ended, whatever happens. stderr goes to a file that can be read meanwhile."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([LIFELINED, *words], stdin=subprocess.DEVNULL, stderr=errors, text=True,
                                   **{"stdout": subprocess.PIPE, **more})
        process.errors = lambda: (errors.seek(0), errors.read())[1]
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def wait_for(what, process, condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert process.poll() is None, "it ended before %s: %s" % (what, process.errors())
        assert time.monotonic() < end, "no %s: %s" % (what, process.errors())
        time.sleep(0.02)


def lines_of(process):
    """The live view where stderr is no terminal."""
    found = []
    for line in process.errors().split("\n")[:-1]:
        words = [word.split("=", 1) for word in line.split()]
        if line.startswith("elapsed_ms=") and all(len(word) == 2 for word in words):
            found.append({key: int(value) for key, value in words})
    return found


def messages_of(process):
    return lines_of(process)[-1]["messages"] if lines_of(process) else 0


def ended(process, status=0):
    out, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == status, "status %d, not %d: %s" % (process.returncode, status, process.errors())
    return out


# --- the simulated exchange ------------------------------------------------------------------------------------------

def case_short_run(place):
    """A run of given length: report, live lines, banner and journal agree."""
    journal = place + "/journal"
    with running(*MARKET, "--duration", "2500ms", "--speed", "3x", "--json", "--journal", journal) as process:
        got = check_sums(json.loads(ended(process)))
        live = lines_of(process)
        banner = process.errors()
    assert got["messages"] > 0 and got["messages_new"] == got["messages"]
    assert got["exceptions"] == 0 and got["gaps"] == 0 and got["duplicates"] == 0
    assert got["ended_by"] == "duration" and not got["interrupted"]
    assert got["latency_ns"]["count"] == got["messages"]
    assert live, banner
    for before, after in zip(live, live[1:]):
        assert before["messages"] <= after["messages"] and before["events"] <= after["events"]
        assert before["elapsed_ms"] < after["elapsed_ms"] and before["clock_ns"] <= after["clock_ns"]
    assert live[-1]["messages"] <= got["messages"]
    assert sum(line["latency_count"] for line in live) <= got["messages"]
    for word in ("lifelined ", "simulated exchange", journal, "DPDK 64 MB", "not on", "no card"):
        assert word in banner, "the banner does not say '%s': %s" % (word, banner)
    found = verify(journal)
    assert found["records"] == got["journal"]["records"] == got["messages"] + 1, found  # and the session
    assert found["torn_slots"] == 0 and found["last_event_id"] == found["records"]
    assert dump_count(journal) == found["records"]


def case_finite_day(place):
    """The whole day as fast as it goes: the same each time, journal or not, and the journal rebuilds the state."""
    words = [*MARKET, "--speed", "max", "--sim-messages", "40000", "--seed", "7"]
    one = report(*words, "--no-journal")
    two = report(*words, "--journal", place + "/journal")
    other = report(*words[:-1], "8", "--no-journal")
    assert one["messages"] == two["messages"] == 40000 and one["ended_by"] == two["ended_by"] == "feed"
    assert one["state_hash"] == two["state_hash"] != other["state_hash"]
    assert one["journal"]["records"] == 0 and two["journal"]["records"] == 40002  # session and end
    again = report(*words, "--journal", place + "/journal", "--resume")
    assert again["messages_new"] == 0 and again["state_hash"] == one["state_hash"], again
    paced = report(*words, "--speed", "50x", "--no-journal", "--idle", "spin")
    assert paced["state_hash"] == one["state_hash"] and paced["ended_by"] == "feed"


def case_faults(place):
    """Every kind of bad message gets its verdict, and all are kept."""
    journal = place + "/journal"
    got = report(*MARKET, "--speed", "max", "--sim-messages", "60000", "--faults", "100", "--journal", journal)
    for verdict in ("duplicate", "unknown_id", "overfill", "bad_input", "book_mismatch", "unknown_type", "bad_length"):
        assert got["verdicts"].get(verdict, 0) > 0, "no %s: %s" % (verdict, got["verdicts"])
    assert 0 < got["exceptions"] < 60000 // 5
    assert dump_count(journal, "--exceptions") == got["exceptions"]


def case_default_journal(place):
    """Without --journal each run has a directory of its own under the state directory."""
    env = dict(os.environ, XDG_STATE_HOME=place + "/state")
    words = [*MARKET, "--speed", "max", "--sim-messages", "2000", "--json", "--quiet"]
    for count in (1, 2):
        daemon(*words, env=env)
        made = sorted(os.listdir(place + "/state/lifeline"))
        assert len(made) == count, made
    assert verify(place + "/state/lifeline/" + made[0])["records"] == 2002
    env = dict(os.environ, HOME=place + "/home")
    env.pop("XDG_STATE_HOME", None)
    daemon(*words, env=env)
    assert len(os.listdir(place + "/home/.local/state/lifeline")) == 1
    env.pop("HOME")
    refused(2, "--no-journal", *words, env=env)


# --- signals and restarts --------------------------------------------------------------------------------------------

def case_signals(place):
    """SIGINT and SIGTERM: all that came is worked and durable, and the run can go on."""
    for number in (signal.SIGINT, signal.SIGTERM):
        journal = "%s/journal-%d" % (place, number)
        words = [*MARKET, "--speed", "10x", "--json", "--journal", journal]
        with running(*words) as process:
            wait_for("messages", process, lambda: messages_of(process) > 0)
            process.send_signal(number)
            got = check_sums(json.loads(ended(process)))
        assert got["ended_by"] == "signal" and got["interrupted"] and got["messages"] > 0
        assert verify(journal)["records"] == got["journal"]["records"]
        more = report(*words, "--resume", "--duration", "300ms")
        assert more["journal"]["recovered"] == got["journal"]["records"]
        assert more["messages"] == got["messages"] + more["messages_new"] and more["exceptions"] == 0, more
        assert verify(journal)["records"] == more["messages"] + 1


def case_second_interrupt(place):
    """While the first one is being obeyed, here because nobody reads the report, a second one ends at once."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    try:
        with running(*MARKET, "--journal", place + "/journal", stdout=writer) as process:
            wait_for("messages", process, lambda: messages_of(process) > 0)
            process.send_signal(signal.SIGINT)

            def handled():
                with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
                    caught = next(line for line in file if line.startswith("SigCgt"))
                return not int(caught.split()[1], 16) >> (signal.SIGINT - 1) & 1
            wait_for("first interrupt", process, handled)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=WAIT_S) == -signal.SIGINT, process.errors()
    finally:
        os.close(reader)
        os.close(writer)
    verify(place + "/journal")


def case_kill(place):
    """kill -9 in the middle, twice: nothing durable is lost, and the resumed day ends in the same state."""
    day = [*MARKET, "--sim-messages", "300000", "--faults", "3", "--seed", "11"]
    whole = report(*day, "--speed", "max", "--no-journal")
    journal = place + "/journal"
    durable = 0
    for words in ([], ["--resume"]):
        with running(*day, "--speed", "2x", "--journal", journal, *words) as process:
            wait_for("messages", process, lambda: messages_of(process) > 0)
            seen = lines_of(process)[-1]
            process.kill()
        durable = max(durable, seen["events"] - seen["not_durable"])
        found = verify(journal)
        assert durable <= found["records"] < whole["messages"], (durable, found)
    got = report(*day, "--speed", "max", "--journal", journal, "--resume")
    assert got["journal"]["recovered"] == found["records"]
    assert got["messages"] == whole["messages"] and got["verdicts"] == whole["verdicts"]
    assert got["state_hash"] == whole["state_hash"]
    assert verify(journal)["records"] == whole["messages"] + 2  # session and end


def case_snapshots(place):
    """A running daemon has snapshots made; killed, it goes on from one; a damaged one costs time, nothing else."""
    day = [*MARKET, "--sim-messages", "3000000", "--faults", "3", "--seed", "12"]
    whole = report(*day, "--speed", "max", "--no-journal")
    journal = place + "/journal"
    refused(2, "nothing to keep", *day, "--no-journal", "--snapshot-every", "5")

    def snapshots():
        names = os.listdir(journal) if os.path.isdir(journal) else []
        return sorted(name for name in names if name.endswith(".llsnap"))

    with running(*day, "--journal", journal, "--snapshot-every", "500") as process:
        wait_for("a snapshot", process, lambda: len(snapshots()) > 0)
        then = messages_of(process)
        wait_for("messages behind it", process, lambda: messages_of(process) > then + 500)
        process.kill()
    # One that was under way ends by itself; with one more there are two.
    end = time.monotonic() + WAIT_S
    while run(LIFELINE, "snapshot", *SMALL[:6], journal, wanted=None)[1]:
        assert time.monotonic() < end
        time.sleep(0.05)
    found = verify(journal)
    assert found["snapshots_intact"] == 2 and found["snapshots_damaged"] == 0, found
    got = report(*day, "--journal", journal, "--resume", "--duration", "1ms")
    from_event = got["journal"]["snapshot_event_id"]
    assert 0 < from_event <= found["last_event_id"] and got["journal"]["snapshots_refused"] == 0, got["journal"]
    with open(os.path.join(journal, snapshots()[-1]), "r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    _, err = run(LIFELINE, "verify", journal, wanted=5)
    assert snapshots()[-1] in err, err
    _, err = daemon(*day, "--speed", "max", "--journal", journal, "--resume", "--quiet", "--duration", "1ms")
    assert snapshots()[-1] + " is not used" in err, err
    got = report(*day, "--speed", "max", "--journal", journal, "--resume")
    assert got["journal"]["snapshots_refused"] == 1 and 0 < got["journal"]["snapshot_event_id"] < from_event, got
    assert got["messages"] == whole["messages"] and got["verdicts"] == whole["verdicts"]
    assert got["state_hash"] == whole["state_hash"]


def case_reader_goes_away(place):
    """A reader of the live lines that leaves stops no gateway."""
    reader, writer = os.pipe()
    process = subprocess.Popen([LIFELINED, *MARKET, "--duration", "2500ms", "--json", "--journal", place + "/journal"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    try:
        os.read(reader, 1)
        os.close(reader)
        out, _ = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0, process.returncode
        assert check_sums(json.loads(out))["ended_by"] == "duration"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


# --- configuration and refusals --------------------------------------------------------------------------------------

def case_check_config(place):
    """--check-config prints every option of --help with its value, and touches nothing."""
    journal = place + "/journal"
    out, _ = daemon("--seed", "7", "--journal", journal, "--duration", "1500ms", "--idle", "spin", "--check-config")
    values = dict(line.split(" = ", 1) for line in out.splitlines())
    helped, _ = daemon("--help")
    options = {line.split()[0][2:] for line in helped.splitlines() if line.startswith("  --")}
    assert options - {"help"} == set(values), options ^ set(values)
    assert values["seed"] == "7" and values["feed"] == "sim" and values["journal"] == journal
    assert values["duration"] == "1500ms" and values["idle"] == "spin" and values["orders"] == "2097152"
    assert not os.path.exists(journal)
    assert "lifelined --duration 20s" in helped and "Exit:" in helped


def case_bad_options(_):
    """Whatever cannot be is refused with status 2, the reason and what would do."""
    for text, words in (
            ("unknown option", ["--sed", "1"]), ("is no option", ["sim"]), ("needs a value", ["--seed"]),
            ("whole number", ["--seed", "x"]), ("out of range", ["--batch", "65"]),
            ("out of range", ["--symbols", "0"]),
            ("with its unit", ["--duration", "20"]), ("none of", ["--idle", "nap"]), ("a factor", ["--speed", "fast"]),
            ("--books", ["--symbols", "600"]), ("--orders", ["--symbols", "9", "--sim-orders", "9", "--orders", "8"]),
            ("at least", ["--symbols", "9", "--sim-messages", "5"]), ("are for ports", ["--line-a", "26477"]),
            ("are for ports", ["--start-sequence", "5"]), ("nobody would send", ["--feed", "ring:"]),
            ("or sim", ["--feed", "smi"]), ("or sim", ["--feed", "af_packet:"]),
            ("[ADDR:]PORT", ["--feed", "af_packet:lo", "--line-a", "1.2.3:4"]),
            ("udp:ADDR:PORT", ["--feed", "udp:26477"]),
            ("at most 2 lines", ["--feed", "udp:127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"]),
            ("its endpoints are the lines", ["--feed", "udp:127.0.0.1:1", "--line-b", "2"]),
            ("not ADDR:PORT", ["--feed", "udp:127.0.0.1:1", "--rerequest-server", "26480"]),
            ("nobody answers", ["--rerequest-server", "127.0.0.1:26480"]),
            ("--resume needs --journal", ["--resume"]),
            ("--resume needs", ["--resume", "--journal", "j", "--no-journal"]),
            ("--cpu", ["--cpu", "first"]),
            ("there is none such", ["--symbols", "9", "--sim-orders", "9", "--cpu", "1023"])):
        refused(2, text, "--no-journal", *SMALL, *words) if "--resume" not in words else refused(2, text, *words)


def case_journal_refusals(place):
    """A journal in use, with records, of another session, or that cannot be written is refused by name."""
    journal = place + "/journal"
    words = [*MARKET, "--journal", journal]
    with running(*words) as process:
        wait_for("messages", process, lambda: messages_of(process) > 0)
        for more in ([], ["--resume"]):
            refused(3, "busy", *words, *more)
        process.send_signal(signal.SIGINT)
        ended(process)
    refused(2, "--resume", *words)
    refused(2, "the journal holds session", *words, "--resume", "--seed", "2")
    assert verify(journal)["torn_slots"] == 0
    with open(place + "/file", "w", encoding="ascii"):
        pass
    refused(4, place + "/file", *MARKET, "--journal", place + "/file/journal")
    refused(4, place + "/file", *MARKET, "--journal", place + "/file")
    refused(4, "/proc/", *MARKET, "--journal", "/proc/lifeline-journal")
    files = [name for name in os.listdir(journal) if name.endswith(".lljournal")]
    with open(os.path.join(journal, files[0]), "r+b") as file:
        file.seek(4096 + 64 * 40)
        file.write(b"\xff" * 8)
    refused(5, "corrupt", *words, "--resume")


def namespace(*words):
    """The command that gives a program mounts or interfaces of its own; skips where the kernel does not."""
    command = ["unshare", *(["-U", "-r"] if os.getuid() != 0 else []), *words]
    if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip("the kernel allows no namespace here (%s)" % " ".join(command))
    return command


def case_disk_full(place):
    """A full disk stops it with status 4; what was durable stays readable."""
    journal = place + "/small/journal"
    os.mkdir(place + "/small")
    script = ('mount -t tmpfs -o size=4M none "$0" && shift 0 && { "$@"; status=$?; cp -r "$0/journal" "$0/../kept"; '
              'exit $status; }')
    words = [LIFELINED, *MARKET, "--speed", "max", "--json", "--segment-bytes", "1M", "--journal", journal]
    done = subprocess.run([*namespace("-m"), "sh", "-c", script, place + "/small", *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 4, (done.returncode, done.stderr)
    assert "no_space" in done.stderr, done.stderr
    got = json.loads(done.stdout)
    assert got["ended_by"] == "error" and 0 < got["journal"]["durable_event_id"], got
    assert verify(place + "/kept")["records"] >= got["journal"]["durable_event_id"]


def case_missing_interface(_):
    """An interface that is not there, and one that may not be opened."""
    refused(3, "no interface", *SMALL, "--no-journal", "--feed", "af_packet:nowhere0")
    refused(1, "nowhere.pcap", *SMALL, "--no-journal", "--feed", "pcap:/nowhere.pcap")
    if os.getuid() == 0:
        done = subprocess.run(["setpriv", "--bounding-set=-net_raw", LIFELINED, *SMALL, "--no-journal", "--feed",
                               "af_packet:lo"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              stdout=subprocess.DEVNULL, timeout=WAIT_S, check=False)
        assert done.returncode == 3 and "CAP_NET_RAW" in done.stderr, (done.returncode, done.stderr)


# --- captures --------------------------------------------------------------------------------------------------------

def moldudp64(session, sequence, messages):
    """`messages` None = end of session."""
    packet = session.ljust(10).encode() + struct.pack(">QH", sequence, 0xFFFF if messages is None else len(messages))
    return packet + b"".join(struct.pack(">H", len(message)) + message for message in messages or [])


def udp_frame(address, port, payload):
    def checksum(words):
        total = sum(struct.unpack(">%dH" % (len(words) // 2), words))
        return 0xFFFF - total % 0xFFFF
    ethernet = bytes.fromhex("01005e360c6f020000000001") + b"\x08\x00"
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 1, 17, 0, bytes([10, 0, 1, 1]),
                       socket.inet_aton(address))
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return ethernet + head + struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1700000000, number, len(frame), len(frame)) + frame)


def itch_messages(count):
    """System events: the shortest legal messages."""
    return [struct.pack(">cHH6sc", b"S", 0, 0, (34200000000000 + number).to_bytes(6, "big"), b"Q")
            for number in range(1, count + 1)]


def case_captures(place):
    """The daemon and `lifeline replay` make the same of the same capture; a known one is known exactly."""
    for name, counts in (("itch50/all_types_in_moldudp64.pcap", None),
                         ("moldudp64/clean_session.pcap", None),
                         ("moldudp64/gap_and_retransmit.pcap", None),
                         ("moldudp64/ab_arbitration.pcap", {"messages": 6, "duplicates": 4, "gaps_given_up": 0})):
        path = os.path.join(VECTORS, name)
        journal = place + "/" + os.path.basename(name)
        got = report(*SMALL, "--feed", "pcap:" + path, "--speed", "max", "--journal", journal)
        out, _ = run(LIFELINE, "replay", "--json", "--orders", "65536", "--levels", "65536", "--books", "512", path)
        same = json.loads(out)
        for key in ("messages", "verdicts", "by_type", "gaps", "duplicates", "bad_packets", "state_hash", "port"):
            assert got[key] == same[key], "%s: %s: %s, replay says %s" % (name, key, got[key], same[key])
        assert got["messages"] > 0 and got["ended_by"] == "feed"
        for key, value in (counts or {}).items():
            assert got[key] == value, (name, key, got[key])
        paced = report(*SMALL, "--feed", "pcap:" + path, "--no-journal")
        assert paced["state_hash"] == got["state_hash"] and paced["latency_ns"]["count"] == got["messages"]
        again = report(*SMALL, "--feed", "pcap:" + path, "--speed", "max", "--journal", journal, "--resume")
        assert again["messages_new"] == 0 and again["state_hash"] == got["state_hash"]


def case_other_session(place):
    """A journal goes on with its own session only: another one is refused by name, whatever its numbers are."""
    messages = itch_messages(30)
    for count, name in ((30, "LONG"), (2, "SHORT")):
        frames = [udp_frame(GROUP_A, PORT_A, moldudp64(name, 1 + at, messages[at:at + 1])) for at in range(count)]
        write_pcap("%s/%s.pcap" % (place, name), frames)
    words = [*SMALL, "--speed", "max", "--journal", place + "/journal"]
    got = report(*words, "--feed", "pcap:%s/LONG.pcap" % place)
    assert got["messages"] == 30 and got["exceptions"] == 0, got
    err = refused(1, "session", *words, "--resume", "--feed", "pcap:%s/SHORT.pcap" % place)
    assert "LONG" in err, err
    before = verify(place + "/journal")["records"]
    write_pcap(place + "/OTHER.pcap", [udp_frame(GROUP_A, PORT_A, moldudp64("OTHER", 31 + at, messages[at:at + 1]))
                                       for at in range(30)])
    err = refused(1, "OTHER", *words, "--resume", "--feed", "pcap:%s/OTHER.pcap" % place)
    assert "LONG" in err, err
    assert verify(place + "/journal")["records"] == before


# --- kernel sockets --------------------------------------------------------------------------------------------------

def free_ports(count):
    """Of UDP on loopback, free a moment ago."""
    taken = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in taken:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def serve_requests(server, messages, stopping):
    """A re-request server: up to seven messages an answer; it leaves every fifth request without one."""
    asked = 0
    server.settimeout(0.05)
    while not stopping.is_set():
        try:
            request, peer = server.recvfrom(64)
        except socket.timeout:
            continue
        first, count = struct.unpack(">QH", request[10:20])
        asked += 1
        if asked % 5 != 0:
            server.sendto(moldudp64("LIVE", first, messages[first - 1:first - 1 + min(count, 7)]), peer)


def over_udp(place, name, lost, *words):
    """600 messages on two lines of sockets, those in `lost` on neither; returns the report."""
    ports = free_ports(2)
    messages = itch_messages(600)
    feed = "udp:127.0.0.1:%d,127.0.0.1:%d" % tuple(ports)
    with running(*SMALL, "--feed", feed, "--start-sequence", "1", "--json", "--journal", "%s/%s" % (place, name),
                 *words) as process, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        wait_for("banner", process, lambda: "  end  " in process.errors())
        for first in range(1, 601, 3):
            for line, port in enumerate(ports):
                if first not in lost and (first // 3) % 4 != line:
                    sender.sendto(moldudp64("LIVE", first, messages[first - 1:first + 2]), ("127.0.0.1", port))
        whole = 600 if words[0] == "--rerequest-server" else 600 - 3 * len(lost)
        wait_for("the messages", process, lambda: messages_of(process) == whole)
        sender.sendto(moldudp64("LIVE", 601, None), ("127.0.0.1", ports[0]))
        got = check_sums(json.loads(ended(process)))
    assert got["ended_by"] == "feed" and got["port"]["missed"] == 0, got
    assert verify("%s/%s" % (place, name))["records"] == got["journal"]["records"]
    return got


def case_udp_sockets(place):
    """Two lines of kernel sockets: what both lost is asked for at a server; without one it is given up by name."""
    lost = {31, 61, 64, 301}
    stopping = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=serve_requests, args=(server, itch_messages(600), stopping))
        thread.start()
        try:
            got = over_udp(place, "asked", lost, "--rerequest-server", "127.0.0.1:%d" % server.getsockname()[1],
                           "--gap-timeout", "60s")
        finally:
            stopping.set()
            thread.join()
    assert got["messages_lost"] == 0 and got["gaps"] > 0 and got["requests_sent"] == got["requests"] > 0, got
    other = over_udp(place, "alone", lost, "--gap-timeout", "200ms")
    assert other["messages_lost"] == 12 and other["gaps_given_up"] == 3 and other["requests_sent"] == 0, other


# --- kernel interfaces -----------------------------------------------------------------------------------------------

def case_interfaces(place):
    """Two lines over a real pair of interfaces; the rest runs in a network namespace of its own."""
    done = subprocess.run([*namespace("-n"), sys.executable, os.path.abspath(__file__), "--in-namespace", place],
                          stdin=subprocess.DEVNULL, timeout=2 * WAIT_S, check=False)
    assert done.returncode == 0, "status %d" % done.returncode


def cut(messages, step, rng):
    """(first number, messages) of packets with up to `step` messages."""
    at = 0
    while at < len(messages):
        count = rng.randint(1, step)
        yield at + 1, messages[at:at + count]
        at += count


def two_lines(place, name, lost, extra, wanted):
    """Sends 600 messages on A and B, never losing one on both but those in `lost`; returns the report."""
    seed = int(os.environ.get("LL_SEED") or 20240229)
    print("seed %d" % seed)
    rng = random.Random(seed)
    messages = itch_messages(600)
    words = [*SMALL, "--feed", "af_packet:lvb", "--line-a", "%s:%d" % (GROUP_A, PORT_A), "--line-b", str(PORT_B),
             "--gap-timeout", "300ms", "--json", "--journal", "%s/%s" % (place, name)]
    lines = []
    for address, port, step in ((GROUP_A, PORT_A, 3), (GROUP_B, PORT_B, 5)):
        lines.append([(first, udp_frame(address, port, moldudp64("LIVE", first, block)), len(block))
                      for first, block in cut(messages, step, rng)])
    sent = [[], []]
    alive = set()
    for index, packets in enumerate(lines):
        for number, (first, frame, count) in enumerate(packets):
            numbers = set(range(first, first + count))
            # A loses some in the middle; B only what is lost on purpose. The first and the last come on both.
            loses = index == 0 and 0 < number < len(packets) - 1 and rng.random() < 0.2
            if loses or numbers & lost:
                continue
            alive |= numbers
            sent[index].append((first, frame))
    with running(*words) as process, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("lva", 0))
        wait_for("banner", process, lambda: "  end  " in process.errors())
        late = [(first + 15, frame) for first, frame in sent[1]]  # so that A's holes are seen before B fills them
        for _, frame in sorted(sent[0] + late, key=lambda item: item[0]):
            sender.send(frame)
        for payload in extra:
            sender.send(udp_frame(GROUP_A, PORT_A, payload))
        sender.send(udp_frame(GROUP_A, 9, b"for nobody"))
        wait_for("the messages", process, lambda: messages_of(process) == len(alive))
        sender.send(udp_frame(GROUP_A, PORT_A, moldudp64("LIVE", 601, None)))
        got = check_sums(json.loads(ended(process)))
    assert got["ended_by"] == "feed" and got["messages"] == len(alive), (got, len(alive))
    assert got["messages_lost"] == 600 - len(alive)
    assert got["port"]["no_flow"] == 1 and got["port"]["missed"] == 0, got["port"]
    assert got["port"]["datagrams"] == len(sent[0]) + len(sent[1]) + len(extra) + 1
    for key, value in wanted.items():
        assert got[key] == value, (key, got[key], value)
    assert verify("%s/%s" % (place, name))["records"] == got["journal"]["records"]
    return got


def in_namespace(place):
    """Runs inside the namespace: a pair of interfaces that nobody else speaks on."""
    for command in ("ip link add lva type veth peer name lvb", "ip link set lva up", "ip link set lvb up",
                    "sysctl -qw net.ipv6.conf.all.disable_ipv6=1"):
        subprocess.run(command.split(), check=command.startswith("ip"), stderr=subprocess.DEVNULL)
    got = two_lines(place, "whole", set(), [], {"gaps_given_up": 0, "bad_packets": 0, "wrong_session": 0,
                                                "exceptions": 0})
    assert got["messages"] == 600 and got["gaps"] > 0 and got["duplicates"] > 0, got
    stray = moldudp64("OTHER", 5, itch_messages(1))
    got = two_lines(place, "holes", set(range(301, 311)), [b"not MoldUDP64", stray],
                    {"gaps_given_up": 1, "bad_packets": 1, "wrong_session": 1})
    assert 10 <= got["messages_lost"] < 30, got
    # The interface goes on without us; a journal of it goes on where it was.
    with running(*SMALL, "--feed", "af_packet:lvb", "--resume", "--json", "--journal", place + "/whole") as process:
        assert check_sums(json.loads(ended(process)))["messages"] == 600


# --- all of it -------------------------------------------------------------------------------------------------------

def main():
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    failed = ran = 0
    for name, case in sorted(globals().items()):
        if not name.startswith("case_") or only not in name:
            continue
        place = tempfile.mkdtemp(prefix="lifelined-")
        start = time.monotonic()
        try:
            case(place)
            ran += 1
            print("ok      %-24s %5.1f s" % (name[5:], time.monotonic() - start), flush=True)
        except Skip as reason:
            SKIPPED.append("%s: %s" % (name[5:], reason))
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError, KeyError, StopIteration) as error:
            failed += 1
            print("FAILED  %-24s %s: %s" % (name[5:], type(error).__name__, error), flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    if failed or ran == 0:
        return 1
    for reason in SKIPPED:
        print("SKIP: " + reason)
    return 77 if SKIPPED else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in-namespace"]:
        in_namespace(sys.argv[2])
    else:
        sys.exit(main())
