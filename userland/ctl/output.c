// SPDX-License-Identifier: GPL-2.0-only
/* What trace and plot have in common on the command line: the file they write, the command they watch. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csched.h"
#include "output.h"

/* Something that is there and no file, such as /dev/null or a pipe, is written to as it is. */
static bool is_special(const char *path)
{
	struct stat info;

	return !stat(path, &info) && !S_ISREG(info.st_mode);
}

/*
 * Open it before anything is recorded, so that a bad name costs nobody an hour. NULL and
 * "-" are standard output. Returns 0 or a negative errno.
 */
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

/*
 * What is left behind the options: nothing, or a command to watch. @seconds, @from: these
 * options were given, too. Returns 0 or a negative error.
 */
int output_words(int argc, char **argv, bool seconds, const char *from, char ***command,
		 struct error *err)
{
	const char *verb = argv[0];

	if (from && seconds)
		return error_set(err, EUSAGE, "%s: --seconds: %s is as long as it is", verb, from);
	if (optind == argc)
		return 0;
	if (strcmp(argv[optind - 1], "--") != 0)
		return error_set(err, EUSAGE,
				 "%s: %s: a command comes after --: csched %s -o FILE -- COMMAND",
				 verb, argv[optind], verb);
	if (from || seconds)
		return error_set(err, EUSAGE,
				 "%s: %s: give a command, --seconds or --from, not two of them",
				 verb, argv[optind]);
	*command = argv + optind;
	return 0;
}
