// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/vnic is a TAP device: what <linux/if_tun.h> promises to its programs. Frames are compared
 * octet by octet.
 */
#include <net/if_arp.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "card.h"

/* --- TUNSETIFF --- */

static void features_are_those_of_tap_frames(void)
{
	unsigned int features = 0;

	CHECK_OK(ioctl(card_open(), TUNGETFEATURES, &features));
	CHECK_EQ(features & (IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE),
		 IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
}

static void ip_packets_are_refused(void)
{
	int fd = card_open();

	CHECK_ERRNO(card_set(fd, NULL, IFF_TUN | IFF_NO_PI), EINVAL);
	CHECK_ERRNO(card_set(fd, NULL, IFF_TUN | IFF_TAP), EINVAL);
	CHECK_ERRNO(card_set(fd, NULL, IFF_NO_PI), EINVAL);
	CHECK_OK(card_set(fd, NULL, PLAIN));
}

static void names_are_patterns(void)
{
	static const struct {
		const char *pattern;
		const char *first;
		const char *second;
	} names[] = {
		{ "", "vnic0", "vnic1" }, { "guest%d", "guest0", "guest1" }, { "a%db", "a0b", "a1b" },
		{ "exactly15octets", "exactly15octets", NULL },
	};
	unsigned int i;

	own_namespace();
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char name[IFNAMSIZ] = {};
		int fd = card_open();

		strcpy(name, names[i].pattern);
		CHECK_OK(card_set(fd, name, PLAIN));
		CHECK(!strcmp(name, names[i].first), "%s", name);
		if (!names[i].second)
			continue;
		fd = card_open();
		strcpy(name, names[i].pattern);
		CHECK_OK(card_set(fd, name, PLAIN));
		CHECK(!strcmp(name, names[i].second), "%s", name);
	}
}

static void bad_names_are_refused(void)
{
	char slash[IFNAMSIZ] = "a/b", space[IFNAMSIZ] = "a b", two[IFNAMSIZ] = "a%d%d";
	char lo[IFNAMSIZ] = "lo";
	int fd = card_open();

	own_namespace();
	fd = card_open();
	CHECK_ERRNO(card_set(fd, slash, PLAIN), EINVAL);
	CHECK_ERRNO(card_set(fd, space, PLAIN), EINVAL);
	CHECK_ERRNO(card_set(fd, two, PLAIN), EINVAL);
	/* There is such a device, and it is none of ours. */
	CHECK_ERRNO(card_set(fd, lo, PLAIN), EINVAL);
}

static void name_without_end_is_cut(void)
{
	struct ifreq ifr = { .ifr_flags = PLAIN };

	own_namespace();
	memset(ifr.ifr_name, 'x', IFNAMSIZ);
	CHECK_OK(ioctl(card_open(), TUNSETIFF, &ifr));
	CHECK_EQ(strnlen(ifr.ifr_name, IFNAMSIZ), IFNAMSIZ - 1);
	CHECK(card_index("xxxxxxxxxxxxxxx"), "no such card");
}

static void without_a_card_nothing_works(void)
{
	int fd = card_open(), value = 12;
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct ifreq ifr = {};
	char frame[64] = {};

	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EBADFD);
	CHECK_ERRNO(write(fd, frame, sizeof(frame)), EBADFD);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLERR);
	CHECK_ERRNO(ioctl(fd, TUNGETIFF, &ifr), EBADFD);
	CHECK_ERRNO(ioctl(fd, TUNSETPERSIST, 1), EBADFD);
	CHECK_ERRNO(ioctl(fd, TUNSETOFFLOAD, 0), EBADFD);
	CHECK_ERRNO(ioctl(fd, TUNSETVNETHDRSZ, &value), EBADFD);
	CHECK_ERRNO(ioctl(fd, SIOCGIFHWADDR, &ifr), EBADFD);
	CHECK_ERRNO(ioctl(fd, TUNGETDEVNETNS), EBADFD);
	CHECK_ERRNO(card_queue(fd, IFF_ATTACH_QUEUE), EINVAL);
	CHECK_ERRNO(card_queue(fd, IFF_DETACH_QUEUE), EINVAL);
	CHECK_ERRNO(ioctl(fd, 0x1234), ENOTTY);
	CHECK_ERRNO(ioctl(fd, _IO('T', 250)), ENOTTY);
}

static void file_has_one_card(void)
{
	own_namespace();
	CHECK_ERRNO(card_set(card_new(PLAIN), NULL, PLAIN), EEXIST);
}

