// SPDX-License-Identifier: GPL-2.0
/* HTTP dates: written in one form, read in three, and the same as the C library's. */
#include "date.h"
#include "reading.h"

/* 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples, and a day in 2026. */
#define THEN 784111777ll
#define NOW 1795000000ll

static struct http_text written(int64_t time)
{
	static char text[HTTP_DATE_LENGTH];

	http_date_write(text, time);
	return (struct http_text){ text, sizeof(text) };
}

static bool read_as(const char *text, int64_t *time)
{
	return http_date_read((struct http_text){ text, strlen(text) }, NOW, time);
}

static void rfc9110_5_6_7_written_as_imf_fixdate(void)
{
	CHECK_TEXT(written(THEN), "Sun, 06 Nov 1994 08:49:37 GMT");
	CHECK_TEXT(written(0), "Thu, 01 Jan 1970 00:00:00 GMT");
	CHECK_TEXT(written(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
	CHECK_TEXT(written(951782399), "Mon, 28 Feb 2000 23:59:59 GMT");
	CHECK_TEXT(written(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
	CHECK_TEXT(written(HTTP_TIME_MOST), "Fri, 31 Dec 9999 23:59:59 GMT");
	CHECK_TEXT(written(HTTP_TIME_LEAST), "Sat, 01 Jan 0000 00:00:00 GMT");
	CHECK_TEXT(written(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
	CHECK_TEXT(written(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

static void rfc9110_5_6_7_the_three_forms_are_one_date(void)
{
	static const char *const forms[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};

	for (size_t i = 0; i < 3; i++) {
		int64_t time = 0;

		CHECK(read_as(forms[i], &time), "%s is refused", forms[i]);
		CHECK_EQ(time, THEN);
	}
}

static void what_is_written_is_read_and_is_the_c_librarys(void)
{
	uint64_t seed = tap_seed();

	for (int i = 0; i < 20000; i++) {
		int64_t after = tap_next(&seed) % (HTTP_TIME_MOST - HTTP_TIME_LEAST);
		time_t time = HTTP_TIME_LEAST + after;
		char want[64];
		struct tm tm;
		int64_t back;

		gmtime_r(&time, &tm);
		snprintf(want, sizeof(want), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
			 &"SunMonTueWedThuFriSat"[3 * tm.tm_wday], tm.tm_mday,
			 &"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * tm.tm_mon], tm.tm_year + 1900,
			 tm.tm_hour, tm.tm_min, tm.tm_sec);
		CHECK_TEXT(written(time), want);
		CHECK(read_as(want, &back), "%s is refused", want);
		CHECK_EQ(back, time);
		snprintf(want, sizeof(want), "%.3s %.3s %2d %02d:%02d:%02d %04d",
			 &"SunMonTueWedThuFriSat"[3 * tm.tm_wday],
			 &"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * tm.tm_mon], tm.tm_mday,
			 tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
		CHECK(read_as(want, &back), "%s is refused", want);
		CHECK_EQ(back, time);
	}
}

static void rfc9110_5_6_7_what_is_no_date(void)
{
	static const char *const bad[] = {
		"", "0", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
		"sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 gmt", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun,  6 Nov 1994 08:49:37 GMT", "Sun, 06  Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
		"Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37 +0000",
		"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 29 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT",
		"Sun, 32 Dec 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
		"Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
		"Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:3x GMT",
		"Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37",
		"Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT",
		"Sun Nov 06 08:49:37 1994x",
		"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
		"1994-11-06T08:49:37Z",
	};
	int64_t time;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!read_as(bad[i], &time), "\"%s\" is taken", bad[i]);
}

static void rfc9110_5_6_7_leap_days_and_leap_seconds(void)
{
	int64_t time;

	CHECK(read_as("Tue, 29 Feb 2000 00:00:00 GMT", &time), "2000 had a leap day");
	CHECK_EQ(time, 951782400);
	CHECK(read_as("Sat, 31 Dec 2016 23:59:60 GMT", &time), "2016 had a leap second");
	CHECK_EQ(time, 1483228800);
}

static void rfc9110_5_6_7_the_day_of_the_week_need_not_fit(void)
{
	int64_t time;

	CHECK(read_as("Mon, 06 Nov 1994 08:49:37 GMT", &time), "refused");
	CHECK_EQ(time, THEN);
}

/* NOW is 2026-11-18: fifty years on it is 2076-11-18. */
static void rfc9110_5_6_7_short_years_are_at_most_50_years_ahead(void)
{
	static const struct {
		const char *text;
		const char *full;
	} years[] = {
		{ "Monday, 18-Nov-26 00:00:00 GMT", "Mon, 18 Nov 2026 00:00:00 GMT" },
		{ "Monday, 01-Jan-75 00:00:00 GMT", "Mon, 01 Jan 2075 00:00:00 GMT" },
		{ "Monday, 18-Nov-76 00:00:00 GMT", "Mon, 18 Nov 2076 00:00:00 GMT" },
		{ "Monday, 19-Nov-76 00:00:00 GMT", "Mon, 19 Nov 1976 00:00:00 GMT" },
		{ "Monday, 01-Dec-76 00:00:00 GMT", "Mon, 01 Dec 1976 00:00:00 GMT" },
		{ "Monday, 01-Jan-77 00:00:00 GMT", "Mon, 01 Jan 1977 00:00:00 GMT" },
		{ "Monday, 01-Jan-99 00:00:00 GMT", "Mon, 01 Jan 1999 00:00:00 GMT" },
		{ "Monday, 01-Jan-00 00:00:00 GMT", "Mon, 01 Jan 2000 00:00:00 GMT" },
	};

	for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
		int64_t time, full;

		CHECK(read_as(years[i].text, &time) && read_as(years[i].full, &full), "%s",
		      years[i].text);
		CHECK(time == full, "%s is not %s", years[i].text, years[i].full);
	}
}

static void a_clock_writes_once_a_second(void)
{
	struct http_clock clock = { 0, "" };
	const char *text = http_clock_date(&clock, 0);

	CHECK_TEXT(((struct http_text){ text, HTTP_DATE_LENGTH }), "Thu, 01 Jan 1970 00:00:00 GMT");
	clock.text[0] = 't';
	CHECK_EQ(http_clock_date(&clock, 0)[0], 't');
	CHECK_EQ(http_clock_date(&clock, 1)[0], 'T');
	CHECK_EQ(clock.text[24], '1');
}

int main(void)
{
	RUN(rfc9110_5_6_7_written_as_imf_fixdate);
	RUN(rfc9110_5_6_7_the_three_forms_are_one_date);
	RUN(what_is_written_is_read_and_is_the_c_librarys);
	RUN(rfc9110_5_6_7_what_is_no_date);
	RUN(rfc9110_5_6_7_leap_days_and_leap_seconds);
	RUN(rfc9110_5_6_7_the_day_of_the_week_need_not_fit);
	RUN(rfc9110_5_6_7_short_years_are_at_most_50_years_ahead);
	RUN(a_clock_writes_once_a_second);
	return tap_done();
}
