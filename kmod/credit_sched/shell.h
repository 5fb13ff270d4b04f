/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shell around core/: groups and pools with names and owners (group.c), who may do what
 * with them (access.c), the kernel's tasks that belong to them (member.c), how these
 * are kept from running (park.c or demote.c) and kept on their CPUs (confine.c), what is told
 * to those who watch (ring.c), the device (main.c).
 *
 * Locks, outermost first:
 *
 *	cpus_read_lock	of the kernel, where CPUs are counted
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
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>

#include "credit_sched.h"
#include "csched.h"

struct cs_member;
struct file;
struct vm_area_struct;

/**
 * struct cs_pool - CPUs that are scheduled together
 * @core: what core/ knows
 * @link: in the list of pools; csched_mutex
 * @id: its number
 * @cpus: which CPUs
 * @everywhere: all that there are, now or later: nobody need be confined to them
 * @stranded: none of @cpus is online: its tasks run elsewhere until one is
 * @free: where a task can be woken; scratch, csched_lock
 * @handing_over: park.c: a task parks, and who has its slot next is decided; csched_lock
 * @overtaken: park.c: the next one parks itself, and is not off its CPU; csched_lock
 * @timer: calls csched_settle() at core.timer
 * @late_at: park.c: when to look after members that are @late, or CSCHED_NO_TIMER
 * @closing: the timer is not started any more
 * @broken: the invariant that the last audit found violated, or 0
 */
struct cs_pool {
	struct csched_pool core;
	struct list_head link;
	u32 id;
	cpumask_var_t cpus;
	bool everywhere;
	bool stranded;
	cpumask_var_t free;
	bool handing_over;
	struct cs_member *overtaken;
	struct hrtimer timer;
	u64 late_at;
	bool closing;
	int broken;
};

/**
 * struct cs_group - a group with a name and an owner
 * @core: what core/ knows
 * @id: its number; in the table of groups by that, csched_mutex
 * @name: what users call it
 * @pool: where it belongs
 * @owner: the open file that made it; the group goes when that is closed; NULL: it persists
 * @uid: who made it
 * @flags: CSCHED_SAMPLED, CSCHED_PERSIST
 * @tasks: how many belong to it; csched_lock
 * @parked: how many of them are kept from running; csched_lock
 */
struct cs_group {
	struct csched_group core;
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
 * @refs: the table's, the hint's, that of a look on another CPU, the back end's
 * @rcu: frees it
 * @clock_behind: ns from the clock of its run queue to ours, 0: not known yet
 * @runtime: what cs_runtime() said last; csched_lock
 * @hint: in the CPU's list of hints
 * @hinted: it is in one
 * @there: to look at it on the CPU where it runs
 * @aside: it is scheduled by real-time or deadline rules now: left alone until it is not
 * @go: it may run
 * @parked: the back end keeps it from running
 *
 * @confined: its CPU mask is ours; @cpus is what it was before
 * @strayed: it is to be bound, and is not, for its pool is or was stranded
 * @cpus: see there; allocated if @confined
 *
 * @work: park.c: queued on the task to make it park
 * @queued: park.c: it is
 * @late: park.c: it has been told to stop, but must first see to a signal
 * @grace_end: park.c: until when it may do that
 *
 * @order: demote.c: tells the thread to look at @go
 * @demoted: demote.c: it has been made SCHED_IDLE by us
 * @policy: demote.c: what it was before
 */
struct cs_member {
	struct csched_task core;
	struct task_struct *task;
	struct hlist_node hash;
	refcount_t refs;
	struct rcu_head rcu;
	u64 clock_behind;
	u64 runtime;
	struct llist_node hint;
	unsigned long hinted;
	struct __call_single_data there;
	bool aside;
	bool go;
	bool parked;

	bool confined;
	bool strayed;
	cpumask_var_t cpus;

	struct callback_head work;
	bool queued;
	bool late;
	u64 grace_end;

