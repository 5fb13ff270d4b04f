// SPDX-License-Identifier: GPL-2.0-only
/*
 * superserver: one process listens for many services and starts a server when somebody comes,
 * as inetd(8) did. It registers its services in a directory, if it is told where one is.
 *
 * A service is listened to (its socket is in the epoll set) unless one of these holds:
 *
 *	full	as many servers run as may: the next ones wait in the socket's queue
 *	paused	its server failed at once; each time in a row for twice as long
 *	gone	it is no longer in the file; it is forgotten when its last server has ended
 *
 * One thread. Children are reaped when SIGCHLD says so, and never waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../directory/address.h"
#include "../directory/client.h"
#include "cleanup.h"
#include "config.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define STATUS_CANNOT_RUN 126
/* A server that ends sooner, and fails, was no server. */
#define QUICK_MS 1000
#define PAUSE_FIRST_MS 250
#define PAUSE_MOST_MS 30000
/* How long to wait for descriptors or processes to become free. */
#define SHORTAGE_MS 100
#define FILE_MOST (CONFIG_SERVICES * (CONFIG_LINE_MOST + 1) * 4)
/* First descriptor of socket activation, sd_listen_fds(3). */
#define LISTEN_FD 3

struct service;

/* What an event is about: the socket of a service, or its client of the directory. */
struct watch {
	struct service *service;
	bool client;
};

/**
 * struct service - a service
 * @config: its line
 * @uid: of its servers
 * @gid: of its servers
 * @change_user: they are not the superserver's
 * @fd: the socket that is listened on
 * @watched: it is in the epoll set
 * @gone: see the top
 * @running: servers
 * @failures: in a row
 * @resume: milliseconds; until then it is paused
 * @registered: there is a client
 * @client: keeps it in the directory
 * @on_socket: for epoll
 * @on_client: for epoll
 * @next: of the list
 */
struct service {
	struct config_service config;
	uid_t uid;
	gid_t gid;
	bool change_user;
	int fd;
	bool watched;
	bool gone;
	unsigned int running;
	unsigned int failures;
	uint64_t resume;
	bool registered;
	struct directory_client client;
	struct watch on_socket;
	struct watch on_client;
	struct service *next;
};

struct child {
	pid_t pid;
	struct service *service;
	uint64_t started;
	struct child *next;
};

/**
 * struct super - the superserver
 * @path: of the file
 * @directory: where it is
 * @has_directory: there is one
 * @epoll: what is waited for
 * @signals: signalfd
 * @log: where messages go, also those of a child that cannot become a server
 * @before: signals that were blocked at the start: servers are to find that
 * @stopping: a signal said so
 * @services: list
 * @children: list
 */
struct super {
	const char *path;
	struct sockaddr_in directory;
	bool has_directory;
	int epoll;
	int signals;
	int log;
	sigset_t before;
	bool stopping;
	struct service *services;
	struct child *children;
};

static void say(const struct super *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct super *s, const char *format, ...)
{
	char text[600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(s->log, "superserver: %s\n", text);
}

/* A name for messages; it lasts until the next call. */
static const char *name_of(const struct service *v)
{
	static char text[LEASE_NAME_MOST + 1];

	memcpy(text, v->config.name.text, v->config.name.length);
	text[v->config.name.length] = '\0';
	return text;
}

/* --- listening, or not --- */

static void settle_watch(struct super *s, struct service *v, uint64_t now)
{
	bool wanted = !v->gone && v->running < v->config.max && v->resume <= now;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &v->on_socket };

	if (v->fd < 0 || wanted == v->watched)
		return;
	if (epoll_ctl(s->epoll, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, v->fd, &event) == 0)
		v->watched = wanted;
}

static void pause_service(struct super *s, struct service *v, uint64_t now, uint64_t ms)
{
	v->resume = now + ms;
	settle_watch(s, v, now);
}

