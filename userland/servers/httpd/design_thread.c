// SPDX-License-Identifier: GPL-2.0-only
/*
 * Thread: each connection has a thread, made for it (--per-connection), or one of a pool that
 * takes connections from a queue.
 *
 *	main: accept --> | bounded queue | --> thread: take, serve, take, ...	pool
 *	main: accept --pthread_create--> thread: serve				per connection
 *
 * Good: as simple to write as the sequential server, each thread blocks alone; memory is
 * shared, so that one file cache serves all; a thread is far cheaper than a process.
 * Bad: memory is shared, so that each structure needs its lock, and one bug ends all; a thread
 * that only waits still has its stack, some 40 KiB with the kernel's part; the more threads,
 * the more the scheduler has to do. In a pool, as many connections as threads are served:
 * the next one waits in the queue, and idle ones count.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acceptor.h"
#include "blocking.h"
#include "control.h"
#include "queue.h"

/* Deep enough for what is called here, with room; ten thousand of them are only reserved. */
#define STACK_SIZE (128 << 10)
/* Connections that wait for a thread of the pool, for each of them. */
#define QUEUE_EACH 4
#define SWEEP_MS 50

/**
 * struct place - a thread, or room for one
 * @worker: its own
 * @crew: it is part of
 * @next: free place after this one
 * @fd: per connection: what to serve
 * @peer: likewise
 */
struct place {
	struct worker worker;
	struct crew *crew;
	struct place *next;
	int fd;
	struct in6_addr peer;
};

/**
 * struct crew - all threads
 * @server: what they serve
 * @worker: of the thread that accepts
 * @acceptor: likewise
 * @attributes: of a thread
 * @places: of all threads there may be
 * @count: how many that is
 * @queue: connections that wait for a thread of the pool
 * @lock: of all that follows
 * @running: threads
 * @used: places that ever had one
 * @free: those of them that have none now
 */
struct crew {
	struct server *server;
	struct worker worker;
	struct acceptor acceptor;
	pthread_attr_t attributes;
	struct place *places;
	unsigned int count;
	struct queue queue;
	pthread_mutex_t lock;
	unsigned int running;
	unsigned int used;
	struct place *free;
};

/* --- threads --- */

static void leave(struct place *place)
{
	struct crew *crew = place->crew;

	pthread_mutex_lock(&crew->lock);
	place->next = crew->free;
	crew->free = place;
	crew->running--;
	pthread_mutex_unlock(&crew->lock);
}

static void *thread_of_pool(void *argument)
{
	struct place *place = argument;
	struct waiting waiting;

	/* lab 08 step 3 begin: a thread of the pool */
	while (queue_take(&place->crew->queue, &waiting)) {
		serve_blocking(&place->worker, waiting.fd, &waiting.peer);
		acceptor_release(&place->crew->acceptor);
	}
	/* lab 08 step 3 end */
	leave(place);
	return NULL;
}

static void *thread_of_connection(void *argument)
{
	struct place *place = argument;

	serve_blocking(&place->worker, place->fd, &place->peer);
	acceptor_release(&place->crew->acceptor);
	leave(place);
	return NULL;
}

/* There is one: no more connections are taken than there are places. */
static struct place *take_place(struct crew *crew)
{
	struct place *place;

	pthread_mutex_lock(&crew->lock);
	place = crew->free;
	if (place) {
		crew->free = place->next;
	} else {
		place = &crew->places[crew->used];
		worker_init(&place->worker, crew->server, crew->used++);
		place->crew = crew;
	}
	crew->running++;
	pthread_mutex_unlock(&crew->lock);
	return place;
}

/* A thread that nobody will join. Returns 0 or an errno. */
static int start(struct crew *crew, void *(*run)(void *), struct place *place)
{
	pthread_t thread;
	int ret;

	control_block(true);
	ret = pthread_create(&thread, &crew->attributes, run, place);
	control_block(false);
	if (ret)
		leave(place);
	return ret;
}

static void begin_connection(struct crew *crew, int fd, const struct in6_addr *peer)
{
	struct place *place;

	if (!crew->server->options.per_connection) {
		queue_put(&crew->queue, (struct waiting){ fd, *peer });
		return;
	}
	place = take_place(crew);
	place->fd = fd;
	place->peer = *peer;
	if (!start(crew, thread_of_connection, place))
		return;
	close(fd);
	count(&crew->worker.counters->refused, 1);
	acceptor_release(&crew->acceptor);
}

/* --- the end --- */

static unsigned int running(struct crew *crew)
{
	unsigned int n;

	pthread_mutex_lock(&crew->lock);
	n = crew->running;
	pthread_mutex_unlock(&crew->lock);
	return n;
}

/*
 * Threads end with their connections. Those that wait for a request see its end when they are
 * shut down for reading. A descriptor may mean another file by then, which does it no harm:
 * no more sockets are opened here.
 */
static void drain(struct crew *crew)
{
	listeners_close(&crew->server->listeners);
	queue_close(&crew->queue);
	while (running(crew) && !control_late()) {
		for (unsigned int i = 0; control_grace_over() && i < crew->used; i++) {
			int fd = atomic_load(&crew->places[i].worker.idle_fd);

			if (fd >= 0)
				shutdown(fd, SHUT_RD);
		}
		usleep(SWEEP_MS * 1000);
	}
}

static int set_up(struct crew *crew, struct error *err)
{
	bool pool = !crew->server->options.per_connection;
	size_t size;

	crew->count = crew->server->max_connections;
	if (pool && crew->count > crew->server->options.workers)
		crew->count = crew->server->options.workers;
	size = crew->count * sizeof(struct place);
	crew->places = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (crew->places == MAP_FAILED || !queue_init(&crew->queue, crew->count * QUEUE_EACH))
		return error_errno(err, ENOMEM, NULL, "thread: memory for %u threads", crew->count);
	pthread_attr_init(&crew->attributes);
	pthread_attr_setstacksize(&crew->attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&crew->attributes, PTHREAD_CREATE_DETACHED);
	for (unsigned int i = 0; pool && i < crew->count; i++) {
		int ret = start(crew, thread_of_pool, take_place(crew));

		if (ret)
			return error_errno(err, ret, "fewer --workers", "thread: number %u", i + 1);
	}
	return 0;
}

static void tear_down(struct crew *crew)
{
	for (unsigned int i = 0; i < crew->used; i++)
		worker_end(&crew->places[i].worker);
	munmap(crew->places, crew->count * sizeof(struct place));
	queue_destroy(&crew->queue);
	pthread_attr_destroy(&crew->attributes);
	acceptor_end(&crew->acceptor);
}

int serve_thread(struct server *server, struct error *err)
{
	static struct crew crew = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct in6_addr peer;
	unsigned int most = server->max_connections;
	int fd, ret;

	crew.server = server;
	ret = set_up(&crew, err);
	if (ret)
		return ret;
	worker_init(&crew.worker, server, crew.count);
	if (!server->options.per_connection && most > crew.count + crew.queue.size)
		most = crew.count + crew.queue.size;
	acceptor_init(&crew.acceptor, server, &crew.worker, 0, 1, most);
	while ((fd = accept_next(&crew.acceptor, &peer)) != ACCEPT_STOP) {
		if (fd == ACCEPT_TICK)
			server_tick(server);
		else
			begin_connection(&crew, fd, &peer);
	}
	drain(&crew);
	if (!running(&crew))
		tear_down(&crew);
	return 0;
}
