// SPDX-License-Identifier: GPL-2.0-only
/* Cookies, methods and statuses of /session, see session_route.h. */
#include "session_route.h"

#include <errno.h>
#include <stdio.h>

#include "../http/parameters.h"
#include "answer.h"
#include "sessions.h"
#include "worker.h"

#define COOKIE "session"
#define PREFIX (sizeof("/session/") - 1)
#define ADD_MOST 1000000000
/* Name, value, and what follows. */
#define SET_COOKIE_MOST (SESSION_TOKEN_MOST + 96)
_Static_assert(SET_COOKIE_MOST <= 4096, "RFC 6265 6.1: a browser may drop what is longer");

/* --- what the request says --- */

static struct http_text text_of(const char *text)
{
	return (struct http_text){ text, strlen(text) };
}

/* False if it was refused: two cookies, of which somebody else may have planted one. */
static bool read_cookie(struct connection *c, struct session_call *call)
{
	const struct exchange *x = c->exchange;
	const struct http_field *field = http_request_field(&x->request, HTTP_FIELD_COOKIE);
	struct http_text value;

	if (!field)
		return true;
	if (!http_request_single(&x->request, exchange_head(x), HTTP_FIELD_COOKIE, &value)) {
		answer_text(c, 400, HTTP_TEXT("more than one Cookie field (RFC 6265 5.4)"));
		return false;
	}
	switch (http_cookie(value, HTTP_TEXT(COOKIE), &call->cookie)) {
	case HTTP_MALFORMED:
		answer_text(c, 400, HTTP_TEXT("two different cookies named " COOKIE));
		return false;
	case HTTP_ABSENT:
		call->cookie = HTTP_TEXT("");
		return true;
	default:
		return true;
	}
}

/* False if it was refused. @key: a string of RFC 8941, or its octets alone. */
static bool read_request_name(struct connection *c, struct http_text *key)
{
	const struct exchange *x = c->exchange;
	const struct http_request *r = &x->request;
	unsigned int seen = 0;

	for (unsigned int i = 0; i < r->field_count; i++) {
		struct http_text name = http_text_of(exchange_head(x), r->fields[i].name);

		if (!http_token_equal(name, HTTP_TEXT("idempotency-key")))
			continue;
		*key = http_text_of(exchange_head(x), r->fields[i].value);
		seen++;
	}
	if (!seen)
		return true;
	if (key->length >= 2 && key->at[0] == '"' && key->at[key->length - 1] == '"')
		*key = (struct http_text){ key->at + 1, key->length - 2 };
	if (seen == 1 && session_name_sound(*key))
		return true;
	answer_text(c, 400, HTTP_TEXT("Idempotency-Key: one, of 1 to 64 of A-Z a-z 0-9 - . _ ~"));
	return false;
}

/* Whatever there is to say before the request is looked at; false if it was said. */
static bool begin(struct connection *c, struct session_call *call)
{
	const struct worker *w = c->worker;

	call->sessions = &w->server->shared->sessions;
	call->counters = w->counters;
	call->now = w->now;
	call->second = w->second;
	call->cookie = HTTP_TEXT("");
	call->fresh_length = 0;
	call->forget = false;
	if (call->sessions->form == STATE_NONE) {
		answer_text(c, 404,
			    HTTP_TEXT("no /session: start httpd with --state server, client or soft"));
		return false;
	}
	return read_cookie(c, call);
}

/* --- what is answered --- */

/* Not a script's business, nor another site's; /session is the only path it is sent to. */
static void set_cookie(struct answer *a, const struct session_call *call)
{
	char text[SET_COOKIE_MOST];
	int length;

	if (call->fresh_length)
		length = snprintf(text, sizeof(text), COOKIE "=%.*s; Path=/session; HttpOnly; SameSite=Strict",
				  (int)call->fresh_length, call->fresh);
	else
		length = snprintf(text, sizeof(text), COOKIE "=; Path=/session; HttpOnly; SameSite=Strict");
	/* A number is good until the server forgets it, a token has its end in it. */
	if (!call->fresh_length)
		length += snprintf(text + length, sizeof(text) - length, "; Max-Age=0");
	else if (call->sessions->form == STATE_CLIENT)
		length += snprintf(text + length, sizeof(text) - length, "; Max-Age=%u",
				   call->sessions->idle_ms / 1000);
	http_response_field(&a->w, "Set-Cookie", (struct http_text){ text, length });
}

/* What clients put here is nobody's script, and for no cache on the way. */
static void answer_content(struct connection *c, const struct session_call *call,
			   unsigned int status, struct http_text content)
{
	struct answer a;

	answer_start(c, &a, status);
	if (call->fresh_length || call->forget)
		set_cookie(&a, call);
	if (status == 503)
		http_response_number(&a.w, "Retry-After", 1);
	http_response_field(&a.w, "Cache-Control", HTTP_TEXT("no-store"));
	if (status != 204) {
		http_response_field(&a.w, "Content-Type", HTTP_TEXT("text/plain; charset=utf-8"));
		http_response_field(&a.w, "X-Content-Type-Options", HTTP_TEXT("nosniff"));
	}
	if (answer_head(c, &a, content.length))
		http_write(&a.w, content);
	answer_end(c, &a);
}

