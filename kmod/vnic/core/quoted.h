/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors: translated like the packet that they quote, seen from its other end (RFC 5508 4).
 *
 *	about a packet that a guest sent:	    inner source is an outside end: back to the
 *						    inside end, and the error goes there
 *	about a packet that a guest received:	    inner destination is an inside end: to the
 *						    outside end, and the error comes from there
 *
 * They refresh nothing and end nothing (RFC 4787 REQ-12, RFC 5382 REQ-10, RFC 5508 REQ-6).
 */
#ifndef VNIC_QUOTED_H
#define VNIC_QUOTED_H

#include "nat.h"

struct vnic_mapping;

/**
 * vnic_quoted_inbound() - an error about a packet that a guest sent (RFC 5508 REQ-4)
 * @nat: translator
 * @p: is translated, if the packet was a guest's
 * @now: ms
 *
 * Return: the guest's mapping; NULL: the packet was nobody's.
 */
struct vnic_mapping *vnic_quoted_inbound(const struct vnic_nat *nat, struct vnic_packet *p,
					 u64 now);

/**
 * vnic_quoted_outbound() - an error of a guest about a packet that it received (RFC 5508 REQ-5)
 * @nat: translator
 * @p: is translated, if there was such a packet
 * @now: ms
 *
 * Return: the guest's mapping; NULL: there was none.
 */
struct vnic_mapping *vnic_quoted_outbound(const struct vnic_nat *nat, struct vnic_packet *p,
					  u64 now);

#endif /* VNIC_QUOTED_H */
