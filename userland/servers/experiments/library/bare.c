// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel alone asks for: a pool of 64 threads or processes that accept, then receive and
 * send, and nothing else. Not one octet of a request is looked at, there is no clock and no
 * timeout, and the answer is always the same. No server of its design can be cheaper.
 *
 *	experiment-bare --listen 127.0.0.1:PORT --design thread|process
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "listening_port.h"

#define POOL 64
#define OCTETS 612

/* As long as httpd's for such a file. */
static const char head[] = "HTTP/1.1 200 OK\r\n"
	"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
	"ETag: \"0123456789abcdef-264\"\r\n"
	"Accept-Ranges: bytes\r\n"
	"Content-Length: 612\r\n\r\n";
static char answer[sizeof(head) - 1 + OCTETS];
static int listener;

static void *serve(void *nothing)
{
	char in[4096];
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		while (recv(fd, in, sizeof(in), 0) > 0)
			send(fd, answer, sizeof(answer), MSG_NOSIGNAL);
		close(fd);
	}
	return nothing;
}

static void start(bool processes)
{
	pthread_t thread;

	if (!processes) {
		if (pthread_create(&thread, NULL, serve, NULL))
			exit(1);
		return;
	}
	switch (fork()) {
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(NULL);
		exit(1);
	case -1:
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int yes = 1;

	memcpy(answer, head, sizeof(head) - 1);
	memset(answer + sizeof(head) - 1, 'x', OCTETS);
	address.sin_port = htons(listening_port(argc, argv));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) ||
	    bind(listener, (struct sockaddr *)&address, length) || listen(listener, SOMAXCONN) ||
	    getsockname(listener, (struct sockaddr *)&address, &length)) {
		perror("experiment-bare");
		return 1;
	}
	for (int i = 0; i < POOL; i++)
		start(!strcmp(argv[argc - 1], "process"));
	printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;)
		pause();
}
