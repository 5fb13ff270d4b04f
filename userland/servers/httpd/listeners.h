/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sockets that connections come from: bound here, or handed to us already bound, by systemd
 * or by our own predecessor (sd_listen_fds(3) has the protocol: LISTEN_FDS and LISTEN_PID).
 *
 * With several event loops each address has as many sockets (SO_REUSEPORT): the kernel spreads
 * connections over them, and no two loops wake for the same one.
 */
#ifndef VIRTLAB_HTTPD_LISTENERS_H
#define VIRTLAB_HTTPD_LISTENERS_H

#include <sys/socket.h>

#include "options.h"

#define LISTENERS_MOST 256
/* Connections that may wait in the kernel's queue of a socket. */
#define LISTEN_BACKLOG 4096

/**
 * struct listener - one socket
 * @fd: it, non-blocking
 * @address: number of its address
 * @member: number among the sockets of that address
 */
struct listener {
	int fd;
	unsigned int address;
	unsigned int member;
};

/**
 * struct listeners - all of them
 * @count: how many
 * @addresses: how many different addresses
 * @at: those of one address one after the other
 */
struct listeners {
	unsigned int count;
	unsigned int addresses;
	struct listener at[LISTENERS_MOST];
};

/**
 * listen_parse() - an address as the command line has it
 * @text: "127.0.0.1:8080" or "[::1]:8080"
 * @address: set
 * @length: set to its length
 * @err: filled on failure
 *
 * Return: 0 or -EUSAGE.
 */
int listen_parse(const char *text, struct sockaddr_storage *address, socklen_t *length,
		 struct error *err);

/**
 * listeners_open() - take what was handed over, or bind
 * @l: set
 * @o: the command line
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int listeners_open(struct listeners *l, const struct options *o, struct error *err);

/**
 * listeners_announce() - print "listening on ADDRESS" for each address
 * @l: listeners
 */
void listeners_announce(const struct listeners *l);

/**
 * listeners_close() - close ours
 * @l: listeners, whose @fd become -1
 */
void listeners_close(struct listeners *l);

/**
 * listeners_pin() - have the kernel prefer a loop's sockets for what comes in at a CPU
 * @l: listeners
 * @loop: the loop's number
 * @loops: how many there are
 * @cpu: SO_INCOMING_CPU, socket(7); kernels before 6.2 spread connections as without
 */
void listeners_pin(const struct listeners *l, unsigned int loop, unsigned int loops,
		   unsigned int cpu);

/**
 * listener_serves() - whether a socket is for one of several loops
 * @l: listeners
 * @i: which of them
 * @loop: the loop's number
 * @loops: how many there are
 *
 * Each socket has a loop, and each loop a socket of each address, if need be a shared one.
 */
bool listener_serves(const struct listeners *l, unsigned int i, unsigned int loop,
		     unsigned int loops);

#endif
