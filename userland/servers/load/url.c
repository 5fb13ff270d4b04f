// SPDX-License-Identifier: GPL-2.0-only
/* http://127.0.0.1:8080/path: no names but localhost, so that no resolver is ever measured. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "options.h"

#define SCHEME "http://"

static int set_port(const char *text, const char *url, struct options *options, struct error *err)
{
	struct error ignored;
	uint64_t port;

	if (parse_count(text, "port", 1, 65535, &port, &ignored))
		return error_set(err, EUSAGE,
				 "url: %.128s: port %.32s: not a number from 1 to 65535", url,
				 text);
	options->server.sin_port = htons((uint16_t)port);
	return 0;
}

/* Whatever it is, it becomes part of a line: no blanks, no control characters. RFC 9112, 3.2. */
static int set_target(const char *text, const char *url, struct options *options, struct error *err)
{
	options->target = *text ? text : "/";
	if (*options->target != '/')
		return error_set(err, EUSAGE, "url: %.128s: a path has to begin with /", url);
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == '#')
			return error_set(err, EUSAGE,
					 "url: %.128s: blanks, # and other than ASCII in a path "
					 "are written %%20, %%23",
					 url);
	return 0;
}

int url_parse(const char *url, struct options *options, struct error *err)
{
	size_t scheme = strlen(SCHEME), size;
	char host[32], *colon;
	int ret;

	options->url = url;
	if (!strncasecmp(url, "https://", 8))
		return error_set(err, EUSAGE, "url: %.128s: load speaks no TLS: give http://", url);
	if (strncasecmp(url, SCHEME, scheme) != 0)
		return error_set(err, EUSAGE,
				 "url: %.128s: not a URL: write http://127.0.0.1:8080/path", url);
	size = strcspn(url + scheme, "/?#");
	snprintf(host, sizeof(host), "%.*s", (int)(size < sizeof(host) ? size : sizeof(host) - 1),
		 url + scheme);
	snprintf(options->authority, sizeof(options->authority), "%s", host);
	options->server.sin_family = AF_INET;
	options->server.sin_port = htons(80);
	colon = strchr(host, ':');
	if (colon) {
		*colon = '\0';
		ret = set_port(colon + 1, url, options, err);
		if (ret)
			return ret;
	}
	if (!strcasecmp(host, "localhost"))
		options->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (inet_pton(AF_INET, host, &options->server.sin_addr) != 1)
		return error_set(err, EUSAGE,
				 "url: %.128s: %s: give an IPv4 address, or localhost: names are "
				 "not looked up",
				 url, *host ? host : "no host");
	return set_target(url + scheme + size, url, options, err);
}
