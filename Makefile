# SPDX-License-Identifier: GPL-2.0
# The front door. `make help` says what there is; every target does its own
# prerequisites. Programs land in build/bin, reports and pictures in build/.

KERNEL ?= 6.12
KERNELS := 6.1 6.12 7.3
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

B := $(CURDIR)/build
export KERNEL
ENTER := coursevm/enter --kernel
# For what compiles; one such make at a time.
JOBS := -j$(shell nproc)
# Benches that run on this host; the others run in the course VM.
HOST_BENCHES := servers container container_pull
BENCHES := $(patsubst tests/bench/%/bench.py,%,$(wildcard tests/bench/*/bench.py))
# Inside the root file system the tree is at /virtlab.
IN := /virtlab/build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  KERNEL=$(KERNEL): also 6.1, 7.3, debug (KASAN, lockdep, kmemleak).  LAB=02: a lab's number or name."

.PHONY: setup
setup: ## install what the rest needs (apt; needs root or sudo the first time)
	@scripts/setup

# --- what we build ---

.PHONY: image
image: setup ## the course VM's root file system and kernel, cached
	@coursevm/image --kernel $(KERNEL) --path

.PHONY: modules
modules: modules-$(KERNEL) ## the kernel modules for KERNEL, in build/kernel/KERNEL

# Kbuild writes beside the sources, so each kernel gets a copy of them.
modules-%: setup
	@mkdir -p $(B)/kernel/$*
	@cp -pru Kbuild kmod $(B)/kernel/$*/
	@release=$$(coursevm/image --kernel $* --release) && \
	 $(ENTER) $* -- $(MAKE) $(JOBS) --no-print-directory -C /lib/modules/$$release/build \
		M=$(IN)/kernel/$* modules

.PHONY: modules-all
modules-all: $(KERNELS:%=modules-%) ## the modules for every kernel of Debian's

.PHONY: userland
userland: setup ## vmm, csched, vnic, cell, the servers and the guests, static, in build/bin and build/guests
	@$(ENTER) $(KERNEL) -- $(MAKE) $(JOBS) --no-print-directory -C userland O=$(IN) all

# --- what we run ---

.PHONY: vm
vm: modules userland ## a shell in the course VM, the tree at /virtlab
	@coursevm/run --kernel $(KERNEL) --timeout 0 --interactive

.PHONY: demo
demo: modules userland ## the main job: guests under real shadow page tables, drawn
	@scripts/demo --kernel $(KERNEL) --out $(B)/demo

.PHONY: scenarios
scenarios: modules userland ## credit_sched at work: eight small stories, each drawn (2 minutes; DETERMINISTIC=1: 6)
	@coursevm/run --kernel $(KERNEL) --timeout 1800 $(if $(DETERMINISTIC),--deterministic 1) --out $(B)/scenarios \
		-- userland/ctl/scenarios/run --out /out

# --- what we test ---

.PHONY: test
test: modules modules-all userland selftests hosttools ## all tests, in the course VM too (28 minutes)
	@tests/run

.PHONY: setup-all
setup-all:
	@scripts/setup slow

.PHONY: test-all
test-all: setup-all modules modules-all userland selftests hosttools ## ... and the slow ones, and broken cores
	@tests/run --all
	@$(MAKE) --no-print-directory -C tests/unit O=$(B) mutants

# httpd with sanitizers is built, and tested, on this host.
.PHONY: sanitized sanitized-asan sanitized-tsan
sanitized: sanitized-asan sanitized-tsan
sanitized-asan: SANITIZE := address,undefined
sanitized-tsan: SANITIZE := thread
sanitized-asan sanitized-tsan: setup
	@$(MAKE) $(JOBS) --no-print-directory -C userland O=$(B)/$@ SANITIZE=$(SANITIZE) $(B)/$@/bin/httpd
	@HTTPD=$(B)/$@/bin/httpd TSAN_OPTIONS=suppressions=$(CURDIR)/tests/e2e/servers/tsan.txt \
		/usr/bin/python3 -m pytest -p no:cacheprovider -q -ra -m "not slow" \
		--junit-xml=$(B)/reports/$@.xml tests/e2e/servers/test_httpd*.py tests/e2e/servers/test_session.py \
		tests/e2e/servers/conformance

.PHONY: unit
unit: setup ## tests of the pure parts on this host, under sanitizers (30 s)
	@$(MAKE) --no-print-directory -C tests/fuzz O=$(B) replay
	@$(MAKE) --no-print-directory -C tests/unit O=$(B) check

.PHONY: selftests
selftests: setup
	@$(ENTER) $(KERNEL) -- $(MAKE) $(JOBS) --no-print-directory -C tests/kselftest O=$(IN) all

.PHONY: peers
peers:
	@scripts/setup peers

# With this host's compiler: no VM is needed for the servers, nor for containers. Built before two stages of the
# tests would build it at the same time.
NATIVE := $(B)/native
.PHONY: hosttools
hosttools: setup
	@$(MAKE) $(JOBS) --no-print-directory -C userland O=$(NATIVE) \
		$(addprefix $(NATIVE)/bin/,httpd load directory superserver cell cell-image cell-compose)

.PHONY: native
native: hosttools peers ## the servers and cell for this host: build/native/bin
	@$(MAKE) $(JOBS) --no-print-directory -C userland/servers/experiments O=$(NATIVE) all

.PHONY: experiment
experiment: native ## ten experiments on the servers: predicted, measured, drawn (ONLY=3, ONLY=idle: one)
	@userland/servers/experiments/run $(ONLY)

.PHONY: benches
benches: setup
	@$(ENTER) $(KERNEL) -- $(MAKE) $(JOBS) --no-print-directory -C tests/bench O=$(IN) all

BENCH_NEEDS = $(if $(filter-out $(HOST_BENCHES),$(or $(BENCH),$(BENCHES))),modules userland selftests benches) \
	$(if $(filter $(HOST_BENCHES),$(or $(BENCH),$(BENCHES))),native) $(if $(filter container,$(or $(BENCH),$(BENCHES))),userland benches)
.PHONY: bench
bench: $(BENCH_NEEDS) ## measure beside others: BENCH=servers; JSON and picture in tests/bench
	@for bench in $(or $(BENCH),$(BENCHES)); do tests/bench/run $$bench --kernel $(KERNEL) || exit 1; done

.PHONY: fuzz
fuzz: setup ## search for inputs that break a parser, SECONDS=60 for each
	@$(MAKE) --no-print-directory -C tests/fuzz O=$(B) SECONDS=$(or $(SECONDS),60) run

.PHONY: grade
grade: modules userland ## grade a lab: LAB=02 [DIR=submission]; without DIR the reference
	@test -n "$(LAB)" || { echo "grade: no lab: make grade LAB=NUMBER: there are $$(ls -d labs/[0-9]* | sed 's,labs/,,' | xargs)" >&2; exit 2; }
	@labs/grade --lab "$(LAB)" $(if $(DIR),--submission "$(DIR)") --out $(B)/labs/$(LAB)

.PHONY: lint
lint: setup ## checkpatch, kernel-doc, sparse, clang-tidy, pyflakes
	@scripts/lint

# --- elsewhere ---

PREFIX ?= /usr/local

.PHONY: install
install: userland hosttools ## programs and man pages into PREFIX (/usr/local), DESTDIR respected
	install -D -t $(DESTDIR)$(PREFIX)/bin $(addprefix build/bin/,vmm csched vnic load httpd directory superserver)
	install -D -t $(DESTDIR)$(PREFIX)/bin $(addprefix $(NATIVE)/bin/,cell cell-image cell-compose)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 docs/man/*.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/virtlab kmod/*/uapi/*.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/virtlab/guests build/guests/*

.PHONY: clean
clean: ## remove build/ (the image cache stays: coursevm/image --prune)
	rm -rf $(B)
