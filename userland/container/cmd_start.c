// SPDX-License-Identifier: GPL-2.0-only
/* cell start: the waiting process becomes its program. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "init/sync.h"

static int call(int dir, const char *id, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sync_message message;
	int ret;

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/start", dir);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return error_errno(err, errno, NULL, "start: container %s", id);
	ret = sync_hear(fd, &message, err);
	/* The end of file is what success sounds like: execve closed the socket. */
	return ret == -EPIPE ? 0 : ret;
}

static void poststart(int dir, const struct state *state)
{
	struct config config;
	struct error err = { "" };

	if (!config_load(&config, dir, "config.json", &err) &&
	    config.hooks.count[HOOK_POSTSTART]) {
		cleanup_free char *text = state_json(state, CELL_SPEC, "running", state->pid);

		hooks_run(&config.hooks, HOOK_POSTSTART, text, &err);
	}
	if (err.text[0])
		cell_log("warning", err.text);
	config_free(&config);
}

static int start(int dir, const struct state *state, struct error *err)
{
	enum status status = container_status(state);
	int ret;

	if (status != STATUS_CREATED)
		return error_set(err, EINVAL, "start: container %s: is %s: only one that is created "
				 "can be started", state->id, status_names[status]);
	ret = call(dir, state->id, err);
	if (ret)
		return ret;
	unlinkat(dir, "start", 0);
	poststart(dir, state);
	return 0;
}

int cmd_start(int argc, char **argv, struct error *err)
{
	cleanup_close int dir = -1;
	struct state state;
	int ret;

	if (argc != 2)
		return error_set(err, EUSAGE, "start: expected one container id: cell start ID");
	if (cell_root(err) < 0)
		return cell.root;
	dir = state_lock(cell.root, argv[1], true, err);
	if (dir < 0)
		return dir;
	ret = state_read(cell.root, argv[1], &state, err);
	if (!ret)
		ret = start(dir, &state, err);
	state_free(&state);
	return ret;
}