static void getiff_says_what_setiff_said(void)
{
	struct ifreq ifr;
	int fd;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	memset(&ifr, 0x5a, sizeof(ifr));
	CHECK_OK(ioctl(fd, TUNGETIFF, &ifr));
	CHECK(!strcmp(ifr.ifr_name, "card"), "%.16s", ifr.ifr_name);
	CHECK_EQ((unsigned short)ifr.ifr_flags,
		 PLAIN | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	CHECK_OK(ioctl(fd, TUNSETPERSIST, 1));
	CHECK_OK(ioctl(fd, TUNGETIFF, &ifr));
	CHECK((unsigned short)ifr.ifr_flags & IFF_PERSIST, "not persistent");
}

static void exclusive_name_is_not_shared(void)
{
	char name[IFNAMSIZ] = "card";

	own_namespace();
	card_new(PLAIN | IFF_MULTI_QUEUE);
	CHECK_ERRNO(card_set(card_open(), name, PLAIN | IFF_MULTI_QUEUE | IFF_TUN_EXCL), EBUSY);
	CHECK_OK(card_set(card_open(), name, PLAIN | IFF_MULTI_QUEUE));
}

static void index_can_be_chosen(void)
{
	int fd = card_open(), index = 4711, bad = -1;
	char name[IFNAMSIZ] = "card", other[IFNAMSIZ] = "other";

	own_namespace();
	close(fd);
	fd = card_open();
	CHECK_ERRNO(ioctl(fd, TUNSETIFINDEX, &bad), EINVAL);
	CHECK_OK(ioctl(fd, TUNSETIFINDEX, &index));
	CHECK_OK(card_set(fd, name, PLAIN));
	CHECK_EQ(card_index(name), 4711);
	CHECK_ERRNO(ioctl(fd, TUNSETIFINDEX, &index), EPERM);
	fd = card_open();
	CHECK_OK(ioctl(fd, TUNSETIFINDEX, &index));
	CHECK_ERRNO(card_set(fd, other, PLAIN), EBUSY);
}

static void card_is_made_where_the_file_was_opened(void)
{
	char name[IFNAMSIZ] = "card";
	int fd, home;

	own_namespace();
	home = CHECK_OK(open("/proc/self/ns/net", O_RDONLY));
	fd = card_open();
	own_namespace();
	CHECK_OK(card_set(fd, name, PLAIN));
	CHECK_EQ(card_index(name), 0);
	CHECK_OK(setns(home, CLONE_NEWNET));
	CHECK(card_index(name), "not there");
}

static void namespace_of_the_card_can_be_opened(void)
{
	struct stat here, got;
	int fd, ns;

	own_namespace();
	/* The file alone does not keep it. */
	CHECK_OK(open("/proc/self/ns/net", O_RDONLY));
	fd = card_new(PLAIN);
	own_namespace();
	ns = CHECK_OK(ioctl(fd, TUNGETDEVNETNS));
	CHECK_OK(fstat(ns, &got));
	CHECK_OK(stat("/proc/self/ns/net", &here));
	CHECK(got.st_ino != here.st_ino, "it is this one");
	CHECK_OK(setns(ns, CLONE_NEWNET));
	CHECK(card_index("card"), "not there");
}

/* --- who may --- */

/* As another user in this network namespace. */
static void become(uid_t uid, gid_t gid)
{
	CHECK_OK(setgid(gid));
	CHECK_OK(setuid(uid));
}

static void user_needs_a_capability_for_a_new_card(void)
{
	own_namespace();
	become(1234, 1234);
	CHECK_ERRNO(card_set(card_open(), NULL, PLAIN), EPERM);
}

/* A persistent card of these; then the caller is @uid, @gid. */
static int attach_as(int owner, int group, uid_t uid, gid_t gid)
{
	char name[IFNAMSIZ] = "card";
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	CHECK_OK(ioctl(fd, TUNSETPERSIST, 1));
	if (owner >= 0)
		CHECK_OK(ioctl(fd, TUNSETOWNER, owner));
	if (group >= 0)
		CHECK_OK(ioctl(fd, TUNSETGROUP, group));
	close(fd);
	become(uid, gid);
	return card_set(card_open(), name, PLAIN);
}

static void owner_may_attach(void)
{
	CHECK_OK(attach_as(1234, -1, 1234, 5));
}

static void another_user_may_not(void)
{
	CHECK_ERRNO(attach_as(1234, -1, 1235, 5), EPERM);
}

static void group_may_attach(void)
{
	CHECK_OK(attach_as(-1, 77, 1235, 77));
}

static void owner_and_group_both_have_to_be_right(void)
{
	CHECK_ERRNO(attach_as(1234, 77, 1234, 78), EPERM);
}

static void nobodys_card_is_for_the_administrator(void)
{
	CHECK_ERRNO(attach_as(-1, -1, 1234, 77), EPERM);
}

static void own_user_namespace_is_enough(void)
{
	CHECK_OK(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	CHECK_OK(card_set(card_open(), NULL, PLAIN));
}

static void invalid_owner_is_refused(void)
{
	own_namespace();
	CHECK_ERRNO(ioctl(card_new(PLAIN), TUNSETOWNER, -1), EINVAL);
	CHECK_ERRNO(ioctl(card_open(), TUNSETGROUP, -1), EBADFD);
}

/* --- frames --- */

static void frame_of_the_host_is_read(void)
{
	uint8_t frame[2048];
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_EQ(send(s, "to the guest", 12, 0), 12);
	CHECK_EQ(next_ipv4(fd, frame, sizeof(frame), 0), ETH_HLEN + 28 + 12);
	CHECK(!memcmp(frame, "\2\0\0\0\0\2", ETH_ALEN), "not to the guest's MAC address");
	CHECK(!memcmp(frame + ETH_HLEN + 28, "to the guest", 12), "another text");
	CHECK_EQ(ip_sum(frame + ETH_HLEN), 0);
	CHECK_EQ(l4_sum(frame + ETH_HLEN, 20), 0);
}

static void frame_of_the_guest_arrives(void)
{
	uint8_t frame[2048];
	char text[64] = {};
	size_t n;
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	n = guest_udp(frame, "card", 4000, "to the host", 11);
	CHECK_EQ(write(fd, frame, n), n);
	CHECK_EQ(recv(s, text, sizeof(text), 0), 11);
	CHECK(!strcmp(text, "to the host"), "%s", text);
	CHECK_EQ(card_counter("card", RX_PACKETS), 1);
	CHECK_EQ(card_counter("card", RX_BYTES), n);
	CHECK_EQ(queue_counter("card", "rx_packets"), 1);
}

static void frames_in_pieces_are_whole(void)
{
	uint8_t frame[2048], answer[2048];
	struct iovec one[600];
	char text[600];
	size_t n, i;
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	memset(text, 'p', sizeof(text));
	n = guest_udp(frame, "card", 4000, text, 500);
	for (i = 0; i < n; i++)
		one[i] = (struct iovec){ frame + i, 1 };
	CHECK_EQ(writev(fd, one, n), n);
	CHECK_EQ(recv(s, text, sizeof(text), 0), 500);
	CHECK_EQ(send(s, text, 500, 0), 500);
	for (i = 0; i < 600; i++)
		one[i] = (struct iovec){ answer + i, 1 };
	CHECK_EQ(readv(fd, one, 600), n);
	CHECK_EQ(l4_sum(answer + ETH_HLEN, 508), 0);
}

static void frame_too_long_for_the_buffer_is_cut(void)
{
	uint8_t frame[2048] = {};
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_EQ(send(s, frame, 1000, 0), 1000);
	CHECK_EQ(send(s, frame, 10, 0), 10);
	CHECK_EQ(next_ipv4(fd, frame, 50, 0), 50);
	/* The rest is gone, the next one is whole. */
	CHECK_EQ(next_ipv4(fd, frame, sizeof(frame), 0), ETH_HLEN + 38);
}

static void four_octets_come_first_without_no_pi(void)
{
	struct {
		struct tun_pi pi;
		uint8_t frame[2048];
	} __attribute__((packed)) m = {};
	char text[16] = {};
	size_t n;
	int fd, s;

	own_namespace();
	fd = card_new(IFF_TAP);
	card_up("card");
	s = host_socket(4000);
	CHECK_EQ(send(s, "four", 4, 0), 4);
	CHECK_EQ(next_ipv4(fd, &m, sizeof(m), 4), 4 + ETH_HLEN + 32);
	CHECK_EQ(m.pi.proto, htons(ETH_P_IP));
	CHECK_EQ(m.pi.flags, 0);
	CHECK_EQ(send(s, m.frame, 500, 0), 500);
	CHECK_EQ(next_ipv4(fd, &m, 60, 4), 60);
	CHECK_EQ(m.pi.flags, TUN_PKT_STRIP);
	n = guest_udp(m.frame, "card", 4000, "octets", 6);
	CHECK_EQ(write(fd, &m, 4 + n), 4 + n);
	CHECK_EQ(recv(s, text, sizeof(text), 0), 6);
	CHECK_EQ(send(s, "four", 4, 0), 4);
	CHECK_ERRNO(read(fd, &m, 3), EINVAL);
	CHECK_ERRNO(write(fd, &m, 3), EINVAL);
	CHECK_ERRNO(write(fd, &m, 4 + ETH_HLEN - 1), EINVAL);
}

static void virtio_header_is_as_long_as_asked(void)
{
	static const int sizes[] = { 10, 12, 20, 256 };
	uint8_t m[2048];
	char text[16] = {};
	unsigned int i;
	int fd, s, size = 0;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR);
	card_up("card");
	s = host_socket(4000);
	CHECK_OK(ioctl(fd, TUNGETVNETHDRSZ, &size));
	CHECK_EQ(size, sizeof(struct virtio_net_hdr));
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n;

		CHECK_OK(ioctl(fd, TUNSETVNETHDRSZ, &sizes[i]));
		memset(m, 0x5a, sizeof(m));
		CHECK_EQ(send(s, "header", 6, 0), 6);
		CHECK_EQ(next_ipv4(fd, m, sizeof(m), sizes[i]), sizes[i] + ETH_HLEN + 34);
		for (n = 0; n < (size_t)sizes[i]; n++)
			CHECK(!m[n], "octet %zu of %d is 0x%x", n, sizes[i], m[n]);
		n = sizes[i] + guest_udp(m + sizes[i], "card", 4000, "size", 4);
		CHECK_EQ(write(fd, m, n), n);
		CHECK_EQ(recv(s, text, sizeof(text), 0), 4);
		CHECK_ERRNO(write(fd, m, sizes[i] - 1), EINVAL);
		CHECK_ERRNO(write(fd, m, sizes[i] + ETH_HLEN - 1), EINVAL);
	}
}

