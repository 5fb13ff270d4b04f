# SPDX-License-Identifier: GPL-2.0
# What of csched needs no module: reading what people type, and drawing what was recorded.
userland-csched := $(addprefix $(USERLAND)/ctl/,options.c values.c presets.c) $(USERLAND)/lib/error.c \
	$(filter-out %/recorder.c,$(wildcard $(USERLAND)/ctl/recording/*.c)) $(USERLAND)/ctl/groups.c \
	$(USERLAND)/ctl/device.c
cflags-csched := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/ctl -I$(KMOD)/credit_sched/uapi
libs-csched := -lm
