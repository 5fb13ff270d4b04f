// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of leases, see lease.h. Entries and names are slots of two arrays, and are called
 * by their index: a slot never moves, which is what lease_list() stands on.
 */
#include "lease.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define NEVER UINT64_MAX

/**
 * struct entry - a registration
 * @end: where the server is
 * @token: its owner's
 * @stamp: of the last operation on it
 * @expires: milliseconds, or NEVER
 * @version: of the service
 * @name: slot of the name
 * @next: in the ring of the name; of a free slot, the next free one
 * @previous: in the ring
 * @end_next: in the chain of its end point's hash
 * @heap: its place in the heap, NONE: the slot is free
 * @hidden: it was unregistered
 */
struct entry {
	struct lease_end end;
	uint8_t token[LEASE_TOKEN_LENGTH];
	uint64_t stamp;
	uint64_t expires;
	uint32_t version;
	uint32_t name;
	uint32_t next;
	uint32_t previous;
	uint32_t end_next;
	uint32_t heap;
	bool hidden;
};

/**
 * struct name - a name that has entries
 * @text: the name
 * @count: of its entries; 0: the slot is free
 * @head: the entry at which the next lookup starts
 * @next: in the chain of its hash; of a free slot, the next free one
 */
struct name {
	struct lease_name text;
	uint32_t count;
	uint32_t head;
	uint32_t next;
};

struct lease_table {
	struct lease_limits limits;
	struct lease_counts counts;
	uint64_t seed[2];
	uint32_t mask;		/* of both hashes */
	uint32_t free_entry;
	uint32_t free_name;
	uint32_t used;		/* slots from here on never had an entry */
	struct entry *entries;
	struct name *names;
	uint32_t *heap;
	uint32_t *by_name;
	uint32_t *by_end;
};

/* --- hashes: SipHash-1-3 (Aumasson and Bernstein 2012), keyed, as the input is others' --- */

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static uint32_t hash(const struct lease_table *t, const void *data, size_t length)
{
	uint64_t v[4] = { t->seed[0] ^ 0x736f6d6570736575, t->seed[1] ^ 0x646f72616e646f6d,
			  t->seed[0] ^ 0x6c7967656e657261, t->seed[1] ^ 0x7465646279746573 };
	const uint8_t *at = data;
	size_t left = length;
	uint64_t word;

	for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, at, left);
	word |= (uint64_t)length << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]) & t->mask;
}

static uint32_t *name_chain(const struct lease_table *t, const struct lease_name *name)
{
	return &t->by_name[hash(t, name->text, name->length)];
}

static uint32_t *end_chain(const struct lease_table *t, const struct lease_end *end)
{
	uint8_t octets[19];

	memcpy(octets, end->address, sizeof(end->address));
	octets[16] = end->port >> 8;
	octets[17] = end->port & 0xff;
	octets[18] = end->protocol;
	return &t->by_end[hash(t, octets, sizeof(octets))];
}

