// SPDX-License-Identifier: GPL-2.0
/*
 * Cards of ip link, and what ip and ethtool say of every card. A network is needed for a link card
 * to do anything, so here is one on a dummy uplink; what it does with packets is tested elsewhere.
 */
#include <linux/rtnetlink.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <vnic.h>
#include <vnic_link.h>

#include "card.h"

static int control(void)
{
	return CHECK_OK(open(DEVICE, O_RDWR | O_CLOEXEC));
}

static void make_network(const char *name)
{
	struct vnic_ioc_network network = { .prefix = 24 };

	shell("ip link add dev up0 type dummy && ip address add 192.0.2.1/24 dev up0");
	shell("ip link set dev up0 up");
	strcpy(network.name, name);
	strcpy(network.uplink, "up0");
	network.subnet = htonl(0x0a090000);
	CHECK_OK(ioctl(control(), VNIC_IOC_CREATE, &network));
}

static int attach(const char *network, const char *card)
{
	struct vnic_ioc_card args = {};

	strcpy(args.network, network);
	strcpy(args.card, card);
	return ioctl(control(), VNIC_IOC_ATTACH, &args);
}

/* An attribute at the end of a message. */
static void add(struct nlmsghdr *n, unsigned short type, const void *data, size_t length)
{
	struct rtattr *a = (void *)n + NLMSG_ALIGN(n->nlmsg_len);

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(a), data, length);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/* ip link add NAME type vnic, with the attributes that ip does not know. Returns errno or 0. */
static int add_link(const char *name, const char *network, const void *address, size_t length)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
		char attributes[512];
	} ask = {
		.n = { NLMSG_LENGTH(sizeof(ask.i)), RTM_NEWLINK,
		       NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 0, 0 },
	};
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
		char rest[512];
	} answer;
	int s = CHECK_OK(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
	struct rtattr *info, *data;

	add(&ask.n, IFLA_IFNAME, name, strlen(name) + 1);
	info = (void *)&ask + NLMSG_ALIGN(ask.n.nlmsg_len);
	add(&ask.n, IFLA_LINKINFO, NULL, 0);
	add(&ask.n, IFLA_INFO_KIND, "vnic", 5);
	data = (void *)&ask + NLMSG_ALIGN(ask.n.nlmsg_len);
	add(&ask.n, IFLA_INFO_DATA, NULL, 0);
	if (network)
		add(&ask.n, IFLA_VNIC_NETWORK, network, strlen(network) + 1);
	if (address)
		add(&ask.n, IFLA_VNIC_ADDRESS, address, length);
	data->rta_len = (void *)&ask + ask.n.nlmsg_len - (void *)data;
	info->rta_len = (void *)&ask + ask.n.nlmsg_len - (void *)info;
	CHECK_EQ(send(s, &ask, ask.n.nlmsg_len, 0), ask.n.nlmsg_len);
	CHECK(recv(s, &answer, sizeof(answer), 0) > 0, "no answer");
	close(s);
	return -answer.e.error;
}

static void card_in_no_network_has_no_carrier(void)
{
	own_namespace();
	shell("ip link add dev v0 type vnic");
	shell("ip link set dev v0 up");
	CHECK(!card_has_carrier("v0"), "carrier");
	shell("ip -d link show dev v0 | grep -q vnic");
	shell("ip link del dev v0");
	CHECK_EQ(card_index("v0"), 0);
}

static void network_gives_the_carrier(void)
{
	own_namespace();
	make_network("lan");
	shell("ip link add dev v0 address 02:11:22:33:44:55 type vnic");
	shell("ip link set dev v0 up");
	CHECK_OK(attach("lan", "v0"));
	CHECK(card_has_carrier("v0"), "no carrier");
	CHECK_ERRNO(attach("lan", "v0"), EBUSY);
	shell("ip link show dev v0 | grep -q 02:11:22:33:44:55");
}

