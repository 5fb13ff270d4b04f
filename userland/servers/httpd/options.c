// SPDX-License-Identifier: GPL-2.0-only
/* Reading the command line, see options.h. Every mistake is refused with what to do about it. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "session_table.h"

#define SECONDS_MOST 86400
#define SESSIONS_MOST 1000000
#define SESSION_BYTES_MOST (256 << 20)

enum { OPT_DESIGN = 256, OPT_WORKERS, OPT_PER_CONNECTION, OPT_READINESS, OPT_HELPERS, OPT_PIN,
       OPT_LISTEN, OPT_ROOT, OPT_HEADER, OPT_IDLE, OPT_WRITE, OPT_DRAIN,
       OPT_MAX_CONNECTIONS, OPT_ACCESS_LOG, OPT_USER, OPT_ALLOW_CRASH, OPT_PID_FILE, OPT_REGISTER,
       OPT_DIRECTORY, OPT_STATE, OPT_SECRET_FILE, OPT_STORE, OPT_LEASE,
       OPT_SESSION_TIMEOUT, OPT_SESSIONS, OPT_SESSION_BYTES, OPT_HELP };

static const struct option known[] = {
	{ "design", required_argument, NULL, OPT_DESIGN },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "per-connection", no_argument, NULL, OPT_PER_CONNECTION },
	{ "readiness", required_argument, NULL, OPT_READINESS },
	{ "helpers", required_argument, NULL, OPT_HELPERS },
	{ "pin", no_argument, NULL, OPT_PIN },
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
	{ "register", required_argument, NULL, OPT_REGISTER },
	{ "directory", required_argument, NULL, OPT_DIRECTORY },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "secret-file", required_argument, NULL, OPT_SECRET_FILE },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "lease", required_argument, NULL, OPT_LEASE },
	{ "session-timeout", required_argument, NULL, OPT_SESSION_TIMEOUT },
	{ "sessions", required_argument, NULL, OPT_SESSIONS },
	{ "session-bytes", required_argument, NULL, OPT_SESSION_BYTES },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char *const designs[] = { "sequential", "process", "thread", "event", NULL };
static const char *const states[] = { "server", "client", "soft", NULL };
static const char *const readinesses[] = { "epoll", "poll", "select", "io_uring", NULL };

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

static int take_session(struct options *o, int option, const char *value, struct error *err)
{
	int word = 0, ret = 0;

	switch (option) {
	case OPT_STATE:
		ret = read_word("state", value, states, &word, err);
		o->state = STATE_SERVER + word;
		return ret;
	case OPT_LEASE:
		return read_seconds("lease", value, &o->lease_ms, err);
	case OPT_SESSION_TIMEOUT:
		return read_seconds("session-timeout", value, &o->session_ms, err);
	case OPT_SESSIONS:
		return read_count("sessions", value, SESSIONS_MOST, &o->sessions, err);
	case OPT_SESSION_BYTES:
		return read_count("session-bytes", value, SESSION_BYTES_MOST, &o->session_bytes, err);
	case OPT_SECRET_FILE:
		o->secret_file = value;
		return 0;
	default:
		o->store = value;
		return 0;
	}
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
	case OPT_REGISTER:
		o->register_name = value;
		return 0;
	case OPT_DIRECTORY:
		o->directory = value;
		return 0;
	case OPT_PER_CONNECTION:
		o->per_connection = true;
		return 0;
	case OPT_ALLOW_CRASH:
		o->allow_crash = true;
		return 0;
	case OPT_PIN:
		o->pin = true;
		return 0;
	case OPT_STATE ... OPT_SESSION_BYTES:
		return take_session(o, option, value, err);
	default:
		o->help = true;
		return 0;
	}
}

/* What of /session does not go together, and what was left to us. */
static int complete_session(struct options *o, struct error *err)
{
	bool any = o->lease_ms || o->session_ms || o->sessions || o->session_bytes;

	if (o->state == STATE_NONE && (any || o->secret_file || o->store))
		return error_set(err, EUSAGE,
				 "--state: is missing: server, client or soft: what is said about "
				 "sessions is for one of them");
	if (o->state == STATE_CLIENT && !o->secret_file)
		return error_set(err, EUSAGE, "--secret-file: is missing: --state client needs one; "
				 "if there is no such file, it is made");
	if (o->state == STATE_SOFT && !o->store)
		return error_set(err, EUSAGE, "--store: is missing: --state soft needs a folder");
	if (o->state != STATE_CLIENT && o->secret_file)
		return error_set(err, EUSAGE, "--secret-file: is for --state client");
	if (o->state != STATE_SOFT && (o->store || o->lease_ms))
		return error_set(err, EUSAGE, "--store, --lease: are for --state soft");
	if (o->state == STATE_CLIENT && (o->sessions || o->session_bytes))
		return error_set(err, EUSAGE,
				 "--sessions, --session-bytes: --state client keeps none");
	if (o->session_bytes && o->session_bytes < SESSION_TABLE_LEAST)
		return error_set(err, EUSAGE, "--session-bytes: %u: at least %d", o->session_bytes,
				 SESSION_TABLE_LEAST);
	if (o->state != STATE_SERVER && o->session_ms % 1000)
		return error_set(err, EUSAGE,
				 "--session-timeout: whole seconds, but for --state server");
	if (!o->sessions)
		o->sessions = 10000;
	if (!o->session_bytes)
		o->session_bytes = 16 << 20;
	if (!o->session_ms)
		o->session_ms = 1800 * 1000;
	if (o->lease_ms > o->session_ms / 2)
		return error_set(err, EUSAGE,
				 "--lease: more than half of --session-timeout: a session in use "
				 "would look idle");
	if (!o->lease_ms)
		o->lease_ms = o->session_ms < 10000 ? o->session_ms / 2 : 5000;
	return 0;
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
	if (o->design != DESIGN_EVENT && o->pin)
		return error_set(err, EUSAGE, "--pin: is for --design event");
	if (o->design != DESIGN_EVENT && o->readiness != READINESS_EPOLL)
		return error_set(err, EUSAGE, "--readiness: is for --design event");
	if (o->directory && !o->register_name)
		return error_set(err, EUSAGE, "--directory: is for --register NAME");
	if (o->register_name && !o->directory)
		o->directory = "127.0.0.1:4111";
	if (!o->workers)
		o->workers = pools ? 64 : 1;
	if (!o->listen_count)
		o->listen[o->listen_count++] = "127.0.0.1:8080";
	return complete_session(o, err);
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
