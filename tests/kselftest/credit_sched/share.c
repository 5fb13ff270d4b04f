// SPDX-License-Identifier: GPL-2.0
/*
 * Shares, caps and credit as real tasks get them, by the kernel's own clocks. The
 * machine may be loaded and slow: the bounds hold all the same, and what was measured is
 * printed; how near it comes is for the bench to say. Fairness alone proves little
 * (the kernel is fair, too), so weights and latencies are always among the tests.
 */
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../tap.h"
#include "groups.h"

#define MOST	8
#define SLOT	(5 * MS)

/**
 * struct contest - groups with a spinner each
 * @dev: the device
 * @n: how many
 * @id: groups
 * @pid: spinners
 * @ran: how long each ran, ns
 * @all: their sum
 * @wall: time that passed, ns
 * @slots: slots given to all of them
 * @lag: the greatest one seen of anybody, ns
 */
struct contest {
	int dev;
	int n;
	uint32_t id[MOST];
	pid_t pid[MOST];
	uint64_t ran[MOST];
	uint64_t all;
	uint64_t wall;
	uint64_t slots;
	uint64_t lag;
};

/* Groups of these weights, zero at the end. */
static struct contest contest(const char *policy, uint64_t cpus, const uint32_t *weights)
{
	struct contest c = { .dev = device_open() };

	for (; weights[c.n]; c.n++) {
		struct csched_ioc_create args;

		group_init(&args, policy, weights[c.n]);
		args.cpus[0] = cpus;
		c.id[c.n] = group_create(c.dev, &args);
		c.pid[c.n] = spin();
		CHECK_EQ(group_add(c.dev, c.id[c.n], c.pid[c.n]), 0);
	}
	sleep_ns(SEC / 10);
	return c;
}

static void see_lag(struct contest *c)
{
	int i;

	for (i = 0; i < c->n; i++) {
		int64_t lag = group_info(c->dev, c->id[i]).lag_ns;

		if ((uint64_t)llabs(lag) > c->lag)
			c->lag = llabs(lag);
	}
}

static uint64_t slots(const struct contest *c)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < c->n; i++)
		sum += group_info(c->dev, c->id[i]).slots;
	return sum;
}

/* Let them run, and see how long each ran. */
static void go_on(struct contest *c, uint64_t ns)
{
	uint64_t since = clock_ns();
	int i;

	c->all = c->lag = 0;
	c->slots = slots(c);
	for (i = 0; i < c->n; i++)
		c->ran[i] = cpu_ns(c->pid[i]);
	while (clock_ns() - since < ns) {
		sleep_ns(20 * MS);
		see_lag(c);
	}
	for (i = 0; i < c->n; i++) {
		c->ran[i] = cpu_ns(c->pid[i]) - c->ran[i];
		c->all += c->ran[i];
	}
	c->wall = clock_ns() - since;
	c->slots = slots(c) - c->slots;
	printf("# %llu ms, busy %llu/1000, %llu slots, greatest lag %llu us, ran ms:",
	       (unsigned long long)(c->wall / MS), (unsigned long long)(c->all * 1000 / c->wall),
	       (unsigned long long)c->slots, (unsigned long long)c->lag / 1000);
	for (i = 0; i < c->n; i++)
		printf(" %llu", (unsigned long long)(c->ran[i] / MS));
	printf("\n");
}

static void end_contest(struct contest *c)
{
	int i;

	for (i = 0; i < c->n; i++)
		end(c->pid[i]);
	close(c->dev);
}

/*
 * Each got its part of what all got, but for the slots at both ends, 2 % of it, and
 * the greatest stall: a machine that stands still while a task has the CPU gives it all
 * that time, and the others theirs only later. Their lag shows it. (On a debug kernel the
 * CPU that serves the pool's timer loses a quarter of its time to it, and whoever is due all of it
 * falls behind.)
 */
static void check_parts(const struct contest *c, const uint32_t *parts)
{
	uint64_t sum = 0, stall = tap_slow() ? SEC : SEC / 4;
	int i;

	if (stall > c->lag)
		stall = c->lag;
	for (i = 0; i < c->n; i++)
		sum += parts[i];
	for (i = 0; i < c->n; i++) {
		int64_t due = c->all * parts[i] / sum, off = c->ran[i] - due;
		uint64_t bound = 2 * SLOT + c->all / 50 + stall;

		CHECK((uint64_t)llabs(off) <= bound, "group %d: %lld us more than its due of %lld us", i,
		      (long long)off / 1000, (long long)due / 1000);
	}
}

