// SPDX-License-Identifier: GPL-2.0
/*
 * Back end: a task without a slot parks. Called by member.c.
 *
 * Work is queued on the task (task_work_add); it runs it at its next return to user mode, where
 * it holds no lock, and sleeps there until told to go, or killed.
 *
 *	stop --> task_work_add --> park(): it has stopped, the next one is woken, it sleeps
 *	go   --> go = true, wake it
 *
 * A signal is seen to at the same place, and work goes first. A task that is let go with one
 * pending may be told to stop again before it gets that far, and would wait another time
 * with SIGSTOP or the freezer waiting for it. So it is given GRACE from when it is out of park().
 *
 * Work of a task that leaves is taken back, so that nothing of ours waits on one that
 * sleeps in the kernel for ever.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "shell.h"

/* ns that a task with a signal runs on, each time it comes out of park(); it pays for them. */
#define GRACE	(2 * CSCHED_NS_PER_MS)

/* ns that one who parks waits for the next one to be off its CPU. */
#define OVERTAKE_MAX	CSCHED_NS_PER_MS

/*
 * A parked task sleeps as TASK_KILLABLE does. TASK_PARKED makes its state a special one: it leaves
 * the run queue at once (since 6.12 one that has had more than its part stays there "delayed"
 * until it is picked; woken before that it would wait behind the task that has the CPU,
 * while the CPU that is free idles). And ps shows P.
 */
#define PARKED	(TASK_KILLABLE | TASK_PARKED | TASK_FREEZABLE)

/* Works queued or running. While there is one the module stays. */
static atomic_t works;

/* The task must not sleep here: it is dying, or is now scheduled by other rules than ours. */
static bool may_not_park(void)
{
	return fatal_signal_pending(current) || current->flags & PF_EXITING || !cs_fair(current);
}

/*
 * Wake a parked task where no other that holds a slot is: behind one it would wait
 * while a CPU idles. wake_cpu is only where the kernel begins to look.
 */
static void wake(struct cs_member *m, struct cs_pool *pool)
{
	unsigned int cpu = task_cpu(m->task);
	const struct csched_task *t;

	cpumask_and(pool->free, pool->cpus, cpu_online_mask);
	list_for_each_entry(t, &pool->core.held, queue)
		if (t != &m->core)
			cpumask_clear_cpu(task_cpu(container_of(t, struct cs_member, core)->task),
					  pool->free);
	if (!cpumask_test_cpu(cpu, pool->free))
		cpu = cpumask_first_and(pool->free, m->task->cpus_ptr);
	if (cpu < nr_cpu_ids)
		m->task->wake_cpu = cpu;
	wake_up_process(m->task);
	/* The freezer has it: it will not run, so it wants no slot either. */
	if (READ_ONCE(m->task->__state) & TASK_FROZEN)
		cs_leave_hint(m->task);
}

/*
 * It parks on another CPU and is not off that yet. Woken now it would stay there, and wait
 * behind the task that was woken in its place.
 */
static bool still_there(const struct cs_member *m)
{
	return m->task != current && READ_ONCE(m->task->on_cpu) && READ_ONCE(m->task->on_rq);
}

/*
 * It has stopped, but for the switch: whoever has the slot next is woken now and found by
 * schedule(), so that the CPU does not go idle in between. That it woke before that may not
 * have been seen yet. Returns one that is to be woken as soon as it is not still there, or NULL.
 */
static struct cs_member *hand_over(struct cs_member *m)
{
	struct cs_pool *pool = cs_group_of(m)->pool;
	struct cs_member *next;

	csched_task_wake(&m->core, cs_now());
	csched_task_stopped(&m->core, cs_now());
	pool->handing_over = true;
	cs_pool_settle(pool);
	pool->handing_over = false;
	next = pool->overtaken;
	pool->overtaken = NULL;
	return next;
}

/* Let go; or told to stop again meanwhile, and then it has to say that it has. */
static bool to_be_woken(const struct cs_member *m)
{
	return m->core.group && m->parked && (m->go || m->core.state == CSCHED_LEAVING);
}

/* None of ours is to run here before @next does; anybody else may. */
static void wake_overtaken(struct cs_member *next)
{
	u64 until = cs_now() + OVERTAKE_MAX;

	while (still_there(next) && cs_now() < until && !need_resched())
		cpu_relax();
	raw_spin_lock_irq(&csched_lock);
	if (to_be_woken(next))
		wake(next, cs_group_of(next)->pool);
	raw_spin_unlock_irq(&csched_lock);
	cs_put_member(next);
}

