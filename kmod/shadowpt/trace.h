/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: every exit, and everything the shadow MMU does about one.
 *
 *	bpftrace -e 'tracepoint:shadowpt:spt_exit { @[args->reason] = count(); }'
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM shadowpt

#if !defined(SHADOWPT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SHADOWPT_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(spt_exit,
	TP_PROTO(u64 rip, u32 reason, u64 code, u64 info1, u64 info2),
	TP_ARGS(rip, reason, code, info1, info2),
	TP_STRUCT__entry(
		__field(u64, rip)
		__field(u32, reason)
		__field(u64, code)
		__field(u64, info1)
		__field(u64, info2)
	),
	TP_fast_assign(
		__entry->rip = rip;
		__entry->reason = reason;
		__entry->code = code;
		__entry->info1 = info1;
		__entry->info2 = info2;
	),
	TP_printk("rip 0x%llx reason %u code 0x%llx info1 0x%llx info2 0x%llx",
		  __entry->rip, __entry->reason, __entry->code, __entry->info1, __entry->info2)
);

TRACE_EVENT(spt_fill,
	TP_PROTO(u64 gva, u64 gpa, int level, u32 access, u64 spte),
	TP_ARGS(gva, gpa, level, access, spte),
	TP_STRUCT__entry(
		__field(u64, gva)
		__field(u64, gpa)
		__field(int, level)
		__field(u32, access)
		__field(u64, spte)
	),
	TP_fast_assign(
		__entry->gva = gva;
		__entry->gpa = gpa;
		__entry->level = level;
		__entry->access = access;
		__entry->spte = spte;
	),
	TP_printk("gva 0x%llx gpa 0x%llx guest level %d access 0x%x spte 0x%llx",
		  __entry->gva, __entry->gpa, __entry->level, __entry->access, __entry->spte)
);

TRACE_EVENT(spt_pt_write,
	TP_PROTO(u64 gpa, u32 len, bool emulated),
	TP_ARGS(gpa, len, emulated),
	TP_STRUCT__entry(
		__field(u64, gpa)
		__field(u32, len)
		__field(bool, emulated)
	),
	TP_fast_assign(
		__entry->gpa = gpa;
		__entry->len = len;
		__entry->emulated = emulated;
	),
	TP_printk("gpa 0x%llx len %u %s", __entry->gpa, __entry->len,
		  __entry->emulated ? "emulated" : "unshadowed")
);

DECLARE_EVENT_CLASS(spt_entry_change,
	TP_PROTO(u64 gfn, int level, int index, u64 old, u64 new),
	TP_ARGS(gfn, level, index, old, new),
	TP_STRUCT__entry(
		__field(u64, gfn)
		__field(int, level)
		__field(int, index)
		__field(u64, old)
		__field(u64, new)
	),
	TP_fast_assign(
		__entry->gfn = gfn;
		__entry->level = level;
		__entry->index = index;
		__entry->old = old;
		__entry->new = new;
	),
	TP_printk("gfn 0x%llx level %d index %d spte 0x%llx -> 0x%llx", __entry->gfn,
		  __entry->level, __entry->index, __entry->old, __entry->new)
);

DEFINE_EVENT(spt_entry_change, spt_sync,
	TP_PROTO(u64 gfn, int level, int index, u64 old, u64 new),
	TP_ARGS(gfn, level, index, old, new)
);

DEFINE_EVENT(spt_entry_change, spt_zap,
	TP_PROTO(u64 gfn, int level, int index, u64 old, u64 new),
	TP_ARGS(gfn, level, index, old, new)
);

#endif /* SHADOWPT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
