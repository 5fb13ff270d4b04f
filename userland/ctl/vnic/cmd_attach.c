// SPDX-License-Identifier: GPL-2.0-only
/* vnic attach */
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "address", required_argument, NULL, 'a' },
	{ "mac", required_argument, NULL, 'm' },
	{ "network", required_argument, NULL, 'N' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct wanted - what the command line says
 * @card: card, address and mac as given
 * @network: name, or NULL
 * @verbose: say what was done
 */
struct wanted {
	struct vnic_ioc_card card;
	const char *network;
	bool verbose;
};

static int parse(int argc, char **argv, struct wanted *wanted, struct error *err)
{
	int ret, option;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0) {
		ret = 0;
		if (option == 'a')
			ret = parse_address(optarg, "address", &wanted->card.address, err);
		else if (option == 'm')
			ret = parse_mac(optarg, wanted->card.mac, err);
		else if (option == 'N')
			wanted->network = optarg;
		else
			wanted->verbose = true;
		if (ret)
			return ret;
	}
	if (!ret && !wanted->network && optind == argc - 2)
		wanted->network = argv[optind++];
	if (!ret && optind != argc - 1)
		ret = error_set(err, EUSAGE, "attach: name a card: vnic attach NETWORK CARD");
	return ret ? ret : parse_name(argv[optind], "attach", wanted->card.card, err);
}

int cmd_attach(int argc, char **argv, struct error *err)
{
	struct wanted wanted = { .network = NULL };
	struct vnic_ioc_network network;
	cleanup_close int dev = -1;
	char address[END_SIZE];
	bool chosen;
	int ret = parse(argc, argv, &wanted, err);

	if (ret)
		return ret;
	chosen = wanted.card.address;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = network_choose(dev, wanted.network, &network, err);
	if (ret)
		return ret;
	memcpy(wanted.card.network, network.name, sizeof(network.name));
	ret = card_attach(dev, &wanted.card, err);
	if (ret)
		return ret;
	format_address(address, wanted.card.address);
	if (wanted.verbose)
		printf("%s: in %s, as %s\n", wanted.card.card, network.name, address);
	else if (!chosen)
		puts(address);
	return 0;
}
