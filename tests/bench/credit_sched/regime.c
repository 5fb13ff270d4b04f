// SPDX-License-Identifier: GPL-2.0
/* See regime.h. Called by the measuring programs of this folder; whatever fails ends them. */
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "groups.h"
#include "regime.h"
#include "tap.h"

#define CGROUPS	"/sys/fs/cgroup"

static const char *const names[] = { "plain", "nice", "cgroup", "csched" };

/* Of the regime csched; its groups live as long as it is open. */
static int device = -1;

bool regime_by_name(const char *name, enum regime *regime)
{
	for (int i = 0; i < 4; i++)
		if (!strcmp(names[i], name)) {
			*regime = i;
			return true;
		}
	return false;
}

const char *regime_name(enum regime regime)
{
	return names[regime];
}

static void write_file(const char *folder, const char *file, const char *format, ...)
{
	char path[200], text[64];
	va_list args;
	int fd, n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, text, n) == n, "%s: %s: %s", path, text, strerror(errno));
	close(fd);
}

void regime_begin(const struct setting *setting)
{
	if (setting->regime == CSCHED)
		device = device_open();
	if (setting->regime == CGROUP)
		write_file(CGROUPS, "cgroup.subtree_control", "+cpu");
}

/* Nearest nice value: a step is a quarter more or less. The heaviest weights stay above -20. */
static int nice_of(uint32_t weight)
{
	return 10 - (int)lround(log(weight / 100.0) / log(1.25));
}

static void make_cgroup(struct place *place, int n)
{
	snprintf(place->path, sizeof(place->path), CGROUPS "/bench-%d-%d", getpid(), n);
	CHECK(!mkdir(place->path, 0755), "mkdir %s: %s", place->path, strerror(errno));
	write_file(place->path, "cpu.weight", "%u", place->weight);
	if (place->cap)
		write_file(place->path, "cpu.max", "%u 100000", place->cap * 1000);
}

void place_make(const struct setting *setting, struct place *place, int n)
{
	struct csched_ioc_create args;

	if (setting->regime == CGROUP)
		make_cgroup(place, n);
	if (setting->regime != CSCHED)
		return;
	group_init(&args, setting->policy, place->weight);
	args.cap = place->cap;
	args.slot_ns = setting->slot_ns;
	args.burst_ns = setting->burst_ns;
	args.cpus[0] = (1ull << setting->cpus) - 1;
	place->id = group_create(device, &args);
}

void place_add(const struct setting *setting, struct place *place, pid_t pid)
{
	int ret;

	pin(pid, 0, setting->cpus);
	switch (setting->regime) {
	case PLAIN:
		break;
	case NICE:
		CHECK(!setpriority(PRIO_PROCESS, pid, nice_of(place->weight)), "nice: %s", strerror(errno));
		break;
	case CGROUP:
		write_file(place->path, "cgroup.procs", "%d", pid);
		break;
	case CSCHED:
		ret = group_add(device, place->id, pid);
		CHECK(!ret, "add: %s", strerror(-ret));
		break;
	}
}

/* False if the regime keeps no books that we could ask for. */
bool place_info(const struct setting *setting, const struct place *place,
		struct csched_ioc_group *info)
{
	if (setting->regime != CSCHED)
		return false;
	*info = group_info(device, place->id);
	return true;
}

/* Its processes have ended. */
void place_remove(const struct setting *setting, struct place *place)
{
	/* A cgroup is busy until the last of them is really gone. */
	for (int tries = 0; setting->regime == CGROUP && rmdir(place->path) && tries < 1000; tries++)
		sleep_ns(MS);
}

/* To CPUs first to first + count - 1. */
void pin(pid_t pid, unsigned int first, unsigned int count)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	while (count--)
		CPU_SET(first + count, &cpus);
	CHECK(!sched_setaffinity(pid, sizeof(cpus), &cpus), "affinity: %s", strerror(errno));
}
