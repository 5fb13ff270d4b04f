// SPDX-License-Identifier: GPL-2.0-only
/*
 * csched run: a command in a group that there is, or in one of its own.
 *
 * In one that there is, csched joins and becomes the command. Otherwise it makes a group
 * that lives as long as the command, waits for it, and says what it got.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

/* As env(1), nohup(1) and timeout(1) have it. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

static volatile sig_atomic_t child;

/* The command gets the signals meant for it; those of the terminal it gets anyway. */
static void pass_on(int signal)
{
	if (child > 0)
		kill(child, signal);
}

static int become(char **command, struct error *err)
{
	int failed;

	execvp(command[0], command);
	failed = errno;
	error_errno(err, failed, NULL, "run: %s", command[0]);
	fprintf(stderr, "csched: %s\n", err->text);
	return failed == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

static int run_in(const char *name, char **command, struct error *err)
{
	struct csched_ioc_group group;
	cleanup_close int dev = device_open(err);
	int ret;

	if (dev < 0)
		return dev;
	ret = device_find(dev, name, &group, err);
	if (!ret)
		ret = device_add(dev, &group, getpid(), err);
	return ret ? ret : become(command, err);
}

/* Waits until the parent has put it into the group, or is gone. */
static void be_the_child(int gate, char **command)
{
	struct error err;
	char go;

	if (read(gate, &go, 1) == 1)
		_exit(become(command, &err));
	_exit(STATUS_CANNOT_RUN);
}

static int start(int dev, const struct csched_ioc_group *group, char **command, struct error *err)
{
	int gate[2], ret;
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC))
		return error_errno(err, errno, NULL, "run: pipe");
	pid = fork();
	if (pid == 0) {
		close(gate[1]);
		be_the_child(gate[0], command);
	}
	close(gate[0]);
	if (pid < 0) {
		close(gate[1]);
		return error_errno(err, errno, NULL, "run: fork");
	}
	child = pid;
	ret = device_add(dev, group, pid, err);
	if (!ret && write(gate[1], "", 1) != 1)
		ret = error_errno(err, errno, NULL, "run: pipe");
	close(gate[1]);
	if (ret)
		waitpid(pid, NULL, 0);
	return ret;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(int dev, uint32_t id, double seconds)
{
	struct csched_ioc_group g = { .id = id };
	char lag[32], credit[32];

	if (ioctl(dev, CSCHED_IOC_GROUP, &g) || g.id != id)
		return;
	format_duration(lag, sizeof(lag), g.lag_ns);
	format_duration(credit, sizeof(credit), g.credit_ns);
	fprintf(stderr, "csched: %s: ran %.3fs in %.3fs (%.1f%% of one CPU), %llu slots, lag %s",
		g.name, (double)g.used_ns / 1e9, seconds, (double)g.used_ns / 1e7 / seconds,
		g.slots, lag);
	if (!strcmp(g.policy, "credit"))
		fprintf(stderr, ", credit %s, boosted %llu times", credit, g.boosts);
	if (g.tasks)
		fprintf(stderr, "; %u tasks that it leaves behind are let go", g.tasks);
	fputs("\n", stderr);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_alone(struct csched_ioc_create *args, char **command, struct error *err)
{
	struct sigaction pass = { .sa_handler = pass_on }, ignore = { .sa_handler = SIG_IGN };
	struct csched_ioc_group group = { .id = 0 };
	cleanup_close int dev = device_open(err);
	double begin;
	int ret;

	if (dev < 0)
		return dev;
	if (!args->name[0])
		snprintf(args->name, sizeof(args->name), "run-%d", (int)getpid());
	ret = device_create(dev, args, err);
	if (ret)
		return ret;
	group.id = args->id;
	snprintf(group.name, sizeof(group.name), "%s", args->name);
	begin = seconds_now();
	ret = start(dev, &group, command, err);
	if (ret)
		return ret;
	sigaction(SIGTERM, &pass, NULL);
	sigaction(SIGHUP, &pass, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGQUIT, &ignore, NULL);
	ret = wait_for(child);
	report(dev, group.id, seconds_now() - begin);
	return ret;
}

int cmd_run(int argc, char **argv, struct error *err)
{
	struct attributes attributes;
	int words = 1, ret;

	while (words < argc && strcmp(argv[words], "--") != 0)
		words++;
	if (words >= argc - 1)
		return error_set(err, EUSAGE,
				 "run: name a group or give options, and a command: csched run "
				 "NAME -- COMMAND, csched run --weight 50 -- COMMAND");
	/* parse_attributes() sees what is before the command. */
	argv[words] = NULL;
	ret = parse_attributes(words, argv, &attributes, err);
	if (ret)
		return ret;
	if (attributes.list_presets)
		return error_set(err, EUSAGE,
				 "preset: list: csched create --preset list prints them");
	if (attributes.any)
		return run_alone(&attributes.args, argv + words + 1, err);
	if (!attributes.args.name[0])
		return error_set(err, EUSAGE,
				 "run: name a group, or give options for one of its own");
	return run_in(attributes.args.name, argv + words + 1, err);
}
