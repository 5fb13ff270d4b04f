// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would happen to a packet, why, and what to do about it, in sentences. Where the packet never
 * gets to the translator (kmod/vnic/port.c), VNIC_IOC_EXPLAIN is not asked: where_to() knows.
 */
#include <arpa/inet.h>
#include <string.h>

#include "vnic_tool.h"

/* enum vnic_way of kmod/vnic/core/nat.h */
enum { WAY_DROP, WAY_HOST, WAY_OUT, WAY_IN };

#define SAY(into, ...) snprintf(into, sizeof(into), __VA_ARGS__)

/* --- before the translator --- */

static bool of_uplink(const struct question *q, __be32 address)
{
	for (size_t i = 0; i < q->uplink->count; i++)
		if (q->uplink->at[i] == address)
			return true;
	return false;
}

/* In the order in which the module looks. */
enum where where_to(const struct question *q)
{
	const struct vnic_ioc_network *n = q->network;
	__be32 destination = q->tuple.destination.address;

	if (q->inbound && !of_uplink(q, destination))
		return WHERE_NOWHERE;
	if (q->inbound)
		return q->shared && !q->mapping ? WHERE_HOST : WHERE_TRANSLATOR;
	if (destination == htonl(ntohl(n->subnet) + 1))
		return WHERE_GATEWAY;
	if (is_martian(destination))
		return WHERE_MARTIAN;
	return subnet_has(n->subnet, n->prefix, destination) ? WHERE_GUEST : WHERE_TRANSLATOR;
}

static void to_gateway(const struct question *q, struct sentences *s)
{
	if (q->tuple.protocol == IPPROTO_ICMP) {
		s->way = "gateway";
		s->reason = counter_name(VNIC_COUNT_ECHO);
		SAY(s->what, "the gateway answers it");
		SAY(s->why,
		    "an echo request to the first address of the subnet is the network's own");
		return;
	}
	s->reason = counter_name(VNIC_DROP_NO_MAPPING);
	SAY(s->what, "it is dropped; the guest is told that the port is unreachable");
	SAY(s->why, "the gateway has no %s ports, but DHCP's: it answers echo requests",
	    protocol_name(q->tuple.protocol));
	SAY(s->advice, "to reach the host itself, send to an address of %s", q->network->uplink);
}

static void to_guest(const struct question *q, struct sentences *s)
{
	char address[END_SIZE];

	format_address(address, q->tuple.destination.address);
	if (q->neighbour && q->network->flags & VNIC_NET_JOINED) {
		s->way = "in";
		SAY(s->what, "it is delivered to %s, as it is", q->neighbour);
		SAY(s->why, "%s is a guest of %s, and its guests are joined", address,
		    q->network->name);
		return;
	}
	s->reason = counter_name(VNIC_DROP_ISOLATED);
	SAY(s->what, "it is dropped; the guest is told that the host is unreachable");
	if (!q->neighbour) {
		SAY(s->why, "no guest of %s has %s", q->network->name, address);
		SAY(s->advice, "vnic list shows which addresses guests have");
		return;
	}
	SAY(s->why, "%s is another guest of %s, and its guests are isolated from each other",
	    address, q->network->name);
	SAY(s->advice, "vnic set %s joined on lets its guests send to each other",
	    q->network->name);
}

static void to_martian(struct sentences *s)
{
	s->reason = counter_name(VNIC_DROP_MARTIAN);
	SAY(s->what, "it is dropped");
	SAY(s->why, "such an address means nothing beyond its own link or host (RFC 6890)");
}

static void to_nowhere(const struct question *q, struct sentences *s)
{
	char address[END_SIZE], first[END_SIZE] = "none";

	format_address(address, q->tuple.destination.address);
	if (q->uplink->count)
		format_address(first, q->uplink->at[0]);
	s->way = "host";
	SAY(s->what, "it is not translated: the host routes it, or refuses it, as any other");
	SAY(s->why, "%s is not an address of %s, which has %s", address, q->network->uplink, first);
	SAY(s->advice, "from outside, guests are known by addresses of %s only",
	    q->network->uplink);
}

/* --- what the translator says --- */

/* The packet as it would leave. */
static void new_tuple(const struct question *q, char *text, size_t size)
{
	struct tuple tuple = q->tuple;

	if (q->answer.new_source)
		tuple.source = (struct end){ q->answer.new_source, q->answer.new_source_port };
	tuple.destination =
		(struct end){ q->answer.new_destination, q->answer.new_destination_port };
	format_tuple(text, size, &tuple);
}

static void inside_end(const struct question *q, char text[END_SIZE])
{
	format_end(text, q->tuple.source.address, q->tuple.source.port);
}

static void goes_out(const struct question *q, struct sentences *s)
{
	char inside[END_SIZE], text[64];

	inside_end(q, inside);
	new_tuple(q, text, sizeof(text));
	s->way = "out";
	if (q->answer.reason != VNIC_COUNT_CREATED) {
		SAY(s->what, "it leaves by %s as %s, if the host has a route", q->network->uplink,
		    text);
		SAY(s->why, "%s has a mapping, whomever it sends to", inside);
		return;
	}
	SAY(s->what, "it leaves by %s from a port of the uplink's, %u if that is free",
	    q->network->uplink, ntohs(q->tuple.source.port));
	SAY(s->why, "nobody outside knows %s yet: a mapping is made", inside);
}

