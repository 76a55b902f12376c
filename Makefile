# nmt: build, test, install. `make help` lists the targets.
#
# One library (all of src/ but cli/main.c) is linked by the program, the tests and the fuzzers alike. Each configuration has its own
# objects in build/<config>/; `make test CONFIG=asan` runs the tests in one of them:
#
#   release      what is installed                 asan         address and undefined-behaviour sanitizers
#   no-onednn    OpenBLAS alone                    tsan         thread sanitizer
#   clang        the other compiler                fuzz         the library under the fuzzers
#   mpi          several processes (or MPI=1)      arm64        for another processor (scripts/setup --arm64; tests/cli/portable.t)
#   shared       the library for other programs (make library)
#   deb          program and library of the Debian packages (make deb)
#   double, clang-double, asan-double              every number a double, for the gradient checks of the three beside it
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS, PREFIX, LIBDIR and DESTDIR are yours.

CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
CLANG ?= clang
CLANG_FORMAT ?= clang-format
OBJCOPY ?= objcopy

CONFIG ?= release
BUILD = build/$(CONFIG)
SANITIZE = -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
FLAGS_double = -DNMT_DOUBLE
FLAGS_asan = $(SANITIZE) -fsanitize=address,undefined
FLAGS_asan-double = $(FLAGS_asan) -DNMT_DOUBLE
FLAGS_clang-double = -DNMT_DOUBLE
FLAGS_tsan = $(SANITIZE) -fsanitize=thread
FLAGS_shared = -fPIC -fvisibility=hidden
FLAGS_deb = $(FLAGS_shared)
FLAGS_fuzz = $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined
FLAGS = $(FLAGS_$(CONFIG))
COMPILER = $(if $(filter clang clang-double tsan fuzz,$(CONFIG)),$(CLANG),$(if $(filter arm64,$(CONFIG)),aarch64-linux-gnu-gcc,$(CC)))
# Where gradients are tested; those of no-onednn are those of release.
DOUBLE = $(if $(filter clang asan,$(CONFIG)),$(CONFIG)-double,$(if $(filter no-onednn,$(CONFIG)),,double))

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wvla $(WERROR)
BASE = -std=c11 $(WARNINGS) -fopenmp -Isrc -MMD -MP $(CPPFLAGS) $(CFLAGS) $(FLAGS)
LIBS = -ldl -lutf8proc -lz -ljson-c -lm

# oneDNN: taken where its header is found, and loaded when it is needed; ONEDNN=0 builds without it.
ONEDNN ?= $(shell printf '\043include <dnnl.h>\n' | $(COMPILER) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo 1 || echo 0)
ifeq ($(filter no-onednn double clang-double asan-double fuzz arm64,$(CONFIG)),)
ifeq ($(ONEDNN),1)
BASE += -DNMT_ONEDNN
# The program loads it when it is needed; but the leak checker of gcc 12 faults where thread-local data came that late.
ifeq ($(CONFIG),asan)
LIBS += -Wl,--no-as-needed -ldnnl
endif
endif
endif

