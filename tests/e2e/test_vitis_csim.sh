#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the tops for a card are the plain kernel, and their test benches can fail. Method: the benches of
# kernels/vitis, built by the C compiler with 16 lines on chip and with none, also under the sanitizers; each must
# pass, and must fail with --canary.
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
exit $failed
