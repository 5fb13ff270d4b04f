# SPDX-License-Identifier: GPL-2.0
# What of httpd needs no connection: timers, the file cache, options, addresses, log lines, counters, sessions.
userland-servers_httpd := $(addprefix $(USERLAND)/servers/httpd/,timers.c files.c media_types.c options.c \
	listeners.c access_log.c metrics.c exchange.c queue.c session.c session_memory.c session_table.c \
	session_token.c session_secret.c session_store.c sessions.c) $(wildcard $(USERLAND)/servers/http/*.c) \
	$(USERLAND)/lib/error.c
cflags-servers_httpd := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/servers/httpd
libs-servers_httpd := -lsodium -lpthread
