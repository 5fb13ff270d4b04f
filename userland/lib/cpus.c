// SPDX-License-Identifier: GPL-2.0-only
/* CPUs and threads, see cpus.h. */
#include "cpus.h"

#include <sched.h>

unsigned int cpus_nth(unsigned int index)
{
	unsigned int cpu = 0;
	cpu_set_t allowed;

	/* It fails where there are more CPUs than the set has bits. */
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return 0;
	index %= CPU_COUNT(&allowed);
	while (!CPU_ISSET(cpu, &allowed) || index--)
		cpu++;
	return cpu;
}

int cpus_pin(pthread_attr_t *attributes, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return pthread_attr_setaffinity_np(attributes, sizeof(set), &set);
}
