// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell-image base: an image to begin with, made of this machine's static busybox: no network, no
 * registry. It goes through the builder, so the same busybox makes the same digest.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "../path/tree.h"
#include "build/build.h"
#include "image_tool.h"

static const struct option options[] = {
	{ "busybox", required_argument, NULL, 'b' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
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

/* A program that asks for a loader would not find it in the image. elf(5) */
static int check_static(int fd, const char *path, struct error *err)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(part))
		return error_set(err, ENOEXEC, "base: %s: is no 64-bit ELF program", path);
	for (int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part), (off_t)(head.e_phoff + i * sizeof(part))) !=
		    sizeof(part))
			return error_set(err, ENOEXEC, "base: %s: is cut off", path);
		if (part.p_type == PT_INTERP)
			return error_set(err, ENOEXEC, "base: %s: is not static: install busybox-static, or "
					 "say --busybox FILE", path);
	}
	return 0;
}

static int open_busybox(const char *asked, const char **path, struct error *err)
{
	static const char *const places[] = { "/usr/bin/busybox", "/bin/busybox",
					      "/usr/bin/busybox.static", "/bin/busybox.static" };
	int fd = -1, ret;

	*path = asked;
	for (size_t i = 0; fd < 0 && i < (asked ? 1 : sizeof(places) / sizeof(places[0])); i++) {
		*path = asked ? asked : places[i];
		fd = open(*path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_errno(err, errno, "install busybox-static, or say --busybox FILE", "base: %s",
				   *path);
	ret = check_static(fd, *path, err);
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

static int copy_busybox(int from, int folder, struct error *err)
{
	cleanup_close int to = openat(folder, "root/bin/busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				      0755);
	off_t at = 0;
	ssize_t put = 1;

	while (to >= 0 && put > 0)
		put = sendfile(to, from, &at, 1 << 24);
	return to < 0 || put < 0 || fchmod(to, 0755) ? error_errno(err, errno, NULL, "base: busybox") : 0;
}

/* Its commands, as it lists them itself. */
static int add_commands(int folder, const char *path, struct error *err)
{
	char command[PATH_MAX + 64], line[128], link[160];
	unsigned int count = 0;
	FILE *list;

	snprintf(command, sizeof(command), "%s/root/bin/busybox --list", path);
	list = popen(command, "re");
	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || strchr(line, '/') || line[0] == '.' || !strcmp(line, "busybox"))
			continue;
		snprintf(link, sizeof(link), "root/bin/%s", line);
		count += !symlinkat("busybox", folder, link);
	}
	if (list)
		pclose(list);
	return count ? 0 : error_set(err, ENOEXEC, "base: busybox --list: says nothing");
}

static int fill(int folder, const char *path, const char *asked, struct error *err)
{
	cleanup_close int busybox = -1;
	const char *found;
	int ret;

	busybox = open_busybox(asked, &found, err);
	if (busybox < 0)
		return busybox;
	if (mkdirat(folder, "root", 0755))
		return error_errno(err, errno, NULL, "base: %s", path);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t length = files[i].text ? strlen(files[i].text) : 0;
		cleanup_close int fd = -1;

		if (!files[i].text && mkdirat(folder, files[i].path, 0700))
			return error_errno(err, errno, NULL, "base: %s", files[i].path);
		fd = openat(folder, files[i].path,
			    files[i].text ? O_WRONLY | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
		if (fd < 0 || (length && write(fd, files[i].text, length) != (ssize_t)length) ||
		    fchmod(fd, files[i].mode))
			return error_errno(err, errno, NULL, "base: %s", files[i].path);
	}
	ret = copy_busybox(busybox, folder, err);
	return ret ? ret : add_commands(folder, path, err);
}

static int make(const char *name, const char *asked, const char *path, struct error *err)
{
	const char *above = getenv("TMPDIR");
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_close int folder = -1;
	struct build_options o = { .quiet = true };
	char work[PATH_MAX], text[DIGEST_TEXT];
	struct digest id;
	int ret = store_open(&store, path, err);

	if (ret)
		return ret;
	snprintf(work, sizeof(work), "%.4000s/cell-base-XXXXXX", above && *above ? above : "/tmp");
	if (!mkdtemp(work))
		return error_errno(err, errno, NULL, "base: %s", work);
	folder = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	o.context = work;
	ret = folder < 0 ? error_errno(err, errno, NULL, "base: %s", work)
			 : fill(folder, work, asked, err);
	if (!ret && words_add(&o.names, name, strlen(name)))
		ret = error_set(err, ENOMEM, "base: out of memory");
	if (!ret)
		ret = build_image_from(&store, &o, &id, err);
	words_free(&o.names);
	tree_remove(AT_FDCWD, work);
	if (!ret)
		puts(digest_text(&id, text));
	return ret;
}

int cmd_base(int argc, char **argv, struct error *err)
{
	const char *path = NULL, *busybox = NULL;
	char name[REFERENCE_TEXT];
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0) {
		if (option == 'S')
			path = optarg;
		else
			busybox = optarg;
	}
	if (!ret && argc - optind > 1)
		ret = error_set(err, EUSAGE, "base: %s: too many words: write cell-image base [NAME]",
				argv[optind + 1]);
	if (!ret)
		ret = own_name(optind < argc ? argv[optind] : "base", name, err);
	return ret ? ret : make(name, busybox, path, err);
}
