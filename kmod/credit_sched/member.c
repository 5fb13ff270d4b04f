// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's tasks: how one is made to park and to run, and how we hear what
 * it does. Called by group.c, the timer of a pool, and the scheduler's tracepoints.
 *
 * A task parks by work queued on it (task_work_add), which it runs at its next
 * return to user mode: there it holds no lock. It sleeps until told to go, or killed.
 *
 *	order STOP --> task_work_add --> park(): sleep --sched_switch--> hint: stopped
 *	order GO   --> go = true, wake it
 *
 * A hint says that a task should be looked at; what it does is read off its state
 * then, on the CPU where the hint was left, after the lock of the run queue is gone.
 */
#include <linux/hashtable.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "shell.h"

/* By task; written under csched_lock, read under RCU. */
static DEFINE_HASHTABLE(members, 10);

/* --- life of a member --- */

static void free_member(struct rcu_head *rcu)
{
	struct cs_member *m = container_of(rcu, struct cs_member, rcu);

	put_task_struct(m->task);
	kfree(m);
}

static void put_member(struct cs_member *m)
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
 * cs_runtime - how long a task has run in its life
 * @t: a member's
 *
 * While it runs this is as of the last tick of its CPU.
 */
u64 cs_runtime(struct csched_task *t)
{
	return READ_ONCE(container_of(t, struct cs_member, core)->task->se.sum_exec_runtime);
}

static struct cs_group *group_of(struct cs_member *m)
{
	return m->core.group ? container_of(m->core.group, struct cs_group, core) : NULL;
}

/* --- parking --- */

/* Tasks in park(). Each of them is let go before the module goes, and waited for. */
static atomic_t parking;

/* csched_lock is held. */
static void set_parked(struct cs_member *m, bool parked)
{
	struct cs_group *g = group_of(m);

	if (g && parked != m->parked)
		g->parked += parked ? 1 : -1;
	m->parked = parked;
}

/* Runs in the task, at its return to user mode. */
static void park(struct callback_head *head)
{
	struct cs_member *m = container_of(head, struct cs_member, park);

	atomic_inc(&parking);
	module_put(THIS_MODULE);
	raw_spin_lock_irq(&csched_lock);
	m->queued = false;
	set_parked(m, true);
	while (!m->go && m->core.group && !fatal_signal_pending(current) &&
	       !(current->flags & PF_EXITING)) {
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
		raw_spin_unlock_irq(&csched_lock);
		schedule();
		raw_spin_lock_irq(&csched_lock);
	}
	__set_current_state(TASK_RUNNING);
	set_parked(m, false);
	raw_spin_unlock_irq(&csched_lock);
	put_member(m);
	atomic_dec(&parking);
}

static void drained(struct callback_head *head)
{
	put_member(container_of(head, struct cs_member, drain));
	module_put(THIS_MODULE);
}

/*
 * While work of ours is queued the module stays: nobody can tell when the task will
 * come to run it. While the module goes nothing is queued any more.
 */
static int add_work(struct cs_member *m, struct callback_head *work,
		    enum task_work_notify_mode mode)
{
#ifdef HAVE_TASK_WORK_ADD
	int ret;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	refcount_inc(&m->refs);
	ret = task_work_add(m->task, work, mode);
	if (ret) {	/* it is past its last return to user mode */
		module_put(THIS_MODULE);
		put_member(m);
	}
	return ret;
#else
	return -EOPNOTSUPP;
#endif
}

/*
 * Wake a parked task where no other that holds a slot is: behind one it would wait
 * while a CPU idles. wake_cpu is only where the kernel begins to look.
 */
static void wake(struct cs_member *m, struct cs_pool *pool)
{
	unsigned int cpu = task_cpu(m->task);
	const struct csched_task *t;
	struct cpumask taken;

	cpumask_clear(&taken);
	list_for_each_entry(t, &pool->core.held, queue)
		if (t != &m->core)
			cpumask_set_cpu(task_cpu(container_of(t, struct cs_member, core)->task),
					&taken);
	if (cpumask_test_cpu(cpu, &taken) || !cpumask_test_cpu(cpu, &pool->cpus))
		for_each_cpu_and(cpu, &pool->cpus, m->task->cpus_ptr)
			if (cpu_online(cpu) && !cpumask_test_cpu(cpu, &taken))
				break;
	if (cpu < nr_cpu_ids)
		m->task->wake_cpu = cpu;
	wake_up_process(m->task);
}

