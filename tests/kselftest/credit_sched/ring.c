// SPDX-License-Identifier: GPL-2.0
/*
 * The event ring: who may map what of it, what stands in it, what is lost when it
 * overruns, and in which order file, mapping and module may go.
 */
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"
#include "module.h"

#define PAGE	4096ull

static struct csched_ioc_status status;
static int dev;

static void setup(void)
{
	dev = device_open();
	CHECK_OK(ioctl(dev, CSCHED_IOC_STATUS, &status));
}

static const struct csched_ring *map_ring(unsigned int cpu)
{
	void *p = mmap(NULL, status.ring_bytes, PROT_READ, MAP_SHARED, dev, cpu * status.ring_bytes);

	CHECK(p != MAP_FAILED, "ring of CPU %u: %s", cpu, strerror(errno));
	return p;
}

static const struct csched_event *records(const struct csched_ring *ring)
{
	return (const void *)((const char *)ring + PAGE);
}

static uint64_t head(const struct csched_ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
}

/* --- mapping --- */

static void a_ring_says_what_it_holds(void)
{
	unsigned int cpu;

	setup();
	CHECK(status.cpus >= (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), "%u rings", status.cpus);
	CHECK_EQ(status.ring_bytes % PAGE, 0);
	for (cpu = 0; cpu < status.cpus; cpu++) {
		const struct csched_ring *ring = map_ring(cpu);

		CHECK_EQ(ring->record_size, sizeof(struct csched_event));
		CHECK(ring->capacity && !(ring->capacity & (ring->capacity - 1)), "%u records",
		      ring->capacity);
		CHECK(PAGE + ring->capacity * sizeof(struct csched_event) <= status.ring_bytes,
		      "%u records in %llu bytes", ring->capacity, (unsigned long long)status.ring_bytes);
		CHECK_OK(munmap((void *)ring, status.ring_bytes));
	}
}

static void map_refused(uint64_t length, uint64_t offset, int prot, int err)
{
	void *p = mmap(NULL, length, prot, MAP_SHARED, dev, offset);

	CHECK(p == MAP_FAILED && errno == err, "%llu bytes at %llu: %s, not %s", (unsigned long long)length,
	      (unsigned long long)offset, p == MAP_FAILED ? strerrorname_np(errno) : "mapped",
	      strerrorname_np(err));
}

static void only_a_whole_ring_can_be_mapped(void)
{
	uint64_t bytes;

	setup();
	bytes = status.ring_bytes;
	map_refused(bytes - PAGE, 0, PROT_READ, EINVAL);
	map_refused(PAGE, 0, PROT_READ, EINVAL);
	map_refused(bytes + PAGE, 0, PROT_READ, EINVAL);
	map_refused(2 * bytes, 0, PROT_READ, EINVAL);
	map_refused(bytes, PAGE, PROT_READ, EINVAL);
	map_refused(bytes, bytes - PAGE, PROT_READ, EINVAL);
	map_refused(bytes, status.cpus * bytes, PROT_READ, EINVAL);
	map_refused(bytes, (status.cpus + 1000) * bytes, PROT_READ, EINVAL);
	map_refused(bytes, 1ull << 62, PROT_READ, EINVAL);
}

static void nobody_can_write_to_a_ring(void)
{
	const struct csched_ring *ring;

	setup();
	map_refused(status.ring_bytes, 0, PROT_READ | PROT_WRITE, EACCES);
	map_refused(status.ring_bytes, 0, PROT_WRITE, EACCES);
	ring = map_ring(0);
	CHECK_ERRNO(mprotect((void *)ring, status.ring_bytes, PROT_READ | PROT_WRITE), EACCES);
	CHECK_ERRNO(mprotect((void *)ring, PAGE, PROT_WRITE), EACCES);
	/* It is still there, and reads. */
	CHECK_EQ(ring->record_size, sizeof(struct csched_event));
}

/* --- what stands in it --- */

#define CPUS	2
#define MOST	100000

static struct csched_event seen[MOST];
static int seen_n;

