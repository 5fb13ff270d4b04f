// SPDX-License-Identifier: GPL-2.0-only
/* The options of create and set. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "csched.h"

static const struct option options[] = {
	{ "weight", required_argument, NULL, 'w' },
	{ "cap", required_argument, NULL, 'c' },
	{ "burst", required_argument, NULL, 'b' },
	{ "policy", required_argument, NULL, 'p' },
	{ "cpus", required_argument, NULL, 'C' },
	{ "slot", required_argument, NULL, 's' },
	{ "accounting", required_argument, NULL, 'a' },
	{ "seed", required_argument, NULL, 'S' },
	{ NULL, 0, NULL, 0 },
};

static int take(int option, const char *value, struct csched_ioc_create *args, uint32_t *which,
		struct error *err)
{
	uint64_t number = 0;
	int ret = 0;

	switch (option) {
	case 'w':
		ret = parse_number(value, "weight", UINT32_MAX, &number, err);
		args->weight = number;
		*which |= CSCHED_SET_WEIGHT;
		if (!ret && !number)
			ret = error_set(err, ERANGE, "weight: 0: a group needs one to run at all");
		return ret;
	case 'c':
		ret = parse_number(value, "cap", UINT32_MAX, &number, err);
		args->cap = number;
		*which |= CSCHED_SET_CAP;
		return ret;
	case 'b':
		*which |= CSCHED_SET_BURST;
		ret = parse_duration(value, "burst", &number, err);
		args->burst_ns = number;
		return ret;
	case 'p':
		snprintf(args->policy, sizeof(args->policy), "%s", value);
		return 0;
	case 'C':
		return parse_cpus(value, (uint64_t *)args->cpus, err);
	case 's':
		ret = parse_duration(value, "slot", &number, err);
		args->slot_ns = number;
		return ret;
	case 'a':
		if (strcmp(value, "tick") != 0 && strcmp(value, "exact") != 0)
			return error_set(err, EINVAL, "accounting: %s: there are tick and exact", value);
		args->flags |= strcmp(value, "tick") == 0 ? CSCHED_SAMPLED : 0;
		return 0;
	case 'S':
		ret = parse_number(value, "seed", UINT64_MAX, &number, err);
		args->seed = number;
		return ret;
	}
	return error_set(err, EINVAL, "unknown option, or its value is missing: see csched --help");
}

/*
 * VERB NAME OPTION...: fills in @args and which of CSCHED_SET_* were given. Returns 0
 * or a negative errno.
 */
int parse_attributes(int argc, char **argv, struct csched_ioc_create *args, uint32_t *which,
		     struct error *err)
{
	int option, ret;

	memset(args, 0, sizeof(*args));
	*which = 0;
	snprintf(args->policy, sizeof(args->policy), "share");
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		ret = take(option, optarg, args, which, err);
		if (ret)
			return ret;
	}
	if (optind != argc - 1)
		return error_set(err, EINVAL, "%s: exactly one group is to be named", argv[0]);
	if (strlen(argv[optind]) >= sizeof(args->name))
		return error_set(err, EINVAL, "name: %s: longer than 31 characters", argv[optind]);
	snprintf(args->name, sizeof(args->name), "%s", argv[optind]);
	return 0;
}
