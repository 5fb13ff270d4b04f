# SPDX-License-Identifier: GPL-2.0
# Of cell run what needs no kernel: the words of --sched and of the image's form.
userland-container_run := $(addprefix $(USERLAND)/container/,schedule/words.c run/options.c run/words.c run/log.c run/log_read.c net/words.c net/options.c) \
	$(USERLAND)/lib/error.c
cflags-container_run := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/container/run
