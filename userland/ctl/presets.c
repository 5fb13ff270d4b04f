// SPDX-License-Identifier: GPL-2.0-only
/*
 * Burstable instances by the table that Amazon publishes for T2 and T3 ("CPU credits and
 * baseline utilization for burstable performance instances", EC2 user guide). A credit there
 * is one vCPU for a minute; an instance earns 60 credits an hour for each 100 % of baseline
 * and keeps at most what it earns in 24 hours. Called by attributes.c.
 */
#include <string.h>

#include "csched.h"

#define DAY_NS (86400 * 1000000000ull)

static const struct preset presets[] = {
	{ "t2.nano", 1, 5 },   { "t2.micro", 1, 10 },  { "t2.small", 1, 20 },
	{ "t3.nano", 2, 5 },   { "t3.micro", 2, 10 },  { "t3.small", 2, 20 },
	{ "t3.large", 2, 30 }, { "t3.xlarge", 4, 40 }, { "t3.2xlarge", 8, 40 },
};

#define COUNT (sizeof(presets) / sizeof(presets[0]))

/* NULL if there is none. */
const struct preset *preset_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(presets[i].name, name))
			return &presets[i];
	return NULL;
}

/* What @name was probably meant to be, or NULL. */
const char *preset_nearest(const char *name)
{
	const char *names[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		names[i] = presets[i].name;
	return nearest(name, names, COUNT);
}

/* Percent of one CPU, all vCPUs together. */
uint32_t preset_baseline(const struct preset *preset)
{
	return preset->vcpus * preset->percent;
}

/* ns of credit it may save. */
uint64_t preset_burst(const struct preset *preset)
{
	return DAY_NS / 100 * preset_baseline(preset);
}

void presets_print(FILE *out)
{
	fprintf(out, "%-11s %6s %10s %6s %9s %13s\n", "PRESET", "VCPUS", "BASELINE", "CAP", "BURST",
		"CREDITS/HOUR");
	for (size_t i = 0; i < COUNT; i++) {
		const struct preset *p = &presets[i];
		char burst[32];

		format_short(burst, sizeof(burst), preset_burst(p));
		fprintf(out, "%-11s %6u %9u%% %5u%% %9s %13g\n", p->name, p->vcpus,
			preset_baseline(p), 100 * p->vcpus, burst, preset_baseline(p) * 0.6);
	}
}
