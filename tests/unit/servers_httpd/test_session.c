// SPDX-License-Identifier: GPL-2.0
/* One session: its records, what changes them, and requests that come twice. */
#include "tap.h"
#include "session_requests.h"

static struct session s;

static void values_are_found_changed_and_deleted(void)
{
	s.length = 0;
	CHECK_EQ(apply(&s, put_change("a", "one")), 201);
	CHECK_EQ(apply(&s, put_change("b", "")), 201);
	CHECK_EQ(apply(&s, put_change("a", "two")), 204);
	CHECK(has(&s, "a", "two") && has(&s, "b", "") && has(&s, "A", NULL), "not what was put");
	CHECK_EQ(apply(&s, delete_change("a")), 204);
	CHECK(has(&s, "a", NULL) && has(&s, "b", ""), "not what was left");
	CHECK_EQ(apply(&s, delete_change("a")), 204);
	CHECK_EQ(s.length, 4 + 1);
}

static void a_counter_counts_and_is_a_number(void)
{
	struct session_change change = add_change("n", 5, "");

	s.length = 0;
	CHECK(session_apply(&s, &change), "nothing was changed");
	CHECK_EQ(change.sum, 5);
	CHECK_EQ(apply(&s, put_change("n", "18446744073709551610")), 204);
	CHECK_EQ(apply(&s, add_change("n", 6, "")), 409);
	change = add_change("n", 5, "");
	CHECK(session_apply(&s, &change), "nothing was changed");
	CHECK(has(&s, "n", "18446744073709551615"), "not the sum");
	CHECK_EQ(apply(&s, put_change("w", "word")), 201);
	CHECK_EQ(apply(&s, add_change("w", 1, "")), 409);
	CHECK_EQ(apply(&s, put_change("w", "00000000000000000000001")), 204);
	CHECK_EQ(apply(&s, add_change("w", 1, "")), 409);
	CHECK(has(&s, "w", "00000000000000000000001"), "it was changed");
}

static void s2_what_does_not_fit_changes_nothing(void)
{
	static char value[SESSION_MOST + 2];
	struct session before;

	memset(value, 'x', sizeof(value) - 1);
	s.length = 0;
	CHECK_EQ(apply(&s, put_change("key", value)), 413);
	value[SESSION_MOST - 4 - 3 + 1] = '\0';
	CHECK_EQ(apply(&s, put_change("key", value)), 413);
	value[SESSION_MOST - 4 - 3] = '\0';
	CHECK_EQ(apply(&s, put_change("key", value)), 201);
	CHECK_EQ(s.length, SESSION_MOST);
	before = s;
	CHECK_EQ(apply(&s, put_change("b", "")), 413);
	CHECK_EQ(apply(&s, add_change("n", 1, "")), 413);
	CHECK(!memcmp(&before, &s, sizeof(s)), "it was changed");
	CHECK_EQ(apply(&s, put_change("key", "")), 204);
	CHECK_EQ(s.length, 4 + 3);

	/* A value that fits alone, but not with the memory of its request. */
	struct session_change named = put_change("key", value);

	named.request = text("r");
	CHECK(!session_apply(&s, &named), "it fits");
	CHECK_EQ(named.status, 413);
	CHECK(has(&s, "key", ""), "it was changed");
}

static void s3_a_named_request_is_done_once(void)
{
	struct session_change again = add_change("n", 2, "r1");

	s.length = 0;
	CHECK_EQ(apply(&s, add_change("n", 2, "r1")), 200);
	CHECK_EQ(apply(&s, add_change("n", 2, "")), 200);
	CHECK(!session_apply(&s, &again) && again.repeated, "it was done again");
	CHECK_EQ(again.status, 200);
	CHECK_EQ(again.sum, 2);
	CHECK(has(&s, "n", "4"), "it was done again");

	/* The name is taken, whatever differs. */
	CHECK_EQ(apply(&s, add_change("n", 3, "r1")), 422);
	CHECK_EQ(apply(&s, add_change("m", 2, "r1")), 422);
	CHECK_EQ(apply(&s, add_change("z", 0, "zero")), 200);
	again = delete_change("z");
	again.request = text("zero");
	CHECK_EQ(apply(&s, again), 422);
	again = put_change("n", "2");
	again.request = text("r1");
	CHECK_EQ(apply(&s, again), 422);
	CHECK(has(&s, "n", "4") && has(&s, "m", NULL), "it was done");

	again = put_change("p", "2");
	again.request = text("r2");
	CHECK_EQ(apply(&s, again), 201);
	CHECK_EQ(apply(&s, again), 201);
	again.value = text("3");
	CHECK_EQ(apply(&s, again), 422);
}

static void what_was_refused_is_not_remembered(void)
{
	s.length = 0;
	apply(&s, put_change("n", "word"));
	CHECK_EQ(apply(&s, add_change("n", 1, "r")), 409);
	apply(&s, put_change("n", "1"));
	CHECK_EQ(apply(&s, add_change("n", 1, "r")), 200);
	CHECK(has(&s, "n", "2"), "it was not done");
}

static void the_last_requests_are_remembered(void)
{
	char name[16];

	s.length = 0;
	for (int i = 0; i <= SESSION_REQUESTS; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		CHECK_EQ(apply(&s, add_change("n", 1, name)), 200);
	}
	for (int i = 1; i <= SESSION_REQUESTS; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		CHECK_EQ(apply(&s, add_change("n", 1, name)), 200);
	}
	CHECK(has(&s, "n", "9"), "one of the last was done again");
	CHECK_EQ(apply(&s, add_change("n", 1, "r0")), 200);
	CHECK(has(&s, "n", "10"), "one was remembered for ever");
}

