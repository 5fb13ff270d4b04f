// SPDX-License-Identifier: GPL-2.0
/*
 * What is refused, by which errno, and that nothing has changed then: each bad
 * argument is tried beside groups with a parked and a running task in them.
 */
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"

static struct crowd crowd;

/* --- nothing has changed --- */

#define GROUPS	16

static int settings(struct csched_ioc_group *groups)
{
	uint32_t from = 0;
	int n = 0;

	while (n < GROUPS && group_next(crowd.dev, from, &groups[n])) {
		struct csched_ioc_group *g = &groups[n++];

		from = g->id + 1;
		/* What moves on as tasks run. */
		g->active = g->held = g->parked = g->standing = g->throttled = g->saturated = 0;
		g->due_ppm = g->now_ns = g->used_ns = g->lag_ns = g->slots = g->boosts = 0;
		g->credit_ns = g->earned_ns = g->spent_ns = g->discarded_ns = 0;
	}
	return n;
}

static struct csched_ioc_group before[GROUPS];
static int before_n;

static void remember(void)
{
	memset(before, 0, sizeof(before));
	before_n = settings(before);
}

static void nothing_changed(const char *after)
{
	static struct csched_ioc_group now[GROUPS];
	int n;

	memset(now, 0, sizeof(now));
	n = settings(now);
	CHECK(n == before_n, "%s: %d groups, not %d", after, n, before_n);
	CHECK(!memcmp(now, before, sizeof(now)), "%s: a group has changed", after);
}

static void refused(unsigned long request, void *args, int err, const char *what)
{
	int ret = ioctl(crowd.dev, request, args);

	CHECK(ret == -1 && errno == err, "%s: returned %d, %s, not %s", what, ret,
	      ret < 0 ? strerrorname_np(errno) : "0", strerrorname_np(err));
	nothing_changed(what);
}

static void setup(void)
{
	crowd = crowd_make(0);
	crowd_parked(&crowd);
	remember();
}

/* --- create --- */

