// SPDX-License-Identifier: GPL-2.0-only
/* vnic list: networks, their cards, their forwards. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct entry - a network, and what belongs to it
 * @network: it
 * @uplink: addresses of its uplink
 * @cards: its
 * @flows: its
 * @hidden: who asks may not see flows, and so not forwards
 */
struct entry {
	const struct vnic_ioc_network *network;
	struct link_addresses uplink;
	struct cards cards;
	struct flows flows;
	bool hidden;
};

static void entry_free(struct entry *entry)
{
	cards_free(&entry->cards);
	flows_free(&entry->flows);
}

static int entry_read(int dev, const struct vnic_ioc_network *network, struct entry *entry,
		      struct error *err)
{
	int ret;

	*entry = (struct entry){ .network = network };
	link_addresses(network->uplink, &entry->uplink);
	ret = cards_read(dev, network, &entry->cards, err);
	if (ret)
		return ret;
	ret = flows_read(dev, network->name, "list", &entry->flows, err);
	entry->hidden = ret == -EPERM;
	return entry->hidden ? 0 : ret;
}

/* --- tables --- */

/* The address that the guests have outside, or why there is none. */
static void outside_words(const struct entry *entry, char *text, size_t size)
{
	if (!entry->uplink.up)
		snprintf(text, size, "(down)");
	else if (!entry->uplink.count)
		snprintf(text, size, "(no address)");
	else
		format_address(text, entry->uplink.at[0]);
}

static void print_network(const struct entry *entry)
{
	const struct vnic_ioc_network *n = entry->network;
	char address[END_SIZE], subnet[32], outside[END_SIZE], forwards[24] = "?";

	format_address(address, n->subnet);
	snprintf(subnet, sizeof(subnet), "%s/%u", address, n->prefix);
	outside_words(entry, outside, sizeof(outside));
	if (!entry->hidden)
		snprintf(forwards, sizeof(forwards), "%zu", flows_forwards(&entry->flows));
	printf("%-15s %-18s %-15s %-15s %5u %8s %8u %8u\n", n->name, subnet, n->uplink, outside,
	       n->cards, forwards, n->mappings, n->sessions);
}

/* Nothing was heard of the guest behind a TAP card before it has sent something. */
static void mac_words(const struct vnic_ioc_card *card, char text[MAC_SIZE])
{
	static const uint8_t unknown[6];

	if (memcmp(card->mac, unknown, sizeof(unknown)) != 0)
		format_mac(text, card->mac);
	else
		snprintf(text, MAC_SIZE, "-");
}

static void print_cards(const struct entry *entries, size_t count)
{
	char address[END_SIZE], mac[MAC_SIZE];

	printf("\n%-15s %-15s %-15s %-17s %8s %9s %9s %9s\n", "CARD", "NETWORK", "ADDRESS", "MAC",
	       "MAPPINGS", "RECEIVED", "SENT", "DROPPED");
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < entries[i].cards.count; k++) {
			const struct vnic_ioc_card *c = &entries[i].cards.at[k];

			format_address(address, c->address);
			mac_words(c, mac);
			printf("%-15s %-15s %-15s %-17s %8u %9llu %9llu %9llu\n", card_name(c),
			       entries[i].network->name, address, mac, c->mappings, c->received,
			       c->sent, c->dropped);
		}
	}
}

static void print_forwards(const struct entry *entries, size_t count)
{
	char inside[END_SIZE], outside[END_SIZE];

	printf("\n%-15s %-15s %-21s    %s\n", "FORWARD", "NETWORK", "OUTSIDE", "INSIDE");
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < entries[i].flows.count; k++) {
			const struct vnic_flow *f = &entries[i].flows.at[k];

			if (!flow_is_forward(f))
				continue;
			format_end(inside, f->inside, f->inside_port);
			format_end(outside, f->outside, f->outside_port);
			printf("%-15s %-15s %-21s -> %s\n", protocol_name(f->protocol),
			       entries[i].network->name, outside, inside);
		}
	}
}

static void print_tables(const struct entry *entries, size_t count)
{
	size_t cards = 0, forwards = 0;

	if (!count) {
		puts("no networks: vnic create NAME makes one");
		return;
	}
	printf("%-15s %-18s %-15s %-15s %5s %8s %8s %8s\n", "NETWORK", "SUBNET", "UPLINK",
	       "OUTSIDE", "CARDS", "FORWARDS", "MAPPINGS", "SESSIONS");
	for (size_t i = 0; i < count; i++) {
		print_network(&entries[i]);
		cards += entries[i].cards.count;
		forwards += flows_forwards(&entries[i].flows);
	}
	if (cards)
		print_cards(entries, count);
	if (forwards)
		print_forwards(entries, count);
}

/* --- JSON: the keys are documented in vnic(1) --- */

static void json_of_ipv6(const struct vnic_ioc_network *n)
{
	char inside[INET6_ADDRSTRLEN], outside[INET6_ADDRSTRLEN];

	if (!n->prefix6) {
		fputs(", \"ipv6\": null", stdout);
		return;
	}
	inet_ntop(AF_INET6, &n->inside6, inside, sizeof(inside));
	inet_ntop(AF_INET6, &n->outside6, outside, sizeof(outside));
	printf(", \"ipv6\": {\"inside\": \"%s/%u\", \"outside\": \"%s/%u\"}", inside, n->prefix6,
	       outside, n->prefix6);
}

