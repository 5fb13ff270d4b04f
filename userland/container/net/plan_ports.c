// SPDX-License-Identifier: GPL-2.0-only
/* Published ports: whose are they? See plan_ports.h. */
#include "plan_ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"

static int refuse(const struct net_port *port, int errnum, const char *why, const char *who,
		  struct error *err)
{
	char address[NET_ADDRESS_TEXT];

	return error_set(err, errnum, "-p: %s:%u:%u/%s: %s%.64s",
			 net_write_address(port->outside, address), port->outside_port,
			 port->inside_port, net_protocol_name(port->protocol), why, who);
}

/* What a server of the host listens at would not be reached any more. */
static int ask_host(const struct net_port *port, struct error *err)
{
	static const int on = 1;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port->outside_port),
				       .sin_addr.s_addr = htonl(port->outside) };
	cleanup_close int fd = socket(AF_INET, SOCK_CLOEXEC | (port->protocol == NET_UDP
							      ? SOCK_DGRAM : SOCK_STREAM), 0);

	if (fd < 0)
		return error_errno(err, errno, NULL, "-p: socket");
	/* Connections that have ended hold no port. A UDP socket that may share could be anybody's. */
	if (port->protocol == NET_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return 0;
	switch (errno) {
	case EADDRINUSE:
		return refuse(port, EADDRINUSE, "a program of the host has this port: ss -lnp tells "
			      "which; choose another", "", err);
	case EADDRNOTAVAIL:
		return refuse(port, EADDRNOTAVAIL, "the host has no such address: ip address shows "
			      "those it has", "", err);
	}
	return error_errno(err, errno, errno == EACCES ? "ports below 1024 need root" : NULL,
			   "-p: port %u", port->outside_port);
}

int plan_ports(struct ledger *ledger, const char *id, const struct net_config *config,
	       struct error *err)
{
	struct ledger_port entry;

	memset(&entry, 0, sizeof(entry));
	memcpy(entry.id, id, strlen(id));
	for (unsigned int i = 0; i < config->port_count; i++) {
		const struct ledger_port *taken = ledger_port_taken(ledger, &config->ports[i]);
		int ret;

		if (taken)
			return refuse(&config->ports[i], EADDRINUSE, "published by container ",
				      taken->id, err);
		ret = ask_host(&config->ports[i], err);
		if (ret)
			return ret;
		entry.port = config->ports[i];
		entry.inside = ledger_member(ledger, id, 0)->address;
		ret = ledger_add_port(ledger, &entry);
		if (ret)
			return error_errno(err, -ret, NULL, "-p: port %u",
					   config->ports[i].outside_port);
	}
	return 0;
}
