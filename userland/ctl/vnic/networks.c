// SPDX-License-Identifier: GPL-2.0-only
/* Networks: read, and found by name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vnic_tool.h"

/* Returns 0 or a negative errno. */
int networks_read(int dev, struct networks *networks, struct error *err)
{
	struct vnic_ioc_network asked = { .number = 0 };
	size_t room = 0;

	*networks = (struct networks){ .count = 0 };
	while (!ioctl(dev, VNIC_IOC_NETWORK, &asked)) {
		__u32 number = asked.number;

		if (networks->count == room) {
			size_t more = room ? 2 * room : 16;
			void *at = realloc(networks->at, more * sizeof(asked));

			if (!at)
				return error_set(err, ENOMEM, "networks: out of memory");
			networks->at = at;
			room = more;
		}
		networks->at[networks->count++] = asked;
		asked = (struct vnic_ioc_network){ .number = number + 1 };
	}
	return errno == ENOENT ? 0 : device_failed(err, errno, NULL, "networks: %s", VNIC_DEVICE);
}

void networks_free(struct networks *networks)
{
	free(networks->at);
	*networks = (struct networks){ .count = 0 };
}

static int no_network(const struct networks *networks, const char *name, struct error *err)
{
	char advice[64] = "vnic list shows those there are";
	const char *names[64] = { NULL }, *meant;
	size_t count = 0;

	for (; count < networks->count && count < 64; count++)
		names[count] = networks->at[count].name;
	meant = nearest(name, names, count);
	if (meant)
		snprintf(advice, sizeof(advice), "did you mean %s?", meant);
	else if (!count)
		snprintf(advice, sizeof(advice), "vnic create makes one");
	return error_set(err, ENOENT, "network: %.40s: there is none in this namespace: %s", name,
			 advice);
}

/* None was named, and there is not just one. */
static int which_network(const struct networks *networks, struct error *err)
{
	char names[200] = "";
	size_t used = 0;

	if (!networks->count)
		return error_set(err, ENOENT,
				 "network: there is none in this namespace: vnic create makes one");
	for (size_t i = 0; i < networks->count && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 networks->at[i].name);
	return error_set(err, EUSAGE, "network: there are %zu: name one of %s", networks->count,
			 names);
}

static const struct vnic_ioc_network *find(const struct networks *networks, const char *name)
{
	for (size_t i = 0; i < networks->count; i++)
		if (!strcmp(networks->at[i].name, name))
			return &networks->at[i];
	return NULL;
}

/* The network called @name; if that is NULL, the only one. Returns 0 or a negative error. */
int network_choose(int dev, const char *name, struct vnic_ioc_network *network, struct error *err)
{
	cleanup_networks struct networks networks = { .count = 0 };
	const struct vnic_ioc_network *found = NULL;
	int ret = networks_read(dev, &networks, err);

	if (ret)
		return ret;
	if (name)
		found = find(&networks, name);
	else if (networks.count == 1)
		found = networks.at;
	if (!found)
		return name ? no_network(&networks, name, err) : which_network(&networks, err);
	*network = *found;
	return 0;
}

/* The network called @name; if that is NULL, all. Returns 0 or a negative error. */
int networks_choose(int dev, const char *name, struct networks *networks, struct error *err)
{
	const struct vnic_ioc_network *found;
	int ret = networks_read(dev, networks, err);

	if (ret || !name)
		return ret;
	found = find(networks, name);
	if (!found)
		return no_network(networks, name, err);
	networks->at[0] = *found;
	networks->count = 1;
	return 0;
}

const char *filtering_name(const struct vnic_ioc_network *network)
{
	return network->flags & VNIC_NET_ADDRESS_DEPENDENT ? "address-dependent"
							   : "endpoint-independent";
}
