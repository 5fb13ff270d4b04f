# SPDX-License-Identifier: GPL-2.0
# What of vnic needs no module: what people type, what is said of a packet, and the picture.
userland-vnic_tool := $(USERLAND)/lib/error.c $(addprefix $(USERLAND)/ctl/tool/,options.c values.c svg.c) \
	$(addprefix $(USERLAND)/ctl/vnic/,addresses.c packet_words.c command_line.c settings.c sentences.c sentences6.c \
	counters.c flows.c networks.c device.c drawing.c)
cflags-vnic_tool := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/ctl/tool -I$(USERLAND)/ctl/vnic \
	-I$(KMOD)/vnic/uapi
