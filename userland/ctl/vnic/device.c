// SPDX-License-Identifier: GPL-2.0-only
/* The device, and the errors that all its ioctls have. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vnic_tool.h"

static const char *why_not_opened(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return "load the module: insmod vnic.ko";
	case EACCES:
	case EPERM:
		return "its permissions keep you out: ask the administrator, or run as root";
	}
	return NULL;
}

/* Returns a file descriptor, or a negative errno. */
int device_open(struct error *err)
{
	int fd = open(VNIC_DEVICE, O_RDWR | O_CLOEXEC), version, failed = errno;

	if (fd < 0)
		return error_errno(err, failed, why_not_opened(failed), "open: %s", VNIC_DEVICE);
	version = ioctl(fd, VNIC_IOC_VERSION, 0);
	if (version == VNIC_ABI_VERSION)
		return fd;
	close(fd);
	return error_set(err, EPROTO, "open: %s: speaks version %d: this vnic speaks %d",
			 VNIC_DEVICE, version, VNIC_ABI_VERSION);
}

/* As error_errno(), with advice of its own for what any ioctl may fail with. */
int device_failed(struct error *err, int errnum, const char *advice, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (!advice && errnum == EPERM)
		advice = "CAP_NET_ADMIN is needed in this network namespace: run as root";
	if (!advice && errnum == ENOMEM)
		advice = "the kernel is out of memory";
	if (!advice && errnum == ENOENT)
		advice = "the network has just been removed";
	return error_errno(err, errnum, advice, "%s", what);
}
