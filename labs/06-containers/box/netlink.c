// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtnetlink: a message is a header, a struct, and attributes (length, type, value), some of which hold
 * others. wire.c asks.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

struct message {
	struct nlmsghdr header;
	char rest[1024];
};

/* More of a message, at its end; returns where. There is room for all that is made here. */
static void *extend(struct message *m, const void *data, size_t size)
{
	void *at = (char *)m + NLMSG_ALIGN(m->header.nlmsg_len);

	memset(at, 0, NLMSG_ALIGN(size));
	if (data)
		memcpy(at, data, size);
	m->header.nlmsg_len = NLMSG_ALIGN(m->header.nlmsg_len) + (uint32_t)NLMSG_ALIGN(size);
	return at;
}

/* An attribute; its end is that of what is put into it, if close_attribute() follows. */
static struct rtattr *attribute(struct message *m, int type, const void *data, size_t size)
{
	const struct rtattr head = { .rta_type = (unsigned short)type,
				     .rta_len = (unsigned short)RTA_LENGTH(size) };
	struct rtattr *at = extend(m, &head, sizeof(head));

	if (size)
		extend(m, data, size);
	return at;
}

static void close_attribute(struct message *m, struct rtattr *at)
{
	at->rta_len = (unsigned short)((char *)m + m->header.nlmsg_len - (char *)at);
}

static void begin(struct message *m, int type, int flags)
{
	memset(m, 0, sizeof(*m));
	m->header.nlmsg_len = NLMSG_HDRLEN;
	m->header.nlmsg_type = (uint16_t)type;
	m->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

/* Sends it, and waits for the answer. */
static int ask(int nl, struct message *m)
{
	struct message answer;
	const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
	ssize_t n;

	if (send(nl, m, m->header.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(nl, &answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(*error)) || answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return error->error;
}

int netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

int netlink_add_pair(int nl, const char *here, const char *there, pid_t pid)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct rtattr *link, *data, *peer;
	struct message m;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	extend(&m, &info, sizeof(info));
	attribute(&m, IFLA_IFNAME, here, strlen(here) + 1);
	link = attribute(&m, IFLA_LINKINFO, NULL, 0);
	attribute(&m, IFLA_INFO_KIND, "veth", 5);
	data = attribute(&m, IFLA_INFO_DATA, NULL, 0);
	peer = attribute(&m, VETH_INFO_PEER, NULL, 0);
	extend(&m, &info, sizeof(info));
	attribute(&m, IFLA_IFNAME, there, strlen(there) + 1);
	attribute(&m, IFLA_NET_NS_PID, &pid, sizeof(pid));
	close_attribute(&m, peer);
	close_attribute(&m, data);
	close_attribute(&m, link);
	return ask(nl, &m);
}

int netlink_up(int nl, const char *name)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC,
					.ifi_index = (int)if_nametoindex(name),
					.ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct message m;

	begin(&m, RTM_NEWLINK, 0);
	extend(&m, &info, sizeof(info));
	return info.ifi_index ? ask(nl, &m) : -ENODEV;
}

int netlink_address(int nl, const char *name, uint32_t address, unsigned int prefix)
{
	const struct ifaddrmsg info = { .ifa_family = AF_INET, .ifa_prefixlen = (unsigned char)prefix,
					.ifa_index = if_nametoindex(name) };
	struct message m;

	begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	extend(&m, &info, sizeof(info));
	attribute(&m, IFA_LOCAL, &address, sizeof(address));
	attribute(&m, IFA_ADDRESS, &address, sizeof(address));
	return info.ifa_index ? ask(nl, &m) : -ENODEV;
}

int netlink_route(int nl, uint32_t gateway)
{
	const struct rtmsg info = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN,
				    .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_UNIVERSE,
				    .rtm_type = RTN_UNICAST };
	struct message m;

	begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	extend(&m, &info, sizeof(info));
	attribute(&m, RTA_GATEWAY, &gateway, sizeof(gateway));
	return ask(nl, &m);
}
