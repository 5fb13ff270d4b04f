// SPDX-License-Identifier: GPL-2.0-only
/* Network devices: made, changed, removed; see link.h. What is asked of routes is in route.c. */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "vnic_link.h"

/* What to do about it, for errors that have an answer. */
static const char *advice(int errnum)
{
	switch (errnum) {
	case EPERM:
		return "a private network needs CAP_NET_ADMIN on the host: run as root, or --net "
		       "none or host";
	case EOPNOTSUPP:
		return "this kernel lacks such devices: load the module (veth, bridge or vnic)";
	case ENOBUFS:
	case ENOMEM:
		return "the kernel is out of memory";
	}
	return NULL;
}

static int call(struct netlink *nl, struct netlink_message *m, struct error *err, const char *what,
		const char *name)
{
	char said[128];
	int ret = netlink_call(nl, m, said, sizeof(said));

	if (ret && said[0])
		return error_errno(err, -ret, advice(-ret), "network: %s %s: %s", what, name, said);
	return ret ? error_errno(err, -ret, advice(-ret), "network: %s %s", what, name) : 0;
}

struct found {
	unsigned int index;
	char *kind;
};

static int see_link(const struct nlmsghdr *part, void *context)
{
	const struct ifinfomsg *info = NLMSG_DATA(part);
	struct found *found = context;
	const struct nlattr *a, *kind;

	found->index = (unsigned int)info->ifi_index;
	if (!found->kind)
		return 0;
	found->kind[0] = '\0';
	a = netlink_attribute((const char *)info + NLMSG_ALIGN(sizeof(*info)),
			      part->nlmsg_len - NLMSG_LENGTH(sizeof(*info)), IFLA_LINKINFO, 0);
	kind = a ? netlink_attribute(netlink_data(a), a->nla_len - NLA_HDRLEN, IFLA_INFO_KIND, 1)
		 : NULL;
	if (kind)
		snprintf(found->kind, 16, "%.*s", (int)(kind->nla_len - NLA_HDRLEN),
			 (const char *)netlink_data(kind));
	return 0;
}

/* Not a dump: the part that answers is not followed by an end, but by an acknowledgement. */
int link_find(struct netlink *nl, const char *name, unsigned int *index, char *kind,
	      struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct found found = { .kind = kind };
	struct netlink_message m;
	int ret;

	netlink_start(&m);
	netlink_begin(&m, nl, RTM_GETLINK, NLM_F_ACK, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	ret = netlink_dump(nl, &m, see_link, &found);
	*index = ret ? 0 : found.index;
	if (ret == -ENODEV)
		return 0;
	return ret ? error_errno(err, -ret, advice(-ret), "network: look for %s", name) : 0;
}

static void begin_link(struct netlink_message *m, struct netlink *nl, const char *name,
		       const uint8_t *mac, unsigned int mtu)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };

	netlink_start(m);
	netlink_begin(m, nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	netlink_put_text(m, IFLA_IFNAME, name);
	netlink_put_u32(m, IFLA_MTU, mtu);
	if (mac)
		netlink_put(m, IFLA_ADDRESS, mac, 6);
}

int link_add_bridge(struct netlink *nl, const char *name, const uint8_t mac[6], unsigned int mtu,
		    struct error *err)
{
	struct netlink_message m;
	size_t info;

	/* An address of its own: else it has the least one of its ports, which come and go. */
	begin_link(&m, nl, name, mac, mtu);
	info = netlink_nest(&m, IFLA_LINKINFO);
	netlink_put_text(&m, IFLA_INFO_KIND, "bridge");
	netlink_end(&m, info);
	return call(nl, &m, err, "make bridge", name);
}

