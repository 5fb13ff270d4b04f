// SPDX-License-Identifier: GPL-2.0-only
/* The command line, option by option, with an error that helps. */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "search.h"

enum {
	OPT_BODY = 256, OPT_CHECK, OPT_CLOSE, OPT_CONNECTIONS, OPT_CSV, OPT_DRIP, OPT_DRIP_IN,
	OPT_DURATION, OPT_EXPECT, OPT_HEADER, OPT_HELP, OPT_IDLE, OPT_IDLE_AFTER, OPT_JSON,
	OPT_METHOD, OPT_PER_CLIENT, OPT_PID, OPT_PIDS_OF, OPT_PIN, OPT_RATE, OPT_REQUESTS, OPT_SLOW,
	OPT_SLOW_READ, OPT_SOURCE, OPT_THREADS, OPT_TIMEOUT, OPT_VERSION, OPT_WARMUP,
};

static const struct option table[] = {
	{ "body", required_argument, NULL, OPT_BODY },
	{ "check", required_argument, NULL, OPT_CHECK },
	{ "close", no_argument, NULL, OPT_CLOSE },
	{ "connections", required_argument, NULL, OPT_CONNECTIONS },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "drip", required_argument, NULL, OPT_DRIP },
	{ "drip-in", required_argument, NULL, OPT_DRIP_IN },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "header", required_argument, NULL, OPT_HEADER },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "idle-after-request", no_argument, NULL, OPT_IDLE_AFTER },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "method", required_argument, NULL, OPT_METHOD },
	{ "per-client", no_argument, NULL, OPT_PER_CLIENT },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "pids-of", required_argument, NULL, OPT_PIDS_OF },
	{ "pin", no_argument, NULL, OPT_PIN },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "requests", required_argument, NULL, OPT_REQUESTS },
	{ "slow", required_argument, NULL, OPT_SLOW },
	{ "slow-read", required_argument, NULL, OPT_SLOW_READ },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "warmup", required_argument, NULL, OPT_WARMUP },
	{ NULL, 0, NULL, 0 },
};

static int set_number(const char *what, uint64_t least, uint64_t most, unsigned int *to,
		      struct error *err)
{
	uint64_t value;
	int ret = parse_count(optarg, what, least, most, &value, err);

	if (!ret)
		*to = (unsigned int)value;
	return ret;
}

static int set_body(struct options *o, struct error *err)
{
	uint64_t size;
	int ret;

	o->body_file = NULL;
	o->body = 0;
	if (optarg[0] == '@') {
		if (!optarg[1])
			return error_set(err, EUSAGE, "body: @: the file's name is missing");
		o->body_file = optarg + 1;
		return 0;
	}
	ret = parse_count(optarg, "body", 0, OPTIONS_BODY_MAX, &size, err);
	if (ret)
		return error_set(err, EUSAGE,
				 "body: %.64s: give a number of bytes up to %u, or @FILE", optarg,
				 OPTIONS_BODY_MAX);
	o->body = (size_t)size;
	return 0;
}

static int set_method(struct options *o, struct error *err)
{
	size_t size = strlen(optarg);

	for (size_t i = 0; i < size; i++)
		if (!isupper((unsigned char)optarg[i]))
			size = 0;
	if (!size || size > 16 || !strcmp(optarg, "CONNECT"))
		return error_set(err, EUSAGE,
				 "method: %.32s: not a method: write GET, HEAD, POST, PUT", optarg);
	o->method = optarg;
	return 0;
}

static int set_drip_in(struct options *o, struct error *err)
{
	if (!strcmp(optarg, "head"))
		o->drip = DRIP_HEAD;
	else if (!strcmp(optarg, "body"))
		o->drip = DRIP_BODY;
	else
		return error_set(err, EUSAGE, "drip-in: %.32s: give head or body", optarg);
	return 0;
}

/* 1000, or for those who like the unit, 1000/s. */
static int set_read_rate(struct options *o, struct error *err)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(optarg, "/"), optarg);
	if ((strchr(optarg, '/') && strcmp(strchr(optarg, '/'), "/s") != 0) ||
	    parse_count(digits, "slow-read", 10, 640000, &o->read_rate, err))
		return error_set(err, EUSAGE,
				 "slow-read: %.64s: not bytes a second, from 10 to 640000", optarg);
	return 0;
}

static int set_check(struct options *o, struct error *err)
{
	if (!*optarg || strlen(optarg) > SEARCH_MAX)
		return error_set(err, EUSAGE, "check: the text has to have 1 to %d bytes",
				 SEARCH_MAX);
	o->check = optarg;
	return 0;
}

static int set_header(struct options *o, struct error *err)
{
	if (o->header_count == OPTIONS_HEADERS)
		return error_set(err, EUSAGE, "header: %.32s: more than %d of them", optarg,
				 OPTIONS_HEADERS);
	o->headers[o->header_count++] = optarg;
	return parse_header(optarg, err);
}

