// SPDX-License-Identifier: GPL-2.0-only
/* Everything that is done to containers is done by cell, see project.h. Called by the verbs. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "project.h"

#define WORDS_MAX	1024
#define OUTPUT_MAX	(64 << 20)

static bool find_cell(char path[PATH_MAX])
{
	const char *list = getenv("PATH");
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 8);
	char *slash;

	path[length < 0 ? 0 : length] = '\0';
	slash = strrchr(path, '/');
	if (slash) {
		strcpy(slash + 1, "cell");
		if (!access(path, X_OK))
			return true;
	}
	while (list && *list) {
		size_t n = strcspn(list, ":");

		if (n && n < PATH_MAX - 8) {
			snprintf(path, PATH_MAX, "%.*s/cell", (int)n, list);
			if (!access(path, X_OK))
				return true;
		}
		list += n + (list[n] == ':');
	}
	return false;
}

static void become(const char *path, const char *const *words, int out, int complaints)
{
	const char *argv[WORDS_MAX + 8] = { "cell" }, *root = getenv("CELL_ROOT");
	size_t count = 1;

	if (root && *root) {
		argv[count++] = "--root";
		argv[count++] = root;
	}
	for (size_t i = 0; words[i] && i < WORDS_MAX; i++)
		argv[count++] = words[i];
	if ((out >= 0 && dup2(out, STDOUT_FILENO) < 0) ||
	    (complaints >= 0 && dup2(complaints, STDERR_FILENO) < 0))
		_exit(126);
	execv(path, (char *const *)argv);
	dprintf(STDERR_FILENO, "cell: %s: %s\n", path, strerror(errno));
	_exit(126);
}

static pid_t start(const char *const *words, int out, int complaints, struct error *err)
{
	char path[PATH_MAX];
	size_t count = 0;
	pid_t pid;

	while (words[count])
		count++;
	if (count > WORDS_MAX)
		return error_set(err, E2BIG, "compose: %s: has more than %d words", words[0], WORDS_MAX);
	if (!find_cell(path))
		return error_set(err, ENOENT, "compose: needs the program cell, which is neither beside "
				 "cell-compose nor in PATH");
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, NULL, "compose: fork");
	if (!pid)
		become(path, words, out, complaints);
	return pid;
}

pid_t cell_start(const char *const *words, int out, struct error *err)
{
	return start(words, out, out, err);
}

int cell_wait(pid_t pid, uint64_t timeout_ms)
{
	const struct timespec slice = { .tv_nsec = 5000000 };
	uint64_t waited = 0;
	int status;

	for (;;) {
		pid_t done = waitpid(pid, &status, timeout_ms ? WNOHANG : 0);

		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (done < 0 && errno != EINTR)
			return -errno;
		if (!timeout_ms)
			continue;
		if (waited >= timeout_ms)
			break;
		nanosleep(&slice, NULL);
		waited += 5;
	}
	/* It passes the first on to the program inside; the second is for itself. */
	kill(pid, SIGTERM);
	for (int i = 0; i < 100 && waitpid(pid, &status, WNOHANG) == 0; i++)
		nanosleep(&slice, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -ETIMEDOUT;
}

static char *contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = size < 0 || size > OUTPUT_MAX ? NULL : calloc(1, (size_t)size + 1);

	if (text && pread(fd, text, (size_t)size, 0) != size)
		text[0] = '\0';
	return text;
}

/* Warnings are passed on; the last line that is none is why it failed. */
static void sort_complaints(char *said, char *why, size_t room)
{
	char *line, *rest = said;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		if (!strncmp(line, "cell: warning: ", 15))
			fprintf(stderr, "%s\n", line);
		else
			snprintf(why, room, "%s", strncmp(line, "cell: ", 6) != 0 ? line : line + 6);
	}
}

