// SPDX-License-Identifier: GPL-2.0-only
/* Use of a directory by servers and clients, see client.h. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

/* The first wait for an answer of directory_ask(); it doubles. */
#define FIRST_WAIT_MS 100
/* Questions that many entries may answer are filled up, so that the answer may be a datagram. */
#define LONG_QUESTION (PROTOCOL_DATAGRAM_MOST / PROTOCOL_AMPLIFICATION)

uint64_t directory_clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t directory_stamp(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool directory_name(struct lease_name *name, const char *text)
{
	size_t length = strlen(text);

	if (!lease_name_valid(text, length))
		return false;
	name->length = length;
	memcpy(name->text, text, length);
	return true;
}

/* --- a registration that is kept --- */

/* A number below @most (xorshift64). */
static uint64_t below(struct directory_client *c, uint64_t most)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return most ? c->random % most : 0;
}

/* A new request: its own id, and a stamp above all before. */
static void renew_request(struct directory_client *c, enum directory_client_state state,
			  uint64_t due)
{
	uint64_t stamp = directory_stamp();

	c->claim.stamp = stamp > c->claim.stamp ? stamp : c->claim.stamp + 1;
	c->id++;
	c->state = state;
	c->tries = 0;
	c->due = due;
}

int directory_client_open(struct directory_client *c, const struct sockaddr_in *directory,
			  const struct lease_claim *service, struct error *err)
{
	static const uint8_t no_token[LEASE_TOKEN_LENGTH];
	uint8_t drawn[LEASE_TOKEN_LENGTH];

	*c = (struct directory_client){ .fd = -1, .claim = *service };
	if (getrandom(&c->random, sizeof(c->random), 0) != sizeof(c->random) ||
	    getrandom(&c->id, sizeof(c->id), 0) != sizeof(c->id) ||
	    getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
		return error_errno(err, errno, NULL, "no random numbers");
	c->random |= 1;
	if (!c->claim.lease)
		c->claim.lease = DIRECTORY_CLIENT_LEASE_MS;
	c->lease = c->claim.lease;
	if (memcmp(service->token, no_token, sizeof(no_token)) == 0)
		memcpy(c->claim.token, drawn, sizeof(drawn));
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (const struct sockaddr *)directory, sizeof(*directory)))
		return error_errno(err, errno, NULL, "cannot reach the directory");
	renew_request(c, DIRECTORY_REGISTERING, 0);
	return 0;
}

int directory_client_fd(const struct directory_client *c)
{
	return c->fd;
}

uint64_t directory_client_due(const struct directory_client *c)
{
	return c->due;
}

bool directory_client_held(const struct directory_client *c)
{
	return c->state != DIRECTORY_REGISTERING;
}

static void send_claim(struct directory_client *c, enum protocol_operation operation)
{
	struct protocol_question q = { .operation = operation, .id = c->id, .claim = c->claim };
	uint8_t message[PROTOCOL_QUESTION_MOST];
	size_t length = protocol_write_question(&q, message, sizeof(message), 0);

	/* An error of the message before, or none at the other end: it is sent again later. */
	if (send(c->fd, message, length, 0) < 0 && errno == ECONNREFUSED)
		send(c->fd, message, length, 0);
}

/* How long to wait for an answer before the same message is sent again. */
static uint64_t next_wait(struct directory_client *c)
{
	uint64_t lease = c->lease, wait = lease / 32 + 1;

	for (unsigned int i = 0; i < c->tries && wait < lease / 3; i++)
		wait *= 2;
	if (wait > lease / 3)
		wait = lease / 3;
	return wait - wait / 4 + below(c, wait / 4 + 1);
}

static void granted(struct directory_client *c, const struct protocol_answer *a, uint64_t now)
{
	/* What was granted may be less than what was asked for; a hard directory says 0. */
	c->lease = a->lease && a->lease < c->claim.lease ? a->lease : c->claim.lease;
	if (c->state == DIRECTORY_REGISTERING)
		c->registrations++;
	c->state = DIRECTORY_HELD;
	c->due = now + c->lease / 3 - below(c, c->lease / 30 + 1);
}

static void take_answer(struct directory_client *c, const struct protocol_answer *a, uint64_t now)
{
	if (a->id != c->id || c->state == DIRECTORY_HELD)
		return;
	c->status = a->status;
	switch (a->status) {
	case PROTOCOL_OK:
		granted(c, a, now);
		break;
	case PROTOCOL_GONE:
		renew_request(c, DIRECTORY_REGISTERING, now + below(c, c->lease / 10 + 1));
		break;
	case PROTOCOL_STALE:
		/* The clock was set back, or another had the end point: be above what was seen. */
		if (a->stamp > c->claim.stamp)
			c->claim.stamp = a->stamp;
		renew_request(c, c->state, now + below(c, c->lease / 32 + 1));
		break;
	default:
		/* Full, or not allowed: that may change, but not soon. */
		renew_request(c, DIRECTORY_REGISTERING, now + c->lease / 3);
		break;
	}
}

void directory_client_service(struct directory_client *c, uint64_t now)
{
	uint8_t message[PROTOCOL_DATAGRAM_MOST];
	struct protocol_answer a;
	ssize_t n;

	while ((n = recv(c->fd, message, sizeof(message), 0)) >= 0 || errno == ECONNREFUSED)
		if (n >= 0 && protocol_read_answer(message, n, &a))
			take_answer(c, &a, now);
	if (now < c->due)
		return;
	if (c->state == DIRECTORY_HELD)
		renew_request(c, DIRECTORY_RENEWING, now);
	send_claim(c, c->state == DIRECTORY_RENEWING ? PROTOCOL_RENEW : PROTOCOL_REGISTER);
	c->due = now + next_wait(c);
	c->tries++;
}

