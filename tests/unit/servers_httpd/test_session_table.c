// SPDX-License-Identifier: GPL-2.0
/* Sessions in shared memory. Time is what the test says it is. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "session_requests.h"
#include "session_table.h"

#define IDLE 1000

static struct session_table *table;
static struct session s;
static int fd;

static void begin(uint32_t sessions, uint64_t bytes)
{
	struct session_table_limits limits = { sessions, bytes, IDLE };
	struct error err;

	fd = -1;
	CHECK(!session_table_open(&fd, &limits, &table, &err), "%s", err.text);
}

static void end(void)
{
	const char *wrong = session_table_audit(table);

	CHECK(!wrong, "%s", wrong);
	session_table_close(table);
	close(fd);
}

/* All of the same bucket, if n is a multiple of 2^32. */
static struct session_id id_of(uint64_t n)
{
	struct session_id id = { { 0 } };

	memcpy(id.octets, &n, sizeof(n));
	return id;
}

static struct session *session_of(size_t length)
{
	static struct session made;

	made.length = length;
	for (size_t i = 0; i < length; i++)
		made.data[i] = (char)(length + i * 7);
	return &made;
}

static void put(uint64_t n, int64_t now, size_t length)
{
	struct session_id id = id_of(n);

	session_table_put(table, &id, now, INT64_MAX, session_of(length));
}

static bool there(uint64_t n, int64_t now)
{
	struct session_id id = id_of(n);

	return session_table_read(table, &id, now, &s);
}

static struct session_table_counts counts(int64_t now)
{
	struct session_table_counts counts;

	session_table_count(table, now, &counts);
	return counts;
}

static void sizes_of_all_kinds_come_back(void)
{
	begin(3, 1 << 16);
	for (size_t n = 0; n <= SESSION_MOST; n += n < 200 ? 1 : 97) {
		put(1, 0, n);
		CHECK(there(1, 0) && s.length == n && !memcmp(s.data, session_of(n)->data, n), "%zu did not", n);
	}
	put(2, 0, SESSION_MOST);
	put(2, 0, 3);
	CHECK(there(2, 0) && s.length == 3, "the longer one is still there");
	end();
}

static void what_is_dropped_is_gone_and_costs_nothing(void)
{
	struct session_id id = id_of(1);

	begin(3, 1 << 16);
	put(1, 0, 100);
	put(2, 0, 100);
	CHECK_EQ(counts(0).sessions, 2);
	CHECK_EQ(counts(0).bytes, 2 * (56 + 2 * 64));
	session_table_drop(table, &id);
	session_table_drop(table, &id);
	CHECK(!there(1, 0) && there(2, 0), "the wrong one is gone");
	CHECK_EQ(counts(0).bytes, 56 + 2 * 64);
	end();
}

static void one_bucket_may_have_many(void)
{
	struct session_id id = id_of(3ull << 32);

	begin(16, 1 << 16);
	for (uint64_t n = 0; n < 8; n++)
		put(n << 32, 0, n);
	session_table_drop(table, &id);
	for (uint64_t n = 0; n < 8; n++)
		CHECK(there(n << 32, 0) == (n != 3) && (n == 3 || s.length == n), "%d", (int)n);
	end();
}

static void who_is_idle_for_too_long_is_gone(void)
{
	begin(10, 1 << 16);
	put(1, 0, 10);
	put(2, 0, 10);
	CHECK(there(1, IDLE), "it is gone too early");
	CHECK(!there(2, IDLE + 1), "it is still there");
	CHECK(there(1, 2 * IDLE), "it was used, and yet is gone");
	CHECK_EQ(counts(2 * IDLE).expired, 1);
	CHECK_EQ(counts(3 * IDLE + 1).expired, 2);
	CHECK_EQ(counts(3 * IDLE + 1).sessions, 0);
	CHECK_EQ(counts(3 * IDLE + 1).evicted, 0);
	end();
}

