// SPDX-License-Identifier: GPL-2.0-only
/* vnic unforward */
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

int cmd_unforward(int argc, char **argv, struct error *err)
{
	struct vnic_ioc_network network;
	struct forward forward;
	struct packet_line line;
	cleanup_close int dev = -1;
	int ret = packet_line(argc, argv, false, &line, err);

	if (!ret)
		ret = parse_unforward(&line.words, line.first, &forward, err);
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = network_choose(dev, line.network, &network, err);
	return ret ? ret : forward_remove(dev, &network, &forward, err);
}
