// SPDX-License-Identifier: GPL-2.0
/*
 * The two ways of a packet.
 *
 *	outbound	its source is replaced: by the outside end of its mapping, made if need be
 *	inbound		its destination is replaced: by the inside end of its mapping, if there
 *			is one, and the sender may
 *	hairpin		both, one after the other: from a guest to an outside end of a guest
 *
 * To explain a packet is to go the same way, and to leave everything but the packet as it is.
 */
#include <linux/in.h>
#include <linux/kernel.h>

#include "quoted.h"
#include "translator.h"

#define ICMP_ECHO_REQUEST	8

/**
 * struct passage - a packet on its way
 * @nat: translator
 * @p: packet
 * @now: ms
 * @explain: nothing is to change
 * @plan: to explain: the mapping that would be made
 */
struct passage {
	struct vnic_nat *nat;
	struct vnic_packet *p;
	u64 now;
	bool explain;
	struct vnic_mapping plan;
};

/* The first packet of a connection. */
static bool is_syn(const struct vnic_packet *p)
{
	return p->protocol == IPPROTO_TCP &&
	       (p->tcp_flags & (VNIC_TCP_SYN | VNIC_TCP_ACK | VNIC_TCP_RST)) == VNIC_TCP_SYN;
}

static bool is_reset(const struct vnic_packet *p)
{
	return p->protocol == IPPROTO_TCP && p->tcp_flags & VNIC_TCP_RST;
}

static bool is_refusal(enum vnic_reason reason)
{
	return reason != VNIC_REASON_NONE && reason != VNIC_REASON_KNOWN &&
	       reason != VNIC_REASON_CREATED;
}

/* What there is not enough of is told to a guest (RFC 5508 REQ-8); nobody outside need know. */
static bool is_shortage(enum vnic_reason reason)
{
	return reason == VNIC_REASON_NO_PORT || reason == VNIC_REASON_QUOTA ||
	       reason == VNIC_REASON_FULL || reason == VNIC_REASON_NO_MEMORY;
}

static struct vnic_verdict drop(enum vnic_reason reason, bool outbound)
{
	return (struct vnic_verdict){
		.way = VNIC_WAY_DROP,
		.reason = reason,
		.prohibited = outbound && is_shortage(reason),
	};
}

static struct vnic_verdict to_host(enum vnic_reason reason)
{
	return (struct vnic_verdict){ .way = VNIC_WAY_HOST, .reason = reason };
}

static struct vnic_verdict to_guest(struct vnic_nat_guest *guest, enum vnic_reason reason)
{
	return (struct vnic_verdict){ .way = VNIC_WAY_IN, .reason = reason, .guest = guest };
}

/* --- sessions --- */

static enum vnic_reason open_session(struct passage *pass, struct vnic_mapping *m,
				     struct vnic_end remote, enum vnic_opening opening)
{
	bool outside = opening == VNIC_OPENED_OUTSIDE;
	enum vnic_reason refusal;

	if (pass->explain)
		return vnic_session_refused(pass->nat, m->guest, outside) ? VNIC_REASON_FULL :
									    VNIC_REASON_NONE;
	refusal = vnic_session_open(pass->nat, m, remote, opening, pass->now);
	if (!refusal && outside)
		/* Its SYN may be held since it came first: this time there is somebody. */
		vnic_syn_forget(&pass->nat->syns, m->outside, remote);
	return refusal;
}

static void track(struct passage *pass, struct vnic_session *s, bool outbound)
{
	if (pass->explain)
		return;
	vnic_session_track(pass->nat, s, pass->p->tcp_flags, outbound, pass->now);
	if (outbound)
		s->out++;
	else
		s->in++;
}

/*
 * A connection that began before we looked, or that was silent for too long, goes on if the guest
 * does: RFC 5382 leaves it open, RFC 6146 3.5.2.2 drops; but the peer knows the connection still,
 * and as the guest's port is kept where it can be, that is often enough. From outside nothing but
 * a SYN begins.
 */
static enum vnic_reason connection_out(struct passage *pass, struct vnic_mapping *m)
{
	struct vnic_packet *p = pass->p;
	struct vnic_session *s = vnic_session_find(pass->nat, m, p->destination, pass->now);

	if (!s && !is_reset(p))
		return open_session(pass, m, p->destination,
				    is_syn(p) ? VNIC_OPENED_INSIDE : VNIC_OPENED_BEFORE);
	if (s)
		track(pass, s, true);
	return VNIC_REASON_NONE;
}

/* Note who was sent to. A reset is an answer, and no invitation. */
static enum vnic_reason permit(struct passage *pass, struct vnic_mapping *m)
{
	struct vnic_nat *nat = pass->nat;
	__be32 address = pass->p->destination.address;

	if (!nat->config.address_dependent || is_reset(pass->p))
		return VNIC_REASON_NONE;
	if (!pass->explain)
		return vnic_session_permit(nat, m, address, pass->now);
	return !vnic_session_permitted(nat, m, address, pass->now) &&
	       vnic_session_refused(nat, m->guest, false) ? VNIC_REASON_FULL : VNIC_REASON_NONE;
}

