// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the servers' protocol core makes of messages, for comparison with others. On stdin: a
 * length, four octets, most significant first, and as many octets of a connection; then the
 * next. On stdout: a line of JSON for each. Octets above 0x7e are written as \u00xx.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "request.h"

#define MOST (1u << 20)

static void print_text(struct http_text text)
{
	putchar('"');
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = text.at[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_outcome(enum http_outcome outcome, const struct http_refusal *refusal)
{
	static const char *const names[] = { "more", "done", "bad" };

	printf("\"outcome\": \"%s\"", names[outcome]);
	if (outcome == HTTP_BAD)
		printf(", \"status\": %u, \"why\": \"%s\"", refusal->status, refusal->why);
}

static void print_body(const struct http_request *r, const char *data, size_t length)
{
	struct http_text piece;
	struct http_body body;
	enum http_outcome outcome = http_body_init(&body, r, MOST);
	const char *separator = "";
	size_t used = 0, at = 0;

	printf(", \"content\": [");
	while (outcome == HTTP_MORE && at < length) {
		outcome = http_body_read(&body, data + at, length - at, &used, &piece);
		at += used;
		if (!piece.length)
			continue;
		printf("%s", separator);
		print_text(piece);
		separator = ", ";
	}
	printf("], \"used\": %zu, \"body\": {", r->head_length + at);
	print_outcome(outcome, &body.refusal);
	putchar('}');
}

static void print_head(const struct http_request *r, const char *data)
{
	printf(", \"method\": ");
	print_text(http_text_of(data, r->method_name));
	printf(", \"target\": ");
	print_text(http_text_of(data, r->target));
	printf(", \"minor\": %u, \"keep_alive\": %s, \"fields\": [", r->minor,
	       r->keep_alive ? "true" : "false");
	for (unsigned int i = 0; i < r->field_count; i++) {
		printf("%s[", i ? ", " : "");
		print_text(http_text_of(data, r->fields[i].name));
		printf(", ");
		print_text(http_text_of(data, r->fields[i].value));
		putchar(']');
	}
	putchar(']');
}

static void print_message(const char *data, size_t length)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	struct http_field fields[100];
	struct http_request r;
	enum http_outcome outcome;

	http_request_init(&r, fields, &limits);
	outcome = http_request_parse(&r, data, length);
	putchar('{');
	print_outcome(outcome, &r.refusal);
	if (outcome == HTTP_DONE) {
		print_head(&r, data);
		print_body(&r, data + r.head_length, length - r.head_length);
	}
	printf("}\n");
}

int main(void)
{
	static char data[MOST];
	unsigned char prefix[4];

	while (fread(prefix, 1, sizeof(prefix), stdin) == sizeof(prefix)) {
		size_t length =
			(size_t)prefix[0] << 24 | prefix[1] << 16 | prefix[2] << 8 | prefix[3];

		if (length > sizeof(data) || fread(data, 1, length, stdin) != length) {
			fprintf(stderr, "http_to_json: input ends in the middle of a message\n");
			return 1;
		}
		print_message(data, length);
	}
	return 0;
}
