// SPDX-License-Identifier: GPL-2.0-only
/* vnic status */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct status - sums over the networks of this namespace
 * @networks: how many
 * @cards: likewise
 * @mappings: likewise
 * @sessions: likewise
 * @memory: octets that mappings and sessions take
 * @idle: networks whose uplink is down or has no address
 */
struct status {
	size_t networks;
	uint64_t cards;
	uint64_t mappings;
	uint64_t sessions;
	uint64_t memory;
	size_t idle;
};

static void add(int dev, const struct vnic_ioc_network *network, struct status *status)
{
	struct vnic_ioc_stats stats = { .memory = 0 };
	struct link_addresses uplink;

	memcpy(stats.network, network->name, sizeof(stats.network));
	/* It may have been removed since it was read: then it takes no memory. */
	if (ioctl(dev, VNIC_IOC_STATS, &stats))
		stats.memory = 0;
	link_addresses(network->uplink, &uplink);
	status->networks++;
	status->cards += network->cards;
	status->mappings += network->mappings;
	status->sessions += network->sessions;
	status->memory += stats.memory;
	status->idle += !uplink.up || !uplink.count;
}

static void print_json(const struct status *s)
{
	printf("{\"device\": \"%s\", \"version\": %d, \"networks\": %zu, \"idle_networks\": %zu, "
	       "\"cards\": %ju, \"mappings\": %ju, \"sessions\": %ju, \"memory\": %ju}\n",
	       VNIC_DEVICE, VNIC_ABI_VERSION, s->networks, s->idle, (uintmax_t)s->cards,
	       (uintmax_t)s->mappings, (uintmax_t)s->sessions, (uintmax_t)s->memory);
}

static void print_text(const struct status *s)
{
	printf("device    %s, version %d\n", VNIC_DEVICE, VNIC_ABI_VERSION);
	printf("networks  %zu in this namespace, with %ju cards\n", s->networks,
	       (uintmax_t)s->cards);
	if (s->idle)
		printf("          %zu of them translate nothing: their uplink is down or has no "
		       "address\n",
		       s->idle);
	printf("mappings  %ju, with %ju sessions, in %ju bytes\n", (uintmax_t)s->mappings,
	       (uintmax_t)s->sessions, (uintmax_t)s->memory);
}

int cmd_status(int argc, char **argv, struct error *err)
{
	cleanup_networks struct networks networks = { .count = 0 };
	struct status status = { .networks = 0 };
	cleanup_close int dev = -1;
	bool json = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0)
		json = true;
	if (ret)
		return ret;
	if (optind < argc)
		return error_set(err, EUSAGE, "status: %s: there is only --json", argv[optind]);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = networks_read(dev, &networks, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < networks.count; i++)
		add(dev, &networks.at[i], &status);
	if (json)
		print_json(&status);
	else
		print_text(&status);
	return 0;
}