static void silly_sizes_of_the_header_are_refused(void)
{
	int sizes[] = { 9, 0, -1, INT32_MIN, 257, INT32_MAX }, fd;
	unsigned int i;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		CHECK_ERRNO(ioctl(fd, TUNSETVNETHDRSZ, &sizes[i]), EINVAL);
}

static void octet_order_of_the_header_can_be_chosen(void)
{
	struct {
		struct virtio_net_hdr h;
		uint8_t frame[4096];
	} __attribute__((packed)) m = {};
	int fd, s, on = 1, got = 0;
	size_t n;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR);
	card_up("card");
	s = host_socket(4000);
	CHECK_OK(ioctl(fd, TUNSETVNETLE, &on));
	CHECK_OK(ioctl(fd, TUNGETVNETLE, &got));
	CHECK_EQ(got, 1);
	on = 0;
	CHECK_OK(ioctl(fd, TUNSETVNETLE, &on));
	on = 1;
	CHECK_OK(ioctl(fd, TUNSETVNETBE, &on));
	CHECK_OK(ioctl(fd, TUNGETVNETBE, &got));
	CHECK_EQ(got, 1);
	/* The sum begins at octet 34 and stands at 40, said big-endian. */
	n = guest_udp(m.frame, "card", 4000, "order", 5);
	m.frame[ETH_HLEN + 20 + 6] ^= 0x55;
	m.h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	m.h.csum_start = htons(34);
	m.h.csum_offset = htons(6);
	CHECK_EQ(write(fd, &m, sizeof(m.h) + n), sizeof(m.h) + n);
	/* Believed without a look, as it is local. */
	CHECK_EQ(recv(s, m.frame, sizeof(m.frame), 0), 5);
	m.h.csum_start = 34;
	CHECK_ERRNO(write(fd, &m, sizeof(m.h) + n), EINVAL);
}

