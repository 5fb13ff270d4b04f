// SPDX-License-Identifier: GPL-2.0-only
/* The device, and what its errors mean: one errno has several reasons, so we look which it is. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "csched.h"

static const char *why_not_opened(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return "load the module: insmod credit_sched.ko";
	case EACCES:
	case EPERM:
		return "its permissions keep you out: ask the administrator, or run as root";
	}
	return NULL;
}

/* Returns a file descriptor, or a negative errno. */
int device_open(struct error *err)
{
	int fd = open(CSCHED_DEVICE, O_RDWR | O_CLOEXEC), version, failed = errno;

	if (fd < 0)
		return error_errno(err, failed, why_not_opened(failed), "open: %s", CSCHED_DEVICE);
	version = ioctl(fd, CSCHED_IOC_VERSION, 0);
	if (version == CSCHED_ABI_VERSION)
		return fd;
	close(fd);
	return error_set(err, EPROTO, "open: %s: speaks version %d: this csched speaks %d",
			 CSCHED_DEVICE, version, CSCHED_ABI_VERSION);
}

static bool exists(int dev, const char *name, struct csched_ioc_group *group)
{
	group->id = 0;
	while (!ioctl(dev, CSCHED_IOC_GROUP, group)) {
		if (!strcmp(group->name, name))
			return true;
		group->id++;
	}
	return false;
}

/* The group called @name. Returns 0 or a negative errno. */
int device_find(int dev, const char *name, struct csched_ioc_group *group, struct error *err)
{
	struct groups groups = { .count = 0 };
	const char *names[64], *meant = NULL;
	char advice[64] = "csched list shows those there are";
	size_t n = 0;

	if (exists(dev, name, group))
		return 0;
	if (!groups_read(dev, &groups, err))
		for (; n < groups.count && n < 64; n++)
			names[n] = groups.at[n].name;
	meant = nearest(name, names, n);
	if (meant)
		snprintf(advice, sizeof(advice), "did you mean %s?", meant);
	else if (!groups.count)
		snprintf(advice, sizeof(advice), "csched create makes one");
	groups_free(&groups);
	return error_set(err, ENOENT, "group: %.40s: there is none: %s", name, advice);
}

int device_status(int dev, struct csched_ioc_status *status, struct error *err)
{
	if (!ioctl(dev, CSCHED_IOC_STATUS, status))
		return 0;
	return error_errno(err, errno, NULL, "status: %s", CSCHED_DEVICE);
}

static const char *bad_weight(const char *policy)
{
	return strcmp(policy, "credit") != 0 ? "share and lottery take weights 1 to 10000"
					     : "credit takes weights 1 to 65535";
}

static const char *bad_value(int errnum, const char *policy)
{
	switch (errnum) {
	case ERANGE:
		return bad_weight(policy);
	case EDOM:
		return "cap and baseline are at most 100 for each CPU of the group";
	case EOVERFLOW:
		return "a burst is at most 7 days";
	case ENOMEM:
		return "the kernel is out of memory";
	}
	return NULL;
}

/* EOPNOTSUPP: either this policy has no baselines, or this kernel no caps. */
static int not_supported(int dev, const char *verb, const char *name, struct error *err)
{
	struct csched_ioc_status status;

	if (!ioctl(dev, CSCHED_IOC_STATUS, &status) && status.backend != CSCHED_BACKEND_PARK)
		return error_set(
			err, EOPNOTSUPP,
			"%s: %s: on this kernel tasks cannot be parked, so there are no caps "
			"and no baselines: csched status",
			verb, name);
	return error_set(
		err, EOPNOTSUPP,
		"%s: %s: only the policy credit has baselines: give --policy credit, or --cap",
		verb, name);
}

/* EACCES: beyond what an administrator allows to users. */
static int beyond_limits(int dev, const char *verb, const char *name, struct error *err)
{
	struct csched_ioc_status status;

	if (ioctl(dev, CSCHED_IOC_STATUS, &status))
		return error_errno(err, EACCES, NULL, "%s: %s", verb, name);
	return error_set(
		err, EACCES,
		"%s: %s: more than a user may have: without CAP_SYS_NICE weights go to %s%.0u, caps to "
		"%s%.0u, there are no baselines and at most %u groups",
		verb, name, status.user_weight_max ? "" : "the policy's default",
		status.user_weight_max, status.user_cap_max ? "" : "any", status.user_cap_max,
		status.user_groups_max);
}

/* The first CPU asked for that is not online, or -1. */
static int cpu_not_online(const struct csched_ioc_create *args)
{
	uint64_t online[CSCHED_CPU_WORDS];
	char list[4096] = "";
	struct error unused;
	FILE *file = fopen("/sys/devices/system/cpu/online", "re");

	if (!file)
		return -1;
	if (fgets(list, sizeof(list), file))
		list[strcspn(list, "\n")] = '\0';
	fclose(file);
	if (parse_cpus(list, online, &unused))
		return -1;
	for (int cpu = 0; cpu < 64 * CSCHED_CPU_WORDS; cpu++)
		if ((args->cpus[cpu / 64] & ~online[cpu / 64]) >> (cpu % 64) & 1)
			return cpu;
	return -1;
}

static bool visible(const char *name)
{
	for (; *name; name++)
		if (!isgraph((unsigned char)*name))
			return false;
	return true;
}

