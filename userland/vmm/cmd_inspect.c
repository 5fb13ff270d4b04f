// SPDX-License-Identifier: GPL-2.0-only
/* vmm inspect: run a guest to a moment, then show its page tables beside the shadow tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "options.h"
#include "tables.h"
#include "verbs.h"

enum { OPTION_AT = OPTION_OWN, OPTION_HALT, OPTION_FORMAT };

static const struct option long_options[] = {
	MACHINE_OPTIONS,
	{ "at", required_argument, NULL, OPTION_AT },
	{ "halt", no_argument, NULL, OPTION_HALT },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "output", required_argument, NULL, 'o' },
	{ 0 },
};

static void print_help(void)
{
	puts("usage: vmm inspect [OPTIONS] IMAGE [ARGS]\n"
	     "Run a guest to a stop, then show its page tables beside the shadow tables.\n"
	     "The guest's console goes to stderr.\n\n"
	     MACHINE_OPTIONS_HELP
	     "  --at LABEL         stop where the guest writes LABEL (0 to 255) to port 0xf5\n"
	     "  --halt             stop at the end only: exit port or HLT\n"
	     "                     (default: the first label, or else the end)\n"
	     "  --format FORMAT    text or svg (default text, or svg when FILE ends in .svg)\n"
	     "  -o, --output FILE  write there (default stdout)\n"
	     "  --help             this text");
}

enum format { FORMAT_UNSET, FORMAT_TEXT, FORMAT_SVG };

struct inspect_options {
	struct machine_config machine;
	int label;		/* -1: any */
	bool at_end;
	bool help;
	enum format format;
	const char *output;
};

static int parse_label(const char *text, int *label, struct error *err)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 255)
		return error_set(err, EINVAL, "bad --at: %s: give a label from 0 to 255", text);
	*label = value;
	return 0;
}

static int parse_format(const char *text, enum format *format, struct error *err)
{
	if (strcmp(text, "text") == 0)
		*format = FORMAT_TEXT;
	else if (strcmp(text, "svg") == 0)
		*format = FORMAT_SVG;
	else
		return error_set(err, EINVAL, "bad --format: %s: give text or svg", text);
	return 0;
}

static bool ends_in_svg(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	return length >= 4 && strcmp(name + length - 4, ".svg") == 0;
}

static int parse_option(struct inspect_options *options, int option, char *const *argv,
			struct error *err)
{
	switch (option) {
	case OPTION_AT:
		return parse_label(optarg, &options->label, err);
	case OPTION_HALT:
		options->at_end = true;
		return 0;
	case OPTION_FORMAT:
		return parse_format(optarg, &options->format, err);
	case 'o':
		options->output = optarg;
		return 0;
	case ':':
		return error_set(err, EINVAL, "option needs a value: %s", argv[optind - 1]);
	case '?':
		return error_set(err, EINVAL, "unknown option: %s", argv[optind - 1]);
	default:
		return machine_option(&options->machine, option, optarg, err);
	}
}

static int parse(struct inspect_options *options, int argc, char **argv, struct error *err)
{
	int option, ret;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:ho:", long_options, NULL)) != -1) {
		if (option == 'h' || option == OPTION_HELP) {
			options->help = true;
			return 0;
		}
		ret = parse_option(options, option, argv, err);
		if (ret < 0)
			return ret;
	}
	if (options->at_end && options->label >= 0)
		return error_set(err, EINVAL, "--at and --halt exclude each other");
	if (options->format == FORMAT_UNSET)
		options->format = ends_in_svg(options->output) ? FORMAT_SVG : FORMAT_TEXT;
	return machine_operands(&options->machine, argc, argv, err);
}

/* Read the registers and both trees of the stopped machine. */
static int collect(struct machine *machine, struct tables *tables, struct error *err)
{
	cleanup_free struct spt_entry *entries = NULL;
	struct spt_tables shadow = { 0 };
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	int ret;

	ret = kvm_get_registers(&machine->kvm, &regs, &sregs, err);
	if (ret < 0)
		return ret;
	*tables = (struct tables){
		.cr0 = sregs.cr0, .cr3 = sregs.cr3, .cr4 = sregs.cr4, .efer = sregs.efer,
		.has_shadow = machine->kvm.is_shadowpt,
	};
	if (machine->kvm.is_shadowpt) {
		ret = kvm_get_shadow_tables(&machine->kvm, &shadow, &entries, err);
		if (ret < 0)
			return ret;
		tables->strategy = shadow.strategy;
	}
	return tables_build(tables, &machine->memory, entries, shadow.count, err);
}

static int show(struct machine *machine, const struct inspect_options *options,
		const struct run_result *result, struct error *err)
{
	cleanup_fclose FILE *file = NULL;
	struct tables tables = { 0 };
	char heading[512], moment[64];
	FILE *out = stdout;
	int ret;

	ret = collect(machine, &tables, err);
	if (ret < 0)
		goto out_free;
	if (options->output) {
		file = fopen(options->output, "we");
		if (!file) {
			ret = error_errno(err, errno, NULL, "cannot write: %s", options->output);
			goto out_free;
		}
		out = file;
	}
	if (result->end == RUN_STOP)
		snprintf(moment, sizeof(moment), "at stop %u", result->value);
	else
		snprintf(moment, sizeof(moment), "at its end");
	snprintf(heading, sizeof(heading), "%s on %s%s%s, %s",
		 basename(options->machine.image),
		 machine->kvm.path, tables.has_shadow ? ", strategy " : "",
		 tables.has_shadow ? strategy_name(tables.strategy) : "", moment);
	if (options->format == FORMAT_SVG)
		tables_print_svg(&tables, heading, out);
	else
		tables_print_text(&tables, heading, out);
	if (fflush(out) != 0 || ferror(out))
		ret = error_errno(err, errno, NULL, "cannot write: %s",
				  options->output ? options->output : "standard output");
out_free:
	free(tables.rows);
	return ret;
}

static int inspect(const struct inspect_options *options, int *status, struct error *err)
{
	struct machine machine;
	struct run_result result;
	int ret;

	ret = machine_open(&machine, &options->machine, err);
	if (ret < 0)
		goto out_close;
	ret = machine_run(&machine, !options->at_end, options->label, &result, err);
	if (ret < 0)
		goto out_close;
	if (result.end != RUN_STOP && result.end != RUN_EXIT && result.end != RUN_HALT) {
		machine_report(&machine, &result, stderr);
		*status = run_exit_status(&result);
		goto out_close;
	}
	if (result.end != RUN_STOP && options->label >= 0) {
		ret = error_set(err, ENOENT,
				"cannot stop the guest: label %d: it ended without reaching it",
				options->label);
		goto out_close;
	}
	ret = show(&machine, options, &result, err);
out_close:
	machine_close(&machine);
	return ret;
}

int cmd_inspect(int argc, char **argv)
{
	struct inspect_options options = { .machine = machine_defaults(), .label = -1 };
	struct error err;
	int status = 0;

	options.machine.console_out = STDERR_FILENO;
	if (parse(&options, argc, argv, &err) < 0)
		return usage_error("inspect", &err);
	if (options.help) {
		print_help();
		return 0;
	}
	if (inspect(&options, &status, &err) < 0) {
		fprintf(stderr, "vmm: %s\n", err.text);
		return STATUS_FAILED;
	}
	return status;
}
