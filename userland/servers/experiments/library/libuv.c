// SPDX-License-Identifier: GPL-2.0-only
/*
 * The price of a library, first half: libuv's loop and streams, our parser, one answer of 612 octets.
 * To be compared with httpd --design event, which does more. Requests have no body here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "../../http/date.h"
#include "../../http/request.h"
#include "../../http/response.h"
#include "listening_port.h"

#define HEAD_MOST 8192
#define OCTETS 612
#define FIELDS 32

/**
 * struct client - one connection
 * @stream: libuv's part, first, so that a pointer to it is one to all
 * @write: of the answer under way; there is one at a time
 * @request: the one that is being read
 * @fields: of it
 * @used: octets of @in
 * @in: what came
 * @out: what goes
 */
struct client {
	uv_tcp_t stream;
	uv_write_t write;
	struct http_request request;
	struct http_field fields[FIELDS];
	size_t used;
	char in[HEAD_MOST];
	char out[512 + OCTETS];
};

static const struct http_limits limits = { .request_line = 4096, .head = HEAD_MOST, .fields = FIELDS };
static struct http_prepared head;
static struct http_clock http_clock;
static char content[OCTETS];

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void end(struct client *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->stream))
		uv_close((uv_handle_t *)&c->stream, on_closed);
}

static void answer(struct client *c);

static void on_written(uv_write_t *write, int status)
{
	struct client *c = write->data;

	if (status < 0 || !c->request.keep_alive) {
		end(c);
		return;
	}
	memmove(c->in, c->in + c->request.head_length, c->used - c->request.head_length);
	c->used -= c->request.head_length;
	http_request_init(&c->request, c->fields, &limits);
	if (c->used)
		answer(c);
}

/* If the head is complete. uv_try_write() saves a turn of the loop; what it leaves is queued. */
static void answer(struct client *c)
{
	struct http_writer w;
	uv_buf_t piece;
	int n;

	switch (http_request_parse(&c->request, c->in, c->used)) {
	case HTTP_MORE:
		return;
	case HTTP_BAD:
		end(c);
		return;
	default:
		break;
	}
	http_writer_init(&w, c->out, sizeof(c->out));
	http_write_prepared(&w, &head, http_clock_date(&http_clock, time(NULL)), c->request.minor,
			    c->request.keep_alive);
	http_write(&w, (struct http_text){ content, OCTETS });
	piece = uv_buf_init(c->out, http_writer_length(&w));
	n = uv_try_write((uv_stream_t *)&c->stream, &piece, 1);
	c->write.data = c;
	if (n == (int)piece.len) {
		on_written(&c->write, 0);
		return;
	}
	if (n > 0) {
		piece.base += n;
		piece.len -= n;
	}
	if (uv_write(&c->write, (uv_stream_t *)&c->stream, &piece, 1, on_written))
		end(c);
}

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
	struct client *c = (struct client *)handle;

	(void)suggested;
	*room = uv_buf_init(c->in + c->used, sizeof(c->in) - c->used);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
	struct client *c = (struct client *)stream;

	(void)room;
	if (n < 0) {
		end(c);
		return;
	}
	c->used += n;
	if (n)
		answer(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct client *c = status < 0 ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return;
	uv_tcp_init(listener->loop, &c->stream);
	http_request_init(&c->request, c->fields, &limits);
	if (uv_accept(listener, (uv_stream_t *)&c->stream) ||
	    uv_read_start((uv_stream_t *)&c->stream, on_room_wanted, on_read))
		end(c);
}

static int prepare(void)
{
	char text[HTTP_PREPARED_MOST];
	struct http_writer w;

	memset(content, 'x', sizeof(content));
	http_writer_init(&w, text, sizeof(text));
	http_response_start(&w, 200, http_clock_date(&http_clock, time(NULL)));
	http_response_field(&w, "Content-Type", HTTP_TEXT("text/plain; charset=utf-8"));
	return http_prepare(&head, &w, OCTETS) ? 0 : -1;
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();
	struct sockaddr_in address;
	int length = sizeof(address), ret;
	uv_tcp_t listener;

	uv_ip4_addr("127.0.0.1", listening_port(argc, argv), &address);
	ret = prepare();
	if (!ret)
		ret = uv_tcp_init(loop, &listener);
	if (!ret)
		ret = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
	if (!ret)
		ret = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
	if (!ret)
		ret = uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length);
	if (ret) {
		fprintf(stderr, "experiment-libuv: cannot listen: %s\n", uv_strerror(ret));
		return 1;
	}
	printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
