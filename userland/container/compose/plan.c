// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is to be done for a compose file: in which order, by which commands. Knows nothing of the
 * host. See file.h; called by up.c and by compose plan.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../net/net.h"
#include "file.h"

static int cycle(const struct compose_file *file, const char *name, const bool *done,
		 struct error *err)
{
	char names[200] = "";
	size_t first = 0;

	while (done[first])
		first++;
	/* Whoever is left needs somebody who is left: from any of them one comes round. */
	for (size_t at = first, i = 0; i <= file->service_count; i++) {
		const struct compose_service *s = &file->services[at];
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", i ? " needs " : "", s->name);
		for (size_t k = 0; k < s->need_count; k++)
			if (!done[s->needs[k].index]) {
				at = s->needs[k].index;
				break;
			}
		if (at == first)
			break;
	}
	return error_set(err, ELOOP, "%.120s:%u:%u: depends_on: %s needs %s: nobody can be first", name,
			 file->services[first].line, file->services[first].column, names,
			 file->services[first].name);
}

int compose_order(const struct compose_file *file, const char *name, size_t *order,
		  struct error *err)
{
	bool done[COMPOSE_SERVICES] = { false };
	size_t count = 0;

	while (count < file->service_count) {
		size_t before = count;

		for (size_t i = 0; i < file->service_count; i++) {
			const struct compose_service *s = &file->services[i];
			bool ready = !done[i];

			for (size_t k = 0; k < s->need_count; k++)
				ready = ready && done[s->needs[k].index];
			if (!ready)
				continue;
			done[i] = true;
			order[count++] = i;
			/* From the top: the file's order, where nothing speaks against it. */
			break;
		}
		if (count == before)
			return cycle(file, name, done, err);
	}
	return 0;
}

const char *compose_id(struct compose_file *file, const char *project, size_t service,
		       unsigned int number)
{
	return arena_print(&file->arena, "%s-%s-%u", project, file->services[service].name, number);
}

const char *compose_image(struct compose_file *file, const char *project, size_t service)
{
	const struct compose_service *s = &file->services[service];

	return s->image ? s->image
			: arena_print(&file->arena, "localhost/%s-%s:latest", project, s->name);
}

/* A command in the making. */
struct command {
	struct compose_file *file;
	struct words *words;
	size_t room;
	bool failed;
};

static void add(struct command *c, const char *word)
{
	if (!word || c->words->count + 1 >= c->room)
		c->failed = true;
	else
		c->words->at[c->words->count++] = word;
}

static void add_option(struct command *c, const char *option, const char *value)
{
	if (!value)
		return;
	add(c, option);
	add(c, value);
}

static void add_each(struct command *c, const char *option, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		add_option(c, option, words->at[i]);
}

/* A network's words: who is in it is found by the service's name, and each replica by its own. */
static int add_network(struct command *c, const char *project, const struct compose_service *s,
		       const struct compose_join *join, struct error *err)
{
	const struct compose_network *n = NULL;
	const char *word;
	size_t length = strlen(project) + 1 + strlen(join->network);

	for (size_t i = 0; i < c->file->network_count; i++)
		if (!strcmp(c->file->networks[i].name, join->network))
			n = &c->file->networks[i];
	if (length > NET_NAME_MAX)
		return error_set(err, EINVAL, "network %s.%s: the name is too long by %zu: choose a "
				 "shorter --project", project, join->network, length - NET_NAME_MAX);
	word = arena_print(&c->file->arena, "private:%s.%s%s%s%s%s,alias=%s", project, join->network,
			   n && n->via ? ",via=" : "", n && n->via ? n->via : "",
			   n && n->subnet ? ",subnet=" : "", n && n->subnet ? n->subnet : "", s->name);
	for (size_t i = 0; word && i < join->aliases.count; i++)
		word = arena_print(&c->file->arena, "%s,alias=%s", word, join->aliases.at[i]);
	add_option(c, "--net", word ?: "");
	return 0;
}

static int add_networks(struct command *c, const char *project, const struct compose_service *s,
			struct error *err)
{
	static const struct compose_join standard = { .network = "default" };
	static struct net_config net;
	int ret = 0;

	if (s->network_mode) {
		add_option(c, "--net", s->network_mode);
		return 0;
	}
	for (size_t i = 0; !ret && i < s->join_count; i++)
		ret = add_network(c, project, s, &s->joins[i], err);
	if (!s->join_count)
		ret = add_network(c, project, s, &standard, err);
	/* What cell run would refuse is refused before anything is started. */
	net_config_init(&net);
	for (size_t i = 0, given = 0; !ret && i + 1 < c->words->count; i++)
		if (!strcmp(c->words->at[i], "--net"))
			ret = net_parse_network(&net, c->words->at[i + 1], (unsigned int)given++, err);
	return ret;
}

