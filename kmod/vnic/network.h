/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Networks from the inside: what network.c, control.c, translate.c and gateway.c share.
 *
 * Who owns what:
 *	namespace	its uplinks; the hook through which packets come in, while there is one
 *	uplink		its networks, the lock of their translators; holds its device
 *	network		its ports, its translator
 *	port		a card's place: the guest's address and MAC; the card points to it
 *
 * All of it comes and goes under RTNL; packets find it under RCU.
 */
#ifndef VNIC_NETWORK_H
#define VNIC_NETWORK_H

#include <linux/etherdevice.h>
#include <linux/hashtable.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "core/limit.h"
#include "core/nat.h"
#include "core/npt.h"
#include "shell.h"

/**
 * struct vnic_addresses - those of an uplink
 * @rcu: they are replaced as a whole
 * @count: how many
 * @at: each once
 */
struct vnic_addresses {
	struct rcu_head rcu;
	unsigned int count;
	__be32 at[VNIC_NAT_ADDRESSES];
};

#define VNIC_FRAGMENTS 256

/**
 * struct vnic_fragmented - a datagram of which a fragment came, from outside
 * @source: of it
 * @destination: of it
 * @guest: whom the first fragment was for; 0: another came before the first
 * @network: its number
 * @until: ms, when it is forgotten
 * @identification: of it
 * @protocol: of it
 */
struct vnic_fragmented {
	__be32 source;
	__be32 destination;
	__be32 guest;
	u32 network;
	u64 until;
	__be16 identification;
	u8 protocol;
};

/**
 * struct vnic_uplink - a device outside, and the networks that are translated onto it
 * @list: of its namespace
 * @rcu: freed after packets that found it
 * @net: namespace
 * @dev: device, held
 * @tracker: of that
 * @lock: of the translators of all its networks: none may take a port that another has
 * @networks: struct vnic_network.uplink_list
 * @addresses: of the device
 * @fragmented: datagrams that come in pieces, each at the place of its hash; under the lock
 * @secret: of that hash
 */
struct vnic_uplink {
	struct list_head list;
	struct rcu_head rcu;
	struct net *net;
	struct net_device *dev;
	netdevice_tracker tracker;
	spinlock_t lock; /* BH */
	struct list_head networks;
	struct vnic_addresses __rcu *addresses;
	struct vnic_fragmented fragmented[VNIC_FRAGMENTS];
	siphash_key_t secret;
};

/**
 * struct vnic_owned - an IPv6 address that a guest gave itself
 * @node: of the network's, by address; and, chained by @next, of the port's
 * @rcu: freed after packets that found it
 * @next: of the port's
 * @address: inside
 * @port: whose
 */
struct vnic_owned {
	struct hlist_node node;
	struct rcu_head rcu;
	struct vnic_owned *next;
	struct in6_addr address;
	struct vnic_port *port;
};

#define VNIC_OWNED_BITS		8
/* Addresses that a guest may give itself: some of its own choice, and those of today (RFC 8981). */
#define VNIC_OWNED_MOST		32

/**
 * struct vnic_counters - of one CPU
 * @at: by enum vnic_counter
 */
struct vnic_counters {
	u64 at[VNIC_COUNTERS];
};

/**
 * struct vnic_network - guests whose addresses are translated onto an uplink
 * @uplink_list: of the uplink's
 * @uplink: whose
 * @name: unique in the namespace
 * @number: likewise; grows
 * @flags: VNIC_NET_*; written under RTNL
 * @subnet: of the guests
 * @mask: of that
 * @gateway: its first address, ours
 * @mac: of the gateway
 * @prefix: bits of @mask
 * @ports: by address, less @subnet
 * @port_count: of those
 * @nat: translator, under the uplink's lock
 * @npt: IPv6 prefixes, if @six
 * @six: it has some
 * @owned: struct vnic_owned; added under the uplink's lock
 * @collect: frees what has expired, tells senders of overdue SYNs
 * @counters: one for each CPU
 * @errors: how many ICMP errors may be sent; under the uplink's lock
 * @dns: of struct vnic_ioc_network; under the uplink's lock
 * @dns6: likewise
 */
