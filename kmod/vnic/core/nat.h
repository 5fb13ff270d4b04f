/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address translation with ports (NAPT): who inside is known outside by which address and port.
 *
 *	inside                                          outside
 *	10.9.0.2:4000  ---- mapping ---- 192.0.2.1:4000
 *	                       |   one for each inside end, whomever it talks to
 *	                       |   (endpoint-independent mapping, RFC 4787 REQ-1)
 *	                       +-- session with 198.51.100.7:80	  TCP's state
 *	                       +-- session with 198.51.100.8:53	  who may answer (filtering)
 *
 * A mapping is found by its inside end on the way out and by its outside end on the way in; both
 * ends are in a hash table. It lives as long as its timeout since the last packet that may
 * refresh it; TCP's as long as one of its sessions does. A lookup never finds what has expired,
 * whether or not it was collected.
 *
 * Behaviour: RFC 4787 (UDP), 5382 (TCP), 5508 (ICMP), as updated by 7857. Nothing looks into what
 * applications say to each other (RFC 4787 REQ-10).
 *
 * Pure: the caller serialises all calls on one nat, and tells the time, which may not go far back:
 * a nat takes the latest that it was told. No call sleeps but those that say so.
 */
#ifndef VNIC_NAT_H
#define VNIC_NAT_H

#include <linux/list.h>
#include <linux/types.h>

#include "packet.h"

#define VNIC_NAT_ADDRESSES	8	/* external ones, at most */

/**
 * struct vnic_nat_timeouts - how long what lives without a packet, in ms
 * @udp: a mapping of UDP; 300 s (RFC 4787 REQ-5)
 * @icmp: of ICMP queries; 60 s (RFC 5508 REQ-2)
 * @tcp_established: a session both of whose ends have answered; 7440 s (RFC 5382 REQ-5)
 * @tcp_transitory: one that opens or closes; 240 s (RFC 5382 REQ-5, RFC 7857 2.1)
 * @tcp_syn: before the sender of a SYN that nobody asked for is told; 6 s (RFC 5382 REQ-4)
 */
struct vnic_nat_timeouts {
	u32 udp;
	u32 icmp;
	u32 tcp_established;
	u32 tcp_transitory;
	u32 tcp_syn;
};

extern const struct vnic_nat_timeouts vnic_nat_default_timeouts;

/**
 * struct vnic_nat_config - what may be set
 * @timeouts: see there
 * @first_port: of those that mappings get; 1 or more
 * @last_port: likewise, first_port or more
 * @most: mappings in all; the hash tables are as large as this and @sessions say at
 *	vnic_nat_create(), and stay so: to be raised later costs longer chains
 * @quota: mappings of one guest; @most or less. It may have the same part of all sessions, and
 *	half of these may be opened from outside without an answer
 * @sessions: of all mappings, at most
 * @address_dependent: who was not sent to may not send in (RFC 4787 REQ-8, RFC 5382 REQ-3);
 *	false: whoever knows the outside end may. What was sent before it was set does not count
 *
 * What has expired counts until it is collected.
 */
struct vnic_nat_config {
	struct vnic_nat_timeouts timeouts;
	u16 first_port;
	u16 last_port;
	u32 most;
	u32 quota;
	u32 sessions;
	bool address_dependent;
};

/**
 * struct vnic_nat_host - what the translator asks of where it lives
 * @port_taken: whether the host's own sockets use the port; such a port is given to nobody
 * @port_held: a mapping has got (or left) the port: the host's sockets are not to choose it
 * @random: 32 random bits
 * @context: first argument of each
 *
 * Called under the caller's serialisation; none may sleep.
 */
struct vnic_nat_host {
	bool (*port_taken)(void *context, u8 protocol, struct vnic_end outside);
	void (*port_held)(void *context, u8 protocol, struct vnic_end outside, bool held);
	u32 (*random)(void *context);
	void *context;
};

/**
 * struct vnic_nat_guest - somebody inside; the caller's, who may embed it
 * @address: of the guest; no two guests of one nat have the same
 * @outside: by which address it is known (RFC 4787 REQ-2); 0: not yet
 * @mappings: how many it has
 * @sessions: of all of them
 * @uninvited: connections among these, opened from outside, that it has not answered
 * @list: of its mappings
 */
struct vnic_nat_guest {
	__be32 address;
	__be32 outside;
	u32 mappings;
	u32 sessions;
	u32 uninvited;
	struct list_head list;
};

