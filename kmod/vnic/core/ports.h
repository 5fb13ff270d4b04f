/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Outside ports: who may have which. One bit for each protocol and port of an outside address,
 * set as long as a mapping has it, so that none is given twice (RFC 4787 REQ-3, RFC 5382 REQ-7).
 * Of ICMP the identifiers of queries are given in the same way.
 */
#ifndef VNIC_PORTS_H
#define VNIC_PORTS_H

#include <linux/bitops.h>
#include <linux/types.h>

#include "packet.h"

struct vnic_nat;
struct vnic_nat_guest;

#define VNIC_PORTS	65536

/**
 * struct vnic_ports - those of one outside address
 * @address: outside; 0: it is none at present, and no bit is set
 * @taken: a bit for each that a mapping has, by protocol
 */
struct vnic_ports {
	__be32 address;
	unsigned long taken[3][BITS_TO_LONGS(VNIC_PORTS)];
};

/**
 * vnic_ports_of() - of an address
 * @nat: translator
 * @address: any
 *
 * Return: NULL: it is no outside address.
 */
struct vnic_ports *vnic_ports_of(const struct vnic_nat *nat, __be32 address);

/**
 * vnic_ports_of_guest() - of the address that a guest is known by (RFC 4787 REQ-2)
 * @nat: translator
 * @guest: who
 *
 * Return: NULL: there is no outside address.
 */
struct vnic_ports *vnic_ports_of_guest(const struct vnic_nat *nat,
				       const struct vnic_nat_guest *guest);

/**
 * vnic_ports_choose() - one that is free
 * @nat: translator
 * @ports: of the address
 * @protocol: IPPROTO_...
 * @inside: the guest's port: the nearer to it, the better
 *
 * Return: the port, which is still free; 0: none is.
 */
__be16 vnic_ports_choose(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
			 __be16 inside);

/**
 * vnic_ports_is_free() - whether neither a mapping nor the host has it
 * @nat: translator
 * @ports: of the address
 * @protocol: IPPROTO_...
 * @port: any
 */
bool vnic_ports_is_free(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
			__be16 port);

/**
 * vnic_ports_in_range() - whether it is one of those that mappings get
 * @nat: translator
 * @port: any
 */
bool vnic_ports_in_range(const struct vnic_nat *nat, __be16 port);

/**
 * vnic_ports_hold() - a mapping has got one
 * @nat: translator
 * @protocol: IPPROTO_...
 * @outside: that was free
 */
void vnic_ports_hold(struct vnic_nat *nat, u8 protocol, struct vnic_end outside);

/**
 * vnic_ports_release() - a mapping has left it
 * @nat: translator
 * @protocol: IPPROTO_...
 * @outside: that was held
 */
void vnic_ports_release(struct vnic_nat *nat, u8 protocol, struct vnic_end outside);

/**
 * vnic_ports_bits() - those of one protocol
 * @ports: of an address
 * @protocol: IPPROTO_...
 */
const unsigned long *vnic_ports_bits(const struct vnic_ports *ports, u8 protocol);

#endif /* VNIC_PORTS_H */
