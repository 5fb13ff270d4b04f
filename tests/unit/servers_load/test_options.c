// SPDX-License-Identifier: GPL-2.0
/* The command line, and the request that is made of it. */
#include <arpa/inet.h>
#include <unistd.h>

#include "tap.h"
#include "clock.h"
#include "options.h"
#include "process.h"
#include "request.h"

#define URL "http://127.0.0.1:8080/"
#define WORDS 16

static struct options o;
static struct error err;

/* The words of @line, after the program's name. */
static int parse(const char *line)
{
	static char copy[4096];
	char *argv[WORDS + 2] = { "load" }, *rest = copy, *word;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while (argc < WORDS && (word = strsep(&rest, " ")))
		if (*word)
			argv[argc++] = word;
	err.text[0] = '\0';
	return options_parse(argc, argv, &o, &err);
}

static void check_good(const char *line)
{
	CHECK(!parse(line), "%s: %s", line, err.text);
}

/* Refused in one line that begins with @what. */
static void check_bad(const char *line, const char *what)
{
	CHECK_EQ(parse(line), -EUSAGE);
	CHECK(!strncmp(err.text, what, strlen(what)), "%s: %s", line, err.text);
	CHECK(!strchr(err.text, '\n'), "more than a line: %s", err.text);
}

static void defaults_are_those_of_the_help(void)
{
	check_good(URL);
	CHECK(o.connections == 10 && o.threads == 1 && !o.rate && !o.close && !o.warmup, "numbers");
	CHECK(o.duration == 10 * NS_PER_S && o.timeout == 10 * NS_PER_S && o.timed, "times");
	CHECK(!strcmp(o.method, "GET") && !o.expect && !o.idle && !o.drip, "request");
}

static void a_url_is_taken_apart(void)
{
	check_good("http://127.0.0.1:8080/a/b?c=%20d");
	CHECK(!strcmp(o.target, "/a/b?c=%20d") && !strcmp(o.authority, "127.0.0.1:8080"), "%s %s",
	      o.authority, o.target);
	CHECK_EQ(ntohs(o.server.sin_port), 8080);
	check_good("HTTP://localhost");
	CHECK(!strcmp(o.target, "/") && !strcmp(o.authority, "localhost"), "%s", o.authority);
	CHECK_EQ(ntohs(o.server.sin_port), 80);
	CHECK_EQ(ntohl(o.server.sin_addr.s_addr), INADDR_LOOPBACK);
}

static void other_urls_are_refused(void)
{
	static const char *const bad[] = {
		"127.0.0.1:8080", "https://127.0.0.1/", "ftp://127.0.0.1/", "http://", "http:///x",
		"http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:/", "http://[::1]/",
		"http://127.0.0.1:80x/", "http://example.org/", "http://127.0.0/", "http://127.0.0.1?x",
		"http://127.0.0.1/a#b", "http://127.0.0.1/\t", "http://127.0.0.1/\xc3\xa9",
		"http://user@127.0.0.1/", "http://127.0.0.1:8080:80/",
		"http://127.0.0.1000000000000000000000000000000000000000000/",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i], "url: ");
	check_bad("", "no URL given");
	check_bad(URL " " URL, "http://127.0.0.1:8080/: one URL is enough");
}

static void times_have_units_or_are_seconds(void)
{
	static const struct {
		const char *line;
		uint64_t ns;
	} good[] = {
		{ "--duration 3 " URL, 3 * NS_PER_S }, { "--duration 1.5 " URL, 1500 * NS_PER_MS },
		{ "--duration 0.25s " URL, 250 * NS_PER_MS }, { "--duration 20ms " URL, 20 * NS_PER_MS },
		{ "--duration=2m " URL, 120 * NS_PER_S }, { "--duration 24h " URL, 86400 * NS_PER_S },
	};
	static const char *const bad[] = {
		"0", "0s", "-1", "+1", "1x", "1.s", ".5", "1e3", "24.1h", "99999999999999999999", "s", "1s1",
		"1.5.5", "25h", "nan",
	};
	char line[128];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		check_good(good[i].line);
		CHECK_EQ(o.duration, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--duration %s " URL, bad[i]);
		check_bad(line, "duration: ");
	}
	check_good("--warmup 0 " URL);
	check_bad("--timeout 0 " URL, "timeout: ");
}

