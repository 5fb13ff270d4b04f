// SPDX-License-Identifier: GPL-2.0-only
/* vnic set */
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "network", required_argument, NULL, 'N' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

/* Syntax first: what is wrong with it is said whether or not there is a module. */
static int check_words(char **words, size_t count, struct error *err)
{
	struct vnic_ioc_set trial = { .which = 0 };

	return parse_settings(words, count, &trial, err);
}

static int change(int dev, const struct vnic_ioc_network *network, char **words, size_t count,
		  bool verbose, struct error *err)
{
	struct vnic_ioc_set args = { .values = { .flags = network->flags } };
	int ret = parse_settings(words, count, &args, err);

	snprintf(args.values.name, sizeof(args.values.name), "%s", network->name);
	if (!ret)
		ret = network_set(dev, &args, err);
	if (!ret && verbose)
		printf("%s: changed\n", network->name);
	return ret;
}

int cmd_set(int argc, char **argv, struct error *err)
{
	struct vnic_ioc_network network;
	const char *name = NULL;
	cleanup_close int dev = -1;
	bool verbose = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0) {
		if (option == 'N')
			name = optarg;
		else
			verbose = true;
	}
	if (!ret && !name && names_network(argv + optind, (size_t)(argc - optind)))
		name = argv[optind++];
	if (!ret)
		ret = check_words(argv + optind, (size_t)(argc - optind), err);
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = network_choose(dev, name, &network, err);
	if (ret)
		return ret;
	if (optind < argc)
		return change(dev, &network, argv + optind, (size_t)(argc - optind), verbose, err);
	print_settings(stdout, &network);
	return 0;
}
