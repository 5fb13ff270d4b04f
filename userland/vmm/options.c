// SPDX-License-Identifier: GPL-2.0-only
/* Parsing of the options that describe a machine. Called by the verbs. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MIN	(2ull << 20)
#define MEMORY_MAX	(3ull << 30)	/* below the hole that KVM keeps for its own pages */

struct machine_config machine_defaults(void)
{
	return (struct machine_config){
		.strategy = SPT_STRATEGY_DEFAULT,
		.memory = 64ull << 20,
		.console_in = STDIN_FILENO,
		.console_out = STDOUT_FILENO,
	};
}

static int parse_size(const char *text, uint64_t *size, struct error *err)
{
	unsigned int shift = 0;
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || errno == ERANGE)
		return error_set(err, EINVAL, "bad --mem: %s: give a size such as 64M", text);
	switch (toupper((unsigned char)*end)) {
	case 'G':
		shift = 30;
		end++;
		break;
	case 'M':
		shift = 20;
		end++;
		break;
	case 'K':
		shift = 10;
		end++;
		break;
	}
	if (*end)
		return error_set(err, EINVAL, "bad --mem: %s: give a size such as 64M", text);
	if (number > MEMORY_MAX >> shift || number << shift < MEMORY_MIN)
		return error_set(err, EINVAL, "bad --mem: %s: must be from 2M to 3G", text);
	*size = number << shift;
	if (*size % 4096)
		return error_set(err, EINVAL, "bad --mem: %s: not a multiple of 4K", text);
	return 0;
}

static int parse_timeout(const char *text, double *seconds, struct error *err)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end == text || *end || !isfinite(*seconds) || *seconds <= 0 || *seconds > 1e6)
		return error_set(err, EINVAL, "bad --timeout: %s: give seconds, such as 10 or 0.5",
				 text);
	return 0;
}

static int parse_strategy(const char *text, uint32_t *strategy, struct error *err)
{
	for (uint32_t id = SPT_STRATEGY_DEFAULT + 1; id < SPT_STRATEGY_NR; id++) {
		if (strcmp(text, strategy_name(id)) == 0) {
			*strategy = id;
			return 0;
		}
	}
	return error_set(err, EINVAL, "bad --paging: %s: give vtlb or trap", text);
}

int machine_option(struct machine_config *config, int option, const char *value,
		   struct error *err)
{
	switch (option) {
	case OPTION_ACCEL:
		config->accel = value;
		return 0;
	case OPTION_PAGING:
		return parse_strategy(value, &config->strategy, err);
	case OPTION_MEM:
		return parse_size(value, &config->memory, err);
	case OPTION_TIMEOUT:
		return parse_timeout(value, &config->timeout, err);
	default:
		return error_set(err, ENOENT, "unknown option");
	}
}

int machine_operands(struct machine_config *config, int argc, char **argv, struct error *err)
{
	if (optind >= argc)
		return error_set(err, EINVAL, "no IMAGE given");
	config->image = argv[optind];
	config->argc = argc - optind - 1;
	config->argv = argv + optind + 1;
	return 0;
}

int usage_error(const char *verb, const struct error *err)
{
	fprintf(stderr, "vmm: %s: see `vmm%s%s --help`\n", err->text, verb ? " " : "",
		verb ? verb : "");
	return STATUS_USAGE;
}
