// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process in a world of its own: namespaces, whose root is whose, and the life of process 1.
 * main.c calls spawn() and spawn_map() outside, and the others inside, in that order.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box.h"

/* The command, for the handler. */
static volatile sig_atomic_t first;

pid_t spawn(void)
{
	/* lab 06 step 1 begin: six namespaces at once; skeleton: return fork(); */
	const unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
				    CLONE_NEWIPC | CLONE_NEWNET;

	/* as fork() does it: the child goes on here, on a copy of this stack */
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	/* lab 06 step 1 end */
}

void spawn_map_line(char *line, size_t size, struct ids ids)
{
	/* lab 06 step 1 begin: inside, outside, how many; skeleton: snprintf(line, size, "\n"); */
	snprintf(line, size, "0 %u %u\n", ids.base, ids.count);
	/* lab 06 step 1 end */
}

/* A file of /proc/PID. */
static int write_of(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	err = write_file(path, text);
	if (err)
		return trouble(-err, "cannot write: %s: is --ids what this user may map (subuid(5))?",
			       path);
	return 0;
}

int spawn_map(const struct box *box, pid_t pid)
{
	const struct ids of_groups = { geteuid() ? getegid() : box->ids.base, box->ids.count };
	char users[64], groups[64];

	spawn_map_line(users, sizeof(users), box->ids);
	spawn_map_line(groups, sizeof(groups), of_groups);
	/* who is not root may give only himself away, and only if no group can be left (user_namespaces(7)) */
	if (geteuid() && write_of(pid, "setgroups", "deny"))
		return -1;
	/* lab 06 step 1 begin: users and groups; skeleton: return 0; */
	if (write_of(pid, "uid_map", users))
		return -1;
	return write_of(pid, "gid_map", groups);
	/* lab 06 step 1 end */
}

int spawn_become_root(const struct box *box)
{
	/* lab 06 step 1 begin: its root, its name, its cgroup; skeleton: (void)box; return 0; */
	/* the groups first: afterwards nobody here may */
	if (box->ids.count > 1 && setgroups(0, NULL))
		return trouble(errno, "cannot leave the groups of who started it");
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return trouble(errno, "cannot become root in the box: %s", box->name);
	if (sethostname(box->name, strlen(box->name)))
		return trouble(errno, "cannot set the host name: %s", box->name);
	/* it begins where its maker is: too early in clone(), when this was not in its cgroup yet */
	if (unshare(CLONE_NEWCGROUP))
		return trouble(errno, "cannot make a cgroup namespace");
	return 0;
	/* lab 06 step 1 end */
}

/* Process 1 is spared every signal that it does not ask for; the command is not. */
static void pass_on(int number)
{
	if (first > 0)
		kill((pid_t)first, number);
}

int spawn_serve(pid_t command)
{
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	int result = BOX_TROUBLE;

	first = command;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* lab 06 step 1 begin: reap until the command has ended; skeleton: waitpid(command, &result, 0); return 0; */
	for (;;) {
		int status;
		/* whoever has lost its parent has got this one */
		pid_t pid = wait(&status);

		if (pid < 0)
			return result;
		if (pid != command)
			continue;
		result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		/* the kernel ends the others with process 1 */
		return result;
	}
	/* lab 06 step 1 end */
}