int link_add_pair(struct netlink *nl, const char *name, unsigned int master, const char *peer,
		  int netns, const uint8_t mac[6], unsigned int mtu, struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	size_t link, data, end, header;
	struct netlink_message m;

	begin_link(&m, nl, name, NULL, mtu);
	netlink_put_u32(&m, IFLA_MASTER, master);
	link = netlink_nest(&m, IFLA_LINKINFO);
	netlink_put_text(&m, IFLA_INFO_KIND, "veth");
	data = netlink_nest(&m, IFLA_INFO_DATA);
	/* The peer's attributes stand behind a header of their own. */
	end = netlink_nest(&m, VETH_INFO_PEER);
	header = m.used;
	if (sizeof(info) <= sizeof(m.data) - m.used) {
		memcpy(m.data + header, &info, sizeof(info));
		m.used += NLMSG_ALIGN(sizeof(info));
	}
	netlink_put_text(&m, IFLA_IFNAME, peer);
	netlink_put_u32(&m, IFLA_MTU, mtu);
	netlink_put(&m, IFLA_ADDRESS, mac, 6);
	netlink_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)netns);
	netlink_end(&m, end);
	netlink_end(&m, data);
	netlink_end(&m, link);
	return call(nl, &m, err, "make pair", name);
}

int link_add_card(struct netlink *nl, const char *network, uint32_t address, const char *name,
		  int netns, const uint8_t mac[6], unsigned int mtu, struct error *err)
{
	uint32_t wire = htonl(address);
	struct netlink_message m;
	size_t link, data;

	begin_link(&m, nl, name, mac, mtu);
	netlink_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)netns);
	link = netlink_nest(&m, IFLA_LINKINFO);
	netlink_put_text(&m, IFLA_INFO_KIND, "vnic");
	data = netlink_nest(&m, IFLA_INFO_DATA);
	netlink_put_text(&m, IFLA_VNIC_NETWORK, network);
	netlink_put(&m, IFLA_VNIC_ADDRESS, &wire, sizeof(wire));
	netlink_end(&m, data);
	netlink_end(&m, link);
	return call(nl, &m, err, "make card", name);
}

int link_remove(struct netlink *nl, const char *name, struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_message m;
	int ret;

	netlink_start(&m);
	netlink_begin(&m, nl, RTM_DELLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	ret = call(nl, &m, err, "remove device", name);
	return ret == -ENODEV ? 0 : ret;
}

int link_rename(struct netlink *nl, const char *from, const char *to, struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_message m;
	unsigned int index;
	int ret = link_find(nl, from, &index, NULL, err);

	if (ret)
		return ret;
	info.ifi_index = (int)index;
	netlink_start(&m);
	netlink_begin(&m, nl, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, to);
	return call(nl, &m, err, "name device", to);
}

int link_up(struct netlink *nl, const char *name, struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct netlink_message m;

	netlink_start(&m);
	netlink_begin(&m, nl, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	return call(nl, &m, err, "set up", name);
}

int link_hairpin(struct netlink *nl, const char *name, struct error *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	static const uint8_t on = 1;
	struct netlink_message m;
	size_t link, data;

	netlink_start(&m);
	netlink_begin(&m, nl, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	link = netlink_nest(&m, IFLA_LINKINFO);
	netlink_put_text(&m, IFLA_INFO_SLAVE_KIND, "bridge");
	data = netlink_nest(&m, IFLA_INFO_SLAVE_DATA);
	netlink_put(&m, IFLA_BRPORT_MODE, &on, sizeof(on));
	netlink_end(&m, data);
	netlink_end(&m, link);
	return call(nl, &m, err, "set hairpin of", name);
}

int link_add_address(struct netlink *nl, const char *name, uint32_t address, unsigned int prefix,
		     struct error *err)
{
	struct ifaddrmsg info = { .ifa_family = AF_INET, .ifa_prefixlen = (uint8_t)prefix };
	uint32_t wire = htonl(address), broadcast = htonl(address | ~net_mask(prefix));
	char what[64], text[NET_ADDRESS_TEXT];
	struct netlink_message m;
	int ret;

	ret = link_find(nl, name, &info.ifa_index, NULL, err);
	if (ret)
		return ret;
	netlink_start(&m);
	netlink_begin(&m, nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	netlink_put(&m, IFA_LOCAL, &wire, sizeof(wire));
	netlink_put(&m, IFA_ADDRESS, &wire, sizeof(wire));
	netlink_put(&m, IFA_BROADCAST, &broadcast, sizeof(broadcast));
	snprintf(what, sizeof(what), "give %s/%u to", net_write_address(address, text), prefix);
	ret = call(nl, &m, err, what, name);
	return ret == -EEXIST ? 0 : ret;
}
