/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proportional-share scheduling of groups of tasks: types and functions shared
 * by the files of core/.
 *
 * Everything in core/ is pure: it knows groups, tasks and time, but no kernel
 * task, no timer, no lock. It builds into credit_sched.ko and, against
 * tests/unit/shim, into a simulator. The caller serialises all calls for one pool.
 *
 *	time, events                                     orders, next timer
 *	csched_task_wake(), ..._block(),   ----------->  csched_next_order():
 *	..._stopped(), ..._started(),       one pool     task t: go, or stop
 *	csched_settle()
 *
 * A pool is a set of CPUs with a policy and a number of slots, one for each
 * CPU. A group holds as many slots as it has tasks running. The policy picks
 * the group that gets a free slot; inside a group tasks take turns.
 *
 * States of a task. An edge is named for the function that makes the move.
 *
 *	  csched_task_join()
 *	        |
 *	        v     csched_task_wake()              grant()
 *	     BLOCKED --------------------> WAITING ------------> RUNNING
 *	      ^   ^                          ^  |                 |   ^
 *	      |   |   csched_task_block()    |  |          stop() |   | unstop()
 *	      |   +--------------------------|--+                 v   |
 *	      |                              +---------------- LEAVING
 *	      |                               csched_task_stopped()
 *	      +------------------- csched_task_block() from RUNNING and LEAVING
 *
 * RUNNING and LEAVING hold a slot. LEAVING has been told to stop and has not
 * stopped yet: its slot is given on only when it has, so that two tasks never
 * meet on one CPU. A WAITING task may not have stopped either (it has just
 * joined, or was woken in the kernel): then it holds no slot, has been told to
 * stop, and what it runs is charged all the same.
 *
 * Invariants, at the end of csched_settle(). audit.c and the tests quote these numbers.
 *
 * S1  No more tasks are RUNNING than there are slots; RUNNING and LEAVING together
 *     exceed the slots only while a pool that has lost CPUs waits for tasks to stop.
 * S2  Work conservation: if a task waits in a group that is not throttled,
 *     no slot is free.
 * S3  Every RUNNING task has been told to go. Every other one, except a BLOCKED
 *     one that may sleep as it likes, has stopped or been told to.
 * S4  The lags of all active groups add up to 0. (A group is active while one of
 *     its tasks is not BLOCKED.)
 * S5  Policy credit: for each group earned = spent + balance + discarded, to the
 *     nanosecond, and -CSCHED_DEBT_MAX <= balance <= csched_credit_most(), or what all
 *     CPUs do in a period and a slot, until credit is handed out next.
 * S6  A group with a cap never has more than one slot's worth of cap time, and
 *     while it has none left none of its tasks is RUNNING, but in a minimal slot.
 *     The same holds for a group with a baseline and its credit.
 * S7  Nobody waits for ever: one task waits longer than park_max only while others
 *     that have waited longer get their minimal slots (one in eight of the time
 *     at most), or its group owes cap time or credit. A slot counts from when the
 *     task is back on a CPU: one that is over before that would be none.
 *
 * Why share keeps within one slot (S8, tested for one CPU): the slot goes to the
 * group that is due its next whole slot first, among those that have not had more
 * than their due. By S4 there always is such a group. So a group never starts
 * a slot ahead of its due, and never ends one more than a slot ahead; and this is
 * the rule of EEVDF (Stoica and Abdel-Wahab, 1995, theorem 1), by which no group
 * falls more than one slot behind either.
 */
#ifndef CREDIT_SCHED_CORE_CSCHED_H
#define CREDIT_SCHED_CORE_CSCHED_H

#include <linux/errno.h>
#include <linux/list.h>
#include <linux/types.h>

#define CSCHED_NS_PER_MS	1000000ull
#define CSCHED_NS_PER_S		1000000000ull

#define CSCHED_NO_TIMER		(~0ull)
/* A group owes at most this much, whatever it did; the rest is forgiven. */
#define CSCHED_DEBT_MAX		((s64)CSCHED_NS_PER_S)
#define CSCHED_CPUS_MAX		512
#define CSCHED_GROUPS_MAX	1024
#define CSCHED_WEIGHT_MAX	65535
#define CSCHED_BURST_MAX	(7 * 86400 * CSCHED_NS_PER_S)
/* Minimal slots take at most one part in this of the time. */
#define CSCHED_MINIMAL_PART	8

/**
 * struct csched_params - what is the same for all groups of a pool
 * @slot: ns that a task may run before others get their turn
 * @min_slot: ns of the slot given to one that has waited for @park_max
 * @ratelimit: ns that a task runs at least before a woken group takes its slot
 * @park_max: ns after which a waiting task gets a minimal slot, whatever its group has got
 * @period: credit: ns between two hand-outs of credit
 * @tick: credit: ns between two samples, for @sampled
 * @sampled: credit: who runs when the tick comes pays for all of it (accounting=tick)
 * @seed: lottery: where the sequence of draws starts
 */
