# SPDX-License-Identifier: Apache-2.0
#
# lifeline: an FPGA-offloaded, low-latency order gateway.
#
#   make help         this text
#   make run          set up what is missing, build, run exchange, gateway and strategy for 20 s, check what came of it
#   make hil          the same with the kernel on a card that XRT emulates; on a machine with a card:
#                     HIL_DEVICE=xrt HIL_EMULATION= HIL_ARGS='-- --device-binary FILE.xclbin'
#   make soak         exchange, gateway and strategy for MINUTES=n at a fixed rate with faults: nothing may grow, nor
#                     be lost; SOAK_ARGS= goes to tools/soak.py
#   make test         set up what is missing, build, run every test; last line: N passed, N failed, N skipped
#   make all          build the programs (build/<cc>-<mode>/)
#   make emulation    build a card without a card: the kernel in XRT's software emulation (part of `all`)
#   make lib          build liblifeline, static and shared: what strategies link with; needs no other library
#   make sim          run SEEDS=n seeds of the simulator, from SEED=n on; --help of what it runs says more
#   make bench        measure, beside peers in the same run (minutes); bench-smoke: the same, small, checks only
#   make fuzz         run every fuzz target for TIME seconds each: ENGINE=libfuzzer (clang) or afl (AFL++)
#   make fuzz-keep    what the fuzzers found and the corpora do not reach yet goes into tests/fuzz/corpus
#   make coverage     what the corpora reach of the decoders, the sessions and the readers: lines and branches
#   make mutants      break the code, one line at a time, and see each break turn a test red; ONLY=word: some of them
#   make lint         house rules, headers compile alone, formatting, static analysis, and the canary
#   make check        lint + test
#   make canary       prove that runner and lint see what they must see
#   make xclbin       the kernel for a card: CARD=u50|u55c|u250|u280 TARGET=hw|hw_emu|sw_emu; needs Vitis
#   make csim         Vitis HLS on the tops, also csynth, cosim (TOP=book|life|gateway); hls-check: bambu and Verilator
#   make hls-lint     pragmas, ports and source of the kernel against what hardware compilers take
#   make deps         install the Debian packages that are missing (sudo when not root)
#   make install      to $(DESTDIR)$(PREFIX); uninstall takes it away
#   make info         compiler, flags, what was found
#   make clean        remove build/
#   make compile_commands.json    for editors and clang tools
#
# Options: V=1 shows commands · MODE=release|debug · CC=gcc|clang · SAN=address,undefined|thread ·
#          MARCH=native|x86-64-v3|… · CFLAGS= LDFLAGS= come last · SEED=n for the random tests ·
#          ONLY=word runs the tests whose name has it · JOBS=n · RUN_ARGS= what `make run` gives to lifeline-demo,
#          or, when it has a --feed, to lifelined alone
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
TIME    ?= 20
ENGINE  ?= libfuzzer
MINUTES ?= 10
SOAK_ARGS ?=
SEEDS   ?= 1000
SIM_ARGS ?=
JOBS    ?= $(shell nproc)
ONLY    ?=
RUN_ARGS ?=
# Made anew by each `make run`, unless RUN_ARGS resumes; another --journal or --dir in RUN_ARGS goes before it.
RUN_JOURNAL = $(BUILD)/run-journal
RUN_DEMO    = $(BUILD)/run-demo
HIL_DEVICE    ?= xrt
HIL_EMULATION ?= sw_emu
HIL_ARGS      ?=
# An emulated card takes a CPU of its own, and has to share it where there are few.
HIL_LOAD      := --clients 2 --rate 50 --house-rate 500
RUN_HIL     = $(BUILD)/run-hil
Q       := $(if $(V),,@)

comma := ,
BUILD := build/$(notdir $(CC))-$(MODE)$(if $(SAN),-$(subst $(comma),-,$(SAN)))

# --- flags -----------------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror \
        -Wno-unknown-pragmas
