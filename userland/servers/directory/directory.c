// SPDX-License-Identifier: GPL-2.0-only
/* From question to answer, see directory.h. */
#include "directory.h"

#include <string.h>
#include <unistd.h>

/* What a lookup may find at most; more than any name is allowed to have. */
#define FOUND_MOST ((PROTOCOL_MESSAGE_MOST - PROTOCOL_HEADER) / PROTOCOL_END)

const char *const directory_count_names[DIRECTORY_COUNT] = {
#define X(name) #name,
	DIRECTORY_COUNTS(X)
#undef X
};

/* The 12 octets before an IPv4 address that is mapped into IPv6. */
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_loopback(const uint8_t address[16])
{
	return memcmp(address, mapped, sizeof(mapped)) == 0 && address[12] == 127;
}

/*
 * A server registers itself: the address it claims is the one it sends from (or is left open,
 * and becomes that one). All of 127/8 is one host.
 */
static bool settle_address(const struct directory *d, const uint8_t sender[16],
			   uint8_t address[16])
{
	static const uint8_t unspecified[16];

	if (memcmp(address, unspecified, 16) == 0)
		memcpy(address, sender, 16);
	return d->any_address || memcmp(address, sender, 16) == 0 ||
	       (is_loopback(address) && is_loopback(sender));
}

static enum protocol_status status_of(enum lease_outcome outcome)
{
	static const enum protocol_status statuses[] = {
		[LEASE_OK] = PROTOCOL_OK,
		[LEASE_GONE] = PROTOCOL_GONE,
		[LEASE_STALE] = PROTOCOL_STALE,
		[LEASE_FULL] = PROTOCOL_FULL,
		[LEASE_NAME_FULL] = PROTOCOL_NAME_FULL,
		[LEASE_END_FULL] = PROTOCOL_END_FULL,
	};

	return statuses[outcome];
}

static int record(struct directory *d, const struct protocol_question *q, struct error *err)
{
	/* Nothing expires in a hard directory, so there is nothing to keep of a renewal. */
	if (!d->journal || q->operation == PROTOCOL_RENEW)
		return 0;
	d->uncommitted = true;
	return journal_add(d->journal, q->operation, &q->claim, err);
}

static int answer_claim(struct directory *d, const uint8_t sender[16],
			struct protocol_question *q, uint64_t now, struct protocol_writer *w,
			struct error *err)
{
	struct lease_result result = { 0 };
	enum lease_outcome outcome;

	if (!settle_address(d, sender, q->claim.end.address)) {
		d->counts[DIRECTORY_refused]++;
		w->out[12] = PROTOCOL_NOT_YOURS;
		return 0;
	}
	switch (q->operation) {
	case PROTOCOL_REGISTER:
		d->counts[DIRECTORY_registers]++;
		outcome = lease_register(d->table, &q->claim, now, &result);
		break;
	case PROTOCOL_RENEW:
		d->counts[DIRECTORY_renewals]++;
		outcome = lease_renew(d->table, &q->claim, now, &result);
		break;
	default:
		d->counts[DIRECTORY_unregisters]++;
		outcome = lease_unregister(d->table, &q->claim, now, &result);
		break;
	}
	w->out[12] = status_of(outcome);
	d->counts[DIRECTORY_repeated] += result.repeated;
	d->counts[DIRECTORY_refused] += outcome != LEASE_OK;
	if (outcome == LEASE_OK || outcome == LEASE_STALE)
		protocol_put_grant(w, result.stamp, result.left, q->claim.end.address);
	return outcome == LEASE_OK && !result.repeated ? record(d, q, err) : 0;
}

static void truncate_answer(struct directory *d, struct protocol_writer *w)
{
	d->counts[DIRECTORY_truncated]++;
	protocol_set_truncated(w);
}

static void answer_lookup(struct directory *d, const struct protocol_question *q, uint64_t now,
			  struct protocol_writer *w)
{
	/* Static for its size only: nothing is kept in it. */
	static struct lease_found found[FOUND_MOST];
	size_t room = (w->room - w->used) / PROTOCOL_END, total, count = 0;

	d->counts[DIRECTORY_lookups]++;
	if (room > FOUND_MOST)
		room = FOUND_MOST;
	total = lease_lookup(d->table, &q->name, q->version, q->protocol, now, found, room);
	protocol_lookup_head(w, 0, 0);
	while (count < total && count < room && protocol_put_found(w, &found[count]))
		count++;
	protocol_lookup_head(w, total, count);
	if (count < total)
		truncate_answer(d, w);
}