static void rates_have_three_decimals(void)
{
	static const char *const bad[] = { "0", "0.0001", "-1", "x", "1k", "10000001", "1.", "1.5.5" };
	char line[128];

	check_good("--rate 2000 " URL);
	CHECK_EQ(o.rate, 2000000);
	check_good("--rate 0.125 " URL);
	CHECK_EQ(o.rate, 125);
	check_good("--rate 10000000 " URL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--rate %s " URL, bad[i]);
		check_bad(line, "rate: ");
	}
}

static void sources_may_be_ranges(void)
{
	check_good("--source 127.0.0.1,127.0.0.254-255 " URL);
	CHECK_EQ(o.source_count, 3);
	CHECK_EQ(ntohl(o.sources[0].s_addr), 0x7f000001);
	CHECK_EQ(ntohl(o.sources[1].s_addr), 0x7f0000fe);
	CHECK_EQ(ntohl(o.sources[2].s_addr), 0x7f0000ff);
	check_good("--source 127.0.0.2-65 " URL);
	CHECK_EQ(o.source_count, OPTIONS_SOURCES);
	check_bad("--source 127.0.0.2-66 " URL, "source: ");
	check_bad("--source 127.0.0.9-2 " URL, "source: ");
	check_bad("--source 127.0.0.9- " URL, "source: ");
	check_bad("--source 127.0.0.9-256 " URL, "source: ");
	check_bad("--source 127.0.0.9, " URL, "source: ");
	check_bad("--source lo " URL, "source: ");
}

static void drips_are_bytes_and_milliseconds(void)
{
	check_good("--drip 1/500 " URL);
	CHECK(o.drip == DRIP_HEAD && o.drip_bytes == 1 && o.drip_interval == 500 * NS_PER_MS, "1/500");
	check_good("--drip-in body --drip 10/20 --slow 3 --slow-read 100 " URL);
	CHECK(o.drip == DRIP_BODY && o.drip_bytes == 10, "10/20");
	CHECK_EQ(options_slow_clients(&o), 6);
	check_bad("--drip 1 " URL, "drip: ");
	check_bad("--drip 0/1 " URL, "drip: ");
	check_bad("--drip 1/0 " URL, "drip: ");
	check_bad("--drip 1.5/2 " URL, "drip: ");
	check_bad("--drip 1/2/3 " URL, "drip: ");
	check_bad("--drip-in body " URL, "drip-in: ");
	check_bad("--drip-in tail --drip 1/1 " URL, "drip-in: ");
	check_good("--slow-read 1000/s " URL);
	CHECK_EQ(o.read_rate, 1000);
	check_bad("--slow-read 9 " URL, "slow-read: ");
	check_bad("--slow-read 100/ms " URL, "slow-read: ");
}

static void numbers_have_bounds(void)
{
	check_bad("--connections 0 " URL, "connections: ");
	check_bad("--connections 1000001 " URL, "connections: ");
	check_bad("--connections -1 " URL, "connections: ");
	check_bad("--connections 1x " URL, "connections: ");
	check_bad("--connections= " URL, "connections: ");
	check_bad("--threads 65 " URL, "threads: ");
	check_bad("--threads 2 --connections 1 " URL, "threads: 2: more than connections");
	check_bad("--requests 0 " URL, "requests: ");
	check_bad("--requests 18446744073709551617 " URL, "requests: ");
	check_bad("--expect 199 " URL, "expect: ");
	check_bad("--body 67108865 " URL, "body: ");
	check_bad("--body @ " URL, "body: ");
	check_bad("--pid 0 " URL, "pid: ");
	check_bad("--pid 1,,2 " URL, "pid: ");
	check_bad("--pid 2147483648 " URL, "pid: ");
	check_good("--pid 12,34 " URL);
	CHECK(o.pid_count == 2 && o.pids[0] == 12 && o.pids[1] == 34, "12,34");
}

