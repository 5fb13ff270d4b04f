/* SPDX-License-Identifier: GPL-2.0 */
/* Recordings made by hand, for the tests of csched. */
#ifndef SCENE_H
#define SCENE_H

#include "recording/recording.h"

#define MS 1000000ull

void scene_begin(struct recording *r, uint32_t cpus, uint64_t length_ms);
void scene_group(struct recording *r, uint32_t id, const char *name, const char *policy);
struct csched_event *scene_event(struct recording *r, uint64_t at_ms, uint8_t type, uint32_t group,
				 int32_t pid, uint16_t cpu);
void scene_end(struct recording *r);
void scene_two_take_turns(struct recording *r);
char *scene_text(int (*write)(const struct recording *r, FILE *out, struct error *err),
		 const struct recording *r);

#endif
