// SPDX-License-Identifier: GPL-2.0-only
/* What trace and plot have in common: the options, and the command they watch. */
#include <string.h>

#include "csched.h"
#include "source.h"

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
