// SPDX-License-Identifier: GPL-2.0-only
/* Reading and writing of messages, see protocol.h for their layout. */
#include "protocol.h"

#include <string.h>

/* --- octets --- */

static void put16(uint8_t *at, uint16_t n)
{
	at[0] = n >> 8;
	at[1] = n & 0xff;
}

static void put32(uint8_t *at, uint32_t n)
{
	put16(at, n >> 16);
	put16(at + 2, n & 0xffff);
}

static void put64(uint8_t *at, uint64_t n)
{
	put32(at, n >> 32);
	put32(at + 4, n & 0xffffffff);
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint64_t get64(const uint8_t *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

static bool is_zero(const uint8_t *at, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (at[i])
			return false;
	return true;
}

static void write_header(uint8_t *out, uint8_t operation, uint64_t id, uint8_t status)
{
	out[0] = 'V';
	out[1] = 'D';
	out[2] = PROTOCOL_VERSION;
	out[3] = operation;
	put64(out + 4, id);
	out[12] = status;
	memset(out + 13, 0, 3);
}

/* --- parts --- */

static bool is_protocol(uint8_t protocol)
{
	return protocol > LEASE_ANY_PROTOCOL && protocol < LEASE_PROTOCOLS;
}

static bool read_name(const uint8_t *data, size_t length, struct lease_name *name)
{
	if (length > LEASE_NAME_MOST || !lease_name_valid((const char *)data, length))
		return false;
	name->length = length;
	memcpy(name->text, data, length);
	return true;
}

size_t protocol_write_claim(const struct lease_claim *claim, uint8_t *out)
{
	put32(out, claim->version);
	out[4] = claim->end.protocol;
	out[5] = claim->name.length;
	put16(out + 6, claim->end.port);
	memcpy(out + 8, claim->end.address, 16);
	memcpy(out + 24, claim->token, LEASE_TOKEN_LENGTH);
	put64(out + 40, claim->stamp);
	put32(out + 48, claim->lease);
	memcpy(out + 52, claim->name.text, claim->name.length);
	return 52 + claim->name.length;
}

size_t protocol_read_claim(const uint8_t *data, size_t length, struct lease_claim *claim)
{
	if (length < 52 || length - 52 < data[5])
		return 0;
	claim->version = get32(data);
	claim->end.protocol = data[4];
	claim->end.port = get16(data + 6);
	memcpy(claim->end.address, data + 8, 16);
	memcpy(claim->token, data + 24, LEASE_TOKEN_LENGTH);
	claim->stamp = get64(data + 40);
	claim->lease = get32(data + 48);
	if (claim->version == LEASE_ANY_VERSION || !is_protocol(claim->end.protocol) ||
	    !claim->end.port || !claim->stamp || !read_name(data + 52, data[5], &claim->name))
		return 0;
	return 52 + claim->name.length;
}

static void write_found(uint8_t *out, uint32_t version, const struct lease_end *end,
			uint32_t left)
{
	put32(out, version);
	out[4] = end->protocol;
	out[5] = 0;
	put16(out + 6, end->port);
	memcpy(out + 8, end->address, 16);
	put32(out + 24, left);
}

static bool read_found(const uint8_t *data, struct lease_found *found)
{
	found->version = get32(data);
	found->end.protocol = data[4];
	found->end.port = get16(data + 6);
	memcpy(found->end.address, data + 8, 16);
	found->left = get32(data + 24);
	return found->version && is_protocol(data[4]) && !data[5] && found->end.port;
}

/* --- questions --- */

bool protocol_is_question(const uint8_t *data, size_t length)
{
	return length >= PROTOCOL_HEADER && data[0] == 'V' && data[1] == 'D' &&
	       !(data[3] & PROTOCOL_ANSWER);
}

/* Octets of a lookup's body, 0 if it is wrong. */
static size_t read_lookup(const uint8_t *data, size_t length, struct protocol_question *q)
{
	if (length < 8 || length - 8 < data[5] || get16(data + 6) || data[4] >= LEASE_PROTOCOLS)
		return 0;
	q->version = get32(data);
	q->protocol = data[4];
	return read_name(data + 8, data[5], &q->name) ? 8 + q->name.length : 0;
}

enum protocol_status protocol_read_question(const uint8_t *data, size_t length,
					    struct protocol_question *q)
{
	const uint8_t *body = data + PROTOCOL_HEADER;
	size_t used = 0, left = length - PROTOCOL_HEADER;

	q->operation = data[3];
	q->id = get64(data + 4);
	if (data[2] != PROTOCOL_VERSION)
		return PROTOCOL_OTHER_VERSION;
	if (length > PROTOCOL_QUESTION_MOST || !is_zero(data + 12, 4))
		return PROTOCOL_MALFORMED;
	switch (q->operation) {
	case PROTOCOL_REGISTER:
	case PROTOCOL_RENEW:
	case PROTOCOL_UNREGISTER:
		used = protocol_read_claim(body, left, &q->claim);
		if (!used)
			return PROTOCOL_MALFORMED;
		break;
	case PROTOCOL_LOOKUP:
		used = read_lookup(body, left, q);
		if (!used)
			return PROTOCOL_MALFORMED;
		break;
	case PROTOCOL_LIST:
		if (left < 4)
			return PROTOCOL_MALFORMED;
		q->cursor = get32(body);
		used = 4;
		break;
	case PROTOCOL_STATS:
		break;
	default:
		return PROTOCOL_MALFORMED;
	}
	return is_zero(body + used, left - used) ? PROTOCOL_OK : PROTOCOL_MALFORMED;
}

static size_t write_lookup(const struct protocol_question *q, uint8_t *out)
{
	put32(out, q->version);
	out[4] = q->protocol;
	out[5] = q->name.length;
	put16(out + 6, 0);
	memcpy(out + 8, q->name.text, q->name.length);
	return 8 + q->name.length;
}

size_t protocol_write_question(const struct protocol_question *q, uint8_t *out, size_t size,
			       size_t least)
{
	uint8_t message[PROTOCOL_HEADER + PROTOCOL_CLAIM], *body = message + PROTOCOL_HEADER;
	size_t length = PROTOCOL_HEADER;

	write_header(message, q->operation, q->id, 0);
	switch (q->operation) {
	case PROTOCOL_REGISTER:
	case PROTOCOL_RENEW:
	case PROTOCOL_UNREGISTER:
		length += protocol_write_claim(&q->claim, body);
		break;
	case PROTOCOL_LOOKUP:
		length += write_lookup(q, body);
		break;
	case PROTOCOL_LIST:
		put32(body, q->cursor);
		length += 4;
		break;
	default:
		break;
	}
	if (length > size || least > size)
		return 0;
	memcpy(out, message, length);
	if (length < least) {
		memset(out + length, 0, least - length);
		length = least;
	}
	return length;
}

/* --- answers --- */

size_t protocol_answer_room(size_t question_length)
{
	size_t room = PROTOCOL_AMPLIFICATION * question_length;

	return room < PROTOCOL_DATAGRAM_MOST ? room : PROTOCOL_DATAGRAM_MOST;
}

void protocol_begin(struct protocol_writer *w, uint8_t *out, size_t room,
		    const struct protocol_question *q, enum protocol_status status)
{
	*w = (struct protocol_writer){ out, PROTOCOL_HEADER, room };
	write_header(out, q->operation | PROTOCOL_ANSWER, q->id, status);
}

void protocol_set_truncated(struct protocol_writer *w)
{
	w->out[13] |= PROTOCOL_TRUNCATED;
}

/* Room for a part of @length octets, NULL if there is none. */
static uint8_t *part(struct protocol_writer *w, size_t length)
{
	uint8_t *at = w->out + w->used;

	if (length > w->room - w->used)
		return NULL;
	w->used += length;
	return at;
}

/* Where a head of @length octets is: behind the header, written already or not. */
static uint8_t *head(struct protocol_writer *w, size_t length)
{
	return w->used == PROTOCOL_HEADER ? part(w, length) : w->out + PROTOCOL_HEADER;
}

bool protocol_put_grant(struct protocol_writer *w, uint64_t stamp, uint32_t lease,
			const uint8_t address[16])
{
	uint8_t *at = part(w, PROTOCOL_GRANT);

	if (!at)
		return false;
	put64(at, stamp);
	put32(at + 8, lease);
	memcpy(at + 12, address, 16);
	return true;
}

bool protocol_put_found(struct protocol_writer *w, const struct lease_found *found)
{
	uint8_t *at = part(w, PROTOCOL_END);

	if (!at)
		return false;
	write_found(at, found->version, &found->end, found->left);
	return true;
}

bool protocol_put_listed(struct protocol_writer *w, const struct lease_claim *claim,
			 uint32_t left)
{
	uint8_t *at = part(w, PROTOCOL_END + 1 + claim->name.length);

	if (!at)
		return false;
	write_found(at, claim->version, &claim->end, left);
	at[PROTOCOL_END] = claim->name.length;
	memcpy(at + PROTOCOL_END + 1, claim->name.text, claim->name.length);
	return true;
}

bool protocol_put_number(struct protocol_writer *w, uint64_t number)
{
	uint8_t *at = part(w, 8);

	if (!at)
		return false;
	put64(at, number);
	return true;
}

bool protocol_lookup_head(struct protocol_writer *w, uint16_t total, uint16_t count)
{
	uint8_t *at = head(w, 4);

	if (!at)
		return false;
	put16(at, total);
	put16(at + 2, count);
	return true;
}

bool protocol_list_head(struct protocol_writer *w, uint32_t cursor, uint32_t total,
			uint16_t count)
{
	uint8_t *at = head(w, 12);

	if (!at)
		return false;
	put32(at, cursor);
	put32(at + 4, total);
	put16(at + 8, count);
	put16(at + 10, 0);
	return true;
}

bool protocol_stats_head(struct protocol_writer *w, uint16_t count)
{
	uint8_t *at = head(w, 4);

	if (!at)
		return false;
	put16(at, count);
	put16(at + 2, 0);
	return true;
}

bool protocol_next_found(struct protocol_answer *a, struct lease_found *found)
{
	if (a->left < PROTOCOL_END || !read_found(a->at, found))
		return false;
	a->at += PROTOCOL_END;
	a->left -= PROTOCOL_END;
	return true;
}

bool protocol_next_listed(struct protocol_answer *a, struct lease_found *found,
			  struct lease_name *name)
{
	size_t length;

	if (a->left < PROTOCOL_END + 1 || !read_found(a->at, found))
		return false;
	length = a->at[PROTOCOL_END];
	if (a->left - PROTOCOL_END - 1 < length ||
	    !read_name(a->at + PROTOCOL_END + 1, length, name))
		return false;
	a->at += PROTOCOL_END + 1 + length;
	a->left -= PROTOCOL_END + 1 + length;
	return true;
}

bool protocol_next_number(struct protocol_answer *a, uint64_t *number)
{
	if (a->left < 8)
		return false;
	*number = get64(a->at);
	a->at += 8;
	a->left -= 8;
	return true;
}

static bool read_grant(struct protocol_answer *a)
{
	if (a->left != PROTOCOL_GRANT)
		return false;
	a->stamp = get64(a->at);
	a->lease = get32(a->at + 8);
	memcpy(a->address, a->at + 12, 16);
	a->left = 0;
	return true;
}

/* Go through all parts of a copy: there are as many as announced, and nothing behind. */
static bool count_parts(struct protocol_answer copy)
{
	struct lease_found found;
	struct lease_name name;
	uint64_t number;

	for (uint32_t i = 0; i < copy.count; i++) {
		bool there = copy.operation == PROTOCOL_LOOKUP ?
				     protocol_next_found(&copy, &found) :
			     copy.operation == PROTOCOL_LIST ?
				     protocol_next_listed(&copy, &found, &name) :
				     protocol_next_number(&copy, &number);

		if (!there)
			return false;
	}
	return copy.left == 0;
}

static bool read_parts(struct protocol_answer *a)
{
	size_t length = a->operation == PROTOCOL_LIST ? 12 : 4;
	const uint8_t *at = a->at;

	if (a->left < length)
		return false;
	a->at += length;
	a->left -= length;
	if (a->operation == PROTOCOL_LIST) {
		a->cursor = get32(at);
		a->total = get32(at + 4);
		a->count = get16(at + 8);
		return !get16(at + 10) && count_parts(*a);
	}
	a->total = get16(at);
	a->count = a->operation == PROTOCOL_LOOKUP ? get16(at + 2) : a->total;
	if (a->operation == PROTOCOL_STATS && get16(at + 2))
		return false;
	return a->count <= a->total && count_parts(*a);
}

bool protocol_read_answer(const uint8_t *data, size_t length, struct protocol_answer *a)
{
	*a = (struct protocol_answer){ 0 };
	if (length < PROTOCOL_HEADER || length > PROTOCOL_MESSAGE_MOST || data[0] != 'V' ||
	    data[1] != 'D' || data[2] != PROTOCOL_VERSION || !(data[3] & PROTOCOL_ANSWER) ||
	    data[12] >= PROTOCOL_STATUSES || (data[13] & ~PROTOCOL_TRUNCATED) ||
	    get16(data + 14))
		return false;
	a->operation = data[3] & ~PROTOCOL_ANSWER;
	a->id = get64(data + 4);
	a->status = data[12];
	a->truncated = data[13] & PROTOCOL_TRUNCATED;
	a->at = data + PROTOCOL_HEADER;
	a->left = length - PROTOCOL_HEADER;
	if (a->status != PROTOCOL_OK && a->status != PROTOCOL_STALE)
		return a->left == 0;
	switch (a->operation) {
	case PROTOCOL_REGISTER:
	case PROTOCOL_RENEW:
	case PROTOCOL_UNREGISTER:
		return read_grant(a);
	case PROTOCOL_LOOKUP:
	case PROTOCOL_LIST:
	case PROTOCOL_STATS:
		return a->status == PROTOCOL_OK && read_parts(a);
	default:
		return false;
	}
}

const char *protocol_status_text(enum protocol_status status)
{
	static const char *const texts[PROTOCOL_STATUSES] = {
		[PROTOCOL_OK] = "done",
		[PROTOCOL_GONE] = "there is no such registration",
		[PROTOCOL_STALE] = "a later operation on it was seen already",
		[PROTOCOL_FULL] = "the directory is full",
		[PROTOCOL_NAME_FULL] = "the name has as many servers as it may",
		[PROTOCOL_END_FULL] = "the end point has as many names as it may",
		[PROTOCOL_NOT_YOURS] = "the address is not the one the claim was sent from",
		[PROTOCOL_MALFORMED] = "the message is malformed",
		[PROTOCOL_OTHER_VERSION] = "the directory speaks another version of the protocol",
	};

	return status < PROTOCOL_STATUSES ? texts[status] : "unknown status";
}
