/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints that nobody listens to. Their arguments are still type-checked. */
#ifndef SHIM_LINUX_TRACEPOINT_H
#define SHIM_LINUX_TRACEPOINT_H

#include <linux/types.h>

#define TP_PROTO(...)	__VA_ARGS__
#define TP_ARGS(...)	__VA_ARGS__

#define TRACE_EVENT(name, proto, ...) \
	static inline void __attribute__((unused)) trace_##name(proto) {}
#define DECLARE_EVENT_CLASS(...)
#define DEFINE_EVENT(class, name, proto, ...) \
	static inline void __attribute__((unused)) trace_##name(proto) {}

#endif /* SHIM_LINUX_TRACEPOINT_H */
