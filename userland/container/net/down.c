// SPDX-License-Identifier: GPL-2.0-only
/* net_down(), and what up.c needs of it; see down.h. Removal goes on after a failure, and reports the first. */
#include "down.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "names.h"
#include "netns.h"

/* Keep the first failure, and its message. */
static void note(int *first, int ret, struct error *err, const struct error *its)
{
	if (!ret || *first)
		return;
	*first = ret;
	*err = *its;
}

/*
 * ip_forward was off before we came. It goes off again unless there are bridges, ours of another
 * root or others': who has one may rely on it by now.
 */
static int stop_forwarding(struct store *store, struct back_host *host, struct error *err)
{
	int bridges, ret;

	if (!store->ledger.forwarding_ours)
		return 0;
	bridges = link_bridges(&host->route, err);
	if (bridges < 0)
		return bridges;
	/*
	 * /proc/sys/net is that of the namespace the thread is in, and if leaving the container's has
	 * failed it is in that one: netlink's sockets are still the host's, this would not be.
	 */
	if (setns(store->lock, CLONE_NEWNET))
		return error_errno(err, errno, errno == EPERM ? "run as root" : NULL,
				   "network: return to the host's network namespace");
	ret = bridges ? 0 : sysctl_write("ipv4/ip_forward", "0", err);
	if (!ret)
		store->ledger.forwarding_ours = false;
	return ret;
}

static int drop_empty(struct store *store, struct back_host *host, struct error *err)
{
	struct ledger *ledger = &store->ledger;
	struct error its;
	int first = 0;

	for (size_t i = 0; i < ledger->network_count;) {
		struct ledger_network network = ledger->networks[i];
		int ret = 0;

		if (ledger_members_of(ledger, network.name)) {
			i++;
			continue;
		}
		ret = back_of(network.via)->remove_network(host, &network, &its);
		if (ret)
			i++;
		else
			ledger_drop_network(ledger, network.name);
		note(&first, ret, err, &its);
	}
	if (!first && !ledger->network_count) {
		int ret = stop_forwarding(store, host, &its);

		note(&first, ret, err, &its);
	}
	return first;
}

/* The container's ports, in the first of its networks. */
static int drop_ports(struct store *store, struct back_host *host, const char *id,
		      struct error *err)
{
	const struct ledger_member *member = ledger_member(&store->ledger, id, 0);
	const struct ledger_network *network;
	struct error its;
	int first = 0;

	if (!member)
		return 0;
	network = ledger_network(&store->ledger, member->network);
	for (size_t i = 0; i < store->ledger.port_count; i++) {
		const struct ledger_port *port = &store->ledger.ports[i];
		int ret;

		if (strcmp(port->id, id) != 0)
			continue;
		ret = back_of(network->via)->remove_port(host, network, port, &its);
		note(&first, ret, err, &its);
	}
	return first;
}

static int drop_cards(struct store *store, struct back_host *host, const char *id,
		      struct error *err)
{
	const struct ledger_member *members = store->ledger.members, *member;
	struct error its;
	int first = 0;

	for (size_t at = 0; (member = ledger_member(&store->ledger, id, at)) != NULL;
	     at = (size_t)(member - members) + 1) {
		const struct ledger_network *network =
			ledger_network(&store->ledger, member->network);
		int ret = back_of(network->via)->remove_member(host, network, member, &its);

		note(&first, ret, err, &its);
	}
	return first;
}

/* All of one container but the networks and the saving. */
static int drop_container(struct store *store, struct back_host *host, const char *id,
			  struct error *err)
{
	char networks[NET_JOINS][NET_NAME_MAX + 1];
	const struct ledger_member *member;
	struct error its;
	int first = 0;
	size_t count = 0;

	note(&first, drop_ports(store, host, id, &its), err, &its);
	note(&first, drop_cards(store, host, id, &its), err, &its);
	note(&first, names_remove(store, id, &its), err, &its);
	if (first)
		return first;
	for (size_t at = 0; (member = ledger_member(&store->ledger, id, at)) != NULL &&
	     count < NET_JOINS; at = (size_t)(member - store->ledger.members) + 1)
		memcpy(networks[count++], member->network, sizeof(networks[0]));
	ledger_drop_member(&store->ledger, id, NULL);
	/* The others need not know the name any more; that they do is no reason to fail. */
	for (size_t i = 0; i < count; i++)
		names_refresh(store, networks[i], &its);
	return 0;
}

int down_container(struct store *store, struct back_host *host, const char *id, struct error *err)
{
	struct error its;
	int first = 0;

	note(&first, drop_container(store, host, id, &its), err, &its);
	note(&first, drop_empty(store, host, &its), err, &its);
	note(&first, store_save(store, &its), err, &its);
	return first;
}

int down_stale(struct store *store, struct back_host *host, struct error *err)
{
	struct ledger *ledger = &store->ledger;

	for (size_t i = 0; i < ledger->member_count;) {
		struct ledger_member member = ledger->members[i];
		const struct ledger_network *network = ledger_network(ledger, member.network);
		int ret = back_of(network->via)->has_member(host, network, &member, err);

		if (ret > 0) {
			i++;
			continue;
		}
		if (!ret)
			ret = drop_container(store, host, member.id, err);
		if (ret)
			return ret;
		/* It may have been in several networks: what stands at i now has not been seen. */
		i = 0;
	}
	return drop_empty(store, host, err);
}

/* Is there anything of the container's, or what a removal that failed may have left? */
static bool is_needed(const struct store *store, const char *id)
{
	const struct ledger *ledger = &store->ledger;

	if (!ledger->network_count || ledger_member(ledger, id, 0) || names_kept(store, id))
		return true;
	for (size_t i = 0; i < ledger->network_count; i++)
		if (!ledger_members_of(ledger, ledger->networks[i].name))
			return true;
	/* Of who was killed while writing it, or writes it now. */
	return !faccessat(store->folder, "ledger.new", F_OK, AT_SYMLINK_NOFOLLOW);
}

int net_down(const char *root, const char *id, struct error *err)
{
	__attribute__((cleanup(store_close))) struct store store = { .folder = -1, .lock = -1 };
	__attribute__((cleanup(back_close))) struct back_host host = {
		.route.fd = -1, .nft.fd = -1, .vnic = -1
	};
	struct error its;
	int ret;

	if (!net_is_id(id, strlen(id)))
		return error_set(err, EINVAL, "network: %.60s: not the ID of a container", id);
	/* The end of one that has no network waits for nobody's. */
	ret = store_peek(&store, root, err);
	if (!ret && !is_needed(&store, id))
		return 0;
	if (!ret) {
		store_close(&store);
		ret = store_open(&store, root, false, err);
	}
	if (ret == -ENOENT)
		return 0;
	if (ret)
		return ret;
	if (!ledger_member(&store.ledger, id, 0)) {
		ret = names_remove(&store, id, err);
		if (ret || (!store.ledger.network_count && !store.ledger.forwarding_ours))
			return ret;
	}
	ret = back_open(&host, &its);
	if (ret) {
		*err = its;
		return ret;
	}
	return down_container(&store, &host, id, err);
}
