/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory's protocol, version 1. A question is answered by one answer. Over UDP a message
 * is a datagram; over TCP, on the same port, two octets of length stand before it. Numbers have
 * their most significant octet first. Nothing here allocates, or keeps a pointer.
 *
 *	 0               1               2               3
 *	+---------------+---------------+---------------+---------------+
 *	|      'V'      |      'D'      |    version    |A|  operation  |  A: it is an answer
 *	+---------------+---------------+---------------+---------------+
 *	|                     request id (8 octets)                     |
 *	|          chosen by who asks; the answer has the same          |
 *	+---------------+---------------+---------------+---------------+
 *	|    status     |     flags     |               0               |  a question has 0 in all
 *	+---------------+---------------+---------------+---------------+
 *	|  body of the operation ...
 *
 *	operation       question                         answer, if the status is OK
 *	1 REGISTER      a claim                          a grant
 *	2 RENEW         a claim                          a grant
 *	3 UNREGISTER    a claim                          a grant
 *	4 LOOKUP        version 4, protocol 1, name      total 2, count 2, count ends
 *	                length 1, 0 (2), name
 *	5 LIST          cursor 4                         next cursor 4 (0: that is all), total 4,
 *	                                                 count 2, 0 (2), count of: end, name
 *	                                                 length 1, name
 *	6 STATS         nothing                          count 2, 0 (2), count numbers of 8
 *
 *	claim: version 4, protocol 1, name length 1, port 2, address 16, token 16, stamp 8,
 *	       lease 4, name
 *	grant: stamp 8, lease 4 (milliseconds, 0: no end), address 16 (under which it is known)
 *	end:   version 4, protocol 1, 0 (1), port 2, address 16, milliseconds left 4
 *
 * An answer of status STALE has a grant too: its stamp is the one to be above. Any other status
 * has no body. A claim with the address :: means the one it is sent from.
 *
 * Not to be of use to who would flood others (a question can be sent in another's name): over
 * UDP no answer is longer than three times its question (as RFC 9000 8.1 has it). What does not
 * fit is left away and TRUNCATED is set: ask over TCP, or with a longer question, to the end of
 * which octets 0 may be added. No answer is ever answered, nor what is not of this protocol.
 *
 * Idempotence: an answer that got lost is asked for again with the same message. All operations
 * may be repeated; those on claims are told from new ones by token and stamp, see lease.h.
 */
#ifndef VIRTLAB_DIRECTORY_PROTOCOL_H
#define VIRTLAB_DIRECTORY_PROTOCOL_H

#include "lease.h"

#define PROTOCOL_VERSION 1
#define PROTOCOL_PORT 4111
#define PROTOCOL_HEADER 16
#define PROTOCOL_ANSWER 0x80
#define PROTOCOL_TRUNCATED 0x01
#define PROTOCOL_AMPLIFICATION 3
/* Fits in any path's MTU, so that no fragment can get lost (RFC 9000 14.1). */
#define PROTOCOL_DATAGRAM_MOST 1200
#define PROTOCOL_QUESTION_MOST PROTOCOL_DATAGRAM_MOST
#define PROTOCOL_MESSAGE_MOST 16384
#define PROTOCOL_PREFIX 2
#define PROTOCOL_END 28
#define PROTOCOL_GRANT 28
#define PROTOCOL_CLAIM (52 + LEASE_NAME_MOST)

enum protocol_operation {
	PROTOCOL_REGISTER = 1,
	PROTOCOL_RENEW,
	PROTOCOL_UNREGISTER,
	PROTOCOL_LOOKUP,
	PROTOCOL_LIST,
	PROTOCOL_STATS,
	PROTOCOL_OPERATIONS,
};

enum protocol_status {
	PROTOCOL_OK,
	PROTOCOL_GONE,		/* no such entry: register */
	PROTOCOL_STALE,		/* a later operation was seen */
	PROTOCOL_FULL,		/* no room in the directory, */
	PROTOCOL_NAME_FULL,	/* of this name, */
	PROTOCOL_END_FULL,	/* at this end point */
	PROTOCOL_NOT_YOURS,	/* the claim is for another host's address */
	PROTOCOL_MALFORMED,
	PROTOCOL_OTHER_VERSION,	/* the answer has the version that is spoken here */
	PROTOCOL_STATUSES,
};

/**
 * struct protocol_question - a question that was understood, or is to be sent
 * @operation: which of the rest counts
 * @id: of the request
 * @claim: REGISTER, RENEW, UNREGISTER
 * @name: LOOKUP
 * @version: LOOKUP; LEASE_ANY_VERSION
 * @protocol: LOOKUP; LEASE_ANY_PROTOCOL
 * @cursor: LIST
 */
struct protocol_question {
	enum protocol_operation operation;
	uint64_t id;
	struct lease_claim claim;
	struct lease_name name;
	uint32_t version;
	uint8_t protocol;
	uint32_t cursor;
};

/**
 * struct protocol_answer - an answer that was understood
 * @operation: answered
 * @id: of the request
 * @status: how it went
 * @truncated: there is more
 * @stamp: claims: of the entry
 * @lease: claims: milliseconds, 0: no end
 * @address: claims: of the end point
 * @total: LOOKUP, LIST: entries there are; STATS: same as @count
 * @count: of entries or numbers in this answer
 * @cursor: LIST: next one, 0: that was all
 * @at: what is left of them
 * @left: octets of it
 */
struct protocol_answer {
	enum protocol_operation operation;
	uint64_t id;
	enum protocol_status status;
	bool truncated;
	uint64_t stamp;
	uint32_t lease;
	uint8_t address[16];
	uint32_t total;
	uint32_t count;
	uint32_t cursor;
	const uint8_t *at;
	size_t left;
};

/**
 * struct protocol_writer - an answer that is being written
 * @out: where
 * @used: octets so far
 * @room: octets there may be
 */
struct protocol_writer {
	uint8_t *out;
	size_t used;
	size_t room;
};

/**
 * protocol_is_question() - is it worth an answer at all?
 * @data: a message
 * @length: its octets
 *
 * Return: true if it is of this protocol (of whatever version) and no answer itself.
 */
bool protocol_is_question(const uint8_t *data, size_t length);

/**
 * protocol_read_question() - understand a question
 * @data: for which protocol_is_question() is true
 * @length: its octets
 * @q: set; operation and id even if it is refused
 *
 * Return: PROTOCOL_OK, PROTOCOL_MALFORMED or PROTOCOL_OTHER_VERSION.
 */
enum protocol_status protocol_read_question(const uint8_t *data, size_t length,
					    struct protocol_question *q);

/**
 * protocol_write_question() - the message of a question
 * @q: what to ask, valid
 * @out: buffer
 * @size: its octets
 * @least: octets to fill it up to, so that the answer may be longer
 *
 * Return: octets, 0 if it does not fit.
 */
size_t protocol_write_question(const struct protocol_question *q, uint8_t *out, size_t size,
			       size_t least);

/* The claim alone, as it stands in a question, PROTOCOL_CLAIM octets at most. */
size_t protocol_write_claim(const struct lease_claim *claim, uint8_t *out);

/* Return: octets of the claim at the start of @data, 0 if there is no valid one. */
size_t protocol_read_claim(const uint8_t *data, size_t length, struct lease_claim *claim);

/* How long an answer over UDP may be. */
size_t protocol_answer_room(size_t question_length);

/**
 * protocol_begin() - start an answer: its header
 * @w: set
 * @out: at least @room octets
 * @room: at least PROTOCOL_HEADER
 * @q: operation and id are copied
 * @status: of the answer
 */
void protocol_begin(struct protocol_writer *w, uint8_t *out, size_t room,
		    const struct protocol_question *q, enum protocol_status status);

/* Each writes a part of an answer, or nothing at all if it does not fit: then false. */
bool protocol_put_grant(struct protocol_writer *w, uint64_t stamp, uint32_t lease,
			const uint8_t address[16]);
bool protocol_put_found(struct protocol_writer *w, const struct lease_found *found);
bool protocol_put_listed(struct protocol_writer *w, const struct lease_claim *claim,
			 uint32_t left);
bool protocol_put_number(struct protocol_writer *w, uint64_t number);

/* The heads of answers with many parts: before the parts with 0, again when they are counted. */
bool protocol_lookup_head(struct protocol_writer *w, uint16_t total, uint16_t count);
bool protocol_list_head(struct protocol_writer *w, uint32_t cursor, uint32_t total,
			uint16_t count);
bool protocol_stats_head(struct protocol_writer *w, uint16_t count);

void protocol_set_truncated(struct protocol_writer *w);

/**
 * protocol_read_answer() - understand an answer, all of it
 * @data: a message
 * @length: its octets
 * @a: set; points into @data
 *
 * Return: false if it is none.
 */
bool protocol_read_answer(const uint8_t *data, size_t length, struct protocol_answer *a);

/* The next part of an answer; false if there is none. */
bool protocol_next_found(struct protocol_answer *a, struct lease_found *found);
bool protocol_next_listed(struct protocol_answer *a, struct lease_found *found,
			  struct lease_name *name);
bool protocol_next_number(struct protocol_answer *a, uint64_t *number);

const char *protocol_status_text(enum protocol_status status);

#endif
