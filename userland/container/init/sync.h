/* SPDX-License-Identifier: GPL-2.0-only */
/* What runtime and container say to each other while it is being made: a SOCK_SEQPACKET pair. */
#ifndef CELL_INIT_SYNC_H
#define CELL_INIT_SYNC_H

#include <sys/types.h>

#include "error.h"

enum sync_word {
	SYNC_NONE,
	SYNC_ERROR,
	SYNC_CHILD,
	SYNC_MAP,
	SYNC_HOOKS,
	SYNC_READY,
	SYNC_GO,
};

/**
 * struct sync_message - one
 * @word: enum sync_word
 * @value: SYNC_ERROR: errno; SYNC_CHILD: pid
 * @text: SYNC_ERROR: the message
 */
struct sync_message {
	int word;
	int value;
	char text[sizeof(struct error)];
};

/* Say a word. Returns 0 or a negative errno. */
int sync_say(int socket, enum sync_word word, int value);

/* Say what failed; nothing can be done if that fails too. */
void sync_fail(int socket, int errnum, const struct error *err);

/**
 * sync_hear() - wait for a word
 * @message: filled
 *
 * Return: 0; -EPIPE: the other side is gone; or the other's error, with @err set.
 */
int sync_hear(int socket, struct sync_message *message, struct error *err);

/* The same for one word; another is -EPROTO. */
int sync_expect(int socket, enum sync_word word, struct error *err);

#endif
