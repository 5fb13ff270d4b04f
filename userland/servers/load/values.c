// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, times, addresses and header fields as people write them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "options.h"
#include "schedule.h"

/* Nobody runs it for longer than a day; it keeps all sums of times in range. */
#define TIME_MAX (86400 * NS_PER_S)

int parse_count(const char *text, const char *what, uint64_t least, uint64_t most, uint64_t *value,
		struct error *err)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || *value > most || *value < least)
		return error_set(err, EUSAGE,
				 "%s: %.64s: not a number from %" PRIu64 " to %" PRIu64, what, text,
				 least, most);
	return 0;
}

/*
 * Digits, and perhaps a point and more of them: as a number of 1/@unit. Returns what follows
 * them, or NULL if it is no number or more than @most.
 */
static const char *read_decimal(const char *text, uint64_t unit, uint64_t most, uint64_t *value)
{
	size_t whole = strspn(text, "0123456789"), digits;

	if (!whole || whole > 18)
		return NULL;
	*value = strtoull(text, NULL, 10);
	if (*value > most / unit)
		return NULL;
	*value *= unit;
	text += whole;
	if (*text == '.') {
		digits = strspn(++text, "0123456789");
		if (!digits)
			return NULL;
		for (size_t i = 0; i < digits; i++) {
			unit /= 10;
			*value += unit * (uint64_t)(text[i] - '0');
		}
		text += digits;
	}
	return *value <= most ? text : NULL;
}

static bool read_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", NS_PER_S }, { "s", NS_PER_S }, { "ms", NS_PER_MS }, { "m", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S },
	};
	const char *name = text + strspn(text, "0123456789.");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(name, units[i].name))
			return read_decimal(text, units[i].ns, TIME_MAX, ns) == name;
	return false;
}

/* 10, 1.5s, 500ms, 2m: a plain number is seconds. */
int parse_time(const char *text, const char *what, uint64_t least, uint64_t *ns, struct error *err)
{
	if (read_time(text, ns) && *ns >= least)
		return 0;
	return error_set(err, EUSAGE,
			 "%s: %.64s: not a time%s: write seconds, or 500ms or 2m, 24h at most",
			 what, text, least ? " above 0" : "");
}

/* Requests a second into thousandths of one. */
int parse_rate(const char *text, uint64_t *rate, struct error *err)
{
	const char *end = read_decimal(text, 1000, SCHEDULE_RATE_MAX, rate);

	if (end && !*end && *rate)
		return 0;
	return error_set(err, EUSAGE,
			 "rate: %.64s: not requests a second, from 0.001 to 10000000", text);
}

/* 1/500: a byte every 500 ms. */
int parse_drip(const char *text, size_t *bytes, uint64_t *interval, struct error *err)
{
	uint64_t size = 0, ms = 0;
	const char *end = read_decimal(text, 1, 1 << 20, &size);

	if (end && *end == '/')
		end = read_decimal(end + 1, 1, 3600000, &ms);
	if (!end || *end || !size || !ms || strchr(text, '.'))
		return error_set(err, EUSAGE,
				 "drip: %.64s: not bytes/milliseconds: write 1/500 for a byte "
				 "every half second",
				 text);
	*bytes = (size_t)size;
	*interval = ms * NS_PER_MS;
	return 0;
}

static bool add_source(struct options *options, in_addr_t address)
{
	if (options->source_count == OPTIONS_SOURCES)
		return false;
	options->sources[options->source_count++].s_addr = address;
	return true;
}

/* One address, or as 127.0.0.2-9 several that differ in the last number. */
static bool add_range(struct options *options, char *word)
{
	char *dash = strchr(word, '-'), *end = NULL;
	struct in_addr first;
	unsigned long last;

	if (dash)
		*dash = '\0';
	if (inet_pton(AF_INET, word, &first) != 1)
		return false;
	last = ntohl(first.s_addr) & 0xff;
	if (dash) {
		if (!isdigit((unsigned char)dash[1]))
			return false;
		last = strtoul(dash + 1, &end, 10);
		if (*end || last > 255 || last < (ntohl(first.s_addr) & 0xff))
			return false;
	}
	for (in_addr_t at = ntohl(first.s_addr); (at & 0xff) <= last; at++) {
		if (!add_source(options, htonl(at)))
			return false;
		if ((at & 0xff) == 255)
			break;
	}
	return true;
}

/* 127.0.0.1,127.0.0.4-9 */
int parse_sources(const char *text, struct options *options, struct error *err)
{
	char copy[1024], *rest = copy, *word;
	bool good = strlen(text) < sizeof(copy);

	snprintf(copy, sizeof(copy), "%s", text);
	options->source_count = 0;
	while (good && (word = strsep(&rest, ",")))
		good = add_range(options, word);
	if (good)
		return 0;
	return error_set(err, EUSAGE,
			 "source: %.64s: not up to %d IPv4 addresses: write 127.0.0.2 or "
			 "127.0.0.2-9, with commas between",
			 text, OPTIONS_SOURCES);
}

int parse_pids(const char *text, struct options *options, struct error *err)
{
	const char *at = text;
	char *end;

	do {
		unsigned long pid;

		errno = 0;
		pid = strtoul(at, &end, 10);
		if (!isdigit((unsigned char)at[0]) || errno || !pid || pid > INT_MAX ||
		    (*end && *end != ',') || options->pid_count == OPTIONS_PIDS)
			return error_set(err, EUSAGE,
					 "pid: %.64s: not up to %d process numbers: write 1234 or "
					 "1234,1240",
					 text, OPTIONS_PIDS);
		options->pids[options->pid_count++] = (pid_t)pid;
		at = end + 1;
	} while (*end);
	return 0;
}

/* Fields that load writes itself: another of them would make the request ambiguous. */
static const char *own_field(const char *text, size_t name)
{
	static const char *const own[] = { "Connection", "Content-Length", "Transfer-Encoding" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strlen(own[i]) == name && !strncasecmp(text, own[i], name))
			return own[i];
	return NULL;
}

/* "Name: value": RFC 9112, 5. */
int parse_header(const char *text, struct error *err)
{
	size_t name = strcspn(text, ":");
	const char *own = own_field(text, name);
	bool good = name && text[name] == ':';

	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (i < name)
			good = good && (isalnum(c) || strchr("!#$%&'*+-.^_`|~", c));
		else
			good = good && (c == '\t' || (c >= ' ' && c != 0x7f));
	}
	if (!good)
		return error_set(err, EUSAGE, "header: %.64s: not a field: write 'Name: value'",
				 text);
	if (own)
		return error_set(err, EUSAGE,
				 "header: %s: load sends its own: see --close and --body", own);
	return 0;
}
