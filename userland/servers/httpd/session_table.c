// SPDX-License-Identifier: GPL-2.0-only
/* Sessions in shared memory, see session_table.h. */
#include <stdatomic.h>

#include "session_memory.h"

/* How many idle ones go each time that one comes. */
#define EXPIRE_AT_ONCE 4

/* --- room --- */

static void evict_oldest(struct session_table *t)
{
	t->counts.evicted++;
	session_memory_drop(t, t->oldest);
}

static bool is_idle(const struct session_table *t, const struct session_entry *e, int64_t now)
{
	return now - e->used > t->limits.idle_ms;
}

static void expire(struct session_table *t, int64_t now, uint32_t most)
{
	for (; most && t->oldest && is_idle(t, session_entry_at(t, t->oldest), now); most--) {
		t->counts.expired++;
		session_memory_drop(t, t->oldest);
	}
}

/* A new entry, in no list. */
static uint32_t take_entry(struct session_table *t)
{
	uint32_t n;

	if (!t->free_entry && t->entries_touched == t->limits.sessions)
		evict_oldest(t);
	n = t->free_entry;
	if (n)
		t->free_entry = session_entry_at(t, n)->chain;
	else
		n = ++t->entries_touched;
	t->counts.sessions++;
	t->counts.bytes += sizeof(struct session_entry);
	return n;
}

/* The one that is written is the newest, or in no list, and there is room for one and more. */
static uint32_t take_block(struct session_table *t, uint32_t owner)
{
	uint32_t n;

	while (!t->free_block && t->blocks_touched == t->blocks)
		evict_oldest(t);
	n = t->free_block;
	if (n)
		t->free_block = session_block_at(t, n)->next;
	else
		n = ++t->blocks_touched;
	session_block_at(t, n)->owner = owner;
	t->counts.bytes += sizeof(struct session_block);
	return n;
}

/* --- octets --- */

static uint32_t write_blocks(struct session_table *t, uint32_t owner, const struct session *s)
{
	uint32_t first = 0, last = 0;

	for (size_t at = 0; at < s->length; at += SESSION_BLOCK) {
		size_t left = s->length - at;
		uint32_t n = take_block(t, owner);

		memcpy(session_block_at(t, n)->data, s->data + at, left < SESSION_BLOCK ? left : SESSION_BLOCK);
		session_block_at(t, n)->next = 0;
		*(last ? &session_block_at(t, last)->next : &first) = n;
		last = n;
	}
	return first;
}

static void read_blocks(struct session_table *t, const struct session_entry *e, struct session *s)
{
	uint32_t n = e->first;

	s->length = e->length;
	for (size_t at = 0; at < e->length; at += SESSION_BLOCK, n = session_block_at(t, n)->next) {
		size_t left = e->length - at;

		memcpy(s->data + at, session_block_at(t, n)->data, left < SESSION_BLOCK ? left : SESSION_BLOCK);
	}
}

/* The compiler keeps the order: who dies in between has said that he is writing. */
static void set_state(struct session_entry *e, enum session_entry_state state)
{
	atomic_signal_fence(memory_order_seq_cst);
	*(volatile uint32_t *)&e->state = state;
	atomic_signal_fence(memory_order_seq_cst);
}

static void write_entry(struct session_table *t, uint32_t n, const struct session *s)
{
	struct session_entry *e = session_entry_at(t, n);
	uint32_t old = e->first, first = write_blocks(t, n, s);

	set_state(e, ENTRY_WRITING);
	e->first = first;
	e->length = s->length;
	set_state(e, ENTRY_USED);
	session_memory_free_blocks(t, old);
}

/* --- finding --- */

/* 0: there is none. What is found counts as used. */
static uint32_t find(struct session_table *t, const struct session_id *id, int64_t now)
{
	uint32_t n = *session_bucket_of(t, id);

	while (n && memcmp(&session_entry_at(t, n)->id, id, sizeof(*id)) != 0)
		n = session_entry_at(t, n)->chain;
	if (!n)
		return 0;
	if (is_idle(t, session_entry_at(t, n), now)) {
		t->counts.expired++;
		session_memory_drop(t, n);
		return 0;
	}
	session_entry_at(t, n)->used = now;
	session_memory_unlink_use(t, n);
	session_memory_link_newest(t, n);
	return n;
}

bool session_table_read(struct session_table *t, const struct session_id *id, int64_t now,
			struct session *s)
{
	uint32_t n;

	session_memory_lock(t);
	n = find(t, id, now);
	if (n && now >= session_entry_at(t, n)->lease_ends)
		n = 0;
	if (n)
		read_blocks(t, session_entry_at(t, n), s);
	session_memory_unlock(t);
	return n;
}

void session_table_put(struct session_table *t, const struct session_id *id, int64_t now,
		       int64_t lease_ends, const struct session *s)
{
	uint32_t n;

	session_memory_lock(t);
	expire(t, now, EXPIRE_AT_ONCE);
	n = find(t, id, now);
	if (!n) {
		n = take_entry(t);
		set_state(session_entry_at(t, n), ENTRY_FREE);
		*session_entry_at(t, n) = (struct session_entry){ .id = *id, .used = now };
		session_memory_link_newest(t, n);
		session_memory_link_bucket(t, n);
	}
	session_entry_at(t, n)->lease_ends = lease_ends;
	write_entry(t, n, s);
	session_memory_unlock(t);
}

bool session_table_apply(struct session_table *t, const struct session_id *id, int64_t now,
			 struct session_change *change)
{
	struct session s;
	uint32_t n;

	session_memory_lock(t);
	n = find(t, id, now);
	if (n) {
		read_blocks(t, session_entry_at(t, n), &s);
		if (session_apply(&s, change))
			write_entry(t, n, &s);
	}
	session_memory_unlock(t);
	return n;
}

void session_table_drop(struct session_table *t, const struct session_id *id)
{
	uint32_t n;

	session_memory_lock(t);
	n = *session_bucket_of(t, id);
	while (n && memcmp(&session_entry_at(t, n)->id, id, sizeof(*id)) != 0)
		n = session_entry_at(t, n)->chain;
	if (n)
		session_memory_drop(t, n);
	session_memory_unlock(t);
}

void session_table_count(struct session_table *t, int64_t now, struct session_table_counts *counts)
{
	session_memory_lock(t);
	expire(t, now, UINT32_MAX);
	*counts = t->counts;
	session_memory_unlock(t);
}
