// SPDX-License-Identifier: GPL-2.0
/*
 * Noise: random ioctls and frames, good, half-good and senseless, from several processes at once that
 * share cards, networks and a namespace, while the host sends into every card. Whatever they do,
 * afterwards all of them end, the namespace and the cards in it go, and the kernel log is clean (that
 * is judged by the caller). SEED=n repeats the choices, SECONDS=n says how long it lasts: longer where
 * that was not enough to judge by, as on a debug kernel whose host has other things to do.
 */
#include <limits.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include <vnic.h>
#include <vnic_ring.h>

#include "card.h"

#define PAGE		4096
#define FILES		6
#define WORKERS		3
#define NAMES		4
#define NOTHING		MAP_FAILED
/* Octets of a frame that is too short for one. */
#define NO_FRAME	5
/* What there is to judge by; and how much longer than SECONDS it may take. */
#define ENOUGH		1000
#define LONGER		10

/**
 * struct worker - one source of noise
 * @state: of the random sequence
 * @file: open devices
 * @rings: mapping of each, or NOTHING
 * @length: of these
 * @layout: what each was last told of its rings
 * @socket: of the host
 * @witness: holds what guests send, until it is read
 * @frame: what is written
 * @page: ends where nothing is mapped
 */
struct worker {
	uint64_t state;
	int file[FILES];
	void *rings[FILES];
	size_t length[FILES];
	struct vnic_ioc_rings layout[FILES];
	int socket;
	int witness;
	uint8_t frame[80000];
	char *page;
};

/* What the workers tell the test. */
static struct {
	uint64_t calls;
	uint64_t good;
	uint64_t frames;
	uint64_t taken;
	uint64_t posted;
	uint64_t held;
} *sums;

static uint64_t any(struct worker *w, uint64_t below)
{
	return tap_next(&w->state) % below;
}

static bool one_in(struct worker *w, unsigned int n)
{
	return !any(w, n);
}

static uint64_t any_number(struct worker *w)
{
	static const uint64_t edges[] = { 0, 1, 2, 9, 10, 12, 14, 63, 64, 68, 255, 256, 1500, 65535,
					  65536, INT_MAX, 0x80000000, UINT_MAX, LLONG_MAX };

	switch (any(w, 3)) {
	case 0:
		return tap_next(&w->state);
	case 1:
		return 1ull << any(w, 64);
	default:
		return edges[any(w, sizeof(edges) / sizeof(edges[0]))];
	}
}

static uint64_t or_any(struct worker *w, uint64_t good)
{
	return one_in(w, 12) ? any_number(w) : good;
}

/* Few, so that the workers meet. */
static void any_name(struct worker *w, char *name)
{
	sprintf(name, "noise%u", (unsigned int)any(w, NAMES));
	if (one_in(w, 20))
		name[any(w, IFNAMSIZ)] = any(w, 256);
}

/* --- ioctls --- */

static unsigned long any_tun(struct worker *w, void *args)
{
	static const unsigned int calls[] = {
		TUNSETNOCSUM, TUNSETPERSIST, TUNSETOWNER, TUNSETLINK, TUNSETGROUP, TUNGETFEATURES,
		TUNSETOFFLOAD, TUNGETIFF, TUNGETSNDBUF, TUNSETSNDBUF, TUNGETVNETHDRSZ,
		TUNSETVNETHDRSZ, TUNSETQUEUE, TUNSETVNETLE, TUNGETVNETLE, TUNSETVNETBE, TUNGETVNETBE,
		TUNSETCARRIER, SIOCGIFHWADDR, SIOCSIFHWADDR,
	};
	unsigned int call = calls[any(w, sizeof(calls) / sizeof(calls[0]))];
	struct ifreq *ifr = args;

	any_name(w, ifr->ifr_name);
	switch (call) {
	case TUNSETQUEUE:
		ifr->ifr_flags = or_any(w, one_in(w, 2) ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);
		break;
	case TUNSETVNETHDRSZ:
		*(int *)args = or_any(w, 10 + any(w, 30));
		break;
	case TUNSETSNDBUF:
		*(int *)args = or_any(w, 1 << (10 + any(w, 20)));
		break;
	case SIOCSIFHWADDR:
		ifr->ifr_hwaddr.sa_family = or_any(w, 1);
		ifr->ifr_hwaddr.sa_data[0] = or_any(w, 2);
		ifr->ifr_hwaddr.sa_data[5] = any(w, 256);
		break;
	default:
		*(int *)args = any(w, 2);
	}
	return call;
}

