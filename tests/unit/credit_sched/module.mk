# SPDX-License-Identifier: GPL-2.0
core-credit_sched := $(wildcard $(KMOD)/credit_sched/core/*.c)
cflags-credit_sched := -I$(KMOD)/credit_sched/core
