/* SPDX-License-Identifier: GPL-2.0-only */
/* Are the ports that a container is to have free? Used by plan.c. */
#ifndef VIRTLAB_CONTAINER_NET_PLAN_PORTS_H
#define VIRTLAB_CONTAINER_NET_PLAN_PORTS_H

#include "ledger.h"

/* Add them to the ledger; the container is a member already. -EADDRINUSE, -EADDRNOTAVAIL, ... */
int plan_ports(struct ledger *ledger, const char *id, const struct net_config *config,
	       struct error *err);

#endif
