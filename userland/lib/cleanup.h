/* SPDX-License-Identifier: GPL-2.0-only */
/* Scope cleanup: a variable marked so is released on every way out of its block. */
#ifndef VIRTLAB_CLEANUP_H
#define VIRTLAB_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* It is to stay open: the caller's from now on. */
static inline int keep_fd(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

static inline void cleanup_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

#define cleanup_close __attribute__((cleanup(cleanup_fd)))
#define cleanup_free __attribute__((cleanup(cleanup_pointer)))
#define cleanup_fclose __attribute__((cleanup(cleanup_stream)))

#endif
