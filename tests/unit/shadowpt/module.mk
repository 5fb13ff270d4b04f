# SPDX-License-Identifier: GPL-2.0
core-shadowpt := $(wildcard $(KMOD)/shadowpt/core/*.c)
cflags-shadowpt := -I$(KMOD)/shadowpt/uapi -I$(KMOD)/shadowpt/core