static void json_of_dns(const struct vnic_ioc_network *n)
{
	char dns[DNS_SIZE], *rest = NULL, *next = dns;
	const char *separator = "";

	format_dns(dns, n);
	if (!strcmp(dns, "none"))
		dns[0] = '\0';
	fputs(", \"dns\": [", stdout);
	for (char *one; (one = strtok_r(next, ",", &rest)); next = NULL) {
		printf("%s\"%s\"", separator, one);
		separator = ", ";
	}
	putchar(']');
}

static void json_of_network(const struct entry *entry)
{
	const struct vnic_ioc_network *n = entry->network;
	const struct vnic_ioc_timeouts *t = &n->timeouts;
	char address[END_SIZE], mac[MAC_SIZE];

	printf("{\"number\": %u, \"name\": ", n->number);
	print_json_string(stdout, n->name);
	format_address(address, n->subnet);
	printf(", \"subnet\": \"%s/%u\"", address, n->prefix);
	format_address(address, htonl(ntohl(n->subnet) + 1));
	format_mac(mac, n->gateway_mac);
	printf(", \"gateway\": \"%s\", \"gateway_mac\": \"%s\", \"uplink\": ", address, mac);
	print_json_string(stdout, n->uplink);
	printf(", \"uplink_up\": %s, \"outside\": [", entry->uplink.up ? "true" : "false");
	for (size_t i = 0; i < entry->uplink.count; i++) {
		format_address(address, entry->uplink.at[i]);
		printf("%s\"%s\"", i ? ", " : "", address);
	}
	printf("], \"filtering\": \"%s\", \"joined\": %s, \"first_port\": %u, \"last_port\": %u, "
	       "\"most_mappings\": %u, \"quota\": %u, \"timeouts\": {\"udp\": %u, \"icmp\": %u, "
	       "\"tcp_established\": %u, \"tcp_transitory\": %u, \"tcp_syn\": %u}, "
	       "\"mappings\": %u, "
	       "\"sessions\": %u",
	       filtering_name(n), n->flags & VNIC_NET_JOINED ? "true" : "false", n->first_port,
	       n->last_port, n->most, n->quota, t->udp, t->icmp, t->tcp_established,
	       t->tcp_transitory, t->tcp_syn, n->mappings, n->sessions);
	json_of_dns(n);
	json_of_ipv6(n);
}

static void json_of_cards(const struct cards *cards)
{
	char address[END_SIZE], mac[MAC_SIZE];

	fputs(", \"cards\": [", stdout);
	for (size_t i = 0; i < cards->count; i++) {
		const struct vnic_ioc_card *c = &cards->at[i];

		format_address(address, c->address);
		mac_words(c, mac);
		fputs(i ? ", {\"card\": " : "{\"card\": ", stdout);
		if (c->card[0])
			print_json_string(stdout, c->card);
		else
			fputs("null", stdout);
		printf(", \"address\": \"%s\", \"mac\": ", address);
		if (mac[0] == '-')
			fputs("null", stdout);
		else
			print_json_string(stdout, mac);
		printf(", \"mappings\": %u, \"received\": %llu, \"sent\": %llu, \"dropped\": %llu}",
		       c->mappings, c->received, c->sent, c->dropped);
	}
	putchar(']');
}

static void json_of_forwards(const struct entry *entry)
{
	char inside[END_SIZE], outside[END_SIZE];
	const char *separator = "";

	if (entry->hidden) {
		fputs(", \"forwards\": null}", stdout);
		return;
	}
	fputs(", \"forwards\": [", stdout);
	for (size_t i = 0; i < entry->flows.count; i++) {
		const struct vnic_flow *f = &entry->flows.at[i];

		if (!flow_is_forward(f))
			continue;
		format_end(inside, f->inside, f->inside_port);
		format_end(outside, f->outside, f->outside_port);
		printf("%s{\"protocol\": \"%s\", \"outside\": \"%s\", \"inside\": \"%s\"}",
		       separator, protocol_name(f->protocol), outside, inside);
		separator = ", ";
	}
	fputs("]}", stdout);
}

static void print_json(const struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ",\n " : "[", stdout);
		json_of_network(&entries[i]);
		json_of_cards(&entries[i].cards);
		json_of_forwards(&entries[i]);
	}
	puts(count ? "]" : "[]");
}

static int list(int dev, const struct networks *networks, bool json, struct error *err)
{
	struct entry *entries = calloc(networks->count + 1, sizeof(*entries));
	size_t count = 0;
	int ret = 0;

	if (!entries)
		return error_set(err, ENOMEM, "list: out of memory");
	while (!ret && count < networks->count) {
		ret = entry_read(dev, &networks->at[count], &entries[count], err);
		count++;
	}
	if (!ret && json)
		print_json(entries, count);
	else if (!ret)
		print_tables(entries, count);
	while (count)
		entry_free(&entries[--count]);
	free(entries);
	return ret;
}

int cmd_list(int argc, char **argv, struct error *err)
{
	cleanup_networks struct networks networks = { .count = 0 };
	cleanup_close int dev = -1;
	bool json = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0)
		json = true;
	if (ret)
		return ret;
	if (optind < argc)
		return error_set(
			err, EUSAGE,
			"list: %s: it takes no names: vnic flows and vnic stats tell of one",
			argv[optind]);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = networks_read(dev, &networks, err);
	return ret ? ret : list(dev, &networks, json, err);
}
