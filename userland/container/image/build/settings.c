// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that only change the config: ENV, LABEL, EXPOSE, USER, CMD and so on. What each
 * field means is in OCI image-spec config.md; "Healthcheck" and "Shell" are Docker's, which
 * other tools keep and read. Called by plan.c.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "stage.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "build: out of memory");
}

static int set(struct stage *stage, const char *key, json_object *value, struct error *err)
{
	return value && !json_object_object_add(stage->run, key, value) ? 0 : no_memory(err);
}

/* A member of "config" of this type; what has another is replaced. */
static json_object *need(struct stage *stage, const char *key, enum json_type type)
{
	json_object *value;

	if (json_object_object_get_ex(stage->run, key, &value) && json_object_is_type(value, type))
		return value;
	value = type == json_type_array ? json_object_new_array() : json_object_new_object();
	json_object_object_add(stage->run, key, value);
	return value;
}

/* --- NAME=VALUE --- */

static int set_env(struct stage *stage, const char *name, const char *value, struct error *err)
{
	json_object *env = need(stage, "Env", json_type_array), *item;
	size_t length = strlen(name), count = json_object_array_length(env), i;
	cleanup_free char *text = NULL;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return no_memory(err);
	item = json_object_new_string(text);
	for (i = 0; i < count; i++) {
		const char *old = json_object_get_string(json_object_array_get_idx(env, i));

		if (!strncmp(old, name, length) && old[length] == '=')
			break;
	}
	return json_object_array_put_idx(env, i, item) ? no_memory(err) : 0;
}

static int set_one(struct stage *stage, enum instruction kind, const char *name,
		   const char *value, struct error *err)
{
	json_object *labels;

	if (kind == INSTRUCTION_ENV)
		return set_env(stage, name, value, err);
	labels = need(stage, "Labels", json_type_object);
	return json_object_object_add(labels, name, json_object_new_string(value)) ? no_memory(err)
										   : 0;
}

/* The "=" that ends a name, outside of quotes. */
static char *equals_of(char *word)
{
	char quote = '\0';

	for (; *word; word++) {
		if (quote)
			quote = *word == quote ? '\0' : quote;
		else if (*word == '"' || *word == '\'')
			quote = *word;
		else if (*word == '=')
			return word;
	}
	return NULL;
}

static int expand_pair(struct build *build, struct stage *stage, const struct statement *s,
		       char *word, struct words *pairs, struct error *err)
{
	cleanup_free char *name = NULL, *value = NULL;
	char *equals = equals_of(word);
	int ret;

	if (!equals || equals == word)
		return statement_error(&build->file, s, EINVAL, err, "\"%.60s\": expected NAME=VALUE",
				       word);
	*equals = '\0';
	ret = stage_expand(build, stage, s, word, &name, err);
	if (!ret)
		ret = stage_expand(build, stage, s, equals + 1, &value, err);
	if (!ret && (!name[0] || (s->kind == INSTRUCTION_ENV && strchr(name, '='))))
		ret = statement_error(&build->file, s, EINVAL, err, "\"%.60s\": is no name", word);
	if (!ret && (words_add(pairs, name, strlen(name)) || words_add(pairs, value, strlen(value))))
		ret = no_memory(err);
	return ret;
}

/* All are expanded by the values before the instruction. */
static int apply_pairs(struct build *build, struct stage *stage, const struct statement *s,
		       struct error *err)
{
	cleanup_words struct words words = { NULL, 0 }, pairs = { NULL, 0 };
	struct error inner;
	char *space;
	int ret = words_split_quoted(s->text, build->file.escape, &words, &inner);

