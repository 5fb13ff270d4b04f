// SPDX-License-Identifier: GPL-2.0-only
/* The table of routes, and those that are a few lines. Static files are in static.c. */
#include "routes.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "../http/parameters.h"
#include "../http/path.h"
#include "answer.h"
#include "session_route.h"
#include "static.h"
#include "worker.h"

#define READS (1u << HTTP_GET | 1u << HTTP_HEAD)
/* Every route answers OPTIONS. */
#define ALLOW_READS { "GET, HEAD, OPTIONS", sizeof("GET, HEAD, OPTIONS") - 1 }
/* A body that nobody wants is read to its end, up to this, so that the connection can go on. */
#define BODY_DROPPED 65536

#define WORK_MOST_US 10000000
#define WAIT_MOST_MS 60000

/* --- /work?us=N: burn processor time --- */

/*
 * The time of this thread, not of the wall: a spin on the wall's clock would let ten of them
 * end at the same time on one processor.
 */
static uint64_t thread_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void burn(uint64_t us)
{
	uint64_t end = thread_us() + us;

	while (thread_us() < end)
		for (volatile int i = 0; i < 500; i++)
			;
}

/* --- /wait?ms=N: block, as a read from disk or a question to a database would --- */

static void block(uint64_t ms)
{
	struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000 * 1000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

static void begin_work(struct connection *c, void (*work)(uint64_t), struct http_text name,
		       uint64_t most)
{
	struct exchange *x = c->exchange;
	struct http_text query = http_text_of(exchange_head(x), x->request.query);

	x->argument = 0;
	if (http_query_number(query, name, most, &x->argument) == HTTP_MALFORMED) {
		answer_text(c, 400, HTTP_TEXT("the number in the query is none, or too large"));
		return;
	}
	x->work = work;
}

static void work_begin(struct connection *c)
{
	begin_work(c, burn, HTTP_TEXT("us"), WORK_MOST_US);
}

static void wait_begin(struct connection *c)
{
	begin_work(c, block, HTTP_TEXT("ms"), WAIT_MOST_MS);
}

static void work_finish(struct connection *c)
{
	answer_text(c, 200, HTTP_TEXT("done"));
}

/* --- /metrics --- */

static void metrics_begin(struct connection *c)
{
	struct shared *shared = c->worker->server->shared;
	struct http_writer page;
	char text[METRICS_MOST];
	struct answer a;

	http_writer_init(&page, text, sizeof(text));
	metrics_write(shared->counters, &page);
	sessions_metrics(&shared->sessions, shared->counters, c->worker->now, &page);
	answer_start(c, &a, 200);
	http_response_field(&a.w, "Content-Type", HTTP_TEXT("text/plain; version=0.0.4"));
	if (answer_head(c, &a, http_writer_length(&page)))
		http_write(&a.w, (struct http_text){ text, http_writer_length(&page) });
	answer_end(c, &a);
}

/* --- /crash: a bug, for those who want to see how far it reaches --- */

static void crash_begin(struct connection *c)
{
	volatile int *volatile nowhere = NULL;

	if (!c->worker->server->options.allow_crash)
		answer_status(c, 404);
	else
		*nowhere = 0; /* NOLINT(clang-analyzer-core.NullDereference): on purpose */
}

static const struct route routes[] = {
	{ "/work", METRIC_WORK, READS, ALLOW_READS, BODY_DROPPED, false, work_begin, work_finish },
	{ "/wait", METRIC_WAIT, READS, ALLOW_READS, BODY_DROPPED, false, wait_begin, work_finish },
	{ "/metrics", METRIC_METRICS, READS, ALLOW_READS, BODY_DROPPED, false, metrics_begin,
	  NULL },
	{ "/crash", METRIC_CRASH, READS, ALLOW_READS, BODY_DROPPED, false, crash_begin, NULL },
	{ "/session", METRIC_SESSION, READS | 1u << HTTP_DELETE,
	  { "GET, HEAD, DELETE", sizeof("GET, HEAD, DELETE") - 1 }, BODY_DROPPED, false, session_begin,
	  NULL },
	{ "/session/", METRIC_SESSION,
	  READS | 1u << HTTP_PUT | 1u << HTTP_POST | 1u << HTTP_DELETE,
	  { "GET, HEAD, PUT, POST, DELETE", sizeof("GET, HEAD, PUT, POST, DELETE") - 1 },
	  SESSION_MOST, true, session_key_begin, NULL },
};

/* Whatever is not in the table. */
static const struct route files = {
	"/", METRIC_FILES, READS, ALLOW_READS, BODY_DROPPED, false, static_begin, NULL
};

static bool is_at(const char *path, const char *route)
{
	size_t length = strlen(route);

	return route[length - 1] == '/' ? !strncmp(path, route, length) : !strcmp(path, route);
}

enum http_outcome route_find(struct exchange *x, struct http_refusal *refusal)
{
	struct http_text path = http_text_of(exchange_head(x), x->request.path);
	size_t length;

	/* OPTIONS * is about the server, which offers what files do. */
	if (x->request.form == HTTP_ASTERISK_FORM)
		path = HTTP_TEXT("/");
	x->route = &files;
	if (http_path_decode(path, x->path, sizeof(x->path), &length, refusal) == HTTP_BAD)
		return HTTP_BAD;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (is_at(x->path, routes[i].path))
			x->route = &routes[i];
	return HTTP_DONE;
}

unsigned int route_allows(const struct route *route, enum http_method method)
{
	if (method == HTTP_METHOD_OTHER || method == HTTP_CONNECT)
		return 501;
	return route->methods & 1u << method ? 200 : 405;
}

/* RFC 9110 9.3.7 */
static void answer_options(struct connection *c)
{
	struct answer a;

	answer_start(c, &a, 204);
	http_response_field(&a.w, "Allow", c->exchange->route->allow);
	answer_head(c, &a, 0);
}

void route_begin(struct connection *c)
{
	const struct http_request *r = &c->exchange->request;
	const struct route *route = c->exchange->route;
	unsigned int status = route_allows(route, r->method);

	if (r->method == HTTP_OPTIONS)
		answer_options(c);
	else if (status != 200)
		answer_status(c, status);
	else
		route->begin(c);
}
