/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what is decided about a task or a group, as it is decided.
 *
 *	bpftrace -e 'tracepoint:credit_sched:csched_pick { @[args->group] = count(); }'
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM credit_sched

#if !defined(CREDIT_SCHED_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CREDIT_SCHED_TRACE_H

#include <linux/tracepoint.h>

#include "shell.h"

#define show_standing(standing) __print_symbolic(standing, \
	{ CSCHED_STANDING_BOOST, "BOOST" }, \
	{ CSCHED_STANDING_UNDER, "UNDER" }, \
	{ CSCHED_STANDING_OVER, "OVER" })

#define show_why(reason) __print_symbolic(reason, \
	{ CSCHED_WHY_SLOT, "slot" }, \
	{ CSCHED_WHY_PREEMPT, "preempt" }, \
	{ CSCHED_WHY_THROTTLE, "throttle" }, \
	{ CSCHED_WHY_MINIMAL, "minimal" }, \
	{ CSCHED_WHY_CPUS, "cpus" })

DECLARE_EVENT_CLASS(csched_of_task,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event),
	TP_STRUCT__entry(
		__field(u32, id)
		__array(char, group, CSCHED_NAME_MAX)
		__field(s32, pid)
		__field(u32, cpu)
		__field(u32, standing)
		__field(u32, reason)
		__field(s64, lag)
		__field(s64, credit)
	),
	TP_fast_assign(
		__entry->id = g->id;
		memcpy(__entry->group, g->name, CSCHED_NAME_MAX);
		__entry->pid = event->pid;
		__entry->cpu = event->cpu;
		__entry->standing = event->standing;
		__entry->reason = event->reason;
		__entry->lag = event->lag_ns;
		__entry->credit = event->credit_ns;
	),
	TP_printk("group %s (%u) pid %d cpu %u %s lag %lld credit %lld", __entry->group,
		  __entry->id, __entry->pid, __entry->cpu, show_standing(__entry->standing),
		  __entry->lag, __entry->credit)
);

DEFINE_EVENT(csched_of_task, csched_wake,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DEFINE_EVENT(csched_of_task, csched_pick,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DEFINE_EVENT_PRINT(csched_of_task, csched_stop,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event),
	TP_printk("group %s (%u) pid %d cpu %u %s lag %lld credit %lld for %s", __entry->group,
		  __entry->id, __entry->pid, __entry->cpu, show_standing(__entry->standing),
		  __entry->lag, __entry->credit, show_why(__entry->reason))
);

DEFINE_EVENT(csched_of_task, csched_park,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DEFINE_EVENT(csched_of_task, csched_release,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DECLARE_EVENT_CLASS(csched_of_group,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event),
	TP_STRUCT__entry(
		__field(u32, id)
		__array(char, group, CSCHED_NAME_MAX)
		__field(u32, standing)
		__field(s64, lag)
		__field(s64, credit)
		__field(u64, used)
	),
	TP_fast_assign(
		__entry->id = g->id;
		memcpy(__entry->group, g->name, CSCHED_NAME_MAX);
		__entry->standing = event->standing;
		__entry->lag = event->lag_ns;
		__entry->credit = event->credit_ns;
		__entry->used = event->used_ns;
	),
	TP_printk("group %s (%u) %s lag %lld credit %lld used %llu", __entry->group, __entry->id,
		  show_standing(__entry->standing), __entry->lag, __entry->credit, __entry->used)
);

DEFINE_EVENT(csched_of_group, csched_boost,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DEFINE_EVENT(csched_of_group, csched_account,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DEFINE_EVENT(csched_of_group, csched_throttle,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

DEFINE_EVENT(csched_of_group, csched_unthrottle,
	TP_PROTO(const struct cs_group *g, const struct csched_event *event),
	TP_ARGS(g, event)
);

#endif /* CREDIT_SCHED_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
