/* SPDX-License-Identifier: GPL-2.0-only */
/* What a container will get, decided before anything is made. Used by up.c. */
#ifndef VIRTLAB_CONTAINER_NET_PLAN_H
#define VIRTLAB_CONTAINER_NET_PLAN_H

#include "back.h"
#include "store.h"

/**
 * struct plan - beside what is in the ledger by then
 * @new_joins: numbers of the joins whose network does not exist yet
 * @new_count: how many
 */
struct plan {
	unsigned int new_joins[NET_JOINS];
	unsigned int new_count;
};

/**
 * plan_container() - networks, addresses and ports for a container, added to the ledger
 * @store: its ledger is changed, even if this fails; it is not saved
 * @host: asked what there is
 * @id: of the container, which is in no network
 * @config: checked
 * @plan: filled
 * @err: what is not to be had, and why
 *
 * Return: 0, -EADDRINUSE, -EADDRNOTAVAIL, -EEXIST, -ENODEV, -ENOSPC, ...
 */
int plan_container(struct store *store, struct back_host *host, const char *id,
		   const struct net_config *config, struct plan *plan, struct error *err);

#endif
