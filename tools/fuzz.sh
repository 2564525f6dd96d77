#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs fuzz targets one after the other: tools/fuzz.sh SECONDS FUZZER... (make fuzz builds them).
# New inputs stay beside the fuzzer in the build directory; the committed corpus is only read.
set -u
seconds=$1
shift
failed=0
[ $# -gt 0 ] || { echo "fuzz: no fuzz targets" >&2; exit 1; }
for fuzzer; do
    name=${fuzzer##*/fuzz_}
    corpus=tests/fuzz/corpus/$name
    found=$(dirname "$fuzzer")/corpus/$name
    log=$fuzzer.log
    mkdir -p "$found"
    printf '%-24s %s s ... ' "$name" "$seconds"
    if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$found/" "$found" "$corpus" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf '%s inputs, nothing found (%s in the corpus, %s new ones kept)\n' "$runs" \
            "$(find "$corpus" -type f | wc -l)" "$(find "$found" -type f | wc -l)"
    else
        failed=1
        printf 'FAILED\n'
        tail -n 40 "$log" | sed 's/^/    | /'
        echo "    again: $fuzzer $(sed -n 's/.*Test unit written to //p' "$log")"
        echo "    Fix it, and add that input to $corpus."
    fi
done
exit $failed
