// SPDX-License-Identifier: GPL-2.0
/* The word of --sched. */
#include "../schedule/schedule.h"
#include "tap.h"

static struct schedule s;
static struct error err;

static void a_policy_alone_has_its_defaults(void)
{
	CHECK_EQ(schedule_parse("share", &s, &err), 0);
	CHECK_EQ(s.policy, SCHEDULE_SHARE);
	CHECK_EQ(s.weight, 100);
	CHECK_EQ(schedule_parse("credit", &s, &err), 0);
	CHECK_EQ(s.policy, SCHEDULE_CREDIT);
	CHECK_EQ(s.weight, 256);
	CHECK_EQ(s.cap, 0);
	CHECK_EQ(schedule_parse("lottery", &s, &err), 0);
	CHECK_EQ(s.policy, SCHEDULE_LOTTERY);
}

static void a_number_is_a_weight(void)
{
	CHECK_EQ(schedule_parse("share:300", &s, &err), 0);
	CHECK_EQ(s.weight, 300);
	CHECK_EQ(schedule_parse("share:weight=10000", &s, &err), 0);
	CHECK_EQ(s.weight, 10000);
	CHECK_EQ(schedule_parse("credit:65535", &s, &err), 0);
	CHECK_EQ(s.weight, 65535);
}

static void credit_has_three_settings(void)
{
	CHECK_EQ(schedule_parse("credit:weight=256,cap=50,burst=30s", &s, &err), 0);
	CHECK_EQ(s.weight, 256);
	CHECK_EQ(s.cap, 50);
	CHECK_EQ(s.burst_ns, 30000000000);
	CHECK_EQ(schedule_parse("credit:burst=500ms,cap=100000", &s, &err), 0);
	CHECK_EQ(s.weight, 256);
	CHECK_EQ(s.cap, 100000);
	CHECK_EQ(s.burst_ns, 500000000);
	CHECK_EQ(schedule_parse("credit:burst=7us", &s, &err), 0);
	CHECK_EQ(s.burst_ns, 7000);
	CHECK_EQ(schedule_parse("credit:burst=864000s", &s, &err), 0);
}

static void what_it_is_not(void)
{
	static const char *const words[] = {
		"", ":", "fair", "Share", "share:", "share:0", "share:10001", "share:-1", "share:1,",
		"share:,1", "share:cap=50", "credit:65536", "credit:cap=0", "credit:cap=", "credit:cap",
		"credit:cap=50%", "credit:burst=30", "credit:burst=s", "credit:burst=0s",
		"credit:burst=864001s", "credit:burst=99999999999999999999s", "credit:size=1",
		"credit:weight", "credit:=1", "share300", "share:3 ", "share:99999999999999999999",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		err.text[0] = '\0';
		CHECK_EQ(schedule_parse(words[i], &s, &err), -22);
		CHECK(!strncmp(err.text, "--sched: ", 9), "%s: %s", words[i], err.text);
	}
}

static void a_groups_name_fits_and_tells_ids_apart(void)
{
	char one[SCHEDULE_NAME], two[SCHEDULE_NAME];
	char longest[300];

	schedule_name("web", one);
	CHECK(!strcmp(one, "cell.web"), "%s", one);
	schedule_name("abcdefghijklmnopqrstuvwxyz", one);
	CHECK(!strcmp(one, "cell.abcdefghijklmnopqrstuvwxyz"), "%s", one);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	schedule_name(longest, one);
	longest[200] = 'b';
	schedule_name(longest, two);
	CHECK_EQ(strlen(one), SCHEDULE_NAME - 1);
	CHECK(strcmp(one, two), "%s", one);
}

int main(void)
{
	RUN(a_policy_alone_has_its_defaults);
	RUN(a_number_is_a_weight);
	RUN(credit_has_three_settings);
	RUN(what_it_is_not);
	RUN(a_groups_name_fits_and_tells_ids_apart);
	return tap_done();
}
