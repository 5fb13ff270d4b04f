/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, ports and packets as people write them, and back. Pure: nothing is looked up. */
#ifndef VNIC_ADDRESSES_H
#define VNIC_ADDRESSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vnic.h>
#include "error.h"

/* Room for "255.255.255.255:65535", and for less. */
#define END_SIZE 24
/* Of "[2001:db8::1]:65535", likewise. */
#define END6_SIZE (INET6_ADDRSTRLEN + 10)
/* Of a packet of either protocol. */
#define TUPLE_SIZE (2 * END6_SIZE + 16)
/* Of "198.51.100.53,2001:db8::53": as many as there can be. */
#define DNS_SIZE (VNIC_DNS_MAX * (INET_ADDRSTRLEN + INET6_ADDRSTRLEN))
#define MAC_SIZE sizeof("00:11:22:33:44:55")

/**
 * struct end - one end of a flow, as the ioctls have it
 * @address: IPv4
 * @port: of TCP or UDP, or the identifier of an ICMP query; 0: none was given
 */
struct end {
	__be32 address;
	__be16 port;
};

/**
 * struct tuple - a packet to be explained
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP
 * @source: who sends it
 * @destination: who is meant
 */
struct tuple {
	uint8_t protocol;
	struct end source;
	struct end destination;
};

/**
 * struct end6 - one end of a flow of IPv6
 * @address: IPv6
 * @port: as of struct end
 */
struct end6 {
	struct in6_addr address;
	__be16 port;
};

/**
 * struct tuple6 - a packet to be explained
 * @protocol: as of struct tuple: IPPROTO_ICMP means that of IPv6
 * @source: who sends it
 * @destination: who is meant
 */
struct tuple6 {
	uint8_t protocol;
	struct end6 source;
	struct end6 destination;
};

/**
 * struct forward - a port for a guest
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @outside: address 0: the uplink's first
 * @inside: of the guest; unset if there is none to be given
 */
struct forward {
	uint8_t protocol;
	struct end outside;
	struct end inside;
};

#define WORDS_MAX 16

/**
 * struct words - arguments, one string or several, as single words; "->" is one
 * @text: what they point into
 * @at: words
 * @count: how many
 */
struct words {
	char text[512];
	char *at[WORDS_MAX];
	size_t count;
};

/* addresses.c */
int parse_name(const char *text, const char *what, char name[VNIC_NAME_MAX], struct error *err);
int parse_address(const char *text, const char *what, __be32 *address, struct error *err);
int parse_subnet(const char *text, __be32 *subnet, __u32 *prefix, struct error *err);
int parse_prefixes6(const char *text, struct vnic_ioc_network *args, struct error *err);
int parse_address6(const char *text, const char *what, struct in6_addr *address, struct error *err);
int parse_end6(const char *text, const char *what, struct end6 *end, struct error *err);
int parse_dns(const char *text, struct vnic_ioc_network *args, struct error *err);
void format_dns(char text[DNS_SIZE], const struct vnic_ioc_network *network);
int parse_mac(const char *text, uint8_t mac[6], struct error *err);
int parse_port(const char *text, const char *what, __be16 *port, struct error *err);
int parse_ports(const char *text, __u16 *first, __u16 *last, struct error *err);
int parse_end(const char *text, const char *what, struct end *end, struct error *err);
__be32 mask_of(__u32 prefix);
bool subnet_has(__be32 subnet, __u32 prefix, __be32 address);
bool prefix6_has(const struct in6_addr *prefix, __u32 bits, const struct in6_addr *address);
bool subnets_overlap(__be32 a, __u32 a_prefix, __be32 b, __u32 b_prefix);
bool is_martian(__be32 address);
bool is_martian6(const struct in6_addr *address);
void format_address(char text[END_SIZE], __be32 address);
void format_end(char text[END_SIZE], __be32 address, __be16 port);
void format_address6(char text[END6_SIZE], const struct in6_addr *address);
void format_end6(char text[END6_SIZE], const struct in6_addr *address, __be16 port);
void format_mac(char text[MAC_SIZE], const uint8_t mac[6]);

/* packet_words.c */
int words_split(struct words *words, char **arguments, struct error *err);
bool is_protocol(const char *word);
const char *protocol_name(uint8_t protocol);
int parse_tuple(const struct words *words, size_t first, struct tuple *tuple, struct error *err);
bool is_tuple6(const struct words *words, size_t first);
int parse_tuple6(const struct words *words, size_t first, struct tuple6 *tuple, struct error *err);
int parse_forward(const struct words *words, size_t first, struct forward *forward,
		  struct error *err);
int parse_unforward(const struct words *words, size_t first, struct forward *forward,
		    struct error *err);
void format_tuple(char *text, size_t size, const struct tuple *tuple);
void format_tuple6(char *text, size_t size, const struct tuple6 *tuple);

#endif
