// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's tasks that belong to groups: how one joins and leaves, and how we hear what
 * it does. Called by group.c, the timer of a pool, and the scheduler's tracepoints. How it
 * is kept from running is the back end's affair: park.c, demote.c.
 *
 * A hint says that a task should be looked at; what it does is read off its state
 * then, on the CPU where the hint was left, after the lock of the run queue is gone.
 */
#include <linux/hashtable.h>
#include <linux/irq_work.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "shell.h"

/* By task; written under csched_lock, read under RCU. */
static DEFINE_HASHTABLE(members, 10);

/* How many members stand aside: only then preemptions are looked at. */
static atomic_t nr_aside;

/* --- life of a member --- */

static void free_member(struct rcu_head *rcu)
{
	struct cs_member *m = container_of(rcu, struct cs_member, rcu);

	if (m->confined)
		free_cpumask_var(m->cpus);
	put_task_struct(m->task);
	kfree(m);
}

/**
 * cs_put_member - drop a reference
 * @m: a member
 */
void cs_put_member(struct cs_member *m)
{
	if (refcount_dec_and_test(&m->refs))
		call_rcu(&m->rcu, free_member);
}

static struct cs_member *find(const struct task_struct *task)
{
	struct cs_member *m;

	hash_for_each_possible_rcu_notrace(members, m, hash, (unsigned long)task)
		if (m->task == task)
			return m;
	return NULL;
}

/**
 * cs_is_member - does it belong to a group?
 * @task: any task
 */
bool cs_is_member(const struct task_struct *task)
{
	bool member;

	rcu_read_lock();
	member = find(task);
	rcu_read_unlock();
	return member;
}

/*
 * The kernel brings se.sum_exec_runtime up to date at each tick and switch, up to se.exec_start
 * by the run queue's clock. How far behind ours that is, we see when the task is switched in.
 */
static u64 since_update(const struct cs_member *m)
{
	u64 behind = READ_ONCE(m->clock_behind);
	s64 since;

	if (!behind || !READ_ONCE(m->task->on_cpu))
		return 0;
	since = cs_now() - behind - READ_ONCE(m->task->se.exec_start);
	return clamp_t(s64, since, 0, 2 * TICK_NSEC);
}

/**
 * cs_runtime - how long a task has run in its life
 * @t: a member's; csched_lock is held
 *
 * Never less than it said before. While it runs this counts interrupts in, until the kernel's
 * next tick, where it takes their time out.
 */
u64 cs_runtime(struct csched_task *t)
{
	struct cs_member *m = container_of(t, struct cs_member, core);
	u64 ran = READ_ONCE(m->task->se.sum_exec_runtime);

	smp_rmb();	/* the kernel writes exec_start first: so nothing counts twice */
	m->runtime = max(m->runtime, ran + since_update(m));
	return m->runtime;
}

/**
 * cs_set_parked - the back end keeps it from running, or no longer
 * @m: a member, or one that has left; csched_lock is held
 * @parked: which
 */
void cs_set_parked(struct cs_member *m, bool parked)
{
	struct cs_group *g = cs_group_of(m);

	if (g && parked != m->parked)
		g->parked += parked ? 1 : -1;
	m->parked = parked;
}

static void set_aside(struct cs_member *m, bool aside)
{
	if (aside != m->aside)
		atomic_add(aside ? 1 : -1, &nr_aside);
	m->aside = aside;
}

/**
 * cs_stand_aside - real-time or deadline rules have it now: it holds no slot and waits for none
 * @m: a member; csched_lock is held
 *
 * What it runs its group is charged for. It counts again when it is scheduled fairly again.
 */
void cs_stand_aside(struct cs_member *m)
{
	set_aside(m, true);
	csched_task_block(&m->core, cs_now());
	cs_pool_settle(cs_group_of(m)->pool);
}

/**
 * cs_carry_out - do what core/ has decided
 * @pool: settled; csched_lock is held
 */
