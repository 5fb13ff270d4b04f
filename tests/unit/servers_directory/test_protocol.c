// SPDX-License-Identifier: GPL-2.0-only
/* Messages: there and back, and every way of being cut short or spoilt. */
#include "claims.h"
#include "protocol.h"
#include "tap.h"

static struct protocol_question claim_question(enum protocol_operation operation)
{
	struct protocol_question q = { .operation = operation, .id = 0x0123456789abcdef };

	q.claim = claim_of("web.front-1", 8080, 0xa5, 0xfedcba9876543210, 1500);
	return q;
}

static struct protocol_question lookup_question(void)
{
	struct protocol_question q = { .operation = PROTOCOL_LOOKUP, .id = 7 };

	q.name = name_of("web");
	q.version = 3;
	q.protocol = LEASE_UDP;
	return q;
}

/* Reads a message from a block of its own size, so that ASan sees a read beyond it. */
static enum protocol_status read_block(const uint8_t *data, size_t length,
				       struct protocol_question *q)
{
	uint8_t *block = malloc(length);
	enum protocol_status status = PROTOCOL_MALFORMED;

	memcpy(block, data, length);
	if (protocol_is_question(block, length))
		status = protocol_read_question(block, length, q);
	free(block);
	return status;
}

static void the_layout_is_what_the_picture_says(void)
{
	static const uint8_t lookup[] = { 'V', 'D', 1, 4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0,
					  0, 0, 0, 3, 2, 3, 0, 0, 'w', 'e', 'b' };
	struct protocol_question q = lookup_question();
	uint8_t out[PROTOCOL_QUESTION_MOST];

	CHECK_EQ(protocol_write_question(&q, out, sizeof(out), 0), sizeof(lookup));
	CHECK(!memcmp(out, lookup, sizeof(lookup)), "other octets");
	q = claim_question(PROTOCOL_REGISTER);
	CHECK_EQ(protocol_write_question(&q, out, sizeof(out), 0), 16 + 52 + 11);
	CHECK(!memcmp(out + 16, "\0\0\0\1\1\013\x1f\x90", 8), "version, protocol, length, port");
	CHECK(!memcmp(out + 16 + 40, "\xfe\xdc\xba\x98\x76\x54\x32\x10\0\0\5\xdc" "web.f", 17),
	      "stamp, lease, name");
}

static void claims_come_back_as_they_went(void)
{
	for (int op = PROTOCOL_REGISTER; op <= PROTOCOL_UNREGISTER; op++) {
		struct protocol_question q = claim_question(op), back = { 0 };
		uint8_t out[PROTOCOL_QUESTION_MOST];
		size_t length = protocol_write_question(&q, out, sizeof(out), 200);

		CHECK_EQ(length, 200);
		CHECK_EQ(read_block(out, length, &back), PROTOCOL_OK);
		CHECK_EQ(back.operation, op);
		CHECK_EQ(back.id, q.id);
		CHECK_EQ(back.claim.version, q.claim.version);
		CHECK_EQ(back.claim.stamp, q.claim.stamp);
		CHECK_EQ(back.claim.lease, q.claim.lease);
		CHECK_EQ(back.claim.end.port, q.claim.end.port);
		CHECK_EQ(back.claim.end.protocol, q.claim.end.protocol);
		CHECK(!memcmp(back.claim.end.address, q.claim.end.address, 16), "address");
		CHECK(!memcmp(back.claim.token, q.claim.token, 16), "token");
		CHECK_EQ(back.claim.name.length, q.claim.name.length);
		CHECK(!memcmp(back.claim.name.text, q.claim.name.text, 11), "name");
	}
}

static void every_truncation_of_a_question_is_refused(void)
{
	struct protocol_question questions[] = { claim_question(PROTOCOL_REGISTER),
						 lookup_question(),
						 { .operation = PROTOCOL_LIST, .cursor = 5 } };

	for (int i = 0; i < 3; i++) {
		uint8_t out[PROTOCOL_QUESTION_MOST];
		size_t length = protocol_write_question(&questions[i], out, sizeof(out), 0);
		struct protocol_question back;

		CHECK_EQ(read_block(out, length, &back), PROTOCOL_OK);
		for (size_t cut = 1; cut < length; cut++)
			CHECK(read_block(out, cut, &back) != PROTOCOL_OK, "%zu octets", cut);
	}
}