#define CREATE_REFUSED(err, ...)					\
	do {								\
		struct csched_ioc_create a;				\
		group_init(&a, "share", 100);				\
		a.cpus[0] = 1;						\
		__VA_ARGS__;						\
		refused(CSCHED_IOC_CREATE, &a, err, #__VA_ARGS__);	\
	} while (0)

static void bad_groups_are_refused(void)
{
	setup();
	CREATE_REFUSED(EINVAL, strcpy(a.policy, "fifo"));
	CREATE_REFUSED(EINVAL, a.policy[0] = '\0');
	CREATE_REFUSED(EINVAL, memset(a.policy, 's', sizeof(a.policy)));
	CREATE_REFUSED(ERANGE, a.weight = 10001);
	CREATE_REFUSED(ERANGE, a.weight = UINT_MAX);
	CREATE_REFUSED(EDOM, a.cap = 101);
	CREATE_REFUSED(EDOM, a.cap = UINT_MAX);
	CREATE_REFUSED(EOVERFLOW, a.burst_ns = 7ull * 86400 * SEC + 1);
	CREATE_REFUSED(EOVERFLOW, a.burst_ns = ULLONG_MAX);
	CREATE_REFUSED(EINVAL, a.flags = 4);
	CREATE_REFUSED(EINVAL, a.flags = UINT_MAX);
	CREATE_REFUSED(EINVAL, a.reserved = 1);
	end(crowd.hog);
}

static void bad_names_are_refused(void)
{
	setup();
	CREATE_REFUSED(EINVAL, a.name[0] = '\0');
	CREATE_REFUSED(EINVAL, memset(a.name, 'n', sizeof(a.name)));
	CREATE_REFUSED(EINVAL, strcpy(a.name, "two words"));
	CREATE_REFUSED(EINVAL, strcpy(a.name, "line\n"));
	CREATE_REFUSED(EINVAL, strcpy(a.name, "\033[2J"));
	CREATE_REFUSED(EINVAL, strcpy(a.name, "\177"));
	CREATE_REFUSED(EINVAL, strcpy(a.name, before[0].name));
	end(crowd.hog);
}

static void a_name_of_31_characters_is_accepted(void)
{
	struct csched_ioc_create args;
	struct csched_ioc_group info;

	setup();
	group_init(&args, "share", 100);
	memset(args.name, 'n', sizeof(args.name) - 1);
	args.cpus[0] = 1;
	info = group_info(crowd.dev, group_create(crowd.dev, &args));
	CHECK_EQ(strlen(info.name), 31);
	end(crowd.hog);
}

/* The pool on CPU 0 is there already, with share and slots of 5 ms. */
static void groups_that_do_not_fit_a_pool_are_refused(void)
{
	setup();
	CREATE_REFUSED(EEXIST, strcpy(a.policy, "credit"));
	CREATE_REFUSED(EEXIST, a.slot_ns = 6 * MS);
	CREATE_REFUSED(EEXIST, a.seed = 1);
	CREATE_REFUSED(EEXIST, a.flags = CSCHED_SAMPLED);
	CREATE_REFUSED(EEXIST, a.park_max_ns = 200 * MS);
	if (sysconf(_SC_NPROCESSORS_ONLN) == 2) {
		CREATE_REFUSED(EBUSY, a.cpus[0] = 3);
		CREATE_REFUSED(EBUSY, a.cpus[0] = 0);
	}
	end(crowd.hog);
}

/* Beside CPU 0, and alone. CPUs that were there and went are in cpus.c. */
static void cpus_that_are_not_there_are_refused(void)
{
	int possible = sysconf(_SC_NPROCESSORS_CONF), cpu;

	setup();
	for (cpu = possible; cpu < 64 * CSCHED_CPU_WORDS; cpu++) {
		CREATE_REFUSED(EINVAL, a.cpus[cpu / 64] |= 1ull << cpu % 64);
		CREATE_REFUSED(EINVAL, a.cpus[0] = 0, a.cpus[cpu / 64] = 1ull << cpu % 64);
	}
	end(crowd.hog);
}

/* A new pool on CPU 1, so that the pool's own values are looked at. */
static void pools_that_make_no_sense_are_refused(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP("not two CPUs");
	setup();
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.slot_ns = 1);
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.slot_ns = SEC + 1);
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.slot_ns = ULLONG_MAX);
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.park_max_ns = 1);
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.park_max_ns = 4 * MS);
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.park_max_ns = 10 * SEC + 1);
	CREATE_REFUSED(EINVAL, a.cpus[0] = 2, a.park_max_ns = ULLONG_MAX);
	CREATE_REFUSED(ERANGE, a.cpus[0] = 2, a.weight = 10001);
	/* None of them has left a pool behind. */
	CHECK_EQ(ioctl(crowd.dev, CSCHED_IOC_CREATE,
		       &(struct csched_ioc_create){ .name = "credit", .policy = "credit",
						    .cpus = { 2 } }), 0);
	end(crowd.hog);
}

/* --- set, add, remove, group --- */

