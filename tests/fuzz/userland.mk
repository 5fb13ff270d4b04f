# SPDX-License-Identifier: GPL-2.0-only
#
# Rules for a target that fuzzes a part of userland/. Its folder, say http, has http_fuzz.c and
# corpus/; its Makefile sets
#
#	SOURCES		files of userland/
#	FOLDERS		folders of the tree whose headers they name
#	MAX_LEN		longest input worth trying
#	LIBRARIES	-l flags, if need be
#	SEARCH		more flags of libFuzzer, if need be
#
# and includes this file.

FUZZ := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TOP := $(abspath $(FUZZ)/../..)
NAME := $(notdir $(CURDIR))
O ?= $(TOP)/build
OUT := $(O)/fuzz/$(NAME)
SECONDS ?= 60
FUZZ_CC ?= clang-14
ifeq ($(origin CC),default)
CC := gcc
endif

CFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE $(FOLDERS:%=-I$(TOP)/%) -fno-sanitize-recover=all
FILES := $(NAME)_fuzz.c \
	$(foreach s,$(SOURCES),$(or $(wildcard $(TOP)/userland/$s),$(error there is no userland/$s)))
# Everything that may be included; the build is one compiler call.
HEADERS := $(shell find $(TOP)/userland $(TOP)/kmod -name '*.h')

.PHONY: replay fuzz
replay: $(OUT)/replay
	@printf '$(NAME): '; $< corpus/*

$(OUT)/replay: $(FUZZ)/replay.c $(FILES) $(HEADERS) Makefile $(FUZZ)/userland.mk
	@mkdir -p $(@D)
	@echo "  CC      fuzz/$(NAME)/replay"
	@$(CC) $(CFLAGS) -fsanitize=address,undefined -o $@ $(FUZZ)/replay.c $(FILES) $(LIBRARIES)

# What the search finds goes to the build folder; an input worth keeping is copied to corpus/ by hand.
fuzz: $(OUT)/fuzz
	@mkdir -p $(OUT)/found
	$< -max_total_time=$(SECONDS) -max_len=$(MAX_LEN) -print_final_stats=1 $(SEARCH) $(SEARCH_TELLS) \
		-artifact_prefix=$(OUT)/ $(OUT)/found corpus

$(OUT)/fuzz: $(FILES) $(HEADERS) Makefile $(FUZZ)/userland.mk
	@mkdir -p $(@D)
	@echo "  CLANG   fuzz/$(NAME)/fuzz"
	@$(FUZZ_CC) $(CFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $(FILES) $(LIBRARIES)
