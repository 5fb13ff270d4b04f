/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions in memory, found by number: all of what --state server keeps, and the cache of
 * --state soft. The memory is shared by processes, so there is no pointer in it:
 *
 *	buckets		by number of the session --> entry --> next entry of the bucket
 *	entries		56 octets each; by last use in a list, from newest to oldest
 *	blocks		56 octets of a session each, whose it is, and the next block
 *
 *	T1  A session is in exactly one bucket and once in the list, or nowhere.
 *	T2  A block belongs to one session, or is free.
 *	T3  There is always room for one more: what was not used for longest gives way to it.
 *	T4  A process that dies while it holds the lock loses at most the session it was writing:
 *	    who comes next finds the lock abandoned (robust mutex) and rebuilds all lists. In
 *	    which order the others were used is forgotten.
 *
 * Time is ms of the monotonic clock, the caller's.
 */
#ifndef VIRTLAB_HTTPD_SESSION_TABLE_H
#define VIRTLAB_HTTPD_SESSION_TABLE_H

#include "error.h"
#include "session.h"

/* Nobody guesses one of 2^128, so that to know it is to be its client. */
#define SESSION_ID 16
/* Room for the largest session twice: it is written anew before the old one goes. */
#define SESSION_TABLE_LEAST 16384

struct session_table;

/**
 * struct session_id - number of a session
 * @octets: random
 */
struct session_id {
	uint8_t octets[SESSION_ID];
};

/**
 * struct session_table_limits - how much it keeps
 * @sessions: most
 * @bytes: of blocks, at least SESSION_TABLE_LEAST
 * @idle_ms: a session that is not used for longer is gone
 */
struct session_table_limits {
	uint32_t sessions;
	uint64_t bytes;
	int64_t idle_ms;
};

/**
 * struct session_table_counts - what it holds, and what it lost
 * @sessions: at present
 * @bytes: of entries and blocks in use
 * @evicted: since the start, to make room
 * @expired: since the start, for not being used
 * @recovered: how often the lock was found abandoned
 */
struct session_table_counts {
	uint64_t sessions;
	uint64_t bytes;
	uint64_t evicted;
	uint64_t expired;
	uint64_t recovered;
};

/**
 * session_table_open() - a table in memory that a descriptor stands for
 * @fd: -1: make one, and set it; else that of a predecessor, whose sessions are still there
 * @limits: of a new one; if the predecessor's are others, it is -EINVAL
 * @table: set
 * @err: filled on failure
 *
 * Memory is taken as it is used. Children that are forked have the same table.
 *
 * Return: 0 or a negative errno.
 */
int session_table_open(int *fd, const struct session_table_limits *limits,
		       struct session_table **table, struct error *err);

/* This process does without it from now on. */
void session_table_close(struct session_table *table);

/**
 * session_table_read() - a copy of a session
 * @table: it
 * @id: which
 * @now: time; the session counts as used
 * @s: set
 *
 * Return: false if there is none, or its lease is over.
 */
bool session_table_read(struct session_table *table, const struct session_id *id, int64_t now,
			struct session *s);

/**
 * session_table_put() - keep a session, or what became of it
 * @table: it
 * @id: which
 * @now: time
 * @lease_ends: from then on it is not to be read; INT64_MAX: no such time
 * @s: it
 */
void session_table_put(struct session_table *table, const struct session_id *id, int64_t now,
		       int64_t lease_ends, const struct session *s);

/**
 * session_table_apply() - change a session, with nobody between reading and writing
 * @table: it
 * @id: which
 * @now: time
 * @change: see session_apply()
 *
 * Return: false if there is none.
 */
bool session_table_apply(struct session_table *table, const struct session_id *id, int64_t now,
			 struct session_change *change);

/**
 * session_table_drop() - forget a session
 * @table: it
 * @id: which; it need not be there
 */
void session_table_drop(struct session_table *table, const struct session_id *id);

/**
 * session_table_count() - what there is
 * @table: it
 * @now: time; what is idle for too long goes first
 * @counts: set
 */
void session_table_count(struct session_table *table, int64_t now,
			 struct session_table_counts *counts);

/**
 * session_table_audit() - whether T1 and T2 hold, for tests
 * @table: it
 *
 * Return: NULL, or what is wrong.
 */
const char *session_table_audit(struct session_table *table);

#endif
