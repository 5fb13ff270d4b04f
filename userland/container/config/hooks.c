// SPDX-License-Identifier: GPL-2.0-only
/* The property hooks (config.md#posix-platform-hooks). Called by config.c. */
#include "config.h"

const char *const config_hook_names[HOOK_KINDS] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

static void read_hook(const struct node *at, struct config_hook *hook)
{
	hook->path = node_need_string(at, "path");
	if (hook->path[0] != '/')
		node_bad(at, "path", "expected an absolute path: it is \"%.60s\"", hook->path);
	hook->args = node_strings(at, "args");
	if (hook->args && !hook->args[0])
		hook->args = NULL;
	hook->env = node_strings(at, "env");
	hook->timeout = (unsigned int)node_int(at, "timeout", 1, 86400, 0);
}

void config_read_hooks(const struct node *root, struct config_hooks *hooks)
{
	struct node object = node_object(root, "hooks");

	for (int kind = 0; kind < HOOK_KINDS; kind++) {
		size_t count;
		struct node array = node_array(&object, config_hook_names[kind], &count);

		if (!count)
			continue;
		hooks->list[kind] = reader_alloc(root->reader, count, sizeof(struct config_hook));
		for (size_t i = 0; hooks->list[kind] && i < count; i++) {
			struct node item = node_item(&array, i);

			read_hook(&item, &hooks->list[kind][i]);
			hooks->count[kind] = i + 1;
		}
	}
}
