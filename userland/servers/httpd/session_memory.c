// SPDX-License-Identifier: GPL-2.0-only
/* The table's lists, and T4: what is made of them when somebody died over them. */
#include "session_memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x53455353494f4e31ull

/* --- lists --- */

void session_memory_unlink_use(struct session_table *t, uint32_t n)
{
	struct session_entry *e = session_entry_at(t, n);

	*(e->older ? &session_entry_at(t, e->older)->newer : &t->oldest) = e->newer;
	*(e->newer ? &session_entry_at(t, e->newer)->older : &t->newest) = e->older;
}

void session_memory_link_newest(struct session_table *t, uint32_t n)
{
	struct session_entry *e = session_entry_at(t, n);

	e->older = t->newest;
	e->newer = 0;
	*(t->newest ? &session_entry_at(t, t->newest)->newer : &t->oldest) = n;
	t->newest = n;
}

void session_memory_link_bucket(struct session_table *t, uint32_t n)
{
	uint32_t *bucket = session_bucket_of(t, &session_entry_at(t, n)->id);

	session_entry_at(t, n)->chain = *bucket;
	*bucket = n;
}

static void unlink_bucket(struct session_table *t, uint32_t n)
{
	uint32_t *link = session_bucket_of(t, &session_entry_at(t, n)->id);

	while (*link != n)
		link = &session_entry_at(t, *link)->chain;
	*link = session_entry_at(t, n)->chain;
}

void session_memory_free_blocks(struct session_table *t, uint32_t first)
{
	while (first) {
		struct session_block *b = session_block_at(t, first);
		uint32_t next = b->next;

		b->owner = 0;
		b->next = t->free_block;
		t->free_block = first;
		t->counts.bytes -= sizeof(struct session_block);
		first = next;
	}
}

void session_memory_drop(struct session_table *t, uint32_t n)
{
	struct session_entry *e = session_entry_at(t, n);

	unlink_bucket(t, n);
	session_memory_unlink_use(t, n);
	e->state = ENTRY_FREE;
	session_memory_free_blocks(t, e->first);
	e->chain = t->free_entry;
	t->free_entry = n;
	t->counts.sessions--;
	t->counts.bytes -= sizeof(struct session_entry);
}

/* --- T4: nothing is believed but entries that were complete, and their blocks --- */

static bool claim_blocks(struct session_table *t, uint32_t n)
{
	const struct session_entry *e = session_entry_at(t, n);
	uint32_t left = e->length, at;

	for (at = e->first; at && left; at = session_block_at(t, at)->next) {
		if (at > t->blocks_touched || session_block_at(t, at)->owner)
			break;
		session_block_at(t, at)->owner = n;
		t->counts.bytes += sizeof(struct session_block);
		left -= left < SESSION_BLOCK ? left : SESSION_BLOCK;
	}
	return !at && !left;
}

static void rebuild_entry(struct session_table *t, uint32_t n)
{
	struct session_entry *e = session_entry_at(t, n);

	if (e->state == ENTRY_USED && claim_blocks(t, n)) {
		session_memory_link_bucket(t, n);
		session_memory_link_newest(t, n);
		t->counts.sessions++;
		t->counts.bytes += sizeof(struct session_entry);
		return;
	}
	e->state = ENTRY_FREE;
	e->chain = t->free_entry;
	t->free_entry = n;
}

static void rebuild(struct session_table *t)
{
	memset(t->bucket, 0, t->buckets * sizeof(t->bucket[0]));
	t->free_entry = t->free_block = t->oldest = t->newest = 0;
	t->counts.sessions = t->counts.bytes = 0;
	for (uint32_t n = 1; n <= t->blocks_touched; n++)
		session_block_at(t, n)->owner = 0;
	for (uint32_t n = 1; n <= t->entries_touched; n++)
		rebuild_entry(t, n);
	for (uint32_t n = 1; n <= t->blocks_touched; n++) {
		struct session_block *b = session_block_at(t, n);

		/* What an entry claimed before it turned out to be torn is free as well. */
		if (b->owner && session_entry_at(t, b->owner)->state == ENTRY_USED)
			continue;
		if (b->owner)
			t->counts.bytes -= sizeof(struct session_block);
		b->owner = 0;
		b->next = t->free_block;
		t->free_block = n;
	}
	t->counts.recovered++;
}

void session_memory_lock(struct session_table *t)
{
	if (pthread_mutex_lock(&t->lock) != EOWNERDEAD)
		return;
	rebuild(t);
	pthread_mutex_consistent(&t->lock);
}