static void spinners_get(const char *policy, uint64_t ns, const uint32_t *weights)
{
	struct contest c = contest(policy, 1, weights);

	go_on(&c, ns);
	check_parts(&c, weights);
	CHECK(c.all * 10 >= c.wall * 8, "the CPU was idle");
	end_contest(&c);
}

static void weights_1_2_4(void)
{
	spinners_get("share", 4 * SEC, (uint32_t[]){ 100, 200, 400, 0 });
}

static void weights_10_1(void)
{
	spinners_get("share", 4 * SEC, (uint32_t[]){ 1000, 100, 0 });
}

static void eight_equal_weights(void)
{
	spinners_get("share", 4 * SEC, (uint32_t[]){ 7, 7, 7, 7, 7, 7, 7, 7, 0 });
}

static void weights_under_credit(void)
{
	spinners_get("credit", 4 * SEC, (uint32_t[]){ 256, 512, 0 });
}

/* Drawn: n slots of probability p deviate by sqrt(n p (1 - p)); five times that is never. */
static void weights_under_lottery(void)
{
	struct contest c = contest("lottery", 1, (uint32_t[]){ 100, 300, 0 });
	double all, off;

	go_on(&c, 4 * SEC);
	all = slots(&c);
	off = group_info(c.dev, c.id[1]).slots - all * 0.75;
	printf("# off by %.1f slots; the variance is %.0f\n", off, all * 0.25 * 0.75);
	CHECK(all > 100, "%.0f slots", all);
	CHECK(off * off <= 25 * all * 0.25 * 0.75, "it is not drawn 3:1");
	CHECK(c.ran[0] * 10 > c.all, "the lighter one starves");
	end_contest(&c);
}

static void a_weight_changed_counts_from_then_on(void)
{
	const uint32_t before[] = { 100, 100, 0 }, after[] = { 300, 100, 0 };
	struct contest c = contest("share", 1, before);
	struct csched_ioc_set set = { .id = c.id[0], .which = CSCHED_SET_WEIGHT, .weight = 300 };

	go_on(&c, 2 * SEC);
	check_parts(&c, before);
	CHECK_OK(ioctl(c.dev, CSCHED_IOC_SET, &set));
	go_on(&c, 2 * SEC);
	check_parts(&c, after);
	end_contest(&c);
}

/* What a group has not had it has not lost: lag is made up for, and does not pile up. */
static void lag_does_not_grow(void)
{
	struct contest c = contest("share", 1, (uint32_t[]){ 500, 300, 200, 100, 0 });
	uint64_t least = ~0ull;
	int i;

	/*
	 * A stall of the emulator shows in one stretch of the run; growth shows in all that follow: weights
	 * that do not count would put the first group 250 ms behind in the first second.
	 */
	for (i = 0; i < 4; i++) {
		go_on(&c, SEC);
		if (c.lag < least)
			least = c.lag;
	}
	CHECK(least <= 12 * SLOT, "it is never less than %llu us", (unsigned long long)least / 1000);
	end_contest(&c);
}

/* --- latency --- */

/**
 * struct gaps - what a spinner saw when it was not running
 * @n: how often it did not run for a millisecond or more
 * @longer: how often for more than @limit
 * @limit: ns
 * @longest: ns
 */
struct gaps {
	uint64_t n;
	uint64_t longer;
	uint64_t limit;
	uint64_t longest;
};

static pid_t watch_gaps(struct gaps *gaps)
{
	pid_t pid;

	fflush(stdout);
	pid = CHECK_OK(fork());
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(3, ~0U, 0);
	for (uint64_t last = clock_ns();;) {
		uint64_t now = clock_ns(), gap = now - last;

		last = now;
		if (gap < MS)
			continue;
		gaps->n++;
		gaps->longer += gap > gaps->limit;
		if (gap > gaps->longest)
			gaps->longest = gap;
	}
}

/* Four equal groups: everybody's turn comes after three others, not after the whole window. */
static void turns_are_short(void)
{
	struct contest c = contest("share", 1, (uint32_t[]){ 100, 100, 100, 0 });
	struct gaps *gaps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t id = group_on_cpu0(c.dev, "share", 100);
	pid_t pid;

	gaps->limit = 3 * 3 * SLOT;
	pid = watch_gaps(gaps);
	CHECK_EQ(group_add(c.dev, id, pid), 0);
	go_on(&c, 3 * SEC);
	printf("# %llu gaps, %llu longer than %llu ms, longest %llu us\n", (unsigned long long)gaps->n,
	       (unsigned long long)gaps->longer, (unsigned long long)(gaps->limit / MS),
	       (unsigned long long)gaps->longest / 1000);
	CHECK(gaps->n >= 3 * SEC / gaps->limit, "%llu turns only", (unsigned long long)gaps->n);
	/* A machine that stalls makes some gaps long; slots that are too long make all so. */
	CHECK(gaps->longer * 4 <= gaps->n, "one gap in four is too long");
	end(pid);
	end_contest(&c);
}