static void goes_in(const struct question *q, struct sentences *s)
{
	char text[64], outside[END_SIZE];

	new_tuple(q, text, sizeof(text));
	format_end(outside, q->tuple.destination.address, q->tuple.destination.port);
	s->way = "in";
	SAY(s->what, "it is delivered to %s as %s", q->card ? q->card : "the guest", text);
	if (q->mapping && q->mapping->flags & VNIC_FLOW_FORWARD)
		SAY(s->why, "%s is forwarded to the guest, for everybody", outside);
	else if (q->network->flags & VNIC_NET_ADDRESS_DEPENDENT)
		SAY(s->why, "%s is the guest's, and it has sent to this address", outside);
	else
		SAY(s->why,
		    "%s is the guest's, and with endpoint-independent filtering anybody may send "
		    "to it",
		    outside);
}

/* From one guest's outside end to another's. */
static void goes_around(const struct question *q, struct sentences *s)
{
	char text[64];

	new_tuple(q, text, sizeof(text));
	s->way = "in";
	SAY(s->what, "it turns around here, and is delivered to a guest as %s", text);
	SAY(s->why, "it is for the outside end of a guest, so both of its ends are translated "
		    "(hairpinning, RFC 4787 REQ-9)");
}

static void to_host(const struct question *q, struct sentences *s)
{
	char outside[END_SIZE];

	format_end(outside, q->tuple.destination.address, q->tuple.destination.port);
	s->way = "host";
	SAY(s->what, "it is the host's own: what listens there answers, if anything does");
	if (q->shared)
		SAY(s->why, "no guest of any network on %s is known outside as %s",
		    q->network->uplink, outside);
	else
		SAY(s->why, "no guest of %s is known outside as %s", q->network->name, outside);
	if (q->tuple.protocol != IPPROTO_ICMP)
		SAY(s->advice, "vnic forward %s %s %u ADDRESS:PORT takes it to a guest",
		    q->network->name, protocol_name(q->tuple.protocol),
		    ntohs(q->tuple.destination.port));
}

/* --- refusals --- */

/* A guest lets in only whom it has sent to. */
static void filtered(const struct question *q, struct sentences *s)
{
	char remote[END_SIZE];

	format_address(remote, q->tuple.source.address);
	SAY(s->why, "the guest has sent nothing to %s lately, and filtering is address-dependent",
	    remote);
	SAY(s->advice,
	    "let the guest send first; or forward the port; or vnic set %s filtering "
	    "endpoint-independent",
	    q->network->name);
}

static void syn_held(const struct question *q, struct sentences *s)
{
	SAY(s->what,
	    "it is held: if the guest opens the same connection within %u s, good; if not, "
	    "its sender is told that the port is unreachable",
	    q->network->timeouts.tcp_syn);
	SAY(s->why, "it opens a connection that no guest asked for (RFC 5382 REQ-4)");
	SAY(s->advice, "vnic forward %s tcp %u ADDRESS:PORT takes such connections to a guest",
	    q->network->name, ntohs(q->tuple.destination.port));
}

static void no_port(const struct question *q, struct sentences *s)
{
	const struct vnic_ioc_network *n = q->network;

	if (!q->uplink->count || !q->uplink->up) {
		SAY(s->why, "%s %s: there is nothing to translate to", n->uplink,
		    q->uplink->up ? "has no IPv4 address" : "is down");
		SAY(s->advice, "ip link set %s up; ip address add ADDRESS/PREFIX dev %s", n->uplink,
		    n->uplink);
		return;
	}
	SAY(s->why, "all ports from %u to %u that the packet could get are taken", n->first_port,
	    n->last_port);
	SAY(s->advice, "vnic flows %s shows by whom; vnic set %s ports A-B gives more", n->name,
	    n->name);
}

static void refused(const struct question *q, struct sentences *s)
{
	const struct vnic_ioc_network *n = q->network;

	s->reason = counter_name(q->answer.reason);
	SAY(s->what, "it is dropped");
	SAY(s->why, "%s", counter_words(q->answer.reason));
	switch (q->answer.reason) {
	case VNIC_DROP_FILTERED:
		filtered(q, s);
		break;
	case VNIC_DROP_SYN_HELD:
		syn_held(q, s);
		break;
	case VNIC_DROP_NO_PORT:
		no_port(q, s);
		break;
	case VNIC_DROP_QUOTA:
		SAY(s->why, "the guest has its %u mappings, and this would be one more", n->quota);
		SAY(s->advice, "vnic flows %s shows them; vnic set %s quota N allows more", n->name,
		    n->name);
		break;
	case VNIC_DROP_FULL:
		SAY(s->why,
		    "there are %u mappings and %u sessions, of %u and %u; or the guest has its "
		    "part of the sessions",
		    n->mappings, n->sessions, n->most, 2 * n->most);
		SAY(s->advice,
		    "wait for some to expire, or vnic set %s timeout tcp-established TIME",
		    n->name);
		break;
	}
	if (!q->inbound && q->answer.reason >= VNIC_DROP_NO_PORT &&
	    q->answer.reason <= VNIC_DROP_NO_MEMORY)
		SAY(s->what, "it is dropped; the guest is told that it is prohibited");
}

static void translated(const struct question *q, struct sentences *s)
{
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
		s->reason = "";
		to_host(q, s);
		break;
	default:
		refused(q, s);
	}
}

/* @q->answer is looked at only if where_to() says that the translator decides. */
void explain_in_sentences(const struct question *q, struct sentences *s)
{
	*s = (struct sentences){ .way = "drop", .reason = "" };
	switch (where_to(q)) {
	case WHERE_TRANSLATOR:
		translated(q, s);
		break;
	case WHERE_GATEWAY:
		to_gateway(q, s);
		break;
	case WHERE_MARTIAN:
		to_martian(s);
		break;
	case WHERE_GUEST:
		to_guest(q, s);
		break;
	case WHERE_NOWHERE:
		to_nowhere(q, s);
		break;
	case WHERE_HOST:
		to_host(q, s);
		break;
	}
}
