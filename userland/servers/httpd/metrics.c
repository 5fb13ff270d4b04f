// SPDX-License-Identifier: GPL-2.0-only
/* Counting and showing, see metrics.h. */
#include "metrics.h"

#include <string.h>

static const char *const routes[METRIC_ROUTES] = {
	[METRIC_FILES] = "files",   [METRIC_WORK] = "work",   [METRIC_WAIT] = "wait",
	[METRIC_METRICS] = "metrics", [METRIC_CRASH] = "crash", [METRIC_SESSION] = "session",
	[METRIC_NONE] = "none",
};

static const uint16_t statuses[METRIC_STATUSES] = {
	200, 206, 301, 304, 400, 403, 404, 405, 408, 412, 413, 414,
	416, 417, 421, 431, 500, 501, 503, 505, 201, 204, 401, 409, 422, 0,
};

void metrics_count(struct counters *counters, enum metric_route route, unsigned int status)
{
	int i = 0;

	while (i < METRIC_STATUSES - 1 && statuses[i] != status)
		i++;
	count(&counters->requests[route][i], 1);
}

/* What lies at the same place in each. */
uint64_t metrics_sum(const struct counters *slots, const atomic_ullong *counter)
{
	size_t offset = (const char *)counter - (const char *)slots;
	uint64_t n = 0;

	for (int i = 0; i < COUNTER_SLOTS; i++)
		n += atomic_load_explicit(
			(const atomic_ullong *)((const char *)&slots[i] + offset),
			memory_order_relaxed);
	return n;
}

static void put(struct http_writer *w, const char *text)
{
	http_write(w, (struct http_text){ text, strlen(text) });
}

static void put_value(struct http_writer *w, const char *name, uint64_t value)
{
	put(w, name);
	put(w, " ");
	http_write_number(w, value);
	put(w, "\n");
}

static void put_requests(const struct counters *slots, struct http_writer *w)
{
	put(w, "# TYPE httpd_requests_total counter\n");
	for (int route = 0; route < METRIC_ROUTES; route++) {
		for (int i = 0; i < METRIC_STATUSES; i++) {
			uint64_t n = metrics_sum(slots, &slots->requests[route][i]);

			if (!n)
				continue;
			put(w, "httpd_requests_total{route=\"");
			put(w, routes[route]);
			put(w, "\",status=\"");
			if (statuses[i])
				http_write_number(w, statuses[i]);
			else
				put(w, "other");
			put_value(w, "\"}", n);
		}
	}
}

void metrics_write(const struct counters *slots, struct http_writer *w)
{
	static const char *const timeouts[METRIC_TIMEOUTS] = {
		"httpd_timeouts_total{kind=\"header\"}",
		"httpd_timeouts_total{kind=\"idle\"}",
		"httpd_timeouts_total{kind=\"write\"}",
	};
	/* In this order, so that what ends meanwhile is not missing twice. */
	uint64_t closed = metrics_sum(slots, &slots->closed);
	uint64_t accepted = metrics_sum(slots, &slots->accepted);

	put_requests(slots, w);
	put(w, "# TYPE httpd_connections_open gauge\n");
	put_value(w, "httpd_connections_open", accepted - closed);
	put(w, "# TYPE httpd_connections_accepted_total counter\n");
	put_value(w, "httpd_connections_accepted_total", accepted);
	put(w, "# TYPE httpd_connections_refused_total counter\n");
	put_value(w, "httpd_connections_refused_total", metrics_sum(slots, &slots->refused));
	put(w, "# TYPE httpd_received_bytes_total counter\n");
	put_value(w, "httpd_received_bytes_total", metrics_sum(slots, &slots->received));
	put(w, "# TYPE httpd_sent_bytes_total counter\n");
	put_value(w, "httpd_sent_bytes_total", metrics_sum(slots, &slots->sent));
	put(w, "# TYPE httpd_timeouts_total counter\n");
	for (int i = 0; i < METRIC_TIMEOUTS; i++)
		put_value(w, timeouts[i], metrics_sum(slots, &slots->timeouts[i]));
}
