// SPDX-License-Identifier: GPL-2.0-only
/* Values of options, see verbs.h. */
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

int verb_number(const char *text, unsigned long least, unsigned long most, unsigned long *n,
		struct error *err)
{
	*n = 0;
	for (const char *at = text; *at; at++) {
		if (*at < '0' || *at > '9' || *n > most) {
			*n = most + 1;
			break;
		}
		*n = *n * 10 + (*at - '0');
	}
	if (!*text || *n < least || *n > most) {
		error_set(err, 0, "bad number: %s: %lu to %lu", text, least, most);
		return STATUS_USAGE;
	}
	return 0;
}

int verb_time(const char *text, unsigned int most, unsigned int *ms, struct error *err)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	double value = 0;
	char *end;

	/* Neither sign, space, hexadecimal nor "inf". */
	if (strspn(text, "0123456789.")) {
		value = strtod(text, &end);
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			double all = value * units[i].ms;

			if (strcmp(end, units[i].unit) == 0 && all >= 1 && all <= most) {
				*ms = (unsigned int)all;
				return 0;
			}
		}
	}
	error_set(err, 0, "bad time: %s: 1ms to %us, as 500ms, 1.5s or 2m", text, most / 1000);
	return STATUS_USAGE;
}
