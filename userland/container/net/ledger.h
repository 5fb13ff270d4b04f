/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: which networks there are, who is in them by which address, which ports are published.
 * A text, so that a person can read it; ROOT/net/ledger.
 *
 *	cell-net 1
 *	forwarding ours
 *	network default via veth link cell0 subnet 10.89.0.0/24 mtu 1400
 *	member web-1 network default address 10.89.0.2 device eth0 names web-1,web
 *	port web-1 0.0.0.0:8080 inside 10.89.0.2:80 tcp
 *	end 4
 *
 * Invariants:
 *  1 No object of ours is in the kernel that the ledger did not name before it was made, and it
 *    names it until it is gone: who is killed at any moment leaves what net_down() will find.
 *  2 An address is at most one member's; it is of its network's subnet and not the gateway's.
 *  3 Two ports of one protocol never have the same outside end, where 0.0.0.0 is every address.
 *  4 A network has a member, but for moments within one call.
 *
 * This file and ledger.c, pool.c know no files and no kernel; store.c keeps it.
 */
#ifndef VIRTLAB_CONTAINER_NET_LEDGER_H
#define VIRTLAB_CONTAINER_NET_LEDGER_H

#include "words.h"

#define LEDGER_NETWORKS	256
#define LEDGER_MEMBERS	8192
#define LEDGER_PORTS	16384
#define LEDGER_TEXT_MAX	(8 << 20)
/* Octets of a member's names with commas between, and NUL. */
#define LEDGER_NAMES	((NET_ALIASES + 1) * (NET_HOST_MAX + 1))

struct ledger_network {
	char name[NET_NAME_MAX + 1];
	enum net_via via;
	char link[NET_LINK_MAX];	/* bridge and table, or the network of vnic */
	uint32_t subnet;
	unsigned int prefix;
	unsigned int mtu;
};

struct ledger_member {
	char id[NET_ID_MAX + 1];
	char network[NET_NAME_MAX + 1];
	uint32_t address;
	char device[NET_LINK_MAX];	/* in the container */
	char names[LEDGER_NAMES];	/* the first is its host name */
};

struct ledger_port {
	char id[NET_ID_MAX + 1];
	struct net_port port;
	uint32_t inside;
};

/**
 * struct ledger - all of it; zeroed it is the empty one
 * @networks: in the order of their making
 * @members: likewise
 * @ports: likewise
 * @forwarding_ours: ip_forward was off before the first network came
 */
struct ledger {
	struct ledger_network *networks;
	size_t network_count;
	struct ledger_member *members;
	size_t member_count;
	struct ledger_port *ports;
	size_t port_count;
	bool forwarding_ours;
};

/* Frees the arrays; usable as a cleanup. */
void ledger_free(struct ledger *ledger);

/**
 * ledger_read() - parse
 * @ledger: empty; to be freed even if it fails
 * @text: need not end with NUL; no text at all is the empty ledger
 * @length: of @text
 * @err: the line, and what was expected
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int ledger_read(struct ledger *ledger, const char *text, size_t length, struct error *err);

/* Returns the text, to be freed, and its length; NULL: no memory. */
char *ledger_write(const struct ledger *ledger, size_t *length);

struct ledger_network *ledger_network(const struct ledger *ledger, const char *name);
/* The first of a container's from number @from on, which may be 0; NULL: no more. */
struct ledger_member *ledger_member(const struct ledger *ledger, const char *id, size_t from);
size_t ledger_members_of(const struct ledger *ledger, const char *network);

/* These copy. 0 or -ENOSPC (as many as a ledger may have) or -ENOMEM. */
int ledger_add_network(struct ledger *ledger, const struct ledger_network *network);
int ledger_add_member(struct ledger *ledger, const struct ledger_member *member);
int ledger_add_port(struct ledger *ledger, const struct ledger_port *port);

void ledger_drop_network(struct ledger *ledger, const char *name);
/* A container's membership of one network, or, if that is NULL, all of them and its ports. */
void ledger_drop_member(struct ledger *ledger, const char *id, const char *network);

/* Who has a port that collides with it? NULL: nobody. */
const struct ledger_port *ledger_port_taken(const struct ledger *ledger,
					    const struct net_port *port);

/* Pool: addresses and subnets. */

/* A subnet in use on the host. */
struct pool_taken {
	uint32_t subnet;
	unsigned int prefix;
};

/* Do two subnets have an address in common? */
bool pool_overlap(uint32_t a, unsigned int a_prefix, uint32_t b, unsigned int b_prefix);

/**
 * pool_subnet() - the first free /24 of 10.89.0.0/16
 * @ledger: whose networks are taken
 * @taken: others'
 * @count: how many
 *
 * Return: it; 0: none is free.
 */
uint32_t pool_subnet(const struct ledger *ledger, const struct pool_taken *taken, size_t count);

/* The first address of a network that nobody has; 0: none is free. */
uint32_t pool_address(const struct ledger *ledger, const struct ledger_network *network);

/* May a container of the network have it (0), is it not of the network (-EINVAL), taken (-EADDRINUSE)? */
int pool_check(const struct ledger *ledger, const struct ledger_network *network, uint32_t address);

#endif
