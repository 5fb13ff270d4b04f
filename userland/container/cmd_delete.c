// SPDX-License-Identifier: GPL-2.0-only
/* cell delete: all that a container has is removed. container_finish() is run's end. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "run/run.h"

/* It is gone when its parent has reaped it; until then its groups are not empty. */
#define GONE_MS	10000
/* How often a keeper that makes its container meanwhile is asked again, and how long it gets. */
#define KEEPER_TRIES	100
#define KEEPER_TRY_MS	50

static int kill_and_wait(const struct state *state, struct cgroups *groups, struct error *err)
{
	cleanup_close int pidfd = pidfd_open(state->pid, 0);
	struct pollfd ends = { .fd = pidfd, .events = POLLIN };
	struct error ignored;

	cgroups_signal(groups, SIGKILL, &ignored);
	/* The pid may be another's by now: what was opened is looked at before it is killed. */
	if (pidfd < 0 || !state_alive(state))
		return 0;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) && errno != ESRCH)
		return error_errno(err, errno, NULL, "delete: kill pid %d", state->pid);
	if (poll(&ends, 1, GONE_MS) == 0)
		return error_set(err, ETIMEDOUT, "delete: container %s: pid %d does not end",
				 state->id, state->pid);
	waitpid(state->pid, NULL, WNOHANG);
	return 0;
}

static void poststop(int dir, const struct state *state)
{
	struct config config;
	struct error err = { "" };

	if (!config_load(&config, dir, "config.json", &err) && config.hooks.count[HOOK_POSTSTOP]) {
		cleanup_free char *text = state_json(state, CELL_SPEC, "stopped", 0);

		hooks_run(&config.hooks, HOOK_POSTSTOP, text, &err);
		if (err.text[0])
			cell_log("warning", err.text);
	}
	config_free(&config);
}

/*
 * Killed while it made its groups: where they are was not written yet, nor maybe the configuration.
 * What nobody asked for by a cgroupsPath has a name that is ours alone.
 */
static void guess_groups(int dir, struct state *state)
{
	struct config config;
	struct error ignored;
	bool elsewhere;

	if (state->pid >= 0 || state->cgroup[0])
		return;
	elsewhere = !config_load(&config, dir, "config.json", &ignored) && config.cgroups_path;
	if (!elsewhere && !cgroups_path(NULL, state->id, false, state->cgroup, &ignored))
		state->cgroup_made = 1;
	config_free(&config);
}

static int delete_locked(int dir, const struct state *state, bool force, struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	enum status status = container_status(state);
	int ret;

	if (!force && status != STATUS_STOPPED && status != STATUS_CREATED &&
	    !(status == STATUS_CREATING && state->pid < 0))
		return error_set(err, EBUSY, "delete: container %s: is %s: cell kill it first, or "
				 "delete --force", state->id, status_names[status]);
	ret = container_groups(state, &groups, err);
	if (!ret && (force || status == STATUS_CREATED || status == STATUS_STOPPED))
		ret = kill_and_wait(state, &groups, err);
	if (!ret)
		ret = cgroups_remove(&groups, err);
	cgroups_close(&groups);
	if (ret)
		return ret;
	schedule_leave(state->id);
	ret = network_detach(state->id, err);
	if (ret)
		return ret;
	poststop(dir, state);
	return state_remove(cell.root, state->id, err);
}

int container_remove(const char *id, bool force, struct error *err)
{
	cleanup_close int dir = -1;
	struct state state;
	int ret;

	if (cell_root(err) < 0)
		return cell.root;
	dir = state_lock(cell.root, id, true, err);
	if (dir < 0)
		/* containerd deletes what may be gone already. */
		return dir == -ENOENT && force ? 0 : dir;
	ret = state_read(cell.root, id, &state, err);
	if (ret == -EINVAL && force)
		ret = 0;
	if (!ret)
		guess_groups(dir, &state);
	if (!ret)
		ret = delete_locked(dir, &state, force, err);
	state_free(&state);
	return ret;
}

/* Of one that this process has run: what it knows of it is not read again. */
int container_finish(struct container *c, struct error *err)
{
	cleanup_close int dir = -1;
	struct error ignored;
	struct stat st;
	int ret;

	if (c->config.hooks.count[HOOK_POSTSTOP])
		return container_remove(c->id, true, err);
	dir = state_lock(cell.root, c->id, true, err);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	/* Somebody has deleted ours, and made another of that name. */
	if (fstat(dir, &st) || st.st_ino != c->state_inode)
		return 0;
	cgroups_signal(&c->cgroups, SIGKILL, &ignored);
	ret = cgroups_remove(&c->cgroups, err);
	if (ret)
		return ret;
	schedule_leave(c->id);
	ret = network_detach(c->id, err);
	return ret ? ret : state_remove(cell.root, c->id, err);
}

/* One that is being made may appear after it was looked for: until nobody is left who makes it. */
static int remove_kept(const char *id, const struct run_record *record, bool force,
		       struct error *err)
{
	int ret;

	if (force)
		record_end(id);
	for (int tries = 0;; tries++) {
		ret = container_remove(id, force, err);
		/* One that could not be made, or is between two lives, is a record alone. */
		if (ret == -ENOENT)
			ret = 0;
		if (ret || !force || tries == KEEPER_TRIES || !record_kept(record, KEEPER_TRY_MS))
			break;
	}
	/* Its keeper has ended; what it made in its last moment is to go too. */
	if (!ret && force)
		ret = container_remove(id, true, err);
	return ret ? ret : record_remove(id, false, err);
}

int container_delete(const char *id, bool force, struct error *err)
{
	struct run_record record;
	struct error ignored;
	int ret;

	if (record_read(id, &record, &ignored))
		ret = container_remove(id, force, err);
	else
		ret = remove_kept(id, &record, force, err);
	cleanup_fd(&record.dir);
	return ret;
}

int cmd_delete(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	bool force = false;
	int option, ret = 0;

	optind = 1;
	while ((option = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (option != 'f')
			return error_set(err, EUSAGE, "delete: see cell --help");
		force = true;
	}
	if (optind == argc)
		return error_set(err, EUSAGE, "delete: expected a container id: cell delete [--force] "
				 "ID...");
	for (; !ret && optind < argc; optind++)
		ret = container_delete(argv[optind], force, err);
	return ret;
}
