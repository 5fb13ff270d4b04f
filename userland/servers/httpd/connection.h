/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection, from accept to close: the same for all four designs, and the only place that
 * knows HTTP. A design decides who calls, and when; each call makes at most one system call
 * on the socket, and says what the connection wants next:
 *
 *	                    request complete                 it takes long
 *	 accept ──▶ READS ───────────────────▶ WRITES ◀──────────────────── WORKS
 *	              ▲  ╲                      │  │                          ▲
 *	              │   ╲ end, error, late    │  │ close                    │
 *	              │    ▼                    │  ▼                          │
 *	              │    ENDS ◀───────────────┼─ (half-close, READS the rest)
 *	              └─────────────────────────┘                             │
 *	              └───────────────────────────────────────────────────────┘
 *
 *	READS	connection_receive() when there may be something to receive
 *	WRITES	connection_send() when there may be room to send
 *	WORKS	connection_work(), which burns or blocks, and touches nothing but the connection
 *	ENDS	connection_close()
 *
 * On a blocking socket one may call at once, and the call waits. On a non-blocking one, a call
 * that comes too early changes nothing, and clears @readable or @writable.
 *
 * When @deadline has passed, connection_expire() says how it goes on.
 */
#ifndef VIRTLAB_HTTPD_CONNECTION_H
#define VIRTLAB_HTTPD_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct exchange;
struct worker;

enum connection_wants {
	CONNECTION_READS,
	CONNECTION_WRITES,
	CONNECTION_WORKS,
	CONNECTION_ENDS,
};

/**
 * enum phase - what the deadline is for
 * @PHASE_IDLE: no octet of the next request is here
 * @PHASE_REQUEST: some are, not all
 * @PHASE_WORK: it is being worked on; there is no deadline
 * @PHASE_ANSWER: answers are being sent
 * @PHASE_HALF_CLOSE: all are sent, which the client is to be told
 * @PHASE_LINGER: and what it still sends is thrown away, lest a reset destroy the answer
 *	before it was read (RFC 9112 9.6)
 */
enum phase { PHASE_IDLE, PHASE_REQUEST, PHASE_WORK, PHASE_ANSWER, PHASE_HALF_CLOSE, PHASE_LINGER };

/**
 * struct connection - one
 * @worker: whose thread serves it
 * @exchange: requests in flight; NULL when idle
 * @deadline: ms of the worker's clock; INT64_MAX: none
 * @fd: the socket; -1: closed
 * @queued: octets the kernel still held for the client when @deadline was over last
 * @phase: enum phase
 * @readable: the last receive did not empty the socket, as far as one can tell
 * @writable: the last send was not cut short
 * @closing: no request after this one
 * @broken: end without another word
 * @reset: the client takes nothing: drop what the kernel still holds for it
 * @peer: address of the client; of IPv4, mapped
 */
struct connection {
	struct worker *worker;
	struct exchange *exchange;
	int64_t deadline;
	int fd;
	int queued;
	uint8_t phase;
	bool readable;
	bool writable;
	bool closing;
	bool broken;
	bool reset;
	struct in6_addr peer;
};

/**
 * connection_init() - a connection that was accepted
 * @c: set
 * @w: of the thread that serves it
 * @fd: the socket, which is closed by connection_close()
 * @peer: address of the client
 */
void connection_init(struct connection *c, struct worker *w, int fd, const struct in6_addr *peer);

/**
 * connection_receive() - receive once, and answer what is complete
 * @c: wants CONNECTION_READS
 */
enum connection_wants connection_receive(struct connection *c);

/**
 * connection_send() - send once, and answer what had to wait for it
 * @c: wants CONNECTION_WRITES
 */
enum connection_wants connection_send(struct connection *c);

/*
 * Where the kernel receives and sends on its own, and tells what came of it (io_uring), the two
 * calls above come in halves: what is to be done, and how it went on.
 */

/**
 * connection_room() - what there is room to receive
 * @c: wants CONNECTION_READS
 *
 * Return: octets; 0: connection_receive() tells the client that it is too much.
 */
size_t connection_room(const struct connection *c);

/**
 * connection_received() - the end of a receive
 * @c: still wants CONNECTION_READS
 * @at: the octets, which are copied
 * @n: how many, as many as there was room for at most; 0: the end; or a negative errno
 * @more: the socket is not empty
 */
enum connection_wants connection_received(struct connection *c, const char *at, ssize_t n,
					  bool more);

#define OUTGOING_PIECES 64

/**
 * struct outgoing - what is to be sent next
 * @pieces: of memory
 * @count: how many; 0: it is a part of a file
 * @flags: for the send
 * @fd: of the file
 * @offset: in it
 * @left: octets from there on
 */
struct outgoing {
	struct iovec pieces[OUTGOING_PIECES];
	unsigned int count;
	int flags;
	int fd;
	uint64_t offset;
	uint64_t left;
};

/* Whether a connection that wants CONNECTION_WRITES has octets to send; if not, and only then,
 * connection_send() neither sends nor waits. */
bool connection_pending(const struct connection *c);

/**
 * connection_outgoing() - the next octets
 * @c: has some
 * @o: set; points to what stays until connection_sent()
 */
void connection_outgoing(const struct connection *c, struct outgoing *o);

/**
 * connection_sent() - the end of a send
 * @c: still wants CONNECTION_WRITES
 * @n: octets that went out, or a negative errno
 */
enum connection_wants connection_sent(struct connection *c, ssize_t n);

/**
 * connection_work() - do what takes long
 * @c: wants CONNECTION_WORKS
 *
 * Makes no use of the worker, so another thread may call it, as long as nobody else touches
 * the connection meanwhile.
 */
enum connection_wants connection_work(struct connection *c);

/**
 * connection_expire() - the deadline has passed
 * @c: connection
 *
 * Return: CONNECTION_WRITES if the client is told (408), CONNECTION_ENDS if not.
 */
enum connection_wants connection_expire(struct connection *c);

/**
 * connection_close() - the end
 * @c: in whatever state
 */
void connection_close(struct connection *c);

#endif
