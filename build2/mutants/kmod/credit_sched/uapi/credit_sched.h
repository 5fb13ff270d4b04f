/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/credit_sched offers: groups of tasks that share CPUs by weight or by
 * credit. A group lives as long as the file descriptor that made it is open, or
 * until it is removed if it persists.
 *
 * Fields called reserved are 0 (EINVAL).
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
 * @park_max_ns: a task that waits longer gets a minimal slot; 0: 150 ms; @slot_ns to 10 s
 * @baseline: credit: percent of one CPU at which it earns, whatever the others' weights;
 *	0: it earns by weight
 * @reserved: 0
 *
 * Groups on the same CPUs form a pool: they have the same policy, slot, park_max, accounting
 * (CSCHED_SAMPLED) and seed, which the first one sets (EEXIST if another differs). CPUs of
 * two pools do not overlap (EBUSY).
 *
 * A group with a baseline that has no credit left is held to its baseline, as if by a
 * cap, instead of getting what nobody wants (a burstable instance in standard mode).
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
	__u64 park_max_ns;
	__u32 baseline;
	__u32 reserved;
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
 * @baseline: as there
 * @reserved: 0
 */
struct csched_ioc_set {
	__u32 id;
	__u32 which;
	__u32 weight;
	__u32 cap;
	__u64 burst_ns;
	__u32 baseline;
	__u32 reserved;
};

#define CSCHED_SET_WEIGHT	1
#define CSCHED_SET_CAP		2
#define CSCHED_SET_BURST	4
#define CSCHED_SET_BASELINE	8

/**
 * struct csched_ioc_add - CSCHED_IOC_ADD: a process joins a group
 * @id: the group's number
 * @pid: of the process, in the caller's pid namespace; 0: the caller
 * @flags: CSCHED_ADD_PIDFD
 * @reserved: 0
 *
 * All its threads join, and all children that any of them will have.
 */
struct csched_ioc_add {
	__u32 id;
	__s32 pid;
	__u32 flags;
	__u32 reserved;
};

/* @pid is a file descriptor that stands for the process: pidfd_open(2) (EBADF if not). */
#define CSCHED_ADD_PIDFD	1

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
 * @throttled: its cap or its baseline holds it back
 * @saturated: its weight asks for more CPUs than it can use
 * @baseline: as set
 * @parked: how many of its tasks are parked: they sleep until they get a slot
 * @uid: who made it
 * @flags: CSCHED_SAMPLED, CSCHED_PERSIST
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
	__u32 baseline;
	__u32 parked;
	__u32 uid;
	__u32 flags;
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

/* How tasks without a slot are kept from running. */
#define CSCHED_BACKEND_PARK	0	/* they sleep at their return to user mode */
#define CSCHED_BACKEND_DEMOTE	1	/* they are made SCHED_IDLE; no cap, no baseline */

/**
 * struct csched_ioc_status - CSCHED_IOC_STATUS: the module as a whole
 * @backend: CSCHED_BACKEND_*
 * @cpus: how many event rings there are, one for each possible CPU
 * @groups: how many groups
 * @tasks: how many tasks belong to them
 * @parked: how many of these are parked
 * @user_weight_max: greatest weight that a caller without CAP_SYS_NICE may set; 0: the
 *	policy's default
 * @user_cap_max: greatest cap such a caller may set; 0: any, or none
 * @user_groups_max: how many groups such a caller's user may have
 * @ring_bytes: size of one event ring
 * @park_max_ns: of a pool whose first group asks for none
 */
struct csched_ioc_status {
	__u32 backend;
	__u32 cpus;
	__u32 groups;
	__u32 tasks;
	__u32 parked;
	__u32 user_weight_max;
	__u32 user_cap_max;
	__u32 user_groups_max;
	__u64 ring_bytes;
	__u64 park_max_ns;
};

