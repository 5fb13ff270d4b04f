/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Graceful restart: the same program anew, on the same listening sockets, so that at no time
 * nobody listens. The old server goes on until the new one says that it accepts; if it never
 * does (a bad configuration, a broken binary), nothing has happened.
 */
#ifndef VIRTLAB_HTTPD_SUCCESSOR_H
#define VIRTLAB_HTTPD_SUCCESSOR_H

#include "listeners.h"

/* No descriptor to hand over. */
#define SUCCESSOR_NOTHING (-1)

/**
 * successor_prepare() - note how this program was started
 * @argv: as main() has it; must stay
 *
 * To be called at the start, since the binary may be replaced later on: the new one is wanted.
 */
void successor_prepare(char **argv);

/**
 * successor_start() - start it, and wait until it accepts
 * @l: sockets to hand over
 * @table_fd: sessions to hand over (session_table.h), or SUCCESSOR_NOTHING
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int successor_start(const struct listeners *l, int table_fd, struct error *err);

/* The table that our predecessor hands over, or SUCCESSOR_NOTHING. To be called once. */
int successor_table(void);

/**
 * successor_ready() - tell our predecessor, if there is one, that we accept
 */
void successor_ready(void);

#endif
