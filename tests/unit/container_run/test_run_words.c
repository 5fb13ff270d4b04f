// SPDX-License-Identifier: GPL-2.0
/* Sizes, CPUs, volumes, restart: words of cell run --image. */
#include <string.h>

#include "run.h"
#include "tap.h"

static struct error err;

static void sizes(void)
{
	static const struct {
		const char *text;
		int64_t octets;
	} good[] = {
		{ "1", 1 }, { "512m", 512 << 20 }, { "1g", 1 << 30 }, { "64K", 65536 }, { "7b", 7 },
		{ "64MB", 64 << 20 }, { "64MiB", 64 << 20 }, { "8388607t", 8388607ll << 40 },
	};
	static const char *const bad[] = {
		"", "0", "m", "-1", "1x", "1mm", "1.5g", "8388608t", "99999999999999999999", " 1", "1 m",
	};
	int64_t octets;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		CHECK_EQ(run_read_size("--memory", good[i].text, &octets, &err), 0);
		CHECK_EQ(octets, good[i].octets);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(run_read_size("--memory", bad[i], &octets, &err), "%s", bad[i]);
}

static void cpus(void)
{
	static const struct {
		const char *text;
		int64_t quota;
	} good[] = {
		{ "1", 100000 }, { "0.5", 50000 }, { "1.5", 150000 }, { "0.01", 1000 }, { "2.", 200000 },
		{ "0.123456789", 12345 }, { "4096", 409600000 },
	};
	static const char *const bad[] = { "", "0", "0.009", ".5", "-1", "1,5", "x", "4097", "1.5x" };
	int64_t quota;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		CHECK_EQ(run_read_cpus(good[i].text, &quota, &err), 0);
		CHECK_EQ(quota, good[i].quota);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(run_read_cpus(bad[i], &quota, &err), "%s", bad[i]);
}

static void volumes(void)
{
	static const char *const bad[] = {
		"", "a", ":/b", "a:", "a:b", "a:/", "a:/b:", "a:/b:rw:ro", "a:/b:x", "-a:/b", "a b:/c",
	};
	struct run_volume v;

	CHECK_EQ(run_read_volume("/srv:/mnt:ro", &v, &err), 0);
	CHECK(!v.named && v.read_only && v.source_length == 4 && v.destination_length == 4, "%s", "/srv");
	CHECK_EQ(run_read_volume("data.1:/mnt", &v, &err), 0);
	CHECK(v.named && !v.read_only, "%s", "data.1");
	CHECK_EQ(run_read_volume("./data:/mnt:rw", &v, &err), 0);
	CHECK(!v.named && !v.read_only, "%s", "./data");
	CHECK_EQ(run_read_volume(".:/mnt", &v, &err), 0);
	CHECK(!v.named, "%s", ".");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(run_read_volume(bad[i], &v, &err), "%s", bad[i]);
}

static void restart(void)
{
	static const char *const bad[] = {
		"", "yes", "always:1", "on-failure:", "on-failure:0", "on-failure:-1", "on-failure:x",
		"on-failure:1000000", "no:1",
	};
	enum run_restart restart;
	unsigned int most;

	CHECK_EQ(run_read_restart("on-failure:3", &restart, &most, &err), 0);
	CHECK(restart == RESTART_ON_FAILURE && most == 3, "%u", most);
	CHECK_EQ(run_read_restart("on-failure", &restart, &most, &err), 0);
	CHECK_EQ(most, 0);
	CHECK_EQ(run_read_restart("unless-stopped", &restart, &most, &err), 0);
	CHECK_EQ(restart, RESTART_UNLESS_STOPPED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(run_read_restart(bad[i], &restart, &most, &err), "%s", bad[i]);
}

static void secrets(void)
{
	static const char *const bad[] = {
		"", "a", ":/b", "a:b", "a:/", "a:/b:", "a:/b:0", "a:/b:888", "a:/b:1777", "a:/b:00444:x",
		"a:/b:000444",
	};
	struct run_secret s;

	CHECK_EQ(run_read_secret("./word:/run/secrets/word", &s, &err), 0);
	CHECK(s.source_length == 6 && s.destination_length == 17 && s.mode == 0444, "%o", s.mode);
	CHECK_EQ(run_read_secret("a:/b:0400", &s, &err), 0);
	CHECK_EQ(s.mode, 0400);
	CHECK_EQ(run_read_secret("a:/b:777", &s, &err), 0);
	CHECK_EQ(s.mode, 0777);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(run_read_secret(bad[i], &s, &err), "%s", bad[i]);
}

static void bounds_of_logs(void)
{
	static const char *const bad[] = {
		"", ",", "max-size", "max-size=", "max-size=1023", "max-size=x", "max-file=0", "max-file=101",
		"max-file=1x", "max-file=-1", "max-file= 1", "max-size=1m;max-file=2", "max-size=1m,colour=red",
		"max-size=1m,,max-file=1",
	};
	struct run_log log = { 7, 7 };

	CHECK_EQ(run_read_log("max-size=10m", &log, &err), 0);
	CHECK(log.most == 10 << 20 && log.files == 7, "%u", log.files);
	CHECK_EQ(run_read_log("max-file=3,max-size=1k", &log, &err), 0);
	CHECK(log.most == 1024 && log.files == 3, "%u", log.files);
	CHECK_EQ(run_read_log("max-file=100", &log, &err), 0);
	CHECK_EQ(log.files, 100);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(run_read_log(bad[i], &log, &err), "%s", bad[i]);
}

static void a_command_begins_at_the_first_word(void)
{
	static struct run_options o;
	char *argv[] = { "run", "--image", "box", "-e", "A=b", "-d", "ls", "-e", "--rm", NULL };

	CHECK_EQ(run_parse(9, argv, &o, &err), 0);
	CHECK(o.detach && !o.remove && o.env.count == 1, "%u", o.env.count);
	CHECK(o.command[0] && !strcmp(o.command[0], "ls") && !strcmp(o.command[2], "--rm"), "%s", "ls");
	CHECK_EQ(strlen(o.id), 12);
}

int main(void)
{
	RUN(sizes);
	RUN(cpus);
	RUN(volumes);
	RUN(restart);
	RUN(secrets);
	RUN(bounds_of_logs);
	RUN(a_command_begins_at_the_first_word);
	return tap_done();
}