	if (ret)
		return statement_error(&build->file, s, -ret, err, "%.300s", inner.text);
	/* "ENV NAME VALUE": the old form, where the value is all that follows. */
	if (!equals_of(words.at[0]) && words.count > 1) {
		cleanup_free char *name = strdup(s->text), *value = NULL;

		if (!name)
			return no_memory(err);
		space = name + strcspn(name, " \t");
		*space++ = '\0';
		space += strspn(space, " \t");
		ret = stage_expand(build, stage, s, space, &value, err);
		return ret ? ret : set_one(stage, s->kind, name, value, err);
	}
	for (size_t i = 0; !ret && i < words.count; i++)
		ret = expand_pair(build, stage, s, words.at[i], &pairs, err);
	for (size_t i = 0; !ret && i + 1 < pairs.count; i += 2)
		ret = set_one(stage, s->kind, pairs.at[i], pairs.at[i + 1], err);
	return ret;
}

static const char *predefined(const char *name)
{
	static struct platform host;

	platform_host(&host);
	if (!strcmp(name, "TARGETOS") || !strcmp(name, "BUILDOS"))
		return host.os;
	if (!strcmp(name, "TARGETARCH") || !strcmp(name, "BUILDARCH"))
		return host.architecture;
	return NULL;
}

/* ARG, in a stage, or before the first: then @stage is only there for its list. */
static int apply_arguments(struct build *build, struct stage *stage, const struct statement *s,
			   struct error *err)
{
	const struct build_options *options = build->options;
	cleanup_words struct words words = { NULL, 0 };
	struct error inner;
	int ret = words_split_quoted(s->text, build->file.escape, &words, &inner);

	if (ret)
		return statement_error(&build->file, s, -ret, err, "%.300s", inner.text);
	for (size_t i = 0; !ret && i < words.count; i++) {
		cleanup_free char *expanded = NULL;
		size_t length = strcspn(words.at[i], "=");
		const char *value = assignment_find(&options->arguments, words.at[i], length);

		if (!length || words.at[i][strspn(words.at[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						  "abcdefghijklmnopqrstuvwxyz0123456789_")] !=
			       words.at[i][length])
			return statement_error(&build->file, s, EINVAL, err,
					       "\"%.60s\": expected NAME or NAME=VALUE", words.at[i]);
		for (size_t k = 0; value && k < options->arguments.count; k++)
			build->used[k] |= !strncmp(options->arguments.at[k], words.at[i], length) &&
					  options->arguments.at[k][length] == '=';
		if (!value && words.at[i][length]) {
			ret = stage_expand(build, stage, s, words.at[i] + length + 1, &expanded, err);
			value = expanded;
		} else if (!value) {
			value = assignment_find(&build->globals, words.at[i], length);
			value = value ? value : predefined(words.at[i]);
		}
		if (!ret && value && assignment_set(&stage->arguments, words.at[i], length, value))
			ret = no_memory(err);
	}
	return ret;
}

/* --- commands --- */

json_object *settings_command(const struct stage *stage, json_object *list, const char *text)
{
	json_object *command = json_object_new_array(), *shell;

	if (!command)
		return NULL;
	if (!list && json_object_object_get_ex(stage->run, "Shell", &shell) &&
	    json_object_is_type(shell, json_type_array) && json_object_array_length(shell)) {
		for (size_t i = 0; i < json_object_array_length(shell); i++)
			json_object_array_add(command, json_object_get(
				json_object_array_get_idx(shell, i)));
	} else if (!list) {
		json_object_array_add(command, json_object_new_string("/bin/sh"));
		json_object_array_add(command, json_object_new_string("-c"));
	}
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		json_object_array_add(command, json_object_get(json_object_array_get_idx(list, i)));
	if (!list)
		json_object_array_add(command, json_object_new_string(text));
	return command;
}

static int apply_command(struct stage *stage, const struct statement *s, struct error *err)
{
	if (s->kind == INSTRUCTION_CMD) {
		stage->cmd_set = true;
		return set(stage, "Cmd", settings_command(stage, s->list, s->text), err);
	}
	/* The words that the base had for its own program are none for this one. */
	if (!stage->cmd_set)
		json_object_object_del(stage->run, "Cmd");
	return set(stage, "Entrypoint", settings_command(stage, s->list, s->text), err);
}

/* "1m30s": nanoseconds, as Go writes durations. */
static int parse_duration(const char *text, int64_t *out)
{
	static const struct {
		const char *unit;
		double factor;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	double sum = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		size_t digits = strspn(text, "0123456789."), letters, i;
		char *end;
		double value = strtod(text, &end);

		letters = strspn(text + digits, "abcdefghijklmnopqrstuvwxyz");
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].unit) == letters &&
			    !memcmp(units[i].unit, text + digits, letters))
				break;
		if (!digits || end != text + digits || i == sizeof(units) / sizeof(units[0]))
			return -EINVAL;
		sum += value * units[i].factor;
		text += digits + letters;
	}
	*out = (int64_t)sum;
	/* Docker's engine takes nothing below a millisecond, but zero for "as usual". */
	return sum < 9e18 && (sum >= 1e6 || !*out) ? 0 : -EINVAL;
}

