// SPDX-License-Identifier: GPL-2.0-only
/* Deciding what a container gets, see plan.h. Which ports are free is in plan_ports.c. */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "link.h"
#include "plan_ports.h"

/* Names of networks' devices: cell0 to cell255. */
#define LINKS 256

static bool link_in_ledger(const struct ledger *ledger, const char *link)
{
	for (size_t i = 0; i < ledger->network_count; i++)
		if (!strcmp(ledger->networks[i].link, link))
			return true;
	return false;
}

static int choose_link(struct store *store, struct back_host *host, struct ledger_network *network,
		       struct error *err)
{
	for (unsigned int i = 0; i < LINKS; i++) {
		int ret;

		snprintf(network->link, sizeof(network->link), "cell%u", i);
		if (link_in_ledger(&store->ledger, network->link))
			continue;
		ret = back_of(network->via)->link_taken(host, network->link, err);
		if (ret <= 0)
			return ret;
	}
	return error_set(err, ENOSPC, "network: %s: there are %d networks already: end containers "
			 "of one", network->name, LINKS);
}

static int refuse_subnet(const struct net_join *join, const char *whose, struct error *err)
{
	char text[NET_ADDRESS_TEXT];

	return error_set(err, EADDRINUSE,
			 "--net: private:%s: subnet %s/%u is %s: choose another, or none: one that "
			 "is free is taken then", join->network,
			 net_write_address(join->subnet, text), join->prefix, whose);
}

static int choose_subnet(struct store *store, struct back_host *host, const struct net_join *join,
			 struct ledger_network *network, struct error *err)
{
	cleanup_free struct pool_taken *taken = NULL;
	size_t count = 0;
	int ret = link_taken(&host->route, &taken, &count, err);

	if (ret)
		return ret;
	network->subnet = join->subnet;
	network->prefix = join->prefix;
	if (!join->subnet) {
		network->prefix = 24;
		network->subnet = pool_subnet(&store->ledger, taken, count);
		if (!network->subnet)
			return error_set(err, ENOSPC,
					 "network: %s: no subnet of 10.89.0.0/16 is free: give one "
					 "with subnet=", join->network);
		return 0;
	}
	for (size_t i = 0; i < store->ledger.network_count; i++) {
		const struct ledger_network *n = &store->ledger.networks[i];

		if (pool_overlap(join->subnet, join->prefix, n->subnet, n->prefix))
			return refuse_subnet(join, "another network's", err);
	}
	for (size_t i = 0; i < count; i++)
		if (pool_overlap(join->subnet, join->prefix, taken[i].subnet, taken[i].prefix))
			return refuse_subnet(join, "one that the host has a route to", err);
	return 0;
}

static int choose_via(struct back_host *host, const struct net_join *join,
		      struct ledger_network *network, struct error *err)
{
	const char *missing = back_vnic_missing(host);

	network->via = join->via;
	if (join->via == NET_VIA_ANY)
		network->via = missing ? NET_VIA_VETH : NET_VIA_VNIC;
	if (join->via == NET_VIA_VNIC && missing)
		return error_set(err, ENODEV, "--net: private:%s,via=vnic: %s", join->network,
				 missing);
	return 0;
}

static int add_network(struct store *store, struct back_host *host, const struct net_join *join,
		       struct error *err)
{
	struct ledger_network network = { .mtu = join->mtu ? join->mtu : host->mtu };
	int ret;

	memcpy(network.name, join->network, sizeof(network.name));
	ret = choose_via(host, join, &network, err);
	if (!ret)
		ret = choose_link(store, host, &network, err);
	if (!ret)
		ret = choose_subnet(store, host, join, &network, err);
	if (ret)
		return ret;
	ret = ledger_add_network(&store->ledger, &network);
	return ret ? error_errno(err, -ret, NULL, "network: %s", join->network) : 0;
}

/* A network that exists has what it has. */
static int compare(const struct ledger_network *network, const struct net_join *join,
		   struct error *err)
{
	char text[NET_ADDRESS_TEXT];

