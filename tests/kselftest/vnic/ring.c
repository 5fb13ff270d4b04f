// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: what <vnic_ring.h> promises, and that a program which breaks every rule of it harms nobody
 * but itself.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <vnic_ring.h>

#include "card.h"

#define SIZE	64u
#define ROOM	2048u
#define AREA	(2 * SIZE * ROOM)

/**
 * struct rings - of one file
 * @fd: the file
 * @ioc: as VNIC_IOC_RINGS returned it
 * @page: the mapping
 * @rx: descriptors
 * @tx: descriptors
 * @area: buffers: that of rx descriptor n at n * ROOM, those of tx after all of these
 * @rx_seen: of rx.done
 */
struct rings {
	int fd;
	struct vnic_ioc_rings ioc;
	volatile struct vnic_ring_page *page;
	volatile struct vnic_ring_descriptor *rx;
	volatile struct vnic_ring_descriptor *tx;
	uint8_t *area;
	uint32_t rx_seen;
};

static struct vnic_ioc_rings ask(void)
{
	return (struct vnic_ioc_rings){
		.rx_descriptors = SIZE, .tx_descriptors = SIZE, .area = AREA,
	};
}

static struct rings rings_of(int fd)
{
	struct rings r = { .fd = fd, .ioc = ask() };
	void *memory;

	CHECK_OK(ioctl(fd, VNIC_IOC_RINGS, &r.ioc));
	memory = mmap(NULL, r.ioc.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	r.page = memory;
	r.rx = memory + r.ioc.rx_offset;
	r.tx = memory + r.ioc.tx_offset;
	r.area = memory + r.ioc.area_offset;
	return r;
}

static void barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* --- a program that keeps to the rules --- */

static void kick_if_wanted(struct rings *r, volatile struct vnic_ring *ring, int which)
{
	barrier();
	if (ring->want_kick)
		CHECK_OK(ioctl(r->fd, VNIC_IOC_KICK, which));
}

static void post_buffers(struct rings *r, uint32_t n)
{
	uint32_t posted = r->page->rx.posted;

	for (; n--; posted++) {
		r->rx[posted % SIZE].offset = posted % SIZE * ROOM;
		r->rx[posted % SIZE].length = ROOM;
	}
	barrier();
	r->page->rx.posted = posted;
	kick_if_wanted(r, &r->page->rx, VNIC_KICK_RX);
}

/* Waits until there is more than has been seen. False: not within a few seconds. */
static bool wait_rx(struct rings *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	for (;;) {
		r->page->rx.want_wake = 1;
		barrier();
		if (r->page->rx.done != r->rx_seen)
			return true;
		if (poll(&p, 1, 5000) != 1)
			return false;
	}
}

/* The next frame, which is whole in one buffer. */
static uint8_t *take(struct rings *r, uint32_t *length)
{
	volatile struct vnic_ring_descriptor *d;

	if (!wait_rx(r))
		FAIL("no frame");
	d = &r->rx[r->rx_seen++ % SIZE];
	CHECK_EQ(d->flags, 0);
	*length = d->length;
	return r->area + d->offset;
}

static uint8_t *take_ipv4(struct rings *r, uint32_t *length)
{
	uint8_t *frame;

	do {
		frame = take(r, length);
	} while (frame[12] != 8 || frame[13] != 0);
	return frame;
}

static uint8_t *tx_buffer(struct rings *r, uint32_t n)
{
	return r->area + (SIZE + n % SIZE) * ROOM;
}

/* Posts what is in the buffer; does not kick. */
static void post_tx(struct rings *r, uint32_t length, uint32_t flags)
{
	uint32_t n = r->page->tx.posted;

	r->tx[n % SIZE].offset = (SIZE + n % SIZE) * ROOM;
	r->tx[n % SIZE].length = length;
	r->tx[n % SIZE].flags = flags;
	barrier();
	r->page->tx.posted = n + 1;
}

static void send_tx(struct rings *r, uint32_t length)
{
	post_tx(r, length, 0);
	kick_if_wanted(r, &r->page->tx, VNIC_KICK_TX);
}

/* --- tests --- */

static void numbers_are_checked(void)
{
	struct vnic_ioc_rings a;
	int fd = card_open();
	void *p;

	own_namespace();
	a = ask();
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EBADFD);
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_KICK, VNIC_KICK_RX), EBADFD);
	fd = card_new(PLAIN);
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_KICK, VNIC_KICK_RX), EBADFD);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV,
	      "mapped without rings");
	a.rx_descriptors = 63;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EINVAL);
	a = ask();
	a.tx_descriptors = 0;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EINVAL);
	a.tx_descriptors = VNIC_RING_MAX * 2;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), ERANGE);
	a.tx_descriptors = 1u << 31;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), ERANGE);
	a = ask();
	a.area = VNIC_RING_AREA_MAX + 1;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), ERANGE);
	a.area = 0;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), ERANGE);
	a = ask();
	a.flags = 4;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EINVAL);
	a = ask();
	a.area_of = 1;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EINVAL);
	a = ask();
	a.reserved[2] = 1;
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EINVAL);
	a = ask();
	CHECK_OK(ioctl(fd, VNIC_IOC_RINGS, &a));
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_RINGS, &a), EBUSY);
	CHECK_ERRNO(read(fd, &a, sizeof(a)), EBUSY);
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_KICK, 4), EINVAL);
	CHECK_ERRNO(ioctl(fd, VNIC_IOC_KICK, 0), EINVAL);
	p = mmap(NULL, a.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(p == MAP_FAILED && errno == EINVAL, "mapped privately");
	p = mmap(NULL, a.bytes + 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p == MAP_FAILED && errno == EINVAL, "mapped more than there is");
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096);
	CHECK(p == MAP_FAILED && errno == EINVAL, "mapped from the middle");
}

