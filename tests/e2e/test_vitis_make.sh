#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the targets of the card's kernel say what is missing, run the right commands when nothing is, and do not start
# hours of linking with a kernel that is no good. Method: make with no tools on PATH, then with those of
# tests/e2e/fake_vitis, which note how they are called.
set -u
cd "$(dirname "$0")/../.." || exit 1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export FAKE_LOG=$place/log
failed=0
plain_path=/usr/bin:/bin
fake_path=$PWD/tests/e2e/fake_vitis:$plain_path

try() { # PATH, what to make: status in $status, what it says in $place/said, commands in $FAKE_LOG
    local path=$1
    shift
    : >"$FAKE_LOG"
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL PATH="$path" make -s "VITIS_DIR=$place/vitis" \
        "HLS_CHECK_DIR=$place/bambu" "$@" >"$place/said" 2>&1
    status=$?
}

wrong() {
    echo "$*"
    sed 's/^/    | /' "$place/said" "$FAKE_LOG" | tail -n 20
    failed=1
}

says() { # words that must be said
    local words
    for words in "$@"; do
        grep -qF -- "$words" "$place/said" || wrong "not said: $words"
    done
}

ran() { # words that must stand in the commands
    local words
    for words in "$@"; do
        grep -qF -- "$words" "$FAKE_LOG" || wrong "not run: $words"
    done
}

# Without tools: what is missing, and a status that is no success.
if ! PATH=$plain_path command -v v++ >/dev/null; then
    for target in xclbin csim csynth cosim; do
        try "$plain_path" "$target"
        [ $status -ne 0 ] || wrong "make $target succeeds without Vitis"
        says "is not on PATH" "2023.1" "settings64.sh" "docs/hardware.md"
    done
fi
if ! PATH=$plain_path command -v bambu >/dev/null; then
    try "$plain_path" hls-check
    [ $status -eq 0 ] || wrong "make hls-check fails without bambu"
    says "SKIP: bambu is not on PATH"
fi

# Every card: its platform, its memories, its commands.
for card in u50:xilinx_u50_gen3x16_xdma_5_202210_1 u55c:xilinx_u55c_gen3x16_xdma_3_202210_1 \
    u250:xilinx_u250_gen3x16_xdma_4_1_202210_1 u280:xilinx_u280_gen3x16_xdma_1_202211_1; do
    try "$fake_path" xclbin "CARD=${card%%:*}"
    [ $status -eq 0 ] || wrong "make xclbin CARD=${card%%:*} fails"
    ran "v++ -c -t hw --platform ${card#*:} -k ll_gateway_kernel -I $PWD -DLL_HOT_LINES=16384" \
        "-o ll_gateway_kernel.xo $PWD/kernels/vitis/ll_gateway_top.c" \
        "v++ -l -t hw --platform ${card#*:} --config link.cfg --kernel_frequency 300" \
        "v++ -p ll_gateway_kernel.link.xclbin -t hw --platform ${card#*:} --package.out_dir package -o lifeline.xclbin"
    says "$place/vitis/hw/lifeline.xclbin"
    cmp -s "$place/vitis/hw/link.cfg" "kernels/vitis/cards/${card%%:*}.cfg" || wrong "not the card's own link.cfg"
    ! grep -q emconfigutil "$FAKE_LOG" || wrong "a kernel for hardware needs no emconfig.json"
done
try "$fake_path" xclbin PLATFORM=xilinx_u280_of_my_own TARGET=hw_emu HOT_LINES=4096
[ $status -eq 0 ] || wrong "make xclbin with a platform of one's own fails"
ran "-t hw_emu --platform xilinx_u280_of_my_own" "-DLL_HOT_LINES=4096" \
    "emconfigutil --platform xilinx_u280_of_my_own --od ."
