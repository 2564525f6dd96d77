# SPDX-License-Identifier: Apache-2.0
#
# lifeline: an FPGA-offloaded, low-latency order gateway.
#
#   make help         this text
#   make run          set up what is missing, build, run the gateway on a simulated feed
#   make test         set up what is missing, build, run every test; last line: N passed, N failed, N skipped
#   make all          build the programs (build/<cc>-<mode>/)
#   make bench        measure, beside peers in the same run (minutes); bench-smoke: the same, small, checks only
#   make fuzz         run every fuzz target for FUZZ_S seconds each (clang)
#   make lint         house rules, headers compile alone, formatting, static analysis, and the canary
#   make check        lint + test
#   make deps         install the Debian packages that are missing (sudo when not root)
#   make install      to $(DESTDIR)$(PREFIX); uninstall takes it away
#   make info         compiler, flags, what was found
#   make clean        remove build/
#
# Options: V=1 shows commands · MODE=release|debug · CC=gcc|clang · SAN=address,undefined|thread ·
#          MARCH=native|x86-64-v3|… · CFLAGS= LDFLAGS= come last · SEED=n for the random tests
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

ifeq ($(origin CC),default)
CC := gcc
endif
MODE    ?= release
SAN     ?=
MARCH   ?= native
PREFIX  ?= /usr/local
DESTDIR ?=
INSTALL ?= install
FUZZ_S  ?= 20
Q       := $(if $(V),,@)

comma := ,
BUILD := build/$(notdir $(CC))-$(MODE)$(if $(SAN),-$(subst $(comma),-,$(SAN)))

# --- flags -----------------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror \
        -Wno-unknown-pragmas
OPT_release := -O3 -g
OPT_debug   := -O1 -g -DLL_SLOW_CHECKS
# DPDK's headers enter as system headers, so that our warnings stay strict for us; its -march is replaced by ours.
DPDK_CFLAGS := $(filter-out -march=%,$(patsubst -I%,-isystem %,$(shell pkg-config --cflags libdpdk 2>/dev/null)))
DPDK_LIBS   := -lrte_ethdev -lrte_mempool -lrte_mbuf -lrte_ring -lrte_eal -lrte_kvargs -lrte_hash -lrte_bus_vdev -lrte_net_ring
LL_CFLAGS   := -std=c11 -D_GNU_SOURCE -I. $(DPDK_CFLAGS) $(WARN) $(OPT_$(MODE)) -march=$(MARCH) -pthread \
               $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all -DLL_SLOW_CHECKS)
LL_LDFLAGS  := -pthread $(if $(SAN),-fsanitize=$(SAN))
LL_LIBS     := $(DPDK_LIBS) -lisal -lz -lpcap -lm
CHECK_LIBS  := $(shell pkg-config --libs check 2>/dev/null) -ljansson
BENCH_LIBS  := -lsqlite3 -lrocksdb -llmdb

# --- sources: a folder is a library, a main is a program, a test is a file -----------------------------------------------
FOLDERS  := host/base host/wire host/core host/journal dpdk host/device host/provider host/exchange host/app
MAINS    := host/app/lifeline.c host/app/lifelined.c
LIB_SRC  := $(filter-out $(MAINS),$(wildcard $(addsuffix /*.c,$(FOLDERS))))
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB      := $(BUILD)/liblifeline_all.a
PROGRAMS := $(patsubst host/app/%.c,$(BUILD)/%,$(wildcard $(MAINS)))
TEST_SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/model/*.c))
UNIT_TESTS  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAY := $(FUZZ_SRC:%.c=$(BUILD)/%)
BENCHES     := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/bench_*.c))
BENCH_SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out bench/bench_%,$(wildcard bench/*.c)))
STAMP    := $(BUILD)/flags

.PHONY: all help
all: $(PROGRAMS)
help:
	@sed -n '3,/^\.DEFAULT/{/^\.DEFAULT/d;s/^# \{0,1\}//;p}' Makefile

# --- rules -----------------------------------------------------------------------------------------------------------
# The stamp changes when the flags do, and then everything is rebuilt.
$(STAMP): FORCE
	@mkdir -p $(@D); echo '$(CC) $(LL_CFLAGS) $(CFLAGS) $(LL_LDFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
	 echo '$(CC) $(LL_CFLAGS) $(CFLAGS) $(LL_LDFLAGS) $(LDFLAGS)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $<")
	$(Q)$(CC) $(LL_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(if $(V),,@echo "  AR      $@")
	$(Q)ar rcs $@ $^

$(PROGRAMS): $(BUILD)/%: $(BUILD)/host/app/%.o $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

$(UNIT_TESTS): $(BUILD)/%: $(BUILD)/%.o $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(CHECK_LIBS) $(LDFLAGS) -o $@

# Every fuzz target also builds with any compiler, with a main that replays files, so that corpora run in `make test`.
$(FUZZ_REPLAY): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/replay_main.o $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(BENCH_SUPPORT_OBJ) $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(BENCH_LIBS) $(LDFLAGS) -o $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
