# nmt: build, test, install. `make help` lists the targets.
#
# One library (all of src/ but cli/main.c) is linked by the program, the tests and the fuzzers alike; each configuration has its own
# objects in build/<config>/: release, double (every number a double: gradient checks), asan (address and undefined-behaviour
# sanitizers). CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS, PREFIX and DESTDIR are yours.

CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
CLANG ?= clang
PROVE ?= prove
NPM ?= npm

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wvla $(WERROR)
# oneDNN: taken where its header is found; ONEDNN=0 builds without it.
ONEDNN ?= $(shell printf '\043include <dnnl.h>\n' | $(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo 1 || echo 0)

CONFIG ?= release
BUILD = build/$(CONFIG)
FLAGS_release =
FLAGS_double = -DNMT_DOUBLE
FLAGS_asan = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS = $(FLAGS_$(CONFIG))

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
BASE = -std=c11 $(WARNINGS) -fopenmp -Isrc -MMD -MP $(CPPFLAGS) $(CFLAGS) $(FLAGS) -DNMT_VERSION='"$(VERSION)"'
LIBS = -ldl -lutf8proc -lpopt -lz -lm
ifneq ($(CONFIG),double)
ifeq ($(ONEDNN),1)
BASE += -DNMT_ONEDNN
LIBS += -ldnnl
endif
endif

SOURCES := $(filter-out src/cli/main.c,$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o)
LIBRARY = $(BUILD)/libnmt.a
PROGRAM = $(BUILD)/nmt

# tests/unit: against floats; tests/gradient: against doubles; the oracle: against both.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
GRADIENT_TESTS := $(patsubst tests/gradient/%.c,$(BUILD)/gradient/%,$(wildcard tests/gradient/test_*.c)) $(BUILD)/tests/test_oracle

all: nmt

nmt: $(PROGRAM) ## builds the program ./nmt (the default)
	@cp -f $(PROGRAM) nmt.new && mv -f nmt.new nmt

$(PROGRAM): $(BUILD)/cli/main.o $(LIBRARY)
	$(CC) $(BASE) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

# Elementwise maths alone is compiled with -ffast-math (src/math/vec.h).
$(BUILD)/math/vec.o: BASE += -O3 -ffast-math -fno-math-errno

# What names the version is compiled again when it changes.
$(BUILD)/cli/main.o $(BUILD)/cli/cmd_info.o: $(BUILD)/version
$(BUILD)/version: version-now
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -c -o $@ $<

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(BASE) $(LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LIBS) $(LDLIBS)

$(BUILD)/gradient/%: tests/gradient/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(BASE) $(LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LIBS) $(LDLIBS)

unit-tests: $(UNIT_TESTS)
gradient-tests: $(GRADIENT_TESTS)

# Test programs speak TAP to prove, as the shell scripts in tests/cli do.
TAP = OMP_WAIT_POLICY=passive CMOCKA_MESSAGE_OUTPUT=TAP NMT=$(CURDIR)/$(BUILD)/nmt BUILD=$(BUILD) $(PROVE) --exec tests/tap --jobs 2

test: ## builds and runs all tests
	@scripts/setup --test
	@$(MAKE) --no-print-directory nmt unit-tests
	@$(MAKE) --no-print-directory CONFIG=double gradient-tests
	$(TAP) $(UNIT_TESTS) $(subst build/$(CONFIG)/,build/double/,$(GRADIENT_TESTS)) $(wildcard tests/cli/*.t)

check-asan: ## the same tests under the address and undefined-behaviour sanitizers
	@scripts/setup --test
	@$(MAKE) --no-print-directory CONFIG=asan CFLAGS='-O1 -g' build/asan/nmt unit-tests
	$(MAKE) --no-print-directory CONFIG=asan run-tests

run-tests:
	ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1 $(TAP) $(UNIT_TESTS) $(wildcard tests/cli/*.t)

fuzz: ## FUZZ_SECONDS=60 of random files against the model reader, under the sanitizers (clang)
	@mkdir -p build/fuzz
	$(CLANG) -std=c11 -O1 -g -Isrc -fsanitize=fuzzer,address,undefined -o build/fuzz/gguf tests/fuzz/fuzz_gguf.c \
		src/file/*.c src/base/hash.c src/base/memory.c src/base/report.c src/base/utf8_next.c src/base/io.c src/base/io_output.c -lz -lm
	build/fuzz/gguf -max_total_time=$${FUZZ_SECONDS:-60} -close_fd_mask=2

lint: ## warnings of both compilers, includes, file sizes
	@scripts/lint

demo: ## installs what is missing, builds, trains on data/ and translates: two minutes
	@scripts/demo

install: nmt ## PREFIX=/usr/local DESTDIR=: the program and its man page
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/nmt
	install -m 644 scripts/nmt.1 $(DESTDIR)$(PREFIX)/share/man/man1/nmt.1

uninstall: ## removes what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/nmt $(DESTDIR)$(PREFIX)/share/man/man1/nmt.1

-include $(shell find build -name '*.d' 2>/dev/null)

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' Makefile | while read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

clean: ## removes everything that was built
	rm -rf build nmt

.PHONY: all nmt version-now help clean unit-tests gradient-tests test check-asan run-tests fuzz lint demo install uninstall
.DELETE_ON_ERROR:
