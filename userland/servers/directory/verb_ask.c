// SPDX-License-Identifier: GPL-2.0-only
/* The verbs that ask and print: lookup, list, stats. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "address.h"
#include "asking.h"
#include "cleanup.h"
#include "directory.h"

#define FOUND_MOST 512

static void print_json(const struct lease_name *name, const struct lease_found *found)
{
	char address[ADDRESS_TEXT];

	/* Neither a name nor an address can have what JSON would have to escape. */
	printf("{\"name\": \"%.*s\", \"version\": %u, \"protocol\": \"%s\", \"address\": \"%s\", "
	       "\"lease_ms\": ",
	       name->length, name->text, found->version, asking_protocol_text(found->end.protocol),
	       address_write(&found->end, address));
	if (found->left)
		printf("%u}", found->left);
	else
		printf("null}");
}

static void print_line(const struct lease_name *name, const struct lease_found *found)
{
	char address[ADDRESS_TEXT];

	if (name)
		printf("%-24.*s ", name->length, name->text);
	printf("%-21s %s version %u ", address_write(&found->end, address),
	       asking_protocol_text(found->end.protocol), found->version);
	if (found->left)
		printf("%.1f s left\n", found->left / 1000.0);
	else
		printf("no end\n");
}

int verb_lookup(int argc, char **argv, struct error *err)
{
	struct lease_found found[FOUND_MOST];
	struct lease_name name;
	struct asking ask;
	int count = asking_parse(&ask, argc, argv, 1, err);

	if (count)
		return count;
	count = directory_lookup(&ask.directory, argv[optind], ask.version, ask.protocol,
				 ask.timeout_ms, found, FOUND_MOST, err);
	if (count < 0)
		return count;
	directory_name(&name, argv[optind]);
	if (ask.json)
		printf("[");
	for (int i = 0; i < count; i++) {
		if (ask.json) {
			printf("%s", i ? ",\n " : "");
			print_json(&name, &found[i]);
		} else {
			print_line(NULL, &found[i]);
		}
	}
	if (ask.json)
		printf("]\n");
	else if (!count)
		error_set(err, 0, "nobody serves %s", argv[optind]);
	return count ? 0 : STATUS_FAILED;
}

int verb_list(int argc, char **argv, struct error *err)
{
	struct protocol_question q = { .operation = PROTOCOL_LIST };
	uint8_t buffer[PROTOCOL_MESSAGE_MOST];
	const char *separator = "";
	struct protocol_answer a;
	cleanup_close int fd = -1;
	struct asking ask;
	int ret = asking_parse(&ask, argc, argv, 0, err);

	if (ret)
		return ret;
	fd = directory_connect(&ask.directory, ask.timeout_ms, err);
	if (fd < 0)
		return fd;
	if (ask.json)
		printf("[");
	do {
		struct lease_found found;
		struct lease_name name;

		ret = directory_ask_stream(fd, &q, buffer, &a, err);
		if (ret)
			return ret;
		while (protocol_next_listed(&a, &found, &name)) {
			if (ask.json) {
				printf("%s", separator);
				print_json(&name, &found);
				separator = ",\n ";
			} else {
				print_line(&name, &found);
			}
		}
		q.cursor = a.cursor;
	} while (a.cursor);
	if (ask.json)
		printf("]\n");
	return 0;
}

int verb_stats(int argc, char **argv, struct error *err)
{
	uint64_t counts[DIRECTORY_COUNT];
	struct asking ask;
	int ret = asking_parse(&ask, argc, argv, 0, err);

	if (!ret)
		ret = asking_counts(&ask, counts, err);
	if (ret)
		return ret;
	for (int i = 0; i < DIRECTORY_COUNT; i++) {
		if (ask.json)
			printf("%s\"%s\": %llu", i ? ", " : "{", directory_count_names[i],
			       (unsigned long long)counts[i]);
		else
			printf("%-28s %llu\n", directory_count_names[i],
			       (unsigned long long)counts[i]);
	}
	if (ask.json)
		printf("}\n");
	return 0;
}
