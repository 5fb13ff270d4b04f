// SPDX-License-Identifier: GPL-2.0-only
/* Incremental parser of responses, see response.h for its states. */
#include "response.h"

#include <string.h>
#include <strings.h>

/* Header fields that frame a message. */
enum field { FIELD_OTHER, FIELD_LENGTH, FIELD_ENCODING, FIELD_CONNECTION };

/* Above it, a sum of two lengths could overflow; no body is as long. */
#define LENGTH_MAX (UINT64_MAX / 4)

static void bad(struct response *r, const char *why)
{
	r->state = RESPONSE_BAD;
	r->why = why;
}

void response_begin(struct response *r, bool to_head, const struct search *search)
{
	*r = (struct response){ .to_head = to_head, .search = search };
}

/* RFC 9110, 5.6.2. */
static bool is_token(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')
		return true;
	return c && strchr("!#$%&'*+.^_`|~", c);
}

/* What may stand in a value or a reason: RFC 9110, 5.5. */
static bool is_text(unsigned char c)
{
	return c == '\t' || (c >= ' ' && c != 0x7f);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The line went on after its CR, or ended without one: RFC 9112, 2.2. */
static bool line_ends(struct response *r, char c)
{
	if (r->cr && c == '\n') {
		r->cr = false;
		return true;
	}
	if (r->cr)
		bad(r, "CR without LF");
	else if (c == '\n')
		bad(r, "line ends with a bare LF");
	else if (c == '\r')
		r->cr = true;
	return false;
}

/* "HTTP/1.1 200 reason", RFC 9112, 4. The space after the code is not optional. */
static void status_line(struct response *r, char c)
{
	static const char form[] = "HTTP/1.v ddd ";
	unsigned char at = r->position;

	if (at == sizeof(form) - 1) {
		if (line_ends(r, c))
			r->state = RESPONSE_NAME;
		else if (r->state != RESPONSE_BAD && !r->cr && !is_text((unsigned char)c))
			bad(r, "control character in the reason");
		return;
	}
	r->position++;
	if (form[at] == 'v' && (c == '0' || c == '1')) {
		r->minor = (uint8_t)(c - '0');
	} else if (form[at] == 'd' && c >= '0' && c <= '9') {
		r->status = (uint16_t)(r->status * 10 + (c - '0'));
		if (r->status >= 600 || (at == sizeof(form) - 3 && r->status < 100))
			bad(r, "status code is not from 100 to 599");
	} else if (form[at] != c || form[at] == 'v' || form[at] == 'd') {
		bad(r, at < 8 ? "does not begin with HTTP/1.0 or HTTP/1.1" :
				"malformed status line");
	}
}

/* Begins anew for the response that an interim one announces: RFC 9110, 15.2. */
static void skip_interim(struct response *r)
{
	struct response next = {
		.to_head = r->to_head,
		.search = r->search,
		.bytes = r->bytes,
		.head = r->head,
		.interim = (uint8_t)(r->interim + 1),
	};

	if (r->status == 101)
		bad(r, "switches protocols, which nobody asked for");
	else if (r->interim == RESPONSE_INTERIM_MAX)
		bad(r, "no end of interim responses");
	else
		*r = next;
}

/* The empty line after the head came: how long is the body? RFC 9112, 6.3. */
static void head_ends(struct response *r)
{
	if (r->chunked && r->has_length)
		bad(r, "both Content-Length and Transfer-Encoding");
	else if (r->chunked && !r->minor)
		bad(r, "Transfer-Encoding in HTTP/1.0");
	else if (r->status < 200)
		skip_interim(r);
	else if (r->to_head || r->status == 204 || r->status == 304)
		r->state = RESPONSE_DONE;
	else if (r->chunked)
		r->state = RESPONSE_SIZE;
	else if (r->has_length)
		r->state = r->length ? RESPONSE_LENGTH : RESPONSE_DONE;
	else
		r->state = RESPONSE_TO_CLOSE;
	r->left = r->length;
	r->position = 0;
}

static enum field field_of(const struct response *r)
{
	static const struct {
		const char *name;
		size_t size;
		enum field field;
	} fields[] = {
		{ "content-length", 14, FIELD_LENGTH },
		{ "transfer-encoding", 17, FIELD_ENCODING },
		{ "connection", 10, FIELD_CONNECTION },
	};

	/* A trailer frames nothing: RFC 9110, 6.5.1. */
	if (r->trailer)
		return FIELD_OTHER;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (r->name_size == fields[i].size &&
		    !memcmp(r->name, fields[i].name, r->name_size))
			return fields[i].field;
	return FIELD_OTHER;
}

static void name(struct response *r, char c)
{
	if (!r->name_size && (r->cr || c == '\r' || c == '\n')) {
		if (!line_ends(r, c))
			return;
		if (r->trailer)
			r->state = RESPONSE_DONE;
		else
			head_ends(r);
		return;
	}
	if (c == ':' && r->name_size) {
		r->field = (uint8_t)field_of(r);
		r->value_size = 0;
		r->state = RESPONSE_VALUE;
	} else if (!is_token((unsigned char)c)) {
		bad(r, "malformed header name");
	} else {
		/* A name that does not fit is none of ours; its size must not fit either. */
		if (r->name_size < sizeof(r->name))
			r->name[r->name_size++] = lower(c);
	}
}

static void content_length(struct response *r)
{
	uint64_t length = 0;

	if (!r->value_size)
		bad(r, "Content-Length is not a number");
	for (size_t i = 0; i < r->value_size; i++) {
		if (r->value[i] < '0' || r->value[i] > '9') {
			bad(r, "Content-Length is not a number");
			return;
		}
		if (length > LENGTH_MAX / 10) {
			bad(r, "Content-Length is out of range");
			return;
		}
		length = length * 10 + (uint64_t)(r->value[i] - '0');
	}
	if (r->has_length && length != r->length)
		bad(r, "two different Content-Lengths");
	r->has_length = true;
	r->length = length;
}

/* Is one of the words between commas @word? */
static bool lists(const struct response *r, const char *word)
{
	const char *at = r->value, *end = r->value + r->value_size;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end, *last = stop;

		while (at < last && (*at == ' ' || *at == '\t'))
			at++;
		while (last > at && (last[-1] == ' ' || last[-1] == '\t'))
			last--;
		if ((size_t)(last - at) == strlen(word) && !strncasecmp(at, word, strlen(word)))
			return true;
		at = stop + 1;
	}
	return false;
}

