// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, durations and CPU lists as people write them. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csched.h"

int parse_number(const char *text, const char *what, uint64_t most, uint64_t *value,
		 struct error *err)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || *value > most)
		return error_set(err, EINVAL, "%s: %s: not a number from 0 to %" PRIu64, what, text, most);
	return 0;
}

/* 30ms, 5s, 1.5s, 2h; a unit is needed, so that nobody has to guess it. */
int parse_duration(const char *text, const char *what, uint64_t *ns, struct error *err)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	char *end;
	double n = strtod(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!isdigit((unsigned char)text[0]) || strcmp(end, units[i].name) != 0 || n * units[i].ns > 1e18)
			continue;
		*ns = n * units[i].ns;
		return 0;
	}
	return error_set(err, EINVAL, "%s: %s: not a time: write 30ms, 5s or 2h", what, text);
}

/* 0-1,4 into one bit a CPU. */
int parse_cpus(const char *text, uint64_t *words, struct error *err)
{
	const char *at = text;

	memset(words, 0, CSCHED_CPU_WORDS * sizeof(*words));
	do {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;
		bool good = isdigit((unsigned char)at[0]);

		if (*end == '-') {
			at = end + 1;
			good = good && isdigit((unsigned char)at[0]);
			last = strtoul(at, &end, 10);
		}
		if (!good || (*end && *end != ',') || last < first || last >= 64 * CSCHED_CPU_WORDS)
			return error_set(err, EINVAL, "cpus: %s: not a list of CPUs: write 0-1,4", text);
		for (unsigned long cpu = first; cpu <= last; cpu++)
			words[cpu / 64] |= 1ull << (cpu % 64);
		at = *end ? end + 1 : NULL;
	} while (at);
	return 0;
}

/* In the largest unit that leaves something before the point. */
void format_duration(char *text, size_t size, int64_t ns)
{
	double n = ns, size_of = n < 0 ? -n : n;

	if (size_of >= 1e9)
		snprintf(text, size, "%.3fs", n / 1e9);
	else if (size_of >= 1e6)
		snprintf(text, size, "%.3fms", n / 1e6);
	else
		snprintf(text, size, "%.3fus", n / 1e3);
}
