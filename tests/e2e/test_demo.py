#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: `make run` shows the main job whole and proves it, and would notice if something were wrong.

Method: tools/demo.py runs for a few seconds, well and with an exchange that misbehaves; its JSON, the live lines and
the logs must agree. Its proof is given records that were changed and must object. It is interrupted and killed, and
nothing may stay. Nothing is measured.
limit 300 s
"""
import contextlib
import copy
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import ll_device

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("LL_BIN") or os.path.join(ROOT, "build", "gcc-release")
DEMO = os.path.join(ROOT, "tools", "demo.py")
STRATEGY = os.path.join(BIN, "lifeline-strategy")
WAIT_S = 120


def demo(*words, wanted=0):
    done = subprocess.run([DEMO, "--bin", BIN, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == wanted, "status %d, not %d\n%s%s" % (done.returncode, wanted, done.stdout[-2000:],
                                                                   done.stderr[-2000:])
    return done.stdout, done.stderr


def strategy(*words, wanted=0):
    done = subprocess.run([STRATEGY, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=WAIT_S, check=False)
    assert done.returncode == wanted, "status %d, not %d: %s" % (done.returncode, wanted, done.stderr)
    return done.stdout, done.stderr


def processes_of(place):
    """Pids whose command line names `place`."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/cmdline" % pid, "rb") as file:
            if place.encode() in file.read() and int(pid) != os.getpid():
                found.append(int(pid))
    return found


def check_report(got):
    """What must hold in every good run."""
    trading, asked = got["gateway"]["trading"], got["strategy"]
    assert got["good"] and not got["wrong"] and len(got["checked"]) == 4, got
    assert trading["fills"] > 0 and trading["orders"] >= asked["orders"] > 0
    assert sum(asked["asked"].values()) == asked["requests"]
    assert asked["requests"] == asked["accepted"] + asked["refused"] + asked["existing"] + asked["resolved"]
    assert asked["unanswered"] == asked["lost"] == 0
    assert sum(asked["refusals"].values()) == asked["refused"] <= trading["refused"]
    assert sum(trading["refusals"].values()) == trading["refused"]
    assert sum(trading["ended"].values()) + trading["live"] == trading["orders"] and trading["live"] == 0
    assert sum(trading["verdicts"].values()) == trading["reports"]
    assert trading["ledger"]["money_locked"] == 0 and trading["ledger"]["money_available"] > 0
    assert trading["order_to_wire_ns"]["count"] > 0 and trading["limits"] == {"loaded": 1, "refused": 0, "error": ""}
    assert trading["door"]["clients_come"] == trading["door"]["clients_left"] == asked["clients"]
    assert got["gateway"]["gaps_given_up"] == 0
    return got


def case_well(place):
    """A short day: everything agrees, and the live lines count up to it."""
    out, err = demo("--duration", "3s", "--json", "--dir", place + "/demo", "--clients", "2", "--seed", "3")
    got = check_report(json.loads(out))
    assert got["gateway"]["trading"]["sessions"][0]["reconnects"] == 0
    live = [dict(word.split("=", 1) for word in line.split()) for line in err.splitlines()
            if line.startswith("elapsed_ms=")]
    live = [{key: int(value) for key, value in line.items()} for line in live]
    assert live and live[-1]["own_orders"] <= got["gateway"]["trading"]["orders"], err
    assert any(line["sessions_open"] == 1 and line["clients"] == 2 for line in live)
    assert sum(line["wire_count"] for line in live) <= got["gateway"]["trading"]["order_to_wire_ns"]["count"]
    for before, after in zip(live, live[1:]):
        assert before["fills"] <= after["fills"] and before["sent"] <= after["sent"]
    for word in ("session   0: ouch50", "limits.yaml", "/door", "when its record is durable", "identifiers"):
        assert word in err, "the banner does not say '%s': %s" % (word, err)
    # The same place again; and a place that is not a demo's stays as it is.
    demo("--duration", "500ms", "--quiet", "--dir", place + "/demo")
    with open(place + "/mine", "w", encoding="ascii"):
        pass
    _, err = demo("--dir", place, wanted=2)
    assert "not of a demo" in err and os.path.exists(place + "/mine"), err


