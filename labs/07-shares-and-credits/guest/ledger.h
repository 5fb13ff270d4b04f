/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: who has done which piece of work, in the order in which the pieces
 * were finished. guest/workload.c writes it in the course VM; host/verify.c checks
 * it on the host. A piece is a stretch of sequential computing, the same for all:
 *
 *	proof = a hash, iterated PIECE_ROUNDS times, of
 *		the proof of the newest entry when it was begun  (number @from)
 *		and the owner
 *
 * So an entry cannot be had without the work, nor before the one it stands on; and
 * as the CPU does so many pieces a second, whoever they are charged to, the ledger
 * tells who had the CPU, and it is its own clock.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdint.h>

#define PIECE_ROUNDS	4000
#define FROM_KEY	0xffffffffu	/* begun when there was no entry: stands on the key */
#define IDLE_OWNER	26		/* who works when nobody else does; 0 to 25 are groups a to z */

struct entry {
	uint32_t owner;
	uint32_t from;
	uint64_t proof;			/* 0: not finished */
};

static inline uint64_t piece_of_work(uint64_t from, uint32_t owner)
{
	uint64_t z = from ^ (owner + 1) * 0x9e3779b97f4a7c15ull;

	for (int i = 0; i < PIECE_ROUNDS; i++) {
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	}
	return z | 1;
}

#endif /* LEDGER_H */