static bool same_name(const struct lease_name *a, const struct lease_name *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static bool same_end(const struct lease_end *a, const struct lease_end *b)
{
	return a->port == b->port && a->protocol == b->protocol &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static uint32_t find_name(const struct lease_table *t, const struct lease_name *name)
{
	uint32_t n = *name_chain(t, name);

	while (n != NONE && !same_name(&t->names[n].text, name))
		n = t->names[n].next;
	return n;
}

/* --- the heap: the entry that expires first is on top --- */

static void heap_put(struct lease_table *t, uint32_t place, uint32_t e)
{
	t->heap[place] = e;
	t->entries[e].heap = place;
}

/* Put @e where it belongs, from a place that is free, upwards or downwards. */
static void heap_settle(struct lease_table *t, uint32_t place, uint32_t e)
{
	uint64_t expires = t->entries[e].expires;

	while (place && t->entries[t->heap[(place - 1) / 2]].expires > expires) {
		heap_put(t, place, t->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child + 1 < t->counts.entries &&
		    t->entries[t->heap[child + 1]].expires < t->entries[t->heap[child]].expires)
			child++;
		if (child >= t->counts.entries || t->entries[t->heap[child]].expires >= expires)
			break;
		heap_put(t, place, t->heap[child]);
		place = child;
	}
	heap_put(t, place, e);
}

/* --- slots --- */

struct lease_table *lease_table_new(const struct lease_limits *limits, const uint8_t seed[16])
{
	struct lease_table *t = calloc(1, sizeof(*t));
	size_t buckets = 2;

	if (!t)
		return NULL;
	while (buckets < 2ul * limits->entries)
		buckets *= 2;
	t->limits = *limits;
	memcpy(t->seed, seed, sizeof(t->seed));
	t->mask = buckets - 1;
	t->free_entry = NONE;
	t->free_name = NONE;
	/* calloc: pages that no entry ever needed are never touched. */
	t->entries = calloc(limits->entries, sizeof(*t->entries));
	t->names = calloc(limits->entries, sizeof(*t->names));
	t->heap = calloc(limits->entries, sizeof(*t->heap));
	t->by_name = malloc(buckets * sizeof(*t->by_name));
	t->by_end = malloc(buckets * sizeof(*t->by_end));
	if (!t->entries || !t->names || !t->heap || !t->by_name || !t->by_end) {
		lease_table_free(t);
		return NULL;
	}
	memset(t->by_name, 0xff, buckets * sizeof(*t->by_name));
	memset(t->by_end, 0xff, buckets * sizeof(*t->by_end));
	return t;
}

void lease_table_free(struct lease_table *t)
{
	if (!t)
		return;
	free(t->entries);
	free(t->names);
	free(t->heap);
	free(t->by_name);
	free(t->by_end);
	free(t);
}

/*
 * Slots are taken from the free ones, then in order. There are as many of names as of entries
 * and every name has an entry, so there is one if there is one of an entry.
 */
static uint32_t take_name(struct lease_table *t, const struct lease_name *text)
{
	uint32_t *chain = name_chain(t, text), n = t->free_name;

	if (n != NONE)
		t->free_name = t->names[n].next;
	else
		n = t->counts.names;
	t->names[n] = (struct name){ .text = *text, .head = NONE, .next = *chain };
	*chain = n;
	t->counts.names++;
	return n;
}

static void drop_name(struct lease_table *t, uint32_t n)
{
	uint32_t *link = name_chain(t, &t->names[n].text);

	while (*link != n)
		link = &t->names[*link].next;
	*link = t->names[n].next;
	t->names[n].next = t->free_name;
	t->free_name = n;
	t->counts.names--;
}

static void ring_insert(struct lease_table *t, uint32_t n, uint32_t e)
{
	struct name *name = &t->names[n];
	struct entry *entry = &t->entries[e], *head;

	if (name->head == NONE) {
		name->head = entry->next = entry->previous = e;
	} else {
		/* Before the head: it is the last to have its turn. */
		head = &t->entries[name->head];
		entry->next = name->head;
		entry->previous = head->previous;
		t->entries[head->previous].next = e;
		head->previous = e;
	}
	name->count++;
}

static void ring_remove(struct lease_table *t, uint32_t e)
{
	struct entry *entry = &t->entries[e];
	struct name *name = &t->names[entry->name];

	t->entries[entry->next].previous = entry->previous;
	t->entries[entry->previous].next = entry->next;
	if (name->head == e)
		name->head = entry->next;
	if (--name->count == 0)
		drop_name(t, entry->name);
}

static void drop(struct lease_table *t, uint32_t e)
{
	struct entry *entry = &t->entries[e];
	uint32_t *link = end_chain(t, &entry->end);
	uint32_t place = entry->heap, last;

	while (*link != e)
		link = &t->entries[*link].end_next;
	*link = entry->end_next;
	ring_remove(t, e);
	t->counts.hidden -= entry->hidden;
	last = t->heap[--t->counts.entries];
	if (last != e)
		heap_settle(t, place, last);
	entry->heap = NONE;
	entry->next = t->free_entry;
	t->free_entry = e;
}

static uint32_t take(struct lease_table *t, const struct lease_claim *claim)
{
	uint32_t *chain = end_chain(t, &claim->end), e = t->free_entry, n;

	if (e != NONE)
		t->free_entry = t->entries[e].next;
	else
		e = t->used++;
	n = find_name(t, &claim->name);
	if (n == NONE)
		n = take_name(t, &claim->name);
	t->entries[e] = (struct entry){
		.end = claim->end,
		.expires = NEVER,
		.version = claim->version,
		.name = n,
		.end_next = *chain,
	};
	memcpy(t->entries[e].token, claim->token, LEASE_TOKEN_LENGTH);
	*chain = e;
	ring_insert(t, n, e);
	heap_put(t, t->counts.entries, e);
	t->counts.entries++;
	return e;
}

/* --- operations --- */

/* Invariant 1. */
static void expire(struct lease_table *t, uint64_t now)
{
	while (t->counts.entries && t->entries[t->heap[0]].expires <= now) {
		t->counts.expired += !t->entries[t->heap[0]].hidden;
		drop(t, t->heap[0]);
	}
}

static uint32_t left(const struct entry *entry, uint64_t now)
{
	return entry->expires == NEVER ? 0 : (uint32_t)(entry->expires - now);
}

static void set_expiry(struct lease_table *t, uint32_t e, uint64_t expires)
{
	t->entries[e].expires = expires;
	heap_settle(t, t->entries[e].heap, e);
}

static void prolong(struct lease_table *t, uint32_t e, const struct lease_claim *claim,
		    uint64_t now)
{
	uint32_t lease = claim->lease;

	if (!lease || lease > t->limits.lease_most)
		lease = t->limits.lease_most;
	if (lease < LEASE_LEAST_MS)
		lease = LEASE_LEAST_MS;
	t->entries[e].stamp = claim->stamp;
	set_expiry(t, e, t->limits.hard ? NEVER : now + lease);
}

static void report(const struct entry *entry, uint64_t now, bool repeated,
		   struct lease_result *result)
{
	*result = (struct lease_result){ entry->stamp, left(entry, now), repeated };
}

/**
 * struct holding - what there is at an end point, as seen by one who claims it
 * @mine: the claimed entry, NONE if there is none
 * @own: entries of this owner
 * @others: entries of another owner; then @own is 0 (invariant 2)
 * @others_named: those of them that have the claimed name
 * @newest: highest stamp of @others
 */
struct holding {
	uint32_t mine;
	uint32_t own;
	uint32_t others;
	uint32_t others_named;
	uint64_t newest;
};

static struct holding look_at(const struct lease_table *t, const struct lease_claim *claim)
{
	struct holding h = { .mine = NONE };

	for (uint32_t e = *end_chain(t, &claim->end); e != NONE; e = t->entries[e].end_next) {
		const struct entry *entry = &t->entries[e];
		bool named = same_name(&t->names[entry->name].text, &claim->name);

		if (!same_end(&entry->end, &claim->end))
			continue;
		if (memcmp(entry->token, claim->token, LEASE_TOKEN_LENGTH) != 0) {
			h.others++;
			h.others_named += named;
			if (entry->stamp > h.newest)
				h.newest = entry->stamp;
			continue;
		}
		h.own++;
		if (named && entry->version == claim->version)
			h.mine = e;
	}
	return h;
}

static enum lease_outcome check_limits(const struct lease_table *t,
				       const struct lease_claim *claim, const struct holding *h)
{
	uint32_t n = find_name(t, &claim->name);

	if (t->counts.entries - h->others >= t->limits.entries)
		return LEASE_FULL;
	if (n != NONE && t->names[n].count - h->others_named >= t->limits.per_name)
		return LEASE_NAME_FULL;
	if (h->own >= t->limits.per_end)
		return LEASE_END_FULL;
	return LEASE_OK;
}

static void take_over(struct lease_table *t, const struct lease_claim *claim)
{
	uint32_t e = *end_chain(t, &claim->end), next;

	for (; e != NONE; e = next) {
		next = t->entries[e].end_next;
		if (!same_end(&t->entries[e].end, &claim->end))
			continue;
		t->counts.taken_over += !t->entries[e].hidden;
		drop(t, e);
	}
}

enum lease_outcome lease_register(struct lease_table *t, const struct lease_claim *claim,
				  uint64_t now, struct lease_result *result)
{
	enum lease_outcome outcome;
	struct holding h;

	expire(t, now);
	h = look_at(t, claim);
	if (h.mine != NONE) {
		struct entry *mine = &t->entries[h.mine];

		if (claim->stamp < mine->stamp || (claim->stamp == mine->stamp && mine->hidden)) {
			report(mine, now, false, result);
			return LEASE_STALE;
		}
		if (claim->stamp > mine->stamp) {
			t->counts.hidden -= mine->hidden;
			mine->hidden = false;
			prolong(t, h.mine, claim, now);
			report(mine, now, false, result);
		} else {
			report(mine, now, true, result);
		}
		return LEASE_OK;
	}
	if (h.others && claim->stamp <= h.newest) {
		*result = (struct lease_result){ .stamp = h.newest };
		return LEASE_STALE;
	}
	outcome = check_limits(t, claim, &h);
	if (outcome != LEASE_OK)
		return outcome;
	if (h.others)
		take_over(t, claim);
	h.mine = take(t, claim);
	prolong(t, h.mine, claim, now);
	report(&t->entries[h.mine], now, false, result);
	return LEASE_OK;
}

enum lease_outcome lease_renew(struct lease_table *t, const struct lease_claim *claim,
			       uint64_t now, struct lease_result *result)
{
	struct entry *mine;
	struct holding h;

	expire(t, now);
	*result = (struct lease_result){ 0 };
	h = look_at(t, claim);
	if (h.mine == NONE || t->entries[h.mine].hidden)
		return LEASE_GONE;
	mine = &t->entries[h.mine];
	if (claim->stamp > mine->stamp) {
		prolong(t, h.mine, claim, now);
		report(mine, now, false, result);
		return LEASE_OK;
	}
	report(mine, now, true, result);
	return claim->stamp == mine->stamp ? LEASE_OK : LEASE_STALE;
}

enum lease_outcome lease_unregister(struct lease_table *t, const struct lease_claim *claim,
				    uint64_t now, struct lease_result *result)
{
	struct entry *mine;
	struct holding h;

	expire(t, now);
	*result = (struct lease_result){ .repeated = true };
	h = look_at(t, claim);
	if (h.mine == NONE)
		return LEASE_OK;
	mine = &t->entries[h.mine];
	if (claim->stamp > mine->stamp) {
		mine->stamp = claim->stamp;
		if (!mine->hidden) {
			mine->hidden = true;
			t->counts.hidden++;
			result->repeated = false;
			if (t->limits.hard)
				set_expiry(t, h.mine, now + t->limits.lease_most);
		}
	} else if (claim->stamp < mine->stamp || !mine->hidden) {
		result->stamp = mine->stamp;
		return LEASE_STALE;
	}
	result->stamp = mine->stamp;
	return LEASE_OK;
}

size_t lease_lookup(struct lease_table *t, const struct lease_name *name, uint32_t version,
		    enum lease_protocol protocol, uint64_t now, struct lease_found *found,
		    size_t room)
{
	uint32_t n, e, first = NONE;
	size_t count = 0;

	expire(t, now);
	n = find_name(t, name);
	if (n == NONE)
		return 0;
	e = t->names[n].head;
	do {
		const struct entry *entry = &t->entries[e];

		if (!entry->hidden && (!version || entry->version == version) &&
		    (!protocol || entry->end.protocol == protocol)) {
			if (first == NONE)
				first = e;
			if (count < room)
				found[count] = (struct lease_found){ entry->version, entry->end,
								     left(entry, now) };
			count++;
		}
		e = entry->next;
	} while (e != t->names[n].head);
	if (first != NONE)
		t->names[n].head = t->entries[first].next;
	return count;
}

bool lease_list(struct lease_table *t, uint32_t *cursor, uint64_t now, struct lease_claim *claim,
		uint32_t *remaining)
{
	expire(t, now);
	for (; *cursor < t->used; ++*cursor) {
		const struct entry *entry = &t->entries[*cursor];

		if (entry->heap == NONE || entry->hidden)
			continue;
		*claim = (struct lease_claim){ .name = t->names[entry->name].text,
					       .version = entry->version,
					       .end = entry->end,
					       .stamp = entry->stamp };
		memcpy(claim->token, entry->token, LEASE_TOKEN_LENGTH);
		*remaining = left(entry, now);
		++*cursor;
		return true;
	}
	return false;
}

struct lease_counts lease_counts(struct lease_table *t, uint64_t now)
{
	expire(t, now);
	return t->counts;
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool lease_name_valid(const char *text, size_t length)
{
	if (!length || length > LEASE_NAME_MOST || !is_alphanumeric(text[0]) ||
	    !is_alphanumeric(text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_alphanumeric(text[i]) && text[i] != '.' && text[i] != '_' &&
		    text[i] != '-')
			return false;
	return true;
}

/* --- audit --- */

static const char *audit_entry(const struct lease_table *t, uint32_t e)
{
	const struct entry *entry = &t->entries[e];
	uint32_t chained = 0, own = 0;

	for (uint32_t o = *end_chain(t, &entry->end); o != NONE; o = t->entries[o].end_next) {
		const struct entry *other = &t->entries[o];

		if (other->heap == NONE)
			return "6: a free entry is in the chain of an end point";
		chained += o == e;
		if (!same_end(&other->end, &entry->end))
			continue;
		own++;
		if (memcmp(other->token, entry->token, LEASE_TOKEN_LENGTH) != 0)
			return "2: an end point has two owners";
		if (o != e && other->name == entry->name && other->version == entry->version)
			return "2: an entry is there twice";
	}
	if (chained != 1)
		return "6: an entry is not in the chain of its end point";
	if (own > t->limits.per_end)
		return "5: too many entries of an end point";
	if (!t->limits.hard && entry->expires == NEVER)
		return "1: an entry has no end";
	if (entry->hidden && entry->expires == NEVER)
		return "4: a hidden entry stays forever";
	return NULL;
}

static const char *audit_name(const struct lease_table *t, uint32_t n)
{
	const struct name *name = &t->names[n];
	uint32_t e = name->head;

	if (find_name(t, &name->text) != n)
		return "7: a name cannot be found";
	if (name->count > t->limits.per_name)
		return "5: too many entries of a name";
	for (uint32_t i = 0; i < name->count; i++) {
		const struct entry *entry = &t->entries[e];

		if (entry->heap == NONE || entry->name != n)
			return "7: a ring has what does not belong to it";
		if (t->entries[entry->next].previous != e)
			return "7: a ring is torn";
		e = entry->next;
		if (e == name->head && i + 1 != name->count)
			return "7: a ring is too short";
	}
	return e == name->head ? NULL : "7: a ring is too long";
}

const char *lease_audit(const struct lease_table *t)
{
	uint32_t live = 0, hidden = 0, named = 0;
	const char *broken;

	for (uint32_t place = 0; place < t->counts.entries; place++) {
		const struct entry *entry = &t->entries[t->heap[place]];

		if (entry->heap != place)
			return "6: an entry does not know its place in the heap";
		if (place && t->entries[t->heap[(place - 1) / 2]].expires > entry->expires)
			return "6: an entry of the heap is before its parent";
		broken = audit_entry(t, t->heap[place]);
		if (broken)
			return broken;
	}
	for (uint32_t e = 0; e < t->used; e++) {
		live += t->entries[e].heap != NONE;
		hidden += t->entries[e].heap != NONE && t->entries[e].hidden;
	}
	if (live != t->counts.entries || live > t->limits.entries)
		return "6: entries are lost, or too many";
	if (hidden != t->counts.hidden)
		return "4: hidden entries are miscounted";
	for (uint32_t b = 0; b <= t->mask; b++) {
		for (uint32_t n = t->by_name[b]; n != NONE; n = t->names[n].next) {
			broken = audit_name(t, n);
			if (broken)
				return broken;
			named += t->names[n].count;
			if (!t->names[n].count)
				return "7: a name without entries";
		}
	}
	return named == live ? NULL : "7: an entry is in no ring";
}
