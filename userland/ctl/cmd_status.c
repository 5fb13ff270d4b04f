// SPDX-License-Identifier: GPL-2.0-only
/* csched status */
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

static void print_json(const struct csched_ioc_status *s)
{
	printf("{\"device\": \"%s\", \"version\": %d, \"backend\": \"%s\", \"cpus\": %u, \"groups\": %u, "
	       "\"tasks\": %u, \"parked\": %u, \"user_weight_max\": %u, \"user_cap_max\": %u, "
	       "\"user_groups_max\": %u, \"ring_bytes\": %llu, \"park_max_ns\": %llu}\n",
	       CSCHED_DEVICE, CSCHED_ABI_VERSION,
	       s->backend == CSCHED_BACKEND_PARK ? "park" : "demote", s->cpus, s->groups, s->tasks,
	       s->parked, s->user_weight_max, s->user_cap_max, s->user_groups_max, s->ring_bytes,
	       s->park_max_ns);
}

static void print_text(const struct csched_ioc_status *s)
{
	char park_max[32], weight[32] = "the policy's default", cap[32] = "any";

	format_short(park_max, sizeof(park_max), s->park_max_ns);
	if (s->user_weight_max)
		snprintf(weight, sizeof(weight), "up to %u", s->user_weight_max);
	if (s->user_cap_max)
		snprintf(cap, sizeof(cap), "up to %u%%", s->user_cap_max);
	printf("device    %s, version %d\n", CSCHED_DEVICE, CSCHED_ABI_VERSION);
	printf("backend   %s\n",
	       s->backend == CSCHED_BACKEND_PARK
		       ? "park: tasks without a slot sleep at their return to user mode"
		       : "demote: tasks without a slot are SCHED_IDLE (this kernel cannot park "
			 "them); no caps");
	printf("groups    %u, with %u tasks, %u of them parked\n", s->groups, s->tasks, s->parked);
	printf("park-max  %s unless a group says otherwise\n", park_max);
	printf("users     without CAP_SYS_NICE: weight %s, cap %s, at most %u groups\n", weight,
	       cap, s->user_groups_max);
	printf("events    %u rings of %llu KiB\n", s->cpus, s->ring_bytes / 1024);
}

int cmd_status(int argc, char **argv, struct error *err)
{
	struct csched_ioc_status status;
	cleanup_close int dev = -1;
	bool json = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0)
		json = true;
	if (ret)
		return ret;
	if (optind < argc)
		return error_set(err, EUSAGE, "status: %s: there is only --json", argv[optind]);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_status(dev, &status, err);
	if (ret)
		return ret;
	if (json)
		print_json(&status);
	else
		print_text(&status);
	return 0;
}