static void attributes_put_it_into_a_network(void)
{
	uint32_t address = htonl(0x0a090042), outside = htonl(0x0a0a0001);

	own_namespace();
	make_network("lan");
	CHECK_EQ(add_link("v0", "lan", &address, 4), 0);
	shell("ip link set dev v0 up");
	CHECK(card_has_carrier("v0"), "no carrier");
	CHECK_EQ(add_link("v1", "lan", NULL, 0), 0);
	/* A card that cannot be what it was asked to be is not made. */
	CHECK_EQ(add_link("v2", "wan", NULL, 0), ENOENT);
	CHECK_EQ(add_link("v2", "lan", &address, 4), EADDRINUSE);
	CHECK_EQ(add_link("v2", "lan", &outside, 4), EADDRNOTAVAIL);
	CHECK_EQ(add_link("v2", NULL, &address, 4), EINVAL);
	CHECK(add_link("v2", "lan", &address, 3), "an address of 3 octets");
	CHECK(add_link("v2", "a name of more than 15 octets", NULL, 0), "a long name");
	CHECK_EQ(card_index("v2"), 0);
}

static void mac_address_has_to_be_one(void)
{
	own_namespace();
	CHECK(system("ip link add dev v0 address 01:00:5e:00:00:01 type vnic 2>/dev/null"), "taken");
	CHECK(system("ip link add dev v0 address 00:00:00:00:00:00 type vnic 2>/dev/null"), "taken");
	CHECK_EQ(card_index("v0"), 0);
}

/* ARP for the gateway, and echo: the card is of use in the guest's namespace. */
static void guest_in_its_namespace_reaches_the_gateway(void)
{
	own_namespace();
	make_network("lan");
	shell("ip netns del vnic-guest 2>/dev/null; ip netns add vnic-guest");
	shell("ip link add dev v0 type vnic && ip link set dev v0 netns vnic-guest");
	shell("ip -n vnic-guest link show dev v0 >/dev/null");
	shell("ip netns del vnic-guest");
	shell("ip link add dev v0 type vnic");
	CHECK_OK(attach("lan", "v0"));
	shell("ip netns add vnic-guest && ip link set dev v0 netns vnic-guest");
	shell("ip -n vnic-guest address add 10.9.0.2/24 dev v0 && ip -n vnic-guest link set dev v0 up");
	shell("ip netns exec vnic-guest ping -c 2 -W 5 10.9.0.1 >/dev/null");
	shell("ip netns del vnic-guest");
}

static void card_ends_with_its_namespace(void)
{
	struct vnic_ioc_network network = { .name = "lan" };
	int i, fd;

	own_namespace();
	make_network("lan");
	fd = control();
	shell("ip netns del vnic-guest 2>/dev/null; ip netns add vnic-guest");
	shell("ip link add dev v0 type vnic");
	CHECK_OK(attach("lan", "v0"));
	shell("ip link set dev v0 netns vnic-guest && ip netns del vnic-guest");
	for (i = 0; i < 100; i++) {
		memset(&network, 0, sizeof(network));
		strcpy(network.name, "lan");
		CHECK_OK(ioctl(fd, VNIC_IOC_NETWORK, &network));
		if (!network.cards)
			return;
		usleep(100000);
	}
	FAIL("it is still in the network");
}

static void network_that_ends_takes_the_carrier(void)
{
	struct vnic_ioc_network network = { .name = "lan" };

	own_namespace();
	make_network("lan");
	shell("ip link add dev v0 type vnic && ip link set dev v0 up");
	CHECK_OK(attach("lan", "v0"));
	CHECK_OK(ioctl(control(), VNIC_IOC_REMOVE, &network));
	CHECK(!card_has_carrier("v0"), "carrier");
	shell("ip link del dev v0");
}

