// SPDX-License-Identifier: GPL-2.0-only
/* The superserver's file of services: what is taken, and what is refused with which line. */
#include <arpa/inet.h>

#include "config.h"
#include "tap.h"

static struct config config;

static void reads(const char *text)
{
	struct error err;

	CHECK(!config_read(&config, text, strlen(text), &err), "%s", err.text);
}

static void refuses(const char *text, const char *why)
{
	struct error err;

	CHECK(config_read(&config, text, strlen(text), &err) < 0, "taken: %s", text);
	CHECK(strstr(err.text, why), "%s: %s, not %s", text, err.text, why);
}

static void a_line_is_understood(void)
{
	const struct config_service *s = &config.services[0];

	reads("# all\n\n \t# of them\necho 127.0.0.1:7 kind=stream nowait max=3 user=nobody "
	      "version=2\tlease=5 /bin/cat -u a=b # not the -e\n");
	CHECK_EQ(config.count, 1);
	CHECK_EQ(s->line, 4);
	CHECK(s->name.length == 4 && !memcmp(s->name.text, "echo", 4), "name");
	CHECK_EQ(ntohs(s->address.sin_port), 7);
	CHECK(!s->datagram && !s->wait, "stream nowait");
	CHECK_EQ(s->max, 3);
	CHECK_EQ(s->version, 2);
	CHECK_EQ(s->lease, 5);
	CHECK(!strcmp(s->user, "nobody"), "user");
	CHECK(!strcmp(s->words[0], "/bin/cat") && !strcmp(s->words[1], "-u") &&
	      !strcmp(s->words[2], "a=b") && !s->words[3], "command");
}

static void what_is_not_said_has_a_default(void)
{
	reads("a 127.0.0.1:1 kind=stream nowait /a\nb 127.0.0.1:1 kind=dgram wait /b");
	CHECK_EQ(config.count, 2);
	CHECK_EQ(config.services[0].max, CONFIG_MAX_DEFAULT);
	CHECK_EQ(config.services[0].version, 1);
	CHECK_EQ(config.services[0].lease, 10);
	CHECK(!config.services[0].user[0], "no user");
	CHECK(config.services[1].datagram && config.services[1].wait, "dgram wait");
	CHECK_EQ(config.services[1].max, 1);
}

static void errors_say_which_line(void)
{
	refuses("\n# a\nb\n", "line 3: the address is missing");
	refuses("a 127.0.0.1:1 kind=stream nowait", "line 1: the command is missing");
	refuses("a 127.0.0.1:1 kind=stream /a", "line 1: wait or nowait is missing");
	refuses("a 127.0.0.1:1 nowait /a", "line 1: kind=stream or kind=dgram is missing");
	refuses("a 127.0.0.1:1 kind=raw nowait /a", "kind is stream or dgram, not: raw");
	refuses("a 127.0.0.1:1 kind=dgram nowait /a", "must be wait");
	refuses("a 127.0.0.1:1 kind=stream wait max=2 /a", "has one server");
	refuses("a 127.0.0.1:1 kind=stream wait wait /a", "said twice: wait");
	refuses("a 127.0.0.1:1 kind=stream wait nowait /a", "said twice: nowait");
	refuses("a 127.0.0.1:1 kind=stream max=1 max=1 nowait /a", "said twice: max=1");
	refuses("a 127.0.0.1:1 kind=stream nowait what /a", "unknown word: what");
	refuses("a 127.0.0.1:1 kind=stream nowait MAX=1 /a", "unknown word: MAX=1");
	refuses("-a 127.0.0.1:1 kind=stream nowait /a", "bad name: -a");
	refuses("a 127.0.0.1:65536 kind=stream nowait /a", "bad address");
	refuses("a localhost:1 kind=stream nowait /a", "not an IPv4 address");
	refuses("a 127.0.0.1:1 kind=stream nowait user= /a", "bad user");
}

