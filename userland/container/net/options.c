// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of --net and -p, see net.h. Knows nothing of the host: what a word means is decided
 * here, whether it can be had by net_up(). Called by cell's command line.
 */
#include <errno.h>
#include <string.h>

#include "words.h"

#define NET_WORDS "none, host, or private[:NAME][,via=..][,subnet=..][,ip=..][,mtu=..][,alias=..][,dns=..]"
#define PORT_WORDS "[ADDRESS:]OUTSIDE:INSIDE[/tcp|/udp], as in 8080:80"

void net_config_init(struct net_config *config)
{
	memset(config, 0, sizeof(*config));
	config->mode = NET_PRIVATE;
}

/* One setting behind a comma. @value need not end with NUL. */
static int read_setting(struct net_config *config, struct net_join *join, const char *key,
			size_t key_length, const char *value, size_t length, struct error *err)
{
	const int shown = length > 60 ? 60 : (int)length;
	uint32_t number;

#define IS(word) (key_length == sizeof(word) - 1 && !memcmp(key, word, key_length))
	if (IS("via")) {
		if (length == 4 && !memcmp(value, "veth", 4))
			join->via = NET_VIA_VETH;
		else if (length == 4 && !memcmp(value, "vnic", 4))
			join->via = NET_VIA_VNIC;
		else
			return error_set(err, EINVAL, "--net: via=%.*s: veth or vnic was expected",
					 shown, value);
	} else if (IS("subnet")) {
		if (!net_read_subnet(value, length, &join->subnet, &join->prefix))
			return error_set(err, EINVAL,
					 "--net: subnet=%.*s: a subnet of 8 to 30 bits was "
					 "expected, as in 10.1.2.0/24", shown, value);
	} else if (IS("ip")) {
		if (!net_read_address(value, length, &join->address) || !join->address)
			return error_set(err, EINVAL,
					 "--net: ip=%.*s: an IPv4 address was expected, as in "
					 "10.1.2.3", shown, value);
	} else if (IS("mtu")) {
		if (!net_read_number(value, length, 576, 65535, &number))
			return error_set(err, EINVAL,
					 "--net: mtu=%.*s: 576 to 65535 was expected", shown, value);
		join->mtu = number;
	} else if (IS("alias")) {
		if (!net_is_host_name(value, length))
			return error_set(err, EINVAL,
					 "--net: alias=%.*s: a host name was expected: letters, "
					 "digits, - and _, at most %d", shown, value, NET_HOST_MAX);
		if (join->alias_count == NET_ALIASES)
			return error_set(err, EINVAL, "--net: alias=%.*s: %d are allowed in one "
					 "network", shown, value, NET_ALIASES);
		memcpy(join->aliases[join->alias_count], value, length);
		join->aliases[join->alias_count++][length] = '\0';
	} else if (IS("dns")) {
		if (config->server_count == NET_SERVERS)
			return error_set(err, EINVAL, "--net: dns=%.*s: %d are allowed", shown,
					 value, NET_SERVERS);
		if (!net_read_address(value, length, &config->servers[config->server_count]))
			return error_set(err, EINVAL,
					 "--net: dns=%.*s: an IPv4 address was expected", shown,
					 value);
		config->server_count++;
	} else {
		return error_set(err, EINVAL,
				 "--net: %.*s: no such setting: there are via, subnet, ip, mtu, "
				 "alias and dns", (int)(key_length > 60 ? 60 : key_length), key);
	}
#undef IS
	return 0;
}

static int read_private(struct net_config *config, const char *word, struct error *err)
{
	const char *name = NET_DEFAULT_NETWORK, *at = word + strlen("private");
	size_t length = strlen(name);
	struct net_join *join;

	if (*at == ':') {
		name = at + 1;
		length = strcspn(name, ",");
		at = name + length;
		if (!net_is_name(name, length))
			return error_set(err, EINVAL,
					 "--net: private:%.40s: a network's name was expected: 1 to "
					 "%d letters, digits, _ . -", name, NET_NAME_MAX);
	}
	for (unsigned int i = 0; i < config->join_count; i++)
		if (strlen(config->joins[i].network) == length &&
		    !memcmp(config->joins[i].network, name, length))
			return error_set(err, EINVAL, "--net: private:%.*s: named twice: once is "
					 "enough", (int)length, name);
	if (config->join_count == NET_JOINS)
		return error_set(err, EINVAL, "--net: private:%.*s: a container can be in %d "
				 "networks", (int)length, name, NET_JOINS);
	join = &config->joins[config->join_count];
	memset(join, 0, sizeof(*join));
	memcpy(join->network, name, length);
	while (*at == ',') {
		const char *key = at + 1, *value;
		size_t whole = strcspn(key, ","), key_length = strcspn(key, "=,");
		int ret;

		at = key + whole;
		if (key_length == whole)
			return error_set(err, EINVAL,
					 "--net: %.*s: KEY=VALUE was expected behind the comma",
					 (int)(whole > 60 ? 60 : whole), key);
		value = key + key_length + 1;
		ret = read_setting(config, join, key, key_length, value, (size_t)(at - value), err);
		if (ret)
			return ret;
	}
	if (*at)
		return error_set(err, EINVAL, "--net: %.60s: expected " NET_WORDS, word);
	config->join_count++;
	return 0;
}

int net_parse_network(struct net_config *config, const char *word, unsigned int given,
		      struct error *err)
{
	const bool none = !strcmp(word, "none"), host = !strcmp(word, "host");

	if (!none && !host && strncmp(word, "private", 7) != 0)
		return error_set(err, EINVAL, "--net: %.60s: expected " NET_WORDS, word);
	if (given && (none || host || config->mode != NET_PRIVATE))
		return error_set(err, EINVAL,
				 "--net: %.60s: more than one can be given of private ones only",
				 word);
	if (none || host) {
		config->mode = none ? NET_NONE : NET_HOST;
		return 0;
	}
	config->mode = NET_PRIVATE;
	return read_private(config, word, err);
}

/* A port or a range. */
static bool read_range(const char *text, size_t length, uint32_t *first, uint32_t *last)
{
	const char *dash = memchr(text, '-', length);
	size_t before = dash ? (size_t)(dash - text) : length;

	if (!net_read_number(text, before, 1, 65535, first))
		return false;
	*last = *first;
	return !dash || (net_read_number(dash + 1, length - before - 1, 1, 65535, last) &&
			 *last >= *first);
}

int net_parse_port(struct net_config *config, const char *word, struct error *err)
{
	const char *end = strchr(word, '/'), *inside, *outside = word, *colon;
	struct net_port port = { .protocol = NET_TCP };
	uint32_t first, last, first_inside, last_inside;

	if (end && !strcmp(end, "/udp"))
		port.protocol = NET_UDP;
	else if (end && strcmp(end, "/tcp") != 0)
		return error_set(err, EINVAL, "-p: %.60s: behind the slash tcp or udp was expected",
				 word);
	if (!end)
		end = word + strlen(word);
	inside = memrchr(word, ':', (size_t)(end - word));
	if (!inside)
		return error_set(err, EINVAL, "-p: %.60s: expected " PORT_WORDS, word);
	colon = memrchr(word, ':', (size_t)(inside - word));
	if (colon) {
		outside = colon + 1;
		if (!net_read_address(word, (size_t)(colon - word), &port.outside))
			return error_set(err, EINVAL,
					 "-p: %.60s: an IPv4 address of the host was expected before "
					 "the first colon", word);
	}
	if (!read_range(outside, (size_t)(inside - outside), &first, &last))
		return error_set(err, EINVAL,
				 "-p: %.60s: the host's port, 1 to 65535, or FIRST-LAST was expected "
				 "before the last colon", word);
	inside++;
	if (!read_range(inside, (size_t)(end - inside), &first_inside, &last_inside))
		return error_set(err, EINVAL,
				 "-p: %.60s: the container's port, 1 to 65535, or FIRST-LAST was "
				 "expected behind the last colon", word);
	if (last - first != last_inside - first_inside)
		return error_set(err, EINVAL,
				 "-p: %.60s: the ranges have %u and %u ports: as many were expected",
				 word, last - first + 1, last_inside - first_inside + 1);
	if (last - first >= NET_PORTS - config->port_count)
		return error_set(err, EINVAL, "-p: %.60s: one container can publish %d ports", word,
				 NET_PORTS);
	for (; first <= last; first++, first_inside++) {
		port.outside_port = (uint16_t)first;
		port.inside_port = (uint16_t)first_inside;
		config->ports[config->port_count++] = port;
	}
	return 0;
}

static bool collide(const struct net_port *a, const struct net_port *b)
{
	return a->protocol == b->protocol && a->outside_port == b->outside_port &&
	       (!a->outside || !b->outside || a->outside == b->outside);
}

int net_config_check(struct net_config *config, struct error *err)
{
	if (config->port_count && config->mode != NET_PRIVATE)
		return error_set(err, EINVAL,
				 "-p: %u:%u: --net %s has no ports to publish: use --net private",
				 config->ports[0].outside_port, config->ports[0].inside_port,
				 config->mode == NET_NONE ? "none" : "host");
	for (unsigned int i = 0; i < config->port_count; i++)
		for (unsigned int j = 0; j < i; j++)
			if (collide(&config->ports[i], &config->ports[j]))
				return error_set(err, EINVAL,
						 "-p: %u/%s is published twice: once is enough",
						 config->ports[i].outside_port,
						 net_protocol_name(config->ports[i].protocol));
	if (config->mode == NET_PRIVATE && !config->join_count)
		strcpy(config->joins[config->join_count++].network, NET_DEFAULT_NETWORK);
	return 0;
}