static void failed_at_once(struct super *s, struct service *v, uint64_t now)
{
	uint64_t pause = PAUSE_FIRST_MS;

	for (unsigned int i = 0; i < v->failures && pause < PAUSE_MOST_MS; i++)
		pause *= 2;
	if (pause > PAUSE_MOST_MS)
		pause = PAUSE_MOST_MS;
	v->failures++;
	say(s, "%s: its server failed at once, %u times in a row: paused for %llu ms", name_of(v),
	    v->failures, (unsigned long long)pause);
	pause_service(s, v, now, pause);
}

/* --- starting a server: the child's side --- */

static void become_user(const struct super *s, const struct service *v)
{
	if (!v->change_user)
		return;
	/* Groups first: afterwards one may not any more. */
	if (setgroups(1, &v->gid) || setgid(v->gid) || setuid(v->uid) || getuid() != v->uid) {
		say(s, "%s: cannot become %s: %s", name_of(v), v->config.user, strerror(errno));
		_exit(STATUS_CANNOT_RUN);
	}
}

/* Descriptors are inherited only if they were put in place: all others close on exec. */
static void place(int fd, int at)
{
	if (fd == at)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, at);
}

static void run_child(const struct super *s, const struct service *v, int fd)
{
	char pid[16];

	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	if (v->config.wait) {
		/* As inetd has it, and as sd_listen_fds(3) has it. */
		place(fd, LISTEN_FD);
		place(LISTEN_FD, 0);
		place(s->log, 1);
		snprintf(pid, sizeof(pid), "%d", getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
	} else {
		for (int i = 0; i <= 2; i++)
			place(fd, i);
	}
	become_user(s, v);
	execv(v->config.words[0], v->config.words);
	say(s, "%s: cannot run %s: %s", name_of(v), v->config.words[0], strerror(errno));
	_exit(STATUS_CANNOT_RUN);
}

/* --- and the superserver's --- */

static void start_server(struct super *s, struct service *v, int fd, uint64_t now)
{
	struct child *child = malloc(sizeof(*child));
	pid_t pid = child ? fork() : -1;

	if (pid == 0)
		run_child(s, v, fd);
	if (pid < 0) {
		say(s, "%s: cannot start a server: %s", name_of(v), strerror(errno));
		free(child);
		pause_service(s, v, now, SHORTAGE_MS);
		return;
	}
	*child = (struct child){ pid, v, now, s->children };
	s->children = child;
	v->running++;
	settle_watch(s, v, now);
}

static void somebody_came(struct super *s, struct service *v, uint64_t now)
{
	int fd;

	/* An event of this round may have made it full, paused or gone. */
	if (!v->watched)
		return;
	if (v->config.wait) {
		start_server(s, v, v->fd, now);
		return;
	}
	fd = accept4(v->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		/* No descriptors: who waits stays in the queue, and is served later. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_service(s, v, now, SHORTAGE_MS);
		return;
	}
	start_server(s, v, fd, now);
	close(fd);
}

static void forget_service(struct super *s, struct service *v)
{
	struct service **link = &s->services;

	while (*link != v)
		link = &(*link)->next;
	*link = v->next;
	free(v);
}

static bool has_somebody(const struct service *v)
{
	struct pollfd look = { .fd = v->fd, .events = POLLIN };

	return poll(&look, 1, 0) == 1;
}

static void server_ended(struct super *s, const struct child *child, int status, uint64_t now)
{
	struct service *v = child->service;
	bool quick = now - child->started < QUICK_MS;
	bool failed = !WIFEXITED(status) || WEXITSTATUS(status);

	v->running--;
	if (v->gone) {
		if (!v->running)
			forget_service(s, v);
		return;
	}
	/* One that leaves what it was started for would be started again at once, for ever. */
	if (v->config.wait && quick && has_somebody(v))
		failed = true;
	/* Those that were started together, and fail together, have failed once. */
	if (failed && quick && child->started >= v->resume)
		failed_at_once(s, v, now);
	else if (!failed || !quick)
		v->failures = 0;
	settle_watch(s, v, now);
}

static void reap(struct super *s, uint64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child **link = &s->children, *child;

		while (*link && (*link)->pid != pid)
			link = &(*link)->next;
		child = *link;
		if (!child)
			continue;
		*link = child->next;
		server_ended(s, child, status, now);
		free(child);
	}
}

/* --- services come and go --- */

/* From /etc/passwd alone: a static program has no other sources. */
static int find_user(struct service *v, struct error *err)
{
	cleanup_fclose FILE *file = NULL;
	const struct passwd *entry;

	v->change_user = false;
	if (!v->config.user[0])
		return 0;
	file = fopen("/etc/passwd", "re");
	while (file && (entry = fgetpwent(file)) != NULL) {
		if (strcmp(entry->pw_name, v->config.user) != 0)
			continue;
		v->uid = entry->pw_uid;
		v->gid = entry->pw_gid;
		v->change_user = v->uid != geteuid();
		if (v->change_user && geteuid() != 0)
			return error_set(err, EPERM, "line %u: user=%s: only root can do that",
					 v->config.line, v->config.user);
		return 0;
	}
	return error_set(err, ENOENT, "line %u: user=%s: not in /etc/passwd", v->config.line,
			 v->config.user);
}

static int listen_on(struct service *v, struct error *err)
{
	int kind = v->config.datagram ? SOCK_DGRAM : SOCK_STREAM, on = 1;
	struct sockaddr_in *at = &v->config.address;

	/* A wait server gets this very socket; it sets O_NONBLOCK itself if it wants it. */
	v->fd = socket(AF_INET, kind | SOCK_CLOEXEC | (v->config.wait ? 0 : SOCK_NONBLOCK), 0);
	if (v->fd < 0)
		return error_errno(err, errno, NULL, "cannot make a socket");
	if (!v->config.datagram)
		setsockopt(v->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(v->fd, (struct sockaddr *)at, sizeof(*at)) ||
	    (!v->config.datagram && listen(v->fd, 512)))
		return error_errno(err, errno, NULL, "line %u: cannot listen for %s",
				   v->config.line, name_of(v));
	return 0;
}

static void announce(struct super *s, struct service *v)
{
	struct lease_claim claim = { .name = v->config.name,
				     .version = v->config.version,
				     .end.protocol = v->config.datagram ? LEASE_UDP : LEASE_TCP,
				     .lease = v->config.lease * 1000 };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &v->on_client };
	struct sockaddr_in at = { 0 };
	socklen_t length = sizeof(at);
	char text[ADDRESS_TEXT];
	struct error err;

	getsockname(v->fd, (struct sockaddr *)&at, &length);
	claim.end.port = ntohs(at.sin_port);
	address_map(&at, claim.end.address);
	printf("%s listening on %s\n", name_of(v), address_write(&claim.end, text));
	fflush(stdout);
	if (!s->has_directory)
		return;
	/* On all addresses: the directory sees one of them. */
	if (at.sin_addr.s_addr == INADDR_ANY)
		memset(claim.end.address, 0, sizeof(claim.end.address));
	if (directory_client_open(&v->client, &s->directory, &claim, &err)) {
		say(s, "%s: %s", name_of(v), err.text);
		directory_client_forget(&v->client);
		return;
	}
	v->registered = true;
	epoll_ctl(s->epoll, EPOLL_CTL_ADD, directory_client_fd(&v->client), &event);
}

