// SPDX-License-Identifier: GPL-2.0
/*
 * Files, cards and namespaces end in every order. A model says what each step has to return; first
 * all short sequences of steps are tried, then a long random one (SEED=n). Then what no sequence of
 * calls shows: who sleeps meanwhile, what is on its way, and the module itself, which is gone at the
 * end.
 */
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "card.h"

#define MULTI	(PLAIN | IFF_MULTI_QUEUE)

/* ip link del, without a process. */
static int delete_link(const char *name)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
	} ask = {
		.n = { sizeof(ask), RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, 0, 0 },
		.i.ifi_index = card_index(name),
	};
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
		char rest[256];
	} answer;
	int s;

	if (!ask.i.ifi_index) {
		errno = ENODEV;
		return -1;
	}
	s = CHECK_OK(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
	CHECK_EQ(send(s, &ask, sizeof(ask), 0), sizeof(ask));
	CHECK(recv(s, &answer, sizeof(answer), 0) > 0, "no answer");
	close(s);
	errno = -answer.e.error;
	return errno ? -1 : 0;
}

/* --- the model --- */

#define FILES	2

enum place { ALONE, ATTACHED, DETACHED };

/* What the test thinks that there is. */
struct world {
	int fd[FILES];
	enum place place[FILES];
	bool exists;
	bool persist;
};

enum step { SETIFF, ATTACH, DETACH, WRITE, READ, PERSIST, FORGET, REOPEN, DELETE, STEPS };

static const char *const step_names[] = {
	"TUNSETIFF", "attach", "detach", "write", "read", "persist", "forget", "reopen", "delete",
};

/* A card that nobody has goes, unless it is persistent. */
static void settle(struct world *w)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (w->place[i] != ALONE)
			return;
	w->exists = w->persist;
}

static int reopen(struct world *w, int f)
{
	close(w->fd[f]);
	w->fd[f] = card_open();
	set_nonblock(w->fd[f]);
	w->place[f] = ALONE;
	settle(w);
	return 0;
}

static int take(struct world *w, int f, enum step step, int *want)
{
	char name[IFNAMSIZ] = "card", frame[64] = {};
	bool attached = w->place[f] == ATTACHED;

	switch (step) {
	case SETIFF:
		*want = attached ? EEXIST : w->place[f] == DETACHED ? EINVAL : 0;
		if (!*want) {
			w->place[f] = ATTACHED;
			w->exists = true;
		}
		return card_set(w->fd[f], name, MULTI);
	case ATTACH:
		*want = w->place[f] == DETACHED ? 0 : EINVAL;
		if (!*want)
			w->place[f] = ATTACHED;
		return card_queue(w->fd[f], IFF_ATTACH_QUEUE);
	case DETACH:
		*want = attached ? 0 : EINVAL;
		if (!*want)
			w->place[f] = DETACHED;
		return card_queue(w->fd[f], IFF_DETACH_QUEUE);
	case WRITE:
		/* The card is down. */
		*want = attached ? EIO : EBADFD;
		return write(w->fd[f], frame, sizeof(frame));
	case READ:
		*want = attached ? EAGAIN : EBADFD;
		return read(w->fd[f], frame, sizeof(frame));
	case PERSIST:
	case FORGET:
		*want = attached ? 0 : EBADFD;
		if (attached)
			w->persist = step == PERSIST;
		return ioctl(w->fd[f], TUNSETPERSIST, step == PERSIST);
	case REOPEN:
		*want = 0;
		return reopen(w, f);
	default:
		*want = w->exists ? 0 : ENODEV;
		w->exists = false;
		w->persist = false;
		for (f = 0; f < FILES; f++)
			w->place[f] = ALONE;
		return delete_link("card");
	}
}

