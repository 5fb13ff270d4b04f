// SPDX-License-Identifier: GPL-2.0-only
/* The timer wheel, see timers.h. */
#include "timers.h"

#include <stddef.h>

static void unlink_timer(struct timer *timer)
{
	timer->next->previous = timer->previous;
	timer->previous->next = timer->next;
	timer->next = NULL;
	timer->previous = NULL;
}

/* Into the slot of its deadline, in front of the hand. */
static void link_timer(struct timers *wheel, struct timer *timer)
{
	int64_t tick = timer->deadline / TIMER_TICK + (timer->deadline % TIMER_TICK > 0);
	struct timer *head;

	/* lab 08 step 5 begin: into its slot */
	if (tick <= wheel->hand)
		tick = wheel->hand + 1;
	if (tick > wheel->hand + TIMER_SLOTS - 1)
		tick = wheel->hand + TIMER_SLOTS - 1;
	head = &wheel->slots[tick % TIMER_SLOTS];
	timer->tick = tick;
	timer->next = head;
	timer->previous = head->previous;
	head->previous->next = timer;
	head->previous = timer;
	/* lab 08 step 5 end */
}

void timers_init(struct timers *wheel, int64_t now)
{
	wheel->hand = now / TIMER_TICK;
	wheel->count = 0;
	for (int i = 0; i < TIMER_SLOTS; i++)
		wheel->slots[i] = (struct timer){ &wheel->slots[i], &wheel->slots[i], 0, 0 };
}

void timer_set(struct timers *wheel, struct timer *timer, int64_t deadline)
{
	timer->deadline = deadline;
	if (!timer->next)
		wheel->count++;
	else if (deadline > (timer->tick - 1) * TIMER_TICK)
		return; /* not before its slot: the hand will see to it */
	else
		unlink_timer(timer);
	link_timer(wheel, timer);
}

void timer_clear(struct timers *wheel, struct timer *timer)
{
	if (!timer->next)
		return;
	unlink_timer(timer);
	wheel->count--;
}

struct timer *timers_expired(struct timers *wheel, int64_t now)
{
	int64_t due = now / TIMER_TICK;

	/* After a long sleep (SIGSTOP, a suspended laptop) one round is as good as many. */
	if (due > wheel->hand + TIMER_SLOTS)
		wheel->hand = due - TIMER_SLOTS;
	/* lab 08 step 5 begin: the hand moves on */
	while (wheel->hand < due) {
		struct timer *head = &wheel->slots[(wheel->hand + 1) % TIMER_SLOTS];
		struct timer *timer = head->next;

		if (timer == head) {
			wheel->hand++;
			continue;
		}
		unlink_timer(timer);
		if (timer->deadline <= now) {
			wheel->count--;
			return timer;
		}
		/* Put off since it was laid here, or beyond the wheel then. */
		wheel->hand++;
		link_timer(wheel, timer);
		wheel->hand--;
	}
	/* lab 08 step 5 end */
	return NULL;
}
