// SPDX-License-Identifier: GPL-2.0
/* Events: out of a ring, in order, into a file and back, and into slices. */
#include "tap.h"
#include "recording/ring.h"
#include "recording/timeline.h"
#include "scene.h"

#define CAPACITY 8

/**
 * struct model - a ring as the module keeps it
 * @page: its header
 * @records: behind it
 */
struct model {
	struct csched_ring page;
	struct csched_event records[CAPACITY];
};

static struct ring over(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->page.capacity = CAPACITY;
	m->page.record_size = sizeof(struct csched_event);
	return (struct ring){ .page = &m->page, .records = m->records };
}

static void put(struct model *m, int count)
{
	for (int i = 0; i < count; i++) {
		m->records[m->page.head % CAPACITY].time_ns = m->page.head;
		m->page.head++;
	}
}

static void a_ring_is_read_once_and_in_order(void)
{
	struct recording r = { .count = 0 };
	struct model m;
	struct ring ring = over(&m);
	struct error err;

	for (int round = 0; round < 5; round++) {
		put(&m, 5);
		CHECK_EQ(ring_drain(&ring, &r, &err), 0);
	}
	CHECK_EQ(ring_drain(&ring, &r, &err), 0);
	CHECK_EQ(r.count, 25);
	CHECK_EQ(r.lost, 0);
	for (size_t i = 0; i < r.count; i++)
		CHECK_EQ(r.events[i].time_ns, i);
	recording_free(&r);
}

/* The oldest record of a full ring may be being written: it does not count either. */
static void what_was_overwritten_is_counted(void)
{
	struct recording r = { .count = 0 };
	struct model m;
	struct ring ring = over(&m);
	struct error err;

	put(&m, 3 * CAPACITY + 2);
	CHECK_EQ(ring_drain(&ring, &r, &err), 0);
	CHECK_EQ(r.count, CAPACITY - 1);
	CHECK_EQ(r.lost, 2 * CAPACITY + 3);
	CHECK_EQ(r.events[0].time_ns, 2 * CAPACITY + 3);
	CHECK_EQ(r.events[r.count - 1].time_ns, 3 * CAPACITY + 1);
	recording_free(&r);
}

static void a_head_that_makes_no_sense_reads_nothing_beyond_the_ring(void)
{
	struct recording r = { .count = 0 };
	struct model m;
	struct ring ring = over(&m);
	struct error err;

	ring.tail = 100;	/* the head is behind */
	ring_drain(&ring, &r, &err);
	CHECK(r.count <= CAPACITY, "%zu events", r.count);
	recording_free(&r);
}

static void rings_merge_by_time_and_ties_keep_their_order(void)
{
	struct csched_event events[1000];
	struct error err;
	uint64_t seed = tap_seed();

	/* Four rings, each in order, with many equal times; pid counts within a time. */
	for (int ring = 0; ring < 4; ring++) {
		uint64_t now = 0;

		for (int i = 0; i < 250; i++) {
			now += tap_next(&seed) % 3 / 2;
			events[ring * 250 + i] = (struct csched_event){ .time_ns = now, .pid = ring * 250 + i };
		}
	}
	CHECK_EQ(events_sort(events, 1000, &err), 0);
	for (int i = 1; i < 1000; i++) {
		CHECK(events[i - 1].time_ns <= events[i].time_ns, "event %d is too early", i);
		CHECK(events[i - 1].time_ns < events[i].time_ns || events[i - 1].pid < events[i].pid,
		      "event %d has changed places with its equal", i);
	}
}

static char *as_file(const struct recording *r, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (!out || recording_write(r, out))
		abort();
	fclose(out);
	return text;
}

