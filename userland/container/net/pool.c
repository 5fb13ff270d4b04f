// SPDX-License-Identifier: GPL-2.0-only
/* Which subnet a network gets, which address a container. Called by up.c; see ledger.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

#define POOL		0x0a590000u /* 10.89.0.0 */
#define POOL_PREFIX	16
#define SUBNET_PREFIX	24

bool pool_overlap(uint32_t a, unsigned int a_prefix, uint32_t b, unsigned int b_prefix)
{
	uint32_t mask = net_mask(a_prefix < b_prefix ? a_prefix : b_prefix);

	return (a & mask) == (b & mask);
}

static bool subnet_free(const struct ledger *ledger, const struct pool_taken *taken, size_t count,
			uint32_t subnet)
{
	for (size_t i = 0; i < ledger->network_count; i++)
		if (pool_overlap(subnet, SUBNET_PREFIX, ledger->networks[i].subnet,
				 ledger->networks[i].prefix))
			return false;
	for (size_t i = 0; i < count; i++)
		if (pool_overlap(subnet, SUBNET_PREFIX, taken[i].subnet, taken[i].prefix))
			return false;
	return true;
}

uint32_t pool_subnet(const struct ledger *ledger, const struct pool_taken *taken, size_t count)
{
	for (uint32_t i = 0; i < 1u << (SUBNET_PREFIX - POOL_PREFIX); i++) {
		uint32_t subnet = POOL + (i << (32 - SUBNET_PREFIX));

		if (subnet_free(ledger, taken, count, subnet))
			return subnet;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

uint32_t pool_address(const struct ledger *ledger, const struct ledger_network *network)
{
	const uint32_t broadcast = network->subnet | ~net_mask(network->prefix);
	uint32_t next = net_gateway(network->subnet) + 1, *used;
	size_t count = 0;

	used = malloc((ledger->member_count + 1) * sizeof(*used));
	if (!used)
		return 0;
	for (size_t i = 0; i < ledger->member_count; i++)
		if (!strcmp(ledger->members[i].network, network->name))
			used[count++] = ledger->members[i].address;
	qsort(used, count, sizeof(*used), compare);
	for (size_t i = 0; i < count && used[i] <= next; i++)
		if (used[i] == next)
			next++;
	free(used);
	return next < broadcast ? next : 0;
}

int pool_check(const struct ledger *ledger, const struct ledger_network *network, uint32_t address)
{
	const uint32_t host = ~net_mask(network->prefix);

	if ((address & ~host) != network->subnet || (address & host) < 2 ||
	    (address & host) == host)
		return -EINVAL;
	for (size_t i = 0; i < ledger->member_count; i++)
		if (ledger->members[i].address == address &&
		    !strcmp(ledger->members[i].network, network->name))
			return -EADDRINUSE;
	return 0;
}
