// SPDX-License-Identifier: GPL-2.0-only
/* TAP output, see tap.h. */
#include "tap.h"

#define MAX_NOTES	8	/* printed of one test */

static unsigned int failures;

void tap_note(const char *file, int line, const char *what)
{
	failures++;
	if (failures > MAX_NOTES)
		print_muted = true;
	print("# %s:%d: not so: %s: ", file, line, what);
}

bool tap_failed(void)
{
	return failures > 0;
}

int tap_run(const struct test *tests, unsigned int count)
{
	unsigned int failed = 0;

	print("TAP version 13\n1..%u\n", (uint64_t)count);
	for (unsigned int i = 0; i < count; i++) {
		const char *skipped;

		failures = 0;
		skipped = tests[i].run();
		print_muted = false;
		print("%sok %u - %s", failures ? "not " : "", (uint64_t)i + 1, tests[i].name);
		if (skipped)
			print(" # SKIP %s", skipped);
		print("\n");
		if (failures)
			failed++;
	}
	print("# %u of %u failed\n", (uint64_t)failed, (uint64_t)count);
	return failed ? 1 : 0;
}