static int add_service(struct super *s, const struct config_service *config, struct error *err)
{
	struct service *v = calloc(1, sizeof(*v));
	int ret;

	if (!v)
		return error_set(err, ENOMEM, "no memory");
	config_copy(&v->config, config);
	v->fd = -1;
	v->on_socket = (struct watch){ v, false };
	v->on_client = (struct watch){ v, true };
	ret = find_user(v, err);
	if (!ret)
		ret = listen_on(v, err);
	if (ret) {
		cleanup_fd(&v->fd);
		free(v);
		return ret;
	}
	v->next = s->services;
	s->services = v;
	settle_watch(s, v, directory_clock_ms());
	announce(s, v);
	return 0;
}

static void remove_service(struct super *s, struct service *v)
{
	v->gone = true;
	settle_watch(s, v, 0);
	if (v->registered)
		directory_client_close(&v->client);
	v->registered = false;
	cleanup_fd(&v->fd);
	v->fd = -1;
	if (!v->running)
		forget_service(s, v);
}

/* Is it the same socket, used in the same way? Then it is kept, with who waits in its queue. */
static bool is_same(const struct config_service *a, const struct config_service *b)
{
	return a->name.length == b->name.length && a->version == b->version &&
	       memcmp(a->name.text, b->name.text, a->name.length) == 0 &&
	       a->datagram == b->datagram && a->wait == b->wait &&
	       a->address.sin_port == b->address.sin_port &&
	       a->address.sin_addr.s_addr == b->address.sin_addr.s_addr;
}

