// SPDX-License-Identifier: GPL-2.0-only
/* What a network counts, by name and in words: enum vnic_counter of <vnic.h>. */
#include "vnic_tool.h"

static const struct {
	const char *name;
	const char *words;
} counters[VNIC_COUNTERS] = {
	[VNIC_COUNT_OUT] = { "out", "packets translated on their way out" },
	[VNIC_COUNT_IN] = { "in", "packets translated on their way in" },
	[VNIC_COUNT_HAIRPIN] = { "hairpin", "packets from guest to guest by their outside ends" },
	[VNIC_COUNT_CREATED] = { "created", "mappings made" },
	[VNIC_COUNT_ERROR_SENT] = { "error_sent", "ICMP errors sent" },
	[VNIC_COUNT_ERROR_LIMITED] = { "error_limited",
				       "ICMP errors not sent, for there were too many" },
	[VNIC_COUNT_ARP] = { "arp", "ARP requests answered" },
	[VNIC_COUNT_DHCP] = { "dhcp", "DHCP requests answered" },
	[VNIC_COUNT_ECHO] = { "echo", "echo requests to the gateway answered" },
	[VNIC_DROP_FRAME] = { "drop_frame", "no Ethernet frame, or none that a network knows" },
	[VNIC_DROP_MAC] = { "drop_mac", "from another's MAC address" },
	[VNIC_DROP_SOURCE] = { "drop_source", "from another's IP address" },
	[VNIC_DROP_MARTIAN] = { "drop_martian", "to an address that nobody may be sent to" },
	[VNIC_DROP_ISOLATED] = { "drop_isolated", "to another guest, and guests are isolated" },
	[VNIC_DROP_TRUNCATED] = { "drop_truncated", "they end before their headers say so" },
	[VNIC_DROP_BAD_HEADER] = { "drop_bad_header", "headers that contradict each other" },
	[VNIC_DROP_BAD_SUM] = { "drop_bad_sum", "the sum of the IPv4 header is wrong" },
	[VNIC_DROP_SOURCE_ROUTED] = { "drop_source_routed", "they want to choose their own way" },
	[VNIC_DROP_FRAGMENT] = { "drop_fragment", "fragments that did not become a datagram" },
	[VNIC_DROP_PROTOCOL] = { "drop_protocol", "no protocol that is translated" },
	[VNIC_DROP_TTL] = { "drop_ttl", "on their way for too long" },
	[VNIC_DROP_TOO_BIG] = { "drop_too_big", "too big for where they go, and not to be cut" },
	[VNIC_DROP_NO_ROUTE] = { "drop_no_route", "the host knows no way" },
	[VNIC_DROP_NO_PORT] = { "drop_no_port", "no outside port is free" },
	[VNIC_DROP_QUOTA] = { "drop_quota", "the guest has as many mappings as it may" },
	[VNIC_DROP_FULL] = { "drop_full", "as many mappings or sessions as there may be" },
	[VNIC_DROP_NO_MEMORY] = { "drop_no_memory", "the kernel is out of memory" },
	[VNIC_DROP_FILTERED] = { "drop_filtered", "from somebody whom the guest never sent to" },
	[VNIC_DROP_NO_SESSION] = { "drop_no_session", "TCP of no connection, and it opens none" },
	[VNIC_DROP_NO_MAPPING] = { "drop_no_mapping", "nobody inside is known by that end" },
	[VNIC_DROP_SYN_HELD] = { "drop_syn_held", "SYNs that nobody asked for, held back" },
	[VNIC_DROP_ERROR_UNKNOWN] = { "drop_error_unknown",
				      "ICMP errors about packets of nobody's" },
};

/* As in statistics and JSON. */
const char *counter_name(unsigned int counter)
{
	return counter < VNIC_COUNTERS ? counters[counter].name : "unknown";
}

const char *counter_words(unsigned int counter)
{
	return counter < VNIC_COUNTERS ? counters[counter].words : "unknown to this vnic";
}
