/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking away, for up.c as well: what is half made, and what its container left. */
#ifndef VIRTLAB_CONTAINER_NET_DOWN_H
#define VIRTLAB_CONTAINER_NET_DOWN_H

#include "back.h"
#include "store.h"

/* A container's cards, ports and files, and networks that become empty; then the ledger is saved. */
int down_container(struct store *store, struct back_host *host, const char *id, struct error *err);

/*
 * Containers whose namespace has ended without net_down(): their addresses and ports are free
 * again. Also networks without members, which a killed call may have left.
 */
int down_stale(struct store *store, struct back_host *host, struct error *err);

#endif
