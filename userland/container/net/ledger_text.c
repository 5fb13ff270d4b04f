// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger's text. It is read with suspicion, although only we write it: a wrong name in it would
 * remove what is not ours. Called by store.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

#define WORDS 11

/**
 * struct line - one, cut at its spaces
 * @number: from 1
 * @words: where each begins
 * @lengths: octets of each
 * @count: of words; more than WORDS counts as WORDS + 1
 */
struct line {
	unsigned int number;
	const char *words[WORDS];
	size_t lengths[WORDS];
	unsigned int count;
};

static void cut(struct line *line, const char *text, size_t length)
{
	const char *end = text + length;

	line->count = 0;
	while (text <= end) {
		const char *space = memchr(text, ' ', (size_t)(end - text));
		size_t word = space ? (size_t)(space - text) : (size_t)(end - text);

		if (line->count < WORDS) {
			line->words[line->count] = text;
			line->lengths[line->count] = word;
		}
		if (line->count++ == WORDS)
			return;
		text += word + 1;
	}
}

static bool is(const struct line *line, unsigned int i, const char *word)
{
	return i < line->count && i < WORDS && line->lengths[i] == strlen(word) &&
	       !memcmp(line->words[i], word, line->lengths[i]);
}

static bool copy(const struct line *line, unsigned int i, char *to, size_t size)
{
	if (line->lengths[i] >= size || memchr(line->words[i], '\0', line->lengths[i]))
		return false;
	memcpy(to, line->words[i], line->lengths[i]);
	to[line->lengths[i]] = '\0';
	return true;
}

static bool copy_link(const struct line *line, unsigned int i, char *to)
{
	if (!line->lengths[i] || !copy(line, i, to, NET_LINK_MAX))
		return false;
	return strspn(to, "abcdefghijklmnopqrstuvwxyz0123456789") == line->lengths[i];
}

static bool copy_id(const struct line *line, unsigned int i, char *to)
{
	return net_is_id(line->words[i], line->lengths[i]) && copy(line, i, to, NET_ID_MAX + 1);
}

static int wrong(const struct line *line, struct error *err, const char *expected)
{
	return error_set(err, EBADMSG, "line %u: %s was expected", line->number, expected);
}

static int full(int ret, struct error *err)
{
	return ret ? error_set(err, -ret, "%s", ret == -ENOSPC ? "too many entries" : "no memory")
		   : 0;
}

static int read_network(struct ledger *ledger, const struct line *line, struct error *err)
{
	struct ledger_network network = { .via = NET_VIA_VETH };
	uint32_t mtu;

	if (line->count != 10 || !is(line, 2, "via") || !is(line, 4, "link") ||
	    !is(line, 6, "subnet") || !is(line, 8, "mtu"))
		return wrong(line, err, "network NAME via .. link .. subnet .. mtu ..");
	if (is(line, 3, "vnic"))
		network.via = NET_VIA_VNIC;
	else if (!is(line, 3, "veth"))
		return wrong(line, err, "veth or vnic");
	if (!net_is_name(line->words[1], line->lengths[1]) ||
	    !copy(line, 1, network.name, sizeof(network.name)))
		return wrong(line, err, "a network's name");
	if (!copy_link(line, 5, network.link))
		return wrong(line, err, "a device's name");
	if (!net_read_subnet(line->words[7], line->lengths[7], &network.subnet, &network.prefix))
		return wrong(line, err, "a subnet");
	if (!net_read_number(line->words[9], line->lengths[9], 576, 65535, &mtu))
		return wrong(line, err, "an MTU");
	network.mtu = mtu;
	if (ledger_network(ledger, network.name))
		return wrong(line, err, "a network that is not named above");
	return full(ledger_add_network(ledger, &network), err);
}

