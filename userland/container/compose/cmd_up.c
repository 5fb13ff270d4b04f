// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell compose up: what the file describes is made so. A container that is there and was made by
 * the same command stays; one that was made otherwise, or has ended, is made anew. If a service
 * cannot be started, what this call started is removed again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "project.h"

#define PATIENCE	"10"

struct up {
	struct project *p;
	struct members before;
	bool detach;
	bool build;
	const char **made;
	size_t made_count;
};

/* "web=3", over what the file says. */
static int take_scale(struct project *p, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	char *end;
	unsigned long value = equals ? strtoul(equals + 1, &end, 10) : 0;

	for (size_t i = 0; equals && i < p->file.service_count; i++) {
		struct compose_service *s = &p->file.services[i];

		if (strlen(s->name) != (size_t)(equals - word) ||
		    strncmp(s->name, word, strlen(s->name)) != 0)
			continue;
		if (!equals[1] || *end || value > COMPOSE_REPLICAS || (s->ports.count && value > 1))
			return error_set(err, EUSAGE, "up: --scale %.60s: expected 0 to %d", word,
					 s->ports.count ? 1 : COMPOSE_REPLICAS);
		s->replicas = (unsigned int)value;
		return 0;
	}
	return error_set(err, EUSAGE, "up: --scale %.60s: expected SERVICE=N with a service of the file",
			 word);
}

static int build(struct up *up, size_t service, struct error *err)
{
	const struct compose_service *s = &up->p->file.services[service];
	const char *name = compose_image(&up->p->file, up->p->name, service);
	const char *look[] = { "inspect", name, NULL };
	const char *folder = s->build && s->build[0] == '/' ? s->build :
			     arena_print(&up->p->file.arena, "%s/%s", up->p->folder, s->build ?: "");
	const char *words[] = { "build", "-t", name, folder, NULL, NULL, NULL };
	cleanup_free char *there = NULL, *said = NULL;
	struct error ignored;
	int ret;

	if (!s->build || (!up->build && !cell_call(look, &there, &ignored)))
		return 0;
	if (s->build_file) {
		words[3] = "-f";
		words[4] = arena_print(&up->p->file.arena, "%s/%s", folder, s->build_file);
		words[5] = folder;
	}
	fprintf(stderr, "compose: building %s\n", name);
	/* What it says is the image's digest; standard output is for what the services say. */
	ret = cell_call(words, &said, err);
	if (ret) {
		struct error why = *err;

		error_set(err, ECHILD, "service %s: build: %.400s", s->name, why.text);
	}
	return ret;
}

static int start_one(struct up *up, size_t service, unsigned int number, struct error *err)
{
	struct compose_file *file = &up->p->file;
	const char *id = compose_id(file, up->p->name, service, number);
	const struct member *there = id ? members_named(&up->before, id) : NULL;
	cleanup_free char *said = NULL;
	struct words words;
	struct error why;
	int ret = compose_command(file, up->p->name, up->p->folder, service, number, &words, err);

	if (ret || !id)
		return ret;
	if (there) {
		for (size_t i = 0; i < words.count; i++)
			if (!strncmp(words.at[i], LABEL_CONFIG "=", strlen(LABEL_CONFIG) + 1) &&
			    !strcmp(words.at[i] + strlen(LABEL_CONFIG) + 1, there->config) &&
			    (!strcmp(there->status, "running") || file->services[service].restart))
				return 0;
		ret = members_delete(&id, 1, PATIENCE, err);
		if (ret)
			return ret;
	}
	ret = cell_call(words.at, &said, &why);
	if (ret)
		return error_set(err, ECHILD, "service %s: %.450s", file->services[service].name,
				 why.text);
	up->made[up->made_count++] = id;
	fprintf(stderr, "compose: %s\n", id);
	return 0;
}

/* Replicas that are too many now. */
static int shrink(struct up *up, size_t service, struct error *err)
{
	const struct compose_service *s = &up->p->file.services[service];
	int ret = 0;

	for (size_t i = 0; !ret && i < up->before.count; i++) {
		const struct member *m = &up->before.at[i];
		const char *dash = strrchr(m->id, '-'), *id = m->id;

		if (!strcmp(m->service, s->name) && dash &&
		    strtoul(dash + 1, NULL, 10) > s->replicas)
			ret = members_delete(&id, 1, PATIENCE, err);
	}
	return ret;
}

static int start_service(struct up *up, size_t service, struct error *err)
{
	const struct compose_service *s = &up->p->file.services[service];
	int ret = 0;

	for (size_t i = 0; !ret && i < s->need_count; i++)
		ret = health_await(up->p, &s->needs[i], err);
	if (!ret)
		ret = build(up, service, err);
	for (unsigned int n = 1; !ret && n <= s->replicas; n++)
		ret = start_one(up, service, n, err);
	return ret ? ret : shrink(up, service, err);
}

static void tell_orphans(const struct up *up)
{
	for (size_t i = 0; i < up->before.count; i++) {
		const struct member *m = &up->before.at[i];
		size_t k = 0;

		while (k < up->p->file.service_count && strcmp(up->p->file.services[k].name, m->service) != 0)
			k++;
		if (k == up->p->file.service_count)
			fprintf(stderr, "compose: warning: container %s: its service %s is not in the "
				"file any more: compose down removes it\n", m->id, m->service);
	}
}

static int start_all(struct up *up, struct error *err)
{
	size_t order[COMPOSE_SERVICES], most = 0;
	struct error ignored;
	int ret = compose_order(&up->p->file, up->p->path, order, err);

	for (size_t i = 0; i < up->p->file.service_count; i++)
		most += up->p->file.services[i].replicas;
	up->made = arena_alloc(&up->p->file.arena, most + 1, sizeof(*up->made));
	if (!ret && !up->made)
		ret = error_set(err, ENOMEM, "compose: no memory");
	for (size_t i = 0; !ret && i < up->p->file.service_count; i++)
		if (up->p->file.services[order[i]].enabled)
			ret = start_service(up, order[i], err);
	if (ret && up->made_count)
		members_delete(up->made, up->made_count, "1", &ignored);
	return ret;
}

/* In the foreground: until all have ended, or somebody asks for the end. */
static int attend_all(struct up *up, struct error *err)
{
	struct members members;
	int ret = members_find(up->p->name, &members, err);
	const char *words[] = { "stop", "-t", PATIENCE, NULL, NULL };

	if (ret)
		return ret;
	ret = logs_show(&members, true, err);
	for (size_t i = members.count; i-- > 0;) {
		struct error ignored;

		words[3] = members.at[i].id;
		cell_call(words, NULL, &ignored);
	}
	members_free(&members);
	return ret;
}

int compose_up(struct project *p, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "detach", no_argument, NULL, 'd' },
		{ "build", no_argument, NULL, 'b' },
		{ "scale", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct up up = { .p = p };
	int option, ret = 0;

	optind = 1;
	while (!ret && (option = getopt_long(argc, argv, "d", options, NULL)) != -1) {
		if (option == 'd')
			up.detach = true;
		else if (option == 'b')
			up.build = true;
		else if (option == 's')
			ret = take_scale(p, optarg, err);
		else
			ret = error_set(err, EUSAGE, "up: see cell compose --help");
	}
	if (!ret && optind != argc)
		ret = error_set(err, EUSAGE, "up: %.60s: expected options only", argv[optind]);
	if (!ret)
		ret = members_find(p->name, &up.before, err);
	if (ret)
		return ret;
	tell_orphans(&up);
	ret = start_all(&up, err);
	members_free(&up.before);
	return ret || up.detach ? ret : attend_all(&up, err);
}
