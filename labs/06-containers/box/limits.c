// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a box may use: a cgroup of version 2, its values, who is in it, and its end.
 * main.c calls this outside, before process 1 may go on, and after it has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"

/* The time of a processor is given out anew so often, in us. */
#define PERIOD 100000

static const char *const files[] = { "memory.max", "memory.swap.max", "pids.max", "cpu.max",
				     "cpu.weight" };

static bool is_limited(const struct limits *limits)
{
	return limits->memory != UNLIMITED || limits->pids != UNLIMITED || limits->cpu_percent ||
	       limits->weight;
}

static void path_in(char path[512], const struct box *box, const char *file)
{
	snprintf(path, 512, "%s/%s%s%s", box->cgroups, box->name, *file ? "/" : "", file);
}

void limits_value(const struct limits *limits, const char *file, char *text, size_t size)
{
	*text = '\0';
	/* lab 06 step 3 begin: what the kernel reads; skeleton: (void)limits; (void)file; (void)size; */
	if (!strcmp(file, "memory.max") && limits->memory != UNLIMITED)
		snprintf(text, size, "%" PRIu64 "\n", limits->memory);
	/* else what it may not keep in memory would go there, and there is no end to it */
	if (!strcmp(file, "memory.swap.max") && limits->memory != UNLIMITED)
		snprintf(text, size, "0\n");
	if (!strcmp(file, "pids.max") && limits->pids != UNLIMITED)
		snprintf(text, size, "%" PRIu64 "\n", limits->pids);
	if (!strcmp(file, "cpu.max") && limits->cpu_percent)
		snprintf(text, size, "%" PRIu64 " %d\n",
			 (uint64_t)limits->cpu_percent * PERIOD / 100, PERIOD);
	if (!strcmp(file, "cpu.weight") && limits->weight)
		snprintf(text, size, "%u\n", limits->weight);
	/* lab 06 step 3 end */
}

int limits_make(const struct box *box)
{
	char path[512], text[64];

	if (!is_limited(&box->limits))
		return 0;
	if (mkdir(box->cgroups, 0755) && errno != EEXIST)
		return trouble(errno, "cannot make a cgroup: %s: limits need cgroup v2, and a cgroup that is yours",
			       box->cgroups);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", box->cgroups);
	/* if they are there already, that is all that is needed */
	write_file(path, "+cpu +memory +pids");
	path_in(path, box, "");
	if (mkdir(path, 0755))
		return trouble(errno, "cannot make a cgroup: %s: is a box of this name running?", path);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int err;

		limits_value(&box->limits, files[i], text, sizeof(text));
		if (!*text)
			continue;
		path_in(path, box, files[i]);
		err = write_file(path, text);
		/* a kernel without swap has no such file, and needs none */
		if (err == -ENOENT && !strcmp(files[i], "memory.swap.max"))
			continue;
		if (err) {
			trouble(-err, "cannot limit: %s: does %s/cgroup.controllers have it?", path,
				box->cgroups);
			limits_remove(box);
			return -1;
		}
	}
	return 0;
}

int limits_enter(const struct box *box, pid_t pid)
{
	char path[512], text[32];

	if (!is_limited(&box->limits))
		return 0;
	path_in(path, box, "cgroup.procs");
	snprintf(text, sizeof(text), "%d\n", (int)pid);
	/* lab 06 step 3 begin: now it counts, and whatever comes of it; skeleton: return 0; */
	int err = write_file(path, text);

	if (err)
		return trouble(-err, "cannot put process %d into %s", (int)pid, path);
	return 0;
	/* lab 06 step 3 end */
}

int limits_remove(const struct box *box)
{
	char path[512];

	if (!is_limited(&box->limits))
		return 0;
	/* lab 06 step 3 begin: nobody is in it, and it goes; skeleton: (void)path; return 0; */
	/* process 1 took the others along; whoever was put there from outside is not one of them */
	path_in(path, box, "cgroup.kill");
	write_file(path, "1");
	path_in(path, box, "");
	for (int i = 0; i < 100; i++) {
		if (!rmdir(path) || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			break;
		usleep(10000);
	}
	return trouble(errno, "cannot remove: %s", path);
	/* lab 06 step 3 end */
}