/**
 * enum vnic_way - where a packet goes
 * @VNIC_WAY_DROP: nowhere
 * @VNIC_WAY_HOST: it is not translated, and was left as it was: the host may know it
 * @VNIC_WAY_OUT: to where its destination says, outside
 * @VNIC_WAY_IN: to a guest
 */
enum vnic_way {
	VNIC_WAY_DROP,
	VNIC_WAY_HOST,
	VNIC_WAY_OUT,
	VNIC_WAY_IN,
};

/**
 * enum vnic_reason - why; each is counted
 * @VNIC_REASON_NONE: nothing to tell
 * @VNIC_REASON_CREATED: a mapping was made for it
 * @VNIC_REASON_KNOWN: there was a mapping
 * @VNIC_REASON_HAIRPIN: from one guest to another's (or its own) outside end
 * @VNIC_REASON_NO_MAPPING: nobody inside is known by that end
 * @VNIC_REASON_FILTERED: the sender was never sent to
 * @VNIC_REASON_NO_SESSION: TCP that belongs to no connection and opens none: from outside all
 *	but a SYN, from a guest a RST
 * @VNIC_REASON_NO_PORT: no port is free
 * @VNIC_REASON_QUOTA: the guest has as many mappings as it may
 * @VNIC_REASON_FULL: there are as many mappings or sessions as there may be
 * @VNIC_REASON_NO_MEMORY: the kernel has none
 * @VNIC_REASON_SYN_HELD: an unsolicited SYN: its sender is told later, or never (RFC 5382 REQ-4)
 * @VNIC_REASON_ERROR_UNKNOWN: an ICMP error about a packet of nobody's (RFC 5508 REQ-4, REQ-5)
 * @VNIC_REASONS: how many there are
 */
enum vnic_reason {
	VNIC_REASON_NONE,
	VNIC_REASON_CREATED,
	VNIC_REASON_KNOWN,
	VNIC_REASON_HAIRPIN,
	VNIC_REASON_NO_MAPPING,
	VNIC_REASON_FILTERED,
	VNIC_REASON_NO_SESSION,
	VNIC_REASON_NO_PORT,
	VNIC_REASON_QUOTA,
	VNIC_REASON_FULL,
	VNIC_REASON_NO_MEMORY,
	VNIC_REASON_SYN_HELD,
	VNIC_REASON_ERROR_UNKNOWN,
	VNIC_REASONS,
};

/**
 * struct vnic_verdict - what became of a packet
 * @way: where it goes
 * @reason: why
 * @guest: VNIC_WAY_IN: whom to
 * @prohibited: VNIC_WAY_DROP: its sender, a guest, is to be told by ICMP 3, code 13 (RFC 5508
 *	REQ-8); of senders outside nobody is
 */
struct vnic_verdict {
	enum vnic_way way;
	enum vnic_reason reason;
	struct vnic_nat_guest *guest;
	bool prohibited;
};

struct vnic_nat;

/**
 * vnic_nat_create() - a translator that knows nobody
 * @config: what may be set; valid (see vnic_nat_config_valid())
 * @host: copied
 *
 * Return: it, to be given to vnic_nat_destroy(); NULL: no memory. May sleep.
 */
struct vnic_nat *vnic_nat_create(const struct vnic_nat_config *config,
				 const struct vnic_nat_host *host);

/**
 * vnic_nat_destroy() - the end; all mappings go
 * @nat: translator, or NULL. May sleep.
 */
void vnic_nat_destroy(struct vnic_nat *nat);

/**
 * vnic_nat_config_valid() - whether the values are in their ranges and agree with each other
 * @config: values
 */
bool vnic_nat_config_valid(const struct vnic_nat_config *config);

/**
 * vnic_nat_config() - what is set
 * @nat: translator
 */
const struct vnic_nat_config *vnic_nat_config(const struct vnic_nat *nat);

/**
 * vnic_nat_configure() - set it
 * @nat: translator
 * @config: valid. It holds for what there is as well: timeouts count from the last packet. Only
 *	ports that are outside of the range now stay with their mappings.
 */
void vnic_nat_configure(struct vnic_nat *nat, const struct vnic_nat_config *config);

/**
 * vnic_nat_set_addresses() - the outside addresses
 * @nat: translator
 * @addresses: each once, none of them 0
 * @count: VNIC_NAT_ADDRESSES at most; 0: nothing is translated (VNIC_REASON_NO_PORT)
 *
 * Mappings of other addresses go, forwards too (they are found again by vnic_nat_forward()).
 * A guest always has the same one (RFC 4787 REQ-2), as long as they stay.
 */