void cs_carry_out(struct cs_pool *pool)
{
	enum csched_order order;
	struct csched_task *t;

	while ((t = csched_next_order(&pool->core, &order))) {
		struct cs_member *m = container_of(t, struct cs_member, core);

		if (order == CSCHED_GO)
			cs_backend.go(m);
		else
			cs_backend.stop(m);
	}
}

/* --- joining and leaving --- */

/* csched_lock is held. The caller then settles the pool. */
static void join(struct cs_group *g, struct cs_member *m)
{
	csched_task_join(&g->core, &m->core, cs_now());
	g->tasks++;
	hash_add_rcu(members, &m->hash, (unsigned long)m->task);
}

/* csched_lock is held. The table's reference passes to the caller. */
static void leave(struct cs_member *m)
{
	struct cs_group *g = cs_group_of(m);

	g->tasks--;
	if (m->parked)
		g->parked--;
	set_aside(m, false);
	cs_backend.release(m);
	csched_task_leave(&m->core, cs_now());
	hash_del_rcu(&m->hash);
	cs_pool_settle(g->pool);
}

/* What of leaving may sleep; drops the table's reference. */
static void left(struct cs_member *m, const struct cs_pool *pool)
{
	if (cs_backend.released)
		cs_backend.released(m);
	cs_unconfine(m, pool);
	cs_put_member(m);
}

static void look_here(void *member);

static struct cs_member *new_member(struct task_struct *task, gfp_t gfp)
{
	struct cs_member *m = kzalloc(sizeof(*m), gfp);

	if (!m)
		return NULL;
	m->task = get_task_struct(task);
	m->go = true;
	refcount_set(&m->refs, 1);
	INIT_CSD(&m->there, look_here, m);
	if (cs_backend.prepare)
		cs_backend.prepare(m);
	return m;
}

/*
 * csched_lock is held. Whoever exits is out of our sight once PF_EXITING is set and
 * probe_exit() has not found it: so look at the flag once it can be found.
 */
static int join_alive(struct cs_group *g, struct cs_member *m)
{
	if (find(m->task))
		return -EBUSY;
	join(g, m);
	smp_mb();	/* pairs with that of exit_signals() to sched_process_exit */
	if (READ_ONCE(m->task->flags) & PF_EXITING) {
		leave(m);
		return -ESRCH;
	}
	if (task_is_running(m->task))
		csched_task_wake(&m->core, cs_now());
	cs_pool_settle(g->pool);
	return 0;
}

/**
 * cs_member_add - a task joins a group
 * @g: the group; csched_mutex is held
 * @task: any task
 *
 * Returns 0; -EBUSY if it is in a group; -ESRCH if it is exiting; -ENOMEM.
 */
int cs_member_add(struct cs_group *g, struct task_struct *task)
{
	struct cs_member *m = new_member(task, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!m)
		return -ENOMEM;
	ret = cs_confine_prepare(m, g->pool);
	if (!ret) {
		refcount_inc(&m->refs);
		raw_spin_lock_irq(&csched_lock);
		ret = join_alive(g, m);
		raw_spin_unlock_irq(&csched_lock);
		if (ret)
			cs_put_member(m);
		else
			cs_confine(m, g->pool);
	}
	cs_put_member(m);
	return ret;
}

/**
 * cs_member_remove - a task leaves its group, if it belongs to it
 * @g: the group; csched_mutex is held
 * @task: any task
 */
void cs_member_remove(struct cs_group *g, struct task_struct *task)
{
	struct cs_member *m;

	raw_spin_lock_irq(&csched_lock);
	m = find(task);
	if (m && cs_group_of(m) == g)
		leave(m);
	else
		m = NULL;
	raw_spin_unlock_irq(&csched_lock);
	if (m)
		left(m, g->pool);
}

/**
 * cs_members_release - all tasks of a group leave it
 * @g: the group; csched_mutex is held
 *
 * None stays parked.
 */
