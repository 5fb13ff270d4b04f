// SPDX-License-Identifier: GPL-2.0-only
/*
 * A wire between a box and where it was started: a pair of devices, of which one is in each place.
 * main.c calls wire_lay() outside, wire_take() in process 1. What is for nobody outside to remove:
 * the pair ends with the box's network namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "netlink.h"

#define INSIDE "eth0"

static uint32_t octets(const char *dotted)
{
	struct in_addr address = {};

	inet_pton(AF_INET, dotted, &address);
	return address.s_addr;
}

int wire_lay(const struct box *box, pid_t pid)
{
	/* a device's name has 15 letters at most */
	char outside[16];
	int nl, err;

	if (!*box->wire.inside)
		return 0;
	snprintf(outside, sizeof(outside), "b-%.13s", box->name);
	nl = netlink_open();
	if (nl < 0)
		return trouble(-nl, "cannot ask for a wire");
	/* lab 06 step 7 begin: a pair, and this end of it; skeleton: (void)pid; err = 0; */
	err = netlink_add_pair(nl, outside, INSIDE, pid);
	if (!err)
		err = netlink_address(nl, outside, octets(box->wire.outside), box->wire.prefix);
	if (!err)
		err = netlink_up(nl, outside);
	/* lab 06 step 7 end */
	close(nl);
	if (err)
		return trouble(-err, "cannot lay a wire to the box: %s: that needs CAP_NET_ADMIN out here",
			       outside);
	return 0;
}

int wire_take(const struct box *box)
{
	int nl = netlink_open(), err = 0;

	if (nl < 0)
		return trouble(-nl, "cannot ask for a wire");
	/* lab 06 step 7 begin: loopback, the other end, the way out; skeleton: (void)box; */
	err = netlink_up(nl, "lo");
	if (!err && *box->wire.inside) {
		err = netlink_address(nl, INSIDE, octets(box->wire.inside), box->wire.prefix);
		if (!err)
			err = netlink_up(nl, INSIDE);
		/* there is no way to a gateway through a device that is switched off */
		if (!err)
			err = netlink_route(nl, octets(box->wire.outside));
	}
	/* lab 06 step 7 end */
	close(nl);
	if (err)
		return trouble(-err, "cannot take the wire in the box");
	return 0;
}
