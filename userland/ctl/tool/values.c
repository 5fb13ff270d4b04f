// SPDX-License-Identifier: GPL-2.0-only
/* Numbers and durations as people write them, and back; text for JSON. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "values.h"

/* Longest time anybody may ask for: a year. It keeps all products below 2^63. */
#define NS_MAX (366ull * 86400 * 1000000000)

int parse_number(const char *text, const char *what, uint64_t most, uint64_t *value,
		 struct error *err)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || *value > most)
		return error_set(err, EUSAGE, "%s: %.64s: not a number from 0 to %" PRIu64, what,
				 text, most);
	return 0;
}

/* ns of one of what @unit names, or 0. */
static uint64_t unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60 * 1000000000ull },
		{ "h", 3600 * 1000000000ull },
		{ "d", 86400 * 1000000000ull },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	return 0;
}

/*
 * Digits, perhaps a point and more of them, and a unit, for which @plain stands in.
 * Returns false if it is not that, or more than NS_MAX.
 */
static bool read_duration(const char *text, const char *plain, uint64_t *ns)
{
	size_t whole = strspn(text, "0123456789"), end = whole, digits = 0;
	uint64_t unit, part;

	if (!whole || whole > 18)
		return false;
	if (text[end] == '.') {
		digits = strspn(text + end + 1, "0123456789");
		end += 1 + digits;
		if (!digits)
			return false;
	}
	unit = unit_ns(text[end] ? text + end : plain);
	*ns = strtoull(text, NULL, 10);
	if (!unit || *ns > NS_MAX / unit)
		return false;
	*ns *= unit;
	part = unit;
	for (size_t i = 0; i < digits; i++) {
		part /= 10;
		*ns += part * (uint64_t)(text[whole + 1 + i] - '0');
	}
	return true;
}

/* 30ms, 5s, 1.5s, 2h; a unit is needed, so that nobody has to guess it. */
int parse_duration(const char *text, const char *what, uint64_t *ns, struct error *err)
{
	if (read_duration(text, "", ns))
		return 0;
	return error_set(err, EUSAGE, "%s: %.64s: not a time: write 30ms, 5s or 2h", what, text);
}

/* The same, but a plain number is seconds. 0 is none. */
int parse_seconds(const char *text, const char *what, uint64_t *ns, struct error *err)
{
	if (read_duration(text, "s", ns) && *ns)
		return 0;
	return error_set(err, EUSAGE, "%s: %.64s: not a time: write seconds, or 200ms or 5m", what,
			 text);
}

/* In the largest unit that leaves something before the point. */
void format_duration(char *text, size_t size, int64_t ns)
{
	double n = ns, size_of = n < 0 ? -n : n;

	if (!ns)
		snprintf(text, size, "0");
	else if (size_of >= 3600e9)
		snprintf(text, size, "%.2fh", n / 3600e9);
	else if (size_of >= 1e9)
		snprintf(text, size, "%.3fs", n / 1e9);
	else if (size_of >= 1e6)
		snprintf(text, size, "%.3fms", n / 1e6);
	else
		snprintf(text, size, "%.3fus", n / 1e3);
}

/* As one would write it: 30ms, 4.8h. */
void format_short(char *text, size_t size, uint64_t ns)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { 3600e9, "h" }, { 60e9, "m" }, { 1e9, "s" },
		      { 1e6, "ms" },   { 1e3, "us" }, { 1, "ns" } };
	size_t i = 0;

	while (i < 5 && ns < units[i].ns)
		i++;
	snprintf(text, size, "%g%s", ns / units[i].ns, units[i].name);
}

/* Quotes included. Names are visible ASCII, but a recording may come from anywhere. */
void print_json_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}
