// SPDX-License-Identifier: GPL-2.0-only
/* Writing answers, see answer.h. */
#include "answer.h"

#include <arpa/inet.h>
#include <string.h>

#include "control.h"
#include "routes.h"
#include "worker.h"

/* The request line as it came: what separates its parts is one octet each. */
static struct http_text request_line(const struct exchange *x)
{
	const struct http_request *r = &x->request;
	struct http_text line = http_text_of(exchange_head(x), r->method_name);

	if (x->reading == READING_HEAD)
		return HTTP_TEXT("");
	line.length = r->target.at + r->target.length + sizeof(" HTTP/1.x") - 1 - r->method_name.at;
	return line;
}

static void log_answer(struct connection *c, unsigned int status, uint64_t octets)
{
	const struct worker *w = c->worker;
	char host[INET6_ADDRSTRLEN] = "-";
	struct log_line line = {
		.host = host,
		.time = w->second,
		.request = request_line(c->exchange),
		.status = status,
		.octets = octets,
	};

	if (IN6_IS_ADDR_V4MAPPED(&c->peer))
		inet_ntop(AF_INET, &c->peer.s6_addr[12], host, sizeof(host));
	else
		inet_ntop(AF_INET6, &c->peer, host, sizeof(host));
	log_add(w->log, w->server->log_fd, &line);
}

static void record(struct connection *c, unsigned int status, uint64_t octets)
{
	const struct route *route = c->exchange->route;

	metrics_count(c->worker->counters, route ? route->metric : METRIC_NONE, status);
	if (c->worker->server->log_fd >= 0)
		log_answer(c, status, octets);
}

/* A server that is to end says so with each answer, so that clients go elsewhere. */
static bool persists(const struct connection *c)
{
	return c->exchange->request.keep_alive && !c->closing && !control_draining();
}

static const char *date(struct connection *c)
{
	return http_clock_date(&c->worker->clock, c->worker->second);
}

static void start_writer(struct exchange *x, struct http_writer *w)
{
	http_writer_init(w, x->text + x->text_used, EXCHANGE_TEXT - x->text_used);
}

void answer_start(struct connection *c, struct answer *a, unsigned int status)
{
	const struct http_request *r = &c->exchange->request;

	start_writer(c->exchange, &a->w);
	a->reply = (struct http_reply){
		.status = status,
		.method = r->method,
		.minor = r->minor,
		.has_length = true,
		.keep_alive = persists(c),
	};
	http_response_start(&a->w, status, date(c));
}

bool answer_head(struct connection *c, struct answer *a, uint64_t length)
{
	bool content;

	a->reply.length = length;
	content = http_response_end(&a->w, &a->reply) != HTTP_FRAME_NOTHING && length;
	if (!a->reply.keep_alive)
		c->closing = true;
	record(c, a->reply.status, content ? length : 0);
	answer_end(c, a);
	return content;
}

void answer_resume(struct connection *c, struct answer *a)
{
	start_writer(c->exchange, &a->w);
}

void answer_end(struct connection *c, struct answer *a)
{
	size_t length = http_writer_length(&a->w);

	/* Cannot be: ANSWER_TEXT is enough for each of our answers. Half of one is worse. */
	if (a->w.failed)
		c->broken = true;
	else if (length)
		exchange_put_text(c->exchange, length);
	answer_resume(c, a);
}

bool answer_prepared(struct connection *c, const struct http_prepared *head, uint64_t length)
{
	const struct http_request *r = &c->exchange->request;
	struct answer a = { .reply.keep_alive = persists(c) };
	bool content = r->method != HTTP_HEAD && length;

	start_writer(c->exchange, &a.w);
	http_write_prepared(&a.w, head, date(c), r->minor, a.reply.keep_alive);
	if (!a.reply.keep_alive)
		c->closing = true;
	record(c, 200, content ? length : 0);
	answer_end(c, &a);
	return content;
}

void answer_text(struct connection *c, unsigned int status, struct http_text text)
{
	struct answer a;

	answer_start(c, &a, status);
	if (status == 405)
		http_response_field(&a.w, "Allow", c->exchange->route->allow);
	if (status == 503)
		http_response_number(&a.w, "Retry-After", 1);
	http_response_field(&a.w, "Content-Type", HTTP_TEXT("text/plain; charset=utf-8"));
	if (answer_head(c, &a, text.length + 1)) {
		http_write(&a.w, text);
		http_write(&a.w, HTTP_TEXT("\n"));
	}
	answer_end(c, &a);
}

void answer_status(struct connection *c, unsigned int status)
{
	answer_text(c, status, http_reason(status));
}

void answer_refusal(struct connection *c, struct http_refusal refusal)
{
	c->closing = true;
	c->exchange->refused = true;
	answer_text(c, refusal.status,
		    (struct http_text){ refusal.why, strlen(refusal.why) });
}
