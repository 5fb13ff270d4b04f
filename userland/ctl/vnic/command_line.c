// SPDX-License-Identifier: GPL-2.0-only
/* Command lines that several verbs have: [NETWORK] PACKET, and [NETWORK] alone. */
#include <ctype.h>
#include <string.h>

#include "vnic_tool.h"

static const struct option with_json[] = {
	{ "network", required_argument, NULL, 'N' },
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

static const struct option without[] = {
	{ "network", required_argument, NULL, 'N' },
	{ NULL, 0, NULL, 0 },
};

/* An arrow says nothing; but where an argument begins with one, that would be an option. */
static int without_arrows(int argc, char **argv)
{
	int count = 0;

	for (int i = 0; i < argc; i++) {
		char *argument = !strncmp(argv[i], "->", 2) ? argv[i] + 2 : argv[i];

		if (*argument || argument == argv[i])
			argv[count++] = argument;
	}
	argv[count] = NULL;
	return count;
}

/*
 * A first word that is no protocol is the network, if what follows is no port or address: one of IPv6
 * may begin with a letter, but has a colon. Where one is called "tcp", --network says so.
 * @json: there is --json. Returns 0 or a negative error.
 */
int packet_line(int argc, char **argv, bool json, struct packet_line *line, struct error *err)
{
	int ret, option;

	argc = without_arrows(argc, argv);
	line->network = NULL;
	line->json = false;
	line->first = 0;
	while ((ret = next_option(argc, argv, "", json ? with_json : without, &option, err)) > 0) {
		if (option == 'N')
			line->network = optarg;
		else
			line->json = true;
	}
	if (!ret)
		ret = words_split(&line->words, argv + optind, err);
	if (!ret && !line->network && line->words.count > 1 && !is_protocol(line->words.at[0]) &&
	    isalpha((unsigned char)line->words.at[1][0]) && !strchr(line->words.at[1], ':'))
		line->network = line->words.at[line->first++];
	return ret;
}

/* What is left behind the options is a network or nothing. Returns 0 or a negative error. */
int one_network(int argc, char **argv, const char **name, struct error *err)
{
	if (!*name && optind < argc)
		*name = argv[optind++];
	if (optind == argc)
		return 0;
	return error_set(err, EUSAGE, "%s: %s: one network can be named, and %s is already",
			 argv[0], argv[optind], *name);
}
