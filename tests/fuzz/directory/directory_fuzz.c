// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for all that others write and the directory reads. The first octet says what the
 * rest is: 'q' messages to a directory, each behind two octets of length; 'a' an answer; 'j' a
 * journal; 'c' a superserver's file. corpus/ is made by make_corpus.py.
 *
 * What must hold of any input is said with must(), so that a search finds what breaks it.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A copy of its own size, so that ASan sees a read beyond it. */
static uint8_t *block(const void *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	must(copy);
	memcpy(copy, data, size);
	return copy;
}

/* What was understood, written again, is the same message. */
static void check_question(const uint8_t *data, size_t length)
{
	uint8_t again[PROTOCOL_QUESTION_MOST];
	struct protocol_question q;

	if (!protocol_is_question(data, length) ||
	    protocol_read_question(data, length, &q) != PROTOCOL_OK)
		return;
	must(protocol_write_question(&q, again, sizeof(again), length) == length);
	must(memcmp(again, data, length) == 0);
}

static void fuzz_questions(const uint8_t *data, size_t size)
{
	static const uint8_t sender[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	static const uint8_t seed[16];
	static uint8_t out[PROTOCOL_MESSAGE_MOST];
	struct lease_limits limits = { 16, 6, 4, 5000, false };
	struct directory d = { .table = lease_table_new(&limits, seed) };
	uint64_t now = 1000;
	struct error err;

	must(d.table);
	while (size >= 2) {
		size_t length = (size_t)data[0] << 8 | data[1], room;
		struct protocol_answer a;
		uint8_t *message;
		int answer;

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		message = block(data, length);
		check_question(message, length);
		room = length % 2 ? PROTOCOL_MESSAGE_MOST : protocol_answer_room(length);
		answer = directory_answer(&d, sender, message, length, out, room, now, &err);
		must(answer >= 0 && (size_t)answer <= room);
		/* An answer to an operation that there is not is for nobody to understand. */
		if (answer && out[12] != PROTOCOL_MALFORMED)
			must(protocol_read_answer(out, answer, &a));
		must(!answer || !protocol_is_question(out, answer));
		must(!lease_audit(d.table));
		now += length;
		free(message);
		data += length;
		size -= length;
	}
	lease_table_free(d.table);
}

static void fuzz_answer(const uint8_t *data, size_t size)
{
	struct protocol_answer a;
	struct lease_found found;
	struct lease_name name;
	uint32_t parts = 0;
	uint64_t number;

	if (!protocol_read_answer(data, size, &a))
		return;
	if (a.operation == PROTOCOL_LOOKUP)
		while (protocol_next_found(&a, &found))
			parts++;
	else if (a.operation == PROTOCOL_LIST)
		while (protocol_next_listed(&a, &found, &name))
			parts++;
	else
		while (protocol_next_number(&a, &number))
			parts++;
	/* A refusal has no body, whatever it is about. */
	must(parts == a.count && a.left == 0);
}

/**
 * struct rewritten - a journal that is written as it is read
 * @data: it
 * @used: octets
 */
struct rewritten {
	uint8_t data[4096];
	size_t used;
};

static void rewrite(void *context, enum protocol_operation operation,
		    const struct lease_claim *claim)
{
	struct rewritten *r = context;

	must(sizeof(r->data) - r->used >= JOURNAL_RECORD_MOST);
	r->used += journal_write_record(operation, claim, r->data + r->used);
}

static void fuzz_journal(const uint8_t *data, size_t size)
{
	struct rewritten r = { .used = JOURNAL_MAGIC_LENGTH };
	size_t whole;

	if (size > 2048)
		return;
	whole = journal_read(data, size, rewrite, &r);
	must(whole <= size);
	if (!whole)
		return;
	memcpy(r.data, JOURNAL_MAGIC, JOURNAL_MAGIC_LENGTH);
	must(r.used == whole && memcmp(r.data, data, whole) == 0);
}

static void fuzz_config(const uint8_t *data, size_t size)
{
	static struct config config;
	struct error err;

	if (config_read(&config, (const char *)data, size, &err)) {
		must(strncmp(err.text, "line ", 5) == 0);
		return;
	}
	must(config.count <= CONFIG_SERVICES);
	for (unsigned int i = 0; i < config.count; i++) {
		const struct config_service *s = &config.services[i];

		must(lease_name_valid(s->name.text, s->name.length) && s->max && s->version);
		must(s->words[0] && s->words[0][0] == '/');
		for (int k = 0; s->words[k]; k++)
			must(s->words[k] >= s->text && *s->words[k] &&
			     s->words[k] < s->text + sizeof(s->text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!size)
		return 0;
	copy = block(data + 1, size - 1);
	switch (data[0]) {
	case 'q':
		fuzz_questions(copy, size - 1);
		break;
	case 'a':
		fuzz_answer(copy, size - 1);
		break;
	case 'j':
		fuzz_journal(copy, size - 1);
		break;
	case 'c':
		fuzz_config(copy, size - 1);
		break;
	default:
		break;
	}
	free(copy);
	return 0;
}