#define SET_REFUSED(err, ...)						\
	do {								\
		struct csched_ioc_set a = { .id = crowd.light, .weight = 1, .cap = 10 }; \
		__VA_ARGS__;						\
		refused(CSCHED_IOC_SET, &a, err, #__VA_ARGS__);		\
	} while (0)

static void bad_settings_are_refused(void)
{
	setup();
	SET_REFUSED(ENOENT, a.id = 0);
	SET_REFUSED(ENOENT, a.id = UINT_MAX, a.which = CSCHED_SET_CAP);
	SET_REFUSED(EINVAL, a.which = 16);
	SET_REFUSED(EINVAL, a.which = UINT_MAX);
	SET_REFUSED(EINVAL, a.which = CSCHED_SET_CAP, a.reserved = 1);
	SET_REFUSED(ERANGE, a.which = CSCHED_SET_WEIGHT, a.weight = 0);
	SET_REFUSED(ERANGE, a.which = CSCHED_SET_WEIGHT, a.weight = 10001);
	SET_REFUSED(EDOM, a.which = CSCHED_SET_CAP, a.cap = 101);
	SET_REFUSED(EOVERFLOW, a.which = CSCHED_SET_BURST, a.burst_ns = ULLONG_MAX);
	/* What is good beside what is bad is not done either. */
	SET_REFUSED(EDOM, a.which = CSCHED_SET_WEIGHT | CSCHED_SET_CAP, a.weight = 7, a.cap = 101);
	end(crowd.hog);
}

#define ADD_REFUSED(err, ...)						\
	do {								\
		struct csched_ioc_add a = { .id = crowd.light };	\
		__VA_ARGS__;						\
		refused(CSCHED_IOC_ADD, &a, err, #__VA_ARGS__);		\
	} while (0)

static void bad_members_are_refused(void)
{
	setup();
	ADD_REFUSED(ENOENT, a.id = 0);
	ADD_REFUSED(ENOENT, a.id = UINT_MAX);
	ADD_REFUSED(EINVAL, a.pid = -1);
	ADD_REFUSED(EINVAL, a.pid = INT_MIN);
	ADD_REFUSED(EINVAL, a.flags = 2);
	ADD_REFUSED(EINVAL, a.flags = UINT_MAX);
	ADD_REFUSED(EINVAL, a.reserved = 1);
	ADD_REFUSED(ESRCH, a.pid = INT_MAX);
	end(crowd.hog);
}

static void groups_that_are_not_there_are_refused(void)
{
	setup();
	refused(CSCHED_IOC_REMOVE, (void *)0, ENOENT, "remove 0");
	refused(CSCHED_IOC_REMOVE, (void *)-1ul, ENOENT, "remove -1");
	refused(CSCHED_IOC_REMOVE, (void *)(1ul << 32 | crowd.light), ENOENT, "more than 32 bits");
	refused(CSCHED_IOC_GROUP, &(struct csched_ioc_group){ .id = UINT_MAX }, ENOENT, "group -1");
	end(crowd.hog);
}

static void other_ioctls_are_refused(void)
{
	char args[4096] = { 0 };
	unsigned int i;

	setup();
	CHECK_EQ(ioctl(crowd.dev, CSCHED_IOC_VERSION, 0), CSCHED_ABI_VERSION);
	refused(CSCHED_IOC_VERSION, (void *)1, EINVAL, "version 1");
	for (i = 7; i < 256; i++)
		refused(_IOC(i % 4, 0xC5, i, 16), args, ENOTTY, "number");
	for (i = 0; i < 256; i++)
		if (i != 0xC5)
			refused(_IOC(0, i, 1, 0), args, ENOTTY, "type");
	/* The size is part of the number. */
	for (i = 0; i < 7; i++) {
		refused(_IOC(3, 0xC5, i, 4), args, ENOTTY, "4 bytes");
		refused(_IOC(3, 0xC5, i, 4095), args, ENOTTY, "4095 bytes");
	}
	end(crowd.hog);
}

/* --- pointers --- */

#define PAGE	4096

/* Two pages, of which the second is not there. */
static char *page_end(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED, "mmap: %s", strerror(errno));
	munmap(p + PAGE, PAGE);
	return p + PAGE;
}

static void structs_that_cross_into_nothing_are_refused(void)
{
	static const struct {
		unsigned long request;
		const char *name;
	} ioctls[] = {
		{ CSCHED_IOC_CREATE, "create" }, { CSCHED_IOC_SET, "set" }, { CSCHED_IOC_ADD, "add" },
		{ CSCHED_IOC_GROUP, "group" }, { CSCHED_IOC_STATUS, "status" },
	};
	char *edge = page_end();
	unsigned int i, there;

	setup();
	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		memset(edge - PAGE, 0, PAGE);
		for (there = 0; there < _IOC_SIZE(ioctls[i].request); there += 4)
			refused(ioctls[i].request, edge - there, EFAULT, ioctls[i].name);
		refused(ioctls[i].request, NULL, EFAULT, ioctls[i].name);
		refused(ioctls[i].request, (void *)-1ul, EFAULT, ioctls[i].name);
		refused(ioctls[i].request, (void *)0xffffffff81000000, EFAULT, ioctls[i].name);
	}
	end(crowd.hog);
}

