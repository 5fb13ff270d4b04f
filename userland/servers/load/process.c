// SPDX-License-Identifier: GPL-2.0-only
/* Reads what processes use from /proc, see process.h. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

static void cleanup_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define cleanup_closedir __attribute__((cleanup(cleanup_directory)))

/* The next entry that is a number, or 0. */
static pid_t next_number(DIR *directory)
{
	struct dirent *entry;

	while ((entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			return (pid_t)strtol(entry->d_name, NULL, 10);
	return 0;
}

/* "pid (comm) S ppid ...": a comm may have blanks and brackets in it. Returns false: it is gone. */
static bool read_stat(struct process *p, char *name, size_t size)
{
	uint64_t user, system, child_user, child_system, tick_ns;
	cleanup_fclose FILE *file = NULL;
	char path[64], line[1024], *open, *close;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		return false;
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close ||
	    sscanf(close + 1,
		   " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64,
		   &parent, &user, &system, &child_user, &child_system) != 5)
		return false;
	snprintf(name, size, "%.*s", (int)(close - open - 1), open + 1);
	tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	p->parent = parent;
	p->ticks_ns = (user + system) * tick_ns;
	p->children_ns = (child_user + child_system) * tick_ns;
	return true;
}

static void read_thread(struct process *p, pid_t thread)
{
	cleanup_fclose FILE *status = NULL, *schedstat = NULL;
	char path[64], line[256];
	uint64_t value;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)p->pid, (int)thread);
	schedstat = fopen(path, "re");
	if (schedstat && fscanf(schedstat, "%" SCNu64, &value) == 1)
		p->exact_ns += value;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)p->pid, (int)thread);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &value) == 1)
			p->voluntary += value;
		else if (sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &value) == 1)
			p->involuntary += value;
	}
	p->threads++;
}

static void read_threads(struct process *p)
{
	cleanup_closedir DIR *tasks = NULL;
	char path[64];
	pid_t thread;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)p->pid);
	tasks = opendir(path);
	while (tasks && (thread = next_number(tasks)))
		read_thread(p, thread);
}

/* Processes called @name, as ps(1) has it: 15 letters at most. */
int process_find(const char *name, pid_t *pids, unsigned int most, unsigned int *count,
		 struct error *err)
{
	cleanup_closedir DIR *proc = opendir("/proc");
	struct process p = { .pid = 0 };
	char comm[64];

	*count = 0;
	while (proc && *count < most && (p.pid = next_number(proc)))
		if (read_stat(&p, comm, sizeof(comm)) && !strncmp(comm, name, 15) &&
		    strlen(comm) == (strlen(name) < 15 ? strlen(name) : 15))
			pids[(*count)++] = p.pid;
	if (!*count)
		return error_set(err, ESRCH,
				 "pids-of: %s: no process has that name: is it running?", name);
	return 0;
}

/* All there are, with their parents only. Returns NULL if there is no memory. */
static struct process *list_all(size_t *count)
{
	cleanup_closedir DIR *proc = opendir("/proc");
	struct process *all = NULL, p = { .pid = 0 };
	char comm[64];
	size_t room = 0;

	*count = 0;
	while (proc && (p.pid = next_number(proc))) {
		if (*count == room) {
			struct process *more;

			room = room ? 2 * room : 256;
			more = reallocarray(all, room, sizeof(*all));
			if (!more) {
				free(all);
				return NULL;
			}
			all = more;
		}
		if (read_stat(&p, comm, sizeof(comm)))
			all[(*count)++] = p;
	}
	return all;
}

static bool has(const struct process *processes, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i].pid == pid)
			return true;
	return false;
}

/* Moves to the front of @all those of @pids and their descendants. Returns how many they are. */
static size_t select_tree(struct process *all, size_t count, const pid_t *pids, unsigned int roots)
{
	size_t chosen = 0, before;

	do {
		before = chosen;
		for (size_t i = chosen; i < count; i++) {
			bool wanted = has(all, chosen, all[i].parent);

			for (unsigned int k = 0; k < roots; k++)
				wanted = wanted || all[i].pid == pids[k];
			if (wanted) {
				struct process moved = all[chosen];

				all[chosen++] = all[i];
				all[i] = moved;
			}
		}
	} while (chosen > before);
	return chosen;
}

/* Returns 0 or a negative errno; the caller frees sample->processes. */
int process_sample(const pid_t *pids, unsigned int count, struct processes *sample,
		   struct error *err)
{
	size_t all;

	*sample = (struct processes){ .processes = list_all(&all) };
	if (!sample->processes)
		return error_errno(err, ENOMEM, NULL, "pid: cannot read /proc");
	sample->count = select_tree(sample->processes, all, pids, count);
	for (unsigned int i = 0; i < count; i++)
		if (!has(sample->processes, sample->count, pids[i]))
			return error_set(err, ESRCH,
					 "pid: %d: no such process: has the server ended?",
					 (int)pids[i]);
	for (size_t i = 0; i < sample->count; i++)
		read_threads(&sample->processes[i]);
	return 0;
}

static const struct process *find(const struct processes *sample, pid_t pid)
{
	for (size_t i = 0; i < sample->count; i++)
		if (sample->processes[i].pid == pid)
			return &sample->processes[i];
	return NULL;
}

/* CPU time that a process used itself from @a to @b. */
static int64_t own_time(const struct process *a, const struct process *b)
{
	int64_t coarse = (int64_t)(b->ticks_ns - a->ticks_ns);
	int64_t exact = (int64_t)(b->exact_ns - a->exact_ns);
	int64_t two_ticks = 2000000000 / sysconf(_SC_CLK_TCK);

	return coarse - exact <= two_ticks && exact - coarse <= two_ticks ? exact : coarse;
}

static bool ignores_sigchld(pid_t pid)
{
	cleanup_fclose FILE *file = NULL;
	char path[64], line[256];
	uint64_t mask;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SigIgn: %" SCNx64, &mask) == 1)
			return mask >> (SIGCHLD - 1) & 1;
	return false;
}

/*
 * Who ended was moved to the children_ns of its parent, all of it: what it had used before
 * the first sample is taken away again.
 */
struct usage process_usage(const struct processes *before, const struct processes *after)
{
	struct usage usage = { .processes = after->count };
	static const struct process none;
	int64_t cpu = 0;

	for (size_t i = 0; i < after->count; i++) {
		const struct process *b = &after->processes[i], *a = find(before, b->pid);

		usage.partial = usage.partial || !a || a->threads != b->threads;
		usage.unwaited = usage.unwaited || ignores_sigchld(b->pid);
		a = a ? a : &none;
		usage.partial = usage.partial || b->children_ns != a->children_ns;
		cpu += own_time(a, b) + (int64_t)(b->children_ns - a->children_ns);
		usage.voluntary += b->voluntary > a->voluntary ? b->voluntary - a->voluntary : 0;
		usage.involuntary +=
			b->involuntary > a->involuntary ? b->involuntary - a->involuntary : 0;
	}
	for (size_t i = 0; i < before->count; i++) {
		const struct process *a = &before->processes[i];

		if (find(after, a->pid))
			continue;
		usage.partial = true;
		cpu -= (int64_t)(a->ticks_ns + a->children_ns);
	}
	usage.cpu_ns = cpu > 0 ? (uint64_t)cpu : 0;
	return usage;
}
