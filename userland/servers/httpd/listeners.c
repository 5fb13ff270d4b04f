// SPDX-License-Identifier: GPL-2.0-only
/* Binding and inheriting sockets, see listeners.h. */
#include "listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "cleanup.h"

/* The first descriptor that is handed over, sd_listen_fds(3). */
#define FIRST_INHERITED 3

/* --- addresses --- */

static bool read_port(const char *text, uint16_t *port)
{
	unsigned int n = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9' && n <= UINT16_MAX; at++)
		n = n * 10 + (*at - '0');
	*port = htons(n);
	return at != text && !*at && n <= UINT16_MAX;
}

int listen_parse(const char *text, struct sockaddr_storage *address, socklen_t *length,
		 struct error *err)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n = colon ? (size_t)(colon - text) : 0;

	memset(address, 0, sizeof(*address));
	if (n && n < sizeof(host)) {
		snprintf(host, sizeof(host), "%.*s", (int)n, text);
		v4->sin_family = AF_INET;
		*length = sizeof(*v4);
		if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 &&
		    read_port(colon + 1, &v4->sin_port))
			return 0;
		memset(address, 0, sizeof(*address));
		v6->sin6_family = AF_INET6;
		*length = sizeof(*v6);
		host[n - 1] = host[n - 1] == ']' ? '\0' : '?';
		if (host[0] == '[' && inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 &&
		    read_port(colon + 1, &v6->sin6_port))
			return 0;
	}
	return error_set(err, EUSAGE,
			 "--listen: %.64s: not an address: such as 127.0.0.1:8080 or [::1]:8080",
			 text);
}

static void format_address(int fd, char *text, size_t size)
{
	struct sockaddr_storage address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
	socklen_t length = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "?";

	memset(&address, 0, sizeof(address));
	getsockname(fd, (struct sockaddr *)&address, &length);
	if (address.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, size, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, size, "%s:%u", host, ntohs(v4->sin_port));
	}
}

/* --- sockets --- */

/* What accepted sockets inherit, so that it costs no system call for each of them. */
static void configure(int fd, const struct options *o)
{
	bool blocking = o->design != DESIGN_EVENT;
	struct timeval receive = { o->header_ms / 1000, o->header_ms % 1000 * 1000 };
	struct timeval send = { o->write_ms / 1000, o->write_ms % 1000 * 1000 };
	struct timeval never = { 0, 0 };
	int yes = 1, anywhere = -1;

	/* One that was handed over may have been pinned. */
	setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &anywhere, sizeof(anywhere));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, blocking ? &receive : &never, sizeof(never));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, blocking ? &send : &never, sizeof(never));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int bind_error(const char *text, int errnum, struct error *err)
{
	const char *advice = NULL;

	if (errnum == EADDRINUSE)
		advice = "another server has it: end that one (see ss -ltnp) or take another port";
	if (errnum == EACCES)
		advice = "ports below 1024 need root: start as root and give --user";
	if (errnum == EADDRNOTAVAIL)
		advice = "no interface of this machine has that address";
	return error_errno(err, errnum, advice, "listen: %s", text);
}

/*
 * A socket on @address. Where others will share it, only after the first was bound without:
 * so a second server on the same port is noticed.
 */
static int bind_one(const char *text, struct sockaddr_storage *address, socklen_t *length,
		    bool first, bool shared, struct error *err)
{
	cleanup_close int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		return error_errno(err, errno, NULL, "listen: %s", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (shared && !first)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)address, *length))
		return bind_error(text, errno, err);
	if (shared && first)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	/* Port 0 has become a number, which the others are to have too. */
	if (getsockname(fd, (struct sockaddr *)address, length))
		return error_errno(err, errno, NULL, "listen: %s", text);
	return keep_fd(&fd);
}

static int open_address(struct listeners *l, const struct options *o, const char *text,
			struct error *err)
{
	unsigned int members = o->design == DESIGN_EVENT ? o->workers : 1;
	struct sockaddr_storage address;
	socklen_t length = 0;
	int ret;

	ret = listen_parse(text, &address, &length, err);
	if (ret)
		return ret;
	if (l->count + members > LISTENERS_MOST)
		return error_set(err, EUSAGE, "--listen: more than %d sockets", LISTENERS_MOST);
	for (unsigned int i = 0; i < members; i++) {
		struct listener *at = &l->at[l->count];

		at->fd = bind_one(text, &address, &length, i == 0, members > 1, err);
		if (at->fd < 0)
			return at->fd;
		at->address = l->addresses;
		at->member = i;
		l->count++;
		configure(at->fd, o);
		if (listen(at->fd, LISTEN_BACKLOG))
			return bind_error(text, errno, err);
	}
	l->addresses++;
	return 0;
}

/* How many sockets were handed over; 0: none, or to somebody else. */
static unsigned int inherited(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	unsigned long count = 0;

	if (fds && pid && strtoul(pid, NULL, 10) == (unsigned long)getpid())
		count = strtoul(fds, NULL, 10);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return count > LISTENERS_MOST ? LISTENERS_MOST : count;
}

static int take_inherited(struct listeners *l, const struct options *o, unsigned int count,
			  struct error *err)
{
	char text[64], last[64] = "";

	for (unsigned int i = 0; i < count; i++) {
		int fd = FIRST_INHERITED + (int)i, listening = 0;
		socklen_t length = sizeof(listening);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) || !listening)
			return error_set(err, EINVAL,
					 "LISTEN_FDS: descriptor %d: not a listening socket", fd);
		format_address(fd, text, sizeof(text));
		if (i && strcmp(text, last) != 0)
			l->addresses++;
		l->at[i] = (struct listener){ fd, l->addresses, 0 };
		if (i && !strcmp(text, last))
			l->at[i].member = l->at[i - 1].member + 1;
		memcpy(last, text, sizeof(last));
		configure(fd, o);
		l->count++;
	}
	l->addresses++;
	return 0;
}

int listeners_open(struct listeners *l, const struct options *o, struct error *err)
{
	unsigned int handed_over = inherited();
	int ret = 0;

	*l = (struct listeners){ 0 };
	if (handed_over)
		return take_inherited(l, o, handed_over, err);
	for (unsigned int i = 0; i < o->listen_count && !ret; i++)
		ret = open_address(l, o, o->listen[i], err);
	return ret;
}

void listeners_announce(const struct listeners *l)
{
	char text[64];

	for (unsigned int i = 0; i < l->count; i++) {
		if (l->at[i].member)
			continue;
		format_address(l->at[i].fd, text, sizeof(text));
		printf("listening on %s\n", text);
	}
	fflush(stdout);
}

void listeners_close(struct listeners *l)
{
	for (unsigned int i = 0; i < l->count; i++) {
		close(l->at[i].fd);
		l->at[i].fd = -1;
	}
	l->count = 0;
}

void listeners_pin(const struct listeners *l, unsigned int loop, unsigned int loops,
		   unsigned int cpu)
{
	int value = (int)cpu;

	for (unsigned int i = 0; i < l->count; i++)
		if (listener_serves(l, i, loop, loops))
			setsockopt(l->at[i].fd, SOL_SOCKET, SO_INCOMING_CPU, &value, sizeof(value));
}

bool listener_serves(const struct listeners *l, unsigned int i, unsigned int loop,
		     unsigned int loops)
{
	unsigned int members = 1, member = l->at[i].member;

	for (unsigned int k = 0; k < l->count; k++)
		members += k != i && l->at[k].address == l->at[i].address;
	return member % loops == loop || (members < loops && loop % members == member);
}
