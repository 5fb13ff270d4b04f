// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a request's head, see request.h. A line is looked at when it is complete, in two
 * passes: one for control characters, which also finds its end, sixteen octets at a time, and
 * one for its grammar.
 *
 *	             empty line                  field line
 *	              ┌─────┐                     ┌─────┐
 *	              ▼     │                     ▼     │
 *	        REQUEST_LINE┴──── request line ──▶FIELDS┴──── empty line ──▶ DONE
 *	              └───────────────────┬───────────┘ └── finish() ──┐
 *	                                  └──────── refuse() ──────────┴───▶ REFUSED
 */
#include "request.h"

#include <string.h>

#include "host.h"
#include "scan.h"

enum stage { REQUEST_LINE, FIELDS, DONE, REFUSED };

/* How the list of transfer codings ends so far (RFC 9112 6.1). */
enum codings {
	NO_CODING,	       /* no such field, or nothing in it */
	CHUNKED,	       /* only that */
	CHUNKED_AFTER_UNKNOWN, /* a coding that we do not know, then chunked */
	NOT_CHUNKED,	       /* the last one is another: no way to find the end */
};

/* Connection options that matter (RFC 9112 9.3). */
enum option { OPTION_CLOSE = 1, OPTION_KEEP_ALIVE = 2 };

static enum http_outcome refuse(struct http_request *r, uint16_t status, const char *why)
{
	r->refusal = (struct http_refusal){ status, why };
	r->stage = REFUSED;
	return HTTP_BAD;
}

void http_request_init(struct http_request *r, struct http_field *fields,
		       const struct http_limits *limits)
{
	/* A copy of zeros: gcc makes of it a few wide stores, of memset() a slow string one. */
	static const struct http_request fresh;

	*r = fresh;
	r->fields = fields;
	r->limits = *limits;
	if (r->limits.head < 64)
		r->limits.head = 64;
	if (r->limits.request_line > r->limits.head)
		r->limits.request_line = r->limits.head;
	if (!r->limits.fields)
		r->limits.fields = 1;
}

static struct http_slice slice(const char *data, struct http_text text)
{
	return (struct http_slice){ text.at - data, text.length };
}

/* --- lines --- */

/* What is wrong with a line that has a control character where none may be. */
static enum http_outcome refuse_control(struct http_request *r, char c)
{
	if (c == '\n')
		return refuse(r, 400, "a line ends with LF and no CR before it (RFC 9112 2.2)");
	if (c == '\r')
		return refuse(r, 400, "a CR has no LF after it (RFC 9112 2.2)");
	return refuse(r, 400, "there is a control character in the head (RFC 9110 5.5)");
}

/*
 * Find the end of the line that starts at r->line. Whatever lies beyond the limit does not
 * count, so that the verdict does not depend on how much of it has come.
 *
 * Returns HTTP_DONE with @text set to the line without its end.
 */
static enum http_outcome take_line(struct http_request *r, const char *data, size_t length,
				   struct http_text *text)
{
	/* CR and LF of this line, and of the empty one if this is not it, are in the limit. */
	size_t last = r->limits.head - 2u;
	size_t at = r->scanned;

	if (r->stage == REQUEST_LINE && r->line + r->limits.request_line < last)
		last = r->line + r->limits.request_line;
	at = http_scan_controls(data, at, length);
	r->scanned = at;
	if (at > last && r->stage == REQUEST_LINE)
		return refuse(r, 414, "the request line is too long (RFC 9112 3)");
	if (at > last)
		return refuse(r, 431, "the head is too long (RFC 6585 5)");
	if (at >= length)
		return HTTP_MORE;
	if (data[at] != '\r')
		return refuse_control(r, data[at]);
	if (at + 1 == length)
		return HTTP_MORE;
	if (data[at + 1] != '\n')
		return refuse_control(r, '\r');
	*text = (struct http_text){ data + r->line, at - r->line };
	r->line = at + 2;
	r->scanned = r->line;
	return HTTP_DONE;
}

/* --- request line, RFC 9112 3 --- */

