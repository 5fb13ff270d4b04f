/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shadow MMU: types and functions shared by the files of core/.
 *
 * Everything in core/ is pure: it knows guest memory, guest control registers
 * and shadow tables, but no device, no hardware and no lock. It builds into
 * shadowpt.ko and, against tests/unit/shim, into programs that run on any
 * Linux host. The caller (kmod/shadowpt/vcpu.c, or a test) serialises all
 * calls for one VM.
 *
 *	guest virtual --guest tables--> guest physical --slots--> host physical
 *	      |                                                        ^
 *	      +--------------------- shadow tables --------------------+
 *
 * The guest's CR3 never reaches the CPU. The CPU walks shadow tables, which
 * map guest virtual addresses straight to host physical ones. A shadow entry
 * ("spte") is made when the CPU faults for want of it, from a walk of the
 * guest's own tables.
 *
 * Invariants. The audit (audit.c) and the tests quote these numbers.
 *
 * I1  A present leaf spte translates to the frame the guest's tables give and
 *     allows no access that they forbid. (vtlb: gave and forbade when the spte
 *     was made; it may be stale until the guest flushes, as in any TLB.)
 * I2  A present leaf spte is on the rmap of exactly the frame it maps; a present
 *     upper spte is on the parents list of exactly the table it points to.
 * I3  trap: while a frame has a shadow page that stands for it as a guest table,
 *     no spte maps that frame writable; unless the frame is marked unsync, and
 *     then I1 holds for the sptes of those shadow pages as it does for vtlb.
 * I4  A present leaf spte means that the guest's A bit is set on every level of
 *     the walk; a writable one that the guest's D bit is set in its leaf.
 * I5  Whenever an spte loses a right, changes its frame, or goes, a TLB flush is
 *     owed before the guest runs again. A gain owes nothing: the CPU faults and
 *     looks again.
 * I6  A shadow page other than the root in use can be dropped at any time without
 *     the guest noticing anything but time.
 */
#ifndef SHADOWPT_CORE_SPT_H
#define SHADOWPT_CORE_SPT_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/types.h>

#include "shadowpt.h"

typedef unsigned long gva_t;
typedef u64 gpa_t;
typedef u64 gfn_t;

#define SPT_PAGE_SHIFT	12
#define SPT_PAGE_SIZE	BIT(SPT_PAGE_SHIFT)
#define SPT_ENTRIES	512
#define SPT_ROOT_LEVEL	4

/* Bits of a page-table entry, guest or shadow. AMD APM vol. 2, 5.3 and 5.4. */
#define PT_PRESENT	BIT_ULL(0)
#define PT_WRITABLE	BIT_ULL(1)
#define PT_USER		BIT_ULL(2)
#define PT_ACCESSED	BIT_ULL(5)
#define PT_DIRTY	BIT_ULL(6)
#define PT_PS		BIT_ULL(7)	/* a large page ends the walk here */
#define PT_GLOBAL	BIT_ULL(8)
#define PT_NX		BIT_ULL(63)
#define PT_ADDR		GENMASK_ULL(51, 12)

/* Bits of an spte that the CPU ignores: why it differs from the guest's entry. */
#define SPTE_GLOBAL	BIT_ULL(9)	/* guest G; never PT_GLOBAL, one ASID serves all roots */
#define SPTE_WP_TRAP	BIT_ULL(10)	/* not writable: the frame is a shadowed table */
#define SPTE_WP_DIRTY	BIT_ULL(11)	/* not writable: guest D is clear */
#define SPTE_WP0	BIT_ULL(52)	/* U taken away for a CR0.WP=0 supervisor write */

/* Control-register bits that decide how a walk goes. APM vol. 2, 3.1. */
#define CR0_WP_BIT	BIT_ULL(16)
#define CR4_PGE_BIT	BIT_ULL(7)
#define CR4_SMEP_BIT	BIT_ULL(20)
#define CR4_SMAP_BIT	BIT_ULL(21)
#define EFER_NXE_BIT	BIT_ULL(11)

/* #PF error code, also used to name the kind of access. APM vol. 2, 8.4.2. */
#define PF_PRESENT	BIT(0)
#define PF_WRITE	BIT(1)
#define PF_USER		BIT(2)
#define PF_RSVD		BIT(3)
#define PF_FETCH	BIT(4)
#define PF_ACCESS	(PF_WRITE | PF_USER | PF_FETCH)
/* Ours: SMAP does not apply (EFLAGS.AC set and the access is explicit). */
#define PF_SMAP_OK	BIT(31)

