// SPDX-License-Identifier: GPL-2.0
/*
 * Limits as the OCI runtime specification has them (config-linux.md#control-groups) become files of
 * cgroup v1 and v2. The ends of the ranges are those of the kernel's documentation:
 *
 *	cpu.shares	2 .. 262144, 1024	kernel/sched/sched.h: MIN_SHARES, MAX_SHARES
 *	cpu.weight	1 .. 10000, 100		admin-guide/cgroup-v2.rst, CPU Interface Files
 *	cpu.max		"max 100000"		likewise; a period of 1 ms to 1 s: scheduler/sched-bwc.rst
 *	cpu.max.burst	0 .. $MAX		likewise
 *	io.weight	1 .. 10000, 100		likewise, IO Interface Files
 *	blkio.bfq.weight, io.bfq.weight	1 .. 1000, 100	block/bfq-iosched.rst; OCI: weight is 10 .. 1000
 *	memory.memsw	memory and swap together	admin-guide/cgroup-v1/memory.rst, 2.4
 *	memory.swap.max	swap alone		admin-guide/cgroup-v2.rst, Memory Interface Files
 */
#include "../schedule/schedule.h"
#include "cgroup.h"
#include "recorder.h"
#include "tap.h"

#define ALL	((1u << CG_CONTROLLERS) - 1)

static struct cgroups groups;
static struct config_resources r;
static struct error err;

static int applied(bool v2)
{
	groups = (struct cgroups){ .count = 1, .enabled = true };
	groups.hierarchies[0] = (struct cgroup_hierarchy){ .v2 = v2, .controllers = ALL, .dir = 9 };
	recorded[0] = err.text[0] = '\0';
	/* As cgroups_apply() has it. */
	return cgroups_apply_v1(&groups, &r, &err) ?: cgroups_apply_v2(&groups, &r, &err);
}

#define WRITES(v2, text) do {							\
	CHECK_EQ(applied(v2), 0);						\
	CHECK(!strcmp(recorded, text), "wrote \"%s\", not \"%s\"", recorded, text); \
} while (0)

static void shares_are_weights(void)
{
	static const uint64_t pairs[][2] = {
		{ 0, 1 }, { 1, 1 }, { 2, 1 }, { 28, 1 }, { 29, 2 }, { 1024, 39 }, { 131073, 5000 },
		{ 262143, 9999 }, { 262144, 10000 }, { 262145, 10000 }, { UINT64_MAX, 10000 },
	};
	uint64_t before = 1;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		CHECK_EQ(cgroup_weight_of_shares(pairs[i][0]), pairs[i][1]);
	for (uint64_t shares = 2; shares <= 262144; shares++) {
		uint64_t weight = cgroup_weight_of_shares(shares);

		CHECK(weight >= before && weight <= before + 1, "%llu shares: %llu, after %llu",
		      (unsigned long long)shares, (unsigned long long)weight, (unsigned long long)before);
		before = weight;
	}
}

static void io_weights_are_stretched(void)
{
	static const uint64_t pairs[][2] = {
		{ 0, 1 }, { 9, 1 }, { 10, 1 }, { 11, 11 }, { 100, 910 }, { 500, 4950 }, { 999, 9989 },
		{ 1000, 10000 }, { 1001, 10000 }, { UINT64_MAX, 10000 },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		CHECK_EQ(cgroup_io_weight(pairs[i][0]), pairs[i][1]);
}

static void what_is_not_said_is_not_written(void)
{
	config_resources_unset(&r);
	WRITES(false, "");
	WRITES(true, "");
	/* What clients write who mean "as it is". */
	r.cpu_shares = r.cpu_quota = r.cpu_period = r.pids_limit = r.io_weight = r.memory_swap = 0;
	r.cpu_realtime_period = r.cpu_realtime_runtime = 0;
	r.cpus = r.mems = "";
	WRITES(false, "");
	WRITES(true, "");
}

static void shares(void)
{
	static const struct {
		int64_t shares;
		const char *v1;
		const char *v2;
	} ends[] = {
		{ 1, "cpu.shares=1 ", "cpu.weight=1 " },
		{ 2, "cpu.shares=2 ", "cpu.weight=1 " },
		{ 1024, "cpu.shares=1024 ", "cpu.weight=39 " },
		{ 262144, "cpu.shares=262144 ", "cpu.weight=10000 " },
	};

	config_resources_unset(&r);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		r.cpu_shares = ends[i].shares;
		WRITES(false, ends[i].v1);
		WRITES(true, ends[i].v2);
	}
}