/*
 * However light: nobody waits much longer than park_max, most of the time. (On a slow machine
 * a minimal slot may be over before its task has come to run in it.)
 */
static void the_lightest_gets_a_minimal_slot_in_time(void)
{
	struct contest c = contest("share", 1, (uint32_t[]){ 10000, 10000, 0 });
	struct gaps *gaps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t id = group_on_cpu0(c.dev, "share", 1);
	pid_t pid;

	gaps->limit = 4 * 150 * MS;
	pid = watch_gaps(gaps);
	CHECK_EQ(group_add(c.dev, id, pid), 0);
	go_on(&c, 4 * SEC);
	printf("# %llu gaps, %llu longer than %llu ms, longest %llu us\n", (unsigned long long)gaps->n,
	       (unsigned long long)gaps->longer, (unsigned long long)(gaps->limit / MS),
	       (unsigned long long)gaps->longest / 1000);
	CHECK(gaps->n >= (tap_slow() ? 1 : 6), "%llu turns in 4 s", (unsigned long long)gaps->n);
	CHECK(gaps->longer * 4 <= gaps->n, "one gap in four is too long");
	end(pid);
	end_contest(&c);
}

/* --- what one leaves unused --- */

static void a_sleepers_time_goes_to_the_others_by_weight(void)
{
	const uint32_t weights[] = { 200, 100, 0 };
	struct contest c = contest("share", 1, weights);
	uint32_t id = group_on_cpu0(c.dev, "share", 300);
	pid_t sleeper = run_and_sleep(5 * MS, 45 * MS);

	CHECK_EQ(group_add(c.dev, id, sleeper), 0);
	go_on(&c, 3 * SEC);
	/* It is due half of the time, and uses a tenth of it. */
	CHECK(c.all * 100 / c.wall >= (tap_slow() ? 60 : 75), "they got %llu %%",
	      (unsigned long long)(c.all * 100 / c.wall));
	check_parts(&c, weights);
	end(sleeper);
	end_contest(&c);
}

/* One that has slept is by its weight again as soon as it wakes, however long it then runs. */
static void who_wakes_is_scheduled_again(void)
{
	const uint32_t weights[] = { 1000, 100, 0 };
	struct contest c = contest("share", 1, weights);
	int tries = 2000;

	CHECK_OK(kill(c.pid[1], SIGSTOP));
	while (state_of(c.pid[1]) != 'T' && tries--)
		sleep_ns(10 * MS);
	CHECK(state_of(c.pid[1]) == 'T', "it does not stop");
	CHECK_OK(kill(c.pid[1], SIGCONT));
	sleep_ns(100 * MS);
	go_on(&c, 2 * SEC);
	check_parts(&c, weights);
	end_contest(&c);
}

/* --- caps --- */

static void cap_holds(uint64_t cpus, int spinners, uint32_t cap)
{
	struct csched_ioc_create args;
	uint64_t ran = 0, wall;
	pid_t pid[2];
	int dev = device_open(), i;

	group_init(&args, "share", 100);
	args.cpus[0] = cpus;
	args.cap = cap;
	group_create(dev, &args);
	for (i = 0; i < spinners; i++) {
		pid[i] = spin();
		CHECK_EQ(group_add(dev, args.id, pid[i]), 0);
	}
	sleep_ns(SEC / 10);
	wall = clock_ns();
	for (i = 0; i < spinners; i++)
		ran -= cpu_ns(pid[i]);
	sleep_ns(3 * SEC);
	for (i = 0; i < spinners; i++)
		ran += cpu_ns(pid[i]);
	wall = clock_ns() - wall;
	printf("# cap %u: %llu.%02llu %%\n", cap, (unsigned long long)(ran * 100 / wall),
	       (unsigned long long)(ran * 10000 / wall % 100));
	/* A machine that stalls gives less; it must never be more, but for a last stall. */
	CHECK(ran * 100 / wall <= cap + 3, "more than the cap");
	CHECK(ran * 100 / wall >= cap * 6 / 10, "much less than the cap");
	for (i = 0; i < spinners; i++)
		end(pid[i]);
	close(dev);
}