/* All records in [from, head) of one ring, none of them overwritten. */
static void collect(const struct csched_ring *ring, uint64_t from)
{
	uint64_t to = head(ring), n;

	CHECK(to - from <= ring->capacity && to - from < MOST - (uint64_t)seen_n, "%llu records",
	      (unsigned long long)(to - from));
	for (n = from; n < to; n++)
		seen[seen_n++] = records(ring)[n % ring->capacity];
	CHECK(head(ring) - from < ring->capacity, "overrun while reading");
}

static int by_time(const void *a, const void *b)
{
	const struct csched_event *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* What happens while @ns pass, on all CPUs, in order of time. */
static void watch(uint64_t ns)
{
	const struct csched_ring *ring[CPUS];
	uint64_t from[CPUS];
	unsigned int cpu;

	CHECK(status.cpus <= CPUS, "%u CPUs", status.cpus);
	for (cpu = 0; cpu < status.cpus; cpu++) {
		ring[cpu] = map_ring(cpu);
		from[cpu] = head(ring[cpu]);
	}
	sleep_ns(ns);
	for (seen_n = 0, cpu = 0; cpu < status.cpus; cpu++) {
		int first = seen_n, i;

		collect(ring[cpu], from[cpu]);
		for (i = first + 1; i < seen_n; i++)
			CHECK(seen[i].time_ns >= seen[i - 1].time_ns, "ring %u goes back in time", cpu);
	}
	qsort(seen, seen_n, sizeof(seen[0]), by_time);
}

static int count(uint8_t type, pid_t pid)
{
	int n = 0, i;

	for (i = 0; i < seen_n; i++)
		n += seen[i].type == type && (!pid || seen[i].pid == pid);
	return n;
}

/**
 * struct turn - where a spinner is in PICK, RELEASE, STOP, PARK
 * @known: it has been seen to park
 * @holds: it has been picked and has not parked since
 * @told: ... and told to stop
 * @parked: it sleeps
 */
struct turn {
	bool known;
	bool holds;
	bool told;
	bool parked;
};

static void take_turn(struct turn *t, const struct csched_event *e)
{
	if (!t->known && e->type != CSCHED_EVENT_PARK)
		return;
	switch (e->type) {
	case CSCHED_EVENT_PICK:
		CHECK(!t->holds || t->told, "picked twice");
		t->holds = true;
		t->told = false;
		break;
	case CSCHED_EVENT_RELEASE:
		CHECK(t->parked && t->holds, "released without having been picked");
		t->parked = false;
		break;
	case CSCHED_EVENT_STOP:
		CHECK(t->holds && !t->told, "told to stop without a slot");
		CHECK(e->reason == CSCHED_WHY_SLOT || e->reason == CSCHED_WHY_MINIMAL, "reason %u",
		      e->reason);
		t->told = true;
		break;
	case CSCHED_EVENT_PARK:
		CHECK(!t->known || (t->told && !t->parked), "parked without having been told to");
		t->known = t->parked = true;
		t->told = t->holds = false;
		break;
	default:
		FAIL("event %u of a spinner", e->type);
	}
}

/* Two spinners of equal weight on one CPU: strictly by turns, each event where it belongs. */
static void a_pair_of_spinners_is_seen_to_take_turns(void)
{
	struct turn turn[2] = { 0 };
	uint32_t id[2];
	pid_t pid[2];
	int i, k;

	setup();
	for (i = 0; i < 2; i++) {
		id[i] = group_on_cpu0(dev, "share", 100);
		pid[i] = spin();
		CHECK_EQ(group_add(dev, id[i], pid[i]), 0);
	}
	sleep_ns(100 * MS);
	watch(SEC);
	printf("# %d events: %d picks, %d stops, %d parks, %d releases\n", seen_n,
	       count(CSCHED_EVENT_PICK, 0), count(CSCHED_EVENT_STOP, 0), count(CSCHED_EVENT_PARK, 0),
	       count(CSCHED_EVENT_RELEASE, 0));
	for (i = 0; i < seen_n; i++) {
		const struct csched_event *e = &seen[i];

		k = e->pid == pid[1];
		CHECK(e->pid == pid[k], "pid %d is not of ours", e->pid);
		CHECK_EQ(e->group, id[k]);
		CHECK(e->cpu < status.cpus, "CPU %u", e->cpu);
		take_turn(&turn[k], e);
		CHECK(!turn[0].holds || !turn[1].holds, "both have the slot");
	}
	for (k = 0; k < 2; k++) {
		/* A second has a hundred slots of 10 ms in pairs; a slow machine has fewer. */
		CHECK(count(CSCHED_EVENT_PICK, pid[k]) >= 10, "picks");
		CHECK(abs(count(CSCHED_EVENT_PARK, pid[k]) - count(CSCHED_EVENT_RELEASE, pid[k])) <= 1,
		      "parks and releases");
		end(pid[k]);
	}
}

static void a_life_is_seen_from_join_to_leave(void)
{
	static const uint8_t must[] = { CSCHED_EVENT_JOIN, CSCHED_EVENT_WAKE, CSCHED_EVENT_PICK,
					CSCHED_EVENT_BLOCK, CSCHED_EVENT_LEAVE };
	const struct csched_ring *ring[CPUS];
	uint64_t from[CPUS], used = 0;
	unsigned int cpu, i;
	uint32_t id;
	pid_t pid;

	setup();
	id = group_on_cpu0(dev, "share", 100);
	for (cpu = 0; cpu < status.cpus; cpu++) {
		ring[cpu] = map_ring(cpu);
		from[cpu] = head(ring[cpu]);
	}
	pid = run_and_sleep(2 * MS, 8 * MS);
	CHECK_EQ(group_add(dev, id, pid), 0);
	sleep_ns(200 * MS);
	end(pid);
	for (cpu = 0; cpu < status.cpus; cpu++)
		collect(ring[cpu], from[cpu]);
	qsort(seen, seen_n, sizeof(seen[0]), by_time);
	for (i = 0; i < sizeof(must); i++)
		CHECK(count(must[i], pid), "event %u was not seen", must[i]);
	CHECK_EQ(count(CSCHED_EVENT_JOIN, pid), 1);
	CHECK_EQ(count(CSCHED_EVENT_LEAVE, pid), 1);
	CHECK(count(CSCHED_EVENT_BLOCK, pid) > 3, "it sleeps more often");
	CHECK_EQ(seen[0].type, CSCHED_EVENT_JOIN);
	CHECK_EQ(seen[seen_n - 1].type, CSCHED_EVENT_LEAVE);
	for (i = 0; i < (unsigned int)seen_n; i++) {
		CHECK(seen[i].used_ns >= used, "used_ns goes back");
		used = seen[i].used_ns;
	}
	CHECK(used > MS, "used_ns is %llu", (unsigned long long)used);
}

static void boost_account_and_throttle_are_seen(void)
{
	struct csched_ioc_create args;
	pid_t sleeper, hog;
	uint32_t id[2];
	int i;

	setup();
	for (i = 0; i < 2; i++) {
		group_init(&args, "credit", 256);
		args.cpus[0] = 1;
		args.cap = i ? 50 : 0;
		id[i] = group_create(dev, &args);
	}
	sleeper = run_and_sleep(2 * MS, 18 * MS);
	hog = spin();
	CHECK_EQ(group_add(dev, id[0], sleeper), 0);
	CHECK_EQ(group_add(dev, id[1], hog), 0);
	sleep_ns(100 * MS);
	watch(SEC);
	CHECK(count(CSCHED_EVENT_BOOST, 0) > 3, "%d boosts", count(CSCHED_EVENT_BOOST, 0));
	CHECK(count(CSCHED_EVENT_ACCOUNT, 0) > 3, "%d", count(CSCHED_EVENT_ACCOUNT, 0));
	CHECK(count(CSCHED_EVENT_THROTTLE, 0) > 3, "%d", count(CSCHED_EVENT_THROTTLE, 0));
	CHECK(abs(count(CSCHED_EVENT_THROTTLE, 0) - count(CSCHED_EVENT_UNTHROTTLE, 0)) <= 1, "unequal");
	for (i = 0; i < seen_n; i++) {
		if (seen[i].type >= CSCHED_EVENT_BOOST)
			CHECK_EQ(seen[i].pid, 0);
		if (seen[i].type == CSCHED_EVENT_BOOST)
			CHECK_EQ(seen[i].group, id[0]);
		if (seen[i].type == CSCHED_EVENT_BOOST)
			CHECK_EQ(seen[i].standing, CSCHED_STANDING_BOOST);
		if (seen[i].type == CSCHED_EVENT_THROTTLE)
			CHECK_EQ(seen[i].group, id[1]);
	}
	end(sleeper);
	end(hog);
}

/* It causes no event, since nobody wants its slot; who asks for the group is told where it is. */
static void one_alone_is_seen_by_who_asks(void)
{
	const struct csched_ring *ring[CPUS];
	uint64_t from[CPUS];
	unsigned int cpu;
	uint32_t id;
	pid_t pid;
	int i;

	setup();
	id = group_on_cpu0(dev, "share", 100);
	pid = spin();
	CHECK_EQ(group_add(dev, id, pid), 0);
	sleep_ns(200 * MS);
	for (cpu = 0; cpu < status.cpus; cpu++) {
		ring[cpu] = map_ring(cpu);
		from[cpu] = head(ring[cpu]);
	}
	CHECK_EQ(group_info(dev, id).held, 1);
	for (seen_n = 0, cpu = 0; cpu < status.cpus; cpu++)
		collect(ring[cpu], from[cpu]);
	CHECK_EQ(count(CSCHED_EVENT_HOLDS, 0), 1);
	for (i = 0; i < seen_n; i++) {
		if (seen[i].type != CSCHED_EVENT_HOLDS)
			continue;
		CHECK_EQ(seen[i].pid, pid);
		CHECK_EQ(seen[i].group, id);
		CHECK_EQ(seen[i].cpu, 0);
		CHECK(seen[i].used_ns > MS, "used_ns is %llu", (unsigned long long)seen[i].used_ns);
	}
	end(pid);
}

/* --- overrun --- */

/* The oldest are lost, and a reader can tell: what is left is the newest, in order. */
static void the_oldest_records_are_overwritten(void)
{
	const struct csched_ring *ring;
	struct csched_ioc_create args;
	uint64_t began, to, n;
	pid_t pid[2];
	int i;

	setup();
	ring = map_ring(0);
	for (i = 0; i < 2; i++) {
		group_init(&args, "share", 100);
		args.cpus[0] = 1;
		args.slot_ns = MS / 2;
		pid[i] = spin();
		CHECK_EQ(group_add(dev, group_create(dev, &args), pid[i]), 0);
	}
	began = head(ring);
	for (i = 0; i < 10000 && head(ring) - began <= ring->capacity + 100; i++)
		sleep_ns(10 * MS);
	for (i = 0; i < 2; i++)
		end(pid[i]);
	to = head(ring);
	printf("# %llu records into a ring of %u\n", (unsigned long long)(to - began), ring->capacity);
	CHECK(to - began > ring->capacity, "it does not overrun");
	for (n = to - ring->capacity + 1; n < to; n++)
		CHECK(records(ring)[n % ring->capacity].time_ns >=
		      records(ring)[(n - 1) % ring->capacity].time_ns, "record %llu is out of order",
		      (unsigned long long)n);
	CHECK_EQ(head(ring), to);
}

/* --- orders of going --- */

/* A member that gives the ring of CPU 0 something to show. */
static pid_t busy_on_cpu0(void)
{
	pid_t pid = run_and_sleep(MS, MS);

	CHECK_EQ(group_add(dev, group_on_cpu0(dev, "share", 1), pid), 0);
	return pid;
}

/* Does it show what happens now? */
static bool shows(const struct csched_ring *ring)
{
	uint64_t before = head(ring);
	int tries = 1000;

	while (head(ring) == before && tries--)
		sleep_ns(10 * MS);
	return head(ring) != before;
}

static void a_mapping_outlives_its_file(void)
{
	const struct csched_ring *ring;
	pid_t pid;

	module_keep_parameters();
	setup();
	ring = map_ring(0);
	close(dev);
	CHECK_EQ(ring->record_size, sizeof(struct csched_event));
	CHECK_ERRNO(module_try_unload(), EWOULDBLOCK);
	/* It goes on to show what happens. */
	dev = device_open();
	pid = busy_on_cpu0();
	CHECK(shows(ring), "nothing is seen");
	end(pid);
	close(dev);
	CHECK_ERRNO(module_try_unload(), EWOULDBLOCK);
	CHECK_OK(munmap((void *)ring, status.ring_bytes));
	module_unload();
	CHECK_OK(module_load());
}

static void a_part_of_a_mapping_and_a_child_hold_the_module(void)
{
	char *ring;
	pid_t pid;

	module_keep_parameters();
	setup();
	ring = (char *)map_ring(0);
	close(dev);
	CHECK_OK(munmap(ring + PAGE, PAGE));
	CHECK_OK(munmap(ring + 2 * PAGE, status.ring_bytes - 2 * PAGE));
	CHECK_ERRNO(module_try_unload(), EWOULDBLOCK);
	CHECK_EQ(((struct csched_ring *)ring)->record_size, sizeof(struct csched_event));
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid)
		for (;;)
			pause();
	CHECK_OK(munmap(ring, PAGE));
	CHECK_ERRNO(module_try_unload(), EWOULDBLOCK);
	end(pid);
	module_unload();
	CHECK_OK(module_load());
}

