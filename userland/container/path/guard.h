/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guards against hostile images, each of which a test can switch off by a build of its own, to see
 * that it would notice: gcc -DCELL_WITHOUT_GUARD_DOTS (tests/e2e/container_image/test_guards.py).
 */
#ifndef CELL_PATH_GUARD_H
#define CELL_PATH_GUARD_H

/* A macro that is defined as 1 puts "0," before the 1 that is taken otherwise. */
#define GUARD_OFF_1		0,
#define GUARD_SECOND(a, b, ...)	b
#define GUARD_TAKE(off)		GUARD_SECOND(off 0, 1, 0)
#define GUARD_PASTE(value)	GUARD_TAKE(GUARD_OFF_##value)
#define GUARD_VALUE(value)	GUARD_PASTE(value)

/* 1, or 0 if this build is without it. */
#define GUARD(name)		GUARD_VALUE(CELL_WITHOUT_GUARD_##name)

#endif
