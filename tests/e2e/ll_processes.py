# SPDX-License-Identifier: Apache-2.0
"""Other processes as /proc tells them, and waiting for what they do."""
import os
import time


def stat_of(pid):
    """(parent, state) of a process; (0, "Z") when there is none."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return int(words[1]), words[0]
    except OSError:
        return 0, "Z"


def name_of(pid):
    """The program it was started as; "" when it is gone."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return os.path.basename(file.read().split(b"\0")[0].decode("utf-8", "replace"))
    except OSError:
        return ""


def is_alive(pid):
    """A process that has ended and waits to be asked for is not."""
    return stat_of(pid)[1] != "Z"


def children_of(*parents):
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if stat_of(pid)[0] in parents]


def below(pid):
    """Its children, theirs, and so on."""
    found, parents = [], [pid]
    while parents:
        parents = children_of(*parents)
        found += parents
    return found


def wait_until(condition, limit_s=15):
    """What the condition gives as soon as it is true, or when the time is over."""
    end = time.monotonic() + limit_s
    while True:
        got = condition()
        if got or time.monotonic() > end:
            return got
        time.sleep(0.02)
