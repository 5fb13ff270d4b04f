/* SPDX-License-Identifier: GPL-2.0-only */
/* The one option that the programs of experiment 10 share with httpd. */
#ifndef VIRTLAB_EXPERIMENTS_LISTENING_PORT_H
#define VIRTLAB_EXPERIMENTS_LISTENING_PORT_H

#include <stdlib.h>
#include <string.h>

/**
 * listening_port() - of --listen 127.0.0.1:PORT, as httpd has it
 * @argc: as main() has it
 * @argv: likewise; what else stands there is passed over
 *
 * Return: the port; 8080 if it is not said.
 */
static inline int listening_port(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], "--listen") && strrchr(argv[i + 1], ':'))
			return (int)strtol(strrchr(argv[i + 1], ':') + 1, NULL, 10);
	return 8080;
}

#endif
