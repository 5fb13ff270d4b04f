/* SPDX-License-Identifier: GPL-2.0-only */
/* Claims as tests write them. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "lease.h"

/* One of 127.0.0.1:@port over TCP, version 1; @owner fills the token. */
struct lease_claim claim_of(const char *name, uint16_t port, uint8_t owner, uint64_t stamp,
			    uint32_t lease);

struct lease_name name_of(const char *text);

/* A table with room for @entries; the seed is fixed. */
struct lease_table *table_of(uint32_t entries, uint32_t per_name, uint32_t per_end, bool hard);

#endif
