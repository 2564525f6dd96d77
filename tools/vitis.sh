#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds and checks the card's kernel with tools that only some machines have. kernels/vitis/vitis.mk calls it, and
# sets VITIS_VERSION, VITIS_FIRST, VITIS_LAST, BAMBU_VERSION, HOT_LINES, CLOCK_NS, CLOCK_MHZ and LINK_MEMORY.
#
#   vitis.sh xclbin TARGET PLATFORM CARD DIR     compile, check, link and package the gateway kernel
#   vitis.sh hls STEP TOP PART DIR               csim, csynth or cosim of one top (book, life, gateway)
#   vitis.sh check-xo FILE LOG_DIR               is this kernel worth some hours of linking
#   vitis.sh bambu TOP DIR                       RTL by PandA-bambu, run in Verilator and held against C
#
# Exit status: 0 done; 1 failed, or a tool is not there and the text says which; 77 no bambu, nothing was checked.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
xo_bytes_min=16384 # a kernel whose outputs are not connected is optimised away, and is smaller

fail() {
    echo "$*" >&2
    exit 1
}

# The environment of Vitis must be set up, and its version be one that fits the platforms.
need_vitis() { # tool, how it says its version
    command -v "$1" >/dev/null || fail "$1 is not on PATH. It comes with Vitis $VITIS_VERSION ($VITIS_FIRST to" \
        "$VITIS_LAST fit too): install that, then
    source <where Vitis is>/$VITIS_VERSION/settings64.sh
    source /opt/xilinx/xrt/setup.sh
and run this again. docs/hardware.md has every step."
    local found
    found=$("$1" "$2" 2>&1 | grep -oE '\bv?20[0-9]{2}\.[0-9]\b' | head -n 1 | tr -d v) || true
    [ -n "$found" ] || fail "$1 $2 does not say its version; is it the one of Vitis $VITIS_VERSION?"
    [[ ! "$found" < "$VITIS_FIRST" && ! "$found" > "$VITIS_LAST" ]] || [ -n "${VITIS_ANY:-}" ] ||
        fail "$1 is of Vitis $found; the platforms are of 2021 and 2022 and fit $VITIS_FIRST to $VITIS_LAST" \
            "(VITIS_ANY=1 tries it all the same)"
}

check_xo() { # file, directory of the logs
    [ -s "$1" ] || fail "$1: no kernel was made; read the logs in $2"
    local bytes
    bytes=$(stat -c %s "$1")
    [ "$bytes" -ge "$xo_bytes_min" ] ||
        fail "$1 has $bytes bytes, less than $xo_bytes_min: logic was optimised away; look at the utilisation report"
    if grep -rIn --include='*.log' 'II Violation' "$2" >&2; then
        fail "a loop misses its initiation interval (above); the kernel would be slower than docs/hardware.md says"
    fi
    echo "$1: $bytes bytes, every loop at its initiation interval"
}

# The card's configuration, with the link in the host's memory or, where LINK_MEMORY says so, in the card's own.
link_config() { # card
    local to from
    read -r to from <<<"${LINK_MEMORY:-HOST[0] HOST[0]}"
    sed "s/\(gm_to_device:\).*/\1$to/; s/\(gm_from_device:\).*/\1$from/" "$root/kernels/vitis/cards/$1.cfg"
}

