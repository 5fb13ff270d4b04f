// SPDX-License-Identifier: GPL-2.0-only
/* vnic explain: what would happen to a packet, and why. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

/* --- which network is asked --- */

static bool sends(const struct vnic_ioc_network *network, const struct tuple *tuple)
{
	return subnet_has(network->subnet, network->prefix, tuple->source.address);
}

static bool knows(const struct flows *flows, const struct tuple *tuple)
{
	for (size_t i = 0; i < flows->count; i++)
		if (flow_is_mapping(&flows->at[i]) && flows->at[i].protocol == tuple->protocol &&
		    flows->at[i].outside == tuple->destination.address &&
		    flows->at[i].outside_port == tuple->destination.port)
			return true;
	return false;
}

/* Of several on the same uplink, a packet from outside is for the one that has the outside end. */
static const struct vnic_ioc_network *receiver(int dev, const struct networks *networks,
					       const struct tuple *tuple)
{
	const struct vnic_ioc_network *of_uplink = NULL;

	for (size_t i = 0; i < networks->count; i++) {
		cleanup_flows struct flows flows = { .count = 0 };
		struct link_addresses uplink;
		struct error unused;

		link_addresses(networks->at[i].uplink, &uplink);
		for (size_t k = 0; k < uplink.count && !of_uplink; k++)
			if (uplink.at[k] == tuple->destination.address)
				of_uplink = &networks->at[i];
		if (!flows_read(dev, networks->at[i].name, "explain", &flows, &unused) &&
		    knows(&flows, tuple))
			return &networks->at[i];
	}
	return of_uplink ? of_uplink : networks->at;
}

static bool shares_uplink(const struct networks *networks, const struct vnic_ioc_network *network)
{
	size_t count = 0;

	for (size_t i = 0; i < networks->count; i++)
		count += !strcmp(networks->at[i].uplink, network->uplink);
	return count > 1;
}

/* The network that is named, or that the packet is of. Returns 0 or a negative error. */
static int choose(int dev, const char *name, struct question *q, struct vnic_ioc_network *network,
		  struct error *err)
{
	cleanup_networks struct networks networks = { .count = 0 };
	const struct vnic_ioc_network *found = NULL;
	int ret = networks_read(dev, &networks, err);

	if (ret)
		return ret;
	if (name || !networks.count) {
		ret = network_choose(dev, name, network, err);
	} else {
		for (size_t i = 0; i < networks.count && !found; i++)
			if (sends(&networks.at[i], &q->tuple))
				found = &networks.at[i];
		*network = found ? *found : *receiver(dev, &networks, &q->tuple);
	}
	if (!ret)
		q->shared = shares_uplink(&networks, network);
	return ret;
}

/* --- what there is to know --- */

static const struct vnic_flow *mapping_of(const struct flows *flows, const struct question *q)
{
	const struct end *end = q->inbound ? &q->tuple.destination : &q->tuple.source;

	for (size_t i = 0; i < flows->count; i++) {
		const struct vnic_flow *f = &flows->at[i];

		if (!flow_is_mapping(f) || f->protocol != q->tuple.protocol)
			continue;
		if (q->inbound ? f->outside == end->address && f->outside_port == end->port
			       : f->inside == end->address && f->inside_port == end->port)
			return f;
	}
	return NULL;
}

static int ask(int dev, struct question *q, struct error *err)
{
	struct vnic_ioc_explain *answer = &q->answer;
	char packet[64];

	*answer = (struct vnic_ioc_explain){
		.source = q->tuple.source.address,
		.source_port = q->tuple.source.port,
		.destination = q->tuple.destination.address,
		.destination_port = q->tuple.destination.port,
		.protocol = q->tuple.protocol,
		.inbound = q->inbound,
	};
	memcpy(answer->network, q->network->name, sizeof(answer->network));
	if (!ioctl(dev, VNIC_IOC_EXPLAIN, answer))
		return 0;
	format_tuple(packet, sizeof(packet), &q->tuple);
	return device_failed(err, errno, NULL, "explain: %s", packet);
}

/* --- saying it --- */