/* So what is not said of the two stays as it is there. */
static void quota_and_period_are_one_file(void)
{
	config_resources_unset(&r);
	recorder_holds = "30000 100000";
	r.cpu_quota = 1000;
	WRITES(false, "cpu.cfs_quota_us=1000 ");
	WRITES(true, "cpu.max=1000 ");
	r.cpu_period = 1000;
	WRITES(false, "cpu.cfs_period_us=1000 cpu.cfs_quota_us=1000 ");
	WRITES(true, "cpu.max=1000 1000 ");
	r.cpu_period = 1000000;
	r.cpu_quota = INT64_MAX;
	WRITES(true, "cpu.max=9223372036854775807 1000000 ");
	r.cpu_quota = -1;
	WRITES(false, "cpu.cfs_period_us=1000000 cpu.cfs_quota_us=-1 ");
	WRITES(true, "cpu.max=max 1000000 ");
	r.cpu_quota = CONFIG_UNSET;
	WRITES(false, "cpu.cfs_period_us=1000000 ");
	WRITES(true, "cpu.max=30000 1000000 ");
	recorder_holds = "max 100000";
	WRITES(true, "cpu.max=max 1000000 ");
	r.cpu_period = 0;
	r.cpu_quota = -1;
	WRITES(true, "cpu.max=max ");
	recorder_holds = NULL;
}

/* It may not exceed the quota, so that comes first. */
static void a_burst_comes_behind_its_quota(void)
{
	config_resources_unset(&r);
	r.cpu_quota = r.cpu_burst = 50000;
	r.cpu_period = 100000;
	WRITES(false, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000 cpu.cfs_burst_us=50000 ");
	WRITES(true, "cpu.max=50000 100000 cpu.max.burst=50000 ");
	config_resources_unset(&r);
	r.cpu_burst = 0;
	WRITES(false, "cpu.cfs_burst_us=0 ");
	WRITES(true, "cpu.max.burst=0 ");
	config_resources_unset(&r);
	r.cpu_idle = 1;
	r.cpus = "0-1,3";
	r.mems = "0";
	WRITES(false, "cpu.idle=1 cpuset.cpus=0-1,3 cpuset.mems=0 ");
	WRITES(true, "cpu.idle=1 cpuset.cpus=0-1,3 cpuset.mems=0 ");
}

static void real_time_is_of_v1(void)
{
	config_resources_unset(&r);
	r.cpu_realtime_period = 1000000;
	r.cpu_realtime_runtime = 950000;
	WRITES(false, "cpu.rt_period_us=1000000 cpu.rt_runtime_us=950000 ");
	WRITES(true, "");
}

static void memory(void)
{
	config_resources_unset(&r);
	r.memory_limit = 1 << 20;
	r.memory_reservation = 1 << 19;
	WRITES(false, "memory.limit_in_bytes=1048576 memory.soft_limit_in_bytes=524288 ");
	WRITES(true, "memory.max=1048576 memory.low=524288 ");
	r.memory_limit = r.memory_reservation = -1;
	WRITES(false, "memory.limit_in_bytes=-1 memory.soft_limit_in_bytes=-1 ");
	WRITES(true, "memory.max=max memory.low=max ");
	r.memory_limit = INT64_MAX;
	r.memory_reservation = CONFIG_UNSET;
	WRITES(true, "memory.max=9223372036854775807 ");
}

static void swap_is_what_is_beyond_memory(void)
{
	static const struct {
		int64_t memory;
		int64_t both;
		const char *v2;
	} ends[] = {
		{ 4096, 4096, "memory.swap.max=0 memory.max=4096 " },
		{ 4096, 4097, "memory.swap.max=1 memory.max=4096 " },
		{ 1, INT64_MAX, "memory.swap.max=9223372036854775806 memory.max=1 " },
		{ 4096, -1, "memory.swap.max=max memory.max=4096 " },
		{ 4096, 0, "memory.max=4096 " },
		{ -1, -1, "memory.swap.max=max memory.max=max " },
		{ CONFIG_UNSET, -1, "memory.swap.max=max " },
	};

	config_resources_unset(&r);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		r.memory_limit = ends[i].memory;
		r.memory_swap = ends[i].both;
		WRITES(true, ends[i].v2);
	}
	/* In v1 the sum is never below its part, whichever grows: first if it can be, then again. */
	r.memory_limit = 4096;
	r.memory_swap = 8192;
	WRITES(false, "memory.memsw.limit_in_bytes=8192 memory.limit_in_bytes=4096 "
		      "memory.memsw.limit_in_bytes=8192 ");
	r.memory_limit = CONFIG_UNSET;
	WRITES(false, "memory.memsw.limit_in_bytes=8192 ");
	r.memory_limit = 4096;
	r.memory_swap = 0;
	WRITES(false, "memory.limit_in_bytes=4096 ");
}