/* Rights, as a set. What a walk grants and what a shadow page inherits. */
#define ACC_WRITE	BIT(0)
#define ACC_USER	BIT(1)
#define ACC_EXEC	BIT(2)
#define ACC_ALL		(ACC_WRITE | ACC_USER | ACC_EXEC)

/**
 * struct spt_frame - one frame of guest memory
 * @kva: where the host kernel reads and writes it
 * @rmap: the leaf sptes that map it (nodes are spt_page.link[])
 * @shadowed: how many shadow pages stand for it as a guest page table
 * @unsync: it is writable nevertheless, until the guest flushes (I3)
 */
struct spt_frame {
	void *kva;
	struct hlist_head rmap;
	u32 shadowed;
	bool unsync;
};

/**
 * struct spt_slot - a run of guest frames backed by user memory
 * @id: the client's slot number
 * @base: first gfn
 * @npages: frames; 0 means the slot is free
 * @uaddr: user address that backs @base
 * @frames: @npages of them; the caller allocates, fills @kva, and frees
 */
struct spt_slot {
	u32 id;
	gfn_t base;
	u64 npages;
	u64 uaddr;
	struct spt_frame *frames;
};

#define SPT_MAX_SLOTS	64

/**
 * union spt_role - what, besides the gfn, decides the contents of a shadow page
 * @word: all of it, to compare
 * @level: 1 (its sptes map frames) to 4 (root)
 * @direct: it maps a part of one large guest page; there is no guest table
 * @access: ACC_* that the levels above allow; sptes never allow more
 * @clean: @direct, and D of the guest's large entry is clear: no spte is writable (I4)
 * @wp: CR0.WP
 * @nxe: EFER.NXE (with it clear, NX is a reserved bit)
 * @smep_nowp: CR4.SMEP with CR0.WP clear
 * @smap_nowp: CR4.SMAP with CR0.WP clear
 *
 * Two walks that agree in gfn and role share one shadow page.
 */
union spt_role {
	u32 word;
	struct {
		u32 level : 3;
		u32 direct : 1;
		u32 access : 3;
		u32 wp : 1;
		u32 nxe : 1;
		u32 smep_nowp : 1;
		u32 smap_nowp : 1;
		u32 clean : 1;
	};
};

/**
 * struct spt_page - a shadow page table
 * @spte: the entries, as the CPU walks them
 * @link: link[i] puts spte[i] on its frame's rmap or its child's parents list
 * @seen: audit: the entries as they were at the last entry to the guest, or NULL
 * @gfn: the guest table it stands for; @role.direct: the first frame it maps
 * @role: see above
 * @hash: in spt_mmu.hash (trap)
 * @lru: in spt_mmu.lru, least recently made or found first
 * @parents: upper sptes that point here
 * @present: how many sptes are present
 * @globals: vtlb: how many leaf sptes carry SPTE_GLOBAL
 * @large: vtlb: some sptes here are pieces of a larger guest page
 * @flood: trap: guest writes to the table since its shadow was last seen in use
 * @last_write: trap: index of the entry written last
 * @is_root: the CPU's CR3 points here
 * @unsync: trap: the guest can write the table unseen; stale until the next flush
 *
 * The block is allocated whole and aligned to its own size, so that from a
 * pointer to any spte or link in it the page itself is one mask away:
 *
 *	0        4096                 12288        16384
 *	| spte   | link               | the rest   |
 */
struct spt_page {
	u64 spte[SPT_ENTRIES];
	struct hlist_node link[SPT_ENTRIES];
	u64 *seen;
	gfn_t gfn;
	union spt_role role;
	struct hlist_node hash;
	struct list_head lru;
	struct hlist_head parents;
	u16 present;
	u16 globals;
	u16 flood;
	u16 last_write;
	bool large;
	bool is_root;
	bool unsync;
};

#define SPT_PAGE_ORDER	2
#define SPT_PAGES_MIN	16	/* a fault needs four; below this it would thrash */
#define SPT_BLOCK_BYTES	(SPT_PAGE_SIZE << SPT_PAGE_ORDER)
#define SPT_HASH_BITS	10

/**
 * struct spt_mmu - the shadow MMU of one VM
 * @strategy: how the tables are kept true
 * @slots: guest memory
 * @hash: trap: shadow pages by gfn
 * @lru: every shadow page
 * @pages: how many there are
 * @pages_peak: the most there ever were
 * @pages_max: how many there may be
 * @unsync_pages: how many of them are unsync
 * @flush_owed: I5: the caller must flush the guest's TLB before it runs
 * @audit: check the invariants after every so many exits; 0: never
 * @events: by enum spt_event
 */
