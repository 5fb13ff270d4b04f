// SPDX-License-Identifier: GPL-2.0-only
/* The word of --sched, see schedule.h. Knows nothing of the host. */
#include "schedule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXPECTED "share[:WEIGHT], lottery[:WEIGHT] or credit[:weight=N,cap=PERCENT,burst=30s]"
/* Ten days: longer than anybody saves, and far from the end of 64 bits. */
#define BURST_MAX_NS	(864000ull * 1000000000)
#define CAP_MAX		100000

const char *const schedule_policies[] = { "share", "lottery", "credit", NULL };

static bool read_number(const char *text, size_t length, uint64_t most, uint64_t *value)
{
	*value = 0;
	if (!length || length > 18)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(text[i] - '0');
	}
	return *value <= most;
}

static bool read_time(const char *text, size_t length, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t tail = strlen(units[i].unit);

		if (length > tail && !memcmp(text + length - tail, units[i].unit, tail) &&
		    read_number(text, length - tail, BURST_MAX_NS / units[i].ns, ns)) {
			*ns *= units[i].ns;
			return *ns > 0;
		}
	}
	return false;
}

static int read_weight(const char *text, size_t length, struct schedule *s, struct error *err)
{
	const unsigned int most = s->policy == SCHEDULE_CREDIT ? 65535 : 10000;
	uint64_t value;

	if (!read_number(text, length, most, &value) || !value)
		return error_set(err, EINVAL, "--sched: weight %.*s: 1 to %u was expected",
				 (int)(length > 40 ? 40 : length), text, most);
	s->weight = (unsigned int)value;
	return 0;
}

static int read_setting(const char *key, size_t length, struct schedule *s, struct error *err)
{
	const size_t name = strcspn(key, "=,");
	const char *value = key + name + 1;
	const size_t left = name < length ? length - name - 1 : 0;
	const int shown = (int)(length > 60 ? 60 : length);
	uint64_t number;

	if (name >= length)
		return read_weight(key, length, s, err);
	if (name == 6 && !memcmp(key, "weight", 6))
		return read_weight(value, left, s, err);
	if (s->policy != SCHEDULE_CREDIT)
		return error_set(err, EINVAL, "--sched: %.*s: %s has a weight only: credit has cap "
				 "and burst", shown, key, schedule_policies[s->policy]);
	if (name == 3 && !memcmp(key, "cap", 3)) {
		if (!read_number(value, left, CAP_MAX, &number) || !number)
			return error_set(err, EINVAL, "--sched: %.*s: percent of one CPU were "
					 "expected, 1 to %d", shown, key, CAP_MAX);
		s->cap = (unsigned int)number;
		return 0;
	}
	if (name == 5 && !memcmp(key, "burst", 5)) {
		if (!read_time(value, left, &s->burst_ns))
			return error_set(err, EINVAL, "--sched: %.*s: a time of at most ten days was "
					 "expected, as in 30s or 500ms", shown, key);
		return 0;
	}
	return error_set(err, EINVAL, "--sched: %.*s: no such setting: there are weight, cap and "
			 "burst", shown, key);
}

int schedule_parse(const char *word, struct schedule *s, struct error *err)
{
	const size_t name = strcspn(word, ":");
	const char *at = word + name;
	int ret = 0;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0;; i++) {
		if (!schedule_policies[i])
			return error_set(err, EINVAL, "--sched: %.60s: expected " EXPECTED, word);
		s->policy = (enum schedule_policy)i;
		if (strlen(schedule_policies[i]) == name &&
		    !memcmp(schedule_policies[i], word, name))
			break;
	}
	s->weight = s->policy == SCHEDULE_CREDIT ? 256 : 100;
	/* A colon or comma promises a setting. */
	while (!ret && *at) {
		size_t length = strcspn(at + 1, ",");

		if (!length)
			return error_set(err, EINVAL, "--sched: %.60s: a setting was expected behind "
					 "\"%c\"", word, *at);
		ret = read_setting(at + 1, length, s, err);
		at += 1 + length;
	}
	return ret;
}

void schedule_name(const char *id, char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	/* FNV-1a: two long ids that begin alike are told apart. */
	for (const char *at = id; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
	if (strlen(id) + sizeof("cell.") <= SCHEDULE_NAME)
		snprintf(name, SCHEDULE_NAME, "cell.%s", id);
	else
		snprintf(name, SCHEDULE_NAME, "cell.%.9s-%016llx", id, (unsigned long long)hash);
}
