/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The error object that every function of a tool which can fail takes as its last
 * argument. It is filled where the facts are known and printed once, by main:
 * "what failed: which object: why: what to do".
 */
#ifndef VIRTLAB_ERROR_H
#define VIRTLAB_ERROR_H

struct error {
	char text[512];
};

/* Record a message; returns -@errnum, so that `return error_set(err, EINVAL, ...)` reads well. */
int error_set(struct error *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same with the text of @errnum appended, and @advice (may be NULL) after
 * it: what the reader can do about it.
 */
int error_errno(struct error *err, int errnum, const char *advice, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#ifdef __clang_analyzer__
/* It looks at one file at a time, and takes it that these may return 0: they do not. */
#define error_set(err, errnum, ...)	  (error_set(err, errnum, __VA_ARGS__), -1)
#define error_errno(err, errnum, advice, ...) (error_errno(err, errnum, advice, __VA_ARGS__), -1)
#endif

#endif