static int health_flags(struct build *build, const struct statement *s, json_object *health,
			struct error *err)
{
	static const char *const names[][2] = {
		{ "interval", "Interval" }, { "timeout", "Timeout" },
		{ "start-period", "StartPeriod" }, { "start-interval", "StartInterval" },
	};
	const char *value;
	int64_t number;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = statement_flag(s, names[i][0]);
		if (!value)
			continue;
		if (parse_duration(value, &number))
			return statement_error(&build->file, s, EINVAL, err, "--%s=%.40s: expected a "
					       "time such as 30s or 1m30s", names[i][0], value);
		json_object_object_add(health, names[i][1], json_object_new_int64(number));
	}
	value = statement_flag(s, "retries");
	if (!value)
		return 0;
	if (strspn(value, "0123456789") != strlen(value) || !value[0] || strlen(value) > 6)
		return statement_error(&build->file, s, EINVAL, err, "--retries=%.40s: expected a number",
				       value);
	json_object_object_add(health, "Retries", json_object_new_int(atoi(value)));
	return 0;
}

static int apply_health(struct build *build, struct stage *stage, const struct statement *s,
			struct error *err)
{
	json_object *health = json_object_new_object(), *test = json_object_new_array();
	const char *rest = s->text + 3 + strspn(s->text + 3, " \t");
	json_object *list = NULL;
	int ret;

	json_object_object_add(health, "Test", test);
	if (!strncasecmp(s->text, "NONE", 4)) {
		json_object_array_add(test, json_object_new_string("NONE"));
		return set(stage, "Healthcheck", health, err);
	}
	list = rest[0] == '[' ? json_tokener_parse(rest) : NULL;
	if (list && !json_object_is_type(list, json_type_array)) {
		json_object_put(list);
		list = NULL;
	}
	json_object_array_add(test, json_object_new_string(list ? "CMD" : "CMD-SHELL"));
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		json_object_array_add(test, json_object_get(json_object_array_get_idx(list, i)));
	if (!list)
		json_object_array_add(test, json_object_new_string(rest));
	json_object_put(list);
	ret = health_flags(build, s, health, err);
	if (ret) {
		json_object_put(health);
		return ret;
	}
	return set(stage, "Healthcheck", health, err);
}

/* --- words --- */

static int apply_port(struct build *build, struct stage *stage, const struct statement *s,
		      const char *word, struct error *err)
{
	json_object *ports = need(stage, "ExposedPorts", json_type_object);
	unsigned int first, last;
	char protocol[8] = "tcp", key[24];
	int used = 0;

	last = 0;
	if (sscanf(word, "%5u%n-%5u%n", &first, &used, &last, &used) < 1)
		first = 0;
	last = last ? last : first;
	if (word[used] == '/' && strlen(word + used + 1) < sizeof(protocol)) {
		for (size_t i = 0; i <= strlen(word + used + 1); i++)
			protocol[i] = (char)(word[used + 1 + i] | (word[used + 1 + i] ? 0x20 : 0));
		used += (int)strlen(word + used);
	}
	if (!first || first > last || last > 65535 || word[used] || word[0] < '0' || word[0] > '9' ||
	    (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 &&
	     strcmp(protocol, "sctp") != 0))
		return statement_error(&build->file, s, EINVAL, err, "\"%.60s\": expected a port of 1 to "
				       "65535, such as 8080 or 53/udp", word);
	for (; first <= last; first++) {
		snprintf(key, sizeof(key), "%u/%s", first, protocol);
		json_object_object_add(ports, key, json_object_new_object());
	}
	return 0;
}

