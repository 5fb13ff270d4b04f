// SPDX-License-Identifier: GPL-2.0-only
/* Questions to a registry, with a token when one is wanted. Called by pull.c and push.c. */
#include "registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *host_of(const char *registry)
{
	return strcmp(registry, REFERENCE_PUBLIC) ? registry : "registry-1.docker.io";
}

int registry_open(struct registry *registry, const struct reference *reference, bool push,
		  bool plain_http, const char *auth_file, struct error *err)
{
	const char *host = host_of(reference->registry);
	char url[HTTP_URL];
	int ret;

	memset(registry, 0, sizeof(*registry));
	pthread_mutex_init(&registry->lock, NULL);
	registry->reference = *reference;
	registry->push = push;
	registry->plain_http = plain_http;
	snprintf(url, sizeof(url), "https://%s/", host);
	ret = http_url_parse(url, strlen(url), &registry->base, err);
	if (!ret && (plain_http || http_is_this_host(registry->base.host))) {
		snprintf(url, sizeof(url), "http://%s/", host);
		ret = http_url_parse(url, strlen(url), &registry->base, err);
	}
	return ret ? ret : credentials_find(auth_file, reference->registry, registry->basic, err);
}

void registry_close(struct registry *registry)
{
	explicit_bzero(registry->basic, sizeof(registry->basic));
	explicit_bzero(registry->authorization, sizeof(registry->authorization));
	pthread_mutex_destroy(&registry->lock);
}

static int ask(struct registry *registry, struct http *http, struct http_request *request,
	       bool foreign, struct http_answer *answer, struct error *err)
{
	char *authorization = malloc(HTTP_TOKEN);
	int ret;

	if (!authorization)
		return error_set(err, ENOMEM, "registry: out of memory");
	for (int tokens = 0;; tokens++) {
		pthread_mutex_lock(&registry->lock);
		memcpy(authorization, registry->authorization, HTTP_TOKEN);
		pthread_mutex_unlock(&registry->lock);
		/* An upload may be elsewhere: the token is not for them. */
		request->authorization = authorization[0] &&
			http_same_origin(&registry->base, &request->url) ? authorization : NULL;
		ret = http_ask(http, request, foreign, answer, err);
		if (ret || answer->status != 401 || tokens || !answer->challenge[0])
			break;
		ret = token_get(registry, http, answer->challenge, err);
		if (ret)
			break;
	}
	request->authorization = NULL;
	explicit_bzero(authorization, HTTP_TOKEN);
	free(authorization);
	return ret;
}

int registry_ask(struct registry *registry, struct http *http, struct http_request *request,
		 const char *path, struct http_answer *answer, struct error *err)
{
	request->url = registry->base;
	snprintf(request->url.rest, sizeof(request->url.rest), "/v2/%s/%s",
		 registry->reference.repository, path);
	return ask(registry, http, request, false, answer, err);
}

int registry_ask_url(struct registry *registry, struct http *http, struct http_request *request,
		     struct http_answer *answer, struct error *err)
{
	return ask(registry, http, request, !http_same_origin(&registry->base, &request->url), answer,
		   err);
}

int registry_refused(const struct registry *registry, const struct http_answer *answer,
		     const char *what, struct error *err)
{
	const char *host = registry->base.host, *repository = registry->reference.repository;

	switch (answer->status) {
	case 401:
	case 403:
		return error_set(err, EACCES, "registry %s: %s: %s: not allowed: status %ld: say "
				 "--auth-file FILE, or is the name right?", host, repository, what,
				 answer->status);
	case 404:
		return error_set(err, ENOENT, "registry %s: %s: %s: is not there", host, repository,
				 what);
	case 429:
		return error_set(err, EAGAIN, "registry %s: %s: too many requests: try again later",
				 host, repository);
	default:
		return error_set(err, EPROTO, "registry %s: %s: %s: status %ld", host, repository, what,
				 answer->status);
	}
}

void registry_wait(int tries, const struct http_answer *answer)
{
	long ms = 100L << (tries > 6 ? 6 : tries);
	long wanted = answer ? strtol(answer->retry_after, NULL, 10) : 0;

	if (wanted > 0 && wanted <= 60)
		ms = wanted * 1000;
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}
