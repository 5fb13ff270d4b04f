// SPDX-License-Identifier: GPL-2.0-only
/* Several blobs at once: a few threads take them from a list. Called by pull.c and push.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../image_tool.h"
#include "registry.h"

#define PARALLEL_MOST 16
#define BAR 30

struct work {
	struct transfer *list;
	size_t count, next, running;
	transfer_one one;
	void *context;
	bool plain;
	bool stop;
	int failed;
	struct error err;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static void finish(struct work *w, int ret, const struct error *err)
{
	pthread_mutex_lock(&w->lock);
	/* The first error is the cause; what others say then follows from it. */
	if (ret && !w->failed) {
		w->failed = ret;
		w->err = *err;
		__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	}
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static struct transfer *take(struct work *w)
{
	struct transfer *taken = NULL;

	pthread_mutex_lock(&w->lock);
	if (!w->failed && w->next < w->count) {
		taken = &w->list[w->next++];
		taken->state = TRANSFER_RUNS;
	}
	pthread_mutex_unlock(&w->lock);
	return taken;
}

static void *run(void *context)
{
	struct work *w = context;
	struct error err = { "" };
	struct transfer *transfer;
	struct http http;
	int ret = http_open(&http, &err);

	http.plain_allowed = w->plain;
	while (!ret && (transfer = take(w))) {
		ret = w->one(w->context, &http, transfer, &w->stop, &err);
		finish(w, ret, &err);
	}
	if (ret)
		finish(w, ret, &err);
	http_close(&http);
	pthread_mutex_lock(&w->lock);
	w->running--;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void draw_line(const struct transfer *t)
{
	static const char *const words[] = { "waits", "", "done", "is there" };
	int64_t done = __atomic_load_n(&t->done, __ATOMIC_RELAXED);
	char id[DIGEST_HEX], size[SIZE_TEXT], bar[BAR + 1];
	int filled = t->blob.size > 0 ? (int)(BAR * (done < t->blob.size ? done : t->blob.size) /
					      t->blob.size) : BAR;

	memset(bar, '.', BAR);
	memset(bar, '#', (size_t)filled);
	bar[BAR] = '\0';
	if (t->state == TRANSFER_RUNS || t->state == TRANSFER_WAITS)
		fprintf(stderr, "\033[K%s [%s] %s %s\n", short_id(&t->blob.digest, id), bar,
			size_text(t->blob.size, size), words[t->state]);
	else
		fprintf(stderr, "\033[K%s %s %s\n", short_id(&t->blob.digest, id),
			size_text(t->blob.size, size), words[t->state]);
}

/* As many lines as the terminal has room for: one that scrolled away cannot be drawn again. */
static size_t draw(const struct work *w, size_t drawn)
{
	struct winsize window = { .ws_row = 24 };
	size_t lines = w->count;

	ioctl(STDERR_FILENO, TIOCGWINSZ, &window);
	if (window.ws_row > 1 && lines > window.ws_row - 1u)
		lines = window.ws_row - 1u;
	if (drawn)
		fprintf(stderr, "\033[%zuA", drawn);
	for (size_t i = 0; i < lines; i++)
		draw_line(&w->list[i]);
	return lines;
}

/* Where nobody looks, one line for each that is done. */
static void tell(const struct work *w, bool *told)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct transfer *t = &w->list[i];
		char id[DIGEST_HEX], size[SIZE_TEXT];

		if (told[i] || (t->state != TRANSFER_DONE && t->state != TRANSFER_THERE))
			continue;
		told[i] = true;
		fprintf(stderr, "%s %s%s\n", short_id(&t->blob.digest, id),
			size_text(t->blob.size, size), t->state == TRANSFER_THERE ? " is there" : "");
	}
}

static void watch(struct work *w, bool quiet)
{
	bool told[MANIFEST_LAYERS + 2] = { false }, terminal = isatty(STDERR_FILENO);
	size_t drawn = 0;

	pthread_mutex_lock(&w->lock);
	while (w->running) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&w->changed, &w->lock, &until);
		if (quiet)
			continue;
		if (terminal)
			drawn = draw(w, drawn);
		else
			tell(w, told);
	}
	pthread_mutex_unlock(&w->lock);
}

int transfer_all(struct transfer *list, size_t count, unsigned int parallel, bool quiet,
		 transfer_one one, void *context, bool plain, struct error *err)
{
	struct work w = { .list = list, .count = count, .one = one, .context = context,
			  .plain = plain, .lock = PTHREAD_MUTEX_INITIALIZER,
			  .changed = PTHREAD_COND_INITIALIZER };
	pthread_t threads[PARALLEL_MOST];
	size_t started = 0;

	while (started < parallel && started < count && started < PARALLEL_MOST) {
		pthread_mutex_lock(&w.lock);
		w.running++;
		pthread_mutex_unlock(&w.lock);
		if (pthread_create(&threads[started], NULL, run, &w)) {
			pthread_mutex_lock(&w.lock);
			w.running--;
			pthread_mutex_unlock(&w.lock);
			break;
		}
		started++;
	}
	if (!started && count)
		return error_set(err, EAGAIN, "registry: no thread could be started");
	watch(&w, quiet);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (w.failed)
		*err = w.err;
	return w.failed;
}