static void answer_outcome(struct connection *c, const struct session_call *call,
			   enum session_outcome outcome)
{
	char text[128];

	switch (outcome) {
	case SESSION_NONE:
		answer_content(c, call, 404, HTTP_TEXT("no session: it ended, or its server lost it\n"));
		break;
	case SESSION_FORGED:
		answer_content(c, call, 403,
			       HTTP_TEXT("the cookie is not from this server: it is dropped\n"));
		break;
	case SESSION_FULL:
		answer_content(c, call, 503, HTTP_TEXT("no room for more sessions\n"));
		break;
	default:
		snprintf(text, sizeof(text), "the session cannot be read or written: %s\n",
			 strerrordesc_np(errno));
		answer_content(c, call, 500, text_of(text));
	}
}

/* --- all of it --- */

static void list(struct connection *c, const struct session_call *call, const struct session *s)
{
	struct session_record record;
	char text[SESSION_MOST];
	struct http_writer w;

	http_writer_init(&w, text, sizeof(text));
	for (size_t at = 0; session_next(s, &at, &record);) {
		if (record.kind != SESSION_VALUE)
			continue;
		http_write(&w, record.name);
		http_write(&w, HTTP_TEXT("\n"));
	}
	answer_content(c, call, 200, (struct http_text){ text, http_writer_length(&w) });
}

void session_begin(struct connection *c)
{
	struct session_call call;
	enum session_outcome outcome;
	struct session s;

	if (!begin(c, &call))
		return;
	if (c->exchange->request.method == HTTP_DELETE) {
		outcome = sessions_end(&call);
		if (outcome == SESSION_NONE)
			answer_content(c, &call, 204, HTTP_TEXT(""));
		else
			answer_outcome(c, &call, outcome);
		return;
	}
	outcome = sessions_read(&call, &s);
	if (outcome == SESSION_FOUND)
		list(c, &call, &s);
	else
		answer_outcome(c, &call, outcome);
}

/* --- one key --- */

static void read_key(struct connection *c, struct session_call *call, struct http_text key)
{
	struct session s;
	enum session_outcome outcome = sessions_read(call, &s);
	struct http_text value;

	if (outcome != SESSION_FOUND)
		answer_outcome(c, call, outcome);
	else if (session_find(&s, SESSION_VALUE, key, &value))
		answer_content(c, call, 200, value);
	else
		answer_content(c, call, 404, HTTP_TEXT("no such key\n"));
}

/* False if it was refused. */
static bool read_change(struct connection *c, struct session_change *change)
{
	struct exchange *x = c->exchange;
	const struct http_request *r = &x->request;

	if (r->method == HTTP_PUT) {
		change->verb = SESSION_PUT;
		change->value = exchange_content(x);
	} else if (r->method == HTTP_DELETE) {
		change->verb = SESSION_DELETE;
	} else {
		change->verb = SESSION_ADD;
		if (http_query_number(http_text_of(exchange_head(x), r->query), HTTP_TEXT("add"),
				      ADD_MOST, &change->addend) != HTTP_FOUND) {
			answer_text(c, 400, HTTP_TEXT("POST /session/KEY?add=N: N from 0 to 1000000000"));
			return false;
		}
	}
	return read_request_name(c, &change->request);
}

static void answer_change(struct connection *c, const struct session_call *call,
			  const struct session_change *change)
{
	char text[128];
	int length = 0;

	switch (change->status) {
	case 200:
		length = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)change->sum);
		break;
	case 201:
		length = snprintf(text, sizeof(text), "created\n");
		break;
	case 409:
		length = snprintf(text, sizeof(text), "not a number, or one that does not fit into 64 bits\n");
		break;
	case 413:
		length = snprintf(text, sizeof(text), "the session would be larger than %zu octets\n",
				  change->most);
		break;
	case 422:
		length = snprintf(text, sizeof(text),
				  "Idempotency-Key: it was used for another request\n");
		break;
	default:
		break;
	}
	answer_content(c, call, change->status, (struct http_text){ text, length });
}

static void change_key(struct connection *c, struct session_call *call, struct http_text key)
{
	struct session_change change = { .key = key, .most = SESSION_MOST };
	enum session_outcome outcome;

	if (!read_change(c, &change))
		return;
	outcome = sessions_change(call, &change);
	if (outcome == SESSION_FOUND)
		answer_change(c, call, &change);
	else if (outcome == SESSION_NONE)
		answer_content(c, call, 204, HTTP_TEXT("")); /* It is not there: as asked. */
	else
		answer_outcome(c, call, outcome);
}

void session_key_begin(struct connection *c)
{
	const struct exchange *x = c->exchange;
	struct session_call call;
	struct http_text key = text_of(x->path + PREFIX);

	if (!begin(c, &call))
		return;
	if (!session_name_sound(key)) {
		answer_text(c, 400, HTTP_TEXT("/session/KEY: a key is 1 to 64 of A-Z a-z 0-9 - . _ ~"));
		return;
	}
	if (x->request.method == HTTP_GET || x->request.method == HTTP_HEAD)
		read_key(c, &call, key);
	else
		change_key(c, &call, key);
}
