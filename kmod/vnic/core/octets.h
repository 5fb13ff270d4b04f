/* SPDX-License-Identifier: GPL-2.0 */
/* Words in network byte order, at any alignment. */
#ifndef VNIC_OCTETS_H
#define VNIC_OCTETS_H

#include <linux/string.h>
#include <linux/types.h>

static inline u16 vnic_get16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

static inline u32 vnic_get32(const u8 *at)
{
	return (u32)vnic_get16(at) << 16 | vnic_get16(at + 2);
}

static inline __be32 vnic_get_address(const u8 *at)
{
	__be32 address;

	memcpy(&address, at, sizeof(address));
	return address;
}

static inline void vnic_put16(u8 *at, u16 value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

static inline void vnic_put32(u8 *at, u32 value)
{
	vnic_put16(at, value >> 16);
	vnic_put16(at + 2, value & 0xffff);
}

static inline void vnic_put_address(u8 *at, __be32 address)
{
	memcpy(at, &address, sizeof(address));
}

#endif /* VNIC_OCTETS_H */
