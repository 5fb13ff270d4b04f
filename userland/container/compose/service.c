// SPDX-License-Identifier: GPL-2.0-only
/* One service of a compose file, see file.h. Called by file.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../net/net.h"
#include "../run/run.h"
#include "../schedule/schedule.h"
#include "file.h"

#define DEFAULT_MS	30000
#define DEFAULT_RETRIES	3
/* While it starts it is asked more often than its interval says, so that nobody waits in vain. */
#define EAGER_MS	250

static const char *const keys[] = {
	"image", "build", "command", "entrypoint", "environment", "ports", "volumes", "depends_on",
	"networks", "network_mode", "healthcheck", "deploy", "restart", "scale", "tmpfs", "labels",
	"working_dir", "user", "hostname", "read_only", "tty", "mem_limit", "cpus", "cpuset",
	"pids_limit", "env_file", "secrets", "profiles", "logging", NULL,
};

/* A word that cell run would refuse is refused here, where it stands. */
static void judge(struct values *v, const struct yaml_value *map, const char *key, size_t i,
		  int ret, const struct error *why)
{
	const struct yaml_value *at = yaml_find(map, key);

	if (ret)
		value_bad(v, at->kind == YAML_LIST && i < at->count ? at->items[i] : at, key, "%s",
			  why->text);
}

static void read_build(struct values *v, const struct yaml_value *at, struct compose_service *s)
{
	static const char *const known[] = { "context", "dockerfile", NULL };
	const struct yaml_value *build = yaml_find(at, "build");

	if (!build || build->kind != YAML_MAP) {
		s->build = value_text(v, build, "build");
		return;
	}
	value_known(v, build, known);
	s->build = value_text_of(v, build, "context");
	s->build_file = value_text_of(v, build, "dockerfile");
	if (!s->build)
		s->build = ".";
}

/* {target: 80, published: 8080}: a word of -p, as the short form. */
static const char *long_port(struct values *v, const struct yaml_value *map)
{
	static const char *const known[] = { "target", "published", "host_ip", "protocol", "mode", "name",
					     "app_protocol", NULL };
	const char *inside = value_text_of(v, map, "target"), *mode = value_text_of(v, map, "mode");
	const char *outside = value_text_of(v, map, "published");
	const char *address = value_text_of(v, map, "host_ip");
	const char *protocol = value_text_of(v, map, "protocol");

	value_known(v, map, known);
	/* Of one host both are the same. */
	if (mode && strcmp(mode, "host") != 0 && strcmp(mode, "ingress") != 0)
		value_bad(v, yaml_find(map, "mode"), "ports", "mode %.20s: expected host or ingress", mode);
	if (!inside || !outside)
		value_bad(v, map, "ports", "expected %s: a port", inside ? "published" : "target");
	if (v->failed)
		return NULL;
	return arena_print(v->arena, "%s%s%s:%s%s%s", address ? address : "", address ? ":" : "", outside,
			   inside, protocol ? "/" : "", protocol ? protocol : "");
}

static const char *port(struct values *v, const struct yaml_value *item, void *what)
{
	const char *word = item->kind == YAML_MAP ? long_port(v, item) : value_text(v, item, "ports");
	struct error why;

	if (word && net_parse_port(what, word, &why))
		value_bad(v, item, "ports", "%s", why.text);
	return word;
}

static void read_ports(struct values *v, const struct yaml_value *at, struct compose_service *s)
{
	static struct net_config net;
	struct error why;

	net_config_init(&net);
	s->ports = value_forms(v, at, "ports", port, &net);
	if (!v->failed && s->ports.count && net_config_check(&net, &why))
		value_bad(v, yaml_find(at, "ports"), "ports", "%s", why.text);
}

static void read_env_file(struct values *v, const struct yaml_value *item, struct compose_env_file *f)
{
	static const char *const known[] = { "path", "required", NULL };
	const struct yaml_value *required = yaml_find(item, "required");

	*f = (struct compose_env_file){ .required = true, .line = item->line, .column = item->column };
	if (item->kind == YAML_MAP) {
		value_known(v, item, known);
		f->path = value_text_of(v, item, "path");
		if (required)
			f->required = value_bool_of(v, item, "required");
	} else {
		f->path = value_text(v, item, "env_file");
	}
	if (!f->path || !*f->path)
		value_bad(v, item, "env_file", "expected the path of a file, or {path: FILE, required: false}");
}

