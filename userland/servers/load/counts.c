// SPDX-License-Identifier: GPL-2.0-only
/* Names of what is counted, and sums of it. */
#include "counts.h"

const char *const outcome_names[OUTCOMES] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_STATUS] = "status",
	[OUTCOME_CHECK] = "check",
	[OUTCOME_CONNECT] = "connect",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_NO_ANSWER] = "no_answer",
	[OUTCOME_TRUNCATED] = "truncated",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_BAD] = "bad_response",
	[OUTCOME_UNFINISHED] = "unfinished",
};

const char *const slow_end_names[SLOW_ENDS] = {
	[SLOW_SERVED] = "served",
	[SLOW_408] = "status_408",
	[SLOW_REFUSED] = "other_status",
	[SLOW_CLOSED] = "closed",
	[SLOW_RESET] = "reset",
	[SLOW_BAD] = "bad_response",
	[SLOW_CONNECT] = "connect",
	[SLOW_OPEN] = "still_open",
};

static void add(uint64_t *into, const uint64_t *from, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		into[i] += from[i];
}

void counts_merge(struct counts *into, const struct counts *from)
{
	into->requests += from->requests;
	add(into->outcomes, from->outcomes, OUTCOMES);
	add(into->classes, from->classes, 6);
	into->completed += from->completed;
	into->answered += from->answered;
	if (from->last > into->last)
		into->last = from->last;
	into->bytes += from->bytes;
	into->queued += from->queued;
	into->queue_max += from->queue_max;
	into->opened += from->opened;
	into->announced += from->announced;
	into->between += from->between;
	into->kept += from->kept;
	into->retried += from->retried;
	into->unsolicited += from->unsolicited;
	into->failed_opens += from->failed_opens;
	into->idle_opened += from->idle_opened;
	into->idle_open += from->idle_open;
	into->idle_closed += from->idle_closed;
	into->idle_failed += from->idle_failed;
	add(into->drip, from->drip, SLOW_ENDS);
	add(into->slow_read, from->slow_read, SLOW_ENDS);
	if (from->connect_errno)
		into->connect_errno = from->connect_errno;
	if (!into->why)
		into->why = from->why;
}
