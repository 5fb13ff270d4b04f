// SPDX-License-Identifier: GPL-2.0-only
/* Routes, and what the host's devices say of it; see link.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

int link_add_default_route(struct netlink *nl, const char *name, uint32_t gateway,
			   struct error *err)
{
	struct rtmsg route = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE,
			       .rtm_type = RTN_UNICAST };
	uint32_t wire = htonl(gateway);
	struct netlink_message m;
	unsigned int index;
	int ret = link_find(nl, name, &index, NULL, err);

	if (ret)
		return ret;
	netlink_start(&m);
	netlink_begin(&m, nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	netlink_put(&m, RTA_GATEWAY, &wire, sizeof(wire));
	netlink_put_u32(&m, RTA_OIF, index);
	ret = netlink_call(nl, &m, NULL, 0);
	return ret ? error_errno(err, -ret, NULL, "network: default route by %s", name) : 0;
}

/**
 * struct routes - what a walk over the host's routes collects
 * @taken: subnets
 * @count: how many
 * @uplink: index of the default route's device, that of the least metric; 0: none
 * @metric: of it
 */
struct routes {
	struct pool_taken *taken;
	size_t count;
	unsigned int uplink;
	uint32_t metric;
};

static uint32_t u32_of(const struct rtmsg *route, size_t length, uint16_t attribute)
{
	const struct nlattr *a = netlink_attribute(RTM_RTA(route), length, attribute, 4);
	uint32_t value = 0;

	if (a)
		memcpy(&value, netlink_data(a), sizeof(value));
	return value;
}

static int see_route(const struct nlmsghdr *part, void *context)
{
	const struct rtmsg *route = NLMSG_DATA(part);
	size_t length = part->nlmsg_len - NLMSG_LENGTH(sizeof(*route));
	struct routes *routes = context;
	struct pool_taken *more;

	if (part->nlmsg_type != RTM_NEWROUTE || route->rtm_family != AF_INET ||
	    route->rtm_type != RTN_UNICAST)
		return 0;
	if (!route->rtm_dst_len) {
		uint32_t metric = u32_of(route, length, RTA_PRIORITY);
		unsigned int index = u32_of(route, length, RTA_OIF);

		if (route->rtm_table == RT_TABLE_MAIN && index &&
		    (!routes->uplink || metric < routes->metric)) {
			routes->uplink = index;
			routes->metric = metric;
		}
		return 0;
	}
	more = reallocarray(routes->taken, routes->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	routes->taken = more;
	more[routes->count].subnet = ntohl(u32_of(route, length, RTA_DST));
	more[routes->count++].prefix = route->rtm_dst_len;
	return 0;
}

static int walk(struct netlink *nl, struct routes *routes, struct error *err)
{
	struct rtmsg route = { .rtm_family = AF_INET };
	struct netlink_message m;
	int ret;

	memset(routes, 0, sizeof(*routes));
	netlink_start(&m);
	netlink_begin(&m, nl, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof(route));
	ret = netlink_dump(nl, &m, see_route, routes);
	if (!ret)
		return 0;
	free(routes->taken);
	return error_errno(err, -ret, NULL, "network: read the host's routes");
}

int link_taken(struct netlink *nl, struct pool_taken **taken, size_t *count, struct error *err)
{
	struct routes routes;
	int ret = walk(nl, &routes, err);

	if (ret)
		return ret;
	*taken = routes.taken;
	*count = routes.count;
	return 0;
}

/**
 * struct device - what a walk over the host's devices looks for
 * @index: of the one that is wanted
 * @name: of it
 * @mtu: likewise
 * @bridges: how many there are
 */
struct device {
	unsigned int index;
	char *name;
	unsigned int mtu;
	int bridges;
};

static int see_device(const struct nlmsghdr *part, void *context)
{
	const struct ifinfomsg *info = NLMSG_DATA(part);
	const void *data = (const char *)info + NLMSG_ALIGN(sizeof(*info));
	size_t length = part->nlmsg_len - NLMSG_LENGTH(sizeof(*info));
	struct device *device = context;
	const struct nlattr *a, *kind;

	a = netlink_attribute(data, length, IFLA_LINKINFO, 0);
	kind = a ? netlink_attribute(netlink_data(a), a->nla_len - NLA_HDRLEN, IFLA_INFO_KIND, 6)
		 : NULL;
	if (kind && !memcmp(netlink_data(kind), "bridge", 6))
		device->bridges++;
	if ((unsigned int)info->ifi_index != device->index || !device->name)
		return 0;
	a = netlink_attribute(data, length, IFLA_IFNAME, 1);
	if (a)
		snprintf(device->name, NET_LINK_MAX, "%.*s", (int)(a->nla_len - NLA_HDRLEN),
			 (const char *)netlink_data(a));
	a = netlink_attribute(data, length, IFLA_MTU, 4);
	if (a)
		memcpy(&device->mtu, netlink_data(a), sizeof(device->mtu));
	return 0;
}

static int walk_devices(struct netlink *nl, struct device *device, struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_message m;
	int ret;

	netlink_start(&m);
	netlink_begin(&m, nl, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	ret = netlink_dump(nl, &m, see_device, device);
	return ret ? error_errno(err, -ret, NULL, "network: read the host's devices") : 0;
}

int link_uplink(struct netlink *nl, char name[NET_LINK_MAX], unsigned int *mtu, struct error *err)
{
	struct device device = { .name = name, .mtu = 1500 };
	struct routes routes;
	int ret = walk(nl, &routes, err);

	name[0] = '\0';
	if (ret)
		return ret;
	free(routes.taken);
	device.index = routes.uplink;
	if (device.index)
		ret = walk_devices(nl, &device, err);
	*mtu = device.mtu;
	return ret;
}

int link_bridges(struct netlink *nl, struct error *err)
{
	struct device device = { .name = NULL };
	int ret = walk_devices(nl, &device, err);

	return ret ? ret : device.bridges;
}