# libmicrohttpd, for nmt serve: the same; HTTP=0 builds without it.
HTTP ?= $(shell printf '\043include <microhttpd.h>\n' | $(COMPILER) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo 1 || echo 0)
ifeq ($(HTTP),1)
BASE += -DNMT_HTTP
else
WITHOUT := $(shell grep -l MHD_ src/serve/*.c 2>/dev/null)
endif

# Several processes: MPI=1 builds with Open MPI (scripts/setup --mpi installs it).
ifneq ($(filter mpi,$(CONFIG))$(filter 1,$(MPI)),)
BASE += -DNMT_MPI $(patsubst -I%,-isystem %,$(shell mpicc --showme:compile))
LIBS += $(shell mpicc --showme:link)
endif

# Pages of src/cli/pages become arrays.
PAGES := $(wildcard src/cli/pages/*.html)

SOURCES := $(filter-out src/cli/main.c $(WITHOUT),$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o) $(PAGES:src/cli/pages/%.html=$(BUILD)/pages/%.o)
LIBRARY = $(BUILD)/libnmt.a
PROGRAM = $(BUILD)/nmt

# tests/unit: against floats; tests/gradient: against doubles; the oracle: against both.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
GRADIENT_TESTS := $(patsubst tests/gradient/%.c,$(BUILD)/gradient/%,$(wildcard tests/gradient/test_*.c)) $(BUILD)/tests/test_oracle
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

all: nmt

nmt: $(PROGRAM) ## builds the program ./nmt (the default)
	@cp -f $(PROGRAM) nmt.new && mv -f nmt.new nmt

$(PROGRAM): $(BUILD)/cli/main.o $(LIBRARY)
	$(COMPILER) $(BASE) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

# Elementwise maths alone is compiled with -ffast-math (src/math/vec.h).
$(BUILD)/math/vec.o: BASE += -O3 -ffast-math -fno-math-errno

# Loops that become vector code without other rounding than written, but for fused multiply-add.
$(BUILD)/math/direct.o $(BUILD)/math/stored.o: BASE += -O3 -ffp-contract=fast

# The library for other programs: libnmt.so.0, and libnmt.a as one object in which only nmt.h's names can be seen. The former is not
# unloaded before the threads have ended that have used it: they call it then (math/openblas).
PUBLIC = $(BUILD)/public
PUBLIC_LIBS = $(filter-out -ljson-c,$(LIBS)) $(LDLIBS)

$(PUBLIC)/libnmt.so.0: $(BUILD)/serve/nmt.o $(LIBRARY) src/serve/nmt.map
	@mkdir -p $(@D)
	$(COMPILER) $(BASE) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs,-z,nodelete -Wl,--version-script=src/serve/nmt.map -o $@ \
		$(BUILD)/serve/nmt.o $(LIBRARY) $(PUBLIC_LIBS)

$(PUBLIC)/libnmt.a: $(BUILD)/serve/nmt.o $(LIBRARY)
	@mkdir -p $(@D)
	@rm -f $@
	$(LD) -r -o $(PUBLIC)/libnmt.o $^
	$(OBJCOPY) --wildcard --keep-global-symbol='nmt_*' $(PUBLIC)/libnmt.o
	$(AR) rcs $@ $(PUBLIC)/libnmt.o

$(PUBLIC)/nmt.pc: always
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))' 'includedir=$${prefix}/include' '' 'Name: nmt' \
	    'Description: neural machine translation' 'Version: $(VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lnmt' \
	    'Libs.private: -fopenmp $(PUBLIC_LIBS)' >$@

# Stamps: what was compiled with another compiler, other flags or libraries, or names another version, is compiled again. The file VERSION
# is in archives (make dist), which have no history.
VERSION := $(shell cat VERSION 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo unversioned)
STAMP_version := $(VERSION)
STAMP_flags := $(COMPILER) $(BASE) $(LDFLAGS) $(LIBS) $(LDLIBS)
quoted = '$(subst ','\'',$(STAMP_$(1)))'
.PHONY: $(foreach stamp,version flags,$(shell printf '%s\n' $(call quoted,$(stamp)) | cmp -s - $(BUILD)/$(stamp) || echo $(BUILD)/$(stamp)))
$(BUILD)/version $(BUILD)/flags:
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(@F)) >$@

VERSIONED := $(patsubst src/%.c,$(BUILD)/%.o,$(shell grep -l NMT_VERSION src/*/*.c))
$(VERSIONED): BASE += -DNMT_VERSION='"$(VERSION)"'
$(VERSIONED): $(BUILD)/version

$(BUILD)/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILER) $(BASE) -c -o $@ $<

$(BUILD)/pages/%.c: src/cli/pages/%.html
	@mkdir -p $(@D)
	@{ echo '#include "cli/pages.h"'; echo 'const unsigned char page_$*[] = {'; \
	od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g'; echo '0 };'; } >$@

$(BUILD)/pages/%.o: $(BUILD)/pages/%.c $(BUILD)/flags
	$(COMPILER) $(BASE) -c -o $@ $<

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILER) $(BASE) $(LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LIBS) $(LDLIBS)

$(BUILD)/gradient/%: tests/gradient/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(COMPILER) $(BASE) $(LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LIBS) $(LDLIBS)

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(LIBRARY)
	$(COMPILER) $(BASE) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS) $(LDLIBS)

unit-tests: $(UNIT_TESTS)
gradient-tests: $(GRADIENT_TESTS)
fuzzers: $(FUZZERS:%=$(BUILD)/fuzz_%)

# Tests, fuzzers and checks all end with how many passed, failed and were skipped, and why (tests/run).
IN = NMT=$(CURDIR)/$(PROGRAM) BUILD=$(BUILD)

