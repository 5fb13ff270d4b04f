// SPDX-License-Identifier: GPL-2.0
/*
 * verify KEY <ledger: checks that each piece of work was done, and prints whose each
 * was, in order: a letter, '-' for the one that works when nobody else does, '.' for
 * a place that was taken and not filled. The last line says "end", or which entry is wrong.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../guest/ledger.h"

#define ENTRIES_MAX	(1 << 20)

static struct entry entry[ENTRIES_MAX];
/* The entry before which the owner's next piece cannot have begun. */
static uint32_t begun[IDLE_OWNER + 1];

static int wrong(uint32_t i, const char *why)
{
	printf("\nentry %u %s\n", i, why);
	return 0;
}

int main(void)
{
	uint64_t key;
	size_t count;

	if (fread(&key, sizeof(key), 1, stdin) != 1)
		return 2;
	count = fread(entry, sizeof(entry[0]), ENTRIES_MAX, stdin);
	for (uint32_t i = 0; i < count; i++) {
		const struct entry *e = &entry[i];

		if (!e->proof) {
			putchar('.');
			continue;
		}
		if (e->owner > IDLE_OWNER)
			return wrong(i, "has no owner");
		if (e->from == FROM_KEY ? begun[e->owner] :
		    e->from >= i || e->from + 1 < begun[e->owner] || !entry[e->from].proof)
			return wrong(i, "does not stand on an earlier one");
		begun[e->owner] = i + 1;
		if (e->proof != piece_of_work(e->from == FROM_KEY ? key : entry[e->from].proof, e->owner))
			return wrong(i, "is not the work it should be");
		putchar(e->owner == IDLE_OWNER ? '-' : 'a' + (int)e->owner);
	}
	printf("\nend\n");
	return 0;
}