def case_misbehaving_exchange(_):
    """Connections that break, answers that are late, busts, cancels nobody asked for: the books agree all the same."""
    out, _ = demo("--duration", "3s", "--json", "--quiet", "--seed", "5", "--misbehave",
                  "drop-every=150,delay=50,fill-on-cancel=200,fill-on-replace=200,bust=20,cancel=30")
    got = check_report(json.loads(out))
    assert got["gateway"]["trading"]["sessions"][0]["reconnects"] > 0, got["gateway"]["trading"]["sessions"]
    assert got["exchange"]["accounts"][0]["faults"]["fill-on-cancel"] > 0


def case_text(_):
    """For people: what was done, what was checked, and the verdict in the last line."""
    out, _ = demo("--duration", "1s", "--quiet")
    assert out.splitlines()[-1] == "good", out
    for word in ("asked ", "orders ", "fills ", "money ", "latency ", "checked ", "against the"):
        assert word in out, "it does not say '%s': %s" % (word, out)


def case_proof_objects(_):
    """Each lie about an order, a fill or the money is noticed."""
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    link = {"user_ref_num": 1, "symbol": "A", "side": "B", "open": 0, "replaces": None, "executions": [
        {"match": 1, "price": 100, "quantity": 5, "broken": False}, {"match": 2, "price": 100, "quantity": 9,
                                                                     "broken": True}]}
    second = {"user_ref_num": 3, "symbol": "A", "side": "B", "open": 0, "replaces": 0, "executions": [
        {"match": 3, "price": 110, "quantity": 1, "broken": False}]}
    order = {"order_id": "X", "number": 3, "filled": 6, "notional": 610, "leaves": 0, "state": "filled"}
    ledger = [{"asset": "A", "kind": "provider", "balance": -6}, {"asset": "money", "kind": "provider", "balance": 610},
              {"asset": "money", "kind": "locked", "balance": 0}]

    def objections(orders, links, booked):
        proof = module.Proof()
        proof.orders(orders, links)
        proof.money(booked, links)
        return len(proof.wrong)

    assert objections([order], [link, second], ledger) == 0
    for key, value in (("filled", 5), ("notional", 611), ("leaves", 1), ("number", 1)):
        lie = dict(order, **{key: value}, **({"state": "new"} if key == "leaves" else {}))
        assert objections([lie], [link, second], ledger) > 0, key
    assert objections([], [link, second], ledger) > 0
    for index, one in enumerate(ledger):
        lie = copy.deepcopy(ledger)
        lie[index]["balance"] = one["balance"] + 1
        assert objections([order], [link, second], lie) > 0, one
    lie = copy.deepcopy(link)
    lie["executions"][1]["broken"] = False
    assert objections([order], [lie, second], ledger) > 0


