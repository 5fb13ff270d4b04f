// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every part of box needs: to say what went wrong, and to write a word into a file of the kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "box.h"

int trouble(int number, const char *format, ...)
{
	va_list arguments;
	char text[1024];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "box: %s%s%s\n", text, number ? ": " : "", number ? strerror(number) : "");
	return -1;
}

int write_file(const char *path, const char *text)
{
	const size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		err = -errno;
	close(fd);
	return err;
}
