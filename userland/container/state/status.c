// SPDX-License-Identifier: GPL-2.0-only
/* A container's state in words (runtime.md#state). Called by the verbs and, for hooks, by init/. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "state.h"

const char *const status_names[] = { "creating", "created", "running", "paused", "stopped" };

uint64_t process_started(pid_t pid)
{
	char path[64], line[1024], *at, *rest, *word = NULL;
	cleanup_close int fd = -1;
	ssize_t n;

	if (pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return 0;
	line[n] = '\0';
	/* The second field, in parentheses, may hold anything; the start is number 22. */
	at = strrchr(line, ')');
	if (!at || !at[1])
		return 0;
	rest = at + 2;
	if (rest[0] == 'Z' || rest[0] == 'X')
		return 0;
	for (int field = 3; field <= 22 && rest; field++)
		word = strsep(&rest, " ");
	return word ? strtoull(word, NULL, 10) : 0;
}

bool state_alive(const struct state *state)
{
	uint64_t started = process_started(state->pid);

	return started && started == state->started;
}

void json_print_string(FILE *out, const char *text)
{
	json_object *string = json_object_new_string(text);

	fputs(string ? json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE) : "\"\"", out);
	json_object_put(string);
}

char *state_json(const struct state *state, const char *version, const char *status, pid_t pid)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "{\"ociVersion\":");
	json_print_string(out, version);
	fprintf(out, ",\"id\":");
	json_print_string(out, state->id);
	fprintf(out, ",\"status\":\"%s\"", status);
	if (pid > 0)
		fprintf(out, ",\"pid\":%d", pid);
	fprintf(out, ",\"bundle\":");
	json_print_string(out, state->bundle);
	fprintf(out, ",\"rootfs\":");
	json_print_string(out, state->rootfs);
	if (state->created[0])
		fprintf(out, ",\"created\":\"%s\"", state->created);
	fprintf(out, ",\"owner\":\"%u\",\"annotations\":%s}", state->owner,
		state->annotations && *state->annotations ? state->annotations : "{}");
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

void time_text(char *text, size_t room)
{
	struct timespec now;
	struct tm utc;
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(text, room, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, room - used, ".%09ldZ", now.tv_nsec);
}
