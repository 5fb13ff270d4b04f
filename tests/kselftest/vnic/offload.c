// SPDX-License-Identifier: GPL-2.0
/*
 * Checksums and segmentation. Two hosts (namespaces with the kernel's own TCP) are joined by a cable:
 * a card in each, and this program, which carries frames from one to the other and looks at every
 * one of them. With every combination of offloads on either card: what a reader did not ask for it
 * does not get, what is said to be complete is, and all data arrive.
 */
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pthread.h>

#include "card.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif
#define USO		(TUN_F_USO4 | TUN_F_USO6)
#define PORT		4000
#define DATA		400000u
#define NO_VNET		0x80000000u

/**
 * struct end - of the cable
 * @fd: its card
 * @offload: TUN_F_*, or NO_VNET
 * @frames: read from it
 * @gso: of these, longer than a segment
 * @partial: of these, with a sum to be completed
 */
struct end {
	int fd;
	unsigned int offload;
	unsigned int frames;
	unsigned int gso;
	unsigned int partial;
};

/**
 * struct carried - a frame as the cable sees it
 */
struct carried {
	struct virtio_net_hdr vnet;
	uint8_t frame[FRAME_MAX];
} __attribute__((packed));

static volatile bool enough;

static size_t header_size(const struct end *end)
{
	return end->offload & NO_VNET ? 0 : sizeof(struct virtio_net_hdr);
}

/* --- is it what the reader asked for? --- */

static bool allowed(unsigned int offload, uint8_t gso_type)
{
	if (gso_type & VIRTIO_NET_HDR_GSO_ECN && !(offload & TUN_F_TSO_ECN))
		return false;
	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return offload & TUN_F_TSO4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return offload & TUN_F_TSO6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return (offload & USO) == USO;
	}
	return false;
}