static void go(struct cs_member *m)
{
	m->go = true;
	if (m->parked)
		wake(m, container_of(m->core.group->pool, struct cs_pool, core));
}

static void release(struct cs_member *m)
{
	m->go = true;
	if (m->parked)
		wake_up_process(m->task);
}

static void stop(struct cs_member *m)
{
	m->go = false;
	/* Parked: park() will see it. */
	if (!m->parked && !m->queued)
		m->queued = !add_work(m, &m->park, TWA_RESUME);
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
			go(m);
		else
			stop(m);
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
	struct cs_group *g = group_of(m);

	g->tasks--;
	if (m->parked)
		g->parked--;
	csched_task_leave(&m->core, cs_now());
	hash_del_rcu(&m->hash);
	release(m);
}

static struct cs_member *new_member(struct task_struct *task, gfp_t gfp)
{
	struct cs_member *m = kzalloc(sizeof(*m), gfp);

	if (!m)
		return NULL;
	m->task = get_task_struct(task);
	m->go = true;
	refcount_set(&m->refs, 1);
	init_task_work(&m->park, park);
	init_task_work(&m->drain, drained);
	return m;
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
	struct cs_member *m = new_member(task, GFP_KERNEL);
	bool confine = !cpumask_subset(cpu_online_mask, &g->pool->cpus);
	int ret = 0;

	if (!m)
		return -ENOMEM;
	if (confine) {
		cpumask_copy(&m->cpus, task->cpus_ptr);
		m->confined = true;
	}
	raw_spin_lock_irq(&csched_lock);
	if (find(task))
		ret = -EBUSY;
	else if (READ_ONCE(task->flags) & PF_EXITING)
		ret = -ESRCH;	/* task_exits() may have looked for it already */
	if (!ret) {
		join(g, m);
		if (task_is_running(task))
			csched_task_wake(&m->core, cs_now());
		cs_pool_settle(g->pool);
	}
	raw_spin_unlock_irq(&csched_lock);
	if (ret)
		put_member(m);
	else if (confine)
		set_cpus_allowed_ptr(task, &g->pool->cpus);
	return ret;
}

/**
 * cs_members_release - all tasks of a group leave it
 * @g: the group; csched_mutex is held
 *
 * None stays parked. One that sleeps in a system call with our work queued is
 * made to look at it (the call is restarted), so that the module can go.
 */
void cs_members_release(struct cs_group *g)
{
	for (;;) {
		struct csched_task *t;
		struct cs_member *m;

		raw_spin_lock_irq(&csched_lock);
		t = list_first_entry_or_null(&g->core.tasks, struct csched_task, sibling);
		m = t ? container_of(t, struct cs_member, core) : NULL;
		if (m) {
			leave(m);
			if (m->queued)
				add_work(m, &m->drain, TWA_SIGNAL);
			cs_pool_settle(g->pool);
		}
		raw_spin_unlock_irq(&csched_lock);
		if (!m)
			return;
		if (m->confined)
			set_cpus_allowed_ptr(m->task, &m->cpus);
		put_member(m);
	}
}

/* --- hints --- */

struct hints {
	struct llist_head list;
	struct irq_work work;
};

static DEFINE_PER_CPU(struct hints, hints);

/* The scheduler may hold any of its locks; interrupts are off, which makes us a reader of RCU. */
static void leave_hint(struct task_struct *task)
{
	struct cs_member *m = find(task);
	struct hints *here;

	if (!m || test_and_set_bit(0, &m->hinted))
		return;
	if (!refcount_inc_not_zero(&m->refs))
		return;
	here = this_cpu_ptr(&hints);
	if (llist_add(&m->hint, &here->list))
		irq_work_queue(&here->work);
}

