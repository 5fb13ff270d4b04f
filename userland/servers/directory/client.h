/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For programs that use a directory. A server keeps itself registered from its own loop:
 *
 *	directory_client_open(&c, &directory, &service, &err);
 *	for (;;) {
 *		poll(... directory_client_fd(&c) ..., directory_client_due(&c) - now);
 *		directory_client_service(&c, now);
 *		...
 *	}
 *	directory_client_close(&c);
 *
 * Nothing here ever waits. What it does, with the lease L:
 *
 *	    open                  grant                     every L/3
 *	  --------> REGISTERING ---------> HELD --------> RENEWING
 *	                ^                   ^                | |
 *	                |                   +----- grant ----+ |
 *	                +-- "gone": it came back with nothing --+
 *
 * No answer: the message is sent again, after 1/32 of L, then twice that, up to L/3, for ever.
 * So a directory that was away is told within L/3, plus jitter: all servers notice at the same
 * time that it is back, and must not all come in the same millisecond.
 *
 * And whoever looks for a server calls directory_lookup(), which waits for the answer.
 */
#ifndef VIRTLAB_DIRECTORY_CLIENT_H
#define VIRTLAB_DIRECTORY_CLIENT_H

#include <netinet/in.h>

#include "error.h"
#include "protocol.h"

#define DIRECTORY_CLIENT_LEASE_MS 10000

enum directory_client_state {
	DIRECTORY_REGISTERING,
	DIRECTORY_HELD,
	DIRECTORY_RENEWING,
};

/**
 * struct directory_client - a registration that is kept
 * @fd: UDP socket, connected to the directory
 * @state: see the picture
 * @claim: what is registered; its stamp is that of the last message
 * @lease: milliseconds: what was granted, before that what is asked for
 * @id: of the request that waits for an answer
 * @tries: how often it was sent
 * @due: milliseconds, when to send next
 * @random: state of the jitter
 * @status: why the directory refused the last request; PROTOCOL_OK: it did not
 * @registrations: how often it was registered anew
 */
struct directory_client {
	int fd;
	enum directory_client_state state;
	struct lease_claim claim;
	uint32_t lease;
	uint64_t id;
	unsigned int tries;
	uint64_t due;
	uint64_t random;
	enum protocol_status status;
	unsigned int registrations;
};

/* Set @name; false if it is not one. */
bool directory_name(struct lease_name *name, const char *text);

/**
 * directory_client_open() - begin to keep a registration
 * @c: the caller's
 * @directory: where it is
 * @service: name, version, end and lease. Address :: is the one it is sent from. A token of
 *	zeros is replaced by one drawn at random. Processes that share a port share a token.
 *	A lease of 0 is DIRECTORY_CLIENT_LEASE_MS.
 * @err: why not
 *
 * It is no error if no directory is there yet.
 */
int directory_client_open(struct directory_client *c, const struct sockaddr_in *directory,
			  const struct lease_claim *service, struct error *err);

/* The descriptor to wait on for input. */
int directory_client_fd(const struct directory_client *c);

/* When to call directory_client_service() at the latest, CLOCK_MONOTONIC in milliseconds. */
uint64_t directory_client_due(const struct directory_client *c);

/* Take answers, send what is due. */
void directory_client_service(struct directory_client *c, uint64_t now);

/* The lease is held, as far as one knows. */
bool directory_client_held(const struct directory_client *c);

/* Unregister, without waiting for an answer: the lease would end anyhow. */
void directory_client_close(struct directory_client *c);

/* Close it in a child that is not the server: nothing is sent. */
void directory_client_forget(struct directory_client *c);

uint64_t directory_clock_ms(void);

/* A stamp from the clock of the host: above all earlier ones, unless it was set back. */
uint64_t directory_stamp(void);

/**
 * directory_ask() - one question and its answer, over UDP, and over TCP if it does not fit
 * @directory: where to ask
 * @q: the question; its id is set
 * @timeout_ms: in all
 * @buffer: PROTOCOL_MESSAGE_MOST octets
 * @a: the answer, which points into @buffer
 * @err: why not
 */
int directory_ask(const struct sockaddr_in *directory, struct protocol_question *q,
		  unsigned int timeout_ms, uint8_t *buffer, struct protocol_answer *a,
		  struct error *err);

/* Connect for directory_ask_stream(). Returns the socket, or -errno. */
int directory_connect(const struct sockaddr_in *directory, unsigned int timeout_ms,
		      struct error *err);

/* The same over a connection, which can be used again. */
int directory_ask_stream(int fd, struct protocol_question *q, uint8_t *buffer,
			 struct protocol_answer *a, struct error *err);

/**
 * directory_lookup() - where a name is served
 * @directory: where to ask
 * @name: wanted
 * @version: wanted, or LEASE_ANY_VERSION
 * @protocol: wanted, or LEASE_ANY_PROTOCOL
 * @timeout_ms: in all
 * @found: room for @room
 * @room: at least 1
 * @err: why not
 *
 * The first one found is another at each lookup.
 *
 * Return: how many were found, 0 if there is none, or -errno.
 */
int directory_lookup(const struct sockaddr_in *directory, const char *name, uint32_t version,
		     enum lease_protocol protocol, unsigned int timeout_ms,
		     struct lease_found *found, size_t room, struct error *err);

#endif
