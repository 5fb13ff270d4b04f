// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_up(): first everything is decided and written into the ledger (plan.c), then it is made. What
 * fails half way is taken away by the same code that net_down() uses (down.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "down.h"
#include "link.h"
#include "names.h"
#include "netns.h"
#include "plan.h"

/*
 * The bridge or vnic network of a network that has just come into the ledger. If its name was taken
 * in this moment by somebody else it is forgotten, so that what is theirs is not removed as ours.
 */
static int add_network(struct store *store, struct back_host *host, const char *id,
		       const char *name, struct error *err)
{
	struct ledger_network *network = ledger_network(&store->ledger, name);
	int ret = back_of(network->via)->add_network(host, network, err);

	if (ret != -EEXIST)
		return ret;
	ret = error_set(err, EAGAIN, "network: %s: another program made %s at this moment: try "
			"again", name, network->link);
	ledger_drop_member(&store->ledger, id, name);
	ledger_drop_network(&store->ledger, name);
	return ret;
}

static int start_forwarding(struct store *store, struct error *err)
{
	char before = '1';
	int ret;

	/* The ledger first: who is killed in between turned nothing on that stays. */
	ret = sysctl_read("ipv4/ip_forward", &before, err);
	if (ret || before != '0')
		return ret;
	store->ledger.forwarding_ours = true;
	ret = store_save(store, err);
	return ret ? ret : sysctl_write("ipv4/ip_forward", "1", err);
}

static int add_card(struct store *store, struct back_host *host, struct netlink *inside,
		    const struct ledger_member *member, int netns, struct error *err)
{
	const struct ledger_network *network = ledger_network(&store->ledger, member->network);
	int ret = back_of(network->via)->add_member(host, inside, network, member, netns, err);

	if (!ret)
		ret = link_add_address(inside, member->device, member->address, network->prefix,
				       err);
	return ret ? ret : link_up(inside, member->device, err);
}

static int add_cards(struct store *store, struct back_host *host, struct netlink *inside,
		     const char *id, int netns, struct error *err)
{
	const struct ledger_member *first = ledger_member(&store->ledger, id, 0), *member = first;
	int ret = 0;

	while (member && !ret) {
		ret = add_card(store, host, inside, member, netns, err);
		member = ledger_member(&store->ledger, id,
				       (size_t)(member - store->ledger.members) + 1);
	}
	return ret ? ret : link_add_default_route(
			inside, first->device,
			net_gateway(ledger_network(&store->ledger, first->network)->subnet), err);
}

static int add_ports(struct store *store, struct back_host *host, const char *id,
		     const struct net_config *config, struct error *err)
{
	const struct ledger *ledger = &store->ledger;
	const struct ledger_network *network =
		ledger_network(ledger, ledger_member(ledger, id, 0)->network);

	/* They were the last to be added. */
	return back_of(network->via)->add_ports(
		host, network, ledger->ports + ledger->port_count - config->port_count,
		config->port_count, err);
}

static int make(struct store *store, struct back_host *host, const char *id, int netns,
		const struct net_config *config, const struct plan *plan,
		struct net_result *result, struct error *err)
{
	__attribute__((cleanup(netlink_close))) struct netlink inside = { .fd = -1 };
	bool forward = false;
	int ret = 0;

	for (unsigned int i = 0; i < config->join_count; i++)
		forward |= ledger_network(&store->ledger, config->joins[i].network)->via ==
			   NET_VIA_VETH;
	if (forward)
		ret = start_forwarding(store, err);
	for (unsigned int i = 0; i < plan->new_count && !ret; i++)
		ret = add_network(store, host, id, config->joins[plan->new_joins[i]].network,
				  err);
	if (!ret)
		ret = netns_prepare(&inside, netns, true, err);
	if (!ret)
		ret = add_cards(store, host, &inside, id, netns, err);
	if (!ret && config->port_count)
		ret = add_ports(store, host, id, config, err);
	return ret ? ret : names_write(store, id, config, result, err);
}

/* Which way was taken, and why, in one line. */
static void tell(const struct store *store, const struct back_host *host, const char *id,
		 const struct net_config *config, struct net_result *result)
{
	const struct ledger_member *m = ledger_member(&store->ledger, id, 0);
	const struct ledger_network *network = ledger_network(&store->ledger, m->network);
	const char *missing = back_vnic_missing(host);
	char address[NET_ADDRESS_TEXT];
	bool fell = network->via == NET_VIA_VETH && config->joins[0].via == NET_VIA_ANY && missing;

	snprintf(result->said, sizeof(result->said), "network %s: %s by %s%s%s", network->name,
		 net_write_address(m->address, address), back_of(network->via)->name,
		 fell ? ": " : "", fell ? missing : "");
	result->address = m->address;
}

static int up_private(struct store *store, const char *id, int netns,
		      const struct net_config *config, struct net_result *result,
		      struct error *err)
{
	__attribute__((cleanup(back_close))) struct back_host host = {
		.route.fd = -1, .nft.fd = -1, .vnic = -1
	};
	struct plan plan;
	struct error why;
	int ret, left;

	ret = back_open(&host, err);
	/* Who may remove what there is not may do all that follows; who may not could undo nothing. */
	if (!ret)
		ret = link_remove(&host.route, "cell", err);
	if (!ret)
		ret = down_stale(store, &host, err);
	if (!ret)
		ret = plan_container(store, &host, id, config, &plan, err);
	/* Up to here nothing was made. */
	if (ret)
		return ret;
	ret = store_save(store, err);
	if (!ret)
		ret = make(store, &host, id, netns, config, &plan, result, err);
	if (!ret) {
		tell(store, &host, id, config, result);
		return 0;
	}
	left = down_container(store, &host, id, &why);
	if (left) {
		size_t used = strlen(err->text);

		snprintf(err->text + used, sizeof(err->text) - used,
			 "; and what was made is still there: %.150s", why.text);
	}
	return ret;
}

static int up_none(struct store *store, const char *id, int netns, const struct net_config *config,
		   struct net_result *result, struct error *err)
{
	__attribute__((cleanup(netlink_close))) struct netlink inside = { .fd = -1 };
	struct error why;
	int ret = netns_prepare(&inside, netns, false, err);

	if (!ret)
		ret = names_write(store, id, config, result, err);
	if (ret)
		names_remove(store, id, &why);
	return ret;
}

int net_up(const char *root, const char *id, int netns, const struct net_config *config,
	   struct net_result *result, struct error *err)
{
	__attribute__((cleanup(store_close))) struct store store = { .folder = -1, .lock = -1 };
	int ret;

	memset(result, 0, sizeof(*result));
	if (!net_is_id(id, strlen(id)))
		return error_set(err, EINVAL,
				 "network: %.60s: not the ID of a container: letters, digits, "
				 "_ + . - were expected", id);
	if (config->mode == NET_HOST) {
		strcpy(result->hosts, "/etc/hosts");
		strcpy(result->resolv_conf, "/etc/resolv.conf");
		return 0;
	}
	ret = store_open(&store, root, true, err);
	if (ret)
		return ret;
	if (ledger_member(&store.ledger, id, 0))
		return error_set(err, EEXIST,
				 "network: %.60s: has a network already: delete that container "
				 "first", id);
	return config->mode == NET_NONE
		       ? up_none(&store, id, netns, config, result, err)
		       : up_private(&store, id, netns, config, result, err);
}
