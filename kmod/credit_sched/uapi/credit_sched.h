/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/credit_sched offers: groups of tasks that share CPUs by weight or by
 * credit. A group lives as long as the file descriptor that made it is open, or
 * until it is removed if it persists.
 *
 * Used by kmod/credit_sched (the provider) and userland/ctl (csched).
 */
#ifndef _UAPI_CREDIT_SCHED_H
#define _UAPI_CREDIT_SCHED_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows by one whenever a struct below changes; see CSCHED_IOC_VERSION. */
#define CSCHED_ABI_VERSION	1

#define CSCHED_NAME_MAX		32
#define CSCHED_POLICY_MAX	16
/* CPUs 0 to 511, a bit each. */
#define CSCHED_CPU_WORDS	8

/**
 * struct csched_ioc_create - CSCHED_IOC_CREATE: make a group
 * @name: of the group, 1 to 31 characters, unique
 * @policy: "share", "lottery" or "credit"
 * @weight: 0: the policy's default; share and lottery 1..10000 (100), credit 1..65535 (256)
 * @cap: percent of one CPU, 0: none
 * @burst_ns: credit: how much credit it may save; 0: 30 ms
 * @slot_ns: how long a turn lasts; 0: 5 ms
 * @flags: CSCHED_SAMPLED, CSCHED_PERSIST
 * @id: returned: the group's number
 * @cpus: where its tasks run; none: all CPUs
 * @seed: lottery: where the draws start
 *
 * Groups on the same CPUs form a pool: they have the same policy, slot, flags and
 * seed, which the first one sets (EEXIST if another differs). CPUs of two pools do not
 * overlap (EBUSY).
 */
struct csched_ioc_create {
	char name[CSCHED_NAME_MAX];
	char policy[CSCHED_POLICY_MAX];
	__u32 weight;
	__u32 cap;
	__u64 burst_ns;
	__u64 slot_ns;
	__u32 flags;
	__u32 id;
	__u64 cpus[CSCHED_CPU_WORDS];
	__u64 seed;
};

/* accounting=tick: whoever runs when the tick comes pays for all of it. */
#define CSCHED_SAMPLED		1
/* The group stays when the file descriptor is closed, until it is removed. */
#define CSCHED_PERSIST		2

/**
 * struct csched_ioc_set - CSCHED_IOC_SET: change a group
 * @id: its number
 * @which: which of the values below are meant: CSCHED_SET_*
 * @weight: as in struct csched_ioc_create
 * @cap: as there
 * @burst_ns: as there
 */
struct csched_ioc_set {
	__u32 id;
	__u32 which;
	__u32 weight;
	__u32 cap;
	__u64 burst_ns;
};

#define CSCHED_SET_WEIGHT	1
#define CSCHED_SET_CAP		2
#define CSCHED_SET_BURST	4

/**
 * struct csched_ioc_add - CSCHED_IOC_ADD: a process joins a group
 * @id: the group's number
 * @pid: of the process, in the caller's pid namespace; 0: the caller
 *
 * All its threads join, and all children that any of them will have.
 */
struct csched_ioc_add {
	__u32 id;
	__s32 pid;
};

/* What credit says about a group. */
#define CSCHED_STANDING_BOOST	0
#define CSCHED_STANDING_UNDER	1
#define CSCHED_STANDING_OVER	2

/**
 * struct csched_ioc_group - CSCHED_IOC_GROUP: how a group fares
 * @id: in: the least number that is meant; out: the group's (ENOENT if there is none)
 * @pool: number of its pool
 * @name: of the group
 * @policy: of its pool
 * @weight: as set
 * @cap: as set
 * @burst_ns: as set
 * @slot_ns: of its pool
 * @tasks: how many belong to it
 * @active: how many want to run
 * @held: how many run
 * @standing: CSCHED_STANDING_*
 * @throttled: its cap holds it back
 * @saturated: its weight asks for more CPUs than it can use
 * @due_ppm: millionths of a CPU it is due now, weights readjusted; 0 while it is idle
 * @now_ns: when this was so
 * @used_ns: CPU time it got
 * @lag_ns: CPU time it was due minus what it got
 * @credit_ns: balance
 * @earned_ns: credit received
 * @spent_ns: credit paid
 * @discarded_ns: credit that exceeded burst: earned = spent + credit + discarded
 * @slots: how many slots it had
 * @boosts: how often it was boosted
 */
struct csched_ioc_group {
	__u32 id;
	__u32 pool;
	char name[CSCHED_NAME_MAX];
	char policy[CSCHED_POLICY_MAX];
	__u32 weight;
	__u32 cap;
	__u64 burst_ns;
	__u64 slot_ns;
	__u32 tasks;
	__u32 active;
	__u32 held;
	__u32 standing;
	__u32 throttled;
	__u32 saturated;
	__u64 due_ppm;
	__u64 now_ns;
	__u64 used_ns;
	__s64 lag_ns;
	__s64 credit_ns;
	__u64 earned_ns;
	__u64 spent_ns;
	__u64 discarded_ns;
	__u64 slots;
	__u64 boosts;
};

#define CSCHED_IOC_VERSION	_IO(0xC5, 0)
#define CSCHED_IOC_CREATE	_IOWR(0xC5, 1, struct csched_ioc_create)
#define CSCHED_IOC_SET		_IOW(0xC5, 2, struct csched_ioc_set)
#define CSCHED_IOC_ADD		_IOW(0xC5, 3, struct csched_ioc_add)
#define CSCHED_IOC_REMOVE	_IO(0xC5, 4)	/* the argument is the group's number */
#define CSCHED_IOC_GROUP	_IOWR(0xC5, 5, struct csched_ioc_group)

#endif /* _UAPI_CREDIT_SCHED_H */
