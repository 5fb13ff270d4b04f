// SPDX-License-Identifier: GPL-2.0-only
/* One exchange with a registry, redirects included, see http.h. Called by registry.c and token.c. */
#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../path/guard.h"

#define CONNECT_SECONDS 15L
/* Slower than that for so long, and it is dead. */
#define LEAST_RATE 512L
#define LEAST_SECONDS 30L
#define BUFFER_OCTETS (256L << 10)

/**
 * struct exchange - one request of perhaps several
 * @nearest: addresses nearer than that are not spoken to
 */
struct exchange {
	struct http *http;
	const struct http_request *request;
	struct http_answer *answer;
	struct error *err;
	enum reach nearest;
	int failed;
	int64_t sent;
};

int http_open(struct http *http, struct error *err)
{
	memset(http, 0, sizeof(*http));
	http->curl = curl_easy_init();
	return http->curl ? 0 : error_set(err, ENOMEM, "registry: libcurl: out of memory");
}

void http_close(struct http *http)
{
	curl_easy_cleanup(http->curl);
	memset(http, 0, sizeof(*http));
}

/* H3: the address is checked when it is connected to, so a name cannot change in between. */
static curl_socket_t on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *x = data;
	enum reach reach = http_reach_of(&address->addr);

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (GUARD(REACH) && reach < x->nearest) {
		x->failed = error_set(x->err, EACCES, "registry: it names a host with a private "
				      "address, which it has no business with");
		return CURL_SOCKET_BAD;
	}
	if (!x->http->home_known) {
		x->http->home = reach;
		x->http->home_known = true;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void copy_value(char *out, size_t size, const char *value, size_t length)
{
	while (length && (*value == ' ' || *value == '\t')) {
		value++;
		length--;
	}
	while (length && strchr(" \t\r\n", value[length - 1]))
		length--;
	/* Half a value is none. */
	snprintf(out, size, "%.*s", length < size ? (int)length : 0, value);
}

static bool is_field(const char *line, size_t length, const char *name)
{
	size_t size = strlen(name);

	return length > size && line[size] == ':' && !strncasecmp(line, name, size);
}

static size_t on_field(char *line, size_t one, size_t length, void *data)
{
	struct exchange *x = data;
	struct http_answer *answer = x->answer;
	char value[64];

	(void)one;
	if (length > 5 && !strncmp(line, "HTTP/", 5)) {
		memset(answer, 0, sizeof(*answer));
		answer->range_start = -1;
	} else if (is_field(line, length, "Content-Type")) {
		copy_value(answer->content_type, sizeof(answer->content_type), line + 13, length - 13);
	} else if (is_field(line, length, "Location")) {
		copy_value(answer->location, sizeof(answer->location), line + 9, length - 9);
	} else if (is_field(line, length, "Retry-After")) {
		copy_value(answer->retry_after, sizeof(answer->retry_after), line + 12, length - 12);
	} else if (is_field(line, length, "Content-Range")) {
		long long start;

		copy_value(value, sizeof(value), line + 14, length - 14);
		if (sscanf(value, "bytes %lld-", &start) == 1 && start >= 0)
			answer->range_start = start;
	} else if (is_field(line, length, "WWW-Authenticate") && !answer->challenge[0]) {
		copy_value(answer->challenge, sizeof(answer->challenge), line + 17, length - 17);
	}
	return length;
}

static size_t on_body(char *data, size_t one, size_t length, void *context)
{
	struct exchange *x = context;
	long status = 0;
	int ret;

	(void)one;
	curl_easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &status);
	/* What an error says is not ours to show, and not to wait for either. */
	if (status < 200 || status > 299 || !x->request->sink)
		return length;
	ret = x->request->sink(x->request->sink_data, status, x->answer, data, length, x->err);
	if (ret)
		x->failed = ret;
	return ret ? 0 : length;
}

static size_t on_send(char *data, size_t one, size_t room, void *context)
{
	struct exchange *x = context;
	const struct http_request *r = x->request;
	int64_t left = r->length - x->sent;
	ssize_t got;

	(void)one;
	if ((int64_t)room > left)
		room = (size_t)left;
	if (r->fd >= 0) {
		got = pread(r->fd, data, room, x->sent);
		if (got < 0 || (!got && room)) {
			x->failed = error_set(x->err, EIO, "push: a blob is shorter than it was");
			return CURL_READFUNC_ABORT;
		}
		room = (size_t)got;
	} else {
		memcpy(data, (const char *)r->body + x->sent, room);
	}
	x->sent += (int64_t)room;
	if (r->sent)
		r->sent(r->sent_data, (int64_t)room);
	return room;
}

