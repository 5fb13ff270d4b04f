/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test Anything Protocol: a table of tests, each a function that calls
 * expect(); the first thing that is not so is printed below its "not ok".
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include "console.h"

struct test {
	const char *name;
	/* NULL, or why it cannot run here. */
	const char *(*run)(void);
};

/* Run all; returns the exit status for the guest: 0, or 1 when any failed. */
int tap_run(const struct test *tests, unsigned int count);

/* Note a failure of the running test unless @condition; returns @condition. */
#define expect(condition, ...)						\
	((condition) || (tap_note(__FILE__, __LINE__, #condition), print("" __VA_ARGS__),	\
			 print("\n"), false))

/* Begin the line of a failure; from the ninth on a test keeps quiet. */
void tap_note(const char *file, int line, const char *what);
bool tap_failed(void);

#endif