static bool are_names(const char *text)
{
	for (;;) {
		size_t length = strcspn(text, ",");

		if (!net_is_host_name(text, length))
			return false;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

static int read_member(struct ledger *ledger, const struct line *line, struct error *err)
{
	struct ledger_member member;
	const struct ledger_network *network;

	if (line->count != 10 || !is(line, 2, "network") || !is(line, 4, "address") ||
	    !is(line, 6, "device") || !is(line, 8, "names"))
		return wrong(line, err, "member ID network .. address .. device .. names ..");
	if (!copy_id(line, 1, member.id))
		return wrong(line, err, "a container's ID");
	if (!copy(line, 3, member.network, sizeof(member.network)))
		return wrong(line, err, "a network's name");
	network = ledger_network(ledger, member.network);
	if (!network)
		return wrong(line, err, "a network that is named above");
	if (!net_read_address(line->words[5], line->lengths[5], &member.address) ||
	    pool_check(ledger, network, member.address))
		return wrong(line, err, "a free address of the network");
	if (!copy_link(line, 7, member.device))
		return wrong(line, err, "a device's name");
	if (!copy(line, 9, member.names, sizeof(member.names)) || !are_names(member.names))
		return wrong(line, err, "host names");
	return full(ledger_add_member(ledger, &member), err);
}

/* Read "10.1.2.3:80". */
static bool read_end(const struct line *line, unsigned int i, uint32_t *address, uint16_t *port)
{
	const char *text = line->words[i], *colon = memchr(text, ':', line->lengths[i]);
	uint32_t number;

	if (!colon || !net_read_address(text, (size_t)(colon - text), address) ||
	    !net_read_number(colon + 1, line->lengths[i] - (size_t)(colon - text) - 1, 1, 65535,
			     &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static int read_port(struct ledger *ledger, const struct line *line, struct error *err)
{
	struct ledger_port port = { .port.protocol = NET_TCP };

	if (line->count != 6 || !is(line, 3, "inside"))
		return wrong(line, err, "port ID ADDRESS:PORT inside ADDRESS:PORT PROTOCOL");
	if (!copy_id(line, 1, port.id) || !ledger_member(ledger, port.id, 0))
		return wrong(line, err, "the ID of a container that is named above");
	if (!read_end(line, 2, &port.port.outside, &port.port.outside_port) ||
	    !read_end(line, 4, &port.inside, &port.port.inside_port))
		return wrong(line, err, "ADDRESS:PORT");
	if (is(line, 5, "udp"))
		port.port.protocol = NET_UDP;
	else if (!is(line, 5, "tcp"))
		return wrong(line, err, "tcp or udp");
	if (ledger_port_taken(ledger, &port.port))
		return wrong(line, err, "a port that is not named above");
	return full(ledger_add_port(ledger, &port), err);
}

/* Returns 1 at the end. */
static int read_line(struct ledger *ledger, const struct line *line, struct error *err)
{
	uint32_t lines;

	if (line->number == 1)
		return is(line, 0, "cell-net") && is(line, 1, "1") && line->count == 2
			       ? 0
			       : wrong(line, err, "\"cell-net 1\"");
	if (is(line, 0, "network"))
		return read_network(ledger, line, err);
	if (is(line, 0, "member"))
		return read_member(ledger, line, err);
	if (is(line, 0, "port"))
		return read_port(ledger, line, err);
	if (is(line, 0, "forwarding") && is(line, 1, "ours") && line->count == 2) {
		ledger->forwarding_ours = true;
		return 0;
	}
	if (is(line, 0, "end") && line->count == 2 &&
	    net_read_number(line->words[1], line->lengths[1], 0, UINT32_MAX, &lines) &&
	    lines == line->number - 2)
		return 1;
	return wrong(line, err, "network, member, port, forwarding, or end with the number of lines");
}

int ledger_read(struct ledger *ledger, const char *text, size_t length, struct error *err)
{
	struct line line = { .number = 0 };
	const char *end = text + length;

	if (!length)
		return 0;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		int ret;

		line.number++;
		if (!newline)
			return wrong(&line, err, "the end of the line");
		cut(&line, text, (size_t)(newline - text));
		ret = read_line(ledger, &line, err);
		if (ret < 0)
			return ret;
		text = newline + 1;
		if (ret && text == end)
			return 0;
		if (ret)
			return wrong(&line, err, "nothing behind the end");
	}
	line.number++;
	return wrong(&line, err, "end");
}

static void write_network(FILE *out, const struct ledger_network *n)
{
	char subnet[NET_ADDRESS_TEXT];

	fprintf(out, "network %s via %s link %s subnet %s/%u mtu %u\n", n->name,
		n->via == NET_VIA_VNIC ? "vnic" : "veth", n->link,
		net_write_address(n->subnet, subnet), n->prefix, n->mtu);
}

char *ledger_write(const struct ledger *ledger, size_t *length)
{
	char address[NET_ADDRESS_TEXT], inside[NET_ADDRESS_TEXT], *text = NULL;
	FILE *out = open_memstream(&text, length);
	bool failed;

	if (!out)
		return NULL;
	fputs("cell-net 1\n", out);
	if (ledger->forwarding_ours)
		fputs("forwarding ours\n", out);
	for (size_t i = 0; i < ledger->network_count; i++)
		write_network(out, &ledger->networks[i]);
	for (size_t i = 0; i < ledger->member_count; i++) {
		const struct ledger_member *m = &ledger->members[i];

		fprintf(out, "member %s network %s address %s device %s names %s\n", m->id,
			m->network, net_write_address(m->address, address), m->device, m->names);
	}
	for (size_t i = 0; i < ledger->port_count; i++) {
		const struct ledger_port *p = &ledger->ports[i];

		fprintf(out, "port %s %s:%u inside %s:%u %s\n", p->id,
			net_write_address(p->port.outside, address), p->port.outside_port,
			net_write_address(p->inside, inside), p->port.inside_port,
			net_protocol_name(p->port.protocol));
	}
	fprintf(out, "end %zu\n", ledger->network_count + ledger->member_count +
		ledger->port_count + ledger->forwarding_ours);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