#define MS 1000000ull

/* Slot or park-max out of bounds: returns a negative errno; else 0. */
static int bad_times(const struct csched_ioc_create *args, struct error *err)
{
	uint64_t slot = args->slot_ns ? args->slot_ns : 5 * MS;

	if (slot < MS / 2 || slot > 1000 * MS)
		return error_set(err, EINVAL, "create: %s: a slot is 0.5ms to 1s", args->name);
	if (args->park_max_ns && (args->park_max_ns < slot || args->park_max_ns > 10000 * MS))
		return error_set(err, EINVAL, "create: %s: park-max is from one slot to 10s",
				 args->name);
	return 0;
}

/* EINVAL says that something is wrong with the request: what? */
static int bad_request(int dev, const struct csched_ioc_create *args, struct error *err)
{
	struct csched_ioc_group group;
	int cpu = cpu_not_online(args);

	if (!visible(args->name))
		return error_set(err, EINVAL,
				 "create: \"%s\": a name has no spaces and only visible characters",
				 args->name);
	if (exists(dev, args->name, &group))
		return error_set(err, EINVAL,
				 "create: %s: the name is taken: choose another, or csched rm %s",
				 args->name, args->name);
	if (bad_times(args, err))
		return -EINVAL;
	if (cpu >= 0)
		return error_set(
			err, EINVAL,
			"create: %s: CPU %d is not online: /sys/devices/system/cpu/online lists those "
			"that are",
			args->name, cpu);
	return error_set(err, EINVAL,
			 "create: %s: the module knows no policy %s: there are share, lottery "
			 "and credit",
			 args->name, args->policy);
}

static const char *why_not_created(int errnum, const struct csched_ioc_create *args)
{
	switch (errnum) {
	case EEXIST:
		return "the groups on these CPUs have another policy, slot, park-max, accounting or seed: give "
		       "the same, or other --cpus";
	case EBUSY:
		return "some of these CPUs belong to other groups, and some do not: give the same --cpus as "
		       "theirs";
	case ENOSPC:
		return "there are 1024 groups on these CPUs";
	case EPERM:
		return "a group that stays needs CAP_SYS_NICE: csched run --weight N -- COMMAND makes one that "
		       "lasts as long as the command";
	}
	return bad_value(errnum, args->policy);
}

int device_create(int dev, struct csched_ioc_create *args, struct error *err)
{
	int failed;

	if (!ioctl(dev, CSCHED_IOC_CREATE, args))
		return 0;
	failed = errno;
	if (failed == EINVAL)
		return bad_request(dev, args, err);
	if (failed == EOPNOTSUPP)
		return not_supported(dev, "create", args->name, err);
	if (failed == EACCES)
		return beyond_limits(dev, "create", args->name, err);
	/* Another slot than the others', and no good in itself. */
	if (failed == EEXIST && bad_times(args, err))
		return -EINVAL;
	return error_errno(err, failed, why_not_created(failed, args), "create: %s", args->name);
}

int device_set(int dev, const char *name, const struct csched_ioc_set *args, struct error *err)
{
	struct csched_ioc_group group = { .id = args->id };
	int failed;

	if (!ioctl(dev, CSCHED_IOC_SET, args))
		return 0;
	failed = errno;
	if (failed == EOPNOTSUPP)
		return not_supported(dev, "set", name, err);
	if (failed == EACCES)
		return beyond_limits(dev, "set", name, err);
	if (failed == EPERM)
		return error_errno(err, failed, "it is another user's: CAP_SYS_NICE is needed",
				   "set: %s", name);
	ioctl(dev, CSCHED_IOC_GROUP, &group);
	return error_errno(err, failed, bad_value(failed, group.policy), "set: %s", name);
}

int device_remove(int dev, const struct csched_ioc_group *group, struct error *err)
{
	int failed;

	if (!ioctl(dev, CSCHED_IOC_REMOVE, (unsigned long)group->id))
		return 0;
	failed = errno;
	return error_errno(err, failed,
			   failed == EPERM ? "it is another user's: CAP_SYS_NICE is needed" : NULL,
			   "rm: %s", group->name);
}

static const char *why_not_added(int errnum, pid_t pid)
{
	switch (errnum) {
	case ESRCH:
		return "no process has this number here (a thread's number is not its process's)";
	case EBUSY:
		return "it is in a group already";
	case EPERM:
		return pid == 1 ? "init cannot be scheduled"
				: "it or the group is another user's: CAP_SYS_NICE is needed";
	case EINVAL:
		return "it is a kernel thread: those cannot be parked";
	case EOPNOTSUPP:
		return "it is scheduled by real-time or deadline rules: chrt --other -p 0 PID makes it an "
		       "ordinary one";
	case ENOENT:
		return "the group has just been removed";
	}
	return NULL;
}

int device_add(int dev, const struct csched_ioc_group *group, pid_t pid, struct error *err)
{
	struct csched_ioc_add args = { .id = group->id, .pid = pid };
	int failed;

	if (!ioctl(dev, CSCHED_IOC_ADD, &args))
		return 0;
	failed = errno;
	return error_errno(err, failed, why_not_added(failed, pid), "add to %s: pid %d",
			   group->name, (int)pid);
}