/* A difference below zero would read as no limit at all. */
static void a_sum_below_its_part_is_refused(void)
{
	static const int64_t wrong[][2] = {
		{ CONFIG_UNSET, 1 }, { -1, 1 }, { -1, INT64_MAX }, { 2, 1 }, { INT64_MAX, 1 },
	};

	config_resources_unset(&r);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		r.memory_limit = wrong[i][0];
		r.memory_swap = wrong[i][1];
		CHECK_EQ(applied(true), -22);
		CHECK(strstr(err.text, ".linux.resources.memory.swap: "), "%s", err.text);
		CHECK(!*recorded, "%s", recorded);
	}
}

static void the_rest_of_memory_is_of_v1(void)
{
	config_resources_unset(&r);
	r.memory_swappiness = 100;
	r.memory_kernel_tcp = 4096;
	r.disable_oom_killer = true;
	WRITES(false, "memory.kmem.tcp.limit_in_bytes=4096 memory.swappiness=100 memory.oom_control=1 ");
	WRITES(true, "");
}

static void pids(void)
{
	config_resources_unset(&r);
	r.pids_limit = 1;
	WRITES(false, "pids.max=1 ");
	WRITES(true, "pids.max=1 ");
	r.pids_limit = INT64_MAX;
	WRITES(true, "pids.max=9223372036854775807 ");
	r.pids_limit = -1;
	WRITES(false, "pids.max=max ");
	WRITES(true, "pids.max=max ");
}

static void io_weights(void)
{
	struct config_io_device device = { .major = 8, .minor = 16, .value = 500 };

	config_resources_unset(&r);
	r.io_weight = 10;
	WRITES(false, "blkio.weight=10 ");
	WRITES(true, "io.bfq.weight=10 ");
	recorder_lacks = "io.bfq.weight";
	WRITES(true, "io.weight=1 ");
	r.io_weight = 1000;
	WRITES(true, "io.weight=10000 ");
	recorder_lacks = "blkio.weight";
	WRITES(false, "blkio.bfq.weight=1000 ");
	recorder_lacks = NULL;
	r.io_weight = CONFIG_UNSET;
	r.io_weights = &device;
	r.io_weight_count = 1;
	WRITES(false, "blkio.bfq.weight_device=8:16 500 ");
	WRITES(true, "io.bfq.weight=8:16 500 ");
}

static void io_limits(void)
{
	struct config_io_device device[IO_LIMITS] = {
		{ .major = 0xfff, .minor = 0xfffff, .value = INT64_MAX }, { 8, 0, 0 }, { 8, 0, 1 }, { 8, 1, 2 },
	};

	config_resources_unset(&r);
	for (int i = 0; i < IO_LIMITS; i++) {
		r.io_limits[i] = &device[i];
		r.io_limit_count[i] = 1;
	}
	WRITES(false, "blkio.throttle.read_bps_device=4095:1048575 9223372036854775807 "
		      "blkio.throttle.write_bps_device=8:0 0 blkio.throttle.read_iops_device=8:0 1 "
		      "blkio.throttle.write_iops_device=8:1 2 ");
	WRITES(true, "io.max=4095:1048575 rbps=9223372036854775807 io.max=8:0 wbps=max io.max=8:0 riops=1 "
		     "io.max=8:1 wiops=2 ");
}

static void others(void)
{
	struct config_huge huge[] = { { "2MB", 0 }, { "1GB", INT64_MAX } };
	struct config_priority priority = { "eth0", 4294967295u };
	struct config_pair pair = { "memory.high", "4096" };

	config_resources_unset(&r);
	r.huge = huge;
	r.huge_count = 2;
	r.network_class = 0xffffffff;
	r.network_priorities = &priority;
	r.network_priority_count = 1;
	WRITES(false, "hugetlb.2MB.limit_in_bytes=0 hugetlb.1GB.limit_in_bytes=9223372036854775807 "
		      "net_cls.classid=4294967295 net_prio.ifpriomap=eth0 4294967295 ");
	WRITES(true, "hugetlb.2MB.max=0 hugetlb.1GB.max=9223372036854775807 ");
	config_resources_unset(&r);
	r.unified = &pair;
	r.unified_count = 1;
	WRITES(true, "memory.high=4096 ");
}

