// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell-image base: an image to begin with, made of this machine's static busybox, or of its Debian
 * packages: no network, no registry. It goes through the builder, so the same files make the same digest.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/base.h"
#include "build/build.h"
#include "build/work.h"
#include "image_tool.h"

static const struct option options[] = {
	{ "busybox", required_argument, NULL, 'b' },
	{ "packages", required_argument, NULL, 'p' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

/**
 * struct base_of - what an image is made of
 * @busybox: a file; NULL: where Debian has it
 * @packages: if there are any, these instead
 */
struct base_of {
	const char *busybox;
	struct words packages;
};

static const struct {
	const char *path;
	mode_t mode;
	const char *text;
} files[] = {
	{ "root/bin", 0755, NULL },
	{ "root/dev", 0755, NULL },
	{ "root/etc", 0755, NULL },
	{ "root/proc", 0755, NULL },
	{ "root/root", 0700, NULL },
	{ "root/run", 0755, NULL },
	{ "root/sys", 0755, NULL },
	{ "root/tmp", 01777, NULL },
	{ "root/var", 0755, NULL },
	{ "root/var/tmp", 01777, NULL },
	{ "root/etc/passwd", 0644, "root:x:0:0:root:/root:/bin/sh\n"
				   "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n" },
	{ "root/etc/group", 0644, "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n" },
	{ "root/etc/hosts", 0644, "127.0.0.1\tlocalhost\n::1\tlocalhost\n" },
	{ "root/etc/nsswitch.conf", 0644, "passwd: files\ngroup: files\nhosts: files dns\n" },
	{ "Containerfile", 0644, "FROM scratch\n"
				 "COPY root/ /\n"
				 "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
				 "LABEL org.opencontainers.image.title=base\n"
				 "CMD [\"/bin/sh\"]\n" },
};

/* What packages have put there stays as it is. */
static int make_file(int folder, const char *path, mode_t mode, const char *text)
{
	cleanup_close int fd = -1;

	if (!text && mkdirat(folder, path, 0700))
		return errno == EEXIST ? 0 : -errno;
	fd = openat(folder, path, text ? O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return text && errno == EEXIST ? 0 : -errno;
	if (text && write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -EIO;
	return fchmod(fd, mode) ? -errno : 0;
}

static int make_files(int folder, struct error *err)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int ret = make_file(folder, files[i].path, files[i].mode, files[i].text);

		if (ret)
			return error_errno(err, -ret, NULL, "base: %s", files[i].path);
	}
	return 0;
}

/* Of packages if some are named, else of busybox. */
static int fill(int folder, const char *path, const struct base_of *of, struct error *err)
{
	cleanup_close int root = -1;
	char root_path[PATH_MAX];
	int ret = 0;

	snprintf(root_path, sizeof(root_path), "%.4080s/root", path);
	if (mkdirat(folder, "root", 0755))
		return error_errno(err, errno, NULL, "base: %s", root_path);
	root = openat(folder, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, NULL, "base: %s", root_path);
	if (of->packages.count)
		ret = base_packages(root, &of->packages, err);
	if (!ret)
		ret = make_files(folder, err);
	if (!ret && !of->packages.count)
		ret = base_busybox(root, root_path, of->busybox, err);
	return ret;
}

static int make(const char *name, const struct base_of *of, const char *path, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct build_options o = { .quiet = true };
	char work[PATH_MAX], text[DIGEST_TEXT];
	struct digest id;
	int folder, ret = store_open(&store, path, err);

	if (ret)
		return ret;
	ret = work_open(&store, "base", &folder, work, err);
	if (!ret)
		ret = fill(folder, work, of, err);
	o.context = work;
	if (!ret && words_add(&o.names, name, strlen(name)))
		ret = error_set(err, ENOMEM, "base: out of memory");
	if (!ret)
		ret = build_image_from(&store, &o, &id, err);
	words_free(&o.names);
	work_close(&store, &folder, work);
	if (!ret)
		puts(digest_text(&id, text));
	return ret;
}

/* "bash,coreutils": names as Debian Policy 5.6.7 has them. */
static int add_packages(struct words *packages, const char *list, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.:";
	size_t length;

	for (const char *at = list; ; at += length + 1) {
		length = strcspn(at, ",");
		if (!length || strspn(at, letters) < length || at[0] == '-')
			return error_set(err, EUSAGE, "base: --packages: \"%.80s\": write names between commas",
					 list);
		if (words_add(packages, at, length))
			return error_set(err, ENOMEM, "base: out of memory");
		if (!at[length])
			return 0;
	}
}

int cmd_base(int argc, char **argv, struct error *err)
{
	struct base_of of = { NULL, { NULL, 0 } };
	const char *path = NULL;
	char name[REFERENCE_TEXT];
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0) {
		if (option == 'S')
			path = optarg;
		else if (option == 'b')
			of.busybox = optarg;
		else if ((ret = add_packages(&of.packages, optarg, err)))
			break;
	}
	if (!ret && of.busybox && of.packages.count)
		ret = error_set(err, EUSAGE, "base: --busybox and --packages: choose one");
	if (!ret && argc - optind > 1)
		ret = error_set(err, EUSAGE, "base: %s: too many words: write cell-image base [NAME]",
				argv[optind + 1]);
	if (!ret)
		ret = own_name(optind < argc ? argv[optind] : "base", name, err);
	if (!ret)
		ret = make(name, &of, path, err);
	words_free(&of.packages);
	return ret;
}
