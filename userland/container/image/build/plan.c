// SPDX-License-Identifier: GPL-2.0-only
/*
 * The build as a whole: which stages there are, which the target needs, each done once, and the
 * image that comes out. Called by the verb build.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../../path/tree.h"
#include "../registry/registry.h"
#include "build.h"
#include "cleanup.h"
#include "work.h"

static int do_stage(struct build *build, struct stage *stage, struct error *err);

static void build_end(struct build *build)
{
	for (size_t i = 0; i < build->count; i++)
		stage_free(&build->stages[i]);
	free(build->stages);
	free(build->used);
	words_free(&build->globals);
	ignore_free(&build->ignore);
	containerfile_free(&build->file);
	cleanup_fd(&build->context);
	work_close(build->store, &build->work, build->work_path);
}

/* --- which stages --- */

static struct stage *find_stage(const struct build *build, const char *name, size_t before)
{
	char *end;
	unsigned long number;

	for (size_t i = before; i-- > 0;)
		if (build->stages[i].name && !strcasecmp(build->stages[i].name, name))
			return &build->stages[i];
	number = isdigit((unsigned char)name[0]) ? strtoul(name, &end, 10) : before;
	return number < before && !*end ? &build->stages[number] : NULL;
}

static int name_stage(struct build *build, struct stage *stage, const struct statement *s,
		      struct error *err)
{
	cleanup_words struct words words = { NULL, 0 };
	const char *name;

	if (words_split(s->text, &words))
		return error_set(err, ENOMEM, "build: out of memory");
	if (words.count < 3)
		return 0;
	name = words.at[2];
	if (!isalpha((unsigned char)name[0]) ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
		    strlen(name))
		return statement_error(&build->file, s, EINVAL, err, "\"%.60s\": expected a name for the "
				       "stage: a letter, then letters, digits, \"-\", \"_\", \".\"", name);
	if (find_stage(build, name, build->count))
		return statement_error(&build->file, s, EEXIST, err, "\"%.60s\": another stage has this "
				       "name", name);
	stage->name = strdup(name);
	return stage->name ? 0 : error_set(err, ENOMEM, "build: out of memory");
}

static int find_stages(struct build *build, struct error *err)
{
	const struct containerfile *file = &build->file;
	struct stage globals = { .root = -1 };
	int ret = 0;

	build->stages = calloc(file->count, sizeof(*build->stages));
	build->used = calloc(build->options->arguments.count + 1, sizeof(*build->used));
	if (!build->stages || !build->used)
		return error_set(err, ENOMEM, "build: out of memory");
	for (size_t i = 0; !ret && i < file->count; i++) {
		struct stage *stage = &build->stages[build->count];

		if (file->at[i].kind == INSTRUCTION_FROM) {
			*stage = (struct stage){ .first = i, .end = i + 1, .root = -1 };
			snprintf(stage->folder, sizeof(stage->folder), "stage-%zu", build->count);
			ret = name_stage(build, stage, &file->at[i], err);
			build->count++;
		} else if (build->count) {
			stage[-1].end = i + 1;
		} else {
			ret = settings_apply(build, &globals, &file->at[i], err);
		}
	}
	/* They are FROM's only; a stage that wants one says ARG again. */
	build->globals = globals.arguments;
	return ret;
}

/* --- images and stages that are named --- */

int build_image(struct build *build, const char *name, struct image *image, struct error *err)
{
	struct remote_options remote = { .parallel = 3, .quiet = build->options->quiet,
					 .plain_http = build->options->plain_http };
	struct descriptor entry = { 0 };
	struct reference reference;
	int ret = store_find(build->store, name, &entry, err);

	if (ret == -ENOENT && build->options->pull) {
		ret = reference_parse(name, strlen(name), &reference, err);
		if (ret)
			return ret;
		reference_complete(&reference, REFERENCE_PUBLIC);
		platform_host(&remote.platform);
		ret = registry_pull(build->store, &reference, &remote, &entry, err);
	} else if (ret == -ENOENT) {
		ret = error_set(err, ENOENT, "%.200s: is not here: cell-image pull or load it, or say "
				"--pull", name);
	}
	if (!ret)
		ret = image_read(build->store, &entry, image, err);
	free(entry.name);
	return ret;
}

int build_stage(struct build *build, const char *name, size_t before, struct stage **stage,
		struct error *err)
{
	/* What another image needs may have been made in the store already: it is a stage's place. */
	*stage = find_stage(build, name, before);
	return *stage ? do_stage(build, *stage, err) : 0;
}

