// SPDX-License-Identifier: GPL-2.0-only
/* The property linux (config-linux.md), but resources and seccomp. Called by config.c. */
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "config.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

const uint64_t config_namespace_flags[NS_KINDS] = {
	CLONE_NEWNS,  CLONE_NEWPID,  CLONE_NEWNET,    CLONE_NEWIPC,
	CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWCGROUP, CLONE_NEWTIME,
};

const char *const config_namespace_names[NS_KINDS + 1] = {
	"mount", "pid", "network", "ipc", "uts", "user", "cgroup", "time", NULL,
};

const char *const config_namespace_files[NS_KINDS] = {
	"mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time",
};

static void read_namespaces(const struct node *at, struct config_namespaces *namespaces)
{
	size_t count;
	struct node array = node_array(at, "namespaces", &count);

	for (size_t i = 0; i < count; i++) {
		struct node item = node_item(&array, i);
		int kind;
		const char *path = node_string(&item, "path", NULL);

		node_need_string(&item, "type");
		kind = node_choice(&item, "type", config_namespace_names, -1);
		if (kind < 0)
			return;
		if (namespaces->listed & 1u << kind)
			node_bad(&item, "type", "there is a %s namespace already",
				 config_namespace_names[kind]);
		if (path && path[0] && path[0] != '/')
			node_bad(&item, "path", "expected an absolute path: it is \"%.60s\"", path);
		namespaces->listed |= 1u << kind;
		namespaces->path[kind] = path && path[0] ? path : NULL;
	}
}

static void read_one_map(const struct node *at, const char *key, struct config_id_map **maps,
			 size_t *count)
{
	size_t length;
	struct node array = node_array(at, key, &length);

	if (!length)
		return;
	*maps = reader_alloc(at->reader, length, sizeof(**maps));
	for (size_t i = 0; *maps && i < length; i++) {
		struct node item = node_item(&array, i);
		struct config_id_map *map = &(*maps)[i];

		map->container = (uint32_t)node_need_u64(&item, "containerID", UINT32_MAX - 1);
		map->host = (uint32_t)node_need_u64(&item, "hostID", UINT32_MAX - 1);
		map->size = (uint32_t)node_need_u64(&item, "size", UINT32_MAX);
		if (!map->size || map->size > UINT32_MAX - map->container ||
		    map->size > UINT32_MAX - map->host)
			node_bad(&item, "size", "expected 1 or more, up to the last id");
		*count = i + 1;
	}
}

void config_read_maps(const struct node *at, const char *uid_key, const char *gid_key,
		      struct config_id_maps *maps)
{
	read_one_map(at, uid_key, &maps->uid, &maps->uid_count);
	read_one_map(at, gid_key, &maps->gid, &maps->gid_count);
	if (!maps->uid_count != !maps->gid_count)
		node_bad(at, maps->uid_count ? gid_key : uid_key,
			 "is missing: %s is there: both or none", maps->uid_count ? uid_key
										  : gid_key);
}

static void read_device(const struct node *at, struct config_device *device)
{
	const char *type = node_need_string(at, "type");

	device->path = node_need_string(at, "path");
	if (device->path[0] != '/')
		node_bad(at, "path", "expected an absolute path: it is \"%.60s\"", device->path);
	if (strlen(type) != 1 || !strchr("cubp", type[0])) {
		node_bad(at, "type", "expected c, b, u or p: it is \"%.20s\"", type);
		return;
	}
	device->type = type[0] == 'u' ? 'c' : type[0];
	if (device->type != 'p') {
		device->major = (uint32_t)node_need_u64(at, "major", 0xfff);
		device->minor = (uint32_t)node_need_u64(at, "minor", 0xfffff);
	}
	device->mode = (uint32_t)node_u64(at, "fileMode", 07777, 0666);
	device->uid = (uint32_t)node_u64(at, "uid", UINT32_MAX - 1, 0);
	device->gid = (uint32_t)node_u64(at, "gid", UINT32_MAX - 1, 0);
}

static void read_devices(const struct node *at, struct config *config)
{
	size_t count;
	struct node array = node_array(at, "devices", &count);

	if (!count)
		return;
	config->devices = reader_alloc(at->reader, count, sizeof(*config->devices));
	for (size_t i = 0; config->devices && i < count; i++) {
		struct node item = node_item(&array, i);

		read_device(&item, &config->devices[i]);
		config->device_count = i + 1;
	}
}

static void read_offset(const struct node *at, const char *key, struct config_time_offset *offset)
{
	struct node object = node_object(at, key);

	if (!object.value)
		return;
	offset->set = true;
	offset->seconds = node_int(&object, "secs", -INT32_MAX, INT32_MAX, 0);
	offset->nanoseconds = (uint32_t)node_u64(&object, "nanosecs", 999999999, 0);
}

static void read_personality(const struct node *at, struct config *config)
{
	static const char *const domains[] = { "LINUX", "LINUX32", NULL };
	struct node object = node_object(at, "personality");

	config->personality = CONFIG_UNSET;
	if (!object.value)
		return;
	node_need_string(&object, "domain");
	config->personality = node_choice(&object, "domain", domains, 0) == 1 ? PER_LINUX32
									       : PER_LINUX;
}

static void check_namespaces(const struct node *at, const struct config *config)
{
	unsigned int listed = config->namespaces.listed;

	if (!(listed & 1u << NS_MOUNT))
		node_bad(at, "namespaces", "has no mount namespace: a container needs its own");
	if (config->maps.uid_count && !(listed & 1u << NS_USER))
		node_bad(at, "uidMappings", "needs a user namespace: list one in namespaces");
	if (!config->maps.uid_count && listed & 1u << NS_USER && !config->namespaces.path[NS_USER])
		node_bad(at, "uidMappings", "is missing: a new user namespace needs it");
	if ((config->boottime.set || config->monotonic.set) && !(listed & 1u << NS_TIME))
		node_bad(at, "timeOffsets", "needs a time namespace: list one in namespaces");
}

void config_read_linux(const struct node *root, struct config *config)
{
	struct node at = node_object(root, "linux"), part;
	const char *propagation;

	if (!at.value)
		node_bad(root, "linux", "is missing: expected an object with namespaces");
	read_namespaces(&at, &config->namespaces);
	config_read_maps(&at, "uidMappings", "gidMappings", &config->maps);
	part = node_object(&at, "timeOffsets");
	read_offset(&part, "boottime", &config->boottime);
	read_offset(&part, "monotonic", &config->monotonic);
	read_devices(&at, config);
	config->cgroups_path = node_string(&at, "cgroupsPath", NULL);
	part = node_object(&at, "resources");
	config_read_resources(&part, &config->resources);
	part = node_object(&at, "seccomp");
	config_read_seccomp(&part, &config->seccomp);
	propagation = node_string(&at, "rootfsPropagation", NULL);
	if (propagation && *propagation) {
		config->propagation = config_propagation(propagation);
		if (!config->propagation)
			node_bad(&at, "rootfsPropagation",
				 "expected shared, slave, private or unbindable, r before it for "
				 "all below: it is \"%.40s\"", propagation);
	}
	config->masked_paths = node_strings(&at, "maskedPaths");
	config->readonly_paths = node_strings(&at, "readonlyPaths");
	config->mount_label = node_string(&at, "mountLabel", NULL);
	read_personality(&at, config);
	check_namespaces(&at, config);
}
