/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A translator and its model, taken through the same random steps, and compared after each. Whoever
 * drives it says where chance comes from: a random test, a fuzzer.
 */
#ifndef NAT_MACHINE_H
#define NAT_MACHINE_H

#include "nat_model.h"

/**
 * struct machine - both
 * @model: the plain one; the other is world.nat
 * @draw: a number below n
 * @source: its first argument
 * @done: what the last step was, for who has to find out why it failed
 */
struct machine {
	struct model model;
	u32 (*draw)(void *source, u32 n);
	void *source;
	char done[160];
};

/* A new world. @collide: all hashes do. */
void machine_start(struct machine *machine, u32 (*draw)(void *source, u32 n), void *source,
		   bool collide);

/* Returns what is wrong; NULL: nothing. */
const char *machine_step(struct machine *machine);

/* Likewise, of all that is left. */
const char *machine_stop(struct machine *machine);

#endif
