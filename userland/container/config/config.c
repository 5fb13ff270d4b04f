// SPDX-License-Identifier: GPL-2.0-only
/* The outermost part of config.json, and how files are read. Called by the verbs. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static void read_pairs(const struct node *at, const char *key, struct config_pair **pairs,
		       size_t *count)
{
	struct node object = node_object(at, key);
	size_t n = object.value ? (size_t)json_object_object_length(object.value) : 0, i = 0;

	if (!n)
		return;
	*pairs = reader_alloc(at->reader, n, sizeof(**pairs));
	if (!*pairs)
		return;
	json_object_object_foreach(object.value, name, value) {
		(void)value;
		(*pairs)[i++] = (struct config_pair){ name, node_string(&object, name, "") };
	}
	*count = i;
}

/*
 * Any 1.x (config.md#specification-version); what is newer than we is ignored, as unknown properties
 * are.
 */
static void read_version(const struct node *root, struct config *config)
{
	config->version = node_need_string(root, "ociVersion");
	if (strncmp(config->version, "1.", 2) != 0)
		node_bad(root, "ociVersion", "expected 1.x: it is \"%.40s\"", config->version);
}

static void read_all(const struct node *root, struct config *config)
{
	struct node part;

	read_version(root, config);
	part = node_object(root, "root");
	if (!part.value)
		node_bad(root, "root", "is missing: expected {\"path\": \"rootfs\"}");
	config->rootfs = node_need_string(&part, "path");
	if (!*config->rootfs)
		node_bad(&part, "path", "is empty: expected a folder");
	config->readonly = node_bool(&part, "readonly", false);
	config->hostname = node_string(root, "hostname", NULL);
	config->domainname = node_string(root, "domainname", NULL);
	part = node_object(root, "process");
	config->has_process = part.value;
	config->process = config_process_default;
	if (part.value)
		config_read_process(&part, &config->process);
	config_read_linux(root, config);
	config_read_mounts(root, config);
	config_read_hooks(root, &config->hooks);
	part = node_object(root, "annotations");
	config->annotations_json = part.value;
	read_pairs(root, "annotations", &config->annotations, &config->annotation_count);
	part = node_object(root, "linux");
	read_pairs(&part, "sysctl", &config->sysctls, &config->sysctl_count);
	if (config->hostname && !(config->namespaces.listed & 1u << NS_UTS))
		node_bad(root, "hostname", "needs a uts namespace: list one in .linux.namespaces");
}

int config_read(struct config *config, const char *file, const char *text, size_t length,
		struct error *err)
{
	struct node root;

	memset(config, 0, sizeof(*config));
	config_resources_unset(&config->resources);
	if (!reader_begin(&config->reader, file, text, length, &root, err))
		read_all(&root, config);
	return config->reader.failed;
}

/* The text of a file, which the caller frees. */
static ssize_t read_file(int dir, const char *file, char **text, struct error *err)
{
	cleanup_close int fd = strcmp(file, "-") != 0 ? openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOCTTY)
						 : dup(STDIN_FILENO);
	size_t used = 0, room = 16384;
	ssize_t n;

	*text = malloc(room);
	if (fd < 0)
		return error_errno(err, errno, NULL, "%s", file);
	while (*text) {
		n = read(fd, *text + used, room - used);
		if (n < 0)
			return error_errno(err, errno, NULL, "%s", file);
		used += (size_t)n;
		if (!n)
			return (ssize_t)used;
		if (used > READER_SIZE)
			return error_set(err, EFBIG, "%s: is larger than %d MiB", file,
					 READER_SIZE >> 20);
		if (used == room) {
			char *more = realloc(*text, room *= 2);

			if (!more)
				break;
			*text = more;
		}
	}
	return error_set(err, ENOMEM, "%s: no memory", file);
}

int config_load(struct config *config, int dir, const char *file, struct error *err)
{
	cleanup_free char *text = NULL;
	ssize_t length = read_file(dir, file, &text, err);

	memset(config, 0, sizeof(*config));
	return length < 0 ? (int)length : config_read(config, file, text, (size_t)length, err);
}

int config_load_process(struct config *config, const char *file, struct error *err)
{
	cleanup_free char *text = NULL;
	ssize_t length = read_file(AT_FDCWD, file, &text, err);
	struct node root;

	memset(config, 0, sizeof(*config));
	config->process = config_process_default;
	if (length < 0)
		return (int)length;
	if (!reader_begin(&config->reader, file, text, (size_t)length, &root, err)) {
		config->has_process = true;
		config_read_process(&root, &config->process);
	}
	return config->reader.failed;
}

int config_load_resources(struct config *config, const char *file, struct error *err)
{
	cleanup_free char *text = NULL;
	ssize_t length = read_file(AT_FDCWD, file, &text, err);
	struct node root;

	memset(config, 0, sizeof(*config));
	config_resources_unset(&config->resources);
	if (length < 0)
		return (int)length;
	if (!reader_begin(&config->reader, file, text, (size_t)length, &root, err))
		config_read_resources(&root, &config->resources);
	return config->reader.failed;
}

void config_free(struct config *config)
{
	reader_end(&config->reader);
}