static void spoilt_questions_are_refused(void)
{
	static const struct {
		size_t at;
		uint8_t to;
		enum protocol_status status;
		const char *what;
	} spoils[] = {
		{ 0, 'v', PROTOCOL_MALFORMED, "magic" },
		{ 1, 'd', PROTOCOL_MALFORMED, "magic" },
		{ 2, 2, PROTOCOL_OTHER_VERSION, "version" },
		{ 3, 0, PROTOCOL_MALFORMED, "operation 0" },
		{ 3, PROTOCOL_OPERATIONS, PROTOCOL_MALFORMED, "operation after the last" },
		{ 3, 0x81, PROTOCOL_MALFORMED, "an answer" },
		{ 12, 1, PROTOCOL_MALFORMED, "a status" },
		{ 13, 1, PROTOCOL_MALFORMED, "flags" },
		{ 15, 1, PROTOCOL_MALFORMED, "reserved" },
		{ 19, 0, PROTOCOL_MALFORMED, "version 0 of a service" },
		{ 20, 0, PROTOCOL_MALFORMED, "no protocol" },
		{ 20, 3, PROTOCOL_MALFORMED, "protocol after the last" },
		{ 21, 0, PROTOCOL_MALFORMED, "no name" },
		{ 21, 64, PROTOCOL_MALFORMED, "a long name" },
		{ 21, 255, PROTOCOL_MALFORMED, "a name beyond the end" },
		{ 21, 10, PROTOCOL_MALFORMED, "something behind the name" },
		{ 68, '-', PROTOCOL_MALFORMED, "a name that is none" },
		{ 90, 1, PROTOCOL_MALFORMED, "padding that is not 0" },
	};
	struct protocol_question q = claim_question(PROTOCOL_REGISTER), back;

	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		uint8_t out[PROTOCOL_QUESTION_MOST];
		size_t length = protocol_write_question(&q, out, sizeof(out), 100);

		out[spoils[i].at] = spoils[i].to;
		CHECK(read_block(out, length, &back) == spoils[i].status, "%s", spoils[i].what);
	}
}

static void a_claim_has_a_port_and_a_stamp(void)
{
	struct protocol_question q = claim_question(PROTOCOL_REGISTER), back;
	uint8_t out[PROTOCOL_QUESTION_MOST];

	q.claim.end.port = 0;
	CHECK_EQ(read_block(out, protocol_write_question(&q, out, sizeof(out), 0), &back),
		 PROTOCOL_MALFORMED);
	q = claim_question(PROTOCOL_REGISTER);
	q.claim.stamp = 0;
	CHECK_EQ(read_block(out, protocol_write_question(&q, out, sizeof(out), 0), &back),
		 PROTOCOL_MALFORMED);
}

static void a_lookup_that_is_spoilt_is_refused(void)
{
	struct protocol_question q = lookup_question(), back;
	uint8_t out[PROTOCOL_QUESTION_MOST];
	size_t length = protocol_write_question(&q, out, sizeof(out), 0);

	out[20] = LEASE_PROTOCOLS;
	CHECK_EQ(read_block(out, length, &back), PROTOCOL_MALFORMED);
	out[20] = 0;
	CHECK_EQ(read_block(out, length, &back), PROTOCOL_OK);
	out[23] = 1;
	CHECK_EQ(read_block(out, length, &back), PROTOCOL_MALFORMED);
	out[23] = 0;
	out[21] = 4;
	CHECK_EQ(read_block(out, length, &back), PROTOCOL_MALFORMED);
}

