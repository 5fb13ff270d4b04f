/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures of a recording: what plot.c and the panels it puts together share. */
#ifndef CSCHED_PLOT_H
#define CSCHED_PLOT_H

#include "panel.h"
#include "recording.h"

#define PLOT_SHARE 1
#define PLOT_LAG 2
#define PLOT_CREDIT 4

/**
 * struct history - the events of a recording by group
 * @r: the recording
 * @first: those of group i are @at[first[i]] up to @at[first[i + 1]]
 * @at: all of them
 */
struct history {
	const struct recording *r;
	size_t *first;
	const struct csched_event **at;
};

/* plot.c */
int plot_write(const struct recording *r, unsigned int kinds, FILE *out, struct error *err);
bool group_took_part(const struct history *h, size_t group);
double seconds_of(const struct history *h, const struct csched_event *e);

/* plot_share.c, plot_lag.c, plot_credit.c: each draws below @panel->top and returns its height */
double plot_share_height(const struct history *h);
int plot_share(const struct history *h, struct panel *panel, struct error *err);
double plot_lag_height(const struct history *h);
void plot_lag(const struct history *h, struct panel *panel);
double plot_credit_height(const struct history *h);
void plot_credit(const struct history *h, struct panel *panel);

#endif
