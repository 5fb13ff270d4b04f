// SPDX-License-Identifier: GPL-2.0-only
/* vnic stats */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "network", required_argument, NULL, 'N' },
	{ NULL, 0, NULL, 0 },
};

static int read_stats(int dev, const char *network, struct vnic_ioc_stats *stats, struct error *err)
{
	*stats = (struct vnic_ioc_stats){ .memory = 0 };
	snprintf(stats->network, sizeof(stats->network), "%s", network);
	if (!ioctl(dev, VNIC_IOC_STATS, stats))
		return 0;
	return device_failed(err, errno, NULL, "stats: %s", network);
}

static void print_text(const struct vnic_ioc_stats *stats, bool all)
{
	printf("%s: %llu bytes of memory for mappings and sessions\n", stats->network,
	       stats->memory);
	for (unsigned int i = 0; i < VNIC_COUNTERS; i++)
		if (all || stats->counts[i])
			printf("  %-18s %12llu  %s\n", counter_name(i), stats->counts[i],
			       counter_words(i));
}

/* All counters, zero or not: a program need not ask whether a key is there. */
static void print_json(const struct vnic_ioc_stats *stats)
{
	fputs("{\"network\": ", stdout);
	print_json_string(stdout, stats->network);
	printf(", \"memory\": %llu, \"counts\": {", stats->memory);
	for (unsigned int i = 0; i < VNIC_COUNTERS; i++)
		printf("%s\"%s\": %llu", i ? ", " : "", counter_name(i), stats->counts[i]);
	fputs("}}", stdout);
}

static int show(int dev, const struct networks *networks, bool all, bool json, struct error *err)
{
	struct vnic_ioc_stats stats;
	int ret = 0;

	if (!networks->count && !json)
		puts("no networks: vnic create NAME makes one");
	for (size_t i = 0; i < networks->count && !ret; i++) {
		ret = read_stats(dev, networks->at[i].name, &stats, err);
		if (ret)
			return ret;
		if (!json) {
			print_text(&stats, all);
			continue;
		}
		fputs(i ? ",\n " : "[", stdout);
		print_json(&stats);
	}
	if (json)
		puts(networks->count ? "]" : "[]");
	return 0;
}

int cmd_stats(int argc, char **argv, struct error *err)
{
	cleanup_networks struct networks networks = { .count = 0 };
	const char *name = NULL;
	cleanup_close int dev = -1;
	bool all = false, json = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "a", options, &option, err)) > 0) {
		if (option == 'N')
			name = optarg;
		else if (option == 'a')
			all = true;
		else
			json = true;
	}
	if (!ret)
		ret = one_network(argc, argv, &name, err);
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = networks_choose(dev, name, &networks, err);
	return ret ? ret : show(dev, &networks, all, json, err);
}