static void frame_of_the_host_is_in_the_buffer(void)
{
	uint32_t length;
	struct rings r;
	uint8_t *frame;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	post_buffers(&r, 8);
	CHECK_EQ(send(s, "to the guest", 12, 0), 12);
	frame = take_ipv4(&r, &length);
	CHECK_EQ(length, ETH_HLEN + 28 + 12);
	CHECK(!memcmp(frame + ETH_HLEN + 28, "to the guest", 12), "another text");
	CHECK_EQ(l4_sum(frame + ETH_HLEN, 20), 0);
}

static void frames_of_the_guest_arrive(void)
{
	uint32_t i, got;
	struct rings r;
	size_t n;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	for (i = 0; i < 1000; i++) {
		n = guest_udp(tx_buffer(&r, i), "card", 4000, &i, sizeof(i));
		send_tx(&r, n);
		CHECK_EQ(recv(s, &got, sizeof(got), 0), sizeof(got));
		CHECK_EQ(got, i);
	}
	CHECK_EQ(r.page->tx.done, 1000);
	CHECK_EQ(card_counter("card", RX_PACKETS), 1000);
}

/* Many are posted before the only kick. */
static void one_kick_is_for_all(void)
{
	uint32_t i, got;
	struct rings r;
	size_t n;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	for (i = 0; i < SIZE; i++) {
		n = guest_udp(tx_buffer(&r, i), "card", 4000, &i, sizeof(i));
		post_tx(&r, n, 0);
	}
	CHECK_EQ(r.page->tx.done, 0);
	CHECK_EQ(r.page->tx.want_kick, 1);
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
	for (i = 0; i < SIZE; i++) {
		CHECK_EQ(recv(s, &got, sizeof(got), 0), sizeof(got));
		CHECK_EQ(got, i);
	}
}

