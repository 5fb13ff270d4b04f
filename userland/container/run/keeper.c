// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell run --image: the process that makes a container and stays until it has ended, in the
 * foreground or as a child of its own. Called by cmd_run.c.
 *
 *	parse -> record_make -> tree, folder, bundle -> container_run -+-> exit recorded
 *	  |                                                ^           |     |
 *	  | --detach: from here in the background          +-- again --+   --rm: all removed
 *
 * A detached keeper tells its parent by a pipe what became of it: 'k' and the end, or why not.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

/* A program that ends at once is not to keep a CPU busy. */
#define PAUSE_LEAST_MS	100
#define PAUSE_MOST_MS	10000
/* After this long it counts as having worked. */
#define WELL_MS		10000

/**
 * struct keeper - what it knows
 * @logger: process that writes the log; -1: none
 * @report: the parent's pipe; -1: there is none, or it has been told
 * @started: shared with the process that starts the container: it has become its program
 */
struct keeper {
	struct run_options *o;
	struct run_record record;
	pid_t logger;
	int report;
	volatile bool *started;
};

/* Once it runs, what is to be said is for its log. */
static void end_said(void)
{
	if (cell.said)
		fclose(cell.said);
	cell.said = NULL;
}

static void tell_started(void *what)
{
	struct keeper *k = what;

	end_said();
	*k->started = true;
	if (k->report >= 0 && write(k->report, "k", 1) == 1)
		cleanup_fd(&k->report);
	k->report = -1;
}

static int prepare(struct keeper *k, struct error *err)
{
	cleanup_close int held = -1;
	json_object *image = NULL;
	char containers[PATH_MAX];
	int ret = run_data("containers", containers, err);

	if (!ret)
		held = run_tree(k->o, k->record.tree, &image, err);
	if (!ret && held < 0)
		ret = held;
	if (!ret) {
		snprintf(k->record.folder, sizeof(k->record.folder), "%.3800s/%.255s", containers,
			 k->o->id);
		ret = record_write(&k->record, err);
	}
	if (!ret)
		ret = run_folder_make(k->o, k->record.tree, k->record.folder, err);
	if (!ret)
		ret = run_bundle(k->o, k->record.tree, image, k->record.folder, err);
	json_object_put(image);
	return ret;
}

static int open_log(struct keeper *k, struct error *err)
{
	cleanup_close int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC), log = -1;
	int ours = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), ret;

	/* Until it runs, messages are for whoever called. */
	cell.said = ours < 0 ? NULL : fdopen(ours, "w");
	ret = log_start(k->record.folder, &k->o->log, &log, &k->logger, err);
	if (ret)
		return ret;
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		return error_errno(err, errno, NULL, "run: log of %s", k->o->id);
	return 0;
}

/* While the record is held, so that who waits for its end finds the log whole. */
static void close_log(struct keeper *k)
{
	cleanup_close int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (k->logger < 0)
		return;
	end_said();
	dup2(nothing, STDOUT_FILENO);
	dup2(nothing, STDERR_FILENO);
	log_finish(k->logger);
}

/* One life of the container. */
static int live(struct keeper *k, struct error *err)
{
	static struct container c = CONTAINER_NONE;
	struct create_options options = {
		.id = k->o->id, .bundle = k->record.folder, .config = "config.json", .run = true,
	};
	int ret = world_settle(&k->o->world, &options, err);

	if (!ret && record_ending(&k->record))
		ret = error_set(err, ECANCELED, "run: container %s: was deleted while it was made",
				k->o->id);
	/* Without a word it is in the default network, as everywhere. */
	if (!ret && !options.net) {
		options.net = &k->o->world.net;
		ret = net_config_check(&k->o->world.net, err);
	}
	return ret ? ret : container_run(&options, &c, tell_started, k, err);
}