/* The first that is none ends them, and each is one that guests can send to. */
static void dns_servers_are_judged(void)
{
	static const uint32_t good[][VNIC_DNS_MAX] = { { 0 }, { 0x01010101 }, { 0xc6336435, 1 << 24, 0xdfffffff } },
			      bad[][VNIC_DNS_MAX] = { { 0, 0x01010101 }, { 0x01010101, 0, 0x01010101 }, { 0x7f000001 },
						      { 0xe00000fb }, { 0x01010101, 0xa9fe0101 } };
	struct vnic_ioc_set set = { .which = VNIC_SET_DNS, .values.name = "lan" };
	struct vnic_ioc_network network = { .name = "lan" };
	size_t i, k;

	own_namespace();
	make_network("lan");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (k = 0; k < VNIC_DNS_MAX; k++)
			set.values.dns[k] = htonl(bad[i][k]);
		CHECK_ERRNO(ioctl(control(), VNIC_IOC_SET, &set), EINVAL);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		for (k = 0; k < VNIC_DNS_MAX; k++)
			set.values.dns[k] = htonl(good[i][k]);
		CHECK_OK(ioctl(control(), VNIC_IOC_SET, &set));
		CHECK_OK(ioctl(control(), VNIC_IOC_NETWORK, &network));
		CHECK(!memcmp(network.dns, set.values.dns, sizeof(network.dns)), "others are told");
	}
	set.values.dns6[0].s6_addr[15] = 1;
	CHECK_ERRNO(ioctl(control(), VNIC_IOC_SET, &set), EINVAL);
	set.values.dns6[0].s6_addr[0] = 0x20;
	CHECK_OK(ioctl(control(), VNIC_IOC_SET, &set));
	set.values.dns6[2] = set.values.dns6[0];
	CHECK_ERRNO(ioctl(control(), VNIC_IOC_SET, &set), EINVAL);
}

/* What a guest behind a TAP card sends is the network's, and is seen by who watches the card. */
static void tap_card_in_a_network_is_watched(void)
{
	uint8_t frame[64] = "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\2\x08\x06\0\1\x08\0\6\4\0\1"
			    "\2\0\0\0\0\2\x0a\x09\0\2\0\0\0\0\0\0\x0a\x09\0\1", answer[256];
	int fd, watcher, i;
	size_t n;

	own_namespace();
	make_network("lan");
	fd = card_new(PLAIN);
	shell("ip link set dev card up");
	CHECK_OK(attach("lan", "card"));
	watcher = CHECK_OK(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL)));
	/* The queue's discipline is told of the carrier a little later. */
	for (i = 0; i < 30; i++) {
		CHECK_EQ(write(fd, frame, 42), 42);
		set_nonblock(fd);
		usleep(100000);
		n = read(fd, answer, sizeof(answer));
		if (n == 42 && answer[13] == 6 && answer[21] == 2)
			break;
	}
	CHECK(i < 30, "the gateway does not answer");
	CHECK(!memcmp(answer + 28, "\x0a\x09\0\1", 4), "another one answers");
	while ((n = recv(watcher, answer, sizeof(answer), 0)) != (size_t)-1)
		if (n >= 42 && !memcmp(answer, frame, 42))
			return;
	FAIL("nobody saw it");
}

/* The network's MAC address goes into @frame, which is 8 octets of UDP to 198.51.100.1 without a sum. */
static size_t to_outside(uint8_t *frame)
{
	static const uint8_t packet[] = "\0\0\0\0\0\0\2\0\0\0\0\2\x08\0"
					"\x45\0\0\x24\0\0\x40\0\x40\x11\0\0\x0a\x09\0\2\xc6\x33\x64\1"
					"\x0f\xa0\x0f\xa0\0\x10\0\0abcdefgh";
	struct vnic_ioc_network network = { .name = "lan" };
	uint16_t sum;

	CHECK_OK(ioctl(control(), VNIC_IOC_NETWORK, &network));
	memcpy(frame, packet, sizeof(packet) - 1);
	memcpy(frame, network.gateway_mac, 6);
	sum = htons(ip_sum(frame + ETH_HLEN));
	memcpy(frame + ETH_HLEN + 10, &sum, 2);
	return sizeof(packet) - 1;
}

