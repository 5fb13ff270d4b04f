// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much a lookup costs a directory. What counts is the server's own CPU time per lookup
 * (/proc/PID/schedstat) and its system calls per lookup, which other load on the machine does
 * not change; lookups a second are what this client got, on the cores there were.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asking.h"
#include "cleanup.h"
#include "directory.h"

#define BATCH 64
/* Questions on their way, so that the server always has some. */
#define WINDOW 256
#define LOST_MS 100
#define MESSAGE 128

/**
 * struct flood - questions and answers on one socket
 * @fd: connected to the directory
 * @names: that are asked for in turn
 * @next: the next one
 * @on_way: questions without answer
 * @answered: answers with an end point
 * @empty: answers without, which should not be
 * @questions: messages of a batch
 */
struct flood {
	int fd;
	unsigned int names;
	unsigned int next;
	unsigned int on_way;
	uint64_t answered;
	uint64_t empty;
	uint8_t questions[BATCH][MESSAGE];
};

static void name_of(unsigned int i, struct lease_name *name)
{
	char text[LEASE_NAME_MOST + 1];

	snprintf(text, sizeof(text), "bench-%u", i);
	directory_name(name, text);
}

static int register_names(const struct asking *ask, struct error *err)
{
	uint8_t buffer[PROTOCOL_MESSAGE_MOST];
	struct protocol_question q = { .operation = PROTOCOL_REGISTER };
	struct protocol_answer a;

	q.claim = (struct lease_claim){ .version = 1, .end.protocol = LEASE_TCP,
					.lease = ask->seconds * 1000 + 10000 };
	if (getrandom(q.claim.token, sizeof(q.claim.token), 0) < 0)
		return error_errno(err, errno, NULL, "no random numbers");
	for (unsigned int i = 0; i < ask->names; i++) {
		int ret;

		name_of(i, &q.claim.name);
		q.claim.end.port = 1 + i;
		q.claim.stamp = directory_stamp();
		ret = directory_ask(&ask->directory, &q, ask->timeout_ms, buffer, &a, err);
		if (ret)
			return ret;
		if (a.status != PROTOCOL_OK)
			return error_set(err, EPERM, "cannot register: %s",
					 protocol_status_text(a.status));
	}
	return 0;
}

static void send_batch(struct flood *f)
{
	struct mmsghdr out[BATCH];
	struct iovec at[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		struct protocol_question q = { .operation = PROTOCOL_LOOKUP, .id = f->next };
		size_t length;

		name_of(f->next++ % f->names, &q.name);
		length = protocol_write_question(&q, f->questions[i], MESSAGE, MESSAGE);
		at[i] = (struct iovec){ f->questions[i], length };
		out[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &at[i], .msg_iovlen = 1 } };
	}
	n = sendmmsg(f->fd, out, BATCH, 0);
	if (n > 0)
		f->on_way += n;
}

static void receive_batch(struct flood *f)
{
	static uint8_t answers[BATCH][PROTOCOL_DATAGRAM_MOST];
	struct mmsghdr in[BATCH];
	struct iovec at[BATCH];
	struct pollfd wait = { .fd = f->fd, .events = POLLIN };
	int n;

	for (int i = 0; i < BATCH; i++) {
		at[i] = (struct iovec){ answers[i], sizeof(answers[i]) };
		in[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &at[i], .msg_iovlen = 1 } };
	}
	if (poll(&wait, 1, LOST_MS) == 0) {
		f->on_way = 0;
		return;
	}
	n = recvmmsg(f->fd, in, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct protocol_answer a;

		if (!protocol_read_answer(answers[i], in[i].msg_len, &a) || !a.count)
			f->empty++;
		else
			f->answered++;
		f->on_way -= f->on_way > 0;
	}
}

/* CPU time of a process so far, 0 if it is not on this host. */
static uint64_t cpu_ns(uint64_t pid)
{
	cleanup_fclose FILE *file = NULL;
	unsigned long long ns = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%llu/schedstat", (unsigned long long)pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &ns) != 1)
		return 0;
	return ns;
}

static void print_result(const struct asking *ask, const struct flood *f, double seconds,
			 double cpu_us, double calls)
{
	double rate = f->answered / seconds, on_core = cpu_us > 0 ? 1e6 / cpu_us : 0;

	printf(ask->json ? "{\"lookups\": %llu, \"without_answer\": %llu, \"seconds\": %.3f, "
			   "\"lookups_per_second\": %.0f, \"cpu_us_per_lookup\": %.3f, "
			   "\"lookups_per_core_second\": %.0f, "
			   "\"system_calls_per_lookup\": %.4f}\n" :
			   "lookups                    %llu\n"
			   "answers with nothing       %llu\n"
			   "seconds                    %.3f\n"
			   "lookups a second           %.0f\n"
			   "server's CPU a lookup      %.3f us\n"
			   "lookups a second of CPU    %.0f\n"
			   "system calls a lookup      %.4f\n",
	       (unsigned long long)f->answered, (unsigned long long)f->empty, seconds, rate,
	       cpu_us, on_core, calls);
}

static int measure(const struct asking *ask, struct flood *f, struct error *err)
{
	uint64_t before[DIRECTORY_COUNT], after[DIRECTORY_COUNT], start, cpu, lookups;
	uint64_t most = (uint64_t)ask->seconds * 1000, took = 0;
	int ret = asking_counts(ask, before, err);

	if (ret)
		return ret;
	cpu = cpu_ns(before[DIRECTORY_pid]);
	start = directory_clock_ms();
	while (took < most) {
		while (f->on_way <= WINDOW - BATCH)
			send_batch(f);
		receive_batch(f);
		took = directory_clock_ms() - start;
	}
	cpu = cpu_ns(before[DIRECTORY_pid]) - cpu;
	ret = asking_counts(ask, after, err);
	if (ret)
		return ret;
	lookups = after[DIRECTORY_lookups] - before[DIRECTORY_lookups];
	if (!lookups)
		return error_set(err, ETIMEDOUT, "no lookup was answered");
	print_result(ask, f, took / 1000.0, cpu / 1000.0 / lookups,
		     (double)(after[DIRECTORY_system_calls] - before[DIRECTORY_system_calls]) /
			     lookups);
	return 0;
}

int verb_bench(int argc, char **argv, struct error *err)
{
	struct flood *f;
	struct asking ask;
	int ret = asking_parse(&ask, argc, argv, 0, err);

	if (!ret)
		ret = register_names(&ask, err);
	if (ret)
		return ret;
	f = calloc(1, sizeof(*f));
	if (!f)
		return error_set(err, ENOMEM, "no memory");
	f->names = ask.names;
	f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f->fd < 0 ||
	    connect(f->fd, (struct sockaddr *)&ask.directory, sizeof(ask.directory)))
		ret = error_errno(err, errno, NULL, "cannot reach the directory");
	else
		ret = measure(&ask, f, err);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
	return ret;
}
