/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words of a statement, as the Dockerfile reference ("Environment replacement") has them: quotes,
 * escapes, and $NAME, ${NAME}, ${NAME:-WORD}, ${NAME:+WORD}, ${NAME:?WORD}, each also without
 * the colon.
 */
#ifndef CELL_IMAGE_BUILD_WORDS_H
#define CELL_IMAGE_BUILD_WORDS_H

#include <stddef.h>

#include "error.h"

/* Octets that one word may become: ENV A=$A$A grows without bound. */
#define WORD_MOST (64 << 10)
#define WORDS_DEPTH 8

/**
 * struct words - words, the caller's to free
 * @at: each its own
 * @count: of @at
 */
struct words {
	char **at;
	size_t count;
};

void words_free(struct words *words);
int words_add(struct words *words, const char *word, size_t length);

#define cleanup_words __attribute__((cleanup(words_free)))

/* The value of a variable, or NULL; @name need not end with a NUL. */
typedef const char *(*words_lookup)(void *context, const char *name, size_t length);

/* Words between spaces, quotes and all. 0 or -ENOMEM. */
int words_split(const char *text, struct words *words);

/* Words between spaces that are neither in quotes nor escaped. 0, -EINVAL or -ENOMEM. */
int words_split_quoted(const char *text, char escape, struct words *words, struct error *err);

/**
 * word_expand() - quotes removed, variables replaced
 * @word: one
 * @escape: '\\' or '`'
 * @lookup: says values
 * @context: for it
 * @out: the caller's to free if it returns 0
 * @err: what is wrong with the word
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int word_expand(const char *word, char escape, words_lookup lookup, void *context, char **out,
		struct error *err);

#endif
