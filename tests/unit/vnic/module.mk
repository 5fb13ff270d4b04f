# SPDX-License-Identifier: GPL-2.0
core-vnic := $(wildcard $(KMOD)/vnic/core/*.c)
cflags-vnic := -I$(KMOD)/vnic/core
