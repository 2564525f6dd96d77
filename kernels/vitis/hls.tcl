# SPDX-License-Identifier: Apache-2.0
#
# One top through Vitis HLS. What to do comes in the environment, from tools/vitis.sh:
#   LL_ROOT source tree   LL_TOP book, life or gateway   LL_STEP csim, csynth or cosim
#   LL_PART the card's part   LL_CLOCK_NS   LL_HOT_LINES
# The work is done in the current directory. An unknown pragma is an error.

set root $::env(LL_ROOT)
set top $::env(LL_TOP)
set step $::env(LL_STEP)
set names [dict create book ll_book_top life ll_life_top gateway ll_gateway_kernel]
set flags "-std=c11 -I$root -DLL_HOT_LINES=$::env(LL_HOT_LINES)"

open_project -reset prj_$top
set_top [dict get $names $top]
add_files $root/kernels/vitis/ll_${top}_top.c -cflags $flags
add_files -tb $root/kernels/vitis/tb_$top.c -cflags "$flags -Wno-unknown-pragmas"
open_solution -reset -flow_target vitis solution
set_part $::env(LL_PART)
create_clock -period $::env(LL_CLOCK_NS)
config_compile -pragma_strict_mode=true

if {$step eq "csim"} {
    csim_design
} else {
    csynth_design
    if {$step eq "cosim"} {
        cosim_design
    }
}
exit
