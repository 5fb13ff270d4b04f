// SPDX-License-Identifier: GPL-2.0-only
/* cell compose ps: the containers of the project. cell compose plan: the commands that up runs. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "project.h"

/* How it ended, "" while it has not. */
static void ask_exit(const struct member *m, char *text, size_t size)
{
	const char *words[] = { "wait", m->id, NULL };
	cleanup_free char *said = NULL;
	struct error ignored;

	text[0] = '\0';
	if (strcmp(m->status, "stopped") != 0 || cell_call(words, &said, &ignored))
		return;
	snprintf(text, size, "%.*s", (int)strcspn(said, "\n"), said);
}

static const char *ask_health(const struct project *p, const struct member *m)
{
	if (strcmp(m->status, "running") != 0)
		return "";
	for (size_t i = 0; p->has_file && i < p->file.service_count; i++)
		if (!strcmp(p->file.services[i].name, m->service))
			return health_now(&p->file.services[i].health, m->id);
	return "";
}

static json_object *as_json(const struct member *m, const char *health, const char *exit)
{
	json_object *json = json_object_new_object();

	json_object_object_add(json, "name", json_object_new_string(m->id));
	json_object_object_add(json, "service", json_object_new_string(m->service));
	json_object_object_add(json, "status", json_object_new_string(m->status));
	json_object_object_add(json, "health", *health ? json_object_new_string(health) : NULL);
	json_object_object_add(json, "exit", *exit ? json_object_new_int(atoi(exit)) : NULL);
	json_object_object_add(json, "created", json_object_new_string(m->created));
	return json;
}

int compose_ps(struct project *p, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	json_object *list = json_object_new_array();
	struct members members;
	bool json = false;
	int option, ret;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return error_set(err, EUSAGE, "ps: expected --json only");
		json = true;
	}
	ret = members_find(p->name, &members, err);
	if (!ret && !json)
		printf("%-32s %-16s %-9s %-10s %s\n", "NAME", "SERVICE", "STATUS", "HEALTH", "EXIT");
	for (size_t i = 0; !ret && i < members.count; i++) {
		const struct member *m = &members.at[i];
		const char *health = ask_health(p, m);
		char exit[16];

		ask_exit(m, exit, sizeof(exit));
		if (json)
			json_object_array_add(list, as_json(m, health, exit));
		else
			printf("%-32s %-16s %-9s %-10s %s\n", m->id, m->service, m->status, health, exit);
	}
	if (!ret && json)
		puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
	members_free(&members);
	return ret;
}

/* So that it can be pasted into a shell. */
static void print_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=:,./@%";

	if (*word && strspn(word, plain) == strlen(word)) {
		printf(" %s", word);
		return;
	}
	fputs(" '", stdout);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	putchar('\'');
}

static int print_service(struct project *p, size_t service, struct error *err)
{
	for (unsigned int n = 1; n <= p->file.services[service].replicas; n++) {
		struct words words;
		int ret = compose_command(&p->file, p->name, p->folder, service, n, &words, err);

		if (ret)
			return ret;
		fputs("cell", stdout);
		for (size_t k = 0; k < words.count; k++)
			print_word(words.at[k]);
		putchar('\n');
	}
	return 0;
}

int compose_plan(struct project *p, int argc, char **argv, struct error *err)
{
	size_t order[COMPOSE_SERVICES];
	int ret = compose_order(&p->file, p->path, order, err);

	(void)argv;
	if (argc != 1)
		return error_set(err, EUSAGE, "plan: expected no words");
	for (size_t i = 0; !ret && i < p->file.service_count; i++)
		if (p->file.services[order[i]].enabled)
			ret = print_service(p, order[i], err);
	return ret;
}
