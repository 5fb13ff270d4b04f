// SPDX-License-Identifier: GPL-2.0
/* The command line: what is taken, what is refused, and what is said about it. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "tap.h"
#include "listeners.h"
#include "options.h"

static struct options options;
static struct error err;

/* Words separated by blanks. */
static int parse(const char *line)
{
	static char copy[512];
	char *words[32] = { "httpd" };
	int count = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	err.text[0] = '\0';
	return options_parse(count, words, &options, &err);
}

static void without_any_it_is_one_event_loop(void)
{
	CHECK_EQ(parse(""), 0);
	CHECK_EQ(options.design, DESIGN_EVENT);
	CHECK_EQ(options.workers, 1);
	CHECK_EQ(options.header_ms, 10000);
	CHECK(!strcmp(options.listen[0], "127.0.0.1:8080"), "%s", options.listen[0]);
}

static void each_has_its_place(void)
{
	CHECK_EQ(parse("--design thread --workers 7 --header-timeout 0.25 --idle-timeout 3 --write-timeout 1.5 "
		       "--listen 127.0.0.1:1 --listen [::1]:2 --max-connections 9 --allow-crash"), 0);
	CHECK_EQ(options.design, DESIGN_THREAD);
	CHECK_EQ(options.workers, 7);
	CHECK_EQ(options.header_ms, 250);
	CHECK_EQ(options.idle_ms, 3000);
	CHECK_EQ(options.write_ms, 1500);
	CHECK_EQ(options.listen_count, 2);
	CHECK_EQ(options.max_connections, 9);
	CHECK(options.allow_crash, "--allow-crash");
	CHECK_EQ(parse("--design process --per-connection"), 0);
	CHECK(options.per_connection, "--per-connection");
	CHECK_EQ(parse("--readiness select --helpers 3 --workers 2"), 0);
	CHECK_EQ(options.readiness, READINESS_SELECT);
	CHECK_EQ(options.helpers, 3);
	CHECK(!options.pin, "pinned unasked");
	CHECK_EQ(parse("--design event --workers 2 --pin"), 0);
	CHECK(options.pin, "--pin");
	CHECK_EQ(parse("--register web"), 0);
	CHECK(!strcmp(options.directory, "127.0.0.1:4111"), "%s", options.directory);
	CHECK_EQ(parse("--register web --directory 10.0.0.1:7"), 0);
	CHECK(!strcmp(options.register_name, "web") && !strcmp(options.directory, "10.0.0.1:7"), "%s",
	      options.directory);
}

static void of_sessions_there_are_three_forms(void)
{
	CHECK_EQ(parse(""), 0);
	CHECK_EQ(options.state, STATE_NONE);
	CHECK_EQ(parse("--state server --sessions 7 --session-bytes 16384 --session-timeout 0.5"), 0);
	CHECK_EQ(options.state, STATE_SERVER);
	CHECK_EQ(options.sessions, 7);
	CHECK_EQ(options.session_bytes, 16384);
	CHECK_EQ(options.session_ms, 500);
	CHECK_EQ(parse("--state client --secret-file f"), 0);
	CHECK_EQ(options.state, STATE_CLIENT);
	CHECK(!strcmp(options.secret_file, "f"), "--secret-file");
	CHECK_EQ(parse("--state soft --store d --lease 0.25"), 0);
	CHECK_EQ(options.state, STATE_SOFT);
	CHECK(!strcmp(options.store, "d"), "--store");
	CHECK_EQ(options.lease_ms, 250);
	CHECK_EQ(parse("--state soft --store d --session-timeout 4"), 0);
	CHECK_EQ(options.lease_ms, 2000);
}

static void what_cannot_be_is_refused(void)
{
	static const char *const bad[] = {
		"--workers 0", "--workers -1", "--workers 4097", "--workers 1x", "--workers 4294967297", "--workers",
		"--header-timeout 0", "--header-timeout -1", "--idle-timeout 1e3",
		"--idle-timeout 0.0001", "--write-timeout 86401", "--write-timeout 99999999999", "--design fast",
		"--readiness kqueue", "--nonsense", "-x", "word", "--design sequential --workers 2",
		"--design event --per-connection", "--design process --per-connection --workers 3",
		"--design thread --helpers 2", "--design thread --pin", "--pin 2", "--design process --readiness poll",
		"--directory 127.0.0.1:4111", "--register",
		"--state", "--state none", "--sessions 5", "--lease 1", "--secret-file f", "--store d",
		"--state client", "--state soft", "--state server --store d", "--state server --secret-file f",
		"--state client --secret-file f --sessions 5", "--state client --secret-file f --lease 1",
		"--state client --secret-file f --session-timeout 1.5", "--state server --session-bytes 16383",
		"--state soft --store d --lease 6 --session-timeout 11", "--state server --sessions 1000001",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(parse(bad[i]) == -EUSAGE, "%s is taken", bad[i]);
		CHECK(err.text[0], "%s is refused without a word", bad[i]);
	}
}

static void addresses(void)
{
	static const char *const bad[] = {
		"", ":", ":80", "80", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
		"127.0.0.1:80x", "127.0.0.1:99999999999", "::1:80", "[::1]", "[::1]80", "[::1:80", "::1]:80", "[]:80",
		"[127.0.0.1]:80", "256.0.0.1:80", "[::1x]:80",
	};
	struct sockaddr_storage address;
	socklen_t length;

	CHECK_EQ(listen_parse("127.0.0.1:8080", &address, &length, &err), 0);
	CHECK_EQ(address.ss_family, AF_INET);
	CHECK_EQ(((struct sockaddr_in *)&address)->sin_port, htons(8080));
	CHECK_EQ(listen_parse("[::1]:0", &address, &length, &err), 0);
	CHECK_EQ(address.ss_family, AF_INET6);
	CHECK_EQ(length, sizeof(struct sockaddr_in6));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(listen_parse(bad[i], &address, &length, &err) == -EUSAGE, "%s is taken", bad[i]);
}

/* Each socket has a loop, and each loop a socket of each address. */
static void sockets_and_loops_find_each_other(void)
{
	for (unsigned int members = 1; members < 6; members++) {
		for (unsigned int loops = 1; loops < 6; loops++) {
			struct listeners l = { .count = 2 * members, .addresses = 2 };

			for (unsigned int i = 0; i < l.count; i++)
				l.at[i] = (struct listener){ (int)i, i / members, i % members };
			for (unsigned int i = 0; i < l.count; i++) {
				unsigned int served = 0;

				for (unsigned int loop = 0; loop < loops; loop++)
					served += listener_serves(&l, i, loop, loops);
				CHECK(served > 0, "socket %u of %u has none of %u loops", i, members, loops);
			}
			for (unsigned int loop = 0; loop < loops; loop++) {
				unsigned int has[2] = { 0 };

				for (unsigned int i = 0; i < l.count; i++)
					has[i / members] += listener_serves(&l, i, loop, loops);
				CHECK(has[0] && has[1], "loop %u of %u has none of %u sockets", loop, loops,
				      members);
			}
		}
	}
}

int main(void)
{
	RUN(without_any_it_is_one_event_loop);
	RUN(each_has_its_place);
	RUN(of_sessions_there_are_three_forms);
	RUN(what_cannot_be_is_refused);
	RUN(addresses);
	RUN(sockets_and_loops_find_each_other);
	return tap_done();
}
