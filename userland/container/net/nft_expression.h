/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules of nftables as the kernel has them: a small machine with registers of 4 octets, R0 to R15;
 * each expression loads, compares (and ends the rule if that fails) or acts. Used by nft.c.
 */
#ifndef VIRTLAB_CONTAINER_NET_NFT_EXPRESSION_H
#define VIRTLAB_CONTAINER_NET_NFT_EXPRESSION_H

#include "netlink.h"

enum nft_register {
	R0 = 8, /* NFT_REG32_00 */
	R1,
	R2,
	R3,
};

/* Octets of an IPv4 header before these. */
#define NFT_SOURCE	12
#define NFT_DESTINATION	16

/* The network header; the ports are in front of the transport header. */
void nft_load_address(struct netlink_message *m, unsigned int offset, enum nft_register to);
void nft_load_destination_port(struct netlink_message *m, enum nft_register to);
/* @key: NFT_META_* */
void nft_load_meta(struct netlink_message *m, uint32_t key, enum nft_register to);
/* @key: NFT_CT_* */
void nft_load_ct(struct netlink_message *m, uint32_t key, enum nft_register to);

/* Go on if R0 and what follows is (not) so. */
void nft_compare(struct netlink_message *m, bool equal, const void *data, size_t size);
/* R0 becomes R0 & @mask, as it stands in memory. */
void nft_mask(struct netlink_message *m, uint32_t mask);

/* Go on if the device that it came by (@in) or leaves by is (not) that one. */
void nft_if_device(struct netlink_message *m, bool in, bool equal, const char *name);
/* Go on if the address at @offset is (not) of the subnet. */
void nft_if_subnet(struct netlink_message *m, unsigned int offset, bool equal, uint32_t subnet,
		   unsigned int prefix);
/* Go on if the destination is an address of the host. */
void nft_if_to_host(struct netlink_message *m);
/* Go on if the connection has one of these bits. */
void nft_if_ct(struct netlink_message *m, uint32_t key, uint32_t bits);

/* Look R0 and what follows up in a map; go on if it is there, R0 and R1 are its value. */
void nft_look_up(struct netlink_message *m, const char *map);
/* Translate the destination: R0 address, R1 port. */
void nft_translate(struct netlink_message *m);
void nft_masquerade(struct netlink_message *m);
/* @verdict: NF_ACCEPT, NF_DROP */
void nft_verdict(struct netlink_message *m, uint32_t verdict);

#endif