/* The ones' complement sum of @n octets, here and not in the kernel. */
static uint32_t sum_of(uint32_t sum, const uint8_t *at, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += at[i] << 8 | at[i + 1];
	if (n & 1)
		sum += at[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The sum over pseudo header and payload of a whole IPv4 or IPv6 packet: 0xffff if it is right. */
static uint32_t transport_sum(const uint8_t *ip, bool six)
{
	size_t header = six ? 40 : (ip[0] & 15) * 4;
	size_t length = six ? (size_t)(ip[4] << 8 | ip[5]) : (size_t)(ip[2] << 8 | ip[3]) - header;
	uint32_t sum = six ? sum_of(0, ip + 8, 32) : sum_of(0, ip + 12, 8);

	return sum_of(sum + (six ? ip[6] : ip[9]) + length, ip + header, length);
}

/* One that is said to be complete. */
static void check_sum(const uint8_t *frame, size_t n)
{
	bool six = frame[12] == 0x86 && frame[13] == 0xdd, four = frame[12] == 8 && !frame[13];
	const uint8_t *ip = frame + ETH_HLEN;
	uint8_t protocol = six ? ip[6] : ip[9];

	if (!six && !four)
		return;
	CHECK(n >= ETH_HLEN + (six ? 40u : 20u), "%zu octets", n);
	if (four)
		CHECK_EQ(ip_sum(ip), 0);
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		CHECK_EQ(transport_sum(ip, six), 0xffff);
}

static void look_at(struct end *end, const struct carried *c, size_t n)
{
	end->frames++;
	if (end->offload & NO_VNET) {
		check_sum(c->frame, n);
		CHECK(n <= ETH_HLEN + 1500, "%zu octets for a reader that takes no segments", n);
		return;
	}
	CHECK(allowed(end->offload, c->vnet.gso_type), "gso_type %u with offload 0x%x",
	      c->vnet.gso_type, end->offload);
	if (c->vnet.gso_type)
		end->gso++;
	else
		CHECK(n <= ETH_HLEN + 1500, "%zu octets in one", n);
	if (c->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		CHECK(end->offload & TUN_F_CSUM, "a sum to complete, though that was not asked for");
		end->partial++;
	} else {
		check_sum(c->frame, n);
	}
}

/* --- the cable --- */

/*
 * Who has no header in front of what it writes must have complete frames: so a cable from an end
 * with offloads to one without a header completes nothing, and is not laid.
 */
static void carry(struct end *from, struct end *to, struct carried *c)
{
	size_t before = header_size(from);
	ssize_t n;

	memset(&c->vnet, 0, sizeof(c->vnet));
	n = read(from->fd, c->frame - before, before + sizeof(c->frame));
	if (n < 0)
		return;
	n -= before;
	look_at(from, c, n);
	before = header_size(to);
	CHECK_EQ(write(to->fd, c->frame - before, before + n), before + n);
}

static void *cable(void *arg)
{
	struct end *ends = arg;
	static struct carried c;
	struct pollfd p[2] = { { .fd = ends[0].fd, .events = POLLIN },
			       { .fd = ends[1].fd, .events = POLLIN } };

	while (!enough) {
		if (poll(p, 2, 100) <= 0)
			continue;
		if (p[0].revents & POLLIN)
			carry(&ends[0], &ends[1], &c);
		if (p[1].revents & POLLIN)
			carry(&ends[1], &ends[0], &c);
	}
	return NULL;
}

static void lay(struct end *end, const char *number, unsigned int offload)
{
	char name[IFNAMSIZ] = "card";
	int fd = card_open();

	end->fd = fd;
	end->offload = offload;
	if (card_set(fd, name, offload & NO_VNET ? PLAIN : PLAIN | IFF_VNET_HDR))
		FAIL("TUNSETIFF: %s", strerror(errno));
	if (!(offload & NO_VNET) && ioctl(fd, TUNSETOFFLOAD, offload))
		SKIP("this kernel's TAP has no such offload");
	set_nonblock(fd);
	shell("ip address add 10.9.0.%s/24 dev card && ip address add fd09::%s/64 dev card nodad",
	      number, number);
	shell("ip link set dev card up");
}

/* --- the two hosts --- */

static struct sockaddr_storage address(bool six, const char *number)
{
	struct sockaddr_storage a = {};
	struct sockaddr_in6 *in6 = (void *)&a;
	struct sockaddr_in *in = (void *)&a;
	char text[64];

	snprintf(text, sizeof(text), six ? "fd09::%s" : "10.9.0.%s", number);
	if (six)
		*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	else
		*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT) };
	CHECK_EQ(inet_pton(a.ss_family, text, six ? (void *)&in6->sin6_addr : &in->sin_addr), 1);
	return a;
}

static uint8_t octet(size_t at)
{
	return at * 31 + (at >> 8);
}

/* The first host sends data to the second by TCP. */
static void send_tcp(bool six)
{
	struct sockaddr_storage to = address(six, "2");
	int s = CHECK_OK(socket(to.ss_family, SOCK_STREAM, 0));
	static uint8_t data[DATA];
	size_t at;

	for (at = 0; at < DATA; at++)
		data[at] = octet(at);
	CHECK_OK(connect(s, (struct sockaddr *)&to, sizeof(to)));
	for (at = 0; at < DATA;)
		at += CHECK_OK(send(s, data + at, DATA - at, 0));
	CHECK_OK(shutdown(s, SHUT_WR));
	CHECK_EQ(recv(s, data, 1, 0), 0);
	close(s);
}

static void receive_tcp(int listener)
{
	int s = CHECK_OK(accept(listener, NULL, NULL));
	static uint8_t data[65536];
	size_t at = 0;
	ssize_t n, i;

	while ((n = recv(s, data, sizeof(data), 0)) > 0)
		for (i = 0; i < n; i++, at++)
			CHECK_EQ(data[i], octet(at));
	CHECK_EQ(at, DATA);
	close(s);
}

