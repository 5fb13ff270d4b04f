/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line says. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define OPTIONS_HEADERS 64
#define OPTIONS_SOURCES 64
#define OPTIONS_PIDS 64
#define OPTIONS_THREADS 64
#define OPTIONS_CONNECTIONS 1000000
#define OPTIONS_BODY_MAX (64u << 20)

/* Not an errno: the command line is wrong, so main() ends with status 2. */
#define EUSAGE 4096

/* What slow clients are slow in. */
enum drip { DRIP_NONE, DRIP_HEAD, DRIP_BODY };

/**
 * struct options - what to do
 * @url: as given
 * @server: where it is
 * @authority: host and port, for the Host field
 * @target: path and query
 * @connections, @threads: how many
 * @duration, @warmup, @timeout: in ns
 * @requests: send so many and stop; 0: no limit
 * @timed: --duration was given, or --requests was not
 * @rate: open loop, thousandths of a request a second; 0: closed loop
 * @close: one request a connection
 * @idle, @idle_after_request: connections to hold besides, and whether each asks once
 * @slow: how many dripping and how many slowly reading clients
 * @drip, @drip_bytes, @drip_interval: bytes each interval, in ns
 * @read_rate: bytes a second of slow readers; 0: there are none
 * @sources, @source_count: addresses to connect from; none: the kernel's choice
 * @method, @headers, @body, @body_file: the request
 * @check, @expect: what its answer has to be; expect 0: 2xx
 * @pids, @pid_count, @pids_of: the server's processes
 * @json, @csv: files to write
 * @per_client: list each client's count in JSON
 * @pin: each thread stays on a CPU
 */
struct options {
	const char *url;
	struct sockaddr_in server;
	char authority[32];
	const char *target;
	unsigned int connections, threads;
	uint64_t duration, warmup, timeout;
	uint64_t requests;
	bool timed;
	uint64_t rate;
	bool close;
	unsigned int idle;
	bool idle_after_request;
	unsigned int slow;
	enum drip drip;
	size_t drip_bytes;
	uint64_t drip_interval;
	uint64_t read_rate;
	struct in_addr sources[OPTIONS_SOURCES];
	unsigned int source_count;
	const char *method;
	const char *headers[OPTIONS_HEADERS];
	unsigned int header_count;
	size_t body;
	const char *body_file;
	const char *check;
	unsigned int expect;
	pid_t pids[OPTIONS_PIDS];
	unsigned int pid_count;
	const char *pids_of;
	const char *json, *csv;
	bool per_client;
	bool pin;
	bool help, version;
};

int options_parse(int argc, char **argv, struct options *options, struct error *err);
unsigned int options_slow_clients(const struct options *options);

/* url.c */
int url_parse(const char *url, struct options *options, struct error *err);

/* values.c */
int parse_count(const char *text, const char *what, uint64_t least, uint64_t most, uint64_t *value,
		struct error *err);
int parse_time(const char *text, const char *what, uint64_t least, uint64_t *ns,
	       struct error *err);
int parse_rate(const char *text, uint64_t *rate, struct error *err);
int parse_drip(const char *text, size_t *bytes, uint64_t *interval, struct error *err);
int parse_sources(const char *text, struct options *options, struct error *err);
int parse_pids(const char *text, struct options *options, struct error *err);
int parse_header(const char *text, struct error *err);

#endif
