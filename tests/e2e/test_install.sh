#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: install puts programs and papers where a packager expects them, and uninstall leaves nothing. Method: both into
# an empty DESTDIR, from the build directory under test, without building anything.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ -x "$LL_BIN/lifeline" ] || [ -x "$LL_BIN/lifelined" ] || { echo "SKIP: no program is built yet"; exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failed=0
make=(env -u MAKEFLAGS -u MFLAGS make -s -o all "BUILD=$LL_BIN" "DESTDIR=$place" PREFIX=/usr)

"${make[@]}" install || { echo "make install fails"; exit 1; }
for path in bin/lifeline bin/lifelined bin/lifeline-exchange bin/lifeline-strategy bin/lifeline-device; do
    [ ! -x "$LL_BIN/${path#bin/}" ] || [ -x "$place/usr/$path" ] || { echo "$path is not installed"; failed=1; }
done
"$place/usr/bin/lifeline-demo" --help >"$place/help" || { echo "lifeline-demo does not run"; failed=1; }
rm -f "$place/help"
for path in lib/liblifeline.a lib/liblifeline.so; do
    cmp "$LL_BIN/${path#lib/}" "$place/usr/$path" || failed=1
done
cmp host/client/lifeline.h "$place/usr/include/lifeline.h" || failed=1
cmp docs/examples/strategy.c "$place/usr/share/doc/lifeline/examples/strategy.c" || failed=1
[ ! -e "$LL_BIN/ll_steer.bpf.o" ] || cmp "$LL_BIN/ll_steer.bpf.o" "$place/usr/lib/lifeline/ll_steer.bpf.o" || failed=1
for path in ll_gateway.sw_emu.xclbin emconfig.json icd/xilinx.icd xrt/lib/libxrt_core.so.2; do
    built=$LL_BIN/emulation/$path
    [ ! -e "$built" ] || cmp "$built" "$place/usr/lib/lifeline/emulation/$path" || failed=1
done
# What the kernel's OpenCL C includes is installed with it.
for path in kernels/ll_gateway.cl kernels/ll_gateway_args.h hls/ll_gateway.h hls/ll_types.h; do
    cmp "$path" "$place/usr/share/lifeline/$path" || failed=1
done
for path in README.md LICENSE docs/building.md; do
    cmp "$path" "$place/usr/share/doc/lifeline/$path" || failed=1
done
"${make[@]}" uninstall || { echo "make uninstall fails"; failed=1; }
left=$(find "$place" ! -type d)
[ -z "$left" ] || { echo "uninstall leaves: $left"; failed=1; }
exit $failed