static void a_file_holds_all_of_it(void)
{
	struct recording r, back;
	struct error err;
	size_t size;
	char *file;

	scene_two_take_turns(&r);
	r.lost = 7;
	file = as_file(&r, &size);
	CHECK(!recording_parse(file, size, &back, &err), "%s", err.text);
	CHECK_EQ(back.begin_ns, r.begin_ns);
	CHECK_EQ(back.end_ns, r.end_ns);
	CHECK_EQ(back.lost, 7);
	CHECK_EQ(back.groups.count, 2);
	CHECK_EQ(back.count, r.count);
	CHECK(!memcmp(back.events, r.events, r.count * sizeof(*r.events)), "events differ");
	recording_free(&r);
	recording_free(&back);
	free(file);
}

/* Each byte wrong in turn, and each length: an error or a sound recording, never more. */
static void a_damaged_file_is_refused_or_harmless(void)
{
	struct recording r, back;
	struct error err;
	size_t size, refused = 0;
	char *file;

	scene_begin(&r, 2, 20);
	scene_group(&r, 3, "one", "credit");
	scene_event(&r, 1, CSCHED_EVENT_PICK, 3, 10, 1);
	scene_event(&r, 9, CSCHED_EVENT_BLOCK, 3, 10, 1);
	scene_end(&r);
	file = as_file(&r, &size);
	for (size_t i = 0; i < size; i++) {
		char *copy = malloc(size), *text;

		memcpy(copy, file, size);
		copy[i] ^= 0x80;
		if (recording_parse(copy, size, &back, &err)) {
			refused++;
		} else {
			text = scene_text(perfetto_write, &back);
			CHECK(text, "byte %zu: cannot be drawn", i);
			free(text);
			recording_free(&back);
		}
		free(copy);
		copy = malloc(i + 1);
		memcpy(copy, file, i);
		CHECK(recording_parse(copy, i, &back, &err) < 0, "%zu bytes of it are taken", i);
		free(copy);
	}
	/* All of the header but what is free to be anything: lost, parts of times, the CPUs. */
	CHECK(refused > 50, "only %zu", refused);
	recording_free(&r);
	free(file);
}

/* Where the header, the group and the first of two events begin in the file of the test below. */
#define GROUP 56
#define EVENT (GROUP + sizeof(struct csched_ioc_group))

static void what_is_wrong_with_a_file_is_said(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t times;
		const char *why;
	} faults[] = {
		{ 0, 'x', 1, "not one" },
		{ 8, 1, 1, "another version" },
		{ 20, 0, 1, "0 CPUs cannot be" },
		{ 31, 1, 1, "cannot be" },
		{ 47, 0xff, 1, "ends before it begins" },
		{ GROUP, 0, 1, "comes after group 0" },
		{ GROUP + offsetof(struct csched_ioc_group, name), 'x', CSCHED_NAME_MAX, "does not end" },
		{ GROUP + offsetof(struct csched_ioc_group, policy), 'x', CSCHED_POLICY_MAX, "does not end" },
		{ EVENT + offsetof(struct csched_event, type), 99, 1, "event 0: its type is unknown" },
		{ EVENT + offsetof(struct csched_event, standing), 3, 1, "event 0: the group's standing" },
		{ EVENT + offsetof(struct csched_event, cpu), 2, 1, "event 0: there is no such CPU" },
		{ EVENT + offsetof(struct csched_event, time_ns) + 3, 0, 1, "event 0: it is not of this time" },
		{ EVENT + 48 + offsetof(struct csched_event, time_ns) + 7, 1, 1, "event 1: it is not of this" },
		{ EVENT + offsetof(struct csched_event, used_ns) + 7, 0x80, 1, "event 0: nobody can have run" },
	};
	struct recording r, back;
	struct error err;
	size_t size;
	char *file, *copy;

	scene_begin(&r, 2, 20);
	scene_group(&r, 3, "one", "credit");
	scene_event(&r, 9, CSCHED_EVENT_PICK, 3, 10, 1);
	scene_event(&r, 9, CSCHED_EVENT_BLOCK, 3, 10, 1);
	scene_end(&r);
	file = as_file(&r, &size);
	CHECK_EQ(size, EVENT + 2 * sizeof(struct csched_event));
	copy = calloc(1, size + 1);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		memcpy(copy, file, size);
		memset(copy + faults[i].at, faults[i].value, faults[i].times);
		CHECK(recording_parse(copy, size, &back, &err) < 0, "fault %zu is taken", i);
		CHECK(strstr(err.text, faults[i].why), "fault %zu: %s", i, err.text);
	}
	memcpy(copy, file, size);
	CHECK(recording_parse(copy, size + 1, &back, &err) < 0, "a byte too many is taken");
	CHECK(strstr(err.text, "bytes are left for 1 groups and 2 events"), "%s", err.text);
	free(copy);
	free(file);
	recording_free(&r);
}

