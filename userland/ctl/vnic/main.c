// SPDX-License-Identifier: GPL-2.0-only
/* vnic: networks of guests, translated onto an uplink. This file says which verbs there are. */
#include "verbs.h"
#include "vnic_tool.h"

static const struct verb verbs[] = {
	{ "create", cmd_create, 1, "NAME --subnet A/N --uplink DEVICE",
	  "make a network that stays until it is removed" },
	{ "attach", cmd_attach, 1, "[NETWORK] CARD",
	  "a card joins; prints its address, if it was not given" },
	{ "detach", cmd_detach, 1, "CARD...", "cards leave" },
	{ "forward", cmd_forward, 1, "[NETWORK] tcp PORT A:PORT", "a port outside is a guest's" },
	{ "unforward", cmd_unforward, 1, "[NETWORK] tcp PORT", "it is not any more" },
	{ "list", cmd_list, 1, "[--json]", "networks, cards, forwards" },
	{ "flows", cmd_flows, 1, "[NETWORK] [--watch] [--json]",
	  "who is known outside as whom, and who talks to whom" },
	{ "stats", cmd_stats, 1, "[NETWORK] [--all] [--json]",
	  "what was translated, and what dropped, and why" },
	{ "set", cmd_set, 1, "[NETWORK] [SETTING VALUE]...",
	  "change a network, or print its settings" },
	{ "rm", cmd_rm, 1, "NETWORK...", "let a network's cards go and forget it" },
	{ "explain", cmd_explain, 1, "[NETWORK] PACKET",
	  "what would happen to a packet now, and why" },
	{ "draw", cmd_draw, 1, "[NETWORK] -o FILE.svg", "draw the flows" },
	{ "status", cmd_status, 1, "[--json]", "the module, and what there is in this namespace" },
};

#define COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	puts("usage: vnic VERB ...\n"
	     "Translate addresses of guests through " VNIC_DEVICE ".\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-10s%-36s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\nNETWORK can be left out where there is one only; --network NAME says it anywhere.\n"
	     "\noptions of create:\n"
	     "  --subnet A/N        of the guests, 8 to 30 bits; its first address: the gateway\n"
	     "  --uplink DEVICE     whose addresses they have outside\n"
	     "  --ports A-B         that mappings get (1024-65535)\n"
	     "  --mappings N        in all (65536)\n"
	     "  --quota N           of one guest (a quarter of all)\n"
	     "  --filtering HOW     endpoint-independent (default): all may send to a guest's\n"
	     "                      outside end; address-dependent: whom the guest has sent to\n"
	     "  --joined            guests may send to each other\n"
	     "  --dns A,...         servers that guests are told of (none); up to three of IPv4, and of IPv6\n"
	     "  --ipv6 A/N=B/N      translate the prefix A inside to B outside\n"
	     "\noptions of attach:\n"
	     "  --address A         of the guest; default: the first that is free\n"
	     "  --mac M             of the guest; default: the device's, or the first heard\n"
	     "\nsettings of set, one or several:\n"
	     "  timeout WHAT TIME   udp (300), icmp (60), tcp-established (7440),\n"
	     "                      tcp-transitory (240), tcp-syn (6); seconds, or 5m or 2h\n"
	     "  filtering HOW, ports A-B, quota N, joined on|off, dns A,...|none\n"
	     "\noptions of flows:\n"
	     "  --watch             again and again; q quits\n"
	     "  -d TIME             between two looks (1s)\n"
	     "  -n COUNT            so many looks\n"
	     "\na PACKET is 'udp 10.9.0.2:4000 -> 198.51.100.7:53', or icmp and two addresses;\n"
	     "quote the arrow, or leave it out. A source in the subnet is a guest, else outside.\n"
	     "\nvnic(1) has examples, the keys of --json, and exit statuses.");
}

int main(int argc, char **argv)
{
	return verbs_main(verbs, COUNT, print_help, argc, argv);
}
