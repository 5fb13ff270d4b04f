// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that are sent from where they lie (VNIC_RINGS_IN_PLACE): they are done when nobody has them
 * any more, whoever ends first. A packet socket is who has them: it keeps what it got until it is
 * read, and what is read then is what is in the pages by then.
 */
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include <vnic_ring.h>

#include "card.h"

#define SIZE	64u
#define STRIDE	32768u
#define LENGTH	20000u
#define FRAME	(ETH_HLEN + 40 + LENGTH)
/* Of a frame that is referenced: what is copied nevertheless. */
#define COPIED	256
#define BUFFERS	SIZE

/**
 * struct rings - of one file
 * @fd: the file
 * @ioc: as VNIC_IOC_RINGS returned it
 * @page: the mapping
 * @tx: descriptors
 * @area: buffers
 */
struct rings {
	int fd;
	struct vnic_ioc_rings ioc;
	volatile struct vnic_ring_page *page;
	volatile struct vnic_ring_descriptor *tx;
	uint8_t *area;
};

static struct rings rings_of(int fd, const struct rings *share)
{
	struct rings r = { .fd = fd, .ioc = {
		.rx_descriptors = SIZE, .tx_descriptors = SIZE,
		.area = share ? 0 : BUFFERS * STRIDE,
		.flags = VNIC_RINGS_IN_PLACE | (share ? VNIC_RINGS_SHARE : 0),
		.area_of = share ? share->fd : 0,
	} };
	void *memory;

	CHECK_OK(ioctl(fd, VNIC_IOC_RINGS, &r.ioc));
	memory = mmap(NULL, r.ioc.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	r.page = memory;
	r.tx = memory + r.ioc.tx_offset;
	r.area = share ? share->area : memory + r.ioc.area_offset;
	return r;
}

static void end(struct rings *r)
{
	CHECK_OK(munmap((void *)r->page, r->ioc.bytes));
	CHECK_OK(close(r->fd));
}

static void post(struct rings *r, uint32_t offset, uint32_t length)
{
	uint32_t n = r->page->tx.posted;

	r->tx[n % SIZE].offset = offset;
	r->tx[n % SIZE].length = length;
	r->tx[n % SIZE].flags = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->page->tx.posted = n + 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (r->page->tx.want_kick)
		CHECK_OK(ioctl(r->fd, VNIC_IOC_KICK, VNIC_KICK_TX));
}

/* A segment of many octets, in buffer @n; its number is its sequence number. */
static void send_segment(struct rings *r, uint32_t n)
{
	uint8_t *frame = r->area + n * STRIDE;

	CHECK_EQ(guest_tcp(frame, "card", n, LENGTH, false), FRAME);
	post(r, n * STRIDE, FRAME);
}

/* Until so many are done; not longer than a few seconds. */
static void wait_done(struct rings *r, uint32_t n)
{
	struct pollfd p = { .fd = r->fd, .events = POLLOUT };

	for (;;) {
		r->page->tx.want_wake = 1;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (r->page->tx.done == n)
			return;
		CHECK(poll(&p, 1, 5000) == 1, "%u are done, not %u", r->page->tx.done, n);
	}
}

/* Nobody has anything to do any more, and more are not done by then. */
static void stays_at(struct rings *r, uint32_t n)
{
	struct pollfd p = { .fd = r->fd, .events = POLLOUT };

	r->page->tx.want_wake = 1;
	poll(&p, 1, 50);
	CHECK_EQ(r->page->tx.done, n);
}

/* Until @s has @n frames that nobody has read. One counts for less than twice its octets. */
static void wait_for_frames(int s, uint32_t n)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t size;

	do {
		usleep(1000);
		size = sizeof(memory);
		CHECK_OK(getsockopt(s, SOL_SOCKET, SO_MEMINFO, memory, &size));
	} while (memory[SK_MEMINFO_RMEM_ALLOC] < 2 * n * FRAME);
}

/* It has all that the guest sends, until it is read. */
static int witness(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = card_index("card") };
	int s = CHECK_OK(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), yes = 1, room = 64 << 20;

	CHECK_OK(setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)));
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
	CHECK_OK(bind(s, (void *)&at, sizeof(at)));
	return s;
}

static struct rings start(int *socket)
{
	struct rings r;

	own_namespace();
	r = rings_of(card_new(PLAIN), NULL);
	card_up("card");
	*socket = witness();
	return r;
}

