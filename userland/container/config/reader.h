/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values out of JSON, with errors that name the place: ".linux.resources.pids.limit: expected an
 * integer: it is a string". The first error stays and everything after it answers as if absent,
 * so that code which reads twenty properties checks once, at the end.
 */
#ifndef CELL_CONFIG_READER_H
#define CELL_CONFIG_READER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Deeper than any configuration, and shallow enough for the stack. */
#define READER_DEPTH	32
/* Of one file: a configuration, a manifest. */
#define READER_SIZE	(4 << 20)

/**
 * struct reader - one document
 * @failed: negative errno of the first error, or 0
 * @err: where its message went
 * @file: name for messages
 * @chunks: memory given out by reader_alloc()
 * @json: the whole; strings that are given out lie in it
 */
struct reader {
	int failed;
	struct error *err;
	const char *file;
	void *chunks;
	json_object *json;
};

/**
 * struct node - one value of it, and how one got there
 * @value: NULL: absent
 * @up: what it lies in; NULL: it is the document
 * @key: its name there, or NULL
 * @index: its place there, if it has no name
 * @reader: the document
 */
struct node {
	json_object *value;
	const struct node *up;
	const char *key;
	size_t index;
	struct reader *reader;
};

/**
 * reader_begin() - parse a document
 * @r: filled; reader_end() in any case
 * @file: name for messages; must live as long
 * @text: of @length octets
 * @root: its outermost value, which must be an object
 * @err: message with line and column, if it is no JSON
 *
 * Return: 0 or -EINVAL.
 */
int reader_begin(struct reader *r, const char *file, const char *text, size_t length,
		 struct node *root, struct error *err);

/* Gives back all memory, also what reader_alloc() gave. */
void reader_end(struct reader *r);

/* Zeroed memory that lives until reader_end(); NULL and r->failed when there is none. */
void *reader_alloc(struct reader *r, size_t count, size_t size);

/* Record that @at (or its property @key, if not NULL) is bad. The first call counts. */
void node_bad(const struct node *at, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The property @key, an object or array; a node with value NULL if it is absent or null. */
struct node node_object(const struct node *at, const char *key);
struct node node_array(const struct node *at, const char *key, size_t *length);

/* Element @index of an array, which must be an object; likewise a string; likewise a number. */
struct node node_item(const struct node *array, size_t index);
const char *node_item_string(const struct node *array, size_t index);
uint64_t node_item_u64(const struct node *array, size_t index, uint64_t most);

/* Is there a property @key that is not null? */
bool node_has(const struct node *at, const char *key);

/* Scalars: absent gives @otherwise, out of bounds or of another type is an error. */
const char *node_string(const struct node *at, const char *key, const char *otherwise);
bool node_bool(const struct node *at, const char *key, bool otherwise);
int64_t node_int(const struct node *at, const char *key, int64_t least, int64_t most,
		 int64_t otherwise);
uint64_t node_u64(const struct node *at, const char *key, uint64_t most, uint64_t otherwise);

/* The same, where it must not be absent. */
const char *node_need_string(const struct node *at, const char *key);
uint64_t node_need_u64(const struct node *at, const char *key, uint64_t most);

/* An array of strings as a NULL-terminated vector; NULL if it is absent. */
char **node_strings(const struct node *at, const char *key);

/* Which of @names (NULL-terminated) the string is; -1 and an error that lists them if none. */
int node_choice(const struct node *at, const char *key, const char *const *names, int otherwise);

#endif