struct csched_params {
	u64 slot;
	u64 min_slot;
	u64 ratelimit;
	u64 park_max;
	u64 period;
	u64 tick;
	bool sampled;
	u64 seed;
};

/**
 * struct csched_attr - what can be set for one group
 * @weight: its part is weight / sum of weights
 * @cap: percent of one CPU it may use at most, 0 for no limit
 * @baseline: credit: percent of one CPU at which it earns, whatever the others do, and to
 *	which it is held when its credit is used up; 0: it earns by weight
 * @burst: credit: ns of credit it may save
 */
struct csched_attr {
	u32 weight;
	u32 cap;
	u32 baseline;
	u64 burst;
};

/* What credit says about a group; other policies leave it at UNDER. */
enum csched_standing {
	CSCHED_BOOST,	/* woken with credit left: first in the queue */
	CSCHED_UNDER,	/* has credit */
	CSCHED_OVER,	/* has none: runs on what nobody with credit wants */
};

/* Why a group is throttled: it waits for cap time; for credit at its baseline. */
#define CSCHED_BY_CAP		1
#define CSCHED_BY_BASELINE	2

/**
 * struct csched_group - tasks that share one weight: a VM, a container, a shell
 * @pool: where it belongs
 * @link: in pool->groups
 * @attr: as set
 * @tasks: all of its tasks
 * @waiting: those that are WAITING, the next to run first
 * @nr_waiting: how many
 * @nr_active: how many are not BLOCKED
 * @nr_held: how many hold a slot
 * @woken: became active and has not had a slot since
 * @throttled: why it may not run, CSCHED_BY_*; 0: it may
 *
 * @active: @nr_active > 0; its @lag counts among the others'
 * @among_active: in pool->active while @active
 * @saturated: its weight asks for more CPUs than its tasks can fill or its cap allows
 * @due: percent of a CPU it is due, weights readjusted, shifted by pool->due_shift
 * @lag: ns it is due minus ns it got; negative: it is ahead
 * @left_at: pool->work when it was active last
 * @used: ns it ran, in all
 *
 * @cap_time: ns it may run before it is throttled
 * @cap_at: when @cap_time was last filled up
 *
 * @credit: credit: the balance, ns
 * @earned: credit: ns received in all
 * @spent: credit: ns paid in all
 * @discarded: credit: ns that exceeded burst
 * @boost_left: credit: ns it may yet run in BOOST, 0 if it is not boosted
 * @surplus: credit: weighted ns it ran without paying
 *
 * @slots: how many slots it was given
 * @boosts: how often it was boosted
 */
struct csched_group {
	struct csched_pool *pool;
	struct list_head link;
	struct csched_attr attr;
	struct list_head tasks;
	struct list_head waiting;
	u32 nr_waiting;
	u32 nr_active;
	u32 nr_held;
	bool woken;
	u32 throttled;

	bool active;
	struct list_head among_active;
	bool saturated;
	u64 due;
	s64 lag;
	u64 left_at;
	u64 used;

	s64 cap_time;
	u64 cap_at;

	s64 credit;
	u64 earned;
	u64 spent;
	u64 discarded;
	u64 boost_left;
	u64 surplus;

	u64 slots;
	u64 boosts;
};

enum csched_task_state {
	CSCHED_BLOCKED,
	CSCHED_WAITING,
	CSCHED_RUNNING,
	CSCHED_LEAVING,
};

enum csched_order {
	CSCHED_NO_ORDER,
	CSCHED_GO,
	CSCHED_STOP,
};

/**
 * struct csched_task - one schedulable task
 * @group: whose it is
 * @sibling: in group->tasks
 * @turn: in group->waiting while WAITING
 * @queue: in pool->waiting while WAITING, in pool->held while it holds a slot
 * @orders: in pool->orders while @order is not CSCHED_NO_ORDER
 * @state: see the diagram
 * @order: what the caller has yet to carry out
 * @told: the last order given
 * @stopped: it is known to be off the CPU and to stay there until told to go
 * @surplus: credit: its slot is not paid for
 * @minimal: its slot was given because it had waited for park_max (S7)
 * @started: it has been on a CPU since it got its slot; until then the slot does not count
 * @seen: its runtime up to which it has been charged, ns
 * @since: when it began to wait, or when its slot began to count
 * @slot_end: when its slot is over
 */
