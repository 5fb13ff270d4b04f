// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a cell (cell.py): starts a program, and lives until everything that came
 * of it has ended. `keeper MOST PROGRAM ARGUMENTS...`: MOST processes and threads, itself among them.
 * Its status is the program's, 128 + N for signal N.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status, result = 1;
	struct rlimit most;
	pid_t pid, first;

	if (argc < 3)
		return 2;
	most.rlim_cur = strtoul(argv[1], NULL, 10);
	most.rlim_max = most.rlim_cur;
	if (setrlimit(RLIMIT_NPROC, &most)) {
		perror("keeper: limit");
		return 2;
	}
	first = fork();
	if (!first) {
		execv(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	while ((pid = wait(&status)) > 0)
		if (pid == first)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return result;
}
