#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the tops for a card are the plain kernel, and their test benches can fail. Method: the benches of
# kernels/vitis, built by the C compiler with 16 lines on chip and with none, also under the sanitizers; each must
# pass, and must fail with --canary. The tops are also C++14, for a tool that wants that.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
ran=0
for bench in "$LL_BIN"/kernels/vitis/tb_{book,life,gateway}{,_plain} \
    "$LL_BIN"-address-undefined/kernels/vitis/tb_{book,life,gateway}{,_plain}; do
    [ -x "$bench" ] || continue
    ran=$((ran + 1))
    "$bench" || { echo "$bench fails"; failed=1; }
    "$bench" --canary >/dev/null
    [ $? -eq 1 ] || { echo "$bench does not see its canary"; failed=1; }
done
[ $ran -ge 6 ] || { echo "only $ran test benches are built"; failed=1; }
if command -v g++ >/dev/null; then
    for top in book life gateway; do
        g++ -std=c++14 -fsyntax-only -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-unused-function -x c++ -I. \
            -D__SYNTHESIS__ -DLL_HOT_LINES=4096 "kernels/vitis/ll_${top}_top.c" || failed=1
    done
fi
exit $failed
