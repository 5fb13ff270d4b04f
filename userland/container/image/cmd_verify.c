// SPDX-License-Identifier: GPL-2.0-only
/* cell-image verify: disks forget. Names each blob that is not what its name says. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "image_tool.h"

#define READ_OCTETS (256 << 10)

static int digest_file(int fd, struct digest *digest)
{
	cleanup_free char *buffer = malloc(READ_OCTETS);
	struct sha256_ctx state;
	ssize_t got;

	if (!buffer)
		return -ENOMEM;
	sha256_init(&state);
	while ((got = read(fd, buffer, READ_OCTETS)) > 0)
		sha256_update(&state, (size_t)got, (const uint8_t *)buffer);
	digest_end(&state, digest);
	return got < 0 ? -errno : 0;
}

static bool is_good(const struct store *store, const char *name)
{
	cleanup_close int fd = -1;
	struct digest named, found;

	if (!digest_parse_hex(name, strlen(name), &named))
		return false;
	fd = openat(store->blobs, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && !digest_file(fd, &found) && digest_equal(&named, &found);
}

/* Which images need blobs that are not there? */
static unsigned int check_images(const struct store *store, struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	unsigned int bad = 0;

	if (store_names(store, &names, err))
		return printf("%s\n", err->text) > 0;
	for (size_t i = 0; i < names.count; i++) {
		cleanup_image struct image image = { 0 };
		char text[DIGEST_TEXT];

		if (image_read(store, &names.at[i], &image, err)) {
			printf("%s: %s\n", names.at[i].name ?: "-", err->text);
			bad++;
			continue;
		}
		for (size_t k = 0; k < image.manifest.layers.count; k++) {
			if (store_has(store, &image.manifest.layers.at[k].digest, NULL))
				continue;
			printf("%s: layer %s is missing\n", names.at[i].name ?: "-",
			       digest_text(&image.manifest.layers.at[k].digest, text));
			bad++;
		}
	}
	return bad;
}

int cmd_verify(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	unsigned int good = 0, bad = 0;
	struct dirent *entry;
	const char *path;
	DIR *list;
	int ret = only_store(argc, argv, 0, 0, "", &path, err);

	if (!ret)
		ret = store_open(&store, path, err);
	if (ret)
		return ret;
	list = fdopendir(dup(store.blobs));
	if (!list)
		return error_errno(err, errno, NULL, "verify: %s", store.path);
	while ((entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		if (is_good(&store, entry->d_name)) {
			good++;
			continue;
		}
		printf("blob %s: is damaged\n", entry->d_name);
		bad++;
	}
	closedir(list);
	bad += check_images(&store, err);
	if (bad)
		return error_set(err, EBADMSG, "verify: %u good, %u bad: pull or load those images "
				 "again after rmi", good, bad);
	printf("%u blobs, all good\n", good);
	return 0;
}
