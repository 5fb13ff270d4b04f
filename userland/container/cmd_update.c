// SPDX-License-Identifier: GPL-2.0-only
/* cell update: other limits for a container that is there. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"

enum {
	OPTION_MEMORY = 256,
	OPTION_RESERVATION,
	OPTION_SWAP,
	OPTION_CPU_PERIOD,
	OPTION_CPU_QUOTA,
	OPTION_CPU_SHARE,
	OPTION_CPU_BURST,
	OPTION_CPU_IDLE,
	OPTION_CPUS,
	OPTION_MEMS,
	OPTION_PIDS,
	OPTION_BLKIO,
};

static const struct option options[] = {
	{ "resources", required_argument, NULL, 'r' },
	{ "memory", required_argument, NULL, OPTION_MEMORY },
	{ "memory-reservation", required_argument, NULL, OPTION_RESERVATION },
	{ "memory-swap", required_argument, NULL, OPTION_SWAP },
	{ "cpu-period", required_argument, NULL, OPTION_CPU_PERIOD },
	{ "cpu-quota", required_argument, NULL, OPTION_CPU_QUOTA },
	{ "cpu-share", required_argument, NULL, OPTION_CPU_SHARE },
	{ "cpu-shares", required_argument, NULL, OPTION_CPU_SHARE },
	{ "cpu-burst", required_argument, NULL, OPTION_CPU_BURST },
	{ "cpu-idle", required_argument, NULL, OPTION_CPU_IDLE },
	{ "cpuset-cpus", required_argument, NULL, OPTION_CPUS },
	{ "cpuset-mems", required_argument, NULL, OPTION_MEMS },
	{ "pids-limit", required_argument, NULL, OPTION_PIDS },
	{ "blkio-weight", required_argument, NULL, OPTION_BLKIO },
	{ NULL, 0, NULL, 0 },
};

/* 512, 512k, 64M, 2G, or -1. */
static int parse_number(const char *option, const char *text, int64_t *value, struct error *err)
{
	static const char units[] = "bkmg";
	const char *unit;
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	unit = *end ? strchr(units, *end | 0x20) : units;
	if (end == text || errno || !unit || (*end && end[1]) || *value < -1 ||
	    __builtin_mul_overflow(*value, 1ll << 10 * (unit - units), value))
		return error_set(err, EUSAGE, "update: --%s %s: expected a number, maybe with k, M or G",
				 option, text);
	return 0;
}

static int64_t *field(struct config_resources *r, int option)
{
	switch (option) {
	case OPTION_MEMORY:
		return &r->memory_limit;
	case OPTION_RESERVATION:
		return &r->memory_reservation;
	case OPTION_SWAP:
		return &r->memory_swap;
	case OPTION_CPU_PERIOD:
		return &r->cpu_period;
	case OPTION_CPU_QUOTA:
		return &r->cpu_quota;
	case OPTION_CPU_SHARE:
		return &r->cpu_shares;
	case OPTION_CPU_BURST:
		return &r->cpu_burst;
	case OPTION_CPU_IDLE:
		return &r->cpu_idle;
	case OPTION_PIDS:
		return &r->pids_limit;
	case OPTION_BLKIO:
		return &r->io_weight;
	default:
		return NULL;
	}
}

static int parse(int argc, char **argv, struct config *config, struct error *err)
{
	struct config_resources flags;
	const char *file = NULL;
	int option, index = 0, ret = 0;

	config_resources_unset(&flags);
	optind = 1;
	while (!ret && (option = getopt_long(argc, argv, "r:", options, &index)) != -1) {
		int64_t *number = field(&flags, option);

		if (number)
			ret = parse_number(options[index].name, optarg, number, err);
		else if (option == OPTION_CPUS)
			flags.cpus = optarg;
		else if (option == OPTION_MEMS)
			flags.mems = optarg;
		else if (option == 'r')
			file = optarg;
		else
			ret = error_set(err, EUSAGE, "update: see cell --help");
	}
	if (!ret && optind + 1 != argc)
		ret = error_set(err, EUSAGE, "update: expected one container id: cell update [OPTION]... "
				"ID");
	if (ret)
		return ret;
	if (file)
		return config_load_resources(config, file, err);
	memset(config, 0, sizeof(*config));
	config->resources = flags;
	return 0;
}

int cmd_update(int argc, char **argv, struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	struct config config;
	struct state state;
	int ret = parse(argc, argv, &config, err);

	if (ret)
		return ret;
	if (cell_root(err) < 0)
		return cell.root;
	ret = state_read(cell.root, argv[argc - 1], &state, err);
	if (!ret && !state_alive(&state))
		ret = error_set(err, EINVAL, "update: container %s: container not running",
				argv[argc - 1]);
	if (!ret)
		ret = container_groups(&state, &groups, err);
	if (!ret && !groups.enabled)
		ret = error_set(err, EOPNOTSUPP, "update: container %s: has no control groups",
				argv[argc - 1]);
	/* Device rules of an update add to those that are there, which no client means. */
	config.resources.device_count = 0;
	if (!ret)
		ret = cgroups_apply(&groups, &config.resources, err);
	cgroups_close(&groups);
	state_free(&state);
	config_free(&config);
	return ret;
}