static void numbers_are_within_their_bounds(void)
{
	reads("a 127.0.0.1:1 kind=stream nowait max=4096 lease=86400 version=4294967295 /a");
	refuses("a 127.0.0.1:1 kind=stream nowait max=4097 /a", "max is");
	refuses("a 127.0.0.1:1 kind=stream nowait max=0 /a", "max is");
	refuses("a 127.0.0.1:1 kind=stream nowait max= /a", "max is");
	refuses("a 127.0.0.1:1 kind=stream nowait max=-1 /a", "max is");
	refuses("a 127.0.0.1:1 kind=stream nowait max=1x /a", "max is");
	refuses("a 127.0.0.1:1 kind=stream nowait lease=86401 /a", "lease is");
	refuses("a 127.0.0.1:1 kind=stream nowait version=4294967296 /a", "version is");
}

static void two_lines_do_not_want_the_same(void)
{
	refuses("a 127.0.0.1:1 kind=stream nowait /a\nb 127.0.0.1:1 kind=stream nowait /b",
		"line 2: listens where line 1 does");
	refuses("a 127.0.0.1:1 kind=stream nowait /a\n\na 127.0.0.1:2 kind=stream nowait /b",
		"line 3: is the service of line 1");
	reads("a 127.0.0.1:0 kind=stream nowait /a\nb 127.0.0.1:0 kind=stream nowait /b");
	reads("a 127.0.0.1:1 kind=stream nowait /a\na 127.0.0.1:1 kind=dgram wait /b");
	reads("a 127.0.0.1:1 kind=stream nowait /a\na 127.0.0.1:2 kind=stream nowait version=2 /b");
}

static void there_are_limits(void)
{
	char text[70 * 64], *at = text;
	char line[1200];
	struct error err;

	for (int i = 0; i < CONFIG_SERVICES + 1; i++)
		at += sprintf(at, "s%d 127.0.0.1:%d kind=stream nowait /a\n", i, i + 1);
	refuses(text, "line 65: too many services");
	at[-1] = '\0';
	*strrchr(text, '\n') = '\0';
	reads(text);
	CHECK_EQ(config.count, CONFIG_SERVICES);

	memset(line, ' ', sizeof(line));
	CHECK(config_read(&config, line, CONFIG_LINE_MOST, &err) == 0, "1023 octets");
	CHECK(config_read(&config, line, CONFIG_LINE_MOST + 1, &err) < 0, "1024 octets");
	CHECK(config_read(&config, "#\0\n", 3, &err) < 0, "a NUL");

	at = line + sprintf(line, "a 127.0.0.1:1 kind=stream nowait /a");
	for (int i = 5; i < CONFIG_WORDS; i++)
		at += sprintf(at, " x");
	reads(line);
	CHECK(!strcmp(config.services[0].words[CONFIG_WORDS - 5], "x"), "the last word");
	sprintf(at, " x");
	refuses(line, "too many words");
}

static void any_octets_are_read_or_refused(void)
{
	static const char *const words[] = { "a", "127.0.0.1:1", "kind=stream", "nowait", "wait",
					     "max=2", "user=x", "/a", "#", "\n", " ", "\t", "=" };
	uint64_t rng = tap_seed();
	struct error err;

	for (int i = 0; i < 20000; i++) {
		char text[400], *at = text;
		char *block;

		for (int k = 0; k < 20; k++)
			at += sprintf(at, "%s%s", words[tap_next(&rng) % 13],
				      tap_next(&rng) % 4 ? " " : "");
		block = malloc(at - text);
		memcpy(block, text, at - text);
		config_read(&config, block, at - text, &err);
		free(block);
	}
}

int main(void)
{
	RUN(a_line_is_understood);
	RUN(what_is_not_said_has_a_default);
	RUN(errors_say_which_line);
	RUN(numbers_are_within_their_bounds);
	RUN(two_lines_do_not_want_the_same);
	RUN(there_are_limits);
	RUN(any_octets_are_read_or_refused);
	return tap_done();
}