/* The next frame of the witness. That its card is gone it says once. */
static void read_frame(int s, uint8_t *frame)
{
	ssize_t n = recv(s, frame, FRAME_MAX, MSG_DONTWAIT);

	if (n < 0 && errno == ENETDOWN)
		n = recv(s, frame, FRAME_MAX, MSG_DONTWAIT);
	CHECK_EQ(n, FRAME);
}

/* As send_segment() has made it. */
static void check_segment(const uint8_t *frame, uint32_t n)
{
	uint32_t i;

	CHECK_EQ(l4_sum(frame + ETH_HLEN, 20 + LENGTH), 0);
	for (i = 0; i < LENGTH; i++)
		if (frame[ETH_HLEN + 40 + i] != (uint8_t)(n + i))
			FAIL("octet %u of segment %u is 0x%x", i, n, frame[ETH_HLEN + 40 + i]);
}

static void read_segment(int s, uint32_t n)
{
	static uint8_t frame[FRAME_MAX];

	read_frame(s, frame);
	check_segment(frame, n);
}

/* --- when they are done --- */

static void frame_is_done_when_nobody_has_it(void)
{
	struct rings r;
	int s;

	r = start(&s);
	send_segment(&r, 3);
	stays_at(&r, 0);
	read_segment(s, 3);
	wait_done(&r, 1);
	CHECK_EQ(r.tx[0].offset, 3 * STRIDE);
	CHECK_EQ(r.tx[0].length, FRAME);
	CHECK_EQ(r.tx[0].flags, 0);
}

static void frames_are_done_in_any_order(void)
{
	uint8_t text[100] = {}, frame[FRAME_MAX];
	struct rings r;
	uint32_t n;
	int s;

	r = start(&s);
	send_segment(&r, 0);
	n = guest_udp(r.area + STRIDE, "card", 4000, text, sizeof(text));
	post(&r, STRIDE, n);
	/* What is none has to be said of that one, not of the first. */
	post(&r, 2 * STRIDE, 5);
	wait_done(&r, 2);
	CHECK_EQ(r.tx[0].offset, STRIDE);
	CHECK_EQ(r.tx[0].length, n);
	CHECK_EQ(r.tx[0].flags, 0);
	CHECK_EQ(r.tx[1].offset, 2 * STRIDE);
	CHECK_EQ(r.tx[1].length, 5);
	CHECK_EQ(r.tx[1].flags, VNIC_RING_BAD);
	read_segment(s, 0);
	CHECK_EQ(recv(s, frame, sizeof(frame), 0), n);
	wait_done(&r, 3);
	CHECK_EQ(r.tx[2].offset, 0);
	CHECK_EQ(r.tx[2].length, FRAME);
	CHECK_EQ(r.tx[2].flags, 0);
}

/* Who reads nothing stops nobody. */
static void at_most_half_is_held(void)
{
	static uint8_t frame[FRAME_MAX];
	struct rings r;
	uint32_t i;
	int s;

	r = start(&s);
	for (i = 0; i < SIZE / 2; i++)
		send_segment(&r, i);
	CHECK_EQ(r.page->tx.done, 0);
	for (; i < 10 * SIZE; i++) {
		CHECK_EQ(guest_tcp(r.area + SIZE / 2 * STRIDE, "card", i, LENGTH, false), FRAME);
		post(&r, SIZE / 2 * STRIDE, FRAME);
		wait_done(&r, i + 1 - SIZE / 2);
	}
	CHECK_EQ(card_counter("card", RX_PACKETS), 10 * SIZE);
	for (i = 0; i < 10 * SIZE; i++) {
		read_frame(s, frame);
		check_segment(frame, i);
	}
	wait_done(&r, 10 * SIZE);
}