/* Its memory and descriptors go with it, so that the next begins as the first did. */
static int live_apart(struct keeper *k, struct error *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return error_errno(err, errno, NULL, "run: fork");
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		status = live(k, err);
		if (status >= 0)
			_exit(status);
		if (k->report >= 0)
			dprintf(k->report, "%s", err->text);
		else
			cell_log("error", err->text);
		_exit(125);
	}
	/* From the terminal they come to both; what they mean is the program's to say. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	/* The child tells our parent, who waits for the end of what is told. */
	end_said();
	cleanup_fd(&k->report);
	k->report = -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_to_go_on(const struct keeper *k, int status, unsigned int times)
{
	if (record_ending(&k->record) || !*k->started)
		return false;
	switch (k->o->restart) {
	case RESTART_ALWAYS:
	case RESTART_UNLESS_STOPPED:
		return true;
	case RESTART_ON_FAILURE:
		return status && (!k->o->restart_most || times < k->o->restart_most);
	default:
		return false;
	}
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False: it is to end meanwhile. */
static bool wait_before(const struct keeper *k, unsigned int ms)
{
	const struct timespec slice = { .tv_nsec = 20000000 };

	for (uint64_t until = now_ms() + ms; now_ms() < until;) {
		if (record_ending(&k->record))
			return false;
		nanosleep(&slice, NULL);
	}
	return !record_ending(&k->record);
}

static int keep(struct keeper *k, struct error *err)
{
	unsigned int times = 0, pause = PAUSE_LEAST_MS;
	uint64_t began;
	int status;

	if (k->o->restart == RESTART_NO) {
		status = live(k, err);
		if (status >= 0)
			record_exit(&k->record, status);
		return status;
	}
	for (;; times++) {
		began = now_ms();
		status = live_apart(k, err);
		if (status >= 0)
			record_exit(&k->record, status);
		if (status < 0 || !is_to_go_on(k, status, times))
			return status;
		pause = now_ms() - began >= WELL_MS ? PAUSE_LEAST_MS : pause;
		if (!wait_before(k, pause))
			return status;
		pause = pause * 2 < PAUSE_MOST_MS ? pause * 2 : PAUSE_MOST_MS;
		if (container_remove(k->o->id, true, err))
			return -EIO;
	}
}

static int make_and_keep(struct keeper *k, struct error *err)
{
	struct error ignored = { "" };
	int ret = prepare(k, err);

	if (!ret && k->o->detach)
		ret = open_log(k, err);
	if (!ret)
		ret = keep(k, err);
	/* One that was never its program leaves nothing; live_apart() says so by a status. */
	if (ret < 0 || !*k->started || (k->o->remove && !record_ending(&k->record))) {
		if (container_remove(k->o->id, true, &ignored) ||
		    record_remove(k->o->id, true, &ignored))
			cell_log("warning", ignored.text);
	}
	close_log(k);
	cleanup_fd(&k->record.dir);
	return ret;
}

/* The keeper's parent: until the container runs, or cannot. */
static int hear(const struct run_options *o, int pipe, struct error *err)
{
	size_t used = 0;
	ssize_t n = 1;

	while (n && used < sizeof(err->text) - 1) {
		n = read(pipe, err->text + used, sizeof(err->text) - 1 - used);
		if (n < 0 && errno != EINTR)
			break;
		used += n > 0 ? (size_t)n : 0;
	}
	err->text[used] = '\0';
	if (used == 1 && err->text[0] == 'k') {
		puts(o->id);
		return 0;
	}
	return used ? -ECHILD : error_set(err, ECHILD, "run: the cell that keeps %s was killed", o->id);
}

static int detach(struct keeper *k, struct error *err)
{
	int pipes[2], ret;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return error_errno(err, errno, NULL, "run: pipe");
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, NULL, "run: fork");
	if (pid) {
		close(pipes[1]);
		/* The lock is the keeper's, by the description that both have. */
		cleanup_fd(&k->record.dir);
		ret = hear(k->o, pipes[0], err);
		close(pipes[0]);
		return ret;
	}
	close(pipes[0]);
	setsid();
	/* A caller that was killed does not take its container with it. */
	signal(SIGPIPE, SIG_IGN);
	k->report = pipes[1];
	if (chdir("/"))
		_exit(1);
	ret = make_and_keep(k, err);
	if (ret < 0 && k->report >= 0)
		dprintf(k->report, "%s", err->text);
	_exit(ret < 0 ? 1 : ret);
}

/* An absolute path in place of its first @length octets. */
static int resolve(const char **word, const char *option, size_t length, struct error *err)
{
	cleanup_free char *name = strndup(*word, length);
	char source[PATH_MAX], *made;

	if (!name || !realpath(name, source))
		return error_errno(err, errno, "make it first", "run: %s: %s", option, name);
	if (strchr(source, ':'))
		return error_set(err, EINVAL, "run: %s: %s: has a colon, which ends a name here", option,
				 source);
	if (asprintf(&made, "%s%s", source, *word + length) < 0)
		return error_set(err, ENOMEM, "run: no memory");
	*word = made;
	return 0;
}

/* What the working folder decides, before a keeper leaves it. */
static int resolve_paths(struct run_options *o, struct error *err)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < o->volumes.count; i++) {
		struct run_volume v;

		ret = run_read_volume(o->volumes.at[i], &v, err);
		if (!ret && !v.named)
			ret = resolve(&o->volumes.at[i], "-v", v.source_length, err);
	}
	for (unsigned int i = 0; !ret && i < o->secrets.count; i++) {
		struct run_secret s;

		ret = run_read_secret(o->secrets.at[i], &s, err);
		if (!ret)
			ret = resolve(&o->secrets.at[i], "--secret", s.source_length, err);
	}
	return ret;
}

int run_image(int argc, char **argv, struct error *err)
{
	static struct run_options o;
	struct keeper k = { .o = &o, .record.dir = -1, .logger = -1, .report = -1 };
	int ret = run_parse(argc, argv, &o, err);

	if (!ret)
		ret = world_settle(&o.world, &(struct create_options){ .id = o.id }, err);
	if (!ret)
		ret = resolve_paths(&o, err);
	if (ret)
		return ret;
	k.started = mmap(NULL, sizeof(*k.started), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (k.started == MAP_FAILED)
		return error_errno(err, errno, NULL, "run: mmap");
	ret = record_make(&o, &k.record, err);
	if (ret)
		return ret;
	return o.detach ? detach(&k, err) : make_and_keep(&k, err);
}