/* What one card sends is sent to another one from where it lies. */
static void an_area_can_be_shared(void)
{
	struct vnic_ioc_rings ioc = {
		.rx_descriptors = SIZE, .tx_descriptors = SIZE, .flags = VNIC_RINGS_SHARE,
	};
	struct rings r, other = { 0 };
	char name[IFNAMSIZ] = "other", got[12];
	uint32_t length;
	uint8_t *frame;
	void *memory;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	other.fd = card_open();
	CHECK_OK(card_set(other.fd, name, PLAIN));
	ioc.area_of = other.fd;
	CHECK_ERRNO(ioctl(other.fd, VNIC_IOC_RINGS, &ioc), EBADF);
	ioc.area_of = 1;
	CHECK_ERRNO(ioctl(other.fd, VNIC_IOC_RINGS, &ioc), EBADF);
	ioc.area_of = r.fd;
	ioc.area = 1;
	CHECK_ERRNO(ioctl(other.fd, VNIC_IOC_RINGS, &ioc), ERANGE);
	ioc.area = 0;
	CHECK_OK(ioctl(other.fd, VNIC_IOC_RINGS, &ioc));
	CHECK_EQ(ioc.area, r.ioc.area);
	CHECK_EQ(ioc.area_offset, r.ioc.area_offset);
	memory = mmap(NULL, ioc.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, other.fd, 0);
	CHECK(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	other.page = memory;
	other.tx = memory + ioc.tx_offset;

	/* The host sends by one card, and the guest behind that sends it back by the other. */
	s = host_socket(4000);
	post_buffers(&r, 1);
	CHECK_EQ(send(s, "to the guest", 12, 0), 12);
	frame = take_ipv4(&r, &length);
	length = guest_udp(frame, "other", 4000, "to the host!", 12);
	card_up("other");
	other.tx[0].offset = frame - r.area;
	other.tx[0].length = length;
	barrier();
	/* The area stays as long as anybody has it. */
	close(r.fd);
	munmap((void *)r.page, r.ioc.bytes);
	other.page->tx.posted = 1;
	kick_if_wanted(&other, &other.page->tx, VNIC_KICK_TX);
	CHECK_EQ(recv(s, got, sizeof(got), 0), 12);
	CHECK(!memcmp(got, "to the host!", 12), "another text");
}

#define MANY	20000

/* The program posts buffers late and few at a time: the sender waits. */
static void no_frame_is_lost_without_buffers(void)
{
	uint64_t state = tap_setting("SEED", 1);
	uint32_t n = tap_scaled(MANY), i, got, length, given = 0;
	struct rings r;
	uint8_t *frame;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	if (!fork()) {
		for (i = 0; i < n; i++)
			CHECK_EQ(send(s, &i, sizeof(i), 0), sizeof(i));
		_exit(0);
	}
	usleep(300000);
	for (i = 0; i < n; i++) {
		if (given == r.rx_seen) {
			length = 1 + tap_next(&state) % SIZE;
			post_buffers(&r, length);
			given += length;
		}
		frame = take(&r, &length);
		if (frame[12] != 8 || frame[13]) {
			i--;
			continue;
		}
		memcpy(&got, frame + ETH_HLEN + 28, sizeof(got));
		CHECK_EQ(got, i);
	}
	CHECK_EQ(card_counter("card", TX_DROPPED), 0);
}

static void long_frame_takes_several_buffers(void)
{
	uint8_t text[1400], got[1600];
	uint32_t i, n, length = 0;
	struct rings r;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	for (i = 0; i < sizeof(text); i++)
		text[i] = i * 7;
	for (i = 0; i < SIZE; i++) {
		r.rx[i].offset = i * ROOM;
		r.rx[i].length = 100;
	}
	barrier();
	r.page->rx.posted = SIZE;
	kick_if_wanted(&r, &r.page->rx, VNIC_KICK_RX);
	CHECK_EQ(send(s, text, sizeof(text), 0), sizeof(text));
	CHECK(wait_rx(&r), "no frame");
	n = r.page->rx.done;
	CHECK_EQ(n, (ETH_HLEN + 28 + sizeof(text) + 99) / 100);
	for (i = 0; i < n; i++) {
		CHECK_EQ(r.rx[i].flags, i + 1 < n ? VNIC_RING_MORE : 0);
		memcpy(got + length, r.area + i * ROOM, r.rx[i].length);
		length += r.rx[i].length;
	}
	CHECK_EQ(length, ETH_HLEN + 28 + sizeof(text));
	CHECK(!memcmp(got + ETH_HLEN + 28, text, sizeof(text)), "another text");
}

static void frame_in_pieces_is_sent_whole(void)
{
	uint8_t frame[2048], text[200] = "pieces";
	uint32_t i, piece;
	struct rings r;
	size_t n, at;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	n = guest_udp(frame, "card", 4000, text, sizeof(text));
	/* The last piece comes later: half a frame is not sent. */
	for (at = 0, i = 0; at < n; at += piece, i++) {
		piece = n - at < 10 ? n - at : 10;
		memcpy(tx_buffer(&r, i), frame + at, piece);
		if (at + piece == n) {
			CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
			CHECK_EQ(r.page->tx.done, 0);
		}
		post_tx(&r, piece, at + piece < n ? VNIC_RING_MORE : 0);
	}
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
	CHECK_EQ(recv(s, text, sizeof(text), 0), sizeof(text));
	CHECK_EQ(r.page->tx.done, i);
}

static void poll_waits_only_if_asked(void)
{
	struct pollfd p;
	struct rings r;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	post_buffers(&r, 8);
	p = (struct pollfd){ .fd = r.fd, .events = POLLIN | POLLOUT };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN | POLLOUT);
	r.page->rx.want_wake = 1;
	r.page->tx.want_wake = 1;
	CHECK_EQ(poll(&p, 1, 0), 0);
	if (!fork()) {
		usleep(200000);
		_exit(send(s, "x", 1, 0) != 1);
	}
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_EQ(r.page->rx.want_wake, 0);
	send_tx(&r, guest_udp(tx_buffer(&r, 0), "card", 4000, "x", 1));
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLIN | POLLOUT);
}

