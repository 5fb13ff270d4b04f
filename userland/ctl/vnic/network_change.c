// SPDX-License-Identifier: GPL-2.0-only
/* Networks: made, changed, removed; and what the errors of that mean. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

/* --- made --- */

/* EADDRINUSE: whose is the subnet? */
static void find_overlap(int dev, const struct vnic_ioc_network *args, char *advice, size_t size)
{
	cleanup_networks struct networks networks = { .count = 0 };
	struct link_addresses uplink;
	struct error unused;
	char theirs[END_SIZE];

	snprintf(advice, size, "choose another subnet");
	if (networks_read(dev, &networks, &unused))
		return;
	for (size_t i = 0; i < networks.count; i++) {
		const struct vnic_ioc_network *n = &networks.at[i];

		if (!subnets_overlap(args->subnet, args->prefix, n->subnet, n->prefix))
			continue;
		format_address(theirs, n->subnet);
		snprintf(advice, size, "%s/%u is network %s's: choose another subnet", theirs,
			 n->prefix, n->name);
		return;
	}
	link_addresses(args->uplink, &uplink);
	for (size_t i = 0; i < uplink.count; i++) {
		if (!subnets_overlap(args->subnet, args->prefix, uplink.at[i], uplink.prefix[i]))
			continue;
		format_address(theirs, uplink.at[i]);
		snprintf(advice, size,
			 "%s has %s/%u: guests need a subnet that is not outside as well",
			 args->uplink, theirs, uplink.prefix[i]);
	}
}

static void why_not_created(int dev, int errnum, const struct vnic_ioc_network *args, char *advice,
			    size_t size)
{
	switch (errnum) {
	case EEXIST:
		snprintf(advice, size, "the name is taken: choose another, or vnic rm %s",
			 args->name);
		break;
	case ENODEV:
		links_advice(args->uplink, NULL, advice, size);
		break;
	case EADDRINUSE:
		find_overlap(dev, args, advice, size);
		break;
	case ENOSPC:
		snprintf(advice, size, "there are 256 networks in this namespace: vnic rm one");
		break;
	case ERANGE:
		snprintf(advice, size,
			 "mappings are 1 to 1048576, and a guest's quota is at most that");
		break;
	case EINVAL:
		snprintf(advice, size,
			 "guests cannot have these addresses: take private ones, such as "
			 "10.9.0.0/24");
		break;
	}
}

/* Returns 0 or a negative errno. */
int network_create(int dev, const struct vnic_ioc_network *args, struct error *err)
{
	char advice[ADVICE_SIZE] = "", subnet[END_SIZE];
	int failed;

	if (!ioctl(dev, VNIC_IOC_CREATE, args))
		return 0;
	failed = errno;
	why_not_created(dev, failed, args, advice, sizeof(advice));
	if (failed == ENODEV)
		return error_set(err, failed, "create: %s: there is no device %s: %s", args->name,
				 args->uplink, advice);
	if (failed != EADDRINUSE && failed != EINVAL)
		return device_failed(err, failed, advice[0] ? advice : NULL, "create: %s",
				     args->name);
	format_address(subnet, args->subnet);
	return device_failed(err, failed, advice, "create: %s: %s/%u", args->name, subnet,
			     args->prefix);
}

/* --- changed, removed --- */

int network_set(int dev, const struct vnic_ioc_set *args, struct error *err)
{
	struct vnic_ioc_network now = { .number = 0 };
	char advice[ADVICE_SIZE];
	int failed;

	if (!ioctl(dev, VNIC_IOC_SET, args))
		return 0;
	failed = errno;
	snprintf(now.name, sizeof(now.name), "%s", args->values.name);
	if (failed != ERANGE || ioctl(dev, VNIC_IOC_NETWORK, &now))
		return device_failed(err, failed, NULL, "set: %s", args->values.name);
	snprintf(advice, sizeof(advice),
		 "a guest's quota is at most %u, all the mappings there may be", now.most);
	return device_failed(err, failed, advice, "set: %s", args->values.name);
}

int network_remove(int dev, const char *name, struct error *err)
{
	struct vnic_ioc_network args = { .number = 0 };

	snprintf(args.name, sizeof(args.name), "%s", name);
	if (!ioctl(dev, VNIC_IOC_REMOVE, &args))
		return 0;
	return device_failed(err, errno, NULL, "rm: %s", name);
}