static enum http_method method_of(struct http_text name)
{
	static const struct {
		struct http_text name;
		enum http_method method;
	} methods[] = {
		{ { "HEAD", 4 }, HTTP_HEAD },	  { { "POST", 4 }, HTTP_POST },
		{ { "PUT", 3 }, HTTP_PUT },	  { { "DELETE", 6 }, HTTP_DELETE },
		{ { "OPTIONS", 7 }, HTTP_OPTIONS }, { { "PATCH", 5 }, HTTP_PATCH },
		{ { "TRACE", 5 }, HTTP_TRACE },	  { { "CONNECT", 7 }, HTTP_CONNECT },
	};

	if (http_text_equal(name, HTTP_TEXT("GET")))
		return HTTP_GET;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (http_text_equal(name, methods[i].name))
			return methods[i].method;
	return HTTP_METHOD_OTHER;
}

/* @text is what follows the target and its space. */
static enum http_outcome take_version(struct http_request *r, struct http_text text)
{
	if (text.length != 8 || !http_text_starts(text, HTTP_TEXT("HTTP/")) ||
	    !http_is(text.at[5], HTTP_DIGIT) || text.at[6] != '.' ||
	    !http_is(text.at[7], HTTP_DIGIT))
		return refuse(r, 400, "the request line does not end in a version (RFC 9112 2.3)");
	if (text.at[5] != '1')
		return refuse(r, 505, "the version is not HTTP/1 (RFC 9110 15.6.6)");
	/* What comes after HTTP/1.1 is to be understood as that (RFC 9110 6.2). */
	r->minor = text.at[7] != '0';
	return HTTP_DONE;
}

/*
 * "http://host/path": keep host and path. The Host field must still be there, but counts for
 * nothing (RFC 9112 3.2.2).
 */
static enum http_outcome take_absolute(struct http_request *r, const char *data,
				       struct http_text *path)
{
	const char *colon = memchr(path->at, ':', path->length);
	struct http_text scheme, rest, authority;

	if (!colon)
		return refuse(r, 400, "the target is neither a path nor a URI (RFC 9112 3.2)");
	scheme = (struct http_text){ path->at, colon - path->at };
	rest = http_text_from(*path, scheme.length + 1);
	if (http_token_equal(scheme, HTTP_TEXT("https")))
		return refuse(r, 421, "https is for connections with TLS (RFC 9110 7.4)");
	if (!http_token_equal(scheme, HTTP_TEXT("http")))
		return refuse(r, 400,
			      "the target is neither a path nor an http URI (RFC 9112 3.2.2)");
	if (!http_text_starts(rest, HTTP_TEXT("//")))
		return refuse(r, 400, "the target has no host (RFC 9110 4.2.1)");
	rest = http_text_from(rest, 2);
	authority = rest;
	for (size_t i = 0; i < rest.length; i++)
		if (rest.at[i] == '/' || rest.at[i] == '?') {
			authority.length = i;
			break;
		}
	if (!authority.length || authority.at[0] == ':' || !http_is_authority(authority))
		return refuse(r, 400, "the target's host is not one (RFC 9110 4.2.1, 4.2.4)");
	r->form = HTTP_ABSOLUTE_FORM;
	r->host = slice(data, authority);
	*path = http_text_from(rest, authority.length);
	return HTTP_DONE;
}

/* All of @target is of class HTTP_TARGET. */
static enum http_outcome take_target(struct http_request *r, const char *data,
				     struct http_text target)
{
	struct http_text path = target;
	const char *question;

	r->target = slice(data, target);
	if (r->method == HTTP_CONNECT)
		return refuse(r, 501, "CONNECT is a proxy's, not ours (RFC 9110 9.3.6)");
	if (target.at[0] != '/') {
		if (target.length == 1 && target.at[0] == '*') {
			if (r->method != HTTP_OPTIONS)
				return refuse(r, 400,
					      "only OPTIONS has the target * (RFC 9112 3.2.4)");
			r->form = HTTP_ASTERISK_FORM;
		} else if (take_absolute(r, data, &path) == HTTP_BAD) {
			return HTTP_BAD;
		}
	}
	question = path.length ? memchr(path.at, '?', path.length) : NULL;
	if (question) {
		size_t before = question - path.at;

		r->has_query = true;
		r->query = slice(data, http_text_from(path, before + 1));
		path.length = before;
	}
	r->path = slice(data, path);
	return HTTP_DONE;
}

static enum http_outcome take_request_line(struct http_request *r, const char *data,
					   struct http_text line)
{
	struct http_text method = { line.at, http_span(line, HTTP_TCHAR) };
	struct http_text target, rest;

