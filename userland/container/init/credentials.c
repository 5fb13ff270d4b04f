// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who the program is: ids, the five sets of capabilities, no_new_privs, labels (capabilities(7)).
 * Called by program.c, in two halves, because a filter without no_new_privs needs CAP_SYS_ADMIN
 * until it is installed.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/sched/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../path/proc.h"
#include "container.h"

static int set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static uint64_t permitted_now(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	syscall(SYS_capget, &header, data);
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* Up to the last that the kernel knows. */
static int drop_bounding(uint64_t keep, struct error *err)
{
	for (unsigned int cap = 0; cap < 64; cap++) {
		int has = prctl(PR_CAPBSET_READ, cap);

		if (has < 0)
			break;
		if (has && !(keep & 1ull << cap) && prctl(PR_CAPBSET_DROP, cap))
			return error_errno(err, errno, NULL, ".process.capabilities.bounding: CAP_%s",
					   config_capability_name(cap) ?: "?");
	}
	return 0;
}

static int set_ids(const struct config_process *process, struct error *err)
{
	/* Where setgroups was given up for a map of one's own, no groups is what there is. */
	if (syscall(SYS_setgroups, process->group_count, process->groups) &&
	    (errno != EPERM || process->group_count))
		return error_errno(err, errno, NULL, ".process.user.additionalGids");
	if (setresgid(process->gid, process->gid, process->gid))
		return error_errno(err, errno,
				   errno == EINVAL ? "map it in .linux.gidMappings" : NULL,
				   ".process.user.gid: %u", process->gid);
	if (setresuid(process->uid, process->uid, process->uid))
		return error_errno(err, errno,
				   errno == EINVAL ? "map it in .linux.uidMappings" : NULL,
				   ".process.user.uid: %u", process->uid);
	umask(process->umask < 0 ? 0022 : (mode_t)process->umask);
	return 0;
}

static int set_labels(const struct container *c, struct error *err)
{
	const struct config_process *process = &c->config.process;
	char text[512];
	int ret;

	if (process->apparmor_profile && *process->apparmor_profile) {
		snprintf(text, sizeof(text), "exec %s", process->apparmor_profile);
		ret = proc_write(c->proc, "self/attr/apparmor/exec", text);
		if (ret)
			return error_errno(err, -ret, "is AppArmor enabled, and the profile loaded?",
					   ".process.apparmorProfile: %.100s",
					   process->apparmor_profile);
	}
	if (process->selinux_label && *process->selinux_label) {
		ret = proc_write(c->proc, "self/attr/exec", process->selinux_label);
		if (ret)
			return error_errno(err, -ret, "is SELinux enabled, and the label known?",
					   ".process.selinuxLabel: %.100s", process->selinux_label);
	}
	return 0;
}

/* sched_setattr(2) has no wrapper in this C library. */
struct scheduling {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static int set_scheduling(const struct config_process *process, struct error *err)
{
	struct scheduling s = {
		.size = sizeof(s),
		.policy = (uint32_t)process->policy,
		.flags = process->policy_flags,
		.nice = process->nice,
		.priority = process->priority,
		.runtime = process->runtime,
		.deadline = process->deadline,
		.period = process->period,
	};

	if (process->policy >= 0 && syscall(SYS_sched_setattr, 0, &s, 0))
		return error_errno(err, errno, errno == EPERM ? "needs CAP_SYS_NICE" : NULL,
				   ".process.scheduler");
	if (process->io_class >= 0 &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(process->io_class, process->io_priority)))
		return error_errno(err, errno, NULL, ".process.ioPriority");
	return 0;
}

int credentials_take(const struct container *c, struct error *err)
{
	const struct config_process *process = &c->config.process;
	uint64_t all;
	int ret = set_labels(c, err);

	if (!ret)
		ret = set_scheduling(process, err);
	if (!ret)
		ret = drop_bounding(process->capabilities[CAPS_BOUNDING], err);
	if (ret)
		return ret;
	/* Capabilities survive the change of ids, to be cut to size afterwards. */
	if (prctl(PR_SET_KEEPCAPS, 1))
		return error_errno(err, errno, NULL, "prctl: keep capabilities");
	ret = set_ids(process, err);
	if (ret)
		return ret;
	all = permitted_now();
	ret = set_capabilities(all, all, 0);
	return ret ? error_errno(err, -ret, NULL, "capset") : 0;
}

int credentials_finish(const struct container *c, struct error *err)
{
	const uint64_t *caps = c->config.process.capabilities;
	uint64_t may = permitted_now();
	int ret;

	/* One that we do not have ourselves cannot be given: the container runs without it. */
	uint64_t permitted = caps[CAPS_PERMITTED] & may;
	uint64_t effective = caps[CAPS_EFFECTIVE] & permitted;
	uint64_t inheritable = caps[CAPS_INHERITABLE] & may;
	uint64_t ambient = caps[CAPS_AMBIENT] & permitted & inheritable;

	ret = set_capabilities(effective, permitted, inheritable);
	if (ret)
		return error_errno(err, -ret, NULL, ".process.capabilities");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return error_errno(err, errno, NULL, ".process.capabilities.ambient");
	for (unsigned int cap = 0; cap < 64; cap++)
		if (ambient & 1ull << cap && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			return error_errno(err, errno, NULL,
					   ".process.capabilities.ambient: CAP_%s",
					   config_capability_name(cap) ?: "?");
	if (c->config.process.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_errno(err, errno, NULL, ".process.noNewPrivileges");
	return 0;
}
