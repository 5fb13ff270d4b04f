// SPDX-License-Identifier: GPL-2.0-only
/* Whether a service is as another needs it: started, healthy, done. Called by cmd_up.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "project.h"

#define LAST_LINES	5

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void rest(uint64_t ms)
{
	const struct timespec pause = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	nanosleep(&pause, NULL);
}

/* The test's exit status, or negative. Its output is nobody's. */
static int test_once(const struct compose_health *health, const char *id)
{
	cleanup_free const char **words = calloc(health->test.count + 4, sizeof(*words));
	cleanup_fclose FILE *nowhere = fopen("/dev/null", "we");
	struct error ignored;
	size_t used = 0;
	pid_t pid;

	if (!words || !nowhere)
		return -ENOMEM;
	words[used++] = "exec";
	words[used++] = id;
	memcpy(words + used, health->test.at, health->test.count * sizeof(*words));
	pid = cell_start(words, fileno(nowhere), &ignored);
	return pid < 0 ? pid : cell_wait(pid, health->timeout_ms);
}

const char *health_now(const struct compose_health *health, const char *id)
{
	if (!health->test.count)
		return "";
	return test_once(health, id) ? "unhealthy" : "healthy";
}

static bool is_running(const char *project, const char *id)
{
	struct members members;
	struct error ignored;
	const struct member *m;
	bool running;

	if (members_find(project, &members, &ignored))
		return false;
	m = members_named(&members, id);
	running = m && !strcmp(m->status, "running");
	members_free(&members);
	return running;
}

/* Who is to be removed for its failure is heard first. */
static void last_words(const char *id)
{
	const char *words[] = { "logs", id, NULL };
	cleanup_free char *text = NULL;
	struct error ignored;
	const char *at;
	int lines = 0;

	if (cell_call(words, &text, &ignored) || !*text)
		return;
	for (at = text + strlen(text) - 1; at > text && lines < LAST_LINES; at--)
		lines += at[-1] == '\n';
	fprintf(stderr, "compose: %s: the end of its log:\n%s%s", id, at == text ? text : at + 1,
		text[strlen(text) - 1] == '\n' ? "" : "\n");
}

static int await_healthy(struct project *p, const struct compose_service *s, const char *id,
			 struct error *err)
{
	const struct compose_health *h = &s->health;
	uint64_t began = now_ms();
	unsigned int failures = 0;

	for (;;) {
		uint64_t pause = h->interval_ms;
		int status = test_once(h, id);

		if (!status)
			return 0;
		if (now_ms() - began >= h->start_ms)
			failures++;
		if (failures >= h->retries) {
			last_words(id);
			return error_set(err, ETIMEDOUT, "service %s: container %s: is not healthy: its "
					 "test %s %u times", s->name, id,
					 status == -ETIMEDOUT ? "took too long" : "failed", failures);
		}
		/* Between two lives of a service that is started again there is nothing to ask. */
		if (!s->restart && !is_running(p->name, id)) {
			last_words(id);
			return error_set(err, ECHILD, "service %s: container %s: has ended before it was "
					 "healthy", s->name, id);
		}
		if (now_ms() - began < h->start_ms && pause > h->eager_ms)
			pause = h->eager_ms;
		rest(pause);
	}
}

static int await_done(const struct compose_service *s, const char *id, struct error *err)
{
	const char *words[] = { "wait", id, NULL };
	cleanup_free char *text = NULL;
	int ret = cell_call(words, &text, err);

	if (ret)
		return ret;
	if (!atoi(text))
		return 0;
	last_words(id);
	return error_set(err, ECHILD, "service %s: container %s: ended with status %d, where another "
			 "needs its success", s->name, id, atoi(text));
}

int health_await(struct project *p, const struct compose_need *need, struct error *err)
{
	const struct compose_service *s = &p->file.services[need->index];
	int ret = 0;

	for (unsigned int n = 1; !ret && n <= s->replicas; n++) {
		const char *id = compose_id(&p->file, p->name, need->index, n);

		if (!id)
			return error_set(err, ENOMEM, "compose: no memory");
		if (need->condition == NEEDS_HEALTHY)
			ret = await_healthy(p, s, id, err);
		else if (need->condition == NEEDS_DONE)
			ret = await_done(s, id, err);
	}
	return ret;
}
