/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP to a registry, over libcurl: who is spoken to, and who gets to see what.
 *
 *  H1 plain HTTP only to this host, or to a registry for which it was allowed;
 *  H2 a redirect is followed a few times, never from https to http, and takes Authorization along
 *     only to the same scheme, host and port;
 *  H3 where a registry sends us (redirects, a token's realm), private addresses are not spoken to
 *     unless the registry itself has one: else it could make us ask hosts that it cannot reach;
 *  H4 credentials go to the registry and to its realm, and over plain HTTP only to this host.
 */
#ifndef CELL_IMAGE_HTTP_H
#define CELL_IMAGE_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define HTTP_URL 4096
#define HTTP_TOKEN 16384
#define HTTP_REDIRECTS 5

/* How far away an address is; a larger one is further. */
enum reach {
	REACH_HOST,
	REACH_PRIVATE,
	REACH_WORLD,
};

/**
 * struct http_url - a URL, taken apart
 * @secure: https
 * @host: name or address, lower case, an IPv6 one in brackets
 * @port: never 0
 * @rest: path and query, begins with a slash
 */
struct http_url {
	bool secure;
	char host[256];
	uint16_t port;
	char rest[HTTP_URL];
};

/* Return: 0 or -EINVAL; user information and fragments are refused. */
int http_url_parse(const char *text, size_t length, struct http_url *url, struct error *err);

/* @location may be relative to @base: RFC 3986, 5.2. */
int http_url_join(const struct http_url *base, const char *location, struct http_url *url,
		  struct error *err);
void http_url_text(const struct http_url *url, char out[HTTP_URL]);
bool http_same_origin(const struct http_url *a, const struct http_url *b);

/* "localhost", 127/8 or [::1]. */
bool http_is_this_host(const char *host);
enum reach http_reach_of(const struct sockaddr *address);

/**
 * struct http_answer - what came
 * @status: of the last answer, after redirects
 * @content_type: of it
 * @location: of an upload
 * @challenge: WWW-Authenticate
 * @range_start: of Content-Range; -1: none
 */
struct http_answer {
	long status;
	char content_type[256];
	char location[HTTP_URL];
	char challenge[2048];
	char retry_after[16];
	int64_t range_start;
};

/* Takes the body of the answer: 0 or a negative errno, which ends the transfer. */
typedef int (*http_sink)(void *sink, long status, const struct http_answer *answer,
			 const void *data, size_t length, struct error *err);

/**
 * struct http_request - what is asked
 * @method: GET, HEAD, POST, PUT
 * @url: to ask
 * @authorization: value of that field; NULL: none
 * @accept: value of that field; NULL: none
 * @content_type: of the body
 * @body: to send; NULL: none, unless @fd
 * @length: of the body
 * @fd: to send from instead, -1: no
 * @range_from: ask for the octets from there on; 0: all
 * @sink: gets the body of a 2xx answer
 * @closed: no redirects at all: for tokens
 */
struct http_request {
	const char *method;
	struct http_url url;
	const char *authorization;
	const char *accept;
	const char *content_type;
	const void *body;
	int64_t length;
	int fd;
	int64_t range_from;
	http_sink sink;
	void *sink_data;
	void (*sent)(void *data, int64_t octets);
	void *sent_data;
	bool closed;
};

/**
 * struct http - a connection; each thread has its own
 * @curl: libcurl's
 * @home: how far the registry is, once spoken to; what it names may not be nearer
 * @plain_allowed: H1
 */
struct http {
	CURL *curl;
	enum reach home;
	bool home_known;
	bool plain_allowed;
};

int http_open(struct http *http, struct error *err);
void http_close(struct http *http);

#define cleanup_http __attribute__((cleanup(http_close)))

/**
 * http_ask() - ask, follow redirects, hand over the body
 * @http: of this thread
 * @request: what
 * @foreign: the URL was named by the registry, not by the user (H3)
 * @answer: set if it returns 0, whatever the status
 * @err: why there is no answer
 *
 * Return: 0, -ETIMEDOUT, -ECONNRESET or another that is worth another try (http_is_transient()),
 * or another negative errno.
 */
int http_ask(struct http *http, const struct http_request *request, bool foreign,
	     struct http_answer *answer, struct error *err);
bool http_is_transient(int ret, long status);

#endif
