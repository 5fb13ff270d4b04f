// SPDX-License-Identifier: GPL-2.0-only
/* The host's network devices, for messages that say which there are and what is in the way. */
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "vnic_tool.h"

#define NAMES_MAX 64

bool link_exists(const char *name)
{
	return if_nametoindex(name) > 0;
}

/* The driver: "veth", "vnic", "virtio_net". Returns false if it does not say. */
bool link_kind(const char *name, char *kind, size_t size)
{
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (void *)&info };

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &request) || !info.driver[0])
		return false;
	snprintf(kind, size, "%.*s", (int)sizeof(info.driver), info.driver);
	return true;
}

/* The bridge, bond or the like that the device belongs to. */
bool link_master(const char *name, char *master, size_t size)
{
	char path[64], target[256];
	const char *last;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/class/net/%s/master", name);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return false;
	target[length] = '\0';
	last = strrchr(target, '/');
	snprintf(master, size, "%s", last ? last + 1 : target);
	return true;
}

static __u32 prefix_of(const struct sockaddr *mask)
{
	return mask ? (__u32)__builtin_popcount(((const struct sockaddr_in *)mask)->sin_addr.s_addr)
		    : 32;
}

void link_addresses(const char *name, struct link_addresses *addresses)
{
	struct ifaddrs *all;

	*addresses = (struct link_addresses){ .count = 0 };
	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		/* An address may have a label of its own behind a colon: eth0:1. */
		size_t length = strcspn(a->ifa_name, ":");

		if (strlen(name) != length || strncmp(a->ifa_name, name, length) != 0)
			continue;
		addresses->up = addresses->up || a->ifa_flags & IFF_UP;
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET ||
		    addresses->count == LINK_ADDRESSES)
			continue;
		addresses->prefix[addresses->count] = prefix_of(a->ifa_netmask);
		addresses->at[addresses->count++] =
			((const struct sockaddr_in *)a->ifa_addr)->sin_addr.s_addr;
	}
	freeifaddrs(all);
}

/* Those of a kind, or all. Returns how many. */
static size_t collect(const struct if_nameindex *links, const char *kind,
		      const char *names[NAMES_MAX])
{
	char its_kind[64];
	size_t count = 0;

	for (; links->if_index && count < NAMES_MAX; links++)
		if (!kind || (link_kind(links->if_name, its_kind, sizeof(its_kind)) &&
			      !strcmp(its_kind, kind)))
			names[count++] = links->if_name;
	return count;
}

static void join(char *text, size_t size, const char *const *names, size_t count)
{
	size_t used = (size_t)snprintf(text, size, "there %s ", count == 1 ? "is" : "are");

	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 !i		  ? ""
					 : i + 1 == count ? " and "
							  : ", ",
					 names[i]);
	if (used >= size)
		snprintf(text + size - 4, 4, "...");
}

/* There is no device @name: which may have been meant, or which of @kind (NULL: any) there are. */
void links_advice(const char *name, const char *kind, char *advice, size_t size)
{
	struct if_nameindex *links = if_nameindex();
	const char *names[NAMES_MAX], *meant;
	size_t count;

	snprintf(advice, size, "ip link shows those there are");
	if (!links)
		return;
	count = collect(links, kind, names);
	meant = nearest(name, names, count);
	if (meant)
		snprintf(advice, size, "did you mean %s?", meant);
	else if (count)
		join(advice, size, names, count);
	else if (kind)
		snprintf(advice, size, "ip link add %s type %s makes one", name, kind);
	if_freenameindex(links);
}
