// SPDX-License-Identifier: GPL-2.0
/* The three forms, as their clients see them; soft: two servers, one folder. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "session_requests.h"
#include "sessions.h"

#define LEASE 1000
#define IDLE_S 100

static char folder[] = "/tmp/httpd-sessions-XXXXXX";
static char store[64], secret_file[64];
static struct counters counters;
static struct session s;

static struct options options_of(enum state_form form)
{
	return (struct options){
		.state = form, .session_ms = IDLE_S * 1000, .lease_ms = LEASE, .sessions = 100,
		.session_bytes = 1 << 16, .secret_file = secret_file, .store = store,
	};
}

static struct sessions *start(enum state_form form)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	struct options o = options_of(form);
	struct error err;

	CHECK(!sessions_open(sessions, &o, -1, &err), "%s", err.text);
	return sessions;
}

/* As kill -9 does: what is in memory is gone. */
static void lose(struct sessions *sessions)
{
	if (sessions->table) {
		session_table_close(sessions->table);
		close(sessions->table_fd);
	}
	if (sessions->form == STATE_SOFT)
		close(sessions->store.folder);
	free(sessions);
}

/**
 * struct client - and the time it thinks it is
 * @cookie: empty: none
 * @now: ms since both clocks began
 */
struct client {
	char cookie[SESSION_TOKEN_MOST + 1];
	int64_t now;
};

static struct session_call call_of(struct sessions *sessions, const struct client *client)
{
	return (struct session_call){
		.sessions = sessions, .counters = &counters, .now = client->now,
		.second = time(NULL) + client->now / 1000, .cookie = text(client->cookie),
	};
}

static void take_cookie(struct client *client, const struct session_call *call)
{
	if (call->fresh_length) {
		memcpy(client->cookie, call->fresh, call->fresh_length);
		client->cookie[call->fresh_length] = '\0';
	} else if (call->forget) {
		client->cookie[0] = '\0';
	}
}

/* The status; 0 if there was another outcome. */
static unsigned int change(struct sessions *sessions, struct client *client, struct session_change change)
{
	struct session_call call = call_of(sessions, client);
	enum session_outcome outcome = sessions_change(&call, &change);

	take_cookie(client, &call);
	return outcome == SESSION_FOUND ? change.status : 0;
}

static enum session_outcome look(struct sessions *sessions, struct client *client)
{
	struct session_call call = call_of(sessions, client);

	s.length = 0;
	return sessions_read(&call, &s);
}

static const enum state_form forms[] = { STATE_SERVER, STATE_CLIENT, STATE_SOFT };

#define EACH(form) for (const enum state_form *form = forms; form < forms + 3; form++)

static void in_all_forms_it_is_the_same_service(void)
{
	EACH(form) {
		struct sessions *sessions = start(*form);
		struct client a = { .now = 0 }, b = { .now = 0 };

		CHECK_EQ(look(sessions, &a), SESSION_NONE);
		CHECK_EQ(change(sessions, &a, delete_change("k")), 0);
		CHECK(!a.cookie[0], "a session for nothing");
		CHECK_EQ(change(sessions, &a, put_change("k", "mine")), 201);
		CHECK_EQ(change(sessions, &b, put_change("k", "other")), 201);
		CHECK_EQ(change(sessions, &a, put_change("k", "changed")), 204);
		CHECK_EQ(change(sessions, &a, add_change("n", 3, "r")), 200);
		CHECK_EQ(change(sessions, &a, add_change("n", 3, "r")), 200);
		CHECK_EQ(change(sessions, &a, add_change("k", 3, "")), 409);
		CHECK_EQ(look(sessions, &a), SESSION_FOUND);
		CHECK(has(&s, "k", "changed") && has(&s, "n", "3"), "form %d", *form);
		CHECK_EQ(look(sessions, &b), SESSION_FOUND);
		CHECK(has(&s, "k", "other") && has(&s, "n", NULL), "form %d", *form);
		lose(sessions);
	}
}

static void after_kill_each_form_keeps_what_it_promises(void)
{
	EACH(form) {
		struct sessions *sessions = start(*form);
		struct client a = { .now = 0 };

		change(sessions, &a, put_change("k", "v"));
		lose(sessions);
		sessions = start(*form);
		if (*form == STATE_SERVER) {
			CHECK_EQ(look(sessions, &a), SESSION_NONE);
		} else {
			CHECK_EQ(look(sessions, &a), SESSION_FOUND);
			CHECK(has(&s, "k", "v"), "form %d", *form);
		}
		lose(sessions);
	}
}

