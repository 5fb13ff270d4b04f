// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps that make layers: RUN, COPY, ADD, WORKDIR. Each is known by a key of all that its result
 * depends on; if that was done before, its layer is taken, else the stage's files are looked at
 * before and after. Called by plan.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../bundle/bundle.h"
#include "../../path/tree.h"
#include "cache.h"
#include "cleanup.h"
#include "copy.h"
#include "difference.h"
#include "run.h"
#include "stage.h"

/* Another one forgets what all others kept: what a step does has changed. */
#define KEY_VERSION "cell build 1"

typedef int (*step_do)(struct build *build, struct stage *stage, void *context,
		       struct error *err);

static void add_text(struct sha256_ctx *state, const char *text)
{
	sha256_update(state, strlen(text) + 1, (const uint8_t *)text);
}

/* The layers, not how they came about: so two ways to the same files are one. */
static void add_layers(struct sha256_ctx *state, const struct stage *stage)
{
	char text[DIGEST_TEXT];

	for (size_t i = 0; i < stage->layers.count; i++)
		add_text(state, digest_text(&stage->diff_ids[i], text));
	add_text(state, "");
}

static void key_begin(struct sha256_ctx *state, const struct build *build,
		      const struct stage *stage, const struct statement *s)
{
	char text[64];

	sha256_init(state);
	add_text(state, KEY_VERSION);
	snprintf(text, sizeof(text), "%lld %d", (long long)build->options->epoch, geteuid() != 0);
	add_text(state, text);
	add_layers(state, stage);
	add_text(state, instruction_name(s->kind));
}

static int make_layer(struct build *build, struct stage *stage, step_do step, void *context,
		      struct built_layer *layer, struct error *err)
{
	cleanup_snapshot struct snapshot before = { NULL, 0 }, after = { NULL, 0 };
	int root = stage_root(build, stage, err), ret;

	if (root < 0)
		return root;
	ret = snapshot_take(root, &before, err);
	if (ret)
		return ret;
	snapshot_settle();
	ret = step(build, stage, context, err);
	if (!ret)
		ret = snapshot_take(root, &after, err);
	return ret ? ret : difference_write(build->store, root, &before, &after,
					    build->options->epoch, layer, err);
}

static int do_step(struct build *build, struct stage *stage, const struct statement *s,
		   struct sha256_ctx *state, step_do step, void *context, struct error *err)
{
	struct built_layer layer;
	struct error inner;
	struct digest key;
	bool known;
	char made_by[1024];
	int ret;

	digest_end(state, &key);
	ret = build->options->no_cache ? -ENOENT : cache_find(build->store, &key, &layer);
	known = ret >= 0;
	if (!build->options->quiet && known)
		fprintf(stderr, "  as before\n");
	if (!known) {
		ret = make_layer(build, stage, step, context, &layer, &inner);
		if (ret < 0)
			return statement_error(&build->file, s, -ret, err, "%.380s", inner.text);
		cache_keep(build->store, &key, ret ? &layer : NULL);
	}
	snprintf(made_by, sizeof(made_by), "%s %.1000s", instruction_name(s->kind), s->text);
	if (ret && stage_add_layer(stage, &layer, !known, err))
		return -ENOMEM;
	return stage_history(build, stage, made_by, !ret, err);
}

/* --- RUN --- */

struct run_context {
	json_object *command;
	bool network;
};

static int do_run(struct build *build, struct stage *stage, void *context, struct error *err)
{
	struct run_context *run = context;
	int ret = run_command(build, stage, run->command, run->network, err);

	return ret > 0 ? error_set(err, ECANCELED, "ended with status %d: %.200s", ret,
				   json_object_to_json_string_ext(run->command,
								  JSON_C_TO_STRING_NOSLASHESCAPE))
		       : ret;
}

int step_run(struct build *build, struct stage *stage, const struct statement *s,
	     struct error *err)
{
	static const char *const fields[] = { "Env", "User", "WorkingDir" };
	cleanup_put json_object *command = settings_command(stage, s->list, s->text);
	const char *network = statement_flag(s, "network");
	struct run_context run = { command, build->options->network };
	struct sha256_ctx state;
	json_object *value;

