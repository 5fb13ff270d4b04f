// SPDX-License-Identifier: GPL-2.0-only
/* The property mounts (config.md#mounts), with the words of its options. Called by config.c. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "config.h"

struct word {
	const char *text;
	uint64_t set;
	uint64_t clear;
};

/* Times are one field of three values, so that each clears the others (mount_setattr(2)). */
#define NOATIME		MOUNT_ATTR_NOATIME
#define STRICTATIME	MOUNT_ATTR_STRICTATIME
#define ANYTIME		MOUNT_ATTR__ATIME

static const struct word words[] = {
	{ "ro", MOUNT_ATTR_RDONLY, 0 },
	{ "rw", 0, MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0 },
	{ "suid", 0, MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV, 0 },
	{ "dev", 0, MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0 },
	{ "exec", 0, MOUNT_ATTR_NOEXEC },
	{ "noatime", NOATIME, ANYTIME },
	{ "atime", 0, ANYTIME },
	{ "relatime", MOUNT_ATTR_RELATIME, ANYTIME },
	{ "norelatime", STRICTATIME, ANYTIME },
	{ "strictatime", STRICTATIME, ANYTIME },
	{ "nostrictatime", 0, ANYTIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "defaults", 0, 0 },
};

static const struct {
	const char *text;
	uint64_t flags;
} propagations[] = {
	{ "private", MS_PRIVATE },	 { "rprivate", MS_PRIVATE | MS_REC },
	{ "slave", MS_SLAVE },		 { "rslave", MS_SLAVE | MS_REC },
	{ "shared", MS_SHARED },	 { "rshared", MS_SHARED | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};

uint64_t config_propagation(const char *text)
{
	for (size_t i = 0; i < sizeof(propagations) / sizeof(propagations[0]); i++)
		if (!strcmp(text, propagations[i].text))
			return propagations[i].flags;
	return 0;
}

static const struct word *find_word(const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(text, words[i].text))
			return &words[i];
	return NULL;
}

bool config_mount_option(struct config_mount *mount, const char *option)
{
	const struct word *word = find_word(option);
	uint64_t propagation = config_propagation(option);

	if (word) {
		mount->set = (mount->set & ~word->clear) | word->set;
		mount->clear = (mount->clear & ~word->set) | word->clear;
		return true;
	}
	if (propagation) {
		mount->propagation = propagation;
		return true;
	}
	if (!strcmp(option, "bind") || !strcmp(option, "rbind")) {
		mount->bind = true;
		mount->recursive = option[0] == 'r';
		return true;
	}
	if (!strcmp(option, "tmpcopyup")) {
		mount->copy_up = true;
		return true;
	}
	if (!strcmp(option, "idmap") || !strcmp(option, "ridmap")) {
		mount->idmap = true;
		mount->idmap_all = option[0] == 'r';
		return true;
	}
	/* "rro": of this mount and all below it. */
	word = option[0] == 'r' ? find_word(option + 1) : NULL;
	if (!word)
		return false;
	mount->set_all = (mount->set_all & ~word->clear) | word->set;
	mount->clear_all = (mount->clear_all & ~word->set) | word->clear;
	return true;
}

static void read_options(const struct node *at, struct config_mount *mount)
{
	size_t count, used = 0, room = 1;
	struct node array = node_array(at, "options", &count);
	char *data;

	for (size_t i = 0; i < count; i++)
		room += strlen(node_item_string(&array, i)) + 1;
	data = reader_alloc(at->reader, room, 1);
	for (size_t i = 0; data && i < count; i++) {
		const char *option = node_item_string(&array, i);

		if (config_mount_option(mount, option))
			continue;
		used += (size_t)sprintf(data + used, "%s%s", used ? "," : "", option);
	}
	mount->data = data ? data : "";
}

static void read_mount(const struct node *at, struct config_mount *mount)
{
	mount->destination = node_need_string(at, "destination");
	if (!mount->destination[0])
		node_bad(at, "destination", "is empty: expected an absolute path");
	mount->type = node_string(at, "type", "none");
	mount->source = node_string(at, "source", NULL);
	/* A type "bind" without the option means it all the same. */
	if (!strcmp(mount->type, "bind"))
		mount->bind = mount->recursive = true;
	read_options(at, mount);
	config_read_maps(at, "uidMappings", "gidMappings", &mount->maps);
	if (mount->maps.uid_count || mount->maps.gid_count)
		mount->idmap = true;
	if (mount->bind && (!mount->source || !*mount->source))
		node_bad(at, "source", "is missing: a bind mount needs one");
	if (!mount->bind && !strcmp(mount->type, "none"))
		node_bad(at, "type", "is missing: expected a file system, or the option bind");
	if (mount->idmap && !mount->bind)
		node_bad(at, "options", "only a bind mount can have its ids mapped");
	if (mount->copy_up && strcmp(mount->type, "tmpfs") != 0)
		node_bad(at, "options", "tmpcopyup is for tmpfs: the type is \"%.40s\"",
			 mount->type);
}

void config_read_mounts(const struct node *root, struct config *config)
{
	size_t count;
	struct node array = node_array(root, "mounts", &count);

	if (!count)
		return;
	config->mounts = reader_alloc(root->reader, count, sizeof(*config->mounts));
	for (size_t i = 0; config->mounts && i < count; i++) {
		struct node item = node_item(&array, i);

		read_mount(&item, &config->mounts[i]);
		config->mount_count = i + 1;
	}
}
