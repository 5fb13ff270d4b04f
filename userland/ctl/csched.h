/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * csched: what its verbs share. A verb is a file, cmd_*.c: it parses its arguments, fills
 * in the error if it fails, and returns a negative errno, 0, or the exit status it wants.
 * main() prints. What a verb records and draws is in recording/; what it has in common with
 * vnic's is in tool/.
 */
#ifndef CSCHED_TOOL_H
#define CSCHED_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <credit_sched.h>
#include "error.h"
#include "options.h"
#include "values.h"

#define CSCHED_DEVICE "/dev/credit_sched"

/* cmd_*.c */
int cmd_create(int argc, char **argv, struct error *err);
int cmd_add(int argc, char **argv, struct error *err);
int cmd_run(int argc, char **argv, struct error *err);
int cmd_list(int argc, char **argv, struct error *err);
int cmd_top(int argc, char **argv, struct error *err);
int cmd_explain(int argc, char **argv, struct error *err);
int cmd_set(int argc, char **argv, struct error *err);
int cmd_rm(int argc, char **argv, struct error *err);
int cmd_status(int argc, char **argv, struct error *err);
int cmd_trace(int argc, char **argv, struct error *err);
int cmd_plot(int argc, char **argv, struct error *err);

/* cpu_list.c */
int parse_cpus(const char *text, uint64_t *words, struct error *err);

/* presets.c */
struct preset {
	const char *name;
	unsigned int vcpus;
	unsigned int percent; /* baseline of each vCPU */
};

const struct preset *preset_find(const char *name);
const char *preset_nearest(const char *name);
void presets_print(FILE *out);
uint32_t preset_baseline(const struct preset *preset);
uint64_t preset_burst(const struct preset *preset);

/**
 * struct attributes - the options of create, set and run, as given
 * @args: what they say about the group, name included (empty if none was given)
 * @set: CSCHED_SET_*: which of the values that can be changed were given
 * @fixed: first option given that can only be set when a group is made, or NULL
 * @any: at least one option describes a group
 * @persist: run: the group stays
 * @verbose: say what was done
 * @list_presets: --preset list
 */
struct attributes {
	struct csched_ioc_create args;
	uint32_t set;
	const char *fixed;
	bool any;
	bool verbose;
	bool list_presets;
};

/* attributes.c */
int parse_attributes(int argc, char **argv, struct attributes *attributes, struct error *err);

/* device.c */
int device_open(struct error *err);
int device_find(int dev, const char *name, struct csched_ioc_group *group, struct error *err);
int device_create(int dev, struct csched_ioc_create *args, struct error *err);
int device_set(int dev, const char *name, const struct csched_ioc_set *args, struct error *err);
int device_remove(int dev, const struct csched_ioc_group *group, struct error *err);
int device_add(int dev, const struct csched_ioc_group *group, pid_t pid, struct error *err);
int device_status(int dev, struct csched_ioc_status *status, struct error *err);

/**
 * struct groups - all groups there are, by number
 * @at: one each
 * @count: how many
 */
struct groups {
	struct csched_ioc_group *at;
	size_t count;
};

/* groups.c */
int groups_read(int dev, struct groups *groups, struct error *err);
void groups_free(struct groups *groups);
const struct csched_ioc_group *groups_find(const struct groups *groups, uint32_t id);
const char *group_state(const struct csched_ioc_group *g);
void group_print_json(FILE *out, const struct csched_ioc_group *g);

/* cgroup.c */
int add_cgroup(int dev, const struct csched_ioc_group *group, const char *path, bool verbose,
	       struct error *err);

#endif
