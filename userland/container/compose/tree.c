// SPDX-License-Identifier: GPL-2.0-only
/* From libyaml's events to a tree, see tree.h. Called by file.c. */
#include "tree.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <yaml.h>

/* What is merged may merge itself, but not for ever. */
#define MERGE_DEPTH	4

struct anchor {
	const char *name;
	struct yaml_value *value;
	struct anchor *next;
};

struct builder {
	struct arena *arena;
	const char *file;
	yaml_parser_t parser;
	struct anchor *anchors;
	unsigned int values;
	struct error *err;
};

static int bad(struct builder *b, const yaml_mark_t *mark, int errnum, const char *what)
{
	return error_set(b->err, errnum, "%s:%zu:%zu: %s", b->file, mark->line + 1, mark->column + 1,
			 what);
}

static int no_memory(struct builder *b)
{
	return error_set(b->err, ENOMEM, "%s: no memory", b->file);
}

static int next(struct builder *b, yaml_event_t *event)
{
	const yaml_parser_t *p = &b->parser;

	if (yaml_parser_parse(&b->parser, event))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		return no_memory(b);
	/* Of octets that are no text libyaml tells the place in octets. */
	if (p->error == YAML_READER_ERROR)
		return error_set(b->err, EINVAL, "%s: octet %zu: %s: expected UTF-8", b->file,
				 p->problem_offset, p->problem ? p->problem : "is no text");
	return error_set(b->err, EINVAL, "%s:%zu:%zu: %s%s%s", b->file, p->problem_mark.line + 1,
			 p->problem_mark.column + 1, p->problem ? p->problem : "is not YAML",
			 p->context ? ", " : "", p->context ? p->context : "");
}

static struct yaml_value *make(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
	struct yaml_value *value = arena_alloc(b->arena, 1, sizeof(*value));

	if (!value)
		return NULL;
	value->kind = kind;
	value->line = (unsigned int)event->start_mark.line + 1;
	value->column = (unsigned int)event->start_mark.column + 1;
	return value;
}

/* An anchor counts when its value is whole: so nothing can lie in itself. */
static int name_it(struct builder *b, const yaml_char_t *name, struct yaml_value *value)
{
	struct anchor *anchor;

	if (!name)
		return 0;
	anchor = arena_alloc(b->arena, 1, sizeof(*anchor));
	if (!anchor)
		return no_memory(b);
	*anchor = (struct anchor){ (const char *)name, value, b->anchors };
	b->anchors = anchor;
	return 0;
}

static int add(struct builder *b, struct yaml_value *to, struct yaml_value *key,
	       struct yaml_value *item, size_t *room)
{
	if (to->count == *room) {
		size_t more = *room ? *room * 2 : 8;
		struct yaml_value **items = arena_alloc(b->arena, more, sizeof(*items));
		struct yaml_value **keys = arena_alloc(b->arena, more, sizeof(*keys));

		if (!items || !keys)
			return no_memory(b);
		if (to->count) {
			memcpy(items, to->items, to->count * sizeof(*items));
			memcpy(keys, to->keys, to->count * sizeof(*keys));
		}
		to->items = items;
		to->keys = keys;
		*room = more;
	}
	to->keys[to->count] = key;
	to->items[to->count++] = item;
	return 0;
}

static int take(struct builder *b, yaml_event_t *event, unsigned int depth,
		struct yaml_value **value);

static int take_text(struct builder *b, const yaml_event_t *event, struct yaml_value **value)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;

	*value = make(b, event, YAML_TEXT);
	if (!*value)
		return no_memory(b);
	if (memchr(text, '\0', length))
		return bad(b, &event->start_mark, EINVAL, "a text with a NUL in it");
	(*value)->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	(*value)->text = arena_text(b->arena, text, length);
	if (!(*value)->text)
		return no_memory(b);
	if ((*value)->plain && (!length || !strcmp(text, "~") || !strcmp(text, "null")))
		(*value)->kind = YAML_NOTHING;
	return 0;
}

static int take_alias(struct builder *b, const yaml_event_t *event, struct yaml_value **value)
{
	for (const struct anchor *a = b->anchors; a; a = a->next)
		if (!strcmp(a->name, (const char *)event->data.alias.anchor)) {
			*value = a->value;
			return 0;
		}
	return bad(b, &event->start_mark, EINVAL, "*...: no value before this one has that anchor");
}

static int check_key(struct builder *b, const struct yaml_value *map, const struct yaml_value *key,
		     const yaml_mark_t *mark)
{
	if (key->kind != YAML_TEXT)
		return bad(b, mark, EINVAL, "a key was expected, which is a text");
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i]->text, key->text) && strcmp(key->text, "<<") != 0)
			return error_set(b->err, EINVAL, "%s:%u:%u: %.60s: is there already, in line %u",
					 b->file, key->line, key->column, key->text,
					 map->keys[i]->line);
	return 0;
}