/* Segments of one connection that are sent together become one frame. */
static void segments_are_merged(void)
{
	uint32_t i, sequence = 1;
	struct rings r;
	size_t n;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	for (i = 0; i < 20; i++, sequence += 1000) {
		n = guest_tcp(tx_buffer(&r, i), "card", sequence, 1000, false);
		post_tx(&r, n, 0);
	}
	shell("nft 'table ip t { chain c { type filter hook prerouting priority 0; tcp dport 4000 counter; }; }'");
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
	CHECK_EQ(card_counter("card", RX_PACKETS), 20);
	shell("nft list chain ip t c | grep -q 'packets [1-4] bytes'");
}

static void rings_go_on_with_the_next_card(void)
{
	char name[IFNAMSIZ] = "next";
	uint32_t length;
	struct rings r;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN | IFF_MULTI_QUEUE));
	card_up("card");
	post_buffers(&r, 32);
	s = host_socket(4000);
	CHECK_EQ(send(s, "one", 3, 0), 3);
	take_ipv4(&r, &length);
	CHECK_OK(card_queue(r.fd, IFF_DETACH_QUEUE));
	CHECK_ERRNO(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX), EBADFD);
	CHECK_OK(card_queue(r.fd, IFF_ATTACH_QUEUE));
	close(s);
	shell("ip link del dev card");
	CHECK_ERRNO(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX), EBADFD);
	CHECK_OK(card_set(r.fd, name, PLAIN));
	card_up("next");
	s = host_socket(4000);
	CHECK_EQ(send(s, "another", 7, 0), 7);
	take_ipv4(&r, &length);
	CHECK_EQ(length, ETH_HLEN + 28 + 7);
	send_tx(&r, guest_udp(tx_buffer(&r, 0), "next", 4000, "back", 4));
	CHECK_EQ(recv(s, name, sizeof(name), 0), 4);
}

/* A queue that is set aside sends nothing, and nobody kicks again for what was posted meanwhile. */
static void what_is_posted_aside_is_sent_when_it_is_back(void)
{
	struct rings r;
	char got[8];
	size_t n;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN | IFF_MULTI_QUEUE));
	card_up("card");
	s = host_socket(4000);
	n = guest_udp(tx_buffer(&r, 0), "card", 4000, "aside", 5);
	CHECK_OK(card_queue(r.fd, IFF_DETACH_QUEUE));
	post_tx(&r, n, 0);
	ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX);
	usleep(100000);
	CHECK_EQ(r.page->tx.done, 0);
	CHECK_OK(card_queue(r.fd, IFF_ATTACH_QUEUE));
	CHECK_EQ(recv(s, got, sizeof(got), 0), 5);
	CHECK_EQ(r.page->tx.done, 1);
}

static uint64_t number_in(const char *path)
{
	unsigned long long number = 0;
	FILE *f = fopen(path, "r");

	CHECK(f && fscanf(f, "%llu", &number) == 1, "%s", path);
	fclose(f);
	return number;
}

