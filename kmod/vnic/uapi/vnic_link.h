/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * rtnetlink attributes of a link card: of IFLA_INFO_DATA, where IFLA_INFO_KIND is "vnic".
 *
 * Used by kmod/vnic (the provider). A card made without them joins a network later, by
 * VNIC_IOC_ATTACH (<vnic.h>).
 */
#ifndef _UAPI_VNIC_LINK_H
#define _UAPI_VNIC_LINK_H

/**
 * enum vnic_link_attribute - attributes of a card
 * @IFLA_VNIC_UNSPEC: none
 * @IFLA_VNIC_NETWORK: string: the network that it is in; of the namespace of whoever makes the card
 * @IFLA_VNIC_ADDRESS: 4 octets: the guest's IPv4 address in that network; the first free one if
 *	there is no such attribute
 * @__IFLA_VNIC_MAX: one more than the last
 */
enum vnic_link_attribute {
	IFLA_VNIC_UNSPEC,
	IFLA_VNIC_NETWORK,
	IFLA_VNIC_ADDRESS,
	__IFLA_VNIC_MAX
};

#define IFLA_VNIC_MAX	(__IFLA_VNIC_MAX - 1)

#endif /* _UAPI_VNIC_LINK_H */
