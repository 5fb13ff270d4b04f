// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process: each connection has a process, made for it (--per-connection), or one of a number
 * that were made beforehand and each serve one connection after the other (prefork).
 *
 *	parent --fork--> child: accept, serve, accept, serve, ...	prefork
 *	parent: accept --fork--> child: serve, exit			per connection
 *
 * Good: what happens to one client happens to no other: a crash, a leak, a wrong write end with
 * the process they are in. The code is that of the sequential server, and so simple.
 * Bad: a process is expensive to make (per connection: 20 times the price of the answer) and to
 * keep (some 200 KiB); switching between processes costs more than between threads; what one
 * has in its caches is no use to the others. With prefork, as many connections as processes:
 * the next one waits, and idle ones count.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acceptor.h"
#include "blocking.h"
#include "control.h"

/* A child that ends sooner than this was not worth its fork: the next one has to wait. */
#define SHORT_LIFE_MS 500
/* A signal that reaches a child before it is ready for it is lost: say it again. */
#define REPEAT_MS 100

/**
 * struct child - a process
 * @pid: 0: there is none
 * @born: ms
 * @busy: it has a connection
 */
struct child {
	pid_t pid;
	int64_t born;
	atomic_bool busy;
};

/**
 * struct family - a parent and its children
 * @server: what all serve
 * @worker: of the parent, for its clock
 * @acceptor: of the parent, if it is the one who accepts
 * @parent: its process
 * @children: as many as there may be, in memory that all share
 * @most: how many that is
 * @alive: how many there are
 */
struct family {
	struct server *server;
	struct worker worker;
	struct acceptor acceptor;
	pid_t parent;
	struct child *children;
	unsigned int most;
	unsigned int alive;
};

/* --- in the child, which is a sequential server --- */

static void begin_child(struct family *f, struct worker *worker, unsigned int index)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != f->parent || control_init(f->server->options.drain_ms))
		_exit(1);
	registration_forget(&f->server->registration);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	worker_init(worker, f->server, index);
	control_reader(&worker->idle_fd);
}

static void serve_one(struct family *f, struct worker *worker, unsigned int index, int fd,
		      const struct in6_addr *peer)
{
	atomic_store(&f->children[index].busy, true);
	serve_blocking(worker, fd, peer);
	atomic_store(&f->children[index].busy, false);
}

static void child_of_pool(struct family *f, unsigned int index)
{
	struct acceptor acceptor;
	struct worker worker;
	struct in6_addr peer;
	int fd;

	begin_child(f, &worker, index);
	acceptor_init(&acceptor, f->server, &worker, 0, 1, 1);
	while ((fd = accept_next(&acceptor, &peer)) != ACCEPT_STOP) {
		if (fd == ACCEPT_TICK)
			continue;
		serve_one(f, &worker, index, fd, &peer);
		acceptor_release(&acceptor);
	}
}

static void child_of_connection(struct family *f, unsigned int index, int fd,
				const struct in6_addr *peer)
{
	struct worker worker;

	/* lab 08 step 2 begin: a child's life */
	listeners_close(&f->server->listeners);
	begin_child(f, &worker, index);
	serve_one(f, &worker, index, fd, peer);
	/* lab 08 step 2 end */
}

/* --- in the parent --- */

/* Returns 0 in the child. */
static pid_t give_birth(struct family *f, unsigned int index)
{
	struct child *child = &f->children[index];
	pid_t pid;

	child->born = f->worker.now;
	pid = fork();
	if (pid > 0) {
		child->pid = pid;
		f->alive++;
	}
	return pid;
}

/* Zombies are children that nobody has asked how they ended. */
static void reap(struct family *f)
{
	unsigned int i;
	pid_t pid;

	/* lab 08 step 2 begin: ask who has ended */
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (i = 0; i < f->most && f->children[i].pid != pid; i++)
			;
		if (i == f->most)
			continue; /* not of these: a successor that failed */
		f->children[i].pid = 0;
		f->alive--;
		/* It died in the middle of its work, and could not say so. */
		if (atomic_exchange(&f->children[i].busy, false))
			count(&f->worker.counters->closed, 1);
		if (f->server->options.per_connection)
			acceptor_release(&f->acceptor);
	}
	/* lab 08 step 2 end */
}

static unsigned int free_place(const struct family *f)
{
	unsigned int i = 0;

	while (f->children[i].pid)
		i++;
	return i;
}

/* True in a child that is done. */
static bool run_per_connection(struct family *f)
{
	struct in6_addr peer;
	unsigned int index;
	pid_t pid;
	int fd;

	while ((fd = accept_next(&f->acceptor, &peer)) != ACCEPT_STOP) {
		if (fd == ACCEPT_TICK)
			server_tick(f->server);
		if (control_child_ended())
			reap(f);
		if (fd < 0)
			continue;
		/* lab 08 step 2 begin: a child for each connection; skeleton: close(fd); */
		index = free_place(f);
		pid = give_birth(f, index);
		if (!pid) {
			child_of_connection(f, index, fd, &peer);
			return true;
		}
		close(fd);
		if (pid < 0) {
			count(&f->worker.counters->refused, 1);
			acceptor_release(&f->acceptor);
		}
		/* lab 08 step 2 end */
	}
	return false;
}

/* True in a child that is done. */
static bool run_pool(struct family *f)
{
	while (!control_draining()) {
		for (unsigned int i = 0; i < f->most; i++) {
			const struct child *child = &f->children[i];

			if (child->pid || f->worker.now - child->born < SHORT_LIFE_MS)
				continue;
			if (!give_birth(f, i)) {
				child_of_pool(f, i);
				return true;
			}
		}
		control_wait(f->alive < f->most ? SHORT_LIFE_MS : 1000);
		worker_tick(&f->worker);
		server_tick(f->server);
		reap(f);
	}
	return false;
}

/* Nobody is left behind: who does not end in time is ended. */
static void drain(struct family *f)
{
	listeners_close(&f->server->listeners);
	while (f->alive) {
		for (unsigned int i = 0; i < f->most; i++)
			if (f->children[i].pid)
				kill(f->children[i].pid, control_late() ? SIGKILL : SIGTERM);
		control_wait(REPEAT_MS);
		reap(f);
	}
}

int serve_process(struct server *server, struct error *err)
{
	bool per_connection = server->options.per_connection;
	struct family f = { .server = server, .parent = getpid() };
	size_t size;
	bool child;

	f.most = server->max_connections;
	if (!per_connection && f.most > server->options.workers)
		f.most = server->options.workers;
	size = f.most * sizeof(struct child);
	f.children = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f.children == MAP_FAILED)
		return error_errno(err, errno, NULL, "process: memory for %u children", f.most);
	worker_init(&f.worker, server, 0);
	acceptor_init(&f.acceptor, server, &f.worker, 0, 1, f.most);
	for (unsigned int i = 0; i < f.most; i++)
		f.children[i].born = f.worker.now - SHORT_LIFE_MS;
	child = per_connection ? run_per_connection(&f) : run_pool(&f);
	if (child)
		_exit(0);
	drain(&f);
	acceptor_end(&f.acceptor);
	munmap(f.children, size);
	return 0;
}
