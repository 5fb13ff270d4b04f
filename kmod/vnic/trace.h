/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints.
 *
 *	bpftrace -e 'tracepoint:vnic:vnic_queue_stop { @[args->card] = count(); }'
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vnic

#if !defined(VNIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VNIC_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

#include <vnic.h>

#include "core/packet.h"

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

/* Addresses are in network byte order, as ntop() of bpftrace wants them. */

/* A guest's end has become known outside by another one. */
TRACE_EVENT(vnic_map,
	TP_PROTO(const char *network, u8 protocol, struct vnic_end inside,
		 struct vnic_end outside),
	TP_ARGS(network, protocol, inside, outside),
	TP_STRUCT__entry(
		__array(char, network, VNIC_NAME_MAX)
		__field(u32, inside)
		__field(u32, outside)
		__field(u16, inside_port)
		__field(u16, outside_port)
		__field(u8, protocol)
	),
	TP_fast_assign(
		memcpy(__entry->network, network, VNIC_NAME_MAX);
		__entry->inside = (__force u32)inside.address;
		__entry->outside = (__force u32)outside.address;
		__entry->inside_port = ntohs(inside.port);
		__entry->outside_port = ntohs(outside.port);
		__entry->protocol = protocol;
	),
	TP_printk("network %s protocol %u: %pI4:%u is known as %pI4:%u", __entry->network,
		  __entry->protocol, &__entry->inside, __entry->inside_port, &__entry->outside,
		  __entry->outside_port)
);

/* Nobody is known by that end any more: it expired, or its guest left. */
TRACE_EVENT(vnic_unmap,
	TP_PROTO(const char *network, u8 protocol, struct vnic_end outside),
	TP_ARGS(network, protocol, outside),
	TP_STRUCT__entry(
		__array(char, network, VNIC_NAME_MAX)
		__field(u32, outside)
		__field(u16, outside_port)
		__field(u8, protocol)
	),
	TP_fast_assign(
		memcpy(__entry->network, network, VNIC_NAME_MAX);
		__entry->outside = (__force u32)outside.address;
		__entry->outside_port = ntohs(outside.port);
		__entry->protocol = protocol;
	),
	TP_printk("network %s protocol %u: %pI4:%u is free", __entry->network, __entry->protocol,
		  &__entry->outside, __entry->outside_port)
);

/* A packet goes nowhere; counter: enum vnic_counter of uapi/vnic.h. */
TRACE_EVENT(vnic_refuse,
	TP_PROTO(const char *network, const struct sk_buff *skb,
		 enum vnic_counter counter, bool outbound),
	TP_ARGS(network, skb, counter, outbound),
	TP_STRUCT__entry(
		__array(char, network, VNIC_NAME_MAX)
		__field(u32, counter)
		__field(u32, octets)
		__field(bool, outbound)
	),
	TP_fast_assign(
		memcpy(__entry->network, network, VNIC_NAME_MAX);
		__entry->counter = counter;
		__entry->octets = skb->len;
		__entry->outbound = outbound;
	),
	TP_printk("network %s: %s packet of %u octets: reason %u", __entry->network,
		  __entry->outbound ? "a guest's" : "an outside", __entry->octets,
		  __entry->counter)
);

#endif /* VNIC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