static void caps_hold(void)
{
	cap_holds(1, 1, 25);
	cap_holds(1, 2, 50);
	cap_holds(1, 1, 75);
}

static void a_cap_of_more_than_one_cpu_holds(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP("not two CPUs");
	cap_holds(3, 2, 150);
}

/* Not in the mean only: in hardly any tenth of a second is it more than the cap and a slot. */
static void a_cap_holds_in_any_tenth_of_a_second(void)
{
	enum { STEP = 10, WINDOW = 10, STEPS = 300 };
	uint64_t ran[STEPS], at[STEPS];
	int dev = device_open(), i, over = 0, n = 0;
	struct csched_ioc_create args;
	uint64_t most = 0;
	pid_t pid = spin();

	group_init(&args, "share", 100);
	args.cpus[0] = 1;
	args.cap = 30;
	CHECK_EQ(group_add(dev, group_create(dev, &args), pid), 0);
	sleep_ns(SEC / 5);
	for (i = 0; i < STEPS; i++) {
		ran[i] = cpu_ns(pid);
		at[i] = clock_ns();
		sleep_ns(STEP * MS);
	}
	for (i = WINDOW; i < STEPS; i++) {
		uint64_t may = (at[i] - at[i - WINDOW]) * 30 / 100 + SLOT + 4 * MS;
		uint64_t did = ran[i] - ran[i - WINDOW];

		n++;
		over += did > may;
		if (did > may && did - may > most)
			most = did - may;
	}
	printf("# %d of %d windows above, by %llu us at most\n", over, n, (unsigned long long)most / 1000);
	CHECK(over * 10 <= n, "%d of %d windows", over, n);
	end(pid);
	close(dev);
}

/* --- two CPUs --- */

static void need_two_cpus(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP("not two CPUs");
}

static void weights_on_two_cpus(void)
{
	const uint32_t weights[] = { 200, 100, 100, 0 };
	struct contest c;

	need_two_cpus();
	c = contest("share", 3, weights);
	go_on(&c, 4 * SEC);
	check_parts(&c, weights);
	end_contest(&c);
}

/* A task cannot use two CPUs, whatever its weight: it gets one, and says so. */
static void a_weight_that_cannot_be_met_is_readjusted(void)
{
	const uint32_t weights[] = { 1000, 100, 100, 0 }, parts[] = { 200, 100, 100, 0 };
	struct contest c;

	need_two_cpus();
	c = contest("share", 3, weights);
	go_on(&c, 4 * SEC);
	check_parts(&c, parts);
	CHECK_EQ(group_info(c.dev, c.id[0]).saturated, 1);
	CHECK_EQ(group_info(c.dev, c.id[1]).saturated, 0);
	CHECK_EQ(group_info(c.dev, c.id[0]).weight, 1000);
	CHECK_EQ(group_info(c.dev, c.id[0]).due_ppm / 1000, 1000);
	end_contest(&c);
}

/* Two processes on two CPUs wake each other in turn. Returns ns for one way, in the mean. */
static uint64_t hand_over_time(void)
{
	int there[2], back[2], n = 0;
	cpu_set_t cpus;
	uint64_t since;
	pid_t pid;
	char c = 0;

	CHECK_OK(pipe(there));
	CHECK_OK(pipe(back));
	fflush(stdout);
	pid = CHECK_OK(fork());
	CPU_ZERO(&cpus);
	CPU_SET(pid ? 0 : 1, &cpus);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
			;
		_exit(0);
	}
	for (since = clock_ns(); clock_ns() - since < SEC; n++)
		CHECK(write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1, "pipe");
	end(pid);
	CPU_SET(1, &cpus);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	return SEC / n / 2;
}

/*
 * Three tasks on two CPUs: when a slot ends the CPU idles until the next task runs there. How
 * long that takes depends on the kernel (a debug kernel needs a millisecond to wake a task on
 * another CPU), and on little else: it is a tenth of a slot and one such wake-up at most.
 */
static void two_cpus_stay_busy(void)
{
	uint64_t unit, idle, per_slot;
	struct contest c;

	need_two_cpus();
	unit = hand_over_time();
	c = contest("share", 3, (uint32_t[]){ 100, 100, 100, 0 });
	go_on(&c, 4 * SEC);
	idle = 2 * c.wall > c.all ? 2 * c.wall - c.all : 0;
	per_slot = idle / (c.slots ? c.slots : 1);
	printf("# a wake-up takes %llu us; idle for %llu us a slot\n", (unsigned long long)unit / 1000,
	       (unsigned long long)per_slot / 1000);
	CHECK(c.slots > 100, "%llu slots", (unsigned long long)c.slots);
	CHECK(per_slot <= SLOT / 10 + unit, "%llu us a slot", (unsigned long long)per_slot / 1000);
	end_contest(&c);
}

