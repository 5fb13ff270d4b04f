/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.json of the OCI runtime specification, as structs. Names are the specification's
 * (config.md, config-linux.md, version 1.2); properties that it does not know are ignored, as it asks.
 * Pointers are NULL and counts 0 where the file says nothing. All memory is the reader's.
 */
#ifndef CELL_CONFIG_CONFIG_H
#define CELL_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "reader.h"

#define CONFIG_UNSET	INT64_MIN

enum config_namespace_kind {
	NS_MOUNT,
	NS_PID,
	NS_NETWORK,
	NS_IPC,
	NS_UTS,
	NS_USER,
	NS_CGROUP,
	NS_TIME,
	NS_KINDS,
};

/* As setns(2) and clone3(2) name them; as config.json does; as /proc/PID/ns does. */
extern const uint64_t config_namespace_flags[NS_KINDS];
extern const char *const config_namespace_names[NS_KINDS + 1];
extern const char *const config_namespace_files[NS_KINDS];

/**
 * struct config_namespaces - which worlds are the container's own
 * @listed: bit of each kind that is listed; the others are shared with the caller
 * @path: of one to join; NULL: a new one
 */
struct config_namespaces {
	unsigned int listed;
	const char *path[NS_KINDS];
};

/* Some ids of a user namespace: @size of them, from @container inside and @host outside. */
struct config_id_map {
	uint32_t container;
	uint32_t host;
	uint32_t size;
};

struct config_id_maps {
	struct config_id_map *uid;
	size_t uid_count;
	struct config_id_map *gid;
	size_t gid_count;
};

/**
 * struct config_mount - one entry of mounts
 * @destination: in the container
 * @type: file system, or "bind"; never NULL
 * @source: NULL: none given
 * @data: words that are the file system's own, joined by commas; "" if none
 * @bind: it is a copy of a mount, and @recursive: with those below
 * @set: MOUNT_ATTR_* to set, @clear: to clear; of this mount
 * @set_all: likewise, of those below too (rro, rnosuid, ...)
 * @clear_all: likewise
 * @propagation: MS_PRIVATE... and MS_REC, or 0
 * @copy_up: tmpfs: begin with what lies there
 * @idmap: ids are mapped, by @maps or, if those are empty, by the container's
 * @idmap_all: mounts below too
 * @maps: see @idmap
 */
struct config_mount {
	const char *destination;
	const char *type;
	const char *source;
	const char *data;
	bool bind;
	bool recursive;
	uint64_t set;
	uint64_t clear;
	uint64_t set_all;
	uint64_t clear_all;
	uint64_t propagation;
	bool copy_up;
	bool idmap;
	bool idmap_all;
	struct config_id_maps maps;
};

enum config_capability_set {
	CAPS_BOUNDING,
	CAPS_EFFECTIVE,
	CAPS_INHERITABLE,
	CAPS_PERMITTED,
	CAPS_AMBIENT,
	CAPS_SETS,
};

struct config_rlimit {
	int resource;
	const char *name;
	uint64_t soft;
	uint64_t hard;
};

/**
 * struct config_process - who runs, as what
 * @umask: -1: 0022
 * @groups: additional ones
 * @capabilities: bit by number, for each set
 * @unknown_capability: the first name that is none, NULL: all are known; it is left out, and the
 *	specification wants a warning (config.md#linux-process)
 * @oom_score_adj: CONFIG_UNSET: as it is
 * @rows: of the terminal; 0: as it is; @columns likewise
 * @io_class: of ioprio_set(2), -1: as it is; @io_priority likewise
 * @policy: of sched_setattr(2), -1: as it is; the next six belong to it
 */
struct config_process {
	char **args;
	char **env;
	const char *cwd;
	bool terminal;
	uint16_t rows;
	uint16_t columns;
	uint32_t uid;
	uint32_t gid;
	int umask;
	uint32_t *groups;
	size_t group_count;
	uint64_t capabilities[CAPS_SETS];
	const char *unknown_capability;
	bool no_new_privileges;
	int64_t oom_score_adj;
	struct config_rlimit *rlimits;
	size_t rlimit_count;
	const char *apparmor_profile;
	const char *selinux_label;
	int io_class;
	int io_priority;
	int policy;
	uint64_t policy_flags;
	int nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

enum config_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS,
};

extern const char *const config_hook_names[HOOK_KINDS];

/* @timeout in seconds, 0: none. @args may be NULL: the path alone. */
struct config_hook {
	const char *path;
	char **args;
	char **env;
	unsigned int timeout;
};

struct config_hooks {
	struct config_hook *list[HOOK_KINDS];
	size_t count[HOOK_KINDS];
};

/* @type is 'c', 'b' or 'p'. */
struct config_device {
	const char *path;
	char type;
	uint32_t major;
	uint32_t minor;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
};

/* @type is 'a', 'b' or 'c'; numbers are -1 for all; @access is of CONFIG_DEVICE_*. */
struct config_device_rule {
	int64_t major;
	int64_t minor;
	unsigned int access;
	char type;
	bool allow;
};

#define CONFIG_DEVICE_MKNOD	1
#define CONFIG_DEVICE_READ	2
#define CONFIG_DEVICE_WRITE	4

/* "8:0" and a number: weights, and bounds in octets or operations a second. */
struct config_io_device {
	uint32_t major;
	uint32_t minor;
	uint64_t value;
};

enum config_io_limit {
	IO_READ_BPS,
	IO_WRITE_BPS,
	IO_READ_IOPS,
	IO_WRITE_IOPS,
	IO_LIMITS,
};

struct config_pair {
	const char *key;
	const char *value;
};