OPT_release := -O3 -g
OPT_debug   := -O1 -g -DLL_SLOW_CHECKS
# To count lines and branches: as written, nothing moved or joined. Warnings are for the modes that are used.
OPT_coverage := -O0 -g --coverage -Wno-error
# DPDK's headers enter as system headers, so that our warnings stay strict for us; its -march is replaced by ours.
DPDK_CFLAGS := $(filter-out -march=%,$(patsubst -I%,-isystem %,$(shell pkg-config --cflags libdpdk 2>/dev/null)))
DPDK_LIBS   := -lrte_ethdev -lrte_mempool -lrte_mbuf -lrte_ring -lrte_eal -lrte_kvargs -lrte_hash -lrte_bus_vdev \
               -lrte_net_ring
# With a sanitizer -O3 takes twice as long to compile as -O1 and runs no faster; fuzzers run long enough for -O3. There
# gcc also suspects things of code that it does not suspect of the same code alone: the build without says what is one.
OPT_SAN     := $(if $(findstring fuzzer,$(SAN)),,-O1 -Wno-error)
# gcc lays short copies out in place, where the thread sanitizer does not see them: there they stay calls.
LL_CFLAGS   := -std=c11 -D_GNU_SOURCE -I. $(DPDK_CFLAGS) $(WARN) $(OPT_$(MODE)) -march=$(MARCH) -pthread \
               $(if $(SAN),$(OPT_SAN) -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all \
               -DLL_SLOW_CHECKS) \
               $(if $(findstring thread,$(SAN)),-fno-builtin-memcpy -fno-builtin-memset)
LL_LDFLAGS  := -pthread $(if $(SAN),-fsanitize=$(SAN)) $(if $(filter coverage,$(MODE)),--coverage)
LL_LIBS     := $(DPDK_LIBS) -lbpf -lisal -lz -lpcap -lyaml -lm
CHECK_LIBS  := $(shell pkg-config --libs check 2>/dev/null) -ljansson
FUZZ_SAN    := fuzzer-no-link,address,undefined
TEST_SAN    := address,undefined
BENCH_LIBS  := -lsqlite3 -lrocksdb -llmdb

# --- sources: a folder is a library, a main is a program, a test is a file -------------------------------------------
FOLDERS  := host/base host/wire host/core host/journal dpdk host/device host/provider host/exchange host/client \
            host/app
MAINS    := host/app/lifeline.c host/app/lifelined.c host/app/lifeline_exchange.c host/app/lifeline_strategy.c \
            host/app/lifeline_device.c
