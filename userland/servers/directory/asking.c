// SPDX-License-Identifier: GPL-2.0-only
/* Options of the verbs that ask, see asking.h. */
#include "asking.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "directory.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_token(const char *text, uint8_t *token, struct error *err)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < LEASE_TOKEN_LENGTH && length == 2 * LEASE_TOKEN_LENGTH; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			length = 0;
		else
			token[i] = high << 4 | low;
	}
	if (length == 2 * LEASE_TOKEN_LENGTH)
		return 0;
	error_set(err, 0, "bad token: %s: 32 hexadecimal digits, 0-9 and a-f", text);
	return STATUS_USAGE;
}

static int read_host(const char *text, uint8_t address[16], struct error *err)
{
	char with_port[64];
	struct sockaddr_in at;

	snprintf(with_port, sizeof(with_port), "%s:0", text);
	if (address_read(with_port, &at, err))
		return STATUS_USAGE;
	address_map(&at, address);
	return 0;
}

static int take_option(struct asking *ask, int option, const char *value, struct error *err)
{
	unsigned long n = 0;
	int ret = 0;

	switch (option) {
	case 'd':
		return address_read(value, &ask->directory, err) ? STATUS_USAGE : 0;
	case 'v':
		ret = verb_number(value, 1, UINT32_MAX, &n, err);
		ask->version = n;
		return ret;
	case 'u':
		ask->protocol = LEASE_UDP;
		return 0;
	case 't':
		ask->protocol = LEASE_TCP;
		return 0;
	case 'w':
		return verb_time(value, 60000, &ask->timeout_ms, err);
	case 'a':
		return read_host(value, ask->address, err);
	case 'l':
		return verb_time(value, 86400000, &ask->lease_ms, err);
	case 'k':
		return read_token(value, ask->token, err);
	case 's':
		ret = verb_number(value, 1, 60, &n, err);
		ask->seconds = n;
		return ret;
	case 'n':
		ret = verb_number(value, 1, 60000, &n, err);
		ask->names = n;
		return ret;
	case 'j':
		ask->json = true;
		return 0;
	default:
		error_set(err, 0, "bad option, or one without its value");
		return STATUS_USAGE;
	}
}

int asking_parse(struct asking *ask, int argc, char **argv, int operands, struct error *err)
{
	static const struct option names[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "version", required_argument, NULL, 'v' },
		{ "udp", no_argument, NULL, 'u' },
		{ "tcp", no_argument, NULL, 't' },
		{ "timeout", required_argument, NULL, 'w' },
		{ "address", required_argument, NULL, 'a' },
		{ "lease", required_argument, NULL, 'l' },
		{ "token", required_argument, NULL, 'k' },
		{ "seconds", required_argument, NULL, 's' },
		{ "names", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int option, ret;

	*ask = (struct asking){ .timeout_ms = 2000, .lease_ms = DIRECTORY_CLIENT_LEASE_MS,
				.seconds = 3, .names = 1000 };
	address_read(DIRECTORY_AT, &ask->directory, err);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		ret = take_option(ask, option, optarg, err);
		if (ret)
			return ret;
	}
	/* A command behind "--" is for the verb to take. */
	if (operands >= 0 && argc - optind != operands) {
		error_set(err, 0, argc - optind < operands ? "an argument is missing" :
							      "too many arguments");
		return STATUS_USAGE;
	}
	return 0;
}

const char *asking_protocol_text(uint8_t protocol)
{
	return protocol == LEASE_UDP ? "udp" : "tcp";
}

int asking_counts(const struct asking *ask, uint64_t *counts, struct error *err)
{
	struct protocol_question q = { .operation = PROTOCOL_STATS };
	uint8_t buffer[PROTOCOL_MESSAGE_MOST];
	struct protocol_answer a;
	int ret = directory_ask(&ask->directory, &q, ask->timeout_ms, buffer, &a, err);

	memset(counts, 0, DIRECTORY_COUNT * sizeof(*counts));
	for (int i = 0; !ret && i < DIRECTORY_COUNT; i++)
		if (!protocol_next_number(&a, &counts[i]))
			break;
	return ret;
}
