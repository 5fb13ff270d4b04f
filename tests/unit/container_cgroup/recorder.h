/* SPDX-License-Identifier: GPL-2.0 */
/* What has been written into a group's files, instead of a kernel. */
#ifndef RECORDER_H
#define RECORDER_H

/* "file=value" in the order in which they came, each with a space behind it. */
extern char recorded[4096];

/* A file that this kernel does not have; NULL: it has all. */
extern const char *recorder_lacks;

/* What every file holds that is read; NULL: none can be. */
extern const char *recorder_holds;

#endif
