/* SPDX-License-Identifier: GPL-2.0-only */
/* RUN: a command in a container of its own, by the runtime that lies beside this program. */
#ifndef CELL_IMAGE_BUILD_RUN_H
#define CELL_IMAGE_BUILD_RUN_H

#include "stage.h"

/**
 * run_command() - run a command in a stage's files
 * @build: where its bundle is made
 * @stage: its root is unpacked
 * @command: a list of strings
 * @network: whether it has the host's network; otherwise it has only a loopback of its own
 * @err: what failed
 *
 * What it prints goes to standard error. What the runtime had to make as a place for /proc, /dev
 * and so on is removed again. A signal to this process ends the container.
 *
 * Return: the exit status (128 and the signal's number if it was killed), -EINTR, or another
 * negative errno.
 */
int run_command(struct build *build, struct stage *stage, json_object *command, bool network,
		struct error *err);

#endif
