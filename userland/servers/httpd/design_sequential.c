// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequential: one connection after the other, each to its end.
 *
 * Good: nothing is shared, so nothing can be shared wrongly; no switch between processes or
 * threads, so that with one request a connection it needs the least processor time of all.
 * Bad: whoever is connected has the server for himself. A client that keeps its connection
 * open and says nothing (keep-alive, or a slow line) starves all others until a timeout; their
 * connections wait in the kernel's queue, which looks to them like a slow server, not a
 * busy one. One processor is all it can use.
 */
#include "acceptor.h"
#include "blocking.h"
#include "control.h"

int serve_sequential(struct server *server, struct error *err)
{
	struct acceptor acceptor;
	struct worker worker;
	struct in6_addr peer;
	int fd;

	(void)err;
	worker_init(&worker, server, 0);
	acceptor_init(&acceptor, server, &worker, 0, 1, 1);
	control_reader(&worker.idle_fd);
	/* lab 08 step 1 begin: one connection after the other */
	while ((fd = accept_next(&acceptor, &peer)) != ACCEPT_STOP) {
		if (fd == ACCEPT_TICK) {
			server_tick(server);
			continue;
		}
		serve_blocking(&worker, fd, &peer);
		acceptor_release(&acceptor);
	}
	/* lab 08 step 1 end */
	control_reader(NULL);
	acceptor_end(&acceptor);
	worker_end(&worker);
	return 0;
}
