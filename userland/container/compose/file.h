/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A compose file as structs: the widely used part of the Compose Specification. What is not
 * understood is refused, with line and column, except for keys that begin with "x-".
 *
 *	tree.c		YAML
 *	value.c		values out of it, with errors that say what was expected; ${VARIABLES}
 *	file.c		the file; service.c: one service; words of ports, volumes, limits are checked
 *			by the rules of cell run (net/options.c, run/words.c, schedule/words.c)
 *	plan.c		in which order, with which commands
 *
 * All of this is pure: text in, structs out. The programs are run by up.c, down.c, ps.c, logs.c.
 */
#ifndef CELL_COMPOSE_FILE_H
#define CELL_COMPOSE_FILE_H

#include <stdint.h>

#include "tree.h"

#define COMPOSE_SERVICES	64
#define COMPOSE_REPLICAS	100
#define COMPOSE_NETWORKS	8	/* of one service: NET_JOINS */
#define COMPOSE_NAME		63

/* Texts, each NULL-terminated; @at[@count] is NULL. */
struct words {
	const char **at;
	size_t count;
};

enum compose_condition {
	NEEDS_STARTED,
	NEEDS_HEALTHY,
	NEEDS_DONE,
};

/**
 * struct compose_need - one of depends_on
 * @service: its name; @index of it in the file
 * @line: where it stands; @column likewise
 */
struct compose_need {
	const char *service;
	size_t index;
	enum compose_condition condition;
	unsigned int line;
	unsigned int column;
};

struct compose_join {
	const char *network;
	struct words aliases;
	unsigned int line;
	unsigned int column;
};

/**
 * struct compose_health - healthcheck
 * @test: command to run inside; count 0: there is none
 * @interval_ms: between two tests (30 s); @timeout_ms: of one (30 s)
 * @retries: failures in a row that make it unhealthy (3)
 * @start_ms: failures before that do not count (0)
 */
struct compose_health {
	struct words test;
	uint64_t interval_ms;
	uint64_t timeout_ms;
	uint64_t start_ms;
	unsigned int retries;
};

/**
 * struct compose_service - one; texts are NULL where the file says nothing
 * @line: of its name; @column likewise
 * @build: folder; @build_file: in it
 * @has_command: @command is given, maybe empty
 * @network_mode: none or host, or NULL
 * @sched: x-sched, a word of --sched
 * @replicas: scale, or deploy.replicas
 */
struct compose_service {
	const char *name;
	unsigned int line;
	unsigned int column;
	const char *image;
	const char *build;
	const char *build_file;
	struct words command;
	struct words entrypoint;
	struct words env;
	struct words ports;
	struct words volumes;
	struct words tmpfs;
	struct words labels;
	const char *network_mode;
	struct compose_join joins[COMPOSE_NETWORKS];
	size_t join_count;
	struct compose_need *needs;
	size_t need_count;
	const char *memory;
	const char *cpus;
	const char *cpuset;
	const char *pids;
	const char *restart;
	const char *workdir;
	const char *user;
	const char *hostname;
	const char *sched;
	bool read_only;
	bool tty;
	struct compose_health health;
	unsigned int replicas;
};

struct compose_network {
	const char *name;
	const char *subnet;
	const char *via;
};

/**
 * struct compose_file - all of it
 * @project: name:, or NULL
 */
struct compose_file {
	struct arena arena;
	const char *project;
	struct compose_service services[COMPOSE_SERVICES];
	size_t service_count;
	struct compose_network *networks;
	size_t network_count;
	struct words volumes;
};

/* The value of a variable, or NULL; getenv() but for tests. */
typedef const char *(*compose_variable)(const char *name);

/**
 * compose_read() - parse and check
 * @file: filled; compose_free() in any case
 * @name: for messages
 * @text: of @length octets
 * @variable: of ${NAME}
 * @err: "NAME:LINE:COLUMN: services.web.ports: what is wrong: what was expected"
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int compose_read(struct compose_file *file, const char *name, const char *text, size_t length,
		 compose_variable variable, struct error *err);
void compose_free(struct compose_file *file);

/* --- value.c --- */

/**
 * struct values - how values are read: the first error stays, all after it is as if absent
 * @where: "services.web", for messages
 */
struct values {
	struct arena *arena;
	const char *file;
	const char *where;
	compose_variable variable;
	struct error *err;
	int failed;
};

void value_bad(struct values *v, const struct yaml_value *at, const char *key,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A scalar with its variables replaced; NULL: there is none, or it is no text. */
const char *value_text(struct values *v, const struct yaml_value *at, const char *key);
const char *value_text_of(struct values *v, const struct yaml_value *map, const char *key);
bool value_bool_of(struct values *v, const struct yaml_value *map, const char *key);
uint64_t value_number_of(struct values *v, const struct yaml_value *map, const char *key,
			 uint64_t least, uint64_t most, uint64_t otherwise);
/* "30s", "1m30s", "500ms": milliseconds. */
uint64_t value_time_of(struct values *v, const struct yaml_value *map, const char *key,
		       uint64_t otherwise);

/* A list of texts; one of NAME=VALUE, which may be a map; a command, which may be one text. */
struct words value_words(struct values *v, const struct yaml_value *map, const char *key);
struct words value_pairs(struct values *v, const struct yaml_value *map, const char *key);
struct words value_command(struct values *v, const struct yaml_value *map, const char *key);

/* A map: its value, NULL if it is absent, an error if it is something else. */
const struct yaml_value *value_map(struct values *v, const struct yaml_value *map, const char *key);

/* Refuse what is not in @known (NULL-terminated). */
void value_known(struct values *v, const struct yaml_value *map, const char *const *known);

/* Lower-case letters, digits, _ and -, beginning with a letter or digit. */
bool value_is_name(const char *text);

/* service.c */
void compose_read_service(struct values *v, const struct yaml_value *key,
			  const struct yaml_value *at, struct compose_service *s);

/* --- plan.c --- */

/**
 * compose_order() - services such that each comes after those it needs
 * @order: of service_count places: indices, otherwise in the file's order
 *
 * Return: 0; -ELOOP: they need each other, @err names them.
 */
int compose_order(const struct compose_file *file, const char *name, size_t *order,
		  struct error *err);

/* "PROJECT-SERVICE-NUMBER": the container's name. */
const char *compose_id(struct compose_file *file, const char *project, size_t service,
		       unsigned int number);

/* The image of a service: as it says, or localhost/PROJECT-SERVICE:latest if it is built. */
const char *compose_image(struct compose_file *file, const char *project, size_t service);

/**
 * compose_command() - the words of cell run for a container
 * @file: its arena gets the words
 * @project: name of the project
 * @folder: of the file: what relative paths begin at
 * @service: index
 * @number: of the replica, from 1
 * @words: filled, with "run" as the first; a label has a digest of the others: a change shows
 *
 * Return: 0; -EINVAL: a name that becomes too long; -ENOMEM.
 */
int compose_command(struct compose_file *file, const char *project, const char *folder,
		    size_t service, unsigned int number, struct words *words, struct error *err);

#define LABEL_PROJECT	"cell.compose.project"
#define LABEL_SERVICE	"cell.compose.service"
#define LABEL_CONFIG	"cell.compose.config"

#endif
