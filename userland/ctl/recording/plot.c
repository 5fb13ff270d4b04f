// SPDX-License-Identifier: GPL-2.0-only
/* A picture of a recording, one panel a kind, one above the other. Called by cmd_plot.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"

#define WIDTH 980
#define LEFT 84
#define RIGHT 210 /* for the legend */
#define HEAD 62

/* Sort events by group, keeping their order: counting sort. */
static int make_history(const struct recording *r, struct history *h, struct error *err)
{
	size_t groups = r->groups.count;

	h->r = r;
	h->first = calloc(groups + 2, sizeof(*h->first));
	h->at = calloc(r->count + 1, sizeof(const struct csched_event *));
	if (!h->first || !h->at)
		return error_set(err, ENOMEM, "plot: out of memory");
	/* first[i + 2] counts, then first[i + 1] is where the next event of group i goes. */
	for (size_t k = 0; k < r->count; k++)
		h->first[recording_group(r, r->events[k].group) + 2]++;
	for (size_t i = 2; i < groups + 2; i++)
		h->first[i] += h->first[i - 1];
	for (size_t k = 0; k < r->count; k++)
		h->at[h->first[recording_group(r, r->events[k].group) + 1]++] = &r->events[k];
	return 0;
}

/* Did it run, or want to? A group that only exists is not drawn. */
bool group_took_part(const struct history *h, size_t group)
{
	size_t from = h->first[group], to = h->first[group + 1];

	for (size_t k = from; k < to; k++)
		if (h->at[k]->type != EVENT_SAMPLE || h->at[k]->used_ns != h->at[from]->used_ns)
			return true;
	return false;
}

double seconds_of(const struct history *h, const struct csched_event *e)
{
	return (double)(e->time_ns - h->r->begin_ns) / 1e9;
}

static void subtitle(const struct history *h, char *text, size_t size)
{
	const struct csched_ioc_group *of = NULL;
	char slot[32] = "?", lost[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < h->r->groups.count; i++) {
		if (!group_took_part(h, i))
			continue;
		n++;
		if (!of)
			of = &h->r->groups.at[i];
	}
	if (of)
		format_short(slot, sizeof(slot), of->slot_ns);
	if (h->r->lost)
		snprintf(lost, sizeof(lost), ", %llu events lost", (unsigned long long)h->r->lost);
	snprintf(text, size, "policy %s, %zu group%s, slot %s, %.3g s%s",
		 of && of->policy[0] ? of->policy : "?", n, n == 1 ? "" : "s", slot,
		 (double)(h->r->end_ns - h->r->begin_ns) / 1e9, lost);
}

static int check(const struct history *h, unsigned int kinds, struct error *err)
{
	bool any = false;

	for (size_t i = 0; i < h->r->groups.count; i++)
		any |= group_took_part(h, i);
	if (!any)
		return error_set(
			err, ENODATA,
			"plot: no group ran in this time: start something with csched run");
	if (kinds & PLOT_CREDIT && plot_credit_height(h) == 0)
		return error_set(
			err, ENODATA,
			"plot: no group that ran has the policy credit: --kind share or lag");
	return 0;
}

static int draw(const struct history *h, unsigned int kinds, FILE *out, struct error *err)
{
	struct panel panel = {
		.out = out,
		.left = LEFT,
		.top = HEAD,
		.width = WIDTH - LEFT - RIGHT,
		.seconds = (double)(h->r->end_ns - h->r->begin_ns) / 1e9,
	};
	double share = kinds & PLOT_SHARE ? plot_share_height(h) : 0;
	double lag = kinds & PLOT_LAG ? plot_lag_height(h) : 0;
	double credit = kinds & PLOT_CREDIT ? plot_credit_height(h) : 0;
	const char *title = kinds == PLOT_SHARE	   ? "Share of the CPUs"
			    : kinds == PLOT_LAG	   ? "Service lag"
			    : kinds == PLOT_CREDIT ? "Credit balance"
						   : "What each group got";
	char below[160];
	int ret = 0;

	if (panel.seconds <= 0)
		panel.seconds = 1e-9;
	subtitle(h, below, sizeof(below));
	svg_begin(out, WIDTH, HEAD + share + lag + credit, title, below);
	if (share)
		ret = plot_share(h, &panel, err);
	panel.top = HEAD + share;
	if (lag)
		plot_lag(h, &panel);
	panel.top = HEAD + share + lag;
	if (credit)
		plot_credit(h, &panel);
	svg_end(out);
	return ret;
}

/* @kinds: PLOT_*. Returns 0 or a negative errno. */
int plot_write(const struct recording *r, unsigned int kinds, FILE *out, struct error *err)
{
	struct history h = { .r = r };
	int ret = make_history(r, &h, err);

	if (!ret)
		ret = check(&h, kinds, err);
	if (!ret)
		ret = draw(&h, kinds, out, err);
	free(h.first);
	free(h.at);
	return ret;
}
