// SPDX-License-Identifier: GPL-2.0-only
/* Stages: config, layers, files, variables. See stage.h. Called by plan.c and the steps. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../path/tree.h"
#include "cleanup.h"

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "build: out of memory");
}

/* --- where it begins --- */

static int member(json_object *object, const char *key, json_object *made, json_object **out)
{
	if (json_object_object_get_ex(object, key, out) && *out) {
		json_object_put(made);
		return 0;
	}
	*out = made;
	return made && !json_object_object_add(object, key, made) ? 0 : -ENOMEM;
}

static int complete(struct stage *stage, struct error *err)
{
	/* What a Docker daemon knew of the container that it built by. */
	static const char *const foreign[] = { "container", "container_config", "docker_version",
					       "id", "parent", "os.version" };
	struct platform host;
	json_object *value;

	platform_host(&host);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		json_object_object_del(stage->config, foreign[i]);
	if (member(stage->config, "architecture", json_object_new_string(host.architecture), &value) ||
	    member(stage->config, "os", json_object_new_string(host.os), &value) ||
	    member(stage->config, "config", json_object_new_object(), &stage->run) ||
	    member(stage->config, "history", json_object_new_array(), &value))
		return no_memory(err);
	return json_object_is_type(value, json_type_array) ? 0
		: error_set(err, EINVAL, "config: history: is to be an array");
}

int stage_scratch(struct stage *stage, struct error *err)
{
	stage->config = json_object_new_object();
	return stage->config ? complete(stage, err) : no_memory(err);
}

static int add_layer(struct stage *stage, const struct descriptor *blob,
		     const struct digest *diff_id)
{
	struct descriptor copy = *blob;
	struct digest *ids = reallocarray(stage->diff_ids, stage->layers.count + 1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	stage->diff_ids = ids;
	ids[stage->layers.count] = *diff_id;
	copy.name = NULL;
	return descriptors_add(&stage->layers, &copy);
}

/* Others take a history that leaves layers out for a broken image. */
static int pad_history(struct stage *stage, struct error *err)
{
	json_object *history, *step, *empty;
	size_t layers = 0;

	json_object_object_get_ex(stage->config, "history", &history);
	for (size_t i = 0; i < json_object_array_length(history); i++) {
		step = json_object_array_get_idx(history, i);
		if (!json_object_is_type(step, json_type_object))
			return error_set(err, EINVAL, "config: history[%zu]: is to be an object", i);
		layers += !json_object_object_get_ex(step, "empty_layer", &empty) ||
			  !json_object_get_boolean(empty);
	}
	for (; layers < stage->layers.count; layers++) {
		step = json_object_new_object();
		json_object_object_add(step, "created_by", json_object_new_string("(not said)"));
		json_object_array_add(history, step);
	}
	return 0;
}

int stage_from_image(struct stage *stage, const struct image *image, struct error *err)
{
	int ret;

	if (json_object_deep_copy(image->config.json, &stage->config, NULL))
		return no_memory(err);
	ret = complete(stage, err);
	for (size_t i = 0; !ret && i < image->manifest.layers.count; i++) {
		struct descriptor layer = image->manifest.layers.at[i];

		layer.media = media_oci(layer.media);
		if (add_layer(stage, &layer, &image->config.diff_ids[i]))
			ret = no_memory(err);
	}
	return ret ? ret : pad_history(stage, err);
}

int stage_from_stage(struct stage *stage, const struct stage *base, struct error *err)
{
	if (json_object_deep_copy(base->config, &stage->config, NULL))
		return no_memory(err);
	for (size_t i = 0; i < base->layers.count; i++)
		if (add_layer(stage, &base->layers.at[i], &base->diff_ids[i]))
			return no_memory(err);
	return complete(stage, err);
}

void stage_free(struct stage *stage)
{
	free(stage->name);
	json_object_put(stage->config);
	descriptors_free(&stage->layers);
	free(stage->diff_ids);
	words_free(&stage->arguments);
	cleanup_fd(&stage->root);
}

/* --- files and layers --- */

int stage_root(struct build *build, struct stage *stage, struct error *err)
{
	int64_t most = UNPACK_MOST;
	int ret;

	if (stage->root < 0) {
		if (mkdirat(build->work, stage->folder, 0755))
			return error_errno(err, errno, NULL, "build: %s/%s", build->work_path,
					   stage->folder);
		stage->root = openat(build->work, stage->folder,
				     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* The root, too, has no time of this day. */
		if (stage->root < 0 || futimens(stage->root, (struct timespec[]){
				{ .tv_sec = build->options->epoch }, { .tv_sec = build->options->epoch } }))
			return error_errno(err, errno, NULL, "build: %s", build->work_path);
	}
	while (stage->applied < stage->layers.count) {
		ret = unpack_layer(build->store, &stage->layers.at[stage->applied],
				   &stage->diff_ids[stage->applied], stage->root, &most, err);
		if (ret)
			return ret;
		stage->applied++;
	}
	return stage->root;
}

int stage_add_layer(struct stage *stage, const struct built_layer *layer, bool applied,
		    struct error *err)
{
	if (stage->layers.count == MANIFEST_LAYERS)
		return error_set(err, EFBIG, "build: more than %d layers: join RUNs with &&",
				 MANIFEST_LAYERS);
	if (add_layer(stage, &layer->blob, &layer->diff_id))
		return no_memory(err);
	stage->applied += applied;
	return 0;
}

int stage_history(const struct build *build, struct stage *stage, const char *made_by, bool empty,
		  struct error *err)
{
	json_object *step = json_object_new_object(), *history;
	char text[32];
	struct tm tm;

	if (!step)
		return no_memory(err);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&build->options->epoch, &tm));
	json_object_object_add(step, "created", json_object_new_string(text));
	json_object_object_add(step, "created_by", json_object_new_string(made_by));
	if (empty)
		json_object_object_add(step, "empty_layer", json_object_new_boolean(true));
	json_object_object_get_ex(stage->config, "history", &history);
	return json_object_array_add(history, step) ? no_memory(err) : 0;
}

