// SPDX-License-Identifier: GPL-2.0-only
/* vnic create */
#include <string.h>

#include "cleanup.h"
#include "vnic_tool.h"

#define MAPPINGS_MOST 1048576

static const struct option options[] = {
	{ "subnet", required_argument, NULL, 's' },
	{ "uplink", required_argument, NULL, 'u' },
	{ "ports", required_argument, NULL, 'p' },
	{ "mappings", required_argument, NULL, 'm' },
	{ "quota", required_argument, NULL, 'q' },
	{ "filtering", required_argument, NULL, 'f' },
	{ "joined", no_argument, NULL, 'j' },
	{ "dns", required_argument, NULL, 'd' },
	{ "ipv6", required_argument, NULL, '6' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static int take_count(const char *value, const char *what, __u32 *count, struct error *err)
{
	struct error unused;
	uint64_t number;

	if (parse_number(value, what, MAPPINGS_MOST, &number, &unused) || !number)
		return error_set(err, EUSAGE, "%s: %.40s: not a number from 1 to %d", what, value,
				 MAPPINGS_MOST);
	*count = (__u32)number;
	return 0;
}

static int take_option(int option, struct vnic_ioc_network *args, struct error *err)
{
	switch (option) {
	case 's':
		return parse_subnet(optarg, &args->subnet, &args->prefix, err);
	case 'u':
		return parse_name(optarg, "uplink", args->uplink, err);
	case 'p':
		return parse_ports(optarg, &args->first_port, &args->last_port, err);
	case 'm':
		return take_count(optarg, "mappings", &args->most, err);
	case 'q':
		return take_count(optarg, "quota", &args->quota, err);
	case 'f':
		return parse_filtering(optarg, &args->flags, err);
	case 'j':
		args->flags |= VNIC_NET_JOINED;
		return 0;
	case 'd':
		return parse_dns(optarg, args, err);
	case '6':
		return parse_prefixes6(optarg, args, err);
	}
	return 0;
}

static int check(int argc, char **argv, struct vnic_ioc_network *args, struct error *err)
{
	char advice[ADVICE_SIZE];

	if (optind == argc)
		return error_set(err, EUSAGE,
				 "create: name the network: vnic create NAME --subnet 10.9.0.0/24 "
				 "--uplink DEVICE");
	if (optind < argc - 1)
		return error_set(err, EUSAGE,
				 "create: %s: one network can be named, and %s is already",
				 argv[optind + 1], argv[optind]);
	if (parse_name(argv[optind], "create", args->name, err))
		return -EUSAGE;
	if (!args->prefix)
		return error_set(err, EUSAGE,
				 "create: %s: no subnet for the guests: give --subnet 10.9.0.0/24",
				 args->name);
	if (!args->uplink[0]) {
		links_advice("", NULL, advice, sizeof(advice));
		return error_set(err, EUSAGE,
				 "create: %s: nowhere to translate to: give --uplink DEVICE: %s",
				 args->name, advice);
	}
	if (args->quota > (args->most ? args->most : 65536))
		return error_set(
			err, EUSAGE,
			"quota: %u: one guest cannot have more mappings than there may be, %u",
			args->quota, args->most ? args->most : 65536);
	return 0;
}

int cmd_create(int argc, char **argv, struct error *err)
{
	struct vnic_ioc_network args = { .number = 0 };
	cleanup_close int dev = -1;
	char subnet[END_SIZE];
	bool verbose = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0) {
		verbose |= option == 'v';
		ret = take_option(option, &args, err);
		if (ret)
			return ret;
	}
	if (!ret)
		ret = check(argc, argv, &args, err);
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = network_create(dev, &args, err);
	format_address(subnet, htonl(ntohl(args.subnet) + 1));
	if (!ret && verbose)
		printf("%s: created, gateway %s\n", args.name, subnet);
	return ret;
}
