/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory without its sockets: a message comes in, an operation is done on the table, an
 * answer goes out. Whoever owns the sockets sends no answer before directory_commit().
 */
#ifndef VIRTLAB_DIRECTORY_DIRECTORY_H
#define VIRTLAB_DIRECTORY_DIRECTORY_H

#include "error.h"
#include "journal.h"
#include "lease.h"
#include "protocol.h"

/*
 * What a directory counts. The order is that of the numbers in an answer to STATS: new ones are
 * added at the end. The first are filled in when somebody asks.
 */
#define DIRECTORY_COUNTS(X)                                                                      \
	X(pid)                                                                                   \
	X(uptime_ms)                                                                             \
	X(hard)                                                                                  \
	X(entries)                                                                               \
	X(hidden)                                                                                \
	X(names)                                                                                 \
	X(expired)                                                                               \
	X(taken_over)                                                                            \
	X(registers)                                                                             \
	X(renewals)                                                                              \
	X(unregisters)                                                                           \
	X(lookups)                                                                               \
	X(lists)                                                                                 \
	X(repeated)                                                                              \
	X(refused)                                                                               \
	X(malformed)                                                                             \
	X(ignored)                                                                               \
	X(truncated)                                                                             \
	X(unsent)                                                                                \
	X(system_calls)                                                                          \
	X(journal_syncs)                                                                         \
	X(connections)                                                                           \
	X(connections_closed_for_room)

enum directory_count {
#define X(name) DIRECTORY_##name,
	DIRECTORY_COUNTS(X)
#undef X
	DIRECTORY_COUNT,
};

extern const char *const directory_count_names[DIRECTORY_COUNT];

/**
 * struct directory - a directory
 * @table: its entries
 * @journal: of a hard one; NULL: soft
 * @uncommitted: the journal has records that are not on the disk
 * @any_address: servers may register addresses they do not send from
 * @started: milliseconds
 * @counts: see DIRECTORY_COUNTS
 */
struct directory {
	struct lease_table *table;
	struct journal *journal;
	bool uncommitted;
	bool any_address;
	uint64_t started;
	uint64_t counts[DIRECTORY_COUNT];
};

/**
 * directory_answer() - do what a message asks
 * @d: the directory
 * @sender: address it came from
 * @question: the message
 * @length: its octets
 * @answer: room for PROTOCOL_MESSAGE_MOST octets
 * @room: how many of them may be used; with less than a header there is no answer
 * @now: milliseconds
 * @err: set if it fails
 *
 * Return: octets of the answer; 0: the message deserves none; -errno: the journal failed, end
 * the program.
 */
int directory_answer(struct directory *d, const uint8_t sender[16], const uint8_t *question,
		     size_t length, uint8_t *answer, size_t room, uint64_t now,
		     struct error *err);

/* What was done is on the disk, if this is a hard directory. Before any answer goes out. */
int directory_commit(struct directory *d, uint64_t now, struct error *err);

/* A journal_record: do again what the journal says; @context is struct directory. */
journal_record directory_replay;

/* Bring the counts up to date that are not counted one by one. */
void directory_update_counts(struct directory *d, uint64_t now);

#endif
