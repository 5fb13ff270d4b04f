# SPDX-License-Identifier: GPL-2.0
# The front door. `make help` says what there is; every target does its own
# prerequisites. Programs land in build/bin, reports and pictures in build/.

KERNEL ?= 6.12
KERNELS := 6.1 6.12 7.3
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

B := $(CURDIR)/build
PYTHON := /usr/bin/python3
PYTEST := $(PYTHON) -m pytest -p no:cacheprovider
ENTER := coursevm/enter --kernel
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
	 $(ENTER) $* -- $(MAKE) --no-print-directory -C /lib/modules/$$release/build \
		M=$(IN)/kernel/$* modules

.PHONY: modules-all
modules-all: $(KERNELS:%=modules-%) ## the modules for every kernel of Debian's

.PHONY: userland
userland: setup ## vmm and the guests, static, in build/bin and build/guests
	@$(ENTER) $(KERNEL) -- $(MAKE) --no-print-directory -C userland O=$(IN) all

# --- what we run ---

.PHONY: vm
vm: modules userland ## a shell in the course VM, the tree at /virtlab
	@coursevm/run --kernel $(KERNEL) --timeout 0 --interactive

.PHONY: demo
demo: modules userland ## the main job: guests under real shadow page tables, drawn
	@scripts/demo --kernel $(KERNEL) --out $(B)/demo

.PHONY: unit
unit: setup ## tests of the pure parts on this host, under sanitizers
	@$(MAKE) --no-print-directory -C tests/unit O=$(B) check

.PHONY: clean
clean: ## remove build/ (the image cache stays: coursevm/image --prune)
	rm -rf $(B)