static void nobody_chooses_his_number(void)
{
	static const char *const bad[] = {
		"00000000000000000000000000000000", "", "x", "0", "0000000000000000000000000000000",
		"000000000000000000000000000000000", "0000000000000000000000000000000G",
		"../../../../../../../../etc/pass", "ABCDEFABCDEFABCDEFABCDEFABCDEFAB",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EACH(form) {
			struct sessions *sessions = start(*form);
			struct client a = { .now = 0 };

			strcpy(a.cookie, bad[i]);
			if (*form == STATE_CLIENT && bad[i][0])
				CHECK_EQ(look(sessions, &a), SESSION_FORGED);
			else
				CHECK_EQ(look(sessions, &a), SESSION_NONE);
			if (*form != STATE_CLIENT) {
				CHECK_EQ(change(sessions, &a, put_change("k", "v")), 201);
				CHECK(strcmp(a.cookie, bad[i]) != 0, "%s was taken", bad[i]);
				CHECK_EQ(strlen(a.cookie), 32);
			}
			lose(sessions);
		}
	}
}

static void a_number_has_one_writing(void)
{
	struct sessions *sessions = start(STATE_SERVER);
	struct client a = { .now = 0 };

	do {
		a.cookie[0] = '\0';
		change(sessions, &a, put_change("k", "v"));
	} while (!strpbrk(a.cookie, "abcdef"));
	CHECK_EQ(look(sessions, &a), SESSION_FOUND);
	*strpbrk(a.cookie, "abcdef") &= ~0x20;
	CHECK_EQ(look(sessions, &a), SESSION_NONE);
	lose(sessions);
}

static void who_ended_it_has_none(void)
{
	EACH(form) {
		struct sessions *sessions = start(*form);
		struct client a = { .now = 0 }, copy;
		struct session_call call;

		change(sessions, &a, put_change("k", "v"));
		copy = a;
		call = call_of(sessions, &a);
		CHECK_EQ(sessions_end(&call), SESSION_NONE);
		CHECK(call.forget, "the client is not told");
		/* The one who keeps his cookie: only what is here can be taken away. */
		CHECK_EQ(look(sessions, &copy), *form == STATE_CLIENT ? SESSION_FOUND : SESSION_NONE);
		lose(sessions);
	}
}

static void idle_ones_end(void)
{
	EACH(form) {
		struct sessions *sessions = start(*form);
		struct client a = { .now = 0 };

		change(sessions, &a, put_change("k", "v"));
		a.now = (IDLE_S - 2) * 1000;
		CHECK(look(sessions, &a) == SESSION_FOUND, "form %d", *form);
		a.now = 2 * IDLE_S * 1000;
		CHECK(look(sessions, &a) == SESSION_NONE, "form %d", *form);
		lose(sessions);
	}
}

static void a_token_is_smaller_than_a_table(void)
{
	static char value[SESSION_MOST];
	struct sessions *sessions = start(STATE_CLIENT);
	struct client a = { .now = 0 };

	memset(value, 'v', SESSION_TOKEN_DATA - 5);
	CHECK_EQ(change(sessions, &a, put_change("k", value)), 201);
	CHECK_EQ(change(sessions, &a, put_change("l", "")), 413);
	CHECK(look(sessions, &a) == SESSION_FOUND && has(&s, "k", value) && has(&s, "l", NULL), "something else");
	lose(sessions);
}

/* The client's copy is the state: an old one is an old state, and nobody can tell. */
static void an_old_token_is_an_old_state(void)
{
	struct sessions *sessions = start(STATE_CLIENT);
	struct client a = { .now = 0 }, old;

	change(sessions, &a, put_change("k", "old"));
	old = a;
	change(sessions, &a, put_change("k", "new"));
	CHECK(look(sessions, &old) == SESSION_FOUND && has(&s, "k", "old"), "it was told from the new one");
	lose(sessions);
}

/* --- soft --- */

static uint64_t rebuilds(void)
{
	return atomic_load(&counters.sessions[METRIC_SESSION_REBUILDS]);
}