static void value_ends(struct response *r)
{
	while (r->value_size && (r->value[r->value_size - 1] == ' ' ||
				 r->value[r->value_size - 1] == '\t'))
		r->value_size--;
	r->state = RESPONSE_NAME;
	r->name_size = 0;
	switch ((enum field)r->field) {
	case FIELD_LENGTH:
		content_length(r);
		break;
	case FIELD_ENCODING:
		if (r->chunked || r->value_size != 7 || strncasecmp(r->value, "chunked", 7) != 0)
			bad(r, "a transfer coding other than chunked, once");
		r->chunked = true;
		break;
	case FIELD_CONNECTION:
		r->close = r->close || lists(r, "close");
		r->keep = r->keep || lists(r, "keep-alive");
		break;
	case FIELD_OTHER:
		break;
	}
}

static void value(struct response *r, char c)
{
	bool space = c == ' ' || c == '\t';

	if (line_ends(r, c)) {
		value_ends(r);
		return;
	}
	if (r->state == RESPONSE_BAD || r->cr)
		return;
	if (!is_text((unsigned char)c))
		bad(r, "control character in a header");
	else if (r->field == FIELD_OTHER || (space && !r->value_size))
		return;
	else if (r->value_size == sizeof(r->value))
		bad(r, "a header that frames the message is too long");
	else
		r->value[r->value_size++] = c;
}

/* After the chunk's size, or its extension: what does it hold? */
static void chunk_begins(struct response *r)
{
	r->position = 0;
	if (r->left) {
		r->state = RESPONSE_DATA;
		return;
	}
	r->trailer = true;
	r->name_size = 0;
	r->state = RESPONSE_NAME;
}

