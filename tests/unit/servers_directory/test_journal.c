// SPDX-License-Identifier: GPL-2.0-only
/* The journal: torn at every octet, spoilt at every octet, compacted. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claims.h"
#include "journal.h"
#include "tap.h"

/**
 * struct replayed - what a journal said
 * @count: records
 * @ports: of the claims
 * @operations: on them
 */
struct replayed {
	int count;
	uint16_t ports[1000];
	enum protocol_operation operations[1000];
};

static void take(void *context, enum protocol_operation operation,
		 const struct lease_claim *claim)
{
	struct replayed *r = context;

	r->ports[r->count] = claim->end.port;
	r->operations[r->count++] = operation;
}

static struct replayed read_block(const uint8_t *data, size_t length, size_t *whole)
{
	struct replayed r = { 0 };
	uint8_t *block = malloc(length ? length : 1);

	memcpy(block, data, length);
	*whole = journal_read(block, length, take, &r);
	free(block);
	return r;
}

/* A journal of @count records; @ends is where each ends. */
static size_t write_block(uint8_t *out, int count, size_t *ends)
{
	size_t at = JOURNAL_MAGIC_LENGTH;

	memcpy(out, JOURNAL_MAGIC, at);
	for (int i = 0; i < count; i++) {
		struct lease_claim claim = claim_of(i % 2 ? "a" : "longer", 1 + i, 1, 1 + i, 500);

		at += journal_write_record(i % 3 ? PROTOCOL_REGISTER : PROTOCOL_UNREGISTER, &claim,
					   out + at);
		ends[i] = at;
	}
	return at;
}

static void a_journal_torn_at_any_octet_gives_what_was_whole(void)
{
	uint8_t data[8 * JOURNAL_RECORD_MOST];
	size_t ends[6], length = write_block(data, 6, ends), whole;

	for (size_t cut = 0; cut <= length; cut++) {
		struct replayed r = read_block(data, cut, &whole);
		int want = 0;

		while (want < 6 && ends[want] <= cut)
			want++;
		CHECK(r.count == want, "%zu octets: %d records, not %d", cut, r.count, want);
		for (int i = 0; i < want; i++) {
			CHECK_EQ(r.ports[i], 1 + i);
			CHECK_EQ(r.operations[i], i % 3 ? PROTOCOL_REGISTER : PROTOCOL_UNREGISTER);
		}
		CHECK_EQ(whole, cut < JOURNAL_MAGIC_LENGTH ? 0 :
				want ? ends[want - 1] : JOURNAL_MAGIC_LENGTH);
	}
}

static void a_record_with_any_bit_flipped_ends_the_journal(void)
{
	uint8_t data[8 * JOURNAL_RECORD_MOST];
	size_t ends[3], length = write_block(data, 3, ends), whole;

	for (size_t at = ends[0]; at < ends[1]; at++) {
		for (int bit = 0; bit < 8; bit++) {
			struct replayed r;

			data[at] ^= 1 << bit;
			r = read_block(data, length, &whole);
			data[at] ^= 1 << bit;
			CHECK(r.count == 1, "octet %zu, bit %d: %d records", at, bit, r.count);
			CHECK_EQ(whole, ends[0]);
		}
	}
}

static void the_checksum_is_crc_32(void)
{
	struct lease_claim claim = claim_of("a", 1, 1, 1, 500);
	uint8_t out[JOURNAL_RECORD_MOST];

	/* By Python: zlib.crc32(record[:3] + record[7:]). */
	CHECK_EQ(journal_write_record(PROTOCOL_REGISTER, &claim, out), 7 + 53);
	CHECK_EQ((uint32_t)out[3] << 24 | out[4] << 16 | out[5] << 8 | out[6], 0xbaddae5e);
}

/* --- with a file --- */

static char folder[] = "/tmp/journal-XXXXXX";
static char path[64];

static uint64_t open_it(struct journal *j, struct replayed *r)
{
	struct error err;
	uint64_t dropped = 0;
	int ret;

	*r = (struct replayed){ 0 };
	ret = journal_open(j, path, take, r, &dropped, &err);
	CHECK(!ret, "%s", err.text);
	return dropped;
}

