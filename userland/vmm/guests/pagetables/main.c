// SPDX-License-Identifier: GPL-2.0-only
/* pagetables [ROUNDS [SEED]]: runs the tests of tests.h. ROUNDS is for the random ones. */
#include "tests.h"

#define X(function, name) { name, function },
static const struct test tests[] = { PAGETABLES_TESTS(X) };
#undef X

int guest_main(void)
{
	trap_init();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