/* --- out --- */

/*
 * One mapping for each inside end, whoever is sent to (RFC 4787 REQ-1, RFC 5382 REQ-1, RFC 5508
 * REQ-1a). A reset opens nothing.
 */
static enum vnic_reason mapping_out(struct passage *pass, struct vnic_nat_guest *guest,
				    struct vnic_mapping **m)
{
	struct vnic_packet *p = pass->p;

	/* lab 04 step 2 begin: its own mapping; skeleton: return VNIC_REASON_NO_MAPPING; */
	*m = vnic_mapping_of_inside(pass->nat, p->protocol, p->source, pass->now);
	if (*m)
		return VNIC_REASON_KNOWN;
	if (is_reset(p))
		return VNIC_REASON_NO_SESSION;
	if (!pass->explain)
		return vnic_mapping_create(pass->nat, guest, p->protocol, p->source, pass->now, m);
	*m = &pass->plan;
	return vnic_mapping_plan(pass->nat, guest, p->protocol, p->source, *m);
	/* lab 04 step 2 end */
}

/* What goes out keeps the mapping alive (RFC 4787 REQ-6); of TCP, its session was kept. */
static void used_out(struct passage *pass, struct vnic_mapping *m)
{
	/* lab 04 step 7 begin: what goes out keeps a mapping alive */
	if (pass->explain)
		return;
	m->used = pass->now;
	m->out++;
	/* lab 04 step 7 end */
}

static enum vnic_reason go_out(struct passage *pass, struct vnic_nat_guest *guest)
{
	enum vnic_reason reason, refusal = VNIC_REASON_NONE;
	struct vnic_mapping *m;

	reason = mapping_out(pass, guest, &m);
	if (is_refusal(reason))
		return reason;
	if (pass->p->protocol == IPPROTO_TCP)
		refusal = connection_out(pass, m);
	if (!refusal)
		refusal = permit(pass, m);
	if (refusal) {
		if (reason == VNIC_REASON_CREATED && !pass->explain)
			vnic_mapping_free(pass->nat, m);
		return refusal;
	}
	used_out(pass, m);
	/* The half of a simultaneous open that a held SYN was waiting for (RFC 5382 REQ-4). */
	if (is_syn(pass->p) && !pass->explain)
		vnic_syn_forget(&pass->nat->syns, m->outside, pass->p->destination);
	vnic_packet_set_source(pass->p, m->outside);
	return reason;
}

/* --- in --- */

/*
 * Filtering: whoever knows the outside end may send to it, or only whom the guest has sent to
 * (RFC 4787 REQ-8, RFC 5382 REQ-3). A forward is for everybody.
 */
bool vnic_nat_admits(const struct vnic_nat *nat, const struct vnic_mapping *m, __be32 remote,
		     u64 now)
{
	/* lab 04 step 4 begin: whom the filter lets in; skeleton: return false; */
	return !nat->config.address_dependent || m->forward ||
	       vnic_session_permitted(nat, m, remote, now);
	/* lab 04 step 4 end */
}

static enum vnic_reason connection_in(struct passage *pass, struct vnic_mapping *m)
{
	struct vnic_packet *p = pass->p;
	struct vnic_session *s = vnic_session_find(pass->nat, m, p->source, pass->now);

	/* lab 04 step 4 begin: a segment from outside; skeleton: return VNIC_REASON_NO_SESSION; */
	if (s) {
		track(pass, s, false);
		return VNIC_REASON_NONE;
	}
	if (!vnic_nat_admits(pass->nat, m, p->source.address, pass->now))
		return VNIC_REASON_FILTERED;
	if (!is_syn(p))
		return VNIC_REASON_NO_SESSION;
	return open_session(pass, m, p->source, VNIC_OPENED_OUTSIDE);
	/* lab 04 step 4 end */
}

/* The way back. What comes in keeps no mapping alive (RFC 4787 REQ-6, RFC 7857 7). */
static enum vnic_reason go_in(struct passage *pass, struct vnic_mapping *m)
{
	struct vnic_packet *p = pass->p;
	enum vnic_reason refusal = VNIC_REASON_NONE;

	/* lab 04 step 4 begin: the way back; skeleton: return VNIC_REASON_NO_MAPPING; */
	if (p->protocol == IPPROTO_TCP)
		refusal = connection_in(pass, m);
	else if (!vnic_nat_admits(pass->nat, m, p->source.address, pass->now))
		refusal = VNIC_REASON_FILTERED;
	if (refusal)
		return refusal;
	if (!pass->explain)
		m->in++;
	vnic_packet_set_destination(p, m->inside);
	return VNIC_REASON_KNOWN;
	/* lab 04 step 4 end */
}

/*
 * Whether a SYN is to be held: one that a mapping filtered; or one to a port of ours that nobody
 * has at present. The host answers for its own, and for ports that are none of ours.
 */
