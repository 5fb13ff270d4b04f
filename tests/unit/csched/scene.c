// SPDX-License-Identifier: GPL-2.0
/* Recordings made by hand: see scene.h. A scene begins at one second. */
#include "tap.h"
#include "scene.h"

#define BEGIN (1000 * MS)

void scene_begin(struct recording *r, uint32_t cpus, uint64_t length_ms)
{
	*r = (struct recording){ .begin_ns = BEGIN, .end_ns = BEGIN + length_ms * MS, .cpus = cpus };
}

void scene_group(struct recording *r, uint32_t id, const char *name, const char *policy)
{
	struct csched_ioc_group g = { .id = id, .pool = 1, .weight = 100, .slot_ns = 5 * MS, .burst_ns = 30 * MS };
	struct error err;

	snprintf(g.name, sizeof(g.name), "%s", name);
	snprintf(g.policy, sizeof(g.policy), "%s", policy);
	if (recording_meet(r, &g, &err))
		abort();
}

struct csched_event *scene_event(struct recording *r, uint64_t at_ms, uint8_t type, uint32_t group,
				 int32_t pid, uint16_t cpu)
{
	struct error err;
	struct csched_event *e = recording_reserve(r, 1, &err);

	if (!e)
		abort();
	*e = (struct csched_event){ .time_ns = BEGIN + at_ms * MS, .type = type, .group = group, .pid = pid,
				    .cpu = cpu, .standing = CSCHED_STANDING_UNDER };
	r->count++;
	return e;
}

void scene_end(struct recording *r)
{
	struct error err;

	if (recording_finish(r, &err))
		abort();
}

/* a and b, 5 ms each in turn, on CPU 0, for 100 ms. */
void scene_two_take_turns(struct recording *r)
{
	uint64_t used[2] = { 0, 0 };

	scene_begin(r, 1, 100);
	scene_group(r, 1, "a", "share");
	scene_group(r, 2, "b", "share");
	for (uint64_t at = 0; at < 100; at += 5) {
		uint32_t who = at / 5 % 2;

		scene_event(r, at, CSCHED_EVENT_PICK, 1 + who, 100 + (int32_t)who, 0)->used_ns = used[who];
		used[who] += 5 * MS;
		scene_event(r, at + 5, CSCHED_EVENT_STOP, 1 + who, 100 + (int32_t)who, 0)->used_ns = used[who];
		scene_event(r, at + 5, CSCHED_EVENT_PARK, 1 + who, 100 + (int32_t)who, 0)->used_ns = used[who];
	}
	scene_end(r);
}

/* What @write prints; to be freed. */
char *scene_text(int (*write)(const struct recording *r, FILE *out, struct error *err),
		 const struct recording *r)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct error err;
	int ret = out ? write(r, out, &err) : -1;

	if (out)
		fclose(out);
	if (!ret)
		return text;
	free(text);
	return NULL;
}