static const struct config_service *find_line(const struct config *config,
					      const struct config_service *wanted)
{
	for (unsigned int i = 0; i < config->count; i++)
		if (is_same(&config->services[i], wanted))
			return &config->services[i];
	return NULL;
}

static bool has_service(const struct super *s, const struct config_service *wanted)
{
	for (const struct service *v = s->services; v; v = v->next)
		if (!v->gone && is_same(&v->config, wanted))
			return true;
	return false;
}

static void update_service(struct super *s, struct service *v, const struct config_service *line)
{
	struct error err;

	config_copy(&v->config, line);
	/* Whoever edited the file may have mended the server. */
	v->failures = 0;
	v->resume = 0;
	v->client.claim.lease = line->lease * 1000;
	if (find_user(v, &err)) {
		say(s, "%s", err.text);
		remove_service(s, v);
		return;
	}
	settle_watch(s, v, directory_clock_ms());
}

static int read_file(const char *path, struct config *config, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	cleanup_free char *data = NULL;
	struct error why;
	size_t length;

	if (!file)
		return error_errno(err, errno, NULL, "cannot read %s", path);
	data = malloc(FILE_MOST);
	if (!data)
		return error_set(err, ENOMEM, "no memory");
	length = fread(data, 1, FILE_MOST, file);
	if (ferror(file))
		return error_errno(err, errno, NULL, "cannot read %s", path);
	if (length == FILE_MOST)
		return error_set(err, EFBIG, "%s: too long", path);
	if (config_read(config, data, length, &why))
		return error_set(err, EINVAL, "%.200s: %.250s", path, why.text);
	return 0;
}

/* Make the services those of the file: see load(). */
static int apply(struct super *s, const struct config *config, bool start, struct error *err)
{
	struct service *next;
	int ret;

	/* First those that go: another may want their port. */
	for (struct service *v = s->services; v; v = next) {
		const struct config_service *line = find_line(config, &v->config);

		next = v->next;
		if (v->gone)
			continue;
		if (line)
			update_service(s, v, line);
		else
			remove_service(s, v);
	}
	for (unsigned int i = 0; i < config->count; i++) {
		if (has_service(s, &config->services[i]))
			continue;
		ret = add_service(s, &config->services[i], err);
		if (ret && start)
			return ret;
		if (ret)
			say(s, "%s", err->text);
	}
	return 0;
}

/*
 * Read the file. What is wrong in one service is said and leaves it out, but at the start it
 * ends the program; a file that cannot be understood changes nothing.
 */
static int load(struct super *s, bool start, struct error *err)
{
	struct config *config = calloc(1, sizeof(*config));
	int ret;

	if (!config)
		return error_set(err, ENOMEM, "no memory");
	ret = read_file(s->path, config, err);
	if (!ret)
		ret = apply(s, config, start, err);
	free(config);
	return ret;
}

