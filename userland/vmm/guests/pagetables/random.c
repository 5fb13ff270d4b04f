// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random edits of a small tree, each flushed in one of the ways that suffice,
 * then random accesses. What each must do is computed by walking the tables
 * here in software; entries (A, D), data and the fault are compared.
 *
 *	PML4[slot] -> PDPT[3] -> PD[5..7] -> one of 3 tables [0, 1, 8, 511] -> 6 frames
 *				       \-> or a 2 MiB page
 */
#include "tests.h"

#define DIRECTORIES	3
#define TABLES		3
#define PAGES		4
#define FRAMES		6
#define ENTRIES		(2 + DIRECTORIES + TABLES * PAGES)

static const unsigned int page_index[PAGES] = { 0, 1, 8, 511 };

struct tree {
	uint64_t base;			/* address of directory entry 5, page 0 */
	uint64_t *entries[ENTRIES];	/* [0] PML4E, [1] PDPTE, then PDEs, then PTEs */
	uint64_t *tables[TABLES];
	uint64_t *frames[FRAMES];
	uint64_t *large;
	uint64_t *elsewhere;		/* another address space */
	uint64_t seed;
	bool global;			/* G may be set: CR3 loads do not flush enough */
	bool upper;			/* entries above the leaf tables are edited too */
};

/* What a walk in software says about an access. */
struct walk {
	bool fault;
	uint32_t error;
	uint64_t gpa;
	uint64_t *path[5];		/* by level; NULL where the walk did not come */
	int leaf;
};

static uint64_t page_address(const struct tree *tree, unsigned int directory, unsigned int page)
{
	return tree->base + directory * LARGE_PAGE_SIZE + page_index[page] * PAGE_SIZE;
}

static bool reserved_bits_set(uint64_t entry, int level)
{
	uint64_t reserved = PTE_FRAME & ~((1ull << physical_address_bits()) - 1);

	if (!have_nxe())
		reserved |= PTE_NX;
	if (level == 4 || (level == 3 && !have_1g_pages()))
		reserved |= PTE_PS;
	if (level == 2 && entry & PTE_PS)
		reserved |= PDE_LARGE_FRAME ^ PTE_FRAME ^ 1ull << 12;
	return entry & reserved;
}

static bool denied(uint64_t rights, enum mode mode, enum op op)
{
	if (mode == USER && !(rights & PTE_U))
		return true;
	if (mode == KERNEL && rights & PTE_U && have_cr4(op == FETCH ? CR4_SMEP : CR4_SMAP))
		return true;
	if (op == WRITE && !(rights & PTE_W))
		return mode == USER || read_cr0() & CR0_WP;
	return op == FETCH && rights & PTE_NX;
}

static struct walk walk(uint64_t gva, enum mode mode, enum op op)
{
	struct walk w = { .error = access_error_bits(mode, op) };
	uint64_t rights = PTE_W | PTE_U, *table = space;

	for (int level = 4; level >= 1; level--) {
		uint64_t *entry = &table[pt_index(gva, level)];

		if (!(*entry & PTE_P)) {
			w.fault = true;
			return w;
		}
		if (reserved_bits_set(*entry, level)) {
			w.fault = true;
			w.error |= PF_P | PF_RSVD;
			return w;
		}
		w.path[level] = entry;
		rights = (rights & *entry & (PTE_W | PTE_U)) | ((rights | *entry) & PTE_NX);
		if (level == 1 || (level == 2 && *entry & PTE_PS)) {
			uint64_t size = level == 1 ? PAGE_SIZE : LARGE_PAGE_SIZE;

			w.leaf = level;
			w.gpa = (*entry & PTE_FRAME & ~(size - 1)) | (gva & (size - 1));
			break;
		}
		table = pt_table(*entry);
	}
	w.fault = denied(rights, mode, op);
	w.error |= w.fault ? PF_P : 0;
	return w;
}

static uint64_t chance(struct tree *tree, uint64_t one_in)
{
	return random_next(&tree->seed) % one_in == 0;
}

/* Rights that are mostly present and permissive, now and then with a reserved bit. */
static uint64_t random_flags(struct tree *tree, uint64_t absent_one_in)
{
	uint64_t flags = chance(tree, absent_one_in) ? 0 : PTE_P;

	flags |= chance(tree, 4) ? 0 : PTE_W;
	flags |= chance(tree, 4) ? 0 : PTE_U;
	flags |= chance(tree, 4) ? PTE_NX : 0;
	flags |= chance(tree, 2) ? PTE_A : 0;
	flags |= random_next(&tree->seed) & 0x3ff & (7ull << 9);
	if (physical_address_bits() < 52 && chance(tree, 40))
		flags |= 1ull << 51;
	return flags;
}

