/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /session, as HTTP. A cookie (RFC 6265) says whose session it is, or is the session:
 *
 *	GET    /session		keys, one a line; 404 without a session
 *	DELETE /session		it ends
 *	GET    /session/KEY	the value
 *	PUT    /session/KEY	the content is the value: 201 or 204
 *	DELETE /session/KEY	204, whether or not it was there
 *	POST   /session/KEY?add=N	it grows by N: 200 and the sum
 *
 * Idempotency-Key: a retry of a request that bears one is not done again, but answered as the
 * first time. POST needs it most: the others may be done twice without harm (RFC 9110 9.2.2),
 * as long as nobody else wrote in between.
 */
#ifndef VIRTLAB_HTTPD_SESSION_ROUTE_H
#define VIRTLAB_HTTPD_SESSION_ROUTE_H

struct connection;

/* Answer a request for all of it, or for one key. */
void session_begin(struct connection *c);
void session_key_begin(struct connection *c);

#endif
