# SPDX-License-Identifier: GPL-2.0
# Limits in the words of both versions of control groups; stand_ins.c writes down what the kernel would be told.
userland-container_cgroup := $(addprefix $(USERLAND)/container/,cgroup/v1.c cgroup/v2.c cgroup/find.c config/resources.c \
	config/reader.c schedule/groups.c) $(USERLAND)/lib/error.c
cflags-container_cgroup := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/container/cgroup -I$(KMOD)/credit_sched/uapi
libs-container_cgroup := -ljson-c
