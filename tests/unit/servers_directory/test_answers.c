// SPDX-License-Identifier: GPL-2.0-only
/* From question to answer, without a socket. */
#include "claims.h"
#include "directory.h"
#include "tap.h"

static const uint8_t localhost[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
static const uint8_t elsewhere[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };

/**
 * struct asked - a question and its answer
 * @d: who answers
 * @out: the answer
 * @length: its octets
 * @a: it
 */
struct asked {
	struct directory d;
	uint8_t out[PROTOCOL_MESSAGE_MOST];
	int length;
	struct protocol_answer a;
};

static struct asked *asked_new(uint32_t entries)
{
	struct asked *s = calloc(1, sizeof(*s));

	s->d.table = table_of(entries, entries, entries, false);
	return s;
}

static void asked_free(struct asked *s)
{
	lease_table_free(s->d.table);
	free(s);
}

/* Ask in a datagram of @least octets; @tcp: with all the room there is. */
static enum protocol_status ask(struct asked *s, struct protocol_question q,
				const uint8_t sender[16], size_t least, bool tcp)
{
	uint8_t message[PROTOCOL_QUESTION_MOST];
	size_t length = protocol_write_question(&q, message, sizeof(message), least);
	size_t room = tcp ? PROTOCOL_MESSAGE_MOST : protocol_answer_room(length);
	struct error err;

	s->length = directory_answer(&s->d, sender, message, length, s->out, room, 1000, &err);
	CHECK(s->length > 0 && (size_t)s->length <= room, "%d octets", s->length);
	CHECK(protocol_read_answer(s->out, s->length, &s->a), "an answer that is none");
	CHECK_EQ(s->a.id, q.id);
	return s->a.status;
}

static struct protocol_question registration(uint16_t port)
{
	return (struct protocol_question){ .operation = PROTOCOL_REGISTER, .id = port,
					   .claim = claim_of("web", port, 1, port, 500) };
}

static struct protocol_question lookup(void)
{
	return (struct protocol_question){ .operation = PROTOCOL_LOOKUP, .name = name_of("web") };
}

static void a_server_registers_its_own_address_only(void)
{
	struct asked *s = asked_new(8);
	struct protocol_question q = registration(80);

	CHECK_EQ(ask(s, q, elsewhere, 0, false), PROTOCOL_NOT_YOURS);
	memcpy(q.claim.end.address, elsewhere, 16);
	CHECK_EQ(ask(s, q, localhost, 0, false), PROTOCOL_NOT_YOURS);
	CHECK_EQ(ask(s, q, elsewhere, 0, false), PROTOCOL_OK);
	q = registration(81);
	q.claim.end.address[15] = 9;
	CHECK_EQ(ask(s, q, localhost, 0, false), PROTOCOL_OK);
	s->d.any_address = true;
	CHECK_EQ(ask(s, registration(82), elsewhere, 0, false), PROTOCOL_OK);
	CHECK_EQ(s->d.counts[DIRECTORY_refused], 2);
	asked_free(s);
}

static void an_address_left_open_is_the_senders(void)
{
	struct asked *s = asked_new(8);
	struct protocol_question q = registration(80);
	struct lease_found found;

	memset(q.claim.end.address, 0, 16);
	CHECK_EQ(ask(s, q, elsewhere, 0, false), PROTOCOL_OK);
	CHECK(!memcmp(s->a.address, elsewhere, 16), "the grant says so");
	CHECK_EQ(s->a.lease, 500);
	CHECK_EQ(s->a.stamp, 80);
	ask(s, lookup(), localhost, 0, false);
	CHECK(protocol_next_found(&s->a, &found), "it is found");
	CHECK(!memcmp(found.end.address, elsewhere, 16), "there");
	asked_free(s);
}

static void an_answer_over_udp_is_three_times_its_question_at_most(void)
{
	struct asked *s = asked_new(200);

	for (int port = 1; port <= 100; port++)
		ask(s, registration(port), localhost, 0, false);
	for (size_t least = 0; least <= PROTOCOL_QUESTION_MOST; least++) {
		ask(s, lookup(), localhost, least, false);
		CHECK(s->a.truncated, "100 do not fit");
		CHECK_EQ(s->a.total, 100);
		CHECK(s->length <= (int)(3 * (least > 27 ? least : 27)), "too long");
	}
	CHECK_EQ(s->a.count, (PROTOCOL_DATAGRAM_MOST - 20) / PROTOCOL_END);
	ask(s, lookup(), localhost, 0, true);
	CHECK(!s->a.truncated, "but over TCP");
	CHECK_EQ(s->a.count, 100);
	asked_free(s);
}

static void a_list_comes_in_pages_that_fit(void)
{
	struct asked *s = asked_new(200);
	struct protocol_question q = { .operation = PROTOCOL_LIST };
	unsigned int listed = 0, pages = 0;

	for (int port = 1; port <= 100; port++)
		ask(s, registration(port), localhost, 0, false);
	do {
		ask(s, q, localhost, 400, false);
		CHECK_EQ(s->a.total, 100);
		CHECK(s->a.count > 0, "each has something");
		CHECK(s->a.truncated == (s->a.cursor != 0), "truncated: go on");
		listed += s->a.count;
		q.cursor = s->a.cursor;
		pages++;
	} while (q.cursor);
	CHECK_EQ(listed, 100);
	CHECK_EQ(pages, 3);
	asked_free(s);
}

static void a_page_without_room_says_that_there_is_more(void)
{
	struct asked *s = asked_new(8);
	struct protocol_question q = { .operation = PROTOCOL_LIST }, longer = registration(1);

	longer.claim.name = name_of("webs");
	ask(s, longer, localhost, 0, false);
	ask(s, q, localhost, 0, false);
	CHECK_EQ(s->a.count, 0);
	CHECK(s->a.truncated, "there is more");
	asked_free(s);
}

static void what_is_no_question_is_not_answered(void)
{
	struct asked *s = asked_new(8);
	uint8_t message[PROTOCOL_QUESTION_MOST];
	struct protocol_question q = lookup();
	size_t length = protocol_write_question(&q, message, sizeof(message), 0);
	struct error err;

	for (size_t cut = 0; cut < PROTOCOL_HEADER; cut++) {
		int said = directory_answer(&s->d, localhost, message, cut, s->out, 1000, 0, &err);

		CHECK(!said, "%zu octets are answered", cut);
	}
	message[3] |= PROTOCOL_ANSWER;
	CHECK_EQ(directory_answer(&s->d, localhost, message, length, s->out, 1000, 0, &err), 0);
	message[3] &= ~PROTOCOL_ANSWER;
	message[0] = 'X';
	CHECK_EQ(directory_answer(&s->d, localhost, message, length, s->out, 1000, 0, &err), 0);
	message[0] = 'V';
	message[2] = 9;
	CHECK_EQ(directory_answer(&s->d, localhost, message, length, s->out, 1000, 0, &err),
		 PROTOCOL_HEADER);
	CHECK_EQ(s->out[2], PROTOCOL_VERSION);
	CHECK_EQ(s->out[12], PROTOCOL_OTHER_VERSION);
	CHECK_EQ(s->d.counts[DIRECTORY_ignored], PROTOCOL_HEADER + 2);
	CHECK_EQ(s->d.counts[DIRECTORY_malformed], 1);
	asked_free(s);
}

static void a_repeated_question_is_answered_the_same_and_done_once(void)
{
	struct asked *s = asked_new(8);
	uint8_t first[PROTOCOL_MESSAGE_MOST];
	int length;

	ask(s, registration(80), localhost, 0, false);
	length = s->length;
	memcpy(first, s->out, length);
	ask(s, registration(80), localhost, 0, false);
	CHECK(s->length == length && !memcmp(first, s->out, length), "another answer");
	CHECK_EQ(s->d.counts[DIRECTORY_repeated], 1);
	asked_free(s);
}

static void refusals_say_why(void)
{
	struct asked *s = asked_new(1);
	struct protocol_question q = registration(80);

	q.operation = PROTOCOL_RENEW;
	CHECK_EQ(ask(s, q, localhost, 0, false), PROTOCOL_GONE);
	ask(s, registration(80), localhost, 0, false);
	CHECK_EQ(ask(s, registration(81), localhost, 0, false), PROTOCOL_FULL);
	q.claim.stamp = 1;
	CHECK_EQ(ask(s, q, localhost, 0, false), PROTOCOL_STALE);
	CHECK_EQ(s->a.stamp, 80);
	asked_free(s);
}

static void statistics_count(void)
{
	struct asked *s = asked_new(8);
	uint64_t number = 0;

	ask(s, registration(80), localhost, 0, false);
	ask(s, (struct protocol_question){ .operation = PROTOCOL_STATS }, localhost, 400, false);
	CHECK_EQ(s->a.count, DIRECTORY_COUNT);
	for (int i = 0; i <= DIRECTORY_entries; i++)
		CHECK(protocol_next_number(&s->a, &number), "it is there");
	CHECK_EQ(number, 1);
	ask(s, (struct protocol_question){ .operation = PROTOCOL_STATS }, localhost, 0, false);
	CHECK(s->a.truncated, "a short question gets some of them");
	asked_free(s);
}

int main(void)
{
	RUN(a_server_registers_its_own_address_only);
	RUN(an_address_left_open_is_the_senders);
	RUN(an_answer_over_udp_is_three_times_its_question_at_most);
	RUN(a_list_comes_in_pages_that_fit);
	RUN(a_page_without_room_says_that_there_is_more);
	RUN(what_is_no_question_is_not_answered);
	RUN(a_repeated_question_is_answered_the_same_and_done_once);
	RUN(refusals_say_why);
	RUN(statistics_count);
	return tap_done();
}