static void structs_may_end_where_the_page_does(void)
{
	char *edge = page_end();
	struct csched_ioc_create *create = (void *)(edge - sizeof(*create));
	struct csched_ioc_group *group = (void *)(edge - sizeof(*group));
	struct csched_ioc_add *add = (void *)(edge - sizeof(*add));
	struct csched_ioc_set *set = (void *)(edge - sizeof(*set));
	uint32_t id;

	setup();
	group_init(create, "share", 5);
	create->cpus[0] = 1;
	id = group_create(crowd.dev, create);
	*add = (struct csched_ioc_add){ .id = id, .pid = crowd_parked(&crowd) };
	CHECK_ERRNO(ioctl(crowd.dev, CSCHED_IOC_ADD, add), EBUSY);
	*set = (struct csched_ioc_set){ .id = id, .which = CSCHED_SET_WEIGHT, .weight = 6 };
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_SET, set));
	memset(group, 0, sizeof(*group));
	group->id = id;
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_GROUP, group));
	CHECK_EQ(group->weight, 6);
	end(crowd.hog);
}

/* Its number cannot be told, so nobody could remove it. */
static void a_group_whose_number_cannot_be_returned_is_not_made(void)
{
	struct csched_ioc_create *args = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	setup();
	group_init(args, "share", 100);
	args->cpus[0] = 1;
	CHECK_OK(mprotect(args, PAGE, PROT_READ));
	refused(CSCHED_IOC_CREATE, args, EFAULT, "read-only");
	end(crowd.hog);
}

/* --- as many as there can be --- */

static int count(int dev)
{
	struct csched_ioc_group info;
	uint32_t from = 0;
	int n = 0;

	while (group_next(dev, from, &info)) {
		from = info.id + 1;
		n++;
	}
	return n;
}

static void a_pool_has_1024_groups_at_most(void)
{
	struct csched_ioc_create args;
	int i, made = 0, tries = tap_scaled(10000);
	uint32_t id = 0;

	if (tries < 1100)
		tries = 1100;
	crowd.dev = device_open();
	for (i = 0; i < tries; i++) {
		group_init(&args, "share", 1);
		args.cpus[0] = 1;
		if (!ioctl(crowd.dev, CSCHED_IOC_CREATE, &args)) {
			made++;
			id = args.id;
		} else if (errno != ENOSPC) {
			FAIL("group %d: %s", i, strerror(errno));
		}
	}
	CHECK_EQ(made, 1024);
	CHECK_EQ(count(crowd.dev), 1024);
	/* One goes, one comes. */
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)id));
	group_create(crowd.dev, &args);
	CHECK_ERRNO(ioctl(crowd.dev, CSCHED_IOC_CREATE, &args), EINVAL);	/* the same name */
	close(crowd.dev);
	crowd.dev = device_open();
	CHECK_EQ(count(crowd.dev), 0);
}

int main(void)
{
	RUN(bad_groups_are_refused);
	RUN(bad_names_are_refused);
	RUN(a_name_of_31_characters_is_accepted);
	RUN(groups_that_do_not_fit_a_pool_are_refused);
	RUN(cpus_that_are_not_there_are_refused);
	RUN(pools_that_make_no_sense_are_refused);
	RUN(bad_settings_are_refused);
	RUN(bad_members_are_refused);
	RUN(groups_that_are_not_there_are_refused);
	RUN(other_ioctls_are_refused);
	RUN(structs_that_cross_into_nothing_are_refused);
	RUN(structs_may_end_where_the_page_does);
	RUN(a_group_whose_number_cannot_be_returned_is_not_made);
	RUN(a_pool_has_1024_groups_at_most);
	return tap_done();
}
