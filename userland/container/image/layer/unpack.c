// SPDX-License-Identifier: GPL-2.0-only
/* Layers, one onto the other, each checked against its diff_id. Called by unpack, mount, build. */
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "apply.h"
#include "cleanup.h"
#include "../../path/tree.h"
#include "stream.h"

int image_read(const struct store *store, const struct descriptor *entry, struct image *image,
	       struct error *err)
{
	cleanup_free char *data = NULL;
	char text[DIGEST_TEXT];
	struct error inner;
	int ret;

	memset(image, 0, sizeof(*image));
	ret = store_manifest(store, entry, &image->manifest, &image->which, err);
	if (!ret)
		ret = store_read(store, &image->manifest.config, &data, err);
	if (ret)
		goto failed;
	digest_text(&image->which.digest, text);
	ret = image_config_read(data, (size_t)image->manifest.config.size, &image->config, &inner);
	if (ret)
		error_set(err, -ret, "image %s: %.400s", text, inner.text);
	else if (image->config.count != image->manifest.layers.count)
		ret = error_set(err, EINVAL, "image %s: has %zu layers, but its config has %zu "
				"diff_ids", text, image->manifest.layers.count,
				image->config.count);
	for (size_t i = 0; !ret && i < image->manifest.layers.count; i++)
		if (!media_is_layer(image->manifest.layers.at[i].media))
			ret = error_set(err, EINVAL, "image %s: layers[%zu]: is of a type that is "
					"not unpacked", text, i);
	if (!ret)
		return 0;
failed:
	image_free(image);
	return ret;
}

void image_free(struct image *image)
{
	manifest_free(&image->manifest);
	image_config_free(&image->config);
}

static ssize_t read_stream(void *source, void *buffer, size_t size, struct error *err)
{
	return stream_read(source, buffer, size, err);
}

/* Headers and padding come on top of what files have. */
static int64_t with_headers(int64_t most)
{
	return most > INT64_MAX / 4 ? INT64_MAX / 2 : 2 * most + (64 << 20);
}

int unpack_layer(const struct store *store, const struct descriptor *layer,
		 const struct digest *diff_id, int root, int64_t *most, struct error *err)
{
	cleanup_stream_read struct stream stream = { 0 };
	cleanup_walk struct walk walk = { 0 };
	cleanup_close int fd = store_open_blob(store, &layer->digest, err);
	struct apply apply = { .root = root, .no_owners = geteuid() != 0, .most = *most };
	char wanted[DIGEST_TEXT], got[DIGEST_TEXT];
	struct digest digest;
	int ret;

	if (fd < 0)
		return fd;
	ret = stream_open(&stream, fd, with_headers(*most), err);
	if (!ret)
		ret = walk_open(&walk, read_stream, &stream, err);
	if (!ret)
		ret = apply_layer(&apply, &walk, err);
	if (!ret)
		ret = stream_drain(&stream, &digest, err);
	if (ret)
		return ret;
	*most = apply.most;
	if (digest_equal(&digest, diff_id))
		return 0;
	return error_set(err, EBADMSG, "layer %s: unpacks to %s, but the config says %s",
			 digest_text(&layer->digest, wanted), digest_text(&digest, got),
			 digest_text(diff_id, (char[DIGEST_TEXT]){ "" }));
}

static int unpack_into(const struct store *store, const struct image *image, int root,
		       int64_t most, struct error *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < image->manifest.layers.count; i++)
		ret = unpack_layer(store, &image->manifest.layers.at[i],
				   &image->config.diff_ids[i], root, &most, err);
	return ret;
}

int unpack_image(const struct store *store, const struct image *image, int folder,
		 const char *name, int64_t most, struct error *err)
{
	cleanup_close int root = -1;
	char temporary[64];
	int ret;

	if (!faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return error_set(err, EEXIST, "unpack: %s: is already there", name);
	snprintf(temporary, sizeof(temporary), ".unpack-%d", getpid());
	if (mkdirat(folder, temporary, 0755))
		return error_errno(err, errno, NULL, "unpack: make %s", name);
	root = openat(folder, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ret = root < 0 ? error_errno(err, errno, NULL, "unpack: open %s", name)
		       : unpack_into(store, image, root, most, err);
	if (!ret && renameat2(folder, temporary, folder, name, RENAME_NOREPLACE))
		ret = error_errno(err, errno, NULL, "unpack: make %s", name);
	if (ret)
		tree_remove(folder, temporary);
	return ret;
}
