/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of images: [REGISTRY/]REPOSITORY[:TAG][@DIGEST]. */
#ifndef CELL_IMAGE_REFERENCE_H
#define CELL_IMAGE_REFERENCE_H

#include "digest.h"
#include "error.h"

#define REFERENCE_REGISTRY 256
#define REFERENCE_REPOSITORY 256
#define REFERENCE_TAG 129
#define REFERENCE_TEXT (REFERENCE_REGISTRY + REFERENCE_REPOSITORY + REFERENCE_TAG + DIGEST_TEXT)

/* Who has images that name no registry: those pulled, and those made here. */
#define REFERENCE_PUBLIC "docker.io"
#define REFERENCE_LOCAL "localhost"

/**
 * struct reference - a name, taken apart
 * @registry: HOST or HOST:PORT; empty: it names none
 * @repository: lower-case components with slashes between
 * @tag: empty: none
 * @has_digest: whether @digest is said
 */
struct reference {
	char registry[REFERENCE_REGISTRY];
	char repository[REFERENCE_REPOSITORY];
	char tag[REFERENCE_TAG];
	bool has_digest;
	struct digest digest;
};

/**
 * reference_parse() - take a name apart
 * @text: need not end with a NUL
 * @length: of @text, octets
 * @reference: set if it returns 0
 * @err: what is wrong with it
 *
 * The grammar is that of OCI distribution-spec, "Pulling manifests", and of the clients: what is
 * before the first slash is a registry if it has a dot or a colon, or is "localhost".
 *
 * Return: 0 or -EINVAL.
 */
int reference_parse(const char *text, size_t length, struct reference *reference,
		    struct error *err);

/*
 * Say what was left out: the registry, and the tag "latest" if there is no digest either. In
 * docker.io a repository of one component is in library/.
 */
void reference_complete(struct reference *reference, const char *registry);

/* As it is written; returns @out. */
char *reference_text(const struct reference *reference, char out[REFERENCE_TEXT]);

#endif
