// SPDX-License-Identifier: GPL-2.0-only
/* A compose file as a whole, see file.h. Called by the verbs. */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const keys[] = { "name", "version", "services", "networks", "volumes", "secrets",
				     NULL };

static void read_networks(struct values *v, const struct yaml_value *root,
			  struct compose_file *file)
{
	static const char *const known[] = { "driver", "ipam", NULL };
	const struct yaml_value *at = value_map(v, root, "networks"), *ipam, *configs;

	if (!at)
		return;
	file->networks = arena_alloc(v->arena, at->count + 1, sizeof(*file->networks));
	for (size_t i = 0; file->networks && i < at->count && !v->failed; i++) {
		struct compose_network *n = &file->networks[file->network_count++];
		const char *driver;

		n->name = at->keys[i]->text;
		if (!value_is_name(n->name))
			value_bad(v, at->keys[i], "networks", "%.80s: expected lower-case letters, "
				  "digits, _ and -", n->name);
		if (at->items[i]->kind == YAML_NOTHING)
			continue;
		if (at->items[i]->kind != YAML_MAP) {
			value_bad(v, at->items[i], "networks", "expected a map, or nothing");
			return;
		}
		value_known(v, at->items[i], known);
		driver = value_text_of(v, at->items[i], "driver");
		if (driver && strcmp(driver, "bridge") != 0)
			value_bad(v, yaml_find(at->items[i], "driver"), "networks",
				  "driver %.40s: expected bridge", driver);
		n->via = value_text_of(v, at->items[i], "x-via");
		if (n->via && strcmp(n->via, "veth") != 0 && strcmp(n->via, "vnic") != 0)
			value_bad(v, yaml_find(at->items[i], "x-via"), "networks",
				  "x-via %.40s: expected veth or vnic", n->via);
		ipam = value_map(v, at->items[i], "ipam");
		configs = ipam ? yaml_find(ipam, "config") : NULL;
		if (configs && configs->kind == YAML_LIST && configs->count == 1)
			n->subnet = value_text_of(v, configs->items[0], "subnet");
		else if (configs)
			value_bad(v, configs, "networks", "ipam: expected config: [{subnet: "
				  "10.1.2.0/24}]");
	}
}

static void read_secrets(struct values *v, const struct yaml_value *root,
			 struct compose_file *file)
{
	static const char *const known[] = { "file", NULL };
	const struct yaml_value *at = value_map(v, root, "secrets");

	if (!at)
		return;
	file->secrets = arena_alloc(v->arena, at->count + 1, sizeof(*file->secrets));
	for (size_t i = 0; file->secrets && i < at->count && !v->failed; i++) {
		struct compose_secret *s = &file->secrets[file->secret_count++];

		s->name = at->keys[i]->text;
		if (!compose_is_label(s->name))
			value_bad(v, at->keys[i], "secrets", "%.80s: expected letters, digits, _ . and -",
				  s->name);
		if (at->items[i]->kind == YAML_MAP) {
			value_known(v, at->items[i], known);
			s->file = value_text_of(v, at->items[i], "file");
		}
		if (!s->file || !*s->file)
			value_bad(v, at->items[i], "secrets", "%.60s: expected {file: PATH}", s->name);
		else if (strchr(s->file, ':'))
			value_bad(v, at->items[i], "secrets", "%.60s: expected a path without a colon: it is "
				  "%.60s", s->name, s->file);
	}
}

static void read_services(struct values *v, const struct yaml_value *root,
			  struct compose_file *file)
{
	const struct yaml_value *at = value_map(v, root, "services");

	if (v->failed)
		return;
	if (!at || !at->count || at->count > COMPOSE_SERVICES) {
		value_bad(v, at ?: root, "services", "expected a map of 1 to %d services",
			  COMPOSE_SERVICES);
		return;
	}
	for (size_t i = 0; i < at->count && !v->failed; i++) {
		struct compose_service *s = &file->services[file->service_count++];

		v->where = arena_print(v->arena, "services.%.60s", at->keys[i]->text) ?: "services";
		compose_read_service(v, at->keys[i], at->items[i], s);
	}
	v->where = "";
}

static size_t find_service(const struct compose_file *file, const char *name)
{
	size_t i = 0;

	while (i < file->service_count && strcmp(file->services[i].name, name) != 0)
		i++;
	return i;
}

/* Names that mean another part of the file. */
static void check_needs(struct values *v, struct compose_file *file, struct compose_service *s)
{
	for (size_t i = 0; i < s->need_count && !v->failed; i++) {
		struct compose_need *need = &s->needs[i];
		const struct yaml_value at = { .line = need->line, .column = need->column };

		need->index = find_service(file, need->service);
		if (need->index == file->service_count && !need->required)
			s->needs[i--] = s->needs[--s->need_count];
		else if (need->index == file->service_count)
			value_bad(v, &at, "depends_on", "%.60s: there is no such service",
				  need->service);
		else if (need->condition == NEEDS_HEALTHY &&
			 !file->services[need->index].health.test.count)
			value_bad(v, &at, "depends_on", "%.60s: has no healthcheck, so it never becomes "
				  "healthy", need->service);
	}
}

static void check_joins(struct values *v, const struct compose_file *file,
			const struct compose_service *s)
{
	for (size_t i = 0; i < s->join_count && !v->failed; i++) {
		const struct compose_join *join = &s->joins[i];
		const struct yaml_value at = { .line = join->line, .column = join->column };
		size_t n = 0;

		while (n < file->network_count && strcmp(file->networks[n].name, join->network) != 0)
			n++;
		if (n == file->network_count && strcmp(join->network, "default") != 0)
			value_bad(v, &at, "networks", "%.60s: is not in the file's networks",
				  join->network);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(s->joins[k].network, join->network))
				value_bad(v, &at, "networks", "%.60s: named twice", join->network);
	}
}