static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct exchange *x = context;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	x->sent = offset;
	return CURL_SEEKFUNC_OK;
}

static struct curl_slist *add(struct curl_slist *list, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	char *line = malloc(size);
	struct curl_slist *longer = NULL;

	if (line) {
		snprintf(line, size, "%s: %s", name, value);
		longer = curl_slist_append(list, line);
		free(line);
	}
	return longer ? longer : list;
}

static struct curl_slist *fields_of(const struct http_request *r, const char *authorization)
{
	struct curl_slist *list = curl_slist_append(NULL, "User-Agent: cell-image");
	char range[64];

	if (authorization)
		list = add(list, "Authorization", authorization);
	if (r->accept)
		list = add(list, "Accept", r->accept);
	if (r->content_type)
		list = add(list, "Content-Type", r->content_type);
	if (r->range_from > 0) {
		snprintf(range, sizeof(range), "bytes=%lld-", (long long)r->range_from);
		list = add(list, "Range", range);
	}
	/* Uploads need no permission to begin. */
	return add(list, "Expect", "");
}

static void set_method(struct exchange *x)
{
	const struct http_request *r = x->request;
	CURL *curl = x->http->curl;
	bool sends = !strcmp(r->method, "PUT") || !strcmp(r->method, "POST");

	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(curl, CURLOPT_NOBODY, !strcmp(r->method, "HEAD") ? 1L : 0L);
	if (!sends)
		return;
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->length);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_send);
	curl_easy_setopt(curl, CURLOPT_READDATA, x);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, x);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_OCTETS);
}

static void set_up(struct exchange *x, const char *url, struct curl_slist *fields)
{
	CURL *curl = x->http->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, LEAST_RATE);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, LEAST_SECONDS);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, BUFFER_OCTETS);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* A proxy is an address of its own, which H3 would be about. */
	curl_easy_setopt(curl, CURLOPT_NOPROXY, x->http->plain_allowed ? "*" : NULL);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_field);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, x);
	/* An address that was checked once would be spoken to again without being checked. */
	if (x->nearest > REACH_HOST)
		curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	set_method(x);
}

static int errno_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
		return ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
		return EHOSTUNREACH;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return ECONNRESET;
	case CURLE_OUT_OF_MEMORY:
		return ENOMEM;
	default:
		return EPROTO;
	}
}

static int one(struct exchange *x, const struct http_url *url, const char *authorization)
{
	struct curl_slist *fields;
	char text[HTTP_URL];
	CURLcode code;

	if (!url->secure && !x->http->plain_allowed && !http_is_this_host(url->host))
		return error_set(x->err, EACCES, "registry %s: does not speak TLS: say --plain-http if "
				 "that is right", url->host);
	http_url_text(url, text);
	fields = fields_of(x->request, authorization);
	set_up(x, text, fields);
	code = curl_easy_perform(x->http->curl);
	curl_slist_free_all(fields);
	if (x->failed)
		return x->failed;
	if (code != CURLE_OK)
		return error_set(x->err, errno_of(code), "registry %s:%u: %s", url->host, url->port,
				 curl_easy_strerror(code));
	curl_easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &x->answer->status);
	return 0;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

int http_ask(struct http *http, const struct http_request *request, bool foreign,
	     struct http_answer *answer, struct error *err)
{
	struct http_url url = request->url, next;
	const char *authorization = request->authorization;
	bool reads = !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD");

	for (int redirects = 0;; redirects++) {
		struct exchange x = { http, request, answer, err, REACH_HOST, 0, 0 };
		int ret;

		if (foreign || redirects)
			x.nearest = http->home_known ? http->home : REACH_WORLD;
		ret = one(&x, &url, authorization);
		if (ret || !is_redirect(answer->status) || !reads)
			return ret;
		if (request->closed || redirects == HTTP_REDIRECTS || !answer->location[0])
			return error_set(err, EPROTO, "registry %s: sends us from place to place",
					 url.host);
		ret = http_url_join(&url, answer->location, &next, err);
		if (ret)
			return ret;
		if (url.secure && !next.secure)
			return error_set(err, EACCES, "registry %s: sends us on without TLS", url.host);
		if (GUARD(REDIRECT) && !http_same_origin(&request->url, &next))
			authorization = NULL;
		url = next;
	}
}

bool http_is_transient(int ret, long status)
{
	if (ret)
		return ret == -ETIMEDOUT || ret == -ECONNRESET || ret == -ECONNREFUSED;
	return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}