/* --- the loop --- */

static void take_signals(struct super *s, uint64_t now)
{
	struct signalfd_siginfo info;
	struct error err;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(s, now);
		} else if (info.ssi_signo == SIGHUP) {
			if (load(s, false, &err))
				say(s, "%s: nothing is changed", err.text);
			else
				printf("reloaded\n");
			fflush(stdout);
		} else {
			s->stopping = true;
		}
	}
}

/* Do what is due. Returns milliseconds until something else will be, -1: nothing. */
static int tick(struct super *s, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (struct service *v = s->services; v; v = v->next) {
		if (v->registered) {
			if (directory_client_due(&v->client) <= now)
				directory_client_service(&v->client, now);
			if (directory_client_due(&v->client) < next)
				next = directory_client_due(&v->client);
		}
		settle_watch(s, v, now);
		if (v->resume > now && v->resume < next)
			next = v->resume;
	}
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

/* One round. Signals come last: they may free a service that an event is about. */
static void serve_round(struct super *s)
{
	struct epoll_event events[CONFIG_SERVICES];
	int timeout = tick(s, directory_clock_ms());
	int count = epoll_wait(s->epoll, events, CONFIG_SERVICES, timeout);
	uint64_t now = directory_clock_ms();
	bool signalled = false;

	for (int i = 0; i < count; i++) {
		const struct watch *watch = events[i].data.ptr;

		if (!watch)
			signalled = true;
		else if (watch->client)
			directory_client_service(&watch->service->client, now);
		else
			somebody_came(s, watch->service, now);
	}
	if (signalled)
		take_signals(s, now);
}

static int start(struct super *s, struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t mask;
	int fd;

	/* 0 to 2 must be open, or a connection would get their place. */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	cleanup_fd(&fd);
	s->log = fcntl(2, F_DUPFD_CLOEXEC, LISTEN_FD + 1);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, &s->before);
	s->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->log < 0 || s->signals < 0 || s->epoll < 0 ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->signals, &event))
		return error_errno(err, errno, NULL, "cannot wait for events");
	return load(s, true, err);
}

static int usage(const char *what)
{
	fprintf(stderr, "superserver: %s: see superserver --help\n", what);
	return STATUS_USAGE;
}

/* Returns -1: go on, or an exit status. */
static int parse(struct super *s, int argc, char **argv, struct error *err)
{
	static const struct option names[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		if (option == 'h') {
			puts("usage: superserver [--directory ADDRESS:PORT] FILE\n"
			     "Listen for the services of FILE; start servers when somebody comes.\n"
			     "superserver(1) says what FILE looks like.");
			return 0;
		}
		if (option != 'd')
			return usage("bad option, or one without its value");
		if (address_read(optarg, &s->directory, err))
			return usage(err->text);
		s->has_directory = true;
	}
	if (argc - optind != 1)
		return usage(argc == optind ? "the file is missing" : "too many arguments");
	s->path = argv[optind];
	return -1;
}

/* Servers that run go on; nobody comes any more. */
static void let_go(struct super *s)
{
	while (s->children) {
		struct child *child = s->children;

		s->children = child->next;
		child->service->running--;
		free(child);
	}
	while (s->services) {
		struct service *v = s->services;

		if (v->gone)
			forget_service(s, v);
		else
			remove_service(s, v);
	}
}

int main(int argc, char **argv)
{
	struct super s = { .epoll = -1, .signals = -1, .log = 2 };
	struct error err = { "" };
	int ret = parse(&s, argc, argv, &err);

	if (ret >= 0)
		return ret;
	ret = start(&s, &err);
	if (!ret) {
		printf("ready\n");
		fflush(stdout);
	} else {
		fprintf(stderr, "superserver: %s\n", err.text);
	}
	while (!ret && !s.stopping)
		serve_round(&s);
	let_go(&s);
	return ret ? STATUS_FAILED : 0;
}