/* A limit that no hierarchy can keep is an error; one of a hybrid host goes to whoever has it. */
static void a_limit_goes_to_whoever_has_its_controller(void)
{
	config_resources_unset(&r);
	r.pids_limit = 5;
	r.cpu_shares = 2;
	groups = (struct cgroups){ .count = 2, .enabled = true };
	groups.hierarchies[0] = (struct cgroup_hierarchy){ .controllers = 1u << CG_CPU, .dir = 8 };
	groups.hierarchies[1] = (struct cgroup_hierarchy){ .v2 = true, .controllers = 1u << CG_PIDS, .dir = 9 };
	recorded[0] = '\0';
	CHECK_EQ(cgroups_apply_v1(&groups, &r, &err), 0);
	CHECK(!strcmp(recorded, "cpu.shares=2 "), "%s", recorded);
	recorded[0] = '\0';
	CHECK_EQ(cgroups_apply_v2(&groups, &r, &err), 0);
	CHECK(!strcmp(recorded, "pids.max=5 "), "%s", recorded);
	r.memory_limit = 4096;
	CHECK_EQ(cgroups_apply_v1(&groups, &r, &err), -95);
	CHECK(strstr(err.text, "memory limit: this host has no memory controller"), "%s", err.text);
}

static char said[200];

static void sched(bool v2, struct schedule s)
{
	static struct config_pair pair;

	groups = (struct cgroups){ .count = 1, .enabled = true };
	groups.hierarchies[0] = (struct cgroup_hierarchy){ .v2 = v2, .controllers = ALL, .dir = 9 };
	config_resources_unset(&r);
	schedule_as_groups(&s, &groups, &r, &pair, said, sizeof(said));
}

static void weights_of_sched(void)
{
	static const struct {
		struct schedule s;
		const char *v1;
		const char *v2;
	} ends[] = {
		{ { SCHEDULE_SHARE, 1, 0, 0 }, "cpu.shares=10 ", "cpu.weight=1 " },
		{ { SCHEDULE_SHARE, 100, 0, 0 }, "cpu.shares=1024 ", "cpu.weight=100 " },
		{ { SCHEDULE_LOTTERY, 10000, 0, 0 }, "cpu.shares=102400 ", "cpu.weight=10000 " },
		{ { SCHEDULE_CREDIT, 1, 0, 0 }, "cpu.shares=10 ", "cpu.weight=1 " },
		{ { SCHEDULE_CREDIT, 130, 0, 0 }, "cpu.shares=522 ", "cpu.weight=51 " },
		{ { SCHEDULE_CREDIT, 256, 0, 0 }, "cpu.shares=1024 ", "cpu.weight=100 " },
		{ { SCHEDULE_CREDIT, 65535, 0, 0 }, "cpu.shares=102400 ", "cpu.weight=10000 " },
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sched(false, ends[i].s);
		WRITES(false, ends[i].v1);
		sched(true, ends[i].s);
		WRITES(true, ends[i].v2);
	}
}

static void caps_and_bursts_of_sched(void)
{
	sched(true, (struct schedule){ SCHEDULE_CREDIT, 256, 1, 0 });
	WRITES(true, "cpu.max=1000 100000 cpu.weight=100 ");
	sched(true, (struct schedule){ SCHEDULE_CREDIT, 256, 100000, 0 });
	WRITES(true, "cpu.max=100000000 100000 cpu.weight=100 ");
	/* A burst is at most the quota. */
	sched(true, (struct schedule){ SCHEDULE_CREDIT, 256, 50, 50000000 });
	WRITES(true, "cpu.max=50000 100000 cpu.max.burst=50000 cpu.weight=100 ");
	sched(true, (struct schedule){ SCHEDULE_CREDIT, 256, 50, 30000000000 });
	WRITES(true, "cpu.max=50000 100000 cpu.max.burst=50000 cpu.weight=100 ");
	sched(false, (struct schedule){ SCHEDULE_CREDIT, 256, 50, 1000000 });
	WRITES(false, "cpu.shares=1024 cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000 cpu.cfs_burst_us=1000 ");
	sched(true, (struct schedule){ SCHEDULE_CREDIT, 256, 0, 1000000 });
	WRITES(true, "cpu.weight=100 ");
	CHECK(strstr(said, "no burst, which needs a cap"), "%s", said);
}

int main(void)
{
	RUN(shares_are_weights);
	RUN(io_weights_are_stretched);
	RUN(what_is_not_said_is_not_written);
	RUN(shares);
	RUN(quota_and_period_are_one_file);
	RUN(a_burst_comes_behind_its_quota);
	RUN(real_time_is_of_v1);
	RUN(memory);
	RUN(swap_is_what_is_beyond_memory);
	RUN(a_sum_below_its_part_is_refused);
	RUN(the_rest_of_memory_is_of_v1);
	RUN(pids);
	RUN(io_weights);
	RUN(io_limits);
	RUN(others);
	RUN(a_limit_goes_to_whoever_has_its_controller);
	RUN(weights_of_sched);
	RUN(caps_and_bursts_of_sched);
	return tap_done();
}