	rest = http_text_from(line, method.length);
	if (!method.length || !rest.length || rest.at[0] != ' ')
		return refuse(r, 400,
			      "the request line does not start with a method (RFC 9112 3.1)");
	if (method.length > HTTP_METHOD_LENGTH)
		return refuse(r, 501, "the method is longer than any there is (RFC 9112 3)");
	rest = http_text_from(rest, 1);
	target = (struct http_text){ rest.at, http_span(rest, HTTP_TARGET) };
	rest = http_text_from(rest, target.length);
	if (!target.length || (rest.length && rest.at[0] != ' '))
		return refuse(r, 400, "the target has an octet that no URI has (RFC 9112 3.2)");
	if (!rest.length)
		return refuse(r, 400, "the request line has no version (RFC 9112 3)");
	if (take_version(r, http_text_from(rest, 1)) == HTTP_BAD)
		return HTTP_BAD;
	r->method = method_of(method);
	r->method_name = slice(data, method);
	r->stage = FIELDS;
	return take_target(r, data, target);
}

/* --- fields, RFC 9112 5 --- */

static enum http_outcome take_host(struct http_request *r, const char *data,
				   struct http_text value)
{
	if (r->repeated & 1u << HTTP_FIELD_HOST)
		return refuse(r, 400, "there is more than one Host (RFC 9112 3.2)");
	if (!http_is_authority(value))
		return refuse(r, 400, "Host is not a host (RFC 9112 3.2)");
	if (r->form != HTTP_ABSOLUTE_FORM)
		r->host = slice(data, value);
	return HTTP_DONE;
}

static enum http_outcome take_length(struct http_request *r, struct http_text value)
{
	if (r->repeated & 1u << HTTP_FIELD_CONTENT_LENGTH)
		return refuse(r, 400, "there is more than one Content-Length (RFC 9112 6.3)");
	if (!http_read_number(value, &r->length))
		return refuse(r, 400, "Content-Length is not a number (RFC 9110 8.6)");
	if (r->length > INT64_MAX)
		return refuse(r, 413, "Content-Length is beyond all measure (RFC 9110 8.6)");
	r->has_length = true;
	return HTTP_DONE;
}

/* Field lines add to one list. Once chunked is in it, it must be the last. */
static enum http_outcome take_codings(struct http_request *r, struct http_text list)
{
	struct http_text coding;

	if (!r->minor)
		return refuse(r, 400, "HTTP/1.0 has no Transfer-Encoding (RFC 9112 6.1)");
	while (http_list_next(&list, &coding)) {
		bool chunked = http_token_equal(coding, HTTP_TEXT("chunked"));

		if (r->codings == CHUNKED || r->codings == CHUNKED_AFTER_UNKNOWN)
			return refuse(r, 400,
				      "chunked is not the last transfer coding (RFC 9112 6.3)");
		if (!chunked)
			r->codings = NOT_CHUNKED;
		else if (r->codings == NO_CODING)
			r->codings = CHUNKED;
		else
			r->codings = CHUNKED_AFTER_UNKNOWN;
	}
	return HTTP_DONE;
}

static enum http_outcome take_options(struct http_request *r, struct http_text list)
{
	struct http_text option;

	while (http_list_next(&list, &option)) {
		if (http_token_equal(option, HTTP_TEXT("close")))
			r->options |= OPTION_CLOSE;
		else if (http_token_equal(option, HTTP_TEXT("keep-alive")))
			r->options |= OPTION_KEEP_ALIVE;
		else if (http_span(option, HTTP_TCHAR) != option.length)
			return refuse(r, 400,
				      "Connection is not a list of tokens (RFC 9110 7.6.1)");
	}
	return HTTP_DONE;
}

static enum http_outcome take_expectations(struct http_request *r, struct http_text list)
{
	struct http_text expectation;

	while (http_list_next(&list, &expectation)) {
		if (!http_token_equal(expectation, HTTP_TEXT("100-continue")))
			return refuse(r, 417,
				      "an expectation is not 100-continue (RFC 9110 10.1.1)");
		r->expect_continue = r->minor;
	}
	return HTTP_DONE;
}