void cs_members_release(struct cs_group *g)
{
	for (;;) {
		struct csched_task *t;
		struct cs_member *m;

		raw_spin_lock_irq(&csched_lock);
		t = list_first_entry_or_null(&g->core.tasks, struct csched_task, sibling);
		m = t ? container_of(t, struct cs_member, core) : NULL;
		if (m)
			leave(m);
		raw_spin_unlock_irq(&csched_lock);
		if (!m)
			return;
		left(m, g->pool);
	}
}

/* --- hints --- */

struct hints {
	struct llist_head list;
	struct irq_work work;
};

static DEFINE_PER_CPU(struct hints, hints);

/* Looks on other CPUs that are under way. */
static atomic_t nr_there;

static void hint_at(struct cs_member *m)
{
	struct hints *here;

	if (test_and_set_bit(0, &m->hinted))
		return;
	if (!refcount_inc_not_zero(&m->refs))
		return;
	here = this_cpu_ptr(&hints);
	if (llist_add(&m->hint, &here->list))
		irq_work_queue(&here->work);
}

/**
 * cs_leave_hint - this task should be looked at
 * @task: any task; nothing happens unless it is a member
 *
 * The caller may hold any lock. Interrupts are off, which makes us a reader of RCU.
 */
void cs_leave_hint(struct task_struct *task)
{
	struct cs_member *m = find(task);

	if (m)
		hint_at(m);
}

/* The freezer took it while it was parked: it has been told to go, but cannot. */
static bool frozen(const struct cs_member *m, unsigned int state)
{
	return m->go && state & TASK_FROZEN;
}

/*
 * It is about to sleep on another CPU, or so it seems. If it did while its hint was pending
 * here, there will be no other hint. There, the switch is over when interrupts are served.
 */
static void look_there(struct cs_member *m)
{
	unsigned int cpu = task_cpu(m->task);

	if (cpu == smp_processor_id())
		return;
	refcount_inc(&m->refs);
	atomic_inc(&nr_there);
	if (!smp_call_function_single_async(cpu, &m->there))
		return;
	/* It has been asked to look already. */
	atomic_dec(&nr_there);
	cs_put_member(m);
}

/* csched_lock is held. */
static void look_at(struct cs_member *m)
{
	unsigned int state = READ_ONCE(m->task->__state);
	struct csched_task *t = &m->core;
	u64 now = cs_now();

	if (!m->core.group)
		return;
	set_aside(m, !cs_fair(m->task));
	if (m->aside)
		csched_task_block(t, now);
	else if (!state)
		csched_task_wake(t, now);
	else if (READ_ONCE(m->task->on_cpu))
		look_there(m);
	else if (m->parked && cs_backend.sleeps && !frozen(m, state))
		csched_task_stopped(t, now);
	else
		csched_task_block(t, now);
	cs_pool_settle(cs_group_of(m)->pool);
}

static void look_here(void *member)
{
	struct cs_member *m = member;

	raw_spin_lock(&csched_lock);
	look_at(m);
	raw_spin_unlock(&csched_lock);
	cs_put_member(m);
	atomic_dec(&nr_there);
}

static void take_hints(struct irq_work *work)
{
	struct hints *here = container_of(work, struct hints, work);
	struct llist_node *list = llist_reverse_order(llist_del_all(&here->list));
	struct cs_member *m, *next;

	raw_spin_lock(&csched_lock);
	llist_for_each_entry_safe(m, next, list, hint) {
		/* From here on a new hint counts as new. */
		clear_bit(0, &m->hinted);
		smp_mb__after_atomic();	/* ... so the state is read after that */
		look_at(m);
		cs_put_member(m);
	}
	raw_spin_unlock(&csched_lock);
}

/* One that parks has said so itself. */
static void switched_out(struct task_struct *prev)
{
	struct cs_member *m = find(prev);

	if (m && !(m->parked && cs_backend.sleeps))
		hint_at(m);
}

static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next, unsigned int prev_state)
{
	struct cs_member *m = find(next);

	if (m)
		WRITE_ONCE(m->clock_behind, cs_now() - next->se.exec_start);
	if ((!preempt && READ_ONCE(prev->__state)) || atomic_read(&nr_aside))
		switched_out(prev);
}

