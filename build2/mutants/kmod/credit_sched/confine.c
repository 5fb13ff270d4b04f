// SPDX-License-Identifier: GPL-2.0
/*
 * Members run on the CPUs of their pool. Called by member.c and, for CPU hotplug, group.c.
 *
 * A task that joins is bound to those of its CPUs that are the pool's, or to the pool's if
 * none is. When it leaves, it gets the CPUs back that it had. If anybody changes them
 * meanwhile (sched_setaffinity, a cpuset), that stands: we neither fight it nor undo it later.
 * A task so bound elsewhere still takes turns, as if it ran on the pool's CPUs.
 *
 * When the last CPU of a pool goes, the kernel lets its tasks run anywhere. They are bound again
 * when one comes back; whom somebody has bound elsewhere is not among them, for
 * what the kernel allows then includes the CPUs that went.
 */
#include <linux/cpumask.h>
#include <linux/slab.h>

#include "shell.h"

/* Where it is to run while it is a member, in @cpus. */
static void wanted(const struct cs_member *m, const struct cs_pool *pool, struct cpumask *cpus)
{
	if (!cpumask_and(cpus, m->cpus, pool->cpus))
		cpumask_copy(cpus, pool->cpus);
}

/* Is it bound as we bound it? @cpus is scratch. */
static bool as_wanted(const struct cs_member *m, const struct cs_pool *pool, struct cpumask *cpus)
{
	wanted(m, pool, cpus);
	return cpumask_equal(&m->task->cpus_mask, cpus);
}

/**
 * cs_confine_prepare - note which CPUs a task has
 * @m: its member, which has not joined yet
 * @pool: where it will belong
 *
 * Returns 0 or -ENOMEM.
 */
int cs_confine_prepare(struct cs_member *m, const struct cs_pool *pool)
{
	if (pool->everywhere)
		return 0;
	if (!alloc_cpumask_var(&m->cpus, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(m->cpus, &m->task->cpus_mask);
	m->confined = true;
	return 0;
}

/**
 * cs_confine_inherit - a child is bound as its parent is
 * @m: the child's member, which has not joined yet
 * @of: the parent's
 *
 * Returns 0 or -ENOMEM.
 */
int cs_confine_inherit(struct cs_member *m, const struct cs_member *of)
{
	if (!of->confined)
		return 0;
	if (!alloc_cpumask_var(&m->cpus, GFP_ATOMIC))
		return -ENOMEM;
	cpumask_copy(m->cpus, of->cpus);
	m->confined = true;
	m->strayed = of->strayed;
	return 0;
}

/* Returns 0, -ENOMEM, or -EINVAL if no CPU of the pool is online. */
static int bind(struct cs_member *m, const struct cs_pool *pool)
{
	cpumask_var_t cpus;
	int ret;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	wanted(m, pool, cpus);
	ret = set_cpus_allowed_ptr(m->task, cpus);
	free_cpumask_var(cpus);
	return ret;
}

/**
 * cs_confine - bind a task to its pool's CPUs
 * @m: a member
 * @pool: its pool; csched_mutex is held
 */
void cs_confine(struct cs_member *m, const struct cs_pool *pool)
{
	if (m->confined)
		m->strayed = bind(m, pool);
}

/**
 * cs_unconfine - a task gets its CPUs back, unless somebody has given it others
 * @m: a member that has left
 * @pool: where it belonged; csched_mutex is held
 */
void cs_unconfine(struct cs_member *m, const struct cs_pool *pool)
{
	cpumask_var_t cpus;

	if (!m->confined)
		return;
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL | __GFP_NOFAIL))
		return;
	if (m->strayed || pool->stranded || as_wanted(m, pool, cpus))
		set_cpus_allowed_ptr(m->task, m->cpus);
	free_cpumask_var(cpus);
}

/* Who may run on all CPUs that are wanted and on more has them from the kernel: see above. */
static void find_strayed(struct cs_pool *pool)
{
	struct csched_group *g;
	struct csched_task *t;

	list_for_each_entry(g, &pool->core.groups, link)
		list_for_each_entry(t, &g->tasks, sibling) {
			struct cs_member *m = container_of(t, struct cs_member, core);

			if (!m->confined)
				continue;
			wanted(m, pool, pool->free);
			if (cpumask_subset(pool->free, &m->task->cpus_mask))
				m->strayed = true;
		}
}

/* One that has strayed, and counts as found, with a reference. csched_lock is held. */
static struct cs_member *next_strayed(struct cs_pool *pool)
{
	struct csched_group *g;
	struct csched_task *t;

	list_for_each_entry(g, &pool->core.groups, link)
		list_for_each_entry(t, &g->tasks, sibling) {
			struct cs_member *m = container_of(t, struct cs_member, core);

			if (m->strayed) {
				m->strayed = false;
				refcount_inc(&m->refs);
				return m;
			}
		}
	return NULL;
}

/**
 * cs_pool_rescued - a CPU of a pool that had none has come
 * @pool: the pool; csched_mutex is held, and no CPU comes or goes
 */
void cs_pool_rescued(struct cs_pool *pool)
{
	struct cs_member *m;

	raw_spin_lock_irq(&csched_lock);
	find_strayed(pool);
	m = next_strayed(pool);
	raw_spin_unlock_irq(&csched_lock);
	while (m) {
		bind(m, pool);
		cs_put_member(m);
		raw_spin_lock_irq(&csched_lock);
		m = next_strayed(pool);
		raw_spin_unlock_irq(&csched_lock);
	}
	pool->stranded = false;
}
