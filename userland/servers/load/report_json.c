// SPDX-License-Identifier: GPL-2.0-only
/* The report for programs: one JSON object. load(1) lists the keys. */
#include <inttypes.h>

#include "report.h"

static void string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void times(FILE *out, const char *name, const struct histogram *h)
{
	fprintf(out,
		",\n  \"%s\": {\"count\": %" PRIu64 ", \"mean_us\": %.3f, \"p50_us\": %.3f, "
		"\"p90_us\": %.3f, \"p99_us\": %.3f, \"p99_9_us\": %.3f, \"max_us\": %.3f}",
		name, h->count, histogram_mean(h) / 1e3, (double)histogram_percentile(h, 50) / 1e3,
		(double)histogram_percentile(h, 90) / 1e3,
		(double)histogram_percentile(h, 99) / 1e3,
		(double)histogram_percentile(h, 99.9) / 1e3, (double)h->max / 1e3);
}

static void named(FILE *out, const char *name, const char *const *names, const uint64_t *counts,
		  int count)
{
	fprintf(out, ",\n  \"%s\": {", name);
	for (int i = 0; i < count; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "", names[i], counts[i]);
	putc('}', out);
}

static void head(const struct report *r, FILE *out)
{
	const struct options *o = r->options;

	fputs("{\n  \"url\": ", out);
	string(out, o->url);
	fprintf(out,
		",\n  \"method\": \"%s\",\n  \"loop\": \"%s\",\n  \"rate\": %.10g,\n"
		"  \"connections\": %u,\n  \"threads\": %u,\n  \"close\": %s,\n"
		"  \"interrupted\": %s,\n  \"seconds\": %.6f",
		o->method, o->rate ? "open" : "closed", (double)o->rate / 1000, o->connections,
		o->threads, o->close ? "true" : "false", r->interrupted ? "true" : "false",
		r->seconds);
}

static void counts(const struct report *r, FILE *out)
{
	const struct counts *c = &r->counts;

	fprintf(out,
		",\n  \"requests\": %" PRIu64 ",\n  \"completed\": %" PRIu64 ",\n"
		"  \"requests_per_second\": %.3f,\n  \"bytes\": %" PRIu64,
		c->requests, c->completed, report_rate(r), c->bytes);
	named(out, "outcomes", outcome_names, c->outcomes, OUTCOMES);
	fprintf(out, ",\n  \"status\": {");
	for (int i = 2; i < 6; i++)
		fprintf(out, "\"%dxx\": %" PRIu64 "%s", i, c->classes[i], i < 5 ? ", " : "}");
	if (c->why) {
		fputs(",\n  \"bad_response\": ", out);
		string(out, c->why);
	}
	fprintf(out,
		",\n  \"queued\": %" PRIu64 ",\n  \"queue_max\": %" PRIu64 ",\n"
		"  \"connections_opened\": %" PRIu64 ",\n  \"closes\": {\"announced\": %" PRIu64
		", \"between_requests\": %" PRIu64 ", \"not_closed\": %" PRIu64
		"},\n  \"retried\": %" PRIu64 ",\n  \"unsolicited\": %" PRIu64
		",\n  \"failed_opens\": %" PRIu64,
		c->queued, c->queue_max, c->opened, c->announced, c->between, c->kept, c->retried,
		c->unsolicited, c->failed_opens);
	fprintf(out,
		",\n  \"idle\": {\"opened\": %" PRIu64 ", \"open\": %" PRIu64
		", \"closed\": %" PRIu64 ", \"failed\": %" PRIu64 "}",
		c->idle_opened, c->idle_open, c->idle_closed, c->idle_failed);
	named(out, "drip", slow_end_names, c->drip, SLOW_ENDS);
	named(out, "slow_read", slow_end_names, c->slow_read, SLOW_ENDS);
}

static void clients(const struct report *r, FILE *out)
{
	fprintf(out,
		",\n  \"clients\": {\"min\": %" PRIu64 ", \"median\": %g, \"max\": %" PRIu64
		", \"jain\": %.6f",
		r->fairness.min, r->fairness.median, r->fairness.max, r->fairness.jain);
	if (r->options->per_client) {
		fputs(", \"served\": [", out);
		for (size_t i = 0; i < r->clients; i++)
			fprintf(out, "%s%" PRIu64, i ? ", " : "", r->served[i]);
		putc(']', out);
	}
	putc('}', out);
}

static void server(const struct report *r, FILE *out)
{
	double answered = r->counts.answered ? (double)r->counts.answered : 1;

	if (!r->has_usage)
		return;
	fprintf(out,
		",\n  \"server\": {\"cpu_us\": %.3f, \"requests\": %" PRIu64
		", \"cpu_us_per_request\": %.4f, \"voluntary_switches_per_request\": %.6f, "
		"\"involuntary_switches_per_request\": %.6f, \"processes\": %zu, "
		"\"switches_at_least\": %s, \"children_unknown\": %s}",
		(double)r->usage.cpu_ns / 1e3, r->counts.answered, report_server_us(r),
		(double)r->usage.voluntary / answered, (double)r->usage.involuntary / answered,
		r->usage.processes, r->usage.partial ? "true" : "false",
		r->usage.unwaited ? "true" : "false");
}

void report_json(const struct report *r, FILE *out)
{
	head(r, out);
	counts(r, out);
	times(out, "latency", &r->latency);
	times(out, "service", &r->service);
	times(out, "late", &r->late);
	clients(r, out);
	server(r, out);
	fprintf(out,
		",\n  \"generator\": {\"cpu_percent\": %.2f, \"starved_percent\": %.2f, "
		"\"generator_bound\": %s}\n}\n",
		r->cpu_percent, r->starved_percent, report_generator_bound(r) ? "true" : "false");
}