static void check_volumes(struct values *v, const struct compose_file *file,
			  const struct compose_service *s)
{
	const struct yaml_value at = { .line = s->line, .column = s->column };

	for (size_t i = 0; i < s->volumes.count && !v->failed; i++) {
		const char *word = s->volumes.at[i];
		size_t length = strcspn(word, ":"), n = 0;

		if (word[0] == '.' || memchr(word, '/', length))
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there are as many as count says */
		while (n < file->volumes.count && (strlen(file->volumes.at[n]) != length ||
						   memcmp(file->volumes.at[n], word, length) != 0))
			n++;
		if (n == file->volumes.count)
			value_bad(v, &at, "volumes", "%.*s: is not in the file's volumes; a folder is "
				  "written ./%.*s", (int)length, word, (int)length, word);
	}
}

static void check_grants(struct values *v, const struct compose_file *file,
			 struct compose_service *s)
{
	for (size_t i = 0; i < s->grant_count && !v->failed; i++) {
		struct compose_grant *grant = &s->grants[i];
		const struct yaml_value at = { .line = grant->line, .column = grant->column };

		while (grant->index < file->secret_count &&
		       strcmp(file->secrets[grant->index].name, grant->secret) != 0)
			grant->index++;
		if (grant->index == file->secret_count)
			value_bad(v, &at, "secrets", "%.60s: is not in the file's secrets",
				  grant->secret);
	}
}

static void read_all(struct values *v, const struct yaml_value *root, struct compose_file *file)
{
	const struct yaml_value *volumes;

	value_known(v, root, keys);
	file->project = value_text_of(v, root, "name");
	if (file->project && !value_is_name(file->project))
		value_bad(v, yaml_find(root, "name"), "name", "%.80s: expected lower-case letters, "
			  "digits, _ and -", file->project);
	read_networks(v, root, file);
	read_secrets(v, root, file);
	volumes = value_map(v, root, "volumes");
	file->volumes.at = arena_alloc(v->arena, (volumes ? volumes->count : 0) + 1,
				       sizeof(*file->volumes.at));
	for (size_t i = 0; file->volumes.at && volumes && i < volumes->count; i++)
		file->volumes.at[file->volumes.count++] = volumes->keys[i]->text;
	read_services(v, root, file);
	for (size_t i = 0; i < file->service_count && !v->failed; i++) {
		v->where = arena_print(v->arena, "services.%s", file->services[i].name) ?: "services";
		check_needs(v, file, &file->services[i]);
		check_joins(v, file, &file->services[i]);
		check_volumes(v, file, &file->services[i]);
		check_grants(v, file, &file->services[i]);
	}
}

int compose_read(struct compose_file *file, const char *name, const char *text, size_t length,
		 compose_variable variable, struct error *err)
{
	struct values v = { .arena = &file->arena, .file = name, .where = "", .variable = variable,
			    .err = err };
	struct yaml_value *root = NULL;
	int ret;

	memset(file, 0, sizeof(*file));
	ret = yaml_read(&file->arena, name, text, length, &root, err);
	if (ret)
		return ret;
	if (root->kind != YAML_MAP)
		return error_set(err, EINVAL, "%s:%u:%u: expected a map with services", name, root->line,
				 root->column);
	read_all(&v, root, file);
	return v.failed;
}

static bool is_wanted(const struct compose_service *s, const struct words *profiles)
{
	bool wanted = !s->profiles.count;

	for (size_t i = 0; !wanted && i < profiles->count; i++) {
		wanted = !strcmp(profiles->at[i], "*");
		for (size_t k = 0; !wanted && k < s->profiles.count; k++)
			wanted = !strcmp(profiles->at[i], s->profiles.at[k]);
	}
	return wanted;
}

int compose_select(struct compose_file *file, const char *name, const struct words *profiles,
		   struct error *err)
{
	for (size_t i = 0; i < file->service_count; i++)
		file->services[i].enabled = is_wanted(&file->services[i], profiles);
	for (size_t i = 0; i < file->service_count; i++) {
		struct compose_service *s = &file->services[i];

		for (size_t k = 0; s->enabled && k < s->need_count; k++) {
			const struct compose_need *need = &s->needs[k];
			const struct compose_service *other = &file->services[need->index];

			if (other->enabled)
				continue;
			if (need->required)
				return error_set(err, EINVAL, "%.120s:%u:%u: services.%s.depends_on: %s: is in "
						 "the profile %.60s, which is not wanted: give --profile, or "
						 "write required: false", name, need->line, need->column, s->name,
						 other->name, other->profiles.at[0]);
			s->needs[k--] = s->needs[--s->need_count];
		}
	}
	return 0;
}

int compose_add_env(struct compose_file *file, size_t service, const struct words *words)
{
	struct words *env = &file->services[service].file_env;
	const char **both = arena_alloc(&file->arena, env->count + words->count + 1, sizeof(*both));

	if (!both)
		return -ENOMEM;
	if (env->count)
		memcpy(both, env->at, env->count * sizeof(*both));
	if (words->count)
		memcpy(both + env->count, words->at, words->count * sizeof(*both));
	*env = (struct words){ both, env->count + words->count };
	return 0;
}

void compose_free(struct compose_file *file)
{
	arena_free(&file->arena);
}
