/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses that no packet which leaves or enters a network may have: RFC 1812 5.3.7, and of the
 * registries of RFC 6890 what is not forwardable:
 *
 *	IPv4			source	destination	RFC
 *	0.0.0.0/8		no	no		1122 3.2.1.3  "this network"
 *	127.0.0.0/8		no	no		1122 3.2.1.3  loopback
 *	169.254.0.0/16		no	no		3927          link-local
 *	224.0.0.0/4		no	no		1112          multicast, which is not routed here
 *	240.0.0.0/4		no	no		1112 4        reserved; 255.255.255.255 in it
 *
 *	IPv6			source	destination	RFC
 *	::/128			no	no		4291          unspecified
 *	::1/128			no	no		4291          loopback
 *	::ffff:0:0/96		no	no		4291          IPv4-mapped
 *	fe80::/10		no	no		4291          link-local
 *	ff00::/8		no	no		4291          multicast, which is not routed here
 *
 * What is private (RFC 1918, fc00::/7) is forwardable: an uplink may well have such an address. So
 * is what is for documentation and benchmarks: labs are built of it. Broadcast addresses of a
 * subnet are known to who knows the subnet.
 *
 * Both columns are the same but for who is told: nobody answers a martian source.
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