struct spt_mmu {
	const struct spt_strategy *strategy;
	struct spt_slot slots[SPT_MAX_SLOTS];
	struct hlist_head hash[1 << SPT_HASH_BITS];
	struct list_head lru;
	u32 pages;
	u32 pages_peak;
	u32 pages_max;
	u32 unsync_pages;
	bool flush_owed;
	u32 audit;
	u64 events[SPT_EV_NR];
};

/**
 * struct spt_cpu - what the shadow MMU knows of a vCPU
 * @mmu: its VM's
 * @cr0: as the guest believes it to be; so the next three
 * @cr3: guest physical address of its root table
 * @cr4: PGE, SMEP and SMAP count here
 * @efer: NXE counts here
 * @maxphyaddr: guest physical address bits, from its CPUID (32..52)
 * @gbpages: the guest may use 1 GiB pages
 * @root: shadow of @cr3, NULL until spt_load_root()
 */
struct spt_cpu {
	struct spt_mmu *mmu;
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u8 maxphyaddr;
	bool gbpages;
	struct spt_page *root;
};

/**
 * struct spt_walk - the course of one walk of the guest's tables
 * @gva: address asked for
 * @level: where the walk ended: 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB page
 * @entry: [level]: the guest entries met, as they are now in guest memory
 * @table: [level]: gfn of the table that entry was read from
 * @access: ACC_* that all levels together allow
 * @path: [level]: ACC_* that the levels above and that one allow
 * @gpa: result
 * @error: if the walk failed: #PF error code
 */
struct spt_walk {
	gva_t gva;
	int level;
	u64 entry[SPT_ROOT_LEVEL + 1];
	gfn_t table[SPT_ROOT_LEVEL + 1];
	u32 path[SPT_ROOT_LEVEL + 1];
	u32 access;
	gpa_t gpa;
	u32 error;
};

/**
 * enum spt_verdict - what is to be done about a page fault
 * @SPT_RESUME: the shadow was mended; run the guest again
 * @SPT_INJECT: the guest's own tables say so: deliver #PF with spt_walk.error
 * @SPT_MMIO: no memory at spt_walk.gpa: emulate, ask the client
 * @SPT_PT_WRITE: a write to a shadowed table: emulate it; or spt_unshadow() and run
 *	it again; or, if the table is needed for that very instruction, unsync
 * @SPT_EMULATE: legal, but no spte can express it: emulate
 * @SPT_NOMEM: out of memory; nothing changed that matters
 */
enum spt_verdict {
	SPT_RESUME,
	SPT_INJECT,
	SPT_MMIO,
	SPT_PT_WRITE,
	SPT_EMULATE,
	SPT_NOMEM,
};

/**
 * struct spt_strategy - one way to keep shadow tables true
 * @id: enum spt_strategy_id
 * @name: as in the module parameter and on vmm's command line
 * @root: the root for the vCPU's CR3 and mode; NULL: out of memory
 * @child: the table to hang below @parent's entry @index, for @gfn and @role;
 *	may be the one that hangs there. NULL: out of memory
 * @leaf_filled: told of each leaf spte made by a fault, with its walk
 * @load_cr3: the guest wrote CR3 (and so asked to flush non-global entries)
 * @invlpg: the guest asked to forget one address
 * @flush_all: the guest asked to forget everything, global entries too
 * @mode_changed: CR0.WP, EFER.NXE, CR4.SMEP or CR4.SMAP changed
 * @guest_wrote: @len bytes at @gpa of a shadowed table have changed
 * @unsync: let the guest write a shadowed table unseen until it flushes
 *
 * Adding a strategy is one file and a line in spt_strategies[].
 */
struct spt_strategy {
	u32 id;
	const char *name;
	struct spt_page *(*root)(struct spt_cpu *cpu);
	struct spt_page *(*child)(struct spt_mmu *mmu, struct spt_page *parent, int index,
				  gfn_t gfn, union spt_role role);
	void (*leaf_filled)(struct spt_cpu *cpu, const struct spt_walk *walk);
	void (*load_cr3)(struct spt_cpu *cpu);
	void (*invlpg)(struct spt_cpu *cpu, gva_t gva);
	void (*flush_all)(struct spt_cpu *cpu);
	void (*mode_changed)(struct spt_cpu *cpu);
	void (*guest_wrote)(struct spt_cpu *cpu, gpa_t gpa, unsigned int len);
	void (*unsync)(struct spt_cpu *cpu, gfn_t gfn);
};

