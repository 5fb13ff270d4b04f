// SPDX-License-Identifier: GPL-2.0-only
/* The open loop's timetable, see schedule.h. */
#include "schedule.h"

#include "clock.h"

/* Of N @loops, this is number @loop; of the requests of all, the first @limit are sent. */
void schedule_begin(struct schedule *s, uint64_t begin, uint64_t end, uint64_t rate,
		    unsigned int loop, unsigned int loops, uint64_t limit)
{
	*s = (struct schedule){
		.begin = begin,
		.end = end,
		.rate = rate,
		.next = loop,
		.queued = loop,
		.step = loops,
		.limit = limit,
	};
}

/* When request @i is due, or NEVER. */
static uint64_t due(const struct schedule *s, uint64_t i)
{
	unsigned __int128 at;

	if (i >= s->limit)
		return NEVER;
	at = (unsigned __int128)i * 1000 * NS_PER_S / s->rate + s->begin;
	return at < s->end ? (uint64_t)at : NEVER;
}

/* When the next request is due, or NEVER: there are no more. */
uint64_t schedule_next(const struct schedule *s)
{
	return due(s, s->next);
}

/*
 * Take the next request if it is due: @intended is when it should be sent, and @queued says
 * whether schedule_queue() counted it.
 */
bool schedule_take(struct schedule *s, uint64_t now, uint64_t *intended, bool *queued)
{
	uint64_t at = schedule_next(s);

	if (at > now || at == NEVER)
		return false;
	*intended = at;
	*queued = s->next < s->queued;
	s->next += s->step;
	if (s->queued < s->next)
		s->queued = s->next;
	return true;
}

/* No connection is free: all that is due now has to wait. Returns how many that is news for. */
uint64_t schedule_queue(struct schedule *s, uint64_t now)
{
	uint64_t news = 0, at;

	for (at = due(s, s->queued); at <= now && at != NEVER; at = due(s, s->queued)) {
		s->queued += s->step;
		news++;
	}
	return news;
}

/* How many were due and are not yet sent, as of the last schedule_queue(). */
uint64_t schedule_waiting(const struct schedule *s)
{
	return (s->queued - s->next) / s->step;
}