static int take_members(struct builder *b, struct yaml_value *into, bool map, unsigned int depth)
{
	yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct yaml_value *key = NULL, *item;
	yaml_event_t event;
	size_t room = 0;
	int ret;

	for (;;) {
		ret = next(b, &event);
		if (ret)
			return ret;
		if (event.type == end) {
			yaml_event_delete(&event);
			return 0;
		}
		ret = take(b, &event, depth, &item);
		if (!ret && map && !key) {
			key = item;
			ret = check_key(b, into, key, &event.start_mark);
		} else if (!ret) {
			ret = add(b, into, key, item, &room);
			key = NULL;
		}
		yaml_event_delete(&event);
		if (ret)
			return ret;
	}
}

static int take_group(struct builder *b, const yaml_event_t *event, bool map, unsigned int depth,
		      struct yaml_value **value)
{
	const yaml_char_t *anchor = map ? event->data.mapping_start.anchor
					: event->data.sequence_start.anchor;
	char *name = NULL;
	int ret;

	if (depth == YAML_DEPTH)
		return bad(b, &event->start_mark, EINVAL, "is nested too deeply");
	*value = make(b, event, map ? YAML_MAP : YAML_LIST);
	if (anchor)
		name = arena_text(b->arena, (const char *)anchor, strlen((const char *)anchor));
	if (!*value || (anchor && !name))
		return no_memory(b);
	ret = take_members(b, *value, map, depth + 1);
	return ret ? ret : name_it(b, (yaml_char_t *)name, *value);
}

static int take(struct builder *b, yaml_event_t *event, unsigned int depth,
		struct yaml_value **value)
{
	char *name;
	int ret;

	if (++b->values > YAML_VALUES)
		return bad(b, &event->start_mark, EFBIG, "here are too many values");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		ret = take_text(b, event, value);
		if (ret || !event->data.scalar.anchor)
			return ret;
		name = arena_text(b->arena, (const char *)event->data.scalar.anchor,
				  strlen((const char *)event->data.scalar.anchor));
		return name ? name_it(b, (yaml_char_t *)name, *value) : no_memory(b);
	case YAML_ALIAS_EVENT:
		return take_alias(b, event, value);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return take_group(b, event, event->type == YAML_MAPPING_START_EVENT, depth, value);
	default:
		return bad(b, &event->start_mark, EINVAL, "a value was expected");
	}
}

static int take_document(struct builder *b, struct yaml_value **root)
{
	static const yaml_event_type_t frame[] = { YAML_STREAM_START_EVENT,
						   YAML_DOCUMENT_START_EVENT };
	yaml_event_t event;
	int ret;

	for (int i = 0; i < 2; i++) {
		ret = next(b, &event);
		if (ret)
			return ret;
		if (event.type != frame[i])
			ret = bad(b, &event.start_mark, EINVAL, "is empty: expected services:");
		yaml_event_delete(&event);
		if (ret)
			return ret;
	}
	ret = next(b, &event);
	if (ret)
		return ret;
	ret = take(b, &event, 0, root);
	yaml_event_delete(&event);
	for (int i = 0; i < 2 && !ret; i++) {
		ret = next(b, &event);
		if (ret)
			return ret;
		if (i && event.type != YAML_STREAM_END_EVENT)
			ret = bad(b, &event.start_mark, EINVAL, "a second document begins: expected one");
		yaml_event_delete(&event);
	}
	return ret;
}

int yaml_read(struct arena *arena, const char *file, const char *text, size_t length,
	      struct yaml_value **root, struct error *err)
{
	struct builder b = { .arena = arena, .file = file, .err = err };
	int ret;

	if (length > YAML_SIZE)
		return error_set(err, EFBIG, "%s: is larger than %d MiB", file, YAML_SIZE >> 20);
	if (!yaml_parser_initialize(&b.parser))
		return no_memory(&b);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, length);
	ret = take_document(&b, root);
	yaml_parser_delete(&b.parser);
	return ret;
}

/* "<<: *other", or a list of them, of which the first counts (YAML merge key). */
static struct yaml_value *find(const struct yaml_value *map, const char *key, unsigned int depth)
{
	struct yaml_value *found = NULL;

	if (!map || map->kind != YAML_MAP || depth == MERGE_DEPTH)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i]->text, key))
			return map->items[i];
	for (size_t i = 0; !found && i < map->count; i++) {
		const struct yaml_value *from = map->items[i];

		if (strcmp(map->keys[i]->text, "<<") != 0)
			continue;
		found = find(from, key, depth + 1);
		for (size_t k = 0; !found && from->kind == YAML_LIST && k < from->count; k++)
			found = find(from->items[k], key, depth + 1);
	}
	return found;
}

struct yaml_value *yaml_find(const struct yaml_value *map, const char *key)
{
	return find(map, key, 0);
}
