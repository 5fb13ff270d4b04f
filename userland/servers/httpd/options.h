/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef VIRTLAB_HTTPD_OPTIONS_H
#define VIRTLAB_HTTPD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* Not an errno: the command line is wrong, so main() ends with status 2. */
#define EUSAGE 4096

#define LISTEN_MOST 16
#define WORKERS_MOST 4096

enum design { DESIGN_SEQUENTIAL, DESIGN_PROCESS, DESIGN_THREAD, DESIGN_EVENT };

/* Where /session keeps what clients put there, see sessions.h. */
enum state_form { STATE_NONE, STATE_SERVER, STATE_CLIENT, STATE_SOFT };

/* The last one is none: there, the kernel tells what is done, not what is ready. */
enum readiness_kind { READINESS_EPOLL, READINESS_POLL, READINESS_SELECT, READINESS_IO_URING };

/**
 * struct options - the command line, complete and sound
 * @design: how the work is organised
 * @state: where /session keeps what clients put there
 * @readiness: event: which system call tells what is ready
 * @per_connection: process, thread: one for each connection, in place of a fixed number
 * @pin: event: each loop has a CPU, and the connections whose packets arrive there
 * @allow_crash: /crash is there
 * @help: print the help and end
 * @workers: processes or threads of the pool, or event loops
 * @helpers: event: threads of each loop for handlers that burn or block
 * @max_connections: 0: as many as there are descriptors for
 * @header_ms: for a request to arrive, from its first octet to its last
 * @idle_ms: for the next request to begin
 * @write_ms: for the client to take anything of an answer
 * @drain_ms: for answers under way, when the server is to end
 * @session_ms: after which a session that is not used is over
 * @lease_ms: state soft: for which a copy is not compared with the file
 * @sessions: as many are kept
 * @session_bytes: memory for what is in them
 * @secret_file: state client
 * @store: state soft: folder of the files
 * @listen: addresses, each "127.0.0.1:8080" or "[::1]:8080"
 * @listen_count: how many
 * @root: folder of the static files
 * @access_log: NULL: none; "-": standard output
 * @user: NULL: stay who we are
 * @pid_file: NULL: none
 * @register_name: by which a directory knows this server; NULL: none does
 * @directory: its address; NULL if there is no name
 */
struct options {
	enum design design;
	enum state_form state;
	enum readiness_kind readiness;
	bool per_connection;
	bool pin;
	bool allow_crash;
	bool help;
	unsigned int workers;
	unsigned int helpers;
	unsigned int max_connections;
	uint32_t header_ms;
	uint32_t idle_ms;
	uint32_t write_ms;
	uint32_t drain_ms;
	uint32_t session_ms;
	uint32_t lease_ms;
	unsigned int sessions;
	unsigned int session_bytes;
	const char *secret_file;
	const char *store;
	const char *listen[LISTEN_MOST];
	unsigned int listen_count;
	const char *root;
	const char *access_log;
	const char *user;
	const char *pid_file;
	const char *register_name;
	const char *directory;
};

/**
 * options_parse() - read the command line
 * @argc: as main() has it
 * @argv: likewise; the options point into it
 * @o: set
 * @err: says which option is wrong, why, and what to do
 *
 * Return: 0 or -EUSAGE.
 */
int options_parse(int argc, char **argv, struct options *o, struct error *err);

#endif
