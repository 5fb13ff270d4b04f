// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verbs about images are another program's: it needs libraries that cannot be linked statically,
 * and a container's start must not pay for them. It is found beside this one. Called by main.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell.h"

int run_beside(int argc, char **argv, struct error *err)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("-image"));

	(void)argc;
	if (length < 0)
		return error_errno(err, errno, "is /proc mounted?", "/proc/self/exe");
	strcpy(path + length, "-image");
	/* It understands the same words, and the state root by the same name. */
	setenv("CELL_ROOT", cell.root_option ? cell.root_option : "", 1);
	execv(path, argv);
	return error_errno(err, errno, "cell-image has to lie beside cell", "%s: %s", argv[1], path);
}
