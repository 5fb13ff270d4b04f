// SPDX-License-Identifier: GPL-2.0-only
/* Names of images, taken apart and put together. Called by every verb that takes a name. */
#include "reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_low(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
	return is_low(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Alphanumeric, then runs of them with one ".", "_", "__" or any number of "-" between. */
static bool is_component(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t start = at;

		while (at < length && is_low(text[at]))
			at++;
		if (at == start)
			return false;
		if (at == length)
			return true;
		if (text[at] == '-')
			while (at < length && text[at] == '-')
				at++;
		else if (text[at] == '_')
			at += at + 1 < length && text[at + 1] == '_' ? 2 : 1;
		else if (text[at] == '.')
			at++;
		else
			return false;
	}
	return false;
}

static bool is_repository(const char *text, size_t length)
{
	for (;;) {
		const char *slash = memchr(text, '/', length);
		size_t part = slash ? (size_t)(slash - text) : length;

		if (!is_component(text, part))
			return false;
		if (!slash)
			return true;
		text += part + 1;
		length -= part + 1;
	}
}

static bool is_tag(const char *text, size_t length)
{
	if (!length || length >= REFERENCE_TAG || !is_word(text[0]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!is_word(text[i]) && text[i] != '.' && text[i] != '-')
			return false;
	return true;
}

static bool is_port(const char *text, size_t length)
{
	unsigned int port = 0;

	if (!length || length > 5)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned int)(text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* A name, an IPv4 address, or an IPv6 one in brackets; nothing that ends a URL's host. */
static bool is_registry(const char *text, size_t length)
{
	size_t host = 0;

	if (length && text[0] == '[') {
		const char *end = memchr(text, ']', length);

		if (!end || end == text + 1)
			return false;
		for (host = 1; text + host < end; host++)
			if (!strchr("0123456789abcdefABCDEF:.", text[host]) || !text[host])
				return false;
		host++;
	} else {
		while (host < length && (is_low(text[host]) || (text[host] >= 'A' &&
		       text[host] <= 'Z') || text[host] == '.' || text[host] == '-'))
			host++;
		if (!host || text[0] == '-' || text[0] == '.' || text[host - 1] == '-' ||
		    text[host - 1] == '.')
			return false;
	}
	return host == length || (text[host] == ':' && is_port(text + host + 1, length - host - 1));
}

/* Does what is before the first slash name a registry? */
static bool names_registry(const char *text, size_t length)
{
	return memchr(text, '.', length) || memchr(text, ':', length) ||
	       (length == sizeof(REFERENCE_LOCAL) - 1 &&
		!memcmp(text, REFERENCE_LOCAL, length));
}

static int bad(struct error *err, const char *whole, size_t whole_length, const char *why)
{
	return error_set(err, EINVAL, "image name: \"%.*s\": %s",
			 whole_length > 120 ? 120 : (int)whole_length, whole, why);
}

int reference_parse(const char *text, size_t length, struct reference *reference,
		    struct error *err)
{
	const char *whole = text, *slash, *at, *colon;
	size_t whole_length = length, part;

	memset(reference, 0, sizeof(*reference));
	at = length ? memchr(text, '@', length) : NULL;
	if (at) {
		size_t before = (size_t)(at - text);

		if (!digest_parse(at + 1, length - before - 1, &reference->digest))
			return bad(err, whole, whole_length,
				   "after the @ comes sha256: and 64 hex digits");
		reference->has_digest = true;
		length = before;
	}
	slash = length ? memchr(text, '/', length) : NULL;
	part = slash ? (size_t)(slash - text) : 0;
	if (slash && names_registry(text, part)) {
		if (part >= REFERENCE_REGISTRY || !is_registry(text, part))
			return bad(err, whole, whole_length,
				   "the registry before the first / is HOST or HOST:PORT");
		memcpy(reference->registry, text, part);
		text += part + 1;
		length -= part + 1;
	}
	colon = length ? memrchr(text, ':', length) : NULL;
	if (colon) {
		part = (size_t)(colon - text);
		if (!is_tag(colon + 1, length - part - 1))
			return bad(err, whole, whole_length,
				   "a tag has 1 to 128 letters, digits, _, . and -");
		memcpy(reference->tag, colon + 1, length - part - 1);
		length = part;
	}
	if (!length || length >= REFERENCE_REPOSITORY || !is_repository(text, length))
		return bad(err, whole, whole_length,
			   "a repository has lower-case letters and digits, with ., _, - or / "
			   "between: write registry.example/team/app:1.0");
	memcpy(reference->repository, text, length);
	return 0;
}

void reference_complete(struct reference *reference, const char *registry)
{
	char repository[REFERENCE_REPOSITORY];

	if (!reference->registry[0])
		snprintf(reference->registry, sizeof(reference->registry), "%s", registry);
	if (!strcmp(reference->registry, REFERENCE_PUBLIC) &&
	    !strchr(reference->repository, '/') &&
	    strlen(reference->repository) + sizeof("library/") <= sizeof(repository)) {
		snprintf(repository, sizeof(repository), "library/%.*s",
			 (int)(sizeof(repository) - sizeof("library/")), reference->repository);
		memcpy(reference->repository, repository, sizeof(repository));
	}
	if (!reference->tag[0] && !reference->has_digest)
		memcpy(reference->tag, "latest", sizeof("latest"));
}

char *reference_text(const struct reference *reference, char out[REFERENCE_TEXT])
{
	char digest[DIGEST_TEXT] = "";

	if (reference->has_digest)
		digest_text(&reference->digest, digest);
	snprintf(out, REFERENCE_TEXT, "%s%s%s%s%s%s%s", reference->registry,
		 reference->registry[0] ? "/" : "", reference->repository,
		 reference->tag[0] ? ":" : "", reference->tag, digest[0] ? "@" : "", digest);
	return out;
}