test: ## builds and runs all tests; CONFIG=asan, clang or no-onednn: in that configuration
	@scripts/setup --test
	@$(MAKE) --no-print-directory $(if $(filter release,$(CONFIG)),nmt,$(PROGRAM)) unit-tests
	@$(if $(DOUBLE),$(MAKE) --no-print-directory CONFIG=$(DOUBLE) gradient-tests)
	@$(IN) tests/run $(UNIT_TESTS) $(if $(DOUBLE),$(GRADIENT_TESTS:$(BUILD)/%=build/$(DOUBLE)/%)) $(wildcard tests/cli/*.t)

check-asan: ## the same tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory CONFIG=asan test

check-tsan: ## training and translation under the thread sanitizer (clang)
	@scripts/setup --test
	@$(MAKE) --no-print-directory CONFIG=tsan build/tsan/nmt
	@NMT=$(CURDIR)/build/tsan/nmt tests/run tests/faults/races.t

check-faults: nmt ## kill -9, full disks, little memory, closed streams, two trainings of one model: two minutes
	@$(IN) tests/run tests/faults/run

fuzz: ## FUZZ_SECONDS=60 of each fuzzer, under the sanitizers (clang); fuzz-NAME: of one
	@scripts/setup --test
	@$(MAKE) --no-print-directory nmt
	@$(MAKE) --no-print-directory CONFIG=fuzz fuzzers
	@$(IN) VIA=tests/fuzz/run tests/run $(FUZZERS:%=build/fuzz/fuzz_%)

$(FUZZERS:%=fuzz-%): fuzz-%: nmt
	@$(MAKE) --no-print-directory CONFIG=fuzz build/fuzz/fuzz_$*
	@$(IN) VIA=tests/fuzz/run tests/run build/fuzz/fuzz_$*

lint: ## warnings of both compilers, layout, includes, sizes of files and functions
	@scripts/lint

format: ## lays out all C files as .clang-format says
	$(CLANG_FORMAT) -i src/*/*.[ch] tests/*.h tests/*/*.[ch]

demo: ## installs what is missing, builds, trains on data/ and translates: two minutes
	@scripts/demo

# The options in the manual page are those that the program prints.
$(BUILD)/nmt.1: scripts/nmt.1.in scripts/make-man $(PROGRAM)
	scripts/make-man $(PROGRAM) >$@

$(BUILD)/nmt-%.1: scripts/nmt.1.in scripts/make-man $(PROGRAM)
	scripts/make-man $(PROGRAM) $* >$@

$(BUILD)/nmt.%: scripts/make-completion $(PROGRAM)
	scripts/make-completion $(PROGRAM) $* >$@

COMMANDS := $(sort $(patsubst src/cli/cmd_%.c,%,$(wildcard src/cli/cmd_*.c)))
MANUAL = $(BUILD)/nmt.1 $(COMMANDS:%=$(BUILD)/nmt-%.1)
SHARE = $(DESTDIR)$(PREFIX)/share
BASH_COMPLETION = $(SHARE)/bash-completion/completions/nmt
ZSH_COMPLETION = $(SHARE)/zsh/site-functions/_nmt
UNIT = $(DESTDIR)$(PREFIX)/lib/systemd/system/nmt.service

LIB = $(DESTDIR)$(LIBDIR)
INCLUDE = $(DESTDIR)$(PREFIX)/include

# The configuration of the library.
SHARED = $(if $(filter deb,$(CONFIG)),deb,shared)

library: ## builds libnmt.so.0, libnmt.a and nmt.pc in build/shared/public
	@$(MAKE) --no-print-directory CONFIG=$(SHARED) $(patsubst %,build/$(SHARED)/public/%,libnmt.so.0 libnmt.a nmt.pc)

install: $(if $(filter release,$(CONFIG)),nmt,$(PROGRAM)) library $(MANUAL) $(BUILD)/nmt.bash $(BUILD)/nmt.zsh ## PREFIX=/usr/local DESTDIR=: program, library, man pages, completion for bash and zsh, a unit for systemd
	install -d $(LIB)/pkgconfig $(INCLUDE)
	install -m 644 src/serve/nmt.h $(INCLUDE)/nmt.h
	install -m 755 build/$(SHARED)/public/libnmt.so.0 $(LIB)/libnmt.so.0
	ln -sf libnmt.so.0 $(LIB)/libnmt.so
	install -m 644 build/$(SHARED)/public/libnmt.a $(LIB)/libnmt.a
	install -m 644 build/$(SHARED)/public/nmt.pc $(LIB)/pkgconfig/nmt.pc
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(dir $(BASH_COMPLETION) $(ZSH_COMPLETION))
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/nmt
	install -m 644 $(MANUAL) $(SHARE)/man/man1
	install -m 644 $(BUILD)/nmt.bash $(BASH_COMPLETION)
	install -m 644 $(BUILD)/nmt.zsh $(ZSH_COMPLETION)
	install -d $(dir $(UNIT))
	sed 's|/usr/local|$(PREFIX)|' scripts/nmt.service >$(UNIT)
	chmod 644 $(UNIT)

uninstall: ## removes what install put there
	rm -f $(LIB)/libnmt.so.0 $(LIB)/libnmt.so $(LIB)/libnmt.a $(LIB)/pkgconfig/nmt.pc $(INCLUDE)/nmt.h
	rm -f $(UNIT) $(DESTDIR)$(PREFIX)/bin/nmt $(MANUAL:$(BUILD)/%=$(SHARE)/man/man1/%) $(BASH_COMPLETION) $(ZSH_COMPLETION)

# The archive of the last commit: the same bytes whoever makes it.
DIST = build

dist: ## writes build/nmt-VERSION.tar.gz: the last commit, with its version
	@scripts/make-dist $(DIST)

# Debian packages, by debhelper.
DEB = build/packages

deb: ## builds the Debian packages nmt, libnmt0 and libnmt-dev in build/packages (scripts/setup --deb installs what that needs)
	@scripts/make-deb $(DEB) $(VERSION)

-include $(shell find build -name '*.d' 2>/dev/null)

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' Makefile | while read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

clean: ## removes everything that was built
	rm -rf build nmt

.PHONY: all always nmt library dist deb help clean unit-tests gradient-tests fuzzers test check-asan check-tsan check-faults fuzz lint format demo install uninstall \
	$(FUZZERS:%=fuzz-%)
.DELETE_ON_ERROR:
