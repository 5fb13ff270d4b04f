// SPDX-License-Identifier: GPL-2.0-only
/* What can be set of a network, as people write it: of create and set. */
#include <string.h>

#include "vnic_tool.h"

#define SECONDS_MOST 604800
#define NS_PER_S 1000000000ull

static const struct {
	const char *name;
	size_t offset;
	__u32 which;
} timeouts[] = {
	{ "udp", offsetof(struct vnic_ioc_timeouts, udp), VNIC_SET_UDP },
	{ "icmp", offsetof(struct vnic_ioc_timeouts, icmp), VNIC_SET_ICMP },
	{ "tcp-established", offsetof(struct vnic_ioc_timeouts, tcp_established),
	  VNIC_SET_TCP_ESTABLISHED },
	{ "tcp-transitory", offsetof(struct vnic_ioc_timeouts, tcp_transitory),
	  VNIC_SET_TCP_TRANSITORY },
	{ "tcp-syn", offsetof(struct vnic_ioc_timeouts, tcp_syn), VNIC_SET_TCP_SYN },
};

#define TIMEOUTS (sizeof(timeouts) / sizeof(timeouts[0]))

/* How many words follow each, value included. */
static const struct {
	const char *name;
	size_t words;
} settings[] = {
	{ "timeout", 2 }, { "filtering", 1 }, { "ports", 1 }, { "quota", 1 }, { "joined", 1 }, { "dns", 1 }
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static bool is_setting(const char *word)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (!strcmp(settings[i].name, word))
			return true;
	return false;
}

int parse_filtering(const char *text, __u32 *flags, struct error *err)
{
	if (!strcmp(text, "address-dependent"))
		*flags |= VNIC_NET_ADDRESS_DEPENDENT;
	else if (!strcmp(text, "endpoint-independent"))
		*flags &= ~(__u32)VNIC_NET_ADDRESS_DEPENDENT;
	else
		return error_set(err, EUSAGE,
				 "filtering: %.40s: there are endpoint-independent and "
				 "address-dependent",
				 text);
	return 0;
}

static int parse_joined(const char *text, __u32 *flags, struct error *err)
{
	if (!strcmp(text, "on"))
		*flags |= VNIC_NET_JOINED;
	else if (!strcmp(text, "off"))
		*flags &= ~(__u32)VNIC_NET_JOINED;
	else
		return error_set(err, EUSAGE, "joined: %.40s: it is on or off", text);
	return 0;
}

/* Whole seconds; the struct's 0 means the default, and nobody can type that. */
static int parse_timeout(const char *what, const char *text, struct vnic_ioc_set *set,
			 struct error *err)
{
	struct error unused;
	size_t i = 0;
	uint64_t ns;

	while (i < TIMEOUTS && strcmp(timeouts[i].name, what) != 0)
		i++;
	if (i == TIMEOUTS)
		return error_set(err, EUSAGE,
				 "timeout: %.40s: there are udp, icmp, tcp-established, "
				 "tcp-transitory and tcp-syn",
				 what);
	if (parse_seconds(text, what, &ns, &unused) || ns % NS_PER_S ||
	    ns / NS_PER_S > SECONDS_MOST)
		return error_set(
			err, EUSAGE,
			"timeout: %s: %.40s: not a time from 1s to 7d: write seconds, or 5m "
			"or 2h",
			what, text);
	*(__u32 *)((char *)&set->values.timeouts + timeouts[i].offset) = (__u32)(ns / NS_PER_S);
	set->which |= timeouts[i].which;
	return 0;
}

static int parse_quota(const char *text, struct vnic_ioc_set *set, struct error *err)
{
	struct error unused;
	uint64_t number;

	if (parse_number(text, "quota", UINT32_MAX, &number, &unused) || !number)
		return error_set(err, EUSAGE, "quota: %.40s: not a number of mappings, 1 or more",
				 text);
	set->values.quota = (__u32)number;
	set->which |= VNIC_SET_QUOTA;
	return 0;
}

static int parse_one(size_t setting, char **words, struct vnic_ioc_set *set, struct error *err)
{
	switch (setting) {
	case 0:
		return parse_timeout(words[0], words[1], set, err);
	case 1:
		set->which |= VNIC_SET_FLAGS;
		return parse_filtering(words[0], &set->values.flags, err);
	case 2:
		set->which |= VNIC_SET_PORTS;
		return parse_ports(words[0], &set->values.first_port, &set->values.last_port, err);
	case 3:
		return parse_quota(words[0], set, err);
	case 5:
		set->which |= VNIC_SET_DNS;
		return parse_dns(words[0], &set->values, err);
	default:
		set->which |= VNIC_SET_FLAGS;
		return parse_joined(words[0], &set->values.flags, err);
	}
}

/* What @word was probably meant to be, or NULL. */
static const char *nearest_setting(const char *word)
{
	const char *names[SETTINGS];

	for (size_t i = 0; i < SETTINGS; i++)
		names[i] = settings[i].name;
	return nearest(word, names, SETTINGS);
}

/*
 * Whether the first of the words is a network's name. It is if it is no setting, unless it may have
 * been meant to be one and is followed by none.
 */
bool names_network(char **words, size_t count)
{
	if (!count || is_setting(words[0]))
		return false;
	return count == 1 || is_setting(words[1]) || !nearest_setting(words[0]);
}

static int no_setting(const char *word, struct error *err)
{
	const char *meant = nearest_setting(word);

	if (meant)
		return error_set(err, EUSAGE, "set: %.40s: no such setting: did you mean %s?", word,
				 meant);
	return error_set(
		err, EUSAGE,
		"set: %.40s: no such setting: there are timeout, filtering, ports, quota, "
		"joined and dns",
		word);
}

/* @set->values are what is set now: flags are changed one by one. Returns 0 or a negative error. */
int parse_settings(char **words, size_t count, struct vnic_ioc_set *set, struct error *err)
{
	size_t at = 0, setting;
	int ret = 0;

	while (!ret && at < count) {
		for (setting = 0; setting < SETTINGS; setting++)
			if (!strcmp(settings[setting].name, words[at]))
				break;
		if (setting == SETTINGS)
			return no_setting(words[at], err);
		if (settings[setting].words >= count - at)
			return error_set(err, EUSAGE,
					 "set: %s: its value is missing: vnic set %s %s", words[at],
					 words[at],
					 setting ? setting == 4 ? "on" : "VALUE" : "udp 300");
		ret = parse_one(setting, words + at + 1, set, err);
		at += 1 + settings[setting].words;
	}
	return ret;
}

/* In words that set takes. */
void print_settings(FILE *out, const struct vnic_ioc_network *network)
{
	char dns[DNS_SIZE];

	format_dns(dns, network);
	fprintf(out, "filtering %s\njoined %s\nports %u-%u\nquota %u\ndns %s\n", filtering_name(network),
		network->flags & VNIC_NET_JOINED ? "on" : "off", network->first_port,
		network->last_port, network->quota, dns);
	for (size_t i = 0; i < TIMEOUTS; i++)
		fprintf(out, "timeout %s %u\n", timeouts[i].name,
			*(const __u32 *)((const char *)&network->timeouts + timeouts[i].offset));
}