struct vnic_network {
	struct list_head uplink_list;
	struct vnic_uplink *uplink;
	char name[VNIC_NAME_MAX];
	u32 number;
	u32 flags;
	__be32 subnet;
	__be32 mask;
	__be32 gateway;
	u8 mac[ETH_ALEN];
	u8 prefix;
	struct xarray ports;
	u32 port_count;
	struct vnic_nat *nat;
	struct vnic_npt npt;
	bool six;
	DECLARE_HASHTABLE(owned, VNIC_OWNED_BITS);
	struct delayed_work collect;
	struct vnic_counters __percpu *counters;
	struct vnic_limit errors;
	__be32 dns[VNIC_DNS_MAX];
	struct in6_addr dns6[VNIC_DNS_MAX];
};

/**
 * struct vnic_port - a card's place in a network
 * @network: which
 * @card: whose
 * @guest: to the translator, with its address; under the uplink's lock
 * @owned: its IPv6 addresses; under the uplink's lock
 * @owned_count: of those
 * @mac: of the guest, if @heard
 * @heard: its MAC is known; set once, before packets are let through
 * @received: packets from the guest
 * @sent: to it
 * @dropped: from it
 *
 * The three are counted without a lock: they may miss one now and then.
 */
struct vnic_port {
	struct vnic_network *network;
	struct vnic_card *card;
	struct vnic_nat_guest guest;
	struct vnic_owned *owned;
	u32 owned_count;
	u8 mac[ETH_ALEN];
	bool heard;
	u64 received;
	u64 sent;
	u64 dropped;
};

/* Whether the guest's MAC is known. */
static inline bool vnic_port_heard(const struct vnic_port *port)
{
	/* Pairs with the release in port.c: who sees that sees the MAC. */
	return smp_load_acquire(&port->heard);
}

/* --- network.c --- */

struct vnic_network *vnic_network_find(struct net *net, const char *name);
struct vnic_network *vnic_network_next(struct net *net, u32 number);
int vnic_network_create(struct net *net, const struct vnic_ioc_network *args);
int vnic_network_set(struct net *net, const struct vnic_ioc_set *args);
void vnic_network_remove(struct vnic_network *network);
void vnic_network_describe(const struct vnic_network *network, struct vnic_ioc_network *args);

/* The uplink that has @address, or NULL; RCU is held. */
struct vnic_uplink *vnic_uplink_of(struct net *net, __be32 address);

/* The network of whose guests outside @address is, or NULL; RCU is held. */
struct vnic_network *vnic_network_outside6(struct net *net, const struct in6_addr *address);

/* The guest that has @address, or NULL; RCU is held. */
static inline struct vnic_port *vnic_network_port(const struct vnic_network *network,
						  __be32 address)
{
	return xa_load((struct xarray *)&network->ports,
		       ntohl(address) - ntohl(network->subnet));
}

static inline bool vnic_network_has(const struct vnic_network *network, __be32 address)
{
	return (address & network->mask) == network->subnet;
}

static inline void vnic_count(const struct vnic_network *network, enum vnic_counter counter)
{
	this_cpu_inc(network->counters->at[counter]);
}

/* The translators' clock. */
static inline u64 vnic_now(void)
{
	return ktime_to_ms(ktime_get());
}

/* --- translate.c --- */

/* What the namespace's hook calls. */
unsigned int vnic_translate_inbound(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state);
/* An IPv4 packet of a guest's, from its own address. */
void vnic_translate_outbound(struct vnic_port *port, struct sk_buff *skb);
/* The first fragment of a datagram: its headers, writable. */
enum vnic_fault vnic_translate_read_first(struct sk_buff *skb, struct vnic_packet *p);
/* Translates it for a guest of one of the uplink's networks, which is told, or it is the host's. */
struct vnic_verdict vnic_translate_decide(struct vnic_uplink *uplink, struct vnic_packet *p,
					  struct vnic_network **network);
