// SPDX-License-Identifier: GPL-2.0-only
/* vnic draw */
#include <unistd.h>

#include "cleanup.h"
#include "output.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "network", required_argument, NULL, 'N' },
	{ NULL, 0, NULL, 0 },
};

static int draw(int dev, const struct vnic_ioc_network *network, const char *path,
		struct error *err)
{
	cleanup_output struct output output = { .file = NULL };
	cleanup_flows struct flows flows = { .count = 0 };
	int ret = flows_read(dev, network->name, "draw", &flows, err);

	if (!ret)
		ret = output_open(&output, path, err);
	if (ret)
		return ret;
	draw_flows(output.file, network, &flows);
	return output_keep(&output, err);
}

int cmd_draw(int argc, char **argv, struct error *err)
{
	const char *name = NULL, *path = NULL;
	struct vnic_ioc_network network;
	cleanup_close int dev = -1;
	int ret, option;

	while ((ret = next_option(argc, argv, "o:", options, &option, err)) > 0) {
		if (option == 'o')
			path = optarg;
		else
			name = optarg;
	}
	if (!ret)
		ret = one_network(argc, argv, &name, err);
	if (!ret && !path && isatty(STDOUT_FILENO))
		ret = error_set(err, EUSAGE,
				"draw: a picture is not for terminals: give -o FILE.svg");
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = network_choose(dev, name, &network, err);
	return ret ? ret : draw(dev, &network, path, err);
}