static void older_requests_give_way_to_values(void)
{
	static char value[SESSION_MOST];
	struct session_change change = put_change("v", value);

	s.length = 0;
	for (int i = 0; i < SESSION_REQUESTS; i++)
		apply(&s, add_change("n", 1, (char[]){ 'a' + i, '\0' }));
	memset(value, 'x', SESSION_MOST - 100);
	change.value = text(value);
	change.request = text("last");
	CHECK_EQ(apply(&s, change), 413);
	memset(value, 0, sizeof(value));
	memset(value, 'x', SESSION_MOST - 4 - 1 - (4 + 1 + 1) - SESSION_REQUESTS * (4 + 1 + 24));
	change.value = text(value);
	CHECK_EQ(apply(&s, change), 201);
	CHECK_EQ(apply(&s, change), 201);
	CHECK_EQ(apply(&s, add_change("n", 0, "")), 200);
}

static void names(void)
{
	char most[SESSION_NAME_MOST + 2];

	memset(most, 'k', sizeof(most));
	CHECK(session_name_sound((struct http_text){ most, SESSION_NAME_MOST }), "the longest");
	CHECK(!session_name_sound((struct http_text){ most, SESSION_NAME_MOST + 1 }), "longer");
	CHECK(!session_name_sound(text("")), "empty");
	CHECK(session_name_sound(text("azAZ09-._~")), "all there are");
	for (int c = 0; c < 256; c++) {
		char name = (char)c;
		bool good = c && c < 128 && strchr("-._~", c);

		good = good || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		CHECK(session_name_sound((struct http_text){ &name, 1 }) == good, "octet %d", c);
	}
}

static void what_is_damaged_is_not_loaded(void)
{
	struct session loaded;

	s.length = 0;
	apply(&s, put_change("a", "one"));
	apply(&s, add_change("bc", 7, "request"));
	CHECK(session_load(&loaded, s.data, s.length) && !memcmp(&s, &loaded, 2 + s.length), "what is sound");
	CHECK(session_load(&loaded, s.data, 0) && !loaded.length, "nothing");
	for (size_t n = 1; n < s.length; n++) {
		char *copy = malloc(n);
		bool whole = n == 4 + 1 + 3 || n == 4 + 1 + 3 + 4 + 2 + 1;

		memcpy(copy, s.data, n);
		CHECK(session_load(&loaded, copy, n) == whole, "cut at %zu", n);
		CHECK(whole || !loaded.length, "something was taken");
		free(copy);
	}
	for (size_t n = 0; n < 8u * s.length; n++) {
		struct session_record record;
		struct session flipped = s;

		flipped.data[n / 8] ^= 1 << n % 8;
		if (!session_load(&loaded, flipped.data, flipped.length))
			continue;
		for (size_t at = 0; session_next(&loaded, &at, &record);)
			CHECK(session_name_sound(record.name), "a name that is none");
	}
	CHECK(!session_load(&loaded, s.data, SESSION_MOST + 1), "more than a session has");
	CHECK(!session_load(&loaded, "\1\1\0\0a\1\1\0\0a", 10), "S1: the same name twice");
	CHECK(session_load(&loaded, "\1\1\0\0a\2\1\0\0a", 10), "the same name of two kinds");
	CHECK(!session_load(&loaded, "\3\1\0\0a", 5) && !loaded.length, "a kind that there is not");
	/* A name behind the end of all there can be. */
	memset(&s, 'k', sizeof(s));
	memcpy(s.data, "\1\1\x0f\xf7k", 5);
	memcpy(s.data + SESSION_MOST - 4, "\1\100\0\0", 4);
	CHECK(!session_load(&loaded, s.data, SESSION_MOST), "a name beyond the end");
}

/* Against a list of strings. */
static void a_random_session_is_what_was_done_to_it(void)
{
	static char model[6][64];
	uint64_t state = tap_seed();

	s.length = 0;
	memset(model, 0xff, sizeof(model));
	for (int i = 0; i < 20000; i++) {
		unsigned int k = tap_next(&state) % 6, verb = tap_next(&state) % 4;
		char key[] = { (char)('a' + k), '\0' };
		char value[64] = "";

		if (verb < 2) {
			memset(value, '0' + i % 10, tap_next(&state) % 60);
			CHECK_EQ(apply(&s, put_change(key, value)), model[k][0] == -1 ? 201 : 204);
			strcpy(model[k], value);
		} else if (verb == 2) {
			CHECK_EQ(apply(&s, delete_change(key)), 204);
			model[k][0] = -1;
		} else if (apply(&s, add_change(key, 1, "")) == 200) {
			CHECK(model[k][0] == -1 || strlen(model[k]) <= 20, "%s is a number", model[k]);
			snprintf(model[k], 64, "%llu",
				 model[k][0] == -1 ? 1 : strtoull(model[k], NULL, 10) + 1);
		}
		for (k = 0; k < 6; k++)
			CHECK(has(&s, (char[]){ (char)('a' + k), '\0' }, model[k][0] == -1 ? NULL : model[k]),
			      "step %d, key %u", i, k);
	}
}

int main(void)
{
	RUN(values_are_found_changed_and_deleted);
	RUN(a_counter_counts_and_is_a_number);
	RUN(s2_what_does_not_fit_changes_nothing);
	RUN(s3_a_named_request_is_done_once);
	RUN(what_was_refused_is_not_remembered);
	RUN(the_last_requests_are_remembered);
	RUN(older_requests_give_way_to_values);
	RUN(names);
	RUN(what_is_damaged_is_not_loaded);
	RUN(a_random_session_is_what_was_done_to_it);
	return tap_done();
}
