// SPDX-License-Identifier: GPL-2.0-only
/* URLs and addresses: whom do we speak to? Called by http.c and token.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "http.h"

static int bad(struct error *err, const char *text, size_t length, const char *why)
{
	return error_set(err, EINVAL, "URL \"%.*s\": %s", length > 200 ? 200 : (int)length, text,
			 why);
}

static int parse_host(const char *text, size_t length, struct http_url *url, struct error *err)
{
	size_t host = 0;
	unsigned int port = url->secure ? 443 : 80;

	if (memchr(text, '@', length))
		return bad(err, text, length, "has a user in it");
	if (length && text[0] == '[') {
		const char *end = memchr(text, ']', length);

		host = end ? (size_t)(end - text) + 1 : 0;
	} else {
		while (host < length && text[host] != ':')
			host++;
	}
	if (!host || host >= sizeof(url->host))
		return bad(err, text, length, "has no host");
	for (size_t i = 0; i < host; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]", c) || !c)
			return bad(err, text, length, "its host has a character that none has");
		url->host[i] = c;
	}
	url->host[host] = '\0';
	if (host < length) {
		if (text[host] != ':' || length - host < 2 || length - host > 6)
			return bad(err, text, length, "its port is none");
		port = 0;
		for (size_t i = host + 1; i < length; i++) {
			if (text[i] < '0' || text[i] > '9')
				return bad(err, text, length, "its port is none");
			port = port * 10 + (unsigned int)(text[i] - '0');
		}
		if (!port || port > 65535)
			return bad(err, text, length, "its port is none");
	}
	url->port = (uint16_t)port;
	return 0;
}

int http_url_parse(const char *text, size_t length, struct http_url *url, struct error *err)
{
	size_t skipped, host = 0;
	int ret;

	memset(url, 0, sizeof(*url));
	if (length >= 8 && !strncasecmp(text, "https://", 8)) {
		url->secure = true;
		skipped = 8;
	} else if (length >= 7 && !strncasecmp(text, "http://", 7)) {
		skipped = 7;
	} else {
		return bad(err, text, length, "is neither https:// nor http://");
	}
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 127 || text[i] == '#' ||
		    text[i] == '\\')
			return bad(err, text, length, "has a character that none has");
	while (skipped + host < length && !strchr("/?", text[skipped + host]))
		host++;
	ret = parse_host(text + skipped, host, url, err);
	if (ret)
		return ret;
	text += skipped + host;
	length -= skipped + host;
	if (length + 2 > sizeof(url->rest))
		return bad(err, text, length, "is too long");
	snprintf(url->rest, sizeof(url->rest), "%s%.*s", length && text[0] == '/' ? "" : "/",
		 (int)length, text);
	return 0;
}

int http_url_join(const struct http_url *base, const char *location, struct http_url *url,
		  struct error *err)
{
	char text[2 * HTTP_URL];

	if (strstr(location, "://") && strcspn(location, ":") < strcspn(location, "/?"))
		return http_url_parse(location, strlen(location), url, err);
	if (!strncmp(location, "//", 2))
		snprintf(text, sizeof(text), "%s:%s", base->secure ? "https" : "http", location);
	else if (location[0] == '/')
		snprintf(text, sizeof(text), "%s://%s:%u%s", base->secure ? "https" : "http",
			 base->host, base->port, location);
	else
		/* Registries send absolute paths; below the last slash is what the RFC says. */
		snprintf(text, sizeof(text), "%s://%s:%u%.*s/%s", base->secure ? "https" : "http",
			 base->host, base->port,
			 (int)(strrchr(base->rest, '/') - base->rest), base->rest, location);
	return http_url_parse(text, strlen(text), url, err);
}

void http_url_text(const struct http_url *url, char out[HTTP_URL])
{
	snprintf(out, HTTP_URL, "%s://%s:%u%.*s", url->secure ? "https" : "http", url->host, url->port,
		 HTTP_URL - 300, url->rest);
}

bool http_same_origin(const struct http_url *a, const struct http_url *b)
{
	return a->secure == b->secure && a->port == b->port && !strcmp(a->host, b->host);
}

bool http_is_this_host(const char *host)
{
	struct in_addr address;

	return !strcmp(host, "localhost") || !strcmp(host, "[::1]") ||
	       (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

static enum reach reach4(uint32_t a)
{
	if (a >> 24 == 127)
		return REACH_HOST;
	/* RFC 1918, 3927 (where clouds keep their metadata), 6598, and "this network". */
	if (a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 16 == 0xa9fe ||
	    a >> 22 == 0x191 || a >> 24 == 0)
		return REACH_PRIVATE;
	return REACH_WORLD;
}

enum reach http_reach_of(const struct sockaddr *address)
{
	const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	uint32_t four;

	if (address->sa_family == AF_INET)
		return reach4(ntohl(
			((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family != AF_INET6)
		return REACH_HOST;
	if (IN6_IS_ADDR_V4MAPPED(six)) {
		memcpy(&four, &six->s6_addr[12], sizeof(four));
		return reach4(ntohl(four));
	}
	if (IN6_IS_ADDR_LOOPBACK(six))
		return REACH_HOST;
	/* RFC 4193 and 4291. */
	if ((six->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(six) ||
	    IN6_IS_ADDR_UNSPECIFIED(six))
		return REACH_PRIVATE;
	return REACH_WORLD;
}
