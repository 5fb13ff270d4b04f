/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a container finds names by: the texts of its /etc/hosts and /etc/resolv.conf, and the files
 * that it has mounted there. Used by up.c and down.c.
 */
#ifndef VIRTLAB_CONTAINER_NET_NAMES_H
#define VIRTLAB_CONTAINER_NET_NAMES_H

#include "store.h"

/**
 * names_hosts() - the text of hosts(5): itself, the others of its networks, the host
 * @ledger: who is where
 * @id: of the container; one that is in no network has localhost only
 * @length: of the text
 *
 * The host is host.containers.internal, at the gateway of the first network.
 *
 * Return: the text, to be freed; NULL: no memory.
 */
char *names_hosts(const struct ledger *ledger, const char *id, size_t *length);

/**
 * names_resolv() - the text of resolv.conf(5)
 * @host: the host's text
 * @length: of it
 * @servers: to be used instead of the host's
 * @count: how many; 0: the host's
 * @reachable: the container reaches the host's loopback
 * @out: octets of the text that is returned
 * @left: how many name servers it has
 *
 * Search lists and options are the host's. A server on a loopback address is left out unless it
 * is @reachable: in the container that is the container.
 *
 * Return: the text, to be freed; NULL: no memory.
 */
char *names_resolv(const char *host, size_t length, const uint32_t *servers, unsigned int count,
		   bool reachable, size_t *out, unsigned int *left);

/* Write both files of a container, and hosts of all who share a network with it. Fills the paths of @result. */
int names_write(struct store *store, const char *id, const struct net_config *config,
		struct net_result *result, struct error *err);

/* Remove a container's files. They not being there is fine. */
int names_remove(struct store *store, const char *id, struct error *err);

/* Are there any? */
bool names_kept(const struct store *store, const char *id);

/* Write hosts again for all of a network, into the same files. */
int names_refresh(struct store *store, const char *network, struct error *err);

#endif
