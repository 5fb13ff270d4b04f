// SPDX-License-Identifier: GPL-2.0-only
/* vmm run: run a guest until it ends, with its console on stdin and stdout. */
#include <errno.h>
#include <stdio.h>

#include "cleanup.h"
#include "console.h"
#include "options.h"
#include "stats.h"
#include "verbs.h"

enum { OPTION_STATS = OPTION_OWN, OPTION_JSON };

static const struct option long_options[] = {
	MACHINE_OPTIONS,
	{ "stats", no_argument, NULL, OPTION_STATS },
	{ "json", required_argument, NULL, OPTION_JSON },
	{ 0 },
};

static void print_help(void)
{
	puts("usage: vmm run [OPTIONS] IMAGE [ARGS]\n"
	     "Run a flat or ELF64 guest image; ARGS are words for the guest.\n\n"
	     MACHINE_OPTIONS_HELP
	     "  --stats            print exits by reason and MMU events to stderr at the end\n"
	     "  --json FILE        write the same as JSON\n"
	     "  --help             this text");
}

struct run_options {
	struct machine_config machine;
	bool stats;
	bool help;
	const char *json;
};

static int parse(struct run_options *options, int argc, char **argv, struct error *err)
{
	int option, ret;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'h':
		case OPTION_HELP:
			options->help = true;
			return 0;
		case OPTION_STATS:
			options->stats = true;
			break;
		case OPTION_JSON:
			options->json = optarg;
			break;
		case ':':
			return error_set(err, EINVAL, "option needs a value: %s", argv[optind - 1]);
		case '?':
			return error_set(err, EINVAL, "unknown option: %s", argv[optind - 1]);
		default:
			ret = machine_option(&options->machine, option, optarg, err);
			if (ret < 0)
				return ret;
		}
	}
	return machine_operands(&options->machine, argc, argv, err);
}

static int run(const struct run_options *options, int *status, struct error *err)
{
	cleanup_fclose FILE *json = NULL;
	struct machine machine;
	struct run_result result;
	struct console console;
	struct stats stats;
	int ret;

	if (options->json) {
		json = fopen(options->json, "we");
		if (!json)
			return error_errno(err, errno, NULL, "cannot write --json: %s",
					   options->json);
	}
	ret = machine_open(&machine, &options->machine, err);
	if (ret < 0)
		goto out_close;
	stats_begin(&stats);
	console_begin(&console, options->machine.console_in);
	ret = machine_run(&machine, false, 0, &result, err);
	console_end(&console);
	if (ret < 0)
		goto out_close;
	machine_report(&machine, &result, stderr);
	*status = run_exit_status(&result);
	if (options->stats || json) {
		ret = stats_read(&stats, &machine, err);
		if (ret < 0)
			goto out_close;
	}
	if (options->stats)
		stats_print(&stats, stderr);
	if (json) {
		stats_print_json(&stats, &result, *status, json);
		if (fflush(json) != 0 || ferror(json))
			ret = error_errno(err, errno, NULL, "cannot write --json: %s",
					  options->json);
	}
out_close:
	machine_close(&machine);
	return ret;
}

int cmd_run(int argc, char **argv)
{
	struct run_options options = { .machine = machine_defaults() };
	struct error err;
	int status = 0;

	if (parse(&options, argc, argv, &err) < 0)
		return usage_error("run", &err);
	if (options.help) {
		print_help();
		return 0;
	}
	if (run(&options, &status, &err) < 0) {
		fprintf(stderr, "vmm: %s\n", err.text);
		return STATUS_FAILED;
	}
	return status;
}
