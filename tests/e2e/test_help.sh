#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: `make help` and README.md name only targets that exist. Method: every `make word` in them is asked of make -n.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
targets=$({ env -u MAKEFLAGS make -s help; cat README.md docs/building.md; } | grep -oE '\bmake [a-z][a-z_.-]*\b' |
    cut -d ' ' -f 2 | sort -u)
[ "$(wc -w <<<"$targets")" -ge 10 ] || { echo "too few targets found: $targets"; failed=1; }
for target in $targets; do
    grep -qE "^(\.PHONY:.*|)\b$target\b[^=]*(:|$)" Makefile kernels/vitis/vitis.mk ||
        { echo "there is no target '$target'"; failed=1; }
done
exit $failed
