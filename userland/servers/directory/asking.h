/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of the verbs that ask a directory. */
#ifndef VIRTLAB_DIRECTORY_ASKING_H
#define VIRTLAB_DIRECTORY_ASKING_H

#include "client.h"
#include "verbs.h"

/**
 * struct asking - what the command line says
 * @directory: to ask
 * @version: of the service, LEASE_ANY_VERSION: not said
 * @protocol: likewise
 * @timeout_ms: to wait for an answer
 * @address: of the server, zeros: the one asked from
 * @lease_ms: to ask for
 * @token: of the owner, zeros: draw one
 * @seconds: bench: of each part
 * @names: bench: that are looked up
 * @json: print JSON
 */
struct asking {
	struct sockaddr_in directory;
	uint32_t version;
	enum lease_protocol protocol;
	unsigned int timeout_ms;
	uint8_t address[16];
	unsigned int lease_ms;
	uint8_t token[LEASE_TOKEN_LENGTH];
	unsigned int seconds;
	unsigned int names;
	bool json;
};

/* Take the options; optind is the first operand then. 0, or STATUS_USAGE with @err set. */
int asking_parse(struct asking *ask, int argc, char **argv, int operands, struct error *err);

const char *asking_protocol_text(uint8_t protocol);

/* The numbers of STATS, as many as the directory has. Those it has not are 0. */
int asking_counts(const struct asking *ask, uint64_t *counts, struct error *err);

#endif