static int do_from(struct build *build, struct stage *stage, const struct statement *s,
		   struct error *err)
{
	struct stage globals = { .arguments = build->globals };
	cleanup_image struct image image = { 0 };
	cleanup_words struct words words = { NULL, 0 };
	const char *platform = statement_flag(s, "platform");
	struct stage *base;
	struct platform host, asked;
	struct error inner;
	int ret = stage_words(build, &globals, s, &words, err);

	if (ret)
		return ret;
	platform_host(&host);
	if (platform && (platform_parse(platform, &asked, &inner) ||
			 strcmp(asked.architecture, host.architecture) != 0))
		return statement_error(&build->file, s, EINVAL, err, "--platform=%.60s: builds are for "
				       "%s/%s only", platform, host.os, host.architecture);
	if (!words.count || !words.at[0][0])
		return statement_error(&build->file, s, EINVAL, err, "\"%.60s\": is empty: has its ARG "
				       "a value?", s->text);
	if (!strcmp(words.at[0], "scratch"))
		return stage_scratch(stage, err);
	ret = build_stage(build, words.at[0], (size_t)(stage - build->stages), &base, err);
	if (ret)
		return ret;
	if (base)
		return stage_from_stage(stage, base, err);
	ret = build_image(build, words.at[0], &image, &inner);
	if (!ret)
		ret = stage_from_image(stage, &image, &inner);
	return ret ? statement_error(&build->file, s, -ret, err, "%.300s", inner.text) : 0;
}

/* --- steps --- */

static void say_step(const struct build *build, const struct stage *stage, size_t i)
{
	const struct statement *s = &build->file.at[i];

	if (build->options->quiet)
		return;
	if (stage->name)
		fprintf(stderr, "[%s ", stage->name);
	else if (build->count > 1)
		fprintf(stderr, "[%zu ", (size_t)(stage - build->stages));
	else
		fprintf(stderr, "[");
	fprintf(stderr, "%zu/%zu] %s %.120s%s\n", i - stage->first + 1, stage->end - stage->first,
		instruction_name(s->kind), s->text, strlen(s->text) > 120 ? "..." : "");
}

static int do_statement(struct build *build, struct stage *stage, const struct statement *s,
			struct error *err)
{
	char made_by[1024];
	int ret;

	switch (s->kind) {
	case INSTRUCTION_FROM:
		return do_from(build, stage, s, err);
	case INSTRUCTION_RUN:
		return step_run(build, stage, s, err);
	case INSTRUCTION_COPY:
	case INSTRUCTION_ADD:
		return step_copy(build, stage, s, err);
	case INSTRUCTION_WORKDIR:
		return step_workdir(build, stage, s, err);
	default:
		ret = settings_apply(build, stage, s, err);
		if (ret || s->kind == INSTRUCTION_ARG)
			return ret;
		snprintf(made_by, sizeof(made_by), "%s %.1000s", instruction_name(s->kind), s->text);
		return stage_history(build, stage, made_by, true, err);
	}
}

static int do_stage(struct build *build, struct stage *stage, struct error *err)
{
	int ret = 0;

	if (stage->begun)
		return 0;
	stage->begun = true;
	for (size_t i = stage->first; !ret && i < stage->end; i++) {
		say_step(build, stage, i);
		ret = do_statement(build, stage, &build->file.at[i], err);
	}
	return ret;
}

/* --- what comes out --- */

static int finish_config(const struct build *build, struct stage *stage, struct error *err)
{
	json_object *rootfs = json_object_new_object(), *ids = json_object_new_array(), *labels;
	char text[DIGEST_TEXT], created[32];
	struct tm tm;

	if (!rootfs || !ids)
		return error_set(err, ENOMEM, "build: out of memory");
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&build->options->epoch, &tm));
	for (size_t i = 0; i < stage->layers.count; i++)
		json_object_array_add(ids, json_object_new_string(
			digest_text(&stage->diff_ids[i], text)));
	json_object_object_add(rootfs, "type", json_object_new_string("layers"));
	json_object_object_add(rootfs, "diff_ids", ids);
	json_object_object_add(stage->config, "rootfs", rootfs);
	json_object_object_add(stage->config, "created", json_object_new_string(created));
	if (!build->options->labels.count)
		return 0;
	if (!json_object_object_get_ex(stage->run, "Labels", &labels)) {
		labels = json_object_new_object();
		json_object_object_add(stage->run, "Labels", labels);
	}
	for (size_t i = 0; i < build->options->labels.count; i++) {
		const char *label = build->options->labels.at[i], *equals = strchr(label, '=');
		cleanup_free char *name = strndup(label, (size_t)(equals - label));

		json_object_object_add(labels, name, json_object_new_string(equals + 1));
	}
	return 0;
}

