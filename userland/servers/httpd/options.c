// SPDX-License-Identifier: GPL-2.0-only
/* Reading the command line, see options.h. Every mistake is refused with what to do about it. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_MOST 86400

enum { OPT_DESIGN = 256, OPT_WORKERS, OPT_PER_CONNECTION, OPT_READINESS, OPT_HELPERS, OPT_LISTEN,
       OPT_ROOT, OPT_HEADER, OPT_IDLE, OPT_WRITE, OPT_DRAIN, OPT_MAX_CONNECTIONS, OPT_ACCESS_LOG,
       OPT_USER, OPT_ALLOW_CRASH, OPT_PID_FILE, OPT_HELP };

static const struct option known[] = {
	{ "design", required_argument, NULL, OPT_DESIGN },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "per-connection", no_argument, NULL, OPT_PER_CONNECTION },
	{ "readiness", required_argument, NULL, OPT_READINESS },
	{ "helpers", required_argument, NULL, OPT_HELPERS },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "header-timeout", required_argument, NULL, OPT_HEADER },
	{ "idle-timeout", required_argument, NULL, OPT_IDLE },
	{ "write-timeout", required_argument, NULL, OPT_WRITE },
	{ "drain-timeout", required_argument, NULL, OPT_DRAIN },
	{ "max-connections", required_argument, NULL, OPT_MAX_CONNECTIONS },
	{ "access-log", required_argument, NULL, OPT_ACCESS_LOG },
	{ "user", required_argument, NULL, OPT_USER },
	{ "allow-crash", no_argument, NULL, OPT_ALLOW_CRASH },
	{ "pid-file", required_argument, NULL, OPT_PID_FILE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char *const designs[] = { "sequential", "process", "thread", "event", NULL };
static const char *const readinesses[] = { "epoll", "poll", "select", NULL };

/* Digits, 1 to @most, and nothing else. */
static int read_count(const char *what, const char *text, unsigned int most, unsigned int *value,
		      struct error *err)
{
	unsigned int n = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9' && n <= most; at++)
		n = n * 10 + (*at - '0');
	if (at == text || *at || n < 1 || n > most)
		return error_set(err, EUSAGE, "--%s: %.64s: not a number from 1 to %u", what, text,
				 most);
	*value = n;
	return 0;
}

/* Seconds, with up to three digits behind a point: "10", "0.25". */
static int read_seconds(const char *what, const char *text, uint32_t *ms, struct error *err)
{
	uint32_t n = 0, scale = 1000;
	const char *at = text;

	while (*at >= '0' && *at <= '9' && n <= SECONDS_MOST)
		n = n * 10 + (*at++ - '0');
	n *= 1000;
	if (at != text && *at == '.')
		for (at++; *at >= '0' && *at <= '9' && scale > 1; at++)
			n += (*at - '0') * (scale /= 10);
	if (at == text || *at || !n || n > SECONDS_MOST * 1000u)
		return error_set(err, EUSAGE,
				 "--%s: %.64s: not a time: seconds, such as 10 or 0.5, at most %d",
				 what, text, SECONDS_MOST);
	*ms = n;
	return 0;
}

static int read_word(const char *what, const char *text, const char *const *words, int *value,
		     struct error *err)
{
	char all[64] = "";

	for (int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*value = i;
			return 0;
		}
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
			 words[i]);
	}
	return error_set(err, EUSAGE, "--%s: %.64s: there is only %s", what, text, all);
}

static int add_listen(struct options *o, const char *address, struct error *err)
{
	if (o->listen_count == LISTEN_MOST)
		return error_set(err, EUSAGE, "--listen: more than %d addresses", LISTEN_MOST);
	o->listen[o->listen_count++] = address;
	return 0;
}

static int take(struct options *o, int option, char *value, struct error *err)
{
	int word = 0, ret = 0;

	switch (option) {
	case OPT_DESIGN:
		ret = read_word("design", value, designs, &word, err);
		o->design = word;
		return ret;
	case OPT_READINESS:
		ret = read_word("readiness", value, readinesses, &word, err);
		o->readiness = word;
		return ret;
	case OPT_WORKERS:
		return read_count("workers", value, WORKERS_MOST, &o->workers, err);
	case OPT_HELPERS:
		return read_count("helpers", value, WORKERS_MOST, &o->helpers, err);
	case OPT_MAX_CONNECTIONS:
		return read_count("max-connections", value, 1000000, &o->max_connections, err);
	case OPT_HEADER:
		return read_seconds("header-timeout", value, &o->header_ms, err);
	case OPT_IDLE:
		return read_seconds("idle-timeout", value, &o->idle_ms, err);
	case OPT_WRITE:
		return read_seconds("write-timeout", value, &o->write_ms, err);
	case OPT_DRAIN:
		return read_seconds("drain-timeout", value, &o->drain_ms, err);
	case OPT_LISTEN:
		return add_listen(o, value, err);
	case OPT_ROOT:
		o->root = value;
		return 0;
	case OPT_ACCESS_LOG:
		o->access_log = value;
		return 0;
	case OPT_USER:
		o->user = value;
		return 0;
	case OPT_PID_FILE:
		o->pid_file = value;
		return 0;
	case OPT_PER_CONNECTION:
		o->per_connection = true;
		return 0;
	case OPT_ALLOW_CRASH:
		o->allow_crash = true;
		return 0;
	default:
		o->help = true;
		return 0;
	}
}

/* What does not go together, and what was left to us. */
static int complete(struct options *o, struct error *err)
{
	bool pools = o->design == DESIGN_PROCESS || o->design == DESIGN_THREAD;

	if (o->per_connection && !pools)
		return error_set(err, EUSAGE,
				 "--per-connection: is for --design process and --design thread");
	if (o->per_connection && o->workers)
		return error_set(err, EUSAGE, "--per-connection: leaves nothing for --workers");
	if (o->design == DESIGN_SEQUENTIAL && o->workers > 1)
		return error_set(err, EUSAGE, "--workers: --design sequential has one");
	if (o->design != DESIGN_EVENT && o->helpers)
		return error_set(err, EUSAGE, "--helpers: is for --design event");
	if (o->design != DESIGN_EVENT && o->readiness != READINESS_EPOLL)
		return error_set(err, EUSAGE, "--readiness: is for --design event");
	if (!o->workers)
		o->workers = pools ? 64 : 1;
	if (!o->listen_count)
		o->listen[o->listen_count++] = "127.0.0.1:8080";
	return 0;
}

int options_parse(int argc, char **argv, struct options *o, struct error *err)
{
	int option, ret;

	*o = (struct options){
		.design = DESIGN_EVENT,
		.header_ms = 10000,
		.idle_ms = 60000,
		.write_ms = 30000,
		.drain_ms = 30000,
		.root = ".",
	};
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		if (option == ':')
			return error_set(err, EUSAGE, "%.64s: its value is missing",
					 argv[optind - 1]);
		if (option == '?')
			return error_set(err, EUSAGE, "%.64s: no such option: see httpd --help",
					 argv[optind - 1]);
		ret = take(o, option, optarg, err);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return error_set(err, EUSAGE, "%.64s: not an option: see httpd --help",
				 argv[optind]);
	return complete(o, err);
}