static void print_text(const struct told *told, const struct sentences *s)
{
	char left[32];

	if (told->guest)
		printf("packet   %s: from a guest of %s, %s\n", told->packet, told->network,
		       told->guest);
	else
		printf("packet   %s: from outside, to %s\n", told->packet, told->network);
	printf("then     %s\n", s->what);
	printf("because  %s\n", s->why);
	if (told->mapping && !flow_is_forward(told->mapping)) {
		flow_left(left, sizeof(left), told->mapping);
		printf("mapping  it expires in %s, unless the guest sends; %llu packets out, "
		       "%llu in\n",
		       left, told->mapping->out, told->mapping->in);
	}
	if (s->advice[0])
		printf("advice   %s\n", s->advice);
	if (s->reason[0])
		printf("counted  as %s: vnic stats\n", s->reason);
}

static void print_key(const char *key, const char *value)
{
	printf(", \"%s\": ", key);
	print_json_string(stdout, value);
}

static void print_json(const struct told *told, const struct sentences *s)
{
	fputs("{\"network\": ", stdout);
	print_json_string(stdout, told->network);
	print_key("packet", told->packet);
	print_key("from", told->guest ? "guest" : "outside");
	print_key("way", s->way);
	print_key("reason", s->reason);
	print_key("what", s->what);
	print_key("why", s->why);
	print_key("advice", s->advice);
	puts("}");
}

void print_explanation(const struct told *told, const struct sentences *sentences, bool json)
{
	if (json)
		print_json(told, sentences);
	else
		print_text(told, sentences);
}

static int no_guest(const struct question *q, const struct cards *cards, struct error *err)
{
	char source[END_SIZE], first[END_SIZE] = "";

	format_address(source, q->tuple.source.address);
	if (cards->count)
		format_address(first, cards->at[0].address);
	return error_set(err, EHOSTUNREACH, "explain: %s: no guest of %s has it: %s%s", source,
			 q->network->name,
			 cards->count ? "vnic list shows those there are, such as "
				      : "vnic attach makes one of a card",
			 first);
}

/* As a sentence has it; NULL if there is none. */
const char *card_words(const struct vnic_ioc_card *card)
{
	if (!card)
		return NULL;
	return card->card[0] ? card->card : "a card in another namespace";
}

static int answer(int dev, struct question *q, bool json, struct error *err)
{
	cleanup_cards struct cards cards = { .count = 0 };
	cleanup_flows struct flows flows = { .count = 0 };
	const struct vnic_ioc_card *guest, *neighbour;
	struct sentences sentences;
	char packet[TUPLE_SIZE];
	struct told told = { .packet = packet, .network = q->network->name };
	int ret = cards_read(dev, q->network, &cards, err);

	if (!ret)
		ret = flows_read(dev, q->network->name, "explain", &flows, err);
	if (ret)
		return ret;
	q->mapping = mapping_of(&flows, q);
	guest = cards_find(&cards, !q->inbound	? q->tuple.source.address
				   : q->mapping ? q->mapping->inside
						: 0);
	neighbour = cards_find(&cards, q->tuple.destination.address);
	q->card = card_words(guest);
	q->neighbour = card_words(neighbour);
	if (!q->inbound && !q->card)
		return no_guest(q, &cards, err);
	if (where_to(q) == WHERE_TRANSLATOR)
		ret = ask(dev, q, err);
	if (ret)
		return ret;
	explain_in_sentences(q, &sentences);
	format_tuple(packet, sizeof(packet), &q->tuple);
	told.guest = q->inbound ? NULL : q->card;
	told.mapping = q->mapping;
	print_explanation(&told, &sentences, json);
	return 0;
}

static int explain(int dev, const struct packet_line *line, const struct tuple *tuple,
		   struct error *err)
{
	struct vnic_ioc_network network;
	struct link_addresses uplink;
	struct question q = { .tuple = *tuple, .network = &network, .uplink = &uplink };
	int ret = choose(dev, line->network, &q, &network, err);

	if (ret)
		return ret;
	link_addresses(network.uplink, &uplink);
	q.inbound = !sends(&network, &q.tuple);
	return answer(dev, &q, line->json, err);
}

int cmd_explain(int argc, char **argv, struct error *err)
{
	cleanup_close int dev = -1;
	struct packet_line line;
	struct tuple6 tuple6;
	struct tuple tuple;
	bool six = false;
	int ret = packet_line(argc, argv, true, &line, err);

	if (!ret) {
		six = is_tuple6(&line.words, line.first);
		ret = six ? parse_tuple6(&line.words, line.first, &tuple6, err)
			  : parse_tuple(&line.words, line.first, &tuple, err);
	}
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	return six ? explain6(dev, &line, &tuple6, err) : explain(dev, &line, &tuple, err);
}