static void t3_who_was_not_used_for_longest_gives_way_in_number(void)
{
	begin(3, 1 << 16);
	put(1, 0, 10);
	put(2, 1, 10);
	put(3, 2, 10);
	CHECK(there(1, 3), "it is gone");
	put(4, 4, 10);
	CHECK(there(1, 5) && !there(2, 5) && there(3, 5) && there(4, 5), "the wrong one is gone");
	CHECK_EQ(counts(5).evicted, 1);
	CHECK_EQ(counts(5).sessions, 3);
	end();
}

static void t3_who_was_not_used_for_longest_gives_way_in_size(void)
{
	begin(100, SESSION_TABLE_LEAST);
	for (int n = 0; n < 50; n++)
		put(n, n, 600);
	CHECK(!there(0, 50) && there(49, 50), "the wrong one is gone");
	put(49, 51, SESSION_MOST);
	put(49, 52, SESSION_MOST);
	CHECK(there(49, 53) && s.length == SESSION_MOST, "the largest has no room");
	put(7777, 54, SESSION_MOST);
	CHECK(there(7777, 55) && there(49, 55), "there is no room for two");
	CHECK(counts(55).bytes <= SESSION_TABLE_LEAST + 100 * 56, "more than is allowed");
	end();
}

/* What leases are for: see sessions.h. */
static void after_its_lease_it_is_not_read(void)
{
	struct session_id id = id_of(1);

	begin(3, 1 << 16);
	session_table_put(table, &id, 0, 100, session_of(5));
	CHECK(there(1, 99) && !there(1, 100) && !there(1, 101), "the lease is another");
	session_table_put(table, &id, 150, 200, session_of(6));
	CHECK(there(1, 199) && s.length == 6, "it was renewed");
	end();
}

static void a_change_is_for_those_who_are_there(void)
{
	struct session_change change = put_change("k", "v"), sum = add_change("n", 4, "");
	struct session_id id = id_of(1);

	begin(3, 1 << 16);
	CHECK(!session_table_apply(table, &id, 0, &change), "there is none");
	CHECK_EQ(counts(0).sessions, 0);
	put(1, 0, 0);
	CHECK(session_table_apply(table, &id, 0, &change) && change.status == 201, "not changed");
	CHECK(session_table_apply(table, &id, 0, &sum) && sum.sum == 4, "not changed");
	CHECK(there(1, 0) && has(&s, "k", "v") && has(&s, "n", "4"), "not kept");
	CHECK(!session_table_apply(table, &id, IDLE + 1, &sum), "it was idle for too long");
	end();
}

#define MODEL 40

static void t1_t2_hold_whatever_happens(void)
{
	uint16_t length[MODEL] = { 0 };
	bool kept[MODEL] = { false };
	uint64_t state = tap_seed();
	int64_t used[MODEL] = { 0 };
	int64_t now = 0;

	begin(MODEL - 5, SESSION_TABLE_LEAST);
	for (int i = 0; i < 4000; i++) {
		uint64_t n = tap_next(&state) % MODEL, what = tap_next(&state) % 8;
		uint64_t number = n % 2 ? n : n << 32;
		struct session_id id = id_of(number);
		const char *wrong;

		now += tap_next(&state) % 20 * (tap_next(&state) % 10);
		if (what < 4) {
			length[n] = tap_next(&state) % (tap_next(&state) % 4 ? 300 : SESSION_MOST + 1);
			put(number, now, length[n]);
			kept[n] = true;
			used[n] = now;
		} else if (what < 5) {
			session_table_drop(table, &id);
			kept[n] = false;
		} else if (there(number, now)) {
			CHECK(kept[n] && now - used[n] <= IDLE, "%d should be gone", (int)n);
			CHECK(s.length == length[n] && !memcmp(s.data, session_of(s.length)->data, s.length),
			      "%d is another one", (int)n);
			used[n] = now;
		}
		wrong = session_table_audit(table);
		CHECK(!wrong, "step %d: %s", i, wrong);
	}
	CHECK(counts(now).evicted && counts(now).expired, "nothing had to go");
	end();
}

/* --- several at once --- */

#define ADDS 3000

static void *add_up(void *argument)
{
	struct session_change change;
	struct session_id id = id_of(1);

	for (int i = 0; i < ADDS; i++) {
		change = add_change("n", 1, "");
		if (!session_table_apply(table, &id, 0, &change))
			abort();
		put((uintptr_t)argument, 0, i % 300);
	}
	return NULL;
}

