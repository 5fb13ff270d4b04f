/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger's file, and the lock that makes a call of net.h one step. Used by up.c, down.c, show.c. */
#ifndef VIRTLAB_CONTAINER_NET_STORE_H
#define VIRTLAB_CONTAINER_NET_STORE_H

#include "ledger.h"

/**
 * struct store - an open ledger
 * @folder: ROOT/net
 * @path: of it, for messages and for who mounts what is in it
 * @lock: the host's network namespace, locked: roots share its devices
 * @ledger: as of the last store_save(), or changed since
 */
struct store {
	int folder;
	char path[NET_PATH_MAX - NET_ID_MAX - 16];
	int lock;
	struct ledger ledger;
};

/**
 * store_open() - wait for the lock, read the ledger
 * @store: filled
 * @root: folder of the caller's
 * @make: make the folder, and @root, if need be; else -ENOENT without a message
 * @err: what failed
 *
 * Return: 0 or a negative errno. store_close() in any case.
 */
int store_open(struct store *store, const char *root, bool make, struct error *err);

/* Without the lock, to look only: as store_open() with @make false. */
int store_peek(struct store *store, const char *root, struct error *err);

/* Write the ledger; an empty one has no file. Who reads at any moment sees the old or the new. */
int store_save(struct store *store, struct error *err);

/* Usable as a cleanup. */
void store_close(struct store *store);

#endif