static void any_iff(struct worker *w, struct ifreq *ifr)
{
	any_name(w, ifr->ifr_name);
	ifr->ifr_flags = or_any(w, IFF_TAP | IFF_MULTI_QUEUE | (one_in(w, 2) ? IFF_VNET_HDR : 0) |
				   (one_in(w, 4) ? 0 : IFF_NO_PI));
}

static void any_rings(struct worker *w, struct vnic_ioc_rings *a)
{
	a->rx_descriptors = or_any(w, 8 << any(w, 6));
	a->tx_descriptors = or_any(w, 8 << any(w, 6));
	a->area = or_any(w, PAGE << any(w, 8));
	a->flags = or_any(w, one_in(w, 2) ? VNIC_RINGS_IN_PLACE : 0);
	if (one_in(w, 4)) {
		a->flags |= VNIC_RINGS_SHARE;
		a->area = or_any(w, 0);
		a->area_of = w->file[any(w, FILES)];
	}
}

static unsigned long any_network(struct worker *w, char *args)
{
	static const unsigned long calls[] = {
		VNIC_IOC_VERSION, VNIC_IOC_CREATE, VNIC_IOC_SET, VNIC_IOC_REMOVE, VNIC_IOC_NETWORK,
		VNIC_IOC_ATTACH, VNIC_IOC_DETACH, VNIC_IOC_CARD, VNIC_IOC_FORWARD,
		VNIC_IOC_UNFORWARD, VNIC_IOC_FLOWS, VNIC_IOC_STATS, VNIC_IOC_EXPLAIN, VNIC_IOC_EXPLAIN6,
	};
	unsigned long call = calls[any(w, sizeof(calls) / sizeof(calls[0]))];
	struct vnic_ioc_network *network = (void *)args;
	struct vnic_ioc_card *card = (void *)args;

	sprintf(args, "net%u", (unsigned int)any(w, 2));
	if (call == VNIC_IOC_CREATE) {
		strcpy(network->uplink, "up0");
		network->subnet = htonl(or_any(w, 0x0a090000 + (any(w, 2) << 16)));
		network->prefix = or_any(w, 24);
		network->prefix6 = or_any(w, one_in(w, 2) ? 64 : 0);
		network->inside6.s6_addr[0] = 0xfd;
		network->outside6.s6_addr[0] = 0x20;
	}
	if (call == VNIC_IOC_ATTACH)
		any_name(w, card->card);
	if (one_in(w, 4))
		args[16 + any(w, _IOC_SIZE(call) + 1)] = any_number(w);
	return call;
}

static unsigned long any_request(struct worker *w, char *args)
{
	size_t i;

	switch (any(w, 10)) {
	case 0 ... 1:
		any_iff(w, (void *)args);
		return TUNSETIFF;
	case 2 ... 5:
		return any_tun(w, args);
	case 6:
		any_rings(w, (void *)args);
		return VNIC_IOC_RINGS;
	case 7:
		return any_network(w, args);
	case 8:
		for (i = 0; i < 256; i += 8)
			memcpy(args + i, &(uint64_t){ any_number(w) }, 8);
		return _IOC(any(w, 4), one_in(w, 2) ? 'T' : VNIC_IOC_MAGIC, any(w, 256), any(w, 300));
	default:
		return tap_next(&w->state);
	}
}

static void *any_place(struct worker *w, char *args, unsigned long request)
{
	size_t size = _IOC_SIZE(request) % PAGE;

	switch (any(w, 24)) {
	case 0:
		return (void *)any_number(w);
	case 1:
		return (void *)0xffffffff81000000;
	case 2:
		/* May be cut short by the end of the page. */
		memcpy(w->page - size, args, size);
		return w->page - any(w, size + 1);
	default:
		return args;
	}
}