static bool is_held(struct passage *pass, const struct vnic_mapping *m)
{
	const struct vnic_nat *nat = pass->nat;
	struct vnic_end to = pass->p->destination;

	if (!is_syn(pass->p))
		return false;
	return m || (vnic_ports_in_range(nat, to.port) &&
		     !nat->host.port_taken(nat->host.context, IPPROTO_TCP, to));
}

static struct vnic_verdict hold(struct passage *pass)
{
	if (!pass->explain)
		vnic_syn_hold(&pass->nat->syns, pass->p, pass->now);
	return drop(VNIC_REASON_SYN_HELD, false);
}

static struct vnic_verdict error_in(struct passage *pass)
{
	const struct vnic_mapping *m = vnic_quoted_inbound(pass->nat, pass->p, pass->now);

	return m ? to_guest(m->guest, VNIC_REASON_KNOWN) : to_host(VNIC_REASON_ERROR_UNKNOWN);
}

static struct vnic_verdict inbound(struct passage *pass)
{
	struct vnic_packet *p = pass->p;
	enum vnic_reason reason = VNIC_REASON_NO_MAPPING;
	struct vnic_mapping *m;

	if (vnic_packet_is_error(p))
		return error_in(pass);
	m = vnic_mapping_of_outside(pass->nat, p->protocol, p->destination, pass->now);
	if (m)
		reason = go_in(pass, m);
	if (reason == VNIC_REASON_KNOWN)
		return to_guest(m->guest, reason);
	if ((!m || reason == VNIC_REASON_FILTERED) && is_held(pass, m))
		return hold(pass);
	return m ? drop(reason, false) : to_host(reason);
}

/* --- from one guest to another, or to itself --- */

/*
 * The source is replaced already, so that the receiver sees the sender's outside end, and answers
 * to it (RFC 4787 REQ-9, RFC 5382 REQ-8, RFC 5508 REQ-7).
 */
static struct vnic_verdict hairpin(struct passage *pass)
{
	struct vnic_packet *p = pass->p;
	struct vnic_verdict verdict;
	enum vnic_reason reason;
	struct vnic_mapping *m;

	/* lab 04 step 5 begin: guest to guest; skeleton: return to_host(VNIC_REASON_NO_MAPPING); */
	if (vnic_packet_is_error(p)) {
		verdict = error_in(pass);
		if (verdict.way == VNIC_WAY_IN)
			verdict.reason = VNIC_REASON_HAIRPIN;
		return verdict;
	}
	m = vnic_mapping_of_outside(pass->nat, p->protocol, p->destination, pass->now);
	if (!m)
		return to_host(VNIC_REASON_NO_MAPPING);
	reason = go_in(pass, m);
	return reason == VNIC_REASON_KNOWN ? to_guest(m->guest, VNIC_REASON_HAIRPIN) :
					     drop(reason, true);
	/* lab 04 step 5 end */
}

static struct vnic_verdict outbound(struct passage *pass, struct vnic_nat_guest *guest)
{
	struct vnic_packet *p = pass->p;
	enum vnic_reason reason;

	if (vnic_packet_is_error(p))
		reason = vnic_quoted_outbound(pass->nat, p, pass->now) ?
			 VNIC_REASON_KNOWN : VNIC_REASON_ERROR_UNKNOWN;
	else if (p->protocol == IPPROTO_ICMP && p->at[p->transport] != ICMP_ECHO_REQUEST)
		/* Nobody outside can ask a guest: there is nothing to reply to. */
		reason = VNIC_REASON_NO_MAPPING;
	else
		reason = go_out(pass, guest);
	if (is_refusal(reason))
		return drop(reason, true);
	if (vnic_ports_of(pass->nat, p->destination.address))
		return hairpin(pass);
	return (struct vnic_verdict){ .way = VNIC_WAY_OUT, .reason = reason };
}

/* --- the calls --- */

struct vnic_verdict vnic_nat_outbound(struct vnic_nat *nat, struct vnic_nat_guest *guest,
				      struct vnic_packet *p, u64 now)
{
	struct passage pass = { .nat = nat, .p = p, .now = vnic_nat_advance(nat, now) };
	struct vnic_verdict verdict = outbound(&pass, guest);

	nat->reasons[verdict.reason]++;
	return verdict;
}

struct vnic_verdict vnic_nat_inbound(struct vnic_nat *nat, struct vnic_packet *p, u64 now)
{
	struct passage pass = { .nat = nat, .p = p, .now = vnic_nat_advance(nat, now) };
	struct vnic_verdict verdict = inbound(&pass);

	nat->reasons[verdict.reason]++;
	return verdict;
}

struct vnic_verdict vnic_nat_explain_outbound(struct vnic_nat *nat, struct vnic_nat_guest *guest,
					      struct vnic_packet *p, u64 now)
{
	struct passage pass = { .nat = nat, .p = p, .now = max(nat->now, now), .explain = true };

	return outbound(&pass, guest);
}

struct vnic_verdict vnic_nat_explain_inbound(struct vnic_nat *nat, struct vnic_packet *p, u64 now)
{
	struct passage pass = { .nat = nat, .p = p, .now = max(nat->now, now), .explain = true };

	return inbound(&pass);
}
