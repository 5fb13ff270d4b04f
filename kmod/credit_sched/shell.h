/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shell around core/: groups and pools with names and owners (group.c), who may do what
 * with them (access.c), the kernel's tasks that belong to them (member.c), the device (main.c).
 *
 * Locks, outermost first:
 *
 *	csched_mutex	which pools and groups there are
 *	csched_lock	all state of core/, all members. Raw, interrupts off. Nested in it
 *			are only the locks of the scheduler (to wake a parked task), of
 *			timers, and of task_work. No tracepoint that is called under a lock
 *			of the scheduler takes it: those only leave a hint for an irq_work.
 */
#ifndef CREDIT_SCHED_SHELL_H
#define CREDIT_SCHED_SHELL_H

#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/hrtimer.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>

#include "credit_sched.h"
#include "csched.h"

/**
 * struct cs_pool - CPUs that are scheduled together
 * @core: what core/ knows
 * @link: in the list of pools; csched_mutex
 * @id: its number
 * @cpus: which CPUs
 * @timer: calls csched_settle() at core.timer
 * @closing: the timer is not started any more
 */
struct cs_pool {
	struct csched_pool core;
	struct list_head link;
	u32 id;
	struct cpumask cpus;
	struct hrtimer timer;
	bool closing;
};

/**
 * struct cs_group - a group with a name and an owner
 * @core: what core/ knows
 * @link: in the list of groups, by @id; csched_mutex
 * @id: its number
 * @name: what users call it
 * @pool: where it belongs
 * @owner: the open file that made it; the group goes when that is closed; NULL: it persists
 * @uid: who made it
 * @flags: CSCHED_SAMPLED, CSCHED_PERSIST
 * @tasks: how many belong to it; csched_lock
 * @parked: how many of them are in park(); csched_lock
 */
struct cs_group {
	struct csched_group core;
	struct list_head link;
	u32 id;
	char name[CSCHED_NAME_MAX];
	struct cs_pool *pool;
	void *owner;
	kuid_t uid;
	u32 flags;
	u32 tasks;
	u32 parked;
};

/**
 * struct cs_member - a kernel task that belongs to a group
 * @core: what core/ knows; core.group is NULL once it has left
 * @task: the task; we hold a reference
 * @hash: in the table by @task; RCU
 * @refs: the table's, the hint's, the queued work's
 * @rcu: frees it
 * @park: queued on the task to make it park
 * @drain: queued on a task that has left, to get @park run
 * @hint: in the CPU's list of hints
 * @hinted: it is in one
 * @go: it may run
 * @queued: @park is queued
 * @parked: it is in @park, asleep or about to be
 * @confined: its CPU mask is ours; @cpus is what it was before
 * @cpus: see there
 */
struct cs_member {
	struct csched_task core;
	struct task_struct *task;
	struct hlist_node hash;
	refcount_t refs;
	struct rcu_head rcu;
	struct callback_head park;
	struct callback_head drain;
	struct llist_node hint;
	unsigned long hinted;
	bool go;
	bool queued;
	bool parked;
	bool confined;
	struct cpumask cpus;
};

extern struct mutex csched_mutex;
extern raw_spinlock_t csched_lock;

/* group.c */
int cs_group_create(struct csched_ioc_create *args, void *owner);
int cs_group_set(const struct csched_ioc_set *args);
int cs_group_add(const struct csched_ioc_add *args);
int cs_group_remove(u32 id);
int cs_group_info(struct csched_ioc_group *info);
void cs_status(struct csched_ioc_status *status);
void cs_groups_release(void *owner);
void cs_pools_count_cpus(unsigned int without);
void cs_pool_settle(struct cs_pool *pool);

/* access.c */
int cs_may_create(const struct csched_policy *policy, const struct csched_attr *attr, u32 flags,
		  unsigned int groups);
int cs_may_set(const struct csched_policy *policy, const struct csched_attr *attr);
int cs_may_change(const struct cs_group *g);
int cs_may_schedule(struct task_struct *task);
void cs_limits(struct csched_ioc_status *status);

/* member.c */
int cs_member_add(struct cs_group *g, struct task_struct *task);
void cs_members_release(struct cs_group *g);
void cs_carry_out(struct cs_pool *pool);
u64 cs_runtime(struct csched_task *t);
int cs_members_init(void);
void cs_members_exit(void);

static inline u64 cs_now(void)
{
	return ktime_get_ns();
}

/* The kernel divides the CPU time of such tasks by its own fair rules, so we may by ours. */
static inline bool cs_fair(const struct task_struct *task)
{
	unsigned int policy = READ_ONCE(task->policy);

	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

#endif /* CREDIT_SCHED_SHELL_H */
