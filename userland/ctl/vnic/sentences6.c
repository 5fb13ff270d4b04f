// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would happen to a packet of IPv6: as sentences.c. What is of a guest's link never gets to the
 * translator (kmod/vnic/port.c, gateway6.c); of all else VNIC_IOC_EXPLAIN6 says what
 * kmod/vnic/translate6.c does.
 */
#include <arpa/inet.h>
#include <string.h>

#include "vnic_tool.h"

/* enum vnic_way of kmod/vnic/core/nat.h */
enum { WAY_DROP, WAY_HOST, WAY_OUT, WAY_IN };

#define SAY(into, ...) snprintf(into, sizeof(into), __VA_ARGS__)

/* vnic_neighbour_gateway of kmod/vnic/core/neighbour.c */
static const struct in6_addr gateway = { { { 0xfe, 0x80, [15] = 1 } } };

static bool same(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Who is on its link only, or has no address yet, is a guest: the host's own are not translated. */
bool sends6(const struct vnic_ioc_network *network, const struct in6_addr *source)
{
	return !network->prefix6 || IN6_IS_ADDR_LINKLOCAL(source) || IN6_IS_ADDR_UNSPECIFIED(source) ||
	       prefix6_has(&network->inside6, network->prefix6, source);
}

enum where6 where6_to(const struct question6 *q)
{
	const struct in6_addr *destination = &q->tuple.destination.address;

	if (!q->network->prefix6)
		return WHERE6_NO_IPV6;
	if (!q->inbound &&
	    (IN6_IS_ADDR_MULTICAST(destination) || IN6_IS_ADDR_LINKLOCAL(destination)))
		return WHERE6_LINK;
	return WHERE6_TRANSLATOR;
}

static void no_ipv6(const struct question6 *q, struct sentences *s)
{
	s->reason = counter_name(VNIC_DROP_FRAME);
	SAY(s->what, "it is dropped");
	SAY(s->why, "%s has no IPv6: it was created without prefixes", q->network->name);
	SAY(s->advice, "vnic create with --ipv6 INSIDE=OUTSIDE makes a network that has");
}

/* --- on the link --- */

static void on_link(const struct question6 *q, struct sentences *s)
{
	const struct in6_addr *destination = &q->tuple.destination.address;

	SAY(s->what, "it goes nowhere, and nothing is counted");
	if (IN6_IS_ADDR_MULTICAST(destination)) {
		SAY(s->why, "groups are of the guest's own link, where nobody is but the gateway: "
			    "it hears neighbour discovery (RFC 4861) only");
	} else if (!same(destination, &gateway)) {
		SAY(s->why, "link-local addresses are of the guest's own link, where nobody is but "
			    "the gateway, fe80::1");
		SAY(s->advice, "guests reach each other by addresses of the prefix, if they are "
			       "joined");
	} else if (q->tuple.protocol == IPPROTO_ICMP) {
		s->way = "gateway";
		s->reason = counter_name(VNIC_COUNT_ECHO);
		SAY(s->what, "the gateway answers it");
		SAY(s->why, "fe80::1 is the network's own, on each guest's link");
	} else {
		SAY(s->why, "the gateway has no %s ports: it answers echo requests and neighbour "
			    "discovery",
		    protocol_name(q->tuple.protocol));
		SAY(s->advice, "to reach the host itself, send to a global address of %s",
		    q->network->uplink);
	}
}

/* --- what the translator says --- */

static uint16_t word_of(const struct in6_addr *address, unsigned int word)
{
	return (uint16_t)(address->s6_addr[2 * word] << 8 | address->s6_addr[2 * word + 1]);
}

/* Which 16 bits make up for the change of the prefix: RFC 6296 3.4, 3.5. */
static unsigned int adjusted_word(const struct vnic_ioc_network *n, const struct in6_addr *address)
{
	unsigned int word = n->prefix6 == 48 ? 3 : 4;

	while (word > 3 && word < 7 && word_of(address, word) == 0xffff)
		word++;
	return word;
}

static void prefix_words(const struct vnic_ioc_network *n, const struct in6_addr *address,
			 char text[END6_SIZE])
{
	char alone[END6_SIZE];

	format_address6(alone, address);
	snprintf(text, END6_SIZE, "%.*s/%u", INET6_ADDRSTRLEN, alone, n->prefix6);
}

/* Of an address that is @inside there and @outside here. */
static void why_translated(const struct vnic_ioc_network *n, const struct in6_addr *inside,
			   const struct in6_addr *outside, char *text, size_t size)
{
	unsigned int word = adjusted_word(n, inside);
	char from[END6_SIZE], to[END6_SIZE];

	prefix_words(n, &n->inside6, from);
	prefix_words(n, &n->outside6, to);
	if (word_of(inside, word) == word_of(outside, word))
		snprintf(text, size, "%s is %s outside, which has the same sum (RFC 6296)", from,
			 to);
	else
		snprintf(text, size,
			 "%s is %s outside, and bits %u to %u are %x inside and %x outside, so "
			 "that no checksum changes (RFC 6296)",
			 from, to, 16 * word, 16 * word + 15, word_of(inside, word),
			 word_of(outside, word));
}

static void new_tuple(const struct question6 *q, char *text, size_t size)
{
	struct tuple6 tuple = q->tuple;

	tuple.source.address = q->answer.new_source;
	tuple.destination.address = q->answer.new_destination;
	format_tuple6(text, size, &tuple);
}

static void goes_out(const struct question6 *q, struct sentences *s)
{
	char text[TUPLE_SIZE];

	new_tuple(q, text, sizeof(text));
	s->way = "out";
	SAY(s->what, "it leaves by %s as %s", q->network->uplink, text);
	why_translated(q->network, &q->tuple.source.address, &q->answer.new_source, s->why,
		       sizeof(s->why));
	if (!q->card)
		SAY(s->advice, "no guest has the address yet: the first that sends from it has it");
}

static void goes_in(const struct question6 *q, struct sentences *s)
{
	char text[TUPLE_SIZE];
	size_t used;

	new_tuple(q, text, sizeof(text));
	s->way = "in";
	SAY(s->what, "it is delivered to %s as %s", q->receiver ? q->receiver : "the guest", text);
	why_translated(q->network, &q->answer.new_destination, &q->tuple.destination.address,
		       s->why, sizeof(s->why));
	used = strlen(s->why);
	snprintf(s->why + used, sizeof(s->why) - used,
		 "; nothing is remembered or filtered: anybody may send");
	SAY(s->advice, "rules of the host's firewall before its routing keep strangers out");
}

/* Between guests: by their addresses inside, or by those outside. */
static void goes_around(const struct question6 *q, struct sentences *s)
{
	char text[TUPLE_SIZE];

	new_tuple(q, text, sizeof(text));
	s->way = "in";
	if (q->answer.reason == VNIC_COUNT_HAIRPIN) {
		SAY(s->what, "it turns around here, and is delivered to %s as %s",
		    q->receiver ? q->receiver : "a guest", text);
		SAY(s->why, "it is for the outside address of a guest, so both of its addresses "
			    "are translated (hairpinning, RFC 6296 4.3)");
		return;
	}
	format_address6(text, &q->tuple.destination.address);
	SAY(s->what, "it is delivered to %s, as it is", q->receiver ? q->receiver : "a guest");
	SAY(s->why, "%s is a guest's of %s, and its guests are joined", text, q->network->name);
}

static void to_host(const struct question6 *q, struct sentences *s)
{
	char address[END6_SIZE], prefix[END6_SIZE];

	format_address6(address, &q->tuple.destination.address);
	prefix_words(q->network, &q->network->outside6, prefix);
	s->way = "host";
	SAY(s->what, "it is not translated: the host routes it, or refuses it, as any other");
	SAY(s->why, "%s is not of %s, by which the guests of %s are known outside", address, prefix,
	    q->network->name);
}

/* --- refusals --- */

static void isolated(const struct question6 *q, struct sentences *s)
{
	char address[END6_SIZE];

	format_address6(address, &q->tuple.destination.address);
	SAY(s->what, "it is dropped; the guest is told that the address is unreachable");
	if (q->answer.receiver) {
		SAY(s->why, "%s is another guest's of %s, and its guests are isolated from each other",
		    address, q->network->name);
		SAY(s->advice, "vnic set %s joined on lets its guests send to each other",
		    q->network->name);
		return;
	}
	SAY(s->why, "no guest of %s has %s", q->network->name, address);
	SAY(s->advice, "a guest has an address once it has sent from it");
}

static void foreign_source(const struct question6 *q, struct sentences *s)
{
	char address[END6_SIZE], prefix[END6_SIZE];

	format_address6(address, &q->tuple.source.address);
	prefix_words(q->network, &q->network->inside6, prefix);
	SAY(s->why, "%s is not of %s, of which the guests' addresses are: it goes no further than the "
		    "link",
	    address, prefix);
}

static void no_word(const struct question6 *q, struct sentences *s)
{
	char address[END6_SIZE];

	format_address6(address, &q->tuple.source.address);
	SAY(s->what, "it is dropped; the guest is told that the address is unreachable");
	if (q->network->prefix6 == 48)
		SAY(s->why, "%s has no translation: its bits 48 to 63 are all ones (RFC 6296 3.4)",
		    address);
	else
		SAY(s->why, "%s has no translation: its last 64 bits, here or outside, are all zeros or "
			    "all ones (RFC 6296 3.7)",
		    address);
	SAY(s->advice, "the guest needs another address of the prefix");
}

static void no_route(const struct question6 *q, struct sentences *s)
{
	const char *uplink = q->network->uplink;
	char address[END6_SIZE];

	format_address6(address, &q->tuple.destination.address);
	SAY(s->what, "it is dropped; the guest is told that there is no route");
	if (q->uplink->up) {
		SAY(s->why, "the host has no route to %s by %s", address, uplink);
		SAY(s->advice, "ip -6 route add default via ADDRESS dev %s", uplink);
		return;
	}
	SAY(s->why, "%s is down", uplink);
	SAY(s->advice, "ip link set %s up", uplink);
}

/* The outside address that it is for. */
static void no_mapping(const struct question6 *q, struct sentences *s)
{
	char outside[END6_SIZE], inside[END6_SIZE];

	format_address6(outside, &q->tuple.destination.address);
	format_address6(inside, &q->answer.new_destination);
	if (same(&q->tuple.destination.address, &q->answer.new_destination)) {
		SAY(s->why, "%s has no translation (RFC 6296 3.7)", outside);
		return;
	}
	SAY(s->why, "it is for %s inside, and no guest of %s has that", inside, q->network->name);
	SAY(s->advice, "a guest has an address once it has sent from it");
}

static void refused(const struct question6 *q, struct sentences *s)
{
	s->reason = counter_name(q->answer.reason);
	SAY(s->what, "it is dropped");
	SAY(s->why, "%s", counter_words(q->answer.reason));
	switch (q->answer.reason) {
	case VNIC_DROP_SOURCE:
		foreign_source(q, s);
		break;
	case VNIC_DROP_MARTIAN:
		SAY(s->why, "such an address means nothing beyond its own link or host (RFC 6890)");
		break;
	case VNIC_DROP_ISOLATED:
		isolated(q, s);
		break;
	case VNIC_DROP_NO_ROUTE:
		no_route(q, s);
		break;
	case VNIC_DROP_NO_PORT:
		no_word(q, s);
		break;
	case VNIC_DROP_NO_MAPPING:
		no_mapping(q, s);
		break;
	}
}

static void translated(const struct question6 *q, struct sentences *s)
{
	if (q->answer.reason != VNIC_COUNTERS)
		s->reason = counter_name(q->answer.reason);
	switch (q->answer.way) {
	case WAY_OUT:
		goes_out(q, s);
		break;
	case WAY_IN:
		if (q->inbound)
			goes_in(q, s);
		else
			goes_around(q, s);
		break;
	case WAY_HOST:
		to_host(q, s);
		break;
	default:
		refused(q, s);
	}
}

/* @q->answer is looked at only if where6_to() says that the translator decides. */
void explain6_in_sentences(const struct question6 *q, struct sentences *s)
{
	*s = (struct sentences){ .way = "drop", .reason = "" };
	switch (where6_to(q)) {
	case WHERE6_NO_IPV6:
		no_ipv6(q, s);
		break;
	case WHERE6_LINK:
		on_link(q, s);
		break;
	default:
		translated(q, s);
	}
}
