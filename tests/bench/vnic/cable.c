// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cable between two cards: what a VMM does for its guest, and nothing else. What one card sends
 * the other receives, until the program is killed.
 *
 *	cable rings|vnet|plain DEVICE CARD CARD
 *
 *	plain	read() and write(), a frame each
 *	vnet	the same with a virtio_net_hdr, so that segments and sums stay undone
 *	rings	the same frames in memory that both cards share, sent from where they lie;
 *		only /dev/vnic has that
 *
 * Prints a line when the cards are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vnic_ring.h>

#define OFFLOADS	(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
/* The longest frame, and what is before it. */
#define ROOM		(sizeof(struct virtio_net_hdr_v1) + 14 + 65535 + 64)
/* That of a buffer: no two of them in one page. */
#define STRIDE		((ROOM + 4095) / 4096 * 4096)
#define BUFFERS		128u

static long must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "cable: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

static int card(const char *device, const char *name, bool vnet)
{
	int fd = must(open(device, O_RDWR | O_NONBLOCK), device);
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | (vnet ? IFF_VNET_HDR : 0) };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	must(ioctl(fd, TUNSETIFF, &ifr), "TUNSETIFF");
	if (vnet)
		must(ioctl(fd, TUNSETOFFLOAD, OFFLOADS), "TUNSETOFFLOAD");
	return fd;
}

/* --- a system call for each frame --- */

static void carry_all(int from, int to)
{
	static char frame[ROOM];
	ssize_t n;

	while ((n = read(from, frame, sizeof(frame))) > 0)
		if (write(to, frame, n) != n && errno != EAGAIN && errno != EIO)
			must(-1, "write");
	if (n < 0 && errno != EAGAIN && errno != EIO)
		must(-1, "read");
}

static void carry_by_calls(const int *fds)
{
	struct pollfd wait[] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };

	for (;;) {
		must(poll(wait, 2, -1), "poll");
		carry_all(fds[0], fds[1]);
		carry_all(fds[1], fds[0]);
	}
}

/* --- in shared memory --- */

/**
 * struct side - one card
 * @fd: its file
 * @page: indices
 * @rx: descriptors: what it sends to us
 * @tx: descriptors: what we send to it
 * @rx_seen: of rx.done
 * @tx_seen: of tx.done
 */
struct side {
	int fd;
	struct vnic_ring_page *page;
	struct vnic_ring_descriptor *rx;
	struct vnic_ring_descriptor *tx;
	uint32_t rx_seen;
	uint32_t tx_seen;
};

static void make_rings(struct side *side, int fd, int shares)
{
	struct vnic_ioc_rings rings = {
		.rx_descriptors = BUFFERS, .tx_descriptors = BUFFERS,
		.area = shares < 0 ? 2 * BUFFERS * STRIDE : 0,
		.flags = VNIC_RINGS_IN_PLACE | (shares < 0 ? 0 : VNIC_RINGS_SHARE),
		.area_of = shares < 0 ? 0 : shares,
	};
	void *memory;

	must(ioctl(fd, VNIC_IOC_RINGS, &rings), "VNIC_IOC_RINGS");
	memory = mmap(NULL, rings.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		must(-1, "mmap");
	*side = (struct side){
		.fd = fd, .page = memory, .rx = memory + rings.rx_offset, .tx = memory + rings.tx_offset,
	};
}

static uint32_t load(uint32_t *shared)
{
	return atomic_load_explicit((_Atomic uint32_t *)shared, memory_order_acquire);
}

static void post(uint32_t *posted)
{
	atomic_store_explicit((_Atomic uint32_t *)posted, *posted + 1, memory_order_release);
}

static void kick_if_wanted(const struct side *side, struct vnic_ring *ring, int which)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (load(&ring->want_kick))
		must(ioctl(side->fd, VNIC_IOC_KICK, which), "VNIC_IOC_KICK");
}

static void post_rx(struct side *side, uint32_t offset)
{
	side->rx[side->page->rx.posted % BUFFERS] =
		(struct vnic_ring_descriptor){ .offset = offset, .length = ROOM };
	post(&side->page->rx.posted);
}

/* What @from has sent goes to @to as it lies there; returns whether there was anything. */
static bool carry(struct side *from, struct side *to)
{
	uint32_t done = load(&from->page->rx.done), freed = load(&to->page->tx.done);
	bool sent = from->rx_seen != done, posted = to->tx_seen != freed;

	for (; from->rx_seen != done; from->rx_seen++) {
		const struct vnic_ring_descriptor *d = &from->rx[from->rx_seen % BUFFERS];

		to->tx[to->page->tx.posted % BUFFERS] =
			(struct vnic_ring_descriptor){ .offset = d->offset, .length = d->length };
		post(&to->page->tx.posted);
	}
	if (sent)
		kick_if_wanted(to, &to->page->tx, VNIC_KICK_TX);
	/* What was sent is a buffer again for who sent it. */
	for (freed = load(&to->page->tx.done); to->tx_seen != freed; to->tx_seen++, posted = true)
		post_rx(from, to->tx[to->tx_seen % BUFFERS].offset);
	if (posted)
		kick_if_wanted(from, &from->page->rx, VNIC_KICK_RX);
	return sent || posted;
}

/* What @side still has of @other's buffers is waited for only if that will soon have none left. */
static void want_wake(struct side *side, const struct side *other)
{
	uint32_t left = other->page->rx.posted - load(&other->page->rx.done);

	side->page->rx.want_wake = 1;
	side->page->tx.want_wake = left < BUFFERS / 4 && side->page->tx.posted != side->tx_seen;
}

static bool anything(const struct side *side)
{
	return load(&side->page->rx.done) != side->rx_seen ||
	       load(&side->page->tx.done) != side->tx_seen;
}

static void carry_by_rings(const int *fds)
{
	struct side a, b;
	struct pollfd wait[] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };

	make_rings(&a, fds[0], -1);
	make_rings(&b, fds[1], fds[0]);
	for (uint32_t i = 0; i < BUFFERS; i++) {
		post_rx(&a, i * STRIDE);
		post_rx(&b, (BUFFERS + i) * STRIDE);
	}
	for (;;) {
		while (carry(&a, &b) | carry(&b, &a))
			;
		want_wake(&a, &b);
		want_wake(&b, &a);
		atomic_thread_fence(memory_order_seq_cst);
		if (anything(&a) || anything(&b))
			continue;
		wait[0].events = POLLIN | (a.page->tx.want_wake ? POLLOUT : 0);
		wait[1].events = POLLIN | (b.page->tx.want_wake ? POLLOUT : 0);
		must(poll(wait, 2, -1), "poll");
	}
}

int main(int argc, char **argv)
{
	bool vnet = argc > 1 && strcmp(argv[1], "plain") != 0;
	int fds[2];

	if (argc != 5)
		return fprintf(stderr, "usage: cable rings|vnet|plain DEVICE CARD CARD\n"), 2;
	for (int i = 0; i < 2; i++)
		fds[i] = card(argv[2], argv[3 + i], vnet);
	puts("the cards are there");
	fflush(stdout);
	if (!strcmp(argv[1], "rings"))
		carry_by_rings(fds);
	carry_by_calls(fds);
}
