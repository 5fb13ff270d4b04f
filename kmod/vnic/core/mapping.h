/* SPDX-License-Identifier: GPL-2.0 */
/* Mappings: made, found by either end, expired, freed. */
#ifndef VNIC_MAPPING_H
#define VNIC_MAPPING_H

#include <linux/list.h>
#include <linux/types.h>

#include "nat.h"
#include "session.h"

/**
 * struct vnic_mapping - by which outside end an inside end is known
 * @by_inside: in the chain of its inside end
 * @by_outside: in that of its outside end
 * @of_guest: in the list of its guest
 * @guest: whose it is
 * @sessions: by how they hold it
 * @used: when a packet refreshed it last; not of TCP, where sessions are
 * @out: packets
 * @in: packets
 * @inside: of the guest
 * @outside: of ours
 * @protocol: IPPROTO_...
 * @forward: it stays, and everybody may send to it
 */
struct vnic_mapping {
	struct hlist_node by_inside;
	struct hlist_node by_outside;
	struct list_head of_guest;
	struct vnic_nat_guest *guest;
	struct list_head sessions[VNIC_HOLDS];
	u64 used;
	u64 out;
	u64 in;
	struct vnic_end inside;
	struct vnic_end outside;
	u8 protocol;
	bool forward;
};

/**
 * vnic_mapping_of_inside() - of an inside end
 * @nat: translator
 * @protocol: IPPROTO_...
 * @inside: end
 * @now: ms
 *
 * Return: NULL: there is none, or it has expired.
 */
struct vnic_mapping *vnic_mapping_of_inside(const struct vnic_nat *nat, u8 protocol,
					    struct vnic_end inside, u64 now);

/**
 * vnic_mapping_of_outside() - of an outside end
 * @nat: translator
 * @protocol: IPPROTO_...
 * @outside: end
 * @now: ms
 *
 * Return: NULL: there is none, or it has expired.
 */
struct vnic_mapping *vnic_mapping_of_outside(const struct vnic_nat *nat, u8 protocol,
					     struct vnic_end outside, u64 now);

/**
 * vnic_mapping_plan() - what a mapping would be, were it made
 * @nat: translator
 * @guest: whose
 * @protocol: IPPROTO_...
 * @inside: end that has none
 * @plan: set: not in any table
 *
 * Return: VNIC_REASON_CREATED, or why there cannot be any.
 */
enum vnic_reason vnic_mapping_plan(const struct vnic_nat *nat, struct vnic_nat_guest *guest,
				   u8 protocol, struct vnic_end inside, struct vnic_mapping *plan);

/**
 * vnic_mapping_create() - make it
 * @nat: translator
 * @guest: whose
 * @protocol: IPPROTO_...
 * @inside: end that has none, or one that has expired
 * @now: ms
 * @m: set, if it was made
 *
 * Return: VNIC_REASON_CREATED, or why not.
 */
enum vnic_reason vnic_mapping_create(struct vnic_nat *nat, struct vnic_nat_guest *guest,
				     u8 protocol, struct vnic_end inside, u64 now,
				     struct vnic_mapping **m);

/**
 * vnic_mapping_forward() - make one that stays
 * @nat: translator
 * @guest: whose
 * @protocol: IPPROTO_...
 * @inside: end
 * @outside: end
 *
 * Return: 0, -EADDRINUSE, -EADDRNOTAVAIL, -EDQUOT, -ENOSPC or -ENOMEM.
 */
int vnic_mapping_forward(struct vnic_nat *nat, struct vnic_nat_guest *guest, u8 protocol,
			 struct vnic_end inside, struct vnic_end outside);

/**
 * vnic_mapping_free() - it goes, and so do its sessions
 * @nat: translator
 * @m: mapping
 */
void vnic_mapping_free(struct vnic_nat *nat, struct vnic_mapping *m);

/**
 * vnic_mapping_left() - how long it lives yet
 * @nat: translator
 * @m: mapping
 * @now: ms
 *
 * Return: ms; 0: it has expired; U64_MAX: it stays.
 */
u64 vnic_mapping_left(const struct vnic_nat *nat, const struct vnic_mapping *m, u64 now);

/**
 * vnic_mapping_collect() - free what has expired
 * @nat: translator
 * @chain: of outside ends, by number
 * @now: ms
 */
void vnic_mapping_collect(struct vnic_nat *nat, u32 chain, u64 now);

#endif /* VNIC_MAPPING_H */
