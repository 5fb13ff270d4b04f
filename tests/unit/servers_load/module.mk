# SPDX-License-Identifier: GPL-2.0
# What of load needs no server: the parser, the timetable, the histogram, and what people type.
userland-servers_load := $(USERLAND)/lib/error.c \
	$(addprefix $(USERLAND)/servers/load/,histogram.c schedule.c fairness.c search.c response.c \
	options.c values.c url.c request.c process.c series.c counts.c)
cflags-servers_load := -D_GNU_SOURCE -I$(USERLAND)/lib -I$(USERLAND)/servers/load
libs-servers_load := -lm
