# SPDX-License-Identifier: GPL-2.0
# What of a container's network needs no kernel.
userland-container_net := $(addprefix $(USERLAND)/container/net/,words.c options.c ledger.c ledger_text.c pool.c \
	names.c netlink.c) $(USERLAND)/lib/error.c
cflags-container_net := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/container/net
