/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The superserver's file of services, a line each:
 *
 *	NAME ADDRESS:PORT kind=stream|dgram wait|nowait [max=N] [user=NAME] [version=N]
 *		[lease=N] /COMMAND ARGUMENT...
 *
 * Words stand apart by blanks; there is no quoting. # starts a comment where a word could.
 * The command is the first word that starts with "/". Settings may be in any order, but once.
 * nowait is for kind=stream alone. Nothing is guessed: what is not known is an error.
 */
#ifndef VIRTLAB_SUPERSERVER_CONFIG_H
#define VIRTLAB_SUPERSERVER_CONFIG_H

#include <netinet/in.h>

#include "error.h"
#include "../directory/lease.h"

#define CONFIG_SERVICES 64
#define CONFIG_WORDS 32
#define CONFIG_LINE_MOST 1023
#define CONFIG_USER_MOST 32
#define CONFIG_MAX_MOST 4096
#define CONFIG_MAX_DEFAULT 40

/**
 * struct config_service - a line
 * @line: its number
 * @name: of the service, as in the directory
 * @address: where to listen
 * @datagram: kind=dgram
 * @wait: the server gets the listening socket, and is the only one; else a connection each
 * @max: servers at a time
 * @user: to be, empty: as the superserver
 * @version: for the directory
 * @lease: for the directory, seconds
 * @words: of the command, NULL behind the last; they point into @text
 * @text: the words
 */
struct config_service {
	unsigned int line;
	struct lease_name name;
	struct sockaddr_in address;
	bool datagram;
	bool wait;
	unsigned int max;
	char user[CONFIG_USER_MOST + 1];
	uint32_t version;
	unsigned int lease;
	char *words[CONFIG_WORDS + 1];
	char text[CONFIG_LINE_MOST + 1];
};

/**
 * struct config - a file
 * @count: of services
 * @services: them
 */
struct config {
	unsigned int count;
	struct config_service services[CONFIG_SERVICES];
};

/**
 * config_read() - read a file of services
 * @config: set; must not be moved afterwards
 * @data: the file
 * @length: its octets
 * @err: "line N: what is wrong"
 */
int config_read(struct config *config, const char *data, size_t length, struct error *err);

/* A copy whose words are its own. */
void config_copy(struct config_service *to, const struct config_service *from);

#endif
