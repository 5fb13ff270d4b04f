/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a translator is made of, for the files that are one. See nat.h for what it does.
 *
 *	            inside               outside            sessions
 *	           +------+             +------+            +------+
 *	   chains  |      |--> mapping <--|    |     +----> |      |
 *	           +------+    |  |  |  +------+     |      +------+
 *	                       |  |  +-- sessions ---+
 *	                       |  +-- its guest's list
 *	                       +-- a bit among the ports of its outside address
 *
 * What holds between any two calls; vnic_nat_audit() tests it, and is numbered likewise:
 *
 *	N1  A mapping is in the chain of its inside end, in that of its outside end, and in the
 *	    list of its guest; nothing else is.
 *	N2  No two mappings have the same inside end, and no two the same outside end.
 *	N3  A port's bit is set if a mapping has the port, and only then.
 *	N4  Mappings, sessions, and what each guest has of both are as many as counted.
 *	N5  A session is in the chain of its two ends, and in that list of its mapping which says
 *	    how it holds it; where that matters, those used last are last.
 *	N6  TCP's states are of sessions of TCP, and no two sessions of a mapping are with the
 *	    same remote end.
 *	N7  Nothing was last used after now.
 */
#ifndef VNIC_TRANSLATOR_H
#define VNIC_TRANSLATOR_H

#include <asm/byteorder.h>
#include <linux/siphash.h>

#include "mapping.h"
#include "nat.h"
#include "ports.h"
#include "session.h"
#include "syn.h"

/* How often at most. */
#define VNIC_SWEEP_MS	1000

/**
 * struct vnic_table - a hash table
 * @chains: 2^@bits of them
 * @bits: chosen so that there are as many chains as entries, or more
 */
struct vnic_table {
	struct hlist_head *chains;
	u32 bits;
};

static inline u32 vnic_table_size(const struct vnic_table *table)
{
	return 1u << table->bits;
}

static inline struct hlist_head *vnic_table_chain(const struct vnic_table *table, u64 hash)
{
	return &table->chains[hash & (vnic_table_size(table) - 1)];
}

/**
 * struct vnic_nat - a translator
 * @config: what is set
 * @host: what it asks of where it lives
 * @secret: of the hashes: nobody can aim at one chain
 * @now: what time it was told last; never goes back
 * @inside: mappings by their inside ends
 * @outside: by their outside ends
 * @sessions: by their mappings and remote ends
 * @nr_mappings: now
 * @nr_sessions: now
 * @collected: how many chains vnic_nat_collect() has looked at in this round
 * @swept: when all mappings were looked at last, for want of a port
 * @pool: memory for the ports of all the addresses there may be: their change cannot fail
 * @addresses: those that there are, in the caller's order
 * @nr_addresses: how many
 * @syns: that nobody asked for
 * @reasons: packets, by what became of them
 */
struct vnic_nat {
	struct vnic_nat_config config;
	struct vnic_nat_host host;
	siphash_key_t secret;
	u64 now;
	struct vnic_table inside;
	struct vnic_table outside;
	struct vnic_table sessions;
	u32 nr_mappings;
	u32 nr_sessions;
	u32 collected;
	u64 swept;
	struct vnic_ports *pool;
	struct vnic_ports *addresses[VNIC_NAT_ADDRESSES];
	unsigned int nr_addresses;
	struct vnic_syns syns;
	u64 reasons[VNIC_REASONS];
};

/* An end as a number: different for different ends. */
static inline u64 vnic_end_number(u8 protocol, struct vnic_end end)
{
	return (u64)protocol << 48 | (u64)be16_to_cpu(end.port) << 32 | be32_to_cpu(end.address);
}

/* Where a mapping with such an end is, if there is one. */
static inline struct hlist_head *vnic_end_chain(const struct vnic_nat *nat,
						const struct vnic_table *table, u8 protocol,
						struct vnic_end end)
{
	return vnic_table_chain(table, siphash_1u64(vnic_end_number(protocol, end), &nat->secret));
}

static inline bool vnic_end_is(struct vnic_end a, struct vnic_end b)
{
	return a.address == b.address && a.port == b.port;
}

/**
 * vnic_nat_advance() - what time it is
 * @nat: translator
 * @now: ms, as told
 *
 * Return: @now, or what was told before, if that is later.
 */
u64 vnic_nat_advance(struct vnic_nat *nat, u64 now);

/**
 * vnic_nat_admits() - whether a mapping's filter lets somebody in
 * @nat: translator
 * @m: mapping
 * @remote: address of who wants in
 * @now: ms
 */
bool vnic_nat_admits(const struct vnic_nat *nat, const struct vnic_mapping *m, __be32 remote,
		     u64 now);

#endif /* VNIC_TRANSLATOR_H */
