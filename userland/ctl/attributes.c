// SPDX-License-Identifier: GPL-2.0-only
/* The options that describe a group: of create, set and run. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "csched.h"

static const struct option options[] = {
	{ "weight", required_argument, NULL, 'w' },
	{ "cap", required_argument, NULL, 'c' },
	{ "burst", required_argument, NULL, 'b' },
	{ "baseline", required_argument, NULL, 'B' },
	{ "policy", required_argument, NULL, 'p' },
	{ "preset", required_argument, NULL, 'P' },
	{ "cpus", required_argument, NULL, 'C' },
	{ "slot", required_argument, NULL, 's' },
	{ "park-max", required_argument, NULL, 'm' },
	{ "accounting", required_argument, NULL, 'a' },
	{ "seed", required_argument, NULL, 'S' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static const char *option_name(int letter)
{
	for (size_t i = 0; options[i].name; i++)
		if (options[i].val == letter)
			return options[i].name;
	return NULL;
}

static int take_policy(const char *value, struct csched_ioc_create *args, struct error *err)
{
	static const char *const policies[] = { "share", "lottery", "credit" };
	const char *meant = nearest(value, policies, 3);

	/* The module has the last word: it may know policies that we do not. */
	if (strlen(value) < sizeof(args->policy) && (!meant || !strcmp(meant, value))) {
		snprintf(args->policy, sizeof(args->policy), "%s", value);
		return 0;
	}
	return error_set(err, EUSAGE, "policy: %.32s: there is none: %s%s", value,
			 meant ? "did you mean " : "there are share, lottery and credit",
			 meant ? meant : "");
}

static int take_preset(const char *value, const struct preset **preset,
		       struct attributes *attributes, struct error *err)
{
	const char *meant;

	if (!strcmp(value, "list")) {
		attributes->list_presets = true;
		return 0;
	}
	*preset = preset_find(value);
	if (*preset)
		return 0;
	meant = preset_nearest(value);
	return error_set(err, EUSAGE, "preset: %.32s: there is none: %s%s", value,
			 meant ? "did you mean "
			       : "csched create --preset list shows those there are",
			 meant ? meant : "");
}

/* Options that set may change. */
static int take_value(int option, const char *value, struct attributes *attributes,
		      struct error *err)
{
	struct csched_ioc_create *args = &attributes->args;
	uint64_t number = 0;
	int ret;

	if (option == 'b') {
		attributes->set |= CSCHED_SET_BURST;
		ret = parse_duration(value, "burst", &number, err);
		args->burst_ns = number;
		return ret;
	}
	ret = parse_number(value, option_name(option), UINT32_MAX, &number, err);
	if (option == 'w') {
		attributes->set |= CSCHED_SET_WEIGHT;
		args->weight = number;
		if (!ret && !number)
			ret = error_set(err, EUSAGE, "weight: 0: a group needs one to run at all");
	} else if (option == 'c') {
		attributes->set |= CSCHED_SET_CAP;
		args->cap = number;
	} else {
		attributes->set |= CSCHED_SET_BASELINE;
		args->baseline = number;
	}
	return ret;
}

/* Options that are the same for all groups on the same CPUs. */
static int take_fixed(int option, const char *value, struct attributes *attributes,
		      struct error *err)
{
	struct csched_ioc_create *args = &attributes->args;
	uint64_t number = 0;
	int ret = 0;

	if (!attributes->fixed)
		attributes->fixed = option_name(option);
	switch (option) {
	case 'p':
		return take_policy(value, args, err);
	case 'C':
		return parse_cpus(value, (uint64_t *)args->cpus, err);
	case 's':
		ret = parse_duration(value, "slot", &number, err);
		args->slot_ns = number;
		break;
	case 'm':
		ret = parse_duration(value, "park-max", &number, err);
		args->park_max_ns = number;
		break;
	case 'a':
		if (strcmp(value, "tick") != 0 && strcmp(value, "exact") != 0)
			return error_set(err, EUSAGE, "accounting: %.32s: there are tick and exact",
					 value);
		if (!strcmp(value, "tick"))
			args->flags |= CSCHED_SAMPLED;
		return 0;
	case 'S':
		ret = parse_number(value, "seed", UINT64_MAX, &number, err);
		args->seed = number;
		return ret;
	}
	if (!ret && !number)
		ret = error_set(err, EUSAGE, "%s: 0: give a time, or leave it out for the default",
				option_name(option));
	return ret;
}

static unsigned int count_cpus(const struct csched_ioc_create *args)
{
	unsigned int n = 0;

	for (size_t i = 0; i < CSCHED_CPU_WORDS; i++)
		n += __builtin_popcountll(args->cpus[i]);
	return n ? n : (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* What the preset says and the other options do not. */
static int apply_preset(const struct preset *preset, struct attributes *attributes,
			struct error *err)
{
	struct csched_ioc_create *args = &attributes->args;
	unsigned int cpus = count_cpus(args);

	if (args->policy[0] && strcmp(args->policy, "credit") != 0)
		return error_set(err, EUSAGE,
				 "preset: %s: is for the policy credit: leave --policy %s out",
				 preset->name, args->policy);
	snprintf(args->policy, sizeof(args->policy), "credit");
	attributes->fixed = "preset";
	if (!(attributes->set & CSCHED_SET_BASELINE))
		args->baseline = preset_baseline(preset);
	if (!(attributes->set & CSCHED_SET_BURST))
		args->burst_ns = preset_burst(preset);
	/* More than all the CPUs of the group cannot be had, and would be refused. */
	if (!(attributes->set & CSCHED_SET_CAP))
		args->cap = 100 * (preset->vcpus < cpus ? preset->vcpus : cpus);
	return 0;
}

static int take_name(int argc, char **argv, struct attributes *attributes, struct error *err)
{
	size_t size = sizeof(attributes->args.name);

	if (optind < argc - 1)
		return error_set(err, EUSAGE, "%s: %s: one group can be named, and %s is already",
				 argv[0], argv[optind + 1], argv[optind]);
	if (optind == argc)
		return 0;
	if (!argv[optind][0] || strlen(argv[optind]) >= size)
		return error_set(err, EUSAGE, "name: \"%.40s\": a name has 1 to %zu characters",
				 argv[optind], size - 1);
	snprintf(attributes->args.name, size, "%s", argv[optind]);
	return 0;
}

/* VERB [OPTION]... [NAME]. Returns 0 or a negative error. */
int parse_attributes(int argc, char **argv, struct attributes *attributes, struct error *err)
{
	const struct preset *preset = NULL;
	int option, ret;

	memset(attributes, 0, sizeof(*attributes));
	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0) {
		if (option == 'v')
			attributes->verbose = true;
		else
			attributes->any = true;
		if (option == 'P')
			ret = take_preset(optarg, &preset, attributes, err);
		else if (strchr("wcbB", option))
			ret = take_value(option, optarg, attributes, err);
		else if (option != 'v')
			ret = take_fixed(option, optarg, attributes, err);
		if (ret < 0)
			return ret;
	}
	if (!ret)
		ret = take_name(argc, argv, attributes, err);
	if (!ret && preset)
		ret = apply_preset(preset, attributes, err);
	if (!ret && !attributes->args.policy[0])
		snprintf(attributes->args.policy, sizeof(attributes->args.policy), "share");
	return ret;
}
