/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A timer wheel: deadlines for ten thousand connections at the price of a store each.
 *
 *	slot      0     1     2     3    ...                      TIMER_SLOTS - 1
 *	       +-----+-----+-----+-----+-----                    -----+-----+
 *	       |     |  o  |     | o o |     ...                      |     |
 *	       +-----+-----+-----+-----+-----                    -----+-----+
 *	                ^ the hand: slots behind it are empty, it moves one slot a TIMER_TICK
 *
 * A timer lies in the slot of its deadline, or in the farthest one if that is beyond the wheel.
 * Nearly all timers are moved before they expire: each request that arrives puts off the end of
 * its connection. So a deadline that becomes later is only written down; when the hand finds
 * the timer in its old slot, it looks, and lays it into the new one. Once around the wheel
 * for each timer is all that costs.
 */
#ifndef VIRTLAB_HTTPD_TIMERS_H
#define VIRTLAB_HTTPD_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_TICK 64 /* ms: how late a timer may be */
#define TIMER_SLOTS 1024

/**
 * struct timer - a part of what has a deadline
 * @next: in the ring of its slot; NULL if it is in none
 * @previous: likewise
 * @deadline: ms
 * @tick: of the slot it lies in
 */
struct timer {
	struct timer *next;
	struct timer *previous;
	int64_t deadline;
	int64_t tick;
};

/**
 * struct timers - the wheel
 * @hand: the tick that was looked at last
 * @count: of timers
 * @slots: a ring each, around a head that is no timer
 */
struct timers {
	int64_t hand;
	unsigned int count;
	struct timer slots[TIMER_SLOTS];
};

/**
 * timers_init() - an empty wheel
 * @wheel: set
 * @now: ms
 */
void timers_init(struct timers *wheel, int64_t now);

/**
 * timer_set() - start a timer, or give it another deadline
 * @wheel: where it is, or is to be
 * @timer: starts as { 0 }
 * @deadline: ms; in the past: the next tick
 */
void timer_set(struct timers *wheel, struct timer *timer, int64_t deadline);

/**
 * timer_clear() - stop a timer
 * @wheel: where it is
 * @timer: may be stopped already
 */
void timer_clear(struct timers *wheel, struct timer *timer);

/**
 * timers_expired() - the next timer whose time has come
 * @wheel: the wheel
 * @now: ms
 *
 * The timer is stopped. A timer expires at its deadline or less than two TIMER_TICK later.
 *
 * Return: NULL if there is none; ask until then.
 */
struct timer *timers_expired(struct timers *wheel, int64_t now);

#endif
