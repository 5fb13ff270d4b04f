/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's network: none, the host's, or private ones.
 *
 *	container "web"                    the host
 *	eth0 10.89.0.2 ---- cell0.2 ----+
 *	                                +---- cell0 10.89.0.1 ---- routing, nftables ---- eth0
 *	eth0 10.89.0.3 ---- cell0.3 ----+     (the bridge)         masquerade, ports
 *	container "db"
 *
 * A private network comes with the first container that joins it and goes with the last. With
 * kmod/vnic loaded its cards and its translation take the place of pair, bridge and nftables.
 *
 * Used by cell's verbs run, create, delete, list (the caller: userland/container) and by tests.
 * Nothing here keeps state in memory between calls; what must last is in the ledger, a file below
 * the caller's root (ledger.h).
 *
 * IPv4 addresses are in host byte order, so that what comes next is one more.
 */
#ifndef VIRTLAB_CONTAINER_NET_H
#define VIRTLAB_CONTAINER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define NET_NAME_MAX	31	/* octets of a network's name */
#define NET_ID_MAX	255	/* of a container's */
#define NET_HOST_MAX	63	/* of a host name: a label of RFC 1123 */
#define NET_JOINS	8	/* networks of one container */
#define NET_ALIASES	8	/* further names of one container in one network */
#define NET_PORTS	256	/* published ports of one container */
#define NET_SERVERS	3	/* name servers: resolv.conf(5), MAXNS */
#define NET_LINK_MAX	16	/* octets of a device's name and its NUL: IFNAMSIZ */
#define NET_PATH_MAX	512

/* The network that --net private means. */
#define NET_DEFAULT_NETWORK "default"

enum net_mode {
	NET_NONE,	/* loopback and nothing else */
	NET_HOST,	/* no network namespace of its own */
	NET_PRIVATE,
};

enum net_via {
	NET_VIA_ANY,	/* vnic if its module is loaded, else veth */
	NET_VIA_VETH,
	NET_VIA_VNIC,
};

enum net_protocol {
	NET_TCP = 6,
	NET_UDP = 17,
};

/**
 * struct net_join - one network that a container is to be in
 * @network: name: 1 to NET_NAME_MAX of a-z A-Z 0-9 _ . -, the first a letter or digit
 * @via: how; a network that exists already must be the same
 * @subnet: of a network that does not exist yet; 0: the first free /24 of the pool
 * @prefix: of @subnet, 8 to 30 bits
 * @address: of the container; 0: the first free
 * @mtu: of the network's devices, 576 to 65535 octets; 0: the uplink's
 * @aliases: further names, each as a host name
 * @alias_count: how many
 */
struct net_join {
	char network[NET_NAME_MAX + 1];
	enum net_via via;
	uint32_t subnet;
	unsigned int prefix;
	uint32_t address;
	unsigned int mtu;
	char aliases[NET_ALIASES][NET_HOST_MAX + 1];
	unsigned int alias_count;
};

/**
 * struct net_port - a port of the host that leads into the container
 * @outside: address of the host; 0: all of them
 * @outside_port: 1 to 65535
 * @inside_port: of the container, likewise
 * @protocol: of both
 */
struct net_port {
	uint32_t outside;
	uint16_t outside_port;
	uint16_t inside_port;
	enum net_protocol protocol;
};

/**
 * struct net_config - what the command line asks for
 * @mode: of the container; net_config_init() says NET_PRIVATE
 * @joins: networks; the first has the default route, and the published ports
 * @join_count: how many; 0 of NET_PRIVATE: the default one
 * @ports: published ones
 * @port_count: how many
 * @servers: name servers; none: the host's
 * @server_count: how many
 * @host_name: the container's; empty: its ID up to the first 12 octets
 */
struct net_config {
	enum net_mode mode;
	struct net_join joins[NET_JOINS];
	unsigned int join_count;
	struct net_port ports[NET_PORTS];
	unsigned int port_count;
	uint32_t servers[NET_SERVERS];
	unsigned int server_count;
	char host_name[NET_HOST_MAX + 1];
};

/**
 * struct net_result - what came of it
 * @hosts: path of a file for the container's /etc/hosts, to be bind-mounted; it is written in place
 *	when others join or leave, so that who has it mounted sees that. Empty: there is none
 * @resolv_conf: likewise for /etc/resolv.conf
 * @address: in the first network; 0: none
 * @said: one line for the user: which way was taken, "private: default, 10.89.0.2 by veth";
 *	empty: there is nothing to say
 */
struct net_result {
	char hosts[NET_PATH_MAX];
	char resolv_conf[NET_PATH_MAX];
	uint32_t address;
	char said[256];
};

void net_config_init(struct net_config *config);

/**
 * net_parse_network() - read the word of --net
 * @config: mode and networks are set; a second private network is added
 * @word: none, host, or private[:NAME][,via=veth|vnic][,subnet=A.B.C.D/N][,ip=A.B.C.D][,mtu=N]
 *	[,alias=NAME]...[,dns=A.B.C.D]...
 * @given: how many --net came before this one
 * @err: what is wrong, where in the word, what was expected
 *
 * Return: 0, or -EINVAL.
 */
int net_parse_network(struct net_config *config, const char *word, unsigned int given,
		      struct error *err);

/**
 * net_parse_port() - read the word of -p
 * @config: the ports are added
 * @word: [ADDRESS:]OUTSIDE:INSIDE[/tcp|/udp], each side a port or a range FIRST-LAST of one length
 * @err: as above
 *
 * Return: 0, or -EINVAL.
 */
int net_parse_port(struct net_config *config, const char *word, struct error *err);

/**
 * net_config_check() - what no single word shows: ports without a network, the same port twice
 * @config: all words are read
 * @err: what is wrong
 *
 * Return: 0, or -EINVAL.
 */
int net_config_check(struct net_config *config, struct error *err);

/**
 * net_up() - give a container its network
 * @root: folder for the ledger and the files; made if need be, mode 0700
 * @id: of the container
 * @netns: its network namespace, still without devices; not closed. -1 with NET_HOST
 * @config: checked
 * @result: filled
 * @err: what failed, which object, what to do
 *
 * Needs CAP_NET_ADMIN in the host's network namespace, and CAP_SYS_ADMIN to enter @netns; the
 * calling thread is in it for a moment. When it fails nothing of the container is left; should
 * even the removal fail, the ledger still names it and net_down() can be called again.
 *
 * Return: 0; -EEXIST: @id has a network already; -EADDRINUSE: an address or a port; -ENOSPC: no
 * address or subnet is free; -EPERM; or what the kernel said.
 */
int net_up(const char *root, const char *id, int netns, const struct net_config *config,
	   struct net_result *result, struct error *err);

/**
 * net_down() - take all of a container's network away, and networks that become empty
 * @root: as for net_up()
 * @id: of the container; one that has nothing is fine
 * @err: what failed
 *
 * Works whether or not its namespace is still there, and after a net_up() that was killed.
 *
 * Return: 0, or what the kernel said; it can be called again then.
 */
int net_down(const char *root, const char *id, struct error *err);

/**
 * net_show() - a container's networks in words
 * @root: as for net_up()
 * @id: of the container
 * @text: "default 10.89.0.2; 0.0.0.0:8080->80/tcp", or empty: it has none
 * @size: of @text
 * @err: what failed
 *
 * Return: 0, or a negative errno.
 */
int net_show(const char *root, const char *id, char *text, size_t size, struct error *err);

#endif
