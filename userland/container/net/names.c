// SPDX-License-Identifier: GPL-2.0-only
/* The texts of hosts and resolv.conf, see names.h. The files are in names_files.c. */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_NAME "host.containers.internal"

static void write_names(FILE *out, const struct ledger_member *m)
{
	char address[NET_ADDRESS_TEXT];

	fprintf(out, "%s\t", net_write_address(m->address, address));
	for (const char *c = m->names; *c; c++)
		fputc(*c == ',' ? ' ' : *c, out);
	fputc('\n', out);
}

char *names_hosts(const struct ledger *ledger, const char *id, size_t *length)
{
	const struct ledger_member *first = ledger_member(ledger, id, 0);
	char *text = NULL, address[NET_ADDRESS_TEXT];
	FILE *out = open_memstream(&text, length);
	bool failed;

	if (!out)
		return NULL;
	fputs("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", out);
	for (size_t i = 0; i < ledger->member_count; i++)
		if (!strcmp(ledger->members[i].id, id))
			write_names(out, &ledger->members[i]);
	for (size_t i = 0; i < ledger->member_count; i++) {
		const struct ledger_member *m = &ledger->members[i];

		if (!strcmp(m->id, id))
			continue;
		for (size_t j = 0; j < ledger->member_count; j++)
			if (!strcmp(ledger->members[j].id, id) &&
			    !strcmp(ledger->members[j].network, m->network)) {
				write_names(out, m);
				break;
			}
	}
	if (first)
		fprintf(out, "%s\t" HOST_NAME "\n",
			net_write_address(
				net_gateway(ledger_network(ledger, first->network)->subnet),
				address));
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Is the line's first word @word? *rest is what follows, without the spaces. */
static bool begins(const char *line, size_t length, const char *word, const char **rest)
{
	size_t size = strlen(word);

	if (length <= size || memcmp(line, word, size) != 0 ||
	    (line[size] != ' ' && line[size] != '\t'))
		return false;
	*rest = line + size;
	while (*rest < line + length && (**rest == ' ' || **rest == '\t'))
		(*rest)++;
	return true;
}

static bool is_loopback(const char *text, size_t length)
{
	while (length && (text[length - 1] == ' ' || text[length - 1] == '\t' ||
			  text[length - 1] == '\r'))
		length--;
	return (length >= 4 && !memcmp(text, "127.", 4)) || (length == 3 && !memcmp(text, "::1", 3));
}

char *names_resolv(const char *host, size_t length, const uint32_t *servers, unsigned int count,
		   bool reachable, size_t *size, unsigned int *left)
{
	const char *end = host + length, *rest;
	char *text = NULL, address[NET_ADDRESS_TEXT];
	FILE *out = open_memstream(&text, size);
	bool failed;

	if (!out)
		return NULL;
	*left = count;
	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "nameserver %s\n", net_write_address(servers[i], address));
	while (host < end) {
		const char *newline = memchr(host, '\n', (size_t)(end - host));
		size_t line = (size_t)((newline ? newline : end) - host);
		bool wanted = begins(host, line, "search", &rest) ||
			      begins(host, line, "domain", &rest) ||
			      begins(host, line, "options", &rest);

		if (!count && begins(host, line, "nameserver", &rest) &&
		    (reachable || !is_loopback(rest, (size_t)(host + line - rest)))) {
			wanted = true;
			++*left;
		}
		if (wanted && !memchr(host, '\0', line))
			fprintf(out, "%.*s\n", (int)line, host);
		host += line + 1;
	}
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
