/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How evenly the server served its clients: Jain's index, (sum x)^2 / (n sum x^2). It is 1 if
 * all got the same and k/n if k of n got all of it (Jain, Chiu, Hawe 1984).
 */
#ifndef LOAD_FAIRNESS_H
#define LOAD_FAIRNESS_H

#include <stddef.h>
#include <stdint.h>

struct fairness {
	double jain;
	double median;
	uint64_t min;
	uint64_t max;
};

struct fairness fairness_of(uint64_t *served, size_t clients);

#endif
