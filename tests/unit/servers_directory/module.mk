# SPDX-License-Identifier: GPL-2.0
# What of the directory and the superserver needs no socket.
userland-servers_directory := $(addprefix $(USERLAND)/servers/directory/,lease.c protocol.c journal.c \
	directory.c address.c) $(USERLAND)/servers/superserver/config.c $(USERLAND)/lib/error.c
cflags-servers_directory := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/servers/directory \
	-I$(USERLAND)/servers/superserver
