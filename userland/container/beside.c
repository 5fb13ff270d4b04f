// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verbs of other programs: cell-image needs libraries that cannot be linked statically, and a
 * container's start must pay neither for those nor for cell-compose. They lie beside this program,
 * or where PATH says. Called by main.c, and by run/ for an image's files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cell.h"
#include "run/run.h"

/* Set by beside_remember(): a protected program no longer sees where its file lies (protect.c). */
#define SELF	"CELL_EXE"

static const struct {
	const char *program;
	const char *verbs;
} programs[] = {
	{ "cell-image", " pull push load save images inspect history tag rmi prune verify unpack "
			"mount umount base build " },
	{ "cell-compose", " compose " },
};

const char *beside_program(const char *verb)
{
	char word[32];

	if (snprintf(word, sizeof(word), " %s ", verb) >= (int)sizeof(word))
		return NULL;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!strchr(verb, ' ') && strstr(programs[i].verbs, word))
			return programs[i].program;
	return NULL;
}

void beside_remember(void)
{
	char path[PATH_MAX];
	ssize_t length;

	if (is_protected())
		return;
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length <= 0)
		return;
	path[length] = '\0';
	setenv(SELF, path, 1);
}

bool beside_path(const char *program, char path[PATH_MAX])
{
	const char *self = getenv(SELF), *slash = self ? strrchr(self, '/') : NULL;
	const char *list = getenv("PATH");

	if (slash && snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self), self, program) <
			     PATH_MAX && !access(path, X_OK))
		return true;
	while (list && *list) {
		size_t length = strcspn(list, ":");

		/* An empty word means the working folder, which is anybody's. */
		if (length && snprintf(path, PATH_MAX, "%.*s/%s", (int)length, list, program) <
				      PATH_MAX && !access(path, X_OK))
			return true;
		list += length + (list[length] == ':');
	}
	return false;
}

int beside_missing(const char *verb, const char *program, struct error *err)
{
	const char *self = getenv(SELF), *slash = self ? strrchr(self, '/') : NULL;

	return error_set(err, ENOENT, "%s: needs the program %s, which is neither in %.*s nor in "
			 "PATH: build or install it (make native)", verb, program,
			 slash ? (int)(slash - self) : 1, slash ? self : ".");
}

/* --store of its command line, which is not ours to read otherwise. */
static const char *store_option(char **argv)
{
	for (; *argv; argv++) {
		if (!strcmp(*argv, "--store"))
			return argv[1];
		if (!strncmp(*argv, "--store=", 8))
			return *argv + 8;
	}
	return NULL;
}

/* What was unpacked of images that are gone goes too. An exit status, or a negative errno. */
static int run_and_sweep(const char *path, char **argv, struct error *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return error_errno(err, errno, NULL, "%s: fork", argv[1]);
	if (!pid) {
		execv(path, argv);
		fprintf(stderr, "cell: %s: %s: %s\n", argv[1], path, strerror(errno));
		_exit(126);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return run_sweep(store_option(argv), err);
}

int run_beside(const char *program, char **argv, struct error *err)
{
	char path[PATH_MAX], *verb = argv[1];

	beside_remember();
	if (!beside_path(program, path))
		return beside_missing(verb, program, err);
	if (cell.root_option)
		setenv("CELL_ROOT", cell.root_option, 1);
	argv[0] = (char *)program;
	if (!strcmp(verb, "rmi") || !strcmp(verb, "prune"))
		return run_and_sweep(path, argv, err);
	execv(path, argv);
	return error_errno(err, errno, NULL, "%s: %s", verb, path);
}
