/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * csched: what its verbs share. A verb is a file, cmd_*.c; it parses its arguments,
 * fills in the error if it fails, and returns 0 or a negative errno. main() prints.
 */
#ifndef CSCHED_TOOL_H
#define CSCHED_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <credit_sched.h>
#include "error.h"

#define CSCHED_DEVICE "/dev/credit_sched"

/* cmd_*.c */
int cmd_create(int argc, char **argv, struct error *err);
int cmd_add(int argc, char **argv, struct error *err);
int cmd_run(int argc, char **argv, struct error *err);
int cmd_list(int argc, char **argv, struct error *err);
int cmd_set(int argc, char **argv, struct error *err);
int cmd_rm(int argc, char **argv, struct error *err);
int cmd_status(int argc, char **argv, struct error *err);

/* device.c */
int device_open(struct error *err);
int device_find(int dev, const char *name, struct csched_ioc_group *group, struct error *err);
int device_create(int dev, struct csched_ioc_create *args, struct error *err);
int device_add(int dev, const struct csched_ioc_group *group, pid_t pid, struct error *err);

/* values.c */
int parse_number(const char *text, const char *what, uint64_t most, uint64_t *value,
		 struct error *err);
int parse_duration(const char *text, const char *what, uint64_t *ns, struct error *err);
int parse_cpus(const char *text, uint64_t *words, struct error *err);
void format_duration(char *text, size_t size, int64_t ns);

/* attributes.c */
int parse_attributes(int argc, char **argv, struct csched_ioc_create *args, uint32_t *which,
		     struct error *err);

#endif
