// SPDX-License-Identifier: GPL-2.0-only
/* Netlink sockets and messages, see netlink.h. */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A dump comes in parts of up to 32 KiB: <linux/netlink.h>, NLMSG_GOODSIZE and its users. */
#define RECEIVE_SIZE 32768

int netlink_open(struct netlink *nl, int protocol, struct error *err)
{
	static const int on = 1;

	nl->sequence = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (nl->fd < 0)
		return error_errno(err, errno,
				   errno == EPROTONOSUPPORT
					   ? "this kernel was built without nftables (CONFIG_NF_TABLES)"
					   : NULL,
				   "network: netlink socket");
	/* Words with an error, and errors without the request. Older kernels have neither. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

void netlink_start(struct netlink_message *m)
{
	m->used = 0;
	m->full = false;
}

/* Room for @size octets, aligned and zeroed to the next; NULL: it is full. */
static void *room(struct netlink_message *m, size_t size)
{
	size_t aligned = NLMSG_ALIGN(size);
	void *at = m->data + m->used;

	if (m->full || aligned > sizeof(m->data) - m->used) {
		m->full = true;
		return NULL;
	}
	memset(at, 0, aligned);
	m->used += aligned;
	return at;
}

static struct nlmsghdr *header_of(struct netlink_message *m)
{
	return (struct nlmsghdr *)(m->data + m->header);
}

static void set_length(struct netlink_message *m)
{
	if (!m->full)
		header_of(m)->nlmsg_len = (uint32_t)(m->used - m->header);
}

void netlink_begin(struct netlink_message *m, struct netlink *nl, uint16_t type, uint16_t flags,
		   const void *header, size_t size)
{
	struct nlmsghdr *h;
	void *at;

	m->header = m->used;
	h = room(m, sizeof(*h));
	at = room(m, size);
	if (!h || !at)
		return;
	h->nlmsg_type = type;
	h->nlmsg_flags = flags | NLM_F_REQUEST;
	h->nlmsg_seq = ++nl->sequence;
	memcpy(at, header, size);
	set_length(m);
}

void netlink_put(struct netlink_message *m, uint16_t attribute, const void *data, size_t size)
{
	struct nlattr *a = room(m, NLA_HDRLEN + size);

	if (!a)
		return;
	a->nla_type = attribute;
	a->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size)
		memcpy((char *)a + NLA_HDRLEN, data, size);
	set_length(m);
}

void netlink_put_u32(struct netlink_message *m, uint16_t attribute, uint32_t value)
{
	netlink_put(m, attribute, &value, sizeof(value));
}

void netlink_put_be32(struct netlink_message *m, uint16_t attribute, uint32_t value)
{
	netlink_put_u32(m, attribute, htonl(value));
}

void netlink_put_text(struct netlink_message *m, uint16_t attribute, const char *text)
{
	netlink_put(m, attribute, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_message *m, uint16_t attribute)
{
	size_t at = m->used;

	netlink_put(m, attribute | NLA_F_NESTED, NULL, 0);
	return at;
}

void netlink_end(struct netlink_message *m, size_t nest)
{
	if (!m->full)
		((struct nlattr *)(m->data + nest))->nla_len = (uint16_t)(m->used - nest);
}

const struct nlattr *netlink_attribute(const void *data, size_t length, uint16_t attribute,
				       size_t least)
{
	const char *at = data;

	while (length >= NLA_HDRLEN) {
		const struct nlattr *a = (const struct nlattr *)at;
		size_t whole = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > length)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == attribute)
			return a->nla_len >= NLA_HDRLEN + least ? a : NULL;
		if (whole >= length)
			return NULL;
		at += whole;
		length -= whole;
	}
	return NULL;
}

static int transmit(struct netlink *nl, const struct netlink_message *m)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	if (m->full)
		return -ENOBUFS;
	do
		sent = sendto(nl->fd, m->data, m->used, 0, (const struct sockaddr *)&kernel,
			      sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Returns octets, or a negative errno. */
static ssize_t receive(struct netlink *nl, char *data)
{
	struct sockaddr_nl from = { .nl_pid = 0 };
	socklen_t length = sizeof(from);
	ssize_t got;

	do {
		got = recvfrom(nl->fd, data, RECEIVE_SIZE, MSG_TRUNC, (struct sockaddr *)&from,
			       &length);
		/* Any process may send to this socket; only the kernel is 0. */
	} while ((got < 0 && errno == EINTR) || (got >= 0 && from.nl_pid));
	if (got < 0)
		return -errno;
	return got > RECEIVE_SIZE ? -EMSGSIZE : got;
}

/* Copy the kernel's words out of an acknowledgement. */
static void copy_words(const struct nlmsghdr *part, char *said, size_t size)
{
	const struct nlmsgerr *e = NLMSG_DATA(part);
	size_t skip = NLMSG_HDRLEN + sizeof(*e);
	const struct nlattr *words;

	if (!said || !(part->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(part->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (skip >= part->nlmsg_len)
		return;
	words = netlink_attribute((const char *)part + skip, part->nlmsg_len - skip,
				  NLMSGERR_ATTR_MSG, 1);
	if (words)
		snprintf(said, size, "%.*s", (int)(words->nla_len - NLA_HDRLEN),
			 (const char *)netlink_data(words));
}

/* What an error or an acknowledgement says; the part is one. */
static int verdict(const struct nlmsghdr *part)
{
	const struct nlmsgerr *e = NLMSG_DATA(part);

	return part->nlmsg_len < NLMSG_HDRLEN + sizeof(*e) ? -EBADMSG : e->error;
}

int netlink_call(struct netlink *nl, struct netlink_message *m, char *said, size_t size)
{
	char data[RECEIVE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	int ret;

	if (said && size)
		said[0] = '\0';
	if (!m->full)
		header_of(m)->nlmsg_flags |= NLM_F_ACK;
	ret = transmit(nl, m);
	if (ret)
		return ret;
	for (;;) {
		ssize_t got = receive(nl, data);
		const struct nlmsghdr *part = (const struct nlmsghdr *)data;

		if (got < 0)
			return (int)got;
		for (; NLMSG_OK(part, got); part = NLMSG_NEXT(part, got)) {
			if (part->nlmsg_type != NLMSG_ERROR)
				continue;
			ret = verdict(part);
			if (ret)
				copy_words(part, said, size);
			/* A batch fails with the first part that does; its end is acknowledged. */
			if (ret || part->nlmsg_seq == nl->sequence)
				return ret;
		}
	}
}

int netlink_dump(struct netlink *nl, struct netlink_message *m,
		 int (*each)(const struct nlmsghdr *part, void *context), void *context)
{
	char data[RECEIVE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	int ret = transmit(nl, m), result = 0;

	while (!ret) {
		ssize_t got = receive(nl, data);
		const struct nlmsghdr *part = (const struct nlmsghdr *)data;

		if (got < 0)
			return (int)got;
		for (; NLMSG_OK(part, got); part = NLMSG_NEXT(part, got)) {
			if (part->nlmsg_type == NLMSG_DONE)
				return result;
			if (part->nlmsg_type == NLMSG_ERROR)
				return verdict(part);
			/* The rest is read nevertheless: it would be the next call's answer. */
			if (!result)
				result = each(part, context);
		}
	}
	return ret;
}
