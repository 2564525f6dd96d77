# SPDX-License-Identifier: Apache-2.0
#
# The card's kernel. These targets run where the tools are, and say what is missing where they are not.
#
#   make xclbin CARD=u55c TARGET=hw      the kernel for a card (hours); TARGET=hw_emu, sw_emu
#               LINK=card                the link in the card's memory: for batch launches only
#   make csim csynth cosim TOP=book      one step of Vitis HLS for one top: book, life, gateway; all without TOP
#   make hls-check                       RTL by bambu against C in Verilator, with its cycles
#   make hls-lint                        pragmas, ports and the subset; needs clang only
#
# PLATFORM= names an installed platform that is not the pinned one; its card is read from the name.
# HOT_LINES= and CLOCK_MHZ= are build parameters, see docs/hardware.md.
include kernels/vitis/versions.mk

TARGET   ?= hw
ifdef PLATFORM
CARD     ?= $(firstword $(foreach card,$(CARDS),$(if $(findstring _$(card)_,$(PLATFORM)),$(card))))
else
CARD     ?= u55c
PLATFORM := $(PLATFORM_$(CARD))
endif
TOPS     := book life gateway
TOP      ?= $(TOPS)
LINK     ?= host
CLOCK_MHZ ?= 300
CLOCK_NS  := $(shell awk 'BEGIN { printf "%.2f", 1000 / $(CLOCK_MHZ) }')
HOT_LINES ?= $(HOT_LINES_$(CARD))
VITIS_DIR := build/vitis/$(CARD)
VITIS_RUN  = VITIS_VERSION=$(VITIS_VERSION) VITIS_FIRST=$(VITIS_FIRST) VITIS_LAST=$(VITIS_LAST) \
             BAMBU_VERSION=$(BAMBU_VERSION) HOT_LINES=$(HOT_LINES) CLOCK_NS=$(CLOCK_NS) CLOCK_MHZ=$(CLOCK_MHZ) \
             LINK_MEMORY='$(if $(filter card,$(LINK)),$(LINK_MEMORY_$(CARD)))' tools/vitis.sh

.PHONY: xclbin csim csynth cosim hls-lint hls-check _card
_card:
	@[ -n '$(filter $(CARD),$(CARDS))' ] || { echo "CARD='$(CARD)' PLATFORM='$(PLATFORM)': the cards are" \
	 "$(CARDS); CARD=… says which"; exit 1; }
	@[ -n '$(filter $(TARGET),hw hw_emu sw_emu)' ] || { echo "TARGET='$(TARGET)': hw, hw_emu or sw_emu"; exit 1; }
	@[ -n '$(filter $(LINK),host card)' ] || { echo "LINK='$(LINK)': host or card"; exit 1; }

xclbin: _card
	@$(VITIS_RUN) xclbin $(TARGET) $(PLATFORM) $(CARD) $(VITIS_DIR)/$(TARGET)$(patsubst %,-%,$(filter card,$(LINK)))

csim csynth cosim: _card
	@for top in $(TOP); do $(VITIS_RUN) hls $@ $$top $(PART_$(CARD)) $(VITIS_DIR)/hls || exit 1; done

hls-lint:
	@tools/hls_lint.py

# Bytes of each memory in the test benches, for the simulator.
BAMBU_book := control:64 buckets:6144 leaves:32768 levels:131072 inners:65536 sides:512 updates:65536 results:65536
BAMBU_life := control:64 buckets:6144 places:1024 orders:4096 asks:65536 answers:65536
HLS_CHECK_DIR := build/hls-check
hls-check: HOT_LINES := 1024
hls-check:
	@$(VITIS_RUN) bambu book $(HLS_CHECK_DIR)/book $(BAMBU_book) && \
	 $(VITIS_RUN) bambu life $(HLS_CHECK_DIR)/life $(BAMBU_life) || [ $$? = 77 ]

# The test benches by the C compiler: the top with few lines on chip, so that they are given up all the time, and the
# bench with the plain kernel. Also without any.
TB_PROGRAMS := $(foreach top,$(TOPS),$(BUILD)/kernels/vitis/tb_$(top) $(BUILD)/kernels/vitis/tb_$(top)_plain)
$(BUILD)/kernels/vitis/%.o: LL_CFLAGS += -O1
$(BUILD)/kernels/vitis/%_hot.o: kernels/vitis/%.c $(STAMP)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $< (lines on chip)")
	$(Q)$(CC) $(LL_CFLAGS) -DLL_HOT_LINES=16 $(CFLAGS) -MMD -MP -c $< -o $@
$(filter %_plain,$(TB_PROGRAMS)): $(BUILD)/kernels/vitis/tb_%_plain: $(BUILD)/kernels/vitis/tb_%.o \
    $(BUILD)/kernels/vitis/ll_%_top.o
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LDFLAGS) -o $@
$(filter-out %_plain,$(TB_PROGRAMS)): $(BUILD)/kernels/vitis/tb_%: $(BUILD)/kernels/vitis/tb_%.o \
    $(BUILD)/kernels/vitis/ll_%_top_hot.o
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LDFLAGS) -o $@
_test_build _test_build_san: $(TB_PROGRAMS)