/* Datagrams, and one call for 20 of them (UDP_SEGMENT). */
static void send_udp(bool six)
{
	struct sockaddr_storage to = address(six, "2");
	int s = CHECK_OK(socket(to.ss_family, SOCK_DGRAM, 0)), segment = 1000, i;
	static uint8_t data[20000];

	CHECK_OK(connect(s, (struct sockaddr *)&to, sizeof(to)));
	CHECK_EQ(send(s, data, 1000, 0), 1000);
	CHECK_OK(setsockopt(s, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
	if (send(s, data, sizeof(data), 0) == sizeof(data)) {
		close(s);
		return;
	}
	/* Older kernels want a device that sums. */
	CHECK_EQ(errno, EIO);
	segment = 0;
	CHECK_OK(setsockopt(s, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
	for (i = 0; i < 20; i++)
		CHECK_EQ(send(s, data, 1000, 0), 1000);
	close(s);
}

static void receive_udp(int s)
{
	uint8_t data[2048];
	int i;

	for (i = 0; i < 21; i++)
		CHECK_EQ(recv(s, data, sizeof(data), 0), 1000);
}

static int bound(int type, bool six)
{
	struct sockaddr_storage here = address(six, "2");
	struct timeval patience = { .tv_sec = 20 };
	int s = CHECK_OK(socket(here.ss_family, type, 0)), on = 1;

	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	CHECK_OK(bind(s, (struct sockaddr *)&here, sizeof(here)));
	if (type == SOCK_STREAM)
		CHECK_OK(listen(s, 1));
	return s;
}

static void second_host(const int *sockets)
{
	receive_tcp(sockets[0]);
	receive_udp(sockets[1]);
	receive_tcp(sockets[2]);
	receive_udp(sockets[3]);
}

static void first_host(void)
{
	send_tcp(false);
	send_udp(false);
	send_tcp(true);
	send_udp(true);
}

/* Data from one to the other, with these offloads. */
static void transfer(unsigned int one, unsigned int other)
{
	static struct end ends[2];
	pthread_t thread;
	int sockets[4], home, status;
	pid_t child;

	CHECK_OK(unshare(CLONE_NEWNET));
	lay(&ends[1], "2", other);
	sockets[0] = bound(SOCK_STREAM, false);
	sockets[1] = bound(SOCK_DGRAM, false);
	sockets[2] = bound(SOCK_STREAM, true);
	sockets[3] = bound(SOCK_DGRAM, true);
	home = CHECK_OK(open("/proc/self/ns/net", O_RDONLY));
	CHECK_OK(unshare(CLONE_NEWNET));
	lay(&ends[0], "1", one);
	CHECK_OK(pthread_create(&thread, NULL, cable, ends));
	child = fork();
	if (!child) {
		CHECK_OK(setns(home, CLONE_NEWNET));
		second_host(sockets);
		exit(0);
	}
	first_host();
	CHECK_OK(waitpid(child, &status, 0));
	CHECK_EQ(status, 0);
	enough = true;
	pthread_join(thread, NULL);
	if (!(one & NO_VNET) && one & TUN_F_CSUM)
		CHECK(ends[0].partial, "no sum was left to complete");
	if (!(one & NO_VNET) && one & (TUN_F_TSO4 | TUN_F_TSO6 | USO))
		CHECK(ends[0].gso, "nothing was left to be segmented");
}

/* The far end can tell by its header what it writes, so it can be written anything. */
#define CARRIES(name, offload)			\
	static void name(void)			\
	{					\
		transfer(offload, 0);		\
	}

CARRIES(no_header, NO_VNET)
CARRIES(header_and_nothing_else, 0)
CARRIES(checksum, TUN_F_CSUM)
CARRIES(segments_of_ipv4, TUN_F_CSUM | TUN_F_TSO4)
CARRIES(segments_of_ipv6, TUN_F_CSUM | TUN_F_TSO6)
CARRIES(segments_of_both, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
CARRIES(segments_with_ecn, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)
CARRIES(segments_of_udp, TUN_F_CSUM | USO)
CARRIES(everything, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | USO)

static void everything_both_ways(void)
{
	transfer(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
}

static void no_header_on_either_side(void)
{
	transfer(NO_VNET, NO_VNET);
}

/* --- what a guest says --- */

static struct carried frame;

/* Returns errno, or 0. */
static int said(int fd, size_t n, struct virtio_net_hdr vnet)
{
	frame.vnet = vnet;
	errno = 0;
	return write(fd, &frame, sizeof(vnet) + n) < 0 ? errno : 0;
}

static void lies_are_refused(void)
{
	const uint8_t needs = VIRTIO_NET_HDR_F_NEEDS_CSUM, tcp4 = VIRTIO_NET_HDR_GSO_TCPV4;
	size_t n;
	int fd;
	const struct {
		const char *what;
		struct virtio_net_hdr vnet;
	} lies[] = {
		{ "segments of no octets", { needs, tcp4, 54, 0, 34, 16 } },
		{ "headers longer than the frame", { needs, tcp4, 65535, 1000, 34, 16 } },
		{ "a sum that begins behind the frame", { needs, 0, 0, 0, 65535, 16 } },
		{ "a sum that stands behind the frame", { needs, 0, 0, 0, 34, 65535 } },
		{ "a sum at its last octet", { needs, 0, 0, 0, 34, 3019 } },
		{ "segments of nothing known", { needs, 0x7f, 54, 1000, 34, 16 } },
		{ "UDP, but it is TCP", { 0, VIRTIO_NET_HDR_GSO_UDP_L4, 42, 1000, 0, 0 } },
		{ "the sum of another protocol", { needs, tcp4, 54, 1000, 34, 6 } },
		{ "a sum within the Ethernet header", { needs, tcp4, 54, 1000, 4, 16 } },
	};
	unsigned int i;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR);
	card_up("card");
	n = guest_tcp(frame.frame, "card", 1, 3000, true);
	for (i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		CHECK(said(fd, n, lies[i].vnet) == EINVAL, "%s: %s", lies[i].what,
		      strerrorname_np(errno));
	CHECK_EQ(card_counter("card", RX_PACKETS), 0);
	CHECK_EQ(card_counter("card", RX_ERRORS), i);
	CHECK_EQ(said(fd, n, (struct virtio_net_hdr){ needs, tcp4, 54, 1000, 34, 16 }), 0);
}

/* Whatever it says: refused or not, nothing happens to the host. */
static void anything_may_be_said(void)
{
	uint64_t state = tap_setting("SEED", 1);
	unsigned int i, good = 0;
	struct virtio_net_hdr v;
	size_t n;
	int fd;

	own_namespace();
	fd = card_new(PLAIN | IFF_VNET_HDR);
	card_up("card");
	for (i = 0; i < tap_scaled(20000); i++) {
		n = guest_tcp(frame.frame, "card", i, tap_next(&state) % 9000, true);
		v = (struct virtio_net_hdr){
			.flags = tap_next(&state) % 4,
			.gso_type = (uint8_t[]){ 0, 1, 3, 4, 5, 0x81, 0x84, 0xff }[tap_next(&state) % 8],
			.hdr_len = tap_next(&state) % 200,
			.gso_size = tap_next(&state) >> tap_next(&state) % 64,
			.csum_start = tap_next(&state) % 3 ? 34 : tap_next(&state) % 100,
			.csum_offset = tap_next(&state) % 3 ? 16 : tap_next(&state) % 100,
		};
		/* Or another protocol, or rubbish in the headers. */
		if (tap_next(&state) % 4 == 0)
			frame.frame[tap_next(&state) % 60] = tap_next(&state);
		good += !said(fd, n, v);
	}
	CHECK(good > 100 && good < i, "%u of %u were taken", good, i);
}

/* A cable of the kernel's own: what one guest leaves to be done is done for one that cannot. */
static void bridge(unsigned int one, unsigned int other, int *in, int *out)
{
	char a[IFNAMSIZ] = "a", b[IFNAMSIZ] = "b";

	own_namespace();
	*in = card_open();
	*out = card_open();
	CHECK_OK(card_set(*in, a, PLAIN | IFF_VNET_HDR));
	CHECK_OK(ioctl(*in, TUNSETOFFLOAD, one));
	CHECK_OK(card_set(*out, b, other & NO_VNET ? PLAIN : PLAIN | IFF_VNET_HDR));
	if (!(other & NO_VNET))
		CHECK_OK(ioctl(*out, TUNSETOFFLOAD, other));
	shell("ip link add br0 type bridge && ip link set dev br0 up");
	shell("ip link set dev a master br0 up && ip link set dev b master br0 up");
	/* It forwards when it knows that there is a carrier. */
	usleep(300000);
}

/* 3000 octets of TCP from another guest, its sum and its segments left to others. */
static void send_big(int in)
{
	size_t n = guest_tcp(frame.frame, "a", 1, 3000, true);

	memcpy(frame.frame, "\2\0\0\0\0\x9", 6);
	CHECK_EQ(said(in, n, (struct virtio_net_hdr){ VIRTIO_NET_HDR_F_NEEDS_CSUM,
						      VIRTIO_NET_HDR_GSO_TCPV4, 54, 1000, 34,
						      16 }), 0);
}

static void another_guests_segments_are_made(void)
{
	struct end reader = { .offload = NO_VNET };
	size_t n, total = 0;
	int in, i;

	bridge(TUN_F_CSUM | TUN_F_TSO4, NO_VNET, &in, &reader.fd);
	send_big(in);
	for (i = 0; i < 3; i++) {
		n = next_ipv4(reader.fd, frame.frame, sizeof(frame.frame), 0);
		CHECK(n, "no segment %d", i);
		look_at(&reader, &frame, n);
		total += n - ETH_HLEN - 40;
	}
	CHECK_EQ(total, 3000);
}

static void another_guests_segments_stay_whole(void)
{
	struct end reader = { .offload = TUN_F_CSUM | TUN_F_TSO4 };
	size_t n;
	int in;

	bridge(TUN_F_CSUM, TUN_F_CSUM | TUN_F_TSO4, &in, &reader.fd);
	send_big(in);
	n = next_ipv4(reader.fd, &frame, sizeof(frame), sizeof(frame.vnet));
	CHECK_EQ(n, sizeof(frame.vnet) + ETH_HLEN + 40 + 3000);
	CHECK_EQ(frame.vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	CHECK_EQ(frame.vnet.gso_size, 1000);
	look_at(&reader, &frame, n - sizeof(frame.vnet));
}

/* What waits was meant for a reader that could take it, which then says that it cannot. */
static void change_of_mind_is_heard(void)
{
	struct end reader = { .offload = 0 };
	uint8_t text[100] = "waits";
	size_t n;
	int s;

	own_namespace();
	reader.fd = card_new(PLAIN | IFF_VNET_HDR);
	CHECK_OK(ioctl(reader.fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4));
	card_up("card");
	s = host_socket(PORT);
	CHECK_EQ(send(s, text, sizeof(text), 0), sizeof(text));
	CHECK_OK(ioctl(reader.fd, TUNSETOFFLOAD, 0));
	n = next_ipv4(reader.fd, &frame, sizeof(frame), sizeof(frame.vnet));
	CHECK_EQ(n, sizeof(frame.vnet) + ETH_HLEN + 28 + sizeof(text));
	look_at(&reader, &frame, n - sizeof(frame.vnet));
}

static void ethtool_has_the_last_word(void)
{
	struct end reader = { .offload = 0 };
	uint8_t text[100] = "plain";
	size_t n;
	int s;

	own_namespace();
	reader.fd = card_new(PLAIN | IFF_VNET_HDR);
	CHECK_OK(ioctl(reader.fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4));
	shell("ethtool -K card tx off >/dev/null");
	card_up("card");
	s = host_socket(PORT);
	CHECK_EQ(send(s, text, sizeof(text), 0), sizeof(text));
	n = next_ipv4(reader.fd, &frame, sizeof(frame), sizeof(frame.vnet));
	look_at(&reader, &frame, n - sizeof(frame.vnet));
}

int main(void)
{
	RUN(no_header);
	RUN(no_header_on_either_side);
	RUN(header_and_nothing_else);
	RUN(checksum);
	RUN(segments_of_ipv4);
	RUN(segments_of_ipv6);
	RUN(segments_of_both);
	RUN(segments_with_ecn);
	RUN(segments_of_udp);
	RUN(everything);
	RUN(everything_both_ways);

	RUN(lies_are_refused);
	RUN(anything_may_be_said);
	RUN(another_guests_segments_are_made);
	RUN(another_guests_segments_stay_whole);
	RUN(change_of_mind_is_heard);
	RUN(ethtool_has_the_last_word);
	return tap_done();
}
