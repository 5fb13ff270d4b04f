/* SPDX-License-Identifier: GPL-2.0-only */
/* A registry as pull and push see it: OCI distribution-spec, and token authentication. */
#ifndef CELL_IMAGE_REGISTRY_H
#define CELL_IMAGE_REGISTRY_H

#include <pthread.h>

#include "../store/store.h"
#include "http.h"

#define TRIES 6

/**
 * struct registry - one repository of a registry
 * @reference: what is pulled or pushed
 * @base: scheme, host and port
 * @push: rights that are asked for
 * @basic: user and password in base64; empty: none
 * @lock: of @authorization, which all threads share
 * @authorization: value of the field; empty: none yet
 * @plain_http: allowed for this registry
 */
struct registry {
	struct reference reference;
	struct http_url base;
	bool push;
	bool plain_http;
	char basic[1024];
	pthread_mutex_t lock;
	char authorization[HTTP_TOKEN];
};

/**
 * registry_open() - who has a repository
 * @registry: the caller's to close
 * @reference: complete
 * @push: ask for the right to push
 * @plain_http: no TLS
 * @auth_file: JSON as of containers-auth.json(5); NULL: $REGISTRY_AUTH_FILE and the usual places
 * @err: why not
 */
int registry_open(struct registry *registry, const struct reference *reference, bool push,
		  bool plain_http, const char *auth_file, struct error *err);
void registry_close(struct registry *registry);

/* Ask for /v2/REPOSITORY/@path, with a token if one is wanted. */
int registry_ask(struct registry *registry, struct http *http, struct http_request *request,
		 const char *path, struct http_answer *answer, struct error *err);

/* The same for a URL that the registry named, such as of an upload. */
int registry_ask_url(struct registry *registry, struct http *http, struct http_request *request,
		     struct http_answer *answer, struct error *err);

/* What a status says, for a message; returns a negative errno. */
int registry_refused(const struct registry *registry, const struct http_answer *answer,
		     const char *what, struct error *err);

/* Waits before try number @tries, longer each time, or as long as the registry wants. */
void registry_wait(int tries, const struct http_answer *answer);

/* --- token.c --- */

/**
 * struct challenge - WWW-Authenticate, taken apart. RFC 7235, 4.1; RFC 6750, 3.
 * @bearer: else Basic
 */
struct challenge {
	bool bearer;
	char realm[1024];
	char service[256];
	char scope[512];
};

/* Returns 0 or -EINVAL. */
int challenge_parse(const char *text, struct challenge *challenge);

/* Does what a challenge asks for, and sets the registry's authorization. */
int token_get(struct registry *registry, struct http *http, const char *challenge,
	      struct error *err);

/* Finds the credentials of a registry in a file; "" if there are none. */
int credentials_find(const char *auth_file, const char *host, char basic[1024],
		     struct error *err);

/* --- transfer.c: several blobs at once, with progress --- */

/**
 * struct transfer - one blob on its way
 * @blob: which one
 * @done: octets so far, of @blob.size
 * @state: for the eye
 */
struct transfer {
	struct descriptor blob;
	int64_t done;
	enum { TRANSFER_WAITS, TRANSFER_RUNS, TRANSFER_DONE, TRANSFER_THERE } state;
};

/* Moves one blob. @stop is set when another failed. */
typedef int (*transfer_one)(void *context, struct http *http, struct transfer *transfer,
			    const bool *stop, struct error *err);

/**
 * transfer_all() - move blobs, several at once
 * @list: of them; equal digests occur once
 * @count: of @list
 * @parallel: at once, 1 to 16
 * @quiet: say nothing
 * @one: moves one
 * @context: for @one
 * @plain: allow plain HTTP
 * @err: of the first that failed
 */
int transfer_all(struct transfer *list, size_t count, unsigned int parallel, bool quiet,
		 transfer_one one, void *context, bool plain, struct error *err);

/* --- pull.c, push.c --- */

struct remote_options {
	unsigned int parallel;
	bool quiet;
	bool plain_http;
	const char *auth_file;
	struct platform platform;
};

/* Pulls; the image has its name in the store at the end. */
int registry_pull(const struct store *store, const struct reference *reference,
		  const struct remote_options *options, struct descriptor *pulled,
		  struct error *err);
int registry_push(const struct store *store, const struct descriptor *entry,
		  const struct reference *reference, const struct remote_options *options,
		  struct error *err);

#endif
