// SPDX-License-Identifier: GPL-2.0-only
/*
 * A private network of kmod/vnic: its cards are the containers' devices, its tables translate, and
 * nothing of it is on the host but a name. Called through back.h by up.c, down.c. See <vnic.h>.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "back.h"
#include "link.h"
#include "vnic.h"

static int failed(struct error *err, const char *what, const char *name)
{
	const char *advice = NULL;

	switch (errno) {
	case EPERM:
		advice = "run as root";
		break;
	case EBADF:
		advice = "/dev/vnic cannot be used any more: was the module unloaded?";
		break;
	case ENOTTY:
		advice = "/dev/vnic speaks another version";
		break;
	}
	return error_errno(err, errno, advice, "network: %s %s by vnic", what, name);
}

static void copy_name(char to[VNIC_NAME_MAX], const char *name)
{
	memset(to, 0, VNIC_NAME_MAX);
	memcpy(to, name, strnlen(name, VNIC_NAME_MAX - 1));
}

static int link_taken_vnic(struct back_host *host, const char *link, struct error *err)
{
	struct vnic_ioc_network args = { .number = 0 };
	unsigned int index;
	int ret;

	copy_name(args.name, link);
	if (!ioctl(host->vnic, VNIC_IOC_NETWORK, &args))
		return 1;
	if (errno != ENOENT)
		return failed(err, "look for", link);
	/* Both ways share one row of names. */
	ret = link_find(&host->route, link, &index, NULL, err);
	return ret ? ret : index > 0;
}

static int add_network(struct back_host *host, const struct ledger_network *network,
		       struct error *err)
{
	struct vnic_ioc_network args = { .subnet = htonl(network->subnet),
					 .prefix = network->prefix, .flags = VNIC_NET_JOINED };

	copy_name(args.name, network->link);
	copy_name(args.uplink, host->uplink);
	return ioctl(host->vnic, VNIC_IOC_CREATE, &args) ? failed(err, "make", network->link) : 0;
}

/* The module gone, so are its networks. If it cannot be asked for another reason they are not. */
static bool gone(const struct back_host *host)
{
	return host->vnic < 0 && (host->vnic_errno == ENOENT || host->vnic_errno == ENXIO ||
				  host->vnic_errno == ENODEV);
}

static int remove_network(struct back_host *host, const struct ledger_network *network,
			  struct error *err)
{
	struct vnic_ioc_network args = { .number = 0 };

	copy_name(args.name, network->link);
	if (gone(host) || !ioctl(host->vnic, VNIC_IOC_REMOVE, &args) || errno == ENOENT)
		return 0;
	return failed(err, "remove", network->link);
}

/* A card that is made in another namespace must not have a name that the host's have, as eth0. */
static int add_member(struct back_host *host, struct netlink *inside,
		      const struct ledger_network *network, const struct ledger_member *member,
		      int netns, struct error *err)
{
	char name[NET_LINK_MAX];
	uint8_t mac[6];
	int ret;

	back_mac(member->address, mac);
	snprintf(name, sizeof(name), "vn%08x", member->address);
	ret = link_add_card(&host->route, network->link, member->address, name, netns, mac,
			    network->mtu, err);
	return ret ? ret : link_rename(inside, name, member->device, err);
}

/* Find the member's card: 1 and *card, 0, or an errno. */
static int find_card(struct back_host *host, const struct ledger_network *network,
		     const struct ledger_member *member, struct error *err)
{
	for (uint32_t i = 0;; i++) {
		struct vnic_ioc_card card = { .number = i };

		copy_name(card.network, network->link);
		if (gone(host))
			return 0;
		if (ioctl(host->vnic, VNIC_IOC_CARD, &card))
			return errno == ENOENT ? 0 : failed(err, "look at", network->link);
		if (card.address == htonl(member->address))
			return 1;
	}
}

static int has_member(struct back_host *host, const struct ledger_network *network,
		      const struct ledger_member *member, struct error *err)
{
	return find_card(host, network, member, err);
}

/*
 * The card is in the container's namespace, where this call cannot name it, and goes with it.
 * Should that outlive the container, the network's removal frees it of all translation.
 */
static int remove_member(struct back_host *host, const struct ledger_network *network,
			 const struct ledger_member *member, struct error *err)
{
	(void)host, (void)network, (void)member, (void)err;
	return 0;
}

static void fill_forward(struct vnic_ioc_forward *args, const struct ledger_network *network,
			 const struct ledger_port *port)
{
	memset(args, 0, sizeof(*args));
	copy_name(args->network, network->link);
	args->outside = htonl(port->port.outside);
	args->outside_port = htons(port->port.outside_port);
	args->inside = htonl(port->inside);
	args->inside_port = htons(port->port.inside_port);
	args->protocol = (uint8_t)port->port.protocol;
}

static int add_ports(struct back_host *host, const struct ledger_network *network,
		     const struct ledger_port *ports, size_t count, struct error *err)
{
	struct vnic_ioc_forward args;
	char address[NET_ADDRESS_TEXT], what[64];

	for (size_t i = 0; i < count; i++) {
		fill_forward(&args, network, &ports[i]);
		if (!ioctl(host->vnic, VNIC_IOC_FORWARD, &args))
			continue;
		snprintf(what, sizeof(what), "publish %s:%u/%s of",
			 net_write_address(ports[i].port.outside, address),
			 ports[i].port.outside_port, net_protocol_name(ports[i].port.protocol));
		return failed(err, what, network->link);
	}
	return 0;
}

static int remove_port(struct back_host *host, const struct ledger_network *network,
		       const struct ledger_port *port, struct error *err)
{
	struct vnic_ioc_forward args;

	fill_forward(&args, network, port);
	if (gone(host) || !ioctl(host->vnic, VNIC_IOC_UNFORWARD, &args) || errno == ENOENT)
		return 0;
	return failed(err, "close a port of", network->link);
}

const struct back back_vnic = {
	.name = "vnic",
	.link_taken = link_taken_vnic,
	.add_network = add_network,
	.remove_network = remove_network,
	.add_member = add_member,
	.remove_member = remove_member,
	.has_member = has_member,
	.add_ports = add_ports,
	.remove_port = remove_port,
};
