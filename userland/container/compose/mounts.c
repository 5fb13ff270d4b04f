// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of the host a service sees in its files: volumes, tmpfs, secrets. The long forms become the
 * words of cell run that the short ones are. See file.h; called by service.c.
 */
#include <stdio.h>
#include <string.h>

#include "../run/run.h"
#include "file.h"

/* A part of a word whose parts are apart by colons. */
static const char *part_of(struct values *v, const struct yaml_value *map, const char *key)
{
	const char *text = value_text_of(v, map, key);

	if (text && (!*text || strchr(text, ':')))
		value_bad(v, yaml_find(map, key), key, "\"%.60s\": expected a path without a colon",
			  text);
	return text;
}

static const char *target_of(struct values *v, const struct yaml_value *map, const char *key)
{
	const char *target = part_of(v, map, "target");

	if (!target || target[0] != '/')
		value_bad(v, target ? yaml_find(map, "target") : map, key, "expected target: an absolute "
			  "path");
	return target;
}

static const char *long_bind(struct values *v, const struct yaml_value *map)
{
	static const char *const known[] = { "create_host_path", NULL };
	const struct yaml_value *bind = value_map(v, map, "bind");
	const char *source = part_of(v, map, "source"), *target = target_of(v, map, "volumes");

	value_known(v, bind, known);
	if (bind && value_bool_of(v, bind, "create_host_path"))
		value_bad(v, yaml_find(bind, "create_host_path"), "volumes", "create_host_path: expected "
			  "false: a folder is made by whoever owns it");
	if (!source)
		value_bad(v, map, "volumes", "expected source: a folder or file of the host");
	if (v->failed)
		return NULL;
	return arena_print(v->arena, "%s%s:%s%s", source[0] == '/' || source[0] == '.' ? "" : "./",
			   source, target, value_bool_of(v, map, "read_only") ? ":ro" : "");
}

static const char *long_named(struct values *v, const struct yaml_value *map)
{
	const char *source = part_of(v, map, "source"), *target = target_of(v, map, "volumes");

	if (!source || source[0] == '.' || strchr(source, '/'))
		value_bad(v, source ? yaml_find(map, "source") : map, "volumes", "expected source: a name "
			  "of the file's volumes");
	if (v->failed)
		return NULL;
	return arena_print(v->arena, "%s:%s%s", source, target,
			   value_bool_of(v, map, "read_only") ? ":ro" : "");
}

static void long_tmpfs(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	static const char *const known[] = { "size", NULL };
	const struct yaml_value *tmpfs = value_map(v, map, "tmpfs");
	const char *target = target_of(v, map, "volumes"), *size, *word;
	struct error why;
	int64_t octets;

	value_known(v, tmpfs, known);
	size = tmpfs ? value_text_of(v, tmpfs, "size") : NULL;
	if (size && run_read_size("size", size, &octets, &why))
		value_bad(v, yaml_find(tmpfs, "size"), "volumes", "%s", why.text);
	if (yaml_find(map, "source") || value_bool_of(v, map, "read_only"))
		value_bad(v, map, "volumes", "type: tmpfs has neither source nor read_only");
	if (v->failed)
		return;
	word = arena_print(v->arena, "%s%s%s", target, size ? ":" : "", size ? size : "");
	if (word)
		s->tmpfs.at[s->tmpfs.count++] = word;
}

/* NULL without an error: it is among the tmpfs. */
static const char *long_volume(struct values *v, const struct yaml_value *map,
			       struct compose_service *s)
{
	static const char *const known[] = { "type", "source", "target", "read_only", "bind", "tmpfs",
					     NULL };
	const char *type = value_text_of(v, map, "type");
	const bool bind = type && !strcmp(type, "bind"), tmpfs = type && !strcmp(type, "tmpfs");

	value_known(v, map, known);
	if (!type || (!bind && !tmpfs && strcmp(type, "volume") != 0))
		value_bad(v, type ? yaml_find(map, "type") : map, "volumes",
			  "expected type: bind, volume or tmpfs");
	if (!bind && yaml_find(map, "bind"))
		value_bad(v, yaml_find(map, "bind"), "volumes", "bind: goes with type: bind");
	if (!tmpfs && yaml_find(map, "tmpfs"))
		value_bad(v, yaml_find(map, "tmpfs"), "volumes", "tmpfs: goes with type: tmpfs");
	if (v->failed)
		return NULL;
	if (bind)
		return long_bind(v, map);
	if (!tmpfs)
		return long_named(v, map);
	long_tmpfs(v, map, s);
	return NULL;
}

