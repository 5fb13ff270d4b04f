// SPDX-License-Identifier: GPL-2.0-only
/* Limits in the words of cgroup v1 (Documentation/admin-guide/cgroup-v1). Called by create.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"

int cgroups_set(const struct cgroup_hierarchy *h, const char *what, const char *controller,
		const char *file, const char *value, struct error *err)
{
	int ret;

	if (!h || h->dir < 0)
		return error_set(err, EOPNOTSUPP,
				 "cgroup: %s: this host has no %s controller for us: see "
				 "/proc/cgroups, and cgroup.controllers of the group above",
				 what, controller);
	ret = cgroup_write(h->dir, file, value);
	if (ret)
		return error_errno(err, -ret,
				   ret == -ENOENT ? "this kernel's controller has no such file"
						  : NULL,
				   "cgroup: %s: %s = %.100s", what, file, value);
	return 0;
}

struct setter {
	struct cgroups *groups;
	struct error *err;
	int ret;
};

/* A text into a file of v1; nothing if v2 has the controller. */
static void set_text(struct setter *s, enum cgroup_controller controller, const char *what,
		     const char *name, const char *file, const char *value)
{
	struct cgroup_hierarchy *h = cgroups_with(s->groups, controller);

	if (s->ret || (h && h->v2))
		return;
	s->ret = cgroups_set(h, what, name, file, value, s->err);
}

static void set_number(struct setter *s, enum cgroup_controller controller, const char *what,
		       const char *name, const char *file, int64_t value)
{
	char text[32];

	if (value == CONFIG_UNSET)
		return;
	snprintf(text, sizeof(text), "%" PRId64, value);
	set_text(s, controller, what, name, file, text);
}

/* The bound on memory and swap may never be below that on memory, whichever grows first. */
static void set_memory(struct setter *s, const struct config_resources *r)
{
	struct cgroup_hierarchy *h = cgroups_with(s->groups, CG_MEMORY);
	struct error ignored;
	char swap[32];

	if (h && !h->v2 && r->memory_limit != CONFIG_UNSET && r->memory_swap != CONFIG_UNSET &&
	    r->memory_swap != 0) {
		snprintf(swap, sizeof(swap), "%" PRId64, r->memory_swap);
		cgroups_set(h, "", "", "memory.memsw.limit_in_bytes", swap, &ignored);
	}
	set_number(s, CG_MEMORY, "memory limit", "memory", "memory.limit_in_bytes",
		   r->memory_limit);
	if (r->memory_swap != 0)
		set_number(s, CG_MEMORY, "limit of memory and swap", "memory",
			   "memory.memsw.limit_in_bytes", r->memory_swap);
	set_number(s, CG_MEMORY, "memory reservation", "memory", "memory.soft_limit_in_bytes",
		   r->memory_reservation);
	/* The bound on kernel memory alone is gone from Linux 6.x: what is left of it is tcp's. */
	set_number(s, CG_MEMORY, "kernel tcp memory", "memory", "memory.kmem.tcp.limit_in_bytes",
		   r->memory_kernel_tcp);
	set_number(s, CG_MEMORY, "swappiness", "memory", "memory.swappiness",
		   r->memory_swappiness);
	if (r->disable_oom_killer)
		set_text(s, CG_MEMORY, "no OOM killer", "memory", "memory.oom_control", "1");
}

static void set_cpu(struct setter *s, const struct config_resources *r)
{
	int64_t nothing = CONFIG_UNSET;

	set_number(s, CG_CPU, "cpu shares", "cpu", "cpu.shares",
		   r->cpu_shares ? r->cpu_shares : nothing);
	set_number(s, CG_CPU, "cpu period", "cpu", "cpu.cfs_period_us",
		   r->cpu_period ? r->cpu_period : nothing);
	set_number(s, CG_CPU, "cpu quota", "cpu", "cpu.cfs_quota_us",
		   r->cpu_quota ? r->cpu_quota : nothing);
	set_number(s, CG_CPU, "cpu burst", "cpu", "cpu.cfs_burst_us", r->cpu_burst);
	set_number(s, CG_CPU, "cpu idle", "cpu", "cpu.idle", r->cpu_idle);
	set_number(s, CG_CPU, "real-time period", "cpu", "cpu.rt_period_us",
		   r->cpu_realtime_period ? r->cpu_realtime_period : nothing);
	set_number(s, CG_CPU, "real-time runtime", "cpu", "cpu.rt_runtime_us",
		   r->cpu_realtime_runtime ? r->cpu_realtime_runtime : nothing);
	if (r->cpus && *r->cpus)
		set_text(s, CG_CPUSET, "cpus", "cpuset", "cpuset.cpus", r->cpus);
	if (r->mems && *r->mems)
		set_text(s, CG_CPUSET, "memory nodes", "cpuset", "cpuset.mems", r->mems);
}

static void set_io(struct setter *s, const struct config_resources *r)
{
	static const char *const files[IO_LIMITS] = {
		"blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
		"blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device",
	};
	struct cgroup_hierarchy *h = cgroups_with(s->groups, CG_IO);
	char text[64];

	if (h && !h->v2 && r->io_weight > 0) {
		/* The file is that of the disk scheduler in use. */
		snprintf(text, sizeof(text), "%" PRId64, r->io_weight);
		if (cgroup_write(h->dir, "blkio.weight", text))
			set_text(s, CG_IO, "io weight", "blkio", "blkio.bfq.weight", text);
	}
	for (size_t i = 0; i < r->io_weight_count; i++) {
		snprintf(text, sizeof(text), "%u:%u %" PRIu64, r->io_weights[i].major,
			 r->io_weights[i].minor, r->io_weights[i].value);
		set_text(s, CG_IO, "io weight", "blkio", "blkio.bfq.weight_device", text);
	}
	for (int k = 0; k < IO_LIMITS; k++)
		for (size_t i = 0; i < r->io_limit_count[k]; i++) {
			const struct config_io_device *d = &r->io_limits[k][i];

			snprintf(text, sizeof(text), "%u:%u %" PRIu64, d->major, d->minor,
				 d->value);
			set_text(s, CG_IO, "io limit", "blkio", files[k], text);
		}
}

int cgroups_apply_v1(struct cgroups *groups, const struct config_resources *r, struct error *err)
{
	struct setter s = { groups, err, 0 };
	char text[256];

	set_memory(&s, r);
	set_cpu(&s, r);
	if (r->pids_limit != CONFIG_UNSET && r->pids_limit != 0) {
		snprintf(text, sizeof(text), "%" PRId64, r->pids_limit);
		set_text(&s, CG_PIDS, "pids limit", "pids", "pids.max",
			 r->pids_limit < 0 ? "max" : text);
	}
	set_io(&s, r);
	for (size_t i = 0; i < r->huge_count; i++) {
		char file[64];

		snprintf(file, sizeof(file), "hugetlb.%s.limit_in_bytes", r->huge[i].page_size);
		snprintf(text, sizeof(text), "%" PRIu64, r->huge[i].limit);
		set_text(&s, CG_HUGETLB, "huge pages", "hugetlb", file, text);
	}
	set_number(&s, CG_NET_CLS, "network class", "net_cls", "net_cls.classid",
		   r->network_class);
	for (size_t i = 0; i < r->network_priority_count; i++) {
		snprintf(text, sizeof(text), "%.200s %u", r->network_priorities[i].name,
			 r->network_priorities[i].priority);
		set_text(&s, CG_NET_PRIO, "network priority", "net_prio", "net_prio.ifpriomap",
			 text);
	}
	return s.ret;
}