static void map_rings(struct worker *w, int i)
{
	if (w->rings[i] != NOTHING)
		munmap(w->rings[i], w->length[i]);
	w->length[i] = one_in(w, 8) ? PAGE + ((size_t)PAGE << any(w, 8)) : w->layout[i].bytes;
	w->rings[i] = mmap(NULL, w->length[i], PROT_READ | PROT_WRITE, MAP_SHARED, w->file[i], 0);
}

static void do_ioctl(struct worker *w)
{
	static char args[PAGE * 8] __attribute__((aligned(16)));
	int i = any(w, FILES), fd = w->file[i], ret;
	unsigned long request;
	void *place;

	memset(args, 0, sizeof(args));
	request = any_request(w, args);
	place = any_place(w, args, request);
	/* Those whose argument is a number. */
	if (request == TUNSETOFFLOAD || request == TUNSETPERSIST || request == TUNSETOWNER)
		place = (void *)(unsigned long)or_any(w, any(w, 0x80));
	sums->calls++;
	ret = ioctl(fd, request, place);
	sums->good += ret >= 0;
	if (ret || request != VNIC_IOC_RINGS || place != args)
		return;
	memcpy(&w->layout[i], args, sizeof(w->layout[i]));
	map_rings(w, i);
}

/* --- frames --- */

static size_t any_frame(struct worker *w, uint8_t *at)
{
	size_t n = any(w, one_in(w, 20) ? 70000 : 2000), i;

	memcpy(at, one_in(w, 2) ? "\xff\xff\xff\xff\xff\xff" : "\2\0\0\0\0\1", 6);
	memcpy(at + 6, "\2\0\0\0\0\2", 6);
	memcpy(at + 12, (uint8_t[][2]){ { 8, 0 }, { 8, 6 }, { 0x86, 0xdd }, { 0x81, 0 } }[any(w, 4)], 2);
	memcpy(at + 14, "\x45\0\0\x40\0\0\0\0\x40\x11\0\0\x0a\x09\0\2\x0a\x09\0\1", 20);
	at[16] = n >> 8;
	at[17] = n;
	at[23] = (uint8_t[]){ 1, 6, 17, 58, 255 }[any(w, 5)];
	for (i = any(w, 8); i; i--)
		at[any(w, 60)] = any(w, 256);
	return n;
}

static void do_write(struct worker *w)
{
	struct virtio_net_hdr *vnet = (void *)w->frame;
	size_t before = any(w, 3) * 10, n;

	*vnet = (struct virtio_net_hdr){ any(w, 4), one_in(w, 3) ? any(w, 256) : any(w, 6),
					 or_any(w, any(w, 100)), or_any(w, any(w, 2000)),
					 or_any(w, 34), or_any(w, 16) };
	n = any_frame(w, w->frame + before);
	sums->frames++;
	sums->taken += write(w->file[any(w, FILES)], w->frame, before + n) > 0;
}

static void do_read(struct worker *w)
{
	int fd = w->file[any(w, FILES)], i;

	for (i = any(w, 64); i && read(fd, w->frame, or_any(w, 2000) % sizeof(w->frame)) > 0; i--)
		;
	for (i = any(w, 8); i && recv(w->witness, w->frame, sizeof(w->frame), MSG_DONTWAIT) > 0; i--)
		;
}

/* The host has something to say to all of them. */
static void do_send(struct worker *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1 + any(w, 65535)),
				  .sin_addr.s_addr = htonl(0x0a090000 + any(w, 512)) };
	int i;

	for (i = any(w, 32); i; i--)
		sendto(w->socket, w->frame, any(w, 20000), MSG_DONTWAIT, (void *)&to, sizeof(to));
}

/* --- rings --- */

static void do_map(struct worker *w)
{
	map_rings(w, any(w, FILES));
}

static void do_scribble(struct worker *w)
{
	int i = any(w, FILES), n;
	volatile uint32_t *words = w->rings[i];

	if (w->rings[i] == NOTHING)
		return;
	for (n = any(w, 200); n; n--)
		words[any(w, w->length[i] / 4)] = or_any(w, any(w, 64));
	/* The words that say how many are posted. */
	words[0] += any(w, 8);
	words[32] += any(w, 8);
	ioctl(w->file[i], VNIC_IOC_KICK, 1 + any(w, 3));
}