static void a_copy_is_stale_for_a_lease_and_no_longer(void)
{
	struct sessions *one = start(STATE_SOFT), *two = start(STATE_SOFT);
	struct client a = { .now = 0 };
	uint64_t before;

	change(one, &a, put_change("k", "old"));
	before = rebuilds();
	CHECK(look(two, &a) == SESSION_FOUND && has(&s, "k", "old"), "the other server has it not");
	CHECK_EQ(rebuilds(), before + 1);
	change(one, &a, put_change("k", "new"));
	CHECK(look(one, &a) == SESSION_FOUND && has(&s, "k", "new"), "a server sees what it wrote");
	a.now = LEASE - 1;
	CHECK(look(two, &a) == SESSION_FOUND && has(&s, "k", "old"), "no lease");
	CHECK_EQ(rebuilds(), before + 1);
	a.now = LEASE;
	CHECK(look(two, &a) == SESSION_FOUND && has(&s, "k", "new"), "stale for longer than a lease");
	CHECK_EQ(rebuilds(), before + 2);
	lose(one);
	lose(two);
}

static void a_change_goes_by_the_file_not_by_the_copy(void)
{
	struct sessions *servers[] = { start(STATE_SOFT), start(STATE_SOFT) };
	struct client a = { .now = 0 };

	for (int i = 0; i < 10; i++)
		CHECK_EQ(change(servers[i % 2], &a, add_change("n", 1, "")), 200);
	CHECK(look(servers[0], &a) == SESSION_FOUND && has(&s, "n", "9"), "its copy is as old as its last change");
	CHECK(look(servers[1], &a) == SESSION_FOUND && has(&s, "n", "10"), "one was lost");
	/* A named request that one server did is not done by the other. */
	CHECK_EQ(change(servers[0], &a, add_change("n", 1, "r")), 200);
	CHECK_EQ(change(servers[1], &a, add_change("n", 1, "r")), 200);
	CHECK(look(servers[1], &a) == SESSION_FOUND && has(&s, "n", "11"), "done twice");
	lose(servers[0]);
	lose(servers[1]);
}

static void the_only_file(char *path, size_t size, const char *id)
{
	for (unsigned int i = 0; i < SESSION_SHELVES; i++) {
		snprintf(path, size, "%s/shelf-%02x/%s", store, i, id);
		if (!access(path, F_OK))
			return;
	}
	CHECK(false, "there is no file of %s", id);
}

static void a_file_that_is_damaged_is_not_believed(void)
{
	struct sessions *sessions = start(STATE_SOFT);
	struct client a = { .now = 0 };
	char path[256];
	int fd;

	change(sessions, &a, put_change("k", "v"));
	the_only_file(path, sizeof(path), a.cookie);
	fd = open(path, O_WRONLY);
	CHECK(pwrite(fd, "x", 1, 16 + 4 + 1 + 1) == 1, "pwrite");
	a.now = LEASE;
	CHECK_EQ(look(sessions, &a), SESSION_FAILED);
	CHECK_EQ(change(sessions, &a, put_change("k", "v")), 0);
	CHECK(a.cookie[0], "the client is to forget what somebody may mend");
	CHECK(pwrite(fd, "X", 1, 0) == 1 && !ftruncate(fd, 16 + 4 + 1 + 1), "pwrite");
	CHECK_EQ(look(sessions, &a), SESSION_FAILED);
	CHECK(!ftruncate(fd, 0), "ftruncate");
	CHECK_EQ(look(sessions, &a), SESSION_FAILED);
	close(fd);
	unlink(path);
	CHECK_EQ(look(sessions, &a), SESSION_NONE);
	lose(sessions);
}

/* What cannot be removed is there still, and nobody is told otherwise. */
static void an_end_that_fails_is_none(void)
{
	struct sessions *sessions = start(STATE_SOFT);
	struct client a = { .now = 0 };
	struct session_call call;
	char path[256];

	change(sessions, &a, put_change("k", "v"));
	the_only_file(path, sizeof(path), a.cookie);
	/* A folder of its name: that no unlink() takes away, root's neither. */
	CHECK(!unlink(path) && !mkdir(path, 0700), "mkdir");
	call = call_of(sessions, &a);
	CHECK_EQ(sessions_end(&call), SESSION_FAILED);
	CHECK(!call.forget, "the client is to forget what is there");
	CHECK(!rmdir(path), "rmdir");
	CHECK_EQ(sessions_end(&call), SESSION_NONE);
	lose(sessions);
}

