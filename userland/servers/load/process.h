/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the server's processes use: CPU time and context switches, of them and all their
 * descendants, between two samples.
 *
 * The kernel tells CPU time twice. /proc/PID/stat has it in ticks of 10 ms, but with all
 * threads that ended, and, as cutime, all children that ended and were waited for.
 * /proc/PID/task/TID/schedstat has it in ns, but of threads that live. Where both say the
 * same to within two ticks, no thread ended, and the ns are taken.
 */
#ifndef LOAD_PROCESS_H
#define LOAD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

/**
 * struct process - one process at one moment
 * @ticks_ns: CPU time it used, its threads that ended included
 * @children_ns: that of its children that ended and were waited for
 * @exact_ns: of its living threads
 * @voluntary, @involuntary: context switches of its living threads
 * @threads: how many
 */
struct process {
	pid_t pid, parent;
	uint64_t ticks_ns, children_ns, exact_ns;
	uint64_t voluntary, involuntary;
	unsigned int threads;
};

/**
 * struct processes - a sample
 * @processes: free() them
 */
struct processes {
	struct process *processes;
	size_t count;
};

/**
 * struct usage - between two samples
 * @cpu_ns: CPU time
 * @voluntary, @involuntary: context switches
 * @partial: threads or processes came or went, so switches are at least that many
 * @unwaited: a process ignores SIGCHLD, so what its children used is lost when they end
 * @processes: how many there were at the end
 */
struct usage {
	uint64_t cpu_ns;
	uint64_t voluntary, involuntary;
	bool partial, unwaited;
	size_t processes;
};

int process_find(const char *name, pid_t *pids, unsigned int most, unsigned int *count,
		 struct error *err);
int process_sample(const pid_t *pids, unsigned int count, struct processes *sample,
		   struct error *err);
struct usage process_usage(const struct processes *before, const struct processes *after);

#endif