/* Who makes them pays: a group's limit holds for its rings too. */
static void rings_are_charged_to_the_group_of_their_maker(void)
{
	char mount_at[] = "/tmp/cgroup.XXXXXX", path[64];
	struct vnic_ioc_rings a = ask();
	uint64_t before, after;
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	CHECK(mkdtemp(mount_at), "%s", mount_at);
	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL));
	CHECK_OK(mount("none", mount_at, "cgroup2", 0, NULL));
	shell("cd %s && echo +memory >cgroup.subtree_control && mkdir ring && echo %d >ring/cgroup.procs",
	      mount_at, getpid());
	snprintf(path, sizeof(path), "%s/ring/memory.current", mount_at);
	a.area = 8 << 20;
	before = number_in(path);
	CHECK_OK(ioctl(fd, VNIC_IOC_RINGS, &a));
	after = number_in(path);
	shell("cd %s && echo $$ >cgroup.procs && echo %d >cgroup.procs && rmdir ring", mount_at,
	      getpid());
	umount2(mount_at, MNT_DETACH);
	rmdir(mount_at);
	CHECK(after >= before + a.bytes * 3 / 4, "%llu octets of %llu",
	      (unsigned long long)(after - before), (unsigned long long)a.bytes);
}

static void frames_that_wait_are_not_lost_to_the_rings(void)
{
	uint32_t length;
	struct rings r;
	uint8_t *frame;
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_EQ(send(s, "early", 5, 0), 5);
	r = rings_of(fd);
	CHECK_EQ(r.page->rx.want_kick, 1);
	post_buffers(&r, 4);
	frame = take_ipv4(&r, &length);
	CHECK(!memcmp(frame + ETH_HLEN + 28, "early", 5), "another text");
}

/* --- a program that does not --- */

static void buffers_outside_of_the_area_are_not_touched(void)
{
	static const struct {
		uint32_t offset;
		uint32_t length;
	} bad[] = {
		{ AREA, 1 }, { AREA - 1, 2 }, { 0, AREA + 1 }, { 0, UINT32_MAX }, { UINT32_MAX, 1 },
		{ UINT32_MAX, UINT32_MAX }, { 1, UINT32_MAX }, { AREA + 1, 0 },
	};
	unsigned int n = sizeof(bad) / sizeof(*bad), i;
	struct rings r;
	uint8_t *frame;
	uint32_t length;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	for (i = 0; i < n; i++) {
		r.rx[i].offset = r.tx[i].offset = bad[i].offset;
		r.rx[i].length = r.tx[i].length = bad[i].length;
	}
	barrier();
	r.page->rx.posted = r.page->tx.posted = n;
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_RX | VNIC_KICK_TX));
	CHECK_EQ(r.page->tx.done, n);
	for (i = 0; i < n; i++)
		CHECK_EQ(r.tx[i].flags, VNIC_RING_BAD);
	post_buffers(&r, 4);
	CHECK_EQ(send(s, "good", 4, 0), 4);
	/* The bad ones come back as parts of the first frame, with nothing in them. */
	CHECK(wait_rx(&r), "no frame");
	for (i = 0; i < n; i++) {
		CHECK_EQ(r.rx[i].flags, VNIC_RING_BAD | VNIC_RING_MORE);
		CHECK_EQ(r.rx[i].length, 0);
	}
	r.rx_seen = n;
	frame = take(&r, &length);
	CHECK_EQ(length, ETH_HLEN + 28 + 4);
	CHECK(!memcmp(frame + ETH_HLEN + 28, "good", 4), "another text");
}

static void more_than_there_are_cannot_be_posted(void)
{
	uint32_t far[] = { SIZE + 1, 1u << 31, UINT32_MAX }, i, length;
	struct rings r;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	s = host_socket(4000);
	for (i = 0; i < 3; i++) {
		r.page->rx.posted = far[i];
		r.page->tx.posted = far[i];
		CHECK_ERRNO(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_RX), EPROTO);
		CHECK_ERRNO(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX), EPROTO);
		CHECK_EQ(r.page->rx.done, 0);
		CHECK_EQ(r.page->tx.done, 0);
	}
	r.page->rx.posted = 0;
	r.page->tx.posted = 0;
	post_buffers(&r, 4);
	CHECK_EQ(send(s, "fine", 4, 0), 4);
	take_ipv4(&r, &length);
}

