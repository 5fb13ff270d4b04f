// SPDX-License-Identifier: GPL-2.0-only
/* Ports forwarded to guests: made, taken back; and what the errors of that mean. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

static struct vnic_ioc_forward ioc_of(const struct vnic_ioc_network *network,
				      const struct forward *forward)
{
	struct vnic_ioc_forward args = {
		.outside = forward->outside.address,
		.outside_port = forward->outside.port,
		.inside = forward->inside.address,
		.inside_port = forward->inside.port,
		.protocol = forward->protocol,
	};

	memcpy(args.network, network->name, sizeof(args.network));
	return args;
}

/* "tcp 192.0.2.1:8080", or "tcp 8080" if it is of the uplink's first address. */
static void describe(const struct forward *forward, char *text, size_t size)
{
	char end[END_SIZE];

	if (forward->outside.address)
		format_end(end, forward->outside.address, forward->outside.port);
	else
		snprintf(end, sizeof(end), "%u", ntohs(forward->outside.port));
	snprintf(text, size, "%s %s", protocol_name(forward->protocol), end);
}

/* --- who is in the way --- */

/* The mapping in the way: of the same outside end, or of the same inside end with another. */
static const struct vnic_flow *in_the_way(const struct flows *flows, const struct forward *forward,
					  __be32 outside)
{
	for (size_t i = 0; i < flows->count; i++) {
		const struct vnic_flow *f = &flows->at[i];

		if (!flow_is_mapping(f) || f->protocol != forward->protocol)
			continue;
		if ((f->outside == outside && f->outside_port == forward->outside.port) ||
		    (f->inside == forward->inside.address &&
		     f->inside_port == forward->inside.port))
			return f;
	}
	return NULL;
}

static void blame(const struct vnic_flow *f, const char *network, char *advice, size_t size)
{
	const char *protocol = protocol_name(f->protocol);
	char inside[END_SIZE], outside[END_SIZE], left[32];

	format_end(inside, f->inside, f->inside_port);
	format_end(outside, f->outside, f->outside_port);
	flow_left(left, sizeof(left), f);
	if (flow_is_forward(f))
		snprintf(advice, size, "%s is forwarded to %s already: vnic unforward %s %s %s",
			 outside, inside, network, protocol, outside);
	else
		snprintf(advice, size,
			 "%s has a mapping by which it is known as %s, for %s more if it is "
			 "silent: wait, or choose other ports",
			 inside, outside, left);
}

/*
 * EADDRINUSE: a mapping of this network, or of another one on the same uplink, has the outside end,
 * or the inside end has one; or else a socket of the host's.
 */
static void why_in_use(int dev, const struct vnic_ioc_network *network,
		       const struct forward *forward, char *advice, size_t size)
{
	cleanup_networks struct networks networks = { .count = 0 };
	struct link_addresses uplink;
	__be32 outside = forward->outside.address;
	struct error unused;

	link_addresses(network->uplink, &uplink);
	if (!outside && uplink.count)
		outside = uplink.at[0];
	snprintf(advice, size,
		 "a socket of the host has the port: ss -anp 'sport = :%u' shows whose",
		 ntohs(forward->outside.port));
	if (networks_read(dev, &networks, &unused))
		return;
	for (size_t i = 0; i < networks.count; i++) {
		cleanup_flows struct flows flows = { .count = 0 };
		const struct vnic_flow *f = NULL;

		if (!flows_read(dev, networks.at[i].name, "forward", &flows, &unused))
			f = in_the_way(&flows, forward, outside);
		if (!f)
			continue;
		blame(f, networks.at[i].name, advice, size);
		return;
	}
}

/* EADDRNOTAVAIL */
static void why_not_outside(const struct vnic_ioc_network *network, char *advice, size_t size)
{
	struct link_addresses uplink;
	char address[END_SIZE];
	size_t used;

	link_addresses(network->uplink, &uplink);
	if (!uplink.count || !uplink.up) {
		snprintf(advice, size, "%s %s: nothing is translated until it %s", network->uplink,
			 uplink.up ? "has no IPv4 address" : "is down",
			 uplink.up ? "has" : "is up");
		return;
	}
	used = (size_t)snprintf(advice, size, "%s has", network->uplink);
	for (size_t i = 0; i < uplink.count && used < size; i++) {
		format_address(address, uplink.at[i]);
		used += (size_t)snprintf(advice + used, size - used, "%s %s", i ? "," : "",
					 address);
	}
}

