// SPDX-License-Identifier: GPL-2.0
/* What trace and plot make of a recording, as far as one can tell without eyes. */
#include "tap.h"
#include "recording/plot.h"
#include "scene.h"

static int chart_40(const struct recording *r, FILE *out, struct error *err)
{
	return chart_write(r, 40, out, err);
}

static int plot_all(const struct recording *r, FILE *out, struct error *err)
{
	return plot_write(r, PLOT_SHARE | PLOT_LAG, out, err);
}

static int plot_balance(const struct recording *r, FILE *out, struct error *err)
{
	return plot_write(r, PLOT_CREDIT, out, err);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void a_chart_shows_turns(void)
{
	struct recording r;
	char *text;

	scene_two_take_turns(&r);
	text = scene_text(chart_40, &r);
	CHECK(text, "nothing is drawn");
	/* Half a slot, rounded down to 2 ms: 50 columns, 40 of them in the first line. */
	CHECK(strstr(text, "     0.0ms CPU 0   |aaabbaaabbaaabbaaabbaaabbaaabbaaabbaaabb|\n"),
	      "%s", text);
	CHECK(strstr(text, "    80.0ms CPU 0   |"), "%s", text);
	CHECK(strstr(text, "a  a                 50.0%"), "%s", text);
	free(text);
	recording_free(&r);
}

static void names_cannot_break_the_json_or_the_picture(void)
{
	struct recording r;
	char *text;

	scene_begin(&r, 1, 100);
	scene_group(&r, 1, "\"\\<&\x01\xff", "credit");
	scene_event(&r, 0, CSCHED_EVENT_PICK, 1, 1, 0);
	scene_event(&r, 50, CSCHED_EVENT_PARK, 1, 1, 0)->used_ns = 50 * MS;
	scene_end(&r);
	text = scene_text(perfetto_write, &r);
	CHECK(text && strstr(text, "\"\\\"\\\\<&\\u0001\\u00ff\""), "%s", text);
	free(text);
	text = scene_text(plot_all, &r);
	CHECK(text && strstr(text, "&#34;\\&#60;&#38;??"), "%s", text);
	free(text);
	recording_free(&r);
}

static void credit_is_coloured_by_what_it_buys(void)
{
	static const uint8_t standings[] = { CSCHED_STANDING_UNDER, CSCHED_STANDING_BOOST, CSCHED_STANDING_OVER };
	struct recording r;
	char *text;

	scene_begin(&r, 1, 300);
	scene_group(&r, 1, "vm", "credit");
	for (unsigned int i = 0; i < 30; i++) {
		struct csched_event *e = scene_event(&r, 10 * i, CSCHED_EVENT_ACCOUNT, 1, 0, 0);

		e->standing = standings[i / 10];
		e->credit_ns = (int64_t)(20 - i) * (int64_t)MS;
	}
	scene_event(&r, 300, CSCHED_EVENT_THROTTLE, 1, 0, 0)->standing = CSCHED_STANDING_OVER;
	scene_end(&r);
	text = scene_text(plot_balance, &r);
	CHECK(text, "nothing is drawn");
	CHECK_EQ(count(text, "<polyline"), 3);
	CHECK_EQ(count(text, "stroke=\"" COLOUR_UNDER "\" stroke-width=\"2.2\""), 1);
	CHECK_EQ(count(text, "stroke=\"" COLOUR_BOOST "\" stroke-width=\"2.2\""), 1);
	CHECK_EQ(count(text, "stroke=\"" COLOUR_OVER "\" stroke-width=\"2.2\""), 1);
	free(text);
	text = scene_text(perfetto_write, &r);
	CHECK_EQ(count(text, "\"name\": \"UNDER\", \"cname\""), 1);
	CHECK_EQ(count(text, "\"name\": \"BOOST\", \"cname\""), 1);
	CHECK_EQ(count(text, "\"name\": \"OVER\", \"cname\""), 1);
	free(text);
	recording_free(&r);
}

static void a_long_line_has_few_points(void)
{
	struct recording r;
	char *text;

	scene_begin(&r, 1, 100000);
	scene_group(&r, 1, "a", "share");
	for (unsigned int i = 0; i < 100000; i++)
		scene_event(&r, i, CSCHED_EVENT_PICK, 1, 1, 0)->lag_ns = (int64_t)(i % 10) * (int64_t)MS;
	scene_end(&r);
	text = scene_text(plot_all, &r);
	CHECK(text && strlen(text) < 100000, "%zu bytes", text ? strlen(text) : 0);
	free(text);
	recording_free(&r);
}

static void nothing_to_draw_is_said(void)
{
	struct recording r;
	struct error err;

	scene_begin(&r, 1, 100);
	scene_end(&r);
	CHECK(plot_write(&r, PLOT_SHARE, stderr, &err) < 0 && strstr(err.text, "no group ran"), "%s", err.text);
	recording_free(&r);
	scene_two_take_turns(&r);
	CHECK(plot_write(&r, PLOT_CREDIT, stderr, &err) < 0 && strstr(err.text, "policy credit"), "%s", err.text);
	recording_free(&r);
}

int main(void)
{
	RUN(a_chart_shows_turns);
	RUN(names_cannot_break_the_json_or_the_picture);
	RUN(credit_is_coloured_by_what_it_buys);
	RUN(a_long_line_has_few_points);
	RUN(nothing_to_draw_is_said);
	return tap_done();
}