static void short_frames_are_refused_and_counted(void)
{
	uint8_t frame[ETH_HLEN] = {};
	size_t n;
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	for (n = 1; n < ETH_HLEN; n++)
		CHECK_ERRNO(write(fd, frame, n), EINVAL);
	CHECK_EQ(card_counter("card", RX_ERRORS), ETH_HLEN - 1);
	CHECK_EQ(queue_counter("card", "rx_errors"), ETH_HLEN - 1);
	CHECK_EQ(write(fd, frame, ETH_HLEN), ETH_HLEN);
}

static void long_frames_are_refused(void)
{
	size_t size = 16 << 20;
	char *much = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	CHECK_EQ(write(fd, much, FRAME_MAX), FRAME_MAX);
	CHECK_ERRNO(write(fd, much, FRAME_MAX + 1), EMSGSIZE);
	CHECK_ERRNO(write(fd, much, 65536 * 2), EMSGSIZE);
	CHECK_ERRNO(write(fd, much, size), EMSGSIZE);
}

static void memory_that_is_not_there_is_a_fault(void)
{
	void *volatile nowhere = (void *)8;
	uint8_t frame[64] = {};
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_ERRNO(write(fd, nowhere, 100), EFAULT);
	CHECK_ERRNO(write(fd, nowhere, 60000), EFAULT);
	CHECK_EQ(send(s, frame, 4, 0), 4);
	CHECK_ERRNO(read(fd, nowhere, 100), EFAULT);
	CHECK_ERRNO(ioctl(fd, TUNGETIFF, nowhere), EFAULT);
	CHECK_ERRNO(ioctl(fd, TUNSETSNDBUF, nowhere), EFAULT);
	CHECK_ERRNO(ioctl(fd, TUNGETFEATURES, nowhere), EFAULT);
	CHECK_ERRNO(ioctl(card_open(), TUNSETIFF, nowhere), EFAULT);
	CHECK_ERRNO(ioctl(card_open(), TUNSETQUEUE, nowhere), EFAULT);
}

