// SPDX-License-Identifier: GPL-2.0
/*
 * Pools and groups: what the ioctls of main.c do. Owns csched_mutex and csched_lock.
 */
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/file.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "shell.h"

/* See shell.h for both. */
DEFINE_MUTEX(csched_mutex);
DEFINE_RAW_SPINLOCK(csched_lock);

static LIST_HEAD(pools);
/* By number. */
static DEFINE_XARRAY(groups);
static u32 last_id;

static bool audit;
module_param(audit, bool, 0644);
MODULE_PARM_DESC(audit, "Check the invariants of core/csched.h after each decision, and log \"broken\" if one is violated (slow)");

/* --- pools --- */

/* Says it once, and again when something else is wrong. */
static void check(struct cs_pool *pool)
{
	int broken = csched_audit(&pool->core);

	if (broken && broken != pool->broken)
		pr_err("pool %u: broken: S%d\n", pool->id, broken);
	pool->broken = broken;
}

/**
 * cs_pool_settle - decide, and see it done
 * @pool: something has happened to it; csched_lock is held
 */
void cs_pool_settle(struct cs_pool *pool)
{
	u64 when;

	csched_settle(&pool->core, cs_now());
	if (READ_ONCE(audit))
		check(pool);
	cs_carry_out(pool);
	when = pool->core.timer;
	if (cs_backend.settle)
		when = min(when, cs_backend.settle(pool));
	if (pool->closing)
		return;
	if (when == CSCHED_NO_TIMER)
		hrtimer_try_to_cancel(&pool->timer);
	else
		hrtimer_start(&pool->timer, ns_to_ktime(when), HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart pool_timer(struct hrtimer *timer)
{
	struct cs_pool *pool = container_of(timer, struct cs_pool, timer);
	unsigned long flags;

	raw_spin_lock_irqsave(&csched_lock, flags);
	cs_pool_settle(pool);
	raw_spin_unlock_irqrestore(&csched_lock, flags);
	return HRTIMER_NORESTART;
}

static bool same_params(const struct csched_params *a, const struct csched_params *b)
{
	return a->slot == b->slot && a->sampled == b->sampled && a->seed == b->seed &&
	       a->park_max == b->park_max;
}

static unsigned int online(const struct cs_pool *pool, unsigned int without)
{
	unsigned int cpu, n = 0;

	for_each_cpu_and(cpu, pool->cpus, cpu_online_mask)
		n += cpu != without;
	return n;
}

static void free_pool(struct cs_pool *pool)
{
	if (pool) {
		free_cpumask_var(pool->cpus);
		free_cpumask_var(pool->free);
	}
	kfree(pool);
}

static struct cs_pool *new_pool(const struct cpumask *cpus, const struct csched_policy *policy,
				const struct csched_params *params)
{
	struct cs_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	int ret;

	if (!pool || !zalloc_cpumask_var(&pool->cpus, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&pool->free, GFP_KERNEL)) {
		free_pool(pool);
		return ERR_PTR(-ENOMEM);
	}
	cpumask_copy(pool->cpus, cpus);
	ret = csched_pool_init(&pool->core, policy, params, online(pool, nr_cpu_ids), cs_runtime,
			       cs_now());
	if (ret) {
		free_pool(pool);
		return ERR_PTR(ret);
	}
	pool->core.event = cs_event;
	pool->late_at = CSCHED_NO_TIMER;
	pool->id = ++last_id;
	pool->everywhere = cpumask_equal(cpus, cpu_possible_mask);
	hrtimer_setup(&pool->timer, pool_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	list_add_tail(&pool->link, &pools);
	return pool;
}

/* The pool on @cpus, made if there is none. csched_mutex and cpus_read_lock are held. */
static struct cs_pool *get_pool(const struct cpumask *cpus, const struct csched_policy *policy,
				const struct csched_params *params)
{
	struct cs_pool *pool;

	list_for_each_entry(pool, &pools, link) {
		if (cpumask_equal(pool->cpus, cpus))
			return pool->core.policy == policy &&
			       same_params(&pool->core.params, params) ? pool : ERR_PTR(-EEXIST);
		if (cpumask_intersects(pool->cpus, cpus))
			return ERR_PTR(-EBUSY);
	}
	return new_pool(cpus, policy, params);
}

/* csched_mutex is held. */
static void put_pool(struct cs_pool *pool)
{
	if (!list_empty(&pool->core.groups))
		return;
	raw_spin_lock_irq(&csched_lock);
	pool->closing = true;
	raw_spin_unlock_irq(&csched_lock);
	hrtimer_cancel(&pool->timer);
	list_del(&pool->link);
	free_pool(pool);
}

/**
 * cs_pools_count_cpus - CPUs came or went
 * @without: one that is about to go, or nr_cpu_ids
 *
 * A pool without CPUs keeps one slot, for its tasks run elsewhere.
 */
void cs_pools_count_cpus(unsigned int without)
{
	struct cs_pool *pool;

	mutex_lock(&csched_mutex);
	list_for_each_entry(pool, &pools, link) {
		unsigned int n = online(pool, without);

		if (!n)
			pool->stranded = true;
		raw_spin_lock_irq(&csched_lock);
		csched_pool_set_cpus(&pool->core, n ? n : 1, cs_now());
		cs_pool_settle(pool);
		raw_spin_unlock_irq(&csched_lock);
	}
	mutex_unlock(&csched_mutex);
}

/**
 * cs_pools_rescue - a CPU has come, and tasks can run on it
 */
void cs_pools_rescue(void)
{
	struct cs_pool *pool;

	cpus_read_lock();
	mutex_lock(&csched_mutex);
	list_for_each_entry(pool, &pools, link)
		if (pool->stranded && online(pool, nr_cpu_ids))
			cs_pool_rescued(pool);
	mutex_unlock(&csched_mutex);
	cpus_read_unlock();
}

/* --- groups --- */

static struct cs_group *find_group(u32 id)
{
	return xa_load(&groups, id);
}

/* One that the caller may change, or an error. */
static struct cs_group *find_own(u32 id)
{
	struct cs_group *g = find_group(id);
	int ret = g ? cs_may_change(g) : -ENOENT;

	return ret ? ERR_PTR(ret) : g;
}

static bool good_name(const char *name)
{
	size_t n = strnlen(name, CSCHED_NAME_MAX), i;
	struct cs_group *g;
	unsigned long id;

	if (!n || n == CSCHED_NAME_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (!isgraph(name[i]))
			return false;
	xa_for_each(&groups, id, g)
		if (!strcmp(g->name, name))
			return false;
	return true;
}

static unsigned int groups_of(kuid_t uid)
{
	struct cs_group *g;
	unsigned long id;
	unsigned int n = 0;

	xa_for_each(&groups, id, g)
		n += uid_eq(g->uid, uid);
	return n;
}

/*
 * Returns 0, or -EINVAL if a CPU is asked for that is not online. Who asks for none, or for
 * all that are online, gets those too that come later.
 */
static int cpus_from_user(struct cpumask *cpus, const u64 *words)
{
	unsigned int bit;

	cpumask_clear(cpus);
	for (bit = 0; bit < 64 * CSCHED_CPU_WORDS; bit++) {
		if (!(words[bit / 64] >> (bit % 64) & 1))
			continue;
		if (bit >= nr_cpu_ids || !cpu_online(bit))
			return -EINVAL;
		cpumask_set_cpu(bit, cpus);
	}
	if (cpumask_empty(cpus) || cpumask_equal(cpus, cpu_online_mask))
		cpumask_copy(cpus, cpu_possible_mask);
	return 0;
}

/*
 * The way back to user mode is part of a slot. With all its checks a debug kernel is longer
 * about it than a minimal slot lasts elsewhere: the task would be stopped again before its first
 * instruction, each time.
 */
#define DEBUG_MIN_SLOT	(4 * CSCHED_NS_PER_MS)

/* What the user asks of the pool. */
static struct csched_params params_from_user(const struct csched_ioc_create *args)
{
	struct csched_params params = csched_default_params;

	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_PROVE_LOCKING))
		params.min_slot = DEBUG_MIN_SLOT;
	if (args->slot_ns)
		params.slot = args->slot_ns;
	if (params.min_slot > params.slot)
		params.min_slot = params.slot;
	if (args->park_max_ns)
		params.park_max = args->park_max_ns;
	else if (params.park_max < params.slot)
		params.park_max = params.slot;
	params.sampled = args->flags & CSCHED_SAMPLED;
	params.seed = args->seed;
	return params;
}

/* csched_mutex and cpus_read_lock are held. On failure nothing has changed but @g. */
static int create(struct cs_group *g, const struct csched_ioc_create *args,
		  const struct csched_policy *policy, const struct csched_attr *attr,
		  const struct cpumask *cpus)
{
	struct csched_params params = params_from_user(args);
	struct cs_pool *pool;
	int ret;

	if (!good_name(args->name))
		return -EINVAL;
	ret = cs_may_create(policy, attr, args->flags, groups_of(g->uid));
	if (ret)
		return ret;
	pool = get_pool(cpus, policy, &params);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	strscpy(g->name, args->name, sizeof(g->name));
	g->pool = pool;
	g->id = last_id + 1;
	ret = xa_insert(&groups, g->id, g, GFP_KERNEL);
	if (ret)
		goto out_pool;
	raw_spin_lock_irq(&csched_lock);
	ret = csched_group_add(&pool->core, &g->core, attr, cs_now());
	raw_spin_unlock_irq(&csched_lock);
	if (ret)
		goto out_table;
	last_id = g->id;
	return 0;

out_table:
	xa_erase(&groups, g->id);
out_pool:
	put_pool(pool);
	return ret;
}

/**
 * cs_group_create - CSCHED_IOC_CREATE
 * @args: from the user; the id is filled in
 * @owner: the open file
 *
 * Returns 0 or an error; then nothing has changed.
 */
int cs_group_create(struct csched_ioc_create *args, void *owner)
{
	const struct csched_policy *policy;
	struct csched_attr attr;
	struct cs_group *g;
	cpumask_var_t cpus;
	int ret;

	if (args->flags & ~(CSCHED_SAMPLED | CSCHED_PERSIST) || args->reserved)
		return -EINVAL;
	args->policy[CSCHED_POLICY_MAX - 1] = '\0';
	policy = csched_policy_by_name(args->policy);
	if (!policy)
		return -EINVAL;
	if ((args->baseline || args->cap) && !cs_backend.sleeps)
		return -EOPNOTSUPP;
	attr.weight = args->weight ? args->weight : policy->weight_default;
	attr.cap = args->cap;
	attr.baseline = args->baseline;
	attr.burst = args->burst_ns ? args->burst_ns : csched_default_params.period;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	if (!g) {
		free_cpumask_var(cpus);
		return -ENOMEM;
	}
	g->owner = args->flags & CSCHED_PERSIST ? NULL : owner;
	g->uid = current_euid();
	g->flags = args->flags;

	cpus_read_lock();
	ret = cpus_from_user(cpus, args->cpus);
	mutex_lock(&csched_mutex);
	if (!ret)
		ret = create(g, args, policy, &attr, cpus);
	if (!ret)
		args->id = g->id;
	mutex_unlock(&csched_mutex);
	cpus_read_unlock();
	if (ret)
		kfree(g);
	free_cpumask_var(cpus);
	return ret;
}

static int set(struct cs_group *g, const struct csched_ioc_set *args)
{
	struct csched_attr attr = g->core.attr;
	int ret;

	if (args->which & CSCHED_SET_WEIGHT)
		attr.weight = args->weight;
	if (args->which & CSCHED_SET_CAP)
		attr.cap = args->cap;
	if (args->which & CSCHED_SET_BURST)
		attr.burst = args->burst_ns;
	if (args->which & CSCHED_SET_BASELINE)
		attr.baseline = args->baseline;
	if ((attr.cap || attr.baseline) && !cs_backend.sleeps)
		return -EOPNOTSUPP;
	ret = cs_may_set(g->pool->core.policy, &attr);
	if (ret)
		return ret;
	raw_spin_lock_irq(&csched_lock);
	ret = csched_group_set(&g->core, &attr, cs_now());
	cs_pool_settle(g->pool);
	raw_spin_unlock_irq(&csched_lock);
	return ret;
}

/**
 * cs_group_set - CSCHED_IOC_SET
 * @args: from the user
 *
 * Returns 0; -ENOENT; -EINVAL; -EPERM or -EACCES: see access.c; -EOPNOTSUPP; or as
 * csched_attr_check(), and then nothing has changed.
 */
int cs_group_set(const struct csched_ioc_set *args)
{
	struct cs_group *g;
	int ret;

	if (args->which & ~(CSCHED_SET_WEIGHT | CSCHED_SET_CAP | CSCHED_SET_BURST |
			    CSCHED_SET_BASELINE) || args->reserved)
		return -EINVAL;
	mutex_lock(&csched_mutex);
	g = find_own(args->id);
	ret = IS_ERR(g) ? PTR_ERR(g) : set(g, args);
	mutex_unlock(&csched_mutex);
	return ret;
}

/* Threads that never return to user mode, on behalf of a process that does: io_uring, vhost. */
static bool helps_kernel(const struct task_struct *task)
{
	return task->flags & (PF_IO_WORKER | COMPAT_PF_USER_WORKER);
}

/* Can all threads of @leader join? */
static int may_add(struct task_struct *leader)
{
	struct task_struct *t;
	int ret = 0;

	rcu_read_lock();
	for_each_thread(leader, t) {
		if (helps_kernel(t) || READ_ONCE(t->flags) & PF_EXITING)
			continue;
		ret = cs_may_schedule(t);
		if (!ret && cs_is_member(t))
			ret = -EBUSY;
		if (ret)
			break;
	}
	rcu_read_unlock();
	return ret;
}

/* A thread of @leader that is a member, or one that is not and can become one; referenced. */
static struct task_struct *find_thread(struct task_struct *leader, bool member)
{
	struct task_struct *t, *found = NULL;

	rcu_read_lock();
	for_each_thread(leader, t) {
		if (helps_kernel(t) || READ_ONCE(t->flags) & PF_EXITING)
			continue;
		if (cs_is_member(t) == member) {
			found = get_task_struct(t);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static void remove_process(struct cs_group *g, struct task_struct *leader)
{
	struct task_struct *t;

	while ((t = find_thread(leader, true))) {
		cs_member_remove(g, t);
		put_task_struct(t);
	}
}

/* csched_mutex is held. All threads, or none. */
static int add_process(struct cs_group *g, struct task_struct *leader)
{
	struct task_struct *t;
	bool added = false;
	int ret = may_add(leader);

	while (!ret && (t = find_thread(leader, false))) {
		ret = cs_member_add(g, t);
		put_task_struct(t);
		added = added || !ret;
		if (ret == -EBUSY || ret == -ESRCH)
			ret = 0;	/* born of one that has joined already, or gone */
	}
	if (ret && added)
		remove_process(g, leader);
	return ret ? ret : added ? 0 : -ESRCH;
}

/* With a reference; or -EBADF: it is not a pidfd. */
static struct pid *pid_from_fd(int fd)
{
	struct file *file = fget(fd);
	struct pid *pid;

	if (!file)
		return ERR_PTR(-EBADF);
	pid = get_pid(compat_pidfd_pid(file));
	fput(file);
	return pid ? pid : ERR_PTR(-EBADF);
}

/* The process that is meant, with a reference, or an error. */
static struct task_struct *process_from_user(const struct csched_ioc_add *args)
{
	struct task_struct *task;
	struct pid *pid;

	if (!(args->flags & CSCHED_ADD_PIDFD) && args->pid < 0)
		return ERR_PTR(-EINVAL);
	if (args->flags & CSCHED_ADD_PIDFD)
		pid = pid_from_fd(args->pid);
	else
		pid = args->pid ? find_get_pid(args->pid) : get_task_pid(current, PIDTYPE_TGID);
	if (IS_ERR(pid))
		return ERR_CAST(pid);
	task = get_pid_task(pid, PIDTYPE_TGID);
	put_pid(pid);
	return task ? task : ERR_PTR(-ESRCH);
}

/**
 * cs_group_add - CSCHED_IOC_ADD
 * @args: from the user
 *
 * Returns 0; -ENOENT: no such group; -ESRCH: no such process; -EBADF: not a pidfd; -EBUSY: it
 * is in a group; -EPERM: not the caller's, or init; -EINVAL: a kernel thread; -EOPNOTSUPP:
 * it is scheduled by real-time or deadline rules.
 */
int cs_group_add(const struct csched_ioc_add *args)
{
	struct task_struct *task;
	struct cs_group *g;
	int ret;

	if (args->flags & ~CSCHED_ADD_PIDFD || args->reserved)
		return -EINVAL;
	task = process_from_user(args);
	if (IS_ERR(task))
		return PTR_ERR(task);
	mutex_lock(&csched_mutex);
	g = find_own(args->id);
	ret = IS_ERR(g) ? PTR_ERR(g) : add_process(g, task);
	mutex_unlock(&csched_mutex);
	put_task_struct(task);
	return ret;
}

/* csched_mutex is held. */
static void remove_group(struct cs_group *g)
{
	struct cs_pool *pool = g->pool;
	bool gone = false;

	/* A member may fork while we release the others. */
	while (!gone) {
		cs_members_release(g);
		raw_spin_lock_irq(&csched_lock);
		gone = list_empty(&g->core.tasks);
		if (gone) {
			csched_group_del(&g->core, cs_now());
			cs_pool_settle(pool);
		}
		raw_spin_unlock_irq(&csched_lock);
	}
	xa_erase(&groups, g->id);
	kfree(g);
	put_pool(pool);
}

/**
 * cs_group_remove - CSCHED_IOC_REMOVE: let its tasks go and forget the group
 * @id: its number
 *
 * Returns 0, -ENOENT or -EPERM.
 */
int cs_group_remove(u32 id)
{
	struct cs_group *g;

	mutex_lock(&csched_mutex);
	g = find_own(id);
	if (!IS_ERR(g))
		remove_group(g);
	mutex_unlock(&csched_mutex);
	return PTR_ERR_OR_ZERO(g);
}

/**
 * cs_groups_release - an open file is closed: its groups go
 * @owner: the file; NULL: those that persist, for the module goes
 */
void cs_groups_release(void *owner)
{
	struct cs_group *g;
	unsigned long id;

	mutex_lock(&csched_mutex);
	xa_for_each(&groups, id, g)
		if (g->owner == owner)
			remove_group(g);
	mutex_unlock(&csched_mutex);
}

static void describe(struct cs_group *g, struct csched_ioc_group *info)
{
	struct csched_pool *pool = &g->pool->core;

	info->id = g->id;
	info->pool = g->pool->id;
	strscpy(info->name, g->name, sizeof(info->name));
	strscpy(info->policy, pool->policy->name, sizeof(info->policy));
	info->weight = g->core.attr.weight;
	info->cap = g->core.attr.cap;
	info->baseline = g->core.attr.baseline;
	info->burst_ns = g->core.attr.burst;
	info->slot_ns = pool->params.slot;
	info->tasks = g->tasks;
	info->parked = g->parked;
	info->uid = from_kuid_munged(current_user_ns(), g->uid);
	info->flags = g->flags;
	info->active = g->core.nr_active;
	info->held = g->core.nr_held;
	info->standing = csched_standing(&g->core);
	info->throttled = !!g->core.throttled;
	info->saturated = g->core.saturated;
	info->due_ppm = (g->core.due * 10000) >> pool->due_shift;
	info->now_ns = pool->now;
	info->used_ns = g->core.used;
	info->lag_ns = g->core.lag;
	info->credit_ns = g->core.credit;
	info->earned_ns = g->core.earned;
	info->spent_ns = g->core.spent;
	info->discarded_ns = g->core.discarded;
	info->slots = g->core.slots;
	info->boosts = g->core.boosts;
}

/* Those who have slots, to whoever watches. csched_lock is held. */
static void tell_holders(struct cs_group *g)
{
	struct csched_task *t;

	list_for_each_entry(t, &g->pool->core.held, queue)
		if (t->group == &g->core)
			cs_tell(container_of(t, struct cs_member, core), CSCHED_EVENT_HOLDS);
}

/**
 * cs_group_info - CSCHED_IOC_GROUP
 * @info: id is the least number that is meant; filled in
 *
 * Returns 0, or -ENOENT if no group has that number or a greater one.
 */
int cs_group_info(struct csched_ioc_group *info)
{
	unsigned long id = info->id;
	struct cs_group *g;

	memset(info, 0, sizeof(*info));
	mutex_lock(&csched_mutex);
	g = xa_find(&groups, &id, U32_MAX, XA_PRESENT);
	if (g) {
		raw_spin_lock_irq(&csched_lock);
		cs_pool_settle(g->pool);
		describe(g, info);
		tell_holders(g);
		raw_spin_unlock_irq(&csched_lock);
	}
	mutex_unlock(&csched_mutex);
	return g ? 0 : -ENOENT;
}

/**
 * cs_status - CSCHED_IOC_STATUS
 * @status: filled in
 */
void cs_status(struct csched_ioc_status *status)
{
	struct cs_group *g;
	unsigned long id;

	memset(status, 0, sizeof(*status));
	status->backend = cs_backend.id;
	status->cpus = nr_cpu_ids;
	status->ring_bytes = cs_ring_bytes();
	status->park_max_ns = csched_default_params.park_max;
	cs_limits(status);
	mutex_lock(&csched_mutex);
	xa_for_each(&groups, id, g) {
		status->groups++;
		status->tasks += READ_ONCE(g->tasks);
		status->parked += READ_ONCE(g->parked);
	}
	mutex_unlock(&csched_mutex);
}
