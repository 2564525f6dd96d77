# SPDX-License-Identifier: Apache-2.0
"""A real link for end-to-end tests, as root: a network namespace of the test, one of the exchange, a wire between.

    here (gw0) ──veth── wire (its own namespace) ──veth── exchange (px0)

`enter` runs the test again inside throw-away namespaces: network, and mounts, so that /dev/shm and DPDK's run-time
directory are empty ones of its own. Nothing has a name anywhere else, and all of it ends with the processes.
"""
import json
import os
import shutil
import subprocess
import sys

import ll_e2e as e2e
import ll_processes

WIRE = os.path.join(e2e.BIN, "tests", "e2e", "ll_wire")
INSIDE = "inside-the-namespaces"
RUN_DPDK = "/run/dpdk"
GATEWAY, EXCHANGE = "10.77.0.2", "10.77.0.1"
GATEWAY_MAC, EXCHANGE_MAC = "02:00:00:00:00:0b", "02:00:00:00:00:0a"
LIMIT_S = 600  # what holds a namespace ends by itself


def missing():
    """Why there can be no link here; "" when there can."""
    if os.geteuid() != 0:
        return "not root"
    if not os.access(WIRE, os.X_OK):
        return "%s is not built" % WIRE
    for tool in ("ip", "ethtool", "unshare", "nsenter", "mount"):
        if not shutil.which(tool):
            return "there is no %s" % tool
    probe = "ip link add llp0 type veth peer name llp1 && mount -t tmpfs tmpfs /dev/shm"
    done = subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", probe],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return "no namespaces or no veth here: %s" % done.stdout.decode().strip() if done.returncode else ""


def enter():
    """Returns inside."""
    if INSIDE in sys.argv[1:]:
        sys.argv.remove(INSIDE)
        os.makedirs(RUN_DPDK, exist_ok=True)
        for place in ("/dev/shm", RUN_DPDK):
            run("mount", "-t", "tmpfs", "tmpfs", place)
        no_ipv6()
        run("ip", "link", "set", "lo", "up")
        return
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable,
                          os.path.abspath(sys.argv[0]), *sys.argv[1:], INSIDE])


def run(*words, check=True):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    assert done.returncode == 0 or not check, "%s: %s" % (" ".join(words), done.stdout.decode())
    return done.returncode


def no_ipv6(*before):
    """Its neighbour discovery would put frames of its own on new links."""
    run(*before, "sh", "-c", "for i in all default; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done",
        check=False)


def namespace(process):
    """Waits until the process has one of its own."""
    def own():
        return os.readlink("/proc/%d/ns/net" % process.pid) != os.readlink("/proc/self/ns/net")
    assert ll_processes.wait_until(own), "no namespace of its own"
    return ["nsenter", "-t", str(process.pid), "-n"]


class Link:
    """The wire can lose, repeat, delay and reorder what comes from the exchange; `flows` it counts one by one."""

    def __init__(self, place, name, seed, flows, answers_port):
        self.record = place.path(name + ".pcap")
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", str(LIMIT_S)])
        # It waits for its interfaces.
        self.wire = subprocess.Popen(["unshare", "-n", "sh", "-c", 'read go && exec "$@"', "sh", WIRE, str(seed),
                                      self.record, str(answers_port), "w0", "w1", *flows],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.there = namespace(self.holder)
            self.set_up(namespace(self.wire))
        except BaseException:
            self.close()
            raise
        self.by_netem = False

    def set_up(self, middle):
        no_ipv6(*self.there)
        no_ipv6(*middle)
        run("ip", "link", "add", "px0", "address", EXCHANGE_MAC, "type", "veth", "peer", "name", "w0")
        run("ip", "link", "add", "gw0", "address", GATEWAY_MAC, "type", "veth", "peer", "name", "w1")
        run("ip", "link", "set", "px0", "netns", str(self.holder.pid))
        for name in ("w0", "w1"):
            run("ip", "link", "set", name, "netns", str(self.wire.pid))
            run(*middle, "ip", "link", "set", name, "up")
        for before, name, mine, its, its_mac in (([], "gw0", GATEWAY, EXCHANGE, EXCHANGE_MAC),
                                                 (self.there, "px0", EXCHANGE, GATEWAY, GATEWAY_MAC)):
            # Whole checksums, and frames no longer than on a wire.
            run(*before, "ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
            run(*before, "ip", "address", "add", mine + "/24", "dev", name)
            run(*before, "ip", "link", "set", name, "up")
            run(*before, "ip", "neighbour", "replace", its, "lladdr", its_mac, "dev", name, "nud", "permanent")
        self.say("begin")

    def say(self, line):
        """A command; the counts as they are behind it."""
        self.wire.stdin.write(line + "\n")
        self.wire.stdin.flush()
        return json.loads(self.wire.stdout.readline())

    def faults(self, loss=0, burst=1, repeat=0, delay_us=0, late=0, more_us=0):
        self.say("faults %d %d %d %d %d %d" % (loss, burst, repeat, delay_us, late, more_us))

    def netem(self, *words):
        """Faults by the kernel, before the wire; False when it has no netem."""
        self.by_netem = run(*self.there, "tc", "qdisc", "add", "dev", "px0", "root", "netem", *words, check=False) == 0
        return self.by_netem

    def calm(self):
        if self.by_netem:
            run(*self.there, "tc", "qdisc", "del", "dev", "px0", "root")
        self.faults()

    def close(self):
        self.wire.stdin.close()
        try:
            self.wire.wait(10)
        except subprocess.TimeoutExpired:
            self.wire.kill()
            self.wire.wait()
        self.wire.stdout.close()
        self.holder.kill()
        self.holder.wait()
        run("ip", "link", "del", "gw0", check=False)  # the other ones go with their namespaces, a moment later

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