static void device_that_is_down_takes_nothing(void)
{
	uint8_t frame[64] = {};
	struct pollfd p;
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	p = (struct pollfd){ .fd = fd, .events = POLLOUT };
	CHECK_ERRNO(write(fd, frame, sizeof(frame)), EIO);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_EQ(card_counter("card", RX_DROPPED), 1);
}

/* --- waiting --- */

static void nonblocking_read_says_so(void)
{
	char frame[64];
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	set_nonblock(fd);
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EAGAIN);
}

static void nothing(int signal __attribute__((unused)))
{
}

static void read_waits_until_there_is_a_frame(void)
{
	struct sigaction quiet = { .sa_handler = nothing };
	char frame[64];
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_OK(sigaction(SIGUSR1, &quiet, NULL));
	if (!fork()) {
		usleep(200000);
		kill(getppid(), SIGUSR1);
		usleep(200000);
		_exit(send(s, "x", 1, 0) != 1);
	}
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EINTR);
	CHECK_EQ(read(fd, frame, sizeof(frame)), ETH_HLEN + 29);
}

static void poll_tells_of_a_frame_and_of_room(void)
{
	struct pollfd p;
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	p = (struct pollfd){ .fd = fd, .events = POLLIN | POLLOUT };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT);
	p.events = POLLIN;
	if (!fork()) {
		usleep(200000);
		_exit(send(s, "x", 1, 0) != 1);
	}
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLIN);
}

static volatile sig_atomic_t told;

static void note(int signal __attribute__((unused)))
{
	told++;
}

static void sigio_tells_of_a_frame(void)
{
	struct sigaction action = { .sa_handler = note };
	int fd, s, i;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_OK(sigaction(SIGIO, &action, NULL));
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
	CHECK_EQ(send(s, "x", 1, 0), 1);
	for (i = 0; i < 100 && !told; i++)
		usleep(20000);
	CHECK(told, "no SIGIO");
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_ASYNC));
	told = 0;
	CHECK_EQ(send(s, "x", 1, 0), 1);
	usleep(100000);
	CHECK(!told, "SIGIO after it was turned off");
}

/* --- nothing is lost --- */

#define MANY	20000

/* A blocking sender and a slow reader: the sender waits, and every frame comes, in order. */
static void full_queue_stops_the_sender(void)
{
	uint32_t n = tap_scaled(MANY), i, got;
	uint8_t frame[256];
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	if (!fork()) {
		for (i = 0; i < n; i++)
			CHECK_EQ(send(s, &i, sizeof(i), 0), sizeof(i));
		_exit(0);
	}
	usleep(500000);
	for (i = 0; i < n; i++) {
		CHECK(next_ipv4(fd, frame, sizeof(frame), 0), "frame %u is lost", i);
		memcpy(&got, frame + ETH_HLEN + 28, sizeof(got));
		CHECK_EQ(got, i);
	}
	CHECK_EQ(card_counter("card", TX_DROPPED), 0);
	CHECK_EQ(card_counter("card", TX_PACKETS), n);
}