static unsigned int files(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < SESSION_SHELVES; i++) {
		char path[256];
		struct dirent *each;
		DIR *shelf;

		snprintf(path, sizeof(path), "%s/shelf-%02x", store, i);
		shelf = opendir(path);
		while ((each = readdir(shelf)))
			n += strlen(each->d_name) == 32;
		closedir(shelf);
	}
	return n;
}

static void the_folder_has_a_limit_and_is_swept(void)
{
	struct sessions *sessions;
	unsigned int before, made = 0, removed = 0;
	struct client a = { .now = 0 };

	sessions = start(STATE_SOFT);
	before = files();
	CHECK(before < 100, "%u are left from the other tests", before);
	for (int i = 0; i < 200; i++) {
		a.cookie[0] = '\0';
		made += change(sessions, &a, put_change("k", "v")) == 201;
	}
	CHECK_EQ(before + made, 100);
	CHECK_EQ(files(), 100);
	for (unsigned int i = 0; i < SESSION_SHELVES; i++)
		removed += session_store_sweep(&sessions->store, i, time(NULL) + IDLE_S - 50);
	CHECK_EQ(removed, 0);
	for (unsigned int i = 0; i < SESSION_SHELVES; i++)
		removed += session_store_sweep(&sessions->store, i, time(NULL) + IDLE_S + 50);
	CHECK_EQ(removed, 100);
	CHECK_EQ(files(), 0);
	a.cookie[0] = '\0';
	CHECK_EQ(change(sessions, &a, put_change("k", "v")), 201);
	lose(sessions);
}

static void a_use_keeps_the_file(void)
{
	struct timespec old[2] = { { time(NULL) - IDLE_S / 2, 0 }, { time(NULL) - IDLE_S / 2, 0 } };
	struct sessions *sessions = start(STATE_SOFT);
	struct client a = { .now = 0 };
	struct stat file;
	char path[256];

	change(sessions, &a, put_change("k", "v"));
	the_only_file(path, sizeof(path), a.cookie);
	utimensat(AT_FDCWD, path, old, 0);
	a.now = LEASE;
	CHECK_EQ(look(sessions, &a), SESSION_FOUND);
	CHECK(!stat(path, &file) && time(NULL) - file.st_mtime < 5, "the use was not noted");
	lose(sessions);
}

static void the_page_has_all_of_it(void)
{
	static struct counters slots[COUNTER_SLOTS];
	static char page[METRICS_MOST];
	struct sessions *sessions = start(STATE_SOFT);
	struct http_writer w;

	memset(slots, 0x11, sizeof(slots));
	http_writer_init(&w, page, sizeof(page));
	metrics_write(slots, &w);
	sessions_metrics(sessions, slots, 0, &w);
	CHECK(!w.failed, "METRICS_MOST is too small");
	CHECK(memmem(page, http_writer_length(&w), "\nhttpd_session_rebuilds_total ", 30), "a line is missing");
	lose(sessions);
}

int main(void)
{
	char command[128];
	int ret;

	if (!mkdtemp(folder))
		return 1;
	snprintf(store, sizeof(store), "%s/store", folder);
	snprintf(secret_file, sizeof(secret_file), "%s/secret", folder);
	RUN(in_all_forms_it_is_the_same_service);
	RUN(after_kill_each_form_keeps_what_it_promises);
	RUN(nobody_chooses_his_number);
	RUN(a_number_has_one_writing);
	RUN(who_ended_it_has_none);
	RUN(idle_ones_end);
	RUN(a_token_is_smaller_than_a_table);
	RUN(an_old_token_is_an_old_state);
	RUN(a_copy_is_stale_for_a_lease_and_no_longer);
	RUN(a_change_goes_by_the_file_not_by_the_copy);
	RUN(a_file_that_is_damaged_is_not_believed);
	RUN(an_end_that_fails_is_none);
	RUN(the_folder_has_a_limit_and_is_swept);
	RUN(a_use_keeps_the_file);
	RUN(the_page_has_all_of_it);
	ret = tap_done();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) ? 1 : ret;
}
