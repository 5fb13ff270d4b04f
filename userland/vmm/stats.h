/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run cost: exits to vmm as vmm counts them, and what the accelerator
 * counts itself: exits and MMU events of shadowpt, or the binary statistics of KVM.
 */
#ifndef VMM_STATS_H
#define VMM_STATS_H

#include <stdio.h>
#include <time.h>

#include "machine.h"

#define STATS_MAX_COUNTERS	192

struct counter {
	char name[48];
	uint64_t value;
};

struct counters {
	unsigned int count;
	struct counter list[STATS_MAX_COUNTERS];
};

struct stats {
	struct timespec began;
	double seconds;
	const char *accel;
	bool is_shadowpt;
	struct spt_stats shadow;
	uint64_t user_exits[MACHINE_EXIT_REASONS];
	struct counters kvm_vm;
	struct counters kvm_vcpu;
};

/* Start the clock. */
void stats_begin(struct stats *stats);

/* Stop the clock and collect everything from @machine. */
int stats_read(struct stats *stats, struct machine *machine, struct error *err);

/* A table for people; counters that are zero are left out. */
void stats_print(const struct stats *stats, FILE *out);

/* The same, complete, with the result of the run, as one JSON object. */
void stats_print_json(const struct stats *stats, const struct run_result *result, int status,
		      FILE *out);

#endif