static void post(struct vnic_ring_page *page, const struct vnic_ioc_rings *a, uint32_t offset,
		 uint32_t length, uint32_t flags)
{
	struct vnic_ring_descriptor *d = (void *)((char *)page + a->tx_offset);

	d += page->tx.posted & (a->tx_descriptors - 1);
	d->offset = offset;
	d->length = length;
	d->flags = flags;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	page->tx.posted++;
}

/* Of the two that were posted last, the second is done, and the first is not: somebody has it. */
static bool first_is_held(const volatile struct vnic_ring_page *page, const struct vnic_ioc_rings *a)
{
	const volatile struct vnic_ring_descriptor *d = (void *)((char *)page + a->tx_offset);

	return page->tx.posted - page->tx.done == 1 &&
	       d[(page->tx.done - 1) & (a->tx_descriptors - 1)].length == NO_FRAME;
}

/* Of any file: its card, if it gets one, can send frames from where they lie. */
static void make_it_good(struct worker *w)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI };
	int i = any(w, FILES);

	if (w->file[i] >= 0)
		close(w->file[i]);
	w->file[i] = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	any_name(w, ifr.ifr_name);
	w->layout[i] = (struct vnic_ioc_rings){ .rx_descriptors = 8, .tx_descriptors = 64,
						.area = 32 * PAGE, .flags = VNIC_RINGS_IN_PLACE };
	if (ioctl(w->file[i], TUNSETIFF, &ifr) || ioctl(w->file[i], VNIC_IOC_RINGS, &w->layout[i]))
		return;
	map_rings(w, i);
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	ioctl(w->socket, SIOCSIFFLAGS, &ifr);
}

/* A long segment somewhere in the area, which may be sent from there; and then rewritten. */
static void do_post(struct worker *w)
{
	const struct vnic_ioc_rings *a = w->layout;
	struct vnic_ring_page *page;
	size_t room, n, offset;
	uint8_t *area, *at;
	int i = 0;

	if (one_in(w, 2))
		make_it_good(w);
	/* So that there is room for one more. */
	while (i < 64 && recv(w->witness, w->frame, sizeof(w->frame), MSG_DONTWAIT) > 0)
		i++;
	i = 0;
	while (i < FILES && (w->rings[i] == NOTHING || w->length[i] != a[i].bytes ||
			     a[i].flags & VNIC_RINGS_SHARE || a[i].area < 16384 || one_in(w, 4)))
		i++;
	if (i == FILES)
		return;
	page = w->rings[i];
	a += i;
	area = (uint8_t *)page + a->area_offset;
	room = a->area < 65000 ? a->area : 65000;
	n = room - any(w, room - 2 * PAGE);
	offset = any(w, a->area - n + 1);
	at = area + offset;
	memcpy(at, "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\2\x08\0", 14);
	memcpy(at + 14, "\x45\0\0\0\0\0\0\0\x40\6\0\0\x0a\x09\0\2\x0a\x09\0\1", 20);
	at[16] = (n - 14) >> 8;
	at[17] = n - 14;
	if (one_in(w, 4))
		at[any(w, 60)] = any(w, 256);
	post(page, a, or_any(w, offset), or_any(w, n), or_any(w, one_in(w, 8) ? VNIC_RING_MORE : 0));
	/* Done at once, whatever becomes of the first. */
	post(page, a, offset, NO_FRAME, 0);
	sums->posted += !ioctl(w->file[i], VNIC_IOC_KICK, VNIC_KICK_TX);
	sums->held += first_is_held(page, a);
	memset(at, any(w, 256), any(w, n));
}

/* --- everything else --- */

static void do_file(struct worker *w)
{
	int i = any(w, FILES);

	if (w->file[i] >= 0)
		close(w->file[i]);
	w->file[i] = one_in(w, 4) ? dup(w->file[any(w, FILES)]) :
				    open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static void do_poll(struct worker *w)
{
	struct pollfd p[FILES];
	int i;

	for (i = 0; i < FILES; i++)
		p[i] = (struct pollfd){ .fd = w->file[i], .events = POLLIN | POLLOUT };
	poll(p, FILES, 0);
}

static void do_device(struct worker *w)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct ifreq ifr = {};

	any_name(w, ifr.ifr_name);
	ifr.ifr_flags = one_in(w, 4) ? 0 : IFF_UP | IFF_RUNNING;
	ioctl(w->socket, SIOCSIFFLAGS, &ifr);
	in.sin_addr.s_addr = htonl(0x0a090001 + (any(w, 2) << 8));
	memcpy(&ifr.ifr_addr, &in, sizeof(in));
	ioctl(w->socket, SIOCSIFADDR, &ifr);
	ifr.ifr_mtu = or_any(w, 1500);
	if (one_in(w, 8))
		ioctl(w->socket, SIOCSIFMTU, &ifr);
}