static void frames_are_done_without_a_card(void)
{
	struct rings r;
	int s;

	r = start(&s);
	send_segment(&r, 0);
	shell("ip link del dev card");
	CHECK_EQ(r.page->tx.done, 0);
	read_segment(s, 0);
	/* poll() says that there is no card, so it is not asked. */
	for (s = 0; s < 500 && !r.page->tx.done; s++)
		usleep(10000);
	CHECK_EQ(r.page->tx.done, 1);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* Milliseconds until so many are done. poll() is not called, for it has held frames looked at. */
static uint64_t done_unasked(const struct rings *r, uint32_t n)
{
	uint64_t start = now_ms();

	while (r->page->tx.done != n && now_ms() - start < 5000)
		usleep(1000);
	CHECK_EQ(r->page->tx.done, n);
	return now_ms() - start;
}

/* Somebody keeps one for so long that it is hardly looked at any more. */
static void a_new_frame_does_not_wait_for_an_old_one(void)
{
	struct sockaddr_ll nothing = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_LOOP) };
	uint64_t took[4];
	struct rings r;
	int old, s, i, soon = 0;

	r = start(&old);
	send_segment(&r, 0);
	stays_at(&r, 0);
	CHECK_OK(bind(old, (void *)&nothing, sizeof(nothing)));
	for (i = 0; i < 4; i++) {
		s = witness();
		/* Looks are 1, 2, 4 ... ticks apart: half a second and more after the last event, 250 ms. */
		usleep(550000);
		send_segment(&r, i + 1);
		read_segment(s, i + 1);
		took[i] = done_unasked(&r, i + 1);
		soon += took[i] < 100;
		close(s);
	}
	CHECK(soon >= 3, "%llu, %llu, %llu and %llu ms", (unsigned long long)took[0],
	      (unsigned long long)took[1], (unsigned long long)took[2], (unsigned long long)took[3]);
	read_segment(old, 0);
	wait_done(&r, 5);
}

/* The one that is kept is the oldest; the others go from between it and each other. */
static void who_keeps_one_keeps_no_other(void)
{
	struct sockaddr_ll nothing = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_LOOP) };
	bool seen[6] = {};
	struct rings r;
	uint32_t i;
	int old, s;

	r = start(&old);
	send_segment(&r, 0);
	stays_at(&r, 0);
	CHECK_OK(bind(old, (void *)&nothing, sizeof(nothing)));
	s = witness();
	for (i = 1; i < 6; i++)
		send_segment(&r, i);
	stays_at(&r, 0);
	for (i = 1; i < 6; i++)
		read_segment(s, i);
	wait_done(&r, 5);
	for (i = 0; i < 5; i++) {
		uint32_t n = r.tx[i].offset / STRIDE;

		CHECK(n && n < 6 && !seen[n], "%u is done twice, or is none", n);
		seen[n] = true;
	}
	read_segment(old, 0);
	wait_done(&r, 6);
	CHECK_EQ(r.tx[5].offset, 0);
}

/* Two frames of one page. */
static void neighbours_wait_for_each_other(void)
{
	struct rings r;
	int s;

	r = start(&s);
	CHECK_EQ(guest_tcp(r.area, "card", 0, LENGTH, false), FRAME);
	CHECK_EQ(guest_tcp(r.area + FRAME, "card", 1, LENGTH, false), FRAME);
	post(&r, 0, FRAME);
	post(&r, FRAME, FRAME);
	read_segment(s, 0);
	stays_at(&r, 0);
	read_segment(s, 1);
	wait_done(&r, 2);
}

/* --- which frames --- */

/* Others than TCP straight after IP: their headers may be anywhere. */
static void others_are_copied(void)
{
	static uint8_t frame[FRAME_MAX], text[LENGTH];
	uint32_t i, n;
	struct rings r;
	int s;

	r = start(&s);
	n = guest_udp(r.area, "card", 4000, text, sizeof(text));
	post(&r, 0, n);
	wait_done(&r, 1);
	for (i = 1; i < 4; i++) {
		CHECK_EQ(guest_tcp(r.area, "card", 0, LENGTH, false), FRAME);
		if (i == 1)
			r.area[ETH_HLEN + 6] = 0x20;	/* more fragments follow */
		if (i == 2)
			r.area[ETH_HLEN + 9] = IPPROTO_IPIP;
		if (i == 3)
			r.area[13] = 0x06;		/* ARP, allegedly */
		post(&r, 0, FRAME);
		wait_done(&r, i + 1);
	}
	memset(r.area, 0xee, FRAME);
	CHECK_EQ(recv(s, frame, sizeof(frame), 0), n);
	for (i = 0; i < 3; i++) {
		read_frame(s, frame);
		CHECK_EQ(frame[FRAME - 1], (uint8_t)(LENGTH - 1));
	}
}