void vnic_nat_set_addresses(struct vnic_nat *nat, const __be32 *addresses, unsigned int count);

/**
 * vnic_nat_guest_init() - somebody new
 * @guest: set
 * @address: of the guest
 */
void vnic_nat_guest_init(struct vnic_nat_guest *guest, __be32 address);

/**
 * vnic_nat_forget() - all mappings of a guest go, forwards too
 * @nat: translator
 * @guest: who; needs to be called before it goes itself
 */
void vnic_nat_forget(struct vnic_nat *nat, struct vnic_nat_guest *guest);

/**
 * vnic_nat_outbound() - a packet from a guest
 * @nat: translator
 * @guest: whose; the packet's source is its address
 * @p: is translated, unless it is dropped
 * @now: ms
 *
 * One to an outside address is for a guest as well, and comes from the sender's own outside end
 * (hairpinning, RFC 4787 REQ-9, RFC 5382 REQ-8, RFC 5508 REQ-7).
 *
 * Return: VNIC_WAY_OUT, VNIC_WAY_IN, VNIC_WAY_HOST (to an outside address where nobody inside is
 * known: the source is translated, the host answers) or VNIC_WAY_DROP.
 */
struct vnic_verdict vnic_nat_outbound(struct vnic_nat *nat, struct vnic_nat_guest *guest,
				      struct vnic_packet *p, u64 now);

/**
 * vnic_nat_inbound() - a packet from outside
 * @nat: translator
 * @p: to one of the outside addresses; is translated if the way is VNIC_WAY_IN
 * @now: ms
 *
 * Return: VNIC_WAY_IN, VNIC_WAY_HOST or VNIC_WAY_DROP.
 */
struct vnic_verdict vnic_nat_inbound(struct vnic_nat *nat, struct vnic_packet *p, u64 now);

/**
 * vnic_nat_explain_outbound() - as vnic_nat_outbound(), but nothing changes
 * @nat: translator
 * @guest: whose
 * @p: is translated all the same; if its mapping is yet to be made, as if that were: but then a
 *	port that cannot be kept is only an example
 * @now: ms
 *
 * No session is made or tracked either, and no SYN held: it would be, if the reason says so.
 */
struct vnic_verdict vnic_nat_explain_outbound(struct vnic_nat *nat, struct vnic_nat_guest *guest,
					      struct vnic_packet *p, u64 now);

/**
 * vnic_nat_explain_inbound() - as vnic_nat_inbound(), but nothing changes
 * @nat: translator
 * @p: is translated all the same
 * @now: ms
 */
struct vnic_verdict vnic_nat_explain_inbound(struct vnic_nat *nat, struct vnic_packet *p, u64 now);

/**
 * vnic_nat_forward() - a mapping that stays: from outside to a guest
 * @nat: translator
 * @guest: whose
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @outside: of an outside address
 * @inside: port of the guest
 *
 * Everybody outside may send to it. It need not be in the range of ports. A mapping that packets of
 * the guest have made between the same two ends becomes one that stays.
 *
 * Return: 0; -EADDRINUSE: a mapping or the host has the outside end, or the inside end has another
 * one; -EADDRNOTAVAIL: not an outside address; -EDQUOT, -ENOSPC, -ENOMEM.
 */
int vnic_nat_forward(struct vnic_nat *nat, struct vnic_nat_guest *guest, u8 protocol,
		     struct vnic_end outside, __be16 inside);

/**
 * vnic_nat_unforward() - take it back, with its sessions
 * @nat: translator
 * @protocol: as it was made
 * @outside: likewise
 *
 * Return: 0; -ENOENT.
 */
int vnic_nat_unforward(struct vnic_nat *nat, u8 protocol, struct vnic_end outside);

/**
 * vnic_nat_holds() - whether a mapping has an outside end, forwards included
 * @nat: translator
 * @protocol: IPPROTO_...
 * @outside: end
 */
bool vnic_nat_holds(const struct vnic_nat *nat, u8 protocol, struct vnic_end outside);

/**
 * vnic_nat_meant() - the outside end that a packet from outside is for, or about
 * @p: packet
 */
static inline struct vnic_end vnic_nat_meant(const struct vnic_packet *p)
{
	return vnic_packet_is_error(p) ? p->inner_source : p->destination;
}