	if (!command)
		return error_set(err, ENOMEM, "build: out of memory");
	if (network && strcmp(network, "none") != 0 && strcmp(network, "host") != 0 &&
	    strcmp(network, "default") != 0)
		return statement_error(&build->file, s, EINVAL, err, "--network=%.40s: expected none, "
				       "host or default", network);
	if (network && !strcmp(network, "host") && !build->options->network)
		return statement_error(&build->file, s, EPERM, err, "--network=host: a build has no "
				       "network unless it is asked for: say cell-image build "
				       "--network host");
	run.network = run.network && (!network || strcmp(network, "none") != 0);
	key_begin(&state, build, stage, s);
	add_text(&state, json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		add_text(&state, json_object_object_get_ex(stage->run, fields[i], &value)
			 ? json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN) : "");
	for (size_t i = 0; i < stage->arguments.count; i++)
		add_text(&state, stage->arguments.at[i]);
	add_text(&state, run.network ? "network" : "");
	return do_step(build, stage, s, &state, do_run, &run, err);
}

/* --- WORKDIR --- */

static int do_workdir(struct build *build, struct stage *stage, void *context, struct error *err)
{
	const char *path = context;
	int fd = tree_make(stage->root, path[1] ? path + 1 : "");

	(void)build;
	if (fd < 0)
		return error_errno(err, -fd, NULL, "%.200s", path);
	close(fd);
	return 0;
}

int step_workdir(struct build *build, struct stage *stage, const struct statement *s,
		 struct error *err)
{
	cleanup_free char *word = NULL;
	struct sha256_ctx state;
	char path[PATH_MAX];
	int ret = stage_expand(build, stage, s, s->text, &word, err);

	if (!ret && !word[0])
		ret = statement_error(&build->file, s, EINVAL, err, "\"%.60s\": is empty", s->text);
	if (!ret)
		ret = settings_workdir(build, stage, s, word, path, err);
	if (ret)
		return ret;
	json_object_object_add(stage->run, "WorkingDir", json_object_new_string(path));
	key_begin(&state, build, stage, s);
	add_text(&state, path);
	return do_step(build, stage, s, &state, do_workdir, path, err);
}

/* --- COPY, ADD --- */

/**
 * struct copy_context - a copy, and where it comes from
 * @from: a stage; NULL: none
 * @image: an image, if @from is NULL and it has layers; to be unpacked
 * @owner: of --chown; NULL: none
 * @target: in the root, absolute
 */
struct copy_context {
	struct copy copy;
	struct source source;
	struct stage *from;
	struct stage image;
	bool is_image;
	const struct statement *s;
	struct words words;
	struct words paths;
	char *owner;
	char target[PATH_MAX + 2];
};

static void copy_context_end(struct copy_context *c)
{
	words_free(&c->words);
	words_free(&c->paths);
	free(c->owner);
	stage_free(&c->image);
}

static int find_owner(struct copy_context *c, int root, struct error *err)
{
	struct user user;
	int ret;

	if (!c->owner)
		return 0;
	ret = user_find(root, c->owner, &user, err);
	if (ret)
		return ret;
	/* Unlike for a process, a number without a group means the group of that number. */
	if (!strchr(c->owner, ':') && strspn(c->owner, "0123456789") == strlen(c->owner))
		user.gid = user.uid;
	if (geteuid() && (user.uid || user.gid))
		return error_set(err, EPERM, "--chown=%.60s: who is not root gives no files away: run "
				 "the build as root", c->owner);
	c->copy.owner = true;
	c->copy.uid = user.uid;
	c->copy.gid = user.gid;
	return 0;
}

static int choose(struct copy_context *c, struct error *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i + 1 < c->words.count; i++) {
		if (c->copy.unpack && strstr(c->words.at[i], "://"))
			return error_set(err, EINVAL, "%.100s: a build fetches nothing by itself: put "
					 "the file into the folder", c->words.at[i]);
		ret = source_choose(&c->source, c->words.at[i], &c->paths, err);
	}
	return ret;
}

static int do_copy(struct build *build, struct stage *stage, void *context, struct error *err)
{
	struct copy_context *c = context;
	struct stage *from = c->from ? c->from : c->is_image ? &c->image : NULL;
	int ret;

	if (from) {
		c->source.root = stage_root(build, from, err);
		if (c->source.root < 0)
			return c->source.root;
		ret = choose(c, err);
		if (ret)
			return ret;
	}
	ret = find_owner(c, stage->root, err);
	c->copy.root = stage->root;
	return ret ? ret : copy_paths(&c->copy, &c->paths, err);
}