static void a_question_is_as_long_as_a_datagram_at_most(void)
{
	struct protocol_question q = lookup_question(), back;
	uint8_t out[PROTOCOL_QUESTION_MOST + 1] = { 0 };

	CHECK_EQ(protocol_write_question(&q, out, PROTOCOL_QUESTION_MOST, PROTOCOL_QUESTION_MOST),
		 PROTOCOL_QUESTION_MOST);
	CHECK_EQ(read_block(out, PROTOCOL_QUESTION_MOST, &back), PROTOCOL_OK);
	CHECK_EQ(read_block(out, PROTOCOL_QUESTION_MOST + 1, &back), PROTOCOL_MALFORMED);
	CHECK_EQ(protocol_write_question(&q, out, 26, 0), 0);
	CHECK_EQ(protocol_write_question(&q, out, 27, 28), 0);
	CHECK_EQ(protocol_write_question(&q, out, 27, 27), 27);
}

static void answers_over_udp_are_no_flood(void)
{
	CHECK_EQ(protocol_answer_room(16), 48);
	CHECK_EQ(protocol_answer_room(399), 1197);
	CHECK_EQ(protocol_answer_room(401), PROTOCOL_DATAGRAM_MOST);
	CHECK_EQ(protocol_answer_room(1200), PROTOCOL_DATAGRAM_MOST);
}

/* Every truncation of an answer, and it with one octet more, must be refused. */
static void check_cuts(const uint8_t *out, size_t length)
{
	struct protocol_answer a;

	for (size_t cut = 0; cut <= length + 1; cut++) {
		uint8_t *block = calloc(1, cut ? cut : 1);
		bool read;

		memcpy(block, out, cut < length ? cut : length);
		read = protocol_read_answer(block, cut, &a);
		free(block);
		CHECK(read == (cut == length), "%zu of %zu octets", cut, length);
	}
}

static void grants_come_back(void)
{
	struct protocol_question q = claim_question(PROTOCOL_RENEW);
	uint8_t out[100], address[16] = { 1, [15] = 2 };
	struct protocol_writer w;
	struct protocol_answer a;

	protocol_begin(&w, out, sizeof(out), &q, PROTOCOL_STALE);
	CHECK(protocol_put_grant(&w, 9, 1500, address), "it fits");
	check_cuts(out, w.used);
	CHECK(protocol_read_answer(out, w.used, &a), "it is one");
	CHECK_EQ(a.operation, PROTOCOL_RENEW);
	CHECK_EQ(a.id, q.id);
	CHECK_EQ(a.status, PROTOCOL_STALE);
	CHECK_EQ(a.stamp, 9);
	CHECK_EQ(a.lease, 1500);
	CHECK(!memcmp(a.address, address, 16), "address");
}

static void lookups_come_back(void)
{
	struct protocol_question q = lookup_question();
	struct lease_found found = { 3, claim_of("a", 5, 1, 1, 1).end, 77 }, back;
	struct protocol_writer w;
	struct protocol_answer a;
	uint8_t out[16 + 4 + 2 * PROTOCOL_END + PROTOCOL_END - 1];

	protocol_begin(&w, out, sizeof(out), &q, PROTOCOL_OK);
	protocol_lookup_head(&w, 0, 0);
	CHECK(protocol_put_found(&w, &found) && protocol_put_found(&w, &found), "two fit");
	CHECK(!protocol_put_found(&w, &found), "a third does not");
	protocol_lookup_head(&w, 3, 2);
	protocol_set_truncated(&w);
	check_cuts(out, w.used);
	CHECK(protocol_read_answer(out, w.used, &a), "it is one");
	CHECK(a.truncated, "more than fits");
	CHECK_EQ(a.total, 3);
	CHECK_EQ(a.count, 2);
	CHECK(protocol_next_found(&a, &back) && protocol_next_found(&a, &back), "two");
	CHECK(!protocol_next_found(&a, &back), "and no third");
	CHECK_EQ(back.version, 3);
	CHECK_EQ(back.end.port, 5);
	CHECK_EQ(back.left, 77);
}