static uint64_t random_leaf(struct tree *tree)
{
	uint64_t flags = random_flags(tree, 6);

	flags |= chance(tree, 2) ? PTE_D : 0;
	flags |= tree->global && chance(tree, 2) ? PTE_G : 0;
	return (uint64_t)tree->frames[random_next(&tree->seed) % FRAMES] | flags;
}

static uint64_t random_directory_entry(struct tree *tree)
{
	uint64_t flags = random_flags(tree, 12);

	if (!chance(tree, 3))
		return (uint64_t)tree->tables[random_next(&tree->seed) % TABLES] | flags;
	flags |= PTE_PS;
	flags |= chance(tree, 2) ? PTE_D : 0;
	flags |= tree->global && chance(tree, 2) ? PTE_G : 0;
	flags |= chance(tree, 30) ? 1ull << 13 : 0;
	return (uint64_t)tree->large | flags;
}

/* Change one entry by some instruction; returns its number. */
static unsigned int edit(struct tree *tree)
{
	unsigned int n = 2 + DIRECTORIES + random_next(&tree->seed) % (TABLES * PAGES);
	uint64_t new = random_leaf(tree);

	if (tree->upper && chance(tree, 3)) {
		n = 2 + random_next(&tree->seed) % DIRECTORIES;
		new = random_directory_entry(tree);
	} else if (tree->upper && chance(tree, 8)) {
		n = random_next(&tree->seed) % 2;
		new = (*tree->entries[n] & PTE_FRAME & ~(1ull << 51)) | random_flags(tree, 20);
	}
	write_entry_somehow(tree->entries[n], new, random_next(&tree->seed));
	return n;
}

static void invlpg_all(struct tree *tree)
{
	for (unsigned int d = 0; d < DIRECTORIES; d++)
		for (unsigned int p = 0; p < PAGES; p++)
			invlpg(page_address(tree, d, p));
}

/* A leaf entry is reached through any directory entry that holds its table. */
static void invlpg_leaf(struct tree *tree, unsigned int n)
{
	for (unsigned int d = 0; d < DIRECTORIES; d++)
		invlpg(page_address(tree, d, (n - 2 - DIRECTORIES) % PAGES));
}

static void flush_edit(struct tree *tree, unsigned int n)
{
	switch (random_next(&tree->seed) % 4) {
	case 0:
		if (n >= 2 + DIRECTORIES)
			invlpg_leaf(tree, n);
		else
			invlpg_all(tree);
		break;
	case 1:
		if (!tree->global) {
			flush_all();
			break;
		}
		invlpg_all(tree);
		break;
	case 2:
		if (!tree->global) {
			space_switch(tree->elsewhere);
			space_switch(space);
			break;
		}
		set_cr4(CR4_PGE, false);
		set_cr4(CR4_PGE, true);
		break;
	case 3:
		invlpg_all(tree);
		break;
	}
}

/* The second word of every page that can be reached: where writes go. */
static uint64_t *data_word(struct tree *tree, unsigned int n)
{
	return n < FRAMES ? &tree->frames[n][1] :
			    &tree->large[page_index[n - FRAMES] * 512 + 1];
}