void session_memory_unlock(struct session_table *t)
{
	pthread_mutex_unlock(&t->lock);
}

/* --- from nothing, or from a predecessor --- */

/* Even, so that what lies behind them is aligned. */
static uint32_t buckets_for(uint32_t sessions)
{
	uint32_t n = 16;

	while (n < sessions)
		n *= 2;
	return n;
}

static void set_up(struct session_table *t, const struct session_table_limits *limits)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&t->lock, &kind);
	pthread_mutexattr_destroy(&kind);
	t->limits = *limits;
	t->blocks = limits->bytes / sizeof(struct session_block);
	t->buckets = buckets_for(limits->sessions);
	t->magic = MAGIC;
}

static bool fits(const struct session_table *t, size_t size,
		 const struct session_table_limits *limits)
{
	return t->magic == MAGIC && t->size == size && t->limits.sessions == limits->sessions &&
	       t->limits.bytes == limits->bytes;
}

int session_table_open(int *fd, const struct session_table_limits *limits,
		       struct session_table **table, struct error *err)
{
	size_t size = sizeof(struct session_table) +
		      buckets_for(limits->sessions) * sizeof(uint32_t) +
		      limits->sessions * sizeof(struct session_entry) + limits->bytes;
	bool fresh = *fd < 0;
	struct stat there;
	void *memory;

	if (fresh)
		*fd = memfd_create("sessions", MFD_CLOEXEC);
	if (*fd < 0 || (fresh && ftruncate(*fd, (off_t)size)) || fstat(*fd, &there))
		return error_errno(err, errno, NULL, "sessions: memory");
	if ((size_t)there.st_size != size)
		return error_set(err, EINVAL, "sessions: the predecessor's table is of another size");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
	if (memory == MAP_FAILED)
		return error_errno(err, errno, NULL, "sessions: memory");
	*table = memory;
	if (fresh) {
		(*table)->size = size;
		set_up(*table, limits);
	} else if (!fits(*table, size, limits)) {
		munmap(memory, size);
		return error_set(err, EINVAL, "sessions: the predecessor's table is another one");
	}
	return 0;
}

void session_table_close(struct session_table *table)
{
	munmap(table, table->size);
}

/* --- for tests --- */

/* Whether its row of blocks is as long as it should be, and all its own. */
static bool owns_blocks(struct session_table *t, uint32_t n, uint32_t *blocks)
{
	const struct session_entry *e = session_entry_at(t, n);
	uint32_t wanted = (e->length + SESSION_BLOCK - 1) / SESSION_BLOCK;

	for (uint32_t at = e->first; at; at = session_block_at(t, at)->next, wanted--, ++*blocks)
		if (!wanted || session_block_at(t, at)->owner != n)
			return false;
	return !wanted;
}

static const char *audit_entries(struct session_table *t, uint32_t *blocks)
{
	uint32_t used = 0, older = 0;

	for (uint32_t n = t->oldest; n; older = n, n = session_entry_at(t, n)->newer) {
		uint32_t at = *session_bucket_of(t, &session_entry_at(t, n)->id), seen = 0;

		if (++used > t->limits.sessions || session_entry_at(t, n)->older != older)
			return "the list of use is none";
		for (; at; at = session_entry_at(t, at)->chain)
			seen += at == n;
		if (seen != 1)
			return "T1: an entry is not once in its bucket";
		if (session_entry_at(t, n)->state != ENTRY_USED || !owns_blocks(t, n, blocks))
			return "T2: an entry has blocks that are not its own";
	}
	if (older != t->newest || used != t->counts.sessions)
		return "the list of use has another end, or another length";
	return NULL;
}

const char *session_table_audit(struct session_table *t)
{
	uint32_t blocks = 0, spare = 0;
	const char *wrong;

	session_memory_lock(t);
	wrong = audit_entries(t, &blocks);
	for (uint32_t n = t->free_block; n && spare <= t->blocks; n = session_block_at(t, n)->next)
		spare += !session_block_at(t, n)->owner;
	if (!wrong && blocks + spare != t->blocks_touched)
		wrong = "T2: a block is nobody's, and not free";
	if (!wrong && t->counts.bytes != t->counts.sessions * sizeof(struct session_entry) +
						 blocks * sizeof(struct session_block))
		wrong = "bytes are counted wrong";
	session_memory_unlock(t);
	return wrong;
}
