// SPDX-License-Identifier: GPL-2.0-only
/*
 * The container's terminal. Called by child.c.
 *
 * It is a pair of the container's own devpts, got by descriptor: /dev/pts/N by name could be a link
 * (CVE-2025-52565), and the caller's own terminal would let the container type into it (TIOCSTI).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../path/guard.h"
#include "../path/inroot.h"
#include "../path/mounts.h"
#include "../path/proc.h"
#include "cleanup.h"
#include "container.h"

int send_descriptor(int socket, int fd, const char *text, size_t length)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { (char *)text, length };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int receive_descriptor(int socket, char *text, size_t room, ssize_t *length)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { text, room };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	*length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	if (*length < 0)
		return -errno;
	if (message.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    control.header.cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
	return fd;
}

/* The multiplexer of the container's devpts, and nothing that only looks like it. */
static int open_multiplexer(const struct container *c, struct error *err)
{
	cleanup_close int fd = inroot_open(c->root_fd, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return error_errno(err, -fd, "a terminal needs a devpts: see `cell spec`",
				   "terminal: /dev/pts/ptmx");
	if (!on_filesystem(fd, DEVPTS_SUPER_MAGIC) || fstat(fd, &st) || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		return error_set(err, ENXIO, "terminal: /dev/pts/ptmx: is not that of a devpts: see "
				 "`cell spec`");
	return keep_fd(&fd);
}

static int set_up(const struct container *c, int master, struct error *err)
{
	const struct config_process *process = &c->config.process;
	struct winsize size = { .ws_row = process->rows, .ws_col = process->columns };
	int unlock = 0;

	if (ioctl(master, TIOCSPTLCK, &unlock))
		return error_errno(err, errno, NULL, "terminal: unlock");
	if ((size.ws_row || size.ws_col) && ioctl(master, TIOCSWINSZ, &size))
		return error_errno(err, errno, NULL, ".process.consoleSize");
	return 0;
}

static int put_console(struct container *c, struct error *err)
{
	cleanup_close int named = GUARD(CONSOLE) ? -1 : inroot_open(c->root_fd, "/dev/pts/0", O_PATH);
	cleanup_close int tree = mount_clone(named < 0 ? c->terminal : named, "", false);
	cleanup_close int place = inroot_touch(c->root_fd, "/dev/console", 0600);
	int ret = tree < 0 ? tree : place < 0 ? place : mount_put(tree, place);

	return ret ? error_errno(err, -ret, NULL, "terminal: /dev/console") : 0;
}

int terminal_open(struct container *c, struct error *err)
{
	static const char name[] = "/dev/ptmx";
	cleanup_close int master = open_multiplexer(c, err);
	int ret;

	if (master < 0)
		return master;
	ret = set_up(c, master, err);
	if (ret)
		return ret;
	c->terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->terminal < 0)
		return error_errno(err, errno, NULL, "terminal: its other side");
	if (c->config.process.uid &&
	    fchown(c->terminal, c->config.process.uid, (gid_t)-1) && errno != EINVAL)
		return error_errno(err, errno, NULL, "terminal: owner");
	ret = c->joins ? 0 : put_console(c, err);
	if (ret)
		return ret;
	ret = send_descriptor(c->console, master, name, sizeof(name) - 1);
	if (ret)
		return error_errno(err, -ret, NULL, "--console-socket");
	close(c->console);
	c->console = -1;
	return 0;
}

int terminal_take(struct container *c, struct error *err)
{
	if (ioctl(c->terminal, TIOCSCTTY, 0))
		return error_errno(err, errno, NULL, "terminal: of the session");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(c->terminal, fd) < 0)
			return error_errno(err, errno, NULL, "terminal");
	close(c->terminal);
	c->terminal = -1;
	return 0;
}