/* Of several descriptors. */
static void pieces_are_copied(void)
{
	struct rings r;
	int s;

	r = start(&s);
	CHECK_EQ(guest_tcp(r.area, "card", 0, LENGTH, false), FRAME);
	r.tx[0].offset = 0;
	r.tx[0].length = 10000;
	r.tx[0].flags = VNIC_RING_MORE;
	r.tx[1].offset = 10000;
	r.tx[1].length = FRAME - 10000;
	r.page->tx.posted = 2;
	CHECK_OK(ioctl(r.fd, VNIC_IOC_KICK, VNIC_KICK_TX));
	wait_done(&r, 2);
	memset(r.area, 0xee, FRAME);
	read_segment(s, 0);
}

/* --- a guest that rewrites what it has sent --- */

static void headers_are_those_that_were_sent(void)
{
	static uint8_t frame[FRAME_MAX], sent[FRAME_MAX];
	struct rings r;
	uint32_t i;
	int s;

	r = start(&s);
	CHECK_EQ(guest_tcp(sent, "card", 0, LENGTH, false), FRAME);
	send_segment(&r, 0);
	memset(r.area, 0xee, FRAME);
	read_frame(s, frame);
	CHECK(!memcmp(frame, sent, COPIED), "headers have changed");
	/* And it was not copied: else this test shows nothing. */
	for (i = COPIED; i < FRAME; i++)
		CHECK_EQ(frame[i], 0xee);
}

static volatile bool enough;

/* The destination's port, and all of the payload. */
static void *rewrite(void *arg)
{
	struct rings *r = arg;
	uint32_t i, n = 0;

	while (!enough)
		for (i = 0; i < 8; i++, n++) {
			r->area[i * STRIDE + ETH_HLEN + 22] = n & 1 ? 0 : 4000 >> 8;
			r->area[i * STRIDE + ETH_HLEN + 23] = n & 1 ? 22 : 4000 & 255;
			r->area[i * STRIDE + ETH_HLEN + 40 + n % LENGTH] = n;
		}
	return NULL;
}

/* What one rule sees, and the next, and the socket, is the same. */
static void nothing_is_read_twice(void)
{
	uint32_t i, n = tap_scaled(3000), sent = 0;
	struct rings r;
	pthread_t thread;
	int s;

	r = start(&s);
	close(s);
	shell("nft 'table ip t { chain a { type filter hook prerouting priority -300;"
	      " tcp dport 4000 meta mark set 1; tcp dport 22 meta mark set 2; };"
	      " chain b { type filter hook input priority 0;"
	      " meta mark 1 tcp dport != 4000 counter; meta mark 2 tcp dport != 22 counter; }; }'");
	for (i = 0; i < 8; i++)
		guest_tcp(r.area + i * STRIDE, "card", i, LENGTH, false);
	pthread_create(&thread, NULL, rewrite, &r);
	for (i = 0; i < n; i++) {
		if (r.page->tx.posted - r.page->tx.done >= 8)
			wait_done(&r, r.page->tx.posted);
		post(&r, i % 8 * STRIDE, FRAME);
		sent++;
	}
	enough = true;
	pthread_join(thread, NULL);
	wait_done(&r, sent);
	CHECK_EQ(card_counter("card", RX_PACKETS), n);
	shell("nft list table ip t | grep -c 'counter packets 0 bytes 0' | grep -qx 2");
}

/* --- who ends first --- */

/* Whoever gets memory that was given back too early writes into it. A processor keeps some of what it was given. */
static void write_into_free_memory(void)
{
	const size_t length = 32 << 20;
	long cpu;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		cpu_set_t one;
		void *p;

		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
		p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(p != MAP_FAILED, "mmap");
		memset(p, 0xdd, length);
	}
}

static void frame_outlives_the_file(void)
{
	struct rings r, other;
	char name[IFNAMSIZ] = "other";
	uint32_t i;
	int s;

	r = start(&s);
	for (i = 0; i < 8; i++)
		send_segment(&r, i);
	end(&r);
	CHECK_EQ(card_index("card"), 0);
	for (i = 0; i < 4; i++) {
		other.fd = card_open();
		CHECK_OK(card_set(other.fd, name, PLAIN));
		other = rings_of(other.fd, NULL);
		memset(other.area, 0xdd, BUFFERS * STRIDE);
		end(&other);
	}
	write_into_free_memory();
	for (i = 0; i < 8; i++)
		read_segment(s, i);
}

