/* SPDX-License-Identifier: GPL-2.0-only */
/* What this host allows: open files and ports. Asked before the run, not found out in it. */
#ifndef LOAD_RESOURCES_H
#define LOAD_RESOURCES_H

#include "options.h"

int resources_check(const struct options *options, struct error *err);

#endif