struct csched_task {
	struct csched_group *group;
	struct list_head sibling;
	struct list_head turn;
	struct list_head queue;
	struct list_head orders;
	enum csched_task_state state;
	enum csched_order order;
	enum csched_order told;
	bool stopped;
	bool surplus;
	bool minimal;
	bool started;
	u64 seen;
	u64 since;
	u64 slot_end;
};

/*
 * What a pool reports to whoever listens (struct csched_pool, @event); the numbers are those
 * of the uapi, where the gap is what only the caller sees: a task parks, is released.
 *
 *	JOIN ( WAKE ( PICK STOP )* [ PICK ] BLOCK )* LEAVE
 *
 * is the life of a task, where a BLOCK may also come after STOP or at once. A slot that is
 * prolonged, and the order to stop to a task that has none, are not reported.
 */
enum csched_event_type {
	CSCHED_EV_JOIN = 0,
	CSCHED_EV_LEAVE = 1,
	CSCHED_EV_WAKE = 2,	/* it wants to run */
	CSCHED_EV_PICK = 3,	/* it gets a slot, or may keep the one it was to leave */
	CSCHED_EV_STOP = 4,	/* it is told to leave its slot */
	CSCHED_EV_BLOCK = 7,	/* it sleeps of its own accord */
	/* Of a group: */
	CSCHED_EV_BOOST = 8,
	CSCHED_EV_ACCOUNT = 9,	/* credit was handed out */
	CSCHED_EV_THROTTLE = 10,
	CSCHED_EV_UNTHROTTLE = 11,
};

/* Why a task is told to leave its slot. */
enum csched_stop_reason {
	CSCHED_STOP_SLOT,	/* the slot is over */
	CSCHED_STOP_PREEMPT,	/* a woken group goes first */
	CSCHED_STOP_THROTTLE,	/* its group is throttled */
	CSCHED_STOP_MINIMAL,	/* room for one that has waited for park_max */
	CSCHED_STOP_CPUS,	/* there are fewer CPUs */
};

/**
 * struct csched_policy - how a pool decides
 * @name: what users call it
 * @weight_default: weight of a group that asks for none
 * @weight_max: the largest one
 * @pick: the group that gets the next free slot, of those that csched_can_run(),
 *	or NULL if there is none
 * @yields: a slot is over and somebody waits: must @t give it up?
 * @preempts: @woken was idle until now: after how many ns may it take the slot of
 *	@running? 0: now; CSCHED_NO_TIMER: not before the slot ends
 * @charge: a task of @t's group ran for @ns (NULL: not interested)
 * @wake: @g has become active (NULL: not interested)
 * @grant: @t gets a slot, or keeps it for another, and the policy may shorten it (NULL: not
 *	interested)
 * @advance: time has come to pool->now; returns when to be called next (NULL: never)
 * @set: @g->attr is new or has changed, or the CPUs have (NULL: not interested)
 * @baselines: groups may have a baseline
 */
struct csched_policy {
	const char *name;
	u32 weight_default;
	u32 weight_max;
	struct csched_group *(*pick)(struct csched_pool *pool);
	bool (*yields)(struct csched_task *t);
	u64 (*preempts)(struct csched_group *woken, struct csched_group *running);
	void (*charge)(struct csched_task *t, u64 ns);
	void (*wake)(struct csched_group *g);
	void (*grant)(struct csched_task *t);
	u64 (*advance)(struct csched_pool *pool);
	void (*set)(struct csched_group *g);
	bool baselines;
};

/**
 * struct csched_pool - CPUs that are scheduled together
 * @policy: who decides
 * @params: slot and the like
 * @runtime: the caller's: ns that task @t has run in its life, up to now
 * @event: the caller's: something has happened, to @t or, if that is NULL, to @g; @reason is an
 *	enum csched_stop_reason for CSCHED_EV_STOP, else 0. Set after csched_pool_init(); NULL:
 *	nobody listens. It may look at everything (lags: after csched_lag_update())
 *	and change nothing.
 * @cpus: how many slots
 * @groups: all groups
 * @active: those that are active; what happens often looks at no others
 * @nr_groups: how many
 * @weight: sum of the weights of those that earn by weight
 * @waiting: WAITING tasks, longest waiting first
 * @nr_ready: how many of them could take a slot, for their groups are not throttled
 * @nr_strays: how many of them have not stopped
 * @held: tasks that hold a slot
 * @nr_held: how many
 * @nr_leaving: how many of them are LEAVING
 * @orders: tasks with an order to carry out
 * @now: time of the last event; it never goes back
 * @timer: when csched_settle() must be called if nothing happens before
 * @due_shift: of csched_group.due, so large that all of them fit in 32 bits
 * @due: sum of it over the active groups
 * @work: ns that all groups have run
 * @ungiven: ns that the active groups together are due beyond what their lags say
 * @minimal_next: not before this may the next minimal slot start
 * @making_room: somebody has to leave for a minimal slot
 * @policy_timer: when the policy wants to be called
 * @idle: ns that slots were held by nobody, minus ns that too many were held
 * @handed: credit: ns of credit handed out, to all groups
 * @acct_at: credit: when credit was last handed out
 * @tick_at: credit: when the last sample was taken
 * @surplus: credit: where a group starts that had no surplus slot for long
 * @random: lottery: state of the generator
 * @winner: lottery: drawn when the last slot ended, to get the next
 */
