/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One stage of a build: from a FROM to the next. A stage is its config and its layers; its files
 * are unpacked only when a step needs them, so a build whose steps are all remembered unpacks
 * nothing.
 */
#ifndef CELL_IMAGE_BUILD_STAGE_H
#define CELL_IMAGE_BUILD_STAGE_H

#include <time.h>

#include "../layer/unpack.h"
#include "containerfile.h"
#include "layer_writer.h"
#include "pattern.h"
#include "words.h"

/**
 * struct build_options - what the command line says
 * @file: path of the Containerfile; NULL: Containerfile or Dockerfile of the folder; "-": standard
 *	input
 * @context: path of the folder
 * @ignore: path of the ignore file; NULL: .containerignore or .dockerignore of the folder
 * @target: stage to build; NULL: the last
 * @names: for the image, complete
 * @arguments: NAME=VALUE
 * @labels: NAME=VALUE, on top of those of the file
 * @no_cache: do every step again
 * @pull: fetch images that are not here
 * @plain_http: from registries without TLS
 * @network: RUN has the host's network
 * @quiet: say nothing of the steps
 * @epoch: the time of all that is made
 */
struct build_options {
	const char *file;
	const char *context;
	const char *ignore;
	const char *target;
	struct words names;
	struct words arguments;
	struct words labels;
	bool no_cache;
	bool pull;
	bool plain_http;
	bool network;
	bool quiet;
	time_t epoch;
};

/**
 * struct stage - one
 * @name: NULL: it has none
 * @first: statement that is its FROM
 * @end: statement after its last
 * @needed: the target needs it
 * @begun: its FROM was done
 * @config: of the image, whole; the stage's
 * @run: its "config", of @config
 * @layers: the lowest first
 * @diff_ids: of them
 * @folder: name of its root in the work folder
 * @root: its files, if they are unpacked; -1
 * @applied: layers that @root has
 * @arguments: NAME=VALUE of its ARGs
 * @cmd_set: CMD was said here, not by the base
 */
struct stage {
	char *name;
	size_t first;
	size_t end;
	bool needed;
	bool begun;
	json_object *config;
	json_object *run;
	struct descriptors layers;
	struct digest *diff_ids;
	char folder[24];
	int root;
	size_t applied;
	struct words arguments;
	bool cmd_set;
};

/**
 * struct build - a build under way
 * @context: the folder, open
 * @work: a folder of its own in the store, open and locked
 * @work_path: of it
 * @globals: NAME=VALUE of ARGs before the first FROM
 * @used: for each of the command line's arguments: an ARG names it
 */
struct build {
	const struct build_options *options;
	struct store *store;
	struct containerfile file;
	struct ignore ignore;
	int context;
	int work;
	char work_path[PATH_MAX];
	struct stage *stages;
	size_t count;
	struct words globals;
	bool *used;
	unsigned int runs;
};

/* --- stage.c --- */

/* FROM scratch, an image, or another stage, of which it becomes a copy. */
int stage_scratch(struct stage *stage, struct error *err);
int stage_from_image(struct stage *stage, const struct image *image, struct error *err);
int stage_from_stage(struct stage *stage, const struct stage *base, struct error *err);
void stage_free(struct stage *stage);

/* Its files, unpacked as far as its layers go: an fd that is the stage's, or a negative errno. */
int stage_root(struct build *build, struct stage *stage, struct error *err);

/* One more layer; @applied: @root has it already. */
int stage_add_layer(struct stage *stage, const struct built_layer *layer, bool applied,
		    struct error *err);

/* One more step of its history. */
int stage_history(const struct build *build, struct stage *stage, const char *made_by, bool empty,
		  struct error *err);

/* Value of ENV, or of ARG; for word_expand() with a struct stage. */
const char *stage_lookup(void *stage, const char *name, size_t length);

/* In a list of NAME=VALUE: the value, or NULL. */
const char *assignment_find(const struct words *list, const char *name, size_t length);

/* Sets or replaces NAME=VALUE. */
int assignment_set(struct words *list, const char *name, size_t length, const char *value);

/* A statement's text, or the elements of its list, as words with variables replaced. */
int stage_words(const struct build *build, struct stage *stage, const struct statement *s,
		struct words *words, struct error *err);
int stage_expand(const struct build *build, struct stage *stage, const struct statement *s,
		 const char *word, char **out, struct error *err);

/* --- settings.c: what needs no file --- */

int settings_apply(struct build *build, struct stage *stage, const struct statement *s,
		   struct error *err);

/* WORKDIR: where its words lead from where it is; out has PATH_MAX octets. */
int settings_workdir(const struct build *build, const struct stage *stage,
		     const struct statement *s, const char *to, char *out, struct error *err);

/* A command as a list: as it is, or for the stage's shell. The caller's to put. */
json_object *settings_command(const struct stage *stage, json_object *list, const char *text);

/* --- step.c: what makes layers --- */

int step_run(struct build *build, struct stage *stage, const struct statement *s,
	     struct error *err);
int step_copy(struct build *build, struct stage *stage, const struct statement *s,
	      struct error *err);
int step_workdir(struct build *build, struct stage *stage, const struct statement *s,
		 struct error *err);

/* --- plan.c --- */

/* The stage that a --from means, done; NULL with 0: it is none. */
int build_stage(struct build *build, const char *name, size_t before, struct stage **stage,
		struct error *err);

/* An image of the store, or of a registry if that was asked for. */
int build_image(struct build *build, const char *name, struct image *image, struct error *err);

#endif