static void do_link(struct worker *w)
{
	char name[IFNAMSIZ] = {}, command[256];
	const char *verbs[] = { "del dev %s", "add dev %s type vnic", "set dev %s down",
				"add dev %s type vnic", "set dev %s mtu 9000" };
	int n;

	sprintf(name, "noise%u", (unsigned int)any(w, NAMES));
	n = sprintf(command, "ip link ");
	n += sprintf(command + n, verbs[any(w, 5)], name);
	sprintf(command + n, " 2>/dev/null");
	sums->calls += !system(command);
}

static bool is_enough(uint64_t seconds)
{
	return sums->calls >= ENOUGH && sums->posted > seconds / 4 && sums->held;
}

static void make_noise(struct worker *w, time_t begun, uint64_t seconds)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHECK_OK(munmap(p + PAGE, PAGE));
	w->page = p + PAGE;
	w->socket = CHECK_OK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	w->witness = CHECK_OK(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
	for (i = 0; i < FILES; i++) {
		w->file[i] = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		w->rings[i] = NOTHING;
	}
	while (time(NULL) < begun + (time_t)seconds ||
	       (!is_enough(seconds) && time(NULL) < begun + LONGER * (time_t)seconds)) {
		switch (any(w, 100)) {
		case 0 ... 39:
			do_ioctl(w);
			break;
		case 40 ... 64:
			do_write(w);
			break;
		case 65 ... 74:
			do_read(w);
			break;
		case 75 ... 79:
			do_send(w);
			break;
		case 80 ... 84:
			do_map(w);
			break;
		case 85 ... 87:
			do_scribble(w);
			break;
		case 88 ... 89:
			do_post(w);
			break;
		case 90 ... 92:
			do_file(w);
			break;
		case 93 ... 95:
			do_poll(w);
			break;
		case 96 ... 98:
			do_device(w);
			break;
		default:
			if (one_in(w, 10))
				do_link(w);
		}
	}
	_exit(0);
}

static void nothing_comes_of_noise(void)
{
	uint64_t seconds = tap_setting("SECONDS", 20), seed = tap_setting("SEED", 1);
	time_t begun = time(NULL);
	static struct worker w;
	int i, status;

	alarm(LONGER * seconds + TAP_HANG);
	sums = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	own_namespace();
	shell("ip link add dev up0 type dummy && ip address add 192.0.2.1/24 dev up0");
	shell("ip link set dev up0 up && ip route add default dev up0");
	for (i = 0; i < WORKERS; i++) {
		w.state = seed * WORKERS + i;
		if (!fork())
			make_noise(&w, begun, seconds);
	}
	for (i = 0; i < WORKERS; i++) {
		CHECK(wait(&status) > 0, "wait");
		CHECK(!status, "a worker ended with 0x%x", status);
	}
	printf("# seed %llu: %llu calls, %llu succeeded; %llu frames, %llu were taken; %llu posted, %llu held\n",
	       (unsigned long long)seed, (unsigned long long)sums->calls,
	       (unsigned long long)sums->good, (unsigned long long)sums->frames,
	       (unsigned long long)sums->taken, (unsigned long long)sums->posted,
	       (unsigned long long)sums->held);
	CHECK(sums->good > sums->calls / 50, "hardly any call succeeded");
	CHECK(sums->taken > sums->frames / 50, "hardly any frame was taken");
	CHECK(sums->posted > seconds / 4, "hardly any was sent by rings");
	CHECK(sums->held, "nobody had a frame that was sent from where it lies");
}

int main(void)
{
	RUN(nothing_comes_of_noise);
	return tap_done();
}
