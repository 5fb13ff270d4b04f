/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing one answer. What answers to routes have in common is here, so that a handler says
 * no more than what is special about its own:
 *
 *	struct answer a;
 *
 *	answer_start(c, &a, 200);
 *	http_response_field(&a.w, "Content-Type", HTTP_TEXT("text/plain"));
 *	if (answer_head(c, &a, length))
 *		... http_write(&a.w, ...) or exchange_put_file(c->exchange, ...)
 *	answer_end(c, &a);
 */
#ifndef VIRTLAB_HTTPD_ANSWER_H
#define VIRTLAB_HTTPD_ANSWER_H

#include "../http/response.h"
#include "connection.h"

/**
 * struct answer - one that is being written
 * @w: where its text goes
 * @reply: what its framing depends on
 */
struct answer {
	struct http_writer w;
	struct http_reply reply;
};

/**
 * answer_start() - status line and Date
 * @c: connection, whose request at the front is answered
 * @a: set
 * @status: 200 to 599
 */
void answer_start(struct connection *c, struct answer *a, unsigned int status);

/**
 * answer_head() - the end of the head
 * @c: connection
 * @a: after all fields
 * @length: octets of the content
 *
 * Counts and logs the answer. Queues the head, so that files may be queued behind it.
 *
 * Return: whether the content is to be sent; for HEAD and 304 it is not.
 */
bool answer_head(struct connection *c, struct answer *a, uint64_t length);

/**
 * answer_end() - queue the text that was written since
 * @c: connection
 * @a: whose writer may go on
 */
void answer_end(struct connection *c, struct answer *a);

/**
 * answer_resume() - write on, behind a file that was queued
 * @c: connection
 * @a: after answer_end()
 */
void answer_resume(struct connection *c, struct answer *a);

/**
 * answer_prepared() - the whole head of a 200, written long ago
 * @c: connection
 * @head: all but Date and Connection
 * @length: octets of the content
 *
 * Return: as answer_head().
 */
bool answer_prepared(struct connection *c, const struct http_prepared *head, uint64_t length);

/**
 * answer_status() - a whole answer that says no more than its status does
 * @c: connection
 * @status: of the answer
 */
void answer_status(struct connection *c, unsigned int status);

/**
 * answer_text() - a whole answer of a line of text
 * @c: connection
 * @status: of the answer
 * @text: content, without the line end
 */
void answer_text(struct connection *c, unsigned int status, struct http_text text);

/**
 * answer_refusal() - the last answer on a connection: what comes in is not understood
 * @c: connection
 * @refusal: status and reason
 */
void answer_refusal(struct connection *c, struct http_refusal refusal);

#endif
