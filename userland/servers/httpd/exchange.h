/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a connection needs while requests are in flight, and only then: an idle one has none.
 *
 * What came in lies in one buffer. Requests are taken from its front one by one:
 *
 *	in   |  answered  |  head  | content |      | not looked at yet |  free  |
 *	                  ^        ^         ^      ^                   ^
 *	                start    +head_length    raw (body read so far)  end
 *
 * What goes out is a list of segments: text that was written here, octets of a small file
 * in the cache, or a piece of an open file. Answers to pipelined requests queue up behind each
 * other, and all that lies in memory goes out in one system call.
 */
#ifndef VIRTLAB_HTTPD_EXCHANGE_H
#define VIRTLAB_HTTPD_EXCHANGE_H

#include "../http/body.h"
#include "../http/range.h"
#include "../http/request.h"
#include "files.h"
#include "metrics.h"

/* A head of HTTP_DEFAULT_LIMITS, one octet to see that it is longer, and room for content. */
#define EXCHANGE_IN 36864
/* Text of one answer, head and content, and of so many that they may go out together. */
#define ANSWER_TEXT (METRICS_MOST + 1024)
#define EXCHANGE_TEXT (ANSWER_TEXT + 15360)
/* A multipart answer has most: head, then text and file of each part, and the last boundary. */
#define ANSWER_SEGMENTS (2 + 2 * HTTP_RANGES_MOST)
#define EXCHANGE_SEGMENTS (ANSWER_SEGMENTS + 30)
/* As http_path_decode() sets it. */
#define EXCHANGE_PATH 4096

/**
 * struct segment - a piece of what goes out
 * @file: held as long as the segment is there; NULL for text
 * @at: octets in memory; NULL: they are in the descriptor of @file
 * @offset: in the descriptor, where they begin
 * @left: octets
 */
struct segment {
	struct file *file;
	const char *at;
	uint64_t offset;
	uint64_t left;
};

/**
 * enum reading - how far the request at the front is
 * @READING_HEAD: its head is not complete
 * @READING_BODY: its head is, its body is not
 * @READING_DONE: to be handled
 */
enum reading { READING_HEAD, READING_BODY, READING_DONE };

/**
 * struct exchange - requests in flight on a connection
 * @next: in the list of spare ones
 * @request: the one at the front
 * @body: its body
 * @route: what it is for, once the head is complete
 * @reading: how far it is
 * @refused: it was refused, so that what follows is not to be understood
 * @worked: what took long is done
 * @first: of the segments, that is next to go out
 * @segment_count: how many there are, those gone included
 * @start: see the picture
 * @raw: likewise
 * @end: likewise
 * @content: octets of content, right behind the head
 * @text_used: octets of @text
 * @work: what takes long, to be called before the request can be answered; NULL: nothing does
 * @argument: for it
 * @segments: what goes out
 * @fields: of the request
 * @path: of the target, decoded
 * @text: what was written of answers
 * @in: what came in
 */
struct exchange {
	struct exchange *next;
	struct http_request request;
	struct http_body body;
	const struct route *route;
	enum reading reading;
	bool refused;
	bool worked;
	unsigned int first;
	unsigned int segment_count;
	uint32_t start;
	uint32_t raw;
	uint32_t end;
	uint32_t content;
	uint32_t text_used;
	void (*work)(uint64_t argument);
	uint64_t argument;
	struct segment segments[EXCHANGE_SEGMENTS];
	struct http_field fields[100];
	char path[EXCHANGE_PATH];
	char text[EXCHANGE_TEXT];
	char in[EXCHANGE_IN];
};

/* The head of the request at the front. */
static inline const char *exchange_head(const struct exchange *x)
{
	return x->in + x->start;
}

/* Its content, if the route keeps it. */
static inline struct http_text exchange_content(const struct exchange *x)
{
	return (struct http_text){ x->in + x->start + x->request.head_length, x->content };
}

/* Whether there is something to send. */
static inline bool exchange_pending(const struct exchange *x)
{
	return x->first < x->segment_count;
}

/**
 * exchange_init() - nothing came in, nothing is to go out
 * @x: whose buffers are left as they are
 */
void exchange_init(struct exchange *x);

/**
 * exchange_end() - put the files it holds
 * @x: exchange
 */
void exchange_end(struct exchange *x);

/**
 * exchange_next() - the request at the front is done with
 * @x: exchange, whose front is now what followed it
 */
void exchange_next(struct exchange *x);

/**
 * exchange_room() - make room to receive
 * @x: exchange; what is left in it may move to the start of the buffer
 *
 * Return: octets that fit behind @x->end, at least 1 unless the content does not fit.
 */
size_t exchange_room(struct exchange *x);

/**
 * exchange_full() - whether answers should go out before another one is written
 * @x: exchange
 */
bool exchange_full(const struct exchange *x);

/**
 * exchange_put_text() - queue what was written at the end of @x->text
 * @x: exchange
 * @length: octets
 */
void exchange_put_text(struct exchange *x, size_t length);

/**
 * exchange_put_file() - queue a part of a file
 * @x: exchange
 * @file: it; the segment holds it for itself
 * @offset: where the part begins
 * @length: octets
 */
void exchange_put_file(struct exchange *x, struct file *file, uint64_t offset, uint64_t length);

/**
 * exchange_sent() - so much has gone out
 * @x: exchange
 * @length: octets, of the segments from the first on
 */
void exchange_sent(struct exchange *x, uint64_t length);

#endif
