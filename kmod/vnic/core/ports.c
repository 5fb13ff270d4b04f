// SPDX-License-Identifier: GPL-2.0
/* Which outside port a mapping gets: see ports.h. */
#include <linux/bug.h>
#include <linux/in.h>
#include <linux/kernel.h>

#include "ports.h"
#include "translator.h"

#define WELL_KNOWN	1023	/* the last of them */

/* How often one packet may make us ask the host for a port of its own, before it gets none. */
#define ASK_MOST	128

static u32 row(u8 protocol)
{
	return protocol == IPPROTO_TCP ? 0 : protocol == IPPROTO_UDP ? 1 : 2;
}

const unsigned long *vnic_ports_bits(const struct vnic_ports *ports, u8 protocol)
{
	return ports->taken[row(protocol)];
}

struct vnic_ports *vnic_ports_of(const struct vnic_nat *nat, __be32 address)
{
	for (unsigned int i = 0; i < nat->nr_addresses; i++)
		if (nat->addresses[i]->address == address)
			return nat->addresses[i];
	return NULL;
}

struct vnic_ports *vnic_ports_of_guest(const struct vnic_nat *nat,
				       const struct vnic_nat_guest *guest)
{
	struct vnic_ports *ports = vnic_ports_of(nat, guest->outside);

	if (ports || !nat->nr_addresses)
		return ports;
	return nat->addresses[be32_to_cpu(guest->address) % nat->nr_addresses];
}

static bool host_has(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
		     u32 port)
{
	struct vnic_end outside = { ports->address, cpu_to_be16(port) };

	return nat->host.port_taken(nat->host.context, protocol, outside);
}

bool vnic_ports_is_free(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
			__be16 port)
{
	/* lab 04 step 3 begin: neither a mapping nor the host has it; skeleton: return false; */
	return !test_bit(be16_to_cpu(port), ports->taken[row(protocol)]) &&
	       !host_has(nat, ports, protocol, be16_to_cpu(port));
	/* lab 04 step 3 end */
}

/**
 * struct choice - which ports will do
 * @first: of them
 * @last: likewise
 * @mask: those of a word that have the right parity
 */
struct choice {
	u32 first;
	u32 last;
	unsigned long mask;
};

/* The first free port of @from to @to; beyond @to: there is none. A word at a time. */
static u32 next_free(const unsigned long *taken, u32 from, u32 to, unsigned long mask)
{
	unsigned long free;

	for (; from <= to; from = (from / BITS_PER_LONG + 1) * BITS_PER_LONG) {
		free = ~taken[from / BITS_PER_LONG] & mask & ~0ul << from % BITS_PER_LONG;
		if (free)
			return from / BITS_PER_LONG * BITS_PER_LONG + __ffs(free);
	}
	return from;
}

/* Like next_free(), but what the host has is not free. @asks: how often it may be asked yet. */
static u32 next_ours(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
		     struct choice c, u32 *asks)
{
	const unsigned long *taken = ports->taken[row(protocol)];
	u32 port = next_free(taken, c.first, c.last, c.mask);

	while (port <= c.last && *asks) {
		--*asks;
		if (!host_has(nat, ports, protocol, port))
			return port;
		port = next_free(taken, port + 1, c.last, c.mask);
	}
	return 0;
}

/*
 * From a random place on, and round: what the next port is cannot be foretold (RFC 6056 3.3.1,
 * RFC 7857 9). However few are free, each word is looked at twice at most.
 */
static u32 search(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
		  struct choice c, u32 *asks)
{
	struct choice upper = c, lower = c;
	u32 start, port;

	if (c.first > c.last)
		return 0;
	start = c.first +
		((u64)nat->host.random(nat->host.context) * (c.last - c.first + 1) >> 32);
	upper.first = start;
	port = next_ours(nat, ports, protocol, upper, asks);
	if (port || start == c.first)
		return port;
	lower.last = start - 1;
	return next_ours(nat, ports, protocol, lower, asks);
}

/* What is kept of the guest's port, if not all of it: first wishes first. */
static const struct wish {
	bool class;	/* well known or not (RFC 4787 REQ-3) */
	bool parity;	/* even or odd (REQ-4) */
} wishes[] = {
	{ true, true },
	{ true, false },
	{ false, true },
	{ false, false },
};

/* The ports of the range that fulfil a wish. */
static struct choice choice_of(const struct vnic_nat_config *config, struct wish wish, u32 inside)
{
	struct choice c = { config->first_port, config->last_port, ~0ul };

	/* lab 04 step 3 begin: class and parity; skeleton: return c; */
	if (wish.class && inside <= WELL_KNOWN)
		c.last = min_t(u32, c.last, WELL_KNOWN);
	else if (wish.class)
		c.first = max_t(u32, c.first, WELL_KNOWN + 1);
	if (wish.parity)
		c.mask = ~0ul / 3 << (inside & 1);
	return c;
	/* lab 04 step 3 end */
}

bool vnic_ports_in_range(const struct vnic_nat *nat, __be16 port)
{
	return be16_to_cpu(port) >= nat->config.first_port &&
	       be16_to_cpu(port) <= nat->config.last_port;
}

__be16 vnic_ports_choose(const struct vnic_nat *nat, const struct vnic_ports *ports, u8 protocol,
			 __be16 inside)
{
	u32 wanted = be16_to_cpu(inside), asks = ASK_MOST, port = 0;
	/* An identifier of ICMP is of no class, and its parity says nothing. */
	u32 i = protocol == IPPROTO_ICMP ? ARRAY_SIZE(wishes) - 1 : 0;

	/* lab 04 step 3 begin: its own port, or as near to it as can be; skeleton: return 0; */
	if (vnic_ports_in_range(nat, inside) && vnic_ports_is_free(nat, ports, protocol, inside))
		return inside;
	for (; !port && i < ARRAY_SIZE(wishes); i++)
		port = search(nat, ports, protocol, choice_of(&nat->config, wishes[i], wanted),
			      &asks);
	return cpu_to_be16(port);
	/* lab 04 step 3 end */
}

void vnic_ports_hold(struct vnic_nat *nat, u8 protocol, struct vnic_end outside)
{
	struct vnic_ports *ports = vnic_ports_of(nat, outside.address);

	/* Of one of our addresses, or it could not have been chosen. */
	if (WARN_ON_ONCE(!ports))
		return;
	__set_bit(be16_to_cpu(outside.port), ports->taken[row(protocol)]);
	nat->host.port_held(nat->host.context, protocol, outside, true);
}

void vnic_ports_release(struct vnic_nat *nat, u8 protocol, struct vnic_end outside)
{
	struct vnic_ports *ports = vnic_ports_of(nat, outside.address);

	if (WARN_ON_ONCE(!ports))
		return;
	__clear_bit(be16_to_cpu(outside.port), ports->taken[row(protocol)]);
	nat->host.port_held(nat->host.context, protocol, outside, false);
}