static int finish(struct build *build, struct stage *stage, struct digest *id, struct error *err)
{
	struct manifest manifest = { .media = MEDIA_MANIFEST, .layers = stage->layers };
	cleanup_put json_object *json = NULL;
	struct descriptor entry = { 0 };
	int ret = finish_config(build, stage, err);

	if (!ret)
		ret = store_add_json(build->store, stage->config, &manifest.config, err);
	if (ret)
		return ret;
	manifest.config.media = MEDIA_CONFIG;
	json = manifest_json(&manifest);
	ret = store_add_json(build->store, json, &entry, err);
	entry.media = MEDIA_MANIFEST;
	*id = manifest.config.digest;
	if (!ret && !build->options->names.count)
		ret = store_name(build->store, NULL, &entry, err);
	for (size_t i = 0; !ret && i < build->options->names.count; i++)
		ret = store_name(build->store, build->options->names.at[i], &entry, err);
	return ret;
}

/* --- what goes in --- */

static int read_input(const struct build *build, const char *path, const char *const *names,
		      char **text, size_t *length, const char **name, struct error *err)
{
	cleanup_fclose FILE *file = NULL;
	size_t room = CONTAINERFILE_MAX + 1;

	*name = path;
	if (path && !strcmp(path, "-"))
		file = fdopen(dup(STDIN_FILENO), "r");
	else if (path)
		file = fopen(path, "re");
	for (; !path && *names && !file; names++) {
		int fd = inroot_open(build->context, *names, O_RDONLY | O_NONBLOCK);

		*name = *names;
		file = fd < 0 ? NULL : fdopen(fd, "r");
		if (fd < 0 && fd != -ENOENT)
			return error_errno(err, -fd, NULL, "build: %s/%s", build->options->context,
					   *names);
	}
	*text = NULL;
	if (!file && !path)
		return -ENOENT;
	if (!file)
		return error_errno(err, errno, NULL, "build: %s", path);
	*text = malloc(room);
	if (!*text)
		return error_set(err, ENOMEM, "build: out of memory");
	*length = fread(*text, 1, room, file);
	return ferror(file) ? error_errno(err, EIO, NULL, "build: read %s", *name) : 0;
}

static int read_files(struct build *build, struct error *err)
{
	static const char *const files[] = { "Containerfile", "Dockerfile", NULL };
	static const char *const ignores[] = { ".containerignore", ".dockerignore", NULL };
	cleanup_free char *text = NULL, *ignore = NULL;
	const char *name;
	size_t length;
	int ret = read_input(build, build->options->file, files, &text, &length, &name, err);

	if (ret == -ENOENT && !build->options->file)
		return error_set(err, ENOENT, "build: %s: has no Containerfile: say -f FILE",
				 build->options->context);
	if (!ret)
		ret = containerfile_parse(text, length, name, &build->file, err);
	if (ret)
		return ret;
	ret = read_input(build, build->options->ignore, ignores, &ignore, &length, &name, err);
	if (ret == -ENOENT && !build->options->ignore)
		return 0;
	return ret ? ret : ignore_parse(ignore, length, name, &build->ignore, err);
}

static void warn_unused(const struct build *build)
{
	for (size_t i = 0; i < build->options->arguments.count; i++)
		if (!build->used[i])
			fprintf(stderr, "cell-image: warning: --build-arg %.60s: no ARG has this name\n",
				build->options->arguments.at[i]);
}

int build_image_from(struct store *store, const struct build_options *options, struct digest *id,
		     struct error *err)
{
	__attribute__((cleanup(build_end))) struct build build = {
		.options = options, .store = store, .context = -1, .work = -1,
	};
	struct stage *target;
	int ret;

	build.context = open(options->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (build.context < 0)
		return error_errno(err, errno, NULL, "build: %s", options->context);
	ret = read_files(&build, err);
	if (!ret)
		ret = find_stages(&build, err);
	if (ret)
		return ret;
	target = options->target ? find_stage(&build, options->target, build.count)
				 : &build.stages[build.count - 1];
	if (!target)
		return error_set(err, ENOENT, "build: --target %.60s: no stage has this name",
				 options->target);
	ret = work_open(store, "build", &build.work, build.work_path, err);
	if (!ret)
		ret = do_stage(&build, target, err);
	if (!ret)
		ret = finish(&build, target, id, err);
	if (!ret)
		warn_unused(&build);
	return ret;
}
