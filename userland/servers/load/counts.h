/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted. Each request of the measured window has exactly one outcome. */
#ifndef LOAD_COUNTS_H
#define LOAD_COUNTS_H

#include <stdint.h>

#include "histogram.h"

/*
 *	OK		answered in full, with the status expected and the text to be checked
 *	STATUS		answered in full, with another status
 *	CHECK		answered in full, but the body has not the text
 *	CONNECT		no connection
 *	RESET		the connection was reset before the answer was complete
 *	NO_ANSWER	the server closed and had not answered
 *	TRUNCATED	the server closed within its answer
 *	TIMEOUT		not answered in time
 *	BAD		the answer is not HTTP
 *	UNFINISHED	the run ended
 */
enum outcome {
	OUTCOME_OK,
	OUTCOME_STATUS,
	OUTCOME_CHECK,
	OUTCOME_CONNECT,
	OUTCOME_RESET,
	OUTCOME_NO_ANSWER,
	OUTCOME_TRUNCATED,
	OUTCOME_TIMEOUT,
	OUTCOME_BAD,
	OUTCOME_UNFINISHED,
	OUTCOMES,
};

extern const char *const outcome_names[OUTCOMES];

/* What a slow client's server did to it. */
enum slow_end {
	SLOW_SERVED,	/* answered with 2xx or 3xx, in full */
	SLOW_408,	/* Request Timeout: RFC 9110, 15.5.9 */
	SLOW_REFUSED,	/* any other status */
	SLOW_CLOSED,	/* closed, without an answer or within it */
	SLOW_RESET,
	SLOW_BAD,	/* what came is not HTTP */
	SLOW_CONNECT,	/* never got a connection */
	SLOW_OPEN,	/* still at it when the run ended */
	SLOW_ENDS,
};

extern const char *const slow_end_names[SLOW_ENDS];

/**
 * struct counts - of one loop, or of all
 * @requests: of the measured window, whatever became of them; the sum of @outcomes
 * @outcomes: by enum outcome
 * @classes: answers in full, by the first digit of their status
 * @completed: answers in full that came within the measured window, whenever sent
 * @answered: answers in full since the window began, those after its end included
 * @last: when the last of them came
 * @bytes: received within the window
 * @queued: requests that found no free connection when they were due
 * @queue_max: most that waited so at a time
 * @opened: connections that clients began to open, those before the window included
 * @announced: closed by the server after it had said so
 * @between: closed by the server between requests, unannounced
 * @kept: connections that the server did not close although it was asked to
 * @retried: requests sent again because the server closed while they were on their way
 * @unsolicited: connections on which bytes came that answer nothing
 * @failed_opens: connections for no request in particular that could not be opened
 * @idle_opened, @idle_open, @idle_closed, @idle_failed: idle connections, as of the end
 * @drip, @slow_read: what became of slow clients
 * @connect_errno: of the last connection that could not be had
 * @why: of the first answer that was not HTTP
 */
struct counts {
	uint64_t requests;
	uint64_t outcomes[OUTCOMES];
	uint64_t classes[6];
	uint64_t completed, answered, last, bytes;
	uint64_t queued, queue_max;
	uint64_t opened, announced, between, kept, retried, unsolicited, failed_opens;
	uint64_t idle_opened, idle_open, idle_closed, idle_failed;
	uint64_t drip[SLOW_ENDS], slow_read[SLOW_ENDS];
	int connect_errno;
	const char *why;
};

void counts_merge(struct counts *into, const struct counts *from);

#endif
