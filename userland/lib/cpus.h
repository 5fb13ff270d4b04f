/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs a program may use, and keeping threads on one of them: sched_setaffinity(2). */
#ifndef VIRTLAB_CPUS_H
#define VIRTLAB_CPUS_H

#include <pthread.h>

/**
 * cpus_nth() - a CPU for each of several threads
 * @index: 0, 1, 2, ... of the threads; beyond the last CPU it begins with the first again
 *
 * Return: the number of a CPU that the calling thread may use.
 */
unsigned int cpus_nth(unsigned int index);

/**
 * cpus_pin() - keep threads on one CPU, from their first instruction on
 * @attributes: of the threads that are to be made
 * @cpu: as of cpus_nth()
 *
 * Return: 0 or an errno.
 */
int cpus_pin(pthread_attr_t *attributes, unsigned int cpu);

#endif
