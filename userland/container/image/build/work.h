/* SPDX-License-Identifier: GPL-2.0-only */
/* The folder that a build works in: STORE/build/PID-N, locked while it is in use. */
#ifndef CELL_IMAGE_BUILD_WORK_H
#define CELL_IMAGE_BUILD_WORK_H

#include "stage.h"

/* Makes it, and removes those whose builds are dead. Sets @work and @work_path. */
int work_open(struct build *build, struct error *err);

/* Removes it. */
void work_close(struct build *build);

#endif