do_xclbin() { # target, platform, card, directory
    local target=$1 platform=$2 card=$3 dir=$4 name=ll_gateway_kernel
    need_vitis v++ --version
    [ "$target" = hw ] || command -v emconfigutil >/dev/null ||
        fail "emconfigutil is not on PATH, and emulation needs it: source /opt/xilinx/xrt/setup.sh and settings64.sh"
    mkdir -p "$dir"
    cd "$dir"
    v++ -c -t "$target" --platform "$platform" -k $name -I "$root" "-DLL_HOT_LINES=$HOT_LINES" --save-temps \
        -o "$name.xo" "$root/kernels/vitis/ll_gateway_top.c"
    check_xo "$name.xo" .
    link_config "$card" >link.cfg
    v++ -l -t "$target" --platform "$platform" --config link.cfg \
        --kernel_frequency "$CLOCK_MHZ" -o "$name.link.xclbin" "$name.xo"
    v++ -p "$name.link.xclbin" -t "$target" --platform "$platform" --package.out_dir package -o lifeline.xclbin
    [ -s lifeline.xclbin ] || fail "v++ says it is done, and there is no $dir/lifeline.xclbin"
    [ "$target" = hw ] || emconfigutil --platform "$platform" --od .
    echo "$dir/lifeline.xclbin"
}

do_hls() { # step, top, part, directory
    export LL_ROOT=$root LL_STEP=$1 LL_TOP=$2 LL_PART=$3 LL_CLOCK_NS=$CLOCK_NS LL_HOT_LINES=$HOT_LINES
    if command -v vitis_hls >/dev/null || ! command -v vitis-run >/dev/null; then
        need_vitis vitis_hls -version
        local run=(vitis_hls -f)
    else
        need_vitis vitis-run --version
        local run=(vitis-run --mode hls --tcl)
    fi
    mkdir -p "$4"
    cd "$4"
    "${run[@]}" "$root/kernels/vitis/hls.tcl" 2>&1 | tee "$2-$1.log"
    [ "$1" = csim ] && return
    local report=prj_$2/solution/syn/report/csynth.rpt
    [ -s "$report" ] || fail "$4/$report is not there; read $4/$2-$1.log"
    ! grep -n 'II Violation' "$2-$1.log" "$report" || fail "a loop misses its initiation interval (above)"
    cat "$report"
}

# bambu reads one file and knows few pragmas: the ports, each of its own bundle. The rest are for Vitis.
bambu_source() { # top
    local port='^ *#pragma HLS INTERFACE mode=m_axi port=(\w+) +bundle=(\w+).*'
    gcc -E -P -std=c11 -D__SYNTHESIS__ -D__BAMBU__ "-DLL_HOT_LINES=$HOT_LINES" -I "$root" \
        "$root/kernels/vitis/ll_$1_top.c" |
        sed -nE "s/$port/#pragma HLS interface mode=m_axi port=\1 offset=direct bundle=\2/p; /^ *#pragma HLS/!p"
}

do_bambu() { # top, directory, then name:bytes of each memory
    local top=$1 dir=$2
    shift 2
    command -v bambu >/dev/null || {
        echo "SKIP: bambu is not on PATH, so no RTL was made of the $top top. PandA-bambu $BAMBU_VERSION, as its" \
            "AppImage, and Verilator make it run"
        exit 77
    }
    command -v verilator >/dev/null || fail "bambu is there and verilator is not; install verilator"
    mkdir -p "$dir"
    bambu_source "$top" >"$dir/ll_${top}_top.c"
    cd "$dir"
    bambu "ll_${top}_top.c" "--top-fname=ll_${top}_top" --std=c11 -O2 --generate-interface=INFER \
        --device-name=xcu55c-2Lfsvh2892-VVD "--clock-period=$CLOCK_NS" --simulate --simulator=VERILATOR \
        "--generate-tb=$root/kernels/vitis/tb_$top.c" "--tb-extra-gcc-options=-I$root -Wno-unknown-pragmas" \
        "${@/#/--tb-param-size=}" 2>&1 | tee "$top.log"
    grep -i 'cycles' "$top.log" || fail "bambu said no cycles; read $dir/$top.log"
}

command=${1:-}
shift || true
case $command in
xclbin) do_xclbin "$@" ;;
hls) do_hls "$@" ;;
check-xo) check_xo "$@" ;;
bambu) do_bambu "$@" ;;
*) fail "usage: tools/vitis.sh xclbin|hls|check-xo|bambu …; its first lines say more" ;;
esac
