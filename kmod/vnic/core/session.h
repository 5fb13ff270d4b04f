/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions: with whom a mapping's guest speaks.
 *
 *	a connection	of TCP, with a remote end: in which state it is, and so how long it lives
 *	a permit	of any protocol, with a remote address: that the guest has sent there, which
 *			matters, and is noted, while filtering is address-dependent only
 *
 * States of a connection (RFC 7857 2, figure 1; client: who sent the first SYN):
 *
 *	             server's                 FIN                          other FIN
 *	SYN --> INIT --- SYN ---> ESTABLISHED ---> CLIENT_FIN, SERVER_FIN --------> BOTH_FIN
 *	         ^                  |    ^                |                            |
 *	         |              RST |    | no SYN, no RST | RST                        |
 *	         |                  v    |                |                            |
 *	         +<----- SYN ---- TRANSITORY <------------+                            |
 *	         |                  ^                                                  |
 *	         |                  +-- no SYN was seen: the guest goes on with it     |
 *	         |                                                                     |
 *	         +<------------------------------ SYN ---------------------------------+
 *
 * Beyond the figure: one that is half closed can be reset as well, and a SYN opens anew what was
 * about to end: with the figure alone, who chose the same port within the four minutes got a
 * connection that expires in the middle (RFC 9293 3.6.1 lets them). The figure's step from
 * ESTABLISHED to TRANSITORY after a long silence is there for an answer to a probe (RFC 6146
 * 3.5.2.2): none is sent here, so that silence ends it.
 */
#ifndef VNIC_SESSION_H
#define VNIC_SESSION_H

#include <linux/list.h>
#include <linux/types.h>

#include "nat.h"

struct vnic_mapping;

/**
 * enum vnic_hold - how a session holds its mapping, if it is one of TCP
 * @VNIC_HOLDS_LONG: for tcp_established
 * @VNIC_HOLDS_SHORT: for tcp_transitory
 * @VNIC_HOLDS_NOT: not at all: a permit, and what is opened from outside until the guest has
 *	answered: or whoever sends SYNs could keep a mapping alive (RFC 4787 REQ-6)
 * @VNIC_HOLDS: how many ways there are
 */
enum vnic_hold {
	VNIC_HOLDS_LONG,
	VNIC_HOLDS_SHORT,
	VNIC_HOLDS_NOT,
	VNIC_HOLDS,
};

/**
 * struct vnic_session - with whom
 * @chain: in the chain of its mapping and remote end
 * @of_mapping: in one of its mapping's lists
 * @mapping: whose it is
 * @used: when a packet refreshed it last
 * @out: packets
 * @in: packets
 * @remote: end; of a permit the port is 0
 * @state: of a connection; VNIC_TCP_NONE: a permit
 * @client_outside: who is outside sent the first SYN
 * @uninvited: and the guest has not answered
 */
struct vnic_session {
	struct hlist_node chain;
	struct list_head of_mapping;
	struct vnic_mapping *mapping;
	u64 used;
	u64 out;
	u64 in;
	struct vnic_end remote;
	u8 state;
	bool client_outside;
	bool uninvited;
};

/* How a connection begins. */
enum vnic_opening {
	VNIC_OPENED_INSIDE,	/* the guest's SYN */
	VNIC_OPENED_OUTSIDE,	/* a SYN to the guest */
	VNIC_OPENED_BEFORE,	/* unseen: the guest speaks as if it had */
};

/**
 * vnic_session_find() - a connection
 * @nat: translator
 * @m: of TCP
 * @remote: with whom
 * @now: ms
 *
 * Return: NULL: there is none, or it has expired.
 */
struct vnic_session *vnic_session_find(const struct vnic_nat *nat, const struct vnic_mapping *m,
				       struct vnic_end remote, u64 now);

/**
 * vnic_session_refused() - whether there can be no other
 * @nat: translator
 * @guest: whose
 * @uninvited: it is opened from outside
 */
bool vnic_session_refused(const struct vnic_nat *nat, const struct vnic_nat_guest *guest,
			  bool uninvited);

/**
 * vnic_session_open() - a connection
 * @nat: translator
 * @m: of TCP
 * @remote: with whom there is none, or one that has expired
 * @opening: how it begins
 * @now: ms
 *
 * Return: VNIC_REASON_NONE, or why not.
 */
enum vnic_reason vnic_session_open(struct vnic_nat *nat, struct vnic_mapping *m,
				   struct vnic_end remote, enum vnic_opening opening, u64 now);

/**
 * vnic_session_track() - a packet of a connection
 * @nat: translator
 * @s: connection
 * @flags: of its TCP header
 * @outbound: from the guest
 * @now: ms
 */
void vnic_session_track(struct vnic_nat *nat, struct vnic_session *s, u8 flags, bool outbound,
			u64 now);

/**
 * vnic_session_permit() - the guest sends to an address
 * @nat: translator
 * @m: mapping
 * @address: remote
 * @now: ms
 *
 * Return: VNIC_REASON_NONE: noted; or why not.
 */
enum vnic_reason vnic_session_permit(struct vnic_nat *nat, struct vnic_mapping *m, __be32 address,
				     u64 now);

/**
 * vnic_session_permitted() - whether the guest has sent to an address
 * @nat: translator
 * @m: mapping
 * @address: remote
 * @now: ms
 */
bool vnic_session_permitted(const struct vnic_nat *nat, const struct vnic_mapping *m,
			    __be32 address, u64 now);

/**
 * vnic_session_free() - it goes
 * @nat: translator
 * @s: session
 */
void vnic_session_free(struct vnic_nat *nat, struct vnic_session *s);

/**
 * vnic_session_left() - how long it lives yet
 * @nat: translator
 * @s: session
 * @now: ms
 *
 * Return: ms; 0: it has expired.
 */
u64 vnic_session_left(const struct vnic_nat *nat, const struct vnic_session *s, u64 now);

/**
 * vnic_session_hold() - how it holds its mapping
 * @s: session
 */
enum vnic_hold vnic_session_hold(const struct vnic_session *s);

/**
 * vnic_session_collect() - free what has expired
 * @nat: translator
 * @chain: by number
 * @now: ms
 */
void vnic_session_collect(struct vnic_nat *nat, u32 chain, u64 now);

/**
 * vnic_session_chain() - where a session is, or would be
 * @nat: translator
 * @m: mapping
 * @remote: end
 */
struct hlist_head *vnic_session_chain(const struct vnic_nat *nat, const struct vnic_mapping *m,
				      struct vnic_end remote);

#endif /* VNIC_SESSION_H */
