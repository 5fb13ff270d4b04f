// SPDX-License-Identifier: GPL-2.0-only
/* The smallest root there is: one static program with many names. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base.h"
#include "cleanup.h"
#include "program.h"

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

static int copy_busybox(int from, int root, struct error *err)
{
	cleanup_close int to = openat(root, "bin/busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				      0755);
	off_t at = 0;
	ssize_t put = 1;

	while (to >= 0 && put > 0)
		put = sendfile(to, from, &at, 1 << 24);
	return to < 0 || put < 0 || fchmod(to, 0755) ? error_errno(err, errno, NULL, "base: busybox") : 0;
}

/* Its commands, as it lists them itself. */
static int add_commands(int root, const char *path, struct error *err)
{
	char file[PATH_MAX], line[128], link[160];
	const char *const list[] = { file, "--list", NULL };
	unsigned int count = 0;
	struct program program;
	int ret;

	snprintf(file, sizeof(file), "%.4080s/bin/busybox", path);
	ret = program_start(&program, list, err);
	if (ret)
		return ret;
	while (fgets(line, sizeof(line), program.output)) {
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || strchr(line, '/') || line[0] == '.' || !strcmp(line, "busybox"))
			continue;
		snprintf(link, sizeof(link), "bin/%s", line);
		count += !symlinkat("busybox", root, link);
	}
	ret = program_end(&program, 0, err);
	return ret || count ? ret : error_set(err, ENOEXEC, "base: busybox --list: says nothing");
}

int base_busybox(int root, const char *path, const char *asked, struct error *err)
{
	const char *found;
	cleanup_close int busybox = open_busybox(asked, &found, err);
	int ret;

	if (busybox < 0)
		return busybox;
	ret = copy_busybox(busybox, root, err);
	return ret ? ret : add_commands(root, path, err);
}
