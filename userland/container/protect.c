// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container must not overwrite the runtime (CVE-2019-5736). Called by main.c before a verb that
 * puts a process into a container.
 *
 * Until it becomes its program, that process has our binary as /proc/self/exe, and a container may
 * name "/proc/self/exe" as the program, or open it from another process. So we run from a copy of
 * the mount that holds our file: read-only, detached, and no longer anybody's after the execve, so
 * that nobody can make it writable again. Nothing is copied, which a sealed memfd would need; that
 * is the way only where we may not mount.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "path/mounts.h"

#define MARK	"CELL_PROTECTED"
#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

bool is_protected(void)
{
	cleanup_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct statvfs fs;

	if (fd < 0)
		return false;
	if (fcntl(fd, F_GET_SEALS) >= 0 && (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS)
		return true;
	return !fstatvfs(fd, &fs) && fs.f_flag & ST_RDONLY;
}

static int readonly_mount(void)
{
	cleanup_close int fd = mount_clone(AT_FDCWD, "/proc/self/exe", false);
	int ret;

	if (fd < 0)
		return fd;
	ret = mount_change(fd, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, false);
	return ret ? ret : keep_fd(&fd);
}

static int sealed_copy(void)
{
	cleanup_close int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	cleanup_close int copy = memfd_create("cell", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	off_t done = 0;

	if (from < 0 || copy < 0 || fstat(from, &st))
		return -errno;
	while (done < st.st_size)
		if (sendfile(copy, from, &done, (size_t)(st.st_size - done)) <= 0)
			return -errno;
	return fcntl(copy, F_ADD_SEALS, SEALS) ? -errno : keep_fd(&copy);
}

int protect_self(char **argv, struct error *err)
{
	cleanup_close int fd = -1;

	prctl(PR_SET_NAME, "cell");
#ifdef CELL_WITHOUT_GUARD_SELF
	return 0;
#endif
	if (is_protected()) {
		unsetenv(MARK);
		return 0;
	}
	if (getenv(MARK))
		return error_set(err, EPERM, "cannot run from a copy that containers cannot write: "
				 "is /proc mounted?");
	fd = readonly_mount();
	if (fd < 0)
		fd = sealed_copy();
	if (fd < 0)
		return error_errno(err, -fd, "is /proc mounted?", "/proc/self/exe");
	setenv(MARK, "1", 1);
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return error_errno(err, errno, NULL, "/proc/self/exe: again");
}
