// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets and forwards as people write them:
 *
 *	udp 10.9.0.2:4000 -> 198.51.100.7:53		a packet
 *	icmp 10.9.0.2 -> 198.51.100.7			an echo request
 *	udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53	a packet of IPv6
 *	icmp fd00:9::2 -> 2001:db8:5::7			an echo request of IPv6
 *	tcp 8080 -> 10.9.0.2:80				a forward
 *	tcp 192.0.2.7:8080 10.9.0.2:80			the same of one outside address
 *
 * In one argument or several; the arrow may be left out, for a shell takes it as a redirection.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "addresses.h"
#include "options.h"

static const struct {
	const char *name;
	uint8_t protocol;
} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP } };

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* NULL if there is none. */
const char *protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].protocol == protocol)
			return protocols[i].name;
	return NULL;
}

bool is_protocol(const char *word)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (!strcmp(protocols[i].name, word))
			return true;
	return false;
}

static int parse_protocol(const char *word, uint8_t *protocol, struct error *err)
{
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (!strcmp(protocols[i].name, word)) {
			*protocol = protocols[i].protocol;
			return 0;
		}
	}
	return error_set(err, EUSAGE, "protocol: %.40s: there are tcp, udp and icmp", word);
}

/* --- words --- */

/* "->" stands alone, whether or not there are spaces around it. */
static bool append(struct words *words, size_t *used, const char *argument)
{
	for (const char *at = argument; *at;) {
		bool arrow = !strncmp(at, "->", 2);
		int size = snprintf(words->text + *used, sizeof(words->text) - *used,
				    arrow ? " -> " : "%c", *at);

		*used += (size_t)size;
		if (*used + 1 >= sizeof(words->text))
			return false;
		at += arrow ? 2 : 1;
	}
	words->text[(*used)++] = ' ';
	words->text[*used] = '\0';
	return true;
}

/* @arguments ends with NULL. */
int words_split(struct words *words, char **arguments, struct error *err)
{
	char *next = words->text, *rest = NULL;
	size_t used = 0;

	words->count = 0;
	words->text[0] = '\0';
	for (; *arguments; arguments++)
		if (!append(words, &used, *arguments))
			return error_set(err, EUSAGE, "%.40s...: this is too long", words->text);
	for (char *word; (word = strtok_r(next, " \t\n", &rest)); next = NULL) {
		if (words->count == WORDS_MAX)
			return error_set(err, EUSAGE, "%.40s: these are too many words", word);
		words->at[words->count++] = word;
	}
	return 0;
}

/* What follows @at, with an arrow passed over. */
static size_t behind(const struct words *words, size_t at)
{
	at++;
	return at < words->count && !strcmp(words->at[at], "->") ? at + 1 : at;
}

/* An arrow that nobody quoted: the shell left its dash, and writes to the file behind it. */
static bool shell_took_the_arrow(const struct words *words)
{
	return words->count && !strcmp(words->at[words->count - 1], "-");
}

static int arrow_gone(const char *verb, struct error *err)
{
	return error_set(
		err, EUSAGE,
		"%s: the shell took -> as \"write to a file\": leave it out, or quote it: '->'",
		verb);
}

/* --- packets --- */

/* Sets which words its ends are; returns 0 or a negative error. */
static int find_ends(const struct words *words, size_t first, size_t *source, size_t *destination,
		     struct error *err)
{
	*source = first + 1;
	*destination = behind(words, first + 1);
	if (shell_took_the_arrow(words))
		return arrow_gone("explain", err);
	if (*source < words->count && *destination + 1 == words->count)
		return 0;
	return error_set(err, EUSAGE,
			 "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'");
}

/* The identifier of ICMP may be left out, and 0 be one. */
static int parse_packet_end(const char *word, uint8_t protocol, struct end *end, struct error *err)
{
	struct error unused;

	*end = (struct end){ 0 };
	if (protocol != IPPROTO_ICMP)
		return parse_end(word, "explain", end, err);
	if (!strchr(word, ':'))
		return parse_address(word, "explain", &end->address, err);
	if (strlen(word) > 2 && !strcmp(word + strlen(word) - 2, ":0"))
		return error_set(err, EUSAGE, "explain: %.40s: leave an identifier of 0 out", word);
	if (!parse_end(word, "explain", end, &unused))
		return 0;
	return error_set(err, EUSAGE,
			 "explain: %.40s: not an address and an identifier: write 10.9.0.2:77",
			 word);
}

int parse_tuple(const struct words *words, size_t first, struct tuple *tuple, struct error *err)
{
	size_t source, destination;
	int ret = find_ends(words, first, &source, &destination, err);

	if (!ret)
		ret = parse_protocol(words->at[first], &tuple->protocol, err);
	if (!ret)
		ret = parse_packet_end(words->at[source], tuple->protocol, &tuple->source, err);
	if (!ret)
		ret = parse_packet_end(words->at[destination], tuple->protocol, &tuple->destination,
				       err);
	return ret;
}

