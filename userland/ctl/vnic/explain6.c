// SPDX-License-Identifier: GPL-2.0-only
/* vnic explain of a packet of IPv6: which network is asked, and what. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

static const struct vnic_ioc_network *sender(const struct networks *networks,
					     const struct tuple6 *tuple)
{
	const struct vnic_ioc_network *n = networks->at;

	for (; n < networks->at + networks->count; n++)
		if (n->prefix6 && prefix6_has(&n->inside6, n->prefix6, &tuple->source.address))
			return n;
	return NULL;
}

static const struct vnic_ioc_network *receiver(const struct networks *networks,
					       const struct tuple6 *tuple)
{
	const struct vnic_ioc_network *n = networks->at;

	for (; n < networks->at + networks->count; n++)
		if (n->prefix6 &&
		    prefix6_has(&n->outside6, n->prefix6, &tuple->destination.address))
			return n;
	return NULL;
}

/* NULL: there is none, or there are several. */
static const struct vnic_ioc_network *only_one_of_ipv6(const struct networks *networks)
{
	const struct vnic_ioc_network *n = networks->at, *found = NULL;

	for (; n < networks->at + networks->count; n++) {
		if (n->prefix6 && found)
			return NULL;
		if (n->prefix6)
			found = n;
	}
	return found;
}

/* The network that is named, or that the packet is of. Returns 0 or a negative error. */
static int choose(int dev, const char *name, const struct tuple6 *tuple,
		  struct vnic_ioc_network *network, struct error *err)
{
	cleanup_networks struct networks networks = { .count = 0 };
	const struct vnic_ioc_network *found = NULL;
	int ret = networks_read(dev, &networks, err);

	if (ret)
		return ret;
	if (!name)
		found = sender(&networks, tuple);
	if (!name && !found)
		found = receiver(&networks, tuple);
	if (!name && !found)
		found = only_one_of_ipv6(&networks);
	if (!found)
		return network_choose(dev, name, network, err);
	*network = *found;
	return 0;
}

static int ask(int dev, struct question6 *q, struct error *err)
{
	char packet[TUPLE_SIZE];

	q->answer = (struct vnic_ioc_explain6){
		.source = q->tuple.source.address,
		.destination = q->tuple.destination.address,
		.inbound = q->inbound,
	};
	memcpy(q->answer.network, q->network->name, sizeof(q->answer.network));
	if (!ioctl(dev, VNIC_IOC_EXPLAIN6, &q->answer))
		return 0;
	format_tuple6(packet, sizeof(packet), &q->tuple);
	return device_failed(err, errno, NULL, "explain: %s", packet);
}

static int answer(int dev, struct question6 *q, bool json, struct error *err)
{
	cleanup_cards struct cards cards = { .count = 0 };
	struct sentences sentences;
	char packet[TUPLE_SIZE];
	struct told told = { .packet = packet, .network = q->network->name };
	int ret = cards_read(dev, q->network, &cards, err);

	if (!ret && where6_to(q) == WHERE6_TRANSLATOR)
		ret = ask(dev, q, err);
	if (ret)
		return ret;
	q->card = card_words(cards_find(&cards, q->answer.sender));
	q->receiver = card_words(cards_find(&cards, q->answer.receiver));
	explain6_in_sentences(q, &sentences);
	format_tuple6(packet, sizeof(packet), &q->tuple);
	if (!q->inbound)
		told.guest = q->card ? q->card : "whichever";
	print_explanation(&told, &sentences, json);
	return 0;
}

int explain6(int dev, const struct packet_line *line, const struct tuple6 *tuple,
	     struct error *err)
{
	struct vnic_ioc_network network;
	struct link_addresses uplink;
	struct question6 q = { .tuple = *tuple, .network = &network, .uplink = &uplink };
	int ret = choose(dev, line->network, tuple, &network, err);

	if (ret)
		return ret;
	link_addresses(network.uplink, &uplink);
	q.inbound = !sends6(&network, &q.tuple.source.address);
	return answer(dev, &q, line->json, err);
}
