// SPDX-License-Identifier: GPL-2.0
/*
 * Who watches, and what they are told: tracepoints, and a ring of events for each CPU
 * that programs map into their memory (see struct csched_ring). core/ and the back end report
 * events; main.c passes mmap on.
 *
 *	page 0            page 1 ...
 *	+---------------+----------+----------+-- --+----------+
 *	| head capacity | record 0 | record 1 | ... | record n |  n = capacity - 1
 *	+---------------+----------+----------+-- --+----------+
 *
 * An event goes into the ring of the CPU that it happens on, under csched_lock with interrupts
 * off: each ring has one writer at a time. A ring gets its memory when it is first
 * mapped and keeps it until the module goes, which a mapping prevents: it holds the
 * file. Nothing is written while nothing is mapped.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/vmalloc.h>

#include "shell.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

#define RING_PAGES_MAX	16384

static unsigned int ring_pages = 64;
module_param(ring_pages, uint, 0444);
MODULE_PARM_DESC(ring_pages,
		 "Pages of an event ring at most, for each CPU, 1 to 16384 (default 64: 4096 events)");

/* Records in each ring. */
static u32 capacity;

/* Allocated under rings_mutex; written to under csched_lock. */
static DEFINE_PER_CPU(struct csched_ring *, rings);
static DEFINE_MUTEX(rings_mutex);

/* How many mappings there are. */
static atomic_t mappings;

/* --- events --- */

static void write_record(const struct csched_event *event)
{
	struct csched_ring *ring = __this_cpu_read(rings);
	struct csched_event *records;

	if (!ring)
		return;
	records = (void *)ring + PAGE_SIZE;
	records[ring->head & (capacity - 1)] = *event;
	/* Pairs with the reader's acquire: who sees the head sees the record. */
	smp_store_release(&ring->head, ring->head + 1);
}

static bool traced(unsigned int type)
{
	switch (type) {
	case CSCHED_EVENT_WAKE:
		return trace_csched_wake_enabled();
	case CSCHED_EVENT_PICK:
		return trace_csched_pick_enabled();
	case CSCHED_EVENT_STOP:
		return trace_csched_stop_enabled();
	case CSCHED_EVENT_PARK:
		return trace_csched_park_enabled();
	case CSCHED_EVENT_RELEASE:
		return trace_csched_release_enabled();
	case CSCHED_EVENT_BOOST:
		return trace_csched_boost_enabled();
	case CSCHED_EVENT_ACCOUNT:
		return trace_csched_account_enabled();
	case CSCHED_EVENT_THROTTLE:
		return trace_csched_throttle_enabled();
	case CSCHED_EVENT_UNTHROTTLE:
		return trace_csched_unthrottle_enabled();
	}
	return false;
}

static void trace(const struct cs_group *g, const struct csched_event *event)
{
	switch (event->type) {
	case CSCHED_EVENT_WAKE:
		return trace_csched_wake(g, event);
	case CSCHED_EVENT_PICK:
		return trace_csched_pick(g, event);
	case CSCHED_EVENT_STOP:
		return trace_csched_stop(g, event);
	case CSCHED_EVENT_PARK:
		return trace_csched_park(g, event);
	case CSCHED_EVENT_RELEASE:
		return trace_csched_release(g, event);
	case CSCHED_EVENT_BOOST:
		return trace_csched_boost(g, event);
	case CSCHED_EVENT_ACCOUNT:
		return trace_csched_account(g, event);
	case CSCHED_EVENT_THROTTLE:
		return trace_csched_throttle(g, event);
	case CSCHED_EVENT_UNTHROTTLE:
		return trace_csched_unthrottle(g, event);
	}
}

/* core/ numbers its events as the uapi does; park and release are the back end's. */
static_assert((int)CSCHED_EV_LEAVE == CSCHED_EVENT_LEAVE);
static_assert((int)CSCHED_EV_WAKE == CSCHED_EVENT_WAKE);
static_assert((int)CSCHED_EV_PICK == CSCHED_EVENT_PICK);
static_assert((int)CSCHED_EV_STOP == CSCHED_EVENT_STOP);
static_assert((int)CSCHED_EV_BLOCK == CSCHED_EVENT_BLOCK);
static_assert((int)CSCHED_EV_BOOST == CSCHED_EVENT_BOOST);
static_assert((int)CSCHED_EV_UNTHROTTLE == CSCHED_EVENT_UNTHROTTLE);
static_assert((int)CSCHED_STOP_CPUS == CSCHED_WHY_CPUS);

