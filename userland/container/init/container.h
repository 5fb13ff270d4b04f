/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container from its configuration to its program. The runtime (the parent) prepares what needs
 * the host's privileges and paths; the container's first process (the child) does the rest from
 * inside its namespaces, in this order, and then becomes the program:
 *
 *	parent				child
 *	prepare.c: mounts, detached
 *	seccomp.c: filter compiled
 *	spawn.c: clone3 --------------> child.c
 *	id_maps.c <----- SYNC_MAP ----- in a user namespace without a map
 *	  GO -------------------------> namespaces left to unshare; host name
 *	cgroup/: groups of v1		rootfs.c, mounts.c, devices.c, terminal.c, masks.c
 *	groups.c: descriptors --------> groups.c: entered, when it cannot go on without
 *	hooks.c <------- SYNC_HOOKS --- before the host is out of sight
 *	  GO -------------------------> pivot_root
 *	limits <-------- SYNC_READY --- all but credentials, filter, program
 *	  GO -------------------------> (create: waits for `start`) credentials.c, program.c
 *	  (sent before it is ready, if there is nothing left to do for it then)
 *	end of file <------------------ execve closed the socket
 *
 * Memory is shared by fork only, so the child finds everything in its copy of struct container.
 */
#ifndef CELL_INIT_CONTAINER_H
#define CELL_INIT_CONTAINER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../cgroup/cgroup.h"
#include "../config/config.h"
#include "error.h"

/* Hierarchies, each with a name in /sys/fs/cgroup. */
struct container_trees {
	int rootfs;
	int *mounts;
	int cgroups[CGROUP_HIERARCHIES];
};

/**
 * struct container - everything that parent and child know
 * @id: its name
 * @bundle: absolute path of the folder with config.json
 * @rootfs: absolute path of its root on the host
 * @state_inode: of its folder below --root: another container of its name has another
 * @config: its configuration
 * @cgroups: its control groups, made
 * @trees: mounts that the parent made detached, -1 where the child has to
 * @filter: seccomp's, or len 0
 * @filter_flags: of seccomp(2)
 * @proc: the host's procfs, verified
 * @console: connected socket that gets the terminal's master side, or -1
 * @listener: connected socket that gets the descriptor of seccomp's notifications, or -1
 * @described: child: what it is told with that (seccomp.c)
 * @start: listening socket on which the child waits for `start`, or -1: it goes on at once
 * @preserve_fds: descriptors after 2 that the program gets
 * @no_pivot: move the root and chroot; for a host whose root cannot be pivoted
 * @no_keyring: keep the caller's session keyring
 * @joins: `exec`: the namespaces are those of the process @join
 * @join: pidfd of it
 * @join_flags: CLONE_NEW* of those that differ from the caller's
 * @late: the groups of cgroup v1 are made while the child gets ready, and handed over (groups.c)
 * @joined: child: it is in its groups
 * @entered: child: it was born in that of cgroup v2
 * @hooked: parent: the first hook was called, so that poststop is to be, whatever happens
 * @ahead: parent: the child was told to go before it was ready
 * @early: parent: a word of the child that came before it was waited for, or SYNC_NONE
 * @root_fd: child: descriptor of the container's root
 * @terminal: child: the terminal's slave side, or -1
 * @sync: this side's socket
 * @pid: parent: of the child
 * @pidfd: parent: likewise
 * @state_json: of the container, for hooks; see state/
 */
struct container {
	const char *id;
	char bundle[PATH_MAX];
	char rootfs[PATH_MAX];
	ino_t state_inode;
	struct config config;
	struct cgroups cgroups;
	struct container_trees trees;
	struct sock_fprog filter;
	unsigned int filter_flags;
	int proc;
	int console;
	int listener;
	char *described;
	int start;
	unsigned int preserve_fds;
	bool no_pivot;
	bool no_keyring;
	bool joins;
	int join;
	uint64_t join_flags;
	bool late;
	bool joined;
	bool entered;
	bool hooked;
	bool ahead;
	int early;
	int root_fd;
	int terminal;
	int sync;
	pid_t pid;
	int pidfd;
	char *(*state_json)(const struct container *c, const char *status);
};

#define CONTAINER_NONE { .console = -1, .listener = -1, .start = -1, .pid = -1 }

