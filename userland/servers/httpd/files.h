/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The static files, opened once and kept: small ones as their octets, large ones as an open
 * descriptor. A hit costs a lock nobody else wants, a comparison and a count; at most once a
 * second a stat(2) asks whether the name still means the same file.
 *
 *	name -> set -> 4 entries -> struct file <- answers under way
 *	        lock                refs: one of the entry, one of each answer
 *
 * A file that was replaced leaves its entry at once, and is freed when the last answer that
 * sends it is through: nobody ever sees half of the old and half of the new.
 *
 * Nothing outside of the root can be named: openat2(RESOLVE_BENEATH) has the kernel refuse
 * "..", absolute links and links that lead out, without a race between check and use.
 */
#ifndef VIRTLAB_HTTPD_FILES_H
#define VIRTLAB_HTTPD_FILES_H

#include <stdatomic.h>
#include <sys/stat.h>

#include "../http/response.h"
#include "error.h"

/* Files up to this size are kept in memory; above it sendfile(2) is cheaper than to copy. */
#define FILE_SMALL 16384

struct files;

/**
 * struct file - one state of one file; it does not change
 * @refs: who still needs it
 * @owner: whose count of open descriptors it is in
 * @fd: for sendfile(2); -1 if its octets are at @content
 * @size: octets
 * @modified: seconds since 1970
 * @type: for Content-Type
 * @etag: with quotes
 * @head: of the plain 200
 * @identity: what stat(2) said when it was opened
 * @path: as asked for, with its NUL
 * @content: the octets of a small one
 */
struct file {
	atomic_uint refs;
	struct files *owner;
	int fd;
	uint64_t size;
	int64_t modified;
	struct http_text type;
	struct http_text etag;
	struct http_prepared head;
	struct stat identity;
	char etag_text[40];
	char *path;
	char content[];
};

/**
 * files_open() - the files below a root
 * @root: a folder
 * @descriptors: how many files may be kept open at most
 * @files: set
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int files_open(const char *root, unsigned int descriptors, struct files **files,
	       struct error *err);

/**
 * files_close() - the end of them; nobody may hold one
 * @files: to free
 */
void files_close(struct files *files);

/**
 * files_get() - the file that a path names
 * @files: where
 * @path: from http_path_decode(): starts with "/". "/" at its end means index.html there
 * @now: ms, of the clock that all callers share
 * @file: set to it; file_put() it
 *
 * May be called by many threads.
 *
 * Return: 200; 301: it is a folder and lacks its "/"; 403, 404; 503: out of descriptors or
 * memory.
 */
unsigned int files_get(struct files *files, const char *path, int64_t now, struct file **file);

/* One more who needs it. */
static inline void file_hold(struct file *file)
{
	atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
}

/**
 * file_put() - one less who needs it
 * @file: from files_get() or after file_hold()
 */
void file_put(struct file *file);

#endif
