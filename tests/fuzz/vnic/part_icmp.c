// SPDX-License-Identifier: GPL-2.0
/*
 * An error about a datagram, and its echo.
 *
 *	octet 0: bit 0: sums of IPv4 headers are made right
 *	octets 1, 2: type and code; octets 3..4: MTU; octets 5..6: room for the error
 */
#include <stdlib.h>
#include <string.h>

#include "icmp.h"
#include "part.h"

static void must_be_sound(const u8 *error, u32 length, const u8 *about,
			  const struct vnic_icmp_error *e)
{
	must(length >= 28 + 20 && length <= VNIC_ICMP_ERROR_MOST);
	must(residue(error, 20, 0) == 0 && residue(error + 20, length - 20, 0) == 0);
	must((error[2] << 8 | error[3]) == length);
	must(error[20] == e->type && error[21] == e->code);
	must(!memcmp(error + 28, about, length - 28) && !memcmp(error + 16, about + 12, 4));
}

static void report(const u8 *about, u32 left, const struct vnic_icmp_error *e, u32 room)
{
	u8 *error = room_of(room), again[VNIC_ICMP_ERROR_MOST];
	u32 length = vnic_icmp_error(error, room, e, about, left);
	enum vnic_fault fault;
	struct vnic_packet p;

	must(length <= room);
	if (length) {
		must_be_sound(error, length, about, e);
		/* Who gets it can read it, if it is about what is translated. */
		fault = vnic_packet_read(&p, error, length, length, false);
		must(fault == VNIC_SOUND || fault == VNIC_UNKNOWN_PROTOCOL ||
		     fault == VNIC_TRUNCATED);
		/* And nobody says anything about it. */
		if (e->type == VNIC_ICMP_UNREACHABLE || e->type == VNIC_ICMP_TIME_EXCEEDED)
			must(!vnic_icmp_error(again, sizeof(again), e, error, length));
	}
	free(error);
}

static void echo(u8 *at, u32 left)
{
	struct vnic_packet p, again;
	u32 before;

	if (vnic_packet_read(&p, at, left, left, false) == VNIC_SOUND) {
		before = residue(at + p.transport, p.length - p.transport, 0);
		if (vnic_icmp_echo(&p)) {
			must(vnic_packet_read(&again, at, left, left, false) == VNIC_SOUND);
			must(!memcmp(&p.source, &again.source, 6) &&
			     !memcmp(&p.destination, &again.destination, 6));
			must(residue(at + p.transport, p.length - p.transport, 0) == before);
			must(!vnic_icmp_echo(&p));
		}
	}
}

void part_icmp(struct input *in)
{
	struct vnic_icmp_error e = { .from = 0x0100090a };
	u8 flags = octet(in), *at;
	u32 room;

	e.type = octet(in);
	e.code = octet(in);
	e.mtu = octet(in) << 8;
	e.mtu |= octet(in);
	room = octet(in) << 8;
	room |= octet(in);
	at = rest(in);
	if (flags & 1)
		set_header_sums(at, in->left);
	report(at, in->left, &e, room);
	echo(at, in->left);
	free(at);
}