/* Many sockets have more to send at a time than one queue holds. */
static void full_queue_is_stopped_and_woken(void)
{
	unsigned int sockets = 64, each = 40, i, k;
	uint8_t frame[256];
	int fd, s[64];

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	shell("ethtool -G card tx 32");
	/* As byte queue limits may stop it before that. */
	shell("tc qdisc replace dev card root pfifo limit 10000");
	for (i = 0; i < sockets; i++) {
		s[i] = host_socket(4000 + i);
		for (k = 0; k < each; k++)
			CHECK_EQ(send(s[i], &k, sizeof(k), 0), sizeof(k));
	}
	for (i = 0; i < sockets * each; i++)
		CHECK(next_ipv4(fd, frame, sizeof(frame), 0), "frame %u is lost", i);
	set_nonblock(fd);
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EAGAIN);
	CHECK_EQ(card_counter("card", TX_DROPPED), 0);
	CHECK_EQ(queue_counter("card", "tx_packets"), sockets * each);
	CHECK_EQ(queue_counter("card", "tx_stops"), queue_counter("card", "tx_wakes"));
}

/* What a file wrote and nobody has taken yet is charged to it. */
static void send_buffer_limits_what_is_on_its_way(void)
{
	char a[IFNAMSIZ] = "a", b[IFNAMSIZ] = "b";
	int fd, sink, bytes = 20000, got = 0, bad = 0, n;
	struct pollfd p;
	uint8_t frame[1000] = "\2\0\0\0\0\x9\2\0\0\0\0\2\x12\x34";

	own_namespace();
	fd = card_open();
	sink = card_open();
	CHECK_OK(card_set(fd, a, PLAIN));
	CHECK_OK(card_set(sink, b, PLAIN));
	shell("ip link add br0 type bridge && ip link set dev a master br0 && ip link set dev b master br0");
	shell("ip link set dev a up && ip link set dev b up && ip link set br0 up");
	CHECK_ERRNO(ioctl(fd, TUNSETSNDBUF, &bad), EINVAL);
	CHECK_OK(ioctl(fd, TUNGETSNDBUF, &got));
	CHECK_EQ(got, INT32_MAX);
	CHECK_OK(ioctl(fd, TUNSETSNDBUF, &bytes));
	CHECK_OK(ioctl(fd, TUNGETSNDBUF, &got));
	CHECK_EQ(got, bytes);
	set_nonblock(fd);
	for (n = 0; n < 1000 && write(fd, frame, sizeof(frame)) > 0; n++)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK(n >= 5 && n < 25, "%d frames", n);
	p = (struct pollfd){ .fd = fd, .events = POLLOUT };
	CHECK_EQ(poll(&p, 1, 0), 0);
	if (!fork()) {
		usleep(200000);
		while (n--)
			CHECK(next_frame(sink, frame, sizeof(frame)), "it is lost");
		_exit(0);
	}
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLOUT);
}

/* --- queues --- */

static void card_of_one_queue_is_busy(void)
{
	char name[IFNAMSIZ] = "card";

	own_namespace();
	card_new(PLAIN);
	CHECK_ERRNO(card_set(card_open(), name, PLAIN), EBUSY);
	CHECK_ERRNO(card_set(card_open(), name, PLAIN | IFF_MULTI_QUEUE), EINVAL);
}

static void card_has_256_queues(void)
{
	char name[IFNAMSIZ] = "card";
	int i, fd[257];

	own_namespace();
	for (i = 0; i < 256; i++) {
		fd[i] = card_open();
		CHECK_OK(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE));
	}
	fd[i] = card_open();
	CHECK_ERRNO(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE), E2BIG);
	/* One that is detached keeps its place. */
	CHECK_OK(card_queue(fd[7], IFF_DETACH_QUEUE));
	CHECK_ERRNO(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE), E2BIG);
	CHECK_OK(card_queue(fd[7], IFF_ATTACH_QUEUE));
	close(fd[9]);
	CHECK_OK(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE));
}

/* Which of the queues has the next frame. */
static int which(const int *fd, int n)
{
	struct pollfd p[8];
	uint8_t frame[256];
	int i;

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	CHECK(poll(p, n, 5000) > 0, "no frame");
	for (i = 0; i < n; i++)
		if (p[i].revents & POLLIN)
			break;
	CHECK(read(fd[i], frame, sizeof(frame)) > 0, "nothing to read");
	return i;
}