	struct kthread_work order;
	bool demoted;
	int policy;
};

/**
 * struct cs_backend - how a task without a slot is kept from running
 * @id: CSCHED_BACKEND_*
 * @sleeps: it sleeps then, so that caps can be kept
 * @init: when the module is loaded
 * @exit: when it goes: no group is left
 * @prepare: a new member (NULL: not interested)
 * @inherit: a new member's task is the child of another, which is the member @of or
 *	none (NULL: not interested)
 * @orphaned: is this the child of one who was a member when it forked, and is not now,
 *	and is there something to undo? (NULL: there never is)
 * @go: let it run; csched_lock is held
 * @stop: keep it from running; csched_lock is held
 * @settle: the pool is settled; says when it is to be called next (NULL: never). csched_lock
 *	is held
 * @release: it has left: let it run for good; csched_lock is held
 * @released: what of that csched_lock does not allow (NULL: nothing)
 *
 * @stop leads to a report csched_task_stopped(): from look_at() in member.c, or by itself.
 */
struct cs_backend {
	u32 id;
	bool sleeps;
	int (*init)(void);
	void (*exit)(void);
	void (*prepare)(struct cs_member *m);
	void (*inherit)(struct cs_member *child, struct task_struct *parent,
			const struct cs_member *of);
	bool (*orphaned)(const struct task_struct *parent, const struct task_struct *child);
	void (*go)(struct cs_member *m);
	void (*stop)(struct cs_member *m);
	u64 (*settle)(struct cs_pool *pool);
	void (*release)(struct cs_member *m);
	void (*released)(struct cs_member *m);
};

extern struct mutex csched_mutex;
extern raw_spinlock_t csched_lock;

/* park.c or demote.c, whichever is linked */
extern const struct cs_backend cs_backend;

/* group.c */
int cs_group_create(struct csched_ioc_create *args, void *owner);
int cs_group_set(const struct csched_ioc_set *args);
int cs_group_add(const struct csched_ioc_add *args);
int cs_group_remove(u32 id);
int cs_group_info(struct csched_ioc_group *info);
void cs_status(struct csched_ioc_status *status);
void cs_groups_release(void *owner);
void cs_pools_count_cpus(unsigned int without);
void cs_pools_rescue(void);
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
void cs_member_remove(struct cs_group *g, struct task_struct *task);
bool cs_is_member(const struct task_struct *task);
void cs_members_release(struct cs_group *g);
void cs_put_member(struct cs_member *m);
void cs_set_parked(struct cs_member *m, bool parked);
void cs_stand_aside(struct cs_member *m);
void cs_leave_hint(struct task_struct *task);
void cs_carry_out(struct cs_pool *pool);
u64 cs_runtime(struct csched_task *t);
int cs_members_init(void);
void cs_members_exit(void);

/* confine.c */
int cs_confine_prepare(struct cs_member *m, const struct cs_pool *pool);
int cs_confine_inherit(struct cs_member *m, const struct cs_member *of);
void cs_confine(struct cs_member *m, const struct cs_pool *pool);
void cs_unconfine(struct cs_member *m, const struct cs_pool *pool);
void cs_pool_rescued(struct cs_pool *pool);

/* ring.c */
void cs_event(struct csched_pool *pool, enum csched_event_type type, struct csched_group *group,
	      struct csched_task *task, u32 reason);
u64 cs_ring_bytes(void);
int cs_ring_mmap(struct file *file, struct vm_area_struct *vma);
int cs_rings_init(void);
void cs_rings_exit(void);

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

/* NULL: it has left. csched_lock is held. */
static inline struct cs_group *cs_group_of(const struct cs_member *m)
{
	return m->core.group ? container_of(m->core.group, struct cs_group, core) : NULL;
}

/* An event that core/ does not see: park, release, holds. csched_lock is held. */
static inline void cs_tell(struct cs_member *m, u32 type)
{
	if (m->core.group)
		cs_event(m->core.group->pool, (enum csched_event_type)type, m->core.group,
			 &m->core, 0);
}

#endif /* CREDIT_SCHED_SHELL_H */
