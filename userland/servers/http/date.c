// SPDX-License-Identifier: GPL-2.0-only
/* Dates by the Gregorian calendar, without the C library's time zones and locales. */
#include "date.h"

#include <string.h>

#define DAY 86400

static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char long_days[7][10] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				       "Thursday", "Friday", "Saturday" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/**
 * struct civil - a date and time of day, UTC
 * @year: 0 to 9999
 * @month: 0 to 11
 * @day: 1 to 31
 * @hour: 0 to 23
 * @minute: 0 to 59
 * @second: 0 to 60
 */
struct civil {
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
};

/*
 * Years that begin in March have their leap day at the end. Counted so, a month starts
 * (153 * m + 2) / 5 days after the year, and 400 years are 146097 days.
 */
static int64_t days_from_civil(int year, int month, int day)
{
	int m = (month + 10) % 12;
	int64_t y = year - (m >= 10), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * m + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t day, struct civil *c)
{
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, d = z - era * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t of_year = d - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	c->day = of_year - (153 * m + 2) / 5 + 1;
	c->month = (m + 2) % 12;
	c->year = y + era * 400 + (m >= 10);
}

static void put_digits(char *out, int n, int digits)
{
	while (digits--) {
		out[digits] = '0' + n % 10;
		n /= 10;
	}
}

void http_date_write(char *out, int64_t time)
{
	static const char form[] = "Ddd, 00 Mmm 0000 00:00:00 GMT";
	int64_t day, second;
	struct civil c;

	if (time < HTTP_TIME_LEAST)
		time = HTTP_TIME_LEAST;
	if (time > HTTP_TIME_MOST)
		time = HTTP_TIME_MOST;
	day = (time - HTTP_TIME_LEAST) / DAY + HTTP_TIME_LEAST / DAY;
	second = time - day * DAY;
	civil_from_days(day, &c);
	memcpy(out, form, sizeof(form) - 1);
	/* 1970-01-01 was a Thursday. */
	memcpy(out, days[(day - HTTP_TIME_LEAST / DAY + 6) % 7], 3);
	put_digits(out + 5, c.day, 2);
	memcpy(out + 8, months[c.month], 3);
	put_digits(out + 12, c.year, 4);
	put_digits(out + 17, second / 3600, 2);
	put_digits(out + 20, second / 60 % 60, 2);
	put_digits(out + 23, second % 60, 2);
}

/* --- reading: each of these takes something from the start of @text, or returns false --- */

static bool take_literal(struct http_text *text, const char *literal)
{
	struct http_text prefix = { literal, strlen(literal) };

	if (!http_text_starts(*text, prefix))
		return false;
	*text = http_text_from(*text, prefix.length);
	return true;
}

static bool take_digits(struct http_text *text, size_t digits, int *n)
{
	uint64_t value;

	if (text->length < digits ||
	    !http_read_number((struct http_text){ text->at, digits }, &value))
		return false;
	*n = value;
	*text = http_text_from(*text, digits);
	return true;
}

static bool take_day_name(struct http_text *text)
{
	for (int i = 0; i < 7; i++)
		if (take_literal(text, days[i]))
			return true;
	return false;
}

static bool take_long_day_name(struct http_text *text)
{
	for (int i = 0; i < 7; i++)
		if (take_literal(text, long_days[i]))
			return true;
	return false;
}

static bool take_month(struct http_text *text, int *month)
{
	for (*month = 0; *month < 12; ++*month)
		if (take_literal(text, months[*month]))
			return true;
	return false;
}

static bool take_time(struct http_text *text, struct civil *c)
{
	return take_digits(text, 2, &c->hour) && take_literal(text, ":") &&
	       take_digits(text, 2, &c->minute) && take_literal(text, ":") &&
	       take_digits(text, 2, &c->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool take_imf_fixdate(struct http_text text, struct civil *c)
{
	return take_day_name(&text) && take_literal(&text, ", ") &&
	       take_digits(&text, 2, &c->day) && take_literal(&text, " ") &&
	       take_month(&text, &c->month) && take_literal(&text, " ") &&
	       take_digits(&text, 4, &c->year) && take_literal(&text, " ") && take_time(&text, c) &&
	       take_literal(&text, " GMT") && !text.length;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(struct http_text text, struct civil *c)
{
	return take_long_day_name(&text) && take_literal(&text, ", ") &&
	       take_digits(&text, 2, &c->day) && take_literal(&text, "-") &&
	       take_month(&text, &c->month) && take_literal(&text, "-") &&
	       take_digits(&text, 2, &c->year) && take_literal(&text, " ") && take_time(&text, c) &&
	       take_literal(&text, " GMT") && !text.length;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool take_asctime(struct http_text text, struct civil *c)
{
	return take_day_name(&text) && take_literal(&text, " ") && take_month(&text, &c->month) &&
	       take_literal(&text, " ") &&
	       (take_literal(&text, " ") ? take_digits(&text, 1, &c->day) :
					   take_digits(&text, 2, &c->day)) &&
	       take_literal(&text, " ") && take_time(&text, c) && take_literal(&text, " ") &&
	       take_digits(&text, 4, &c->year) && !text.length;
}

static bool exists(const struct civil *c)
{
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = !(c->year % 4) && (c->year % 100 || !(c->year % 400));

	return c->day >= 1 && c->day <= length[c->month] + (leap && c->month == 1) &&
	       c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static int64_t seconds_of(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * DAY + c->hour * 3600 + c->minute * 60 +
	       c->second;
}

/* The latest year that ends in these two digits and is not 50 years beyond @now. */
static int full_year(const struct civil *c, int64_t now)
{
	struct civil today, date = *c;

	civil_from_days((now - HTTP_TIME_LEAST) / DAY + HTTP_TIME_LEAST / DAY, &today);
	date.year = today.year / 100 * 100 + 100 + c->year;
	today.year += 50;
	while (date.year > today.year ||
	       (date.year == today.year &&
		(date.month > today.month || (date.month == today.month && date.day > today.day))))
		date.year -= 100;
	return date.year;
}

bool http_date_read(struct http_text text, int64_t now, int64_t *time)
{
	struct civil c;

	if (!take_imf_fixdate(text, &c) && !take_asctime(text, &c)) {
		if (!take_rfc850(text, &c))
			return false;
		c.year = full_year(&c, now);
	}
	if (!exists(&c))
		return false;
	*time = seconds_of(&c);
	return true;
}

const char *http_clock_date(struct http_clock *clock, int64_t now)
{
	if (clock->second != now || !clock->text[0]) {
		http_date_write(clock->text, now);
		clock->second = now;
	}
	return clock->text;
}
