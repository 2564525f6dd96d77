#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the test runner cannot report a failure as a pass. Method: it runs seven tests that fail, crash, check
# nothing, hang, skip and pass; its own last line, exit status and summary must say exactly that. LL_BIN is the build
# directory, relative to the root.
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=${LL_BIN#"$PWD"/}
here=tests/canary/runner
failed=0

expect() { # what, wanted, got
    if [ "$2" != "$3" ]; then
        echo "the runner says '$3' for $1; it must say '$2'"
        failed=1
    fi
}

output=$(tests/run.py --bin "$bin" --log "$bin/log/canary" \
    "unit=$bin/$here/test_fails" "unit=$bin/$here/test_crashes" "unit=$bin/$here/test_silent" \
    "e2e=$here/hangs.sh" "e2e=$here/hangs.py" "e2e=$here/skips.sh" "e2e=$here/passes.sh")
status=$?
# test_fails: 1 and 1; test_crashes: its 12 claims and the crash; test_silent and both hangs: 1 failure each.
expect "all seven" "14 passed, 5 failed, 1 skipped" "$(tail -n 1 <<<"$output")"
expect "the exit status" 1 $status
for words in "1 of 2 checks failed" "SIGABRT" "no checks" "time limit of 1 s" "time limit of 2 s" \
    "the canary has nothing to do" "again: LL_BIN=$bin $here/hangs.sh"; do
    grep -qF -- "$words" <<<"$output" || expect "the summary" "$words" "(nothing of that)"
done

output=$(tests/run.py --bin "$bin" --log "$bin/log/canary")
expect "the exit status of an empty run" 1 $?
expect "an empty run" "0 passed, 0 failed, 0 skipped" "$(tail -n 1 <<<"$output")"

output=$(tests/run.py --bin "$bin" --log "$bin/log/canary" "unit=$bin/$here/is_not_there")
expect "the exit status of a missing test" 1 $?
expect "a missing test" "0 passed, 1 failed, 0 skipped" "$(tail -n 1 <<<"$output")"
exit $failed
