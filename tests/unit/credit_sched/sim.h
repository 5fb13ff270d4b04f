/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A discrete-event simulator around one pool of kmod/credit_sched/core.
 *
 * It plays the tasks (what they want) and the kernel (how promptly they obey),
 * and knows by itself how long each has run. After each event it checks the
 * core's invariants and those that only an outsider can see:
 *
 *	O1  no CPU time is lost: while a task wants to run and may, a CPU idles only
 *	    for as long as tasks take to stop and to start
 *	O2  what the core has charged is what the tasks have run
 *	O3  nobody waits longer than S7 says
 *	O4  in any 100 ms a capped group runs at most its cap, one slot, and what
 *	    its tasks take to stop
 *	O5  the timer never comes more often than once in 5 us, over a millisecond
 *	O6  what the core reports are lives of tasks as in csched.h, and says why a slot ended
 *	O7  share: who gets a slot is due it first, by what all have run until then
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "csched.h"

#define MS		CSCHED_NS_PER_MS
#define US		1000ull
#define SEC		CSCHED_NS_PER_S
#define SIM_NEVER	(~0ull)
#define SIM_TASKS	64
#define SIM_GROUPS	24
#define SIM_FOREVER	(1ull << 60)

/**
 * struct sim_task - a task and its wishes
 * @core: what the core knows of it
 * @used: this place is taken
 * @run: ns of CPU it wants at a time; SIM_FOREVER: a CPU hog
 * @sleep: ns it then sleeps
 * @jitter: @run and @sleep vary by up to this part in 100
 * @deaf: told to give up its slot, it runs on until it sleeps (one long system call)
 * @executing: it is on a CPU
 * @ran: ns it has run until @from
 * @from: since when it is executing
 * @left: ns until it sleeps
 * @wake_at: it sleeps until then
 * @start_at: told to go; starts then
 * @park_at: told to stop; stops then
 * @woke: when it woke last
 * @worst_wake: longest time from waking to its slot, ns
 * @last: the last event reported of it, as a letter; 0 before it has joined
 */
struct sim_task {
	struct csched_task core;
	bool used;
	u64 run;
	u64 sleep;
	u32 jitter;
	bool deaf;
	bool executing;
	u64 ran;
	u64 from;
	u64 left;
	u64 wake_at;
	u64 start_at;
	u64 park_at;
	u64 woke;
	u64 worst_wake;
	char last;
};

/**
 * struct sim - a pool, its tasks and what happened
 * @pool: the core's
 * @groups: of it; those with pool == NULL are free
 * @gone: ns that tasks which have left their group had run, for each group
 * @tasks: of all groups
 * @top: no task from here on was ever used
 * @now: ns
 * @random: state of the random numbers; sim_init() keeps it
 * @obey: ns that a running task takes to stop, at most
 * @kernel: one stop in 50 finds the task in a system call that lasts this long
 * @start: ns from the order to go until the task runs, at most
 * @silent: that it runs is not reported: the core sees it from its runtime
 * @stale: runtime of a running task is known as of the last tick of 4 ms, as in the kernel
 * @wake_phase: tasks wake at multiples of sleep (see steal), not after it
 * @earned_gone: ns of credit earned by groups that are no more
 * @lost: ns that CPUs were idle while somebody wanted to run (O1)
 * @busy: ns that CPUs were busy
 * @moves: how often a task was told to go or to stop
 * @events: how often the core was asked to decide
 * @timers: how often the timer has come since @timers_at
 * @timers_at: at most a millisecond ago
 * @lag_min: least lag of any group so far
 * @lag_max: largest lag of any group so far
 * @window: used[] of the last 100 ms, for O4
 * @window_at: how many samples it has
 * @sample_at: when the next is due
 * @story: if not NULL, what is reported is appended here, as letters (see sim.c)
 */
struct sim {
	struct csched_pool pool;
	struct csched_group groups[SIM_GROUPS];
	u64 gone[SIM_GROUPS];
	struct sim_task tasks[SIM_TASKS];
	int top;
	u64 now;
	u64 random;
	u64 obey;
	u64 kernel;
	u64 start;
	bool silent;
	bool stale;
	bool wake_phase;
	u64 earned_gone;
	u64 lost;
	u64 busy;
	u64 moves;
	u64 events;
	u64 timers;
	u64 timers_at;
	s64 lag_min;
	s64 lag_max;
	u64 window[SIM_GROUPS][21];
	u64 window_at[SIM_GROUPS];
	u64 sample_at;
	char *story;
};

/* Something does not hold and has been said: the test program ends its test. */
void sim_failed(void);

void sim_init(struct sim *sim, const struct csched_policy *policy,
	      const struct csched_params *params, u32 cpus);
void sim_fini(struct sim *sim);
u64 sim_random(struct sim *sim, u64 below);
struct csched_group *sim_group(struct sim *sim, u32 weight, u32 cap, u64 burst);
void sim_group_set(struct sim *sim, struct csched_group *g, u32 weight, u32 cap, u64 burst);
void sim_group_baseline(struct sim *sim, struct csched_group *g, u32 baseline);
void sim_group_del(struct sim *sim, struct csched_group *g);
void sim_set_cpus(struct sim *sim, u32 cpus);
struct sim_task *sim_task(struct sim *sim, struct csched_group *g, u64 run, u64 sleep);
void sim_exit(struct sim *sim, struct sim_task *t);
/* Until then; sim_run() also has the core account for it, as a reader would. */
void sim_pass(struct sim *sim, u64 until);
void sim_run(struct sim *sim, u64 until);
u64 sim_used(struct sim *sim, const struct csched_group *g);

#endif /* SIM_H */
