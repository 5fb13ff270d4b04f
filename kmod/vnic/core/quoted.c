// SPDX-License-Identifier: GPL-2.0
/* ICMP errors, and the packet that they quote: see quoted.h. */
#include <linux/in.h>
#include <linux/kernel.h>

#include "quoted.h"
#include "translator.h"

#define ICMP_ECHO_REPLY	0

/* Whether a packet between the two was translated lately: not just anything may be quoted. */
static bool speaks_with(const struct vnic_nat *nat, const struct vnic_mapping *m,
			struct vnic_end remote, u64 now)
{
	if (m->protocol == IPPROTO_TCP)
		return vnic_session_find(nat, m, remote, now);
	return vnic_nat_admits(nat, m, remote.address, now);
}

struct vnic_mapping *vnic_quoted_inbound(const struct vnic_nat *nat, struct vnic_packet *p,
					 u64 now)
{
	struct vnic_mapping *m;

	/* lab 04 step 6 begin: about a packet that a guest sent; skeleton: return NULL; */
	/* An error goes to who sent the packet (RFC 1122 3.2.2). */
	if (p->destination.address != p->inner_source.address)
		return NULL;
	m = vnic_mapping_of_outside(nat, p->protocol, p->inner_source, now);
	if (!m || !speaks_with(nat, m, p->inner_destination, now))
		return NULL;
	vnic_packet_set_inner_source(p, m->inside);
	vnic_packet_set_destination(p, m->inside);
	return m;
	/* lab 04 step 6 end */
}

struct vnic_mapping *vnic_quoted_outbound(const struct vnic_nat *nat, struct vnic_packet *p,
					  u64 now)
{
	struct vnic_mapping *m;

	/* lab 04 step 6 begin: about a packet that a guest received; skeleton: return NULL; */
	if (p->destination.address != p->inner_source.address ||
	    p->source.address != p->inner_destination.address)
		return NULL;
	/* Of ICMP a guest receives replies only, and only these name its end. */
	if (p->protocol == IPPROTO_ICMP && p->at[p->inner_transport] != ICMP_ECHO_REPLY)
		return NULL;
	m = vnic_mapping_of_inside(nat, p->protocol, p->inner_destination, now);
	if (!m || !speaks_with(nat, m, p->inner_source, now))
		return NULL;
	vnic_packet_set_inner_destination(p, m->outside);
	vnic_packet_set_source(p, m->outside);
	return m;
	/* lab 04 step 6 end */
}