static void threads_lose_no_change(void)
{
	pthread_t threads[3];

	begin(100, 1 << 16);
	put(1, 0, 0);
	for (uintptr_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, add_up, (void *)(i + 2));
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK(there(1, 0) && has(&s, "n", "9000"), "some were lost");
	end();
}

static void processes_lose_no_change(void)
{
	begin(100, 1 << 16);
	put(1, 0, 0);
	for (uintptr_t i = 0; i < 3; i++) {
		if (!fork()) {
			add_up((void *)(i + 2));
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	CHECK(there(1, 0) && has(&s, "n", "9000"), "some were lost");
	end();
}

static void __attribute__((noreturn)) hammer(void)
{
	for (uint64_t state = getpid();;) {
		uint64_t n = 100 + tap_next(&state) % 20;
		struct session_id id = id_of(n);

		put(n, 0, tap_next(&state) % SESSION_MOST);
		there(n, 0);
		if (tap_next(&state) % 4 == 0)
			session_table_drop(table, &id);
	}
}

static void t4_who_is_killed_in_the_middle_breaks_nothing(void)
{
	struct timespec moment = { 0, 0 };
	uint64_t state = tap_seed();
	int rounds = 0;

	begin(64, 1 << 17);
	for (int n = 0; n < 10; n++)
		put(n, 0, 50 * n);
	while (rounds++ < 400 && counts(0).recovered < 20) {
		pid_t child = fork();
		const char *wrong;

		if (!child)
			hammer();
		moment.tv_nsec = 1000000 + tap_next(&state) % 3000000;
		nanosleep(&moment, NULL);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		for (int n = 0; n < 10; n++)
			CHECK(there(n, 0) && s.length == 50 * n, "%d was lost, which nobody was writing", n);
		for (int n = 100; n < 120; n++)
			CHECK(!there(n, 0) || !memcmp(s.data, session_of(s.length)->data, s.length),
			      "half of %d is there", n);
		wrong = session_table_audit(table);
		CHECK(!wrong, "round %d: %s", rounds, wrong);
	}
	CHECK(counts(0).recovered > 0, "nobody died with the lock in %d rounds", rounds);
	end();
}

static void a_successor_has_the_same_sessions(void)
{
	struct session_table_limits limits = { 64, 1 << 16, IDLE }, others = { 65, 1 << 16, IDLE };
	struct session_table *mine, *next = NULL;
	struct error err;

	begin(64, 1 << 16);
	mine = table;
	put(1, 0, 10);
	CHECK(session_table_open(&fd, &others, &next, &err), "it takes a table of another size");
	/* Eight entries less, and as much more of blocks: together the same size. */
	limits.sessions -= 8;
	limits.bytes += 8 * 56;
	CHECK(session_table_open(&fd, &limits, &next, &err), "it takes a table of other limits");
	CHECK(strstr(err.text, "another one"), "the sizes differ: %s", err.text);
	limits.sessions += 8;
	limits.bytes -= 8 * 56;
	CHECK(!session_table_open(&fd, &limits, &next, &err), "%s", err.text);
	table = next;
	CHECK(there(1, 0) && s.length == 10, "it is not there");
	put(2, 0, 20);
	table = mine;
	CHECK(there(2, 0) && s.length == 20, "the predecessor has it not");
	session_table_close(next);
	end();
}

int main(void)
{
	RUN(sizes_of_all_kinds_come_back);
	RUN(what_is_dropped_is_gone_and_costs_nothing);
	RUN(one_bucket_may_have_many);
	RUN(who_is_idle_for_too_long_is_gone);
	RUN(t3_who_was_not_used_for_longest_gives_way_in_number);
	RUN(t3_who_was_not_used_for_longest_gives_way_in_size);
	RUN(after_its_lease_it_is_not_read);
	RUN(a_change_is_for_those_who_are_there);
	RUN(t1_t2_hold_whatever_happens);
	RUN(threads_lose_no_change);
	RUN(processes_lose_no_change);
	RUN(t4_who_is_killed_in_the_middle_breaks_nothing);
	RUN(a_successor_has_the_same_sessions);
	return tap_done();
}
