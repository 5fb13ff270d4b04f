/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of leases: who serves which name, where, and until when. No socket, no clock, no
 * file: the caller says what time it is. All memory is taken when the table is made.
 *
 * What always holds; lease_audit() checks it, and the comments quote the numbers:
 *
 *  1. No operation sees an entry at or after its expiry: each one drops those first.
 *  2. An end point (protocol, address, port) has one owner: all its entries have one token. The
 *     kernel gives a port to one owner at a time, so whoever registers it later has it.
 *  3. An entry's stamp only grows. An operation with a stamp that is not above it changes
 *     nothing: a message that was seen before, however late it comes, cannot prolong a lease,
 *     nor bring back what was taken out. (It is a Lamport clock that starts from real time.)
 *  4. An entry that was unregistered stays, hidden, for the rest of its lease, so that 3 holds
 *     for it as well. Lookups and lists do not see hidden ones; limits count them.
 *  5. Names, entries of a name and entries of an end point are within the limits.
 *  6. The heap has each entry once, none before its parent.
 *  7. A name is there as long as it has an entry; its entries are a ring, in whatever order.
 *
 * One entry, with the calls that move it:
 *
 *                    register                     unregister
 *          (free) ------------------> seen --------------------> hidden
 *             ^                        | ^ \___ renew             |  |
 *             |                        |  \_______________________|  |
 *             |   expiry, or a         |      register, newer        |
 *             +---- newer owner -------+-----------------------------+
 *                  of the end point
 */
#ifndef VIRTLAB_DIRECTORY_LEASE_H
#define VIRTLAB_DIRECTORY_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASE_NAME_MOST 63
#define LEASE_TOKEN_LENGTH 16
/* Shorter leases are made this long: renewals would be the only load there is. */
#define LEASE_LEAST_MS 100
#define LEASE_ANY_VERSION 0

enum lease_protocol { LEASE_ANY_PROTOCOL, LEASE_TCP, LEASE_UDP, LEASE_PROTOCOLS };

struct lease_name {
	uint8_t length;
	char text[LEASE_NAME_MOST];
};

/**
 * struct lease_end - an end point
 * @address: IPv6, or IPv4 mapped into it (RFC 4291 2.5.5.2)
 * @port: of the host's byte order
 * @protocol: LEASE_TCP or LEASE_UDP
 */
struct lease_end {
	uint8_t address[16];
	uint16_t port;
	uint8_t protocol;
};

/**
 * struct lease_claim - what a server says of itself
 * @name: what it serves
 * @version: of that, from 1 on
 * @end: where
 * @token: drawn by the server at random when it starts: whoever has it is the owner
 * @stamp: of this operation, above those of all its earlier ones
 * @lease: milliseconds it wants, 0: as long as it may
 */
struct lease_claim {
	struct lease_name name;
	uint32_t version;
	struct lease_end end;
	uint8_t token[LEASE_TOKEN_LENGTH];
	uint64_t stamp;
	uint32_t lease;
};

enum lease_outcome {
	LEASE_OK,
	LEASE_GONE,	/* there is no such entry (any more): register */
	LEASE_STALE,	/* a later operation was seen: invariant 3 */
	LEASE_FULL,	/* the table, */
	LEASE_NAME_FULL, /* the name */
	LEASE_END_FULL,	/* or the end point has as many entries as it may */
};

/**
 * struct lease_result - what came of an operation
 * @stamp: of the entry afterwards; after LEASE_STALE the one to be above
 * @left: milliseconds until it expires, 0: it does not
 * @repeated: LEASE_OK, but it was done before and is not done again
 */
struct lease_result {
	uint64_t stamp;
	uint32_t left;
	bool repeated;
};

/**
 * struct lease_found - an entry, as an answer shows it
 * @version: of the service
 * @end: where it is
 * @left: milliseconds until it expires, 0: it does not
 */
struct lease_found {
	uint32_t version;
	struct lease_end end;
	uint32_t left;
};

/**
 * struct lease_limits - what a table has room for
 * @entries: in all, up to 2^24
 * @per_name: entries of one name: what a lookup has to walk
 * @per_end: entries of one end point
 * @lease_most: longest lease in milliseconds
 * @hard: nothing expires (but hidden entries do, after @lease_most)
 */
struct lease_limits {
	uint32_t entries;
	uint32_t per_name;
	uint32_t per_end;
	uint32_t lease_most;
	bool hard;
};

struct lease_counts {
	uint32_t entries;	/* hidden ones too */
	uint32_t hidden;
	uint32_t names;
	uint64_t expired;	/* since the table was made */
	uint64_t taken_over;
};

struct lease_table;

/**
 * lease_table_new() - an empty table
 * @limits: none of them 0
 * @seed: 16 octets at random, so that nobody outside can choose names that hash alike
 *
 * Return: NULL if there is no memory.
 */
struct lease_table *lease_table_new(const struct lease_limits *limits, const uint8_t seed[16]);
void lease_table_free(struct lease_table *t);

/**
 * lease_register() - make an entry, or renew it
 * @t: the table
 * @claim: the entry
 * @now: milliseconds, never less than before
 * @result: set unless a limit is in the way
 *
 * Entries that another owner had at this end point go, if @claim is newer (invariant 2).
 */
enum lease_outcome lease_register(struct lease_table *t, const struct lease_claim *claim,
				  uint64_t now, struct lease_result *result);

/* Prolong an entry, but make none. The arguments are those of lease_register(). */
enum lease_outcome lease_renew(struct lease_table *t, const struct lease_claim *claim,
			       uint64_t now, struct lease_result *result);

/*
 * Hide an entry until its lease ends. It is also LEASE_OK if there is none, or it has another
 * owner by now: that it be not there is what was asked for; @result says "repeated".
 */
enum lease_outcome lease_unregister(struct lease_table *t, const struct lease_claim *claim,
				    uint64_t now, struct lease_result *result);

/**
 * lease_lookup() - where a name is served
 * @t: the table
 * @name: wanted
 * @version: wanted, or LEASE_ANY_VERSION
 * @protocol: wanted, or LEASE_ANY_PROTOCOL
 * @now: milliseconds
 * @found: room for @room entries
 * @room: at least 1
 *
 * The next lookup starts behind the first that this one found: servers take turns.
 *
 * Return: how many there are, which may be more than @room.
 */
size_t lease_lookup(struct lease_table *t, const struct lease_name *name, uint32_t version,
		    enum lease_protocol protocol, uint64_t now, struct lease_found *found,
		    size_t room);

/**
 * lease_list() - the next entry of all
 * @t: the table
 * @cursor: starts as 0; moved on
 * @now: milliseconds
 * @claim: set to it, token and stamp included
 * @left: as in struct lease_found
 *
 * An entry that is there from the first call to the last is listed once, whatever comes and
 * goes in between.
 *
 * Return: false at the end.
 */
bool lease_list(struct lease_table *t, uint32_t *cursor, uint64_t now, struct lease_claim *claim,
		uint32_t *left);

struct lease_counts lease_counts(struct lease_table *t, uint64_t now);

/* Is it a name? Letters, digits, and inside also ". _ -"; 1 to LEASE_NAME_MOST. */
bool lease_name_valid(const char *text, size_t length);

/* Return: NULL, or which invariant does not hold, starting with its number. */
const char *lease_audit(const struct lease_table *t);

#endif