/* EHOSTUNREACH */
static void which_guests(int dev, const struct vnic_ioc_network *network, char *advice, size_t size)
{
	cleanup_cards struct cards cards = { .count = 0 };
	struct error unused;
	char address[END_SIZE];
	size_t used;

	if (cards_read(dev, network, &cards, &unused) || !cards.count) {
		snprintf(advice, size, "%s has no guest yet: vnic attach %s CARD", network->name,
			 network->name);
		return;
	}
	used = (size_t)snprintf(advice, size, "%s has", network->name);
	for (size_t i = 0; i < cards.count && used < size; i++) {
		format_address(address, cards.at[i].address);
		used += (size_t)snprintf(advice + used, size - used, "%s %s", i ? "," : "",
					 address);
	}
	if (used >= size)
		snprintf(advice + size - 4, 4, "...");
}

/* --- the calls --- */

/* Returns 0 or a negative errno. */
int forward_add(int dev, const struct vnic_ioc_network *network, const struct forward *forward,
		struct error *err)
{
	struct vnic_ioc_forward args = ioc_of(network, forward);
	char advice[ADVICE_SIZE] = "", what[48], inside[END_SIZE];
	int failed;

	if (!ioctl(dev, VNIC_IOC_FORWARD, &args))
		return 0;
	failed = errno;
	describe(forward, what, sizeof(what));
	format_address(inside, forward->inside.address);
	switch (failed) {
	case EADDRINUSE:
		why_in_use(dev, network, forward, advice, sizeof(advice));
		break;
	case EADDRNOTAVAIL:
		why_not_outside(network, advice, sizeof(advice));
		break;
	case EHOSTUNREACH:
		which_guests(dev, network, advice, sizeof(advice));
		return error_set(err, failed, "forward: %s: no guest has %s: %s", what, inside,
				 advice);
	case EDQUOT:
		snprintf(advice, sizeof(advice),
			 "%s has as many mappings as a guest may: vnic set %s quota N raises it "
			 "from %u",
			 inside, network->name, network->quota);
		break;
	case ENOSPC:
		snprintf(advice, sizeof(advice), "%s has as many mappings as it may have, %u",
			 network->name, network->most);
		break;
	}
	return device_failed(err, failed, advice[0] ? advice : NULL, "forward: %s", what);
}

/* Which forwards there are, for who asked for one that there is not. */
static void which_forwards(int dev, const struct vnic_ioc_network *network, char *advice,
			   size_t size)
{
	cleanup_flows struct flows flows = { .count = 0 };
	struct error unused;
	char end[END_SIZE];
	size_t used = 0;

	snprintf(advice, size, "%s has none", network->name);
	if (flows_read(dev, network->name, "unforward", &flows, &unused))
		return;
	for (size_t i = 0; i < flows.count && used < size; i++) {
		const struct vnic_flow *f = &flows.at[i];

		if (!flow_is_forward(f))
			continue;
		format_end(end, f->outside, f->outside_port);
		used += (size_t)snprintf(advice + used, size - used, "%s %s %s",
					 used ? "," : "there are", protocol_name(f->protocol), end);
	}
	if (used >= size)
		snprintf(advice + size - 4, 4, "...");
}

int forward_remove(int dev, const struct vnic_ioc_network *network, const struct forward *forward,
		   struct error *err)
{
	struct vnic_ioc_forward args = ioc_of(network, forward);
	char advice[ADVICE_SIZE], what[48];
	int failed;

	if (!ioctl(dev, VNIC_IOC_UNFORWARD, &args))
		return 0;
	failed = errno;
	describe(forward, what, sizeof(what));
	if (failed != ENOENT)
		return device_failed(err, failed, NULL, "unforward: %s", what);
	which_forwards(dev, network, advice, sizeof(advice));
	return error_set(err, failed, "unforward: %s: no such port is forwarded: %s", what, advice);
}
