// SPDX-License-Identifier: GPL-2.0-only
/* Values out of JSON, see reader.h. Called by the other files of config/. */
#include "reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

void *reader_alloc(struct reader *r, size_t count, size_t size)
{
	struct chunk *chunk;
	size_t octets;

	if (__builtin_mul_overflow(count, size, &octets) || octets > READER_SIZE)
		chunk = NULL;
	else
		chunk = calloc(1, sizeof(*chunk) + octets);
	if (!chunk) {
		if (!r->failed)
			r->failed = error_set(r->err, ENOMEM, "%s: no memory", r->file);
		return NULL;
	}
	chunk->next = r->chunks;
	r->chunks = chunk;
	return chunk->data;
}

void reader_end(struct reader *r)
{
	struct chunk *chunk = r->chunks, *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	r->chunks = NULL;
	json_object_put(r->json);
	r->json = NULL;
}

/* Line and column of an offset, both from 1, as editors count. */
static void locate(const char *text, size_t offset, unsigned int *line, unsigned int *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset; i++) {
		(*column)++;
		if (text[i] == '\n') {
			(*line)++;
			*column = 1;
		}
	}
}

static bool only_space(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return false;
	return true;
}

int reader_begin(struct reader *r, const char *file, const char *text, size_t length,
		 struct node *root, struct error *err)
{
	json_tokener *tokener;
	enum json_tokener_error failed;
	unsigned int line, column;
	size_t end;

	*r = (struct reader){ .err = err, .file = file };
	*root = (struct node){ .reader = r };
	if (length > READER_SIZE)
		return r->failed = error_set(err, EFBIG, "%s: is larger than %d MiB", file,
					     READER_SIZE >> 20);
	tokener = json_tokener_new_ex(READER_DEPTH);
	if (!tokener)
		return r->failed = error_set(err, ENOMEM, "%s: no memory", file);
	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	r->json = json_tokener_parse_ex(tokener, text, (int)length);
	failed = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	locate(text, end < length ? end : length, &line, &column);
	if (failed == json_tokener_continue)
		return r->failed = error_set(err, EINVAL,
					     "%s: line %u: the JSON text ends too early", file,
					     line);
	if (failed != json_tokener_success)
		return r->failed = error_set(err, EINVAL, "%s: line %u, column %u: not JSON: %s",
					     file, line, column,
					     json_tokener_error_desc(failed));
	if (!only_space(text + end, length - end))
		return r->failed = error_set(err, EINVAL,
					     "%s: line %u, column %u: text after the end", file,
					     line, column);
	if (!json_object_is_type(r->json, json_type_object))
		return r->failed = error_set(err, EINVAL, "%s: expected an object: {...}", file);
	root->value = r->json;
	return 0;
}

/* ".process.args[0]", outermost first. */
static void write_place(const struct node *at, char *text, size_t room)
{
	size_t used;

	if (!at->up)
		return;
	write_place(at->up, text, room);
	used = strlen(text);
	if (at->key)
		snprintf(text + used, room - used, ".%s", at->key);
	else
		snprintf(text + used, room - used, "[%zu]", at->index);
}

void node_bad(const struct node *at, const char *key, const char *format, ...)
{
	char place[200] = "", why[256];
	va_list args;

	if (at->reader->failed)
		return;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	write_place(at, place, sizeof(place));
	at->reader->failed = error_set(at->reader->err, EINVAL, "%s: %s%s%.60s: %s",
				       at->reader->file, place, key ? "." : "", key ? key : "",
				       why);
}

static const char *type_name(const json_object *value)
{
	static const char *const names[] = {
		[json_type_null] = "null",	 [json_type_boolean] = "true or false",
		[json_type_double] = "a number", [json_type_int] = "an integer",
		[json_type_object] = "an object", [json_type_array] = "an array",
		[json_type_string] = "a string",
	};

	return names[json_object_get_type(value)];
}

/* NULL: absent, null, of another type (an error), or there was an error before. */
static json_object *property(const struct node *at, const char *key, enum json_type type)
{
	static const char *const wanted[] = {
		[json_type_boolean] = "true or false", [json_type_int] = "an integer",
		[json_type_object] = "an object",      [json_type_array] = "an array",
		[json_type_string] = "a string",
	};
	json_object *value = NULL;

	if (at->reader->failed || !at->value ||
	    !json_object_object_get_ex(at->value, key, &value) || !value)
		return NULL;
	if (json_object_is_type(value, type))
		return value;
	node_bad(at, key, "expected %s: it is %s", wanted[type], type_name(value));
	return NULL;
}

bool node_has(const struct node *at, const char *key)
{
	json_object *value = NULL;

	return !at->reader->failed && at->value &&
	       json_object_object_get_ex(at->value, key, &value) && value;
}

struct node node_object(const struct node *at, const char *key)
{
	return (struct node){ property(at, key, json_type_object), at, key, 0, at->reader };
}

