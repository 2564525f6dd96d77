#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs fuzz targets one after the other (make fuzz builds them).
#   tools/fuzz.sh has ENGINE                        is the engine there? Exit status 3 and the line that helps when not
#   tools/fuzz.sh run ENGINE SECONDS FUZZER...      ENGINE is libfuzzer or afl; a line for each target, then the sums
#   tools/fuzz.sh keep FUZZER...                    moves inputs that reach something new into the committed corpora
# New inputs stay beside the fuzzer in the build directory, where the next run finds them; `run` only reads the
# committed corpora. Exit status 1: something was found. LL_FUZZ_FLAGS goes to libFuzzer: -seed=1 -runs=100000.
set -u
cd "$(dirname "$0")/.." || exit 1
corpora=tests/fuzz/corpus
executions=0
crashes=0

count() { # files below a directory
    find "$1" -type f 2>/dev/null | wc -l
}

# A field of libFuzzer's last words, or of AFL's fuzzer_stats.
field() { # name, file
    sed -n "s/^\\(stat::\\)\\?$1 *: *\\([0-9]*\\).*/\\2/p" "$2" 2>/dev/null | tail -n 1
}

has() {
    local package=$1
    case $1 in
    libfuzzer) package=clang && command -v clang >/dev/null && return 0 ;;
    afl) package=afl++ && command -v afl-clang-fast >/dev/null && command -v afl-fuzz >/dev/null && return 0 ;;
    *) echo "fuzz: ENGINE=$1: give libfuzzer or afl" >&2 && return 2 ;;
    esac
    echo "fuzz: ENGINE=$1 needs $package; as root: apt-get install -y --no-install-recommends $package" >&2
    return 3
}

report() { # name, executions, per second, corpus, new, crashes
    printf '%-18s %12s %10s/s %8s %7s %8s\n' "$@"
    executions=$((executions + $2))
    crashes=$((crashes + $6))
}

told() { # fuzzer, name, log, crash files: what was found, and how to see it again
    local fuzzer=$1 name=$2 log=$3 file
    shift 3
    grep -aE 'assertion|ERROR: |SUMMARY|runtime error' "$log" | head -n 5 | sed 's/^/    | /'
    for file; do
        echo "    again: $fuzzer $file"
    done
    echo "    Fix it, and add that input to $corpora/$name."
}

run_libfuzzer() { # seconds, fuzzer, name, directory for what is found
    local seconds=$1 fuzzer=$2 name=$3 found=$4 log=$2.log before stamp
    local -a kept from=("$found")
    [ -d "$corpora/$name" ] && from+=("$corpora/$name")
    before=$(count "$found")
    stamp=$(mktemp)
    # shellcheck disable=SC2086 # several flags
    "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$crash_dir/" ${LL_FUZZ_FLAGS:-} "${from[@]}" >"$log" 2>&1
    local status=$?
    mapfile -t kept < <(find "$crash_dir" -type f -newer "$stamp" ! -name 'slow-*')
    rm -f "$stamp"
    if [ $status -ne 0 ] && [ ${#kept[@]} -eq 0 ]; then
        kept=("(no input was kept: $log tells why)")
    fi
    report "$name" "$(field number_of_executed_units "$log" | grep . || echo 0)" \
        "$(field average_exec_per_sec "$log" | grep . || echo 0)" "$(($(count "$corpora/$name") + before))" \
        "$(($(count "$found") - before))" ${#kept[@]}
    [ $status -eq 0 ] || told "$fuzzer" "$name" "$log" "${kept[@]}"
    return $status
}

run_afl() { # seconds, fuzzer, name, directory for what is found
    local seconds=$1 fuzzer=$2 name=$3 found=$4 log=$2.log out=$2.afl from=$corpora/$3
    local -a kept=()
    local file
    rm -rf "$out" # the last session of this target
    if [ ! -d "$from" ]; then # it wants something to begin with
        from=$out.seed
        mkdir -p "$from"
        echo >"$from/line"
    fi
    AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_QUIET=1 \
        AFL_NO_COLOR=1 afl-fuzz -i "$from" -o "$out" -V "$seconds" -m none -t 10000 -- "$fuzzer" >"$log" 2>&1
    local status=$? stats=$out/default/fuzzer_stats
    for file in "$out"/default/crashes/id* "$out"/default/hangs/id*; do
        [ -f "$file" ] || continue
        kept+=("$crash_dir/afl-$(sha1sum <"$file" | cut -c 1-40)")
        cp "$file" "${kept[-1]}"
    done
    # libFuzzer goes on with what AFL++ found, and `keep` chooses from it.
    for file in "$out"/default/queue/id*src*; do
        [ -f "$file" ] && cp "$file" "$found/$(sha1sum <"$file" | cut -c 1-40)"
    done
    report "$name" "$(field execs_done "$stats" | grep . || echo 0)" \
        "$(field execs_per_sec "$stats" | grep . || echo 0)" "$(field corpus_count "$stats" | grep . || echo 0)" \
        "$(field corpus_found "$stats" | grep . || echo 0)" ${#kept[@]}
    if [ ${#kept[@]} -ne 0 ]; then
        told "$fuzzer" "$name" "$log" "${kept[@]}"
        return 1
    fi
    if [ $status -ne 0 ] || [ ! -f "$stats" ]; then
        tail -n 20 "$log" | sed 's/^/    | /'
        return 1
    fi
    return 0
}

run() { # engine, seconds, fuzzers
    local engine=$1 seconds=$2 failed=0 fuzzer name targets
    shift 2
    targets=$#
    printf '%-18s %12s %12s %8s %7s %8s\n' "$engine, $seconds s" executions executions corpus new crashes
    for fuzzer; do
        name=${fuzzer##*/fuzz_}
        crash_dir=$(dirname "$fuzzer")/crashes/$name
        mkdir -p "$crash_dir" "$(dirname "$fuzzer")/corpus/$name"
        "run_$engine" "$seconds" "$fuzzer" "$name" "$(dirname "$fuzzer")/corpus/$name" || failed=$((failed + 1))
    done
    echo "$targets targets, $executions executions, $crashes crashes kept, $failed targets failed"
    [ $failed -eq 0 ]
}

keep() { # fuzzers
    local fuzzer name before
    for fuzzer; do
        name=${fuzzer##*/fuzz_}
        before=$(count "$corpora/$name")
        mkdir -p "$corpora/$name"
        # By edges alone, and as few as reach them: counts of edges would keep ten times as many.
        "$fuzzer" -set_cover_merge=1 -use_counters=0 -timeout=10 -rss_limit_mb=2048 "$corpora/$name" \
            "$(dirname "$fuzzer")/corpus/$name" >"$fuzzer.keep.log" 2>&1 ||
            { echo "$name: see $fuzzer.keep.log"; return 1; }
        printf '%-18s %5s inputs before, %5s now\n' "$name" "$before" "$(count "$corpora/$name")"
    done
    find "$corpora" -type f -printf '%s\n' | awk '{n += $1} END {print "corpora: " NR " inputs, " n " bytes"}'
}

what=${1:-}
shift
case $what in
has) has "$@" ;;
run | keep)
    [ $# -gt $((${#what} == 3 ? 2 : 0)) ] || { echo "fuzz: no fuzz target of that name" >&2; exit 1; }
    "$what" "$@"
    ;;
*) sed -n 's/^# \{0,1\}//; 4,9p' "$0" >&2; exit 2 ;;
esac
