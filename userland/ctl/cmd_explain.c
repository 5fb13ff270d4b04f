// SPDX-License-Identifier: GPL-2.0-only
/* csched explain: why a group gets what it gets, in sentences. */
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

/**
 * struct rivals - the groups on the same CPUs that want to run, ours included
 * @count: how many
 * @weight: sum of their weights
 * @due_ppm: sum of what they are due
 */
struct rivals {
	unsigned int count;
	uint64_t weight;
	uint64_t due_ppm;
};

static struct rivals rivals_of(const struct groups *groups, const struct csched_ioc_group *g)
{
	struct rivals rivals = { .count = 0 };

	for (size_t i = 0; i < groups->count; i++) {
		const struct csched_ioc_group *other = &groups->at[i];

		if (other->pool != g->pool || !other->active)
			continue;
		rivals.count++;
		rivals.weight += other->weight;
		rivals.due_ppm += other->due_ppm;
	}
	return rivals;
}

static void explain_tasks(const struct csched_ioc_group *g)
{
	printf("tasks    %u: %u have a slot, %u wait for one (%u of them parked), %u sleep of their own accord\n",
	       g->tasks, g->held, g->active > g->held ? g->active - g->held : 0, g->parked,
	       g->tasks > g->active ? g->tasks - g->active : 0);
}

static void explain_due(const struct csched_ioc_group *g, const struct rivals *rivals)
{
	double all = (double)rivals->due_ppm / 1e4;
	double plain = rivals->weight ? all * g->weight / (double)rivals->weight : 0;

	if (!g->active) {
		printf("due      nothing now: none of its tasks wants to run. What it leaves the others get\n");
		return;
	}
	printf("due      %.1f%% of one CPU: weight %u of %llu among the %u group%s that want%s to run, which are "
	       "due %.1f%% together\n",
	       (double)g->due_ppm / 1e4, g->weight, (unsigned long long)rivals->weight,
	       rivals->count, rivals->count == 1 ? "" : "s", rivals->count == 1 ? "s" : "", all);
	if (!g->saturated)
		return;
	if (plain > (double)g->due_ppm / 1e4 + 0.05)
		printf("         readjusted: by weight alone it would be %.1f%%, but %s; the others divide the "
		       "rest\n",
		       plain,
		       g->cap && g->cap < 100 * g->active ? "its cap allows no more"
							  : "a task cannot use more than one CPU");
	else
		printf("         that is all it can use: %u task%s, cap %u%%\n", g->active,
		       g->active == 1 ? "" : "s", g->cap);
}

static void explain_limits(const struct csched_ioc_group *g)
{
	if (!g->cap && !g->baseline)
		printf("cap      none\n");
	if (g->cap)
		printf("cap      %u%% of one CPU, whatever it is due\n", g->cap);
	if (g->baseline)
		printf("baseline %u%% of one CPU: it earns credit at this rate, and without credit gets no more\n",
		       g->baseline);
	if (g->throttled)
		printf("         it has used that up and is held back now\n");
}

static void explain_lag(const struct csched_ioc_group *g)
{
	char lag[32];

	format_duration(lag, sizeof(lag), g->lag_ns);
	printf("lag      %s: %s\n", lag,
	       g->lag_ns > 0   ? "it has had less than it was due"
	       : g->lag_ns < 0 ? "it has had more than it was due"
			       : "it has had just what it was due");
}

static void explain_credit(const struct csched_ioc_group *g)
{
	static const char *const meanings[] = {
		"BOOST: it has woken with credit left, so it goes before all others for a moment",
		"UNDER: it has credit, so it goes before those that have none",
		"OVER: it has no credit, so it gets what nobody with credit wants",
	};
	char credit[32], burst[32], earned[32], spent[32], discarded[32];

	if (strcmp(g->policy, "credit") != 0)
		return;
	format_duration(credit, sizeof(credit), g->credit_ns);
	format_short(burst, sizeof(burst), g->burst_ns);
	format_duration(earned, sizeof(earned), g->earned_ns);
	format_duration(spent, sizeof(spent), g->spent_ns);
	format_duration(discarded, sizeof(discarded), g->discarded_ns);
	printf("credit   %s of at most %s = earned %s - spent %s - discarded %s\n", credit, burst,
	       earned, spent, discarded);
	if (g->standing <= CSCHED_STANDING_OVER)
		printf("         %s\n", meanings[g->standing]);
	if (g->flags & CSCHED_SAMPLED)
		printf("         accounting by tick: whoever runs when it comes pays for all of it\n");
}

static void explain_holders(const struct groups *groups, const struct csched_ioc_group *g)
{
	const char *separator = "";

	printf("slots    ");
	for (size_t i = 0; i < groups->count; i++) {
		const struct csched_ioc_group *other = &groups->at[i];

		if (other->pool != g->pool || !other->held)
			continue;
		printf("%s%s %u", separator, other->name, other->held);
		separator = ", ";
	}
	printf("%s\n",
	       *separator ? " (who has them at this moment)" : "nobody has one at this moment");
}

int cmd_explain(int argc, char **argv, struct error *err)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct groups groups = { .count = 0 };
	struct csched_ioc_group g;
	struct rivals rivals;
	cleanup_close int dev = -1;
	char used[32], slot[32];
	int ret, option;

	ret = next_option(argc, argv, "", options, &option, err);
	if (ret)
		return ret;
	if (optind != argc - 1)
		return error_set(err, EUSAGE, "explain: name one group: csched explain NAME");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_find(dev, argv[optind], &g, err);
	if (!ret)
		ret = groups_read(dev, &groups, err);
	if (ret)
		return ret;
	rivals = rivals_of(&groups, &g);
	format_duration(used, sizeof(used), g.used_ns);
	format_short(slot, sizeof(slot), g.slot_ns);
	printf("%s: policy %s, weight %u, slots of %s; it has run %s in %llu slots\n", g.name,
	       g.policy, g.weight, slot, used, g.slots);
	explain_tasks(&g);
	explain_due(&g, &rivals);
	explain_limits(&g);
	explain_credit(&g);
	explain_lag(&g);
	explain_holders(&groups, &g);
	groups_free(&groups);
	return 0;
}
