/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of a request, made once: every connection sends the same. */
#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/**
 * struct request - a request
 * @bytes: all of it; free() them
 * @head: how many of them are head
 * @size: how many there are
 * @to_head: it is a HEAD
 * @idempotent: it may be sent again if nobody answered (RFC 9110, 9.2.2)
 */
struct request {
	char *bytes;
	size_t head, size;
	bool to_head, idempotent;
};

int request_make(const struct options *options, const char *method, size_t body, bool close,
		 struct request *request, struct error *err);

#endif
