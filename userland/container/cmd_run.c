// SPDX-License-Identifier: GPL-2.0-only
/* cell run: create, start, wait, delete, in one. That of an image is in run/. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "run/run.h"

/* Without --console-socket the terminal is ours to carry. */
static int own_console(struct container *c, int *ours, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, NULL, "socketpair");
	c->console = pair[0];
	*ours = pair[1];
	return 0;
}

static void poststart(struct container *c)
{
	cleanup_free char *state = NULL;
	struct error err;

	if (!c->config.hooks.count[HOOK_POSTSTART])
		return;
	state = c->state_json(c, "running");
	/* The specification wants a warning, and the container to go on (runtime.md#lifecycle). */
	if (hooks_run(&c->config.hooks, HOOK_POSTSTART, state, &err))
		cell_log("warning", err.text);
}

int container_run(const struct create_options *options, struct container *c,
		  void (*started)(void *what), void *what, struct error *err)
{
	cleanup_close int ours = -1, master = -1;
	char name[64];
	ssize_t length;
	int ret = 0;

	if (!options->console_socket && !options->detach)
		ret = own_console(c, &ours, err);
	if (!ret)
		ret = container_make(options, c, err);
	if (ret)
		return ret;
	if (c->config.process.terminal && ours >= 0)
		master = receive_descriptor(ours, name, sizeof(name), &length);
	if (!options->detach)
		attend_from_now(master);
	ret = container_go(c, true, err);
	if (ret) {
		container_unmake(c);
		return ret;
	}
	poststart(c);
	if (started)
		started(what);
	if (options->detach)
		return 0;
	ret = attend(c->pid, c->pidfd, master, err);
	/* Reaped: its number may be another's from now on. */
	c->pid = -1;
	return ret;
}

int cmd_run(int argc, char **argv, struct error *err)
{
	static struct container c = CONTAINER_NONE;
	struct create_options options;
	struct error left;
	int ret;

	if (argc > 1 && (!strcmp(argv[1], "--image") || !strncmp(argv[1], "--image=", 8)))
		return run_image(argc, argv, err);
	ret = create_parse(argc, argv, true, &options, err);
	if (!ret)
		ret = container_run(&options, &c, NULL, NULL, err);
	if (ret < 0 || options.detach || options.keep)
		return ret;
	if (container_finish(&c, &left))
		cell_log("warning", left.text);
	return ret;
}