static const char *volume(struct values *v, const struct yaml_value *item, void *what)
{
	const char *word = item->kind == YAML_MAP ? long_volume(v, item, what)
						  : value_text(v, item, "volumes");
	struct run_volume ignored;
	struct error why;

	if (word && run_read_volume(word, &ignored, &why))
		value_bad(v, item, "volumes", "%s", why.text);
	return word;
}

void compose_read_volumes(struct values *v, const struct yaml_value *at, struct compose_service *s)
{
	const struct yaml_value *volumes = yaml_find(at, "volumes");
	struct words tmpfs = value_words(v, at, "tmpfs");

	s->tmpfs.at = arena_alloc(v->arena, tmpfs.count + (volumes ? volumes->count : 0) + 1,
				  sizeof(*s->tmpfs.at));
	if (!s->tmpfs.at)
		return;
	for (; !v->failed && s->tmpfs.count < tmpfs.count; s->tmpfs.count++) {
		const char *word = tmpfs.at[s->tmpfs.count];

		s->tmpfs.at[s->tmpfs.count] = word;
		if (word[0] != '/')
			value_bad(v, yaml_find(at, "tmpfs"), "tmpfs", "%.60s: expected an absolute path",
				  word);
	}
	s->volumes = value_forms(v, at, "volumes", volume, s);
}

/* In octal, as it is written everywhere: 0440. */
static unsigned int mode_of(struct values *v, const struct yaml_value *map)
{
	const char *text = value_text_of(v, map, "mode"), *digits = text;
	unsigned int mode = 0;

	if (!text)
		return COMPOSE_SECRET_MODE;
	if (!strncmp(digits, "0o", 2))
		digits += 2;
	if (text[0] == '0' && *digits && strlen(digits) <= 5 &&
	    strspn(digits, "01234567") == strlen(digits))
		for (; *digits; digits++)
			mode = mode * 8 + (unsigned int)(*digits - '0');
	if (!mode || mode > 0777)
		value_bad(v, yaml_find(map, "mode"), "secrets", "mode %.20s: expected octal digits, as in "
			  "0440", text);
	return mode;
}

static void read_secret(struct values *v, const struct yaml_value *item, struct compose_grant *grant)
{
	static const char *const known[] = { "source", "target", "mode", NULL };
	const char *target = NULL;

	*grant = (struct compose_grant){ .mode = COMPOSE_SECRET_MODE, .line = item->line,
					 .column = item->column };
	if (item->kind == YAML_MAP) {
		value_known(v, item, known);
		grant->secret = value_text_of(v, item, "source");
		target = part_of(v, item, "target");
		grant->mode = mode_of(v, item);
	} else {
		grant->secret = value_text(v, item, "secrets");
	}
	if (!grant->secret)
		value_bad(v, item, "secrets", "expected source: a name of the file's secrets");
	if (v->failed || !grant->secret)
		return;
	target = target ?: grant->secret;
	grant->target = target[0] == '/' ? target : arena_print(v->arena, "/run/secrets/%s", target);
	if (!grant->target)
		value_bad(v, item, "secrets", "no memory");
}

void compose_read_grants(struct values *v, const struct yaml_value *at, struct compose_service *s)
{
	const struct yaml_value *list = yaml_find(at, "secrets");

	if (!list || list->kind == YAML_NOTHING || v->failed)
		return;
	if (list->kind != YAML_LIST) {
		value_bad(v, list, "secrets", "expected a list of secrets");
		return;
	}
	s->grants = arena_alloc(v->arena, list->count + 1, sizeof(*s->grants));
	for (size_t i = 0; s->grants && i < list->count && !v->failed; i++) {
		read_secret(v, list->items[i], &s->grants[i]);
		s->grant_count += !v->failed;
		for (size_t k = 0; k < i && !v->failed; k++)
			/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): read ones have it */
			if (!strcmp(s->grants[k].target, s->grants[i].target))
				value_bad(v, list->items[i], "secrets", "%.80s: has a secret already",
					  s->grants[i].target);
	}
}
