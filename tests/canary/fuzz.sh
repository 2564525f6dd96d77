#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the fuzzers can find something, and say so. Method: a target with a planted bug (tests/canary/fuzz) is built and
# run by tools/fuzz.sh with a fixed seed and a bounded number of runs; it must be found, the input kept, the exit status
# tell it, and the command that is printed must fail again. The same target without the bug must pass.
set -u
cd "$(dirname "$0")/../.." || exit 1
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
failed=0

wrong() {
    echo "fuzz canary: $*"
    failed=1
}

build() { # output, more flags
    clang -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all "${@:2}" \
        tests/canary/fuzz/fuzz_planted.c -o "$1" 2>"$here/clang.log"
}

echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return b == 0 && n > 0; }' >"$here/none.c"
if ! clang -fsanitize=fuzzer,address "$here/none.c" -o "$here/none" 2>/dev/null; then
    echo "SKIP: clang or its fuzzer runtime is not here (clang, libclang-rt-14-dev)"
    exit 77
fi
mkdir "$here/bug" "$here/no_bug"
build "$here/bug/fuzz_planted" -DLL_PLANTED=1u || { cat "$here/clang.log"; exit 1; }
build "$here/no_bug/fuzz_planted" -DLL_PLANTED=0u || { cat "$here/clang.log"; exit 1; }

said=$(LL_FUZZ_FLAGS="-seed=1 -runs=3000000" tools/fuzz.sh run libfuzzer 60 "$here/bug/fuzz_planted")
[ $? -eq 1 ] || wrong "the bug was not found, or the exit status does not tell"
grep -q "AddressSanitizer: heap-buffer-overflow" <<<"$said" || wrong "the report does not name the bug"
grep -q "^1 targets, [0-9]* executions, 1 crashes kept, 1 targets failed$" <<<"$said" || wrong "the sums are wrong"
again=$(sed -n 's/^ *again: //p' <<<"$said" | head -n 1)
[ -n "$again" ] || wrong "no command to see it again"
$again >/dev/null 2>&1 && wrong "the command that is printed does not fail"

said=$(LL_FUZZ_FLAGS="-seed=1 -runs=20000" tools/fuzz.sh run libfuzzer 60 "$here/no_bug/fuzz_planted") ||
    wrong "a target without a bug fails"
grep -q "20000 executions, 0 crashes kept, 0 targets failed$" <<<"$said" ||
    wrong "the sums without a bug are wrong: $said"
[ $failed -eq 0 ] && echo "the planted bug was found"
exit $failed
