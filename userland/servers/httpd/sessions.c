// SPDX-License-Identifier: GPL-2.0-only
/* The three forms, see sessions.h. */
#include "sessions.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

#define CALL_COUNT(call, what) count(&(call)->counters->sessions[what], 1)

/* --- numbers --- */

static bool new_id(struct session_id *id)
{
	return getrandom(id->octets, sizeof(id->octets), 0) == sizeof(id->octets);
}

static void give_id(struct session_call *call, const struct session_id *id)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SESSION_ID; i++) {
		call->fresh[2 * i] = digits[id->octets[i] >> 4];
		call->fresh[2 * i + 1] = digits[id->octets[i] & 0xf];
	}
	call->fresh_length = 2 * SESSION_ID;
}

/* As it was given, in no other writing. */
static bool brought_id(const struct session_call *call, struct session_id *id)
{
	const char *at = call->cookie.at;

	if (call->cookie.length != 2 * SESSION_ID)
		return false;
	for (int i = 0; i < 2 * SESSION_ID; i++)
		if (!(at[i] >= '0' && at[i] <= '9') && !(at[i] >= 'a' && at[i] <= 'f'))
			return false;
	for (int i = 0; i < SESSION_ID; i++)
		id->octets[i] = (uint8_t)(http_hex(at[2 * i]) << 4 | http_hex(at[2 * i + 1]));
	return true;
}

static enum session_outcome none(struct session_call *call)
{
	call->forget = call->cookie.length;
	return SESSION_NONE;
}

/* --- server: a table --- */

static enum session_outcome read_table(struct session_call *call, struct session *s)
{
	struct session_id id;

	if (!brought_id(call, &id) || !session_table_read(call->sessions->table, &id, call->now, s))
		return none(call);
	CALL_COUNT(call, METRIC_SESSION_HITS);
	return SESSION_FOUND;
}

static enum session_outcome change_table(struct session_call *call, struct session_change *change)
{
	struct session_table *table = call->sessions->table;
	struct session s = { 0 };
	struct session_id id;

	if (brought_id(call, &id) && session_table_apply(table, &id, call->now, change)) {
		CALL_COUNT(call, METRIC_SESSION_HITS);
		return SESSION_FOUND;
	}
	if (change->verb == SESSION_DELETE)
		return none(call);
	/* A number that a client made up is never taken: it might have told it to somebody. */
	if (!session_apply(&s, change))
		return SESSION_FOUND;
	if (!new_id(&id))
		return SESSION_FAILED;
	session_table_put(table, &id, call->now, INT64_MAX, &s);
	give_id(call, &id);
	return SESSION_FOUND;
}

static enum session_outcome end_table(struct session_call *call)
{
	struct session_id id;

	if (brought_id(call, &id))
		session_table_drop(call->sessions->table, &id);
	return none(call);
}

/* --- client: a token --- */

static enum session_outcome read_token(struct session_call *call, struct session *s)
{
	if (!call->cookie.length)
		return SESSION_NONE;
	switch (session_token_read(&call->sessions->secret, call->second, call->cookie, s)) {
	case SESSION_TOKEN_SOUND:
		CALL_COUNT(call, METRIC_SESSION_HITS);
		return SESSION_FOUND;
	case SESSION_TOKEN_OVER:
		return none(call);
	default:
		CALL_COUNT(call, METRIC_SESSION_FORGED);
		call->forget = true;
		return SESSION_FORGED;
	}
}

static enum session_outcome change_token(struct session_call *call, struct session_change *change)
{
	struct session s = { 0 };
	enum session_outcome outcome = read_token(call, &s);

	if (outcome == SESSION_FORGED)
		return outcome;
	if (outcome == SESSION_NONE && change->verb == SESSION_DELETE)
		return outcome;
	call->forget = false;
	if (change->most > SESSION_TOKEN_DATA)
		change->most = SESSION_TOKEN_DATA;
	if (!session_apply(&s, change) && !change->repeated)
		return SESSION_FOUND;
	call->fresh_length = session_token_write(&call->sessions->secret,
						 call->second + call->sessions->idle_ms / 1000, &s,
						 call->fresh);
	return SESSION_FOUND;
}

