# SPDX-License-Identifier: Apache-2.0
#
# The versions and platforms that the card's build is written for. Tool and platform must fit: XDMA platforms are of
# 2021 and 2022, and not every later Vitis links them. From the vendor: the platform names (xup_vitis_network_example,
# README), the parts (platforminfo of each platform), sw_emu up to 2024.1 (UG1702), XRT's pairing with Vitis
# (its tags are called by the release). Nothing here was run.
VITIS_VERSION  := 2023.1
VITIS_FIRST    := 2022.1
VITIS_LAST     := 2023.2
XRT_VERSION    := 2.15
XRT_FIRST      := 2.13
XRT_LAST       := 2.16
BAMBU_VERSION  := 2024.10

CARDS := u50 u55c u250 u280

PLATFORM_u50  := xilinx_u50_gen3x16_xdma_5_202210_1
PLATFORM_u55c := xilinx_u55c_gen3x16_xdma_3_202210_1
PLATFORM_u250 := xilinx_u250_gen3x16_xdma_4_1_202210_1
PLATFORM_u280 := xilinx_u280_gen3x16_xdma_1_202211_1

PART_u50  := xcu50-fsvh2104-2-e
PART_u55c := xcu55c-fsvh2892-2L-e
PART_u250 := xcu250-figd2104-2L-e
PART_u280 := xcu280-fsvh2892-2L-e

# Lines of each of the three stores on chip (hls/ll_hot.h), a power of two: 8 URAM and 4 BRAM36 for each 4,096 lines of
# one store, of the 320 URAM of one SLR (docs/hardware.md has the table).
HOT_LINES_u50  := 16384
HOT_LINES_u55c := 16384
HOT_LINES_u250 := 16384
HOT_LINES_u280 := 16384

# Where the link lies when it is not in the host's memory (LINK=card): batch launches then work without host memory,
# and a resident kernel does not. To the device, from the device.
LINK_MEMORY_u50  := HBM[29] HBM[30]
LINK_MEMORY_u55c := HBM[29] HBM[30]
LINK_MEMORY_u250 := DDR[1] DDR[1]
LINK_MEMORY_u280 := HBM[29] HBM[30]
