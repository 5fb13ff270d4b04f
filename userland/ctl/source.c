// SPDX-License-Identifier: GPL-2.0-only
/* What trace and plot have in common: the options, the command they watch, the file they write. */
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

/* NULL and "-" are standard output. Returns 0 or a negative errno. */
static int output_open(struct output *output, const char *path, struct error *err)
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

/* An option that both have: -o, --from or --seconds. Returns 0 or a negative error. */
int source_option(struct source *source, int option, struct error *err)
{
	switch (option) {
	case 'o':
		source->to = optarg;
		return 0;
	case 'F':
		source->from = optarg;
		return 0;
	default:
		source->seconds = true;
		return parse_seconds(optarg, "seconds", &source->record.duration_ns, err);
	}
}

/*
 * What is left behind the options: nothing, or a command to watch. Returns 0 or a
 * negative error.
 */
int source_words(struct source *source, int argc, char **argv, struct error *err)
{
	const char *verb = argv[0];

	if (source->from && source->seconds)
		return error_set(err, EUSAGE, "%s: --seconds: %s is as long as it is", verb,
				 source->from);
	if (optind == argc)
		return 0;
	if (strcmp(argv[optind - 1], "--") != 0)
		return error_set(err, EUSAGE,
				 "%s: %s: a command comes after --: csched %s -o FILE -- COMMAND",
				 verb, argv[optind], verb);
	if (source->from || source->seconds)
		return error_set(err, EUSAGE,
				 "%s: %s: give a command, --seconds or --from, not two of them",
				 verb, argv[optind]);
	source->record.command = argv + optind;
	return 0;
}

/*
 * Open the file, so that a bad name costs nobody an hour, then record or load. The caller
 * writes, output_keep()s and frees the recording. Returns 0 or a negative error.
 */
int source_record(const struct source *source, struct output *output, struct recording *r,
		  struct error *err)
{
	int ret = output_open(output, source->to, err);

	if (ret)
		return ret;
	return source->from ? recording_load(source->from, r, err) : record(&source->record, r, err);
}
