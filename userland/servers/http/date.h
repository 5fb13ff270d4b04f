/* SPDX-License-Identifier: GPL-2.0-only */
/* HTTP dates (RFC 9110 5.6.7). Times are seconds since 1970-01-01 00:00:00 UTC. */
#ifndef VIRTLAB_HTTP_DATE_H
#define VIRTLAB_HTTP_DATE_H

#include "text.h"

/* Octets of an IMF-fixdate, for example "Sun, 06 Nov 1994 08:49:37 GMT". */
#define HTTP_DATE_LENGTH 29

/* 0000-01-01 00:00:00 and 9999-12-31 23:59:59: what four digits of a year can say. */
#define HTTP_TIME_LEAST (-62167219200ll)
#define HTTP_TIME_MOST 253402300799ll

/**
 * http_date_write() - a time as an IMF-fixdate
 * @out: HTTP_DATE_LENGTH octets, no NUL is added
 * @time: outside of HTTP_TIME_LEAST to HTTP_TIME_MOST the nearest of them is written
 */
void http_date_write(char *out, int64_t time);

/**
 * http_date_read() - any of the three forms of a date
 * @text: IMF-fixdate, RFC 850 or asctime form, and nothing around it
 * @now: against which the two digits of a year in RFC 850 form are understood: a date that
 *	would be more than 50 years in the future is of the century before
 * @time: set if it is a date
 *
 * Names are case-sensitive, as 5.6.7 has it. The day of the week must be one, but need not be
 * that of the date. A second 60 is the first of the next minute.
 *
 * Return: false if it is no date: then the field that has it is to be ignored (13.1.3).
 */
bool http_date_read(struct http_text text, int64_t now, int64_t *time);

/**
 * struct http_clock - the current date, written once a second
 * @second: that @text is of
 * @text: the date
 *
 * Starts as { 0 }. One for each thread.
 */
struct http_clock {
	int64_t second;
	char text[HTTP_DATE_LENGTH];
};

/**
 * http_clock_date() - the date of a second
 * @clock: the caller's
 * @now: seconds
 *
 * Return: HTTP_DATE_LENGTH octets in @clock, until the next call.
 */
const char *http_clock_date(struct http_clock *clock, int64_t now);

#endif
