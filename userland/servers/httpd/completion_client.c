// SPDX-License-Identifier: GPL-2.0-only
/* One connection in the event loop of completion: see completion_loop.c. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "completion_loop.h"

/* Octets of a file that are read at once. */
#define FILE_PIECE (64 << 10)

/* The next send: what lies in memory; of a file, what was read of it, or else a read. */
static void send_next(struct loop *l, struct client *client)
{
	const struct connection *c = &client->connection;
	const struct outgoing *file = ring_send_memory(&l->ring, c, op_tag(client, OP_SEND));

	client->sending = true;
	if (!file)
		return;
	if (!client->data)
		client->data = malloc(FILE_PIECE);
	if (client->data_left) {
		ring_send(&l->ring, c->fd, client->data + client->data_at, client->data_left,
			  file->left > client->data_left, op_tag(client, OP_SEND));
	} else if (client->data) {
		ring_read(&l->ring, file->fd, client->data,
			  file->left < FILE_PIECE ? file->left : FILE_PIECE, file->offset,
			  op_tag(client, OP_READ));
	} else {
		client->sending = false;
		client->wants = CONNECTION_ENDS;
	}
}

static void end_client(struct loop *l, struct client *client)
{
	timer_clear(&l->timers, &client->timer);
	if (!client->ending && client->receiving)
		ring_cancel(&l->ring, op_tag(client, OP_RECEIVE), OP_CANCEL);
	if (!client->ending && client->sending)
		ring_cancel(&l->ring, op_tag(client, OP_SEND), OP_CANCEL);
	client->ending = true;
	if (client->receiving || client->sending)
		return;
	free(client->data);
	client->data = NULL;
	connection_close(&client->connection);
	acceptor_release(&l->acceptor);
	client->next = l->free;
	l->free = client;
}

static void work(struct loop *l, struct client *client)
{
	if (!l->helpers) {
		client->wants = connection_work(&client->connection);
		worker_tick(&l->worker);
		return;
	}
	client->working = true;
	timer_clear(&l->timers, &client->timer);
	client->job.connection = &client->connection;
	helpers_do(l->helpers, &client->job);
}

/* Go on with a connection; false if it has to wait, for the kernel or for a helper. */
static bool step(struct loop *l, struct client *client)
{
	struct connection *c = &client->connection;
	size_t room;

	switch (client->wants) {
	case CONNECTION_READS:
		if (client->receiving)
			return false;
		room = connection_room(c);
		client->receiving = room;
		if (room)
			ring_receive(&l->ring, c->fd, room, op_tag(client, OP_RECEIVE));
		else
			client->wants = connection_receive(c);
		return !room;
	case CONNECTION_WRITES:
		if (client->sending)
			return false;
		if (connection_pending(c))
			send_next(l, client);
		else
			client->wants = connection_send(c);
		return !client->sending;
	case CONNECTION_WORKS:
		work(l, client);
		return !client->working;
	default:
		return false;
	}
}

void completion_client_run(struct loop *l, struct client *client)
{
	while (!client->ending && step(l, client))
		;
	if (client->working)
		return;
	if (client->ending || client->wants == CONNECTION_ENDS)
		end_client(l, client);
	else
		timer_set(&l->timers, &client->timer, client->connection.deadline);
}

void completion_client_received(struct loop *l, struct client *client,
				const struct io_uring_cqe *cqe)
{
	client->receiving = false;
	/* No buffer was free: there will be, when all that was received is looked at. */
	if (cqe->res == -ECANCELED)
		client->wants = CONNECTION_ENDS;
	else if (client->wants == CONNECTION_READS && !client->ending && cqe->res != -ENOBUFS)
		client->wants = connection_received(&client->connection,
						    ring_received(&l->ring, cqe), cqe->res,
						    cqe->flags & IORING_CQE_F_SOCK_NONEMPTY);
	ring_give_back(&l->ring, cqe);
	if (!client->working)
		completion_client_run(l, client);
}

void completion_client_sent(struct loop *l, struct client *client, int n)
{
	client->sending = false;
	if (n > 0 && client->data_left) {
		client->data_at += n;
		client->data_left -= n;
	}
	if (!client->ending)
		client->wants = connection_sent(&client->connection, n);
	if (client->data && !client->data_left && client->wants != CONNECTION_WRITES) {
		free(client->data);
		client->data = NULL;
	}
	completion_client_run(l, client);
}

void completion_client_has_read(struct loop *l, struct client *client, int n)
{
	client->sending = false;
	client->data_at = 0;
	client->data_left = n > 0 ? n : 0;
	/* The file is shorter than it was: what was announced cannot be sent any more. */
	if (n <= 0)
		client->wants = CONNECTION_ENDS;
	completion_client_run(l, client);
}

void completion_clients_worked(struct loop *l)
{
	struct job *job = l->helpers ? helpers_done(l->helpers) : NULL, *next;

	for (; job; job = next) {
		struct client *client =
			(struct client *)((char *)job - offsetof(struct client, job));

		next = job->next;
		client->working = false;
		client->wants = job->wants;
		completion_client_run(l, client);
	}
}

void completion_clients_expire(struct loop *l)
{
	struct timer *timer;

	while ((timer = timers_expired(&l->timers, l->worker.now))) {
		struct client *client =
			(struct client *)((char *)timer - offsetof(struct client, timer));

		client->wants = connection_expire(&client->connection);
		completion_client_run(l, client);
	}
}
