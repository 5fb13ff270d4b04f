// SPDX-License-Identifier: GPL-2.0-only
/* Sizes, CPUs, volumes and restarts as people write them. Called by options.c and by compose/. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define PERIOD_US	100000

int run_read_size(const char *what, const char *text, int64_t *octets, struct error *err)
{
	static const char units[] = "bkmgt";
	uint64_t value = 0;
	const char *at = text, *unit;
	int shift = 0;

	while (*at >= '0' && *at <= '9' && value < 1ull << 52)
		value = value * 10 + (uint64_t)(*at++ - '0');
	if (at != text && *at) {
		unit = strchr(units, tolower((unsigned char)*at++));
		shift = unit ? 10 * (int)(unit - units) : -1;
		/* "64M", "64MB", "64MiB" are the same to people. */
		if (shift > 0 && (!strcasecmp(at, "b") || !strcasecmp(at, "ib")))
			at = "";
	}
	if (at == text || *at || shift < 0 || !value || value > (uint64_t)INT64_MAX >> shift)
		return error_set(err, EUSAGE, "%s %.40s: expected a size, as in 512m or 1g", what, text);
	*octets = (int64_t)(value << shift);
	return 0;
}

int run_read_cpus(const char *text, int64_t *quota, struct error *err)
{
	uint64_t whole = 0, part = 0, unit = PERIOD_US;
	const char *at = text;

	while (*at >= '0' && *at <= '9' && whole < 100000)
		whole = whole * 10 + (uint64_t)(*at++ - '0');
	if (*at == '.' && at != text)
		for (at++; *at >= '0' && *at <= '9'; at++) {
			unit /= 10;
			part += unit * (uint64_t)(*at - '0');
		}
	*quota = (int64_t)(whole * PERIOD_US + part);
	/* The kernel's least is a millisecond. */
	if (at == text || *at || *quota < 1000 || whole > 4096)
		return error_set(err, EUSAGE, "--cpus %.40s: expected how many, as in 0.5 or 2; at least "
				 "0.01", text);
	return 0;
}

int run_read_restart(const char *text, enum run_restart *restart, unsigned int *most,
		     struct error *err)
{
	static const char *const words[] = { "no", "on-failure", "unless-stopped", "always" };
	const size_t name = strcspn(text, ":");
	char *end;

	*most = 0;
	for (int i = 0; i < 4; i++) {
		if (strlen(words[i]) != name || memcmp(words[i], text, name) != 0)
			continue;
		*restart = (enum run_restart)i;
		if (!text[name])
			return 0;
		*most = (unsigned int)strtoul(text + name + 1, &end, 10);
		if (i == RESTART_ON_FAILURE && isdigit((unsigned char)text[name + 1]) && !*end &&
		    *most && *most < 1000000)
			return 0;
	}
	return error_set(err, EUSAGE, "--restart %.40s: expected no, always, unless-stopped or "
			 "on-failure[:TIMES]", text);
}

static bool is_volume_name(const char *text, size_t length)
{
	if (!length || length > 128 || !isalnum((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
			return false;
	return true;
}

int run_read_volume(const char *word, struct run_volume *v, struct error *err)
{
	const char *colon = strchr(word, ':'), *options;

	*v = (struct run_volume){ .source = word };
	v->source_length = colon ? (size_t)(colon - word) : 0;
	v->destination = colon ? colon + 1 : "";
	v->destination_length = strcspn(v->destination, ":");
	options = v->destination + v->destination_length;
	if (*options)
		options++;
	v->read_only = !strcmp(options, "ro");
	v->named = v->source_length && !memchr(word, '/', v->source_length) && word[0] != '.';
	if (!v->source_length || v->destination[0] != '/' || v->destination_length < 2 ||
	    (*options && !v->read_only && strcmp(options, "rw") != 0) ||
	    (options[-1] == ':' && !*options && v->destination[v->destination_length]))
		return error_set(err, EUSAGE, "-v %.100s: expected FOLDER:/DESTINATION[:ro|rw] or "
				 "VOLUME:/DESTINATION[:ro|rw]", word);
	if (v->named && !is_volume_name(word, v->source_length))
		return error_set(err, EUSAGE, "-v %.100s: a volume's name has letters, digits, _ . -; "
				 "a folder is written with a slash, as in ./%.*s", word,
				 (int)v->source_length, word);
	return 0;
}

int run_read_secret(const char *word, struct run_secret *s, struct error *err)
{
	const char *colon = strstr(word, ":/"), *mode;

	*s = (struct run_secret){ .source = word, .mode = 0444 };
	s->source_length = colon ? (size_t)(colon - word) : 0;
	s->destination = colon ? colon + 1 : "";
	s->destination_length = strcspn(s->destination, ":");
	mode = s->destination + s->destination_length;
	if (*mode && strspn(mode + 1, "01234567") == strlen(mode + 1) && strlen(mode) <= 5)
		s->mode = (unsigned int)strtoul(mode + 1, NULL, 8);
	else if (*mode)
		s->mode = 0;
	if (!s->source_length || s->destination_length < 2 || !s->mode || s->mode > 0777)
		return error_set(err, EUSAGE, "--secret %.100s: expected FILE:/DESTINATION[:MODE], MODE in "
				 "octal, as in 0440", word);
	return 0;
}

static int read_log_files(const char *word, const char *text, unsigned int *files, struct error *err)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || end == text || *end || !value || value > RUN_LOG_FILES)
		return error_set(err, EUSAGE, "--log-opt %.60s: expected max-file=1 to %d", word,
				 RUN_LOG_FILES);
	*files = (unsigned int)value;
	return 0;
}

int run_read_log(const char *word, struct run_log *log, struct error *err)
{
	struct error ignored;
	char part[64];
	int64_t size;

	for (const char *at = word; *at; at += at[strlen(part)] ? strlen(part) + 1 : strlen(part)) {
		int used = snprintf(part, sizeof(part), "%.*s", (int)strcspn(at, ","), at);

		if ((size_t)used >= sizeof(part))
			break;
		if (!strncmp(part, "max-file=", 9)) {
			if (read_log_files(word, part + 9, &log->files, err))
				return -EUSAGE;
			continue;
		}
		if (strncmp(part, "max-size=", 9) != 0)
			return error_set(err, EUSAGE, "--log-opt %.60s: expected max-size=SIZE or "
					 "max-file=N", word);
		if (run_read_size("", part + 9, &size, &ignored) || size < RUN_LOG_LEAST)
			return error_set(err, EUSAGE, "--log-opt %.60s: expected a size of at least %d, as in "
					 "max-size=10m", word, RUN_LOG_LEAST);
		log->most = (uint64_t)size;
	}
	return *word && strlen(word) < sizeof(part) ? 0
		: error_set(err, EUSAGE, "--log-opt %.60s: expected max-size=SIZE or max-file=N", word);
}