	if (join->via != NET_VIA_ANY && join->via != network->via)
		return error_set(err, EEXIST, "--net: private:%s: exists, by %s: leave via= out, or "
				 "choose another name", network->name,
				 back_of(network->via)->name);
	if (join->subnet && (join->subnet != network->subnet || join->prefix != network->prefix))
		return error_set(err, EEXIST, "--net: private:%s: exists, with subnet %s/%u: leave "
				 "subnet= out, or choose another name", network->name,
				 net_write_address(network->subnet, text), network->prefix);
	if (join->mtu && join->mtu != network->mtu)
		return error_set(err, EEXIST, "--net: private:%s: exists, with mtu %u: leave mtu= "
				 "out, or choose another name", network->name, network->mtu);
	return 0;
}

static int choose_address(struct store *store, const struct ledger_network *network,
			  const struct net_join *join, uint32_t *address, struct error *err)
{
	char text[NET_ADDRESS_TEXT], subnet[NET_ADDRESS_TEXT];

	*address = join->address;
	if (!join->address) {
		*address = pool_address(&store->ledger, network);
		return *address ? 0
				: error_set(err, ENOSPC,
					    "network: %s: all addresses of %s/%u are taken: use "
					    "another network", network->name,
					    net_write_address(network->subnet, subnet),
					    network->prefix);
	}
	net_write_address(join->address, text);
	switch (pool_check(&store->ledger, network, join->address)) {
	case -EINVAL:
		return error_set(err, EADDRNOTAVAIL,
				 "--net: private:%s: ip=%s: not an address for a container of "
				 "%s/%u (the first is the gateway's)", network->name, text,
				 net_write_address(network->subnet, subnet), network->prefix);
	case -EADDRINUSE:
		return error_set(err, EADDRINUSE, "--net: private:%s: ip=%s: another container has "
				 "it", network->name, text);
	}
	return 0;
}

/* Add a name, unless it is there. */
static void add_name(char names[LEDGER_NAMES], const char *name)
{
	size_t length = strlen(name), used = strlen(names);

	if (!net_is_host_name(name, length) || used + length + 2 > LEDGER_NAMES)
		return;
	for (const char *at = names; *at;) {
		size_t one = strcspn(at, ",");

		if (one == length && !memcmp(at, name, length))
			return;
		at += one + (at[one] == ',');
	}
	snprintf(names + used, LEDGER_NAMES - used, "%s%s", used ? "," : "", name);
}

/* Host name, aliases, ID; at least one of them is a name. */
static void choose_names(const char *id, const struct net_config *config,
			 const struct net_join *join, char names[LEDGER_NAMES])
{
	char start[13];

	names[0] = '\0';
	snprintf(start, sizeof(start), "%s", id);
	add_name(names, config->host_name[0] ? config->host_name : start);
	for (unsigned int i = 0; i < join->alias_count; i++)
		add_name(names, join->aliases[i]);
	add_name(names, id);
	if (!names[0])
		add_name(names, "container");
}

static int join_one(struct store *store, struct back_host *host, const char *id,
		    const struct net_config *config, unsigned int i, struct plan *plan,
		    struct error *err)
{
	const struct net_join *join = &config->joins[i];
	const struct ledger_network *network = ledger_network(&store->ledger, join->network);
	struct ledger_member member;
	int ret;

	memset(&member, 0, sizeof(member));
	if (network) {
		ret = compare(network, join, err);
	} else {
		ret = add_network(store, host, join, err);
		network = ledger_network(&store->ledger, join->network);
		plan->new_joins[plan->new_count++] = i;
	}
	if (!ret)
		ret = choose_address(store, network, join, &member.address, err);
	if (ret)
		return ret;
	memcpy(member.network, join->network, sizeof(member.network));
	snprintf(member.id, sizeof(member.id), "%s", id);
	snprintf(member.device, sizeof(member.device), "eth%u", i);
	choose_names(id, config, join, member.names);
	ret = ledger_add_member(&store->ledger, &member);
	return ret ? error_errno(err, -ret, NULL, "network: %s", join->network) : 0;
}

int plan_container(struct store *store, struct back_host *host, const char *id,
		   const struct net_config *config, struct plan *plan, struct error *err)
{
	int ret = 0;

	plan->new_count = 0;
	for (unsigned int i = 0; i < config->join_count && !ret; i++)
		ret = join_one(store, host, id, config, i, plan, err);
	return ret ? ret : plan_ports(&store->ledger, id, config, err);
}
