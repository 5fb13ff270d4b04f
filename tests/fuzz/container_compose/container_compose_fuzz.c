// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for what people write: the first octet says what the rest is. 'w': lines that are
 * words of cell run (sizes, CPUs, restart, volumes, secrets, --log-opt, --sched); 'e': lines of an
 * env file; anything else: a compose file, which is planned, with one profile and with all, if it
 * is understood.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../run/run.h"
#include "../schedule/schedule.h"
#include "file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const char *variable(const char *name)
{
	return strlen(name) % 3 ? "value" : strlen(name) % 2 ? "" : NULL;
}

static void fuzz_words(char *text)
{
	char *line, *next = text, name[SCHEDULE_NAME];
	struct run_volume volume;
	struct run_secret secret;
	struct schedule schedule;
	enum run_restart restart;
	struct error err;
	unsigned int most;
	int64_t value;

	while ((line = strsep(&next, "\n"))) {
		struct run_log log = { .most = RUN_LOG_SIZE, .files = RUN_LOG_KEPT };

		if (!run_read_size("size", line, &value, &err))
			must(value > 0);
		if (!run_read_cpus(line, &value, &err))
			must(value >= 1000);
		if (!run_read_restart(line, &restart, &most, &err))
			must(!most || restart == RESTART_ON_FAILURE);
		if (!run_read_volume(line, &volume, &err))
			must(volume.destination[0] == '/' && volume.source_length);
		if (!run_read_secret(line, &secret, &err))
			must(secret.destination[0] == '/' && secret.source_length && secret.mode &&
			     secret.mode <= 0777);
		if (!run_read_log(line, &log, &err))
			must(log.most >= RUN_LOG_LEAST && log.files && log.files <= RUN_LOG_FILES);
		if (!schedule_parse(line, &schedule, &err))
			must(schedule.weight && (schedule.policy == SCHEDULE_CREDIT || !schedule.cap));
		schedule_name(line, name);
		must(strlen(name) < SCHEDULE_NAME);
	}
}

/* Each once, and after all that it needs. */
static void check_order(const struct compose_file *file, const size_t *order)
{
	size_t place[COMPOSE_SERVICES];

	for (size_t i = 0; i < file->service_count; i++)
		place[i] = COMPOSE_SERVICES;
	for (size_t i = 0; i < file->service_count; i++) {
		must(order[i] < file->service_count && place[order[i]] == COMPOSE_SERVICES);
		place[order[i]] = i;
	}
	for (size_t i = 0; i < file->service_count; i++)
		for (size_t k = 0; k < file->services[i].need_count; k++)
			must(place[file->services[i].needs[k].index] < place[i]);
}

static void fuzz_env(const char *text, size_t length)
{
	struct arena arena = { NULL };
	struct error err = { "" };
	struct words words;

	if (compose_read_env(&arena, "f", text, length, variable, &words, &err))
		must(err.text[0] == 'f');
	else
		for (size_t i = 0; i < words.count; i++)
			must(strcspn(words.at[i], "=") && strcspn(words.at[i], "\n") >= strcspn(words.at[i], "="));
	arena_free(&arena);
}

/* None that is wanted needs one that is not. */
static void select_and_check(struct compose_file *file, const char *profile)
{
	const struct words profiles = { &profile, 1 };
	struct error err = { "" };

	if (compose_select(file, "f", &profiles, &err)) {
		must(err.text[0] == 'f');
		return;
	}
	for (size_t i = 0; i < file->service_count; i++)
		for (size_t k = 0; file->services[i].enabled && k < file->services[i].need_count; k++)
			must(file->services[file->services[i].needs[k].index].enabled);
}

static void fuzz_file(const char *text, size_t length)
{
	static struct compose_file file;
	size_t order[COMPOSE_SERVICES];
	struct words words;
	struct error err = { "" };

	if (compose_read(&file, "f", text, length, variable, &err)) {
		must(err.text[0] == 'f');
	} else {
		if (!compose_order(&file, "f", order, &err))
			check_order(&file, order);
		for (size_t i = 0; i < file.service_count; i++) {
			if (compose_command(&file, "p", "/", i, 1, &words, &err))
				continue;
			must(!strcmp(words.at[0], "run"));
			for (size_t k = 0; k < words.count; k++)
				must(words.at[k] != NULL);
			must(words.at[words.count] == NULL);
		}
		select_and_check(&file, "*");
		select_and_check(&file, "p");
	}
	compose_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text || !size) {
		free(text);
		return 0;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] == 'w')
		fuzz_words(text);
	else if (data[0] == 'e')
		fuzz_env(text, size - 1);
	else
		fuzz_file(text, size - 1);
	free(text);
	return 0;
}