static void options_that_contradict_are_refused(void)
{
	check_bad("--requests 5 --warmup 1 " URL, "warmup: ");
	check_bad("--idle-after-request " URL, "idle-after-request: ");
	check_bad("--method HEAD --check x " URL, "check: ");
	check_bad("--check= " URL, "check: ");
	check_bad("--pid 1 --pids-of x " URL, "pids-of: ");
	check_bad("--method get " URL, "method: ");
	check_bad("--method CONNECT " URL, "method: ");
	check_good("--requests 5 " URL);
	CHECK(!o.timed && o.requests == 5, "requests alone set no time");
	check_good("--requests 5 --duration 1 " URL);
	CHECK(o.timed, "both limit it");
}

static void what_is_no_option_is_said(void)
{
	check_bad("--fly " URL, "--fly: no such option");
	check_bad("--fly=1 " URL, "--fly: no such option");
	check_bad("-x " URL, "-x: no such option");
	check_bad("--rate", "--rate: its value is missing");
	check_bad("--close=1 " URL, "--close: takes no value");
	check_bad("--d 1 " URL, "--d: no such option, or short for several");
}

static void header_fields_cannot_split_the_request(void)
{
	CHECK_EQ(parse_header("X-A: b\tc \xc3\xa9", &err), 0);
	CHECK_EQ(parse_header("X:", &err), 0);
	CHECK_EQ(parse_header("Host: x", &err), 0);
	CHECK_EQ(parse_header("X", &err), -EUSAGE);
	CHECK_EQ(parse_header(": b", &err), -EUSAGE);
	CHECK_EQ(parse_header("X : b", &err), -EUSAGE);
	CHECK_EQ(parse_header("X: a\r\nY: b", &err), -EUSAGE);
	CHECK_EQ(parse_header("X: a\nY: b", &err), -EUSAGE);
	CHECK_EQ(parse_header("content-length: 5", &err), -EUSAGE);
	CHECK_EQ(parse_header("Transfer-Encoding: chunked", &err), -EUSAGE);
	CHECK_EQ(parse_header("CONNECTION: close", &err), -EUSAGE);
	CHECK_EQ(parse_header("Connection-X: y", &err), 0);
}

static void check_request(const char *line, const char *want)
{
	struct request r;

	check_good(line);
	CHECK(!request_make(&o, o.method, o.body, o.close, &r, &err), "%s", err.text);
	CHECK(r.size == strlen(want) && !memcmp(r.bytes, want, r.size), "%.*s", (int)r.size, r.bytes);
	CHECK(!memcmp(r.bytes + r.head - 4, "\r\n\r\n", 4), "the head ends elsewhere");
	free(r.bytes);
}

