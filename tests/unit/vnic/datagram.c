// SPDX-License-Identifier: GPL-2.0
/* Making datagrams, see datagram.h. */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "datagram.h"

static void set16(u8 *at, u16 value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

u16 sum_of(const u8 *at, u32 length, u32 sum)
{
	for (u32 i = 0; i < length; i++)
		sum += i % 2 ? at[i] : at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

void set_ip_sum(u8 *ip)
{
	set16(ip + 10, 0);
	set16(ip + 10, ~sum_of(ip, (ip[0] & 0xf) * 4, 0));
}

static void put_ip(u8 *at, const struct plan *plan, bool outer_of_error, u32 length)
{
	u32 options = outer_of_error ? 0 : plan->options;

	memset(at, 0, 20);
	at[0] = 0x45 + options / 4;
	set16(at + 2, length);
	set16(at + 4, 0x1234);
	set16(at + 6, outer_of_error ? 0 : plan->fragment);
	at[8] = plan->ttl;
	at[9] = outer_of_error ? ICMP : plan->protocol;
	memcpy(at + 12, outer_of_error ? &plan->reporter : &plan->source.address, 4);
	memcpy(at + 16, outer_of_error ? &plan->told : &plan->destination.address, 4);
	memcpy(at + 20, plan->option, options);
	set_ip_sum(at);
}

static u32 pseudo_header(const struct plan *plan, u32 length)
{
	return sum_of((const u8 *)&plan->source.address, 4, 0) +
	       sum_of((const u8 *)&plan->destination.address, 4, 0) + plan->protocol + length;
}

static u16 finished(const struct plan *plan, u16 sum)
{
	sum = ~sum;
	return plan->protocol == UDP && !sum ? 0xffff : sum;
}

static void put_sum(u8 *transport, u32 at, const struct plan *plan, u32 length)
{
	u32 pseudo = plan->protocol == ICMP ? 0 : pseudo_header(plan, length);

	if (plan->sum == SUM_NONE)
		return;
	if (plan->sum == SUM_PARTIAL)
		set16(transport + at, sum_of(NULL, 0, pseudo));
	else
		set16(transport + at, finished(plan, sum_of(transport, length, pseudo)));
}

static u32 put_transport(u8 *at, const struct plan *plan)
{
	u32 header = plan->protocol == TCP ? 20 : 8, length = header + plan->payload;

	memset(at, 0, header);
	memcpy(at + header, plan->content, plan->payload);
	if (plan->protocol == ICMP) {
		at[0] = plan->reply ? 0 : 8;
		memcpy(at + 4, plan->reply ? &plan->destination.port : &plan->source.port, 2);
		set16(at + 6, 7);
		put_sum(at, 2, plan, length);
		return length;
	}
	memcpy(at, &plan->source.port, 2);
	memcpy(at + 2, &plan->destination.port, 2);
	if (plan->protocol == UDP) {
		set16(at + 4, length);
		put_sum(at, 6, plan, length);
	} else {
		at[12] = 0x50;
		at[13] = VNIC_TCP_ACK;
		put_sum(at, 16, plan, length);
	}
	return length;
}

struct datagram make(const struct plan *plan)
{
	u8 whole[20 + OPTIONS_MOST + 20 + PAYLOAD_MOST];
	u32 header = 20 + plan->options;
	u32 length = header + put_transport(whole + header, plan);
	struct datagram d = { .length = length };

	put_ip(whole, plan, false, length);
	if (!plan->error) {
		d.at = malloc(length);
		memcpy(d.at, whole, length);
		return d;
	}
	d.length = 28 + (plan->quoted < length ? plan->quoted : length);
	d.at = calloc(1, d.length);
	put_ip(d.at, plan, true, d.length);
	d.at[20] = 3;
	d.at[21] = 1;
	memcpy(d.at + 28, whole, d.length - 28);
	set16(d.at + 22, ~sum_of(d.at + 20, d.length - 20, 0));
	return d;
}

void throw_away(struct datagram d)
{
	free(d.at);
}

enum vnic_fault read_all(struct vnic_packet *p, struct datagram d, const struct plan *plan)
{
	return vnic_packet_read(p, d.at, d.length, d.length, plan->sum == SUM_PARTIAL && !plan->error);
}

struct vnic_end end_of(u32 address, u16 port)
{
	return (struct vnic_end){ htonl(address), htons(port) };
}
