/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/shadowpt offers beyond the KVM ioctl ABI of <linux/kvm.h>: the
 * choice of a shadow-paging strategy, statistics, and a look at the shadow
 * tables. Everything a stock KVM client needs works without this header.
 *
 * Used by kmod/shadowpt (the provider) and userland/vmm (the first client).
 */
#ifndef _UAPI_SHADOWPT_H
#define _UAPI_SHADOWPT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows by one whenever a struct below changes; see SPT_GET_ABI_VERSION. */
#define SPT_ABI_VERSION	1

/**
 * enum spt_strategy_id - how a VM keeps its shadow tables true
 * @SPT_STRATEGY_DEFAULT: what the module parameter "strategy" says
 * @SPT_STRATEGY_VTLB: the shadow is a software TLB; guest tables stay writable
 * @SPT_STRATEGY_TRAP: shadow pages are cached, guest tables write-protected,
 *	every write to one traps and is carried over at once
 * @SPT_STRATEGY_NR: how many there are
 */
enum spt_strategy_id {
	SPT_STRATEGY_DEFAULT,
	SPT_STRATEGY_VTLB,
	SPT_STRATEGY_TRAP,
	SPT_STRATEGY_NR,
};

/*
 * Why the guest left guest mode, one counter each in struct spt_stats.
 * X(symbol, name for people)
 */
#define SPT_EXIT_REASONS(X)						\
	X(PF,		"page fault")					\
	X(CR_READ,	"CR read")					\
	X(CR_WRITE,	"CR write")					\
	X(DR,		"debug register")				\
	X(INVLPG,	"INVLPG")					\
	X(CPUID,	"CPUID")					\
	X(MSR,		"MSR")						\
	X(IO,		"port I/O")					\
	X(HLT,		"HLT")						\
	X(EXCEPTION,	"other exception")				\
	X(INTR,		"host interrupt")				\
	X(SHUTDOWN,	"shutdown")					\
	X(OTHER,	"other")

/*
 * What the shadow MMU did about it. X(symbol, name for people)
 *
 * FILL		a shadow entry was made from a guest walk
 * GUEST_FAULT	the walk failed: #PF was handed on to the guest
 * MMIO		the address has no memory: KVM_EXIT_MMIO
 * SPURIOUS	the shadow already allowed the access
 * PT_WRITE	a write to a shadowed guest table was trapped
 * PT_EMULATED	... and carried into the shadow by decoding it
 * PT_UNSHADOW	... and answered by dropping the shadow of that table
 * SYNC		a shadow entry was rewritten to follow its guest entry
 * ZAP		a shadow entry was removed
 * FLUSH	a TLB flush was asked for
 * ROOT_HIT	a CR3 load found its root in the cache
 * ROOT_MISS	a CR3 load had to make a new root
 * RECLAIM	a shadow page was taken back because the VM had too many
 */
#define SPT_EVENTS(X)							\
	X(FILL,		"shadow entries filled")			\
	X(GUEST_FAULT,	"faults handed to the guest")			\
	X(MMIO,		"MMIO accesses")				\
	X(SPURIOUS,	"spurious faults")				\
	X(PT_WRITE,	"page-table writes trapped")			\
	X(PT_EMULATED,	"page-table writes emulated")			\
	X(PT_UNSHADOW,	"page tables unshadowed")			\
	X(SYNC,		"shadow entries synchronised")			\
	X(ZAP,		"shadow entries zapped")			\
	X(FLUSH,	"TLB flushes asked for")			\
	X(ROOT_HIT,	"CR3 loads that found a root")			\
	X(ROOT_MISS,	"CR3 loads that built a root")			\
	X(RECLAIM,	"shadow pages reclaimed")

#define SPT_X(sym, name) SPT_EXIT_##sym,
enum spt_exit_reason { SPT_EXIT_REASONS(SPT_X) SPT_EXIT_NR };
#undef SPT_X

