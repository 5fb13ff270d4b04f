/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints.
 *
 *	bpftrace -e 'tracepoint:vnic:vnic_queue_stop { @[str(args->card)] = count(); }'
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vnic

#if !defined(VNIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VNIC_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(vnic_of_queue,
	TP_PROTO(const struct net_device *dev, unsigned int queue, unsigned int frames),
	TP_ARGS(dev, queue, frames),
	TP_STRUCT__entry(
		__array(char, card, IFNAMSIZ)
		__field(u32, queue)
		__field(u32, frames)
	),
	TP_fast_assign(
		memcpy(__entry->card, dev->name, IFNAMSIZ);
		__entry->queue = queue;
		__entry->frames = frames;
	),
	TP_printk("card %s queue %u: %u frames wait", __entry->card, __entry->queue,
		  __entry->frames)
);

/* The guest does not keep up: the stack has to wait. */
DEFINE_EVENT(vnic_of_queue, vnic_queue_stop,
	TP_PROTO(const struct net_device *dev, unsigned int queue, unsigned int frames),
	TP_ARGS(dev, queue, frames)
);

/* There is room again. */
DEFINE_EVENT(vnic_of_queue, vnic_queue_wake,
	TP_PROTO(const struct net_device *dev, unsigned int queue, unsigned int frames),
	TP_ARGS(dev, queue, frames)
);

#endif /* VNIC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