/* Runs in the task, at its return to user mode. */
static void park(struct callback_head *head)
{
	struct cs_member *m = container_of(head, struct cs_member, work), *next;

	raw_spin_lock_irq(&csched_lock);
	m->queued = false;
	while (!m->go && m->core.group && !may_not_park()) {
		cs_set_parked(m, true);
		cs_tell(m, CSCHED_EVENT_PARK);
		set_special_state(PARKED);
		next = hand_over(m);
		raw_spin_unlock_irq(&csched_lock);
		if (next)
			wake_overtaken(next);
		schedule();
		raw_spin_lock_irq(&csched_lock);
	}
	__set_current_state(TASK_RUNNING);
	cs_set_parked(m, false);
	m->grace_end = cs_now() + GRACE;
	if (m->core.group)
		csched_task_started(&m->core, cs_now());
	if (m->core.group && !cs_fair(current))
		cs_stand_aside(m);
	raw_spin_unlock_irq(&csched_lock);
	cs_put_member(m);
	atomic_dec(&works);
}

static void queue(struct cs_member *m)
{
	refcount_inc(&m->refs);
	atomic_inc(&works);
	m->queued = true;
	if (!task_work_add(m->task, &m->work, COMPAT_TWA_RESUME))
		return;
	/* It is past its last return to user mode. */
	m->queued = false;
	atomic_dec(&works);
	cs_put_member(m);
}

/*
 * Take back work that the task has not begun to run. task_work_cancel() is not exported;
 * what it relies on is documented there: who takes entries out, or runs them, holds or passes
 * through pi_lock.
 */
static void unqueue(struct cs_member *m)
{
	struct callback_head **link = &m->task->task_works, *at;
	bool found = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&m->task->pi_lock, flags);
	while (!found && (at = READ_ONCE(*link))) {
		if (at == &m->work)
			found = try_cmpxchg(link, &at, at->next);
		else
			link = &at->next;
	}
	raw_spin_unlock_irqrestore(&m->task->pi_lock, flags);
	if (!found)
		return;	/* it runs, and will see that it has left */
	m->queued = false;
	atomic_dec(&works);
	cs_put_member(m);
}

static void park_prepare(struct cs_member *m)
{
	init_task_work(&m->work, park);
}

static void park_go(struct cs_member *m)
{
	struct cs_pool *pool = cs_group_of(m)->pool;

	m->go = true;
	m->late = false;
	if (!m->parked)
		return;
	cs_tell(m, CSCHED_EVENT_RELEASE);
	if (pool->handing_over && !pool->overtaken && still_there(m)) {
		refcount_inc(&m->refs);
		pool->overtaken = m;
		return;
	}
	wake(m, pool);
}

/* It has been let go, it holds a slot yet, and it has not seen to its signal. */
static bool has_grace(const struct cs_member *m)
{
	return m->core.state == CSCHED_LEAVING && signal_pending(m->task) && m->go &&
	       (m->parked || cs_now() < m->grace_end);
}

static void park_stop(struct cs_member *m)
{
	struct cs_pool *pool = cs_group_of(m)->pool;

	m->late = has_grace(m);
	if (m->late) {
		pool->late_at = min(pool->late_at, cs_now() + GRACE);
		return;
	}
	m->go = false;
	/* Parked: park() will see it. */
	if (!m->parked && !m->queued)
		queue(m);
}

static u64 park_settle(struct cs_pool *pool)
{
	struct csched_task *t;

	if (cs_now() < pool->late_at)
		return pool->late_at;
	pool->late_at = CSCHED_NO_TIMER;
	list_for_each_entry(t, &pool->core.held, queue) {
		struct cs_member *m = container_of(t, struct cs_member, core);

		if (m->late)
			park_stop(m);
	}
	return pool->late_at;
}

static void park_release(struct cs_member *m)
{
	m->go = true;
	if (m->parked) {
		cs_tell(m, CSCHED_EVENT_RELEASE);
		wake_up_process(m->task);
	}
	if (m->queued)
		unqueue(m);
}

static int park_init(void)
{
	return 0;
}

/* No group is left: whoever was parked has been woken, what was queued has been taken back. */
static void park_exit(void)
{
	while (atomic_read(&works))
		schedule_timeout_uninterruptible(1);
	/* A task may still be in the last instructions of park(). */
	synchronize_rcu_tasks();
}

const struct cs_backend cs_backend = {
	.id = CSCHED_BACKEND_PARK,
	.sleeps = true,
	.init = park_init,
	.exit = park_exit,
	.prepare = park_prepare,
	.go = park_go,
	.stop = park_stop,
	.settle = park_settle,
	.release = park_release,
};
