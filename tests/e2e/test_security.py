#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: a gateway that was started as root has nothing of root left when it works, and works all the same; what it
writes is its user's alone; nobody looks into it; it listens nowhere it was not told to.

Method: lifelined becomes `nobody` and trades with lifeline-exchange, which closes connections, while limits change and
the journal takes new segments and snapshots, under a umask that lets everything through. What is true is read from
/proc, thread by thread. docs/security.md names the case behind each claim. What needs root is skipped by name.
limit 200 s
"""
import contextlib
import glob
import os
import pwd
import random
import shutil
import stat
import subprocess
import sys
import time

import ll_device
import ll_device_process
import ll_e2e as e2e
import ll_exchange
import ll_processes as processes
import ll_trade as trade
import ll_trader

TURNS = 400
USER = "nobody"
SIM = ["--feed", "sim", "--symbols", "8", "--sim-orders", "500", *trade.STATE[:6], "--memory-mb", "64", "--quiet"]
CAPS = ("CapInh", "CapPrm", "CapEff", "CapAmb")
REACHED = ("0100007F",)  # 127.0.0.1 as /proc/net has it


def is_root():
    return os.geteuid() == 0


# --- what /proc says -------------------------------------------------------------------------------------------------

def status_of(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)


def threads_of(pid):
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        with contextlib.suppress(OSError):
            found.append(status_of("/proc/%d/task/%s/status" % (pid, task)))
    return found


def sockets_of(pid):
    """{inode} of the sockets a process has open."""
    found = set()
    for name in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(OSError):
            target = os.readlink("/proc/%d/fd/%s" % (pid, name))
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found


def listening(pid):
    """[(protocol, address)] where others can reach this process: sockets that listen, and UDP ones that talk to
    everybody."""
    mine, found = sockets_of(pid), []
    for protocol, listens in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        with open("/proc/%d/net/%s" % (pid, protocol), encoding="ascii") as file:
            for words in map(str.split, file.readlines()[1:]):
                if words[3] == listens and words[9] in mine:
                    found.append((protocol, words[1].split(":")[0]))
    return found


def check_rights(checks, what, pid, user=None):
    """Every thread: whose it is, no capability, no way to gain one, the filter."""
    threads = threads_of(pid)
    checks.true(len(threads) >= 2, "%s: it has threads: %d" % (what, len(threads)))
    for thread in threads:
        name = "%s, thread %s" % (what, thread["Name"].strip())
        checks.equal(thread["NoNewPrivs"].strip(), "1", name + ": NoNewPrivs")
        checks.equal(thread["Seccomp"].strip(), "2", name + ": a filter of system calls")
        if user is not None:
            checks.equal(set(thread["Uid"].split()), {str(user.pw_uid)}, name + ": user")
            checks.equal(set(thread["Gid"].split()), {str(user.pw_gid)}, name + ": group")
            checks.true(set(thread["Groups"].split()) <= {str(user.pw_gid)}, "%s: groups%s" % (name, thread["Groups"]))
            for caps in CAPS:
                checks.equal(int(thread[caps], 16), 0, "%s: %s" % (name, caps))


def check_modes(checks, what, path, owner):
    """0600 and 0700, whatever the umask was."""
    files = [path] + [os.path.join(path, name) for name in (os.listdir(path) if os.path.isdir(path) else ())]
    for name in files:
        with contextlib.suppress(FileNotFoundError):  # a snapshot that gave way to a newer one
            found = os.lstat(name)
            checks.equal(oct(stat.S_IMODE(found.st_mode)), "0o700" if stat.S_ISDIR(found.st_mode) else "0o600",
                         "%s: mode of %s" % (what, name))
            checks.equal(found.st_uid, owner, "%s: owner of %s" % (what, name))
    return len(files)


# --- programs where another user can run them -------------------------------------------------------------------------

class Installed:
    """Copies of the programs, and a directory of `user`."""

    def __init__(self, place, user):
        self.user = user
        self.dir = place.path("installed")
        self.home = place.path("home")
        os.chmod(place.dir, 0o711)
        for directory in (self.dir, self.home):
            os.mkdir(directory)
            os.chmod(directory, 0o755)
        for name in ("lifelined", "lifeline", "lifeline-device"):
            path = os.path.join(e2e.BIN, name)
            if os.access(path, os.X_OK):
                os.chmod(shutil.copy(path, self.dir), 0o755)
        os.chown(self.home, user.pw_uid, user.pw_gid)
        os.chmod(self.home, 0o700)

    def path(self, name):
        """As e2e.Place has it: inside of what the user owns."""
        return os.path.join(self.home, name)

    def give(self, path):
        os.chown(path, self.user.pw_uid, self.user.pw_gid)
        os.chmod(path, 0o600)

    @property
    def lifelined(self):
        return os.path.join(self.dir, "lifelined")


def refused(checks, what, code, text, *words, **more):
    done = subprocess.run([*words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=60, check=False, **more)
    said = done.stderr.decode("utf-8", "replace")
    checks.equal(done.returncode, code, "%s: exit status; %s" % (what, said[-500:]))
    checks.true(text in said, "%s: it says '%s': %s" % (what, text, said[-500:]))


# --- the cases --------------------------------------------------------------------------------------------------------

def case_user_names(checks, installed):
    """A user that cannot be is refused before anything is opened."""
    words = [installed.lifelined, *SIM, "--no-journal", "--duration", "1s"]
    refused(checks, "unknown user", 2, "there is no such user", *words, "--run-as", "lifeline-nobody-knows")
    refused(checks, "root by name", 2, "is root", *words, "--run-as", "root")
    refused(checks, "root by number", 2, "is root", *words, "--run-as", "0")
    refused(checks, "not root", 3, "only root can become another user", *words, "--run-as", "daemon",
            user=installed.user.pw_uid, group=installed.user.pw_gid, extra_groups=[])
    mine = subprocess.run([*words, "--run-as", USER], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=60, check=False, user=installed.user.pw_uid,
                          group=installed.user.pw_gid, extra_groups=[], env={"PATH": os.environ["PATH"]})
    checks.equal(mine.returncode, 0, "one's own name needs no root: %s" % mine.stderr[-500:])


def case_files_of_others(checks, installed, place):
    """What the user may not write is refused at the start, and not at the next segment."""
    theirs = place.path("roots")
    os.mkdir(theirs, 0o755)
    words = [installed.lifelined, *SIM, "--duration", "1s", "--run-as", USER]
    refused(checks, "a directory of root", 4, "Permission denied", *words, "--journal", os.path.join(theirs, "j"))
    checks.equal(os.listdir(theirs), [], "nothing was made there")


def change_limits(gateway, installed, count):
    for number in range(count):
        trade.write_limits(gateway.limits, more="  exposure: %d.00\n" % (10**10 + number))
        installed.give(gateway.limits)
        time.sleep(0.35)  # longer than between two looks at the file


def case_works_as_nobody(checks, installed, rng):
    """Everything that happens after rights were given up: segments, snapshots, reconnects, limits, clients."""
    what = "as " + USER
    trade.LIFELINED = installed.lifelined
    with trade.RealExchange(installed, ["ouch50"], "--house-rate", 300, "--misbehave", "drop-every=60",
                            "--seed", rng.getrandbits(32)) as exchange, \
            exchange.gateway(installed, "gateway", more=["--run-as", USER, "--segment-bytes", "64K", "--snapshot-every",
                                                         "100"]) as gateway:
        for path in (gateway.password, gateway.limits):
            installed.give(path)
        gateway.start()
        with trade.Client(gateway.door) as client:
            trade.wait_open(client, gateway)
            pid = gateway.process.pid
            check_rights(checks, what, pid, installed.user)
            client.fund(AAPL=trade.LOTS)
            trader = ll_trader.Trader(client, rng, meets=0.3)
            before = set(os.listdir(gateway.journal))
            end = time.monotonic() + 30
            turns = 0
            # Enough turns for the exchange to have closed the connection once, and for the journal to have grown.
            while time.monotonic() < end and (turns < TURNS or not is_enough(gateway.journal, before)):
                trader.turn()
                turns += 1
                time.sleep(0.002)
            checks.true(is_enough(gateway.journal, before), "%s: segments and a snapshot were made later: %s" % (
                what, sorted(set(os.listdir(gateway.journal)) - before)))
            change_limits(gateway, installed, 2)
            check_rights(checks, what + ", after the work", pid, installed.user)
            reachable = [one for one in listening(pid) if one[1] not in REACHED]
            checks.equal(reachable, [], what + ": reachable from outside")
            checks.equal([one for one in listening(pid) if one[0].startswith("tcp")], [], what + ": listens")
            check_memory(checks, what, pid, installed.user)
            check_modes(checks, what, gateway.door, installed.user.pw_uid)
            trader.settle(gateway)
            trader.end_everything(gateway)
            exchange.refresh()
            checks.true(check_modes(checks, what, gateway.journal, installed.user.pw_uid) > 4, what + ": files")
            checks.equal(oct(stat.S_IMODE(os.lstat(exchange.record_path).st_mode)), "0o600", "the exchange's record")
            reachable = [one for one in listening(exchange.process.process.pid) if one[1] not in REACHED]
            checks.equal(reachable, [], "the exchange is reachable from outside")
            status, report = gateway.stop()
            checks.true(status == 0 and report, "%s: exit %s: %s" % (what, status, gateway.errors()[-1000:]))
            checks.true(report and report["trading"]["limits"]["loaded"] >= 3, what + ": limits were loaded again")
            checks.true(report and report["trading"]["sessions"][0]["reconnects"] >= 1, what + ": it connected again")
            checks.true("snapshots failed" not in gateway.errors(), what + ": snapshots: " + gateway.errors()[-500:])
            gateway.sound(checks, what)
            case_root_resumes(checks, gateway, installed)


def is_enough(journal, before):
    new = set(os.listdir(journal)) - before
    return sum(name.endswith(".lljournal") for name in new) >= 2 and any(name.endswith(".llsnap") for name in new)


def case_root_resumes(checks, gateway, installed):
    """The next start, as root with --run-as again, takes the same journal up."""
    gateway.start()
    with trade.Client(gateway.door) as client:
        trade.wait_open(client, gateway)
        check_rights(checks, "resumed", gateway.process.pid, installed.user)
    status, _ = gateway.stop()
    checks.equal(status, 0, "resumed: " + gateway.errors()[-500:])


def check_memory(checks, what, pid, user):
    """Another process of the same user sees neither its memory nor its environment."""
    for name in ("mem", "environ", "fd"):
        tried = subprocess.run(["ls" if name == "fd" else "cat", "/proc/%d/%s" % (pid, name)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               check=False, timeout=60, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        checks.true(tried.returncode != 0, "%s: the same user cannot read /proc/%d/%s" % (what, pid, name))


@contextlib.contextmanager
def running(*words, **more):
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def is_ready(pid):
    """The filter is what comes last."""
    return [thread for thread in threads_of(pid) if thread["Seccomp"].strip() == "2"]


def case_stays(checks, place):
    """Without --run-as it stays who it is, and is shut in all the same."""
    journal = place.path("stays")
    with running(os.path.join(e2e.BIN, "lifelined"), *SIM, "--journal", journal) as process:
        checks.true(processes.wait_until(lambda: is_ready(process.pid)), "it gets ready")
        check_rights(checks, "without --run-as", process.pid, None if is_root() else pwd.getpwuid(os.geteuid()))
        check_modes(checks, "without --run-as", journal, os.geteuid())
        if is_root():
            checks.equal(listening(process.pid), [], "without --run-as: a simulated feed needs no socket")
    checks.equal(process.returncode, 0, "it ends in order")
    with running(os.path.join(e2e.BIN, "lifelined"), *[word for word in SIM if word != "--quiet"], "--no-journal",
                 "--duration", "1s") as process:
        said = process.communicate(timeout=60)[1].decode("utf-8", "replace")
        checks.true(("ROOT's" in said) == is_root(), "the banner says whose rights it has: " + said[:2000])
    with running(os.path.join(e2e.BIN, "lifelined"), *SIM, "--no-journal", "--sandbox", "off") as process:
        time.sleep(1.0)
        checks.true(threads_of(process.pid) and not is_ready(process.pid), "--sandbox off: there is no filter")


def case_capabilities(checks, installed):
    """Not root, but with a capability that a service manager gave: it is gone in every thread."""
    if not shutil.which("setpriv"):
        print("SKIP capabilities without root: setpriv is not here")
        return
    user = installed.user
    journal = installed.path("with-capabilities")
    with running("setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "--inh-caps",
                 "+net_raw,+net_admin", "--ambient-caps", "+net_raw,+net_admin", installed.lifelined, *SIM, "--journal",
                 journal) as process:
        checks.true(processes.wait_until(lambda: is_ready(process.pid)), "it gets ready")
        check_rights(checks, "with capabilities", process.pid, user)
    checks.equal(process.returncode, 0, "with capabilities: it ends in order")


def case_af_xdp(checks, installed):
    """The port that needs most: opened with root's rights, kept without."""
    wants = [name for name in ("unshare", "ip") if not shutil.which(name)]
    program = os.path.join(e2e.BIN, "ll_steer.bpf.o")
    if wants or not os.path.exists(program):
        print("SKIP af_xdp: %s is not here" % (wants[0] if wants else program))
        return
    os.chmod(shutil.copy(program, installed.dir), 0o644)
    link = "ip link add gv0 type veth peer name gv1 && ip addr add 10.9.9.1/24 dev gv0 && ip link set gv0 up && " \
        "ip link set gv1 up && exec \"$@\""
    with running("unshare", "-n", "sh", "-c", link, "sh", installed.lifelined, "--feed", "af_xdp:gv0", "--line-a",
                 "26477", *trade.STATE[:6], "--quiet", "--no-journal", "--run-as", USER) as process:
        ready = processes.wait_until(lambda: process.poll() is not None or is_ready(process.pid))
        if process.poll() == 3:
            print("SKIP af_xdp: %s" % process.stderr.read().decode("utf-8", "replace").strip()[-300:])
            return
        checks.true(ready and process.poll() is None, "af_xdp: it gets ready")
        check_rights(checks, "af_xdp", process.pid, installed.user)
    checks.equal(process.returncode, 0, "af_xdp: it ends in order, and not by its own filter")