/* To its guest, a hop less, if it fits; who sent it to @was is told if not. */
void vnic_translate_deliver(struct vnic_port *port, struct sk_buff *skb, struct vnic_packet *p,
			    struct vnic_end was);
/* Tell senders of SYNs that nobody asked for, ICMP 3, code 3 (RFC 5382 REQ-4). */
void vnic_tell_overdue(struct vnic_network *network);
/* What is counted for a verdict: a VNIC_COUNT_ or VNIC_DROP_. */
enum vnic_counter vnic_counter_of(const struct vnic_verdict *verdict);

/* --- gateway.c --- */

/* An ARP packet of a guest's. */
void vnic_gateway_arp(struct vnic_port *port, struct sk_buff *skb);
/* Who has the guest's address? */
void vnic_gateway_ask(struct vnic_port *port);
/* A request for an address: UDP of a guest that may have none yet. */
void vnic_gateway_dhcp(struct vnic_port *port, struct sk_buff *skb);
/* An IPv4 packet to the gateway itself. */
void vnic_gateway_ip(struct vnic_port *port, struct sk_buff *skb);
/* Tell a guest why its packet, which stays the caller's, got nowhere. */
void vnic_gateway_error(struct vnic_port *port, const struct sk_buff *skb, u8 type, u8 code,
			u16 mtu);
/* Whether one more ICMP error may be sent; counts. */
bool vnic_gateway_may_tell(struct vnic_network *network);

/* --- fragments.c --- */

/* A hook before the one that has fragments put together. */
unsigned int vnic_fragments_inbound(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state);

/* --- owned.c --- */

/* Whose an inside IPv6 address is; NULL: nobody's. RCU is held. */
struct vnic_port *vnic_owned_by(const struct vnic_network *network,
				const struct in6_addr *address);
/* It is this guest's: it always was, or nobody had it and it has got it. */
bool vnic_owned_claim(struct vnic_port *port, const struct in6_addr *address);
/* All of a guest's are nobody's. */
void vnic_owned_forget(struct vnic_port *port);

/* --- translate6.c and gateway6.c: the same for IPv6 --- */

unsigned int vnic_translate6_inbound(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state);
/* An IPv6 packet of a guest's; its header is there, whole. */
void vnic_translate6_outbound(struct vnic_port *port, struct sk_buff *skb);
/* What would happen to a packet, if it came now. RTNL is held. */
void vnic_translate6_explain(const struct vnic_network *network, struct vnic_ioc_explain6 *args);
/* To the gateway, or to all of the link. */
void vnic_gateway6_input(struct vnic_port *port, struct sk_buff *skb);
void vnic_gateway6_error(struct vnic_port *port, const struct sk_buff *skb, u8 type, u8 code,
			 u32 mtu);
/* A packet for the guest, consumed. */
void vnic_port_deliver6(struct vnic_port *port, struct sk_buff *skb);

/* --- port.c --- */

/*
 * A packet of the internet protocol for the guest, consumed: data begins with its header. What does
 * not fit the card is fragmented, if it may be.
 */
void vnic_port_deliver(struct vnic_port *port, struct sk_buff *skb);
/* Whether vnic_port_deliver() may, or need not, fragment it. */
bool vnic_port_fits(const struct vnic_port *port, const struct sk_buff *skb);
/* A frame for the guest, but for its Ethernet header. */
void vnic_port_send(struct vnic_port *port, struct sk_buff *skb, u16 protocol, const u8 *to);
/* It is not passed on: count why, and free it. */
void vnic_port_drop(struct vnic_port *port, struct sk_buff *skb, enum vnic_counter why);

/* --- host.c: the host's own sockets --- */

extern const struct vnic_nat_host vnic_host;
int vnic_host_init(struct net *net);
void vnic_host_exit(struct net *net);

#endif /* VNIC_NETWORK_H */