static int find_source(struct build *build, struct stage *stage, struct copy_context *c,
		       struct error *err)
{
	const char *from = statement_flag(c->s, "from");
	cleanup_image struct image image = { 0 };
	cleanup_free char *name = NULL;
	struct error inner;
	int ret;

	c->source = (struct source){ .root = build->context, .ignore = &build->ignore };
	if (!from)
		return 0;
	c->source.ignore = NULL;
	c->copy.own = true;
	ret = stage_expand(build, stage, c->s, from, &name, err);
	if (!ret)
		ret = build_stage(build, name, (size_t)(stage - build->stages), &c->from, err);
	if (ret || c->from)
		return ret;
	ret = build_image(build, name, &image, &inner);
	if (!ret)
		ret = stage_from_image(&c->image, &image, &inner);
	if (ret)
		return statement_error(&build->file, c->s, -ret, err, "--from=%.60s: %.300s", name,
				       inner.text);
	c->is_image = true;
	snprintf(c->image.folder, sizeof(c->image.folder), "from-%u", build->runs++);
	return 0;
}

static int read_flags(struct build *build, struct stage *stage, struct copy_context *c,
		      struct error *err)
{
	const char *mode = statement_flag(c->s, "chmod"), *owner = statement_flag(c->s, "chown");
	cleanup_free char *digits = NULL;
	int ret = owner ? stage_expand(build, stage, c->s, owner, &c->owner, err) : 0;

	c->copy.mode = -1;
	if (ret || !mode)
		return ret;
	ret = stage_expand(build, stage, c->s, mode, &digits, err);
	if (ret)
		return ret;
	if (!digits[0] || strspn(digits, "01234567") != strlen(digits) || strlen(digits) > 5 ||
	    strtol(digits, NULL, 8) > 07777)
		return statement_error(&build->file, c->s, EINVAL, err, "--chmod=%.40s: expected octal "
				       "digits such as 755", digits);
	c->copy.mode = (int)strtol(digits, NULL, 8);
	return 0;
}

static int copy_key(struct build *build, struct stage *stage, struct copy_context *c,
		    struct sha256_ctx *state, struct error *err)
{
	struct stage *from = c->from ? c->from : c->is_image ? &c->image : NULL;
	char text[32];
	int ret = 0;

	key_begin(state, build, stage, c->s);
	add_text(state, c->target);
	add_text(state, c->owner ? c->owner : "");
	snprintf(text, sizeof(text), "%o %d", c->copy.mode, c->copy.unpack);
	add_text(state, text);
	if (from) {
		add_layers(state, from);
		for (size_t i = 0; i < c->words.count; i++)
			add_text(state, c->words.at[i]);
		return 0;
	}
	for (size_t i = 0; !ret && i < c->paths.count; i++) {
		add_text(state, source_is_folder(&c->source, c->paths.at[i]) == 1 ? "folder" : "file");
		ret = source_digest(&c->source, c->paths.at[i], state, err);
	}
	return ret;
}

int step_copy(struct build *build, struct stage *stage, const struct statement *s,
	      struct error *err)
{
	__attribute__((cleanup(copy_context_end))) struct copy_context c = {
		.s = s, .image = { .root = -1 },
	};
	struct sha256_ctx state;
	struct error inner;
	const char *target;
	size_t length;
	int ret = find_source(build, stage, &c, err);

	if (!ret)
		ret = read_flags(build, stage, &c, err);
	if (!ret)
		ret = stage_words(build, stage, s, &c.words, err);
	if (ret)
		return ret;
	target = c.words.at[c.words.count - 1];
	ret = settings_workdir(build, stage, s, target, c.target, err);
	if (ret)
		return ret;
	length = strlen(target);
	if (length && c.target[1] && (target[length - 1] == '/' || !strcmp(target, ".") ||
				      (length > 1 && !strcmp(target + length - 2, "/."))))
		strcat(c.target, "/");
	c.copy.source = &c.source;
	c.copy.target = c.target;
	c.copy.unpack = s->kind == INSTRUCTION_ADD;
	ret = c.from || c.is_image ? 0 : choose(&c, &inner);
	if (!ret)
		ret = copy_key(build, stage, &c, &state, &inner);
	if (ret)
		return statement_error(&build->file, s, -ret, err, "%.300s", inner.text);
	return do_step(build, stage, s, &state, do_copy, &c, err);
}
