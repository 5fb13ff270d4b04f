// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of leases: each rule of lease.h by itself, then random operations beside a model
 * that is a plain array. The numbers are those of the invariants.
 */
#include "claims.h"
#include "tap.h"

#define NOW 1000

static enum lease_outcome do_register(struct lease_table *t, struct lease_claim claim, uint64_t now,
				      struct lease_result *result)
{
	enum lease_outcome outcome = lease_register(t, &claim, now, result);
	const char *broken = lease_audit(t);

	CHECK(!broken, "%s", broken);
	return outcome;
}

static size_t lookup(struct lease_table *t, const char *name, uint64_t now,
		     struct lease_found *found, size_t room)
{
	struct lease_name wanted = name_of(name);

	return lease_lookup(t, &wanted, LEASE_ANY_VERSION, LEASE_ANY_PROTOCOL, now, found, room);
}

static size_t count(struct lease_table *t, const char *name, uint64_t now)
{
	struct lease_found found;

	return lookup(t, name, now, &found, 1);
}

static void a_registration_is_found_until_its_lease_ends(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_result r;
	struct lease_found found;

	CHECK_EQ(do_register(t, claim_of("web", 80, 1, 1, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(r.left, 500);
	CHECK_EQ(lookup(t, "web", NOW + 499, &found, 1), 1);
	CHECK_EQ(found.end.port, 80);
	CHECK_EQ(found.left, 1);
	CHECK_EQ(count(t, "web", NOW + 500), 0);
	CHECK_EQ(lease_counts(t, NOW + 500).expired, 1);
	CHECK_EQ(lease_counts(t, NOW + 500).names, 0);
	lease_table_free(t);
}

static void leases_are_kept_within_bounds(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_result r;

	do_register(t, claim_of("a", 1, 1, 1, 0), NOW, &r);
	CHECK_EQ(r.left, 10000);
	do_register(t, claim_of("a", 2, 1, 1, UINT32_MAX), NOW, &r);
	CHECK_EQ(r.left, 10000);
	do_register(t, claim_of("a", 3, 1, 1, 1), NOW, &r);
	CHECK_EQ(r.left, LEASE_LEAST_MS);
	lease_table_free(t);
}

static void a_renewal_prolongs_but_makes_nothing(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim claim = claim_of("web", 80, 1, 1, 500);
	struct lease_result r;

	CHECK_EQ(lease_renew(t, &claim, NOW, &r), LEASE_GONE);
	CHECK_EQ(count(t, "web", NOW), 0);
	do_register(t, claim, NOW, &r);
	claim.stamp = 2;
	CHECK_EQ(lease_renew(t, &claim, NOW + 400, &r), LEASE_OK);
	CHECK_EQ(r.left, 500);
	CHECK_EQ(r.stamp, 2);
	CHECK_EQ(count(t, "web", NOW + 899), 1);
	claim.stamp = 3;
	CHECK_EQ(lease_renew(t, &claim, NOW + 900, &r), LEASE_GONE);
	lease_table_free(t);
}

static void invariant_3_what_was_seen_before_prolongs_nothing(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim claim = claim_of("web", 80, 1, 5, 500);
	struct lease_result r;

	do_register(t, claim, NOW, &r);
	CHECK(!r.repeated, "the first is no repetition");
	CHECK_EQ(do_register(t, claim, NOW + 200, &r), LEASE_OK);
	CHECK(r.repeated, "the second is");
	CHECK_EQ(r.left, 300);
	CHECK_EQ(lease_renew(t, &claim, NOW + 300, &r), LEASE_OK);
	CHECK(r.repeated, "and the third");
	CHECK_EQ(r.left, 200);
	claim.stamp = 4;
	CHECK_EQ(do_register(t, claim, NOW + 300, &r), LEASE_STALE);
	CHECK_EQ(r.stamp, 5);
	CHECK_EQ(lease_renew(t, &claim, NOW + 300, &r), LEASE_STALE);
	CHECK_EQ(lease_unregister(t, &claim, NOW + 300, &r), LEASE_STALE);
	CHECK_EQ(r.stamp, 5);
	claim.stamp = 5;
	CHECK_EQ(lease_unregister(t, &claim, NOW + 300, &r), LEASE_STALE);
	CHECK_EQ(count(t, "web", NOW + 499), 1);
	CHECK_EQ(count(t, "web", NOW + 500), 0);
	lease_table_free(t);
}

static void invariant_4_a_late_registration_does_not_undo_unregistering(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim claim = claim_of("web", 80, 1, 5, 500), later;
	uint32_t cursor = 0, left;
	struct lease_result r;

	do_register(t, claim, NOW, &r);
	claim.stamp = 7;
	CHECK_EQ(lease_unregister(t, &claim, NOW, &r), LEASE_OK);
	CHECK(!r.repeated, "done once");
	CHECK_EQ(lease_unregister(t, &claim, NOW, &r), LEASE_OK);
	CHECK(r.repeated, "and not twice");
	CHECK_EQ(count(t, "web", NOW), 0);
	CHECK(!lease_list(t, &cursor, NOW, &later, &left), "it is not listed");
	CHECK_EQ(lease_counts(t, NOW).hidden, 1);
	claim.stamp = 6;
	CHECK_EQ(do_register(t, claim, NOW, &r), LEASE_STALE);
	claim.stamp = 7;
	CHECK_EQ(do_register(t, claim, NOW, &r), LEASE_STALE);
	claim.stamp = 8;
	CHECK_EQ(lease_renew(t, &claim, NOW, &r), LEASE_GONE);
	CHECK_EQ(count(t, "web", NOW), 0);
	CHECK_EQ(do_register(t, claim, NOW + 499, &r), LEASE_OK);
	CHECK_EQ(count(t, "web", NOW + 499), 1);
	CHECK_EQ(lease_counts(t, NOW + 499).hidden, 0);
	lease_table_free(t);
}

static void a_hidden_entry_goes_when_its_lease_ends(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim claim = claim_of("web", 80, 1, 5, 500);
	struct lease_result r;

	do_register(t, claim, NOW, &r);
	claim.stamp = 6;
	lease_unregister(t, &claim, NOW, &r);
	CHECK_EQ(lease_counts(t, NOW + 499).entries, 1);
	CHECK_EQ(lease_counts(t, NOW + 500).entries, 0);
	CHECK_EQ(lease_counts(t, NOW + 500).hidden, 0);
	CHECK_EQ(lease_counts(t, NOW + 500).expired, 0);
	lease_table_free(t);
}

static void unregistering_what_is_not_there_is_done_already(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim claim = claim_of("web", 80, 1, 5, 500);
	struct lease_result r;

	CHECK_EQ(lease_unregister(t, &claim, NOW, &r), LEASE_OK);
	CHECK(r.repeated, "nothing was done");
	do_register(t, claim, NOW, &r);
	claim = claim_of("web", 80, 2, 9, 500);
	CHECK_EQ(lease_unregister(t, &claim, NOW, &r), LEASE_OK);
	CHECK_EQ(count(t, "web", NOW), 1);
	lease_table_free(t);
}

static void invariant_2_a_newer_owner_takes_the_end_point(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim old = claim_of("old", 80, 1, 5, 500);
	struct lease_result r;

	do_register(t, old, NOW, &r);
	do_register(t, claim_of("old-too", 80, 1, 8, 500), NOW, &r);
	do_register(t, claim_of("other", 81, 1, 8, 500), NOW, &r);
	CHECK_EQ(do_register(t, claim_of("new", 80, 2, 8, 500), NOW, &r), LEASE_STALE);
	CHECK_EQ(r.stamp, 8);
	CHECK_EQ(do_register(t, claim_of("new", 80, 2, 9, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(count(t, "new", NOW), 1);
	CHECK_EQ(count(t, "old", NOW), 0);
	CHECK_EQ(count(t, "old-too", NOW), 0);
	CHECK_EQ(count(t, "other", NOW), 1);
	CHECK_EQ(lease_counts(t, NOW).taken_over, 2);
	/* The old owner is told, and what it said before does not win the port back. */
	old.stamp = 6;
	CHECK_EQ(lease_renew(t, &old, NOW, &r), LEASE_GONE);
	CHECK_EQ(do_register(t, old, NOW, &r), LEASE_STALE);
	CHECK_EQ(count(t, "new", NOW), 1);
	lease_table_free(t);
}

static void the_same_port_of_another_protocol_or_address_is_another_end_point(void)
{
	struct lease_table *t = table_of(8, 4, 4, false);
	struct lease_claim claim = claim_of("a", 80, 1, 5, 500);
	struct lease_result r;

	do_register(t, claim, NOW, &r);
	claim = claim_of("a", 80, 2, 6, 500);
	claim.end.protocol = LEASE_UDP;
	do_register(t, claim, NOW, &r);
	claim = claim_of("a", 80, 3, 7, 500);
	claim.end.address[15] = 2;
	do_register(t, claim, NOW, &r);
	CHECK_EQ(count(t, "a", NOW), 3);
	lease_table_free(t);
}

static void invariant_5_limits_hold_and_a_take_over_needs_no_room(void)
{
	struct lease_table *t = table_of(4, 2, 2, false);
	struct lease_result r;

	CHECK_EQ(do_register(t, claim_of("a", 1, 1, 1, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(do_register(t, claim_of("a", 2, 1, 1, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(do_register(t, claim_of("a", 3, 1, 1, 500), NOW, &r), LEASE_NAME_FULL);
	CHECK_EQ(do_register(t, claim_of("a", 1, 2, 2, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(do_register(t, claim_of("b", 1, 2, 2, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(do_register(t, claim_of("c", 1, 2, 2, 500), NOW, &r), LEASE_END_FULL);
	CHECK_EQ(do_register(t, claim_of("c", 4, 2, 2, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(do_register(t, claim_of("d", 5, 2, 2, 500), NOW, &r), LEASE_FULL);
	CHECK_EQ(do_register(t, claim_of("d", 4, 3, 3, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(do_register(t, claim_of("d", 4, 3, 4, 500), NOW, &r), LEASE_OK);
	CHECK_EQ(lease_counts(t, NOW).entries, 4);
	CHECK_EQ(do_register(t, claim_of("e", 6, 3, 4, 500), NOW + 500, &r), LEASE_OK);
	lease_table_free(t);
}

static void lookups_select_by_version_and_protocol(void)
{
	struct lease_table *t = table_of(8, 8, 8, false);
	struct lease_claim claim = claim_of("a", 1, 1, 1, 500);
	struct lease_name name = name_of("a");
	struct lease_found found[4];
	struct lease_result r;

	do_register(t, claim, NOW, &r);
	claim.version = 2;
	do_register(t, claim, NOW, &r);
	claim.end.protocol = LEASE_UDP;
	do_register(t, claim, NOW, &r);
	CHECK_EQ(lease_lookup(t, &name, 0, 0, NOW, found, 4), 3);
	CHECK_EQ(lease_lookup(t, &name, 2, 0, NOW, found, 4), 2);
	CHECK_EQ(lease_lookup(t, &name, 2, LEASE_TCP, NOW, found, 4), 1);
	CHECK_EQ(found[0].version, 2);
	CHECK_EQ(lease_lookup(t, &name, 0, LEASE_UDP, NOW, found, 4), 1);
	CHECK_EQ(found[0].end.protocol, LEASE_UDP);
	CHECK_EQ(lease_lookup(t, &name, 3, 0, NOW, found, 4), 0);
	lease_table_free(t);
}

static void servers_of_a_name_take_turns(void)
{
	struct lease_table *t = table_of(8, 8, 8, false);
	unsigned int turns[4] = { 0 };
	struct lease_found found[4];
	struct lease_result r;

	for (int port = 1; port <= 3; port++)
		do_register(t, claim_of("a", port, 1, 1, 5000), NOW, &r);
	for (int i = 0; i < 30; i++) {
		CHECK_EQ(lookup(t, "a", NOW, found, 2), 3);
		turns[found[0].end.port]++;
		CHECK(found[0].end.port != found[1].end.port, "one twice");
	}
	for (int port = 1; port <= 3; port++)
		CHECK_EQ(turns[port], 10);
	lease_table_free(t);
}

static void one_of_two_protocols_takes_turns_too(void)
{
	struct lease_table *t = table_of(8, 8, 8, false);
	unsigned int turns[5] = { 0 };
	struct lease_name name = name_of("a");
	struct lease_found found;
	struct lease_result r;

	for (int port = 1; port <= 4; port++) {
		struct lease_claim claim = claim_of("a", port, 1, 1, 5000);

		claim.end.protocol = port <= 2 ? LEASE_TCP : LEASE_UDP;
		do_register(t, claim, NOW, &r);
	}
	for (int i = 0; i < 20; i++) {
		lease_lookup(t, &name, 0, LEASE_UDP, NOW, &found, 1);
		turns[found.end.port]++;
	}
	CHECK_EQ(turns[3], 10);
	CHECK_EQ(turns[4], 10);
	lease_table_free(t);
}

static void a_list_shows_what_stays_once_whatever_comes_and_goes(void)
{
	struct lease_table *t = table_of(32, 32, 8, false);
	unsigned int seen[100] = { 0 };
	struct lease_claim claim;
	struct lease_result r;
	uint32_t cursor = 0, left;
	int churn = 60;

	for (int port = 1; port <= 20; port++)
		do_register(t, claim_of("a", port, 1, 1, port % 2 ? 5000 : 200), NOW, &r);
	for (int i = 0; lease_list(t, &cursor, NOW + i * 20, &claim, &left); i++) {
		seen[claim.end.port]++;
		do_register(t, claim_of("b", churn++, 1, 1, 5000), NOW + i * 20, &r);
	}
	for (int port = 1; port <= 20; port += 2)
		CHECK(seen[port] == 1, "%d was seen %u times", port, seen[port]);
	lease_table_free(t);
}

static void hard_entries_do_not_expire_but_hidden_ones_do(void)
{
	struct lease_table *t = table_of(8, 4, 4, true);
	struct lease_claim claim = claim_of("web", 80, 1, 5, 500);
	struct lease_result r;

	do_register(t, claim, NOW, &r);
	CHECK_EQ(r.left, 0);
	CHECK_EQ(count(t, "web", NOW + (1ull << 40)), 1);
	claim.stamp = 6;
	lease_unregister(t, &claim, NOW + (1ull << 40), &r);
	CHECK(!lease_audit(t), "%s", lease_audit(t));
	CHECK_EQ(lease_counts(t, NOW + (1ull << 40) + 9999).entries, 1);
	CHECK_EQ(lease_counts(t, NOW + (1ull << 40) + 10000).entries, 0);
	lease_table_free(t);
}

static void names_are_letters_digits_and_some_signs_inside(void)
{
	char longest[LEASE_NAME_MOST + 2];

	memset(longest, 'a', sizeof(longest));
	CHECK(lease_name_valid("a", 1) && lease_name_valid("A-b_c.9", 7), "these are");
	CHECK(lease_name_valid(longest, LEASE_NAME_MOST), "63 octets");
	CHECK(!lease_name_valid(longest, LEASE_NAME_MOST + 1), "64");
	CHECK(!lease_name_valid("", 0) && !lease_name_valid("-a", 2), "at the start");
	CHECK(!lease_name_valid("a.", 2) && !lease_name_valid("a b", 3), "at the end, a space");
	CHECK(!lease_name_valid("a\0b", 3) && !lease_name_valid("a\"b", 3), "NUL, quotes");
}

/* --- beside a model --- */

#define MODEL_MOST 8

/**
 * struct model - the same, naively
 * @claims: entries; the order says nothing
 * @expires: of each
 * @hidden: of each
 * @count: of them
 */
struct model {
	struct lease_claim claims[MODEL_MOST];
	uint64_t expires[MODEL_MOST];
	bool hidden[MODEL_MOST];
	int count;
};

static bool same_end(const struct lease_claim *a, const struct lease_claim *b)
{
	return memcmp(a->end.address, b->end.address, 16) == 0 && a->end.port == b->end.port &&
	       a->end.protocol == b->end.protocol;
}

static bool same_name(const struct lease_claim *a, const struct lease_claim *b)
{
	return a->name.length == b->name.length &&
	       memcmp(a->name.text, b->name.text, a->name.length) == 0;
}

static bool same_token(const struct lease_claim *a, const struct lease_claim *b)
{
	return memcmp(a->token, b->token, LEASE_TOKEN_LENGTH) == 0;
}

static void model_drop(struct model *m, int i)
{
	m->count--;
	m->claims[i] = m->claims[m->count];
	m->expires[i] = m->expires[m->count];
	m->hidden[i] = m->hidden[m->count];
}

static void model_expire(struct model *m, uint64_t now)
{
	for (int i = m->count - 1; i >= 0; i--)
		if (m->expires[i] <= now)
			model_drop(m, i);
}

static int model_find(const struct model *m, const struct lease_claim *c)
{
	for (int i = 0; i < m->count; i++)
		if (same_end(&m->claims[i], c) && same_name(&m->claims[i], c) &&
		    m->claims[i].version == c->version && same_token(&m->claims[i], c))
			return i;
	return -1;
}

static enum lease_outcome model_register(struct model *m, const struct lease_claim *c,
					 uint64_t now)
{
	int i = model_find(m, c), named = 0, own = 0, others = 0;

	if (i >= 0) {
		if (c->stamp < m->claims[i].stamp ||
		    (c->stamp == m->claims[i].stamp && m->hidden[i]))
			return LEASE_STALE;
		if (c->stamp > m->claims[i].stamp) {
			m->claims[i] = *c;
			m->expires[i] = now + c->lease;
			m->hidden[i] = false;
		}
		return LEASE_OK;
	}
	for (i = 0; i < m->count; i++) {
		bool other = same_end(&m->claims[i], c) && !same_token(&m->claims[i], c);

		if (other && c->stamp <= m->claims[i].stamp)
			return LEASE_STALE;
		others += other;
		own += same_end(&m->claims[i], c) && !other;
		named += same_name(&m->claims[i], c) && !other;
	}
	if (m->count - others >= MODEL_MOST)
		return LEASE_FULL;
	if (named >= 4)
		return LEASE_NAME_FULL;
	if (own >= 3)
		return LEASE_END_FULL;
	for (i = m->count - 1; i >= 0; i--)
		if (same_end(&m->claims[i], c) && !same_token(&m->claims[i], c))
			model_drop(m, i);
	m->claims[m->count] = *c;
	m->expires[m->count] = now + c->lease;
	m->hidden[m->count++] = false;
	return LEASE_OK;
}

static enum lease_outcome model_renew(struct model *m, const struct lease_claim *c, uint64_t now)
{
	int i = model_find(m, c);

	if (i < 0 || m->hidden[i])
		return LEASE_GONE;
	if (c->stamp > m->claims[i].stamp) {
		m->claims[i] = *c;
		m->expires[i] = now + c->lease;
	}
	return c->stamp < m->claims[i].stamp ? LEASE_STALE : LEASE_OK;
}

static enum lease_outcome model_unregister(struct model *m, const struct lease_claim *c)
{
	int i = model_find(m, c);

	if (i < 0)
		return LEASE_OK;
	if (c->stamp < m->claims[i].stamp || (c->stamp == m->claims[i].stamp && !m->hidden[i]))
		return LEASE_STALE;
	m->claims[i].stamp = c->stamp;
	m->hidden[i] = true;
	return LEASE_OK;
}

static const char *const names[] = { "a", "b", "c" };

static void compare_lookup(struct lease_table *t, struct model *m, uint64_t now, uint64_t *rng)
{
	const char *text = names[tap_next(rng) % 3];
	uint32_t version = tap_next(rng) % 3;
	struct lease_name name = name_of(text);
	struct lease_found found[MODEL_MOST];
	size_t wanted = 0, got;

	for (int i = 0; i < m->count; i++)
		wanted += m->claims[i].name.text[0] == *text && !m->hidden[i] &&
			  (!version || m->claims[i].version == version);
	got = lease_lookup(t, &name, version, 0, now, found, MODEL_MOST);
	CHECK_EQ(got, wanted);
	for (size_t k = 0; k < got; k++) {
		bool there = false;

		for (int i = 0; i < m->count; i++)
			there = there || (m->claims[i].name.text[0] == *text && !m->hidden[i] &&
					  m->claims[i].end.port == found[k].end.port &&
					  m->claims[i].version == found[k].version &&
					  m->expires[i] - now == found[k].left);
		CHECK(there, "port %u is found, but is not there", found[k].end.port);
	}
}

static void one_step(struct lease_table *t, struct model *m, uint64_t *now, uint64_t *rng)
{
	struct lease_claim c = claim_of(names[tap_next(rng) % 3], 1 + tap_next(rng) % 4,
					1 + tap_next(rng) % 2, 1 + tap_next(rng) % 40,
					LEASE_LEAST_MS + tap_next(rng) % 200);
	enum lease_outcome got, want;
	struct lease_result result;

	c.version = 1 + tap_next(rng) % 2;
	*now += tap_next(rng) % 8 ? tap_next(rng) % 10 : tap_next(rng) % 200;
	model_expire(m, *now);
	switch (tap_next(rng) % 8) {
	case 0: case 1: case 2:
		want = model_register(m, &c, *now);
		got = lease_register(t, &c, *now, &result);
		break;
	case 3: case 4:
		want = model_renew(m, &c, *now);
		got = lease_renew(t, &c, *now, &result);
		break;
	case 5:
		want = model_unregister(m, &c);
		got = lease_unregister(t, &c, *now, &result);
		break;
	default:
		compare_lookup(t, m, *now, rng);
		return;
	}
	CHECK_EQ(got, want);
}

static void ten_thousand_random_workloads_go_as_the_model_says(void)
{
	uint64_t rng = tap_seed();

	for (int workload = 0; workload < 10000; workload++) {
		struct lease_table *t = table_of(MODEL_MOST, 4, 3, false);
		struct model m = { .count = 0 };
		uint64_t now = NOW;

		for (int i = 0; i < 40; i++) {
			const char *broken;

			one_step(t, &m, &now, &rng);
			broken = lease_audit(t);
			CHECK(!broken, "%s in workload %d", broken, workload);
			CHECK_EQ(lease_counts(t, now).entries, m.count);
		}
		lease_table_free(t);
	}
}

int main(void)
{
	RUN(a_registration_is_found_until_its_lease_ends);
	RUN(leases_are_kept_within_bounds);
	RUN(a_renewal_prolongs_but_makes_nothing);
	RUN(invariant_3_what_was_seen_before_prolongs_nothing);
	RUN(invariant_4_a_late_registration_does_not_undo_unregistering);
	RUN(a_hidden_entry_goes_when_its_lease_ends);
	RUN(unregistering_what_is_not_there_is_done_already);
	RUN(invariant_2_a_newer_owner_takes_the_end_point);
	RUN(the_same_port_of_another_protocol_or_address_is_another_end_point);
	RUN(invariant_5_limits_hold_and_a_take_over_needs_no_room);
	RUN(lookups_select_by_version_and_protocol);
	RUN(servers_of_a_name_take_turns);
	RUN(one_of_two_protocols_takes_turns_too);
	RUN(a_list_shows_what_stays_once_whatever_comes_and_goes);
	RUN(hard_entries_do_not_expire_but_hidden_ones_do);
	RUN(names_are_letters_digits_and_some_signs_inside);
	RUN(ten_thousand_random_workloads_go_as_the_model_says);
	return tap_done();
}
