# SPDX-License-Identifier: GPL-2.0
# What of csched needs no module: reading what people type, and drawing what was recorded.
userland-csched := $(addprefix $(USERLAND)/ctl/,cpu_list.c presets.c groups.c device.c) $(USERLAND)/lib/error.c \
	$(addprefix $(USERLAND)/ctl/tool/,options.c values.c svg.c) \
	$(filter-out %/recorder.c,$(wildcard $(USERLAND)/ctl/recording/*.c))
cflags-csched := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/ctl -I$(USERLAND)/ctl/tool -I$(KMOD)/credit_sched/uapi
libs-csched := -lm