static void read_env_files(struct values *v, const struct yaml_value *at, struct compose_service *s)
{
	const struct yaml_value *list = yaml_find(at, "env_file");
	const bool one = list && list->kind == YAML_TEXT;

	if (!list || list->kind == YAML_NOTHING || v->failed)
		return;
	if (list->kind == YAML_MAP) {
		value_bad(v, list, "env_file", "expected a file or a list of them");
		return;
	}
	s->env_files = arena_alloc(v->arena, (one ? 1 : list->count) + 1, sizeof(*s->env_files));
	for (size_t i = 0; s->env_files && i < (one ? 1 : list->count) && !v->failed; i++)
		read_env_file(v, one ? list : list->items[i], &s->env_files[s->env_file_count++]);
}

static void read_profiles(struct values *v, const struct yaml_value *at, struct compose_service *s)
{
	s->profiles = value_words(v, at, "profiles");
	s->enabled = true;
	for (size_t i = 0; i < s->profiles.count; i++)
		if (!compose_is_label(s->profiles.at[i]))
			value_bad(v, yaml_find(at, "profiles"), "profiles", "%.60s: expected letters, digits, "
				  "_ . and -", s->profiles.at[i]);
}

/* Other drivers send it elsewhere; these keep it for logs, each in its program's own form. */
static void read_logging(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	static const char *const known[] = { "driver", "options", NULL };
	static const char *const drivers[] = { "json-file", "local", "k8s-file" };
	const struct yaml_value *at = value_map(v, map, "logging");
	const struct yaml_value *options = at ? value_map(v, at, "options") : NULL;
	const char *driver = at ? value_text_of(v, at, "driver") : NULL;
	struct run_log ignored;
	struct error why;
	size_t i = 0;

	value_known(v, at, known);
	while (driver && i < 3 && strcmp(driver, drivers[i]) != 0)
		i++;
	if (i == 3)
		value_bad(v, yaml_find(at, "driver"), "logging", "driver %.40s: expected json-file, local or "
			  "k8s-file, which are the same here", driver);
	if (!options)
		return;
	s->log = value_pairs(v, at, "options");
	for (i = 0; i < s->log.count && !v->failed; i++)
		if (run_read_log(s->log.at[i], &ignored, &why))
			value_bad(v, options->items[i], "logging", "%s", why.text);
}

static void read_one_need(struct values *v, const struct yaml_value *key,
			  const struct yaml_value *at, struct compose_need *need)
{
	static const char *const known[] = { "condition", "required", "restart", NULL };
	static const char *const names[] = { "service_started", "service_healthy",
					     "service_completed_successfully" };
	const char *text;

	*need = (struct compose_need){ .service = key->text, .required = true, .line = key->line,
				       .column = key->column };
	if (!at || at->kind == YAML_NOTHING)
		return;
	if (at->kind != YAML_MAP) {
		value_bad(v, at, "depends_on", "expected {condition: service_healthy}");
		return;
	}
	value_known(v, at, known);
	if (yaml_find(at, "required"))
		need->required = value_bool_of(v, at, "required");
	text = value_text_of(v, at, "condition");
	for (int i = 0; text && i < 3; i++)
		if (!strcmp(text, names[i])) {
			need->condition = (enum compose_condition)i;
			return;
		}
	if (text)
		value_bad(v, yaml_find(at, "condition"), "depends_on", "%.40s: expected "
			  "service_started, service_healthy or service_completed_successfully", text);
}

static void read_needs(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	const struct yaml_value *at = yaml_find(map, "depends_on");

	if (!at || at->kind == YAML_NOTHING || v->failed)
		return;
	if (at->kind == YAML_TEXT || at->count > COMPOSE_SERVICES) {
		value_bad(v, at, "depends_on", "expected a list of services, or a map");
		return;
	}
	s->needs = arena_alloc(v->arena, at->count + 1, sizeof(*s->needs));
	for (size_t i = 0; s->needs && i < at->count && !v->failed; i++) {
		const struct yaml_value *key = at->kind == YAML_MAP ? at->keys[i] : at->items[i];

		if (key->kind != YAML_TEXT)
			value_bad(v, key, "depends_on", "expected the name of a service");
		else
			read_one_need(v, key, at->kind == YAML_MAP ? at->items[i] : NULL,
				      &s->needs[s->need_count++]);
	}
}