/* What the framing of the message depends on is looked at as it comes. */
static enum http_outcome take_value(struct http_request *r, const char *data,
				    enum http_field_id id, struct http_text value)
{
	switch (id) {
	case HTTP_FIELD_HOST:
		return take_host(r, data, value);
	case HTTP_FIELD_CONTENT_LENGTH:
		return take_length(r, value);
	case HTTP_FIELD_TRANSFER_ENCODING:
		return take_codings(r, value);
	case HTTP_FIELD_CONNECTION:
		return take_options(r, value);
	case HTTP_FIELD_EXPECT:
		return take_expectations(r, value);
	default:
		return HTTP_DONE;
	}
}

static enum http_outcome take_field(struct http_request *r, const char *data,
				    struct http_text line)
{
	struct http_text name = { line.at, http_span(line, HTTP_TCHAR) };
	struct http_text value;
	enum http_field_id id;

	if (http_is_blank(line.at[0]))
		return refuse(r, 400, "a line starts with white space (RFC 9112 2.2, 5.2)");
	if (!name.length || name.length == line.length || line.at[name.length] != ':')
		return refuse(r, 400, "a field line is not a name and a colon (RFC 9112 5.1)");
	if (r->field_count == r->limits.fields)
		return refuse(r, 431, "there are too many fields (RFC 6585 5)");
	id = http_field_id(name);
	value = http_text_trim(http_text_from(line, name.length + 1));
	r->fields[r->field_count++] = (struct http_field){
		.name = slice(data, name),
		.value = slice(data, value),
		.id = id,
	};
	if (id == HTTP_FIELD_OTHER)
		return HTTP_DONE;
	if (!r->first[id])
		r->first[id] = r->field_count;
	else
		r->repeated |= 1u << id;
	return take_value(r, data, id, value);
}

/* At the empty line: what one field alone does not tell. */
static enum http_outcome finish(struct http_request *r)
{
	bool coded = r->first[HTTP_FIELD_TRANSFER_ENCODING];

	if (r->minor && !r->first[HTTP_FIELD_HOST])
		return refuse(r, 400, "there is no Host (RFC 9112 3.2)");
	if (coded && r->has_length)
		return refuse(r, 400,
			      "there are both Transfer-Encoding and Content-Length (RFC 9112 6.3)");
	if (coded && (r->codings == NO_CODING || r->codings == NOT_CHUNKED))
		return refuse(r, 400, "chunked is not the last transfer coding (RFC 9112 6.3)");
	if (r->codings == CHUNKED_AFTER_UNKNOWN)
		return refuse(r, 501,
			      "there is a transfer coding that is not chunked (RFC 9112 6.1)");
	r->chunked = r->codings == CHUNKED;
	r->keep_alive = !(r->options & OPTION_CLOSE) &&
			(r->minor || r->options & OPTION_KEEP_ALIVE);
	r->head_length = r->line;
	r->stage = DONE;
	return HTTP_DONE;
}

static enum http_outcome take(struct http_request *r, const char *data, struct http_text line)
{
	if (r->stage == FIELDS)
		return line.length ? take_field(r, data, line) : finish(r);
	if (line.length)
		return take_request_line(r, data, line);
	if (++r->empty_lines > HTTP_EMPTY_LINES)
		return refuse(r, 400, "there are only empty lines (RFC 9112 2.2)");
	return HTTP_DONE;
}

enum http_outcome http_request_parse(struct http_request *r, const char *data, size_t length)
{
	enum http_outcome outcome = HTTP_DONE;
	struct http_text line;

	while (outcome == HTTP_DONE && r->stage < DONE) {
		outcome = take_line(r, data, length, &line);
		if (outcome == HTTP_DONE)
			outcome = take(r, data, line);
	}
	return r->stage == REFUSED ? HTTP_BAD : outcome;
}

/* --- afterwards --- */

const struct http_field *http_request_next(const struct http_request *r,
					   const struct http_field *field)
{
	const struct http_field *end = r->fields + r->field_count;

	if (!(r->repeated & 1u << field->id))
		return NULL;
	for (const struct http_field *f = field + 1; f < end; f++)
		if (f->id == field->id)
			return f;
	return NULL;
}

bool http_request_single(const struct http_request *r, const char *head, enum http_field_id id,
			 struct http_text *value)
{
	const struct http_field *field = http_request_field(r, id);

	if (!field || r->repeated & 1u << id)
		return false;
	*value = http_text_of(head, field->value);
	return true;
}
