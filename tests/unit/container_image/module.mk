# SPDX-License-Identifier: GPL-2.0
# What of images and their building needs neither files nor a network.
userland-container_image := $(addprefix $(USERLAND)/container/image/,base/packages.c build/containerfile.c build/statement.c \
	build/words.c build/pattern.c build/snapshot.c bundle/user.c layer/seen.c manifest.c \
	document.c digest.c reference.c) $(USERLAND)/container/path/inroot.c \
	$(USERLAND)/container/path/tree.c $(USERLAND)/ctl/tool/options.c $(USERLAND)/lib/error.c
cflags-container_image := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/ctl/tool -I$(USERLAND)/container -I$(USERLAND)/container/image
libs-container_image := -ljson-c -lnettle