static void answer_list(struct directory *d, const struct protocol_question *q, uint64_t now,
			struct protocol_writer *w)
{
	struct lease_counts counts = lease_counts(d->table, now);
	uint32_t cursor = q->cursor, next = cursor, left;
	struct lease_claim claim;
	uint16_t count = 0;
	bool more;

	d->counts[DIRECTORY_lists]++;
	if (!protocol_list_head(w, 0, 0, 0)) {
		truncate_answer(d, w);
		return;
	}
	while (lease_list(d->table, &next, now, &claim, &left)) {
		if (!protocol_put_listed(w, &claim, left))
			break;
		count++;
		cursor = next;
	}
	/* The last one looked at, if there was one, did not fit: go on there. */
	more = lease_list(d->table, &cursor, now, &claim, &left);
	protocol_list_head(w, more ? cursor - 1 : 0, counts.entries - counts.hidden, count);
	if (more)
		truncate_answer(d, w);
}

void directory_update_counts(struct directory *d, uint64_t now)
{
	struct lease_counts counts = lease_counts(d->table, now);

	d->counts[DIRECTORY_pid] = getpid();
	d->counts[DIRECTORY_uptime_ms] = now - d->started;
	d->counts[DIRECTORY_hard] = d->journal != NULL;
	d->counts[DIRECTORY_entries] = counts.entries - counts.hidden;
	d->counts[DIRECTORY_hidden] = counts.hidden;
	d->counts[DIRECTORY_names] = counts.names;
	d->counts[DIRECTORY_expired] = counts.expired;
	d->counts[DIRECTORY_taken_over] = counts.taken_over;
	d->counts[DIRECTORY_journal_syncs] = d->journal ? d->journal->syncs : 0;
}

static void answer_stats(struct directory *d, uint64_t now, struct protocol_writer *w)
{
	uint16_t count = 0;

	directory_update_counts(d, now);
	if (!protocol_stats_head(w, 0)) {
		truncate_answer(d, w);
		return;
	}
	while (count < DIRECTORY_COUNT && protocol_put_number(w, d->counts[count]))
		count++;
	protocol_stats_head(w, count);
	if (count < DIRECTORY_COUNT)
		truncate_answer(d, w);
}

int directory_answer(struct directory *d, const uint8_t sender[16], const uint8_t *question,
		     size_t length, uint8_t *answer, size_t room, uint64_t now,
		     struct error *err)
{
	struct protocol_question q;
	struct protocol_writer w;
	enum protocol_status status;
	int ret = 0;

	if (!protocol_is_question(question, length) || room < PROTOCOL_HEADER) {
		d->counts[DIRECTORY_ignored]++;
		return 0;
	}
	status = protocol_read_question(question, length, &q);
	protocol_begin(&w, answer, room, &q, status);
	if (status != PROTOCOL_OK) {
		d->counts[DIRECTORY_malformed]++;
		return w.used;
	}
	switch (q.operation) {
	case PROTOCOL_REGISTER:
	case PROTOCOL_RENEW:
	case PROTOCOL_UNREGISTER:
		ret = answer_claim(d, sender, &q, now, &w, err);
		break;
	case PROTOCOL_LOOKUP:
		answer_lookup(d, &q, now, &w);
		break;
	case PROTOCOL_LIST:
		answer_list(d, &q, now, &w);
		break;
	default:
		answer_stats(d, now, &w);
		break;
	}
	return ret ? ret : (int)w.used;
}

int directory_commit(struct directory *d, uint64_t now, struct error *err)
{
	struct error why_not;
	int ret;

	if (!d->uncommitted)
		return 0;
	ret = journal_sync(d->journal, err);
	if (ret)
		return ret;
	d->uncommitted = false;
	/* One that is too long is still right: try again when it is twice as long. */
	if (d->journal->size >= d->journal->compact_at &&
	    journal_compact(d->journal, d->table, now, &why_not))
		d->journal->compact_at = 2 * d->journal->size;
	return 0;
}

void directory_replay(void *context, enum protocol_operation operation,
		      const struct lease_claim *claim)
{
	struct directory *d = context;
	struct lease_result result;

	if (operation == PROTOCOL_REGISTER)
		lease_register(d->table, claim, d->started, &result);
	else
		lease_unregister(d->table, claim, d->started, &result);
}
