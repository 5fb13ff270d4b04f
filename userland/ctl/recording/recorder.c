// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making a recording: for a time, while a command runs, or until Ctrl-C. Reads the rings
 * in short intervals and, more rarely, asks how each group stands. Called by cmd_trace.c
 * and cmd_plot.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

#define MS 1000000ull
/* Between two looks at the rings: as rarely as they allow. */
#define PAUSE_MIN (5 * MS)
#define PAUSE_MAX (40 * MS)
/* Between two questions how the groups stand, for each group that there is. */
#define SAMPLE_EVERY (20 * MS)
#define SAMPLE_EACH (1 * MS)

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void child_ended(int signal)
{
	(void)signal; /* only to end a pause */
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void pause_for(uint64_t ns)
{
	struct timespec time = { .tv_sec = (time_t)(ns / 1000000000),
				 .tv_nsec = (long)(ns % 1000000000) };

	nanosleep(&time, NULL);
}

static int sample(int dev, struct recording *r, struct error *err)
{
	struct csched_ioc_group g = { .id = 0 };
	int ret = 0;

	for (; !ret && !ioctl(dev, CSCHED_IOC_GROUP, &g); g.id++) {
		ret = recording_meet(r, &g, err);
		if (!ret)
			ret = recording_sample(r, &g, err);
	}
	return ret;
}

static int start(char **command, pid_t *pid, struct error *err)
{
	int report[2], failed = 0;

	if (pipe2(report, O_CLOEXEC))
		return error_errno(err, errno, NULL, "pipe");
	*pid = fork();
	if (*pid == 0) {
		execvp(command[0], command);
		failed = errno;
		_exit(write(report[1], &failed, sizeof(failed)) != sizeof(failed));
	}
	close(report[1]);
	/* Nothing comes if the command could be run. */
	if (*pid > 0 && read(report[0], &failed, sizeof(failed)) == sizeof(failed))
		waitpid(*pid, NULL, 0);
	else
		failed = *pid < 0 ? errno : 0;
	close(report[0]);
	return failed ? error_errno(err, failed, NULL, "run: %s", command[0]) : 0;
}

/**
 * struct session - one call of record()
 * @dev: the device
 * @rings: mapped, unless only samples are taken
 * @end: when to stop
 * @sample_at: when to ask for the groups
 * @pause: ns until the next look at the rings
 * @pid: of the command, 0 when it has ended or if there is none
 */
struct session {
	int dev;
	struct rings rings;
	uint64_t end;
	uint64_t sample_at;
	uint64_t pause;
	pid_t pid;
};

/* Look more often when a ring was near to being overwritten. */
static void adapt(struct session *s, size_t events)
{
	size_t capacity = s->rings.count ? s->rings.at[0].page->capacity : SIZE_MAX;

	if (events > capacity / 4 && s->pause > PAUSE_MIN)
		s->pause /= 2;
	else if (events < capacity / 16 && s->pause < PAUSE_MAX)
		s->pause *= 2;
}

static int look(struct session *s, struct recording *r, struct error *err)
{
	size_t before = r->count;
	int ret = rings_drain(&s->rings, r, err);

	adapt(s, r->count - before);
	if (!ret && now_ns() >= s->sample_at) {
		ret = sample(s->dev, r, err);
		s->sample_at = now_ns() + SAMPLE_EVERY + r->groups.count * SAMPLE_EACH;
	}
	return ret;
}

static bool over(struct session *s)
{
	if (s->pid && waitpid(s->pid, NULL, WNOHANG) == s->pid) {
		s->pid = 0;
		return true;
	}
	if (s->pid)
		return false;
	return interrupted || now_ns() >= s->end;
}

/* Until it is over, or as much as fits. */
static int watch(struct session *s, struct recording *r, struct error *err)
{
	int ret = 0;

	while (!ret && !over(s)) {
		uint64_t now = now_ns(), pause = s->pause;

		if (!s->pid && s->end - now < pause)
			pause = s->end - now;
		pause_for(pause);
		ret = look(s, r, err);
	}
	if (!ret)
		ret = rings_drain(&s->rings, r, err);
	if (!ret)
		ret = sample(s->dev, r, err);
	if (ret != -ENOSPC)
		return ret;
	fprintf(stderr, "csched: %s: the rest is left out\n", err->text);
	if (s->pid)
		waitpid(s->pid, NULL, 0);
	return 0;
}

static void catch (int signal, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(signal, &action, NULL);
}

static int prepare(struct session *s, const struct recorder_options *options, struct recording *r,
		   struct error *err)
{
	struct csched_ioc_status status;
	int ret = device_status(s->dev, &status, err);

	if (ret)
		return ret;
	r->cpus = status.cpus && status.cpus <= CPUS_MAX ? status.cpus : 1;
	ret = rings_open(s->dev, &s->rings, err);
	if (ret && options->events)
		return ret;
	catch (SIGINT, interrupt);
	catch (SIGTERM, interrupt);
	catch (SIGCHLD, child_ended);
	r->begin_ns = now_ns();
	s->end = r->begin_ns + options->duration_ns;
	s->pause = PAUSE_MAX / 2;
	ret = sample(s->dev, r, err);
	if (!ret && options->command)
		ret = start(options->command, &s->pid, err);
	return ret;
}

/* Returns 0, and then @r is to be freed; or a negative errno. */
int record(const struct recorder_options *options, struct recording *r, struct error *err)
{
	struct session s = { .dev = device_open(err) };
	int ret;

	*r = (struct recording){ .count = 0 };
	if (s.dev < 0)
		return s.dev;
	ret = prepare(&s, options, r, err);
	if (!ret)
		ret = watch(&s, r, err);
	r->end_ns = now_ns();
	if (!ret)
		ret = recording_finish(r, err);
	if (!ret && r->lost)
		fprintf(stderr, "csched: %llu events came too fast to be read and are missing\n",
			(unsigned long long)r->lost);
	rings_close(&s.rings);
	close(s.dev);
	if (ret)
		recording_free(r);
	return ret;
}
