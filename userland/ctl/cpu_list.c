// SPDX-License-Identifier: GPL-2.0-only
/* Lists of CPUs as people write them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "csched.h"

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
			return error_set(
				err, EUSAGE,
				"cpus: %.64s: not a list of CPUs from 0 to %d: write 0-1,4", text,
				64 * CSCHED_CPU_WORDS - 1);
		for (unsigned long cpu = first; cpu <= last; cpu++)
			words[cpu / 64] |= 1ull << (cpu % 64);
		at = *end ? end + 1 : NULL;
	} while (at);
	return 0;
}