/* Is the one frame dropped that @parts are? Others may not come meanwhile. */
static bool is_dropped(int fd, const struct iovec *parts, int count)
{
	struct vnic_ioc_card before = { .network = "lan" }, after;
	int i;

	CHECK_OK(ioctl(control(), VNIC_IOC_CARD, &before));
	CHECK(writev(fd, parts, count) > 0, "write: %s", strerror(errno));
	for (i = 0; i < 50; i++) {
		after = (struct vnic_ioc_card){ .network = "lan" };
		CHECK_OK(ioctl(control(), VNIC_IOC_CARD, &after));
		if (after.received > before.received)
			break;
		usleep(100000);
	}
	CHECK_EQ(after.received, before.received + 1);
	return after.dropped > before.dropped;
}

static int guest_card(int flags)
{
	struct vnic_ioc_card args = { .network = "lan", .card = "card", .address = htonl(GUEST) };
	int fd;

	own_namespace();
	make_network("lan");
	shell("ip route add default dev up0");
	fd = card_new(flags);
	shell("ip link set dev card up");
	CHECK_OK(ioctl(control(), VNIC_IOC_ATTACH, &args));
	return fd;
}

/* The uplink may be a trunk: which of its networks a guest is in is not the guest's to say. */
static void tagged_frame_is_dropped(void)
{
	static const uint8_t tag[] = { 0x81, 0, 0, 7 };
	int fd = guest_card(PLAIN);
	uint8_t frame[64];
	size_t len = to_outside(frame);
	const struct iovec plain[] = { { frame, len } };
	const struct iovec tagged[] = { { frame, 12 }, { (void *)tag, 4 }, { frame + 12, len - 12 } };

	CHECK(!is_dropped(fd, plain, 1), "even without a tag");
	CHECK(is_dropped(fd, tagged, 3), "with a tag it is not");
	CHECK(!is_dropped(fd, plain, 1), "the next one");
}

/* It would be written over what has been looked at and translated. */
static void sum_to_be_completed_is_the_transports(void)
{
	static const struct {
		uint16_t start, offset;
		bool dropped;
	} places[] = { { 34, 6, false }, { 34, 0, true }, { 34, 2, true }, { 34, 12, true },
		       { 36, 4, true }, { 42, 0, false } };
	int fd = guest_card(PLAIN | IFF_VNET_HDR);
	struct virtio_net_hdr header = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	uint8_t frame[64];
	const struct iovec parts[] = { { &header, sizeof(header) }, { frame, to_outside(frame) } };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		header.csum_start = places[i].start;
		header.csum_offset = places[i].offset;
		CHECK(is_dropped(fd, parts, 2) == places[i].dropped, "at %u, %u", places[i].start,
		      places[i].offset);
	}
}

/* The card is the descriptor's, its network the namespace's that it was made in. */
static void privilege_elsewhere_does_not_detach(void)
{
	struct vnic_ioc_card args = {};
	int fd = guest_card(PLAIN);

	CHECK_OK(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_DETACH, &args), EPERM);
}

/* --- an ioctl whose memory is not there yet --- */

/**
 * struct waiter - a thread in an ioctl that waits for its memory
 * @uffd: tells of the fault, and ends it
 * @page: the memory
 * @fd: the file
 * @ioctl: the command
 * @args: of it
 * @result: 0 or -errno
 */
struct waiter {
	int uffd;
	void *page;
	int fd;
	unsigned long ioctl;
	void *args;
	int result;
	pthread_t thread;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void *wait_in_ioctl(void *arg)
{
	struct waiter *w = arg;

	w->result = ioctl(w->fd, w->ioctl, w->args) ? -errno : 0;
	return NULL;
}

/* Memory that nobody can touch before waiter_go(). */
static struct waiter waiter_new(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct waiter w = { .uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC) };