static void slices_are_slots(void)
{
	struct recording r;
	struct timeline t;
	struct error err;

	scene_two_take_turns(&r);
	CHECK_EQ(timeline_make(&r, &t, &err), 0);
	CHECK_EQ(t.count, 20);
	for (size_t i = 0; i < t.count; i++) {
		CHECK_EQ(t.at[i].begin, r.begin_ns + i * 5 * MS);
		CHECK_EQ(t.at[i].end, t.at[i].begin + 5 * MS);
		CHECK_EQ(t.at[i].group, 1 + i % 2);
		CHECK_EQ(t.at[i].why, CSCHED_WHY_SLOT);
	}
	timeline_free(&t);
	recording_free(&r);
}

static void a_slot_that_began_or_ends_outside_is_drawn_to_the_edge(void)
{
	struct recording r;
	struct timeline t;
	struct error err;

	scene_begin(&r, 2, 50);
	scene_event(&r, 10, CSCHED_EVENT_STOP, 1, 100, 0);
	scene_event(&r, 12, CSCHED_EVENT_PARK, 1, 100, 0);
	scene_event(&r, 12, CSCHED_EVENT_PICK, 1, 101, 0);
	scene_event(&r, 20, CSCHED_EVENT_WAKE, 1, 102, 1);
	scene_event(&r, 21, CSCHED_EVENT_PARK, 1, 102, 1);
	scene_end(&r);
	CHECK_EQ(timeline_make(&r, &t, &err), 0);
	CHECK_EQ(t.count, 2);
	CHECK_EQ(t.at[0].begin, r.begin_ns);
	CHECK_EQ(t.at[0].told, r.begin_ns + 10 * MS);
	CHECK_EQ(t.at[0].end, r.begin_ns + 12 * MS);
	CHECK_EQ(t.at[1].end, r.end_ns);
	CHECK_EQ(t.at[1].why, ENDED_OPEN);
	timeline_free(&t);
	recording_free(&r);
}

static void a_task_that_nobody_replaces_is_seen_where_it_is(void)
{
	struct recording r;
	struct timeline t;
	struct error err;

	scene_begin(&r, 2, 50);
	scene_event(&r, 1, CSCHED_EVENT_HOLDS, 1, 101, 0);
	scene_event(&r, 20, CSCHED_EVENT_HOLDS, 1, 101, 0);
	scene_event(&r, 40, CSCHED_EVENT_HOLDS, 1, 101, 1);
	scene_end(&r);
	CHECK_EQ(timeline_make(&r, &t, &err), 0);
	CHECK_EQ(t.count, 2);
	CHECK_EQ(t.at[0].cpu, 0);
	CHECK_EQ(t.at[0].begin, r.begin_ns);
	CHECK_EQ(t.at[0].end, r.begin_ns + 40 * MS);
	CHECK_EQ(t.at[0].why, ENDED_MOVED);
	CHECK_EQ(t.at[1].cpu, 1);
	CHECK_EQ(t.at[1].end, r.end_ns);
	timeline_free(&t);
	recording_free(&r);
}