/* csched_lock is held. */
static void look_at(struct cs_member *m)
{
	unsigned int state = READ_ONCE(m->task->__state);
	struct csched_task *t = &m->core;
	u64 now = cs_now();

	if (!t->group)
		return;
	if (!state)
		csched_task_wake(t, now);
	else if (READ_ONCE(m->task->on_cpu))
		return;	/* on its way to sleep, or not: there will be another hint */
	else if (m->parked)
		csched_task_stopped(t, now);
	else
		csched_task_block(t, now);
}

static void take_hints(struct irq_work *work)
{
	struct hints *here = container_of(work, struct hints, work);
	struct llist_node *list = llist_reverse_order(llist_del_all(&here->list));
	struct cs_member *m, *next;

	raw_spin_lock(&csched_lock);
	llist_for_each_entry_safe(m, next, list, hint) {
		struct cs_group *g;

		/* From here on a new hint counts as new. */
		clear_bit(0, &m->hinted);
		smp_mb__after_atomic();	/* ... so the state is read after that */
		look_at(m);
		g = group_of(m);
		if (g)
			cs_pool_settle(g->pool);
		put_member(m);
	}
	raw_spin_unlock(&csched_lock);
}

static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next, unsigned int prev_state)
{
	if (!preempt && READ_ONCE(prev->__state))
		leave_hint(prev);
}

static void probe_wakeup(void *data, struct task_struct *task)
{
	leave_hint(task);
}

static void inherit(struct cs_member *of, struct task_struct *child)
{
	struct cs_member *m = new_member(child, GFP_ATOMIC);
	unsigned long flags;
	struct cs_group *g;
	bool joined = false;

	if (!m) {
		pr_warn_ratelimited("fork: pid %d: no memory: it is not scheduled by us\n",
				    child->pid);
		return;
	}
	raw_spin_lock_irqsave(&csched_lock, flags);
	g = group_of(of);
	if (g) {
		m->confined = of->confined;
		cpumask_copy(&m->cpus, &of->cpus);
		join(g, m);
		csched_task_wake(&m->core, cs_now());
		cs_pool_settle(g->pool);
		joined = true;
	}
	raw_spin_unlock_irqrestore(&csched_lock, flags);
	if (!joined)
		put_member(m);
}

/* The child is not yet on a run queue. */
static void probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct cs_member *of;

	rcu_read_lock();
	of = find(current);
	if (of)
		inherit(of, child);
	rcu_read_unlock();
}

static void probe_exit(void *data, struct task_struct *task)
{
	struct cs_member *m;
	unsigned long flags;
	struct cs_group *g;
	bool left = false;

	rcu_read_lock();
	m = find(task);
	if (m) {
		raw_spin_lock_irqsave(&csched_lock, flags);
		g = group_of(m);
		if (g) {
			leave(m);
			cs_pool_settle(g->pool);
			left = true;
		}
		raw_spin_unlock_irqrestore(&csched_lock, flags);
	}
	rcu_read_unlock();
	if (left)
		put_member(m);
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
}

/**
 * cs_members_init - connect to the scheduler
 *
 * Returns 0 or an error.
 */
int cs_members_init(void)
{
	int i, cpu, ret;

	for_each_possible_cpu(cpu) {
		init_llist_head(&per_cpu(hints, cpu).list);
		per_cpu(hints, cpu).work = IRQ_WORK_INIT_HARD(take_hints);
	}
	for_each_kernel_tracepoint(match, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		ret = -ENOENT;
		if (probes[i].at)
			ret = tracepoint_probe_register(probes[i].at, probes[i].function, NULL);
		if (ret) {
			pr_err("tracepoint %s: cannot attach: %d: is the kernel built with CONFIG_TRACEPOINTS?\n",
			       probes[i].name, ret);
			probes[i].at = NULL;
			disconnect();
			return ret;
		}
	}
	return 0;
}

/**
 * cs_members_exit - disconnect
 *
 * No group is left, and by the module's use count no work of ours is queued.
 */
void cs_members_exit(void)
{
	disconnect();
	while (atomic_read(&parking))
		schedule_timeout_uninterruptible(1);
	/* A task may still be in the last instructions of park(). */
	synchronize_rcu_tasks();
	rcu_barrier();
}
