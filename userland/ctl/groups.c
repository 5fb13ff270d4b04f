// SPDX-License-Identifier: GPL-2.0-only
/* All groups at one moment, and what is said of each. Called by the verbs that read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "csched.h"

/* @groups may hold older ones, which are replaced. Returns 0 or a negative errno. */
int groups_read(int dev, struct groups *groups, struct error *err)
{
	struct csched_ioc_group g = { .id = 0 };
	size_t room = groups->count;

	groups->count = 0;
	for (; !ioctl(dev, CSCHED_IOC_GROUP, &g); g.id++) {
		if (groups->count == room) {
			size_t more = room ? 2 * room : 16;
			void *at = realloc(groups->at, more * sizeof(g));

			if (!at)
				return error_set(err, ENOMEM, "groups: out of memory");
			groups->at = at;
			room = more;
		}
		groups->at[groups->count++] = g;
	}
	return errno == ENOENT ? 0 : error_errno(err, errno, NULL, "groups: %s", CSCHED_DEVICE);
}

void groups_free(struct groups *groups)
{
	free(groups->at);
	groups->at = NULL;
	groups->count = 0;
}

static int by_id(const void *id, const void *group)
{
	uint32_t a = *(const uint32_t *)id, b = ((const struct csched_ioc_group *)group)->id;

	return (a > b) - (a < b);
}

/* NULL if there is none. */
const struct csched_ioc_group *groups_find(const struct groups *groups, uint32_t id)
{
	if (!groups->count)
		return NULL;
	return bsearch(&id, groups->at, groups->count, sizeof(*groups->at), by_id);
}

/* One word. */
const char *group_state(const struct csched_ioc_group *g)
{
	static const char *const standings[] = { "BOOST", "UNDER", "OVER" };

	if (g->throttled)
		return g->cap || !g->baseline ? "CAPPED" : "BASE";
	if (strcmp(g->policy, "credit") != 0 || g->standing > CSCHED_STANDING_OVER)
		return g->active ? "active" : "idle";
	return standings[g->standing];
}

static const char *yes_or_no(bool what)
{
	return what ? "true" : "false";
}

/* The keys are documented in csched(1). */
void group_print_json(FILE *out, const struct csched_ioc_group *g)
{
	fprintf(out, "{\"id\": %u, \"pool\": %u, \"name\": ", g->id, g->pool);
	print_json_string(out, g->name);
	fprintf(out, ", \"policy\": ");
	print_json_string(out, g->policy);
	fprintf(out,
		", \"state\": \"%s\", \"weight\": %u, \"cap\": %u, \"baseline\": %u, \"burst_ns\": %llu, "
		"\"slot_ns\": %llu, \"accounting\": \"%s\", \"persist\": %s, \"uid\": %u, \"tasks\": %u, "
		"\"active\": %u, \"running\": %u, \"parked\": %u, \"throttled\": %s, \"saturated\": %s, ",
		group_state(g), g->weight, g->cap, g->baseline, g->burst_ns, g->slot_ns,
		g->flags & CSCHED_SAMPLED ? "tick" : "exact", yes_or_no(g->flags & CSCHED_PERSIST),
		g->uid, g->tasks, g->active, g->held, g->parked, yes_or_no(g->throttled),
		yes_or_no(g->saturated));
	fprintf(out,
		"\"due_ppm\": %llu, \"now_ns\": %llu, \"used_ns\": %llu, \"lag_ns\": %lld, \"credit_ns\": %lld, "
		"\"earned_ns\": %llu, \"spent_ns\": %llu, \"discarded_ns\": %llu, \"slots\": %llu, "
		"\"boosts\": %llu}",
		g->due_ppm, g->now_ns, g->used_ns, g->lag_ns, g->credit_ns, g->earned_ns,
		g->spent_ns, g->discarded_ns, g->slots, g->boosts);
}