void directory_client_close(struct directory_client *c)
{
	if (c->fd < 0)
		return;
	renew_request(c, DIRECTORY_REGISTERING, 0);
	send_claim(c, PROTOCOL_UNREGISTER);
	directory_client_forget(c);
}

void directory_client_forget(struct directory_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* --- questions --- */

/* Wait for the answer to @id. Returns 1, 0: none in time, or -errno. */
static int await_answer(int fd, uint64_t id, uint64_t until, uint8_t *buffer,
			struct protocol_answer *a)
{
	for (;;) {
		uint64_t now = directory_clock_ms();
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (now >= until)
			return 0;
		if (poll(&wait, 1, (int)(until - now)) <= 0)
			continue;
		n = recv(fd, buffer, PROTOCOL_MESSAGE_MOST, MSG_DONTWAIT);
		/* Nobody there yet: that is known at once, but it may come. Do not spin. */
		if (n < 0 && errno == ECONNREFUSED)
			poll(NULL, 0, (int)(until - now));
		else if (n >= 0 && protocol_read_answer(buffer, n, a) && a->id == id)
			return 1;
	}
}

static int ask_datagram(const struct sockaddr_in *directory, struct protocol_question *q,
			uint64_t until, uint8_t *buffer, struct protocol_answer *a,
			struct error *err)
{
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t message[PROTOCOL_QUESTION_MOST];
	uint64_t now = directory_clock_ms(), wait = FIRST_WAIT_MS;
	size_t length;

	length = protocol_write_question(q, message, sizeof(message),
					 q->operation < PROTOCOL_LOOKUP ? 0 : LONG_QUESTION);
	if (fd < 0 || connect(fd, (const struct sockaddr *)directory, sizeof(*directory)))
		return error_errno(err, errno, NULL, "cannot reach the directory");
	for (; now < until; now = directory_clock_ms(), wait *= 2) {
		int ret;

		send(fd, message, length, 0);
		ret = await_answer(fd, q->id, now + wait < until ? now + wait : until, buffer, a);
		if (ret)
			return 0;
	}
	return error_set(err, ETIMEDOUT, "the directory does not answer: is it there?");
}

int directory_connect(const struct sockaddr_in *directory, unsigned int timeout_ms,
		      struct error *err)
{
	struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		if (!connect(fd, (const struct sockaddr *)directory, sizeof(*directory)))
			return fd;
	}
	error_errno(err, errno, "is it there?", "cannot connect to the directory");
	cleanup_fd(&fd);
	return -ECONNREFUSED;
}

static bool receive_all(int fd, uint8_t *at, size_t length)
{
	while (length) {
		ssize_t n = recv(fd, at, length, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		length -= n;
	}
	return true;
}

int directory_ask_stream(int fd, struct protocol_question *q, uint8_t *buffer,
			 struct protocol_answer *a, struct error *err)
{
	uint8_t message[PROTOCOL_PREFIX + PROTOCOL_QUESTION_MOST];
	size_t length;

	getrandom(&q->id, sizeof(q->id), 0);
	length = protocol_write_question(q, message + PROTOCOL_PREFIX, PROTOCOL_QUESTION_MOST, 0);
	message[0] = length >> 8;
	message[1] = length & 0xff;
	length += PROTOCOL_PREFIX;
	if (send(fd, message, length, MSG_NOSIGNAL) != (ssize_t)length ||
	    !receive_all(fd, buffer, PROTOCOL_PREFIX))
		return error_errno(err, errno ? errno : EPIPE, NULL, "the directory went away");
	length = (size_t)buffer[0] << 8 | buffer[1];
	if (length > PROTOCOL_MESSAGE_MOST || !receive_all(fd, buffer, length) ||
	    !protocol_read_answer(buffer, length, a) || a->id != q->id)
		return error_set(err, EPROTO, "the directory's answer makes no sense");
	return 0;
}

int directory_ask(const struct sockaddr_in *directory, struct protocol_question *q,
		  unsigned int timeout_ms, uint8_t *buffer, struct protocol_answer *a,
		  struct error *err)
{
	uint64_t until = directory_clock_ms() + timeout_ms;
	cleanup_close int fd = -1;
	int ret;

	*a = (struct protocol_answer){ 0 };
	getrandom(&q->id, sizeof(q->id), 0);
	ret = ask_datagram(directory, q, until, buffer, a, err);
	if (ret || !a->truncated)
		return ret;
	fd = directory_connect(directory, timeout_ms, err);
	return fd < 0 ? fd : directory_ask_stream(fd, q, buffer, a, err);
}

int directory_lookup(const struct sockaddr_in *directory, const char *name, uint32_t version,
		     enum lease_protocol protocol, unsigned int timeout_ms,
		     struct lease_found *found, size_t room, struct error *err)
{
	struct protocol_question q = { .operation = PROTOCOL_LOOKUP,
				       .version = version,
				       .protocol = protocol };
	uint8_t buffer[PROTOCOL_MESSAGE_MOST];
	struct protocol_answer a;
	size_t count = 0;
	int ret;

	if (!directory_name(&q.name, name))
		return error_set(err, EINVAL, "bad name: %s: letters, digits, and . _ - inside",
				 name);
	ret = directory_ask(directory, &q, timeout_ms, buffer, &a, err);
	if (ret)
		return ret;
	if (a.status != PROTOCOL_OK)
		return error_set(err, EPROTO, "cannot look up %s: %s", name,
				 protocol_status_text(a.status));
	while (count < room && protocol_next_found(&a, &found[count]))
		count++;
	return (int)count;
}