static void answers_come_where_the_guest_sent(void)
{
	char name[IFNAMSIZ] = "card", text[16];
	uint8_t frame[256];
	int fd[4], s, i, round;
	size_t n;

	own_namespace();
	for (i = 0; i < 4; i++) {
		fd[i] = card_open();
		CHECK_OK(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE));
	}
	card_up("card");
	for (round = 0; round < 20; round++) {
		s = host_socket(5000 + round);
		i = round % 4;
		n = guest_udp(frame, "card", 5000 + round, "ask", 3);
		CHECK_EQ(write(fd[i], frame, n), n);
		CHECK_EQ(recv(s, text, sizeof(text), 0), 3);
		CHECK_EQ(send(s, "answer", 6, 0), 6);
		CHECK_EQ(which(fd, 4), i);
		close(s);
	}
}

static void flows_spread_and_stay(void)
{
	char name[IFNAMSIZ] = "card";
	int fd[4], s, i, round, first, used = 0;

	own_namespace();
	for (i = 0; i < 4; i++) {
		fd[i] = card_open();
		CHECK_OK(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE));
	}
	card_up("card");
	for (round = 0; round < 40; round++) {
		s = host_socket(6000 + round);
		CHECK_EQ(send(s, "one", 3, 0), 3);
		first = which(fd, 4);
		used |= 1 << first;
		for (i = 0; i < 3; i++) {
			CHECK_EQ(send(s, "more", 4, 0), 4);
			CHECK_EQ(which(fd, 4), first);
		}
		close(s);
	}
	CHECK_EQ(used, 15);
}

static void detached_queue_gets_nothing(void)
{
	char name[IFNAMSIZ] = "card";
	int fd[2], s, i;

	own_namespace();
	for (i = 0; i < 2; i++) {
		fd[i] = card_open();
		CHECK_OK(card_set(fd[i], name, PLAIN | IFF_MULTI_QUEUE));
	}
	card_up("card");
	CHECK_OK(card_queue(fd[0], IFF_DETACH_QUEUE));
	CHECK_ERRNO(card_queue(fd[0], IFF_DETACH_QUEUE), EINVAL);
	for (i = 0; i < 20; i++) {
		s = host_socket(7000 + i);
		CHECK_EQ(send(s, "x", 1, 0), 1);
		CHECK_EQ(which(fd + 1, 1), 0);
		close(s);
	}
	CHECK_OK(card_queue(fd[0], IFF_ATTACH_QUEUE));
	CHECK_ERRNO(card_queue(fd[0], IFF_ATTACH_QUEUE), EINVAL);
	CHECK_EQ(card_counter("card", TX_DROPPED), 0);
}

/* --- the device --- */

static void carrier_is_the_file(void)
{
	char name[IFNAMSIZ] = "card";
	int fd, on = 1, off = 0;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	CHECK(card_has_carrier("card"), "no carrier");
	CHECK_OK(ioctl(fd, TUNSETCARRIER, &off));
	CHECK(!card_has_carrier("card"), "carrier");
	CHECK_OK(ioctl(fd, TUNSETCARRIER, &on));
	CHECK(card_has_carrier("card"), "no carrier");
	CHECK_OK(ioctl(fd, TUNSETPERSIST, 1));
	close(fd);
	CHECK(!card_has_carrier("card"), "carrier though nobody has it open");
	fd = card_open();
	CHECK_OK(card_set(fd, name, PLAIN | IFF_NO_CARRIER));
	CHECK(!card_has_carrier("card"), "carrier though it was not wanted");
	CHECK_OK(ioctl(fd, TUNSETCARRIER, &on));
	CHECK(card_has_carrier("card"), "no carrier");
}

static void mac_address_is_read_and_set(void)
{
	struct ifreq ifr;
	unsigned int i;
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	memset(&ifr, 0x5a, sizeof(ifr));
	CHECK_OK(ioctl(fd, SIOCGIFHWADDR, &ifr));
	CHECK_EQ(ifr.ifr_hwaddr.sa_family, ARPHRD_ETHER);
	/* Nothing of the kernel's stack. */
	for (i = 6; i < sizeof(ifr.ifr_hwaddr.sa_data); i++)
		CHECK_EQ(ifr.ifr_hwaddr.sa_data[i], 0);
	for (i = 0; i < IFNAMSIZ; i++)
		CHECK(!ifr.ifr_name[i] || ifr.ifr_name[i] == 0x5a || i < 5, "leak");
	memcpy(ifr.ifr_hwaddr.sa_data, "\2\1\2\3\4\5", 6);
	CHECK_OK(ioctl(fd, SIOCSIFHWADDR, &ifr));
	memset(&ifr, 0, sizeof(ifr));
	CHECK_OK(ioctl(fd, SIOCGIFHWADDR, &ifr));
	CHECK(!memcmp(ifr.ifr_hwaddr.sa_data, "\2\1\2\3\4\5", 6), "another address");
	ifr.ifr_hwaddr.sa_data[0] = 1;
	CHECK_ERRNO(ioctl(fd, SIOCSIFHWADDR, &ifr), EADDRNOTAVAIL);
}