/**
 * cs_event - something has happened to a task or a group: the hook of core/
 * @pool: where
 * @type: CSCHED_EVENT_*
 * @group: to which group, or to whose task
 * @task: to which task, or NULL
 * @reason: CSCHED_EVENT_STOP: CSCHED_WHY_*
 *
 * csched_lock is held.
 */
void cs_event(struct csched_pool *pool, enum csched_event_type type, struct csched_group *group,
	      struct csched_task *task, u32 reason)
{
	const struct cs_group *g = container_of(group, struct cs_group, core);
	struct csched_event event;

	if (!atomic_read(&mappings) && !traced(type))
		return;
	csched_lag_update(pool);
	event = (struct csched_event) {
		.time_ns = cs_now(),
		.group = g->id,
		.cpu = smp_processor_id(),
		.type = type,
		.standing = csched_standing(group),
		.reason = reason,
		.lag_ns = group->lag,
		.credit_ns = group->credit,
		.used_ns = group->used,
	};
	if (task) {
		struct cs_member *m = container_of(task, struct cs_member, core);

		event.pid = m->task->pid;
		event.cpu = task_cpu(m->task);
	}
	write_record(&event);
	trace(g, &event);
}

/* --- mappings --- */

/**
 * cs_ring_bytes - size of one ring's mapping
 */
u64 cs_ring_bytes(void)
{
	return PAGE_SIZE + PAGE_ALIGN((u64)capacity * sizeof(struct csched_event));
}

/* The CPU's ring, made if there is none yet. */
static struct csched_ring *get_ring(unsigned int cpu)
{
	struct csched_ring *ring;

	mutex_lock(&rings_mutex);
	ring = per_cpu(rings, cpu);
	if (!ring)
		ring = vmalloc_user(cs_ring_bytes());
	if (ring) {
		ring->capacity = capacity;
		ring->record_size = sizeof(struct csched_event);
		WRITE_ONCE(per_cpu(rings, cpu), ring);
	}
	mutex_unlock(&rings_mutex);
	return ring;
}

/* A mapping has been inherited at fork, or split. */
static void ring_vma_open(struct vm_area_struct *vma)
{
	atomic_inc(&mappings);
}

static void ring_vma_close(struct vm_area_struct *vma)
{
	atomic_dec(&mappings);
}

static const struct vm_operations_struct ring_vm_ops = {
	.open = ring_vma_open,
	.close = ring_vma_close,
};

/**
 * cs_ring_mmap - a program maps the ring of a CPU
 * @file: the device
 * @vma: where; its offset is the CPU's number times cs_ring_bytes()
 *
 * Returns 0; -EPERM, -EACCES, -EINVAL, -ENOMEM.
 */
int cs_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long pages = cs_ring_bytes() >> PAGE_SHIFT;
	unsigned long cpu = vma->vm_pgoff / pages;
	struct csched_ring *ring;
	int ret;

	if (!perfmon_capable())
		return -EPERM;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	if (!(vma->vm_flags & VM_MAYSHARE) || vma_pages(vma) != pages || vma->vm_pgoff % pages ||
	    cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -EINVAL;
	ring = get_ring(cpu);
	if (!ring)
		return -ENOMEM;
	/* For ever: what mprotect() may not add later. */
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	ret = remap_vmalloc_range(vma, ring, 0);
	if (ret)
		return ret;
	vma->vm_ops = &ring_vm_ops;
	ring_vma_open(vma);
	return 0;
}

/**
 * cs_rings_init - check the module's parameter
 *
 * Returns 0 or -EINVAL.
 */
int cs_rings_init(void)
{
	if (!ring_pages || ring_pages > RING_PAGES_MAX) {
		pr_err("ring_pages: %u: is to be 1 to %d\n", ring_pages, RING_PAGES_MAX);
		return -EINVAL;
	}
	capacity = rounddown_pow_of_two(ring_pages * PAGE_SIZE / sizeof(struct csched_event));
	return 0;
}

/**
 * cs_rings_exit - free all rings; none is mapped
 */
void cs_rings_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		vfree(per_cpu(rings, cpu));
}