static void format_packet_end(char text[END_SIZE], uint8_t protocol, const struct end *end)
{
	if (protocol == IPPROTO_ICMP && !end->port)
		format_address(text, end->address);
	else
		format_end(text, end->address, end->port);
}

void format_tuple(char *text, size_t size, const struct tuple *tuple)
{
	char source[END_SIZE], destination[END_SIZE];

	format_packet_end(source, tuple->protocol, &tuple->source);
	format_packet_end(destination, tuple->protocol, &tuple->destination);
	snprintf(text, size, "%s %s -> %s", protocol_name(tuple->protocol), source, destination);
}

/* --- packets of IPv6 --- */

/* Two colons: no end of IPv4 has them. */
static bool is_end6(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon && strchr(colon + 1, ':');
}

/* Whether an end of it is of IPv6. */
bool is_tuple6(const struct words *words, size_t first)
{
	struct error unused;
	size_t source, destination;

	return !find_ends(words, first, &source, &destination, &unused) &&
	       (is_end6(words->at[source]) || is_end6(words->at[destination]));
}

static int parse_packet_end6(const char *word, uint8_t protocol, struct end6 *end,
			     struct error *err)
{
	struct error unused;

	*end = (struct end6){ .port = 0 };
	if (!is_end6(word))
		return error_set(err, EUSAGE,
				 "explain: %.40s: the packet's other address is of IPv6", word);
	if (protocol != IPPROTO_ICMP)
		return parse_end6(word, "explain", end, err);
	if (word[0] != '[')
		return parse_address6(word, "explain", &end->address, err);
	if (!parse_end6(word, "explain", end, &unused))
		return 0;
	return error_set(err, EUSAGE,
			 "explain: %.64s: not an address and an identifier: write [fd00:9::2]:77",
			 word);
}

int parse_tuple6(const struct words *words, size_t first, struct tuple6 *tuple, struct error *err)
{
	size_t source, destination;
	int ret = find_ends(words, first, &source, &destination, err);

	if (!ret)
		ret = parse_protocol(words->at[first], &tuple->protocol, err);
	if (!ret)
		ret = parse_packet_end6(words->at[source], tuple->protocol, &tuple->source, err);
	if (!ret)
		ret = parse_packet_end6(words->at[destination], tuple->protocol,
					&tuple->destination, err);
	return ret;
}

static void format_packet_end6(char text[END6_SIZE], uint8_t protocol, const struct end6 *end)
{
	if (protocol == IPPROTO_ICMP && !end->port)
		format_address6(text, &end->address);
	else
		format_end6(text, &end->address, end->port);
}

void format_tuple6(char *text, size_t size, const struct tuple6 *tuple)
{
	char source[END6_SIZE], destination[END6_SIZE];

	format_packet_end6(source, tuple->protocol, &tuple->source);
	format_packet_end6(destination, tuple->protocol, &tuple->destination);
	snprintf(text, size, "%s %s -> %s", protocol_name(tuple->protocol), source, destination);
}

/* --- forwards --- */

/* PORT or ADDRESS:PORT, of tcp or udp. */
static int parse_outside(const struct words *words, size_t first, const char *verb,
			 struct forward *forward, struct error *err)
{
	const char *outside = words->at[first + 1];
	int ret = parse_protocol(words->at[first], &forward->protocol, err);

	if (ret)
		return ret;
	if (forward->protocol == IPPROTO_ICMP)
		return error_set(err, EUSAGE, "%s: icmp: only ports of tcp and udp are forwarded",
				 verb);
	forward->outside = (struct end){ 0 };
	if (strchr(outside, ':') || strchr(outside, '.'))
		return parse_end(outside, verb, &forward->outside, err);
	return parse_port(outside, verb, &forward->outside.port, err);
}

int parse_forward(const struct words *words, size_t first, struct forward *forward,
		  struct error *err)
{
	size_t inside = behind(words, first + 1);
	int ret;

	if (shell_took_the_arrow(words))
		return arrow_gone("forward", err);
	if (first + 1 >= words->count || inside + 1 != words->count)
		return error_set(
			err, EUSAGE,
			"forward: say which port goes where: vnic forward tcp 8080 10.9.0.2:80");
	ret = parse_outside(words, first, "forward", forward, err);
	return ret ? ret : parse_end(words->at[inside], "forward", &forward->inside, err);
}

/* Where it goes may be said, so that a line of forward can be typed again. */
int parse_unforward(const struct words *words, size_t first, struct forward *forward,
		    struct error *err)
{
	if (shell_took_the_arrow(words))
		return arrow_gone("unforward", err);
	if (first + 1 >= words->count || behind(words, first + 1) + 1 < words->count)
		return error_set(err, EUSAGE, "unforward: say which port: vnic unforward tcp 8080");
	return parse_outside(words, first, "unforward", forward, err);
}