/* --- variables --- */

static const char *value_in(const char *assignment, const char *name, size_t length)
{
	return !strncmp(assignment, name, length) && assignment[length] == '='
		       ? assignment + length + 1 : NULL;
}

const char *assignment_find(const struct words *list, const char *name, size_t length)
{
	for (size_t i = list->count; i-- > 0;) {
		const char *value = value_in(list->at[i], name, length);

		if (value)
			return value;
	}
	return NULL;
}

int assignment_set(struct words *list, const char *name, size_t length, const char *value)
{
	char *text;
	int ret;

	if (asprintf(&text, "%.*s=%s", (int)length, name, value) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		if (value_in(list->at[i], name, length)) {
			free(list->at[i]);
			list->at[i] = text;
			return 0;
		}
	ret = words_add(list, text, strlen(text));
	free(text);
	return ret;
}

const char *stage_lookup(void *context, const char *name, size_t length)
{
	struct stage *stage = context;
	json_object *env = NULL;

	if (stage->run)
		json_object_object_get_ex(stage->run, "Env", &env);
	for (size_t i = env ? json_object_array_length(env) : 0; i-- > 0;) {
		const char *value = value_in(
			json_object_get_string(json_object_array_get_idx(env, i)), name, length);

		if (value)
			return value;
	}
	return assignment_find(&stage->arguments, name, length);
}

int stage_expand(const struct build *build, struct stage *stage, const struct statement *s,
		 const char *word, char **out, struct error *err)
{
	struct error inner;
	int ret = word_expand(word, build->file.escape, stage_lookup, stage, out, &inner);

	return ret ? statement_error(&build->file, s, -ret, err, "%.300s", inner.text) : 0;
}

int stage_words(const struct build *build, struct stage *stage, const struct statement *s,
		struct words *words, struct error *err)
{
	cleanup_words struct words raw = { NULL, 0 };
	int ret = 0;

	*words = (struct words){ NULL, 0 };
	if (!s->list && words_split(s->text, &raw))
		return no_memory(err);
	for (size_t i = 0; s->list && i < json_object_array_length(s->list); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(s->list, i));

		if (words_add(&raw, word, strlen(word)))
			return no_memory(err);
	}
	for (size_t i = 0; !ret && i < raw.count; i++) {
		cleanup_free char *word = NULL;

		ret = stage_expand(build, stage, s, raw.at[i], &word, err);
		if (!ret && words_add(words, word, strlen(word)))
			ret = no_memory(err);
	}
	if (ret)
		words_free(words);
	return ret;
}
