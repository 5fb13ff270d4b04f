// SPDX-License-Identifier: GPL-2.0-only
/* Answers with files, see static.h. */
#include "static.h"

#include <stdio.h>

#include "../http/conditional.h"
#include "../http/range.h"
#include "answer.h"
#include "worker.h"

/* A path as it may stand in Location: what is not plain is percent-encoded. */
static void write_path(struct http_writer *w, const char *path)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *path; path++) {
		unsigned char c = *path;
		char escaped[3] = { '%', digits[c >> 4], digits[c & 0xf] };

		if (http_is(*path, HTTP_DIGIT | HTTP_HOST_CHAR) || c == '/')
			http_write(w, (struct http_text){ path, 1 });
		else
			http_write(w, (struct http_text){ escaped, 3 });
	}
}

/* It is a folder: relative links in its index.html need the "/" at the end. */
static void answer_folder(struct connection *c)
{
	const struct exchange *x = c->exchange;
	struct answer a;

	answer_start(c, &a, 301);
	http_write(&a.w, HTTP_TEXT("Location: "));
	write_path(&a.w, x->path);
	http_write(&a.w, HTTP_TEXT("/"));
	if (x->request.has_query) {
		http_write(&a.w, HTTP_TEXT("?"));
		http_write(&a.w, http_text_of(exchange_head(x), x->request.query));
	}
	http_write(&a.w, HTTP_TEXT("\r\n"));
	answer_head(c, &a, 0);
}

static void answer_not_modified(struct connection *c, const struct file *file)
{
	struct answer a;

	answer_start(c, &a, 304);
	http_response_field(&a.w, "ETag", file->etag);
	answer_head(c, &a, 0);
}

static void answer_unsatisfiable(struct connection *c, const struct file *file)
{
	struct answer a;

	answer_start(c, &a, 416);
	http_response_range(&a.w, NULL, file->size);
	answer_head(c, &a, 0);
}

static void answer_whole(struct connection *c, struct file *file)
{
	if (answer_prepared(c, &file->head, file->size))
		exchange_put_file(c->exchange, file, 0, file->size);
}

static void write_validators(struct http_writer *w, const struct file *file)
{
	http_response_date(w, "Last-Modified", file->modified);
	http_response_field(w, "ETag", file->etag);
}

static void answer_range(struct connection *c, struct file *file, const struct http_range *range)
{
	uint64_t length = range->last - range->first + 1;
	struct answer a;

	answer_start(c, &a, 206);
	http_response_field(&a.w, "Content-Type", file->type);
	write_validators(&a.w, file);
	http_response_range(&a.w, range, file->size);
	if (answer_head(c, &a, length))
		exchange_put_file(c->exchange, file, range->first, length);
}

/* --- several ranges: multipart/byteranges, RFC 9110 14.6 --- */

/* Long, and of the time and the file, so that nobody plants it in a file beforehand. */
static void make_boundary(char boundary[40], const struct connection *c, const struct file *file)
{
	uint64_t a = (uint64_t)c->worker->now * 0x9e3779b97f4a7c15ull;
	uint64_t b = (a ^ (uintptr_t)file ^ (uint64_t)c->fd) * 0xbf58476d1ce4e5b9ull;

	snprintf(boundary, 40, "%016llx%016llx", (unsigned long long)(a ^ a >> 29),
		 (unsigned long long)(b ^ b >> 31));
}

static void write_boundary(struct http_writer *w, const char *boundary, bool last)
{
	http_write(w, HTTP_TEXT("\r\n--"));
	http_write(w, (struct http_text){ boundary, 32 });
	http_write(w, last ? HTTP_TEXT("--\r\n") : HTTP_TEXT("\r\n"));
}

static void write_part_head(struct http_writer *w, const char *boundary, const struct file *file,
			    const struct http_range *range)
{
	write_boundary(w, boundary, false);
	http_response_field(w, "Content-Type", file->type);
	http_response_range(w, range, file->size);
	http_write(w, HTTP_TEXT("\r\n"));
}

static uint64_t parts_length(const char *boundary, const struct file *file,
			     const struct http_range *ranges, unsigned int count)
{
	char scratch[HTTP_RANGES_MOST * 256];
	struct http_writer w;
	uint64_t length = 0;

	http_writer_init(&w, scratch, sizeof(scratch));
	for (unsigned int i = 0; i < count; i++) {
		write_part_head(&w, boundary, file, &ranges[i]);
		length += ranges[i].last - ranges[i].first + 1;
	}
	write_boundary(&w, boundary, true);
	return length + http_writer_length(&w);
}

static void answer_ranges(struct connection *c, struct file *file, const struct http_range *ranges,
			  unsigned int count)
{
	char boundary[40], type[80];
	struct answer a;
	int length;

	make_boundary(boundary, c, file);
	length = snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", boundary);
	answer_start(c, &a, 206);
	http_response_field(&a.w, "Content-Type", (struct http_text){ type, length });
	write_validators(&a.w, file);
	if (!answer_head(c, &a, parts_length(boundary, file, ranges, count)))
		return;
	for (unsigned int i = 0; i < count; i++) {
		write_part_head(&a.w, boundary, file, &ranges[i]);
		answer_end(c, &a);
		exchange_put_file(c->exchange, file, ranges[i].first,
				  ranges[i].last - ranges[i].first + 1);
		answer_resume(c, &a);
	}
	write_boundary(&a.w, boundary, true);
	answer_end(c, &a);
}

/* A Range field, if there is one that counts. */
static void answer_perform(struct connection *c, struct file *file, bool whole)
{
	const struct exchange *x = c->exchange;
	struct http_range ranges[HTTP_RANGES_MOST];
	enum http_range_verdict verdict = HTTP_RANGE_NONE;
	struct http_text value;
	unsigned int count;

	if (!whole && x->request.method == HTTP_GET &&
	    http_request_single(&x->request, exchange_head(x), HTTP_FIELD_RANGE, &value))
		verdict = http_range_read(value, file->size, ranges, &count);
	if (verdict == HTTP_RANGE_NONE)
		answer_whole(c, file);
	else if (verdict == HTTP_RANGE_UNSATISFIABLE)
		answer_unsatisfiable(c, file);
	else if (count == 1)
		answer_range(c, file, &ranges[0]);
	else
		answer_ranges(c, file, ranges, count);
}

void static_begin(struct connection *c)
{
	const struct exchange *x = c->exchange;
	const struct worker *w = c->worker;
	struct http_representation rep = { .exists = true, .has_modified = true };
	enum http_verdict verdict;
	struct file *file;
	unsigned int status = files_get(w->server->files, x->path, w->now, &file);

	if (status != 200) {
		if (status == 301)
			answer_folder(c);
		else
			answer_status(c, status);
		return;
	}
	rep.etag = file->etag;
	rep.modified = file->modified;
	rep.modified_strong = w->second > file->modified + 1;
	verdict = http_conditional(&x->request, exchange_head(x), w->second, &rep);
	if (verdict == HTTP_NOT_MODIFIED)
		answer_not_modified(c, file);
	else if (verdict == HTTP_PRECONDITION_FAILED)
		answer_status(c, 412);
	else
		answer_perform(c, file, verdict == HTTP_PERFORM_WHOLE);
	file_put(file);
}
