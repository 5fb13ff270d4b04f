/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is counted, and the page that shows it. Counters lie in memory that is shared with
 * child processes, so that one page tells of all of them, also of those that died. There are
 * COUNTER_SLOTS sets; who counts has one of his own as long as they last, so that two cores
 * do not fight for a cache line.
 */
#ifndef VIRTLAB_HTTPD_METRICS_H
#define VIRTLAB_HTTPD_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "../http/response.h"

#define COUNTER_SLOTS 64

/* The parts of the service that are told apart. */
enum metric_route { METRIC_FILES, METRIC_WORK, METRIC_WAIT, METRIC_METRICS, METRIC_CRASH,
		    METRIC_SESSION, METRIC_NONE, METRIC_ROUTES };

/* The statuses that are sent; another one is counted as the last of them. */
#define METRIC_STATUSES 26

/* What is counted of /session, see sessions.h. */
enum metric_session { METRIC_SESSION_HITS, METRIC_SESSION_REBUILDS, METRIC_SESSION_FORGED,
		      METRIC_SESSION_REPEATS, METRIC_SESSIONS };

enum metric_timeout { TIMEOUT_HEADER, TIMEOUT_IDLE, TIMEOUT_WRITE, METRIC_TIMEOUTS };

/**
 * struct counters - one set
 * @requests: answers, by route and status
 * @accepted: connections
 * @closed: of those
 * @refused: connections that were closed or told 503 unread, because there is no room
 * @received: octets
 * @sent: octets
 * @timeouts: by kind
 * @sessions: by enum metric_session
 */
struct counters {
	atomic_ullong requests[METRIC_ROUTES][METRIC_STATUSES];
	atomic_ullong accepted;
	atomic_ullong closed;
	atomic_ullong refused;
	atomic_ullong received;
	atomic_ullong sent;
	atomic_ullong timeouts[METRIC_TIMEOUTS];
	atomic_ullong sessions[METRIC_SESSIONS];
} __attribute__((aligned(64)));

static inline void count(atomic_ullong *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/**
 * metrics_count() - an answer
 * @counters: of whoever gives it
 * @route: to what
 * @status: its status
 */
void metrics_count(struct counters *counters, enum metric_route route, unsigned int status);

/**
 * metrics_sum() - over all sets
 * @slots: COUNTER_SLOTS of them
 * @counter: of the first set
 */
uint64_t metrics_sum(const struct counters *slots, const atomic_ullong *counter);

/**
 * metrics_write() - the page, in the text format of Prometheus
 * @slots: COUNTER_SLOTS of them
 * @w: where to; METRICS_MOST octets are always enough
 */
void metrics_write(const struct counters *slots, struct http_writer *w);

#define METRICS_MOST 16384

#endif
