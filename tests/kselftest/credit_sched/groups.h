/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups on /dev/credit_sched and processes in them, for the test programs of this
 * folder. Whatever fails here ends the test.
 */
#ifndef GROUPS_H
#define GROUPS_H

#include <stdint.h>
#include <sys/types.h>

#include "credit_sched.h"

#define MS	1000000ull
#define SEC	1000000000ull

int device_open(void);
void group_init(struct csched_ioc_create *args, const char *policy, uint32_t weight);
uint32_t group_create(int dev, struct csched_ioc_create *args);
uint32_t group_on_cpu0(int dev, const char *policy, uint32_t weight);
struct csched_ioc_group group_info(int dev, uint32_t id);
uint32_t group_first(int dev);
uint32_t group_next(int dev, uint32_t from, struct csched_ioc_group *info);
int group_add(int dev, uint32_t id, pid_t pid);

pid_t spin(void);
pid_t run_and_sleep(uint64_t run_ns, uint64_t sleep_ns);
void end(pid_t pid);
void sleep_ns(uint64_t ns);
uint64_t clock_ns(void);
uint64_t cpu_ns(pid_t pid);
char state_of(pid_t pid);

#endif /* GROUPS_H */
