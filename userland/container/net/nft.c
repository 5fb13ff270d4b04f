// SPDX-License-Identifier: GPL-2.0-only
/* A network's table in nftables, see nft.h. */
#include "nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "nft_expression.h"

/* Maps: of ports of every address, and of one. */
#define MAP_ANY		"ports"
#define MAP_ONE		"ports_of"
/* How nft(8) shows them: its numbers of types, six bits each (nftables, datatype.h). */
#define TYPE_ADDRESS	7u
#define TYPE_PROTOCOL	12u
#define TYPE_PORT	13u
#define TYPE_BITS	6
#define LOOPBACK	0x7f000000u

/* NF_CT_STATE_BIT(IP_CT_ESTABLISHED | IP_CT_RELATED), which only the kernel's own headers have. */
#define STATE_ANSWERS	0x06u

#define CHAIN_BEFORE	"before"
#define CHAIN_IN	"in"
#define CHAIN_OUT	"out"
#define CHAIN_AFTER	"after"
#define CHAIN_THROUGH	"through"

static void begin(struct netlink_message *m, struct netlink *nl, unsigned int type, uint16_t flags)
{
	struct nfgenmsg header = { .nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0 };

	netlink_begin(m, nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &header,
		      sizeof(header));
}

static void begin_batch(struct netlink_message *m, struct netlink *nl)
{
	struct nfgenmsg header = { .version = NFNETLINK_V0,
				   .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	netlink_start(m);
	netlink_begin(m, nl, NFNL_MSG_BATCH_BEGIN, 0, &header, sizeof(header));
}

/* End the batch and send it. What is acknowledged is its last request, not its end. */
static int commit(struct netlink_message *m, struct netlink *nl, char *said, size_t size)
{
	struct nfgenmsg header = { .version = NFNETLINK_V0,
				   .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	uint32_t sequence = nl->sequence;
	size_t last = m->header;
	int ret;

	netlink_begin(m, nl, NFNL_MSG_BATCH_END, 0, &header, sizeof(header));
	m->header = last;
	nl->sequence = sequence;
	ret = netlink_call(nl, m, said, size);
	nl->sequence++;
	return ret;
}

static int report(int ret, const char *said, const char *what, const char *table, struct error *err)
{
	const char *advice = NULL;

	if (ret == -EPERM)
		advice = "a private network needs CAP_NET_ADMIN on the host: run as root, or --net "
			 "none or host";
	if (ret == -EOPNOTSUPP || ret == -ENOENT)
		advice = "this kernel lacks a part of nftables: load nft_chain_nat, nft_masq and "
			 "nft_fib_ipv4";
	return error_errno(err, -ret, advice, "network: %s of nftables table %s%s%s", what, table,
			   said[0] ? ": " : "", said);
}

static void put_table(struct netlink_message *m, struct netlink *nl, unsigned int type,
		      uint16_t flags, const char *table)
{
	begin(m, nl, type, flags);
	netlink_put_text(m, NFTA_TABLE_NAME, table);
}

static void put_chain(struct netlink_message *m, struct netlink *nl, const char *table,
		      const char *chain, const char *type, uint32_t hook, int priority)
{
	size_t nest;

	begin(m, nl, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_put_text(m, NFTA_CHAIN_TABLE, table);
	netlink_put_text(m, NFTA_CHAIN_NAME, chain);
	nest = netlink_nest(m, NFTA_CHAIN_HOOK);
	netlink_put_be32(m, NFTA_HOOK_HOOKNUM, hook);
	netlink_put_be32(m, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	netlink_end(m, nest);
	netlink_put_text(m, NFTA_CHAIN_TYPE, type);
	netlink_put_be32(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

static void put_map(struct netlink_message *m, struct netlink *nl, const char *table,
		    const char *name, uint32_t id, uint32_t key_type, uint32_t key_size)
{
	begin(m, nl, NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_put_text(m, NFTA_SET_TABLE, table);
	netlink_put_text(m, NFTA_SET_NAME, name);
	netlink_put_be32(m, NFTA_SET_FLAGS, NFT_SET_MAP);
	netlink_put_be32(m, NFTA_SET_KEY_TYPE, key_type);
	netlink_put_be32(m, NFTA_SET_KEY_LEN, key_size);
	netlink_put_be32(m, NFTA_SET_DATA_TYPE, TYPE_ADDRESS << TYPE_BITS | TYPE_PORT);
	netlink_put_be32(m, NFTA_SET_DATA_LEN, 8);
	netlink_put_be32(m, NFTA_SET_ID, id);
}

/* Begin a rule; returns what netlink_end() wants. */
static size_t put_rule(struct netlink_message *m, struct netlink *nl, const char *table,
		       const char *chain)
{
	begin(m, nl, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_put_text(m, NFTA_RULE_TABLE, table);
	netlink_put_text(m, NFTA_RULE_CHAIN, chain);
	return netlink_nest(m, NFTA_RULE_EXPRESSIONS);
}

/* A published port: of one address if there is such, else of all. */
static void put_ports(struct netlink_message *m, struct netlink *nl, const char *table,
		      const char *chain)
{
	size_t rule = put_rule(m, nl, table, chain);

	nft_if_to_host(m);
	nft_load_address(m, NFT_DESTINATION, R0);
	nft_load_meta(m, NFT_META_L4PROTO, R1);
	nft_load_destination_port(m, R2);
	nft_look_up(m, MAP_ONE);
	nft_translate(m);
	netlink_end(m, rule);

	rule = put_rule(m, nl, table, chain);
	nft_if_to_host(m);
	nft_load_meta(m, NFT_META_L4PROTO, R0);
	nft_load_destination_port(m, R1);
	nft_look_up(m, MAP_ANY);
	nft_translate(m);
	netlink_end(m, rule);
}

static void put_before(struct netlink_message *m, struct netlink *nl,
		       const struct ledger_network *n)
{
	size_t rule = put_rule(m, nl, n->link, CHAIN_BEFORE);

	nft_if_device(m, true, true, n->link);
	nft_if_subnet(m, NFT_DESTINATION, true, LOOPBACK, 8);
	nft_verdict(m, NF_DROP);
	netlink_end(m, rule);
}

static void put_after(struct netlink_message *m, struct netlink *nl, const struct ledger_network *n)
{
	size_t rule = put_rule(m, nl, n->link, CHAIN_AFTER);

	/* From the host's loopback: the container could not answer 127.0.0.1. */
	nft_if_device(m, false, true, n->link);
	nft_if_subnet(m, NFT_SOURCE, true, LOOPBACK, 8);
	nft_masquerade(m);
	netlink_end(m, rule);

	/* From a neighbour by a published port: the answer must come back this way. */
	rule = put_rule(m, nl, n->link, CHAIN_AFTER);
	nft_if_device(m, false, true, n->link);
	nft_if_subnet(m, NFT_SOURCE, true, n->subnet, n->prefix);
	nft_if_ct(m, NFT_CT_STATUS, IPS_DST_NAT);
	nft_masquerade(m);
	netlink_end(m, rule);

	rule = put_rule(m, nl, n->link, CHAIN_AFTER);
	nft_if_device(m, false, false, n->link);
	nft_if_subnet(m, NFT_SOURCE, true, n->subnet, n->prefix);
	nft_masquerade(m);
	netlink_end(m, rule);
}

static void put_through(struct netlink_message *m, struct netlink *nl,
			const struct ledger_network *n)
{
	size_t rule;

	for (int i = 0; i < 3; i++) {
		rule = put_rule(m, nl, n->link, CHAIN_THROUGH);
		nft_if_device(m, false, true, n->link);
		nft_if_device(m, true, false, n->link);
		if (i == 0)
			nft_if_ct(m, NFT_CT_STATE, STATE_ANSWERS);
		else if (i == 1)
			nft_if_ct(m, NFT_CT_STATUS, IPS_DST_NAT);
		nft_verdict(m, i < 2 ? NF_ACCEPT : NF_DROP);
		netlink_end(m, rule);
	}
}

int nft_add_table(struct netlink *nl, const struct ledger_network *n, struct error *err)
{
	struct netlink_message m;
	char said[128];
	int ret;

	begin_batch(&m, nl);
	/* Made, so that it can be removed, so that it is new. */
	put_table(&m, nl, NFT_MSG_NEWTABLE, NLM_F_CREATE, n->link);
	put_table(&m, nl, NFT_MSG_DELTABLE, 0, n->link);
	put_table(&m, nl, NFT_MSG_NEWTABLE, NLM_F_CREATE, n->link);
	put_map(&m, nl, n->link, MAP_ANY, 1, TYPE_PROTOCOL << TYPE_BITS | TYPE_PORT, 8);
	put_map(&m, nl, n->link, MAP_ONE, 2,
		(TYPE_ADDRESS << TYPE_BITS | TYPE_PROTOCOL) << TYPE_BITS | TYPE_PORT, 12);
	put_chain(&m, nl, n->link, CHAIN_BEFORE, "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW);
	put_chain(&m, nl, n->link, CHAIN_IN, "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
	put_chain(&m, nl, n->link, CHAIN_OUT, "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
	put_chain(&m, nl, n->link, CHAIN_AFTER, "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
	put_chain(&m, nl, n->link, CHAIN_THROUGH, "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER);
	put_before(&m, nl, n);
	put_ports(&m, nl, n->link, CHAIN_IN);
	put_ports(&m, nl, n->link, CHAIN_OUT);
	put_after(&m, nl, n);
	put_through(&m, nl, n);
	ret = commit(&m, nl, said, sizeof(said));
	return ret ? report(ret, said, "making", n->link, err) : 0;
}

int nft_remove_table(struct netlink *nl, const char *table, struct error *err)
{
	struct netlink_message m;
	char said[128];
	int ret;

	begin_batch(&m, nl);
	put_table(&m, nl, NFT_MSG_DELTABLE, 0, table);
	ret = commit(&m, nl, said, sizeof(said));
	return ret && ret != -ENOENT ? report(ret, said, "removal", table, err) : 0;
}

/* The key of a port, in the registers' form: 4 octets for each part. Returns its size. */
static size_t key_of(const struct net_port *port, uint8_t key[12])
{
	uint16_t wire = htons(port->outside_port);
	uint32_t address = htonl(port->outside);
	size_t used = 0;

	memset(key, 0, 12);
	if (port->outside) {
		memcpy(key, &address, 4);
		used = 4;
	}
	key[used] = (uint8_t)port->protocol;
	memcpy(key + used + 4, &wire, 2);
	return used + 8;
}

static void put_element(struct netlink_message *m, const struct ledger_port *port, bool value)
{
	uint16_t inside_port = htons(port->port.inside_port);
	uint32_t inside = htonl(port->inside);
	uint8_t key[12], data[8] = { 0 };
	size_t size = key_of(&port->port, key), element = netlink_nest(m, NFTA_LIST_ELEM), nest;

	nest = netlink_nest(m, NFTA_SET_ELEM_KEY);
	netlink_put(m, NFTA_DATA_VALUE, key, size);
	netlink_end(m, nest);
	if (value) {
		memcpy(data, &inside, 4);
		memcpy(data + 4, &inside_port, 2);
		nest = netlink_nest(m, NFTA_SET_ELEM_DATA);
		netlink_put(m, NFTA_DATA_VALUE, data, sizeof(data));
		netlink_end(m, nest);
	}
	netlink_end(m, element);
}

static size_t begin_elements(struct netlink_message *m, struct netlink *nl, unsigned int type,
			     uint16_t flags, const char *table, const char *map)
{
	begin(m, nl, type, flags);
	netlink_put_text(m, NFTA_SET_ELEM_LIST_TABLE, table);
	netlink_put_text(m, NFTA_SET_ELEM_LIST_SET, map);
	return netlink_nest(m, NFTA_SET_ELEM_LIST_ELEMENTS);
}

int nft_add_ports(struct netlink *nl, const char *table, const struct ledger_port *ports,
		  size_t count, struct error *err)
{
	struct netlink_message m;
	char said[128];
	int ret;

	if (!count)
		return 0;
	begin_batch(&m, nl);
	for (int one = 0; one < 2; one++) {
		size_t list = 0;

		for (size_t i = 0; i < count; i++) {
			if ((ports[i].port.outside != 0) != one)
				continue;
			if (!list)
				list = begin_elements(&m, nl, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
						      table, one ? MAP_ONE : MAP_ANY);
			put_element(&m, &ports[i], true);
		}
		if (list)
			netlink_end(&m, list);
	}
	ret = commit(&m, nl, said, sizeof(said));
	return ret ? report(ret, said, "ports", table, err) : 0;
}

int nft_remove_port(struct netlink *nl, const char *table, const struct ledger_port *port,
		    struct error *err)
{
	struct netlink_message m;
	char said[128];
	size_t list;
	int ret;

	begin_batch(&m, nl);
	list = begin_elements(&m, nl, NFT_MSG_DELSETELEM, 0, table,
			      port->port.outside ? MAP_ONE : MAP_ANY);
	put_element(&m, port, false);
	netlink_end(&m, list);
	ret = commit(&m, nl, said, sizeof(said));
	return ret && ret != -ENOENT ? report(ret, said, "removal of a port", table, err) : 0;
}