	CHECK_OK(w.uffd);
	w.page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(w.page != MAP_FAILED, "mmap: %s", strerror(errno));
	CHECK_OK(ioctl(w.uffd, UFFDIO_API, &api));
	range.range.start = (uintptr_t)w.page;
	range.range.len = page_size();
	CHECK_OK(ioctl(w.uffd, UFFDIO_REGISTER, &range));
	return w;
}

/* Returns when the ioctl waits. */
static void waiter_begin(struct waiter *w, int fd, unsigned long ioctl, void *args)
{
	struct pollfd fault = { .fd = w->uffd, .events = POLLIN };

	w->fd = fd;
	w->ioctl = ioctl;
	w->args = args;
	CHECK(!pthread_create(&w->thread, NULL, wait_in_ioctl, w), "pthread_create");
	CHECK_EQ(poll(&fault, 1, 10000), 1);
}

/* Its memory is there from now on, and has @content. Returns the ioctl's result. */
static int waiter_go(struct waiter *w, const void *content, size_t size)
{
	static _Alignas(65536) uint8_t whole[65536];
	struct uffdio_copy copy = {
		.dst = (uintptr_t)w->page, .src = (uintptr_t)whole, .len = page_size(),
	};

	memcpy(whole, content, size);
	CHECK_OK(ioctl(w->uffd, UFFDIO_COPY, &copy));
	CHECK(!pthread_join(w->thread, NULL), "pthread_join");
	return w->result;
}

/* A child that runs it. */
static pid_t begin_shell(const char *command)
{
	pid_t pid = CHECK_OK(fork());

	if (!pid)
		_exit(system(command) ? 1 : 0);
	return pid;
}

/* Well, and within ten seconds? */
static bool ends_soon(pid_t pid)
{
	int i, status;

	for (i = 0; i < 100; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !status;
		usleep(100000);
	}
	return false;
}

/* Of a list of flows the memory may be swapped out, or of a file system that does not answer. */
static void nobody_waits_for_memory_of_flows(void)
{
	struct vnic_ioc_flows args = { .network = "lan", .count = 64 };
	struct waiter w = waiter_new();
	uint8_t frame[64];
	struct iovec parts[] = { { frame, 0 } };
	int fd = guest_card(PLAIN);
	bool ended;

	parts[0].iov_len = to_outside(frame);
	CHECK(!is_dropped(fd, parts, 1), "the first packet");
	args.flows = (uintptr_t)w.page;
	waiter_begin(&w, control(), VNIC_IOC_FLOWS, &args);
	ended = ends_soon(begin_shell("ip link set dev lo down"));
	CHECK_EQ(waiter_go(&w, "", 0), 0);
	CHECK(args.count > 0, "no flow");
	CHECK(ended, "nothing of the network could be changed meanwhile");
}

/* It is found by its descriptor as long as the ioctl has it, but it is in no namespace any more. */
static void card_deleted_while_its_ioctl_waits_is_not_attached(void)
{
	struct vnic_ioc_card args = { .network = "lan", .address = htonl(GUEST) };
	struct waiter w = waiter_new();
	pid_t deleting;
	int fd, i;

	own_namespace();
	make_network("lan");
	fd = card_new(PLAIN);
	waiter_begin(&w, fd, VNIC_IOC_ATTACH, w.page);
	deleting = begin_shell("ip link delete dev card");
	for (i = 0; i < 100 && card_index("card"); i++)
		usleep(100000);
	CHECK(!card_index("card"), "it is there still");
	CHECK_EQ(waiter_go(&w, &args, sizeof(args)), -ENODEV);
	CHECK(ends_soon(deleting), "its deletion does not end");
	args = (struct vnic_ioc_card){ .network = "lan" };
	CHECK_ERRNO(ioctl(control(), VNIC_IOC_CARD, &args), ENOENT);
}