/* RFC 9112, 7.1. The first digit finds position 0. */
static void chunk_size(struct response *r, char c)
{
	int digit = hex(c);

	if (!r->position)
		r->left = 0;
	if (r->cr || (r->position && (c == '\r' || c == '\n'))) {
		if (line_ends(r, c))
			chunk_begins(r);
	} else if (r->position && (c == ';' || c == ' ' || c == '\t')) {
		r->state = RESPONSE_EXTENSION;
	} else if (digit < 0) {
		bad(r, "chunk size is not a number");
	} else if (r->left > LENGTH_MAX / 16 || r->position == 32) {
		bad(r, "chunk size is out of range");
	} else {
		r->left = r->left * 16 + (uint64_t)digit;
		r->position++;
	}
}

static void chunk_extension(struct response *r, char c)
{
	if (line_ends(r, c))
		chunk_begins(r);
	else if (r->state != RESPONSE_BAD && !r->cr && !is_text((unsigned char)c))
		bad(r, "control character in a chunk extension");
}

static void chunk_ends(struct response *r, char c)
{
	if (line_ends(r, c))
		r->state = RESPONSE_SIZE;
	else if (r->state != RESPONSE_BAD && !r->cr)
		bad(r, "chunk is longer than its size");
}

/* One byte of what comes in lines. */
static void line_byte(struct response *r, char c)
{
	if (++r->head > RESPONSE_HEAD_MAX) {
		bad(r, "head is too long");
		return;
	}
	switch (r->state) {
	case RESPONSE_STATUS:
		status_line(r, c);
		break;
	case RESPONSE_NAME:
		name(r, c);
		break;
	case RESPONSE_VALUE:
		value(r, c);
		break;
	case RESPONSE_SIZE:
		/* The framing of chunks is as long as the body wants it: it is no head. */
		r->head--;
		chunk_size(r, c);
		break;
	case RESPONSE_EXTENSION:
		chunk_extension(r, c);
		break;
	default:
		r->head--;
		chunk_ends(r, c);
		break;
	}
}

/* A value that frames nothing, up to the end of its line: most of a head is that. */
static size_t skip_value(struct response *r, const char *data, size_t size)
{
	size_t room = RESPONSE_HEAD_MAX - r->head, n = 0;

	if (r->field != FIELD_OTHER || r->cr)
		return 0;
	size = size < room ? size : room;
	while (n < size && is_text((unsigned char)data[n]))
		n++;
	r->head += (uint32_t)n;
	return n;
}

/* Part of the body: up to @size bytes, and no more than are left of it. */
static size_t body(struct response *r, const char *data, size_t size)
{
	if (r->state != RESPONSE_TO_CLOSE) {
		size = size < r->left ? size : (size_t)r->left;
		r->left -= size;
		if (!r->left)
			r->state = r->state == RESPONSE_DATA ? RESPONSE_DATA_END : RESPONSE_DONE;
	}
	r->body += size;
	if (r->search)
		r->matched = search_feed(r->search, r->matched, data, size);
	return size;
}

/* Takes the next bytes. Returns how many belong to this response; of what is BAD, all do. */
size_t response_feed(struct response *r, const char *data, size_t size)
{
	size_t at = 0;

	while (at < size && r->state != RESPONSE_DONE && r->state != RESPONSE_BAD) {
		if (r->state == RESPONSE_VALUE)
			at += skip_value(r, data + at, size - at);
		if (at == size)
			break;
		if (r->state == RESPONSE_LENGTH || r->state == RESPONSE_DATA ||
		    r->state == RESPONSE_TO_CLOSE)
			at += body(r, data + at, size - at);
		else
			line_byte(r, data[at++]);
	}
	r->bytes += at;
	return r->state == RESPONSE_BAD ? size : at;
}

/* The server closed: that ends a body that has no other end. */
void response_end(struct response *r)
{
	if (r->state == RESPONSE_TO_CLOSE)
		r->state = RESPONSE_DONE;
}

/* May another request go over this connection? RFC 9112, 9.3. */
bool response_keeps_open(const struct response *r)
{
	bool framed = r->to_head || r->status == 204 || r->status == 304 || r->chunked ||
		      r->has_length;

	return r->state == RESPONSE_DONE && framed && !r->close && (r->minor || r->keep);
}

/* Did the body have the text? */
bool response_found(const struct response *r)
{
	return !r->search || r->matched == r->search->length;
}
