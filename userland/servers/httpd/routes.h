/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which path is answered by whom. A new part of the service is a line in the table of routes.c,
 * and a function that answers; it sees the request in c->exchange, and writes with answer.h.
 */
#ifndef VIRTLAB_HTTPD_ROUTES_H
#define VIRTLAB_HTTPD_ROUTES_H

#include "../http/outcome.h"
#include "connection.h"
#include "exchange.h"
#include "metrics.h"

/**
 * struct route - a path and what is there
 * @path: decoded, whole; with "/" at its end, whatever begins so
 * @metric: what it is counted as
 * @methods: bits by enum http_method
 * @allow: the same as the value of Allow
 * @body_most: octets of content that are taken; above it is 413
 * @keeps_body: exchange_content() has it; if not, it is read and dropped
 * @begin: answers a complete request, or sets @work of the exchange
 * @finish: answers when @work has been done
 */
struct route {
	const char *path;
	enum metric_route metric;
	unsigned int methods;
	struct http_text allow;
	uint64_t body_most;
	bool keeps_body;
	void (*begin)(struct connection *c);
	void (*finish)(struct connection *c);
};

/**
 * route_find() - whom a request is for
 * @x: whose head is complete; its @path and @route are set
 * @refusal: set if the target names nothing
 *
 * Return: HTTP_DONE or HTTP_BAD.
 */
enum http_outcome route_find(struct exchange *x, struct http_refusal *refusal);

/**
 * route_allows() - whether there is such a method there
 * @route: where
 * @method: which
 *
 * Return: 200, 405 or 501.
 */
unsigned int route_allows(const struct route *route, enum http_method method);

/**
 * route_begin() - answer a request, or find out what it takes
 * @c: whose request at the front is complete
 */
void route_begin(struct connection *c);

#endif