static void frame_outlives_whose_area_it_is(void)
{
	char name[IFNAMSIZ] = "owner";
	struct rings owner, r;
	int s;

	own_namespace();
	owner.fd = card_open();
	CHECK_OK(card_set(owner.fd, name, PLAIN));
	owner = rings_of(owner.fd, NULL);
	r = rings_of(card_new(PLAIN), &owner);
	card_up("card");
	s = witness();
	send_segment(&r, 1);
	send_segment(&r, 2);
	end(&owner);
	CHECK_EQ(r.page->tx.done, 0);
	read_segment(s, 1);
	wait_done(&r, 1);
	CHECK_EQ(r.tx[0].offset, STRIDE);
	end(&r);
	read_segment(s, 2);
}

static void area_can_be_unmapped_meanwhile(void)
{
	struct rings r;
	void *again;
	int s;

	r = start(&s);
	send_segment(&r, 5);
	CHECK_OK(munmap((void *)r.page, r.ioc.bytes));
	again = mmap(NULL, r.ioc.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r.fd, 0);
	CHECK(again != MAP_FAILED, "mmap: %s", strerror(errno));
	r.page = again;
	r.tx = again + r.ioc.tx_offset;
	stays_at(&r, 0);
	read_segment(s, 5);
	wait_done(&r, 1);
	CHECK_EQ(r.tx[0].offset, 5 * STRIDE);
}

/* A second mapping, in another process, is nobody who has the frame. */
static void a_child_does_not_hold_frames(void)
{
	struct rings r;
	pid_t child;
	int s;

	r = start(&s);
	child = fork();
	if (!child) {
		r.area[0] = 1;
		pause();
	}
	send_segment(&r, 0);
	read_segment(s, 0);
	wait_done(&r, 1);
	kill(child, SIGKILL);
}

static void frame_outlives_who_is_killed(void)
{
	int ready[2], s, i;
	struct rings r;
	pid_t child;
	char c;

	own_namespace();
	CHECK_OK(pipe2(ready, O_CLOEXEC));
	child = fork();
	if (!child) {
		r = rings_of(card_new(PLAIN), NULL);
		card_up("card");
		CHECK_EQ(write(ready[1], "", 1), 1);
		/* Goes on sending until it is killed, with as many in flight as can be. */
		for (i = 0;; i++)
			if (r.page->tx.posted - r.page->tx.done < SIZE)
				send_segment(&r, i % BUFFERS);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	s = witness();
	wait_for_frames(s, 10);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	CHECK_EQ(card_index("card"), 0);
	for (i = 0; i < 10; i++) {
		static uint8_t frame[FRAME_MAX];

		read_frame(s, frame);
		check_segment(frame, frame[ETH_HLEN + 27]);
	}
}

static void frame_outlives_the_module(void)
{
	const char *path = getenv("MODULE");
	struct rings r;
	int fd, s, i;

	if (!path)
		SKIP("MODULE= says which file the module is in");
	r = start(&s);
	for (i = 0; i < 8; i++)
		send_segment(&r, i);
	end(&r);
	/* The file is given back after a grace period. */
	for (i = 0; i < 100 && syscall(SYS_delete_module, "vnic", O_NONBLOCK); i++)
		usleep(50000);
	CHECK(access("/sys/module/vnic", F_OK), "it is still there");
	for (i = 0; i < 8; i++)
		read_segment(s, i);
	fd = CHECK_OK(open(path, O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_finit_module, fd, "", 0));
}

int main(void)
{
	RUN(frame_is_done_when_nobody_has_it);
	RUN(frames_are_done_in_any_order);
	RUN(at_most_half_is_held);
	RUN(frames_are_done_without_a_card);
	RUN(a_new_frame_does_not_wait_for_an_old_one);
	RUN(who_keeps_one_keeps_no_other);
	RUN(neighbours_wait_for_each_other);
	RUN(others_are_copied);
	RUN(pieces_are_copied);
	RUN(headers_are_those_that_were_sent);
	RUN(nothing_is_read_twice);
	RUN(frame_outlives_the_file);
	RUN(frame_outlives_whose_area_it_is);
	RUN(area_can_be_unmapped_meanwhile);
	RUN(a_child_does_not_hold_frames);
	RUN(frame_outlives_who_is_killed);
	RUN(frame_outlives_the_module);
	return tap_done();
}
