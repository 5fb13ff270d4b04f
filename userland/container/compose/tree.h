/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML document as a tree whose every value knows its line and column, on top of libyaml.
 * Anchors and aliases are the same value twice, "<<" merges mappings; nothing contains itself.
 */
#ifndef CELL_COMPOSE_TREE_H
#define CELL_COMPOSE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define YAML_SIZE	(1 << 20)	/* octets of a file */
#define YAML_DEPTH	32
#define YAML_VALUES	65536

enum yaml_kind {
	YAML_NOTHING,	/* null, ~ or not there */
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

/**
 * struct yaml_value - one
 * @line: from 1; @column likewise
 * @text: of YAML_TEXT
 * @plain: it was written without quotes
 * @items: of a list; of a map the values, with @keys beside them
 * @count: of @items
 */
struct yaml_value {
	enum yaml_kind kind;
	unsigned int line;
	unsigned int column;
	const char *text;
	bool plain;
	struct yaml_value **items;
	struct yaml_value **keys;
	size_t count;
};

/* Memory that goes as a whole. Zeroed; NULL when there is none. */
struct arena {
	void *chunks;
};

void *arena_alloc(struct arena *arena, size_t count, size_t size);
char *arena_text(struct arena *arena, const char *text, size_t length);
char *arena_print(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

/**
 * yaml_read() - parse
 * @arena: holds the tree
 * @file: for messages: "FILE:LINE:COLUMN: what is wrong"
 * @text: of @length octets; one document
 * @root: the outermost value
 * @err: message
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int yaml_read(struct arena *arena, const char *file, const char *text, size_t length,
	      struct yaml_value **root, struct error *err);

/* The value of @key, or NULL. */
struct yaml_value *yaml_find(const struct yaml_value *map, const char *key);

#endif
