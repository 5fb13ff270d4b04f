// SPDX-License-Identifier: GPL-2.0-only
/* Records, and what requests do to them: see session.h. */
#include "session.h"

#define HEADER 4u

static size_t record_size(const char *at)
{
	const uint8_t *o = (const uint8_t *)at;

	return HEADER + o[1] + (o[2] << 8 | o[3]);
}

bool session_next(const struct session *s, size_t *at, struct session_record *record)
{
	const char *here = s->data + *at;

	if (*at >= s->length)
		return false;
	record->kind = (enum session_kind)here[0];
	record->name = (struct http_text){ here + HEADER, (uint8_t)here[1] };
	record->value = (struct http_text){ here + HEADER + record->name.length,
					    record_size(here) - HEADER - record->name.length };
	*at += record_size(here);
	return true;
}

/* Where the record is; s->length if there is none. */
static size_t position(const struct session *s, enum session_kind kind, struct http_text name)
{
	struct session_record record;
	size_t at = 0, here;

	do
		here = at;
	while (session_next(s, &at, &record) &&
	       (record.kind != kind || !http_text_equal(record.name, name)));
	return here;
}

bool session_find(const struct session *s, enum session_kind kind, struct http_text name,
		  struct http_text *value)
{
	size_t at = position(s, kind, name);
	struct session_record record;

	if (!session_next(s, &at, &record))
		return false;
	*value = record.value;
	return true;
}

bool session_name_sound(struct http_text name)
{
	for (size_t i = 0; i < name.length; i++) {
		char c = name.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '.' && c != '_' && c != '~')
			return false;
	}
	return name.length && name.length <= SESSION_NAME_MOST;
}

bool session_load(struct session *s, const char *data, size_t length)
{
	struct session_record record;
	size_t at = 0, here = 0;

	s->length = 0;
	if (length > SESSION_MOST)
		return false;
	while (at < length) {
		if (length - at < HEADER || record_size(data + at) > length - at)
			return false;
		at += record_size(data + at);
	}
	memcpy(s->data, data, length);
	s->length = length;
	for (at = 0; session_next(s, &at, &record); here = at)
		if ((record.kind != SESSION_VALUE && record.kind != SESSION_REQUEST) ||
		    !session_name_sound(record.name) ||
		    position(s, record.kind, record.name) != here)
			break;
	if (here == s->length)
		return true;
	s->length = 0;
	return false;
}

/* --- changing --- */

static void cut(struct session *s, size_t at)
{
	size_t size;

	if (at >= s->length)
		return;
	size = record_size(s->data + at);
	memmove(s->data + at, s->data + at + size, s->length - at - size);
	s->length -= size;
}

/* Behind all others; there is room, and none of this name. */
static void append(struct session *s, enum session_kind kind, struct http_text name,
		   struct http_text value)
{
	char *to = s->data + s->length;

	to[0] = (char)kind;
	to[1] = (char)name.length;
	to[2] = (char)(value.length >> 8);
	to[3] = (char)value.length;
	memcpy(to + HEADER, name.at, name.length);
	if (value.length)
		memcpy(to + HEADER + name.length, value.at, value.length);
	s->length += HEADER + name.length + value.length;
}

static bool put(struct session *s, enum session_kind kind, struct http_text name,
		struct http_text value, size_t most)
{
	size_t at = position(s, kind, name);
	size_t old = at < s->length ? record_size(s->data + at) : 0;

	if (value.length > most || s->length - old + HEADER + name.length + value.length > most)
		return false;
	cut(s, at);
	append(s, kind, name, value);
	return true;
}

/* --- requests that are remembered --- */

/**
 * struct memory - of a request that was done; what is compared with the next of that name
 * @what: hash of what it was to do
 * @sum: as it was answered
 * @status: likewise
 */
struct memory {
	uint64_t what;
	uint64_t sum;
	uint32_t status;
	uint32_t unused;
};

/* FNV-1a. Somebody who finds two requests of one hash confuses nobody but himself. */
static uint64_t hash(uint64_t h, const void *data, size_t length)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < length; i++)
		h = (h ^ octets[i]) * 1099511628211ull;
	return (h ^ length) * 1099511628211ull;
}

static uint64_t hash_of(const struct session_change *change)
{
	uint8_t verb = change->verb;
	uint64_t h = hash(14695981039346656037ull, &verb, 1);

	h = hash(h, change->key.at, change->key.length);
	if (change->verb == SESSION_PUT)
		h = hash(h, change->value.at, change->value.length);
	return hash(h, &change->addend, sizeof(change->addend));
}

static unsigned int requests(const struct session *s, size_t *oldest)
{
	struct session_record record;
	unsigned int n = 0;

	for (size_t at = 0, here = 0; session_next(s, &at, &record); here = at)
		if (record.kind == SESSION_REQUEST && !n++)
			*oldest = here;
	return n;
}

/* Older ones give way. False: there is no room even without them. */
static bool remember(struct session *s, const struct session_change *change)
{
	struct memory memory = { hash_of(change), change->sum, change->status, 0 };
	struct http_text value = { (const char *)&memory, sizeof(memory) };
	size_t oldest = 0;

	if (!change->request.length)
		return true;
	while (requests(s, &oldest) >= SESSION_REQUESTS)
		cut(s, oldest);
	while (!put(s, SESSION_REQUEST, change->request, value, change->most)) {
		if (!requests(s, &oldest))
			return false;
		cut(s, oldest);
	}
	return true;
}

/* Whether there was a request of this name; if it was the same one, it is answered again. */
static bool recall(const struct session *s, struct session_change *change)
{
	struct http_text value;
	struct memory memory;

	if (!change->request.length ||
	    !session_find(s, SESSION_REQUEST, change->request, &value))
		return false;
	change->status = 422;
	if (value.length != sizeof(memory))
		return true;
	memcpy(&memory, value.at, sizeof(memory));
	if (memory.what != hash_of(change))
		return true;
	change->status = memory.status;
	change->sum = memory.sum;
	change->repeated = true;
	return true;
}

/* --- what requests do --- */

static void put_value(struct session *s, struct session_change *change)
{
	struct http_text old;

	change->status = session_find(s, SESSION_VALUE, change->key, &old) ? 204 : 201;
	if (!put(s, SESSION_VALUE, change->key, change->value, change->most))
		change->status = 413;
}

static void add(struct session *s, struct session_change *change)
{
	char digits[20], *at = digits + sizeof(digits);
	struct http_text value;
	uint64_t n = 0;

	change->status = 409;
	if (session_find(s, SESSION_VALUE, change->key, &value) &&
	    (value.length > sizeof(digits) || !http_read_number(value, &n)))
		return;
	if (n > UINT64_MAX - change->addend)
		return;
	n += change->addend;
	change->sum = n;
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	value = (struct http_text){ at, digits + sizeof(digits) - at };
	change->status = put(s, SESSION_VALUE, change->key, value, change->most) ? 200 : 413;
}

bool session_apply(struct session *s, struct session_change *change)
{
	struct session before;

	change->sum = 0;
	change->repeated = false;
	if (recall(s, change))
		return false;
	before.length = s->length;
	memcpy(before.data, s->data, s->length);
	if (change->verb == SESSION_PUT) {
		put_value(s, change);
	} else if (change->verb == SESSION_ADD) {
		add(s, change);
	} else {
		cut(s, position(s, SESSION_VALUE, change->key));
		change->status = 204;
	}
	if (change->status < 300 && !remember(s, change))
		change->status = 413;
	if (change->status < 300)
		return true;
	s->length = before.length;
	memcpy(s->data, before.data, before.length);
	return false;
}