def kernels_for(installed):
    """Where the user can read the kernel's source: here, and then the cache knows it, or a copy."""
    tried = subprocess.run(["cat", os.path.join(e2e.ROOT, "kernels", "ll_gateway.cl")], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=60,
                           user=installed.user.pw_uid, group=installed.user.pw_gid, extra_groups=[])
    if tried.returncode == 0:
        return e2e.ROOT
    for name in ("hls", "kernels"):
        shutil.copytree(os.path.join(e2e.ROOT, name), os.path.join(installed.dir, name))
    for top, directories, names in os.walk(installed.dir):
        for name in (*directories, *names):
            os.chmod(os.path.join(top, name), 0o755)
    return installed.dir


def case_device(checks, installed):
    """A device process is of the user too, and a new one comes up when the filter is there."""
    lacks = ll_device.missing("pocl")
    if lacks:
        print("SKIP a device that is loaded again: " + lacks)
        return
    cache = installed.path("cache")
    if os.path.isdir(ll_device_process.CACHE):
        shutil.copytree(ll_device_process.CACHE, cache)
    os.makedirs(cache, exist_ok=True)
    for top, _, names in os.walk(cache):
        for name in (".", *names):
            os.chown(os.path.join(top, name), installed.user.pw_uid, installed.user.pw_gid)
    environment = {**os.environ, "LIFELINE_KERNELS": kernels_for(installed), "POCL_CACHE_DIR": cache}
    device = ["--device", "pocl", "--device-mode", "batch", "--device-watchdog", "20s", "--device-loss", "reload"]
    words = [installed.lifelined, *[word for word in SIM if word != "--quiet"], "--journal", installed.path("device"),
             "--run-as", USER, *device]
    log = installed.path("device.err")
    with open(log, "wb") as err:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                                   env=environment)
    try:
        checks.true(processes.wait_until(lambda: is_ready(process.pid), 60), "device: ready")
        first = ll_device.victim(process.pid, ll_device.PROCESS)
        for child in (first, None):
            if child is None:
                os.kill(first, 9)
                child = processes.wait_until(lambda: [one for one in processes.children_of(process.pid)
                                                      if one != first and processes.name_of(one) == ll_device.PROCESS],
                                             60)[0]
                checks.equal(status_of("/proc/%d/status" % child)["Seccomp"].strip(), "2",
                             "the new device process has the filter")
            found = status_of("/proc/%d/status" % child)
            checks.equal(set(found["Uid"].split()), {str(installed.user.pw_uid)}, "the device process's user")
            checks.equal([int(found[caps], 16) for caps in CAPS], [0] * 4, "and its capabilities")
            checks.equal(found["NoNewPrivs"].strip(), "1", "and it cannot gain any")
        loaded = processes.wait_until(lambda: b"loaded and answers" in read_file(log), 60)
        checks.true(loaded, "the new one is loaded and answers: %s" % read_file(log)[-1500:])
    finally:
        process.terminate()
        process.wait(timeout=60)
    checks.equal(process.returncode, ll_device.LOST, "it ended in order and tells: %s" % read_file(log)[-500:])
    checks.true(not ll_device.leftovers(), "the device processes left nothing: %s" % ll_device.leftovers())


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def case_unit(checks, place):
    """docs/lifelined.service is a unit, and its options are the gateway's."""
    with open(os.path.join(e2e.ROOT, "docs", "lifelined.service"), encoding="utf-8") as file:
        text = file.read()
    start = next(line for line in text.replace("\\\n", " ").splitlines() if line.startswith("ExecStart="))
    program, *words = start.split("=", 1)[1].split()
    checks.equal(program, "/usr/local/bin/lifelined", "the unit's program is where it is installed")
    shown = subprocess.run([os.path.join(e2e.BIN, "lifelined"), *words, "--check-config"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    checks.equal(shown.returncode, 0, "its options: %s" % shown.stderr)
    if not shutil.which("systemd-analyze"):
        print("SKIP the unit's own words: systemd-analyze is not here")
        return
    unit = place.path("lifelined.service")
    with open(unit, "w", encoding="utf-8") as file:
        file.write(text.replace(program, "/bin/true"))  # it looks whether the program is there
    os.chmod(unit, 0o644)
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    checks.true(said.returncode == 0 and unit.encode() not in said.stdout, "systemd-analyze verify: %s" % said.stdout)


def case_login(checks):
    """Wrong by one letter is wrong; capitals make no difference."""
    with ll_exchange.Exchange("--ouch50", "127.0.0.1:0", "--password", "Secret7") as exchange:
        for password, good in ((b"Secret7", True), (b"sECRET7", True), (b"Secret8", False), (b"Secret", False),
                               (b"Secret77", False), (b"", False)):
            came_in = True
            try:
                ll_exchange.Soup(exchange.address("ouch50"), password=password).close()
            except AssertionError:
                came_in = False
            checks.equal(came_in, good, "the password %s" % password)


def main():
    e2e.on_term()
    trade.need_programs()
    rng = random.Random(e2e.seed())
    checks = e2e.Checks()
    os.umask(0)
    left = set(glob.glob("/run/dpdk/lifeline-*") + glob.glob("/var/run/dpdk/lifeline-*"))
    with e2e.Place() as place:
        case_unit(checks, place)
        case_login(checks)
        case_stays(checks, place)
        if not is_root():
            print("SKIP a change of user, and capabilities: this needs root")
            return checks.end()
        installed = Installed(place, pwd.getpwnam(USER))
        case_user_names(checks, installed)
        case_files_of_others(checks, installed, place)
        case_works_as_nobody(checks, installed, rng)
        case_capabilities(checks, installed)
        case_af_xdp(checks, installed)
        case_device(checks, installed)
    now = set(glob.glob("/run/dpdk/lifeline-*") + glob.glob("/var/run/dpdk/lifeline-*"))
    checks.true(not [path for path in now - left if not processes.is_alive(int(path.rsplit("-", 1)[1]))],
                "DPDK's directories are left behind: %s" % (now - left))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