#define SPT_X(sym, name) SPT_EV_##sym,
enum spt_event { SPT_EVENTS(SPT_X) SPT_EV_NR };
#undef SPT_X

/* Room for counters that later versions add; unused ones read as zero. */
#define SPT_STATS_ROOM	32

/**
 * struct spt_stats - counters of a VM since it was created
 * @strategy: enum spt_strategy_id in force
 * @shadow_pages: shadow pages in use now
 * @shadow_pages_peak: the most there ever were
 * @shadow_pages_max: the bound (module parameter "max_shadow_pages")
 * @exits: by enum spt_exit_reason
 * @events: by enum spt_event
 */
struct spt_stats {
	__u32 strategy;
	__u32 shadow_pages;
	__u32 shadow_pages_peak;
	__u32 shadow_pages_max;
	__u64 exits[SPT_STATS_ROOM];
	__u64 events[SPT_STATS_ROOM];
};

/* struct spt_entry.flags: the bits the hardware sees ... */
#define SPT_E_WRITE	0x1
#define SPT_E_USER	0x2
#define SPT_E_NX	0x4
#define SPT_E_ACCESSED	0x8
#define SPT_E_DIRTY	0x10
/* ... what the entry is ... */
#define SPT_E_LEAF	0x100	/* maps memory; else points to a table */
#define SPT_E_DIRECT	0x200	/* piece of a large guest page: no guest table below */
#define SPT_E_GLOBAL	0x400	/* guest G bit; a software mark, never in hardware */
/* ... and why it allows less (or other) than the guest entry does. */
#define SPT_E_WP_TRAP	0x10000	/* read-only: the frame is a shadowed page table */
#define SPT_E_WP_DIRTY	0x20000	/* read-only: guest D is still clear */
#define SPT_E_WP0	0x40000	/* U taken away: CR0.WP=0 supervisor write */

/**
 * struct spt_entry - one present shadow entry, host addresses left out
 * @gva: first guest virtual address the entry translates
 * @gpa: leaf: guest physical address it maps; else: that of the guest table
 *	which the next lower shadow table stands for (for SPT_E_DIRECT: the
 *	first guest physical address of the large page's part)
 * @level: 4 (PML4E) to 1 (PTE); a leaf at level 2 maps 2 MiB
 * @flags: SPT_E_*
 */
struct spt_entry {
	__u64 gva;
	__u64 gpa;
	__u32 level;
	__u32 flags;
};

/**
 * struct spt_tables - argument of SPT_GET_TABLES
 * @entries: user pointer to an array of struct spt_entry
 * @max: in: how many fit there
 * @count: out: how many there are. If more than @max: E2BIG, nothing copied
 * @cr3: out: guest CR3 whose shadow this is
 * @strategy: out: enum spt_strategy_id
 * @pad: must be zero
 *
 * Entries come in the order of a depth-first walk: by @gva, the upper level
 * before the lower.
 */
struct spt_tables {
	__u64 entries;
	__u32 max;
	__u32 count;
	__u64 cr3;
	__u32 strategy;
	__u32 pad;
};

#define SPTIO	0xB5

/* On /dev/shadowpt: returns SPT_ABI_VERSION. A KVM device answers EINVAL. */
#define SPT_GET_ABI_VERSION	_IO(SPTIO, 0x00)
/* On a VM: enum spt_strategy_id. EBUSY once the VM has a vCPU, EINVAL if unknown. */
#define SPT_SET_STRATEGY	_IOW(SPTIO, 0x10, __u32)
/* On a VM: fills struct spt_stats. */
#define SPT_GET_STATS		_IOR(SPTIO, 0x11, struct spt_stats)
/* On a vCPU: the shadow tables of the current guest CR3. */
#define SPT_GET_TABLES		_IOWR(SPTIO, 0x20, struct spt_tables)

#endif /* _UAPI_SHADOWPT_H */