#define CSCHED_IOC_VERSION	_IO(0xC5, 0)
#define CSCHED_IOC_CREATE	_IOWR(0xC5, 1, struct csched_ioc_create)
#define CSCHED_IOC_SET		_IOW(0xC5, 2, struct csched_ioc_set)
#define CSCHED_IOC_ADD		_IOW(0xC5, 3, struct csched_ioc_add)
#define CSCHED_IOC_REMOVE	_IO(0xC5, 4)	/* the argument is the group's number */
#define CSCHED_IOC_GROUP	_IOWR(0xC5, 5, struct csched_ioc_group)
#define CSCHED_IOC_STATUS	_IOR(0xC5, 6, struct csched_ioc_status)

/**
 * struct csched_ring - the first page of a CPU's event ring
 * @head: how many records have been written so far; written (release) after the record
 * @capacity: how many records the ring holds, a power of two
 * @record_size: sizeof(struct csched_event)
 *
 *	mmap(NULL, ring_bytes, PROT_READ, MAP_SHARED, fd, cpu * ring_bytes)
 *
 * Needs what perf_event_open(2) needs to watch all tasks (EPERM), is read-only (EACCES),
 * and maps one whole ring (EINVAL). Record n stands at n % capacity, from the second page
 * on. When the ring is full the oldest is overwritten: a reader copies the records [tail, head),
 * then reads head again; what is older than head - capacity by then may be spoilt, and
 * so may the record at head - capacity itself, which may be being written.
 */
struct csched_ring {
	__u64 head;
	__u32 capacity;
	__u32 record_size;
};

/**
 * struct csched_event - a record in the ring
 * @time_ns: when, by CLOCK_MONOTONIC
 * @group: number of the group
 * @pid: of the task, in the initial pid namespace; 0: it concerns the group
 * @cpu: where the task is, or was last
 * @type: CSCHED_EVENT_*
 * @standing: CSCHED_STANDING_* of the group
 * @reason: CSCHED_EVENT_STOP: CSCHED_WHY_*; else 0
 * @lag_ns: of the group, see struct csched_ioc_group
 * @credit_ns: of the group
 * @used_ns: of the group
 */
struct csched_event {
	__u64 time_ns;
	__u32 group;
	__s32 pid;
	__u16 cpu;
	__u8 type;
	__u8 standing;
	__u32 reason;
	__s64 lag_ns;
	__s64 credit_ns;
	__u64 used_ns;
};

/* Of a task */
#define CSCHED_EVENT_JOIN	0
#define CSCHED_EVENT_LEAVE	1
#define CSCHED_EVENT_WAKE	2	/* wants to run */
#define CSCHED_EVENT_PICK	3	/* gets a slot */
#define CSCHED_EVENT_STOP	4	/* is told to stop */
#define CSCHED_EVENT_PARK	5	/* has stopped: sleeps until it gets a slot */
#define CSCHED_EVENT_RELEASE	6	/* is woken from that */
#define CSCHED_EVENT_BLOCK	7	/* sleeps of its own accord */
/* Of a group */
#define CSCHED_EVENT_BOOST	8
#define CSCHED_EVENT_ACCOUNT	9	/* credit was handed out */
#define CSCHED_EVENT_THROTTLE	10	/* its cap or baseline holds it back */
#define CSCHED_EVENT_UNTHROTTLE	11
/*
 * Of a task: it has a slot. Recorded when somebody asks for its group (CSCHED_IOC_GROUP): one
 * that nobody wants to replace runs on and causes no other event.
 */
#define CSCHED_EVENT_HOLDS	12

/* Why a task is told to stop */
#define CSCHED_WHY_SLOT		0	/* its slot is over */
#define CSCHED_WHY_PREEMPT	1	/* a group has woken that goes first */
#define CSCHED_WHY_THROTTLE	2	/* its group is throttled */
#define CSCHED_WHY_MINIMAL	3	/* room for one that has waited for park_max */
#define CSCHED_WHY_CPUS		4	/* CPUs went */

#endif /* _UAPI_CREDIT_SCHED_H */
