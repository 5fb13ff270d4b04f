/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A compose file as structs: the widely used part of the Compose Specification. What is not
 * understood is refused, with line and column, except for keys that begin with "x-".
 *
 *	tree.c		YAML
 *	value.c		values out of it, with errors that say what was expected; ${VARIABLES}
 *	env.c		.env, and what env_file names
 *	file.c		the file; service.c: one service; mounts.c: what it sees of the host's files.
 *			Words of ports, volumes, limits are checked by the rules of cell run
 *			(net/options.c, run/words.c, schedule/words.c)
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
#define COMPOSE_SECRET_MODE	0444	/* Compose Specification, secrets: world-readable */

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
 * @required: false: it may be absent, or of a profile that is not wanted
 * @line: where it stands; @column likewise
 */
struct compose_need {
	const char *service;
	size_t index;
	enum compose_condition condition;
	bool required;
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
 * @eager_ms: start_interval: between two tests until then (250 ms)
 */
struct compose_health {
	struct words test;
	uint64_t interval_ms;
	uint64_t timeout_ms;
	uint64_t start_ms;
	uint64_t eager_ms;
	unsigned int retries;
};

/**
 * struct compose_env_file - one of env_file
 * @path: relative to the compose file's folder
 * @required: false: it may be absent
 */
struct compose_env_file {
	const char *path;
	bool required;
	unsigned int line;
	unsigned int column;
};

/**
 * struct compose_grant - a secret that a service is given
 * @secret: its name; @index of it in the file
 * @target: absolute path of the file inside; @mode of it
 */
struct compose_grant {
	const char *secret;
	size_t index;
	const char *target;
	unsigned int mode;
	unsigned int line;
	unsigned int column;
};

/**
 * struct compose_service - one; texts are NULL where the file says nothing
 * @line: of its name; @column likewise
 * @build: folder; @build_file: in it
 * @has_entrypoint: @entrypoint is given; an empty one takes the image's away
 * @file_env: what the @env_files say, see compose_add_env()
 * @log: words of --log-opt
 * @profiles: it is wanted only with one of them; none: always
 * @enabled: it is wanted
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
	bool has_entrypoint;
	struct words env;
	struct compose_env_file *env_files;
	size_t env_file_count;
	struct words file_env;
	struct compose_grant *grants;
	size_t grant_count;
	struct words log;
	struct words profiles;
	bool enabled;
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

/**
 * struct compose_secret - one of the file's
 * @file: with its content; relative to the compose file's folder
 * @version: another one when the content is; NULL: nobody has looked
 */
struct compose_secret {
	const char *name;
	const char *file;
	const char *version;
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
	struct compose_secret *secrets;
	size_t secret_count;
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

/**
 * compose_select() - which services are wanted
 * @file: those of no profile, and those of one that is in @profiles; "*" is all
 * @name: for messages
 *
 * Return: 0; -EINVAL: one that is wanted needs one that is not.
 */
int compose_select(struct compose_file *file, const char *name, const struct words *profiles,
		   struct error *err);

/**
 * compose_read_env() - the lines of .env, or of a file that env_file names
 * @arena: holds the words
 * @name: for messages: "NAME:LINE:COLUMN: VARIABLE: what is wrong"
 * @text: of @length octets
 * @variable: of ${NAME}, before those of the lines above
 * @words: NAME=VALUE; NAME alone if nobody has a value for it
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int compose_read_env(struct arena *arena, const char *name, const char *text, size_t length,
		     compose_variable variable, struct words *words, struct error *err);

/* Those of a file of a service's env_file; a later one's count. 0 or -ENOMEM. */
int compose_add_env(struct compose_file *file, size_t service, const struct words *words);

/* --- value.c --- */

/**
 * struct values - how values are read: the first error stays, all after it is as if absent
 * @where: "services.web", for messages
 * @more: NAME=VALUE: variables besides; NULL: there are none
 */
struct values {
	struct arena *arena;
	const char *file;
	const char *where;
	compose_variable variable;
	const struct words *more;
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

/* environment: as value_pairs(), and a name alone gets the value that it has here, if it has one. */
struct words value_env(struct values *v, const struct yaml_value *map, const char *key);
const char *value_pair(struct values *v, const char *name, const char *value);

/* A list of texts and maps, of each of which @form makes a word; NULL: none. */
typedef const char *(*value_form)(struct values *v, const struct yaml_value *item, void *what);
struct words value_forms(struct values *v, const struct yaml_value *map, const char *key,
			 value_form form, void *what);

/* A map: its value, NULL if it is absent, an error if it is something else. */
const struct yaml_value *value_map(struct values *v, const struct yaml_value *map, const char *key);

/* Refuse what is not in @known (NULL-terminated). */
void value_known(struct values *v, const struct yaml_value *map, const char *const *known);

/* Lower-case letters, digits, _ and -, beginning with a letter or digit. */
bool value_is_name(const char *text);

/* Letters, digits, _ . and -, beginning with a letter or digit: a profile, a secret. */
bool compose_is_label(const char *text);

/* service.c */
void compose_read_service(struct values *v, const struct yaml_value *key,
			  const struct yaml_value *at, struct compose_service *s);

/* mounts.c: volumes and tmpfs; secrets. */
void compose_read_volumes(struct values *v, const struct yaml_value *at, struct compose_service *s);
void compose_read_grants(struct values *v, const struct yaml_value *at, struct compose_service *s);

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