static void do_step(struct world *w, int f, enum step step)
{
	struct pollfd p;
	int want, got;

	errno = 0;
	got = take(w, f, step, &want) < 0 ? errno : 0;
	CHECK(got == want, "%s of file %d: %s, not %s", step_names[step], f,
	      strerrorname_np(got), strerrorname_np(want));
	CHECK(!!card_index("card") == w->exists, "%s of file %d: the card is %s", step_names[step],
	      f, w->exists ? "gone" : "still there");
	for (f = 0; f < FILES; f++) {
		p = (struct pollfd){ .fd = w->fd[f], .events = POLLIN };
		CHECK_EQ(poll(&p, 1, 0), w->place[f] != ATTACHED);
		CHECK_EQ(p.revents, w->place[f] != ATTACHED ? POLLERR : 0);
	}
}

static void begin(struct world *w)
{
	int f;

	memset(w, 0, sizeof(*w));
	for (f = 0; f < FILES; f++) {
		w->fd[f] = card_open();
		set_nonblock(w->fd[f]);
	}
}

static void end(struct world *w)
{
	int f;

	if (w->exists)
		do_step(w, 0, DELETE);
	for (f = 0; f < FILES; f++)
		close(w->fd[f]);
}

/* TUNSETIFF, two steps of one file, and its end. */
static void every_short_sequence_ends_well(void)
{
	unsigned int n = STEPS * STEPS, i;
	struct world w;

	own_namespace();
	for (i = 0; i < n; i++) {
		begin(&w);
		do_step(&w, 0, SETIFF);
		do_step(&w, 0, i / STEPS);
		do_step(&w, 0, i % STEPS);
		end(&w);
	}
}

static void long_random_sequence_ends_well(void)
{
	uint64_t state = tap_setting("SEED", 1), i;
	struct world w;

	own_namespace();
	begin(&w);
	for (i = 0; i < tap_scaled(2000); i++)
		do_step(&w, tap_next(&state) % FILES, tap_next(&state) % STEPS);
	end(&w);
}

/* --- who waits --- */

static void *later_delete(void *name)
{
	usleep(200000);
	delete_link(name);
	return NULL;
}

static void reader_of_a_deleted_card_is_told(void)
{
	pthread_t thread;
	char frame[64];
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	pthread_create(&thread, NULL, later_delete, "card");
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EBADFD);
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EBADFD);
	CHECK_ERRNO(write(fd, frame, sizeof(frame)), EBADFD);
}

static void poller_of_a_deleted_card_is_told(void)
{
	struct pollfd p = { .events = POLLIN };
	pthread_t thread;

	own_namespace();
	p.fd = card_new(PLAIN);
	pthread_create(&thread, NULL, later_delete, "card");
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(p.revents, POLLERR);
}

static void *later_detach(void *fd)
{
	usleep(200000);
	card_queue(*(int *)fd, IFF_DETACH_QUEUE);
	return NULL;
}

static void reader_of_a_detached_queue_is_told(void)
{
	pthread_t thread;
	char frame[64];
	int fd;

	own_namespace();
	fd = card_new(MULTI);
	pthread_create(&thread, NULL, later_detach, &fd);
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EBADFD);
}

static void file_may_take_another_card_after_the_first(void)
{
	char name[IFNAMSIZ] = "second";
	uint8_t frame[256];
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	CHECK_OK(delete_link("card"));
	CHECK_OK(card_set(fd, name, PLAIN));
	card_up("second");
	s = host_socket(4000);
	CHECK_EQ(send(s, "x", 1, 0), 1);
	CHECK_EQ(next_ipv4(fd, frame, sizeof(frame), 0), ETH_HLEN + 29);
}

/* Frames for a card's old life are not read in its new one. */
static void frames_end_with_their_card(void)
{
	char name[IFNAMSIZ] = "card";
	uint8_t frame[256];
	int fd, s;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	s = host_socket(4000);
	CHECK_EQ(send(s, "x", 1, 0), 1);
	CHECK_OK(delete_link("card"));
	CHECK_OK(card_set(fd, name, PLAIN));
	set_nonblock(fd);
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EAGAIN);
}