static void only_ethernet_is_spoken(void)
{
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	CHECK_OK(ioctl(fd, TUNSETLINK, ARPHRD_ETHER));
	CHECK_ERRNO(ioctl(fd, TUNSETLINK, ARPHRD_PPP), EINVAL);
	card_up("card");
	CHECK_ERRNO(ioctl(fd, TUNSETLINK, ARPHRD_ETHER), EBUSY);
}

static void offloads_that_make_no_sense_are_refused(void)
{
	int fd;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR);
	CHECK_OK(ioctl(fd, TUNSETOFFLOAD, 0));
	CHECK_OK(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN));
	CHECK_ERRNO(ioctl(fd, TUNSETOFFLOAD, TUN_F_TSO4), EINVAL);
	CHECK_ERRNO(ioctl(fd, TUNSETOFFLOAD, 0x8000), EINVAL);
	CHECK_ERRNO(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | 0x100000000UL), EINVAL);
}

static void file_says_which_card_it_has(void)
{
	char path[64], text[512] = {};
	int fd, info;

	own_namespace();
	fd = card_new(PLAIN);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = CHECK_OK(open(path, O_RDONLY));
	CHECK(read(info, text, sizeof(text) - 1) > 0, "empty");
	CHECK(strstr(text, "iff:\tcard\n"), "%s", text);
}

int main(void)
{
	RUN(features_are_those_of_tap_frames);
	RUN(ip_packets_are_refused);
	RUN(names_are_patterns);
	RUN(bad_names_are_refused);
	RUN(name_without_end_is_cut);
	RUN(without_a_card_nothing_works);
	RUN(file_has_one_card);
	RUN(getiff_says_what_setiff_said);
	RUN(exclusive_name_is_not_shared);
	RUN(index_can_be_chosen);
	RUN(card_is_made_where_the_file_was_opened);
	RUN(namespace_of_the_card_can_be_opened);

	RUN(user_needs_a_capability_for_a_new_card);
	RUN(owner_may_attach);
	RUN(another_user_may_not);
	RUN(group_may_attach);
	RUN(owner_and_group_both_have_to_be_right);
	RUN(nobodys_card_is_for_the_administrator);
	RUN(own_user_namespace_is_enough);
	RUN(invalid_owner_is_refused);

	RUN(frame_of_the_host_is_read);
	RUN(frame_of_the_guest_arrives);
	RUN(frames_in_pieces_are_whole);
	RUN(frame_too_long_for_the_buffer_is_cut);
	RUN(four_octets_come_first_without_no_pi);
	RUN(virtio_header_is_as_long_as_asked);
	RUN(silly_sizes_of_the_header_are_refused);
	RUN(octet_order_of_the_header_can_be_chosen);
	RUN(short_frames_are_refused_and_counted);
	RUN(long_frames_are_refused);
	RUN(memory_that_is_not_there_is_a_fault);
	RUN(device_that_is_down_takes_nothing);

	RUN(nonblocking_read_says_so);
	RUN(read_waits_until_there_is_a_frame);
	RUN(poll_tells_of_a_frame_and_of_room);
	RUN(sigio_tells_of_a_frame);

	RUN(full_queue_stops_the_sender);
	RUN(full_queue_is_stopped_and_woken);
	RUN(send_buffer_limits_what_is_on_its_way);

	RUN(card_of_one_queue_is_busy);
	RUN(card_has_256_queues);
	RUN(answers_come_where_the_guest_sent);
	RUN(flows_spread_and_stay);
	RUN(detached_queue_gets_nothing);

	RUN(carrier_is_the_file);
	RUN(mac_address_is_read_and_set);
	RUN(only_ethernet_is_spoken);
	RUN(offloads_that_make_no_sense_are_refused);
	RUN(file_says_which_card_it_has);
	return tap_done();
}
