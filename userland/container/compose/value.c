// SPDX-License-Identifier: GPL-2.0-only
/* Values of a compose file, see file.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

/* Of a text with its variables replaced. */
#define TEXT_MAX	65536
/* Of "${A:-${B:-...}}". */
#define VARIABLE_DEPTH	8
#define DAY_MS		86400000

static const char *kind_name(const struct yaml_value *at)
{
	static const char *const names[] = { "nothing", "a text", "a list", "a map" };

	return names[at->kind];
}

void value_bad(struct values *v, const struct yaml_value *at, const char *key, const char *format,
	       ...)
{
	char text[300];
	va_list args;

	if (v->failed)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->failed = error_set(v->err, EINVAL, "%.120s:%u:%u: %s%s%s%s%s", v->file, at->line,
			      at->column, v->where, *v->where && key ? "." : "", key ? key : "",
			      *v->where || key ? ": " : "", text);
}

static void no_memory(struct values *v)
{
	if (!v->failed)
		v->failed = error_set(v->err, ENOMEM, "%s: no memory", v->file);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct buffer {
	char text[TEXT_MAX];
	size_t used;
	bool full;
};

static void put(struct buffer *b, const char *text, size_t length)
{
	if (length >= TEXT_MAX - b->used) {
		b->full = true;
		return;
	}
	memcpy(b->text + b->used, text, length);
	b->used += length;
}

/* Of the caller, or of what the file itself has said before. */
static const char *look_up(const struct values *v, const char *name)
{
	const size_t length = strlen(name);
	const char *value = v->variable(name);

	for (size_t i = v->more ? v->more->count : 0; !value && i-- > 0;)
		if (!strncmp(v->more->at[i], name, length) && v->more->at[i][length] == '=')
			value = v->more->at[i] + length + 1;
	return value;
}

static void expand(struct values *v, const struct yaml_value *at, const char *key, const char *text,
		   size_t length, struct buffer *b, unsigned int depth);

/* How much there is before the brace that closes; others may open in between. */
static size_t to_the_brace(const char *text, size_t length)
{
	unsigned int open = 1;
	size_t i;

	for (i = 0; i < length; i++) {
		if (text[i] == '$' && i + 1 < length && (text[i + 1] == '$' || text[i + 1] == '{'))
			open += text[++i] == '{';
		else if (text[i] == '}' && !--open)
			break;
	}
	return i;
}

/*
 * ${...}: NAME, NAME-otherwise, NAME+instead, NAME?message; behind a colon an empty one counts as
 * none. Returns how much it used.
 */
static size_t put_braced(struct values *v, const struct yaml_value *at, const char *key,
			 const char *text, size_t length, struct buffer *b, unsigned int depth)
{
	const size_t whole = to_the_brace(text, length);
	size_t name = 0, word;
	char variable[128], operator;
	const char *value;
	bool colon, set;

	while (name < whole && is_word(text[name]))
		name++;
	colon = name < whole && text[name] == ':';
	word = name + colon + 1;
	operator = word <= whole ? text[word - 1] : '\0';
	if (whole == length || !name || name >= sizeof(variable) ||
	    (name < whole && (!operator || !strchr("-+?", operator)))) {
		value_bad(v, at, key, "${%.40s: expected ${NAME}, ${NAME:-otherwise}, ${NAME:+instead} "
			  "or ${NAME:?message}; $$ is a dollar", text);
		return 0;
	}
	snprintf(variable, sizeof(variable), "%.*s", (int)name, text);
	value = look_up(v, variable);
	set = value && (*value || !colon);
	if (name < whole && operator != '?' && set == (operator == '+'))
		expand(v, at, key, text + word, whole - word, b, depth + 1);
	else if (name < whole && operator == '?' && !set)
		value_bad(v, at, key, "${%s}: is not set: %.*s", variable, (int)(whole - word), text + word);
	else if (value && (name == whole || operator != '+'))
		put(b, value, strlen(value));
	return whole + 1;
}

static size_t put_name(struct values *v, const char *text, size_t length, struct buffer *b)
{
	char variable[128];
	const char *value;
	size_t name = 0;

	while (name < length && is_word(text[name]) && name < sizeof(variable) - 1)
		name++;
	snprintf(variable, sizeof(variable), "%.*s", (int)name, text);
	value = look_up(v, variable);
	if (value)
		put(b, value, strlen(value));
	return name;
}

static void expand(struct values *v, const struct yaml_value *at, const char *key, const char *text,
		   size_t length, struct buffer *b, unsigned int depth)
{
	const char *end = text + length;

	if (depth > VARIABLE_DEPTH)
		value_bad(v, at, key, "${...} within ${...}: are nested too deeply");
	while (text < end && !v->failed) {
		const char *dollar = memchr(text, '$', (size_t)(end - text)) ?: end;

		put(b, text, (size_t)(dollar - text));
		text = dollar + 1;
		if (dollar == end)
			break;
		if (text < end && *text == '$')
			put(b, text++, 1);
		else if (text < end && *text == '{')
			text += 1 + put_braced(v, at, key, text + 1, (size_t)(end - text - 1), b, depth);
		else if (text < end && is_word(*text) && (*text < '0' || *text > '9'))
			text += put_name(v, text, (size_t)(end - text), b);
		else
			value_bad(v, at, key, "a lone $: write $$ for a dollar");
	}
}

const char *value_text(struct values *v, const struct yaml_value *at, const char *key)
{
	static struct buffer b;
	const char *made;

	if (v->failed || !at || at->kind == YAML_NOTHING)
		return NULL;
	if (at->kind != YAML_TEXT) {
		value_bad(v, at, key, "expected a text: it is %s", kind_name(at));
		return NULL;
	}
	if (!strchr(at->text, '$'))
		return at->text;
	b.used = 0;
	b.full = false;
	expand(v, at, key, at->text, strlen(at->text), &b, 0);
	if (b.full)
		value_bad(v, at, key, "is longer than %d octets", TEXT_MAX);
	if (v->failed)
		return NULL;
	made = arena_text(v->arena, b.text, b.used);
	if (!made)
		no_memory(v);
	return made;
}

const char *value_text_of(struct values *v, const struct yaml_value *map, const char *key)
{
	return value_text(v, yaml_find(map, key), key);
}

bool value_bool_of(struct values *v, const struct yaml_value *map, const char *key)
{
	const char *text = value_text_of(v, map, key);

	if (!text || !strcmp(text, "false") || !strcmp(text, "no"))
		return false;
	if (strcmp(text, "true") != 0 && strcmp(text, "yes") != 0)
		value_bad(v, yaml_find(map, key), key, "expected true or false: it is \"%.40s\"", text);
	return true;
}

uint64_t value_number_of(struct values *v, const struct yaml_value *map, const char *key,
			 uint64_t least, uint64_t most, uint64_t otherwise)
{
	const char *text = value_text_of(v, map, key);
	uint64_t value = 0;
	const char *at = text;

	if (!text)
		return otherwise;
	while (*at >= '0' && *at <= '9' && value <= most)
		value = value * 10 + (uint64_t)(*at++ - '0');
	if (at != text && !*at && value >= least && value <= most)
		return value;
	value_bad(v, yaml_find(map, key), key, "expected a number from %llu to %llu: it is \"%.40s\"",
		  (unsigned long long)least, (unsigned long long)most, text);
	return otherwise;
}

static const char *take_time(const char *at, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = {
		{ "ms", 1000 }, { "us", 1 }, { "h", 3600000000 }, { "m", 60000000 }, { "s", 1000000 },
	};
	uint64_t value = 0;
	const char *from = at;

	while (*at >= '0' && *at <= '9' && value < DAY_MS)
		value = value * 10 + (uint64_t)(*at++ - '0');
	for (size_t i = 0; at != from && i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].unit);

		if (strncmp(at, units[i].unit, length) != 0)
			continue;
		if (value > (uint64_t)DAY_MS * 1000 / units[i].us)
			return NULL;
		*ms += value * units[i].us / 1000;
		return at + length;
	}
	return NULL;
}