/* One random access: do it, and compare everything with the walk. */
static bool access_is_right(struct tree *tree)
{
	enum mode mode = random_next(&tree->seed) % 2;
	enum op op = random_next(&tree->seed) % 3;
	uint64_t value = random_next(&tree->seed);
	uint64_t gva = page_address(tree, random_next(&tree->seed) % DIRECTORIES,
				    random_next(&tree->seed) % PAGES) + (op == FETCH ? 0 : 8);
	uint64_t before[ENTRIES], data[FRAMES + PAGES];
	struct walk w = walk(gva, mode, op);
	struct fault got;

	for (unsigned int i = 0; i < ENTRIES; i++)
		before[i] = *tree->entries[i];
	for (unsigned int i = 0; i < FRAMES + PAGES; i++)
		data[i] = *data_word(tree, i);

	got = probe(mode, op, gva, value);

	if (w.fault) {
		if (!expect(got.vector == VECTOR_PF && got.error == w.error && got.cr2 == gva,
			    "mode %u op %u at %x: exception %d, error code %x, cr2 %x; wanted #PF %x",
			    (uint64_t)mode, (uint64_t)op, gva, got.vector, (uint64_t)got.error,
			    got.cr2, (uint64_t)w.error))
			return false;
	} else {
		if (!expect(got.vector == NO_FAULT,
			    "mode %u op %u at %x: exception %d, error code %x", (uint64_t)mode,
			    (uint64_t)op, gva, got.vector, (uint64_t)got.error))
			return false;
		if (op == READ && !EXPECT_EQ(got.value, *(uint64_t *)w.gpa))
			return false;
	}
	for (unsigned int i = 0; i < FRAMES + PAGES; i++) {
		bool written = !w.fault && op == WRITE && w.gpa == (uint64_t)data_word(tree, i);

		if (!EXPECT_EQ(*data_word(tree, i), written ? value : data[i]))
			return false;
	}
	for (unsigned int i = 0; i < ENTRIES; i++) {
		uint64_t entry = *tree->entries[i], wanted = before[i];
		bool on_path = false;

		for (int level = 4; level >= 1; level--)
			on_path |= w.path[level] == tree->entries[i];
		if (!w.fault && on_path)
			wanted |= PTE_A;
		else
			wanted |= entry & PTE_A; /* by speculation, or on the way to the fault */
		if (!w.fault && op == WRITE && w.path[w.leaf] == tree->entries[i])
			wanted |= PTE_D;
		if (!EXPECT_EQ(entry, wanted)) {
			print("#   entry %u after mode %u op %u at %x, fault %u\n", (uint64_t)i,
			      (uint64_t)mode, (uint64_t)op, gva, (uint64_t)w.fault);
			return false;
		}
	}
	return true;
}

static void build(struct tree *tree, bool upper, bool global)
{
	static uint64_t *large;

	fresh_space();
	*tree = (struct tree){ .upper = upper, .global = global };
	tree->seed = argument(1, 1) * 0x9e3779b97f4a7c15ull + upper * 2 + global + 1;
	tree->base = fresh_gva();
	tree->elsewhere = space_new();
	if (!large)
		large = large_frame_alloc();
	tree->large = large;
	for (unsigned int p = 0; p < PAGES; p++)
		large[page_index[p] * 512] = tag(900 + p);
	for (unsigned int i = 0; i < FRAMES; i++)
		tree->frames[i] = tagged_frame(i);
	for (unsigned int t = 0; t < TABLES; t++) {
		uint64_t *directory_entry = pt_entry(space, page_address(tree, t, 0), 2);

		tree->tables[t] =
			pt_table(*pt_entry(space, page_address(tree, t, 0), 1) | *directory_entry);
		tree->entries[2 + t] = directory_entry;
		for (unsigned int p = 0; p < PAGES; p++)
			tree->entries[2 + DIRECTORIES + t * PAGES + p] =
				&tree->tables[t][page_index[p]];
	}
	tree->entries[0] = pt_entry(space, tree->base, 4);
	tree->entries[1] = pt_entry(space, tree->base, 3);
}

static void try_rounds(struct tree *tree, void (*before_round)(struct tree *tree))
{
	uint64_t rounds = argument(0, 1000);

	for (uint64_t round = 0; round < rounds; round++) {
		uint64_t edits = 1 + random_next(&tree->seed) % 3;
		uint64_t accesses = 1 + random_next(&tree->seed) % 4;

		if (before_round)
			before_round(tree);
		while (edits--)
			flush_edit(tree, edit(tree));
		while (accesses--) {
			if (!access_is_right(tree)) {
				print("#   in round %u\n", round);
				return;
			}
		}
	}
}

const char *test_random_4k(void)
{
	struct tree tree;

	build(&tree, false, false);
	try_rounds(&tree, NULL);
	return NULL;
}

const char *test_random_all(void)
{
	struct tree tree;

	build(&tree, true, false);
	try_rounds(&tree, NULL);
	return NULL;
}

const char *test_random_global(void)
{
	struct tree tree;

	build(&tree, true, true);
	set_cr4(CR4_PGE, true);
	try_rounds(&tree, NULL);
	set_cr4(CR4_PGE, false);
	return NULL;
}

static void switch_modes(struct tree *tree)
{
	if (!chance(tree, 8))
		return;
	set_cr0_wp(chance(tree, 2));
	if (have_smep())
		set_cr4(CR4_SMEP, chance(tree, 2));
	if (have_smap())
		set_cr4(CR4_SMAP, chance(tree, 2));
	set_nxe(!chance(tree, 3));
	flush_all();
}

const char *test_random_modes(void)
{
	struct tree tree;

	build(&tree, true, false);
	try_rounds(&tree, switch_modes);
	fresh_space();
	return NULL;
}