/**
 * struct vnic_nat_syn - a SYN that nobody asked for, and for which nobody did since
 * @quoted: what an ICMP error about it quotes: the IPv4 header and 8 octets, as they came
 * @length: of that
 */
struct vnic_nat_syn {
	u8 quoted[60 + 8];
	u8 length;
};

/**
 * vnic_nat_overdue_syn() - whose sender is to be told now (ICMP 3, code 3; RFC 5382 REQ-4)
 * @nat: translator
 * @now: ms
 * @syn: set, if anybody is; it is forgotten
 *
 * To be called until nobody is, once a second or so.
 *
 * Return: false: nobody is.
 */
bool vnic_nat_overdue_syn(struct vnic_nat *nat, u64 now, struct vnic_nat_syn *syn);

/**
 * vnic_nat_collect() - free what has expired, and what the host's own sockets took
 * @nat: translator
 * @now: ms
 * @budget: how many hash chains to look at; the next call goes on from there. A round is as many
 *	as there may be mappings and sessions, each rounded up to a power of 2
 *
 * Return: how many mappings are left.
 */
u32 vnic_nat_collect(struct vnic_nat *nat, u64 now, u32 budget);

/**
 * enum vnic_tcp_state - of a session (RFC 7857 2, figure 1; client: who sent the first SYN)
 * @VNIC_TCP_NONE: no connection: a note that an address was sent to (address_dependent)
 * @VNIC_TCP_INIT: one SYN
 * @VNIC_TCP_ESTABLISHED: one each
 * @VNIC_TCP_CLIENT_FIN: the client's FIN
 * @VNIC_TCP_SERVER_FIN: the server's
 * @VNIC_TCP_BOTH_FIN: both
 * @VNIC_TCP_TRANSITORY: a RST; or its beginning was not seen
 */
enum vnic_tcp_state {
	VNIC_TCP_NONE,
	VNIC_TCP_INIT,
	VNIC_TCP_ESTABLISHED,
	VNIC_TCP_CLIENT_FIN,
	VNIC_TCP_SERVER_FIN,
	VNIC_TCP_BOTH_FIN,
	VNIC_TCP_TRANSITORY,
};

/**
 * struct vnic_nat_flow - a mapping, or one of its sessions
 * @protocol: IPPROTO_...
 * @forward: it was made by vnic_nat_forward()
 * @state: of the session
 * @inside: end
 * @outside: end
 * @remote: with whom; address 0: the mapping itself, which comes before its sessions; port 0 and
 *	VNIC_TCP_NONE: that the guest has sent to this address
 * @left: ms until it expires; U64_MAX: never
 * @out: packets; not ICMP errors about them
 * @in: likewise
 */
struct vnic_nat_flow {
	u8 protocol;
	bool forward;
	enum vnic_tcp_state state;
	struct vnic_end inside;
	struct vnic_end outside;
	struct vnic_end remote;
	u64 left;
	u64 out;
	u64 in;
};

/**
 * vnic_nat_flows() - some of the flows
 * @nat: translator
 * @now: ms
 * @cursor: 0 at first; where to go on, after
 * @flows: set
 * @most: how many there is room for
 *
 * One hash chain is never split, unless it alone does not fit. What comes and goes between calls
 * may be missed; what stays is told once, or, of a chain that is split, perhaps not at all.
 *
 * Return: how many; 0: that was all.
 */
unsigned int vnic_nat_flows(struct vnic_nat *nat, u64 now, u64 *cursor,
			    struct vnic_nat_flow *flows, unsigned int most);

/**
 * struct vnic_nat_counts - how much there is
 * @mappings: now
 * @sessions: now
 * @octets: of memory they take
 * @reasons: packets so far, by reason
 */
struct vnic_nat_counts {
	u32 mappings;
	u32 sessions;
	u64 octets;
	u64 reasons[VNIC_REASONS];
};

/**
 * vnic_nat_count() - tell it
 * @nat: translator
 * @counts: set
 */
void vnic_nat_count(const struct vnic_nat *nat, struct vnic_nat_counts *counts);

/**
 * vnic_nat_audit() - whether every invariant holds
 * @nat: translator
 *
 * Looks at everything there is: for tests.
 *
 * Return: 0; n: Nn of translator.h is violated.
 */
int vnic_nat_audit(const struct vnic_nat *nat);

#endif /* VNIC_NAT_H */
