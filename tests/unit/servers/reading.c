// SPDX-License-Identifier: GPL-2.0
/* Reading in pieces, see reading.h. The texts lie in blocks of their own size, for ASan. */
#include "reading.h"

/* tap.h keeps its state in each file that includes it: say what is wrong by dying. */
static void must(bool holds, const char *what, struct http_text text)
{
	if (holds)
		return;
	printf("# %s: \"%.*s\"\nnot ok - %s\n", what, (int)(text.length < 300 ? text.length : 300),
	       text.at,
	       what);
	fflush(stdout);
	abort();
}

/* A copy as a reader sees it that has @length octets so far; never at the same place twice. */
static void feed(struct reading *reading, struct http_text text, size_t length)
{
	char *copy = malloc(length ? length : 1);

	memcpy(copy, text.at, length);
	reading->outcome = http_request_parse(&reading->r, copy, length);
	free(copy);
}

static void begin(struct reading *reading, const struct http_limits *limits)
{
	memset(reading, 0xa5, sizeof(*reading));
	http_request_init(&reading->r, reading->fields, limits);
}

static void same(const struct reading *a, const struct reading *b, struct http_text text)
{
	struct http_request ra = a->r, rb = b->r;

	must(a->outcome == b->outcome, "the outcome depends on where it is cut", text);
	if (a->outcome == HTTP_BAD) {
		must(!strcmp(ra.refusal.why, rb.refusal.why),
		     "the refusal depends on where it is cut", text);
		return;
	}
	must(ra.field_count == rb.field_count &&
	     !memcmp(a->fields, b->fields, ra.field_count * sizeof(*a->fields)),
	     "the fields depend on where it is cut", text);
	ra.fields = rb.fields = NULL;
	must(!memcmp(&ra, &rb, sizeof(ra)), "the result depends on where it is cut", text);
}

static void cut_in_two(const struct reading *whole, struct http_text text,
		       const struct http_limits *limits, size_t at)
{
	struct reading pieces;

	begin(&pieces, limits);
	feed(&pieces, text, at);
	must(pieces.outcome != HTTP_DONE || at >= pieces.r.head_length, "done before the end",
	     text);
	feed(&pieces, text, text.length);
	same(whole, &pieces, text);
}

static void octet_by_octet(const struct reading *whole, struct http_text text,
			   const struct http_limits *limits)
{
	struct reading pieces;

	begin(&pieces, limits);
	for (size_t length = 0; length <= text.length; length++)
		pieces.outcome = http_request_parse(&pieces.r, text.at, length);
	same(whole, &pieces, text);
}

void reading_with(struct reading *reading, struct http_text text,
		  const struct http_limits *limits)
{
	begin(reading, limits);
	feed(reading, text, text.length);
	reading->head = text.at;
	for (size_t at = 0; at < text.length && text.length < 2000; at++)
		cut_in_two(reading, text, limits, at);
	octet_by_octet(reading, text, limits);
}

void reading_of(struct reading *reading, struct http_text text)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;

	reading_with(reading, text, &limits);
}

void refused_with(struct http_text text, const struct http_limits *limits, unsigned int status)
{
	struct reading reading;

	reading_with(&reading, text, limits);
	must(reading.outcome == HTTP_BAD, "it is not refused", text);
	must(reading.r.refusal.status == status, reading.r.refusal.why, text);
	must(strstr(reading.r.refusal.why, "(RFC "), "the reason names no RFC", text);
}

void refused(struct http_text text, unsigned int status)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;

	refused_with(text, &limits, status);
}

void taken(struct reading *reading, struct http_text text)
{
	reading_of(reading, text);
	must(reading->outcome != HTTP_BAD, reading->r.refusal.why ? reading->r.refusal.why : "?",
	     text);
	must(reading->outcome == HTTP_DONE, "it is not complete", text);
	must(reading->r.head_length == text.length, "it does not end where it ends", text);
}

struct http_text value_of(const struct reading *reading, enum http_field_id id)
{
	const struct http_field *field = http_request_field(&reading->r, id);

	return field ? http_text_of(reading->head, field->value) : (struct http_text){ "", 0 };
}

bool is_text(struct http_text text, const char *want)
{
	return text.length == strlen(want) && !memcmp(text.at, want, text.length);
}