struct csched_pool {
	const struct csched_policy *policy;
	struct csched_params params;
	u64 (*runtime)(struct csched_task *t);
	void (*event)(struct csched_pool *pool, enum csched_event_type type,
		      struct csched_group *g, struct csched_task *t, u32 reason);
	u32 cpus;
	struct list_head groups;
	struct list_head active;
	u32 nr_groups;
	u64 weight;
	struct list_head waiting;
	u32 nr_ready;
	u32 nr_strays;
	struct list_head held;
	u32 nr_held;
	u32 nr_leaving;
	struct list_head orders;
	u64 now;
	u64 timer;
	u32 due_shift;
	u64 due;
	u64 work;
	s64 ungiven;
	u64 minimal_next;
	bool making_room;
	u64 policy_timer;
	s64 idle;
	s64 handed;
	u64 acct_at;
	u64 tick_at;
	u64 surplus;
	u64 random;
	struct csched_group *winner;
};

/* sched.c: events in, orders out */
extern const struct csched_params csched_default_params;
int csched_params_check(const struct csched_params *params);
int csched_pool_init(struct csched_pool *pool, const struct csched_policy *policy,
		     const struct csched_params *params, u32 cpus,
		     u64 (*runtime)(struct csched_task *t), u64 now);
int csched_pool_set_cpus(struct csched_pool *pool, u32 cpus, u64 now);
int csched_attr_check(const struct csched_pool *pool, const struct csched_attr *attr);
int csched_group_add(struct csched_pool *pool, struct csched_group *g,
		     const struct csched_attr *attr, u64 now);
int csched_group_set(struct csched_group *g, const struct csched_attr *attr, u64 now);
void csched_group_del(struct csched_group *g, u64 now);
void csched_task_join(struct csched_group *g, struct csched_task *t, u64 now);
void csched_task_leave(struct csched_task *t, u64 now);
void csched_task_wake(struct csched_task *t, u64 now);
void csched_task_block(struct csched_task *t, u64 now);
void csched_task_stopped(struct csched_task *t, u64 now);
void csched_task_started(struct csched_task *t, u64 now);
void csched_settle(struct csched_pool *pool, u64 now);
struct csched_task *csched_next_order(struct csched_pool *pool, enum csched_order *order);
bool csched_can_run(const struct csched_group *g);

static inline void csched_report(struct csched_group *g, enum csched_event_type type,
				 struct csched_task *t, u32 reason)
{
	if (g->pool->event)
		g->pool->event(g->pool, type, g, t, reason);
}

/* lag.c: what each group is due, and how far it is from that */
u64 csched_scale(u64 value, u64 num, u64 den);
void csched_lag_join(struct csched_group *g);
void csched_lag_leave(struct csched_group *g);
void csched_lag_charge(struct csched_group *g, u64 ns);
void csched_lag_forfeit(struct csched_group *g);
void csched_lag_update(struct csched_pool *pool);
void csched_readjust(struct csched_pool *pool);
bool csched_due_before(const struct csched_group *a, const struct csched_group *b);

/* cap.c: no more than so much of a CPU */
void csched_throttle(struct csched_group *g, u32 why, bool on);
void csched_cap_charge(struct csched_group *g, u64 ns);
void csched_cap_set(struct csched_group *g);
u64 csched_cap_advance(struct csched_group *g);

/*
 * The policies. To add one: write core/NAME.c, which defines csched_NAME, put NAME in this
 * line, and the object in Kbuild.
 */
#define CSCHED_POLICIES(X)	X(share) X(lottery) X(credit)
#define CSCHED_DECLARE(name)	extern const struct csched_policy csched_##name;
CSCHED_POLICIES(CSCHED_DECLARE)
#undef CSCHED_DECLARE

const struct csched_policy *csched_policy_by_name(const char *name);
enum csched_standing csched_standing(const struct csched_group *g);
s64 csched_credit_most(const struct csched_group *g);

/* audit.c */
int csched_audit(const struct csched_pool *pool);

#endif /* CREDIT_SCHED_CORE_CSCHED_H */
