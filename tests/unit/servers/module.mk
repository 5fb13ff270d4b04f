# SPDX-License-Identifier: GPL-2.0
# What of the servers needs no socket: the protocol.
userland-servers := $(wildcard $(USERLAND)/servers/http/*.c)
cflags-servers := -D_GNU_SOURCE -I$(USERLAND)/servers/http