uint64_t value_time_of(struct values *v, const struct yaml_value *map, const char *key,
		       uint64_t otherwise)
{
	const char *text = value_text_of(v, map, key), *at = text;
	uint64_t ms = 0;

	if (!text)
		return otherwise;
	do
		at = take_time(at, &ms);
	while (at && *at);
	if (at && ms <= DAY_MS)
		return ms;
	value_bad(v, yaml_find(map, key), key, "expected a time of at most a day, as in 1m30s or 500ms: "
		  "it is \"%.40s\"", text);
	return otherwise;
}

static struct words make_words(struct values *v, size_t room)
{
	struct words words = { arena_alloc(v->arena, room + 1, sizeof(*words.at)), 0 };

	if (!words.at)
		no_memory(v);
	return words;
}

static void add_word(struct words *words, const char *word)
{
	if (words->at && word)
		words->at[words->count++] = word;
}

struct words value_forms(struct values *v, const struct yaml_value *map, const char *key,
			 value_form form, void *what)
{
	const struct yaml_value *list = yaml_find(map, key);
	struct words words = { NULL, 0 };

	if (v->failed || !list || list->kind == YAML_NOTHING)
		return words;
	if (list->kind == YAML_MAP) {
		value_bad(v, list, key, "expected a list: it is %s", kind_name(list));
		return words;
	}
	words = make_words(v, list->kind == YAML_LIST ? list->count : 1);
	for (size_t i = 0; i < (list->kind == YAML_LIST ? list->count : 1) && !v->failed; i++) {
		const struct yaml_value *item = list->kind == YAML_LIST ? list->items[i] : list;

		if (item->kind != YAML_TEXT && (!form || item->kind != YAML_MAP))
			value_bad(v, item, key, "expected a text%s: it is %s", form ? " or a map" : "",
				  kind_name(item));
		else
			add_word(&words, form ? form(v, item, what) : value_text(v, item, key));
	}
	return words;
}