struct node node_array(const struct node *at, const char *key, size_t *length)
{
	struct node n = { property(at, key, json_type_array), at, key, 0, at->reader };

	*length = n.value ? json_object_array_length(n.value) : 0;
	return n;
}

static json_object *item(const struct node *array, size_t index, enum json_type type,
			 const char *wanted)
{
	struct node n = { NULL, array, NULL, index, array->reader };
	json_object *value;

	if (array->reader->failed || !array->value)
		return NULL;
	value = json_object_array_get_idx(array->value, index);
	if (json_object_is_type(value, type))
		return value;
	node_bad(&n, NULL, "expected %s: it is %s", wanted, type_name(value));
	return NULL;
}

struct node node_item(const struct node *array, size_t index)
{
	return (struct node){ item(array, index, json_type_object, "an object"), array, NULL,
			      index, array->reader };
}

/* A 0 within would hide what follows it from every system call. */
static const char *whole_string(json_object *value)
{
	const char *text = json_object_get_string(value);

	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

const char *node_item_string(const struct node *array, size_t index)
{
	struct node n = { NULL, array, NULL, index, array->reader };
	json_object *value = item(array, index, json_type_string, "a string");
	const char *text = value ? whole_string(value) : "";

	if (!text)
		node_bad(&n, NULL, "has a character 0 within");
	return text ? text : "";
}

/* json-c keeps what does not fit into int64_t as an unsigned one, and clamps what fits neither. */
static bool number_within(json_object *value, int64_t least, uint64_t most, uint64_t *out)
{
	int64_t number = json_object_get_int64(value);

	if (number < 0) {
		*out = (uint64_t)number;
		return number >= least;
	}
	*out = json_object_get_uint64(value);
	return (least <= 0 || *out >= (uint64_t)least) && *out <= most;
}

uint64_t node_item_u64(const struct node *array, size_t index, uint64_t most)
{
	struct node n = { NULL, array, NULL, index, array->reader };
	json_object *value = item(array, index, json_type_int, "an integer");
	uint64_t number = 0;

	if (value && !number_within(value, 0, most, &number))
		node_bad(&n, NULL, "expected an integer from 0 to %llu: it is %s",
			 (unsigned long long)most, json_object_to_json_string(value));
	return number;
}

const char *node_string(const struct node *at, const char *key, const char *otherwise)
{
	json_object *value = property(at, key, json_type_string);
	const char *text = value ? whole_string(value) : otherwise;

	if (value && !text)
		node_bad(at, key, "has a character 0 within");
	return value && !text ? otherwise : text;
}

bool node_bool(const struct node *at, const char *key, bool otherwise)
{
	json_object *value = property(at, key, json_type_boolean);

	return value ? json_object_get_boolean(value) : otherwise;
}

int64_t node_int(const struct node *at, const char *key, int64_t least, int64_t most,
		 int64_t otherwise)
{
	json_object *value = property(at, key, json_type_int);
	uint64_t number;

	if (!value)
		return otherwise;
	if (!number_within(value, least, (uint64_t)most, &number))
		node_bad(at, key, "expected an integer from %lld to %lld: it is %s",
			 (long long)least, (long long)most, json_object_to_json_string(value));
	return (int64_t)number;
}

uint64_t node_u64(const struct node *at, const char *key, uint64_t most, uint64_t otherwise)
{
	json_object *value = property(at, key, json_type_int);
	uint64_t number;

	if (!value)
		return otherwise;
	if (!number_within(value, 0, most, &number))
		node_bad(at, key, "expected an integer from 0 to %llu: it is %s",
			 (unsigned long long)most, json_object_to_json_string(value));
	return number;
}

const char *node_need_string(const struct node *at, const char *key)
{
	if (!node_has(at, key))
		node_bad(at, key, "is missing: expected a string");
	return node_string(at, key, "");
}

uint64_t node_need_u64(const struct node *at, const char *key, uint64_t most)
{
	if (!node_has(at, key))
		node_bad(at, key, "is missing: expected an integer");
	return node_u64(at, key, most, 0);
}

char **node_strings(const struct node *at, const char *key)
{
	size_t length;
	struct node array = node_array(at, key, &length);
	char **strings;

	if (!array.value)
		return NULL;
	strings = reader_alloc(at->reader, length + 1, sizeof(*strings));
	for (size_t i = 0; strings && i < length; i++)
		strings[i] = (char *)node_item_string(&array, i);
	return strings;
}

int node_choice(const struct node *at, const char *key, const char *const *names, int otherwise)
{
	const char *text = node_string(at, key, NULL);
	char list[200] = "";

	if (!text)
		return otherwise;
	for (int i = 0; names[i]; i++) {
		size_t used = strlen(list);

		if (!strcmp(text, names[i]))
			return i;
		snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
	}
	node_bad(at, key, "expected one of %s: it is \"%.60s\"", list, text);
	return -1;
}
