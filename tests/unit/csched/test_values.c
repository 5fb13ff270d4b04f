// SPDX-License-Identifier: GPL-2.0
/* What people type: times, CPU lists, presets, and words that are nearly right. */
#include "tap.h"
#include "csched.h"

static void a_time_needs_a_unit_and_nothing_else(void)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "1ns", 1 }, { "7us", 7000 }, { "30ms", 30000000 }, { "1.5s", 1500000000 }, { "0s", 0 },
		{ "2h", 7200000000000ull }, { "0.5ms", 500000 }, { "7d", 604800000000000ull },
		{ "0.25m", 15000000000ull }, { "1.000000001s", 1000000001 }, { "366d", 31622400000000000ull },
	};
	static const char *const bad[] = {
		"", "5", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1.s", ".5s", "1e3s", "0x10s", "nans", "infs", "1.5.2s",
		"367d", "99999999999999999999s", "18446744073709551615h", "5ss", "5S", "1,5s",
	};
	struct error err;
	uint64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(!parse_duration(good[i].text, "x", &ns, &err), "%s is refused", good[i].text);
		CHECK_EQ(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(parse_duration(bad[i], "x", &ns, &err), -EUSAGE);
}

static void seconds_need_no_unit_but_a_time(void)
{
	struct error err;
	uint64_t ns;

	CHECK(!parse_seconds("0.2", "x", &ns, &err), "0.2 is refused");
	CHECK_EQ(ns, 200000000);
	CHECK(!parse_seconds("5m", "x", &ns, &err), "5m is refused");
	CHECK_EQ(ns, 300000000000ull);
	CHECK_EQ(parse_seconds("0", "x", &ns, &err), -EUSAGE);
	CHECK_EQ(parse_seconds("0.0s", "x", &ns, &err), -EUSAGE);
}

static void cpu_lists_are_exact(void)
{
	static const char *const bad[] = {
		"", ",", "0,", ",0", "1-", "-1", "3-1", "0-512", "512", "a", "0 1", "0-1-2", "0--1",
		"99999999999999999999", "0-99999999999999999999",
	};
	uint64_t words[CSCHED_CPU_WORDS];
	struct error err;

	CHECK(!parse_cpus("0-1,4,63-64,511", words, &err), "refused");
	CHECK_EQ(words[0], 0x8000000000000013ull);
	CHECK_EQ(words[1], 1);
	CHECK_EQ(words[7], 1ull << 63);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse_cpus(bad[i], words, &err) == -EUSAGE, "\"%s\" is taken", bad[i]);
}

/* The published table: t3.micro earns 12 credits an hour and keeps 288; a credit is a vCPU minute. */
static void presets_are_the_published_table(void)
{
	static const struct {
		const char *name;
		double per_hour;
		uint64_t most;
	} table[] = {
		{ "t2.nano", 3, 72 }, { "t2.micro", 6, 144 }, { "t2.small", 12, 288 }, { "t3.nano", 6, 144 },
		{ "t3.micro", 12, 288 }, { "t3.small", 24, 576 }, { "t3.large", 36, 864 },
		{ "t3.xlarge", 96, 2304 }, { "t3.2xlarge", 192, 4608 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct preset *p = preset_find(table[i].name);

		CHECK(p, "%s is missing", table[i].name);
		CHECK_EQ(preset_baseline(p) * 10, (unsigned int)(table[i].per_hour / 0.6 * 10 + 0.5));
		CHECK_EQ(preset_burst(p), table[i].most * 60 * 1000000000ull);
	}
	CHECK(!preset_find("t9.huge"), "t9.huge is there");
	CHECK(!strcmp(preset_nearest("t3.mirco"), "t3.micro"), "not t3.micro");
}

static void a_word_nearly_right_is_guessed_and_no_other(void)
{
	static const char *const words[] = { "weight", "cap", "burst", "policy" };

	CHECK(!strcmp(nearest("wieght", words, 4), "weight"), "wieght");
	CHECK(!strcmp(nearest("weigth", words, 4), "weight"), "weigth");
	CHECK(!strcmp(nearest("brst", words, 4), "burst"), "brst");
	CHECK(!strcmp(nearest("acp", words, 4), "cap"), "acp");
	CHECK(!nearest("x", words, 4), "x is like %s", nearest("x", words, 4));
	CHECK(!nearest("", words, 4), "nothing is like something");
	CHECK(!nearest("cpu", words, 4), "cpu is like %s", nearest("cpu", words, 4));
	CHECK(!nearest("weightweightweightweightweightweight", words, 4), "a long word is like something");
}

static void times_are_printed_as_people_write_them(void)
{
	char text[32];

	format_short(text, sizeof(text), 30000000);
	CHECK(!strcmp(text, "30ms"), "%s", text);
	format_short(text, sizeof(text), 17280000000000ull);
	CHECK(!strcmp(text, "4.8h"), "%s", text);
	format_duration(text, sizeof(text), -1500000);
	CHECK(!strcmp(text, "-1.500ms"), "%s", text);
	format_duration(text, sizeof(text), 0);
	CHECK(!strcmp(text, "0"), "%s", text);
}

int main(void)
{
	RUN(a_time_needs_a_unit_and_nothing_else);
	RUN(seconds_need_no_unit_but_a_time);
	RUN(cpu_lists_are_exact);
	RUN(presets_are_the_published_table);
	RUN(a_word_nearly_right_is_guessed_and_no_other);
	RUN(times_are_printed_as_people_write_them);
	return tap_done();
}
