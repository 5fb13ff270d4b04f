// SPDX-License-Identifier: GPL-2.0-only
/* A file that appears when all of it is written, or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

/* Something that is there and no file, such as /dev/null or a pipe, is written to as it is. */
static bool is_special(const char *path)
{
	struct stat info;

	return !stat(path, &info) && !S_ISREG(info.st_mode);
}

/* NULL and "-" are standard output. Returns 0 or a negative errno. */
int output_open(struct output *output, const char *path, struct error *err)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	*output = (struct output){ .file = stdout };
	if (!path || !strcmp(path, "-"))
		return 0;
	output->path = path;
	if (is_special(path)) {
		output->file = fopen(path, "we");
		return output->file ? 0 : error_errno(err, errno, NULL, "write: %s", path);
	}
	snprintf(output->temporary, sizeof(output->temporary), "%s.XXXXXX", path);
	fd = mkostemp(output->temporary, O_CLOEXEC);
	output->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (output->file && !fchmod(fd, 0666 & ~mask))
		return 0;
	if (fd < 0)
		output->temporary[0] = '\0';
	return error_errno(err, errno, NULL, "write: %s", path);
}

/* All is written: give it its name. Returns 0 or a negative errno. */
int output_keep(struct output *output, struct error *err)
{
	FILE *file = output->file;
	bool failed = fflush(file) || ferror(file);

	if (failed)
		return error_errno(err, errno ? errno : EIO, NULL, "write: %s",
				   output->path ? output->path : "standard output");
	if (output->temporary[0] && rename(output->temporary, output->path))
		return error_errno(err, errno, NULL, "write: %s", output->path);
	output->temporary[0] = '\0';
	return 0;
}

void output_drop(struct output *output)
{
	if (output->temporary[0])
		unlink(output->temporary);
	if (output->file && output->file != stdout)
		fclose(output->file);
}
