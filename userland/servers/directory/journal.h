/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal of a hard directory: what was registered and unregistered, in order.
 *
 *	"VLDJ0001"  { length 2, operation 1, CRC-32 4, claim }...
 *
 * Numbers have their most significant octet first; length is that of the claim, the checksum is
 * of length, operation and claim (protocol.h). A record is of use when it is whole: a crash in
 * the middle of writing leaves a torn one at the end, which nobody was told of, as answers wait
 * for fsync. Reading ends at the first record that is not whole.
 */
#ifndef VIRTLAB_DIRECTORY_JOURNAL_H
#define VIRTLAB_DIRECTORY_JOURNAL_H

#include "error.h"
#include "protocol.h"

#define JOURNAL_MAGIC "VLDJ0001"
#define JOURNAL_MAGIC_LENGTH 8
#define JOURNAL_RECORD_HEADER 7
#define JOURNAL_RECORD_MOST (JOURNAL_RECORD_HEADER + PROTOCOL_CLAIM)

/* What is done with each record: @operation is PROTOCOL_REGISTER or PROTOCOL_UNREGISTER. */
typedef void journal_record(void *context, enum protocol_operation operation,
			    const struct lease_claim *claim);

/* Return: octets of the record written to @out, JOURNAL_RECORD_MOST at most. */
size_t journal_write_record(enum protocol_operation operation, const struct lease_claim *claim,
			    uint8_t *out);

/**
 * journal_read() - read what is whole of a journal
 * @data: the file
 * @length: its octets
 * @record: called for each record
 * @context: for @record
 *
 * Return: octets that are whole; 0 if it is no journal. Less than JOURNAL_MAGIC_LENGTH octets
 * that are the start of the magic are a journal that was torn when it was made: 0 as well.
 */
size_t journal_read(const uint8_t *data, size_t length, journal_record *record, void *context);

/**
 * struct journal - an open journal
 * @path: of the file
 * @fd: the file, locked
 * @size: octets that are written
 * @compact_at: size from which it is to be written anew
 * @used: octets in @buffer
 * @buffer: records that are not written yet
 * @syncs: how often it was synchronised
 */
struct journal {
	const char *path;
	int fd;
	uint64_t size;
	uint64_t compact_at;
	size_t used;
	uint8_t buffer[128 * JOURNAL_RECORD_MOST];
	uint64_t syncs;
};

/**
 * journal_open() - read a journal, or make one, and open it for more
 * @j: the caller's
 * @path: of the file, not copied
 * @record: called for each record
 * @context: for @record
 * @dropped: set to the octets that were torn off the end
 * @err: why not
 */
int journal_open(struct journal *j, const char *path, journal_record *record, void *context,
		 uint64_t *dropped, struct error *err);

/* Add a record. It counts after journal_sync(). */
int journal_add(struct journal *j, enum protocol_operation operation,
		const struct lease_claim *claim, struct error *err);

/*
 * Write what was added, and have it on the disk. After a failure nobody knows what is there
 * (a second fsync may lie): end the program.
 */
int journal_sync(struct journal *j, struct error *err);

/**
 * journal_compact() - write it anew: the entries of a table, nothing of what went before
 * @j: with nothing that is not synchronised
 * @t: the table
 * @now: for it
 * @err: why not; then the old one is as it was
 */
int journal_compact(struct journal *j, struct lease_table *t, uint64_t now, struct error *err);

void journal_close(struct journal *j);

#endif
