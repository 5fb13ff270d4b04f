// SPDX-License-Identifier: GPL-2.0
/*
 * Shares, caps and credit as real tasks get them, by the kernel's own clocks. The
 * bounds hold on a loaded machine; the bench reports how near it comes.
 */
#include <sys/ioctl.h>

#include "../tap.h"
#include "groups.h"

/* Spinners of these weights on CPU 0, for a while: how far off is each, in parts of 1000? */
static void spinners_get_their_share(const char *policy, const uint32_t *weights, int n, int bound)
{
	uint64_t ran[8], all = 0, weight = 0;
	int dev = device_open(), i;
	uint32_t id[8];
	pid_t pid[8];

	for (i = 0; i < n; i++) {
		id[i] = group_on_cpu0(dev, policy, weights[i]);
		pid[i] = spin();
		CHECK(!group_add(dev, id[i], pid[i]), "add: %s", strerror(errno));
		weight += weights[i];
	}
	sleep_ns(SEC / 10);
	for (i = 0; i < n; i++)
		ran[i] = cpu_ns(pid[i]);
	sleep_ns(tap_scaled(5) * SEC);
	for (i = 0; i < n; i++) {
		ran[i] = cpu_ns(pid[i]) - ran[i];
		all += ran[i];
	}
	for (i = 0; i < n; i++) {
		struct csched_ioc_group info = group_info(dev, id[i]);
		long off = (long)(ran[i] * 100000 / all) - (long)(100000ull * weights[i] / weight);

		printf("# weight %u: ran %llu us, off by %ld/1000 %%, lag %lld us, %llu slots\n", weights[i],
		       (unsigned long long)ran[i] / 1000, off, info.lag_ns / 1000, info.slots);
		CHECK(off <= bound && off >= -bound, "weight %u is off by %ld/1000 %%", weights[i], off);
	}
	for (i = 0; i < n; i++)
		end(pid[i]);
}

static void weights_1_2_4(void)
{
	spinners_get_their_share("share", (uint32_t[]){ 100, 200, 400 }, 3, 1000);
}

static void weights_10_1(void)
{
	spinners_get_their_share("share", (uint32_t[]){ 1000, 100 }, 2, 1000);
}

static void weights_under_credit(void)
{
	spinners_get_their_share("credit", (uint32_t[]){ 256, 512 }, 2, 2000);
}

static void a_sleepers_time_goes_to_the_others(void)
{
	int dev = device_open();
	uint32_t a = group_on_cpu0(dev, "share", 100), b = group_on_cpu0(dev, "share", 100);
	pid_t hog = spin(), sleeper = run_and_sleep(5 * MS, 45 * MS);
	uint64_t before, ran, wall;

	CHECK(!group_add(dev, a, hog) && !group_add(dev, b, sleeper), "add");
	sleep_ns(SEC / 10);
	wall = clock_ns();
	before = cpu_ns(hog);
	sleep_ns(tap_scaled(3) * SEC);
	ran = cpu_ns(hog) - before;
	wall = clock_ns() - wall;
	printf("# the hog got %llu %%\n", (unsigned long long)(ran * 100 / wall));
	CHECK(ran * 100 / wall >= 80, "the hog got %llu %%", (unsigned long long)(ran * 100 / wall));
	end(hog);
	end(sleeper);
}

static void a_cap_holds(void)
{
	struct csched_ioc_create args;
	uint64_t before, ran, wall;
	int dev = device_open();
	uint32_t id;
	pid_t pid;

	group_init(&args, "share", 100);
	args.cap = 25;
	id = group_create(dev, &args);
	pid = spin();
	CHECK(!group_add(dev, id, pid), "add: %s", strerror(errno));
	sleep_ns(SEC / 10);
	wall = clock_ns();
	before = cpu_ns(pid);
	sleep_ns(tap_scaled(4) * SEC);
	ran = cpu_ns(pid) - before;
	wall = clock_ns() - wall;
	printf("# %llu.%02llu %%\n", (unsigned long long)(ran * 100 / wall),
	       (unsigned long long)(ran * 10000 / wall % 100));
	/* A machine that stalls gives less; it must never be more. */
	CHECK(ran * 1000 / wall > 150 && ran * 1000 / wall < 270, "cap 25: %llu/10 %%",
	      (unsigned long long)(ran * 1000 / wall));
	end(pid);
}

static void two_cpus_stay_busy(void)
{
	struct csched_ioc_create args;
	uint64_t all = 0, wall;
	int dev = device_open(), i;
	uint32_t id[3];
	pid_t pid[3];

	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP("not two CPUs");
	for (i = 0; i < 3; i++) {
		group_init(&args, "share", 100);
		id[i] = group_create(dev, &args);
		pid[i] = spin();
		CHECK(!group_add(dev, id[i], pid[i]), "add: %s", strerror(errno));
	}
	sleep_ns(SEC / 10);
	wall = clock_ns();
	for (i = 0; i < 3; i++)
		all -= cpu_ns(pid[i]);
	sleep_ns(tap_scaled(4) * SEC);
	for (i = 0; i < 3; i++)
		all += cpu_ns(pid[i]);
	wall = clock_ns() - wall;
	for (i = 0; i < 3; i++)
		printf("# ran %llu us, lag %lld us\n", (unsigned long long)cpu_ns(pid[i]) / 1000,
		       group_info(dev, id[i]).lag_ns / 1000);
	printf("# busy %llu/1000\n", (unsigned long long)(all * 1000 / wall));
	CHECK(all * 1000 / wall >= 1700, "busy %llu/1000 of 2 CPUs", (unsigned long long)(all * 1000 / wall));
	for (i = 0; i < 3; i++)
		end(pid[i]);
}

static void credit_is_conserved(void)
{
	int dev = device_open(), i;
	uint32_t id[3];
	pid_t pid[3];

	for (i = 0; i < 3; i++) {
		id[i] = group_on_cpu0(dev, "credit", 256);
		pid[i] = i ? spin() : run_and_sleep(2 * MS, 18 * MS);
		CHECK(!group_add(dev, id[i], pid[i]), "add: %s", strerror(errno));
	}
	sleep_ns(SEC);
	for (i = 0; i < 3; i++) {
		struct csched_ioc_group info = group_info(dev, id[i]);

		printf("# earned %llu spent %llu balance %lld discarded %llu used %llu, %llu boosts\n",
		       info.earned_ns, info.spent_ns, info.credit_ns, info.discarded_ns, info.used_ns,
		       info.boosts);
		CHECK(info.earned_ns > SEC / 4, "earned %llu ns", info.earned_ns);
		CHECK((int64_t)(info.earned_ns - info.spent_ns - info.discarded_ns) == info.credit_ns,
		      "group %d", i);
		CHECK(i || info.boosts > 10, "%llu boosts", info.boosts);
		end(pid[i]);
	}
}

int main(void)
{
	RUN(weights_1_2_4);
	RUN(weights_10_1);
	RUN(weights_under_credit);
	RUN(a_sleepers_time_goes_to_the_others);
	RUN(a_cap_holds);
	RUN(two_cpus_stay_busy);
	RUN(credit_is_conserved);
	return tap_done();
}