/* Is a namespace of this kind made for it, rather than joined or shared? */
static inline bool makes_namespace(const struct container *c, enum config_namespace_kind kind)
{
	return !c->joins && c->config.namespaces.listed & 1u << kind &&
	       !c->config.namespaces.path[kind];
}

/* --- parent --- */

/* Make what the child cannot: detached mounts of host paths. */
int container_prepare(struct container *c, struct error *err);

/* The same of its groups, if it is to see them. */
void container_prepare_groups(struct container *c);

/* Compile the seccomp filter into @c->filter, which lives as long as the process. */
int seccomp_compile(struct container *c, const char *cache, struct error *err);

/**
 * container_spawn() - clone the child, which begins to get ready
 * @c: prepared; its pid, pidfd and sync are set, even on failure if there is a child
 *
 * Return: 0, or a negative errno with @err set by whoever failed. The caller then calls
 * container_abandon().
 */
int container_spawn(struct container *c, struct error *err);

/* What the child waits for, if its groups are late. Returns 0 or a negative errno with @err set. */
int groups_give(const struct container *c, struct error *err);

/* Help it, until it is ready; returns as container_spawn(). */
int container_ready(struct container *c, struct error *err);

/* Limits that only the parent may be able to set; between ready and go. */
int container_limits(const struct container *c, struct error *err);

/* Are there any? */
bool container_has_limits(const struct container *c);

/*
 * Let it go on as soon as it is ready: nobody has anything to do for it then, and it need not wait
 * until its parent runs again. Its groups are given, and it waits for no other word.
 */
void container_go_ahead(struct container *c);

/**
 * container_go() - let it become its program
 * @c: it is ready
 * @wait: until that has happened, or failed; false: a `create`, which leaves it waiting
 */
int container_go(struct container *c, bool wait, struct error *err);

/* Kill the child and reap it. */
void container_abandon(struct container *c);

/**
 * id_maps_write() - the maps of a new user namespace
 * @proc: the host's procfs
 *
 * Written directly where the caller may, else by newuidmap(1) and newgidmap(1).
 */
int id_maps_write(int proc, pid_t pid, const struct config_id_maps *maps, struct error *err);

/* Descriptor of a new user namespace with these maps, as an idmapped mount wants it. */
int id_maps_namespace(int proc, const struct config_id_maps *maps, struct error *err);

/**
 * hooks_run() - all of a kind, one after the other
 * @state: JSON for their standard input
 * @container: they run in the container's namespaces: with that as their root
 *
 * Return: 0, or a negative errno with @err saying which one failed and how.
 */
int hooks_run(const struct config_hooks *hooks, enum config_hook_kind kind, const char *state,
	      struct error *err);

/* --- child --- */

/* Everything after the clone. Never returns. */
void container_child(struct container *c) __attribute__((noreturn));

/* Parts of it, a file each. All return 0 or a negative errno with @err set. */
int rootfs_attach(struct container *c, struct error *err);
int rootfs_pivot(struct container *c, struct error *err);
int rootfs_finish(struct container *c, struct error *err);
int mounts_all(struct container *c, struct error *err);

/* Into its groups, and a cgroup namespace that begins there; the first call counts. */
int groups_join(struct container *c, struct error *err);
int mount_cgroups(struct container *c, const struct config_mount *mount, int target,
		  struct error *err);
int devices_make(struct container *c, struct error *err);
int masks_put(struct container *c, struct error *err);
int terminal_open(struct container *c, struct error *err);
int terminal_take(struct container *c, struct error *err);
int program_check(const struct container *c, struct error *err);
int program_chdir(int root, const struct config_process *process, struct error *err);

/* The last steps: credentials, filter, execve. Returns only if they fail. */
int program_become(struct container *c, struct error *err);

int credentials_take(const struct container *c, struct error *err);
int credentials_finish(const struct container *c, struct error *err);
/* What a supervisor of notifications is told, made while the host's procfs is open still. */
int seccomp_describe(struct container *c, struct error *err);
int seccomp_install(const struct container *c, struct error *err);

/* A descriptor over a socket, with some text. Returns 0 or a negative errno. */
int send_descriptor(int socket, int fd, const char *text, size_t length);
int receive_descriptor(int socket, char *text, size_t room, ssize_t *length);

#endif