struct config_huge {
	const char *page_size;
	uint64_t limit;
};

struct config_priority {
	const char *name;
	uint32_t priority;
};

/* Limits; CONFIG_UNSET where nothing is said, -1: no limit, octets and microseconds. */
struct config_resources {
	int64_t memory_limit;
	int64_t memory_reservation;
	int64_t memory_swap;
	int64_t memory_kernel;
	int64_t memory_kernel_tcp;
	int64_t memory_swappiness;
	bool disable_oom_killer;
	int64_t cpu_shares;
	int64_t cpu_quota;
	int64_t cpu_burst;
	int64_t cpu_period;
	int64_t cpu_realtime_runtime;
	int64_t cpu_realtime_period;
	int64_t cpu_idle;
	const char *cpus;
	const char *mems;
	int64_t pids_limit;
	int64_t io_weight;
	struct config_io_device *io_weights;
	size_t io_weight_count;
	struct config_io_device *io_limits[IO_LIMITS];
	size_t io_limit_count[IO_LIMITS];
	struct config_huge *huge;
	size_t huge_count;
	int64_t network_class;
	struct config_priority *network_priorities;
	size_t network_priority_count;
	struct config_device_rule *devices;
	size_t device_count;
	struct config_pair *unified;
	size_t unified_count;
};

enum config_seccomp_action {
	SECCOMP_KILL_THREAD,
	SECCOMP_KILL_PROCESS,
	SECCOMP_TRAP,
	SECCOMP_ERRNO,
	SECCOMP_TRACE,
	SECCOMP_ALLOW,
	SECCOMP_LOG,
	SECCOMP_NOTIFY,
};

struct config_seccomp_arg {
	unsigned int index;
	int op;
	uint64_t value;
	uint64_t value_two;
};

struct config_seccomp_rule {
	char **names;
	int action;
	unsigned int errnum;
	struct config_seccomp_arg *args;
	size_t arg_count;
};

/**
 * struct config_seccomp - which system calls it may make
 * @present: there is such a property
 * @architectures: "SCMP_ARCH_..."; NULL: the machine's
 * @flags: "SECCOMP_FILTER_FLAG_..."
 */
struct config_seccomp {
	bool present;
	int action;
	unsigned int errnum;
	char **architectures;
	char **flags;
	const char *listener_path;
	const char *listener_metadata;
	struct config_seccomp_rule *rules;
	size_t rule_count;
};

struct config_time_offset {
	bool set;
	int64_t seconds;
	uint32_t nanoseconds;
};

/**
 * struct config - the whole file
 * @annotations_json: the property as it stands, for hooks and `cell state`; borrowed
 * @has_process: `create` needs one; without it there is nothing to start
 * @rootfs: root.path; relative to the bundle
 * @propagation: rootfsPropagation: MS_* with MS_REC
 * @personality: of personality(2), or CONFIG_UNSET
 */
struct config {
	struct reader reader;
	const char *version;
	const char *rootfs;
	bool readonly;
	const char *hostname;
	const char *domainname;
	bool has_process;
	struct config_process process;
	struct config_mount *mounts;
	size_t mount_count;
	struct config_hooks hooks;
	json_object *annotations_json;
	struct config_pair *annotations;
	size_t annotation_count;
	struct config_namespaces namespaces;
	struct config_id_maps maps;
	struct config_time_offset boottime;
	struct config_time_offset monotonic;
	struct config_device *devices;
	size_t device_count;
	const char *cgroups_path;
	struct config_resources resources;
	struct config_pair *sysctls;
	size_t sysctl_count;
	struct config_seccomp seccomp;
	uint64_t propagation;
	char **masked_paths;
	char **readonly_paths;
	const char *mount_label;
	int64_t personality;
};

/**
 * config_read() - a configuration out of its text
 * @config: filled; config_free() in any case
 * @file: name for messages; must live as long
 * @text: of @length octets
 * @err: names file, place and what was expected
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int config_read(struct config *config, const char *file, const char *text, size_t length,
		struct error *err);

/* The same of a file. -errno of open(2) too. */
int config_load(struct config *config, int dir, const char *file, struct error *err);

/* A process alone, as `exec --process` takes it; its memory is config's. */
int config_load_process(struct config *config, const char *file, struct error *err);

/* Resources alone, as `update --resources` takes them; "-" is the standard input. */
int config_load_resources(struct config *config, const char *file, struct error *err);

void config_free(struct config *config);

/* Everything CONFIG_UNSET. */
void config_resources_unset(struct config_resources *resources);

/* Parts of config_read(), one file each. */
void config_read_process(const struct node *at, struct config_process *process);
void config_read_mounts(const struct node *root, struct config *config);
void config_read_hooks(const struct node *root, struct config_hooks *hooks);
void config_read_linux(const struct node *root, struct config *config);
void config_read_resources(const struct node *at, struct config_resources *resources);
void config_read_seccomp(const struct node *at, struct config_seccomp *seccomp);
void config_read_maps(const struct node *at, const char *uid_key, const char *gid_key,
		      struct config_id_maps *maps);

/**
 * config_mount_option() - one word of a mount's options
 * @mount: changed by it
 * @option: such as "nosuid", "rbind", "rslave"
 *
 * Return: true; false: it is the file system's own.
 */
bool config_mount_option(struct config_mount *mount, const char *option);

/* "rslave" and the like, as MS_* with MS_REC; 0: none of them. */
uint64_t config_propagation(const char *word);

/* Number of a capability by its name, with or without CAP_, in any case; -1: there is none. */
int config_capability(const char *name);
const char *config_capability_name(unsigned int number);

/* All properties of a process that nobody set. */
extern const struct config_process config_process_default;

#endif
