// SPDX-License-Identifier: GPL-2.0-only
/* Claims as tests write them, see claims.h. */
#include "claims.h"

#include <string.h>

struct lease_name name_of(const char *text)
{
	struct lease_name name = { .length = strlen(text) };

	memcpy(name.text, text, name.length);
	return name;
}

struct lease_claim claim_of(const char *name, uint16_t port, uint8_t owner, uint64_t stamp,
			    uint32_t lease)
{
	struct lease_claim claim = {
		.name = name_of(name),
		.version = 1,
		.end = { { [10] = 0xff, 0xff, 127, 0, 0, 1 }, port, LEASE_TCP },
		.stamp = stamp,
		.lease = lease,
	};

	memset(claim.token, owner, sizeof(claim.token));
	return claim;
}

struct lease_table *table_of(uint32_t entries, uint32_t per_name, uint32_t per_end, bool hard)
{
	static const uint8_t seed[16] = { 1, 2, 3 };
	struct lease_limits limits = { entries, per_name, per_end, 10000, hard };

	return lease_table_new(&limits, seed);
}
