// SPDX-License-Identifier: GPL-2.0-only
/* What is handed to the kernel, see completion_ring.h. */
#include "completion_ring.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define COMPLETIONS 4096
/* A power of two; all are free again at the end of each turn. */
#define BUFFERS 256
#define BUFFER_SIZE 4096
#define BUFFER_GROUP 0
#define RING_SIZE (BUFFERS * sizeof(struct io_uring_buf))

/* --- what is to be done --- */

static struct io_uring_sqe *submission(struct ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	while (!sqe) {
		/* Full: hand over what there is. */
		io_uring_submit(&r->uring);
		r->outgoing_count = 0;
		sqe = io_uring_get_sqe(&r->uring);
	}
	return sqe;
}

void ring_receive(struct ring *r, int fd, size_t room, uint64_t tag)
{
	struct io_uring_sqe *sqe = submission(r);

	io_uring_prep_recv(sqe, fd, NULL, room < BUFFER_SIZE ? room : BUFFER_SIZE, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	sqe->user_data = tag;
}

const char *ring_received(const struct ring *r, const struct io_uring_cqe *cqe)
{
	return r->memory + (size_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT) * BUFFER_SIZE;
}

static void give(struct ring *r, unsigned int id)
{
	io_uring_buf_ring_add(r->buffers, r->memory + (size_t)id * BUFFER_SIZE, BUFFER_SIZE, id,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(r->buffers, 1);
}

void ring_give_back(struct ring *r, const struct io_uring_cqe *cqe)
{
	if (cqe->flags & IORING_CQE_F_BUFFER)
		give(r, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}

const struct outgoing *ring_send_memory(struct ring *r, const struct connection *c, uint64_t tag)
{
	struct io_uring_sqe *sqe;
	struct msghdr *message;
	struct outgoing *o;

	/* Each has a submission, so there is a place if there is one. */
	if (r->outgoing_count == RING_SUBMISSIONS || !io_uring_sq_space_left(&r->uring)) {
		io_uring_submit(&r->uring);
		r->outgoing_count = 0;
	}
	o = &r->outgoing[r->outgoing_count];
	connection_outgoing(c, o);
	if (!o->count)
		return o;
	message = &r->messages[r->outgoing_count++];
	*message = (struct msghdr){ .msg_iov = o->pieces, .msg_iovlen = o->count };
	sqe = submission(r);
	io_uring_prep_sendmsg(sqe, c->fd, message, o->flags);
	sqe->user_data = tag;
	return NULL;
}

void ring_send(struct ring *r, int fd, const char *at, size_t length, bool more, uint64_t tag)
{
	struct io_uring_sqe *sqe = submission(r);

	io_uring_prep_send(sqe, fd, at, length, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	sqe->user_data = tag;
}

void ring_read(struct ring *r, int fd, void *at, size_t length, uint64_t offset, uint64_t tag)
{
	struct io_uring_sqe *sqe = submission(r);

	io_uring_prep_read(sqe, fd, at, length, offset);
	sqe->user_data = tag;
}

void ring_accept(struct ring *r, int fd, bool many, uint64_t tag)
{
	struct io_uring_sqe *sqe = submission(r);

	if (many)
		io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	else
		io_uring_prep_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	sqe->user_data = tag;
}

void ring_cancel(struct ring *r, uint64_t what, uint64_t tag)
{
	struct io_uring_sqe *sqe = submission(r);

	io_uring_prep_cancel64(sqe, what, 0);
	sqe->user_data = tag;
}

void ring_turn(struct ring *r, int64_t ms)
{
	struct __kernel_timespec patience = { ms / 1000, ms % 1000 * 1000000 };
	struct io_uring_cqe *cqe;

	io_uring_submit_and_wait_timeout(&r->uring, &cqe, 1, ms < 0 ? NULL : &patience, NULL);
	r->outgoing_count = 0;
}

/* --- set up --- */

static int forbidden(int ret, struct error *err)
{
	if (ret == -EPERM || ret == -EACCES)
		return error_set(err, -ret,
				 "--readiness io_uring: forbidden here, by sysctl kernel.io_uring_disabled "
				 "or a seccomp filter: allow it, or take --readiness epoll");
	if (ret == -ENOSYS || ret == -EINVAL)
		return error_set(err, -ret,
				 "--readiness io_uring: this kernel has none, or is older than Linux 6.1: "
				 "take --readiness epoll");
	return error_errno(err, -ret, "take --readiness epoll", "--readiness io_uring");
}

int ring_open(struct ring *r, struct error *err)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
			 IORING_SETUP_SUBMIT_ALL,
		.cq_entries = COMPLETIONS,
	};
	struct io_uring_buf_reg buffers = { .ring_entries = BUFFERS, .bgid = BUFFER_GROUP };
	char *memory;
	int ret;

	r->buffers = NULL;
	r->outgoing_count = 0;
	ret = io_uring_queue_init_params(RING_SUBMISSIONS, &r->uring, &params);
	if (ret) {
		r->uring.ring_fd = -1;
		return forbidden(ret, err);
	}
	memory = mmap(NULL, RING_SIZE + BUFFERS * BUFFER_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return error_errno(err, errno, NULL, "--readiness io_uring: buffers");
	r->buffers = (struct io_uring_buf_ring *)memory;
	r->memory = memory + RING_SIZE;
	buffers.ring_addr = (uintptr_t)memory;
	ret = io_uring_register_buf_ring(&r->uring, &buffers, 0);
	if (ret)
		return forbidden(ret, err);
	io_uring_buf_ring_init(r->buffers);
	for (unsigned int i = 0; i < BUFFERS; i++)
		give(r, i);
	return 0;
}

void ring_begin(struct ring *r)
{
	io_uring_enable_rings(&r->uring);
}

void ring_close(struct ring *r)
{
	if (r->uring.ring_fd >= 0)
		io_uring_queue_exit(&r->uring);
	if (r->buffers)
		munmap(r->buffers, RING_SIZE + BUFFERS * BUFFER_SIZE);
}
