# SPDX-License-Identifier: GPL-2.0
# A compose file, read and planned: all but running the plan.
userland-container_compose := $(addprefix $(USERLAND)/container/,compose/arena.c compose/tree.c compose/value.c \
	compose/service.c compose/mounts.c compose/env.c compose/file.c compose/plan.c run/words.c net/words.c net/options.c schedule/words.c) \
	$(USERLAND)/lib/error.c
cflags-container_compose := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/container/compose
libs-container_compose := -lyaml