static void read_joins(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	static const char *const known[] = { "aliases", NULL };
	const struct yaml_value *at = yaml_find(map, "networks");

	s->network_mode = value_text_of(v, map, "network_mode");
	if (s->network_mode && strcmp(s->network_mode, "none") != 0 &&
	    strcmp(s->network_mode, "host") != 0)
		value_bad(v, yaml_find(map, "network_mode"), "network_mode",
			  "%.40s: expected none or host; other networks stand in networks",
			  s->network_mode);
	if (!at || at->kind == YAML_NOTHING || v->failed)
		return;
	if (at->kind == YAML_TEXT || at->count > COMPOSE_NETWORKS || s->network_mode) {
		value_bad(v, at, "networks", s->network_mode ? "does not go with network_mode"
			  : "expected a list of at most %d networks, or a map", COMPOSE_NETWORKS);
		return;
	}
	for (size_t i = 0; i < at->count && !v->failed; i++) {
		const struct yaml_value *key = at->kind == YAML_MAP ? at->keys[i] : at->items[i];
		struct compose_join *join = &s->joins[s->join_count++];

		*join = (struct compose_join){ .network = key->text, .line = key->line,
					       .column = key->column };
		if (key->kind != YAML_TEXT)
			value_bad(v, key, "networks", "expected the name of a network");
		else if (at->kind == YAML_MAP && at->items[i]->kind == YAML_MAP) {
			value_known(v, at->items[i], known);
			join->aliases = value_words(v, at->items[i], "aliases");
		}
	}
}

static void read_health(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	static const char *const known[] = { "test", "interval", "timeout", "retries", "start_period",
					     "start_interval", "disable", NULL };
	const struct yaml_value *at = value_map(v, map, "healthcheck"), *test;
	struct compose_health *h = &s->health;
	struct words words;

	if (!at)
		return;
	value_known(v, at, known);
	h->interval_ms = value_time_of(v, at, "interval", DEFAULT_MS);
	h->timeout_ms = value_time_of(v, at, "timeout", DEFAULT_MS);
	h->start_ms = value_time_of(v, at, "start_period", 0);
	h->eager_ms = value_time_of(v, at, "start_interval", EAGER_MS);
	h->retries = (unsigned int)value_number_of(v, at, "retries", 1, 1000, DEFAULT_RETRIES);
	test = yaml_find(at, "test");
	words = value_words(v, at, "test");
	if (value_bool_of(v, at, "disable") || v->failed)
		return;
	if (!test || !words.count) {
		value_bad(v, at, "healthcheck", "expected test: [CMD, PROGRAM, ...]");
		return;
	}
	if (!strcmp(words.at[0], "NONE"))
		return;
	if (!strcmp(words.at[0], "CMD") && words.count > 1) {
		h->test = (struct words){ words.at + 1, words.count - 1 };
	} else if (test->kind == YAML_TEXT || (!strcmp(words.at[0], "CMD-SHELL") && words.count == 2)) {
		h->test.at = arena_alloc(v->arena, 4, sizeof(*h->test.at));
		if (!h->test.at)
			return;
		h->test.at[0] = "/bin/sh";
		h->test.at[1] = "-c";
		h->test.at[2] = words.at[words.count - 1];
		h->test.count = 3;
	} else {
		value_bad(v, test, "healthcheck", "expected [CMD, PROGRAM, ...], [CMD-SHELL, LINE], "
			  "[NONE] or a line");
	}
}

