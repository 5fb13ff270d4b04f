// SPDX-License-Identifier: GPL-2.0-only
/* Rows of 100 ms, see series.h. */
#include "series.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"

/* The live line is written after so many rows. */
#define ROWS_SHOWN 5

/* Returns 0 or a negative errno. @csv may be NULL; series_close() in any case. */
int series_open(struct series *s, const char *csv, bool live, unsigned int loops, uint64_t warmup,
		struct error *err)
{
	*s = (struct series){ .live = live, .loops = loops, .warmup = warmup };
	pthread_mutex_init(&s->lock, NULL);
	s->second = calloc(1, sizeof(*s->second));
	if (!s->second)
		return error_errno(err, ENOMEM, NULL, "series");
	if (!csv)
		return 0;
	s->csv = fopen(csv, "we");
	if (!s->csv)
		return error_errno(err, errno, NULL, "csv: %s", csv);
	fputs("seconds,sent,done,errors,p50_us,p99_us\n", s->csv);
	return 0;
}

static double row_end(const struct series *s, const struct row *row)
{
	return (double)(row->number + 1) * SERIES_ROW_NS / 1e9 - (double)s->warmup / 1e9;
}

static void add(struct row *into, const struct row *from)
{
	into->sent += from->sent;
	into->done += from->done;
	into->errors += from->errors;
	histogram_merge(&into->latency, &from->latency);
}

static void show(struct series *s, const struct row *row)
{
	double seconds = ROWS_SHOWN * (double)SERIES_ROW_NS / 1e9;

	add(s->second, row);
	if (++s->shown < ROWS_SHOWN)
		return;
	fprintf(stderr, "\r\033[K%6.1fs  %.0f requests/s  p50 %.3fms  p99 %.3fms  %llu errors",
		row_end(s, row), (double)s->second->done / seconds,
		(double)histogram_percentile(&s->second->latency, 50) / 1e6,
		(double)histogram_percentile(&s->second->latency, 99) / 1e6,
		(unsigned long long)s->second->errors);
	fflush(stderr);
	*s->second = (struct row){ .number = 0 };
	s->shown = 0;
}

static void write_row(struct series *s, const struct row *row)
{
	if (s->csv)
		fprintf(s->csv, "%.1f,%llu,%llu,%llu,%.1f,%.1f\n", row_end(s, row),
			(unsigned long long)row->sent, (unsigned long long)row->done,
			(unsigned long long)row->errors,
			(double)histogram_percentile(&row->latency, 50) / 1e3,
			(double)histogram_percentile(&row->latency, 99) / 1e3);
	if (s->live)
		show(s, row);
}

/* The row of that number, made if nobody has handed it in; NULL: no memory, it is left out. */
static struct row *find(struct series *s, uint64_t number)
{
	struct row **at = &s->waiting, *row;

	while (*at && (*at)->number < number)
		at = &(*at)->next;
	if (*at && (*at)->number == number)
		return *at;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->number = number;
	row->next = *at;
	*at = row;
	return row;
}

/* Takes what is in @row and leaves it empty, to be the next one. */
void series_hand_in(struct series *s, struct row *row)
{
	uint64_t number = row->number;
	struct row *sum;

	if (!s->csv && !s->live) {
		row->number = number + 1;
		return;
	}
	pthread_mutex_lock(&s->lock);
	sum = find(s, number);
	if (sum) {
		add(sum, row);
		sum->loops++;
	}
	while (s->waiting && s->waiting->loops == s->loops) {
		sum = s->waiting;
		s->waiting = sum->next;
		write_row(s, sum);
		free(sum);
	}
	pthread_mutex_unlock(&s->lock);
	*row = (struct row){ .number = number + 1 };
}

/* Rows that a loop did not live to see are written as they are. */
int series_close(struct series *s, struct error *err)
{
	bool failed = false;

	while (s->waiting) {
		struct row *row = s->waiting;

		s->waiting = row->next;
		write_row(s, row);
		free(row);
	}
	if (s->live)
		fputs("\r\033[K", stderr);
	free(s->second);
	s->second = NULL;
	if (s->csv) {
		failed = ferror(s->csv);
		failed = fclose(s->csv) || failed;
		s->csv = NULL;
	}
	pthread_mutex_destroy(&s->lock);
	return failed ? error_set(err, EIO, "csv: cannot write all of it: is the disk full?") : 0;
}