static void killed_program_leaves_nothing(void)
{
	char frame[64];
	pid_t child;
	int fd, i;

	own_namespace();
	child = fork();
	if (!child) {
		fd = card_new(PLAIN);
		_exit(read(fd, frame, sizeof(frame)));
	}
	for (i = 0; i < 100 && !card_index("card"); i++)
		usleep(20000);
	CHECK(card_index("card"), "no card");
	CHECK_OK(kill(child, SIGKILL));
	CHECK_OK(waitpid(child, NULL, 0));
	CHECK_EQ(card_index("card"), 0);
}

static void card_lives_until_the_last_copy_of_its_file(void)
{
	int fd, copy;

	own_namespace();
	fd = card_new(PLAIN);
	copy = CHECK_OK(dup(fd));
	close(fd);
	CHECK(card_index("card"), "gone");
	close(copy);
	CHECK_EQ(card_index("card"), 0);
}

static void persistent_card_is_found_again(void)
{
	char name[IFNAMSIZ] = "card";
	uint8_t frame[256];
	int fd, s, i;

	own_namespace();
	fd = card_new(PLAIN);
	CHECK_OK(ioctl(fd, TUNSETPERSIST, 1));
	close(fd);
	card_up("card");
	fd = card_open();
	/* With other flags than before. */
	CHECK_OK(card_set(fd, name, IFF_TAP | IFF_VNET_HDR));
	s = host_socket(4000);
	set_nonblock(fd);
	/* The stack learns of the carrier in its own time; until then what is sent is lost. */
	for (i = 0; i < 50 && read(fd, frame, sizeof(frame)) != 14 + ETH_HLEN + 29; i++) {
		CHECK_EQ(send(s, "x", 1, 0), 1);
		usleep(100000);
	}
	CHECK(i < 50, "no frame");
	CHECK_OK(ioctl(fd, TUNSETPERSIST, 0));
	close(fd);
	CHECK_EQ(card_index("card"), 0);
}

/* --- namespaces --- */

static void wait_for_end(int fd)
{
	struct pollfd p = { .fd = fd };
	char frame[64] = {};

	CHECK_EQ(poll(&p, 1, 20000), 1);
	CHECK_EQ(p.revents, POLLERR);
	CHECK_ERRNO(read(fd, frame, sizeof(frame)), EBADFD);
	CHECK_ERRNO(write(fd, frame, sizeof(frame)), EBADFD);
}

static void card_ends_with_its_namespace(void)
{
	char name[IFNAMSIZ] = "card";
	int fd;

	own_namespace();
	fd = card_new(PLAIN);
	card_up("card");
	CHECK_OK(unshare(CLONE_NEWNET));
	wait_for_end(fd);
	/* The file was opened in a namespace that is no more. */
	CHECK_ERRNO(card_set(fd, name, PLAIN), ENXIO);
	CHECK_OK(card_set(card_open(), name, PLAIN));
}

static void moved_card_works_and_ends_where_it_is(void)
{
	uint8_t frame[256];
	int fd, home, s, pipes[2];
	char c;
	pid_t child;

	own_namespace();
	home = CHECK_OK(open("/proc/self/ns/net", O_RDONLY));
	fd = card_new(PLAIN);
	CHECK_OK(pipe(pipes));
	child = fork();
	if (!child) {
		own_namespace();
		CHECK_EQ(write(pipes[1], "n", 1), 1);
		while (!card_index("card"))
			usleep(10000);
		card_up("card");
		s = host_socket(4000);
		CHECK_EQ(send(s, "x", 1, 0), 1);
		pause();
	}
	CHECK_EQ(read(pipes[0], &c, 1), 1);
	shell("ip link set dev card netns %d", child);
	CHECK_EQ(next_ipv4(fd, frame, sizeof(frame), 0), ETH_HLEN + 29);
	CHECK_EQ(card_index("card"), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	wait_for_end(fd);
	close(home);
}

/* --- under traffic --- */

static volatile bool enough;

static void *send_on(void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4000),
				  .sin_addr.s_addr = htonl(GUEST) };
	int s = CHECK_OK(socket(AF_INET, SOCK_DGRAM, 0));

	while (!enough)
		sendto(s, arg, 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
	close(s);
	return NULL;
}