struct words value_words(struct values *v, const struct yaml_value *map, const char *key)
{
	return value_forms(v, map, key, NULL, NULL);
}

const char *value_pair(struct values *v, const char *name, const char *value)
{
	const char *pair;

	value = value ?: look_up(v, name);
	pair = value ? arena_print(v->arena, "%s=%s", name, value) : name;
	if (!pair)
		no_memory(v);
	return pair;
}

struct words value_pairs(struct values *v, const struct yaml_value *map, const char *key)
{
	const struct yaml_value *at = yaml_find(map, key);
	struct words words;

	if (v->failed || !at || at->kind != YAML_MAP) {
		words = value_words(v, map, key);
		for (size_t i = 0; i < words.count; i++)
			if (words.at[i][0] == '=' || !words.at[i][0])
				value_bad(v, at, key, "expected NAME=VALUE: it is \"%.40s\"",
					  words.at[i]);
		return words;
	}
	words = make_words(v, at->count);
	for (size_t i = 0; i < at->count; i++) {
		const char *name = at->keys[i]->text, *value;

		if (!*name || strchr(name, '='))
			value_bad(v, at->keys[i], key, "expected a name: it is \"%.40s\"", name);
		value = value_text(v, at->items[i], key);
		add_word(&words, value ? value_pair(v, name, value) : name);
	}
	return words;
}

struct words value_env(struct values *v, const struct yaml_value *map, const char *key)
{
	struct words words = value_pairs(v, map, key);

	for (size_t i = 0; i < words.count && !v->failed; i++)
		if (!strchr(words.at[i], '='))
			words.at[i] = value_pair(v, words.at[i], NULL);
	return words;
}

/* As a shell takes a line apart, without anything else that a shell does. */
static struct words split(struct values *v, const struct yaml_value *at, const char *key,
			  const char *text)
{
	struct words words = make_words(v, strlen(text) / 2 + 1);
	char *out = arena_alloc(v->arena, strlen(text) + 2, 1);
	char quote = '\0';
	bool inside = false;

	if (!out || !words.at)
		return no_memory(v), words;
	for (; *text; text++) {
		if (!quote && (*text == ' ' || *text == '\t' || *text == '\n')) {
			if (inside)
				*out++ = '\0';
			inside = false;
			continue;
		}
		if (!inside)
			words.at[words.count++] = out;
		inside = true;
		if (quote ? *text == quote : *text == '\'' || *text == '"')
			quote = quote ? '\0' : *text;
		else if (*text == '\\' && quote != '\'' && text[1])
			*out++ = *++text;
		else
			*out++ = *text;
	}
	if (quote)
		value_bad(v, at, key, "a %c is not closed", quote);
	return words;
}

struct words value_command(struct values *v, const struct yaml_value *map, const char *key)
{
	const struct yaml_value *at = yaml_find(map, key);
	const char *text;

	if (!at || at->kind != YAML_TEXT)
		return value_words(v, map, key);
	text = value_text(v, at, key);
	return text ? split(v, at, key, text) : (struct words){ NULL, 0 };
}

const struct yaml_value *value_map(struct values *v, const struct yaml_value *map, const char *key)
{
	const struct yaml_value *at = yaml_find(map, key);

	if (!at || at->kind == YAML_NOTHING)
		return NULL;
	if (at->kind == YAML_MAP)
		return at;
	value_bad(v, at, key, "expected a map: it is %s", kind_name(at));
	return NULL;
}

void value_known(struct values *v, const struct yaml_value *map, const char *const *known)
{
	char list[220] = "";

	for (size_t i = 0; map && i < map->count && !v->failed; i++) {
		const char *key = map->keys[i]->text;
		size_t k = 0;

		if (!strncmp(key, "x-", 2) || !strcmp(key, "<<"))
			continue;
		while (known[k] && strcmp(known[k], key) != 0)
			k++;
		if (known[k])
			continue;
		for (k = 0; known[k]; k++)
			if (strlen(list) + strlen(known[k]) + 3 < sizeof(list))
				sprintf(list + strlen(list), "%s%s", k ? ", " : "", known[k]);
		value_bad(v, map->keys[i], NULL, "%.40s is not understood: there are %s", key, list);
	}
}

bool value_is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return text && *text && *text != '_' && *text != '-' && strlen(text) <= COMPOSE_NAME &&
	       strspn(text, letters) == strlen(text);
}

bool compose_is_label(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return *text && !strchr("_.-", *text) && strlen(text) <= COMPOSE_NAME &&
	       strspn(text, letters) == strlen(text);
}