/* 1 ran on CPU 1 while 2 had CPU 0, and was on CPU 0 only when its slot ended. */
static void a_task_that_came_from_elsewhere_was_where_there_was_room(void)
{
	struct recording r;
	struct timeline t;
	struct error err;

	scene_begin(&r, 2, 50);
	scene_event(&r, 0, CSCHED_EVENT_PICK, 3, 103, 1);
	scene_event(&r, 5, CSCHED_EVENT_BLOCK, 3, 103, 1);
	scene_event(&r, 10, CSCHED_EVENT_PICK, 1, 101, 0);
	scene_event(&r, 20, CSCHED_EVENT_PICK, 2, 102, 0);
	scene_event(&r, 30, CSCHED_EVENT_BLOCK, 2, 102, 0);
	scene_event(&r, 40, CSCHED_EVENT_BLOCK, 1, 101, 0);
	scene_end(&r);
	CHECK_EQ(timeline_make(&r, &t, &err), 0);
	CHECK_EQ(t.count, 5);
	CHECK_EQ(t.at[0].group, 1);
	CHECK_EQ(t.at[0].end, r.begin_ns + 20 * MS);
	CHECK_EQ(t.at[1].group, 2);
	CHECK_EQ(t.at[2].group, 1);
	CHECK_EQ(t.at[2].begin, r.begin_ns + 30 * MS);
	CHECK_EQ(t.at[2].end, r.begin_ns + 40 * MS);
	CHECK_EQ(t.at[4].group, 1);
	CHECK_EQ(t.at[4].cpu, 1);
	CHECK_EQ(t.at[4].begin, r.begin_ns + 20 * MS);
	CHECK_EQ(t.at[4].end, r.begin_ns + 30 * MS);
	timeline_free(&t);
	recording_free(&r);
}

/* Whatever the events say: slices lie inside the recording and, on a CPU, do not overlap. */
static void slices_of_a_cpu_never_overlap(void)
{
	uint64_t seed = tap_seed();
	struct timeline t;
	struct error err;

	for (int round = 0; round < 300; round++) {
		struct recording r;
		uint64_t at = 0;

		scene_begin(&r, 3, 1000);
		for (int i = 0; i < 300; i++) {
			at += tap_next(&seed) % 4;
			scene_event(&r, at > 1000 ? 1000 : at, tap_next(&seed) % 13, 1 + tap_next(&seed) % 3,
				    (int32_t)(tap_next(&seed) % 6), tap_next(&seed) % 3);
		}
		scene_end(&r);
		CHECK_EQ(timeline_make(&r, &t, &err), 0);
		for (size_t i = 0; i < t.count; i++) {
			const struct slice *s = &t.at[i];

			CHECK(s->begin >= r.begin_ns && s->begin < s->end && s->end <= r.end_ns, "slice %zu", i);
			CHECK(!i || s[-1].cpu < s->cpu || (s[-1].cpu == s->cpu && s[-1].end <= s->begin),
			      "slices %zu and %zu overlap", i - 1, i);
		}
		timeline_free(&t);
		recording_free(&r);
	}
}

int main(void)
{
	RUN(a_ring_is_read_once_and_in_order);
	RUN(what_was_overwritten_is_counted);
	RUN(a_head_that_makes_no_sense_reads_nothing_beyond_the_ring);
	RUN(rings_merge_by_time_and_ties_keep_their_order);
	RUN(a_file_holds_all_of_it);
	RUN(a_damaged_file_is_refused_or_harmless);
	RUN(what_is_wrong_with_a_file_is_said);
	RUN(slices_are_slots);
	RUN(a_slot_that_began_or_ends_outside_is_drawn_to_the_edge);
	RUN(a_task_that_nobody_replaces_is_seen_where_it_is);
	RUN(a_task_that_came_from_elsewhere_was_where_there_was_room);
	RUN(slices_of_a_cpu_never_overlap);
	return tap_done();
}
