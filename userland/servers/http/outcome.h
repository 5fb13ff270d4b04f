/* SPDX-License-Identifier: GPL-2.0-only */
/* How a reader of messages says what it made of them. */
#ifndef VIRTLAB_HTTP_OUTCOME_H
#define VIRTLAB_HTTP_OUTCOME_H

#include <stdint.h>

/**
 * enum http_outcome - what a reader made of the octets it was given
 * @HTTP_MORE: all sound so far, and more must come
 * @HTTP_DONE: complete
 * @HTTP_BAD: refused; the reader has status and reason, and stays refused
 */
enum http_outcome { HTTP_MORE, HTTP_DONE, HTTP_BAD };

/**
 * struct http_refusal - why a message is refused
 * @status: 4xx or 5xx; 0 as long as nothing is wrong
 * @why: one sentence with its section, a constant; NULL as long as nothing is wrong
 *
 * After it nobody knows where the next message starts: answer, then close (RFC 9112 9.6).
 */
struct http_refusal {
	uint16_t status;
	const char *why;
};

#endif
