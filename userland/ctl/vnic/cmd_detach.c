// SPDX-License-Identifier: GPL-2.0-only
/* vnic detach */
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int cmd_detach(int argc, char **argv, struct error *err)
{
	char name[VNIC_NAME_MAX];
	cleanup_close int dev = -1;
	bool verbose = false;
	int ret, option, i;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0)
		verbose = true;
	if (ret)
		return ret;
	if (optind == argc)
		return error_set(err, EUSAGE, "detach: name a card: vnic detach CARD...");
	for (i = optind; i < argc && !ret; i++)
		ret = parse_name(argv[i], "detach", name, err);
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	for (i = optind; i < argc && !ret; i++) {
		ret = card_detach(dev, argv[i], err);
		if (!ret && verbose)
			printf("%s: detached\n", argv[i]);
	}
	return ret;
}
