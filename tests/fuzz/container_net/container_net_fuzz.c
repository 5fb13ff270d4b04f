// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for what others write and a container's network reads. The first octet says what the
 * rest is: 'o' words of --net (a line each) and -p (a line that begins with a digit); 'l' a ledger;
 * 'r' a host's resolv.conf; 'n' attributes of netlink.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void fuzz_options(char *text)
{
	static struct net_config config;
	unsigned int given = 0;
	struct error err;
	char *line, *next = text;

	net_config_init(&config);
	while ((line = strsep(&next, "\n")) != NULL) {
		if (*line >= '0' && *line <= '9')
			net_parse_port(&config, line, &err);
		else if (!net_parse_network(&config, line, given, &err))
			given++;
	}
	must(config.port_count <= NET_PORTS && config.join_count <= NET_JOINS);
	if (net_config_check(&config, &err))
		return;
	must(config.mode == NET_PRIVATE ? config.join_count > 0 : !config.port_count);
	for (unsigned int i = 0; i < config.join_count; i++)
		must(net_is_name(config.joins[i].network, strlen(config.joins[i].network)));
	for (unsigned int i = 0; i < config.port_count; i++)
		must(config.ports[i].outside_port && config.ports[i].inside_port);
}

/* What was understood, written again, is the same text, and holds the invariants. */
static void fuzz_ledger(const char *text, size_t size)
{
	struct ledger ledger = { .network_count = 0 };
	struct error err;
	size_t length;
	char *again;

	if (!ledger_read(&ledger, text, size, &err) && size) {
		again = ledger_write(&ledger, &length);
		must(again);
		free(again);
		for (size_t i = 0; i < ledger.member_count; i++) {
			must(ledger_network(&ledger, ledger.members[i].network));
			again = names_hosts(&ledger, ledger.members[i].id, &length);
			must(again && strlen(again) == length);
			free(again);
		}
		while (ledger.member_count)
			ledger_drop_member(&ledger, ledger.members[0].id, NULL);
		must(!ledger.port_count);
	}
	ledger_free(&ledger);
}

static void fuzz_resolv(const char *text, size_t size)
{
	unsigned int left;
	size_t length;
	char *out = names_resolv(text, size, NULL, 0, false, &length, &left);

	must(out && strlen(out) == length && length <= size + 1);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	/* A copy of its own size, so that ASan sees a read beyond it. */
	text = malloc(size);
	must(text);
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'o':
		text[size - 1] = '\0';
		fuzz_options(text);
		break;
	case 'l':
	case 'r':
	case 'n': {
		char *exact = malloc(size > 1 ? size - 1 : 1);

		must(exact);
		memcpy(exact, text, size - 1);
		if (data[0] == 'l')
			fuzz_ledger(exact, size - 1);
		else if (data[0] == 'r')
			fuzz_resolv(exact, size - 1);
		else
			for (uint16_t kind = 0; kind < 8; kind++) {
				const struct nlattr *a = netlink_attribute(exact, size - 1, kind, 4);

				must(!a || ((const char *)a >= exact &&
					    (const char *)a + a->nla_len <= exact + size - 1));
			}
		free(exact);
		break;
	}
	}
	free(text);
	return 0;
}
