# SPDX-License-Identifier: GPL-2.0
# What of a container's configuration needs no kernel.
userland-container := $(addprefix $(USERLAND)/container/config/,$(notdir $(wildcard $(USERLAND)/container/config/*.c))) \
	$(USERLAND)/container/path/inroot.c $(USERLAND)/lib/error.c
cflags-container := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/container/config
libs-container := -ljson-c
