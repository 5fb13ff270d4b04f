/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions in files, which outlive the process and may be shared by several servers:
 *
 *	STORE/shelf-00 ... shelf-3f	by the first octet of the number
 *		lock		whoever changes the shelf holds it (flock)
 *		new		what is being written, until it gets its name (rename)
 *		HEX		a session: a line that says so, and its records
 *
 *	D1  A file is old or new, never half of either, whenever the process is killed.
 *	D2  Between reading a session and writing it, no other server writes it.
 *	D3  A file that was not touched for longer than the idle time is gone, and is removed
 *	    by session_store_sweep().
 *
 * What was written is in the kernel when the call returns: it survives the process. Nothing is
 * flushed to the disk, so that a power failure may cost the last seconds.
 */
#ifndef VIRTLAB_HTTPD_SESSION_STORE_H
#define VIRTLAB_HTTPD_SESSION_STORE_H

#include <stdatomic.h>

#include "error.h"
#include "session_table.h"

#define SESSION_SHELVES 64

/**
 * struct session_store - a folder
 * @folder: descriptor
 * @idle: seconds
 * @most: files; more are not made
 * @kept: files on each shelf, as far as this server knows; in memory that children share
 */
struct session_store {
	int folder;
	int64_t idle;
	uint32_t most;
	atomic_uint *kept;
};

/**
 * session_store_open() - make what is missing, and look what is there
 * @store: set
 * @path: of the folder
 * @idle: seconds
 * @most: files
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int session_store_open(struct session_store *store, const char *path, int64_t idle, uint32_t most,
		       struct error *err);

/**
 * session_store_lock() - nobody changes the shelf of a session from here on
 * @store: it
 * @id: the session
 * @change: nobody else reads from it either, as all readers lock it
 *
 * Waits. To be closed by close(); death does as well.
 *
 * Return: a descriptor or a negative errno.
 */
int session_store_lock(const struct session_store *store, const struct session_id *id,
		       bool change);

/**
 * session_store_read() - a session from its file
 * @store: it
 * @id: which; its shelf is locked
 * @now: seconds since 1970
 * @s: set
 *
 * Return: 0; -ENOENT: there is none; -EBADMSG: what is in the file is none; another errno.
 */
int session_store_read(const struct session_store *store, const struct session_id *id,
		       int64_t now, struct session *s);

/**
 * session_store_write() - a session into its file
 * @store: it
 * @id: which; its shelf is locked for a change
 * @s: it
 *
 * Return: 0; -ENOSPC: there are too many, or the disk is full; another errno.
 */
int session_store_write(const struct session_store *store, const struct session_id *id,
			const struct session *s);

/**
 * session_store_remove() - a session is to end
 * @store: it
 * @id: which; its shelf is locked for a change
 *
 * Return: 0, also if there is none; an errno if it stays.
 */
int session_store_remove(const struct session_store *store, const struct session_id *id);

/**
 * session_store_sweep() - D3, and count what stays
 * @store: it
 * @shelf: 0 to SESSION_SHELVES - 1
 * @now: seconds since 1970
 *
 * Return: how many were removed.
 */
unsigned int session_store_sweep(const struct session_store *store, unsigned int shelf,
				 int64_t now);

#endif
