/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the target, each for one part of the core. An input's first octet names one, the
 * rest is its input:
 *
 *	p	packet		settings, then an IPv4 datagram
 *	d	dhcp		settings, then what a UDP datagram carries
 *	a	arp		ARP
 *	i	icmp		settings, then an IPv4 datagram
 *	n	neighbour	settings, then an IPv6 packet
 *	e	icmp6		settings, then an IPv6 packet
 *	6	npt		settings, then an IPv6 packet
 */
#ifndef PART_H
#define PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

/**
 * struct input - what is left of it
 * @at: octets
 * @left: how many
 */
struct input {
	const u8 *at;
	size_t left;
};

/* The next octet; 0 if there is none. */
u8 octet(struct input *in);

/* The next @length octets, filled with zeros. */
void octets(struct input *in, void *to, size_t length);

/* What is left, in memory of its own size, so that ASan sees a read beyond it. To be freed. */
u8 *rest(struct input *in);

/* Likewise room for an answer. */
u8 *room_of(size_t size);

/* What holds of any input, or the search has found something. */
void must(bool holds);

/*
 * Make the sum of an IPv4 header right, and of the one that is quoted by an ICMP error behind it: a
 * search would not find them.
 */
void set_header_sums(u8 *at, size_t length);

/* One's complement sums, computed the plain way, as numbers in which 0xffff is 0. */
u32 residue(const u8 *at, size_t length, u32 sum);

void part_packet(struct input *in);
void part_dhcp(struct input *in);
void part_arp(struct input *in);
void part_icmp(struct input *in);
void part_icmp6(struct input *in);
void part_neighbour(struct input *in);
void part_npt(struct input *in);

#endif
