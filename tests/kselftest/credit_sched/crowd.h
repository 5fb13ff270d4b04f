/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A task that waits, for tests of what may happen to it: it is in a group of weight 1,
 * and on the same CPU spins a hog in a group of weight 10000.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>
#include <sys/types.h>

/* A waiting task gets a minimal slot after that, and can then be stopped, traced, frozen. */
#define PARK_MAX	(150 * MS)

/**
 * struct crowd - two groups on CPU 0
 * @dev: the device, open
 * @heavy: the hog's group, weight 10000
 * @light: a group of weight 1
 * @hog: a process that spins
 */
struct crowd {
	int dev;
	uint32_t heavy;
	uint32_t light;
	pid_t hog;
};

struct crowd crowd_make(uint32_t flags);
pid_t crowd_parked(const struct crowd *c);
void crowd_park(const struct crowd *c, pid_t pid);

void go_first(void);
void wait_parked(pid_t pid);
void check_runs(pid_t pid);
void check_let_go(pid_t pid);

#endif /* CROWD_H */