/* --- credit --- */

static void credit_is_conserved(void)
{
	int dev = device_open(), i;
	uint32_t id[3];
	pid_t pid[3];

	for (i = 0; i < 3; i++) {
		id[i] = group_on_cpu0(dev, "credit", 256);
		pid[i] = i ? spin() : run_and_sleep(2 * MS, 18 * MS);
		CHECK_EQ(group_add(dev, id[i], pid[i]), 0);
	}
	sleep_ns(2 * SEC);
	for (i = 0; i < 3; i++) {
		struct csched_ioc_group info = group_info(dev, id[i]);

		printf("# earned %llu spent %llu balance %lld discarded %llu used %llu, %llu boosts\n",
		       info.earned_ns, info.spent_ns, info.credit_ns, info.discarded_ns, info.used_ns,
		       info.boosts);
		CHECK(info.earned_ns > SEC / 4, "earned %llu ns", info.earned_ns);
		CHECK((int64_t)(info.earned_ns - info.spent_ns - info.discarded_ns) == info.credit_ns,
		      "group %d", i);
		CHECK(info.credit_ns <= (int64_t)info.burst_ns, "more than burst");
		CHECK(i || info.boosts > 10, "%llu boosts", info.boosts);
		end(pid[i]);
	}
	close(dev);
}

/* Half of two idle seconds is saved, up to one second: then it runs for two without a rest. */
static void saved_credit_is_spent_later(void)
{
	struct csched_ioc_create args;
	struct csched_ioc_group info;
	int dev = device_open(), i;
	uint64_t ran[2], at;
	pid_t pid[2];
	uint32_t id[2];

	for (i = 0; i < 2; i++) {
		group_init(&args, "credit", 256);
		args.cpus[0] = 1;
		args.burst_ns = SEC;
		id[i] = group_create(dev, &args);
		pid[i] = spin();
	}
	CHECK_EQ(group_add(dev, id[1], pid[1]), 0);
	sleep_ns(3 * SEC);
	info = group_info(dev, id[0]);
	CHECK(info.credit_ns <= (int64_t)SEC, "more than burst: %lld", info.credit_ns);
	CHECK(info.credit_ns > (int64_t)SEC / 2, "saved %lld ns only", info.credit_ns);
	CHECK_EQ(group_add(dev, id[0], pid[0]), 0);
	at = clock_ns();
	for (i = 0; i < 2; i++)
		ran[i] = cpu_ns(pid[i]);
	sleep_ns(SEC);
	for (i = 0; i < 2; i++)
		ran[i] = cpu_ns(pid[i]) - ran[i];
	at = clock_ns() - at;
	printf("# in %llu ms the saver ran %llu ms, the other %llu ms\n", (unsigned long long)(at / MS),
	       (unsigned long long)(ran[0] / MS), (unsigned long long)(ran[1] / MS));
	CHECK(ran[0] > 2 * ran[1], "savings are of no use");
	for (i = 0; i < 2; i++)
		end(pid[i]);
	close(dev);
}

int main(void)
{
	RUN_TIMED(weights_1_2_4);
	RUN_TIMED(weights_10_1);
	RUN_TIMED(eight_equal_weights);
	RUN_TIMED(weights_under_credit);
	RUN_TIMED(weights_under_lottery);
	RUN_TIMED(a_weight_changed_counts_from_then_on);
	RUN_TIMED(lag_does_not_grow);
	RUN_TIMED(turns_are_short);
	RUN_TIMED(the_lightest_gets_a_minimal_slot_in_time);
	RUN_TIMED(a_sleepers_time_goes_to_the_others_by_weight);
	RUN_TIMED(who_wakes_is_scheduled_again);
	RUN_TIMED(caps_hold);
	RUN_TIMED(a_cap_holds_in_any_tenth_of_a_second);
	RUN_TIMED(a_cap_of_more_than_one_cpu_holds);
	RUN_TIMED(weights_on_two_cpus);
	RUN_TIMED(a_weight_that_cannot_be_met_is_readjusted);
	RUN_TIMED(two_cpus_stay_busy);
	RUN(credit_is_conserved);
	RUN_TIMED(saved_credit_is_spent_later);
	return tap_done();
}
