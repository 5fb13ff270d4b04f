/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the table lies in memory, see the picture in session_table.h; for session_table.c and
 * session_memory.c alone. All numbers of entries and blocks are 1 + index, so that memory that
 * was never touched means "none".
 */
#ifndef VIRTLAB_HTTPD_SESSION_MEMORY_H
#define VIRTLAB_HTTPD_SESSION_MEMORY_H

#include <pthread.h>

#include "session_table.h"

#define SESSION_BLOCK 56u

enum session_entry_state { ENTRY_FREE, ENTRY_USED, ENTRY_WRITING };

/**
 * struct session_entry - a session
 * @id: its number
 * @used: when it was used last
 * @lease_ends: when it is not to be read any more
 * @first: of its blocks, 0: none
 * @length: octets in them
 * @state: enum session_entry_state
 * @chain: next of the bucket, or of the free ones
 * @older: next in order of use
 * @newer: likewise
 */
struct session_entry {
	struct session_id id;
	int64_t used;
	int64_t lease_ends;
	uint32_t first;
	uint32_t length;
	uint32_t state;
	uint32_t chain;
	uint32_t older;
	uint32_t newer;
};

/**
 * struct session_block - octets of a session
 * @next: of the session, or of the free ones
 * @owner: entry; 0: free
 * @data: octets
 */
struct session_block {
	uint32_t next;
	uint32_t owner;
	char data[SESSION_BLOCK];
};

/**
 * struct session_table - what lies at the start of the memory
 * @magic: it is one
 * @size: of all of it
 * @limits: see there
 * @counts: likewise
 * @lock: for all below
 * @buckets: a power of 2
 * @blocks: how many there are
 * @entries_touched: those behind were never used, and cost no memory yet
 * @blocks_touched: likewise
 * @free_entry: list
 * @free_block: list
 * @oldest: by use
 * @newest: by use
 */
struct session_table {
	uint64_t magic;
	uint64_t size;
	struct session_table_limits limits;
	struct session_table_counts counts;
	pthread_mutex_t lock;
	uint32_t buckets;
	uint32_t blocks;
	uint32_t entries_touched;
	uint32_t blocks_touched;
	uint32_t free_entry;
	uint32_t free_block;
	uint32_t oldest;
	uint32_t newest;
	uint32_t bucket[];
};

static inline struct session_entry *session_entry_at(struct session_table *t, uint32_t n)
{
	return (struct session_entry *)(t->bucket + t->buckets) + n - 1;
}

static inline struct session_block *session_block_at(struct session_table *t, uint32_t n)
{
	return (struct session_block *)session_entry_at(t, t->limits.sessions + 1) + n - 1;
}

/* Numbers are random: any four octets of them spread well. */
static inline uint32_t *session_bucket_of(struct session_table *t, const struct session_id *id)
{
	uint32_t h;

	memcpy(&h, id->octets, sizeof(h));
	return &t->bucket[h & (t->buckets - 1)];
}

/* The lock, which may turn out to be abandoned: then all is rebuilt first. */
void session_memory_lock(struct session_table *t);
void session_memory_unlock(struct session_table *t);

/**
 * session_memory_link_newest() - into the list of use, as the one that was used last
 * @t: table, locked
 * @n: entry, in no list of use
 */
void session_memory_link_newest(struct session_table *t, uint32_t n);

/* Out of the list of use. */
void session_memory_unlink_use(struct session_table *t, uint32_t n);

/* Into its bucket. */
void session_memory_link_bucket(struct session_table *t, uint32_t n);

/* Give a row of blocks back. */
void session_memory_free_blocks(struct session_table *t, uint32_t first);

/* Give an entry and its blocks back. */
void session_memory_drop(struct session_table *t, uint32_t n);

#endif
