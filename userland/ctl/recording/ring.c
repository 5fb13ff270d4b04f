// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the event rings. The module writes and never waits for us: what we are too slow
 * for is overwritten, and counted as lost. Called by recorder.c and cmd_top.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ring.h"

static const char *why_not_mapped(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return "events tell of everybody's tasks: CAP_PERFMON is needed: run as root";
	case ENOMEM:
		return "the kernel is out of memory";
	}
	return NULL;
}

static uint64_t head_of(const struct ring *ring)
{
	return __atomic_load_n(&ring->page->head, __ATOMIC_ACQUIRE);
}

static int map(int dev, uint32_t cpu, struct rings *rings, struct error *err)
{
	struct ring *ring = &rings->at[cpu];
	void *page = mmap(NULL, rings->bytes, PROT_READ, MAP_SHARED, dev,
			  (off_t)((uint64_t)cpu * rings->bytes));
	size_t room = rings->bytes - 4096;

	if (page == MAP_FAILED)
		return error_errno(err, errno, why_not_mapped(errno), "events of CPU %u", cpu);
	ring->page = page;
	ring->records = (const void *)((const char *)page + 4096);
	if (ring->page->record_size != sizeof(struct csched_event) || !ring->page->capacity ||
	    ring->page->capacity > room / sizeof(struct csched_event))
		return error_set(err, EPROTO,
				 "events of CPU %u: records of %u bytes: this csched reads %zu",
				 cpu, ring->page->record_size, sizeof(struct csched_event));
	ring->tail = head_of(ring);
	return 0;
}

/* Map them all: from now on events are written. Returns 0 or a negative errno. */
int rings_open(int dev, struct rings *rings, struct error *err)
{
	struct csched_ioc_status status;
	int ret = device_status(dev, &status, err);

	*rings = (struct rings){ .count = 0 };
	if (ret)
		return ret;
	if (!status.cpus || status.cpus > CPUS_MAX || status.ring_bytes <= 4096)
		return error_set(err, EOPNOTSUPP, "events: the module keeps none");
	rings->at = calloc(status.cpus, sizeof(*rings->at));
	if (!rings->at)
		return error_set(err, ENOMEM, "events: out of memory");
	rings->count = status.cpus;
	rings->bytes = status.ring_bytes;
	for (uint32_t cpu = 0; cpu < status.cpus && !ret; cpu++)
		ret = map(dev, cpu, rings, err);
	if (ret)
		rings_close(rings);
	return ret;
}

void rings_close(struct rings *rings)
{
	for (uint32_t cpu = 0; cpu < rings->count; cpu++)
		if (rings->at[cpu].page)
			munmap((void *)rings->at[cpu].page, rings->bytes);
	free(rings->at);
	*rings = (struct rings){ .count = 0 };
}

/* Two parts, if they go round the end of the ring. */
static void copy(const struct ring *ring, struct csched_event *to, uint64_t from, size_t count)
{
	size_t capacity = ring->page->capacity, at = from % capacity;
	size_t first = count < capacity - at ? count : capacity - at;

	memcpy(to, ring->records + at, first * sizeof(*to));
	memcpy(to + first, ring->records, (count - first) * sizeof(*to));
}

/*
 * What is new in one ring goes to @r. The module may lap us while we copy; then the
 * oldest of what we copied is spoilt, up to the record it may just be writing.
 * Returns 0 or a negative errno: then nothing was read.
 */
int ring_drain(struct ring *ring, struct recording *r, struct error *err)
{
	uint64_t capacity = ring->page->capacity, head = head_of(ring), sound;
	struct csched_event *to;
	size_t count;

	if (head - ring->tail > capacity) {
		r->lost += head - capacity - ring->tail;
		ring->tail = head - capacity;
	}
	count = head - ring->tail;
	if (!count)
		return 0;
	to = recording_reserve(r, count, err);
	if (!to)
		return -ENOSPC;
	copy(ring, to, ring->tail, count);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	sound = __atomic_load_n(&ring->page->head, __ATOMIC_RELAXED);
	sound = sound >= capacity ? sound - capacity + 1 : 0;
	if (sound > ring->tail) {
		size_t spoilt = sound - ring->tail < count ? sound - ring->tail : count;

		r->lost += spoilt;
		count -= spoilt;
		memmove(to, to + spoilt, count * sizeof(*to));
	}
	ring->tail = head;
	r->count += count;
	return 0;
}

/* All of them, one after the other. */
int rings_drain(struct rings *rings, struct recording *r, struct error *err)
{
	int ret = 0;

	for (uint32_t cpu = 0; cpu < rings->count && !ret; cpu++)
		ret = ring_drain(&rings->at[cpu], r, err);
	return ret;
}
