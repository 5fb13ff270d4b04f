// SPDX-License-Identifier: GPL-2.0
/*
 * The core of shadowpt, asked one question a line. checks.py writes the
 * questions and judges the answers; this program knows no right from wrong.
 *
 *	stdin					stdout
 *	new trap 40
 *	slot 0 10
 *	poke 1 1ff 2007				(every number is hexadecimal)
 *	walk ffffffffffff0123 2			4 ok gpa 5123 level 1 ...
 *
 * An answer begins with the number of the question's line, from 1.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "labs/grading/host/crash.h"
#include "spt.h"

#define MAX_FRAMES	64
#define LINE		256

static struct spt_mmu *mmu;
static struct spt_cpu cpu;
static struct spt_frame *slot_frames[SPT_MAX_SLOTS];
static u64 slot_pages[SPT_MAX_SLOTS];
static unsigned int slots;
static unsigned long line;

static _Noreturn void broken(const char *why)
{
	fprintf(stderr, "probe: line %lu: %s\n", line, why);
	exit(2);
}

/* --- memory, with nothing before and behind it --- */

static void *guarded(size_t bytes)
{
	char *p = mmap(NULL, bytes + 2 * SPT_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED || mprotect(p + SPT_PAGE_SIZE, bytes, PROT_READ | PROT_WRITE))
		broken("no memory");
	return p + SPT_PAGE_SIZE;
}

static void drop_machine(void)
{
	if (!mmu)
		return;
	spt_zap_all(mmu, &cpu);
	for (unsigned int i = 0; i < slots; i++) {
		char *memory = slot_frames[i][0].kva;

		munmap(memory - SPT_PAGE_SIZE, (slot_pages[i] + 2) * SPT_PAGE_SIZE);
		free(slot_frames[i]);
	}
	free(mmu);
	mmu = NULL;
	slots = 0;
}

static void new_machine(const char *strategy, u64 pages_max)
{
	drop_machine();
	mmu = calloc(1, sizeof(*mmu));
	if (!mmu || !spt_strategy_by_name(strategy))
		broken("no memory, or no such strategy");
	spt_mmu_init(mmu, spt_strategy_by_name(strategy), pages_max);
	memset(&cpu, 0, sizeof(cpu));
	cpu.mmu = mmu;
}

static void add_slot(u64 base, u64 npages)
{
	struct spt_slot slot = { .id = slots, .base = base, .npages = npages };
	char *memory;

	if (!npages || npages > MAX_FRAMES || spt_slot_check(mmu, slot.id, base, npages))
		broken("bad slot");
	memory = guarded(npages * SPT_PAGE_SIZE);
	slot.frames = calloc(npages, sizeof(*slot.frames));
	if (!slot.frames)
		broken("no memory");
	for (u64 i = 0; i < npages; i++)
		slot.frames[i].kva = memory + i * SPT_PAGE_SIZE;
	spt_slot_add(mmu, &slot);
	slot_frames[slots] = slot.frames;
	slot_pages[slots++] = npages;
}

static u64 *word(u64 gfn, u64 index)
{
	struct spt_frame *frame = spt_frame(mmu, gfn);

	if (!frame || index >= SPT_ENTRIES)
		broken("no such word");
	return (u64 *)frame->kva + index;
}

/* The guest frame at a host address, or ~0. */
static u64 gfn_at(u64 pa)
{
	for (struct spt_slot *s = mmu->slots; s < mmu->slots + SPT_MAX_SLOTS; s++)
		for (u64 i = 0; i < s->npages; i++)
			if (__pa(s->frames[i].kva) == pa)
				return s->base + i;
	return ~0ull;
}

static u64 mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* One number for all of guest memory: the sum over its words that are not zero. */
static u64 memory_sum(void)
{
	u64 sum = 0;

	for (struct spt_slot *s = mmu->slots; s < mmu->slots + SPT_MAX_SLOTS; s++)
		for (u64 i = 0; i < s->npages * SPT_ENTRIES; i++) {
			u64 value = ((u64 *)s->frames[i / SPT_ENTRIES].kva)[i % SPT_ENTRIES];

			if (value)
				sum += mix(mix((s->base * SPT_ENTRIES + i) * 8) ^ value);
		}
	return sum;
}

/* --- questions --- */

static void print_spte(u64 spte)
{
	u64 gfn = gfn_at(spte & PT_ADDR);

	if (gfn == ~0ull)
		printf("nowhere");
	else
		printf("gfn %llx", gfn);
	printf(" bits %llx\n", spte & ~PT_ADDR);
}

static void ask_walk(u64 gva, u64 want)
{
	struct spt_walk walk;
	int ret;

	memset(&walk, 0x5a, sizeof(walk));
	ret = spt_gwalk(&cpu, gva, want, &walk);
	if (ret == -EFAULT) {
		printf("%lu fault %x\n", line, walk.error);
		return;
	}
	if (ret) {
		printf("%lu returned %d\n", line, ret);
		return;
	}
	printf("%lu ok gpa %llx level %d access %x", line, walk.gpa, walk.level, walk.access);
	for (int level = SPT_ROOT_LEVEL; level >= 1 && level >= walk.level; level--)
		printf(" / %llx %llx %x", walk.table[level], walk.entry[level], walk.path[level]);
	printf("\n");
}

