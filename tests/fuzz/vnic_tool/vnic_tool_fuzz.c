// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for what vnic reads: the words of its command line, and flows and answers of whatever
 * kernel it runs on. The first byte says which; corpus/ is made by make_corpus.py.
 */
#include <stdlib.h>
#include <string.h>

#include "vnic_tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_values(const char *text)
{
	char name[VNIC_NAME_MAX], back[END_SIZE], dns[DNS_SIZE];
	struct vnic_ioc_network network;
	__be32 address;
	__u32 prefix;
	__u16 first, last;
	struct error err;
	struct end end;
	uint8_t mac[6];

	parse_name(text, "x", name, &err);
	if (!parse_subnet(text, &address, &prefix, &err) && address & ~mask_of(prefix))
		abort();
	parse_prefixes6(text, &network, &err);
	if (!parse_dns(text, &network, &err)) {
		struct vnic_ioc_network again;

		format_dns(dns, &network);
		if (parse_dns(dns, &again, &err) || memcmp(again.dns, network.dns, sizeof(again.dns)) ||
		    memcmp(again.dns6, network.dns6, sizeof(again.dns6)))
			abort();
	}
	parse_mac(text, mac, &err);
	if (!parse_ports(text, &first, &last, &err) && (!first || first > last))
		abort();
	if (!parse_end(text, "x", &end, &err)) {
		/* What is printed is read again as the same. */
		struct end again;

		format_end(back, end.address, end.port);
		if (parse_end(back, "x", &again, &err) || again.address != end.address || again.port != end.port)
			abort();
	}
}

/* What is printed of a packet of IPv6 is read again as the same. */
static void read_tuple6(const struct words *words)
{
	struct tuple6 tuple, again;
	struct words printed;
	char back[TUPLE_SIZE];
	struct error err;

	if (!is_tuple6(words, 0) || parse_tuple6(words, 0, &tuple, &err))
		return;
	format_tuple6(back, sizeof(back), &tuple);
	if (words_split(&printed, (char *[]){ back, NULL }, &err) || !is_tuple6(&printed, 0) ||
	    parse_tuple6(&printed, 0, &again, &err))
		abort();
	if (memcmp(&again.source.address, &tuple.source.address, 16) || again.source.port != tuple.source.port ||
	    memcmp(&again.destination.address, &tuple.destination.address, 16) ||
	    again.destination.port != tuple.destination.port)
		abort();
}

static void read_words(const char *text)
{
	struct vnic_ioc_set set = { .which = 0 };
	struct forward forward;
	struct tuple tuple;
	struct words words;
	struct error err;
	char back[64];

	if (words_split(&words, (char *[]){ (char *)text, NULL }, &err))
		return;
	if (!parse_tuple(&words, 0, &tuple, &err))
		format_tuple(back, sizeof(back), &tuple);
	read_tuple6(&words);
	parse_forward(&words, 0, &forward, &err);
	parse_unforward(&words, 0, &forward, &err);
	if (names_network(words.at, words.count))
		parse_settings(words.at + 1, words.count - 1, &set, &err);
	else
		parse_settings(words.at, words.count, &set, &err);
}

static void explain(const struct vnic_flow *flow, const uint8_t *data, size_t size)
{
	struct vnic_ioc_network network = { .name = "lan", .uplink = "eth0", .subnet = htonl(0x0a090000), .prefix = 24 };
	struct link_addresses uplink = { .up = true, .count = 1, .at = { flow->outside } };
	struct question q = { .network = &network, .uplink = &uplink, .mapping = flow };
	struct sentences sentences;

	if (size < sizeof(q.tuple) + sizeof(q.answer) + 1)
		return;
	memcpy(&q.tuple, data, sizeof(q.tuple));
	memcpy(&q.answer, data + sizeof(q.tuple), sizeof(q.answer));
	if (!protocol_name(q.tuple.protocol))
		return;
	q.inbound = data[size - 1] & 1;
	explain_in_sentences(&q, &sentences);
}

static void explain_ipv6(const uint8_t *data, size_t size)
{
	struct vnic_ioc_network network = { .name = "lan", .uplink = "eth0" };
	struct link_addresses uplink = { .up = true };
	struct question6 q = { .network = &network, .uplink = &uplink };
	struct sentences sentences;

	if (size < sizeof(q.tuple) + sizeof(q.answer) + 1)
		return;
	memcpy(&q.tuple, data, sizeof(q.tuple));
	memcpy(&q.answer, data + sizeof(q.tuple), sizeof(q.answer));
	if (!protocol_name(q.tuple.protocol))
		return;
	network.prefix6 = 48 + (data[size - 1] & 15);
	network.inside6 = q.tuple.source.address;
	q.inbound = data[size - 1] & 16;
	q.receiver = data[size - 1] & 32 ? "v1" : NULL;
	explain6_in_sentences(&q, &sentences);
}

static void read_flows(const uint8_t *data, size_t size)
{
	struct flows flows = { .count = size / sizeof(struct vnic_flow) };
	const struct vnic_ioc_network network = { .name = "lan", .uplink = "eth0" };
	FILE *out = fopen("/dev/null", "w");

	flows.at = malloc(size + 1);
	if (!flows.at || !out)
		abort();
	memcpy(flows.at, data, flows.count * sizeof(*flows.at));
	flows_sort(&flows);
	draw_flows(out, &network, &flows);
	for (size_t i = 0; i < flows.count; i++)
		flow_print_json(out, "lan", &flows.at[i]);
	if (flows.count)
		explain(flows.at, data, size);
	explain_ipv6(data, size);
	flows_free(&flows);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	if (data[0] == 'F') {
		read_flows(data + 1, size - 1);
		return 0;
	}
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		abort();
	read_values(text);
	read_words(text);
	free(text);
	return 0;
}