int cell_call(const char *const *words, char **output, struct error *err)
{
	cleanup_close int out = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	cleanup_close int complaints = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	cleanup_free char *said = NULL;
	char why[400] = "";
	int status;
	pid_t pid;

	if (out < 0 || complaints < 0)
		return error_errno(err, errno, NULL, "compose: /tmp");
	pid = start(words, output ? out : -1, complaints, err);
	if (pid < 0)
		return pid;
	status = cell_wait(pid, 0);
	said = contents(complaints);
	if (said)
		sort_complaints(said, why, sizeof(why));
	if (status)
		return error_set(err, ECHILD, "%s", *why ? why : "cell ended without a word");
	if (!output)
		return 0;
	*output = contents(out);
	return *output ? 0 : error_set(err, ENOMEM, "compose: no memory");
}

static const char *text_of(json_object *json, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(json, key, &value) ? json_object_get_string(value) : "";
}

static void take_member(json_object *json, const char *project, struct members *members)
{
	struct member *m = &members->at[members->count];
	json_object *labels;

	if (!json_object_object_get_ex(json, "annotations", &labels) ||
	    strcmp(text_of(labels, LABEL_PROJECT), project) != 0)
		return;
	snprintf(m->id, sizeof(m->id), "%s", text_of(json, "id"));
	snprintf(m->service, sizeof(m->service), "%s", text_of(labels, LABEL_SERVICE));
	snprintf(m->config, sizeof(m->config), "%s", text_of(labels, LABEL_CONFIG));
	snprintf(m->status, sizeof(m->status), "%s", text_of(json, "status"));
	snprintf(m->created, sizeof(m->created), "%s", text_of(json, "created"));
	members->count++;
}

static int by_creation(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->created, ((const struct member *)b)->created);
}

int members_find(const char *project, struct members *members, struct error *err)
{
	static const char *const words[] = { "list", "--format", "json", NULL };
	cleanup_free char *text = NULL;
	json_object *list;
	int ret = cell_call(words, &text, err);

	*members = (struct members){ NULL, 0 };
	if (ret)
		return ret;
	list = json_tokener_parse(text);
	if (!json_object_is_type(list, json_type_array)) {
		json_object_put(list);
		return error_set(err, EINVAL, "compose: cell list: said no list");
	}
	members->at = calloc(json_object_array_length(list) + 1, sizeof(*members->at));
	for (size_t i = 0; members->at && i < json_object_array_length(list); i++)
		take_member(json_object_array_get_idx(list, i), project, members);
	json_object_put(list);
	if (!members->at)
		return error_set(err, ENOMEM, "compose: no memory");
	qsort(members->at, members->count, sizeof(*members->at), by_creation);
	return 0;
}

void members_free(struct members *members)
{
	free(members->at);
	*members = (struct members){ NULL, 0 };
}

const struct member *members_named(const struct members *members, const char *id)
{
	for (size_t i = 0; i < members->count; i++)
		if (!strcmp(members->at[i].id, id))
			return &members->at[i];
	return NULL;
}

/* One verb for each of several containers, side by side: the slowest decides how long it takes. */
static int call_each(const char *const *words, size_t before, const char *const *ids, size_t count,
		     struct error *err)
{
	pid_t *pids = calloc(count, sizeof(*pids));
	int ret = pids ? 0 : error_set(err, ENOMEM, "compose: no memory"), status;

	for (size_t i = 0; !ret && i < count; i++) {
		const char *all[8];

		memcpy(all, words, before * sizeof(*all));
		all[before] = ids[i];
		all[before + 1] = NULL;
		pids[i] = start(all, -1, -1, err);
		ret = pids[i] < 0 ? pids[i] : 0;
	}
	for (size_t i = 0; pids && i < count && pids[i] > 0; i++) {
		status = cell_wait(pids[i], 0);
		if (status && !ret)
			ret = error_set(err, ECHILD, "container %s: could not be removed, see above", ids[i]);
	}
	free(pids);
	return ret;
}

int members_delete(const char *const *ids, size_t count, const char *patience, struct error *err)
{
	const char *const stop[] = { "stop", "-t", patience };
	const char *const delete[] = { "delete", "--force" };
	struct error ignored;

	/* One that has no process any more cannot be stopped; it is deleted all the same. */
	call_each(stop, 3, ids, count, &ignored);
	return call_each(delete, 2, ids, count, err);
}