static void a_request_says_what_was_asked(void)
{
	check_request("http://127.0.0.1:8080/a?b", "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
	check_request("--close --header X:y --header host:z " URL,
		      "GET / HTTP/1.1\r\nX:y\r\nhost:z\r\nConnection: close\r\n\r\n");
	check_request("--body 3 " URL, "POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
				       "Content-Length: 3\r\n\r\nxxx");
	check_request("--method PUT " URL, "PUT / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
					   "Content-Length: 0\r\n\r\n");
}

static void only_what_may_be_repeated_is(void)
{
	struct request r;

	check_good("--method HEAD " URL);
	CHECK(!request_make(&o, o.method, 0, false, &r, &err), "%s", err.text);
	CHECK(r.to_head && r.idempotent, "HEAD");
	free(r.bytes);
	check_good("--body 1 " URL);
	CHECK(!request_make(&o, o.method, 1, false, &r, &err), "%s", err.text);
	CHECK(!r.to_head && !r.idempotent, "POST");
	free(r.bytes);
}

static void a_body_may_come_from_a_file(void)
{
	char path[] = "/tmp/load_body.XXXXXX", line[128];
	int fd = mkstemp(path);
	struct request r;

	CHECK(fd >= 0 && write(fd, "a\0b", 3) == 3, "cannot write");
	close(fd);
	snprintf(line, sizeof(line), "--body @%s " URL, path);
	check_good(line);
	CHECK(!request_make(&o, o.method, o.body, false, &r, &err), "%s", err.text);
	CHECK(r.size == r.head + 3 && !memcmp(r.bytes + r.head, "a\0b", 3), "body");
	free(r.bytes);
	unlink(path);
	CHECK(request_make(&o, o.method, o.body, false, &r, &err) < 0, "the file is gone");
	CHECK(strstr(err.text, path), "%s", err.text);
}

/* CPU time moves to the parent when a child ends: it must not be counted twice, or get lost. */
static void cpu_time_of_processes_that_come_and_go(void)
{
	struct process was[] = {
		{ .pid = 1, .ticks_ns = 100, .exact_ns = 104, .children_ns = 1000, .voluntary = 5, .threads = 1 },
		{ .pid = 2, .parent = 1, .ticks_ns = 7000, .children_ns = 0, .threads = 1 },
	};
	struct process is[] = {
		{ .pid = 1, .ticks_ns = 200, .exact_ns = 209, .children_ns = 10000, .voluntary = 9, .threads = 1 },
		{ .pid = 3, .parent = 1, .ticks_ns = 400, .exact_ns = 401, .voluntary = 2, .threads = 1 },
	};
	struct processes before = { was, 2 }, after = { is, 2 };
	struct usage usage = process_usage(&before, &after);

	/* 105 itself; of child 2 the 2000 since; child 3 all its 401. */
	CHECK_EQ(usage.cpu_ns, 105 + 9000 - 7000 + 401);
	CHECK_EQ(usage.voluntary, 6);
	CHECK(usage.partial && usage.processes == 2, "child 2 is gone");
	before.count = 1;
	after.count = 1;
	is[0].children_ns = 1000;
	usage = process_usage(&before, &after);
	CHECK(usage.cpu_ns == 105 && usage.voluntary == 4 && !usage.partial, "%llu",
	      (unsigned long long)usage.cpu_ns);
	/* A thread that ended is in the ticks only. */
	is[0].ticks_ns += 50000000;
	CHECK_EQ(process_usage(&before, &after).cpu_ns, 50000100);
}

static void this_process_is_found_and_read(void)
{
	pid_t self = getpid(), none = 0x7ffffff0, found[4];
	struct processes sample;
	unsigned int count;

	CHECK(!process_sample(&self, 1, &sample, &err), "%s", err.text);
	CHECK(sample.count >= 1 && sample.processes[0].pid == self, "it is not there");
	CHECK(sample.processes[0].threads == 1 && sample.processes[0].exact_ns, "it is not read");
	free(sample.processes);
	CHECK(process_sample(&none, 1, &sample, &err) < 0, "nobody is found");
	free(sample.processes);
	CHECK(!process_find("test_options", found, 4, &count, &err) && count, "%s", err.text);
	CHECK(process_find("no such name", found, 4, &count, &err) < 0, "nobody is found");
}

int main(void)
{
	RUN(defaults_are_those_of_the_help);
	RUN(a_url_is_taken_apart);
	RUN(other_urls_are_refused);
	RUN(times_have_units_or_are_seconds);
	RUN(rates_have_three_decimals);
	RUN(sources_may_be_ranges);
	RUN(drips_are_bytes_and_milliseconds);
	RUN(numbers_have_bounds);
	RUN(options_that_contradict_are_refused);
	RUN(what_is_no_option_is_said);
	RUN(header_fields_cannot_split_the_request);
	RUN(a_request_says_what_was_asked);
	RUN(only_what_may_be_repeated_is);
	RUN(a_body_may_come_from_a_file);
	RUN(cpu_time_of_processes_that_come_and_go);
	RUN(this_process_is_found_and_read);
	return tap_done();
}
