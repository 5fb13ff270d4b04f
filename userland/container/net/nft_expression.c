// SPDX-License-Identifier: GPL-2.0-only
/* Expressions of nftables, see nft_expression.h. */
#include "nft_expression.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

#include "words.h"

struct expression {
	size_t whole;
	size_t data;
};

static struct expression begin(struct netlink_message *m, const char *name)
{
	struct expression e = { .whole = netlink_nest(m, NFTA_LIST_ELEM) };

	netlink_put_text(m, NFTA_EXPR_NAME, name);
	e.data = netlink_nest(m, NFTA_EXPR_DATA);
	return e;
}

static void end(struct netlink_message *m, struct expression e)
{
	netlink_end(m, e.data);
	netlink_end(m, e.whole);
}

static void put_value(struct netlink_message *m, uint16_t attribute, const void *data, size_t size)
{
	size_t nest = netlink_nest(m, attribute);

	netlink_put(m, NFTA_DATA_VALUE, data, size);
	netlink_end(m, nest);
}

static void load_payload(struct netlink_message *m, uint32_t base, uint32_t offset, uint32_t size,
			 enum nft_register to)
{
	struct expression e = begin(m, "payload");

	netlink_put_be32(m, NFTA_PAYLOAD_DREG, to);
	netlink_put_be32(m, NFTA_PAYLOAD_BASE, base);
	netlink_put_be32(m, NFTA_PAYLOAD_OFFSET, offset);
	netlink_put_be32(m, NFTA_PAYLOAD_LEN, size);
	end(m, e);
}

void nft_load_address(struct netlink_message *m, unsigned int offset, enum nft_register to)
{
	load_payload(m, NFT_PAYLOAD_NETWORK_HEADER, offset, 4, to);
}

void nft_load_destination_port(struct netlink_message *m, enum nft_register to)
{
	load_payload(m, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, to);
}

void nft_load_meta(struct netlink_message *m, uint32_t key, enum nft_register to)
{
	struct expression e = begin(m, "meta");

	netlink_put_be32(m, NFTA_META_KEY, key);
	netlink_put_be32(m, NFTA_META_DREG, to);
	end(m, e);
}

void nft_load_ct(struct netlink_message *m, uint32_t key, enum nft_register to)
{
	struct expression e = begin(m, "ct");

	netlink_put_be32(m, NFTA_CT_KEY, key);
	netlink_put_be32(m, NFTA_CT_DREG, to);
	end(m, e);
}

void nft_compare(struct netlink_message *m, bool equal, const void *data, size_t size)
{
	struct expression e = begin(m, "cmp");

	netlink_put_be32(m, NFTA_CMP_SREG, R0);
	netlink_put_be32(m, NFTA_CMP_OP, equal ? NFT_CMP_EQ : NFT_CMP_NEQ);
	put_value(m, NFTA_CMP_DATA, data, size);
	end(m, e);
}

void nft_mask(struct netlink_message *m, uint32_t mask)
{
	static const uint32_t nothing;
	struct expression e = begin(m, "bitwise");

	netlink_put_be32(m, NFTA_BITWISE_SREG, R0);
	netlink_put_be32(m, NFTA_BITWISE_DREG, R0);
	netlink_put_be32(m, NFTA_BITWISE_LEN, sizeof(mask));
	put_value(m, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	put_value(m, NFTA_BITWISE_XOR, &nothing, sizeof(nothing));
	end(m, e);
}

void nft_if_device(struct netlink_message *m, bool in, bool equal, const char *name)
{
	char padded[IFNAMSIZ] = "";

	snprintf(padded, sizeof(padded), "%s", name);
	nft_load_meta(m, in ? NFT_META_IIFNAME : NFT_META_OIFNAME, R0);
	nft_compare(m, equal, padded, sizeof(padded));
}

void nft_if_subnet(struct netlink_message *m, unsigned int offset, bool equal, uint32_t subnet,
		   unsigned int prefix)
{
	uint32_t wire = htonl(subnet);

	nft_load_address(m, offset, R0);
	nft_mask(m, htonl(net_mask(prefix)));
	nft_compare(m, equal, &wire, sizeof(wire));
}

void nft_if_to_host(struct netlink_message *m)
{
	static const uint32_t local = RTN_LOCAL;
	struct expression e = begin(m, "fib");

	netlink_put_be32(m, NFTA_FIB_DREG, R0);
	netlink_put_be32(m, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	netlink_put_be32(m, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	end(m, e);
	nft_compare(m, true, &local, sizeof(local));
}

void nft_if_ct(struct netlink_message *m, uint32_t key, uint32_t bits)
{
	static const uint32_t none;

	nft_load_ct(m, key, R0);
	nft_mask(m, bits);
	nft_compare(m, false, &none, sizeof(none));
}

void nft_look_up(struct netlink_message *m, const char *map)
{
	struct expression e = begin(m, "lookup");

	netlink_put_text(m, NFTA_LOOKUP_SET, map);
	netlink_put_be32(m, NFTA_LOOKUP_SREG, R0);
	netlink_put_be32(m, NFTA_LOOKUP_DREG, R0);
	end(m, e);
}

void nft_translate(struct netlink_message *m)
{
	struct expression e = begin(m, "nat");

	netlink_put_be32(m, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	netlink_put_be32(m, NFTA_NAT_FAMILY, NFPROTO_IPV4);
	netlink_put_be32(m, NFTA_NAT_REG_ADDR_MIN, R0);
	netlink_put_be32(m, NFTA_NAT_REG_PROTO_MIN, R1);
	end(m, e);
}

void nft_masquerade(struct netlink_message *m)
{
	end(m, begin(m, "masq"));
}

void nft_verdict(struct netlink_message *m, uint32_t verdict)
{
	struct expression e = begin(m, "immediate");
	size_t data, nest;

	netlink_put_be32(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(m, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(m, NFTA_DATA_VERDICT);
	netlink_put_be32(m, NFTA_VERDICT_CODE, verdict);
	netlink_end(m, nest);
	netlink_end(m, data);
	end(m, e);
}