static void endless_frame_is_cut(void)
{
	struct rings r;
	uint32_t i;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	for (i = 0; i < SIZE; i++)
		post_tx(&r, ROOM, VNIC_RING_MORE);
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
	CHECK_EQ(r.page->tx.done, VNIC_RING_PIECES);
	for (i = 0; i < VNIC_RING_PIECES; i++)
		CHECK_EQ(r.tx[i].flags, VNIC_RING_BAD);
	CHECK_EQ(card_counter("card", RX_PACKETS), 0);
}

static void what_is_no_frame_is_not_sent(void)
{
	uint32_t lengths[] = { 0, 1, ETH_HLEN - 1 }, i;
	struct rings r;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	for (i = 0; i < 3; i++)
		post_tx(&r, lengths[i], 0);
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
	CHECK_EQ(r.page->tx.done, 3);
	for (i = 0; i < 3; i++)
		CHECK_EQ(r.tx[i].flags, VNIC_RING_BAD);
	CHECK_EQ(card_counter("card", RX_ERRORS), 3);
}

static volatile bool enough;

static void *scribble(void *arg)
{
	struct rings *r = arg;
	uint64_t state = tap_setting("SEED", 1);
	volatile uint32_t *words = (volatile uint32_t *)r->page;

	while (!enough)
		words[tap_next(&state) % (r->ioc.area_offset / 4)] = tap_next(&state) >>
								      tap_next(&state) % 64;
	return NULL;
}

/* Every word is written at random by another processor while frames go both ways. */
static void scribbler_harms_only_itself(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4000),
				  .sin_addr.s_addr = htonl(GUEST) };
	unsigned int i, n = tap_scaled(20000);
	pthread_t thread;
	char name[IFNAMSIZ] = "sane";
	struct rings r, sane;
	uint32_t length;
	int s;

	own_namespace();
	r = rings_of(card_new(PLAIN | IFF_VNET_HDR));
	card_up("card");
	pthread_create(&thread, NULL, scribble, &r);
	s = CHECK_OK(socket(AF_INET, SOCK_DGRAM, 0));
	for (i = 0; i < n; i++) {
		sendto(s, &r, 1000, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
		ioctl(r.fd, VNIC_IOC_KICK, 1 + i % 3);
	}
	enough = true;
	pthread_join(thread, NULL);
	close(r.fd);
	munmap((void *)r.page, r.ioc.bytes);
	CHECK_EQ(card_index("card"), 0);
	/* And another's work. */
	sane.fd = card_open();
	CHECK_OK(card_set(sane.fd, name, PLAIN));
	card_up(name);
	sane = rings_of(sane.fd);
	post_buffers(&sane, 8);
	s = host_socket(4000);
	CHECK_EQ(send(s, "x", 1, 0), 1);
	take_ipv4(&sane, &length);
}

static void mapping_outlives_the_file_and_the_card(void)
{
	struct rings r;

	own_namespace();
	r = rings_of(card_new(PLAIN));
	card_up("card");
	close(r.fd);
	/* The mapping holds the file. */
	CHECK(card_index("card"), "gone");
	shell("ip link del dev card");
	r.page->rx.posted = 5;
	memset(r.area, 0x5a, r.ioc.area);
	munmap((void *)r.page, r.ioc.bytes);
}

int main(void)
{
	RUN(numbers_are_checked);
	RUN(frame_of_the_host_is_in_the_buffer);
	RUN(frames_of_the_guest_arrive);
	RUN(one_kick_is_for_all);
	RUN(an_area_can_be_shared);
	RUN(no_frame_is_lost_without_buffers);
	RUN(long_frame_takes_several_buffers);
	RUN(frame_in_pieces_is_sent_whole);
	RUN(poll_waits_only_if_asked);
	RUN(segments_are_merged);
	RUN(rings_go_on_with_the_next_card);
	RUN(what_is_posted_aside_is_sent_when_it_is_back);
	RUN(frames_that_wait_are_not_lost_to_the_rings);
	RUN(rings_are_charged_to_the_group_of_their_maker);

	RUN(buffers_outside_of_the_area_are_not_touched);
	RUN(more_than_there_are_cannot_be_posted);
	RUN(endless_frame_is_cut);
	RUN(what_is_no_frame_is_not_sent);
	RUN(scribbler_harms_only_itself);
	RUN(mapping_outlives_the_file_and_the_card);
	return tap_done();
}
