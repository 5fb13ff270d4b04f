// SPDX-License-Identifier: GPL-2.0-only
/*
 * What cell does with userland/container/net, alone:
 *
 *	net_try ROOT up ID NETNS [--name HOST] [--net WORD]... [-p WORD]...
 *	net_try ROOT down ID
 *	net_try ROOT show ID
 *
 * NETNS is a path. Prints what came of it, a line each; exit status 1 and a message if it failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

static int parse(char **words, struct net_config *config, struct error *err)
{
	unsigned int given = 0;
	int ret = 0;

	net_config_init(config);
	for (; *words && words[1] && !ret; words += 2) {
		if (!strcmp(*words, "--net"))
			ret = net_parse_network(config, words[1], given++, err);
		else if (!strcmp(*words, "-p"))
			ret = net_parse_port(config, words[1], err);
		else if (!strcmp(*words, "--name"))
			snprintf(config->host_name, sizeof(config->host_name), "%s", words[1]);
		else
			ret = error_set(err, EINVAL, "net_try: %s: --net, -p or --name", *words);
	}
	return ret ? ret : net_config_check(config, err);
}

static int up(char **argv, struct error *err)
{
	static struct net_config config;
	struct net_result result;
	int ret = parse(argv + 5, &config, err), netns = -1;

	if (ret)
		return ret;
	if (config.mode != NET_HOST) {
		netns = open(argv[4], O_RDONLY | O_CLOEXEC);
		if (netns < 0)
			return error_errno(err, errno, NULL, "net_try: %s", argv[4]);
	}
	ret = net_up(argv[1], argv[3], netns, &config, &result, err);
	if (!ret)
		printf("%s\n%s\n%s\n", result.said, result.hosts, result.resolv_conf);
	return ret;
}

int main(int argc, char **argv)
{
	char text[4096];
	struct error err;
	int ret;

	if (argc >= 5 && !strcmp(argv[2], "up")) {
		ret = up(argv, &err);
	} else if (argc == 4 && !strcmp(argv[2], "down")) {
		ret = net_down(argv[1], argv[3], &err);
	} else if (argc == 4 && !strcmp(argv[2], "show")) {
		ret = net_show(argv[1], argv[3], text, sizeof(text), &err);
		if (!ret)
			puts(text);
	} else {
		fputs("net_try: ROOT up|down|show ID ...\n", stderr);
		return 2;
	}
	if (ret)
		fprintf(stderr, "%s\n", err.text);
	return ret ? 1 : 0;
}