/* Who has a part of a ring watches, and so does a child after its parent has stopped. */
static void a_part_of_a_mapping_and_a_child_are_shown_what_happens(void)
{
	int unmapped[2], ended;
	pid_t busy, child;
	char *ring, c;

	setup();
	busy = busy_on_cpu0();
	ring = (char *)map_ring(0);
	CHECK_OK(munmap(ring + PAGE, PAGE));
	CHECK(shows((void *)ring), "nothing, around a hole");
	CHECK_OK(munmap(ring + 2 * PAGE, status.ring_bytes - 2 * PAGE));
	CHECK(shows((void *)ring), "nothing, on the first page");
	CHECK_OK(pipe(unmapped));
	fflush(stdout);
	child = CHECK_OK(fork());
	if (!child) {
		CHECK(read(unmapped[0], &c, 1) == 1, "read");
		CHECK(shows((void *)ring), "nothing, to the child");
		_exit(KSFT_PASS);
	}
	CHECK_OK(munmap(ring, PAGE));
	CHECK(write(unmapped[1], "", 1) == 1, "write");
	CHECK_EQ(CHECK_OK(waitpid(child, &ended, 0)), child);
	CHECK(!ended, "the child ended with 0x%x", ended);
	end(busy);
}

static void the_file_may_outlive_the_mapping(void)
{
	int i;

	setup();
	for (i = 0; i < 1000; i++)
		CHECK_OK(munmap((void *)map_ring(i % status.cpus), status.ring_bytes));
	group_on_cpu0(dev, "share", 1);
}

int main(void)
{
	RUN(a_ring_says_what_it_holds);
	RUN(only_a_whole_ring_can_be_mapped);
	RUN(nobody_can_write_to_a_ring);
	RUN(a_pair_of_spinners_is_seen_to_take_turns);
	RUN(a_life_is_seen_from_join_to_leave);
	RUN(boost_account_and_throttle_are_seen);
	RUN(one_alone_is_seen_by_who_asks);
	RUN(the_oldest_records_are_overwritten);
	RUN(a_mapping_outlives_its_file);
	RUN(a_part_of_a_mapping_and_a_child_hold_the_module);
	RUN(a_part_of_a_mapping_and_a_child_are_shown_what_happens);
	RUN(the_file_may_outlive_the_mapping);
	return tap_done();
}
