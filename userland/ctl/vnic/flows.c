// SPDX-License-Identifier: GPL-2.0-only
/* Mappings and their sessions: read, sorted, and what is said of each. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

#define AT_ONCE 1024
/* enum vnic_tcp_state of kmod/vnic/core/nat.h. */
static const char *const tcp_states[] = {
	"sent-to", "opening", "established", "client-fin", "server-fin", "closing", "transitory",
};

#define NEVER UINT64_MAX

/* --- reading --- */

static int grow(struct flows *flows, size_t *room, struct error *err)
{
	size_t more = *room ? 2 * *room : AT_ONCE;
	void *at;

	if (flows->count + AT_ONCE <= *room)
		return 0;
	at = realloc(flows->at, more * sizeof(*flows->at));
	if (!at)
		return error_set(err, ENOMEM, "flows: out of memory");
	flows->at = at;
	*room = more;
	return flows->count + AT_ONCE <= *room ? 0 : grow(flows, room, err);
}

/* Sorted. @verb needs them, for the message. Returns 0 or a negative errno. */
int flows_read(int dev, const char *network, const char *verb, struct flows *flows,
	       struct error *err)
{
	struct vnic_ioc_flows args = { .cursor = 0 };
	size_t room = 0;

	*flows = (struct flows){ .count = 0 };
	snprintf(args.network, sizeof(args.network), "%s", network);
	do {
		int ret = grow(flows, &room, err);

		if (ret)
			return ret;
		args.flows = (uintptr_t)(flows->at + flows->count);
		args.count = AT_ONCE;
		if (ioctl(dev, VNIC_IOC_FLOWS, &args))
			return device_failed(err, errno, NULL, "%s: %s", verb, network);
		flows->count += args.count;
	} while (args.count);
	flows_sort(flows);
	return 0;
}

void flows_free(struct flows *flows)
{
	free(flows->at);
	*flows = (struct flows){ .count = 0 };
}

/* --- order --- */

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_ends(__be32 a, __be16 a_port, __be32 b, __be16 b_port)
{
	int order = compare(ntohl(a), ntohl(b));

	return order ? order : compare(ntohs(a_port), ntohs(b_port));
}

/* Protocol, inside, outside; address 0, which is the mapping's, comes before all remote ones. */
static int by_ends(const void *one, const void *other)
{
	const struct vnic_flow *a = one, *b = other;
	int order = compare(a->protocol, b->protocol);

	if (!order)
		order = compare_ends(a->inside, a->inside_port, b->inside, b->inside_port);
	if (!order)
		order = compare_ends(a->outside, a->outside_port, b->outside, b->outside_port);
	if (!order)
		order = compare_ends(a->remote, a->remote_port, b->remote, b->remote_port);
	return order;
}

void flows_sort(struct flows *flows)
{
	if (flows->count)
		qsort(flows->at, flows->count, sizeof(*flows->at), by_ends);
}

/* --- what is said of each --- */

bool flow_is_mapping(const struct vnic_flow *flow)
{
	return !flow->remote;
}

/* The mapping, not its sessions. */
bool flow_is_forward(const struct vnic_flow *flow)
{
	return flow_is_mapping(flow) && flow->flags & VNIC_FLOW_FORWARD;
}

size_t flows_forwards(const struct flows *flows)
{
	size_t count = 0;

	for (size_t i = 0; i < flows->count; i++)
		count += flow_is_forward(&flows->at[i]);
	return count;
}

/* One word. */
const char *flow_state(const struct vnic_flow *flow)
{
	if (flow_is_mapping(flow))
		return flow->flags & VNIC_FLOW_FORWARD ? "forward" : "mapping";
	if (flow->state >= sizeof(tcp_states) / sizeof(tcp_states[0]))
		return "unknown";
	return tcp_states[flow->state];
}

/* Seconds while they count, then larger units; what never expires has none. */
void flow_left(char *text, size_t size, const struct vnic_flow *flow)
{
	uint64_t seconds = flow->left_ms / 1000;

	if (flow->left_ms == NEVER)
		snprintf(text, size, "-");
	else if (seconds < 60)
		snprintf(text, size, "%" PRIu64 ".%" PRIu64 "s", seconds,
			 (uint64_t)flow->left_ms / 100 % 10);
	else if (seconds < 3600)
		snprintf(text, size, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		snprintf(text, size, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600,
			 seconds / 60 % 60);
	else
		snprintf(text, size, "%" PRIu64 "d%02" PRIu64 "h", seconds / 86400,
			 seconds / 3600 % 24);
}

/* The keys are documented in vnic(1). */
void flow_print_json(FILE *out, const char *network, const struct vnic_flow *flow)
{
	char inside[END_SIZE], outside[END_SIZE], remote[END_SIZE];
	const char *protocol = protocol_name(flow->protocol);

	format_address(inside, flow->inside);
	format_address(outside, flow->outside);
	format_address(remote, flow->remote);
	fputs("{\"network\": ", out);
	print_json_string(out, network);
	fprintf(out,
		", \"protocol\": \"%s\", \"inside\": \"%s\", \"inside_port\": %u, "
		"\"outside\": \"%s\", "
		"\"outside_port\": %u, ",
		protocol ? protocol : "unknown", inside, ntohs(flow->inside_port), outside,
		ntohs(flow->outside_port));
	if (flow_is_mapping(flow))
		fputs("\"remote\": null, \"remote_port\": null, ", out);
	else
		fprintf(out, "\"remote\": \"%s\", \"remote_port\": %u, ", remote,
			ntohs(flow->remote_port));
	fprintf(out, "\"state\": \"%s\", \"forward\": %s, ", flow_state(flow),
		flow->flags & VNIC_FLOW_FORWARD ? "true" : "false");
	if (flow->left_ms == NEVER)
		fputs("\"left_ms\": null, ", out);
	else
		fprintf(out, "\"left_ms\": %llu, ", flow->left_ms);
	fprintf(out, "\"out\": %llu, \"in\": %llu}", flow->out, flow->in);
}
