/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses that no packet which leaves or enters a network may have: RFC 1812 5.3.7, and of the
 * registries of RFC 6890 what is not forwardable:
 *
 *	IPv4
 *	0.0.0.0/8	"this network", RFC 1122 3.2.1.3
 *	127.0.0.0/8	loopback, RFC 1122 3.2.1.3
 *	169.254.0.0/16	link-local, RFC 3927
 *	224.0.0.0/4	multicast, RFC 1112, which is not routed here
 *	240.0.0.0/4	reserved, RFC 1112 4, and 255.255.255.255 in it, RFC 919 7
 *
 *	IPv6, RFC 4291
 *	::/128		unspecified
 *	::1/128		loopback
 *	::ffff:0:0/96	IPv4-mapped
 *	fe80::/10	link-local
 *	ff00::/8	multicast, which is not routed here
 *
 * What is private (RFC 1918, fc00::/7) is forwardable: an uplink may well have such an address. So
 * is what is for documentation and benchmarks: labs are built of it. Broadcast addresses of a
 * subnet are known to who knows the subnet.
 */
#ifndef VNIC_MARTIAN_H
#define VNIC_MARTIAN_H

#include <linux/in6.h>
#include <linux/types.h>

/**
 * vnic_martian() - whether an IPv4 address is one
 * @address: source or destination of a packet that is to go further than its link
 */
bool vnic_martian(__be32 address);

/**
 * vnic_martian6() - whether an IPv6 address is one
 * @address: likewise
 */
bool vnic_martian6(const struct in6_addr *address);

#endif /* VNIC_MARTIAN_H */