static void add(struct journal *j, int from, int to)
{
	struct error err;

	for (int i = from; i < to; i++) {
		struct lease_claim claim = claim_of("a", 1 + i, 1, 1 + i, 500);

		CHECK(!journal_add(j, PROTOCOL_REGISTER, &claim, &err), "%s", err.text);
	}
	CHECK(!journal_sync(j, &err), "%s", err.text);
}

static off_t size_of(void)
{
	struct stat st;

	CHECK(!stat(path, &st), "it is there");
	return st.st_size;
}

static void what_is_behind_a_torn_record_is_written_over(void)
{
	struct replayed r;
	struct journal j;
	off_t size;

	unlink(path);
	CHECK_EQ(open_it(&j, &r), 0);
	add(&j, 0, 3);
	journal_close(&j);
	size = size_of();
	CHECK(!truncate(path, size - 1), "torn");
	CHECK_EQ(open_it(&j, &r), (size - JOURNAL_MAGIC_LENGTH) / 3 - 1);
	CHECK_EQ(r.count, 2);
	add(&j, 10, 11);
	journal_close(&j);
	CHECK_EQ(open_it(&j, &r), 0);
	CHECK_EQ(r.count, 3);
	CHECK_EQ(r.ports[2], 11);
	journal_close(&j);
}

static void more_records_than_the_buffer_holds_are_all_there(void)
{
	struct replayed r;
	struct journal j;

	unlink(path);
	open_it(&j, &r);
	add(&j, 0, 700);
	journal_close(&j);
	open_it(&j, &r);
	CHECK_EQ(r.count, 700);
	CHECK_EQ(r.ports[699], 700);
	journal_close(&j);
}

static void a_torn_magic_is_an_empty_journal_but_another_file_is_left_alone(void)
{
	struct error err;
	struct replayed r = { 0 };
	struct journal j;
	uint64_t dropped;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, "VLDJ", 4) == 4, "torn");
	CHECK_EQ(open_it(&j, &r), 4);
	journal_close(&j);
	CHECK_EQ(size_of(), JOURNAL_MAGIC_LENGTH);
	CHECK(pwrite(fd, "root:x:0:0", 10, 0) == 10, "another");
	CHECK(journal_open(&j, path, take, &r, &dropped, &err) < 0, "it is none");
	CHECK(strstr(err.text, "not a journal"), "%s", err.text);
	CHECK_EQ(size_of(), 10);
	close(fd);
}

static void two_directories_do_not_share_a_journal(void)
{
	struct error err;
	struct replayed r;
	struct journal j, other;
	uint64_t dropped;

	unlink(path);
	open_it(&j, &r);
	CHECK(journal_open(&other, path, take, &r, &dropped, &err) < 0, "it is locked");
	journal_close(&j);
}

static void compaction_keeps_what_is_there_and_nothing_else(void)
{
	struct lease_table *t = table_of(100, 100, 10, true);
	struct lease_result result;
	struct replayed r;
	struct journal j;
	struct error err;
	off_t before;

	unlink(path);
	open_it(&j, &r);
	add(&j, 0, 100);
	before = size_of();
	for (int port = 1; port <= 5; port++) {
		struct lease_claim claim = claim_of("a", port, 1, 1, 500);

		lease_register(t, &claim, 0, &result);
		claim.stamp = 2;
		if (port == 3)
			lease_unregister(t, &claim, 0, &result);
	}
	CHECK(!journal_compact(&j, t, 0, &err), "%s", err.text);
	CHECK(size_of() < before / 10, "it is shorter");
	add(&j, 50, 51);
	journal_close(&j);
	open_it(&j, &r);
	CHECK_EQ(r.count, 5);
	CHECK_EQ(r.ports[2], 4);
	CHECK_EQ(r.ports[4], 51);
	journal_close(&j);
	lease_table_free(t);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/journal", folder);
	RUN(a_journal_torn_at_any_octet_gives_what_was_whole);
	RUN(a_record_with_any_bit_flipped_ends_the_journal);
	RUN(the_checksum_is_crc_32);
	RUN(what_is_behind_a_torn_record_is_written_over);
	RUN(more_records_than_the_buffer_holds_are_all_there);
	RUN(a_torn_magic_is_an_empty_journal_but_another_file_is_left_alone);
	RUN(two_directories_do_not_share_a_journal);
	RUN(compaction_keeps_what_is_there_and_nothing_else);
	unlink(path);
	rmdir(folder);
	return tap_done();
}
