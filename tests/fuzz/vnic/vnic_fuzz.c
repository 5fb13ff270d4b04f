// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target for what the cores of vnic read: see part.h. corpus/ is made by make_corpus.py. What
 * must hold of any input is said with must(), so that a search finds what breaks it.
 */
#include <stdlib.h>
#include <string.h>

#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void must(bool holds)
{
	if (!holds)
		abort();
}

u8 octet(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

void octets(struct input *in, void *to, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((u8 *)to)[i] = octet(in);
}

u8 *room_of(size_t size)
{
	u8 *at = malloc(size ? size : 1);

	must(at);
	return at;
}

u8 *rest(struct input *in)
{
	u8 *at = room_of(in->left);

	memcpy(at, in->at, in->left);
	return at;
}

u32 residue(const u8 *at, size_t length, u32 sum)
{
	u64 all = sum;

	for (size_t i = 0; i < length; i++)
		all += i % 2 ? at[i] : at[i] << 8;
	return all % 0xffff;
}

/* Octets of the header; 0: there is none. */
static size_t set_header_sum(u8 *at, size_t length)
{
	size_t size = length ? (at[0] & 0xf) * 4 : 0;
	u32 sum;

	if (size < 20 || size > length)
		return 0;
	at[10] = 0;
	at[11] = 0;
	sum = 0xffff - residue(at, size, 0);
	at[10] = sum >> 8;
	at[11] = sum;
	return size;
}

void set_header_sums(u8 *at, size_t length)
{
	size_t size = set_header_sum(at, length);

	if (size && length - size > 8)
		set_header_sum(at + size + 8, length - size - 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		char name;
		void (*run)(struct input *in);
	} parts[] = {
		{ 'p', part_packet }, { 'd', part_dhcp }, { 'a', part_arp },
		{ 'i', part_icmp }, { 'n', part_neighbour }, { 'e', part_icmp6 },
		{ '6', part_npt },
	};
	struct input in = { data, size };
	char name = octet(&in);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].name == name)
			parts[i].run(&in);
	return 0;
}
