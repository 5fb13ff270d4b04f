// SPDX-License-Identifier: GPL-2.0
/* See module.h. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "../tap.h"
#include "groups.h"
#include "module.h"

#define MODULE_DIR	"/sys/module/credit_sched"

static char parameters[512];

bool file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

/* On failure errno says why. */
bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return ok;
}

/* The number behind @key at the beginning of a line, or in a file that is one number. */
long file_number(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "r");

	CHECK(f, "%s: %s", path, strerror(errno));
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!key || !strncmp(line, key, strlen(key)))
			value = strtol(line + (key ? strlen(key) : 0), NULL, 0);
	fclose(f);
	return value;
}

bool module_loaded(void)
{
	return !access(MODULE_DIR "/refcnt", F_OK);
}

/* What the module was loaded with is what module_load() will load it with. */
void module_keep_parameters(void)
{
	DIR *dir = opendir(MODULE_DIR "/parameters");
	struct dirent *entry;
	size_t used = 0;

	while (dir && (entry = readdir(dir))) {
		char path[320], value[64];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), MODULE_DIR "/parameters/%s", entry->d_name);
		if (!file_read(path, value, sizeof(value)))
			continue;
		value[strcspn(value, "\n")] = '\0';
		used += snprintf(parameters + used, sizeof(parameters) - used, "%s=%s ",
				 entry->d_name, value);
		CHECK(used < sizeof(parameters), "too many parameters");
	}
	if (dir)
		closedir(dir);
}

/* Returns 0, or -1 with errno. */
int module_load(void)
{
	const char *path = getenv("MODULE");
	int fd, ret, err;

	if (!path)
		SKIP("MODULE does not say where credit_sched.ko is");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

/* Returns 0, or -1 with errno: EWOULDBLOCK if it is in use. */
int module_try_unload(void)
{
	return syscall(SYS_delete_module, "credit_sched", O_NONBLOCK);
}

/* A task that has just been told to park holds the module until it does. */
void module_unload(void)
{
	uint64_t since = clock_ns();

	while (module_try_unload()) {
		CHECK(errno == EWOULDBLOCK, "rmmod: %s", strerror(errno));
		CHECK(clock_ns() - since < 20 * SEC, "rmmod: it stays in use, %ld references",
		      file_number(MODULE_DIR "/refcnt", NULL));
		sleep_ns(MS);
	}
}