static void read_limits(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	static const char *const deploys[] = { "replicas", "resources", "restart_policy", "mode", NULL };
	static const char *const parts[] = { "limits", "reservations", NULL };
	static const char *const limits[] = { "cpus", "memory", "pids", NULL };
	const struct yaml_value *deploy = value_map(v, map, "deploy");
	const struct yaml_value *resources = deploy ? value_map(v, deploy, "resources") : NULL;
	const struct yaml_value *at = resources ? value_map(v, resources, "limits") : NULL;
	uint64_t replicas;
	struct error why;
	int64_t ignored;

	value_known(v, deploy, deploys);
	value_known(v, resources, parts);
	value_known(v, at, limits);
	s->memory = value_text_of(v, map, "mem_limit");
	s->cpus = value_text_of(v, map, "cpus");
	s->cpuset = value_text_of(v, map, "cpuset");
	s->pids = value_text_of(v, map, "pids_limit");
	replicas = value_number_of(v, deploy, "replicas", 0, COMPOSE_REPLICAS, 1);
	s->replicas = (unsigned int)value_number_of(v, map, "scale", 0, COMPOSE_REPLICAS, replicas);
	if (at) {
		s->memory = value_text_of(v, at, "memory") ?: s->memory;
		s->cpus = value_text_of(v, at, "cpus") ?: s->cpus;
		s->pids = value_text_of(v, at, "pids") ?: s->pids;
	}
	if (s->memory && run_read_size("memory", s->memory, &ignored, &why))
		value_bad(v, at ?: map, NULL, "%s", why.text);
	if (s->cpus && run_read_cpus(s->cpus, &ignored, &why))
		value_bad(v, at ?: map, NULL, "%s", why.text);
	if (s->pids && (strspn(s->pids, "0123456789") != strlen(s->pids) || !atoi(s->pids)))
		value_bad(v, at ?: map, NULL, "pids: expected a number: it is \"%.40s\"", s->pids);
}

static void read_restart(struct values *v, const struct yaml_value *map, struct compose_service *s)
{
	enum run_restart restart;
	unsigned int most;
	struct schedule schedule;
	struct error why;

	s->restart = value_text_of(v, map, "restart");
	if (s->restart)
		judge(v, map, "restart", 0, run_read_restart(s->restart, &restart, &most, &why), &why);
	s->sched = value_text_of(v, map, "x-sched");
	if (s->sched)
		judge(v, map, "x-sched", 0, schedule_parse(s->sched, &schedule, &why), &why);
}

void compose_read_service(struct values *v, const struct yaml_value *key,
			  const struct yaml_value *at, struct compose_service *s)
{
	*s = (struct compose_service){ .name = key->text, .line = key->line, .column = key->column };
	if (!value_is_name(s->name)) {
		value_bad(v, key, NULL, "%.80s: a service's name has lower-case letters, digits, _ "
			  "and -", s->name);
		return;
	}
	if (at->kind != YAML_MAP) {
		value_bad(v, at, NULL, "expected a map with image or build");
		return;
	}
	value_known(v, at, keys);
	s->image = value_text_of(v, at, "image");
	read_build(v, at, s);
	if (!s->image && !s->build)
		value_bad(v, key, NULL, "has neither image nor build: expected one of them");
	s->command = value_command(v, at, "command");
	s->entrypoint = value_command(v, at, "entrypoint");
	s->has_entrypoint = yaml_find(at, "entrypoint") && yaml_find(at, "entrypoint")->kind != YAML_NOTHING;
	if (yaml_find(at, "command") && yaml_find(at, "command")->kind != YAML_NOTHING &&
	    !s->command.count && !s->has_entrypoint)
		value_bad(v, yaml_find(at, "command"), "command", "has no words: expected a command, or none "
			  "at all for the image's");
	s->env = value_env(v, at, "environment");
	read_env_files(v, at, s);
	s->labels = value_pairs(v, at, "labels");
	s->workdir = value_text_of(v, at, "working_dir");
	s->user = value_text_of(v, at, "user");
	s->hostname = value_text_of(v, at, "hostname");
	s->read_only = value_bool_of(v, at, "read_only");
	s->tty = value_bool_of(v, at, "tty");
	read_ports(v, at, s);
	compose_read_volumes(v, at, s);
	compose_read_grants(v, at, s);
	read_profiles(v, at, s);
	read_logging(v, at, s);
	read_needs(v, at, s);
	read_joins(v, at, s);
	read_health(v, at, s);
	read_limits(v, at, s);
	read_restart(v, at, s);
	if (s->ports.count && s->replicas > 1)
		value_bad(v, yaml_find(at, "ports"), "ports", "%u containers cannot have one port: "
			  "expected scale 1, or no ports", s->replicas);
	if (s->ports.count && s->network_mode)
		value_bad(v, yaml_find(at, "ports"), "ports", "network_mode %s has none to publish",
			  s->network_mode);
}
