# SPDX-License-Identifier: GPL-2.0
#
# Rules for a target that fuzzes a module's pure core, built against the shim of
# the unit tests. The folder's Makefile sets
#
#	NAME	the target: $(NAME).c is here, its corpus in corpus/
#	CORE	files of kmod/
#	MORE	other files
#	INCLUDE	-I flags for all of them
#	MAX_LEN	longest input worth trying
#
# and includes this file.

FUZZ := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TOP := $(abspath $(FUZZ)/../..)
UNIT := $(TOP)/tests/unit
O ?= $(TOP)/build
OUT := $(O)/fuzz/$(notdir $(CURDIR))
SECONDS ?= 60
CC = gcc
FUZZ_CC ?= clang-14

CFLAGS = -std=gnu17 -O1 -g -fno-sanitize-recover=all -Wall -Wextra -Werror \
	 -Wno-unused-parameter -Wno-sign-compare \
	 -I$(UNIT)/shim $(INCLUDE) -include linux/compiler_types.h
SOURCES = $(NAME).c $(CORE:%=$(TOP)/kmod/%) $(MORE) $(UNIT)/shim/alloc.c
# Everything that may be included; the build is one compiler call.
HEADERS = $(shell find $(UNIT) $(TOP)/kmod -name '*.h')

replay: $(OUT)/replay
	@printf '%s: ' $(NAME); $< corpus/*

fuzz: $(OUT)/fuzz
	@mkdir -p $(OUT)/found
	$< -max_total_time=$(SECONDS) -max_len=$(MAX_LEN) -print_final_stats=1 $(SEARCH_TELLS) \
		-artifact_prefix=$(OUT)/ $(OUT)/found corpus

$(OUT)/replay: $(FUZZ)/replay.c $(SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      fuzz/$(notdir $(CURDIR))/replay"
	@$(CC) $(CFLAGS) -fsanitize=address,undefined -o $@ $(FUZZ)/replay.c $(SOURCES)

$(OUT)/fuzz: $(SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  CLANG   fuzz/$(notdir $(CURDIR))/fuzz"
	@$(FUZZ_CC) $(CFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $(SOURCES)

.PHONY: replay fuzz
