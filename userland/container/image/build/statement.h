/* SPDX-License-Identifier: GPL-2.0-only */
/* The form of one statement, without its values. */
#ifndef CELL_IMAGE_BUILD_STATEMENT_H
#define CELL_IMAGE_BUILD_STATEMENT_H

#include "containerfile.h"

/* Returns 0, or -EINVAL with the line and what was expected. */
int statement_check(const struct containerfile *file, const struct statement *statement,
		    struct error *err);

#endif