/* Relative to the file's folder; a volume of the project has the project's name. */
static void add_volumes(struct command *c, const char *project, const char *folder,
			const struct compose_service *s)
{
	for (size_t i = 0; i < s->volumes.count; i++) {
		const char *word = s->volumes.at[i];
		size_t length = strcspn(word, ":");

		if (word[0] == '/')
			add_option(c, "-v", word);
		else if (word[0] == '.' || memchr(word, '/', length))
			add_option(c, "-v", arena_print(&c->file->arena, "%s/%s", folder, word));
		else
			add_option(c, "-v", arena_print(&c->file->arena, "%s_%s", project, word));
	}
}

static void add_secrets(struct command *c, const char *folder, const struct compose_service *s)
{
	for (size_t i = 0; i < s->grant_count; i++) {
		const char *path = c->file->secrets[s->grants[i].index].file;

		add_option(c, "--secret", arena_print(&c->file->arena, "%s%s%s:%s:%04o",
						      path[0] == '/' ? "" : folder,
						      path[0] == '/' ? "" : "/", path,
						      s->grants[i].target, s->grants[i].mode) ?: "");
	}
}

static unsigned long long digest_text(unsigned long long hash, const char *at)
{
	do
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
	while (*at++);
	return hash;
}

static unsigned long long digest(const struct compose_file *file, const struct compose_service *s,
				 const struct words *words)
{
	unsigned long long hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < words->count; i++)
		hash = digest_text(hash, words->at[i]);
	/* A container has a copy: it is made anew for another content. */
	for (size_t i = 0; i < s->grant_count; i++)
		hash = digest_text(hash, file->secrets[s->grants[i].index].version ?: "");
	return hash;
}

static void add_limits(struct command *c, const struct compose_service *s)
{
	add_option(c, "--memory", s->memory);
	add_option(c, "--cpus", s->cpus);
	add_option(c, "--cpuset", s->cpuset);
	add_option(c, "--pids", s->pids);
	add_option(c, "--restart", s->restart);
	add_option(c, "--sched", s->sched);
	add_option(c, "-w", s->workdir);
	add_option(c, "-u", s->user);
	add_option(c, "--hostname", s->hostname);
	if (s->read_only)
		add(c, "--read-only");
	if (s->tty)
		add(c, "--tty");
}

int compose_command(struct compose_file *file, const char *project, const char *folder,
		    size_t service, unsigned int number, struct words *words, struct error *err)
{
	const struct compose_service *s = &file->services[service];
	const size_t lists = s->file_env.count + s->env.count + s->ports.count + s->volumes.count +
			     s->tmpfs.count + s->grant_count + s->log.count + s->labels.count +
			     s->join_count;
	struct command c = { .file = file, .words = words };
	size_t label;
	int ret;

	c.room = 2 * lists + s->command.count + s->entrypoint.count + 64;
	words->count = 0;
	words->at = arena_alloc(&file->arena, c.room, sizeof(*words->at));
	if (!words->at)
		return error_set(err, ENOMEM, "compose: no memory");
	add(&c, "run");
	add_option(&c, "--image", compose_image(file, project, service) ?: "");
	add(&c, "--detach");
	add_option(&c, "--name", compose_id(file, project, service, number) ?: "");
	add_option(&c, "--label", arena_print(&file->arena, LABEL_PROJECT "=%s", project) ?: "");
	add_option(&c, "--label", arena_print(&file->arena, LABEL_SERVICE "=%s", s->name) ?: "");
	add(&c, "--label");
	label = words->count;
	add(&c, LABEL_CONFIG "=");
	ret = add_networks(&c, project, s, err);
	if (ret)
		return ret;
	add_each(&c, "-e", &s->file_env);
	add_each(&c, "-e", &s->env);
	add_each(&c, "-p", &s->ports);
	add_volumes(&c, project, folder, s);
	add_each(&c, "--tmpfs", &s->tmpfs);
	add_secrets(&c, folder, s);
	add_each(&c, "--log-opt", &s->log);
	for (size_t i = 0; i < s->labels.count; i++)
		add_option(&c, "--label", strchr(s->labels.at[i], '=') ? s->labels.at[i]
				: arena_print(&file->arena, "%s=", s->labels.at[i]));
	add_limits(&c, s);
	/* Its other words are the command's first. */
	add_option(&c, "--entrypoint", s->entrypoint.count ? s->entrypoint.at[0]
						      : s->has_entrypoint ? "" : NULL);
	add(&c, "--");
	for (size_t i = 1; i < s->entrypoint.count; i++)
		add(&c, s->entrypoint.at[i]);
	for (size_t i = 0; i < s->command.count; i++)
		add(&c, s->command.at[i]);
	if (!c.failed)
		words->at[label] = arena_print(&file->arena, LABEL_CONFIG "=%016llx",
					       digest(file, s, words));
	if (c.failed || !words->at[label])
		return error_set(err, ENOMEM, "compose: no memory");
	return 0;
}
