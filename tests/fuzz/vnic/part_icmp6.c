// SPDX-License-Identifier: GPL-2.0
/*
 * An error about an IPv6 packet, and its echo.
 *
 *	octet 0: type; octets 1..2: MTU; octets 3..4: room for the error
 */
#include <stdlib.h>
#include <string.h>

#include "icmp6.h"
#include "headers.h"
#include "part.h"

static void must_be_sound(const u8 *error, u32 length, const u8 *about)
{
	u32 message = length - 40;

	must(length >= 88 && length <= VNIC_ICMP6_ERROR_MOST);
	must((u32)(error[4] << 8 | error[5]) == message);
	must(residue(error + 40, message, residue(error + 8, 32, 58 + message)) == 0);
	must(!memcmp(error + 48, about, length - 48) && !memcmp(error + 24, about + 8, 16));
}

static void report(const u8 *about, u32 left, const struct vnic_icmp6_error *e, u32 room)
{
	u8 *error = room_of(room), again[VNIC_ICMP6_ERROR_MOST];
	u32 length = vnic_icmp6_error(error, room, e, about, left);

	must(length <= room);
	if (length) {
		must_be_sound(error, length, about);
		/* Nobody says anything about an error. */
		if (e->type < 128)
			must(!vnic_icmp6_error(again, sizeof(again), e, error, length));
	}
	free(error);
}

/* Addresses change places and the type its sum: nothing else but the hops has another value. */
static void echo(u8 *at, u32 left)
{
	struct vnic_ipv6 p;
	u32 before;

	if (vnic_ipv6_read(&p, at, left, left) != VNIC_IPV6_SOUND)
		return;
	must(p.upper <= p.there && p.there <= p.length && p.length <= left);
	before = residue(at + 8, p.length - 8, 0);
	if (!vnic_icmp6_echo(at, left, left))
		return;
	must(at[7] == 64 && at[p.upper] == 129);
	must(residue(at + 8, p.length - 8, 0) == before);
	must(!vnic_icmp6_echo(at, left, left));
}

void part_icmp6(struct input *in)
{
	struct vnic_icmp6_error e = { .from.s6_addr = { 0xfe, 0x80, [15] = 1 } };
	u32 room;
	u8 *at;

	e.type = octet(in);
	e.mtu = octet(in) << 8;
	e.mtu |= octet(in);
	room = octet(in) << 8;
	room |= octet(in);
	at = rest(in);
	report(at, in->left, &e, room);
	echo(at, in->left);
	free(at);
}