/* There is nothing here that could end; but what is forged is not thanked for. */
static enum session_outcome end_token(struct session_call *call)
{
	struct session s;

	return read_token(call, &s) == SESSION_FORGED ? SESSION_FORGED : none(call);
}

/* --- soft: files, and a table before them --- */

static enum session_outcome failed(int ret)
{
	errno = -ret;
	return ret == -ENOSPC || ret == -EDQUOT ? SESSION_FULL : SESSION_FAILED;
}

static void keep(struct session_call *call, const struct session_id *id, const struct session *s)
{
	session_table_put(call->sessions->table, id, call->now,
			  call->now + call->sessions->lease_ms, s);
}

static enum session_outcome read_store(struct session_call *call, struct session *s)
{
	const struct session_store *store = &call->sessions->store;
	cleanup_close int lock = -1;
	struct session_id id;
	int ret;

	if (!brought_id(call, &id))
		return none(call);
	if (session_table_read(call->sessions->table, &id, call->now, s)) {
		CALL_COUNT(call, METRIC_SESSION_HITS);
		return SESSION_FOUND;
	}
	lock = session_store_lock(store, &id, false);
	if (lock < 0)
		return failed(lock);
	ret = session_store_read(store, &id, call->second, s);
	if (ret == -ENOENT)
		return none(call);
	if (ret)
		return failed(ret);
	/* Under the lock: nobody writes between reading the file and keeping what it said. */
	keep(call, &id, s);
	CALL_COUNT(call, METRIC_SESSION_REBUILDS);
	return SESSION_FOUND;
}

static int write_store(struct session_call *call, const struct session_id *id,
		       const struct session *s)
{
	int ret = session_store_write(&call->sessions->store, id, s);

	if (!ret)
		keep(call, id, s);
	return ret;
}

static enum session_outcome make_stored(struct session_call *call, struct session_change *change)
{
	cleanup_close int lock = -1;
	struct session s = { 0 };
	struct session_id id;
	int ret;

	if (!session_apply(&s, change))
		return SESSION_FOUND;
	if (!new_id(&id))
		return SESSION_FAILED;
	lock = session_store_lock(&call->sessions->store, &id, true);
	if (lock < 0)
		return failed(lock);
	ret = write_store(call, &id, &s);
	if (ret)
		return failed(ret);
	give_id(call, &id);
	return SESSION_FOUND;
}

/* -ENOENT: there is no such session. The file is read whatever the cache has. */
static int change_stored(struct session_call *call, struct session_change *change)
{
	const struct session_store *store = &call->sessions->store;
	cleanup_close int lock = -1;
	struct session_id id;
	struct session s;
	int ret;

	if (!brought_id(call, &id))
		return -ENOENT;
	lock = session_store_lock(store, &id, true);
	if (lock < 0)
		return lock;
	ret = session_store_read(store, &id, call->second, &s);
	if (ret)
		return ret;
	if (session_apply(&s, change))
		return write_store(call, &id, &s);
	keep(call, &id, &s);
	return 0;
}

static enum session_outcome change_store(struct session_call *call, struct session_change *change)
{
	int ret = change_stored(call, change);

	if (!ret)
		return SESSION_FOUND;
	if (ret != -ENOENT)
		return failed(ret);
	return change->verb == SESSION_DELETE ? none(call) : make_stored(call, change);
}

static enum session_outcome end_store(struct session_call *call)
{
	cleanup_close int lock = -1;
	struct session_id id;
	int ret;

	if (!brought_id(call, &id))
		return none(call);
	lock = session_store_lock(&call->sessions->store, &id, true);
	if (lock < 0)
		return failed(lock);
	ret = session_store_remove(&call->sessions->store, &id);
	session_table_drop(call->sessions->table, &id);
	return ret ? failed(ret) : none(call);
}

/* --- which of them --- */