# The decoder of XRT's calls is there for its fuzz target.
LIB_SRC  := $(filter-out $(MAINS) %.bpf.c,$(wildcard $(addsuffix /*.c,$(FOLDERS)))) kernels/emulation/ll_emulated_rpc.c
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB      := $(BUILD)/liblifeline_all.a
# lifeline_exchange.c is the main of lifeline-exchange.
PROGRAMS := $(addprefix $(BUILD)/,$(subst _,-,$(patsubst host/app/%.c,%,$(wildcard $(MAINS)))))
# What strategies link with: position-independent objects of their own, of which only lifeline_* can be seen.
CLIENT_SRC  := host/client/lifeline.c host/client/ll_link.c host/client/ll_door_shm.c host/wire/ll_command.c \
               host/base/ll_err.c host/base/ll_assert.c
CLIENT_OBJ  := $(CLIENT_SRC:%.c=$(BUILD)/pic/%.o)
CLIENT_LIBS := $(BUILD)/liblifeline.a $(BUILD)/liblifeline.so
EXAMPLES    := $(patsubst %.c,$(BUILD)/%,$(wildcard docs/examples/*.c))
STRATEGY := $(BUILD)/lifeline-strategy
DEVICE_PROCESS := $(BUILD)/lifeline-device
TEST_SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/model/*.c))
UNIT_TESTS  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
FUZZ_SRC    := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAY := $(FUZZ_SRC:%.c=$(BUILD)/%)
FUZZERS     := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
CANARIES    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/canary/runner/*.c))
# Executable files are tests, the others are their helpers.
E2E_HELPERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/e2e/*.c))
# The conformance suite of devices: one program, which tests/e2e/test_conformance.py runs on each.
CONFORMANCE     := $(BUILD)/tests/device/conformance
CONFORMANCE_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/device/*.c))
# The simulator: one program, and a library for the unit tests of its parts.
SIM_OBJ     := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/sim/sim.c,$(wildcard tests/sim/*.c)))
SIM_LIB     := $(BUILD)/tests/sim/libll_sim.a
SIM         := $(BUILD)/tests/sim/sim
# The steering program, for the kernel's own processor. Not part of any library: DPDK's driver loads it.
STEER         := $(BUILD)/ll_steer.bpf.o
STEER_MISSING := $(strip $(if $(shell command -v clang 2>/dev/null),,clang) \
                 $(if $(wildcard /usr/include/bpf/bpf_helpers.h),,libbpf-dev))
E2E_TESTS   := $(sort $(shell find tests/e2e -maxdepth 1 -type f -perm -u+x 2>/dev/null))
BENCHES     := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/bench_*.c))
BENCH_SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out bench/bench_%,$(wildcard bench/*.c)))
STAMP    := $(BUILD)/flags

# The card without a card: device process, xclbin, and a tree of XRT's libraries and of OpenCL's list of platforms.
EMULATION   := $(BUILD)/emulation
XRT_LIB     := $(dir $(firstword $(wildcard $(addsuffix /libxrt_swemu.so.2,/usr/lib/* /opt/xilinx/xrt/lib))))
XRT_INCLUDE := $(dir $(firstword $(wildcard $(addsuffix /xclbin.h,/usr/include/xrt /opt/xilinx/xrt/include))))
XRT_MISSING := $(strip $(if $(XRT_LIB),,libxrt1) $(if $(XRT_INCLUDE),,libxrt-dev) \
               $(if $(wildcard /usr/include/uuid/uuid.h),,uuid-dev))
EMULATION_MODEL  := $(EMULATION)/vitis/data/emulation/unified/cpu_em/generic_pcie/model/genericpciemodel
EMULATION_XCLBIN := $(EMULATION)/ll_gateway.sw_emu.xclbin
EMULATION_KERNEL := $(BUILD)/ll_gateway_kernel.so
EMULATION_DEVICE_OBJ := $(patsubst %,$(BUILD)/kernels/emulation/%.o,emulated_device ll_emulated_rpc ll_emulated_memory \
                        ll_emulated_unit)
EMULATION_KERNEL_OBJ := $(BUILD)/pic/kernels/emulation/csim_run.o $(BUILD)/pic/kernels/vitis/ll_gateway_top.o

# Packages can be missing when this file is read, and the flags above then miss libraries: targets that start with
# `deps` call make again for the rest.
SUBMAKE   = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: all lib emulation _emulation _steer help
all: $(PROGRAMS) lib _steer _emulation
lib: $(CLIENT_LIBS)
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

# The ways of a card's compiler: all of the kernel inlined into itself takes minutes under a sanitizer, and their
# results are what is wanted of them, not their speed.
$(BUILD)/tests/model/ll_hot%.o: LL_CFLAGS += -O1 -fno-inline
$(BUILD)/tests/model/ll_gateway_hot.o: LL_CFLAGS += -O1 -fno-inline

# What `git describe` says goes into one object, which alone is rebuilt when it changes.
VERSION := $(shell git describe --always --dirty --tags 2>/dev/null)
$(BUILD)/version: FORCE
	@mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@
$(BUILD)/host/app/ll_version.o: $(BUILD)/version
$(BUILD)/host/app/ll_version.o: LL_CFLAGS += $(if $(VERSION),-DLL_VERSION='"$(VERSION)"')

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(if $(V),,@echo "  AR      $@")
	$(Q)ar rcs $@ $^

.SECONDEXPANSION:
$(filter-out $(STRATEGY) $(DEVICE_PROCESS),$(PROGRAMS)): $(BUILD)/%: $(BUILD)/host/app/$$(subst -,_,$$*).o $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

# A client like any other: liblifeline, and of the rest only what host/base has. No DPDK.
$(STRATEGY): $(BUILD)/host/app/lifeline_strategy.o $(BUILD)/liblifeline.a $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ -lm $(LDFLAGS) -o $@

# OpenCL is found when it runs, and is all it needs: no DPDK here either.
$(DEVICE_PROCESS): $(BUILD)/host/app/lifeline_device.o $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ -ldl $(LDFLAGS) -o $@

$(BUILD)/pic/%.o: %.c $(STAMP)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $< (PIC)")
	$(Q)$(CC) $(LL_CFLAGS) -fPIC -fvisibility=hidden $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/pic/lifeline.o: $(CLIENT_OBJ)
	$(Q)$(LD) -r $^ -o $@ && objcopy --localize-hidden $@

$(BUILD)/liblifeline.a: $(BUILD)/pic/lifeline.o
	@rm -f $@
	$(if $(V),,@echo "  AR      $@")
	$(Q)ar rcs $@ $^

$(BUILD)/liblifeline.so: $(CLIENT_OBJ)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) -shared -Wl,-soname,liblifeline.so $(LL_LDFLAGS) $^ $(LDFLAGS) -o $@

# The kernel as the card has it, but built for this processor; where it waits, it gives the processor away.
$(EMULATION_KERNEL_OBJ): LL_CFLAGS += -include kernels/emulation/ll_link_pause.h
$(EMULATION_KERNEL): $(EMULATION_KERNEL_OBJ)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) -shared $(LL_LDFLAGS) $^ $(LDFLAGS) -o $@

$(EMULATION_MODEL): $(EMULATION_DEVICE_OBJ)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ -ldl $(LDFLAGS) -o $@

$(BUILD)/kernels/emulation/pack_xclbin.o: LL_CFLAGS += -isystem $(XRT_INCLUDE)
$(BUILD)/pack_xclbin: $(BUILD)/kernels/emulation/pack_xclbin.o
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ -luuid $(LDFLAGS) -o $@

$(EMULATION_XCLBIN): $(BUILD)/pack_xclbin $(EMULATION_KERNEL)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  PACK    $@")
	$(Q)$^ $@ $(EMULATION)/emconfig.json

# XRT looks for its libraries below XILINX_XRT, whatever the linker knows.
$(EMULATION)/xrt/lib: $(STAMP)
	@rm -rf $@ && mkdir -p $@ && ln -s $(XRT_LIB)libxrt_*.so.2 $@/
$(EMULATION)/icd: $(STAMP)
	@rm -rf $@ && mkdir -p $@ && echo $(XRT_LIB)libxilinxopencl.so.2 > $@/xilinx.icd
	@cat /etc/OpenCL/vendors/pocl.icd > $@/pocl.icd 2>/dev/null || echo libpocl.so.2 > $@/pocl.icd

ifeq ($(XRT_MISSING),)
emulation _emulation: $(EMULATION_MODEL) $(EMULATION_XCLBIN) $(EMULATION)/xrt/lib $(EMULATION)/icd
else
emulation:
	@echo "The emulation needs $(XRT_MISSING); \`make deps\` installs what is missing."; exit 1
_emulation:
	@echo "  SKIP    emulation: it needs $(XRT_MISSING); make deps"
endif

# With type information, so that bpftool shows its maps field by field.
$(STEER): dpdk/ll_steer.bpf.c $(STAMP)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  BPF     $<")
	$(Q)clang -std=gnu11 -O2 -g -target bpf -I. -I/usr/include/$(shell gcc -print-multiarch 2>/dev/null) -Wall -Wextra \
	 -Werror -MMD -MP -c $< -o $@
ifeq ($(STEER_MISSING),)
_steer: $(STEER)
else
_steer:
	@echo "  SKIP    steering program (AF_XDP): it needs $(STEER_MISSING); make deps"
endif

# Built as a reader would: against the header and the static library alone.
$(EXAMPLES): $(BUILD)/%: %.c host/client/lifeline.h $(BUILD)/liblifeline.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) -std=c11 -Ihost/client $(WARN) $(if $(SAN),-fsanitize=$(SAN)) $(CFLAGS) $< $(BUILD)/liblifeline.a \
	 $(LDFLAGS) -o $@

$(E2E_HELPERS): $(BUILD)/%: $(BUILD)/%.o $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

$(CONFORMANCE): $(CONFORMANCE_OBJ) $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

$(SIM_LIB): $(SIM_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(SIM): $(BUILD)/tests/sim/sim.o $(SIM_LIB) $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

$(UNIT_TESTS): $(BUILD)/%: $(BUILD)/%.o $(SIM_LIB) $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(CHECK_LIBS) $(LDFLAGS) -o $@

# Every fuzz target also builds with any compiler, with a main that replays files, so that corpora run in `make test`.
$(FUZZ_REPLAY): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/replay_main.o $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

# The real fuzzers, see `fuzz` below. AFL++'s compiler puts its own driver in libFuzzer's place.
$(FUZZERS): FUZZ_LDFLAGS := $(if $(findstring afl,$(CC)),-fsanitize=fuzzer)
$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(TEST_SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(subst fuzzer-no-link,fuzzer,$(LL_LDFLAGS)) $(FUZZ_LDFLAGS) $^ $(LL_LIBS) $(LDFLAGS) -o $@

$(CANARIES): $(BUILD)/%: $(BUILD)/%.o
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(CHECK_LIBS) $(LDFLAGS) -o $@

$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(BENCH_SUPPORT_OBJ) $(TEST_SUPPORT_OBJ) $(LIB)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(LL_LDFLAGS) $^ $(LL_LIBS) $(BENCH_LIBS) $(LDFLAGS) -o $@

include kernels/vitis/vitis.mk

# --- run, test, measure ----------------------------------------------------------------------------------------------
.PHONY: deps run _run hil _hil soak _soak test _test sim _sim coverage _coverage
.PHONY: _test_build _test_build_san canary lint check bench _bench bench-smoke fuzz _fuzz fuzz-keep _fuzz_keep
deps:
	@tools/deps.sh

run: deps
	+@$(SUBMAKE) _run
_run: all
ifneq ($(findstring --feed,$(RUN_ARGS)),)
	$(if $(findstring --resume,$(RUN_ARGS)),,@rm -rf $(RUN_JOURNAL))
	$(BUILD)/lifelined --journal $(RUN_JOURNAL) $(RUN_ARGS)
else
	tools/demo.py --bin $(BUILD) --dir $(RUN_DEMO) $(RUN_ARGS)
endif

hil: deps
	+@$(SUBMAKE) _hil
_hil: all $(if $(HIL_EMULATION),emulation)
	tools/demo.py --bin $(BUILD) --dir $(RUN_HIL) --device $(HIL_DEVICE) \
	 $(if $(HIL_EMULATION),--emulation $(HIL_EMULATION) $(HIL_LOAD)) $(HIL_ARGS)

soak: deps
	+@$(SUBMAKE) _soak
_soak: all
	tools/soak.py --bin $(BUILD) --minutes $(MINUTES) $(SOAK_ARGS)

# What tests/run.py runs. Unless SAN is given, unit tests and corpora run a second time under the address and undefined
# behaviour sanitizers, and the unit tests that say "threads" in a comment line of their own under the thread sanitizer.
SAN_BUILD  := $(if $(SAN),,$(BUILD)-$(subst $(comma),-,$(TEST_SAN)))
# The daemon is there in both builds too: tests/e2e/test_thread_sanitizer.py puts it under load.
UNIT_ITEMS := $(UNIT_TESTS:%=unit=%) $(FUZZ_REPLAY:%=fuzz=%)
THREADED   := $(if $(SAN),,$(patsubst %.c,$(BUILD)-thread/%,$(shell \
                grep -lE '^(/\*| \*) threads\b' tests/unit/test_*.c 2>/dev/null)))
THREAD_DAEMON := $(if $(SAN),,$(BUILD)-thread/lifelined)
TEST_ITEMS := $(UNIT_ITEMS) $(if $(SAN_BUILD),$(subst $(BUILD)/,$(SAN_BUILD)/,$(UNIT_ITEMS))) $(THREADED:%=unit=%) \
              $(BENCHES:%=bench=%) $(E2E_TESTS:%=e2e=%) e2e=tests/canary/runner.sh e2e=tests/canary/fuzz.sh \
              lint=tools/lint.py
RUN_TESTS   = LL_SEED=$(SEED) tests/run.py --bin $(BUILD) --jobs $(JOBS) --only '$(ONLY)'

test: deps
	+@$(SUBMAKE) _test
_test:
	+@$(SUBMAKE) _test_build $(if $(SAN_BUILD),&& $(SUBMAKE) SAN=$(TEST_SAN) _test_build_san) \
	 $(if $(SAN),,&& $(SUBMAKE) SAN=thread $(THREADED) $(THREAD_DAEMON)) || \
	 { echo "The build failed, so no test ran."; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
	@$(RUN_TESTS) $(TEST_ITEMS)
_test_build: $(PROGRAMS) _steer _emulation $(CONFORMANCE) $(UNIT_TESTS) $(FUZZ_REPLAY) $(BENCHES) $(CANARIES) \
             $(CLIENT_LIBS) $(EXAMPLES) $(E2E_HELPERS) $(SIM)
_test_build_san: $(UNIT_TESTS) $(FUZZ_REPLAY) _steer $(BUILD)/lifelined

lint:
	@tools/lint.py
check: lint test
canary: $(CANARIES)
	@LL_BIN=$(BUILD) tests/canary/runner.sh
	@tests/canary/fuzz.sh
	@tools/lint.py --canary

sim: deps
	+@$(SUBMAKE) _sim
_sim: $(SIM)
	$(SIM) --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)) $(SIM_ARGS)

bench: deps
	+@$(SUBMAKE) _bench
_bench: $(BENCHES)
	@CC='$(CC)' LL_CFLAGS='$(LL_CFLAGS) $(CFLAGS)' tools/bench.sh $(BENCHES)
bench-smoke: $(BENCHES)
	@$(RUN_TESTS) $(BENCHES:%=bench=%)

FUZZ_BUILD_libfuzzer := CC=clang SAN=$(FUZZ_SAN)
FUZZ_BUILD_afl       := CC=afl-clang-fast SAN=$(TEST_SAN)
FUZZ_BUILD            = $(or $(FUZZ_BUILD_$(ENGINE)),$(error ENGINE=$(ENGINE): give libfuzzer or afl))
FUZZ_CHOSEN           = $(if $(ONLY),$(foreach one,$(FUZZERS),$(if $(findstring $(ONLY),$(one)),$(one))),$(FUZZERS))
fuzz: deps
	+@tools/fuzz.sh has $(ENGINE)
	+@AFL_QUIET=1 $(SUBMAKE) $(FUZZ_BUILD) _fuzz
_fuzz: $(FUZZ_CHOSEN)
	@tools/fuzz.sh run $(ENGINE) $(TIME) $(FUZZ_CHOSEN)
fuzz-keep: deps
	+@$(SUBMAKE) $(FUZZ_BUILD_libfuzzer) _fuzz_keep
_fuzz_keep: $(FUZZ_CHOSEN)
	@tools/fuzz.sh keep $(FUZZ_CHOSEN)

coverage: deps
	+@$(SUBMAKE) MODE=coverage _coverage
_coverage: $(FUZZ_REPLAY)
	@tools/coverage.py $(BUILD) $(FUZZ_REPLAY)

.PHONY: mutants
mutants: deps
	@tools/mutants.py --jobs $(JOBS) $(ONLY)

# --- install, look, clean --------------------------------------------------------------------------------------------
.PHONY: install uninstall info clean _cflags compile_commands.json
BIN_DIR := $(DESTDIR)$(PREFIX)/bin
LIB_DIR := $(DESTDIR)$(PREFIX)/lib
INCLUDE_DIR := $(DESTDIR)$(PREFIX)/include
DOC_DIR := $(DESTDIR)$(PREFIX)/share/doc/lifeline
KERNEL_DIR := $(DESTDIR)$(PREFIX)/share/lifeline
install: all
	$(INSTALL) -d $(BIN_DIR) $(LIB_DIR) $(INCLUDE_DIR) $(DOC_DIR)/docs $(DOC_DIR)/examples $(KERNEL_DIR)/hls \
	 $(KERNEL_DIR)/kernels
	$(INSTALL) -m 755 $(PROGRAMS) $(BIN_DIR)
	$(INSTALL) -m 755 tools/demo.py $(BIN_DIR)/lifeline-demo
	$(INSTALL) -m 644 $(CLIENT_LIBS) $(LIB_DIR)
	$(INSTALL) -m 644 host/client/lifeline.h $(INCLUDE_DIR)
	$(INSTALL) -m 644 $(wildcard hls/*.h) $(KERNEL_DIR)/hls
	$(INSTALL) -m 644 kernels/ll_gateway.cl kernels/ll_gateway_args.h $(KERNEL_DIR)/kernels
	$(if $(wildcard $(STEER)),$(INSTALL) -d $(LIB_DIR)/lifeline && \
	 $(INSTALL) -m 644 $(STEER) $(LIB_DIR)/lifeline)
	$(if $(wildcard $(EMULATION_XCLBIN)),rm -rf $(LIB_DIR)/lifeline/emulation && $(INSTALL) -d $(LIB_DIR)/lifeline && \
	 cp -dR $(EMULATION) $(LIB_DIR)/lifeline/emulation)
	$(INSTALL) -m 644 README.md LICENSE $(DOC_DIR)
	$(INSTALL) -m 644 $(wildcard docs/*.md docs/*.yaml docs/*.service) $(DOC_DIR)/docs
	$(INSTALL) -m 644 $(wildcard docs/examples/*.c) $(DOC_DIR)/examples
uninstall:
	rm -f $(patsubst $(BUILD)/%,$(BIN_DIR)/%,$(PROGRAMS)) $(BIN_DIR)/lifeline-demo
	rm -f $(patsubst $(BUILD)/%,$(LIB_DIR)/%,$(CLIENT_LIBS)) $(INCLUDE_DIR)/lifeline.h
	rm -f $(LIB_DIR)/lifeline/$(notdir $(STEER))
	rm -rf $(DOC_DIR) $(KERNEL_DIR) $(LIB_DIR)/lifeline/emulation

info:
	@echo "compiler    $(CC): $(shell $(CC) --version 2>/dev/null | head -n 1)"
	@echo "build       $(BUILD)"
	@echo "flags       $(LL_CFLAGS) $(CFLAGS)"
	@echo "libraries   $(LL_LIBS) $(LDFLAGS)"
	@echo "dpdk        $(shell pkg-config --modversion libdpdk 2>/dev/null || echo missing: make deps)"
	@echo "check       $(shell pkg-config --modversion check 2>/dev/null || echo missing: make deps)"
	@echo "clang       $(shell clang --version 2>/dev/null | head -n 1)"
	@echo "cpu         $(shell sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(shell nproc) usable"
	@echo "programs    $(notdir $(PROGRAMS))"
	@echo "tests       $(words $(UNIT_TESTS)) unit, $(words $(FUZZ_SRC)) fuzz, $(words $(E2E_TESTS)) e2e"
	@echo "benchmarks  $(words $(BENCHES))"
_cflags:
	@echo '$(LL_CFLAGS) $(CFLAGS)'

compile_commands.json:
	@$(MAKE) --no-print-directory -nB V=1 _test_build | tools/compile_commands.py > $@

clean:
	rm -rf build compile_commands.json

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
