// SPDX-License-Identifier: GPL-2.0-only
/* vnic rm */
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int cmd_rm(int argc, char **argv, struct error *err)
{
	struct vnic_ioc_network network;
	cleanup_close int dev = -1;
	bool verbose = false;
	int ret, option, i;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0)
		verbose = true;
	if (ret)
		return ret;
	if (optind == argc)
		return error_set(err, EUSAGE, "rm: name a network: vnic rm NETWORK...");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	/* One that is not there: nothing has changed. */
	for (i = optind; i < argc && !ret; i++)
		ret = network_choose(dev, argv[i], &network, err);
	for (i = optind; i < argc && !ret; i++) {
		ret = network_choose(dev, argv[i], &network, err);
		if (!ret)
			ret = network_remove(dev, argv[i], err);
		if (!ret && verbose)
			printf("%s: removed, %u cards let go\n", argv[i], network.cards);
	}
	return ret;
}