static const struct {
	enum session_outcome (*read)(struct session_call *call, struct session *s);
	enum session_outcome (*change)(struct session_call *call, struct session_change *change);
	enum session_outcome (*end)(struct session_call *call);
} forms[] = {
	[STATE_SERVER] = { read_table, change_table, end_table },
	[STATE_CLIENT] = { read_token, change_token, end_token },
	[STATE_SOFT] = { read_store, change_store, end_store },
};

enum session_outcome sessions_read(struct session_call *call, struct session *s)
{
	return forms[call->sessions->form].read(call, s);
}

enum session_outcome sessions_change(struct session_call *call, struct session_change *change)
{
	enum session_outcome outcome = forms[call->sessions->form].change(call, change);

	if (outcome == SESSION_FOUND && change->repeated)
		CALL_COUNT(call, METRIC_SESSION_REPEATS);
	return outcome;
}

enum session_outcome sessions_end(struct session_call *call)
{
	return forms[call->sessions->form].end(call);
}

/* --- their beginning, and what is seen from outside --- */

int sessions_open(struct sessions *sessions, const struct options *o, int table_fd,
		  struct error *err)
{
	struct session_table_limits limits = { o->sessions, o->session_bytes, o->session_ms };
	int ret;

	sessions->form = o->state;
	sessions->idle_ms = o->session_ms;
	sessions->lease_ms = o->lease_ms;
	sessions->table_fd = table_fd;
	if (o->state == STATE_NONE)
		return 0;
	if (o->state == STATE_CLIENT)
		return session_secret_open(o->secret_file, &sessions->secret, err);
	ret = session_table_open(&sessions->table_fd, &limits, &sessions->table, err);
	if (ret || o->state == STATE_SERVER)
		return ret;
	ret = session_store_open(&sessions->store, o->store, o->session_ms / 1000, o->sessions, err);
	for (unsigned int i = 0; !ret && i < SESSION_SHELVES; i++)
		session_store_sweep(&sessions->store, i, time(NULL));
	return ret;
}

void sessions_tick(struct sessions *sessions)
{
	int64_t now = time(NULL);

	if (sessions->form == STATE_SOFT)
		session_store_sweep(&sessions->store, now % SESSION_SHELVES, now);
}

static void put(struct http_writer *w, const char *name, const char *kind, uint64_t value)
{
	http_write(w, HTTP_TEXT("# TYPE "));
	http_write(w, (struct http_text){ name, strlen(name) });
	http_write(w, (struct http_text){ kind, strlen(kind) });
	http_write(w, (struct http_text){ name, strlen(name) });
	http_write(w, HTTP_TEXT(" "));
	http_write_number(w, value);
	http_write(w, HTTP_TEXT("\n"));
}

void sessions_metrics(struct sessions *sessions, const struct counters *slots, int64_t now,
		      struct http_writer *w)
{
	static const char *const counted[METRIC_SESSIONS] = {
		[METRIC_SESSION_HITS] = "httpd_session_hits_total",
		[METRIC_SESSION_REBUILDS] = "httpd_session_rebuilds_total",
		[METRIC_SESSION_FORGED] = "httpd_session_tokens_refused_total",
		[METRIC_SESSION_REPEATS] = "httpd_session_repeats_total",
	};
	struct session_table_counts counts = { 0 };

	if (sessions->form == STATE_NONE)
		return;
	if (sessions->table)
		session_table_count(sessions->table, now, &counts);
	put(w, "httpd_session_kept", " gauge\n", counts.sessions);
	put(w, "httpd_session_bytes", " gauge\n", counts.bytes);
	put(w, "httpd_session_evictions_total", " counter\n", counts.evicted);
	put(w, "httpd_session_expired_total", " counter\n", counts.expired);
	put(w, "httpd_session_recoveries_total", " counter\n", counts.recovered);
	for (int i = 0; i < METRIC_SESSIONS; i++)
		put(w, counted[i], " counter\n", metrics_sum(slots, &slots->sessions[i]));
}
