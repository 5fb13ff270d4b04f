// SPDX-License-Identifier: GPL-2.0-only
/* Jain's index, see fairness.h. */
#include "fairness.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts @served. If nobody was served at all, everybody was treated alike. */
struct fairness fairness_of(uint64_t *served, size_t clients)
{
	struct fairness f = { .jain = 1 };
	size_t lower = (clients - 1) / 2, upper = clients / 2;
	double sum = 0, squares = 0;

	if (!clients)
		return f;
	qsort(served, clients, sizeof(*served), by_value);
	for (size_t i = 0; i < clients; i++) {
		sum += (double)served[i];
		squares += (double)served[i] * (double)served[i];
	}
	f.min = served[0];
	f.max = served[clients - 1];
	f.median = ((double)served[lower] + (double)served[upper]) / 2;
	if (squares > 0)
		f.jain = sum * sum / ((double)clients * squares);
	return f;
}