/* A bridge has its own handler of what is received. */
static void card_of_a_bridge_cannot_join(void)
{
	own_namespace();
	make_network("lan");
	card_new(PLAIN);
	shell("ip link add br0 type bridge && ip link set dev card master br0");
	CHECK_ERRNO(attach("lan", "card"), EBUSY);
	shell("ip link set dev card nomaster");
	CHECK_OK(attach("lan", "card"));
	CHECK(system("ip link set dev card master br0 2>/dev/null"), "a bridge has it too");
}

static void ethtool_knows_a_card(void)
{
	own_namespace();
	card_new(PLAIN | IFF_MULTI_QUEUE);
	shell("ip link add dev v0 type vnic");
	shell("ethtool -i card | grep -qx 'driver: vnic' && ethtool -i card | grep -qx 'bus-info: tap'");
	shell("ethtool -i v0 | grep -qx 'bus-info: link'");
	shell("ethtool v0 | grep -q 'Speed: 10000Mb/s'");
	shell("ethtool -g card | grep -q 'TX:.*512'");
	shell("ethtool -G card tx 64 && ethtool -g card | grep -q 'TX:.*64'");
	CHECK(system("ethtool -G card tx 63 2>/dev/null"), "not a power of 2");
	CHECK(system("ethtool -G card tx 8 2>/dev/null"), "too small");
	CHECK(system("ethtool -G card tx 8192 2>/dev/null"), "too large");
	shell("ethtool -l card | grep -q 'Combined:.*256'");
	shell("ethtool -c card | grep -q 'rx-frames:.*64'");
	shell("ethtool -C card rx-frames 16 && ethtool -c card | grep -q 'rx-frames:.*16'");
	CHECK(system("ethtool -C card rx-frames 65 2>/dev/null"), "too many");
	CHECK(system("ethtool -C card rx-frames 0 2>/dev/null"), "none");
	shell("ethtool -S card | grep -q 'queue_0_tx_stops: 0'");
}

static void mtu_has_bounds(void)
{
	own_namespace();
	card_new(PLAIN);
	shell("ip link add dev v0 type vnic");
	shell("ip link set dev card mtu 65521 && ip link set dev card mtu 68");
	shell("ip link set dev v0 mtu 65521 && ip link set dev v0 mtu 68");
	CHECK(system("ip link set dev card mtu 65522 2>/dev/null"), "too large");
	CHECK(system("ip link set dev v0 mtu 67 2>/dev/null"), "too small");
}

/* ip link knows those of a file as well. */
static void tap_card_is_a_vnic_too(void)
{
	own_namespace();
	card_new(PLAIN);
	shell("ip link show type vnic | grep -q card");
	shell("ip link del dev card");
	CHECK_EQ(card_index("card"), 0);
}

int main(void)
{
	RUN(card_in_no_network_has_no_carrier);
	RUN(network_gives_the_carrier);
	RUN(attributes_put_it_into_a_network);
	RUN(mac_address_has_to_be_one);
	RUN(guest_in_its_namespace_reaches_the_gateway);
	RUN(card_ends_with_its_namespace);
	RUN(network_that_ends_takes_the_carrier);
	RUN(dns_servers_are_judged);
	RUN(tap_card_in_a_network_is_watched);
	RUN(tagged_frame_is_dropped);
	RUN(sum_to_be_completed_is_the_transports);
	RUN(privilege_elsewhere_does_not_detach);
	RUN(nobody_waits_for_memory_of_flows);
	RUN(card_deleted_while_its_ioctl_waits_is_not_attached);
	RUN(card_of_a_bridge_cannot_join);
	RUN(ethtool_knows_a_card);
	RUN(mtu_has_bounds);
	RUN(tap_card_is_a_vnic_too);
	return tap_done();
}