static void lists_come_back(void)
{
	struct protocol_question q = { .operation = PROTOCOL_LIST };
	struct lease_claim claim = claim_of("name", 5, 1, 1, 1);
	struct lease_found found;
	struct lease_name name;
	struct protocol_writer w;
	struct protocol_answer a;
	uint8_t out[200];

	protocol_begin(&w, out, sizeof(out), &q, PROTOCOL_OK);
	protocol_list_head(&w, 0, 0, 0);
	CHECK(protocol_put_listed(&w, &claim, 8), "it fits");
	protocol_list_head(&w, 70000, 80000, 1);
	check_cuts(out, w.used);
	CHECK(protocol_read_answer(out, w.used, &a), "it is one");
	CHECK_EQ(a.cursor, 70000);
	CHECK_EQ(a.total, 80000);
	CHECK(protocol_next_listed(&a, &found, &name), "one");
	CHECK_EQ(name.length, 4);
	CHECK(!memcmp(name.text, "name", 4), "its name");
	CHECK_EQ(found.left, 8);
}

static void numbers_come_back(void)
{
	struct protocol_question q = { .operation = PROTOCOL_STATS };
	struct protocol_writer w;
	struct protocol_answer a;
	uint64_t number;
	uint8_t out[16 + 4 + 8];

	protocol_begin(&w, out, sizeof(out), &q, PROTOCOL_OK);
	protocol_stats_head(&w, 0);
	CHECK(protocol_put_number(&w, 1ull << 60 | 5), "it fits");
	CHECK(!protocol_put_number(&w, 1), "another does not");
	protocol_stats_head(&w, 1);
	check_cuts(out, w.used);
	CHECK(protocol_read_answer(out, w.used, &a), "it is one");
	CHECK(protocol_next_number(&a, &number), "one");
	CHECK_EQ(number, 1ull << 60 | 5);
}

static void refusals_have_no_body(void)
{
	struct protocol_question q = lookup_question();
	struct protocol_writer w;
	struct protocol_answer a;
	uint8_t out[100];

	for (int status = 0; status <= PROTOCOL_STATUSES; status++) {
		protocol_begin(&w, out, sizeof(out), &q, status);
		CHECK_EQ(w.used, PROTOCOL_HEADER);
		CHECK(protocol_read_answer(out, w.used, &a) ==
		      (status != PROTOCOL_OK && status != PROTOCOL_STALE &&
		       status < PROTOCOL_STATUSES), "status %d", status);
	}
	CHECK(!protocol_is_question(out, w.used), "an answer is no question");
}

static void no_spoilt_octet_is_read_beyond_the_end(void)
{
	struct protocol_question q = claim_question(PROTOCOL_REGISTER), back;
	uint8_t out[PROTOCOL_QUESTION_MOST];
	size_t length = protocol_write_question(&q, out, sizeof(out), 0);
	uint64_t rng = tap_seed();
	struct protocol_answer a;

	for (int i = 0; i < 20000; i++) {
		uint8_t *block = malloc(length);

		memcpy(block, out, length);
		for (int k = 0; k < 3; k++)
			block[tap_next(&rng) % length] = tap_next(&rng);
		if (protocol_is_question(block, length))
			protocol_read_question(block, length, &back);
		block[3] |= PROTOCOL_ANSWER;
		protocol_read_answer(block, length, &a);
		free(block);
	}
}

int main(void)
{
	RUN(the_layout_is_what_the_picture_says);
	RUN(claims_come_back_as_they_went);
	RUN(every_truncation_of_a_question_is_refused);
	RUN(spoilt_questions_are_refused);
	RUN(a_claim_has_a_port_and_a_stamp);
	RUN(a_lookup_that_is_spoilt_is_refused);
	RUN(a_question_is_as_long_as_a_datagram_at_most);
	RUN(answers_over_udp_are_no_flood);
	RUN(grants_come_back);
	RUN(lookups_come_back);
	RUN(lists_come_back);
	RUN(numbers_come_back);
	RUN(refusals_have_no_body);
	RUN(no_spoilt_octet_is_read_beyond_the_end);
	return tap_done();
}