extern const struct spt_strategy spt_vtlb;
extern const struct spt_strategy spt_trap;

const struct spt_strategy *spt_strategy_by_id(u32 id);
const struct spt_strategy *spt_strategy_by_name(const char *name);

/* memory.c: guest frames */
struct spt_frame *spt_frame(struct spt_mmu *mmu, gfn_t gfn);
int spt_slot_check(struct spt_mmu *mmu, u32 id, gfn_t base, u64 npages);
void spt_slot_add(struct spt_mmu *mmu, const struct spt_slot *slot);
struct spt_slot *spt_slot_by_id(struct spt_mmu *mmu, u32 id);
gfn_t spt_rmap_gfn(struct spt_mmu *mmu, const struct hlist_node *link);
int spt_phys_read(struct spt_mmu *mmu, gpa_t gpa, void *buf, unsigned int len);
int spt_phys_write(struct spt_cpu *cpu, gpa_t gpa, const void *buf, unsigned int len);
int spt_phys_cmpxchg(struct spt_cpu *cpu, gpa_t gpa, u64 *old, u64 new, unsigned int len);

/* gwalk.c: the guest's tables */
int spt_gwalk(struct spt_cpu *cpu, gva_t gva, u32 access, struct spt_walk *walk);
u32 gpte_access(u64 gpte);
bool gpte_reserved(const struct spt_cpu *cpu, bool nxe, u64 gpte, int level);
bool gpte_is_leaf(u64 gpte, int level);

/* shadow.c: the shadow tables */
void spt_mmu_init(struct spt_mmu *mmu, const struct spt_strategy *strategy, u32 pages_max);
void spt_mmu_destroy(struct spt_mmu *mmu);
int spt_load_root(struct spt_cpu *cpu);
enum spt_verdict spt_page_fault(struct spt_cpu *cpu, gva_t gva, u32 error, struct spt_walk *walk);
void spt_unshadow(struct spt_cpu *cpu, gfn_t gfn);
void spt_zap_all(struct spt_mmu *mmu, struct spt_cpu *cpu);

/* ... and what only the strategies and the audit call */
union spt_role spt_base_role(const struct spt_cpu *cpu);
struct spt_page *spt_page_alloc(struct spt_mmu *mmu, gfn_t gfn, union spt_role role);
void spt_page_zap(struct spt_mmu *mmu, struct spt_page *sp);
void spt_hash_add(struct spt_mmu *mmu, struct spt_page *sp, struct spt_frame *frame);
struct spt_page *spt_hash_find(struct spt_mmu *mmu, gfn_t gfn, union spt_role role);
struct hlist_head *spt_hash_head(struct spt_mmu *mmu, gfn_t gfn);
u64 spte_make_leaf(const struct spt_frame *frame, u64 gpte, u32 access);
void spte_write(struct spt_mmu *mmu, struct spt_page *sp, int index, u64 spte,
		struct spt_frame *frame);
struct spt_page *spte_child(u64 spte);

static inline int spt_index(gva_t gva, int level)
{
	return (gva >> (SPT_PAGE_SHIFT + 9 * (level - 1))) & (SPT_ENTRIES - 1);
}

/* Frames that one entry at @level covers. */
static inline u64 spt_level_frames(int level)
{
	return 1ull << (9 * (level - 1));
}

/* The shadow page that holds @p, a pointer to one of its sptes or links. */
static inline struct spt_page *spt_page_of(const void *p)
{
	return (struct spt_page *)((unsigned long)p & ~(SPT_BLOCK_BYTES - 1));
}

static inline void spt_count(struct spt_mmu *mmu, enum spt_event ev)
{
	mmu->events[ev]++;
}

/* Before the guest runs again, its TLB must be flushed (I5). */
static inline void spt_owe_flush(struct spt_mmu *mmu)
{
	if (!mmu->flush_owed)
		spt_count(mmu, SPT_EV_FLUSH);
	mmu->flush_owed = true;
}

/* tables.c: for people to look at */
u32 spt_tables_list(struct spt_cpu *cpu, struct spt_entry *entries, u32 max);

/* audit.c */
int spt_audit(struct spt_cpu *cpu);
void spt_audit_entering(struct spt_mmu *mmu);

#endif /* SHADOWPT_CORE_SPT_H */
