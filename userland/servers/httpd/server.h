/* SPDX-License-Identifier: GPL-2.0-only */
/* What all that serve have in common, whatever the design. Set up by main(), then only read. */
#ifndef VIRTLAB_HTTPD_SERVER_H
#define VIRTLAB_HTTPD_SERVER_H

#include "access_log.h"
#include "files.h"
#include "listeners.h"
#include "metrics.h"
#include "options.h"
#include "registration.h"
#include "sessions.h"

/**
 * struct shared - memory that child processes share with their parent
 * @counters: see metrics.h
 * @logs: see access_log.h
 * @sessions: see sessions.h
 */
struct shared {
	struct counters counters[COUNTER_SLOTS];
	struct log_buffer logs[COUNTER_SLOTS];
	struct sessions sessions;
};

/**
 * struct server - one running service
 * @options: the command line
 * @listeners: sockets that connections come from
 * @files: below --root
 * @shared: counters and log
 * @registration: in a directory
 * @log_fd: of the access log; -1: there is none
 * @max_connections: at a time, in the whole server
 */
struct server {
	struct options options;
	struct listeners listeners;
	struct files *files;
	struct shared *shared;
	struct registration registration;
	int log_fd;
	unsigned int max_connections;
};

/* design_*.c: serve until the server is to end. 0, or a negative errno with @err filled. */
int serve_sequential(struct server *server, struct error *err);
int serve_process(struct server *server, struct error *err);
int serve_thread(struct server *server, struct error *err);
int serve_event(struct server *server, struct error *err);

/**
 * server_tick() - what the main thread has to do about once a second
 * @server: the server
 *
 * Writes out the access log; starts a successor if a signal asked for one.
 */
void server_tick(struct server *server);

#endif
