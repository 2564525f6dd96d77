#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs benchmarks one after the other, under a header that says what was measured on: tools/bench.sh BENCH...
# CC and LL_CFLAGS come from make. The report is also kept in <build directory>/bench.txt.
set -u
set -o pipefail
[ $# -gt 0 ] || { echo "bench: no benchmarks" >&2; exit 1; }

header() {
    local governor=/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor
    echo "commit      $(git describe --always --dirty 2>/dev/null || echo 'not a git checkout')"
    echo "time        $(date -u '+%Y-%m-%d %H:%M:%S UTC')"
    echo "compiler    $("$CC" --version | head -n 1)"
    echo "flags       $LL_CFLAGS"
    echo "cpu         $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) usable"
    echo "governor    $(cat $governor 2>/dev/null || echo unknown)"
    echo "isolated    $(cat /sys/devices/system/cpu/isolated 2>/dev/null | grep . || echo none)"
    echo "hugepages   $(sed -n 's/^HugePages_Total: *//p' /proc/meminfo) explicit; transparent: $(
        cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo unknown)"
    echo "kernel      $(uname -sr)"
    echo "load        $(cut -d ' ' -f 1-3 /proc/loadavg) (other work on this machine shows in the tails)"
}

run() {
    local failed=0
    header
    for bench; do
        printf '\n=== %s\n' "${bench##*/}"
        "$bench" || { echo "${bench##*/} failed with status $?"; failed=1; }
    done
    return $failed
}

build=${1%%/bench/*}
run "$@" 2>&1 | tee "$build/bench.txt"