cmp -s "$place/vitis/hw_emu/link.cfg" kernels/vitis/cards/u280.cfg || wrong "the platform's card is not the U280"
try "$fake_path" xclbin LINK=card
[ $status -eq 0 ] || wrong "make xclbin LINK=card fails"
grep -q 'gm_to_device:HBM\[29\]' "$place/vitis/hw-card/link.cfg" || wrong "LINK=card leaves the link with the host"
! grep -q HOST "$place/vitis/hw-card/link.cfg" || wrong "LINK=card leaves a part of the link with the host"

# Nothing is linked that is no good, and nothing begun with what does not fit.
FAKE_XO_BYTES=100 try "$fake_path" xclbin
[ $status -ne 0 ] || wrong "a tiny kernel is linked"
says "optimised away"
! grep -q 'v++ -l' "$FAKE_LOG" || wrong "a tiny kernel went to the linker"
rm -rf "$place/vitis"
FAKE_II=1 try "$fake_path" xclbin
[ $status -ne 0 ] || wrong "a kernel with an II violation is linked"
says "misses its initiation interval"
! grep -q 'v++ -l' "$FAKE_LOG" || wrong "a kernel with an II violation went to the linker"
rm -rf "$place/vitis"
FAKE_VERSION=2025.1 try "$fake_path" xclbin
[ $status -ne 0 ] || wrong "Vitis 2025.1 is taken"
says "2025.1" "2022.1 to 2023.2"
VITIS_ANY=1 FAKE_VERSION=2025.1 try "$fake_path" xclbin
[ $status -eq 0 ] || wrong "VITIS_ANY=1 does not try it"
try "$fake_path" xclbin CARD=u200
[ $status -ne 0 ] || wrong "an unknown card is taken"
says "u50 u55c u250 u280"
try "$fake_path" xclbin TARGET=fast
[ $status -ne 0 ] || wrong "an unknown target is taken"

# The steps of Vitis HLS.
if PATH=$plain_path command -v tclsh >/dev/null; then
    try "$fake_path" csim
    [ $status -eq 0 ] || wrong "make csim fails"
    ran "set_top ll_book_top" "set_top ll_life_top" "set_top ll_gateway_kernel" \
        "add_files $PWD/kernels/vitis/ll_gateway_top.c -cflags {-std=c11 -I$PWD -DLL_HOT_LINES=16384}" \
        "add_files -tb $PWD/kernels/vitis/tb_life.c" "open_solution -reset -flow_target vitis solution" \
        "set_part xcu55c-fsvh2892-2L-e" "create_clock -period 3.33" "config_compile -pragma_strict_mode=true" \
        "csim_design"
    ! grep -q csynth_design "$FAKE_LOG" || wrong "csim synthesises"
    try "$fake_path" cosim TOP=book CARD=u50
    [ $status -eq 0 ] || wrong "make cosim fails"
    ran csynth_design cosim_design xcu50-fsvh2104-2-e
    says "a report"
    FAKE_II=1 try "$fake_path" csynth TOP=life
    [ $status -ne 0 ] || wrong "csynth takes an II violation"
else
    echo "no tclsh: the script of Vitis HLS was not run"
fi

# What bambu is given is C, with a port for every memory, and its test bench passes.
try "$fake_path" hls-check
[ $status -eq 0 ] || wrong "make hls-check fails"
ran "--top-fname=ll_book_top" "--top-fname=ll_life_top" "--simulator=VERILATOR" "--device-name=xcu55c-2Lfsvh2892-VVD" \
    "--tb-param-size=buckets:6144" "--generate-tb=$PWD/kernels/vitis/tb_life.c"
says "tb_book: " "tb_life: " "0 different" "cycles"
for top in book life; do
    ports=$(grep -c 'mode=m_axi .*offset=slave' "kernels/vitis/ll_${top}_top.c")
    given=$(grep -c '#pragma HLS interface mode=m_axi .*offset=direct' "$place/bambu/$top/ll_${top}_top.c")
    [ "$given" = "$ports" ] ||
        wrong "bambu is not given the $ports ports of the $top top"
done
exit $failed
