// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what with /dev/credit_sched, which everybody may open. Called by group.c.
 *
 * With CAP_SYS_NICE: everything. Without: a user's own groups and own tasks, within
 * limits that the administrator sets by module parameters. EPERM: it is somebody else's,
 * or for CAP_SYS_NICE only; EACCES: it is beyond a limit.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "shell.h"

static unsigned int user_weight_max;
module_param(user_weight_max, uint, 0644);
MODULE_PARM_DESC(user_weight_max,
		 "Greatest weight that users without CAP_SYS_NICE may set (0, the default: the policy's default weight)");

static unsigned int user_cap_max;
module_param(user_cap_max, uint, 0644);
MODULE_PARM_DESC(user_cap_max,
		 "Greatest cap in percent of a CPU, which groups of such users must have then (0, the default: any, or none)");

static unsigned int user_groups_max = 16;
module_param(user_groups_max, uint, 0644);
MODULE_PARM_DESC(user_groups_max, "How many groups such a user may have (default 16)");

/**
 * cs_may_create - may the caller make a group?
 * @policy: its pool's
 * @attr: what it is to be
 * @flags: CSCHED_PERSIST and others
 * @groups: how many the caller's user has
 *
 * Returns 0, -EPERM or -EACCES.
 */
int cs_may_create(const struct csched_policy *policy, const struct csched_attr *attr, u32 flags,
		  unsigned int groups)
{
	if (capable(CAP_SYS_NICE))
		return 0;
	if (flags & CSCHED_PERSIST)
		return -EPERM;
	if (groups >= READ_ONCE(user_groups_max))
		return -EACCES;
	return cs_may_set(policy, attr);
}

/**
 * cs_may_set - may the caller give a group of its own these attributes?
 * @policy: its pool's
 * @attr: all of them
 *
 * Returns 0 or -EACCES. What a baseline earns others do not, whatever their weights: so it
 * is for CAP_SYS_NICE only.
 */
int cs_may_set(const struct csched_policy *policy, const struct csched_attr *attr)
{
	unsigned int weight = READ_ONCE(user_weight_max), cap = READ_ONCE(user_cap_max);

	if (capable(CAP_SYS_NICE))
		return 0;
	if (attr->baseline || attr->weight > (weight ? weight : policy->weight_default))
		return -EACCES;
	if (cap && (!attr->cap || attr->cap > cap))
		return -EACCES;
	return 0;
}

/**
 * cs_may_change - may the caller change, fill or remove a group?
 * @g: the group
 *
 * Returns 0 or -EPERM.
 */
int cs_may_change(const struct cs_group *g)
{
	return uid_eq(g->uid, current_euid()) || capable(CAP_SYS_NICE) ? 0 : -EPERM;
}

/* The caller's own, and not by way of a set-uid program: as for ptrace(2). */
static bool own(struct task_struct *task)
{
	const struct cred *cred;
	kuid_t uid = current_euid();
	bool own;

	rcu_read_lock();
	cred = __task_cred(task);
	own = uid_eq(cred->uid, uid) && uid_eq(cred->euid, uid) && uid_eq(cred->suid, uid);
	own = own || ns_capable(cred->user_ns, CAP_SYS_NICE);
	rcu_read_unlock();
	return own;
}

/**
 * cs_may_schedule - can this task be scheduled by us, and by the caller?
 * @task: of a process that is to join
 *
 * Uids are the kernel's, whatever user namespaces the two are in; CAP_SYS_NICE is asked for
 * in the task's, as sched_setaffinity(2) does.
 *
 * Returns 0; -EINVAL: a kernel thread; -EPERM: init, or another user's; -EOPNOTSUPP:
 * it is scheduled by real-time or deadline rules.
 */
int cs_may_schedule(struct task_struct *task)
{
	if (task->flags & PF_KTHREAD)
		return -EINVAL;
	if (is_global_init(task) || !own(task))
		return -EPERM;
	return cs_fair(task) ? 0 : -EOPNOTSUPP;
}

/**
 * cs_limits - what users without CAP_SYS_NICE may do
 * @status: its user_... fields are filled in
 */
void cs_limits(struct csched_ioc_status *status)
{
	status->user_weight_max = READ_ONCE(user_weight_max);
	status->user_cap_max = READ_ONCE(user_cap_max);
	status->user_groups_max = READ_ONCE(user_groups_max);
}
