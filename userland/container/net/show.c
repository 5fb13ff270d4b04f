// SPDX-License-Identifier: GPL-2.0-only
/* net_show(): for cell list and cell explain. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store.h"

static void add(char *text, size_t size, const char *separator, const char *more)
{
	size_t used = strlen(text);

	if (used < size)
		snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

int net_show(const char *root, const char *id, char *text, size_t size, struct error *err)
{
	__attribute__((cleanup(store_close))) struct store store;
	char piece[128], address[NET_ADDRESS_TEXT];
	const char *separator = "; ";
	int ret = store_open(&store, root, false, err);

	text[0] = '\0';
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	for (size_t i = 0; i < store.ledger.member_count; i++) {
		const struct ledger_member *m = &store.ledger.members[i];

		if (strcmp(m->id, id) != 0)
			continue;
		snprintf(piece, sizeof(piece), "%s %s", m->network,
			 net_write_address(m->address, address));
		add(text, size, ", ", piece);
	}
	for (size_t i = 0; i < store.ledger.port_count; i++) {
		const struct ledger_port *p = &store.ledger.ports[i];

		if (strcmp(p->id, id) != 0)
			continue;
		snprintf(piece, sizeof(piece), "%s:%u->%u/%s",
			 net_write_address(p->port.outside, address), p->port.outside_port,
			 p->port.inside_port, net_protocol_name(p->port.protocol));
		add(text, size, separator, piece);
		separator = ", ";
	}
	return 0;
}
