// SPDX-License-Identifier: GPL-2.0-only
/* What the ledger holds, and its changes; see ledger.h. Its text is in ledger_text.c. */
#include "ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ledger_free(struct ledger *ledger)
{
	free(ledger->networks);
	free(ledger->members);
	free(ledger->ports);
	memset(ledger, 0, sizeof(*ledger));
}

struct ledger_network *ledger_network(const struct ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->network_count; i++)
		if (!strcmp(ledger->networks[i].name, name))
			return &ledger->networks[i];
	return NULL;
}

struct ledger_member *ledger_member(const struct ledger *ledger, const char *id, size_t from)
{
	for (size_t i = from; i < ledger->member_count; i++)
		if (!strcmp(ledger->members[i].id, id))
			return &ledger->members[i];
	return NULL;
}

size_t ledger_members_of(const struct ledger *ledger, const char *network)
{
	size_t count = 0;

	for (size_t i = 0; i < ledger->member_count; i++)
		count += !strcmp(ledger->members[i].network, network);
	return count;
}

/* Make room for one more; the array doubles. */
static int grow(void **array, size_t size, size_t count, size_t most)
{
	void *more;

	if (count == most)
		return -ENOSPC;
	if (count & (count - 1))
		return 0;
	more = reallocarray(*array, count ? 2 * count : 1, size);
	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

int ledger_add_network(struct ledger *ledger, const struct ledger_network *network)
{
	int ret = grow((void **)&ledger->networks, sizeof(*network), ledger->network_count,
		       LEDGER_NETWORKS);

	if (!ret)
		ledger->networks[ledger->network_count++] = *network;
	return ret;
}

int ledger_add_member(struct ledger *ledger, const struct ledger_member *member)
{
	int ret = grow((void **)&ledger->members, sizeof(*member), ledger->member_count,
		       LEDGER_MEMBERS);

	if (!ret)
		ledger->members[ledger->member_count++] = *member;
	return ret;
}

int ledger_add_port(struct ledger *ledger, const struct ledger_port *port)
{
	int ret = grow((void **)&ledger->ports, sizeof(*port), ledger->port_count, LEDGER_PORTS);

	if (!ret)
		ledger->ports[ledger->port_count++] = *port;
	return ret;
}

/*
 * What is dropped is moved over, and the count goes down; the array keeps its size, which is at
 * least the power of two that grow() believes it has.
 */
void ledger_drop_network(struct ledger *ledger, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->network_count; i++)
		if (strcmp(ledger->networks[i].name, name) != 0)
			ledger->networks[kept++] = ledger->networks[i];
	ledger->network_count = kept;
}

void ledger_drop_member(struct ledger *ledger, const char *id, const char *network)
{
	size_t kept = 0;

	for (size_t i = 0; i < ledger->member_count; i++) {
		const struct ledger_member *m = &ledger->members[i];

		if (strcmp(m->id, id) != 0 || (network && strcmp(m->network, network) != 0))
			ledger->members[kept++] = *m;
	}
	ledger->member_count = kept;
	if (network)
		return;
	kept = 0;
	for (size_t i = 0; i < ledger->port_count; i++)
		if (strcmp(ledger->ports[i].id, id) != 0)
			ledger->ports[kept++] = ledger->ports[i];
	ledger->port_count = kept;
}

const struct ledger_port *ledger_port_taken(const struct ledger *ledger,
					    const struct net_port *port)
{
	for (size_t i = 0; i < ledger->port_count; i++) {
		const struct net_port *p = &ledger->ports[i].port;

		if (p->protocol == port->protocol && p->outside_port == port->outside_port &&
		    (!p->outside || !port->outside || p->outside == port->outside))
			return &ledger->ports[i];
	}
	return NULL;
}
