// SPDX-License-Identifier: GPL-2.0-only
/*
 * --net and -p, in every way a container is started: create.c makes its network before its first
 * process, cmd_delete.c takes it away. What a network is: net/net.h.
 *
 * The namespace is made here and joined by its descriptor, so that devices and addresses are there,
 * and the files of names can be mounted, before the first process is.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "net/net.h"

static void ledger_root(char path[PATH_MAX])
{
	/* No container's name begins with a dot. */
	snprintf(path, PATH_MAX, "%.4000s/.network", cell.root_path);
}

/* A new network namespace; the caller stays where it is. */
static int make_namespace(struct error *err)
{
	cleanup_close int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), made = -1;

	if (ours < 0)
		return error_errno(err, errno, "is /proc mounted?", "--net: /proc/self/ns/net");
	if (unshare(CLONE_NEWNET))
		return error_errno(err, errno, errno == EPERM ? "a private network needs root: "
				   "--net none or --net host" : NULL, "--net: new namespace");
	made = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(ours, CLONE_NEWNET) || made < 0)
		return error_errno(err, errno, NULL, "--net: back from the new namespace");
	return keep_fd(&made);
}

static bool has_mount(const struct config *config, const char *destination)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (!strcmp(config->mounts[i].destination, destination))
			return true;
	return false;
}

/* A file of the host onto one of the container's, unless the configuration has its own. */
static int add_file(struct config *config, const char *source, const char *destination, bool ours,
		    struct error *err)
{
	struct config_mount *mounts;
	char *kept;

	if (!source[0] || has_mount(config, destination) || access(source, R_OK))
		return 0;
	mounts = reader_alloc(&config->reader, config->mount_count + 1, sizeof(*mounts));
	kept = reader_alloc(&config->reader, strlen(source) + 1, 1);
	if (!mounts || !kept)
		return error_set(err, ENOMEM, "--net: no memory");
	if (config->mount_count)
		memcpy(mounts, config->mounts, config->mount_count * sizeof(*mounts));
	mounts[config->mount_count] = (struct config_mount){
		.destination = destination, .type = "bind", .source = strcpy(kept, source),
		.data = "", .bind = true,
		.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		       (ours ? 0 : MOUNT_ATTR_RDONLY),
	};
	config->mounts = mounts;
	config->mount_count++;
	return 0;
}

static int join(struct container *c, const struct net_config *net, struct net_result *result,
		struct error *err)
{
	cleanup_close int made = make_namespace(err);
	char root[PATH_MAX], *path;
	int ret;

	if (made < 0)
		return made;
	ledger_root(root);
	ret = net_up(root, c->id, made, net, result, err);
	if (ret)
		return ret;
	path = reader_alloc(&c->config.reader, 40, 1);
	if (!path)
		return error_set(err, ENOMEM, "--net: no memory");
	snprintf(path, 40, "/proc/self/fd/%d", made);
	c->config.namespaces.listed |= 1u << NS_NETWORK;
	c->config.namespaces.path[NS_NETWORK] = path;
	/* spawn.c opens it by that name. */
	keep_fd(&made);
	return 0;
}

int network_attach(const struct net_config *net, struct container *c, struct error *err)
{
	struct config_namespaces *n = &c->config.namespaces;
	struct net_result result = { .address = 0 };
	int ret = 0;

	if (!net)
		return 0;
	n->path[NS_NETWORK] = NULL;
	if (net->mode == NET_NONE) {
		n->listed |= 1u << NS_NETWORK;
		return 0;
	}
	if (net->mode == NET_HOST) {
		n->listed &= ~(1u << NS_NETWORK);
		strcpy(result.hosts, "/etc/hosts");
		strcpy(result.resolv_conf, "/etc/resolv.conf");
	} else {
		ret = join(c, net, &result, err);
	}
	if (!ret)
		ret = add_file(&c->config, result.hosts, "/etc/hosts", net->mode == NET_PRIVATE, err);
	if (!ret)
		ret = add_file(&c->config, result.resolv_conf, "/etc/resolv.conf",
			       net->mode == NET_PRIVATE, err);
	if (!ret && result.said[0] && cell.debug)
		fprintf(stderr, "cell: %s\n", result.said);
	return ret;
}

int network_detach(const char *id, struct error *err)
{
	char root[PATH_MAX];

	ledger_root(root);
	return access(root, F_OK) ? 0 : net_down(root, id, err);
}

void network_show(const char *id, char *text, size_t size)
{
	char root[PATH_MAX];
	struct error ignored;

	ledger_root(root);
	text[0] = '\0';
	if (!access(root, F_OK) && net_show(root, id, text, size, &ignored))
		text[0] = '\0';
}