static void ask_fault(u64 gva, u64 error)
{
	static const char *const verdicts[] = { "resume", "inject", "mmio", "pt-write", "emulate",
						"nomem" };
	struct spt_walk walk;
	enum spt_verdict verdict;

	memset(&walk, 0, sizeof(walk));
	if (spt_load_root(&cpu))
		broken("no root");
	mmu->flush_owed = false;
	verdict = spt_page_fault(&cpu, gva, error, &walk);
	printf("%lu %s", line, verdicts[verdict]);
	if (verdict == SPT_INJECT)
		printf(" %x", walk.error);
	printf("\n");
}

/* What the CPU finds in the shadow. */
static void ask_shadow(u64 gva)
{
	struct spt_page *sp = cpu.root;
	u64 rights = PT_WRITABLE | PT_USER;
	u64 nx = 0;

	if (!sp) {
		printf("%lu none\n", line);
		return;
	}
	for (int level = SPT_ROOT_LEVEL; level > 1; level--) {
		u64 spte = sp->spte[spt_index(gva, level)];

		if (!(spte & PT_PRESENT)) {
			printf("%lu none\n", line);
			return;
		}
		rights &= spte;
		nx |= spte & PT_NX;
		sp = spte_child(spte);
	}
	if (!(sp->spte[spt_index(gva, 1)] & PT_PRESENT)) {
		printf("%lu none\n", line);
		return;
	}
	printf("%lu leaf above %llx ", line, rights | nx);
	print_spte(sp->spte[spt_index(gva, 1)]);
}

static void ask_leaf(u64 gfn, u64 gpte, u64 access, u64 shadowed, u64 unsync)
{
	struct spt_frame *frame = spt_frame(mmu, gfn);
	struct spt_frame before;
	u64 spte;

	if (!frame)
		broken("no such frame");
	frame->shadowed = shadowed;
	frame->unsync = unsync;
	before = *frame;
	spte = spte_make_leaf(frame, gpte, access);
	printf("%lu %s", line, memcmp(&before, frame, sizeof(before)) ? "frame changed " : "");
	print_spte(spte);
	frame->shadowed = 0;
	frame->unsync = false;
}

static void set_mode(u64 *n)
{
	if (cpu.root)
		broken("mode after the first fault");
	cpu.cr0 = n[0];
	cpu.cr3 = n[1];
	cpu.cr4 = n[2];
	cpu.efer = n[3];
	cpu.maxphyaddr = n[4];
	cpu.gbpages = n[5];
}

static void ask(char *text)
{
	char verb[16] = "", name[16] = "";
	u64 n[6] = { 0 };
	int used = 0;

	if (sscanf(text, "%15s%n", verb, &used) != 1)
		return;
	if (!strcmp(verb, "new")) {
		if (sscanf(text, "%*s %15s %llx", name, &n[0]) != 2)
			broken("new STRATEGY PAGES");
		new_machine(name, n[0]);
		return;
	}
	if (!mmu)
		broken("no machine yet");
	for (int i = 0; i < 6; i++) {
		char *end;

		n[i] = strtoull(text + used, &end, 16);
		used = end - text;
	}

	if (!strcmp(verb, "slot")) {
		add_slot(n[0], n[1]);
	} else if (!strcmp(verb, "poke")) {
		*word(n[0], n[1]) = n[2];
	} else if (!strcmp(verb, "mode")) {
		set_mode(n);
	} else if (!strcmp(verb, "cr3")) {
		cpu.cr3 = n[0];
		mmu->strategy->load_cr3(&cpu);
	} else if (!strcmp(verb, "write")) {
		if (spt_phys_write(&cpu, n[0], &n[1], n[2]))
			broken("write to no memory");
	} else if (!strcmp(verb, "invlpg")) {
		mmu->strategy->invlpg(&cpu, n[0]);
	} else if (!strcmp(verb, "flushed")) {
		mmu->flush_owed = false;
	} else if (!strcmp(verb, "walk")) {
		ask_walk(n[0], n[1]);
	} else if (!strcmp(verb, "rights")) {
		printf("%lu %x\n", line, gpte_access(n[0]));
	} else if (!strcmp(verb, "isleaf")) {
		printf("%lu %d\n", line, gpte_is_leaf(n[0], n[1]));
	} else if (!strcmp(verb, "leaf")) {
		ask_leaf(n[0], n[1], n[2], n[3], n[4]);
	} else if (!strcmp(verb, "fault")) {
		ask_fault(n[0], n[1]);
	} else if (!strcmp(verb, "shadow")) {
		ask_shadow(n[0]);
	} else if (!strcmp(verb, "owed")) {
		printf("%lu %d\n", line, mmu->flush_owed);
	} else if (!strcmp(verb, "pages")) {
		printf("%lu %x\n", line, mmu->pages);
	} else if (!strcmp(verb, "audit")) {
		printf("%lu %d\n", line, spt_audit(&cpu));
	} else if (!strcmp(verb, "sum")) {
		printf("%lu %llx\n", line, memory_sum());
	} else {
		broken("unknown verb");
	}
}

int main(void)
{
	static char text[LINE];

	report_crashes();
	/* What has been answered before a crash has been answered. */
	setvbuf(stdout, NULL, _IOLBF, 4096);
	shim_quiet = 1;
	while (fgets(text, sizeof(text), stdin)) {
		line++;
		ask(text);
	}
	drop_machine();
	return 0;
}
