// SPDX-License-Identifier: GPL-2.0-only
/* The report for people. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

/* Answers a second that came within the window. */
double report_rate(const struct report *r)
{
	return r->seconds > 0 ? (double)r->counts.completed / r->seconds : 0;
}

/* CPU time of the server a request, us. Both were taken from the window's begin to the end. */
double report_server_us(const struct report *r)
{
	return r->counts.answered ? (double)r->usage.cpu_ns / 1e3 / (double)r->counts.answered : 0;
}

bool report_generator_bound(const struct report *r)
{
	return r->cpu_percent > REPORT_BOUND_PERCENT;
}

static void format_time(char *text, size_t size, double ns)
{
	if (ns >= 1e9)
		snprintf(text, size, "%.3fs", ns / 1e9);
	else if (ns >= 1e6)
		snprintf(text, size, "%.3gms", ns / 1e6);
	else
		snprintf(text, size, "%.3gus", ns / 1e3);
}

static void print_times(FILE *out, const char *name, const struct histogram *h, const char *note)
{
	static const double percents[] = { 50, 90, 99, 99.9 };
	char text[32];

	if (!h->count)
		return;
	fprintf(out, "  %-11s", name);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		format_time(text, sizeof(text), (double)histogram_percentile(h, percents[i]));
		fprintf(out, "p%g %-9s ", percents[i], text);
	}
	format_time(text, sizeof(text), (double)h->max);
	fprintf(out, "max %-9s%s\n", text, note);
}

static void print_head(const struct report *r, FILE *out)
{
	const struct options *o = r->options;

	fprintf(out, "%s %s: ", o->method, o->url);
	if (o->rate)
		fprintf(out, "open loop, %.10g requests/s", (double)o->rate / 1000);
	else
		fputs("closed loop", out);
	fprintf(out, ", %u connections%s%s\n", o->connections,
		o->close ? ", one request each" : ", kept alive",
		r->interrupted ? "; interrupted" : "");
	fprintf(out, "  %-11s%" PRIu64 " in %.3fs: %.1f answered/s, %.3f MB/s\n", "requests",
		r->counts.requests, r->seconds, report_rate(r),
		r->seconds > 0 ? (double)r->counts.bytes / 1e6 / r->seconds : 0);
}

static void print_latency(const struct report *r, FILE *out)
{
	if (!r->options->rate) {
		print_times(out, "latency", &r->latency, "");
		return;
	}
	print_times(out, "latency", &r->latency, " from when it was due");
	print_times(out, "service", &r->service, " from when it was sent");
	if (r->counts.queued)
		fprintf(out,
			"  %-11s%" PRIu64 " requests found no free connection, up to %" PRIu64
			" at a time\n",
			"queued", r->counts.queued, r->counts.queue_max);
}

static void print_errors(const struct report *r, FILE *out)
{
	const struct counts *c = &r->counts;
	const char *comma = "";

	fprintf(out, "  %-11s", "errors");
	for (enum outcome i = OUTCOME_STATUS; i < OUTCOMES; i++) {
		if (!c->outcomes[i])
			continue;
		fprintf(out, "%s%s %" PRIu64, comma, outcome_names[i], c->outcomes[i]);
		comma = ", ";
		if (i == OUTCOME_BAD && c->why)
			fprintf(out, " (%s)", c->why);
		if (i == OUTCOME_CONNECT && c->connect_errno)
			fprintf(out, " (%s)", strerror(c->connect_errno));
	}
	fputs(*comma ? "\n" : "none\n", out);
	if (c->classes[2] == c->requests)
		return;
	fprintf(out, "  %-11s", "status");
	for (int i = 2; i < 6; i++)
		fprintf(out, "%dxx %" PRIu64 "%s", i, c->classes[i], i < 5 ? ", " : "\n");
}

static void print_closes(const struct report *r, FILE *out)
{
	const struct counts *c = &r->counts;

	if (c->announced || c->between || c->retried)
		fprintf(out,
			"  %-11sby the server: %" PRIu64 " announced, %" PRIu64
			" between requests; %" PRIu64 " requests sent again\n",
			"closes", c->announced, c->between, c->retried);
	if (c->kept)
		fprintf(out, "  %-11s%" PRIu64 " connections that it was asked to close\n",
			"kept open", c->kept);
	if (c->unsolicited)
		fprintf(out, "  %-11s%" PRIu64 " connections had bytes that answer nothing\n",
			"unasked", c->unsolicited);
	if (c->failed_opens)
		fprintf(out, "  %-11s%" PRIu64 " connections before the run: %s\n", "not opened",
			c->failed_opens, strerror(c->connect_errno));
}

static void print_slow(FILE *out, const char *name, const uint64_t *counts)
{
	uint64_t sum = 0;

	for (int i = 0; i < SLOW_ENDS; i++)
		sum += counts[i];
	if (!sum)
		return;
	fprintf(out, "  %-11s%" PRIu64 " connections", name, sum);
	for (int i = 0; i < SLOW_ENDS; i++)
		if (counts[i])
			fprintf(out, ", %s %" PRIu64, slow_end_names[i], counts[i]);
	fputs("\n", out);
}

static void print_others(const struct report *r, FILE *out)
{
	const struct counts *c = &r->counts;

	if (r->options->idle)
		fprintf(out,
			"  %-11s%" PRIu64 " opened, %" PRIu64 " open at the end, %" PRIu64
			" closed by the server, %" PRIu64 " failed\n",
			"idle", c->idle_opened, c->idle_open, c->idle_closed, c->idle_failed);
	print_slow(out, "drip", c->drip);
	print_slow(out, "slow read", c->slow_read);
}

static void print_server(const struct report *r, FILE *out)
{
	double answered = r->counts.answered ? (double)r->counts.answered : 1;

	if (!r->has_usage)
		return;
	fprintf(out,
		"  %-11s%.2f us of CPU a request; %s%.4f voluntary, %.4f involuntary switches; %zu "
		"process%s\n",
		"server", report_server_us(r), r->usage.partial ? "at least " : "",
		(double)r->usage.voluntary / answered, (double)r->usage.involuntary / answered,
		r->usage.processes, r->usage.processes == 1 ? "" : "es");
	if (r->usage.unwaited)
		fprintf(out, "  %-11sit ignores SIGCHLD: what ended children used is not known\n",
			"");
}

static void print_generator(const struct report *r, FILE *out)
{
	const char *note = "";

	if (report_generator_bound(r))
		note = ": generator-bound: this measures load, not the server";
	else if (r->starved_percent > REPORT_STARVED_PERCENT)
		note = ": give it a CPU of its own";
	fprintf(out, "  %-11s%.1f%% of one CPU, waited for one %.1f%% of the time%s\n", "generator",
		r->cpu_percent, r->starved_percent, note);
	print_times(out, "late sends", &r->late, " though a connection was free");
}

void report_text(const struct report *r, FILE *out)
{
	print_head(r, out);
	print_latency(r, out);
	print_errors(r, out);
	print_closes(r, out);
	fprintf(out,
		"  %-11sserved min %" PRIu64 ", median %g, max %" PRIu64 "; Jain's index %.4f\n",
		"clients", r->fairness.min, r->fairness.median, r->fairness.max, r->fairness.jain);
	print_others(r, out);
	print_server(r, out);
	print_generator(r, out);
}