static void probe_wakeup(void *data, struct task_struct *task)
{
	cs_leave_hint(task);
}

/* The child @m of @of joins its group, unless that is gone. */
static bool join_parent(struct cs_member *m, struct cs_member *of)
{
	unsigned long flags;
	struct cs_group *g;

	raw_spin_lock_irqsave(&csched_lock, flags);
	g = cs_group_of(of);
	if (g) {
		join(g, m);
		csched_task_wake(&m->core, cs_now());
		cs_pool_settle(g->pool);
	}
	raw_spin_unlock_irqrestore(&csched_lock, flags);
	return g;
}

static void inherit(struct cs_member *of, struct task_struct *child)
{
	struct cs_member *m = new_member(child, GFP_ATOMIC);

	if (!m || (of && cs_confine_inherit(m, of))) {
		pr_warn_ratelimited("fork: pid %d: no memory: it is not scheduled by us\n",
				    child->pid);
		if (m)
			cs_put_member(m);
		return;
	}
	if (cs_backend.inherit)
		cs_backend.inherit(m, current, of);
	if (!of || !join_parent(m, of))
		cs_put_member(m);
}

/* The child is not yet on a run queue. */
static void probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct cs_member *of;

	rcu_read_lock();
	of = find(current);
	if (of || (cs_backend.orphaned && cs_backend.orphaned(current, child)))
		inherit(of, child);
	rcu_read_unlock();
}

static void probe_exit(void *data, struct task_struct *task)
{
	struct cs_member *m;
	unsigned long flags;
	bool gone = false;

	rcu_read_lock();
	m = find(task);
	if (m) {
		raw_spin_lock_irqsave(&csched_lock, flags);
		gone = m->core.group;
		if (gone)
			leave(m);
		raw_spin_unlock_irqrestore(&csched_lock, flags);
	}
	rcu_read_unlock();
	if (gone)
		cs_put_member(m);
}

static struct probe {
	const char *name;
	void *function;
	struct tracepoint *at;
} probes[] = {
	{ "sched_switch", probe_switch },
	{ "sched_wakeup", probe_wakeup },
	{ "sched_process_fork", probe_fork },
	{ "sched_process_exit", probe_exit },
};

static void match(struct tracepoint *at, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(at->name, probes[i].name))
			probes[i].at = at;
}

static void disconnect(void)
{
	int i, cpu;

	for (i = ARRAY_SIZE(probes) - 1; i >= 0; i--)
		if (probes[i].at)
			tracepoint_probe_unregister(probes[i].at, probes[i].function, NULL);
	tracepoint_synchronize_unregister();
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(hints, cpu).work);
	while (atomic_read(&nr_there))
		schedule_timeout_uninterruptible(1);
	synchronize_rcu();	/* one may be in its last instructions, interrupts off */
}

static int connect(void)
{
	int i, ret;

	for_each_kernel_tracepoint(match, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		ret = -ENOENT;
		if (probes[i].at)
			ret = tracepoint_probe_register(probes[i].at, probes[i].function, NULL);
		if (ret) {
			pr_err("tracepoint %s: cannot attach: %d: is the kernel built with CONFIG_TRACEPOINTS?\n",
			       probes[i].name, ret);
			for (; i < ARRAY_SIZE(probes); i++)
				probes[i].at = NULL;
			return ret;
		}
	}
	return 0;
}

/**
 * cs_members_init - connect to the scheduler
 *
 * Returns 0 or an error.
 */
int cs_members_init(void)
{
	int cpu, ret;

	for_each_possible_cpu(cpu) {
		init_llist_head(&per_cpu(hints, cpu).list);
		per_cpu(hints, cpu).work = IRQ_WORK_INIT_HARD(take_hints);
	}
	ret = cs_backend.init();
	if (ret)
		return ret;
	ret = connect();
	if (ret)
		cs_members_exit();
	return ret;
}

/**
 * cs_members_exit - disconnect; no group is left
 */
void cs_members_exit(void)
{
	disconnect();
	cs_backend.exit();
	rcu_barrier();
}
