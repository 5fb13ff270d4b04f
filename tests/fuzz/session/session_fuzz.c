// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for what a client brings of its session, and does to it. The first octet says
 * what the rest is: 'c' the value of a Cookie field; 't' a token; 's' records, which get a seal
 * that is right; 'o' requests, each verb, addend, lengths of key, value and name, and those.
 * corpus/ is made by make_corpus.py.
 *
 * What must hold of any input is said with must(), so that a search finds what breaks it.
 */
#include <stdlib.h>
#include <string.h>

#include "parameters.h"
#include "session_token.h"

#define NOW 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct session_secret secret = { "only who has this can make a sea" };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A copy of its own size, so that ASan sees a read beyond it. */
static char *block(const void *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	must(copy);
	memcpy(copy, data, size);
	return copy;
}

/* S1, and names that are names. */
static void check_session(const struct session *s)
{
	struct session_record record;
	struct http_text value;
	size_t at = 0;

	must(s->length <= SESSION_MOST);
	while (session_next(s, &at, &record)) {
		must(session_name_sound(record.name));
		must(record.kind == SESSION_VALUE || record.kind == SESSION_REQUEST);
		must(session_find(s, record.kind, record.name, &value) && value.at == record.value.at);
	}
	must(at == s->length);
}

/* Nobody has our secret: whatever comes is forged, unless it is what we made. */
static void fuzz_token(struct http_text text)
{
	static struct session s;
	char again[SESSION_TOKEN_MOST + 1];
	enum session_token verdict = session_token_read(&secret, NOW, text, &s);

	if (verdict != SESSION_TOKEN_SOUND)
		return;
	check_session(&s);
	for (int64_t end = NOW + 1; end < NOW + 10; end++)
		if (session_token_write(&secret, end, &s, again) == text.length &&
		    !memcmp(again, text.at, text.length))
			return;
	must(false);
}

static void fuzz_cookie(struct http_text field)
{
	struct http_text value;

	if (http_cookie(field, HTTP_TEXT("session"), &value) != HTTP_FOUND)
		return;
	must(value.at >= field.at && value.at + value.length <= field.at + field.length);
	must(http_span(value, HTTP_COOKIE_OCTET) == value.length);
	fuzz_token(value);
}

static void fuzz_sealed(const char *data, size_t size)
{
	static struct session sealed, back;
	char text[SESSION_TOKEN_MOST + 1];
	enum session_token verdict;
	size_t length;

	sealed.length = size < SESSION_TOKEN_DATA ? size : SESSION_TOKEN_DATA;
	memcpy(sealed.data, data, sealed.length);
	length = session_token_write(&secret, NOW + 1, &sealed, text);
	must(length <= SESSION_TOKEN_MOST);
	verdict = session_token_read(&secret, NOW, (struct http_text){ text, length }, &back);
	must(verdict != SESSION_TOKEN_FORGED);
	if (verdict != SESSION_TOKEN_SOUND)
		return;
	check_session(&back);
	must(back.length == sealed.length && !memcmp(back.data, sealed.data, back.length));
	/* One octet of the text is another one: the seal is broken. */
	text[size % length] = text[size % length] == 'A' ? 'B' : 'A';
	must(session_token_read(&secret, NOW, (struct http_text){ text, length }, &back) ==
	     SESSION_TOKEN_FORGED);
}

static struct http_text take(const char **data, size_t *size, size_t length)
{
	struct http_text text = { *data, length < *size ? length : *size };

	*data += text.length;
	*size -= text.length;
	return text;
}

/* S2 and S3. */
static void check_change(struct session *s, struct session_change change)
{
	struct session before = *s;
	struct http_text value;
	bool changed = session_apply(s, &change);
	unsigned int status = change.status;

	check_session(s);
	must(changed || (s->length == before.length && !memcmp(s->data, before.data, s->length)));
	must(!changed || (status < 300 && s->length <= change.most && !change.repeated));
	must(changed || change.repeated || status >= 400);
	if (changed && change.verb == SESSION_PUT)
		must(session_find(s, SESSION_VALUE, change.key, &value) && http_text_equal(value, change.value));
	if (changed && change.verb == SESSION_DELETE)
		must(!session_find(s, SESSION_VALUE, change.key, &value));
	if (changed && change.request.length) {
		must(!session_apply(s, &change) && change.repeated && change.status == status);
		change.addend++;
		must(!session_apply(s, &change) && change.status == 422);
	}
}

static void fuzz_requests(const char *data, size_t size)
{
	static struct session s;
	static const size_t most[] = { SESSION_MOST, SESSION_TOKEN_DATA, 100, 30 };

	s.length = 0;
	while (size >= 6) {
		const uint8_t *o = (const uint8_t *)data;
		struct session_change change = {
			.verb = (enum session_verb)(o[0] % 3), .most = most[o[0] / 3 % 4], .addend = o[1],
		};
		size_t key = o[2], value = o[3] << 4 | o[4] % 16, name = o[5];

		take(&data, &size, 6);
		change.key = take(&data, &size, key % (SESSION_NAME_MOST + 1));
		change.value = take(&data, &size, value);
		change.request = take(&data, &size, name % (SESSION_NAME_MOST + 1));
		if (!session_name_sound(change.key) ||
		    (change.request.length && !session_name_sound(change.request)))
			continue;
		if (s.length > change.most)
			change.most = SESSION_MOST;
		check_change(&s, change);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	if (!size)
		return 0;
	copy = block(data + 1, size - 1);
	switch (data[0]) {
	case 'c':
		fuzz_cookie((struct http_text){ copy, size - 1 });
		break;
	case 't':
		fuzz_token((struct http_text){ copy, size - 1 });
		break;
	case 's':
		fuzz_sealed(copy, size - 1);
		break;
	case 'o':
		fuzz_requests(copy, size - 1);
		break;
	default:
		break;
	}
	free(copy);
	return 0;
}