static void *read_on(void *arg)
{
	char frame[256];

	while (!enough)
		if (read(*(int *)arg, frame, sizeof(frame)) < 0)
			usleep(100);
	return NULL;
}

static void *write_on(void *arg)
{
	char frame[256] = "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\2\x12\x34";

	while (!enough)
		if (write(*(int *)arg, frame, sizeof(frame)) < 0)
			usleep(100);
	return NULL;
}

/* Frames go both ways while the card is deleted, made, detached and attached again. */
static void card_may_end_under_traffic(void)
{
	uint64_t state = tap_setting("SEED", 1);
	char name[IFNAMSIZ], letter = 'x';
	pthread_t threads[3];
	unsigned int i;
	int fd;

	own_namespace();
	fd = card_open();
	set_nonblock(fd);
	pthread_create(&threads[0], NULL, send_on, &letter);
	pthread_create(&threads[1], NULL, read_on, &fd);
	pthread_create(&threads[2], NULL, write_on, &fd);
	for (i = 0; i < tap_scaled(25); i++) {
		strcpy(name, "card");
		CHECK_OK(card_set(fd, name, MULTI));
		card_up("card");
		usleep(tap_next(&state) % 20000);
		CHECK_OK(card_queue(fd, IFF_DETACH_QUEUE));
		CHECK_OK(card_queue(fd, IFF_ATTACH_QUEUE));
		if (i % 3 == 0)
			shell("ip link set dev card down && ip link set dev card up");
		if (i % 5 == 0)
			shell("ethtool -G card tx %u 2>/dev/null || true", 16 << (i % 4));
		CHECK_OK(delete_link("card"));
	}
	enough = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* --- the module --- */

static int unload(void)
{
	return syscall(SYS_delete_module, "vnic", O_NONBLOCK);
}

static void load(void)
{
	const char *path = getenv("MODULE");
	int fd;

	if (!path)
		SKIP("no MODULE");
	fd = CHECK_OK(open(path, O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
}

static void unload_soon(void)
{
	int i;

	/* The last frame of a file that was closed may be on its way yet. */
	for (i = 0; i < 100 && unload(); i++)
		usleep(50000);
	CHECK(access("/sys/module/vnic", F_OK), "it is still there");
}

static void module_stays_while_a_file_is_open(void)
{
	int fd = card_open();

	CHECK_ERRNO(unload(), EAGAIN);
	close(fd);
	unload_soon();
	load();
}

static void cards_go_with_the_module(void)
{
	char letter = 'x';
	pthread_t sender;
	int fd, i;

	own_namespace();
	for (i = 0; i < 10; i++) {
		enough = false;
		fd = card_new(PLAIN);
		CHECK_OK(ioctl(fd, TUNSETPERSIST, 1));
		card_up("card");
		shell("ip link add link0 type vnic");
		shell("ip link set link0 up");
		pthread_create(&sender, NULL, send_on, &letter);
		usleep(50000);
		close(fd);
		unload_soon();
		CHECK_EQ(card_index("card"), 0);
		CHECK_EQ(card_index("link0"), 0);
		enough = true;
		pthread_join(sender, NULL);
		load();
	}
}

static void module_goes(void)
{
	unload_soon();
}

int main(void)
{
	RUN(every_short_sequence_ends_well);
	RUN(long_random_sequence_ends_well);

	RUN(reader_of_a_deleted_card_is_told);
	RUN(poller_of_a_deleted_card_is_told);
	RUN(reader_of_a_detached_queue_is_told);
	RUN(file_may_take_another_card_after_the_first);
	RUN(frames_end_with_their_card);
	RUN(killed_program_leaves_nothing);
	RUN(card_lives_until_the_last_copy_of_its_file);
	RUN(persistent_card_is_found_again);

	RUN(card_ends_with_its_namespace);
	RUN(moved_card_works_and_ends_where_it_is);

	RUN(card_may_end_under_traffic);

	RUN(module_stays_while_a_file_is_open);
	RUN(cards_go_with_the_module);
	RUN(module_goes);
	return tap_done();
}
