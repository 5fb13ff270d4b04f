// SPDX-License-Identifier: GPL-2.0-only
/*
 * The price of a library, second half: libmicrohttpd has the loop, the parser and the answer;
 * what is left to us is to say that the answer is 612 octets.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listening_port.h"

#define OCTETS 612

static char content[OCTETS];

static enum MHD_Result answer(void *argument, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	return MHD_queue_response(connection, MHD_HTTP_OK, argument);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct MHD_Response *response;
	struct MHD_Daemon *daemon;

	memset(content, 'x', sizeof(content));
	response = MHD_create_response_from_buffer(OCTETS, content, MHD_RESPMEM_PERSISTENT);
	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					"text/plain; charset=utf-8");
	address.sin_port = htons(listening_port(argc, argv));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL, NULL, answer,
				  response, MHD_OPTION_SOCK_ADDR, &address,
				  MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u, MHD_OPTION_END);
	if (!response || !daemon) {
		fprintf(stderr, "experiment-libmicrohttpd: cannot listen on port %d\n",
			ntohs(address.sin_port));
		return 1;
	}
	printf("listening on 127.0.0.1:%u\n",
	       MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	for (;;)
		pause();
}