static int apply_each(struct build *build, struct stage *stage, const struct statement *s,
		      struct error *err)
{
	cleanup_words struct words words = { NULL, 0 };
	int ret = stage_words(build, stage, s, &words, err);

	for (size_t i = 0; !ret && i < words.count; i++) {
		if (s->kind == INSTRUCTION_EXPOSE)
			ret = apply_port(build, stage, s, words.at[i], err);
		else if (!words.at[i][0])
			ret = statement_error(&build->file, s, EINVAL, err, "expected a path");
		else
			json_object_object_add(need(stage, "Volumes", json_type_object), words.at[i],
					       json_object_new_object());
	}
	return ret;
}

static int apply_text(struct build *build, struct stage *stage, const struct statement *s,
		      const char *key, struct error *err)
{
	cleanup_free char *text = NULL;
	int ret = stage_expand(build, stage, s, s->text, &text, err);

	if (ret)
		return ret;
	if (!text[0])
		return statement_error(&build->file, s, EINVAL, err, "\"%.60s\": is empty", s->text);
	if (s->kind == INSTRUCTION_MAINTAINER)
		return json_object_object_add(stage->config, key, json_object_new_string(text))
			       ? no_memory(err) : 0;
	return set(stage, key, json_object_new_string(text), err);
}

int settings_workdir(const struct build *build, const struct stage *stage,
		     const struct statement *s, const char *to, char *out, struct error *err)
{
	char joined[2 * PATH_MAX];
	json_object *old = NULL;
	size_t used = 0;

	json_object_object_get_ex(stage->run, "WorkingDir", &old);
	snprintf(joined, sizeof(joined), "%.4000s/%.4000s",
		 to[0] != '/' && old ? json_object_get_string(old) : "", to);
	for (const char *at = joined; *at;) {
		size_t length = strcspn(at, "/");

		if (length == 2 && at[0] == '.' && at[1] == '.') {
			while (used && out[--used] != '/')
				;
		} else if (length && !(length == 1 && at[0] == '.')) {
			if (used + length + 2 > PATH_MAX || length > NAME_MAX)
				return statement_error(&build->file, s, ENAMETOOLONG, err,
						       "the path is too long");
			out[used++] = '/';
			memcpy(out + used, at, length);
			used += length;
		}
		at += length;
		at += *at == '/';
	}
	if (!used)
		out[used++] = '/';
	out[used] = '\0';
	return 0;
}

int settings_apply(struct build *build, struct stage *stage, const struct statement *s,
		   struct error *err)
{
	switch (s->kind) {
	case INSTRUCTION_ARG:
		return apply_arguments(build, stage, s, err);
	case INSTRUCTION_ENV:
	case INSTRUCTION_LABEL:
		return apply_pairs(build, stage, s, err);
	case INSTRUCTION_CMD:
	case INSTRUCTION_ENTRYPOINT:
		return apply_command(stage, s, err);
	case INSTRUCTION_SHELL:
		return set(stage, "Shell", json_object_get(s->list), err);
	case INSTRUCTION_HEALTHCHECK:
		return apply_health(build, stage, s, err);
	case INSTRUCTION_EXPOSE:
	case INSTRUCTION_VOLUME:
		return apply_each(build, stage, s, err);
	case INSTRUCTION_STOPSIGNAL:
		return apply_text(build, stage, s, "StopSignal", err);
	case INSTRUCTION_USER:
		return apply_text(build, stage, s, "User", err);
	case INSTRUCTION_MAINTAINER:
		return apply_text(build, stage, s, "author", err);
	default:
		return statement_error(&build->file, s, EINVAL, err, "makes files");
	}
}
