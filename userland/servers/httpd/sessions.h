/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One service, three places for what clients put here (--state):
 *
 *	form	where		cookie		kill -9 and restart	memory of a client
 *	server	table		its number	lost			its session
 *	client	cookie		all of it	kept by the client	none
 *	soft	files, and a	its number	rebuilt when it is	a copy, while there
 *		table as cache			asked for		is room
 *
 * soft: the cache holds each session under a lease, no longer, and without a promise: as long
 * as the lease runs, what another server writes into the same folder is not seen. A change reads
 * the file first, so that none is lost; what this server writes, it sees at once.
 */
#ifndef VIRTLAB_HTTPD_SESSIONS_H
#define VIRTLAB_HTTPD_SESSIONS_H

#include "metrics.h"
#include "options.h"
#include "session_store.h"
#include "session_table.h"
#include "session_token.h"

/**
 * struct sessions - all that is kept; in memory that children share, or the same in all of them
 * @form: STATE_NONE: there is no /session
 * @idle_ms: a session that is not used for longer is over
 * @lease_ms: see above
 * @table_fd: of @table, for a successor; -1: none
 * @table: server and soft
 * @store: soft
 * @secret: client
 */
struct sessions {
	enum state_form form;
	uint32_t idle_ms;
	uint32_t lease_ms;
	int table_fd;
	struct session_table *table;
	struct session_store store;
	struct session_secret secret;
};

/**
 * struct session_call - a request for one of them
 * @sessions: all
 * @counters: of the thread that asks
 * @now: ms of the monotonic clock
 * @second: seconds since 1970
 * @cookie: what the client brought; empty: nothing
 * @fresh: out: what it is to bring from now on
 * @fresh_length: out: octets of it; 0: as before
 * @forget: out: what it brought is of no use any more
 */
struct session_call {
	struct sessions *sessions;
	struct counters *counters;
	int64_t now;
	int64_t second;
	struct http_text cookie;
	char fresh[SESSION_TOKEN_MOST + 1];
	size_t fresh_length;
	bool forget;
};

/**
 * enum session_outcome - what came of a call
 * @SESSION_FOUND: it was done
 * @SESSION_NONE: the client has no session
 * @SESSION_FORGED: what it brought is not from here
 * @SESSION_FULL: there is no room for another one
 * @SESSION_FAILED: the store does not work; errno says why
 */
enum session_outcome { SESSION_FOUND, SESSION_NONE, SESSION_FORGED, SESSION_FULL, SESSION_FAILED };

/**
 * sessions_open() - set up
 * @sessions: set
 * @o: the command line
 * @table_fd: a predecessor's table; -1: none
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int sessions_open(struct sessions *sessions, const struct options *o, int table_fd,
		  struct error *err);

/**
 * sessions_read() - a copy of a client's session
 * @call: who asks
 * @s: set
 */
enum session_outcome sessions_read(struct session_call *call, struct session *s);

/**
 * sessions_change() - change it; one that is not there is made
 * @call: who asks
 * @change: what to do; its status is set, if the outcome is SESSION_FOUND
 */
enum session_outcome sessions_change(struct session_call *call, struct session_change *change);

/**
 * sessions_end() - it is to be no more
 * @call: who asks
 *
 * The client's own copy (form client) cannot be taken away: who kept it may come back with it.
 */
enum session_outcome sessions_end(struct session_call *call);

/**
 * sessions_tick() - about once a second: remove files that are too old
 * @sessions: all
 */
void sessions_tick(struct sessions *sessions);

/**
 * sessions_metrics() - lines for the page, none if there is no /session
 * @sessions: all
 * @slots: COUNTER_SLOTS of them
 * @now: ms of the monotonic clock
 * @w: where to
 */
void sessions_metrics(struct sessions *sessions, const struct counters *slots, int64_t now,
		      struct http_writer *w);

#endif
