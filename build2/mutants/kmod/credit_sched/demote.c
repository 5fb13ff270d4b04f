// SPDX-License-Identifier: GPL-2.0
/*
 * Back end for kernels that do not export task_work_add: a task without a slot is made
 * SCHED_IDLE. Called by member.c.
 *
 * The scheduling policy of a task can be changed in process context only, so orders are carried
 * out by a kernel thread.
 *
 *	stop --> thread: SCHED_IDLE, and at once: it has stopped
 *	go   --> thread: the policy that it had
 *
 * A demoted task runs when nobody else wants its CPU, and a little even if somebody does.
 * What it runs it is charged for, so that in the long run shares are right; but there
 * is no holding it to a cap. A policy that somebody else gives it meanwhile stays.
 */
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <uapi/linux/sched/types.h>

#include "shell.h"

static struct kthread_worker *worker;

/* Held while a task's policy is changed; csched_lock nests in it. */
static DEFINE_MUTEX(demote_mutex);

/* Returns 0 or an error; nice and what else makes up a task's parameters stay. */
static int set_policy(struct task_struct *task, int policy)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = policy,
		.sched_nice = task_nice(task),
	};

	if (task->sched_reset_on_fork)
		attr.sched_flags = SCHED_FLAG_RESET_ON_FORK;
	return sched_setattr_nocheck(task, &attr);
}

/* csched_lock is held. */
static bool wanted_idle(const struct cs_member *m)
{
	return m->core.group && !m->go;
}

/*
 * It stands back. It may run yet, unlike one that is parked: core/ charges it as one
 * that has not stopped.
 */
static void stopped(struct cs_member *m)
{
	raw_spin_lock_irq(&csched_lock);
	if (wanted_idle(m)) {
		cs_set_parked(m, true);
		cs_tell(m, CSCHED_EVENT_PARK);
		csched_task_stopped(&m->core, cs_now());
		m->core.stopped = false;
		cs_pool_settle(cs_group_of(m)->pool);
	}
	raw_spin_unlock_irq(&csched_lock);
}

static void stand_aside(struct cs_member *m)
{
	raw_spin_lock_irq(&csched_lock);
	if (m->core.group)
		cs_stand_aside(m);
	raw_spin_unlock_irq(&csched_lock);
}

static void demote(struct cs_member *m)
{
	if (!cs_fair(m->task)) {
		stand_aside(m);
		return;
	}
	if (!m->demoted) {
		m->policy = READ_ONCE(m->task->policy);
		if (set_policy(m->task, SCHED_IDLE))
			return;
		m->demoted = true;
	}
	stopped(m);
}

static void promote(struct cs_member *m)
{
	if (m->demoted && READ_ONCE(m->task->policy) == SCHED_IDLE)
		set_policy(m->task, m->policy);
	m->demoted = false;
	raw_spin_lock_irq(&csched_lock);
	if (m->parked && !wanted_idle(m)) {
		cs_set_parked(m, false);
		cs_tell(m, CSCHED_EVENT_RELEASE);
	}
	raw_spin_unlock_irq(&csched_lock);
}

/* Make its policy what the last order says. */
static void obey(struct cs_member *m)
{
	bool idle;

	mutex_lock(&demote_mutex);
	raw_spin_lock_irq(&csched_lock);
	idle = wanted_idle(m);
	raw_spin_unlock_irq(&csched_lock);
	if (idle)
		demote(m);
	else
		promote(m);
	mutex_unlock(&demote_mutex);
}

static void work(struct kthread_work *work)
{
	struct cs_member *m = container_of(work, struct cs_member, order);

	obey(m);
	cs_put_member(m);
}

static void queue(struct cs_member *m)
{
	refcount_inc(&m->refs);
	if (!kthread_queue_work(worker, &m->order))
		cs_put_member(m);	/* it is queued, and will see this order too */
}

static void demote_prepare(struct cs_member *m)
{
	kthread_init_work(&m->order, work);
}

static void demote_go(struct cs_member *m)
{
	m->go = true;
	queue(m);
}

static void demote_stop(struct cs_member *m)
{
	m->go = false;
	queue(m);
}

/* A child of a demoted task is born SCHED_IDLE. */
static void demote_inherit(struct cs_member *child, struct task_struct *parent,
			   const struct cs_member *of)
{
	int policy = of && of->demoted ? of->policy : READ_ONCE(parent->policy);

	if (READ_ONCE(child->task->policy) != SCHED_IDLE || policy == SCHED_IDLE)
		return;
	child->policy = policy;
	child->demoted = true;
	queue(child);
}

/* Its parent was demoted when it forked, and has been promoted since. */
static bool demote_orphaned(const struct task_struct *parent, const struct task_struct *child)
{
	return READ_ONCE(child->policy) == SCHED_IDLE && READ_ONCE(parent->policy) != SCHED_IDLE;
}

static int demote_init(void)
{
	pr_notice("this kernel does not export task_work_add: tasks are demoted to SCHED_IDLE, not parked: there are no caps\n");
	worker = kthread_create_worker(0, "credit_sched");
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	sched_set_fifo_low(worker->task);
	return 0;
}

static void demote_exit(void)
{
	kthread_destroy_worker(worker);
}

const struct cs_backend cs_backend = {
	.id = CSCHED_BACKEND_DEMOTE,
	.init = demote_init,
	.exit = demote_exit,
	.prepare = demote_prepare,
	.inherit = demote_inherit,
	.orphaned = demote_orphaned,
	.go = demote_go,
	.stop = demote_stop,
	.release = demote_go,
	.released = obey,
};