def case_stopped(place):
    """Ctrl-C ends the day early and in order; killed, it takes its programs with it."""
    for number in (signal.SIGINT, signal.SIGKILL):
        where = "%s/demo-%d" % (place, number)
        with subprocess.Popen([DEMO, "--bin", BIN, "--duration", "60s", "--json", "--quiet", "--dir", where],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
            end = time.monotonic() + WAIT_S
            # Four programs, and the gateway so far that the strategy can come in: from then on there is a day to end.
            while ((len(processes_of(where)) < 4 or not os.path.exists(where + "/door")) and
                   time.monotonic() < end and process.poll() is None):
                time.sleep(0.05)
            time.sleep(1)
            process.send_signal(number)
            out, _ = process.communicate(timeout=WAIT_S)
        assert process.returncode == (0 if number == signal.SIGINT else -number), process.returncode
        if number == signal.SIGINT:
            check_report(json.loads(out))
        while processes_of(where) and time.monotonic() < end:
            time.sleep(0.05)
        assert not processes_of(where), processes_of(where)


def case_cannot_start(place):
    """What cannot run says why, and leaves nothing running."""
    _, err = demo("--symbol", "A:1.23456", "--quiet", "--dir", place + "/demo", wanted=1)
    assert "lifeline-exchange ended" in err, err
    demo("--clients", "0", wanted=2)
    demo("--duration", "5", wanted=2)
    _, err = demo("--quiet", "--dir", place + "/other", "--", "--limits", place + "/none.yaml", wanted=1)
    assert "lifelined ended before its time" in err and "none.yaml" in err, err
    assert not processes_of(place)


def case_on_a_device(place):
    """The same day with the kernel elsewhere, as `make hil` has it; and the proof notices a device that was lost."""
    ways = [device for device in ("xrt", "pocl") if not ll_device.missing(device)]
    if not ways:
        print("SKIP on_a_device: %s" % ll_device.missing("xrt"), flush=True)
        return
    words = ["--device", ways[0], "--duration", "2s", "--clients", "1", "--rate", "100", "--house-rate", "100",
             *(["--emulation", "sw_emu"] if ways[0] == "xrt" else [])]
    out, _ = demo(*words, "--quiet", "--json", "--", "--device-watchdog", "20s")
    got = json.loads(out)
    device = got["gateway"]["device"]
    assert got["good"] and len(got["checked"]) == 5, got
    assert device["wanted"] == ways[0] and device["losses"] == 0 and device["tables_equal"], device
    assert device["device_answers"] > 100 and device["order_trip_ns"]["count"] > 0, device
    with subprocess.Popen([DEMO, "--bin", BIN, *words, "--quiet", "--dir", place + "/demo"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + WAIT_S
        while not os.path.exists(place + "/demo/door") and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(1)
        ll_device.send(process.pid, ll_device.PROCESS)
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1 and "losses of the device: 1, but it has to be 0" in out, out + err
    assert "device    " in out and ("EMULATED" in out) == (ways[0] == "xrt"), out
    assert not processes_of(place), processes_of(place)


def case_strategy(place):
    """The strategy alone: it teaches, refuses what makes no sense, and says when there is no gateway."""
    out, _ = strategy("--help")
    for word in ("usage:", "--symbol", "--clients", "Exit:", "existing"):
        assert word in out, word
    for words in (["--symbol", "A"], ["--symbol", "A:0"], ["--symbol", "ABCDEFGHI:10"], ["--symbol", ""],
                  ["--symbol", "A:1.00001"], ["--clients", "65"], ["--rate", "0"], ["--account", "THIRTEENCHARS"],
                  ["here"]):
        _, err = strategy(*words, wanted=2)
        assert err.startswith("lifeline-strategy: ") and "--help" in err, err
    start = time.monotonic()
    _, err = strategy("--door", place + "/door", "--wait", "300ms", "--clients", "2", wanted=3)
    assert err.count("no gateway at") == 2 and time.monotonic() - start >= 0.3, err


def main():
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    if not all(os.access(os.path.join(BIN, name), os.X_OK) for name in ("lifelined", "lifeline-exchange")):
        print("SKIP: the programs are not built")
        return 77
    failed = ran = 0
    for name, case in sorted(globals().items()):
        if not name.startswith("case_") or only not in name:
            continue
        place = tempfile.mkdtemp(prefix="lifeline-demo-test-")
        start = time.monotonic()
        try:
            case(place)
            ran += 1
            print("ok      %-24s %5.1f s" % (name[5:], time.monotonic() - start), flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
            failed += 1
            print("FAILED  %-24s %s: %s" % (name[5:], type(error).__name__, error), flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return 1 if failed or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