static int set_option(struct options *o, int option, struct error *err)
{
	switch (option) {
	case OPT_BODY:
		return set_body(o, err);
	case OPT_CHECK:
		return set_check(o, err);
	case OPT_CLOSE:
		o->close = true;
		return 0;
	case OPT_CONNECTIONS:
		return set_number("connections", 1, OPTIONS_CONNECTIONS, &o->connections, err);
	case OPT_CSV:
		o->csv = optarg;
		return 0;
	case OPT_DRIP:
		if (!o->drip)
			o->drip = DRIP_HEAD;
		return parse_drip(optarg, &o->drip_bytes, &o->drip_interval, err);
	case OPT_DRIP_IN:
		return set_drip_in(o, err);
	case OPT_DURATION:
		o->timed = true;
		return parse_time(optarg, "duration", 1, &o->duration, err);
	case OPT_EXPECT:
		return set_number("expect", 200, 599, &o->expect, err);
	case OPT_HEADER:
		return set_header(o, err);
	case OPT_HELP:
		o->help = true;
		return 0;
	case OPT_IDLE:
		return set_number("idle", 0, OPTIONS_CONNECTIONS, &o->idle, err);
	case OPT_IDLE_AFTER:
		o->idle_after_request = true;
		return 0;
	case OPT_JSON:
		o->json = optarg;
		return 0;
	case OPT_METHOD:
		return set_method(o, err);
	case OPT_PER_CLIENT:
		o->per_client = true;
		return 0;
	case OPT_PID:
		return parse_pids(optarg, o, err);
	case OPT_PIDS_OF:
		o->pids_of = optarg;
		return 0;
	case OPT_PIN:
		o->pin = true;
		return 0;
	case OPT_RATE:
		return parse_rate(optarg, &o->rate, err);
	case OPT_REQUESTS:
		return parse_count(optarg, "requests", 1, 1ull << 40, &o->requests, err);
	case OPT_SLOW:
		return set_number("slow", 1, OPTIONS_CONNECTIONS, &o->slow, err);
	case OPT_SLOW_READ:
		return set_read_rate(o, err);
	case OPT_SOURCE:
		return parse_sources(optarg, o, err);
	case OPT_THREADS:
		return set_number("threads", 1, OPTIONS_THREADS, &o->threads, err);
	case OPT_TIMEOUT:
		return parse_time(optarg, "timeout", 1, &o->timeout, err);
	case OPT_VERSION:
		o->version = true;
		return 0;
	default:
		return parse_time(optarg, "warmup", 0, &o->warmup, err);
	}
}

/* What getopt_long() did not take, in words. */
static int refuse(char **argv, int option, struct error *err)
{
	const char *given = argv[optind - 1];

	if (option == ':')
		return error_set(err, EUSAGE, "%.64s: its value is missing", given);
	if (optopt > 255)
		return error_set(err, EUSAGE, "%.*s: takes no value", (int)strcspn(given, "="),
				 given);
	if (optopt)
		return error_set(err, EUSAGE, "-%c: no such option: see load --help", optopt);
	return error_set(err, EUSAGE, "%.*s: no such option, or short for several: see load --help",
			 (int)strcspn(given, "="), given);
}

/* Each option is good; are they together? */
static int judge(const struct options *o, struct error *err)
{
	if (o->threads > o->connections)
		return error_set(err, EUSAGE,
				 "threads: %u: more than connections (%u): some would have none",
				 o->threads, o->connections);
	if (o->idle_after_request && !o->idle)
		return error_set(err, EUSAGE,
				 "idle-after-request: how many are idle? Give --idle N");
	if (o->drip && !o->drip_bytes)
		return error_set(err, EUSAGE, "drip-in: how fast does it drip? Give --drip 1/500");
	if (o->requests && o->warmup)
		return error_set(err, EUSAGE,
				 "warmup: with --requests every request counts: give --duration");
	if (o->check && !strcmp(o->method, "HEAD"))
		return error_set(err, EUSAGE, "check: an answer to HEAD has no body");
	if (o->pid_count && o->pids_of)
		return error_set(err, EUSAGE, "pids-of: give --pid or --pids-of, not both");
	return 0;
}

/* Dripping and slowly reading clients together. */
unsigned int options_slow_clients(const struct options *o)
{
	return o->slow * ((o->drip != DRIP_NONE) + (o->read_rate != 0));
}

/* Returns 0 or a negative error; with --help or --version nothing else is looked at. */
int options_parse(int argc, char **argv, struct options *o, struct error *err)
{
	int option, ret;

	*o = (struct options){
		.connections = 10,
		.threads = 1,
		.duration = 10 * NS_PER_S,
		.timeout = 10 * NS_PER_S,
		.slow = 10,
	};
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (option == '?' || option == ':')
			return refuse(argv, option, err);
		ret = set_option(o, option, err);
		if (ret || o->help || o->version)
			return ret;
	}
	if (!o->requests)
		o->timed = true;
	if (!o->method)
		o->method = o->body || o->body_file ? "POST" : "GET";
	if (optind == argc)
		return error_set(err, EUSAGE, "no URL given: load http://127.0.0.1:8080/");
	if (optind + 1 < argc)
		return error_set(err, EUSAGE, "%.64s: one URL is enough", argv[optind + 1]);
	ret = url_parse(argv[optind], o, err);
	return ret ? ret : judge(o, err);
}
